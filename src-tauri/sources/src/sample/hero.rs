//! A character as the samples play it: a small model with the actions of a game, written out by `render`.

use std::collections::BTreeMap;

use backstory_core::sheet::{Abilities, Ability, Currency, Rules};
use jiff::Timestamp;

use super::srd::{self, Background, Class, Feat, ItemKind, Species, Spell};

/// Levels in one class.
#[derive(Debug, Clone)]
pub(super) struct Levels {
    pub(super) id: i64,
    pub(super) class: &'static Class,
    pub(super) subclass: bool,
    pub(super) level: u32,
    pub(super) hit_dice_used: u32,
}

/// An ability score improvement: of which class and level, and what it raised.
#[derive(Debug, Clone)]
pub(super) struct Increase {
    pub(super) class: &'static Class,
    pub(super) ability: Ability,
    pub(super) amount: i32,
}

/// A spell in the book.
#[derive(Debug, Clone)]
pub(super) struct Known {
    pub(super) id: i64,
    pub(super) spell: &'static Spell,
    pub(super) class: &'static Class,
    pub(super) prepared: bool,
}

/// What a carried thing is.
#[derive(Debug, Clone)]
pub(super) enum Thing {
    /// From the catalogue.
    Kind(&'static ItemKind),
    /// Made up by the player: its definition's id, name and description.
    Custom(i64, String, String),
}

/// A thing carried.
#[derive(Debug, Clone)]
pub(super) struct Held {
    pub(super) id: i64,
    pub(super) thing: Thing,
    pub(super) quantity: u32,
    pub(super) equipped: bool,
    pub(super) attuned: bool,
    pub(super) container: Option<i64>,
    pub(super) charges_used: u32,
    /// What the player calls it.
    pub(super) renamed: Option<String>,
    /// What the player wrote on it.
    pub(super) note: Option<String>,
}

impl Held {
    /// What the player calls it.
    pub(super) fn name(&self) -> &str {
        match (&self.renamed, &self.thing) {
            (Some(name), _) | (None, Thing::Custom(_, name, _)) => name,
            (None, Thing::Kind(kind)) => kind.name,
        }
    }

    pub(super) fn kind(&self) -> Option<&'static ItemKind> {
        match self.thing {
            Thing::Kind(kind) => Some(kind),
            Thing::Custom(..) => None,
        }
    }
}

/// Where somebody comes from.
#[derive(Debug, Clone)]
pub(super) enum Origin {
    Catalogue(&'static Background),
    /// A background that the player made up: its name, its description and its skills.
    Custom(&'static str, &'static str, &'static [&'static str]),
}

/// Somebody else's character of the same campaign: user id, user name, character id, character name.
pub(super) type Companion = (i64, &'static str, i64, &'static str);

/// A campaign.
#[derive(Debug, Clone)]
pub(super) struct Campaign {
    pub(super) id: i64,
    pub(super) name: String,
    pub(super) description: &'static str,
    pub(super) leader: (i64, &'static str),
    pub(super) companions: &'static [Companion],
}

/// How somebody looks.
#[derive(Debug, Clone, Default)]
pub(super) struct Looks {
    pub(super) gender: Option<&'static str>,
    pub(super) faith: Option<&'static str>,
    pub(super) age: Option<i32>,
    pub(super) hair: Option<&'static str>,
    pub(super) eyes: Option<&'static str>,
    pub(super) skin: Option<&'static str>,
    pub(super) height: Option<&'static str>,
    pub(super) weight: Option<i32>,
    pub(super) alignment: Option<i32>,
}

/// A familiar.
#[derive(Debug, Clone)]
pub(super) struct Familiar {
    pub(super) id: i64,
    pub(super) name: Option<String>,
    pub(super) active: bool,
}

/// Death saves: successes and failures.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct DeathSaves {
    pub(super) successes: u32,
    pub(super) failures: u32,
    pub(super) stabilized: bool,
}

