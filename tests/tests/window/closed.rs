//! A library that cannot be opened, and every way forward from it.

use std::fs;

use backstory_core::{library::Library, storage::StorageFactory as _};
use backstory_sources::sample;
use backstory_storage::{clock::SystemClock, open::Stores};
use rusqlite::Connection;
use serde_json::json;
use std::sync::Arc;

use crate::{
    driver::Window,
    everyone::{bring_axe, findings},
    home::Home,
    journey::photograph,
};

const CLOSED: &str = "Your library could not be opened";

/// Writes the sample characters into a library.
async fn fill(path: &std::path::Path) {
    let storage = Stores.open(path.to_str().unwrap()).await.unwrap();
    let library =
        Library::new(storage, backstory_sources::registry::sources(), Arc::new(SystemClock), "test");
    library.capture(&sample::drafts().unwrap()).await.unwrap();
}

#[tokio::test]
async fn a_damaged_library_is_put_aside_or_replaced_by_its_copy() {
    let home = Home::new();
    fill(&home.library()).await;
    let copy = home.path().join("library.before-4.sqlite");
    fs::copy(home.library(), &copy).unwrap();
    let damage: Vec<u8> = b"not a library any more".repeat(1000);
    fs::write(home.library(), &damage).unwrap();

    let window = Window::open(&home, &[], &[]).await;
    window.says(CLOSED).await;
    window.says("is not a Backstory library, or its beginning is damaged").await;
    assert!(!window.text().await.contains("Open it for reading only"), "it cannot be read");
    photograph(&window, "13-closed").await;
    bring_axe(&window).await;
    assert_eq!(findings(&window, "closed").await, Vec::<String>::new());
    assert!(window.call("app.overview", json!({})).await.is_err());
    let preferences = window.call("preferences.get", json!({})).await;
    assert!(preferences.is_ok(), "what needs no library works on: {preferences:?}");
    window.press("Try again").await;
    window.says(CLOSED).await;
    assert_eq!(fs::read(home.library()).unwrap(), damage, "looking changes nothing");
    window.press("Go back to the copy of").await;
    window.says("3 characters").await;
    window.says("The library that was there is kept as").await;
    let refused = window.call("library.open", json!({ "how": "empty" })).await.unwrap_err();
    assert!(refused.to_string().contains("cannot be put aside"), "it is open now: {refused}");
    assert_eq!(window.faults().await, Vec::<String>::new());
    window.close().await;
    assert!(copy.exists(), "the copy stays");
    let aside = |home: &Home| {
        let names = fs::read_dir(home.path()).unwrap().map(|entry| entry.unwrap().path());
        names
            .filter(|path| {
                path.to_string_lossy().contains(".aside-") && path.extension() == home.library().extension()
            })
            .collect::<Vec<_>>()
    };
    let kept = aside(&home);
    assert_eq!(kept.len(), 1);
    assert_eq!(fs::read(&kept[0]).unwrap(), damage);

    fs::remove_file(&copy).unwrap();
    fs::write(home.library(), &damage).unwrap();
    let window = Window::open(&home, &[], &[]).await;
    window.says(CLOSED).await;
    window.press("Start with an empty library").await;
    window.says("Every version of every character").await;
    assert_eq!(window.faults().await, Vec::<String>::new());
    window.close().await;
    assert_eq!(aside(&home).len(), 2, "nothing is deleted");
}

#[tokio::test]
async fn what_can_still_be_read_is_shown_and_another_library_chosen() {
    let home = Home::new();
    fill(&home.library()).await;
    {
        // As if bringing it up to date had been broken off by something this program does not know.
        let file = rusqlite::Connection::open(home.library()).unwrap();
        let last = "DELETE FROM refinery_schema_history WHERE version = (SELECT max(version) FROM refinery_schema_history)";
        assert_eq!(file.execute(last, []).unwrap(), 1);
    }
    let other = home.path().join("another.sqlite");
    fill(&other).await;
    let window = Window::open(&home, &[], std::slice::from_ref(&other)).await;
    window.says(CLOSED).await;
    window.press("Open it for reading only").await;
    window.says("3, with 85 versions").await;
    window.says("not save anything now").await;

    window.control_and(',').await;
    window.press("File…").await;
    window
        .until("the other library is open", async || {
            let overview = window.call("app.overview", json!({})).await.unwrap();
            overview["store"]["location"].as_str() == other.to_str()
                && overview["store"]["read_only"].is_null()
        })
        .await;
    window.control_and(',').await;
    window.press("The usual one").await;
    window
        .until("nothing is lost where that fails", async || {
            window.text().await.contains("could not be brought to the form")
        })
        .await;
    let overview = window.call("app.overview", json!({})).await.unwrap();
    assert_eq!(overview["store"]["location"].as_str(), other.to_str());
    assert_eq!(window.faults().await, Vec::<String>::new());
    window.close().await;
}

