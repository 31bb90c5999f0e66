//! Moving the library to another store, as the window's wizard does it: choose a place, rehearse, copy, switch.
//!
//! The copying is [`crate::migrate`]'s; here is what surrounds it: where it may go, what is written down so that a move that was
//! paused goes on, what may be removed again, and how the copy becomes the library. The old library is only read, from the first
//! step to the last.
//!
//! An empty place that a move begins with gets a [`Mark`]: a setting of the new store that says from which library it is being
//! filled. With it the same move goes on, in another window or after a year, and only what bears it is ever removed.

mod places;

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tokio::sync::MutexGuard;

pub use self::places::{Found, MoveTo, Site};
use self::places::{Mark, is_same, refuse_same, remove_from};
use crate::{
    api::{
        App,
        app::{Empty, Overview, overview},
        backup::{back_up_before_migration, backups},
        erase,
        opening::exchange,
    },
    error::{Code, Error, Result},
    job::{Cancel, Progress, ProgressEvent},
    library::Library,
    migrate::{Action, Left, MigrationOptions, MigrationPlan, MigrationReport, Sealing, StorageMigrator},
    model::CharacterId,
    privacy::audit::Scribe,
    storage::{CharacterStorage, Deleted, QueryFilter, ReadOnly, StorageInfo},
};

/// A move that was begun.
pub(super) struct Move {
    site: Arc<dyn Site>,
    /// Up to which revision of the library everything is there, read back and equal; none as long as that is not so.
    copied: Option<u64>,
}

/// One side of a move.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct MovePlace {
    /// What kind of store: `sqlite`, `folder`, `postgres`, …
    pub kind: String,
    /// Where, as a person would find it. Never holds a password.
    pub location: String,
}

impl From<StorageInfo> for MovePlace {
    fn from(info: StorageInfo) -> Self {
        Self { kind: info.kind, location: info.location }
    }
}

/// Something that would stay behind, or did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Stays {
    /// The character's name, or its id where it has none; none where it is about no character.
    pub name: Option<String>,
    /// As [`Left::code`].
    pub code: String,
    /// Why, in whole sentences.
    pub message: String,
}

/// What a move to the chosen place would do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct MoveLook {
    /// Where the library is.
    pub from: MovePlace,
    /// Where it would be.
    pub to: MovePlace,
    /// Characters that are in the new place already.
    pub there: u64,
    /// A move of this library to this place was begun and paused: it goes on.
    pub begun: bool,
    /// Characters that would be copied.
    pub characters: u64,
    /// Their versions.
    pub versions: u64,
    /// Bytes of their documents, before they are made small.
    pub bytes: u64,
    /// Versions that are there already.
    pub skipped: u64,
    /// Characters that only the new place has: nothing is done to them.
    pub left_alone: u64,
    /// What would be left as it is there, and why.
    pub stays: Vec<Stays>,
    /// Free bytes on the disk of the new place, where that is known.
    pub free: Option<u64>,
    /// Bytes it takes at most.
    pub needs: u64,
    /// What becomes of encryption.
    pub sealing: Sealing,
    /// The rehearsal copies everything into a place beside the new one and removes it again; else it reads every version and
    /// tries whether the server takes changes.
    pub rehearses_whole: bool,
    /// The window opens the new library at the next start too. Not where the configuration says which one is opened.
    pub lasting: bool,
}

/// Goes on with a move.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct MoveStart {
    /// The player agreed that an encrypted library becomes one that is not.
    pub plain: bool,
}

/// What a rehearsal or a copy did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Moved {
    /// Characters that are there now, or were.
    pub characters: u64,
    /// Their versions.
    pub versions: u64,
    /// How many of those were read back and are equal.
    pub verified: u64,
    /// What was left as it is, or failed, and why.
    pub stays: Vec<Stays>,
    /// It was paused before the end.
    pub stopped: bool,
    /// Every version of the library is there, read back and equal.
    pub complete: bool,
}

