//! Tables of the game's rules that more than one source needs.

/// Spell slots of a caster by caster level, from the multiclass table (the same in both editions).
const SLOTS: [[u32; 9]; 21] = [
    [0, 0, 0, 0, 0, 0, 0, 0, 0],
    [2, 0, 0, 0, 0, 0, 0, 0, 0],
    [3, 0, 0, 0, 0, 0, 0, 0, 0],
    [4, 2, 0, 0, 0, 0, 0, 0, 0],
    [4, 3, 0, 0, 0, 0, 0, 0, 0],
    [4, 3, 2, 0, 0, 0, 0, 0, 0],
    [4, 3, 3, 0, 0, 0, 0, 0, 0],
    [4, 3, 3, 1, 0, 0, 0, 0, 0],
    [4, 3, 3, 2, 0, 0, 0, 0, 0],
    [4, 3, 3, 3, 1, 0, 0, 0, 0],
    [4, 3, 3, 3, 2, 0, 0, 0, 0],
    [4, 3, 3, 3, 2, 1, 0, 0, 0],
    [4, 3, 3, 3, 2, 1, 0, 0, 0],
    [4, 3, 3, 3, 2, 1, 1, 0, 0],
    [4, 3, 3, 3, 2, 1, 1, 0, 0],
    [4, 3, 3, 3, 2, 1, 1, 1, 0],
    [4, 3, 3, 3, 2, 1, 1, 1, 0],
    [4, 3, 3, 3, 2, 1, 1, 1, 1],
    [4, 3, 3, 3, 3, 1, 1, 1, 1],
    [4, 3, 3, 3, 3, 2, 1, 1, 1],
    [4, 3, 3, 3, 3, 2, 2, 1, 1],
];

/// A warlock's slots by level: their spell level and how many.
pub(crate) fn pact_slots(level: u32) -> (u32, u32) {
    let count = match level {
        0 => 0,
        1 => 1,
        2..=10 => 2,
        11..=16 => 3,
        _ => 4,
    };
    (level.div_ceil(2).min(5), count)
}

/// What share of its levels a class casts with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Share {
    pub(crate) divisor: u32,
    /// Whether it rounds up (an artificer, the half casters of 2024).
    pub(crate) up: bool,
}

/// A class that casts.
pub(crate) struct Caster {
    pub(crate) level: u32,
    pub(crate) share: Share,
    /// The row of the class's own table, where the document has one.
    pub(crate) own: Option<[u32; 9]>,
}

/// How many slots of each spell level these classes have together.
pub(crate) fn slots(casters: &[Caster]) -> [u32; 9] {
    match casters {
        [] => [0; 9],
        // A single casting class has its own table: a half or third caster alone rounds up, together they round down.
        [one] => one.own.unwrap_or_else(|| alone(one)),
        several => row(several.iter().map(shared_level).fold(0, u32::saturating_add)),
    }
}

fn row(level: u32) -> [u32; 9] {
    let at = usize::try_from(level).unwrap_or(20).min(20);
    SLOTS.get(at).copied().unwrap_or_default()
}

fn shared_level(caster: &Caster) -> u32 {
    let Share { divisor, up } = caster.share;
    if up { caster.level.div_ceil(divisor.max(1)) } else { caster.level / divisor.max(1) }
}

/// The common table at the level the share rounds up to. Half casters start at second level, third casters at third;
/// those that round up at first.
fn alone(caster: &Caster) -> [u32; 9] {
    let starts = caster.share.up || caster.level >= caster.share.divisor;
    row(if starts { caster.level.div_ceil(caster.share.divisor.max(1)) } else { 0 })
}

/// Every condition of the rules.
pub(crate) const CONDITIONS: [&str; 15] = [
    "Blinded",
    "Charmed",
    "Deafened",
    "Exhaustion",
    "Frightened",
    "Grappled",
    "Incapacitated",
    "Invisible",
    "Paralyzed",
    "Petrified",
    "Poisoned",
    "Prone",
    "Restrained",
    "Stunned",
    "Unconscious",
];

/// The simple weapons of the rules. Bows that are named by kind stand as D&D Beyond spells them.
pub(crate) const SIMPLE_WEAPONS: [&str; 14] = [
    "Club",
    "Crossbow, Light",
    "Dagger",
    "Dart",
    "Greatclub",
    "Handaxe",
    "Javelin",
    "Light Hammer",
    "Mace",
    "Quarterstaff",
    "Shortbow",
    "Sickle",
    "Sling",
    "Spear",
];

/// The martial weapons of the rules, spelled in the same way.
pub(crate) const MARTIAL_WEAPONS: [&str; 25] = [
    "Battleaxe",
    "Blowgun",
    "Crossbow, Hand",
    "Crossbow, Heavy",
    "Flail",
    "Glaive",
    "Greataxe",
    "Greatsword",
    "Halberd",
    "Lance",
    "Longbow",
    "Longsword",
    "Maul",
    "Morningstar",
    "Musket",
    "Net",
    "Pike",
    "Pistol",
    "Rapier",
    "Scimitar",
    "Shortsword",
    "Trident",
    "War Pick",
    "Warhammer",
    "Whip",
];

/// A dwarf's battleaxe is no news to a fighter: who knows all martial weapons is not told the single ones.
pub(crate) fn drop_covered(weapons: &mut std::collections::BTreeSet<String>) {
    for (all, single) in [("Simple Weapons", &SIMPLE_WEAPONS[..]), ("Martial Weapons", &MARTIAL_WEAPONS[..])]
    {
        if weapons.contains(all) {
            weapons.retain(|weapon| !single.contains(&weapon.as_str()));
        }
    }
}
