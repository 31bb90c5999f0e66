//! What the character can do, and how often.

use std::collections::BTreeMap;

use backstory_core::{
    json::Value,
    sheet::{Ability, Action, Derived, Limit, Spellcasting},
};

use super::{
    character::{Character, Keys, count, grouped, number},
    combat::{derived, in_order, part},
    modifiers::component,
    tables,
};

/// Actions by name.
pub(super) fn actions(character: &Character<'_>) -> Vec<Action> {
    let mut keys = Keys::default();
    let mut actions: Vec<Action> = grouped(character.root, "actions")
        .filter_map(|(group, row)| {
            let source = character.origins.source(component(row)).unwrap_or(match group.as_str() {
                "race" => "Species",
                "feat" => "Feat",
                _ => "Other",
            });
            Some(Action {
                key: keys.distinct(format!("{group}-{}", row.id("id").unwrap_or_default())),
                name: row.text("name")?,
                source: source.to_owned(),
                takes: takes(row),
            })
        })
        .collect();
    actions.sort_by(|a, b| (&a.name, &a.source, &a.key).cmp(&(&b.name, &b.source, &b.key)));
    actions
}

fn takes(row: Value<'_>) -> Option<String> {
    let word = match row.present("activation")?.int("activationType")? {
        1 => "action",
        3 => "bonus action",
        4 => "reaction",
        6 => "minute",
        7 => "hour",
        _ => return None,
    };
    Some(word.to_owned())
}

/// How often limited things can be done, under the names that spent uses are counted by. Those of one name are added.
pub(super) fn limits(character: &Character<'_>) -> BTreeMap<String, Limit> {
    let mut limits: BTreeMap<String, Limit> = BTreeMap::new();
    let mut add = |name: Option<String>, row: Value<'_>| {
        let (Some(name), Some(limit)) = (name, limit(character, row)) else { return };
        let sum = limits.entry(name).or_default();
        sum.max = sum.max.saturating_add(limit.max);
        sum.resets = sum.resets.take().or(limit.resets);
    };
    for (_, row) in grouped(character.root, "actions") {
        add(row.text("name"), row);
    }
    for (_, row) in grouped(character.root, "spells") {
        add(row.present("definition").and_then(|definition| definition.text("name")), row);
    }
    limits
}

/// What `limitedUse` of a row says; none where it says nothing.
pub(super) fn limit(character: &Character<'_>, row: Value<'_>) -> Option<Limit> {
    let limit = row.present("limitedUse")?;
    let mut max = i32::try_from(count(limit, "maxUses")).unwrap_or(0);
    if let Some(ability) = number(limit, "statModifierUsesId").and_then(tables::ability) {
        max = combined(max, character.modifier(ability).max(1), limit.int("operator"));
    }
    if limit.flag("useProficiencyBonus") {
        max = combined(max, character.proficiency_bonus, limit.int("proficiencyBonusOperator"));
    }
    let max = u32::try_from(max).ok().filter(|max| *max > 0)?;
    Some(Limit { max, resets: resets(limit) })
}

/// A second number comes to the first by addition (1) or multiplication (2).
fn combined(first: i32, second: i32, operator: Option<i64>) -> i32 {
    if operator == Some(2) { first.saturating_mul(second) } else { first.saturating_add(second) }
}

/// Things write the word, features a number.
fn resets(limit: Value<'_>) -> Option<String> {
    let word = match (limit.int("resetType"), limit.text("resetType").as_deref()) {
        (Some(1), _) | (_, Some("ShortRest")) => "short rest",
        (Some(2), _) | (_, Some("LongRest")) => "long rest",
        (Some(3), _) | (_, Some("Dawn")) => "dawn",
        _ => return None,
    };
    Some(word.to_owned())
}

/// Spell attack and save DC of every class that casts.
pub(super) fn spellcasting(character: &Character<'_>) -> Vec<Spellcasting> {
    let casting = |class: &super::character::ClassRow<'_>| {
        let definition = class.row.present("definition");
        let subclass = class.row.present("subclassDefinition");
        let casts = definition.is_some_and(|d| d.flag("canCastSpells"))
            || subclass.is_some_and(|d| d.flag("canCastSpells"));
        let ability = [definition, subclass].into_iter().flatten();
        let ability = ability.filter_map(|d| number(d, "spellCastingAbilityId")).find_map(tables::ability)?;
        let known = character.spells.iter().any(|row| row.spell.source == class.name);
        (casts || known).then(|| Spellcasting {
            class: class.name.clone(),
            ability,
            attack: number_of(character, class, ability, 0, "spell-attacks"),
            save_dc: number_of(character, class, ability, 8, "spell-save-dc"),
        })
    };
    character.classes.iter().filter_map(casting).collect()
}

fn number_of(
    character: &Character<'_>,
    class: &super::character::ClassRow<'_>,
    ability: Ability,
    base: i32,
    target: &str,
) -> Derived {
    let own = format!("{}-{target}", class.name.to_lowercase());
    let mut parts = vec![
        part("Base", base),
        part(ability.name(), character.modifier(ability)),
        part("Proficiency", character.proficiency_bonus),
    ];
    let counting = character.modifiers.iter().filter(|m| {
        m.kind() == "bonus" && (m.target() == target || m.target() == own) && m.restriction().is_none()
    });
    parts.extend(in_order(counting.map(|m| part(character.label(m), character.amount(m))).collect()));
    derived(parts)
}
