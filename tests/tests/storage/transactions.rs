//! All or nothing, one at a time, and nobody's write is lost.

use backstory_core::{
    error::{Code, Error},
    job::{Cancel, Progress, ProgressEvent, Silent},
    model::{CharacterId, CharacterIndex, ContentHash},
    storage::{CharacterStorage, CheckScope, Expect, HistoryQuery, QueryFilter, Write},
};
use backstory_tests::fixtures::{
    character_id, content, document, index, moment, snapshot_id, store, version,
};

use crate::backends::Backend;

fn put(index: &CharacterIndex, expect: Expect) -> Write {
    Write::Character { index: Box::new(index.clone()), expect }
}

async fn write(storage: &dyn CharacterStorage, writes: Vec<Write>) -> Result<u64, Error> {
    let mut transaction = storage.begin().await?;
    transaction.write(writes).await?;
    transaction.commit().await
}

async fn only(storage: &dyn CharacterStorage, id: &CharacterId) -> Option<CharacterIndex> {
    let filter = QueryFilter { ids: vec![id.clone()], ..QueryFilter::default() };
    storage.query(&filter).await.unwrap().items.pop()
}

pub(crate) async fn nothing_is_seen_before_the_commit(backend: &dyn Backend) {
    let (storage, reader) = (backend.open().await, backend.open().await);
    let id = character_id(1);
    let before = reader.revision().await.unwrap();
    let mut transaction = storage.begin().await.unwrap();
    let metadata = Box::new(version(&id, 1, moment(0), b"document"));
    let writes =
        vec![content(&id, b"document"), Write::Version { metadata }, put(&index(id.clone()), Expect::Absent)];
    transaction.write(writes).await.unwrap();
    for reader in [&storage, &reader] {
        assert_eq!(reader.query(&QueryFilter::default()).await.unwrap().total, 0);
        assert_eq!(reader.history(&HistoryQuery::all(id.clone())).await.unwrap().total, 0);
        assert!(reader.document(&id, &ContentHash::of(b"document")).await.is_err());
        assert_eq!(reader.facets().await.unwrap().characters, 0);
        assert_eq!(reader.statistics().await.unwrap().contents, 0);
        assert_eq!(reader.revision().await.unwrap(), before);
    }
    let seen = transaction.surroundings(&id, moment(1)).await.unwrap();
    assert!(seen.character.is_some() && seen.before.is_some(), "it sees its own writes");
    transaction.commit().await.unwrap();
    for reader in [&storage, &reader] {
        assert_eq!(only(&**reader, &id).await, Some(index(id.clone())));
        assert!(reader.document(&id, &ContentHash::of(b"document")).await.is_ok());
    }
}

pub(crate) async fn a_dropped_transaction_is_undone(backend: &dyn Backend) {
    let storage = backend.open().await;
    let kept = store(&*storage, 1, &[b"kept".to_vec()]).await;
    let revision = storage.revision().await.unwrap();
    let mut transaction = storage.begin().await.unwrap();
    let changed = CharacterIndex { revision: 2, name: "Changed".to_owned(), ..kept.clone() };
    transaction.write(vec![put(&changed, Expect::Revision(1)), content(&kept.id, b"gone")]).await.unwrap();
    drop(transaction);
    assert_eq!(only(&*storage, &kept.id).await, Some(kept.clone()));
    assert!(storage.document(&kept.id, &ContentHash::of(b"gone")).await.is_err());
    assert_eq!(storage.revision().await.unwrap(), revision);
    // The next one starts where the undone one started, and what it stores can be read.
    write(&*storage, vec![put(&changed, Expect::Revision(1)), content(&kept.id, b"other")]).await.unwrap();
    assert_eq!(storage.document(&kept.id, &ContentHash::of(b"other")).await.unwrap(), b"other");
}

