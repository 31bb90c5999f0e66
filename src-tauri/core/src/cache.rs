//! The cache contract: what every cache promises, and nothing about how.
//!
//! A cache holds bytes that can be had again, for a while. It may keep nothing of what it is given and lose anything at any
//! moment: whoever reads through one has another way to what they want, and takes a failure for a miss.
//!
//! Promises that hold for every cache:
//! - **Whole or nothing**: what [`CacheStorage::get`] returns is what was last set under that key, every byte of it, or nothing.
//!   What was damaged, or put there by somebody else, is nothing.
//! - **Never too late**: nothing is returned when its time to live is over.
//! - **Gone is gone**: once [`CacheStorage::delete`], [`CacheStorage::forget`] or [`CacheStorage::clear`] returned, whatever they
//!   said, this cache does not return what was there before. An error says that bytes of it may still lie somewhere; the cache
//!   goes on trying to take them away.
//! - **Bounded**: a cache with limits stays within them; what was used least recently leaves first.
//! - **Never in the way**: a call ends within the cache's patience, and nobody waits for a cache that is away.

use std::{
    fmt::{self, Debug, Display, Formatter},
    sync::Arc,
    time::Duration,
};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::error::Result;

/// What an entry is filed under: the group it goes with, and its name there.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CacheKey {
    text: Box<str>,
    group: u32,
}

impl CacheKey {
    /// The name within the group. Everything of a group can be taken away at once.
    pub fn new(group: &str, name: &str) -> Self {
        let mut text = String::with_capacity(group.len() + 1 + name.len());
        text.push_str(group);
        text.push('/');
        text.push_str(name);
        Self { text: text.into(), group: u32::try_from(group.len()).unwrap_or(u32::MAX) }
    }

    /// The group.
    pub fn group(&self) -> &str {
        self.text.get(..self.group as usize).unwrap_or(&self.text)
    }

    /// The name in the group.
    pub fn name(&self) -> &str {
        self.text.get(self.group as usize + 1..).unwrap_or_default()
    }

    /// Both, as one text.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

/// A key may hold what is personal: it is not for logs.
impl Debug for CacheKey {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("CacheKey(…)")
    }
}

/// How what a store holds may lie in a cache that others can reach, as the store says at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CacheSeal {
    /// As it is: nothing in the store is encrypted.
    Plain,
    /// Sealed with this key, and not otherwise.
    Sealed(CacheSecret),
    /// Not at all.
    Never,
}

/// What a store's entries are sealed with in a cache. Made from the store's own key for this one purpose, so that it opens
/// nothing else.
#[derive(Clone, PartialEq, Eq)]
pub struct CacheSecret([u8; 32]);

impl CacheSecret {
    /// Wraps the key.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The key itself: for whoever seals, never for a message.
    pub fn reveal(&self) -> &[u8; 32] {
        &self.0
    }
}

impl Debug for CacheSecret {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("CacheSecret(…)")
    }
}

/// An entry that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cached {
    /// What was set.
    pub value: Arc<[u8]>,
    /// How long it still lives: what a faster cache may keep it for.
    pub remaining: Duration,
}

/// Whether a tier of a cache is asked at all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub enum Breaker {
    /// It is asked.
    #[default]
    Closed,
    /// It failed, or was too slow, several times in a row: it is left alone for a while.
    Open,
    /// It is being tried, behind everybody's back.
    HalfOpen,
}

/// Why a tier of a cache is not used, or not well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub enum CacheTrouble {
    /// Its server does not answer, or not in time.
    Unreachable,
    /// Its server does not accept the name or the password.
    WrongPassword,
    /// Its server does not let this user do what a cache must do.
    NotAllowed,
    /// Its server has no room, or takes no writes.
    TakesNothing,
    /// Its server answers with what a cache does not understand.
    Confused,
    /// The configuration does not say where it is: a variable in its address is not set, or the address is none.
    NoAddress,
}

impl Display for CacheTrouble {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unreachable => "The cache's server does not answer.",
            Self::WrongPassword => "The cache's server does not accept the user name or the password.",
            Self::NotAllowed => "The cache's server does not let this user do what a cache must do.",
            Self::TakesNothing => "The cache's server takes no more entries.",
            Self::Confused => "The cache's server answers in a way that Backstory does not understand.",
            Self::NoAddress => "The configuration does not say where the cache's server is.",
        })
    }
}

