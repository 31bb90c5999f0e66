//! Foundry VTT: actors of its dnd5e system from version 1.5 to 5.3, as it exports them or in the wrapper of a common macro.
//!
//! An actor is the character's own numbers (`system`, `data` before Foundry 10) and its items: classes, feats, spells and
//! things are all items. Little is reckoned in the document, so what the sheet shows is reckoned here by the same rules.
//! The format changed with every version of the system; one file reads one topic of the sheet in all of them.

mod abilities;
mod actions;
mod actor;
mod armor;
mod checks;
mod combat;
mod effects;
mod envelope;
mod features;
mod formula;
mod html;
mod identity;
mod inventory;
mod notes;
mod personal;
mod proficiencies;
mod refusal;
mod senses;
mod slots;
mod spells;
mod state;
mod tables;
#[cfg(test)]
mod tests;
mod uses;

use backstory_core::{
    error::Result,
    json::{Tree, Value},
    sheet::Sheet,
    source::{Personal, Reading, Source},
};

use actor::Actor;

/// Reads actors of Foundry's dnd5e system.
#[derive(Debug, Clone, Copy, Default)]
pub struct FoundrySource;

impl Source for FoundrySource {
    fn name(&self) -> &'static str {
        "foundry"
    }

    fn label(&self) -> &'static str {
        "Foundry VTT"
    }

    fn deriver(&self) -> u32 {
        1
    }

    /// Every actor, also of another system or kind: that it cannot be read is then said by name.
    fn recognises(&self, tree: &Tree<'_>) -> bool {
        envelope::find(tree.root()).is_some()
    }

    fn ids_change(&self) -> bool {
        true
    }

    fn character<'a>(&self, tree: &'a Tree<'a>) -> Option<Value<'a>> {
        envelope::find(tree.root()).map(|found| found.actor)
    }

    fn personal(&self) -> &'static [Personal] {
        personal::PERSONAL
    }

    fn named(&self) -> &'static [Personal] {
        personal::NAMED
    }

    fn read(&self, tree: &Tree<'_>) -> Result<Reading> {
        let root = tree.root();
        let found = envelope::find(root).ok_or_else(refusal::not_an_actor)?;
        refusal::check(&found)?;
        let identity = identity::identity(&found)?;
        let actor = Actor::of(&found);
        Ok(Reading {
            character: identity.character,
            linked: identity.linked,
            sheet: sheet(&actor),
            edited_at: identity::edited_at(&found),
            foreign: envelope::foreign(&found),
        })
    }
}

fn sheet(actor: &Actor<'_>) -> Sheet {
    let skill_bonuses = checks::skill_bonuses(actor);
    Sheet {
        name: identity::name(actor.root),
        species: actor.species.clone(),
        background: actor.background.clone(),
        rules: identity::rules(actor),
        level: actor.level,
        xp: identity::xp(actor),
        classes: identity::classes(actor),
        abilities: actor.abilities,
        proficiency_bonus: actor.proficiency_bonus,
        hit_points_max: combat::hit_points_max(actor),
        armor_class: armor::armor_class(actor),
        initiative: combat::initiative(actor),
        speeds: senses::speeds(actor),
        size: senses::size(actor),
        senses: senses::senses(actor),
        defenses: senses::defenses(actor),
        saving_throws: checks::saving_throws(actor),
        saves: checks::saves(actor),
        skills: checks::skills(actor),
        passive: checks::passive(actor, &skill_bonuses),
        skill_bonuses,
        proficiencies: proficiencies::proficiencies(actor),
        currency: inventory::currency(actor),
        spells: spells::spells(actor),
        spell_slots: slots::spell_slots(actor),
        spellcasting: actions::spellcasting(actor),
        inventory: inventory::items(actor),
        feats: features::feats(actor),
        features: features::features(actor),
        actions: actions::actions(actor),
        limits: uses::limits(actor),
        notes: notes::notes(actor),
        // A world is not a campaign, and only some exports name it.
        campaign: None,
        state: state::state(actor),
        unknown_fields: identity::unknown_fields(actor),
    }
}