/// What a switch did.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Switched {
    /// What is open now.
    pub overview: Overview,
    /// Where the library was. It is as it was.
    pub old: MovePlace,
    /// What somebody wrote to the old library at the last moment and could not be taken over.
    pub stays: Vec<Stays>,
}

/// Lets the player choose a place, and says what a move there would do. None when they thought better of it. Writes nothing.
///
/// # Errors
/// `invalid_argument` for the library's own place and for what is no library, `store_newer`; as [`Site::look`].
pub async fn move_choose(app: &App, request: MoveTo, progress: &dyn Progress) -> Result<Option<MoveLook>> {
    let mut moving = underway(app)?;
    let library = app.own_library()?;
    let Some(site) = app.parts.host.site(request).await? else { return Ok(None) };
    let job = app.job();
    progress.report(ProgressEvent::Started { job: job.number, total: 0 });
    let look = look(app, &library, &*site, &job.cancel).await?;
    *moving = Some(Move { site, copied: None });
    Ok(Some(look))
}

/// Rehearses the move: copies everything beside the chosen place, reads it back and removes it again; or, where there is no such
/// place, reads every version and tries whether the store takes changes. Can be stopped like an import.
///
/// # Errors
/// `storage_full`, `store_unreachable`, `encryption_unsupported`, …: the library and the chosen place are as they were.
pub async fn move_rehearse(app: &App, request: MoveStart, progress: &dyn Progress) -> Result<Moved> {
    let moving = underway(app)?;
    let site = chosen(&moving)?.site.clone();
    let (library, job) = (app.own_library()?, app.job());
    progress.report(ProgressEvent::Started { job: job.number, total: 0 });
    let (from, steps) = (library.store(), (progress, &*job.cancel));
    let report = match site.beside() {
        Some(beside) => rehearse_beside(&from, &*beside, request.plain, steps).await,
        None => rehearse_reading(&from, &*site, request.plain, steps).await,
    };
    let report = report.map_err(|error| error.kept("Your library and the chosen place are as they were."))?;
    told(&library, report).await
}

/// Copies everything into the chosen place, follows what is saved meanwhile, and reads all of it back. Can be stopped like an
/// import: that pauses it, and calling this again goes on.
///
/// # Errors
/// As [`StorageMigrator::run`] and [`StorageMigrator::seal_target`]; what was copied stays and is gone on with.
pub async fn move_start(app: &App, request: MoveStart, progress: &dyn Progress) -> Result<Moved> {
    let mut moving = underway(app)?;
    let site = chosen(&moving)?.site.clone();
    let (library, job) = (app.own_library()?, app.job());
    progress.report(ProgressEvent::Started { job: job.number, total: 0 });
    let is_new = site.look().await?.is_new;
    let (from, to) = (library.store(), open(&*site).await?);
    let migrator = migrator(app, &from, &to)?;
    migrator.sealing(false).await?;
    let marked = Mark::put(&*from, &*to, is_new).await?;
    migrator.seal_target(request.plain, progress, &job.cancel).await?;
    if marked.is_none() {
        back_up(app, &to, progress, &job.cancel).await?;
    }
    let report = migrator.run(&MigrationOptions::default(), progress, &job.cancel).await?;
    let revision = report.revision;
    let moved = told(&library, report).await?;
    if let Some(moving) = &mut *moving {
        moving.copied = moved.complete.then_some(revision);
    }
    Ok(moved)
}

