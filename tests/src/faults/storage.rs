//! A store that fails when it is told to: what a power cut, a full disk or a lost connection looks like from outside.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use backstory_core::{
    error::{Error, Result},
    job::{Cancel, Progress},
    model::{CharacterId, CharacterIndex, ContentHash, Member, Sighting, VersionMetadata},
    privacy::audit::{Entry, Head},
    storage::{
        Changes, CharacterStorage, CheckReport, CheckScope, Encoding, Facets, HistoryQuery, Page,
        QueryFilter, Recompressed, RepairReport, Setting, StorageInfo, StorageStatistics, StorageTransaction,
        Surroundings, Write,
    },
};
use jiff::Timestamp;

/// Which operations of a [`Faulty`] store fail, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The operation is not done; the ones after it are.
    Once,
    /// Neither this operation nor any after it is done: the process is dead, the cable is out.
    FromThenOn,
    /// The operation is done and its answer is lost, and nothing after it is done: what a kill right behind a commit leaves.
    AnswerLost,
}

/// A store in front of another one that fails at its n-th operation. Every call that can fail is one operation, those of its
/// transactions included; [`CharacterStorage::info`] is none.
#[derive(Debug)]
pub struct Faulty {
    inner: Arc<dyn CharacterStorage>,
    plan: Arc<Plan>,
}

/// Counts operations, and says which of them fail.
#[derive(Debug)]
struct Plan {
    done: AtomicU64,
    at: u64,
    fault: Fault,
    error: Error,
}

impl Faulty {
    /// Fails at operation `at`, the first being 0.
    pub fn new(inner: Arc<dyn CharacterStorage>, at: u64, fault: Fault, error: Error) -> Self {
        Self { inner, plan: Arc::new(Plan { done: AtomicU64::new(0), at, fault, error }) }
    }

    /// Never fails: to count how many operations some work takes.
    pub fn counting(inner: Arc<dyn CharacterStorage>) -> Self {
        Self::new(inner, u64::MAX, Fault::Once, Error::internal("This fault never comes."))
    }

    /// How many operations were asked for so far.
    pub fn operations(&self) -> u64 {
        self.plan.done.load(Ordering::Relaxed)
    }

    /// Whether the fault has come.
    pub fn has_failed(&self) -> bool {
        self.operations() > self.plan.at
    }
}

impl Plan {
    /// Does an operation, or fails in its place or behind it.
    async fn run<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        let number = self.done.fetch_add(1, Ordering::Relaxed);
        match (number.cmp(&self.at), self.fault) {
            (std::cmp::Ordering::Less, _) | (std::cmp::Ordering::Greater, Fault::Once) => work.await,
            (std::cmp::Ordering::Equal, Fault::AnswerLost) => {
                work.await?;
                Err(self.error.clone())
            }
            (std::cmp::Ordering::Equal | std::cmp::Ordering::Greater, _) => Err(self.error.clone()),
        }
    }
}

#[async_trait]
impl CharacterStorage for Faulty {
    fn info(&self) -> StorageInfo {
        self.inner.info()
    }

    async fn revision(&self) -> Result<u64> {
        self.plan.run(self.inner.revision()).await
    }

    async fn query(&self, filter: &QueryFilter) -> Result<Page<CharacterIndex>> {
        self.plan.run(self.inner.query(filter)).await
    }

    async fn facets(&self) -> Result<Facets> {
        self.plan.run(self.inner.facets()).await
    }

    async fn history(&self, query: &HistoryQuery) -> Result<Page<VersionMetadata>> {
        self.plan.run(self.inner.history(query)).await
    }

    async fn document(&self, character: &CharacterId, content: &ContentHash) -> Result<Vec<u8>> {
        self.plan.run(self.inner.document(character, content)).await
    }

    async fn sightings(&self, character: &CharacterId) -> Result<Vec<Sighting>> {
        self.plan.run(self.inner.sightings(character)).await
    }

    async fn members(&self) -> Result<Vec<Member>> {
        self.plan.run(self.inner.members()).await
    }

    async fn audit(&self, after: u64, limit: u32) -> Result<Vec<Entry>> {
        self.plan.run(self.inner.audit(after, limit)).await
    }

