//! Encryption at rest, asked of the stores themselves: keychains that fail, programs that share a store, bytes that are changed,
//! stores that cannot.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests may")]

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use backstory_core::{
    encryption::{Encryption, EncryptionState, KeyChange, Lock, Unlock},
    error::{Code, Result},
    job::{Cancel, Progress, ProgressEvent, Silent},
    model::{CharacterIndex, ContentHash},
    storage::{
        CharacterStorage, CheckScope, HistoryQuery, QueryFilter, Secret, StorageFactory, StoreOptions, Write,
    },
};
use backstory_storage::open::Stores;
use backstory_tests::{
    fixtures::{character_id, content, document, store},
    keychains::{Behaviour, Chain},
};
use tempfile::TempDir;

/// A store on this computer, and the keychain that opens it.
struct Place {
    folder: TempDir,
    address: String,
    chain: Arc<Chain>,
}

impl Place {
    fn new(kind: &str) -> Self {
        let folder = TempDir::new().unwrap();
        let address = match kind {
            "sqlite" => folder.path().join("library.sqlite").display().to_string(),
            _ => format!("folder:{}", folder.path().join("library").display()),
        };
        Self { folder, address, chain: Arc::default() }
    }

    async fn open_with(&self, words: Option<&str>) -> Result<Arc<dyn CharacterStorage>> {
        let unlock = Unlock { words: words.map(Secret::new), keychain: Some(self.chain.clone()) };
        Stores.open_with(&self.address, &StoreOptions { unlock, ..StoreOptions::default() }).await
    }

    async fn open(&self) -> Arc<dyn CharacterStorage> {
        self.open_with(None).await.unwrap()
    }

    /// The files there are, but for the locks of whoever has the store open.
    fn files(&self) -> Vec<PathBuf> {
        let mut waiting = vec![self.folder.path().to_owned()];
        let mut files = Vec::new();
        while let Some(path) = waiting.pop() {
            match path.is_dir() {
                true => waiting.extend(fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path())),
                false => files.push(path),
            }
        }
        files.sort();
        files
    }
}

/// Two characters with a few versions each.
async fn filled(storage: &dyn CharacterStorage) -> Vec<CharacterIndex> {
    let mut rows = Vec::new();
    for number in [1, 2] {
        let documents: Vec<_> = (0..4).map(|edition| document(10 * number + edition, 4_000)).collect();
        rows.push(store(storage, number, &documents).await);
    }
    rows
}

fn on(storage: &dyn CharacterStorage, lock: Lock) -> (KeyChange, Secret) {
    let phrase = storage.new_phrase().unwrap();
    (KeyChange::On { lock, phrase: phrase.clone() }, phrase)
}

async fn change(storage: &dyn CharacterStorage, change: &KeyChange) -> Result<Encryption> {
    storage.change_keys(change, &Silent, &Cancel::default()).await
}

