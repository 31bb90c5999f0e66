//! Capturing: a draft finds its place in a history and is written with everything that follows from it.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::{Capture, Captured, Library, auditing::Recorded};
use crate::{
    error::{Error, Result},
    history::timeline::{Placement, place},
    model::{CharacterId, CharacterIndex, ContentHash, GrowthPoint, Kind, Seen, VersionMetadata},
    privacy::audit::{Act, Action},
    sheet::Sheet,
    source::Draft,
    storage::{Deleted, Expect, HistoryQuery, QueryFilter, Surroundings, Write},
};

/// A transaction that is never committed.
pub struct Rehearsal<'l>(pub(super) Writing<'l>);

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
pub(super) struct Writing<'l> {
    library: &'l Library,
    tx: Recorded<'l>,
    /// What was done so far, for the log.
    done: BTreeMap<CharacterId, Done>,
    /// The characters written so far, with what their rows must have been before.
    touched: BTreeMap<CharacterId, Expect>,
    /// The characters whose rows must be made anew before the commit: something landed in the middle of their history.
    stale: BTreeSet<CharacterId>,
    /// The characters there are and what else they are known by, once somebody asked.
    known: Option<Vec<Known>>,
    /// The id that the capture under way came under, where that is not its character's.
    came_as: Option<CharacterId>,
}

/// What was done to a character in one transaction.
struct Done {
    act: Act,
    versions: u64,
    quiet: u64,
    seen: u64,
    /// The last version that was made.
    version: Option<u64>,
    restored: bool,
}

impl Done {
    fn act(self) -> Act {
        let action = match (self.versions, self.seen) {
            (1, _) if self.restored => Action::Restore,
            (0, 0) => Action::Undelete,
            (0, _) => Action::Sighting,
            _ => Action::Capture,
        };
        let act = self.act.called(action).count("seen", self.seen).count("quiet", self.quiet);
        // One is said by its number.
        let act = if self.versions > 1 { act.count("versions", self.versions) } else { act };
        match self.version {
            Some(version) => act.version(version),
            None => act,
        }
    }
}

/// What a character is known by.
struct Known {
    id: CharacterId,
    linked: Option<CharacterId>,
    also: Vec<CharacterId>,
}

impl<'l> Writing<'l> {
    pub(super) async fn begin(library: &'l Library) -> Result<Self> {
        let tx = library.begin().await?;
        let (touched, stale, done) = (BTreeMap::new(), BTreeSet::new(), BTreeMap::new());
        Ok(Self { library, tx, done, touched, stale, known: None, came_as: None })
    }
}

