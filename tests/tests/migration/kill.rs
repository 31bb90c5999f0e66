//! Any operation may be the last one: what is left is never a half shown as a whole, and the next run finishes it.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use backstory_core::{
    error::{Code, Error},
    job::{Cancel, Progress, ProgressEvent, Silent},
    migrate::{MigrationOptions, StorageMigrator},
    storage::{CharacterStorage, Write},
};
use backstory_tests::{
    faults::storage::{Fault, Faulty},
    fixtures::{document, index, moment, snapshot_id, store},
};

use crate::{
    full::migrate,
    stores::{KINDS, Place, assert_same, history, rows, write},
};

const FAULTS: [Fault; 3] = [Fault::Once, Fault::FromThenOn, Fault::AnswerLost];

async fn source() -> Place {
    let from = Place::memory().await;
    for number in 1..=4 {
        let documents: Vec<_> = (0..number * 2).map(|edition| document(edition, 600)).collect();
        let row = store(&*from.storage, number, &documents).await;
        let version = snapshot_id(number * 1_000_000 + 1);
        let see = Write::Sightings { character: row.id, version, at: vec![moment(70), moment(75)] };
        write(&*from.storage, vec![see]).await;
    }
    from
}

fn options(backup: bool) -> MigrationOptions {
    MigrationOptions { batch_size: 3, backup, ..MigrationOptions::default() }
}

fn broken() -> Error {
    Error::new(Code::StorageFailed, "The disk is out.")
}

/// What the list shows is there to its last version.
async fn is_never_a_half(from: &dyn CharacterStorage, to: &dyn CharacterStorage) {
    for row in rows(to).await {
        assert_eq!(history(to, &row).await, history(from, &row).await, "{}", row.id);
    }
}

/// Which of the two stores fails.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Side {
    Source,
    Target,
}

