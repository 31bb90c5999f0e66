//! The one door: everything that reads or writes characters goes through [`Library`].
//!
//! A capture finds its place in the history, is compared with the version before it, and is written as one transaction
//! with the character's row. Listeners then get the [`ChangeSet`].

use std::{
    collections::{BTreeMap, BTreeSet},
    num::NonZeroUsize,
    sync::{Arc, Mutex, PoisonError},
};

use jiff::Timestamp;
use lru::LruCache;
use serde::{Deserialize, Serialize};
use tokio::sync::broadcast;

use crate::{
    clock::Clock,
    error::{Code, Error, Result},
    history::{
        sentences::summarise,
        timeline::{Placement, place},
    },
    job::{Cancel, Progress},
    json::Tree,
    model::{CharacterId, CharacterIndex, ContentHash, GrowthPoint, Kind, Seen, Summary, VersionMetadata},
    sheet::Sheet,
    source::{Draft, Source},
    storage::{
        CharacterStorage, CheckReport, CheckScope, Expect, Facets, HistoryQuery, Page, QueryFilter,
        StorageInfo, StorageStatistics, StorageTransaction, Surroundings, Write,
    },
};

/// How many sheets are kept at hand: two sides of a comparison, and the last ones of a history being imported.
const SHEETS: NonZeroUsize = NonZeroUsize::MIN.saturating_add(63);
/// How often a write is tried again when somebody else wrote first.
const RETRIES: u32 = 5;

/// What a write touched, for screens to refresh from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct ChangeSet {
    /// Whose.
    pub characters: Vec<CharacterId>,
    /// The store's revision after it.
    pub revision: u64,
    /// Who wrote, so that a window can drop its own echo.
    pub origin: String,
}

/// What a capture became.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Captured {
    /// The first version of a new character.
    Added,
    /// A version in which something changed, if only what a rest resets.
    Changed,
    /// A version that no player can tell from the one before.
    Quiet,
    /// The bytes were there already.
    Identical,
}

/// What a capture became, and where it stands.
#[derive(Debug, Clone)]
pub struct Capture {
    /// What it became.
    pub outcome: Captured,
    /// Whose.
    pub character: CharacterId,
    /// The character's name in this capture.
    pub name: String,
    /// The version it is, or was seen as.
    pub version: u64,
    /// When it was captured.
    pub captured_at: Timestamp,
    /// What it changed.
    pub summary: Option<Summary>,
}

/// A library of characters over one store.
pub struct Library {
    storage: Arc<dyn CharacterStorage>,
    sources: Vec<Arc<dyn Source>>,
    clock: Arc<dyn Clock>,
    origin: String,
    sheets: Mutex<LruCache<(CharacterId, ContentHash), Arc<Sheet>>>,
    changes: broadcast::Sender<ChangeSet>,
}

impl std::fmt::Debug for Library {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Library").field("storage", &self.storage).finish_non_exhaustive()
    }
}

impl Library {
    /// A library over a store. `origin` names this program in every [`ChangeSet`].
    pub fn new(
        storage: Arc<dyn CharacterStorage>,
        sources: Vec<Arc<dyn Source>>,
        clock: Arc<dyn Clock>,
        origin: &str,
    ) -> Self {
        Self {
            storage,
            sources,
            clock,
            origin: origin.to_owned(),
            sheets: Mutex::new(LruCache::new(SHEETS)),
            changes: broadcast::channel(256).0,
        }
    }

    /// Hears of every write made through this library from now on.
    pub fn subscribe(&self) -> broadcast::Receiver<ChangeSet> {
        self.changes.subscribe()
    }

    /// What and where the store is.
    pub fn info(&self) -> StorageInfo {
        self.storage.info()
    }

    /// # Errors
    /// As [`CharacterStorage::revision`].
    pub async fn revision(&self) -> Result<u64> {
        self.storage.revision().await
    }

    /// # Errors
    /// As [`CharacterStorage::facets`].
    pub async fn facets(&self) -> Result<Facets> {
        self.storage.facets().await
    }

    /// # Errors
    /// As [`CharacterStorage::statistics`].
    pub async fn statistics(&self) -> Result<StorageStatistics> {
        self.storage.statistics().await
    }

