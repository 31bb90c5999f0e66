//! Who the character is: its history, name, species, background, classes, edition, experience.
//!
//! Foundry has no number that is the same in every export, so the history is found by the first of these:
//!
//! 1. The actor's own id, which native exports since Foundry 13 write into `_stats.exportSource.uuid` and others, as the
//!    exports of a macro, as `_id`. It is random, so the world it is from adds nothing; and left out, the export of a macro
//!    (which does not name the world) lands in the same history as a native one.
//! 2. The number of the character on D&D Beyond, where the ddb-importer module left it.
//! 3. The world and the actor's name. Native exports before Foundry 13 mostly carry no id at all, and a player who exports
//!    the same actor every week wants one history, not a refusal. Renaming the actor begins another one.
//!
//! The importer's number is told beside the id in any case ([`Reading::linked`](backstory_core::source::Reading::linked)): it
//! is the only thing that stays when an actor is made anew or brought to another world, and by it the library goes on with
//! the history it knows. In one history of six months the actor was deleted and imported again, and name and this number
//! are all that the two had in common.

use backstory_core::{
    error::{Code, Error, Result},
    json::{Kind, Value},
    model::{CharacterId, ContentHash},
    sheet::{Class, Rules},
};
use jiff::Timestamp;

use crate::{
    decode::KEPT,
    fields::{count, says_something},
};

use super::{
    actor::{Actor, ClassRow, Row, Subclass, slug},
    envelope::Found,
    tables,
};

/// Whose the document is.
pub(super) struct Identity {
    pub(super) character: CharacterId,
    /// The character on D&D Beyond it was imported from.
    pub(super) linked: Option<CharacterId>,
}

/// Whose the document is. How that is found is told at the top of this file.
pub(super) fn identity(found: &Found<'_>) -> Result<Identity> {
    let number = beyond_number(found.actor);
    let linked = number.as_ref().map(|number| CharacterId::new(format!("ddb-{number}"))).transpose()?;
    let of_number = || Some(format!("ddb-{}", number.as_ref()?));
    let text = actor_id(found.actor).map(|id| lowered(&id)).or_else(of_number).or_else(|| named(found.actor));
    let text = text.ok_or_else(nobody)?;
    Ok(Identity { character: CharacterId::new(format!("foundry-{text}"))?, linked })
}

fn nobody() -> Error {
    Error::new(Code::FormatUnknown, "This Foundry actor has neither an id nor a name.")
        .kept(KEPT)
        .hint("Give the actor a name in Foundry, export it again, then import the new file.")
}

/// The character's number on D&D Beyond, as the ddb-importer module keeps it.
fn beyond_number(actor: Value<'_>) -> Option<String> {
    let number = actor.path(&["flags", "ddbimporter", "dndbeyond"])?.id("characterId")?;
    let digits = !number.is_empty() && number.len() < 20 && number.bytes().all(|b| b.is_ascii_digit());
    (digits && number.bytes().any(|b| b != b'0')).then_some(number)
}

/// The actor's id: the last part of `Actor.TNFU2mNGnpdORuVT`, else `_id`.
fn actor_id(actor: Value<'_>) -> Option<String> {
    let source = actor.path(&["_stats", "exportSource"]).and_then(|source| source.text("uuid"));
    let of_source = source.and_then(|uuid| uuid.rsplit('.').next().map(str::to_owned));
    of_source.filter(|id| !id.is_empty()).or_else(|| actor.text("_id"))
}

/// The world and the name, for exports without any id.
fn named(actor: Value<'_>) -> Option<String> {
    let name = actor.text("name")?;
    let world = actor.path(&["_stats", "exportSource"]).and_then(|source| source.text("worldId"));
    let world = world.or_else(|| actor.path(&["flags", "exportSource"])?.text("world")).unwrap_or_default();
    let readable = kept(&slug(&name), 40);
    Some(format!("named-{readable}-{}", short_hash(&format!("{world}\n{}", name.to_lowercase()))))
}

/// An id as a part of a character's id, which has small letters only. Where something was lost, a short hash of the whole
/// keeps two ids apart that differ only in that.
fn lowered(id: &str) -> String {
    let readable = kept(&id.to_ascii_lowercase(), 64);
    if readable == id { readable } else { format!("{readable}-{}", short_hash(id)) }
}

/// What of a text may stand in a character's id.
fn kept(text: &str, longest: usize) -> String {
    text.chars().filter(|c| c.is_ascii_lowercase() || c.is_ascii_digit()).take(longest).collect()
}

fn short_hash(text: &str) -> String {
    ContentHash::of(text.as_bytes()).to_string().chars().take(8).collect()
}

/// When the actor was last changed, else when it was exported: an export of a macro says only that.
pub(super) fn edited_at(found: &Found<'_>) -> Option<Timestamp> {
    let changed = found.actor.present("_stats").and_then(|stats| stats.int("modifiedTime"));
    changed
        .filter(|time| *time > 0)
        .and_then(|time| Timestamp::from_millisecond(time).ok())
        .or_else(|| found.document.text("exportedAt")?.parse().ok())
}

/// The name; a character that was never given one is called so.
pub(super) fn name(root: Value<'_>) -> String {
    root.text("name").unwrap_or_else(|| "Unnamed character".to_owned())
}

