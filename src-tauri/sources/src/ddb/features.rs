//! Feats, class features, species traits and the options picked for them.

use std::collections::HashSet;

use backstory_core::{json::Value, sheet::Feature};

use super::{
    character::{Character, Keys, count, grouped, number},
    modifiers::component,
};

/// What a tag on a feat says: it raises abilities at creation, or it is a feature of something else in a feat's shape.
pub(super) const INITIAL_IMPROVEMENT: &str = "__INITIAL_ASI";
const DISGUISED: &str = "__DISGUISE_FEAT";

/// Entries that every class or species has and that the sheet says elsewhere, as numbers.
const BOOKKEEPING: [&str; 12] = [
    "Ability Score Increase",
    "Ability Score Increases",
    "Age",
    "Alignment",
    "Creature Type",
    "Equipment",
    "Hit Points",
    "Languages",
    "Proficiencies",
    "Size",
    "Speed",
    "Starting Equipment",
];

/// Feats a player would call feats.
pub(super) fn feats(character: &Character<'_>) -> Vec<Feature> {
    let mut keys = Keys::default();
    let rows = character
        .root
        .list("feats")
        .filter(|row| !tagged(*row, DISGUISED) && !tagged(*row, INITIAL_IMPROVEMENT));
    let feat = |row| feature(&mut keys, "feat", row, source(character, row, "Feat"));
    sorted(rows.filter_map(feat).collect())
}

/// Features gained so far: by class in order, then the species', then what was picked, then disguised feats, companions.
pub(super) fn features(character: &Character<'_>) -> Vec<Feature> {
    let mut keys = Keys::default();
    let replaced = replaced(character.root);
    let mut features = Vec::new();
    for class in &character.classes {
        let gained = |row: &Value<'_>| {
            row.present("definition").is_some_and(|d| count(d, "requiredLevel") <= class.level)
        };
        let rows = class.row.list("classFeatures").filter(gained).filter(|row| shown(*row, &replaced));
        features.extend(sorted(
            rows.filter_map(|row| feature(&mut keys, "class", row, class.name.clone())).collect(),
        ));
    }
    features.extend(traits(character, &replaced, &mut keys));
    features.extend(options(character, &mut keys));
    features.extend(disguised(character, &features, &mut keys));
    features.extend(own(character, &mut keys));
    features
}

fn traits(character: &Character<'_>, replaced: &HashSet<i64>, keys: &mut Keys) -> Vec<Feature> {
    let species = character.species.clone().unwrap_or_else(|| "Species".to_owned());
    let rows = character.root.path(&["race", "racialTraits"]).into_iter().flat_map(Value::items);
    let gained = |row: &Value<'_>| {
        row.present("definition").is_some_and(|d| count(d, "requiredLevel") <= character.level)
    };
    let rows = rows.filter(gained).filter(|row| shown(*row, replaced));
    sorted(rows.filter_map(|row| feature(keys, "species", row, species.clone())).collect())
}

/// Picks: a fighting style, a metamagic, a lineage. Named with what they were picked for, because the bare name
/// ("Sea", three times for a storm herald) says too little.
fn options(character: &Character<'_>, keys: &mut Keys) -> Vec<Feature> {
    let improvements: HashSet<_> = character
        .root
        .list("feats")
        .filter(|feat| tagged(*feat, INITIAL_IMPROVEMENT))
        .filter_map(|feat| number(feat.present("definition")?, "id"))
        .collect();
    let mut picked = Vec::new();
    for (group, row) in grouped(character.root, "options") {
        let component = component(row);
        let parent = character.origins.name(component);
        // "Increase two scores" says nothing that the scores do not.
        if improvements.contains(&component.1) || parent.is_some_and(|parent| BOOKKEEPING.contains(&parent)) {
            continue;
        }
        let source = source(character, row, group_word(&group));
        let prefix = format!("option-{group}-{}", component.1);
        let Some(mut feature) = feature(keys, &prefix, row, source) else { continue };
        if let Some(parent) = parent {
            feature.name = format!("{}: {}", without_level(parent), feature.name);
        }
        picked.push(feature);
    }
    sorted(picked)
}

