//! One character in one piece, as a store has it: what is compared, and what is written.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    error::{Code, Error, Result},
    model::{CharacterId, CharacterIndex, ContentHash, Sighting, SnapshotId, VersionMetadata},
    storage::{CharacterStorage, Deleted, HistoryQuery, QueryFilter, Write},
};

/// How often a character is read again when it is written to between the first look and the last.
const LOOKS: u32 = 8;

/// Everything a store has of one character, except the documents.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Whole {
    /// Its row in the list; none for a history that is only half copied.
    pub index: Option<CharacterIndex>,
    /// Its versions in the order of the history.
    pub versions: Vec<VersionMetadata>,
    /// When they were seen again.
    pub sightings: Vec<Sighting>,
}

impl Whole {
    /// Reads a character as it was at one moment: its row is the same before and after.
    ///
    /// # Errors
    /// As [`CharacterStorage::history`]; `conflict` when somebody writes to it all the time.
    pub async fn read(storage: &dyn CharacterStorage, id: &CharacterId) -> Result<Self> {
        for _ in 0..LOOKS {
            let whole = Self::look(storage, id).await?;
            if row(storage, id).await? == whole.index {
                return Ok(whole);
            }
        }
        Err(Error::new(Code::Conflict, format!("{id} is written to all the time."))
            .kept("Nothing of it was copied.")
            .hint("Try again when the other program is done."))
    }

    /// Reads a character without looking whether it changed meanwhile: for where a condition on the row tells anyway.
    ///
    /// # Errors
    /// As [`CharacterStorage::history`].
    pub async fn look(storage: &dyn CharacterStorage, id: &CharacterId) -> Result<Self> {
        let index = row(storage, id).await?;
        let query = HistoryQuery { newest_first: false, traces: true, ..HistoryQuery::all(id.clone()) };
        let versions = storage.history(&query).await?.items;
        let sightings = match versions.is_empty() {
            true => Vec::new(),
            false => storage.sightings(id).await?,
        };
        Ok(Self { index, versions, sightings })
    }

    /// The character as both stores are to have it: where people share the target, what has no owner is whoever's who brings
    /// it, so their own name there says the same as none.
    #[must_use]
    pub(super) fn brought_to(mut self, target: &dyn CharacterStorage) -> Self {
        if let (Some(index), Some(principal)) = (&mut self.index, target.info().principal) {
            index.owner.take_if(|owner| *owner == principal.user);
        }
        self
    }

    /// Whether there is nothing at all.
    pub fn is_empty(&self) -> bool {
        self.index.is_none() && self.versions.is_empty()
    }

    /// How often its row was written.
    pub fn revision(&self) -> Option<u64> {
        self.index.as_ref().map(|index| index.revision)
    }

    /// The documents its versions name, and how long each is.
    pub fn contents(&self) -> BTreeMap<ContentHash, u64> {
        self.versions.iter().map(|version| (version.content, version.bytes)).collect()
    }

    /// The version of this identity.
    pub(super) fn version(&self, id: SnapshotId) -> Option<&VersionMetadata> {
        self.versions.iter().find(|version| version.id == id)
    }

    /// Whether `other` has the same, but for how often the row was written and what leads to the entries of its log, which are
    /// each store's own, and for a trace where this has none: writing a version without one leaves what is there.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        let rows = match (&self.index, &other.index) {
            (Some(one), Some(two)) => {
                let (revision, audit_key) = (one.revision, one.audit_key.clone());
                *one == CharacterIndex { revision, audit_key, ..CharacterIndex::clone(two) }
            }
            (one, two) => one.is_none() && two.is_none(),
        };
        let is_same = |(one, two): (&VersionMetadata, &VersionMetadata)| match one.trace {
            Some(_) => one == two,
            None => *one == VersionMetadata { trace: None, ..two.clone() },
        };
        rows && self.versions.len() == other.versions.len()
            && self.versions.iter().zip(&other.versions).all(is_same)
            && BTreeSet::from_iter(&self.sightings) == BTreeSet::from_iter(&other.sightings)
    }

    /// The writes that turn the sightings of one version, as `before` has them, into these.
    pub fn sighting_writes(&self, before: &Self, version: &VersionMetadata) -> Vec<Write> {
        let of = |whole: &Self| -> BTreeSet<_> {
            let own = whole.sightings.iter().filter(|sighting| sighting.version == version.id);
            own.map(|sighting| sighting.at).collect()
        };
        let (old, new) = (of(before), of(self));
        let (character, version) = (&version.character, version.id);
        let mut writes = Vec::new();
        let gone: Vec<_> = old.difference(&new).copied().collect();
        if !gone.is_empty() {
            writes.push(Write::RemoveSightings { character: character.clone(), version, at: gone });
        }
        let at: Vec<_> = new.difference(&old).copied().collect();
        if !at.is_empty() {
            writes.push(Write::Sightings { character: character.clone(), version, at });
        }
        writes
    }
}

/// A character's row, wherever in the list it stands.
async fn row(storage: &dyn CharacterStorage, id: &CharacterId) -> Result<Option<CharacterIndex>> {
    let filter = QueryFilter { ids: vec![id.clone()], deleted: Deleted::With, ..QueryFilter::default() };
    Ok(storage.query(&filter).await?.items.pop())
}
