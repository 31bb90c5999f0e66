//! The list as of one revision, held in memory.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use backstory_core::{
    model::{CharacterId, CharacterIndex, ContentHash, Member, Role},
    privacy::audit,
    storage::{Change, Changes, StorageStatistics},
};

use super::form::{Checkpoint, Entry, Place, Row};
use crate::{rules, settings::Settings};

/// Everything but the histories and the documents. Copied when a commit is applied; the rows in it are shared.
#[derive(Debug, Clone, Default)]
pub(super) struct State {
    /// How many commits it has seen.
    pub(super) revision: u64,
    /// The characters.
    pub(super) rows: BTreeMap<CharacterId, Arc<Row>>,
    /// When the characters went that were erased.
    pub(super) tombstones: BTreeMap<CharacterId, u64>,
    members: BTreeMap<(String, String), Role>,
    /// How the audit log ends.
    pub(super) audit: audit::Head,
    /// What the program keeps for itself.
    pub(super) settings: Settings,
}

/// What a character was when a transaction first looked: it may only commit while that is so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stand {
    manifest: Option<ContentHash>,
    erased: Option<u64>,
}

impl Stand {
    /// The name of its manifest then.
    pub(super) fn manifest(&self) -> Option<ContentHash> {
        self.manifest
    }
}

impl State {
    pub(super) fn from_checkpoint(checkpoint: Checkpoint) -> Self {
        let rows = checkpoint.characters.into_iter().map(|row| (row.id.clone(), Arc::new(row)));
        let members = checkpoint.members.into_iter();
        Self {
            revision: checkpoint.revision,
            rows: rows.collect(),
            tombstones: checkpoint.tombstones,
            members: members.map(|member| ((member.campaign, member.user), member.role)).collect(),
            audit: checkpoint.audit,
            settings: checkpoint.settings.into_iter().collect(),
        }
    }

    pub(super) fn to_checkpoint(&self) -> Checkpoint {
        Checkpoint {
            revision: self.revision,
            characters: self.rows.values().map(|row| Row::clone(row)).collect(),
            tombstones: self.tombstones.clone(),
            members: self.members(),
            audit: self.audit.clone(),
            settings: self.settings.list(),
        }
    }

    /// Applies the next commit, all but its new rows.
    pub(super) fn apply(&mut self, entry: &Entry) {
        self.revision = entry.revision;
        entry.entries().for_each(|entry| self.audit.follow(&entry));
        for (id, manifest) in &entry.characters {
            self.tombstones.remove(id);
            if manifest.is_none() {
                self.rows.remove(id);
                self.tombstones.insert(id.clone(), entry.revision);
            }
        }
        for Place { campaign, user, role } in &entry.members {
            let place = (campaign.clone(), user.clone());
            match role {
                Some(role) => self.members.insert(place, *role),
                None => self.members.remove(&place),
            };
        }
        for setting in &entry.settings {
            self.settings.replace(setting.clone());
        }
    }

    /// What a character is now.
    pub(super) fn stand(&self, id: &CharacterId) -> Stand {
        Stand {
            manifest: self.rows.get(id).map(|row| row.manifest),
            erased: self.tombstones.get(id).copied(),
        }
    }

    pub(super) fn indexes(&self) -> impl Iterator<Item = &CharacterIndex> {
        self.rows.values().filter_map(|row| row.index.as_ref())
    }

    pub(super) fn members(&self) -> Vec<Member> {
        let member = |((campaign, user), role): (&(String, String), &Role)| Member {
            campaign: campaign.clone(),
            user: user.clone(),
            role: *role,
        };
        self.members.iter().map(member).collect()
    }

    pub(super) fn changes_since(&self, revision: u64, limit: u32) -> Changes {
        let since = if revision > self.revision { 0 } else { revision };
        let written = self.rows.values().map(|row| (row.written, &row.id, false));
        let erased = self.tombstones.iter().map(|(id, revision)| (*revision, id, true));
        let changes: BTreeSet<_> = written.chain(erased).filter(|(at, ..)| *at > since).collect();
        let change = |(revision, character, erased): (u64, &CharacterId, bool)| Change {
            character: character.clone(),
            revision,
            erased,
        };
        rules::feed(changes.into_iter().map(change), self.revision, limit)
    }

    /// Counts everything. The room of the journal and the lists is not in it.
    pub(super) fn statistics(&self) -> StorageStatistics {
        let mut sum = StorageStatistics { characters: self.indexes().count() as u64, ..Default::default() };
        for row in self.rows.values() {
            sum.versions += row.versions;
            sum.contents += row.contents;
            sum.captures += row.versions + row.sightings;
            sum.document_bytes += row.document_bytes;
            sum.encoded_bytes += row.encoded_bytes;
        }
        sum.store_bytes = sum.encoded_bytes;
        sum
    }
}
