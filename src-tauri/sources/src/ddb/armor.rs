//! Armour class, and what is worn.

use backstory_core::sheet::{Ability, Derived, Part};

use super::{
    character::{Character, custom, small_or_zero},
    combat::{derived, in_order, part},
    inventory::Thing,
    modifiers::Modifier,
};

/// What is worn: the armour and the shield.
pub(super) struct Worn<'c, 'a> {
    pub(super) armor: Option<(&'c Thing<'a>, Weight)>,
    pub(super) shield: Option<&'c Thing<'a>>,
}

/// The three kinds of armour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Weight {
    Light,
    Medium,
    Heavy,
}

impl<'c, 'a> Worn<'c, 'a> {
    /// Of several that are equipped the best counts: nobody wears two.
    pub(super) fn of(character: &'c Character<'a>) -> Self {
        let mut worn = Self { armor: None, shield: None };
        for thing in character.things.iter().filter(|thing| thing.equipped) {
            let weight = match thing.definition.and_then(|definition| definition.int("armorTypeId")) {
                Some(1) => Weight::Light,
                Some(2) => Weight::Medium,
                Some(3) => Weight::Heavy,
                Some(4) => {
                    if worn.shield.is_none_or(|other| better(thing, other)) {
                        worn.shield = Some(thing);
                    }
                    continue;
                }
                _ => continue,
            };
            if worn.armor.is_none_or(|(other, _)| better(thing, other)) {
                worn.armor = Some((thing, weight));
            }
        }
        worn
    }

    /// Whether the words of a restriction let a bonus count. Restrictions are prose; those about armour can be decided
    /// ("while you aren’t wearing heavy armor"), every other one is a situation ("while raging") and does not count.
    pub(super) fn allows(&self, restriction: Option<&str>) -> bool {
        let Some(words) = restriction.map(|words| words.to_lowercase().replace('’', "'")) else {
            return true;
        };
        let not = ["aren't", "isn't", "not ", "no ", "unarmored", "without"]
            .iter()
            .any(|sign| words.contains(sign));
        let weight = self.armor.map(|(_, weight)| weight);
        let fits = if words.contains("heavy armor") {
            weight == Some(Weight::Heavy)
        } else if words.contains("medium armor") {
            weight == Some(Weight::Medium)
        } else if words.contains("light armor") {
            weight == Some(Weight::Light)
        } else if words.contains("armor") && words.contains("wear") || words.contains("unarmored") {
            weight.is_some()
        } else {
            return false;
        };
        fits != not
    }
}

fn better(thing: &Thing<'_>, other: &Thing<'_>) -> bool {
    (base(thing), &thing.key) > (base(other), &other.key)
}

fn base(thing: &Thing<'_>) -> i32 {
    thing.definition.map_or(0, |definition| small_or_zero(definition, "armorClass"))
}

/// Armour class with its parts. Dual wielding, infusions and conditions are not covered.
pub(super) fn armor_class(character: &Character<'_>) -> Derived {
    if let Some((set, _)) = character.custom.number(custom::ARMOR_CLASS_OVERRIDE, "") {
        return derived(vec![part("Override", set)]);
    }
    let worn = Worn::of(character);
    let mut parts = match worn.armor {
        Some((armor, weight)) => armored(character, armor, weight),
        None => unarmored(character, worn.shield.is_some()),
    };
    parts.extend(worn.shield.map(|shield| part(&shield.name, base(shield))));
    let by_armor = if worn.armor.is_some() { "armored-armor-class" } else { "unarmored-armor-class" };
    let mut bonuses = Vec::new();
    for target in ["armor-class", by_armor] {
        let counting = character.modifiers_of("bonus", target);
        bonuses.extend(
            counting
                .filter(|m| worn.allows(m.restriction().as_deref()))
                .map(|m| part(character.label(m), character.amount(m))),
        );
    }
    parts.extend(in_order(bonuses));
    for (kind, label) in
        [(custom::ARMOR_CLASS_MAGIC, "Magic bonus"), (custom::ARMOR_CLASS_MISC, "Other bonus")]
    {
        parts.extend(
            character.custom.number(kind, "").map(|(n, note)| part(note.unwrap_or_else(|| label.into()), n)),
        );
    }
    derived(parts)
}

/// In armour: light takes all of Dexterity, medium at most 2 (3 with Medium Armor Master), heavy none.
fn armored(character: &Character<'_>, armor: &Thing<'_>, weight: Weight) -> Vec<Part> {
    let dexterity = character.modifier(Ability::Dex);
    let added = match weight {
        Weight::Light => dexterity,
        Weight::Medium => {
            let raised =
                character.modifiers_of("set", "ac-max-dex-armored-modifier").filter_map(Modifier::fixed);
            dexterity.min(raised.max().unwrap_or(2).max(2))
        }
        Weight::Heavy => 0,
    };
    vec![part(&armor.name, base(armor)), part("Dexterity", added)]
}

/// Without armour: the best of 10 + Dexterity and every other way of reckoning it that the character has.
fn unarmored(character: &Character<'_>, shield: bool) -> Vec<Part> {
    let dexterity = character.modifier(Ability::Dex);
    let mut ways = vec![vec![part("Base", 10), part("Dexterity", dexterity)]];
    for way in character.modifiers_of("set", "unarmored-armor-class") {
        // A monk's Unarmored Defense ends with a shield in hand; a barbarian's does not.
        if shield && way.of_class && way.ability() == Some(Ability::Wis) {
            continue;
        }
        // Natural armour (a tortle's shell) sets the whole: the trait that ignores Dexterity is the trait that sets it.
        let ignores = |m: &Modifier<'_>| m.component == way.component;
        let natural = character.modifiers_of("ignore", "unarmored-dex-ac-bonus").any(ignores);
        let dexterity = if natural { 0 } else { dexterity };
        let own = part(character.label(way), character.amount(way));
        ways.push(vec![part("Base", 10), part("Dexterity", dexterity), own]);
    }
    // Of equal ones the plain one, so that a feature that adds nothing is not named; then by name.
    let rank = |parts: &Vec<Part>| {
        let sum = parts.iter().fold(0_i32, |sum, part| sum.saturating_add(part.value));
        (std::cmp::Reverse(sum), parts.len(), parts.last().map(|part| part.label.clone()))
    };
    ways.into_iter().min_by_key(rank).unwrap_or_default()
}
