//! What is erased is gone: every byte that Backstory keeps is read afterwards. And it is gone whatever ends the program in
//! the middle.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests may")]

mod home;

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use backstory_core::package::sha256;
use backstory_sources::sample;
use serde_json::{Value, json};
use tempfile::TempDir;

/// The two characters whose texts are marked, and what marks them: a word that stands nowhere else.
const MARKS: [&str; 2] = ["kanarienvogela", "kanarienvogelb"];
/// More points than an erasure has.
const POINTS: u32 = 200;
/// Every so manieth point is tried, from another one for each scope: each takes several programs. Every single one is tried by
/// `cargo xtask test --slow`.
const STRIDE: usize = 3;
/// The same, for an encrypted library: its programs take longer.
const SEALED_STRIDE: usize = 12;

/// Where the library is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Sqlite,
    Folder,
    /// A store that is no file of the player's computer: it is emptied, character by character.
    Objects,
    /// Filled plain, and encrypted then.
    SealedSqlite,
    SealedFolder,
}

impl Kind {
    fn is_sealed(self) -> bool {
        matches!(self, Self::SealedSqlite | Self::SealedFolder)
    }

    fn is_file(self) -> bool {
        matches!(self, Self::Sqlite | Self::SealedSqlite)
    }
}

/// Copies a file or a folder to exactly this place.
fn copy(from: &Path, to: &Path) {
    assert!(Command::new("cp").arg("-aT").args([from, to]).status().unwrap().success());
}

/// A player's computer.
struct Computer {
    home: TempDir,
    kind: Kind,
}

impl Computer {
    fn new(kind: Kind) -> Self {
        Self { home: tempfile::tempdir().unwrap(), kind }
    }

    fn path(&self, path: &str) -> PathBuf {
        self.home.path().join(path)
    }

    /// Where the library is, and what Backstory keeps beside it.
    fn library(&self) -> PathBuf {
        match self.kind {
            Kind::Sqlite | Kind::SealedSqlite => self.path("data/backstory/library.sqlite"),
            Kind::Folder | Kind::SealedFolder => self.path("characters of mine"),
            Kind::Objects => self.path("objects of mine"),
        }
    }

    /// The command, with what opens the library where it is encrypted.
    fn command(&self, args: &[&str]) -> Command {
        let mut command = self.locked_command(args);
        if self.path("phrase").exists() {
            command.arg("--unlock").arg(self.path("phrase"));
        }
        command
    }

