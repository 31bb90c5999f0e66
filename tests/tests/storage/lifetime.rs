//! What happens to characters over the years: the bin, erasing, thinning, archiving, telling others, mending.

use std::{sync::Arc, time::Duration};

use backstory_core::{
    archive::{ArchiveWork, Archiving},
    error::{Code, Error},
    job::{Cancel, Silent},
    library::Library,
    model::{CharacterId, CharacterIndex, ContentHash, Member, Role, Sighting, VersionMetadata},
    storage::{
        Change, CharacterStorage, CheckScope, Compression, Deleted, Encoding, Expect, HistoryQuery, MAX_TEXT,
        QueryFilter, Setting, Write,
    },
};
use backstory_tests::{
    faults::storage::{Fault, Faulty},
    fixtures::{Still, character_id, content, document, index, moment, snapshot_id, store, version},
};

use crate::backends::Backend;

async fn write(storage: &dyn CharacterStorage, writes: Vec<Write>) -> Result<u64, Error> {
    let mut transaction = storage.begin().await?;
    transaction.write(writes).await?;
    transaction.commit().await
}

fn put(index: &CharacterIndex, expect: Expect) -> Write {
    Write::Character { index: Box::new(index.clone()), expect }
}

fn put_version(metadata: &VersionMetadata) -> Write {
    Write::Version { metadata: Box::new(metadata.clone()) }
}

fn documents(count: u64, bytes: usize) -> Vec<Vec<u8>> {
    (0..count).map(|edition| document(edition, bytes)).collect()
}

async fn history(storage: &dyn CharacterStorage, id: &CharacterId) -> Vec<VersionMetadata> {
    let query = HistoryQuery { newest_first: false, ..HistoryQuery::all(id.clone()) };
    storage.history(&query).await.unwrap().items
}

async fn ids(storage: &dyn CharacterStorage, deleted: Deleted) -> Vec<CharacterId> {
    let filter = QueryFilter { deleted, ..QueryFilter::default() };
    storage.query(&filter).await.unwrap().items.into_iter().map(|index| index.id).collect()
}

/// Every document is there, and the store finds nothing wrong with itself.
async fn is_sound(storage: &dyn CharacterStorage) {
    let report = storage.check(CheckScope::Data, &Silent, &Cancel::default()).await.unwrap();
    assert_eq!(report.problems, []);
}

/// After scrubbing, what stays is whole, and what is gone is gone; a second time does nothing.
pub(crate) async fn scrubbing_changes_nothing_that_is_there(backend: &dyn Backend) {
    let storage = backend.open().await;
    let documents = documents(9, 3_000);
    let gone = store(&*storage, 1, &documents).await;
    let stays = store(&*storage, 2, &documents).await;
    let erase = Write::Erase { character: gone.id.clone(), expect: Expect::Revision(1) };
    write(&*storage, vec![erase]).await.unwrap();
    let before = (history(&*storage, &stays.id).await, storage.sightings(&stays.id).await.unwrap());
    for _ in 0..2 {
        storage.scrub(&Silent, &Cancel::default()).await.unwrap();
        assert_eq!(ids(&*storage, Deleted::With).await, std::slice::from_ref(&stays.id));
        let after = (history(&*storage, &stays.id).await, storage.sightings(&stays.id).await.unwrap());
        assert_eq!(after, before);
        for document in &documents {
            assert!(storage.document(&stays.id, &ContentHash::of(document)).await.unwrap() == *document);
        }
        is_sound(&*storage).await;
    }
    let stopped = Cancel::default();
    stopped.cancel();
    let refused = storage.scrub(&Silent, &stopped).await;
    // A store with nothing to do has nothing to stop.
    assert!(refused.is_ok() || refused.unwrap_err().code == Code::Cancelled);
    // What others tell by: the erased id, and nothing else.
    let changes = backend.open().await.changes_since(0, 100).await.unwrap().changes;
    let erased = changes.iter().filter(|change| change.erased).map(|change| &change.character);
    assert_eq!(erased.collect::<Vec<_>>(), [&gone.id]);
}

