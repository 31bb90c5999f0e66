//! The sign in the system's tray: for players who want their folders watched while the window is closed. It stands only where
//! they asked for it; where a system has no tray, the window closes as it always did.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use backstory_core::api::notices::TrayMenu;
use tauri::{AppHandle, Manager};
use tokio::sync::Mutex;

use crate::host::Desktop;

/// The tray, and what stands in it.
#[derive(Debug, Default)]
pub(crate) struct Tray {
    is_there: AtomicBool,
    stands: AtomicBool,
    sign: Mutex<Option<system::Sign>>,
}

impl Tray {
    /// Whether the system has a tray, as far as it was asked.
    pub(crate) fn is_there(&self) -> bool {
        self.is_there.load(Ordering::SeqCst)
    }

    /// Whether the sign stands in it, so that a closed window can be had again.
    pub(crate) fn stands(&self) -> bool {
        self.stands.load(Ordering::SeqCst)
    }

    /// Looks for a tray, and puts the sign there or takes it away.
    pub(crate) async fn tend(&self, handle: &AppHandle, wanted: bool) {
        // One at a time: a switch that is pressed twice ends as it was left.
        let mut sign = self.sign.lock().await;
        self.is_there.store(system::is_there().await, Ordering::SeqCst);
        match (wanted && self.is_there(), sign.is_some()) {
            (true, false) => match system::Sign::put(handle).await {
                Ok(put) => *sign = Some(put),
                Err(error) => tracing::warn!(%error, "no sign can be put into the tray"),
            },
            (false, true) => {
                if let Some(put) = sign.take() {
                    put.take_away().await;
                }
            }
            _ => {}
        }
        self.stands.store(sign.is_some(), Ordering::SeqCst);
    }

    /// The menu says something else now.
    pub(crate) async fn renew(&self, handle: &AppHandle) {
        if let Some(sign) = &*self.sign.lock().await {
            sign.renew(handle).await;
        }
    }

    /// Whether the tray is gone, and the sign with it. It comes back by itself where the tray does.
    #[cfg(target_os = "linux")]
    fn lost(&self, is_lost: bool) {
        self.stands.store(!is_lost, Ordering::SeqCst);
    }
}

fn desktop(handle: &AppHandle) -> Option<Arc<Desktop>> {
    handle.try_state::<Arc<Desktop>>().map(|desktop| desktop.inner().clone())
}

/// What was chosen in the menu, or the sign itself: the window comes back.
fn open(handle: &AppHandle) {
    if let Some(desktop) = desktop(handle) {
        desktop.come_forward();
    }
}

fn menu(handle: &AppHandle) -> Option<TrayMenu> {
    desktop(handle).map(|desktop| desktop.tray_menu())
}

#[cfg(target_os = "linux")]
mod system {
    use ksni::{Icon, MenuItem, OfflineReason, TrayMethods, menu::StandardItem};
    use tauri::AppHandle;
    use zbus::{Connection, Proxy};

    use super::{desktop, menu, open};

    const WATCHER: &str = "org.kde.StatusNotifierWatcher";

    /// Whether somebody shows signs.
    pub(super) async fn is_there() -> bool {
        let ask = async || {
            let bus = Connection::session().await?;
            let watcher = Proxy::new(&bus, WATCHER, "/StatusNotifierWatcher", WATCHER).await?;
            watcher.get_property::<bool>("IsStatusNotifierHostRegistered").await
        };
        ask().await.unwrap_or(false)
    }

    /// The sign as the tray asks for it.
    struct Item(AppHandle);

    impl ksni::Tray for Item {
        fn id(&self) -> String {
            "app.backstory.desktop".to_owned()
        }

        fn title(&self) -> String {
            "Backstory".to_owned()
        }

        fn icon_pixmap(&self) -> Vec<Icon> {
            let Some(icon) = self.0.default_window_icon() else { return Vec::new() };
            // Red, green, blue and what shows through; the tray wants the last first.
            let data = icon.rgba().chunks_exact(4).flat_map(|dot| [dot[3], dot[0], dot[1], dot[2]]).collect();
            vec![Icon { width: icon.width().cast_signed(), height: icon.height().cast_signed(), data }]
        }

