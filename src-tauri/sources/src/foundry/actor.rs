//! The actor with everything joined that several topics need.

use std::collections::BTreeMap;

use backstory_core::{
    json::{Kind, Value},
    sheet::{Abilities, Ability},
};

use crate::fields::{count, small};

use super::{
    abilities,
    effects::{self, Change},
    envelope::{self, Found},
    formula, identity, uses,
};

/// An actor, read once.
pub(super) struct Actor<'a> {
    pub(super) root: Value<'a>,
    pub(super) system: Value<'a>,
    /// Everything the actor has, by id: the order in the document means nothing.
    pub(super) items: Vec<Row<'a>>,
    /// The starting class first, the others by name.
    pub(super) classes: Vec<ClassRow<'a>>,
    pub(super) level: u32,
    pub(super) species: Option<String>,
    pub(super) background: Option<String>,
    pub(super) changes: Vec<Change>,
    pub(super) abilities: Abilities,
    pub(super) proficiency_bonus: i32,
    /// What grows with a class, by `class.scale`: `barbarian.rages`.
    scales: BTreeMap<String, f64>,
}

/// An embedded item: a class, a feat, a spell, a thing.
pub(super) struct Row<'a> {
    pub(super) row: Value<'a>,
    pub(super) system: Value<'a>,
    /// `weapon`, `feat`, `class`, …
    pub(super) kind: String,
    pub(super) id: String,
    pub(super) name: String,
}

/// One class of the character.
pub(super) struct ClassRow<'a> {
    pub(super) system: Value<'a>,
    pub(super) id: String,
    pub(super) name: String,
    /// How other items name it: `wizard`.
    pub(super) identifier: String,
    pub(super) level: u32,
    pub(super) hit_die: u32,
    pub(super) subclass: Option<Subclass<'a>>,
}

/// A subclass: an item of its own, a text in the class before version 1.6.
pub(super) struct Subclass<'a> {
    pub(super) name: String,
    pub(super) identifier: String,
    pub(super) system: Option<Value<'a>>,
}

impl<'a> Actor<'a> {
    pub(super) fn of(found: &Found<'a>) -> Self {
        let root = found.actor;
        let system = found.system().unwrap_or(root);
        let items = rows(root);
        let classes = identity::class_rows(system, &items);
        let level = classes.iter().fold(0_u32, |sum, class| sum.saturating_add(class.level));
        let mut actor = Self {
            root,
            system,
            level,
            species: identity::origin(system, &items, "race"),
            background: identity::origin(system, &items, "background"),
            changes: effects::active(root, &items),
            scales: uses::scales(&classes),
            items,
            classes,
            abilities: abilities::base(system),
            proficiency_bonus: 0,
        };
        actor.proficiency_bonus = actor.proficiency();
        actor.abilities = abilities::scores(&actor);
        actor
    }

    /// +2 at first level and one more every four levels, and what raises it.
    fn proficiency(&self) -> i32 {
        let by_level = f64::from(self.level.max(1).div_ceil(4)) + 1.0;
        uses::whole(self.changed("attributes.prof", by_level).0).clamp(0, 999)
    }

