//! One character's long history, for benchmarks.

use backstory_core::sheet::{Abilities, Ability, Rules};
use jiff::{SignedDuration, Timestamp};

use super::{
    Capture, Outcome,
    hero::{Hero, Origin},
    random::Random,
    render::{Service, Size},
    srd::{self, BACKGROUNDS, CLASSES, ITEMS, SPECIES, SPELLS},
    story,
};

/// 2025-03-01T19:00:00Z.
const START: Timestamp = Timestamp::constant(1_740_855_600, 0);

/// Versions of one character, each a small edit of the one before it: hit points, gold, an item, a spell, a note, now
/// and then a level. Documents are at least as long as a wizard's real ones are (some 250 KB) and about as long as the
/// hint where that is longer. They are written one by one, as they are asked for.
pub fn history(seed: u64, versions: u32, document_bytes_hint: usize) -> impl Iterator<Item = Capture> {
    let mut random = Random::new(seed);
    let mut hero = wizard(seed, &mut random);
    let service = Service::new(padding(&hero, document_bytes_hint));
    (0..versions).map(move |at| {
        let mut outcome = Outcome::First;
        if at > 0 {
            outcome = edit(&mut hero, &mut random, at);
            hero.edited_at += SignedDuration::from_secs(1_800 + i64::from(at % 7) * 3_600);
        }
        story::capture(&hero, &service, hero.edited_at + SignedDuration::from_mins(11), outcome)
    })
}

/// How many further entries of the catalogue of choices bring a document to this length.
fn padding(hero: &Hero, bytes: usize) -> Size {
    const SOME: usize = 64;
    let length = |padding| Service::new(Size::Full { padding }).document(hero).len();
    let bare = length(0);
    let each = (length(SOME) - bare).div_ceil(SOME).max(1);
    Size::Full { padding: bytes.saturating_sub(bare) / each }
}

fn wizard(seed: u64, random: &mut Random) -> Hero {
    let species = srd::species("High Elf", Rules::Legacy).unwrap_or(&SPECIES[0]);
    let class = srd::class("Wizard").unwrap_or(&CLASSES[11]);
    let id = 920_000_000 + i64::try_from(seed % 1_000_000).unwrap_or(0);
    let mut hero =
        Hero::new(id, "Ysaline \u{c6}therwood", species, Origin::Catalogue(&BACKGROUNDS[0]), class);
    hero.scores = Abilities { str: 8, dex: 14, con: 14, int: 15, wis: 12, cha: 10 };
    for _ in 1..5 {
        hero.level_up("Wizard");
    }
    hero.specialise("Wizard");
    hero.improve("Wizard", Ability::Int, 2);
    while hero.spells.len() < 18 {
        learn(&mut hero, random);
    }
    for (item, quantity) in
        [("Backpack", 1), ("Spellbook", 1), ("Quarterstaff", 1), ("Rations (1 day)", 8), ("Dagger", 2)]
    {
        hero.find(item, quantity);
    }
    hero.gold(120);
    hero.edited_at = START;
    hero
}

/// One small thing happens.
fn edit(hero: &mut Hero, random: &mut Random, at: u32) -> Outcome {
    let chance = random.below(100);
    if at.is_multiple_of(40) && hero.level() < 20 {
        hero.level_up("Wizard");
        hero.long_rest();
        learn(hero, random);
        return Outcome::Change;
    }
    match chance {
        0..35 => {
            wounds(hero, random);
            return Outcome::State;
        }
        35..60 => coins(hero, random),
        60..72 if hero.items.len() < 30 => hero.find(random.pick(ITEMS).name, 1),
        60..80 if hero.items.len() > 6 => {
            let item = hero.items[5 + random.index(hero.items.len() - 5)].name().to_owned();
            hero.lose(&item);
        }
        80..90 => {
            let old = hero.spells[random.index(hero.spells.len())].spell.name;
            learn(hero, random);
            hero.forget(old);
        }
        _ => {
            hero.write("otherNotes", &format!("Night {at}: the stars stood {} fingers high.", 1 + chance % 9))
        }
    }
    Outcome::Change
}

fn wounds(hero: &mut Hero, random: &mut Random) {
    if hero.lost > 0 && random.below(2) == 0 {
        hero.long_rest();
    } else {
        hero.lost = (hero.lost + 1 + i32::try_from(random.below(6)).unwrap_or(0)) % 24 + 1;
    }
}

fn coins(hero: &mut Hero, random: &mut Random) {
    let amount = 1 + i64::try_from(random.below(60)).unwrap_or(0);
    hero.gold(if hero.coins.gp > 600 { -amount } else { amount });
}

/// Learns a spell that is not known yet and not too high.
fn learn(hero: &mut Hero, random: &mut Random) {
    let unknown = |spell: &&srd::Spell| {
        spell.suits("Wizard")
            && spell.level <= hero.level().div_ceil(2)
            && !hero.spells.iter().any(|known| known.spell.name == spell.name)
    };
    let fitting: Vec<_> = SPELLS.iter().filter(unknown).collect();
    if !fitting.is_empty() {
        let name = random.pick(&fitting).name;
        hero.learn(&[name]);
    }
}
