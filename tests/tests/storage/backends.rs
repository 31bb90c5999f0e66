//! The backends the contract is run against.

use std::{path::PathBuf, sync::Arc};

use async_trait::async_trait;
use backstory_core::storage::{CharacterStorage, StorageFactory};
use backstory_storage::{memory::MemoryStorage, open::Stores};
#[cfg(unix)]
use backstory_tests::servers::postgres::{Database, Server};
use tempfile::TempDir;
#[cfg(unix)]
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
