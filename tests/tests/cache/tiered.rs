//! What only several caches as one can do wrong.

use std::{sync::Arc, time::Duration};

use backstory_core::{
    cache::{Breaker, CacheStorage},
    error::Code,
};
use backstory_storage::cache::{Hand, MemoryCache, MemoryOptions, TierOptions, TieredCache};
use backstory_tests::faults::cache::{Mood, MoodyCache};
use tokio::sync::watch;

use crate::contract::{get, key, set};

const MINUTE: Duration = Duration::from_secs(60);

/// Soon given up and soon tried again; but for what hangs, no answer is late.
const HASTY: TierOptions = TierOptions {
    patience: Some(Duration::from_millis(100)),
    write_patience: Duration::from_millis(100),
    failures: 3,
    cool_down: Duration::from_millis(1),
    longest: Duration::from_millis(5),
};

struct Two {
    hand: Hand,
    fast: Arc<MemoryCache>,
    slow: Arc<MemoryCache>,
    moody: Arc<MoodyCache>,
    cache: Arc<TieredCache>,
    breaker: watch::Receiver<Breaker>,
}

impl Two {
    fn new() -> Self {
        let hand = Hand::default();
        let options = MemoryOptions { stopwatch: hand.stopwatch(), ..MemoryOptions::default() };
        let (fast, slow) = (Arc::new(MemoryCache::new(options.clone())), Arc::new(MemoryCache::new(options)));
        let moody = MoodyCache::over(slow.clone());
        let cache =
            Arc::new(TieredCache::new(vec![(fast.clone(), TierOptions::LOCAL), (moody.clone(), HASTY)]));
        let breaker = cache.watch(1).unwrap();
        Self { hand, fast, slow, moody, cache, breaker }
    }

    async fn until(&mut self, breaker: Breaker) {
        self.breaker.wait_for(|now| *now == breaker).await.unwrap();
    }

    async fn owed(&self) -> u64 {
        self.cache.stats().await.tiers[1].owed
    }
}

#[tokio::test]
async fn a_hit_fills_the_faster_tier_for_what_remains_of_its_time() {
    let two = Two::new();
    set(&*two.cache, &key("a"), "value").await;
    two.fast.clear().await.unwrap();
    two.hand.advance(MINUTE * 2 / 3);
    assert_eq!(get(&*two.cache, &key("a")).await.as_deref(), Some("value"));
    let carried = two.fast.get(&key("a")).await.unwrap().expect("it was carried over");
    assert!(carried.remaining <= MINUTE / 3);
    two.slow.clear().await.unwrap();
    two.hand.advance(MINUTE / 3);
    assert_eq!(get(&*two.cache, &key("a")).await, None, "it does not live longer for having been carried");
}

#[tokio::test]
async fn what_is_written_is_in_every_tier_and_what_is_deleted_in_none() {
    let two = Two::new();
    set(&*two.cache, &key("a"), "value").await;
    assert!(two.fast.exists(&key("a")).await.unwrap() && two.slow.exists(&key("a")).await.unwrap());
    two.cache.delete(&key("a")).await.unwrap();
    assert!(!two.fast.exists(&key("a")).await.unwrap() && !two.slow.exists(&key("a")).await.unwrap());
}

#[tokio::test]
async fn a_tier_that_fails_is_left_alone_and_comes_back_by_itself() {
    let mut two = Two::new();
    two.moody.be(Mood::Failing);
    for _ in 0..3 {
        assert_eq!(get(&*two.cache, &key("a")).await, None, "a failure is a miss");
    }
    two.until(Breaker::Open).await;
    set(&*two.cache, &key("b"), "value").await;
    assert_eq!(get(&*two.cache, &key("b")).await.as_deref(), Some("value"), "from the other one");
    assert!(two.cache.stats().await.tiers[1].failures >= 3);
    two.moody.be(Mood::Well);
    two.until(Breaker::Closed).await;
    two.fast.clear().await.unwrap();
    set(&*two.cache, &key("c"), "value").await;
    two.fast.clear().await.unwrap();
    assert_eq!(get(&*two.cache, &key("c")).await.as_deref(), Some("value"), "it is asked again");
}

#[tokio::test]
async fn a_tier_that_is_left_alone_is_not_asked_by_those_who_wait() {
    let mut two = Two::new();
    two.moody.be(Mood::Hanging);
    for _ in 0..3 {
        assert_eq!(get(&*two.cache, &key("a")).await, None, "too slow is a miss");
    }
    two.until(Breaker::Open).await;
    // Only the one who looks after it waits for it now.
    for name in 0..1_000 {
        assert_eq!(get(&*two.cache, &key(&name.to_string())).await, None);
    }
    assert!(two.moody.asked() < 100, "{}", two.moody.asked());
    two.moody.be(Mood::Well);
    two.until(Breaker::Closed).await;
}

