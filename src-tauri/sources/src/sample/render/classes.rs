//! Classes with their features up to level twenty, feats, and what they let one do.

use backstory_core::sheet::Rules;

use super::{
    super::{
        catalogue,
        hero::{Hero, Levels},
        json::{
            Json::{self, Null},
            list, object,
        },
        modifiers::stat_id,
        prose,
        srd::{Casting, Class, Feat},
    },
    Size, sources,
};

/// A class feature: its catalogue id, its level and its name.
#[derive(Clone, Copy)]
pub(super) struct Feature {
    pub(super) id: i64,
    pub(super) level: u32,
    pub(super) name: &'static str,
    class: i64,
}

/// The features of a class, in 2024 with the core traits before them.
pub(super) fn features(class: &'static Class, rules: Rules) -> Vec<Feature> {
    let revised = rules == Rules::Revised && !class.revised.is_empty();
    let list = if revised { class.revised } else { class.features };
    let owner = catalogue::class_id(class, rules);
    let feature = |(at, (level, name)): (i64, &(u32, &'static str))| Feature {
        id: catalogue::feature_id(class, rules, at),
        level: *level,
        name,
        class: owner,
    };
    let first = if rules == Rules::Revised { core_traits(class) } else { "Proficiencies" };
    let start = Feature { id: catalogue::feature_id(class, rules, 0), level: 1, name: first, class: owner };
    std::iter::once(start).chain((2..).zip(list).map(feature)).collect()
}

/// "Core Wizard Traits": the mark of a class of 2024.
fn core_traits(class: &Class) -> &'static str {
    match class.name {
        "Barbarian" => "Core Barbarian Traits",
        "Bard" => "Core Bard Traits",
        "Cleric" => "Core Cleric Traits",
        "Druid" => "Core Druid Traits",
        "Fighter" => "Core Fighter Traits",
        "Monk" => "Core Monk Traits",
        "Paladin" => "Core Paladin Traits",
        "Ranger" => "Core Ranger Traits",
        "Rogue" => "Core Rogue Traits",
        "Sorcerer" => "Core Sorcerer Traits",
        "Warlock" => "Core Warlock Traits",
        _ => "Core Wizard Traits",
    }
}

/// The features of the subclass.
pub(super) fn subclass_features(class: &'static Class, rules: Rules) -> Vec<Feature> {
    let owner = catalogue::subclass_id(class, rules);
    let feature = |(at, (level, name)): (i64, &(u32, &'static str))| Feature {
        id: catalogue::subclass_feature_id(class, rules, at),
        // The lists give the levels of 2024; before, some classes chose sooner.
        level: if *level <= 3 { class.subclass_level(rules) } else { *level },
        name,
        class: owner,
    };
    (0..).zip(class.subclass_features).map(feature).collect()
}

fn subclass_name(class: &Class, rules: Rules) -> &'static str {
    if rules == Rules::Revised { class.subclass.1 } else { class.subclass.0 }
}

pub(super) fn classes(hero: &Hero, size: Size) -> Json {
    list(hero.classes.iter().enumerate().map(|(at, levels)| {
        object! {
            id: levels.id,
            entityTypeId: catalogue::CHARACTER_CLASS_TYPE,
            level: levels.level,
            isStartingClass: at == 0,
            hitDiceUsed: levels.hit_dice_used,
            definitionId: 0,
            subclassDefinitionId: Null,
            definition: definition(levels.class, hero.rules, size),
            subclassDefinition: levels.subclass.then(|| subclass(levels.class, hero.rules, size)),
            classFeatures: gained(levels, hero.rules, size),
        }
    }))
}

fn gained(levels: &Levels, rules: Rules, size: Size) -> Json {
    let mut features = features(levels.class, rules);
    if levels.subclass {
        features.extend(subclass_features(levels.class, rules));
    }
    if size == Size::Small {
        features.retain(|feature| feature.level <= levels.level);
    }
    list(features.into_iter().map(|feature| {
        object! { definition: feature_definition(feature, rules, size), levelScale: Null }
    }))
}