    async fn audit_head(&self) -> Result<Head> {
        self.plan.run(self.inner.audit_head()).await
    }

    async fn settings(&self) -> Result<Vec<Setting>> {
        self.plan.run(self.inner.settings()).await
    }

    async fn changes_since(&self, revision: u64, limit: u32) -> Result<Changes> {
        self.plan.run(self.inner.changes_since(revision, limit)).await
    }

    async fn wait(&self, since: u64, at_most: Duration) -> Result<u64> {
        self.plan.run(self.inner.wait(since, at_most)).await
    }

    async fn begin(&self) -> Result<Box<dyn StorageTransaction>> {
        let inner = self.plan.run(self.inner.begin()).await?;
        Ok(Box::new(FaultyTransaction { inner: Some(inner), plan: Arc::clone(&self.plan) }))
    }

    async fn check(
        &self,
        scope: CheckScope,
        progress: &dyn Progress,
        cancel: &Cancel,
    ) -> Result<CheckReport> {
        self.plan.run(self.inner.check(scope, progress, cancel)).await
    }

    async fn repair(&self, progress: &dyn Progress, cancel: &Cancel) -> Result<RepairReport> {
        self.plan.run(self.inner.repair(progress, cancel)).await
    }

    async fn recompress(
        &self,
        encoding: &Encoding,
        progress: &dyn Progress,
        cancel: &Cancel,
    ) -> Result<Recompressed> {
        self.plan.run(self.inner.recompress(encoding, progress, cancel)).await
    }

    async fn recompress_character(
        &self,
        character: &CharacterId,
        encoding: &Encoding,
        progress: &dyn Progress,
        cancel: &Cancel,
    ) -> Result<Recompressed> {
        self.plan.run(self.inner.recompress_character(character, encoding, progress, cancel)).await
    }

    async fn scrub(&self, progress: &dyn Progress, cancel: &Cancel) -> Result<()> {
        self.plan.run(self.inner.scrub(progress, cancel)).await
    }

    async fn statistics(&self) -> Result<StorageStatistics> {
        self.plan.run(self.inner.statistics()).await
    }
}

/// A transaction of a [`Faulty`] store. One in which an operation failed is over, as the contract has it.
struct FaultyTransaction {
    inner: Option<Box<dyn StorageTransaction>>,
    plan: Arc<Plan>,
}

impl FaultyTransaction {
    fn inner(&mut self) -> Result<&mut Box<dyn StorageTransaction>> {
        self.inner.as_mut().ok_or_else(|| Error::internal("A transaction was used after it had failed."))
    }

    /// Lets go of the transaction when the plan says that an operation of it fails.
    fn after<T>(&mut self, result: Result<T>) -> Result<T> {
        if result.is_err() && self.plan.done.load(Ordering::Relaxed) > self.plan.at {
            self.inner = None;
        }
        result
    }
}

#[async_trait]
impl StorageTransaction for FaultyTransaction {
    async fn surroundings(&mut self, character: &CharacterId, at: Timestamp) -> Result<Surroundings> {
        let plan = Arc::clone(&self.plan);
        let result = plan.run(self.inner()?.surroundings(character, at)).await;
        self.after(result)
    }

    async fn history(&mut self, query: &HistoryQuery) -> Result<Page<VersionMetadata>> {
        let plan = Arc::clone(&self.plan);
        let result = plan.run(self.inner()?.history(query)).await;
        self.after(result)
    }

    async fn document(&mut self, character: &CharacterId, content: &ContentHash) -> Result<Vec<u8>> {
        let plan = Arc::clone(&self.plan);
        let result = plan.run(self.inner()?.document(character, content)).await;
        self.after(result)
    }

    async fn write(&mut self, writes: Vec<Write>) -> Result<()> {
        let plan = Arc::clone(&self.plan);
        let result = plan.run(self.inner()?.write(writes)).await;
        self.after(result)
    }

    async fn commit(mut self: Box<Self>) -> Result<u64> {
        let inner = self.inner.take();
        let inner = inner.ok_or_else(|| Error::internal("A transaction was used after it had failed."))?;
        self.plan.run(inner.commit()).await
    }
}
