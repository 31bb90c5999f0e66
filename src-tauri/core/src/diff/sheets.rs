//! Two sheets side by side, thing by thing.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Display,
};

use serde_json::Value;
use similar::{ChangeTag, TextDiff};

use super::{Change, ChangeKind, CharacterDiff, Section, TextOp, TextOpKind};
use crate::sheet::{
    Ability, Action, Class, Derived, Feature, Item, Part, Sheet, SkillRank, Spell, SpellSlots, Spellcasting,
};

/// How much of a comparison is wanted.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options {
    /// Also rows of what a rest resets; else they are only counted.
    pub state: bool,
    /// Also rows that are equal.
    pub same: bool,
}

/// Compares two sheets of the same or of different characters.
pub fn compare(old: &Sheet, new: &Sheet, options: Options) -> CharacterDiff {
    compare_keyed(old, new, options).0
}

/// The same, and the things that go by another key on the new side: the key of a row on the old side and on the new one.
pub(crate) fn compare_keyed(
    old: &Sheet,
    new: &Sheet,
    options: Options,
) -> (CharacterDiff, Vec<(String, String)>) {
    let diff = CharacterDiff::default();
    let mut rows = Rows { diff, options, section: Section::Identity, group: None, rekeyed: Vec::new() };
    rows.identity(old, new);
    rows.abilities(old, new);
    rows.combat(old, new);
    let spells = rows.spells(old, new);
    rows.inventory(old, new);
    rows.features(old, new);
    rows.proficiencies(old, new);
    rows.currency(old, new);
    rows.notes(old, new);
    rows.state(old, new, &spells);
    (rows.diff, rows.rekeyed)
}

/// `1st`, `2nd`, `3rd`, `4th`, …
pub(crate) fn ordinal(n: u32) -> String {
    let suffix = match (n % 10, n % 100) {
        (1, t) if t != 11 => "st",
        (2, t) if t != 12 => "nd",
        (3, t) if t != 13 => "rd",
        _ => "th",
    };
    format!("{n}{suffix}")
}

/// What a spell level is called.
pub(crate) fn spell_level(level: u32) -> String {
    if level == 0 { "Cantrip".to_owned() } else { format!("{} level", ordinal(level)) }
}

/// Things of the old side beside their partners on the new side.
type Pairs<'s, T> = Vec<(Option<&'s T>, Option<&'s T>)>;

