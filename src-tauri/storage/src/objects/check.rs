//! Looking for damage, and mending what can be mended.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::{Duration, SystemTime},
};

use backstory_core::{
    error::{Code, Result},
    job::{Cancel, Progress, ProgressEvent},
    model::{CharacterId, ContentHash, VersionMetadata},
    storage::{CheckReport, CheckScope, Encoding, Problem, RepairReport},
};
use futures_util::FutureExt;
use object_store::path::Path;
use tokio::sync::OwnedMutexGuard;

use super::{
    bucket::at_once,
    content::{self, Pending},
    form::{self, Checkpoint, Content, Entry, Manifest, Marker, Row},
    transaction,
    view::{Recent, View},
};
use crate::{record::Record, tally::stale};

/// How often a character is looked at anew because somebody wrote to it meanwhile.
const TRIES: usize = 4;

/// How many of the journal's entries a step looks at.
const STEP: usize = 1_000;

/// An object as it is listed.
struct Listed {
    size: u64,
    modified: i64,
}

/// A check under way.
struct Check<'a> {
    view: &'a View,
    scope: CheckScope,
    listed: BTreeMap<Path, Listed>,
    /// Objects that somebody needs.
    needed: BTreeSet<Path>,
    /// Characters whose history could not be read: nobody knows what they need.
    unknown: BTreeSet<CharacterId>,
    report: CheckReport,
}

/// What a check found, and the objects that nobody needs.
pub(super) struct Findings {
    pub(super) report: CheckReport,
    left_behind: Vec<Path>,
}

/// Runs a whole check. An object that nobody needs is a finding when it is older than `grace`, by `clock`: until then it
/// may be a transaction's that is under way.
pub(super) async fn run(
    view: &View,
    scope: CheckScope,
    grace: Duration,
    clock: i64,
    progress: &dyn Progress,
    cancel: &Cancel,
) -> Result<Findings> {
    cancel.check()?;
    let mut check = Check {
        view,
        scope,
        listed: list(view).await?,
        needed: BTreeSet::new(),
        unknown: BTreeSet::new(),
        report: CheckReport::default(),
    };
    let state = view.now().await?;
    let rows: Vec<_> = state.rows.values().cloned().collect();
    let total = rows.len() as u64 + if scope == CheckScope::Data { state.revision } else { 0 };
    check.report.characters = state.indexes().count() as u64;
    for (done, row) in (0..).zip(rows) {
        cancel.check()?;
        progress.report(ProgressEvent::Advanced { done, total });
        check.character(row).await?;
    }
    check.lists().await?;
    if scope == CheckScope::Data {
        check.journal(state.revision, cancel).await?;
    }
    progress.report(ProgressEvent::Advanced { done: total, total });
    Ok(check.finish(clock - i64::try_from(grace.as_secs()).unwrap_or(i64::MAX)))
}

async fn list(view: &View) -> Result<BTreeMap<Path, Listed>> {
    let mut all = BTreeMap::new();
    for area in ["characters", "archive"] {
        let listed = view.bucket.list(&Path::from(area), None, usize::MAX).await?;
        all.extend(listed.into_iter().map(|object| {
            let listed = Listed { size: object.size, modified: object.last_modified.timestamp() };
            (object.location, listed)
        }));
    }
    Ok(all)
}

/// What time it is here, in seconds since 1970: good enough to tell of something, not to delete it.
pub(super) fn local_clock() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

