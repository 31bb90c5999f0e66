//! Saving throws, skills, what is added to them, and what is noticed without a roll.

use std::collections::{BTreeMap, BTreeSet};

use backstory_core::{
    json::Value,
    sheet::{Ability, Derived, PASSIVE, Part, SkillRank},
};

use crate::derived::{derived, part};

use super::{abilities, actor::Actor, tables};

/// The name of the part that training adds.
const PROFICIENCY: &str = "Proficiency";

/// How well something is known, as Foundry writes it (0, 0.5, 1, 2), with what effects do to it.
fn rank(actor: &Actor<'_>, path: &str) -> Option<SkillRank> {
    let written = actor.at(path).and_then(|value| actor.number(value)).unwrap_or(0.0);
    let (level, _) = actor.changed(path, written);
    if level >= 2.0 {
        Some(SkillRank::Expertise)
    } else if level >= 1.0 {
        Some(SkillRank::Proficient)
    } else {
        (level > 0.0).then_some(SkillRank::Half)
    }
}

fn trained(actor: &Actor<'_>, rank: Option<SkillRank>) -> Option<Part> {
    let bonus = actor.proficiency_bonus;
    rank.map(|rank| match rank {
        SkillRank::Half => part("Half proficiency", bonus.div_euclid(2)),
        SkillRank::Proficient => part(PROFICIENCY, bonus),
        SkillRank::Expertise => part("Expertise", bonus.saturating_mul(2)),
    })
}

fn save_rank(actor: &Actor<'_>, ability: Ability) -> Option<SkillRank> {
    rank(actor, &format!("abilities.{}.proficient", ability.key()))
}

/// Proficient saving throws.
pub(super) fn saving_throws(actor: &Actor<'_>) -> BTreeSet<Ability> {
    let known =
        |ability: &Ability| save_rank(actor, *ability).is_some_and(|rank| rank >= SkillRank::Proficient);
    Ability::ALL.into_iter().filter(known).collect()
}

/// What is added to each saving throw.
pub(super) fn saves(actor: &Actor<'_>) -> BTreeMap<Ability, Derived> {
    let of = |ability: Ability| {
        let mut parts = vec![part(ability.name(), actor.modifier(ability))];
        parts.extend(trained(actor, save_rank(actor, ability)));
        parts.extend(actor.bonus("bonuses.abilities.save", "Bonus to all saves"));
        parts.extend(actor.bonus(&format!("abilities.{}.bonuses.save", ability.key()), "Bonus"));
        (ability, derived(parts))
    };
    Ability::ALL.into_iter().map(of).collect()
}

/// What is added to every check, and to every check with an ability.
pub(super) fn all_checks(actor: &Actor<'_>, ability: Ability) -> Vec<Part> {
    let mut parts = actor.bonus("bonuses.abilities.check", "Bonus to all checks");
    parts.extend(actor.bonus(&format!("abilities.{}.bonuses.check", ability.key()), "Bonus"));
    parts
}

/// Half the proficiency bonus for checks that do not have it.
pub(super) fn jack_of_all_trades(actor: &Actor<'_>) -> Option<Part> {
    actor
        .trait_flag("jackOfAllTrades")
        .then(|| part("Jack of All Trades", actor.proficiency_bonus.div_euclid(2)))
}

fn skill_rank(actor: &Actor<'_>, key: &str) -> Option<SkillRank> {
    let half = || actor.trait_flag("jackOfAllTrades").then_some(SkillRank::Half);
    rank(actor, &format!("skills.{key}.value")).or_else(half)
}

/// How well each skill is known.
pub(super) fn skills(actor: &Actor<'_>) -> BTreeMap<String, SkillRank> {
    let known = tables::SKILLS.into_iter().map(|(key, name, _)| (key.to_owned(), name.to_owned()));
    known.chain(own_skills(actor)).filter_map(|(key, name)| Some((name, skill_rank(actor, &key)?))).collect()
}

/// Skills that a world has beyond those of the rules, where the character knows them.
fn own_skills(actor: &Actor<'_>) -> Vec<(String, String)> {
    let rows = actor.at("skills").map(Value::members).into_iter().flatten();
    let own = rows.filter(|(key, _)| tables::SKILLS.iter().all(|(known, ..)| known != key));
    own.filter(|(_, row)| row.present("value").and_then(Value::as_f64).is_some_and(|level| level > 0.0))
        .map(|(key, row)| {
            let name =
                row.text("label").or_else(|| row.text("name")).unwrap_or_else(|| tables::readable(&key));
            (key.into_owned(), name)
        })
        .collect()
}

/// What is added to a check of each skill.
pub(super) fn skill_bonuses(actor: &Actor<'_>) -> BTreeMap<String, Derived> {
    tables::SKILLS
        .into_iter()
        .map(|(key, name, usual)| {
            let path = format!("skills.{key}");
            let ability = actor.text_at(&format!("{path}.ability")).and_then(|key| abilities::ability(&key));
            let ability = ability.unwrap_or(usual);
            let mut parts = vec![part(ability.name(), actor.modifier(ability))];
            parts.extend(trained(actor, skill_rank(actor, key)));
            parts.extend(actor.bonus("bonuses.abilities.skill", "Bonus to all skills"));
            parts.extend(actor.bonus(&format!("{path}.bonuses.check"), "Bonus"));
            parts.extend(all_checks(actor, ability));
            (name.to_owned(), derived(parts))
        })
        .collect()
}

/// 10 and what is added to a check, for the skills that every sheet shows.
pub(super) fn passive(actor: &Actor<'_>, skills: &BTreeMap<String, Derived>) -> BTreeMap<String, Derived> {
    let of = |name: &str| {
        let key = tables::SKILLS.iter().find(|(_, known, _)| *known == name).map_or("", |(key, ..)| key);
        let mut parts = vec![part("Base", 10)];
        parts.extend(skills.get(name).into_iter().flat_map(|skill| skill.parts.clone()));
        parts.extend(actor.bonus(&format!("skills.{key}.bonuses.passive"), "Passive bonus"));
        if name != "Insight" && actor.trait_flag("observantFeat") {
            parts.push(part("Observant", 5));
        }
        (name.to_owned(), derived(parts))
    };
    PASSIVE.into_iter().map(of).collect()
}
