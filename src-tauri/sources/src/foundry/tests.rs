//! One rule at a time, on small actors written for this from the SRD.

use std::collections::BTreeMap;

use backstory_core::{
    error::Code,
    json::Tree,
    privacy,
    sheet::{Ability, Derived, Rules, Sheet, SkillRank},
    source::{Reading, Source},
};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::FoundrySource;

/// A paladin of level 5 in chain mail, as version 5.3 writes her.
fn paladin() -> Value {
    json!({
        "_id": "PaladinAAAAAAAA1", "name": " Tamsin Reed ", "type": "character",
        "_stats": {"systemId": "dnd5e", "systemVersion": "5.3.3", "modifiedTime": 1_740_853_800_000_i64, "lastModifiedBy": "userB"},
        "ownership": {"default": 0, "userA": 3}, "flags": {}, "effects": [],
        "system": {
            "abilities": abilities([16, 10, 14, 8, 12, 15]),
            "attributes": {
                "ac": {"calc": "default", "flat": null, "formula": ""}, "init": {"ability": "", "bonus": ""},
                "hp": {"value": 30, "max": null, "temp": 4, "tempmax": 0, "bonuses": {"level": "", "overall": "2"}},
                "movement": {"walk": null, "fly": null, "units": null}, "senses": {"ranges": {"darkvision": 60}},
                "death": {"success": 1, "failure": 0}, "inspiration": true, "exhaustion": 2, "spellcasting": "cha"
            },
            "bonuses": {"abilities": {"check": "", "save": "1", "skill": ""}, "spell": {"dc": ""}},
            "details": {
                "biography": {"value": "<p>Raised by <b>ferrymen</b>.</p><p>Left.</p>"}, "race": "SpeciesAAAAAAAA1",
                "background": "BackgroundAAAAA1", "originalClass": "ClassAAAAAAAAAA1", "xp": {"value": 6500}, "ideal": "Duty"
            },
            "skills": {"ath": {"value": 1, "ability": "str"}, "per": {"value": 2}, "ste": {"value": 0.5}},
            "tools": {"smith": {"value": 1}}, "currency": {"pp": 0, "gp": 12, "ep": 0, "sp": 3, "cp": 0},
            "traits": {
                "size": "med", "dr": {"value": ["fire"], "custom": ""}, "ci": {"value": ["poisoned"], "custom": "Sleep; Ghosts"},
                "languages": {"value": ["common", "cant"], "custom": ""}, "armorProf": {"value": ["lgt", "shl"]},
                "weaponProf": {"value": ["sim", "dagger", "longsword"], "custom": "Hand Crossbows"}
            },
            "spells": {"spell1": {"value": 1, "override": null}, "spell2": {"value": 2, "override": 3}}
        },
        "items": [
            item("SpeciesAAAAAAAA1", "race", "Human", json!({"identifier": "human", "movement": {"walk": "30", "units": "ft"}})),
            item("BackgroundAAAAA1", "background", "Soldier", json!({})),
            item("ClassAAAAAAAAAA1", "class", "Paladin", json!({
                "identifier": "paladin", "levels": 5, "hd": {"denomination": "d10", "spent": 2}, "source": {"rules": "2024"},
                "spellcasting": {"progression": "half", "ability": "cha"},
                "advancement": {
                    "a": {"type": "HitPoints", "value": {"1": "max", "2": "avg", "3": 7, "4": "avg", "5": 1, "6": 10}},
                    "b": {"type": "ScaleValue", "title": "Channel Divinity", "configuration": {"scale": {"3": {"value": 2}, "11": {"value": 3}}}}
                }
            })),
            item("SubclassAAAAAAA1", "subclass", "Oath of Devotion", json!({"classIdentifier": "paladin", "identifier": "devotion"})),
            item("ThingAAAAAAAAAA1", "equipment", "Chain Mail", json!({"quantity": 1, "equipped": true, "type": {"value": "heavy"}, "armor": {"value": 16, "dex": 0}})),
            item("ThingAAAAAAAAAA2", "equipment", "Shield", json!({"quantity": 1, "equipped": true, "type": {"value": "shield"}, "armor": {"value": 2, "magicalBonus": 1}})),
            item("ThingAAAAAAAAAA3", "container", "Backpack", json!({"quantity": 1, "currency": {"gp": 8}})),
            item("ThingAAAAAAAAAA4", "consumable", "Torch", json!({"quantity": 5, "container": "ThingAAAAAAAAAA3"})),
            item("FeatAAAAAAAAAAA1", "feat", "Lay on Hands", json!({
                "type": {"value": "class"}, "uses": {"max": "5 * @classes.paladin.levels", "spent": 7, "recovery": [{"period": "lr", "type": "recoverAll"}]},
                "activities": {"x": {"activation": {"type": "bonus"}}}
            })),
            item("FeatAAAAAAAAAAA2", "feat", "Channel Divinity", json!({"type": {"value": "class"}, "uses": {"max": "@scale.paladin.channel-divinity", "spent": 0, "recovery": [{"period": "sr", "type": "formula"}, {"period": "lr", "type": "recoverAll"}]}})),
            item("FeatAAAAAAAAAAA3", "feat", "Alert", json!({"type": {"value": "feat", "subtype": "origin"}})),
            item("FeatAAAAAAAAAAA4", "feat", "Dash", json!({"type": {"value": ""}, "activities": {"x": {"activation": {"type": "action"}}}})),
            item("SpellAAAAAAAAAA1", "spell", "Bless", json!({"level": 1, "method": "spell", "prepared": 1, "sourceItem": "class:paladin"})),
            item("SpellAAAAAAAAAA2", "spell", "Sanctuary", json!({"level": 1, "method": "spell", "prepared": 2, "sourceItem": "subclass:devotion"})),
        ]
    })
}

