//! The player does not stop playing while a library is copied.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use backstory_core::{
    job::{Cancel, Progress, ProgressEvent, Silent},
    migrate::{MigrationOptions, StorageMigrator},
    model::CharacterIndex,
    storage::{CharacterStorage, Expect, Write},
};
use backstory_tests::fixtures::{character_id, content, document, moment, snapshot_id, store, version};
use tokio::runtime::Handle;

use crate::stores::{Place, assert_same, history, rows, write};

#[derive(Debug, Clone, Copy, PartialEq)]
enum Deed {
    Capture,
    Tag,
    Untag,
    Drop,
    See,
    Create,
    Erase,
    Bin,
    EraseAndMakeAnew,
}

const DEEDS: [Deed; 9] = [
    Deed::Capture,
    Deed::Tag,
    Deed::Untag,
    Deed::Drop,
    Deed::See,
    Deed::Create,
    Deed::Erase,
    Deed::Bin,
    Deed::EraseAndMakeAnew,
];

/// Writes to the source at the n-th report of a migration.
struct Meddler<'m> {
    source: &'m dyn CharacterStorage,
    at: u64,
    deed: Deed,
    reports: AtomicU64,
}

impl Progress for Meddler<'_> {
    fn report(&self, _: ProgressEvent) {
        if self.reports.fetch_add(1, Ordering::Relaxed) == self.at {
            tokio::task::block_in_place(|| Handle::current().block_on(self.meddle()));
        }
    }
}

impl Meddler<'_> {
    async fn meddle(&self) {
        let wanted = character_id(2);
        let row = rows(self.source).await.into_iter().find(|row| row.id == wanted).unwrap();
        let mut versions = history(self.source, &row).await;
        let mut next = CharacterIndex { revision: row.revision + 1, ..row.clone() };
        let mut writes = Vec::new();
        match self.deed {
            Deed::Capture => {
                let text = document(700, 600);
                let mut metadata = version(&wanted, 90, moment(9_000), &text);
                metadata.id = snapshot_id(2_000_090);
                next.versions += 1;
                next.captures += 1;
                writes.extend([content(&wanted, &text), Write::Version { metadata: Box::new(metadata) }]);
            }
            Deed::Tag => versions[0].tags.push("Now".to_owned()),
            Deed::Untag => versions[1].tags.clear(),
            Deed::Drop => {
                writes
                    .push(Write::DropVersions { character: wanted.clone(), versions: vec![versions[2].id] });
                versions.truncate(2);
                next.versions -= 1;
            }
            Deed::See => {
                let version = versions[0].id;
                writes.push(Write::Sightings { character: wanted.clone(), version, at: vec![moment(65)] });
            }
            Deed::Create => drop(store(self.source, 9, &[document(1, 300)]).await),
            Deed::Bin => next.deleted_at = Some(moment(1)),
            Deed::Erase | Deed::EraseAndMakeAnew => return self.erase(&row).await,
        }
        writes.extend(versions.into_iter().map(|version| Write::Version { metadata: Box::new(version) }));
        writes.push(Write::Character { index: Box::new(next), expect: Expect::Revision(row.revision) });
        write(self.source, writes).await;
    }

    async fn erase(&self, row: &CharacterIndex) {
        let expect = Expect::Revision(row.revision);
        write(self.source, vec![Write::Erase { character: row.id.clone(), expect }]).await;
        if self.deed == Deed::EraseAndMakeAnew {
            store(self.source, 2, &[document(800, 600)]).await;
        }
    }
}

async fn source() -> Place {
    let from = Place::memory().await;
    for number in 1..=3 {
        let documents: Vec<_> = (0..5).map(|edition| document(edition, 600)).collect();
        store(&*from.storage, number, &documents).await;
    }
    let row = rows(&*from.storage).await.into_iter().find(|row| row.id == character_id(2)).unwrap();
    let mut tagged = history(&*from.storage, &row).await.remove(1);
    tagged.tags = vec!["Was".to_owned()];
    write(&*from.storage, vec![Write::Version { metadata: Box::new(tagged) }]).await;
    from
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_is_written_meanwhile_arrives_or_is_named() {
    for deed in DEEDS {
        for at in 0.. {
            let (from, to) = (source().await, Place::memory().await);
            let meddler = Meddler { source: &*from.storage, at, deed, reports: AtomicU64::new(0) };
            let migrator = StorageMigrator::new(Arc::clone(&from.storage), Arc::clone(&to.storage)).unwrap();
            let options = MigrationOptions { batch_size: 2, ..MigrationOptions::default() };
            let report = migrator.run(&options, &meddler, &Cancel::default()).await.unwrap();
            if meddler.reports.load(Ordering::Relaxed) <= at {
                assert!(at > 20, "{deed:?}");
                break;
            }
            match report.left.as_slice() {
                [] => {}
                // Of a character that was erased when it was there already, the player decides.
                [left] if deed == Deed::Erase => {
                    assert_eq!((left.character.clone(), left.code.as_str()), (Some(character_id(2)), "gone"));
                    let options = MigrationOptions { erase_gone: true, ..options };
                    migrator.run(&options, &Silent, &Cancel::default()).await.unwrap();
                }
                more => panic!("{deed:?} at {at}: {more:?}"),
            }
            if matches!(deed, Deed::Create | Deed::EraseAndMakeAnew) {
                // How often a row was written is each store's own count: a row written as it was is no news, and a new
                // character begins to count again.
                for (one, other) in rows(&*from.storage).await.iter().zip(rows(&*to.storage).await) {
                    assert_eq!(*one, CharacterIndex { revision: one.revision, ..other });
                    assert_eq!(history(&*from.storage, one).await, history(&*to.storage, one).await);
                }
                continue;
            }
            assert_same(&*from.storage, &*to.storage).await;
        }
    }
}
