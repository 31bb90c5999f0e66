//! The other ways in: pasting, a link, and a folder that is watched.

use std::{
    fs,
    io::{BufRead as _, BufReader, Write as _},
    net::TcpListener,
};

use fantoccini::Locator;
use serde_json::json;

use crate::{driver::Window, home::Home, journey::photograph};

/// The smallest answer with a character in it.
const ANSWER: &str = r#"{"id":0,"success":true,"message":"","data":{"id":7001,"name":"Tamsin Reed",
    "dateModified":"2025-03-01T18:30:00Z","stats":[],"classes":[],"race":null,"bonusStats":[],"overrideStats":[],
    "modifiers":{},"inventory":[],"baseHitPoints":8,"removedHitPoints":0,"currencies":null,"choices":{},"actions":{},
    "characterValues":[],"readonlyUrl":"","campaign":null}}"#;

/// A server that answers one request and ends.
fn serve(body: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let lines = BufReader::new(stream.try_clone().unwrap()).lines();
        lines.map_while(Result::ok).take_while(|line| !line.is_empty()).for_each(drop);
        let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", body.len());
        stream.write_all(&[head.as_bytes(), body.as_bytes()].concat()).unwrap();
    });
    base
}

#[tokio::test]
async fn a_character_is_pasted_anywhere_and_looked_at_first() {
    let home = Home::new();
    let (_, captures) = home.with_samples();
    let window = Window::open(&home, &[], &[]).await;
    window.says("Every version of every character").await;

    window.paste(&String::from_utf8_lossy(&captures[0].document)).await;
    window.says(&format!("New character, {}", captures[0].expected.name)).await;
    window.says("nothing saved yet").await;
    photograph(&window, "10-import-paste").await;
    assert_eq!(window.call("app.overview", json!({})).await.unwrap()["facets"]["characters"], 0);
    window.press("Import 1 file").await;
    window.says("1 saved").await;

    window.paste("{\"name\": \"Tam").await;
    window.says("The file stops in the middle").await;
    window.paste("a shopping list").await;
    window.says("neither a character’s JSON nor a link").await;
    assert_eq!(window.faults().await, Vec::<String>::new());
    window.close().await;
}

#[tokio::test]
async fn a_link_is_fetched_after_the_player_agreed_once() {
    let home = Home::new().with("BACKSTORY_TEST_DDB", serve(ANSWER));
    let window = Window::open(&home, &[], &[]).await;
    window.says("Every version of every character").await;

    window.paste("https://www.dndbeyond.com/characters/7001").await;
    window.press("Fetch").await;
    window.says("Ask D&D Beyond over the internet?").await;
    photograph(&window, "11-import-link").await;
    assert_eq!(window.call("app.overview", json!({})).await.unwrap()["facets"]["characters"], 0);
    window.press("Agree and fetch").await;
    window.says("New character, Tamsin Reed").await;
    assert!(home.path().join("data").exists(), "what was agreed to is recorded");
    window.press("Privacy & data").await;
    window.says("You agreed on").await;
    photograph(&window, "21-agreed").await;
    window.press("Take it back").await;
    window.says("and took it back on").await;
    window.paste("https://www.dndbeyond.com/characters/7001").await;
    window.press("Fetch").await;
    window.says("Ask D&D Beyond over the internet?").await;
    assert_eq!(window.faults().await, Vec::<String>::new());
    window.close().await;
}

#[tokio::test]
async fn a_watched_folder_brings_in_what_is_saved_there() {
    let home = Home::new();
    let (samples, captures) = home.with_samples();
    let folder = home.path().join("Downloads");
    fs::create_dir(&folder).unwrap();
    let home = home.with("BACKSTORY_PICK_FOLDER", &folder);
    let window = Window::open(&home, &[], &[]).await;

    window.press("Import").await;
    window.press("Watched folders").await;
    window.press("Add a folder").await;
    window.says("Last look at").await;
    fs::copy(samples.join(&captures[0].file_name), folder.join("tam.json")).unwrap();
    window.says(&format!("New character, {}", captures[0].expected.name)).await;
    fs::write(folder.join("broken.json"), "{\"data\": {\"id\": 1, nonsense}}").unwrap();
    window.says("Not imported").await;
    photograph(&window, "12-import-folders").await;
    window.close().await;

    // The folder is watched from the next start on without being asked for.
    let window = Window::open(&home, &[], &[]).await;
    fs::copy(samples.join(&captures[1].file_name), folder.join("second.json")).unwrap();
    window
        .until("the second file is taken", async || {
            window.call("app.overview", json!({})).await.unwrap()["facets"]["versions"].as_u64() > Some(1)
        })
        .await;
    window.press("Import").await;
    window.press("Watched folders").await;
    window.press("Stop watching").await;
    window.says("No folder is watched").await;
    window.press("Undo").await;
    window.says("Stop watching").await;
    let stranger = json!({ "path": home.path() });
    assert_eq!(
        window.call("watch.again", stranger).await.unwrap().as_array().unwrap().len(),
        1,
        "no other folder"
    );
    window.press("Stop watching").await;
    window.says("No folder is watched").await;
    fs::remove_dir_all(&folder).unwrap();
    window.find(Locator::Css("[role=tab][aria-selected=true]")).await;
    window.close().await;
}
