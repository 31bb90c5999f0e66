//! A whole library on a disk that fails, and in a process that dies, at every step of a save.

use std::{io, path::Path};

use backstory_core::{
    job::Silent,
    model::{Kind, Seen, SnapshotId, Summary},
    privacy::audit::{Act, Action, verify},
    sheet::Rules,
    storage::{Expect, StorageTransaction, Write},
};
use jiff::Timestamp;
use uuid::Uuid;

use super::{faults::Fault, *};

const OLD: &[u8] = b"the document that was there";
const NEW: &[u8] = b"the document that is being saved";

fn id() -> CharacterId {
    CharacterId::new("ddb-1").unwrap()
}

fn moment(second: i64) -> Timestamp {
    Timestamp::from_second(1_750_000_000 + second).unwrap()
}

/// A version of this document, and the row after it.
fn writes(number: u64, document: &[u8]) -> Vec<Write> {
    let at = moment(i64::try_from(number).unwrap());
    let metadata = VersionMetadata {
        id: SnapshotId(Uuid::from_u64_pair(1, number)),
        character: id(),
        version: number,
        captured_at: at,
        edited_at: None,
        content: ContentHash::of(document),
        bytes: document.len() as u64,
        source: "ddb".to_owned(),
        origin: None,
        cuts: vec![],
        summary: Summary {
            kind: Kind::Change,
            sentences: vec![],
            changes: 1,
            state: 0,
            level: 1,
            landmark: false,
            deriver: 1,
        },
        seen: Seen { last: at, count: 1 },
        pinned: false,
        tags: vec![],
        note: None,
        restored: None,
        archived: false,
        stored: None,
        trace: None,
    };
    let index = CharacterIndex {
        id: id(),
        name: "Mirren".to_owned(),
        species: None,
        background: None,
        classes: vec![],
        level: 1,
        rules: Rules::Legacy,
        campaign: None,
        versions: number,
        changes: 0,
        captures: number,
        last_version: number,
        first_captured: moment(1),
        last_captured: at,
        last_changed: at,
        last_change: None,
        growth: vec![],
        owner: None,
        deleted_at: None,
        linked: None,
        also: Vec::new(),
        audit_key: None,
        anonymised_at: None,
        revision: number,
    };
    let expect = if number == 1 { Expect::Absent } else { Expect::Revision(number - 1) };
    vec![
        Act::new(Action::Capture).version(number).write(at, "test"),
        Write::Content { character: id(), hash: ContentHash::of(document), bytes: document.to_vec().into() },
        Write::Version { metadata: Box::new(metadata) },
        Write::Character { index: Box::new(index), expect },
    ]
}

async fn open(path: &Path) -> FolderStorage {
    FolderStorage::open(path, &StoreOptions::default()).await.unwrap()
}

async fn commit(storage: &FolderStorage, writes: Vec<Write>) -> Result<u64> {
    let mut transaction: Box<dyn StorageTransaction> = storage.begin().await?;
    transaction.write(writes).await?;
    transaction.commit().await
}

/// A library with one character and one version.
async fn library() -> (tempfile::TempDir, FolderStorage) {
    let folder = tempfile::tempdir().unwrap();
    let storage = open(folder.path()).await;
    commit(&storage, writes(1, OLD)).await.unwrap();
    (folder, storage)
}

/// How many versions there are. All that is known of each is there, and nothing is wrong with any.
async fn versions(storage: &FolderStorage) -> u64 {
    let history = storage.history(&HistoryQuery::all(id())).await.unwrap();
    for (document, number) in [(OLD, 1), (NEW, 2)] {
        let read = storage.document(&id(), &ContentHash::of(document)).await;
        assert_eq!(read.is_ok(), number <= history.total, "{read:?}");
    }
    let rows = storage.query(&QueryFilter::default()).await.unwrap().items;
    assert_eq!(rows[0].versions, history.total);
    assert_eq!(storage.statistics().await.unwrap().contents, history.total);
    // The log tells of each, and of nothing that was not done.
    let log = verify::read(storage, None).await.unwrap();
    assert!(log.ok && log.log.size == history.total, "{log:?}");
    history.total
}

async fn is_sound(storage: &FolderStorage) {
    let report = storage.check(CheckScope::Data, &Silent, &Cancel::default()).await.unwrap();
    assert_eq!(report.problems, []);
}

