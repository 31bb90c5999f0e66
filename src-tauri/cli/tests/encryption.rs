//! An encrypted library tells nothing to whoever has its bytes, opens with its passphrase or its recovery phrase and with nothing
//! else, and is whole whatever ends the program in the middle of a change of keys. With the real command.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests may")]

mod home;

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    sync::Arc,
};

use backstory_core::{
    api::import::Intake as _,
    clock::Clock as _,
    encryption::Unlock,
    error::{Code, Error, Result},
    library::Library,
    model::ContentHash,
    storage::{HistoryQuery, QueryFilter, Secret, StorageFactory as _, StoreOptions},
};
use backstory_sources::{files::Files, registry, sample};
use backstory_storage::{clock::SystemClock, open::Stores};
use serde_json::{Value, json};
use tempfile::TempDir;

/// A word that stands nowhere else.
const MARK: &str = "kanarienvogel";
/// What opens the libraries here.
const PASSPHRASE: &str = "lantern copper meadow";
/// More points than a change of keys has.
const POINTS: u32 = 100;

/// Where the library is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Sqlite,
    Folder,
}

/// A player's computer.
struct Computer {
    home: TempDir,
    kind: Kind,
}

impl Computer {
    fn new(kind: Kind) -> Self {
        let computer = Self { home: tempfile::tempdir().unwrap(), kind };
        fs::create_dir(computer.path("temp")).unwrap();
        fs::write(computer.path("passphrase"), PASSPHRASE).unwrap();
        computer
    }

    fn path(&self, path: &str) -> PathBuf {
        self.home.path().join(path)
    }

    fn library(&self) -> PathBuf {
        match self.kind {
            Kind::Sqlite => self.path("data/backstory/library.sqlite"),
            Kind::Folder => self.path("data/characters of mine"),
        }
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = home::command(self.home.path(), args);
        command.env("TMPDIR", self.path("temp"));
        let scheme = if self.kind == Kind::Sqlite { "sqlite" } else { "folder" };
        command.env("BACKSTORY_LIBRARY", format!("{scheme}:{}", self.library().display()));
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

    /// What a command refuses with.
    fn refused(&self, args: &[&str]) -> Value {
        let output = self.command(&[args, &["--json"]].concat()).output().unwrap();
        assert!(!output.status.success(), "{args:?}");
        serde_json::from_slice::<Value>(&output.stdout).unwrap()["error"].take()
    }

    /// Opens the library with what is in a file.
    fn with<'a>(&'a self, file: &'a str, args: &[&'a str]) -> Vec<&'a str> {
        [args, &["--unlock", file]].concat()
    }

    /// A library full of marks: in names, notes, traits, things, spells, tags and the names of files; how many.
    fn filled(kind: Kind) -> (Self, u32) {
        let computer = Self::new(kind);
        let folder = computer.path("saved");
        fs::create_dir(&folder).unwrap();
        let mut marks = 0;
        for capture in captures() {
            let mut document: Value = serde_json::from_slice(&capture.document).unwrap();
            marks += plant(&mut document);
            fs::write(folder.join(format!("{MARK}{marks} {}", capture.file_name)), document.to_string())
                .unwrap();
            marks += 1;
        }
        computer.run(&["import", folder.to_str().unwrap()]);
        for id in computer.ids(&[]) {
            computer.run(&["note", &id, "latest", &format!("{MARK}note what we found there")]);
            computer.run(&["tag", &id, "first", &format!("{MARK}tag of the beginning")]);
        }
        // So that every mark can be seen in the file.
        computer.run(&["recompress", "--compression", "none", "--whole"]);
        (computer, marks)
    }

    fn ids(&self, options: &[&str]) -> Vec<String> {
        let list = self.json(&[&["list"], options].concat());
        list["characters"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["id"].as_str().unwrap().to_owned())
            .collect()
    }

    /// Everything there is to know of the library, as the command tells it.
    fn everything(&self, unlock: &[&str]) -> Vec<Value> {
        let json = |args: &[&str]| self.json(&[args, unlock].concat());
        let mut all = vec![json(&["list"])];
        for id in self.ids(unlock) {
            all.push(json(&["history", &id, "--quiet-too"]));
            all.push(json(&["blame", &id]));
            let document = self.run(&[&["document", &id], unlock].concat()).stdout;
            all.push(String::from_utf8(document).unwrap().into());
        }
        all.push(json(&["search", MARK, "--limit", "5"]));
        all
    }

    /// The same in one go: every document, history and sheet, as an export has them, but for the log, which grows with each
    /// look. None where that does not open the library.
    fn exported(&self, unlock: &[&str]) -> Option<Value> {
        let file = self.path("exported.json");
        let to = file.to_str().unwrap();
        let all = [&["export", "--all", "--format", "json", "--to", to], unlock].concat();
        self.command(&all).output().unwrap().status.success().then_some(())?;
        let mut all: Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
        fs::remove_file(file).unwrap();
        Some(all["characters"].take())
    }

    /// Another computer that looks the same.
    fn copied(&self) -> Self {
        let other = Self { home: tempfile::tempdir().unwrap(), kind: self.kind };
        assert!(
            Command::new("cp")
                .arg("-aT")
                .args([self.home.path(), other.home.path()])
                .status()
                .unwrap()
                .success()
        );
        other
    }

    /// The files of the library, and whatever else Backstory keeps, in which one of these byte strings stands.
    fn found(&self, what: &[&[u8]]) -> Vec<PathBuf> {
        let mut waiting: Vec<_> = ["config", "data", "cache", "temp"].map(|place| self.path(place)).into();
        let mut found = Vec::new();
        while let Some(path) = waiting.pop() {
            if path.is_dir() {
                waiting.extend(fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
            } else if path.exists() {
                let bytes = fs::read(&path).unwrap().to_ascii_lowercase();
                if what.iter().any(|what| bytes.windows(what.len()).any(|window| window == *what)) {
                    found.push(path);
                }
            }
        }
        found
    }

    fn encrypt(&self) -> Value {
        let [passphrase, phrase] = ["passphrase", "phrase"].map(|file| self.path(file));
        self.json(&[
            "encryption",
            "on",
            "--passphrase-file",
            passphrase.to_str().unwrap(),
            "--phrase-to",
            phrase.to_str().unwrap(),
        ])
    }
}

