//! A real Redis: stopped, killed, paused, emptied and filled with garbage, under load and with a wrong password.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use backstory_core::{
    cache::{Breaker, CacheKey, CacheSeal, CacheSecret, CacheStorage, CacheTrouble, TierStatistics},
    error::{Code, Error, Result},
    storage::Secret,
};
use backstory_storage::cache::{
    MemoryCache, MemoryOptions, RedisCache, RedisOptions, Seals, TierOptions, TieredCache,
};
use backstory_tests::servers::redis::RedisServer;
use redis::Commands as _;
use tokio::sync::watch;

use crate::{
    contract::{get, key, set},
    subjects::{PATIENT, database, redis as cache_in},
};

const MINUTE: Duration = Duration::from_secs(60);

#[tokio::test]
async fn names_are_ours_values_end_and_nothing_else_is_touched() {
    let (server, database) = (RedisServer::shared(), database());
    let cache = cache_in(server, database, None);
    let mut connection = server.connect(database);
    let _: () = connection.set("somebody's", "own").unwrap();
    set(&cache, &CacheKey::new("ddb-1", "Rekor"), &"a document ".repeat(100)).await;
    let names: Vec<String> = connection.keys("*").unwrap();
    let ours: Vec<_> = names.iter().filter(|name| *name != "somebody's").collect();
    assert_eq!(ours.len(), 1);
    assert!(ours[0].starts_with("backstory:1:") && !ours[0].contains("ddb-1") && !ours[0].contains("Rekor"));
    let left: i64 = redis::cmd("PTTL").arg(ours[0]).query(&mut connection).unwrap();
    assert!(left > 0 && left <= 60_000, "{left}");
    let bytes: Vec<u8> = connection.get(ours[0]).unwrap();
    assert!(bytes.len() < 200, "{} bytes for 1,100 that repeat", bytes.len());
    cache.clear().await.unwrap();
    let names: Vec<String> = connection.keys("*").unwrap();
    assert_eq!(names, ["somebody's"]);
}

#[tokio::test]
async fn what_is_sealed_cannot_be_read_or_put_there_without_the_key() {
    let (server, database) = (RedisServer::shared(), database());
    let (sealed, other) =
        (cache_in(server, database, Some([7; 32])), cache_in(server, database, Some([8; 32])));
    let plain = cache_in(server, database, None);
    set(&sealed, &key("a"), "Rekor keeps a secret, and keeps it well").await;
    let mut connection = server.connect(database);
    let names: Vec<String> = connection.keys("*").unwrap();
    let bytes: Vec<u8> = connection.get(&names[0]).unwrap();
    assert!(!bytes.windows(5).any(|part| part == b"Rekor"));
    assert_eq!((get(&other, &key("a")).await, get(&plain, &key("a")).await), (None, None));
    // Somebody without the key puts a value under the very name.
    set(&plain, &key("b"), "forged").await;
    let names: Vec<String> = connection.keys("*").unwrap();
    let forged: Vec<u8> = connection
        .get(
            names
                .iter()
                .find(|name| *name != &names_of(&bytes, &names, &mut server.connect(database)))
                .unwrap(),
        )
        .unwrap();
    let own: String = names_of(&bytes, &names, &mut connection);
    let _: () = connection.pset_ex(&own, forged, 60_000).unwrap();
    assert_eq!(get(&sealed, &key("a")).await, None);
    assert!(!connection.exists::<_, bool>(&own).unwrap(), "and it was taken away");
    assert_eq!(sealed.stats().await.tiers[0].damaged, 1);
}

/// A store that is encrypted at a moment of the test's choosing.
#[derive(Debug)]
struct Turning {
    asked: AtomicU64,
    /// From this question on.
    sealed_from: u64,
    is_gone: AtomicBool,
}

#[async_trait]
impl Seals for Turning {
    async fn now(&self) -> Result<CacheSeal> {
        if self.is_gone.load(Ordering::SeqCst) {
            return Err(Error::new(Code::LibraryLocked, "The library is encrypted."));
        }
        let asked = self.asked.fetch_add(1, Ordering::SeqCst);
        Ok(if asked < self.sealed_from {
            CacheSeal::Plain
        } else {
            CacheSeal::Sealed(CacheSecret::new([7; 32]))
        })
    }
}