fn feature_definition(feature: Feature, rules: Rules, size: Size) -> Json {
    object! {
        id: feature.id,
        definitionKey: catalogue::key(catalogue::FEATURE_TYPE, feature.id),
        entityTypeId: catalogue::FEATURE_TYPE,
        displayOrder: feature.level,
        name: feature.name,
        description: prose::rules(feature.name, size.paragraphs(3)),
        snippet: prose::line(feature.name, size.paragraphs(3)),
        activation: Null,
        multiClassDescription: "",
        requiredLevel: feature.level,
        isSubClassFeature: false,
        limitedUse: Vec::new(),
        hideInBuilder: false,
        hideInSheet: false,
        sourceId: catalogue::book(rules),
        sourcePageNumber: Null,
        creatureRules: Vec::new(),
        levelScales: Vec::new(),
        infusionRules: Vec::new(),
        spellListIds: Vec::new(),
        classId: feature.class,
        featureType: 1,
        sources: sources(rules),
        affectedFeatureDefinitionKeys: Vec::new(),
        entityType: "class-feature",
        entityID: feature.id.to_string(),
        grantedFeats: Vec::new(),
    }
}

fn definition(class: &'static Class, rules: Rules, size: Size) -> Json {
    let id = catalogue::class_id(class, rules);
    let casts = class.casting != Casting::None;
    object! {
        id: id,
        definitionKey: catalogue::key(catalogue::CLASS_TYPE, id),
        name: class.name,
        description: prose::rules(class.name, size.paragraphs(2)),
        equipmentDescription: prose::rules("their first pack", size.paragraphs(1)),
        parentClassId: Null,
        avatarUrl: "https://www.dndbeyond.com/avatars/class.jpeg?width=150&height=150",
        largeAvatarUrl: "https://www.dndbeyond.com/avatars/class.jpeg?width=300&height=300",
        portraitAvatarUrl: "https://www.dndbeyond.com/avatars/class.jpeg?width=600&height=600",
        moreDetailsUrl: format!("/classes/{id}"),
        spellCastingAbilityId: casts.then(|| stat_id(class.ability)),
        sources: sources(rules),
        classFeatures: outline(&features(class, rules), size),
        hitDice: class.hit_die,
        wealthDice: Null,
        canCastSpells: casts,
        knowsAllSpells: false,
        spellPrepareType: casts.then_some(1),
        spellCastingLearningStyle: casts.then_some(2),
        spellContainerName: (class.name == "Wizard").then_some("Spellbook"),
        sourcePageNumber: Null,
        subclassDefinition: Null,
        isHomebrew: false,
        primaryAbilities: Vec::new(),
        spellRules: spell_rules(class),
        prerequisites: Vec::new(),
    }
}

fn subclass(class: &'static Class, rules: Rules, size: Size) -> Json {
    let id = catalogue::subclass_id(class, rules);
    let name = subclass_name(class, rules);
    object! {
        id: id,
        definitionKey: catalogue::key(catalogue::CLASS_TYPE, id),
        name: name,
        description: prose::rules(name, size.paragraphs(2)),
        equipmentDescription: Null,
        parentClassId: catalogue::class_id(class, rules),
        avatarUrl: Null,
        largeAvatarUrl: Null,
        portraitAvatarUrl: Null,
        moreDetailsUrl: format!("/subclasses/{id}"),
        spellCastingAbilityId: Null,
        sources: sources(rules),
        classFeatures: outline(&subclass_features(class, rules), size),
        hitDice: class.hit_die,
        wealthDice: Null,
        canCastSpells: false,
        knowsAllSpells: false,
        spellPrepareType: Null,
        spellCastingLearningStyle: Null,
        spellContainerName: Null,
        sourcePageNumber: Null,
        subclassDefinition: Null,
        isHomebrew: false,
        primaryAbilities: Null,
        spellRules: Null,
        prerequisites: Null,
    }
}

/// The same features again, in short: the format lists them twice.
fn outline(features: &[Feature], size: Size) -> Json {
    if size == Size::Small {
        return Json::List(Vec::new());
    }
    list((1..).zip(features).map(|(order, feature): (i64, _)| {
        object! {
            id: feature.id,
            name: feature.name,
            prerequisite: Null,
            description: prose::rules(feature.name, 3),
            requiredLevel: feature.level,
            displayOrder: order,
        }
    }))
}

fn spell_rules(class: &Class) -> Json {
    if class.casting == Casting::None {
        return Null;
    }
    let divisor = if class.casting == Casting::Half { 2 } else { 1 };
    object! {
        multiClassSpellSlotDivisor: divisor,
        isRitualSpellCaster: class.casting == Casting::Full,
        levelCantripsKnownMaxes: list((0..=20).map(|level| match level {
            0 => 0,
            1..=3 => 3,
            4..=9 => 4,
            _ => 5,
        })),
        levelSpellKnownMaxes: Vec::new(),
        levelSpellSlots: list((0..=20).map(|level| list(slots(class.casting, level)))),
        multiClassSpellSlotRounding: 1,
        levelPreparedSpellMaxes: Vec::new(),
    }
}

