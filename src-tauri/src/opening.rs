//! The ways to the player's library: what can be done where it cannot be opened as it should, and the doing of it.

use std::{path::Path, sync::Arc, time::Duration};

use backstory_core::{
    api::opening::{OpenedStore, Way, Ways},
    config::LibraryConfig,
    error::{Code, Error, Result},
    storage::{CharacterStorage, StorageFactory, StoreOptions},
};
use backstory_storage::{aside, config, open::Stores};

/// So long it is waited for another program when it is only asked whether something is possible.
const GLANCE: Duration = Duration::from_millis(500);

/// What can be done about the library that the configuration names, which `trouble` keeps from being used.
pub(crate) async fn ways(trouble: Option<&Error>) -> Ways {
    let Ok(library) = usual() else { return Ways::default() };
    let location = library.address.to_string();
    let Some(file) = aside::file(&library.address) else { return Ways { location, ..Ways::default() } };
    // A file that another program holds stays where it is.
    let held = trouble.is_some_and(|error| error.code == Code::StoreBusy);
    let aside = !held && aside::can_move(&file);
    let copies = if aside { aside::copies(&file) } else { Vec::new() };
    Ways { location, read_only: can_be_read(&library).await, copies, aside }
}

/// Opens the library in this way. `chosen` is the file that the player chose where the way leads elsewhere.
pub(crate) async fn open(way: &Way, chosen: Option<&Path>) -> Result<OpenedStore> {
    let library = usual();
    match way {
        Way::Again => storage(&library?, false).await.map(still),
        Way::ReadOnly => storage(&library?, true).await.map(still),
        Way::Other => Stores.open(&chosen.unwrap_or(Path::new("")).to_string_lossy()).await.map(still),
        Way::Copy { name } => replace(&library?, Some(name)).await,
        Way::New => replace(&library?, None).await,
    }
}

fn still(storage: Arc<dyn CharacterStorage>) -> OpenedStore {
    OpenedStore { storage, moved_to: None }
}

/// The library that is opened at a start.
fn usual() -> Result<LibraryConfig> {
    Ok(config::chosen(&config::load(&config::Flags::default())?.config)?.library)
}

async fn storage(library: &LibraryConfig, read_only: bool) -> Result<Arc<dyn CharacterStorage>> {
    let options = StoreOptions { read_only: read_only || library.read_only, ..library.options() };
    Stores.open_with(library.address.reveal(), &options).await
}

async fn can_be_read(library: &LibraryConfig) -> bool {
    let options = StoreOptions { read_only: true, wait: Some(GLANCE), ..library.options() };
    let Ok(storage) = Stores.open_with(library.address.reveal(), &options).await else { return false };
    storage.facets().await.is_ok()
}

/// Moves the library aside, and puts one of its copies or an empty one into its place. Where that fails, all is as before.
async fn replace(library: &LibraryConfig, copy: Option<&str>) -> Result<OpenedStore> {
    let Some(file) = aside::file(&library.address) else {
        return Err(Error::new(Code::InvalidArgument, "Only a library in one file can be moved aside.")
            .kept("Nothing was changed."));
    };
    let moved = aside::move_aside(&file)?;
    let opened = async {
        copy.map_or(Ok(()), |name| aside::put_copy(name, &file))?;
        let storage = storage(library, false).await?;
        storage.facets().await.map(|_| storage)
    };
    match opened.await {
        Ok(storage) => Ok(OpenedStore { storage, moved_to: Some(moved.display().to_string()) }),
        Err(error) => {
            aside::take_copy_away(&file);
            aside::move_back(&moved, &file)?;
            Err(error)
        }
    }
}
