//! The system-neutral 5e sheet: what a player can see, and nothing else.
//!
//! A sheet is derived from a document by a [`crate::source::Source`] and can be derived again at any time.
//! It decides whether two captures differ for a player: what must not count as a change must not enter it
//! (ids, rules text, catalogue data, bookkeeping of the source). What a rest resets is kept apart in [`State`].

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

/// The edition of the rules a character is built with.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub enum Rules {
    /// The 2014 Player's Handbook.
    #[default]
    #[serde(rename = "2014")]
    Legacy,
    /// The 2024 Player's Handbook.
    #[serde(rename = "2024")]
    Revised,
    /// Classes, species and background disagree.
    #[serde(rename = "mixed")]
    Mixed,
}

/// A class and what the character made of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Class {
    /// Matches the class between versions. Not shown.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[cfg_attr(test, ts(optional, as = "Option<String>"))]
    pub key: String,
    /// Its name.
    pub name: String,
    /// The subclass, once chosen.
    pub subclass: Option<String>,
    /// Levels in it.
    pub level: u32,
    /// Sides of its hit die.
    #[serde(default)]
    pub hit_die: u32,
}

/// The six scores.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[allow(missing_docs, reason = "the field's own names")]
pub struct Abilities {
    pub str: i32,
    pub dex: i32,
    pub con: i32,
    pub int: i32,
    pub wis: i32,
    pub cha: i32,
}

/// One of the six abilities.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(test, derive(ts_rs::TS))]
#[allow(missing_docs, reason = "the field's own names")]
pub enum Ability {
    Str,
    Dex,
    Con,
    Int,
    Wis,
    Cha,
}

impl Ability {
    /// In the order of every sheet.
    pub const ALL: [Self; 6] = [Self::Str, Self::Dex, Self::Con, Self::Int, Self::Wis, Self::Cha];

    /// The whole word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Str => "Strength",
            Self::Dex => "Dexterity",
            Self::Con => "Constitution",
            Self::Int => "Intelligence",
            Self::Wis => "Wisdom",
            Self::Cha => "Charisma",
        }
    }

    /// The key used in JSON.
    pub fn key(self) -> &'static str {
        match self {
            Self::Str => "str",
            Self::Dex => "dex",
            Self::Con => "con",
            Self::Int => "int",
            Self::Wis => "wis",
            Self::Cha => "cha",
        }
    }
}

/// The skills of the rules and the ability each goes by.
pub const SKILLS: [(&str, Ability); 18] = [
    ("Acrobatics", Ability::Dex),
    ("Animal Handling", Ability::Wis),
    ("Arcana", Ability::Int),
    ("Athletics", Ability::Str),
    ("Deception", Ability::Cha),
    ("History", Ability::Int),
    ("Insight", Ability::Wis),
    ("Intimidation", Ability::Cha),
    ("Investigation", Ability::Int),
    ("Medicine", Ability::Wis),
    ("Nature", Ability::Int),
    ("Perception", Ability::Wis),
    ("Performance", Ability::Cha),
    ("Persuasion", Ability::Cha),
    ("Religion", Ability::Int),
    ("Sleight of Hand", Ability::Dex),
    ("Stealth", Ability::Dex),
    ("Survival", Ability::Wis),
];

/// The skills that have a passive score on every sheet.
pub const PASSIVE: [&str; 3] = ["Perception", "Investigation", "Insight"];

impl Abilities {
    /// One score.
    pub fn get(&self, ability: Ability) -> i32 {
        match ability {
            Ability::Str => self.str,
            Ability::Dex => self.dex,
            Ability::Con => self.con,
            Ability::Int => self.int,
            Ability::Wis => self.wis,
            Ability::Cha => self.cha,
        }
    }

    /// One score, to be written.
    pub fn get_mut(&mut self, ability: Ability) -> &mut i32 {
        match ability {
            Ability::Str => &mut self.str,
            Ability::Dex => &mut self.dex,
            Ability::Con => &mut self.con,
            Ability::Int => &mut self.int,
            Ability::Wis => &mut self.wis,
            Ability::Cha => &mut self.cha,
        }
    }