impl Writing<'_> {
    pub(super) async fn capture(&mut self, draft: &Draft) -> Result<Capture> {
        self.came_as = None;
        if !self.library.source(draft.source)?.ids_change() {
            return self.place(draft).await;
        }
        let character = self.who(draft).await?;
        if character == draft.character {
            return self.place(draft).await;
        }
        self.came_as = Some(draft.character.clone());
        self.place(&Draft { character, ..draft.clone() }).await
    }

    /// Whose history a capture goes on with, when the same character may come under another id: the one of this id, the one
    /// that came under it before, the one that is linked to the same character elsewhere; else one of its own.
    async fn who(&mut self, draft: &Draft) -> Result<CharacterId> {
        let known = match &mut self.known {
            Some(known) => known,
            none => none.insert(self.library.known().await?),
        };
        let is = |one: &Known| one.id == draft.character || one.also.contains(&draft.character);
        let linked = |one: &Known| draft.linked.is_some() && one.linked == draft.linked;
        let at = known.iter().position(is).or_else(|| known.iter().position(linked));
        let Some(one) = at.and_then(|at| known.get_mut(at)) else {
            let (id, linked) = (draft.character.clone(), draft.linked.clone());
            known.push(Known { id: id.clone(), linked, also: Vec::new() });
            return Ok(id);
        };
        one.linked = one.linked.take().or_else(|| draft.linked.clone());
        if one.id != draft.character && !one.also.contains(&draft.character) {
            one.also.push(draft.character.clone());
        }
        Ok(one.id.clone())
    }

    async fn place(&mut self, draft: &Draft) -> Result<Capture> {
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

    /// The same file again: nothing is written, unless the character was in the bin.
    async fn known(&mut self, draft: &Draft, content: ContentHash, around: Surroundings) -> Result<Capture> {
        if let Some(index) = around.character.filter(|index| index.deleted_at.is_some()) {
            let _taken_back = self.write(index, draft, Vec::new(), |_| {}).await?;
        }
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
        self.write(index, draft, vec![sighting, seen], |index| index.captures += 1).await?.seen += 1;
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
        self.write(index, draft, vec![moved, sighting], |index| index.captures += 1).await?.seen += 1;
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
        (rest.note, rest.restored) = (None, None);
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
        let before = match &around.before {
            Some(version) => Some(self.sheet(version).await?),
            None => None,
        };
        let sheet = Arc::clone(&draft.sheet);
        self.library.keep_sheet(&draft.character, content, Arc::clone(&sheet));
        let (summary, trace) = self.library.told(before.as_deref(), &sheet, draft.source, draft.restores)?;
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
            note: None,
            restored: draft.restores,
            archived: false,
            stored: None,
            trace: Some(Arc::new(trace)),
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
            let (summary, trace) = self.library.told(Some(&sheet), &after, &next.source, next.restored)?;
            (next.summary, next.trace) = (summary, Some(Arc::new(trace)));
            writes.push(Write::Version { metadata: Box::new(next) });
        }
        let is_new = around.character.is_none();
        let index = around.character.unwrap_or_else(|| blank_index(draft));
        let is_quiet = summary.kind == Kind::Quiet;
        let done = self.write(index, draft, writes, |index| {
            index.last_version = last_number;
            index.captures += 1;
            index.versions += if splits { 2 } else { 1 };
            if !late {
                take_over(index, &version, &sheet);
            }
        });
        let done = done.await?;
        (done.versions, done.version) = (done.versions + 1, Some(number));
        done.quiet += u64::from(is_quiet);
        done.restored |= draft.restores.is_some();
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

    /// Writes, with the character's row as the last one, one revision further. Gives what was done to it so far.
    async fn write(
        &mut self,
        mut index: CharacterIndex,
        draft: &Draft,
        mut writes: Vec<Write>,
        change: impl FnOnce(&mut CharacterIndex),
    ) -> Result<&mut Done> {
        let expect = self.expected(&index);
        change(&mut index);
        index.revision += 1;
        // Whoever brings a character in again wants to see it.
        index.deleted_at = None;
        index.linked = index.linked.or_else(|| draft.linked.clone());
        if let Some(id) = self.came_as.as_ref().filter(|id| !index.also.contains(id)) {
            index.also.push(id.clone());
        }
        index.first_captured = index.first_captured.min(draft.captured_at);
        index.last_captured = index.last_captured.max(draft.captured_at);
        self.library.keyed(&mut index)?;
        let act = Act::of(Action::Capture, &index);
        // The row comes first: versions hang on it.
        writes.insert(0, Write::Character { index: Box::new(index), expect });
        self.tx.write(writes).await?;
        let of = act.character.clone().unwrap_or_else(|| draft.character.clone());
        let done = Done { act, versions: 0, quiet: 0, seen: 0, version: None, restored: false };
        Ok(self.done.entry(of).or_insert(done))
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
        let Some(index) = self.tx.surroundings(character, at).await?.character else { return Ok(()) };
        let Some(newest) = versions.last() else { return Ok(()) };
        let sheet = self.sheet(newest).await?;
        let expect = self.expected(&index);
        let index = made_anew(index, &versions, &sheet);
        self.tx.write(vec![Write::Character { index: Box::new(index), expect }]).await
    }

    pub(super) async fn commit(mut self) -> Result<()> {
        if self.touched.is_empty() {
            return Ok(());
        }
        for character in std::mem::take(&mut self.stale) {
            self.rebuild(&character).await?;
        }
        let acts = self.done.into_values().map(Done::act).collect();
        self.tx.commit(acts).await.map(drop)
    }
}

impl Library {
    /// Every character of a source whose ids change, with what it is known by.
    async fn known(&self) -> Result<Vec<Known>> {
        let filter = QueryFilter { deleted: Deleted::With, ..QueryFilter::default() };
        let rows = self.storage.query(&filter).await?.items;
        let known = |row: CharacterIndex| Known { id: row.id, linked: row.linked, also: row.also };
        let of_such = |row: &CharacterIndex| {
            let source = self
                .sources
                .iter()
                .find(|source| row.id.as_str().starts_with(&format!("{}-", source.name())));
            source.is_some_and(|source| source.ids_change())
        };
        Ok(rows.into_iter().filter(of_such).map(known).collect())
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
        last_change: None,
        growth: Vec::new(),
        owner: None,
        deleted_at: None,
        linked: None,
        also: Vec::new(),
        audit_key: None,
        anonymised_at: None,
        revision: 0,
    }
}

/// A character's row made from its whole history, oldest version first, one revision further.
pub(super) fn made_anew(
    mut index: CharacterIndex,
    versions: &[VersionMetadata],
    newest: &Sheet,
) -> CharacterIndex {
    index.revision += 1;
    index.versions = versions.len() as u64;
    index.captures = versions.iter().map(|version| version.seen.count).sum();
    (index.changes, index.growth) = (0, Vec::new());
    for version in versions {
        take_over(&mut index, version, newest);
    }
    index
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
        index.last_change = summary.sentences.first().map(|sentence| sentence.said.short().clone());
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
