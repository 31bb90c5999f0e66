//! What is told of small differences, in both languages.
#![allow(clippy::cast_possible_wrap, reason = "levels are small")]

use super::*;
use crate::{
    sheet::{Abilities, Class, Derived, Feature, Item, Part, Spell, SpellSlots},
    wording::Language,
};

fn part(label: &str, value: i32) -> Part {
    Part { label: label.into(), value }
}

fn number(parts: &[(&str, i32)]) -> Derived {
    let parts: Vec<Part> = parts.iter().map(|(label, value)| part(label, *value)).collect();
    Derived { value: parts.iter().map(|part| part.value).sum(), parts }
}

fn wizard(level: u32) -> Sheet {
    let n = level as i32;
    Sheet {
        name: "Maëlis".into(),
        species: Some("Elf".into()),
        level,
        classes: vec![Class { name: "Wizard".into(), level, hit_die: 6, ..Class::default() }],
        abilities: Abilities { str: 8, dex: 14, con: 14, int: 16, wis: 12, cha: 10 },
        hit_points_max: number(&[("Base", 2 + 4 * n), ("Constitution", 2 * n)]),
        armor_class: number(&[("Base", 10), ("Dexterity", 2)]),
        ..Sheet::default()
    }
}

fn spell(key: &str, name: &str) -> Spell {
    Spell { key: key.into(), name: name.into(), level: 1, source: "Wizard".into(), always: false }
}

fn item(key: &str, name: &str, quantity: i64) -> Item {
    Item { key: key.into(), name: name.into(), quantity, ..Item::default() }
}

fn feature(name: &str, source: &str) -> Feature {
    Feature { key: name.into(), name: name.into(), source: source.into() }
}

fn summary_of(change: impl FnOnce(&mut Sheet, &mut Sheet)) -> Summary {
    let (mut old, mut new) = (wizard(3), wizard(3));
    change(&mut old, &mut new);
    summarise(Some(&old), &new, 1).0
}

fn told(language: Language, change: impl FnOnce(&mut Sheet, &mut Sheet)) -> Vec<String> {
    summary_of(change).sentences.iter().map(|sentence| sentence.said.text(language)).collect()
}

fn change(change: impl FnOnce(&mut Sheet, &mut Sheet)) -> Vec<String> {
    told(Language::En, change)
}

#[test]
fn the_first_version_says_who_it_is() {
    let summary = summarise(None, &wizard(3), 1).0;
    assert_eq!((summary.kind, summary.landmark), (Kind::Baseline, true));
    assert_eq!(summary.sentences[0].said.text(Language::En), "First saved as Elf Wizard 3");
    let nobody = summarise(None, &Sheet { name: "Tam".into(), ..Sheet::default() }, 1).0;
    assert_eq!(nobody.sentences[0].said.text(Language::En), "First saved as Tam, without a class yet");
}

#[test]
fn equal_sheets_are_quiet() {
    let summary = summary_of(|old, new| {
        old.inventory = vec![item("1", "Rope", 1), item("2", "Torch", 5)];
        // Made anew under other keys and in another order: the same things to a player.
        new.inventory = vec![item("9", "Torch", 5), item("8", "Rope", 1)];
    });
    assert_eq!((summary.kind, summary.sentences), (Kind::Quiet, vec![]));
}

/// The new level, all that came with it, in one sentence.
fn level_up(old: &mut Sheet, new: &mut Sheet) {
    *new = wizard(4);
    new.classes[0].subclass = Some("School of Illusion".into());
    new.abilities.int = 18;
    old.spell_slots = vec![SpellSlots { level: 1, max: 3, pact: false }];
    new.spell_slots =
        vec![SpellSlots { level: 1, max: 4, pact: false }, SpellSlots { level: 2, max: 2, pact: false }];
    new.spells = vec![spell("a", "Mirror Image"), spell("b", "Web")];
    new.features = vec![feature("Improved Minor Illusion", "Wizard")];
}

