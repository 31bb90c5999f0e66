//! The real binary: what it prints, and with which exit code it ends.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests may")]

mod home;

use std::{
    io::Write,
    path::Path,
    process::{Command, Output, Stdio},
};

use backstory_sources::sample;
use serde_json::Value;
use tempfile::TempDir;

/// A temporary place with the sample characters as files, and an empty library beside them.
struct Place(TempDir);

impl Place {
    fn new() -> Self {
        let place = Self(tempfile::tempdir().unwrap());
        std::fs::create_dir(place.files()).unwrap();
        for capture in sample::demo() {
            std::fs::write(place.files().join(capture.file_name), capture.document).unwrap();
        }
        place
    }

    fn imported() -> Self {
        let place = Self::new();
        assert_eq!(place.run(&["import", place.files().to_str().unwrap()]).code, 0);
        place
    }

    fn files(&self) -> std::path::PathBuf {
        self.0.path().join("files")
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = home::command(self.0.path(), args);
        command.env("BACKSTORY_LIBRARY", self.0.path().join("library.sqlite"));
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

/// The names of an object's members, in the order of the alphabet.
fn keys(value: &Value) -> Vec<&str> {
    let mut keys: Vec<&str> = value.as_object().unwrap().keys().map(String::as_str).collect();
    keys.sort_unstable();
    keys
}

fn has(value: &Value, wanted: &[&str]) {
    let keys = keys(value);
    for key in wanted {
        assert!(keys.contains(key), "{key} is missing from {keys:?}");
    }
}

#[test]
fn import_counts_every_outcome_and_a_second_one_adds_nothing() {
    let place = Place::new();
    let files = place.files();
    let report = place.json(&["import", files.to_str().unwrap()]);
    assert_eq!(report["files"].as_array().unwrap().len(), 106);
    insta::assert_snapshot!(report["totals"], @r#"{"added":3,"changed":68,"failed":0,"identical":21,"quiet":14}"#);
    has(&report["files"][0], &["path", "outcome", "character", "version", "captured_at"]);
    assert_eq!(report["files"][0]["captured_at"], "2025-09-06T21:51:00Z");
    let again = place.json(&["import", files.to_str().unwrap()]);
    assert_eq!(again["totals"]["identical"], 106);
    let ended = place.run(&["import", files.to_str().unwrap()]);
    insta::assert_snapshot!(ended.out, @"106 files: 0 new, 0 changed, 0 quiet, 106 identical, 0 failed");
}

#[test]
fn a_rehearsal_changes_nothing() {
    let place = Place::new();
    let files = place.files();
    let report = place.json(&["import", files.to_str().unwrap(), "--dry-run"]);
    assert_eq!(report["totals"]["added"], 3);
    assert_eq!(place.json(&["list"])["total"], 0);
}

#[test]
fn what_fails_says_why_and_the_rest_goes_on() {
    let place = Place::new();
    let good = place.files().join("ddb-900000001_2025-09-06T21-51-00Z.json");
    let bad = place.0.path().join("cut off.json");
    std::fs::write(&bad, &std::fs::read(&good).unwrap()[..70_000]).unwrap();
    let ended = place.run(&["import", good.to_str().unwrap(), bad.to_str().unwrap()]);
    assert_eq!(ended.code, 3);
    let told = ended.out.replace(place.0.path().to_str().unwrap(), "[place]");
    insta::assert_snapshot!(told, @r"
    [place]/files/ddb-900000001_2025-09-06T21-51-00Z.json: new character Maëlis Thornwick: First saved as High Elf Wizard 1
    [place]/cut off.json: not imported
        The file stops in the middle. It ends after 70,000 bytes, inside the classes, so the download was probably cut off.
        Your saved versions are as they were.
        Download it again, then import the new file.
    2 files: 1 new, 0 changed, 0 quiet, 0 identical, 1 failed
    ");
    let report = place.json(&["import", bad.to_str().unwrap()]);
    assert_eq!(report["files"][0]["error"]["code"], "json_truncated");
    assert_eq!(place.run(&["import", bad.to_str().unwrap()]).code, 1);
    assert_eq!(place.run(&["import", "nowhere.json"]).code, 1);
}

#[test]
fn standard_input_is_imported_too() {
    let place = Place::new();
    let document = std::fs::read(place.files().join("ddb-900000001_2025-09-06T21-51-00Z.json")).unwrap();
    let mut command = place.command(&["import", "-", "--captured-at", "2024-02-29T12:00:00Z", "--json"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(&document).unwrap();
    let ended = Ended::new(child.wait_with_output().unwrap());
    let report: Value = serde_json::from_str(&ended.out).unwrap();
    assert_eq!(report["files"][0]["captured_at"], "2024-02-29T12:00:00Z");
    assert_eq!(report["totals"]["added"], 1);
}

#[test]
fn list_filters_and_sorts() {
    let place = Place::imported();
    let list = place.json(&["list"]);
    assert_eq!(list["total"], 3);
    has(
        &list["characters"][0],
        &[
            "id",
            "name",
            "species",
            "classes",
            "level",
            "rules",
            "campaign",
            "versions",
            "captures",
            "first_captured",
            "last_captured",
            "last_changed",
        ],
    );
    has(&list["characters"][0]["classes"][0], &["name", "subclass", "level"]);
    let names = |args: &[&str]| -> Vec<String> {
        let list = place.json(&[&["list"], args].concat());
        list["characters"]
            .as_array()
            .unwrap()
            .iter()
            .map(|c| c["name"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(names(&["--sort", "name"]), ["Maëlis Thornwick", "Sigrún Oakhand", "Ysolde Brök"]);
    assert_eq!(names(&["--class", "rogue"]), ["Sigrún Oakhand"]);
    assert_eq!(names(&["--level", "..6"]), ["Ysolde Brök"]);
    assert_eq!(
        names(&["--campaign", "The Lanterns of Harrowmere", "--sort", "name", "--limit", "1"]),
        ["Maëlis Thornwick"]
    );
    assert_eq!(names(&["--name", "MAËLIS"]), ["Maëlis Thornwick"]);
    insta::assert_snapshot!(place.run(&["list", "--sort", "name"]).out, @r"
    ddb-900000001  Maëlis Thornwick  Wizard 9             The Lanterns of Harrowmere  27 versions  2026-02-21 21:51  Reached Wizard 9
    ddb-900000002  Sigrún Oakhand    Fighter 6 / Rogue 3  The Lanterns of Harrowmere  29 versions  2026-02-21 22:02  Packed Council's pardon, framed
    ddb-900000003  Ysolde Brök       Barbarian 5          Salt and Small Gods         29 versions  2026-02-22 15:58  Edited bonds
    ");
}

#[test]
fn history_tells_what_happened() {
    let place = Place::imported();
    insta::assert_snapshot!(place.run(&["history", "Maëlis Thornwick", "--limit", "4"]).out, @r"
    2026-02-21 21:51 * v26   Reached Wizard 9: hit points 50 to 56, proficiency bonus 3 to 4, 4th-level slots 2 to 3, 5th-level slots; learned Cone of Cold and Wall of Force. Edited the backstory and ideals
    2026-01-31 21:54   v25   Equipped and attuned to Cloak of Protection: Armor Class 13 to 14, all saving throws +1
    2026-01-31 21:51   v24   Packed Pearl of Power. Took off Cloak of Protection and ended the attunement: Armor Class 14 to 13, all saving throws −1. Edited enemies. Rested: regained 17 hit points, now 50 of 50; got back a 4th-level slot and Wand of Magic Missiles (4 times). Prepared Web
    2026-01-10 22:46   v22   No longer prepared: Web
    and 18 more
    ");
    let history = place.json(&["history", "ddb-900000001", "--quiet-too"]);
    assert_eq!((&history["character"], &history["total"]), (&"ddb-900000001".into(), &27.into()));
    has(
        &history["entries"][0],
        &[
            "id",
            "version",
            "captured_at",
            "edited_at",
            "kind",
            "sentences",
            "changes",
            "seen",
            "pinned",
            "tags",
            "session",
        ],
    );
    has(&history["entries"][0]["seen"], &["last", "count"]);
    let kinds: Vec<&str> =
        history["entries"].as_array().unwrap().iter().map(|e| e["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds.last(), Some(&"baseline"));
    for kind in ["change", "state", "quiet"] {
        assert!(kinds.contains(&kind), "{kind}");
    }
}

#[test]
fn the_sheet_has_its_shape() {
    let place = Place::imported();
    let sheet = place.json(&["show", "ddb-900000001", "--version", "first"]);
    has(
        &sheet,
        &[
            "id",
            "version",
            "captured_at",
            "name",
            "species",
            "background",
            "rules",
            "level",
            "xp",
            "classes",
            "abilities",
            "proficiency_bonus",
            "hit_points",
            "armor_class",
            "initiative",
            "speeds",
            "saving_throws",
            "skills",
            "proficiencies",
            "currency",
            "spells",
            "spell_slots",
            "inventory",
            "feats",
            "features",
            "conditions",
            "notes",
            "unknown_fields",
        ],
    );
    assert_eq!(keys(&sheet["abilities"]), ["cha", "con", "dex", "int", "str", "wis"]);
    has(&sheet["hit_points"], &["max", "current", "temporary"]);
    has(&sheet["spells"][0], &["name", "level", "source", "prepared"]);
    has(&sheet["inventory"][0], &["key", "name", "quantity", "equipped", "attuned", "container"]);
    assert_eq!((&sheet["level"], &sheet["hit_points"]["max"]), (&1.into(), &8.into()));
    let parts = sheet["armor_class"]["parts"].as_array().unwrap();
    let sum: i64 = parts.iter().map(|part| part["value"].as_i64().unwrap()).sum();
    assert_eq!(sheet["armor_class"]["value"], sum);
    assert!(place.run(&["show", "ddb-900000001"]).out.contains("Wizard 9"));
}

#[test]
fn diff_compares_any_two() {
    let place = Place::imported();
    let diff = place.json(&["diff", "ddb-900000001", "25", "26"]);
    has(&diff, &["from", "to", "changes", "counts", "folded"]);
    has(&diff["changes"][0], &["section", "key", "label", "kind", "old", "new"]);
    assert_eq!(keys(&diff["counts"]), ["added", "changed", "moved", "removed"]);
    assert_eq!(keys(&diff["folded"]), ["noise", "state"]);
    insta::assert_snapshot!(place.run(&["diff", "ddb-900000001", "16", "18"]).out, @r"
    Maëlis Thornwick version 16 (2025-11-29 22:58) → Maëlis Thornwick version 18 (2025-12-20 21:51)

    Identity
      ~ Wizard: Wizard 6 → Wizard 7

    Combat
      ~ Hit points: 38 → 44
      + 4th-level slots: 1

    Spells
      + Greater Invisibility
      + Ice Storm

    Inventory
      ~ Anselm’s Walking Stick (name): Quarterstaff → Anselm’s Walking Stick

    3 added, 0 removed, 3 changed, 0 moved
    2 more that a rest resets (--state shows them)
    ");
    let other =
        place.json(&["diff", "ddb-900000001@latest", "ddb-900000003@first", "--section", "abilities"]);
    assert!(other["changes"].as_array().unwrap().iter().all(|change| change["section"] == "abilities"));
    let raw = place.json(&["diff", "ddb-900000001", "25", "26", "--raw"]);
    has(&raw["changes"][0], &["pointer", "kind", "old", "new"]);
    assert_eq!(place.run(&["diff", "ddb-900000001", "25"]).code, 2);
}

#[test]
fn a_document_comes_back_byte_for_byte_but_for_the_cuts() {
    let place = Place::imported();
    let document = place
        .command(&["document", "ddb-900000001", "--version", "latest", "--json"])
        .output()
        .unwrap()
        .stdout;
    let original = std::fs::read(place.files().join("ddb-900000001_2026-02-22T14-51-00Z.json")).unwrap();
    let text = String::from_utf8(document).unwrap();
    assert!(text.contains(r#""characters":[]"#));
    assert!(text.len() < original.len());
    let (before, _) = text.split_once(r#""characters":[]"#).unwrap();
    let untouched = before.rfind(r#""dmUserId""#).unwrap_or(before.len());
    assert_eq!(&text.as_bytes()[..untouched], &original[..untouched]);
}

#[test]
fn verify_finds_nothing_wrong_and_then_something() {
    let place = Place::imported();
    let report = place.json(&["verify", "--read-data"]);
    assert_eq!(
        (&report["ok"], &report["checked"]["versions"], &report["problems"]),
        (&true.into(), &85.into(), &Value::Array(vec![]))
    );
    damage(&place.0.path().join("library.sqlite"));
    let ended = place.run(&["verify", "--read-data"]);
    assert_eq!(ended.code, 1, "{}{}", ended.out, ended.err);
}

/// Turns over one byte in the middle of the file, inside a stored document.
fn damage(library: &Path) {
    let mut bytes = std::fs::read(library).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0xFF;
    std::fs::write(library, bytes).unwrap();
}

#[test]
fn errors_are_typed_and_in_words() {
    let place = Place::imported();
    let ended = place.run(&["show", "nobody", "--json"]);
    assert_eq!(ended.code, 1);
    let error: Value = serde_json::from_str(&ended.out).unwrap();
    has(&error["error"], &["code", "message", "hint", "retryable"]);
    assert_eq!(error["error"]["code"], "character_not_found");
    insta::assert_snapshot!(place.run(&["show", "nobody"]).err, @r#"
    No character is called "nobody" or has this id.
    `backstory list` shows every character with its id, `backstory list --deleted` the bin.
    "#);
    insta::assert_snapshot!(place.run(&["history", "ddb-900000001", "--library", "ftp://x"]).code, @"2");
    insta::assert_snapshot!(place.run(&["document", "ddb-900000001", "--version", "99"]).err, @r#"
    ddb-900000001 has no version "99".
    `backstory history ddb-900000001` shows every version.
    "#);
    assert_eq!(place.run(&["frobnicate"]).code, 2);
    assert_eq!(place.run(&["--version"]).code, 0);
}

/// A configuration with several libraries, one of them on a server and behind a variable.
const LIBRARIES: &str = "\
library = 'home'

[libraries.home]
address = 'mine.sqlite'
pool.wait_seconds = 3

[libraries.one-shots]
address = 'sqlite:one-shots'

[libraries.table]
address = '${TABLE_URL}'
";

impl Place {
    /// Runs with a configuration file, and without `BACKSTORY_LIBRARY`.
    fn configured(&self, text: &str, args: &[&str], environment: &[(&str, &str)]) -> Ended {
        let file = self.0.path().join("backstory.toml");
        std::fs::write(&file, text).unwrap();
        let mut command = self.command(args);
        command
            .env_remove("BACKSTORY_LIBRARY")
            .env("BACKSTORY_CONFIG", file)
            .envs(environment.iter().copied());
        let mut ended = Ended::new(command.output().unwrap());
        let place = self.0.path().to_str().unwrap();
        // Columns are as wide as the place's name, and what a library can be grows with the backends.
        ended.out = ended.out.replace(place, "[place]").lines().map(|line| two_spaces(line) + "\n").collect();
        ended.err = ended.err.replace(place, "[place]");
        if let Some((before, _)) = ended.err.split_once("A library is a") {
            ended.err = format!("{before}[kinds]\n");
        }
        ended
    }
}

/// The line with two spaces where there are more, but for its beginning.
fn two_spaces(line: &str) -> String {
    let (beginning, rest) = line.split_at(line.len() - line.trim_start().len());
    let cells: Vec<&str> = rest.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).collect();
    format!("{beginning}{}", cells.join("  "))
}

#[test]
fn the_configuration_says_what_holds_and_where_it_comes_from() {
    let place = Place(tempfile::tempdir().unwrap());
    let url = ("TABLE_URL", "ftp://mira:s3cret@db.example/backstory?password=s3cret");
    let delta = ("BACKSTORY_LIBRARIES__HOME__ENCODING__DELTA", "false");
    let ended = place.configured(LIBRARIES, &["config"], &[url, delta]);
    insta::assert_snapshot!(ended.out, @r"
    alerts.denied  10  default
    alerts.disk_percent  10  default
    alerts.error_percent  5  default
    alerts.hit_percent  80  default
    alerts.memory_limit_mb  1024  default
    alerts.memory_percent  80  default
    alerts.notify  false  default
    alerts.silent_days  7  default
    alerts.slow_ms  1000  default
    backup.daily  7  default
    backup.monthly  12  default
    backup.weekly  4  default
    cache.backend  memory  default
    cache.memory.default_ttl_seconds  3600  default
    cache.memory.max_memory_mb  32  default
    cache.memory.max_size  1000  default
    cache.redis.default_ttl_seconds  3600  default
    language  en  default
    libraries.home.address  [place]/mine.sqlite  [place]/backstory.toml, line 4
    libraries.home.encoding.compression  zstd  default
    libraries.home.encoding.delta  false  BACKSTORY_LIBRARIES__HOME__ENCODING__DELTA
    libraries.home.pool.size  20  default
    libraries.home.pool.wait_seconds  3  [place]/backstory.toml, line 5
    libraries.home.read_only  false  default
    libraries.one-shots.address  sqlite:[place]/one-shots  [place]/backstory.toml, line 8
    libraries.one-shots.encoding.compression  zstd  default
    libraries.one-shots.encoding.delta  true  default
    libraries.one-shots.pool.size  20  default
    libraries.one-shots.pool.wait_seconds  10  default
    libraries.one-shots.read_only  false  default
    libraries.table.address  ftp://…@db.example/backstory?password=…  [place]/backstory.toml, line 11
    libraries.table.encoding.compression  zstd  default
    libraries.table.encoding.delta  true  default
    libraries.table.pool.size  20  default
    libraries.table.pool.wait_seconds  10  default
    libraries.table.read_only  false  default
    library  home  [place]/backstory.toml, line 1
    privacy.minimise  true  default
    ");
    insta::assert_snapshot!(place.configured(LIBRARIES, &["config", "list"], &[url]).out, @r#"
    *  home  sqlite  [place]/mine.sqlite
       one-shots  sqlite  sqlite:[place]/one-shots
       table  -  ftp://…@db.example/backstory?password=…
    table: "ftp://…@db.example/backstory?password=…" does not name a library.
    "#);
    insta::assert_snapshot!(place.configured(LIBRARIES, &["config", "list"], &[]).out, @r"
    *  home  sqlite  [place]/mine.sqlite
       one-shots  sqlite  sqlite:[place]/one-shots
       table  -  ${TABLE_URL}
    table: [place]/backstory.toml, line 11: `libraries.table.address` uses the variable TABLE_URL, which is not set or empty.
    ");
    let json = |args: &[&str]| -> Value {
        let ended = place.configured(LIBRARIES, &[args, &["--json"]].concat(), &[url]);
        assert!(!ended.out.contains("s3cret"), "{}", ended.out);
        serde_json::from_str(&ended.out).unwrap()
    };
    let effective = json(&["config"]);
    assert_eq!(keys(&effective), ["file", "settings", "unready"]);
    insta::assert_snapshot!(effective["settings"]["libraries.home.address"], @r#"{"origin":{"kind":"file","line":4,"path":"[place]/backstory.toml"},"value":"[place]/mine.sqlite"}"#);
    let list = json(&["config", "list", "--library", "table"]);
    assert_eq!(keys(&list["libraries"][2]), ["address", "default", "kind", "name", "problem"]);
    assert_eq!(
        (&list["libraries"][2]["name"], &list["libraries"][2]["default"]),
        (&"table".into(), &true.into())
    );
    let elsewhere = json(&["config", "list", "--library", "ftp://ada:s3cret@db/b"]);
    assert_eq!(elsewhere["libraries"][3]["address"], "ftp://…@db/b");
}

#[test]
fn a_library_is_opened_by_name_by_path_and_from_where_the_configuration_says() {
    let place = Place::new();
    let file = place.files().join("ddb-900000001_2025-09-06T21-51-00Z.json");
    let import = ["import", file.to_str().unwrap()];
    assert_eq!(place.configured(LIBRARIES, &import, &[]).code, 0);
    assert!(place.0.path().join("mine.sqlite").exists(), "taken from the folder of the file");
    assert_eq!(place.configured(LIBRARIES, &["list", "--library", "one-shots"], &[]).out, "No characters.\n");
    assert!(place.0.path().join("one-shots").exists());
    let mine = place.0.path().join("mine.sqlite");
    let list = place.configured(LIBRARIES, &["list", "--library", mine.to_str().unwrap()], &[]);
    assert!(list.out.contains("Maëlis"), "{}{}", list.out, list.err);
    let read_only = [("BACKSTORY_LIBRARIES__HOME__READ_ONLY", "true")];
    let refused = place.configured(LIBRARIES, &[&import[..], &["--json"]].concat(), &read_only);
    assert!(refused.out.contains("store_read_only"), "{}", refused.out);
}

#[test]
fn the_file_in_the_usual_place_is_read() {
    let place = Place(tempfile::tempdir().unwrap());
    let folder = place.0.path().join("config/backstory");
    if !cfg!(target_os = "linux") {
        return;
    }
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("config.yaml"), "libraries:\n  one-shots:\n    address: o.db\n").unwrap();
    assert_eq!(place.json(&["config", "list"])["libraries"][1]["name"], "one-shots");
    std::fs::write(folder.join("config.toml"), "").unwrap();
    let told = place.run(&["config"]).err.replace(folder.to_str().unwrap(), "[folder]");
    insta::assert_snapshot!(told, @r"
    There are two configuration files: [folder]/config.toml and [folder]/config.yaml.
    Keep one of them, or name the one that counts with --config.
    ");
}

#[test]
fn what_is_wrong_with_a_configuration_is_told() {
    let place = Place(tempfile::tempdir().unwrap());
    let told = |text: &str, args: &[&str]| {
        let ended = place.configured(text, args, &[("SECRET", "s3cret")]);
        assert!(!ended.err.contains("s3cret"), "{}", ended.err);
        format!("{}: {}", ended.code, ended.err)
    };
    insta::assert_snapshot!(told(LIBRARIES, &["list", "--library", "one-shot"]), @r"
    2: No library is called `one-shot`.
    Did you mean `one-shots`? [kinds]
    ");
    insta::assert_snapshot!(told(LIBRARIES, &["list", "--library", "elsewhere"]), @r"
    2: No library is called `elsewhere`.
    Known: `home`, `one-shots`, `table`. [kinds]
    ");
    insta::assert_snapshot!(told(LIBRARIES, &["list", "--library", "table"]), @r"
    1: [place]/backstory.toml, line 11: `libraries.table.address` uses the variable TABLE_URL, which is not set or empty.
    Set TABLE_URL before Backstory starts, or write ${TABLE_URL:-…} with what to take without it.
    ");
    insta::assert_snapshot!(told("library = '${SECRET}'", &["list"]), @r"
    2: No library is called `${SECRET}`.
    Known: `home`. [kinds]
    ");
    insta::assert_snapshot!(told("[libraries.a]\naddress = '${SECRET}'", &["list", "--library", "a"]), @r#"
    2: "${SECRET}" does not name a library.
    [kinds]
    "#);
    insta::assert_snapshot!(told("[libraries.home]\nadress = 'x'", &["list"]), @r"
    1: [place]/backstory.toml, line 2: `libraries.home.adress` is not a key Backstory knows.
    Did you mean `address`?
    ");
    insta::assert_snapshot!(told("", &["list", "--config", "nowhere.toml"]), @r"
    1: The configuration file nowhere.toml is not there.
    Look at --config and the variable BACKSTORY_CONFIG: they name the file. Without a file, everything is as usual.
    ");
    insta::assert_snapshot!(told("", &["list", "--config", "nowhere.ini"]), @r"
    1: nowhere.ini is not named like a configuration file.
    Its name must end in .toml, .yaml or .yml, so that Backstory knows how it is written.
    ");
    insta::assert_snapshot!(told("", &["list", "--library", "ftp://ada:s3cret@x/y"]), @r#"
    2: "ftp://…@x/y" does not name a library.
    [kinds]
    "#);
}

#[test]
fn the_bin_keeps_a_character_until_it_is_taken_back() {
    let place = Place::imported();
    let ended = place.run(&["delete", "Maëlis Thornwick"]);
    insta::assert_snapshot!(ended.out, @"Maëlis Thornwick is in the bin, with 27 versions. `backstory undelete ddb-900000001` takes it back.");
    let list = place.run(&["list"]);
    assert!(!list.out.contains("Maëlis"), "{}", list.out);
    let bin = place.json(&["list", "--deleted"]);
    assert_eq!((&bin["total"], &bin["characters"][0]["name"]), (&1.into(), &"Maëlis Thornwick".into()));
    assert!(bin["characters"][0]["deleted_at"].is_string());
    let gone = place.run(&["history", "Maëlis Thornwick"]);
    assert_eq!(gone.code, 1);
    insta::assert_snapshot!(gone.err, @r#"
    "Maëlis Thornwick" is in the bin.
    Every version of it is kept.
    `backstory undelete "Maëlis Thornwick"` takes it back.
    "#);
    let back = place.run(&["undelete", "ddb-900000001"]);
    insta::assert_snapshot!(back.out, @"Maëlis Thornwick is back, with 27 versions.");
    assert_eq!(place.json(&["list"])["total"], 3);
    let nobody = place.run(&["undelete", "ddb-900000001"]);
    insta::assert_snapshot!(nobody.err, @r#"
    No character in the bin is called "ddb-900000001" or has this id.
    `backstory list` shows every character with its id, `backstory list --deleted` the bin.
    "#);
}

#[test]
fn versions_are_pinned_and_named() {
    let place = Place::imported();
    let pinned = place.run(&["pin", "ddb-900000001", "first"]);
    insta::assert_snapshot!(pinned.out, @"2025-09-06 21:51 v1, pinned");
    let tagged = place.run(&["tag", "ddb-900000001", "first", "Before the dragon", "Session 1"]);
    insta::assert_snapshot!(tagged.out, @"2025-09-06 21:51 v1, pinned, “Before the dragon”, “Session 1”");
    let entry = place.json(&["tag", "ddb-900000001", "first", "--remove", "Session 1"]);
    assert_eq!((&entry["pinned"], &entry["tags"]), (&true.into(), &serde_json::json!(["Before the dragon"])));
    let entry = place.json(&["pin", "ddb-900000001", "first", "--off"]);
    has(&entry, &["id", "version", "captured_at", "kind", "sentences", "seen", "pinned", "tags", "archived"]);
    assert_eq!(entry["pinned"], false);
    assert_eq!(place.run(&["tag", "ddb-900000001", "first"]).code, 2);
}

#[test]
fn a_note_is_written_to_a_version() {
    let place = Place::imported();
    let noted =
        place.run(&["note", "ddb-900000001", "first", " We met at the bridge.\nNobody trusted the bard. "]);
    insta::assert_snapshot!(noted.out, @r"
    2025-09-06 21:51 v1
                        We met at the bridge.
                        Nobody trusted the bard.
    ");
    let history = place.json(&["history", "ddb-900000001"]);
    let first = history["entries"].as_array().unwrap().iter().find(|entry| entry["version"] == 1).unwrap();
    assert_eq!(first["note"], "We met at the bridge.\nNobody trusted the bard.");
    let long = place.run(&["note", "ddb-900000001", "first", &"too much ".repeat(1_000)]);
    insta::assert_snapshot!(long.err, @r"
    A note may take 8192 bytes, about three pages; this one takes 8999.
    The note of before still stands.
    Shorten it, or write it to several versions.
    ");
    assert_eq!(place.json(&["note", "ddb-900000001", "first", "--remove"])["note"], serde_json::Value::Null);
    assert_eq!(place.run(&["note", "ddb-900000001", "first"]).code, 2);
}

#[test]
fn a_library_says_what_it_takes_and_takes_less() {
    let place = Place::imported();
    let before = place.json(&["stats"]);
    has(
        &before,
        &["characters", "versions", "contents", "captures", "document_bytes", "encoded_bytes", "store_bytes"],
    );
    assert_eq!(before["captures"], 106);
    assert!(place.run(&["stats"]).out.starts_with("Characters         3\n"));
    let done = place.json(&["recompress", "--compression", "gzip", "--whole"]);
    assert_eq!(done["contents"], before["contents"]);
    assert_eq!(done["rewritten"], before["contents"]);
    let done = place.json(&["recompress", "--smallest"]);
    assert!(done["bytes_after"].as_u64() < before["encoded_bytes"].as_u64(), "{done} {before}");
    assert!(place.run(&["recompress", "--smallest"]).out.starts_with("0 of "));
    let checked = place.json(&["verify", "--read-data", "--repair"]);
    assert_eq!((&checked["ok"], &checked["repaired"]), (&true.into(), &serde_json::json!([])));
}

#[test]
fn only_a_server_has_users() {
    let place = Place::imported();
    let ended = place.run(&["db", "init"]);
    let told = ended.err.replace(place.0.path().to_str().unwrap(), "[place]");
    insta::assert_snapshot!(told, @r"
    [place]/library.sqlite is no PostgreSQL database.
    Nothing was changed.
    Name one: backstory db init postgresql://<user>@<host>/<database>.
    ");
    insta::assert_snapshot!(place.run(&["db", "members"]).out, @"Nobody has a place in a campaign.");
    let given = place.json(&["db", "grant", "The Sunken Bell", "ada", "player"]);
    assert_eq!(
        given["members"],
        serde_json::json!([{"campaign": "The Sunken Bell", "user": "ada", "role": "player"}])
    );
    insta::assert_snapshot!(place.run(&["db", "members"]).out, @"The Sunken Bell  ada  player");
}

#[test]
fn since_when_each_field_has_its_value() {
    let place = Place::imported();
    let blame = place.json(&["blame", "ddb-900000001"]);
    let fields = blame["fields"].as_array().unwrap();
    has(&fields[0], &["key", "section", "label", "value", "since", "sentence"]);
    let sheet = place.json(&["show", "ddb-900000001"]);
    let level = place.json(&["blame", "ddb-900000001", "level"])["fields"][0].clone();
    assert_eq!(level["value"], format!("Wizard {}", sheet["level"]));
    // The version that blame names has this level, and the one before it has not.
    let since = level["since"]["version"].as_u64().unwrap();
    let at = |version: u64| {
        place.json(&["show", "ddb-900000001", "--version", &version.to_string()])["level"].clone()
    };
    assert_eq!(at(since), sheet["level"]);
    assert_ne!(at(since - 1), sheet["level"]);
    insta::assert_snapshot!(place.run(&["blame", "ddb-900000001", "hit points"]).out, @"Hit points  56  v26  2026-02-21 21:51  Reached Wizard 9: hit points 50 to 56, proficiency bonus 3 to 4, 4th-level slots 2 to 3, 5th-level slots; learned Cone of Cold and Wall of Force");
    insta::assert_snapshot!(place.run(&["blame", "ddb-900000001", "luck"]).err, @r#"
    No field of the sheet is called "luck".
    `backstory blame CHARACTER` lists every field.
    "#);
}

#[test]
fn words_are_found_in_all_versions() {
    let place = Place::imported();
    insta::assert_snapshot!(place.run(&["search", "fireball", "--first"]).out, @"2025-11-08 21:51  ddb-900000001  v10  spells  Fireball");
    let hits = place.json(&["search", "FIREB", "--first"]);
    has(&hits["hits"][0], &["character", "version", "captured_at", "where", "snippet"]);
    insta::assert_snapshot!(place.run(&["search", "no such thing anywhere"]).out, @"nothing was found");
    let one = place.json(&["search", "potion", "--limit", "1"]);
    assert_eq!(one["hits"].as_array().unwrap().len(), 1);
}

#[test]
fn growth_is_told_and_an_old_version_comes_back() {
    let place = Place::imported();
    insta::assert_snapshot!(place.run(&["progress", "ddb-900000001"]).out, @r"
    Level        1 → 2 → 3 → 4 → 5 → 6 → 7 → 8 → 9
    Experience   0
    Hit points   8 → 14 → 20 → 26 → 32 → 38 → 44 → 50 → 56
    Armor Class  13 → 14 → 13 → 14
    Gold         15 → 37 → 177 → 57 → 367
    Things       28 → 24 → 26 → 25 → 27 → 28
    Spells       10 → 12 → 14 → 17 → 19 → 21 → 23 → 25 → 27
    CHA          10
    CON          14
    DEX          16
    INT          16 → 18 → 20
    STR          8
    WIS          12
    level 1 on 2025-09-06 21:51
    level 2 on 2025-09-20 21:51, after 14 days
    level 3 on 2025-10-04 21:51, after 14 days
    level 4 on 2025-10-18 21:51, after 14 days
    level 5 on 2025-11-08 21:51, after 21 days
    level 6 on 2025-11-29 21:51, after 21 days
    level 7 on 2025-12-20 21:51, after 21 days
    level 8 on 2026-01-10 21:51, after 21 days
    level 9 on 2026-02-21 21:51, after 42 days
    ");
    has(
        &place.json(&["progress", "ddb-900000001"])["series"],
        &["level", "xp", "hit_points_max", "gold", "abilities"],
    );
    let before = place.json(&["history", "ddb-900000001"])["total"].as_u64().unwrap();
    insta::assert_snapshot!(place.run(&["restore", "ddb-900000001", "first"]).out, @"Version 28 is as version 1 was. What was there before stays in the history. D&D Beyond or Foundry is not changed by this.");
    assert_eq!(place.json(&["history", "ddb-900000001"])["total"], before + 1);
    let (old, new) = (
        place.run(&["document", "ddb-900000001", "--version", "first"]),
        place.run(&["document", "ddb-900000001"]),
    );
    assert_eq!(old.out, new.out);
    insta::assert_snapshot!(place.run(&["restore", "ddb-900000001", "latest"]).err, @r"
    Version 28 is what the character is now.
    Nothing was changed.
    ");
    insta::assert_snapshot!(place.run(&["retell"]).out, @"0 versions of 0 characters told anew");
    insta::assert_snapshot!(place.run(&["retell", "--all"]).out, @"86 versions of 3 characters told anew");
}

#[test]
fn everything_is_taken_along_and_brought_back() {
    let place = Place::imported();
    let file = place.0.path().join("all.backstory");
    let to = file.to_str().unwrap();
    let made = place.json(&["export", "--all", "--to", to]);
    has(&made, &["file", "sha256", "characters", "versions", "bytes"]);
    assert_eq!((&made["characters"], &made["versions"]), (&Value::from(3), &Value::from(85)));
    assert_eq!(place.run(&["export", "--to", to]).code, 2);
    let text = place.0.path().join("ysolde.md");
    let said = place
        .run(&["export", "ddb-900000003", "--format", "markdown", "--to", text.to_str().unwrap()])
        .out
        .replace(text.to_str().unwrap(), "FILE");
    assert_eq!(said.lines().next(), Some("FILE: 1 character, 29 versions, 2.2 kB"));
    assert!(std::fs::read_to_string(&text).unwrap().starts_with("# Ysolde Brök"));

    let elsewhere = Place::new();
    let back = elsewhere.json(&["import", to]);
    assert_eq!(back["totals"]["added"], 3);
    assert_eq!(elsewhere.json(&["list"]), place.json(&["list"]));
    for name in ["ddb-900000001", "ddb-900000002", "ddb-900000003"] {
        assert_eq!(elsewhere.json(&["history", name]), place.json(&["history", name]));
    }
    let looked = elsewhere.json(&["--library", to, "list"]);
    assert_eq!(looked["total"], 3);
}

#[test]
fn an_encrypted_export_asks_for_its_words() {
    let place = Place::imported();
    let file = place.0.path().join("all.backstory.age");
    let to = file.to_str().unwrap();
    let with = |args: &[&str], words: &str| {
        let mut command = place.command(args);
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(words.as_bytes()).unwrap();
        Ended::new(child.wait_with_output().unwrap())
    };
    assert_eq!(with(&["export", "--all", "--to", to, "--encrypt"], "a staple of horses\n").code, 0);
    assert!(std::fs::read(&file).unwrap().starts_with(b"age-encryption.org/v1"));
    let name = |ended: &Ended| format!("{}{}", ended.out, ended.err).replace(to, "FILE");
    insta::assert_snapshot!(name(&place.run(&["import", to])), @r"
    FILE: not imported
        This export is encrypted.
        Nothing was imported from it.
        Give the passphrase it was made with (`--decrypt` on the command line).
    1 file: 0 new, 0 changed, 0 quiet, 0 identical, 1 failed
    ");
    insta::assert_snapshot!(name(&with(&["import", to, "--decrypt"], "a staple of cows\n")), @r"
    FILE: not imported
        This passphrase does not open the export.
        Nothing was imported from it.
        Type it as it was when the export was made; capitals and spaces count.
    1 file: 0 new, 0 changed, 0 quiet, 0 identical, 1 failed
    ");
    let opened = with(&["import", to, "--decrypt", "--json"], "a staple of horses\n");
    let report: Value = serde_json::from_str(&opened.out).unwrap();
    assert_eq!(report["totals"]["identical"], 3);
}

#[test]
fn the_manual_and_the_completions_know_every_command() {
    let place = Place::new();
    let folder = place.0.path().join("manual");
    assert_eq!(place.run(&["manual", folder.to_str().unwrap()]).code, 0);
    let page = std::fs::read_to_string(folder.join("backstory-import.1")).unwrap();
    assert!(page.contains("Bring characters in"), "{page}");
    let main = std::fs::read_to_string(folder.join("backstory.1")).unwrap();
    for shell in ["bash", "zsh", "fish"] {
        let script = place.run(&["completions", shell]);
        assert_eq!((script.code, script.err.as_str()), (0, ""), "{shell}");
        for command in ["import", "history", "blame", "migrate", "verify"] {
            assert!(script.out.contains(command), "{shell} {command}");
            assert!(main.contains(&["backstory", command].join("\\-")), "{command}");
        }
    }
    assert!(!place.0.path().join("library.sqlite").exists(), "no library is opened for it");
    let file = place.0.path().join("a file");
    std::fs::write(&file, "kept").unwrap();
    let refused = place.run(&["manual", file.to_str().unwrap()]);
    assert_eq!(refused.code, 1);
    assert!(refused.err.contains("could not be written"), "{}", refused.err);
}
