//! `cargo xtask bench`: how fast Backstory is, as ratios in one run.
//!
//! Every row sets something of Backstory against a plain thing that does the least there is to do (a bare insert, the
//! latest version, an empty window), in turns, and gives the medians and their ratio. Absolute times belong to the
//! machine; ratios and goals are what to read. Nothing here is a test: nothing fails.
//!
//! Without words it runs everything; else the groups named: `captures`, `versions`, `characters`, `past`, `backends`,
//! `cache`, `start`, `window`.
//!
//! The real histories beside the project are used where they are there, generated ones of the same shape where not.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program for developers"
)]

mod backends;
mod cache;
mod past;
mod window;

use std::{
    hint::black_box,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::Arc,
    time::Instant,
};

use backstory_core::{
    api::import::Intake,
    diff,
    json::Tree,
    library::Library,
    model::{ContentHash, VersionMetadata},
    source::{Draft, Source},
    storage::{HistoryQuery, QueryFilter, Sort, StorageFactory},
};
use backstory_sources::{ddb::DdbSource, files::Files, registry, sample};
use backstory_storage::{clock::SystemClock, open::Stores};
use backstory_tests::fixtures;
use rusqlite::Connection;
use serde_json::json;

/// Turns of each pair; the median counts.
const TURNS: usize = 5;

fn main() {
    #[cfg(target_os = "linux")]
    if let [word, length] = std::env::args().skip(1).collect::<Vec<_>>().as_slice()
        && word == cache::FILL
    {
        return cache::fill(length.parse().unwrap());
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let mut table = Table::default();
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    let is_wanted = |name: &str| wanted.is_empty() || wanted.iter().any(|word| word == name);
    runtime.block_on(async {
        if is_wanted("captures") {
            captures(&mut table).await;
        }
        if is_wanted("versions") {
            versions(&mut table).await;
        }
        if is_wanted("characters") {
            many_characters(&mut table).await;
        }
        if is_wanted("past") {
            past::run(&mut table).await;
        }
        if is_wanted("backends") {
            backends::run(&mut table).await;
        }
        if is_wanted("cache") {
            cache::run(&mut table).await;
        }
        if is_wanted("window") {
            window::run(&mut table).await;
        }
    });
    if is_wanted("start") {
        start(&mut table);
    }
    table.print();
    table.write();
}

/// One line of the result.
struct Row {
    what: String,
    ours: f64,
    against: String,
    theirs: Option<f64>,
    unit: &'static str,
    goal: &'static str,
}

#[derive(Default)]
struct Table(Vec<Row>);

impl Table {
    /// Sets ours against theirs; the ratio is theirs / ours for times: above 1 is faster than what it is set against.
    fn pair(
        &mut self,
        what: &str,
        ours: f64,
        against: &str,
        theirs: f64,
        unit: &'static str,
        goal: &'static str,
    ) {
        eprintln!("{what}: {ours:.3} {unit} against {theirs:.3}");
        let (what, against) = (what.to_owned(), against.to_owned());
        self.0.push(Row { what, ours, against, theirs: Some(theirs), unit, goal });
    }

    fn alone(&mut self, what: &str, ours: f64, unit: &'static str, goal: &'static str) {
        eprintln!("{what}: {ours:.3} {unit}");
        self.0.push(Row { what: what.to_owned(), ours, against: String::new(), theirs: None, unit, goal });
    }

    fn print(&self) {
        println!(
            "{:<46} {:>12} {:>12} {:>8}  {:<34} goal",
            "what", "Backstory", "against", "ratio", "set against"
        );
        for row in &self.0 {
            let ours = format!("{:.3} {}", row.ours, row.unit);
            let theirs = row.theirs.map(|n| format!("{n:.3} {}", row.unit)).unwrap_or_default();
            let ratio = row.theirs.map(|n| format!("{:.2}×", n / row.ours)).unwrap_or_default();
            println!("{:<46} {ours:>12} {theirs:>12} {ratio:>8}  {:<34} {}", row.what, row.against, row.goal);
        }
    }

    fn write(&self) {
        let rows: Vec<_> = self
            .0
            .iter()
            .map(|row| {
                json!({"what": row.what, "backstory": row.ours, "unit": row.unit, "against": row.against,
                       "other": row.theirs, "ratio": row.theirs.map(|n| n / row.ours), "goal": row.goal})
            })
            .collect();
        let path = target().join("bench.json");
        std::fs::create_dir_all(target()).unwrap();
        std::fs::write(&path, serde_json::to_vec_pretty(&json!({ "turns": TURNS, "rows": rows })).unwrap())
            .unwrap();
        println!("\nAlso in {}", path.display());
    }
}

fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../target")), PathBuf::from)
}

