//! Taking the player out of a character for good, while its history stays: names, notes and account go, numbers stay.
//!
//! It is what a document loses where it is shared ([`super::redact`]), and its names beside that ([`Source::named`]). Nobody
//! keeps the key of the pseudonym, so nothing leads back.

use serde::{Deserialize, Serialize};

use super::{Pseudonym, redact};
use crate::{
    error::{Code, Error, Result},
    json::Tree,
    model::CharacterId,
    sheet::Sheet,
    source::Source,
    wording::Language,
};

/// What would be taken out of a character.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct AnonymisePlan {
    /// Which.
    pub character: CharacterId,
    /// Its name, which goes.
    pub name: String,
    /// Versions that are written anew.
    pub versions: u64,
    /// How often it was looked at, which stays known.
    pub captures: u64,
    /// Versions whose given names go.
    pub tags: u64,
    /// Versions whose notes go.
    pub notes: u64,
    /// Versions whose file names go.
    pub origins: u64,
    /// Versions that this program cannot read: as long as there is one, nothing is done.
    pub unreadable: u64,
}

/// What was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Anonymised {
    /// Who it is from now on. Nothing leads from here to who it was.
    pub character: CharacterId,
    /// What it is called from now on.
    pub name: String,
    /// Versions that were written anew and read back.
    pub versions: u64,
}

/// What a character is called that has lost its name.
pub fn nameless(pseudonym: &Pseudonym, language: Language) -> String {
    let word = match language {
        Language::En => "Anonymous",
        Language::De => "Anonym",
    };
    format!("{word} {}", pseudonym.short())
}

/// A document without what tells of its player, and with this name; and its sheet, in which every number is what it was.
///
/// # Errors
/// `format_unknown` where the document is not of this source; `internal` where what is left is not the same character in
/// numbers: then nothing may be given up for it.
pub fn anonymise(
    tree: &Tree<'_>,
    source: &dyn Source,
    pseudonym: &Pseudonym,
    name: &str,
) -> Result<(String, Sheet)> {
    let before = source.read(tree)?.sheet;
    // A name may be a word that stands elsewhere for reasons of its own: a character called Fighter.
    for spread in [true, false] {
        let text = redact::without_names(tree, source, pseudonym, name, spread)?;
        let Ok(tree) = Tree::parse(&text) else { continue };
        let sheet = source.read(&tree)?.sheet;
        if figures(&sheet) == figures(&before) {
            return Ok((text, sheet));
        }
    }
    Err(Error::new(Code::Internal, "A character would not be the same in numbers without its names.")
        .kept("Nothing was changed."))
}

/// What must not change with the names: what a player counts.
fn figures(sheet: &Sheet) -> impl PartialEq + use<> {
    let classes: Vec<_> = sheet.classes.iter().map(|class| (class.name.clone(), class.level)).collect();
    (
        classes,
        sheet.level,
        sheet.xp,
        sheet.species.clone(),
        sheet.abilities,
        (sheet.hit_points_max.value, sheet.armor_class.value, sheet.proficiency_bonus),
        (sheet.spells.len(), sheet.inventory.len(), sheet.features.len(), sheet.feats.len()),
        sheet.currency,
    )
}
