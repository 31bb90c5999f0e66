//! What keeps what was read at hand, as it is configured.

use std::{collections::BTreeMap, time::Duration};

use super::{Address, Origin, Setting, Value, layers::wrong};
use crate::error::{Error, Result};

/// The cache.
#[derive(Debug, Clone)]
pub struct CacheConfig {
    /// Which there is.
    pub backend: CacheBackend,
    /// The one in memory.
    pub memory: MemoryConfig,
    /// The one in a Redis; none where nobody says where that is.
    pub redis: Option<RedisConfig>,
    /// Why it is not known where the Redis is, where a variable in its address is not set.
    pub unready: Option<Error>,
}

/// Which cache there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CacheBackend {
    /// None.
    None,
    /// In the program's memory.
    Memory,
    /// In a Redis that programs share.
    Redis,
    /// In memory, over a Redis.
    Tiered,
}

/// The cache in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MemoryConfig {
    /// At most so many entries.
    pub max_size: usize,
    /// At most so many bytes.
    pub max_bytes: usize,
    /// How long an entry lives.
    pub default_ttl: Duration,
}

/// The cache in a Redis.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedisConfig {
    /// Where it is: it may hold a password.
    pub redis_url: Address,
    /// How long an entry lives.
    pub default_ttl: Duration,
}

impl CacheConfig {
    /// Puts the cache together from its values.
    pub(super) fn assemble(settings: &BTreeMap<String, Setting>, unready: Option<Error>) -> Result<Self> {
        let get = |key: &str| settings.get(&format!("cache.{key}"));
        let whole = |key| match get(key).map(|setting| &setting.value) {
            Some(Value::Whole(number)) => u64::try_from(*number).unwrap_or(1),
            _ => 1,
        };
        let backend = match get("backend").map(|setting| setting.value.to_string()).as_deref() {
            Some("none") => CacheBackend::None,
            Some("redis") => CacheBackend::Redis,
            Some("tiered") => CacheBackend::Tiered,
            _ => CacheBackend::Memory,
        };
        let redis = match get("redis.redis_url") {
            Some(Setting { value: Value::Address(redis_url), origin }) => {
                if !["redis://", "rediss://"].iter().any(|scheme| redis_url.reveal().starts_with(scheme)) {
                    let problem = "is not the address of a Redis.";
                    return Err(wrong(origin, "cache.redis.redis_url", problem)
                        .hint("It looks like redis://user:password@host:6379/0, with rediss:// for TLS."));
                }
                let default_ttl = Duration::from_secs(whole("redis.default_ttl_seconds"));
                Some(RedisConfig { redis_url: redis_url.clone(), default_ttl })
            }
            _ => None,
        };
        let is_wanted = matches!(backend, CacheBackend::Redis | CacheBackend::Tiered);
        if is_wanted && redis.is_none() && unready.is_none() {
            let origin = get("backend").map_or(Origin::Default, |setting| setting.origin.clone());
            let problem = "wants a Redis, and `cache.redis.redis_url` does not say where it is.";
            return Err(wrong(&origin, "cache.backend", problem).hint(
                "Write redis_url = \"${REDIS_URL}\" under `cache.redis`, or take `memory` as the backend.",
            ));
        }
        let clamped = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
        let memory = MemoryConfig {
            max_size: clamped(whole("memory.max_size")),
            max_bytes: clamped(whole("memory.max_memory_mb").saturating_mul(1 << 20)),
            default_ttl: Duration::from_secs(whole("memory.default_ttl_seconds")),
        };
        Ok(Self { backend, memory, redis, unready: unready.filter(|_| is_wanted) })
    }
}
