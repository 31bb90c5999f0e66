//! Messages of the system: a server of the tests' own message bus takes them, as a desktop's does.

use std::{
    collections::HashMap,
    env, fs,
    process::{Child, Command},
    sync::{Arc, Mutex},
};

use serde_json::json;
use zbus::zvariant::OwnedValue;

use crate::{driver::Window, home::Home, journey::photograph};

/// What was told: the number it takes the place of, its heading and its text.
type Told = Arc<Mutex<Vec<(u32, String, String)>>>;

/// A desktop's server of messages that writes down what it is given.
struct Server(Told);

#[zbus::interface(name = "org.freedesktop.Notifications")]
impl Server {
    fn get_capabilities(&self) -> Vec<String> {
        vec!["body".to_owned(), "body-markup".to_owned()]
    }

    #[allow(clippy::too_many_arguments, reason = "the desktops agreed on so many")]
    fn notify(
        &self,
        _program: String,
        replaces: u32,
        _icon: String,
        title: String,
        body: String,
        _actions: Vec<String>,
        _hints: HashMap<String, OwnedValue>,
        _wait: i32,
    ) -> u32 {
        self.0.lock().unwrap().push((replaces, title, body));
        7
    }
}

#[tokio::test]
async fn what_a_watched_folder_brings_is_told_once_and_only_where_it_is_wanted() {
    let told = Told::default();
    let _server = zbus::connection::Builder::session()
        .unwrap()
        .name("org.freedesktop.Notifications")
        .unwrap()
        .serve_at("/org/freedesktop/Notifications", Server(Arc::clone(&told)))
        .unwrap()
        .build()
        .await
        .unwrap();
    let home = Home::new();
    let (samples, captures) = home.with_samples();
    let folder = home.path().join("Downloads");
    fs::create_dir(&folder).unwrap();
    let home = home.with("BACKSTORY_PICK_FOLDER", &folder);
    let window = Window::open(&home, &[], &[]).await;
    window.call("watch.add", json!({})).await.unwrap();

    // The first capture of every character, the first of them before anybody asked to be told.
    let mut firsts: Vec<_> = Vec::new();
    for capture in &captures {
        if !firsts.iter().any(|(_, name)| *name == capture.expected.name) {
            firsts.push((capture.file_name.clone(), capture.expected.name.clone()));
        }
    }
    let put = |at: usize| {
        fs::copy(samples.join(&firsts[at].0), folder.join(format!("{at}.json"))).unwrap();
    };
    let versions = async || {
        window.call("app.overview", json!({})).await.unwrap()["facets"]["versions"].as_u64().unwrap()
    };
    put(0);
    window.until("the first is taken", async || versions().await == 1).await;

    window.control_and(',').await;
    window.says("Messages of the system").await;
    photograph(&window, "17-settings-messages").await;
    window.press("Tell me").await;
    window
        .until("it is kept", async || {
            window.call("preferences.get", json!({})).await.unwrap()["notify"] == true
        })
        .await;
    let elsewhere = Elsewhere::look(&window).await;
    put(1);
    put(2);
    window.until("both are taken", async || versions().await == 3).await;
    window.until("it is told", async || !told.lock().unwrap().is_empty()).await;
    let messages = told.lock().unwrap().clone();
    let (before, title, body) = &messages[0];
    assert_eq!((messages.len(), *before), (1, 0), "one message for both: {messages:?}");
    assert_eq!(title, "2 of your characters changed");
    assert!(body.contains(&firsts[1].1) && body.contains(&firsts[2].1), "{body}");
    assert!(!body.contains(&firsts[0].1), "what came before was not to be told: {body}");
    assert_eq!(window.faults().await, Vec::<String>::new());
    drop(elsewhere);
    window.close().await;
}

/// Another window takes the keyboard: the samples, which stand beside the library. It is gone with this value.
struct Elsewhere {
    program: Child,
    _home: Home,
}

impl Elsewhere {
    async fn look(window: &Window) -> Self {
        let home = Home::new();
        let mut program = Command::new(env::var_os("BACKSTORY_DESKTOP").unwrap());
        let program = program.arg("--demo").envs(home.environment()).spawn().unwrap();
        let there = Self { program, _home: home };
        window
            .until("the keyboard is elsewhere", async || {
                window.run("return document.hasFocus()").await == false
            })
            .await;
        there
    }
}

impl Drop for Elsewhere {
    fn drop(&mut self) {
        let _already_gone = self.program.kill();
        let _ = self.program.wait();
    }
}
