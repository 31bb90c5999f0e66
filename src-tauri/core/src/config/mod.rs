//! The configuration: which libraries there are and how each is opened.
//!
//! It is laid down in layers: what is compiled in (`default.toml`), a file, variables of the environment, flags. A later
//! layer goes before an earlier one, key by key. Everything comes in as text; this module reads no file and no environment.
//!
//! What a variable held is never told: an [`Address`] hides its secrets, and errors say where a value stands, not what it is.

mod address;
mod cache;
mod edit;
mod keys;
mod layers;
mod storage;
#[cfg(test)]
mod tests;
mod text;
mod upkeep;
mod variables;

use std::{collections::BTreeMap, fmt, time::Duration};

use serde::Serialize;

use self::layers::Stack;
pub use self::{
    address::Address,
    cache::{CacheBackend, CacheConfig, MemoryConfig, RedisConfig},
    edit::edited,
    keys::{KEYS, Key, Takes, nearest},
    text::Format,
    upkeep::{AlertsConfig, BackupConfig, MetricsConfig},
    variables::Lookup,
};
use crate::{
    encryption::Unlock,
    error::{Code, Error, Result},
    retention::RetentionPolicy,
    storage::{Compression, Encoding, Secret, StoreOptions},
    wording::Language,
};

/// The first layer.
const DEFAULTS: &str = include_str!("../default.toml");

/// The library that is there without being configured.
pub const HOME: &str = "home";

/// Everything a configuration is made of.
pub struct Layers<'a> {
    /// Where the library `home` is when nobody says otherwise, or why there is no such place.
    pub home: Result<String>,
    /// The file, where there is one.
    pub file: Option<File<'a>>,
    /// The environment.
    pub environment: Environment<'a>,
    /// What `--library` says.
    pub library: Option<String>,
}

/// A configuration file that was read.
#[derive(Clone, Copy)]
pub struct File<'a> {
    /// Its path, for errors and origins.
    pub path: &'a str,
    /// What is in it.
    pub text: &'a str,
    /// How that is written.
    pub format: Format,
}

/// The environment of the program.
pub struct Environment<'a> {
    /// The names of its variables, those of other programs too.
    pub names: Vec<String>,
    /// Their values.
    pub lookup: &'a Lookup<'a>,
}

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Origin {
    /// Compiled in.
    Default,
    /// A line of the configuration file.
    File {
        /// The file.
        path: String,
        /// The line, from 1.
        line: usize,
    },
    /// A variable of the environment.
    Environment {
        /// Its name.
        name: String,
    },
    /// A flag on the command line.
    Flag {
        /// Its name.
        name: String,
    },
    /// What somebody asks for, which stands nowhere yet.
    Asked,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File { path, line } => write!(f, "{path}, line {line}"),
            Self::Environment { name } | Self::Flag { name } => f.write_str(name),
            Self::Asked => f.write_str("what was asked for"),
        }
    }
}

/// A value of the configuration, fit to be shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Value {
    /// Where a store is, or a library's name.
    Address(Address),
    /// One of several words.
    Choice(String),
    /// A number.
    Whole(i64),
    /// Yes or no.
    YesNo(bool),
    /// Not known, since a variable in it is not set: as it is written.
    Unset(String),
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(address) => address.fmt(f),
            Self::Choice(text) | Self::Unset(text) => f.write_str(text),
            Self::Whole(number) => number.fmt(f),
            Self::YesNo(yes) => yes.fmt(f),
        }
    }
}

/// A value and where it comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Setting {
    /// What holds.
    pub value: Value,
    /// Who says so.
    pub origin: Origin,
}

/// What holds, after all layers.
#[derive(Debug, Clone)]
pub struct Config {
    /// The library to open: a name out of `libraries`, a path or an address.
    pub library: Address,
    /// The language in which a history is told.
    pub language: Language,
    /// What is kept of others.
    pub privacy: PrivacyConfig,
    /// How long versions are kept in a library that does not say so itself.
    pub retention: RetentionPolicy,
    /// The libraries that can be opened, by name.
    pub libraries: BTreeMap<String, LibraryConfig>,
    /// Where backups are kept, and how many.
    pub backup: BackupConfig,
    /// Whether what is measured is served.
    pub metrics: MetricsConfig,
    /// From when on the player is told that something is not well.
    pub alerts: AlertsConfig,
    /// The libraries that cannot be opened here and now, and why: one that waits for a variable must not keep the others shut.
    pub unready: BTreeMap<String, Error>,
    /// What keeps what was read at hand.
    pub cache: CacheConfig,
    /// Every value and where it comes from, by the path of its key.
    pub settings: BTreeMap<String, Setting>,
    /// How a library is opened of which only the address is known; its own address means nothing.
    plain: LibraryConfig,
}

/// What is kept of others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PrivacyConfig {
    /// Other players' rows are cut out of a document before it is kept.
    pub minimise: bool,
}

impl Default for PrivacyConfig {
    fn default() -> Self {
        Self { minimise: true }
    }
}

/// How one library is opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LibraryConfig {
    /// Where it is.
    pub address: Address,
    /// Never write to it.
    pub read_only: bool,
    /// A second server, with a copy, for reads that bear its lagging behind.
    pub read_replica: Option<Address>,
    /// How new documents are kept. None: nobody says, so the store decides.
    pub encoding: Option<Encoding>,
    /// Connections.
    pub pool: PoolConfig,
}

/// Connections to a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolConfig {
    /// At most so many to a server.
    pub size: u32,
    /// How long to wait for one, or for another writer.
    pub wait_seconds: u64,
}

