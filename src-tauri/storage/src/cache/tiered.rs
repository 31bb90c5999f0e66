//! Several caches as one, the fastest first.
//!
//! A hit fills the faster tiers, for as long as the entry still lives. A value is written to every tier; a deletion reaches
//! every tier, and one that it does not reach is bypassed until it did ([`super::tier`]). A failure of a tier is a miss.
//!
//! What changes a key goes one after the other: a hit that is on its way from a slower tier into a faster one must not come
//! in behind a newer value or a deletion. Keys are spread over locks for that, which are asynchronous and held no longer than
//! the tiers' patience. Reading takes none of them, and a hit that would have to wait is not carried over.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use async_trait::async_trait;
use backstory_core::{
    cache::{Breaker, CacheKey, CacheStatistics, CacheStorage, Cached},
    error::Result,
};
use tokio::sync::{Mutex, MutexGuard, watch};

use super::tier::{Gone, Tier, TierOptions};

/// Locks that keys are spread over.
const TURNS: usize = 64;

/// Several caches as one.
#[derive(Debug)]
pub struct TieredCache {
    tiers: Vec<Arc<Tier>>,
    turns: Vec<Turn>,
}

/// Whose turn it is to change one of the keys that share this.
#[derive(Debug, Default)]
struct Turn {
    lock: Mutex<()>,
    /// How often one of them was changed.
    changes: AtomicU64,
}

impl Turn {
    async fn take(&self) -> MutexGuard<'_, ()> {
        let turn = self.lock.lock().await;
        self.changes.fetch_add(1, Ordering::AcqRel);
        turn
    }
}

impl TieredCache {
    /// The caches, the fastest first.
    pub fn new(tiers: Vec<(Arc<dyn CacheStorage>, TierOptions)>) -> Self {
        let tiers = tiers.into_iter().map(|(cache, options)| Tier::new(cache, options)).collect();
        Self { tiers, turns: (0..TURNS).map(|_| Turn::default()).collect() }
    }

    /// Hears of every change of a tier's breaker.
    pub fn watch(&self, tier: usize) -> Option<watch::Receiver<Breaker>> {
        self.tiers.get(tier).map(|tier| tier.watch())
    }

    fn turn(&self, key: &CacheKey) -> &Turn {
        let hash =
            key.as_str().bytes().fold(0_usize, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into()));
        &self.turns[hash % TURNS]
    }

    /// Carries a hit into the faster tiers, unless its key was changed since it was asked for.
    async fn fill(&self, key: &CacheKey, below: usize, hit: &Cached, changes: u64) {
        let found = Instant::now();
        let turn = self.turn(key);
        let Ok(_turn) = turn.lock.try_lock() else { return };
        if turn.changes.load(Ordering::Acquire) != changes {
            return;
        }
        for tier in self.tiers.iter().take(below).rev() {
            let remaining = hit.remaining.saturating_sub(found.elapsed());
            if !remaining.is_zero() {
                tier.set(key, Arc::clone(&hit.value), Some(remaining)).await;
            }
        }
    }

    /// Takes something away from every tier, and says what the last one said that could not.
    async fn take_away(&self, gone: Gone<'_>) -> Result<()> {
        let mut done = Ok(());
        for tier in &self.tiers {
            done = tier.take_away(gone).await.and(done);
        }
        done
    }

    /// Every key's turn, in one order for all.
    async fn every_turn(&self) -> Vec<MutexGuard<'_, ()>> {
        let mut turns = Vec::with_capacity(TURNS);
        for turn in &self.turns {
            turns.push(turn.take().await);
        }
        turns
    }
}

#[async_trait]
impl CacheStorage for TieredCache {
    async fn get(&self, key: &CacheKey) -> Result<Option<Cached>> {
        let changes = self.turn(key).changes.load(Ordering::Acquire);
        for (place, tier) in self.tiers.iter().enumerate() {
            if let Some(hit) = tier.get(key).await {
                if place > 0 {
                    self.fill(key, place, &hit, changes).await;
                }
                return Ok(Some(hit));
            }
        }
        Ok(None)
    }

    async fn set(&self, key: &CacheKey, value: Arc<[u8]>, ttl: Option<Duration>) -> Result<()> {
        let _turn = self.turn(key).take().await;
        // The slowest first: what a faster one has, the slower ones were given.
        for tier in self.tiers.iter().rev() {
            tier.set(key, Arc::clone(&value), ttl).await;
        }
        Ok(())
    }

    async fn delete(&self, key: &CacheKey) -> Result<()> {
        let _turn = self.turn(key).take().await;
        self.take_away(Gone::Key(key)).await
    }

    async fn forget(&self, group: &str) -> Result<()> {
        let _turns = self.every_turn().await;
        self.take_away(Gone::Group(group)).await
    }

    async fn clear(&self) -> Result<()> {
        let _turns = self.every_turn().await;
        self.take_away(Gone::All).await
    }

    async fn exists(&self, key: &CacheKey) -> Result<bool> {
        for tier in &self.tiers {
            if tier.exists(key).await {
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn stats(&self) -> CacheStatistics {
        let mut tiers = Vec::new();
        for tier in &self.tiers {
            tiers.extend(tier.stats().await);
        }
        CacheStatistics { tiers }
    }

    fn locations(&self) -> Vec<String> {
        self.tiers.iter().flat_map(|tier| tier.locations()).collect()
    }
}
