//! `audit`: the log of the real command, told, exported and verified; and a library that was put back is found.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests may")]

mod home;

use std::{
    fs,
    path::PathBuf,
    process::{Command, Output},
};

use backstory_sources::sample;
use serde_json::Value;
use tempfile::TempDir;

/// A player's computer.
struct Computer(TempDir);

impl Computer {
    /// With the captures of the sample characters in its library.
    fn filled() -> Self {
        let computer = Self(tempfile::tempdir().unwrap());
        let folder = computer.path("saved");
        fs::create_dir(&folder).unwrap();
        for capture in sample::demo() {
            fs::write(folder.join(&capture.file_name), &capture.document).unwrap();
        }
        computer.run(&["import", folder.to_str().unwrap()]);
        computer
    }

    fn path(&self, path: &str) -> PathBuf {
        self.0.path().join(path)
    }

    fn command(&self, args: &[&str]) -> Command {
        home::command(self.0.path(), args)
    }

    fn run(&self, args: &[&str]) -> Output {
        let output = self.command(args).output().unwrap();
        let [said, answer] = [&output.stderr, &output.stdout].map(|text| String::from_utf8_lossy(text));
        assert!(output.status.success(), "{args:?}: {said}{answer}");
        output
    }

    fn json(&self, args: &[&str]) -> (i32, Value) {
        let output = self.command(&[args, &["--json"]].concat()).output().unwrap();
        (output.status.code().unwrap(), serde_json::from_slice(&output.stdout).unwrap())
    }
}

#[test]
fn what_was_done_is_told_exported_and_verified() {
    let computer = Computer::filled();
    let (_, list) = computer.json(&["list"]);
    let id = list["characters"][0]["id"].as_str().unwrap().to_owned();
    let name = list["characters"][0]["name"].as_str().unwrap().to_owned();
    assert!(list["characters"][0].get("audit_key").is_none(), "{list}");
    computer.run(&["pin", &id, "first"]);
    computer.run(&["export", &id, "--to", computer.path("one.backstory").to_str().unwrap()]);

    let (code, log) = computer.json(&["audit", "--limit", "2"]);
    assert_eq!(code, 0);
    assert_eq!(log["entries"][0]["action"], "export");
    assert_eq!(log["entries"][1]["action"], "pin");
    assert_eq!(log["entries"][1]["character"]["id"], id.as_str());
    assert_eq!(log["entries"][1]["origin"], "command");
    assert_eq!(log["next"], log["entries"][1]["sequence"]);
    let text = String::from_utf8(computer.run(&["audit"]).stdout).unwrap();
    assert!(text.contains(&format!("kept {name}, version 1 for ever")), "{text}");
    let (_, pins) = computer.json(&["audit", "--action", "pin", "--character", &id]);
    assert_eq!(pins["entries"].as_array().unwrap().len(), 1);
    let (_, none) = computer.json(&["audit", "--since", "2999-01-01T00:00:00Z"]);
    assert_eq!(none["entries"].as_array().unwrap().len(), 0);
    assert_eq!(computer.command(&["audit", "--action", "steal"]).output().unwrap().status.code(), Some(2));

    let (code, verdict) = computer.json(&["audit", "--verify"]);
    assert_eq!((code, &verdict["ok"]), (0, &true.into()), "{verdict}");
    assert_eq!(verdict["anchor"], verdict["log"], "it was remembered when the last command ended");
    assert!(
        String::from_utf8(computer.run(&["audit", "--verify"]).stdout).unwrap().starts_with("Unbroken: ")
    );

    for (format, first) in [("lines", "{\"entry\":{\"sequence\":1,"), ("csv", "sequence,at,origin,")] {
        let to = computer.path(format);
        computer.run(&["audit", "--to", to.to_str().unwrap(), "--format", format]);
        let text = fs::read_to_string(to).unwrap();
        assert!(text.starts_with(first), "{text}");
        let size = verdict["log"]["size"].as_u64().unwrap() as usize;
        assert_eq!(text.lines().count(), size + usize::from(format == "csv"));
    }
}