fn abilities(scores: [i64; 6]) -> Value {
    let one = |(ability, score): (Ability, i64)| {
        let proficient = u8::from(matches!(ability, Ability::Wis | Ability::Cha));
        (ability.key().to_owned(), json!({"value": score, "proficient": proficient, "bonuses": {"save": ""}}))
    };
    Value::Object(Ability::ALL.into_iter().zip(scores).map(one).collect())
}

fn item(id: &str, kind: &str, name: &str, system: Value) -> Value {
    json!({"_id": id, "type": kind, "name": name, "system": system, "effects": []})
}

/// The same character as version 1.5 wrote her.
fn old_paladin() -> Value {
    let mut actor = paladin();
    let mut system = actor["system"].take();
    system["details"]["race"] = "Human".into();
    system["details"]["background"] = "Soldier".into();
    system["tools"] = Value::Null;
    system["traits"]["toolProf"] = json!({"value": ["smith"], "custom": ""});
    system["attributes"]["movement"] = json!({"walk": 30, "fly": 0, "units": "ft"});
    system["attributes"]["senses"] = json!({"darkvision": 60});
    actor.as_object_mut().unwrap().retain(|key, _| key != "system" && key != "_stats");
    actor["data"] = system;
    let items = actor["items"].as_array_mut().unwrap();
    items.retain(|item| !["race", "background"].contains(&item["type"].as_str().unwrap()));
    for item in items.iter_mut() {
        let mut system = item["system"].take();
        item.as_object_mut().unwrap().remove("system");
        match item["name"].as_str().unwrap() {
            "Paladin" => {
                let steps: Vec<Value> =
                    system["advancement"].as_object().unwrap().values().cloned().collect();
                system["advancement"] = steps.into();
                system["hitDice"] = "d10".into();
                system["hitDiceUsed"] = 2.into();
                system.as_object_mut().unwrap().remove("hd");
            }
            "Lay on Hands" => {
                system["uses"] = json!({"max": "5 * @classes.paladin.levels", "value": 18, "per": "lr"});
                system["activities"] = Value::Null;
                system["activation"] = json!({"type": "bonus"});
            }
            "Bless" => system = json!({"level": 1, "preparation": {"mode": "prepared", "prepared": true}}),
            "Sanctuary" => system = json!({"level": 1, "preparation": {"mode": "always", "prepared": true}}),
            "Channel Divinity" => {
                system["uses"] = json!({"max": "@scale.paladin.channel-divinity", "value": 2, "per": "lr"});
            }
            "Chain Mail" => system["armor"]["type"] = "heavy".into(),
            "Backpack" => item["type"] = "backpack".into(),
            _ => {}
        }
        item["data"] = system;
    }
    actor
}

