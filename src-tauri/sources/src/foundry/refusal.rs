//! Actors that are no character of dnd5e, in a player's words.

use backstory_core::{
    error::{Code, Error, Result},
    json::Value,
};

use crate::decode::KEPT;

use super::envelope::Found;

/// Game systems by the name Foundry knows them by.
const SYSTEMS: [(&str, &str); 20] = [
    ("a5e", "Level Up: Advanced 5th Edition"),
    ("alienrpg", "Alien RPG"),
    ("archmage", "13th Age"),
    ("CoC7", "Call of Cthulhu"),
    ("cyberpunk-red-core", "Cyberpunk RED"),
    ("cyphersystem", "Cypher System"),
    ("daggerheart", "Daggerheart"),
    ("dcc", "Dungeon Crawl Classics"),
    ("dnd4e", "D&D 4th Edition"),
    ("dragonbane", "Dragonbane"),
    ("ose", "Old-School Essentials"),
    ("pf1", "Pathfinder First Edition"),
    ("pf2e", "Pathfinder Second Edition"),
    ("sfrpg", "Starfinder"),
    ("shadowdark", "Shadowdark"),
    ("shadowrun5e", "Shadowrun"),
    ("sw5e", "Star Wars 5e"),
    ("swade", "Savage Worlds"),
    ("vtm5e", "Vampire: The Masquerade"),
    ("wfrp4e", "Warhammer Fantasy Roleplay"),
];

/// Kinds of items that only one other system has, for exports that do not say which they are of.
const TELLTALES: [(&str, &str); 6] = [
    ("ancestry", "pf2e"),
    ("heritage", "pf2e"),
    ("lore", "pf2e"),
    ("archetype", "sw5e"),
    ("maneuver", "sw5e"),
    ("power", "sw5e"),
];

/// Refuses what is no character of dnd5e.
pub(super) fn check(found: &Found<'_>) -> Result<()> {
    let system = stated_system(found).or_else(|| guessed_system(found));
    match system.as_deref() {
        Some("dnd5e") => {}
        Some(other) => return Err(other_system(Some(other))),
        None if found.system().is_some_and(looks_like_dnd5e) => {}
        None => return Err(other_system(None)),
    }
    match found.actor.text("type").unwrap_or_default().as_str() {
        "character" => Ok(()),
        kind => Err(other_kind(kind)),
    }
}

/// The system, where the document says it.
fn stated_system(found: &Found<'_>) -> Option<String> {
    let stats = found.actor.present("_stats");
    let flagged = found.actor.path(&["flags", "exportSource"]);
    stats
        .and_then(|stats| stats.text("systemId"))
        .or_else(|| stats?.present("exportSource")?.text("systemId"))
        .or_else(|| found.document.text("systemId"))
        .or_else(|| flagged?.text("system"))
}

fn guessed_system(found: &Found<'_>) -> Option<String> {
    let kinds = found.actor.list("items").filter_map(|item| item.text("type"));
    let known = |kind: String| TELLTALES.iter().find(|(telltale, _)| *telltale == kind);
    kinds.filter_map(known).map(|(_, system)| (*system).to_owned()).next()
}

/// The six abilities with their scores.
fn looks_like_dnd5e(system: Value<'_>) -> bool {
    ["str", "dex", "con", "int", "wis", "cha"]
        .iter()
        .all(|key| system.path(&["abilities", key]).is_some_and(|ability| ability.get("value").is_some()))
}

fn other_system(id: Option<&str>) -> Error {
    let known = id.and_then(|id| SYSTEMS.iter().find(|(known, _)| *known == id));
    let message = match (known, id) {
        (Some((_, name)), _) => format!("This Foundry actor is from {name}. Backstory reads D&D 5e only."),
        (None, Some(id)) => {
            let id: String = id.chars().filter(|c| !c.is_control()).take(40).collect();
            format!("This Foundry actor is of the game system “{id}”. Backstory reads D&D 5e only.")
        }
        (None, None) => "This Foundry actor is not of D&D 5e, the only system Backstory reads.".to_owned(),
    };
    let error = Error::new(Code::FormatUnsupported, message)
        .kept(KEPT)
        .hint("Import an actor of Foundry’s “Dungeons & Dragons Fifth Edition” system (dnd5e).");
    match id {
        Some(id) => error.detail("system", id),
        None => error,
    }
}

fn other_kind(kind: &str) -> Error {
    let what = match kind {
        "npc" => "an NPC".to_owned(),
        "vehicle" => "a vehicle".to_owned(),
        "group" => "a group".to_owned(),
        "encounter" => "an encounter".to_owned(),
        other => {
            format!(
                "of the kind “{}”",
                other.chars().filter(|c| !c.is_control()).take(40).collect::<String>()
            )
        }
    };
    let message = format!("This Foundry actor is {what}. Backstory keeps player characters.");
    Error::new(Code::FormatUnsupported, message)
        .kept(KEPT)
        .hint("In Foundry, export an actor of the type Player Character.")
        .detail("type", kind)
}

/// What [`super::FoundrySource`] says of a document that is no actor at all.
pub(super) fn not_an_actor() -> Error {
    Error::new(Code::FormatUnknown, "This is not a Foundry actor.")
        .kept(KEPT)
        .hint("In Foundry, right-click the character in the Actors tab and choose Export Data.")
}
