//! One rule at a time, on a small character written for this from the SRD.

use std::collections::BTreeMap;

use backstory_core::{
    error::Code,
    json::Tree,
    sheet::{Ability, Derived, Rules, Sheet, SkillRank},
    source::{Reading, Source},
};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::DdbSource;

const FEATURE: i64 = 12_168_134;
const FEAT: i64 = 1_088_085_227;
const INVENTORY: &str = "1439493548";

/// A fighter of level 3 in chain mail with a shield.
fn fighter() -> Value {
    json!({
        "id": 7001, "name": " Tamsin Reed ", "readonlyUrl": "https://www.dndbeyond.com/characters/7001",
        "dateModified": "2025-03-01T18:30:00.5Z",
        "stats": stats([16, 14, 15, 10, 12, 8]), "bonusStats": stats([0; 6]), "overrideStats": stats([0; 6]),
        "race": {
            "fullName": "Human", "weightSpeeds": {"normal": {"walk": 30, "fly": 0, "swim": 0, "climb": 0, "burrow": 0}},
            "racialTraits": [{"definition": {"id": 1, "name": "Resourceful"}}, {"definition": {"id": 2, "name": "Speed"}}]
        },
        "background": {"definition": {"id": 5, "entityTypeId": 9, "name": "Soldier", "sources": [{"sourceId": 2}]}},
        "classes": [class(11, "Fighter", 3, 10)],
        "feats": [], "options": {}, "actions": {"class": [{"name": "Second Wind", "limitedUse": {"numberUsed": 1}}]},
        "choices": {}, "modifiers": {"race": [], "class": [], "background": null, "item": [], "feat": [], "condition": []},
        "characterValues": [], "customItems": [], "spells": {"class": null}, "classSpells": [],
        "spellSlots": [], "pactMagic": [],
        "inventory": [
            armor(101, "Chain Mail", 3, 16), armor(102, "Shield", 4, 2),
            {"id": 103, "quantity": 2, "equipped": false, "definition": {"id": 903, "name": "Torch"}}
        ],
        "currencies": {"cp": 5, "sp": 4, "ep": 3, "gp": 2, "pp": 1},
        "baseHitPoints": 22, "removedHitPoints": 4, "temporaryHitPoints": 0,
        "preferences": {"progressionType": 2}, "currentXp": 900, "adjustmentXp": null,
        "notes": {"backstory": "Raised by ferrymen."}, "traits": {}, "age": 27
    })
}

fn stats(values: [i64; 6]) -> Value {
    let row = |(id, value): (i64, i64)| json!({"id": id, "value": if value == 0 { Value::Null } else { value.into() }});
    (1..).zip(values).map(row).collect()
}

fn class(id: i64, name: &str, level: i64, die: i64) -> Value {
    json!({
        "id": id, "level": level, "isStartingClass": id == 11, "hitDiceUsed": 0,
        "definition": {"id": id + 900, "name": name, "hitDice": die, "sources": [{"sourceId": 1}]},
        "classFeatures": []
    })
}

fn caster(id: i64, name: &str, level: i64, divisor: i64) -> Value {
    let mut class = class(id, name, level, 8);
    class["definition"]["canCastSpells"] = true.into();
    class["definition"]["spellRules"] =
        json!({"multiClassSpellSlotDivisor": divisor, "multiClassSpellSlotRounding": 1});
    class
}

fn armor(id: i64, name: &str, kind: i64, base: i64) -> Value {
    json!({
        "id": id, "quantity": 1, "equipped": true, "isAttuned": false, "containerEntityId": 7001,
        "definition": {"id": id + 800, "entityTypeId": 701_257_905, "name": name, "armorTypeId": kind, "armorClass": base}
    })
}

/// A thing that grants one modifier, and the modifier.
fn magic(sheet: &mut Value, name: &str, target: &str, value: i64, row: &Value) {
    let id = 200 + sheet["inventory"].as_array().unwrap().len();
    let mut thing = json!({
        "id": id, "quantity": 1, "equipped": true, "isAttuned": true,
        "definition": {"id": id + 800, "entityTypeId": 112_130_694, "name": name,
            "grantedModifiers": [{"id": format!("m{id}"), "requiresAttunement": true}]}
    });
    merge(&mut thing, row);
    push(sheet, "/inventory", thing);
    push(
        sheet,
        "/modifiers/item",
        json!({
            "id": format!("m{id}"), "type": "bonus", "subType": target, "value": value,
            "componentId": id + 800, "componentTypeId": 112_130_694
        }),
    );
}

fn merge(into: &mut Value, from: &Value) {
    for (key, value) in from.as_object().unwrap() {
        into[key] = value.clone();
    }
}

fn push(sheet: &mut Value, pointer: &str, value: Value) {
    let list = sheet.pointer_mut(pointer).unwrap();
    if list.is_null() {
        *list = json!([]);
    }
    list.as_array_mut().unwrap().push(value);
}

