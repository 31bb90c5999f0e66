//! The character object with everything joined that several topics need.

use std::collections::HashMap;

use backstory_core::{
    json::{Kind, Value},
    sheet::{Abilities, Ability},
};

pub(super) use crate::fields::{Keys, count, says_something, small, small_or_zero};

use super::{
    abilities, identity,
    inventory::{self, Thing},
    modifiers::{self, Modifier},
    origins::Origins,
    spells,
};

/// The character object, read once: classes in order, things with their names, the modifiers that count.
pub(super) struct Character<'a> {
    pub(super) root: Value<'a>,
    /// The starting class first, the others as they were taken.
    pub(super) classes: Vec<ClassRow<'a>>,
    pub(super) level: u32,
    pub(super) species: Option<String>,
    pub(super) background: Option<String>,
    pub(super) custom: Customisations<'a>,
    pub(super) things: Vec<Thing<'a>>,
    pub(super) origins: Origins,
    pub(super) modifiers: Vec<Modifier<'a>>,
    pub(super) abilities: Abilities,
    pub(super) proficiency_bonus: i32,
    pub(super) spells: Vec<spells::Row<'a>>,
}

/// One class of the character.
pub(super) struct ClassRow<'a> {
    pub(super) row: Value<'a>,
    pub(super) id: String,
    pub(super) name: String,
    pub(super) level: u32,
}

impl<'a> Character<'a> {
    pub(super) fn of(root: Value<'a>) -> Self {
        let classes = identity::class_rows(root);
        let level = classes.iter().fold(0_u32, |sum, class| sum.saturating_add(class.level));
        let species = identity::species(root);
        let background = identity::background(root);
        let custom = Customisations::of(root);
        let things = inventory::things(root, &custom);
        let origins = Origins::of(root, &classes, species.as_deref(), background.as_deref(), &things);
        let modifiers = modifiers::active(root, &things, &origins);
        let abilities = abilities::scores(root, &modifiers);
        let mut character = Self {
            root,
            classes,
            level,
            species,
            background,
            custom,
            things,
            origins,
            modifiers,
            abilities,
            proficiency_bonus: 0,
            spells: Vec::new(),
        };
        character.proficiency_bonus = character.proficiency();
        character.spells = spells::rows(&character);
        character
    }

    /// +2 at first level and one more every four levels, and what raises it.
    fn proficiency(&self) -> i32 {
        let by_level = i32::try_from(self.level.max(1).div_ceil(4)).unwrap_or(i32::MAX - 1).saturating_add(1);
        let bonus = self.modifiers_of("bonus", "proficiency-bonus").filter_map(Modifier::fixed);
        bonus.fold(by_level, i32::saturating_add).clamp(0, 999)
    }

    /// The active modifiers of a type and a target.
    pub(super) fn modifiers_of(&self, kind: &str, target: &str) -> impl Iterator<Item = &Modifier<'a>> {
        self.modifiers.iter().filter(move |modifier| modifier.is(kind, target))
    }

    /// What an ability adds to a roll.
    pub(super) fn modifier(&self, ability: Ability) -> i32 {
        self.abilities.modifier(ability)
    }

    /// What a modifier adds: its fixed value, the ability it names, the proficiency bonus where it says so.
    pub(super) fn amount(&self, modifier: &Modifier<'_>) -> i32 {
        let fixed = modifier.fixed().unwrap_or(0);
        let ability = modifier.ability().map_or(0, |ability| self.modifier(ability));
        let proficiency = if modifier.adds_proficiency() { self.proficiency_bonus } else { 0 };
        fixed.saturating_add(ability).saturating_add(proficiency)
    }

    /// What a player calls the thing a modifier comes from.
    pub(super) fn label(&self, modifier: &Modifier<'_>) -> String {
        self.origins.name(modifier.component).map_or_else(|| modifier.friendly(), str::to_owned)
    }
}

/// What the player set by hand on single things: `characterValues`.
pub(super) struct Customisations<'a> {
    values: HashMap<(i64, String), Vec<Value<'a>>>,
}