impl Config {
    /// Lays the layers over each other.
    ///
    /// # Errors
    /// `config_invalid`, with the place: a key that is not known, a value that is not what its key takes, a text that is
    /// neither TOML nor YAML.
    pub fn read(layers: Layers<'_>) -> Result<Self> {
        Stack::read(layers)?.into_config()
    }

    /// The library of this name, or why it cannot be opened; none where no library has it.
    ///
    /// # Errors
    /// Inside: what is in [`Config::unready`].
    pub fn named(&self, name: &str) -> Option<Result<&LibraryConfig>> {
        let ready = self.libraries.get(name).map(Ok);
        ready.or_else(|| self.unready.get(name).map(|error| Err(error.clone())))
    }

    /// A library of which only the address is known.
    pub fn unnamed(&self, address: Address) -> LibraryConfig {
        LibraryConfig { address, ..self.plain.clone() }
    }

    /// The names of all libraries, in order.
    pub fn names(&self) -> Vec<&str> {
        let mut names: Vec<&str> =
            self.libraries.keys().chain(self.unready.keys()).map(String::as_str).collect();
        names.sort_unstable();
        names
    }

    /// That no library has the name that is to be opened: with those that there are. `kinds` says what an address looks
    /// like.
    pub fn unknown(&self, kinds: &str) -> Error {
        let names = self.names();
        let hint = match nearest(self.library.reveal(), names.iter().copied()) {
            Some(near) => format!("Did you mean `{near}`?"),
            None => format!("Known: `{}`.", names.join("`, `")),
        };
        Error::new(Code::InvalidArgument, format!("No library is called `{}`.", self.library))
            .hint(format!("{hint} {kinds}"))
    }
}

impl LibraryConfig {
    /// How a backend is told all this.
    pub fn options(&self) -> StoreOptions {
        StoreOptions {
            read_only: self.read_only,
            encoding: self.encoding,
            pool_size: Some(self.pool.size),
            wait: Some(Duration::from_secs(self.pool.wait_seconds)),
            passphrase: None,
            unlock: Unlock::default(),
            read_replica: self.read_replica.as_ref().map(|address| Secret::new(address.reveal())),
        }
    }

    /// Puts a library together from its values, by the ends of their keys.
    fn assemble<'a>(name: &str, get: &dyn Fn(&str) -> Option<&'a Setting>) -> Result<Self> {
        let value = |key| get(key).map(|setting| &setting.value);
        let whole = |key, otherwise| match value(key) {
            Some(Value::Whole(number)) => *number,
            _ => otherwise,
        };
        let address = |key| match value(key) {
            Some(Value::Address(address)) => Some(address.clone()),
            _ => None,
        };
        Ok(Self {
            address: address("address").unwrap_or_else(|| Address::new("")),
            read_only: value("read_only") == Some(&Value::YesNo(true)),
            read_replica: address("read_replica"),
            encoding: encoding(name, get)?,
            pool: PoolConfig {
                size: u32::try_from(whole("pool.size", 1)).unwrap_or(1),
                wait_seconds: u64::try_from(whole("pool.wait_seconds", 0)).unwrap_or(0),
            },
        })
    }
}

/// How long versions are kept. What is not said does nothing: a line about archiving must not begin to thin.
fn retention<'a>(get: &dyn Fn(&str) -> Option<&'a Setting>) -> RetentionPolicy {
    let number = |key| match get(key).map(|setting| &setting.value) {
        Some(Value::Whole(number)) => u32::try_from(*number).ok(),
        _ => None,
    };
    let is_set = |key| get(key).is_some_and(|setting| setting.value == Value::YesNo(true));
    RetentionPolicy {
        keep_all_days: number("keep_all_days"),
        daily_until_days: number("daily_until_days"),
        weekly_until_days: number("weekly_until_days"),
        monthly_forever: is_set("monthly_forever"),
        max_versions_per_character: number("max_versions_per_character"),
        max_total_size_mb: number("max_total_size_mb"),
        archive_after_days: number("archive_after_days"),
        auto_delete_after_days: number("auto_delete_after_days"),
        anonymise_instead_of_delete: is_set("anonymise_instead_of_delete"),
    }
}

/// How new documents are kept, where somebody says so. A level must be one of its compression's.
fn encoding<'a>(name: &str, get: &dyn Fn(&str) -> Option<&'a Setting>) -> Result<Option<Encoding>> {
    let said = |key: &&str| get(key).is_some_and(|setting| setting.origin != Origin::Default);
    if !["encoding.compression", "encoding.level", "encoding.delta"].iter().any(said) {
        return Ok(None);
    }
    let compression = match get("encoding.compression").map(|setting| setting.value.to_string()).as_deref() {
        Some("none") => Compression::None,
        Some("gzip") => Compression::Gzip,
        Some("lz4") => Compression::Lz4,
        _ => Compression::Zstd,
    };
    let delta = get("encoding.delta").is_none_or(|setting| setting.value == Value::YesNo(true));
    let mut encoding = Encoding { compression, level: None, delta, ..Encoding::default() };
    if let Some(Setting { value: Value::Whole(level), origin }) = get("encoding.level") {
        let (most, compression) = match compression {
            Compression::Zstd => (22, "zstd"),
            Compression::Gzip => (9, "gzip"),
            Compression::Lz4 => (0, "lz4"),
            Compression::None => (0, "none"),
        };
        if *level > most {
            let problem = match most {
                0 => format!("does nothing, since the compression {compression} has no levels."),
                most => format!("is {level}, and the levels of {compression} go from 1 to {most}."),
            };
            return Err(layers::wrong(origin, &format!("libraries.{name}.encoding.level"), &problem)
                .hint("Leave `level` out, and it is the one that is right while somebody waits."));
        }
        encoding.level = i32::try_from(*level).ok();
    }
    Ok(Some(encoding))
}
