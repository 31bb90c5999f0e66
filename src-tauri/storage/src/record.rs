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
    matching,
    pages::{Pages, page_of},
    rules,
    tally::{Counted, Tally},
};

/// One character and its history. `C` is how the backend finds a document.
///
/// In pages: a version is in the page of its number, a sighting in that of its version, a document near the version it came
/// with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(
    from = "Whole<C>",
    into = "Whole<C>",
    bound(serialize = "C: Clone + Serialize", deserialize = "C: Clone + Deserialize<'de>")
)]
pub(crate) struct Record<C> {
    /// The row of the list; none for a history without one.
    pub(crate) index: Option<CharacterIndex>,
    /// The versions by their identity, which rises with the time they were made.
    pub(crate) versions: Pages<SnapshotId, VersionMetadata>,
    /// When they were seen again.
    pub(crate) sightings: Pages<Sighting, ()>,
    /// The documents.
    pub(crate) contents: Pages<ContentHash, C>,
}

/// A record as one text, without pages.
#[derive(Serialize, Deserialize)]
struct Whole<C> {
    index: Option<CharacterIndex>,
    versions: Vec<VersionMetadata>,
    sightings: BTreeSet<Sighting>,
    contents: BTreeMap<ContentHash, C>,
}

impl<C: Clone> From<Whole<C>> for Record<C> {
    fn from(whole: Whole<C>) -> Self {
        Self::new(whole.index, whole.versions, whole.sightings, whole.contents)
    }
}

impl<C: Clone> From<Record<C>> for Whole<C> {
    fn from(record: Record<C>) -> Self {
        Self {
            versions: record.in_order().into_iter().cloned().collect(),
            sightings: record.sightings.keys().copied().collect(),
            contents: record.contents.iter().map(|(hash, content)| (*hash, content.clone())).collect(),
            index: record.index,
        }
    }
}

