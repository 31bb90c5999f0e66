//! A store in memory: for tests, and to look at characters without keeping them.
//!
//! It is the strict double of the real backends: it refuses whatever any of them might refuse.

use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use async_trait::async_trait;
use backstory_core::{
    access::Principal,
    cache::CacheSeal,
    error::Result,
    job::{Cancel, Progress, ProgressEvent},
    model::{CharacterId, CharacterIndex, ContentHash, Member, Role, Sighting, Stored, VersionMetadata},
    privacy::audit::{self, Head, Note},
    storage::{
        Capabilities, Change, Changes, CharacterStorage, CheckReport, CheckScope, Encoding, Facets,
        HistoryQuery, Page, QueryFilter, Recompressed, RepairReport, Setting, StorageInfo, StorageStatistics,
        StorageTransaction, Surroundings, Write,
    },
};
use jiff::Timestamp;
use tokio::sync::{Mutex, OwnedMutexGuard, watch};

use crate::{
    matching,
    pages::{Pages, page_of},
    record::{Effect, Record},
    rules,
    settings::Settings,
};

/// How long a second writer waits for the first.
const WAIT: Duration = Duration::from_secs(10);

/// A store that ends with the process.
#[derive(Debug)]
pub struct MemoryStorage {
    committed: Arc<RwLock<Arc<State>>>,
    writer: Arc<Mutex<()>>,
    commits: watch::Sender<u64>,
    principal: Option<Principal>,
}

/// Everything in the store. Copied when a transaction first changes it; the characters in it are shared.
#[derive(Debug, Clone, Default)]
struct State {
    revision: u64,
    characters: BTreeMap<CharacterId, Arc<Entry>>,
    /// When the characters went that were erased.
    tombstones: BTreeMap<CharacterId, u64>,
    members: BTreeMap<(String, String), Role>,
    /// The audit log, by the numbers of its entries.
    audit: Pages<u64, audit::Entry>,
    audit_head: Head,
    /// Of each user; of nobody in a store with one.
    settings: BTreeMap<Option<String>, Settings>,
}

/// One character, and the revision it was last written at.
#[derive(Debug, Clone, Default)]
struct Entry {
    written: u64,
    record: Record<Arc<Vec<u8>>>,
}

impl Default for MemoryStorage {
    fn default() -> Self {
        Self {
            committed: Arc::default(),
            writer: Arc::default(),
            commits: watch::Sender::new(0),
            principal: None,
        }
    }
}

impl MemoryStorage {
    /// Who is asking, where that makes a difference.
    fn user(&self) -> Option<String> {
        self.principal.as_ref().map(|principal| principal.user.clone())
    }

    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same store as somebody who shares it sees it through a [`Library`](backstory_core::library::Library).
    #[must_use]
    pub fn shared_with(&self, principal: Principal) -> Self {
        Self {
            committed: Arc::clone(&self.committed),
            writer: Arc::clone(&self.writer),
            commits: self.commits.clone(),
            principal: Some(principal),
        }
    }

