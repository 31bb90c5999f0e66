//! `backstory migrate`: a library goes to another store, or two become one.

use std::{
    fmt::Write as _,
    io::Write as _,
    num::NonZeroU32,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use backstory_core::{
    access::guarded,
    api::backup::back_up_before_migration,
    config::{Address, LibraryConfig},
    encryption::Unlock,
    error::{Code, Result},
    job::{Cancel, Progress, ProgressEvent},
    migrate::{Action, Left, MigrationOptions, MigrationPlan, MigrationReport, Released, StorageMigrator},
    privacy::audit::Scribe,
    storage::{CharacterStorage, StorageFactory, StoreOptions},
};
use backstory_storage::{
    clock::SystemClock,
    config::{Flags, chosen, load},
    joined::{JoinedStorage, Manner},
    memory::MemoryStorage,
    open::{Stores, kind},
};
use clap::ValueEnum;
use serde::Serialize;

use crate::{
    args::address,
    backups,
    commands::IN_PART,
    print::{self, Bar, bytes, count},
};

/// What can be said of a migration.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Where a library can be: a .sqlite file, or any other address --library takes. Two libraries in \
    a row are an address too: gradual:NEW|OLD and hybrid:NEW|OLD show both as one. To end such a state, migrate from it: \
    --from 'gradual:NEW|OLD' --to NEW.\n\nWhat was copied stays whenever and however a migration ends; the same command goes \
    on where it ended, and run again over a finished one it writes nothing. A character that somebody went on with in the \
    new library is left alone and named, and the exit code is 3."
)]
pub(crate) struct Options {
    /// The library that has the characters. It is only read.
    #[arg(long, value_name = "NAME|PATH|URL", value_parser = address)]
    from: Address,
    /// The library that shall have them.
    #[arg(long, value_name = "NAME|PATH|URL", value_parser = address)]
    to: Address,
    /// How.
    #[arg(long, value_enum, default_value_t = Strategy::Full)]
    strategy: Strategy,
    /// At most so many versions at a time: what is lost when it is stopped, and done again.
    #[arg(long, value_name = "N", default_value = "100")]
    batch_size: NonZeroU32,
    /// Only say what would happen.
    #[arg(long)]
    dry_run: bool,
    /// Also erase in the new library what was erased in the old one.
    #[arg(long)]
    erase_gone: bool,
    /// Afterwards take away from the old library what was read back from the new one. This cannot be undone.
    #[arg(long, requires = "yes")]
    release: bool,
    /// Make no backup of a library before something is written to it or taken away from it.
    #[arg(long)]
    no_backup: bool,
    /// The library is encrypted, and its copy may be plain: where the new library cannot be encrypted, or is not.
    #[arg(long)]
    plain: bool,
    /// Do not ask.
    #[arg(long)]
    yes: bool,
    /// Say on standard error how far it is, a line for each batch, also where that is no terminal.
    #[arg(long)]
    progress: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "snake_case")]
enum Strategy {
    /// Copy everything now. The old library stays as it is.
    Full,
    /// Use both as one from now on: what is looked at or changed goes over to the new one.
    Gradual,
    /// Use both as one from now on: only what is changed or new goes to the new one.
    Hybrid,
    /// Copy what is new since the last time. What was deleted meanwhile stays in the copy.
    Backup,
}

/// What `--json` prints.
#[derive(Debug, Serialize)]
struct Migrated {
    strategy: Strategy,
    #[serde(flatten)]
    report: MigrationReport,
    seconds: f64,
    /// The address under which both are one library, where they are to be used so.
    #[serde(skip_serializing_if = "Option::is_none")]
    library: Option<String>,
    /// What would happen, where that was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    plan: Option<MigrationPlan>,
    /// What was taken away from the old library.
    #[serde(skip_serializing_if = "Option::is_none")]
    released: Option<Released>,
}

