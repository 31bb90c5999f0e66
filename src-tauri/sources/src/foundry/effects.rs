//! Active effects: what feats, worn things and lasting magic change in the numbers of the actor.

use backstory_core::{json::Value, sheet::Part};

use crate::{derived::part, fields::says_something};

use super::{
    actor::{Actor, Row},
    uses,
};

/// One change that counts at present.
pub(super) struct Change {
    /// What it changes, without the `system.` before it.
    path: String,
    mode: Mode,
    value: String,
    priority: f64,
    /// What a player calls the thing it comes from.
    label: String,
}

/// How a value is changed. The order is the one in which changes are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Multiply,
    Add,
    Downgrade,
    Upgrade,
    Override,
}

/// Changes that always hold: of the actor's own effects those without an end, of an item's those that pass to whoever has
/// it, while it is in use. What lasts for minutes or comes with a condition belongs to the state of the moment.
pub(super) fn active(root: Value<'_>, items: &[Row<'_>]) -> Vec<Change> {
    let mut found = Vec::new();
    for effect in root.list("effects").filter(|effect| !effect.flag("disabled") && !is_temporary(*effect)) {
        found.extend(changes(effect, &name(effect)));
    }
    for item in items.iter().filter(|item| in_use(item)) {
        for effect in item.row.list("effects") {
            let passes = effect.get("transfer").and_then(Value::as_bool).unwrap_or(true);
            let enchants = effect.text("type").as_deref() == Some("enchantment");
            if passes && !enchants && !effect.flag("disabled") && !copied(root, item, effect) {
                found.extend(changes(effect, &item.name));
            }
        }
    }
    found.sort_by(|a, b| {
        let of = |c: &Change| (c.path.clone(), c.label.clone(), c.value.clone());
        a.priority.total_cmp(&b.priority).then_with(|| of(a).cmp(&of(b)))
    });
    found
}

/// A feat always counts. A thing counts while it is equipped, and attuned where it asks for that.
fn in_use(item: &Row<'_>) -> bool {
    if !item.is_thing() {
        return item.kind != "spell";
    }
    let carried = item.system.get("equipped").and_then(Value::as_bool).unwrap_or(true);
    carried && (item.attuned() || !item.wants_attunement())
}

/// Before Foundry 11 the effects of an item were copied to the actor, and both are in the document.
fn copied(root: Value<'_>, item: &Row<'_>, effect: Value<'_>) -> bool {
    root.list("effects").any(|own| {
        own.text("origin").is_some_and(|origin| origin.ends_with(&format!("Item.{}", item.id)))
            && name(own) == name(effect)
    })
}

/// `label` before Foundry 11.
fn name(effect: Value<'_>) -> String {
    effect.text("name").or_else(|| effect.text("label")).unwrap_or_else(|| "Effect".to_owned())
}

/// Whether an effect passes by itself or belongs to a condition.
pub(super) fn is_temporary(effect: Value<'_>) -> bool {
    let lasting = ["seconds", "rounds", "turns", "value"];
    let ends = effect
        .present("duration")
        .is_some_and(|duration| lasting.iter().any(|unit| duration.get(unit).is_some_and(says_something)));
    ends || says_something_at(effect, &["statuses"])
        || says_something_at(effect, &["flags", "core", "statusId"])
}

fn says_something_at(value: Value<'_>, path: &[&str]) -> bool {
    value.path(path).is_some_and(says_something)
}

fn changes(effect: Value<'_>, label: &str) -> Vec<Change> {
    // Foundry 14 moves the list into `system`.
    let rows =
        effect.list("changes").chain(effect.present("system").into_iter().flat_map(|s| s.list("changes")));
    rows.filter_map(|row| {
        let key = row.text("key")?;
        let path =
            key.strip_prefix("system.").or_else(|| key.strip_prefix("data.")).unwrap_or(&key).to_owned();
        let mode = mode(row)?;
        let value = row.id("value").unwrap_or_default().trim().to_owned();
        let priority =
            row.get("priority").and_then(Value::as_f64).unwrap_or(f64::from(mode as u8 + 1) * 10.0);
        Some(Change { path, mode, value, priority, label: label.to_owned() })
    })
    .collect()
}

/// A number up to Foundry 13, a word from 14. What a module does by itself (0) is not known here.
fn mode(row: Value<'_>) -> Option<Mode> {
    match (row.int("mode"), row.text("type").as_deref()) {
        (Some(1), _) | (_, Some("multiply")) => Some(Mode::Multiply),
        (Some(2), _) | (_, Some("add")) => Some(Mode::Add),
        (Some(3), _) | (_, Some("downgrade")) => Some(Mode::Downgrade),
        (Some(4), _) | (_, Some("upgrade")) => Some(Mode::Upgrade),
        (Some(5), _) | (_, Some("override")) => Some(Mode::Override),
        _ => None,
    }
}

impl Actor<'_> {
    /// A number after everything that changes it, and what each change did.
    pub(super) fn changed(&self, path: &str, base: f64) -> (f64, Vec<Part>) {
        let (mut value, mut parts) = (base, Vec::new());
        for change in self.changes.iter().filter(|change| change.path == path) {
            let Some(amount) = self.evaluate(&change.value) else { continue };
            let after = match change.mode {
                Mode::Multiply => value * amount,
                Mode::Add => value + amount,
                Mode::Downgrade => value.min(amount),
                Mode::Upgrade => value.max(amount),
                Mode::Override => amount,
            };
            parts.push(part(&change.label, uses::whole(after - value)));
            value = after;
        }
        (value, parts)
    }

    /// A bonus that is written as a formula in the document, and what is added to it. Dice are rolled and no part of a sheet.
    pub(super) fn bonus(&self, path: &str, label: &str) -> Vec<Part> {
        let written = self.at(path).and_then(|value| self.number(value)).unwrap_or(0.0);
        let mut parts = vec![part(label, uses::whole(written))];
        parts.extend(self.changed(path, 0.0).1);
        parts
    }

    /// What effects add to a list of words (`traits.dr.value`).
    pub(super) fn added_words(&self, path: &str) -> impl Iterator<Item = String> {
        let adds =
            move |change: &&Change| change.path == path && matches!(change.mode, Mode::Add | Mode::Override);
        let found: Vec<String> =
            self.changes.iter().filter(adds).map(|change| change.value.clone()).collect();
        found.into_iter().filter(|word| !word.is_empty())
    }

    /// The word that effects set at a place (`attributes.ac.calc`).
    pub(super) fn set_word(&self, path: &str) -> Option<&str> {
        let sets = |change: &&Change| change.path == path && change.mode == Mode::Override;
        self.changes.iter().rfind(sets).map(|change| change.value.as_str())
    }

    /// Whether a special trait is ticked (`jackOfAllTrades`), by the player or by an effect.
    pub(super) fn trait_flag(&self, name: &str) -> bool {
        let path = format!("flags.dnd5e.{name}");
        self.root.path(&["flags", "dnd5e", name]).is_some_and(says_something)
            || self.changes.iter().any(|c| c.path == path && !["", "0", "false"].contains(&c.value.as_str()))
    }
}