/// Pairs two lists: first by `key`, then what is left by `name` (a thing made anew under another key is the same thing).
/// The order is the new side's, with what is gone after it.
fn pair<'s, T, K: Ord, N: Ord>(
    old: &'s [T],
    new: &'s [T],
    key: impl Fn(&'s T) -> K,
    name: impl Fn(&'s T) -> N,
) -> Pairs<'s, T> {
    let mut left: BTreeMap<usize, &T> = old.iter().enumerate().collect();
    let mut partners: Vec<Option<&T>> = vec![None; new.len()];
    fn assign<'s, T, I: Ord>(
        left: &mut BTreeMap<usize, &'s T>,
        partners: &mut [Option<&'s T>],
        new: &'s [T],
        identity: impl Fn(&'s T) -> I,
    ) {
        let mut waiting: BTreeMap<I, Vec<usize>> = BTreeMap::new();
        for (&at, &thing) in left.iter().rev() {
            waiting.entry(identity(thing)).or_default().push(at);
        }
        for (partner, thing) in partners.iter_mut().zip(new) {
            if partner.is_none() {
                let at = waiting.get_mut(&identity(thing)).and_then(Vec::pop);
                *partner = at.and_then(|at| left.remove(&at));
            }
        }
    }
    assign(&mut left, &mut partners, new, &key);
    assign(&mut left, &mut partners, new, &name);
    let kept = partners.into_iter().zip(new).map(|(partner, thing)| (partner, Some(thing)));
    kept.chain(left.into_values().map(|thing| (Some(thing), None))).collect()
}

struct Rows {
    diff: CharacterDiff,
    options: Options,
    section: Section,
    group: Option<String>,
    rekeyed: Vec<(String, String)>,
}

impl Rows {
    /// Notes that a thing goes by another key on the new side.
    fn rekeyed(&mut self, list: &str, old: &str, new: &str) {
        if old != new {
            self.rekeyed.push((format!("{list}/{old}"), format!("{list}/{new}")));
        }
    }

    fn section(&mut self, section: Section) {
        self.section = section;
        self.group = None;
    }

    fn group(&mut self, group: impl Display) {
        self.group = Some(group.to_string());
    }

    /// One row, where there is anything to say.
    fn row<V: Into<Value>>(
        &mut self,
        key: impl Display,
        label: impl Display,
        old: Option<V>,
        new: Option<V>,
    ) {
        self.full_row(
            key.to_string(),
            label.to_string(),
            None,
            old.map(Into::into),
            new.map(Into::into),
            None,
        );
    }

    /// One side of a thing that is on both sides.
    fn attribute<V: Into<Value> + PartialEq>(
        &mut self,
        key: &str,
        label: &str,
        name: &str,
        old: Option<V>,
        new: Option<V>,
    ) {
        if old != new {
            let (old, new) = (old.map(Into::into), new.map(Into::into));
            self.full_row(format!("{key}/{name}"), label.to_owned(), Some(name), old, new, None);
        }
    }

    fn full_row(
        &mut self,
        key: String,
        label: String,
        attribute: Option<&str>,
        old: Option<Value>,
        new: Option<Value>,
        kind: Option<ChangeKind>,
    ) {
        let kind = match (&old, &new) {
            (None, None) => return,
            (None, Some(_)) if attribute.is_none() => ChangeKind::Added,
            (Some(_), None) if attribute.is_none() => ChangeKind::Removed,
            (old, new) if old == new => ChangeKind::Same,
            _ => kind.unwrap_or(ChangeKind::Changed),
        };
        if kind == ChangeKind::Same {
            if !self.options.same || (self.section == Section::State && !self.options.state) {
                return;
            }
        } else if self.section == Section::State && !self.options.state {
            self.diff.folded.state += 1;
            return;
        }
        self.diff.counts.count(kind);
        self.diff.changes.push(Change {
            section: self.section,
            key,
            label,
            attribute: attribute.map(str::to_owned),
            group: self.group.clone(),
            kind,
            old,
            new,
            text: None,
        });
    }

    fn identity(&mut self, old: &Sheet, new: &Sheet) {
        self.section(Section::Identity);
        self.row("identity/name", "Name", Some(&*old.name), Some(&*new.name));
        self.row("identity/species", "Species", old.species.clone(), new.species.clone());
        self.row("identity/background", "Background", old.background.clone(), new.background.clone());
        for (a, b) in pair(&old.classes, &new.classes, |c| c.name.clone(), |c| c.key.clone()) {
            self.class(a, b);
        }
        if old.classes.len() > 1 || new.classes.len() > 1 {
            self.row("identity/level", "Level", Some(old.level), Some(new.level));
        }
        self.row("identity/size", "Size", old.size.clone(), new.size.clone());
        let rules = |sheet: &Sheet| serde_json::to_value(sheet.rules).ok();
        self.row("identity/rules", "Rules", rules(old), rules(new));
        self.row("identity/xp", "Experience", old.xp, new.xp);
        self.row("identity/campaign", "Campaign", old.campaign.clone(), new.campaign.clone());
    }

    fn class(&mut self, old: Option<&Class>, new: Option<&Class>) {
        let Some(class) = new.or(old) else { return };
        let key = format!("identity/class/{}", class.name.to_lowercase());
        let level = |class: &Class| format!("{} {}", class.name, class.level);
        self.row(&key, &class.name, old.map(level), new.map(level));
        let subclass = |class: Option<&Class>| class.and_then(|class| class.subclass.clone());
        self.row(format!("{key}/subclass"), format!("{} subclass", class.name), subclass(old), subclass(new));
    }

    fn abilities(&mut self, old: &Sheet, new: &Sheet) {
        self.section(Section::Abilities);
        for ability in Ability::ALL {
            let key = format!("abilities/{}", ability.key());
            self.row(key, ability.name(), Some(old.abilities.get(ability)), Some(new.abilities.get(ability)));
        }
    }

    fn combat(&mut self, old: &Sheet, new: &Sheet) {
        self.section(Section::Combat);
        let mut row = |key: &str, label: &str, a: i32, b: i32| self.row(key, label, Some(a), Some(b));
        row("combat/hit_points_max", "Hit points", old.hit_points_max.value, new.hit_points_max.value);
        row("combat/armor_class", "Armor Class", old.armor_class.value, new.armor_class.value);
        row("combat/initiative", "Initiative", old.initiative.value, new.initiative.value);
        row("combat/proficiency_bonus", "Proficiency bonus", old.proficiency_bonus, new.proficiency_bonus);
        for kind in ["walk", "fly", "swim", "climb", "burrow"] {
            let speed = |sheet: &Sheet| sheet.speeds.get(kind).copied().filter(|&feet| feet > 0);
            self.row(format!("combat/speed/{kind}"), speed_label(kind), speed(old), speed(new));
        }
        for sense in joined_keys(&old.senses, &new.senses) {
            let feet = |sheet: &Sheet| sheet.senses.get(sense).copied();
            self.row(format!("combat/sense/{sense}"), capitalised(sense), feet(old), feet(new));
        }
        let (a, b) = (&old.defenses, &new.defenses);
        self.names("combat/resistance", "Resistances", &a.resistances, &b.resistances);
        self.names("combat/immunity", "Immunities", &a.immunities, &b.immunities);
        self.names("combat/vulnerability", "Vulnerabilities", &a.vulnerabilities, &b.vulnerabilities);
        self.group = None;
        for (a, b) in pair(&old.spell_slots, &new.spell_slots, |s| (s.pact, s.level), |s| (s.pact, s.level)) {
            let Some(slots) = b.or(a) else { continue };
            let key = format!("combat/slots/{}{}", if slots.pact { "pact/" } else { "" }, slots.level);
            self.row(key, slots_label(slots), a.map(|s| s.max), b.map(|s| s.max));
        }
        for (a, b) in pair(&old.spellcasting, &new.spellcasting, |c| &c.class, |c| &c.class) {
            self.casting(a, b);
        }
    }

    /// What spells are cast with. What follows from the ability and the proficiency bonus is told there.
    fn casting(&mut self, old: Option<&Spellcasting>, new: Option<&Spellcasting>) {
        let Some(class) = new.or(old).map(|casting| &casting.class) else { return };
        let key = format!("combat/spellcasting/{class}");
        let ability = |casting: &Spellcasting| casting.ability.name();
        self.row(&key, format!("{class} spellcasting"), old.map(ability), new.map(ability));
        if let (Some(a), Some(b)) = (old, new) {
            self.unexplained(format!("{key}/attack"), format!("{class} spell attack"), &a.attack, &b.attack);
            self.unexplained(
                format!("{key}/save_dc"),
                format!("{class} spell save DC"),
                &a.save_dc,
                &b.save_dc,
            );
        }
    }

    /// A number that is made of an ability, training and more: a row only where the more changed. That Strength went up, or
    /// that a skill is known now, has its own row; that Athletics follows is told by the sheet.
    fn unexplained(&mut self, key: String, label: String, old: &Derived, new: &Derived) {
        let more = |number: &Derived| number.value - explained(number);
        if more(old) != more(new) || self.options.same {
            self.row(key, label, Some(old.value), Some(new.value));
        }
    }

    /// Gives back the pairs that are on both sides, for what is prepared.
    fn spells<'s>(&mut self, old: &'s Sheet, new: &'s Sheet) -> Vec<(&'s Spell, &'s Spell)> {
        self.section(Section::Spells);
        let mut both = Vec::new();
        // A spell's name and level are what a player knows it by; the key is a slot whose spell can be replaced.
        let mut pairs = pair(
            &old.spells,
            &new.spells,
            |s| (s.name.clone(), s.level, s.source.clone()),
            |s| (s.name.clone(), s.level),
        );
        replace_by_key(&mut pairs, |spell| &spell.key);
        pairs.sort_by_key(|(a, b)| b.or(*a).map(|spell| (spell.level, spell.name.clone())));
        for (a, b) in pairs {
            let Some(spell) = b.or(a) else { continue };
            let key = format!("spells/{}", spell.key);
            self.group(spell_level(spell.level));
            let name = |spell: &Spell| spell.name.clone();
            self.row(&key, &spell.name, a.map(name), b.map(name));
            if let (Some(a), Some(b)) = (a, b)
                && a.name == b.name
            {
                self.rekeyed("spells", &a.key, &b.key);
                self.attribute(&key, &b.name, "source", Some(&*a.source), Some(&*b.source));
                self.attribute(&key, &b.name, "always", Some(a.always), Some(b.always));
                both.push((a, b));
            }
        }
        both
    }

    fn inventory(&mut self, old: &Sheet, new: &Sheet) {
        self.section(Section::Inventory);
        let container = |sheet: &Sheet, item: &Item| -> Option<String> {
            let key = item.container.as_ref()?;
            sheet.inventory.iter().find(|other| &other.key == key).map(|other| other.name.clone())
        };
        let by_name = |item: &Item| (item.name.clone(), item.kind.clone());
        let mut pairs = pair(&old.inventory, &new.inventory, |item| item.key.clone(), by_name);
        pairs.sort_by_key(|(a, b)| b.or(*a).map(|item| item.name.to_lowercase()));
        for (a, b) in pairs {
            let Some(item) = b.or(a) else { continue };
            let key = format!("inventory/{}", item.key);
            let (Some(a), Some(b)) = (a, b) else {
                self.row(&key, &item.name, a.map(|i| i.quantity), b.map(|i| i.quantity));
                continue;
            };
            self.rekeyed("inventory", &a.key, &b.key);
            let before = self.diff.changes.len();
            self.attribute(&key, &b.name, "name", Some(&*a.name), Some(&*b.name));
            // A thing that only got a name of its own is still the same kind of thing.
            if a.kind.is_some() || b.kind.is_some() {
                let kind = |item: &Item| item.kind.clone().unwrap_or_else(|| item.name.clone());
                self.attribute(&key, &b.name, "kind", Some(kind(a)), Some(kind(b)));
            }
            self.attribute(&key, &b.name, "quantity", Some(a.quantity), Some(b.quantity));
            self.attribute(&key, &b.name, "equipped", Some(a.equipped), Some(b.equipped));
            self.attribute(&key, &b.name, "attuned", Some(a.attuned), Some(b.attuned));
            let charges = |item: &Item| item.charges.as_ref().map(|charges| charges.max);
            self.attribute(&key, &b.name, "charges", charges(a), charges(b));
            let (from, to) = (container(old, a), container(new, b));
            if from != to {
                let place = |name: Option<String>| Some(name.unwrap_or_else(|| "Carried".to_owned()).into());
                let (key, label) = (format!("{key}/container"), b.name.clone());
                self.full_row(key, label, Some("container"), place(from), place(to), Some(ChangeKind::Moved));
            }
            if self.diff.changes.len() == before {
                self.row(&key, &b.name, Some(a.quantity), Some(b.quantity));
            }
        }
    }

    fn features(&mut self, old: &Sheet, new: &Sheet) {
        self.section(Section::Features);
        for (prefix, old, new) in
            [("feats", &old.feats, &new.feats), ("features", &old.features, &new.features)]
        {
            let by_name = |f: &Feature| (f.name.clone(), f.source.clone());
            for (a, b) in pair(old, new, by_name, |f| f.name.clone()) {
                let Some(feature) = b.or(a) else { continue };
                self.group(if prefix == "feats" { "Feats" } else { &feature.source });
                let name = |f: &Feature| f.name.clone();
                let key = format!("{prefix}/{}", feature.key);
                self.row(&key, &feature.name, a.map(name), b.map(name));
                if let (Some(a), Some(b)) = (a, b) {
                    self.rekeyed(prefix, &a.key, &b.key);
                    self.attribute(&key, &b.name, "source", Some(&*a.source), Some(&*b.source));
                }
            }
        }
        self.actions(old, new);
    }

    /// What can be done, and how often.
    fn actions(&mut self, old: &Sheet, new: &Sheet) {
        self.group("Actions");
        for (a, b) in pair(&old.actions, &new.actions, |x| (&x.name, &x.source), |x| &x.name) {
            let Some(action) = b.or(a) else { continue };
            let key = format!("actions/{}", action.key);
            let name = |action: &Action| action.name.clone();
            self.row(&key, &action.name, a.map(name), b.map(name));
            if let (Some(a), Some(b)) = (a, b) {
                self.rekeyed("actions", &a.key, &b.key);
                self.attribute(&key, &b.name, "takes", a.takes.as_deref(), b.takes.as_deref());
            }
        }
        self.group("Uses");
        for name in joined_keys(&old.limits, &new.limits) {
            let max = |sheet: &Sheet| sheet.limits.get(name).map(|limit| limit.max);
            self.row(format!("limits/{name}"), name, max(old), max(new));
        }
    }

    fn proficiencies(&mut self, old: &Sheet, new: &Sheet) {
        self.section(Section::Proficiencies);
        let saves = |sheet: &Sheet| -> BTreeSet<String> {
            sheet.saving_throws.iter().map(|ability| ability.name().to_owned()).collect()
        };
        self.names("proficiencies/saving_throws", "Saving throws", &saves(old), &saves(new));
        self.group("Skills");
        let skills: BTreeSet<&String> = old.skills.keys().chain(new.skills.keys()).collect();
        for skill in skills {
            let rank = |sheet: &Sheet| sheet.skills.get(skill).map(|&rank| rank_label(rank));
            self.row(format!("proficiencies/skills/{skill}"), skill, rank(old), rank(new));
        }
        self.bonuses(old, new);
        let (a, b) = (&old.proficiencies, &new.proficiencies);
        self.names("proficiencies/armor", "Armor", &a.armor, &b.armor);
        self.names("proficiencies/weapons", "Weapons", &a.weapons, &b.weapons);
        self.names("proficiencies/tools", "Tools", &a.tools, &b.tools);
        self.names("proficiencies/languages", "Languages", &a.languages, &b.languages);
    }

    /// What else is added to saves and checks.
    fn bonuses(&mut self, old: &Sheet, new: &Sheet) {
        for ability in Ability::ALL {
            if let (Some(a), Some(b)) = (old.saves.get(&ability), new.saves.get(&ability)) {
                let label = format!("{} saving throw", ability.name());
                self.unexplained(format!("proficiencies/saves/{}", ability.key()), label, a, b);
            }
        }
        for (skill, a) in &old.skill_bonuses {
            let Some(b) = new.skill_bonuses.get(skill) else { continue };
            self.unexplained(format!("proficiencies/checks/{skill}"), format!("{skill} checks"), a, b);
        }
        for (skill, a) in &old.passive {
            let Some(b) = new.passive.get(skill) else { continue };
            let of_check = |sheet: &Sheet| sheet.skill_bonuses.get(skill).map_or(0, |check| check.value);
            if a.value - of_check(old) != b.value - of_check(new) || self.options.same {
                let label = format!("Passive {skill}");
                self.row(format!("proficiencies/passive/{skill}"), label, Some(a.value), Some(b.value));
            }
        }
    }

    fn names(&mut self, key: &str, group: &str, old: &BTreeSet<String>, new: &BTreeSet<String>) {
        self.group(group);
        for name in old.union(new) {
            let side = |names: &BTreeSet<String>| names.contains(name).then(|| name.clone());
            self.row(format!("{key}/{name}"), name, side(old), side(new));
        }
    }

    fn currency(&mut self, old: &Sheet, new: &Sheet) {
        self.section(Section::Currency);
        let (a, b) = (old.currency, new.currency);
        let coins = [
            ("pp", "Platinum", a.pp, b.pp),
            ("gp", "Gold", a.gp, b.gp),
            ("ep", "Electrum", a.ep, b.ep),
            ("sp", "Silver", a.sp, b.sp),
            ("cp", "Copper", a.cp, b.cp),
        ];
        for (key, label, a, b) in coins {
            self.row(format!("currency/{key}"), label, Some(a), Some(b));
        }
    }

    fn notes(&mut self, old: &Sheet, new: &Sheet) {
        self.section(Section::Notes);
        let keys: BTreeSet<&String> = old.notes.keys().chain(new.notes.keys()).collect();
        for key in keys {
            let (a, b) = (old.notes.get(key), new.notes.get(key));
            self.row(format!("notes/{key}"), note_label(key), a.cloned(), b.cloned());
            if let (Some(a), Some(b), Some(row)) = (a, b, self.diff.changes.last_mut())
                && a != b
            {
                row.text = Some(words(a, b));
            }
        }
    }

    fn state(&mut self, old: &Sheet, new: &Sheet, spells: &[(&Spell, &Spell)]) {
        self.section(Section::State);
        let (a, b) = (&old.state, &new.state);
        self.row(
            "state/hit_points_lost",
            "Hit points lost",
            Some(a.hit_points_lost),
            Some(b.hit_points_lost),
        );
        let temporary = (a.temporary_hit_points, b.temporary_hit_points);
        self.row("state/temporary", "Temporary hit points", Some(temporary.0), Some(temporary.1));
        self.counters("hit_dice", "hit dice used", &a.hit_dice_used, &b.hit_dice_used, ToString::to_string);
        self.counters("slots", "slots used", &a.slots_used, &b.slots_used, |&l| {
            format!("{}-level", ordinal(l))
        });
        self.counters("pact", "pact slots used", &a.pact_used, &b.pact_used, |&l| {
            format!("{}-level", ordinal(l))
        });
        self.counters("uses", "uses spent", &a.uses_spent, &b.uses_spent, ToString::to_string);
        for (was, is) in spells {
            let prepared = (a.prepared.contains(&was.key), b.prepared.contains(&is.key));
            if prepared.0 != prepared.1 || (self.options.same && prepared.0) {
                let label = format!("{} prepared", is.name);
                self.row(format!("state/prepared/{}", is.key), label, Some(prepared.0), Some(prepared.1));
            }
        }
        let saves = (a.death_saves, b.death_saves);
        self.row("state/death/saved", "Death saves made", Some(saves.0.0), Some(saves.1.0));
        self.row("state/death/failed", "Death saves failed", Some(saves.0.1), Some(saves.1.1));
        self.row("state/inspiration", "Inspiration", Some(a.inspiration), Some(b.inspiration));
        let conditions: BTreeSet<&String> = a.conditions.keys().chain(b.conditions.keys()).collect();
        for condition in conditions {
            let side = |state: &BTreeMap<String, u32>| state.get(condition).copied();
            self.row(
                format!("state/condition/{condition}"),
                condition,
                side(&a.conditions),
                side(&b.conditions),
            );
        }
    }

    /// Rows for things that are counted up when used; one that is not there counts as 0.
    fn counters<K: Ord>(
        &mut self,
        key: &str,
        what: &str,
        old: &BTreeMap<K, u32>,
        new: &BTreeMap<K, u32>,
        name: impl Fn(&K) -> String,
    ) {
        let keys: BTreeSet<&K> = old.keys().chain(new.keys()).collect();
        for k in keys {
            let side = |counts: &BTreeMap<K, u32>| counts.get(k).copied().unwrap_or(0);
            let name = name(k);
            self.row(
                format!("state/{key}/{name}"),
                format!("{name} {what}"),
                Some(side(old)),
                Some(side(new)),
            );
        }
    }
}