fn percentile(times: &mut [f64], p: f64) -> f64 {
    times.sort_by(f64::total_cmp);
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)]
    let at = ((times.len() - 1) as f64 * p).round() as usize;
    times[at]
}

fn median(times: &mut [f64]) -> f64 {
    percentile(times, 0.5)
}

fn ms(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1e3
}

async fn library(folder: &Path) -> Library {
    let path = folder.join("library.sqlite");
    let storage = Stores.open(path.to_str().unwrap()).await.unwrap();
    Library::new(storage, registry::sources(), Arc::new(SystemClock), "bench")
}

/// What came in, before anything is read: the time and the bytes.
type Raw = (jiff::Timestamp, Vec<u8>);

/// A real history of 151 captures with 14 contents, or a generated one of the same shape.
fn sequence() -> (Vec<Raw>, &'static str) {
    let corpus = std::env::var_os("BACKSTORY_CORPUS").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/corpus")),
        PathBuf::from,
    );
    let Ok(entries) = std::fs::read_dir(corpus.join("ddb-history/145081718")) else {
        return (generated(), "generated");
    };
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let at = |i: usize| fixtures::moment(i64::try_from(i).unwrap() * 600);
    (paths.iter().enumerate().map(|(i, path)| (at(i), std::fs::read(path).unwrap())).collect(), "real")
}

fn generated() -> Vec<Raw> {
    let contents: Vec<Vec<u8>> = sample::history(11, 14, 400_000).map(|capture| capture.document).collect();
    (0..151)
        .map(|i| (fixtures::moment(i * 600), contents[usize::try_from(i).unwrap() * 14 / 151].clone()))
        .collect()
}

/// The whole way from bytes to a draft, as an import goes it.
async fn draft(files: &Files, (at, bytes): &Raw) -> Draft {
    let file = files.hold(bytes.clone(), *at);
    files.read(&file, Some(*at)).await.unwrap()
}

fn bare(folder: &Path) -> Connection {
    let connection = Connection::open(folder.join("bare.sqlite")).unwrap();
    connection
        .execute_batch(
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE t (at INTEGER, bytes BLOB)",
        )
        .unwrap();
    connection
}

fn insert(connection: &Connection, at: jiff::Timestamp, bytes: &[u8]) {
    let mut statement = connection.prepare_cached("INSERT INTO t VALUES (?1, ?2)").unwrap();
    statement.execute((at.as_second(), bytes)).unwrap();
}

async fn captures(table: &mut Table) {
    let (sequence, kind) = sequence();
    let per_capture = |total: f64, n: usize| total / f64::from(u32::try_from(n).unwrap());
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..TURNS {
        let folder = tempfile::tempdir().unwrap();
        let (library, files) = (library(folder.path()).await, Files::new());
        let start = Instant::now();
        for batch in sequence.chunks(32) {
            let mut drafts = Vec::with_capacity(batch.len());
            for raw in batch {
                drafts.push(draft(&files, raw).await);
            }
            library.capture(&drafts).await.unwrap();
        }
        ours.push(per_capture(ms(start), sequence.len()));
        let connection = bare(folder.path());
        let start = Instant::now();
        sequence.iter().for_each(|(at, bytes)| insert(&connection, *at, bytes));
        theirs.push(per_capture(ms(start), sequence.len()));
    }
    let what = format!("capture a {kind} history, 151 looks, in batches");
    table.pair(&what, median(&mut ours), "bare insert of the raw bytes", median(&mut theirs), "ms", "≥ 2.5×");

    let distinct: Vec<Raw> =
        sample::history(5, 120, 400_000).map(|capture| (capture.captured_at, capture.document)).collect();
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..TURNS {
        let folder = tempfile::tempdir().unwrap();
        let (library, files) = (library(folder.path()).await, Files::new());
        let start = Instant::now();
        for raw in &distinct {
            library.capture(&[draft(&files, raw).await]).await.unwrap();
        }
        ours.push(per_capture(ms(start), distinct.len()));
        let connection = bare(folder.path());
        let start = Instant::now();
        for (at, bytes) in &distinct {
            insert(&connection, *at, &zstd::encode_all(bytes.as_slice(), 3).unwrap());
        }
        theirs.push(per_capture(ms(start), distinct.len()));
    }
    let against = "bare zstd-3 and insert";
    table.pair(
        "capture 420 KB, each distinct, one by one",
        median(&mut ours),
        against,
        median(&mut theirs),
        "ms",
        "≥ 0.85×",
    );
    one_by_one(table, &distinct[0]).await;
}

