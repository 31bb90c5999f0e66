//! What the core asks of the desktop: files from the user, preferences, events to the page.

use std::{
    path::{Path, PathBuf},
    process::Command,
    sync::{Arc, Mutex, PoisonError},
};

use async_trait::async_trait;
use backstory_core::{
    api::{
        App, AppEvent, Host,
        app::{Licence, Preferences},
        backup::Backups,
        configuration::{Configuration, Reconfigured},
        dialogs::Dialog,
        erase::Computer,
        export::Outlet,
        health::{self, Machine},
        import::{FileResult, WatchedFolder},
        moving::{MoveTo, Site},
        notices::{Notice, TrayMenu, notice, tray_menu},
        opening::{OpenLibrary, Reopened, Ways},
    },
    config::{AlertsConfig, Config},
    error::{Code, Error, Result},
    model::CharacterId,
    storage::{CharacterStorage, Secret, StorageInfo},
    wording::Language,
};
use backstory_sources::{
    fetch::{DdbFetcher, Keychain as _, SystemKeychain},
    files::Files,
    watch::{is_library, own_library},
};
use backstory_storage::{
    backups::FolderBackups,
    clock::SystemClock,
    computer::{Session, ThisComputer},
    config::{self, data_folder},
    exporter::{self, Serving},
    machine,
    outlet::FileOutlet,
};
use tauri::{AppHandle, Emitter, Manager, Wry};
use tauri_plugin_dialog::{DialogExt, FileDialogBuilder, FilePath};
use tokio::sync::{oneshot, watch};

use crate::{
    arguments::Arguments,
    libraries::{self, Libraries},
    notices::{CAN_NOTIFY, Notices},
    preferences::PreferencesFile,
    shell::caches,
    tray::Tray,
    upkeep::retell,
    watching::{Watching, minimises},
};

/// Name, version and licence of everything that is built in. `cargo xtask gen` writes it.
const LICENCES: &str = include_str!("licences.tsv");
/// The label of the one window.
pub(crate) const WINDOW: &str = "main";
/// The name of the one event; what happened is inside.
const EVENT: &str = "backstory";

/// The desktop as the core sees it.
pub(crate) struct Desktop {
    handle: AppHandle,
    preferences: Arc<PreferencesFile>,
    libraries: Arc<Libraries>,
    /// Files given at the start, until the page is there to take them.
    waiting: Mutex<Vec<PathBuf>>,
    /// The character that a link means, until then too.
    wanted: Mutex<Option<CharacterId>>,
    /// Whether the window was shown.
    shown: watch::Sender<bool>,
    watching: Arc<Watching>,
    files: Arc<Files>,
    fetcher: Result<Arc<DdbFetcher>>,
    /// What serves what is measured, where the configuration wants that.
    serving: Arc<Mutex<Option<Serving>>>,
    notices: Arc<Notices>,
    tray: Arc<Tray>,
    /// Folders that were watched until the player said no: only these can be watched again without a dialog.
    unwatched: Arc<Mutex<Vec<PathBuf>>>,
}

impl Desktop {
    /// The desktop of this program, with what it was started with.
    pub(crate) fn new(handle: AppHandle, preferences: PreferencesFile, arguments: Arguments) -> Self {
        let preferences = Arc::new(preferences);
        Self {
            handle,
            libraries: Arc::new(Libraries::new(preferences.clone(), arguments.demo)),
            preferences,
            waiting: Mutex::new(arguments.files),
            wanted: Mutex::new(arguments.character),
            shown: watch::Sender::new(false),
            watching: Arc::default(),
            files: Arc::new(Files::new().minimise(minimises())),
            fetcher: data_folder().map(|folder| Arc::new(DdbFetcher::real(&folder).minimise(minimises()))),
            serving: Arc::default(),
            notices: Arc::default(),
            tray: Arc::default(),
            unwatched: Arc::default(),
        }
    }

    /// The libraries of this account.
    pub(crate) fn libraries(&self) -> &Libraries {
        &self.libraries
    }

    /// What reads files.
    pub(crate) fn files(&self) -> Arc<Files> {
        Arc::clone(&self.files)
    }