#[test]
fn what_was_agreed_to_is_noted_and_taken_along() {
    let computer = Computer::filled();
    let fetch =
        computer.command(&["fetch", "1", "--agree"]).env("BACKSTORY_TEST_DDB", "http://127.0.0.1:9").output();
    assert!(!fetch.unwrap().status.success(), "nobody is there");
    let to = computer.path("all.json");
    computer.run(&["export", "--all", "--format", "json", "--to", to.to_str().unwrap()]);
    let exported: Value = serde_json::from_slice(&fs::read(&to).unwrap()).unwrap();
    let consents = &exported["consents"];
    assert_eq!((&consents[0]["source"], &consents[0]["wording"]), (&"ddb".into(), &1.into()));
    computer.run(&["consent", "--withdraw", "ddb"]);
    let (_, log) = computer.json(&["audit", "--action", "agree", "--action", "withdraw"]);
    let told: Vec<_> = log["entries"].as_array().unwrap().iter().map(|entry| &entry["about"]).collect();
    assert_eq!(told, ["ddb fetch 1", "ddb fetch 1"]);
    assert_eq!(log["entries"][0]["action"], "withdraw");
}

#[test]
fn a_library_that_was_put_back_is_found_until_that_is_accepted() {
    let computer = Computer::filled();
    let library = computer.path("data/backstory/library.sqlite");
    let (_, list) = computer.json(&["list"]);
    let id = list["characters"][0]["id"].as_str().unwrap().to_owned();
    let earlier = fs::read(&library).unwrap();
    computer.run(&["pin", &id, "first"]);
    fs::write(&library, earlier).unwrap();
    for companion in ["-wal", "-shm"] {
        let _ = fs::remove_file(format!("{}{companion}", library.display()));
    }
    // Whatever is done now, what was seen is not forgotten over it.
    computer.run(&["pin", &id, "latest"]);
    for _ in 0..2 {
        let (code, verdict) = computer.json(&["audit", "--verify"]);
        assert_eq!((code, &verdict["ok"]), (1, &false.into()));
        assert_eq!(verdict["findings"][0]["fault"], "another");
    }
    let said = computer.command(&["audit", "--verify"]).output().unwrap().stdout;
    assert!(String::from_utf8(said).unwrap().contains("backstory audit --accept"));
    let (code, verdict) = computer.json(&["audit", "--accept"]);
    assert_eq!((code, &verdict["ok"]), (0, &true.into()), "{verdict}");
    let (_, log) = computer.json(&["audit", "--limit", "1"]);
    assert_eq!(log["entries"][0]["action"], "log_accepted");
    let (code, refused) = computer.json(&["audit", "--accept"]);
    assert_eq!((code, &refused["error"]["code"]), (1, &"conflict".into()));
}

#[test]
fn a_receipt_holds_how_the_log_ended() {
    let computer = Computer::filled();
    let (_, list) = computer.json(&["list"]);
    let id = list["characters"][0]["id"].as_str().unwrap().to_owned();
    let receipt = computer.path("receipt.json");
    let (_, before) = computer.json(&["audit", "--verify"]);
    computer.run(&["erase", &id, "--yes", "--receipt", receipt.to_str().unwrap()]);
    let kept: Value = serde_json::from_slice(&fs::read(&receipt).unwrap()).unwrap();
    let (_, after) = computer.json(&["audit", "--verify"]);
    assert_eq!(after["log"]["size"].as_u64(), before["log"]["size"].as_u64().map(|size| size + 1));
    assert_eq!(kept["receipt"]["log"], after["log"], "the erasing itself is in it");
    computer.run(&["audit", "--verify-receipt", receipt.to_str().unwrap()]);
    computer.run(&["erase", "--everything", "--yes", "--receipt", receipt.to_str().unwrap()]);
    let kept: Value = serde_json::from_slice(&fs::read(&receipt).unwrap()).unwrap();
    assert_eq!(kept["receipt"]["log"], after["log"]);
    assert!(!computer.path("data/backstory/audit.json").exists(), "what was seen of it goes, too");
    let altered = fs::read_to_string(&receipt).unwrap().replace("\"size\": ", "\"size\": 1");
    fs::write(&receipt, altered).unwrap();
    let checked =
        computer.command(&["audit", "--verify-receipt", receipt.to_str().unwrap()]).output().unwrap();
    assert_eq!(checked.status.code(), Some(1));
}
