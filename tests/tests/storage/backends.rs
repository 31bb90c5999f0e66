//! The backends the contract is run against.

use std::{path::PathBuf, sync::Arc};

use async_trait::async_trait;
use backstory_core::storage::{CharacterStorage, StorageFactory};
use backstory_storage::{
    joined::{JoinedStorage, Manner},
    memory::MemoryStorage,
    open::Stores,
};
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
