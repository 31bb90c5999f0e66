//! Feats, features, actions, spells and training.

use std::collections::BTreeSet;

use super::{Teller, in_one_clause, labels, names, text};
use crate::{
    diff::{Change, ChangeKind, Section},
    model::Topic,
    wording::{Arg, List, Said, say},
};

impl<'d> Teller<'d> {
    /// Features that no level, subclass or species brought, each list with what follows from it.
    pub(super) fn features(&mut self) {
        let parts = self.all_feature_parts();
        if parts.is_empty() {
            return;
        }
        let causes: BTreeSet<String> = self.taken.iter().map(|&at| self.rows[at].label.clone()).collect();
        let effects = self.effects(&causes);
        let head = clauses(parts);
        self.say_act(Topic::Features, head, effects);
    }

    /// The same with every action and every limit that is left.
    pub(super) fn all_feature_parts(&mut self) -> Vec<Said> {
        let mut parts = self.feature_parts(|_| true);
        parts.extend(self.doing_parts());
        parts
    }

    /// What was gained, lost and picked anew among the features of some groups: a class, a species, the feats.
    pub(super) fn feature_parts(&mut self, of: impl Fn(&str) -> bool) -> Vec<Said> {
        let of = |row: &Change| {
            row.section == Section::Features && row.group.as_deref().is_some_and(&of) && !is_doing(row)
        };
        let mut parts = self.repicked(&of);
        let whole = |row: &Change, kind| of(row) && row.kind == kind && row.attribute.is_none();
        let gained = self.take(|row| whole(row, ChangeKind::Added));
        parts.extend(said_of("gained", &gained));
        let lost = self.take(|row| whole(row, ChangeKind::Removed));
        parts.extend(said_of("lost", &lost));
        for row in self.take(|row| of(row) && row.attribute.as_deref() == Some("source")) {
            let now = text(&row.new).unwrap_or_default();
            parts.push(say("now-from").with("name", row.label.as_str()).with("now", now));
        }
        let known: BTreeSet<&str> = gained.iter().chain(&lost).map(|row| bare(&row.label)).collect();
        // An action or a limit by the name of a feature that is told is not told twice.
        let is_known = |row: &Change| {
            known.iter().any(|name| row.label.starts_with(name) || name.starts_with(bare(&row.label)))
        };
        self.take(|row| is_doing(row) && is_known(row) && row.kind != ChangeKind::Changed);
        parts
    }

    /// "Fighting Style: Archery" gone and "Fighting Style: Defense" new is one pick changed.
    fn repicked(&mut self, of: &impl Fn(&Change) -> bool) -> Vec<Said> {
        let whole = |row: &Change, kind| of(row) && row.kind == kind && row.attribute.is_none();
        let rows = self.rows;
        let mut parts = Vec::new();
        for gone in rows.iter().filter(|row| whole(row, ChangeKind::Removed)) {
            let Some((what, was)) = gone.label.split_once(": ") else { continue };
            let partner = |row: &&Change| {
                whole(row, ChangeKind::Added)
                    && row.label.split_once(": ").is_some_and(|(other, _)| other == what)
            };
            let same_pick =
                rows.iter().filter(|row| whole(row, ChangeKind::Removed) && row.label.starts_with(what));
            let (Some(new), None) = (rows.iter().find(partner), same_pick.into_iter().nth(1)) else {
                continue;
            };
            if rows.iter().filter(partner).nth(1).is_some() {
                continue;
            }
            let (old_key, new_key) = (gone.key.as_str(), new.key.as_str());
            if self.take(|row| of(row) && (row.key == old_key || row.key == new_key)).len() == 2 {
                let now = new.label.split_once(": ").map_or("", |(_, now)| now);
                parts.push(say("repicked").with("what", what).with("was", was).with("now", now));
            }
        }
        parts
    }

    /// Actions and how often things can be done. What is about a spell that came or went is told with the spell.
    fn doing_parts(&mut self) -> Vec<Said> {
        let spells = self.names_of_spells(|_| true);
        let mut parts = Vec::new();
        let action = |row: &Change, kind| row.key.starts_with("actions/") && row.kind == kind;
        let rows = self.take(|row| action(row, ChangeKind::Added));
        parts.extend(said_of("new-action", &rows));
        let rows = self.take(|row| action(row, ChangeKind::Removed));
        parts.extend(said_of("lost-action", &rows));
        let rows = self.take(|row| action(row, ChangeKind::Changed));
        for row in rows {
            let now = text(&row.new).unwrap_or_default();
            parts.push(say("now-takes").with("name", row.label.as_str()).with("now", now));
        }
        let rows = self.take(|row| row.key.starts_with("limits/") && !spells.contains(bare(&row.label)));
        parts.extend(in_one_clause(&rows));
        parts
    }

