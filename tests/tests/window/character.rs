//! What a player does with one character's past, by keyboard: names, keeps, brings back; follows the growth; asks why.

use std::fs;

use fantoccini::Locator;
use serde_json::{Value, json};

use crate::{
    driver::Window,
    home::Home,
    journey::{SIZES, photograph},
};

const F2: &str = "\u{e032}";
const ENTER: &str = "\u{e007}";
const ESCAPE: &str = "\u{e00c}";
const END: &str = "\u{e010}";
const HOME: &str = "\u{e011}";
const LEFT: &str = "\u{e012}";

/// A window on the history of the sample with the longest one: its id, and its versions newest first.
async fn longest_history(home: &Home) -> (Window, String, Vec<Value>) {
    let (folder, captures) = home.with_samples();
    let window = Window::open(home, &[], &[folder]).await;
    window.press("Choose files").await;
    let known = captures.len();
    window.press(&format!("Import {known} files")).await;
    window
        .until("every file has its answer", async || {
            let overview = window.call("app.overview", json!({})).await.unwrap();
            let list = window.call("characters.list", json!({})).await.unwrap();
            let seen: u64 =
                list["characters"].as_array().unwrap().iter().filter_map(|c| c["captures"].as_u64()).sum();
            overview["facets"]["versions"].as_u64() > Some(0) && seen == known as u64
        })
        .await;
    let list = window.call("characters.list", json!({})).await.unwrap();
    let longest =
        list["characters"].as_array().unwrap().iter().max_by_key(|c| c["changes"].as_u64()).unwrap();
    let (id, name) =
        (longest["id"].as_str().unwrap().to_owned(), longest["name"].as_str().unwrap().to_owned());
    window.press("Characters").await;
    window.press(&name).await;
    window.says("First saved").await;
    let entries = history(&window, &id).await;
    (window, id, entries)
}

async fn history(window: &Window, id: &str) -> Vec<Value> {
    let history =
        window.call("character.history", json!({ "character": id, "quiet_too": true })).await.unwrap();
    history["entries"].as_array().unwrap().clone()
}

/// Waits until the version at a place of the history, newest first, has this.
async fn until_kept(window: &Window, id: &str, number: u64, what: &str, has: impl Fn(&Value) -> bool) {
    window
        .until(what, async || {
            history(window, id).await.iter().any(|version| version["version"] == number && has(version))
        })
        .await;
}

/// The number of the version that the screen shows.
async fn shown(window: &Window) -> u64 {
    let text = window.find(Locator::Css(".vbar")).await.text().await.unwrap();
    let number = text.split("version ").nth(1).and_then(|rest| rest.split(' ').next()).unwrap();
    number.replace([',', '.'], "").parse().unwrap()
}

#[tokio::test]
async fn a_version_is_named_kept_saved_and_brought_back_and_each_is_taken_back() {
    let home = Home::new();
    let (window, id, entries) = longest_history(&home).await;
    let number = shown(&window).await;

    window.keys("l").await;
    until_kept(&window, &id, number, "it is kept", |version| version["pinned"] == true).await;
    window.says("is kept forever").await;
    photograph(&window, "9-kept").await;
    window.control_and('z').await;
    until_kept(&window, &id, number, "it is not kept", |version| version["pinned"] == false).await;

    window.keys(F2).await;
    window.find(Locator::Css(".words input")).await;
    window.keys("Before the vault").await;
    photograph(&window, "10-words").await;
    window.keys(ENTER).await;
    until_kept(&window, &id, number, "it has a name", |version| {
        version["tags"] == json!(["Before the vault"])
    })
    .await;

    for size in SIZES {
        window.resize(size).await;
        window.press("More for this version").await;
        window.photograph("11-version-menu").await;
        window.keys(ESCAPE).await;
    }
    window.resize(SIZES[0]).await;
    window.press("More for this version").await;
    window.press("Save as a file…").await;
    window.says("is saved as").await;
    let saved = fs::read_dir(home.path()).unwrap().filter_map(|file| {
        let path = file.unwrap().path();
        path.to_string_lossy().contains(&format!(", version {number}.json")).then(|| fs::read(path).unwrap())
    });
    let bytes = entries.iter().find(|version| version["version"] == number).unwrap()["bytes"].as_u64();
    assert_eq!(saved.map(|file| file.len() as u64).next(), bytes, "byte for byte");

    window.find(Locator::Css("h1")).await.click().await.unwrap();
    window.keys(END).await;
    window.until("the first version is shown", async || shown(&window).await == 1).await;
    window.press("More for this version").await;
    window.press("Go back to this version").await;
    window.says("is the newest again").await;
    window
        .until("there is one version more", async || history(&window, &id).await.len() == entries.len() + 1)
        .await;
    assert_eq!(history(&window, &id).await[0]["content"], entries.last().unwrap()["content"]);
    photograph(&window, "12-brought-back").await;
    window.control_and('z').await;
    window
        .until("the newest is as before", async || {
            history(&window, &id).await[0]["content"] == entries[0]["content"]
        })
        .await;

    window.press("More for this character").await;
    window.press("Move to the bin").await;
    window.says("is in the bin").await;
    assert!(window.call("character.get", json!({ "character": id })).await.is_err());
    window.control_and('z').await;
    window
        .until("it is back", async || window.call("character.get", json!({ "character": id })).await.is_ok())
        .await;
    assert_eq!(window.faults().await, Vec::<String>::new());
    window.close().await;
}

