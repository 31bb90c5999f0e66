//! The backends the contract is run against.

use std::{path::PathBuf, sync::Arc};

use async_trait::async_trait;
use backstory_core::{
    encryption::{EncryptionState, KeyChange, Lock, Unlock},
    job::{Cancel, Silent},
    storage::{CharacterStorage, StorageFactory, StoreOptions},
};
use backstory_storage::{
    joined::{JoinedStorage, Manner},
    memory::MemoryStorage,
    objects::{ObjectOptions, ObjectStorage},
    open::Stores,
};
#[cfg(unix)]
use backstory_tests::servers::postgres::{Database, Server};
use backstory_tests::{keychains::Chain, servers::S3Server};
use tempfile::TempDir;
use tokio::sync::OnceCell;

/// One empty store, which can be opened any number of times.
#[async_trait]
pub(crate) trait Backend: Send + Sync {
    /// Opens it: another handle of the same store.
    async fn open(&self) -> Arc<dyn CharacterStorage>;

    /// Another empty store of the same kind.
    fn another(&self) -> Box<dyn Backend>;
}

/// A store in memory. Its handles are one.
#[derive(Default)]
pub(crate) struct Memory(Arc<MemoryStorage>);

#[async_trait]
impl Backend for Memory {
    async fn open(&self) -> Arc<dyn CharacterStorage> {
        Arc::clone(&self.0) as _
    }

    fn another(&self) -> Box<dyn Backend> {
        Box::new(Self::default())
    }
}

/// A SQLite file in a folder that goes when the test ends.
pub(crate) struct Sqlite {
    folder: TempDir,
}

impl Default for Sqlite {
    fn default() -> Self {
        Self { folder: TempDir::new().unwrap() }
    }
}

impl Sqlite {
    /// Where the file is, or will be.
    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("new folder").join("library.sqlite")
    }
}

#[async_trait]
impl Backend for Sqlite {
    async fn open(&self) -> Arc<dyn CharacterStorage> {
        Stores.open(self.path().to_str().unwrap()).await.unwrap()
    }

    fn another(&self) -> Box<dyn Backend> {
        Box::new(Self::default())
    }
}

/// A store whose texts are encrypted: the same as another kind of store, and nothing that is asked of it may tell it from that.
pub(crate) struct Sealed<B> {
    plain: B,
    address: fn(&B) -> String,
    chain: Arc<Chain>,
    sealed: OnceCell<()>,
}

impl Sealed<Sqlite> {
    pub(crate) fn sqlite() -> Self {
        Self::new(Sqlite::default(), |plain| plain.path().display().to_string())
    }
}

impl Sealed<Folder> {
    pub(crate) fn folder() -> Self {
        Self::new(Folder::default(), |plain| format!("folder:{}", plain.path().display()))
    }
}

impl<B> Sealed<B> {
    fn new(plain: B, address: fn(&B) -> String) -> Self {
        Self { plain, address, chain: Arc::default(), sealed: OnceCell::new() }
    }
}

#[async_trait]
impl<B: Backend + Default + 'static> Backend for Sealed<B> {
    async fn open(&self) -> Arc<dyn CharacterStorage> {
        let unlock = Unlock { words: None, keychain: Some(self.chain.clone()) };
        // Encrypting takes its time in a debug build: whoever waits for eight others waits longer.
        let wait = Some(std::time::Duration::from_secs(60));
        let options = StoreOptions { unlock, wait, ..StoreOptions::default() };
        let storage = Stores.open_with(&(self.address)(&self.plain), &options).await.unwrap();
        let seal = async || {
            let on = KeyChange::On { lock: Lock::Keychain, phrase: storage.new_phrase().unwrap() };
            let done = storage.change_keys(&on, &Silent, &Cancel::default()).await.unwrap();
            assert_eq!(done.state, EncryptionState::On);
        };
        self.sealed.get_or_init(seal).await;
        storage
    }

    fn another(&self) -> Box<dyn Backend> {
        Box::new(Self::new(B::default(), self.address))
    }
}