    /// What fetches characters, or why it cannot.
    pub(crate) fn fetcher(&self) -> Result<Arc<DdbFetcher>> {
        self.fetcher.clone()
    }

    /// Serves what is measured where the configuration wants that, and nowhere else.
    ///
    /// # Errors
    /// As [`exporter::serve`]. Then it is served nowhere.
    pub(crate) async fn serve_metrics(&self) -> Result<()> {
        let (handle, serving) = (self.handle.clone(), Arc::clone(&self.serving));
        let serve = move || {
            let Some(app) = handle.try_state::<Arc<App>>() else { return Ok(()) };
            let app = app.inner().clone();
            let listen = config::load(&config::Flags::default())?.config.metrics.listen;
            let mut serving = serving.lock().unwrap_or_else(PoisonError::into_inner);
            // The one before lets go of its address first: it may be the same.
            *serving = None;
            let text = move || tauri::async_runtime::block_on(health::prometheus(&app));
            *serving = listen.map(|listen| exporter::serve(&listen, text)).transpose()?;
            Ok(())
        };
        blocking(serve, "What is measured is not served.").await
    }

    /// Takes up what the window itself does of the configuration.
    async fn take_up(&self, key: &str, config: &Config) -> Result<()> {
        if key == "privacy.minimise" {
            self.files.set_minimise(config.privacy.minimise);
            if let Ok(fetcher) = &self.fetcher {
                fetcher.set_minimise(config.privacy.minimise);
            }
            self.watch_folders();
        }
        if key.starts_with("metrics.") {
            let kept = "The configuration file says what you wanted; it is tried again at the next start.";
            self.serve_metrics().await.map_err(|error| error.kept(kept))?;
        }
        Ok(())
    }

    /// Shows the window, once.
    pub(crate) fn show(&self) {
        if self.shown.send_replace(true) {
            return;
        }
        if let Some(window) = self.handle.get_webview_window(WINDOW) {
            if let Err(error) = window.show().and_then(|()| window.set_focus()) {
                tracing::error!(%error, "the window cannot be shown");
            }
            tracing::info!("window ready");
        }
    }

    /// The system's tray, which on Linux can go while the program runs.
    #[cfg(target_os = "linux")]
    pub(crate) fn tray(&self) -> &Tray {
        &self.tray
    }

    /// What the menu in the tray says.
    pub(crate) fn tray_menu(&self) -> TrayMenu {
        tray_menu(self.watching.count(), self.language())
    }

    /// Puts the sign into the tray, or takes it away, as the player likes. Samples are closed and gone.
    pub(crate) async fn tend_tray(&self, preferences: &Preferences) {
        self.tray.tend(&self.handle, preferences.stay && !self.libraries.is_demo()).await;
    }

    /// The window is to be closed. Whether it is only put away, and can be had again from the tray.
    pub(crate) fn puts_away(&self) -> bool {
        let Some(window) = self.handle.get_webview_window(WINDOW).filter(|_| self.tray.stands()) else {
            return false;
        };
        match window.hide() {
            Ok(()) => tracing::info!("the window is closed, the program stays in the tray"),
            Err(error) => {
                tracing::warn!(%error, "the window cannot be put away");
                return false;
            }
        }
        true
    }

    /// The window is wanted: from wherever it is, in front of all others.
    pub(crate) fn come_forward(&self) {
        let Some(window) = self.handle.get_webview_window(WINDOW) else { return };
        // Until the page is there, nothing is shown.
        let shown = if self.is_shown() { window.show() } else { Ok(()) };
        if let Err(error) = shown.and_then(|()| window.unminimize()).and_then(|()| window.set_focus()) {
            tracing::warn!(%error, "the window cannot be brought to the front");
        }
    }

    /// The window comes back where it was put away.
    #[cfg(target_os = "linux")]
    pub(crate) fn come_back(&self) {
        let window = self.handle.get_webview_window(WINDOW);
        if window.is_some_and(|window| window.is_visible().is_ok_and(|visible| !visible)) && self.is_shown() {
            self.come_forward();
        }
    }

    /// Watches the folders that the player chose, from the start of the program.
    pub(crate) fn watch_folders(&self) {
        self.watch_exactly(self.preferences.folders());
    }

