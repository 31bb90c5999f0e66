//! What happened, in a player's words: from two sheets to sentences.
//!
//! Every sentence says what is true of the two sheets, not why the player did it. The most important first:
//! level, subclass, who they are, abilities, hit points, features, spells, items, coins, notes.

use crate::{
    diff::{self, Change, ChangeKind, CharacterDiff, Section, sheets::note_label},
    model::{Kind, Sentence, Summary, Topic},
    sheet::{Class, Currency, Sheet},
};

/// Names told in one sentence before the rest is counted.
const NAMES: usize = 3;

/// Tells what a version changed. `old` is the sheet before it in the history; none for the first version.
pub fn summarise(old: Option<&Sheet>, new: &Sheet, deriver: u32) -> Summary {
    let Some(old) = old else {
        let sentences = vec![Sentence { topic: Topic::Baseline, text: baseline(new) }];
        let (kind, level) = (Kind::Baseline, new.level);
        return Summary { kind, sentences, changes: 0, state: 0, level, landmark: true, deriver };
    };
    let diff = diff::compare(old, new, diff::Options { state: true, same: false });
    let state = diff.changes.iter().filter(|row| row.section == Section::State).count();
    let changes = diff.changes.len() - state;
    let kind = match (changes, state) {
        (0, 0) => Kind::Quiet,
        (0, _) => Kind::State,
        _ => Kind::Change,
    };
    let teller = Teller { old, new, diff: &diff, sentences: Vec::new() };
    let sentences = match kind {
        Kind::State => teller.state(),
        Kind::Change => teller.change(),
        Kind::Baseline | Kind::Quiet => Vec::new(),
    };
    Summary {
        kind,
        landmark: sentences.iter().any(|s| matches!(s.topic, Topic::Level | Topic::Subclass)),
        sentences,
        changes: count(changes),
        state: count(state),
        level: new.level,
        deriver,
    }
}

fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

fn baseline(sheet: &Sheet) -> String {
    let species = sheet.species.as_deref().map(|s| format!("{s} ")).unwrap_or_default();
    format!("First saved as {species}{}", classes(&sheet.classes))
}

/// `Wizard 9`, `Monk 7 / Fighter 3`.
pub fn classes(classes: &[Class]) -> String {
    if classes.is_empty() {
        return "a character without a class".to_owned();
    }
    classes.iter().map(|c| format!("{} {}", c.name, c.level)).collect::<Vec<_>>().join(" / ")
}

/// `A`, `A and B`, `A, B and C`, `A, B, C and 2 more`.
fn list(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [head @ .., last] if names.len() <= NAMES => format!("{} and {last}", head.join(", ")),
        _ => format!("{} and {} more", names[..NAMES].join(", "), names.len() - NAMES),
    }
}

fn signed(n: i64) -> String {
    if n < 0 { format!("\u{2212}{}", n.unsigned_abs()) } else { n.to_string() }
}

/// A number with thousands set apart.
fn thousands(n: i64) -> String {
    let digits = n.unsigned_abs().to_string();
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    if n < 0 { format!("\u{2212}{out}") } else { out }
}

struct Teller<'d> {
    old: &'d Sheet,
    new: &'d Sheet,
    diff: &'d CharacterDiff,
    sentences: Vec<Sentence>,
}

impl<'d> Teller<'d> {
    fn say(&mut self, topic: Topic, text: impl Into<String>) {
        self.sentences.push(Sentence { topic, text: text.into() });
    }

    /// Says one sentence about several names, where there are any.
    fn say_list(&mut self, topic: Topic, verb: &str, names: &[String]) {
        if !names.is_empty() {
            self.say(topic, format!("{verb} {}", list(names)));
        }
    }

    fn rows(&self, section: Section) -> impl Iterator<Item = &'d Change> + use<'d> {
        self.diff.changes.iter().filter(move |row| row.section == section)
    }

    /// The labels of some rows, each once: a spell that comes from two sources is one name to a player.
    fn labels(&self, section: Section, test: impl Fn(&Change) -> bool) -> Vec<String> {
        let mut labels: Vec<String> = Vec::new();
        for row in self.rows(section).filter(|row| test(row)) {
            if !labels.contains(&row.label) {
                labels.push(row.label.clone());
            }
        }
        labels
    }