pub(crate) async fn the_bin_keeps_everything(backend: &dyn Backend) {
    let storage = backend.open().await;
    let documents = documents(3, 2_000);
    let kept = store(&*storage, 1, &documents).await;
    store(&*storage, 2, &documents[..1]).await;
    let binned = CharacterIndex { deleted_at: Some(moment(500)), revision: 2, ..kept.clone() };
    write(&*storage, vec![put(&binned, Expect::Revision(1))]).await.unwrap();
    assert_eq!(ids(&*storage, Deleted::Without).await, [character_id(2)]);
    assert_eq!(ids(&*storage, Deleted::Only).await, [character_id(1)]);
    assert_eq!(ids(&*storage, Deleted::With).await.len(), 2);
    assert_eq!(history(&*storage, &kept.id).await.len(), 3);
    assert!(storage.document(&kept.id, &ContentHash::of(&documents[2])).await.unwrap() == documents[2]);
    let back = CharacterIndex { deleted_at: None, revision: 3, ..binned };
    write(&*storage, vec![put(&back, Expect::Revision(2))]).await.unwrap();
    assert_eq!(ids(&*storage, Deleted::Without).await.len(), 2);
    is_sound(&*storage).await;
}

pub(crate) async fn erasing_leaves_nothing_but_the_id(backend: &dyn Backend) {
    let storage = backend.open().await;
    let documents = documents(12, 3_000);
    let gone = store(&*storage, 1, &documents).await;
    let stays = store(&*storage, 2, &documents).await;
    let before = storage.revision().await.unwrap();
    let erase = |expect| Write::Erase { character: gone.id.clone(), expect };
    let stale = write(&*storage, vec![erase(Expect::Revision(7))]).await.unwrap_err();
    assert_eq!(stale.code, Code::Conflict);
    let revision = write(&*storage, vec![erase(Expect::Revision(1))]).await.unwrap();
    for storage in [storage, backend.open().await] {
        assert_eq!(ids(&*storage, Deleted::With).await, std::slice::from_ref(&stays.id));
        assert_eq!(history(&*storage, &gone.id).await, []);
        assert_eq!(storage.sightings(&gone.id).await.unwrap(), []);
        let error = storage.document(&gone.id, &ContentHash::of(&documents[0])).await.unwrap_err();
        assert_eq!(error.code, Code::VersionNotFound);
        for document in &documents {
            assert!(storage.document(&stays.id, &ContentHash::of(document)).await.unwrap() == *document);
        }
        let feed = storage.changes_since(before, 10).await.unwrap();
        assert_eq!(feed.changes, [Change { character: gone.id.clone(), revision, erased: true }]);
        let statistics = storage.statistics().await.unwrap();
        assert_eq!((statistics.characters, statistics.versions, statistics.contents), (1, 12, 12));
        is_sound(&*storage).await;
    }
    // The id can be used again, and is then like any other.
    let storage = backend.open().await;
    let mut again = index(gone.id.clone());
    again.name = "Somebody else".to_owned();
    write(&*storage, vec![put(&again, Expect::Absent)]).await.unwrap();
    let feed = storage.changes_since(revision, 10).await.unwrap();
    assert_eq!(feed.changes.iter().map(|change| change.erased).collect::<Vec<_>>(), [false]);
    let filter = QueryFilter { text: Some("somebody".to_owned()), ..QueryFilter::default() };
    assert_eq!(storage.query(&filter).await.unwrap().items, [again]);
}

