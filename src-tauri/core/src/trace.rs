//! What a version changed, as data small enough to read for a whole history at once: which fields, which words appeared, and
//! the numbers at that version. Blame, search and progress are answered from traces, without opening a document.
//!
//! A trace is derived like a summary (`crate::history` does it), and told anew with it.

use serde::{Deserialize, Serialize};

/// What a version changed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trace {
    /// The numbers at this version.
    #[serde(rename = "n")]
    pub numbers: Numbers,
    /// The fields that changed. Empty for the first version: all of them.
    #[serde(rename = "c", default, skip_serializing_if = "Vec::is_empty")]
    pub changed: Vec<ChangedField>,
    /// Things that were made anew under another key: the old key and the new one.
    #[serde(rename = "k", default, skip_serializing_if = "Vec::is_empty")]
    pub rekeyed: Vec<(String, String)>,
    /// The words that appeared.
    #[serde(rename = "w", default, skip_serializing_if = "Vec::is_empty")]
    pub words: Vec<Words>,
}

/// A field that changed, by its key in a comparison, and which sentence of the version tells it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangedField(pub String, pub Option<u16>);

/// Words that appeared, and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Words(pub Place, pub String);

/// Where words stand on a sheet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub enum Place {
    /// Name, species, background, class, campaign.
    Identity,
    /// A thing carried.
    Inventory,
    /// A spell.
    Spells,
    /// A feat, feature or action.
    Features,
    /// The player's own words.
    Notes,
}

impl Place {
    /// All of them, in the order of their [`Place::number`].
    pub const ALL: [Self; 5] = [Self::Identity, Self::Inventory, Self::Spells, Self::Features, Self::Notes];

    /// A number to keep it by. Never given a new meaning.
    pub fn number(self) -> u8 {
        match self {
            Self::Identity => 0,
            Self::Inventory => 1,
            Self::Spells => 2,
            Self::Features => 3,
            Self::Notes => 4,
        }
    }
}

/// The numbers of a version that a chart shows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "NumberList", into = "NumberList")]
#[allow(missing_docs, reason = "the sheet's own names")]
pub struct Numbers {
    pub level: i64,
    /// 0 where the character levels by milestones.
    pub xp: i64,
    pub hit_points_max: i64,
    pub armor_class: i64,
    /// What all coins come to, in copper.
    pub copper: i64,
    /// Things carried, stacks counted by their size.
    pub items: i64,
    /// Spells and cantrips, each name once.
    pub spells: i64,
    /// In the order of [`Ability::ALL`](crate::sheet::Ability::ALL).
    pub abilities: [i64; 6],
}

/// As it is kept: level, experience, hit points, armour class, copper, items, spells, abilities.
type NumberList = (i64, i64, i64, i64, i64, i64, i64, [i64; 6]);

impl From<NumberList> for Numbers {
    fn from(list: NumberList) -> Self {
        let (level, xp, hit_points_max, armor_class, copper, items, spells, abilities) = list;
        Self { level, xp, hit_points_max, armor_class, copper, items, spells, abilities }
    }
}

impl From<Numbers> for NumberList {
    fn from(n: Numbers) -> Self {
        (n.level, n.xp, n.hit_points_max, n.armor_class, n.copper, n.items, n.spells, n.abilities)
    }
}
