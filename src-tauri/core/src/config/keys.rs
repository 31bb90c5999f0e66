//! Every key there is, what it takes, and which one somebody may have meant.

use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

/// A key of the configuration.
#[derive(Debug)]
pub struct Key {
    /// Where it stands; `*` is the name of any library.
    pub path: &'static str,
    pub(super) form: Form,
}

/// What a key takes.
#[derive(Debug)]
pub(super) enum Form {
    /// Where a store is, or the name of a library: it may hold a secret.
    Address,
    /// A folder of this computer.
    Folder,
    /// An address and a port that only this computer reaches.
    Loopback,
    YesNo,
    Whole(RangeInclusive<i64>),
    Choice(&'static [&'static str]),
}

/// What a key takes, as it is told to a person who is to choose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(rename = "ConfigTakes"))]
pub enum Takes {
    /// A line of text. It may hold a secret.
    Text,
    /// Yes or no: `true`, `false`.
    YesNo,
    /// A whole number.
    Whole {
        /// The least.
        least: i64,
        /// The most.
        most: i64,
    },
    /// One of these words.
    Choice {
        /// The words.
        names: Vec<String>,
    },
}

impl Key {
    /// The key of a value's path.
    pub fn of(path: &str) -> Option<&'static Self> {
        key(path)
    }

    /// What it takes.
    pub fn takes(&self) -> Takes {
        match &self.form {
            Form::Address | Form::Folder | Form::Loopback => Takes::Text,
            Form::YesNo => Takes::YesNo,
            Form::Whole(range) => Takes::Whole { least: *range.start(), most: *range.end() },
            Form::Choice(names) => {
                Takes::Choice { names: names.iter().map(|name| (*name).to_owned()).collect() }
            }
        }
    }

    /// Whether a change of it holds at once in a window that is open. Which library is opened and how is decided at the start, and
    /// in which language by the window itself.
    pub fn holds_at_once(&self) -> bool {
        let at_the_start = ["library", "language", "libraries.", "storage."];
        !at_the_start
            .iter()
            .any(|start| self.path == *start || start.ends_with('.') && self.path.starts_with(start))
    }
}

/// A hundred years.
const MOST_DAYS: i64 = 36_500;

/// Every key there is.
pub const KEYS: &[Key] = &[
    Key { path: "library", form: Form::Address },
    Key { path: "language", form: Form::Choice(&["en", "de"]) },
    Key { path: "privacy.minimise", form: Form::YesNo },
    Key { path: "retention.keep_all_days", form: Form::Whole(0..=MOST_DAYS) },
    Key { path: "retention.daily_until_days", form: Form::Whole(1..=MOST_DAYS) },
    Key { path: "retention.weekly_until_days", form: Form::Whole(1..=MOST_DAYS) },
    Key { path: "retention.monthly_forever", form: Form::YesNo },
    Key { path: "retention.max_versions_per_character", form: Form::Whole(2..=1_000_000) },
    Key { path: "retention.max_total_size_mb", form: Form::Whole(1..=1_000_000_000) },
    Key { path: "retention.archive_after_days", form: Form::Whole(1..=MOST_DAYS) },
    Key { path: "retention.auto_delete_after_days", form: Form::Whole(1..=MOST_DAYS) },
    Key { path: "retention.anonymise_instead_of_delete", form: Form::YesNo },
    Key { path: "backup.folder", form: Form::Folder },
    Key { path: "backup.daily", form: Form::Whole(0..=366) },
    Key { path: "backup.weekly", form: Form::Whole(0..=520) },
    Key { path: "backup.monthly", form: Form::Whole(0..=1200) },
    Key { path: "metrics.listen", form: Form::Loopback },
    Key { path: "alerts.error_percent", form: Form::Whole(1..=100) },
    Key { path: "alerts.disk_percent", form: Form::Whole(0..=90) },
    Key { path: "alerts.slow_ms", form: Form::Whole(1..=600_000) },
    Key { path: "alerts.hit_percent", form: Form::Whole(0..=95) },
    Key { path: "alerts.memory_percent", form: Form::Whole(1..=100) },
    Key { path: "alerts.memory_limit_mb", form: Form::Whole(64..=1_000_000) },
    Key { path: "alerts.denied", form: Form::Whole(1..=1_000_000) },
    Key { path: "alerts.silent_days", form: Form::Whole(1..=3650) },
    Key { path: "alerts.notify", form: Form::YesNo },
    Key { path: "libraries.*.address", form: Form::Address },
    Key { path: "libraries.*.read_only", form: Form::YesNo },
    Key { path: "libraries.*.read_replica", form: Form::Address },
    Key { path: "libraries.*.encoding.compression", form: Form::Choice(&["none", "gzip", "zstd", "lz4"]) },
    Key { path: "libraries.*.encoding.level", form: Form::Whole(1..=22) },
    Key { path: "libraries.*.encoding.delta", form: Form::YesNo },
    Key { path: "libraries.*.pool.size", form: Form::Whole(1..=50) },
    Key { path: "libraries.*.pool.wait_seconds", form: Form::Whole(0..=3600) },
    Key { path: "cache.backend", form: Form::Choice(&["none", "memory", "redis", "tiered"]) },
    Key { path: "cache.memory.max_size", form: Form::Whole(1..=10_000_000) },
    Key { path: "cache.memory.max_memory_mb", form: Form::Whole(1..=1_000_000) },
    Key { path: "cache.memory.default_ttl_seconds", form: Form::Whole(1..=31_536_000) },
    Key { path: "cache.redis.redis_url", form: Form::Address },
    Key { path: "cache.redis.default_ttl_seconds", form: Form::Whole(1..=31_536_000) },
    // The same in other words, for the library that is opened: see `storage.rs`.
    Key { path: "storage.backend", form: Form::Choice(&super::storage::BACKENDS) },
    Key { path: "storage.storage_root", form: Form::Address },
    Key { path: "storage.database_path", form: Form::Address },
    Key { path: "storage.dsn", form: Form::Address },
    Key { path: "storage.compression", form: Form::Choice(&["none", "gzip", "zstd", "lz4"]) },
    Key { path: "storage.pool_size", form: Form::Whole(1..=50) },
    Key { path: "storage.enable_partitioning", form: Form::YesNo },
];