    /// # Errors
    /// As [`CharacterStorage::check`].
    pub async fn check(
        &self,
        scope: CheckScope,
        progress: &dyn Progress,
        cancel: &Cancel,
    ) -> Result<CheckReport> {
        self.storage.check(scope, progress, cancel).await
    }

    /// # Errors
    /// As [`CharacterStorage::query`].
    pub async fn query(&self, filter: &QueryFilter) -> Result<Page<CharacterIndex>> {
        self.storage.query(filter).await
    }

    /// # Errors
    /// As [`CharacterStorage::history`].
    pub async fn history(&self, query: &HistoryQuery) -> Result<Page<VersionMetadata>> {
        self.storage.history(query).await
    }

    /// What a person calls a source: `D&D Beyond` for `ddb`.
    pub fn source_label(&self, name: &str) -> String {
        self.source(name).map_or_else(|_| name.to_owned(), |source| source.label().to_owned())
    }

    fn source(&self, name: &str) -> Result<&Arc<dyn Source>> {
        self.sources.iter().find(|source| source.name() == name).ok_or_else(|| {
            Error::new(
                Code::FormatUnsupported,
                format!("This version was read by {name:?}, which this Backstory does not know."),
            )
            .kept("The version itself is kept as it is.")
            .hint("A newer Backstory can read it. Its document can be taken out as it is.")
        })
    }

    /// Finds a character by id, or by name where only one has it.
    ///
    /// # Errors
    /// `character_not_found`, `character_ambiguous`; as [`CharacterStorage::query`].
    pub async fn find(&self, text: &str) -> Result<CharacterIndex> {
        if let Ok(id) = CharacterId::new(text) {
            let filter = QueryFilter { ids: vec![id], ..QueryFilter::default() };
            if let Some(found) = self.storage.query(&filter).await?.items.pop() {
                return Ok(found);
            }
        }
        let filter = QueryFilter { name: Some(text.trim().to_owned()), ..QueryFilter::default() };
        let wanted = text.trim().to_lowercase();
        let mut found = self.storage.query(&filter).await?.items;
        found.retain(|character| character.name.trim().to_lowercase() == wanted);
        match found.len() {
            1 => Ok(found.remove(0)),
            0 => Err(Error::new(
                Code::CharacterNotFound,
                format!("No character is called {text:?} or has this id."),
            )
            .hint("`backstory list` shows every character with its id.")),
            n => {
                let ids: Vec<&str> = found.iter().map(|character| character.id.as_str()).collect();
                Err(Error::new(Code::CharacterAmbiguous, format!("{n} characters are called {text:?}."))
                    .hint(format!("Say which one by its id: {}.", ids.join(", "))))
            }
        }
    }

    /// Finds a version: a number, an identity, `latest`, `first`, `~N` (N before the latest), or a date or time
    /// (the last version at or before it; a date without a time stands for its end, in UTC).
    ///
    /// # Errors
    /// `version_not_found`, `invalid_argument`; as [`CharacterStorage::history`].
    pub async fn version(&self, character: &CharacterId, text: &str) -> Result<VersionMetadata> {
        let query = selector(character, text)?;
        let found = self.storage.history(&query).await?.items.pop();
        found.ok_or_else(|| {
            Error::new(Code::VersionNotFound, format!("{character} has no version {text:?}."))
                .hint(format!("`backstory history {character}` shows every version."))
        })
    }

    /// The version before this one in the history.
    ///
    /// # Errors
    /// As [`CharacterStorage::history`].
    pub async fn before(&self, version: &VersionMetadata) -> Result<Option<VersionMetadata>> {
        let mut query = HistoryQuery::all(version.character.clone());
        query.until = Some(version.captured_at);
        query.limit = Some(2);
        let mut last = self.storage.history(&query).await?.items;
        if last.first().is_some_and(|newest| newest.id == version.id) {
            return Ok(last.drain(1..).next());
        }
        // Others were captured at the very same moment.
        query.limit = None;
        let all = self.storage.history(&query).await?.items;
        Ok(all.into_iter().skip_while(|other| other.id != version.id).nth(1))
    }

    /// A version's document, byte for byte as it was kept.
    ///
    /// # Errors
    /// As [`CharacterStorage::document`].
    pub async fn document(&self, version: &VersionMetadata) -> Result<Vec<u8>> {
        self.storage.document(&version.character, &version.content).await
    }

