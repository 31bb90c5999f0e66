//! The list of characters, one sheet, one history.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    model::{CharacterId, CharacterIndex, ContentHash, Cut, Kind, Seen, SnapshotId, Topic},
    sheet::{Abilities, Ability, Class, Currency, Derived, Feature, Part, Proficiencies, Rules, SkillRank},
};

/// A page of the list of characters.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct CharacterList {
    /// How many match, beyond this page.
    pub total: u64,
    /// The page.
    pub characters: Vec<CharacterIndex>,
}

/// Asks for one character.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct CharacterGet {
    /// An id, or a name where it is the only one.
    pub character: String,
}

/// Asks for a history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
pub struct HistoryGet {
    /// An id, or a name where it is the only one.
    pub character: String,
    /// Also the versions in which nothing a player sees changed.
    #[serde(default)]
    #[cfg_attr(test, ts(as = "Option<bool>"))]
    pub quiet_too: bool,
    /// At most so many.
    #[serde(default)]
    pub limit: Option<u32>,
    /// Skips so many.
    #[serde(default)]
    #[cfg_attr(test, ts(as = "Option<u32>"))]
    pub offset: u32,
}

/// One version in a history.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct HistoryEntry {
    /// Its identity.
    pub id: SnapshotId,
    /// Its number.
    pub version: u64,
    /// When we looked.
    #[cfg_attr(test, ts(as = "String"))]
    pub captured_at: Timestamp,
    /// When the player edited, if the source says.
    #[cfg_attr(test, ts(as = "Option<String>"))]
    pub edited_at: Option<Timestamp>,
    /// How it compares with the version before it.
    pub kind: Kind,
    /// What happened, the most important first.
    pub sentences: Vec<String>,
    /// What each sentence is about.
    pub topics: Vec<Topic>,
    /// How many changes a player would notice.
    pub changes: u32,
    /// How many differences only a rest makes.
    pub state: u32,
    /// The total level at this version.
    pub level: u32,
    /// Whether it is a turning point.
    pub landmark: bool,
    /// How long it stood.
    pub seen: Seen,
    /// Kept for ever.
    pub pinned: bool,
    /// Names the player gave it.
    pub tags: Vec<String>,
    /// The sitting it belongs to: the time of the sitting's first version.
    #[cfg_attr(test, ts(as = "String"))]
    pub session: Timestamp,
    /// The file it came from.
    pub origin: Option<String>,
    /// The length of its document.
    pub bytes: u64,
    /// The BLAKE3 of its document.
    pub content: ContentHash,
    /// What was cut out of it at the door.
    pub cuts: Vec<Cut>,
}

/// A page of a history, newest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct History {
    /// Whose.
    pub character: CharacterId,
    /// How many there are, beyond this page.
    pub total: u64,
    /// The page.
    pub entries: Vec<HistoryEntry>,
}

/// Asks for the sheet at a version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
pub struct SheetGet {
    /// An id, or a name where it is the only one.
    pub character: String,
    /// A number, an identity, `latest`, `first`, `~N` or a date. None: the latest.
    #[serde(default)]
    pub version: Option<String>,
}

/// Hit points now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[allow(missing_docs, reason = "the field's own names")]
pub struct HitPoints {
    pub max: i32,
    pub current: i32,
    pub temporary: i32,
    /// What the maximum is made of.
    pub parts: Vec<Part>,
}

/// A spell as shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[allow(missing_docs, reason = "the field's own names")]
pub struct SpellView {
    pub key: String,
    pub name: String,
    pub level: u32,
    pub source: String,
    pub prepared: bool,
    pub always: bool,
}

/// Slots of one level as shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[allow(missing_docs, reason = "the field's own names")]
pub struct SlotView {
    pub level: u32,
    pub max: u32,
    pub used: u32,
    pub pact: bool,
}

/// A thing carried, as shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[allow(missing_docs, reason = "the field's own names")]
pub struct ItemView {
    pub key: String,
    pub name: String,
    pub kind: Option<String>,
    pub quantity: i64,
    pub equipped: bool,
    pub attuned: bool,
    /// The name of the container it lies in.
    pub container: Option<String>,
    pub custom: bool,
}

/// The sheet at a version, as `show` prints it and the window draws it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[allow(missing_docs, reason = "the field's own names; the model's docs say what they are")]
pub struct SheetView {
    pub id: CharacterId,
    pub version: u64,
    #[cfg_attr(test, ts(as = "String"))]
    pub captured_at: Timestamp,
    #[cfg_attr(test, ts(as = "Option<String>"))]
    pub edited_at: Option<Timestamp>,
    pub name: String,
    pub species: Option<String>,
    pub background: Option<String>,
    pub rules: Rules,
    pub level: u32,
    pub xp: Option<i64>,
    pub classes: Vec<Class>,
    pub abilities: Abilities,
    pub proficiency_bonus: i32,
    pub hit_points: HitPoints,
    pub armor_class: Derived,
    pub initiative: Derived,
    pub speeds: BTreeMap<String, i32>,
    pub saving_throws: BTreeSet<Ability>,
    pub skills: BTreeMap<String, SkillRank>,
    pub proficiencies: Proficiencies,
    pub currency: Currency,
    pub spells: Vec<SpellView>,
    pub spell_slots: Vec<SlotView>,
    pub inventory: Vec<ItemView>,
    pub feats: Vec<Feature>,
    pub features: Vec<Feature>,
    /// Each as it is counted: `Exhaustion 2`.
    pub conditions: Vec<String>,
    pub inspiration: bool,
    pub notes: BTreeMap<String, String>,
    pub campaign: Option<String>,
    pub unknown_fields: Vec<String>,
    /// The source's name for a person: `D&D Beyond`.
    pub source: String,
}
