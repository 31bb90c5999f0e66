//! The real binary: values that are written into the configuration file.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests may")]

mod home;

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Output, Stdio},
};

use serde_json::{Value, json};

/// Where the file lies in the home folder of a test.
fn file(home: &Path) -> PathBuf {
    home.join("config/backstory/config.toml")
}

fn run(home: &Path, args: &[&str]) -> Output {
    home::command(home, args).output().unwrap()
}

fn answer(home: &Path, args: &[&str]) -> Value {
    let output = run(home, &[args, &["--json"]].concat());
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn refused(home: &Path, args: &[&str]) -> Value {
    let output = run(home, &[args, &["--json"]].concat());
    assert_eq!(output.status.code(), Some(1), "{args:?}");
    serde_json::from_slice::<Value>(&output.stdout).unwrap()["error"].clone()
}

#[test]
fn a_value_is_set_and_taken_out_and_the_rest_of_the_file_stays() {
    let home = tempfile::tempdir().unwrap();
    let path = file(home.path());
    let set = answer(home.path(), &["config", "set", "alerts.slow_ms", "500"]);
    assert_eq!(
        set,
        json!({"file": path, "key": "alerts.slow_ms",
            "setting": {"value": 500, "origin": {"kind": "file", "path": path, "line": 2}}})
    );
    assert_eq!(fs::read_to_string(&path).unwrap(), "[alerts]\nslow_ms = 500\n");
    fs::write(&path, "# mine\n[alerts]\nslow_ms = 500 # half a second\n\n[backup]\ndaily = 3\n").unwrap();
    answer(home.path(), &["config", "set", "alerts.slow_ms", "700"]);
    answer(home.path(), &["config", "set", "retention.keep_all_days", "30"]);
    let text = fs::read_to_string(&path).unwrap();
    assert_eq!(
        text,
        "# mine\n[alerts]\nslow_ms = 700 # half a second\n\n[backup]\ndaily = 3\n\n[retention]\nkeep_all_days = 30\n"
    );
    assert_eq!(answer(home.path(), &["config"])["settings"]["alerts.slow_ms"]["value"], 700);
    let unset = answer(home.path(), &["config", "unset", "retention.keep_all_days"]);
    assert_eq!(unset["setting"], Value::Null, "nobody says anything");
    let unset = answer(home.path(), &["config", "unset", "alerts.slow_ms"]);
    assert_eq!(unset["setting"], json!({"value": 1000, "origin": {"kind": "default"}}));
    let said = run(home.path(), &["config", "set", "alerts.notify", "true"]);
    let said = String::from_utf8(said.stdout).unwrap();
    assert!(
        said.contains("alerts.notify") && said.contains("true") && said.contains("config.toml, line"),
        "{said}"
    );
}

#[test]
fn what_is_wrong_is_refused_with_what_is_right_and_nothing_is_written() {
    let home = tempfile::tempdir().unwrap();
    for (args, message, hint) in [
        (["alerts.slow_m", "5"], "not a key", "slow_ms"),
        (["alerts.slow_ms", "-5"], "from 1 to 600000", "docs/configuration.md"),
        (["cache.backend", "tired"], "none, memory, redis or tiered", "tiered"),
        (["cache.backend", "tiered"], "wants a Redis", "redis_url"),
    ] {
        let error = refused(home.path(), &[&["config", "set"][..], &args].concat());
        assert_eq!(error["code"], "config_invalid");
        assert!(error["message"].as_str().unwrap().contains(message), "{error}");
        assert!(error["hint"].as_str().unwrap().contains(hint), "{error}");
    }
    assert!(!file(home.path()).exists());
}

#[test]
fn what_a_variable_says_is_not_to_be_set_in_the_file() {
    let home = tempfile::tempdir().unwrap();
    let mut command = home::command(home.path(), &["config", "set", "alerts.slow_ms", "5", "--json"]);
    let output = command.env("BACKSTORY_ALERTS__SLOW_MS", "7").output().unwrap();
    let error = serde_json::from_slice::<Value>(&output.stdout).unwrap()["error"].clone();
    assert_eq!(error["code"], "config_invalid");
    assert!(error["message"].as_str().unwrap().contains("BACKSTORY_ALERTS__SLOW_MS"), "{error}");
    assert!(!file(home.path()).exists());
}

#[test]
fn a_password_comes_in_unseen_and_is_shown_nowhere() {
    let home = tempfile::tempdir().unwrap();
    let mut command = home::command(home.path(), &["config", "set", "cache.redis.redis_url", "-", "--json"]);
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"redis://:hush-hush@localhost:6379/0\n").unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    let said = [output.stdout, output.stderr, run(home.path(), &["config"]).stdout].concat();
    assert!(!String::from_utf8(said).unwrap().contains("hush-hush"));
    assert!(fs::read_to_string(file(home.path())).unwrap().contains("hush-hush"), "it is in the file");
}