    /// What the score adds to a roll: half of what is above 10, rounded down.
    pub fn modifier(&self, ability: Ability) -> i32 {
        (self.get(ability) - 10).div_euclid(2)
    }
}

/// One part of a derived number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Part {
    /// Where it comes from, in a player's words.
    pub label: String,
    /// What it adds.
    pub value: i32,
}

/// A derived number and what it is made of.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Derived {
    /// The number.
    pub value: i32,
    /// Its parts; they add up to it.
    pub parts: Vec<Part>,
}

/// How well a skill is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub enum SkillRank {
    /// Half the proficiency bonus.
    Half,
    /// The proficiency bonus.
    Proficient,
    /// Twice the proficiency bonus.
    Expertise,
}

/// Other proficiencies, by name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[allow(missing_docs, reason = "the field's own names")]
pub struct Proficiencies {
    pub armor: BTreeSet<String>,
    pub weapons: BTreeSet<String>,
    pub tools: BTreeSet<String>,
    pub languages: BTreeSet<String>,
}

/// Coins.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[allow(missing_docs, reason = "the field's own names")]
pub struct Currency {
    pub cp: i64,
    pub sp: i64,
    pub ep: i64,
    pub gp: i64,
    pub pp: i64,
}

/// A spell the character has. Whether it is prepared today is [`State::prepared`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Spell {
    /// Matches the spell between versions. Not shown.
    pub key: String,
    /// Its name.
    pub name: String,
    /// 0 for a cantrip.
    pub level: u32,
    /// The class, feat, item or species it comes from.
    pub source: String,
    /// Always prepared, and never counted against a limit.
    pub always: bool,
}

/// How many slots of a level the character has. Used ones are [`State::slots_used`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct SpellSlots {
    /// Spell level.
    pub level: u32,
    /// How many.
    pub max: u32,
    /// Whether they come back with a short rest (a warlock's).
    pub pact: bool,
}

/// A thing carried.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Item {
    /// Matches the thing between versions. Not shown.
    pub key: String,
    /// What the player calls it.
    pub name: String,
    /// What the rules call it, where the player renamed it.
    pub kind: Option<String>,
    /// How many.
    pub quantity: i64,
    /// Worn or wielded.
    pub equipped: bool,
    /// Attuned.
    pub attuned: bool,
    /// The key of the container it lies in.
    pub container: Option<String>,
    /// Made by the player.
    pub custom: bool,
    /// How often it can be used before it recharges.
    #[serde(default)]
    pub charges: Option<Limit>,
}

/// A feat, feature, trait or picked option.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Feature {
    /// Matches it between versions. Not shown.
    pub key: String,
    /// Its name.
    pub name: String,
    /// The class, species, background or feat it comes from.
    pub source: String,
}

/// How often something can be done before a rest.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Limit {
    /// How often. What is spent of it is [`State::uses_spent`].
    pub max: u32,
    /// What brings the uses back, in a player's words: `short rest`, `long rest`, `dawn`.
    pub resets: Option<String>,
}

/// Something the character can do: an action, a bonus action, a reaction.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Action {
    /// Matches it between versions. Not shown.
    pub key: String,
    /// Its name.
    pub name: String,
    /// The class, species, feat or thing it comes from.
    pub source: String,
    /// What it takes: `action`, `bonus action`, `reaction`, `minute`; none where the source does not say.
    pub takes: Option<String>,
}

/// What the character casts spells with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Spellcasting {
    /// The class it belongs to.
    pub class: String,
    /// The ability it goes by.
    pub ability: Ability,
    /// What is added to a spell attack.
    pub attack: Derived,
    /// What others roll against.
    pub save_dc: Derived,
}

/// What harms less, more or not at all, by name (`Fire`, `Poisoned`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[allow(missing_docs, reason = "the field's own names")]
pub struct Defenses {
    pub resistances: BTreeSet<String>,
    pub immunities: BTreeSet<String>,
    pub vulnerabilities: BTreeSet<String>,
}