/// Species or background: an item of that kind, a plain text before 2.4. An id that leads nowhere is no name.
pub(super) fn origin(system: Value<'_>, items: &[Row<'_>], kind: &str) -> Option<String> {
    let told = system.present("details").and_then(|details| details.text(kind));
    let of_kind = || items.iter().filter(|item| item.kind == kind);
    let named = of_kind().find(|item| Some(&item.id) == told.as_ref()).or_else(|| of_kind().next());
    let is_id = |text: &String| text.len() == 16 && text.bytes().all(|b| b.is_ascii_alphanumeric());
    named.map(|item| item.name.clone()).or_else(|| told.filter(|text| !is_id(text)))
}

/// Classes, the one the character began with first, then by name.
pub(super) fn class_rows<'a>(system: Value<'a>, items: &[Row<'a>]) -> Vec<ClassRow<'a>> {
    let first = system.present("details").and_then(|details| details.text("originalClass"));
    let mut classes: Vec<_> =
        items.iter().filter(|item| item.kind == "class").map(|item| class(item, items)).collect();
    classes.sort_by_cached_key(|class| {
        (Some(&class.id) != first.as_ref(), class.name.clone(), class.id.clone())
    });
    classes
}

fn class<'a>(item: &Row<'a>, items: &[Row<'a>]) -> ClassRow<'a> {
    let identifier = item.identifier();
    let of_class = |sub: &&Row<'a>| {
        sub.kind == "subclass" && sub.system.text("classIdentifier").as_deref() == Some(identifier.as_str())
    };
    let subclass = items.iter().find(of_class).map(|sub| Subclass {
        name: sub.name.clone(),
        identifier: sub.identifier(),
        system: Some(sub.system),
    });
    let written = || {
        let name = item.system.text("subclass")?;
        Some(Subclass { identifier: slug(&name), name, system: None })
    };
    let subclass = subclass.or_else(written);
    ClassRow {
        system: item.system,
        id: item.id.clone(),
        name: item.name.clone(),
        level: item.count("levels").min(99),
        hit_die: hit_die(item.system),
        identifier,
        subclass,
    }
}

/// Sides of the hit die: `hitDice: "d8"` up to version 4, `hd.denomination` since 5.
fn hit_die(system: Value<'_>) -> u32 {
    let die = system.present("hd").and_then(|hd| hd.text("denomination")).or_else(|| system.text("hitDice"));
    die.and_then(|die| die.trim_start_matches('d').parse().ok()).filter(|sides| *sides <= 100).unwrap_or(0)
}

/// Classes as the sheet has them.
pub(super) fn classes(actor: &Actor<'_>) -> Vec<Class> {
    let sheet_class = |class: &ClassRow<'_>| Class {
        // Levelling by D&D Beyond makes the class item anew; what other items call it stays.
        key: class.identifier.clone(),
        name: class.name.clone(),
        subclass: class.subclass.as_ref().map(|subclass| subclass.name.clone()),
        level: class.level,
        hit_die: class.hit_die,
    };
    actor.classes.iter().map(sheet_class).collect()
}

/// The edition each class says it is of (from version 4 on; what is older is of 2014). Species and background say it too,
/// but those that a player made have whatever the world is set to.
pub(super) fn rules(actor: &Actor<'_>) -> Rules {
    let editions = actor.classes.iter().map(|class| class_rules(class.system));
    editions.reduce(|a, b| if a == b { a } else { Rules::Mixed }).unwrap_or_default()
}

/// The edition of one class.
pub(super) fn class_rules(system: Value<'_>) -> Rules {
    let told = system.present("source").and_then(|source| source.text("rules"));
    if told.as_deref() == Some("2024") { Rules::Revised } else { Rules::Legacy }
}

/// Experience, as far as the character counts it. Foundry hides it in worlds that level by milestones but does not say so
/// in the actor.
pub(super) fn xp(actor: &Actor<'_>) -> Option<i64> {
    let xp = actor.at("details.xp.value").and_then(Value::as_i64)?;
    Some(xp.clamp(-999_999_999, 999_999_999))
}

/// Members of `system` that Backstory does not know, sorted. One that says nothing is left out: every version of the system
/// adds some to every character, and no player could tell.
pub(super) fn unknown_fields(actor: &Actor<'_>) -> Vec<String> {
    let members = actor.system.members().filter(|(_, value)| says_something(*value));
    let mut unknown: Vec<_> = members
        .filter(|(key, value)| !tables::KNOWN_FIELDS.contains(&key.as_ref()) && !is_hollow(*value))
        .map(|(key, _)| key.into_owned())
        .collect();
    unknown.sort();
    unknown.dedup();
    unknown
}

/// Whether nothing inside an object says anything.
fn is_hollow(value: Value<'_>) -> bool {
    value.kind() == Kind::Object && !value.members().any(|(_, member)| says_something(member))
}

/// Hit points lost and temporary ones.
pub(super) fn wounds(actor: &Actor<'_>, max: i32) -> (i32, i32) {
    let Some(points) = actor.at("attributes.hp") else { return (0, 0) };
    let now = points.present("value").and_then(|value| actor.number(value));
    // What raises the maximum for a while is healed with it: only what lacks to both together is lost.
    let raised = points.present("tempmax").and_then(|value| actor.number(value)).unwrap_or(0.0);
    let lost = now.map_or(0.0, |now| (f64::from(max) + raised - now).max(0.0));
    (super::uses::whole(lost), i32::try_from(count(points, "temp")).unwrap_or(0))
}
