//! What reaches the window from outside: a second start, and a library that is broken.

use std::{env, fs, process::Command};

use serde_json::json;

use crate::{driver::Window, home::Home};

#[tokio::test]
async fn a_second_start_hands_its_files_over() {
    let home = Home::new();
    let (folder, captures) = home.with_samples();
    let window = Window::open(&home, &[], &[]).await;
    window.says("Every version of every character").await;

    let status = Command::new(env::var_os("BACKSTORY_DESKTOP").unwrap())
        .arg(&captures[0].file_name)
        .envs(home.environment())
        .current_dir(folder)
        .status()
        .unwrap();
    assert!(status.success(), "the second start ends and says that all is well: {status}");
    window.says(&format!("New character, {}", captures[0].expected.name)).await;
    window.press("Import 1 file").await;
    window.says("1 saved").await;
    let overview = window.call("app.overview", json!({})).await.unwrap();
    assert_eq!(overview["facets"]["characters"], 1);

    window.close().await;
}

#[tokio::test]
async fn a_library_that_cannot_be_opened_is_a_screen_and_stays_untouched() {
    let home = Home::new();
    fs::write(home.library(), "this is a letter and not a library\n".repeat(200)).unwrap();
    let before = fs::read(home.library()).unwrap();
    let window = Window::open(&home, &[], &[]).await;

    window.says("What happened").await;
    window.says("What to do").await;
    window.photograph("9-broken-library").await;
    assert!(window.call("app.overview", json!({})).await.is_err());
    let preferences = window.call("preferences.get", json!({})).await;
    assert!(preferences.is_ok(), "what needs no library works on: {preferences:?}");
    window.close().await;
    assert_eq!(fs::read(home.library()).unwrap(), before);
}
