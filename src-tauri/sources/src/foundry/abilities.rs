//! Ability scores.

use backstory_core::{
    json::Value,
    sheet::{Abilities, Ability},
};

use crate::fields::small;

use super::{actor::Actor, uses};

/// The ability of a key (`str`).
pub(super) fn ability(key: &str) -> Option<Ability> {
    Ability::ALL.into_iter().find(|ability| ability.key() == key)
}

/// The scores as they are written.
pub(super) fn base(system: Value<'_>) -> Abilities {
    let mut scores = Abilities::default();
    for ability in Ability::ALL {
        let written = system.path(&["abilities", ability.key(), "value"]).and_then(small);
        *scores.get_mut(ability) = written.unwrap_or(10).clamp(-999, 999);
    }
    scores
}

/// The scores with what effects do to them (Gauntlets of Ogre Power: 19 if it is not already higher).
pub(super) fn scores(actor: &Actor<'_>) -> Abilities {
    let mut scores = actor.abilities;
    for ability in Ability::ALL {
        let path = format!("abilities.{}.value", ability.key());
        let (score, _) = actor.changed(&path, scores.get(ability).into());
        *scores.get_mut(ability) = uses::whole(score).clamp(-999, 999);
    }
    scores
}
