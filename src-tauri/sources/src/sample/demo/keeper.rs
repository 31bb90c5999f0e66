//! Ysolde Brök, a lighthouse keeper who is saving for a lighthouse.

use backstory_core::sheet::{Abilities, Ability::Str, Rules};
use jiff::SignedDuration;

use super::{
    super::{
        Capture,
        hero::{Campaign, Hero, Looks, Origin},
        render::{Service, Size},
        story::Story,
    },
    hero, saturday,
};

const ROCK: &str = "Kept the light on Gannet Rock with my grandmother until the harbour board sold the rock. They want \
    eight hundred gold for it. I have asked them twice whether they are sure. I have also asked how much for only the \
    light.";
const STORM: &str = "Kept the light on Gannet Rock with my grandmother until the harbour board sold the rock. They \
    want eight hundred gold for it.\n\nShe used to say that a storm is only weather that nobody has talked to. I have \
    been talking to it since the night of the *Patience*. It is starting to answer.";
const HOME: &str = "Kept the light on Gannet Rock with my grandmother until the harbour board sold the rock.\n\nBought \
    it back on the last day of winter for eight hundred gold, in coins, in a bucket. The clerk counted them twice. The \
    light is burning. Come by if you are at sea.";

/// Her story: a barbarian with a ledger.
pub(super) fn tell() -> Vec<Capture> {
    // Somebody saves this one from the browser: bare, and laid out for reading.
    let service = Service { envelope: false, pretty: true, ..Service::new(Size::Full { padding: 30 }) };
    let mut story = Story::new(beginning(), service);
    harbour(&mut story);
    storm(&mut story);
    home(&mut story);
    story.end()
}

fn beginning() -> Hero {
    let origin = Origin::Custom(
        "Lighthouse Keeper",
        "You have kept a light for other people. You know the weather by its first word, and you wake when a flame \
         goes out.",
        &["perception", "survival"],
    );
    let mut hero = hero(900_000_003, "Ysolde Br\u{f6}k", ("Half-Orc", Rules::Legacy), origin, "Barbarian");
    hero.user = (71_733_406, "gannet-rock".into());
    hero.skills = vec!["athletics", "nature"];
    hero.scores = Abilities { str: 15, dex: 14, con: 14, int: 10, wis: 12, cha: 8 };
    hero.looks = Looks {
        gender: Some("she/her"),
        faith: Some("Small gods of the harbour"),
        age: Some(31),
        hair: Some("Black, salt-stiff"),
        eyes: Some("Sea green"),
        skin: Some("Weathered"),
        height: Some("6'3\""),
        weight: Some(214),
        alignment: Some(4),
    };
    hero.experience = Some(0);
    hero.campaign = Some(Campaign {
        id: 8_511_902,
        name: "Salt and Small Gods".into(),
        description: "Every harbour has a god. Most of them are the size of a cat.",
        leader: (71_900_355, "barnacle-bill-yes-that-one"),
        companions: &[
            (71_733_910, "knots-and-crosses", 900_000_021, "Teodric Hale"),
            (71_812_644, "tidepool", 900_000_022, "Ondine \u{201c}Minnow\u{201d} Farr"),
        ],
    });
    for (name, quantity) in [
        ("Greataxe", 1),
        ("Javelin", 4),
        ("Backpack", 1),
        ("Pouch", 1),
        ("Lantern, Hooded", 1),
        ("Oil (flask)", 6),
        ("Rope, Hempen (50 feet)", 1),
        ("Rations (1 day)", 6),
        ("Signal Whistle", 1),
        ("Blanket", 1),
    ] {
        hero.find(name, quantity);
    }
    hero.equip("Greataxe", true);
    for name in ["Oil (flask)", "Rations (1 day)", "Rope, Hempen (50 feet)", "Blanket"] {
        hero.stow(name, "Backpack");
    }
    hero.stow("Signal Whistle", "Pouch");
    hero.gold(11);
    hero.coins.sp = 8;
    hero.coins.cp = 40;
    hero.write("backstory", ROCK);
    hero.write("personalityTraits", "I do not shout. I have never had to.");
    hero.write("ideals", "You keep the light for the ship you cannot see.");
    hero.write("bonds", "Gannet Rock, eighty-one steps, one of them loose.");
    hero.write("flaws", "I take weather personally.");
    hero.write("otherHoldings", "Saved for the rock: 11 of 800 gp.");
    hero
}

/// A Sunday afternoon: this table meets when the other one sleeps in.
fn sunday(week: i64) -> jiff::Timestamp {
    saturday(week) + SignedDuration::from_hours(18)
}

fn saved(hero: &mut Hero, gold: i64) {
    hero.gold(gold);
    let purse = format!("Saved for the rock: {} of 800 gp.", hero.coins.gp);
    hero.write("otherHoldings", &purse);
}

