//! What only a cache in memory can do wrong: its limits, its order, its clean-up, many threads at once.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use backstory_core::cache::{CacheKey, CacheStorage};
use backstory_storage::cache::{Hand, MemoryCache, MemoryOptions};

use crate::contract::{get, key, set};

const MINUTE: Duration = Duration::from_secs(60);

#[tokio::test]
async fn what_was_used_least_recently_leaves_first() {
    let cache = MemoryCache::new(MemoryOptions { max_size: 3, ..MemoryOptions::default() });
    for name in ["a", "b", "c"] {
        set(&cache, &key(name), name).await;
    }
    assert!(get(&cache, &key("a")).await.is_some());
    assert!(cache.exists(&key("b")).await.unwrap(), "which is not a use");
    set(&cache, &key("d"), "d").await;
    assert_eq!(get(&cache, &key("b")).await, None);
    for name in ["a", "c", "d"] {
        assert_eq!(get(&cache, &key(name)).await.as_deref(), Some(name));
    }
    let tier = &cache.stats().await.tiers[0];
    assert_eq!((tier.entries, tier.evictions, tier.expired), (Some(3), 1, 0));
}

#[tokio::test]
async fn bytes_are_counted_with_keys_and_bookkeeping() {
    let options = MemoryOptions { max_bytes: 10_000, ..MemoryOptions::default() };
    let cache = MemoryCache::new(options);
    cache.keep(&key("a"), vec![0; 1_000].into(), None);
    let one = cache.bytes();
    assert!((1_100..1_400).contains(&one), "{one}");
    cache.keep(&key("a"), vec![0; 500].into(), None);
    assert_eq!(cache.bytes(), one - 500, "the one it took the place of counts no more");
    cache.keep(&key(&"n".repeat(301)), vec![0; 1_000].into(), None);
    assert_eq!(cache.bytes(), one - 500 + one + 300);
    for name in 0..1_000 {
        cache.keep(&key(&name.to_string()), vec![0; 700].into(), None);
        assert!(cache.bytes() <= 10_000, "{}", cache.bytes());
    }
    let tier = &cache.stats().await.tiers[0];
    assert!(tier.entries >= Some(8) && tier.bytes > Some(8_000), "{tier:?}");
    // Tiny values are mostly bookkeeping.
    cache.clear().await.unwrap();
    assert_eq!(cache.bytes(), 0);
    (0..1_000).for_each(|name| cache.keep(&key(&name.to_string()), vec![0; 1].into(), None));
    assert!(cache.stats().await.tiers[0].entries < Some(60));
}

#[tokio::test]
async fn what_is_larger_than_all_the_room_is_not_kept() {
    let cache = MemoryCache::new(MemoryOptions { max_bytes: 10_000, ..MemoryOptions::default() });
    set(&cache, &key("a"), "small").await;
    set(&cache, &key("b"), "small").await;
    cache.keep(&key("a"), vec![0; 10_000].into(), None);
    assert_eq!(get(&cache, &key("a")).await, None, "and what it would have taken the place of is gone");
    assert_eq!(get(&cache, &key("b")).await.as_deref(), Some("small"), "and nobody else");
    let none = MemoryCache::new(MemoryOptions { max_size: 0, ..MemoryOptions::default() });
    set(&none, &key("a"), "small").await;
    assert_eq!((get(&none, &key("a")).await, none.bytes()), (None, 0));
}

#[tokio::test]
async fn what_is_over_gives_its_room_back_without_being_asked_for() {
    let hand = Hand::default();
    let options = MemoryOptions {
        clean_up: Duration::from_millis(1),
        stopwatch: hand.stopwatch(),
        ..MemoryOptions::default()
    };
    let cache = MemoryCache::new(options);
    for name in 0..300 {
        cache.keep(&key(&name.to_string()), vec![0; 100].into(), Some(MINUTE * (1 + name % 2)));
    }
    assert_eq!(cache.stats().await.tiers[0].entries, Some(300));
    hand.advance(MINUTE);
    let deadline = Instant::now() + Duration::from_secs(60);
    while cache.stats().await.tiers[0].expired < 150 {
        assert!(Instant::now() < deadline, "nobody cleans up");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let tier = &cache.stats().await.tiers[0];
    assert_eq!((tier.entries, tier.expired, tier.evictions), (Some(150), 150, 0));
}

/// Threads at once on one cache.
const THREADS: u64 = 8;
const MAX_BYTES: usize = 8 << 20;

/// What one thread knows of a key that only it changes.
#[derive(Clone, Copy)]
struct Known {
    /// The number of the value that was set last; none after a deletion.
    value: Option<u64>,
    /// Its time is over from here on, on the clock.
    ends: Duration,
}

/// Begins with the number of its key and its own, then as many bytes as it says.
fn value(key: u64, number: u64, length: usize) -> Arc<[u8]> {
    let mut bytes = vec![0; length.max(16)];
    bytes[..8].copy_from_slice(&key.to_le_bytes());
    bytes[8..16].copy_from_slice(&number.to_le_bytes());
    bytes.into()
}

fn number(bytes: &[u8]) -> (u64, u64) {
    let number = |at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap());
    (number(0), number(8))
}

