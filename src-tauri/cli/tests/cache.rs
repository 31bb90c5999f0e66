//! The command with a Redis before its library: what is erased goes there, too, one that is away is said to be, and nothing of
//! an encrypted library can be read in it.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests may")]

mod home;

use std::{
    fs,
    net::TcpListener,
    process::{Child, Command, Output, Stdio},
    thread,
    time::{Duration, Instant},
};

use backstory_sources::sample;
use serde_json::{Value, json};
use tempfile::TempDir;

const PASSWORD: &str = "s3cret-word";
/// A word that stands nowhere else.
const MARK: &str = "kanarienvogel";

/// Runs a server until its standard input closes, however the process at the other end ends.
const KEEPER: &str = r#"
redis-server --port "$1" --bind 127.0.0.1 --save "" --requirepass "$2" >>log 2>&1 &
server=$!
read -r word
kill -KILL "$server"
wait "$server" 2>>log
"#;

/// A player's computer, with a Redis.
struct Computer {
    home: TempDir,
    port: String,
    redis: Option<Child>,
}

impl Computer {
    fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port().to_string();
        let keeper = Command::new("sh")
            .args(["-c", KEEPER, "keeper", &port, PASSWORD])
            .current_dir(home.path())
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        let computer = Self { home, port, redis: Some(keeper) };
        let deadline = Instant::now() + Duration::from_secs(30);
        while computer.redis(&["PING"]) != "PONG" {
            assert!(Instant::now() < deadline, "redis-server does not come up");
            thread::sleep(Duration::from_millis(20));
        }
        fs::create_dir_all(computer.home.path().join("config/backstory")).unwrap();
        let config = "cache: { backend: tiered, redis: { redis_url: \"${REDIS_URL}\" } }";
        fs::write(computer.home.path().join("config/backstory/config.yaml"), config).unwrap();
        computer
    }

    fn kill_redis(&mut self) {
        let mut keeper = self.redis.take().unwrap();
        drop(keeper.stdin.take());
        keeper.wait().unwrap();
    }

    /// What the server answers.
    fn redis(&self, words: &[&str]) -> String {
        let mut command = Command::new("redis-cli");
        command.args(["-p", &self.port, "--no-auth-warning", "-a", PASSWORD]).args(words);
        String::from_utf8(command.output().unwrap().stdout).unwrap().trim().to_owned()
    }

    /// Everything in the server: each key, each value, and what a value is where it is only packed.
    fn dump(&self) -> Vec<(String, Vec<Vec<u8>>)> {
        let value = |key: &str| {
            let mut command = Command::new("redis-cli");
            command.args(["-p", &self.port, "--no-auth-warning", "-a", PASSWORD, "GET", key]);
            command.output().unwrap().stdout
        };
        let keys = self.redis(&["KEYS", "*"]);
        keys.lines().map(|key| (key.to_owned(), readable(value(key)))).collect()
    }

    /// The keys under which the mark can be read.
    fn marked(&self) -> Vec<String> {
        let stands = |bytes: &[u8]| {
            bytes.to_ascii_lowercase().windows(MARK.len()).any(|window| window == MARK.as_bytes())
        };
        let dump = self.dump().into_iter();
        dump.filter(|(key, values)| stands(key.as_bytes()) || values.iter().any(|value| stands(value)))
            .map(|(key, _)| key)
            .collect()
    }

    fn output(&self, args: &[&str], password: &str) -> Output {
        let mut command = home::command(self.home.path(), args);
        command.env("REDIS_URL", format!("redis://:{password}@127.0.0.1:{}/0", self.port));
        let output = command.output().unwrap();
        let all = format!("{:?}", [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text)));
        assert!(output.status.success(), "{args:?}: {all}");
        assert!(!all.contains(PASSWORD) && !all.contains("wr0ng"), "{args:?}: {all}");
        output
    }

    /// The same by a program that knows of no Redis.
    fn without_redis(&self, args: &[&str]) {
        let mut command = home::command(self.home.path(), args);
        let output = command.env("BACKSTORY_CACHE__BACKEND", "none").output().unwrap();
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    }

    fn json(&self, args: &[&str]) -> Value {
        serde_json::from_slice(&self.output(&[args, &["--json"]].concat(), PASSWORD).stdout).unwrap()
    }
}

