//! Sigrún Oakhand, a sergeant who left the garrison by the window.

use backstory_core::sheet::{
    Abilities,
    Ability::{Con, Dex, Str},
    Rules,
};

use super::{
    super::{
        Capture,
        hero::{Hero, Looks, Origin},
        render::{Service, Size},
        srd::{self, BACKGROUNDS},
        story::Story,
    },
    harrowmere, hero, saturday,
};

const GARRISON: &str = "Eleven years with the lake garrison, nine of them as sergeant. I know how to march, how to \
    wait, and how to make porridge for sixty.\n\nThe captain says I deserted. I say that a post is only a post while \
    there is somebody behind it to guard.";
const PARDON: &str = "Eleven years with the lake garrison, nine of them as sergeant. I know how to march, how to \
    wait, and how to make porridge for sixty.\n\nThe captain said I deserted. The captain is at the bottom of the lake \
    with the third lantern, and the town council has found it in its heart to pardon me. The porridge was mentioned.";

/// Her story: a fighter who learned to be quiet.
pub(super) fn tell() -> Vec<Capture> {
    let mut story = Story::new(beginning(), Service::new(Size::Full { padding: 60 }));
    desertion(&mut story);
    lamplight(&mut story);
    pardon(&mut story);
    story.end()
}

fn beginning() -> Hero {
    let origin = srd::background("Soldier", Rules::Revised).unwrap_or(&BACKGROUNDS[4]);
    let mut hero = hero(
        900_000_002,
        "Sigr\u{fa}n Oakhand",
        ("Dwarf", Rules::Revised),
        Origin::Catalogue(origin),
        "Fighter",
    );
    hero.user = (71_518_001, "porridge-for-sixty".into());
    hero.scores = Abilities { str: 15, dex: 13, con: 14, int: 8, wis: 12, cha: 10 };
    hero.raised = vec![(Str, 2), (Con, 1)];
    hero.looks = Looks {
        gender: Some("she/her"),
        faith: None,
        age: Some(88),
        hair: Some("Copper, braided tight"),
        eyes: Some("Hazel"),
        skin: None,
        height: Some("4'4\""),
        weight: Some(161),
        alignment: Some(2),
    };
    hero.campaign = Some(harrowmere());
    hero.take_feat("Great Weapon Fighting");
    for (name, quantity) in [
        ("Chain Mail", 1),
        ("Warhammer", 1),
        ("Shield", 1),
        ("Handaxe", 2),
        ("Backpack", 1),
        ("Rope, Hempen (50 feet)", 1),
        ("Rations (1 day)", 10),
        ("Torch", 10),
        ("Dice Set", 1),
        ("Clothes, Traveler's", 1),
    ] {
        hero.find(name, quantity);
    }
    for name in ["Chain Mail", "Warhammer", "Shield"] {
        hero.equip(name, true);
    }
    for name in ["Rope, Hempen (50 feet)", "Rations (1 day)", "Torch", "Dice Set"] {
        hero.stow(name, "Backpack");
    }
    hero.gold(14);
    hero.write("backstory", GARRISON);
    hero.write("personalityTraits", "I count exits, then chairs, then people.");
    hero.write("bonds", "The sixty. I still know all their names.");
    hero.write("flaws", "I cannot leave a fire unattended or an order unexamined.");
    hero.write("organizations", "Lake garrison of Harrowmere (former).");
    hero
}

fn desertion(story: &mut Story) {
    story.session(saturday(0) + jiff::SignedDuration::from_mins(7), |_| {}).again(26);
    story
        .session(saturday(1) + jiff::SignedDuration::from_mins(4), |hero| {
            hero.count("Rations (1 day)", 7);
            hero.gold(9);
            hero.hurt(5);
        })
        .state(20, |hero| hero.use_feature("Second Wind"));
    story
        .session(saturday(2) + jiff::SignedDuration::from_mins(9), |hero| {
            hero.long_rest();
            hero.level_up("Fighter");
        })
        .quiet(30, |service| service.provided_from = "cache");
    // A sergeant with a shield wants another style than one with both hands full.
    story.session(saturday(3), |hero| {
        hero.swap_feat("Great Weapon Fighting", "Defense");
        hero.write("otherNotes", "Reminder: ask the Keeper about the style. Done, he said yes.");
    });
    story
        .session(saturday(4) + jiff::SignedDuration::from_mins(3), |hero| {
            hero.level_up("Fighter");
            hero.gold(35);
        })
        .then(5, |hero| hero.specialise("Fighter"))
        .again(44)
        .again(90);
}

