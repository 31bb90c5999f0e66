//! Putting what is in a backup into a library's place. The library is put aside whole, and whatever interrupts it, one of the two
//! places has it.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use backstory_core::{
    backup::damaged,
    error::{Code, Error, Result},
    job::{Cancel, Silent},
    migrate::{MigrationOptions, StorageMigrator},
    storage::{CharacterStorage, QueryFilter, StorageFactory as _, StoreOptions},
};
use jiff::Timestamp;

use super::unwritten;
use crate::{
    aside,
    blocking::blocking,
    folder::{self, FolderStorage},
    open::Stores,
    sqlite,
};

/// What a folder is called in which a library of files is made ready.
const READY: &str = ".backstory-new-";

/// Puts the library aside and the backup in its place; says where the library is now. One that does not open then goes again.
pub(super) async fn put_in_place(
    library: &Path,
    kind: &str,
    backup: &Path,
    now: Timestamp,
) -> Result<Option<PathBuf>> {
    let is_folder = kind == "folder";
    let (path, source) = (library.to_owned(), backup.to_owned());
    let ready = match is_folder {
        true => Some(unpacked(library, backup).await?),
        false => None,
    };
    let moved = {
        let ready = ready.as_ref().map(|ready| ready.path().join("library"));
        let path = path.clone();
        blocking(move || {
            if path.is_dir() {
                folder::claim(&path)?;
            } else if path.exists() {
                sqlite::claim(&path)?;
            }
            match ready {
                None => aside::replace(&path, Some(&source), now),
                Some(ready) => {
                    let aside = aside::replace(&path, None, now)?;
                    let placed = fs::rename(&ready, &path).map_err(|error| unwritten(&path, error));
                    match (placed, &aside) {
                        (Ok(()), _) => Ok(aside),
                        (Err(error), None) => Err(error),
                        (Err(error), Some(aside)) => aside::put_back(aside, &path).and(Err(error)),
                    }
                }
            }
        })
        .await?
    };
    if let Err(error) = opens(library, is_folder).await {
        let (path, aside) = (library.to_owned(), moved.clone());
        blocking(move || {
            let _nothing_of_it_stays =
                if path.is_dir() { folder::remove(&path) } else { sqlite::remove(&path) };
            aside.map_or(Ok(()), |aside| aside::put_back(&aside, &path))
        })
        .await?;
        return Err(damaged("The backup does not open in the library's place.").caused_by(error));
    }
    Ok(moved)
}

/// Whether a library opens and answers. Nothing is written.
async fn opens(library: &Path, is_folder: bool) -> Result<()> {
    let scheme = if is_folder { "folder" } else { "sqlite" };
    let address = format!("{scheme}:{}", library.display());
    let only_look = StoreOptions { read_only: true, ..StoreOptions::default() };
    let storage = Stores.open_with(&address, &only_look).await?;
    storage.query(&QueryFilter { limit: Some(1), ..QueryFilter::default() }).await.map(drop)
}

/// A backup as a folder of files, beside the place that it is for.
async fn unpacked(library: &Path, backup: &Path) -> Result<tempfile::TempDir> {
    let beside = library.parent().unwrap_or(Path::new(".")).to_owned();
    let failed = |error| unwritten(&beside, error);
    let place = tempfile::Builder::new().prefix(READY).tempdir_in(&beside).map_err(failed)?;
    let from: Arc<dyn CharacterStorage> = Arc::new(super::open(backup).await?);
    let to = Arc::new(FolderStorage::open(place.path().join("library"), &StoreOptions::default()).await?);
    let migrator = StorageMigrator::new(from, to)?;
    let report = migrator.run(&MigrationOptions::default(), &Silent, &Cancel::default()).await?;
    match report.left.first() {
        None => Ok(place),
        Some(left) => Err(Error::new(Code::BackupDamaged, left.message.clone())
            .kept("The library is as it was.")
            .hint("Take another backup: backstory backup list.")),
    }
}