    fn state(&self) -> Arc<State> {
        Arc::clone(&self.committed.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl State {
    fn record(&self, character: &CharacterId) -> Option<&Record<Arc<Vec<u8>>>> {
        self.characters.get(character).map(|entry| &entry.record)
    }

    fn history(&self, query: &HistoryQuery) -> Page<VersionMetadata> {
        let stored = |_: &ContentHash, bytes: &Arc<Vec<u8>>| Stored {
            codec: "none".to_owned(),
            bytes: bytes.len() as u64,
            base: None,
        };
        self.record(&query.character)
            .map_or_else(|| Page::new(Vec::new(), 0), |record| record.history(query, stored))
    }

    fn document(&self, character: &CharacterId, content: &ContentHash) -> Result<Vec<u8>> {
        self.record(character)
            .and_then(|record| record.contents.get(content))
            .map(|bytes| bytes.to_vec())
            .ok_or_else(|| rules::content_not_found(character))
    }

    fn records(&self) -> impl Iterator<Item = &Record<Arc<Vec<u8>>>> {
        self.characters.values().map(|entry| &entry.record)
    }

    fn indexes(&self) -> impl Iterator<Item = &CharacterIndex> {
        self.records().filter_map(|record| record.index.as_ref())
    }

    /// Adds to the audit log.
    fn note(&mut self, note: &Note, readers: Vec<String>) -> Result<()> {
        let entry = audit::Entry { readers, ..self.audit_head.append(note)? };
        self.audit.put(page_of(entry.sequence), entry.sequence, entry);
        Ok(())
    }

    fn entries(&self, after: u64, limit: u32) -> Vec<audit::Entry> {
        let numbers = self.audit.numbers().filter(|number| *number >= page_of(after + 1));
        let pages = numbers.filter_map(|number| self.audit.page(number));
        let entries = pages.flat_map(|page| page.values()).filter(|entry| entry.sequence > after);
        entries.take(limit as usize).cloned().collect()
    }

    fn changes_since(&self, revision: u64, limit: u32) -> Changes {
        let since = if revision > self.revision { 0 } else { revision };
        let written = self.characters.iter().map(|(id, entry)| (entry.written, id, false));
        let erased = self.tombstones.iter().map(|(id, revision)| (*revision, id, true));
        let mut changes: Vec<_> = written.chain(erased).filter(|(at, ..)| *at > since).collect();
        changes.sort();
        rules::feed(
            changes.into_iter().map(|(revision, character, erased)| Change {
                character: character.clone(),
                revision,
                erased,
            }),
            self.revision,
            limit,
        )
    }
}

#[async_trait]
impl CharacterStorage for MemoryStorage {
    fn info(&self) -> StorageInfo {
        StorageInfo {
            kind: "memory".to_owned(),
            location: "memory:".to_owned(),
            read_only: None,
            capabilities: Capabilities { pushes_changes: true, ..Capabilities::default() },
            principal: self.principal.clone(),
        }
    }

    async fn revision(&self) -> Result<u64> {
        Ok(self.state().revision)
    }

    async fn query(&self, filter: &QueryFilter) -> Result<Page<CharacterIndex>> {
        matching::query(filter, self.state().indexes())
    }

    async fn facets(&self) -> Result<Facets> {
        let state = self.state();
        let versions = state.records().map(|record| record.versions.len() as u64).sum();
        Ok(Facets::of(state.indexes(), versions))
    }

    async fn history(&self, query: &HistoryQuery) -> Result<Page<VersionMetadata>> {
        Ok(self.state().history(query))
    }

    async fn document(&self, character: &CharacterId, content: &ContentHash) -> Result<Vec<u8>> {
        self.state().document(character, content)
    }

    async fn sightings(&self, character: &CharacterId) -> Result<Vec<Sighting>> {
        let state = self.state();
        Ok(state.record(character).map(Record::all_sightings).unwrap_or_default())
    }

    async fn members(&self) -> Result<Vec<Member>> {
        let member = |((campaign, user), role): (&(String, String), &Role)| Member {
            campaign: campaign.clone(),
            user: user.clone(),
            role: *role,
        };
        Ok(self.state().members.iter().map(member).collect())
    }

    async fn audit(&self, after: u64, limit: u32) -> Result<Vec<audit::Entry>> {
        Ok(self.state().entries(after, limit))
    }

    async fn audit_head(&self) -> Result<Head> {
        Ok(self.state().audit_head.clone())
    }

    async fn settings(&self) -> Result<Vec<Setting>> {
        Ok(self.state().settings.get(&self.user()).map(Settings::list).unwrap_or_default())
    }

    async fn changes_since(&self, revision: u64, limit: u32) -> Result<Changes> {
        Ok(self.state().changes_since(revision, limit))
    }

    async fn wait(&self, since: u64, at_most: Duration) -> Result<u64> {
        let mut commits = self.commits.subscribe();
        // Whatever ends the waiting, the state itself says what the revision is.
        let _ = tokio::time::timeout(at_most, commits.wait_for(|revision| *revision > since)).await;
        self.revision().await
    }

    async fn begin(&self) -> Result<Box<dyn StorageTransaction>> {
        let writer = tokio::time::timeout(WAIT, Arc::clone(&self.writer).lock_owned()).await;
        let writer = writer.map_err(|_| rules::busy())?;
        Ok(Box::new(Transaction {
            _writer: writer,
            committed: Arc::clone(&self.committed),
            commits: self.commits.clone(),
            state: State::clone(&self.state()),
            user: self.user(),
            revisions_before: BTreeMap::new(),
            notes: Vec::new(),
            failed: false,
        }))
    }

    async fn check(
        &self,
        scope: CheckScope,
        progress: &dyn Progress,
        cancel: &Cancel,
    ) -> Result<CheckReport> {
        let state = self.state();
        let total = state.characters.len() as u64;
        let mut report = CheckReport { characters: state.indexes().count() as u64, ..CheckReport::default() };
        for (done, (id, entry)) in (0..).zip(&state.characters) {
            cancel.check()?;
            progress.report(ProgressEvent::Advanced { done, total });
            report.versions += entry.record.versions.len() as u64;
            report.contents += entry.record.contents.len() as u64;
            if scope == CheckScope::Data {
                report.bytes += entry.record.contents.values().map(|bytes| bytes.len() as u64).sum::<u64>();
            }
            report.problems.extend(entry.record.stale(id));
        }
        Ok(report)
    }

    async fn repair(&self, progress: &dyn Progress, cancel: &Cancel) -> Result<RepairReport> {
        let _writer = self.writer.lock().await;
        let before = self.check(CheckScope::Structure, progress, cancel).await?.problems;
        if before.is_empty() {
            return Ok(RepairReport::default());
        }
        let mut state = State::clone(&self.state());
        state.revision += 1;
        for (id, entry) in &mut state.characters {
            if !entry.record.stale(id).is_empty() {
                let entry = Arc::make_mut(entry);
                entry.record.recount();
                entry.written = state.revision;
            }
        }
        let revision = state.revision;
        *self.committed.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(state);
        self.commits.send_replace(revision);
        let left = self.check(CheckScope::Structure, progress, cancel).await?.problems;
        let repaired = before.into_iter().filter(|problem| !left.contains(problem)).collect();
        Ok(RepairReport { repaired, left })
    }

    async fn recompress(&self, _: &Encoding, _: &dyn Progress, cancel: &Cancel) -> Result<Recompressed> {
        cancel.check()?;
        let sum = self.statistics().await?;
        let bytes = sum.encoded_bytes;
        Ok(Recompressed { contents: sum.contents, rewritten: 0, bytes_before: bytes, bytes_after: bytes })
    }

    async fn scrub(&self, _: &dyn Progress, _: &Cancel) -> Result<()> {
        Ok(())
    }

    /// It is kept nowhere, and may hold what came out of an encrypted one.
    async fn cache_seal(&self) -> Result<CacheSeal> {
        Ok(CacheSeal::Never)
    }

    async fn statistics(&self) -> Result<StorageStatistics> {
        let state = self.state();
        let mut sum = StorageStatistics { characters: state.indexes().count() as u64, ..Default::default() };
        for record in state.records() {
            sum.versions += record.versions.len() as u64;
            sum.contents += record.contents.len() as u64;
            sum.captures += (record.versions.len() + record.sightings.len()) as u64;
            sum.document_bytes += record.contents.values().map(|bytes| bytes.len() as u64).sum::<u64>();
        }
        sum.encoded_bytes = sum.document_bytes;
        sum.store_bytes = sum.document_bytes;
        Ok(sum)
    }
}

/// The one writing transaction. Holds a whole copy of the state, which becomes the state at the commit.
#[derive(Debug)]
struct Transaction {
    _writer: OwnedMutexGuard<()>,
    committed: Arc<RwLock<Arc<State>>>,
    commits: watch::Sender<u64>,
    state: State,
    user: Option<String>,
    revisions_before: BTreeMap<CharacterId, Option<u64>>,
    /// What the audit log gets at the commit, and who may read it.
    notes: Vec<(Box<Note>, Vec<String>)>,
    failed: bool,
}

impl Transaction {
    fn apply(&mut self, write: Write) -> Result<()> {
        let Some(character) = write.character().cloned() else { return self.put_shared(write) };
        let before = self.revision_before(&character);
        if let Write::Version { metadata } = &write {
            self.check_identity(metadata)?;
        }
        self.state.tombstones.remove(&character);
        let entry = Arc::make_mut(self.state.characters.entry(character.clone()).or_default());
        entry.written = self.state.revision + 1;
        let effect = entry.record.apply(&write, before)?;
        match (effect, write) {
            (Effect::Keep(hash), Write::Content { bytes, .. }) => {
                entry.record.put_content(hash, bytes);
            }
            (Effect::Unused(hashes), _) => {
                for hash in &hashes {
                    entry.record.contents.remove(hash);
                }
            }
            (Effect::Erased, _) => {
                self.state.characters.remove(&character);
                self.state.tombstones.insert(character, self.state.revision + 1);
            }
            (Effect::Done | Effect::Moved(_) | Effect::Keep(_), _) => {}
        }
        Ok(())
    }

    /// What concerns no character.
    fn put_shared(&mut self, write: Write) -> Result<()> {
        rules::check(&write)?;
        match write {
            Write::Member { campaign, user, role: Some(role) } => {
                self.state.members.insert((campaign, user), role);
            }
            Write::Member { campaign, user, role: None } => {
                self.state.members.remove(&(campaign, user));
            }
            Write::Audit { note, by, owner } => {
                self.notes.push((note, by.into_iter().chain(owner).collect()));
            }
            Write::Setting { setting, expect } => {
                self.state.settings.entry(self.user.clone()).or_default().put(setting, expect)?;
            }
            _ => {}
        }
        Ok(())
    }

    fn revision_before(&mut self, character: &CharacterId) -> Option<u64> {
        let present = self.state.record(character).and_then(|record| record.index.as_ref());
        let revision = present.map(|index| index.revision);
        *self.revisions_before.entry(character.clone()).or_insert(revision)
    }

    /// A version's identity is nobody else's. Not every backend can look that far.
    fn check_identity(&self, metadata: &VersionMetadata) -> Result<()> {
        let elsewhere = self.state.characters.iter().any(|(character, entry)| {
            *character != metadata.character && entry.record.versions.contains_key(&metadata.id)
        });
        if elsewhere { Err(rules::version_taken(metadata)) } else { Ok(()) }
    }

    fn check_open(&self) -> Result<()> {
        if self.failed { Err(rules::transaction_over()) } else { Ok(()) }
    }
}

#[async_trait]
impl StorageTransaction for Transaction {
    async fn surroundings(&mut self, character: &CharacterId, at: Timestamp) -> Result<Surroundings> {
        self.check_open()?;
        Ok(self.state.record(character).map(|record| record.surroundings(at)).unwrap_or_default())
    }

    async fn history(&mut self, query: &HistoryQuery) -> Result<Page<VersionMetadata>> {
        self.check_open()?;
        Ok(self.state.history(query))
    }

    async fn document(&mut self, character: &CharacterId, content: &ContentHash) -> Result<Vec<u8>> {
        self.check_open()?;
        self.state.document(character, content)
    }

    async fn write(&mut self, writes: Vec<Write>) -> Result<()> {
        self.check_open()?;
        let result = writes.into_iter().try_for_each(|write| self.apply(write));
        self.failed = result.is_err();
        result
    }

    async fn commit(mut self: Box<Self>) -> Result<u64> {
        self.check_open()?;
        for (note, readers) in std::mem::take(&mut self.notes) {
            self.state.note(&note, readers)?;
        }
        self.state.revision += 1;
        let revision = self.state.revision;
        *self.committed.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(self.state);
        self.commits.send_replace(revision);
        Ok(revision)
    }
}