impl Drop for Computer {
    fn drop(&mut self) {
        if self.redis.is_some() {
            self.kill_redis();
        }
    }
}

/// A value as it lies there, and whatever can be unpacked in it without a key.
fn readable(value: Vec<u8>) -> Vec<Vec<u8>> {
    let packed = [0x28, 0xb5, 0x2f, 0xfd];
    let begins = (0..value.len()).filter(|&at| value[at..].starts_with(&packed));
    let unpacked: Vec<Vec<u8>> = begins
        .filter_map(|at| {
            let mut all = Vec::new();
            let mut frame = zstd::stream::Decoder::new(&value[at..]).ok()?.single_frame();
            std::io::Read::read_to_end(&mut frame, &mut all).ok()?;
            Some(all)
        })
        .collect();
    [vec![value], unpacked].concat()
}

fn kinds(of: &Value) -> Vec<String> {
    of.as_array().unwrap().iter().map(|one| one["kind"].as_str().unwrap_or_default().to_owned()).collect()
}

#[test]
fn what_is_erased_goes_out_of_the_redis_and_one_that_is_away_is_said_to_stay() {
    let mut computer = Computer::new();
    let saved = computer.home.path().join("saved");
    fs::create_dir(&saved).unwrap();
    for (seed, count) in [(1, 2), (2, 2)] {
        for capture in sample::history(seed, count, 60_000) {
            fs::write(saved.join(&capture.file_name), &capture.document).unwrap();
        }
    }
    computer.output(&["import", saved.to_str().unwrap()], PASSWORD);
    let list = computer.json(&["list"]);
    let ids: Vec<&str> =
        list["characters"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), 2);
    let first = computer.output(&["document", ids[0]], PASSWORD).stdout;
    assert_eq!(computer.redis(&["DBSIZE"]), "1", "it was kept behind whoever read it");
    assert!(computer.output(&["document", ids[0]], PASSWORD).stdout == first, "the same out of the Redis");
    computer.output(&["document", ids[1]], PASSWORD);
    assert_eq!(computer.redis(&["DBSIZE"]), "2");
    let tiers = &computer.json(&["stats"])["cache"]["tiers"];
    assert_eq!((&tiers[1]["entries"], &tiers[1]["breaker"]), (&json!(2), &json!("closed")));

    let plan = computer.json(&["erase", ids[0], "--dry-run"]);
    assert!(kinds(&plan["places"]).contains(&"cache".to_owned()), "{plan}");
    let receipt = computer.json(&["erase", ids[0], "--yes"]);
    assert!(!receipt.to_string().contains("\"traces\":1"), "{receipt}");
    assert_eq!(computer.redis(&["DBSIZE"]), "1", "the other character's is there still");
    computer.output(&["document", ids[1]], PASSWORD);

    computer.kill_redis();
    computer.output(&["document", ids[1]], PASSWORD);
    let told = String::from_utf8(computer.output(&["stats"], PASSWORD).stdout).unwrap();
    assert!(told.contains("does not answer") && told.contains("redis://…@127.0.0.1"), "{told}");
    let plan = computer.json(&["erase", "--everything", "--dry-run"]);
    assert!(kinds(&plan["beyond"]).contains(&"cache".to_owned()), "{plan}");
    assert!(!kinds(&plan["places"]).contains(&"cache".to_owned()), "{plan}");
    let receipt = computer.json(&["erase", "--everything", "--yes"]).to_string();
    assert!(receipt.contains("\"cache\""), "{receipt}");
}

