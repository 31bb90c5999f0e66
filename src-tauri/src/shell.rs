//! Puts the program together: the window, the store, the bridge, and what happens to the window from outside.

use std::{path::Path, sync::Arc, time::Duration};

use backstory_core::{
    api::{
        self, App, AppEvent, Caches, Host, Parts,
        erase::{resume, takes_library},
        import::Remote,
    },
    config::CacheConfig,
    error::{Code, Error},
    job::Silent,
};
use backstory_sources::{registry, sample};
use backstory_storage::{cache, clock::SystemClock, config, open::Stores};
use serde_json::json;
use tauri::{AppHandle, DragDropEvent, Manager, Window, WindowEvent};
use tauri_plugin_dialog::{DialogExt as _, MessageDialogKind};
use tauri_plugin_window_state::StateFlags;

use crate::{
    arguments::{Arguments, Request},
    bridge,
    host::Desktop,
    preferences::PreferencesFile,
    upkeep::{self, Upkeep},
};

/// A page that has not said by then that it is there is shown as it is, so that a fault can be seen.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long after the first screen the work begins that nobody waits for.
const SETTLING: Duration = Duration::from_secs(5);

/// Opens the window and stays until it is closed.
///
/// # Errors
/// Where the system gives no window at all. A store that cannot be opened is not an error here: the window says so.
pub(crate) fn run(arguments: Arguments) -> tauri::Result<()> {
    let mut builder = tauri::Builder::default();
    if !arguments.demo {
        // The first plugin: a second start must end before it opens anything. Samples stand beside the library.
        builder = builder.plugin(tauri_plugin_single_instance::init(|handle, words, folder| {
            second_start(handle, words, Path::new(&folder));
        }));
    }
    #[cfg(debug_assertions)]
    {
        let faults = tauri::plugin::Builder::<_, ()>::new("faults").js_init_script(include_str!("faults.js"));
        builder = builder.plugin(faults.build());
    }
    builder
        .plugin(tauri_plugin_dialog::init())
        .plugin(
            tauri_plugin_window_state::Builder::new()
                .with_state_flags(StateFlags::SIZE | StateFlags::POSITION | StateFlags::MAXIMIZED)
                .build(),
        )
        .invoke_handler(tauri::generate_handler![bridge::call])
        .on_window_event(window_event)
        .setup(|tauri| set_up(tauri.handle(), arguments).map_err(Into::into))
        .build(tauri::generate_context!())?
        .run(happened);
    Ok(())
}

/// The end of the program; and on macOS, files and links, which do not come as arguments there.
fn happened(handle: &AppHandle, event: tauri::RunEvent) {
    // What is under way stops at a step that leaves everything whole.
    if let tauri::RunEvent::Exit = event
        && let Some(upkeep) = handle.try_state::<Arc<Upkeep>>()
    {
        tauri::async_runtime::block_on(upkeep.stop());
    }
    #[cfg(target_os = "macos")]
    if let tauri::RunEvent::Opened { urls } = event {
        let words = std::iter::once(String::new()).chain(urls.into_iter().map(String::from)).collect();
        second_start(handle, words, Path::new("/"));
    }
}

/// Opens the store and puts the core behind the bridge. The window is being made meanwhile and waits for its answers.
fn set_up(handle: &AppHandle, arguments: Arguments) -> tauri::Result<()> {
    let preferences = PreferencesFile::at(handle.path().app_config_dir()?.join("preferences.json"));
    let demo = arguments.demo;
    let desktop = Arc::new(Desktop::new(handle.clone(), preferences, arguments));
    let app = Arc::new(tauri::async_runtime::block_on(open(desktop.clone(), demo)));
    let upkeep = Arc::new(Upkeep::default());
    handle.manage(app.clone());
    handle.manage(upkeep.clone());
    handle.manage(desktop.clone());
    tauri::async_runtime::spawn(work_beside(desktop.clone(), app, upkeep));
    let watcher = handle.clone();
    tauri::async_runtime::spawn(async move {
        tokio::time::sleep(PATIENCE).await;
        if !desktop.is_shown() {
            tracing::warn!("the page has not said that it is there");
            desktop.show();
            say_that_nothing_is_drawn(&watcher);
        }
    });
    Ok(())
}