    fn change(mut self) -> Vec<Sentence> {
        self.levels();
        self.subclasses();
        self.identity();
        self.abilities();
        self.combat();
        self.features();
        self.spells();
        self.items();
        self.coins();
        self.proficiencies();
        self.notes();
        self.experience();
        self.rest();
        self.sentences
    }

    fn levels(&mut self) {
        let (old, new) = (self.old, self.new);
        let before = |class: &Class| old.classes.iter().find(|c| c.name == class.name).map_or(0, |c| c.level);
        let gained: Vec<&Class> = new.classes.iter().filter(|c| c.level > before(c)).collect();
        let lost =
            old.classes.iter().any(|c| new.classes.iter().all(|n| n.name != c.name || n.level < c.level));
        let now = classes(&new.classes);
        match gained.as_slice() {
            [] if !lost => {}
            [class] if !lost && new.classes.len() == 1 => {
                self.say(Topic::Level, format!("Reached {} {}", class.name, class.level));
            }
            [class] if !lost && before(class) == 0 => {
                self.say(Topic::Level, format!("Reached level {}: became {now}", new.level));
            }
            [_, ..] if !lost => self.say(Topic::Level, format!("Reached level {} as {now}", new.level)),
            _ if new.level < old.level => {
                self.say(
                    Topic::Level,
                    format!("Went from level {} back to {} as {now}", old.level, new.level),
                );
            }
            _ if new.level == old.level => {
                self.say(Topic::Level, format!("Rebuilt from {} to {now}", classes(&old.classes)));
            }
            _ => self.say(Topic::Level, format!("Rebuilt at level {} as {now}", new.level)),
        }
    }

    fn subclasses(&mut self) {
        for class in &self.new.classes {
            let before =
                self.old.classes.iter().find(|c| c.name == class.name).and_then(|c| c.subclass.as_ref());
            let text = match (before, &class.subclass) {
                (None, Some(now)) => format!("Chose {now} as {} subclass", class.name),
                (Some(was), Some(now)) if was != now => {
                    format!("Changed {} subclass from {was} to {now}", class.name)
                }
                (Some(was), None) => format!("Gave up the {} subclass {was}", class.name),
                _ => continue,
            };
            self.say(Topic::Subclass, text);
        }
    }

    fn identity(&mut self) {
        let (old, new) = (self.old, self.new);
        if old.name != new.name {
            self.say(Topic::Identity, format!("Renamed from {} to {}", old.name, new.name));
        }
        let mut changed = |what: &str, was: &Option<String>, now: &Option<String>| match (was, now) {
            (Some(was), Some(now)) if was != now => {
                self.say(Topic::Identity, format!("{what} changed from {was} to {now}"));
            }
            (None, Some(now)) => self.say(Topic::Identity, format!("{what} is now {now}")),
            (Some(was), None) => self.say(Topic::Identity, format!("{what} {was} was taken away")),
            _ => {}
        };
        changed("Species", &old.species, &new.species);
        changed("Background", &old.background, &new.background);
        match (&old.campaign, &new.campaign) {
            (None, Some(now)) => self.say(Topic::Identity, format!("Joined the campaign {now}")),
            (Some(was), None) => self.say(Topic::Identity, format!("Left the campaign {was}")),
            (Some(was), Some(now)) if was != now => {
                self.say(Topic::Identity, format!("Moved from the campaign {was} to {now}"));
            }
            _ => {}
        }
        if old.rules != new.rules {
            let name = |sheet: &Sheet| match sheet.rules {
                crate::sheet::Rules::Legacy => "2014",
                crate::sheet::Rules::Revised => "2024",
                crate::sheet::Rules::Mixed => "mixed",
            };
            self.say(Topic::Identity, format!("Rules changed from {} to {}", name(old), name(new)));
        }
    }

    /// `Constitution 16 to 17` for each number that moved.
    fn numbers(&self, section: Section) -> Vec<String> {
        let number = |value: &Option<serde_json::Value>| value.as_ref().and_then(serde_json::Value::as_i64);
        self.rows(section)
            .filter_map(|row| match (number(&row.old), number(&row.new)) {
                (Some(a), Some(b)) => Some(format!("{} {} to {}", row.label, signed(a), signed(b))),
                (None, Some(b)) => Some(format!("{} {}", row.label, signed(b))),
                (Some(_), None) => Some(format!("no {} any more", row.label.to_lowercase())),
                _ => None,
            })
            .collect()
    }

