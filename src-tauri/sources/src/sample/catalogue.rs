//! Ids of catalogue entries. They are counted from the sample's own lists and lie where the real ones do not.

use backstory_core::sheet::Rules;

use super::srd::{
    self, BACKGROUNDS, Background, CLASSES, Class, FEATS, Feat, ITEMS, ItemKind, SPECIES, SPELLS, Species,
    Spell,
};

pub(super) const CHARACTER_TYPE: i64 = 1_581_111_423;
pub(super) const INVENTORY_TYPE: i64 = 1_439_493_548;
pub(super) const ITEM_TYPE: i64 = 112_130_694;
pub(super) const CUSTOM_ITEM_TYPE: i64 = 988_229_960;
pub(super) const CLASS_TYPE: i64 = 789_467_139;
pub(super) const CHARACTER_CLASS_TYPE: i64 = 1_446_578_651;
pub(super) const FEATURE_TYPE: i64 = 12_168_134;
pub(super) const TRAIT_TYPE: i64 = 1_960_452_172;
pub(super) const BACKGROUND_TYPE: i64 = 1_669_830_167;
pub(super) const FEAT_TYPE: i64 = 1_088_085_227;
pub(super) const SPELL_TYPE: i64 = 435_869_154;
pub(super) const CREATURE_TYPE: i64 = 779_871_897;

/// The feat that stands for the ability scores of a 2024 background.
pub(super) const RAISING_FEAT: i64 = 81_900;

fn edition(rules: Rules) -> i64 {
    if rules == Rules::Revised { 40_000_000 } else { 30_000_000 }
}

/// The book: the free rules of the edition.
pub(super) fn book(rules: Rules) -> i64 {
    if rules == Rules::Revised { 148 } else { 1 }
}

pub(super) fn class_id(class: &Class, rules: Rules) -> i64 {
    if rules == Rules::Revised { class.ids.1 } else { class.ids.0 }
}

pub(super) fn subclass_id(class: &Class, rules: Rules) -> i64 {
    edition(rules) / 10 + 50 + srd::place(CLASSES, |one| one.name == class.name)
}

/// The feature at this place of a class's list. The first two are the core traits and what they let choose.
pub(super) fn feature_id(class: &Class, rules: Rules, at: i64) -> i64 {
    edition(rules) + srd::place(CLASSES, |one| one.name == class.name) * 100 + at
}

pub(super) fn subclass_feature_id(class: &Class, rules: Rules, at: i64) -> i64 {
    feature_id(class, rules, 60 + at)
}

/// The feature (2014) or the feat (2024) that raises ability scores.
pub(super) fn improvement_id(class: &Class, rules: Rules) -> i64 {
    feature_id(class, rules, 99)
}

pub(super) fn species_id(species: &Species) -> i64 {
    edition(species.rules) / 10
        + 900
        + srd::place(SPECIES, |one| one.name == species.name && one.rules == species.rules)
}

pub(super) fn trait_id(species: &Species, at: i64) -> i64 {
    species_id(species) * 10 + at
}

pub(super) fn background_id(background: &Background) -> i64 {
    60_000 + srd::place(BACKGROUNDS, |one| one.name == background.name && one.rules == background.rules)
}

pub(super) fn feat_id(feat: &Feat) -> i64 {
    81_000 + srd::place(FEATS, |one| one.name == feat.name)
}

pub(super) fn spell_id(spell: &Spell, rules: Rules) -> i64 {
    edition(rules) / 5 + srd::place(SPELLS, |one| one.name == spell.name)
}

pub(super) fn item_id(item: &ItemKind) -> i64 {
    70_000 + srd::place(ITEMS, |one| one.name == item.name)
}

/// The key that the service gives a definition.
pub(super) fn key(kind: i64, id: i64) -> String {
    format!("{kind}:{id}")
}

/// `sleight-of-hand` as people read it.
pub(super) fn title(slug: &str) -> String {
    let mut words = String::with_capacity(slug.len());
    for (at, word) in slug.split('-').enumerate() {
        if at > 0 {
            words.push(' ');
        }
        if at > 0 && matches!(word, "of" | "per" | "an") {
            words.push_str(word);
            continue;
        }
        let mut letters = word.chars();
        words.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        words.push_str(letters.as_str());
    }
    words
}
