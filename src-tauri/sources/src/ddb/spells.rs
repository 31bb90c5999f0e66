//! Spells known, prepared and granted.

use std::collections::{BTreeSet, HashMap};

use backstory_core::{json::Value, sheet::Spell};

use super::{
    character::{Character, Keys, count, custom, grouped},
    modifiers::component,
};

/// A spell and the row it was read from.
pub(super) struct Row<'a> {
    pub(super) spell: Spell,
    pub(super) row: Value<'a>,
}

/// Every spell, by level, name and source.
pub(super) fn spells(character: &Character<'_>) -> Vec<Spell> {
    let mut spells: Vec<_> = character.spells.iter().map(|row| row.spell.clone()).collect();
    spells.sort_by(|a, b| {
        let of = |spell: &Spell| (spell.level, spell.name.clone(), spell.source.clone(), spell.key.clone());
        of(a).cmp(&of(b))
    });
    spells
}

/// The keys of those prepared today. A cantrip and what is always prepared are not a choice of the day.
pub(super) fn prepared(character: &Character<'_>) -> BTreeSet<String> {
    let chosen = |row: &&Row<'_>| row.spell.level > 0 && !row.spell.always && row.row.flag("prepared");
    character.spells.iter().filter(chosen).map(|row| row.spell.key.clone()).collect()
}

/// The spells of the document: those of the class lists, then those that something grants.
pub(super) fn rows<'a>(character: &Character<'a>) -> Vec<Row<'a>> {
    let mut keys = Keys::default();
    let mut rows = Vec::new();
    let names = class_names(character);
    for list in character.root.list("classSpells") {
        let class = list.id("characterClassId").unwrap_or_default();
        let source = names.get(&class).copied().unwrap_or("Class feature");
        for row in list.list("spells") {
            rows.extend(spell(character, row, &format!("class-{class}"), source, &mut keys));
        }
    }
    for (group, row) in grouped(character.root, "spells") {
        let source = character
            .origins
            .source(component(row))
            .map_or_else(|| of_group(character, &group), str::to_owned);
        rows.extend(spell(character, row, &group, &source, &mut keys));
    }
    rows
}

/// Class names by the id of the class. Some tools that save characters add lists under the id of a subclass.
fn class_names<'c>(character: &'c Character<'_>) -> HashMap<String, &'c str> {
    let mut names = HashMap::new();
    for class in &character.classes {
        let subclass = class.row.present("subclassDefinition").and_then(|subclass| subclass.id("id"));
        names.extend(subclass.map(|id| (id, class.name.as_str())));
        names.insert(class.id.clone(), class.name.as_str());
    }
    names
}

/// The source of a spell whose feature is not in the document.
fn of_group(character: &Character<'_>, group: &str) -> String {
    let named = match group {
        "race" => character.species.as_deref(),
        "background" => character.background.as_deref(),
        _ => None,
    };
    let word = match group {
        "race" => "Species",
        "class" => "Class feature",
        "background" => "Background",
        "item" => "Item",
        "feat" => "Feat",
        _ => "Other",
    };
    named.unwrap_or(word).to_owned()
}

/// A granted spell that the player has yet to choose has no definition: it is not there yet.
fn spell<'a>(
    character: &Character<'a>,
    row: Value<'a>,
    group: &str,
    source: &str,
    keys: &mut Keys,
) -> Option<Row<'a>> {
    let definition = row.present("definition")?;
    let id = row.id("id").or_else(|| definition.id("id")).unwrap_or_default();
    let own_name = character.custom.spell_text(custom::NAME, &id);
    let spell = Spell {
        key: keys.distinct(format!("{group}-{id}")),
        name: own_name.or_else(|| definition.text("name"))?,
        level: count(definition, "level"),
        source: source.to_owned(),
        // A spell of a species, feat, background or thing is there without being prepared, whatever `prepared` says.
        always: row.flag("alwaysPrepared") || ["race", "feat", "background", "item"].contains(&group),
    };
    Some(Row { spell, row })
}
