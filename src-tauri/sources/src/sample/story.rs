//! A character's time at the table, and the looks that were taken at it.

use jiff::{SignedDuration, Timestamp};

use super::{
    Capture, Expected, Outcome,
    hero::{Hero, Origin},
    modifiers::Modifiers,
    render::Service,
    srd::Casting,
};

/// How long after the last edit somebody looked.
const LOOKED_AFTER: SignedDuration = SignedDuration::from_mins(11);

/// A story being told.
#[derive(Debug)]
pub(super) struct Story {
    pub(super) hero: Hero,
    pub(super) service: Service,
    captures: Vec<Capture>,
}

impl Story {
    pub(super) fn new(hero: Hero, service: Service) -> Self {
        Self { hero, service, captures: Vec::new() }
    }

    /// An evening: the player edits, and we look a little later.
    pub(super) fn session(&mut self, at: Timestamp, play: impl FnOnce(&mut Hero)) -> &mut Self {
        self.edit(at, Outcome::Change, play)
    }

    /// The same evening, some minutes later.
    pub(super) fn then(&mut self, minutes: i64, play: impl FnOnce(&mut Hero)) -> &mut Self {
        let at = self.hero.edited_at + SignedDuration::from_mins(minutes);
        self.edit(at, Outcome::Change, play)
    }

    /// Some minutes later, where only what a rest resets has moved.
    pub(super) fn state(&mut self, minutes: i64, play: impl FnOnce(&mut Hero)) -> &mut Self {
        let at = self.hero.edited_at + SignedDuration::from_mins(minutes);
        self.edit(at, Outcome::State, play)
    }

    fn edit(&mut self, at: Timestamp, outcome: Outcome, play: impl FnOnce(&mut Hero)) -> &mut Self {
        play(&mut self.hero);
        self.hero.edited_at = at;
        let outcome = if self.captures.is_empty() { Outcome::First } else { outcome };
        self.look(at + LOOKED_AFTER, outcome)
    }

    /// A look some hours later at a document that the service, not the player, has changed.
    pub(super) fn quiet(&mut self, hours: i64, change: impl FnOnce(&mut Service)) -> &mut Self {
        change(&mut self.service);
        self.look(self.last() + SignedDuration::from_hours(hours), Outcome::Quiet)
    }

    /// A look some hours later at the very same document.
    pub(super) fn again(&mut self, hours: i64) -> &mut Self {
        let at = self.last() + SignedDuration::from_hours(hours);
        if let Some(last) = self.captures.last() {
            let mut same = last.clone();
            same.file_name = file_name(&self.hero, at);
            same.captured_at = at;
            same.expected.outcome = Outcome::Identical;
            self.captures.push(same);
        }
        self
    }

    /// When we last looked.
    fn last(&self) -> Timestamp {
        self.captures.last().map_or(self.hero.edited_at, |capture| capture.captured_at)
    }

    fn look(&mut self, at: Timestamp, outcome: Outcome) -> &mut Self {
        self.captures.push(capture(&self.hero, &self.service, at, outcome));
        self
    }

    /// Everything that was seen.
    pub(super) fn end(self) -> Vec<Capture> {
        self.captures
    }
}

/// One look at a character.
pub(super) fn capture(hero: &Hero, service: &Service, at: Timestamp, outcome: Outcome) -> Capture {
    Capture {
        file_name: file_name(hero, at),
        captured_at: at,
        document: service.document(hero),
        expected: expected(hero, outcome),
    }
}

fn file_name(hero: &Hero, at: Timestamp) -> String {
    format!("ddb-{}_{}.json", hero.id, at.strftime("%Y-%m-%dT%H-%M-%SZ"))
}

fn expected(hero: &Hero, outcome: Outcome) -> Expected {
    let modifiers = Modifiers::of(hero);
    Expected {
        character: hero.id,
        outcome,
        name: hero.name.clone(),
        species: hero.species.name,
        background: match &hero.origin {
            Origin::Catalogue(background) => background.name,
            Origin::Custom(name, ..) => name,
        },
        rules: hero.rules,
        classes: classes(hero),
        level: hero.level(),
        abilities: modifiers.abilities(hero),
        hit_points_max: modifiers.hit_points(hero),
        hit_points_lost: hero.lost,
        armor_class: modifiers.armor_class(hero),
        proficiency_bonus: hero.proficiency_bonus(),
        gold: hero.coins.gp,
        currency: hero.coins,
        spell_slots: spell_slots(hero),
        items: hero.items.iter().map(|item| item.name().to_owned()).collect(),
        spells: hero.spells.iter().map(|known| known.spell.name).collect(),
        campaign: hero.campaign.as_ref().map(|campaign| campaign.name.clone()),
        edited_at: hero.edited_at,
    }
}

fn classes(hero: &Hero) -> Vec<(&'static str, Option<&'static str>, u32)> {
    let revised = hero.rules == backstory_core::sheet::Rules::Revised;
    let subclass = |names: (&'static str, &'static str)| if revised { names.1 } else { names.0 };
    hero.classes
        .iter()
        .map(|one| (one.class.name, one.subclass.then(|| subclass(one.class.subclass)), one.level))
        .collect()
}

/// The samples never mix two casting classes, so one table is enough.
fn spell_slots(hero: &Hero) -> [u32; 9] {
    let casts = |casting| matches!(casting, Casting::Full | Casting::Half);
    let caster = hero.classes.iter().find(|levels| casts(levels.class.casting));
    caster.map_or([0; 9], |levels| super::render::slots(levels.class.casting, levels.level))
}
