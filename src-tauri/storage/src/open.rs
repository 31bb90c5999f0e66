//! The factory: from an address to a store.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use async_trait::async_trait;
use backstory_core::{
    config,
    error::{Code, Error, Result},
    package,
    storage::{CharacterStorage, Secret, StorageFactory, StoreOptions},
};

use crate::{
    folder::FolderStorage,
    joined::{JoinedStorage, Manner},
    memory::MemoryStorage,
    objects::{ObjectOptions, ObjectStorage, Place},
    package::PackageStorage,
    postgres::{PostgresOptions, PostgresStorage},
    sqlite::{SqliteOptions, SqliteStorage},
};

/// The kinds of stores there are, as an error names them.
pub(crate) const KINDS: &str = "A library is a file whose name ends in .sqlite or .db; a folder (with a / at the end where it \
     is new); postgresql://<user>@<host>/<database>; s3://, az:// or gs:// with a bucket and a folder in it; objects: with a \
     local folder; a .backstory file, which is only read; memory: for one that is not kept; or two in a row, gradual:NEW|OLD or hybrid:NEW|OLD.";

/// Opens every kind of store this build has.
#[derive(Debug, Clone, Copy, Default)]
pub struct Stores;

#[async_trait]
impl StorageFactory for Stores {
    async fn open_with(&self, address: &str, options: &StoreOptions) -> Result<Arc<dyn CharacterStorage>> {
        Ok(match Address::parse(address)? {
            Address::Memory => Arc::new(MemoryStorage::new()),
            Address::Folder(path) => Arc::new(FolderStorage::open(path, options).await?),
            Address::Sqlite(path) => Arc::new(SqliteStorage::open(path, sqlite(options)).await?),
            Address::Postgres(address) => {
                Arc::new(PostgresStorage::open(address.reveal(), postgres(options)).await?)
            }
            Address::Export(path) => Arc::new(PackageStorage::open(path, options.passphrase.clone()).await?),
            Address::Objects(place) => Arc::new(ObjectStorage::open_here(&place, objects(options)).await?),
            Address::Joined { manner, new, old } => {
                // A wrong address of the old one must not make an empty library there.
                let only_look = StoreOptions { read_only: true, ..options.clone() };
                let mut older = self.open_with(old.reveal(), &only_look).await?;
                if !options.read_only {
                    older = self.open_with(old.reveal(), options).await?;
                }
                let newer = self.open_with(new.reveal(), options).await?;
                Arc::new(JoinedStorage::new(manner, newer, older, options.read_only))
            }
        })
    }
}

fn sqlite(options: &StoreOptions) -> SqliteOptions {
    SqliteOptions {
        wait: options.wait.unwrap_or(SqliteOptions::default().wait),
        read_only: options.read_only,
        encoding: options.encoding.unwrap_or_default(),
        unlock: options.unlock.clone(),
        own_copy: false,
    }
}

fn postgres(options: &StoreOptions) -> PostgresOptions {
    let defaults = PostgresOptions::default();
    PostgresOptions {
        wait: options.wait.unwrap_or(defaults.wait),
        read_only: options.read_only,
        pool_size: options.pool_size.unwrap_or(defaults.pool_size),
        encoding: options.encoding.unwrap_or_default(),
        read_replica: options.read_replica.clone(),
    }
}

fn objects(options: &StoreOptions) -> ObjectOptions {
    let defaults = ObjectOptions::default();
    ObjectOptions {
        wait: options.wait.unwrap_or(defaults.wait),
        read_only: options.read_only,
        encoding: options.encoding.unwrap_or_default(),
        ..defaults
    }
}

/// What an address names.
#[derive(Debug, PartialEq, Eq)]
enum Address {
    Memory,
    Folder(PathBuf),
    Sqlite(PathBuf),
    /// May hold a password.
    Postgres(Secret),
    Objects(Place),
    /// A `.backstory` file.
    Export(PathBuf),
    /// Each may hold a password.
    Joined {
        manner: Manner,
        new: Secret,
        old: Secret,
    },
}

impl Address {
    fn parse(address: &str) -> Result<Self> {
        if address == "memory:" {
            return Ok(Self::Memory);
        }
        if let Some(joined) = Self::joined(address) {
            return Ok(joined);
        }
        if address.starts_with("postgres://") || address.starts_with("postgresql://") {
            return Ok(Self::Postgres(Secret::new(address)));
        }
        if let Some(place) = Place::parse(address) {
            return Ok(Self::Objects(place));
        }
        if let Some(path) = address.strip_prefix("sqlite:").filter(|path| !path.is_empty()) {
            return Ok(Self::Sqlite(path.into()));
        }
        if let Some(path) = address.strip_prefix("folder:").filter(|path| !path.is_empty()) {
            return Ok(Self::Folder(path.into()));
        }
        let path = Path::new(address);
        let is_path = !address.contains("://");
        if is_path && (address.ends_with(['/', std::path::MAIN_SEPARATOR]) || path.is_dir()) {
            return Ok(Self::Folder(path.to_owned()));
        }
        if is_path && package::is_package(address) {
            return Ok(Self::Export(path.to_owned()));
        }
        let ending = path.extension().unwrap_or_default();
        if is_path && (ending.eq_ignore_ascii_case("sqlite") || ending.eq_ignore_ascii_case("db")) {
            return Ok(Self::Sqlite(path.to_owned()));
        }
        Err(unknown(&config::Address::new(address)))
    }