fn modifier(sheet: &mut Value, group: &str, kind: &str, target: &str, more: &Value) {
    let mut row = json!({"type": kind, "subType": target, "friendlySubtypeName": target});
    merge(&mut row, more);
    push(sheet, &format!("/modifiers/{group}"), row);
}

fn customise(sheet: &mut Value, kind: i64, id: Value, value: impl Into<Value>, notes: Value) {
    let row = json!({"typeId": kind, "valueId": id, "valueTypeId": INVENTORY, "value": value.into(), "notes": notes});
    push(sheet, "/characterValues", row);
}

fn read(document: &Value) -> backstory_core::error::Result<Reading> {
    let text = document.to_string();
    DdbSource.read(&Tree::parse(&text).unwrap())
}

/// The sheet of the fighter after an edit.
fn sheet(edit: impl FnOnce(&mut Value)) -> Sheet {
    let mut document = fighter();
    edit(&mut document);
    read(&document).unwrap().sheet
}

/// `16 = Chain Mail 16`.
fn told(derived: &Derived) -> String {
    let parts: Vec<_> = derived.parts.iter().map(|part| format!("{} {}", part.label, part.value)).collect();
    format!("{} = {}", derived.value, parts.join(" + "))
}

fn armor_class(edit: impl FnOnce(&mut Value)) -> String {
    told(&sheet(edit).armor_class)
}

fn hit_points(edit: impl FnOnce(&mut Value)) -> String {
    told(&sheet(edit).hit_points_max)
}

#[test]
fn who_the_character_is() {
    let reading = read(&fighter()).unwrap();
    assert_eq!(reading.character.as_str(), "ddb-7001");
    assert_eq!(reading.edited_at.unwrap().to_string(), "2025-03-01T18:30:00.5Z");
    let sheet = reading.sheet;
    assert_eq!(
        (sheet.name.as_str(), sheet.species.as_deref(), sheet.background.as_deref(), sheet.level),
        ("Tamsin Reed", Some("Human"), Some("Soldier"), 3)
    );
    assert_eq!((sheet.proficiency_bonus, sheet.xp, sheet.rules), (2, Some(900), Rules::Legacy));
    assert_eq!(sheet.notes.get("age").map(String::as_str), Some("27"));
    assert_eq!(sheet.features.iter().map(|f| f.name.as_str()).collect::<Vec<_>>(), ["Resourceful"]);
    assert_eq!(sheet.state.uses_spent, BTreeMap::from([("Second Wind".to_owned(), 1)]));
}

#[test]
fn who_levels_by_milestones_has_no_experience() {
    assert_eq!(sheet(|s| s["preferences"]["progressionType"] = 1.into()).xp, None);
    assert_eq!(sheet(|s| s["adjustmentXp"] = 50.into()).xp, Some(950));
}

#[test]
fn the_edition_is_mixed_only_where_core_books_disagree() {
    let revised = json!([{"sourceId": 145}]);
    assert_eq!(sheet(|s| s["classes"][0]["definition"]["sources"] = revised.clone()).rules, Rules::Mixed);
    let all = |s: &mut Value| {
        s["classes"][0]["definition"]["sources"] = revised.clone();
        s["background"]["definition"]["sources"] = revised.clone();
    };
    assert_eq!(sheet(all).rules, Rules::Revised);
    // A species of a later book is played with both.
    let later = |s: &mut Value| {
        all(s);
        s["race"]["sources"] = json!([{"sourceId": 85}]);
    };
    assert_eq!(sheet(later).rules, Rules::Revised);
    let core = json!([{"definition": {"id": 1, "name": "Core Fighter Traits", "requiredLevel": 1}}]);
    assert_eq!(sheet(|s| s["classes"][0]["classFeatures"] = core).rules, Rules::Mixed);
}

#[test]
fn ability_scores() {
    let strength = |edit: &dyn Fn(&mut Value)| sheet(edit).abilities.str;
    assert_eq!(strength(&|_| ()), 16);
    assert_eq!(strength(&|s| s["bonusStats"][0]["value"] = 1.into()), 17);
    assert_eq!(strength(&|s| modifier(s, "feat", "bonus", "strength-score", &json!({"value": 2}))), 18);
    assert_eq!(
        strength(&|s| modifier(s, "feat", "bonus", "choose-an-ability-score", &json!({"value": 1}))),
        16
    );
    assert_eq!(strength(&|s| modifier(s, "feat", "set", "strength-score", &json!({"value": 19}))), 19);
    assert_eq!(strength(&|s| modifier(s, "feat", "set", "strength-score", &json!({"value": 12}))), 16);
    assert_eq!(strength(&|s| s["overrideStats"][0]["value"] = 9.into()), 9);
    // With a background of 2024 an older species improves nothing.
    let species = |s: &mut Value| modifier(s, "race", "bonus", "strength-score", &json!({"value": 2}));
    assert_eq!(strength(&species), 18);
    let background = |s: &mut Value| {
        species(s);
        let tag = json!([{"tagName": "__INITIAL_ASI"}]);
        s["feats"] = json!([{"definition": {"id": 1, "name": "Soldier Ability Score Improvements", "categories": tag}}]);
    };
    assert_eq!(strength(&background), 16);
}

