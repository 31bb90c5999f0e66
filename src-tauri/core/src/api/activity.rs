//! What was done with the library, for people: the audit log, with names where they are still known.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    api::{
        App,
        app::Empty,
        export::{Outlet, cell, failed},
        keeping::FileSaved,
    },
    error::{Code, Error, Result},
    job::Progress,
    library::Library,
    model::{CharacterId, CharacterIndex},
    privacy::audit::{
        Act, Action, Entry, Note, Subject, TreeHead, lines,
        verify::{Fault, Verdict},
    },
    storage::{Deleted, HistoryQuery, QueryFilter},
};

/// So many entries a page has where nobody says.
const PAGE: u32 = 100;
/// The longest page.
const LONGEST: u32 = 1_000;
/// So many entries are read at a time.
const STEP: u64 = 500;

/// Which entries.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
pub struct ActivityFilter {
    /// Only what concerns this character: an id, or a name where it is the only one, in the bin or not.
    pub character: Option<String>,
    /// Only these. Empty: all.
    #[cfg_attr(test, ts(optional, as = "Option<Vec<Action>>"))]
    pub actions: Vec<Action>,
    /// Only from there: `window`, `command`, `watch`, …
    pub origin: Option<String>,
    /// At or after.
    #[cfg_attr(test, ts(as = "Option<String>"))]
    pub since: Option<Timestamp>,
    /// Before.
    #[cfg_attr(test, ts(as = "Option<String>"))]
    pub until: Option<Timestamp>,
}

/// Asks for a page of the log, newest first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
pub struct ActivityGet {
    /// Which.
    #[cfg_attr(test, ts(optional, as = "Option<ActivityFilter>"))]
    pub filter: ActivityFilter,
    /// Only those before this number: [`Activity::next`] of the page before.
    pub before: Option<u64>,
    /// At most so many.
    pub limit: Option<u32>,
}

/// A character that an entry is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[allow(missing_docs, reason = "named after what they are")]
pub struct Concerned {
    pub id: CharacterId,
    pub name: String,
}

/// An entry, as a person reads it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct ActivityEntry {
    /// Its number.
    pub sequence: u64,
    /// When.
    #[cfg_attr(test, ts(as = "String"))]
    pub at: Timestamp,
    /// Where from: `window`, `command`, `watch`, `rest`, …
    pub origin: String,
    /// What.
    pub action: Action,
    /// Whom it concerns, where that is still known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub character: Option<Concerned>,
    /// It concerns a character that is not here any more: nothing leads from the entry to it.
    pub gone: bool,
    /// Which version of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub version: Option<u64>,
    /// What happened in that version, first of all, where it is still here.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub sentence: Option<String>,
    /// Where that version came from: a file's name, an address.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub from: Option<String>,
    /// How much, by names that stay: `versions`, `quiet`, `seen`, `captures`, `documents`, `problems`, `members`, `entries`.
    pub counts: BTreeMap<String, u64>,
    /// What else it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub about: Option<String>,
}

/// A page of the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Activity {
    /// The entries, newest first.
    pub entries: Vec<ActivityEntry>,
    /// How many the whole log has.
    pub size: u64,
    /// Give this as `before` for the next page; none when this is the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub next: Option<u64>,
}

/// How the log is written to a file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub enum LogForm {
    /// A line of JSON for each entry, with its hash: the whole log can be verified from it.
    #[default]
    Lines,
    /// A table.
    Csv,
}

/// Asks for the log as a file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
pub struct ActivitySave {
    /// Which entries.
    #[cfg_attr(test, ts(optional, as = "Option<ActivityFilter>"))]
    pub filter: ActivityFilter,
    /// What it looks like.
    #[cfg_attr(test, ts(optional, as = "Option<LogForm>"))]
    pub form: LogForm,
}

/// Who is behind the subjects of the log.
struct Names(BTreeMap<Subject, Concerned>);

impl Names {
    async fn of(library: &Library) -> Result<Self> {
        let filter = QueryFilter { deleted: Deleted::With, ..QueryFilter::default() };
        let rows = library.query(&filter).await?.items;
        let named = |row: CharacterIndex| {
            let subject = row.audit_key.as_ref()?.subject(&row.id);
            Some((subject, Concerned { id: row.id, name: row.name }))
        };
        Ok(Self(rows.into_iter().filter_map(named).collect()))
    }
}

/// A filter that was understood.
struct Wanted {
    subject: Option<Option<Subject>>,
    filter: ActivityFilter,
}

