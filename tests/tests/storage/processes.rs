//! Many processes with one store, and processes that are killed: what was acknowledged is there, once, and nothing is damaged.

use std::{
    collections::BTreeSet,
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    time::Duration,
};

use backstory_core::{
    job::{Cancel, Silent},
    privacy::audit::verify,
    storage::{CharacterStorage, CheckScope, HistoryQuery, StorageFactory},
};
use backstory_storage::open::Stores;
use backstory_tests::fixtures::character_id;

#[cfg(unix)]
use crate::backends::Postgres;
use crate::backends::{Folder, Objects, Sqlite};

/// How many processes write at once.
const PROCESSES: u64 = 8;

/// How many versions each saves; more where the variable says so.
fn writes() -> u64 {
    std::env::var("BACKSTORY_WRITES").ok().and_then(|writes| writes.parse().ok()).unwrap_or(40)
}

/// A process that saves so many versions and says of each that it is saved.
pub(crate) fn writer(address: &str, worker: u64, count: u64) -> Child {
    Command::new(env!("CARGO_BIN_EXE_writer"))
        .args([address, &worker.to_string(), &count.to_string()])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Every acknowledged version is there once, and nothing is damaged. Says how many there are.
pub(crate) async fn everything_acknowledged_is_there(address: &str, lines: &[String]) -> u64 {
    let storage = Stores.open(address).await.unwrap();
    let report = storage.check(CheckScope::Data, &Silent, &Cancel::default()).await.unwrap();
    // What a killed process leaves behind may be reported; nothing that is shown may be wrong.
    let wrong: Vec<_> = report.problems.iter().filter(|problem| !problem.repairable).collect();
    assert!(wrong.is_empty(), "{wrong:?}");
    let mut there = BTreeSet::new();
    for number in 1..=3 {
        for version in storage.history(&HistoryQuery::all(character_id(number))).await.unwrap().items {
            assert!(there.insert(format!("{} {} {}", version.character, version.id, version.content)));
        }
    }
    for line in lines {
        assert!(there.contains(line), "{line} was acknowledged and is lost");
    }
    // What was done is told, and what is told was done, whenever a writer was killed.
    let log = verify::read(&*storage, None).await.unwrap();
    assert!(log.ok && log.log.size == there.len() as u64, "{} {log:?}", there.len());
    there.len() as u64
}

async fn many_at_once(address: &str) {
    let writes = writes();
    let children: Vec<_> = (0..PROCESSES).map(|worker| writer(address, worker, writes)).collect();
    let mut acknowledged = Vec::new();
    for mut child in children {
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        acknowledged.extend(lines.map_while(Result::ok));
        assert!(child.wait().unwrap().success());
    }
    assert_eq!(acknowledged.len() as u64, PROCESSES * writes);
    assert_eq!(everything_acknowledged_is_there(address, &acknowledged).await, PROCESSES * writes);
    is_sound(&*Stores.open(address).await.unwrap()).await;
}

async fn is_sound(storage: &dyn CharacterStorage) {
    let report = storage.check(CheckScope::Data, &Silent, &Cancel::default()).await.unwrap();
    assert_eq!(report.problems, []);
}

/// Kills a writing process again and again, each time a little later in its work.
async fn killed(address: &str, rounds: u64) {
    let mut acknowledged = Vec::new();
    for round in 0..rounds {
        let mut child = writer(address, round, 1_000_000);
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        acknowledged.push(lines.next().unwrap().unwrap());
        // Not to wait for anything: to be killed at another moment each time.
        std::thread::sleep(Duration::from_micros(round * 1_733 % 40_000));
        child.kill().unwrap();
        acknowledged.extend(lines.map_while(Result::ok).filter(|line| line.len() > 100));
        child.wait().unwrap();
        let there = everything_acknowledged_is_there(address, &acknowledged).await;
        let unknown = there - acknowledged.len() as u64;
        assert!(unknown <= round + 1, "at most one of each process was saved without its word");
    }
}

fn folder(backend: &Folder) -> String {
    format!("folder:{}", backend.path().display())
}

fn sqlite(backend: &Sqlite) -> String {
    backend.path().display().to_string()
}

fn objects(backend: &Objects) -> String {
    format!("objects:{}", backend.path().display())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_processes_share_a_folder() {
    many_at_once(&folder(&Folder::default())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_processes_share_a_sqlite_file() {
    many_at_once(&sqlite(&Sqlite::default())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_processes_share_an_object_store() {
    many_at_once(&objects(&Objects::default())).await;
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_processes_share_a_server() {
    let backend = Postgres::default();
    many_at_once(&backend.database().await.address("keeper")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_writer_of_a_folder_loses_nothing() {
    killed(&folder(&Folder::default()), 30).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_writer_of_a_sqlite_file_loses_nothing() {
    killed(&sqlite(&Sqlite::default()), 12).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_writer_of_an_object_store_loses_nothing() {
    killed(&objects(&Objects::default()), 12).await;
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_writer_to_a_server_loses_nothing() {
    let backend = Postgres::default();
    killed(&backend.database().await.address("keeper"), 12).await;
}