#[tokio::test]
async fn whatever_fails_a_save_is_whole_or_nothing_and_works_again() {
    for kind in [io::ErrorKind::StorageFull, io::ErrorKind::ReadOnlyFilesystem, io::ErrorKind::Other] {
        let mut outcomes = [0, 0];
        for step in 0.. {
            let (folder, storage) = library().await;
            storage.shared.disk.faults.after(step, Fault::Fails(kind));
            let result = commit(&storage, writes(2, NEW)).await;
            if !storage.shared.disk.faults.clear() {
                break;
            }
            outcomes[usize::from(result.is_ok())] += 1;
            let expected = if result.is_ok() { 2 } else { 1 };
            if let Err(error) = &result {
                let code = match kind {
                    io::ErrorKind::StorageFull => Code::StorageFull,
                    io::ErrorKind::ReadOnlyFilesystem => Code::StoreReadOnly,
                    _ => Code::StorageFailed,
                };
                assert_eq!(error.code, code, "{step}: {error:?}");
            }
            // Everybody sees the same at once, before anything is completed, and after.
            assert_eq!(versions(&storage).await, expected, "{step}");
            let read_only = StoreOptions { read_only: true, ..StoreOptions::default() };
            let reader = FolderStorage::open(folder.path(), &read_only).await.unwrap();
            assert_eq!(versions(&reader).await, expected, "{step}");
            is_sound(&reader).await;
            if result.is_err() {
                commit(&storage, writes(2, NEW)).await.unwrap();
            }
            assert_eq!(versions(&open(folder.path()).await).await, 2, "{step}");
            is_sound(&storage).await;
        }
        assert!(outcomes[0] > 10 && outcomes[1] > 5, "{outcomes:?}");
    }
}

#[tokio::test]
async fn whenever_it_dies_a_save_is_whole_or_nothing() {
    let mut outcomes = Vec::new();
    for step in 0.. {
        let (folder, storage) = library().await;
        storage.shared.disk.faults.after(step, Fault::Dies);
        let acknowledged = commit(&storage, writes(2, NEW)).await.is_ok();
        let died = storage.shared.disk.faults.clear();
        drop(storage);
        let read_only = StoreOptions { read_only: true, ..StoreOptions::default() };
        let seen = versions(&FolderStorage::open(folder.path(), &read_only).await.unwrap()).await;
        let storage = open(folder.path()).await;
        is_sound(&storage).await;
        assert_eq!(versions(&storage).await, seen, "{step}");
        assert!(seen == 2 || !acknowledged, "{step}");
        outcomes.push(seen);
        if !died {
            break;
        }
    }
    assert!(outcomes.is_sorted() && outcomes.contains(&1) && outcomes.contains(&2), "{outcomes:?}");
}

#[tokio::test]
async fn whatever_cannot_be_read_is_an_error_that_passes() {
    for step in 0.. {
        let (_folder, storage) = library().await;
        let faults = &storage.shared.disk.faults;
        faults.count_reads();
        faults.after(step, Fault::Fails(io::ErrorKind::Other));
        let read = storage.document(&id(), &ContentHash::of(OLD)).await;
        if !faults.clear() {
            break;
        }
        assert_eq!(read.unwrap_err().code, Code::StorageFailed, "{step}");
        assert_eq!(storage.document(&id(), &ContentHash::of(OLD)).await.unwrap(), OLD);
    }
}

#[tokio::test]
async fn a_library_whose_making_was_cut_short_is_made() {
    for step in 0.. {
        let folder = tempfile::tempdir().unwrap();
        let disk = Disk::new(folder.path());
        disk.faults.after(step, Fault::Dies);
        let made = opening::open(&disk, &StoreOptions::default(), WAIT).is_ok();
        let died = disk.faults.clear();
        let storage = open(folder.path()).await;
        commit(&storage, writes(1, OLD)).await.unwrap();
        is_sound(&storage).await;
        if !died {
            assert!(made);
            break;
        }
    }
}

/// What a save of the next version writes: the files, and their bytes.
async fn written(storage: &FolderStorage, number: u64) -> (usize, usize) {
    storage.shared.disk.faults.record();
    commit(storage, writes(number, format!("document {number}").as_bytes())).await.unwrap();
    let steps = storage.shared.disk.faults.recorded();
    let files: Vec<_> = steps.iter().filter(|step| step.what == "write").collect();
    (files.len(), files.iter().filter_map(|step| step.with.as_ref()).map(Vec::len).sum())
}

