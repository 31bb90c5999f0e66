//! Backups of the library: making, listing, trying and bringing back.

use std::sync::Arc;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::{
    api::{
        App,
        app::{Empty, Overview, overview},
        erase,
    },
    backup::{Backup, Drill, Keep, Reason},
    error::{Code, Error, Result},
    job::{Cancel, Progress, ProgressEvent},
    library::Captured,
    storage::{CharacterStorage, StorageInfo},
};

/// Where backups of a library are, and how many.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackupPlace {
    /// The folder. It need not be there yet.
    pub folder: String,
    /// How many are kept.
    pub keep: Keep,
}

/// A backup that was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Made {
    /// It.
    pub backup: Backup,
    /// Those that went, since they are not kept any longer.
    pub removed: Vec<String>,
    /// Nothing was saved since the last backup, so this is that one.
    pub is_the_last: bool,
}

/// The host's way to keep backups. All of a library's backups lie in one folder that nothing else is kept in, what is being
/// written and tried among them, so that an erasure finds everything there.
#[async_trait]
pub trait Backups: Send + Sync {
    /// The library that would be opened, where it is a file or a folder of this computer.
    fn closed(&self) -> Option<StorageInfo>;

    /// Where the backups of this library are.
    ///
    /// # Errors
    /// `invalid_argument` for a library that is kept nowhere; `storage_failed` where this account has no home folder.
    fn place(&self, library: &StorageInfo) -> Result<BackupPlace>;

    /// The backups there are, newest first.
    ///
    /// # Errors
    /// As [`Backups::place`]; `storage_failed` where the folder cannot be read.
    async fn list(&self, library: &StorageInfo) -> Result<Vec<Backup>>;

    /// Makes one: complete, read back and named only then. Those that are not kept any longer go after it. Where nothing was
    /// saved since the last scheduled one, that one stands for it.
    ///
    /// # Errors
    /// `storage_full`, `storage_failed`, `store_damaged`, `cancelled`: then there is none, and those that were there are.
    async fn make(
        &self,
        library: Arc<dyn CharacterStorage>,
        reason: Reason,
        progress: &dyn Progress,
        cancel: &Cancel,
    ) -> Result<Made>;

    /// Takes all backups away but this one; none: all.
    ///
    /// # Errors
    /// `storage_failed`: some are gone then, and none is half there.
    async fn keep_only(&self, library: &StorageInfo, name: Option<&str>) -> Result<()>;

    /// Opens the newest backup in a place of its own and compares it with what it says. What it found is kept.
    ///
    /// # Errors
    /// `cancelled`; as [`Backups::place`]. A backup that is not well is no error but [`Drill::problem`].
    async fn drill(&self, library: &StorageInfo, progress: &dyn Progress, cancel: &Cancel) -> Result<Drill>;

    /// What the last drill found.
    ///
    /// # Errors
    /// As [`Backups::place`].
    async fn last_drill(&self, library: &StorageInfo) -> Result<Option<Drill>>;

    /// A backup, opened to be read.
    ///
    /// # Errors
    /// `backup_missing`, `backup_damaged`.
    async fn open(&self, library: &StorageInfo, name: &str) -> Result<Arc<dyn CharacterStorage>>;

    /// Puts the library aside, and what is in a backup in its place; says where the library is now. Only for one of this
    /// computer's files or folders, which nobody may have open.
    ///
    /// # Errors
    /// `backup_missing`, `backup_damaged`, `store_busy`, `storage_full`, `storage_failed`: the library is where it was then.
    async fn put_in_place(&self, library: &StorageInfo, name: &str) -> Result<Option<String>>;
}

/// The backups of the library.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct BackupList {
    /// Where they are.
    pub folder: String,
    /// How many are kept.
    pub keep: Keep,
    /// They, newest first.
    pub backups: Vec<Backup>,
    /// What the last drill found.
    pub drill: Option<Drill>,
}

