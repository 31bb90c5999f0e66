//! Libraries that cannot be opened as they should: each is really so, and each has a way forward.

use std::{fs, path::Path};

use rusqlite::Connection;
use serde_json::json;

use crate::{
    driver::Window,
    home::Home,
    journey::{SIZES, photograph},
};

/// Fills the library of this home through the window; gives how many characters are in it.
async fn fill(home: &Home, captures: usize) -> u64 {
    let (_, samples) = home.with_samples();
    let window = Window::open(home, &[], &[]).await;
    for capture in &samples[..captures] {
        let text = String::from_utf8_lossy(&capture.document).into_owned();
        window.call("import.text", json!({ "text": text })).await.unwrap();
    }
    let overview = window.call("app.overview", json!({})).await.unwrap();
    window.close().await;
    overview["facets"]["versions"].as_u64().unwrap()
}

/// Does something to the library's file beside the program.
fn in_the_library(home: &Home, words: &str) {
    Connection::open(home.library()).unwrap().execute_batch(words).unwrap();
}

/// Everything of a file from here on becomes noise.
fn garble(file: &Path, from: usize) {
    let mut bytes = fs::read(file).unwrap();
    for byte in &mut bytes[from..] {
        *byte ^= 0x5a;
    }
    fs::write(file, bytes).unwrap();
}

async fn offers(window: &Window, name: &str) -> bool {
    let script = format!("return document.querySelector('.opening button[aria-label^=\"{name}\"]') !== null");
    window.run(&script).await == json!(true)
}

#[tokio::test]
async fn a_letter_in_the_librarys_place_is_moved_aside_and_kept() {
    let home = Home::new();
    fs::write(home.library(), "this is a letter and not a library\n".repeat(200)).unwrap();
    let before = fs::read(home.library()).unwrap();
    let window = Window::open(&home, &[], &[]).await;

    window.says("Your library cannot be opened").await;
    window.says("Start with an empty library").await;
    assert!(!offers(&window, "Open for reading only").await, "nobody can read it");
    assert!(!offers(&window, "Restore").await, "there is no copy");
    photograph(&window, "13-library-damaged").await;
    let preferences = window.call("preferences.get", json!({})).await;
    assert!(preferences.is_ok(), "what needs no library works on: {preferences:?}");
    assert_eq!(fs::read(home.library()).unwrap(), before, "nothing is done unasked");

    window.press("Start with an empty library").await;
    window.says("Every version of every character").await;
    window.says("library.aside-1.sqlite").await;
    photograph(&window, "14-library-aside").await;
    assert_eq!(fs::read(home.path().join("library.aside-1.sqlite")).unwrap(), before);
    let refused = window.call("library.open", json!({ "way": "new" })).await.unwrap_err();
    assert_eq!(refused["code"], "invalid_argument", "a sound library is not moved away");
    assert_eq!(window.faults().await, Vec::<String>::new());
    window.close().await;
    assert_eq!(fill(&home, 1).await, 1, "the new one is there at the next start");
}

#[tokio::test]
async fn a_damaged_library_is_replaced_by_its_copy() {
    let home = Home::new();
    assert_eq!(fill(&home, 1).await, 1);
    let copy = home.path().join("library.before-9.sqlite");
    in_the_library(&home, &format!("VACUUM INTO '{}'", copy.display()));
    let saved = fs::read(&copy).unwrap();
    fill(&home, 3).await;
    in_the_library(&home, "PRAGMA wal_checkpoint(TRUNCATE)");
    // The beginning is whole, so that only a look into it finds the damage.
    garble(&home.library(), 4096);
    let damaged = fs::read(home.library()).unwrap();

    let window = Window::open(&home, &[], &[]).await;
    window.says("Your library cannot be opened").await;
    window.says("library.before-9.sqlite").await;
    photograph(&window, "15-library-copy").await;
    window.press("Restore the copy").await;
    window.says("library.aside-1.sqlite").await;
    window.says("1, with 1 version").await;
    let overview = window.call("app.overview", json!({})).await.unwrap();
    assert_eq!((&overview["visiting"], &overview["facets"]["versions"]), (&json!(false), &json!(1)));
    assert_eq!(window.faults().await, Vec::<String>::new());
    window.close().await;
    assert_eq!(fs::read(home.path().join("library.aside-1.sqlite")).unwrap(), damaged);
    assert_eq!(fs::read(&copy).unwrap(), saved, "the copy stays");
    assert!(fill(&home, 3).await > 1, "it takes what comes");
}

#[tokio::test]
async fn a_library_of_a_newer_backstory_is_read_and_says_so() {
    let home = Home::new();
    fill(&home, 1).await;
    let newer = "INSERT INTO refinery_schema_history SELECT max(version) + 1, 'later', applied_on, checksum \
                 FROM refinery_schema_history";
    in_the_library(&home, newer);

    let window = Window::open(&home, &[], &[]).await;
    window.says("made by a newer Backstory").await;
    window.says("1, with 1 version").await;
    photograph(&window, "16-library-newer").await;
    let refused = window.call("import.text", json!({ "text": "{}" })).await;
    assert!(refused.is_err() || refused.unwrap()["outcome"] == "failed", "nothing is written");
    window.close().await;
}

#[tokio::test]
async fn a_library_that_another_program_holds_stays_and_opens_once_it_is_free() {
    let home = Home::new();
    fill(&home, 1).await;
    let config = home.path().join("held.toml");
    let library = home.library().display().to_string();
    let words = format!("[libraries.held]\naddress = {library:?}\npool.wait_seconds = 1\n");
    fs::write(&config, words).unwrap();
    let home = home.with("BACKSTORY_CONFIG", config).with("BACKSTORY_LIBRARY", "held");
    let other = Connection::open(&library).unwrap();
    other.execute_batch("BEGIN EXCLUSIVE").unwrap();

    let window = Window::open(&home, &[], &[]).await;
    window.says("Your library cannot be opened").await;
    window.says("Open for reading only").await;
    assert!(!offers(&window, "Start").await, "what another program holds is not moved");
    window.resize(SIZES[0]).await;
    photograph(&window, "17-library-held").await;
    let refused = window.call("library.open", json!({ "way": "again" })).await.unwrap_err();
    assert_eq!(refused["code"], "store_busy");

    window.press("Open for reading only").await;
    window.says("1, with 1 version").await;
    window.says("The next start opens your own library again").await;
    photograph(&window, "18-library-visiting").await;
    drop(other);
    window.press("Open my own library").await;
    window
        .until("it can be written to", async || {
            window.call("app.overview", json!({})).await.unwrap()["store"]["read_only"].is_null()
        })
        .await;
    assert_eq!(window.faults().await, Vec::<String>::new());
    window.close().await;
}

#[tokio::test]
async fn a_folder_nobody_may_write_to_leaves_another_library() {
    let elsewhere = Home::new();
    fill(&elsewhere, 1).await;
    let home = Home::new().with("BACKSTORY_LIBRARY", "/proc/backstory/library.sqlite");
    let window = Window::open(&home, &[], &[elsewhere.library()]).await;
    window.says("cannot be created").await;
    assert!(!offers(&window, "Open for reading only").await && !offers(&window, "Start").await);
    window.press("Choose another library").await;
    window.says("1, with 1 version").await;
    window.press("Open my own library").await;
    window.says("cannot be created").await;
    window.says("1, with 1 version").await;
    assert_eq!(window.faults().await, Vec::<String>::new());
    window.close().await;
}
