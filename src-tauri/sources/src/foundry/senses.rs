//! Speeds, size, senses, and what harms less, more or not at all.

use std::collections::{BTreeMap, BTreeSet};

use backstory_core::{json::Value, sheet::Defenses};

use super::{actor::Actor, proficiencies, tables, uses};

/// Speeds in feet; those the character does not have are left out.
pub(super) fn speeds(actor: &Actor<'_>) -> BTreeMap<String, i32> {
    let kinds = ["walk", "burrow", "climb", "fly", "swim"];
    let own = actor.at("attributes.movement");
    let species = species_member(actor, "movement");
    let of = |kind: &str| distance(actor, &format!("attributes.movement.{kind}"), kind, [own, species]);
    kinds.into_iter().filter_map(|kind| Some((kind.to_owned(), of(kind)?))).collect()
}

/// Senses in feet.
pub(super) fn senses(actor: &Actor<'_>) -> BTreeMap<String, i32> {
    // From version 5.3 the distances stand one step deeper.
    let ranges = |senses: Value<'_>| senses.present("ranges").is_some();
    let own = actor.at("attributes.senses");
    let species = species_member(actor, "senses");
    let deeper = |senses: Option<Value<'_>>| senses.is_some_and(ranges);
    let mut found = BTreeMap::new();
    for kind in ["darkvision", "blindsight", "tremorsense", "truesight"] {
        let own = if deeper(own) { actor.at("attributes.senses.ranges") } else { own };
        let species =
            if deeper(species) { species.and_then(|senses| senses.present("ranges")) } else { species };
        let path = format!("attributes.senses.{kind}");
        found.extend(distance(actor, &path, kind, [own, species]).map(|feet| (kind.to_owned(), feet)));
    }
    found
}

fn species_member<'a>(actor: &Actor<'a>, key: &str) -> Option<Value<'a>> {
    actor.of_kind(&["race"]).find_map(|species| species.system.present(key))
}

/// A distance of the actor; where the actor leaves it to the species, the species'. A number, or a formula since 5.1.
fn distance(actor: &Actor<'_>, path: &str, kind: &str, places: [Option<Value<'_>>; 2]) -> Option<i32> {
    let read = |place: Value<'_>| {
        let feet = actor.number(place.present(kind)?)?;
        // 1.5 m of a metric world are 5 feet.
        let metric = place.text("units").as_deref() == Some("m");
        Some(if metric { feet * 10.0 / 3.0 } else { feet })
    };
    let base = places.into_iter().flatten().find_map(read).unwrap_or(0.0);
    let deeper = path.replace(".senses.", ".senses.ranges.");
    let (mut feet, _) = actor.changed(path, base);
    if deeper != path {
        feet = actor.changed(&deeper, feet).0;
    }
    Some(uses::whole(feet)).filter(|feet| *feet > 0)
}

/// The size, by its name in the rules.
pub(super) fn size(actor: &Actor<'_>) -> Option<String> {
    let set = actor.set_word("traits.size").map(str::to_owned);
    let key = set.or_else(|| actor.text_at("traits.size"))?;
    let known = tables::SIZES.iter().find(|(known, _)| *known == key);
    Some(known.map_or_else(|| tables::readable(&key), |(_, name)| (*name).to_owned()))
}

/// Resistances, immunities (also to conditions) and vulnerabilities.
pub(super) fn defenses(actor: &Actor<'_>) -> Defenses {
    let mut immunities = damage(actor, "di");
    immunities
        .extend(proficiencies::words(actor, "traits.ci", |key| tables::name_in(&tables::STATUSES, key)));
    Defenses { resistances: damage(actor, "dr"), immunities, vulnerabilities: damage(actor, "dv") }
}

/// Kinds of damage. What magic weapons or silver get past is said with it.
fn damage(actor: &Actor<'_>, kind: &str) -> BTreeSet<String> {
    let list = format!("traits.{kind}");
    let bypasses: Vec<String> = actor
        .at(&format!("{list}.bypasses"))
        .into_iter()
        .flat_map(Value::items)
        .filter_map(|key| Some(tables::name_in(&tables::BYPASSES, &key.as_str()?)))
        .collect();
    proficiencies::words(actor, &list, |key| {
        let name = tables::readable(key);
        let physical = ["bludgeoning", "piercing", "slashing", "physical"].contains(&key);
        if physical && !bypasses.is_empty() {
            format!("{name} (not {})", bypasses.join(", not "))
        } else {
            name
        }
    })
}
