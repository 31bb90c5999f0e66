//! A cache that fails, hangs and comes back when a test says so.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use backstory_core::{
    cache::{CacheKey, CacheStatistics, CacheStorage, Cached},
    error::{Code, Error, Result},
};
use tokio::sync::watch;

/// What every call comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mood {
    /// It is answered.
    Well,
    /// It fails.
    Failing,
    /// It is answered when the mood changes.
    Hanging,
    /// Writes fail, reads are answered: by what was there before, if anything.
    TakesNothing,
    /// Reads are begun, and their answers held until the mood changes.
    Holding,
}

/// A cache over another one.
#[derive(Debug)]
pub struct MoodyCache {
    inner: Arc<dyn CacheStorage>,
    mood: watch::Sender<Mood>,
    asked: AtomicU64,
    held: watch::Sender<u64>,
}

impl MoodyCache {
    /// A cache that is well, for the time being.
    pub fn over(inner: Arc<dyn CacheStorage>) -> Arc<Self> {
        let (mood, held) = (watch::Sender::new(Mood::Well), watch::Sender::new(0));
        Arc::new(Self { inner, mood, asked: AtomicU64::new(0), held })
    }

    /// Changes its mood.
    pub fn be(&self, mood: Mood) {
        self.mood.send_replace(mood);
    }

    /// How many calls came here.
    pub fn asked(&self) -> u64 {
        self.asked.load(Ordering::SeqCst)
    }

    /// Waits until so many answers were held, all in all.
    pub async fn has_held(&self, count: u64) {
        self.held.subscribe().wait_for(|held| *held >= count).await.unwrap();
    }

    async fn in_the_mood(&self, is_write: bool) -> Result<()> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let mut mood = self.mood.subscribe();
        let now = *mood.wait_for(|mood| *mood != Mood::Hanging).await.unwrap();
        match now {
            Mood::Failing => Err(Error::new(Code::CacheUnavailable, "Not in the mood.")),
            Mood::TakesNothing if is_write => Err(Error::new(Code::CacheUnavailable, "Full.")),
            _ => Ok(()),
        }
    }
}

#[async_trait]
impl CacheStorage for MoodyCache {
    async fn get(&self, key: &CacheKey) -> Result<Option<Cached>> {
        self.in_the_mood(false).await?;
        let found = self.inner.get(key).await;
        if *self.mood.borrow() == Mood::Holding {
            self.held.send_modify(|held| *held += 1);
            self.mood.subscribe().wait_for(|mood| *mood != Mood::Holding).await.unwrap();
        }
        found
    }

    async fn set(&self, key: &CacheKey, value: Arc<[u8]>, ttl: Option<Duration>) -> Result<()> {
        self.in_the_mood(true).await?;
        self.inner.set(key, value, ttl).await
    }

    async fn delete(&self, key: &CacheKey) -> Result<()> {
        self.in_the_mood(true).await?;
        self.inner.delete(key).await
    }

    async fn forget(&self, group: &str) -> Result<()> {
        self.in_the_mood(true).await?;
        self.inner.forget(group).await
    }

    async fn clear(&self) -> Result<()> {
        self.in_the_mood(true).await?;
        self.inner.clear().await
    }

    async fn exists(&self, key: &CacheKey) -> Result<bool> {
        self.in_the_mood(false).await?;
        self.inner.exists(key).await
    }

    async fn stats(&self) -> CacheStatistics {
        self.inner.stats().await
    }
}