fn read(actor: &Value) -> Reading {
    let text = actor.to_string();
    FoundrySource.read(&Tree::parse(&text).unwrap()).unwrap()
}

fn sheet(actor: &Value) -> Sheet {
    read(actor).sheet
}

fn parts(derived: &Derived) -> Vec<(&str, i32)> {
    derived.parts.iter().map(|part| (part.label.as_str(), part.value)).collect()
}

fn effect(key: &str, mode: u8, value: &str) -> Value {
    json!({"name": "Effect", "transfer": true, "disabled": false, "changes": [{"key": key, "mode": mode, "value": value}]})
}

#[test]
fn a_whole_character() {
    let sheet = sheet(&paladin());
    assert_eq!((sheet.name.as_str(), sheet.level, sheet.proficiency_bonus), ("Tamsin Reed", 5, 3));
    assert_eq!((sheet.species.as_deref(), sheet.background.as_deref()), (Some("Human"), Some("Soldier")));
    assert_eq!((sheet.rules, sheet.xp), (Rules::Revised, Some(6500)));
    let class = &sheet.classes[0];
    assert_eq!(
        (class.key.as_str(), class.subclass.as_deref(), class.hit_die),
        ("paladin", Some("Oath of Devotion"), 10)
    );
    // 10 + 6 + 7 + 6 + 1, and not yet the sixth level.
    assert_eq!(parts(&sheet.hit_points_max), [("Paladin", 30), ("Constitution", 10), ("Bonus", 2)]);
    assert_eq!(parts(&sheet.armor_class), [("Chain Mail", 16), ("Shield", 3)]);
    assert_eq!(
        (sheet.initiative.value, sheet.speeds.get("walk"), sheet.size.as_deref()),
        (0, Some(&30), Some("Medium"))
    );
    assert_eq!(sheet.senses.get("darkvision"), Some(&60));
    assert_eq!(sheet.defenses.resistances, ["Fire".to_owned()].into());
    assert_eq!(sheet.defenses.immunities, ["Ghosts", "Poisoned", "Sleep"].map(str::to_owned).into());
    assert_eq!(sheet.saving_throws, [Ability::Wis, Ability::Cha].into());
    assert_eq!(
        parts(&sheet.saves[&Ability::Cha]),
        [("Charisma", 2), ("Proficiency", 3), ("Bonus to all saves", 1)]
    );
    let skills: Vec<_> = sheet.skills.iter().map(|(name, rank)| (name.as_str(), *rank)).collect();
    let expected = [
        ("Athletics", SkillRank::Proficient),
        ("Persuasion", SkillRank::Expertise),
        ("Stealth", SkillRank::Half),
    ];
    assert_eq!(skills, expected);
    assert_eq!((sheet.skill_bonuses["Persuasion"].value, sheet.passive["Perception"].value), (8, 11));
    let known = &sheet.proficiencies;
    // The dagger is a simple weapon, the longsword is not.
    assert_eq!(known.weapons, ["Crossbow, Hand", "Longsword", "Simple Weapons"].map(str::to_owned).into());
    assert_eq!(known.languages, ["Common", "Thieves’ Cant"].map(str::to_owned).into());
    assert_eq!((known.armor.len(), known.tools.first().map(String::as_str)), (2, Some("Smith's Tools")));
    assert_eq!((sheet.currency.gp, sheet.currency.sp), (20, 3));
    assert_eq!(sheet.notes["backstory"], "Raised by ferrymen.\nLeft.");
    assert_eq!(sheet.notes["ideals"], "Duty");
    assert_eq!(sheet.unknown_fields, Vec::<String>::new());
}

