#![allow(clippy::unwrap_used, reason = "tests may")]

use std::collections::{BTreeMap, BTreeSet};

use backstory_core::json::Tree;

use super::*;

/// Keys that are in every document of the format's ten years.
const SIGNATURE: [&str; 14] = [
    "stats",
    "bonusStats",
    "overrideStats",
    "classes",
    "race",
    "modifiers",
    "inventory",
    "baseHitPoints",
    "removedHitPoints",
    "currencies",
    "choices",
    "actions",
    "characterValues",
    "readonlyUrl",
];

fn value(capture: &Capture) -> serde_json::Value {
    let mut value: serde_json::Value = serde_json::from_slice(&capture.document).unwrap();
    if value.get("data").is_some() { value["data"].take() } else { value }
}

fn check(capture: &Capture) {
    let text = std::str::from_utf8(&capture.document).unwrap();
    let tree = Tree::parse(text).unwrap();
    let root = tree.root().get("data").unwrap_or(tree.root());
    for key in SIGNATURE {
        assert!(root.get(key).is_some(), "{key}");
    }
    assert_eq!(root.members().count(), 71);
    assert!((0..=capture.expected.hit_points_max).contains(&capture.expected.hit_points_lost));
    assert!(capture.file_name.starts_with(&format!("ddb-{}_", capture.expected.character)));
}

#[test]
fn three_characters_with_a_history_each() {
    let demo = demo();
    let mut outcomes: BTreeMap<i64, Vec<Outcome>> = BTreeMap::new();
    let mut contents: BTreeMap<i64, BTreeSet<&[u8]>> = BTreeMap::new();
    for capture in &demo {
        check(capture);
        outcomes.entry(capture.expected.character).or_default().push(capture.expected.outcome);
        contents.entry(capture.expected.character).or_default().insert(&capture.document);
    }
    assert!(demo.is_sorted_by_key(|capture| capture.captured_at));
    assert_eq!(outcomes.keys().copied().collect::<Vec<_>>(), [900_000_001, 900_000_002, 900_000_003]);
    for (character, outcomes) in &outcomes {
        let count = |what| outcomes.iter().filter(|outcome| **outcome == what).count();
        let distinct = contents[character].len();
        assert!((20..=35).contains(&distinct), "{character}: {distinct}");
        assert!(count(Outcome::Quiet) >= 4 && count(Outcome::Identical) >= 5 && count(Outcome::State) >= 4);
        assert_eq!(distinct, outcomes.len() - count(Outcome::Identical), "no content comes back");
    }
}

#[test]
fn outcomes_are_what_the_documents_say() {
    let mut before: BTreeMap<i64, Capture> = BTreeMap::new();
    for capture in demo() {
        if let Some(before) = before.get(&capture.expected.character) {
            let same = before.document == capture.document;
            assert_eq!(same, capture.expected.outcome == Outcome::Identical, "{}", capture.file_name);
            assert!(before.captured_at < capture.captured_at, "{}", capture.file_name);
            if capture.expected.outcome == Outcome::Quiet {
                let after = Expected { outcome: before.expected.outcome, ..capture.expected.clone() };
                assert_eq!(after, before.expected);
            }
        }
        before.insert(capture.expected.character, capture);
    }
}

#[test]
fn sizes_are_real() {
    for capture in demo() {
        let length = capture.document.len();
        assert!((150_000..=550_000).contains(&length), "{}: {length}", capture.file_name);
        let (value, whole) = (value(&capture), serde_json::to_string(&value(&capture)).unwrap().len());
        let bulk = ["inventory", "choices", "classes", "classSpells"];
        let part = bulk.iter().map(|key| value[key].to_string().len()).sum::<usize>();
        assert!(part * 100 / whole >= 65, "{}: {}%", capture.file_name, part * 100 / whole);
    }
}

