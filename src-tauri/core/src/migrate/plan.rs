//! What a migration would do to each character, and why: decided from what both stores have, and from nothing else.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::whole::Whole;
use crate::{
    model::{CharacterId, CharacterIndex, Kind, SnapshotId, VersionMetadata},
    storage::StorageInfo,
};

/// What becomes of a character.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// It is copied, whole or what is missing of it.
    Copy,
    /// It is there already, in every field.
    UpToDate,
    /// The target has everything the source has, and more: somebody went on there. It is left alone.
    Newer,
    /// Both have something the other one lacks. It is left alone, in both.
    Differs,
    /// The source itself has only a part of it.
    Incomplete,
    /// It was erased at the source and is still at the target.
    Gone,
}

/// What would become of one character.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanItem {
    /// Which.
    pub character: CharacterId,
    /// Its name; none where the source has none.
    pub name: Option<String>,
    /// What becomes of it.
    pub action: Action,
    /// Why: a whole sentence.
    pub reason: String,
    /// Versions to be copied.
    pub versions: u64,
    /// Documents to be copied.
    pub documents: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// What a migration would do. Making it writes nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MigrationPlan {
    /// Where the characters are.
    pub from: StorageInfo,
    /// Where they shall be.
    pub to: StorageInfo,
    /// Characters to be copied.
    pub characters: u64,
    /// Versions to be copied.
    pub versions: u64,
    /// Documents to be copied.
    pub documents: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Versions that are there already.
    pub skipped: u64,
    /// Places in campaigns to be copied.
    pub members: u64,
    /// Each character of the source, and those that were erased there.
    pub items: Vec<PlanItem>,
    /// Characters that only the target has: nothing is done to them.
    pub left_alone: u64,
}

/// What is to become of one character, and what it shall look like at the target.
#[derive(Debug)]
pub(super) struct Decision {
    pub(super) action: Action,
    pub(super) reason: String,
    /// What the target shall have; to be written only where the action is [`Action::Copy`].
    pub(super) want: Whole,
    /// What it shall have no longer: only ever something this run wrote.
    pub(super) drop: Vec<SnapshotId>,
}

/// How a target is thought of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stance {
    /// Somebody may use it as a library: nothing of it is lost.
    Library,
    /// A backup: the source is right, and what the source has no longer is kept.
    Backup,
    /// This run wrote the character and nobody else touched it: the source is right.
    Ours,
}

/// Decides what becomes of a character that the source has.
pub(super) fn decide(source: &Whole, target: &Whole, stance: Stance) -> Decision {
    let told = |action, reason: &str| Decision {
        action,
        reason: reason.to_owned(),
        want: source.clone(),
        drop: Vec::new(),
    };
    if source.index.is_none() {
        return told(Action::Incomplete, "The old library has a history of it, and no character to it.");
    }
    let extra: Vec<_> =
        target.versions.iter().filter(|version| source.version(version.id).is_none()).collect();
    if stance == Stance::Ours {
        let drop: Vec<_> = extra.iter().map(|version| version.id).collect();
        let action = if drop.is_empty() && source.is_same(target) { Action::UpToDate } else { Action::Copy };
        return Decision { drop, ..told(action, "It changed while it was being copied.") };
    }
    if let Some(reason) = clash(source, target) {
        return Decision { reason, ..told(Action::Differs, "") };
    }
    let mut decision = told(Action::Copy, "The new library does not have it yet.");
    if stance == Stance::Backup {
        decision.want = with_kept(source, target, &extra);
    }
    match (&target.index, extra.as_slice()) {
        (None, []) if target.versions.is_empty() => return decision,
        (None, [_, ..]) if stance == Stance::Library => {
            return told(Action::Differs, "The new library has a part of another history of it.");
        }
        (None, _) => {
            "A run before this one copied a part of it.".clone_into(&mut decision.reason);
            return decision;
        }
        (Some(_), _) => {}
    }
    if decision.want.is_same(target) {
        return Decision { action: Action::UpToDate, reason: "It is there already.".to_owned(), ..decision };
    }
    if stance == Stance::Backup {
        "It changed since the last backup.".clone_into(&mut decision.reason);
        return decision;
    }
    let (lost, missing) = (beyond(target, source), beyond(source, target));
    match (lost, missing) {
        (Some(_), None) => {
            told(Action::Newer, "The new library has everything the old one has of it, and more.")
        }
        (Some(lost), Some(_)) => Decision {
            reason: format!("Somebody went on with it in both libraries: {lost} is in the new one only."),
            ..told(Action::Differs, "")
        },
        (None, None) if source.revision() <= target.revision() => {
            told(Action::Newer, "It was changed in the new library since it was copied.")
        }
        (None, _) => told(Action::Copy, "It changed since it was copied."),
    }
}

