//! Saving throws, skills, and what the character is trained in.

use std::collections::{BTreeMap, BTreeSet};

use backstory_core::sheet::{Ability, Proficiencies, SkillRank};

use crate::rules;

use super::{
    character::{Character, count, custom},
    modifiers::Modifier,
    tables,
};

/// The kinds of things a proficiency is for (`entityTypeId`).
mod entity {
    pub(super) const ARMOR: i64 = 174_869_515;
    pub(super) const WEAPON_CATEGORY: i64 = 660_121_713;
    pub(super) const WEAPON: i64 = 1_782_728_300;
    pub(super) const TOOL: i64 = 2_103_445_194;
    pub(super) const VEHICLE: i64 = 1_452_973_421;
}

/// How the player set a proficiency by hand: 1 none, 2 half, 3 full, 4 expertise.
fn set_rank(level: i32) -> Option<SkillRank> {
    match level {
        2 => Some(SkillRank::Half),
        3 => Some(SkillRank::Proficient),
        4 => Some(SkillRank::Expertise),
        _ => None,
    }
}

/// Saving throws with the proficiency bonus.
pub(super) fn saving_throws(character: &Character<'_>) -> BTreeSet<Ability> {
    let proficient = |(id, ability): &(i32, Ability)| {
        let set = character.custom.number(custom::SAVE_PROFICIENCY, &id.to_string()).map(|(level, _)| level);
        if let Some(level) = set.filter(|level| *level > 0) {
            return set_rank(level).is_some_and(|rank| rank >= SkillRank::Proficient);
        }
        let target = format!("{}-saving-throws", ability.name().to_lowercase());
        character
            .modifiers
            .iter()
            .any(|m| m.kind() == "proficiency" && (m.target() == target || m.target() == "saving-throws"))
    };
    (1..).zip(Ability::ALL).filter(proficient).map(|(_, ability)| ability).collect()
}

/// How well each skill is known; the best of everything that grants it, unless the player set it by hand.
pub(super) fn skills(character: &Character<'_>) -> BTreeMap<String, SkillRank> {
    let everything = granted(character, "ability-checks").filter(|rank| *rank == SkillRank::Half);
    let mut skills = BTreeMap::new();
    for (id, word, name) in tables::SKILLS {
        let set = character.custom.number(custom::SKILL_PROFICIENCY, &id.to_string()).map(|(level, _)| level);
        let rank = match set.filter(|level| *level > 0) {
            Some(level) => set_rank(level),
            None => granted(character, word).max(everything),
        };
        skills.extend(rank.map(|rank| (name.to_owned(), rank)));
    }
    for row in character.root.list("customProficiencies").filter(|row| row.int("type") == Some(1)) {
        let (Some(name), Some(rank)) = (row.text("name"), set_rank(level_of(row))) else { continue };
        skills.insert(name, rank);
    }
    skills
}

fn level_of(row: backstory_core::json::Value<'_>) -> i32 {
    i32::try_from(count(row, "proficiencyLevel")).unwrap_or(0)
}

fn granted(character: &Character<'_>, target: &str) -> Option<SkillRank> {
    let rank = |modifier: &Modifier<'_>| match modifier.kind() {
        "proficiency" => Some(SkillRank::Proficient),
        // A knowledge cleric's "proficiency bonus is doubled" has a word of its own.
        "expertise" | "twice-proficiency" => Some(SkillRank::Expertise),
        "half-proficiency" | "half-proficiency-round-up" => Some(SkillRank::Half),
        _ => None,
    };
    character.modifiers.iter().filter(|m| m.target() == target).filter_map(rank).max()
}

/// Armour, weapons, tools and languages by name.
pub(super) fn others(character: &Character<'_>) -> Proficiencies {
    let mut known = Proficiencies::default();
    for modifier in &character.modifiers {
        let list = match (modifier.kind(), modifier.entity_type()) {
            ("language", Some(_)) => &mut known.languages,
            ("proficiency", Some(entity::ARMOR)) => &mut known.armor,
            ("proficiency", Some(entity::WEAPON | entity::WEAPON_CATEGORY)) => &mut known.weapons,
            ("proficiency" | "expertise", Some(entity::TOOL | entity::VEHICLE)) => &mut known.tools,
            _ => continue,
        };
        list.insert(name(modifier));
    }
    add_own(character, &mut known);
    rules::drop_covered(&mut known.weapons);
    known
}

/// A language may have a reach: "Telepathy (30 ft.)".
fn name(modifier: &Modifier<'_>) -> String {
    match modifier.restriction().filter(|_| modifier.kind() == "language") {
        Some(restriction) => format!("{} ({restriction})", modifier.friendly()),
        None => modifier.friendly(),
    }
}

/// What the player added by hand, as a row of its own or by setting a language of the list.
fn add_own(character: &Character<'_>, known: &mut Proficiencies) {
    for row in character.root.list("customProficiencies") {
        // A row that does not say how well is there because the player wants it.
        if row.present("proficiencyLevel").is_some() && level_of(row) == 1 {
            continue;
        }
        let list = match row.int("type") {
            Some(2) => &mut known.tools,
            Some(3) => &mut known.languages,
            _ => continue,
        };
        list.extend(row.text("name"));
    }
    set_by_hand(character, custom::LANGUAGE_PROFICIENCY, &tables::LANGUAGES, &mut known.languages);
    set_by_hand(character, custom::WEAPON_PROFICIENCY, &tables::WEAPONS, &mut known.weapons);
}

/// What the player set for an entry of a list: 3 is trained, 1 is not.
fn set_by_hand(character: &Character<'_>, kind: i64, table: &[(i64, &str)], known: &mut BTreeSet<String>) {
    for (id, name) in table {
        match character.custom.number(kind, &id.to_string()) {
            Some((3, _)) => drop(known.insert((*name).to_owned())),
            Some((1, _)) => drop(known.remove(*name)),
            _ => {}
        }
    }
}