    fn abilities(&mut self) {
        let moved = self.numbers(Section::Abilities);
        if !moved.is_empty() {
            self.say(Topic::Abilities, moved.join(", "));
        }
    }

    fn combat(&mut self) {
        for text in self.numbers(Section::Combat) {
            let topic = if text.starts_with("Hit points") { Topic::HitPoints } else { Topic::Combat };
            // Slots, initiative and the proficiency bonus follow from a level; one sentence holds what is left.
            match self.sentences.last_mut() {
                Some(last) if topic == Topic::Combat && last.topic == Topic::Combat => {
                    last.text = format!("{}, {text}", last.text);
                }
                _ => self.say(topic, capitalised(&text)),
            }
        }
    }

    fn features(&mut self) {
        self.say_list(
            Topic::Features,
            "Gained",
            &self.labels(Section::Features, |r| r.kind == ChangeKind::Added),
        );
        self.say_list(
            Topic::Features,
            "Lost",
            &self.labels(Section::Features, |r| r.kind == ChangeKind::Removed),
        );
    }

    fn spells(&mut self) {
        let whole = |row: &Change, kind| row.kind == kind && row.attribute.is_none();
        for row in self.rows(Section::Spells).filter(|row| whole(row, ChangeKind::Changed)) {
            if let (Some(was), Some(now)) = (text(&row.old), text(&row.new)) {
                self.say(Topic::Spells, format!("Swapped {was} for {now}"));
            }
        }
        self.say_list(
            Topic::Spells,
            "Learned",
            &self.labels(Section::Spells, |r| whole(r, ChangeKind::Added)),
        );
        self.say_list(
            Topic::Spells,
            "Forgot",
            &self.labels(Section::Spells, |r| whole(r, ChangeKind::Removed)),
        );
        let is = |row: &Change, name: &str| row.attribute.as_deref() == Some(name);
        let always = |row: &Change, on: bool| is(row, "always") && row.new == Some(on.into());
        let names = self.labels(Section::Spells, |r| always(r, true));
        self.say_list(Topic::Spells, "Always prepared now:", &names);
        let names = self.labels(Section::Spells, |r| always(r, false));
        self.say_list(Topic::Spells, "No longer always prepared:", &names);
        for row in self.rows(Section::Spells).filter(|row| is(row, "source")) {
            if let Some(now) = text(&row.new) {
                self.say(Topic::Spells, format!("{} now comes from {now}", row.label));
            }
        }
    }

    fn items(&mut self) {
        let rows: Vec<&Change> = self.rows(Section::Inventory).collect();
        let several = |row: &&Change, side: fn(&Change) -> &Option<serde_json::Value>| -> String {
            match side(row).as_ref().and_then(serde_json::Value::as_i64) {
                Some(n) if n > 1 => format!("{n} × {}", row.label),
                _ => row.label.clone(),
            }
        };
        let of = |kind| rows.iter().filter(move |row| row.kind == kind && row.attribute.is_none());
        let added: Vec<String> = of(ChangeKind::Added).map(|row| several(row, |r| &r.new)).collect();
        let removed: Vec<String> = of(ChangeKind::Removed).map(|row| several(row, |r| &r.old)).collect();
        self.say_list(Topic::Items, "Packed", &added);
        self.say_list(Topic::Items, "No longer carries", &removed);
        let attribute =
            |name: &'static str| rows.iter().filter(move |r| r.attribute.as_deref() == Some(name));
        let turned = |name, on: bool| -> Vec<String> {
            attribute(name).filter(|r| r.new == Some(on.into())).map(|r| r.label.clone()).collect()
        };
        let amounts: Vec<String> = attribute("quantity")
            .filter_map(|row| Some(format!("{} {} to {}", row.label, row.old.as_ref()?, row.new.as_ref()?)))
            .collect();
        if !amounts.is_empty() {
            self.say(Topic::Items, list(&amounts));
        }
        self.say_list(Topic::Items, "Equipped", &turned("equipped", true));
        self.say_list(Topic::Items, "Took off", &turned("equipped", false));
        self.say_list(Topic::Items, "Attuned to", &turned("attuned", true));
        self.say_list(Topic::Items, "Ended attunement to", &turned("attuned", false));
        for row in attribute("name") {
            if let (Some(was), Some(now)) = (text(&row.old), text(&row.new)) {
                self.say(Topic::Items, format!("Renamed {was} to {now}"));
            }
        }
        let moved: Vec<String> = attribute("container")
            .filter_map(|row| {
                let place = text(&row.new)?;
                let place = if place == "Carried" {
                    "out of its container".to_owned()
                } else {
                    format!("into {place}")
                };
                Some(format!("{} {place}", row.label))
            })
            .collect();
        self.say_list(Topic::Items, "Moved", &moved);
    }

