//! A store that is watched: how long each answer takes, and whether there is one. It changes nothing of what it is asked.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use jiff::Timestamp;

use crate::{
    cache::CacheSeal,
    clock::Clock,
    encryption::{Encryption, KeyChange},
    error::Result,
    job::{Cancel, Progress},
    metrics::{Answer, Metrics, Operation},
    model::{CharacterId, CharacterIndex, ContentHash, Member, Sighting, VersionMetadata},
    privacy::audit::{Entry, Head},
    search::{SearchHit, SearchQuery},
    storage::{
        Changes, CharacterStorage, CheckReport, CheckScope, Encoding, Facets, HistoryQuery, Kept, Page, Pool,
        QueryFilter, Recompressed, RepairReport, Secret, Setting, StorageInfo, StorageStatistics,
        StorageTransaction, Surroundings, Write,
    },
};

/// A store whose answers are counted.
pub fn measured(
    inner: Arc<dyn CharacterStorage>,
    metrics: Arc<Metrics>,
    clock: Arc<dyn Clock>,
) -> Arc<dyn CharacterStorage> {
    Arc::new(Measured { inner, meter: Meter { metrics, clock } })
}

#[derive(Debug)]
struct Measured {
    inner: Arc<dyn CharacterStorage>,
    meter: Meter,
}

/// Counts answers.
#[derive(Clone)]
struct Meter {
    metrics: Arc<Metrics>,
    clock: Arc<dyn Clock>,
}

impl std::fmt::Debug for Meter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Meter")
    }
}

impl Meter {
    async fn of<T>(&self, operation: Operation, work: impl Future<Output = Result<T>>) -> Result<T> {
        let began = self.clock.elapsed();
        let done = work.await;
        let now = self.clock.elapsed();
        self.metrics.record(operation, now.saturating_sub(began), Answer::of(&done), now);
        done
    }
}

#[async_trait]
impl CharacterStorage for Measured {
    fn info(&self) -> StorageInfo {
        self.inner.info()
    }

    async fn revision(&self) -> Result<u64> {
        self.meter.of(Operation::Look, self.inner.revision()).await
    }

    async fn query(&self, filter: &QueryFilter) -> Result<Page<CharacterIndex>> {
        self.meter.of(Operation::Query, self.inner.query(filter)).await
    }

    async fn facets(&self) -> Result<Facets> {
        self.meter.of(Operation::Facets, self.inner.facets()).await
    }

    async fn history(&self, query: &HistoryQuery) -> Result<Page<VersionMetadata>> {
        self.meter.of(Operation::History, self.inner.history(query)).await
    }

    async fn search(&self, query: &SearchQuery) -> Result<Vec<SearchHit>> {
        self.meter.of(Operation::Search, self.inner.search(query)).await
    }

    async fn document(&self, character: &CharacterId, content: &ContentHash) -> Result<Vec<u8>> {
        self.meter.of(Operation::Document, self.inner.document(character, content)).await
    }

    async fn sightings(&self, character: &CharacterId) -> Result<Vec<Sighting>> {
        self.meter.of(Operation::Look, self.inner.sightings(character)).await
    }

    async fn members(&self) -> Result<Vec<Member>> {
        self.meter.of(Operation::Look, self.inner.members()).await
    }

    async fn audit(&self, after: u64, limit: u32) -> Result<Vec<Entry>> {
        self.meter.of(Operation::History, self.inner.audit(after, limit)).await
    }

    async fn audit_head(&self) -> Result<Head> {
        self.meter.of(Operation::Look, self.inner.audit_head()).await
    }

    async fn settings(&self) -> Result<Vec<Setting>> {
        self.meter.of(Operation::Look, self.inner.settings()).await
    }

    async fn changes_since(&self, revision: u64, limit: u32) -> Result<Changes> {
        self.meter.of(Operation::Look, self.inner.changes_since(revision, limit)).await
    }