/// A character in play.
#[derive(Debug, Clone)]
pub(super) struct Hero {
    pub(super) id: i64,
    pub(super) user: (i64, String),
    pub(super) name: String,
    pub(super) rules: Rules,
    pub(super) species: &'static Species,
    pub(super) origin: Origin,
    pub(super) looks: Looks,
    /// Scores as rolled or bought, before anything counts.
    pub(super) scores: Abilities,
    /// What the 2024 background raised.
    pub(super) raised: Vec<(Ability, i32)>,
    pub(super) classes: Vec<Levels>,
    pub(super) skills: Vec<&'static str>,
    pub(super) expertise: Vec<&'static str>,
    pub(super) increases: Vec<Increase>,
    pub(super) feats: Vec<&'static Feat>,
    pub(super) spells: Vec<Known>,
    pub(super) items: Vec<Held>,
    pub(super) coins: Currency,
    /// None where the character levels by milestones.
    pub(super) experience: Option<i32>,
    pub(super) lost: i32,
    pub(super) temporary: i32,
    pub(super) slots_used: [u32; 9],
    pub(super) death_saves: DeathSaves,
    pub(super) inspiration: bool,
    /// Condition ids.
    pub(super) conditions: Vec<i32>,
    /// Times a limited feature was used.
    pub(super) uses: BTreeMap<&'static str, u32>,
    pub(super) notes: BTreeMap<&'static str, String>,
    pub(super) campaign: Option<Campaign>,
    pub(super) familiar: Option<Familiar>,
    pub(super) edited_at: Timestamp,
    /// Words of a script that mean nothing. A test sees to it that there are none.
    pub(super) mistakes: Vec<String>,
    ids: i64,
}

impl Hero {
    /// A first-level character with nothing in hand.
    pub(super) fn new(
        id: i64,
        name: &str,
        species: &'static Species,
        origin: Origin,
        class: &'static Class,
    ) -> Self {
        let mut hero = Self {
            id,
            user: (70_000_000 + id % 1_000_003, "table-and-tankard".into()),
            name: name.into(),
            rules: species.rules,
            species,
            origin,
            looks: Looks::default(),
            scores: Abilities { str: 10, dex: 14, con: 13, int: 12, wis: 12, cha: 8 },
            raised: Vec::new(),
            classes: Vec::new(),
            skills: class.skills.iter().copied().take(2).collect(),
            expertise: Vec::new(),
            increases: Vec::new(),
            feats: Vec::new(),
            spells: Vec::new(),
            items: Vec::new(),
            coins: Currency::default(),
            experience: None,
            lost: 0,
            temporary: 0,
            slots_used: [0; 9],
            death_saves: DeathSaves::default(),
            inspiration: false,
            conditions: Vec::new(),
            uses: BTreeMap::new(),
            notes: BTreeMap::new(),
            campaign: None,
            familiar: None,
            edited_at: Timestamp::UNIX_EPOCH,
            mistakes: Vec::new(),
            ids: id.wrapping_mul(37) % 900_000_000 + 900_000_000,
        };
        if let Origin::Catalogue(Background { feat: Some(feat), .. }) = hero.origin {
            hero.take_feat(feat);
        }
        hero.add_class(class);
        hero
    }

    fn fresh_id(&mut self) -> i64 {
        self.ids += 7;
        self.ids
    }

    fn mistake(&mut self, what: &str) {
        self.mistakes.push(what.to_owned());
    }

    /// Total level.
    pub(super) fn level(&self) -> u32 {
        self.classes.iter().map(|levels| levels.level).sum()
    }

    pub(super) fn proficiency_bonus(&self) -> u32 {
        self.level().div_ceil(4) + 1
    }

    /// Hit points of the dice alone: all of the first one, the rounded-up average of the others.
    pub(super) fn base_hit_points(&self) -> u32 {
        let mut points = 0;
        for (at, levels) in self.classes.iter().enumerate() {
            let die = levels.class.hit_die;
            let average = die / 2 + 1;
            points += levels.level * average + if at == 0 { die - average } else { 0 };
        }
        points
    }

