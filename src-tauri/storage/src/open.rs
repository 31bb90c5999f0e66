//! The factory: from an address to a store.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use async_trait::async_trait;
use backstory_core::{
    error::{Code, Error, Result},
    storage::{CharacterStorage, StorageFactory, StoreOptions},
};

use crate::{
    memory::MemoryStorage,
    sqlite::{SqliteOptions, SqliteStorage},
};

/// Names the store where nothing else does.
pub const LIBRARY_VARIABLE: &str = "BACKSTORY_LIBRARY";

/// The kinds of stores there are, as an error names them.
const KINDS: &str =
    "A library is a file whose name ends in .sqlite or .db, or memory: for one that is not kept.";

/// Opens every kind of store this build has.
#[derive(Debug, Clone, Copy, Default)]
pub struct Stores;

#[async_trait]
impl StorageFactory for Stores {
    async fn open_with(&self, address: &str, options: &StoreOptions) -> Result<Arc<dyn CharacterStorage>> {
        match Address::parse(address)? {
            Address::Memory => Ok(Arc::new(MemoryStorage::new())),
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
}

impl Address {
    fn parse(address: &str) -> Result<Self> {
        if address == "memory:" {
            return Ok(Self::Memory);
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
        Err(Error::new(
            Code::InvalidArgument,
            format!("{:?} does not name a library.", without_password(address)),
        )
        .hint(KINDS))
    }
}

/// An address may hold a password; an error must not.
fn without_password(address: &str) -> String {
    match address.split_once("://") {
        Some((scheme, rest)) => match rest.rsplit_once('@') {
            Some((_, place)) => format!("{scheme}://…@{place}"),
            None => address.to_owned(),
        },
        None => address.to_owned(),
    }
}

/// Where the library is when nobody says otherwise: the variable `BACKSTORY_LIBRARY`, else the platform's data folder.
///
/// # Errors
/// [`Code::StorageFailed`] when the account has no home folder.
pub fn default_location() -> Result<String> {
    if let Some(address) = std::env::var(LIBRARY_VARIABLE).ok().filter(|address| !address.is_empty()) {
        return Ok(address);
    }
    let folders = directories::ProjectDirs::from("", "", "Backstory").ok_or_else(|| {
        Error::new(
            Code::StorageFailed,
            "This account has no home folder, so there is no usual place for the library.",
        )
        .hint(format!("Name a library with --library, or in the variable {LIBRARY_VARIABLE}."))
    })?;
    let file = folders.data_dir().join("library.sqlite");
    file.into_os_string().into_string().map_err(|path| {
        Error::new(
            Code::StorageFailed,
            format!("The folder name {} is not text Backstory can use.", path.display()),
        )
        .hint(format!("Name a library with --library, or in the variable {LIBRARY_VARIABLE}."))
    })
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
        assert!(error.message.contains("db.example"), "{error}");
    }
}
