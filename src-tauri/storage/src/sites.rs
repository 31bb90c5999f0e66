//! The places that a library may be moved to: a file, a folder, a database on a server.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use async_trait::async_trait;
use backstory_core::{
    access::guarded,
    api::moving::{Found, Site},
    config::Address,
    error::{Code, Error, Result},
    storage::{Capabilities, CharacterStorage, StorageFactory as _, StorageInfo, StoreOptions},
};

use crate::{
    blocking::blocking,
    folder,
    memory::MemoryStorage,
    open::{self, Stores},
    rules, seal, sqlite,
};

/// The kinds of stores that can take a library over from the window.
const KINDS: [&str; 3] = ["sqlite", "folder", "postgres"];

/// What the name of a rehearsal ends in. It begins with a dot and the name of the place it is for.
const REHEARSAL: &str = ".backstory-rehearsal";

/// A place for a library.
#[derive(Debug, Clone)]
pub struct StoreSite {
    address: Address,
    kind: &'static str,
    /// Where it is on this computer; none for a server.
    path: Option<PathBuf>,
    /// The folder itself stays, empty, where the store is taken away: the player chose it.
    keeps_folder: bool,
    options: StoreOptions,
}

impl StoreSite {
    /// A file of this computer, or a new one. A name without an ending gets the one of a library.
    ///
    /// # Errors
    /// `invalid_argument` for a name that is no library's.
    pub fn file(path: &Path, options: StoreOptions) -> Result<Self> {
        let path = match path.extension() {
            None => path.with_extension("sqlite"),
            Some(_) => path.to_owned(),
        };
        Self::local("sqlite", path, options)
    }

    /// A folder of this computer, or a new one.
    ///
    /// # Errors
    /// `invalid_argument` for a name that is no library's.
    pub fn folder(path: &Path, options: StoreOptions) -> Result<Self> {
        Ok(Self { keeps_folder: true, ..Self::local("folder", path.to_owned(), options)? })
    }

    /// A server.
    ///
    /// # Errors
    /// `invalid_argument` for an address that names none.
    pub fn server(address: Address, options: StoreOptions) -> Result<Self> {
        let refused = || {
            Error::new(Code::InvalidArgument, "This is not the address of a database that can hold a library.")
                .kept("Nothing was changed.")
                .hint("It begins with postgresql:// and says user, server and database: postgresql://user@host/database.")
        };
        let kind = open::kind(&address).map_err(|_| refused())?;
        if !KINDS.contains(&kind) || open::local(&address).is_some() {
            return Err(refused());
        }
        Ok(Self { address, kind, path: None, keeps_folder: false, options })
    }

    fn local(kind: &'static str, path: PathBuf, options: StoreOptions) -> Result<Self> {
        let path = std::path::absolute(&path).unwrap_or(path);
        let text = path.to_str().ok_or_else(|| {
            Error::new(
                Code::InvalidArgument,
                format!("The name {} is not text Backstory can use.", path.display()),
            )
            .kept("Nothing was changed.")
            .hint("Choose a place with another name.")
        })?;
        let address = Address::new(format!("{kind}:{text}"));
        Ok(Self { address, kind, keeps_folder: false, path: Some(path), options })
    }

    async fn open_with(&self, read_only: bool) -> Result<Arc<dyn CharacterStorage>> {
        let options = StoreOptions { read_only, ..self.options.clone() };
        Ok(guarded(Stores.open_with(self.address.reveal(), &options).await?))
    }
}

#[async_trait]
impl Site for StoreSite {
    fn place(&self) -> StorageInfo {
        StorageInfo {
            kind: self.kind.to_owned(),
            location: match &self.path {
                Some(path) => path.display().to_string(),
                None => self.address.to_string(),
            },
            read_only: None,
            capabilities: Capabilities { persistent: true, ..Capabilities::default() },
            principal: None,
        }
    }

    fn address(&self) -> &Address {
        &self.address
    }

    fn is_within(&self, library: &StorageInfo) -> bool {
        let is_here = ["sqlite", "folder"].contains(&library.kind.as_str());
        let Some(path) = self.path.as_deref().filter(|_| is_here) else { return false };
        let (place, library) = (real(path), real(Path::new(&library.location)));
        place.starts_with(&library) || library.starts_with(&place)
    }

    async fn look(&self) -> Result<Found> {
        if let Some(path) = self.path.clone()
            && blocking(move || is_nothing(&path)).await?
        {
            return Ok(Found { storage: Arc::new(MemoryStorage::new()), is_new: true });
        }
        Ok(Found { storage: self.open_with(true).await?, is_new: false })
    }

    async fn open(&self) -> Result<Arc<dyn CharacterStorage>> {
        self.open_with(false).await
    }

    fn can_seal(&self) -> bool {
        self.path.is_some()
    }

