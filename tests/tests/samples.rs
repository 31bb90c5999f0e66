//! The sample characters against the source that reads them and the library that keeps them: what the story's author
//! meant is what a player is told.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests may")]

use std::sync::Arc;

use backstory_core::{
    library::{Captured, Library},
    model::Kind,
    source::Draft,
    storage::StorageFactory,
};
use backstory_sources::{
    registry,
    sample::{self, Capture, Expected, Outcome},
};
use backstory_storage::{clock::SystemClock, open::Stores};

fn check(expected: &Expected, draft: &Draft, file: &str) {
    let sheet = &draft.sheet;
    assert_eq!(draft.character.as_str(), format!("ddb-{}", expected.character), "{file}");
    assert_eq!(sheet.name, expected.name, "{file}");
    assert_eq!(sheet.species.as_deref(), Some(expected.species), "{file}");
    assert_eq!(sheet.background.as_deref(), Some(expected.background), "{file}");
    assert_eq!(sheet.level, expected.level, "{file}");
    let classes: Vec<_> =
        sheet.classes.iter().map(|c| (c.name.as_str(), c.subclass.as_deref(), c.level)).collect();
    assert_eq!(classes, expected.classes, "{file}");
    assert_eq!(sheet.abilities, expected.abilities, "{file}");
    assert_eq!(sheet.hit_points_max.value, expected.hit_points_max, "{file}");
    assert_eq!(sheet.state.hit_points_lost, expected.hit_points_lost, "{file}");
    assert_eq!(sheet.armor_class.value, expected.armor_class, "{file}: {:?}", sheet.armor_class.parts);
    assert_eq!(i64::from(sheet.proficiency_bonus), i64::from(expected.proficiency_bonus), "{file}");
    assert_eq!(sheet.currency, expected.currency, "{file}");
    assert_eq!(sheet.campaign, expected.campaign, "{file}");
    let mut slots = [0; 9];
    for of_level in sheet.spell_slots.iter().filter(|slots| !slots.pact) {
        slots[of_level.level as usize - 1] = of_level.max;
    }
    assert_eq!(slots, expected.spell_slots, "{file}");
    let sorted = |mut names: Vec<String>| {
        names.sort();
        names
    };
    let items = sheet.inventory.iter().map(|item| item.name.clone()).collect();
    assert_eq!(sorted(items), sorted(expected.items.clone()), "{file}");
    let spells: Vec<&str> = sheet.spells.iter().map(|spell| spell.name.as_str()).collect();
    for spell in &expected.spells {
        assert!(spells.contains(spell), "{file}: {spell} is missing from {spells:?}");
    }
    assert_eq!(sheet.unknown_fields, Vec::<String>::new(), "{file}");
}

#[test]
fn what_is_written_is_what_is_read() {
    for capture in
        sample::demo().into_iter().chain(sample::history(7, 6, 300_000)).chain(sample::scale(40, 3))
    {
        let (expected, file) = (capture.expected.clone(), capture.file_name.clone());
        check(&expected, &capture.draft().unwrap(), &file);
    }
}

#[tokio::test]
async fn the_demo_is_told_as_its_author_meant_it() {
    let storage = Stores.open("memory:").await.unwrap();
    let library = Library::new(storage, registry::sources(), Arc::new(SystemClock), "test");
    let captures: Vec<Capture> = sample::demo();
    let meant: Vec<(String, Outcome)> =
        captures.iter().map(|capture| (capture.file_name.clone(), capture.expected.outcome)).collect();
    let drafts: Vec<Draft> = captures.into_iter().map(|capture| capture.draft().unwrap()).collect();
    let told = library.capture(&drafts).await.unwrap();
    for ((file, meant), told) in meant.iter().zip(&told) {
        let kind = told.summary.as_ref().map(|summary| summary.kind);
        let told = match (told.outcome, kind) {
            (Captured::Added, _) => Outcome::First,
            (Captured::Identical, _) => Outcome::Identical,
            (Captured::Quiet, _) => Outcome::Quiet,
            (_, Some(Kind::State)) => Outcome::State,
            _ => Outcome::Change,
        };
        assert_eq!(told, *meant, "{file}");
    }
    assert_eq!(library.facets().await.unwrap().characters, 3);
}
