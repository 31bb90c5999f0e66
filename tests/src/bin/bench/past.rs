//! From documents to answers: parsing and deriving, since when, where, and a folder of a thousand files.

use std::{hint::black_box, sync::Arc, time::Instant};

use backstory_core::{
    api::import::{Intake as _, import_into},
    history::blame,
    job::{Cancel, Silent},
    json::Tree,
    library::Library,
    model::{CharacterIndex, VersionMetadata},
    search::SearchQuery,
    source::Source as _,
    storage::{Expect, HistoryQuery, QueryFilter, StorageFactory as _, Write},
    trace::{ChangedField, Numbers, Place, Trace, Words},
};
use backstory_sources::{ddb::DdbSource, files::Files, registry, sample};
use backstory_storage::{clock::SystemClock, open::Stores};
use backstory_tests::fixtures;

use super::{TURNS, Table, library, median, ms, percentile};

pub(super) async fn run(table: &mut Table) {
    derive(table);
    since_when(table).await;
    search(table).await;
    thousand_files(table);
}

fn derive(table: &mut Table) {
    for (name, bytes, goal) in [("400 KB", 400_000, ""), ("2.5 MB", 2_500_000, "")] {
        let document = sample::history(3, 1, bytes).next().unwrap().document;
        let text = std::str::from_utf8(&document).unwrap();
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for _ in 0..40 {
            let start = Instant::now();
            black_box(DdbSource.read(&Tree::parse(text).unwrap()).unwrap());
            ours.push(ms(start));
            let start = Instant::now();
            black_box(serde_json::from_str::<serde_json::Value>(text).unwrap());
            theirs.push(ms(start));
        }
        let what = format!("parse {name} and derive the sheet");
        table.pair(&what, median(&mut ours), "serde_json parses it", median(&mut theirs), "ms", goal);
    }
}

/// Blame over 1,000 versions, each with a document of its own.
async fn since_when(table: &mut Table) {
    let folder = tempfile::tempdir().unwrap();
    let library = library(folder.path()).await;
    let mut batch = Vec::new();
    for capture in sample::history(7, 1_000, 60_000) {
        batch.push(capture.draft().unwrap());
        if batch.len() == 50 {
            library.capture(&std::mem::take(&mut batch)).await.unwrap();
        }
    }
    let character = library.query(&QueryFilter::default()).await.unwrap().items[0].id.clone();
    let versions = library.history(&HistoryQuery::all(character.clone())).await.unwrap().items;
    let mut times = Vec::new();
    for _ in 0..20 {
        let start = Instant::now();
        let fields = blame::fields(&library.sheet(&versions[0]).await.unwrap());
        let past = library.traces(&character, Some(&versions[0])).await.unwrap();
        let nothing = Trace::default();
        let traces: Vec<&Trace> =
            past.iter().map(|version| version.trace.as_deref().unwrap_or(&nothing)).collect();
        black_box(blame::since(&fields, &traces));
        times.push(ms(start));
    }
    table.alone(
        &format!("since when, over {} versions", versions.len()),
        median(&mut times),
        "ms",
        "≤ 50 ms",
    );
}

/// Words of the game, so that a search finds what it would find in a real library: some often, some once.
const THINGS: [&str; 12] = [
    "Longsword",
    "Cloak of Protection",
    "Potion of Healing",
    "Rope, Hempen",
    "Fireball",
    "Shield",
    "Mage Armor",
    "Thieves' Tools",
    "Torch",
    "Misty Step",
    "Bag of Holding",
    "Ring of Warmth",
];

/// A hundred characters with a thousand versions each, in SQLite.
async fn search(table: &mut Table) {
    let folder = tempfile::tempdir().unwrap();
    let storage = Stores.open(folder.path().join("library.sqlite").to_str().unwrap()).await.unwrap();
    for number in 1..=100_u64 {
        let id = fixtures::character_id(number);
        let row = CharacterIndex { revision: 1, ..fixtures::index(id.clone()) };
        let mut writes = vec![
            Write::Character { index: Box::new(row), expect: Expect::Absent },
            fixtures::content(&id, b"document"),
        ];
        for version in 1..=1_000_u64 {
            let at = fixtures::moment(i64::try_from(version * 600 + number).unwrap());
            let thing = |n: u64| THINGS[usize::try_from((version * 7 + number * 3 + n) % 12).unwrap()];
            let words = vec![
                Words(Place::Inventory, format!("{} {}", thing(0), version * number % 977)),
                Words(Place::Notes, format!("Session {version}: we found {} near the old mill.", thing(1))),
            ];
            let trace = Trace {
                numbers: Numbers { level: 5, ..Numbers::default() },
                changed: vec![ChangedField("currency/gp".into(), Some(0))],
                words,
                ..Trace::default()
            };
            let metadata = VersionMetadata {
                id: fixtures::snapshot_id(number * 10_000 + version),
                trace: Some(Arc::new(trace)),
                ..fixtures::version(&id, version, at, b"document")
            };
            writes.push(Write::Version { metadata: Box::new(metadata) });
        }
        let mut transaction = storage.begin().await.unwrap();
        transaction.write(writes).await.unwrap();
        transaction.commit().await.unwrap();
    }
    let cases = [
        ("a frequent word", "cloak", false),
        ("two words, the first time", "potion healing", true),
        ("a rare one", "warmth 976", false),
    ];
    for (name, text, oldest_first) in cases {
        let query =
            SearchQuery { text: text.to_owned(), oldest_first, limit: Some(50), ..SearchQuery::default() };
        let mut times = Vec::new();
        for _ in 0..20 {
            let start = Instant::now();
            assert!(!black_box(storage.search(&query).await.unwrap()).is_empty(), "{text}");
            times.push(ms(start));
        }
        table.alone(
            &format!("search 100,000 versions: {name}, p95"),
            percentile(&mut times, 0.95),
            "ms",
            "≤ 200 ms",
        );
    }
}

/// A folder of 1,000 files, on all cores and on one.
fn thousand_files(table: &mut Table) {
    let folder = tempfile::tempdir().unwrap();
    for (number, capture) in sample::history(21, 1_000, 100_000).enumerate() {
        std::fs::write(folder.path().join(format!("{number:04}.json")), capture.document).unwrap();
    }
    let import = async || {
        let place = tempfile::tempdir().unwrap();
        let storage = Stores.open(place.path().join("library.sqlite").to_str().unwrap()).await.unwrap();
        let library = Library::new(storage, registry::sources(), Arc::new(SystemClock), "bench");
        let files = Arc::new(Files::new());
        let start = Instant::now();
        let list = files.list(&[folder.path().to_owned()]).await;
        let report = import_into(&library, files, &list, None, &Silent, &Cancel::default()).await;
        assert_eq!(report.files.len(), 1_000);
        ms(start)
    };
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..TURNS {
        ours.push(tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(import())));
        let one = std::thread::scope(|threads| {
            let alone = || {
                tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(import())
            };
            threads.spawn(alone).join().unwrap()
        });
        theirs.push(one);
    }
    table.pair(
        "import a folder of 1,000 files",
        median(&mut ours),
        "on one core",
        median(&mut theirs),
        "ms",
        "",
    );
}