#[test]
fn spells_things_and_features() {
    let sheet = sheet(&paladin());
    let spells: Vec<_> =
        sheet.spells.iter().map(|s| (s.name.as_str(), s.source.as_str(), s.always)).collect();
    assert_eq!(spells, [("Bless", "Paladin", false), ("Sanctuary", "Paladin", true)]);
    // A half caster of level 5 has 4 and 2 slots; the player set the second to 3.
    let slots: Vec<_> = sheet.spell_slots.iter().map(|s| (s.level, s.max)).collect();
    assert_eq!(slots, [(1, 4), (2, 3)]);
    assert_eq!((sheet.spellcasting[0].attack.value, sheet.spellcasting[0].save_dc.value), (5, 13));
    let things: Vec<_> =
        sheet.inventory.iter().map(|i| (i.name.as_str(), i.quantity, i.container.as_deref())).collect();
    assert_eq!(
        things,
        [
            ("Backpack", 1, None),
            ("Chain Mail", 1, None),
            ("Shield", 1, None),
            ("Torch", 5, Some("ThingAAAAAAAAAA3"))
        ]
    );
    let features: Vec<_> = sheet.features.iter().map(|f| (f.name.as_str(), f.source.as_str())).collect();
    assert_eq!(features, [("Channel Divinity", "Paladin"), ("Lay on Hands", "Paladin")]);
    assert_eq!(sheet.feats[0].name, "Alert");
    let actions: Vec<_> = sheet.actions.iter().map(|a| (a.name.as_str(), a.takes.as_deref())).collect();
    assert_eq!(actions, [("Lay on Hands", Some("bonus action"))]);
    assert_eq!((sheet.limits["Lay on Hands"].max, sheet.limits["Channel Divinity"].max), (25, 2));
    assert_eq!(sheet.limits["Lay on Hands"].resets.as_deref(), Some("long rest"));
}

#[test]
fn what_a_rest_resets() {
    let mut actor = paladin();
    actor["effects"] = json!([
        {"name": "Prone", "statuses": ["prone", "bloodied"], "changes": [{"key": "system.attributes.movement.walk", "mode": 5, "value": "0"}]},
        {"name": "Stunned", "statuses": ["stunned"], "disabled": true}
    ]);
    let sheet = sheet(&actor);
    let state = &sheet.state;
    assert_eq!((state.hit_points_lost, state.temporary_hit_points), (12, 4));
    assert_eq!(state.hit_dice_used, BTreeMap::from([("Paladin".to_owned(), 2)]));
    assert_eq!(state.slots_used, BTreeMap::from([(1, 3), (2, 1)]));
    assert_eq!(state.uses_spent, BTreeMap::from([("Lay on Hands".to_owned(), 7)]));
    assert_eq!((state.death_saves, state.inspiration), ((1, 0), true));
    assert_eq!(state.conditions, BTreeMap::from([("Exhaustion".to_owned(), 2), ("Prone".to_owned(), 1)]));
    assert_eq!(state.prepared, ["SpellAAAAAAAAAA1".to_owned()].into());
    // What a condition does to the speed passes with it.
    assert_eq!(sheet.speeds["walk"], 30);
}

#[test]
fn all_versions_say_the_same() {
    let (mut old, new) = (sheet(&old_paladin()), sheet(&paladin()));
    // Version 1.5 knew no edition, and had its half casters round down.
    old.rules = Rules::Revised;
    assert_eq!(serde_json::to_value(&old).unwrap(), serde_json::to_value(&new).unwrap());
}