/// Spell slots by level of the class.
pub(in crate::sample) fn slots(casting: Casting, level: u32) -> [u32; 9] {
    let caster = match casting {
        Casting::None => 0,
        Casting::Full => level,
        Casting::Half if level < 2 => 0,
        Casting::Half => level.div_ceil(2),
        Casting::Pact => return pact(level),
    };
    match caster {
        0 => [0; 9],
        1 => [2, 0, 0, 0, 0, 0, 0, 0, 0],
        2 => [3, 0, 0, 0, 0, 0, 0, 0, 0],
        3 => [4, 2, 0, 0, 0, 0, 0, 0, 0],
        4 => [4, 3, 0, 0, 0, 0, 0, 0, 0],
        5 => [4, 3, 2, 0, 0, 0, 0, 0, 0],
        6 => [4, 3, 3, 0, 0, 0, 0, 0, 0],
        7 => [4, 3, 3, 1, 0, 0, 0, 0, 0],
        8 => [4, 3, 3, 2, 0, 0, 0, 0, 0],
        9 => [4, 3, 3, 3, 1, 0, 0, 0, 0],
        10 => [4, 3, 3, 3, 2, 0, 0, 0, 0],
        11 | 12 => [4, 3, 3, 3, 2, 1, 0, 0, 0],
        13 | 14 => [4, 3, 3, 3, 2, 1, 1, 0, 0],
        15 | 16 => [4, 3, 3, 3, 2, 1, 1, 1, 0],
        17 => [4, 3, 3, 3, 2, 1, 1, 1, 1],
        18 => [4, 3, 3, 3, 3, 1, 1, 1, 1],
        19 => [4, 3, 3, 3, 3, 2, 1, 1, 1],
        _ => [4, 3, 3, 3, 3, 2, 2, 1, 1],
    }
}

/// A warlock's slots: few, all of the highest level.
fn pact(level: u32) -> [u32; 9] {
    let mut slots = [0; 9];
    let count = match level {
        0 => 0,
        1 => 1,
        2..=10 => 2,
        11..=16 => 3,
        _ => 4,
    };
    let at = usize::try_from(level.div_ceil(2).clamp(1, 5) - 1).unwrap_or(0);
    slots[at] = count;
    slots
}

pub(super) fn feats(hero: &Hero, size: Size) -> Json {
    let mut feats: Vec<Json> = hero.feats.iter().map(|feat| catalogue_feat(feat, hero.rules, size)).collect();
    let hidden = ["__INITIAL_ASI", "__DISPLAY_WITH_DATA_ORIGIN"];
    if let (super::super::hero::Origin::Catalogue(background), false) = (&hero.origin, hero.raised.is_empty())
    {
        let name = format!("{} Ability Score Improvements", background.name);
        feats.push(feat(catalogue::RAISING_FEAT, name, &hidden, hero.rules, size));
    }
    if hero.rules == Rules::Revised {
        for increase in &hero.increases {
            let id = catalogue::improvement_id(increase.class, hero.rules);
            // Taken by several classes or several times, it is the one feat that may repeat: the first entry stands for all.
            let name = "Ability Score Improvement".to_owned();
            if !feats.iter().any(|known| is_feat(known, id)) {
                feats.push(feat(id, name, &["General"], hero.rules, size));
            }
        }
    }
    Json::List(feats)
}

fn is_feat(feat: &Json, id: i64) -> bool {
    matches!(feat, Json::Object(members)
        if members.iter().any(|(key, value)| *key == "componentId" && matches!(value, Json::Int(one) if *one == id)))
}

fn catalogue_feat(one: &Feat, rules: Rules, size: Size) -> Json {
    feat(catalogue::feat_id(one), one.name.to_owned(), &[one.category], rules, size)
}