impl<C> Default for Record<C> {
    fn default() -> Self {
        Self {
            index: None,
            versions: Pages::default(),
            sightings: Pages::default(),
            contents: Pages::default(),
        }
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

impl<C: Clone> Record<C> {
    /// Puts a record together.
    pub(crate) fn new(
        index: Option<CharacterIndex>,
        versions: impl IntoIterator<Item = VersionMetadata>,
        sightings: impl IntoIterator<Item = Sighting>,
        contents: impl IntoIterator<Item = (ContentHash, C)>,
    ) -> Self {
        let mut record = Self { index, ..Self::default() };
        for version in versions {
            record.versions.put(page_of(version.version), version.id, version);
        }
        sightings.into_iter().for_each(|sighting| record.put_sighting(sighting));
        contents.into_iter().for_each(|(hash, content)| record.put_content(hash, content));
        record
    }

    /// Puts a document into the record, or another way of keeping it.
    pub(crate) fn put_content(&mut self, hash: ContentHash, content: C) {
        let newest = self.versions.numbers().next_back().and_then(|number| self.versions.page(number));
        let newest = newest.and_then(|page| page.values().map(|version| version.version).max());
        self.contents.append(page_of(newest.unwrap_or(0) + 1), hash, content);
    }

    fn put_sighting(&mut self, sighting: Sighting) {
        let page = self.versions.page_with(&sighting.version).unwrap_or(0);
        self.sightings.put(page, sighting, ());
    }

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
            Write::Content { .. } | Write::Member { .. } | Write::Setting { .. } | Write::Audit { .. } => {}
            Write::Version { metadata } => return self.put_version(metadata),
            Write::Sightings { character, version, at } => {
                self.check_has(character, *version)?;
                let seen = at.iter().map(|&at| Sighting { at, version: *version });
                seen.for_each(|sighting| self.put_sighting(sighting));
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
        let page = page_of(metadata.version);
        let taken = |other: &VersionMetadata| other.version == metadata.version && other.id != metadata.id;
        if self.versions.page(page).is_some_and(|page| page.values().any(taken)) {
            return Err(rules::version_taken(metadata));
        }
        // Once over a long history, not once for each question.
        let users: Vec<_> =
            self.users(&metadata.content).map(|other| (other.id == metadata.id, other.archived)).collect();
        let had = !users.is_empty();
        let was = had && users.iter().all(|(_, archived)| *archived);
        let is = metadata.archived && users.iter().all(|(same, archived)| *same || *archived);
        let trace = metadata.trace.clone();
        let trace = trace.or_else(|| self.versions.get(&metadata.id).and_then(|kept| kept.trace.clone()));
        let kept = VersionMetadata { stored: None, trace, ..metadata.clone() };
        let elsewhere = self.versions.page_with(&metadata.id).filter(|elsewhere| *elsewhere != page);
        self.versions.put(page, metadata.id, kept);
        if let Some(sightings) = elsewhere.and_then(|elsewhere| self.sightings.page(elsewhere)).cloned() {
            let follow = sightings.keys().filter(|sighting| sighting.version == metadata.id);
            follow.for_each(|sighting| self.put_sighting(*sighting));
        }
        let moved = (had || metadata.archived) && was != is;
        Ok(if moved { Effect::Moved(metadata.content) } else { Effect::Done })
    }

    fn drop_versions(&mut self, versions: &[SnapshotId]) -> Vec<ContentHash> {
        let mut unused = BTreeSet::new();
        for id in versions {
            let Some(page) = self.versions.page_with(id) else { continue };
            let sightings = self.sightings.page(page).cloned().unwrap_or_default();
            for sighting in sightings.keys().filter(|sighting| sighting.version == *id) {
                self.sightings.remove(sighting);
            }
            unused.extend(self.versions.remove(id).map(|version| version.content));
        }
        unused.retain(|hash| self.users(hash).next().is_none());
        unused.into_iter().collect()
    }

    /// The versions that have a document.
    pub(crate) fn users(&self, content: &ContentHash) -> impl Iterator<Item = &VersionMetadata> {
        self.versions.values().filter(move |version| version.content == *content)
    }

    /// Whether a document belongs in the archive area: every version that has it is archived, and there is one.
    pub(crate) fn is_archived(&self, content: &ContentHash) -> bool {
        let mut versions = self.users(content).peekable();
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
        let place = |version: &VersionMetadata| (version.captured_at, version.id);
        let (mut before, mut after, mut captured_then) = (None, None, Vec::new());
        for version in self.versions.values() {
            if version.captured_at > at {
                let nearest = after.is_none_or(|after| place(version) < place(after));
                after = if nearest { Some(version) } else { after };
            } else {
                let nearest = before.is_none_or(|before| place(version) > place(before));
                before = if nearest { Some(version) } else { before };
                captured_then.extend((version.captured_at == at).then_some(version));
            }
        }
        let seen_then = self.sightings.keys().filter(|sighting| sighting.at == at);
        let seen_then = seen_then.filter_map(|sighting| self.versions.get(&sighting.version));
        let at_this_moment: BTreeSet<_> =
            seen_then.chain(captured_then).map(|version| version.content).collect();
        let of_before = before.into_iter().flat_map(|before| self.sightings_of(before));
        let (earlier, sightings_after): (Vec<_>, Vec<_>) = of_before.partition(|&time| time <= at);
        Surroundings {
            character: self.index.clone(),
            before: before.map(without_trace),
            after: after.map(without_trace),
            last_sighting_before: earlier.last().copied(),
            sightings_after,
            at_this_moment: at_this_moment.into_iter().collect(),
        }
    }

    /// When a version was seen again, in order.
    fn sightings_of(&self, version: &VersionMetadata) -> impl Iterator<Item = Timestamp> {
        let page = self.sightings.page(page_of(version.version));
        let sightings = page.into_iter().flat_map(|page| page.keys());
        let id = version.id;
        sightings.filter(move |sighting| sighting.version == id).map(|sighting| sighting.at)
    }

    /// Every sighting, in order.
    pub(crate) fn all_sightings(&self) -> Vec<Sighting> {
        let mut sightings: Vec<_> = self.sightings.keys().copied().collect();
        sightings.sort_unstable();
        sightings
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
        let again = self.sightings_of(version).filter(|at| *at != version.captured_at);
        again.fold((0, None), |(count, _), at| (count + 1, Some(at)))
    }

    /// Makes every count anew from the history, and the row one revision higher if that changed it. A row that is missing cannot be made: it takes a document to be read.
    pub(crate) fn recount(&mut self) {
        let before = self.clone();
        self.versions.update(|version| {
            let (sightings, last) = before.seen_again(version);
            let last = last.map_or(version.captured_at, |last| last.max(version.captured_at));
            VersionMetadata { seen: Seen { last, count: 1 + sightings }, ..version.clone() }
        });
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
