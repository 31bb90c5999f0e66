//! Maëlis Thornwick, who reads too late and lights the lamps of Harrowmere.

use backstory_core::sheet::{Abilities, Ability::Int, Rules};

use super::{
    super::{
        Capture,
        hero::{Familiar, Hero, Looks, Origin},
        render::{Service, Size},
        srd::{self, BACKGROUNDS},
        story::Story,
    },
    harrowmere, hero, saturday,
};

const CHILDHOOD: &str = "Found in a basket of candle stubs on the steps of the chapel library of Harrowmere, with a \
    silver thimble and no note. Brother Anselm taught me to read so that I would stop asking him what the books said. \
    I have been asking the books ever since.";
const LETTER: &str = "Found in a basket of candle stubs on the steps of the chapel library of Harrowmere, with a \
    silver thimble and no note. Brother Anselm taught me to read so that I would stop asking him what the books said. \
    I have been asking the books ever since.\n\nThere was a note after all. Anselm kept it for twenty-three years, \
    because it was addressed to the lake.";
const LAKE: &str = "Found in a basket of candle stubs on the steps of the chapel library of Harrowmere, with a \
    silver thimble and a note that Brother Anselm kept for twenty-three years, because it was addressed to the lake.\n\n\
    I have read it to the lake now. The lake read it back. My mother lit the ninth lantern, and somebody has to light \
    it again before the winter is out.";

/// Her story, from a first cantrip to a ninth level.
pub(super) fn tell() -> Vec<Capture> {
    let mut story = Story::new(beginning(), Service::new(Size::Full { padding: 90 }));
    autumn(&mut story);
    winter(&mut story);
    spring(&mut story);
    story.end()
}

fn beginning() -> Hero {
    let origin = srd::background("Acolyte", Rules::Legacy).unwrap_or(&BACKGROUNDS[0]);
    let mut hero = hero(
        900_000_001,
        "Ma\u{eb}lis Thornwick",
        ("High Elf", Rules::Legacy),
        Origin::Catalogue(origin),
        "Wizard",
    );
    hero.user = (71_402_550, "thimble-and-thread".into());
    hero.scores = Abilities { str: 8, dex: 14, con: 14, int: 15, wis: 12, cha: 10 };
    hero.looks = Looks {
        gender: Some("she/her"),
        faith: Some("The lamplighters\u{2019} saints"),
        age: Some(123),
        hair: Some("Ash brown, ink at the ends"),
        eyes: Some("Grey"),
        skin: None,
        height: Some("5'6\""),
        weight: Some(118),
        alignment: Some(5),
    };
    hero.campaign = Some(harrowmere());
    hero.learn(&["Fire Bolt", "Light", "Prestidigitation"]);
    hero.learn(&["Mage Armor", "Magic Missile", "Sleep", "Detect Magic", "Find Familiar", "Shield"]);
    for (name, quantity) in [
        ("Quarterstaff", 1),
        ("Dagger", 1),
        ("Spellbook", 1),
        ("Backpack", 1),
        ("Component Pouch", 1),
        ("Ink (1-ounce bottle)", 1),
        ("Ink Pen", 1),
        ("Parchment (one sheet)", 12),
        ("Book", 1),
        ("Clothes, Common", 1),
        ("Rations (1 day)", 5),
        ("Bedroll", 1),
        ("Waterskin", 1),
    ] {
        hero.find(name, quantity);
    }
    hero.equip("Quarterstaff", true);
    for name in ["Ink (1-ounce bottle)", "Ink Pen", "Parchment (one sheet)", "Rations (1 day)", "Bedroll"] {
        hero.stow(name, "Backpack");
    }
    hero.gold(15);
    hero.write("backstory", CHILDHOOD);
    hero.write("personalityTraits", "I answer a question with two better ones.");
    hero.write("ideals", "A lamp that nobody lights is furniture.");
    hero.write("bonds", "Brother Anselm, who never once asked me to be quiet.");
    hero.write("flaws", "I will open it. Whatever it is.");
    hero
}

