//! Any operations, in any order, with time passing between them: a cache says what a map would, or nothing.

use std::{collections::BTreeMap, time::Duration};

use backstory_core::cache::CacheKey;
use proptest::{
    collection::vec,
    prelude::*,
    test_runner::{Config as ProptestConfig, TestRunner},
};

use crate::subjects::Subject;

/// Runs a property that needs to wait for things.
pub(crate) fn check<S: Strategy>(cases: u32, strategy: S, property: impl AsyncFn(S::Value)) {
    let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
    let runtime = tokio::runtime::Handle::current();
    let run = |value| {
        runtime.block_on(property(value));
        Ok(())
    };
    tokio::task::block_in_place(|| TestRunner::new(config).run(&strategy, run).unwrap());
}

#[derive(Debug, Clone)]
enum Step {
    Set { key: usize, value: u16, minutes: u32 },
    Get { key: usize },
    Exists { key: usize },
    Delete { key: usize },
    Forget { group: usize },
    Clear,
    Pass { minutes: u32 },
}

/// So long that what a busy computer takes for a step does not count.
const MINUTE: Duration = Duration::from_secs(60);
const GROUPS: usize = 3;
const KEYS: usize = 9;

fn key(key: usize) -> CacheKey {
    CacheKey::new(&format!("group-{}", key % GROUPS), &format!("name-{}", key / GROUPS))
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        8 => (0..KEYS, any::<u16>(), 0_u32..100).prop_map(|(key, value, minutes)| Step::Set { key, value, minutes }),
        10 => (0..KEYS).prop_map(|key| Step::Get { key }),
        2 => (0..KEYS).prop_map(|key| Step::Exists { key }),
        3 => (0..KEYS).prop_map(|key| Step::Delete { key }),
        1 => (0..GROUPS).prop_map(|group| Step::Forget { group }),
        1 => Just(Step::Clear),
        4 => (1_u32..40).prop_map(|minutes| Step::Pass { minutes }),
    ];
    vec(step, 1..80)
}

/// What was set last, and when it ends.
type Model = BTreeMap<usize, (u16, u32)>;

pub(crate) async fn any_operations_do_what_the_model_does(subject: &dyn Subject) {
    check(24, steps(), async |steps| {
        let made = subject.make();
        let cache = made.cache();
        let (mut model, mut now, mut found) = (Model::new(), 0, 0);
        for step in &steps {
            match *step {
                Step::Set { key: at, value, minutes } => {
                    let bytes = value.to_le_bytes().repeat(1 + usize::from(value) % 500);
                    cache.set(&key(at), bytes.into(), Some(MINUTE * minutes)).await.unwrap();
                    model.insert(at, (value, now + minutes));
                }
                Step::Get { key: at } => {
                    let there = model.get(&at).filter(|(_, ends)| *ends > now);
                    let Some(cached) = cache.get(&key(at)).await.unwrap() else {
                        assert!(there.is_none(), "nothing left for want of room");
                        continue;
                    };
                    let (value, ends) = there.expect("what is not there is not found");
                    assert_eq!(&cached.value[..2], value.to_le_bytes());
                    assert_eq!(cached.value.len(), 2 * (1 + usize::from(*value) % 500));
                    assert!(cached.remaining <= MINUTE * (ends - now));
                    found += 1;
                }
                Step::Exists { key: at } => {
                    let there = model.get(&at).is_some_and(|(_, ends)| *ends > now);
                    assert_eq!(cache.exists(&key(at)).await.unwrap(), there);
                }
                Step::Delete { key: at } => {
                    cache.delete(&key(at)).await.unwrap();
                    model.remove(&at);
                }
                Step::Forget { group } => {
                    cache.forget(&format!("group-{group}")).await.unwrap();
                    model.retain(|key, _| key % GROUPS != group);
                }
                Step::Clear => {
                    cache.clear().await.unwrap();
                    model.clear();
                }
                Step::Pass { minutes } => {
                    made.advance(MINUTE * minutes);
                    now += minutes;
                }
            }
        }
        let hits: u64 = cache.stats().await.tiers.iter().map(|tier| tier.hits).sum();
        assert_eq!(hits, found);
    });
}