    fn beside(&self) -> Option<Arc<dyn Site>> {
        let path = self.path.as_deref()?;
        let name = path.file_name()?.to_string_lossy();
        let beside = path.with_file_name(format!(".{name}{REHEARSAL}"));
        Some(Arc::new(Self::local(self.kind, beside, self.options.clone()).ok()?))
    }

    fn can_remove(&self) -> bool {
        self.path.is_some()
    }

    async fn remove(&self) -> Result<()> {
        let Some(path) = self.path.clone() else {
            return Err(Error::internal("What is on a server is not taken away as a whole."));
        };
        let (kind, keeps_folder, unlock) = (self.kind, self.keeps_folder, self.options.unlock.clone());
        blocking(move || {
            if !path.exists() {
                return Ok(());
            }
            match kind {
                "folder" => folder::claim(&path)?,
                _ => sqlite::claim(&path)?,
            }
            // The key first: without it, nothing of the rest can be read.
            match &unlock.keychain {
                Some(chain) => seal::forget_keys_in(&path, &**chain),
                None => seal::forget_keys(&path),
            }
            let gone = match kind {
                "folder" => folder::remove(&path).and_then(|()| keep(&path, keeps_folder)),
                _ => sqlite::remove(&path),
            };
            gone.map_err(|error| left(&path, &error))
        })
        .await
    }
}

/// A folder that was there before the store stays there.
fn keep(path: &Path, keeps_folder: bool) -> io::Result<()> {
    if keeps_folder && !path.exists() { fs::create_dir(path) } else { Ok(()) }
}

fn left(path: &Path, error: &io::Error) -> Error {
    Error::new(rules::disk_code(error), format!("{} cannot be taken away: {error}.", path.display()))
        .kept("Your library is as it was.")
        .hint("Close whatever has it open, then try again.")
        .caused_by(error.to_string())
}

/// Whether there is nothing in a place: no file, or a folder without anything in it.
fn is_nothing(path: &Path) -> Result<bool> {
    let unreadable = |error: io::Error| {
        Error::new(Code::StorageFailed, format!("{} cannot be read: {error}.", path.display()))
            .kept("Nothing was changed.")
            .hint("Choose a place that this account may read and write.")
            .caused_by(error)
    };
    match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
        Err(error) => Err(unreadable(error)),
        Ok(about) if !about.is_dir() => Ok(about.len() == 0),
        Ok(_) => Ok(fs::read_dir(path).map_err(unreadable)?.next().is_none()),
    }
}

/// A path without links, as far as it is there; the rest of it as it is.
fn real(path: &Path) -> PathBuf {
    let there = path.ancestors().find_map(|part| Some((part, fs::canonicalize(part).ok()?)));
    match there.and_then(|(part, real)| Some(real.join(path.strip_prefix(part).ok()?))) {
        Some(real) => real,
        None => path.to_owned(),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_place_inside_the_library_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let library = |kind: &str, path: &Path| StorageInfo {
            kind: kind.to_owned(),
            location: path.display().to_string(),
            ..StoreSite::file(path, StoreOptions::default()).unwrap().place()
        };
        let own = folder.path().join("own");
        fs::create_dir(&own).unwrap();
        let inside = StoreSite::file(&own.join("new"), StoreOptions::default()).unwrap();
        assert!(inside.is_within(&library("folder", &own)));
        let around = StoreSite::folder(folder.path(), StoreOptions::default()).unwrap();
        assert!(around.is_within(&library("sqlite", &own.join("library.sqlite"))));
        let beside = StoreSite::folder(&folder.path().join("own too"), StoreOptions::default()).unwrap();
        assert!(!beside.is_within(&library("folder", &own)));
        #[cfg(unix)]
        {
            let link = folder.path().join("link");
            std::os::unix::fs::symlink(&own, &link).unwrap();
            let linked = StoreSite::folder(&link, StoreOptions::default()).unwrap();
            assert!(linked.is_within(&library("folder", &own)));
        }
    }

    #[test]
    fn an_address_that_is_refused_is_not_repeated() {
        for text in ["mysql://ada:s3cret@db/x", "memory:", "/home/ada/lib.sqlite", "folder:x", "s3cret"] {
            let error = StoreSite::server(Address::new(text), StoreOptions::default()).unwrap_err();
            assert_eq!(error.code, Code::InvalidArgument);
            assert!(!format!("{error:?}").contains("s3cret"), "{error:?}");
        }
        let known = Address::new("postgresql://ada:s3cret@db.example/characters");
        let site = StoreSite::server(known, StoreOptions::default()).unwrap();
        assert!(!format!("{site:?}").contains("s3cret"));
        assert_eq!(site.place().location, "postgresql://…@db.example/characters");
    }

    #[test]
    fn a_name_without_an_ending_gets_one() {
        let site = StoreSite::file(Path::new("/tmp/characters"), StoreOptions::default()).unwrap();
        assert_eq!(site.place().location, "/tmp/characters.sqlite");
    }
}
