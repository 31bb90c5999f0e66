//! What the document leaves to the reader: keys and what a player calls them.

use backstory_core::sheet::Ability;

/// Members of `system` of a character, version 1.5 to 5.3, sorted.
pub(super) const KNOWN_FIELDS: [&str; 12] = [
    "abilities",
    "attributes",
    "bastion",
    "bonuses",
    "currency",
    "details",
    "favorites",
    "resources",
    "skills",
    "spells",
    "tools",
    "traits",
];

/// Skills by key, with the ability each usually goes by.
pub(super) const SKILLS: [(&str, &str, Ability); 18] = [
    ("acr", "Acrobatics", Ability::Dex),
    ("ani", "Animal Handling", Ability::Wis),
    ("arc", "Arcana", Ability::Int),
    ("ath", "Athletics", Ability::Str),
    ("dec", "Deception", Ability::Cha),
    ("his", "History", Ability::Int),
    ("ins", "Insight", Ability::Wis),
    ("itm", "Intimidation", Ability::Cha),
    ("inv", "Investigation", Ability::Int),
    ("med", "Medicine", Ability::Wis),
    ("nat", "Nature", Ability::Int),
    ("prc", "Perception", Ability::Wis),
    ("prf", "Performance", Ability::Cha),
    ("per", "Persuasion", Ability::Cha),
    ("rel", "Religion", Ability::Int),
    ("slt", "Sleight of Hand", Ability::Dex),
    ("ste", "Stealth", Ability::Dex),
    ("sur", "Survival", Ability::Wis),
];

/// Sizes.
pub(super) const SIZES: [(&str, &str); 6] = [
    ("tiny", "Tiny"),
    ("sm", "Small"),
    ("med", "Medium"),
    ("lg", "Large"),
    ("huge", "Huge"),
    ("grg", "Gargantuan"),
];

/// Kinds of armour.
pub(super) const ARMOR: [(&str, &str); 4] =
    [("lgt", "Light Armor"), ("med", "Medium Armor"), ("hvy", "Heavy Armor"), ("shl", "Shields")];

/// Weapons and their groups, spelled as D&D Beyond spells them, so that two sheets of one character say the same.
pub(super) const WEAPONS: [(&str, &str); 41] = [
    ("sim", "Simple Weapons"),
    ("mar", "Martial Weapons"),
    ("battleaxe", "Battleaxe"),
    ("blowgun", "Blowgun"),
    ("club", "Club"),
    ("dagger", "Dagger"),
    ("dart", "Dart"),
    ("flail", "Flail"),
    ("glaive", "Glaive"),
    ("greataxe", "Greataxe"),
    ("greatclub", "Greatclub"),
    ("greatsword", "Greatsword"),
    ("halberd", "Halberd"),
    ("handaxe", "Handaxe"),
    ("handcrossbow", "Crossbow, Hand"),
    ("heavycrossbow", "Crossbow, Heavy"),
    ("javelin", "Javelin"),
    ("lance", "Lance"),
    ("lightcrossbow", "Crossbow, Light"),
    ("lighthammer", "Light Hammer"),
    ("longbow", "Longbow"),
    ("longsword", "Longsword"),
    ("mace", "Mace"),
    ("maul", "Maul"),
    ("morningstar", "Morningstar"),
    ("musket", "Musket"),
    ("net", "Net"),
    ("pike", "Pike"),
    ("pistol", "Pistol"),
    ("quarterstaff", "Quarterstaff"),
    ("rapier", "Rapier"),
    ("scimitar", "Scimitar"),
    ("shortbow", "Shortbow"),
    ("shortsword", "Shortsword"),
    ("sickle", "Sickle"),
    ("sling", "Sling"),
    ("spear", "Spear"),
    ("trident", "Trident"),
    ("warhammer", "Warhammer"),
    ("warpick", "War Pick"),
    ("whip", "Whip"),
];