/// Makes the copy the library: takes over what was saved since, then opens it, from now on. The old library is as it was.
///
/// # Errors
/// `invalid_argument` before everything is copied; as [`StorageMigrator::run`] and [`Host::move_in`](crate::api::Host::move_in):
/// the old library is open as before then.
pub async fn move_switch(app: &App, _: Empty, progress: &dyn Progress) -> Result<Switched> {
    let mut moving = underway(app)?;
    let (site, since) = {
        let moving = chosen(&moving)?;
        let since = moving.copied.ok_or_else(|| {
            Error::new(Code::InvalidArgument, "The library is not copied wholly yet.")
                .kept("Your library stays in use.")
        })?;
        (moving.site.clone(), since)
    };
    erase::end_pending(app, progress).await?;
    app.cancel_jobs();
    app.parts.host.stop_writers().await;
    let job = app.job();
    progress.report(ProgressEvent::Started { job: job.number, total: 0 });
    let library = app.own_library()?;
    let since = match switch(app, &library, &*site, since, (progress, &job.cancel)).await {
        Ok(since) => since,
        Err(error) => {
            app.put_back(library);
            app.parts.host.reopened().await;
            return Err(error);
        }
    };
    *moving = None;
    Ok(Switched {
        stays: late(app, &library, since, progress).await,
        old: library.info().into(),
        overview: overview(app, Empty {}, progress).await?,
    })
}

/// Removes what this move made: nothing that was there before, and nothing that somebody put there since.
///
/// # Errors
/// `invalid_argument` where the place was not empty before the move; `conflict` where something is in it that the library does
/// not have; as [`Site::remove`]. What could not be removed stays, and this can be called again.
pub async fn move_remove(app: &App, _: Empty, progress: &dyn Progress) -> Result<Empty> {
    let mut moving = underway(app)?;
    let site = chosen(&moving)?.site.clone();
    let job = app.job();
    progress.report(ProgressEvent::Started { job: job.number, total: 0 });
    if !site.look().await?.is_new {
        remove(app, &*site, (progress, &job.cancel)).await?;
    }
    *moving = None;
    Ok(Empty {})
}

/// What was begun. One at a time.
fn underway(app: &App) -> Result<MutexGuard<'_, Option<Move>>> {
    app.moving.try_lock().map_err(|_| {
        Error::new(Code::StoreBusy, "The library is being moved just now.")
            .kept("What was copied is kept.")
            .hint("Wait until it has stopped, or stop it.")
    })
}

fn chosen<'m>(moving: &'m MutexGuard<'_, Option<Move>>) -> Result<&'m Move> {
    moving.as_ref().ok_or_else(|| {
        Error::new(Code::InvalidArgument, "No place was chosen for the library.").kept("Nothing was changed.")
    })
}

fn migrator(
    app: &App,
    from: &Arc<dyn CharacterStorage>,
    to: &Arc<dyn CharacterStorage>,
) -> Result<StorageMigrator> {
    let scribe = Scribe::new(Arc::clone(&app.parts.clock), app.parts.origin);
    Ok(StorageMigrator::new(Arc::clone(from), Arc::clone(to))?.recorded_by(scribe))
}

/// The place, opened to be written to.
async fn open(site: &dyn Site) -> Result<Arc<dyn CharacterStorage>> {
    let to = site.open().await?;
    match to.info().read_only {
        None => Ok(to),
        Some(why) => Err(why.into()),
    }
}

async fn look(app: &App, library: &Library, site: &dyn Site, cancel: &Cancel) -> Result<MoveLook> {
    let (from, place) = (library.store(), site.place());
    if site.is_within(&from.info()) {
        return Err(refuse_same());
    }
    let Found { storage: to, is_new } = site.look().await?;
    if to.info().read_only == Some(ReadOnly::Newer) {
        return Err(ReadOnly::Newer.into());
    }
    if is_same(&*from, &*to) {
        return Err(refuse_same());
    }
    // What is there says of itself where it is; a server's address would tell less.
    let place = if is_new { place } else { to.info() };
    let migrator = StorageMigrator::new(Arc::clone(&from), Arc::clone(&to))?;
    let sealing = migrator.sealing(is_new && site.can_seal()).await?;
    let plan = migrator.plan(&MigrationOptions::default(), cancel).await?;
    Ok(MoveLook {
        from: from.info().into(),
        there: to.statistics().await?.characters,
        begun: Mark::of(&*from, &*to).await?.is_some(),
        characters: plan.characters,
        versions: plan.versions,
        bytes: plan.bytes,
        skipped: plan.skipped,
        left_alone: plan.left_alone,
        stays: planned(&plan),
        free: app.parts.host.machine(Some(&place)).await.disk.map(|disk| disk.part),
        needs: from.statistics().await?.encoded_bytes,
        sealing,
        rehearses_whole: site.beside().is_some(),
        lasting: app.parts.host.choice_lasts(),
        to: place.into(),
    })
}