/// Migrates; gives the exit code.
pub(crate) async fn run(options: Options, flags: Flags, json: bool, quiet: bool) -> Result<u8> {
    let told = Told::new(&options, json || quiet);
    let cancel = Cancel::default();
    let started = Instant::now();
    let work = work(&options, &flags, &told, &cancel);
    tokio::pin!(work);
    let done = tokio::select! {
        done = &mut work => done,
        _ = tokio::signal::ctrl_c() => {
            cancel.cancel();
            work.await
        }
    };
    told.bar.finish();
    let mut done = done?;
    done.seconds = started.elapsed().as_secs_f64();
    print::result(json, &done, text)?;
    Ok(if is_whole(&done) { 0 } else { IN_PART })
}

/// A character that was erased in the old library and is still in the new one is worth a word, and no failure.
fn is_whole(done: &Migrated) -> bool {
    let released = done.released.as_ref();
    done.report.left.iter().all(|left| left.code == "gone")
        && !done.report.stopped
        && released.is_none_or(|released| released.left.is_empty() && !released.stopped)
}

async fn work(options: &Options, flags: &Flags, told: &Told, cancel: &Cancel) -> Result<Migrated> {
    let [source, target] = [library(&options.from, flags)?, library(&options.to, flags)?];
    let mut done = Migrated {
        strategy: options.strategy,
        report: MigrationReport::default(),
        seconds: 0.0,
        library: None,
        plan: None,
        released: None,
    };
    let from = open(&source, !options.release, flags).await?;
    let to = match options.dry_run {
        true => open_or_imagine(&target, flags).await?,
        false => open(&target, false, flags).await?,
    };
    let scribe = Scribe::new(Arc::new(SystemClock), "command");
    let migrator = StorageMigrator::new(Arc::clone(&from), Arc::clone(&to))?.recorded_by(scribe);
    let manner = match options.strategy {
        Strategy::Full | Strategy::Backup => None,
        Strategy::Gradual => Some(Manner::Gradual),
        Strategy::Hybrid => Some(Manner::Hybrid),
    };
    if let Some(manner) = manner {
        // Looking at everything must not take everything over.
        let both = Arc::new(JoinedStorage::new(Manner::Hybrid, to, Arc::clone(&from), true));
        done.report = StorageMigrator::new(from, both)?.compare(told, cancel).await?;
        done.library = Some(format!("{}:{}|{}", manner.name(), target.address, source.address));
        return Ok(done);
    }
    let how = MigrationOptions {
        batch_size: options.batch_size.get(),
        backup: options.strategy == Strategy::Backup,
        erase_gone: options.erase_gone,
    };
    if options.dry_run {
        let mut plan = migrator.plan(&how, cancel).await?;
        plan.to.location = target.address.to_string();
        done.report.characters = plan.characters;
        done.report.versions = plan.versions;
        done.report.skipped = plan.skipped;
        done.plan = Some(plan);
        return Ok(done);
    }
    back_up(&to, options, flags, told, cancel).await?;
    migrator.seal_target(options.plain, told, cancel).await?;
    done.report = migrator.run(&how, told, cancel).await?;
    if options.release && is_whole(&done) {
        back_up(&from, options, flags, told, cancel).await?;
        done.released = Some(migrator.release(told, cancel).await?);
    }
    Ok(done)
}

/// A library that is about to be changed is backed up, unless the player does not want that.
async fn back_up(
    library: &Arc<dyn CharacterStorage>,
    options: &Options,
    flags: &Flags,
    told: &Told,
    cancel: &Cancel,
) -> Result<()> {
    match options.no_backup {
        true => Ok(()),
        false => back_up_before_migration(&*backups::kept(flags), library, told, cancel).await,
    }
}

/// How a library is opened that is known by its name or its address.
fn library(address: &Address, flags: &Flags) -> Result<LibraryConfig> {
    let flags = Flags { library: Some(address.clone()), ..flags.clone() };
    let library = chosen(&load(&flags)?.config)?.library;
    kind(&library.address)?;
    Ok(library)
}

async fn open(library: &LibraryConfig, read_only: bool, flags: &Flags) -> Result<Arc<dyn CharacterStorage>> {
    let unlock = Unlock { words: flags.unlock.clone(), keychain: None };
    let options = StoreOptions { read_only, unlock, ..library.options() };
    Ok(guarded(Stores.open_with(library.address.reveal(), &options).await?))
}