/// Tools and their groups.
pub(super) const TOOLS: [(&str, &str); 45] = [
    ("air", "Vehicles (Air)"),
    ("alchemist", "Alchemist's Supplies"),
    ("art", "Artisan's Tools"),
    ("bagpipes", "Bagpipes"),
    ("brewer", "Brewer's Supplies"),
    ("calligrapher", "Calligrapher's Supplies"),
    ("card", "Playing Card Set"),
    ("carpenter", "Carpenter's Tools"),
    ("cartographer", "Cartographer's Tools"),
    ("chess", "Dragonchess Set"),
    ("cobbler", "Cobbler's Tools"),
    ("cook", "Cook's Utensils"),
    ("dice", "Dice Set"),
    ("disg", "Disguise Kit"),
    ("drum", "Drum"),
    ("dulcimer", "Dulcimer"),
    ("flute", "Flute"),
    ("forg", "Forgery Kit"),
    ("game", "Gaming Sets"),
    ("glassblower", "Glassblower's Tools"),
    ("herb", "Herbalism Kit"),
    ("horn", "Horn"),
    ("jeweler", "Jeweler's Tools"),
    ("land", "Vehicles (Land)"),
    ("leatherworker", "Leatherworker's Tools"),
    ("lute", "Lute"),
    ("lyre", "Lyre"),
    ("mason", "Mason's Tools"),
    ("music", "Musical Instruments"),
    ("navg", "Navigator's Tools"),
    ("painter", "Painter's Supplies"),
    ("panflute", "Pan Flute"),
    ("pois", "Poisoner's Kit"),
    ("potter", "Potter's Tools"),
    ("shawm", "Shawm"),
    ("smith", "Smith's Tools"),
    ("thief", "Thieves' Tools"),
    ("tinker", "Tinker's Tools"),
    ("vehicle", "Vehicles"),
    ("viol", "Viol"),
    ("water", "Vehicles (Water)"),
    ("weaver", "Weaver's Tools"),
    ("woodcarver", "Woodcarver's Tools"),
    ("space", "Vehicles (Space)"),
    ("three-dragon-ante", "Three-Dragon Ante Set"),
];

/// Languages whose name is not their key.
pub(super) const LANGUAGES: [(&str, &str); 5] = [
    ("cant", "Thieves’ Cant"),
    ("deep", "Deep Speech"),
    ("sign", "Common Sign Language"),
    ("undercommon", "Undercommon"),
    ("ALL", "All languages"),
];

/// What gets past a resistance.
pub(super) const BYPASSES: [(&str, &str); 3] =
    [("ada", "adamantine"), ("mgc", "magical"), ("sil", "silvered")];

/// Conditions, and other states of a token that a player would speak of.
pub(super) const STATUSES: [(&str, &str); 23] = [
    ("blinded", "Blinded"),
    ("burning", "Burning"),
    ("charmed", "Charmed"),
    ("concentrating", "Concentrating"),
    ("cursed", "Cursed"),
    ("dead", "Dead"),
    ("deafened", "Deafened"),
    ("diseased", "Diseased"),
    ("exhaustion", "Exhaustion"),
    ("frightened", "Frightened"),
    ("grappled", "Grappled"),
    ("incapacitated", "Incapacitated"),
    ("invisible", "Invisible"),
    ("paralyzed", "Paralyzed"),
    ("petrified", "Petrified"),
    ("poisoned", "Poisoned"),
    ("prone", "Prone"),
    ("restrained", "Restrained"),
    ("silenced", "Silenced"),
    ("sleeping", "Sleeping"),
    ("stunned", "Stunned"),
    ("transformed", "Transformed"),
    ("unconscious", "Unconscious"),
];

/// What everybody can do. Importers put it among the features of every character.
pub(super) const GENERIC_ACTIONS: [&str; 35] = [
    "Attack",
    "Cast a Spell",
    "Check Cover",
    "Climb",
    "Dash",
    "Disengage",
    "Dodge",
    "Escape a Grapple",
    "Fall",
    "Falling",
    "Generic Actions",
    "Generic Actions (2024)",
    "Grapple",
    "Help",
    "Hide",
    "Improvise",
    "Influence",
    "Jump",
    "Knock Out",
    "Magic",
    "Mount",
    "Opportunity Attack",
    "Ready",
    "Ready Action",
    "Ready Spell",
    "Search",
    "Shove",
    "Squeeze",
    "Stabilize",
    "Study",
    "Suffocation",
    "Two-Weapon Attack",
    "Underwater",
    "Use an Object",
    "Utilize",
];

/// What a player calls a key of a table; a key that is not in it is spelled out.
pub(super) fn name_in(table: &[(&str, &str)], key: &str) -> String {
    let known = table.iter().find(|(known, _)| *known == key);
    known.map_or_else(|| readable(key), |(_, name)| (*name).to_owned())
}

/// A key as words: `deepSpeech` and `deep-speech` are Deep Speech.
pub(super) fn readable(key: &str) -> String {
    let mut words = String::with_capacity(key.len() + 4);
    let mut begins = true;
    for c in key.trim().chars() {
        if "-_ :".contains(c) {
            begins = true;
            continue;
        }
        if begins || c.is_uppercase() {
            if !words.is_empty() {
                words.push(' ');
            }
            words.extend(c.to_uppercase());
        } else {
            words.push(c);
        }
        begins = false;
    }
    words
}
