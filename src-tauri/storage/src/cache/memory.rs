//! A cache in the program's own memory.
//!
//! Entries are spread over shards by their keys, each behind a lock that is held for one step and never while waiting. The
//! limits are of all shards together: room is taken before an entry comes in, so that they hold at every moment, and given
//! back by the oldest entries of the shard at hand, else of the others.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use backstory_core::{
    cache::{CacheKey, CacheStatistics, CacheStorage, Cached, TierStatistics},
    error::Result,
};

use super::{
    Shelf,
    measure::{Latencies, Stopwatch, nanoseconds},
};

/// Shards where there is much room. More than threads that are likely to meet.
const SHARDS: usize = 16;
/// With fewer entries in a shard than this, the one that leaves would seldom be the oldest of all.
const SHARD_ENTRIES: usize = 16;
/// One of so many `get`s is timed: looking at the clock twice costs as much as finding.
const TIMED: u64 = 64;
/// What the allocator adds to a key's text, and to a value with its two counters.
const AROUND: usize = 16 + (16 + 16);

/// How much a [`MemoryCache`] holds and for how long.
#[derive(Debug, Clone)]
pub struct MemoryOptions {
    /// At most so many entries.
    pub max_size: usize,
    /// At most so many bytes, keys and bookkeeping included.
    pub max_bytes: usize,
    /// How long an entry lives where nobody says.
    pub default_ttl: Duration,
    /// How often entries whose time is over are looked for. They are not returned in any case; this gives their room back.
    pub clean_up: Duration,
    /// The time.
    pub stopwatch: Stopwatch,
}

impl Default for MemoryOptions {
    fn default() -> Self {
        Self {
            max_size: 1_000,
            max_bytes: 32 << 20,
            default_ttl: Duration::from_secs(3_600),
            clean_up: Duration::from_secs(10),
            stopwatch: Stopwatch::default(),
        }
    }
}

/// A cache in memory.
#[derive(Debug)]
pub struct MemoryCache(Arc<Shards>);

#[derive(Debug)]
struct Shards {
    shards: Box<[Shard]>,
    /// What all shards hold, and what is about to come in: never more than there may be.
    entries: AtomicUsize,
    bytes: AtomicUsize,
    latencies: Latencies,
    options: MemoryOptions,
}

/// Apart in memory, so that two threads in two shards do not meet.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Shard(Mutex<Part>);

#[derive(Debug, Default)]
struct Part {
    shelf: Shelf<CacheKey, Entry>,
    hits: u64,
    misses: u64,
    evictions: u64,
    expired: u64,
}

#[derive(Debug)]
struct Entry {
    value: Arc<[u8]>,
    /// On the stopwatch.
    expires: u64,
}

impl MemoryCache {
    /// An empty cache. In a tokio runtime it cleans up by itself, for as long as it lives.
    pub fn new(options: MemoryOptions) -> Self {
        let count = (options.max_size / SHARD_ENTRIES).clamp(1, SHARDS);
        let count = 1 << count.ilog2();
        let shards = Arc::new(Shards {
            shards: (0..count).map(|_| Shard::default()).collect(),
            entries: AtomicUsize::new(0),
            bytes: AtomicUsize::new(0),
            latencies: Latencies::default(),
            options,
        });
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(clean_up(Arc::downgrade(&shards), shards.options.clean_up));
        }
        Self(shards)
    }

    /// As [`CacheStorage::get`], for whoever cannot wait.
    pub fn look(&self, key: &CacheKey) -> Option<Cached> {
        let now = self.0.options.stopwatch.now();
        let mut part = self.0.part(key);
        let found = part.shelf.get(key).map(|entry| {
            (entry.expires > now).then(|| Cached {
                value: Arc::clone(&entry.value),
                remaining: Duration::from_nanos(entry.expires - now),
            })
        });
        let found = match found {
            Some(None) => {
                self.0.take(&mut part, key);
                part.expired += 1;
                None
            }
            found => found.flatten(),
        };
        let (is_hit, asked) = (found.is_some(), part.hits + part.misses);
        *(if is_hit { &mut part.hits } else { &mut part.misses }) += 1;
        drop(part);
        if asked.is_multiple_of(TIMED) {
            self.0.latencies.note(self.0.options.stopwatch.now().saturating_sub(now));
        }
        found
    }

    /// As [`CacheStorage::set`], for whoever cannot wait.
    pub fn keep(&self, key: &CacheKey, value: Arc<[u8]>, ttl: Option<Duration>) {
        let shards = &*self.0;
        let bytes = weight(key, &value);
        let ttl = nanoseconds(ttl.unwrap_or(shards.options.default_ttl));
        let mut part = shards.part(key);
        shards.take(&mut part, key);
        if ttl == 0 || bytes > shards.options.max_bytes {
            return;
        }
        if !shards.reserve_in(&mut part, bytes) {
            // One lock at a time.
            drop(part);
            if !shards.shards.iter().any(|shard| shards.reserve_in(&mut shard.part(), bytes)) {
                // Others are about to take all the room there is.
                return;
            }
            part = shards.part(key);
        }
        let expires = shards.options.stopwatch.now().saturating_add(ttl);
        if let Some(replaced) = part.shelf.put(key.clone(), Entry { value, expires }, bytes) {
            shards.give_back(1, replaced);
        }
    }

    /// Takes away what matches.
    fn drop_where(&self, goes: impl Fn(&CacheKey, &Entry) -> bool) {
        for shard in &self.0.shards {
            let mut part = shard.part();
            let (entries, bytes) = part.shelf.retain(|key, entry| !goes(key, entry));
            self.0.give_back(entries, bytes);
        }
    }

    /// Takes away every entry whose time is over.
    pub fn clean_up(&self) {
        self.0.clean_up();
    }

    /// How many bytes the entries take, as they are accounted for, with those that are just coming in.
    pub fn bytes(&self) -> usize {
        self.0.bytes.load(Ordering::Acquire)
    }
}