/// Sets, deletes and asks for keys of its own, and looks at everybody's, until it is told to stop. Says how much it did.
fn worker(me: u64, cache: &MemoryCache, hand: &Hand, stop: &AtomicBool, most: &AtomicU64) -> u64 {
    const KEYS: u64 = 400;
    let key = |at: u64| CacheKey::new(&format!("group-{}", at % 7), &format!("name-{at}"));
    let mut known = vec![Known { value: None, ends: Duration::ZERO }; KEYS as usize];
    let (mut random, mut done) = (me + 1, 0);
    while !stop.load(Ordering::Relaxed) {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let dice = random >> 33;
        let own = (dice >> 8) % KEYS;
        let at = own * THREADS + me;
        let mine = &mut known[own as usize];
        match dice % 16 {
            0..4 => {
                let length = if dice.is_multiple_of(5) { 60_000 } else { (dice % 4_000) as usize };
                let lives = Duration::from_millis(1 + dice % 500);
                cache.keep(&key(at), value(at, done, length), Some(lives));
                *mine = Known { value: Some(done), ends: hand.shows() + lives };
            }
            4 => {
                let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
                runtime.block_on(cache.delete(&key(at))).unwrap();
                mine.value = None;
            }
            5..12 => {
                let over = hand.shows() >= mine.ends;
                if let Some(found) = cache.look(&key(at)) {
                    assert_eq!(Some(number(&found.value)), mine.value.map(|value| (at, value)));
                    assert!(!over, "its time was over");
                }
            }
            _ => {
                let other = own * THREADS + dice % THREADS;
                if let Some(found) = cache.look(&key(other)) {
                    assert_eq!(number(&found.value).0, other, "a value under another key");
                }
            }
        }
        done += 1;
        if done.is_multiple_of(64) {
            most.fetch_max(cache.bytes() as u64, Ordering::Relaxed);
        }
    }
    done
}

/// Eight threads for so long, while time passes by hand. Says how much they did, and the most bytes anybody saw.
fn storm(lasts: Duration) -> (u64, u64) {
    let hand = Hand::default();
    let options = MemoryOptions {
        max_size: 2_000,
        max_bytes: MAX_BYTES,
        stopwatch: hand.stopwatch(),
        ..MemoryOptions::default()
    };
    let cache = MemoryCache::new(options);
    let (stop, most) = (AtomicBool::new(false), AtomicU64::new(0));
    let done = thread::scope(|scope| {
        let workers: Vec<_> = (0..THREADS)
            .map(|me| {
                let (cache, hand, stop, most) = (&cache, &hand, &stop, &most);
                scope.spawn(move || worker(me, cache, hand, stop, most))
            })
            .collect();
        let end = Instant::now() + lasts;
        while Instant::now() < end && !workers.iter().any(|worker| worker.is_finished()) {
            hand.advance(Duration::from_millis(1));
            cache.clean_up();
            thread::yield_now();
        }
        stop.store(true, Ordering::Relaxed);
        workers.into_iter().map(|worker| worker.join().unwrap()).sum()
    });
    (done, most.into_inner())
}

#[test]
fn eight_threads_find_nothing_that_is_deleted_or_over_and_stay_within_the_room() {
    let (done, most) = storm(Duration::from_secs(2));
    assert!(done > 10_000, "{done}");
    assert!(most > MAX_BYTES as u64 / 4, "{most}: too little came in to say anything");
    assert!(most <= MAX_BYTES as u64, "{most}");
}

/// The pages this process has in memory.
#[cfg(target_os = "linux")]
fn resident() -> u64 {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap();
    text.split(' ').nth(1).unwrap().parse::<u64>().unwrap() * 4_096
}

/// Alone in its process where slow tests run: what is accounted for is set against what the system gave.
#[cfg(target_os = "linux")]
#[test]
#[ignore = "takes a minute: cargo xtask test --slow"]
fn eight_threads_for_a_minute_stay_within_the_room_and_a_twentieth() {
    let before = resident();
    let (done, most) = storm(Duration::from_secs(60));
    let grown = resident() - before;
    println!("{done} operations, {most} bytes at most of {MAX_BYTES}, {grown} more resident");
    assert!(most <= MAX_BYTES as u64, "{most}");
}
