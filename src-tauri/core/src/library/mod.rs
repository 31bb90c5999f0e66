//! The one door: everything that reads or writes characters goes through [`Library`].
//!
//! A capture finds its place in the history, is compared with the version before it, and is written as one transaction
//! with the character's row. Listeners then get the [`ChangeSet`].

mod anonymising;
mod archiving;
pub(crate) mod auditing;
mod erasing;
mod keeping;
mod moving;
mod past;
mod reading;
mod sharing;
mod thinning;
mod writing;

use std::sync::{Arc, PoisonError, RwLock};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::sync::broadcast;

use crate::{
    access,
    cache::CacheStorage,
    clock::Clock,
    error::{Code, Error, Result},
    job::{Cancel, Progress},
    json::Tree,
    model::{CharacterId, CharacterIndex, Summary, VersionMetadata},
    retention::RetentionPolicy,
    source::{Draft, Source},
    storage::{
        CharacterStorage, CheckReport, CheckScope, Deleted, Facets, HistoryQuery, Page, QueryFilter,
        StorageInfo, StorageStatistics,
    },
    wording::Language,
};

pub use auditing::acting_as;
pub use erasing::Fingerprints;
pub use moving::Taken;
pub use past::{Burst, Retold};
use reading::Reading;
pub use thinning::{Holding, Thinned, Thinning};
pub use writing::Rehearsal;
use writing::Writing;

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
    language: RwLock<Language>,
    /// How long versions are kept where the library does not say so itself.
    policy: RwLock<RetentionPolicy>,
    reading: Reading,
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
            storage: access::guarded(storage),
            sources,
            clock,
            origin: origin.to_owned(),
            language: RwLock::default(),
            policy: RwLock::default(),
            reading: Reading::new(None),
            changes: broadcast::channel(256).0,
        }
    }

    /// The same, reading through this cache.
    #[must_use]
    pub fn cached(self, cache: Option<Arc<dyn CacheStorage>>) -> Self {
        Self { reading: Reading::new(cache), ..self }
    }

    /// The same, with its sentences in this language.
    #[must_use]
    pub fn speaking(self, language: Language) -> Self {
        self.speak(language);
        self
    }

    /// Is thinned by this policy from now on, where it has none of its own.
    pub fn keep_by(&self, policy: RetentionPolicy) {
        *self.policy.write().unwrap_or_else(PoisonError::into_inner) = policy;
    }

    /// Tells in this language from now on.
    pub fn speak(&self, language: Language) {
        *self.language.write().unwrap_or_else(PoisonError::into_inner) = language;
    }

    /// The language of its sentences.
    pub fn language(&self) -> Language {
        *self.language.read().unwrap_or_else(PoisonError::into_inner)
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

    /// Finds a character by id, or by name where only one has it. Not in the bin.
    ///
    /// # Errors
    /// `character_not_found`, `character_ambiguous`; as [`CharacterStorage::query`].
    pub async fn find(&self, text: &str) -> Result<CharacterIndex> {
        self.find_among(text, Deleted::Without).await
    }

    /// Finds a character by id, or by name where only one has it, among those in the bin, those that are not, or all.
    ///
    /// # Errors
    /// As [`Library::find`].
    pub async fn find_among(&self, text: &str, deleted: Deleted) -> Result<CharacterIndex> {
        let mut found = self.called(text, deleted).await?;
        match found.len() {
            1 => Ok(found.remove(0)),
            0 if deleted == Deleted::Without && !self.called(text, Deleted::Only).await?.is_empty() => {
                Err(Error::new(Code::CharacterNotFound, format!("{text:?} is in the bin."))
                    .kept("Every version of it is kept.")
                    .hint(format!("`backstory undelete {text:?}` takes it back.")))
            }
            0 => {
                let place = if deleted == Deleted::Only { " in the bin" } else { "" };
                let message = format!("No character{place} is called {text:?} or has this id.");
                Err(Error::new(Code::CharacterNotFound, message).hint(
                    "`backstory list` shows every character with its id, `backstory list --deleted` the bin.",
                ))
            }
            n => {
                let ids: Vec<&str> = found.iter().map(|character| character.id.as_str()).collect();
                Err(Error::new(Code::CharacterAmbiguous, format!("{n} characters are called {text:?}."))
                    .hint(format!("Say which one by its id: {}.", ids.join(", "))))
            }
        }
    }

    /// The characters with this id, or else of this name.
    async fn called(&self, text: &str, deleted: Deleted) -> Result<Vec<CharacterIndex>> {
        if let Ok(id) = CharacterId::new(text) {
            let filter = QueryFilter { ids: vec![id], deleted, ..QueryFilter::default() };
            let found = self.storage.query(&filter).await?.items;
            if !found.is_empty() {
                return Ok(found);
            }
        }
        let filter = QueryFilter { name: Some(text.trim().to_owned()), deleted, ..QueryFilter::default() };
        let wanted = text.trim().to_lowercase();
        let mut found = self.storage.query(&filter).await?.items;
        found.retain(|character| character.name.trim().to_lowercase() == wanted);
        Ok(found)
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
        Ok(Rehearsal(Writing::begin(self).await?))
    }

    async fn try_capture(&self, drafts: &[Draft]) -> Result<Vec<Capture>> {
        let mut writing = Writing::begin(self).await?;
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