fn turning(server: &RedisServer, database: u32, sealed_from: u64) -> (RedisCache, Arc<Turning>) {
    let seals = Arc::new(Turning { asked: AtomicU64::new(0), sealed_from, is_gone: AtomicBool::new(false) });
    let address = Secret::new(server.address(database));
    let options = RedisOptions {
        seals: seals.clone(),
        patience: MINUTE,
        connect_patience: MINUTE,
        ..RedisOptions::at(address)
    };
    (RedisCache::new(options).unwrap(), seals)
}

#[tokio::test]
async fn what_is_plain_goes_when_its_store_is_encrypted_whoever_put_it_there_and_whenever() {
    let (server, database) = (RedisServer::shared(), database());
    let mut connection = server.connect(database);
    let mut names = || connection.keys::<_, Vec<String>>("*").unwrap();
    let another = cache_in(server, database, None);
    set(&another, &key("a"), "Rekor keeps a secret").await;
    // Encrypted while a value is on its way: it does not stay.
    let (cache, seals) = turning(server, database, 1);
    set(&cache, &key("b"), "Rekor keeps another").await;
    assert_eq!(seals.asked.load(Ordering::SeqCst), 2, "before it was set, and behind it");
    assert_eq!(names(), Vec::<String>::new(), "neither this one nor what another program left");
    set(&cache, &key("b"), "Rekor keeps another").await;
    assert_eq!(get(&cache, &key("b")).await.as_deref(), Some("Rekor keeps another"));
    assert!(names().iter().all(|name| name.starts_with("backstory:2:")));
    // What a program of before puts there later goes when the next one begins.
    set(&another, &key("a"), "Rekor keeps a secret").await;
    let (next, seals) = turning(server, database, 0);
    assert_eq!(get(&next, &key("b")).await.as_deref(), Some("Rekor keeps another"));
    assert_eq!(names().len(), 1);
    // One that is closed is given nothing and asked for nothing; what is to go goes.
    seals.is_gone.store(true, Ordering::SeqCst);
    assert_eq!(next.get(&key("b")).await.unwrap_err().code, Code::LibraryLocked);
    assert!(next.set(&key("c"), Arc::from(&b"Rekor"[..]), None).await.is_err());
    assert_eq!(names().len(), 1);
    next.delete(&key("b")).await.unwrap();
    assert_eq!(names(), Vec::<String>::new());
}

#[tokio::test]
async fn of_a_store_that_may_not_lie_here_nothing_does_and_everything_can_be_cleared() {
    let (server, database) = (RedisServer::shared(), database());
    let options = RedisOptions {
        seals: Arc::new(CacheSeal::Never),
        ..RedisOptions::at(Secret::new(server.address(database)))
    };
    let never = RedisCache::new(options).unwrap();
    set(&never, &key("a"), "Rekor keeps a secret").await;
    assert_eq!(get(&never, &key("a")).await, None);
    let mut connection = server.connect(database);
    let mut names = || connection.keys::<_, Vec<String>>("*").unwrap().len();
    assert_eq!(names(), 0);
    for key_of in [None, Some([7; 32])] {
        set(&cache_in(server, database, key_of), &key("a"), "value").await;
    }
    assert_eq!(names(), 1, "the plain one went before the sealed one came");
    never.clear().await.unwrap();
    assert_eq!(names(), 0);
}

/// The name under which these bytes lie.
fn names_of(bytes: &[u8], names: &[String], connection: &mut redis::Connection) -> String {
    names.iter().find(|name| connection.get::<_, Vec<u8>>(*name).unwrap() == bytes).unwrap().clone()
}