impl Wanted {
    async fn of(library: &Library, filter: ActivityFilter) -> Result<Self> {
        let subject = match &filter.character {
            None => None,
            Some(character) => {
                let row = library.find_among(character, Deleted::With).await?;
                Some(row.audit_key.as_ref().map(|key| key.subject(&row.id)))
            }
        };
        Ok(Self { subject, filter })
    }

    fn takes(&self, note: &Note) -> bool {
        let ActivityFilter { actions, origin, since, until, .. } = &self.filter;
        // A character of whom nothing was ever noted has no entries.
        self.subject.is_none_or(|subject| subject.is_some() && note.subject == subject)
            && (actions.is_empty() || actions.contains(&note.action))
            && origin.as_ref().is_none_or(|origin| *origin == note.origin)
            && since.is_none_or(|since| note.at >= since)
            && until.is_none_or(|until| note.at < until)
    }
}

/// A page of what was done, newest first.
///
/// # Errors
/// `character_not_found`, `character_ambiguous`; as [`Library::audit`].
pub async fn activity(app: &App, request: ActivityGet, _: &dyn Progress) -> Result<Activity> {
    let library = app.library()?;
    let size = library.audit_head().await?.size;
    let wanted = Wanted::of(&library, request.filter).await?;
    let names = Names::of(&library).await?;
    let limit = request.limit.unwrap_or(PAGE).clamp(1, LONGEST) as usize;
    // Everything up to here is still to be looked at.
    let mut left = request.before.map_or(size, |before| before.saturating_sub(1)).min(size);
    let mut entries = Vec::new();
    while left > 0 && entries.len() < limit {
        let after = left.saturating_sub(STEP);
        let step = library.audit(after, u32::try_from(left - after).unwrap_or(u32::MAX)).await?;
        left = after;
        for entry in step.iter().rev() {
            let Some(note) = entry.note().filter(|note| wanted.takes(note)) else { continue };
            if entries.len() == limit {
                left = entry.sequence;
                break;
            }
            entries.push(told(app, &library, &names, entry.sequence, note).await?);
        }
    }
    let next = (left > 0).then_some(left + 1);
    Ok(Activity { entries, size, next })
}

async fn told(
    app: &App,
    library: &Library,
    names: &Names,
    sequence: u64,
    note: Note,
) -> Result<ActivityEntry> {
    let character = note.subject.and_then(|subject| names.0.get(&subject)).cloned();
    let mut entry = ActivityEntry {
        sequence,
        at: note.at,
        origin: note.origin,
        action: note.action,
        gone: note.subject.is_some() && character.is_none(),
        version: note.version,
        sentence: None,
        from: None,
        counts: note.counts,
        about: note.about,
        character,
    };
    if let (Some(character), Some(version)) = (&entry.character, entry.version) {
        let query = HistoryQuery {
            version: Some(version),
            limit: Some(1),
            ..HistoryQuery::all(character.id.clone())
        };
        if let Some(version) = library.history(&query).await?.items.pop() {
            let sentence = version.summary.sentences.first();
            entry.sentence = sentence.map(|sentence| sentence.said.text(app.language()));
            entry.from = version.origin;
        }
    }
    Ok(entry)
}

/// Reads the whole log and says whether it is what was written, and goes on from what was last seen on this computer.
///
/// # Errors
/// As [`Library::audit`].
pub async fn activity_verify(app: &App, _: Empty, _: &dyn Progress) -> Result<Verdict> {
    let library = app.library()?;
    let verdict = library.verify_audit(seen(app, &library).await).await?;
    if verdict.ok {
        keep(app, &library, &verdict.log).await;
    }
    Ok(verdict)
}

/// Takes the log as it is from now on, although it is not the one that was last seen here: after a backup was put back, say.
/// Whatever else is wrong with it stays wrong.
///
/// # Errors
/// `conflict` where the log goes on from what was last seen, and there is nothing to accept; as [`Library::record`].
pub async fn activity_accept(app: &App, request: Empty, progress: &dyn Progress) -> Result<Verdict> {
    let library = app.library()?;
    let seen = seen(app, &library).await;
    let verdict = library.verify_audit(seen).await?;
    let is_another =
        verdict.findings.iter().any(|finding| matches!(finding.fault, Fault::Shorter | Fault::Another));
    let Some(seen) = seen.filter(|_| is_another) else {
        return Err(Error::new(Code::Conflict, "The log goes on from what was last seen here.")
            .kept("Nothing was changed.")
            .hint("There is nothing to accept."));
    };
    let act = Act::new(Action::LogAccepted).about(seen.hash.to_string()).count("entries", seen.size);
    library.record(vec![act]).await?;
    keep(app, &library, &library.audit_head().await?.tree()).await;
    activity_verify(app, request, progress).await
}

