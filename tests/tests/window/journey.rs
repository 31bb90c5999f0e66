//! A player's first evening with Backstory, from the empty window to the day after.

use std::fs;

use backstory_core::model::ContentHash;
use backstory_sources::sample::{Capture, Outcome};
use fantoccini::Locator;
use serde_json::json;

use crate::{driver::Window, home::Home};

/// The usual size, and the smallest the window has.
pub(crate) const SIZES: [(u32, u32); 2] = [(1280, 832), (900, 640)];

#[tokio::test]
async fn first_run_import_look_compare_and_the_day_after() {
    let home = Home::new();
    let (folder, captures) = home.with_samples();
    // A file that is no character stands among them.
    fs::write(folder.join("shopping.json"), "{\"milk\": 2}").unwrap();
    let window = Window::open(&home, &[], &[folder]).await;

    window.says("Every version of every character").await;
    photograph(&window, "1-first-run").await;

    import(&window, &captures).await;
    let (name, characters) = look_around_the_library(&window).await;
    history(&window, &name).await;
    compare(&window).await;
    assert_eq!(window.faults().await, Vec::<String>::new());
    window.press("Dark").await;
    let before = window.call("app.overview", json!({})).await.unwrap();
    window.close().await;

    let window = Window::open(&home, &[], &[]).await;
    window.control(&name).await;
    window.says(&format!("{characters} characters")).await;
    assert_eq!(window.call("app.overview", json!({})).await.unwrap(), before);
    assert_eq!(window.run("return document.documentElement.dataset.theme").await, "dark");
    assert_eq!(window.faults().await, Vec::<String>::new());
    window.close().await;
}

/// Photographs the screen in both themes and both sizes.
pub(crate) async fn photograph(window: &Window, name: &str) {
    for size in SIZES {
        window.resize(size).await;
        window.photograph(name).await;
    }
    window.resize(SIZES[0]).await;
}

/// Every file gets its answer, and a second import of the same files adds nothing.
async fn import(window: &Window, captures: &[Capture]) {
    let known = captures.iter().filter(|capture| capture.expected.outcome == Outcome::Identical).count();
    let saved = captures.len() - known;
    window.press("Choose files").await;
    window.says("looked at, nothing saved yet").await;
    photograph(window, "2-import-preview").await;
    let nothing = window.call("app.overview", json!({})).await.unwrap();
    assert_eq!(nothing["facets"]["versions"], 0, "looking writes nothing");
    window.press(&format!("Import {} files", captures.len())).await;
    window.says(&format!("{saved} saved, {known} already here, 1 not imported")).await;
    photograph(window, "2-import").await;

    let once = window.call("app.overview", json!({})).await.unwrap();
    assert_eq!(once["facets"]["versions"], saved);
    window.control_and('o').await;
    window.says(&format!("{} unchanged, 1 cannot be imported", captures.len())).await;
    window.press(&format!("Import {} files", captures.len())).await;
    window.says(&format!("{} already here, 1 not imported", captures.len())).await;
    let twice = window.call("app.overview", json!({})).await.unwrap();
    assert_eq!(once["facets"], twice["facets"], "the same files again add nothing");
}

/// The library as cards and as rows, and a search. Gives the first character's name, and how many there are.
async fn look_around_the_library(window: &Window) -> (String, u64) {
    let list = window.call("characters.list", json!({})).await.unwrap();
    let characters = list["total"].as_u64().unwrap();
    let name = list["characters"][0]["name"].as_str().unwrap().to_owned();

    window.press("Characters").await;
    window.control(&name).await;
    photograph(window, "3-library").await;
    window.press("List").await;
    window.says("Last change").await;
    photograph(window, "4-library-list").await;
    window.press("Grid").await;

    let search = window.find(Locator::Css("input[aria-label='Filter characters']")).await;
    search.send_keys("nobody has this name").await.unwrap();
    window.says("No character matches").await;
    window.press("Show all").await;
    window.control(&name).await;
    (name, characters)
}