fn kinds() -> [Kind; 2] {
    [Kind::Sqlite, Kind::Folder]
}

/// Two sample characters.
fn captures() -> Vec<sample::Capture> {
    let all = sample::demo();
    let first = all[0].expected.name.clone();
    let other = all.iter().find(|capture| capture.expected.name != first).unwrap().expected.name.clone();
    let of = |name: &str, most: usize| {
        all.iter().filter(|capture| capture.expected.name == name).take(most).cloned().collect::<Vec<_>>()
    };
    [of(&first, 6), of(&other, 3)].concat()
}

/// Marks what a player named or wrote; how often.
fn plant(document: &mut Value) -> u32 {
    let data = match document.get_mut("data") {
        Some(data) => data,
        None => document,
    };
    data["name"] = format!("{MARK} the brave").into();
    let mut planted = 1;
    let mut put = |text: &mut Value| {
        planted += 1;
        *text = format!("{MARK}{planted} says so").into();
    };
    for part in ["notes", "traits"] {
        if let Some(texts) = data[part].as_object_mut() {
            texts.values_mut().for_each(&mut put);
        }
    }
    if let Some(things) = data["inventory"].as_array_mut() {
        things.iter_mut().for_each(|thing| put(&mut thing["definition"]["name"]));
    }
    if let Some(spells) = data["classSpells"].as_array_mut() {
        let spells = spells.iter_mut().filter_map(|class| class["spells"].as_array_mut()).flatten();
        spells.for_each(|spell| put(&mut spell["definition"]["name"]));
    }
    planted
}

