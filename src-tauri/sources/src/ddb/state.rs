//! What a rest, a fight or a minute changes.

use std::collections::BTreeMap;

use backstory_core::{json::Value, sheet::State};

use crate::rules;

use super::{
    character::{Character, count, grouped},
    identity, spells,
};

/// The state; what is at rest is left out.
pub(super) fn state(character: &Character<'_>) -> State {
    let root = character.root;
    let (hit_points_lost, temporary_hit_points) = identity::wounds(root);
    State {
        hit_points_lost,
        temporary_hit_points,
        hit_dice_used: hit_dice_used(character),
        slots_used: used_by_level(root, "spellSlots"),
        pact_used: used_by_level(root, "pactMagic"),
        prepared: spells::prepared(character),
        uses_spent: uses_spent(character),
        death_saves: death_saves(root),
        inspiration: root.flag("inspiration"),
        conditions: conditions(root),
    }
}

fn hit_dice_used(character: &Character<'_>) -> BTreeMap<String, u32> {
    let mut used = BTreeMap::new();
    for class in &character.classes {
        add(&mut used, class.name.clone(), count(class.row, "hitDiceUsed"));
    }
    used
}

fn used_by_level(root: Value<'_>, key: &str) -> BTreeMap<u32, u32> {
    let mut used = BTreeMap::new();
    for row in root.list(key) {
        add(&mut used, count(row, "level"), count(row, "used"));
    }
    used
}

fn add<K: Ord>(map: &mut BTreeMap<K, u32>, key: K, value: u32) {
    if value > 0 {
        let sum = map.entry(key).or_insert(0);
        *sum = sum.saturating_add(value);
    }
}

/// Uses spent of actions, granted spells and things. Those of one name are added: a player counts them together.
fn uses_spent(character: &Character<'_>) -> BTreeMap<String, u32> {
    let mut spent = BTreeMap::new();
    let used = |row: Value<'_>| row.present("limitedUse").map_or(0, |limit| count(limit, "numberUsed"));
    for (_, row) in grouped(character.root, "actions") {
        let name = row.text("name").unwrap_or_else(|| "Unnamed action".to_owned());
        add(&mut spent, name, used(row));
    }
    for (_, row) in grouped(character.root, "spells") {
        let name = row.present("definition").and_then(|definition| definition.text("name"));
        add(&mut spent, name.unwrap_or_else(|| "Unnamed spell".to_owned()), used(row));
    }
    for thing in &character.things {
        // The same charges stand in two places; older documents have only one of them.
        add(&mut spent, thing.name.clone(), used(thing.row).max(count(thing.row, "chargesUsed")));
    }
    spent
}

/// Successes and failures.
fn death_saves(root: Value<'_>) -> (u32, u32) {
    root.present("deathSaves")
        .map_or((0, 0), |saves| (count(saves, "successCount"), count(saves, "failCount")))
}

/// Conditions by name. Exhaustion has a level; the others have 1, for "there".
fn conditions(root: Value<'_>) -> BTreeMap<String, u32> {
    let mut conditions = BTreeMap::new();
    for row in root.list("conditions") {
        let id = count(row, "id");
        let known = usize::try_from(id).ok().and_then(|id| rules::CONDITIONS.get(id.checked_sub(1)?));
        let name = known.map_or_else(|| format!("Condition {id}"), |name| (*name).to_owned());
        conditions.insert(name, count(row, "level").max(1));
    }
    conditions
}
