//! The window is closed and its folders are watched on: a tray of the tests' own message bus shows the sign, as a desktop's does.

use std::{
    collections::HashMap,
    env, fs,
    process::Command,
    sync::{Arc, Mutex},
};

use serde_json::json;
use x11rb::{
    connection::Connection as _,
    protocol::xproto::{AtomEnum, ClientMessageEvent, ConnectionExt as _, EventMask, MapState},
    rust_connection::RustConnection,
};
use zbus::{Connection, Proxy, zvariant::OwnedValue};

use crate::{driver::Window, home::Home, journey::photograph};

const WATCHER: &str = "org.kde.StatusNotifierWatcher";

/// A desktop's tray that writes down which signs are put there.
struct Tray(Arc<Mutex<Vec<String>>>);

#[zbus::interface(name = "org.kde.StatusNotifierWatcher")]
impl Tray {
    fn register_status_notifier_item(&self, service: String) {
        self.0.lock().unwrap().push(service);
    }

    #[zbus(property)]
    fn is_status_notifier_host_registered(&self) -> bool {
        true
    }

    #[zbus(property)]
    fn registered_status_notifier_items(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }

    #[zbus(property)]
    fn protocol_version(&self) -> i32 {
        0
    }
}

/// A sign's menu: for each line its number, its words, and whether it can be chosen.
struct Sign(Proxy<'static>);

type Layout = (u32, (i32, HashMap<String, OwnedValue>, Vec<OwnedValue>));

impl Sign {
    async fn of(service: String) -> Self {
        let bus = Connection::session().await.unwrap();
        let item = Proxy::new(&bus, service.clone(), "/StatusNotifierItem", "org.kde.StatusNotifierItem");
        let menu: zbus::zvariant::OwnedObjectPath = item.await.unwrap().get_property("Menu").await.unwrap();
        Self(Proxy::new_owned(bus, service, menu, "com.canonical.dbusmenu").await.unwrap())
    }

    async fn lines(&self) -> Vec<(i32, String, bool)> {
        let (_, (_, _, lines)): Layout =
            self.0.call("GetLayout", &(0_i32, -1_i32, Vec::<String>::new())).await.unwrap();
        let line = |line: OwnedValue| {
            let (number, says, _): (i32, HashMap<String, OwnedValue>, Vec<OwnedValue>) =
                zbus::zvariant::Structure::try_from(line).unwrap().try_into().unwrap();
            let label = says.get("label").and_then(|label| String::try_from(label.clone()).ok())?;
            let enabled = says.get("enabled").and_then(|enabled| bool::try_from(enabled).ok());
            Some((number, label, enabled.unwrap_or(true)))
        };
        lines.into_iter().filter_map(line).collect()
    }

    async fn choose(&self, label: &str) {
        let lines = self.lines().await;
        let (number, ..) = lines.iter().find(|(_, says, _)| says == label).expect("the line is in the menu");
        let nothing = zbus::zvariant::Value::from(0_i32);
        let () = self.0.call("Event", &(*number, "clicked", nothing, 0_u32)).await.unwrap();
    }
}

/// The window as the screen has it.
struct OnScreen {
    screen: RustConnection,
    window: u32,
}

impl OnScreen {
    /// The largest window of the program.
    fn of(program: u32) -> Self {
        let (screen, _) = x11rb::connect(None).unwrap();
        let pid = screen.intern_atom(false, b"_NET_WM_PID").unwrap().reply().unwrap().atom;
        let root = screen.setup().roots[0].root;
        let room = |window: u32| {
            let owner =
                screen.get_property(false, window, pid, AtomEnum::CARDINAL, 0, 1).ok()?.reply().ok()?;
            let place = screen.get_geometry(window).ok()?.reply().ok()?;
            (owner.value32()?.next()? == program).then_some(u32::from(place.width) * u32::from(place.height))
        };
        let all = screen.query_tree(root).unwrap().reply().unwrap().children;
        let window = all.into_iter().max_by_key(|window| room(*window)).unwrap();
        assert!(room(window).is_some(), "the program has a window");
        Self { screen, window }
    }

    fn is_shown(&self) -> bool {
        let looks = self.screen.get_window_attributes(self.window).unwrap().reply().unwrap();
        looks.map_state == MapState::VIEWABLE
    }

    /// Asks it to close, as the cross in its frame does.
    fn close(&self) {
        let atom = |name: &[u8]| self.screen.intern_atom(false, name).unwrap().reply().unwrap().atom;
        let data = [atom(b"WM_DELETE_WINDOW"), x11rb::CURRENT_TIME, 0, 0, 0];
        let event = ClientMessageEvent::new(32, self.window, atom(b"WM_PROTOCOLS"), data);
        self.screen.send_event(false, self.window, EventMask::NO_EVENT, event).unwrap();
        self.screen.flush().unwrap();
    }
}

#[tokio::test]
async fn a_window_that_is_closed_goes_on_in_the_tray_where_the_player_wants_that() {
    let signs = Arc::default();
    let tray = zbus::connection::Builder::session().unwrap().name(WATCHER).unwrap();
    let tray =
        tray.serve_at("/StatusNotifierWatcher", Tray(Arc::clone(&signs))).unwrap().build().await.unwrap();
    let home = Home::new();
    let (samples, captures) = home.with_samples();
    let folder = home.path().join("Downloads");
    fs::create_dir(&folder).unwrap();
    let home = home.with("BACKSTORY_PICK_FOLDER", &folder);
    let window = Window::open(&home, &[], &[]).await;
    window.says("Every version of every character").await;
    let screen = OnScreen::of(window.program());
    window.until("it can be seen", async || screen.is_shown()).await;
    window.call("watch.add", json!({})).await.unwrap();
    assert!(signs.lock().unwrap().is_empty(), "nobody asked for it yet");

    window.control_and(',').await;
    window.says("When the window is closed").await;
    window.press("Stay in the tray").await;
    window.until("the sign stands there", async || !signs.lock().unwrap().is_empty()).await;
    photograph(&window, "17-settings-tray").await;
    let service = signs.lock().unwrap()[0].clone();
    let sign = Sign::of(service).await;
    let says: Vec<_> = sign.lines().await.into_iter().map(|(_, says, enabled)| (says, enabled)).collect();
    let line = |says: &str, enabled| (says.to_owned(), enabled);
    assert_eq!(says, [line("Open Backstory", true), line("Watching 1 folder", false), line("Quit", true)]);

    screen.close();
    window.until("the window is closed", async || !screen.is_shown()).await;
    fs::copy(samples.join(&captures[0].file_name), folder.join("tam.json")).unwrap();
    window
        .until("what was saved is taken meanwhile", async || {
            window.call("app.overview", json!({})).await.unwrap()["facets"]["versions"] == 1
        })
        .await;
    assert!(!screen.is_shown());
    sign.choose("Open Backstory").await;
    window.until("it is back", async || screen.is_shown()).await;

    // A second start brings it back, too, and so does a tray that goes.
    screen.close();
    window.until("the window is closed", async || !screen.is_shown()).await;
    let again = Command::new(env::var_os("BACKSTORY_DESKTOP").unwrap()).envs(home.environment()).status();
    assert!(again.unwrap().success());
    window.until("it is back", async || screen.is_shown()).await;
    screen.close();
    window.until("the window is closed", async || !screen.is_shown()).await;
    tray.release_name(WATCHER).await.unwrap();
    window.until("it is back", async || screen.is_shown()).await;
    assert_eq!(window.faults().await, Vec::<String>::new());

    tray.request_name(WATCHER).await.unwrap();
    window.until("the sign is there again", async || signs.lock().unwrap().len() > 1).await;
    screen.close();
    window.until("the window is closed", async || !screen.is_shown()).await;
    let service = signs.lock().unwrap()[1].clone();
    let sign = Sign::of(service).await;
    let program = window.program();
    sign.choose("Quit").await;
    while fs::exists(format!("/proc/{program}/exe")).unwrap() {
        std::thread::yield_now();
    }
}
