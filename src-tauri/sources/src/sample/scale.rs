//! Many small characters, one version each.

use backstory_core::sheet::{Ability, Rules};
use jiff::{SignedDuration, Timestamp};

use super::{
    Capture, Outcome,
    hero::{Campaign, Hero, Origin},
    random::Random,
    render::{Service, Size, slots},
    srd::{BACKGROUNDS, CLASSES, Class, ITEMS, SPECIES, SPELLS, Spell},
    story,
};

/// The first character's number; the others count on.
const FIRST: i64 = 910_000_000;
/// 2025-01-04T12:00:00Z.
const START: Timestamp = Timestamp::constant(1_735_992_000, 0);

const FIRST_NAMES: &[&str] = &[
    "Aurin",
    "Brélla",
    "Caspian",
    "Dunya",
    "Eskil",
    "Fenna",
    "Görim",
    "Hesper",
    "Ilse",
    "Jorah",
    "Kestrel",
    "Liùsaidh",
    "Marek",
    "Nímue",
    "Osric",
    "Petra",
    "Quill",
    "Rowan",
    "Søren",
    "Tamsin",
    "Ulric",
    "Vesna",
    "Wynn",
    "Yara",
    "Zdeněk",
];
const LAST_NAMES: &[&str] = &[
    "Ashgrove",
    "Bellweather",
    "Copperkettle",
    "Dawnharrow",
    "Emberly",
    "Fallowmere",
    "Greywater",
    "Hollowell",
    "Ironquill",
    "Lanternwright",
    "Mossbank",
    "Nightingale",
    "Oakenshade",
    "Quickstep",
    "Ravensworth",
    "Stormcrow",
    "Thistledown",
    "Underhill",
    "Wavecrest",
    "Windle",
];
const PLACES: &[&str] = &[
    "the Amber Coast",
    "the Drowned Bell",
    "the Glass Orchard",
    "Harrowmere",
    "the Low Kings",
    "Nine Bridges",
    "the Quiet Moon",
    "the Salt Road",
];
const DEEDS: &[&str] = &["Lanterns of", "Letters from", "The Long Winter of", "Songs of", "Tides of"];

/// Characters with small documents and one version each, for tests of what many of them cost.
pub fn scale(count: u32, seed: u64) -> impl Iterator<Item = Capture> {
    (0..count).map(move |at| one(at, seed))
}

fn one(at: u32, seed: u64) -> Capture {
    let mut random = Random::new(seed ^ (u64::from(at) + 1).wrapping_mul(0x9E37_79B9));
    let mut hero = somebody(FIRST + i64::from(at), &mut random);
    hero.edited_at = START + SignedDuration::from_secs(i64::from(at) * 300);
    let service = Service::new(Size::Small);
    story::capture(&hero, &service, hero.edited_at + SignedDuration::from_mins(11), Outcome::First)
}

fn somebody(id: i64, random: &mut Random) -> Hero {
    let name = format!("{} {}", random.pick(FIRST_NAMES), random.pick(LAST_NAMES));
    let species = random.pick(SPECIES);
    let fitting: Vec<_> = BACKGROUNDS.iter().filter(|one| one.rules == species.rules).collect();
    let class = random.pick(CLASSES);
    let background = fitting[random.index(fitting.len())];
    let mut hero = Hero::new(id, &name, species, Origin::Catalogue(background), class);
    hero.user = (70_000_000 + id % 20_000, format!("player-{}", id % 20_000));
    if hero.rules == Rules::Revised {
        hero.raised = vec![(class.ability, 2), (Ability::Con, 1)];
    }
    *hero.scores.get_mut(class.ability) = 15;
    for _ in 0..random.below(20) {
        hero.level_up(class.name);
    }
    if hero.level() >= class.subclass_level(hero.rules) {
        hero.specialise(class.name);
    }
    equip(&mut hero, random);
    learn(&mut hero, class, random);
    if random.below(4) > 0 {
        let place = random.pick(PLACES);
        hero.campaign = Some(Campaign {
            id: 8_000_000 + i64::try_from(random.below(400)).unwrap_or(0),
            name: format!("{} {place}", random.pick(DEEDS)),
            description: "",
            leader: (71_000_000, "keeper-of-the-screen"),
            companions: &[],
        });
    }
    hero
}

/// Some classes know no cantrips and no spells yet.
fn learn(hero: &mut Hero, class: &Class, random: &mut Random) {
    let slots = slots(class.casting, hero.level());
    let highest = (1u32..).zip(slots).filter(|(_, count)| *count > 0).map(|(level, _)| level).max();
    let known = |spell: &&Spell| highest.is_some_and(|highest| spell.level <= highest);
    let fitting: Vec<_> = SPELLS.iter().filter(|spell| spell.suits(class.name)).filter(known).collect();
    if !fitting.is_empty() {
        let name = fitting[random.index(fitting.len())].name;
        hero.learn(&[name]);
    }
}

fn equip(hero: &mut Hero, random: &mut Random) {
    let item = random.pick(ITEMS);
    let quantity = u32::try_from(1 + random.below(3)).unwrap_or(1);
    hero.find(item.name, quantity);
    if item.wearable() {
        hero.equip(item.name, true);
    }
    hero.gold(i64::try_from(random.below(900)).unwrap_or(0));
    let maximum = hero.base_hit_points();
    if random.below(3) == 0 {
        hero.hurt(i32::try_from(random.below(u64::from(maximum))).unwrap_or(0));
    }
}