pub(crate) async fn a_stale_revision_is_a_conflict(backend: &dyn Backend) {
    let storage = backend.open().await;
    let first = index(character_id(1));
    write(&*storage, vec![put(&first, Expect::Absent)]).await.unwrap();
    let second = CharacterIndex { revision: 2, ..first.clone() };
    write(&*storage, vec![put(&second, Expect::Revision(1))]).await.unwrap();
    let late = CharacterIndex { revision: 9, name: "Late".to_owned(), ..first.clone() };
    for expect in [Expect::Absent, Expect::Revision(1), Expect::Revision(3)] {
        let error = write(&*storage, vec![put(&late, expect)]).await.unwrap_err();
        assert_eq!((error.code, error.retryable), (Code::Conflict, true));
    }
    let nobody = index(character_id(2));
    let error = write(&*storage, vec![put(&nobody, Expect::Revision(1))]).await.unwrap_err();
    assert_eq!(error.code, Code::Conflict);
    assert_eq!(only(&*storage, &first.id).await, Some(second));
    assert_eq!(only(&*storage, &nobody.id).await, None);
}

pub(crate) async fn a_revision_must_rise(backend: &dyn Backend) {
    let storage = backend.open().await;
    let first = CharacterIndex { revision: 5, ..index(character_id(1)) };
    write(&*storage, vec![put(&first, Expect::Absent)]).await.unwrap();
    for revision in [4, 5] {
        let same = CharacterIndex { revision, ..first.clone() };
        assert_eq!(
            write(&*storage, vec![put(&same, Expect::Revision(5))]).await.unwrap_err().code,
            Code::Internal
        );
    }
    // The condition is about the row as it was before the transaction, however often it writes it.
    let [six, seven] = [6, 7].map(|revision| CharacterIndex { revision, ..first.clone() });
    write(&*storage, vec![put(&six, Expect::Revision(5)), put(&seven, Expect::Revision(5))]).await.unwrap();
    assert_eq!(only(&*storage, &first.id).await, Some(seven));
}

pub(crate) async fn a_failed_transaction_is_over(backend: &dyn Backend) {
    let storage = backend.open().await;
    let first = index(character_id(1));
    let mut transaction = storage.begin().await.unwrap();
    transaction.write(vec![put(&first, Expect::Absent)]).await.unwrap();
    let impossible = put(&index(character_id(2)), Expect::Revision(1));
    assert_eq!(transaction.write(vec![impossible]).await.unwrap_err().code, Code::Conflict);
    assert!(transaction.write(vec![]).await.is_err());
    assert!(transaction.surroundings(&first.id, moment(0)).await.is_err());
    assert!(transaction.commit().await.is_err());
    assert_eq!(only(&*storage, &first.id).await, None);
    write(&*storage, vec![put(&first, Expect::Absent)]).await.unwrap();
}

pub(crate) async fn concurrent_writers_lose_nothing(backend: &dyn Backend) {
    const WRITERS: u64 = 8;
    const ROUNDS: u64 = 12;
    let id = character_id(1);
    write(&*backend.open().await, vec![put(&index(id.clone()), Expect::Absent)]).await.unwrap();
    let mut writers = Vec::new();
    for writer in 0..WRITERS {
        let storage = backend.open().await;
        let id = id.clone();
        writers.push(tokio::spawn(async move {
            for round in 0..ROUNDS {
                while !add_one(&*storage, &id, writer * 1_000 + round).await {}
            }
        }));
    }
    for writer in writers {
        writer.await.unwrap();
    }
    let storage = backend.open().await;
    let row = only(&*storage, &id).await.unwrap();
    assert_eq!(row.captures, WRITERS * ROUNDS);
    let history = storage.history(&HistoryQuery::all(id.clone())).await.unwrap();
    assert_eq!(history.total, WRITERS * ROUNDS);
    for version in history.items {
        storage.document(&id, &version.content).await.unwrap();
    }
}

/// Reads the row outside of the transaction, as a careless program would, and adds a version to what it read.
async fn add_one(storage: &dyn CharacterStorage, id: &CharacterId, unique: u64) -> bool {
    let mut row = only(storage, id).await.unwrap();
    let expect = Expect::Revision(row.revision);
    row.revision += 1;
    row.captures += 1;
    row.last_version += 1;
    let text = document(unique, 5_000);
    let mut metadata = Box::new(version(id, row.last_version, moment(unique as i64), &text));
    metadata.id = snapshot_id(unique);
    match write(storage, vec![put(&row, expect), content(id, &text), Write::Version { metadata }]).await {
        Ok(_) => true,
        Err(error) => {
            assert_eq!(error.code, Code::Conflict, "{error:?}");
            false
        }
    }
}