    /// The command of somebody who does not open the library.
    fn locked_command(&self, args: &[&str]) -> Command {
        let mut command = home::command(self.home.path(), args);
        command.env("TMPDIR", self.path("temp"));
        let address = |scheme: &str| format!("{scheme}:{}", self.library().display());
        match self.kind {
            Kind::Sqlite | Kind::SealedSqlite => {}
            Kind::Folder | Kind::SealedFolder => drop(command.env("BACKSTORY_LIBRARY", address("folder"))),
            Kind::Objects => drop(command.env("BACKSTORY_LIBRARY", address("objects"))),
        }
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

    /// Two characters full of marks: names, notes, things, file names, tags; settings, copies and leftovers.
    fn filled(kind: Kind) -> Self {
        let computer = Self::new(kind);
        let folder = computer.path("saved");
        for place in ["saved", "temp"] {
            fs::create_dir(computer.path(place)).unwrap();
        }
        let mut marks = 0;
        for (number, mark) in MARKS.iter().enumerate() {
            for capture in captures(number) {
                let mut document: Value = serde_json::from_slice(&capture.document).unwrap();
                marks += plant(&mut document, mark);
                let name = format!("{mark}{marks} {}", capture.file_name);
                fs::write(folder.join(name), document.to_string()).unwrap();
            }
        }
        assert!(marks > 1_000, "{marks}");
        computer.run(&["watch", "--once", folder.to_str().unwrap()]);
        for (id, mark) in computer.ids().iter().zip(MARKS) {
            computer.run(&["note", id, "latest", &format!("{mark}note what we found there")]);
            computer.run(&["tag", id, "first", &format!("{mark}tag of the beginning")]);
        }
        // So that a mark can be seen in the file.
        computer.run(&["recompress", "--compression", "none", "--whole"]);
        computer.run(&["backup", "now"]);
        for place in ["config", "data", "cache"] {
            let own = computer.path(place).join("app.backstory.desktop");
            fs::create_dir_all(own.join("deep")).unwrap();
            fs::write(own.join("deep/state"), MARKS.concat()).unwrap();
        }
        let settings = computer.path("config/app.backstory.desktop/preferences.json");
        fs::write(settings, json!({ "pinned": computer.ids(), "folders": [MARKS[0]] }).to_string()).unwrap();
        fs::write(computer.path("data/backstory/consent.new"), MARKS[0]).unwrap();
        if kind.is_file() {
            for copy in ["library.before-2.sqlite", "library.aside-2026-11-23-145000.sqlite"] {
                fs::copy(computer.library(), computer.library().with_file_name(copy)).unwrap();
            }
            let draft = computer.path("data/backstory/.backstory-copy-x1");
            fs::create_dir(&draft).unwrap();
            fs::write(draft.join("library"), MARKS[0]).unwrap();
        }
        for mark in MARKS {
            assert!(computer.found(mark).len() > 4, "{kind:?}: {:?}", computer.found(mark));
        }
        if kind.is_sealed() {
            computer.encrypt();
        }
        computer
    }

    fn encrypt_again(&self) {
        let [words, phrase] = ["words", "phrase"].map(|file| self.path(file).display().to_string());
        fs::write(&words, "lantern copper meadow").unwrap();
        self.run(&["encryption", "on", "--passphrase-file", &words, "--phrase-to", &phrase]);
    }

    /// Encrypts what is full of marks, and puts more of them in.
    fn encrypt(&self) {
        self.encrypt_again();
        for (id, mark) in self.ids().iter().zip(MARKS) {
            self.run(&["note", id, "first", &format!("{mark}note of the beginning")]);
        }
        if self.kind.is_file() {
            fs::copy(self.library(), self.library().with_file_name("library.before-2.sqlite")).unwrap();
        }
        let is_plain =
            |path: &PathBuf| path.starts_with(self.library()) || path.starts_with(self.path("backups"));
        let plain = self.found("kanarienvogel").into_iter().filter(is_plain);
        assert_eq!(plain.collect::<Vec<_>>(), Vec::<PathBuf>::new());
    }

    /// What of a character can be found in its library also where it is encrypted: the identities of its versions, as text
    /// and as they lie in a file.
    fn traces(&self, id: &str) -> Vec<Vec<u8>> {
        let history = self.json(&["history", id, "--quiet-too"]);
        let ids = history["entries"].as_array().unwrap().iter().map(|entry| entry["id"].as_str().unwrap());
        let both = |id: &str| {
            let digits = id.replace('-', "");
            let byte = |at: usize| u8::from_str_radix(&digits[at..at + 2], 16).unwrap();
            [id.as_bytes().to_vec(), (0..digits.len()).step_by(2).map(byte).collect()]
        };
        ids.flat_map(both).collect()
    }

    /// The ids of the marked characters, in the order of their marks.
    fn ids(&self) -> Vec<String> {
        let list = self.json(&["list"]);
        let of = |mark: &&str| {
            let all = list["characters"].as_array().unwrap();
            let name = |one: &Value| one["name"].as_str().unwrap().to_lowercase();
            all.iter()
                .find(|one| name(one).starts_with(*mark))
                .map(|one| one["id"].as_str().unwrap().to_owned())
        };
        MARKS.iter().filter_map(of).collect()
    }

    /// Another computer that looks the same.
    fn copied(&self) -> Self {
        let other = Self::new(self.kind);
        copy(self.home.path(), other.home.path());
        other
    }

    /// Every file in the home folder but the player's own, with what is in it: data, settings, caches, logs, temporary files,
    /// wherever they are.
    fn kept(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let own = ["saved", "words", "phrase", "receipt.json"].map(|name| self.path(name));
        let all = fs::read_dir(self.home.path()).unwrap().map(|entry| entry.unwrap().path());
        let mut waiting: Vec<_> = all.filter(|path| !own.contains(path)).collect();
        let mut kept = Vec::new();
        while let Some(path) = waiting.pop() {
            if path.is_dir() {
                waiting.extend(fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
            } else if path.exists() {
                kept.push((path.clone(), fs::read(path).unwrap()));
            }
        }
        kept
    }

    /// Which files a mark stands in, in any case of its letters.
    fn found(&self, mark: &str) -> Vec<PathBuf> {
        let lower = self.kept().into_iter().map(|(path, bytes)| (path, bytes.to_ascii_lowercase()));
        lower.filter(|(_, bytes)| stands(bytes, mark.as_bytes())).map(|(path, _)| path).collect()
    }

    /// Which files one of these stands in.
    fn found_any(&self, traces: &[Vec<u8>]) -> Vec<PathBuf> {
        // What none of them begins with is passed over.
        let mut begins = vec![false; 1 << 16];
        let head = |bytes: &[u8]| usize::from(u16::from_be_bytes([bytes[0], bytes[1]]));
        traces.iter().for_each(|trace| begins[head(trace)] = true);
        let any = |bytes: &[u8]| {
            (1..bytes.len()).any(|at| {
                let rest = &bytes[at - 1..];
                begins[head(rest)] && traces.iter().any(|trace| rest.starts_with(trace))
            })
        };
        self.kept().into_iter().filter(|(_, bytes)| any(bytes)).map(|(path, _)| path).collect()
    }
}

fn stands(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

fn captures(number: usize) -> Vec<sample::Capture> {
    let all = sample::demo();
    let mut ids: Vec<String> = Vec::new();
    for capture in &all {
        let id = capture.expected.name.clone();
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    all.into_iter().filter(|capture| capture.expected.name == ids[number]).collect()
}

/// Marks what a player named or wrote; how often.
fn plant(document: &mut Value, mark: &str) -> u32 {
    let data = match document.get_mut("data") {
        Some(data) => data,
        None => document,
    };
    data["name"] = format!("{mark} the brave").into();
    let mut planted = 1;
    let mut put = |text: &mut Value| {
        planted += 1;
        *text = format!("{mark}{planted} says so").into();
    };
    for part in ["notes", "traits"] {
        if let Some(texts) = data[part].as_object_mut() {
            texts.values_mut().for_each(&mut put);
        }
    }
    if let Some(things) = data["inventory"].as_array_mut() {
        things.iter_mut().for_each(|thing| put(&mut thing["definition"]["name"]));
    }
    planted
}

/// Runs a test for each kind of library, those that are encrypted as a test of their own.
macro_rules! for_each_kind {
    ($($test:ident / $sealed:ident: $check:ident;)*) => {
        $(
            #[test]
            fn $test() {
                [Kind::Sqlite, Kind::Folder, Kind::Objects].into_iter().for_each($check);
            }

            #[test]
            fn $sealed() {
                [Kind::SealedSqlite, Kind::SealedFolder].into_iter().for_each($check);
            }
        )*
    };
}

for_each_kind! {
    everything_is_gone_and_the_receipt_can_be_checked
        / everything_encrypted_is_gone_and_the_receipt_can_be_checked: everything_goes;
    one_character_is_gone_and_the_other_is_whole
        / one_encrypted_character_is_gone_and_the_other_is_whole: one_character_goes;
    an_erasure_that_is_cut_short_is_ended_at_the_next_start
        / an_erasure_of_an_encrypted_library_that_is_cut_short_is_ended_at_the_next_start: is_ended;
    what_comes_in_after_an_erasure_is_not_taken_with_it
        / what_comes_in_after_an_erasure_is_not_taken_with_an_encrypted_library: nothing_new_is_taken;
    what_was_exported_comes_back_after_everything_was_erased
        / what_was_exported_encrypted_comes_back_after_everything_was_erased: comes_back;
}

fn everything_goes(kind: Kind) {
    let computer = Computer::filled(kind);
    let receipt = computer.path("receipt.json");
    let ids = computer.ids();
    let traces: Vec<_> = ids.iter().flat_map(|id| computer.traces(id)).collect();
    // In a folder every file is encrypted whole.
    assert_eq!(computer.found_any(&traces).is_empty(), kind == Kind::SealedFolder);
    let plan = computer.json(&["erase", "--everything", "--dry-run"]);
    assert_eq!(plan["counts"]["characters"], 2);
    assert!(!computer.found(MARKS[0]).is_empty(), "nothing was erased");

    let done = computer.json(&["erase", "--everything", "--yes", "--receipt", receipt.to_str().unwrap()]);
    let names = computer.kept().into_iter().map(|(path, _)| path).collect::<Vec<_>>();
    let of_store = |path: &PathBuf| path.starts_with(computer.path("objects of mine"));
    let (store, own): (Vec<_>, Vec<_>) = names.into_iter().partition(of_store);
    assert_eq!(own, Vec::<PathBuf>::new(), "{kind:?}");
    // The journal of an object store says which ids there were, and nothing else is left.
    assert!(!store.iter().any(|path| path.to_string_lossy().contains("/characters/")), "{store:?}");
    assert!(computer.found("kanarienvogel").is_empty(), "{kind:?}");
    assert_eq!(computer.found_any(&traces), Vec::<PathBuf>::new(), "{kind:?}");
    assert_eq!(done["receipt"]["sweep"]["traces"], 0);
    assert!(done["receipt"]["sweep"]["searched"].as_u64().unwrap() > 200);
    assert_eq!(done["receipt"]["counts"], plan["counts"]);
    let text = fs::read_to_string(&receipt).unwrap();
    for secret in MARKS.iter().copied().chain([computer.home.path().to_str().unwrap()]) {
        assert!(!text.contains(secret), "{text}");
    }

    assert_eq!(computer.json(&["audit", "--verify-receipt", receipt.to_str().unwrap()])["valid"], true);
    for (from, to) in
        [("\"characters\": 2", "\"characters\": 3"), ("BS-", "BT-"), ("\"traces\": 0", "\"traces\": 1")]
    {
        assert!(text.contains(from), "{text}");
        fs::write(&receipt, text.replace(from, to)).unwrap();
        let checked = computer.command(&["audit", "--verify-receipt", receipt.to_str().unwrap()]).output();
        assert_eq!(checked.unwrap().status.code(), Some(1), "{from}");
    }
    // The player's own files are the player's.
    assert!(fs::read_dir(computer.path("saved")).unwrap().count() > 20);
    assert_eq!(computer.json(&["list"])["total"], 0);
}

fn one_character_goes(kind: Kind) {
    let computer = Computer::filled(kind);
    let ids = computer.ids();
    let traces = computer.traces(&ids[0]);
    let before = computer.json(&["history", &ids[1], "--quiet-too"]);
    let done = computer.json(&["erase", &ids[0], "--yes"]);
    assert_eq!(done["receipt"]["sweep"]["traces"], 0);
    assert_eq!(done["receipt"]["counts"]["characters"], 1);
    assert_eq!(done["receipt"]["store"], false, "no other store was emptied");
    is_gone_without_the_other(&computer, &ids, &before, &traces);
    let again = computer.command(&["erase", &ids[0], "--yes"]).output().unwrap();
    assert_eq!(again.status.code(), Some(1), "it is not there any more");
}

/// The first character left nothing, the second has everything.
fn is_gone_without_the_other(computer: &Computer, ids: &[String], before: &Value, traces: &[Vec<u8>]) {
    let mine = |path: &PathBuf| {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        // Put aside by the player, and said to stay; the window's data and what else is not of one character.
        !name.contains(".aside-")
            && !path.to_string_lossy().contains("app.backstory.desktop/deep")
            && name != "preferences.json"
            && name != "consent.new"
            && !path.to_string_lossy().contains(".backstory-copy-")
    };
    let left: Vec<_> = computer.found(MARKS[0]).into_iter().filter(mine).collect();
    assert_eq!(left, Vec::<PathBuf>::new());
    let left: Vec<_> = computer.found_any(traces).into_iter().filter(mine).collect();
    assert_eq!(left, Vec::<PathBuf>::new(), "of its versions");
    let is_readable = computer.found(MARKS[1]).iter().any(|path| path.starts_with(computer.library()));
    assert_eq!(is_readable, !computer.kind.is_sealed());
    assert_eq!(&computer.json(&["history", &ids[1], "--quiet-too"]), before);
    assert_eq!(computer.json(&["verify", "--read-data"])["ok"], true);
    assert!(!computer.library().with_file_name("library.before-2.sqlite").exists(), "a copy holds it, too");
    let backups = computer.json(&["backup"]);
    let backups = backups["backups"].as_array().unwrap();
    // Where it was cut short behind the last look, the new one may be missing; never is there one that has it.
    assert!(
        backups.iter().all(|backup| backup["reason"] == "after_erase" && backup["characters"] == 1),
        "{backups:?}"
    );
}

fn is_ended(kind: Kind) {
    is_ended_at_every(if kind.is_sealed() { SEALED_STRIDE } else { STRIDE }, kind);
}

#[test]
#[ignore = "takes many minutes: cargo xtask test --slow"]
fn an_erasure_that_is_cut_short_at_any_point_is_ended_at_the_next_start() {
    for kind in [Kind::Sqlite, Kind::Folder, Kind::Objects, Kind::SealedSqlite, Kind::SealedFolder] {
        is_ended_at_every(1, kind);
    }
}

fn is_ended_at_every(stride: usize, kind: Kind) {
    let filled = Computer::filled(kind);
    let ids = filled.ids();
    let (before, traces) = (filled.json(&["history", &ids[1], "--quiet-too"]), filled.traces(&ids[0]));
    for (number, scope) in ["--everything", &ids[0]].into_iter().enumerate() {
        let points = (1 + (number % stride) as u32..POINTS).step_by(stride).take_while(|point| {
            let computer = filled.copied();
            let mut dies = computer.command(&["erase", scope, "--yes"]);
            let died = !dies.env("BACKSTORY_DIE_AT", point.to_string()).output().unwrap().status.success();
            let journal = computer.path("data/backstory/erasing.json");
            let was_begun = journal.exists();
            if kind.is_sealed() {
                says_nothing(&fs::read(&journal).unwrap_or_default());
                // Who cannot open it ends what takes all of it, and brings nothing of the rest back.
                let ended = computer.locked_command(&["list"]).output().unwrap().status.success();
                assert!(!was_begun || ended == (scope == "--everything"), "{kind:?} {scope} {point}");
            }
            // Whoever comes next ends it before anything else.
            computer.run(&["list"]);
            assert!(!journal.exists(), "{kind:?} {scope} {point}");
            let is_everything = scope == "--everything";
            let gone = if is_everything {
                computer.found(MARKS[0]).is_empty()
            } else {
                !computer.ids().contains(&ids[0])
            };
            let whole = computer.ids().len() == 2;
            assert!(gone || (whole && !was_begun), "{kind:?} {scope} {point}: half of it is left");
            if gone && is_everything {
                assert!(computer.found(MARKS[1]).is_empty(), "{kind:?} {point}");
                assert_eq!(computer.found_any(&traces), Vec::<PathBuf>::new(), "{kind:?} {point}");
            } else if gone {
                is_gone_without_the_other(&computer, &ids, &before, &traces);
            }
            died
        });
        let (points, most) = (points.count(), POINTS as usize / stride);
        assert!((1..most - 1).contains(&points), "{kind:?} {scope}: {points}");
    }
}

/// Nothing that an encrypted library keeps to itself stands in what is written down of an erasure, spelt in whatever way.
fn says_nothing(journal: &[u8]) {
    let journal = journal.to_ascii_lowercase();
    let spelt: String = "kanarienvogel".bytes().map(|byte| format!("{byte:02x}")).collect();
    for text in ["kanarienvogel", &spelt] {
        assert!(!stands(&journal, text.as_bytes()), "{}", String::from_utf8_lossy(&journal));
    }
}

/// What is left to do after the erasing itself is cleaning up: what came into its place since is the player's.
fn nothing_new_is_taken(kind: Kind) {
    let filled = Computer::filled(kind);
    let ids = filled.ids();
    for scope in ["--everything", &ids[0]] {
        let erased = (1..POINTS).find_map(|point| {
            let computer = filled.copied();
            let mut dies = computer.command(&["erase", scope, "--yes"]);
            dies.env("BACKSTORY_DIE_AT", point.to_string()).output().unwrap();
            let journal = fs::read(computer.path("data/backstory/erasing.json")).ok()?;
            let journal: Value = serde_json::from_slice(&journal).ok()?;
            (journal["erased"] == true).then_some(computer)
        });
        let computer = erased.expect("some point lies between erasing and the last look");
        // As if the player had brought everything in again.
        let library = computer.library();
        if library.is_dir() {
            fs::remove_dir_all(&library).unwrap();
        }
        for beside in ["library.sqlite-wal", "library.sqlite-shm"] {
            drop(fs::remove_file(library.with_file_name(beside)));
        }
        copy(&filled.library(), &library);
        assert_eq!(computer.ids().len(), 2, "{kind:?} {scope}");
        assert!(!computer.path("data/backstory/erasing.json").exists(), "what was left to do is done");
    }
}

/// What is told of every character, and its documents, each as the hash that an export gives for it.
fn told(computer: &Computer) -> Vec<Value> {
    let mut all = vec![computer.json(&["list"])];
    for id in computer.ids() {
        let history = computer.json(&["history", &id, "--quiet-too"]);
        for entry in history["entries"].as_array().unwrap() {
            let version = entry["version"].to_string();
            let document = computer.run(&["document", &id, "--version", &version]).stdout;
            all.push(sha256(&document).into());
        }
        all.push(history);
    }
    all
}

fn comes_back(kind: Kind) {
    let computer = Computer::filled(kind);
    computer.run(&["pin", &computer.ids()[0], "first"]);
    let before = told(&computer);
    assert!(before.len() > 20 && before.iter().any(|told| told.to_string().contains("note what we found")));
    let log = computer.json(&["audit", "--verify"]);
    assert_eq!(log["ok"], true);
    let file = computer.path("saved/all.backstory").display().to_string();
    // What locks the file opens nothing else.
    let with_words = |args: &[&str]| {
        let mut command = computer.command(args);
        command.stdin(fs::File::open(computer.path("saved/words of the export")).unwrap());
        let output = command.output().unwrap();
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    };
    fs::write(computer.path("saved/words of the export"), "thistle window barrel\n").unwrap();
    match kind.is_sealed() {
        true => with_words(&["export", "--all", "--to", &file, "--encrypt"]),
        false => drop(computer.run(&["export", "--all", "--to", &file])),
    }
    let documents: Vec<_> = before.iter().filter_map(Value::as_str).map(str::to_owned).collect();
    assert!(!documents.is_empty());

    computer.run(&["erase", "--everything", "--yes"]);
    assert_eq!(computer.json(&["list"])["total"], 0);
    match kind.is_sealed() {
        true => {
            with_words(&["import", &file, "--decrypt"]);
            fs::remove_file(computer.path("phrase")).unwrap();
            computer.encrypt_again();
        }
        false => drop(computer.run(&["import", &file])),
    }
    let after = told(&computer);
    assert_eq!(after.len(), before.len(), "{kind:?}");
    for (after, before) in after.iter().zip(&before) {
        assert_eq!(after, before, "{kind:?}");
    }
    assert_eq!(computer.json(&["verify", "--read-data"])["ok"], true);
    // The log of before is in the log of now, which goes on.
    let verdict = computer.json(&["audit", "--verify"]);
    assert_eq!(verdict["ok"], true, "{verdict}");
    // One that was emptied kept its own.
    let taken = if kind == Kind::Objects { json!(0) } else { log["log"]["size"].clone() };
    assert_eq!(verdict["taken"], taken, "{kind:?}: {verdict}");
    computer.run(&["note", &computer.ids()[1], "first", "And on it goes."]);
    let went_on = computer.json(&["audit", "--verify"]);
    assert_eq!(went_on["ok"], true, "{went_on}");
    assert_eq!(went_on["log"]["size"].as_u64(), verdict["log"]["size"].as_u64().map(|size| size + 1));
}

#[test]
fn nothing_is_erased_unasked() {
    let computer = Computer::filled(Kind::Sqlite);
    let ended = computer.command(&["erase", "--everything", "--json"]).output().unwrap();
    assert_eq!(ended.status.code(), Some(2));
    let said: Value = serde_json::from_slice(&ended.stdout).unwrap();
    assert_eq!(said["error"]["code"], "invalid_argument");
    assert_eq!(computer.ids().len(), 2);
}

#[test]
fn a_library_that_another_program_has_open_is_not_taken_from_under_it() {
    let computer = Computer::filled(Kind::Sqlite);
    let mut watch = computer.command(&["watch", computer.path("saved").to_str().unwrap()]);
    let mut watch = watch.stdout(std::process::Stdio::piped()).spawn().unwrap();
    wait_until_open(&computer.library());
    let ended = computer.command(&["erase", "--everything", "--yes", "--json"]).output().unwrap();
    watch.kill().unwrap();
    watch.wait().unwrap();
    let said: Value = serde_json::from_slice(&ended.stdout).unwrap();
    assert_eq!(said["error"]["code"], "store_busy", "{said}");
    assert_eq!(computer.ids().len(), 2);
    assert!(!computer.path("data/backstory/erasing.json").exists());
}

/// Some other process has the file's log open: it is there.
fn wait_until_open(library: &Path) {
    let log = library.with_file_name("library.sqlite-wal");
    for _ in 0..400 {
        if log.exists() {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(25));
    }
    panic!("nobody opened {}", library.display());
}
