//! Reading documents and sheets, through the cache where there is one.
//!
//! What is cached is what costs: documents, which a store puts together from differences, in a [`CacheStorage`]; and sheets,
//! which are derived from them, in this process. A sheet stays where it is because finding it there costs nothing, where
//! unpacking one would cost a third of deriving it; and because a document proves itself by its hash, whoever held it, and a
//! sheet does not. Histories are not cached: a store answers for them in the time it takes to ask whether they changed.
//!
//! Both are filed under the hash of the document, so neither can be out of date. What can be is that there is such a version
//! at all: it may have been dropped or erased, here or by another process, or be somebody's who is not to be seen any more.
//! So nothing is served before the store said, at its present revision, that the version stands.

use std::{
    collections::{HashMap, HashSet},
    num::NonZeroUsize,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use lru::LruCache;
use tokio::{
    sync::{RwLock, Semaphore},
    task::JoinHandle,
};

use super::{Library, parsed};
use crate::{
    cache::{CacheKey, CacheStorage},
    error::Result,
    model::{CharacterId, ContentHash, VersionMetadata},
    sheet::Sheet,
    storage::{CharacterStorage, HistoryQuery},
};

/// How many sheets are kept at hand: two sides of a comparison, and the last ones of a history being imported.
const SHEETS: NonZeroUsize = NonZeroUsize::MIN.saturating_add(63);
/// How many contents are known to stand. Asking for them again is cheap.
const MOST_STANDING: usize = 10_000;
/// After more changes than this at once everything is asked for again.
const MOST_CHANGES: u32 = 256;
/// So many documents are on their way into the cache at most. What comes while they are is not kept.
const MOST_FILLS: u32 = 4;

/// What is kept of what was read.
pub(super) struct Reading {
    cache: std::sync::RwLock<Option<Arc<dyn CacheStorage>>>,
    sheets: Mutex<LruCache<(CharacterId, ContentHash), Arc<Sheet>>>,
    standing: Mutex<Standing>,
    fills: Arc<Semaphore>,
    /// Held by documents on their way into the cache; taken by whoever takes something out of it, so that nothing comes in
    /// behind that.
    gate: Arc<RwLock<()>>,
}

/// What the store was seen to have.
#[derive(Default)]
struct Standing {
    /// As of this revision.
    revision: u64,
    contents: HashMap<CharacterId, HashSet<ContentHash>>,
    count: usize,
}

impl Standing {
    fn has(&self, version: &VersionMetadata) -> bool {
        self.contents.get(&version.character).is_some_and(|contents| contents.contains(&version.content))
    }

    fn add(&mut self, version: &VersionMetadata) {
        if self.count >= MOST_STANDING {
            self.forget_all();
        }
        let contents = self.contents.entry(version.character.clone()).or_default();
        self.count += usize::from(contents.insert(version.content));
    }

    fn forget(&mut self, character: &CharacterId) {
        self.count -= self.contents.remove(character).map_or(0, |contents| contents.len());
    }

    fn forget_all(&mut self) {
        (self.contents, self.count) = (HashMap::new(), 0);
    }
}

impl Reading {
    pub(super) fn new(cache: Option<Arc<dyn CacheStorage>>) -> Self {
        Self {
            cache: std::sync::RwLock::new(cache),
            sheets: Mutex::new(LruCache::new(SHEETS)),
            standing: Mutex::default(),
            fills: Arc::new(Semaphore::new(MOST_FILLS as usize)),
            gate: Arc::default(),
        }
    }

    fn cache(&self) -> Option<Arc<dyn CacheStorage>> {
        self.cache.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn standing(&self) -> MutexGuard<'_, Standing> {
        self.standing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn sheets(&self) -> MutexGuard<'_, LruCache<(CharacterId, ContentHash), Arc<Sheet>>> {
        self.sheets.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a document is filed under.
fn key(version: &VersionMetadata) -> CacheKey {
    CacheKey::new(version.character.as_str(), &version.content.to_string())
}

impl Library {
    /// A version's document, byte for byte as it was kept.
    ///
    /// # Errors
    /// As [`CharacterStorage::document`].
    pub async fn document(&self, version: &VersionMetadata) -> Result<Vec<u8>> {
        let stands = self.reading.cache().is_some() && self.stands(version).await?;
        self.read(version, stands).await
    }

    /// The same, past the cache: for whoever reads a whole history once, and would only push out what is looked at.
    ///
    /// # Errors
    /// As [`Library::document`].
    pub async fn stored_document(&self, version: &VersionMetadata) -> Result<Vec<u8>> {
        self.storage.document(&version.character, &version.content).await
    }

    /// A version's sheet.
    ///
    /// # Errors
    /// As [`Library::document`]; `format_unsupported` when this program cannot read the document.
    pub async fn sheet(&self, version: &VersionMetadata) -> Result<Arc<Sheet>> {
        let stands = self.stands(version).await?;
        if let Some(sheet) = self.known_sheet(version).filter(|_| stands) {
            return Ok(sheet);
        }
        let document = self.read(version, stands).await?;
        self.derive(version, &document)
    }

    /// The same of a version that the store told of just now, past the cache: for whoever goes through a whole history.
    pub(super) async fn sheet_just_told(&self, version: &VersionMetadata) -> Result<Arc<Sheet>> {
        match self.known_sheet(version) {
            Some(sheet) => Ok(sheet),
            None => self.derive(version, &self.stored_document(version).await?),
        }
    }

    /// The versions next to this one in the history, as far as something changed in them, the newer one first.
    ///
    /// # Errors
    /// As [`CharacterStorage::history`].
    pub async fn neighbours(&self, version: &VersionMetadata) -> Result<Vec<VersionMetadata>> {
        let query = HistoryQuery { without_quiet: true, ..HistoryQuery::all(version.character.clone()) };
        let versions = self.storage.history(&query).await?.items;
        let place = |other: &VersionMetadata| (other.captured_at, other.id);
        // Newest first.
        let newer = versions.iter().rev().find(|other| place(other) > place(version));
        let older = versions.iter().find(|other| place(other) < place(version));
        Ok(newer.into_iter().chain(older).cloned().collect())
    }

    /// Waits until everything that was read is kept: for a program that ends.
    pub async fn settled(&self) {
        // Every document on its way has one of them.
        let _all = self.reading.fills.acquire_many(MOST_FILLS).await;
    }

    /// Reads through another cache from now on. Nothing comes into the one before any more when this is done.
    pub async fn read_through(
        &self,
        made: impl FnOnce(&Arc<dyn CharacterStorage>) -> Option<Arc<dyn CacheStorage>>,
    ) {
        *self.reading.cache.write().unwrap_or_else(PoisonError::into_inner) = made(&self.storage);
        let _fills = self.reading.fills.acquire_many(MOST_FILLS).await;
    }

    /// Takes out of every cache what another program took out of the store since this one last looked.
    ///
    /// # Errors
    /// As [`CharacterStorage::changes_since`].
    pub async fn tidy_cache(&self) -> Result<()> {
        for leaving in self.catch_up(self.storage.revision().await?).await? {
            // A part of the cache that is away is told when it comes back.
            let _ = leaving.await;
        }
        Ok(())
    }

    /// Takes everything of a character, or of all of them, out of every cache.
    ///
    /// # Errors
    /// As [`CacheStorage::forget`]: nobody is served it from there, but a part of the cache that is away may hold it still.
    pub async fn forget_cached(&self, only: Option<&CharacterId>) -> Result<()> {
        match only {
            Some(character) => self.forget_sheets(character),
            None => self.reading.sheets().clear(),
        }
        let _nobody_fills = self.reading.gate.write().await;
        let Some(cache) = self.reading.cache() else { return Ok(()) };
        match only {
            Some(character) => cache.forget(character.as_str()).await,
            None => cache.clear().await,
        }
    }

    /// What is kept at hand of it, if anything.
    pub(crate) fn cache(&self) -> Option<Arc<dyn CacheStorage>> {
        self.reading.cache()
    }

    /// Whether the store has this version now, as far as this library may see it.
    async fn stands(&self, version: &VersionMetadata) -> Result<bool> {
        let now = self.storage.revision().await?;
        // Nobody who reads waits for that.
        drop(self.catch_up(now).await?);
        {
            let standing = self.reading.standing();
            if standing.revision == now && standing.has(version) {
                return Ok(true);
            }
        }
        if !has(&*self.storage, version).await? {
            return Ok(false);
        }
        let mut standing = self.reading.standing();
        // What somebody wrote meanwhile may have taken it away again.
        if standing.revision == now {
            standing.add(version);
        }
        Ok(true)
    }

    /// Forgets what is not certain any more since the store was last looked at. Gives what is leaving the cache meanwhile.
    async fn catch_up(&self, now: u64) -> Result<Vec<JoinHandle<()>>> {
        let since = {
            let mut standing = self.reading.standing();
            if standing.revision == now {
                return Ok(Vec::new());
            }
            // Who may see what can change without any character being written. And a lower revision is another store's.
            if self.storage.info().principal.is_some() || standing.revision > now {
                standing.forget_all();
            }
            if standing.contents.is_empty() {
                standing.revision = now;
                return Ok(Vec::new());
            }
            standing.revision
        };
        let told = self.storage.changes_since(since, MOST_CHANGES).await?;
        {
            let mut standing = self.reading.standing();
            if standing.revision != since {
                // Somebody else did it meanwhile.
                return Ok(Vec::new());
            }
            match told.more {
                true => standing.forget_all(),
                false => told.changes.iter().for_each(|change| standing.forget(&change.character)),
            }
            standing.revision = if told.more { now } else { told.revision };
        }
        let mut leaving = Vec::new();
        for change in told.changes.iter().filter(|change| change.erased) {
            self.forget_sheets(&change.character);
            if let Some(cache) = self.reading.cache() {
                // Another process took it away, from its own caches too. Nobody waits for ours.
                let group = change.character.clone();
                leaving.push(tokio::spawn(async move { drop(cache.forget(group.as_str()).await) }));
            }
        }
        Ok(leaving)
    }

    /// A document, out of the cache where its version stands.
    async fn read(&self, version: &VersionMetadata, stands: bool) -> Result<Vec<u8>> {
        if let Some(cache) = self.reading.cache().filter(|_| stands)
            && let Ok(Some(found)) = cache.get(&key(version)).await
            && ContentHash::of(&found.value) == version.content
        {
            return Ok(found.value.to_vec());
        }
        let document = self.stored_document(version).await?;
        if stands {
            self.fill(version, &document);
        }
        Ok(document)
    }

    /// Puts a document into the cache, behind whoever wanted it.
    fn fill(&self, version: &VersionMetadata, document: &[u8]) {
        // Before the cache is looked for: whoever exchanges it waits for all who have one of these.
        let Ok(permit) = Arc::clone(&self.reading.fills).try_acquire_owned() else { return };
        let Some(cache) = self.reading.cache() else { return };
        let (gate, storage) = (Arc::clone(&self.reading.gate), Arc::clone(&self.storage));
        let (version, value) = (version.clone(), Arc::from(document));
        tokio::spawn(async move {
            let _gate = gate.read().await;
            let kept = cache.set(&key(&version), value, None).await;
            // Another process may have erased it since, and looked through the cache before this came in: whoever is last
            // looks once more.
            if kept.is_ok() && !has(&*storage, &version).await.unwrap_or(false) {
                let _ = cache.delete(&key(&version)).await;
            }
            drop(permit);
        });
    }

    pub(super) fn known_sheet(&self, version: &VersionMetadata) -> Option<Arc<Sheet>> {
        self.reading.sheets().get(&(version.character.clone(), version.content)).cloned()
    }

    pub(super) fn keep_sheet(
        &self,
        character: &CharacterId,
        content: ContentHash,
        sheet: Arc<Sheet>,
    ) -> Arc<Sheet> {
        self.reading.sheets().put((character.clone(), content), Arc::clone(&sheet));
        sheet
    }

    pub(super) fn forget_sheets(&self, character: &CharacterId) {
        let mut sheets = self.reading.sheets();
        let gone: Vec<_> =
            sheets.iter().map(|(key, _)| key).filter(|(id, _)| id == character).cloned().collect();
        for key in gone {
            sheets.pop(&key);
        }
    }

    pub(super) fn derive(&self, version: &VersionMetadata, document: &[u8]) -> Result<Arc<Sheet>> {
        let sheet = parsed(document, |tree| Ok(self.source(&version.source)?.read(tree)?.sheet))?;
        Ok(self.keep_sheet(&version.character, version.content, Arc::new(sheet)))
    }
}

/// Whether a store has this version, with this document.
async fn has(storage: &dyn CharacterStorage, version: &VersionMetadata) -> Result<bool> {
    let query =
        HistoryQuery { id: Some(version.id), limit: Some(1), ..HistoryQuery::all(version.character.clone()) };
    let found = storage.history(&query).await?.items;
    Ok(found.first().is_some_and(|found| found.content == version.content))
}
