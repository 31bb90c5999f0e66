//! The backends the contract is run against.

use std::{path::PathBuf, sync::Arc};

use async_trait::async_trait;
use backstory_core::storage::{CharacterStorage, StorageFactory};
use backstory_storage::{
    memory::MemoryStorage,
    objects::{ObjectOptions, ObjectStorage},
    open::Stores,
};
use backstory_tests::servers::S3Server;
use tempfile::TempDir;

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
