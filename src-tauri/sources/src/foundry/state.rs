//! What a rest, a fight or a minute changes.

use std::collections::BTreeMap;

use backstory_core::{json::Value, sheet::State};

use crate::fields::{count, says_something};

use super::{actor::Actor, combat, identity, slots, spells, tables, uses};

/// The state; what is at rest is left out.
pub(super) fn state(actor: &Actor<'_>) -> State {
    let (hit_points_lost, temporary_hit_points) =
        identity::wounds(actor, combat::hit_points_max(actor).value);
    let (slots_used, pact_used) = slots::used(actor);
    let death = actor.at("attributes.death");
    State {
        hit_points_lost,
        temporary_hit_points,
        hit_dice_used: hit_dice_used(actor),
        slots_used,
        pact_used,
        prepared: spells::prepared(actor),
        uses_spent: uses::spent(actor),
        death_saves: death.map_or((0, 0), |death| (count(death, "success"), count(death, "failure"))),
        inspiration: actor.at("attributes.inspiration").is_some_and(says_something),
        conditions: conditions(actor),
    }
}

/// `hitDiceUsed` up to version 4, `hd.spent` since 5.
fn hit_dice_used(actor: &Actor<'_>) -> BTreeMap<String, u32> {
    let mut used = BTreeMap::new();
    for class in &actor.classes {
        let spent = class
            .system
            .present("hd")
            .map_or_else(|| count(class.system, "hitDiceUsed"), |hd| count(hd, "spent"));
        if spent > 0 {
            let sum: &mut u32 = used.entry(class.name.clone()).or_default();
            *sum = sum.saturating_add(spent);
        }
    }
    used
}

/// Conditions by name: effects that carry one. Exhaustion has a level; the others have 1, for "there".
fn conditions(actor: &Actor<'_>) -> BTreeMap<String, u32> {
    let mut conditions = BTreeMap::new();
    for effect in actor.root.list("effects").filter(|effect| !effect.flag("disabled")) {
        let newer = effect.list("statuses").filter_map(|status| Some(status.as_str()?.into_owned()));
        let older = effect.path(&["flags", "core"]).and_then(|core| core.text("statusId"));
        for status in newer.chain(older) {
            let known = tables::STATUSES.iter().find(|(key, _)| *key == status);
            conditions.extend(known.map(|(_, name)| ((*name).to_owned(), 1)));
        }
    }
    let exhaustion =
        actor.at("attributes.exhaustion").and_then(Value::as_i64).and_then(|n| u32::try_from(n).ok());
    match exhaustion.map(|level| level.min(10)) {
        Some(0) => drop(conditions.remove("Exhaustion")),
        Some(level) => drop(conditions.insert("Exhaustion".to_owned(), level)),
        None => {}
    }
    conditions
}
