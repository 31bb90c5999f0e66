//! The library through the cache: what is gone is never served, whoever took it away; a cache that fails is nobody's error.

use std::{path::Path, process::Command, sync::Arc, time::Duration};

use ::redis::Commands as _;
use backstory_core::{
    api::{self, App, Parts},
    cache::{Breaker, CacheKey, CacheSeal, CacheStatistics, CacheStorage, Cached},
    encryption::{KeyChange, Lock, Unlock},
    error::{Code, Error, Result},
    job::{Cancel, Silent},
    json::Tree,
    library::Library,
    model::{CharacterId, ContentHash, VersionMetadata},
    source::Source as _,
    storage::{
        CharacterStorage, Deleted, Expect, HistoryQuery, QueryFilter, Secret, StorageFactory, StoreOptions,
        Write,
    },
};
use backstory_storage::{
    cache::{MemoryCache, MemoryOptions, RedisCache, RedisOptions, TierOptions, TieredCache},
    clock::SystemClock,
    open::Stores,
};
use backstory_tests::{
    app::parts,
    faults::cache::{Mood, MoodyCache},
    keychains::Chain,
    purse::{PURSE, Purse, draft},
    servers::redis::RedisServer,
};
use proptest::{collection::vec, prelude::*};
use serde_json::json;

use crate::{
    model::check,
    subjects::{PATIENT, database, redis},
};

async fn library(path: &Path, cache: Option<Arc<dyn CacheStorage>>, deriver: u32) -> Library {
    let storage = Stores.open(path.to_str().unwrap()).await.unwrap();
    let purse = Arc::new(Purse { deriver });
    Library::new(storage, vec![purse], Arc::new(SystemClock), "test").cached(cache)
}

fn id(character: u64) -> CharacterId {
    CharacterId::new(format!("purse-{character}")).unwrap()
}

fn document(character: u64, gp: u32) -> String {
    format!(r#"{{"id":{character},"name":"Tam","gp":{gp}}}"#)
}

async fn versions(library: &Library, character: u64) -> Vec<VersionMetadata> {
    library.history(&HistoryQuery::all(id(character))).await.unwrap().items
}

/// In memory, over the shared Redis.
fn tiered(database: u32) -> Arc<dyn CacheStorage> {
    Arc::new(TieredCache::new(vec![
        (Arc::new(MemoryCache::new(MemoryOptions::default())), TierOptions::LOCAL),
        (Arc::new(redis(RedisServer::shared(), database, None)), PATIENT),
    ]))
}

/// Waits until a document is in the cache: it comes there behind whoever read it.
async fn until_cached(cache: &dyn CacheStorage, version: &VersionMetadata) {
    let key = CacheKey::new(version.character.as_str(), &version.content.to_string());
    let cached = async {
        while !cache.exists(&key).await.unwrap() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), cached).await.expect("it is kept");
}

#[derive(Debug, Clone)]
enum Step {
    Capture { other: bool, character: u64, gp: u32 },
    Restore { other: bool, character: u64, back: usize },
    Delete { other: bool, character: u64 },
    Undelete { other: bool, character: u64 },
    Erase { other: bool, character: u64 },
    Drop { character: u64, back: usize },
    Retell { other: bool },
    EraseAll { other: bool },
    Look { back: usize },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let who = || (any::<bool>(), 1_u64..4);
    let step = prop_oneof![
        8 => (who(), 0_u32..8).prop_map(|((other, character), gp)| Step::Capture { other, character, gp }),
        3 => (who(), 0_usize..4).prop_map(|((other, character), back)| Step::Restore { other, character, back }),
        1 => who().prop_map(|(other, character)| Step::Delete { other, character }),
        1 => who().prop_map(|(other, character)| Step::Undelete { other, character }),
        2 => who().prop_map(|(other, character)| Step::Erase { other, character }),
        2 => (who(), 0_usize..4).prop_map(|((_, character), back)| Step::Drop { character, back }),
        1 => any::<bool>().prop_map(|other| Step::Retell { other }),
        1 => any::<bool>().prop_map(|other| Step::EraseAll { other }),
        8 => (0_usize..40).prop_map(|back| Step::Look { back }),
    ];
    vec(step, 1..30)
}

