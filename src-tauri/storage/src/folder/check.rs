//! Looking for damage: every file against what it should be, and everything that should not be there.
//!
//! Nothing found on a disk is trusted: a file may be missing, renamed, edited, cut short or somebody else's. What can be
//! mended carries its remedy, which [`super::repair`] applies.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use backstory_core::{
    error::Result,
    job::{Cancel, Progress, ProgressEvent},
    model::{CharacterId, ContentHash},
    storage::{CheckReport, CheckScope, Problem},
};

use super::{
    Shared, Snapshot,
    character::{self, Content, Documents, Saved},
    disk::{Entry, Kind, join},
    index::{self, IndexFile, Rows},
    journal::View,
    layout::{
        self, ARCHIVE, AUDIT, CHARACTERS, HEAD, INDEX, JOURNAL, LATEST, RECORD, STAGED, TEMP, VERSIONS,
        WRITER_LOCK,
    },
    log, look,
    sealed::{self, Unsealed},
};
use crate::{recent::RecentDocuments, tally::stale};

/// How many characters a step looks at.
const STEP: usize = 16;

/// How many bytes of decoded documents a check remembers: neighbours lean on each other.
const RECENT_BYTES: usize = 16 << 20;

/// Something that is wrong, and what mends it.
pub(super) struct Finding {
    pub(super) problem: Problem,
    pub(super) remedy: Remedy,
}

/// What mends a finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Remedy {
    /// Nothing does.
    None,
    /// The library's own file is put together from the others.
    Head,
    /// The list is made anew.
    List,
    /// A damaged journal is set aside.
    Journal,
    /// The character's file is written as it is read.
    Seal,
    /// Its counts are made anew.
    Recount,
    /// `latest.json` is written anew. What stands there is kept.
    Latest,
    /// A document's file is found under another name.
    Misplaced(ContentHash, String),
    /// A document is in `latest.json`.
    FromLatest(ContentHash),
    /// A document can be read; only its file is not what was written.
    Rewrite(ContentHash),
}

/// What was looked at, and what is wrong with it.
#[derive(Default)]
pub(super) struct Findings {
    pub(super) found: Vec<Finding>,
    report: CheckReport,
}

