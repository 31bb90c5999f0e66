//! A store in memory: for tests, and to look at characters without keeping them.
//!
//! It is the strict double of the real backends: it refuses whatever any of them might refuse.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use async_trait::async_trait;
use backstory_core::{
    error::Result,
    job::{Cancel, Progress, ProgressEvent},
    model::{CharacterId, CharacterIndex, ContentHash, Kind, SnapshotId, VersionMetadata},
    storage::{
        Capabilities, CharacterStorage, CheckReport, CheckScope, Expect, Facet, Facets, HistoryQuery, Page,
        Problem, QueryFilter, StorageInfo, StorageStatistics, StorageTransaction, Surroundings, Write,
    },
};
use jiff::Timestamp;
use tokio::sync::{Mutex, OwnedMutexGuard};

use crate::{
    matching::{self, fold},
    rules,
    tally::{Counted, Tally},
};

/// How long a second writer waits for the first.
const WAIT: Duration = Duration::from_secs(10);

/// A store that ends with the process.
#[derive(Debug, Default)]
pub struct MemoryStorage {
    committed: Arc<RwLock<Arc<State>>>,
    writer: Arc<Mutex<()>>,
}

/// Everything in the store. Copied when a transaction first changes it; the characters in it are shared.
#[derive(Debug, Clone, Default)]
struct State {
    revision: u64,
    characters: BTreeMap<CharacterId, Arc<Entry>>,
}

/// One character and its history.
#[derive(Debug, Clone, Default)]
struct Entry {
    index: Option<CharacterIndex>,
    contents: BTreeMap<ContentHash, Arc<Vec<u8>>>,
    versions: BTreeMap<SnapshotId, VersionMetadata>,
    sightings: BTreeSet<(Timestamp, SnapshotId)>,
}

impl MemoryStorage {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    fn state(&self) -> Arc<State> {
        Arc::clone(&self.committed.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl State {
    fn history(&self, query: &HistoryQuery) -> Page<VersionMetadata> {
        let Some(entry) = self.characters.get(&query.character) else {
            return Page { items: Vec::new(), total: 0 };
        };
        let mut versions = entry.in_order();
        versions.retain(|version| {
            query.id.is_none_or(|id| version.id == id)
                && query.version.is_none_or(|number| version.version == number)
                && query.until.is_none_or(|until| version.captured_at <= until)
                && !(query.without_quiet && version.summary.kind == Kind::Quiet)
        });
        if query.newest_first {
            versions.reverse();
        }
        matching::page(&versions, query.limit, query.offset)
    }

    fn document(&self, character: &CharacterId, content: &ContentHash) -> Result<Vec<u8>> {
        self.characters
            .get(character)
            .and_then(|entry| entry.contents.get(content))
            .map(|bytes| bytes.to_vec())
            .ok_or_else(|| rules::content_not_found(character))
    }

    fn indexes(&self) -> impl Iterator<Item = &CharacterIndex> {
        self.characters.values().filter_map(|entry| entry.index.as_ref())
    }
}

impl Entry {
    /// The versions in the order of the history.
    fn in_order(&self) -> Vec<&VersionMetadata> {
        let mut versions: Vec<_> = self.versions.values().collect();
        versions.sort_by_key(|version| (version.captured_at, version.id));
        versions
    }

    fn surroundings(&self, at: Timestamp) -> Surroundings {
        let versions = self.in_order();
        let after = versions.partition_point(|version| version.captured_at <= at);
        let before = after.checked_sub(1).map(|last| versions[last]);
        let seen_then =
            self.sightings.iter().filter(|(time, _)| *time == at).map(|(_, id)| &self.versions[id]);
        let captured_then = versions.iter().copied().filter(|version| version.captured_at == at);
        let at_this_moment: BTreeSet<_> =
            seen_then.chain(captured_then).map(|version| version.content).collect();
        let of_before = self.sightings.iter().filter(|(_, id)| before.is_some_and(|before| before.id == *id));
        let (earlier, sightings_after): (Vec<_>, Vec<_>) = of_before.partition(|(time, _)| *time <= at);
        Surroundings {
            character: self.index.clone(),
            before: before.cloned(),
            after: versions.get(after).map(|&version| version.clone()),
            last_sighting_before: earlier.last().map(|&&(time, _)| time),
            sightings_after: sightings_after.into_iter().map(|&(time, _)| time).collect(),
            at_this_moment: at_this_moment.into_iter().collect(),
        }
    }

    fn put_version(&mut self, metadata: VersionMetadata) -> Result<()> {
        if !self.contents.contains_key(&metadata.content) {
            return Err(rules::content_unknown(&metadata));
        }
        if self.versions.values().any(|other| other.version == metadata.version && other.id != metadata.id) {
            return Err(rules::version_taken(&metadata));
        }
        self.versions.insert(metadata.id, metadata);
        Ok(())
    }
}

/// Counts names in their order, without regard to case first; "has none" last.
fn facets<'a>(names: impl Iterator<Item = Option<&'a str>>) -> Vec<Facet> {
    let mut counts: BTreeMap<_, u64> = BTreeMap::new();
    for name in names {
        *counts.entry((name.is_none(), name.map(fold), name)).or_default() += 1;
    }
    counts.into_iter().map(|((_, _, name), count)| Facet { name: name.map(str::to_owned), count }).collect()
}

#[async_trait]
impl CharacterStorage for MemoryStorage {
    fn info(&self) -> StorageInfo {
        StorageInfo {
            kind: "memory".to_owned(),
            location: "memory:".to_owned(),
            read_only: None,
            capabilities: Capabilities { persistent: false, shared: false },
        }
    }

