//! The real window: frames while scrolling, memory, and how much is shipped; each against an empty window of the same kind
//! where there is one. All of it as it is installed: the tests' windows are drawn through another renderer, for the photographs.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use backstory_core::library::Library;
use backstory_core::source::Draft;
use backstory_core::storage::StorageFactory as _;
use backstory_sources::{registry, sample};
use backstory_storage::{clock::SystemClock, open::Stores};
use backstory_tests::{driver::Window, fixtures, home::Home};
use serde::Deserialize;
use serde_json::json;

use crate::{TURNS, Table, median};

/// Rows of each list.
const MANY: u32 = 10_000;
/// Characters of a library that somebody may really have.
const SOME: u32 = 1_000;
/// A frame that took longer was missed, at sixty in a second and with the clock's own trembling.
const MISSED: f64 = 17.7;
/// A frame this long stayed for two: seen as a jerk.
const JERK: f64 = 34.0;
/// A pause that a player notices.
const STUTTER: f64 = 50.0;

/// Scrolls for four seconds, a quarter of a screen each frame. Gives the time between frames, and between the turns that a timer
/// gets beside them: so long is the page's longest task in between (a timer's own rest is four milliseconds).
const SCROLL: &str = "const [selector, done] = arguments; const box = selector && document.querySelector(selector); \
    const frames = []; const turns = []; const from = performance.now(); let last = from; let turned = from; let way = 200; \
    const turn = () => { const now = performance.now(); turns.push(now - turned); turned = now; \
      if (now - from < 4000) setTimeout(turn); }; setTimeout(turn); \
    const step = () => { const now = performance.now(); frames.push(now - last); last = now; \
      if (box) { if (box.scrollTop + box.clientHeight >= box.scrollHeight - 2) way = -way; box.scrollTop += way; } \
      if (now - from < 4000) requestAnimationFrame(step); \
      else done({ frames: frames.slice(5), turns: turns.slice(5) }); }; \
    requestAnimationFrame(step);";

/// How a scrolled list moved: both in milliseconds.
#[derive(Deserialize)]
struct Scrolled {
    frames: Vec<f64>,
    turns: Vec<f64>,
}

pub(crate) async fn run(table: &mut Table) {
    let empty = std::env::var("BACKSTORY_EMPTY_WINDOW").expect("`cargo xtask bench` names the empty window");
    shipped(table);

    let nothing = Home::new().drawn_as_installed();
    let window = Window::open_installed(&nothing, &empty, &[]).await;
    let bare = scrolled(&window, "").await;
    let bare_memory = memory(&window);
    window.close().await;

    let characters = Home::new().drawn_as_installed();
    fill(&characters.library(), sample::scale(MANY, 1).map(|capture| capture.draft().unwrap())).await;
    let window = Window::open(&characters, &[], &[]).await;
    window.says("10,000 versions").await;
    for (layout, name) in [("List", "10,000 characters as rows"), ("Grid", "10,000 characters as cards")] {
        window.press(layout).await;
        tell(table, name, &scrolled(&window, ".gridbox .rows").await, &bare);
    }
    window.close().await;

    let some = Home::new().drawn_as_installed();
    fill(&some.library(), sample::scale(SOME, 1).map(|capture| capture.draft().unwrap())).await;
    let window = Window::open(&some, &[], &[]).await;
    let shown = json!(true);
    let look = "return document.querySelector('[data-index=\"9\"] .nm') !== null";
    window.until("the list is there", async || window.run(look).await == shown).await;
    let ours = memory(&window);
    table.pair("memory with 1,000 characters", ours, "an empty window", bare_memory, "MB", "to be shown");
    let mut switches = Vec::new();
    for index in 0..TURNS {
        let open = format!("document.querySelector('[data-index=\"{index}\"]').click()");
        switches.push(step(&window, &open, "document.querySelector('.vbar') !== null").await);
        step(&window, &key("Escape"), "document.querySelector('[data-index=\"9\"] .nm') !== null").await;
    }
    table.alone("another character opened, of 1,000", median(&mut switches), "ms", "≤ 100 ms");
    window.close().await;

    let versions = Home::new().drawn_as_installed();
    fill(&versions.library(), fixtures::long_life(MANY)).await;
    let window = Window::open(&versions, &[], &[]).await;
    window.says("10,000 versions").await;
    let id = window.call("characters.list", json!({})).await.unwrap()["characters"][0]["id"].clone();
    window.run("document.querySelector('[data-index=\"0\"]').click()").await;
    window
        .until("the history is there", async || {
            window.run("return document.querySelector('.tl [role=row]') !== null").await == json!(true)
        })
        .await;
    tell(
        table,
        &format!("10,000 versions of {}", id.as_str().unwrap_or_default()),
        &scrolled(&window, ".tl .rows").await,
        &bare,
    );
    compared(table, &window).await;
    window.close().await;
}