/// What a rest, a fight or a minute changes: kept apart, folded by default.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct State {
    /// Hit points lost.
    pub hit_points_lost: i32,
    /// Temporary hit points.
    pub temporary_hit_points: i32,
    /// Hit dice used, by class name.
    pub hit_dice_used: BTreeMap<String, u32>,
    /// Spell slots used, by spell level.
    pub slots_used: BTreeMap<u32, u32>,
    /// Pact slots used, by spell level.
    pub pact_used: BTreeMap<u32, u32>,
    /// Keys of the spells prepared today.
    pub prepared: BTreeSet<String>,
    /// Uses spent of limited features and of charges, by what a player calls the thing.
    pub uses_spent: BTreeMap<String, u32>,
    /// Death saves: successes and failures.
    pub death_saves: (u32, u32),
    /// Heroic inspiration.
    pub inspiration: bool,
    /// Conditions; exhaustion with its level.
    pub conditions: BTreeMap<String, u32>,
}

/// Hit points at their best, and how that came about.
pub type HitPointsMax = Derived;

/// A character as a player sees it at one version.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Sheet {
    /// The name, without blanks at its ends.
    pub name: String,
    /// Species or race.
    pub species: Option<String>,
    /// Background.
    pub background: Option<String>,
    /// Edition.
    pub rules: Rules,
    /// Total level.
    pub level: u32,
    /// Experience points; none where the character levels by milestones.
    pub xp: Option<i64>,
    /// Classes, the starting one first.
    pub classes: Vec<Class>,
    /// Ability scores with everything that counts.
    pub abilities: Abilities,
    /// Proficiency bonus.
    pub proficiency_bonus: i32,
    /// Hit points at full health.
    pub hit_points_max: HitPointsMax,
    /// Armour class.
    pub armor_class: Derived,
    /// Initiative.
    pub initiative: Derived,
    /// Speeds in feet by kind: `walk`, `fly`, `swim`, `climb`, `burrow`.
    pub speeds: BTreeMap<String, i32>,
    /// Size: `Medium`.
    pub size: Option<String>,
    /// Senses beyond the ordinary in feet by kind: `darkvision`, `blindsight`, `tremorsense`, `truesight`.
    pub senses: BTreeMap<String, i32>,
    /// What harms less, more or not at all.
    pub defenses: Defenses,
    /// Proficient saving throws.
    pub saving_throws: BTreeSet<Ability>,
    /// What is added to each saving throw.
    pub saves: BTreeMap<Ability, Derived>,
    /// Skills by their English name in the rules (`Sleight of Hand`).
    pub skills: BTreeMap<String, SkillRank>,
    /// What is added to a check of each skill.
    pub skill_bonuses: BTreeMap<String, Derived>,
    /// What is noticed without a roll, by skill: `Perception`, `Investigation`, `Insight`.
    pub passive: BTreeMap<String, Derived>,
    /// Other proficiencies.
    pub proficiencies: Proficiencies,
    /// Coins.
    pub currency: Currency,
    /// Spells.
    pub spells: Vec<Spell>,
    /// Spell slots by level.
    pub spell_slots: Vec<SpellSlots>,
    /// What spells are cast with, by class.
    pub spellcasting: Vec<Spellcasting>,
    /// Things carried.
    pub inventory: Vec<Item>,
    /// Feats.
    pub feats: Vec<Feature>,
    /// Features, traits and options gained so far.
    pub features: Vec<Feature>,
    /// What the character can do, beyond what everybody can.
    pub actions: Vec<Action>,
    /// How often limited things can be done, by what a player calls them; spent uses stand in [`State::uses_spent`].
    pub limits: BTreeMap<String, Limit>,
    /// The player's own words, by what they are about (`backstory`, `bonds`, `appearance`, …). Empty ones are left out.
    pub notes: BTreeMap<String, String>,
    /// The campaign's name.
    pub campaign: Option<String>,
    /// What a rest resets.
    pub state: State,
    /// Fields of the document that Backstory does not know: kept in the document, and said.
    pub unknown_fields: Vec<String>,
}
