//! A text that was pasted, through the command the window calls.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests may")]

use std::sync::Arc;

use backstory_core::{
    api::{self, App, Host, Parts},
    error::{Code, Error},
    job::Silent,
    wording::Language,
};
use backstory_sources::{files::Files, registry, sample};
use backstory_storage::{clock::SystemClock, memory::MemoryStorage, open::Stores};
use serde_json::{Value, json};

struct NoWindow;

impl Host for NoWindow {}

fn app() -> App {
    App::new(Parts {
        storage: Ok(Arc::new(MemoryStorage::new())),
        caches: Arc::new(|_| None),
        factory: Arc::new(Stores),
        sources: registry::sources(),
        remote: Err(backstory_core::error::Error::internal("No network here.")),
        intake: Arc::new(Files::new()),
        samples: Arc::new(sample::drafts),
        computer: Err(Error::internal("Nothing is kept in this test.")),
        backups: Err(Error::internal("Nothing is kept in this test.")),
        host: Arc::new(NoWindow),
        clock: Arc::new(SystemClock),
        version: "0",
        language: Language::default(),
        origin: "test",
    })
}

async fn paste(app: &App, text: &str, dry_run: bool) -> Value {
    let params = json!({ "text": text, "dry_run": dry_run });
    api::call(app, "import.text", params, &Silent).await.unwrap()
}

#[tokio::test]
async fn a_pasted_text_is_previewed_and_then_kept() {
    let app = app();
    let capture = sample::demo().remove(0);
    let text = String::from_utf8(capture.document).unwrap();
    for _ in 0..2 {
        let preview = paste(&app, &text, true).await;
        assert_eq!((preview["outcome"].as_str(), preview["path"].as_str()), (Some("added"), Some("pasted")));
    }
    let kept = paste(&app, &text, false).await;
    assert_eq!((kept["outcome"].as_str(), kept["version"].as_u64()), (Some("added"), Some(1)));
    assert_eq!(paste(&app, &text, false).await["outcome"], "identical");
}

#[tokio::test]
async fn a_pasted_text_that_is_no_character_says_why() {
    let app = app();
    let private =
        r#"{"success":false,"message":"Character must be set to public in order to be accessible."}"#;
    let codex = r#"{"Character":[],"Skill":[]}"#;
    for (text, code) in [
        ("", "file_empty"),
        ("https://www.dndbeyond.com/characters/1", "not_json"),
        ("{\"id\":1", "json_truncated"),
        (private, "character_private"),
        (codex, "format_unsupported"),
        ("<!doctype html><title>Just a moment...</title>", "web_page"),
    ] {
        let refused = paste(&app, text, false).await;
        assert_eq!(
            (refused["outcome"].as_str(), refused["error"]["code"].as_str()),
            (Some("failed"), Some(code))
        );
    }
    let huge = " ".repeat(backstory_core::json::MAX_BYTES + 1);
    assert_eq!(paste(&app, &huge, false).await["error"]["code"], "file_too_large");
    let wrong = api::call(&app, "import.text", json!({ "words": "" }), &Silent).await.unwrap_err();
    assert_eq!(wrong.code, Code::InvalidArgument);
}