    fn coins(&mut self) {
        let (a, b) = (self.old.currency, self.new.currency);
        let differences: Vec<(i64, &str)> = [
            (b.pp - a.pp, "pp"),
            (b.gp - a.gp, "gp"),
            (b.ep - a.ep, "ep"),
            (b.sp - a.sp, "sp"),
            (b.cp - a.cp, "cp"),
        ]
        .into_iter()
        .filter(|(n, _)| *n != 0)
        .collect();
        if differences.is_empty() {
            return;
        }
        let told = |pick: fn(i64) -> bool| -> Vec<String> {
            let some = differences.iter().filter(|(n, _)| pick(*n));
            some.map(|(n, coin)| format!("{} {coin}", thousands(n.abs()))).collect()
        };
        let (more, less) = (told(|n| n > 0), told(|n| n < 0));
        let text = match (more.is_empty(), less.is_empty()) {
            (false, true) => format!("{} more", more.join(", ")),
            (true, _) => format!("{} less", less.join(", ")),
            _ => format!("{} more, {} less", more.join(", "), less.join(", ")),
        };
        self.say(Topic::Coins, format!("{text}: {} in the purse", purse(b)));
    }

    fn proficiencies(&mut self) {
        let gained = self.labels(Section::Proficiencies, |r| r.kind == ChangeKind::Added);
        let lost = self.labels(Section::Proficiencies, |r| r.kind == ChangeKind::Removed);
        self.say_list(Topic::Combat, "Now proficient:", &gained);
        self.say_list(Topic::Combat, "No longer proficient:", &lost);
        let changed: Vec<String> = self
            .rows(Section::Proficiencies)
            .filter(|row| row.kind == ChangeKind::Changed)
            .filter_map(|row| Some(format!("{}: {}", row.label, text(&row.new)?.to_lowercase())))
            .collect();
        if !changed.is_empty() {
            self.say(Topic::Combat, list(&changed));
        }
    }

    fn notes(&mut self) {
        let of = |kind| -> Vec<String> {
            let rows = self.rows(Section::Notes).filter(move |row| row.kind == kind);
            rows.map(|row| row.key.trim_start_matches("notes/"))
                .map(|k| note_label(k).to_lowercase())
                .collect()
        };
        let (wrote, rewrote, cleared) =
            (of(ChangeKind::Added), of(ChangeKind::Changed), of(ChangeKind::Removed));
        self.say_list(Topic::Notes, "Wrote", &wrote);
        self.say_list(Topic::Notes, "Edited", &rewrote);
        self.say_list(Topic::Notes, "Cleared", &cleared);
    }

    fn experience(&mut self) {
        match (self.old.xp, self.new.xp) {
            (Some(a), Some(b)) if b > a => {
                self.say(Topic::Experience, format!("Earned {} XP", thousands(b - a)));
            }
            (Some(a), Some(b)) if b < a => {
                self.say(
                    Topic::Experience,
                    format!("Experience set back from {} to {}", thousands(a), thousands(b)),
                );
            }
            (None, Some(_)) => self.say(Topic::Experience, "Now levels by experience points"),
            (Some(_), None) => self.say(Topic::Experience, "Now levels by milestones"),
            _ => {}
        }
    }

    /// A version in which only what a rest resets moved.
    fn state(mut self) -> Vec<Sentence> {
        self.rest();
        self.sentences
    }