/// Does a step, where it can be done. What it cannot (nothing there, a conflict) is not what is tested here.
async fn take(step: &Step, ours: &Library, theirs: &Library, second: i64) {
    let of = |other: &bool| if *other { theirs } else { ours };
    match step {
        Step::Capture { other, character, gp } => {
            of(other).capture(&[draft(second, &document(*character, *gp))]).await.unwrap();
        }
        Step::Restore { other, character, back } => {
            if let Some(version) = versions(of(other), *character).await.get(*back) {
                let _ = of(other).restore(version).await;
            }
        }
        Step::Delete { other, character } => drop(of(other).delete(&id(*character)).await),
        Step::Undelete { other, character } => drop(of(other).undelete(&id(*character)).await),
        Step::Erase { other, character } => drop(of(other).erase(&id(*character)).await),
        Step::EraseAll { other } => of(other).erase_all(&Silent, &Cancel::default()).await.unwrap(),
        Step::Retell { other } => drop(of(other).retell(true, &Silent, &Cancel::default()).await.unwrap()),
        Step::Drop { .. } | Step::Look { .. } => {}
    }
}

/// Takes a version away as whoever thins histories does: around every library.
async fn drop_version(storage: &dyn CharacterStorage, character: u64, back: usize) {
    let all = storage.history(&HistoryQuery::all(id(character))).await.unwrap().items;
    let filter = QueryFilter { ids: vec![id(character)], deleted: Deleted::With, ..QueryFilter::default() };
    let rows = storage.query(&filter).await.unwrap().items;
    let (Some(version), [row]) = (all.get(back), rows.as_slice()) else { return };
    if all.len() < 2 {
        return;
    }
    let mut index = row.clone();
    (index.revision, index.versions) = (row.revision + 1, row.versions - 1);
    index.captures -= version.seen.count;
    let mut transaction = storage.begin().await.unwrap();
    let drop = Write::DropVersions { character: id(character), versions: vec![version.id] };
    let put = Write::Character { index: Box::new(index), expect: Expect::Revision(row.revision) };
    transaction.write(vec![put, drop]).await.unwrap();
    transaction.commit().await.unwrap();
}

/// What the store says of a version, and what that means: the truth.
async fn truth(storage: &dyn CharacterStorage, version: &VersionMetadata) -> Result<(Vec<u8>, i64)> {
    let bytes = storage.document(&version.character, &version.content).await?;
    let tree = Tree::parse(std::str::from_utf8(&bytes).unwrap()).unwrap();
    let gold = PURSE.read(&tree)?.sheet.currency.gp;
    Ok((bytes, gold))
}

async fn through(library: &Library, version: &VersionMetadata) -> Result<(Vec<u8>, i64)> {
    // Each by itself: a sheet could be had without asking anybody, where its document could not.
    let (sheet, document) = (library.sheet(version).await, library.document(version).await);
    let code = |error: &Error| error.code;
    assert_eq!(sheet.as_ref().err().map(code), document.as_ref().err().map(code));
    Ok((document?, sheet?.currency.gp))
}

