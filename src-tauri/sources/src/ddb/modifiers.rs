//! Modifiers: what species, classes, feats and things add to the numbers of a sheet.

use std::{borrow::Cow, collections::HashSet};

use backstory_core::{json::Value, sheet::Ability};

use super::{
    character::{number, small},
    features::{INITIAL_IMPROVEMENT, tagged},
    inventory::Thing,
    origins::Origins,
    tables,
};

/// One modifier that counts at present.
pub(super) struct Modifier<'a> {
    kind: Cow<'a, str>,
    target: Cow<'a, str>,
    row: Value<'a>,
    /// Where it comes from: type and id.
    pub(super) component: (i64, i64),
    /// From a class, as opposed to a species, a feat or a thing.
    pub(super) of_class: bool,
}

/// Modifiers that count: all of species, class, background, feat and condition; those of things only while the thing is
/// equipped, and attuned where the modifier asks for it. The document lists them for things in the backpack too.
pub(super) fn active<'a>(root: Value<'a>, things: &[Thing<'a>], origins: &Origins) -> Vec<Modifier<'a>> {
    let granted = granted_by_things(things);
    let improved = root.list("feats").any(|feat| tagged(feat, INITIAL_IMPROVEMENT));
    let mut found = Vec::new();
    for (group, rows) in root.get("modifiers").into_iter().flat_map(Value::members) {
        for row in rows.items() {
            let component = component(row);
            let counts = match group.as_ref() {
                "item" => row.id("id").is_some_and(|id| granted.contains(&id)),
                "race" => !(improved && is_improvement(row)),
                "class" => {
                    !only_for_starting_class(row) || origins.class(component).is_none_or(|class| class == 0)
                }
                _ => true,
            };
            if !counts {
                continue;
            }
            let text = |key| row.get(key).and_then(Value::as_str).unwrap_or_default();
            found.push(Modifier {
                kind: text("type"),
                target: text("subType"),
                row,
                component,
                of_class: group == "class",
            });
        }
    }
    found
}

/// With a background of 2024 the abilities are improved by the background: what an older species improves is not counted,
/// though the document keeps it.
fn is_improvement(row: Value<'_>) -> bool {
    row.text("type").as_deref() == Some("bonus")
        && row.text("subType").is_some_and(|target| target.ends_with("-score"))
}

/// Who takes a second class does not get its saving throws and most of its training (the rules of multiclassing).
/// The document lists them all the same and marks them.
fn only_for_starting_class(row: Value<'_>) -> bool {
    row.get("availableToMulticlass").and_then(Value::as_bool) == Some(false)
}

/// A modifier of a thing is per definition and not per copy: it is joined through what the definition grants.
fn granted_by_things(things: &[Thing<'_>]) -> HashSet<String> {
    let mut granted = HashSet::new();
    for thing in things.iter().filter(|thing| thing.equipped) {
        for modifier in
            thing.definition.into_iter().flat_map(|definition| definition.list("grantedModifiers"))
        {
            if thing.attuned || !modifier.flag("requiresAttunement") {
                granted.extend(modifier.id("id"));
            }
        }
    }
    granted
}

/// The thing, feature, trait, feat or option that a row belongs to: type and id.
pub(super) fn component(row: Value<'_>) -> (i64, i64) {
    (number(row, "componentTypeId").unwrap_or(0), number(row, "componentId").unwrap_or(0))
}

impl Modifier<'_> {
    pub(super) fn is(&self, kind: &str, target: &str) -> bool {
        self.kind == kind && self.target == target
    }

    pub(super) fn kind(&self) -> &str {
        &self.kind
    }

    pub(super) fn target(&self) -> &str {
        &self.target
    }

    /// The value that is written in it. A healing potion is `bonus` `hit-points` with dice: rolled, and no part of the sheet.
    pub(super) fn fixed(&self) -> Option<i32> {
        if self.row.present("dice").is_some() {
            return None;
        }
        ["fixedValue", "value"].iter().find_map(|key| self.row.present(key)).and_then(small)
    }

    /// The ability whose modifier it adds.
    pub(super) fn ability(&self) -> Option<Ability> {
        number(self.row, "statId").and_then(tables::ability)
    }

    /// Whether it adds the proficiency bonus (`bonusTypes` has 1: Alert of 2024, a warforged's plating).
    pub(super) fn adds_proficiency(&self) -> bool {
        self.row.list("bonusTypes").any(|kind| kind.as_i64() == Some(1))
    }

    /// In what situation it counts, in the site's words.
    pub(super) fn restriction(&self) -> Option<String> {
        self.row.text("restriction")
    }

    /// What kind of thing a proficiency is for.
    pub(super) fn entity_type(&self) -> Option<i64> {
        number(self.row, "entityTypeId")
    }

    /// What it is for, in the site's words.
    pub(super) fn friendly(&self) -> String {
        self.row.text("friendlySubtypeName").unwrap_or_else(|| "Bonus".to_owned())
    }
}
