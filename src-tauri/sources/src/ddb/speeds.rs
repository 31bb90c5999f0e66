//! Speeds.

use std::collections::BTreeMap;

use super::{
    armor::{Weight, Worn},
    character::{Character, small, small_or_zero},
    modifiers::Modifier,
};

/// Kind of speed, the words modifiers use for it, its id among the player's own.
const KINDS: [(&str, &str, i64); 5] = [
    ("walk", "walking", 1),
    ("burrow", "burrowing", 2),
    ("climb", "climbing", 3),
    ("fly", "flying", 4),
    ("swim", "swimming", 5),
];

/// Speeds in feet; those the character does not have are left out.
pub(super) fn speeds(character: &Character<'_>) -> BTreeMap<String, i32> {
    let worn = Worn::of(character);
    let walk = speed(character, &worn, 0, None);
    let mut speeds = BTreeMap::new();
    for (at, (kind, _, id)) in KINDS.iter().enumerate() {
        let reckoned = if at == 0 { walk } else { speed(character, &worn, at, Some(walk)) };
        let value = own(character, *id).unwrap_or(reckoned);
        if value > 0 {
            speeds.insert((*kind).to_owned(), value);
        }
    }
    speeds
}

/// What the player set by hand.
fn own(character: &Character<'_>, id: i64) -> Option<i32> {
    let rows = character.root.list("customSpeeds").filter(|row| row.int("movementId") == Some(id));
    rows.filter_map(|row| row.present("distance").and_then(small)).last()
}

fn speed(character: &Character<'_>, worn: &Worn<'_, '_>, at: usize, walk: Option<i32>) -> i32 {
    let (kind, word, _) = KINDS[at];
    let normal = character.root.path(&["race", "weightSpeeds", "normal"]);
    let mut speed = normal.map_or(0, |speeds| small_or_zero(speeds, kind));
    for target in [format!("innate-speed-{word}"), format!("speed-{word}")] {
        for set in character.modifiers_of("set", &target) {
            // Without a value it is equal to the walking speed.
            speed = speed.max(set.fixed().or(walk).unwrap_or(0));
        }
    }
    if speed == 0 {
        return 0;
    }
    speed = speed.saturating_add(bonuses(character, worn, &format!("speed-{word}")));
    if at == 0 {
        speed = speed.saturating_add(walking_bonuses(character, worn));
    }
    speed.max(0)
}

fn bonuses(character: &Character<'_>, worn: &Worn<'_, '_>, target: &str) -> i32 {
    let counting =
        character.modifiers_of("bonus", target).filter(|m| worn.allows(m.restriction().as_deref()));
    counting.map(|m| character.amount(m)).fold(0, i32::saturating_add)
}

/// What only walking has: general bonuses, a monk's without armour and shield, the weight of heavy armour.
fn walking_bonuses(character: &Character<'_>, worn: &Worn<'_, '_>) -> i32 {
    let mut sum = bonuses(character, worn, "speed");
    if worn.armor.is_none() && worn.shield.is_none() {
        let unarmored = character.modifiers_of("bonus", "unarmored-movement").filter_map(Modifier::fixed);
        sum = unarmored.fold(sum, i32::saturating_add);
    }
    if too_heavy(character, worn) { sum.saturating_sub(10) } else { sum }
}

/// Heavy armour slows by 10 feet who lacks the Strength for it, unless the species ignores that (a dwarf).
fn too_heavy(character: &Character<'_>, worn: &Worn<'_, '_>) -> bool {
    let Some((armor, Weight::Heavy)) = worn.armor else { return false };
    let needed = armor.definition.map_or(0, |definition| small_or_zero(definition, "strengthRequirement"));
    let ignored = character.modifiers_of("ignore", "heavy-armor-speed-reduction").next().is_some();
    character.abilities.str < needed && !ignored
}