/// A look that finds what is there already: beyond what a commit costs.
async fn one_by_one(table: &mut Table, raw: &Raw) {
    let folder = tempfile::tempdir().unwrap();
    let library = library(folder.path()).await;
    let mut draft = draft(&Files::new(), raw).await;
    library.capture(std::slice::from_ref(&draft)).await.unwrap();
    let connection = bare(folder.path());
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for i in 0..200 {
        draft.captured_at = raw.0 + jiff::SignedDuration::from_secs(i + 1);
        let start = Instant::now();
        library.capture(std::slice::from_ref(&draft)).await.unwrap();
        ours.push(ms(start));
        let start = Instant::now();
        insert(&connection, draft.captured_at, b"seen");
        theirs.push(ms(start));
    }
    let (ours, theirs) = (median(&mut ours), median(&mut theirs));
    table.pair(
        "capture an identical document, read already",
        ours,
        "bare insert of 4 bytes",
        theirs,
        "ms",
        "≤ 0.2 ms more",
    );
}

async fn versions(table: &mut Table) {
    let folder = tempfile::tempdir().unwrap();
    let library = library(folder.path()).await;
    let mut raw_bytes = 0;
    let mut batch = Vec::new();
    for capture in sample::history(9, 500, 400_000) {
        raw_bytes += capture.document.len();
        batch.push(capture.draft().unwrap());
        if batch.len() == 50 {
            library.capture(&std::mem::take(&mut batch)).await.unwrap();
        }
    }
    let statistics = library.statistics().await.unwrap();
    #[allow(clippy::cast_precision_loss)]
    let per_version = |bytes: u64| bytes as f64 / statistics.versions as f64;
    let raw = per_version(raw_bytes as u64);
    table.pair(
        "bytes a version, 500 distinct of 420 KB",
        per_version(statistics.encoded_bytes),
        "raw",
        raw,
        "B",
        "≥ 100×",
    );

    let character = library.query(&QueryFilter::default()).await.unwrap().items[0].id.clone();
    let start = Instant::now();
    let all = library.history(&HistoryQuery::all(character)).await.unwrap().items;
    table.alone("history of 500 versions", ms(start), "ms", "≤ 0.2 ms");
    let (mut any, mut latest) = (Vec::new(), Vec::new());
    for i in 0..600 {
        let version: &VersionMetadata = &all[(i * 7919) % all.len()];
        let start = Instant::now();
        black_box(library.document(version).await.unwrap());
        any.push(ms(start));
        let start = Instant::now();
        black_box(library.document(&all[0]).await.unwrap());
        latest.push(ms(start));
    }
    let p50 = median(&mut any.clone());
    table.pair(
        "open any of 500 versions, p50",
        p50,
        "the latest",
        median(&mut latest),
        "ms",
        "≤ 0.5 ms, ≤ 2× the latest",
    );
    table.alone("open any of 500 versions, p99", percentile(&mut any, 0.99), "ms", "≤ 2 ms");
    compare(table, &library, &all).await;
}

async fn compare(table: &mut Table, library: &Library, all: &[VersionMetadata]) {
    let (first, last) = (&all[all.len() - 1], &all[0]);
    for (name, a, b, goal) in
        [("first and last", first, last, "≤ 2.5 ms"), ("two neighbours", &all[1], last, "≤ 1 ms")]
    {
        let (a, b) = (library.document(a).await.unwrap(), library.document(b).await.unwrap());
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for _ in 0..40 {
            let start = Instant::now();
            let sheet = |bytes: &[u8]| {
                DdbSource.read(&Tree::parse(std::str::from_utf8(bytes).unwrap()).unwrap()).unwrap().sheet
            };
            black_box(diff::compare(&sheet(&a), &sheet(&b), diff::Options::default()));
            ours.push(ms(start));
            let start = Instant::now();
            black_box(serde_json::from_slice::<serde_json::Value>(&a).unwrap());
            black_box(serde_json::from_slice::<serde_json::Value>(&b).unwrap());
            theirs.push(ms(start));
        }
        let what = format!("compare {name}, bytes to rows");
        table.pair(&what, median(&mut ours), "serde_json parses both", median(&mut theirs), "ms", goal);
    }
    let bytes = library.document(last).await.unwrap();
    let mut hash: Vec<f64> = Vec::new();
    for _ in 0..40 {
        let start = Instant::now();
        black_box(ContentHash::of(&bytes));
        hash.push(ms(start));
    }
    table.alone("hash of one document", median(&mut hash), "ms", "");
}

