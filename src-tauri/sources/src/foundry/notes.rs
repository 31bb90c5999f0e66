//! The player's own words.

use std::collections::BTreeMap;

use super::{actor::Actor, html};

/// Where each text stands, and the key it has on the sheet.
const TEXTS: [(&str, &str); 18] = [
    ("details.biography.value", "backstory"),
    ("details.biography.public", "public biography"),
    ("details.trait", "personality"),
    ("details.ideal", "ideals"),
    ("details.bond", "bonds"),
    ("details.flaw", "flaws"),
    ("details.appearance", "appearance"),
    ("details.alignment", "alignment"),
    ("details.gender", "gender"),
    ("details.age", "age"),
    ("details.faith", "faith"),
    ("details.hair", "hair"),
    ("details.eyes", "eyes"),
    ("details.skin", "skin"),
    ("details.height", "height"),
    ("details.weight", "weight"),
    ("bastion.name", "bastion"),
    ("bastion.description", "bastion description"),
];

/// Everything the player wrote of the character, by what it is about; without the marks of the editor.
pub(super) fn notes(actor: &Actor<'_>) -> BTreeMap<String, String> {
    let told = TEXTS.into_iter().filter_map(|(path, key)| {
        let value = actor.at(path)?;
        let text =
            value.as_str().map(|text| html::plain(&text)).or_else(|| Some(value.as_i64()?.to_string()))?;
        (!text.is_empty()).then(|| (key.to_owned(), text))
    });
    told.collect()
}