#[test]
fn hit_points_at_full_health() {
    assert_eq!(hit_points(|_| ()), "28 = Base 22 + Constitution 6");
    assert_eq!(hit_points(|s| s["bonusHitPoints"] = json!(-3)), "25 = Base 22 + Constitution 6 + Bonus -3");
    assert_eq!(hit_points(|s| s["overrideHitPoints"] = 51.into()), "51 = Override 51");
    // Tough counts every level, a class feature the levels of its class.
    let tough = |s: &mut Value| {
        s["classes"].as_array_mut().unwrap().push(class(12, "Sorcerer", 2, 6));
        s["feats"] = json!([{"definition": {"id": 50, "entityTypeId": FEAT, "name": "Tough"}}]);
        let from = json!({"value": 2, "componentId": 50, "componentTypeId": FEAT});
        modifier(s, "feat", "bonus", "hit-points-per-level", &from);
    };
    assert_eq!(hit_points(tough), "42 = Base 22 + Constitution 10 + Tough 10");
    let resilient = |s: &mut Value| {
        let mut sorcerer = class(12, "Sorcerer", 2, 6);
        sorcerer["classFeatures"] = json!([{"definition": {"id": 60, "entityTypeId": FEATURE, "name": "Draconic Resilience", "requiredLevel": 1}}]);
        s["classes"].as_array_mut().unwrap().push(sorcerer);
        let from = json!({"value": 1, "componentId": 60, "componentTypeId": FEATURE});
        modifier(s, "class", "bonus", "hit-points-per-level", &from);
    };
    assert_eq!(hit_points(resilient), "34 = Base 22 + Constitution 10 + Draconic Resilience 2");
}

#[test]
fn a_healing_potion_is_no_hit_points() {
    let potion = |s: &mut Value| {
        magic(s, "Potion of Healing", "hit-points", 4, &json!({}));
        s["modifiers"]["item"][0]["dice"] = json!({"diceString": "2d4+2"});
    };
    assert_eq!(hit_points(potion), "28 = Base 22 + Constitution 6");
}

#[test]
fn armour_class() {
    assert_eq!(armor_class(|_| ()), "18 = Chain Mail 16 + Shield 2");
    assert_eq!(
        armor_class(|s| s["inventory"][0] = armor(101, "Scale Mail", 2, 14)),
        "18 = Scale Mail 14 + Dexterity 2 + Shield 2"
    );
    let light = |s: &mut Value| {
        s["inventory"] = json!([armor(101, "Studded Leather", 1, 12)]);
        s["stats"][1]["value"] = 18.into();
    };
    assert_eq!(armor_class(light), "16 = Studded Leather 12 + Dexterity 4");
    let medium = |s: &mut Value| {
        s["inventory"] = json!([armor(101, "Half Plate", 2, 15)]);
        s["stats"][1]["value"] = 18.into();
    };
    assert_eq!(armor_class(medium), "17 = Half Plate 15 + Dexterity 2");
    let master = |s: &mut Value| {
        medium(s);
        modifier(s, "feat", "set", "ac-max-dex-armored-modifier", &json!({"value": 3}));
    };
    assert_eq!(armor_class(master), "18 = Half Plate 15 + Dexterity 3");
    assert_eq!(armor_class(|s| s["inventory"] = json!([])), "12 = Base 10 + Dexterity 2");
    assert_eq!(
        armor_class(|s| s["inventory"][0]["equipped"] = false.into()),
        "14 = Base 10 + Dexterity 2 + Shield 2"
    );
}

#[test]
fn armour_class_without_armour() {
    let defense = |stat: i64| {
        move |s: &mut Value| {
            s["inventory"] = json!([]);
            let feature =
                json!([{"definition": {"id": 52, "name": "Unarmored Defense", "requiredLevel": 1}}]);
            s["classes"][0]["classFeatures"] = feature;
            let from = json!({"statId": stat, "componentId": 52, "componentTypeId": FEATURE});
            modifier(s, "class", "set", "unarmored-armor-class", &from);
        }
    };
    assert_eq!(armor_class(defense(3)), "14 = Base 10 + Dexterity 2 + Unarmored Defense 2");
    assert_eq!(armor_class(defense(5)), "13 = Base 10 + Dexterity 2 + Unarmored Defense 1");
    // A shield ends a monk's Unarmored Defense and not a barbarian's.
    let with_shield = |stat| {
        move |s: &mut Value| {
            defense(stat)(s);
            push(s, "/inventory", armor(102, "Shield", 4, 2));
        }
    };
    assert_eq!(armor_class(with_shield(3)), "16 = Base 10 + Dexterity 2 + Unarmored Defense 2 + Shield 2");
    assert_eq!(armor_class(with_shield(5)), "14 = Base 10 + Dexterity 2 + Shield 2");
    let shell = |s: &mut Value| {
        s["inventory"] = json!([]);
        s["race"]["racialTraits"] = json!([{"definition": {"id": 77, "name": "Natural Armor"}}]);
        let from =
            |value: Value| json!({"value": value, "componentId": 77, "componentTypeId": 1_960_452_172});
        modifier(s, "race", "set", "unarmored-armor-class", &from(7.into()));
        modifier(s, "race", "ignore", "unarmored-dex-ac-bonus", &from(Value::Null));
    };
    assert_eq!(armor_class(shell), "17 = Base 10 + Natural Armor 7");
}

