//! What happened, in a player's words: from two sheets to sentences.
//!
//! A player did one thing ("reached Wizard 3") and many rows of the comparison moved. Each act takes the rows it explains
//! and says them once, the most important act first: level, subclass, who they are, abilities, features, spells, things,
//! coins, training, notes. What no act explains is said by itself. Every sentence knows the rows behind it; a row is behind
//! one sentence only. A sentence says what is true of the two sheets, never why the player did it.
//!
//! The words stand in [`crate::wording`].

mod growth;
mod powers;
mod state;
#[cfg(test)]
mod tests;
mod things;

use std::collections::BTreeSet;

use super::losses;
use crate::{
    diff::{self, Change, CharacterDiff, Section},
    model::{Kind, Sentence, Summary, Topic},
    sheet::{Ability, Class, Derived, SKILLS, Sheet},
    trace::Trace,
    wording::{Arg, List, Said, say},
};

/// Counts the changes to what is told of the same two sheets, and to traces: stored ones of an older count are told anew.
pub const TELLING: u32 = 1;

/// A sentence and the rows of the comparison that are behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// The sentence.
    pub sentence: Sentence,
    /// Places in [`CharacterDiff::changes`].
    pub rows: Vec<usize>,
}

/// Tells what a version changed, and leaves its trace. `old` is the sheet before it in the history; none for the first
/// version.
pub fn summarise(old: Option<&Sheet>, new: &Sheet, deriver: u32) -> (Summary, Trace) {
    let Some(old) = old else {
        let sentences = vec![Sentence { topic: Topic::Baseline, said: baseline(new) }];
        let (kind, level) = (Kind::Baseline, new.level);
        let summary = Summary { kind, sentences, changes: 0, state: 0, level, landmark: true, deriver };
        return (summary, Trace::first(new));
    };
    let (diff, rekeyed) = diff::compare_keyed(old, new, diff::Options { state: true, same: false });
    let state = diff.changes.iter().filter(|row| row.section == Section::State).count();
    let changes = diff.changes.len() - state;
    let kind = match (changes, state) {
        (0, 0) => Kind::Quiet,
        (0, _) => Kind::State,
        _ => Kind::Change,
    };
    let told = tell(old, new, &diff);
    let trace = Trace::between(new, &diff, &told, rekeyed);
    let alarm = losses::alarm(old, new, &diff, &told);
    let mut sentences: Vec<Sentence> = told.into_iter().map(|told| told.sentence).collect();
    // Behind the others: a trace tells sentences by their place.
    sentences.extend(alarm.map(|said| Sentence { topic: Topic::Loss, said }));
    let summary = Summary {
        kind,
        landmark: sentences.iter().any(|s| matches!(s.topic, Topic::Level | Topic::Subclass)),
        sentences,
        changes: count(changes),
        state: count(state),
        level: new.level,
        deriver,
    };
    (summary, trace)
}

/// What is told of a stretch in which something was tried and taken back: how often, and how many changes were kept.
pub fn tried(topic: Topic, times: u32, kept: u32) -> Said {
    let what = match topic {
        Topic::Spells => "tried-spells",
        Topic::Items => "tried-items",
        Topic::Features => "tried-features",
        Topic::Abilities => "tried-abilities",
        Topic::Coins => "tried-coins",
        Topic::Notes => "tried-notes",
        _ => "tried-things",
    };
    let what = say(what).with("times", times);
    let kept = match topic {
        _ if kept == 0 => say("kept-nothing"),
        Topic::Spells | Topic::Items | Topic::Features => say("kept").with("count", kept),
        // A number is what it is in the end: nothing of the others was kept.
        _ => return what,
    };
    say("tried").with("what", what).with("kept", kept)
}

/// What is told of a version that the player brought back: that first, and no alarm, for whatever is gone is gone on purpose.
pub fn brought_back((mut summary, mut trace): (Summary, Trace), version: u64) -> (Summary, Trace) {
    summary.sentences.retain(|sentence| sentence.topic != Topic::Loss);
    let said = say("brought-back").with("version", version.to_string());
    summary.sentences.insert(0, Sentence { topic: Topic::Restored, said });
    summary.landmark = true;
    for changed in &mut trace.changed {
        changed.1 = changed.1.map(|sentence| sentence.saturating_add(1));
    }
    (summary, trace)
}

/// Tells a comparison of two sheets that was made with [`diff::Options::state`] and without equal rows.
pub fn tell(old: &Sheet, new: &Sheet, diff: &CharacterDiff) -> Vec<Told> {
    let free = vec![true; diff.changes.len()];
    let mut teller = Teller { old, new, rows: &diff.changes, free, taken: Vec::new(), told: Vec::new() };
    teller.levels();
    teller.subclasses();
    teller.identity();
    teller.abilities();
    teller.features();
    teller.spells();
    teller.trade();
    teller.items();
    teller.coins();
    teller.training();
    teller.numbers();
    teller.notes();
    teller.experience();
    teller.rest();
    teller.told
}

fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