/// What an entry takes, all in all.
fn weight(key: &CacheKey, value: &[u8]) -> usize {
    key.as_str().len() + value.len() + AROUND + Shelf::<CacheKey, Entry>::PLACE
}

/// Cleans up again and again, until the cache is gone.
async fn clean_up(shards: Weak<Shards>, every: Duration) {
    loop {
        tokio::time::sleep(every).await;
        let Some(shards) = shards.upgrade() else { return };
        shards.clean_up();
    }
}

impl Shard {
    fn part(&self) -> MutexGuard<'_, Part> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shards {
    /// The shard of a key. Names differ at their ends, if anywhere.
    fn part(&self, key: &CacheKey) -> MutexGuard<'_, Part> {
        let text = key.as_str().as_bytes();
        let end = text.last_chunk::<8>().map_or_else(
            || text.iter().fold(0, |sum, byte| (sum << 8) | u64::from(*byte)),
            |end| u64::from_le_bytes(*end),
        );
        let place = end.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 48;
        #[allow(clippy::cast_possible_truncation, reason = "16 bits")]
        self.shards[place as usize & (self.shards.len() - 1)].part()
    }

    /// Takes room for one entry, where there is as much.
    fn reserve(&self, bytes: usize) -> bool {
        let add = |count: &AtomicUsize, more: usize, most: usize| {
            let sum = |now: usize| now.checked_add(more).filter(|sum| *sum <= most);
            count.fetch_update(Ordering::AcqRel, Ordering::Acquire, sum).is_ok()
        };
        if !add(&self.bytes, bytes, self.options.max_bytes) {
            return false;
        }
        let is_room = add(&self.entries, 1, self.options.max_size);
        if !is_room {
            self.bytes.fetch_sub(bytes, Ordering::AcqRel);
        }
        is_room
    }

    /// The same, at the cost of the oldest entries of a shard.
    fn reserve_in(&self, part: &mut Part, bytes: usize) -> bool {
        while !self.reserve(bytes) {
            if !self.take_oldest(part) {
                return false;
            }
        }
        true
    }

    fn give_back(&self, entries: usize, bytes: usize) {
        self.entries.fetch_sub(entries, Ordering::AcqRel);
        self.bytes.fetch_sub(bytes, Ordering::AcqRel);
    }

    fn take(&self, part: &mut Part, key: &CacheKey) {
        if let Some(bytes) = part.shelf.take(key) {
            self.give_back(1, bytes);
        }
    }

    /// Takes the oldest entry of a shard away, if it has one.
    fn take_oldest(&self, part: &mut Part) -> bool {
        let Some(bytes) = part.shelf.take_oldest() else { return false };
        part.evictions += 1;
        self.give_back(1, bytes);
        true
    }

    fn clean_up(&self) {
        for shard in &self.shards {
            let mut part = shard.part();
            let now = self.options.stopwatch.now();
            let (entries, bytes) = part.shelf.retain(|_, entry| entry.expires > now);
            part.expired += entries as u64;
            self.give_back(entries, bytes);
        }
    }
}

#[async_trait]
impl CacheStorage for MemoryCache {
    async fn get(&self, key: &CacheKey) -> Result<Option<Cached>> {
        Ok(self.look(key))
    }

    async fn set(&self, key: &CacheKey, value: Arc<[u8]>, ttl: Option<Duration>) -> Result<()> {
        self.keep(key, value, ttl);
        Ok(())
    }

    async fn delete(&self, key: &CacheKey) -> Result<()> {
        self.0.take(&mut self.0.part(key), key);
        Ok(())
    }

    async fn forget(&self, group: &str) -> Result<()> {
        self.drop_where(|key, _| key.group() == group);
        Ok(())
    }

    async fn clear(&self) -> Result<()> {
        self.drop_where(|_, _| true);
        Ok(())
    }

    async fn exists(&self, key: &CacheKey) -> Result<bool> {
        let now = self.0.options.stopwatch.now();
        Ok(self.0.part(key).shelf.peek(key).is_some_and(|entry| entry.expires > now))
    }

    async fn stats(&self) -> CacheStatistics {
        let mut tier = TierStatistics {
            name: "memory".to_owned(),
            entries: Some(self.0.entries.load(Ordering::Acquire) as u64),
            bytes: Some(self.bytes() as u64),
            max_bytes: Some(self.0.options.max_bytes as u64),
            get_p50_us: self.0.latencies.percentile(50),
            get_p99_us: self.0.latencies.percentile(99),
            ..TierStatistics::default()
        };
        for shard in &self.0.shards {
            let part = shard.part();
            tier.hits += part.hits;
            tier.misses += part.misses;
            tier.evictions += part.evictions;
            tier.expired += part.expired;
        }
        CacheStatistics { tiers: vec![tier] }
    }
}