#[test]
fn nothing_personal_can_be_read_in_an_encrypted_library() {
    for kind in kinds() {
        let (computer, marks) = Computer::filled(kind);
        assert!(marks > 200, "{marks}");
        let before = computer.everything(&[]);
        assert!(
            !computer.found(&[MARK.as_bytes()]).is_empty(),
            "a mark can be seen where it is not encrypted"
        );
        computer.run(&["backup", "now"]);
        let done = computer.encrypt();
        assert_eq!((&done["state"], &done["lock"]), (&json!("on"), &json!("passphrase")), "{done}");
        assert_eq!((done["characters"].as_u64(), done["keys"][0]["characters"].as_u64()), (Some(2), Some(2)));
        let phrase = fs::read_to_string(computer.path("phrase")).unwrap();
        assert_eq!(phrase.split_whitespace().count(), 24);
        let clear = ["hewer", "wizard", "sergeant", PASSPHRASE, phrase.trim()];
        let clear: Vec<_> = clear.iter().map(|text| text.as_bytes()).chain([MARK.as_bytes()]).collect();
        assert_eq!(computer.found(&clear), Vec::<PathBuf>::new(), "{kind:?}");

        let file = computer.path("phrase");
        let unlock = ["--unlock", file.to_str().unwrap()];
        assert_eq!(computer.everything(&unlock), before, "{kind:?}");
        // Of a folder, a backup would be one that anybody can read.
        let backups = computer.json(&[&["backup", "list"], &unlock[..]].concat());
        let kept = backups["backups"].as_array().unwrap().len();
        assert_eq!(kept, usize::from(kind == Kind::Sqlite), "{backups}");
        let stats = computer.json(&[&["stats"], &unlock[..]].concat());
        assert_eq!(stats["keys"][0]["algorithm"], "XChaCha20-Poly1305");
        // What comes in later is encrypted, too.
        let id = computer.ids(&unlock)[0].clone();
        computer.run(&[&["note", &id, "first", &format!("{MARK} once more")], &unlock[..]].concat());
        assert_eq!(computer.found(&clear), Vec::<PathBuf>::new(), "{kind:?}");
        assert_eq!(computer.json(&[&["verify", "--read-data"], &unlock[..]].concat())["ok"], true);

        // One character goes with its key, the other stays.
        computer.run(&[&["erase", &id, "--yes"], &unlock[..]].concat());
        assert_eq!(computer.ids(&unlock).len(), 1);

        let done = computer.json(&[&["encryption", "off", "--yes"], &unlock[..]].concat());
        assert_eq!(done["state"], "off");
        assert_eq!(computer.ids(&[]).len(), 1);
        assert_eq!(computer.json(&["verify", "--read-data"])["ok"], true);
        assert!(!computer.found(&[MARK.as_bytes()]).is_empty());
    }
}

#[test]
fn without_the_right_key_nothing_is_read_and_nothing_is_written() {
    for kind in kinds() {
        let (computer, _) = Computer::filled(kind);
        computer.encrypt();
        let bytes = || {
            let mut all = Vec::new();
            let mut waiting = vec![computer.library()];
            while let Some(path) = waiting.pop() {
                match path.is_dir() {
                    true => waiting.extend(fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path())),
                    false => all.push((path.clone(), fs::read(path).unwrap())),
                }
            }
            all.sort();
            all
        };
        let before = bytes();
        let wrong = computer.path("wrong");
        fs::write(&wrong, "another passphrase").unwrap();
        let saved = computer.path("saved");
        for command in [
            &["list"][..],
            &["import", saved.to_str().unwrap()],
            &["encryption", "off", "--yes"],
            &["verify", "--repair"],
        ] {
            assert_eq!(computer.refused(command)["code"], "library_locked", "{kind:?} {command:?}");
            assert_eq!(computer.refused(command)["details"]["lock"], "passphrase");
            let refused = computer.refused(&computer.with(wrong.to_str().unwrap(), command));
            assert_eq!(refused["code"], "library_key_wrong", "{kind:?} {command:?}");
            assert!(!refused["hint"].as_str().unwrap().is_empty());
        }
        assert_eq!(bytes(), before);
        for file in ["passphrase", "phrase"] {
            let file = computer.path(file);
            assert_eq!(computer.ids(&["--unlock", file.to_str().unwrap()]).len(), 2);
        }
    }
}