/// A database of its own on the server the tests started, opened by an administrator of the library: everybody else may
/// not write for others.
#[cfg(unix)]
#[derive(Default)]
pub(crate) struct Postgres {
    database: OnceCell<Database>,
}

#[cfg(unix)]
impl Postgres {
    /// The database, made at the first look.
    pub(crate) async fn database(&self) -> &Database {
        self.database.get_or_init(|| Server::shared().library()).await
    }
}

#[cfg(unix)]
#[async_trait]
impl Backend for Postgres {
    async fn open(&self) -> Arc<dyn CharacterStorage> {
        Stores.open(&self.database().await.address("keeper")).await.unwrap()
    }

    fn another(&self) -> Box<dyn Backend> {
        Box::new(Self::default())
    }
}

/// An object store in a local folder.
pub(crate) struct Objects {
    folder: TempDir,
}

impl Default for Objects {
    fn default() -> Self {
        Self { folder: TempDir::new().unwrap() }
    }
}

impl Objects {
    /// Where it is, or will be.
    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("new folder").join("objects")
    }
}

#[async_trait]
impl Backend for Objects {
    async fn open(&self) -> Arc<dyn CharacterStorage> {
        Stores.open(&format!("objects:{}", self.path().display())).await.unwrap()
    }

    fn another(&self) -> Box<dyn Backend> {
        Box::new(Self::default())
    }
}

/// An object store behind a server that speaks S3, on loopback.
#[derive(Default)]
pub(crate) struct S3 {
    server: S3Server,
}

#[async_trait]
impl Backend for S3 {
    async fn open(&self) -> Arc<dyn CharacterStorage> {
        let address = format!("s3://{}/some/folder", S3Server::BUCKET);
        let variables = self.server.variables();
        Arc::new(ObjectStorage::open(&address, &variables, ObjectOptions::default()).await.unwrap())
    }

    fn another(&self) -> Box<dyn Backend> {
        Box::new(Self::default())
    }
}

/// A folder of plain files that goes when the test ends.
pub(crate) struct Folder {
    folder: TempDir,
}

impl Default for Folder {
    fn default() -> Self {
        Self { folder: TempDir::new().unwrap() }
    }
}

impl Folder {
    /// Where the library is, or will be.
    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("new folder").join("library")
    }
}

#[async_trait]
impl Backend for Folder {
    async fn open(&self) -> Arc<dyn CharacterStorage> {
        Stores.open(&format!("folder:{}", self.path().display())).await.unwrap()
    }

    fn another(&self) -> Box<dyn Backend> {
        Box::new(Self::default())
    }
}

/// Two stores as one, the older one empty: nothing may tell it from the newer one alone.
pub(crate) struct Joined {
    manner: Manner,
    new: Box<dyn Backend>,
    old: Box<dyn Backend>,
}

impl Joined {
    /// Everything in memory, taken over when it is looked at.
    pub(crate) fn gradual() -> Self {
        let (new, old) = (Box::new(Memory::default()), Box::new(Memory::default()));
        Self { manner: Manner::Gradual, new, old }
    }

    /// New characters in a SQLite file, old ones in memory.
    pub(crate) fn hybrid() -> Self {
        let (new, old) = (Box::new(Sqlite::default()), Box::new(Memory::default()));
        Self { manner: Manner::Hybrid, new, old }
    }
}

#[async_trait]
impl Backend for Joined {
    async fn open(&self) -> Arc<dyn CharacterStorage> {
        Arc::new(JoinedStorage::new(self.manner, self.new.open().await, self.old.open().await, false))
    }

    fn another(&self) -> Box<dyn Backend> {
        Box::new(Self { manner: self.manner, new: self.new.another(), old: self.old.another() })
    }
}