#[tokio::test]
async fn a_tier_that_could_not_delete_is_bypassed_until_it_did() {
    let mut two = Two::new();
    for name in ["a", "b", "c"] {
        set(&*two.cache, &key(name), "old").await;
    }
    two.moody.be(Mood::TakesNothing);
    let error = two.cache.delete(&key("a")).await.unwrap_err();
    assert_eq!(error.code, Code::CacheUnavailable);
    assert!(two.slow.exists(&key("a")).await.unwrap(), "it is there still");
    assert_eq!(get(&*two.cache, &key("a")).await, None, "and nobody gets it");
    assert_eq!(two.cache.delete(&key("b")).await.unwrap_err().code, Code::CacheUnavailable);
    assert_eq!(two.owed().await, 2);
    two.fast.clear().await.unwrap();
    assert_eq!(get(&*two.cache, &key("c")).await, None, "nor anything else of it");
    two.moody.be(Mood::Well);
    two.until(Breaker::Closed).await;
    assert!(!two.slow.exists(&key("a")).await.unwrap() && !two.slow.exists(&key("b")).await.unwrap());
    assert_eq!(get(&*two.cache, &key("a")).await, None);
    assert_eq!(get(&*two.cache, &key("c")).await.as_deref(), Some("old"), "what was not deleted is there");
    assert_eq!(two.owed().await, 0);
}

#[tokio::test]
async fn groups_and_everything_are_owed_like_entries() {
    for everything in [false, true] {
        let mut two = Two::new();
        set(&*two.cache, &key("a"), "old").await;
        two.moody.be(Mood::Failing);
        let gone = if everything { two.cache.clear().await } else { two.cache.forget("ddb-1").await };
        assert_eq!(gone.unwrap_err().code, Code::CacheUnavailable);
        assert_eq!(get(&*two.cache, &key("a")).await, None);
        two.moody.be(Mood::Well);
        two.until(Breaker::Closed).await;
        assert_eq!(get(&*two.cache, &key("a")).await, None);
        assert!(!two.slow.exists(&key("a")).await.unwrap());
    }
}

#[tokio::test]
async fn a_value_that_a_tier_did_not_take_does_not_leave_the_old_one_there() {
    let mut two = Two::new();
    set(&*two.cache, &key("a"), "old").await;
    two.moody.be(Mood::TakesNothing);
    set(&*two.cache, &key("a"), "new").await;
    two.fast.clear().await.unwrap();
    assert_eq!(get(&*two.cache, &key("a")).await, None);
    two.moody.be(Mood::Well);
    two.until(Breaker::Closed).await;
    assert_eq!(get(&*two.cache, &key("a")).await, None, "the old one was taken away first");
}

#[tokio::test]
async fn more_than_can_be_remembered_is_everything() {
    let mut two = Two::new();
    set(&*two.cache, &key("kept"), "old").await;
    two.moody.be(Mood::Failing);
    for name in 0..5_000 {
        set(&*two.cache, &key(&name.to_string()), "new").await;
    }
    assert!(two.owed().await < 5_000);
    two.moody.be(Mood::Well);
    two.until(Breaker::Closed).await;
    assert!(!two.slow.exists(&key("kept")).await.unwrap());
}

/// A hit is on its way up when its key is deleted, or set anew: it must not come in behind that.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hit_on_its_way_does_not_overtake_what_came_after_it() {
    for deleted in [true, false] {
        let two = Two::new();
        set(&*two.slow, &key("a"), "old").await;
        two.moody.be(Mood::Holding);
        let cache = two.cache.clone();
        let hit = tokio::spawn(async move { get(&*cache, &key("a")).await });
        two.moody.has_held(1).await;
        // Only reads are held.
        match deleted {
            true => two.cache.delete(&key("a")).await.unwrap(),
            false => set(&*two.cache, &key("a"), "new").await,
        }
        two.moody.be(Mood::Well);
        assert_eq!(hit.await.unwrap().as_deref(), Some("old"), "it was asked for before");
        let expected = (!deleted).then_some("new");
        assert_eq!(get(&*two.fast, &key("a")).await.as_deref(), expected);
        assert_eq!(get(&*two.cache, &key("a")).await.as_deref(), expected);
    }
}
