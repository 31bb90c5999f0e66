//! Deriving a version's trace: from its sheet, and from how it differs from the one before.

use super::sentences::Told;
use crate::{
    diff::{Change, ChangeKind, CharacterDiff, Section, TextOpKind},
    sheet::{Ability, Sheet},
    trace::{ChangedField, Numbers, Place, Trace, Words},
};

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