    /// Spells that no level brought.
    pub(super) fn spells(&mut self) {
        let parts = self.spell_parts(|_| true);
        if !parts.is_empty() {
            self.say(Topic::Spells, clauses(parts));
        }
    }

    /// What was learned, forgotten and swapped among the spells of some sources.
    pub(super) fn spell_parts(&mut self, of: impl Fn(&str) -> bool) -> Vec<Said> {
        let (old, new) = (self.old, self.new);
        let source = |row: &Change| {
            let key = row.key.strip_prefix("spells/").map(|key| {
                row.attribute
                    .as_deref()
                    .and_then(|name| key.strip_suffix(name))
                    .map_or(key, |key| key.trim_end_matches('/'))
            });
            let of = |sheet: &'d crate::sheet::Sheet| {
                sheet.spells.iter().find(|spell| Some(spell.key.as_str()) == key)
            };
            of(new).or_else(|| of(old)).map(|spell| spell.source.as_str())
        };
        let of = |row: &Change| row.section == Section::Spells && source(row).is_some_and(&of);
        let whole = |row: &Change, kind| of(row) && row.kind == kind && row.attribute.is_none();
        let mut parts = Vec::new();
        let swapped = self.take(|row| whole(row, ChangeKind::Changed));
        let pairs = swapped.iter().filter_map(|row| {
            Some(say("for").with("was", text(&row.old)?).with("now", text(&row.new)?).into())
        });
        let pairs: Vec<Arg> = pairs.collect();
        if !pairs.is_empty() {
            parts.push(say("swapped").with("names", names(pairs)));
        }
        let rows = self.take(|row| whole(row, ChangeKind::Added));
        parts.extend(said_of("learned", &rows));
        let rows = self.take(|row| whole(row, ChangeKind::Removed));
        parts.extend(said_of("forgot", &rows));
        let is = |row: &Change, name: &str| of(row) && row.attribute.as_deref() == Some(name);
        // A spell that comes from somewhere else now: whether it is always prepared follows from that.
        let rows = self.rows;
        let comes_from_elsewhere =
            |label: &str| rows.iter().any(|row| is(row, "source") && row.label == label);
        self.take(|row| is(row, "always") && comes_from_elsewhere(&row.label));
        for (id, on) in [("always-prepared", true), ("not-always-prepared", false)] {
            let rows = self.take(|row| is(row, "always") && row.new == Some(on.into()));
            parts.extend(said_of(id, &rows));
        }
        let moved = self.take(|row| is(row, "source"));
        for row in moved {
            let now = text(&row.new).unwrap_or_default();
            parts.push(say("now-from").with("name", row.label.as_str()).with("now", now));
        }
        if !parts.is_empty() {
            let names = self.names_of_spells(of);
            self.take(|row| row.key.starts_with("limits/") && names.contains(bare(&row.label)));
        }
        parts
    }

    /// What the spells that came, went or were swapped are called.
    fn names_of_spells(&self, of: impl Fn(&Change) -> bool) -> BTreeSet<&'d str> {
        let whole = |row: &&Change| row.section == Section::Spells && row.attribute.is_none() && of(row);
        let rows = self.rows.iter().filter(whole);
        rows.flat_map(|row| [text(&row.old), text(&row.new)]).flatten().map(bare).collect()
    }

    /// Training, senses and defences that nothing else brought.
    pub(super) fn training(&mut self) {
        let parts = self.counted_training(|_| true);
        let mut rows = std::mem::take(&mut self.taken).into_iter();
        for (said, count) in parts {
            self.taken = rows.by_ref().take(count).collect();
            self.say(Topic::Combat, said);
        }
    }

    /// Saves, skills, armour, weapons, tools, languages; resistances and what spells are cast with.
    pub(super) fn training_parts(&mut self, of: impl Fn(&Change) -> bool) -> Vec<Said> {
        self.counted_training(of).into_iter().map(|(said, _)| said).collect()
    }

    /// The same, each part with how many rows it takes.
    fn counted_training(&mut self, of: impl Fn(&Change) -> bool) -> Vec<(Said, usize)> {
        const DEFENCES: [(&str, &str, &str); 3] = [
            ("combat/resistance/", "resists", "no-longer-resists"),
            ("combat/immunity/", "immune", "no-longer-immune"),
            ("combat/vulnerability/", "vulnerable", "no-longer-vulnerable"),
        ];
        let trained = |row: &Change| {
            row.section == Section::Proficiencies
                && of(row)
                && !["saves/", "checks/", "passive/"].iter().any(|list| row.key.contains(list))
        };
        let mut parts = Vec::new();
        let rows = self.take(|row| trained(row) && row.kind == ChangeKind::Added);
        parts.extend(counted("proficient", &rows));
        let rows = self.take(|row| trained(row) && row.kind == ChangeKind::Removed);
        parts.extend(counted("no-longer-proficient", &rows));
        for row in self.take(|row| trained(row) && row.kind == ChangeKind::Changed) {
            let rank = match text(&row.new) {
                Some("Expertise") => "rank-expertise",
                Some("Proficient") => "rank-proficient",
                _ => "rank-half",
            };
            parts.push((say("rank").with("name", row.label.as_str()).with("rank", say(rank)), 1));
        }
        for (place, more, less) in DEFENCES {
            let is = |row: &Change, kind| row.key.starts_with(place) && row.kind == kind && of(row);
            let rows = self.take(|row| is(row, ChangeKind::Added));
            parts.extend(counted(more, &rows));
            let rows = self.take(|row| is(row, ChangeKind::Removed));
            parts.extend(counted(less, &rows));
        }
        let casts = |row: &Change| {
            row.key.strip_prefix("combat/spellcasting/").is_some_and(|class| !class.contains('/')) && of(row)
        };
        for row in self.take(casts) {
            let class = row.key.trim_start_matches("combat/spellcasting/");
            let said = match text(&row.new) {
                Some(ability) => say("casts-with").with("ability", ability_word(ability)),
                None => say("no-longer-casts"),
            };
            parts.push((said.with("class", class), 1));
        }
        parts
    }

    /// The player's own words.
    pub(super) fn notes(&mut self) {
        for (id, kind) in
            [("wrote", ChangeKind::Added), ("edited", ChangeKind::Changed), ("cleared", ChangeKind::Removed)]
        {
            let rows = self.take(|row| row.section == Section::Notes && row.kind == kind);
            if !rows.is_empty() {
                let told = names(rows.iter().map(|row| note(row)));
                self.say(Topic::Notes, say(id).with("names", told));
            }
        }
    }
}

