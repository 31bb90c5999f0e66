//! One fault at a time, in the place where a library lies: each has its own alert with its code and its way out, and whatever the
//! fault does not touch goes on.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test stops where it stands")]

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
};

use async_trait::async_trait;
use backstory_core::{
    alerts::AlertKind,
    api::{
        App, Host, Parts,
        app::Empty,
        archiving::{ArchiveGet, archive},
        backup::{BackupRef, backup_drill, backup_list, backup_make, backup_restore},
        health::{HealthGet, Machine, Status, health},
        jobs::{JobRef, jobs_run},
        keeping::cache_statistics,
    },
    config::{Address, AlertsConfig, CacheConfig, Config, Environment, File, Format, Layers},
    error::{Code, Result},
    job::{Silent, schedule::Outcome},
    storage::{HistoryQuery, QueryFilter, StorageFactory as _, StorageInfo},
};
use backstory_sources::sample;
use backstory_storage::{cache, machine, open::Stores};
use backstory_tests::{
    app::{self, parts},
    disk::SmallDisk,
    servers::{postgres::Server, redis::RedisServer},
};

/// A program without a window on this very computer, of which only the disk is looked at: a busy one is no fault.
struct NoWindow;

#[async_trait]
impl Host for NoWindow {
    async fn alerts(&self) -> Option<AlertsConfig> {
        Some(AlertsConfig {
            slow_ms: 600_000,
            error_percent: 100,
            memory_percent: 100,
            ..AlertsConfig::default()
        })
    }

    async fn machine(&self, library: Option<&StorageInfo>) -> Machine {
        Machine { disk: machine::look(library).disk, ..Machine::default() }
    }
}

/// A program on this library, with backups in a folder.
async fn app(library: &str, backups: &Path, redis: Option<&str>) -> App {
    let path = backstory_storage::open::local(&Address::new(library));
    let redis = redis.map(redis_at);
    App::new(Parts {
        storage: Stores.open(library).await,
        caches: Arc::new(move |store| cache::open(redis.as_ref()?, store)),
        backups: Ok(app::backups(path, Some(backups.to_owned()))),
        host: Arc::new(NoWindow),
        ..parts()
    })
}

fn redis_at(url: &str) -> CacheConfig {
    let text = format!("[cache]\nbackend = 'tiered'\n[cache.redis]\nredis_url = '{url}'");
    let config = Config::read(Layers {
        home: Ok("memory:".to_owned()),
        file: Some(File { path: "config", text: &text, format: Format::Toml }),
        environment: Environment { names: Vec::new(), lookup: &|_| None },
        library: None,
    });
    config.unwrap().cache
}

async fn fill(app: &App) {
    app.own_library().unwrap().capture(&sample::drafts().unwrap()).await.unwrap();
}

/// What is not well, each with what to do.
async fn alerts(app: &App) -> Vec<(AlertKind, Option<Code>)> {
    let found = health(app, HealthGet::default(), &Silent).await.unwrap();
    for alert in &found.alerts {
        assert!(alert.message.len() > 10 && alert.hint.len() > 10, "{alert:?}");
        assert!(
            !alert.message.contains("alert-") && !alert.hint.contains("-do"),
            "it is in words: {alert:?}"
        );
    }
    found.alerts.into_iter().map(|alert| (alert.kind, alert.problem.map(|error| error.code))).collect()
}

/// How the archive stands, as far as one look tells; none where nothing is archived.
async fn archive_stands(app: &App) -> Option<Status> {
    let found = health(app, HealthGet::default(), &Silent).await.unwrap();
    found.checks.into_iter().find(|check| check.name == "archive").map(|check| check.status)
}

async fn verify(app: &App) {
    jobs_run(app, JobRef { name: "verify".to_owned() }, &Silent).await.unwrap();
}

