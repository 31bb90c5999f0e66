//! Size, senses, and what harms less, more or not at all.

use std::collections::{BTreeMap, BTreeSet};

use backstory_core::sheet::Defenses;

use super::{
    character::{Character, small_or_zero},
    modifiers::Modifier,
    tables,
};

/// The size the player picked, else the one of the species.
pub(super) fn size(character: &Character<'_>) -> Option<String> {
    let picked = character.modifiers.iter().find(|m| m.kind() == "size").map(|m| m.friendly());
    let id = || character.root.path(&["race", "sizeId"])?.as_i64();
    let of_species =
        || tables::SIZES.iter().find(|(size, _)| Some(*size) == id()).map(|(_, name)| (*name).to_owned());
    picked.or_else(of_species)
}

/// Senses in feet: what sets one, the farthest counts; what extends one is added to it.
pub(super) fn senses(character: &Character<'_>) -> BTreeMap<String, i32> {
    let mut senses = BTreeMap::new();
    for (at, sense) in tables::SENSES.into_iter().enumerate() {
        let counts = |m: &&Modifier<'_>| m.target() == sense && m.restriction().is_none();
        let of = |kind: &'static str| {
            character
                .modifiers
                .iter()
                .filter(counts)
                .filter(move |m| m.kind() == kind)
                .filter_map(Modifier::fixed)
        };
        let set = of("set-base").chain(of("sense")).max().unwrap_or(0);
        let mut feet = set.saturating_add(of("bonus").fold(0, i32::saturating_add));
        for own in
            character.root.list("customSenses").filter(|row| row.int("senseId") == i64::try_from(at + 1).ok())
        {
            feet = feet.max(small_or_zero(own, "distance"));
        }
        if feet > 0 {
            senses.insert(sense.to_owned(), feet);
        }
    }
    senses
}

/// Resistances, immunities and vulnerabilities that always hold.
pub(super) fn defenses(character: &Character<'_>) -> Defenses {
    let of = |kind: &str| -> BTreeSet<String> {
        let rows = character.modifiers.iter().filter(|m| m.kind() == kind);
        rows.map(|m| match m.restriction() {
            Some(restriction) => format!("{} ({restriction})", m.friendly()),
            None => m.friendly(),
        })
        .collect()
    };
    Defenses {
        resistances: of("resistance"),
        immunities: of("immunity"),
        vulnerabilities: of("vulnerability"),
    }
}
