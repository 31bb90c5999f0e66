//! D&D Beyond: characters as its character service writes them, bare or in one of the wrappers seen on disk.
//!
//! The format is not documented. What is known of it was observed on documents from 2019 to 2026;
//! the rules of the game decide where the format leaves a choice. One file reads one topic of the sheet.

mod abilities;
mod actions;
mod armor;
mod character;
mod checks;
mod combat;
mod envelope;
mod features;
mod identity;
mod inventory;
mod modifiers;
mod notes;
mod origins;
mod personal;
mod proficiencies;
mod refusal;
mod senses;
mod slots;
mod speeds;
mod spells;
mod state;
mod tables;
#[cfg(test)]
mod tests;

use backstory_core::{
    error::{Code, Error, Result},
    json::{Tree, Value},
    model::CharacterId,
    sheet::Sheet,
    source::{Personal, Reading, Source},
};

use character::Character;

/// Reads D&D Beyond characters.
#[derive(Debug, Clone, Copy, Default)]
pub struct DdbSource;

impl Source for DdbSource {
    fn name(&self) -> &'static str {
        "ddb"
    }

    fn label(&self) -> &'static str {
        "D&D Beyond"
    }

    fn deriver(&self) -> u32 {
        2
    }

    fn recognises(&self, tree: &Tree<'_>) -> bool {
        let root = tree.root();
        refusal::says_no(root) || envelope::find(root).is_some()
    }

    fn character<'a>(&self, tree: &'a Tree<'a>) -> Option<Value<'a>> {
        envelope::find(tree.root()).map(|found| found.character)
    }

    fn personal(&self) -> &'static [Personal] {
        personal::PERSONAL
    }

    fn named(&self) -> &'static [Personal] {
        personal::NAMED
    }

    fn read(&self, tree: &Tree<'_>) -> Result<Reading> {
        let root = tree.root();
        // An error body may carry an object under `data`: whether it says no comes before what it looks like.
        if refusal::says_no(root) {
            return Err(refusal::error(root));
        }
        let found = envelope::find(root).ok_or_else(not_a_character)?;
        let character = Character::of(found.character);
        Ok(Reading {
            character: id_of(found.character)?,
            linked: None,
            sheet: sheet(&character),
            edited_at: identity::edited_at(found.character),
            foreign: envelope::foreign(&found),
        })
    }
}

/// The character's own id. The envelope's `id` is 0 or a copy and never used.
fn id_of(character: Value<'_>) -> Result<CharacterId> {
    let digits = character.id("id").filter(|id| !id.is_empty() && id.bytes().all(|b| b.is_ascii_digit()));
    let digits = digits.ok_or_else(|| {
        Error::new(Code::FormatUnknown, "This looks like a D&D Beyond character, but its number is missing.")
            .kept("Your saved versions are as they were.")
            .hint("Download the character again from D&D Beyond, then import the new file.")
    })?;
    CharacterId::new(format!("ddb-{digits}"))
}

fn not_a_character() -> Error {
    Error::new(Code::FormatUnknown, "This is not a D&D Beyond character.")
        .kept("Your saved versions are as they were.")
        .hint("Import a character that was downloaded from D&D Beyond.")
}

fn sheet(character: &Character<'_>) -> Sheet {
    let root = character.root;
    let skill_bonuses = checks::skills(character);
    Sheet {
        name: identity::name(root),
        species: character.species.clone(),
        background: character.background.clone(),
        rules: identity::rules(character),
        level: character.level,
        xp: identity::xp(root),
        classes: identity::classes(character),
        abilities: character.abilities,
        proficiency_bonus: character.proficiency_bonus,
        hit_points_max: combat::hit_points_max(character),
        armor_class: armor::armor_class(character),
        initiative: combat::initiative(character),
        speeds: speeds::speeds(character),
        size: senses::size(character),
        senses: senses::senses(character),
        defenses: senses::defenses(character),
        saving_throws: proficiencies::saving_throws(character),
        saves: checks::saves(character),
        skills: proficiencies::skills(character),
        passive: checks::passive(character, &skill_bonuses),
        skill_bonuses,
        proficiencies: proficiencies::others(character),
        currency: inventory::currency(character),
        spells: spells::spells(character),
        spell_slots: slots::spell_slots(character),
        spellcasting: actions::spellcasting(character),
        inventory: inventory::items(character),
        feats: features::feats(character),
        features: features::features(character),
        actions: actions::actions(character),
        limits: actions::limits(character),
        notes: notes::notes(character),
        campaign: root.present("campaign").and_then(|campaign| campaign.text("name")),
        state: state::state(character),
        unknown_fields: identity::unknown_fields(root),
    }
}