/// The last two of many versions side by side, then the first and the last.
async fn compared(table: &mut Table, window: &Window) {
    const ROWS: &str = "document.querySelector('.dtab')?.textContent ?? null";
    let open = step(window, &key("c"), &format!("({ROWS}) !== null")).await;
    table.alone("Compare opened on the last two of 10,000", open, "ms", "≤ 100 ms");
    let before = window.run(&format!("return {ROWS}")).await;
    let to_first = format!("document.querySelector('[role=slider]').focus(); {}", key("Home"));
    let far = step(window, &to_first, &format!("({ROWS}) !== null && ({ROWS}) !== {before}")).await;
    table.alone("Compare moved to the first and the last of 10,000", far, "ms", "≤ 100 ms");
}

/// A key pressed where the focus is.
fn key(name: &str) -> String {
    format!(
        "(document.activeElement ?? document.body).dispatchEvent(new KeyboardEvent('keydown', \
         {{ key: {name:?}, bubbles: true, cancelable: true }}))"
    )
}

/// The milliseconds from an act to what it leads to, looked at in every frame.
async fn step(window: &Window, act: &str, there: &str) -> f64 {
    let script = format!(
        "const done = arguments[0]; const from = performance.now(); {act}; \
         const look = () => ({there}) ? done(performance.now() - from) : requestAnimationFrame(look); look();"
    );
    serde_json::from_value(window.run_async(&script).await).unwrap()
}

async fn fill(path: &Path, drafts: impl Iterator<Item = Draft>) {
    let storage = Stores.open(path.to_str().unwrap()).await.unwrap();
    let library = Library::new(storage, registry::sources(), std::sync::Arc::new(SystemClock), "bench");
    let mut batch = Vec::new();
    for draft in drafts {
        batch.push(draft);
        if batch.len() == 500 {
            library.capture(&std::mem::take(&mut batch)).await.unwrap();
        }
    }
    library.capture(&batch).await.unwrap();
}

/// What happens while this scrolls.
async fn scrolled(window: &Window, scroller: &str) -> Scrolled {
    let script = format!("const done = arguments[0]; (function () {{ {SCROLL} }})({scroller:?}, done)");
    serde_json::from_value(window.run_async(&script).await).unwrap()
}

fn tell(table: &mut Table, what: &str, ours: &Scrolled, bare: &Scrolled) {
    let share = |gaps: &[f64], over: f64| {
        100.0 * gaps.iter().filter(|gap| **gap > over).count() as f64 / gaps.len().max(1) as f64
    };
    let mean = |gaps: &[f64]| gaps.iter().sum::<f64>() / gaps.len().max(1) as f64;
    table.pair(
        &format!("{what}: time of a frame"),
        mean(&ours.frames),
        "an empty window",
        mean(&bare.frames),
        "ms",
        "≥ 0.9×",
    );
    table.alone(&format!("{what}: frames missed"), share(&ours.frames, MISSED), "%", "≤ 1 %");
    table.alone(&format!("{what}: frames over 33 ms"), share(&ours.frames, JERK), "%", "0");
    table.alone(&format!("{what}: tasks over 50 ms"), share(&ours.turns, STUTTER), "%", "0");
}

/// The memory of the program and of the web engine's processes, shared pages counted once, in MB.
fn memory(window: &Window) -> f64 {
    let mut waiting = vec![window.program()];
    let mut kilobytes = 0.0;
    while let Some(pid) = waiting.pop() {
        let children = fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
        for task in children {
            let text = fs::read_to_string(task.path().join("children")).unwrap_or_default();
            waiting.extend(text.split_whitespace().filter_map(|pid| pid.parse::<u32>().ok()));
        }
        let about = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).unwrap_or_default();
        let pss = about.lines().find_map(|line| line.strip_prefix("Pss:")).unwrap_or_default();
        kilobytes += pss.trim().trim_end_matches(" kB").trim().parse::<f64>().unwrap_or_default();
    }
    kilobytes / 1000.0
}

/// What a player downloads and keeps.
fn shipped(table: &mut Table) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let assets =
        fs::read_dir(root.join("ui/dist/assets")).into_iter().flatten().flatten().map(|file| file.path());
    let code: Vec<PathBuf> =
        assets.filter(|file| file.extension().is_some_and(|end| end == "js" || end == "css")).collect();
    let packed: usize = code
        .iter()
        .map(|file| {
            let gzip = Command::new("gzip").arg("-9c").arg(file).stdin(Stdio::null()).output();
            gzip.map_or(0, |packed| packed.stdout.len())
        })
        .sum();
    table.alone("the page, gzipped, without fonts", packed as f64 / 1000.0, "kB", "≤ 400 kB");
    let desktop = PathBuf::from(std::env::var("BACKSTORY_DESKTOP").unwrap());
    let length = |file: &Path| fs::metadata(file).map_or(0, |about| about.len()) as f64 / 1e6;
    let installed = length(&desktop) + length(&desktop.with_file_name("backstory"));
    let empty = length(Path::new(&std::env::var("BACKSTORY_EMPTY_WINDOW").unwrap()));
    table.pair(
        "installed: the window and the command",
        installed,
        "an empty window",
        empty,
        "MB",
        "to be shown",
    );
}
