//! Backups with the real binary: what is listed is whole, whatever ended the program that made it, and it comes back.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests may")]

mod home;

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use backstory_sources::sample;
use serde_json::Value;
use tempfile::TempDir;

/// More points than making a backup has.
const POINTS: u32 = 60;

/// A player's computer with a library.
struct Computer {
    home: TempDir,
    library: String,
}

impl Computer {
    fn new(library: &str) -> Self {
        let computer = Self { home: tempfile::tempdir().unwrap(), library: library.to_owned() };
        let files = computer.path("files");
        fs::create_dir(&files).unwrap();
        for capture in sample::demo().into_iter().take(12) {
            fs::write(files.join(capture.file_name), capture.document).unwrap();
        }
        computer.run(&["import", files.to_str().unwrap()]);
        computer
    }

    fn path(&self, path: &str) -> PathBuf {
        self.home.path().join(path)
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = home::command(self.home.path(), args);
        command.env("BACKSTORY_LIBRARY", self.library.replace("HOME", self.home.path().to_str().unwrap()));
        command
    }

    fn run(&self, args: &[&str]) -> Output {
        let output = self.command(args).output().unwrap();
        let [said, answer] = [&output.stderr, &output.stdout].map(|text| String::from_utf8_lossy(text));
        assert!(output.status.success(), "{args:?}: {said}{answer}");
        output
    }

    fn json(&self, args: &[&str]) -> Value {
        serde_json::from_slice(&self.run(&[args, &["--json"]].concat()).stdout).unwrap()
    }

    /// What is said where it fails, and the exit code.
    fn fails(&self, args: &[&str]) -> (i32, Value) {
        let output = self.command(&[args, &["--json"]].concat()).output().unwrap();
        (output.status.code().unwrap(), serde_json::from_slice(&output.stdout).unwrap())
    }

    fn backups(&self) -> Vec<String> {
        let list = self.json(&["backup", "list"]);
        list["backups"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["name"].as_str().unwrap().to_owned())
            .collect()
    }

    /// The file of a backup.
    fn file(&self, name: &str) -> PathBuf {
        let list = self.json(&["backup"]);
        Path::new(list["folder"].as_str().unwrap()).join(name).join("library.sqlite")
    }

    fn copied(&self) -> Self {
        let other = Self { home: tempfile::tempdir().unwrap(), library: self.library.clone() };
        let both = [self.home.path(), other.home.path()];
        assert!(Command::new("cp").arg("-aT").args(both).status().unwrap().success());
        other
    }
}

/// A library of each way of being backed up.
fn libraries() -> [&'static str; 3] {
    ["HOME/library.sqlite", "folder:HOME/characters", "objects:HOME/objects"]
}

#[test]
fn a_backup_holds_everything_and_can_be_opened() {
    for library in libraries() {
        let computer = Computer::new(library);
        let empty = computer.json(&["backup"]);
        assert_eq!(empty["backups"].as_array().unwrap().len(), 0);
        assert_eq!(empty["drill"], Value::Null);
        let made = computer.json(&["backup", "now"]);
        assert_eq!(made["backup"]["reason"], "asked");
        let list = computer.json(&["list"]);
        assert_eq!(made["backup"]["characters"], list["total"]);
        let name = made["backup"]["name"].as_str().unwrap();
        assert_eq!(computer.backups(), [name]);
        let file = computer.file(name);
        let there = computer.json(&["--library", file.to_str().unwrap(), "list"]);
        assert_eq!(there, list, "{library}");
        let drill = computer.json(&["backup", "drill"]);
        assert_eq!((&drill["ok"], drill["backup"].as_str()), (&Value::Bool(true), Some(name)));
        assert!(drill["bytes"].as_u64().unwrap() > 100_000);
        assert_eq!(computer.json(&["backup"])["drill"], drill);
    }
}

#[test]
fn wherever_it_ends_no_half_backup_is_listed_and_the_library_is_whole() {
    for library in libraries() {
        let before = Computer::new(library);
        before.run(&["backup", "now"]);
        let stats = before.json(&["stats"]);
        let points = (1..POINTS).take_while(|point| {
            let computer = before.copied();
            let mut dies = computer.command(&["backup", "now"]);
            let died = !dies.env("BACKSTORY_DIE_AT", point.to_string()).output().unwrap().status.success();
            let listed = computer.backups();
            assert!((1..=2).contains(&listed.len()), "{library} {point}: {listed:?}");
            for name in &listed {
                let file = computer.file(name);
                let sound = computer.json(&["--library", file.to_str().unwrap(), "verify", "--read-data"]);
                assert_eq!(sound["ok"], true, "{library} {point}");
            }
            assert_eq!(computer.json(&["backup", "drill"])["ok"], true, "{library} {point}");
            assert_eq!(computer.json(&["verify", "--read-data"])["ok"], true, "{library} {point}");
            let now = computer.json(&["stats"]);
            assert_eq!(now["versions"], stats["versions"]);
            computer.run(&["backup", "now"]);
            let root = computer.file("x").parent().unwrap().parent().unwrap().to_owned();
            let left: Vec<_> = fs::read_dir(root)
                .unwrap()
                .map(|entry| entry.unwrap().file_name().into_string().unwrap())
                .filter(|name| name.starts_with('.'))
                .collect();
            assert_eq!(left, Vec::<String>::new(), "{library} {point}");
            died
        });
        let points = points.count();
        assert!((5..POINTS as usize - 1).contains(&points), "{library}: {points}");
    }
}