#[test]
fn another_passphrase_opens_it_after_a_recovery() {
    for kind in kinds() {
        let (computer, _) = Computer::filled(kind);
        computer.encrypt();
        let [old, phrase, new] =
            ["passphrase", "phrase", "new"].map(|file| computer.path(file).display().to_string());
        fs::write(&new, "thistle window barrel").unwrap();
        let recovered = computer.with(&phrase, &["encryption", "recover", "--passphrase-file", &new]);
        assert_eq!(computer.json(&recovered)["state"], "on");
        assert_eq!(computer.ids(&["--unlock", &new]).len(), 2);
        assert_eq!(computer.refused(&computer.with(&old, &["list"]))["code"], "library_key_wrong");
        let short = computer.path("short").display().to_string();
        fs::write(&short, "abc").unwrap();
        let refused = computer.with(&new, &["encryption", "change-passphrase", "--passphrase-file", &short]);
        assert_eq!(computer.refused(&refused)["code"], "invalid_argument");
        // There is no keychain here: that is said, and nothing changes.
        let refused = computer.with(&new, &["encryption", "change-passphrase", "--keychain"]);
        assert_eq!(computer.refused(&refused)["code"], "keychain_unavailable");
        assert_eq!(computer.ids(&["--unlock", &new]).len(), 2);
    }
}

#[test]
fn without_a_keychain_nothing_is_encrypted_in_its_name() {
    for kind in kinds() {
        let (computer, _) = Computer::filled(kind);
        let phrase = computer.path("phrase").display().to_string();
        let refused = computer.refused(&["encryption", "on", "--keychain", "--phrase-to", &phrase]);
        assert_eq!(refused["code"], "keychain_unavailable", "{refused}");
        assert_eq!(computer.json(&["encryption", "status"])["state"], "off");
        assert_eq!(computer.ids(&[]).len(), 2);
        let refused = computer.refused(&["encryption", "on"]);
        assert_eq!(refused["code"], "passphrase_needed", "nobody can be asked here");
    }
}

#[test]
fn a_change_of_keys_that_is_cut_short_leaves_a_file_readable() {
    is_readable_whenever_it_is_cut_short(Kind::Sqlite);
}

#[test]
fn a_change_of_keys_that_is_cut_short_leaves_a_folder_readable() {
    is_readable_whenever_it_is_cut_short(Kind::Folder);
}

fn is_readable_whenever_it_is_cut_short(kind: Kind) {
    let (plain, _) = Computer::filled(kind);
    fs::remove_dir_all(plain.path("saved")).unwrap();
    let before = plain.exported(&[]).unwrap();
    let sealed = plain.copied();
    sealed.encrypt();
    for change in ["on", "rotate", "off"] {
        let from = if change == "on" { &plain } else { &sealed };
        // Every third point, from another one for each change: each takes five programs, which open the library one after the other.
        let from_point = 1 + change.len() as u32 % 3;
        let points = (from_point..POINTS).step_by(3);
        let points = points.take_while(|&point| dies_at(from, change, point, &before)).count();
        assert!((2..POINTS as usize / 3 - 1).contains(&points), "{kind:?} {change}: {points}");
    }
}

/// Ends a change of keys at a point, looks whether everything can be read, lets it go on and looks again. Says whether there was
/// such a point.
fn dies_at(from: &Computer, change: &str, point: u32, before: &Value) -> bool {
    let computer = from.copied();
    let [passphrase, old, new] =
        ["passphrase", "phrase", "new phrase"].map(|file| computer.path(file).display().to_string());
    let was_sealed = Path::new(&old).exists();
    let keys = ["--passphrase-file", &passphrase, "--phrase-to", if was_sealed { &new } else { &old }];
    let args = match change {
        "on" => [&["encryption", "on"], &keys[..]].concat(),
        "rotate" => [&["encryption", "rotate", "--unlock", &old], &keys[..]].concat(),
        _ => vec!["encryption", "off", "--yes", "--unlock", &old],
    };
    let mut dies = computer.command(&args);
    let died = !dies.env("BACKSTORY_DIE_AT", point.to_string()).output().unwrap().status.success();
    // What opens it now: what is to be, or what was in use. One of them must.
    let ways = [&new, &old].into_iter().filter(|file| Path::new(file.as_str()).exists());
    let opened = ways.map(|file| vec!["--unlock", file]).chain([Vec::new()]);
    let opened = opened.filter_map(|unlock| computer.exported(&unlock).map(|found| (unlock, found))).next();
    let (unlock, found) = opened.expect("something opens it");
    assert!(found == *before, "{change} {point}");
    let done = computer.json(&[&["encryption", "resume"], &unlock[..]].concat());
    let is_on = done["state"] == "on";
    assert!(is_on || done["state"] == "off", "{done}");
    assert!(died || is_on == (change != "off"), "{done}");
    assert!(computer.exported(&unlock).unwrap() == *before, "{change} {point}");
    if is_on {
        assert_eq!(computer.found(&[MARK.as_bytes()]), Vec::<PathBuf>::new(), "{change} {point}");
        assert_eq!(done["keys"].as_array().unwrap().len(), 1, "{done}");
    }
    if change == "rotate" && unlock.contains(&new.as_str()) {
        assert_eq!(computer.refused(&["list", "--unlock", &old])["code"], "library_key_wrong");
    }
    died
}

