//! Every backend at the same work: a real history saved look by look, opened, listed; each against its bare driver doing
//! the same bytes.

use std::{hint::black_box, path::Path, sync::Arc, time::Instant};

use backstory_core::{
    library::Library,
    model::VersionMetadata,
    source::Draft,
    storage::{CharacterStorage, Deleted, HistoryQuery, QueryFilter, Sort, StorageFactory},
};
use backstory_sources::{files::Files, registry, sample};
use backstory_storage::{clock::SystemClock, open::Stores};

use super::{Table, draft, median, ms, percentile, sequence};

/// How many characters the filtered query goes over: a hundred thousand would take a folder of as many folders.
const CAST: u32 = 5_000;

/// A backend at work, and what its bare driver does with the same bytes.
struct Contestant {
    name: &'static str,
    address: String,
    /// Saves these bytes durably, with nothing but the driver.
    bare: Bare,
}

/// The least there is to do to keep bytes.
enum Bare {
    /// An insert into a table of one column.
    Sqlite(rusqlite::Connection),
    /// A new file, synced, in a synced folder.
    File(std::path::PathBuf),
    /// An insert into a table of one column, committed by itself.
    #[cfg(unix)]
    Postgres(tokio_postgres::Client),
}

impl Bare {
    async fn save(&self, n: usize, bytes: &[u8]) {
        match self {
            Self::Sqlite(connection) => {
                let mut statement = connection.prepare_cached("INSERT INTO t VALUES (?1)").unwrap();
                statement.execute([bytes]).unwrap();
            }
            Self::File(folder) => {
                let path = folder.join(n.to_string());
                std::fs::write(&path, bytes).unwrap();
                std::fs::File::open(&path).unwrap().sync_all().unwrap();
                std::fs::File::open(folder).unwrap().sync_all().unwrap();
            }
            #[cfg(unix)]
            Self::Postgres(client) => {
                client.execute("INSERT INTO t VALUES ($1)", &[&bytes]).await.unwrap();
            }
        }
    }
}

async fn contestants(folder: &Path) -> Vec<Contestant> {
    let bare = rusqlite::Connection::open(folder.join("bare.sqlite")).unwrap();
    bare.execute_batch("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE t (bytes BLOB)")
        .unwrap();
    let address = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    let bare_folder = |name: &str| {
        let path = folder.join(name);
        std::fs::create_dir(&path).unwrap();
        Bare::File(path)
    };
    let objects = format!("objects:{}", address("bucket"));
    #[cfg_attr(not(unix), allow(unused_mut))]
    let mut contestants = vec![
        Contestant { name: "sqlite", address: address("library.sqlite"), bare: Bare::Sqlite(bare) },
        Contestant { name: "folder", address: address("library/"), bare: bare_folder("bare") },
        Contestant { name: "object store, local", address: objects, bare: bare_folder("bare objects") },
    ];
    #[cfg(unix)]
    contestants.push(server().await);
    contestants
}

/// A database of its own, on a server started for it; beside it another one for the bare driver.
#[cfg(unix)]
async fn server() -> Contestant {
    use backstory_tests::servers::postgres::Server;
    let (library, bare) = (Server::shared().library().await, Server::shared().empty().await);
    let client = bare.connect("postgres").await;
    client.batch_execute("CREATE TABLE t (bytes bytea)").await.unwrap();
    let address = library.address("keeper");
    // They live as long as the server, which ends with the program.
    std::mem::forget((library, bare));
    Contestant { name: "postgres", address, bare: Bare::Postgres(client) }
}

/// What the group `backends` measures.
pub(super) async fn run(table: &mut Table) {
    let folder = tempfile::tempdir().unwrap();
    let (looks, kind) = sequence();
    let files = Files::new();
    let mut drafts = Vec::new();
    for raw in &looks {
        drafts.push(draft(&files, raw).await);
    }
    for contestant in contestants(folder.path()).await {
        let storage = Stores.open(&contestant.address).await.unwrap();
        let library = Library::new(Arc::clone(&storage), registry::sources(), Arc::new(SystemClock), "bench");
        save(table, &contestant, &library, &drafts, kind).await;
        open(table, &contestant, &library).await;
        size(table, &contestant, &*storage).await;
        cast(table, &contestant, &library).await;
    }
}

