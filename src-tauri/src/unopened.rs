//! A store that could not be opened: it answers every question with the reason, so that the window can show it.

use async_trait::async_trait;
use backstory_core::{
    error::{Error, Result},
    job::{Cancel, Progress},
    model::{CharacterId, CharacterIndex, ContentHash, VersionMetadata},
    storage::{
        Capabilities, CharacterStorage, CheckReport, CheckScope, Facets, HistoryQuery, Page, QueryFilter,
        StorageInfo, StorageStatistics, StorageTransaction,
    },
};

/// Stands where a store should be. The program runs on without one: the samples and the preferences still work.
#[derive(Debug)]
pub(crate) struct Unopened {
    location: String,
    why: Error,
}

impl Unopened {
    /// A store at this address failed to open for this reason.
    pub(crate) fn new(location: impl Into<String>, why: Error) -> Self {
        Self { location: location.into(), why }
    }

    fn refuse<T>(&self) -> Result<T> {
        Err(self.why.clone())
    }
}

#[async_trait]
impl CharacterStorage for Unopened {
    fn info(&self) -> StorageInfo {
        StorageInfo {
            kind: "unopened".to_owned(),
            location: self.location.clone(),
            read_only: Some(self.why.message.clone()),
            capabilities: Capabilities::default(),
        }
    }

    async fn revision(&self) -> Result<u64> {
        self.refuse()
    }

    async fn query(&self, _filter: &QueryFilter) -> Result<Page<CharacterIndex>> {
        self.refuse()
    }

    async fn facets(&self) -> Result<Facets> {
        self.refuse()
    }

    async fn history(&self, _query: &HistoryQuery) -> Result<Page<VersionMetadata>> {
        self.refuse()
    }

    async fn document(&self, _character: &CharacterId, _content: &ContentHash) -> Result<Vec<u8>> {
        self.refuse()
    }

    async fn begin(&self) -> Result<Box<dyn StorageTransaction>> {
        self.refuse()
    }

    async fn check(
        &self,
        _scope: CheckScope,
        _progress: &dyn Progress,
        _cancel: &Cancel,
    ) -> Result<CheckReport> {
        self.refuse()
    }

    async fn statistics(&self) -> Result<StorageStatistics> {
        self.refuse()
    }
}
