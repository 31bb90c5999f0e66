//! `erase` and `audit`: what goes, once somebody said so.

use std::{
    fs,
    io::{IsTerminal as _, Write as _},
    path::{Path, PathBuf},
    sync::Arc,
};

use backstory_core::{
    api::{
        App,
        erase::{Computer, EraseGet, EraseStart, ReceiptCheck, ReceiptGet, erase, erase_plan, receipt_check},
    },
    error::{Code, Error, Result},
    job::Silent,
    privacy::erase::{BeyondKind, ErasePlan, HeldKind, Scope},
};
use backstory_sources::fetch::{Keychain as _, SystemKeychain};
use backstory_storage::{
    computer::{Session, ThisComputer},
    config::{self, Flags},
    open,
};

use crate::{
    commands::stoppable,
    print::{self, Bar, bytes, count},
};

/// What is typed to go on.
const AGREED: &str = "erase";

/// How to go about it.
pub(crate) struct How {
    pub(crate) dry_run: bool,
    pub(crate) yes: bool,
    pub(crate) receipt: Option<PathBuf>,
    pub(crate) json: bool,
    pub(crate) quiet: bool,
}

/// This computer, with the library that the command line names.
pub(crate) fn this_computer(flags: &Flags) -> Result<Arc<dyn Computer>> {
    let of_backups = flags.clone();
    let backups =
        move || config::load(&of_backups).ok()?.config.backup.folder.map(|folder| folder.reveal().into());
    let session =
        Session { is_there: || Ok(SystemKeychain.get()?.is_some()), forget: || SystemKeychain.forget() };
    Ok(Arc::new(ThisComputer::new(local_library(flags), backups, session)?))
}

/// The file or the folder that would be opened as the library.
pub(crate) fn local_library(flags: &Flags) -> impl Fn() -> Option<PathBuf> + Send + Sync + 'static {
    let flags = flags.clone();
    move || {
        let loaded = config::load(&flags).ok()?;
        open::local(&config::chosen(&loaded.config).ok()?.library.address)
    }
}

/// Says what would go, asks, and erases it.
pub(crate) async fn run(app: &App, scope: Scope, how: How) -> Result<()> {
    let plan = erase_plan(app, EraseGet { scope }, &Silent).await?;
    if how.dry_run {
        return print::result(how.json, &plan, planned);
    }
    if !how.yes {
        ask(&planned(&plan), AGREED, "Erasing")?;
    }
    // A receipt that cannot be written is learnt of before anything goes.
    if let Some(path) = &how.receipt {
        fs::File::options()
            .create(true)
            .append(true)
            .open(path)
            .map_err(|error| unwritten(path, error).kept("Nothing was erased."))?;
    }
    let bar = Bar::new(how.quiet || how.json);
    let start = EraseStart { scope: plan.scope, token: plan.token };
    let erased = stoppable(app, erase(app, start, &bar)).await?;
    bar.finish();
    if let Some(path) = &how.receipt {
        let text = serde_json::to_string_pretty(&erased.receipt)
            .map_err(|e| Error::internal("The receipt cannot be put into words.").caused_by(e))?;
        fs::write(path, text + "\n")
            .map_err(|error| unwritten(path, error).kept("Everything was erased."))?;
    }
    if how.json {
        return print::result(true, &erased.receipt, |_| String::new());
    }
    print::result(false, &erased, |erased| erased.text.clone())
}

/// Whether a receipt is as it was made: 0 where it is, 1 where it is not.
pub(crate) async fn check(app: &App, file: &Path, json: bool) -> Result<u8> {
    let text = fs::read_to_string(file).map_err(|error| {
        Error::new(Code::FileUnreadable, format!("{} cannot be read: {error}.", file.display()))
            .caused_by(error)
    })?;
    let found = receipt_check(app, ReceiptGet { text }, &Silent).await?;
    print::result(json, &found, checked)?;
    Ok(u8::from(!found.valid))
}