/// Two libraries over one file, as two processes have them, with one Redis, and memory of their own.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_served_is_what_the_store_says() {
    check(24, steps(), async |steps| {
        let folder = tempfile::tempdir().unwrap();
        let (path, database) = (folder.path().join("library.sqlite"), database());
        let ours = library(&path, Some(tiered(database)), 1).await;
        let theirs = library(&path, Some(tiered(database)), 1).await;
        let storage = Stores.open(path.to_str().unwrap()).await.unwrap();
        let mut seen: Vec<VersionMetadata> = Vec::new();
        for (second, step) in (0..).zip(&steps) {
            take(step, &ours, &theirs, second * 60).await;
            if let Step::Drop { character, back } = step {
                drop_version(&*storage, *character, *back).await;
            }
            for character in 1..4 {
                for version in versions(&theirs, character).await {
                    if !seen.iter().any(|known| known.id == version.id) {
                        seen.push(version);
                    }
                }
            }
            // Once for everything after each step that took something away, else for one: so that much is cached.
            let all = matches!(step, Step::Erase { .. } | Step::EraseAll { .. } | Step::Drop { .. });
            let looked: Vec<_> = match step {
                Step::Look { back } => seen.iter().rev().skip(*back).take(1).collect(),
                _ if all => seen.iter().collect(),
                _ => seen.iter().rev().take(2).collect(),
            };
            for version in looked {
                for library in [&ours, &theirs] {
                    let (expected, found) =
                        (truth(&*storage, version).await, through(library, version).await);
                    match (expected, found) {
                        (Ok(expected), Ok(found)) => assert!(expected == found, "another document"),
                        (Err(expected), Err(found)) => assert_eq!(expected.code, found.code),
                        (expected, found) => panic!("after {step:?}: {expected:?} and {found:?}"),
                    }
                }
            }
        }
    });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_process_erases_and_nothing_of_it_is_served_or_left() {
    let folder = tempfile::tempdir().unwrap();
    let (path, database) = (folder.path().join("library.sqlite"), database());
    let cache = tiered(database);
    let library = library(&path, Some(cache.clone()), 1).await;
    library
        .capture(&[draft(0, &document(1, 5)), draft(60, &document(1, 6)), draft(90, &document(2, 7))])
        .await
        .unwrap();
    let (gone, stays) = (versions(&library, 1).await, versions(&library, 2).await.remove(0));
    for version in gone.iter().chain([&stays]) {
        through(&library, version).await.unwrap();
        until_cached(&*cache, version).await;
    }
    let eraser = env!("CARGO_BIN_EXE_eraser");
    let redis = RedisServer::shared().address(database);
    let done = Command::new(eraser).args([path.to_str().unwrap(), &redis, "purse-1"]).status().unwrap();
    assert!(done.success());
    for version in &gone {
        assert_eq!(library.sheet(version).await.unwrap_err().code, Code::VersionNotFound);
        assert_eq!(library.document(version).await.unwrap_err().code, Code::VersionNotFound);
    }
    through(&library, &stays).await.unwrap();
    // Out of this process's memory, too, behind whoever asked.
    let key = |version: &VersionMetadata| CacheKey::new("purse-1", &version.content.to_string());
    while cache.exists(&key(&gone[0])).await.unwrap() || cache.exists(&key(&gone[1])).await.unwrap() {
        tokio::task::yield_now().await;
    }
    let mut connection = RedisServer::shared().connect(database);
    let left: Vec<String> = ::redis::cmd("KEYS").arg("*").query(&mut connection).unwrap();
    assert_eq!(left.len(), 1, "the other character's");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cache_in_any_mood_is_nobodys_error() {
    let folder = tempfile::tempdir().unwrap();
    let moody = MoodyCache::over(Arc::new(MemoryCache::new(MemoryOptions::default())));
    let library = library(&folder.path().join("library.sqlite"), Some(moody.clone()), 1).await;
    for mood in [Mood::Well, Mood::Failing, Mood::TakesNothing] {
        moody.be(mood);
        library.capture(&[draft(0, &document(1, 5)), draft(60, &document(1, 6))]).await.unwrap();
        for version in versions(&library, 1).await {
            through(&library, &version).await.unwrap();
        }
        let told = library.forget_cached(Some(&id(1))).await;
        assert_eq!(told.is_err(), mood != Mood::Well);
        library.erase(&id(1)).await.unwrap();
        assert_eq!(versions(&library, 1).await, []);
    }
}

/// A cache that has something else under every key.
#[derive(Debug)]
struct Poisoned;

#[async_trait::async_trait]
impl CacheStorage for Poisoned {
    async fn get(&self, _: &CacheKey) -> Result<Option<Cached>> {
        let value = document(1, 1_000_000).into_bytes().into();
        Ok(Some(Cached { value, remaining: Duration::from_secs(60) }))
    }

    async fn set(&self, _: &CacheKey, _: Arc<[u8]>, _: Option<Duration>) -> Result<()> {
        Ok(())
    }

    async fn delete(&self, _: &CacheKey) -> Result<()> {
        Ok(())
    }

    async fn forget(&self, _: &str) -> Result<()> {
        Ok(())
    }

    async fn clear(&self) -> Result<()> {
        Ok(())
    }

    async fn exists(&self, _: &CacheKey) -> Result<bool> {
        Ok(true)
    }

    async fn stats(&self) -> CacheStatistics {
        CacheStatistics::default()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_document_proves_itself_wherever_it_comes_from() {
    let folder = tempfile::tempdir().unwrap();
    let library = library(&folder.path().join("library.sqlite"), Some(Arc::new(Poisoned)), 1).await;
    library.capture(&[draft(0, &document(1, 5))]).await.unwrap();
    let version = versions(&library, 1).await.remove(0);
    assert_eq!(library.document(&version).await.unwrap(), document(1, 5).into_bytes());
    let anew = self::library(&folder.path().join("library.sqlite"), Some(Arc::new(Poisoned)), 1).await;
    assert_eq!(anew.sheet(&version).await.unwrap().currency.gp, 5);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_newer_program_reads_the_same_document_anew() {
    let folder = tempfile::tempdir().unwrap();
    let (path, database) = (folder.path().join("library.sqlite"), database());
    let (cache, later) = (tiered(database), tiered(database));
    let older = library(&path, Some(cache.clone()), 1).await;
    older.capture(&[draft(0, &document(1, 5)), draft(60, &document(1, 6))]).await.unwrap();
    let version = versions(&older, 1).await.remove(0);
    older.document(&version).await.unwrap();
    until_cached(&*cache, &version).await;
    let newer = library(&path, Some(later), 2).await;
    newer.retell(false, &Silent, &Cancel::default()).await.unwrap();
    let sheet = newer.sheet(&version).await.unwrap();
    assert_eq!((sheet.currency.gp, sheet.currency.sp), (0, 6), "the second deriver knows that it is silver");
    assert_eq!(versions(&older, 1).await, versions(&newer, 1).await, "what is told is the store's");
}

fn app(storage: Arc<dyn CharacterStorage>, cache: Arc<dyn CacheStorage>) -> App {
    App::new(Parts {
        storage: Ok(storage),
        caches: Arc::new(move |_| Some(cache.clone())),
        sources: vec![Arc::new(PURSE)],
        samples: Arc::new(|| Ok(Vec::new())),
        ..parts()
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_stands_next_to_a_version_on_the_screen_is_read_ahead() {
    let folder = tempfile::tempdir().unwrap();
    let storage = Stores.open(folder.path().join("library.sqlite").to_str().unwrap()).await.unwrap();
    let cache = Arc::new(MemoryCache::new(MemoryOptions::default()));
    let app = app(storage.clone(), cache.clone());
    let drafts: Vec<_> = (0..7).map(|n| draft(n * 60, &document(1, 10 + n as u32))).collect();
    // By another library: nothing of it is known in the app's.
    library(&folder.path().join("library.sqlite"), None, 1).await.capture(&drafts).await.unwrap();
    let all = storage.history(&HistoryQuery::all(id(1))).await.unwrap().items;
    let request = json!({ "character": "purse-1", "version": "4" });
    api::call(&app, "character.sheet", request, &Silent).await.unwrap();
    for version in [3, 4, 5] {
        let version = all.iter().find(|one| one.version == version).unwrap();
        until_cached(&*cache, version).await;
    }
    assert_eq!(cache.stats().await.tiers[0].entries, Some(3), "and nothing else");
    let stats = api::call(&app, "store.cache", json!({}), &Silent).await.unwrap();
    assert_eq!((&stats["tiers"][0]["name"], &stats["tiers"][0]["entries"]), (&json!("memory"), &json!(3)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stopped_server_is_seen_in_the_statistics_and_nowhere_else() {
    let server = RedisServer::alone(None);
    let folder = tempfile::tempdir().unwrap();
    let storage = Stores.open(folder.path().join("library.sqlite").to_str().unwrap()).await.unwrap();
    let tiers = Arc::new(TieredCache::new(vec![(
        Arc::new(RedisCache::new(RedisOptions::at(Secret::new(server.address(0)))).unwrap()),
        TierOptions { cool_down: Duration::from_millis(5), longest: Duration::from_millis(20), ..PATIENT },
    )]));
    let mut breaker = tiers.watch(0).unwrap();
    let app = app(storage, tiers.clone());
    let library = app.library().unwrap();
    library.capture(&[draft(0, &document(1, 5)), draft(60, &document(1, 6))]).await.unwrap();
    let all = versions(&library, 1).await;
    server.kill();
    while *breaker.borrow() == Breaker::Closed {
        for version in &all {
            assert_eq!(ContentHash::of(&library.document(version).await.unwrap()), version.content);
        }
    }
    let stats = api::call(&app, "store.cache", json!({}), &Silent).await.unwrap();
    let tier = &stats["tiers"][0];
    assert_ne!(tier["breaker"], json!("closed"));
    assert_eq!(tier["trouble"], json!("unreachable"));
    server.start();
    breaker.wait_for(|now| *now == Breaker::Closed).await.unwrap();
    library.document(&all[0]).await.unwrap();
    until_cached(&*tiers, &all[0]).await;
}

/// A store, opened by a program whose keychain this is.
async fn opened(address: &str, chain: &Arc<Chain>) -> Arc<dyn CharacterStorage> {
    let unlock = Unlock { words: None, keychain: Some(chain.clone()) };
    Stores.open_with(address, &StoreOptions { unlock, ..StoreOptions::default() }).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_another_program_encrypts_lies_sealed_from_then_on() {
    let server = RedisServer::alone(None);
    let names = || server.connect(0).keys::<_, Vec<String>>("*").unwrap();
    let lie = |form: &str, count: usize| {
        let names = names();
        assert!(names.len() == count && names.iter().all(|name| name.starts_with(form)), "{form}: {names:?}");
    };
    for end in ["a.sqlite", "b/"] {
        let folder = tempfile::tempdir().unwrap();
        let address = format!("{}/{end}", folder.path().display());
        let chain = Arc::<Chain>::default();
        let (storage, other) = (opened(&address, &chain).await, opened(&address, &chain).await);
        let options = RedisOptions {
            seals: Arc::new(Arc::downgrade(&storage)),
            ..RedisOptions::at(Secret::new(server.address(0)))
        };
        let cache: Arc<dyn CacheStorage> = Arc::new(RedisCache::new(options).unwrap());
        let library = Library::new(storage, vec![Arc::new(PURSE)], Arc::new(SystemClock), "test");
        let library = library.cached(Some(cache.clone()));
        library.capture(&[draft(0, &document(1, 5)), draft(60, &document(1, 6))]).await.unwrap();
        let all = versions(&library, 1).await;
        let read = async || {
            for version in &all {
                assert_eq!(ContentHash::of(&library.document(version).await.unwrap()), version.content);
                until_cached(&*cache, version).await;
            }
        };
        read().await;
        lie("backstory:1:", 2);
        let phrase = || other.new_phrase().unwrap();
        let change = async |change: KeyChange| {
            other.change_keys(&change, &Silent, &Cancel::default()).await.unwrap();
        };
        change(KeyChange::On { lock: Lock::Keychain, phrase: phrase() }).await;
        read().await;
        lie("backstory:2:", 2);
        let before = names();
        change(KeyChange::Renew { lock: Lock::Keychain, phrase: phrase() }).await;
        read().await;
        assert!(names().iter().filter(|name| !before.contains(name)).count() == 2, "under another key");
        change(KeyChange::Off).await;
        // What this library does itself empties it at once.
        let on = KeyChange::On { lock: Lock::Keychain, phrase: phrase() };
        read().await;
        assert_eq!(library.change_keys(&on, &Silent, &Cancel::default()).await.unwrap().keys.len(), 1);
        assert_eq!(names(), Vec::<String>::new());
        read().await;
        lie("backstory:2:", 2);
        cache.clear().await.unwrap();
    }
}

#[tokio::test]
async fn of_two_libraries_in_a_row_of_which_one_is_encrypted_nothing_lies_outside() {
    let folder = tempfile::tempdir().unwrap();
    let [old, new] = ["old.sqlite", "new.sqlite"].map(|name| folder.path().join(name).display().to_string());
    let chain = Arc::<Chain>::default();
    let storage = opened(&old, &chain).await;
    let joined = opened(&format!("gradual:{new}|{old}"), &chain).await;
    assert_eq!(joined.cache_seal().await.unwrap(), CacheSeal::Plain);
    let on = KeyChange::On { lock: Lock::Keychain, phrase: storage.new_phrase().unwrap() };
    storage.change_keys(&on, &Silent, &Cancel::default()).await.unwrap();
    assert_eq!(joined.cache_seal().await.unwrap(), CacheSeal::Never);
    assert!(matches!(storage.cache_seal().await.unwrap(), CacheSeal::Sealed(_)));
    assert_eq!(Stores.open("memory:").await.unwrap().cache_seal().await.unwrap(), CacheSeal::Never);
}
