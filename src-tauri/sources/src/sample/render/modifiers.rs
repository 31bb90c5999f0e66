//! The `modifiers` groups.

use super::{
    super::{
        catalogue,
        json::{
            Json::{self, Null},
            list, object,
        },
        modifiers::{Modifier, Modifiers},
        random::Random,
    },
    dice,
};

/// Every group; the one of conditions is always empty in the samples.
pub(super) fn groups(modifiers: &Modifiers) -> Json {
    let group = |some: &[Modifier]| list(some.iter().map(one));
    object! {
        race: group(&modifiers.race),
        class: group(&modifiers.class),
        background: group(&modifiers.background),
        item: group(&modifiers.item),
        feat: group(&modifiers.feat),
        condition: Vec::new(),
    }
}

/// One modifier.
pub(super) fn one(modifier: &Modifier) -> Json {
    object! {
        fixedValue: modifier.value,
        id: modifier.id.to_string(),
        entityId: Null,
        entityTypeId: Null,
        type: modifier.kind,
        subType: modifier.subtype.clone(),
        dice: modifier.dice.map(|(count, sides, fixed)| dice(count, sides, Some(fixed))),
        restriction: modifier.restriction,
        statId: modifier.stat,
        requiresAttunement: modifier.attunement,
        duration: Null,
        friendlyTypeName: catalogue::title(modifier.kind),
        friendlySubtypeName: catalogue::title(&modifier.subtype),
        isGranted: modifier.granted,
        bonusTypes: Vec::new(),
        value: modifier.value,
        availableToMulticlass: modifier.granted,
        modifierTypeId: type_id(modifier.kind),
        modifierSubTypeId: i64::try_from(Random::of(&modifier.subtype).below(1900)).unwrap_or(0),
        componentId: modifier.component.0,
        componentTypeId: modifier.component.1,
        tagConstraints: Vec::new(),
    }
}

fn type_id(kind: &str) -> i32 {
    match kind {
        "bonus" => 1,
        "advantage" => 3,
        "resistance" => 5,
        "set" => 9,
        "proficiency" => 10,
        "language" => 11,
        "expertise" => 12,
        _ => 43,
    }
}