    /// A version's sheet.
    ///
    /// # Errors
    /// As [`Library::document`]; `format_unsupported` when this program cannot read the document.
    pub async fn sheet(&self, version: &VersionMetadata) -> Result<Arc<Sheet>> {
        if let Some(sheet) = self.known_sheet(version) {
            return Ok(sheet);
        }
        let document = self.document(version).await?;
        self.derive(version, &document)
    }

    fn known_sheet(&self, version: &VersionMetadata) -> Option<Arc<Sheet>> {
        let mut sheets = self.sheets.lock().unwrap_or_else(PoisonError::into_inner);
        sheets.get(&(version.character.clone(), version.content)).cloned()
    }

    fn keep_sheet(&self, character: &CharacterId, content: ContentHash, sheet: Arc<Sheet>) -> Arc<Sheet> {
        let mut sheets = self.sheets.lock().unwrap_or_else(PoisonError::into_inner);
        sheets.put((character.clone(), content), Arc::clone(&sheet));
        sheet
    }

    fn derive(&self, version: &VersionMetadata, document: &[u8]) -> Result<Arc<Sheet>> {
        let sheet = parsed(document, |tree| Ok(self.source(&version.source)?.read(tree)?.sheet))?;
        Ok(self.keep_sheet(&version.character, version.content, Arc::new(sheet)))
    }

    /// Captures drafts, in their order, as one transaction: all of them are kept, or none.
    ///
    /// # Errors
    /// As [`CharacterStorage::begin`] and [`StorageTransaction`]; nothing is written then.
    pub async fn capture(&self, drafts: &[Draft]) -> Result<Vec<Capture>> {
        for attempt in 0.. {
            match self.try_capture(drafts).await {
                Err(error) if error.code == Code::Conflict && attempt < RETRIES => {}
                done => return done,
            }
        }
        Err(Error::internal("A capture was given up without a reason."))
    }

    /// Captures that are never kept: to say what an import would do. Holds the store's one writing transaction.
    ///
    /// # Errors
    /// As [`CharacterStorage::begin`].
    pub async fn rehearse(&self) -> Result<Rehearsal<'_>> {
        Ok(Rehearsal(Writing {
            library: self,
            tx: self.storage.begin().await?,
            touched: BTreeMap::new(),
            stale: BTreeSet::new(),
        }))
    }

    async fn try_capture(&self, drafts: &[Draft]) -> Result<Vec<Capture>> {
        let mut writing = Writing {
            library: self,
            tx: self.storage.begin().await?,
            touched: BTreeMap::new(),
            stale: BTreeSet::new(),
        };
        let mut captures = Vec::with_capacity(drafts.len());
        for draft in drafts {
            captures.push(writing.capture(draft).await?);
        }
        writing.commit().await?;
        Ok(captures)
    }
}

/// Parses a kept document and hands its tree on.
pub(crate) fn parsed<T>(document: &[u8], read: impl FnOnce(&Tree<'_>) -> Result<T>) -> Result<T> {
    let damaged = || Error::new(Code::StoreDamaged, "A kept document is not readable JSON any more.");
    let text = std::str::from_utf8(document).map_err(|e| damaged().caused_by(e))?;
    let tree = Tree::parse(text).map_err(|_| damaged())?;
    read(&tree)
}

fn selector(character: &CharacterId, text: &str) -> Result<HistoryQuery> {
    let mut query = HistoryQuery { limit: Some(1), ..HistoryQuery::all(character.clone()) };
    let text = text.trim();
    if text == "first" {
        query.newest_first = false;
    } else if let Some(back) = text.strip_prefix('~').and_then(|n| n.parse().ok()) {
        query.offset = back;
    } else if let Ok(number) = text.parse() {
        query.version = Some(number);
    } else if let Ok(id) = text.parse() {
        query.id = Some(crate::model::SnapshotId(id));
    } else if let Ok(time) = text.parse::<Timestamp>() {
        query.until = Some(time);
    } else if let Ok(date) = text.parse::<jiff::civil::Date>() {
        let end = date.tomorrow().and_then(|next| next.to_zoned(jiff::tz::TimeZone::UTC));
        let end =
            end.map_err(|e| Error::new(Code::InvalidArgument, "This date is out of range.").caused_by(e))?;
        query.until = Some(end.timestamp() - jiff::SignedDuration::from_nanos(1));
    } else if text != "latest" {
        return Err(Error::new(Code::InvalidArgument, format!("{text:?} does not name a version."))
            .hint("Use a number, `latest`, `first`, `~2` (two before the latest), a date such as 2025-07-16, or a version's id."));
    }
    Ok(query)
}

/// A transaction that is never committed.
pub struct Rehearsal<'l>(Writing<'l>);