fn baseline(sheet: &Sheet) -> Said {
    let species = sheet.species.as_deref().map(|species| format!("{species} ")).unwrap_or_default();
    if sheet.classes.is_empty() {
        return say("first-saved-without-class").with("name", sheet.name.as_str());
    }
    say("first-saved").with("who", format!("{species}{}", classes(&sheet.classes)))
}

/// `Wizard 9`, `Monk 7 / Fighter 3`; empty where there is no class.
pub fn classes(classes: &[Class]) -> String {
    classes.iter().map(|c| format!("{} {}", c.name, c.level)).collect::<Vec<_>>().join(" / ")
}

/// Names told in one sentence before the rest is counted.
const NAMES: usize = 3;

/// Several names, each once; from the fifth on they are counted.
fn names(all: impl IntoIterator<Item = Arg>) -> Arg {
    let mut told: Vec<Arg> = Vec::new();
    for name in all {
        if !told.contains(&name) {
            told.push(name);
        }
    }
    if told.len() > NAMES + 1 {
        let more = count(told.len() - NAMES);
        told.truncate(NAMES);
        told.push(say("more").with("count", more).into());
    }
    List::And(told).into()
}

struct Teller<'d> {
    old: &'d Sheet,
    new: &'d Sheet,
    rows: &'d [Change],
    /// Which rows no act has taken yet.
    free: Vec<bool>,
    /// The rows of the act being told.
    taken: Vec<usize>,
    told: Vec<Told>,
}

impl<'d> Teller<'d> {
    /// Says a sentence about the rows that were taken for it.
    fn say(&mut self, topic: Topic, said: Said) {
        let rows = std::mem::take(&mut self.taken);
        self.told.push(Told { sentence: Sentence { topic, said }, rows });
    }

    /// Says an act and, after a colon, what came of it.
    fn say_act(&mut self, topic: Topic, head: Said, parts: Vec<Said>) {
        if parts.is_empty() {
            return self.say(topic, head);
        }
        let parts = List::Clauses(parts.into_iter().map(Arg::from).collect());
        self.say(topic, say("act").with("head", head).with("parts", parts));
    }

    /// Says one sentence about several rows, where there are any.
    fn say_names(&mut self, topic: Topic, id: &str, rows: &[&'d Change]) {
        if !rows.is_empty() {
            self.say(topic, say(id).with("names", labels(rows)));
        }
    }

    /// The rows that no act has taken and that pass: taken from now on.
    fn take(&mut self, test: impl Fn(&Change) -> bool) -> Vec<&'d Change> {
        let mut found = Vec::new();
        for (at, row) in self.rows.iter().enumerate() {
            if self.free[at] && test(row) {
                self.free[at] = false;
                self.taken.push(at);
                found.push(row);
            }
        }
        found
    }

    /// Whether a row that passes is still to be told.
    fn any(&self, test: impl Fn(&Change) -> bool) -> bool {
        self.rows.iter().zip(&self.free).any(|(row, free)| *free && test(row))
    }

    /// What moved in numbers because of something with one of these names: "Armor Class 14 to 16" for a shield.
    fn effects(&mut self, causes: &BTreeSet<String>) -> Vec<Said> {
        self.effects_beside(causes, &BTreeSet::new())
    }

    /// The same where other things may have had a part in it: the armour that a new one took the place of.
    fn effects_beside(&mut self, causes: &BTreeSet<String>, others: &BTreeSet<String>) -> Vec<Said> {
        let (old, new) = (self.old, self.new);
        let follows = |row: &Change| {
            derived(row, old, new).is_some_and(|(a, b)| {
                let why = reasons(a, b, old, new);
                why.iter().any(|reason| causes.contains(*reason))
                    && why.iter().all(|reason| causes.contains(*reason) || others.contains(*reason))
            })
        };
        let rows = self.take(follows);
        in_one_clause(&rows)
    }
}

/// The labels of rows, each once: a spell that comes from two sources is one name to a player.
fn labels(rows: &[&Change]) -> Arg {
    names(rows.iter().map(|row| row.label.as_str().into()))
}

/// Steps of numbers as one clause, `Constitution 15 to 16, hit points 40 to 45`; none for none.
fn in_one_clause(rows: &[&Change]) -> Vec<Said> {
    let mut steps: Vec<Arg> = Vec::new();
    let mut rows = rows.to_vec();
    for (place, id, whole) in [
        ("proficiencies/saves/", "all-saves", Ability::ALL.len()),
        ("proficiencies/checks/", "all-checks", SKILLS.len()),
    ] {
        if let Some(by) = moved_together(&rows, place, whole) {
            rows.retain(|row| !row.key.starts_with(place));
            steps.push(say(id).with("by", by).into());
        }
    }
    steps.splice(0..0, rows.iter().filter_map(|row| step(row)).map(Arg::from));
    if steps.is_empty() { Vec::new() } else { vec![say("numbers").with("numbers", List::Comma(steps))] }
}

/// By how much all numbers of a place moved, where it is the same for all of them: `+1`.
fn moved_together(rows: &[&Change], place: &str, whole: usize) -> Option<String> {
    let moved = |row: &&&Change| row.key.starts_with(place);
    let by: Vec<i64> =
        rows.iter().filter(moved).filter_map(|row| Some(number(&row.new)? - number(&row.old)?)).collect();
    let first = *by.first()?;
    let together = by.len() == whole && by.iter().all(|by| *by == first);
    together.then(|| if first < 0 { format!("\u{2212}{}", -first) } else { format!("+{first}") })
}

