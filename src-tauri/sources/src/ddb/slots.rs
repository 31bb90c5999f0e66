//! How many spell slots the character has. The document only counts the used ones: the maxima follow from the rules.

use backstory_core::{json::Value, sheet::SpellSlots};

use super::{
    character::{Character, ClassRow},
    identity::definition_name,
    tables,
};

/// What share of its levels a class casts with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Share {
    divisor: u32,
    up: bool,
}

/// A class that casts, with its own table where the document has one.
struct Caster<'a> {
    level: u32,
    share: Share,
    table: Option<Value<'a>>,
}

/// Slots by level, a warlock's after the others.
pub(super) fn spell_slots(character: &Character<'_>) -> Vec<SpellSlots> {
    let casters: Vec<_> = character.classes.iter().filter(|c| !is_pact(c)).filter_map(caster).collect();
    let row = match casters.as_slice() {
        [] => [0; 9],
        // A single casting class has its own table: a half or third caster alone rounds up, together they round down.
        [one] => own_row(one),
        several => tables::SLOTS[several.iter().map(multiclass_level).sum::<usize>().min(20)],
    };
    let mut slots: Vec<_> =
        (1..).zip(row).map(|(level, max)| SpellSlots { level, max, pact: false }).collect();
    let pact = character.classes.iter().filter(|class| is_pact(class)).map(|class| class.level).max();
    if let Some((level, max)) = pact.map(tables::pact_slots) {
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
fn caster<'a>(class: &ClassRow<'a>) -> Option<Caster<'a>> {
    let own = class.row.present("definition");
    let subclass = class.row.present("subclassDefinition");
    let casts = |definition: &Value<'a>| definition.flag("canCastSpells");
    own.filter(casts).or_else(|| subclass.filter(casts))?;
    let rules = [subclass.filter(casts), own]
        .into_iter()
        .flatten()
        .filter_map(|definition| definition.present("spellRules"))
        .find(|rules| rules.list("levelSpellSlots").next().is_some());
    let share = rules.and_then(share).unwrap_or_else(|| known_share(&class.name));
    Some(Caster {
        level: class.level.min(20),
        share,
        table: rules.and_then(|rules| rules.present("levelSpellSlots")),
    })
}

fn share(rules: Value<'_>) -> Option<Share> {
    let divisor =
        rules.int("multiClassSpellSlotDivisor").and_then(|n| u32::try_from(n).ok()).filter(|n| *n > 0)?;
    // 1 rounds down; 2 rounds up (an artificer, the half casters of 2024).
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

fn multiclass_level(caster: &Caster<'_>) -> usize {
    let Share { divisor, up } = caster.share;
    let level = if up { caster.level.div_ceil(divisor) } else { caster.level / divisor };
    usize::try_from(level).unwrap_or(20)
}

/// The class's own table; without one, the common table at the level its share rounds up to.
fn own_row(caster: &Caster<'_>) -> [u32; 9] {
    let level = usize::try_from(caster.level).unwrap_or(20);
    if let Some(row) = caster.table.and_then(|table| table.items().nth(level)) {
        let mut slots = [0; 9];
        for (slot, value) in slots.iter_mut().zip(row.items()) {
            *slot = value.as_i64().and_then(|n| u32::try_from(n).ok()).unwrap_or(0).min(99);
        }
        return slots;
    }
    // Half casters start at second level, third casters at third; the artificer at first.
    let starts = caster.share.up || caster.level >= caster.share.divisor;
    let rounded = if starts { caster.level.div_ceil(caster.share.divisor) } else { 0 };
    tables::SLOTS[usize::try_from(rounded).unwrap_or(20).min(20)]
}