/// What runs beside the player. Until something can be seen, all cores work for the first screen, and a little longer.
async fn work_beside(desktop: Arc<Desktop>, app: Arc<App>, upkeep: Arc<Upkeep>) {
    desktop.until_shown().await;
    desktop.watch_folders();
    desktop.tend_tray(&desktop.load_preferences().await).await;
    tokio::time::sleep(SETTLING).await;
    tauri::async_runtime::spawn(upkeep::remember_log(app.clone()));
    upkeep::retell(app.clone()).await;
    if let Err(error) = desktop.serve_metrics().await {
        tracing::warn!(?error, "what is measured is not served");
    }
    upkeep::tend(app, upkeep, desktop).await;
}

/// A window that stays empty says why in the system's own words, since it has none itself.
fn say_that_nothing_is_drawn(handle: &AppHandle) {
    handle
        .dialog()
        .message(
            "Backstory's window stays empty: the web engine of this computer draws nothing.\n\n\
             Your characters are not affected.\n\n\
             Bring the system and its graphics driver up to date, or start Backstory with WEBKIT_DISABLE_COMPOSITING_MODE=1. \
             The `backstory` command shows your characters without a window.",
        )
        .kind(MessageDialogKind::Warning)
        .title("Backstory")
        .show(|_| {});
    tracing::warn!("the player was told that nothing is drawn");
}

/// The core on the library that is asked for, and on the samples where they are.
async fn open(desktop: Arc<Desktop>, demo: bool) -> App {
    let computer = desktop.computer();
    let is_going = match &computer {
        Ok(computer) => takes_library(&**computer).await,
        Err(_) => Ok(false),
    };
    let storage = match is_going {
        Ok(false) => desktop.libraries().open().await,
        Ok(true) => Err(Error::new(Code::StoreBusy, "The library is being erased.")),
        Err(error) => Err(error),
    };
    if let Err(error) = &storage {
        tracing::error!(?error, "the library cannot be opened");
    }
    let configured = config::load(&config::Flags::default()).map(|loaded| loaded.config).ok();
    let app = App::new(Parts {
        storage,
        caches: caches(configured.as_ref().map(|config| config.cache.clone())),
        computer,
        backups: desktop.backups(),
        factory: Arc::new(Stores),
        sources: registry::sources(),
        remote: desktop.fetcher().map(|fetcher| fetcher as Arc<dyn Remote>),
        intake: desktop.files(),
        samples: Arc::new(sample::drafts),
        host: desktop,
        clock: Arc::new(SystemClock),
        language: configured.as_ref().map(|config| config.language).unwrap_or_default(),
        version: env!("CARGO_PKG_VERSION"),
        origin: "window",
    })
    .keeping(configured.map(|config| config.retention).unwrap_or_default());
    // Before anything else is asked of it.
    if let Err(error) = resume(&app, &Silent).await {
        tracing::error!(?error, "an erasure that was interrupted cannot be ended");
    }
    if demo && let Err(error) = api::call(&app, "sample.open", json!({}), &Silent).await {
        tracing::error!(?error, "the samples cannot be opened");
    }
    app
}

/// The caches that are configured; none where the configuration cannot be read.
pub(crate) fn caches(configured: Option<CacheConfig>) -> Caches {
    Arc::new(move |store| configured.as_ref().and_then(|config| cache::open(config, store)))
}

/// Another start of the program: this window comes to the front and takes the files.
fn second_start(handle: &AppHandle, words: Vec<String>, folder: &Path) {
    let Some(desktop) = handle.try_state::<Arc<Desktop>>() else { return };
    desktop.come_forward();
    let words = words.into_iter().skip(1).map(Into::into);
    if let Ok(Request::Start(arguments)) = Arguments::parse(words, folder) {
        desktop.offer(arguments.files);
        desktop.open(arguments.character);
    }
}

/// The window is closed; files are dragged over it and dropped on it.
fn window_event(window: &Window, event: &WindowEvent) {
    let Some(desktop) = window.try_state::<Arc<Desktop>>() else { return };
    let drag = match event {
        WindowEvent::CloseRequested { api, .. } if desktop.puts_away() => return api.prevent_close(),
        WindowEvent::DragDrop(drag) => drag,
        _ => return,
    };
    match drag {
        DragDropEvent::Enter { paths, .. } => desktop.emit(AppEvent::DropHover { count: paths.len() as u64 }),
        DragDropEvent::Leave => desktop.emit(AppEvent::DropLeft),
        DragDropEvent::Drop { paths, .. } => {
            desktop.emit(AppEvent::DropLeft);
            desktop.offer(paths.clone());
        }
        _ => {}
    }
}