pub(crate) async fn dropped_versions_leave_the_others_readable(backend: &dyn Backend) {
    let storage = backend.open().await;
    let documents = documents(30, 4_000);
    let id = store(&*storage, 1, &documents).await.id;
    // One content has a second version, which stays.
    let twin = VersionMetadata { id: snapshot_id(77), ..version(&id, 31, moment(9_000), &documents[2]) };
    let see =
        Write::Sightings { character: id.clone(), version: snapshot_id(1_000_003), at: vec![moment(185)] };
    write(&*storage, vec![put_version(&twin), see]).await.unwrap();
    let all = history(&*storage, &id).await;
    let dropped: Vec<_> = all.iter().filter(|v| v.version < 31 && v.version % 3 != 2).map(|v| v.id).collect();
    let drop = Write::DropVersions { character: id.clone(), versions: dropped.clone() };
    write(&*storage, vec![drop.clone()]).await.unwrap();
    write(&*storage, vec![drop]).await.unwrap();
    for storage in [storage, backend.open().await] {
        let left = history(&*storage, &id).await;
        assert_eq!(left, all.iter().filter(|v| !dropped.contains(&v.id)).cloned().collect::<Vec<_>>());
        for version in &left {
            let bytes = storage.document(&id, &version.content).await.unwrap();
            assert_eq!(ContentHash::of(&bytes), version.content);
        }
        assert_eq!(storage.sightings(&id).await.unwrap(), []);
        let gone = storage.document(&id, &ContentHash::of(&documents[0])).await.unwrap_err();
        assert_eq!(gone.code, Code::VersionNotFound);
        assert_eq!(storage.statistics().await.unwrap().contents, 11);
    }
    // New ones go on from there.
    let storage = backend.open().await;
    let next = document(99, 4_000);
    let metadata = VersionMetadata { id: snapshot_id(78), ..version(&id, 32, moment(9_100), &next) };
    write(&*storage, vec![content(&id, &next), put_version(&metadata)]).await.unwrap();
    assert!(storage.document(&id, &metadata.content).await.unwrap() == next);
    let everything = history(&*storage, &id).await.iter().map(|version| version.id).collect();
    write(&*storage, vec![Write::DropVersions { character: id.clone(), versions: everything }])
        .await
        .unwrap();
    assert_eq!(storage.statistics().await.unwrap().contents, 0);
}

pub(crate) async fn the_archive_is_read_like_anything_else(backend: &dyn Backend) {
    let storage = backend.open().await;
    let documents = documents(20, 3_000);
    let id = store(&*storage, 1, &documents).await.id;
    let all = history(&*storage, &id).await;
    let archived = |on: bool| -> Vec<Write> {
        let some = all.iter().filter(|version| version.version % 4 != 0);
        some.map(|version| put_version(&VersionMetadata { archived: on, ..version.clone() })).collect()
    };
    for on in [true, true, false, true] {
        write(&*storage, archived(on)).await.unwrap();
        let storage = backend.open().await;
        for version in history(&*storage, &id).await {
            assert_eq!(version.archived, on && version.version % 4 != 0);
            let text = &documents[version.version as usize - 1];
            assert!(storage.document(&id, &version.content).await.unwrap() == *text);
        }
        is_sound(&*storage).await;
    }
    let first: Vec<_> = all[..9].iter().map(|version| version.id).collect();
    write(&*storage, vec![Write::DropVersions { character: id.clone(), versions: first }]).await.unwrap();
    for text in &documents[9..] {
        assert!(storage.document(&id, &ContentHash::of(text)).await.unwrap() == *text);
    }
}