/// Everything that can be read.
async fn read(storage: &dyn CharacterStorage) -> Result<Vec<(CharacterIndex, Vec<Vec<u8>>)>> {
    let mut all = Vec::new();
    for row in storage.query(&QueryFilter::default()).await?.items {
        let mut documents = Vec::new();
        for version in storage.history(&HistoryQuery::all(row.id.clone())).await?.items {
            documents.push(storage.document(&row.id, &version.content).await?);
        }
        all.push((row, documents));
    }
    all.sort_by(|a, b| a.0.id.cmp(&b.0.id));
    Ok(all)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_keychain_that_fails_encrypts_nothing() {
    for kind in ["sqlite", "folder"] {
        let place = Place::new(kind);
        let storage = place.open().await;
        filled(&*storage).await;
        let before = read(&*storage).await.unwrap();
        for behaviour in [Behaviour::Refuses, Behaviour::Forgets] {
            *place.chain.behaviour.lock().unwrap() = behaviour;
            let error = change(&*storage, &on(&*storage, Lock::Keychain).0).await.unwrap_err();
            assert_eq!(error.code, Code::KeychainUnavailable, "{kind} {behaviour:?}");
            assert_eq!(storage.encryption().await.unwrap().state, EncryptionState::Off);
            assert_eq!(read(&*storage).await.unwrap(), before);
        }
        assert!(place.chain.is_empty());
        // One that fails later stops reading, and is not needed by whoever has the phrase.
        *place.chain.behaviour.lock().unwrap() = Behaviour::Works;
        let (encrypt, phrase) = on(&*storage, Lock::Keychain);
        assert_eq!(change(&*storage, &encrypt).await.unwrap().state, EncryptionState::On);
        assert_eq!(place.chain.len(), 1);
        *place.chain.behaviour.lock().unwrap() = Behaviour::Refuses;
        assert_eq!(read(&*storage).await.unwrap(), before, "what is open stays open");
        assert_eq!(place.open_with(None).await.unwrap_err().code, Code::LibraryLocked);
        let opened = place.open_with(Some(phrase.reveal())).await.unwrap();
        assert_eq!(read(&*opened).await.unwrap(), before);
        // Another lock does not need the old one.
        change(&*opened, &KeyChange::Relock(Lock::Passphrase(Secret::new("lantern copper")))).await.unwrap();
        assert_eq!(place.open_with(None).await.unwrap_err().code, Code::LibraryLocked);
        assert_eq!(read(&*place.open_with(Some("lantern copper")).await.unwrap()).await.unwrap(), before);
        *place.chain.behaviour.lock().unwrap() = Behaviour::Works;
        change(&*opened, &KeyChange::Relock(Lock::Keychain)).await.unwrap();
        change(&*opened, &KeyChange::Off).await.unwrap();
        assert_eq!(read(&*place.open().await).await.unwrap(), before);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn programs_that_share_a_store_never_disagree_about_its_keys() {
    for kind in ["sqlite", "folder"] {
        let place = Place::new(kind);
        let (one, other) = (place.open().await, place.open().await);
        filled(&*one).await;
        let before = read(&*other).await.unwrap();
        let lock = || Lock::Passphrase(Secret::new("lantern copper meadow"));
        let (encrypt, phrase) = on(&*one, lock());
        change(&*one, &encrypt).await.unwrap();
        // The other one was opened when there was nothing to open: it neither reads what it cannot nor writes in plain.
        assert_eq!(read(&*other).await.unwrap_err().code, Code::LibraryLocked, "{kind}");
        let write = async || -> Result<u64> {
            let mut transaction = other.begin().await?;
            transaction.write(vec![content(&character_id(1), b"plain text")]).await?;
            transaction.commit().await
        };
        assert_eq!(write().await.unwrap_err().code, Code::LibraryLocked, "{kind}");
        let third = place.open_with(Some(phrase.reveal())).await.unwrap();
        assert_eq!(read(&*third).await.unwrap(), before);
        // New keys: whoever had the old one has the new one as long as both are in use, and asks again afterwards.
        let renew = KeyChange::Renew { lock: Lock::Keychain, phrase: one.new_phrase().unwrap() };
        change(&*one, &renew).await.unwrap();
        assert_eq!(read(&*third).await.unwrap(), before, "{kind}: the keychain opens it now");
        change(&*one, &KeyChange::Off).await.unwrap();
        assert_eq!(read(&*other).await.unwrap(), before, "{kind}");
        write().await.unwrap();
        assert!(place.chain.is_empty(), "{kind}");
    }
}

/// Stops a job at its n-th report.
struct StopAt<'a>(std::sync::atomic::AtomicU64, u64, &'a Cancel);

impl Progress for StopAt<'_> {
    fn report(&self, event: ProgressEvent) {
        let ProgressEvent::Advanced { .. } = event else { return };
        if self.0.fetch_add(1, std::sync::atomic::Ordering::SeqCst) == self.1 {
            self.2.cancel();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_stopped_goes_on_and_takes_what_came_in_meanwhile() {
    for kind in ["sqlite", "folder"] {
        let place = Place::new(kind);
        let storage = place.open().await;
        filled(&*storage).await;
        let changes = [
            on(&*storage, Lock::Keychain).0,
            KeyChange::Renew { lock: Lock::Keychain, phrase: storage.new_phrase().unwrap() },
            KeyChange::Off,
        ];
        for (n, change_to) in (3..).zip(changes) {
            let cancel = Cancel::default();
            let stop = StopAt(Default::default(), 0, &cancel);
            let error = storage.change_keys(&change_to, &stop, &cancel).await.unwrap_err();
            assert_eq!(error.code, Code::Cancelled, "{kind}");
            let state = storage.encryption().await.unwrap().state;
            assert!(state.is_under_way(), "{kind} {state:?}");
            // Nobody waits for it: a character that comes in now is there afterwards.
            store(&*storage, n, &[document(n, 2_000)]).await;
            let again = place.open().await;
            let now = read(&*again).await.unwrap();
            assert_eq!(now.len(), usize::try_from(n).unwrap());
            let done = change(&*again, &KeyChange::GoOn).await.unwrap();
            assert!(!done.state.is_under_way());
            assert_eq!(
                done.keys.iter().map(|key| key.characters).sum::<u64>(),
                if done.keys.is_empty() { 0 } else { n }
            );
            assert_eq!(read(&*storage).await.unwrap(), now, "{kind}");
            let report = storage.check(CheckScope::Data, &Silent, &Cancel::default()).await.unwrap();
            assert_eq!(report.problems, [], "{kind}");
        }
        assert_eq!(storage.encryption().await.unwrap().state, EncryptionState::Off);
        assert!(place.chain.is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_byte_is_damage_and_never_another_text() {
    let place = Place::new("folder");
    let storage = place.open().await;
    filled(&*storage).await;
    change(&*storage, &on(&*storage, Lock::Keychain).0).await.unwrap();
    let before = read(&*storage).await.unwrap();
    drop(storage);
    let is_theirs = |file: &&PathBuf| file.to_string_lossy().contains("characters");
    for file in place.files().iter().filter(is_theirs) {
        let whole = fs::read(file).unwrap();
        for at in [0, 1, 5, 20, whole.len() / 2, whole.len() - 1] {
            let mut bytes = whole.clone();
            bytes[at] ^= 0x10;
            fs::write(file, &bytes).unwrap();
            let storage = place.open().await;
            let report = storage.check(CheckScope::Data, &Silent, &Cancel::default()).await.unwrap();
            assert!(!report.problems.is_empty(), "{} at {at}", file.display());
            match read(&*storage).await {
                Ok(all) => assert_eq!(all, before, "{}", file.display()),
                Err(error) => {
                    assert!(error.code == Code::StoreDamaged, "{error:?}")
                }
            }
        }
        fs::write(file, whole).unwrap();
    }
    assert_eq!(read(&*place.open().await).await.unwrap(), before);
    // One character's files in another one's folder are nobody's.
    let documents: Vec<_> = place.files().into_iter().filter(|file| is_named(file, "latest.json")).collect();
    let other = fs::read(&documents[1]).unwrap();
    fs::write(&documents[0], other).unwrap();
    let report = place.open().await.check(CheckScope::Data, &Silent, &Cancel::default()).await.unwrap();
    assert!(report.problems.iter().any(|problem| problem.r#where.contains("latest.json")), "{report:?}");
}

fn is_named(file: &Path, name: &str) -> bool {
    file.file_name().is_some_and(|file| file == name)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_moved_in_a_file_does_not_open() {
    let place = Place::new("sqlite");
    let storage = place.open().await;
    let rows = filled(&*storage).await;
    change(&*storage, &on(&*storage, Lock::Keychain).0).await.unwrap();
    drop(storage);
    let path = place.folder.path().join("library.sqlite");
    let whole = fs::read(&path).unwrap();
    for (moved, plain) in [
        ("UPDATE character SET details = (SELECT details FROM character WHERE row = 2) WHERE row = 1", false),
        (
            "UPDATE version SET details = (SELECT details FROM version WHERE number = 2 AND character = 1) WHERE number = 1 AND character = 1",
            false,
        ),
        (
            "UPDATE data_key SET key = (SELECT key FROM data_key WHERE character = 2) WHERE character = 1",
            false,
        ),
        ("UPDATE character SET details = '{\"name\":\"Somebody else\"}' WHERE row = 1", true),
        ("UPDATE content SET codec = codec - 256 WHERE character = 1", true),
    ] {
        let connection = rusqlite::Connection::open(&path).unwrap();
        let flags = rusqlite::functions::FunctionFlags::SQLITE_UTF8
            | rusqlite::functions::FunctionFlags::SQLITE_INNOCUOUS;
        connection.create_scalar_function(c"checksum", -1, flags, |_| Ok(rusqlite::types::Null)).unwrap();
        assert!(connection.execute(moved, []).unwrap() > 0);
        drop(connection);
        let storage = place.open().await;
        assert_eq!(read(&*storage).await.unwrap_err().code, Code::StoreDamaged, "{moved} {plain}");
        let report = storage.check(CheckScope::Data, &Silent, &Cancel::default()).await.unwrap();
        assert!(!report.problems.is_empty(), "{moved}");
        drop(storage);
        for end in ["", "-wal", "-shm"] {
            drop(fs::remove_file(place.folder.path().join(format!("library.sqlite{end}"))));
        }
        fs::write(&path, &whole).unwrap();
    }
    let storage = place.open().await;
    assert!(storage.document(&rows[0].id, &ContentHash::of(&document(10, 4_000))).await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_goes_with_its_character() {
    let place = Place::new("sqlite");
    let storage = place.open().await;
    let rows = filled(&*storage).await;
    change(&*storage, &on(&*storage, Lock::Keychain).0).await.unwrap();
    let keys = || {
        let connection = rusqlite::Connection::open(place.folder.path().join("library.sqlite")).unwrap();
        connection.query_row("SELECT count(*) FROM data_key", [], |row| row.get::<_, i64>(0)).unwrap()
    };
    assert_eq!(keys(), 2);
    let expect = backstory_core::storage::Expect::Revision(rows[0].revision);
    let mut transaction = storage.begin().await.unwrap();
    transaction.write(vec![Write::Erase { character: rows[0].id.clone(), expect }]).await.unwrap();
    transaction.commit().await.unwrap();
    assert_eq!(keys(), 1);
    assert_eq!(read(&*storage).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_store_that_cannot_encrypt_says_so() {
    let folder = TempDir::new().unwrap();
    for address in ["memory:".to_owned(), format!("objects:{}", folder.path().join("bucket").display())] {
        let storage = Stores.open(&address).await.unwrap();
        assert_eq!(storage.encryption().await.unwrap().state, EncryptionState::Unsupported);
        assert_eq!(storage.new_phrase().unwrap_err().code, Code::EncryptionUnsupported);
        let error = change(&*storage, &KeyChange::Off).await.unwrap_err();
        assert_eq!(error.code, Code::EncryptionUnsupported);
        assert!(error.hint.is_some() && error.kept.is_some());
    }
}
