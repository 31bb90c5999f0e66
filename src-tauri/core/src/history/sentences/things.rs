//! Things carried, and coins.

use super::{Teller, labels, names, number, text};
use crate::{
    diff::{Change, ChangeKind, Section},
    model::Topic,
    sheet::Currency,
    wording::{Arg, List, Said, say},
};

impl<'d> Teller<'d> {
    /// Coins gone and things come, and nothing the other way: bought. Coins come and things gone: sold.
    pub(super) fn trade(&mut self) {
        let (a, b) = (self.old.currency, self.new.currency);
        let paid = copper(a) - copper(b);
        let (more, less) = (self.any(is_gain), self.any(is_loss));
        let (id, is_traded): (_, fn(&Change) -> bool) = match (paid.signum(), more, less) {
            (1, true, false) => ("bought", is_gain),
            (-1, false, true) => ("sold", is_loss),
            _ => return,
        };
        let rows = self.take(is_traded);
        self.take(|row| row.section == Section::Currency);
        let things = names(rows.iter().map(|row| several(row)));
        let said = say(id).with("names", things).with("price", price(a, b)).with("purse", purse(b));
        self.say(Topic::Items, said);
    }

    /// Things that came, went, moved, were put on.
    pub(super) fn items(&mut self) {
        for (id, test) in [("packed", is_gain as fn(&Change) -> bool), ("parted", is_loss)] {
            let rows = self.take(test);
            if !rows.is_empty() {
                let things = names(rows.iter().map(|row| several(row)));
                let effects = self.effects_of(&rows);
                self.say_act(Topic::Items, say(id).with("names", things), effects);
            }
        }
        for (id, on) in [("equipped-attuned", true), ("took-off-unattuned", false)] {
            let rows = self.rows;
            let turned = |row: &Change, name| is(row, name) && row.new == Some(on.into());
            let both = |label: &str| {
                ["equipped", "attuned"]
                    .iter()
                    .all(|name| rows.iter().any(|row| turned(row, name) && row.label == label))
            };
            let worn = self.take(|row| turned(row, "equipped") && both(&row.label));
            self.take(|row| turned(row, "attuned") && both(&row.label));
            self.worn(id, &worn);
        }
        for (id, attribute, on) in [
            ("equipped", "equipped", true),
            ("took-off", "equipped", false),
            ("attuned", "attuned", true),
            ("ended-attunement", "attuned", false),
        ] {
            let rows = self.take(|row| is(row, attribute) && row.new == Some(on.into()));
            self.worn(id, &rows);
        }
        for row in self.take(|row| is(row, "name")) {
            if let (Some(was), Some(now)) = (text(&row.old), text(&row.new)) {
                self.taken = vec![self.place(row)];
                self.say(Topic::Items, say("renamed").with("was", was).with("now", now));
            }
        }
        self.moved();
        for row in self.take(|row| is(row, "kind")) {
            self.taken = vec![self.place(row)];
            let said = match text(&row.new) {
                Some(now) => say("now-is-a").with("name", row.label.as_str()).with("now", now),
                None => say("own-name-again").with("name", row.label.as_str()),
            };
            self.say(Topic::Items, said);
        }
        let rows = self.take(|row| is(row, "charges"));
        if !rows.is_empty() {
            let steps = rows.iter().map(|row| {
                let what = say("charges-of").with("name", row.label.as_str());
                let side = |value| number(value).unwrap_or(0);
                say("step").with("what", what).with("from", side(&row.old)).with("to", side(&row.new)).into()
            });
            let steps = List::Comma(steps.collect());
            self.say(Topic::Items, say("numbers").with("numbers", steps));
        }
    }

