//! Things to carry.

/// What a thing changes while it is worn.
#[derive(Debug)]
pub(in crate::sample) struct ItemModifier {
    pub(in crate::sample) kind: &'static str,
    pub(in crate::sample) subtype: &'static str,
    pub(in crate::sample) value: Option<i32>,
    /// A potion's dice: never hit points at their best.
    pub(in crate::sample) dice: Option<(u32, u32, i32)>,
}

/// What sort of thing it is.
#[derive(Debug)]
pub(in crate::sample) enum Kind {
    /// Dice, damage, and whether one has to have learned more than the simple ones.
    Weapon { dice: (u32, u32), damage: &'static str, properties: &'static [&'static str], martial: bool },
    /// 1 light, 2 medium, 3 heavy, 4 shield; and the base.
    Armor { sort: u32, base: i32, strength: Option<u32>, clumsy: bool },
    /// Anything of the equipment list.
    Gear { sort: &'static str },
    /// Something to put other things in, and how many pounds of them.
    Container { pounds: u32 },
    /// Rings, cloaks, wands.
    Magic { sort: &'static str },
}

/// A thing of the catalogue.
#[derive(Debug)]
pub(in crate::sample) struct ItemKind {
    pub(in crate::sample) name: &'static str,
    pub(in crate::sample) kind: Kind,
    pub(in crate::sample) weight: f64,
    pub(in crate::sample) cost: Option<f64>,
    pub(in crate::sample) rarity: &'static str,
    pub(in crate::sample) attunement: bool,
    pub(in crate::sample) modifiers: &'static [ItemModifier],
    pub(in crate::sample) charges: Option<u32>,
}

impl ItemKind {
    pub(in crate::sample) fn magic(&self) -> bool {
        self.rarity != "Common" || matches!(self.kind, Kind::Magic { .. })
    }

    pub(in crate::sample) fn container(&self) -> bool {
        matches!(self.kind, Kind::Container { .. })
    }

    /// Whether it can be worn or wielded.
    pub(in crate::sample) fn wearable(&self) -> bool {
        match self.kind {
            Kind::Weapon { .. } | Kind::Armor { .. } => true,
            Kind::Magic { sort } => sort != "Potion" && sort != "Scroll",
            Kind::Gear { .. } | Kind::Container { .. } => false,
        }
    }
}

const PLAIN: ItemKind = ItemKind {
    name: "",
    kind: Kind::Gear { sort: "Adventuring Gear" },
    weight: 1.0,
    cost: None,
    rarity: "Common",
    attunement: false,
    modifiers: &[],
    charges: None,
};

const fn gear(name: &'static str, weight: f64, cost: f64) -> ItemKind {
    ItemKind { name, weight, cost: Some(cost), ..PLAIN }
}

const fn ammunition(name: &'static str, weight: f64, cost: f64) -> ItemKind {
    ItemKind { name, weight, cost: Some(cost), kind: Kind::Gear { sort: "Ammunition" }, ..PLAIN }
}

const fn tool(name: &'static str, weight: f64, cost: f64) -> ItemKind {
    ItemKind { name, weight, cost: Some(cost), kind: Kind::Gear { sort: "Tool" }, ..PLAIN }
}

const fn weapon(
    name: &'static str,
    dice: (u32, u32),
    damage: &'static str,
    properties: &'static [&'static str],
    martial: bool,
    (weight, cost): (f64, f64),
) -> ItemKind {
    ItemKind {
        name,
        weight,
        cost: Some(cost),
        kind: Kind::Weapon { dice, damage, properties, martial },
        ..PLAIN
    }
}

const fn armor(name: &'static str, sort: u32, base: i32, (weight, cost): (f64, f64)) -> ItemKind {
    ItemKind {
        name,
        weight,
        cost: Some(cost),
        kind: Kind::Armor {
            sort,
            base,
            strength: if base >= 16 { Some(13) } else { None },
            clumsy: sort == 3,
        },
        ..PLAIN
    }
}

const fn magic(
    name: &'static str,
    sort: &'static str,
    rarity: &'static str,
    attunement: bool,
    modifiers: &'static [ItemModifier],
) -> ItemKind {
    ItemKind { name, kind: Kind::Magic { sort }, rarity, attunement, modifiers, ..PLAIN }
}

const fn bonus(subtype: &'static str, value: i32) -> ItemModifier {
    ItemModifier { kind: "bonus", subtype, value: Some(value), dice: None }
}

const fn set(subtype: &'static str, value: i32) -> ItemModifier {
    ItemModifier { kind: "set", subtype, value: Some(value), dice: None }
}

const fn advantage(subtype: &'static str) -> ItemModifier {
    ItemModifier { kind: "advantage", subtype, value: None, dice: None }
}

const fn healing(count: u32, sides: u32, fixed: i32) -> ItemModifier {
    ItemModifier { kind: "bonus", subtype: "hit-points", value: None, dice: Some((count, sides, fixed)) }
}

/// Equipment and magic items of the System Reference Document.
pub(in crate::sample) const ITEMS: &[ItemKind] = &[
    weapon("Dagger", (1, 4), "Piercing", &["Finesse", "Light", "Range", "Thrown"], false, (1.0, 2.0)),
    weapon("Quarterstaff", (1, 6), "Bludgeoning", &["Versatile"], false, (4.0, 0.2)),
    weapon("Handaxe", (1, 6), "Slashing", &["Light", "Range", "Thrown"], false, (2.0, 5.0)),
    weapon("Javelin", (1, 6), "Piercing", &["Range", "Thrown"], false, (2.0, 0.5)),
    weapon("Mace", (1, 6), "Bludgeoning", &[], false, (4.0, 5.0)),
    weapon("Shortbow", (1, 6), "Piercing", &["Ammunition", "Range", "Two-Handed"], false, (2.0, 25.0)),
    weapon("Greataxe", (1, 12), "Slashing", &["Heavy", "Two-Handed"], true, (7.0, 30.0)),
    weapon("Longsword", (1, 8), "Slashing", &["Versatile"], true, (3.0, 15.0)),
    weapon("Rapier", (1, 8), "Piercing", &["Finesse"], true, (2.0, 25.0)),
    weapon("Shortsword", (1, 6), "Piercing", &["Finesse", "Light"], true, (2.0, 10.0)),
    weapon("Warhammer", (1, 8), "Bludgeoning", &["Versatile"], true, (2.0, 15.0)),
    ItemKind {
        rarity: "Uncommon",
        modifiers: &[bonus("magic", 1)],
        ..weapon("Longsword, +1", (1, 8), "Slashing", &["Versatile"], true, (3.0, 1000.0))
    },
    ItemKind {
        rarity: "Uncommon",
        modifiers: &[bonus("magic", 1)],
        ..weapon("Warhammer, +1", (1, 8), "Bludgeoning", &["Versatile"], true, (2.0, 1000.0))
    },
    ItemKind {
        rarity: "Uncommon",
        modifiers: &[bonus("magic", 1)],
        ..weapon("Greataxe, +1", (1, 12), "Slashing", &["Heavy", "Two-Handed"], true, (7.0, 1000.0))
    },
    armor("Leather", 1, 11, (10.0, 10.0)),
    armor("Studded Leather", 1, 12, (13.0, 45.0)),
    armor("Hide", 2, 12, (12.0, 10.0)),
    armor("Scale Mail", 2, 14, (45.0, 50.0)),
    armor("Breastplate", 2, 14, (20.0, 400.0)),
    armor("Chain Mail", 3, 16, (55.0, 75.0)),
    armor("Splint", 3, 17, (60.0, 200.0)),
    armor("Shield", 4, 2, (6.0, 10.0)),
    ItemKind {
        rarity: "Uncommon",
        modifiers: &[bonus("armor-class", 1)],
        ..armor("Shield, +1", 4, 2, (6.0, 1000.0))
    },
    ItemKind {
        name: "Backpack",
        weight: 5.0,
        cost: Some(2.0),
        kind: Kind::Container { pounds: 30 },
        ..PLAIN
    },
    ItemKind { name: "Pouch", weight: 1.0, cost: Some(0.5), kind: Kind::Container { pounds: 6 }, ..PLAIN },
    ItemKind { name: "Chest", weight: 25.0, cost: Some(5.0), kind: Kind::Container { pounds: 300 }, ..PLAIN },
    ItemKind {
        name: "Bag of Holding",
        weight: 15.0,
        rarity: "Uncommon",
        kind: Kind::Container { pounds: 500 },
        ..PLAIN
    },
    gear("Bedroll", 7.0, 1.0),
    gear("Rope, Hempen (50 feet)", 10.0, 1.0),
    gear("Torch", 1.0, 0.01),
    gear("Rations (1 day)", 2.0, 0.5),
    gear("Waterskin", 5.0, 0.2),
    gear("Tinderbox", 1.0, 0.5),
    gear("Lantern, Hooded", 2.0, 5.0),
    gear("Oil (flask)", 1.0, 0.1),
    gear("Spellbook", 3.0, 50.0),
    gear("Component Pouch", 2.0, 25.0),
    gear("Ink (1-ounce bottle)", 0.0, 10.0),
    gear("Ink Pen", 0.0, 0.02),
    gear("Parchment (one sheet)", 0.0, 0.1),
    gear("Book", 5.0, 25.0),
    gear("Crowbar", 5.0, 2.0),
    gear("Grappling Hook", 4.0, 2.0),
    gear("Mirror, Steel", 0.5, 5.0),
    gear("Blanket", 3.0, 0.5),
    gear("Spyglass", 1.0, 1000.0),
    gear("Hourglass", 1.0, 25.0),
    gear("Signal Whistle", 0.0, 0.05),
    gear("Healer's Kit", 3.0, 5.0),
    gear("Clothes, Traveler's", 4.0, 2.0),
    gear("Clothes, Common", 3.0, 0.5),
    gear("Holy Water (flask)", 1.0, 25.0),
    gear("Ball Bearings (bag of 1,000)", 2.0, 1.0),
    ammunition("Arrows", 0.05, 0.05),
    tool("Thieves' Tools", 1.0, 25.0),
    tool("Glassblower's Tools", 5.0, 30.0),
    tool("Dice Set", 0.0, 0.1),
    tool("Calligrapher's Supplies", 5.0, 10.0),
    magic("Potion of Healing", "Potion", "Common", false, &[healing(2, 4, 2)]),
    magic("Potion of Greater Healing", "Potion", "Uncommon", false, &[healing(4, 4, 4)]),
    magic("Potion of Climbing", "Potion", "Common", false, &[]),
    magic("Spell Scroll", "Scroll", "Common", false, &[]),
    magic(
        "Cloak of Protection",
        "Wondrous item",
        "Uncommon",
        true,
        &[bonus("armor-class", 1), bonus("saving-throws", 1)],
    ),
    magic("Ring of Protection", "Ring", "Rare", true, &[bonus("armor-class", 1), bonus("saving-throws", 1)]),
    magic("Headband of Intellect", "Wondrous item", "Uncommon", true, &[set("intelligence-score", 19)]),
    magic("Amulet of Health", "Wondrous item", "Rare", true, &[set("constitution-score", 19)]),
    magic("Gauntlets of Ogre Power", "Wondrous item", "Uncommon", true, &[set("strength-score", 19)]),
    magic("Bracers of Defense", "Wondrous item", "Rare", true, &[bonus("unarmored-armor-class", 2)]),
    magic("Boots of Elvenkind", "Wondrous item", "Uncommon", false, &[advantage("stealth")]),
    magic("Eyes of the Eagle", "Wondrous item", "Uncommon", true, &[advantage("perception")]),
    magic("Pearl of Power", "Wondrous item", "Uncommon", true, &[]),
    magic("Lantern of Revealing", "Wondrous item", "Uncommon", true, &[]),
    magic("Immovable Rod", "Rod", "Uncommon", false, &[]),
    magic("Decanter of Endless Water", "Wondrous item", "Uncommon", false, &[]),
    magic("Gem of Brightness", "Wondrous item", "Uncommon", false, &[]),
    ItemKind { charges: Some(7), ..magic("Wand of Magic Missiles", "Wand", "Uncommon", false, &[]) },
];