    /// The member of `system` at a path such as `attributes.hp`.
    pub(super) fn at(&self, path: &str) -> Option<Value<'a>> {
        path.split('.').try_fold(self.system, |value, key| value.present(key))
    }

    /// A member of `system` that is a text.
    pub(super) fn text_at(&self, path: &str) -> Option<String> {
        let text = self.at(path)?.as_str()?.trim().to_owned();
        (!text.is_empty()).then_some(text)
    }

    /// A number, or a formula that comes to one.
    pub(super) fn number(&self, value: Value<'_>) -> Option<f64> {
        match value.kind() {
            Kind::Number => value.as_f64().filter(|number| number.is_finite()),
            Kind::String => self.evaluate(&value.as_str()?),
            _ => None,
        }
    }

    /// What a formula comes to for this actor.
    pub(super) fn evaluate(&self, text: &str) -> Option<f64> {
        formula::evaluate(text, &|name| self.lookup(name))
    }

    /// The value behind `@…` in a formula.
    fn lookup(&self, name: &str) -> Option<f64> {
        let keys: Vec<&str> = name.split('.').collect();
        match keys.as_slice() {
            ["prof"] | ["attributes", "prof"] => Some(self.proficiency_bonus.into()),
            ["details", "level"] => Some(self.level.into()),
            ["abilities", ability, "mod"] => Some(self.modifier(abilities::ability(ability)?).into()),
            ["abilities", ability, "value"] => Some(self.abilities.get(abilities::ability(ability)?).into()),
            ["attributes", "spellmod"] | ["attributes", "spell", "mod"] => {
                let ability = abilities::ability(&self.text_at("attributes.spellcasting")?)?;
                Some(self.modifier(ability).into())
            }
            ["classes", class, "levels"] => {
                let class = self.classes.iter().find(|row| row.identifier == *class)?;
                Some(class.level.into())
            }
            ["scale", class, scale] | ["scale", class, scale, "value" | "number"] => {
                self.scales.get(&format!("{class}.{scale}")).copied()
            }
            _ => None,
        }
    }

    /// What an ability adds to a roll.
    pub(super) fn modifier(&self, ability: Ability) -> i32 {
        self.abilities.modifier(ability)
    }

    /// The items of some kinds.
    pub(super) fn of_kind(&self, kinds: &'static [&'static str]) -> impl Iterator<Item = &Row<'a>> {
        self.items.iter().filter(move |item| kinds.contains(&item.kind.as_str()))
    }
}

/// The items by id, name and text.
fn rows(root: Value<'_>) -> Vec<Row<'_>> {
    let mut rows: Vec<_> = root
        .list("items")
        .filter_map(|row| {
            Some(Row {
                row,
                system: envelope::system(row)?,
                kind: row.text("type")?,
                id: row.id("_id").unwrap_or_default(),
                name: row.text("name").unwrap_or_else(|| "Unnamed".to_owned()),
            })
        })
        .collect();
    rows.sort_by(|a, b| (&a.id, &a.name, a.row.raw()).cmp(&(&b.id, &b.name, b.row.raw())));
    rows
}

/// The kinds of items that are carried.
const THINGS: [&str; 7] = ["weapon", "equipment", "consumable", "tool", "loot", "container", "backpack"];

impl Row<'_> {
    /// Whether it is something carried.
    pub(super) fn is_thing(&self) -> bool {
        THINGS.contains(&self.kind.as_str())
    }

    /// A flag from version 3.2 on; before, 2 in a number that also says whether it wants attunement.
    pub(super) fn attuned(&self) -> bool {
        self.system.flag("attuned") || self.system.int("attunement") == Some(2)
    }

    pub(super) fn wants_attunement(&self) -> bool {
        self.system.text("attunement").as_deref() == Some("required")
            || matches!(self.system.int("attunement"), Some(1 | 2))
    }

    /// How other items and formulas name it.
    pub(super) fn identifier(&self) -> String {
        self.system.text("identifier").unwrap_or_else(|| slug(&self.name))
    }

    /// `type.value` since 3.0 (2.1 for feats): what kind of weapon, feat or armour it is.
    pub(super) fn subtype(&self) -> Option<String> {
        self.system.present("type")?.text("value")
    }

    pub(super) fn count(&self, key: &str) -> u32 {
        count(self.system, key)
    }

    pub(super) fn small(&self, path: &[&str]) -> Option<i32> {
        self.system.path(path).and_then(small)
    }
}

/// A name as an identifier: small letters and digits with `-` between.
pub(super) fn slug(name: &str) -> String {
    let words: Vec<String> = name
        .split(|c: char| !c.is_alphanumeric() && c != '\'' && c != '’')
        .map(|word| word.to_lowercase().replace(['\'', '’'], ""))
        .filter(|word| !word.is_empty())
        .collect();
    words.join("-")
}

/// The steps by which a class grows: a list, from version 5.3 an object.
pub(super) fn advancement(system: Value<'_>) -> Vec<Value<'_>> {
    let Some(steps) = system.present("advancement") else { return Vec::new() };
    match steps.kind() {
        Kind::Object => steps.members().map(|(_, step)| step).collect(),
        _ => steps.items().collect(),
    }
}