fn lamplight(story: &mut Story) {
    story.session(saturday(6) + jiff::SignedDuration::from_mins(12), |hero| {
        hero.level_up("Rogue");
        hero.expertise = vec!["perception", "athletics"];
        hero.buy("Thieves' Tools", 1, 25);
        hero.write("otherNotes", "Lessons from Pim. He laughs at my footsteps. He is right to.");
    });
    story
        .session(saturday(7), |hero| {
            hero.find("Potion of Healing", 2);
            hero.find("Shortsword", 1);
            hero.stow("Shortsword", "Backpack");
            hero.gold(48);
        })
        .state(18, |hero| {
            hero.hurt(21);
            hero.use_feature("Action Surge");
        })
        .state(10, |hero| hero.short_rest(2, 14));
    story
        .session(saturday(9) + jiff::SignedDuration::from_mins(2), |hero| {
            hero.long_rest();
            hero.level_up("Rogue");
            hero.count("Potion of Healing", 1);
        })
        .quiet(11, |service| {
            service.provided_from = "database";
            service.shuffled = 2;
        })
        .again(24);
    story.session(saturday(10) + jiff::SignedDuration::from_mins(5), |hero| {
        hero.find("Warhammer, +1", 1);
        hero.equip("Warhammer", false);
        hero.stow("Warhammer", "Backpack");
        hero.equip("Warhammer, +1", true);
    });
    story
        .then(2, |hero| hero.rename("Warhammer, +1", "Reveille"))
        .then(3, |hero| hero.label("Reveille", "From the drowned armoury. Rings once before trouble."));
    story
        .session(saturday(12) + jiff::SignedDuration::from_mins(6), |hero| {
            hero.level_up("Fighter");
            hero.improve("Fighter", Str, 2);
            hero.count("Torch", 2);
        })
        .state(58, |hero| {
            hero.hurt(41);
            hero.use_feature("Second Wind");
            hero.use_feature("Action Surge");
        });
}

fn pardon(story: &mut Story) {
    story
        .session(saturday(13), |hero| {
            hero.long_rest();
            hero.write("enemies", "Captain Brandt. Under the ice, still giving orders.");
            hero.gold(120);
        })
        .quiet(40, |service| service.additions = true)
        .again(30);
    story.session(saturday(15) + jiff::SignedDuration::from_mins(4), |hero| {
        hero.level_up("Rogue");
        hero.specialise("Rogue");
    });
    story
        .session(saturday(16), |hero| {
            hero.buy("Splint", 1, 200);
            hero.equip("Chain Mail", false);
            hero.equip("Splint", true);
        })
        .then(7, |hero| {
            hero.lose("Chain Mail");
            hero.gold(30);
        });
    story
        .session(saturday(18) + jiff::SignedDuration::from_mins(8), |hero| {
            hero.level_up("Fighter");
            hero.find("Amulet of Health", 1);
        })
        .then(5, |hero| hero.attune("Amulet of Health"))
        .quiet(22, |service| service.precision = 2);
    story.session(saturday(21) + jiff::SignedDuration::from_mins(3), |hero| {
        hero.level_up("Fighter");
        hero.improve("Fighter", Dex, 2);
        hero.write("organizations", "Lake garrison of Harrowmere (sergeant, pardoned).");
    });
    story
        .session(saturday(24) + jiff::SignedDuration::from_mins(11), |hero| {
            hero.write("backstory", PARDON);
            hero.write("enemies", "None above water.");
            hero.make("Council's pardon, framed", "Three seals, one of them porridge.");
            hero.gold(250);
        })
        .again(20);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_script_makes_sense() {
        let mut story = Story::new(beginning(), Service::new(Size::Small));
        desertion(&mut story);
        lamplight(&mut story);
        pardon(&mut story);
        assert_eq!(story.hero.mistakes, Vec::<String>::new());
    }
}