/// What a plan would leave.
fn planned(plan: &MigrationPlan) -> Vec<Stays> {
    let code = |action| match action {
        Action::Copy | Action::UpToDate => None,
        Action::Newer => Some("newer"),
        Action::Differs => Some("differs"),
        Action::Incomplete => Some("incomplete"),
        Action::Gone => Some("gone"),
    };
    let stays = plan.items.iter().filter_map(|item| {
        Some(Stays {
            name: Some(item.name.clone().unwrap_or_else(|| item.character.to_string())),
            code: code(item.action)?.to_owned(),
            message: item.reason.clone(),
        })
    });
    stays.collect()
}

/// Copies everything into a place that is removed again, whatever comes of it.
async fn rehearse_beside(
    from: &Arc<dyn CharacterStorage>,
    beside: &dyn Site,
    plain: bool,
    (progress, cancel): (&dyn Progress, &Cancel),
) -> Result<MigrationReport> {
    // What a rehearsal left that was cut short.
    beside.remove().await?;
    let copied = async {
        let to = open(beside).await?;
        let migrator = StorageMigrator::new(Arc::clone(from), to)?;
        migrator.seal_target(plain, progress, cancel).await?;
        migrator.run(&MigrationOptions::default(), progress, cancel).await
    };
    let copied = copied.await;
    beside.remove().await?;
    copied
}

/// Reads every version, and begins to write without doing so.
async fn rehearse_reading(
    from: &Arc<dyn CharacterStorage>,
    site: &dyn Site,
    plain: bool,
    (progress, cancel): (&dyn Progress, &Cancel),
) -> Result<MigrationReport> {
    let to = open(site).await?;
    drop(to.begin().await?);
    let migrator = StorageMigrator::new(Arc::clone(from), to)?;
    if migrator.sealing(false).await? == Sealing::Lost && !plain {
        migrator.seal_target(plain, progress, cancel).await?;
    }
    migrator.read_source(progress, cancel).await
}

/// A place that was not empty is backed up before something is copied into it.
async fn back_up(
    app: &App,
    to: &Arc<dyn CharacterStorage>,
    progress: &dyn Progress,
    cancel: &Cancel,
) -> Result<()> {
    back_up_before_migration(backups(app)?, to, progress, cancel).await
}

async fn told(library: &Library, report: MigrationReport) -> Result<Moved> {
    let complete = !report.stopped && report.left.iter().all(is_harmless);
    Ok(Moved {
        characters: report.characters,
        versions: report.versions,
        verified: report.verified,
        complete,
        stopped: report.stopped,
        stays: named(library, report.left).await?,
    })
}

/// Whether the new place has everything of a character although nothing of it was copied. What is set otherwise there, and who
/// has which place in a campaign, is that library's own.
fn is_harmless(left: &Left) -> bool {
    left.character.is_none() || left.code == "newer" || left.code == "gone"
}

/// What stays, by the names of the characters.
async fn named(library: &Library, left: Vec<Left>) -> Result<Vec<Stays>> {
    let ids: Vec<CharacterId> = left.iter().filter_map(|left| left.character.clone()).collect();
    let known = match ids.is_empty() {
        true => Vec::new(),
        false => {
            let filter = QueryFilter { ids, deleted: Deleted::With, ..QueryFilter::default() };
            library.store().query(&filter).await?.items
        }
    };
    let name = |id: CharacterId| {
        known.iter().find(|index| index.id == id).map_or_else(|| id.to_string(), |index| index.name.clone())
    };
    let stays = left.into_iter().map(|left| Stays {
        name: left.character.map(name),
        code: left.code,
        message: left.message,
    });
    Ok(stays.collect())
}

