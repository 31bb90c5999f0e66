//! How many spell slots the character has. The document only counts the used ones: the maxima follow from the rules.

use backstory_core::{json::Value, sheet::SpellSlots};

use crate::rules::{self, Caster, Share};

use super::{
    character::{Character, ClassRow},
    identity::definition_name,
};

/// Slots by level, a warlock's after the others.
pub(super) fn spell_slots(character: &Character<'_>) -> Vec<SpellSlots> {
    let casters: Vec<_> = character.classes.iter().filter(|c| !is_pact(c)).filter_map(caster).collect();
    let mut slots: Vec<_> = (1..)
        .zip(rules::slots(&casters))
        .map(|(level, max)| SpellSlots { level, max, pact: false })
        .collect();
    let pact = character.classes.iter().filter(|class| is_pact(class)).map(|class| class.level).max();
    if let Some((level, max)) = pact.map(rules::pact_slots) {
        slots.push(SpellSlots { level, max, pact: true });
    }
    slots.retain(|slots| slots.max > 0);
    slots
}

fn is_pact(class: &ClassRow<'_>) -> bool {
    class.name == "Warlock"
        || class
            .row
            .list("classFeatures")
            .any(|f| definition_name(f, "definition").as_deref() == Some("Pact Magic"))
}

/// A class casts by itself, or by its subclass (Eldritch Knight, Arcane Trickster).
fn caster(class: &ClassRow<'_>) -> Option<Caster> {
    let own = class.row.present("definition");
    let subclass = class.row.present("subclassDefinition");
    let casts = |definition: &Value<'_>| definition.flag("canCastSpells");
    own.filter(casts).or_else(|| subclass.filter(casts))?;
    let rules = [subclass.filter(casts), own]
        .into_iter()
        .flatten()
        .filter_map(|definition| definition.present("spellRules"))
        .find(|rules| rules.list("levelSpellSlots").next().is_some());
    let share = rules.and_then(share).unwrap_or_else(|| known_share(&class.name));
    let level = class.level.min(20);
    let table = rules.and_then(|rules| rules.present("levelSpellSlots"));
    Some(Caster { level, share, own: table.and_then(|table| own_row(table, level)) })
}

fn share(rules: Value<'_>) -> Option<Share> {
    let divisor =
        rules.int("multiClassSpellSlotDivisor").and_then(|n| u32::try_from(n).ok()).filter(|n| *n > 0)?;
    // 1 rounds down; 2 rounds up.
    Some(Share { divisor, up: rules.int("multiClassSpellSlotRounding") == Some(2) })
}

/// The rules, for documents of 2019 that do not carry them.
fn known_share(class: &str) -> Share {
    match class {
        "Paladin" | "Ranger" => Share { divisor: 2, up: false },
        "Artificer" => Share { divisor: 2, up: true },
        "Fighter" | "Rogue" => Share { divisor: 3, up: false },
        _ => Share { divisor: 1, up: false },
    }
}

/// The row of the class's own table.
fn own_row(table: Value<'_>, level: u32) -> Option<[u32; 9]> {
    let row = table.items().nth(usize::try_from(level).ok()?)?;
    let mut slots = [0; 9];
    for (slot, value) in slots.iter_mut().zip(row.items()) {
        *slot = value.as_i64().and_then(|n| u32::try_from(n).ok()).unwrap_or(0).min(99);
    }
    Some(slots)
}
