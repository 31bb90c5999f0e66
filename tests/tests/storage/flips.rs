//! Every byte of a small store, changed: it is found, or the byte says nothing.
//!
//! After each change the store does not open and says why, or a check reports a problem, or everything that can be read is
//! what it was and the byte is provably one that nobody reads. The normal run takes a sample; `cargo xtask test --slow`
//! takes every byte. The folder's own test (`folder::every_flipped_bit_is_found_and_harms_nothing_else`) takes every byte
//! always.

use std::{collections::BTreeSet, fs, ops::Range, path::Path, sync::Arc};

use backstory_core::{
    error::{Code, Error},
    job::{Cancel, Silent},
    model::{CharacterIndex, ContentHash, Member, Role, Sighting, VersionMetadata},
    privacy::audit::{Act, Action, Entry, Head},
    search::{SearchHit, SearchQuery},
    storage::{
        Changes, CharacterStorage, CheckScope, Expect, HistoryQuery, QueryFilter, Setting, StorageFactory,
        Write,
    },
    trace::{Place, Trace, Words},
};
use backstory_storage::{
    open::Stores,
    sqlite::{SqliteOptions, SqliteStorage},
};
use backstory_tests::fixtures::{character_id, moment, snapshot_id, store};
use rusqlite::Connection;

use crate::{
    backends::{Backend, Objects, Sqlite},
    folder::files,
};

/// How many bytes of a store the normal run changes.
const SAMPLE: usize = 500;

/// The documents of the two characters.
const DOCUMENTS: [(u64, &[u8]); 3] =
    [(1, b"{\"the first\": 1}"), (1, b"{\"the second\": 2}"), (2, b"{\"another's\": 3}")];

const SMALL: &str = "PRAGMA journal_mode = delete; PRAGMA page_size = 512; \
    DROP TABLE IF EXISTS sqlite_stat1; DROP TABLE IF EXISTS sqlite_stat4; VACUUM";

/// Everything that can be read from a store.
#[derive(Debug, PartialEq)]
struct Everything {
    rows: Vec<CharacterIndex>,
    histories: Vec<Vec<VersionMetadata>>,
    sightings: Vec<Vec<Sighting>>,
    members: Vec<Member>,
    settings: Vec<Setting>,
    log: (Vec<Entry>, Head),
    changes: Changes,
    documents: Vec<Vec<u8>>,
    found: Vec<Vec<SearchHit>>,
}

impl Everything {
    async fn of(storage: &dyn CharacterStorage) -> Result<Self, Error> {
        let mut everything = Self {
            rows: storage.query(&QueryFilter::default()).await?.items,
            histories: Vec::new(),
            sightings: Vec::new(),
            members: storage.members().await?,
            settings: storage.settings().await?,
            log: (storage.audit(0, 100).await?, storage.audit_head().await?),
            changes: storage.changes_since(0, 100).await?,
            documents: Vec::new(),
            found: Vec::new(),
        };
        for number in 1..=2 {
            let query =
                HistoryQuery { stored: true, traces: true, ..HistoryQuery::all(character_id(number)) };
            everything.histories.push(storage.history(&query).await?.items);
            everything.sightings.push(storage.sightings(&character_id(number)).await?);
        }
        for (number, text) in DOCUMENTS {
            let read = storage.document(&character_id(number), &ContentHash::of(text)).await?;
            everything.documents.push(read);
        }
        for word in ["lan", "rope", "without"] {
            let query = SearchQuery { text: word.to_owned(), ..SearchQuery::default() };
            everything.found.push(storage.search(&query).await?);
        }
        Ok(everything)
    }
}