#[tokio::test]
async fn progress_shares_the_version_and_says_its_numbers_twice() {
    let home = Home::new();
    let (window, _, _) = longest_history(&home).await;
    window.keys("gp").await;
    window.find(Locator::Css(".plot")).await;
    photograph(&window, "13-progress").await;
    let value = "return document.querySelector('.plot').getAttribute('aria-valuetext')";
    let before = window.run(value).await;
    window.run("document.querySelector('.plot').focus()").await;
    window.keys(LEFT).await;
    window.until("the crosshair has moved", async || window.run(value).await != before).await;
    let there = window.run("return document.querySelector('.lanehead .btn').title").await;
    window.run("document.activeElement.blur()").await;
    window.keys("d").await;
    window.find(Locator::Css("[role=radio][aria-checked=true]")).await;
    photograph(&window, "18-progress-by-date").await;
    window.keys("t").await;
    window.find(Locator::Css(".ptab [aria-current]")).await;
    photograph(&window, "14-progress-table").await;
    window.keys("gh").await;
    window.find(Locator::Css("[role=treegrid]")).await;
    let slider = "return document.querySelector('.rib [role=slider]').getAttribute('aria-valuetext')";
    window.until("the history shows the same version", async || window.run(slider).await == there).await;
    window.keys(HOME).await;
    window.until("the newest is shown", async || window.run(slider).await != there).await;
    window.keys(ESCAPE).await;
    window.find(Locator::Css("input[aria-label='Filter characters']")).await;
    assert_eq!(window.faults().await, Vec::<String>::new());
    window.close().await;
}

#[tokio::test]
async fn a_value_says_its_parts_and_since_when_and_a_change_is_found_by_what_is_on_the_sheet() {
    let home = Home::new();
    let (window, id, entries) = longest_history(&home).await;
    let version = shown(&window).await;
    let blame = json!({ "character": id, "version": version.to_string(), "field": "combat/hit_points_max" });
    let since = window.call("character.blame", blame).await.unwrap()["fields"][0]["since"]["version"].clone();
    for size in SIZES {
        window.resize(size).await;
        window.run("document.querySelector('.vit .why').focus()").await;
        window.keys(ENTER).await;
        window.says(&format!("Since version {since}")).await;
        window.photograph("15-why").await;
        window.keys(ESCAPE).await;
        let focus = "return document.activeElement.matches('.vit .why')";
        window.until("the focus is back", async || window.run(focus).await == true).await;
    }
    window.resize(SIZES[0]).await;
    window.run("document.querySelector('.sheet').scrollTo(0, 420)").await;
    photograph(&window, "16-sheet").await;

    let item = "return document.querySelector('.sheet .block:nth-last-of-type(2) .why')?.textContent ?? ''";
    assert_ne!(window.run(item).await, "");
    window.keys("/").await;
    let word = "Rations";
    window.find(Locator::Css("input[aria-label='Find in this history']")).await;
    window.keys(word).await;
    let hits = window.call("versions.search", json!({ "text": word, "character": id })).await.unwrap();
    assert!(!hits["hits"].as_array().unwrap().is_empty(), "the samples carry rations");
    window
        .until("only what matches is listed", async || {
            let listed = window.run("return document.querySelectorAll('[role=treegrid] .ev').length").await;
            listed.as_u64().is_some_and(|listed| listed > 0 && listed < entries.len() as u64)
        })
        .await;
    window.keys(ENTER).await;
    photograph(&window, "17-find").await;
    window.keys(ESCAPE).await;
    window.says("First saved").await;
    assert_eq!(window.faults().await, Vec::<String>::new());
    window.close().await;
}