    /// What was put on or taken off, with what it did to the numbers.
    fn worn(&mut self, id: &str, rows: &[&'d Change]) {
        if rows.is_empty() {
            return;
        }
        let effects = self.effects_of(rows);
        self.say_act(Topic::Items, say(id).with("names", labels(rows)), effects);
    }

    /// What things that came, went, were put on or taken off did to the numbers. An armour that takes another's place: both
    /// are behind the new number.
    fn effects_of(&mut self, rows: &[&'d Change]) -> Vec<Said> {
        let names = |rows: &[&Change]| rows.iter().map(|row| row.label.clone()).collect();
        let others: Vec<&Change> =
            self.rows.iter().filter(|row| is(row, "equipped") || is_loss(row) || is_gain(row)).collect();
        self.effects_beside(&names(rows), &names(&others))
    }

    fn moved(&mut self) {
        let rows = self.take(|row| is(row, "container"));
        let places = rows.iter().filter_map(|row| {
            let place = text(&row.new)?;
            let said =
                if place == "Carried" { say("out-of-container") } else { say("into").with("place", place) };
            Some(said.with("name", row.label.as_str()).into())
        });
        let places: Vec<Arg> = places.collect();
        if !places.is_empty() {
            self.say(Topic::Items, say("moved").with("names", names(places)));
        }
    }

    /// Where a row stands.
    fn place(&self, row: &Change) -> usize {
        self.rows.iter().position(|other| std::ptr::eq(other, row)).unwrap_or_default()
    }

    /// Coins that came or went without things.
    pub(super) fn coins(&mut self) {
        if self.take(|row| row.section == Section::Currency).is_empty() {
            return;
        }
        let (a, b) = (self.old.currency, self.new.currency);
        let told = |more: bool| -> Vec<Arg> {
            let moved = coins(b).into_iter().zip(coins(a)).map(|((id, b), (_, a))| (id, b - a));
            let some = moved.filter(|(_, n)| if more { *n > 0 } else { *n < 0 });
            some.map(|(id, n)| say(id).with("count", n.abs()).into()).collect()
        };
        let (more, less) = (told(true), told(false));
        let said = match (more.is_empty(), less.is_empty()) {
            (false, true) => say("coins-more").with("more", List::Comma(more)),
            (true, _) => say("coins-less").with("less", List::Comma(less)),
            _ => say("coins-changed").with("more", List::Comma(more)).with("less", List::Comma(less)),
        };
        self.say(Topic::Coins, said.with("purse", purse(b)));
    }
}

fn is(row: &Change, attribute: &str) -> bool {
    row.section == Section::Inventory && row.attribute.as_deref() == Some(attribute)
}

/// More of something: new, or a larger stack.
fn is_gain(row: &Change) -> bool {
    row.section == Section::Inventory
        && match row.attribute.as_deref() {
            None => row.kind == ChangeKind::Added,
            Some("quantity") => number(&row.new) > number(&row.old),
            _ => false,
        }
}

/// Less of something: gone, or a smaller stack.
fn is_loss(row: &Change) -> bool {
    row.section == Section::Inventory
        && match row.attribute.as_deref() {
            None => row.kind == ChangeKind::Removed,
            Some("quantity") => number(&row.new) < number(&row.old),
            _ => false,
        }
}

/// `3 × Potion of Healing` for what came or went of a stack.
fn several(row: &Change) -> Arg {
    let count = (number(&row.new).unwrap_or(0) - number(&row.old).unwrap_or(0)).abs();
    match count {
        0 | 1 => row.label.as_str().into(),
        count => say("several").with("count", count).with("name", row.label.as_str()).into(),
    }
}

/// The five kinds, the most valuable first.
fn coins(c: Currency) -> [(&'static str, i64); 5] {
    [("coin-pp", c.pp), ("coin-gp", c.gp), ("coin-ep", c.ep), ("coin-sp", c.sp), ("coin-cp", c.cp)]
}

/// What a purse is worth in copper.
fn copper(c: Currency) -> i64 {
    let worth = [(c.pp, 1000), (c.gp, 100), (c.ep, 50), (c.sp, 10), (c.cp, 1)];
    worth.iter().fold(0, |sum: i64, (count, each)| sum.saturating_add(count.saturating_mul(*each)))
}

/// The difference of two purses: coin by coin where no change was given, else what it comes to in gold.
fn price(a: Currency, b: Currency) -> Arg {
    let moved: Vec<(&str, i64)> = coins(a)
        .into_iter()
        .zip(coins(b))
        .map(|((id, a), (_, b))| (id, a - b))
        .filter(|(_, n)| *n != 0)
        .collect();
    let one_way = moved.iter().all(|(_, n)| *n > 0) || moved.iter().all(|(_, n)| *n < 0);
    if one_way {
        return List::Comma(moved.into_iter().map(|(id, n)| say(id).with("count", n.abs()).into()).collect())
            .into();
    }
    let worth = (copper(a) - copper(b)).abs();
    let parts = [("coin-gp", worth / 100), ("coin-sp", worth % 100 / 10), ("coin-cp", worth % 10)];
    let parts = parts.into_iter().filter(|(_, n)| *n > 0);
    List::Comma(parts.map(|(id, n)| say(id).with("count", n).into()).collect()).into()
}

/// `71 gp, 3 sp`, or that there is nothing.
fn purse(c: Currency) -> Said {
    let held: Vec<Arg> = coins(c)
        .into_iter()
        .filter(|(_, n)| *n != 0)
        .map(|(id, n)| say(id).with("count", n).into())
        .collect();
    if held.is_empty() { say("nothing") } else { say("numbers").with("numbers", List::Comma(held)) }
}
