//! Armour class.

use backstory_core::sheet::{Ability, Derived, Part};

use crate::derived::{derived, part};

use super::{
    actor::{Actor, Row},
    formula, uses,
};

/// What is worn: armour and shield.
struct Worn<'c, 'a> {
    armor: Option<&'c Row<'a>>,
    shield: Option<&'c Row<'a>>,
}

impl<'c, 'a> Worn<'c, 'a> {
    /// Of several that are equipped the best counts: nobody wears two.
    fn of(actor: &'c Actor<'a>) -> Self {
        let mut worn = Self { armor: None, shield: None };
        for item in actor.of_kind(&["equipment"]).filter(|item| item.system.flag("equipped")) {
            let place = match kind(item).as_deref() {
                Some("light" | "medium" | "heavy" | "natural") => &mut worn.armor,
                Some("shield") => &mut worn.shield,
                _ => continue,
            };
            if place.is_none_or(|other| (value(item), &item.id) > (value(other), &other.id)) {
                *place = Some(item);
            }
        }
        worn
    }
}

/// `armor.type` up to version 2.
fn kind(item: &Row<'_>) -> Option<String> {
    item.subtype().or_else(|| item.system.present("armor")?.text("type"))
}

/// What a piece of armour gives: magic counts once it is identified, and attuned where it asks for that.
fn value(item: &Row<'_>) -> i32 {
    let base = item.small(&["armor", "value"]).unwrap_or(0);
    let hidden = item.system.get("identified").and_then(|known| known.as_bool()) == Some(false);
    let magic = if hidden || item.wants_attunement() && !item.attuned() {
        0
    } else {
        item.small(&["armor", "magicalBonus"]).unwrap_or(0)
    };
    base.saturating_add(magic)
}

/// Armour class by the way of reckoning the player chose, with its parts.
pub(super) fn armor_class(actor: &Actor<'_>) -> Derived {
    let flat = actor.at("attributes.ac.flat").and_then(|flat| actor.number(flat)).map(uses::whole);
    let chosen = actor.set_word("attributes.ac.calc").map(str::to_owned);
    let calc = chosen.or_else(|| actor.text_at("attributes.ac.calc")).unwrap_or_else(|| "default".to_owned());
    if calc == "flat"
        && let Some(flat) = flat
    {
        return derived(vec![part("Set by hand", flat)]);
    }
    let worn = Worn::of(actor);
    let mut parts = base(actor, &worn, &calc, flat);
    parts.extend(worn.shield.map(|shield| part(shield.shown_name(), value(shield))));
    parts.extend(actor.changed("attributes.ac.bonus", 0.0).1);
    derived(parts)
}

/// Armour class before the shield. With armour on, only the default way takes it into account.
fn base(actor: &Actor<'_>, worn: &Worn<'_, '_>, calc: &str, flat: Option<i32>) -> Vec<Part> {
    let of = |ability: Ability| part(ability.name(), actor.modifier(ability));
    let natural = |base: i32, more: Option<Ability>| {
        let mut parts = vec![part("Base", base), of(Ability::Dex)];
        parts.extend(more.map(of));
        parts
    };
    match (calc, worn.armor) {
        ("natural", _) => vec![part("Natural armor", flat.unwrap_or(10))],
        ("custom", _) => custom(actor, worn).unwrap_or_else(|| natural(10, None)),
        ("mage", _) => natural(13, None),
        ("draconic", _) => match super::identity::rules(actor) {
            backstory_core::sheet::Rules::Revised => natural(10, Some(Ability::Cha)),
            _ => natural(13, None),
        },
        ("unarmoredMonk", _) => natural(10, Some(Ability::Wis)),
        ("unarmoredBarb", _) => natural(10, Some(Ability::Con)),
        ("unarmoredBard", _) => natural(10, Some(Ability::Cha)),
        (_, Some(armor)) => {
            vec![part(armor.shown_name(), value(armor)), part("Dexterity", dexterity(actor, armor))]
        }
        (_, None) => natural(10, None),
    }
}

/// Light armour takes all of Dexterity, medium at most 2, heavy none; each piece may say otherwise.
fn dexterity(actor: &Actor<'_>, armor: &Row<'_>) -> i32 {
    let modifier = actor.modifier(Ability::Dex);
    let most = match (armor.small(&["armor", "dex"]), kind(armor).as_deref()) {
        (_, Some("heavy")) => 0,
        (Some(most), _) => most,
        (None, Some("medium")) => 2,
        (None, _) => return modifier,
    };
    modifier.min(most)
}

/// The player's own formula.
fn custom(actor: &Actor<'_>, worn: &Worn<'_, '_>) -> Option<Vec<Part>> {
    let armor = worn.armor.map_or(10, value);
    let dexterity = worn.armor.map_or_else(|| actor.modifier(Ability::Dex), |armor| dexterity(actor, armor));
    let sum = formula::evaluate(&actor.text_at("attributes.ac.formula")?, &|name| match name {
        "attributes.ac.armor" => Some(armor.into()),
        "attributes.ac.dex" => Some(dexterity.into()),
        other => actor.evaluate(&format!("@{other}")),
    })?;
    let name = worn.armor.map_or_else(|| "Base".to_owned(), Row::shown_name);
    Some(vec![part(name, armor), part("Formula", uses::whole(sum).saturating_sub(armor))])
}