/// Two characters, one that was erased, sightings, a tag, an archived version, words to be found, somebody's place in a campaign.
async fn fill(storage: &dyn CharacterStorage) -> Everything {
    let texts = |wanted| DOCUMENTS.iter().filter(move |(n, _)| *n == wanted).map(|(_, text)| text.to_vec());
    for number in [1, 2] {
        store(storage, number, &texts(number).collect::<Vec<_>>()).await;
    }
    store(storage, 3, &[b"gone".to_vec()]).await;
    let history = storage.history(&HistoryQuery::all(character_id(1))).await.unwrap().items;
    let tagged = VersionMetadata { tags: vec!["before the dragon".to_owned()], ..history[0].clone() };
    let archived = VersionMetadata { archived: true, ..history[1].clone() };
    let words = Words(Place::Inventory, "A rope, and a lantern without oil".to_owned());
    let trace = |words| Some(Arc::new(Trace { words, ..Trace::default() }));
    let tagged = VersionMetadata { trace: trace(vec![words]), ..tagged };
    let archived = VersionMetadata { trace: trace(Vec::new()), ..archived };
    let writes = vec![
        Write::Version { metadata: Box::new(tagged) },
        Write::Version { metadata: Box::new(archived) },
        Write::Sightings {
            character: character_id(1),
            version: snapshot_id(1_000_001),
            at: vec![moment(70), moment(80)],
        },
        Write::Erase { character: character_id(3), expect: Expect::Revision(1) },
        Write::Member {
            campaign: "The Sunken Bell".to_owned(),
            user: "ada".to_owned(),
            role: Some(Role::DungeonMaster),
        },
        Write::Setting {
            setting: Setting { key: "library.policy".to_owned(), value: Some("30".to_owned()), revision: 1 },
            expect: Expect::Absent,
        },
        Act::new(Action::Erase).count("versions", 1).write(moment(90), "test"),
        Act::new(Action::Member).write(moment(91), "test"),
    ];
    let mut transaction = storage.begin().await.unwrap();
    transaction.write(writes).await.unwrap();
    transaction.commit().await.unwrap();
    storage.repair(&Silent, &Cancel::default()).await.unwrap();
    assert_eq!(problems(storage).await.unwrap(), 0);
    Everything::of(storage).await.unwrap()
}

async fn problems(storage: &dyn CharacterStorage) -> Result<usize, Error> {
    Ok(storage.check(CheckScope::Data, &Silent, &Cancel::default()).await?.problems.len())
}

/// Whether whoever looks is told. If not, everything is as it was.
async fn is_told(opened: Result<&dyn CharacterStorage, Error>, right: &Everything) -> Result<bool, String> {
    let said = |error: Error| match error.code {
        Code::Internal => Err(format!("{error:?}")),
        _ => Ok(true),
    };
    let storage = match opened {
        Ok(storage) if storage.info().read_only.is_some() => return Ok(true),
        Ok(storage) => storage,
        Err(error) => return said(error),
    };
    let read = Everything::of(storage).await;
    match (problems(storage).await, read) {
        (Ok(0), Ok(read)) if read == *right => Ok(false),
        (Ok(0), read) => Err(format!("a wrong answer, and nothing said: {read:?}")),
        (Ok(_), _) => Ok(true),
        (Err(error), _) => said(error),
    }
}

/// The places to change: all of them, or a sample that is the same each time.
fn places(length: usize, all: bool) -> impl Iterator<Item = usize> {
    (0..length).step_by(if all { 1 } else { (length / SAMPLE).max(1) | 1 })
}

/// Another value than a byte has: a flipped bit, or at every third place another byte altogether.
fn other(byte: u8, place: usize) -> u8 {
    if place.is_multiple_of(3) {
        byte.wrapping_add(1 + (place % 251) as u8)
    } else {
        byte ^ (1 << (place % 8))
    }
}

async fn every_byte_of_a_sqlite_file(all: bool) {
    let backend = Sqlite::default();
    let right = fill(&*backend.open().await).await;
    shrink(&backend.path());
    let whole = fs::read(backend.path()).unwrap();
    let unused = Unused::of(&whole);
    let folder = tempfile::tempdir().unwrap();
    let (mut told, mut silent, mut wrong) = (0, 0, Vec::new());
    for place in places(whole.len(), all) {
        let path = folder.path().join(format!("{place}.sqlite"));
        let mut damaged = whole.clone();
        damaged[place] = other(damaged[place], place);
        fs::write(&path, damaged).unwrap();
        let storage = SqliteStorage::open(&path, SqliteOptions::default()).await;
        let opened = storage.as_ref().map(|storage| storage as &dyn CharacterStorage).map_err(Clone::clone);
        match is_told(opened, &right).await {
            Ok(true) => told += 1,
            Ok(false) if unused.has(place) => silent += 1,
            Ok(false) => wrong.push(format!("{place}: {} passes unnoticed", unused.page_of(place))),
            Err(why) => wrong.push(format!("{place}: {} {why}", unused.page_of(place))),
        }
        drop(storage);
        for ending in ["", "-wal", "-shm"] {
            let _ = fs::remove_file(folder.path().join(format!("{place}.sqlite{ending}")));
        }
    }
    println!("{} bytes: {told} told, {silent} in room that nobody reads", whole.len());
    assert!(wrong.is_empty(), "{} of them: {:#?}", wrong.len(), &wrong[..wrong.len().min(40)]);
    assert!(told > SAMPLE / 3, "{told}");
}

