//! What one handle knows of a store, and how it learns the rest.
//!
//! The journal is followed: a read first asks for the entry after the last one known, which mostly is not there yet. Who
//! is far behind, or opens the store, starts at a checkpoint. So it takes a few requests to be up to date, however long
//! the journal has grown.

use std::{
    collections::BTreeMap,
    num::NonZeroUsize,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
};

use backstory_core::{
    error::{Code, Error, Result},
    model::{CharacterId, ContentHash},
    privacy::audit,
};
use futures_util::FutureExt;
use lru::LruCache;
use tokio::sync::watch;

use super::{
    bucket::{Bucket, at_once},
    form::{self, Checkpoint, Content, Entry, Manifest, Row},
    state::State,
};
use crate::{recent::RecentDocuments, record::Record};

/// After how many commits a checkpoint is written.
pub(super) const CHECKPOINT_EVERY: u64 = 64;

/// How many checkpoints are kept: should one be damaged, the one before it is as good and takes a moment longer.
const CHECKPOINTS: usize = 2;

/// How many entries are read one by one. Who is further behind looks for a checkpoint first.
const ENTRIES: usize = 4 * CHECKPOINT_EVERY as usize;

/// How many commits are read together for the entries of the audit log in them.
const COMMITS_AT_ONCE: u64 = 256;

/// How many histories are remembered.
const RECORDS: NonZeroUsize = NonZeroUsize::new(32).unwrap();

/// How many bytes of decoded documents are remembered: neighbours lean on each other.
const RECENT_BYTES: usize = 16 << 20;

/// How often a read starts over because somebody else replaced what it was reading.
const TRIES: usize = 8;

/// Decoded documents, so that the next one that leans on them needs no chain.
#[derive(Debug)]
pub(super) struct Recent(Mutex<RecentDocuments>);

impl Default for Recent {
    fn default() -> Self {
        Self(Mutex::new(RecentDocuments::new(RECENT_BYTES)))
    }
}

impl Recent {
    pub(super) fn get(&self, hash: &ContentHash) -> Option<Arc<Vec<u8>>> {
        self.documents().get(hash)
    }

    pub(super) fn put(&self, hash: ContentHash, document: Arc<Vec<u8>>) {
        self.documents().put(hash, document);
    }

    fn forget(&self) {
        *self.documents() = RecentDocuments::new(RECENT_BYTES);
    }

    fn documents(&self) -> MutexGuard<'_, RecentDocuments> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One wish to read a character, which starts over where somebody replaces what it is reading.
#[derive(Debug, Default)]
pub(super) struct Look {
    last: Option<ContentHash>,
    tries: usize,
}

/// See the module.
#[derive(Debug)]
pub(super) struct View {
    /// The store.
    pub(super) bucket: Bucket,
    /// Hears of every commit that this handle learns of.
    pub(super) commits: watch::Sender<u64>,
    state: RwLock<Arc<State>>,
    records: Mutex<LruCache<ContentHash, Arc<Record<Content>>>>,
    /// The documents that are remembered.
    pub(super) recent: Recent,
    /// Counts the wishes to be up to date.
    wishes: AtomicU64,
    /// The last wish that the last look at the journal fulfilled. Held while looking.
    fulfilled: tokio::sync::Mutex<u64>,
}

impl View {
    /// Starts at the newest checkpoint that can be read.
    pub(super) async fn open(bucket: Bucket) -> Result<Self> {
        let view = Self {
            bucket,
            commits: watch::Sender::new(0),
            state: RwLock::default(),
            records: Mutex::new(LruCache::new(RECORDS)),
            recent: Recent::default(),
            wishes: AtomicU64::new(0),
            fulfilled: tokio::sync::Mutex::new(0),
        };
        if let Some(state) = view.checkpoint_after(0).await? {
            view.publish(state);
        }
        view.now().await?;
        Ok(view)
    }