/// Asks for a backup to be brought back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct BackupRef {
    /// What it is called.
    pub name: String,
}

/// A backup that was brought back.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct BroughtBack {
    /// Which.
    pub name: String,
    /// Where the library that was there is kept now; none where it was not moved.
    pub set_aside: Option<String>,
    /// Characters of which something came back into a library that stayed where it is.
    pub brought: u64,
    /// Characters of which it had everything.
    pub as_it_was: u64,
    /// What is open now, in a window.
    pub overview: Option<Overview>,
}

/// The backups of the library, and what the last drill found.
///
/// # Errors
/// As [`Backups::list`].
pub async fn backup_list(app: &App, _: Empty, _: &dyn Progress) -> Result<BackupList> {
    let (backups, library) = (backups(app)?, library(app)?);
    let BackupPlace { folder, keep } = backups.place(&library)?;
    let (list, drill) = (backups.list(&library).await?, backups.last_drill(&library).await?);
    Ok(BackupList { folder, keep, backups: list, drill })
}

/// Makes a backup now. Can be stopped like an import.
///
/// # Errors
/// As [`Backups::make`].
pub async fn backup_make(app: &App, _: Empty, progress: &dyn Progress) -> Result<Made> {
    let job = app.job();
    progress.report(ProgressEvent::Started { job: job.number, total: 0 });
    make(app, Reason::Asked, progress, &job.cancel).await
}

/// Tries the newest backup. Can be stopped like an import.
///
/// # Errors
/// As [`Backups::drill`].
pub async fn backup_drill(app: &App, _: Empty, progress: &dyn Progress) -> Result<Drill> {
    let job = app.job();
    progress.report(ProgressEvent::Started { job: job.number, total: 0 });
    drill(app, progress, &job.cancel).await
}

pub(super) async fn drill(app: &App, progress: &dyn Progress, cancel: &Cancel) -> Result<Drill> {
    backups(app)?.drill(&library(app)?, progress, cancel).await
}

/// Shows where the backups are, in the system's own window.
pub(super) async fn backup_show(app: &App, _: Empty, _: &dyn Progress) -> Result<Empty> {
    let place = backups(app)?.place(&library(app)?)?;
    app.parts.host.show_folder(&place.folder).await?;
    Ok(Empty {})
}

/// Brings a backup back. A library of this computer is put aside as it is, and the backup takes its place. A library on a server
/// stays where it is: what it lacks is copied back into it, after a backup of how it is now.
///
/// # Errors
/// As [`Backups::put_in_place`] and [`Library::take_in`](crate::library::Library::take_in); the library is as it was then, or has more.
pub async fn backup_restore(app: &App, request: BackupRef, progress: &dyn Progress) -> Result<BroughtBack> {
    let (backups, info) = (backups(app)?, library(app)?);
    if !["sqlite", "folder"].contains(&info.kind.as_str()) {
        return bring_back_into(app, &request.name, progress).await;
    }
    // What is wrong with the backup is learnt before anything is closed.
    drop(backups.open(&info, &request.name).await?);
    erase::end_pending(app, progress).await?;
    app.cancel_jobs();
    app.parts.host.stop_writers().await;
    let was_open = app.own_library().is_ok();
    app.close(Error::new(Code::StoreBusy, "A backup is being brought back."));
    let put = backups.put_in_place(&info, &request.name).await;
    erase::reopen(app).await;
    if app.own_library().is_err() && was_open && put.is_err() {
        // A command that ends now has nothing to open it for.
        app.parts.host.reopened().await;
    }
    let mut done = BroughtBack { set_aside: put?, name: request.name, ..BroughtBack::default() };
    if app.own_library().is_ok() {
        done.overview = Some(overview(app, Empty {}, progress).await?);
    }
    Ok(done)
}