fn group_word(group: &str) -> &'static str {
    match group {
        "race" => "Species",
        "class" => "Class",
        "background" => "Background",
        "feat" => "Feat",
        "item" => "Item",
        _ => "Other",
    }
}

/// Features that stand among the feats (dark gifts, a background's feature), unless they are listed as features too.
fn disguised(character: &Character<'_>, there: &[Feature], keys: &mut Keys) -> Vec<Feature> {
    let names: HashSet<_> = there.iter().map(|feature| feature.name.as_str()).collect();
    let rows = character
        .root
        .list("feats")
        .filter(|row| tagged(*row, DISGUISED) && !tagged(*row, INITIAL_IMPROVEMENT));
    let feature = |row| feature(keys, "feat", row, source(character, row, "Other"));
    sorted(rows.filter_map(feature).filter(|feature| !names.contains(feature.name.as_str())).collect())
}

/// Companions, and actions the player wrote.
fn own(character: &Character<'_>, keys: &mut Keys) -> Vec<Feature> {
    let mut features = Vec::new();
    for (list, prefix, source) in
        [("creatures", "creature", "Companion"), ("customActions", "action", "Custom action")]
    {
        let mut found: Vec<_> = Vec::new();
        for row in character.root.list(list) {
            let name = row.text("name").or_else(|| row.present("definition")?.text("name"));
            let (Some(name), Some(id)) = (name, row.id("id")) else { continue };
            found.push(Feature {
                key: keys.distinct(format!("{prefix}-{id}")),
                name,
                source: source.to_owned(),
            });
        }
        features.extend(sorted(found));
    }
    features
}

fn source(character: &Character<'_>, row: Value<'_>, otherwise: &str) -> String {
    character.origins.source(component(row)).unwrap_or(otherwise).to_owned()
}

/// Whether a feat carries a tag.
pub(super) fn tagged(row: Value<'_>, tag: &str) -> bool {
    let categories =
        row.present("definition").into_iter().flat_map(|definition| definition.list("categories"));
    categories
        .into_iter()
        .any(|category| category.get("tagName").and_then(Value::as_str).is_some_and(|t| t == tag))
}

/// Features that an optional one of a later book took the place of.
fn replaced(root: Value<'_>) -> HashSet<i64> {
    let classes = root.list("optionalClassFeatures").filter_map(|row| number(row, "affectedClassFeatureId"));
    let species = root.list("optionalOrigins").filter_map(|row| number(row, "affectedRacialTraitId"));
    classes.chain(species).collect()
}

fn shown(row: Value<'_>, replaced: &HashSet<i64>) -> bool {
    let Some(definition) = row.present("definition") else { return false };
    let name = definition.text("name").unwrap_or_default();
    // Whether the site hides an entry changed over the years: those of every class and species go by name.
    let bookkeeping =
        BOOKKEEPING.contains(&name.as_str()) || name.starts_with("Core ") && name.ends_with(" Traits");
    !bookkeeping
        && !definition.flag("hideInSheet")
        && !number(definition, "id").is_some_and(|id| replaced.contains(&id))
}

fn feature(keys: &mut Keys, group: &str, row: Value<'_>, source: String) -> Option<Feature> {
    let definition = row.present("definition")?;
    let name = definition.text("name")?;
    let id = definition.id("id").unwrap_or_default();
    Some(Feature {
        key: keys.distinct(format!("{group}-{id}")),
        name: without_level(&name).to_owned(),
        source,
    })
}

/// "8: Ability Score Improvement" is how the 2024 documents tell the same feature of several levels apart.
fn without_level(name: &str) -> &str {
    match name.split_once(": ") {
        Some((level, rest)) if !level.is_empty() && level.bytes().all(|b| b.is_ascii_digit()) => rest,
        _ => name,
    }
}

fn sorted(mut features: Vec<Feature>) -> Vec<Feature> {
    features.sort_by(|a, b| (&a.name, &a.key).cmp(&(&b.name, &b.key)));
    features
}
