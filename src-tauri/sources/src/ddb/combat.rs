//! Hit points and initiative.

use backstory_core::sheet::{Ability, Derived, HitPointsMax};

pub(super) use crate::derived::{derived, in_order, part};

use super::character::{Character, small_or_zero};
use super::modifiers::Modifier;

/// Hit points at full health: what the player set, else what the levels gave, Constitution for every level and bonuses.
/// The document's base is before Constitution.
pub(super) fn hit_points_max(character: &Character<'_>) -> HitPointsMax {
    let root = character.root;
    let set = small_or_zero(root, "overrideHitPoints");
    if set != 0 {
        return derived(vec![part("Override", set)]);
    }
    let level = i32::try_from(character.level).unwrap_or(i32::MAX);
    let constitution = character.modifier(Ability::Con).saturating_mul(level);
    let mut parts =
        vec![part("Base", small_or_zero(root, "baseHitPoints")), part("Constitution", constitution)];
    let by_level = character.modifiers_of("bonus", "hit-points-per-level").map(|modifier| {
        let each = character.amount(modifier);
        part(character.label(modifier), each.saturating_mul(levels_counted(character, modifier)))
    });
    parts.extend(in_order(by_level.collect()));
    parts.push(part("Bonus", small_or_zero(root, "bonusHitPoints")));
    derived(parts)
}

/// A class feature counts that class's levels (Draconic Resilience); a species or feat counts all (Hill Dwarf, Tough).
fn levels_counted(character: &Character<'_>, modifier: &Modifier<'_>) -> i32 {
    let class = character.origins.class(modifier.component).and_then(|at| character.classes.get(at));
    let level = class.map_or(character.level, |class| class.level);
    i32::try_from(level).unwrap_or(i32::MAX)
}

/// Initiative: Dexterity and what is added to it.
pub(super) fn initiative(character: &Character<'_>) -> Derived {
    let counting: Vec<_> =
        character.modifiers_of("bonus", "initiative").filter(|m| m.restriction().is_none()).collect();
    let mut parts = vec![part("Dexterity", character.modifier(Ability::Dex))];
    parts.extend(in_order(counting.iter().map(|m| part(character.label(m), character.amount(m))).collect()));
    // Half of the proficiency bonus goes to checks that do not already have it, and only once.
    if !counting.iter().any(|m| m.adds_proficiency())
        && let Some((modifier, half)) = half_proficiency(character)
    {
        parts.push(part(character.label(modifier), half));
    }
    derived(parts)
}

/// Half the proficiency bonus on initiative: Jack of All Trades rounds down, Remarkable Athlete rounds up.
fn half_proficiency<'c>(character: &'c Character<'_>) -> Option<(&'c Modifier<'c>, i32)> {
    let counts = |m: &&Modifier<'_>| {
        ["initiative", "ability-checks", "dexterity-ability-checks"].contains(&m.target())
            && m.kind().starts_with("half-proficiency")
    };
    let modifier = character.modifiers.iter().find(counts)?;
    let up = i32::from(modifier.kind() == "half-proficiency-round-up");
    Some((modifier, (character.proficiency_bonus + up).div_euclid(2)))
}