/// Gives the revision up to which the new library has everything.
async fn switch(
    app: &App,
    library: &Arc<Library>,
    site: &dyn Site,
    since: u64,
    (progress, cancel): (&dyn Progress, &Cancel),
) -> Result<u64> {
    let (from, options) = (library.store(), MigrationOptions::default());
    let to = open(site).await?;
    let migrator = migrator(app, &from, &to)?;
    let since = arrived(migrator.run_since(since, &options, progress, cancel).await?)?;
    // From here on nothing is saved in the old library by this program: what came since is little.
    app.close(Error::new(Code::StoreBusy, "The library is being switched to its new place."));
    let since = arrived(migrator.run_since(since, &options, progress, cancel).await?)?;
    let mark = Mark::take(&*from, &*to).await?;
    drop((migrator, to));
    let opened = match app.parts.host.move_in(site).await {
        Ok(opened) => opened,
        Err(error) => {
            if let (Some(mark), Ok(to)) = (mark, site.open().await) {
                mark.write(&*to).await?;
            }
            return Err(error.kept("Your library stays in use where it was, and the copy is kept."));
        }
    };
    exchange(app, opened).await;
    Ok(since)
}

/// Takes over what another program, or work that was not at its end, wrote to the old library until just now. What could not be
/// taken over is told, and is in the old library.
async fn late(app: &App, library: &Library, since: u64, progress: &dyn Progress) -> Vec<Stays> {
    let take = async {
        let migrator = migrator(app, &library.store(), &app.own_library()?.store())?;
        let options = MigrationOptions::default();
        let mut report = migrator.run_since(since, &options, progress, &Cancel::default()).await?;
        report.left.retain(|left| !is_harmless(left));
        named(library, report.left).await
    };
    take.await
        .unwrap_or_else(|error| vec![Stays { name: None, code: "late".to_owned(), message: error.message }])
}

/// The revision up to which everything is at the new place, or why it is not.
fn arrived(report: MigrationReport) -> Result<u64> {
    if report.stopped {
        return Err(Error::new(Code::Cancelled, "The switch was stopped.")
            .kept("Your library stays in use where it was, and the copy is kept."));
    }
    match report.left.iter().find(|left| !is_harmless(left)) {
        None => Ok(report.revision),
        Some(left) => Err(Error::new(
            Code::Conflict,
            format!("Something that was saved meanwhile could not be copied: {}", left.message),
        )
        .kept("Your library stays in use where it was, and the copy is kept.")
        .hint("Copy again, then switch.")),
    }
}

async fn remove(app: &App, site: &dyn Site, (progress, cancel): (&dyn Progress, &Cancel)) -> Result<()> {
    let library = app.own_library()?;
    let (from, to) = (library.store(), open(site).await?);
    let Some(mark) = Mark::of(&*from, &*to).await? else {
        return Err(Error::new(Code::InvalidArgument, "The chosen place was not empty before this move.")
            .kept("What is in it stays as it is.")
            .hint("What was copied into it is a part of that library now."));
    };
    let migrator = migrator(app, &from, &to)?;
    let plan = migrator.plan(&MigrationOptions::default(), cancel).await?;
    let is_added = plan.items.iter().any(|item| matches!(item.action, Action::Newer | Action::Differs));
    if is_added || plan.left_alone > 0 {
        return Err(Error::new(
            Code::Conflict,
            "Something is in the copy that your library does not have, or has no longer.",
        )
        .kept("The copy stays as it is, and so does your library.")
        .hint(
            "Open the copy as a library to look at it. Take it away by hand when nothing of it is needed.",
        ));
    }
    drop(migrator);
    if mark.is_new && site.can_remove() {
        drop(to);
        return site.remove().await;
    }
    let scribe = Scribe::new(Arc::clone(&app.parts.clock), app.parts.origin);
    remove_from(&*to, &mark, &plan, &scribe, (progress, cancel)).await
}