/// One look at a time, each acknowledged before the next: what a player's evening is.
async fn save(table: &mut Table, contestant: &Contestant, library: &Library, drafts: &[Draft], kind: &str) {
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for (n, draft) in drafts.iter().enumerate() {
        let start = Instant::now();
        library.capture(std::slice::from_ref(draft)).await.unwrap();
        ours.push(ms(start));
        let start = Instant::now();
        contestant.bare.save(n, &draft.document).await;
        theirs.push(ms(start));
    }
    let sum = |times: &[f64]| times.iter().sum::<f64>() / f64::from(u32::try_from(times.len()).unwrap());
    let what = format!("{}: save a look of a {kind} history, mean", contestant.name);
    table.pair(&what, sum(&ours), "the bare driver saves the raw bytes", sum(&theirs), "ms", "");
}

async fn open(table: &mut Table, contestant: &Contestant, library: &Library) {
    let character = library.query(&QueryFilter::default()).await.unwrap().items[0].id.clone();
    let mut times = Vec::new();
    let mut all: Vec<VersionMetadata> = Vec::new();
    for _ in 0..50 {
        let start = Instant::now();
        all = library.history(&HistoryQuery::all(character.clone())).await.unwrap().items;
        times.push(ms(start));
    }
    table.alone(&format!("{}: a history of {}", contestant.name, all.len()), median(&mut times), "ms", "");
    let (mut any, mut latest) = (Vec::new(), Vec::new());
    for i in 0..200 {
        let start = Instant::now();
        black_box(library.document(&all[(i * 7919) % all.len()]).await.unwrap());
        any.push(ms(start));
        let start = Instant::now();
        black_box(library.document(&all[0]).await.unwrap());
        latest.push(ms(start));
    }
    let what = format!("{}: open any version, p50", contestant.name);
    table.pair(&what, median(&mut any), "the latest", median(&mut latest), "ms", "≤ 2× the latest");
}

async fn size(table: &mut Table, contestant: &Contestant, storage: &dyn CharacterStorage) {
    let statistics = storage.statistics().await.unwrap();
    #[allow(clippy::cast_precision_loss)]
    let each = |bytes: u64| bytes as f64 / statistics.captures as f64;
    let what = format!("{}: bytes a look, documents and store", contestant.name);
    table.pair(
        &what,
        each(statistics.encoded_bytes),
        "the whole store",
        each(statistics.store_bytes),
        "B",
        "",
    );
}

/// Many characters at once, and a filter over them.
async fn cast(table: &mut Table, contestant: &Contestant, library: &Library) {
    let drafts: Vec<Draft> = sample::scale(CAST, 1).map(|capture| capture.draft().unwrap()).collect();
    let start = Instant::now();
    for batch in drafts.chunks(500) {
        library.capture(batch).await.unwrap();
    }
    let per_second = f64::from(CAST) / (ms(start) / 1e3);
    table.alone(&format!("{}: new characters in bulk", contestant.name), per_second, "/s", "");
    let mut times = Vec::new();
    for i in 0..100_u32 {
        let filter = QueryFilter {
            classes: vec![["wizard", "fighter", "cleric"][i as usize % 3].to_owned()],
            min_level: Some(i % 17 + 1),
            max_level: Some(i % 17 + 3),
            deleted: Deleted::Without,
            sort: Sort::Name,
            limit: Some(50),
            ..QueryFilter::default()
        };
        let start = Instant::now();
        black_box(library.query(&filter).await.unwrap());
        times.push(ms(start));
    }
    let what = format!("{}: class and level among {CAST}, p99", contestant.name);
    table.alone(&what, percentile(&mut times, 0.99), "ms", "");
}
