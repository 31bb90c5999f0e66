//! Which library the window opens: the one that the environment or the configuration names, else the one that the player
//! chose in the window, else the usual one.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use backstory_core::{
    api::{
        moving::Site,
        opening::{LibraryCopy, OpenLibrary, Reopened, Ways},
    },
    clock::Clock as _,
    config::{Address, Origin},
    encryption::{Keychain as _, Unlock},
    error::{Code, Error, Result},
    storage::{CharacterStorage, QueryFilter, Secret, StorageFactory as _, StoreOptions},
};
use backstory_sources::watch::is_library;
use backstory_storage::{
    aside, backups,
    clock::SystemClock,
    config::{self, Chosen, Flags},
    open::{self, Stores},
    seal::keychain::SystemKeychain,
    sites::StoreSite,
};
use serde::{Deserialize, Serialize};

use crate::{host::backup_folder, preferences::PreferencesFile};

/// What a library in a new file is called where the player does not say otherwise.
pub(crate) const USUAL_NAME: &str = "library.sqlite";

/// What the address of the player's server is kept under in the keychain.
const SERVER: &str = "library address";

/// The library that the player chose in the window, as the preferences keep it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum Choice {
    /// A file or a folder.
    Path(PathBuf),
    /// A database on a server. What is kept here may be shown: the address itself is in the keychain, since it may hold a
    /// password.
    Server {
        /// Without what lets somebody in.
        server: String,
    },
}

/// The libraries of this account, as the window opens them.
#[derive(Debug)]
pub(crate) struct Libraries {
    preferences: Arc<PreferencesFile>,
    /// What the player chose in the window.
    chosen: Mutex<Option<Choice>>,
    /// The whole address of the server they chose, once the keychain gave it.
    server: Mutex<Option<Address>>,
    /// What opens an encrypted library, once the player typed it: kept for as long as the program runs, and nowhere else.
    words: Mutex<Option<Secret>>,
    /// The samples stand on nothing that is kept.
    demo: bool,
}

impl Libraries {
    pub(crate) fn new(preferences: Arc<PreferencesFile>, demo: bool) -> Self {
        let chosen = Mutex::new(preferences.library().filter(|_| is_open_to_choice()));
        Self { preferences, chosen, server: Mutex::default(), words: Mutex::default(), demo }
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
        self.ask_for_server().await?;
        let chosen = self.current()?;
        open::kind(&chosen.library.address)?;
        if let Some(path) = open::local(&chosen.library.address).filter(|_| !read_only) {
            aside::settle(&path)?;
        }
        if let Some(Choice::Path(path)) = self.chosen()
            && !path.exists()
        {
            return Err(Error::new(
                Code::FileUnreadable,
                format!("The library {} is not there.", path.display()),
            )
            .kept("Nothing was changed.")
            .hint("If it is on another disk, connect it and try again. Or choose where it is now."));
        }
        let options = StoreOptions { read_only, unlock: self.unlock(), ..chosen.library.options() };
        let storage = Stores.open_with(chosen.library.address.reveal(), &options).await?;
        // One that opens and cannot be read would be a window in which everything fails.
        storage.query(&QueryFilter { limit: Some(1), ..QueryFilter::default() }).await?;
        Ok(storage)
    }

    /// What opens the library from now on, where it is encrypted.
    pub(crate) fn unlock_with(&self, words: Secret) {
        *self.words.lock().unwrap_or_else(PoisonError::into_inner) = Some(words);
    }

    fn unlock(&self) -> Unlock {
        let words = self.words.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Unlock { words, keychain: None }
    }

    /// How the library is opened.
    fn current(&self) -> Result<Chosen> {
        let library = match self.chosen() {
            None => None,
            Some(Choice::Path(path)) => Some(address(&path)?),
            Some(Choice::Server { server }) => {
                let known = self.server.lock().unwrap_or_else(PoisonError::into_inner).clone();
                Some(known.ok_or_else(|| unknown_server(&server))?)
            }
        };
        config::chosen(&config::load(&Flags { library, ..Flags::default() })?.config)
    }

