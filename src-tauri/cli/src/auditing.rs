//! `audit`: what was done with the library, and whether the log of it holds together.

use std::path::{Path, PathBuf};

use backstory_core::{
    api::{
        App,
        activity::{
            Activity, ActivityEntry, ActivityFilter, ActivityGet, ActivitySave, LogForm, activity,
            activity_accept, activity_verify, write_log,
        },
        app::Empty,
    },
    error::Result,
    job::Silent,
    privacy::audit::{
        Action,
        verify::{Fault, Finding, Verdict},
    },
};
use backstory_storage::outlet::FileOutlet;
use serde::Serialize;

use crate::{
    erasing,
    print::{self, count},
};

/// The names of actions, for the help.
pub(crate) const ACTIONS: &str = "\
Actions: capture, sighting, restore, pin, unpin, tag, note, delete, undelete, erase, retention, anonymise, archive, retell,
recompress, repair, migrate, log_taken, log_refused, log_accepted, setting, member, key, agree, withdraw, export, share, sync.

An entry names a character by a pseudonym, which only a key in the character's own row leads back to it. When the character is
erased, the key goes and the entry stays.";

/// What is asked of the log.
pub(crate) enum Asked {
    /// Its entries.
    List(ActivityGet),
    /// A file of them.
    File(PathBuf, ActivityFilter, LogForm),
    /// Whether it holds together.
    Verify,
    /// To be taken as it is.
    Accept,
    /// Whether a receipt is as it was made.
    Receipt(PathBuf),
}

/// A file of entries.
#[derive(Debug, Serialize)]
struct Written {
    file: String,
}

