//! What a program of Backstory's is put together from in the tests: everything real that needs no network, window or keychain.

use std::{path::PathBuf, sync::Arc};

use backstory_core::{
    api::{Host, Parts, backup::Backups},
    backup::Keep,
    config::{Address, BackupConfig},
    error::Error,
    wording::Language,
};
use backstory_sources::{files::Files, registry, sample};
use backstory_storage::{backups::FolderBackups, clock::SystemClock, open::Stores};

/// A program without a window around it.
#[derive(Debug)]
pub struct NoWindow;
impl Host for NoWindow {}

/// Everything but the library: to be filled in by what a test is about.
pub fn parts() -> Parts {
    let none = || Error::internal("This test has nothing of the kind.");
    Parts {
        storage: Err(none()),
        caches: Arc::new(|_| None),
        factory: Arc::new(Stores),
        sources: registry::sources(),
        remote: Err(none()),
        intake: Arc::new(Files::new()),
        samples: Arc::new(sample::drafts),
        computer: Err(none()),
        backups: Err(none()),
        host: Arc::new(NoWindow),
        clock: Arc::new(SystemClock),
        language: Language::default(),
        version: "0.0.0",
        origin: "test",
    }
}

/// Backups of the library that lies here, if it is on this computer: in this folder, or beside it.
pub fn backups(library: Option<PathBuf>, folder: Option<PathBuf>) -> Arc<dyn Backups> {
    let keep = Keep { daily: 7, weekly: 4, monthly: 12 };
    let folder = folder.map(|folder| Address::new(folder.display().to_string()));
    let config = move || Ok(BackupConfig { folder: folder.clone(), keep });
    Arc::new(FolderBackups::new(config, move || library.clone(), Arc::new(SystemClock), "0"))
}
