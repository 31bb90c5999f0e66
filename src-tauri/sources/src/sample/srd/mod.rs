//! What the samples are made of: names and numbers from the System Reference Document.
//!
//! Sample characters use content from the System Reference Document 5.1/5.2 by Wizards of the Coast, CC-BY-4.0.
//! Only names and numbers are taken; every description in a sample is our own.

mod classes;
mod items;
mod spells;

use backstory_core::sheet::{Ability, Rules};

pub(super) use classes::{CLASSES, Casting, Class, Grant};
pub(super) use items::{ITEMS, ItemKind, Kind};
pub(super) use spells::{SPELLS, Spell};

/// A species, or a race as it was called in 2014.
#[derive(Debug)]
pub(super) struct Species {
    pub(super) name: &'static str,
    pub(super) base: &'static str,
    /// The part of the name that only the subrace has.
    pub(super) sub: Option<&'static str>,
    pub(super) rules: Rules,
    pub(super) speed: i32,
    pub(super) increases: &'static [(Ability, i32)],
    pub(super) languages: &'static [&'static str],
    pub(super) traits: &'static [&'static str],
    /// Hit points that it adds with every level.
    pub(super) hit_points_per_level: Option<i32>,
    /// Skills and weapons that it knows.
    pub(super) proficiencies: &'static [&'static str],
}

use Ability::{Cha, Con, Dex, Int, Str, Wis};
use Rules::{Legacy, Revised};

/// The species of both editions that the samples use.
pub(super) const SPECIES: &[Species] = &[
    Species {
        name: "High Elf",
        base: "Elf",
        sub: Some("High"),
        rules: Legacy,
        speed: 30,
        increases: &[(Dex, 2), (Int, 1)],
        languages: &["common", "elvish", "draconic"],
        traits: &["Darkvision", "Keen Senses", "Fey Ancestry", "Trance", "Elf Weapon Training", "Cantrip"],
        hit_points_per_level: None,
        proficiencies: &["perception", "longsword", "shortsword", "shortbow", "longbow"],
    },
    Species {
        name: "Hill Dwarf",
        base: "Dwarf",
        sub: Some("Hill"),
        rules: Legacy,
        speed: 25,
        increases: &[(Con, 2), (Wis, 1)],
        languages: &["common", "dwarvish"],
        traits: &[
            "Darkvision",
            "Dwarven Resilience",
            "Dwarven Combat Training",
            "Stonecunning",
            "Dwarven Toughness",
        ],
        hit_points_per_level: Some(1),
        proficiencies: &["battleaxe", "handaxe", "light-hammer", "warhammer", "masons-tools"],
    },
    Species {
        name: "Half-Orc",
        base: "Half-Orc",
        sub: None,
        rules: Legacy,
        speed: 30,
        increases: &[(Str, 2), (Con, 1)],
        languages: &["common", "orc"],
        traits: &["Darkvision", "Menacing", "Relentless Endurance", "Savage Attacks"],
        hit_points_per_level: None,
        proficiencies: &["intimidation"],
    },
    Species {
        name: "Lightfoot Halfling",
        base: "Halfling",
        sub: Some("Lightfoot"),
        rules: Legacy,
        speed: 25,
        increases: &[(Dex, 2), (Cha, 1)],
        languages: &["common", "halfling"],
        traits: &["Lucky", "Brave", "Halfling Nimbleness", "Naturally Stealthy"],
        hit_points_per_level: None,
        proficiencies: &[],
    },
    Species {
        name: "Rock Gnome",
        base: "Gnome",
        sub: Some("Rock"),
        rules: Legacy,
        speed: 25,
        increases: &[(Int, 2), (Con, 1)],
        languages: &["common", "gnomish"],
        traits: &["Darkvision", "Gnome Cunning", "Artificer\u{2019}s Lore", "Tinker"],
        hit_points_per_level: None,
        proficiencies: &["tinkers-tools"],
    },
    Species {
        name: "Tiefling",
        base: "Tiefling",
        sub: None,
        rules: Legacy,
        speed: 30,
        increases: &[(Cha, 2), (Int, 1)],
        languages: &["common", "infernal"],
        traits: &["Darkvision", "Hellish Resistance", "Infernal Legacy"],
        hit_points_per_level: None,
        proficiencies: &[],
    },
    Species {
        name: "Dwarf",
        base: "Dwarf",
        sub: None,
        rules: Revised,
        speed: 30,
        increases: &[],
        languages: &["common", "dwarvish", "giant"],
        traits: &["Darkvision", "Dwarven Resilience", "Dwarven Toughness", "Stonecunning"],
        hit_points_per_level: Some(1),
        proficiencies: &[],
    },
    Species {
        name: "Goliath",
        base: "Goliath",
        sub: None,
        rules: Revised,
        speed: 35,
        increases: &[],
        languages: &["common", "giant", "dwarvish"],
        traits: &["Giant Ancestry", "Large Form", "Powerful Build"],
        hit_points_per_level: None,
        proficiencies: &[],
    },
    Species {
        name: "Human",
        base: "Human",
        sub: None,
        rules: Revised,
        speed: 30,
        increases: &[],
        languages: &["common", "halfling", "elvish"],
        traits: &["Resourceful", "Skillful", "Versatile"],
        hit_points_per_level: None,
        proficiencies: &["survival"],
    },
    Species {
        name: "Orc",
        base: "Orc",
        sub: None,
        rules: Revised,
        speed: 30,
        increases: &[],
        languages: &["common", "orc", "goblin"],
        traits: &["Adrenaline Rush", "Darkvision", "Relentless Endurance"],
        hit_points_per_level: None,
        proficiencies: &[],
    },
];