/// How a number moved: `Constitution 15 to 16`, `flying speed 30`, `no flying speed any more`.
fn step(row: &Change) -> Option<Said> {
    let number = |value: &Option<serde_json::Value>| value.as_ref().and_then(serde_json::Value::as_i64);
    let what = what(row);
    Some(match (number(&row.old), number(&row.new)) {
        (Some(a), Some(b)) => say("step").with("what", what).with("from", a).with("to", b),
        (None, Some(_)) if row.key.starts_with("combat/slots/") => what,
        (None, Some(b)) => say("now").with("what", what).with("to", b),
        (Some(_), None) => say("no-more").with("what", what),
        _ => return None,
    })
}

/// What a row with a number is about.
fn what(row: &Change) -> Said {
    let mut path = row.key.splitn(3, '/');
    let (section, field, rest) =
        (path.next().unwrap_or_default(), path.next().unwrap_or_default(), path.next().unwrap_or_default());
    let level = |text: &str| text.parse::<u32>().unwrap_or(0);
    match (section, field) {
        ("abilities", ability) => say(&format!("ability-{ability}")),
        ("combat", "hit_points_max") => say("hit-points"),
        ("combat", "armor_class") => say("armor-class"),
        ("combat", "initiative") => say("initiative"),
        ("combat", "proficiency_bonus") => say("proficiency-bonus"),
        ("combat", "speed" | "sense") => say(&format!("{field}-{rest}")),
        ("combat", "slots") => match rest.strip_prefix("pact/") {
            Some(pact) => say("pact-slots").with("level", level(pact)),
            None => say("slots").with("level", level(rest)),
        },
        ("combat", "spellcasting") => match rest.rsplit_once('/') {
            Some((class, "attack")) => say("spell-attack").with("class", class),
            Some((class, _)) => say("spell-save-dc").with("class", class),
            None => say("named").with("name", row.label.as_str()),
        },
        ("proficiencies", "saves") => say("saving-throw").with("ability", say(&format!("ability-{rest}"))),
        ("proficiencies", "checks") => say("checks").with("skill", rest),
        ("proficiencies", "passive") => say("passive").with("skill", rest),
        ("limits", _) => say("uses-of").with("name", row.label.as_str()),
        _ => say("named").with("name", row.label.as_str()),
    }
}

/// The derived number of a row, on both sides.
fn derived<'s>(row: &Change, old: &'s Sheet, new: &'s Sheet) -> Option<(&'s Derived, &'s Derived)> {
    let of = |sheet: &'s Sheet| -> Option<&'s Derived> {
        let (section, rest) = row.key.split_once('/')?;
        match (section, rest) {
            ("combat", "hit_points_max") => Some(&sheet.hit_points_max),
            ("combat", "armor_class") => Some(&sheet.armor_class),
            ("combat", "initiative") => Some(&sheet.initiative),
            ("combat", rest) => {
                let (class, number) = rest.strip_prefix("spellcasting/")?.rsplit_once('/')?;
                let casting = sheet.spellcasting.iter().find(|casting| casting.class == class)?;
                Some(if number == "attack" { &casting.attack } else { &casting.save_dc })
            }
            ("proficiencies", rest) => {
                let (list, name) = rest.split_once('/')?;
                match list {
                    "saves" => sheet.saves.iter().find(|(ability, _)| ability.key() == name).map(|(_, n)| n),
                    "checks" => sheet.skill_bonuses.get(name),
                    "passive" => sheet.passive.get(name),
                    _ => None,
                }
            }
            _ => None,
        }
    };
    Some((of(old)?, of(new)?))
}

/// The names of the parts that moved a derived number. What every such number has is no reason, an ability only where it
/// moved itself (a heavier armour takes less of Dexterity).
fn reasons<'s>(a: &'s Derived, b: &'s Derived, old: &Sheet, new: &Sheet) -> BTreeSet<&'s str> {
    let value = |number: &Derived, label: &str| -> Option<i32> {
        number.parts.iter().find(|part| part.label == label).map(|part| part.value)
    };
    let plain = |label: &str| {
        let ability = Ability::ALL.into_iter().find(|ability| ability.name() == label);
        ability.is_some_and(|ability| old.abilities.get(ability) == new.abilities.get(ability))
            || ["Base", "Proficiency", "Expertise", "Half proficiency"].contains(&label)
    };
    let labels = a.parts.iter().chain(&b.parts).map(|part| part.label.as_str());
    labels.filter(|label| value(a, label) != value(b, label) && !plain(label)).collect()
}

/// A value of a row as text.
fn text(value: &Option<serde_json::Value>) -> Option<&str> {
    value.as_ref().and_then(serde_json::Value::as_str)
}

/// A value of a row as a number.
fn number(value: &Option<serde_json::Value>) -> Option<i64> {
    value.as_ref().and_then(serde_json::Value::as_i64)
}
