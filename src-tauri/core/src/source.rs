//! Where characters come from: a source recognises a document and derives a sheet from it. It never writes.

use std::sync::Arc;

use jiff::Timestamp;

use crate::{
    error::Result,
    json::{Tree, Value},
    model::{CharacterId, ContentHash, Cut},
    sheet::Sheet,
};

/// A document that a source has read: ready to be captured.
#[derive(Debug, Clone)]
pub struct Draft {
    /// Whose it is.
    pub character: CharacterId,
    /// The name of the source that read it.
    pub source: &'static str,
    /// The text, byte for byte, after the cuts.
    pub document: Arc<Vec<u8>>,
    /// The hash of the document.
    pub content: ContentHash,
    /// What was cut out.
    pub cuts: Vec<Cut>,
    /// What it says.
    pub sheet: Arc<Sheet>,
    /// When the player last edited, as far as the document says.
    pub edited_at: Option<Timestamp>,
    /// When we looked.
    pub captured_at: Timestamp,
    /// The file's name, where there was one.
    pub origin: Option<String>,
    /// As [`Reading::linked`].
    pub linked: Option<CharacterId>,
    /// The number of the version that is brought back with it, where the player asked for that.
    pub restores: Option<u64>,
}

/// What a source reads out of one document.
#[derive(Debug, Clone)]
pub struct Reading {
    /// Whose it is.
    pub character: CharacterId,
    /// The same character at another source, where the document says so: what a tool imported from D&D Beyond still
    /// knows the number it had there.
    pub linked: Option<CharacterId>,
    /// What it says.
    pub sheet: Sheet,
    /// When the player last edited.
    pub edited_at: Option<Timestamp>,
    /// Byte ranges that hold other people's data, with what is to stand there instead: rising, not overlapping.
    pub foreign: Vec<ForeignSpan>,
}

/// A byte range of a document that holds other people's data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForeignSpan {
    /// The bytes of the value.
    pub span: std::ops::Range<usize>,
    /// Where it stands, as a JSON pointer.
    pub pointer: String,
    /// The JSON text to put there.
    pub replacement: &'static str,
}

/// Whom a field tells of, and so what becomes of it where a character is shared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// The character's own number or id at its source: replaced by a pseudonym, wherever it stands.
    Character,
    /// The player's account, or the world they play in: emptied, and taken out of every other text too.
    Account,
    /// Other people, and the group they play in: emptied, and longer texts taken out of every other text too.
    Others,
    /// What the player wrote about the character: emptied, and longer texts taken out of every other text too.
    Words,
    /// What the player called it: stays where it is shared, and is replaced where the player is to be forgotten.
    Name,
    /// Where it was kept, by which tools, and who may see it there: emptied.
    Origin,
}

/// A field of a source's documents that is personal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Personal {
    /// Its place in the character: keys with `/` between them. `*` is any key or element, `a|b` one of two, `!a` any but one.
    pub path: &'static str,
    /// Whom it tells of.
    pub class: Class,
    /// Only where the member of this name beside it is this number.
    pub only: Option<(&'static str, i64)>,
}

impl Personal {
    /// A field that is personal wherever it stands.
    pub const fn new(path: &'static str, class: Class) -> Self {
        Self { path, class, only: None }
    }
}

/// One kind of document: D&D Beyond, Foundry, …
pub trait Source: Send + Sync {
    /// Its stable name, stored with every version: `ddb`.
    fn name(&self) -> &'static str;
    /// What a player calls it: `D&D Beyond`.
    fn label(&self) -> &'static str;
    /// Counts the changes to what [`Source::read`] derives: stored summaries of an older one are told anew.
    fn deriver(&self) -> u32;
    /// Whether this document is of its kind, including one that says no (an error body).
    fn recognises(&self, tree: &Tree<'_>) -> bool;
    /// Whether the same character may come under another id: an actor that was made anew, or moved to another world. The
    /// library then looks for the history that [`Reading::linked`] tells of before it begins a new one.
    fn ids_change(&self) -> bool {
        false
    }
    /// The character in a document of its kind, without the wrappers it may have come in.
    fn character<'a>(&self, tree: &'a Tree<'a>) -> Option<Value<'a>> {
        Some(tree.root())
    }
    /// Which of the character's fields are personal: what is left out where it is shared.
    fn personal(&self) -> &'static [Personal] {
        &[]
    }
    /// Which of the character's fields hold names that the player gave: what goes beside [`Source::personal`] where the player
    /// is to be forgotten.
    fn named(&self) -> &'static [Personal] {
        &[]
    }
    /// Reads a document. Accepts every text it has ever accepted: stored documents are read again.
    ///
    /// # Errors
    /// `character_private`, `source_refused`, `format_unsupported`: what the document says instead of a character.
    fn read(&self, tree: &Tree<'_>) -> Result<Reading>;
}