#[tokio::test]
async fn a_save_costs_the_same_however_long_the_history_is() {
    let (folder, storage) = library().await;
    for number in 2..129 {
        commit(&storage, writes(number, format!("document {number}").as_bytes())).await.unwrap();
    }
    // The first of a page, when two are full; and when ten are.
    let few = written(&storage, 129).await;
    for number in 130..641 {
        commit(&storage, writes(number, format!("document {number}").as_bytes())).await.unwrap();
    }
    let many = written(&storage, 641).await;
    assert_eq!(few.0, many.0);
    assert!(many.1 < few.1 + 8 * 100, "a line for each page: {few:?} {many:?}");
    // Another process writes; this one reads that page again, and its own next version goes on from there.
    let other = open(folder.path()).await;
    commit(&other, writes(642, b"of another process")).await.unwrap();
    commit(&storage, writes(643, b"of this one")).await.unwrap();
    for storage in [&storage, &other, &open(folder.path()).await] {
        let history = storage.history(&HistoryQuery::all(id())).await.unwrap();
        let numbers: Vec<_> = history.items.iter().map(|version| version.version).collect();
        assert!(numbers.iter().copied().rev().eq(1..=643), "{numbers:?}");
        is_sound(storage).await;
    }
    // The first page goes with its versions.
    let first: Vec<_> = (1..=64).map(|number| SnapshotId(Uuid::from_u64_pair(1, number))).collect();
    let row = match writes(643, b"").pop() {
        Some(Write::Character { mut index, .. }) => {
            (index.versions, index.captures, index.first_captured, index.revision) =
                (579, 579, moment(65), 644);
            index
        }
        _ => unreachable!(),
    };
    let drop_them = Write::DropVersions { character: id(), versions: first };
    let put_row = Write::Character { index: row, expect: Expect::Revision(643) };
    commit(&storage, vec![drop_them, put_row]).await.unwrap();
    assert!(!folder.path().join("characters/ddb-1").join(layout::history(0)).exists());
    is_sound(&storage).await;
}

#[tokio::test]
async fn an_edited_page_is_not_written_over_by_whoever_remembers_it() {
    let (folder, storage) = library().await;
    let page = folder.path().join("characters/ddb-1").join(layout::history(0));
    let text = std::fs::read_to_string(&page).unwrap().replace("\"pinned\": false", "\"pinned\": true");
    std::fs::write(&page, &text).unwrap();
    assert_eq!(commit(&storage, writes(2, NEW)).await.unwrap_err().code, Code::StoreDamaged);
    assert_eq!(std::fs::read_to_string(&page).unwrap(), text);
    storage.repair(&Silent, &Cancel::default()).await.unwrap();
    let history = storage.history(&HistoryQuery::all(id())).await.unwrap();
    assert!(history.items[0].pinned, "what was edited is taken as it is");
    commit(&storage, writes(2, NEW)).await.unwrap();
    is_sound(&storage).await;
}

#[tokio::test]
async fn a_lost_page_is_told_and_costs_only_its_own_versions() {
    let (folder, storage) = library().await;
    for number in 2..=70 {
        commit(&storage, writes(number, format!("document {number}").as_bytes())).await.unwrap();
    }
    let page = folder.path().join("characters/ddb-1").join(layout::history(0));
    std::fs::remove_file(&page).unwrap();
    let storage = open(folder.path()).await;
    let error = storage.history(&HistoryQuery::all(id())).await.unwrap_err();
    assert!(error.code == Code::StoreDamaged && error.message.contains("history-000001.json"), "{error:?}");
    let code = commit(&storage, writes(71, NEW)).await.unwrap_err().code;
    assert_eq!(code, Code::StoreDamaged, "nothing is written on a part");
    let problems = storage.repair(&Silent, &Cancel::default()).await.unwrap().left;
    assert!(
        matches!(&problems[..], [problem] if problem.code == "file_damaged" && !problem.repairable),
        "{problems:?}"
    );
    assert!(folder.path().join("characters/ddb-1").join(layout::history(1)).exists());
}

#[tokio::test]
async fn the_list_is_written_anew_when_many_changed() {
    let (folder, storage) = library().await;
    let before = storage.shared.snapshot().unwrap().head.indexed;
    for number in 2..=80 {
        let document = format!("document {number}");
        commit(&storage, writes(number, document.as_bytes())).await.unwrap();
        let row = |n: u64| CharacterIndex {
            id: CharacterId::new(format!("ddb-{n}")).unwrap(),
            revision: 1,
            ..match writes(1, OLD).pop() {
                Some(Write::Character { index, .. }) => *index,
                _ => unreachable!(),
            }
        };
        let put = Write::Character { index: Box::new(row(100 + number)), expect: Expect::Absent };
        commit(&storage, vec![put]).await.unwrap();
    }
    let head = storage.shared.snapshot().unwrap().head;
    assert!(head.indexed > before && head.recent.len() <= 65, "{} {}", head.indexed, head.recent.len());
    for storage in [open(folder.path()).await, storage] {
        assert_eq!(storage.query(&QueryFilter::default()).await.unwrap().total, 80);
        assert_eq!(storage.changes_since(0, 1_000).await.unwrap().changes.len(), 80);
    }
}