#[test]
fn bonuses_to_armour_class() {
    let ring = |row: Value| move |s: &mut Value| magic(s, "Ring of Protection", "armor-class", 1, &row);
    assert_eq!(armor_class(ring(json!({}))), "19 = Chain Mail 16 + Shield 2 + Ring of Protection 1");
    let better_shield = |s: &mut Value| {
        s["inventory"].as_array_mut().unwrap().remove(1);
        magic(s, "Shield, +1", "armor-class", 1, &json!({}));
        merge(&mut s["inventory"][2]["definition"], &json!({"armorTypeId": 4, "armorClass": 2}));
    };
    assert_eq!(armor_class(better_shield), "19 = Chain Mail 16 + Shield, +1 3");
    assert_eq!(armor_class(ring(json!({"equipped": false}))), "18 = Chain Mail 16 + Shield 2");
    assert_eq!(armor_class(ring(json!({"isAttuned": false}))), "18 = Chain Mail 16 + Shield 2");
    let style = |s: &mut Value| modifier(s, "class", "bonus", "armored-armor-class", &json!({"value": 1}));
    assert_eq!(armor_class(style), "19 = Chain Mail 16 + Shield 2 + armored-armor-class 1");
    let style_unarmored = |s: &mut Value| {
        s["inventory"] = json!([]);
        style(s);
    };
    assert_eq!(armor_class(style_unarmored), "12 = Base 10 + Dexterity 2");
    let situation = json!({"value": 1, "restriction": "while raging"});
    assert_eq!(
        armor_class(|s| modifier(s, "class", "bonus", "armor-class", &situation)),
        "18 = Chain Mail 16 + Shield 2"
    );
    let by_hand = |s: &mut Value| {
        customise(s, 2, Value::Null, 1, Value::Null);
        customise(s, 3, Value::Null, 2, "Shield of Faith".into());
    };
    assert_eq!(armor_class(by_hand), "21 = Chain Mail 16 + Shield 2 + Magic bonus 1 + Shield of Faith 2");
    assert_eq!(armor_class(|s| customise(s, 1, Value::Null, 15, Value::Null)), "15 = Override 15");
}

#[test]
fn initiative() {
    let told = |edit: &dyn Fn(&mut Value)| told(&sheet(edit).initiative);
    assert_eq!(told(&|_| ()), "2 = Dexterity 2");
    let alert = json!({"bonusTypes": [1], "friendlySubtypeName": "Alert"});
    assert_eq!(told(&|s| modifier(s, "feat", "bonus", "initiative", &alert)), "4 = Dexterity 2 + Alert 2");
    let jack = json!({"friendlySubtypeName": "Jack of All Trades"});
    let jack_of_all_trades = |s: &mut Value| {
        modifier(s, "class", "half-proficiency", "initiative", &jack);
        modifier(s, "class", "half-proficiency", "ability-checks", &jack);
    };
    assert_eq!(told(&jack_of_all_trades), "3 = Dexterity 2 + Jack of All Trades 1");
    let both = |s: &mut Value| {
        jack_of_all_trades(s);
        modifier(s, "feat", "bonus", "initiative", &alert);
    };
    assert_eq!(told(&both), "4 = Dexterity 2 + Alert 2");
}

#[test]
fn speeds() {
    let speeds = |edit: &dyn Fn(&mut Value)| {
        let told: Vec<_> =
            sheet(edit).speeds.into_iter().map(|(kind, feet)| format!("{kind} {feet}")).collect();
        told.join(", ")
    };
    assert_eq!(speeds(&|_| ()), "walk 30");
    let fast = json!({"value": 10, "restriction": "while you aren’t wearing heavy armor"});
    let fast = |s: &mut Value| modifier(s, "class", "bonus", "speed", &fast);
    assert_eq!(speeds(&fast), "walk 30");
    let light = |s: &mut Value| {
        fast(s);
        s["inventory"] = json!([]);
        modifier(s, "class", "bonus", "unarmored-movement", &json!({"value": 10}));
    };
    assert_eq!(speeds(&light), "walk 50");
    assert_eq!(
        speeds(&|s| modifier(s, "race", "set", "innate-speed-climbing", &json!({"value": null}))),
        "climb 30, walk 30"
    );
    assert_eq!(speeds(&|s| s["inventory"][0]["definition"]["strengthRequirement"] = 17.into()), "walk 20");
    let own = json!([{"movementId": 1, "distance": 35}, {"movementId": 4, "distance": null}]);
    assert_eq!(speeds(&|s| s["customSpeeds"] = own.clone()), "walk 35");
}

