//! Spell slots: how many follows from the classes, what is left stands in the document.

use std::collections::BTreeMap;

use backstory_core::{
    json::Value,
    sheet::{Rules, SpellSlots},
};

use crate::rules::{self, Caster, Share};

use super::{
    actor::{Actor, ClassRow},
    identity, uses,
};

/// How a class casts, or its subclass where the class does not: `full`, `half`, `third`, `artificer`, `pact`.
pub(super) fn progression(class: &ClassRow<'_>) -> Option<String> {
    let subclass = class.subclass.as_ref().and_then(|subclass| subclass.system);
    let of =
        |system: Value<'_>| system.present("spellcasting")?.text("progression").filter(|word| word != "none");
    of(class.system).or_else(|| subclass.and_then(of))
}

fn caster(class: &ClassRow<'_>) -> Option<Caster> {
    // The half casters of 2024 round up and cast from first level.
    let revised = identity::class_rules(class.system) == Rules::Revised;
    let share = match progression(class)?.as_str() {
        "full" => Share { divisor: 1, up: false },
        "half" => Share { divisor: 2, up: revised },
        "artificer" => Share { divisor: 2, up: true },
        "third" => Share { divisor: 3, up: false },
        _ => return None,
    };
    Some(Caster { level: class.level.min(20), share, own: None })
}

/// Slots by level, a warlock's after the others. What the player set by hand counts.
pub(super) fn spell_slots(actor: &Actor<'_>) -> Vec<SpellSlots> {
    let casters: Vec<_> = actor.classes.iter().filter_map(caster).collect();
    let mut slots = Vec::new();
    for (level, reckoned) in (1..).zip(rules::slots(&casters)) {
        let max = maximum(actor, &format!("spells.spell{level}"), reckoned);
        slots.push(SpellSlots { level, max, pact: false });
    }
    let pact = actor.classes.iter().filter(|class| progression(class).as_deref() == Some("pact"));
    let (level, reckoned) = pact.map(|class| class.level).max().map_or((0, 0), rules::pact_slots);
    let max = maximum(actor, "spells.pact", reckoned);
    slots.push(SpellSlots { level: level.max(1), max, pact: true });
    slots.retain(|slots| slots.max > 0);
    slots
}

fn maximum(actor: &Actor<'_>, path: &str, reckoned: u32) -> u32 {
    let set = actor.at(&format!("{path}.override")).and_then(|set| actor.number(set));
    let base = set.unwrap_or_else(|| reckoned.into());
    let (max, _) = actor.changed(&format!("{path}.max"), base);
    u32::try_from(uses::whole(max)).unwrap_or(0)
}

/// Used slots by level: the ordinary ones and a warlock's. The document counts those that are left.
pub(super) fn used(actor: &Actor<'_>) -> (BTreeMap<u32, u32>, BTreeMap<u32, u32>) {
    let (mut ordinary, mut pact) = (BTreeMap::new(), BTreeMap::new());
    for slots in spell_slots(actor) {
        let (key, used) = if slots.pact {
            ("pact".to_owned(), &mut pact)
        } else {
            (format!("spell{}", slots.level), &mut ordinary)
        };
        let left = actor.at(&format!("spells.{key}.value")).and_then(|left| actor.number(left));
        let Some(left) = left.map(|left| u32::try_from(uses::whole(left)).unwrap_or(0)) else { continue };
        if left < slots.max {
            used.insert(slots.level, slots.max - left);
        }
    }
    (ordinary, pact)
}
