//! Which library the window opens: the one that the environment or the configuration names, else the one that the player
//! chose in the window, else the usual one.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use backstory_core::{
    api::opening::{LibraryCopy, OpenLibrary, Reopened, Ways},
    clock::Clock as _,
    config::{Address, Origin},
    error::{Code, Error, Result},
    storage::{CharacterStorage, QueryFilter, StorageFactory as _, StoreOptions},
};
use backstory_sources::watch::is_library;
use backstory_storage::{
    aside, backups,
    clock::SystemClock,
    config::{self, Chosen, Flags},
    open::{self, Stores},
};

use crate::{host::backup_folder, preferences::PreferencesFile};

/// The libraries of this account, as the window opens them.
#[derive(Debug)]
pub(crate) struct Libraries {
    preferences: Arc<PreferencesFile>,
    /// What the player chose in the window.
    chosen: Mutex<Option<PathBuf>>,
    /// The samples stand on nothing that is kept.
    demo: bool,
}

impl Libraries {
    pub(crate) fn new(preferences: Arc<PreferencesFile>, demo: bool) -> Self {
        let chosen = Mutex::new(preferences.library().filter(|_| is_open_to_choice()));
        Self { preferences, chosen, demo }
    }

    /// Opens the library, as it is configured or chosen.
    ///
    /// # Errors
    /// What keeps it from being opened, or from being read then; `file_unreadable` for one that the player chose and that is
    /// not there: an empty one in its place would look as if everything were lost.
    pub(crate) async fn open(&self) -> Result<Arc<dyn CharacterStorage>> {
        self.open_with(false).await
    }

    async fn open_with(&self, read_only: bool) -> Result<Arc<dyn CharacterStorage>> {
        if self.demo {
            return Stores.open("memory:").await;
        }
        let chosen = self.current()?;
        open::kind(&chosen.library.address)?;
        if let Some(path) = open::local(&chosen.library.address).filter(|_| !read_only) {
            aside::settle(&path)?;
        }
        if let Some(path) = self.chosen().filter(|path| !path.exists()) {
            return Err(Error::new(
                Code::FileUnreadable,
                format!("The library {} is not there.", path.display()),
            )
            .kept("Nothing was changed.")
            .hint("If it is on another disk, connect it and try again. Or choose where it is now."));
        }
        let options = StoreOptions { read_only, ..chosen.library.options() };
        let storage = Stores.open_with(chosen.library.address.reveal(), &options).await?;
        // One that opens and cannot be read would be a window in which everything fails.
        storage.query(&QueryFilter { limit: Some(1), ..QueryFilter::default() }).await?;
        Ok(storage)
    }

    /// How the library is opened.
    fn current(&self) -> Result<Chosen> {
        let library = self.chosen().as_deref().map(address).transpose()?;
        config::chosen(&config::load(&Flags { library, config: None })?.config)
    }

