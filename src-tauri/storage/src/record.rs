//! One character and its history as plain data, with the rules of [`Write`]: what the backends share that keep a character in
//! one piece (memory, folder, object store).

use std::collections::{BTreeMap, BTreeSet};

use backstory_core::{
    error::Result,
    model::{
        CharacterId, CharacterIndex, ContentHash, Kind, Seen, Sighting, SnapshotId, Stored, VersionMetadata,
    },
    storage::{HistoryQuery, Page, Problem, Surroundings, Write},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    matching, rules,
    tally::{Counted, Tally},
};

/// One character and its history. `C` is how the backend finds a document.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Record<C> {
    /// The row of the list; none for a history without one.
    pub(crate) index: Option<CharacterIndex>,
    /// The versions by their identity, which rises with the time they were made.
    #[serde(with = "as_list")]
    pub(crate) versions: BTreeMap<SnapshotId, VersionMetadata>,
    /// When they were seen again.
    pub(crate) sightings: BTreeSet<Sighting>,
    /// The documents.
    pub(crate) contents: BTreeMap<ContentHash, C>,
}

impl<C> Default for Record<C> {
    fn default() -> Self {
        Self { index: None, versions: BTreeMap::new(), sightings: BTreeSet::new(), contents: BTreeMap::new() }
    }
}

/// What is left for the backend to do after a write was applied to a record.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Nothing.
    Done,
    /// Keep this document, which the record does not have yet, and put it into [`Record::contents`].
    Keep(ContentHash),
    /// The archive area gained or lost this document, as [`Record::is_archived`] says.
    Moved(ContentHash),
    /// Take these documents away, which no version has any more, and out of [`Record::contents`].
    Unused(Vec<ContentHash>),
    /// Take everything away.
    Erased,
}

impl<C> Record<C> {
    /// Applies a write to this character. `before` is the revision of its row before the transaction.
    ///
    /// # Errors
    /// As [`backstory_core::storage::StorageTransaction::write`]. The record may then be half changed.
    pub(crate) fn apply(&mut self, write: &Write, before: Option<u64>) -> Result<Effect> {
        rules::check(write)?;
        match write {
            Write::Character { index, expect } => {
                rules::check_revision(before, *expect, index)?;
                self.index = Some(CharacterIndex::clone(index));
            }
            Write::Content { hash, .. } if !self.contents.contains_key(hash) => {
                return Ok(Effect::Keep(*hash));
            }
            Write::Content { .. } | Write::Member { .. } => {}
            Write::Version { metadata } => return self.put_version(metadata),
            Write::Sightings { character, version, at } => {
                self.check_has(character, *version)?;
                self.sightings.extend(at.iter().map(|&at| Sighting { at, version: *version }));
            }
            Write::RemoveSightings { character, version, at } => {
                self.check_has(character, *version)?;
                for &at in at {
                    self.sightings.remove(&Sighting { at, version: *version });
                }
            }
            Write::DropVersions { versions, .. } => return Ok(Effect::Unused(self.drop_versions(versions))),
            Write::Erase { character, expect } => {
                rules::check_expected(character, before, *expect)?;
                *self = Self::default();
                return Ok(Effect::Erased);
            }
        }
        Ok(Effect::Done)
    }

    fn check_has(&self, character: &CharacterId, version: SnapshotId) -> Result<()> {
        if self.versions.contains_key(&version) {
            return Ok(());
        }
        Err(rules::version_unknown(character))
    }

    fn put_version(&mut self, metadata: &VersionMetadata) -> Result<Effect> {
        if !self.contents.contains_key(&metadata.content) {
            return Err(rules::content_unknown(metadata));
        }
        let taken = |other: &VersionMetadata| other.version == metadata.version && other.id != metadata.id;
        if self.versions.values().any(taken) {
            return Err(rules::version_taken(metadata));
        }
        let was = self.is_archived(&metadata.content);
        let had = self.versions.values().any(|version| version.content == metadata.content);
        let trace = metadata.trace.clone();
        let trace = trace.or_else(|| self.versions.get(&metadata.id).and_then(|kept| kept.trace.clone()));
        let kept = VersionMetadata { stored: None, trace, ..metadata.clone() };
        self.versions.insert(metadata.id, kept);
        let moved = (had || metadata.archived) && was != self.is_archived(&metadata.content);
        Ok(if moved { Effect::Moved(metadata.content) } else { Effect::Done })
    }

    fn drop_versions(&mut self, versions: &[SnapshotId]) -> Vec<ContentHash> {
        let gone: Vec<_> = versions.iter().filter_map(|id| self.versions.remove(id)).collect();
        self.sightings.retain(|sighting| !gone.iter().any(|version| version.id == sighting.version));
        let mut unused: BTreeSet<_> = gone.iter().map(|version| version.content).collect();
        unused.retain(|hash| !self.versions.values().any(|version| version.content == *hash));
        unused.into_iter().collect()
    }

    /// Whether a document belongs in the archive area: every version that has it is archived, and there is one.
    pub(crate) fn is_archived(&self, content: &ContentHash) -> bool {
        let mut versions = self.versions.values().filter(|version| version.content == *content).peekable();
        versions.peek().is_some() && versions.all(|version| version.archived)
    }

    /// The versions in the order of the history.
    pub(crate) fn in_order(&self) -> Vec<&VersionMetadata> {
        let mut versions: Vec<_> = self.versions.values().collect();
        versions.sort_by_key(|version| (version.captured_at, version.id));
        versions
    }