/// Reads the newest version of every character: the ids of those that cannot be read, and how many can.
async fn unreadable(app: &App) -> (Vec<String>, usize) {
    let library = app.own_library().unwrap();
    let (mut broken, mut whole) = (Vec::new(), 0);
    for row in library.query(&QueryFilter::default()).await.unwrap().items {
        let history = library.history(&HistoryQuery::all(row.id.clone())).await.unwrap().items;
        match library.document(&history[0]).await {
            Ok(_) => whole += 1,
            Err(error) => {
                assert!(error.hint.is_some(), "{error:?}");
                broken.push(row.id.to_string());
            }
        }
    }
    (broken, whole)
}

/// Every document there is, with the version it is of.
async fn documents(app: &App) -> Vec<(String, Vec<u8>)> {
    let (library, mut found) = (app.own_library().unwrap(), Vec::new());
    for row in library.query(&QueryFilter::default()).await.unwrap().items {
        for version in library.history(&HistoryQuery::all(row.id)).await.unwrap().items {
            found.push((version.id.to_string(), library.document(&version).await.unwrap()));
        }
    }
    found.sort();
    found
}

/// The files below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

fn remount(disk: &SmallDisk, how: &str) {
    let done = Command::new("mount").args(["-o", how]).arg(disk.path()).status().unwrap();
    assert!(done.success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_a_character_that_was_cut_off() {
    let place = tempfile::tempdir().unwrap();
    let library = place.path().join("characters");
    let app = app(&format!("folder:{}", library.display()), &place.path().join("backups"), None).await;
    fill(&app).await;
    let (none, all) = unreadable(&app).await;
    assert_eq!((none, alerts(&app).await), (vec![], vec![]));
    let id = app.own_library().unwrap().query(&QueryFilter::default()).await.unwrap().items[0].id.clone();
    let documents = files(&library).into_iter().filter(|path| {
        path.to_string_lossy().contains(id.as_str()) && fs::metadata(path).unwrap().len() > 2000
    });
    for path in documents {
        let bytes = fs::read(&path).unwrap();
        fs::write(path, &bytes[..bytes.len() / 2]).unwrap();
    }
    verify(&app).await;
    assert_eq!(alerts(&app).await, [(AlertKind::Damage, Some(Code::StoreDamaged))]);
    let library = app.own_library().unwrap();
    let others: Vec<_> = library.query(&QueryFilter::default()).await.unwrap().items;
    assert!(others.len() >= all - 1);
    for row in others.into_iter().filter(|row| row.id != id) {
        let history = library.history(&HistoryQuery::all(row.id)).await.unwrap().items;
        library.document(&history[0]).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_library_file_that_was_cut_off() {
    let place = tempfile::tempdir().unwrap();
    let (library, backups) = (place.path().join("library.sqlite"), place.path().join("backups"));
    let first = app(library.to_str().unwrap(), &backups, None).await;
    fill(&first).await;
    backup_make(&first, Empty {}, &Silent).await.unwrap();
    drop(first);
    let bytes = fs::read(&library).unwrap();
    fs::write(&library, &bytes[..bytes.len() / 3]).unwrap();
    let app = app(library.to_str().unwrap(), &backups, None).await;
    let found = alerts(&app).await;
    assert_eq!(found, [(AlertKind::StorageUnavailable, Some(Code::StoreDamaged))]);
    assert_eq!(backup_list(&app, Empty {}, &Silent).await.unwrap().backups.len(), 1, "the way out is there");
}

/// What was archived of a character is gone, and all others are there.
#[tokio::test(flavor = "multi_thread")]
async fn an_archive_that_is_missing() {
    for kind in ["sqlite", "folder"] {
        let place = tempfile::tempdir().unwrap();
        let library = place.path().join("library.sqlite");
        let address = match kind {
            "folder" => format!("folder:{}", library.display()),
            _ => library.display().to_string(),
        };
        let app = app(&address, &place.path().join("backups"), None).await;
        fill(&app).await;
        let id =
            app.own_library().unwrap().query(&QueryFilter::default()).await.unwrap().items[0].id.to_string();
        let only = ArchiveGet { characters: vec![id.clone()], ..ArchiveGet::default() };
        assert_eq!(archive_stands(&app).await, None, "{kind}");
        assert!(archive(&app, only, &Silent).await.unwrap().moved > 0, "{kind}");
        assert_eq!(archive_stands(&app).await, Some(Status::Ok), "{kind}");
        verify(&app).await;
        assert_eq!(alerts(&app).await, [], "{kind}");
        match kind {
            "folder" => {
                let archived =
                    files(&library).into_iter().filter(|path| path.to_string_lossy().contains("/archive/"));
                assert!(archived.map(|path| fs::remove_file(path).unwrap()).count() > 0);
            }
            _ => {
                let gone =
                    rusqlite::Connection::open(&library).unwrap().execute("DELETE FROM archive", []).unwrap();
                assert!(gone > 0);
            }
        }
        assert_eq!(archive_stands(&app).await, Some(Status::Critical), "{kind}");
        verify(&app).await;
        assert_eq!(alerts(&app).await, [(AlertKind::Damage, Some(Code::StoreDamaged))], "{kind}");
        // What is newer may be kept as a difference from what was archived: it is told as damaged, and nobody else's is.
        let (broken, whole) = unreadable(&app).await;
        assert!(broken.iter().all(|broken| *broken == id) && whole > 1, "{kind}: {broken:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_of_the_library_that_may_not_be_written_to() {
    let Some(disk) = SmallDisk::new(65_536) else { return };
    let place = tempfile::tempdir().unwrap();
    for address in
        [format!("{}/library.sqlite", disk.path().display()), format!("folder:{}/all", disk.path().display())]
    {
        remount(&disk, "remount,rw");
        let first = app(&address, place.path(), None).await;
        fill(&first).await;
        assert_eq!(alerts(&first).await, []);
        drop(first);
        remount(&disk, "remount,ro");
        let app = app(&address, place.path(), None).await;
        assert_eq!(alerts(&app).await, [(AlertKind::ReadOnly, Some(Code::StoreReadOnly))], "{address}");
        let (broken, whole) = unreadable(&app).await;
        assert!(broken.is_empty() && whole > 2, "{address}");
        let error = app.own_library().unwrap().capture(&sample::drafts().unwrap()).await.unwrap_err();
        assert_eq!(error.code, Code::StoreReadOnly, "{address}");
    }
    remount(&disk, "remount,rw");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_under_the_library() {
    let Some(disk) = SmallDisk::new(16_384) else { return };
    let place = tempfile::tempdir().unwrap();
    let address = format!("{}/library.sqlite", disk.path().display());
    let app = app(&address, place.path(), None).await;
    fill(&app).await;
    let before = unreadable(&app).await;
    let mut filler = fs::File::create(disk.path().join("filler")).unwrap();
    let full = std::io::copy(&mut std::io::repeat(7), &mut filler).unwrap_err();
    assert_eq!(full.kind(), std::io::ErrorKind::StorageFull);
    assert!(alerts(&app).await.contains(&(AlertKind::DiskLow, None)));
    let many: Vec<_> = sample::history(7, 40, 200_000).map(|capture| capture.draft().unwrap()).collect();
    let problem = app.own_library().unwrap().capture(&many).await.expect_err("there is no room");
    assert_eq!(problem.code, Code::StorageFull);
    assert!(problem.hint.is_some());
    assert_eq!(unreadable(&app).await.1, before.1, "what is there is read");
    drop(filler);
    fs::remove_file(disk.path().join("filler")).unwrap();
    assert_eq!(alerts(&app).await, [], "room makes it well again");
    app.own_library().unwrap().capture(&sample::drafts().unwrap()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_of_the_cache() {
    let redis = RedisServer::alone(Some("right"));
    let place = tempfile::tempdir().unwrap();
    let library = place.path().join("library.sqlite");
    for (password, expected) in
        [("right", vec![]), ("wrong", vec![(AlertKind::Cache, Some(Code::CacheRefused))])]
    {
        let url = redis.address_with(Some(password), 0);
        let app = app(library.to_str().unwrap(), place.path(), Some(&url)).await;
        fill(&app).await;
        let (broken, whole) = unreadable(&app).await;
        assert!(broken.is_empty() && whole > 2);
        assert_eq!(alerts(&app).await, expected, "{password}");
    }
    redis.stop();
    let url = redis.address_with(Some("right"), 0);
    let app = app(library.to_str().unwrap(), place.path(), Some(&url)).await;
    assert_eq!(unreadable(&app).await.0, Vec::<String>::new());
    assert_eq!(alerts(&app).await, [(AlertKind::Cache, Some(Code::CacheUnavailable))]);
}

/// A library on a server is backed up into a file of this computer, which is tried and brought back like any other.
#[tokio::test(flavor = "multi_thread")]
async fn a_backup_of_a_postgresql_library_is_tried_and_brought_back() -> Result<()> {
    let database = Server::shared().library().await;
    let place = tempfile::tempdir().unwrap();
    let app = app(&database.address("ada"), place.path(), None).await;
    fill(&app).await;
    let library = app.own_library()?;
    let rows = library.query(&QueryFilter::default()).await?.items;
    let versions: u64 = rows.iter().map(|row| row.versions).sum();
    let made = backup_make(&app, Empty {}, &Silent).await?.backup;
    assert_eq!((made.versions, made.characters), (versions, rows.len() as u64));
    let drill = backup_drill(&app, Empty {}, &Silent).await?;
    assert!(drill.problem.is_none() && drill.versions == versions, "{drill:?}");
    assert_eq!(alerts(&app).await, []);

    let before = documents(&app).await;
    assert_eq!(before.len() as u64, versions);

    // The server lost everything.
    database
        .tamper(
            "DELETE FROM backstory.sighting; DELETE FROM backstory.version; DELETE FROM backstory.archive; \
             DELETE FROM backstory.content; DELETE FROM backstory.character",
        )
        .await;
    let app = self::app(&database.address("ada"), place.path(), None).await;
    assert_eq!(documents(&app).await, []);
    let back = backup_restore(&app, BackupRef { name: made.name }, &Silent).await?;
    assert_eq!(documents(&app).await, before, "{back:?}");
    Ok(())
}

/// What another program erased leaves this one's cache, although nobody reads here.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_erased_elsewhere_leaves_the_cache_of_who_is_idle() {
    let place = tempfile::tempdir().unwrap();
    let library = place.path().join("library.sqlite");
    let redis = RedisServer::alone(None);
    let idle = app(library.to_str().unwrap(), place.path(), Some(&redis.address(0))).await;
    fill(&idle).await;
    let (own, entries) = (idle.own_library().unwrap(), async || {
        let tiers = cache_statistics(&idle, Empty {}, &Silent).await.unwrap().tiers;
        tiers.into_iter().map(|tier| tier.entries.unwrap_or_default()).collect::<Vec<_>>()
    });
    let rows = own.query(&QueryFilter::default()).await.unwrap().items;
    for row in rows.iter().take(2) {
        let history = own.history(&HistoryQuery::all(row.id.clone())).await.unwrap().items;
        own.document(&history[0]).await.unwrap();
        own.settled().await;
    }
    assert_eq!(entries().await, [2, 2]);
    // One without a cache, as another computer of a group may be.
    let other = app(library.to_str().unwrap(), place.path(), None).await;
    other.own_library().unwrap().erase(&rows[0].id).await.unwrap();
    assert_eq!(entries().await, [2, 2]);
    let run = jobs_run(&idle, JobRef { name: "cache".to_owned() }, &Silent).await.unwrap();
    assert_eq!(run.outcome, Outcome::Done, "{run:?}");
    assert_eq!(entries().await, [1, 1]);
}