    fn watch_exactly(&self, folders: Vec<PathBuf>) {
        let Some(app) = self.handle.try_state::<Arc<App>>() else { return };
        let handle = self.handle.clone();
        let notices = Arc::clone(&self.notices);
        let preferences = Arc::clone(&self.preferences);
        let told = move |captured: Option<FileResult>| {
            emit(&handle, AppEvent::Watched);
            if let Some(result) = captured.filter(|_| wants_notice(&handle, &preferences)) {
                let (handle, preferences) = (handle.clone(), Arc::clone(&preferences));
                notices.tell(result, move |results| {
                    // Who came back meanwhile has seen it.
                    let app =
                        handle.try_state::<Arc<App>>().filter(|_| wants_notice(&handle, &preferences))?;
                    notice(results, app.language())
                });
            }
        };
        self.watching.watch(app.own_library(), folders, data_folder(), told);
        let (tray, handle) = (Arc::clone(&self.tray), self.handle.clone());
        tauri::async_runtime::spawn(async move { tray.renew(&handle).await });
    }

    /// Tells the player that something is not well, where the configuration wants the system to and they look elsewhere.
    pub(crate) fn warn(&self, notice: Notice) {
        let wants = config::load(&config::Flags::default()).is_ok_and(|loaded| loaded.config.alerts.notify);
        let window = self.handle.get_webview_window(WINDOW);
        let looks = window.is_some_and(|window| window.is_focused().unwrap_or(true));
        if wants && !looks {
            self.notices.warn(notice);
        }
    }

    /// This computer, with the library that would be opened.
    pub(crate) fn computer(&self) -> Result<Arc<dyn Computer>> {
        if self.libraries.is_demo() {
            return Err(Error::new(Code::InvalidArgument, "These are the samples, which are kept nowhere.")
                .hint("Start Backstory without --demo to erase what is yours."));
        }
        let libraries = self.libraries.clone();
        let session =
            // What opens a server is forgotten with it: both are in the keychain, and nowhere else.
            Session {
                is_there: || Ok(SystemKeychain.get()?.is_some() || libraries::knows_server()?),
                forget: || Ok(SystemKeychain.forget()? | libraries::forget_server()?),
            };
        Ok(Arc::new(ThisComputer::new(move || libraries.path(), backup_folder, session)?))
    }

    /// The backups of the library, as they are configured.
    pub(crate) fn backups(&self) -> Result<Arc<dyn Backups>> {
        if self.libraries.is_demo() {
            return Err(Error::new(Code::InvalidArgument, "These are the samples, which are kept nowhere.")
                .hint("Start Backstory without --demo to back up what is yours."));
        }
        let libraries = self.libraries.clone();
        let config = || config::load(&config::Flags::default()).map(|loaded| loaded.config.backup);
        let version = env!("CARGO_PKG_VERSION");
        Ok(Arc::new(FolderBackups::new(config, move || libraries.path(), Arc::new(SystemClock), version)))
    }

    async fn change_folders(
        &self,
        change: impl FnOnce(&mut Vec<PathBuf>) + Send + 'static,
    ) -> Result<Vec<PathBuf>> {
        let file = self.preferences.clone();
        tauri::async_runtime::spawn_blocking(move || file.change_folders(change))
            .await
            .unwrap_or_else(|defect| Err(Error::internal("The folders were not saved.").caused_by(defect)))
    }

    fn language(&self) -> Language {
        self.handle.try_state::<Arc<App>>().map_or_else(Language::default, |app| app.language())
    }

    /// A dialog of the system, in front of the window.
    fn dialog(&self, dialog: Dialog) -> FileDialogBuilder<Wry> {
        let dialog = self.handle.dialog().file().set_title(dialog.title(self.language()));
        match self.handle.get_webview_window(WINDOW) {
            Some(window) => dialog.set_parent(&window),
            None => dialog,
        }
    }