pub(crate) async fn two_handles_of_one_store(backend: &dyn Backend) {
    let handles = [backend.open().await, backend.open().await];
    let id = character_id(1);
    let mut row = index(id.clone());
    write(&*handles[0], vec![put(&row, Expect::Absent)]).await.unwrap();
    for turn in 1..=20_u64 {
        let (writer, reader) = (&handles[turn as usize % 2], &handles[(turn as usize + 1) % 2]);
        let text = document(turn, 30_000);
        let expect = Expect::Revision(row.revision);
        row.revision += 1;
        row.last_version = turn;
        let metadata = Box::new(version(&id, turn, moment(turn as i64), &text));
        let revision =
            write(&**writer, vec![content(&id, &text), Write::Version { metadata }, put(&row, expect)])
                .await
                .unwrap();
        assert_eq!(reader.revision().await.unwrap(), revision);
        assert_eq!(only(&**reader, &id).await.as_ref(), Some(&row));
        assert!(reader.document(&id, &ContentHash::of(&text)).await.unwrap() == text);
    }
}

pub(crate) async fn the_revision_counts_commits(backend: &dyn Backend) {
    let storage = backend.open().await;
    let mut last = storage.revision().await.unwrap();
    for n in 1..5 {
        let revision = write(&*storage, vec![put(&index(character_id(n)), Expect::Absent)]).await.unwrap();
        assert!(revision > last);
        assert_eq!(storage.revision().await.unwrap(), revision);
        last = revision;
    }
}

/// Remembers the last report.
#[derive(Default)]
struct Last(std::sync::Mutex<Option<(u64, u64)>>);

impl Progress for Last {
    fn report(&self, event: ProgressEvent) {
        if let ProgressEvent::Advanced { done, total } = event {
            assert!(done <= total, "{done} of {total}");
            *self.0.lock().unwrap() = Some((done, total));
        }
    }
}

pub(crate) async fn a_sound_store_has_no_problems(backend: &dyn Backend) {
    let storage = backend.open().await;
    let documents: Vec<_> = (0..70).map(|edition| document(edition, 3_000)).collect();
    for number in 1..=70 {
        store(&*storage, number, if number == 1 { &documents } else { &documents[..1] }).await;
    }
    for scope in [CheckScope::Structure, CheckScope::Data] {
        let progress = Last::default();
        let report = storage.check(scope, &progress, &Cancel::default()).await.unwrap();
        assert_eq!(report.problems, []);
        assert_eq!((report.characters, report.versions, report.contents), (70, 139, 139));
        let bytes = documents.iter().map(Vec::len).sum::<usize>() + 69 * documents[0].len();
        assert_eq!(report.bytes, if scope == CheckScope::Data { bytes as u64 } else { 0 });
        assert!(progress.0.lock().unwrap().is_some());
    }
}

pub(crate) async fn a_stale_row_is_found(backend: &dyn Backend) {
    let storage = backend.open().await;
    let row = store(&*storage, 1, &[b"a".to_vec(), b"b".to_vec()]).await;
    let wrong = CharacterIndex { versions: 3, revision: 2, ..row.clone() };
    let mut miscounted = version(&row.id, 2, moment(120), b"b");
    miscounted.id = snapshot_id(1_000_002);
    miscounted.seen.count = 4;
    let without_row = version(&character_id(2), 1, moment(0), b"c");
    let put_version = |metadata| Write::Version { metadata: Box::new(metadata) };
    write(
        &*storage,
        vec![
            put(&wrong, Expect::Revision(1)),
            put_version(miscounted),
            content(&character_id(2), b"c"),
            put_version(without_row),
        ],
    )
    .await
    .unwrap();
    let report = storage.check(CheckScope::Structure, &Silent, &Cancel::default()).await.unwrap();
    let found: Vec<_> =
        report.problems.iter().map(|p| (p.code.as_str(), p.r#where.as_str(), p.repairable)).collect();
    let expected = ["ddb-1 version 2", "ddb-1", "ddb-2"].map(|place| ("index_stale", place, true));
    assert_eq!(found, expected, "{:?}", report.problems);
}

pub(crate) async fn a_check_can_be_stopped(backend: &dyn Backend) {
    let storage = backend.open().await;
    store(&*storage, 1, &[b"a".to_vec()]).await;
    let cancel = Cancel::default();
    cancel.cancel();
    let error = storage.check(CheckScope::Data, &Silent, &cancel).await.unwrap_err();
    assert_eq!(error.code, Code::Cancelled);
}
