//! The window opens, its bridge answers, and the page may do nothing else.

use serde_json::json;

use crate::{driver::Window, home::Home};

#[tokio::test]
async fn the_window_opens_and_the_bridge_answers() {
    let home = Home::new();
    let window = Window::open(&home, &[], &[]).await;

    let overview = window.call("app.overview", json!({})).await.unwrap();
    assert_eq!(overview["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(overview["sample"], false);
    let error = window.call("app.nonsense", json!({})).await.unwrap_err();
    assert_eq!(error["code"], "internal");
    assert!(error["message"].is_string() && error["retryable"] == false);

    window.close().await;
}

#[tokio::test]
async fn the_policy_of_the_page_is_in_force() {
    let home = Home::new();
    let window = Window::open(&home, &[], &[]).await;
    window
        .until("the page is there", async || window.run("return document.readyState").await == "complete")
        .await;

    window
        .run(
            "const tag = document.createElement('script'); tag.textContent = 'window.broken = 1'; \
             document.body.append(tag); const image = new Image(); image.src = 'https://example.invalid/x.png'; \
             document.body.append(image); document.body.setAttribute('style', 'color: red'); \
             fetch('https://example.invalid/').catch(() => {});",
        )
        .await;
    window
        .until("four things are refused", async || {
            let faults = window.faults().await;
            let refused =
                |what: &str| faults.iter().any(|fault| fault.starts_with(&format!("policy: {what}")));
            refused("script-src") && refused("img-src") && refused("style-src") && refused("connect-src")
        })
        .await;
    assert_eq!(window.run("return window.broken ?? null").await, json!(null));

    window.close().await;
}

#[tokio::test]
async fn only_the_bridge_is_open_to_the_page() {
    let home = Home::new();
    let window = Window::open(&home, &[], &[]).await;

    for command in ["plugin:dialog|open", "plugin:window|close", "plugin:fs|read_file", "plugin:event|emit"] {
        let script = format!(
            "const done = arguments[0]; window.__TAURI_INTERNALS__.invoke('{command}', {{}})\
             .then(() => done('allowed'), (error) => done(String(error)));"
        );
        let answer = window.run_async(&script).await;
        assert!(
            answer.as_str().unwrap().contains("not allowed")
                || answer.as_str().unwrap().contains("not found"),
            "{command}: {answer}"
        );
    }

    window.close().await;
}