#[test]
fn ids_are_unique() {
    for capture in demo().iter().chain(&history(1, 60, 0).collect::<Vec<_>>()) {
        let value = value(capture);
        let mut ids = BTreeSet::new();
        for item in value["inventory"].as_array().unwrap() {
            assert!(ids.insert(item["id"].as_i64().unwrap()));
        }
        for group in value["modifiers"].as_object().unwrap().values() {
            let mut ids = BTreeSet::new();
            for modifier in group.as_array().unwrap() {
                assert!(ids.insert(modifier["id"].as_str().unwrap().to_owned()));
            }
        }
        for class in value["classes"].as_array().unwrap() {
            let mut ids = BTreeSet::new();
            for feature in class["classFeatures"].as_array().unwrap() {
                assert!(ids.insert(feature["definition"]["id"].as_i64().unwrap()));
            }
        }
        let mut ids = BTreeSet::new();
        for feat in value["feats"].as_array().unwrap() {
            assert!(ids.insert(feat["definition"]["id"].as_i64().unwrap()));
        }
    }
}

#[test]
fn the_same_seed_writes_the_same_bytes() {
    let bytes = |captures: Vec<Capture>| captures.into_iter().map(|one| one.document).collect::<Vec<_>>();
    assert_eq!(bytes(demo()), bytes(demo()));
    assert_eq!(bytes(scale(50, 7).collect()), bytes(scale(50, 7).collect()));
    assert_ne!(bytes(scale(50, 7).collect()), bytes(scale(50, 8).collect()));
    assert_eq!(bytes(history(3, 20, 0).collect()), bytes(history(3, 20, 0).collect()));
}

#[test]
fn scale_is_varied_and_small() {
    let (mut ids, mut classes, mut campaigns) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    let mut length = 0;
    for capture in scale(1000, 42) {
        length += capture.document.len();
        assert!(ids.insert(capture.expected.character));
        classes.insert(capture.expected.classes[0].0);
        campaigns.insert(capture.expected.campaign.clone());
        if capture.expected.character % 50 == 0 {
            check(&capture);
        }
    }
    assert_eq!(classes.len(), 12);
    assert!(campaigns.len() > 20);
    assert!(length / 1000 < 14_000, "{}", length / 1000);
}

#[test]
fn a_history_moves_on_in_small_steps() {
    let mut before: Option<Capture> = None;
    for capture in history(5, 120, 400_000) {
        check(&capture);
        assert!((390_000..=480_000).contains(&capture.document.len()), "{}", capture.document.len());
        if let Some(before) = &before {
            assert_ne!(before.document, capture.document);
            assert!(before.captured_at < capture.captured_at);
            assert!(capture.expected.level - before.expected.level <= 1);
        }
        before = Some(capture);
    }
    assert!(before.unwrap().expected.level > 5);
}

#[test]
fn hit_points_and_armour_are_what_a_player_would_say() {
    let demo = demo();
    let of = |character, first: bool| {
        let mut own = demo.iter().map(|one| &one.expected).filter(|one| one.character == character);
        if first { own.next().unwrap() } else { own.next_back().unwrap() }
    };
    let numbers = |one: &Expected| (one.level, one.hit_points_max, one.armor_class);
    assert_eq!(numbers(of(900_000_001, true)), (1, 8, 13));
    // d6: 6 + 8 × 4, Constitution 14; a cloak of protection.
    assert_eq!(numbers(of(900_000_001, false)), (9, 56, 14));
    // Chain mail and shield; Constitution 15, a dwarf's toughness.
    assert_eq!(numbers(of(900_000_002, true)), (1, 13, 18));
    // Splint, shield, Defense; fighter 6, rogue 3: 10 + 5 × 6 + 3 × 5, Constitution 19 by the amulet, toughness.
    assert_eq!(numbers(of(900_000_002, false)), (9, 100, 20));
    // Bare: Dexterity 14, Constitution 15.
    assert_eq!(numbers(of(900_000_003, true)), (1, 14, 14));
    assert_eq!(numbers(of(900_000_003, false)), (5, 50, 15));
}