/// A second device that has the library open since before its keys were changed.
struct Device(Library);

impl Device {
    async fn of(computer: &Computer, unlock: &str) -> Self {
        let words = Some(Secret::new(fs::read_to_string(computer.path(unlock)).unwrap().trim()));
        let options = StoreOptions { unlock: Unlock { words, keychain: None }, ..StoreOptions::default() };
        let scheme = if computer.kind == Kind::Sqlite { "sqlite" } else { "folder" };
        let address = format!("{scheme}:{}", computer.library().display());
        let storage = Stores.open_with(&address, &options).await.unwrap();
        Self(Library::new(storage, registry::sources(), Arc::new(SystemClock), "device"))
    }

    /// Every document there is, by its hash; each was compared with it.
    async fn read(&self) -> Result<BTreeSet<String>> {
        let mut all = BTreeSet::new();
        for row in self.0.query(&QueryFilter::default()).await?.items {
            for version in self.0.history(&HistoryQuery::all(row.id)).await?.items {
                let document = self.0.document(&version).await?;
                assert_eq!(ContentHash::of(&document), version.content);
                all.insert(version.content.to_string());
            }
        }
        Ok(all)
    }

    /// Saves something new, which is not read before it is acknowledged.
    async fn write(&self, number: u32) -> Result<String> {
        let text = format!("{MARK} was seen for the {number}th time");
        let mut document: Value = serde_json::from_slice(&captures()[0].document).unwrap();
        let data = if document.get("data").is_some() { &mut document["data"] } else { &mut document };
        data["notes"]["backstory"] = text.into();
        let files = Files::new();
        let file = files.hold(document.to_string().into_bytes(), SystemClock.now());
        let draft = files.read(&file, None).await?;
        self.0.capture(std::slice::from_ref(&draft)).await?;
        Ok(ContentHash::of(&draft.document).to_string())
    }
}

#[test]
fn another_device_reads_and_writes_while_keys_are_changed_and_whatever_ends_that() {
    for kind in kinds() {
        let (sealed, _) = Computer::filled(kind);
        fs::remove_dir_all(sealed.path("saved")).unwrap();
        sealed.encrypt();
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        // A folder has few points. Of a file every fifteenth: between the ones that are tried with one device alone.
        let stride = if kind == Kind::Sqlite { 15 } else { 4 };
        let points = (2..POINTS).step_by(stride);
        let points = points.take_while(|&point| runtime.block_on(shares(&sealed, point))).count();
        assert!((2..POINTS as usize / stride).contains(&points), "{kind:?}: {points}");
    }
}