fn problem(code: &str, r#where: String, message: impl Into<String>, repairable: bool) -> Problem {
    Problem { code: code.to_owned(), r#where, message: message.into(), repairable }
}

async fn read_entry(view: &View, number: u64) -> Result<(u64, Result<Option<Entry>, String>)> {
    Ok((number, finding(view.entry(number).await)?))
}

/// Damage is a finding; anything else ends the check.
fn finding<T>(result: Result<T>) -> Result<Result<T, String>> {
    match result {
        Ok(value) => Ok(Ok(value)),
        Err(error) if error.code == Code::StoreDamaged => Ok(Err(error.message)),
        Err(error) => Err(error),
    }
}

impl Check<'_> {
    /// Looks at one character, and again where what is wrong may come from a commit meanwhile.
    async fn character(&mut self, mut row: Arc<Row>) -> Result<()> {
        for _ in 0..TRIES {
            let found = self.look_at(&row).await?;
            let now = if found.problems.is_empty() {
                None
            } else {
                self.view.now().await?.rows.get(&row.id).cloned()
            };
            match now {
                Some(now) if now.manifest != row.manifest => row = now,
                _ => {
                    self.report.versions += found.versions;
                    self.report.contents += found.contents;
                    self.report.bytes += found.bytes;
                    self.report.problems.extend(found.problems);
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    async fn look_at(&mut self, row: &Row) -> Result<CheckReport> {
        let mut found = CheckReport::default();
        let record = match finding(self.view.load_manifest(&row.id, &row.manifest).await)? {
            Ok(Some(record)) => record,
            unread => {
                let message = unread.err().unwrap_or_else(|| "Its history is missing.".to_owned());
                found.problems.push(problem("history_damaged", row.id.to_string(), message, false));
                self.unknown.insert(row.id.clone());
                return Ok(found);
            }
        };
        self.needed.insert(Manifest::path(&row.id, &row.manifest));
        found.versions = record.versions.len() as u64;
        found.contents = record.contents.len() as u64;
        if *row != Row::new(row.id.clone(), row.written, row.manifest, &record) {
            let message = "What the list shows of it is not what its history says.";
            found.problems.push(stale(row.id.to_string(), message));
        }
        found.problems.extend(record.stale(&row.id));
        found.problems.extend(references(&row.id, &record));
        self.documents(&row.id, &record, &mut found).await?;
        Ok(found)
    }

    /// Every document is there; and where data is looked at, it is what it was.
    async fn documents(
        &mut self,
        id: &CharacterId,
        record: &Record<Content>,
        found: &mut CheckReport,
    ) -> Result<()> {
        let mut contents: Vec<_> = record.contents.iter().collect();
        contents.sort_by_key(|(_, content)| content.rung);
        let (recent, nothing) = (Recent::default(), Pending::new());
        for (hash, content) in contents {
            let path = content.path(id, hash);
            let size = self.listed.get(&path).map(|listed| listed.size);
            self.needed.insert(path);
            if self.scope == CheckScope::Structure {
                // What was uploaded after the list was made is not in it, and is not old enough to be missing.
                if size.is_some_and(|size| size != content.bytes) {
                    found.problems.push(content_damaged(id, record, hash, "It is not as long as it was."));
                } else if size.is_none() && content::load(self.view, id, hash, content).await?.is_none() {
                    found.problems.push(content_missing(id, record, hash));
                }
                continue;
            }
            let read = content::document_beside(self.view, &recent, id, record, &nothing, hash).await;
            match finding(read)? {
                Ok(Some(document)) => found.bytes += document.len() as u64,
                Ok(None) => found.problems.push(content_missing(id, record, hash)),
                Err(message) => found.problems.push(content_damaged(id, record, hash, message)),
            }
        }
        Ok(())
    }

    /// The first object and the checkpoints. Both can be made anew.
    async fn lists(&mut self) -> Result<()> {
        let marker = Marker::path();
        let bytes = self.view.bucket.get(&marker).await?;
        if bytes.is_none_or(|bytes| form::unseal::<Marker>(&bytes, &marker).is_err()) {
            let message = "What says that this is a library cannot be read.";
            self.report.problems.push(problem("list_damaged", marker.to_string(), message, true));
        }
        for (_, name, path) in self.view.checkpoints().await? {
            let Some(bytes) = self.view.bucket.get(&path).await? else { continue };
            if form::unpack::<Checkpoint>(&bytes, &name, &path).is_err() {
                let message = "A copy of the list cannot be read.";
                self.report.problems.push(problem("list_damaged", path.to_string(), message, true));
            }
        }
        Ok(())
    }

    /// Every commit there ever was.
    async fn journal(&mut self, revision: u64, cancel: &Cancel) -> Result<()> {
        for first in (1..=revision).step_by(STEP) {
            cancel.check()?;
            let numbers = first..=revision.min(first + STEP as u64 - 1);
            let entries = numbers.map(|number| read_entry(self.view, number).boxed()).collect();
            for (number, read) in at_once(entries).await? {
                self.judge_entry(number, read);
            }
        }
        Ok(())
    }

    fn judge_entry(&mut self, number: u64, read: Result<Option<Entry>, String>) {
        let message = match read {
            Ok(Some(_)) => return,
            Ok(None) => "An entry of the journal is missing.".to_owned(),
            Err(message) => message,
        };
        let r#where = Entry::path(number).to_string();
        self.report.problems.push(problem("journal_damaged", r#where, message, false));
    }

    /// What is older than a moment and needed by nobody was left behind. What belongs to a character whose history cannot
    /// be read is not touched.
    fn finish(mut self, older_than: i64) -> Findings {
        let unknown = |path: &Path| {
            let owner = path.parts().nth(1);
            self.unknown.iter().any(|id| owner.as_ref().is_some_and(|owner| owner.as_ref() == id.as_str()))
        };
        let left_behind: Vec<Path> = self
            .listed
            .iter()
            .filter(|(path, listed)| {
                listed.modified <= older_than && !self.needed.contains(path) && !unknown(path)
            })
            .map(|(path, _)| path.clone())
            .collect();
        self.report.problems.extend(left_behind.iter().map(|path| {
            let message =
                "Nothing needs this any more: a change that did not come to its end left it behind.";
            problem("left_behind", path.to_string(), message, true)
        }));
        Findings { report: self.report, left_behind }
    }
}

/// Every version has its document, and every document what it leans on.
fn references(id: &CharacterId, record: &Record<Content>) -> Vec<Problem> {
    let mut problems = Vec::new();
    for version in record.versions.values() {
        let r#where = format!("{id} version {}", version.version);
        match record.contents.get(&version.content) {
            None => {
                problems.push(problem("content_missing", r#where, "Its document is missing.", false));
            }
            Some(content) if content.length != version.bytes => {
                problems.push(stale(r#where, "The length it names is not that of its document."));
            }
            Some(_) => {}
        }
    }
    for (hash, content) in record.contents.iter() {
        let base = content.base.map(|base| record.contents.get(&base));
        if base.is_some_and(|base| base.is_none_or(|base| base.rung >= content.rung)) {
            problems.push(content_damaged(id, record, hash, "The document it leans on is missing."));
        }
    }
    problems
}

fn content_missing(id: &CharacterId, record: &Record<Content>, hash: &ContentHash) -> Problem {
    problem("content_missing", users_of(id, record, hash), "Its document is missing.", false)
}

fn content_damaged(
    id: &CharacterId,
    record: &Record<Content>,
    hash: &ContentHash,
    message: impl Into<String>,
) -> Problem {
    problem("content_damaged", users_of(id, record, hash), message, false)
}

/// The versions that have this document.
fn users_of(id: &CharacterId, record: &Record<Content>, hash: &ContentHash) -> String {
    let users = record.in_order().into_iter().filter(|version| version.content == *hash);
    let users: Vec<_> = users.map(|version| version.version.to_string()).collect();
    if users.is_empty() {
        format!("{id} document {hash}")
    } else {
        format!("{id} version {}", users.join(", "))
    }
}

/// Mends what a check calls repairable.
pub(super) async fn repair(
    view: &Arc<View>,
    turn: OwnedMutexGuard<()>,
    encoding: Encoding,
    grace: Duration,
    progress: &dyn Progress,
    cancel: &Cancel,
) -> Result<RepairReport> {
    let found = run(view, CheckScope::Structure, grace, local_clock(), progress, cancel).await?;
    let before = found.report.problems;
    if before.is_empty() {
        return Ok(RepairReport::default());
    }
    // What is deleted must be old by the store's own clock.
    if !found.left_behind.is_empty() {
        let clock = view.bucket.clock().await?;
        let again = run(view, CheckScope::Structure, grace, clock, progress, cancel).await?;
        view.bucket.delete(&again.left_behind).await;
    }
    if before.iter().any(|problem| problem.code == "list_damaged") {
        view.bucket.put(&Marker::path(), form::seal(&Marker::new())?).await?;
        view.write_checkpoint(true).await?;
    }
    let mut transaction = transaction::begin(turn, Arc::clone(view), encoding, grace).await?;
    for id in view.known().rows.keys() {
        cancel.check()?;
        mend(view, &mut transaction, id).await?;
    }
    transaction.finish().await?;
    let left =
        run(view, CheckScope::Structure, grace, local_clock(), progress, cancel).await?.report.problems;
    let repaired = before.into_iter().filter(|problem| !left.contains(problem)).collect();
    Ok(RepairReport { repaired, left })
}

/// Counts a character anew, if that changes anything. One that cannot be read is not made worse.
async fn mend(view: &View, transaction: &mut transaction::Transaction, id: &CharacterId) -> Result<()> {
    let state = view.known();
    let Some(row) = state.rows.get(id) else { return Ok(()) };
    let Ok(Some(record)) = view.manifest(id, &row.manifest).await else { return Ok(()) };
    let mut mended = Record::clone(&record);
    mended.versions.update(|version| {
        let length = record.contents.get(&version.content).map(|content| content.length);
        VersionMetadata { bytes: length.unwrap_or(version.bytes), ..version.clone() }
    });
    mended.recount();
    if mended.versions == record.versions && mended.index == record.index {
        return Ok(());
    }
    transaction.change(id, |record| *record = mended).await
}