    /// The state as this handle last saw it.
    pub(super) fn known(&self) -> Arc<State> {
        Arc::clone(&self.state.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The state as it is now. Several who ask at once share a look.
    pub(super) async fn now(&self) -> Result<Arc<State>> {
        let wish = self.wishes.fetch_add(1, Ordering::Relaxed) + 1;
        let mut fulfilled = self.fulfilled.lock().await;
        if *fulfilled < wish {
            let until = self.wishes.load(Ordering::Relaxed);
            self.catch_up().await?;
            *fulfilled = until;
        }
        Ok(self.known())
    }

    /// Takes a commit of this handle's own, whose histories were [remembered](Self::remember), into the state.
    pub(super) async fn settle(&self, entry: Entry) -> Result<()> {
        let _turn = self.fulfilled.lock().await;
        if self.known().revision + 1 == entry.revision {
            self.follow(&[entry]).await?;
        }
        Ok(())
    }

    async fn catch_up(&self) -> Result<()> {
        while self.entry(self.known().revision + 1).await?.is_some() {
            let revision = self.known().revision;
            let listed = self.bucket.list(&Entry::folder(), Some(&Entry::path(revision)), ENTRIES).await?;
            if listed.len() >= ENTRIES
                && let Some(state) = self.checkpoint_after(revision).await?
            {
                self.publish(state);
                continue;
            }
            let numbers = listed.iter().filter_map(|object| Entry::revision_of(&object.location));
            // What is not there yet, or not listed yet, is a matter for the next look.
            let numbers: Vec<_> = numbers.zip(revision + 1..).take_while(|(a, b)| a == b).collect();
            let entries = numbers.into_iter().map(|(number, _)| self.entry(number).boxed()).collect();
            let entries: Vec<_> = at_once(entries).await?.into_iter().flatten().collect();
            if entries.is_empty() {
                break;
            }
            self.follow(&entries).await?;
        }
        Ok(())
    }

    /// The journal's entry of a revision, if there is one.
    pub(super) async fn entry(&self, revision: u64) -> Result<Option<Entry>> {
        let path = Entry::path(revision);
        let Some(bytes) = self.bucket.get(&path).await? else { return Ok(None) };
        let entry: Entry = form::unseal(&bytes, &path)?;
        if entry.revision == revision { Ok(Some(entry)) } else { Err(form::damaged(&path)) }
    }

    /// The entries of the audit log behind a number, at most so many: each stands in the commit it came with. One whose commit
    /// cannot be read is left out.
    pub(super) async fn audit(&self, after: u64, limit: usize) -> Result<Vec<audit::Entry>> {
        let state = self.now().await?;
        let mut found: Vec<audit::Entry> = Vec::new();
        let mut next = self.commit_behind(after, state.revision).await?;
        while next <= state.revision && found.len() < limit {
            let last = state.revision.min(next + COMMITS_AT_ONCE - 1);
            let commits = (next..=last).map(|number| self.readable_entry(number).boxed()).collect();
            for commit in at_once(commits).await?.into_iter().flatten() {
                found.extend(commit.entries().filter(|entry| entry.sequence > after));
            }
            next = last + 1;
        }
        found.truncate(limit);
        Ok(found)
    }

    /// The first commit that brought an entry behind this number, or one before it: found by halving.
    async fn commit_behind(&self, after: u64, revision: u64) -> Result<u64> {
        let (mut low, mut high) = (1, revision + 1);
        if after == 0 {
            return Ok(low);
        }
        while low < high {
            let middle = low + (high - low) / 2;
            match self.readable_entry(middle).await? {
                Some(entry) if entry.audited + entry.audit.len() as u64 <= after => low = middle + 1,
                // What cannot be read may be it.
                _ => high = middle,
            }
        }
        Ok(low)
    }

    async fn readable_entry(&self, revision: u64) -> Result<Option<Entry>> {
        match self.entry(revision).await {
            Err(error) if error.code == Code::StoreDamaged => Ok(None),
            entry => entry,
        }
    }

    /// Applies the next entries. The list must go on where a manifest is damaged: only its character then cannot be read.
    async fn follow(&self, entries: &[Entry]) -> Result<()> {
        let mut state = State::clone(&self.known());
        let mut newest = BTreeMap::new();
        for entry in entries {
            state.apply(entry);
            for (id, manifest) in &entry.characters {
                newest.insert(id, manifest.map(|manifest| (entry.revision, manifest)));
            }
        }
        let mut rows = Vec::new();
        for (id, newest) in newest {
            if let Some((revision, manifest)) = newest {
                rows.push(self.row(id, revision, manifest, state.rows.get(id).cloned()).boxed());
            }
        }
        let rows = at_once(rows).await?;
        state.rows.extend(rows.into_iter().map(|row| (row.id.clone(), Arc::new(row))));
        if entries.iter().any(|entry| entry.characters.values().any(Option::is_none)) {
            self.forget();
        }
        self.publish(state);
        Ok(())
    }

    /// The row of a character with a new manifest.
    async fn row(
        &self,
        id: &CharacterId,
        revision: u64,
        manifest: ContentHash,
        before: Option<Arc<Row>>,
    ) -> Result<Row> {
        match self.manifest(id, &manifest).await {
            Ok(Some(record)) => return Ok(Row::new(id.clone(), revision, manifest, &record)),
            // Gone: the next entry replaces it.
            Ok(None) => {}
            Err(error) if error.code == Code::StoreDamaged => {
                tracing::warn!(%id, ?error, "a character cannot be read");
            }
            Err(error) => return Err(error),
        }
        Ok(Row::damaged(id.clone(), revision, manifest, before.as_deref()))
    }

    fn publish(&self, state: State) {
        let revision = state.revision;
        *self.state.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(state);
        self.commits.send_replace(revision);
    }

    /// What was erased must not stay in memory either.
    fn forget(&self) {
        self.records().clear();
        self.recent.forget();
    }

    /// The histories that are remembered.
    fn records(&self) -> MutexGuard<'_, LruCache<ContentHash, Arc<Record<Content>>>> {
        self.records.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Remembers a history that was just written.
    pub(super) fn remember(&self, manifest: ContentHash, record: Arc<Record<Content>>) {
        self.records().put(manifest, record);
    }

    /// A history by the name of its manifest; none where that was replaced meanwhile.
    pub(super) async fn manifest(
        &self,
        id: &CharacterId,
        name: &ContentHash,
    ) -> Result<Option<Arc<Record<Content>>>> {
        if let Some(record) = self.records().get(name) {
            return Ok(Some(Arc::clone(record)));
        }
        let record = self.load_manifest(id, name).await?.map(Arc::new);
        if let Some(record) = &record {
            self.remember(*name, Arc::clone(record));
        }
        Ok(record)
    }

    /// The same, from the store itself.
    pub(super) async fn load_manifest(
        &self,
        id: &CharacterId,
        name: &ContentHash,
    ) -> Result<Option<Record<Content>>> {
        let path = Manifest::path(id, name);
        let Some(bytes) = self.bucket.get(&path).await? else { return Ok(None) };
        let manifest: Manifest = form::unpack(&bytes, name, &path)?;
        if manifest.character == *id { Ok(Some(manifest.record)) } else { Err(form::damaged(&path)) }
    }

    /// A character's history as it is now; none for an unknown one. Asked again with the same `look`, because an object
    /// the history names is gone, it answers with a newer history, or says that one is missing.
    pub(super) async fn record(
        &self,
        look: &mut Look,
        id: &CharacterId,
    ) -> Result<Option<Arc<Record<Content>>>> {
        while look.tries < TRIES {
            look.tries += 1;
            let state = self.now().await?;
            let Some(row) = state.rows.get(id) else { return Ok(None) };
            if look.last.replace(row.manifest) == Some(row.manifest) {
                return Err(missing(id));
            }
            if let Some(record) = self.manifest(id, &row.manifest).await? {
                return Ok(Some(record));
            }
        }
        Err(crate::rules::busy())
    }

    /// The newest checkpoint behind a revision that can be read.
    async fn checkpoint_after(&self, revision: u64) -> Result<Option<State>> {
        let mut checkpoints = self.checkpoints().await?;
        checkpoints.retain(|(number, ..)| *number > revision);
        for (number, name, path) in checkpoints.into_iter().rev() {
            let Some(bytes) = self.bucket.get(&path).await? else { continue };
            match form::unpack::<Checkpoint>(&bytes, &name, &path) {
                Ok(checkpoint) if checkpoint.revision == number => {
                    return Ok(Some(State::from_checkpoint(checkpoint)));
                }
                _ => tracing::warn!(%path, "a checkpoint cannot be read; an older one is as good"),
            }
        }
        Ok(None)
    }

    /// Every checkpoint there is, oldest first.
    pub(super) async fn checkpoints(&self) -> Result<Vec<(u64, ContentHash, object_store::path::Path)>> {
        let listed = self.bucket.list(&Checkpoint::folder(), None, usize::MAX).await?;
        let named = listed.into_iter().filter_map(|object| {
            let (revision, name) = Checkpoint::of(&object.location)?;
            Some((revision, name, object.location))
        });
        Ok(named.collect())
    }

    /// Writes a checkpoint and takes older ones away: all of them where they may still name what was erased.
    pub(super) async fn write_checkpoint(&self, erased: bool) -> Result<()> {
        let state = self.known();
        let bytes = form::pack(&state.to_checkpoint())?;
        let path = Checkpoint::path(state.revision, &bytes);
        self.bucket.put(&path, bytes).await?;
        // Whoever erased a character meanwhile may have looked for such lists before this one was there.
        let now = self.now().await?;
        if state.rows.keys().any(|id| !now.rows.contains_key(id)) {
            self.bucket.delete(&[path]).await;
            return Ok(());
        }
        let older = self.checkpoints().await?.into_iter().filter(|(number, ..)| *number <= state.revision);
        let mut older: Vec<_> = older.map(|(_, _, path)| path).filter(|other| *other != path).collect();
        older.truncate(older.len().saturating_sub(if erased { 0 } else { CHECKPOINTS - 1 }));
        self.bucket.delete(&older).await;
        Ok(())
    }
}

/// Something a manifest names is not there, although nobody replaced it.
pub(super) fn missing(id: &CharacterId) -> Error {
    Error::new(Code::StoreDamaged, format!("An object that {id} needs is missing from the library."))
        .kept("Backstory has not changed anything.")
        .hint("Run a check of the library (backstory verify --read-data) to see everything that is affected.")
}
