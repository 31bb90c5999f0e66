//! What brings characters in by itself, with the real binary and a server on this computer.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests may")]

#[cfg(debug_assertions)]
mod home;

use std::net::TcpListener;
use std::{
    io::{BufRead, BufReader, Read, Write},
    path::PathBuf,
    process::{Command, Output, Stdio},
};

use serde_json::Value;
use tempfile::TempDir;

/// The smallest answer with a character in it.
fn answer(id: u32) -> String {
    format!(
        r#"{{"id":0,"success":true,"message":"","data":{{"id":{id},"name":"Tamsin Reed","dateModified":"2025-03-01T18:30:00Z",
        "stats":[],"classes":[],"race":null,"bonusStats":[],"overrideStats":[],"modifiers":{{}},"inventory":[],
        "baseHitPoints":8,"removedHitPoints":0,"currencies":null,"choices":{{}},"actions":{{}},"characterValues":[],
        "readonlyUrl":"","campaign":null}}}}"#
    )
}

/// A server that answers one request and ends.
#[cfg(debug_assertions)]
fn serve(status: u16, body: String) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let lines = BufReader::new(stream.try_clone().unwrap()).lines();
        lines.map_while(Result::ok).take_while(|line| !line.is_empty()).for_each(drop);
        let head = format!("HTTP/1.1 {status} x\r\ncontent-length: {}\r\n\r\n", body.len());
        stream.write_all(&[head.as_bytes(), body.as_bytes()].concat()).unwrap();
    });
    base
}

struct Place(TempDir);

impl Place {
    fn new() -> Self {
        let place = Self(tempfile::tempdir().unwrap());
        std::fs::create_dir(place.folder()).unwrap();
        place
    }

    fn folder(&self) -> PathBuf {
        self.0.path().join("exports")
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = home::command(self.0.path(), args);
        command.env("BACKSTORY_LIBRARY", self.0.path().join("library.sqlite")).stdin(Stdio::null());
        command
    }

    fn json(&self, command: &mut Command) -> (i32, Value) {
        let Output { status, stdout, .. } = command.arg("--json").output().unwrap();
        (status.code().unwrap(), serde_json::from_slice(&stdout).unwrap())
    }
}

// A build for release asks the real server only, which is no matter for a test.
#[cfg(debug_assertions)]
#[test]
fn fetch_asks_for_consent_once_and_imports() {
    let place = Place::new();
    let (code, refused) = place.json(&mut place.command(&["fetch", "7001"]));
    assert_eq!((code, refused["error"]["code"].as_str()), (1, Some("consent_needed")));

    let base = serve(200, answer(7001));
    let address = "https://www.dndbeyond.com/characters/7001";
    let mut fetch = place.command(&["fetch", address, "--agree"]);
    let (code, report) = place.json(fetch.env("BACKSTORY_TEST_DDB", base));
    assert_eq!(code, 0, "{report}");
    let file = &report["files"][0];
    assert_eq!((file["path"].as_str(), file["outcome"].as_str()), (Some(address), Some("added")));
    assert_eq!((file["character"].as_str(), file["version"].as_u64()), (Some("ddb-7001"), Some(1)));

    // What is no address is told without asking, and without being asked for consent again.
    let (code, report) = place.json(&mut place.command(&["fetch", "https://example.org/7"]));
    assert_eq!((code, report["files"][0]["error"]["code"].as_str()), (1, Some("invalid_argument")));

    // What was agreed to can be looked at and taken back; that it was given stays on record.
    let (_, told) = place.json(&mut place.command(&["consent"]));
    assert_eq!(
        (&told["consents"][0]["holds"], &told["consents"][0]["source"]),
        (&true.into(), &"ddb".into())
    );
    let (code, told) = place.json(&mut place.command(&["consent", "--withdraw", "ddb"]));
    assert_eq!((code, &told["consents"][0]["holds"]), (0, &false.into()));
    assert!(told["consents"][0]["withdrawn_at"].is_string(), "{told}");
    let (code, refused) = place.json(&mut place.command(&["fetch", "7001"]));
    assert_eq!((code, refused["error"]["code"].as_str()), (1, Some("consent_needed")));
}

