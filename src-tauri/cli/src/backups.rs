//! `backstory backup`: which backups there are, making one, bringing one back, trying the newest.

use std::{fmt::Write as _, sync::Arc};

use backstory_core::{
    api::{
        App,
        app::Empty,
        backup::{
            BackupList, BackupRef, Backups, BroughtBack, Made, backup_drill, backup_list, backup_make,
            backup_restore,
        },
    },
    backup::{Backup, Drill, Reason},
    error::Result,
    job::Silent,
};
use backstory_storage::{
    backups::FolderBackups,
    clock::SystemClock,
    config::{self, Flags},
};
use clap::Subcommand;

use crate::{
    commands::stoppable,
    erasing::local_library,
    print::{self, Bar, bytes, count, explained, table},
};

/// What can be done with backups.
#[derive(Debug, Subcommand)]
pub(crate) enum BackupCommand {
    /// The backups there are, newest first, and what the last drill found.
    List,
    /// Make one now, whether something is new or not. It is read back before it counts.
    Now,
    /// Bring one back. A library of this computer is put aside first; into one on a server, what it lacks is copied.
    Restore {
        /// What it is called: see `backstory backup list`.
        name: String,
    },
    /// Open the newest somewhere else and compare it with what it says. Exit code 1 where it is not well.
    Drill,
}

impl BackupCommand {
    /// Whether it works on a library that is open.
    pub(crate) fn needs_library(&self) -> bool {
        matches!(self, Self::Now)
    }
}

/// The backups of the library that the command line names.
pub(crate) fn kept(flags: &Flags) -> Arc<dyn Backups> {
    let of_config = flags.clone();
    let config = move || Ok(config::load(&of_config)?.config.backup);
    let version = env!("CARGO_PKG_VERSION");
    Arc::new(FolderBackups::new(config, local_library(flags), Arc::new(SystemClock), version))
}

/// Runs the command; gives the exit code.
pub(crate) async fn run(app: &App, what: Option<BackupCommand>, json: bool, quiet: bool) -> Result<u8> {
    let bar = Bar::new(quiet || json);
    match what.unwrap_or(BackupCommand::List) {
        BackupCommand::List => print::result(json, &backup_list(app, Empty {}, &Silent).await?, list)?,
        BackupCommand::Now => {
            let made = stoppable(app, backup_make(app, Empty {}, &bar)).await?;
            bar.finish();
            print::result(json, &made, new)?;
        }
        BackupCommand::Restore { name } => {
            let back = stoppable(app, backup_restore(app, BackupRef { name }, &bar)).await?;
            bar.finish();
            print::result(json, &back, brought_back)?;
        }
        BackupCommand::Drill => {
            let drill = stoppable(app, backup_drill(app, Empty {}, &bar)).await?;
            bar.finish();
            print::result(json, &drill, tried)?;
            return Ok(u8::from(!drill.ok));
        }
    }
    Ok(0)
}

fn why(reason: Option<Reason>) -> &'static str {
    match reason {
        Some(Reason::Asked) => "asked for",
        Some(Reason::Scheduled) => "as scheduled",
        Some(Reason::BeforeMigration) => "before a migration",
        Some(Reason::BeforeKeyChange) => "before a change of the key",
        Some(Reason::AfterKeyChange) => "after a change of the key",
        Some(Reason::BeforeErase) => "before an erasure",
        Some(Reason::AfterErase) => "after an erasure",
        Some(Reason::BeforeRestore) => "before a backup was brought back",
        None => "cannot be read",
    }
}

fn row(backup: &Backup) -> Vec<String> {
    let versions = count(backup.versions, "version", "versions");
    vec![backup.name.clone(), bytes(backup.bytes), versions, why(backup.reason).to_owned()]
}

fn list(list: &BackupList) -> String {
    let mut out = table(&list.backups.iter().map(row).collect::<Vec<_>>());
    if list.backups.is_empty() {
        out.push_str("There is no backup yet. `backstory backup now` makes one.\n");
    }
    let keep = list.keep;
    let _ = writeln!(
        out,
        "In {}; kept: {} daily, {} weekly, {} monthly",
        list.folder, keep.daily, keep.weekly, keep.monthly
    );
    if let Some(drill) = &list.drill {
        out += &tried(drill);
    }
    out
}

fn new(made: &Made) -> String {
    let backup = &made.backup;
    let mut out = format!(
        "{}: {} with {}, {}, read back and equal\n",
        backup.name,
        count(backup.characters, "character", "characters"),
        count(backup.versions, "version", "versions"),
        bytes(backup.bytes)
    );
    for name in &made.removed {
        let _ = writeln!(out, "{name} is not kept any longer");
    }
    out
}

fn brought_back(back: &BroughtBack) -> String {
    match &back.set_aside {
        Some(aside) => format!("{} is the library now. The one that was there is {aside}\n", back.name),
        None if back.brought + back.as_it_was > 0 => format!(
            "{}: something came back of {}, {} had everything\n",
            back.name,
            count(back.brought, "character", "characters"),
            back.as_it_was
        ),
        None => format!("{} is the library now.\n", back.name),
    }
}

fn tried(drill: &Drill) -> String {
    let at = drill.at.strftime("%Y-%m-%d %H:%M UTC");
    let name = drill.backup.as_deref().unwrap_or("no backup");
    match &drill.problem {
        Some(problem) => format!("Tried {at}: {name} is not well\n{}\n", explained(problem, "  ")),
        None => format!(
            "Tried {at}: {name} opens elsewhere and holds what it says: {}, {} of documents\n",
            count(drill.versions, "version", "versions"),
            bytes(drill.bytes)
        ),
    }
}
