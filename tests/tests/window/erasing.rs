//! Deleting for good, in the real window: one character, then everything.

use std::{fs, path::PathBuf};

use fantoccini::Locator;
use serde_json::json;

use crate::{driver::Window, home::Home, journey::photograph};

/// Everything that is kept in these folders.
fn kept(home: &Home) -> Vec<PathBuf> {
    let mut waiting =
        vec![home.path().join("data/backstory"), home.path().join("config/app.backstory.desktop")];
    let mut files = Vec::new();
    while let Some(path) = waiting.pop() {
        match fs::read_dir(&path) {
            Ok(entries) => waiting.extend(entries.map(|entry| entry.unwrap().path())),
            Err(_) if path.exists() => files.push(path),
            Err(_) => {}
        }
    }
    files
}

#[tokio::test]
async fn a_character_and_then_everything_is_deleted_for_good() {
    let home = Home::new().without_library();
    let (folder, captures) = home.with_samples();
    let window = Window::open(&home, &[], &[folder]).await;
    window.says("Every version of every character").await;
    window.control_and('o').await;
    window.says("Import").await;
    window.press(&format!("Import {} files", captures.len())).await;
    window.says("85 saved").await;

    window.press("Privacy & data").await;
    window.says("library.sqlite").await;
    photograph(&window, "17-privacy").await;
    let list = window.call("characters.list", json!({})).await.unwrap();
    let (id, name) = (&list["characters"][0]["id"], list["characters"][0]["name"].as_str().unwrap());
    window.press("Characters").await;
    window.control(name).await;
    window.run("document.querySelector('[data-index=\"0\"]').click()").await;
    window.press("More for this character").await;
    window.press("Delete for good…").await;
    window.says(&format!("Delete {name} for good?")).await;
    photograph(&window, "18-delete-one").await;
    window.press("Delete for good").await;
    window.says("The character is deleted").await;
    window.says("found none").await;
    window.press("Done").await;
    let gone = window.call("character.history", json!({ "character": id })).await.unwrap_err();
    assert_eq!(gone["code"], "character_not_found");

    window.press("Privacy & data").await;
    window.press("Delete all my data…").await;
    window.says("Delete all your data?").await;
    window.find(Locator::Css("[role=dialog] input")).await.send_keys("delete my data").await.unwrap();
    photograph(&window, "19-delete-all").await;
    window.press("Delete everything").await;
    window.says("Your data is deleted").await;
    photograph(&window, "20-receipt").await;
    window.press("Save the receipt…").await;
    window.says("Saved as Backstory BS-").await;
    window.press("Start fresh").await;
    window.says("Every version of every character").await;
    assert_eq!(window.call("app.overview", json!({})).await.unwrap()["facets"]["characters"], 0);
    assert_eq!(window.faults().await, Vec::<String>::new());
    window.close().await;

    let mut files = fs::read_dir(home.path()).unwrap().map(|entry| entry.unwrap().path());
    let saved = files.find(|path| path.extension().is_some_and(|end| end == "json")).unwrap();
    let receipt: serde_json::Value = serde_json::from_slice(&fs::read(saved).unwrap()).unwrap();
    assert_eq!(receipt["receipt"]["sweep"]["traces"], 0);
    for path in kept(&home) {
        let bytes = fs::read(&path).unwrap();
        let stands = bytes.windows(name.len()).any(|window| window == name.as_bytes());
        assert!(!stands, "{} still names {name}", path.display());
    }
}
