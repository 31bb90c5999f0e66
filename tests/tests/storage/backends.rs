//! The backends the contract is run against.

use std::{path::PathBuf, sync::Arc};

use async_trait::async_trait;
use backstory_core::storage::{CharacterStorage, StorageFactory};
use backstory_storage::{memory::MemoryStorage, open::Stores};
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