/// Joins what is gone and what is new where both stand in the same slot: one spell replaced another.
fn replace_by_key<'s, T>(pairs: &mut Pairs<'s, T>, key: impl Fn(&'s T) -> &'s str) {
    let gone: BTreeMap<&str, &T> = pairs
        .iter()
        .filter_map(|pair| if let (Some(a), None) = pair { Some((key(a), *a)) } else { None })
        .collect();
    let mut replaced = BTreeSet::new();
    for pair in pairs.iter_mut() {
        if let (None, Some(b)) = *pair
            && let Some(a) = gone.get(key(b))
        {
            pair.0 = Some(a);
            replaced.insert(key(b));
        }
    }
    pairs.retain(|pair| !matches!(pair, (Some(a), None) if replaced.contains(key(a))));
}

/// The keys of two maps, each once.
fn joined_keys<'m, V>(old: &'m BTreeMap<String, V>, new: &'m BTreeMap<String, V>) -> BTreeSet<&'m String> {
    old.keys().chain(new.keys()).collect()
}

/// What an ability and training add to a number.
fn explained(number: &Derived) -> i32 {
    let of_ability = |part: &&Part| Ability::ALL.iter().any(|ability| ability.name() == part.label);
    let trained =
        |part: &&Part| ["Proficiency", "Expertise", "Half proficiency"].contains(&part.label.as_str());
    number.parts.iter().filter(|part| of_ability(part) || trained(part)).map(|part| part.value).sum()
}

fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// What a speed is called.
fn speed_label(kind: &str) -> &'static str {
    match kind {
        "fly" => "Flying speed",
        "swim" => "Swimming speed",
        "climb" => "Climbing speed",
        "burrow" => "Burrowing speed",
        _ => "Speed",
    }
}

/// What the slots of a level are called.
fn slots_label(slots: &SpellSlots) -> String {
    let level = ordinal(slots.level);
    if slots.pact { format!("{level}-level pact slots") } else { format!("{level}-level slots") }
}

/// What a rank of a skill is called.
fn rank_label(rank: SkillRank) -> &'static str {
    match rank {
        SkillRank::Half => "Half proficiency",
        SkillRank::Proficient => "Proficient",
        SkillRank::Expertise => "Expertise",
    }
}

/// What a kind of note is called: `personal_possessions` is `Personal possessions`.
pub(crate) fn note_label(key: &str) -> String {
    let mut words = key.replace('_', " ");
    if let Some(first) = words.get_mut(0..1) {
        first.make_ascii_uppercase();
    }
    words
}

/// Words two texts may have in common between two differences and still be told as one difference: a lone "the" that
/// happens to stand in both helps nobody to read.
const CHANCE_WORDS: usize = 2;

/// The difference of two texts, word by word, in reading order.
fn words(old: &str, new: &str) -> Vec<TextOp> {
    let diff = TextDiff::from_unicode_words(old, new);
    let mut runs: Vec<Run> = Vec::new();
    for change in diff.iter_all_changes() {
        let (equal, word) = (change.tag() == ChangeTag::Equal, change.value());
        if runs.last().is_none_or(|run| run.equal != equal) {
            runs.push(Run { equal, ..Run::default() });
        }
        if let Some(run) = runs.last_mut() {
            if change.tag() != ChangeTag::Insert {
                run.old.push_str(word);
            }
            if change.tag() != ChangeTag::Delete {
                run.new.push_str(word);
            }
        }
    }
    joined(runs).into_iter().flat_map(Run::ops).collect()
}

