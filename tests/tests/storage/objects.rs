//! What only an object store can do wrong.

use std::sync::{Arc, atomic::Ordering};

use backstory_core::{
    error::{Code, Error},
    job::{Cancel, Silent},
    model::{CharacterId, CharacterIndex, ContentHash, VersionMetadata},
    storage::{
        CharacterStorage, CheckReport, CheckScope, Expect, HistoryQuery, QueryFilter, StorageFactory,
        StoreOptions, Write,
    },
};
use backstory_storage::{
    objects::{ObjectOptions, ObjectStorage},
    open::Stores,
};
use backstory_tests::{
    faults::requests::{Fault, Trouble},
    fixtures::{character_id, content, document, index, moment, snapshot_id, store, version},
    servers::S3Server,
};
use futures_util::TryStreamExt;
use object_store::{ObjectStore, ObjectStoreExt, memory::InMemory, path::Path};

use crate::backends::{Backend, Objects};

/// Nothing that was left behind is too young to be taken away.
fn without_grace() -> ObjectOptions {
    ObjectOptions { grace: std::time::Duration::ZERO, ..ObjectOptions::default() }
}

async fn open(store: &Arc<InMemory>) -> ObjectStorage {
    over(Arc::clone(store) as _).await.unwrap()
}

async fn over(store: Arc<dyn ObjectStore>) -> Result<ObjectStorage, Error> {
    ObjectStorage::over(store, "objects-memory:", ObjectOptions::default()).await
}

async fn write(storage: &dyn CharacterStorage, writes: Vec<Write>) -> Result<u64, Error> {
    let mut transaction = storage.begin().await?;
    transaction.write(writes).await?;
    transaction.commit().await
}

fn put(index: &CharacterIndex, expect: Expect) -> Write {
    Write::Character { index: Box::new(index.clone()), expect }
}

async fn only(storage: &dyn CharacterStorage, id: &CharacterId) -> Option<CharacterIndex> {
    let filter = QueryFilter { ids: vec![id.clone()], ..QueryFilter::default() };
    storage.query(&filter).await.unwrap().items.pop()
}

async fn check(storage: &dyn CharacterStorage) -> CheckReport {
    storage.check(CheckScope::Data, &Silent, &Cancel::default()).await.unwrap()
}

async fn objects(store: &dyn ObjectStore) -> Vec<Path> {
    let all: Vec<_> = store.list(None).try_collect().await.unwrap();
    all.into_iter().map(|object| object.location).collect()
}

async fn bytes(store: &dyn ObjectStore, path: &Path) -> Vec<u8> {
    store.get(path).await.unwrap().bytes().await.unwrap().into()
}

/// A copy of everything in a store.
async fn copy(store: &InMemory) -> Arc<InMemory> {
    let copy = InMemory::new();
    for path in objects(store).await {
        copy.put(&path, bytes(store, &path).await.into()).await.unwrap();
    }
    Arc::new(copy)
}