    /// Waiting is what it is for.
    async fn wait(&self, since: u64, at_most: Duration) -> Result<u64> {
        self.inner.wait(since, at_most).await
    }

    async fn begin(&self) -> Result<Box<dyn StorageTransaction>> {
        let inner = self.meter.of(Operation::Begin, self.inner.begin()).await?;
        Ok(Box::new(MeasuredTransaction { inner, meter: self.meter.clone() }))
    }

    async fn check(
        &self,
        scope: CheckScope,
        progress: &dyn Progress,
        cancel: &Cancel,
    ) -> Result<CheckReport> {
        self.meter.of(Operation::Upkeep, self.inner.check(scope, progress, cancel)).await
    }

    async fn repair(&self, progress: &dyn Progress, cancel: &Cancel) -> Result<RepairReport> {
        self.meter.of(Operation::Upkeep, self.inner.repair(progress, cancel)).await
    }

    async fn recompress(
        &self,
        encoding: &Encoding,
        progress: &dyn Progress,
        cancel: &Cancel,
    ) -> Result<Recompressed> {
        self.meter.of(Operation::Upkeep, self.inner.recompress(encoding, progress, cancel)).await
    }

    async fn recompress_character(
        &self,
        character: &CharacterId,
        encoding: &Encoding,
        progress: &dyn Progress,
        cancel: &Cancel,
    ) -> Result<Recompressed> {
        let done = self.inner.recompress_character(character, encoding, progress, cancel);
        self.meter.of(Operation::Upkeep, done).await
    }

    async fn scrub(&self, progress: &dyn Progress, cancel: &Cancel) -> Result<()> {
        self.meter.of(Operation::Upkeep, self.inner.scrub(progress, cancel)).await
    }

    fn keeps(&self) -> &'static [Kept] {
        self.inner.keeps()
    }

    fn pool(&self) -> Option<Pool> {
        self.inner.pool()
    }

    async fn encryption(&self) -> Result<Encryption> {
        self.meter.of(Operation::Look, self.inner.encryption()).await
    }

    async fn cache_seal(&self) -> Result<CacheSeal> {
        self.meter.of(Operation::Look, self.inner.cache_seal()).await
    }

    async fn keys(&self) -> Result<Option<Secret>> {
        self.meter.of(Operation::Look, self.inner.keys()).await
    }

    fn new_phrase(&self) -> Result<Secret> {
        self.inner.new_phrase()
    }

    async fn change_keys(
        &self,
        change: &KeyChange,
        progress: &dyn Progress,
        cancel: &Cancel,
    ) -> Result<Encryption> {
        self.meter.of(Operation::Upkeep, self.inner.change_keys(change, progress, cancel)).await
    }

    async fn statistics(&self) -> Result<StorageStatistics> {
        self.meter.of(Operation::Upkeep, self.inner.statistics()).await
    }
}

struct MeasuredTransaction {
    inner: Box<dyn StorageTransaction>,
    meter: Meter,
}

#[async_trait]
impl StorageTransaction for MeasuredTransaction {
    async fn surroundings(&mut self, character: &CharacterId, at: Timestamp) -> Result<Surroundings> {
        self.meter.of(Operation::Write, self.inner.surroundings(character, at)).await
    }

    async fn history(&mut self, query: &HistoryQuery) -> Result<Page<VersionMetadata>> {
        self.meter.of(Operation::Write, self.inner.history(query)).await
    }

    async fn document(&mut self, character: &CharacterId, content: &ContentHash) -> Result<Vec<u8>> {
        self.meter.of(Operation::Write, self.inner.document(character, content)).await
    }

    async fn write(&mut self, writes: Vec<Write>) -> Result<()> {
        self.meter.of(Operation::Write, self.inner.write(writes)).await
    }

    async fn commit(self: Box<Self>) -> Result<u64> {
        let Self { inner, meter } = *self;
        meter.of(Operation::Commit, inner.commit()).await
    }
}