/// How one tier of a cache stands. Counts are since the program started; of a server they are this program's, but for what
/// only the server knows.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct TierStatistics {
    /// Its kind: `memory`, `redis`.
    pub name: String,
    /// Where it is, where it is elsewhere. Never holds a password.
    pub location: Option<String>,
    /// How often something was found.
    pub hits: u64,
    /// How often nothing was.
    pub misses: u64,
    /// How much it holds; none where it does not say now.
    pub entries: Option<u64>,
    /// How many bytes that takes, keys and bookkeeping included as far as they are known.
    pub bytes: Option<u64>,
    /// How many bytes it may take; none where Backstory sets no limit.
    pub max_bytes: Option<u64>,
    /// How many entries left because there was no room. Of a server: all of the server's.
    pub evictions: u64,
    /// How many entries left because their time was over. Of a server: all of the server's.
    pub expired: u64,
    /// How many entries were not what was set, and were taken away.
    pub damaged: u64,
    /// How many calls failed or were too slow.
    pub failures: u64,
    /// Whether it is asked.
    pub breaker: Breaker,
    /// What is wrong with it, if anything.
    pub trouble: Option<CacheTrouble>,
    /// How many deletions it has not confirmed yet. It is not asked before it has.
    pub owed: u64,
    /// Half of all `get`s took at most so long: microseconds.
    pub get_p50_us: f64,
    /// 99 of 100 `get`s took at most so long: microseconds.
    pub get_p99_us: f64,
}

/// How a cache stands, its fastest tier first.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct CacheStatistics {
    /// Each tier. Empty: there is no cache.
    pub tiers: Vec<TierStatistics>,
}

/// A cache. See the module for the promises.
#[async_trait]
pub trait CacheStorage: Debug + Send + Sync {
    /// What is there under a key, and for how long.
    ///
    /// # Errors
    /// `cache_unavailable`, `cache_refused`. Whoever only reads takes one for a miss.
    async fn get(&self, key: &CacheKey) -> Result<Option<Cached>>;

    /// Keeps a value, at most for so long; none: as long as is usual there. It takes the place of what was there, and what was
    /// there is gone even where the new value is not kept.
    ///
    /// # Errors
    /// As [`CacheStorage::get`].
    async fn set(&self, key: &CacheKey, value: Arc<[u8]>, ttl: Option<Duration>) -> Result<()>;

    /// Takes an entry away.
    ///
    /// # Errors
    /// As [`CacheStorage::get`]: the entry is not returned any more, but may still lie where the cache could not reach.
    async fn delete(&self, key: &CacheKey) -> Result<()>;

    /// Takes every entry of a group away.
    ///
    /// # Errors
    /// As [`CacheStorage::delete`].
    async fn forget(&self, group: &str) -> Result<()>;

    /// Takes every entry away.
    ///
    /// # Errors
    /// As [`CacheStorage::delete`].
    async fn clear(&self) -> Result<()>;

    /// Whether there is something under a key. Does not count as a use of it.
    ///
    /// # Errors
    /// As [`CacheStorage::get`].
    async fn exists(&self, key: &CacheKey) -> Result<bool>;

    /// How it stands. What a tier does not say in time is left out.
    async fn stats(&self) -> CacheStatistics;

    /// Where this cache keeps entries outside of the program, as far as there is such a place. Never holds a password.
    fn locations(&self) -> Vec<String> {
        Vec::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_a_group_and_a_name_and_no_secret_is_shown() {
        for (group, name) in [("ddb-1", "abc"), ("", "x"), ("a", ""), ("a/b", "c/d"), ("ü", "ß")] {
            let key = CacheKey::new(group, name);
            assert_eq!((key.group(), key.name()), (group, name));
        }
        assert_ne!(CacheKey::new("a/b", "c"), CacheKey::new("a", "b/c"), "one text, two keys");
        assert!(!format!("{:?}", CacheKey::new("ddb-1", "abc")).contains("ddb"));
        let sealed = CacheSeal::Sealed(CacheSecret::new([201; 32]));
        assert_eq!(format!("{sealed:?}"), "Sealed(CacheSecret(…))");
    }
}
