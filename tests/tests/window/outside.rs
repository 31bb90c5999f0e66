//! What reaches the window from outside: a second start, and what comes with it.

use std::{env, process::Command};

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
async fn a_link_opens_its_character_and_does_nothing_else() {
    let home = Home::new();
    let (_, captures) = home.with_samples();
    let window = Window::open(&home, &[], &[]).await;
    window.says("Every version of every character").await;
    let text = String::from_utf8_lossy(&captures[0].document).into_owned();
    window.call("import.text", json!({ "text": text })).await.unwrap();
    let link = format!("backstory://character/ddb-{}", captures[0].expected.character);
    let start = |link: &str| {
        Command::new(env::var_os("BACKSTORY_DESKTOP").unwrap())
            .arg(link)
            .envs(home.environment())
            .status()
            .unwrap()
    };

    assert!(start(&link).success());
    window.says("version 1 of 1").await;
    assert!(start("backstory://character/ddb-1").success());
    window.says("No character").await;
    assert!(!start("backstory://delete/all").success(), "no other link is known");
    window.close().await;

    let window = Window::open(&home, &[&link], &[]).await;
    window.says("version 1 of 1").await;
    window.close().await;
}
