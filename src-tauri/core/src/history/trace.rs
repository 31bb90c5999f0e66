//! What a version changed, as data small enough to read for a whole history at once: which fields, which words appeared, and
//! the numbers at that version. Blame, search and progress are answered from traces, without opening a document.
//!
//! A trace is derived like a summary, and told anew with it.

use serde::{Deserialize, Serialize};

use super::sentences::Told;
use crate::{
    diff::{Change, ChangeKind, CharacterDiff, Section, TextOpKind},
    sheet::{Ability, Sheet},
};

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
    /// In the order of [`Ability::ALL`].
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

impl Numbers {
    /// The numbers of a sheet.
    pub fn of(sheet: &Sheet) -> Self {
        let c = sheet.currency;
        let items = sheet.inventory.iter().fold(0_i64, |sum, item| sum.saturating_add(item.quantity));
        let names: std::collections::BTreeSet<&str> = sheet.spells.iter().map(|s| s.name.as_str()).collect();
        let coins = [(c.pp, 1000), (c.gp, 100), (c.ep, 50), (c.sp, 10), (c.cp, 1)];
        Self {
            level: sheet.level.into(),
            xp: sheet.xp.unwrap_or(0),
            hit_points_max: sheet.hit_points_max.value.into(),
            armor_class: sheet.armor_class.value.into(),
            copper: coins.iter().fold(0, |sum, (n, worth)| sum.saturating_add(n.saturating_mul(*worth))),
            items,
            spells: i64::try_from(names.len()).unwrap_or(i64::MAX),
            abilities: Ability::ALL.map(|ability| sheet.abilities.get(ability).into()),
        }
    }
}

impl Trace {
    /// The trace of a first version: everything on its sheet appeared.
    pub fn first(sheet: &Sheet) -> Self {
        let nobody = Sheet::default();
        let diff = crate::diff::compare(&nobody, sheet, crate::diff::Options::default());
        Self {
            numbers: Numbers::of(sheet),
            changed: Vec::new(),
            rekeyed: Vec::new(),
            words: diff.changes.iter().filter_map(appeared).collect(),
        }
    }

    /// The trace of a version that has one before it.
    pub fn between(new: &Sheet, diff: &CharacterDiff, told: &[Told], rekeyed: Vec<(String, String)>) -> Self {
        let mut sentence = vec![None; diff.changes.len()];
        for (at, told) in told.iter().enumerate() {
            for &row in &told.rows {
                sentence[row] = u16::try_from(at).ok();
            }
        }
        let rows = diff.changes.iter().zip(sentence);
        Self {
            numbers: Numbers::of(new),
            changed: rows.map(|(row, sentence)| ChangedField(row.key.clone(), sentence)).collect(),
            rekeyed,
            words: diff.changes.iter().filter_map(appeared).collect(),
        }
    }
}

/// The words that a row brought, if it brought any.
fn appeared(row: &Change) -> Option<Words> {
    let place = match row.section {
        Section::Identity => Place::Identity,
        Section::Inventory => Place::Inventory,
        Section::Spells => Place::Spells,
        Section::Features if !row.key.starts_with("limits/") => Place::Features,
        Section::Notes => Place::Notes,
        _ => return None,
    };
    let new = row.new.as_ref().and_then(serde_json::Value::as_str);
    let text = match (place, row.kind, row.attribute.as_deref()) {
        // A thing is known by its name; what a stack counts is its number.
        (Place::Inventory, ChangeKind::Added, None) => row.label.clone(),
        (Place::Inventory, ChangeKind::Changed, Some("name" | "kind")) => new?.to_owned(),
        (Place::Inventory, ..) => return None,
        (Place::Notes, ChangeKind::Changed, _) => inserted(row)?,
        (_, ChangeKind::Added | ChangeKind::Changed, None) => new?.to_owned(),
        _ => return None,
    };
    (!text.is_empty()).then_some(Words(place, text))
}

/// What was written into a note that was there before.
fn inserted(row: &Change) -> Option<String> {
    let new = row.text.iter().flatten().filter(|op| op.op == TextOpKind::Insert);
    let new: Vec<&str> = new.map(|op| op.value.trim()).filter(|text| !text.is_empty()).collect();
    (!new.is_empty()).then(|| new.join(" … "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sheet::{Currency, Item};

    #[test]
    fn numbers_are_kept_as_a_short_list() {
        let mut sheet = Sheet { level: 3, xp: Some(900), ..Sheet::default() };
        sheet.currency = Currency { gp: 2, sp: 5, ..Currency::default() };
        sheet.inventory = vec![Item { quantity: 20, name: "Arrow".into(), ..Item::default() }];
        let trace = Trace::first(&sheet);
        let kept = serde_json::to_string(&trace).unwrap();
        assert_eq!(kept, r#"{"n":[3,900,0,0,250,20,0,[0,0,0,0,0,0]],"w":[["inventory","Arrow"]]}"#);
        assert_eq!(serde_json::from_str::<Trace>(&kept).unwrap(), trace);
    }
}