/// Two devices have one library, and one of them dies at a point of a change of keys. Says whether there was such a point.
async fn shares(sealed: &Computer, point: u32) -> bool {
    let computer = sealed.copied();
    let [passphrase, old, new] =
        ["passphrase", "phrase", "new phrase"].map(|file| computer.path(file).display().to_string());
    let device = Device::of(&computer, "phrase").await;
    let mut saved = device.read().await.unwrap();
    let mut rotates = computer.command(&["encryption", "rotate", "--unlock", &old]);
    rotates
        .args(["--passphrase-file", &passphrase, "--phrase-to", &new])
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let mut rotates = rotates.env("BACKSTORY_DIE_AT", point.to_string()).spawn().unwrap();
    // Meanwhile, and once more when it is over.
    let (mut ended, mut number) = (None, 0);
    let died = loop {
        let over = ended.is_some();
        ended = ended.or(rotates.try_wait().unwrap());
        number += 1;
        match device.write(number).await {
            Ok(content) => drop(saved.insert(content)),
            // It has only the old words: when they open nothing any more it neither reads nor writes.
            Err(error) => assert!(is_shut(&error), "{point}: {error:?}"),
        }
        match device.read().await {
            Ok(found) => assert!(found.is_superset(&saved), "{point}: something is missing"),
            Err(error) => assert!(is_shut(&error), "{point}: {error:?}"),
        }
        if let (Some(ended), true) = (ended, over) {
            break !ended.success();
        }
    };
    drop(device);
    let opens = ["new phrase", "phrase"].into_iter().find(|file| {
        let path = computer.path(file).display().to_string();
        Path::new(&path).exists()
            && computer.command(&["list", "--unlock", &path]).output().unwrap().status.success()
    });
    let opens = opens.expect("one of them opens it");
    let path = computer.path(opens).display().to_string();
    let done = computer.json(&["encryption", "resume", "--unlock", &path]);
    assert_eq!(
        (&done["state"], done["keys"].as_array().unwrap().len()),
        (&json!("on"), 1),
        "{point}: {done}"
    );
    assert_eq!(
        done["keys"][0]["characters"], done["characters"],
        "{point}: nothing is under a key of before"
    );
    assert_eq!(Device::of(&computer, opens).await.read().await.unwrap(), saved, "{point}");
    assert_eq!(computer.json(&["verify", "--read-data", "--unlock", &path])["ok"], true, "{point}");
    assert_eq!(computer.found(&[MARK.as_bytes()]), Vec::<PathBuf>::new(), "{point}");
    died
}

fn is_shut(error: &Error) -> bool {
    matches!(error.code, Code::LibraryKeyWrong | Code::LibraryLocked)
}

/// The keychain of a session of its own: a real Secret Service, whose only password is this test's.
#[cfg(target_os = "linux")]
mod secret_service {
    use std::{io::Write as _, process::Stdio};

    use super::*;

    /// Long enough for any of the steps; a keychain that waits for somebody to answer would wait for ever.
    const PATIENCE: &str = "120";

