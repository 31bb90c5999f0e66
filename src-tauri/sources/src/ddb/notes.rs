//! The player's own words.

use std::collections::BTreeMap;

use backstory_core::json::{Kind, Value};

use super::{
    character::{Character, custom},
    tables,
};

/// Where each text stands, and the key it has on the sheet.
const TEXTS: [(&[&str], &str); 20] = [
    (&["notes", "backstory"], "backstory"),
    (&["notes", "allies"], "allies"),
    (&["notes", "enemies"], "enemies"),
    (&["notes", "organizations"], "organizations"),
    (&["notes", "personalPossessions"], "possessions"),
    (&["notes", "otherHoldings"], "holdings"),
    (&["notes", "otherNotes"], "other"),
    (&["traits", "personalityTraits"], "personality"),
    (&["traits", "ideals"], "ideals"),
    (&["traits", "bonds"], "bonds"),
    (&["traits", "flaws"], "flaws"),
    (&["traits", "appearance"], "appearance"),
    (&["gender"], "gender"),
    (&["age"], "age"),
    (&["faith"], "faith"),
    (&["hair"], "hair"),
    (&["eyes"], "eyes"),
    (&["skin"], "skin"),
    (&["height"], "height"),
    (&["weight"], "weight"),
];

/// Everything the player wrote or chose to say of the character, by what it is about.
pub(super) fn notes(character: &Character<'_>) -> BTreeMap<String, String> {
    let mut notes = BTreeMap::new();
    for (path, key) in TEXTS {
        let words = character.root.path(path).and_then(words);
        notes.extend(words.map(|words| (key.to_owned(), words)));
    }
    let alignment = character.root.int("alignmentId").and_then(|id| usize::try_from(id.checked_sub(1)?).ok());
    let alignment = alignment.and_then(|at| tables::ALIGNMENTS.get(at));
    notes.extend(alignment.map(|alignment| ("alignment".to_owned(), (*alignment).to_owned())));
    notes.extend(notes_on_things(character));
    notes
}

/// Notes the player pinned to single things and spells. Two things of one name share a key: their notes follow each other.
fn notes_on_things(character: &Character<'_>) -> BTreeMap<String, String> {
    let mut notes: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for thing in &character.things {
        let note = thing.row.id("id").and_then(|id| character.custom.thing_text(custom::NOTE, &id));
        notes.entry(format!("Note on {}", thing.name)).or_default().extend(note);
    }
    for row in &character.spells {
        let note = row.row.id("id").and_then(|id| character.custom.spell_text(custom::NOTE, &id));
        notes.entry(format!("Note on {}", row.spell.name)).or_default().extend(note);
    }
    notes.retain(|_, notes| !notes.is_empty());
    notes
        .into_iter()
        .map(|(key, mut notes)| {
            notes.sort();
            (key, notes.join("\n"))
        })
        .collect()
}

/// A text, or a number such as an age. An empty text, 0 and nothing are the same.
fn words(value: Value<'_>) -> Option<String> {
    match value.kind() {
        Kind::String => {
            let text = value.as_str()?.trim().to_owned();
            (!text.is_empty()).then_some(text)
        }
        Kind::Number => (value.as_f64() != Some(0.0)).then(|| value.raw().to_owned()),
        _ => None,
    }
}