#[test]
fn a_level_and_what_came_with_it_is_one_sentence() {
    assert_eq!(
        change(level_up),
        [
            "Reached Wizard 4: Intelligence 16 to 18, hit points 20 to 26, 1st-level slots 3 to 4, 2nd-level slots; \
          chose School of Illusion; gained Improved Minor Illusion; learned Mirror Image and Web"
        ]
    );
    assert_eq!(
        told(Language::De, level_up),
        [
            "Wizard 4 erreicht: Intelligenz 16 auf 18, Trefferpunkte 20 auf 26, Zauberplätze des 1. Grades 3 auf 4, \
          Zauberplätze des 2. Grades; School of Illusion gewählt; Improved Minor Illusion erhalten; \
          Mirror Image und Web gelernt"
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
    assert_eq!(sentences, ["Reached level 4 as Wizard 3 / Fighter 1"]);
    assert_eq!(
        change(|_, new| *new = wizard(1)),
        [
            "Went from level 3 back to 1 as Wizard 1: hit points 20 to 8",
            "Much is gone at once: 2 levels. The version before has it all",
        ]
    );
    let sentences = change(|_, new| new.classes = vec![Class { level: 3, ..fighter.clone() }]);
    assert_eq!(sentences, ["Rebuilt from Wizard 3 to Fighter 3"]);
}

#[test]
fn a_subclass_takes_its_features_with_it() {
    let sentences = change(|old, new| {
        old.classes[0].subclass = Some("School of Illusion".into());
        new.classes[0].subclass = Some("School of Evocation".into());
        old.features = vec![feature("Improved Minor Illusion", "Wizard")];
        new.features = vec![feature("Sculpt Spells", "Wizard"), feature("Keen Senses", "Elf")];
    });
    assert_eq!(
        sentences,
        [
            "Changed Wizard subclass from School of Illusion to School of Evocation: gained Sculpt Spells; \
             lost Improved Minor Illusion",
            "Gained Keen Senses",
        ]
    );
}

#[test]
fn spells_are_learned_swapped_and_forgotten() {
    let sentences = change(|old, new| {
        old.spells = vec![spell("a", "Shield"), spell("b", "Sleep"), spell("c", "Alarm")];
        new.spells =
            vec![spell("a", "Shield"), spell("b", "Jump"), spell("d", "Light"), spell("e", "Fog Cloud")];
    });
    assert_eq!(sentences, ["Swapped Sleep for Jump; learned Fog Cloud and Light; forgot Alarm"]);
}

#[test]
fn what_follows_from_an_ability_a_feat_or_an_armour_is_told_with_it() {
    let sentences = change(|_, new| {
        new.abilities.con = 16;
        new.hit_points_max = number(&[("Base", 14), ("Constitution", 9)]);
    });
    assert_eq!(sentences, ["Constitution 14 to 16: hit points 20 to 23"]);
    let sentences = change(|_, new| {
        new.feats = vec![feature("Tough", "Feat")];
        new.hit_points_max = number(&[("Base", 14), ("Constitution", 6), ("Tough", 6)]);
    });
    assert_eq!(sentences, ["Gained Tough: hit points 20 to 26"]);
    let sentences = change(|old, new| {
        old.inventory = vec![item("s", "Shield", 1)];
        new.inventory = vec![Item { equipped: true, ..item("s", "Shield", 1) }];
        new.armor_class = number(&[("Base", 10), ("Dexterity", 2), ("Shield", 2)]);
    });
    assert_eq!(sentences, ["Equipped Shield: Armor Class 12 to 14"]);
    // A number that the player set is told by itself.
    assert_eq!(change(|_, new| new.hit_points_max = number(&[("Override", 40)])), ["Hit points 20 to 40"]);
}

#[test]
fn things_are_packed_moved_renamed_and_used_up() {
    let sentences = change(|old, new| {
        let bag = item("bag", "Bag of Holding", 1);
        old.inventory = vec![
            bag.clone(),
            item("p", "Potion of Healing", 2),
            item("o", "Oil", 3),
            item("s", "Longsword", 1),
            item("r", "Rope", 1),
        ];
        let sword = Item { name: "Dawnbringer".into(), equipped: true, ..item("s", "Longsword", 1) };
        let rope = Item { container: Some("bag".into()), ..item("r", "Rope", 1) };
        new.inventory = vec![
            bag,
            item("p", "Potion of Healing", 5),
            item("o", "Oil", 2),
            sword,
            rope,
            item("t", "Torch", 10),
        ];
    });
    assert_eq!(
        sentences,
        [
            "Packed 3 × Potion of Healing and 10 × Torch",
            "Parted with Oil",
            "Equipped Dawnbringer",
            "Renamed Longsword to Dawnbringer",
            "Moved Rope into Bag of Holding",
        ]
    );
}

#[test]
fn a_shopping_trip_is_one_sentence() {
    let buy = |old: &mut Sheet, new: &mut Sheet| {
        (old.currency.gp, new.currency.gp) = (221, 71);
        new.inventory = vec![item("p", "Potion of Healing", 3)];
    };
    assert_eq!(change(buy), ["Bought 3 × Potion of Healing for 150 gp: 71 gp left"]);
    assert_eq!(told(Language::De, buy), ["3 × Potion of Healing für 150 GM gekauft: noch 71 GM"]);
    let sentences = change(|old, new| {
        old.inventory = vec![item("s", "Longsword", 1)];
        (old.currency.gp, old.currency.sp) = (1, 9);
        (new.currency.gp, new.currency.sp) = (9, 4);
    });
    assert_eq!(sentences, ["Sold Longsword for 7 gp, 5 sp: 9 gp, 4 sp in the purse"]);
}

#[test]
fn coins_features_notes_and_experience_are_told() {
    let sentences = change(|old, new| {
        (old.currency.gp, old.currency.sp) = (1200, 5);
        (new.currency.gp, new.currency.sp) = (2500, 0);
        new.features = vec![feature("Arcane Recovery", "Wizard")];
        old.notes.insert("bonds".into(), "My sister".into());
        new.notes.insert("bonds".into(), "My brother".into());
        (old.xp, new.xp) = (Some(900), Some(2700));
    });
    assert_eq!(
        sentences,
        [
            "Gained Arcane Recovery",
            "Gained 1,300 gp and spent 5 sp: 2,500 gp in the purse",
            "Edited bonds",
            "Earned 1,800 XP",
        ]
    );
}

#[test]
fn what_a_rest_resets_is_state() {
    let hurt = |old: &mut Sheet, new: &mut Sheet| {
        new.state.hit_points_lost = 7;
        new.state.slots_used.insert(1, 2);
        new.state.uses_spent.insert("Arcane Recovery".into(), 1);
        new.state.conditions.insert("Poisoned".into(), 1);
        new.state.prepared = ["a".to_owned()].into();
        (old.spells, new.spells) = (vec![spell("a", "Shield")], vec![spell("a", "Shield")]);
    };
    let summary = summary_of(hurt);
    assert_eq!(summary.kind, Kind::State);
    assert_eq!(
        change(hurt),
        [
            "Lost 7 hit points, 13 of 20 left",
            "Used 2 1st-level slots and Arcane Recovery",
            "Prepared Shield",
            "Now Poisoned",
        ]
    );
    let rest = |old: &mut Sheet, new: &mut Sheet| hurt(new, old);
    assert_eq!(
        change(rest),
        [
            "Rested: regained 7 hit points, now 20 of 20; got back 2 1st-level slots and Arcane Recovery",
            "No longer prepared: Shield",
            "No longer Poisoned",
        ]
    );
}

#[test]
fn many_names_are_counted() {
    let all = |n: usize| -> String {
        let all = ["A", "B", "C", "D", "E"].map(Arg::from);
        say("named").with("name", names(all.into_iter().take(n))).text(Language::En)
    };
    assert_eq!([all(1), all(2), all(3)], ["A", "A and B", "A, B and C"]);
    assert_eq!([all(4), all(5)], ["A, B, C and D", "A, B, C and 2 more"]);
}

#[test]
fn every_row_is_behind_one_sentence_at_most() {
    let (mut old, mut new) = (wizard(3), wizard(3));
    level_up(&mut old, &mut new);
    new.currency.gp = 3;
    let diff = diff::compare(&old, &new, diff::Options { state: true, same: false });
    let told = tell(&old, &new, &diff);
    let mut rows: Vec<usize> = told.iter().flat_map(|told| told.rows.clone()).collect();
    rows.sort_unstable();
    assert_eq!(rows, (0..diff.changes.len()).collect::<Vec<_>>());
    assert!(told.iter().all(|told| !told.rows.is_empty()));
}