    /// The versions that match. `stored` says how a document is kept.
    pub(crate) fn history(
        &self,
        query: &HistoryQuery,
        stored: impl Fn(&ContentHash, &C) -> Stored,
    ) -> Page<VersionMetadata> {
        let mut versions = self.in_order();
        versions.retain(|version| {
            query.id.is_none_or(|id| version.id == id)
                && query.version.is_none_or(|number| version.version == number)
                && query.until.is_none_or(|until| version.captured_at <= until)
                && !(query.without_quiet && version.summary.kind == Kind::Quiet)
        });
        if query.newest_first {
            versions.reverse();
        }
        let mut page = matching::part(&versions, query.limit, query.offset);
        if !query.traces {
            page.items.iter_mut().for_each(|version| version.trace = None);
        }
        if query.stored {
            for version in &mut page.items {
                let content = self.contents.get(&version.content);
                version.stored = content.map(|content| stored(&version.content, content));
            }
        }
        page
    }

    /// What a capture at this moment would land between.
    pub(crate) fn surroundings(&self, at: Timestamp) -> Surroundings {
        let versions = self.in_order();
        let after = versions.partition_point(|version| version.captured_at <= at);
        let before = after.checked_sub(1).map(|last| versions[last]);
        let seen_then = self.sightings.iter().filter(|sighting| sighting.at == at);
        let seen_then = seen_then.filter_map(|sighting| self.versions.get(&sighting.version));
        let captured_then = versions.iter().copied().filter(|version| version.captured_at == at);
        let at_this_moment: BTreeSet<_> =
            seen_then.chain(captured_then).map(|version| version.content).collect();
        let of_before = self
            .sightings
            .iter()
            .filter(|sighting| before.is_some_and(|before| before.id == sighting.version))
            .map(|sighting| sighting.at);
        let (earlier, sightings_after): (Vec<_>, Vec<_>) = of_before.partition(|&time| time <= at);
        Surroundings {
            character: self.index.clone(),
            before: before.map(without_trace),
            after: versions.get(after).map(|&version| without_trace(version)),
            last_sighting_before: earlier.last().copied(),
            sightings_after,
            at_this_moment: at_this_moment.into_iter().collect(),
        }
    }

    /// What of the list and of the versions' own counts does not agree with the history.
    pub(crate) fn stale(&self, id: &CharacterId) -> Vec<Problem> {
        let mut tally = Tally::default();
        let counted = self.in_order().into_iter().map(|version| {
            let (sightings, last_sighting) = self.seen_again(version);
            let (version, captured_at, seen) = (version.version, version.captured_at, version.seen);
            Counted { version, captured_at, seen, sightings, last_sighting }
        });
        let mut problems: Vec<_> = counted.filter_map(|counted| tally.add(id, &counted)).collect();
        problems.extend(tally.compare(id, self.index.as_ref()));
        problems
    }

    fn seen_again(&self, version: &VersionMetadata) -> (u64, Option<Timestamp>) {
        let again =
            |sighting: &&Sighting| sighting.version == version.id && sighting.at != version.captured_at;
        let again = self.sightings.iter().filter(again);
        (again.clone().count() as u64, again.map(|sighting| sighting.at).next_back())
    }

    /// Makes every count anew from the history, and the row one revision higher if that changed it. A row that is missing cannot be made: it takes a document to be read.
    pub(crate) fn recount(&mut self) {
        let seen: Vec<_> =
            self.versions.values().map(|version| (version.id, self.seen_again(version))).collect();
        for (id, (sightings, last)) in seen {
            if let Some(version) = self.versions.get_mut(&id) {
                let last = last.map_or(version.captured_at, |last| last.max(version.captured_at));
                version.seen = Seen { last, count: 1 + sightings };
            }
        }
        let versions = self.in_order();
        let (Some(first), Some(last)) = (versions.first(), versions.last()) else { return };
        let first_captured = first.captured_at;
        let last_captured =
            versions.iter().map(|version| version.seen.last).max().unwrap_or(last.captured_at);
        let captures = versions.iter().map(|version| version.seen.count).sum();
        let (count, highest) = (versions.len() as u64, versions.iter().map(|v| v.version).max().unwrap_or(0));
        if let Some(index) = &mut self.index {
            let before = index.clone();
            (index.first_captured, index.last_captured) = (first_captured, last_captured);
            (index.versions, index.captures) = (count, captures);
            index.last_version = index.last_version.max(highest);
            // Whoever holds the row as it was must read it again.
            index.revision += u64::from(*index != before);
        }
    }
}

/// A version as it is given to whoever did not ask for its trace.
fn without_trace(version: &VersionMetadata) -> VersionMetadata {
    VersionMetadata { trace: None, ..version.clone() }
}

/// Versions as a list in the order of the history: an editor shows them as a player would tell them.
mod as_list {
    use serde::{Deserializer, Serializer};

    use super::{BTreeMap, Deserialize, SnapshotId, VersionMetadata};

    pub(super) fn serialize<S: Serializer>(
        versions: &BTreeMap<SnapshotId, VersionMetadata>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let mut versions: Vec<_> = versions.values().collect();
        versions.sort_by_key(|version| (version.captured_at, version.id));
        serializer.collect_seq(versions)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<BTreeMap<SnapshotId, VersionMetadata>, D::Error> {
        let versions = Vec::<VersionMetadata>::deserialize(deserializer)?;
        Ok(versions.into_iter().map(|version| (version.id, version)).collect())
    }
}