/// Whether everything a player put into the source's character is at the target, whatever else is there.
pub(super) fn is_contained(source: &Whole, target: &Whole) -> bool {
    source.index.is_some()
        && target.index.is_some()
        && clash(source, target).is_none()
        && beyond(source, target).is_none()
}

/// Why two histories cannot be one: something that never changes is different.
fn clash(source: &Whole, target: &Whole) -> Option<String> {
    let by_number: BTreeMap<_, _> =
        target.versions.iter().map(|version| (version.version, version.id)).collect();
    let by_id: BTreeMap<_, _> = target.versions.iter().map(|version| (version.id, version)).collect();
    source.versions.iter().find_map(|version| {
        let number = version.version;
        if by_number.get(&number).is_some_and(|id| *id != version.id) {
            return Some(format!("The new library has another version {number} of it."));
        }
        let same = by_id.get(&version.id)?;
        (same.content != version.content || same.version != number)
            .then(|| format!("Version {number} has another document in the new library."))
    })
}

/// Something a player would miss if only `other` were left of both: a version, a moment at which it was seen, a pin, a note, a tag.
fn beyond(whole: &Whole, other: &Whole) -> Option<String> {
    let by_id: BTreeMap<_, _> = other.versions.iter().map(|version| (version.id, version)).collect();
    let seen = other.sightings.iter().map(|sighting| sighting.at);
    let moments: BTreeSet<_> = seen.chain(other.versions.iter().map(|version| version.captured_at)).collect();
    let of_version = |version: &VersionMetadata| {
        let number = version.version;
        let Some(same) = by_id.get(&version.id) else { return Some(format!("version {number}")) };
        if !moments.contains(&version.captured_at) {
            return Some(format!("when version {number} was captured"));
        }
        if version.pinned && !same.pinned {
            return Some(format!("the pin of version {number}"));
        }
        if version.note.is_some() && version.note != same.note {
            return Some(format!("the note of version {number}"));
        }
        let tag = version.tags.iter().find(|tag| !same.tags.contains(tag))?;
        Some(format!("the tag {tag:?} of version {number}"))
    };
    let found = whole.versions.iter().find_map(of_version);
    found.or_else(|| {
        let missed = whole.sightings.iter().find(|sighting| !moments.contains(&sighting.at))?;
        Some(format!("that it was seen at {}", missed.at))
    })
}

/// The source's character with what only the backup still has of it, and a row that counts both.
fn with_kept(source: &Whole, target: &Whole, extra: &[&VersionMetadata]) -> Whole {
    let mut want = source.clone();
    if extra.is_empty() {
        return want;
    }
    want.versions.extend(extra.iter().map(|&version| version.clone()));
    want.versions.sort_by_key(|version| (version.captured_at, version.id));
    let kept = |id| extra.iter().any(|version| version.id == id);
    want.sightings.extend(target.sightings.iter().filter(|sighting| kept(sighting.version)));
    if let Some(index) = &mut want.index {
        extra.iter().for_each(|version| count(index, version));
    }
    want
}

fn count(index: &mut CharacterIndex, version: &VersionMetadata) {
    index.versions = index.versions.saturating_add(1);
    index.captures = index.captures.saturating_add(version.seen.count);
    index.changes = index.changes.saturating_add(u64::from(version.summary.kind == Kind::Change));
    index.last_version = index.last_version.max(version.version);
    index.first_captured = index.first_captured.min(version.captured_at);
    index.last_captured = index.last_captured.max(version.seen.last);
}