#[test]
fn effects_count_while_they_hold() {
    let mut actor = paladin();
    let items = actor["items"].as_array_mut().unwrap();
    let mut belt = item(
        "MagicAAAAAAAAAA1",
        "equipment",
        "Gauntlets of Ogre Power",
        json!({"equipped": true, "attunement": "required", "attuned": true}),
    );
    belt["effects"] =
        json!([effect("system.abilities.str.value", 4, "19"), effect("system.attributes.ac.bonus", 2, "1")]);
    items.push(belt);
    let worn = sheet(&actor);
    assert_eq!((worn.abilities.str, worn.armor_class.value), (19, 20));
    assert_eq!(
        worn.armor_class.parts.last().map(|part| part.label.as_str()),
        Some("Gauntlets of Ogre Power")
    );
    for (key, value) in [("equipped", false), ("attuned", false)] {
        let mut off = actor.clone();
        off["items"].as_array_mut().unwrap().last_mut().unwrap()["system"][key] = value.into();
        assert_eq!((sheet(&off).abilities.str, sheet(&off).armor_class.value), (16, 19), "{key}");
    }
    let mut lasting = paladin();
    lasting["effects"] = json!([
        effect("system.skills.prc.bonuses.check", 2, "@prof"),
        {"name": "Bless", "duration": {"seconds": 60}, "changes": [{"key": "system.bonuses.abilities.save", "mode": 2, "value": "5"}]}
    ]);
    let lasting = sheet(&lasting);
    assert_eq!((lasting.passive["Perception"].value, lasting.saves[&Ability::Str].value), (14, 4));
}

#[test]
fn armor_class_by_every_way() {
    let of = |calc: &str, flat: Value, formula: &str| {
        let mut actor = paladin();
        actor["system"]["attributes"]["ac"] = json!({"calc": calc, "flat": flat, "formula": formula});
        actor["items"].as_array_mut().unwrap().retain(|item| item["name"] != "Chain Mail");
        sheet(&actor).armor_class.value
    };
    assert_eq!(of("default", Value::Null, ""), 13);
    assert_eq!(of("flat", 17.into(), ""), 17);
    assert_eq!(of("natural", 14.into(), ""), 17);
    assert_eq!(of("mage", Value::Null, ""), 16);
    assert_eq!(of("unarmoredMonk", Value::Null, ""), 14);
    assert_eq!(of("unarmoredBarb", Value::Null, ""), 15);
    assert_eq!(of("draconic", Value::Null, ""), 15);
    assert_eq!(of("custom", Value::Null, "@attributes.ac.armor + @abilities.cha.mod"), 15);
    assert_eq!(of("custom", Value::Null, "nonsense("), 13);
}

#[test]
fn one_character_has_one_history() {
    let of = |actor: &Value| read(actor).character.as_str().to_owned();
    let mut actor = paladin();
    let plain = of(&actor);
    assert!(plain.starts_with("foundry-paladinaaaaaaaa1-"), "{plain}");
    // Ids that differ in case only are two actors.
    actor["_id"] = "paladinaaaaaaaa1".into();
    assert_eq!(of(&actor), "foundry-paladinaaaaaaaa1");
    actor["_id"] = "PALADINaaaaaaaa1".into();
    assert!(of(&actor) != plain && of(&actor).starts_with("foundry-paladinaaaaaaaa1-"));
    // A native export without `_id`, from whatever world, and an export of a macro.
    let mut native = paladin();
    native.as_object_mut().unwrap().remove("_id");
    native["_stats"]["exportSource"] = json!({"worldId": "tide", "uuid": "Actor.PaladinAAAAAAAA1"});
    assert_eq!(of(&native), plain);
    let wrapped = json!({"exportedAt": "2026-01-01T00:00:00Z", "systemId": "dnd5e", "foundryVersion": "13", "actor": paladin()});
    assert_eq!(of(&wrapped), plain);
    // What came from D&D Beyond says so, by which the library knows it when it is made anew.
    let linked = |id: &str| {
        let mut actor = paladin();
        actor["_id"] = id.into();
        actor["flags"] = json!({"ddbimporter": {"dndbeyond": {"characterId": "7001"}}});
        read(&actor)
    };
    for id in ["one", "two"] {
        let reading = linked(id);
        assert_eq!(reading.character.as_str(), format!("foundry-{id}"));
        assert_eq!(reading.linked.unwrap().as_str(), "ddb-7001");
    }
    assert!(read(&paladin()).linked.is_none());
}

