//! `backstory migrate`: what it prints, how it ends, and that nothing is lost when it is ended by force.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests may")]

mod home;

use std::{
    io::{BufRead, BufReader},
    path::PathBuf,
    process::{Command, Output, Stdio},
};

use backstory_sources::sample;
use serde_json::Value;
use tempfile::TempDir;

/// A temporary place with the sample library in it.
struct Place(TempDir);

impl Place {
    fn new() -> Self {
        let place = Self(tempfile::tempdir().unwrap());
        let files = place.0.path().join("files");
        std::fs::create_dir(&files).unwrap();
        for capture in sample::demo() {
            std::fs::write(files.join(capture.file_name), capture.document).unwrap();
        }
        let files = files.to_str().unwrap().to_owned();
        assert_eq!(place.run(&["import", &files]).code, 0);
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = home::command(self.0.path(), args);
        command.current_dir(self.0.path()).env("BACKSTORY_LIBRARY", "old.sqlite");
        command
    }

    fn run(&self, args: &[&str]) -> Ended {
        Ended::new(self.command(args).output().unwrap())
    }

    fn json(&self, args: &[&str]) -> Value {
        let ended = self.run(&[args, &["--json"]].concat());
        assert_eq!(ended.err, "", "{args:?}");
        serde_json::from_str(&ended.out).unwrap()
    }

    /// The list and every history, as a library tells them.
    fn told(&self, library: &str) -> Vec<Value> {
        let list = self.json(&["--library", library, "list"]);
        let ids = list["characters"].as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap());
        let histories = ids.map(|id| self.json(&["--library", library, "history", id, "--quiet-too"]));
        let mut told: Vec<Value> = histories.collect();
        told.push(list);
        told
    }
}

struct Ended {
    code: i32,
    out: String,
    err: String,
}

