//! The library moves into a folder, from Storage & health on and by keyboard alone: paused in its middle, gone on with, switched.

use std::{
    fs::{self, File},
    path::Path,
    sync::Arc,
};

use backstory_core::{library::Library, source::Draft, storage::StorageFactory as _};
use backstory_sources::{registry, sample};
use backstory_storage::{clock::SystemClock, open::Stores};
use fantoccini::Locator;
use serde_json::json;

use crate::{
    driver::Window,
    everyone::{bring_axe, findings},
    home::Home,
    journey::{SIZES, photograph},
};

const TAB: &str = "\u{e004}";
const ENTER: &str = "\u{e007}";
const ESCAPE: &str = "\u{e00c}";
const DOWN: &str = "\u{e015}";

/// More than goes into a few transactions of a copy.
const HEROES: u32 = 130;

/// Fills the library where nobody says which one is opened.
async fn fill(home: &Home) {
    let folder = home.path().join("data/backstory");
    fs::create_dir_all(&folder).unwrap();
    let storage = Stores.open(folder.join("library.sqlite").to_str().unwrap()).await.unwrap();
    let library = Library::new(storage, registry::sources(), Arc::new(SystemClock), "test");
    let heroes: Vec<Draft> = sample::scale(HEROES, 1).map(|hero| hero.draft().unwrap()).collect();
    library.capture(&sample::drafts().unwrap()).await.unwrap();
    library.capture(&heroes).await.unwrap();
}

/// Takes the right to write to a folder as soon as a character is in it: whoever copies into it waits.
fn hold(folder: &Path) -> File {
    let has_one = || fs::read_dir(folder.join("characters")).is_ok_and(|mut found| found.next().is_some());
    while !has_one() {
        std::thread::yield_now();
    }
    let file = File::options().read(true).write(true).open(folder.join("temp/writer.lock")).unwrap();
    // Whoever copies lets go of it only for as long as it reads the next character.
    while file.try_lock().is_err() {
        std::hint::spin_loop();
    }
    file
}

#[tokio::test(flavor = "multi_thread")]
async fn the_library_moves_into_a_folder_by_keyboard() {
    let home = Home::new().without_library();
    fill(&home).await;
    let target = home.path().join("characters");
    fs::create_dir(&target).unwrap();
    let home = home.with("BACKSTORY_PICK_FOLDER", target.clone());
    let window = Window::open(&home, &[], &[]).await;
    window.press("Storage & health").await;
    window.says("How long versions are kept").await;
    window
        .until("the heading has the focus", async || {
            window.run("return document.activeElement.tagName").await == "H1"
        })
        .await;
    bring_axe(&window).await;
    photograph(&window, "30-storage").await;

    window.keys(TAB).await;
    window.keys(TAB).await;
    window.keys(ENTER).await;
    window.says("Where to").await;
    photograph(&window, "31-move-choose").await;
    let mut found = findings(&window, "move, choose").await;
    window.keys(&format!("{DOWN}{DOWN}")).await;
    window.says("Address of the database").await;
    photograph(&window, "31-move-server").await;
    found.extend(findings(&window, "move, server").await);
    window.keys("\u{e013}").await;
    window.keys(ENTER).await;

    window.says("133 characters go along").await;
    photograph(&window, "32-move-look").await;
    found.extend(findings(&window, "move, look").await);
    window.keys(ESCAPE).await;
    window.says("Where to").await;
    window.keys(DOWN).await;
    window.keys(ENTER).await;
    window.says("133 characters go along").await;
    focus_on(&window, "Rehearse").await;
    window.keys(ENTER).await;
    window.says("copied and read back the same, then removed").await;
    assert_eq!(fs::read_dir(&target).unwrap().count(), 0, "the rehearsal left nothing");
    photograph(&window, "33-move-rehearsed").await;
    found.extend(findings(&window, "move, rehearsed").await);

    // Somebody else writes to the new place: what copies waits, and can be looked at.
    let taken = target.clone();
    let holding = tokio::task::spawn_blocking(move || hold(&taken));
    focus_on(&window, "Copy").await;
    window.keys(ENTER).await;
    let held = holding.await.unwrap();
    window.says("Copying ").await;
    photograph(&window, "34-move-copy").await;
    window.keys(ESCAPE).await;
    window
        .until("the dialog is closed", async || {
            window.run("return document.querySelector('[role=dialog]') === null").await == json!(true)
        })
        .await;
    drop(held);
    focus_on(&window, "Move to another storage").await;
    window.keys(ENTER).await;
    // On a slow computer the copy may have waited for longer than it does, and says so; on a fast one it may have been past
    // what can be held. Either way it goes on.
    let stands = async || {
        let text = window.text().await;
        let says = |words: &&str| text.contains(words);
        ["Go on copying", "Try again", "copied, read back and the same"].into_iter().find(|words| says(words))
    };
    window.until("it is paused", async || stands().await.is_some()).await;
    if let Some(button @ ("Go on copying" | "Try again")) = stands().await {
        photograph(&window, "35-move-paused").await;
        found.extend(findings(&window, "move, paused").await);
        focus_on(&window, button).await;
        window.keys(ENTER).await;
    }
    window.says("copied, read back and the same").await;
    photograph(&window, "36-move-switch").await;
    found.extend(findings(&window, "move, switch").await);
    focus_on(&window, "Switch to Folder").await;
    window.keys(ENTER).await;
    window.says("Backstory works with the new library now").await;
    photograph(&window, "37-move-done").await;
    found.extend(findings(&window, "move, done").await);
    assert!(found.is_empty(), "{} findings:\n{}", found.len(), found.join("\n"));
    window.resize(SIZES[1]).await;
    let wide = "return [...document.querySelectorAll('.dlg, .dlg *')].filter((box) => box.clientWidth > 0 && \
        box.scrollWidth > box.clientWidth + 1 && getComputedStyle(box).display !== 'inline' && !box.closest('svg, .vh')) \
        .map((box) => box.className || box.tagName)";
    assert_eq!(window.run(wide).await, json!([]), "nothing is wider than its place");
    window.resize(SIZES[0]).await;
    focus_on(&window, "Done").await;
    window.keys(ENTER).await;

    let overview = window.call("app.overview", json!({})).await.unwrap();
    assert_eq!(overview["store"]["kind"], "folder");
    assert_eq!(overview["store"]["location"].as_str(), target.to_str());
    assert_eq!(overview["facets"]["characters"], 133);
    window.press("Characters").await;
    window.find(Locator::Css("[data-index='0']")).await;
    window.says("133 characters").await;
    assert_eq!(window.faults().await, Vec::<String>::new());
    window.close().await;
    assert!(home.path().join("data/backstory/library.sqlite").exists(), "the old one stays");

    let window = Window::open(&home, &[], &[]).await;
    window.says("133 characters").await;
    let overview = window.call("app.overview", json!({})).await.unwrap();
    assert_eq!(overview["store"]["location"].as_str(), target.to_str(), "from now on");
    window.close().await;
}

/// Goes on with Tab until the focus is on this button.
async fn focus_on(window: &Window, name: &str) {
    for _ in 0..12 {
        let at = window.run("return document.activeElement.innerText.trim()").await;
        if at.as_str() == Some(name) {
            return;
        }
        window.keys(TAB).await;
    }
    panic!("the keyboard does not lead to {name:?}");
}