    /// What a rest, a fight or a minute changed.
    fn rest(&mut self) {
        let hurt = self.new.state.hit_points_lost - self.old.state.hit_points_lost;
        let max = self.new.hit_points_max.value;
        let now = (max - self.new.state.hit_points_lost).max(0);
        if hurt > 0 {
            self.say(Topic::State, format!("Lost {}: {now} of {max}", points(hurt)));
        } else if hurt < 0 {
            self.say(Topic::State, format!("Regained {}: {now} of {max}", points(-hurt)));
        }
        let prepared = |on: bool| -> Vec<String> {
            self.rows(Section::State)
                .filter(|row| row.key.starts_with("state/prepared/") && row.new == Some(on.into()))
                .map(|row| row.label.trim_end_matches(" prepared").to_owned())
                .collect()
        };
        let (on, off) = (prepared(true), prepared(false));
        self.say_list(Topic::State, "Prepared", &on);
        self.say_list(Topic::State, "No longer prepared:", &off);
        let told = ["state/hit_points_lost", "state/prepared/"];
        let rows = self.rows(Section::State).filter(|row| !told.iter().any(|key| row.key.starts_with(key)));
        let others: Vec<String> = rows
            .map(|row| match (&row.old, &row.new) {
                (Some(a), Some(b)) if a.is_number() => format!("{} {a} to {b}", row.label),
                (_, Some(serde_json::Value::Bool(false))) => format!("{} spent", row.label),
                (Some(_), None) => format!("no longer {}", row.label),
                _ => row.label.clone(),
            })
            .collect();
        if !others.is_empty() {
            self.say(Topic::State, capitalised(&list(&others)));
        }
    }
}

fn points(n: i32) -> String {
    if n == 1 { "1 hit point".to_owned() } else { format!("{n} hit points") }
}

/// `71 gp, 3 sp`; `nothing` where there is none.
fn purse(c: Currency) -> String {
    let coins = [(c.pp, "pp"), (c.gp, "gp"), (c.ep, "ep"), (c.sp, "sp"), (c.cp, "cp")];
    let held: Vec<String> =
        coins.iter().filter(|(n, _)| *n != 0).map(|(n, coin)| format!("{} {coin}", thousands(*n))).collect();
    if held.is_empty() { "nothing".to_owned() } else { held.join(", ") }
}

fn text(value: &Option<serde_json::Value>) -> Option<&str> {
    value.as_ref().and_then(serde_json::Value::as_str)
}

fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|c| c.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sheet::{Abilities, Derived, Feature, Item, Spell};

    fn wizard(level: u32) -> Sheet {
        Sheet {
            name: "Maëlis".into(),
            species: Some("Elf".into()),
            level,
            classes: vec![Class { name: "Wizard".into(), level, hit_die: 6, ..Class::default() }],
            abilities: Abilities { str: 8, dex: 14, con: 14, int: 16, wis: 12, cha: 10 },
            hit_points_max: Derived { value: 2 + 6 * level as i32, parts: Vec::new() },
            ..Sheet::default()
        }
    }

    fn spell(key: &str, name: &str) -> Spell {
        Spell { key: key.into(), name: name.into(), level: 1, source: "Wizard".into(), always: false }
    }

    fn item(key: &str, name: &str, quantity: i64) -> Item {
        Item { key: key.into(), name: name.into(), quantity, ..Item::default() }
    }

    /// Tells a change from one wizard to another.
    fn told(change: impl FnOnce(&mut Sheet, &mut Sheet)) -> (Kind, Vec<String>) {
        let (mut old, mut new) = (wizard(3), wizard(3));
        change(&mut old, &mut new);
        let summary = summarise(Some(&old), &new, 1);
        (summary.kind, summary.sentences.into_iter().map(|s| s.text).collect())
    }

    fn change(change: impl FnOnce(&mut Sheet, &mut Sheet)) -> Vec<String> {
        let (kind, sentences) = told(change);
        assert_eq!(kind, Kind::Change);
        sentences
    }

    #[test]
    fn the_first_version_says_who_it_is() {
        let summary = summarise(None, &wizard(3), 1);
        assert_eq!((summary.kind, summary.landmark), (Kind::Baseline, true));
        assert_eq!(summary.sentences[0].text, "First saved as Elf Wizard 3");
    }

    #[test]
    fn equal_sheets_are_quiet() {
        assert_eq!(told(|_, _| {}), (Kind::Quiet, vec![]));
        let (kind, _) = told(|old, new| {
            old.inventory = vec![item("1", "Rope", 1), item("2", "Torch", 5)];
            // Made anew under other keys and in another order: the same things to a player.
            new.inventory = vec![item("9", "Torch", 5), item("8", "Rope", 1)];
        });
        assert_eq!(kind, Kind::Quiet);
    }

    #[test]
    fn levels_come_first() {
        let sentences = change(|_, new| {
            *new = wizard(4);
            new.classes[0].subclass = Some("School of Evocation".into());
            new.abilities.int = 18;
        });
        assert_eq!(
            sentences,
            [
                "Reached Wizard 4",
                "Chose School of Evocation as Wizard subclass",
                "Intelligence 16 to 18",
                "Hit points 20 to 26"
            ]
        );
    }

    #[test]
    fn a_second_class_and_the_way_back_are_told() {
        let fighter = Class { name: "Fighter".into(), level: 1, ..Class::default() };
        let sentences = change(|_, new| {
            new.classes.push(fighter.clone());
            new.level = 4;
        });
        assert_eq!(sentences[0], "Reached level 4: became Wizard 3 / Fighter 1");
        assert_eq!(change(|_, new| *new = wizard(1))[0], "Went from level 3 back to 1 as Wizard 1");
        let sentences = change(|_, new| new.classes = vec![Class { level: 3, ..fighter }]);
        assert_eq!(sentences[0], "Rebuilt from Wizard 3 to Fighter 3");
    }

    #[test]
    fn spells_are_learned_swapped_and_forgotten() {
        let sentences = change(|old, new| {
            old.spells = vec![spell("a", "Shield"), spell("b", "Sleep"), spell("c", "Alarm")];
            new.spells =
                vec![spell("a", "Shield"), spell("b", "Jump"), spell("d", "Light"), spell("e", "Fog Cloud")];
        });
        assert_eq!(sentences, ["Swapped Sleep for Jump", "Learned Fog Cloud and Light", "Forgot Alarm"]);
    }

    #[test]
    fn things_are_packed_moved_renamed_and_used_up() {
        let sentences = change(|old, new| {
            let bag = item("bag", "Bag of Holding", 1);
            old.inventory = vec![
                bag.clone(),
                item("p", "Potion of Healing", 2),
                item("s", "Longsword", 1),
                item("r", "Rope", 1),
            ];
            let sword = Item { name: "Dawnbringer".into(), equipped: true, ..item("s", "Longsword", 1) };
            let rope = Item { container: Some("bag".into()), ..item("r", "Rope", 1) };
            new.inventory = vec![bag, item("p", "Potion of Healing", 5), sword, rope, item("t", "Torch", 10)];
        });
        assert_eq!(
            sentences,
            [
                "Packed 10 × Torch",
                "Potion of Healing 2 to 5",
                "Equipped Dawnbringer",
                "Renamed Longsword to Dawnbringer",
                "Moved Rope into Bag of Holding",
            ]
        );
    }

    #[test]
    fn coins_features_notes_and_experience_are_told() {
        let sentences = change(|old, new| {
            (old.currency.gp, old.currency.sp) = (1200, 5);
            (new.currency.gp, new.currency.sp) = (2500, 0);
            new.features = vec![Feature { name: "Arcane Recovery".into(), ..Feature::default() }];
            old.notes.insert("bonds".into(), "My sister".into());
            new.notes.insert("bonds".into(), "My brother".into());
            (old.xp, new.xp) = (Some(900), Some(2700));
        });
        assert_eq!(
            sentences,
            [
                "Gained Arcane Recovery",
                "1,300 gp more, 5 sp less: 2,500 gp in the purse",
                "Edited bonds",
                "Earned 1,800 XP",
            ]
        );
    }

    #[test]
    fn what_a_rest_resets_is_state() {
        let (kind, sentences) = told(|old, new| {
            new.state.hit_points_lost = 7;
            new.state.slots_used.insert(1, 2);
            new.state.conditions.insert("Poisoned".into(), 1);
            for sheet in [old, new] {
                sheet.spells = vec![spell("a", "Shield")];
                sheet.state.prepared =
                    [sheet.state.hit_points_lost].iter().filter(|n| **n > 0).map(|_| "a".into()).collect();
            }
        });
        assert_eq!(kind, Kind::State);
        assert_eq!(
            sentences,
            ["Lost 7 hit points: 13 of 20", "Prepared Shield", "1st-level slots used 0 to 2 and Poisoned"]
        );
    }

    #[test]
    fn many_names_are_counted() {
        let names: Vec<String> = ["A", "B", "C", "D", "E"].map(Into::into).to_vec();
        assert_eq!(list(&names[..1]), "A");
        assert_eq!(list(&names[..2]), "A and B");
        assert_eq!(list(&names[..3]), "A, B and C");
        assert_eq!(list(&names), "A, B, C and 2 more");
        assert_eq!((thousands(1_234_567), thousands(-999)), ("1,234,567".into(), "\u{2212}999".into()));
    }
}