/// Whatever else lies under a name of ours is nothing, and is taken away.
#[tokio::test]
async fn garbage_is_a_miss() {
    let (server, database) = (RedisServer::shared(), database());
    let cache = cache_in(server, database, None);
    let mut connection = server.connect(database);
    set(&cache, &key("a"), "value").await;
    let name: String = connection.keys::<_, Vec<String>>("*").unwrap().remove(0);
    let good: Vec<u8> = connection.get(&name).unwrap();
    let put = |connection: &mut redis::Connection, bytes: &[u8]| {
        let _: () = connection.pset_ex(&name, bytes, 60_000).unwrap();
    };
    let mut flipped = good.clone();
    *flipped.last_mut().unwrap() ^= 1;
    let garbage: Vec<Vec<u8>> = vec![
        vec![],
        vec![1],
        b"garbage".to_vec(),
        vec![0xFF; 5_000],
        flipped,
        good[..good.len() - 1].to_vec(),
    ];
    for bytes in &garbage {
        put(&mut connection, bytes);
        assert_eq!(get(&cache, &key("a")).await, None);
        assert!(!connection.exists::<_, bool>(&name).unwrap());
    }
    let _: () = connection.lpush(&name, "a list").unwrap();
    assert_eq!(get(&cache, &key("a")).await, None);
    let _: () = connection.set(&name, &good).unwrap();
    assert_eq!(get(&cache, &key("a")).await, None, "what lives for ever was not set by a cache");
    put(&mut connection, &good);
    assert_eq!(get(&cache, &key("a")).await.as_deref(), Some("value"));
    assert_eq!(cache.stats().await.tiers[0].damaged, garbage.len() as u64 + 2);
}

#[tokio::test]
async fn a_wrong_password_is_said_in_words_of_its_own_and_is_nobodys_error() {
    let server = RedisServer::alone(Some("s3cret-word"));
    for wrong in [Some("wr0ng-word"), None] {
        let address = Secret::new(server.address_with(wrong, 0));
        let options =
            RedisOptions { patience: MINUTE, connect_patience: MINUTE, ..RedisOptions::at(address) };
        let cache = Arc::new(RedisCache::new(options).unwrap());
        let error = cache.get(&key("a")).await.unwrap_err();
        assert_eq!(error.code, Code::CacheRefused);
        assert!(error.message.contains("password"), "{}", error.message);
        let whole = format!(
            "{error:?} {} {:?} {:?}",
            serde_json::to_string(&error).unwrap(),
            cache,
            cache.locations()
        );
        assert!(!whole.contains("wr0ng") && !whole.contains("s3cret"), "{whole}");
        let tiers = TieredCache::new(vec![(cache, PATIENT)]);
        assert_eq!(get(&tiers, &key("a")).await, None);
        let tier = tiers.stats().await.tiers.remove(0);
        assert_eq!((tier.breaker, tier.trouble), (Breaker::Open, Some(CacheTrouble::WrongPassword)));
    }
    let right = RedisCache::new(RedisOptions::at(Secret::new(server.address(0)))).unwrap();
    set(&right, &key("a"), "value").await;
    assert_eq!(get(&right, &key("a")).await.as_deref(), Some("value"));
}

#[tokio::test]
async fn a_server_that_is_full_keeps_nothing_new_and_nothing_old() {
    let server = RedisServer::alone(None);
    let cache = cache_in(&server, 0, None);
    set(&cache, &key("a"), "old").await;
    let mut connection = server.connect(0);
    let config = |connection: &mut redis::Connection, memory: &str| {
        redis::cmd("CONFIG").arg("SET").arg("maxmemory").arg(memory).query::<()>(connection).unwrap();
    };
    config(&mut connection, "1");
    set(&cache, &key("a"), "new").await;
    assert_eq!(cache.stats().await.tiers[0].trouble, Some(CacheTrouble::TakesNothing));
    assert_eq!(get(&cache, &key("a")).await, None);
    config(&mut connection, "0");
    set(&cache, &key("a"), "new").await;
    assert_eq!(get(&cache, &key("a")).await.as_deref(), Some("new"));
    assert_eq!(cache.stats().await.tiers[0].trouble, None);
}