    /// The library that the player chose in the window.
    fn chosen(&self) -> Option<PathBuf> {
        self.chosen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether there are only samples.
    pub(crate) fn is_demo(&self) -> bool {
        self.demo
    }

    /// The file or the folder of the library that would be opened.
    pub(crate) fn path(&self) -> Option<PathBuf> {
        open::local(&self.current().ok()?.library.address)
    }

    /// What can be done about the library, which another program may hold: then it stays where it is. Waits for the disk.
    pub(crate) async fn ways(&self, is_held: bool) -> Ways {
        let Ok(chosen) = self.current() else { return Ways::default() };
        let mut ways = Ways {
            location: chosen.library.address.to_string(),
            chosen: self.chosen().is_some(),
            ..Ways::default()
        };
        if let Some(path) = open::local(&chosen.library.address) {
            ways.location = path.display().to_string();
            ways.copies = if path.is_dir() || is_held { Vec::new() } else { copies(&path) };
            ways.set_aside = path.exists() && !is_held;
            ways.read_only = self.open_with(true).await.is_ok();
        }
        ways
    }

    /// Opens a library in the way that is asked for. `choose` asks the player for a file or a folder.
    ///
    /// # Errors
    /// What keeps it from being opened. One that was put aside for it stays there; the error says where.
    pub(crate) async fn reopen(&self, how: OpenLibrary, chosen: Option<PathBuf>) -> Result<Option<Reopened>> {
        let (storage, set_aside) = match how {
            OpenLibrary::Again => (self.open().await?, None),
            OpenLibrary::ReadOnly => (self.open_with(true).await?, None),
            OpenLibrary::Usual => (self.choose(None).await?, None),
            OpenLibrary::Choose { .. } => {
                let Some(path) = chosen else { return Ok(None) };
                let path = std::path::absolute(&path).unwrap_or(path);
                must_be_a_library(&path)?;
                (self.choose(Some(path)).await?, None)
            }
            OpenLibrary::Empty => self.instead(None).await?,
            OpenLibrary::Copy { name } => self.instead(Some(name)).await?,
        };
        let set_aside = set_aside.map(|path: PathBuf| path.display().to_string());
        Ok(Some(Reopened { storage, set_aside }))
    }

    /// Opens another library from now on; where that fails, the one before stays chosen.
    async fn choose(&self, path: Option<PathBuf>) -> Result<Arc<dyn CharacterStorage>> {
        let choose =
            |path| std::mem::replace(&mut *self.chosen.lock().unwrap_or_else(PoisonError::into_inner), path);
        let before = choose(path.clone());
        let opened = self.open().await;
        if opened.is_err() {
            choose(before);
        } else if is_open_to_choice() {
            self.preferences.choose_library(path)?;
        }
        opened
    }

    /// Puts the library aside and a copy of it, or an empty one, in its place.
    async fn instead(&self, copy: Option<String>) -> Result<(Arc<dyn CharacterStorage>, Option<PathBuf>)> {
        let path = open::local(&self.current()?.library.address).ok_or_else(|| {
            Error::new(Code::InvalidArgument, "Only a library of this computer can be put aside.")
        })?;
        let copy = copy
            .map(|name| {
                copy_called(&path, &name).ok_or_else(|| {
                    Error::new(Code::FileUnreadable, format!("The copy {name} is not there."))
                        .kept("Nothing was changed.")
                })
            })
            .transpose()?;
        let moved = {
            let path = path.clone();
            let work = move || aside::replace(&path, copy.as_deref(), SystemClock.now());
            tauri::async_runtime::spawn_blocking(work)
                .await
                .unwrap_or_else(|defect| Err(Error::internal("Nothing was put aside.").caused_by(defect)))?
        };
        let opened = self.open().await;
        let Some(aside) = &moved else { return Ok((opened?, None)) };
        match opened {
            Ok(storage) => Ok((storage, moved)),
            Err(error) => {
                aside::put_back(aside, &path)?;
                let back = !aside.exists();
                let where_it_is = if back { &path } else { aside };
                Err(error.kept(format!("The library that was there is kept as {}.", where_it_is.display())))
            }
        }
    }
}

/// Whether neither the environment nor a file says which library is opened: what they say comes first at every start.
fn is_open_to_choice() -> bool {
    config::load(&Flags::default()).is_ok_and(|loaded| {
        let setting = loaded.config.settings.get("library");
        setting.is_none_or(|setting| matches!(setting.origin, Origin::Default))
    })
}

/// Everything that can take a library's place, newest first: copies from before it was changed, and backups.
fn copies(library: &Path) -> Vec<LibraryCopy> {
    let backups = backups::files(backup_folder().as_deref(), library).into_iter();
    let backups = backups.map(|(_, backup)| LibraryCopy {
        name: backup.name,
        made_at: backup.made_at,
        bytes: backup.bytes,
    });
    let mut copies: Vec<_> = aside::copies(library).into_iter().chain(backups).collect();
    copies.sort_by(|a, b| b.made_at.cmp(&a.made_at).then_with(|| a.name.cmp(&b.name)));
    copies
}

/// The file of the copy or the backup of this name.
fn copy_called(library: &Path, name: &str) -> Option<PathBuf> {
    if aside::copies(library).into_iter().any(|copy| copy.name == name) {
        return Some(library.with_file_name(name));
    }
    let mut backups = backups::files(backup_folder().as_deref(), library).into_iter();
    backups.find(|(_, backup)| backup.name == name).map(|(file, _)| file)
}

fn address(path: &Path) -> Result<Address> {
    let text = path.to_str().ok_or_else(|| {
        Error::new(
            Code::InvalidArgument,
            format!("The name {} is not text Backstory can use.", path.display()),
        )
    })?;
    Ok(Address::new(match path.is_dir() {
        true => format!("folder:{text}"),
        false if backstory_core::package::is_package(text) => text.to_owned(),
        false => format!("sqlite:{text}"),
    }))
}

fn must_be_a_library(path: &Path) -> Result<()> {
    if path.is_dir() && !is_library(path) {
        return Err(Error::new(Code::InvalidArgument, format!("There is no library in {}.", path.display()))
            .kept("Nothing was changed.")
            .hint("Choose the folder of a library itself: it has a file `index.json` in it."));
    }
    Ok(())
}
