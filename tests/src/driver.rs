//! Drives the real window: starts it, finds things as a user would, waits for conditions and never for a time.

use std::{
    env, fs,
    io::{BufRead as _, BufReader},
    net::{Ipv4Addr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};

use fantoccini::{
    Client, ClientBuilder, Locator,
    actions::{InputSource as _, WheelAction, WheelActions},
    elements::Element,
};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};

use crate::home::Home;

/// How long anything may take before the test says that it does not happen.
const PATIENCE: Duration = Duration::from_secs(20);

/// Between two looks at whether something holds.
const PAUSE: Duration = Duration::from_millis(40);

/// The two looks every screen is photographed in.
pub const THEMES: [&str; 2] = ["light", "dark"];

/// The WebDriver of one window. Where a test fails, it ends with the test, and the program that it started too.
struct Driver(Child);

impl Driver {
    /// The program it has started: its only child.
    fn program(&self) -> Option<u32> {
        let pid = self.0.id();
        let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
        children.split_whitespace().next().and_then(|child| child.parse().ok())
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        if let Some(program) = self.program() {
            let _ = Command::new("kill").args(["-KILL", &program.to_string()]).stderr(Stdio::null()).status();
        }
        let _already_gone = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Whether a process runs. One that has ended and is not yet collected does not.
fn runs(process: u32) -> bool {
    let about = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    about.rsplit_once(") ").is_some_and(|(_, state)| !state.starts_with('Z'))
}

/// The open window.
pub struct Window {
    client: Client,
    driver: Driver,
    log: Arc<Mutex<String>>,
    /// What no line of the log may hold.
    private: Vec<String>,
}

/// Names, ids and classes of the sample characters: what stands for a player's own in the tests.
const SAMPLES: [&str; 5] = ["Maëlis", "Sigrún", "Ysolde", "ddb-9", "Hero 0"];

impl Window {
    /// Starts the program in this home, with these arguments and, in place of the file dialog, these files.
    pub async fn open(home: &Home, arguments: &[&str], picked: &[PathBuf]) -> Self {
        let program = env::var("BACKSTORY_DESKTOP").expect("BACKSTORY_DESKTOP: run `cargo xtask test`");
        Self::start(&program, home, arguments, picked).await
    }

    /// Starts the program that is installed here.
    pub async fn open_installed(home: &Home, program: &str, arguments: &[&str]) -> Self {
        Self::start(program, home, arguments, &[]).await
    }

    async fn start(program: &str, home: &Home, arguments: &[&str], picked: &[PathBuf]) -> Self {
        let port = free_port();
        let mut driver = start_driver(home, port, picked);
        let log = hear(&mut driver);
        let capabilities = json!({ "webkitgtk:browserOptions": { "binary": program, "args": arguments } });
        let Value::Object(capabilities) = capabilities else { unreachable!() };
        let mut session = ClientBuilder::new(HttpConnector::new());
        let address = format!("http://127.0.0.1:{port}");
        let client = within("open", session.capabilities(capabilities).connect(&address)).await;
        let client = client.expect("the window opens under WebDriver");
        let private = [home.path().display().to_string()].into_iter();
        let private = private.chain(SAMPLES.map(str::to_owned)).collect();
        Self { client, driver, log, private }
    }

    /// The program's process.
    pub fn program(&self) -> u32 {
        self.driver.program().expect("the program runs until it is closed")
    }

    /// Closes the window and with it the program, and waits until it is gone: a start before that would only hand
    /// over to it. Whatever was done in it, its log tells nothing of the player.
    pub async fn close(self) {
        let program = self.program();
        within("close", self.client.close()).await.unwrap();
        let gone = async {
            while runs(program) {
                tokio::time::sleep(PAUSE).await;
            }
        };
        within("end", gone).await;
        let log = self.log.lock().unwrap();
        let ours = log.lines().filter(|line| line.contains(" backstory"));
        let told: Vec<_> = ours.filter(|line| self.private.iter().any(|word| line.contains(word))).collect();
        assert!(told.is_empty(), "the log holds what is the player's: {told:#?}");
    }

    /// The first element of this kind that is shown.
    pub async fn find(&self, what: Locator<'_>) -> Element {
        self.first_of(&[what]).await
    }

    /// A button, link, tab or option by the words a screen reader would say, or that stand on it: the whole name, or
    /// where nothing has it, how the name begins, or a part of it.
    pub async fn control(&self, name: &str) -> Element {
        let [whole, beginning, part] = controls(name);
        self.first_of(&[Locator::XPath(&whole), Locator::XPath(&beginning), Locator::XPath(&part)]).await
    }

    /// The first element that is shown, of the first of these that has one. Waits until there is one.
    async fn first_of(&self, choices: &[Locator<'_>]) -> Element {
        let end = Instant::now() + PATIENCE;
        loop {
            for choice in choices {
                for element in within("find", self.client.find_all(*choice)).await.unwrap_or_default() {
                    if element.is_displayed().await.unwrap_or(false) {
                        return element;
                    }
                }
            }
            assert!(Instant::now() < end, "not there, or not shown: {choices:?}\n{}", self.text().await);
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Presses the control of this name. One that is drawn anew meanwhile is looked for again.
    pub async fn press(&self, name: &str) {
        let end = Instant::now() + PATIENCE;
        loop {
            match self.control(name).await.click().await {
                Ok(()) => return,
                Err(error) if Instant::now() > end => panic!("{name:?} cannot be pressed: {error}"),
                Err(_) => tokio::time::sleep(PAUSE).await,
            }
        }
    }

    /// Presses keys with the focus where it is. Where that went away between asking and pressing, no key was pressed yet, and
    /// the place is asked for again.
    pub async fn keys(&self, keys: &str) {
        let end = Instant::now() + PATIENCE;
        loop {
            match self.client.active_element().await.unwrap().send_keys(keys).await {
                Ok(()) => return,
                Err(error) if !error.is_stale_element_reference() || Instant::now() > end => {
                    panic!("{keys:?} cannot be pressed: {error}")
                }
                Err(_) => tokio::time::sleep(PAUSE).await,
            }
        }
    }

    /// Presses a key together with Control.
    pub async fn control_and(&self, key: char) {
        const CONTROL: char = '\u{e009}';
        const RELEASE: char = '\u{e000}';
        self.keys(&format!("{CONTROL}{key}{RELEASE}")).await;
    }

    /// Moves a list by so many pixels at once, as dragging its bar does.
    pub async fn scroll(&self, list: &str, by: i64) {
        self.run(&format!("document.querySelector('{list}').scrollTop += {by}")).await;
    }

    /// Turns the wheel over the middle of an element, by so many pixels downwards.
    pub async fn wheel(&self, over: &str, by: i64) {
        let middle = format!(
            "const box = document.querySelector('{over}').getBoundingClientRect(); \
             return [Math.round(box.x + box.width / 2), Math.round(box.y + box.height / 2)];"
        );
        let (x, y) = serde_json::from_value(self.run(&middle).await).unwrap();
        let turned = WheelAction::Scroll { duration: None, x, y, delta_x: 0, delta_y: by };
        let wheel = WheelActions::new("wheel".to_owned()).then(turned);
        within("turn the wheel", self.client.perform_actions(wheel)).await.unwrap();
    }

    /// Puts a text into a field, as pasting does.
    pub async fn paste(&self, text: &str) {
        const PASTE: &str = "const data = new DataTransfer(); data.setData('text/plain', arguments[0]); \
            const event = new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }); \
            (document.activeElement ?? document.body).dispatchEvent(event);";
        within("paste", self.client.execute(PASTE, vec![json!(text)])).await.unwrap();
    }

    /// Waits until the page says this somewhere.
    pub async fn says(&self, words: &str) {
        self.until(&format!("the page says {words:?}"), async || {
            self.text().await.to_lowercase().contains(&words.to_lowercase())
        })
        .await;
    }

    /// Waits until something holds.
    pub async fn until(&self, what: &str, holds: impl AsyncFn() -> bool) {
        let end = Instant::now() + PATIENCE;
        while !holds().await {
            assert!(Instant::now() < end, "never happened: {what}\n{}", self.text().await);
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Everything the page says.
    pub async fn text(&self) -> String {
        const TEXT: &str = "return document.body ? document.body.innerText : ''";
        within("read", self.client.execute(TEXT, vec![]))
            .await
            .ok()
            .and_then(|text| text.as_str().map(str::to_owned))
            .unwrap_or_default()
    }

    /// Runs a script in the page, gives its result.
    pub async fn run(&self, script: &str) -> Value {
        within(script, self.client.execute(script, vec![])).await.unwrap()
    }

    /// Runs a script in the page that calls its last argument with the result.
    pub async fn run_async(&self, script: &str) -> Value {
        within(script, self.client.execute_async(script, vec![])).await.unwrap()
    }

    /// Calls the bridge as the page does: the answer, or the error in the same words.
    pub async fn call(&self, command: &str, params: Value) -> Result<Value, Value> {
        const CALL: &str = "const [command, params, done] = arguments; const tauri = window.__TAURI_INTERNALS__; \
            const progress = `__CHANNEL__:${tauri.transformCallback(() => {})}`; \
            tauri.invoke('call', { command, params, progress }) \
              .then((value) => done({ value }), (error) => done({ error }));";
        let answer =
            within(command, self.client.execute_async(CALL, vec![json!(command), params])).await.unwrap();
        match answer.get("error") {
            Some(error) => Err(error.clone()),
            None => Ok(answer["value"].clone()),
        }
    }

    /// What went wrong in the page since its first line: errors, refused resources, warnings on the console.
    pub async fn faults(&self) -> Vec<String> {
        serde_json::from_value(self.run("return window.__faults").await)
            .expect("a debug build collects faults")
    }

    /// Gives the page this size. Waits until it has it.
    pub async fn resize(&self, (width, height): (u32, u32)) {
        // The driver waits for a change of size, and so for ever where there is none.
        if self.run("return [innerWidth, innerHeight]").await == json!([width, height]) {
            return;
        }
        within("resize", self.client.set_window_rect(0, 0, width, height)).await.unwrap();
        self.until(&format!("the window is {width} wide"), async || {
            self.run("return [innerWidth, innerHeight]").await == json!([width, height])
        })
        .await;
    }

    /// Photographs the screen in both themes, into the workspace's `target/e2e`.
    pub async fn photograph(&self, name: &str) {
        let size = self.run("return `${innerWidth}x${innerHeight}`").await;
        let before = self.run("return document.documentElement.dataset.theme ?? null").await;
        for theme in THEMES {
            self.set_theme(&json!(theme)).await;
            let picture = within("photograph", self.client.screenshot()).await.unwrap();
            let file = pictures().join(format!("{name}.{theme}.{}.png", size.as_str().unwrap()));
            fs::write(file, picture).unwrap();
        }
        self.set_theme(&before).await;
    }

    /// Switches the look, and lets the page draw it: transitions are cut short, then two frames pass.
    pub async fn set_theme(&self, theme: &Value) {
        const SET: &str = "const [theme, done] = arguments; \
            if (theme === null) delete document.documentElement.dataset.theme; \
            else document.documentElement.dataset.theme = theme; \
            requestAnimationFrame(() => { \
              for (const animation of document.getAnimations()) { try { animation.finish() } catch {} } \
              requestAnimationFrame(() => requestAnimationFrame(() => done())); \
            });";
        within("set the theme", self.client.execute_async(SET, vec![theme.clone()])).await.unwrap();
    }
}

/// Where controls stand whose spoken name or visible words are these, begin with these, or hold these.
fn controls(name: &str) -> [String; 3] {
    const KINDS: &str = "self::button or self::input or self::a or self::summary or self::option or @role='button' or @role='link' \
        or @role='tab' or @role='option' or @role='menuitem' or @role='radio' or @role='switch' or @role='row'";
    let name = if name.contains('\'') { format!("\"{name}\"") } else { format!("'{name}'") };
    // Of controls inside each other the innermost is meant.
    [
        format!("@aria-label={name} or normalize-space(.)={name}"),
        format!("starts-with(@aria-label, {name}) or starts-with(normalize-space(.), {name})"),
        format!("contains(@aria-label, {name}) or contains(normalize-space(.), {name})"),
    ]
    .map(|named| format!("//*[{KINDS}][{named}][not(.//*[{KINDS}][{named}])]"))
}

/// Waits for the driver's answer, which for some questions never comes.
async fn within<T>(what: &str, work: impl Future<Output = T>) -> T {
    let answer = tokio::time::timeout(PATIENCE, work).await;
    answer.unwrap_or_else(|_| panic!("the window does not answer: {what}"))
}

fn start_driver(home: &Home, port: u16, picked: &[PathBuf]) -> Driver {
    let mut driver = Command::new("WebKitWebDriver");
    driver
        .args(["--host=127.0.0.1", &format!("--port={port}")])
        .envs([("TAURI_AUTOMATION", "true"), ("TAURI_WEBVIEW_AUTOMATION", "true"), ("NO_AT_BRIDGE", "1")])
        // Without a compositor the engine never answers the request for a photograph.
        .env("WEBKIT_DISABLE_DMABUF_RENDERER", "0")
        .envs(home.environment())
        .env("MESA_SHADER_CACHE_DISABLE", "true")
        .env("BACKSTORY_SAVE", home.path())
        .env_remove("BACKSTORY_LOG")
        .current_dir(home.path())
        .stdin(Stdio::null())
        .stderr(Stdio::piped());
    if !picked.is_empty() {
        driver.env("BACKSTORY_PICK", env::join_paths(picked).unwrap());
    }
    let driver = Driver(driver.spawn().expect("WebKitWebDriver starts"));
    let end = Instant::now() + PATIENCE;
    while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
        assert!(Instant::now() < end, "WebKitWebDriver does not answer");
        thread::sleep(Duration::from_millis(20));
    }
    driver
}

/// Keeps what the program writes to its log, and passes it on.
fn hear(driver: &mut Driver) -> Arc<Mutex<String>> {
    let log = Arc::new(Mutex::new(String::new()));
    let lines = BufReader::new(driver.0.stderr.take().expect("it is piped")).lines();
    let kept = Arc::clone(&log);
    thread::spawn(move || {
        for line in lines.map_while(Result::ok) {
            eprintln!("{line}");
            *kept.lock().unwrap() += &(line + "\n");
        }
    });
    log
}

fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port()
}

/// The workspace's `target/e2e`, wherever the build itself goes.
fn pictures() -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/e2e");
    fs::create_dir_all(&folder).unwrap();
    folder
}
