//! What is added to saving throws and checks, and what is noticed without a roll.

use std::collections::BTreeMap;

use backstory_core::sheet::{Ability, Derived, PASSIVE, Part, SKILLS, SkillRank};

use super::{
    character::{Character, custom},
    combat::{derived, in_order, part},
    proficiencies, tables,
};

/// The name of the part that training adds.
const PROFICIENCY: &str = "Proficiency";

/// What is added to each saving throw.
pub(super) fn saves(character: &Character<'_>) -> BTreeMap<Ability, Derived> {
    let proficient = proficiencies::saving_throws(character);
    let of = |(id, ability): (i32, Ability)| {
        let id = id.to_string();
        if let Some((set, _)) = character.custom.number(custom::SAVE_OVERRIDE, &id) {
            return (ability, derived(vec![part("Override", set)]));
        }
        let mut parts = vec![part(ability.name(), character.modifier(ability))];
        if proficient.contains(&ability) {
            parts.push(part(PROFICIENCY, character.proficiency_bonus));
        }
        let own = format!("{}-saving-throws", ability.name().to_lowercase());
        parts.extend(bonuses(character, &["saving-throws", &own]));
        parts.extend(added(character, &id, [custom::SAVE_MAGIC, custom::SAVE_MISC]));
        (ability, derived(parts))
    };
    (1..).zip(Ability::ALL).map(of).collect()
}

/// What is added to a check of each skill.
pub(super) fn skills(character: &Character<'_>) -> BTreeMap<String, Derived> {
    let ranks = proficiencies::skills(character);
    let of = |(name, ability): (&str, Ability)| {
        let known = tables::SKILLS.iter().find(|(.., known)| *known == name);
        let (id, word) = known.map_or((0, ""), |(id, word, _)| (*id, *word));
        (name.to_owned(), skill(character, &id.to_string(), word, ability, ranks.get(name).copied()))
    };
    SKILLS.into_iter().map(of).collect()
}

fn skill(
    character: &Character<'_>,
    id: &str,
    word: &str,
    ability: Ability,
    rank: Option<SkillRank>,
) -> Derived {
    if let Some((set, _)) = character.custom.number(custom::SKILL_OVERRIDE, id) {
        return derived(vec![part("Override", set)]);
    }
    let swapped = character.custom.number(custom::SKILL_ABILITY, id);
    let ability = swapped.and_then(|(stat, _)| tables::ability(stat.into())).unwrap_or(ability);
    let mut parts = vec![part(ability.name(), character.modifier(ability))];
    let bonus = character.proficiency_bonus;
    parts.extend(rank.map(|rank| match rank {
        SkillRank::Half => part("Half proficiency", bonus.div_euclid(2)),
        SkillRank::Proficient => part(PROFICIENCY, bonus),
        SkillRank::Expertise => part("Expertise", bonus.saturating_mul(2)),
    }));
    let by_ability = format!("{}-ability-checks", ability.name().to_lowercase());
    parts.extend(bonuses(character, &["ability-checks", &by_ability, word]));
    parts.extend(added(character, id, [custom::SKILL_MAGIC, custom::SKILL_MISC]));
    derived(parts)
}

/// 10 and what is added to a check, for the skills that every sheet shows.
pub(super) fn passive(
    character: &Character<'_>,
    skills: &BTreeMap<String, Derived>,
) -> BTreeMap<String, Derived> {
    let of = |name: &str| {
        let mut parts = vec![part("Base", 10)];
        parts.extend(skills.get(name).into_iter().flat_map(|skill| skill.parts.clone()));
        parts.extend(bonuses(character, &[&format!("passive-{}", name.to_lowercase())]));
        (name.to_owned(), derived(parts))
    };
    PASSIVE.into_iter().map(of).collect()
}

/// Bonuses that count in every situation.
fn bonuses(character: &Character<'_>, targets: &[&str]) -> Vec<Part> {
    let counting = character
        .modifiers
        .iter()
        .filter(|m| m.kind() == "bonus" && targets.contains(&m.target()) && m.restriction().is_none());
    in_order(counting.map(|m| part(character.label(m), character.amount(m))).collect())
}

/// What the player added by hand: magic and other.
fn added(character: &Character<'_>, id: &str, kinds: [i64; 2]) -> Vec<Part> {
    let added = kinds.into_iter().zip(["Magic bonus", "Other bonus"]).filter_map(|(kind, label)| {
        let (value, note) = character.custom.number(kind, id)?;
        Some(part(note.unwrap_or_else(|| label.to_owned()), value))
    });
    added.collect()
}
