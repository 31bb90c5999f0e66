//! Spells: those of the classes, and those that species and things bring.

use backstory_core::sheet::Rules;

use super::{
    super::{
        catalogue,
        hero::Hero,
        json::{
            Json::{self, Null},
            list, object,
        },
        prose,
        srd::{self, Spell},
    },
    Size, at_higher_levels, dice, sources,
};

/// How a spell comes to the character.
struct Way {
    id: i64,
    prepared: bool,
    /// One of a class: chosen, cast with slots.
    chosen: bool,
    component: (i64, i64),
}

pub(super) fn class_spells(hero: &Hero, size: Size) -> Json {
    list(hero.classes.iter().map(|levels| {
        let own = hero.spells.iter().filter(|known| known.class.name == levels.class.name);
        object! {
            entityTypeId: catalogue::CHARACTER_CLASS_TYPE,
            characterClassId: levels.id,
            spells: list(own.map(|known| {
                let way = Way { id: known.id, prepared: known.prepared, chosen: true, component: (0, 0) };
                entry(&way, known.spell, hero.rules, size)
            })),
        }
    }))
}

/// Spells that are not a class's: a high elf's cantrip, a wand's one trick.
pub(super) fn granted(hero: &Hero, size: Size) -> Json {
    let mut race = Vec::new();
    if let (true, Some(spell)) = (hero.species.traits.contains(&"Cantrip"), srd::spell("Mage Hand")) {
        let component = (catalogue::trait_id(hero.species, 5), catalogue::TRAIT_TYPE);
        let way = Way { id: hero.id % 10_000_000 + 17, prepared: false, chosen: false, component };
        race.push(entry(&way, spell, hero.rules, size));
    }
    let mut item = Vec::new();
    for held in &hero.items {
        if let (true, Some(kind), Some(spell)) =
            (held.name() == "Wand of Magic Missiles", held.kind(), srd::spell("Magic Missile"))
        {
            let component = (catalogue::item_id(kind), catalogue::ITEM_TYPE);
            let way = Way { id: held.id % 10_000_000 + 3, prepared: false, chosen: false, component };
            item.push(entry(&way, spell, hero.rules, size));
        }
    }
    object! { race: race, class: Vec::new(), background: Null, item: item, feat: Vec::new() }
}

fn entry(way: &Way, spell: &'static Spell, rules: Rules, size: Size) -> Json {
    object! {
        overrideSaveDc: Null,
        limitedUse: Null,
        id: way.id,
        entityTypeId: catalogue::SPELL_TYPE,
        definition: definition(spell, rules, size),
        definitionId: 0,
        prepared: way.prepared,
        countsAsKnownSpell: way.chosen,
        usesSpellSlot: way.chosen && spell.level > 0,
        castAtLevel: Null,
        alwaysPrepared: false,
        restriction: Null,
        spellCastingAbilityId: Null,
        displayAsAttack: Null,
        additionalDescription: Null,
        castOnlyAsRitual: false,
        ritualCastingType: Null,
        range: range(spell),
        activation: object! { activationTime: 1, activationType: 1 },
        baseLevelAtWill: false,
        atWillLimitedUseLevel: Null,
        isSignatureSpell: Null,
        componentId: way.component.0,
        componentTypeId: way.component.1,
        spellListId: Null,
    }
}

fn range(spell: &Spell) -> Json {
    object! {
        origin: if spell.range == 0 { "Self" } else { "Ranged" },
        rangeValue: spell.range,
        aoeType: Null,
        aoeValue: Null,
    }
}

fn definition(spell: &'static Spell, rules: Rules, size: Size) -> Json {
    let id = catalogue::spell_id(spell, rules);
    let heals = spell.dice.is_some_and(|(.., what)| what == "healing");
    object! {
        id: id,
        definitionKey: catalogue::key(catalogue::SPELL_TYPE, id),
        name: spell.name,
        level: spell.level,
        school: spell.school,
        duration: object! {
            durationInterval: if spell.concentration() { 10 } else { 0 },
            durationUnit: spell.concentration().then_some("Minute"),
            durationType: if spell.concentration() { "Concentration" } else { "Instantaneous" },
        },
        activation: object! { activationTime: 1, activationType: 1 },
        range: range(spell),
        asPartOfWeaponAttack: false,
        description: prose::rules(spell.name, size.paragraphs(3)),
        snippet: "",
        concentration: spell.concentration(),
        ritual: spell.ritual(),
        rangeArea: Null,
        damageEffect: Null,
        components: list([1, 2]),
        componentsDescription: "",
        saveDcAbilityId: Null,
        healing: Null,
        healingDice: Vec::new(),
        tempHpDice: Vec::new(),
        attackType: Null,
        canCastAtHigherLevel: spell.dice.is_some(),
        isHomebrew: false,
        version: Null,
        sourceId: Null,
        sourcePageNumber: Null,
        requiresSavingThrow: false,
        requiresAttackRoll: false,
        atHigherLevels: at_higher_levels(Vec::new()),
        modifiers: list(spell.dice.map(|dice| effect(id, spell.level, dice))),
        conditions: Vec::new(),
        tags: list([if heals { "Healing" } else if spell.dice.is_some() { "Damage" } else { "Utility" }]),
        castingTimeDescription: "",
        scaleType: if spell.level == 0 { "characterlevel" } else { "spellscale" },
        sources: sources(rules),
        spellGroups: Vec::new(),
        isLegacy: rules != Rules::Revised,
    }
}

/// What a spell does, and does more of at higher levels.
fn effect(spell: i64, level: u32, (count, sides, what): (u32, u32, &'static str)) -> Json {
    let steps = (1..=3u32).map(|step| {
        object! {
            level: level + step,
            typeId: 15,
            dice: dice(count + step, sides, Some(0)),
            value: Null,
            details: "",
        }
    });
    object! {
        fixedValue: Null,
        id: format!("spell-effect-{spell}"),
        entityId: Null,
        entityTypeId: Null,
        type: if what == "healing" { "bonus" } else { "damage" },
        subType: if what == "healing" { "hit-points" } else { what },
        dice: Null,
        restriction: "",
        statId: Null,
        requiresAttunement: false,
        duration: Null,
        friendlyTypeName: if what == "healing" { "Bonus" } else { "Damage" },
        friendlySubtypeName: catalogue::title(what),
        isGranted: false,
        bonusTypes: Vec::new(),
        value: Null,
        availableToMulticlass: Null,
        modifierTypeId: 0,
        modifierSubTypeId: 0,
        componentId: 0,
        componentTypeId: 0,
        die: dice(count, sides, None),
        count: 1,
        durationUnit: Null,
        usePrimaryStat: false,
        atHigherLevels: at_higher_levels(steps.collect()),
    }
}