/// Takes in what a library lacks that is not a file of this computer.
async fn bring_back_into(app: &App, name: &str, progress: &dyn Progress) -> Result<BroughtBack> {
    let job = app.job();
    let (backups, library) = (backups(app)?, app.own_library()?);
    let from = backups.open(&library.info(), name).await?;
    make(app, Reason::BeforeRestore, progress, &job.cancel).await?;
    progress.report(ProgressEvent::Started { job: job.number, total: 0 });
    let mut done = BroughtBack { name: name.to_owned(), ..BroughtBack::default() };
    for taken in library.take_in(from, progress, &job.cancel).await? {
        match taken.outcome? {
            Captured::Added | Captured::Changed => done.brought += 1,
            Captured::Quiet | Captured::Identical => done.as_it_was += 1,
        }
    }
    Ok(done)
}

/// Makes a backup of the open library for a reason.
pub(super) async fn make(
    app: &App,
    reason: Reason,
    progress: &dyn Progress,
    cancel: &Cancel,
) -> Result<Made> {
    backups(app)?.make(app.own_library()?.store(), reason, progress, cancel).await
}

/// Makes a backup before or after something is changed in the library, where backups can be kept of it at all.
///
/// # Errors
/// As [`Backups::make`]: then nothing is to be changed yet.
pub async fn back_up_around(app: &App, reason: Reason, progress: &dyn Progress) -> Result<()> {
    let Ok(backups) = backups(app) else { return Ok(()) };
    let library = app.own_library()?;
    if backups.place(&library.info()).is_err() {
        return Ok(());
    }
    backups.make(library.store(), reason, progress, &Cancel::default()).await.map(drop)
}

/// Makes a backup of a library that another one is about to be copied into, or that is to be emptied after a copy: where there is
/// something in it, and it is kept anywhere.
///
/// # Errors
/// As [`Backups::make`]: then nothing is to be done to it.
pub async fn back_up_before_migration(
    backups: &dyn Backups,
    library: &Arc<dyn CharacterStorage>,
    progress: &dyn Progress,
    cancel: &Cancel,
) -> Result<()> {
    let info = library.info();
    let is_kept = ["sqlite", "folder", "postgres", "objects"].contains(&info.kind.as_str());
    if !is_kept || library.statistics().await?.characters == 0 {
        return Ok(());
    }
    match backups.make(Arc::clone(library), Reason::BeforeMigration, progress, cancel).await {
        // So does a migration leave it that was broken off, and the next one goes on there: it takes nothing away that is there,
        // and a backup of half a history would be none.
        Err(error) if error.code == Code::StoreDamaged => Ok(()),
        Err(mut error) => {
            error.message =
                format!("{} was not backed up, so nothing was done to it: {}", info.location, error.message);
            Err(error)
        }
        Ok(_) => Ok(()),
    }
}

/// Makes a backup of a library that was encrypted just now, or got new keys, and takes away all that were made before: anybody
/// can read them, or the old keys can.
pub(super) async fn back_up_anew(app: &App, progress: &dyn Progress) -> Result<()> {
    let Ok(backups) = backups(app) else { return Ok(()) };
    let library = app.own_library()?;
    if backups.place(&library.info()).is_err() {
        return Ok(());
    }
    let made = backups.make(library.store(), Reason::AfterKeyChange, progress, &Cancel::default()).await;
    let name = made.as_ref().ok().map(|made| made.backup.name.clone());
    backups.keep_only(&library.info(), name.as_deref()).await?;
    match made {
        // Of a folder that is encrypted none is made: it would be one that anybody can read.
        Err(error) if error.code == Code::EncryptionUnsupported => Ok(()),
        made => made.map(drop),
    }
}

pub(super) fn backups(app: &App) -> Result<&dyn Backups> {
    app.parts.backups.as_ref().map(|backups| &**backups).map_err(Clone::clone)
}

/// The library whose backups are meant: the player's own, also where it cannot be opened.
fn library(app: &App) -> Result<StorageInfo> {
    match app.own_library() {
        Ok(library) => Ok(library.info()),
        Err(error) => backups(app)?.closed().ok_or(error),
    }
}
