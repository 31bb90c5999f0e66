//! Upkeep on a disk that is full or may not be written to: each has its alert with a way out, and nothing else breaks.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test stops where it stands")]

use std::{fs, path::Path, process::Command, sync::Arc};

use async_trait::async_trait;
use backstory_core::{
    alerts::AlertKind,
    api::{
        App, Host, Parts,
        app::Empty,
        backup::backup_list,
        character::{SheetGet, character_sheet, characters_list},
        health::{HealthGet, health},
        jobs::{JobRef, jobs_run},
        retention::{RetentionGet, RetentionSet, retention_run, retention_set},
    },
    config::AlertsConfig,
    error::Code,
    job::{Silent, schedule::Outcome},
    retention::{self, Retention, RetentionPolicy},
    storage::{CheckScope, HistoryQuery, QueryFilter, StorageFactory as _},
};
use backstory_sources::sample;
use backstory_storage::open::Stores;
use backstory_tests::{
    app::{self, parts},
    disk::SmallDisk,
};

struct NoWindow;

#[async_trait]
impl Host for NoWindow {
    /// A busy computer is not what is looked at here.
    async fn alerts(&self) -> Option<AlertsConfig> {
        Some(AlertsConfig { slow_ms: 600_000, ..AlertsConfig::default() })
    }
}

/// The samples in a library, with backups in this folder.
async fn app(library: &Path, backups: &Path) -> App {
    let app = App::new(Parts {
        storage: Stores.open(library.to_str().unwrap()).await,
        backups: Ok(app::backups(Some(library.to_owned()), Some(backups.to_owned()))),
        host: Arc::new(NoWindow),
        ..parts()
    });
    app.own_library().unwrap().capture(&sample::drafts().unwrap()).await.unwrap();
    app
}

async fn alerts(app: &App) -> Vec<(AlertKind, Option<Code>)> {
    let found = health(app, HealthGet::default(), &Silent).await.unwrap();
    assert!(found.alerts.iter().all(|alert| !alert.hint.is_empty()));
    found.alerts.into_iter().map(|alert| (alert.kind, alert.problem.map(|error| error.code))).collect()
}

/// What cannot be backed up is told as that, and the library goes on.
async fn goes_on_without(app: &App, code: Code) {
    let run = jobs_run(app, JobRef { name: "backup".to_owned() }, &Silent).await.unwrap();
    assert_eq!(run.outcome, Outcome::Failed);
    let problem = run.problem.unwrap();
    assert_eq!(problem.code, code, "{problem:?}");
    assert!(problem.hint.unwrap().contains("backup.folder"));
    assert_eq!(alerts(app).await, [(AlertKind::BackupFailed, Some(code))]);
    let library = app.own_library().unwrap();
    let report = library.check(CheckScope::Data, &Silent, &Default::default()).await.unwrap();
    assert_eq!(report.problems, []);
}

