//! Sample characters: documents in the shape of D&D Beyond's, with the sizes and the history of real ones.
//!
//! The demo library, the tests and the benchmarks are made of them. Everything is invented and grows from seeds, so the
//! same call writes the same bytes on every machine, and no real person's data stands in the project.
//!
//! Sample characters use content from the System Reference Document 5.1/5.2 by Wizards of the Coast, CC-BY-4.0.
//! Rules text in them is our own filler.

mod catalogue;
mod demo;
mod hero;
mod history;
mod json;
mod modifiers;
mod prose;
mod random;
mod render;
mod scale;
mod srd;
mod story;
#[cfg(test)]
mod tests;

use backstory_core::{
    error::Result,
    sheet::{Abilities, Currency, Rules},
    source::Draft,
};
use jiff::Timestamp;

use crate::files;

pub use demo::demo;
pub use history::history;
pub use scale::scale;

/// What must be said wherever samples are shown or shipped.
pub const NOTICE: &str = "Sample characters use content from the System Reference Document 5.1/5.2 by \
                          Wizards of the Coast, CC-BY-4.0";

/// One look at a character.
#[derive(Debug, Clone)]
pub struct Capture {
    /// A name as people save it: `ddb-900000001_2026-03-07T19-30-00Z.json`.
    pub file_name: String,
    /// When we looked.
    pub captured_at: Timestamp,
    /// The text.
    pub document: Vec<u8>,
    /// What a reader of it must find.
    pub expected: Expected,
}

impl Capture {
    /// Reads the document as if it had come in as a file.
    ///
    /// # Errors
    /// As [`backstory_core::source::Source::read`]; a sample that cannot be read is a defect.
    pub fn draft(self) -> Result<Draft> {
        files::made(self.document, self.captured_at, self.file_name)
    }
}

/// The demo characters, read: what the window shows to who only wants to look around.
///
/// # Errors
/// As [`Capture::draft`].
pub fn drafts() -> Result<Vec<Draft>> {
    demo().into_iter().map(Capture::draft).collect()
}

/// How a capture relates to the one before it of the same character.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// There is none before it.
    First,
    /// A player sees something new.
    Change,
    /// Only what a rest resets is different.
    State,
    /// The text is different, and a player sees nothing new.
    Quiet,
    /// The same text.
    Identical,
}

/// What the model knows about a document, for tests of those who read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expected {
    /// The number in `ddb-<number>`.
    pub character: i64,
    /// How the capture relates to the one before it.
    pub outcome: Outcome,
    /// The name.
    pub name: String,
    /// The species' full name.
    pub species: &'static str,
    /// The background.
    pub background: &'static str,
    /// The edition of its classes.
    pub rules: Rules,
    /// Classes in the order they were taken: name, subclass, level.
    pub classes: Vec<(&'static str, Option<&'static str>, u32)>,
    /// Total level.
    pub level: u32,
    /// Scores with everything that counts.
    pub abilities: Abilities,
    /// Hit points at full health.
    pub hit_points_max: i32,
    /// Hit points lost.
    pub hit_points_lost: i32,
    /// Armour class.
    pub armor_class: i32,
    /// Proficiency bonus.
    pub proficiency_bonus: u32,
    /// Gold pieces.
    pub gold: i64,
    /// All coins.
    pub currency: Currency,
    /// Spell slots of the first to the ninth level, without a warlock's.
    pub spell_slots: [u32; 9],
    /// What is carried, as the player calls it, in the document's order.
    pub items: Vec<String>,
    /// Spells of the classes, by name, in the document's order.
    pub spells: Vec<&'static str>,
    /// The campaign.
    pub campaign: Option<String>,
    /// When the player last edited, to the second.
    pub edited_at: Timestamp,
}