    async fn revision(&self) -> Result<u64> {
        Ok(self.state().revision)
    }

    async fn query(&self, filter: &QueryFilter) -> Result<Page<CharacterIndex>> {
        let state = self.state();
        let mut found: Vec<_> = state.indexes().filter(|index| matching::matches(filter, index)).collect();
        matching::sort(&mut found, filter.sort);
        Ok(matching::page(&found, filter.limit, filter.offset))
    }

    async fn facets(&self) -> Result<Facets> {
        let state = self.state();
        let classes = state.indexes().flat_map(|index| {
            index.classes.iter().map(|class| Some(class.name.as_str())).collect::<BTreeSet<_>>()
        });
        Ok(Facets {
            characters: state.indexes().count() as u64,
            versions: state.characters.values().map(|entry| entry.versions.len() as u64).sum(),
            classes: facets(classes),
            campaigns: facets(state.indexes().map(matching::campaign)),
        })
    }

    async fn history(&self, query: &HistoryQuery) -> Result<Page<VersionMetadata>> {
        Ok(self.state().history(query))
    }

    async fn document(&self, character: &CharacterId, content: &ContentHash) -> Result<Vec<u8>> {
        self.state().document(character, content)
    }

    async fn begin(&self) -> Result<Box<dyn StorageTransaction>> {
        let writer = tokio::time::timeout(WAIT, Arc::clone(&self.writer).lock_owned()).await;
        let writer = writer.map_err(|_| rules::busy())?;
        Ok(Box::new(Transaction {
            _writer: writer,
            committed: Arc::clone(&self.committed),
            state: State::clone(&self.state()),
            revisions_before: BTreeMap::new(),
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
            report.versions += entry.versions.len() as u64;
            report.contents += entry.contents.len() as u64;
            if scope == CheckScope::Data {
                report.bytes += entry.contents.values().map(|bytes| bytes.len() as u64).sum::<u64>();
            }
            report.problems.extend(stale(id, entry));
        }
        Ok(report)
    }

    async fn statistics(&self) -> Result<StorageStatistics> {
        let state = self.state();
        let mut sum = StorageStatistics { characters: state.indexes().count() as u64, ..Default::default() };
        for entry in state.characters.values() {
            sum.versions += entry.versions.len() as u64;
            sum.contents += entry.contents.len() as u64;
            sum.captures += (entry.versions.len() + entry.sightings.len()) as u64;
            sum.document_bytes += entry.contents.values().map(|bytes| bytes.len() as u64).sum::<u64>();
        }
        sum.encoded_bytes = sum.document_bytes;
        sum.store_bytes = sum.document_bytes;
        Ok(sum)
    }
}

/// What is wrong between a character's row and its history.
fn stale(id: &CharacterId, entry: &Entry) -> Vec<Problem> {
    let mut tally = Tally::default();
    let mut problems: Vec<_> = entry
        .in_order()
        .into_iter()
        .filter_map(|version| {
            let again =
                |&&(time, id): &&(Timestamp, SnapshotId)| id == version.id && time != version.captured_at;
            let sightings = entry.sightings.iter().filter(again).count() as u64;
            let last_sighting = entry.sightings.iter().filter(again).map(|(time, _)| *time).max();
            let (captured_at, seen) = (version.captured_at, version.seen);
            tally.add(id, &Counted { version: version.version, captured_at, seen, sightings, last_sighting })
        })
        .collect();
    problems.extend(tally.compare(id, entry.index.as_ref()));
    problems
}

/// The one writing transaction. Holds a whole copy of the state, which becomes the state at the commit.
#[derive(Debug)]
struct Transaction {
    _writer: OwnedMutexGuard<()>,
    committed: Arc<RwLock<Arc<State>>>,
    state: State,
    revisions_before: BTreeMap<CharacterId, Option<u64>>,
    failed: bool,
}

impl Transaction {
    fn apply(&mut self, write: Write) -> Result<()> {
        rules::check(&write)?;
        match write {
            Write::Character { index, expect } => self.put_index(*index, expect),
            Write::Content { character, hash, bytes } => {
                self.entry(character).contents.entry(hash).or_insert(bytes);
                Ok(())
            }
            Write::Version { metadata } => self.put_version(*metadata),
            Write::Sightings { character, version, at } => {
                let entry = self.entry_with_version(character, version)?;
                entry.sightings.extend(at.into_iter().map(|time| (time, version)));
                Ok(())
            }
            Write::RemoveSightings { character, version, at } => {
                let entry = self.entry_with_version(character, version)?;
                for time in at {
                    entry.sightings.remove(&(time, version));
                }
                Ok(())
            }
        }
    }

    fn entry(&mut self, character: CharacterId) -> &mut Entry {
        Arc::make_mut(self.state.characters.entry(character).or_default())
    }

    fn entry_with_version(&mut self, character: CharacterId, version: SnapshotId) -> Result<&mut Entry> {
        match self.state.characters.get_mut(&character) {
            Some(entry) if entry.versions.contains_key(&version) => Ok(Arc::make_mut(entry)),
            _ => Err(rules::version_unknown(&character)),
        }
    }

    fn put_index(&mut self, index: CharacterIndex, expect: Expect) -> Result<()> {
        let present = self.state.characters.get(&index.id).and_then(|entry| entry.index.as_ref());
        let revision = present.map(|index| index.revision);
        let before = *self.revisions_before.entry(index.id.clone()).or_insert(revision);
        rules::check_revision(before, expect, &index)?;
        let entry = self.entry(index.id.clone());
        entry.index = Some(index);
        Ok(())
    }

    fn put_version(&mut self, metadata: VersionMetadata) -> Result<()> {
        let elsewhere = self.state.characters.iter().any(|(character, entry)| {
            *character != metadata.character && entry.versions.contains_key(&metadata.id)
        });
        if elsewhere {
            return Err(rules::version_taken(&metadata));
        }
        self.entry(metadata.character.clone()).put_version(metadata)
    }
}

#[async_trait]
impl StorageTransaction for Transaction {
    async fn surroundings(&mut self, character: &CharacterId, at: Timestamp) -> Result<Surroundings> {
        if self.failed {
            return Err(rules::transaction_over());
        }
        Ok(self.state.characters.get(character).map(|entry| entry.surroundings(at)).unwrap_or_default())
    }

    async fn history(&mut self, query: &HistoryQuery) -> Result<Page<VersionMetadata>> {
        if self.failed {
            return Err(rules::transaction_over());
        }
        Ok(self.state.history(query))
    }

    async fn document(&mut self, character: &CharacterId, content: &ContentHash) -> Result<Vec<u8>> {
        if self.failed {
            return Err(rules::transaction_over());
        }
        self.state.document(character, content)
    }

    async fn write(&mut self, writes: Vec<Write>) -> Result<()> {
        if self.failed {
            return Err(rules::transaction_over());
        }
        let result = writes.into_iter().try_for_each(|write| self.apply(write));
        self.failed = result.is_err();
        result
    }

    async fn commit(mut self: Box<Self>) -> Result<u64> {
        if self.failed {
            return Err(rules::transaction_over());
        }
        self.state.revision += 1;
        let revision = self.state.revision;
        *self.committed.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(self.state);
        Ok(revision)
    }
}