async fn is_well_again(app: &App) {
    let run = jobs_run(app, JobRef { name: "backup".to_owned() }, &Silent).await.unwrap();
    assert_eq!(run.outcome, Outcome::Done, "{run:?}");
    assert_eq!(alerts(app).await, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_under_the_backups() {
    let Some(disk) = SmallDisk::new(128) else { return };
    let place = tempfile::tempdir().unwrap();
    let app = app(&place.path().join("library.sqlite"), disk.path()).await;
    goes_on_without(&app, Code::StorageFull).await;
    let list = backup_list(&app, Empty {}, &Silent).await.unwrap();
    assert_eq!(list.backups, [], "no half backup is listed");
    let left: Vec<_> = fs::read_dir(&list.folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(left.is_empty(), "and none is left: {left:?}");
    let grown = Command::new("mount").args(["-o", "remount,size=64m"]).arg(disk.path()).status().unwrap();
    assert!(grown.success());
    is_well_again(&app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_for_backups_that_may_not_be_written_to() {
    let Some(disk) = SmallDisk::new(65_536) else { return };
    let place = tempfile::tempdir().unwrap();
    let app = app(&place.path().join("library.sqlite"), disk.path()).await;
    let remount = |how: &str| {
        assert!(Command::new("mount").args(["-o", how]).arg(disk.path()).status().unwrap().success());
    };
    remount("remount,ro");
    goes_on_without(&app, Code::StorageFailed).await;
    remount("remount,rw");
    is_well_again(&app).await;
    remount("remount,ro");
    let run = jobs_run(&app, JobRef { name: "drill".to_owned() }, &Silent).await.unwrap();
    assert_eq!(
        run.problem.map(|error| error.code),
        Some(Code::StorageFailed),
        "a place to try it in is needed"
    );
    remount("remount,rw");
}

/// The folder is on a disk that is not connected: what was made is missing, and that is told.
#[tokio::test(flavor = "multi_thread")]
async fn backups_that_are_gone() {
    let place = tempfile::tempdir().unwrap();
    let backups = place.path().join("elsewhere");
    let app = app(&place.path().join("library.sqlite"), &backups).await;
    is_well_again(&app).await;
    jobs_run(&app, JobRef { name: "drill".to_owned() }, &Silent).await.unwrap();
    assert_eq!(alerts(&app).await, []);
    let folder = backup_list(&app, Empty {}, &Silent).await.unwrap().folder;
    for entry in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir())
    {
        fs::remove_dir_all(entry).unwrap();
    }
    let run = jobs_run(&app, JobRef { name: "drill".to_owned() }, &Silent).await.unwrap();
    assert_eq!(run.problem.map(|error| error.code), Some(Code::BackupMissing));
    assert_eq!(alerts(&app).await, [(AlertKind::DrillFailed, Some(Code::BackupMissing))]);
}

/// What is thinned by itself waits for a day after the rules were changed, and never takes what is on the screen.
#[tokio::test(flavor = "multi_thread")]
async fn thinning_gives_a_day_and_takes_nothing_from_the_screen() {
    let place = tempfile::tempdir().unwrap();
    let app = app(&place.path().join("library.sqlite"), place.path()).await;
    let library = app.own_library().unwrap();
    let id = library.query(&QueryFilter::default()).await.unwrap().items[0].id.clone();
    let numbers = async || {
        let history = library.history(&HistoryQuery::all(id.clone())).await.unwrap().items;
        history.iter().map(|version| version.version).collect::<Vec<_>>()
    };
    let thin =
        async || jobs_run(&app, JobRef { name: "retention".to_owned() }, &Silent).await.unwrap().outcome;
    let set = async |policy| {
        let set = RetentionSet { policy: Some(policy), ..RetentionSet::default() };
        retention_set(&app, set, &Silent).await.unwrap();
    };
    // The samples are of another year: the player says once that the clock is right.
    set(RetentionPolicy { keep_all_days: Some(36_500), ..RetentionPolicy::default() }).await;
    retention_run(&app, RetentionGet::default(), true, &Silent).await.unwrap();
    set(RetentionPolicy { max_versions_per_character: Some(2), ..RetentionPolicy::default() }).await;
    let before = numbers().await;
    assert!(before.len() > 20, "{before:?}");
    assert_eq!((thin().await, numbers().await), (Outcome::Nothing, before.clone()));

    let (set, revision) = library.setting::<Retention>(retention::SETTING).await.unwrap();
    let set = set.unwrap();
    let yesterday = set.set_at.map(|at| at - retention::GRACE);
    let set = Retention { set_at: yesterday, ..set };
    library.set_setting(retention::SETTING, Some(&set), revision).await.unwrap();
    let open = before[before.len() / 2];
    let look = SheetGet { character: id.to_string(), version: Some(open.to_string()) };
    character_sheet(&app, look, &Silent).await.unwrap();
    let run = jobs_run(&app, JobRef { name: "retention".to_owned() }, &Silent).await.unwrap();
    assert_eq!(run.outcome, Outcome::Done, "{run:?}");
    let (newest, oldest) = (before[0], before[before.len() - 1]);
    assert_eq!(numbers().await, [newest, open, oldest]);
    characters_list(&app, QueryFilter::default(), &Silent).await.unwrap();
    assert_eq!((thin().await, numbers().await), (Outcome::Done, vec![newest, oldest]));
}

/// Rules of the configuration that were changed, by whoever and wherever, give the same day.
#[tokio::test(flavor = "multi_thread")]
async fn rules_of_the_configuration_give_a_day_too() {
    let place = tempfile::tempdir().unwrap();
    let all = RetentionPolicy { keep_all_days: Some(36_500), ..RetentionPolicy::default() };
    let app = app(&place.path().join("library.sqlite"), place.path()).await.keeping(all);
    retention_run(&app, RetentionGet::default(), true, &Silent).await.unwrap();
    let thin = async |app: &App| {
        jobs_run(app, JobRef { name: "retention".to_owned() }, &Silent).await.unwrap();
        app.own_library().unwrap().statistics().await.unwrap().versions
    };
    let before = thin(&app).await;
    let few = RetentionPolicy { max_versions_per_character: Some(2), ..RetentionPolicy::default() };
    let app = app.keeping(few);
    assert_eq!((thin(&app).await, thin(&app).await), (before, before));
    let library = app.own_library().unwrap();
    let (seen, revision) = library.setting::<Retention>("jobs.rules").await.unwrap();
    let seen = seen.unwrap();
    let yesterday = Retention { set_at: seen.set_at.map(|at| at - retention::GRACE), ..seen };
    library.set_setting("jobs.rules", Some(&yesterday), revision).await.unwrap();
    assert!(thin(&app).await < before);
}
