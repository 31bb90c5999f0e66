//! Things carried, and coins.

use std::collections::HashMap;

use backstory_core::{
    json::Value,
    sheet::{Currency, Item},
};

use crate::fields::{Keys, add_coins};

use super::{
    actor::{Actor, Row},
    uses,
};

impl Row<'_> {
    /// What the player sees it called: a thing that is not identified does not give itself away.
    pub(super) fn shown_name(&self) -> String {
        let hidden = self.is_thing() && self.system.get("identified").and_then(Value::as_bool) == Some(false);
        if !hidden {
            return self.name.clone();
        }
        let guess = self.system.present("unidentified").and_then(|guess| guess.text("name"));
        guess.unwrap_or_else(|| self.name.clone())
    }
}

/// Things as the sheet has them, by name.
pub(super) fn items(actor: &Actor<'_>) -> Vec<Item> {
    let mut keys = Keys::default();
    let things: Vec<_> = actor
        .items
        .iter()
        .filter(|item| item.is_thing())
        .map(|item| (keys.distinct(item.id.clone()), item))
        .collect();
    let by_id: HashMap<&str, &String> = things.iter().map(|(key, item)| (item.id.as_str(), key)).collect();
    let mut items: Vec<_> = things
        .iter()
        .map(|(key, item)| Item {
            key: key.clone(),
            name: item.shown_name(),
            kind: None,
            quantity: item.system.int("quantity").unwrap_or(1),
            equipped: item.system.flag("equipped"),
            attuned: item.attuned(),
            container: container(item).and_then(|id| by_id.get(id.as_str())).map(|key| (*key).clone()),
            custom: false,
            charges: uses::limit(actor, item),
        })
        .collect();
    items.sort_by(|a, b| (&a.name, &a.key).cmp(&(&b.name, &b.key)));
    items
}

/// The id of the container it lies in (since 3.0); never its own.
fn container(item: &Row<'_>) -> Option<String> {
    item.system.text("container").filter(|id| *id != item.id)
}

/// Coins: those of the purse and those in containers, where Foundry keeps them apart.
pub(super) fn currency(actor: &Actor<'_>) -> Currency {
    let mut sum = Currency::default();
    add_coins(&mut sum, actor.at("currency"));
    for item in actor.items.iter().filter(|item| item.is_thing()) {
        add_coins(&mut sum, item.system.present("currency"));
    }
    sum
}