/// Breaks one operation after the other, of one store or the other, and migrates again.
async fn operations_fail(
    kind: usize,
    side: Side,
    fault: Fault,
    backup: bool,
    operations: impl Iterator<Item = u64>,
) {
    let from = source().await;
    for at in operations {
        let to = Place::new(&KINDS[kind]).await;
        let inner = if side == Side::Source { &from.storage } else { &to.storage };
        let faulty = Arc::new(Faulty::new(Arc::clone(inner), at, fault, broken()));
        let migrator = match side {
            Side::Source => StorageMigrator::new(Arc::clone(&faulty) as _, Arc::clone(&to.storage)),
            Side::Target => StorageMigrator::new(Arc::clone(&from.storage), Arc::clone(&faulty) as _),
        };
        let ended = migrator.unwrap().run(&options(backup), &Silent, &Cancel::default()).await;
        if !faulty.has_failed() {
            assert_eq!(ended.unwrap().left, []);
            assert!(at > 20, "the fault was to come somewhere");
            break;
        }
        assert_eq!(ended.unwrap_err().code, Code::StorageFailed, "operation {at}");
        let to_again = to.opened_again().await;
        is_never_a_half(&*from.storage, &*to_again).await;
        let report = migrate(&from.storage, &to_again, options(backup)).await;
        assert_eq!((report.versions, report.verified, report.left.len()), (20, 20, 0), "operation {at}");
        assert_same(&*from.storage, &*to_again).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_operation_of_the_target_may_be_the_last() {
    for fault in FAULTS {
        operations_fail(0, Side::Target, fault, false, 0..).await;
    }
    operations_fail(0, Side::Target, Fault::AnswerLost, true, 0..).await;
    // Where a commit takes its time, each operation fails in one of the three ways.
    for kind in 1..KINDS.len() {
        for (first, fault) in (0..).zip(FAULTS) {
            operations_fail(kind, Side::Target, fault, false, (first..).step_by(3)).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_operation_of_the_source_may_be_the_last() {
    for fault in FAULTS {
        operations_fail(0, Side::Source, fault, false, 0..).await;
    }
}

/// A damaged document is one character's bad luck.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn damage_stops_one_character_and_no_other() {
    let from = source().await;
    let counting = Arc::new(Faulty::counting(Arc::clone(&from.storage)));
    let whole = Place::memory().await;
    migrate(&(Arc::clone(&counting) as _), &whole.storage, options(false)).await;
    let mut hit = 0;
    for at in 0..counting.operations() {
        let damage = Error::new(Code::StoreDamaged, "The bytes are not what they were.");
        let faulty: Arc<dyn CharacterStorage> =
            Arc::new(Faulty::new(Arc::clone(&from.storage), at, Fault::Once, damage));
        let to = Place::memory().await;
        let migrator = StorageMigrator::new(faulty, Arc::clone(&to.storage)).unwrap();
        let Ok(report) = migrator.run(&options(false), &Silent, &Cancel::default()).await else { continue };
        is_never_a_half(&*from.storage, &*to.storage).await;
        if let [left] = report.left.as_slice() {
            hit += 1;
            assert_eq!((left.code.as_str(), report.characters), ("store_damaged", 3));
        }
        migrate(&from.storage, &to.storage, options(false)).await;
        assert_same(&*from.storage, &*to.storage).await;
    }
    assert!(hit >= 20, "{hit}");
}

/// Asks for a stop at the n-th report.
struct StopAt<'c> {
    at: u64,
    cancel: &'c Cancel,
    reports: AtomicU64,
}

impl<'c> StopAt<'c> {
    fn new(at: u64, cancel: &'c Cancel) -> Self {
        Self { at, cancel, reports: AtomicU64::new(0) }
    }
}

impl Progress for StopAt<'_> {
    fn report(&self, event: ProgressEvent) {
        if let ProgressEvent::Advanced { done, total } = event {
            assert!(done <= total, "{done} of {total}");
        }
        if self.reports.fetch_add(1, Ordering::Relaxed) == self.at {
            self.cancel.cancel();
        }
    }
}

#[tokio::test]
async fn a_stop_keeps_what_was_copied() {
    let from = source().await;
    let mut stopped_with_some = false;
    for at in 0.. {
        let to = Place::memory().await;
        let cancel = Cancel::default();
        let migrator = StorageMigrator::new(Arc::clone(&from.storage), Arc::clone(&to.storage)).unwrap();
        let report = migrator.run(&options(false), &StopAt::new(at, &cancel), &cancel).await.unwrap();
        if !report.stopped {
            assert!(at > 20);
            break;
        }
        is_never_a_half(&*from.storage, &*to.storage).await;
        assert_eq!(report.characters, rows(&*to.storage).await.len() as u64);
        stopped_with_some |= report.characters > 0;
        let report = migrate(&from.storage, &to.storage, options(false)).await;
        assert_eq!(report.versions, 20);
        assert_same(&*from.storage, &*to.storage).await;
    }
    assert!(stopped_with_some);
}

#[tokio::test]
async fn half_of_a_character_is_not_in_the_list_and_is_gone_on_with() {
    let from = Place::memory().await;
    let documents: Vec<_> = (0..30).map(|edition| document(edition, 600)).collect();
    let row = store(&*from.storage, 1, &documents).await;
    let to = Place::memory().await;
    let cancel = Cancel::default();
    let migrator = StorageMigrator::new(Arc::clone(&from.storage), Arc::clone(&to.storage)).unwrap();
    assert!(migrator.run(&options(false), &StopAt::new(10, &cancel), &cancel).await.unwrap().stopped);
    assert_eq!(rows(&*to.storage).await, []);
    let half = history(&*to.storage, &index(row.id.clone())).await.len() as u64;
    assert!(half > 0 && half < 30);
    let report = migrate(&from.storage, &to.storage, options(false)).await;
    assert_eq!((report.versions, report.skipped), (30, half), "what was there is not copied again");
    assert_same(&*from.storage, &*to.storage).await;
}