#[test]
fn an_actor_without_an_id_goes_by_its_name() {
    let of = |name: &str, world: &str| {
        let mut actor = paladin();
        actor.as_object_mut().unwrap().retain(|key, _| key != "_id" && key != "_stats");
        actor["name"] = name.into();
        actor["flags"] = json!({"exportSource": {"world": world, "system": "dnd5e"}});
        let text = actor.to_string();
        FoundrySource.read(&Tree::parse(&text).unwrap())
    };
    let id = |name: &str, world: &str| of(name, world).unwrap().character.as_str().to_owned();
    assert!(id("Zoë Tam", "tide").starts_with("foundry-named-zotam-"));
    assert_eq!(id("Tamsin", "tide"), id(" tamsin", "tide"));
    assert_ne!(id("Tamsin", "tide"), id("Tamsin", "ebb"));
    assert_ne!(id("Zoë", "tide"), id("Zoé", "tide"));
    assert_eq!(of(" ", "tide").unwrap_err().code, Code::FormatUnknown);
}

#[test]
fn what_is_no_character_of_dnd5e_is_named() {
    let said = |change: &dyn Fn(&mut Value)| {
        let mut actor = paladin();
        change(&mut actor);
        let text = actor.to_string();
        let tree = Tree::parse(&text).unwrap();
        assert!(FoundrySource.recognises(&tree));
        let error = FoundrySource.read(&tree).unwrap_err();
        assert!(error.code == Code::FormatUnsupported && error.hint.is_some() && error.kept.is_some());
        error.message
    };
    let lines = [
        said(&|actor| actor["_stats"]["systemId"] = "pf2e".into()),
        said(&|actor| actor["_stats"]["systemId"] = "my-homebrew".into()),
        said(&|actor| {
            actor["_stats"] = Value::Null;
            actor["items"].as_array_mut().unwrap().push(item("x", "power", "Force Push", json!({})));
        }),
        said(&|actor| {
            actor["_stats"] = Value::Null;
            actor["system"]["abilities"] = Value::Null;
        }),
        said(&|actor| actor["type"] = "npc".into()),
        said(&|actor| actor["type"] = "vehicle".into()),
        said(&|actor| actor["type"] = "group".into()),
    ];
    insta::assert_snapshot!(lines.join("\n"), @r"
    This Foundry actor is from Pathfinder Second Edition. Backstory reads D&D 5e only.
    This Foundry actor is of the game system “my-homebrew”. Backstory reads D&D 5e only.
    This Foundry actor is from Star Wars 5e. Backstory reads D&D 5e only.
    This Foundry actor is not of D&D 5e, the only system Backstory reads.
    This Foundry actor is an NPC. Backstory keeps player characters.
    This Foundry actor is a vehicle. Backstory keeps player characters.
    This Foundry actor is a group. Backstory keeps player characters.
    ");
}

#[test]
fn other_people_are_cut_out() {
    let mut actor = paladin();
    actor["items"][0]["ownership"] = json!({"default": 0, "userC": 3});
    actor["items"][1]["ownership"] = json!({"default": 0});
    actor["flags"] = json!({"ddbimporter": {"dndbeyond": {
        "characterId": 7001, "campaign": {"name": "The Tide", "dmUserId": 5, "dmUsername": "userD", "characters": [{"username": "userE"}]}
    }}});
    for document in [actor.clone(), json!({"exportedAt": "", "actor": actor})] {
        let text = document.to_string();
        let (cut, cuts) = privacy::cut(&text, &read(&document).foreign);
        assert_eq!(cuts.len(), 6, "{cuts:?}");
        let cut = String::from_utf8(cut).unwrap();
        let again: Value = serde_json::from_str(&cut).unwrap();
        assert!(
            !["userA", "userB", "userC", "userD", "userE"].iter().any(|user| cut.contains(user)),
            "{cut}"
        );
        assert_eq!(sheet(&again), sheet(&document));
        assert!(cuts.iter().any(|cut| cut.pointer.ends_with("/items/0/ownership")));
    }
}

#[test]
fn a_hidden_thing_keeps_its_secret() {
    let mut actor = paladin();
    actor["items"].as_array_mut().unwrap().push(item(
        "x",
        "consumable",
        "Potion of Flying",
        json!({"quantity": 1, "identified": false, "unidentified": {"name": "Cloudy potion"}}),
    ));
    assert!(sheet(&actor).inventory.iter().any(|item| item.name == "Cloudy potion"));
}

#[test]
fn a_new_member_of_system_is_said_if_it_says_something() {
    let mut actor = paladin();
    actor["system"]["fatePoints"] = json!({"value": 3});
    actor["system"]["emptyOne"] = json!({"value": 0, "max": null});
    assert_eq!(sheet(&actor).unknown_fields, ["fatePoints"]);
}

/// Any small piece of JSON.
fn odd() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<f64>().prop_map(|n| serde_json::Number::from_f64(n).map_or(Value::Null, Value::Number)),
        "[@a-z0-9.+*()<>&;é -]{0,12}".prop_map(Into::into),
    ];
    leaf.prop_recursive(2, 8, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Into::into),
            prop::collection::btree_map("value|max|name|type|[a-z]{1,4}", inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

/// Replaces the `at`-th value of a document, counted through all of it.
fn replace(value: &mut Value, at: &mut usize, by: &Value) {
    if *at == 0 {
        *value = by.clone();
        *at = usize::MAX;
        return;
    }
    *at -= 1;
    match value {
        Value::Array(rows) => rows.iter_mut().for_each(|row| replace(row, at, by)),
        Value::Object(members) => members.values_mut().for_each(|member| replace(member, at, by)),
        _ => {}
    }
}

proptest! {
    /// No damage makes the reader fail otherwise than by a refusal, and parts always add up.
    #[test]
    fn nothing_is_too_odd(changes in prop::collection::vec((0_usize..400, odd()), 1..6), old in any::<bool>()) {
        let mut actor = if old { old_paladin() } else { paladin() };
        for (at, by) in changes {
            replace(&mut actor, &mut at.clone(), &by);
        }
        let text = actor.to_string();
        let tree = Tree::parse(&text).unwrap();
        if FoundrySource.recognises(&tree) {
            match FoundrySource.read(&tree) {
                Ok(reading) => {
                    let (cut, _) = privacy::cut(&text, &reading.foreign);
                    prop_assert!(serde_json::from_slice::<Value>(&cut).is_ok());
                    let sheet = reading.sheet;
                    for derived in [&sheet.hit_points_max, &sheet.armor_class, &sheet.initiative] {
                        let sum = derived.parts.iter().fold(0_i32, |sum, part| sum.saturating_add(part.value));
                        prop_assert_eq!(sum, derived.value);
                    }
                }
                Err(error) => prop_assert!(error.hint.is_some() && error.kept.is_some()),
            }
        }
    }

    /// The order of items and effects means nothing.
    #[test]
    fn order_means_nothing(seed in any::<u64>()) {
        let mut actor = paladin();
        actor["effects"] = json!([
            effect("system.abilities.str.value", 4, "18"), effect("system.abilities.str.value", 2, "1"),
            effect("system.bonuses.abilities.check", 2, "2")
        ]);
        let before = sheet(&actor);
        for list in ["items", "effects"] {
            let rows = actor[list].as_array_mut().unwrap();
            let mut state = seed | 1;
            for at in (1..rows.len()).rev() {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                rows.swap(at, usize::try_from(state >> 33).unwrap() % (at + 1));
            }
        }
        prop_assert_eq!(sheet(&actor), before);
    }
}