/// Makes the i-th query of a kind.
type Query<'q> = &'q dyn Fn(u32) -> QueryFilter;

async fn many_characters(table: &mut Table) {
    const COUNT: u32 = 100_000;
    let folder = tempfile::tempdir().unwrap();
    fill(folder.path(), COUNT).await;
    let mut open = Vec::new();
    for _ in 0..TURNS {
        let start = Instant::now();
        let library = library(folder.path()).await;
        let page = library.query(&QueryFilter { limit: Some(100), ..QueryFilter::default() }).await.unwrap();
        assert_eq!((page.items.len(), page.total), (100, u64::from(COUNT)));
        open.push(ms(start));
    }
    table.alone("100,000 characters: open and first page", median(&mut open), "ms", "≤ 3 ms");
    let library = library(folder.path()).await;
    let filter = |i: u32| QueryFilter {
        classes: vec![["wizard", "fighter", "cleric"][i as usize % 3].to_owned()],
        min_level: Some(i % 17 + 1),
        max_level: Some(i % 17 + 1),
        limit: Some(50),
        ..QueryFilter::default()
    };
    let text = |i: u32| QueryFilter {
        text: Some(["maë", "thorn", "brök", "oak", "wiz", "lantern"][i as usize % 6].to_owned()),
        limit: Some(50),
        ..QueryFilter::default()
    };
    let range = |i: u32| QueryFilter {
        min_level: Some(i % 10 + 1),
        max_level: Some(i % 10 + 6),
        sort: Sort::Level,
        limit: Some(50),
        ..QueryFilter::default()
    };
    let cases: [(&str, Query<'_>, &'static str); 3] = [
        ("class and level, p99", &filter, "≤ 0.25 ms"),
        ("text, p99", &text, "≤ 2 ms"),
        ("sorted range, p99", &range, "≤ 1 ms"),
    ];
    for (name, query, goal) in cases {
        let mut times = Vec::new();
        for i in 0..200 {
            let filter = query(i);
            let start = Instant::now();
            black_box(library.query(&filter).await.unwrap());
            times.push(ms(start));
        }
        table.alone(&format!("100,000 characters: {name}"), percentile(&mut times, 0.99), "ms", goal);
    }
}

async fn fill(folder: &Path, count: u32) {
    let library = library(folder).await;
    let mut batch: Vec<Draft> = Vec::new();
    for capture in sample::scale(count, 1) {
        batch.push(capture.draft().unwrap());
        if batch.len() == 2_000 {
            library.capture(&std::mem::take(&mut batch)).await.unwrap();
        }
    }
    library.capture(&batch).await.unwrap();
}

/// From starting the program to its first screen, against an empty window of the same kind.
fn start(table: &mut Table) {
    let (Some(desktop), Some(empty)) =
        (std::env::var_os("BACKSTORY_DESKTOP"), std::env::var_os("BACKSTORY_EMPTY_WINDOW"))
    else {
        eprintln!("cold start is not measured: there is no window here");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(fill(folder.path(), 100_000));
    drop(runtime);
    let library = folder.path().join("library.sqlite");
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..TURNS {
        ours.push(until_ready(Command::new(&desktop).env("BACKSTORY_LIBRARY", &library), folder.path()));
        theirs.push(until_ready(&mut Command::new(&empty), folder.path()));
    }
    let (ours, theirs) = (median(&mut ours), median(&mut theirs));
    table.pair(
        "cold start, 100,000 characters",
        ours,
        "an empty window",
        theirs,
        "ms",
        "≥ 0.8× (≤ 1.25× the time)",
    );
}

/// Runs a program until it says that its window is ready, and stops it by its own process.
fn until_ready(command: &mut Command, home: &Path) -> f64 {
    let start = Instant::now();
    let mut child = command
        .env("HOME", home)
        .env("XDG_DATA_HOME", home.join("data"))
        .env("XDG_CONFIG_HOME", home.join("config"))
        .env("NO_AT_BRIDGE", "1")
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let ready = lines.map_while(Result::ok).find(|line| line.contains("window ready"));
    let time = ms(start);
    assert!(ready.is_some(), "the window never said that it is ready");
    child.kill().unwrap();
    child.wait().unwrap();
    time
}