    /// Runs lines of a shell in a session whose keychain is unlocked with these words, or stays locked. `backstory` is the
    /// command on the computer's library.
    fn in_session(computer: &Computer, unlocked: bool, lines: &str) -> (bool, String) {
        let keyring = if unlocked {
            "printf 'the login password' | gnome-keyring-daemon --unlock --components=secrets >&2"
        } else {
            "gnome-keyring-daemon --start --components=secrets >&2"
        };
        let script = format!("set -e\n{keyring}\nbackstory() {{ \"$BACKSTORY\" \"$@\"; }}\n{lines}\n");
        let session = computer.command(&[]);
        let mut outer = Command::new("timeout");
        outer
            .args([PATIENCE, "dbus-run-session", "--", "sh", "-s"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        for (name, value) in session.get_envs().filter_map(|(name, value)| Some((name, value?))) {
            outer.env(name, value);
        }
        outer.env_remove("DBUS_SESSION_BUS_ADDRESS").env_remove("DISPLAY").env_remove("WAYLAND_DISPLAY");
        outer.env("XDG_RUNTIME_DIR", computer.path("run")).env("BACKSTORY", session.get_program());
        fs::create_dir_all(computer.path("run")).unwrap();
        let mut child = outer.spawn().expect("dbus-run-session is there");
        child.stdin.take().unwrap().write_all(script.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        let [said, told] =
            [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text).into_owned());
        (output.status.success(), said + &told)
    }

    #[test]
    fn a_real_keychain_opens_the_library_and_a_locked_one_does_not() {
        for kind in kinds() {
            let (computer, _) = Computer::filled(kind);
            let phrase = computer.path("phrase").display().to_string();
            let on = format!(
                "backstory encryption on --keychain --phrase-to '{phrase}' --json\nbackstory list --json\n\
                 backstory encryption rotate --keychain --phrase-to '{phrase}.2' --json\nbackstory list"
            );
            let (done, said) = in_session(&computer, true, &on);
            assert!(done, "{kind:?}: {said}");
            assert!(said.contains("\"lock\": \"keychain\"") && said.to_lowercase().contains(MARK), "{said}");
            // Another session of the same account: what was kept is still there.
            let (done, said) = in_session(&computer, true, "backstory list");
            assert!(done && said.to_lowercase().contains(MARK), "{kind:?}: {said}");
            // Nobody unlocked it, and there is nobody to ask.
            let (done, said) = in_session(&computer, false, "backstory list --json");
            assert!(!done && said.contains("library_locked"), "{kind:?}: {said}");
            // No session at all.
            assert_eq!(computer.refused(&["list"])["code"], "library_locked");
            assert_eq!(computer.ids(&["--unlock", &format!("{phrase}.2")]).len(), 2);
            assert_eq!(computer.found(&[MARK.as_bytes()]), Vec::<PathBuf>::new());
            let (done, said) = in_session(&computer, true, "backstory encryption off --yes\nbackstory list");
            assert!(done && said.to_lowercase().contains(MARK), "{kind:?}: {said}");
            assert_eq!(computer.ids(&[]).len(), 2);
        }
    }

    /// What the keychain of the session holds: of every entry one line, with what it is called.
    const ENTRIES: &str = "for entry in $(gdbus call --session --dest org.freedesktop.secrets \
        --object-path /org/freedesktop/secrets --method org.freedesktop.Secret.Service.SearchItems '{}' \
        | grep -o '/org/freedesktop/secrets/collection/[A-Za-z0-9_/]*'); do \
        gdbus call --session --dest org.freedesktop.secrets --object-path \"$entry\" \
        --method org.freedesktop.DBus.Properties.Get org.freedesktop.Secret.Item Attributes \
        | sed 's/^/entry: /'; done";

    #[test]
    fn after_everything_was_erased_the_keychain_holds_nothing_of_backstory() {
        for kind in kinds() {
            let (computer, _) = Computer::filled(kind);
            let [phrase, saved] = ["phrase", "saved"].map(|path| computer.path(path).display().to_string());
            // A session with D&D Beyond, the key of the library, and the one of a library that was put aside.
            let library = computer.library();
            let aside = library.with_file_name(match kind {
                Kind::Sqlite => "library.aside-2026-11-23-145000.sqlite",
                Kind::Folder => "characters of mine.aside-2026-11-23-145000",
            });
            let fill = format!(
                "printf 'CobaltSession=kanarienvogel' | backstory login ddb\n\
                 backstory encryption on --keychain --phrase-to '{phrase}'\n\
                 mv '{}' '{}'\n\
                 backstory import '{saved}'\n\
                 backstory encryption on --keychain --phrase-to '{phrase}.2'\n{ENTRIES}",
                library.display(),
                aside.display(),
            );
            let (done, said) = in_session(&computer, true, &fill);
            assert!(done, "{kind:?}: {said}");
            let of_ours = |said: &str| said.lines().filter(|line| line.contains("'Backstory'")).count();
            assert_eq!(of_ours(&said), 3, "{kind:?}: {said}");
            let (done, said) =
                in_session(&computer, true, &format!("backstory erase --everything --yes\n{ENTRIES}"));
            assert!(done, "{kind:?}: {said}");
            assert!(!said.contains("entry: "), "{kind:?}: {said}");
            assert!(!library.exists() && !aside.exists());
        }
    }
}

#[test]
fn a_library_that_moves_stays_encrypted_or_somebody_says_that_it_need_not() {
    let (computer, _) = Computer::filled(Kind::Sqlite);
    computer.encrypt();
    let phrase = computer.path("phrase").display().to_string();
    let from = computer.path("data/backstory/library.sqlite").display().to_string();
    for to in [
        format!("sqlite:{}", computer.path("data/new").display()),
        format!("folder:{}", computer.path("data/new folder").display()),
    ] {
        computer.run(&["migrate", "--from", &from, "--to", &to, "--unlock", &phrase]);
        assert_eq!(computer.found(&[MARK.as_bytes()]), Vec::<PathBuf>::new(), "{to}");
        let passphrase = computer.path("passphrase").display().to_string();
        let list = computer.json(&["--library", &to, "list", "--unlock", &passphrase]);
        assert_eq!(list["total"], 2, "the same words open it");
    }
    let to = format!("objects:{}", computer.path("data/bucket").display());
    let migrate = ["migrate", "--from", &from, "--to", &to, "--unlock", &phrase];
    assert_eq!(computer.refused(&migrate)["code"], "encryption_unsupported");
    assert_eq!(computer.found(&[MARK.as_bytes()]), Vec::<PathBuf>::new());
    computer.run(&[&migrate[..], &["--plain"]].concat());
    assert_eq!(computer.json(&["--library", &to, "list"])["total"], 2, "nothing is needed to open it");
}