    /// The folder that the player chooses.
    async fn choose_folder(&self, what_for: Dialog) -> Option<PathBuf> {
        #[cfg(debug_assertions)]
        if let Some(picked) = std::env::var_os("BACKSTORY_PICK_FOLDER") {
            return Some(picked.into());
        }
        let (answer, answered) = oneshot::channel();
        self.dialog(what_for).pick_folder(move |folder| {
            let _window_closed_meanwhile = answer.send(folder);
        });
        answered.await.ok().flatten()?.into_path().ok()
    }

    /// The file of a library that the player chooses.
    async fn choose_library(&self) -> Option<PathBuf> {
        #[cfg(debug_assertions)]
        if let Some(picked) = std::env::var_os("BACKSTORY_PICK") {
            return std::env::split_paths(&picked).next();
        }
        let (answer, answered) = oneshot::channel();
        let dialog = self
            .dialog(Dialog::Library)
            .add_filter(Dialog::Library.kind(self.language()), &["sqlite", "db", "backstory"]);
        dialog.pick_file(move |file| {
            let _window_closed_meanwhile = answer.send(file);
        });
        answered.await.ok().flatten()?.into_path().ok()
    }

    /// Whether the window was shown.
    pub(crate) fn is_shown(&self) -> bool {
        *self.shown.borrow()
    }

    /// Waits until the window was shown.
    pub(crate) async fn until_shown(&self) {
        // The sender is this desktop's own: it does not go while somebody waits here.
        let _ = self.shown.subscribe().wait_for(|shown| *shown).await;
    }

    /// Offers files to the page for import. Nothing is read before the user says so.
    pub(crate) fn offer(&self, files: Vec<PathBuf>) {
        if files.is_empty() {
            return;
        }
        if !self.is_shown() {
            self.waiting.lock().unwrap_or_else(PoisonError::into_inner).extend(files);
            return;
        }
        if let Some(app) = self.handle.try_state::<Arc<App>>() {
            self.emit(AppEvent::Dropped(app.select(files)));
        }
    }
}

impl Desktop {
    /// Opens a character, now or when the page is there.
    pub(crate) fn open(&self, character: Option<CharacterId>) {
        let Some(character) = character else { return };
        if self.is_shown() {
            self.emit(AppEvent::Open { character });
        } else {
            *self.wanted.lock().unwrap_or_else(PoisonError::into_inner) = Some(character);
        }
    }

    /// Asks with the system's dialog where a file is to go.
    async fn choose_place(&self, what_for: Dialog, name: &str) -> Option<PathBuf> {
        #[cfg(debug_assertions)]
        if let Some(folder) = std::env::var_os("BACKSTORY_SAVE") {
            return Some(PathBuf::from(folder).join(name));
        }
        let (answer, answered) = oneshot::channel();
        self.dialog(what_for).set_file_name(name).save_file(move |file| {
            let _window_closed_meanwhile = answer.send(file);
        });
        answered.await.ok().flatten()?.into_path().ok()
    }
}

#[async_trait]
impl Host for Desktop {
    async fn configuration(&self) -> Result<Configuration> {
        let loaded = config::load(&config::Flags::default())?;
        Ok(Configuration::of(&loaded.config, loaded.file.map(|file| file.display().to_string())))
    }

    async fn configure(&self, key: &str, value: Option<&str>) -> Result<Reconfigured> {
        let (asked, value) = (key.to_owned(), value.map(str::to_owned));
        let set = move || config::set(&config::Flags::default(), &asked, value.as_deref());
        let loaded = blocking(set, "The configuration was not changed.").await?;
        self.take_up(key, &loaded.config).await?;
        let file = loaded.file.map(|file| file.display().to_string());
        let caches = key.starts_with("cache.").then(|| caches(Some(loaded.config.cache.clone())));
        Ok(Reconfigured {
            configuration: Configuration::of(&loaded.config, file),
            config: loaded.config,
            caches,
        })
    }

    fn licences(&self) -> Vec<Licence> {
        let licence = |line: &str| {
            let mut fields = line.split('\t').map(str::to_owned);
            Some(Licence { name: fields.next()?, version: fields.next()?, licence: fields.next()? })
        };
        LICENCES.lines().filter_map(licence).collect()
    }

    async fn ways(&self) -> Ways {
        let trouble = self.handle.try_state::<Arc<App>>().and_then(|app| app.own_library().err());
        self.libraries.ways(trouble.is_some_and(|error| error.code == Code::StoreBusy)).await
    }