#[test]
fn a_drill_notices_what_happened_to_the_newest() {
    let whole = Computer::new(libraries()[0]);
    whole.run(&["backup", "now"]);
    let name = whole.backups().remove(0);
    type Harm = fn(&Path);
    let harms: [(&str, &str, Harm); 6] = [
        ("backup_damaged", "a flipped byte", |file| {
            let mut bytes = fs::read(file).unwrap();
            let at = bytes.len() / 2;
            bytes[at] ^= 1;
            fs::write(file, bytes).unwrap();
        }),
        ("backup_damaged", "cut off", |file| {
            let bytes = fs::read(file).unwrap();
            fs::write(file, &bytes[..bytes.len() - 2048]).unwrap();
        }),
        ("backup_damaged", "emptied", |file| fs::write(file, "").unwrap()),
        ("backup_damaged", "its file gone", |file| fs::remove_file(file).unwrap()),
        ("backup_damaged", "what it says gone", |file| {
            fs::remove_file(file.with_file_name("backup.json")).unwrap()
        }),
        ("backup_missing", "all of it gone", |file| fs::remove_dir_all(file.parent().unwrap()).unwrap()),
    ];
    for (code, what, harm) in harms {
        let computer = whole.copied();
        harm(&computer.file(&name));
        let (exit, drill) = computer.fails(&["backup", "drill"]);
        assert_eq!(
            (exit, &drill["ok"], drill["problem"]["code"].as_str()),
            (1, &Value::Bool(false), Some(code)),
            "{what}: {drill}"
        );
        assert_eq!(computer.json(&["backup"])["drill"]["ok"], false, "it is kept: {what}");
        computer.run(&["backup", "now"]);
        assert_eq!(computer.json(&["backup", "drill"])["ok"], true, "a new one is well: {what}");
    }
    let none = Computer::new(libraries()[0]);
    let (exit, drill) = none.fails(&["backup", "drill"]);
    assert_eq!((exit, drill["problem"]["code"].as_str()), (1, Some("backup_missing")));
}

#[test]
fn a_backup_comes_back_and_what_was_there_is_kept() {
    for library in libraries() {
        let computer = Computer::new(library);
        let before = computer.json(&["list"]);
        let name = computer.json(&["backup", "now"])["backup"]["name"].as_str().unwrap().to_owned();
        let gone = before["characters"][0]["id"].as_str().unwrap();
        computer.run(&["delete", gone]);
        let back = computer.json(&["backup", "restore", &name]);
        assert_eq!(back["name"], name.as_str());
        if library.starts_with("objects") {
            // It stays where it is; the character in the bin is there, so nothing came back of it.
            assert_eq!(back["set_aside"], Value::Null);
            assert_eq!(
                computer.json(&["list"])["total"].as_u64().unwrap() + 1,
                before["total"].as_u64().unwrap()
            );
            assert_eq!(computer.backups().len(), 2, "how it was before is backed up");
            continue;
        }
        assert_eq!(computer.json(&["list"])["characters"][0]["id"], gone, "{library}");
        assert_eq!(computer.json(&["list"])["total"], before["total"]);
        assert_eq!(computer.json(&["verify", "--read-data"])["ok"], true);
        let aside = back["set_aside"].as_str().unwrap();
        assert!(Path::new(aside).exists());
        let there = computer.json(&["--library", aside, "list", "--deleted"]);
        assert_eq!(there["characters"][0]["id"], gone, "the bin of the library that was there");
    }
}

#[test]
fn a_library_that_does_not_open_any_more_is_brought_back() {
    let computer = Computer::new(libraries()[0]);
    let before = computer.json(&["list"]);
    let name = computer.json(&["backup", "now"])["backup"]["name"].as_str().unwrap().to_owned();
    fs::write(computer.path("library.sqlite"), "this is no library any more").unwrap();
    assert_eq!(computer.fails(&["list"]).0, 1);
    assert_eq!(computer.backups(), [name.as_str()], "its backups are listed all the same");
    let back = computer.json(&["backup", "restore", &name]);
    assert_eq!(
        fs::read_to_string(back["set_aside"].as_str().unwrap()).unwrap(),
        "this is no library any more"
    );
    assert_eq!(computer.json(&["list"]), before);
    let (exit, error) = computer.fails(&["backup", "restore", "../library.sqlite"]);
    assert_eq!((exit, error["error"]["code"].as_str()), (1, Some("backup_missing")), "a name is no path");
}

#[test]
fn the_configuration_says_where_and_how_many() {
    let computer = Computer::new(libraries()[0]);
    let config = computer.path("config.toml");
    fs::write(&config, "[backup]\nfolder = 'elsewhere'\ndaily = 1\nweekly = 0\nmonthly = 0\n").unwrap();
    let run = |args: &[&str]| computer.json(&[&["--config", config.to_str().unwrap()], args].concat());
    let first = run(&["backup", "now"]);
    let second = run(&["backup", "now"]);
    assert_eq!(second["removed"][0], first["backup"]["name"], "one a day");
    let list = run(&["backup"]);
    assert_eq!(list["backups"].as_array().unwrap().len(), 1);
    assert!(
        list["folder"].as_str().unwrap().starts_with(computer.path("elsewhere").to_str().unwrap()),
        "{list}"
    );
    assert!(!computer.path("backups").exists());
}

#[test]
fn a_migration_backs_up_what_it_changes() {
    let computer = Computer::new(libraries()[0]);
    let other = computer.path("other.sqlite");
    let (from, to) = (computer.path("library.sqlite"), other.to_str().unwrap());
    let migrate = ["migrate", "--from", from.to_str().unwrap(), "--to", to];
    computer.run(&migrate);
    assert!(!computer.path("backups").exists(), "there was nothing in it");
    computer.run(&migrate);
    let backups = computer.json(&["--library", to, "backup"]);
    assert_eq!(backups["backups"][0]["reason"], "before_migration");
    computer.run(&[&migrate[..], &["--no-backup", "--release", "--yes"]].concat());
    assert_eq!(computer.backups().len(), 0);
}
