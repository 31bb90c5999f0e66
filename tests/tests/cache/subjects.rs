//! The caches the contract is run against, and how time passes in each.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use backstory_core::{
    cache::{CacheSeal, CacheSecret, CacheStorage},
    storage::Secret,
};
use backstory_storage::cache::{
    Hand, MemoryCache, MemoryOptions, RedisCache, RedisOptions, TierOptions, TieredCache,
};
use backstory_tests::servers::redis::RedisServer;

/// A kind of cache.
pub(crate) trait Subject: Sync {
    /// An empty one.
    fn make(&self) -> Box<dyn Made>;
}

/// One cache, and its time.
pub(crate) trait Made: Send + Sync {
    fn cache(&self) -> &dyn CacheStorage;
    /// Lets time pass.
    fn advance(&self, by: Duration);
}

/// No time is too short for a busy computer.
pub(crate) const PATIENT: TierOptions = TierOptions {
    patience: Some(Duration::from_secs(60)),
    write_patience: Duration::from_secs(60),
    ..TierOptions::REMOTE
};

pub(crate) struct Memory;

struct MadeMemory(MemoryCache, Hand);

impl Subject for Memory {
    fn make(&self) -> Box<dyn Made> {
        let hand = Hand::default();
        Box::new(MadeMemory(MemoryCache::new(roomy(&hand)), hand))
    }
}

impl Made for MadeMemory {
    fn cache(&self) -> &dyn CacheStorage {
        &self.0
    }

    fn advance(&self, by: Duration) {
        self.1.advance(by);
    }
}

/// Room for everything the contract does.
pub(crate) fn roomy(hand: &Hand) -> MemoryOptions {
    MemoryOptions { max_bytes: 64 << 20, stopwatch: hand.stopwatch(), ..MemoryOptions::default() }
}

pub(crate) struct Redis(Option<[u8; 32]>);

impl Redis {
    pub(crate) fn plain() -> Self {
        Self(None)
    }

    pub(crate) fn sealed() -> Self {
        Self(Some([7; 32]))
    }
}

struct MadeRedis(RedisCache, u32);

impl Subject for Redis {
    fn make(&self) -> Box<dyn Made> {
        let database = database();
        Box::new(MadeRedis(redis(RedisServer::shared(), database, self.0), database))
    }
}

impl Made for MadeRedis {
    fn cache(&self) -> &dyn CacheStorage {
        &self.0
    }

    fn advance(&self, by: Duration) {
        age(RedisServer::shared(), self.1, by);
    }
}

/// A database of the shared server that nobody else has.
pub(crate) fn database() -> u32 {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// A cache in a database of a server.
pub(crate) fn redis(server: &RedisServer, database: u32, key: Option<[u8; 32]>) -> RedisCache {
    let address = Secret::new(server.address(database));
    let patience = Duration::from_secs(60);
    let seals = Arc::new(key.map_or(CacheSeal::Plain, |key| CacheSeal::Sealed(CacheSecret::new(key))));
    let options = RedisOptions { seals, patience, connect_patience: patience, ..RedisOptions::at(address) };
    RedisCache::new(options).unwrap()
}

/// Lets time pass for every entry of a database: each has so much less left to live.
pub(crate) fn age(server: &RedisServer, database: u32, by: Duration) {
    let mut connection = server.connect(database);
    let names: Vec<String> = ::redis::cmd("KEYS").arg("*").query(&mut connection).unwrap();
    for name in names {
        let left: i64 = ::redis::cmd("PTTL").arg(&name).query(&mut connection).unwrap();
        let left = left - i64::try_from(by.as_millis()).unwrap();
        // What has nothing left goes at once.
        ::redis::cmd("PEXPIRE").arg(&name).arg(left).query::<()>(&mut connection).unwrap();
    }
}

pub(crate) struct Tiered;

struct MadeTiered(TieredCache, Hand, u32);

impl Subject for Tiered {
    fn make(&self) -> Box<dyn Made> {
        let (hand, database) = (Hand::default(), database());
        let slower = Arc::new(redis(RedisServer::shared(), database, None));
        let tiers = TieredCache::new(vec![
            (Arc::new(MemoryCache::new(roomy(&hand))), TierOptions::LOCAL),
            (slower, PATIENT),
        ]);
        Box::new(MadeTiered(tiers, hand, database))
    }
}

impl Made for MadeTiered {
    fn cache(&self) -> &dyn CacheStorage {
        &self.0
    }

    fn advance(&self, by: Duration) {
        self.1.advance(by);
        age(RedisServer::shared(), self.2, by);
    }
}

/// Two in memory, of which the first holds next to nothing, over a Redis that is sealed: hits come from anywhere.
pub(crate) struct Three;

impl Subject for Three {
    fn make(&self) -> Box<dyn Made> {
        let (hand, database) = (Hand::default(), database());
        let small = MemoryOptions { max_size: 2, ..roomy(&hand) };
        let slower = Arc::new(redis(RedisServer::shared(), database, Some([1; 32])));
        let tiers = TieredCache::new(vec![
            (Arc::new(MemoryCache::new(small)), TierOptions::LOCAL),
            (Arc::new(MemoryCache::new(MemoryOptions { max_size: 4, ..roomy(&hand) })), TierOptions::LOCAL),
            (slower, PATIENT),
        ]);
        Box::new(MadeTiered(tiers, hand, database))
    }
}
