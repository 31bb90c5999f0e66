//! Things carried, and coins.

use std::collections::{BTreeMap, HashMap};

use backstory_core::{
    json::Value,
    sheet::{Currency, Item},
};

use crate::fields::add_coins;

use super::{
    actions,
    character::{Character, Customisations, Keys, custom},
};

/// A thing carried, with what it is called.
pub(super) struct Thing<'a> {
    pub(super) row: Value<'a>,
    pub(super) definition: Option<Value<'a>>,
    /// Matches it between versions.
    pub(super) key: String,
    /// What the player calls it.
    pub(super) name: String,
    /// What the rules call it.
    pub(super) kind: Option<String>,
    pub(super) equipped: bool,
    pub(super) attuned: bool,
    custom: bool,
}

/// Everything carried. What the player made is listed twice, here and in `customItems`, or (before 2021) only there.
pub(super) fn things<'a>(root: Value<'a>, custom: &Customisations<'a>) -> Vec<Thing<'a>> {
    let mut own: BTreeMap<String, Value<'a>> = BTreeMap::new();
    for row in root.list("customItems") {
        own.insert(row.id("id").unwrap_or_default(), row);
    }
    let mut keys = Keys::default();
    let mut things: Vec<_> =
        root.list("inventory").map(|row| thing(row, custom, &mut own, &mut keys)).collect();
    things.extend(own.into_iter().map(|(id, row)| Thing {
        row,
        definition: None,
        key: keys.distinct(format!("custom-{id}")),
        name: row.text("name").unwrap_or_else(unnamed),
        kind: None,
        equipped: false,
        attuned: false,
        custom: true,
    }));
    things
}

fn unnamed() -> String {
    "Unnamed item".to_owned()
}

fn thing<'a>(
    row: Value<'a>,
    custom: &Customisations<'a>,
    own: &mut BTreeMap<String, Value<'a>>,
    keys: &mut Keys,
) -> Thing<'a> {
    let id = row.id("id").unwrap_or_default();
    let definition = row.present("definition");
    let made = definition.filter(|definition| definition.flag("isCustomItem")).and_then(|made| made.id("id"));
    let twin = made.as_ref().and_then(|made| own.remove(made));
    let kind = definition.and_then(|definition| definition.text("name"));
    let called = custom.thing_text(custom::NAME, &id).or_else(|| twin?.text("name"));
    // Under one key whichever of its two rows the document has.
    let key = made.as_ref().map_or_else(|| id.clone(), |made| format!("custom-{made}"));
    Thing {
        row,
        definition,
        key: keys.distinct(key),
        name: called.or_else(|| kind.clone()).unwrap_or_else(unnamed),
        kind: kind.filter(|_| made.is_none()),
        equipped: row.flag("equipped"),
        attuned: row.flag("isAttuned"),
        custom: made.is_some(),
    }
}

/// Things as the sheet has them. Their order in the document means nothing (it moves when things are added).
pub(super) fn items(character: &Character<'_>) -> Vec<Item> {
    let things = &character.things;
    let by_id: HashMap<_, _> =
        things.iter().filter_map(|thing| Some((thing.row.id("id")?, &thing.key))).collect();
    let mut items: Vec<_> = things
        .iter()
        .map(|thing| Item {
            key: thing.key.clone(),
            name: thing.name.clone(),
            kind: thing.kind.clone().filter(|kind| *kind != thing.name),
            quantity: thing.row.int("quantity").unwrap_or(1),
            equipped: thing.equipped,
            attuned: thing.attuned,
            // Worn or carried things name the character as their container.
            container: container(thing, character.root)
                .and_then(|id| by_id.get(&id))
                .map(|key| (*key).clone()),
            custom: thing.custom,
            charges: actions::limit(character, thing.row),
        })
        .collect();
    items.sort_by(|a, b| (&a.name, &a.key).cmp(&(&b.name, &b.key)));
    items
}

fn container(thing: &Thing<'_>, root: Value<'_>) -> Option<String> {
    let container = thing.row.id("containerEntityId")?;
    (Some(&container) != root.id("id").as_ref() && Some(&container) != thing.row.id("id").as_ref())
        .then_some(container)
}

/// Coins: those of the purse, and those in containers where the player keeps them apart.
pub(super) fn currency(character: &Character<'_>) -> Currency {
    let mut sum = Currency::default();
    add_coins(&mut sum, character.root.present("currencies"));
    if character
        .root
        .present("preferences")
        .is_some_and(|preferences| preferences.flag("enableContainerCurrency"))
    {
        for thing in &character.things {
            add_coins(&mut sum, thing.row.present("currency"));
        }
    }
    sum
}