/// Small pages, and none that is free: few bytes to change. Without the numbers that SQLite keeps to find the quicker way by:
/// they say nothing of what is found.
fn shrink(path: &Path) {
    let connection = Connection::open(path).unwrap();
    let flags = rusqlite::functions::FunctionFlags::SQLITE_UTF8;
    connection.create_scalar_function(c"checksum", -1, flags, |_| Ok(rusqlite::types::Null)).unwrap();
    connection.execute_batch(SMALL).unwrap();
    connection.pragma_update(None, "journal_mode", "wal").unwrap();
    connection.close().unwrap();
}

/// Which bytes of a SQLite file nobody reads, by its file format.
struct Unused {
    used: Vec<bool>,
    kinds: Vec<String>,
    page: usize,
}

impl Unused {
    fn of(file: &[u8]) -> Self {
        let page = usize::from(u16::from_be_bytes([file[16], file[17]]));
        let pages = file.len() / page;
        let mut unused =
            Self { used: vec![false; file.len()], kinds: vec!["overflow".to_owned(); pages], page };
        // The header, but for its counters, what is reserved, and the bits of its numbers that SQLite passes over: of the
        // form of the plan the upper bytes, of the encoding of texts all but two bits, of the way of giving room back
        // all but whether it is zero.
        for range in [0..24, 28..40, 47..48, 52..56, 68..72] {
            unused.mark(range);
        }
        let entries = page / 5;
        let is_map = |number: usize| number >= 1 && (number - 1).is_multiple_of(entries + 1);
        for number in 0..pages {
            if is_map(number) {
                unused.kinds[number] = "map".to_owned();
                let mapped = entries.min(pages - number - 1);
                unused.mark(number * page..number * page + 5 * mapped);
            }
        }
        let mut trees = vec![(0, "plan".to_owned())];
        trees.extend(roots(file));
        while let Some((number, name)) = trees.pop() {
            let below = unused.tree_page(file, number, &name);
            trees.extend(below.into_iter().map(|number| (number, name.clone())));
        }
        // When a migration was made: told to nobody.
        for at in 0..file.len().saturating_sub(20) {
            let is_date = file[at..at + 2] == *b"20"
                && file[at + 4] == b'-'
                && file[at + 10] == b'T'
                && file[at + 13] == b':';
            if is_date {
                let length = file[at..].iter().take_while(|byte| b"0123456789-:.TZ+".contains(byte)).count();
                unused.used[at..at + length].fill(false);
            }
        }
        unused
    }

    fn mark(&mut self, range: Range<usize>) {
        self.used[range].fill(true);
    }

    fn has(&self, place: usize) -> bool {
        !self.used[place]
    }

    fn page_of(&self, place: usize) -> String {
        format!(
            "byte {} of page {} ({})",
            place % self.page,
            place / self.page + 1,
            self.kinds[place / self.page]
        )
    }

    /// What of a table's row says nothing: which kind of nothing stands where the number of the row is a column, and the
    /// number itself in the plan. In the index of words, by which count a program notices that its settings changed.
    fn says_nothing(&mut self, file: &[u8], name: &str, row: Range<usize>, number: usize) {
        let mut at = row.end;
        let header = varint(file, &mut at);
        if file[at] == 0 {
            self.used[at] = false;
        }
        if name == "plan" {
            self.used[row.clone()].fill(false);
        }
        if name == "word_index_data" && number == 10 {
            self.used[row.end + header..row.end + header + 4].fill(false);
        }
    }

