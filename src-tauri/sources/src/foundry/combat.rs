//! Hit points and initiative.

use backstory_core::{
    json::Value,
    sheet::{Ability, Derived, HitPointsMax, Part},
};

use crate::derived::{derived, part};

use super::{
    abilities,
    actor::{Actor, ClassRow, advancement},
    checks, uses,
};

/// Hit points at full health: what the player set, else what the levels gave, Constitution for every level and bonuses.
pub(super) fn hit_points_max(actor: &Actor<'_>) -> HitPointsMax {
    let reckoned = derived(levels(actor));
    let set = actor.at("attributes.hp.max").and_then(|max| actor.number(max)).map(uses::whole);
    match set.filter(|max| *max > 0 && *max != reckoned.value) {
        Some(max) => derived(vec![part("Set by hand", max)]),
        None => reckoned,
    }
}

fn levels(actor: &Actor<'_>) -> Vec<Part> {
    let level = i32::try_from(actor.level).unwrap_or(i32::MAX);
    let mut parts: Vec<_> = actor.classes.iter().map(|class| part(&class.name, rolled(class))).collect();
    parts.push(part("Constitution", actor.modifier(Ability::Con).saturating_mul(level)));
    let each = actor.bonus("attributes.hp.bonuses.level", "Bonus for every level");
    parts.extend(each.into_iter().map(|each| part(each.label, each.value.saturating_mul(level))));
    parts.extend(actor.bonus("attributes.hp.bonuses.overall", "Bonus"));
    parts
}

/// What the levels of a class gave: the whole die (`max`), its average (`avg`), or what was rolled.
fn rolled(class: &ClassRow<'_>) -> i32 {
    let die = i32::try_from(class.hit_die).unwrap_or(0);
    let steps = advancement(class.system);
    let step = steps.iter().find(|step| step.text("type").as_deref() == Some("HitPoints"));
    let given = step.and_then(|step| step.present("value")).map(Value::members).into_iter().flatten();
    let reached = given.filter(|(at, _)| at.parse::<u32>().is_ok_and(|at| at <= class.level));
    let points = reached.map(|(_, points)| match points.as_str().as_deref() {
        Some("max") => die,
        Some("avg") => die / 2 + 1,
        _ => points.as_f64().map_or(0, uses::whole),
    });
    points.fold(0, i32::saturating_add)
}

/// Initiative: an ability and what is added to it.
pub(super) fn initiative(actor: &Actor<'_>) -> Derived {
    let ability = actor.text_at("attributes.init.ability").and_then(|key| abilities::ability(&key));
    let ability = ability.unwrap_or(Ability::Dex);
    let mut parts = vec![part(ability.name(), actor.modifier(ability))];
    // A number without a formula before version 2.
    if actor.at("attributes.init.bonus").is_none() {
        let old = actor.at("attributes.init.value").and_then(|value| actor.number(value)).unwrap_or(0.0);
        parts.push(part("Bonus", uses::whole(old)));
    }
    parts.extend(actor.bonus("attributes.init.bonus", "Bonus"));
    if actor.trait_flag("initiativeAlert") {
        let revised = super::identity::rules(actor) == backstory_core::sheet::Rules::Revised;
        parts.push(part("Alert", if revised { actor.proficiency_bonus } else { 5 }));
    } else {
        parts.extend(checks::jack_of_all_trades(actor));
    }
    parts.extend(checks::all_checks(actor, ability));
    derived(parts)
}
