//! The list of all characters: `index.json`, and what changed since it was written.
//!
//! It is made from the characters' own files and can be made again at any time.

use std::collections::{BTreeMap, BTreeSet};

use backstory_core::{
    error::Result,
    model::{CharacterId, CharacterIndex, Member},
    storage::{Encoding, Setting, StorageStatistics},
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    character::{self, Saved},
    head::Head,
    journal::View,
    layout::{self, CHARACTERS, INDEX, RECORD},
    log,
    sealed::{self, Unsealed},
};

/// What the list says of a character.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Row {
    /// Who.
    pub(super) id: CharacterId,
    /// The library's revision when it was last written.
    pub(super) written: u64,
    /// The row that players see; none for a history without one.
    pub(super) index: Option<CharacterIndex>,
    /// How many versions there are.
    pub(super) versions: u64,
    /// How many versions and sightings.
    pub(super) captures: u64,
    /// How many distinct documents.
    pub(super) contents: u64,
    /// Their bytes as they came in.
    pub(super) document_bytes: u64,
    /// Their bytes as they are kept.
    pub(super) encoded_bytes: u64,
}

impl Row {
    /// What the list says of this character.
    pub(super) fn of(saved: &Saved) -> Self {
        let record = &saved.history;
        let lengths = record.contents.values().map(|content| (content.length, content.bytes));
        let (document_bytes, encoded_bytes) =
            lengths.fold((0, 0), |sum, content| (sum.0 + content.0, sum.1 + content.1));
        Self {
            id: saved.id.clone(),
            written: saved.written,
            index: record.index.clone(),
            versions: record.versions.len() as u64,
            captures: (record.versions.len() + record.sightings.len()) as u64,
            contents: record.contents.len() as u64,
            document_bytes,
            encoded_bytes,
        }
    }
}

/// The text of `index.json`. Beside the list it repeats the little that the head alone would know.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct IndexFile {
    revision: u64,
    library: Uuid,
    encoding: Encoding,
    members: Vec<Member>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    settings: Vec<Setting>,
    erased: BTreeMap<CharacterId, u64>,
    characters: Vec<Row>,
}

impl IndexFile {
    /// Whether this is the list that the head tells of.
    pub(super) fn is_of(&self, head: &Head) -> bool {
        self.library == head.library && self.revision == head.indexed
    }

    /// The text of the list, for a head that says it is of its own revision.
    pub(super) fn text<'a>(head: &Head, rows: impl Iterator<Item = &'a Row>) -> Result<Vec<u8>> {
        sealed::seal(&Self {
            revision: head.revision,
            library: head.library,
            encoding: head.encoding,
            members: head.members.clone(),
            settings: head.settings.clone(),
            erased: head.erased.clone(),
            characters: rows.cloned().collect(),
        })
    }
}

/// All characters as of one revision, in memory.
#[derive(Debug, Default)]
pub(super) struct Rows {
    library: Uuid,
    pub(super) revision: u64,
    pub(super) rows: BTreeMap<CharacterId, Row>,
}

impl Rows {
    /// Reads the list as the head says it is.
    pub(super) fn load(view: &View, head: &Head) -> Result<Self> {
        let file = match view.read(INDEX)?.map(|text| sealed::unseal::<IndexFile>(&text)) {
            Some(Unsealed::Whole(file)) if file.is_of(head) && head.rebuilt.is_none() => file,
            _ => return Self::scan(view, head),
        };
        let rows = file.characters.into_iter().map(|row| (row.id.clone(), row)).collect();
        let mut list = Self { library: head.library, revision: head.indexed, rows };
        list.follow(view, head)?;
        Ok(list)
    }

    /// Whether this is the list as the head has it.
    pub(super) fn is_of(&self, head: &Head) -> bool {
        self.library == head.library && self.revision == head.revision && head.rebuilt.is_none()
    }

    /// Takes in what changed since, where the head still tells. Says whether it does.
    pub(super) fn follow(&mut self, view: &View, head: &Head) -> Result<bool> {
        if self.library != head.library || self.revision > head.revision || head.indexed > self.revision {
            return Ok(false);
        }
        for (id, _) in head.erased.iter().filter(|(_, revision)| **revision > self.revision) {
            self.rows.remove(id);
        }
        for (id, _) in head.recent.iter().filter(|(_, revision)| **revision > self.revision) {
            // A character that cannot be read is shown as it was; a check tells of it.
            if let Some(row) = character::load_row(view, id)?.and_then(Unsealed::readable) {
                self.rows.insert(id.clone(), row);
            }
        }
        self.revision = head.revision;
        Ok(true)
    }

    /// Makes the list from the characters' own files.
    pub(super) fn scan(view: &View, head: &Head) -> Result<Self> {
        let mut rows = BTreeMap::new();
        for id in characters(view)? {
            if let Some(row) = character::load_row(view, &id)?.and_then(Unsealed::readable) {
                rows.insert(id, row);
            }
        }
        Ok(Self { library: head.library, revision: head.revision, rows })
    }

    /// The sums over all characters.
    pub(super) fn statistics(&self) -> StorageStatistics {
        let mut sum = StorageStatistics::default();
        for row in self.rows.values() {
            sum.characters += u64::from(row.index.is_some());
            sum.versions += row.versions;
            sum.captures += row.captures;
            sum.contents += row.contents;
            sum.document_bytes += row.document_bytes;
            sum.encoded_bytes += row.encoded_bytes;
        }
        sum
    }
}

/// Whose folders there are, and are to be once a change under way is done.
pub(super) fn characters(view: &View) -> Result<BTreeSet<CharacterId>> {
    let entries = view.disk().list(CHARACTERS)?;
    let mut ids: BTreeSet<_> =
        entries.iter().filter_map(|entry| layout::character_of(entry.name.as_deref()?)).collect();
    ids.extend(view.waiting().filter_map(|place| {
        let name =
            place.strip_prefix(CHARACTERS)?.strip_prefix('/')?.strip_suffix(RECORD)?.strip_suffix('/')?;
        layout::character_of(name)
    }));
    Ok(ids)
}

/// Whether there is any sign of a library but its head.
pub(super) fn has_characters(view: &View) -> Result<bool> {
    let index = view.read(INDEX)?.map(|text| sealed::unseal::<IndexFile>(&text));
    if index.and_then(Unsealed::readable).is_some() {
        return Ok(true);
    }
    for id in characters(view)? {
        if character::load_row(view, &id)?.is_some_and(|saved| !matches!(saved, Unsealed::Damaged(_))) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Puts a head together from the list and the characters' own files.
pub(super) fn rebuild_head(view: &View, why: String) -> Result<Head> {
    let mut head = Head::new(Encoding::default());
    if let Some(file) = view.read(INDEX)?.and_then(|text| sealed::unseal::<IndexFile>(&text).readable()) {
        (head.library, head.encoding) = (file.library, file.encoding);
        (head.members, head.settings, head.erased) = (file.members, file.settings, file.erased);
        head.revision = file.revision;
    }
    let rows = Rows::scan(view, &head)?;
    let latest = rows.rows.values().map(|row| row.written).max().unwrap_or(0);
    head.revision = head.revision.max(latest);
    head.erased.retain(|id, _| !rows.rows.contains_key(id));
    head.characters = rows.rows.len() as u64;
    head.recent = rows.rows.into_iter().map(|(id, row)| (id, row.written)).collect();
    log::rebuild(view, &mut head)?;
    head.rebuilt = Some(why);
    Ok(head)
}