/// The timeline tells what the core says, and another version can be looked at by keyboard alone.
async fn history(window: &Window, name: &str) {
    window.press(name).await;
    window.says("First saved").await;
    let id =
        window.call("characters.list", json!({ "name": name })).await.unwrap()["characters"][0]["id"].clone();
    let history = window.call("character.history", json!({ "character": id })).await.unwrap();
    let newest = history["entries"]
        .as_array()
        .unwrap()
        .iter()
        .find_map(|version| version["sentences"][0].as_str())
        .expect("the sample characters change");
    window.says(newest).await;
    photograph(window, "5-history").await;

    let before = window.run("return document.querySelector('[aria-selected=true]')?.textContent").await;
    window.keys("j").await;
    window
        .until("another version is selected", async || {
            window.run("return document.querySelector('[aria-selected=true]')?.textContent").await != before
        })
        .await;
}

/// The last two versions by sheet, the steps through the changes, and the documents side by side.
async fn compare(window: &Window) {
    window.press("Compare").await;
    window.find(Locator::Css("#compared")).await;
    window.says("Only changes").await;
    photograph(window, "6-compare").await;

    window.keys("n").await;
    window.says("Change 1 of").await;
    window.press("Raw JSON").await;
    window.find(Locator::Css("[role=tabpanel][aria-label='Raw JSON']")).await;
    photograph(window, "7-compare-raw").await;
}

/// What the README promises of the first three minutes, with its keys: three files, the last level, what came with it, and
/// that version taken along.
#[tokio::test]
async fn the_first_three_minutes() {
    let home = Home::new();
    let (folder, captures) = home.with_samples();
    let of_one: Vec<_> =
        captures.iter().filter(|one| one.expected.character == captures[0].expected.character).collect();
    let rises = of_one.windows(2).rposition(|pair| pair[0].expected.level < pair[1].expected.level);
    let last = rises.expect("the level rises somewhere") + 1;
    let chosen = [of_one[0], of_one[last - 1], of_one[last]];
    assert!(last > 1, "three captures");
    let files: Vec<_> = chosen.iter().map(|one| folder.join(&one.file_name)).collect();
    let window = Window::open(&home, &[], &files).await;
    window.says("Every version of every character").await;

    window.control_and('o').await;
    window.says("nothing saved yet").await;
    window.press("Import 3 files").await;
    window.says("3 saved").await;
    window.press("Characters").await;
    window.press(&chosen[2].expected.name).await;
    window.says("First saved").await;
    // The newest is the one with the level: the older landmark is the beginning, and the way back leads to it.
    window.find(Locator::Css("h1")).await.click().await.unwrap();
    let (shift, release, left, right) = ('\u{e008}', '\u{e000}', '\u{e012}', '\u{e014}');
    window.keys(&format!("{shift}{left}{release}")).await;
    let shown = async || window.find(Locator::Css(".vbar")).await.text().await.unwrap();
    window.until("the landmark before", async || !shown().await.contains("version 3 ")).await;
    window.keys(&format!("{shift}{right}{release}")).await;
    window.until("the last level", async || shown().await.contains("version 3 ")).await;
    let class = chosen[2].expected.classes.iter().map(|(name, ..)| *name).next().unwrap();
    window.says(&format!("Reached {class} {}", chosen[2].expected.level)).await;

    window.keys("c").await;
    window.find(Locator::Css("#compared")).await;
    window.says("Only changes").await;
    window.keys("n").await;
    window.says("Change 1 of").await;
    window.keys("\u{e00c}").await;
    window.says("First saved").await;
    window.press("More for this version").await;
    window.press("Save as a file…").await;
    window.says("is saved as").await;
    let id = format!("ddb-{}", chosen[2].expected.character);
    let history = window.call("character.history", json!({ "character": id })).await.unwrap();
    let saved = fs::read_dir(home.path()).unwrap().filter_map(|file| fs::read(file.unwrap().path()).ok());
    let content = |file: Vec<u8>| json!(ContentHash::of(&file).to_string());
    assert!(saved.map(content).any(|hash| hash == history["entries"][0]["content"]), "byte for byte");
    assert_eq!(window.faults().await, Vec::<String>::new());
    window.close().await;
}

#[tokio::test]
async fn the_samples_are_opened_and_left_again() {
    let home = Home::new();
    let window = Window::open(&home, &[], &[]).await;

    window.press("Look around with sample characters").await;
    window.says("Nothing here is saved").await;
    let expected = backstory_sources::sample::demo();
    let characters = expected.iter().filter(|capture| capture.expected.outcome == Outcome::First).count();
    window.says(&format!("{characters}, with")).await;
    photograph(&window, "8-samples").await;
    window.press("Back to my characters").await;
    window.says("Every version of every character").await;
    assert_eq!(window.faults().await, Vec::<String>::new());
    window.close().await;
}
