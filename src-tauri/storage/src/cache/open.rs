//! From the configuration to a cache.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use backstory_core::{
    cache::{CacheKey, CacheSeal, CacheStatistics, CacheStorage, CacheTrouble, Cached, TierStatistics},
    config::{CacheBackend, CacheConfig},
    error::{Code, Error, Result},
    storage::{CharacterStorage, Secret},
};

use super::{MemoryCache, MemoryOptions, RedisCache, RedisOptions, Seals, TierOptions, TieredCache};

/// The cache that is configured; none where there is to be none. What is wrong with a part of it keeps nobody from reading:
/// that part says so in [`CacheStorage::stats`]. What lies outside of the program is sealed as the store says; without a store
/// nothing is kept there, and what is there can be taken away.
pub fn open(
    config: &CacheConfig,
    store: Option<&Arc<dyn CharacterStorage>>,
) -> Option<Arc<dyn CacheStorage>> {
    let seals = || -> Arc<dyn Seals> {
        match store {
            Some(store) => Arc::new(Arc::downgrade(store)),
            None => Arc::new(CacheSeal::Never),
        }
    };
    let memory = || -> (Arc<dyn CacheStorage>, TierOptions) {
        let options = MemoryOptions {
            max_size: config.memory.max_size,
            max_bytes: config.memory.max_bytes,
            default_ttl: config.memory.default_ttl,
            ..MemoryOptions::default()
        };
        (Arc::new(MemoryCache::new(options)), TierOptions::LOCAL)
    };
    Some(match config.backend {
        CacheBackend::None => return None,
        CacheBackend::Memory => memory().0,
        CacheBackend::Redis => Arc::new(TieredCache::new(vec![redis(config, seals())])),
        CacheBackend::Tiered => Arc::new(TieredCache::new(vec![memory(), redis(config, seals())])),
    })
}

fn redis(config: &CacheConfig, seals: Arc<dyn Seals>) -> (Arc<dyn CacheStorage>, TierOptions) {
    let cache = config.redis.as_ref().and_then(|redis| {
        let url = Secret::new(redis.redis_url.reveal());
        RedisCache::new(RedisOptions { seals, default_ttl: redis.default_ttl, ..RedisOptions::at(url) }).ok()
    });
    match cache {
        Some(cache) => (Arc::new(cache), TierOptions::REMOTE),
        None => (Arc::new(Nowhere), TierOptions::REMOTE),
    }
}

/// A Redis of which nobody knows where it is.
#[derive(Debug)]
struct Nowhere;

fn nowhere<T>() -> Result<T> {
    Err(Error::new(Code::CacheRefused, CacheTrouble::NoAddress.to_string()))
}

#[async_trait]
impl CacheStorage for Nowhere {
    async fn get(&self, _: &CacheKey) -> Result<Option<Cached>> {
        nowhere()
    }

    async fn set(&self, _: &CacheKey, _: Arc<[u8]>, _: Option<Duration>) -> Result<()> {
        nowhere()
    }

    /// Nothing was ever put there.
    async fn delete(&self, _: &CacheKey) -> Result<()> {
        Ok(())
    }

    async fn forget(&self, _: &str) -> Result<()> {
        Ok(())
    }

    async fn clear(&self) -> Result<()> {
        Ok(())
    }

    async fn exists(&self, _: &CacheKey) -> Result<bool> {
        nowhere()
    }

    async fn stats(&self) -> CacheStatistics {
        let (name, trouble) = ("redis".to_owned(), Some(CacheTrouble::NoAddress));
        CacheStatistics { tiers: vec![TierStatistics { name, trouble, ..TierStatistics::default() }] }
    }
}