fn experience(hero: &mut Hero, points: i32) {
    hero.experience = hero.experience.map(|known| known + points);
}

fn harbour(story: &mut Story) {
    story.session(sunday(5), |_| {}).again(30);
    story
        .session(sunday(6), |hero| {
            experience(hero, 150);
            saved(hero, 18);
            hero.count("Oil (flask)", 4);
        })
        .state(12, |hero| {
            hero.use_feature("Rage");
            hero.hurt(6);
        });
    story
        .session(sunday(7), |hero| {
            hero.long_rest();
            experience(hero, 170);
            hero.level_up("Barbarian");
            hero.count("Javelin", 3);
        })
        .quiet(14, |service| service.provided_from = "storage")
        .again(50);
    story.session(sunday(9), |hero| {
        experience(hero, 240);
        saved(hero, 64);
        hero.find("Potion of Healing", 2);
        hero.find("Handaxe", 2);
    });
    story
        .then(9, |hero| {
            hero.make("Brass lamp of the north light", "Dented. It was the first thing I was given.")
        })
        .then(4, |hero| {
            hero.stow("Brass lamp of the north light", "Backpack");
            hero.write("personalPossessions", "The brass lamp. Not for sale, not for lending, not for oil.");
        })
        .again(36);
}

fn storm(story: &mut Story) {
    story
        .session(sunday(11), |hero| {
            experience(hero, 420);
            hero.level_up("Barbarian");
            hero.specialise("Barbarian");
        })
        .quiet(8, |service| service.shuffled = 1);
    // The wreck of the Patience.
    story
        .session(sunday(12), |hero| {
            experience(hero, 300);
            hero.hurt(22);
            hero.use_feature("Rage");
            hero.use_feature("Rage");
            hero.count("Potion of Healing", 1);
        })
        .state(16, |hero| {
            hero.use_feature("Relentless Endurance");
            hero.hurt(10);
            hero.conditions = vec![15];
            hero.death_saves.failures = 2;
        })
        .state(5, |hero| {
            hero.death_saves.successes = 3;
            hero.death_saves.stabilized = true;
        })
        .state(40, |hero| {
            hero.long_rest();
            hero.inspiration = true;
        })
        .again(20);
    story
        .session(sunday(13), |hero| {
            hero.inspiration = false;
            hero.write("backstory", STORM);
            saved(hero, 95);
        })
        .quiet(60, |service| {
            service.additions = true;
            service.provided_from = "cache";
        });
    story
        .session(sunday(15), |hero| {
            experience(hero, 1_420);
            hero.level_up("Barbarian");
            hero.improve("Barbarian", Str, 2);
        })
        .then(6, |hero| {
            hero.find("Lantern of Revealing", 1);
            hero.lose("Lantern, Hooded");
        })
        .then(3, |hero| hero.attune("Lantern of Revealing"))
        .again(70);
}

fn home(story: &mut Story) {
    story.session(sunday(17), |hero| {
        hero.find("Chest", 1);
        hero.stow("Blanket", "Chest");
        hero.stow("Handaxe", "Chest");
        saved(hero, 210);
        experience(hero, 500);
    });
    story
        .session(sunday(18), |hero| {
            hero.find("Cloak of Protection", 1);
            hero.attune("Cloak of Protection");
            hero.buy("Spyglass", 1, 60);
            hero.label("Spyglass", "From the Patience\u{2019}s captain, at a friend\u{2019}s price.");
            saved(hero, 0);
        })
        .then(8, |hero| hero.rename("Greataxe", "The Loose Step"))
        .quiet(10, |service| service.precision = 3);
    story.session(sunday(20), |hero| {
        saved(hero, 470);
        experience(hero, 900);
        hero.write("allies", "The god of the harbour wall. Tabby, one ear, strong opinions on mackerel.");
    });
    story
        .session(sunday(22), |hero| {
            experience(hero, 2_600);
            hero.level_up("Barbarian");
            saved(hero, 40);
        })
        .state(19, |hero| {
            hero.use_feature("Rage");
            hero.hurt(9);
        })
        .again(24);
    story.session(sunday(24), |hero| {
        hero.long_rest();
        hero.gold(-800);
        hero.write("otherHoldings", "Gannet Rock, the light on it, and eighty-one steps. Paid in full.");
        hero.write("backstory", HOME);
    });
    story.then(7, |hero| hero.write("bonds", "Gannet Rock, eighty-one steps, none of them loose.")).again(15);
    story.quiet(30, |service| service.shuffled = 4);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_script_makes_sense() {
        let mut story = Story::new(beginning(), Service::new(Size::Small));
        harbour(&mut story);
        storm(&mut story);
        home(&mut story);
        assert_eq!(story.hero.mistakes, Vec::<String>::new());
        assert!(story.hero.coins.gp >= 0);
    }
}