    /// Two stores as one: `gradual:NEW|OLD`.
    fn joined(address: &str) -> Option<Self> {
        let (name, halves) = address.split_once(':')?;
        let manner = [Manner::Gradual, Manner::Hybrid].into_iter().find(|manner| manner.name() == name)?;
        let (new, old) = halves.split_once('|')?;
        Some(Self::Joined { manner, new: Secret::new(new), old: Secret::new(old) })
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
        Address::Folder(_) => "folder",
        Address::Sqlite(_) => "sqlite",
        Address::Postgres(_) => "postgres",
        Address::Objects(_) => "objects",
        Address::Export(_) => "export",
        Address::Joined { manner, .. } => manner.name(),
    })
}

/// The file or the folder of a library that is on this computer and can be written to; none for any other.
pub fn local(address: &config::Address) -> Option<PathBuf> {
    match Address::parse(address.reveal()).ok()? {
        Address::Sqlite(path) | Address::Folder(path) => Some(path),
        _ => None,
    }
}

/// The address of a file whose path is taken from a folder, or from the home folder where it begins with `~/`. None where
/// there is nothing to be done to it.
pub(crate) fn anchored(address: &config::Address, folder: &Path) -> Option<config::Address> {
    let (path, scheme) = match Address::parse(address.reveal()).ok()? {
        Address::Sqlite(path) => (path, "sqlite:"),
        Address::Folder(path) => (path, "folder:"),
        Address::Export(path) => (path, ""),
        Address::Objects(Place::Folder(path)) => (path, "objects:"),
        Address::Memory | Address::Postgres(_) | Address::Objects(_) => return None,
        Address::Joined { manner, new, old } => {
            let [new, old] = [new, old].map(|half| {
                let moved = anchored(&config::Address::new(half.reveal()), folder);
                moved.map_or_else(|| half.reveal().to_owned(), |moved| moved.reveal().to_owned())
            });
            let text = format!("{}:{new}|{old}", manner.name());
            return (text != address.reveal()).then(|| address.moved(text));
        }
    };
    let from = match path.strip_prefix("~") {
        Ok(below) => directories::BaseDirs::new()?.home_dir().join(below),
        Err(_) => std::path::absolute(folder.join(&path)).ok()?,
    };
    let scheme = if address.reveal().starts_with(scheme) { scheme } else { "" };
    (from != path).then(|| address.moved(format!("{scheme}{}", from.display())))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        let sqlite = |path: &str| Address::Sqlite(path.into());
        let both = Address::Joined {
            manner: Manner::Hybrid,
            new: Secret::new("memory:"),
            old: Secret::new("gradual:a.db|b.db"),
        };
        for (address, expected) in [
            ("memory:", Address::Memory),
            ("sqlite:no-ending", sqlite("no-ending")),
            ("/home/ada/lib.sqlite", sqlite("/home/ada/lib.sqlite")),
            ("C:\\Games\\LIB.DB", sqlite("C:\\Games\\LIB.DB")),
            ("/home/ada/characters/", Address::Folder("/home/ada/characters/".into())),
            ("/home/ada/Rekor.backstory", Address::Export("/home/ada/Rekor.backstory".into())),
            ("Rekor.Backstory.AGE", Address::Export("Rekor.Backstory.AGE".into())),
            ("folder:characters", Address::Folder("characters".into())),
            (".", Address::Folder(".".into())),
            ("hybrid:memory:|gradual:a.db|b.db", both),
        ] {
            assert_eq!(Address::parse(address).unwrap(), expected);
        }
        for address in [
            "",
            "sqlite:",
            "folder:",
            "memory",
            "/home/ada/nowhere",
            "lib.json",
            ".backstory",
            "mysql://host/a.db",
        ] {
            let error = Address::parse(address).unwrap_err();
            assert_eq!((error.code, error.hint.as_deref()), (Code::InvalidArgument, Some(KINDS)));
        }
    }

    #[test]
    fn a_password_stays_out_of_the_message() {
        let error = Address::parse("mysql://ada:s3cr@t@db.example/backstory").unwrap_err();
        assert!(!error.message.contains("s3cr"), "{error}");
        assert!(!error.message.contains("t@"), "{error}");
        for address in
            ["postgres://ada:s3cr@t@db.example/lib", "gradual:postgres://ada:s3cr@t@db.example/lib|old.db"]
        {
            let known = Address::parse(address).unwrap();
            assert!(!format!("{known:?}").contains("s3cr"));
        }
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
