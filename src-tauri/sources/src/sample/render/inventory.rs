//! Things carried, things renamed, things made up.

use super::{
    super::{
        catalogue,
        hero::{Held, Hero, Thing},
        json::{
            Json::{self, Null},
            list, object,
        },
        modifiers, prose,
        srd::{ItemKind, Kind},
    },
    Size, dice,
    modifiers::one,
};

pub(super) fn inventory(hero: &Hero, size: Size) -> Json {
    list(hero.items.iter().map(|held| row(hero, held, size)))
}

fn row(hero: &Hero, held: &Held, size: Size) -> Json {
    let (holder, holder_type) = match held.container {
        Some(container) => (container, catalogue::INVENTORY_TYPE),
        None => (hero.id, catalogue::CHARACTER_TYPE),
    };
    let definition = match &held.thing {
        Thing::Kind(kind) => catalogue_definition(kind, size),
        Thing::Custom(id, name, description) => custom_definition(*id, name, description),
    };
    object! {
        id: held.id,
        entityTypeId: catalogue::INVENTORY_TYPE,
        definition: definition,
        definitionId: 0,
        definitionTypeId: 0,
        displayAsAttack: Null,
        quantity: held.quantity,
        isAttuned: held.attuned,
        equipped: held.equipped,
        equippedEntityTypeId: held.equipped.then_some(catalogue::CHARACTER_TYPE),
        equippedEntityId: held.equipped.then_some(hero.id),
        chargesUsed: held.charges_used,
        limitedUse: held.kind().and_then(|kind| kind.charges).map(|charges| limited_use(held, charges)),
        containerEntityId: holder,
        containerEntityTypeId: holder_type,
        containerDefinitionKey: catalogue::key(holder_type, holder),
        currency: Null,
    }
}

fn limited_use(held: &Held, charges: u32) -> Json {
    object! {
        maxUses: charges,
        numberUsed: held.charges_used,
        resetType: "Dawn",
        resetTypeDescription: prose::line("dawn", 1),
        resetDice: Null,
    }
}

/// What the format says about a thing beside its name: text and numbers by sort.
struct Sort {
    type_name: &'static str,
    filter: &'static str,
    sub: Option<&'static str>,
    entity: i64,
}

fn sort(kind: &'static ItemKind) -> Sort {
    match kind.kind {
        Kind::Weapon { .. } => {
            Sort { type_name: kind.name, filter: "Weapon", sub: None, entity: 1_782_728_300 }
        }
        Kind::Armor { sort, .. } => {
            let type_name = match sort {
                1 => "Light Armor",
                2 => "Medium Armor",
                3 => "Heavy Armor",
                _ => "Shield",
            };
            Sort { type_name, filter: "Armor", sub: None, entity: 701_257_905 }
        }
        Kind::Gear { sort } => {
            Sort { type_name: "Gear", filter: "Other Gear", sub: Some(sort), entity: 2_103_445_194 }
        }
        Kind::Container { .. } => {
            Sort { type_name: "Gear", filter: "Other Gear", sub: Some("Container"), entity: 2_103_445_194 }
        }
        Kind::Magic { sort } => {
            Sort { type_name: sort, filter: sort, sub: None, entity: catalogue::ITEM_TYPE }
        }
    }
}

