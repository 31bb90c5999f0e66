//! What the core asks of the desktop: files from the user, preferences, events to the page.

use std::{
    path::PathBuf,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use async_trait::async_trait;
use backstory_core::{
    api::{App, AppEvent, Host, app::Preferences},
    error::{Code, Error, Result},
};
use tauri::{AppHandle, Emitter, Manager};
use tauri_plugin_dialog::{DialogExt, FilePath};
use tokio::sync::oneshot;

use crate::preferences::PreferencesFile;

/// The label of the one window.
pub(crate) const WINDOW: &str = "main";
/// The name of the one event; what happened is inside.
const EVENT: &str = "backstory";

/// The desktop as the core sees it.
#[derive(Debug)]
pub(crate) struct Desktop {
    handle: AppHandle,
    preferences: Arc<PreferencesFile>,
    /// Files given at the start, until the page is there to take them.
    waiting: Mutex<Vec<PathBuf>>,
    shown: AtomicBool,
}

impl Desktop {
    /// The desktop of this program, with the files it was started with.
    pub(crate) fn new(handle: AppHandle, preferences: PreferencesFile, files: Vec<PathBuf>) -> Self {
        Self {
            handle,
            preferences: Arc::new(preferences),
            waiting: Mutex::new(files),
            shown: AtomicBool::new(false),
        }
    }

    /// Shows the window, once.
    pub(crate) fn show(&self) {
        if self.shown.swap(true, Ordering::SeqCst) {
            return;
        }
        if let Some(window) = self.handle.get_webview_window(WINDOW) {
            if let Err(error) = window.show().and_then(|()| window.set_focus()) {
                tracing::error!(%error, "the window cannot be shown");
            }
            tracing::info!("window ready");
        }
    }

    /// Whether the window was shown.
    pub(crate) fn is_shown(&self) -> bool {
        self.shown.load(Ordering::SeqCst)
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
    /// Asks with the system's dialog where a file is to go.
    async fn choose_place(&self, name: &str) -> Option<PathBuf> {
        #[cfg(debug_assertions)]
        if let Some(folder) = std::env::var_os("BACKSTORY_SAVE") {
            return Some(PathBuf::from(folder).join(name));
        }
        let (answer, answered) = oneshot::channel();
        let mut dialog = self.handle.dialog().file().set_title("Save this version").set_file_name(name);
        if let Some(window) = self.handle.get_webview_window(WINDOW) {
            dialog = dialog.set_parent(&window);
        }
        dialog.save_file(move |file| {
            let _window_closed_meanwhile = answer.send(file);
        });
        answered.await.ok().flatten()?.into_path().ok()
    }
}

#[async_trait]
impl Host for Desktop {
    async fn choose_files(&self) -> Option<Vec<PathBuf>> {
        #[cfg(debug_assertions)]
        if let Some(picked) = std::env::var_os("BACKSTORY_PICK") {
            return Some(std::env::split_paths(&picked).collect());
        }
        let (answer, answered) = oneshot::channel();
        let mut dialog = self
            .handle
            .dialog()
            .file()
            .set_title("Choose character files")
            .add_filter("Characters (JSON)", &["json", "JSON"])
            .add_filter("All files", &["*"]);
        if let Some(window) = self.handle.get_webview_window(WINDOW) {
            dialog = dialog.set_parent(&window);
        }
        dialog.pick_files(move |files| {
            let _window_closed_meanwhile = answer.send(files);
        });
        let files = answered.await.ok().flatten()?;
        Some(files.into_iter().map(FilePath::into_path).filter_map(std::result::Result::ok).collect())
    }

    async fn save_file(&self, name: &str, contents: Vec<u8>) -> Result<Option<String>> {
        let Some(path) = self.choose_place(name).await else { return Ok(None) };
        let write = tauri::async_runtime::spawn_blocking(move || {
            let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
            std::fs::write(&path, contents).map(|()| name)
        });
        let written =
            write.await.map_err(|defect| Error::internal("The file was not written.").caused_by(defect))?;
        written.map(Some).map_err(|error| {
            Error::new(Code::StorageFailed, "The file could not be written there.")
                .kept("The version itself is as it was.")
                .hint("Choose another folder, or make room on the disk.")
                .caused_by(error)
        })
    }

    async fn window_ready(&self) {
        self.show();
        let waiting = std::mem::take(&mut *self.waiting.lock().unwrap_or_else(PoisonError::into_inner));
        self.offer(waiting);
    }

    async fn load_preferences(&self) -> Preferences {
        let file = self.preferences.clone();
        tauri::async_runtime::spawn_blocking(move || file.load()).await.unwrap_or_default()
    }

    async fn save_preferences(&self, preferences: Preferences) -> Result<()> {
        let file = self.preferences.clone();
        tauri::async_runtime::spawn_blocking(move || file.save(&preferences)).await.unwrap_or_else(|defect| {
            Err(Error::internal("The preferences were not saved.").caused_by(defect))
        })
    }

    fn emit(&self, event: AppEvent) {
        if let Err(error) = self.handle.emit(EVENT, event) {
            tracing::warn!(%error, "an event did not reach the page");
        }
    }
}
