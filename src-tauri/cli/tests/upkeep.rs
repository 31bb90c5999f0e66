//! Work in the background and health, with the real binary.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests may")]

mod home;

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use backstory_core::{
    job::lease::{BEAT, Lease, MISSED},
    library::Library,
    storage::StorageFactory as _,
};
use backstory_sources::{registry, sample};
use backstory_storage::{clock::SystemClock, open::Stores};
use serde_json::Value;
use tempfile::TempDir;

/// A player's computer with a library.
struct Computer(TempDir);

impl Computer {
    fn new() -> Self {
        let computer = Self(tempfile::tempdir().unwrap());
        let files = computer.path("files");
        fs::create_dir(&files).unwrap();
        for capture in sample::demo().into_iter().take(8) {
            fs::write(files.join(capture.file_name), capture.document).unwrap();
        }
        assert_eq!(computer.ends(&["import", files.to_str().unwrap()]).0, 0);
        computer
    }

    fn path(&self, path: &str) -> PathBuf {
        self.0.path().join(path)
    }

    fn library(&self) -> PathBuf {
        self.path("library.sqlite")
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = home::command(self.0.path(), args);
        // A busy or full computer is not what is looked at here.
        command.env("BACKSTORY_ALERTS__SLOW_MS", "600000").env("BACKSTORY_ALERTS__DISK_PERCENT", "0");
        command.env("BACKSTORY_LIBRARY", self.library());
        command
    }

    /// How it ends, and what it says.
    fn ends(&self, args: &[&str]) -> (i32, Value) {
        let output = self.command(&[args, &["--json"]].concat()).output().unwrap();
        let said = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|_| panic!("{args:?}: {}", String::from_utf8_lossy(&output.stderr)));
        (output.status.code().unwrap(), said)
    }

    fn job(&self, name: &str) -> Value {
        let (_, jobs) = self.ends(&["jobs"]);
        jobs["jobs"].as_array().unwrap().iter().find(|job| job["name"] == name).unwrap().clone()
    }

    fn check(&self, name: &str) -> Value {
        let (_, health) = self.ends(&["health"]);
        health["checks"].as_array().unwrap().iter().find(|check| check["name"] == name).unwrap().clone()
    }

    fn alerts(&self) -> Vec<String> {
        let (_, health) = self.ends(&["health"]);
        health["alerts"]
            .as_array()
            .unwrap()
            .iter()
            .map(|alert| alert["kind"].as_str().unwrap().to_owned())
            .collect()
    }

    async fn open(&self) -> Library {
        let storage = Stores.open(self.library().to_str().unwrap()).await.unwrap();
        Library::new(storage, registry::sources(), Arc::new(SystemClock), "test")
    }
}

#[test]
fn what_is_due_is_done_once_and_written_down() {
    let computer = Computer::new();
    assert_eq!(computer.job("verify")["last"], Value::Null);
    let (code, ran) = computer.ends(&["jobs", "run"]);
    let runs = ran["runs"].as_array().unwrap();
    assert_eq!((code, runs.len()), (0, 7), "{ran}");
    let names: Vec<_> = runs.iter().map(|run| run["name"].as_str().unwrap()).collect();
    for name in ["backup", "drill", "verify", "retention", "recompress", "retell", "cache"] {
        assert!(names.contains(&name), "{names:?}");
        let job = computer.job(name);
        assert!(["done", "nothing", "failed"].contains(&job["last"]["outcome"].as_str().unwrap()), "{job}");
    }
    assert!(computer.job("verify")["last"]["counts"]["bytes"].as_u64().unwrap() > 100_000);
    assert_eq!(computer.job("backup")["last"]["outcome"], "done");
    assert_eq!(computer.ends(&["backup", "list"]).1["backups"][0]["reason"], "scheduled");
    let (code, ran) = computer.ends(&["jobs", "run"]);
    assert_eq!(code, 0);
    assert!(
        ran["runs"].as_array().unwrap().iter().all(|run| run["name"] != "verify" && run["name"] != "backup"),
        "{ran}"
    );
    let (_, again) = computer.ends(&["jobs", "run", "backup"]);
    assert_eq!(again["runs"][0]["outcome"], "nothing", "nothing was saved since: {again}");
}

