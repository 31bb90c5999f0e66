//! The form of a `.backstory` file: everything of some characters in one zip, which any unzip opens, for ever.
//!
//! ```text
//! README.txt                              what this is, in plain words
//! manifest.json                           Manifest: which program made it, when, and what is in it
//! schemas/*.json                          JSON Schemas of the files below
//! characters/<id>/character.json          the character's row, as CharacterIndex
//! characters/<id>/history.jsonl           one Line a version, in the order of the history
//! characters/<id>/sheet.json              the sheet of the newest version, for other tools
//! characters/<id>/documents/v000012.json  each distinct document, byte for byte, named after the first version that has it
//! audit.jsonl                             the whole audit log, an entry a line, where every character is exported
//! records.jsonl                           of some characters: the entries of the audit log that concern them
//! consent.json                            what was agreed to, and since when
//! SHA256SUMS                              of every file above: `sha256sum -c SHA256SUMS`
//! ```
//!
//! A reader passes over files it does not know, so that a later Backstory can add some without a new [`VERSION`].

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::{
    hex,
    model::{CharacterId, VersionMetadata},
    privacy::audit::TreeHead,
};

/// How the name of such a file ends.
pub const ENDING: &str = "backstory";
/// How it ends where it is encrypted with age.
pub const SEALED_ENDING: &str = "backstory.age";
/// What [`Manifest::format`] says.
pub const FORMAT: &str = "backstory";
/// The form written by this program. A reader refuses a higher one.
pub const VERSION: u32 = 1;
/// The file with the sums.
pub const SUMS: &str = "SHA256SUMS";
/// The audit log: [`crate::privacy::audit::lines`].
pub const LOG: &str = "audit.jsonl";
/// Those entries of the audit log that concern the characters, where they are not all there are.
pub const RECORDS: &str = "records.jsonl";
/// What was agreed to.
pub const CONSENT: &str = "consent.json";
/// The file that says what is in the others.
pub const MANIFEST: &str = "manifest.json";
/// Words for whoever opens it without Backstory.
pub const README: (&str, &str) = ("README.txt", include_str!("package/README.txt"));
/// What the other files look like.
pub const SCHEMAS: [(&str, &str); 3] = [
    ("schemas/manifest.schema.json", include_str!("package/manifest.schema.json")),
    ("schemas/character.schema.json", include_str!("package/character.schema.json")),
    ("schemas/history.schema.json", include_str!("package/history.schema.json")),
];

/// What is in the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// [`FORMAT`].
    pub format: String,
    /// [`VERSION`].
    pub version: u32,
    /// The Backstory that made it.
    pub program: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// Whether what is personal was left out: documents are not those of the source, and identities are pseudonyms.
    #[serde(default)]
    pub redacted: bool,
    /// What stood for the audit log when this was exported; none where it was made to be shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audit: Option<TreeHead>,
    /// The characters, in the order of their ids.
    pub characters: Vec<Packed>,
}

/// One character of a [`Manifest`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Packed {
    /// Its identity, which names its folder.
    pub id: CharacterId,
    /// Its name.
    pub name: String,
    /// Versions of it.
    pub versions: u64,
    /// Distinct documents of it.
    pub documents: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// One version in `history.jsonl`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// What happened, in words: for people; not read back.
    #[serde(default)]
    pub sentences: Vec<String>,
    /// Its document, from the character's folder.
    pub file: String,
    /// The SHA-256 of its document, in hexadecimal.
    pub sha256: String,
    /// When the same document was found again.
    #[serde(default)]
    pub seen_again: Vec<Timestamp>,
    /// Everything else that is known of it.
    pub version: VersionMetadata,
}

/// Whether a file is one, by its name or path: `Rekor.backstory`, `Rekor.backstory.age`.
pub fn is_package(path: &str) -> bool {
    let name = path.rsplit(['/', '\\']).next().unwrap_or(path).to_lowercase();
    [ENDING, SEALED_ENDING]
        .iter()
        .any(|ending| name.strip_suffix(ending).is_some_and(|stem| stem.len() > 1 && stem.ends_with('.')))
}

/// The place of a character's file.
pub fn place(character: &CharacterId, file: &str) -> String {
    format!("characters/{character}/{file}")
}

/// A character's row.
pub const ROW: &str = "character.json";
/// A character's history.
pub const HISTORY: &str = "history.jsonl";
/// A character's newest sheet.
pub const SHEET: &str = "sheet.json";

/// The name of the document that a version brought.
pub fn document(version: u64) -> String {
    format!("documents/v{version:06}.json")
}

/// A SHA-256 in hexadecimal, as `sha256sum` prints it.
pub fn sha256(bytes: &[u8]) -> String {
    hex::encode(&Sha256::digest(bytes))
}