/// What a capture does: a row, a document, a version, told after a look around.
async fn capture(storage: &dyn CharacterStorage, id: &CharacterId, unique: u64) -> Result<u64, Error> {
    let mut transaction = storage.begin().await?;
    let at = moment(unique as i64);
    let row = transaction.surroundings(id, at).await?.character;
    let expect = row.as_ref().map_or(Expect::Absent, |row| Expect::Revision(row.revision));
    let mut row = row.unwrap_or_else(|| CharacterIndex { revision: 0, ..index(id.clone()) });
    row.revision += 1;
    row.versions += 1;
    row.captures += 1;
    row.last_version += 1;
    if row.versions == 1 {
        row.first_captured = at;
    }
    row.last_captured = row.last_captured.max(at);
    row.first_captured = row.first_captured.min(at);
    let text = document(unique, 3_000);
    let metadata = VersionMetadata { id: snapshot_id(unique), ..version(id, row.last_version, at, &text) };
    let metadata = Box::new(metadata);
    transaction.write(vec![content(id, &text), Write::Version { metadata }, put(&row, expect)]).await?;
    transaction.commit().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn eight_writers_over_four_handles_lose_nothing() {
    const ROUNDS: u64 = 25;
    let store = Arc::new(InMemory::new());
    let mut handles = Vec::new();
    for _ in 0..4 {
        handles.push(Arc::new(open(&store).await));
    }
    let mut writers = Vec::new();
    for writer in 0..8_u64 {
        let storage = Arc::clone(&handles[writer as usize % 4]);
        writers.push(tokio::spawn(async move {
            for round in 0..ROUNDS {
                // One that all share, and one of its own.
                for id in [character_id(1), character_id(100 + writer)] {
                    let unique = id.as_str().len() as u64 * 10_000 + writer * 1_000 + round;
                    while let Err(error) = capture(&*storage, &id, unique).await {
                        assert_eq!(error.code, Code::Conflict, "{error:?}");
                    }
                }
            }
        }));
    }
    for writer in writers {
        writer.await.unwrap();
    }
    for storage in handles.into_iter().chain([Arc::new(open(&store).await)]) {
        assert_eq!(only(&*storage, &character_id(1)).await.unwrap().versions, 8 * ROUNDS);
        assert_eq!(storage.revision().await.unwrap(), 2 * 8 * ROUNDS);
        let report = check(&*storage).await;
        assert_eq!((report.problems, report.versions), (vec![], 2 * 8 * ROUNDS));
    }
}

/// Two characters change at once: one gains a version, loses another one and has one archived, the other one is erased.
async fn much_at_once(storage: &dyn CharacterStorage) -> Result<u64, Error> {
    let id = character_id(1);
    let history = storage.history(&HistoryQuery::all(id.clone())).await?.items;
    let row = CharacterIndex {
        revision: 2,
        name: "After".to_owned(),
        versions: 5,
        captures: 5,
        last_version: 7,
        first_captured: history[4].captured_at,
        last_captured: moment(900),
        ..index(id.clone())
    };
    let text = document(99, 3_000);
    let new = VersionMetadata { id: snapshot_id(99), ..version(&id, 7, moment(900), &text) };
    let archived = VersionMetadata { archived: true, ..history[0].clone() };
    write(
        storage,
        vec![
            content(&id, &text),
            Write::Version { metadata: Box::new(new) },
            Write::Version { metadata: Box::new(archived) },
            Write::DropVersions { character: id, versions: vec![history[5].id, history[3].id] },
            put(&row, Expect::Revision(1)),
            Write::Erase { character: character_id(2), expect: Expect::Revision(1) },
        ],
    )
    .await
}

/// Whether all of [`much_at_once`] is there. It is all or nothing.
async fn is_done(storage: &dyn CharacterStorage) -> bool {
    let done = only(storage, &character_id(1)).await.unwrap().name == "After";
    let history = storage.history(&HistoryQuery::all(character_id(1))).await.unwrap().items;
    assert_eq!(history.len(), if done { 5 } else { 6 });
    assert_eq!(history.iter().filter(|version| version.archived).count(), usize::from(done));
    for version in history {
        let text = storage.document(&version.character, &version.content).await.unwrap();
        assert_eq!(ContentHash::of(&text), version.content);
    }
    assert_eq!(only(storage, &character_id(2)).await.is_none(), done);
    done
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_request_goes_wrong_all_or_nothing_is_there() {
    let before = Arc::new(InMemory::new());
    let storage = open(&before).await;
    let documents: Vec<_> = (0..6).map(|edition| document(edition, 3_000)).collect();
    store(&storage, 1, &documents).await;
    store(&storage, 2, &documents[..2]).await;
    for fault in [Fault::DiesBefore, Fault::DiesAfter, Fault::Refused, Fault::AnswerLost] {
        let (mut number, mut commits, mut last) = (0, [0, 0], false);
        while !last {
            let inner = copy(&before).await;
            let trouble = Arc::new(Trouble::new(Arc::clone(&inner) as _));
            let storage = over(Arc::clone(&trouble) as _).await.unwrap();
            let start = trouble.requests();
            trouble.plan(number, fault);
            let result = much_at_once(&storage).await;
            last = trouble.requests() - start <= number;
            // What the next program finds.
            let next = open(&inner).await;
            let done = is_done(&next).await;
            commits[usize::from(done)] += 1;
            match result {
                Ok(_) => assert!(done, "{fault:?} of request {number}: said to be saved"),
                // Whoever dies hears nothing; whoever lives must not be told a lie.
                Err(error) if done => {
                    assert_eq!(fault, Fault::DiesAfter, "{number}: {error:?}");
                }
                Err(_) => {}
            }
            let report = check(&next).await;
            assert!(report.problems.is_empty(), "younger than the grace: {:?}", report.problems);
            let next = ObjectStorage::over(Arc::clone(&inner) as _, "", without_grace()).await.unwrap();
            for problem in check(&next).await.problems {
                assert_eq!((problem.code.as_str(), problem.repairable), ("left_behind", true), "{problem:?}");
            }
            capture_or_wait(&next, number).await;
            assert_eq!(next.repair(&Silent, &Cancel::default()).await.unwrap().left, []);
            assert_eq!(check(&next).await.problems, []);
            let erased = objects(&*inner).await.iter().any(|path| path.as_ref().contains("ddb-2/"));
            assert_eq!(erased, !done, "{fault:?} of request {number}: what was erased is gone");
            number += 1;
        }
        assert!(commits[0] > 5 && commits[1] > 1, "{fault:?}: {commits:?} of {number}");
    }
}

/// A later write works.
async fn capture_or_wait(storage: &dyn CharacterStorage, number: u64) {
    capture(storage, &character_id(3), 5_000 + number).await.unwrap();
    let row = only(storage, &character_id(3)).await.unwrap();
    assert_eq!(row.versions, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_answer_to_the_commit_is_found_out() {
    let inner = Arc::new(InMemory::new());
    let trouble = Arc::new(Trouble::new(Arc::clone(&inner) as _));
    let storage = over(Arc::clone(&trouble) as _).await.unwrap();
    // One request before the transaction, one for the document, one for the manifest; then the one that counts.
    trouble.plan(3, Fault::AnswerLost);
    assert_eq!(capture(&storage, &character_id(1), 1).await.unwrap(), 1);
    assert_eq!(capture(&storage, &character_id(1), 2).await.unwrap(), 2);
    assert_eq!(open(&inner).await.revision().await.unwrap(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flipped_bit_anywhere_is_found_and_never_believed() {
    let before = Arc::new(InMemory::new());
    let storage = open(&before).await;
    let documents: Vec<_> = (0..5).map(|edition| document(edition, 2_000)).collect();
    store(&storage, 1, &documents).await;
    let history = storage.history(&HistoryQuery::all(character_id(1))).await.unwrap();
    let archived = VersionMetadata { archived: true, ..history.items[0].clone() };
    write(&storage, vec![Write::Version { metadata: Box::new(archived) }]).await.unwrap();
    // Enough commits for a checkpoint.
    for unique in 0..66 {
        capture(&storage, &character_id(2), unique).await.unwrap();
    }
    let right = open(&before).await;
    let rows = right.query(&QueryFilter::default()).await.unwrap().items;
    let history = right.history(&HistoryQuery::all(character_id(1))).await.unwrap();
    let mut kinds = std::collections::BTreeSet::new();
    for path in objects(&*before).await {
        kinds.insert(path.parts().next().unwrap().as_ref().to_owned());
        let sound = bytes(&*before, &path).await;
        let few = sound.len().div_ceil(7).max(1);
        for at in (0..sound.len()).step_by(few) {
            let store = copy(&before).await;
            let mut damaged = sound.clone();
            damaged[at] ^= 1 << (at % 8);
            store.put(&path, damaged.into()).await.unwrap();
            // It cannot be opened, or what it says is true, or it says that it is damaged.
            let storage = match over(Arc::clone(&store) as _).await {
                Ok(storage) => storage,
                Err(error) => {
                    assert_eq!(error.code, Code::StoreDamaged, "{path} byte {at}");
                    continue;
                }
            };
            let report = check(&storage).await;
            assert!(!report.problems.is_empty(), "{path} byte {at} was not found");
            let listed = storage.query(&QueryFilter::default()).await.unwrap().items;
            assert!(listed.iter().all(|row| rows.contains(row) || row.id == character_id(2)), "{path}");
            match storage.history(&HistoryQuery::all(character_id(1))).await {
                Ok(read) => assert_eq!(read, history, "{path} byte {at}"),
                Err(error) => assert_eq!(error.code, Code::StoreDamaged),
            }
            for text in &documents {
                match storage.document(&character_id(1), &ContentHash::of(text)).await {
                    Ok(read) => assert!(read == *text, "{path} byte {at}"),
                    Err(error) => assert_eq!(error.code, Code::StoreDamaged),
                }
            }
        }
    }
    let expected = ["archive", "characters", "checkpoint", "journal", "store.json"];
    assert_eq!(kinds.into_iter().collect::<Vec<_>>(), expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_damaged_list_is_made_anew() {
    let store = Arc::new(InMemory::new());
    let storage = open(&store).await;
    for unique in 0..64 {
        capture(&storage, &character_id(1), unique).await.unwrap();
    }
    for path in objects(&*store).await {
        if path.as_ref().starts_with("checkpoint") || path.as_ref() == "store.json" {
            store.put(&path, b"nonsense".to_vec().into()).await.unwrap();
        }
    }
    let storage = open(&store).await;
    assert_eq!(only(&storage, &character_id(1)).await.unwrap().versions, 64);
    let done = storage.repair(&Silent, &Cancel::default()).await.unwrap();
    assert_eq!((done.repaired.len(), done.left), (2, vec![]));
    assert_eq!(check(&open(&store).await).await.problems, []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_damaged_history_needs_is_not_taken_away() {
    let store = Arc::new(InMemory::new());
    let storage = open(&store).await;
    backstory_tests::fixtures::store(&storage, 1, &[document(1, 2_000)]).await;
    let is_manifest = |path: &Path| path.as_ref().starts_with("characters") && path.parts().count() == 3;
    let manifest = objects(&*store).await.into_iter().find(is_manifest).unwrap();
    store.put(&manifest, b"nonsense".to_vec().into()).await.unwrap();
    let before = objects(&*store).await;
    let storage = ObjectStorage::over(Arc::clone(&store) as _, "", without_grace()).await.unwrap();
    let report = storage.repair(&Silent, &Cancel::default()).await.unwrap();
    assert_eq!((report.left.len(), report.left[0].code.as_str()), (1, "history_damaged"));
    assert_eq!(objects(&*store).await, before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_erased_is_in_no_object() {
    let store = Arc::new(InMemory::new());
    let storage = open(&store).await;
    let mut row = index(character_id(1));
    row.name = "Zephyrine".to_owned();
    for unique in 0..70 {
        capture(&storage, &character_id(2), unique).await.unwrap();
    }
    let text = format!("{}Zephyrine", String::from_utf8(document(1, 2_000)).unwrap());
    write(&storage, vec![put(&row, Expect::Absent), content(&row.id, text.as_bytes())]).await.unwrap();
    for unique in 70..140 {
        capture(&storage, &character_id(2), unique).await.unwrap();
    }
    async fn holders(store: &InMemory) -> usize {
        let mut holders = 0;
        for path in objects(store).await {
            let raw = bytes(store, &path).await;
            let plain = zstd::decode_all(&raw[..]).unwrap_or(raw);
            holders += usize::from(plain.windows(9).any(|part| part == b"Zephyrine"));
        }
        holders
    }
    assert_eq!(holders(&store).await, 3, "document, manifest, checkpoint");
    let erase = Write::Erase { character: row.id.clone(), expect: Expect::Revision(1) };
    write(&storage, vec![erase]).await.unwrap();
    assert_eq!(holders(&store).await, 0);
    let named = objects(&*store).await.iter().filter(|path| path.as_ref().contains("ddb-1/")).count();
    assert_eq!(named, 0);
    assert_eq!(check(&open(&store).await).await.problems, []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn opening_takes_a_few_requests_however_long_the_journal() {
    let inner = Arc::new(InMemory::new());
    let storage = open(&inner).await;
    for unique in 0..1_000 {
        capture(&storage, &character_id(unique % 50), unique).await.unwrap();
    }
    let trouble = Arc::new(Trouble::new(Arc::clone(&inner) as _));
    let behind = over(Arc::clone(&trouble) as _).await.unwrap();
    let counts = Arc::clone(&trouble.counts);
    let asked = || (counts.gets.load(Ordering::SeqCst), counts.pages.load(Ordering::SeqCst));
    let (gets, pages) = asked();
    println!("opening after 1,000 commits: {gets} objects read, {pages} pages listed");
    assert!(gets <= 3 + 2 * 64 && pages <= 2, "{gets} objects, {pages} pages");
    assert_eq!(behind.query(&QueryFilter::default()).await.unwrap().total, 50);
    assert_eq!(asked(), (gets + 1, pages), "a look costs one request");
    // Far behind: by a checkpoint again.
    for unique in 1_000..1_400 {
        capture(&storage, &character_id(unique % 50), unique).await.unwrap();
    }
    let (gets, pages) = asked();
    assert_eq!(behind.revision().await.unwrap(), 1_400);
    let (gets, pages) = (asked().0 - gets, asked().1 - pages);
    println!("400 commits behind: {gets} objects read, {pages} pages listed");
    assert!(gets <= 5 + 2 * 64 && pages <= 4, "{gets} objects, {pages} pages");
    let checkpoints = objects(&*inner).await.iter().filter(|path| path.as_ref().starts_with("check")).count();
    assert_eq!(checkpoints, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_looks_at_no_condition_is_refused() {
    let error = over(Arc::new(Trouble::blind(Arc::new(InMemory::new())))).await.unwrap_err();
    assert_eq!(error.code, Code::StorageFailed);
    assert!(error.message.contains("only where there is none"), "{error:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_library_opened_for_reading_is_not_written() {
    let backend = Objects::default();
    let address = format!("objects:{}", backend.path().display());
    let options = StoreOptions { read_only: true, ..StoreOptions::default() };
    assert_eq!(Stores.open_with(&address, &options).await.unwrap_err().code, Code::StorageFailed);
    let row = store(&*backend.open().await, 1, &[document(1, 500)]).await;
    let reader = Stores.open_with(&address, &options).await.unwrap();
    assert!(reader.info().read_only.is_some());
    assert_eq!(reader.begin().await.err().unwrap().code, Code::StoreReadOnly);
    assert_eq!(only(&*reader, &row.id).await, Some(row));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_library_of_a_newer_version_can_be_read_and_not_written() {
    let store = Arc::new(InMemory::new());
    let row = backstory_tests::fixtures::store(&open(&store).await, 1, &[document(1, 500)]).await;
    let body = br#"{"backstory":"later","form":99}"#;
    let sealed = [&body[..], format!("\n{}\n", ContentHash::of(body)).as_bytes()].concat();
    store.put(&Path::from("store.json"), sealed.into()).await.unwrap();
    let storage = open(&store).await;
    assert_eq!(storage.begin().await.err().unwrap().code, Code::StoreNewer);
    assert!(only(&storage, &row.id).await.is_some());
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_else_may_look() {
    use std::os::unix::fs::PermissionsExt;
    let backend = Objects::default();
    backend.open().await;
    assert_eq!(std::fs::metadata(backend.path()).unwrap().permissions().mode() & 0o777, 0o700);
}

fn with(variables: Vec<(String, String)>, name: &str, value: &str) -> Vec<(String, String)> {
    let set =
        |(known, old): (String, String)| if known == name { (known, value.to_owned()) } else { (known, old) };
    variables.into_iter().map(set).collect()
}

async fn open_s3(bucket: &str, variables: &[(String, String)]) -> Result<ObjectStorage, Error> {
    ObjectStorage::open(&format!("s3://{bucket}/folder"), variables, ObjectOptions::default()).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_says_no_is_told_in_words_without_secrets() {
    let server = S3Server::default();
    let right = server.variables();
    let storage = open_s3(S3Server::BUCKET, &right).await.unwrap();
    capture(&storage, &character_id(1), 1).await.unwrap();
    let info = format!("{storage:?} {:?}", storage.info());
    assert!(info.contains("s3://the-sunken-bell/folder") && !info.contains(S3Server::SECRET), "{info}");
    let wrong = "wrong-and-secret-all-the-same";
    let variables = with(right.clone(), "AWS_SECRET_ACCESS_KEY", wrong);
    let denied = open_s3(S3Server::BUCKET, &variables).await.unwrap_err();
    assert_eq!((denied.code, denied.retryable), (Code::AccessDenied, false), "{denied:?}");
    let nowhere = open_s3("no-such-bucket", &right).await.unwrap_err();
    assert_eq!(nowhere.code, Code::StorageFailed, "{nowhere:?}");
    assert!(nowhere.message.contains("no bucket"), "{nowhere:?}");
    for error in [denied, nowhere] {
        let text = format!("{error:?} {error} {}", serde_json::to_string(&error).unwrap());
        assert!(!text.contains(S3Server::SECRET) && !text.contains(wrong), "{text}");
        assert!(error.hint.is_some() && error.kept.is_some());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_not_there_is_told_soon() {
    let server = S3Server::default();
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let variables = with(server.variables(), "AWS_ENDPOINT_URL", &format!("http://{closed}"));
    let begun = std::time::Instant::now();
    let error = open_s3(S3Server::BUCKET, &variables).await.unwrap_err();
    assert_eq!((error.code, error.retryable), (Code::StoreUnreachable, true), "{error:?}");
    assert!(begun.elapsed().as_secs() < 20);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn documents_lie_there_as_files_that_everyday_tools_open() {
    use backstory_core::storage::{Compression, Encoding};
    let backend = Objects::default();
    let address = format!("objects:{}", backend.path().display());
    let encoding = Encoding { compression: Compression::None, delta: false, ..Encoding::default() };
    let options = StoreOptions { encoding: Some(encoding), ..StoreOptions::default() };
    let storage = Stores.open_with(&address, &options).await.unwrap();
    let text = document(1, 2_000);
    store(&*storage, 1, std::slice::from_ref(&text)).await;
    let folder = backend.path().join("characters/ddb-1/contents");
    let file = std::fs::read_dir(folder).unwrap().next().unwrap().unwrap().path();
    assert_eq!(file.extension().unwrap(), "json");
    assert_eq!(std::fs::read(file).unwrap(), text);
}