    /// The library that the player chose in the window.
    fn chosen(&self) -> Option<Choice> {
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
                (self.choose(Some(Choice::Path(path))).await?, None)
            }
            OpenLibrary::Empty => self.instead(None).await?,
            OpenLibrary::Copy { name } => self.instead(Some(name)).await?,
        };
        let set_aside = set_aside.map(|path: PathBuf| path.display().to_string());
        Ok(Some(Reopened { storage, set_aside }))
    }

    /// Opens another library from now on; where that fails, the one before stays chosen.
    async fn choose(&self, choice: Option<Choice>) -> Result<Arc<dyn CharacterStorage>> {
        let choose = |choice| {
            std::mem::replace(&mut *self.chosen.lock().unwrap_or_else(PoisonError::into_inner), choice)
        };
        let is_server = matches!(choice, Some(Choice::Server { .. }));
        let before = choose(choice.clone());
        let opened = match self.open().await {
            Ok(opened) if is_open_to_choice() => self.preferences.choose_library(choice).map(|()| opened),
            opened => opened,
        };
        if opened.is_err() {
            choose(before);
        } else if !is_server && is_open_to_choice() {
            forget_server_in_time().await;
        }
        opened
    }

    /// A file that the library may move to.
    pub(crate) fn file_site(&self, path: &Path) -> Result<StoreSite> {
        StoreSite::file(path, self.site_options(&Address::new("sqlite:new"))?)
    }

    /// A folder that the library may move to.
    pub(crate) fn folder_site(&self, path: &Path) -> Result<StoreSite> {
        StoreSite::folder(path, self.site_options(&Address::new("folder:new"))?)
    }

    /// A server that the library may move to. Where its address could not be kept, it is refused before anything is copied.
    pub(crate) async fn server_site(&self, address: &Secret) -> Result<StoreSite> {
        let address = Address::new(address.reveal().trim());
        let site = StoreSite::server(address.clone(), self.site_options(&address)?)?;
        if is_open_to_choice() {
            in_the_keychain(|| SystemKeychain.get(SERVER).map(drop)).await.map_err(|error| {
                error.kept("Nothing was changed.").hint(
                    "Unlock the keychain, which keeps the address. Without one, copy with `backstory migrate` and name the server \
                     in the configuration.",
                )
            })?;
        }
        Ok(site)
    }

    fn site_options(&self, address: &Address) -> Result<StoreOptions> {
        let config = config::load(&Flags::default())?.config;
        Ok(StoreOptions { unlock: self.unlock(), ..config.unnamed(address.clone()).options() })
    }

    /// Opens the library at its new place from now on; where that fails, the one before stays chosen. The address of a server is
    /// kept in the keychain, and nowhere else.
    pub(crate) async fn move_in(&self, site: &dyn Site) -> Result<Arc<dyn CharacterStorage>> {
        let address = site.address().clone();
        if let Some(path) = open::local(&address) {
            return self.choose(Some(Choice::Path(path))).await;
        }
        if is_open_to_choice() {
            let secret = Secret::new(address.reveal());
            in_the_keychain(move || SystemKeychain.set(SERVER, &secret)).await?;
        }
        let server = address.to_string();
        let know = |address| {
            std::mem::replace(&mut *self.server.lock().unwrap_or_else(PoisonError::into_inner), address)
        };
        let before = know(Some(address));
        let opened = self.choose(Some(Choice::Server { server })).await;
        if opened.is_err() {
            know(before.clone());
            match before.filter(|_| is_open_to_choice()) {
                Some(before) => {
                    let secret = Secret::new(before.reveal());
                    in_the_keychain(move || SystemKeychain.set(SERVER, &secret)).await?;
                }
                None => forget_server_in_time().await,
            }
        }
        opened
    }

    /// Asks the keychain for the address of the server that was chosen, once.
    async fn ask_for_server(&self) -> Result<()> {
        let Some(Choice::Server { server }) = self.chosen() else { return Ok(()) };
        if self.server.lock().unwrap_or_else(PoisonError::into_inner).is_some() {
            return Ok(());
        }
        let kept = in_the_keychain(|| SystemKeychain.get(SERVER)).await?;
        let address = kept.map(|kept| Address::new(kept.reveal()));
        // A switch that was cut short may have left another server's there.
        let address = address.filter(|address| address.to_string() == server);
        *self.server.lock().unwrap_or_else(PoisonError::into_inner) =
            Some(address.ok_or_else(|| unknown_server(&server))?);
        Ok(())
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

/// Whether the keychain has the address of a server.
///
/// # Errors
/// `keychain_unavailable`.
pub(crate) fn knows_server() -> Result<bool> {
    Ok(SystemKeychain.get(SERVER)?.is_some())
}

/// Takes the address of a server out of the keychain; whether there was one.
///
/// # Errors
/// `keychain_unavailable`.
pub(crate) fn forget_server() -> Result<bool> {
    SystemKeychain.forget(SERVER)
}

/// Another library is opened from now on: what opened the server is of no use any more, and a keychain that does not let go of it
/// stops nobody.
async fn forget_server_in_time() {
    if in_the_keychain(forget_server).await.is_err() {
        tracing::debug!("the keychain may keep the address of a server");
    }
}

/// Asks the keychain, which may ask the player.
async fn in_the_keychain<T: Send + 'static>(ask: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tauri::async_runtime::spawn_blocking(ask)
        .await
        .unwrap_or_else(|defect| Err(Error::internal("The keychain was not asked.").caused_by(defect)))
}

fn unknown_server(server: &str) -> Error {
    Error::new(
        Code::KeychainUnavailable,
        format!(
            "The keychain of this computer does not give the address of {server}, where your library is."
        ),
    )
    .kept("Nothing was changed. The library is on its server.")
    .hint("Unlock the keychain and try again, or name the server in the configuration.")
}

/// Whether neither the environment nor a file says which library is opened: what they say comes first at every start.
pub(crate) fn is_open_to_choice() -> bool {
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
