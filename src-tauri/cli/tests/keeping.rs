//! The real binary: what becomes of the old.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests may")]

mod home;

use backstory_sources::sample;
use serde_json::{Value, json};
use tempfile::TempDir;

const MAELIS: &str = "ddb-900000001";

/// A library of the sample characters.
struct Place(TempDir);

struct Ended {
    code: i32,
    out: String,
    err: String,
}

impl Place {
    fn imported() -> Self {
        let place = Self(tempfile::tempdir().unwrap());
        let files = place.0.path().join("files");
        std::fs::create_dir(&files).unwrap();
        for capture in sample::demo() {
            std::fs::write(files.join(capture.file_name), capture.document).unwrap();
        }
        assert_eq!(place.run(&["import", files.to_str().unwrap()]).code, 0);
        place
    }

    fn run(&self, args: &[&str]) -> Ended {
        let mut command = home::command(self.0.path(), args);
        command.env("BACKSTORY_LIBRARY", self.0.path().join("library.sqlite")).env("TZ", "UTC");
        let output = command.output().unwrap();
        Ended {
            code: output.status.code().unwrap(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    fn json(&self, args: &[&str]) -> Value {
        let ended = self.run(&[args, &["--json"]].concat());
        assert_eq!(ended.err, "", "{args:?}");
        serde_json::from_str(&ended.out).unwrap()
    }

    fn versions(&self) -> Vec<u64> {
        let history = self.json(&["history", MAELIS, "--quiet-too"]);
        let entries = history["entries"].as_array().unwrap();
        entries.iter().map(|entry| entry["version"].as_u64().unwrap()).collect()
    }
}

fn keys(value: &Value) -> Vec<&str> {
    let mut keys: Vec<&str> = value.as_object().unwrap().keys().map(String::as_str).collect();
    keys.sort_unstable();
    keys
}

#[test]
fn a_policy_is_set_and_shown() {
    let place = Place::imported();
    insta::assert_snapshot!(place.run(&["retention", "show"]).out, @"Kept: every version, whatever its age; nobody set another one for this library. Days end as they do in UTC.");
    let set = place.run(&["retention", "set", "--preset", "thinned", "--zone", "Europe/Berlin"]);
    insta::assert_snapshot!(set.out, @"Kept: all versions for 30 days, one a day until 90 days, one a week until 365 days, one a month for ever, at most 100 of one character; set for this library. Days end as they do in Europe/Berlin.");
    let one = place.run(&[
        "retention",
        "set",
        "--character",
        MAELIS,
        "--keep-all-days",
        "7",
        "--max-versions",
        "none",
    ]);
    assert!(
        one.out.contains("Maëlis Thornwick: Kept: all versions for 7 days, one a day until 90 days"),
        "{}",
        one.out
    );
    let shown = place.json(&["retention", "show"]);
    assert_eq!(keys(&shown), ["characters", "own", "policy", "preset", "presets", "zone"]);
    assert_eq!((&shown["preset"], &shown["own"]), (&json!("thinned"), &json!(true)));
    assert_eq!(shown["characters"][0]["policy"]["keep_all_days"], 7);
    assert_eq!(shown["characters"][0]["policy"]["max_versions_per_character"], Value::Null);
    for wrong in [
        &["retention", "set"][..],
        &["retention", "set", "--max-versions", "1"],
        &["retention", "set", "--zone", "Middle/Earth"],
        &["retention", "set", "--character", MAELIS, "--max-total-size-mb", "3"],
    ] {
        assert_eq!(place.run(wrong).code, 2, "{wrong:?}");
    }
    place.json(&["retention", "set", "--character", MAELIS, "--reset"]);
    let shown = place.json(&["retention", "set", "--reset"]);
    assert_eq!((&shown["preset"], &shown["own"]), (&json!("everything"), &json!(false)));
}

#[test]
fn a_plan_has_a_reason_for_every_version_and_is_carried_out_once() {
    let place = Place::imported();
    let before = place.versions();
    place.json(&["retention", "set", "--preset", "small", "--max-versions", "10"]);
    let plan = place.json(&["retention", "plan", MAELIS]);
    assert_eq!(
        keys(&plan),
        ["anonymise", "archive", "at", "drop", "held", "keep", "token", "warnings", "zone"]
    );
    let (keep, archive, drop) = (&plan["keep"], &plan["archive"], &plan["drop"]);
    let len = |list: &Value| list.as_array().unwrap().len();
    assert_eq!(len(keep) + len(archive) + len(drop), before.len());
    assert_eq!(keys(&keep[0]), ["captured_at", "character", "id", "reasons", "version"]);
    assert_eq!(keys(&drop[0]), ["captured_at", "character", "id", "reason", "version"]);
    assert_eq!(archive[0]["reason"], "past_archiving");
    assert_eq!(archive[0]["reasons"][0], "oldest");
    assert!(len(keep) + len(archive) <= 10);
    // The samples are from another year than this one, and nobody else says what year it is.
    assert_eq!(plan["held"]["by"], "clock_ahead");
    let held = place.run(&["retention", "apply", MAELIS]);
    assert_eq!(held.code, 1);
    assert!(
        held.err.contains("a wrong clock must not destroy anything") && held.err.contains("--clock-is-right"),
        "{}",
        held.err
    );
    assert_eq!(place.versions(), before);
    let failed = place.run(&["retention", "apply", "--json"]);
    assert_eq!(serde_json::from_str::<Value>(&failed.out).unwrap()["error"]["code"], "clock_doubtful");
    let done = place.json(&["retention", "apply", MAELIS, "--clock-is-right"]);
    assert_eq!(done["drop"], *drop);
    assert_eq!(done["done"]["dropped"], len(drop));
    assert_eq!(done["done"]["archived"], len(archive));
    let after = place.versions();
    assert_eq!(after.len(), before.len() - len(drop));
    let again = place.json(&["retention", "apply", MAELIS]);
    assert_eq!((len(&again["drop"]), &again["done"]["dropped"]), (0, &json!(0)));
    assert_eq!(place.versions(), after);
    assert_eq!(place.json(&["verify", "--read-data"])["ok"], true);
    let ahead = place.run(&["retention", "apply", "--at", "2999-01-01T00:00:00Z"]);
    assert_eq!(ahead.code, 2, "{}", ahead.err);
    let preview = place.json(&["retention", "plan", "--at", "2999-01-01T00:00:00Z"]);
    assert!(len(&preview["keep"]) > 0);
}

#[test]
fn the_configuration_says_what_holds_where_the_library_does_not() {
    let place = Place::imported();
    let folder = place.0.path().join("config").join("backstory");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("config.yaml"), "retention:\n  keep_all_days: 30\n  monthly_forever: true\n")
        .unwrap();
    let shown = place.json(&["retention", "show"]);
    assert_eq!((&shown["policy"]["keep_all_days"], &shown["own"]), (&json!(30), &json!(false)));
    let plan = place.json(&["retention", "plan"]);
    assert!(plan["drop"].as_array().unwrap().iter().all(|version| version["reason"] == "not_last_of_month"));
    place.json(&["retention", "set", "--preset", "everything"]);
    assert_eq!(place.json(&["retention", "plan"])["drop"], json!([]));
}

#[test]
fn the_archive_is_filled_and_emptied() {
    let place = Place::imported();
    let count = place.versions().len();
    let plan = place.json(&["archive", MAELIS, "--dry-run"]);
    assert_eq!(keys(&plan), ["restore", "versions"]);
    assert_eq!(plan["versions"].as_array().unwrap().len(), count - 1);
    let document = place.run(&["document", MAELIS, "--version", "first"]).out;
    let done = place.json(&["archive", MAELIS]);
    assert_eq!(keys(&done), ["bytes_after", "bytes_before", "moved", "stayed", "verified"]);
    assert_eq!((&done["moved"], &done["stayed"]), (&json!(count - 1), &json!(0)));
    let history = place.json(&["history", MAELIS, "--quiet-too"]);
    let archived = |history: &Value| {
        history["entries"].as_array().unwrap().iter().filter(|entry| entry["archived"] == true).count()
    };
    assert_eq!((history["total"].as_u64().unwrap() as usize, archived(&history)), (count, count - 1));
    assert_eq!(place.run(&["document", MAELIS, "--version", "first"]).out, document);
    assert_eq!(place.json(&["verify", "--read-data"])["ok"], true);
    assert_eq!(place.json(&["archive", MAELIS])["moved"], 0);
    assert!(place.run(&["archive", "--restore"]).out.contains("came back"));
    assert_eq!(archived(&place.json(&["history", MAELIS, "--quiet-too"])), 0);
}

#[test]
fn a_character_is_anonymised_at_a_word() {
    let place = Place::imported();
    let count = place.versions().len();
    let plan = place.json(&["anonymise", "Maëlis Thornwick", "--dry-run"]);
    assert_eq!(
        keys(&plan),
        ["captures", "character", "name", "notes", "origins", "tags", "unreadable", "versions"]
    );
    let unasked = place.run(&["anonymise", MAELIS]);
    assert_eq!(unasked.code, 2);
    assert!(unasked.err.contains("nobody can be asked"), "{}", unasked.err);
    let done = place.json(&["anonymise", MAELIS, "--yes"]);
    assert_eq!(keys(&done), ["character", "name", "versions"]);
    assert_eq!(done["versions"], count);
    let list = place.run(&["list"]).out;
    assert!(!list.contains("Maëlis") && list.contains("Anonymous"), "{list}");
    assert_eq!(place.run(&["show", MAELIS]).code, 1);
    let sheet = place.json(&["show", done["character"].as_str().unwrap()]);
    assert_eq!(sheet["name"], done["name"]);
    assert_eq!(place.json(&["verify", "--read-data"])["ok"], true);
}