#[tokio::test]
async fn a_library_that_was_chosen_is_opened_at_the_next_start_too() {
    let home = Home::new().without_library();
    let other = home.path().join("another.sqlite");
    fill(&other).await;
    let window = Window::open(&home, &[], std::slice::from_ref(&other)).await;
    window.says("Every version of every character").await;
    window.control_and(',').await;
    window.press("File…").await;
    window.says("3 characters").await;
    window.close().await;

    let window = Window::open(&home, &[], &[]).await;
    window.says("3 characters").await;
    window.close().await;

    // On a disk that is not connected: an empty library there would look as if everything were lost.
    fs::rename(&other, home.path().join("elsewhere.sqlite")).unwrap();
    let window = Window::open(&home, &[], &[]).await;
    window.says(CLOSED).await;
    window.says("is not there").await;
    assert!(!other.exists());
    window.press("Open the usual library").await;
    window.says("Every version of every character").await;
    assert_eq!(window.faults().await, Vec::<String>::new());
    window.close().await;
}

#[tokio::test]
async fn a_library_of_a_newer_backstory_is_read_and_says_so() {
    let home = Home::new();
    fill(&home.library()).await;
    let newer = "INSERT INTO refinery_schema_history SELECT max(version) + 1, 'later', applied_on, checksum \
                 FROM refinery_schema_history";
    Connection::open(home.library()).unwrap().execute_batch(newer).unwrap();
    let window = Window::open(&home, &[], &[]).await;
    window.says("made by a newer Backstory").await;
    window.says("3, with 85 versions").await;
    photograph(&window, "16-library-newer").await;
    window.close().await;
}

#[tokio::test]
async fn a_library_that_another_program_holds_stays_and_opens_once_it_is_free() {
    let home = Home::new();
    fill(&home.library()).await;
    let config = home.path().join("held.toml");
    let library = home.library().display().to_string();
    fs::write(&config, format!("[libraries.held]\naddress = {library:?}\npool.wait_seconds = 1\n")).unwrap();
    let home = home.with("BACKSTORY_CONFIG", config).with("BACKSTORY_LIBRARY", "held");
    let other = Connection::open(&library).unwrap();
    other.execute_batch("BEGIN EXCLUSIVE").unwrap();

    let window = Window::open(&home, &[], &[]).await;
    window.says(CLOSED).await;
    window.says("Open it for reading only").await;
    let ways = window.call("library.ways", json!({})).await.unwrap();
    assert_eq!(ways["set_aside"], false, "what another program holds is not moved: {ways}");
    drop(other);
    window.press("Try again").await;
    window.says("3, with 85 versions").await;
    let overview = window.call("app.overview", json!({})).await.unwrap();
    assert!(overview["store"]["read_only"].is_null(), "it can be written to: {overview}");
    assert_eq!(window.faults().await, Vec::<String>::new());
    window.close().await;
}

#[tokio::test]
async fn a_german_window_says_in_german_what_happened() {
    let home = Home::new();
    fs::write(home.library(), b"not a library".repeat(1000)).unwrap();
    let window = Window::open(&home, &[], &[]).await;
    window.says(CLOSED).await;
    window.control_and(',').await;
    window.press("Deutsch").await;
    window.says("Einstellungen").await;
    window.keys("\u{e00c}").await;
    window.says("In der Bibliothek ist etwas beschädigt").await;
    window.says("Backstory hat die Datei nicht verändert").await;
    photograph(&window, "13-closed-german").await;
    assert_eq!(window.faults().await, Vec::<String>::new());
    window.close().await;
}