fn catalogue_definition(kind: &'static ItemKind, size: Size) -> Json {
    let id = catalogue::item_id(kind);
    let sort = sort(kind);
    let weapon = match kind.kind {
        Kind::Weapon { dice, damage, properties, martial } => Some((dice, damage, properties, martial)),
        _ => None,
    };
    let armor = match kind.kind {
        Kind::Armor { sort, base, strength, clumsy } => Some((sort, base, strength, clumsy)),
        _ => None,
    };
    let pounds = if let Kind::Container { pounds } = kind.kind { Some(pounds) } else { None };
    let ranged = weapon.is_some_and(|(.., properties, _)| properties.contains(&"Range"));
    object! {
        id: id,
        baseTypeId: sort.entity,
        entityTypeId: sort.entity,
        definitionKey: catalogue::key(sort.entity, id),
        canEquip: kind.wearable(),
        magic: kind.magic(),
        name: kind.name,
        snippet: (size != Size::Small && kind.magic()).then(|| prose::line(kind.name, 2)),
        weight: kind.weight,
        weightMultiplier: if kind.name == "Bag of Holding" { 0 } else { 1 },
        capacity: Null,
        capacityWeight: pounds.unwrap_or(0),
        type: sort.type_name,
        description: prose::rules(kind.name, size.paragraphs(if kind.magic() { 3 } else { 1 })),
        canAttune: kind.attunement,
        attunementDescription: Null,
        rarity: kind.rarity,
        isHomebrew: false,
        version: Null,
        sourceId: Null,
        sourcePageNumber: Null,
        stackable: weapon.is_none() && armor.is_none(),
        bundleSize: 1,
        avatarUrl: Null,
        largeAvatarUrl: Null,
        filterType: sort.filter,
        cost: kind.cost,
        isPack: false,
        tags: Vec::new(),
        grantedModifiers: list(modifiers::of_item(kind).iter().map(one)),
        subType: sort.sub,
        isConsumable: matches!(sort.filter, "Potion" | "Scroll"),
        weaponBehaviors: Vec::new(),
        baseItemId: (!kind.magic()).then_some(id),
        baseArmorName: armor.map(|_| kind.name.split(',').next().unwrap_or(kind.name)),
        strengthRequirement: armor.and_then(|(_, _, strength, _)| strength),
        armorClass: armor.map(|(_, base, ..)| base),
        stealthCheck: armor.map(|(.., clumsy)| if clumsy { 2 } else { 1 }),
        damage: weapon.map(|((count, sides), ..)| dice(count, sides, None)),
        damageType: weapon.map(|(_, damage, ..)| damage),
        fixedDamage: Null,
        properties: weapon.map(|(.., names, _)| properties(names, size)),
        attackType: weapon.map(|_| if ranged { 2 } else { 1 }),
        categoryId: weapon.map(|(.., martial)| if martial { 2 } else { 1 }),
        range: weapon.map(|_| if ranged { 20 } else { 5 }),
        longRange: weapon.map(|_| if ranged { 60 } else { 5 }),
        isMonkWeapon: false,
        levelInfusionGranted: Null,
        sources: list([object! { sourceId: 148, pageNumber: Null, sourceType: 1 }]),
        armorTypeId: armor.map(|(sort, ..)| sort),
        gearTypeId: sort.sub.map(|_| 11),
        groupedId: Null,
        canBeAddedToInventory: true,
        isContainer: kind.container(),
        isCustomItem: false,
        isLegacy: false,
    }
}

fn properties(names: &'static [&'static str], size: Size) -> Json {
    list((1..).zip(names).map(|(id, name): (i64, _)| {
        object! { id: id, name: *name, description: prose::rules(name, size.paragraphs(1)), notes: Null }
    }))
}

fn custom_definition(id: i64, name: &str, description: &str) -> Json {
    object! {
        id: id,
        baseTypeId: 0,
        entityTypeId: catalogue::CUSTOM_ITEM_TYPE,
        definitionKey: catalogue::key(catalogue::CUSTOM_ITEM_TYPE, id),
        canEquip: false,
        magic: false,
        name: name.to_owned(),
        snippet: Null,
        weight: 0,
        weightMultiplier: 1,
        capacity: Null,
        capacityWeight: 0,
        type: Null,
        description: description.to_owned(),
        canAttune: false,
        attunementDescription: Null,
        rarity: Null,
        isHomebrew: false,
        version: Null,
        sourceId: Null,
        sourcePageNumber: Null,
        stackable: true,
        bundleSize: 0,
        avatarUrl: Null,
        largeAvatarUrl: Null,
        filterType: Null,
        cost: Null,
        isPack: false,
        tags: Vec::new(),
        grantedModifiers: Vec::new(),
        subType: Null,
        isConsumable: false,
        weaponBehaviors: Vec::new(),
        baseItemId: Null,
        baseArmorName: Null,
        strengthRequirement: Null,
        armorClass: Null,
        stealthCheck: Null,
        damage: Null,
        damageType: Null,
        fixedDamage: Null,
        properties: Null,
        attackType: Null,
        categoryId: Null,
        range: Null,
        longRange: Null,
        isMonkWeapon: false,
        levelInfusionGranted: Null,
        sources: Vec::new(),
        armorTypeId: Null,
        gearTypeId: Null,
        groupedId: Null,
        canBeAddedToInventory: false,
        isContainer: false,
        isCustomItem: true,
        isLegacy: false,
    }
}

/// The same things again: the format lists custom items twice.
pub(super) fn custom_items(hero: &Hero) -> Json {
    list(hero.items.iter().filter_map(|held| match &held.thing {
        Thing::Kind(_) => None,
        Thing::Custom(id, name, description) => Some(object! {
            id: *id,
            name: name.clone(),
            description: description.clone(),
            weight: Null,
            cost: Null,
            quantity: held.quantity,
            notes: Null,
        }),
    }))
}

/// Names (8) and notes (9) that the player gave to things.
pub(super) fn character_values(hero: &Hero) -> Json {
    let value = |held: &Held, kind: i32, text: &String| {
        object! {
            typeId: kind,
            value: text.clone(),
            notes: Null,
            valueId: held.id.to_string(),
            valueTypeId: catalogue::INVENTORY_TYPE.to_string(),
            contextId: Null,
            contextTypeId: Null,
        }
    };
    let named = hero.items.iter().flat_map(|held| held.renamed.iter().map(move |name| value(held, 8, name)));
    let noted = hero.items.iter().flat_map(|held| held.note.iter().map(move |note| value(held, 9, note)));
    list(named.chain(noted))
}
