//! What can be done only so often, and what grows with a class.

use std::collections::BTreeMap;

use backstory_core::{json::Value, sheet::Limit};

use crate::fields::{count, says_something};

use super::actor::{Actor, ClassRow, Row, advancement, slug};

/// A sum as a number on a sheet: rounded down, never beyond ±999,999.
pub(super) fn whole(number: f64) -> i32 {
    #[allow(clippy::cast_possible_truncation, reason = "clamped")]
    let whole = number.floor().clamp(-999_999.0, 999_999.0) as i32;
    whole
}

/// What grows with a class or its subclass, at the class's level.
pub(super) fn scales(classes: &[ClassRow<'_>]) -> BTreeMap<String, f64> {
    let mut scales = BTreeMap::new();
    for class in classes {
        let subclass = class.subclass.as_ref().and_then(|sub| Some((sub.identifier.as_str(), sub.system?)));
        for (owner, system) in
            [Some((class.identifier.as_str(), class.system)), subclass].into_iter().flatten()
        {
            for step in advancement(system) {
                if step.text("type").as_deref() == Some("ScaleValue")
                    && let Some((name, value)) = scale(step, class.level)
                {
                    scales.insert(format!("{owner}.{name}"), value);
                }
            }
        }
    }
    scales
}

/// The name of a scale and its value at a level: that of the highest step up to it. Of dice, how many.
fn scale(step: Value<'_>, level: u32) -> Option<(String, f64)> {
    let about = step.present("configuration")?;
    let name = about.text("identifier").or_else(|| step.text("title").map(|title| slug(&title)))?;
    let steps = about.present("scale")?.members();
    let reached = steps.filter_map(|(at, value)| Some((at.parse::<u32>().ok()?, value)));
    let (_, value) = reached.filter(|(at, _)| *at <= level).max_by_key(|(at, _)| *at)?;
    let number = value.present("value").or_else(|| value.present("number")).or_else(|| value.present("n"))?;
    Some((name, number.as_f64().or_else(|| number.as_str()?.parse().ok())?))
}

/// How often limited features and spells can be used, by name; and the resources a player named before version 2.4.
/// Those of one name are added: a player counts them together.
pub(super) fn limits(actor: &Actor<'_>) -> BTreeMap<String, Limit> {
    let mut limits: BTreeMap<String, Limit> = BTreeMap::new();
    let mut add = |name: &str, limit: Limit| {
        let sum = limits.entry(name.to_owned()).or_default();
        sum.max = sum.max.saturating_add(limit.max);
        sum.resets = sum.resets.take().or(limit.resets);
    };
    for item in actor.items.iter().filter(|item| !item.is_thing()) {
        if let Some(limit) = limit(actor, item) {
            add(&item.name, limit);
        }
    }
    for (name, resource) in resources(actor) {
        let resets =
            if resource.flag("sr") { Some("short rest") } else { resource.flag("lr").then_some("long rest") };
        add(&name, Limit { max: count(resource, "max"), resets: resets.map(str::to_owned) });
    }
    limits
}

/// Uses spent of features, spells, things and resources, by name.
pub(super) fn spent(actor: &Actor<'_>) -> BTreeMap<String, u32> {
    let mut sums: BTreeMap<String, u32> = BTreeMap::new();
    let mut add = |name: String, spent: u32| {
        if spent > 0 {
            let sum = sums.entry(name).or_default();
            *sum = sum.saturating_add(spent);
        }
    };
    for item in &actor.items {
        if let (Some(limit), Some(uses)) = (limit(actor, item), item.system.present("uses")) {
            // Spent since version 4, left before it.
            let spent = match uses.get("spent") {
                Some(_) => count(uses, "spent"),
                None if uses.present("value").is_some() => limit.max.saturating_sub(count(uses, "value")),
                None => 0,
            };
            add(item.shown_name(), spent.min(limit.max));
        }
    }
    for (name, resource) in resources(actor) {
        if resource.present("value").is_some() {
            add(name, count(resource, "max").saturating_sub(count(resource, "value")));
        }
    }
    sums
}

/// The resources that were given a name, unless a feature of that name counts the same uses.
fn resources<'a>(actor: &Actor<'a>) -> Vec<(String, Value<'a>)> {
    let rows = actor.at("resources").map(Value::members).into_iter().flatten();
    let counts =
        |name: &str| actor.items.iter().any(|item| item.name == name && limit(actor, item).is_some());
    rows.filter(|(_, row)| count(*row, "max") > 0)
        .filter_map(|(_, row)| Some((row.text("label")?, row)))
        .filter(|(name, _)| !counts(name))
        .collect()
}

/// How often an item can be used; none where it is not limited, or comes back every turn.
pub(super) fn limit(actor: &Actor<'_>, item: &Row<'_>) -> Option<Limit> {
    let uses = item.system.present("uses")?;
    let max = u32::try_from(whole(actor.number(uses.present("max")?)?)).ok().filter(|max| *max > 0)?;
    let resets = if uses.get("per").is_some() {
        // Up to version 3 a limit without a period was none.
        period(&uses.text("per")?)?.map(str::to_owned)
    } else {
        resets(uses)?
    };
    Some(Limit { max, resets })
}

/// What brings all uses back, soonest first; what brings back only some counts where nothing brings back all.
/// None for uses that come back every turn.
fn resets(uses: Value<'_>) -> Option<Option<String>> {
    let rows: Vec<_> = uses.list("recovery").filter(|row| says_something(*row)).collect();
    let periods = |all: bool| {
        let whole = move |row: &&Value<'_>| (row.text("type").as_deref() == Some("recoverAll")) == all;
        let words = rows.iter().filter(whole).filter_map(|row| row.text("period"));
        words.collect::<Vec<_>>()
    };
    let order = ["sr", "lr", "dawn", "dusk", "day"];
    for periods in [periods(true), periods(false)] {
        let soonest = order.iter().find(|known| periods.iter().any(|period| period == *known));
        if let Some(word) = soonest.and_then(|known| period(known)).flatten() {
            return Some(Some(word.to_owned()));
        }
        if periods.iter().any(|word| period(word).is_none()) {
            return None;
        }
    }
    Some(None)
}

/// A period in a player's words. None of all for one that is over with the turn.
fn period(word: &str) -> Option<Option<&'static str>> {
    match word {
        "sr" => Some(Some("short rest")),
        "lr" => Some(Some("long rest")),
        "dawn" => Some(Some("dawn")),
        "dusk" => Some(Some("dusk")),
        "day" => Some(Some("day")),
        word if word.starts_with("turn") || word == "round" => None,
        _ => Some(None),
    }
}
