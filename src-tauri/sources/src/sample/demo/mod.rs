//! The three characters of the demo library.

mod keeper;
mod sergeant;
mod wizard;

use jiff::{SignedDuration, Timestamp};

use super::{
    Capture,
    hero::{Campaign, Hero, Origin},
    srd::{self, CLASSES, SPECIES},
};
use backstory_core::sheet::Rules;

/// Three characters with some five and twenty versions each, in order of time: what the demo library is made of.
pub fn demo() -> Vec<Capture> {
    let mut captures = wizard::tell();
    captures.extend(sergeant::tell());
    captures.extend(keeper::tell());
    captures.sort_by(|a, b| (a.captured_at, &a.file_name).cmp(&(b.captured_at, &b.file_name)));
    captures
}

/// The evening of the given week, counted from 2025-09-06 (a Saturday), at 21:40 UTC.
fn saturday(week: i64) -> Timestamp {
    const FIRST: Timestamp = Timestamp::constant(1_757_194_800, 0);
    FIRST + SignedDuration::from_hours(week * 7 * 24)
}

/// A character of the demo. A name that the lists do not know falls back to their first; a test sees that none does.
fn hero(id: i64, name: &str, (species, rules): (&str, Rules), origin: Origin, class: &str) -> Hero {
    let known = srd::species(species, rules);
    let trained = srd::class(class);
    let mut hero = Hero::new(id, name, known.unwrap_or(&SPECIES[0]), origin, trained.unwrap_or(&CLASSES[0]));
    if known.is_none() || trained.is_none() {
        hero.mistakes.push(format!("{species} {class}"));
    }
    hero
}

/// The campaign that the wizard and the sergeant share.
fn harrowmere() -> Campaign {
    Campaign {
        id: 8_400_117,
        name: "The Lanterns of Harrowmere".into(),
        description: "A lake town, nine lanterns, and something in the water that counts them.",
        leader: (71_204_411, "aunt-of-dragons"),
        companions: &[
            (71_330_208, "oatmeal-paladin", 900_000_011, "Cuthwin Vale"),
            (71_518_934, "second-breakfast", 900_000_012, "Pim Tallowby"),
            (71_640_077, "rolls-a-lot", 900_000_013, "Nerissa of the Reeds"),
        ],
    }
}