/// Answers; gives the exit code.
pub(crate) async fn run(app: &App, asked: Asked, json: bool) -> Result<u8> {
    match asked {
        Asked::List(request) => {
            print::result(json, &activity(app, request, &Silent).await?, listed)?;
            Ok(0)
        }
        Asked::File(path, filter, form) => {
            let outlet = Box::new(FileOutlet::create(&path)?);
            write_log(app, ActivitySave { filter, form }, outlet).await?;
            print::result(json, &Written { file: shown(&path) }, |written| format!("{}\n", written.file))?;
            Ok(0)
        }
        Asked::Verify => judged(&activity_verify(app, Empty {}, &Silent).await?, json),
        Asked::Accept => judged(&activity_accept(app, Empty {}, &Silent).await?, json),
        Asked::Receipt(path) => erasing::check(app, &path, json).await,
    }
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

fn judged(verdict: &Verdict, json: bool) -> Result<u8> {
    print::result(json, verdict, verified)?;
    Ok(u8::from(!verdict.ok))
}

fn verified(verdict: &Verdict) -> String {
    let entries = count(verdict.log.size, "entry", "entries");
    let mut lines = Vec::new();
    if verdict.ok {
        lines.push(format!("Unbroken: {entries}. The root of their tree is {}.", verdict.log.root));
        lines.push(match verdict.anchor {
            Some(anchor) => format!(
                "It goes on from what was last seen on this computer: {}.",
                count(anchor.size, "entry", "entries")
            ),
            None => "It was not looked at on this computer before; from now on it is remembered.".to_owned(),
        });
        if verdict.taken > 0 {
            let taken = count(verdict.taken, "entry", "entries");
            lines.push(format!("Kept in it, and unbroken too: {taken} of other logs."));
        }
    } else {
        lines.push(format!("The log is not what was written. It has {entries}."));
        lines.extend(verdict.findings.iter().map(|finding| wrong(finding, verdict)));
    }
    lines.join("\n") + "\n"
}

fn wrong(finding: &Finding, verdict: &Verdict) -> String {
    let number = finding.sequence;
    let seen = verdict.anchor.map(|anchor| count(anchor.size, "entry", "entries")).unwrap_or_default();
    match finding.fault {
        Fault::Missing => format!("  entry {number}: it is missing"),
        Fault::Changed => {
            format!("  entry {number}: it is not what was written, or does not go on from the one before it")
        }
        Fault::Head => "  its end: what the library says of it is not what the entries say".to_owned(),
        Fault::Shorter => format!(
            "  its end: {seen} were there when it was last seen on this computer. The end was cut off, or an earlier copy of \
             the library was put back. If that was you: backstory audit --accept"
        ),
        Fault::Another => format!(
            "  entry {number} and those before it: not the log that was last seen on this computer. If you put another \
             library in its place: backstory audit --accept"
        ),
        Fault::Segment => {
            format!("  entry {number}: the entries of another log that it keeps do not hold together")
        }
    }
}

fn listed(page: &Activity) -> String {
    let mut text = String::new();
    for entry in &page.entries {
        let at = entry.at.strftime("%Y-%m-%d %H:%M");
        text.push_str(&format!("{:>6}  {at}  {:<7}  {}\n", entry.sequence, entry.origin, told(entry)));
    }
    if let Some(next) = page.next {
        text.push_str(&format!("Earlier ones: backstory audit --before {next}\n"));
    }
    match page.entries.is_empty() {
        true => "Nothing was noted that matches.\n".to_owned(),
        false => text,
    }
}

/// An entry in a line.
fn told(entry: &ActivityEntry) -> String {
    let who = match &entry.character {
        Some(character) => character.name.clone(),
        None if entry.gone => "a character that is gone".to_owned(),
        None => String::new(),
    };
    let of = |what: &str| entry.counts.get(what).copied().unwrap_or(0);
    let version = entry.version.map(|version| format!(", version {version}")).unwrap_or_default();
    let sentence = entry.sentence.as_ref().map(|sentence| format!(": {sentence}")).unwrap_or_default();
    let about = entry.about.clone().unwrap_or_default();
    let versions = count(of("versions"), "version", "versions");
    match entry.action {
        Action::Capture if of("versions") > 1 => format!("saved {who}, {versions}"),
        Action::Capture => format!("saved {who}{version}{sentence}"),
        Action::Sighting => format!("saw {who} again as it was"),
        Action::Restore => format!("restored {who}{version}"),
        Action::Pin => format!("kept {who}{version} for ever"),
        Action::Unpin => format!("kept {who}{version} no longer for ever"),
        Action::Tag => format!("named {who}{version}"),
        Action::Note => format!("noted something on {who}{version}"),
        Action::Delete => format!("put {who} into the bin"),
        Action::Undelete => format!("took {who} out of the bin"),
        Action::Erase => format!("erased {who} for good, {versions}"),
        Action::Retention => format!("thinned {who}, {versions}"),
        Action::Anonymise => format!("took what tells of its player out of {who}, {versions}"),
        Action::Archive => format!("moved {versions} of {who} between archive and history"),
        Action::Retell => format!("told {who} anew, {versions}"),
        Action::Recompress => format!("stored {} anew", count(of("documents"), "document", "documents")),
        Action::Repair => format!("mended {}", count(of("problems"), "thing", "things")),
        Action::Migrate if of("versions") > 0 => format!("moved {who}, {versions}"),
        Action::Migrate => format!("brought {who} up to date"),
        Action::LogTaken => format!("took over {} of another log", count(of("entries"), "entry", "entries")),
        Action::LogRefused => "left another log, which does not hold together".to_owned(),
        Action::LogAccepted => "accepted the log as it is".to_owned(),
        Action::Setting => format!("changed the setting {about}"),
        Action::Member => "changed who is in a campaign".to_owned(),
        Action::Key => "changed the keys of the library".to_owned(),
        Action::Agree => format!("agreed to {about}"),
        Action::Withdraw => format!("took back {about}"),
        Action::Export => format!("exported {who}, {versions}"),
        Action::Share => format!("shared {who}, {versions}"),
        Action::Sync => format!("synced {who}, {versions}"),
        Action::Other => "did something a newer Backstory knows".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_help_names_every_action() {
        let names = ACTIONS.split("\n\n").next().unwrap_or_default();
        let names = names.trim_start_matches("Actions:").replace(['\n', '.'], " ");
        let named: Vec<_> = names.split(',').map(|name| name.trim().to_owned()).collect();
        assert_eq!(named, Action::ALL.map(Action::name));
    }
}