impl Rehearsal<'_> {
    /// Says what a capture would become, after those before it.
    ///
    /// # Errors
    /// As [`Library::capture`].
    pub async fn capture(&mut self, draft: &Draft) -> Result<Capture> {
        self.0.capture(draft).await
    }
}

/// One open transaction of the library.
struct Writing<'l> {
    library: &'l Library,
    tx: Box<dyn StorageTransaction>,
    /// The characters written so far, with what their rows must have been before.
    touched: BTreeMap<CharacterId, Expect>,
    /// The characters whose rows must be made anew before the commit: something landed in the middle of their history.
    stale: BTreeSet<CharacterId>,
}

impl Writing<'_> {
    async fn capture(&mut self, draft: &Draft) -> Result<Capture> {
        let content = draft.content;
        let around = self.tx.surroundings(&draft.character, draft.captured_at).await?;
        match place(&around, content, draft.captured_at) {
            Placement::Known => self.known(draft, content, around).await,
            Placement::Sighting => self.sighting(draft, around).await,
            Placement::EarlierStart => self.earlier_start(draft, around).await,
            Placement::Insert => self.insert(draft, content, around, None).await,
            Placement::Split => {
                let rest = self.split(&around).await?;
                self.insert(draft, content, around, Some(rest)).await
            }
        }
    }

    fn identical(draft: &Draft, version: u64) -> Capture {
        Capture {
            outcome: Captured::Identical,
            character: draft.character.clone(),
            name: draft.sheet.name.clone(),
            version,
            captured_at: draft.captured_at,
            summary: None,
        }
    }

    /// The same file again: nothing is written.
    async fn known(&mut self, draft: &Draft, content: ContentHash, around: Surroundings) -> Result<Capture> {
        if let Some(before) = around.before.filter(|before| before.content == content) {
            return Ok(Self::identical(draft, before.version));
        }
        // Several contents were captured at this very moment; this is not the last of them.
        let mut query = HistoryQuery::all(draft.character.clone());
        query.until = Some(draft.captured_at);
        let versions = self.tx.history(&query).await?.items;
        let version = versions.iter().find(|version| version.content == content).map_or(0, |v| v.version);
        Ok(Self::identical(draft, version))
    }

    async fn sighting(&mut self, draft: &Draft, around: Surroundings) -> Result<Capture> {
        let (Some(mut version), Some(index)) = (around.before, around.character) else {
            return Err(Error::internal("A version stands without its character."));
        };
        version.seen.count += 1;
        version.seen.last = version.seen.last.max(draft.captured_at);
        let number = version.version;
        let sighting = Write::Sightings {
            character: draft.character.clone(),
            version: version.id,
            at: vec![draft.captured_at],
        };
        let seen = Write::Version { metadata: Box::new(version) };
        self.write(index, draft, vec![sighting, seen], |index| index.captures += 1).await?;
        Ok(Self::identical(draft, number))
    }

    async fn earlier_start(&mut self, draft: &Draft, around: Surroundings) -> Result<Capture> {
        let (Some(mut version), Some(index)) = (around.after, around.character) else {
            return Err(Error::internal("A version stands without its character."));
        };
        let was = std::mem::replace(&mut version.captured_at, draft.captured_at);
        version.seen.count += 1;
        let number = version.version;
        let sighting =
            Write::Sightings { character: draft.character.clone(), version: version.id, at: vec![was] };
        let moved = Write::Version { metadata: Box::new(version) };
        self.write(index, draft, vec![moved, sighting], |index| index.captures += 1).await?;
        self.stale.insert(draft.character.clone());
        Ok(Self::identical(draft, number))
    }

    /// Ends the run of the version before at the moment of the capture; gives the rest of the run as a version to come.
    async fn split(&mut self, around: &Surroundings) -> Result<VersionMetadata> {
        let (Some(before), [start, again @ ..]) = (&around.before, around.sightings_after.as_slice()) else {
            return Err(Error::internal("A run without sightings cannot be split."));
        };
        let mut rest = before.clone();
        rest.id = self.library.clock.snapshot_id();
        rest.captured_at = *start;
        rest.seen = Seen { last: again.last().copied().unwrap_or(*start), count: 1 + again.len() as u64 };
        rest.pinned = false;
        rest.tags.clear();
        let mut kept = before.clone();
        kept.seen.count -= rest.seen.count;
        kept.seen.last = around.last_sighting_before.unwrap_or(before.captured_at);
        let character = before.character.clone();
        let at = around.sightings_after.clone();
        let taken = Write::RemoveSightings { character, version: before.id, at };
        self.tx.write(vec![taken, Write::Version { metadata: Box::new(kept) }]).await?;
        Ok(rest)
    }

    async fn insert(
        &mut self,
        draft: &Draft,
        content: ContentHash,
        around: Surroundings,
        rest: Option<VersionMetadata>,
    ) -> Result<Capture> {
        let deriver = self.library.source(draft.source)?.deriver();
        let before = match &around.before {
            Some(version) => Some(self.sheet(version).await?),
            None => None,
        };
        let sheet = Arc::clone(&draft.sheet);
        self.library.keep_sheet(&draft.character, content, Arc::clone(&sheet));
        let summary = summarise(before.as_deref(), &sheet, deriver);
        let number = around.character.as_ref().map_or(0, |index| index.last_version) + 1;
        let version = VersionMetadata {
            id: self.library.clock.snapshot_id(),
            character: draft.character.clone(),
            version: number,
            captured_at: draft.captured_at,
            edited_at: draft.edited_at,
            content,
            bytes: draft.document.len() as u64,
            source: draft.source.to_owned(),
            origin: draft.origin.clone(),
            cuts: draft.cuts.clone(),
            summary: summary.clone(),
            seen: Seen { last: draft.captured_at, count: 1 },
            pinned: false,
            tags: Vec::new(),
            archived: false,
            stored: None,
        };
        let mut writes = vec![
            Write::Content {
                character: draft.character.clone(),
                hash: content,
                bytes: Arc::clone(&draft.document),
            },
            Write::Version { metadata: Box::new(version.clone()) },
        ];
        let splits = rest.is_some();
        let mut last_number = number;
        let next = match rest {
            Some(mut rest) => {
                last_number += 1;
                rest.version = last_number;
                let character = draft.character.clone();
                let at = around.sightings_after[1..].to_vec();
                writes.push(Write::Version { metadata: Box::new(rest.clone()) });
                writes.push(Write::Sightings { character, version: rest.id, at });
                Some(rest)
            }
            None => around.after.clone(),
        };
        let late = next.is_some();
        if let Some(mut next) = next {
            // What follows is compared with the new version from now on.
            let after = self.sheet(&next).await?;
            next.summary = summarise(Some(&sheet), &after, deriver);
            writes.push(Write::Version { metadata: Box::new(next) });
        }
        let is_new = around.character.is_none();
        let index = around.character.unwrap_or_else(|| blank_index(draft));
        self.write(index, draft, writes, |index| {
            index.last_version = last_number;
            index.captures += 1;
            index.versions += if splits { 2 } else { 1 };
            if !late {
                take_over(index, &version, &sheet);
            }
        })
        .await?;
        if late {
            self.stale.insert(draft.character.clone());
        }
        let outcome = match summary.kind {
            _ if is_new => Captured::Added,
            Kind::Quiet => Captured::Quiet,
            _ => Captured::Changed,
        };
        Ok(Capture {
            outcome,
            character: draft.character.clone(),
            name: sheet.name.clone(),
            version: number,
            captured_at: draft.captured_at,
            summary: Some(summary),
        })
    }

    async fn sheet(&mut self, version: &VersionMetadata) -> Result<Arc<Sheet>> {
        if let Some(sheet) = self.library.known_sheet(version) {
            return Ok(sheet);
        }
        let document = self.tx.document(&version.character, &version.content).await?;
        self.library.derive(version, &document)
    }

    /// Writes, with the character's row as the last one, one revision further.
    async fn write(
        &mut self,
        mut index: CharacterIndex,
        draft: &Draft,
        mut writes: Vec<Write>,
        change: impl FnOnce(&mut CharacterIndex),
    ) -> Result<()> {
        let expect = self.expected(&index);
        change(&mut index);
        index.revision += 1;
        index.first_captured = index.first_captured.min(draft.captured_at);
        index.last_captured = index.last_captured.max(draft.captured_at);
        // The row comes first: versions hang on it.
        writes.insert(0, Write::Character { index: Box::new(index), expect });
        self.tx.write(writes).await
    }

    /// What the character's row must have been before this transaction.
    fn expected(&mut self, index: &CharacterIndex) -> Expect {
        let now = if index.revision == 0 { Expect::Absent } else { Expect::Revision(index.revision) };
        *self.touched.entry(index.id.clone()).or_insert(now)
    }

    /// Makes the character's row anew from its history, after something landed in the middle of it.
    async fn rebuild(&mut self, character: &CharacterId) -> Result<()> {
        let mut query = HistoryQuery::all(character.clone());
        query.newest_first = false;
        let versions = self.tx.history(&query).await?.items;
        let at = versions.last().map(|version| version.captured_at).unwrap_or_default();
        let Some(mut index) = self.tx.surroundings(character, at).await?.character else { return Ok(()) };
        let Some(newest) = versions.last() else { return Ok(()) };
        let sheet = self.sheet(newest).await?;
        let expect = self.expected(&index);
        index.revision += 1;
        index.versions = versions.len() as u64;
        index.captures = versions.iter().map(|version| version.seen.count).sum();
        (index.changes, index.growth) = (0, Vec::new());
        for version in &versions {
            take_over(&mut index, version, &sheet);
        }
        self.tx.write(vec![Write::Character { index: Box::new(index), expect }]).await
    }

    async fn commit(mut self) -> Result<()> {
        if self.touched.is_empty() {
            return Ok(());
        }
        for character in std::mem::take(&mut self.stale) {
            self.rebuild(&character).await?;
        }
        let revision = self.tx.commit().await?;
        let changes = ChangeSet {
            characters: self.touched.into_keys().collect(),
            revision,
            origin: self.library.origin.clone(),
        };
        // Nobody listening is fine.
        let _ = self.library.changes.send(changes);
        Ok(())
    }
}