#[test]
fn saves_and_skills() {
    let sheet = sheet(|s| {
        for (kind, target) in [
            ("proficiency", "strength-saving-throws"),
            ("proficiency", "athletics"),
            ("proficiency", "stealth"),
            ("expertise", "stealth"),
            ("half-proficiency", "ability-checks"),
        ] {
            modifier(s, "class", kind, target, &json!({}));
        }
        customise(s, 26, "2".into(), 1, Value::Null);
        customise(s, 41, "5".into(), 3, Value::Null);
        s["customProficiencies"] = json!([{"type": 1, "name": "Sailing", "proficiencyLevel": 3}]);
    });
    assert_eq!(sheet.saving_throws.into_iter().collect::<Vec<_>>(), [Ability::Str, Ability::Wis]);
    assert_eq!(sheet.skills.get("Athletics"), None);
    assert_eq!(sheet.skills["Stealth"], SkillRank::Expertise);
    assert_eq!(sheet.skills["Arcana"], SkillRank::Half);
    assert_eq!(sheet.skills["Sailing"], SkillRank::Proficient);
}

#[test]
fn a_second_class_brings_no_saving_throws() {
    let sheet = sheet(|s| {
        let mut druid = class(12, "Druid", 1, 8);
        druid["classFeatures"] =
            json!([{"definition": {"id": 70, "name": "Proficiencies", "requiredLevel": 1}}]);
        s["classes"].as_array_mut().unwrap().push(druid);
        let from = json!({"componentId": 70, "componentTypeId": FEATURE, "availableToMulticlass": false});
        modifier(s, "class", "proficiency", "wisdom-saving-throws", &from);
    });
    assert!(sheet.saving_throws.is_empty());
    assert_eq!(sheet.classes.iter().map(|c| c.name.as_str()).collect::<Vec<_>>(), ["Fighter", "Druid"]);
}

#[test]
fn training_by_name() {
    let known = sheet(|s| {
        let weapon = |name: &str| json!({"entityTypeId": 1_782_728_300, "friendlySubtypeName": name});
        modifier(
            s,
            "class",
            "proficiency",
            "martial-weapons",
            &json!({"entityTypeId": 660_121_713, "friendlySubtypeName": "Martial Weapons"}),
        );
        modifier(s, "race", "proficiency", "battleaxe", &weapon("Battleaxe"));
        modifier(s, "race", "proficiency", "dagger", &weapon("Dagger"));
        let reach =
            json!({"entityTypeId": 906_033_267, "friendlySubtypeName": "Telepathy", "restriction": "30 ft."});
        modifier(s, "race", "language", "telepathy", &reach);
        customise(s, 35, "3".into(), 3, Value::Null);
        s["customProficiencies"] = json!([{"type": 3, "name": "River cant", "proficiencyLevel": 3}]);
    })
    .proficiencies;
    assert_eq!(known.weapons.into_iter().collect::<Vec<_>>(), ["Dagger", "Martial Weapons"]);
    assert_eq!(
        known.languages.into_iter().collect::<Vec<_>>(),
        ["Elvish", "River cant", "Telepathy (30 ft.)"]
    );
}

#[test]
fn things_carried() {
    let sheet = sheet(|s| {
        customise(s, 8, "102".into(), "Old Wall", Value::Null);
        push(
            s,
            "/inventory",
            json!({"id": 104, "quantity": 1, "definition": {"id": 1, "name": "Backpack", "isContainer": true}}),
        );
        s["inventory"][2]["containerEntityId"] = 104.into();
        push(
            s,
            "/inventory",
            json!({"id": 105, "quantity": 1, "definition": {"id": 55, "name": "Item", "isCustomItem": true}}),
        );
        s["customItems"] =
            json!([{"id": 55, "name": "River stone"}, {"id": 56, "name": "Letter", "quantity": 3}]);
    });
    let told = |item: &backstory_core::sheet::Item| {
        let container = item.container.clone().map(|key| format!(" in {key}")).unwrap_or_default();
        format!("{} {}×{} {:?} {}{container}", item.key, item.name, item.quantity, item.kind, item.custom)
    };
    let things: Vec<_> = sheet.inventory.iter().map(told).collect();
    assert_eq!(
        things,
        [
            "104 Backpack×1 None false",
            "101 Chain Mail×1 None false",
            "custom-56 Letter×3 None true",
            "102 Old Wall×1 Some(\"Shield\") false",
            "custom-55 River stone×1 None true",
            "103 Torch×2 None false in 104",
        ]
    );
    assert_eq!(told_armor(&sheet), "Old Wall");
}

fn told_armor(sheet: &Sheet) -> &str {
    &sheet.armor_class.parts[1].label
}