/// Lets the player choose a place for the log and writes it there.
///
/// # Errors
/// As [`super::Host::outlet`] and [`write_log`].
pub(super) async fn activity_save(app: &App, request: ActivitySave, _: &dyn Progress) -> Result<FileSaved> {
    let name = match request.form {
        LogForm::Lines => "Activity.jsonl",
        LogForm::Csv => "Activity.csv",
    };
    let Some(outlet) = app.parts.host.outlet(name).await? else { return Ok(FileSaved { name: None }) };
    Ok(FileSaved { name: Some(write_log(app, request, outlet).await?) })
}

/// Writes the log, oldest entry first. Gives the name of the file.
///
/// # Errors
/// `character_not_found`, `character_ambiguous`, `storage_full`, `storage_failed`.
pub async fn write_log(app: &App, request: ActivitySave, mut outlet: Box<dyn Outlet>) -> Result<String> {
    let library = app.library()?;
    let wanted = Wanted::of(&library, request.filter).await?;
    let is_all = wanted.filter == ActivityFilter::default();
    let takes = |entry: &Entry| entry.note().is_some_and(|note| wanted.takes(&note));
    let mut entries = library.whole_audit().await?;
    // A whole log is written whole, what nobody may read in it too: by its hashes.
    entries.retain(|entry| is_all || takes(entry));
    let text = match request.form {
        LogForm::Lines => lines(entries)?,
        LogForm::Csv => table(&entries, &Names::of(&library).await?),
    };
    outlet.write_all(text.as_bytes()).map_err(|error| failed(&error))?;
    outlet.keep()
}

fn table(entries: &[Entry], names: &Names) -> String {
    let mut text = "sequence,at,origin,action,character,name,version,counts,about,hash\r\n".to_owned();
    for entry in entries {
        let Some(note) = entry.note() else { continue };
        let of = note.subject.and_then(|subject| names.0.get(&subject));
        let counts: Vec<_> = note.counts.iter().map(|(what, count)| format!("{what}={count}")).collect();
        let cells = [
            entry.sequence.to_string(),
            note.at.to_string(),
            cell(&note.origin),
            note.action.name(),
            cell(of.map_or("", |of| of.id.as_str())),
            cell(of.map_or("", |of| &of.name)),
            note.version.map(|version| version.to_string()).unwrap_or_default(),
            cell(&counts.join(" ")),
            cell(note.about.as_deref().unwrap_or_default()),
            entry.hash.to_string(),
        ];
        text.push_str(&cells.join(","));
        text.push_str("\r\n");
    }
    text
}

impl App {
    /// Remembers on this computer how the log of the player's library ends now, so that one that was put back or cut off is
    /// found. Nothing is remembered of a log that does not go on from what was remembered: that is for the player to accept.
    pub async fn see_log(&self) {
        let Ok(library) = self.own_library() else { return };
        if let Err(error) = self.try_see_log(&library).await {
            tracing::warn!(?error, "how the audit log ends was not remembered");
        }
    }

    async fn try_see_log(&self, library: &Library) -> Result<()> {
        let now = library.audit_head().await?.tree();
        let seen = seen(self, library).await;
        if now.size == 0 || seen == Some(now) {
            return Ok(());
        }
        let goes_on = match seen.map(|seen| (seen.size.checked_sub(1), seen)) {
            Some((Some(before), seen)) => {
                let then = library.audit(before, 1).await?.pop();
                then.is_some_and(|entry| entry.sequence == seen.size && entry.hash == seen.hash)
            }
            _ => true,
        };
        if goes_on {
            keep(self, library, &now).await;
        }
        Ok(())
    }
}

/// What was last seen of a library's log on this computer; nothing of one that is kept nowhere.
async fn seen(app: &App, library: &Library) -> Option<TreeHead> {
    let info = library.info();
    let computer = app.parts.computer.as_ref().ok().filter(|_| info.capabilities.persistent)?;
    computer.log_seen(&info.location).await.unwrap_or_else(|error| {
        tracing::warn!(?error, "what was last seen of the audit log cannot be read");
        None
    })
}

async fn keep(app: &App, library: &Library, log: &TreeHead) {
    let info = library.info();
    let Ok(computer) = &app.parts.computer else { return };
    if !info.capabilities.persistent || log.size == 0 {
        return;
    }
    if let Err(error) = computer.keep_log_seen(&info.location, log).await {
        tracing::warn!(?error, "how the audit log ends was not remembered");
    }
}
