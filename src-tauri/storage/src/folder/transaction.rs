//! The writing transaction as the contract has it.

use async_trait::async_trait;
use backstory_core::{
    error::Result,
    model::{CharacterId, ContentHash, VersionMetadata},
    storage::{HistoryQuery, Page, StorageTransaction, Surroundings, Write},
};
use jiff::Timestamp;
use tokio::sync::OwnedMutexGuard;

use super::writing::Writing;
use crate::{blocking::blocking, rules};

/// What [`super::FolderStorage`] hands out. Nothing is on the disk before the commit, so dropping it undoes everything.
pub(super) struct Transaction {
    /// None after a failure, and while a call is under way.
    writing: Option<Writing>,
    _turn: OwnedMutexGuard<()>,
}

impl Transaction {
    pub(super) fn new(writing: Writing, turn: OwnedMutexGuard<()>) -> Self {
        Self { writing: Some(writing), _turn: turn }
    }

    /// Runs one call on a thread where waiting is allowed. After a failure the transaction is over.
    async fn run<T, F>(&mut self, call: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut Writing) -> Result<T> + Send + 'static,
    {
        let mut writing = self.writing.take().ok_or_else(rules::transaction_over)?;
        let done = blocking(move || call(&mut writing).map(|value| (writing, value)));
        let (writing, value) = done.await?;
        self.writing = Some(writing);
        Ok(value)
    }
}

#[async_trait]
impl StorageTransaction for Transaction {
    async fn surroundings(&mut self, character: &CharacterId, at: Timestamp) -> Result<Surroundings> {
        let character = character.clone();
        self.run(move |writing| {
            let draft = writing.draft(&character)?;
            draft.check_readable()?;
            Ok(draft.saved.history.surroundings(at))
        })
        .await
    }

    async fn history(&mut self, query: &HistoryQuery) -> Result<Page<VersionMetadata>> {
        let query = query.clone();
        self.run(move |writing| {
            let draft = writing.draft(&query.character)?;
            draft.check_readable()?;
            super::history(Some(&draft.saved), &query)
        })
        .await
    }

    async fn document(&mut self, character: &CharacterId, content: &ContentHash) -> Result<Vec<u8>> {
        let (character, content) = (character.clone(), *content);
        // A document that is not there, or is damaged, is an answer: the transaction goes on.
        self.run(move |writing| Ok(writing.document(&character, &content))).await?.map(|bytes| bytes.to_vec())
    }

    async fn write(&mut self, writes: Vec<Write>) -> Result<()> {
        self.run(move |writing| writes.into_iter().try_for_each(|write| writing.apply(write))).await
    }

    async fn commit(mut self: Box<Self>) -> Result<u64> {
        self.run(Writing::commit).await
    }
}