/// The archive is filled by a process that is killed at every one of its operations, twice in a row, and then ends: whatever
/// is there in between, no version is lost or doubled and every document opens.
pub(crate) async fn the_archive_is_filled_whenever_it_is_killed(backend: &dyn Backend) {
    let documents = documents(7, 3_000);
    let id = store(&*backend.open().await, 1, &documents).await.id;
    let library = |storage| Library::new(storage, Vec::new(), Arc::new(Still::default()), "test");
    let dead = || Error::new(Code::StorageFailed, "killed");
    let fill = async |storage: Arc<dyn CharacterStorage>| {
        let library = library(storage);
        let plan = library.plan_archive(&Archiving::default()).await?;
        library.archive(&plan, &Silent, &Cancel::default()).await
    };
    let whole = async |archived: Option<u64>| {
        let storage = backend.open().await;
        let history = history(&*storage, &id).await;
        assert_eq!(history.iter().map(|version| version.version).collect::<Vec<_>>(), [1, 2, 3, 4, 5, 6, 7]);
        for (version, text) in history.iter().zip(&documents) {
            assert!(storage.document(&id, &version.content).await.unwrap() == *text);
        }
        let moved = history.iter().filter(|version| version.archived).count() as u64;
        assert!(moved == 0 || moved == 6, "all of them, or none: {moved}");
        if let Some(archived) = archived {
            assert_eq!(archived, moved);
            is_sound(&*storage).await;
        }
    };
    let counted = Arc::new(Faulty::counting(backend.open().await));
    let report = fill(Arc::clone(&counted) as _).await.unwrap();
    assert_eq!((report.moved, report.stayed, report.verified), (6, 0, 6));
    whole(Some(6)).await;
    let operations = counted.operations();
    assert!(operations > 15, "{operations}");
    let back = Archiving { restore: true, ..Archiving::default() };
    let emptied = library(backend.open().await);
    let plan = emptied.plan_archive(&back).await.unwrap();
    emptied.archive(&plan, &Silent, &Cancel::default()).await.unwrap();
    whole(Some(0)).await;
    for at in 0..operations {
        let storage = backend.open().await;
        let back =
            history(&*storage, &id).await.into_iter().map(|v| VersionMetadata { archived: false, ..v });
        write(&*storage, back.map(|version| put_version(&version)).collect()).await.unwrap();
        // Twice in a row: before the operation, and right behind it.
        for fault in [Fault::FromThenOn, Fault::AnswerLost] {
            let faulty = Arc::new(Faulty::new(backend.open().await, at, fault, dead()));
            let killed = fill(Arc::clone(&faulty) as _).await;
            assert!(killed.is_err() || !faulty.has_failed() || fault == Fault::AnswerLost, "{at} {fault:?}");
            whole(None).await;
        }
        fill(backend.open().await).await.unwrap();
        whole(Some(6)).await;
        let left = storage.settings().await.unwrap().into_iter().find(|s| s.key == ArchiveWork::SETTING);
        assert_eq!(left.unwrap().value, None, "nothing is left to do");
    }
}

pub(crate) async fn the_feed_tells_every_commit_once(backend: &dyn Backend) {
    let storage = backend.open().await;
    let start = storage.revision().await.unwrap();
    let mut rows = Vec::new();
    for number in 1..=5 {
        rows.push(store(&*storage, number, &[document(number, 500)]).await);
    }
    let changed = CharacterIndex { revision: 2, ..rows[1].clone() };
    let both = vec![
        put(&changed, Expect::Revision(1)),
        Write::Erase { character: rows[3].id.clone(), expect: Expect::Revision(1) },
    ];
    let last = write(&*storage, both).await.unwrap();
    let other = backend.open().await;
    for storage in [&storage, &other] {
        let feed = storage.changes_since(start, 100).await.unwrap();
        assert_eq!((feed.revision, feed.more), (last, false));
        let told: Vec<_> =
            feed.changes.iter().map(|change| (change.character.clone(), change.erased)).collect();
        let id = |number: u64| character_id(number);
        assert_eq!(told, [(id(1), false), (id(3), false), (id(5), false), (id(2), false), (id(4), true)]);
        assert!(feed.changes.is_sorted_by_key(|change| change.revision));
        // In parts: everything once, and a commit never torn apart.
        let (mut since, mut parts) = (start, Vec::new());
        loop {
            let part = storage.changes_since(since, 1).await.unwrap();
            parts.extend(part.changes);
            since = part.revision;
            if !part.more {
                break;
            }
        }
        assert_eq!(parts, feed.changes);
        assert_eq!(since, last);
        assert_eq!(storage.changes_since(last, 5).await.unwrap().changes, []);
        let another_life = storage.changes_since(last + 1_000, 100).await.unwrap();
        assert_eq!(another_life.changes.len(), 5);
    }
}