/// A stretch of two texts: equal, or what stood there and what stands there now.
#[derive(Default)]
struct Run {
    equal: bool,
    old: String,
    new: String,
}

impl Run {
    fn ops(self) -> impl Iterator<Item = TextOp> {
        let ops = if self.equal {
            [Some((TextOpKind::Equal, self.old)), None]
        } else {
            [Some((TextOpKind::Delete, self.old)), Some((TextOpKind::Insert, self.new))]
        };
        let told = ops.into_iter().flatten().filter(|(_, value)| !value.is_empty());
        told.map(|(op, value)| TextOp { op, value })
    }
}

/// Joins differences with nothing but a few words of chance between them.
fn joined(runs: Vec<Run>) -> Vec<Run> {
    let last = runs.len().saturating_sub(1);
    let mut out: Vec<Run> = Vec::new();
    for (at, run) in runs.into_iter().enumerate() {
        let between = at > 0 && at < last;
        let chance = run.equal && between && run.old.split_whitespace().count() <= CHANCE_WORDS;
        match out.last_mut() {
            Some(before) if !before.equal && (chance || !run.equal) => {
                before.old.push_str(&run.old);
                before.new.push_str(&run.new);
            }
            _ => out.push(run),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::sheet::Derived;

    fn prose(old: &str, new: &str) -> String {
        let told = words(old, new).into_iter().map(|op| match op.op {
            TextOpKind::Equal => op.value,
            TextOpKind::Delete => format!("[-{}-]", op.value),
            TextOpKind::Insert => format!("{{+{}+}}", op.value),
        });
        told.collect()
    }

    #[test]
    fn prose_is_told_in_stretches_that_can_be_read() {
        assert_eq!(
            prose("She keeps the lake and its nine lanterns.", "She keeps the lake and its last lantern."),
            "She keeps the lake and its [-nine lanterns-]{+last lantern+}."
        );
        assert_eq!(
            prose("one a two b three four five", "1 a 2 b three four five"),
            "[-one a two-]{+1 a 2+} b three four five"
        );
        assert_eq!(prose("same", "same"), "same");
    }

    #[test]
    fn rows_say_what_is_on_which_side() {
        let mut old = Sheet { name: "Tam".into(), ..Sheet::default() };
        old.hit_points_max = Derived { value: 10, parts: Vec::new() };
        let mut new = old.clone();
        new.hit_points_max.value = 12;
        new.speeds.insert("fly".into(), 30);
        new.state.hit_points_lost = 3;
        let diff = compare(&old, &new, Options::default());
        let told: Vec<_> = diff.changes.iter().map(|c| (c.key.as_str(), c.kind)).collect();
        assert_eq!(
            told,
            [("combat/hit_points_max", ChangeKind::Changed), ("combat/speed/fly", ChangeKind::Added)]
        );
        assert_eq!((diff.counts.added, diff.counts.changed, diff.folded.state), (1, 1, 1));
        let all = compare(&old, &new, Options { state: true, same: true });
        assert_eq!(all.counts.total(), 3);
        assert!(all.changes.iter().any(|c| c.key == "identity/name" && c.kind == ChangeKind::Same));
    }

    proptest! {
        /// The old text is the equal and deleted words in their order, the new one the equal and inserted ones.
        #[test]
        fn no_word_is_lost(old in "[ab \n.]{0,40}", new in "[ab \n.]{0,40}") {
            let side = |gone: TextOpKind| -> String {
                words(&old, &new).into_iter().filter(|op| op.op != gone).map(|op| op.value).collect()
            };
            prop_assert_eq!(side(TextOpKind::Insert), old.clone());
            prop_assert_eq!(side(TextOpKind::Delete), new.clone());
        }
    }
}
