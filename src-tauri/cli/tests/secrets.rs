//! What opens something is repeated by no command, however it fails and however much is to be logged; nor is what stands in a
//! file that could not be read.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests may")]

mod home;

use std::{
    fs,
    io::Write as _,
    path::PathBuf,
    process::{Output, Stdio},
};

use backstory_sources::sample;
use serde_json::Value;
use tempfile::TempDir;

/// A passphrase, another one, a session, the passwords of a database and of a cache.
const SECRETS: [&str; 5] =
    ["kanarienwort lantern", "kanarienwort thistle", "kanariensitzung", "kanariendsn", "kanarienredis"];
/// What a player wrote into a character.
const PERSONAL: &str = "kanarienvogel";

struct Computer(TempDir);

impl Computer {
    fn path(&self, path: &str) -> PathBuf {
        self.0.path().join(path)
    }

    fn text(&self, path: &str) -> String {
        self.path(path).display().to_string()
    }

    /// What a command answers that is to log everything, and reads this.
    fn output(&self, args: &[&str], input: &str) -> Output {
        let mut command = home::command(self.0.path(), args);
        command.envs([("RUST_LOG", "trace"), ("BACKSTORY_LOG", "trace"), ("RUST_BACKTRACE", "full")]);
        command.env("REDIS_URL", format!("redis://ada:{}@127.0.0.1:9/0", SECRETS[4]));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // Who does not read is not asked.
        let _unread = child.stdin.take().unwrap().write_all(input.as_bytes());
        child.wait_with_output().unwrap()
    }
}

#[test]
fn no_command_repeats_what_opens_something() {
    let computer = Computer(tempfile::tempdir().unwrap());
    fs::create_dir_all(computer.path("config/backstory")).unwrap();
    let config = "cache: { backend: tiered, redis: { redis_url: \"${REDIS_URL}\" } }";
    fs::write(computer.path("config/backstory/config.yaml"), config).unwrap();
    let capture = sample::history(1, 1, 20_000).next().unwrap();
    let mut document: Value = serde_json::from_slice(&capture.document).unwrap();
    let data = if document.get("data").is_some() { &mut document["data"] } else { &mut document };
    data["notes"]["backstory"] = format!("{PERSONAL} was a miller's child").into();
    let document = document.to_string();
    let at = document.find(PERSONAL).unwrap() + PERSONAL.len();
    for (name, text) in [
        ("good.json", document.as_str()),
        ("torn.json", &document[..at]),
        ("words", SECRETS[0]),
        ("wrong", SECRETS[1]),
    ] {
        fs::write(computer.path(name), text).unwrap();
    }
    let [good, torn, words, wrong, phrase, file] =
        ["good.json", "torn.json", "words", "wrong", "phrase", "all.backstory"]
            .map(|name| computer.text(name));
    let database = format!("postgres://ada:{}@127.0.0.1:9/library", SECRETS[3]);
    let nonsense = format!("mysql://ada:{}@127.0.0.1:9/library", SECRETS[3]);
    let (session, asked) = (format!("CobaltSession={}", SECRETS[2]), format!("{}\n", SECRETS[0]));
    // What is done, what is given to it, and whether it is to end well.
    let deeds: Vec<(Vec<&str>, &str, bool)> = vec![
        (vec!["import", &good], "", true),
        (vec!["import", &torn], "", false),
        (vec!["import", "-"], &document[..at], false),
        (vec!["login", "ddb"], &session, false),
        (vec!["list", "--library", &database], "", false),
        (vec!["list", "--library", &nonsense], "", false),
        (vec!["migrate", "--from", &database, "--to", &nonsense], "", false),
        (vec!["config", "list"], "", true),
        (vec!["stats"], "", true),
        (vec!["health"], "", true),
        (vec!["export", "--all", "--to", &file, "--encrypt"], &asked, true),
        (vec!["import", &file, "--decrypt"], SECRETS[1], false),
        (vec!["import", &file, "--decrypt"], &asked, true),
        (vec!["encryption", "on", "--passphrase-file", &words, "--phrase-to", &phrase], "", true),
        (vec!["list"], "", false),
        (vec!["list", "--unlock", &wrong], "", false),
        (vec!["encryption", "off", "--yes", "--unlock", &wrong], "", false),
        (vec!["stats", "--unlock", &words], "", true),
        (vec!["encryption", "status", "--unlock", &phrase], "", true),
    ];
    let mut answers = Vec::new();
    for (args, input, ends_well) in &deeds {
        for json in [false, true] {
            // What is done once is not done again.
            if json && *ends_well && matches!(args[0], "export" | "encryption") {
                continue;
            }
            let all = if json { [&args[..], &["--json"]].concat() } else { args.clone() };
            let output = computer.output(&all, input);
            let said = format!(
                "{all:?}: {}{}",
                String::from_utf8_lossy(&output.stdout),
                String::from_utf8_lossy(&output.stderr)
            );
            // Its own arguments aside, which name addresses.
            let said = said.split_once("]: ").unwrap().1.to_owned();
            assert_eq!(output.status.success(), *ends_well, "{args:?}: {said}");
            assert!(!said.contains("TRACE") && !said.contains("stack backtrace"), "{args:?}: {said}");
            assert!(*ends_well || !said.contains(PERSONAL), "{args:?}: {said}");
            answers.push((args.clone(), said));
        }
    }
    let phrase = fs::read_to_string(&phrase).unwrap();
    let secrets = SECRETS.into_iter().chain([phrase.trim()]);
    for secret in secrets {
        for (args, said) in &answers {
            assert!(!said.contains(secret), "{args:?} says {secret}: {said}");
        }
    }
}