    async fn unlock_with(&self, words: Secret) {
        self.libraries.unlock_with(words);
    }

    async fn reopen(&self, how: OpenLibrary) -> Result<Option<Reopened>> {
        let chosen = match how {
            OpenLibrary::Choose { folder: true } => self.choose_folder(Dialog::LibraryFolder).await,
            OpenLibrary::Choose { folder: false } => self.choose_library().await,
            _ => None,
        };
        self.libraries.reopen(how, chosen).await
    }

    async fn site(&self, to: MoveTo) -> Result<Option<Arc<dyn Site>>> {
        let site = match to {
            MoveTo::File => {
                let chosen = self.choose_place(Dialog::NewLibrary, libraries::USUAL_NAME).await;
                chosen.map(|path| self.libraries.file_site(&path)).transpose()?
            }
            MoveTo::Folder => {
                let chosen = self.choose_folder(Dialog::NewLibraryFolder).await;
                chosen.map(|path| self.libraries.folder_site(&path)).transpose()?
            }
            MoveTo::Server { address } => Some(self.libraries.server_site(&address).await?),
        };
        Ok(site.map(|site| Arc::new(site) as Arc<dyn Site>))
    }

    async fn move_in(&self, site: &dyn Site) -> Result<Arc<dyn CharacterStorage>> {
        self.libraries.move_in(site).await
    }

    fn choice_lasts(&self) -> bool {
        libraries::is_open_to_choice()
    }

    async fn stop_writers(&self) {
        self.watch_exactly(Vec::new());
    }

    async fn reopened(&self) {
        self.watch_folders();
        if let Some(app) = self.handle.try_state::<Arc<App>>() {
            tauri::async_runtime::spawn(retell(app.inner().clone()));
        }
    }

    async fn choose_files(&self) -> Option<Vec<PathBuf>> {
        #[cfg(debug_assertions)]
        if let Some(picked) = std::env::var_os("BACKSTORY_PICK") {
            return Some(std::env::split_paths(&picked).collect());
        }
        let (answer, answered) = oneshot::channel();
        let dialog = self
            .dialog(Dialog::Files)
            .add_filter(Dialog::Files.kind(self.language()), &["json", "JSON", "backstory", "age"])
            .add_filter(Dialog::any(self.language()), &["*"]);
        dialog.pick_files(move |files| {
            let _window_closed_meanwhile = answer.send(files);
        });
        let files = answered.await.ok().flatten()?;
        Some(files.into_iter().map(FilePath::into_path).filter_map(std::result::Result::ok).collect())
    }

    async fn watched(&self) -> Vec<WatchedFolder> {
        self.watching.list()
    }

    async fn watch(&self) -> Result<()> {
        let Some(folder) = self.choose_folder(Dialog::Watch).await else { return Ok(()) };
        let folder = std::path::absolute(&folder).unwrap_or(folder);
        if is_library(&folder) {
            return Err(own_library(&folder));
        }
        let folders = self
            .change_folders(move |folders| {
                if !folders.contains(&folder) {
                    folders.push(folder);
                }
            })
            .await?;
        self.watch_exactly(folders);
        Ok(())
    }

    async fn unwatch(&self, path: &str) -> Result<()> {
        let path = path.to_owned();
        let gone = self.unwatched.clone();
        let left = move |folders: &mut Vec<PathBuf>| {
            let is_it = |folder: &mut PathBuf| folder.to_string_lossy() == path;
            gone.lock().unwrap_or_else(PoisonError::into_inner).extend(folders.extract_if(.., is_it));
        };
        let folders = self.change_folders(left).await?;
        self.watch_exactly(folders);
        Ok(())
    }

    async fn rewatch(&self, path: &str) -> Result<()> {
        let gone = {
            let mut gone = self.unwatched.lock().unwrap_or_else(PoisonError::into_inner);
            let place = gone.iter().position(|folder| folder.to_string_lossy() == path);
            place.map(|place| gone.remove(place))
        };
        let Some(folder) = gone else { return Ok(()) };
        let folders = self.change_folders(move |folders| folders.push(folder)).await?;
        self.watch_exactly(folders);
        Ok(())
    }

