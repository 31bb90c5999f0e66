//! The caches: what finding something costs, how many threads get on with each other, what is really taken of the memory, and
//! what a cache is worth.

use std::{
    hint::black_box,
    num::NonZeroUsize,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use backstory_core::{
    cache::{CacheKey, CacheStorage},
    library::Library,
    model::VersionMetadata,
    storage::{HistoryQuery, QueryFilter, StorageFactory},
};
use backstory_sources::{registry, sample};
use backstory_storage::{
    cache::{MemoryCache, MemoryOptions},
    clock::SystemClock,
    open::Stores,
};
use lru::LruCache;
use tempfile::TempDir;

use super::{TURNS, Table, median, ms, percentile};

const KEYS: usize = 1_000;
const THREADS: usize = 8;

pub(crate) async fn run(table: &mut Table) {
    hits(table).await;
    threads(table);
    #[cfg(target_os = "linux")]
    taken(table);
    #[cfg(unix)]
    redis::run(table).await;
    opening(table).await;
}

fn keys() -> Vec<CacheKey> {
    let name = |n: usize| backstory_core::model::ContentHash::of(&n.to_le_bytes()).to_string();
    (0..KEYS).map(|n| CacheKey::new("ddb-145081718", &name(n))).collect()
}

fn roomy() -> MemoryOptions {
    MemoryOptions { max_size: KEYS * 2, max_bytes: 256 << 20, ..MemoryOptions::default() }
}

/// Nanoseconds of each of so many.
#[allow(clippy::cast_precision_loss)]
fn each(since: Instant, count: usize) -> f64 {
    since.elapsed().as_secs_f64() * 1e9 / count as f64
}

async fn hits(table: &mut Table) {
    let (keys, value) = (keys(), Arc::<[u8]>::from(vec![7; 400]));
    let cache = MemoryCache::new(roomy());
    let mut bare = LruCache::new(NonZeroUsize::new(KEYS * 2).unwrap());
    for key in &keys {
        cache.keep(key, value.clone(), None);
        bare.put(key.clone(), value.clone());
    }
    const ROUNDS: usize = 200;
    let (mut ours, mut asked, mut theirs) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..TURNS {
        let start = Instant::now();
        for key in keys.iter().cycle().take(KEYS * ROUNDS) {
            black_box(cache.look(key));
        }
        ours.push(each(start, KEYS * ROUNDS));
        let start = Instant::now();
        for key in keys.iter().cycle().take(KEYS * ROUNDS) {
            black_box(cache.get(key).await.unwrap());
        }
        asked.push(each(start, KEYS * ROUNDS));
        let start = Instant::now();
        for key in keys.iter().cycle().take(KEYS * ROUNDS) {
            black_box(bare.get(key).cloned());
        }
        theirs.push(each(start, KEYS * ROUNDS));
    }
    let theirs = median(&mut theirs);
    table.pair("cache in memory: a hit", median(&mut ours), "bare lru", theirs, "ns", "≥ 0.5×");
    table.pair("cache in memory: a hit, by the contract", median(&mut asked), "bare lru", theirs, "ns", "");
}

/// Eight threads: nine hits for each entry that is set, a tenth of the keys more than there is room for.
fn threads(table: &mut Table) {
    let (keys, value) = (keys(), Arc::<[u8]>::from(vec![7; 400]));
    const OPERATIONS: usize = 200_000;
    let run = |operation: &(dyn Fn(&CacheKey, bool) + Sync)| {
        let start = Instant::now();
        thread::scope(|scope| {
            for me in 0..THREADS {
                let keys = &keys;
                scope.spawn(move || {
                    for n in 0..OPERATIONS {
                        let key = &keys[(n * 7_919 + me * 131) % KEYS];
                        operation(key, n % 10 == 0);
                    }
                });
            }
        });
        each(start, OPERATIONS * THREADS)
    };
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..TURNS {
        let cache = MemoryCache::new(MemoryOptions { max_size: KEYS * 9 / 10, ..roomy() });
        ours.push(run(&|key, is_set| match is_set {
            true => cache.keep(key, value.clone(), None),
            false => drop(black_box(cache.look(key))),
        }));
        let moka = moka::sync::Cache::builder()
            .max_capacity(KEYS as u64 * 9 / 10)
            .time_to_live(Duration::from_secs(3_600))
            .build();
        theirs.push(run(&|key, is_set| match is_set {
            true => moka.insert(key.clone(), value.clone()),
            false => drop(black_box(moka.get(key))),
        }));
    }
    let (ours, theirs) = (median(&mut ours), median(&mut theirs));
    table.pair("cache in memory: 8 threads, an operation", ours, "moka", theirs, "ns", "≥ 0.5×");
}

/// The megabytes this process has in memory.
#[cfg(target_os = "linux")]
#[allow(clippy::cast_precision_loss)]
fn resident() -> f64 {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap();
    text.split(' ').nth(1).unwrap().parse::<f64>().unwrap() * 4_096.0 / 1e6
}

/// What is accounted for against what the system gave: each in a process of its own, which has nothing else to give back.
#[cfg(target_os = "linux")]
fn taken(table: &mut Table) {
    for length in [16, 400, 6_000, 100_000] {
        let program = std::env::current_exe().unwrap();
        let said = std::process::Command::new(program).args([FILL, &length.to_string()]).output().unwrap();
        let numbers: Vec<f64> =
            String::from_utf8(said.stdout).unwrap().split_whitespace().map(|n| n.parse().unwrap()).collect();
        let what = format!("cache in memory: values of {length} B");
        table.pair(&what, numbers[0], "as accounted for", numbers[1], "MB", "≥ 0.95×");
    }
}

/// The word that makes this program fill a cache and say what that took.
#[cfg(target_os = "linux")]
pub(crate) const FILL: &str = "fill-a-cache";

/// Fills a cache with values of this length, and prints the megabytes that the system gave and that are accounted for.
#[cfg(target_os = "linux")]
#[allow(clippy::cast_precision_loss)]
pub(crate) fn fill(length: usize) {
    let options = MemoryOptions { max_size: usize::MAX, max_bytes: 64 << 20, ..MemoryOptions::default() };
    let (cache, before) = (MemoryCache::new(options), resident());
    for n in 0..(64 << 20) / (length + 200) {
        cache.keep(&CacheKey::new("ddb-145081718", &format!("{n:064}")), vec![1; length].into(), None);
    }
    println!("{} {}", resident() - before, cache.bytes() as f64 / 1e6);
}

#[cfg(unix)]
mod redis {
    use backstory_core::storage::Secret;
    use backstory_storage::cache::{RedisCache, RedisOptions, TierOptions, TieredCache};
    use backstory_tests::servers::redis::RedisServer;

    use super::*;

    /// A document's worth, from the Redis and from the memory above it, against the bare bytes out of the same server.
    pub(super) async fn run(table: &mut Table) {
        let server = RedisServer::shared();
        let slower = || {
            let options = RedisOptions::at(Secret::new(server.address(0)));
            (Arc::new(RedisCache::new(options).unwrap()) as Arc<dyn CacheStorage>, TierOptions::REMOTE)
        };
        let faster = (
            Arc::new(MemoryCache::new(MemoryOptions::default())) as Arc<dyn CacheStorage>,
            TierOptions::LOCAL,
        );
        let (both, alone) = (TieredCache::new(vec![faster, slower()]), TieredCache::new(vec![slower()]));
        let document: Arc<[u8]> = sample::history(9, 1, 400_000).next().unwrap().document.into();
        let key = CacheKey::new("ddb-145081718", "document");
        let client = ::redis::Client::open(server.address(0)).unwrap();
        let mut bare = client.get_multiplexed_async_connection().await.unwrap();
        ::redis::cmd("SET").arg("bare").arg(&*document).query_async::<()>(&mut bare).await.unwrap();
        both.set(&key, document.clone(), None).await.unwrap();
        let [mut ours, mut above, mut theirs] = [const { Vec::new() }; 3];
        for _ in 0..400 {
            let start = Instant::now();
            black_box(alone.get(&key).await.unwrap().unwrap());
            ours.push(ms(start));
            let start = Instant::now();
            black_box(both.get(&key).await.unwrap().unwrap());
            above.push(ms(start));
            let start = Instant::now();
            black_box(::redis::cmd("GET").arg("bare").query_async::<Vec<u8>>(&mut bare).await.unwrap());
            theirs.push(ms(start));
        }
        let what = "cache in a Redis: 400 KB, packed, p50";
        table.pair(what, median(&mut ours), "bare GET, not packed", median(&mut theirs), "ms", "");
        table.alone("cache in a Redis: p99", percentile(&mut ours, 0.99), "ms", "≤ 20 ms");
        table.alone("memory over a Redis: a hit", median(&mut above), "ms", "");
    }
}

/// Opens versions of a history that were opened before, with a cache and without.
async fn opening(table: &mut Table) {
    let folder = TempDir::new().unwrap();
    let library = |cache: Option<Arc<dyn CacheStorage>>| {
        let path = folder.path().join("library.sqlite");
        async move {
            let storage = Stores.open(path.to_str().unwrap()).await.unwrap();
            Library::new(storage, registry::sources(), Arc::new(SystemClock), "bench").cached(cache)
        }
    };
    let without = library(None).await;
    for capture in sample::history(9, 120, 400_000) {
        without.capture(&[capture.draft().unwrap()]).await.unwrap();
    }
    let options = MemoryOptions { max_bytes: 128 << 20, ..MemoryOptions::default() };
    let cache: Arc<dyn CacheStorage> = Arc::new(MemoryCache::new(options));
    let with = library(Some(cache.clone())).await;
    let character = without.query(&QueryFilter::default()).await.unwrap().items[0].id.clone();
    let all = without.history(&HistoryQuery::all(character)).await.unwrap().items;
    for version in &all {
        with.document(version).await.unwrap();
        // It comes into the cache behind whoever reads it.
        let key = CacheKey::new(version.character.as_str(), &version.content.to_string());
        while !cache.exists(&key).await.unwrap() {
            tokio::task::yield_now().await;
        }
    }
    let [mut ours, mut theirs, mut near] = [const { Vec::new() }; 3];
    for n in 0..600 {
        let version: &VersionMetadata = &all[(n * 7_919) % all.len()];
        let start = Instant::now();
        black_box(with.document(version).await.unwrap());
        ours.push(ms(start));
        let start = Instant::now();
        black_box(without.document(version).await.unwrap());
        theirs.push(ms(start));
        // One of the last few: derived already.
        let version = &all[n % 8];
        let start = Instant::now();
        black_box(with.sheet(version).await.unwrap());
        near.push(ms(start));
    }
    let what = "open a version that is in the cache, p50";
    table.pair(what, median(&mut ours), "out of SQLite", median(&mut theirs), "ms", "");
    table.pair(
        "  p99",
        percentile(&mut ours, 0.99),
        "out of SQLite",
        percentile(&mut theirs, 0.99),
        "ms",
        "",
    );
    table.alone("a sheet that is at hand, p50", median(&mut near), "ms", "");
}