#[test]
fn coins_of_containers_count_where_they_are_kept_apart() {
    let purse = |apart: bool| {
        sheet(|s| {
            s["preferences"]["enableContainerCurrency"] = apart.into();
            s["inventory"][0]["currency"] = json!({"gp": 10});
        })
        .currency
        .gp
    };
    assert_eq!((purse(true), purse(false)), (12, 2));
}

#[test]
fn spell_slots() {
    let slots = |classes: Value| {
        let slots = sheet(|s| s["classes"] = classes).spell_slots;
        let told: Vec<_> = slots
            .iter()
            .map(|s| format!("{}×{}{}", s.level, s.max, if s.pact { " pact" } else { "" }))
            .collect();
        told.join(", ")
    };
    assert_eq!(slots(json!([class(11, "Fighter", 3, 10)])), "");
    assert_eq!(slots(json!([caster(11, "Wizard", 3, 1)])), "1×4, 2×2");
    assert_eq!(slots(json!([caster(11, "Paladin", 1, 2)])), "");
    assert_eq!(slots(json!([caster(11, "Paladin", 5, 2)])), "1×4, 2×2");
    assert_eq!(slots(json!([caster(11, "Warlock", 5, 1)])), "3×2 pact");
    // Cleric 3 and paladin 3: 3 + 1 = caster level 4.
    assert_eq!(slots(json!([caster(11, "Cleric", 3, 1), caster(12, "Paladin", 3, 2)])), "1×4, 2×3");
    assert_eq!(slots(json!([caster(11, "Bard", 1, 1), caster(12, "Warlock", 2, 1)])), "1×2, 1×2 pact");
    let mut knight = class(11, "Fighter", 4, 10);
    knight["subclassDefinition"] = json!({"id": 1, "name": "Eldritch Knight", "canCastSpells": true});
    assert_eq!(slots(json!([knight])), "1×3");
    let mut own = caster(11, "Ranger", 2, 2);
    own["definition"]["spellRules"]["levelSpellSlots"] = json!([[0, 0], [2, 0], [2, 0]]);
    assert_eq!(slots(json!([own])), "1×2");
}

#[test]
fn spells_and_what_is_prepared() {
    let sheet = sheet(|s| {
        s["classes"] = json!([caster(11, "Cleric", 3, 1)]);
        let spell = |id: i64, name: &str, level: i64, prepared: bool| json!({"id": id, "prepared": prepared, "definition": {"id": id + 1000, "name": name, "level": level}});
        let listed = [spell(1, "Bless", 1, true), spell(2, "Light", 0, true), spell(3, "Aid", 2, false)];
        s["classSpells"] = json!([{"characterClassId": 11, "spells": listed}]);
        let mut granted = spell(4, "Misty Step", 2, false);
        merge(
            &mut granted,
            &json!({"componentId": 50, "componentTypeId": FEAT, "limitedUse": {"numberUsed": 1}}),
        );
        s["feats"] = json!([{"definition": {"id": 50, "entityTypeId": FEAT, "name": "Fey Touched"}}]);
        s["spells"] = json!({"feat": [granted, {"id": null, "definition": null}], "race": null});
        s["spellSlots"] = json!([{"level": 1, "used": 2}, {"level": 2, "used": 0}]);
        let renamed =
            json!({"typeId": 8, "valueId": "3", "valueTypeId": "435869154", "value": "Aid (potion)"});
        push(s, "/characterValues", renamed);
        let note =
            json!({"typeId": 9, "valueId": "1", "valueTypeId": "435869154", "value": "Before every fight."});
        push(s, "/characterValues", note);
    });
    assert_eq!(sheet.notes["Note on Bless"], "Before every fight.");
    let told: Vec<_> = sheet
        .spells
        .iter()
        .map(|s| format!("{} {} {} {} {}", s.key, s.level, s.name, s.source, s.always))
        .collect();
    assert_eq!(
        told,
        [
            "class-11-2 0 Light Cleric false",
            "class-11-1 1 Bless Cleric false",
            "class-11-3 2 Aid (potion) Cleric false",
            "feat-4 2 Misty Step Fey Touched true",
        ]
    );
    assert_eq!(sheet.state.prepared.into_iter().collect::<Vec<_>>(), ["class-11-1"]);
    assert_eq!(sheet.state.slots_used, BTreeMap::from([(1, 2)]));
    assert_eq!(sheet.state.uses_spent["Misty Step"], 1);
}

