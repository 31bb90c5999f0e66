//! Taking data along: a locked export, by keyboard alone, and what another computer makes of it.

use serde_json::json;

use crate::{
    driver::Window,
    everyone::{bring_axe, findings},
    home::Home,
    journey::photograph,
};

#[tokio::test]
async fn everything_is_exported_locked_and_opened_elsewhere() {
    let home = Home::new();
    let (folder, captures) = home.with_samples();
    let window = Window::open(&home, &[folder.to_str().unwrap()], &[]).await;
    window.says("nothing saved yet").await;
    window.press(&format!("Import {} files", captures.len())).await;
    window.says(" already here").await;
    let before = window.call("characters.list", json!({})).await.unwrap();

    window.control_and('e').await;
    window.says("Export everything").await;
    photograph(&window, "11-export").await;
    bring_axe(&window).await;
    assert_eq!(findings(&window, "export").await, Vec::<String>::new());
    window.press("Lock it with a passphrase").await;
    // From the switch on by keyboard: the words, the same again, and go.
    window.keys("\u{e004}a staple of horses\u{e004}a staple of horses\u{e007}").await;
    window.says("Saved Characters.backstory.age").await;
    assert_eq!(window.faults().await, Vec::<String>::new());
    window.close().await;
    let file = home.path().join("Characters.backstory.age");
    assert!(std::fs::read(&file).unwrap().starts_with(b"age-encryption.org/v1"));

    let elsewhere = Home::new();
    let window = Window::open(&elsewhere, &[file.to_str().unwrap()], &[]).await;
    window.says("This export is encrypted").await;
    window.press("Passphrase").await;
    window.keys("a staple of cows\u{e007}").await;
    window.says("does not open the export").await;
    photograph(&window, "12-import-locked").await;
    window.press("Passphrase").await;
    window.keys("a staple of horses\u{e007}").await;
    let characters = before["total"].as_u64().unwrap();
    window.press(&format!("Import {characters} characters")).await;
    window.says(&format!("{characters} saved")).await;
    let after = window.call("characters.list", json!({})).await.unwrap();
    let known = |list: &serde_json::Value| {
        let characters = list["characters"].as_array().unwrap().iter();
        characters.map(|one| (one["id"].clone(), one["versions"].clone())).collect::<Vec<_>>()
    };
    assert_eq!(known(&after), known(&before));
    assert_eq!(window.faults().await, Vec::<String>::new());
    window.close().await;
}