impl Findings {
    fn add(&mut self, code: &str, r#where: impl Into<String>, message: impl Into<String>, remedy: Remedy) {
        let repairable = remedy != Remedy::None;
        let problem =
            Problem { code: code.to_owned(), r#where: r#where.into(), message: message.into(), repairable };
        self.found.push(Finding { problem, remedy });
    }

    /// Files that nobody here made.
    fn strangers(&mut self, folder: &str, entries: &[Entry], is_ours: impl Fn(&str) -> bool) {
        for entry in entries.iter().filter(|entry| !entry.name.as_deref().is_some_and(&is_ours)) {
            self.add(
                "unknown_file",
                join(folder, &entry.shown),
                layout::stranger(&entry.shown),
                Remedy::None,
            );
        }
    }

    fn merge(&mut self, other: Self) {
        let report = &mut self.report;
        report.characters += other.report.characters;
        report.versions += other.report.versions;
        report.contents += other.report.contents;
        report.bytes += other.report.bytes;
        self.found.extend(other.found);
    }
}

/// Runs a whole check.
pub(super) async fn run(
    shared: &Arc<Shared>,
    scope: CheckScope,
    progress: &dyn Progress,
    cancel: &Cancel,
) -> Result<CheckReport> {
    cancel.check()?;
    let mut findings = look(shared, library).await?;
    let ids: Vec<_> = look(shared, |_, now| index::characters(&now.view)).await?.into_iter().collect();
    let list = Arc::new(look(shared, |_, now| Rows::load(&now.view, &now.head)).await?);
    for (n, some) in ids.chunks(STEP).enumerate() {
        cancel.check()?;
        progress.report(ProgressEvent::Advanced { done: (n * STEP) as u64, total: ids.len() as u64 });
        let (some, list) = (some.to_vec(), Arc::clone(&list));
        let more = look(shared, move |_, now| {
            let mut findings = Findings::default();
            for id in &some {
                findings.merge(character(&now.view, id, scope)?);
                findings.merge(listed(&now.view, &list, id, now.head.revision)?);
            }
            Ok(findings)
        });
        findings.merge(more.await?);
    }
    progress.report(ProgressEvent::Advanced { done: ids.len() as u64, total: ids.len() as u64 });
    let problems = findings.found.into_iter().map(|finding| finding.problem).collect();
    Ok(CheckReport { problems, ..findings.report })
}

/// The library's own files, and what lies about.
pub(super) fn library(_: &Shared, now: &Snapshot) -> Result<Findings> {
    let (view, head) = (&now.view, &now.head);
    let mut findings = Findings::default();
    if let Some(why) = &head.rebuilt {
        findings.add("file_damaged", HEAD, format!("It cannot be relied on: {why}."), Remedy::Head);
    }
    let disk = view.disk();
    let journal = disk.read(JOURNAL);
    if !matches!(journal, Ok(None)) && view.pending_revision().is_none() {
        findings.add("file_damaged", JOURNAL, "The journal of a change cannot be read.", Remedy::Journal);
    }
    match view.read(INDEX) {
        Ok(text) => match text.map(|text| sealed::unseal::<IndexFile>(&text)) {
            Some(Unsealed::Whole(file)) if head.rebuilt.is_some() || file.is_of(head) => {}
            Some(Unsealed::Whole(_)) => {
                findings.add("index_stale", INDEX, "It is older than the library says.", Remedy::List);
            }
            _ => findings.add("index_stale", INDEX, "The list is missing, edited or damaged.", Remedy::List),
        },
        Err(error) => findings.add("file_damaged", INDEX, error.message, Remedy::None),
    }
    for (place, message) in log::check(view, head)? {
        findings.add("audit_damaged", place, message, Remedy::None);
    }
    let ours = [HEAD, INDEX, CHARACTERS, AUDIT, TEMP];
    findings.strangers("", &disk.list("")?, |name| ours.contains(&name));
    findings.strangers(AUDIT, &disk.list(AUDIT)?, |name| layout::audit_page_of(name).is_some());
    findings.strangers(CHARACTERS, &disk.list(CHARACTERS)?, |name| layout::character_of(name).is_some());
    findings.strangers(TEMP, &disk.list(TEMP)?, |name| {
        let place = join(TEMP, name);
        place == WRITER_LOCK || place == JOURNAL || name.ends_with(STAGED)
    });
    let list = Rows::load(view, head)?;
    let there = index::characters(view)?;
    let known: BTreeSet<_> = list.rows.keys().chain(head.recent.keys()).collect();
    for id in known.into_iter().filter(|id| !there.contains(*id)) {
        let message = "The list shows it, and its folder is missing. A repair takes it off the list: put the folder back first if you have it.";
        findings.add("character_missing", id.to_string(), message, Remedy::List);
    }
    Ok(findings)
}

/// Whether the list says of a character what its file says.
pub(super) fn listed(view: &View, list: &Rows, id: &CharacterId, revision: u64) -> Result<Findings> {
    let mut findings = Findings::default();
    let Some(Unsealed::Whole(row)) = character::load_row(view, id)? else { return Ok(findings) };
    if row.written > revision {
        findings.add("index_stale", HEAD, format!("It is older than the file of {id}."), Remedy::Head);
    } else if list.revision == revision && list.rows.get(id) != Some(&row) {
        let message = "What the list says of it is not what its own file says.";
        findings.add("index_stale", id.to_string(), message, Remedy::List);
    }
    Ok(findings)
}

/// One character's folder.
pub(super) fn character(view: &View, id: &CharacterId, scope: CheckScope) -> Result<Findings> {
    let mut findings = Findings::default();
    let folder = layout::character(id);
    let files = Files::list(view, &folder)?;
    let saved = match character::load(view, id)? {
        Some(Unsealed::Whole(saved)) => saved,
        Some(Unsealed::Edited(saved)) if !saved.lost.is_empty() => {
            findings.report.versions = saved.history.versions.len() as u64;
            for why in &saved.lost {
                let message = format!("A part of its history cannot be read: {why}");
                findings.add("file_damaged", id.to_string(), message, Remedy::None);
            }
            return Ok(findings);
        }
        Some(Unsealed::Edited(saved)) => {
            let message =
                "Its metadata.json or a page of its history was changed by something other than Backstory.";
            findings.add("file_edited", id.to_string(), message, Remedy::Seal);
            saved
        }
        Some(Unsealed::Damaged(why)) => {
            findings.add(
                "file_damaged",
                id.to_string(),
                format!("Its metadata.json cannot be read: {why}."),
                Remedy::None,
            );
            return Ok(findings);
        }
        None if files.is_empty() => return Ok(findings),
        None => {
            findings.add("file_missing", id.to_string(), "Its metadata.json is missing.", Remedy::None);
            return Ok(findings);
        }
    };
    findings.report.characters = u64::from(saved.history.index.is_some());
    findings.report.versions = saved.history.versions.len() as u64;
    findings.report.contents = saved.history.contents.len() as u64;
    references(&saved, &mut findings);
    for problem in saved.history.stale(id) {
        findings.found.push(Finding { problem, remedy: Remedy::Recount });
    }
    let mut looking =
        Looking { view, saved: &saved, folder, files, recent: RecentDocuments::new(RECENT_BYTES), scope };
    looking.contents(&mut findings)?;
    looking.latest(&mut findings)?;
    looking.strangers(&mut findings);
    Ok(findings)
}

/// Every version has its document, every sighting its version, every document what it leans on.
fn references(saved: &Saved, findings: &mut Findings) {
    let (id, record) = (&saved.id, &saved.history);
    for version in record.versions.values() {
        let r#where = format!("{id} version {}", version.version);
        match record.contents.get(&version.content) {
            None => findings.add("content_missing", r#where, "Its document is missing.", Remedy::None),
            Some(content) if content.length != version.bytes => {
                let problem = stale(r#where, "The length it names is not that of its document.");
                findings.found.push(Finding { problem, remedy: Remedy::Recount });
            }
            Some(_) => {}
        }
    }
    let lost =
        record.sightings.keys().filter(|sighting| !record.versions.contains_key(&sighting.version)).count();
    if lost > 0 {
        let message = format!("{lost} sightings are of a version that is not there.");
        findings.add("file_edited", id.to_string(), message, Remedy::None);
    }
}

/// The files of a character's folder.
struct Files {
    here: Vec<Entry>,
    versions: Vec<Entry>,
    archive: Vec<Entry>,
}

impl Files {
    fn list(view: &View, folder: &str) -> Result<Self> {
        let list = |name: &str| match view.disk().list(&join(folder, name)) {
            Err(error) if super::is_damage(&error) => Ok(Vec::new()),
            list => list,
        };
        Ok(Self { here: view.disk().list(folder)?, versions: list(VERSIONS)?, archive: list(ARCHIVE)? })
    }

    fn is_empty(&self) -> bool {
        self.versions.is_empty()
            && self.archive.is_empty()
            && self.here.iter().all(|entry| [Some(VERSIONS), Some(ARCHIVE)].contains(&entry.name.as_deref()))
    }

    /// The documents' files, by their place in the folder.
    fn documents(&self) -> impl Iterator<Item = (String, &Entry)> {
        let areas = [(VERSIONS, &self.versions), (ARCHIVE, &self.archive)];
        areas
            .into_iter()
            .flat_map(|(area, entries)| entries.iter().map(move |entry| (join(area, &entry.shown), entry)))
    }
}

/// A character being looked at.
struct Looking<'a> {
    view: &'a View,
    saved: &'a Saved,
    folder: String,
    files: Files,
    recent: RecentDocuments,
    scope: CheckScope,
}

impl Looking<'_> {
    fn place(&self, file: &str) -> String {
        join(&self.folder, file)
    }

    /// Which versions have this document.
    fn users_of(&self, hash: &ContentHash) -> String {
        let record = &self.saved.history;
        let numbers: BTreeSet<_> = record.users(hash).map(|version| version.version).collect();
        if numbers.is_empty() {
            return format!("{} document {}", self.saved.id, &hash.to_string()[..16]);
        }
        let numbers: Vec<_> = numbers.iter().map(u64::to_string).collect();
        format!("{} version {}", self.saved.id, numbers.join(", "))
    }

    fn contents(&mut self, findings: &mut Findings) -> Result<()> {
        let mut by_rung: Vec<_> = self.saved.history.contents.iter().collect();
        by_rung.sort_by_key(|(_, content)| content.rung);
        for (hash, content) in by_rung {
            match self.scope {
                CheckScope::Structure => self.outline(hash, content, findings)?,
                CheckScope::Data => self.content(hash, content, findings)?,
            }
        }
        Ok(())
    }

    /// Whether a document's file is there and as long as it should be.
    fn outline(&self, hash: &ContentHash, content: &Content, findings: &mut Findings) -> Result<()> {
        let message = match self.view.length(&self.place(&content.file))? {
            Some(length) if length == content.bytes => return Ok(()),
            Some(_) => format!("{} is not as long as it was.", content.file),
            None => format!("{} is missing.", content.file),
        };
        let remedy = self.remedy(hash, content)?;
        findings.add("content_damaged", self.users_of(hash), message, remedy);
        Ok(())
    }

    /// Whether a document's file is what was written, and its document what was imported.
    fn content(&mut self, hash: &ContentHash, content: &Content, findings: &mut Findings) -> Result<()> {
        let file = match self.view.read(&self.place(&content.file)) {
            Err(error) if super::is_damage(&error) => None,
            file => file?,
        };
        let documents = Documents { view: self.view, saved: self.saved, pending: &BTreeMap::new() };
        let document = match documents.read(hash, &mut self.recent) {
            Ok(document) => {
                findings.report.bytes += document.len() as u64;
                None
            }
            Err(error) if super::is_damage(&error) => Some(error.message),
            Err(error) => return Err(error),
        };
        let is_whole = file.as_ref().is_some_and(|bytes| ContentHash::of(bytes) == content.checksum);
        let (message, remedy) = match (file, document) {
            (None, _) => (format!("{} is missing.", content.file), self.remedy(hash, content)?),
            (Some(_), None) if is_whole => return Ok(()),
            (Some(_), None) => (
                format!("{} was changed, but its document can still be read.", content.file),
                Remedy::Rewrite(*hash),
            ),
            (Some(_), Some(_)) if is_whole => {
                (format!("{} leans on a document that is damaged.", content.file), self.in_latest(hash)?)
            }
            (Some(_), Some(why)) => (format!("{}: {why}", content.file), self.remedy(hash, content)?),
        };
        findings.add("content_damaged", self.users_of(hash), message, remedy);
        Ok(())
    }

    /// Where a document that is not in its place can be had from.
    fn remedy(&self, hash: &ContentHash, content: &Content) -> Result<Remedy> {
        for (file, entry) in self.files.documents() {
            if file == content.file || entry.name.is_none() {
                continue;
            }
            let found = match self.view.read(&self.place(&file)) {
                Err(error) if super::is_damage(&error) => None,
                found => found?,
            };
            if found.is_some_and(|bytes| ContentHash::of(&bytes) == content.checksum) {
                return Ok(Remedy::Misplaced(*hash, file));
            }
        }
        self.in_latest(hash)
    }

    fn in_latest(&self, hash: &ContentHash) -> Result<Remedy> {
        let latest = match self.view.read(&self.place(LATEST)) {
            Err(error) if super::is_damage(&error) => None,
            latest => latest?,
        };
        let is_it = latest.is_some_and(|document| ContentHash::of(&document) == *hash);
        Ok(if is_it { Remedy::FromLatest(*hash) } else { Remedy::None })
    }

    /// Whether `latest.json` is the newest document.
    fn latest(&mut self, findings: &mut Findings) -> Result<()> {
        let place = self.place(LATEST);
        let newest = self.saved.latest();
        let length =
            newest.and_then(|hash| self.saved.history.contents.get(&hash)).map(|content| content.length);
        let is_right = match self.scope {
            CheckScope::Structure => self.view.length(&place)? == length,
            CheckScope::Data => match self.view.read(&place) {
                Err(error) if super::is_damage(&error) => false,
                latest => latest?.map(|document| ContentHash::of(&document)) == newest,
            },
        };
        // Without a document there is nothing to write it from.
        let documents = Documents { view: self.view, saved: self.saved, pending: &BTreeMap::new() };
        if !is_right {
            let can_be_read = newest.is_none_or(|hash| documents.read(&hash, &mut self.recent).is_ok());
            let remedy = if can_be_read { Remedy::Latest } else { Remedy::None };
            findings.add("latest_stale", place, "It is not the newest document of its character.", remedy);
        }
        Ok(())
    }

    /// Files nobody here made.
    fn strangers(&self, findings: &mut Findings) {
        let ours = [RECORD, LATEST, VERSIONS, ARCHIVE];
        findings.strangers(&self.folder, &self.files.here, |name| ours.contains(&name));
        let Saved { history, .. } = self.saved;
        let pages =
            history.versions.numbers().chain(history.sightings.numbers()).chain(history.contents.numbers());
        let used: BTreeSet<_> = history.contents.values().map(|content| content.file.clone()).collect();
        let used: BTreeSet<_> = used.into_iter().chain(pages.map(layout::history)).collect();
        let misplaced: BTreeSet<_> = findings
            .found
            .iter()
            .filter_map(|finding| match &finding.remedy {
                Remedy::Misplaced(_, file) => Some(file.clone()),
                _ => None,
            })
            .collect();
        for (area, entries) in [(VERSIONS, &self.files.versions), (ARCHIVE, &self.files.archive)] {
            findings.strangers(&self.place(area), entries, |name| {
                let file = join(area, name);
                used.contains(&file) || misplaced.contains(&file) || self.view.is_leaving(&self.place(&file))
            });
        }
        for (name, entry) in [(VERSIONS, &self.files.here), (ARCHIVE, &self.files.here)] {
            let is_there = entry.iter().any(|entry| entry.name.as_deref() == Some(name));
            if is_there && !matches!(self.view.disk().kind(&self.place(name)), Ok(Some(Kind::Folder))) {
                findings.add("unknown_file", self.place(name), layout::stranger(name), Remedy::None);
            }
        }
    }
}