        fn activate(&mut self, _x: i32, _y: i32) {
            open(&self.0);
        }

        fn menu(&self) -> Vec<MenuItem<Self>> {
            let Some(says) = menu(&self.0) else { return Vec::new() };
            let item = |label: String, does: fn(&mut Self)| {
                let label = label.replace('_', "__");
                StandardItem { label, activate: Box::new(does), ..StandardItem::default() }
            };
            vec![
                item(says.open, |item| open(&item.0)).into(),
                StandardItem { enabled: false, ..item(says.folders, |_| {}) }.into(),
                MenuItem::Separator,
                item(says.quit, |item| item.0.exit(0)).into(),
            ]
        }

        // The menu is asked for anew whenever it is opened.
        fn menu_about_to_show(&mut self) {}

        fn watcher_online(&self) {
            if let Some(desktop) = desktop(&self.0) {
                desktop.tray().lost(false);
            }
        }

        // A window that nobody can bring back would be lost.
        fn watcher_offline(&self, _why: OfflineReason) -> bool {
            if let Some(desktop) = desktop(&self.0) {
                desktop.tray().lost(true);
                desktop.come_back();
            }
            true
        }
    }

    pub(crate) struct Sign(ksni::Handle<Item>);

    impl std::fmt::Debug for Sign {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("Sign")
        }
    }

    impl Sign {
        pub(super) async fn put(handle: &AppHandle) -> Result<Self, ksni::Error> {
            Item(handle.clone()).spawn().await.map(Self)
        }

        pub(super) async fn renew(&self, _handle: &AppHandle) {
            self.0.update(|_| {}).await;
        }

        pub(super) async fn take_away(self) {
            self.0.shutdown().await;
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod system {
    use tauri::{
        AppHandle,
        menu::{Menu, MenuItem, PredefinedMenuItem},
        tray::{TrayIcon, TrayIconBuilder},
    };

    use super::{menu, open};

    /// macOS and Windows always have one.
    pub(super) async fn is_there() -> bool {
        true
    }

    pub(crate) struct Sign(TrayIcon);

    impl std::fmt::Debug for Sign {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("Sign")
        }
    }

    fn items(handle: &AppHandle) -> tauri::Result<Menu<tauri::Wry>> {
        let built = Menu::new(handle)?;
        if let Some(says) = menu(handle) {
            built.append(&MenuItem::with_id(handle, "open", says.open, true, None::<&str>)?)?;
            built.append(&MenuItem::with_id(handle, "folders", says.folders, false, None::<&str>)?)?;
            built.append(&PredefinedMenuItem::separator(handle)?)?;
            built.append(&MenuItem::with_id(handle, "quit", says.quit, true, None::<&str>)?)?;
        }
        Ok(built)
    }

    impl Sign {
        pub(super) async fn put(handle: &AppHandle) -> tauri::Result<Self> {
            let mut sign = TrayIconBuilder::new().tooltip("Backstory").menu(&items(handle)?).on_menu_event(
                |handle, event| match event.id.as_ref() {
                    "open" => open(handle),
                    "quit" => handle.exit(0),
                    _ => {}
                },
            );
            if let Some(icon) = handle.default_window_icon() {
                sign = sign.icon(icon.clone());
            }
            sign.build(handle).map(Self)
        }

        pub(super) async fn renew(&self, handle: &AppHandle) {
            let renewed = items(handle).and_then(|items| self.0.set_menu(Some(items)));
            if let Err(error) = renewed {
                tracing::warn!(%error, "the menu in the tray stays as it was");
            }
        }

        pub(super) async fn take_away(self) {
            if let Err(error) = self.0.set_visible(false) {
                tracing::warn!(%error, "the sign stays in the tray");
            }
        }
    }
}
