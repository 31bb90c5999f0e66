//! What differs between two sheets, for a player.
//!
//! Things are matched by identity, never by position; what a rest resets is kept apart; a row is data, how it looks is the screen's.

pub mod raw;
pub(crate) mod sheets;

use serde::{Deserialize, Serialize};

pub(crate) use sheets::compare_keyed;
pub use sheets::{Options, compare};

/// A part of the sheet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub enum Section {
    /// Name, species, background, classes, level, experience, campaign.
    Identity,
    /// The six scores.
    Abilities,
    /// Hit points, armour class, initiative, speed, slots.
    Combat,
    /// Spells known.
    Spells,
    /// Things carried.
    Inventory,
    /// Feats and features.
    Features,
    /// Saves, skills, armour, weapons, tools, languages.
    Proficiencies,
    /// Coins.
    Currency,
    /// The player's own words.
    Notes,
    /// What a rest resets.
    State,
}

/// What happened to a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub enum ChangeKind {
    /// Only on the new side.
    Added,
    /// Only on the old side.
    Removed,
    /// On both, different.
    Changed,
    /// The same thing in another place.
    Moved,
    /// On both, equal: only where equal rows were asked for.
    Same,
}

/// A run of words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub enum TextOpKind {
    /// On both sides.
    Equal,
    /// Only in the new text.
    Insert,
    /// Only in the old text.
    Delete,
}

/// A run of words of a prose difference, in reading order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct TextOp {
    /// Where it stands.
    pub op: TextOpKind,
    /// The words, with the blanks between them.
    pub value: String,
}

/// One row of a comparison.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Change {
    /// Which part of the sheet.
    pub section: Section,
    /// Its stable place in the sheet: `inventory/817/quantity`.
    pub key: String,
    /// What a player calls it: `Potion of Healing`.
    pub label: String,
    /// Which side of it, where it has several: `quantity`, `equipped`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub attribute: Option<String>,
    /// Under which heading it stands inside the section: `1st level`, `Saving throws`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub group: Option<String>,
    /// What happened.
    pub kind: ChangeKind,
    /// Before: a number, a text or a truth value; none where it was not there.
    pub old: Option<serde_json::Value>,
    /// After.
    pub new: Option<serde_json::Value>,
    /// The difference word by word, for prose.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub text: Option<Vec<TextOp>>,
}

/// How many rows of each kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[allow(missing_docs, reason = "named after the kinds")]
pub struct Counts {
    pub added: u32,
    pub removed: u32,
    pub changed: u32,
    pub moved: u32,
}

/// What was left out of the rows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Folded {
    /// Differences that a rest makes.
    pub state: u32,
    /// Differences of the documents that no player sees.
    pub noise: u32,
}

/// What differs between two sheets.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct CharacterDiff {
    /// The rows, in the order of the sheet.
    pub changes: Vec<Change>,
    /// How many of each kind (equal ones not counted).
    pub counts: Counts,
    /// What is not among the rows.
    pub folded: Folded,
}

impl Counts {
    /// All of them.
    pub fn total(&self) -> u32 {
        self.added + self.removed + self.changed + self.moved
    }

    pub(crate) fn count(&mut self, kind: ChangeKind) {
        match kind {
            ChangeKind::Added => self.added += 1,
            ChangeKind::Removed => self.removed += 1,
            ChangeKind::Changed => self.changed += 1,
            ChangeKind::Moved => self.moved += 1,
            ChangeKind::Same => {}
        }
    }
}

impl CharacterDiff {
    /// Leaves only the rows of one section, and counts them.
    pub fn keep_section(&mut self, section: Section) {
        self.changes.retain(|row| row.section == section);
        self.counts = Counts::default();
        self.changes.iter().for_each(|row| self.counts.count(row.kind));
    }
}