    /// Marks what a page of a tree uses, and the overflow pages of its cells. Gives the pages below it.
    fn tree_page(&mut self, file: &[u8], number: usize, name: &str) -> Vec<usize> {
        let start = number * self.page;
        let header = start + if number == 0 { 100 } else { 0 };
        let two = |at: usize| usize::from(u16::from_be_bytes([file[at], file[at + 1]]));
        let four =
            |at: usize| u32::from_be_bytes([file[at], file[at + 1], file[at + 2], file[at + 3]]) as usize;
        let kind = file[header];
        assert!([2, 5, 10, 13].contains(&kind), "page {number} of {name} is no tree's");
        self.kinds[number] = format!("{name}, kind {kind}");
        let is_inner = kind == 2 || kind == 5;
        let cells = two(header + 3);
        let pointers = header + if is_inner { 12 } else { 8 };
        self.mark(header..pointers + 2 * cells);
        let mut below = Vec::new();
        if is_inner {
            below.push(four(header + 8) - 1);
        }
        for cell in 0..cells {
            let cell = start + two(pointers + 2 * cell);
            let mut at = cell;
            if is_inner {
                below.push(four(at) - 1);
                at += 4;
            }
            if kind == 5 {
                // The number in it only leads the way: whatever it is within its neighbours, all rows are found.
                self.mark(cell..at);
                continue;
            }
            let payload = varint(file, &mut at);
            let row = at;
            let number_of_row = if kind == 13 { varint(file, &mut at) } else { 0 };
            let record = at;
            let usable = self.page;
            let most = if kind == 13 { usable - 35 } else { (usable - 12) * 64 / 255 - 23 };
            let least = (usable - 12) * 32 / 255 - 23;
            let rest = least + payload.saturating_sub(least) % (usable - 4);
            let local = if payload <= most {
                payload
            } else if rest <= most {
                rest
            } else {
                least
            };
            at += local;
            let mut left = payload - local;
            let mut next = if left > 0 { four(at) } else { 0 };
            self.mark(cell..at + if left > 0 { 4 } else { 0 });
            while left > 0 {
                let place = (next - 1) * self.page;
                let here = left.min(usable - 4);
                self.mark(place..place + 4 + here);
                left -= here;
                next = four(place);
            }
            if kind == 13 {
                self.says_nothing(file, name, row..record, number_of_row);
            }
        }
        below
    }
}

/// The first pages of all tables and indexes, and their names.
fn roots(file: &[u8]) -> Vec<(usize, String)> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("copy");
    fs::write(&path, file).unwrap();
    let connection = Connection::open(path).unwrap();
    let mut statement =
        connection.prepare("SELECT rootpage - 1, name FROM sqlite_schema WHERE rootpage > 0").unwrap();
    let roots = statement.query_map([], |row| Ok((row.get::<_, i64>(0)?, row.get(1)?))).unwrap();
    let roots = roots.map(Result::unwrap);
    roots.map(|(root, name)| (usize::try_from(root).unwrap(), name)).collect()
}

fn varint(file: &[u8], at: &mut usize) -> usize {
    let mut value = 0;
    for n in 0..9 {
        let byte = file[*at];
        *at += 1;
        if n == 8 {
            return (value << 8) | usize::from(byte);
        }
        value = (value << 7) | usize::from(byte & 0x7f);
        if byte < 0x80 {
            break;
        }
    }
    value
}

async fn every_byte_of_an_object_store(all: bool) {
    let backend = Objects::default();
    let storage = backend.open().await;
    fill(&*storage).await;
    // Enough commits for a checkpoint, where readers start.
    for number in 0..66 {
        let at = vec![moment(1_000 + number)];
        let seen = Write::Sightings { character: character_id(2), version: snapshot_id(2_000_001), at };
        let mut transaction = storage.begin().await.unwrap();
        transaction.write(vec![seen]).await.unwrap();
        transaction.commit().await.unwrap();
    }
    storage.repair(&Silent, &Cancel::default()).await.unwrap();
    assert_eq!(problems(&*storage).await.unwrap(), 0);
    let right = Everything::of(&*storage).await.unwrap();
    drop(storage);
    let files = files(&backend.path());
    let bytes: Vec<_> = files.iter().map(|file| fs::read(file).unwrap()).collect();
    let places: BTreeSet<_> = places(bytes.iter().map(Vec::len).sum(), all).collect();
    let (mut first, mut told) = (0, 0);
    for (file, whole) in files.iter().zip(&bytes) {
        for place in places.range(first..first + whole.len()).map(|place| place - first) {
            let mut damaged = whole.clone();
            damaged[place] = other(damaged[place], place);
            fs::write(file, damaged).unwrap();
            let storage = Stores.open(&format!("objects:{}", backend.path().display())).await;
            let opened = storage.as_ref().map(|storage| &**storage).map_err(Clone::clone);
            let result = is_told(opened, &right).await;
            assert_eq!(result, Ok(true), "{} byte {place}", file.display());
            told += 1;
        }
        fs::write(file, whole).unwrap();
        first += whole.len();
    }
    println!("{first} bytes in {} objects: {told} changed and told", files.len());
    // Two places of the sample may be one.
    assert!(told * 10 >= SAMPLE * 9, "{told}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bytes_of_a_sqlite_file_that_change_are_found() {
    every_byte_of_a_sqlite_file(false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "slow"]
async fn every_byte_of_a_sqlite_file_that_changes_is_found() {
    every_byte_of_a_sqlite_file(true).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bytes_of_an_object_store_that_change_are_found() {
    every_byte_of_an_object_store(false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "slow"]
async fn every_byte_of_an_object_store_that_changes_is_found() {
    every_byte_of_an_object_store(true).await;
}
