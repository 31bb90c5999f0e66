//! What every cache promises.

use std::{sync::Arc, time::Duration};

use backstory_core::cache::{CacheKey, CacheStorage};
use proptest::{collection::vec, prelude::*};

use crate::{model::check, subjects::Subject};

const MINUTE: Duration = Duration::from_secs(60);

pub(crate) fn key(name: &str) -> CacheKey {
    CacheKey::new("ddb-1", name)
}

pub(crate) async fn set(cache: &dyn CacheStorage, key: &CacheKey, value: &str) {
    cache.set(key, value.as_bytes().into(), Some(MINUTE)).await.unwrap();
}

/// The text that is there, if any.
pub(crate) async fn get(cache: &dyn CacheStorage, key: &CacheKey) -> Option<String> {
    let found = cache.get(key).await.unwrap()?;
    Some(String::from_utf8(found.value.to_vec()).unwrap())
}

pub(crate) async fn nothing_is_there_at_first(subject: &dyn Subject) {
    let made = subject.make();
    assert_eq!(get(made.cache(), &key("a")).await, None);
    assert!(!made.cache().exists(&key("a")).await.unwrap());
    made.cache().delete(&key("a")).await.unwrap();
    made.cache().forget("ddb-1").await.unwrap();
    made.cache().clear().await.unwrap();
    assert!(!made.cache().stats().await.tiers.is_empty());
}

pub(crate) async fn any_bytes_come_back(subject: &dyn Subject) {
    let made = subject.make();
    let texts = ("[^/]{0,20}", ".{0,40}", vec(any::<u8>(), 0..3_000), 0_usize..200);
    check(64, texts, async |(group, name, bytes, times)| {
        // Some that are long and pack well, some that do not.
        let value: Arc<[u8]> = if times % 3 == 0 { bytes.repeat(times) } else { bytes }.into();
        let key = CacheKey::new(&group, &name);
        made.cache().set(&key, Arc::clone(&value), Some(MINUTE)).await.unwrap();
        let found = made.cache().get(&key).await.unwrap().expect("it was kept just now");
        assert_eq!(found.value, value);
        assert!(made.cache().exists(&key).await.unwrap());
    });
}

pub(crate) async fn a_value_takes_the_place_of_another(subject: &dyn Subject) {
    let made = subject.make();
    for value in ["one", "two", "", "three"] {
        set(made.cache(), &key("a"), value).await;
        assert_eq!(get(made.cache(), &key("a")).await.as_deref(), Some(value));
    }
    set(made.cache(), &key("b"), "other").await;
    assert_eq!(get(made.cache(), &key("a")).await.as_deref(), Some("three"));
}

pub(crate) async fn an_entry_ends_with_its_time(subject: &dyn Subject) {
    let made = subject.make();
    set(made.cache(), &key("a"), "short").await;
    made.cache().set(&key("b"), b"long"[..].into(), Some(MINUTE * 10)).await.unwrap();
    made.cache().set(&key("c"), b"usual"[..].into(), None).await.unwrap();
    made.advance(MINUTE / 2);
    assert_eq!(get(made.cache(), &key("a")).await.as_deref(), Some("short"));
    made.advance(MINUTE / 2);
    assert_eq!(get(made.cache(), &key("a")).await, None);
    assert!(!made.cache().exists(&key("a")).await.unwrap());
    assert_eq!(get(made.cache(), &key("b")).await.as_deref(), Some("long"));
    made.advance(MINUTE * 60);
    assert_eq!(get(made.cache(), &key("b")).await, None);
    assert_eq!(get(made.cache(), &key("c")).await, None);
    // A new life.
    set(made.cache(), &key("a"), "again").await;
    assert_eq!(get(made.cache(), &key("a")).await.as_deref(), Some("again"));
}

pub(crate) async fn what_remains_is_said(subject: &dyn Subject) {
    let made = subject.make();
    set(made.cache(), &key("a"), "value").await;
    let mut before = MINUTE;
    for _ in 0..4 {
        // However often it is asked for: what is carried into a faster tier lives no longer there.
        for _ in 0..3 {
            let remaining = made.cache().get(&key("a")).await.unwrap().unwrap().remaining;
            assert!(remaining <= before, "{remaining:?} of {before:?}");
        }
        made.advance(Duration::from_secs(10));
        before -= Duration::from_secs(10);
    }
    made.advance(Duration::from_secs(20));
    assert_eq!(get(made.cache(), &key("a")).await, None);
}

pub(crate) async fn what_lives_no_time_is_not_kept(subject: &dyn Subject) {
    let made = subject.make();
    set(made.cache(), &key("a"), "old").await;
    made.cache().set(&key("a"), b"new"[..].into(), Some(Duration::ZERO)).await.unwrap();
    assert_eq!(get(made.cache(), &key("a")).await, None, "neither the new nor the old");
}

pub(crate) async fn a_deleted_entry_is_gone(subject: &dyn Subject) {
    let made = subject.make();
    set(made.cache(), &key("a"), "a").await;
    set(made.cache(), &key("b"), "b").await;
    assert!(get(made.cache(), &key("a")).await.is_some());
    made.cache().delete(&key("a")).await.unwrap();
    assert_eq!(get(made.cache(), &key("a")).await, None);
    assert!(!made.cache().exists(&key("a")).await.unwrap());
    assert_eq!(get(made.cache(), &key("b")).await.as_deref(), Some("b"));
}

pub(crate) async fn a_group_goes_and_no_other(subject: &dyn Subject) {
    let made = subject.make();
    let groups = ["ddb-1", "ddb-10", "ddb", "ddb-1*", "", "ddb-?"];
    for group in groups {
        for name in ["a", "b", "c"] {
            set(made.cache(), &CacheKey::new(group, name), group).await;
        }
    }
    for (gone, group) in groups.iter().enumerate() {
        made.cache().forget(group).await.unwrap();
        for (at, group) in groups.iter().enumerate() {
            // Found again where tiers are small: nothing is said of how many are kept.
            let found = get(made.cache(), &CacheKey::new(group, "b")).await;
            assert_eq!(found.as_deref(), (at > gone).then_some(*group));
        }
    }
}

pub(crate) async fn everything_goes(subject: &dyn Subject) {
    let made = subject.make();
    for name in 0..50 {
        set(made.cache(), &key(&name.to_string()), "value").await;
    }
    made.cache().clear().await.unwrap();
    for name in 0..50 {
        assert_eq!(get(made.cache(), &key(&name.to_string())).await, None);
    }
    assert!(made.cache().stats().await.tiers.iter().all(|tier| tier.entries == Some(0)));
}

pub(crate) async fn uses_are_counted(subject: &dyn Subject) {
    let made = subject.make();
    set(made.cache(), &key("a"), "value").await;
    for name in ["a", "a", "a", "b"] {
        get(made.cache(), &key(name)).await;
    }
    let stats = made.cache().stats().await;
    let (first, last) = (&stats.tiers[0], stats.tiers.last().unwrap());
    assert_eq!((first.hits, first.misses, last.misses), (3, 1, 1));
    assert!(stats.tiers.iter().all(|tier| tier.entries == Some(1) && tier.bytes > Some(10)), "{stats:?}");
    assert!(stats.tiers.iter().all(|tier| tier.failures == 0 && tier.owed == 0 && tier.trouble.is_none()));
    assert!(first.get_p50_us > 0.0 && first.get_p50_us <= first.get_p99_us);
}
