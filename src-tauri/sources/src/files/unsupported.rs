//! Sound JSON that no source knows: which tool wrote it, where that can be told.

use backstory_core::{
    error::{Code, Error},
    json::{Kind, Tree, Value},
};

use crate::decode::KEPT;

/// Says what the document is, as far as it can be told.
pub(super) fn error(tree: &Tree<'_>) -> Error {
    let root = tree.root();
    let (message, hint) = if is_long_story_short(root) {
        ("This is a character from Long Story Short, which Backstory does not read.", DDB)
    } else if is_adventurers_codex(root) {
        ("This is a character from Adventurer’s Codex, which Backstory does not read.", DDB)
    } else {
        return unknown();
    };
    Error::new(Code::FormatUnsupported, message).kept(KEPT).hint(hint)
}

const DDB: &str = "If the character is on D&D Beyond too, import it from there.";

fn unknown() -> Error {
    Error::new(Code::FormatUnknown, "The file is sound JSON, but it is not a character that Backstory knows.")
        .kept(KEPT)
        .hint(
            "Check that this is the file you meant. Backstory reads characters from D&D Beyond and Foundry.",
        )
}

/// Long Story Short writes the character as a text inside the JSON.
fn is_long_story_short(root: Value<'_>) -> bool {
    root.text("jsonType").as_deref() == Some("character")
        && root.get("data").is_some_and(|data| data.kind() == Kind::String)
}

/// Adventurer's Codex writes tables: `Character`, `Skill`, …, each an array.
fn is_adventurers_codex(root: Value<'_>) -> bool {
    let table = |key| root.get(key).is_some_and(|value| value.kind() == Kind::Array);
    table("Character") && (table("Skill") || table("Profile") || table("AbilityScores"))
}