/// What `typeId` of a customisation means, as far as it is read.
pub(super) mod custom {
    pub(crate) const ARMOR_CLASS_OVERRIDE: i64 = 1;
    pub(crate) const ARMOR_CLASS_MAGIC: i64 = 2;
    pub(crate) const ARMOR_CLASS_MISC: i64 = 3;
    pub(crate) const NAME: i64 = 8;
    pub(crate) const NOTE: i64 = 9;
    pub(crate) const SKILL_OVERRIDE: i64 = 23;
    pub(crate) const SKILL_MISC: i64 = 24;
    pub(crate) const SKILL_MAGIC: i64 = 25;
    pub(crate) const SKILL_PROFICIENCY: i64 = 26;
    pub(crate) const SKILL_ABILITY: i64 = 27;
    pub(crate) const WEAPON_PROFICIENCY: i64 = 33;
    pub(crate) const LANGUAGE_PROFICIENCY: i64 = 35;
    pub(crate) const SAVE_OVERRIDE: i64 = 38;
    pub(crate) const SAVE_MISC: i64 = 39;
    pub(crate) const SAVE_MAGIC: i64 = 40;
    pub(crate) const SAVE_PROFICIENCY: i64 = 41;
}

/// The kind of row that is a thing carried (`valueTypeId`).
const THING_TYPE: i64 = 1_439_493_548;
/// The kinds of spell rows a customisation can be about (`valueTypeId`); everything else a name is given to is carried.
const SPELL_TYPES: [i64; 2] = [435_869_154, 420_821_570];

impl<'a> Customisations<'a> {
    fn of(root: Value<'a>) -> Self {
        let mut values: HashMap<_, Vec<_>> = HashMap::new();
        let told = |row: &Value<'a>| row.present("value").is_some();
        for row in root.list("characterValues").filter(told) {
            let Some(kind) = row.int("typeId") else { continue };
            values.entry((kind, row.id("valueId").unwrap_or_default())).or_default().push(row);
        }
        Self { values }
    }

    fn rows(&self, kind: i64, id: &str) -> impl Iterator<Item = Value<'a>> {
        self.values.get(&(kind, id.to_owned())).into_iter().flatten().copied()
    }

    /// A number the player set, and the note beside it.
    pub(super) fn number(&self, kind: i64, id: &str) -> Option<(i32, Option<String>)> {
        let row = self.rows(kind, id).last()?;
        Some((small(row.get("value")?)?, row.text("notes")))
    }

    /// A text the player gave to a thing carried.
    pub(super) fn thing_text(&self, kind: i64, id: &str) -> Option<String> {
        let rows = self.rows(kind, id).filter(|row| !is_about_spell(*row));
        // Older rows name the kind of the thing instead of the thing; where there are both, the newer one stands.
        let told =
            rows.filter_map(|row| Some((number(row, "valueTypeId") == Some(THING_TYPE), row.text("value")?)));
        told.max().map(|(_, text)| text)
    }

    /// A text the player gave to a spell.
    pub(super) fn spell_text(&self, kind: i64, id: &str) -> Option<String> {
        self.rows(kind, id).filter(|row| is_about_spell(*row)).filter_map(|row| row.text("value")).max()
    }
}

fn is_about_spell(row: Value<'_>) -> bool {
    number(row, "valueTypeId").is_some_and(|id| SPELL_TYPES.contains(&id))
}

/// An id that some documents write as a number and some as text.
pub(super) fn number(value: Value<'_>, key: &str) -> Option<i64> {
    let member = value.get(key)?;
    match member.kind() {
        Kind::Number => member.as_i64(),
        Kind::String => member.as_str()?.parse().ok(),
        _ => None,
    }
}

/// The elements of every group of an object of arrays (`modifiers`, `actions`, `options`, `spells`), with the group's name.
/// Groups are null where they are empty.
pub(super) fn grouped<'a>(root: Value<'a>, key: &str) -> impl Iterator<Item = (String, Value<'a>)> {
    let groups = root.get(key).map(Value::members);
    groups.into_iter().flatten().flat_map(|(group, rows)| {
        let group = group.into_owned();
        rows.items().map(move |row| (group.clone(), row))
    })
}