impl Ended {
    fn new(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

const FULL: [&str; 5] = ["migrate", "--from", "old.sqlite", "--to", "new.sqlite"];

#[test]
fn a_library_moves_and_a_second_time_nothing_is_left_to_do() {
    let place = Place::new();
    let plan = place.json(&[&FULL[..], &["--dry-run"]].concat());
    assert_eq!((plan["characters"].as_u64(), plan["verified"].as_u64()), (Some(3), Some(0)));
    assert!(!place.path("new.sqlite").exists(), "a rehearsal makes no library");
    let planned = place.run(&[&FULL[..], &["--dry-run"]].concat());
    assert_eq!((planned.code, planned.err.as_str()), (0, ""));
    assert!(planned.out.contains("copy   Maëlis Thornwick"), "{}", planned.out);

    let done = place.json(&FULL);
    let count = |value: &Value, key: &str| value[key].as_u64().unwrap_or_else(|| panic!("{key} in {value}"));
    assert_eq!((count(&done, "characters"), count(&done, "skipped")), (3, 0));
    assert_eq!(count(&done, "versions"), count(&plan, "versions"));
    assert_eq!(count(&done, "verified"), count(&done, "versions"));
    assert!(done["seconds"].as_f64().unwrap() > 0.0);
    assert_eq!(place.told("old.sqlite"), place.told("new.sqlite"));
    let again = place.json(&FULL);
    assert_eq!(count(&again, "skipped"), count(&done, "versions"));
    let told = place.run(&FULL);
    let versions = count(&done, "versions");
    let expected = format!(
        "3 characters with {versions} versions: 0 copied, {versions} there already, {versions} read back and equal\n"
    );
    assert_eq!((told.code, told.out, told.err.as_str()), (0, expected, ""));
}

#[test]
fn two_libraries_are_used_as_one() {
    let place = Place::new();
    for strategy in ["gradual", "hybrid"] {
        let new = format!("{strategy}.sqlite");
        let args = ["migrate", "--from", "old.sqlite", "--to", &new, "--strategy", strategy];
        let done = place.json(&args);
        assert_eq!(done["verified"], done["versions"]);
        let address = done["library"].as_str().unwrap().to_owned();
        assert_eq!(address, format!("{strategy}:{new}|old.sqlite"));
        assert_eq!(place.json(&["--library", &new, "list"])["total"], 0);
        assert_eq!(place.told("old.sqlite"), place.told(&address));
        let taken_over = place.json(&["--library", &new, "list"])["total"].clone();
        assert_eq!(taken_over, if strategy == "gradual" { 3 } else { 0 });
        // The end of it: from both to the new one.
        let end = place.run(&["migrate", "--from", &address, "--to", &new]);
        assert_eq!((end.code, end.err.as_str()), (0, ""), "{}", end.out);
        assert_eq!(place.told("old.sqlite"), place.told(&new));
    }
}

#[test]
fn what_cannot_be_merged_is_named_and_the_rest_goes_on() {
    let place = Place::new();
    // The new library has one of the characters, imported there by itself: the same character, and other versions.
    let capture = sample::demo().remove(0);
    let file = place.path("files").join(&capture.file_name);
    assert_eq!(place.run(&["--library", "new.sqlite", "import", file.to_str().unwrap()]).code, 0);
    let before = place.told("new.sqlite").remove(0);
    let ended = place.run(&[&FULL[..], &["--json"]].concat());
    assert_eq!((ended.code, ended.err.as_str()), (3, ""));
    let done: Value = serde_json::from_str(&ended.out).unwrap();
    assert_eq!((done["characters"].as_u64(), done["left"][0]["code"].as_str()), (Some(2), Some("differs")));
    assert!(place.told("new.sqlite").contains(&before), "what was there is as it was");
    assert_eq!(place.json(&["--library", "new.sqlite", "list"])["total"], 3);
}

#[test]
fn the_old_library_is_emptied_only_when_that_is_said_twice() {
    let place = Place::new();
    let refused = place.run(&[&FULL[..], &["--release"]].concat());
    assert_eq!(refused.code, 2);
    assert!(refused.err.contains("--yes"), "{}", refused.err);
    let before = place.told("old.sqlite");
    let done = place.json(&[&FULL[..], &["--release", "--yes"]].concat());
    assert_eq!(done["released"]["versions"], done["versions"]);
    assert_eq!(place.json(&["list"])["total"], 0);
    assert_eq!(place.told("new.sqlite"), before);
}

#[test]
fn wrong_usage_is_told() {
    let place = Place::new();
    let same = place.run(&["migrate", "--from", "old.sqlite", "--to", "old.sqlite"]);
    assert_eq!(same.code, 2, "{}", same.err);
    let nowhere = place.run(&["migrate", "--from", "nowhere.sqlite", "--to", "new.sqlite"]);
    assert_eq!(nowhere.code, 1, "{}", nowhere.err);
    assert!(!place.path("nowhere.sqlite").exists(), "a wrong address makes no library");
    assert!(!place.path("new.sqlite").exists());
    let help = place.run(&["migrate", "--help"]);
    for word in ["gradual:NEW|OLD", "hybrid:NEW|OLD", "--dry-run", "--batch-size"] {
        assert!(help.out.contains(word), "{word} is not in the help");
    }
}

/// The process ends without a chance to tidy up, at the n-th sign of life, and the same command is given again.
#[test]
fn ended_by_force_it_goes_on_where_it_ended() {
    let place = Place::new();
    let before = place.told("old.sqlite");
    let mut ended_early = 0;
    for lines in [1, 2, 5, 9, 14, 20, 27, 35, 44] {
        let new = format!("new-{lines}.sqlite");
        let args = ["migrate", "--from", "old.sqlite", "--to", &new, "--batch-size", "3", "--progress"];
        let mut child = place.command(&args).stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        let told = BufReader::new(child.stderr.take().unwrap()).lines().take(lines).count();
        // On Unix this is SIGKILL.
        child.kill().unwrap();
        ended_early += usize::from(!child.wait().unwrap().success());
        assert!(told > 0);
        // Whatever the list shows is whole.
        for character in place.json(&["--library", &new, "list"])["characters"].as_array().unwrap() {
            let id = character["id"].as_str().unwrap();
            let history = place.json(&["--library", &new, "history", id, "--quiet-too"]);
            assert_eq!(history["total"], character["versions"], "after {lines} lines");
        }
        let done = place.json(&args[..7]);
        assert_eq!(done["verified"], done["versions"]);
        assert_eq!(place.told(&new), before);
        assert_eq!(place.run(&["--library", &new, "verify", "--read-data"]).code, 0);
        assert_eq!(place.told("old.sqlite"), before);
    }
    assert!(ended_early >= 5, "{ended_early}");
}
