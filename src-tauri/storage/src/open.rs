//! The factory: from an address to a store.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use async_trait::async_trait;
use backstory_core::{
    config,
    error::{Code, Error, Result},
    storage::{CharacterStorage, StorageFactory, StoreOptions},
};

use crate::{
    joined::{JoinedStorage, Manner},
    memory::MemoryStorage,
    sqlite::{SqliteOptions, SqliteStorage},
};

/// The kinds of stores there are, as an error names them.
pub(crate) const KINDS: &str = "A library is a file whose name ends in .sqlite or .db, or memory: for one that is not kept. \
     Two in a row are gradual:NEW|OLD or hybrid:NEW|OLD.";

/// Opens every kind of store this build has.
#[derive(Debug, Clone, Copy, Default)]
pub struct Stores;

#[async_trait]
impl StorageFactory for Stores {
    async fn open_with(&self, address: &str, options: &StoreOptions) -> Result<Arc<dyn CharacterStorage>> {
        match Address::parse(address)? {
            Address::Memory => Ok(Arc::new(MemoryStorage::new())),
            Address::Joined { manner, new, old } => {
                // A wrong address of the old one must not make an empty library there.
                let only_look = StoreOptions { read_only: true, ..options.clone() };
                let mut older = self.open_with(&old, &only_look).await?;
                if !options.read_only {
                    older = self.open_with(&old, options).await?;
                }
                let newer = self.open_with(&new, options).await?;
                Ok(Arc::new(JoinedStorage::new(manner, newer, older, options.read_only)))
            }
            Address::Sqlite(path) => {
                let defaults = SqliteOptions::default();
                let options = SqliteOptions {
                    wait: options.wait.unwrap_or(defaults.wait),
                    read_only: options.read_only,
                    encoding: options.encoding.unwrap_or_default(),
                };
                Ok(Arc::new(SqliteStorage::open(path, options).await?))
            }
        }
    }
}

/// What an address names.
#[derive(Debug, PartialEq, Eq)]
enum Address {
    Memory,
    Sqlite(PathBuf),
    Joined { manner: Manner, new: String, old: String },
}

impl Address {
    fn parse(address: &str) -> Result<Self> {
        if address == "memory:" {
            return Ok(Self::Memory);
        }
        for manner in [Manner::Gradual, Manner::Hybrid] {
            let halves = address.strip_prefix(manner.name()).and_then(|rest| rest.strip_prefix(':'));
            if let Some((new, old)) = halves.and_then(|halves| halves.split_once('|')) {
                return Ok(Self::Joined { manner, new: new.to_owned(), old: old.to_owned() });
            }
        }
        if let Some(path) = address.strip_prefix("sqlite:").filter(|path| !path.is_empty()) {
            return Ok(Self::Sqlite(path.into()));
        }
        let path = Path::new(address);
        let ending = path.extension().unwrap_or_default();
        if (ending.eq_ignore_ascii_case("sqlite") || ending.eq_ignore_ascii_case("db"))
            && !address.contains("://")
        {
            return Ok(Self::Sqlite(path.to_owned()));
        }
        Err(unknown(&config::Address::new(address)))
    }
}

fn unknown(address: &config::Address) -> Error {
    Error::new(Code::InvalidArgument, format!("{address:?} does not name a library.")).hint(KINDS)
}

/// What kind of store an address names, as [`StorageInfo::kind`](backstory_core::storage::StorageInfo) will say.
///
/// # Errors
/// `invalid_argument` for an address no backend knows, with no more of it than may be shown.
pub fn kind(address: &config::Address) -> Result<&'static str> {
    Ok(match Address::parse(address.reveal()).map_err(|_| unknown(address))? {
        Address::Memory => "memory",
        Address::Sqlite(_) => "sqlite",
        Address::Joined { manner, .. } => manner.name(),
    })
}

/// The address of a file whose path is taken from a folder, or from the home folder where it begins with `~/`. None where
/// there is nothing to be done to it.
pub(crate) fn anchored(address: &config::Address, folder: &Path) -> Option<config::Address> {
    let path = match Address::parse(address.reveal()).ok()? {
        Address::Sqlite(path) => path,
        Address::Memory => return None,
        Address::Joined { manner, new, old } => {
            let [new, old] = [new, old].map(|half| match anchored(&config::Address::new(&half), folder) {
                Some(moved) => moved.reveal().to_owned(),
                None => half,
            });
            let text = format!("{}:{new}|{old}", manner.name());
            return (text != address.reveal()).then(|| address.moved(text));
        }
    };
    let from = match path.strip_prefix("~") {
        Ok(below) => directories::BaseDirs::new()?.home_dir().join(below),
        Err(_) => std::path::absolute(folder.join(&path)).ok()?,
    };
    let scheme = if address.reveal().starts_with("sqlite:") { "sqlite:" } else { "" };
    (from != path).then(|| address.moved(format!("{scheme}{}", from.display())))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        let sqlite = |path: &str| Address::Sqlite(path.into());
        for (address, expected) in [
            ("memory:", Address::Memory),
            ("sqlite:no-ending", sqlite("no-ending")),
            ("/home/ada/lib.sqlite", sqlite("/home/ada/lib.sqlite")),
            ("C:\\Games\\LIB.DB", sqlite("C:\\Games\\LIB.DB")),
            (
                "hybrid:memory:|gradual:a.db|b.db",
                Address::Joined {
                    manner: Manner::Hybrid,
                    new: "memory:".to_owned(),
                    old: "gradual:a.db|b.db".to_owned(),
                },
            ),
        ] {
            assert_eq!(Address::parse(address).unwrap(), expected);
        }
        for address in ["", "sqlite:", "memory", "/home/ada", "lib.json", "postgres://host/a.db"] {
            let error = Address::parse(address).unwrap_err();
            assert_eq!((error.code, error.hint.as_deref()), (Code::InvalidArgument, Some(KINDS)));
        }
    }

    #[test]
    fn a_password_stays_out_of_the_message() {
        let error = Address::parse("postgres://ada:s3cr@t@db.example/backstory").unwrap_err();
        assert!(!error.message.contains("s3cr"), "{error}");
        assert!(!error.message.contains("t@"), "{error}");
    }

    #[cfg(unix)]
    #[test]
    fn paths_are_taken_from_a_folder() {
        let anchored = |address: &str| {
            anchored(&config::Address::new(address), Path::new("/etc/games")).map(|to| to.reveal().to_owned())
        };
        assert_eq!(anchored("a/lib.sqlite").as_deref(), Some("/etc/games/a/lib.sqlite"));
        assert_eq!(anchored("sqlite:lib").as_deref(), Some("sqlite:/etc/games/lib"));
        assert_eq!(anchored("/srv/lib.sqlite"), None);
        assert_eq!(anchored("memory:"), None);
        let both = anchored("gradual:new.sqlite|/srv/old.sqlite");
        assert_eq!(both.as_deref(), Some("gradual:/etc/games/new.sqlite|/srv/old.sqlite"));
        assert!(!anchored("~/lib.sqlite").unwrap().contains('~'));
    }
}
