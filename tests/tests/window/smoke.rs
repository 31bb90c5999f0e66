//! The window opens, its bridge answers, and the page may do nothing else.

use std::{
    env, fs,
    io::{BufRead as _, BufReader},
    process::{Command, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

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

/// The process of this program that draws the page, once there is one that has begun: one that ends before that takes the
/// program along.
fn painter(program: u32) -> Option<u32> {
    let children = fs::read_to_string(format!("/proc/{program}/task/{program}/children")).ok()?;
    children.split_whitespace().filter_map(|child| child.parse().ok()).find(|child: &u32| {
        fs::read_to_string(format!("/proc/{child}/comm"))
            .is_ok_and(|name| name.starts_with("WebKitWebProces"))
    })
}

#[test]
fn a_window_that_paints_nothing_is_shown_and_says_so() {
    let home = Home::new();
    let mut program = Command::new(env::var_os("BACKSTORY_DESKTOP").unwrap())
        .envs(home.environment())
        .env_remove("BACKSTORY_LOG")
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // What would paint stands still before it has painted anything.
    let end = Instant::now() + Duration::from_secs(20);
    let painter = loop {
        if let Some(painter) = painter(program.id()) {
            break painter;
        }
        assert!(Instant::now() < end, "nothing is there that would paint");
        thread::yield_now();
    };
    let signal = |name: &str| Command::new("kill").args([name, &painter.to_string()]).status().unwrap();
    assert!(signal("-STOP").success());
    let (says, said) = mpsc::channel();
    let errors = BufReader::new(program.stderr.take().unwrap());
    thread::spawn(move || {
        for line in errors.lines().map_while(Result::ok) {
            let _nobody_listens_any_more = says.send(line);
        }
    });
    let mut heard = Vec::new();
    let told = loop {
        match said.recv_timeout(Duration::from_secs(30)) {
            Ok(line) => heard.push(line),
            Err(_) => break false,
        }
        if heard.last().is_some_and(|line| line.contains("the player was told that nothing is drawn")) {
            break true;
        }
    };
    let runs = program.try_wait().unwrap().is_none();
    signal("-KILL");
    program.kill().unwrap();
    program.wait().unwrap();
    assert!(told && runs, "{heard:#?}");
    assert!(heard.iter().any(|line| line.contains("the page has not said that it is there")), "{heard:#?}");
}