#[test]
fn the_schedule_is_the_players() {
    let computer = Computer::new();
    computer.ends(&["jobs", "set", "verify", "--every", "24"]);
    assert_eq!(computer.job("verify")["every_hours"], 24);
    computer.ends(&["jobs", "set", "verify", "--off"]);
    let job = computer.job("verify");
    assert_eq!(
        (&job["on"], &job["next"], job["every_hours"].as_u64()),
        (&Value::Bool(false), &Value::Null, Some(24))
    );
    computer.ends(&["jobs", "set", "verify", "--on"]);
    assert_eq!(computer.job("verify")["on"], true);
    let (code, error) = computer.ends(&["jobs", "set", "verify", "--every", "0"]);
    assert_eq!((code, error["error"]["code"].as_str()), (2, Some("invalid_argument")));
    let (code, error) = computer.ends(&["jobs", "run", "cooking"]);
    assert_eq!((code, error["error"]["code"].as_str()), (2, Some("invalid_argument")));
}

/// Somebody who is at work is not disturbed; what somebody left who was killed is taken after a while.
#[tokio::test(flavor = "multi_thread")]
async fn one_program_at_a_time() {
    let computer = Computer::new();
    let library = computer.open().await;
    let mut lease = Lease { holder: "somebody".to_owned(), job: "verify".to_owned(), beat: 0 };
    let mut revision = library.set_setting("jobs.lease", Some(&lease), 0).await.unwrap();
    let mut waits = computer.command(&["jobs", "run", "backup", "--json"]);
    let mut waits = waits.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    // As a program at work does, only more often: until the other one has seen it.
    let ended = loop {
        if let Some(ended) = waits.try_wait().unwrap() {
            break ended;
        }
        lease.beat += 1;
        revision = library.set_setting("jobs.lease", Some(&lease), revision).await.unwrap();
        tokio::time::sleep(Duration::from_millis(200)).await;
    };
    let mut said = String::new();
    waits.stdout.take().unwrap().read_to_string(&mut said).unwrap();
    let said: Value = serde_json::from_str(&said).unwrap();
    assert_eq!((ended.code(), said["error"]["code"].as_str()), (Some(1), Some("job_running")), "{said}");
    assert_eq!(said["error"]["details"]["job"], "verify");
    assert_eq!(computer.job("verify")["running"], true);
    assert!(!computer.path("backups").exists());

    // Nobody beats any more: it takes as long as nobody could be at work, and not much longer.
    let (began, (code, ran)) = (Instant::now(), computer.ends(&["jobs", "run", "backup"]));
    assert_eq!((code, ran["runs"][0]["outcome"].as_str()), (0, Some("done")), "{ran}");
    assert!(began.elapsed() >= BEAT * MISSED, "{:?}", began.elapsed());
    let (left, _) = library.setting::<Lease>("jobs.lease").await.unwrap();
    assert_eq!(left, None, "it was given back");
    let again = Instant::now();
    computer.ends(&["jobs", "run", "retell"]);
    assert!(again.elapsed() < BEAT * MISSED, "and the next one does not wait for it");
}

#[test]
fn health_tells_what_is_well_and_what_is_not() {
    let computer = Computer::new();
    let (code, health) = computer.ends(&["health"]);
    assert_eq!((code, health["status"].as_str()), (0, Some("warning")), "{health}");
    assert_eq!(computer.check("backup")["status"], "warning", "there is none yet");
    computer.ends(&["jobs", "run"]);
    for name in ["store", "writable", "lock", "disk", "capture", "backup", "drill", "verify", "jobs"] {
        let check = computer.check(name);
        assert_eq!(check["status"], "ok", "{check}");
    }
    assert!(computer.check("verify")["message"].as_str().unwrap().contains("match their fingerprints"));
    assert_eq!(computer.alerts(), Vec::<String>::new());

    fs::write(computer.library(), "no library any more").unwrap();
    let (code, health) = computer.ends(&["health"]);
    assert_eq!((code, health["status"].as_str()), (1, Some("critical")));
    assert_eq!(health["alerts"][0]["kind"], "storage_unavailable");
    assert!(health["alerts"][0]["hint"].as_str().unwrap().len() > 10);
}