    async fn show_folder(&self, path: &str) -> Result<()> {
        let path = Path::new(path);
        let folder = if path.is_dir() { path } else { path.parent().unwrap_or(path) };
        let opener = match std::env::consts::OS {
            "macos" => "open",
            "windows" => "explorer",
            _ => "xdg-open",
        };
        let problem = match folder.is_dir() {
            true => Command::new(opener).arg(folder).spawn().err(),
            false => Some(std::io::ErrorKind::NotFound.into()),
        };
        problem.map_or(Ok(()), |problem| {
            Err(Error::new(Code::FileUnreadable, format!("{} cannot be shown.", folder.display()))
                .hint("Open the folder in your file manager.")
                .caused_by(problem))
        })
    }

    async fn outlet(&self, name: &str) -> Result<Option<Box<dyn Outlet>>> {
        let Some(path) = self.choose_place(Dialog::Save, name).await else { return Ok(None) };
        let create = tauri::async_runtime::spawn_blocking(move || FileOutlet::create(&path));
        let outlet =
            create.await.map_err(|defect| Error::internal("The file was not begun.").caused_by(defect))??;
        Ok(Some(Box::new(outlet)))
    }

    fn can_notify(&self) -> bool {
        CAN_NOTIFY
    }

    fn can_stay(&self) -> bool {
        self.tray.is_there() && !self.libraries.is_demo()
    }

    async fn may_recompress(&self) -> bool {
        config::encoding(&config::Flags::default()).is_ok_and(|chosen| chosen.is_none())
    }

    async fn machine(&self, library: Option<&StorageInfo>) -> Machine {
        let library = library.cloned();
        tauri::async_runtime::spawn_blocking(move || machine::look(library.as_ref()))
            .await
            .unwrap_or_default()
    }

    async fn alerts(&self) -> Option<AlertsConfig> {
        Some(config::load(&config::Flags::default()).ok()?.config.alerts)
    }

    async fn window_ready(&self) {
        self.show();
        let waiting = std::mem::take(&mut *self.waiting.lock().unwrap_or_else(PoisonError::into_inner));
        self.offer(waiting);
        let wanted = self.wanted.lock().unwrap_or_else(PoisonError::into_inner).take();
        self.open(wanted);
    }

    async fn load_preferences(&self) -> Preferences {
        let file = self.preferences.clone();
        tauri::async_runtime::spawn_blocking(move || file.load()).await.unwrap_or_default()
    }

    async fn save_preferences(&self, preferences: Preferences) -> Result<()> {
        let (file, kept) = (self.preferences.clone(), preferences.clone());
        let saved =
            tauri::async_runtime::spawn_blocking(move || file.save(&kept)).await.unwrap_or_else(|defect| {
                Err(Error::internal("The preferences were not saved.").caused_by(defect))
            });
        // As with everything the player likes: it holds for now, even where it cannot be kept.
        if preferences.stay != self.tray.stands() {
            self.tend_tray(&preferences).await;
        }
        saved
    }

    fn emit(&self, event: AppEvent) {
        emit(&self.handle, event);
    }
}

/// Does what waits for the disk beside everything else.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
    undone: &str,
) -> Result<T> {
    let done = tauri::async_runtime::spawn_blocking(work).await;
    done.unwrap_or_else(|defect| Err(Error::internal(undone).caused_by(defect)))
}

/// Where the configuration wants backups.
pub(crate) fn backup_folder() -> Option<PathBuf> {
    config::load(&config::Flags::default()).ok()?.config.backup.folder.map(|folder| folder.reveal().into())
}

/// Whether the player asked to be told, and does not look at the window.
fn wants_notice(handle: &AppHandle, preferences: &PreferencesFile) -> bool {
    let looks = handle.get_webview_window(WINDOW).is_some_and(|window| window.is_focused().unwrap_or(true));
    !looks && preferences.load().notify
}

fn emit(handle: &AppHandle, event: AppEvent) {
    if let Err(error) = handle.emit(EVENT, event) {
        tracing::warn!(%error, "an event did not reach the page");
    }
}