impl Form {
    /// What must stand there, in words.
    pub(super) fn words(&self) -> String {
        match self {
            Self::Address | Self::Folder => "text".to_owned(),
            Self::Loopback => "an address of this computer with a port, as in 127.0.0.1:9464".to_owned(),
            Self::YesNo => "true or false".to_owned(),
            Self::Whole(range) => format!("a whole number from {} to {}", range.start(), range.end()),
            Self::Choice(names) => match names.split_last() {
                Some((last, before)) => format!("{} or {last}", before.join(", ")),
                None => String::new(),
            },
        }
    }
}

/// Whether an address is one that only this computer reaches.
pub(super) fn is_loopback(text: &str) -> bool {
    let Some((host, port)) = text.rsplit_once(':') else { return false };
    let parts: Vec<Option<u8>> = host.split('.').map(|part| part.parse().ok()).collect();
    let is_v4 = parts.len() == 4 && parts.iter().all(Option::is_some) && parts[0] == Some(127);
    port.parse::<u16>().is_ok() && (is_v4 || host == "localhost" || host == "[::1]")
}

/// What stands at a place in the configuration.
pub(super) enum Place {
    /// A value.
    Value,
    /// A table with more keys.
    Table,
    /// A library, whose name is not one.
    BadName,
    /// Nothing that is known; and what to do about it.
    Unknown(String),
}

/// What stands at a path.
pub(super) fn place(path: &[String]) -> Place {
    let pattern = pattern(path);
    match path {
        [first, name] if first == "libraries" => {
            return if is_library_name(name) { Place::Table } else { Place::BadName };
        }
        _ => {}
    }
    if KEYS.iter().any(|key| key.path == pattern) {
        return Place::Value;
    }
    let inside = format!("{pattern}.");
    match KEYS.iter().any(|key| key.path.starts_with(&inside)) {
        true => Place::Table,
        false => Place::Unknown(suggestion(path)),
    }
}

/// The key of a value's path.
pub(super) fn key(path: &str) -> Option<&'static Key> {
    let path: Vec<String> = path.split('.').map(str::to_owned).collect();
    let pattern = pattern(&path);
    KEYS.iter().find(|key| key.path == pattern)
}

/// A name that can stand in a variable of the environment as well as in a file.
pub(super) fn is_library_name(name: &str) -> bool {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
    name.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
        && name.len() <= 64
        && name.chars().all(fits)
        && !name.contains("__")
}

/// The path with `*` in the place of a library's name.
fn pattern(path: &[String]) -> String {
    let in_libraries = path.first().is_some_and(|first| first == "libraries");
    let part =
        |(at, part): (usize, &'_ String)| if in_libraries && at == 1 { "*".to_owned() } else { part.clone() };
    path.iter().enumerate().map(part).collect::<Vec<_>>().join(".")
}

/// What somebody may have meant who wrote this path.
fn suggestion(path: &[String]) -> String {
    let Some((wrong, parents)) = path.split_last() else { return String::new() };
    let siblings = siblings(parents);
    if let Some(near) = nearest(wrong, siblings.iter().copied()) {
        return format!("Did you mean `{near}`?");
    }
    let end = |key: &Key, parts: usize| {
        let path: Vec<&str> = key.path.split('.').collect();
        path[path.len().saturating_sub(parts)..].join("_")
    };
    let lasts: Vec<String> = KEYS.iter().map(|key| end(key, 1)).collect();
    let near = nearest(wrong, lasts.iter().map(String::as_str)).unwrap_or_default();
    let elsewhere = KEYS.iter().find(|key| end(key, 2) == *wrong || end(key, 1) == near);
    match elsewhere {
        Some(key) => format!("Did you mean `{}`?", key.path.replace('*', "NAME")),
        None if siblings.is_empty() => "No key stands there.".to_owned(),
        None => format!("Known there: `{}`.", siblings.join("`, `")),
    }
}

/// The keys that may stand in a table.
fn siblings(parents: &[String]) -> Vec<&'static str> {
    let inside = pattern(parents);
    let mut found = Vec::new();
    for key in KEYS {
        let rest = match inside.as_str() {
            "" => Some(key.path),
            inside => key.path.strip_prefix(inside).and_then(|rest| rest.strip_prefix('.')),
        };
        if let Some(name) = rest.and_then(|rest| rest.split('.').next())
            && !found.contains(&name)
        {
            found.push(name);
        }
    }
    found
}

/// The known word that a wrong one is most likely a slip of.
pub fn nearest<'a>(wrong: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let wrong = wrong.to_lowercase().replace('-', "_");
    let distance = |word: &str| strsim::damerau_levenshtein(&wrong, word);
    let near = known.map(|word| (distance(word), word)).min()?;
    (near.0 <= near.1.chars().count().min(wrong.chars().count()).div_ceil(3)).then_some(near.1)
}
