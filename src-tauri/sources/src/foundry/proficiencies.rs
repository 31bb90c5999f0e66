//! What the character is trained in: armour, weapons, tools, languages.

use std::collections::BTreeSet;

use backstory_core::{json::Value, sheet::Proficiencies};

use crate::rules;

use super::{actor::Actor, tables};

/// Training by name.
pub(super) fn proficiencies(actor: &Actor<'_>) -> Proficiencies {
    let mut weapons: BTreeSet<String> = words(actor, "traits.weaponProf", weapon);
    rules::drop_covered(&mut weapons);
    let mut languages = words(actor, "traits.languages", |key| tables::name_in(&tables::LANGUAGES, key));
    languages.extend(telepathy(actor));
    Proficiencies {
        armor: words(actor, "traits.armorProf", |key| tables::name_in(&tables::ARMOR, key)),
        weapons,
        tools: tools(actor),
        languages,
    }
}

/// The words of a list: keys by their name, what effects add, and the player's own, which stand in one text.
pub(super) fn words(actor: &Actor<'_>, list: &str, name: impl Fn(&str) -> String) -> BTreeSet<String> {
    let keys = actor.at(&format!("{list}.value")).into_iter().flat_map(Value::items);
    let mut words: BTreeSet<String> = keys.filter_map(|key| Some(name(&key.as_str()?))).collect();
    words.extend(actor.added_words(&format!("{list}.value")).map(|key| name(&key)));
    let own = actor.text_at(&format!("{list}.custom")).unwrap_or_default();
    words.extend(
        own.split(';').map(str::trim).filter(|word| !word.is_empty()).map(|word| spelled(word, &name)),
    );
    words.retain(|word| !word.is_empty());
    words
}

/// A word of the player's own, spelled as the same thing is when it is picked from the list: `Light Crossbows`.
fn spelled(word: &str, name: &impl Fn(&str) -> String) -> String {
    let key: String = word.to_lowercase().chars().filter(|c| c.is_alphanumeric()).collect();
    let known = tables::WEAPONS.iter().any(|(known, _)| key.trim_end_matches('s') == *known);
    if known { name(key.trim_end_matches('s')) } else { word.to_owned() }
}

fn weapon(key: &str) -> String {
    tables::name_in(&tables::WEAPONS, key)
}

/// Tools: an object by key since 2.1, a list like the others before.
fn tools(actor: &Actor<'_>) -> BTreeSet<String> {
    let name = |key: &str| tables::name_in(&tables::TOOLS, key);
    let mut tools = words(actor, "traits.toolProf", name);
    for (key, row) in actor.at("tools").map(Value::members).into_iter().flatten() {
        let written = row.present("value").and_then(|value| actor.number(value)).unwrap_or(1.0);
        if actor.changed(&format!("tools.{key}.value"), written).0 > 0.0 {
            tools.insert(name(&key));
        }
    }
    tools
}

/// A language that needs no words has a reach.
fn telepathy(actor: &Actor<'_>) -> Option<String> {
    let reach = actor.at("traits.languages.communication.telepathy")?;
    let distance = reach.present("value").and_then(|value| actor.number(value)).filter(|feet| *feet > 0.0)?;
    Some(format!("Telepathy ({distance} {}.)", reach.text("units").unwrap_or_else(|| "ft".to_owned())))
}
