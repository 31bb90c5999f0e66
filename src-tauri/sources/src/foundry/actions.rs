//! What the character can do, and casts spells with.

use backstory_core::{
    json::Value,
    sheet::{Ability, Action, Derived, Spellcasting},
};

use crate::{
    derived::{derived, part},
    fields::Keys,
};

use super::{
    abilities,
    actor::{Actor, ClassRow, Row},
    features::{self, Sources},
    slots,
};

/// Features that are used, by name.
pub(super) fn actions(actor: &Actor<'_>) -> Vec<Action> {
    let mut keys = Keys::default();
    let sources = Sources::of(actor);
    let used = features::own(actor).filter_map(|item| {
        Some(Action {
            takes: takes(item)?,
            key: keys.distinct(item.id.clone()),
            name: item.name.clone(),
            source: sources.source(item),
        })
    });
    let mut actions: Vec<Action> = used.collect();
    actions.sort_by(|a, b| (&a.name, &a.source, &a.key).cmp(&(&b.name, &b.source, &b.key)));
    actions
}

/// The quickest way to use a feature; none of all for one that is never used but always holds.
fn takes(item: &Row<'_>) -> Option<Option<String>> {
    let words = [
        ("bonus", "bonus action"),
        ("reaction", "reaction"),
        ("action", "action"),
        ("minute", "minute"),
        ("hour", "hour"),
    ];
    let kinds = activations(item);
    let known = words.into_iter().find(|(kind, _)| kinds.iter().any(|k| k == kind));
    (!kinds.is_empty()).then(|| known.map(|(_, word)| word.to_owned()))
}

/// `activation.type`, since version 4 one for each activity.
fn activations(item: &Row<'_>) -> Vec<String> {
    let kind = |row: Value<'_>| row.present("activation")?.text("type").filter(|kind| kind != "none");
    let activities = item.system.present("activities").map(Value::members).into_iter().flatten();
    let mut kinds: Vec<_> = activities.filter_map(|(_, activity)| kind(activity)).collect();
    kinds.extend(kind(item.system));
    kinds
}

/// Spell attack and save DC of every class that casts.
pub(super) fn spellcasting(actor: &Actor<'_>) -> Vec<Spellcasting> {
    let casting = |class: &ClassRow<'_>| {
        slots::progression(class)?;
        let subclass = class.subclass.as_ref().and_then(|subclass| subclass.system);
        let systems = [Some(class.system), subclass].into_iter().flatten();
        let ability = systems.filter_map(|system| system.present("spellcasting")?.text("ability"));
        let ability = ability.filter_map(|key| abilities::ability(&key)).next()?;
        let attack =
            ["bonuses.msak.attack", "bonuses.rsak.attack"].map(|path| number(actor, ability, 0, path));
        let [melee, ranged] = attack;
        Some(Spellcasting {
            class: class.name.clone(),
            ability,
            // A bonus to one kind of spell attack only is no bonus to both.
            attack: if melee.value < ranged.value { melee } else { ranged },
            save_dc: number(actor, ability, 8, "bonuses.spell.dc"),
        })
    };
    actor.classes.iter().filter_map(casting).collect()
}

fn number(actor: &Actor<'_>, ability: Ability, base: i32, bonus: &str) -> Derived {
    let mut parts = vec![
        part("Base", base),
        part(ability.name(), actor.modifier(ability)),
        part("Proficiency", actor.proficiency_bonus),
    ];
    parts.extend(actor.bonus(bonus, "Bonus"));
    derived(parts)
}