#[test]
fn who_agreed_to_nothing_is_told_so() {
    let place = Place::new();
    let (code, told) = place.json(&mut place.command(&["consent", "--withdraw", "ddb"]));
    assert_eq!((code, told), (0, serde_json::json!({ "consents": [] })));
    let said = place.command(&["consent"]).output().unwrap().stdout;
    assert_eq!(String::from_utf8(said).unwrap(), "You agreed to nothing. Nothing leaves this computer.\n");
}

#[cfg(debug_assertions)]
#[test]
fn a_private_character_is_told_in_plain_words_and_writes_nothing() {
    let place = Place::new();
    let body = r#"{"id":0,"success":false,"message":"An unexpected error has occured",
        "data":{"serverMessage":"Unauthorized Access Attempt.","errorCode":"c8990ca"}}"#;
    let base = serve(403, body.to_owned());
    let mut fetch = place.command(&["fetch", "7001", "--agree"]);
    let ended = fetch.env("BACKSTORY_TEST_DDB", base).output().unwrap();
    assert_eq!(ended.status.code(), Some(1));
    let told = String::from_utf8(ended.stdout).unwrap();
    assert!(told.contains("D&D Beyond says this character is private."), "{told}");
    let (_, list) = place.json(&mut place.command(&["list"]));
    assert_eq!(list["total"], 0);
}

#[cfg(target_os = "linux")]
#[test]
fn without_a_keychain_a_session_is_kept_nowhere() {
    const CANARY: &str = "canary-session-51d2";
    let place = Place::new();
    let mut login = place.command(&["login", "ddb", "--json"]);
    let mut child =
        login.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(CANARY.as_bytes()).unwrap();
    let ended = child.wait_with_output().unwrap();
    let told = String::from_utf8(ended.stdout).unwrap();
    let error: Value = serde_json::from_str(&told).unwrap();
    assert_eq!(
        (ended.status.code(), error["error"]["code"].as_str()),
        (Some(1), Some("keychain_unavailable"))
    );
    assert!(!told.contains(CANARY) && !String::from_utf8(ended.stderr).unwrap().contains(CANARY));
    let mut folders = vec![place.0.path().to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => folders.push(path),
                false => assert!(!String::from_utf8_lossy(&std::fs::read(path).unwrap()).contains(CANARY)),
            }
        }
    }
}

#[test]
fn watch_once_takes_what_is_there() {
    let place = Place::new();
    std::fs::write(place.folder().join("a.json"), answer(7001)).unwrap();
    std::fs::write(place.folder().join("page.json"), "<!doctype html><title>x</title>").unwrap();
    std::fs::write(place.folder().join("package.json"), "{}").unwrap();
    let folder = place.folder();
    let args = ["watch", folder.to_str().unwrap(), "--once"];
    let (code, report) = place.json(&mut place.command(&args));
    assert_eq!(code, 3);
    assert_eq!((report["totals"]["added"].as_u64(), report["totals"]["failed"].as_u64()), (Some(1), Some(1)));
    let (code, report) = place.json(&mut place.command(&args));
    assert_eq!((code, report["files"].as_array().unwrap().len()), (0, 0));
}

#[cfg(unix)]
#[test]
fn watch_tells_what_comes_until_it_is_stopped() {
    let place = Place::new();
    let mut watch = place.command(&["watch", place.folder().to_str().unwrap()]);
    let mut child = watch.stdout(Stdio::piped()).spawn().unwrap();
    std::fs::write(place.folder().join("a.json"), answer(7001)).unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    lines.read_line(&mut line).unwrap();
    assert!(line.contains("a.json: new character Tamsin Reed"), "{line}");
    let stopped = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(stopped.success());
    assert_eq!(child.wait().unwrap().code(), Some(0));
    let mut rest = String::new();
    lines.read_to_string(&mut rest).unwrap();
    assert_eq!(rest, "");
}