pub(crate) async fn waiting_ends_with_a_commit(backend: &dyn Backend) {
    let (storage, other) = (backend.open().await, backend.open().await);
    let since = storage.revision().await.unwrap();
    assert_eq!(storage.wait(since, Duration::from_millis(1)).await.unwrap(), since);
    let waiting = tokio::spawn({
        let storage = Arc::clone(&storage);
        async move { storage.wait(since, Duration::from_secs(60)).await.unwrap() }
    });
    let revision = write(&*other, vec![put(&index(character_id(1)), Expect::Absent)]).await.unwrap();
    assert_eq!(waiting.await.unwrap(), revision);
    assert_eq!(storage.wait(since, Duration::from_secs(60)).await.unwrap(), revision);
}

pub(crate) async fn members_come_and_go(backend: &dyn Backend) {
    let storage = backend.open().await;
    let member = |campaign: &str, user: &str, role| Write::Member {
        campaign: campaign.to_owned(),
        user: user.to_owned(),
        role,
    };
    write(
        &*storage,
        vec![
            member("The Sunken Bell", "ada", Some(Role::Viewer)),
            member("The Sunken Bell", "Zoë O'Neil", Some(Role::DungeonMaster)),
            member("Anchor", "ada", Some(Role::Player)),
            member("The Sunken Bell", "ada", Some(Role::Player)),
            member("Anchor", "ben", Some(Role::Player)),
            member("Anchor", "ben", None),
            member("Nowhere", "nobody", None),
        ],
    )
    .await
    .unwrap();
    let place = |campaign: &str, user: &str, role| Member {
        campaign: campaign.to_owned(),
        user: user.to_owned(),
        role,
    };
    let expected = [
        place("Anchor", "ada", Role::Player),
        place("The Sunken Bell", "Zoë O'Neil", Role::DungeonMaster),
        place("The Sunken Bell", "ada", Role::Player),
    ];
    assert_eq!(storage.members().await.unwrap(), expected);
    assert_eq!(backend.open().await.members().await.unwrap(), expected);
}