#[test]
fn features_gained_so_far() {
    let sheet = sheet(|s| {
        let feature = |id: i64, name: &str, level: i64| json!({"definition": {"id": id, "entityTypeId": FEATURE, "name": name, "requiredLevel": level}});
        s["classes"][0]["classFeatures"] = json!([
            feature(1, "Proficiencies", 1),
            feature(2, "Fighting Style", 1),
            feature(3, "Action Surge", 2),
            feature(4, "Ability Score Improvement", 3),
            feature(5, "8: Ability Score Improvement", 3),
            feature(6, "Extra Attack", 5),
        ]);
        let style =
            json!({"componentId": 2, "componentTypeId": FEATURE, "definition": {"id": 9, "name": "Defense"}});
        s["options"] = json!({"class": [style], "race": null});
        let feat = |id: i64, name: &str, tag: &str| json!({"definition": {"id": id, "name": name, "categories": [{"tagName": tag}]}});
        s["feats"] = json!([
            feat(20, "Alert", "Origin"),
            feat(21, "Soldier Ability Score Improvements", "__INITIAL_ASI"),
            feat(22, "Dark Bargain", "__DISGUISE_FEAT"),
        ]);
    });
    let named = |features: &[backstory_core::sheet::Feature]| {
        features.iter().map(|f| format!("{} <{}>", f.name, f.source)).collect::<Vec<_>>()
    };
    assert_eq!(
        named(&sheet.features),
        [
            "Ability Score Improvement <Fighter>",
            "Ability Score Improvement <Fighter>",
            "Action Surge <Fighter>",
            "Fighting Style <Fighter>",
            "Resourceful <Human>",
            "Fighting Style: Defense <Fighter>",
            "Dark Bargain <Other>",
        ]
    );
    assert_ne!(sheet.features[0].key, sheet.features[1].key);
    assert_eq!(named(&sheet.feats), ["Alert <Feat>"]);
}

#[test]
fn what_a_rest_resets() {
    let state = sheet(|s| {
        s["temporaryHitPoints"] = 6.into();
        s["classes"][0]["hitDiceUsed"] = 2.into();
        s["inspiration"] = true.into();
        s["deathSaves"] = json!({"failCount": 1, "successCount": null});
        s["conditions"] = json!([{"id": 12, "level": null}, {"id": 4, "level": 2}]);
        s["inventory"][0]["limitedUse"] = json!({"numberUsed": 3});
    })
    .state;
    assert_eq!((state.hit_points_lost, state.temporary_hit_points, state.inspiration), (4, 6, true));
    assert_eq!(state.hit_dice_used, BTreeMap::from([("Fighter".to_owned(), 2)]));
    assert_eq!(state.death_saves, (0, 1));
    assert_eq!(state.conditions, BTreeMap::from([("Prone".to_owned(), 1), ("Exhaustion".to_owned(), 2)]));
    assert_eq!(state.uses_spent["Chain Mail"], 3);
}

#[test]
fn what_no_player_sees_does_not_enter() {
    let plain = sheet(|_| ());
    let noisy = sheet(|s| {
        merge(
            s,
            &json!({
                "providedFrom": "cache", "dateModified": "2026-01-01T00:00:00Z", "canEdit": false, "status": 0,
                "bonusHitPoints": 0, "overrideHitPoints": null, "temporaryHitPoints": null, "adjustmentXp": 0,
                "conditions": null, "creatures": [], "customSpeeds": null, "deathSaves": {"failCount": 0, "successCount": 0},
                "faith": "", "weight": 0, "campaign": null
            }),
        );
        s["modifiers"] = json!({"race": null, "class": null, "item": null, "feat": null, "condition": null, "background": null});
        s["choices"]["choiceDefinitions"] = json!([{"id": "1"}]);
        s["spells"] = Value::Null;
        s["classSpells"] = Value::Null;
        s["inventory"].as_array_mut().unwrap().reverse();
        s["inventory"][0]["definition"]["description"] = "<p>New words.</p>".into();
        s["race"]["racialTraits"].as_array_mut().unwrap().reverse();
    });
    assert_eq!(plain, noisy);
}

/// Turns every list around, but for those in which the place is a level.
fn turn_around(value: &mut Value) {
    match value {
        Value::Array(rows) => {
            rows.reverse();
            rows.iter_mut().for_each(turn_around);
        }
        Value::Object(members) => {
            members
                .iter_mut()
                .filter(|(key, _)| *key != "levelSpellSlots")
                .for_each(|(_, value)| turn_around(value));
        }
        _ => {}
    }
}

#[test]
fn the_order_of_lists_means_nothing() {
    let mut document = busy();
    let before = read(&document).unwrap().sheet;
    turn_around(&mut document);
    assert_eq!(before, read(&document).unwrap().sheet);
}

#[test]
fn unknown_fields_are_said() {
    let known = sheet(|s| {
        s["weaponMastery2"] = json!(["Graze"]);
        s["anotherThing"] = json!({"level": 1});
        s["addedToEverybody"] = Value::Null;
        s["alsoAdded"] = json!([]);
    });
    assert_eq!(known.unknown_fields, ["anotherThing", "weaponMastery2"]);
    assert!(super::tables::KNOWN_FIELDS.is_sorted());
}

