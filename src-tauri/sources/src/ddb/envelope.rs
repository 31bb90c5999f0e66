//! The wrappers a character comes in, and the pieces of it that are other people's.

use backstory_core::{
    json::{Kind, Value},
    source::ForeignSpan,
};

use super::{character::says_something, tables};

/// A character and where in the document it stands.
pub(super) struct Found<'a> {
    pub(super) character: Value<'a>,
    /// A JSON pointer: empty for a bare character.
    pointer: &'static str,
}

/// Where characters have been seen: bare, the service's answer, the ddb-proxy's answer, the page of 2019.
const PLACES: [(&str, &[&str]); 4] = [
    ("", &[]),
    ("/data", &["data"]),
    ("/ddb/character", &["ddb", "character"]),
    ("/character", &["character"]),
];

/// Looks for a character in every place one has been seen.
pub(super) fn find(root: Value<'_>) -> Option<Found<'_>> {
    PLACES.iter().find_map(|&(pointer, keys)| {
        let character = root.path(keys)?;
        signed(character).then_some(Found { character, pointer })
    })
}

/// Whether an object is a character, by the keys that every document from 2019 to 2026 has.
/// A few may be missing: D&D Beyond drops fields now and then, and a stored document must stay readable.
fn signed(value: Value<'_>) -> bool {
    if value.kind() != Kind::Object {
        return false;
    }
    let mut seen = [false; tables::SIGNATURE.len()];
    for (key, _) in value.members() {
        if let Some(at) = tables::SIGNATURE.iter().position(|known| *known == key) {
            seen[at] = true;
        }
    }
    // The first ones of the list are what makes it a character at all.
    seen[..3].iter().all(|&s| s) && seen.iter().filter(|&&s| s).count() >= tables::SIGNATURE.len() - 4
}

/// The members of the campaign that tell of other people, and what stands there instead.
const FOREIGN: [(&str, &str); 3] = [("characters", "[]"), ("dmUsername", "null"), ("dmUserId", "null")];

/// Other players' data in the document, in the order of the text.
/// A key that is written twice is cut twice: every copy of it would be stored.
pub(super) fn foreign(found: &Found<'_>) -> Vec<ForeignSpan> {
    let mut spans = Vec::new();
    for (_, campaign) in found.character.members().filter(|(key, _)| key == "campaign") {
        for (key, value) in campaign.members() {
            let rule = FOREIGN.iter().find(|(name, _)| *name == key);
            let Some(&(name, replacement)) = rule.filter(|_| says_something(value)) else { continue };
            spans.push(ForeignSpan {
                span: value.span(),
                pointer: format!("{}/campaign/{name}", found.pointer),
                replacement,
            });
        }
    }
    spans
}