/// A rehearsal makes no library: one that is not there yet is an empty one.
async fn open_or_imagine(library: &LibraryConfig, flags: &Flags) -> Result<Arc<dyn CharacterStorage>> {
    match open(library, true, flags).await {
        Err(error) if matches!(error.code, Code::StorageFailed | Code::FileUnreadable) => {
            Ok(Arc::new(MemoryStorage::new()))
        }
        opened => opened,
    }
}

/// Shows how far it is: on a terminal by a bar, and by lines where they are asked for.
struct Told {
    bar: Bar,
    every: Option<u64>,
    last: AtomicU64,
}

impl Told {
    fn new(options: &Options, hidden: bool) -> Self {
        let every = options.progress.then_some(u64::from(options.batch_size.get()));
        Self { bar: Bar::new(hidden || options.progress), every, last: AtomicU64::new(0) }
    }
}

impl Progress for Told {
    fn report(&self, event: ProgressEvent) {
        if let (Some(every), ProgressEvent::Advanced { done, total }) = (self.every, &event)
            && (*done == 0 || *done >= self.last.load(Ordering::Relaxed) + every)
        {
            self.last.store(*done, Ordering::Relaxed);
            // Nobody reading along is fine.
            let _ = writeln!(std::io::stderr().lock(), "{done} of {total}");
        }
        self.bar.report(event);
    }
}

fn text(done: &Migrated) -> String {
    let mut out = String::new();
    if let Some(plan) = &done.plan {
        tell_plan(&mut out, plan);
        return out;
    }
    let report = &done.report;
    let (characters, versions) =
        (count(report.characters, "character", "characters"), count(report.versions, "version", "versions"));
    if let Some(address) = &done.library {
        let _ = writeln!(
            out,
            "{characters} with {versions} can be read through both libraries as one; nothing was copied."
        );
        let _ = writeln!(out, "Use them as one from now on: backstory --library '{address}' list");
    } else {
        let copied = report.versions - report.skipped;
        let _ = writeln!(
            out,
            "{characters} with {versions}: {copied} copied, {} there already, {} read back and equal",
            report.skipped, report.verified
        );
    }
    tell_left(&mut out, &report.left);
    if report.stopped {
        out.push_str(
            "Stopped before the end. What was copied is kept, and the same command goes on from there.\n",
        );
    }
    if let Some(released) = &done.released {
        let _ = writeln!(
            out,
            "Taken away from the old library: {} with {}",
            count(released.characters, "character", "characters"),
            count(released.versions, "version", "versions")
        );
        tell_left(&mut out, &released.left);
    }
    out
}

fn tell_left(out: &mut String, left: &[Left]) {
    for left in left {
        let what =
            left.character.as_ref().map_or_else(|| "A place in a campaign".to_owned(), ToString::to_string);
        let _ = writeln!(out, "{what}: {}", left.message);
    }
}

fn tell_plan(out: &mut String, plan: &MigrationPlan) {
    let _ = writeln!(out, "From {} to {}", plan.from.location, plan.to.location);
    for item in &plan.items {
        let word = match item.action {
            Action::Copy => "copy",
            Action::UpToDate => "there",
            Action::Newer | Action::Differs | Action::Incomplete | Action::Gone => "leave",
        };
        let name = item.name.clone().unwrap_or_else(|| item.character.to_string());
        let size = match item.action {
            Action::Copy => format!(" ({})", count(item.versions, "version", "versions")),
            _ => String::new(),
        };
        let _ = writeln!(out, "{word:5}  {name}{size}: {}", item.reason);
    }
    let _ = writeln!(
        out,
        "To copy: {} with {} in {}, {}; {} there already",
        count(plan.characters, "character", "characters"),
        count(plan.versions, "version", "versions"),
        count(plan.documents, "document", "documents"),
        bytes(plan.bytes),
        plan.skipped
    );
    if plan.left_alone > 0 {
        let only = count(plan.left_alone, "character", "characters");
        let _ = writeln!(out, "{only} of the new library alone: nothing is done to them");
    }
}