#[tokio::test]
async fn what_is_no_address_of_a_redis_is_refused_without_being_shown() {
    for address in ["", "s3cret", "http://ada:s3cret@host", "redis://ada:s3cret@host:port/x"] {
        let error = RedisCache::new(RedisOptions::at(Secret::new(address))).map(drop).unwrap_err();
        assert_eq!(error.code, Code::InvalidArgument);
        assert!(
            !format!("{error:?} {:?}", error.hint).contains("s3cret") || address == "s3cret",
            "{error:?}"
        );
    }
}

/// Keys under load, and the oldest value of each that is still right.
struct Truth {
    cache: TieredCache,
    floors: Vec<AtomicU64>,
    stop: AtomicBool,
    reads: AtomicU64,
    found: AtomicU64,
    wrong: AtomicU64,
    errors: AtomicU64,
}

fn truth_key(at: usize) -> CacheKey {
    CacheKey::new(&format!("group-{}", at % 4), &format!("name-{at}"))
}

fn truth_value(at: usize, number: u64) -> Arc<[u8]> {
    format!("{at} {number} {}", "x".repeat(at * 50)).into_bytes().into()
}

impl Truth {
    /// Reads keys, and asks of every answer whether it is one that is still right.
    async fn read(&self, mut random: u64) {
        while !self.stop.load(Ordering::Relaxed) {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let at = (random >> 40) as usize % self.floors.len();
            let floor = self.floors[at].load(Ordering::SeqCst);
            match self.cache.get(&truth_key(at)).await {
                Ok(Some(found)) => {
                    let text = String::from_utf8(found.value.to_vec()).unwrap_or_default();
                    let number = text.split(' ').nth(1).and_then(|number| number.parse().ok());
                    let right = number
                        .is_some_and(|number| number >= floor && found.value == truth_value(at, number));
                    self.wrong.fetch_add(u64::from(!right), Ordering::Relaxed);
                    self.found.fetch_add(1, Ordering::Relaxed);
                }
                Ok(None) => {}
                Err(_) => drop(self.errors.fetch_add(1, Ordering::Relaxed)),
            }
            self.reads.fetch_add(1, Ordering::Relaxed);
            tokio::task::yield_now().await;
        }
    }

    /// Deletes keys and sets them anew: once a deletion returned, what was there is wrong, whatever the deletion said.
    async fn write(&self, me: usize, writers: usize) {
        let mut number = 0;
        while !self.stop.load(Ordering::Relaxed) {
            for at in (me..self.floors.len()).step_by(writers) {
                number += 1;
                let _ = self.cache.delete(&truth_key(at)).await;
                self.floors[at].store(number, Ordering::SeqCst);
                if self.cache.set(&truth_key(at), truth_value(at, number), Some(MINUTE)).await.is_err() {
                    self.errors.fetch_add(1, Ordering::Relaxed);
                }
                tokio::task::yield_now().await;
            }
        }
    }

    async fn redis(&self) -> TierStatistics {
        self.cache.stats().await.tiers.remove(1)
    }

    /// Waits until so many more reads were answered.
    async fn some_more(&self, reads: u64) {
        let until = self.reads.load(Ordering::Relaxed) + reads;
        while self.reads.load(Ordering::Relaxed) < until {
            tokio::task::yield_now().await;
        }
    }
}

async fn until(breaker: &mut watch::Receiver<Breaker>, wanted: Breaker) {
    let turned = tokio::time::timeout(MINUTE, breaker.wait_for(|now| *now == wanted)).await;
    turned.unwrap_or_else(|_| panic!("the breaker never was {wanted:?}")).unwrap();
}