    // Growing.

    fn add_class(&mut self, class: &'static Class) {
        let id = self.fresh_id();
        self.classes.push(Levels { id, class, subclass: false, level: 1, hit_dice_used: 0 });
    }

    /// One level more in a class, or the first one.
    pub(super) fn level_up(&mut self, class: &str) {
        if let Some(levels) = self.classes.iter_mut().find(|levels| levels.class.name == class) {
            levels.level += 1;
        } else if let Some(class) = srd::class(class) {
            self.add_class(class);
        } else {
            self.mistake(class);
        }
    }

    /// Chooses the subclass.
    pub(super) fn specialise(&mut self, class: &str) {
        match self.classes.iter_mut().find(|levels| levels.class.name == class) {
            Some(levels) if levels.level >= levels.class.subclass_level(self.rules) => levels.subclass = true,
            _ => self.mistake(class),
        }
    }

    /// Takes an ability score improvement.
    pub(super) fn improve(&mut self, class: &str, ability: Ability, amount: i32) {
        match srd::class(class) {
            Some(class) => self.increases.push(Increase { class, ability, amount }),
            None => self.mistake(class),
        }
    }

    pub(super) fn take_feat(&mut self, name: &str) {
        match srd::feat(name) {
            Some(feat) => self.feats.push(feat),
            None => self.mistake(name),
        }
    }

    /// Takes another feat in the place of one.
    pub(super) fn swap_feat(&mut self, old: &str, new: &str) {
        match (self.feats.iter().position(|feat| feat.name == old), srd::feat(new)) {
            (Some(at), Some(feat)) => self.feats[at] = feat,
            _ => self.mistake(old),
        }
    }

    // Magic.

    /// Learns spells and prepares them.
    pub(super) fn learn(&mut self, names: &[&str]) {
        for name in names {
            let id = self.fresh_id();
            let class = self.classes.iter().map(|levels| levels.class);
            match (srd::spell(name), class.clone().find(|class| class.casting != srd::Casting::None)) {
                (Some(spell), Some(class)) => {
                    self.spells.push(Known { id, spell, class, prepared: spell.level > 0 });
                }
                _ => self.mistake(name),
            }
        }
    }

    pub(super) fn forget(&mut self, name: &str) {
        match self.spells.iter().position(|known| known.spell.name == name) {
            Some(at) => drop(self.spells.remove(at)),
            None => self.mistake(name),
        }
    }

    /// Learns one spell in the place of another.
    pub(super) fn swap_spell(&mut self, old: &str, new: &str) {
        self.forget(old);
        self.learn(&[new]);
    }

    /// Prepares a spell for the day, or lets it be.
    pub(super) fn prepare(&mut self, name: &str, prepared: bool) {
        match self.spells.iter_mut().find(|known| known.spell.name == name) {
            Some(known) => known.prepared = prepared,
            None => self.mistake(name),
        }
    }

    /// Spends a spell slot.
    pub(super) fn cast(&mut self, level: usize) {
        match self.slots_used.get_mut(level.wrapping_sub(1)) {
            Some(used) => *used += 1,
            None => self.mistake("a slot of no level"),
        }
    }

    // Things.

    /// Puts things into the hands of the character.
    pub(super) fn find(&mut self, name: &str, quantity: u32) {
        match srd::item(name) {
            Some(kind) => self.hold(Thing::Kind(kind), quantity),
            None => self.mistake(name),
        }
    }

    /// Makes a thing that no catalogue knows.
    pub(super) fn make(&mut self, name: &str, description: &str) {
        let id = self.fresh_id() % 90_000_000;
        self.hold(Thing::Custom(id, name.into(), description.into()), 1);
    }

    fn hold(&mut self, thing: Thing, quantity: u32) {
        let id = self.fresh_id();
        self.items.push(Held {
            id,
            thing,
            quantity,
            equipped: false,
            attuned: false,
            container: None,
            charges_used: 0,
            renamed: None,
            note: None,
        });
    }