fn checked(found: &ReceiptCheck) -> String {
    match found.valid {
        true => format!("{} is as it was made. Compare the number with the one you noted.\n", found.number),
        false => format!("{} was altered, or is not what it says.\n", found.number),
    }
}

fn unwritten(path: &Path, error: std::io::Error) -> Error {
    Error::new(Code::StorageFailed, format!("The receipt {} cannot be written: {error}.", path.display()))
        .hint("Choose another place for it.")
        .caused_by(error)
}

/// Asks once, and takes nothing but the word for it. Refuses where nobody can be asked.
pub(crate) fn ask(what: &str, word: &str, act: &str) -> Result<()> {
    let refused = |message: String| {
        Err(Error::new(Code::InvalidArgument, message)
            .kept("Nothing was changed.")
            .hint("Look at the list with --dry-run; say --yes where nobody can be asked."))
    };
    if !std::io::stdin().is_terminal() {
        return refused(format!("{act} is asked for once more, and here nobody can be asked."));
    }
    let _ = write!(std::io::stderr(), "{what}Type {word} to go on: ");
    let mut line = String::new();
    let read = std::io::stdin().read_line(&mut line);
    match read.is_ok() && line.trim() == word {
        true => Ok(()),
        false => refused("You thought better of it.".to_owned()),
    }
}

/// What would go, and what would stay.
fn planned(plan: &ErasePlan) -> String {
    let whose = match &plan.name {
        Some(name) => format!("{name} is erased for good"),
        None => "Everything Backstory keeps of you is erased for good".to_owned(),
    };
    let mut lines = vec![format!(
        "{whose}: {}, {} in the library that is open.",
        count(plan.counts.characters, "character", "characters"),
        count(plan.counts.versions, "version", "versions")
    )];
    lines.extend(plan.store.iter().map(|store| format!("  from {store}")));
    for place in &plan.places {
        let what = kind(place.kind);
        lines.push(match place.path.is_empty() {
            true => format!("  {what}"),
            false if place.files == 0 => format!("  {what}: {}", place.path),
            false => {
                format!(
                    "  {what}: {} ({}, {})",
                    place.path,
                    count(place.files, "file", "files"),
                    bytes(place.bytes)
                )
            }
        });
    }
    lines.push("What Backstory cannot erase:".to_owned());
    for beyond in &plan.beyond {
        let path = beyond.path.as_ref().map(|path| format!(": {path}")).unwrap_or_default();
        lines.push(format!("  {}{path}", reach(beyond.kind)));
    }
    lines.join("\n") + "\n"
}

fn kind(kind: HeldKind) -> &'static str {
    match kind {
        HeldKind::Library => "the library",
        HeldKind::Copies => "a copy made before a change",
        HeldKind::SetAside => "a library that was put aside",
        HeldKind::Backups => "backups that Backstory made",
        HeldKind::Leftovers => "what an interrupted write left",
        HeldKind::Settings => "settings of the window",
        HeldKind::WindowData => "data of the window's web engine",
        HeldKind::Records => "records of watched folders, agreements and requests",
        HeldKind::Session => "the session with D&D Beyond, in the keychain",
        HeldKind::Cache => "copies of documents in the cache",
    }
}

fn reach(kind: BeyondKind) -> &'static str {
    match kind {
        BeyondKind::Sources => "your characters at D&D Beyond or in Foundry",
        BeyondKind::Files => {
            "files you imported or exported, and other copies of the library, such as one from before a move"
        }
        BeyondKind::Backups => "backups that other programs made of this computer",
        BeyondKind::ServerLog => "the database server's own log and backups: ask whoever looks after it",
        BeyondKind::ObjectVersions => "old versions, if the bucket keeps any",
        BeyondKind::OtherLibrary => "another library that the configuration names",
        BeyondKind::Configuration => "the configuration you wrote",
        BeyondKind::Keychain => "a session with D&D Beyond, if the keychain, which does not open, holds one",
        BeyondKind::SetAside => "a library that was put aside and holds others too",
        BeyondKind::Cache => "copies of documents in a cache that does not answer: they end by themselves",
    }
}