fn feat(id: i64, name: String, categories: &[&'static str], rules: Rules, size: Size) -> Json {
    let category = |(at, name): (i64, &&'static str)| {
        object! {
            id: id * 10 + at,
            entityTypeId: catalogue::FEAT_TYPE,
            entityId: id,
            definitionKey: catalogue::key(catalogue::FEAT_TYPE, id),
            entityTagId: at + 1,
            tagName: *name,
        }
    };
    object! {
        componentTypeId: catalogue::FEATURE_TYPE,
        componentId: id,
        definition: object! {
            id: id,
            entityTypeId: catalogue::FEAT_TYPE,
            definitionKey: catalogue::key(catalogue::FEAT_TYPE, id),
            description: prose::rules(&name, size.paragraphs(2)),
            name: name,
            snippet: "",
            activation: object! { activationTime: Null, activationType: 8 },
            sourceId: Null,
            sourcePageNumber: Null,
            creatureRules: Vec::new(),
            prerequisites: Vec::new(),
            isHomebrew: false,
            sources: sources(rules),
            spellListIds: Vec::new(),
            isRepeatable: false,
            repeatableParentId: Null,
            categories: list((0..).zip(categories).map(category)),
        },
        definitionId: 0,
    }
}

/// How often some features may be used before a rest: at level, uses, and whether an hour's rest is enough.
const LIMITED: &[(&str, u32, bool)] = &[
    ("Rage", 3, false),
    ("Second Wind", 2, true),
    ("Action Surge", 1, true),
    ("Arcane Recovery", 1, false),
    ("Relentless Endurance", 1, false),
    ("Bardic Inspiration", 3, false),
    ("Channel Divinity", 1, true),
    ("Lay on Hands", 5, false),
];

pub(super) fn actions(hero: &Hero, size: Size) -> Json {
    let mut class = Vec::new();
    for levels in &hero.classes {
        let mut features = features(levels.class, hero.rules);
        if levels.subclass {
            features.extend(subclass_features(levels.class, hero.rules));
        }
        let known = |feature: &&Feature| {
            feature.level <= levels.level
                && feature.name != "Ability Score Improvement"
                && (size != Size::Small || LIMITED.iter().any(|(name, ..)| *name == feature.name))
        };
        for feature in features.iter().filter(known) {
            class.push(action(hero, feature.name, (feature.id, catalogue::FEATURE_TYPE), size));
        }
    }
    let mut race = Vec::new();
    for (at, name) in (0..).zip(hero.species.traits) {
        if LIMITED.iter().any(|(limited, ..)| limited == name) {
            race.push(action(
                hero,
                name,
                (catalogue::trait_id(hero.species, at), catalogue::TRAIT_TYPE),
                size,
            ));
        }
    }
    object! { race: race, class: class, background: Null, item: Null, feat: Vec::new() }
}

fn action(hero: &Hero, name: &'static str, component: (i64, i64), size: Size) -> Json {
    object! {
        componentId: component.0,
        componentTypeId: component.1,
        id: component.0.to_string(),
        entityTypeId: "222216831",
        limitedUse: limited_use(hero, name),
        name: name,
        description: prose::rules(name, size.paragraphs(2)),
        snippet: prose::line(name, size.paragraphs(2)),
        abilityModifierStatId: Null,
        onMissDescription: "",
        saveFailDescription: "",
        saveSuccessDescription: "",
        saveStatId: Null,
        fixedSaveDc: Null,
        attackTypeRange: Null,
        actionType: 3,
        attackSubtype: Null,
        dice: Null,
        value: Null,
        damageTypeId: Null,
        isMartialArts: false,
        isProficient: false,
        spellRangeType: Null,
        displayAsAttack: Null,
        range: object! {
            range: Null,
            longRange: Null,
            aoeType: Null,
            aoeSize: Null,
            hasAoeSpecialDescription: false,
            minimumRange: Null,
        },
        activation: object! { activationTime: Null, activationType: 8 },
        numberOfTargets: Null,
        fixedToHit: Null,
        ammunition: Null,
    }
}

fn limited_use(hero: &Hero, name: &str) -> Option<Json> {
    let (_, uses, short) = LIMITED.iter().find(|(limited, ..)| *limited == name)?;
    Some(object! {
        name: Null,
        statModifierUsesId: Null,
        resetType: if *short { 1 } else { 2 },
        numberUsed: hero.uses.get(name).copied().unwrap_or(0),
        minNumberConsumed: 1,
        maxNumberConsumed: 1,
        maxUses: *uses,
        operator: 1,
        useProficiencyBonus: false,
        proficiencyBonusOperator: 1,
        resetDice: Null,
    })
}