    /// The last thing of this name does something, if there is one.
    fn with(&mut self, name: &str, act: impl FnOnce(&mut Held)) {
        match self.items.iter_mut().rev().find(|item| item.name() == name) {
            Some(item) => act(item),
            None => self.mistake(name),
        }
    }

    /// Sets how many there are; none at all takes the thing away, and lays what was in it on the table.
    pub(super) fn count(&mut self, name: &str, quantity: u32) {
        let mut gone = None;
        self.with(name, |item| {
            item.quantity = quantity;
            gone = (quantity == 0).then_some(item.id);
        });
        if let Some(id) = gone {
            self.items.retain(|item| item.id != id);
            for item in self.items.iter_mut().filter(|item| item.container == Some(id)) {
                item.container = None;
            }
        }
    }

    pub(super) fn lose(&mut self, name: &str) {
        self.count(name, 0);
    }

    pub(super) fn equip(&mut self, name: &str, equipped: bool) {
        self.with(name, |item| item.equipped = equipped);
    }

    /// Attunes to a thing and wears it.
    pub(super) fn attune(&mut self, name: &str) {
        self.with(name, |item| {
            item.equipped = true;
            item.attuned = true;
        });
    }

    /// Ends an attunement and takes the thing off.
    pub(super) fn release(&mut self, name: &str) {
        self.with(name, |item| {
            item.equipped = false;
            item.attuned = false;
        });
    }

    /// Puts a thing into a container.
    pub(super) fn stow(&mut self, name: &str, container: &str) {
        match self.items.iter().find(|item| item.name() == container).map(|item| item.id) {
            Some(id) => self.with(name, |item| item.container = Some(id)),
            None => self.mistake(container),
        }
    }

    pub(super) fn rename(&mut self, name: &str, new: &str) {
        self.with(name, |item| item.renamed = Some(new.to_owned()));
    }

    /// Writes something on a thing's label.
    pub(super) fn label(&mut self, name: &str, note: &str) {
        self.with(name, |item| item.note = Some(note.to_owned()));
    }

    /// Uses charges of a wand.
    pub(super) fn discharge(&mut self, name: &str, charges: u32) {
        self.with(name, |item| item.charges_used = charges);
    }

    /// Gold won or, below zero, spent.
    pub(super) fn gold(&mut self, amount: i64) {
        self.coins.gp += amount;
    }

    /// Buys a thing for gold.
    pub(super) fn buy(&mut self, name: &str, quantity: u32, gold: i64) {
        self.find(name, quantity);
        self.gold(-gold);
    }

    // Wounds and rest.

    pub(super) fn hurt(&mut self, points: i32) {
        self.lost += points;
    }

    pub(super) fn heal(&mut self, points: i32) {
        self.lost = (self.lost - points).max(0);
        self.death_saves = DeathSaves::default();
    }

    /// Uses a limited feature once.
    pub(super) fn use_feature(&mut self, name: &'static str) {
        *self.uses.entry(name).or_default() += 1;
    }

    /// An hour by the road: some hit dice, some hit points.
    pub(super) fn short_rest(&mut self, dice: u32, points: i32) {
        if let Some(levels) = self.classes.first_mut() {
            levels.hit_dice_used = (levels.hit_dice_used + dice).min(levels.level);
        }
        self.heal(points);
    }

    /// A night's sleep.
    pub(super) fn long_rest(&mut self) {
        self.lost = 0;
        self.temporary = 0;
        self.slots_used = [0; 9];
        self.death_saves = DeathSaves::default();
        self.conditions.clear();
        self.uses.clear();
        for levels in &mut self.classes {
            levels.hit_dice_used = 0;
        }
        for item in &mut self.items {
            item.charges_used = 0;
        }
    }

    /// Writes a note, in the place of what stood there.
    pub(super) fn write(&mut self, about: &'static str, text: &str) {
        self.notes.insert(about, text.to_owned());
    }
}