/// Overwrites everything there with what nobody set: random bytes, values of others, lists.
fn fill_with_garbage(server: &RedisServer) {
    let mut connection = server.connect(0);
    let names: Vec<String> = connection.keys("backstory:*").unwrap();
    let values: Vec<Vec<u8>> = names
        .iter()
        .map(|name| redis::cmd("GET").arg(name).query(&mut connection).unwrap_or_default())
        .collect();
    for (at, name) in names.iter().enumerate() {
        let _: () = redis::cmd("DEL").arg(name).query(&mut connection).unwrap();
        let _: () = match at % 3 {
            0 => redis::cmd("PSETEX").arg(name).arg(60_000).arg(vec![at as u8; 300]).query(&mut connection),
            1 => {
                let another = &values[(at + 1) % values.len()];
                redis::cmd("PSETEX").arg(name).arg(60_000).arg(another).query(&mut connection)
            }
            _ => redis::cmd("LPUSH").arg(name).arg("garbage").query(&mut connection),
        }
        // A writer may have set it in between.
        .unwrap_or_default();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_happens_to_it_no_answer_is_wrong_and_nobody_sees_an_error() {
    let server = RedisServer::alone(None);
    let address = Secret::new(server.address(0));
    let options = RedisOptions { patience: Duration::from_secs(1), ..RedisOptions::at(address) };
    // In memory next to nothing stays, so that the Redis is asked all the time.
    let small = MemoryOptions { max_size: 4, ..MemoryOptions::default() };
    let tier = TierOptions {
        patience: Some(Duration::from_millis(100)),
        cool_down: Duration::from_millis(5),
        longest: Duration::from_millis(50),
        ..TierOptions::REMOTE
    };
    let cache = TieredCache::new(vec![
        (Arc::new(MemoryCache::new(small)), TierOptions::LOCAL),
        (Arc::new(RedisCache::new(options).unwrap()), tier),
    ]);
    let mut breaker = cache.watch(1).unwrap();
    let truth = Arc::new(Truth {
        cache,
        floors: (0..48).map(|_| AtomicU64::new(0)).collect(),
        stop: AtomicBool::new(false),
        reads: AtomicU64::new(0),
        found: AtomicU64::new(0),
        wrong: AtomicU64::new(0),
        errors: AtomicU64::new(0),
    });
    let mut workers = Vec::new();
    for me in 0..6 {
        let truth = truth.clone();
        workers.push(tokio::spawn(async move { truth.read(me).await }));
    }
    for me in 0..2 {
        let truth = truth.clone();
        workers.push(tokio::spawn(async move { truth.write(me, 2).await }));
    }
    let server = Arc::new(server);
    let on_server = |what: fn(&RedisServer)| {
        let server = server.clone();
        async move { tokio::task::spawn_blocking(move || what(&server)).await.unwrap() }
    };
    truth.some_more(500).await;
    for round in 0..2 {
        for (name, begin, end) in [
            ("killed", RedisServer::kill as fn(&RedisServer), RedisServer::start as fn(&RedisServer)),
            ("stopped", RedisServer::stop, RedisServer::start),
            ("paused", RedisServer::pause, RedisServer::resume),
        ] {
            on_server(begin).await;
            until(&mut breaker, Breaker::Open).await;
            assert!(truth.redis().await.breaker != Breaker::Closed, "{name}: it is seen");
            truth.some_more(500).await;
            on_server(end).await;
            until(&mut breaker, Breaker::Closed).await;
            truth.some_more(500).await;
            println!("{round} {name}: {} reads", truth.reads.load(Ordering::Relaxed));
        }
        on_server(|server| redis::cmd("FLUSHALL").query::<()>(&mut server.connect(0)).unwrap()).await;
        truth.some_more(500).await;
        on_server(fill_with_garbage).await;
        truth.some_more(500).await;
    }
    until(&mut breaker, Breaker::Closed).await;
    let (hits, found) = (truth.redis().await.hits, truth.found.load(Ordering::Relaxed));
    truth.some_more(2_000).await;
    truth.stop.store(true, Ordering::Relaxed);
    for worker in workers {
        worker.await.unwrap();
    }
    let tier = truth.redis().await;
    assert!(tier.hits > hits && truth.found.load(Ordering::Relaxed) > found, "it is used again: {tier:?}");
    assert!(tier.damaged > 0 && tier.failures > 0, "{tier:?}");
    assert_eq!((truth.wrong.load(Ordering::Relaxed), truth.errors.load(Ordering::Relaxed)), (0, 0));
}