/// The row of a character that is not there yet.
fn blank_index(draft: &Draft) -> CharacterIndex {
    CharacterIndex {
        id: draft.character.clone(),
        name: String::new(),
        species: None,
        background: None,
        classes: Vec::new(),
        level: 0,
        rules: draft.sheet.rules,
        campaign: None,
        versions: 0,
        changes: 0,
        captures: 0,
        last_version: 0,
        first_captured: draft.captured_at,
        last_captured: draft.captured_at,
        last_changed: draft.captured_at,
        last_sentence: None,
        growth: Vec::new(),
        owner: None,
        deleted_at: None,
        revision: 0,
    }
}

/// Lets a version that is the newest so far decide what the character's row says.
fn take_over(index: &mut CharacterIndex, version: &VersionMetadata, sheet: &Sheet) {
    index.name.clone_from(&sheet.name);
    index.species.clone_from(&sheet.species);
    index.background.clone_from(&sheet.background);
    index.classes.clone_from(&sheet.classes);
    index.level = sheet.level;
    index.rules = sheet.rules;
    index.campaign.clone_from(&sheet.campaign);
    let summary = &version.summary;
    if matches!(summary.kind, Kind::Baseline | Kind::Change) {
        index.changes += u64::from(summary.kind == Kind::Change);
        index.last_changed = version.captured_at;
        index.last_sentence = summary.sentences.first().map(|sentence| sentence.text.clone());
        index.growth.push(GrowthPoint { at: version.captured_at, level: summary.level });
        thin(&mut index.growth);
    }
}

/// Keeps the line short: of the points at which the level did not move, the one nearest to its neighbour goes.
fn thin(growth: &mut Vec<GrowthPoint>) {
    while growth.len() > CharacterIndex::GROWTH_POINTS {
        let dull = (1..growth.len() - 1)
            .filter(|&i| growth[i].level == growth[i - 1].level)
            .min_by_key(|&i| growth[i].at.duration_since(growth[i - 1].at));
        growth.remove(dull.unwrap_or(1));
    }
}
