//! Who the character is: name, species, background, classes, edition, experience.

use backstory_core::{
    json::Value,
    sheet::{Class, Rules},
};
use jiff::Timestamp;

use super::{
    character::{Character, ClassRow, count, says_something, small_or_zero},
    tables,
};

/// The name; a character that was never given one is called so.
pub(super) fn name(root: Value<'_>) -> String {
    root.text("name").unwrap_or_else(|| "Unnamed character".to_owned())
}

/// The species with its lineage, as the site writes it: "Dark Elf (Drow)".
pub(super) fn species(root: Value<'_>) -> Option<String> {
    let race = root.present("race")?;
    ["fullName", "baseRaceName", "baseName"].iter().find_map(|key| race.text(key))
}

/// The background, or the player's own.
pub(super) fn background(root: Value<'_>) -> Option<String> {
    let background = root.present("background")?;
    let own =
        background.flag("hasCustomBackground").then(|| background.present("customBackground")).flatten();
    own.and_then(|own| own.text("name")).or_else(|| background.present("definition")?.text("name"))
}

/// Classes, the starting one first, then as they were taken: ids rise with time.
pub(super) fn class_rows(root: Value<'_>) -> Vec<ClassRow<'_>> {
    let mut rows: Vec<_> = root
        .list("classes")
        .map(|row| ClassRow {
            row,
            id: row.id("id").unwrap_or_default(),
            name: definition_name(row, "definition").unwrap_or_else(|| "Unnamed class".to_owned()),
            level: count(row, "level"),
        })
        .collect();
    rows.sort_by_cached_key(|class| {
        (!class.row.flag("isStartingClass"), class.row.int("id"), class.id.clone(), class.name.clone())
    });
    rows
}

/// The name in an embedded catalogue entry.
pub(super) fn definition_name(row: Value<'_>, key: &str) -> Option<String> {
    row.present(key)?.text("name")
}

/// Classes as the sheet has them.
pub(super) fn classes(character: &Character<'_>) -> Vec<Class> {
    let sheet_class = |class: &ClassRow<'_>| Class {
        key: class.id.clone(),
        name: class.name.clone(),
        subclass: definition_name(class.row, "subclassDefinition"),
        level: class.level,
        hit_die: class.row.present("definition").map_or(0, |definition| count(definition, "hitDice")),
    };
    character.classes.iter().map(sheet_class).collect()
}

/// Experience. A character that levels by milestones has none, whatever the field says.
pub(super) fn xp(root: Value<'_>) -> Option<i64> {
    let milestones = root.path(&["preferences", "progressionType"]).and_then(Value::as_i64) == Some(1);
    if milestones {
        return None;
    }
    let sum = root.int("currentXp").unwrap_or(0).saturating_add(root.int("adjustmentXp").unwrap_or(0));
    Some(sum.clamp(-999_999_999, 999_999_999))
}

/// When the player last edited. Documents before about 2021 do not say.
pub(super) fn edited_at(root: Value<'_>) -> Option<Timestamp> {
    let text = root.text("dateModified")?;
    // The zone was left out at times; the field is in UTC.
    text.parse().or_else(|_| format!("{text}Z").parse()).ok()
}

/// The edition: each class says 2014 or 2024; species and background are heard only if they come from a core book of one
/// edition, because those of later books are played with both. Where they disagree, it is mixed.
pub(super) fn rules(character: &Character<'_>) -> Rules {
    let species = character.root.present("race").and_then(edition_of);
    let background = character.root.path(&["background", "definition"]).and_then(edition_of);
    let classes = character.classes.iter().filter_map(class_edition);
    classes
        .chain(species)
        .chain(background)
        .reduce(|a, b| if a == b { a } else { Rules::Mixed })
        .unwrap_or_default()
}

/// A class of the 2024 books names one of them, or has the feature "Core <Class> Traits", which exists only there.
fn class_edition(class: &ClassRow<'_>) -> Option<Rules> {
    let definition = class.row.present("definition")?;
    let revised = edition_of(definition) == Some(Rules::Revised)
        || class.row.list("classFeatures").any(|feature| {
            definition_name(feature, "definition")
                .is_some_and(|n| n.starts_with("Core ") && n.ends_with(" Traits"))
        });
    Some(if revised { Rules::Revised } else { Rules::Legacy })
}

/// The edition of something from a core book: 145 and 148 are the Player's Handbook and the free rules of 2024,
/// 1 and 2 the basic rules and the Player's Handbook of 2014.
fn edition_of(definition: Value<'_>) -> Option<Rules> {
    let mut edition = None;
    for source in definition.list("sources") {
        match source.int("sourceId") {
            Some(145 | 148) => return Some(Rules::Revised),
            Some(1 | 2) => edition = Some(Rules::Legacy),
            _ => {}
        }
    }
    edition
}

/// Keys of the character that Backstory does not know, sorted. One that says nothing (null, empty, false, 0) is left out:
/// the site adds such keys to every character now and then, and no player could tell.
pub(super) fn unknown_fields(root: Value<'_>) -> Vec<String> {
    let mut unknown: Vec<_> = root
        .members()
        .filter(|(key, _)| tables::KNOWN_FIELDS.binary_search(&key.as_ref()).is_err())
        .filter(|(_, value)| says_something(*value))
        .map(|(key, _)| key.into_owned())
        .collect();
    unknown.sort();
    unknown.dedup();
    unknown
}

/// Hit points lost and temporary ones.
pub(super) fn wounds(root: Value<'_>) -> (i32, i32) {
    (small_or_zero(root, "removedHitPoints"), small_or_zero(root, "temporaryHitPoints"))
}