/// A background from the catalogue. One that a player made up has no features of its own.
#[derive(Debug)]
pub(super) struct Background {
    pub(super) name: &'static str,
    pub(super) rules: Rules,
    pub(super) skills: &'static [&'static str],
    pub(super) tool: Option<&'static str>,
    pub(super) feature: &'static str,
    /// The origin feat of 2024.
    pub(super) feat: Option<&'static str>,
}

/// The backgrounds of both editions.
pub(super) const BACKGROUNDS: &[Background] = &[
    Background {
        name: "Acolyte",
        rules: Legacy,
        skills: &["insight", "religion"],
        tool: None,
        feature: "Shelter of the Faithful",
        feat: None,
    },
    Background {
        name: "Acolyte",
        rules: Revised,
        skills: &["insight", "religion"],
        tool: Some("calligraphers-supplies"),
        feature: "Acolyte",
        feat: Some("Magic Initiate"),
    },
    Background {
        name: "Criminal",
        rules: Revised,
        skills: &["sleight-of-hand", "stealth"],
        tool: Some("thieves-tools"),
        feature: "Criminal",
        feat: Some("Alert"),
    },
    Background {
        name: "Sage",
        rules: Revised,
        skills: &["arcana", "history"],
        tool: Some("calligraphers-supplies"),
        feature: "Sage",
        feat: Some("Magic Initiate"),
    },
    Background {
        name: "Soldier",
        rules: Revised,
        skills: &["athletics", "intimidation"],
        tool: Some("dice-set"),
        feature: "Soldier",
        feat: Some("Savage Attacker"),
    },
];

/// A feat and what it changes.
#[derive(Debug)]
pub(super) struct Feat {
    pub(super) name: &'static str,
    /// How the catalogue files it.
    pub(super) category: &'static str,
    pub(super) grants: &'static [Grant],
}

/// Feats of both editions.
pub(super) const FEATS: &[Feat] = &[
    Feat { name: "Savage Attacker", category: "Origin", grants: &[] },
    Feat { name: "Magic Initiate", category: "Origin", grants: &[] },
    Feat { name: "Alert", category: "Origin", grants: &[] },
    Feat { name: "Grappler", category: "General", grants: &[] },
    Feat {
        name: "Defense",
        category: "Fighting Style",
        grants: &[Grant {
            level: 1,
            kind: "bonus",
            subtype: "armored-armor-class",
            value: Some(1),
            stat: None,
        }],
    },
    Feat { name: "Archery", category: "Fighting Style", grants: &[] },
    Feat { name: "Great Weapon Fighting", category: "Fighting Style", grants: &[] },
    Feat { name: "Two-Weapon Fighting", category: "Fighting Style", grants: &[] },
];

/// The eighteen skills, as the format spells them.
pub(super) const SKILLS: &[&str] = &[
    "acrobatics",
    "animal-handling",
    "arcana",
    "athletics",
    "deception",
    "history",
    "insight",
    "intimidation",
    "investigation",
    "medicine",
    "nature",
    "perception",
    "performance",
    "persuasion",
    "religion",
    "sleight-of-hand",
    "stealth",
    "survival",
];

/// Languages, as the format spells them.
pub(super) const LANGUAGES: &[&str] = &[
    "common",
    "dwarvish",
    "elvish",
    "giant",
    "gnomish",
    "goblin",
    "halfling",
    "orc",
    "abyssal",
    "celestial",
    "draconic",
    "deep-speech",
    "infernal",
    "primordial",
    "sylvan",
    "undercommon",
];

/// Tools, as the format spells them.
pub(super) const TOOLS: &[&str] = &[
    "alchemists-supplies",
    "brewers-supplies",
    "calligraphers-supplies",
    "carpenters-tools",
    "cartographers-tools",
    "cobblers-tools",
    "cooks-utensils",
    "glassblowers-tools",
    "jewelers-tools",
    "leatherworkers-tools",
    "masons-tools",
    "painters-supplies",
    "potters-tools",
    "smiths-tools",
    "tinkers-tools",
    "weavers-tools",
    "woodcarvers-tools",
    "disguise-kit",
    "forgery-kit",
    "herbalism-kit",
    "navigators-tools",
    "poisoners-kit",
    "thieves-tools",
    "dice-set",
    "playing-card-set",
    "bagpipes",
    "drum",
    "flute",
    "lute",
    "lyre",
    "horn",
    "pan-flute",
    "viol",
];

/// The class of this name.
pub(super) fn class(name: &str) -> Option<&'static Class> {
    CLASSES.iter().find(|class| class.name == name)
}

/// The species of this name and edition.
pub(super) fn species(name: &str, rules: Rules) -> Option<&'static Species> {
    SPECIES.iter().find(|species| species.name == name && species.rules == rules)
}

/// The background of this name and edition.
pub(super) fn background(name: &str, rules: Rules) -> Option<&'static Background> {
    BACKGROUNDS.iter().find(|background| background.name == name && background.rules == rules)
}

/// The feat of this name.
pub(super) fn feat(name: &str) -> Option<&'static Feat> {
    FEATS.iter().find(|feat| feat.name == name)
}

/// The spell of this name.
pub(super) fn spell(name: &str) -> Option<&'static Spell> {
    SPELLS.iter().find(|spell| spell.name == name)
}

/// The item of this name.
pub(super) fn item(name: &str) -> Option<&'static ItemKind> {
    ITEMS.iter().find(|item| item.name == name)
}

/// Where something stands in its list: the catalogue ids of the samples are counted from it.
pub(super) fn place<T>(list: &[T], is: impl Fn(&T) -> bool) -> i64 {
    list.iter().position(is).and_then(|at| i64::try_from(at).ok()).unwrap_or(0)
}