#[test]
fn a_wrong_password_is_said_by_stats_and_keeps_nobody_from_reading() {
    let computer = Computer::new();
    let saved = computer.home.path().join("one.json");
    fs::write(&saved, sample::history(1, 1, 60_000).next().unwrap().document).unwrap();
    computer.output(&["import", saved.to_str().unwrap()], "wr0ng");
    let id = computer.json(&["list"])["characters"][0]["id"].as_str().unwrap().to_owned();
    assert!(!computer.output(&["document", &id], "wr0ng").stdout.is_empty());
    let told = String::from_utf8(computer.output(&["stats"], "wr0ng").stdout).unwrap();
    assert!(told.contains("does not accept the user name or the password"), "{told}");
    assert_eq!(computer.redis(&["DBSIZE"]), "0");
}

#[test]
fn nothing_of_an_encrypted_library_can_be_read_in_the_redis() {
    let computer = Computer::new();
    let path = |name: &str| computer.home.path().join(name).display().to_string();
    fs::create_dir(path("saved")).unwrap();
    for capture in sample::history(1, 2, 60_000) {
        let mut document: Value = serde_json::from_slice(&capture.document).unwrap();
        let data = if document.get("data").is_some() { &mut document["data"] } else { &mut document };
        data["name"] = format!("{MARK} the brave").into();
        fs::write(path("saved") + "/" + &capture.file_name, document.to_string()).unwrap();
    }
    computer.output(&["import", &path("saved")], PASSWORD);
    let id = computer.json(&["list"])["characters"][0]["id"].as_str().unwrap().to_owned();
    let before = computer.output(&["document", &id], PASSWORD).stdout;
    let plain = computer.marked();
    assert_eq!(plain.len(), 1, "a mark can be read where nothing is encrypted");
    let read = |unlock: &str, version: &str| {
        let args = ["document", &id, "--version", version, "--unlock", unlock];
        let first = computer.output(&args, PASSWORD).stdout;
        assert!(computer.output(&args, PASSWORD).stdout == first, "the same out of the Redis");
        first
    };
    let sealed = |count: usize| {
        let dump = computer.dump();
        assert_eq!((dump.len(), computer.marked()), (count, Vec::new()));
        assert!(dump.iter().all(|(key, _)| key.starts_with("backstory:2:") && !key.contains(&id)));
        dump.into_iter().map(|(key, _)| key).collect::<Vec<_>>()
    };

    let (words, old, new) = (path("words"), path("phrase"), path("new phrase"));
    fs::write(&words, "lantern copper meadow").unwrap();
    let on = ["encryption", "on", "--passphrase-file", &words, "--phrase-to", &old];
    computer.output(&on, PASSWORD);
    assert_eq!(computer.redis(&["DBSIZE"]), "0", "what was there is as plain as the library was");
    assert!(read(&old, "latest") == before);
    read(&old, "first");
    let under_the_old = sealed(2);

    let rotate = ["encryption", "rotate", "--unlock", &old, "--passphrase-file", &words, "--phrase-to", &new];
    computer.output(&rotate, PASSWORD);
    assert_eq!(computer.redis(&["DBSIZE"]), "0");
    assert!(read(&new, "latest") == before);
    assert!(sealed(1).iter().all(|key| !under_the_old.contains(key)), "another key, another name");

    computer.output(&["encryption", "off", "--yes", "--unlock", &new], PASSWORD);
    assert_eq!(computer.redis(&["DBSIZE"]), "0");
    assert!(computer.output(&["document", &id], PASSWORD).stdout == before);
    assert_eq!(computer.marked(), plain);

    // It is encrypted by a program that knows of no Redis: the first one that does takes away what is plain there.
    fs::remove_file(&old).unwrap();
    computer.without_redis(&on);
    assert_eq!(computer.marked(), plain);
    assert!(read(&old, "latest") == before);
    sealed(1);
}