#[test]
fn other_players_are_found_wherever_the_character_stands() {
    let mut character = fighter();
    character["campaign"] = json!({
        "name": "The Tide", "dmUsername": "dm", "dmUserId": 5, "characters": [{"username": "Zoë"}], "publicNotes": ""
    });
    let wrapped = [
        ("", character.clone()),
        ("/data", json!({"id": 0, "success": true, "message": "", "data": character})),
        ("/ddb/character", json!({"success": true, "ddb": {"character": character}})),
        ("/character", json!({"character": character})),
    ];
    for (place, document) in wrapped {
        let text = document.to_string();
        let reading = DdbSource.read(&Tree::parse(&text).unwrap()).unwrap();
        let (cut, cuts) = backstory_core::privacy::cut(&text, &reading.foreign);
        assert_eq!(cuts.len(), 3);
        for cut in &cuts {
            assert!(cut.pointer.starts_with(&format!("{place}/campaign/")), "{}", cut.pointer);
            assert!(document.pointer(&cut.pointer).is_some());
        }
        let cut = String::from_utf8(cut).unwrap();
        assert!(!cut.contains("Zoë"));
        // Cutting changes nothing a player sees, and there is nothing left to cut.
        let again = DdbSource.read(&Tree::parse(&cut).unwrap()).unwrap();
        assert_eq!(again.sheet, reading.sheet);
        assert!(again.foreign.is_empty());
    }
}

#[test]
fn answers_that_say_no() {
    let code = |document: Value| read(&document).unwrap_err().code;
    // An error may look like a character: it says no all the same.
    assert_eq!(code(json!({"success": false, "message": "gone", "data": fighter()})), Code::SourceRefused);
    let unauthorized = json!({"serverMessage": "Unauthorized Access Attempt.", "errorCode": "c1"});
    assert_eq!(code(json!({"success": false, "data": unauthorized})), Code::CharacterPrivate);
    assert_eq!(code(json!({"success": false, "message": null, "data": null})), Code::SourceRefused);
    let mut nobody = fighter();
    nobody["id"] = Value::Null;
    assert_eq!(code(nobody), Code::FormatUnknown);
    let recognised = |text: &str| DdbSource.recognises(&Tree::parse(text).unwrap());
    assert!(recognised(r#"{"success":false}"#));
    assert!(!recognised(r#"{"success":true,"data":{}}"#));
    assert!(!recognised(r#"[1]"#));
}

/// Every place in a document, as pointers.
fn places(value: &Value, at: String, into: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            for (key, value) in members {
                places(value, format!("{at}/{key}"), into);
            }
        }
        Value::Array(rows) => {
            for (index, value) in rows.iter().enumerate() {
                places(value, format!("{at}/{index}"), into);
            }
        }
        _ => {}
    }
    into.push(at);
}

/// A character with something in every list, to be damaged.
fn busy() -> Value {
    let mut s = fighter();
    magic(&mut s, "Ring of Protection", "armor-class", 1, &json!({}));
    modifier(&mut s, "class", "bonus", "hit-points-per-level", &json!({"value": 1}));
    modifier(&mut s, "race", "set", "unarmored-armor-class", &json!({"value": 7, "statId": 2}));
    modifier(
        &mut s,
        "class",
        "bonus",
        "speed",
        &json!({"value": 10, "restriction": "while you aren’t wearing heavy armor"}),
    );
    s["classes"].as_array_mut().unwrap().push(caster(12, "Cleric", 3, 1));
    s["classSpells"] = json!([{"characterClassId": 12, "spells": [{"id": 1, "definition": {"id": 2, "name": "Bless", "level": 1}}]}]);
    s["feats"] = json!([{"componentId": 1, "definition": {"id": 3, "name": "Alert"}}]);
    s["options"] = json!({"feat": [{"componentId": 3, "componentTypeId": FEAT, "definition": {"id": 4, "name": "Pick"}}]});
    s["campaign"] = json!({"name": "The Tide", "characters": [{"username": "x"}]});
    customise(&mut s, 8, "101".into(), "Old Mail", Value::Null);
    s["conditions"] = json!([{"id": 4, "level": 1}]);
    s["customSpeeds"] = json!([{"movementId": 1, "distance": 35}]);
    s
}

proptest! {
    /// Whatever is missing, null, huge or of another kind: a sheet or an error in words, never a panic.
    #[test]
    fn a_damaged_document_is_read_or_refused(
        damage in prop::collection::vec((any::<prop::sample::Index>(), 0usize..8), 1..12)
    ) {
        let mut document = busy();
        for (index, how) in damage {
            let mut all = Vec::new();
            places(&document, String::new(), &mut all);
            let pointer = &all[index.index(all.len())];
            let Some(place) = document.pointer_mut(pointer).filter(|_| !pointer.is_empty()) else { continue };
            *place = match how {
                0 | 1 => Value::Null,
                2 => json!([]),
                3 => json!({}),
                4 => json!(i64::MAX),
                5 => json!(i64::MIN),
                6 => json!("x\u{0}é"),
                _ => json!([[{"id": -1, "definition": {"id": 0}}]]),
            };
        }
        if let Ok(reading) = read(&document) {
            for derived in [&reading.sheet.hit_points_max, &reading.sheet.armor_class, &reading.sheet.initiative] {
                let sum = derived.parts.iter().fold(0_i32, |sum, part| sum.saturating_add(part.value));
                prop_assert_eq!(sum, derived.value);
            }
        }
    }
}