/// Kinds of notes that the catalogue has a word for.
const NOTES: [&str; 21] = [
    "age",
    "alignment",
    "allies",
    "appearance",
    "backstory",
    "bonds",
    "enemies",
    "eyes",
    "faith",
    "flaws",
    "gender",
    "hair",
    "height",
    "holdings",
    "ideals",
    "organizations",
    "other",
    "personality",
    "possessions",
    "skin",
    "weight",
];

fn note(row: &Change) -> Arg {
    let key = row.key.trim_start_matches("notes/");
    if NOTES.contains(&key) {
        return say(&format!("note-{key}")).into();
    }
    match key.strip_prefix("Note on ") {
        Some(thing) => say("note-on").with("name", thing).into(),
        None => key.into(),
    }
}

fn ability_word(name: &str) -> Said {
    let ability = crate::sheet::Ability::ALL.into_iter().find(|ability| ability.name() == name);
    ability
        .map_or_else(|| say("named").with("name", name), |ability| say(&format!("ability-{}", ability.key())))
}

/// Actions and limits stand beside the features.
fn is_doing(row: &Change) -> bool {
    row.key.starts_with("actions/") || row.key.starts_with("limits/")
}

/// The part of a name before a colon or a bracket: "Channel Divinity" of "Channel Divinity: Turn Undead".
fn bare(name: &str) -> &str {
    let end = name.find([':', '(']).unwrap_or(name.len());
    name[..end].trim_end()
}

/// One clause about several rows, where there are any.
fn counted(id: &str, rows: &[&Change]) -> Option<(Said, usize)> {
    Some((said_of(id, rows)?, rows.len()))
}

fn said_of(id: &str, rows: &[&Change]) -> Option<Said> {
    (!rows.is_empty()).then(|| say(id).with("names", labels(rows)))
}

/// Several clauses as one sentence.
fn clauses(mut parts: Vec<Said>) -> Said {
    if parts.len() == 1
        && let Some(only) = parts.pop()
    {
        return only;
    }
    say("numbers").with("numbers", List::Clauses(parts.into_iter().map(Arg::from).collect()))
}