#[test]
fn a_flipped_byte_in_the_library_is_found_and_told() {
    let computer = Computer::new();
    computer.ends(&["jobs", "run", "verify"]);
    assert_eq!(computer.alerts(), Vec::<String>::new());
    // So that a document can be found in the file.
    computer.ends(&["recompress", "--compression", "none", "--whole"]);
    let mut bytes = fs::read(computer.library()).unwrap();
    let document = sample::demo().swap_remove(0).document;
    let mut parts = document.chunks_exact(48);
    let at = parts.find_map(|part| bytes.windows(48).position(|window| window == part)).unwrap();
    bytes[at + 20] ^= 0x01;
    fs::write(computer.library(), bytes).unwrap();
    let (code, ran) = computer.ends(&["jobs", "run", "verify"]);
    assert_eq!((code, ran["runs"][0]["outcome"].as_str()), (1, Some("failed")), "{ran}");
    assert_eq!(computer.alerts(), ["damage"]);
    let (code, backup) = computer.ends(&["jobs", "run", "backup"]);
    assert_eq!(
        (code, backup["runs"][0]["problem"]["code"].as_str()),
        (1, Some("store_damaged")),
        "no bad backup takes a good one's place"
    );
    assert_eq!(computer.ends(&["health"]).0, 1);
}

#[test]
fn a_bad_backup_is_told() {
    let computer = Computer::new();
    computer.ends(&["backup", "now"]);
    let list = computer.ends(&["backup"]).1;
    let name = list["backups"][0]["name"].as_str().unwrap();
    let file = Path::new(list["folder"].as_str().unwrap()).join(name).join("library.sqlite");
    fs::write(&file, "cut").unwrap();
    let (code, ran) = computer.ends(&["jobs", "run", "drill"]);
    assert_eq!((code, ran["runs"][0]["problem"]["code"].as_str()), (1, Some("backup_damaged")));
    assert_eq!(computer.alerts(), ["drill_failed"]);
    computer.ends(&["backup", "now"]);
    computer.ends(&["backup", "drill"]);
    assert_eq!(computer.alerts(), Vec::<String>::new());
}

#[test]
fn what_is_measured_is_served_to_this_computer_only() {
    let computer = Computer::new();
    let config = computer.path("config.toml");
    fs::write(&config, "metrics.listen = '0.0.0.0:9464'").unwrap();
    let serve = ["--config", config.to_str().unwrap(), "health", "--serve"];
    let (code, error) = computer.ends(&serve);
    assert_eq!((code, error["error"]["code"].as_str()), (1, Some("config_invalid")));
    fs::write(&config, "metrics.listen = '127.0.0.1:0'").unwrap();
    let mut serves = computer.command(&serve).stderr(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(serves.stderr.take().unwrap()).read_line(&mut line).unwrap();
    let address = line.split("//").nth(1).unwrap().split('/').next().unwrap().to_owned();
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(b"GET /metrics HTTP/1.1\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    serves.kill().unwrap();
    serves.wait().unwrap();
    for part in [
        "backstory_up 1",
        "backstory_versions ",
        "backstory_operation_seconds{operation=\"query\",quantile=\"0.99\"}",
        "# TYPE backstory_store_bytes gauge",
    ] {
        assert!(answer.contains(part), "{part}: {answer}");
    }
    for capture in sample::demo().iter().take(8) {
        assert!(!answer.contains(&capture.expected.name), "no name is in it");
    }
}
