//! Encryption at rest: the same store plain and encrypted, in turns, at the same work.

use std::{hint::black_box, sync::Arc, time::Instant};

use backstory_core::{
    encryption::{KeyChange, Lock, Unlock},
    job::{Cancel, Silent},
    library::Library,
    model::VersionMetadata,
    source::Draft,
    storage::{CharacterStorage, HistoryQuery, QueryFilter, StorageFactory, StoreOptions},
};
use backstory_sources::{files::Files, registry, sample};
use backstory_storage::{clock::SystemClock, open::Stores};
use backstory_tests::keychains::Chain;

use super::{TURNS, Table, draft, median, ms, sequence};

/// How many characters are listed and searched.
const CAST: u32 = 2_000;

/// What encryption may cost: nine tenths of the speed stay.
const GOAL: &str = "≥ 0.9×";

async fn library(address: &str, seal: bool) -> Library {
    let unlock = Unlock { words: None, keychain: Some(Arc::new(Chain::default())) };
    let options = StoreOptions { unlock, ..StoreOptions::default() };
    let storage: Arc<dyn CharacterStorage> = Stores.open_with(address, &options).await.unwrap();
    if seal {
        let on = KeyChange::On { lock: Lock::Keychain, phrase: storage.new_phrase().unwrap() };
        storage.change_keys(&on, &Silent, &Cancel::default()).await.unwrap();
    }
    Library::new(storage, registry::sources(), Arc::new(SystemClock), "bench")
}

/// What the group `sealed` measures.
pub(super) async fn run(table: &mut Table) {
    let (looks, kind) = sequence();
    let files = Files::new();
    let mut drafts = Vec::new();
    for raw in &looks {
        drafts.push(draft(&files, raw).await);
    }
    for name in ["sqlite", "folder"] {
        let mut times = Times::default();
        let folder = tempfile::tempdir().unwrap();
        let mut last = Vec::new();
        for turn in 0..TURNS {
            last.clear();
            for seal in [turn % 2 == 0, turn % 2 != 0] {
                let end = if name == "sqlite" { ".sqlite" } else { "/" };
                let address = folder.path().join(format!("{turn} {seal}")).to_str().unwrap().to_owned() + end;
                let library = library(&address, seal).await;
                times.of(seal).work(&library, &drafts).await;
                last.push((seal, library));
            }
        }
        times.report(table, name, kind);
        last.sort_by_key(|(seal, _)| *seal);
        if let [(_, plain), (_, sealed)] = &last[..] {
            cast(table, name, sealed, plain).await;
        }
    }
}

/// The times of one of the two.
#[derive(Default)]
struct Side {
    saves: Vec<f64>,
    any: Vec<f64>,
    latest: Vec<f64>,
    histories: Vec<f64>,
}

#[derive(Default)]
struct Times {
    sealed: Side,
    plain: Side,
}

impl Times {
    fn of(&mut self, seal: bool) -> &mut Side {
        if seal { &mut self.sealed } else { &mut self.plain }
    }

    fn report(&mut self, table: &mut Table, name: &str, kind: &str) {
        let (sealed, plain) = (&mut self.sealed, &mut self.plain);
        let mut row = |what: &str, ours: &mut Vec<f64>, theirs: &mut Vec<f64>| {
            let what = format!("{name}, encrypted: {what}");
            table.pair(&what, median(ours), "the same in plain", median(theirs), "ms", GOAL);
        };
        row(&format!("save a {kind} history look by look"), &mut sealed.saves, &mut plain.saves);
        row("open any version", &mut sealed.any, &mut plain.any);
        row("open the latest", &mut sealed.latest, &mut plain.latest);
        row("the history", &mut sealed.histories, &mut plain.histories);
    }
}

impl Side {
    /// Saves a history look by look, and opens it.
    async fn work(&mut self, library: &Library, drafts: &[Draft]) {
        let start = Instant::now();
        for draft in drafts {
            library.capture(std::slice::from_ref(draft)).await.unwrap();
        }
        self.saves.push(ms(start));
        let character = library.query(&QueryFilter::default()).await.unwrap().items[0].id.clone();
        let mut all: Vec<VersionMetadata> = Vec::new();
        for _ in 0..20 {
            let start = Instant::now();
            all = library.history(&HistoryQuery::all(character.clone())).await.unwrap().items;
            self.histories.push(ms(start));
        }
        for i in 0..100 {
            let start = Instant::now();
            black_box(library.document(&all[(i * 7919) % all.len()]).await.unwrap());
            self.any.push(ms(start));
            let start = Instant::now();
            black_box(library.document(&all[0]).await.unwrap());
            self.latest.push(ms(start));
        }
    }
}

/// Many characters: taken in, listed and searched.
async fn cast(table: &mut Table, name: &str, sealed: &Library, plain: &Library) {
    let drafts: Vec<Draft> = sample::scale(CAST, 1).map(|capture| capture.draft().unwrap()).collect();
    let mut times = Vec::new();
    for library in [sealed, plain] {
        let start = Instant::now();
        for batch in drafts.chunks(500) {
            library.capture(batch).await.unwrap();
        }
        let saved = ms(start);
        let filter =
            QueryFilter { text: Some("wizard".to_owned()), limit: Some(50), ..QueryFilter::default() };
        let start = Instant::now();
        black_box(library.query(&filter).await.unwrap());
        times.push((saved, ms(start)));
    }
    let [ours, theirs] = times[..] else { return };
    let what = |what: &str| format!("{name}, encrypted: {what} {CAST} characters");
    table.pair(&what("take in"), ours.0, "the same in plain", theirs.0, "ms", GOAL);
    table.pair(&what("first look for a word among"), ours.1, "the same in plain", theirs.1, "ms", "");
}