pub(crate) async fn settings_are_compared_and_set(backend: &dyn Backend) {
    let storage = backend.open().await;
    let put = |key: &str, value: Option<&str>, revision, expect| Write::Setting {
        setting: Setting { key: key.to_owned(), value: value.map(str::to_owned), revision },
        expect,
    };
    let before = storage.revision().await.unwrap();
    write(
        &*storage,
        vec![put("library.policy", Some(r#"{"days":30,"of":"Zoë \u0000"}"#), 1, Expect::Absent)],
    )
    .await
    .unwrap();
    assert!(storage.revision().await.unwrap() > before);
    let lease = vec![
        put("store.lease", Some("1"), 1, Expect::Absent),
        // A transaction sees its own.
        put("store.lease", Some("2"), 5, Expect::Revision(1)),
    ];
    write(&*storage, lease).await.unwrap();

    let other = backend.open().await;
    let refused = [
        put("store.lease", Some("3"), 6, Expect::Absent),
        put("store.lease", Some("3"), 6, Expect::Revision(1)),
        put("store.other", Some("3"), 6, Expect::Revision(1)),
    ];
    for refused in refused {
        let whole = vec![put("store.with-it", Some("3"), 1, Expect::Absent), refused];
        assert_eq!(write(&*other, whole).await.unwrap_err().code, Code::Conflict);
    }
    for broken in [
        put("store.lease", Some("3"), 5, Expect::Revision(5)),
        put("store.lease", Some("{"), 6, Expect::Revision(5)),
        put("Store/lease", Some("3"), 1, Expect::Absent),
        put("", Some("3"), 1, Expect::Absent),
    ] {
        assert_eq!(write(&*other, vec![broken]).await.unwrap_err().code, Code::Internal);
    }
    let long = format!("{:?}", "x".repeat(MAX_TEXT));
    let long = write(&*other, vec![put("store.long", Some(&long), 1, Expect::Absent)]).await;
    assert_eq!(long.unwrap_err().code, Code::InvalidArgument);
    // What was taken away is not what never was.
    write(&*other, vec![put("store.lease", None, 6, Expect::Revision(5))]).await.unwrap();
    let again = write(&*other, vec![put("store.lease", Some("4"), 7, Expect::Absent)]).await;
    assert_eq!(again.unwrap_err().code, Code::Conflict);
    let expected = [
        Setting {
            key: "library.policy".to_owned(),
            value: Some(r#"{"days":30,"of":"Zoë \u0000"}"#.to_owned()),
            revision: 1,
        },
        Setting { key: "store.lease".to_owned(), value: None, revision: 6 },
    ];
    assert_eq!(storage.settings().await.unwrap(), expected);
    assert_eq!(backend.open().await.settings().await.unwrap(), expected);
}

/// Of all who write the same setting at once, one does.
pub(crate) async fn one_of_many_sets_a_setting(backend: &dyn Backend) {
    for round in 1..=4_u64 {
        let mut writers = Vec::new();
        for writer in 0..6_u64 {
            let storage = backend.open().await;
            writers.push(tokio::spawn(async move {
                let expect = if round == 1 { Expect::Absent } else { Expect::Revision(round - 1) };
                let value = Some(writer.to_string());
                let setting = Setting { key: "store.lease".to_owned(), value, revision: round };
                write(&*storage, vec![Write::Setting { setting, expect }]).await.map(|_| writer)
            }));
        }
        let mut won = Vec::new();
        for writer in writers {
            match writer.await.unwrap() {
                Ok(writer) => won.push(writer),
                Err(error) => assert!(matches!(error.code, Code::Conflict | Code::StoreBusy), "{error:?}"),
            }
        }
        assert_eq!(won.len(), 1, "{won:?}");
        let settings = backend.open().await.settings().await.unwrap();
        assert_eq!(settings[0].value, Some(won[0].to_string()));
    }
}

pub(crate) async fn sightings_are_told_in_order(backend: &dyn Backend) {
    let storage = backend.open().await;
    let id = store(&*storage, 1, &documents(2, 500)).await.id;
    let (first, second) = (snapshot_id(1_000_001), snapshot_id(1_000_002));
    let see = |version, seconds: &[i64]| Write::Sightings {
        character: id.clone(),
        version,
        at: seconds.iter().map(|&second| moment(second)).collect(),
    };
    write(&*storage, vec![see(second, &[300, 200]), see(first, &[110, 200])]).await.unwrap();
    let expected = [(110, first), (200, first), (200, second), (300, second)];
    let expected = expected.map(|(second, version)| Sighting { at: moment(second), version });
    assert_eq!(backend.open().await.sightings(&id).await.unwrap(), expected);
    assert_eq!(storage.sightings(&character_id(9)).await.unwrap(), []);
}

pub(crate) async fn how_a_document_is_kept_is_told(backend: &dyn Backend) {
    let storage = backend.open().await;
    let documents = documents(10, 20_000);
    let id = store(&*storage, 1, &documents).await.id;
    let query = HistoryQuery { stored: true, ..HistoryQuery::all(id.clone()) };
    let hashes: Vec<_> = documents.iter().map(|text| ContentHash::of(text)).collect();
    let mut sum = 0;
    for version in storage.history(&query).await.unwrap().items {
        let stored = version.stored.unwrap();
        assert!(!stored.codec.is_empty() && stored.bytes > 0 && stored.bytes <= version.bytes);
        assert!(stored.base.is_none_or(|base| base != version.content && hashes.contains(&base)));
        assert_eq!(stored.codec.contains("delta"), stored.base.is_some());
        sum += stored.bytes;
    }
    assert_eq!(storage.statistics().await.unwrap().encoded_bytes, sum);
    assert!(history(&*storage, &id).await.iter().all(|version| version.stored.is_none()));
}

pub(crate) async fn what_is_derived_is_repaired(backend: &dyn Backend) {
    let storage = backend.open().await;
    let documents = documents(3, 500);
    let right = store(&*storage, 1, &documents).await;
    store(&*storage, 2, &documents).await;
    let wrong = CharacterIndex {
        versions: 9,
        captures: 1,
        last_version: 0,
        first_captured: moment(7),
        last_captured: moment(8),
        revision: 2,
        ..right.clone()
    };
    let mut miscounted = history(&*storage, &right.id).await.remove(1);
    miscounted.seen.count = 40;
    let seen = miscounted.clone();
    write(&*storage, vec![put_version(&miscounted), put(&wrong, Expect::Revision(1))]).await.unwrap();
    let report = storage.repair(&Silent, &Cancel::default()).await.unwrap();
    assert_eq!((report.repaired.len(), report.left), (2, vec![]));
    is_sound(&*storage).await;
    let filter = QueryFilter { ids: vec![right.id.clone()], ..QueryFilter::default() };
    let mended = storage.query(&filter).await.unwrap().items.remove(0);
    assert!(mended.revision > 2, "whoever holds the wrong row learns of it");
    assert_eq!(CharacterIndex { revision: 1, ..mended }, right);
    assert_eq!(history(&*storage, &right.id).await[1].seen.count, 1, "{seen:?}");
    let revision = storage.revision().await.unwrap();
    let again = storage.repair(&Silent, &Cancel::default()).await.unwrap();
    assert_eq!((again.repaired.len(), again.left.len()), (0, 0));
    assert_eq!(storage.revision().await.unwrap(), revision, "nothing to do, nothing written");
}

pub(crate) async fn recompressing_changes_no_document(backend: &dyn Backend) {
    let storage = backend.open().await;
    let documents = documents(20, 6_000);
    let id = store(&*storage, 1, &documents).await.id;
    store(&*storage, 2, &documents[..2]).await;
    let before = history(&*storage, &id).await;
    let archived = VersionMetadata { archived: true, ..before[4].clone() };
    write(&*storage, vec![put_version(&archived)]).await.unwrap();
    let compressions = [Compression::None, Compression::Gzip, Compression::Zstd, Compression::Lz4];
    let kinds = compressions.iter().flat_map(|&compression| [false, true].map(|delta| (compression, delta)));
    for (compression, delta) in kinds {
        let encoding = Encoding { compression, delta, ..Encoding::default() };
        let done = storage.recompress(&encoding, &Silent, &Cancel::default()).await.unwrap();
        assert_eq!(done.contents, 22);
        assert_eq!(done.bytes_after, storage.statistics().await.unwrap().encoded_bytes);
        let again = storage.recompress(&encoding, &Silent, &Cancel::default()).await.unwrap();
        assert_eq!(again.bytes_after, done.bytes_after, "{encoding:?}");
        let storage = backend.open().await;
        for (version, text) in history(&*storage, &id).await.iter().zip(&documents) {
            assert!(storage.document(&id, &version.content).await.unwrap() == *text);
        }
        is_sound(&*storage).await;
    }
    storage.recompress(&Encoding::AT_REST, &Silent, &Cancel::default()).await.unwrap();
    // What comes next leans on what is there.
    let next = document(50, 6_000);
    let metadata = VersionMetadata { id: snapshot_id(78), ..version(&id, 21, moment(9_100), &next) };
    write(&*storage, vec![content(&id, &next), put_version(&metadata)]).await.unwrap();
    assert!(storage.document(&id, &metadata.content).await.unwrap() == next);
    let cancel = Cancel::default();
    cancel.cancel();
    let stopped = storage.recompress(&Encoding::default(), &Silent, &cancel).await.unwrap_err();
    assert_eq!(stopped.code, Code::Cancelled);
}