fn autumn(story: &mut Story) {
    story.session(saturday(0), |_| {}).again(20).again(71);
    story
        .session(saturday(1), |hero| {
            hero.lose("Rations (1 day)");
            hero.gold(22);
            hero.find("Potion of Healing", 1);
        })
        .state(9, |hero| {
            hero.hurt(4);
            hero.cast(1);
        });
    story
        .session(saturday(2), |hero| {
            hero.long_rest();
            hero.level_up("Wizard");
            hero.learn(&["Thunderwave", "Identify"]);
            hero.specialise("Wizard");
            hero.familiar = Some(Familiar { id: 48_120_007, name: None, active: true });
        })
        .then(6, |hero| {
            if let Some(owl) = &mut hero.familiar {
                owl.name = Some("Inkwell".into());
            }
            hero.write("allies", "Inkwell, an owl, mostly. He is a familiar when he remembers it.");
        })
        .quiet(13, |service| service.provided_from = "storage")
        .again(24);
    story.session(saturday(4), |hero| {
        hero.level_up("Wizard");
        hero.learn(&["Misty Step", "Scorching Ray"]);
        hero.write("enemies", "Whoever put out the third lantern. Wet footprints, no shoes.");
    });
    story
        .session(saturday(6), |hero| {
            hero.level_up("Wizard");
            hero.improve("Wizard", Int, 2);
            hero.learn(&["Minor Illusion", "Web", "Invisibility"]);
            hero.gold(140);
        })
        .state(15, |hero| {
            hero.cast(2);
            hero.cast(2);
            hero.hurt(11);
        })
        .again(40);
}

fn winter(story: &mut Story) {
    story
        .session(saturday(9), |hero| {
            hero.long_rest();
            hero.level_up("Wizard");
            hero.learn(&["Fireball", "Counterspell"]);
            hero.write("backstory", LETTER);
        })
        .quiet(5, |service| service.shuffled = 3)
        .again(30);
    story
        .session(saturday(10), |hero| {
            hero.find("Wand of Magic Missiles", 1);
            hero.find("Cloak of Protection", 1);
            hero.equip("Wand of Magic Missiles", true);
        })
        .then(4, |hero| hero.attune("Cloak of Protection"));
    story.session(saturday(12), |hero| {
        hero.level_up("Wizard");
        hero.learn(&["Fly", "Sending"]);
        hero.swap_spell("Sleep", "Alarm");
        hero.gold(-120);
    });
    // The night on the ice: everybody who was there still talks about it.
    story
        .state(55, |hero| {
            hero.hurt(38);
            hero.cast(3);
            hero.cast(3);
            hero.cast(3);
            hero.conditions = vec![15];
            hero.death_saves.failures = 2;
            hero.death_saves.successes = 1;
        })
        .then(12, |hero| {
            hero.heal(7);
            hero.conditions.clear();
            hero.lose("Potion of Healing");
        })
        .quiet(20, |service| {
            service.additions = true;
            service.provided_from = "database";
        });
    story.session(saturday(15), |hero| {
        hero.long_rest();
        hero.level_up("Wizard");
        hero.learn(&["Greater Invisibility", "Ice Storm"]);
        hero.rename("Quarterstaff", "Anselm\u{2019}s Walking Stick");
    });
    story
        .then(8, |hero| {
            hero.make(
                "Thimble of the Ninth Lantern",
                "Silver. Warm when it is near water. It hums at night.",
            );
            hero.find("Bag of Holding", 1);
            hero.stow("Parchment (one sheet)", "Bag of Holding");
            hero.stow("Bedroll", "Bag of Holding");
        })
        .again(12)
        .again(60);
}

fn spring(story: &mut Story) {
    story.session(saturday(18), |hero| {
        hero.level_up("Wizard");
        hero.improve("Wizard", Int, 2);
        hero.learn(&["Dimension Door", "Wall of Fire"]);
        hero.gold(310);
    });
    story
        .state(25, |hero| {
            hero.cast(4);
            hero.hurt(17);
            hero.discharge("Wand of Magic Missiles", 4);
        })
        .state(30, |hero| hero.prepare("Web", false))
        .quiet(9, |service| service.precision = 1);
    story
        .session(saturday(21), |hero| {
            hero.long_rest();
            hero.prepare("Web", true);
            hero.release("Cloak of Protection");
            hero.find("Pearl of Power", 1);
            hero.attune("Pearl of Power");
            hero.write("enemies", "The one who counts. It has my mother\u{2019}s handwriting.");
        })
        .then(3, |hero| hero.attune("Cloak of Protection"));
    story.session(saturday(24), |hero| {
        hero.level_up("Wizard");
        hero.learn(&["Cone of Cold", "Wall of Force"]);
        hero.write("backstory", LAKE);
        hero.write("ideals", "A lamp that nobody lights is a promise.");
    });
    story.quiet(17, |service| service.shuffled = 5).again(48);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_script_makes_sense() {
        let mut story = Story::new(beginning(), Service::new(Size::Small));
        autumn(&mut story);
        winter(&mut story);
        spring(&mut story);
        assert_eq!(story.hero.mistakes, Vec::<String>::new());
    }
}
