//! Ability scores.

use backstory_core::{
    json::Value,
    sheet::{Abilities, Ability},
};

use super::{character::small, modifiers::Modifier};

/// The six scores: what the player set, else base, bonus and improvements, but at least what a thing sets it to
/// (Gauntlets of Ogre Power: 19 if it is not already higher).
pub(super) fn scores(root: Value<'_>, modifiers: &[Modifier<'_>]) -> Abilities {
    let mut scores = Abilities::default();
    for (id, ability) in (1..).zip(Ability::ALL) {
        let score = stat(root, "overrideStats", id).unwrap_or_else(|| built(root, modifiers, id, ability));
        *scores.get_mut(ability) = score.clamp(-999, 999);
    }
    scores
}

fn built(root: Value<'_>, modifiers: &[Modifier<'_>], id: i64, ability: Ability) -> i32 {
    let target = format!("{}-score", ability.name().to_lowercase());
    let base = stat(root, "stats", id).unwrap_or(10);
    let mut score = base.saturating_add(stat(root, "bonusStats", id).unwrap_or(0));
    // An improvement that is not yet chosen has no value and another target.
    for bonus in modifiers.iter().filter(|m| m.is("bonus", &target)) {
        score = score.saturating_add(bonus.fixed().unwrap_or(0));
    }
    let set = modifiers.iter().filter(|m| m.is("set", &target)).filter_map(Modifier::fixed).max();
    set.map_or(score, |set| score.max(set))
}

/// The value of an ability in one of the three lists. 0 in an override means none, as null does.
fn stat(root: Value<'_>, list: &str, id: i64) -> Option<i32> {
    let row = root.list(list).find(|row| row.int("id") == Some(id))?;
    row.present("value").and_then(small).filter(|value| *value != 0)
}
