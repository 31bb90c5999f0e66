//! Spells, mostly a wizard's.

/// A spell: name, level, school, range in feet (0 for self), and `c` for concentration, `r` for ritual.
#[derive(Debug)]
pub(in crate::sample) struct Spell {
    pub(in crate::sample) name: &'static str,
    pub(in crate::sample) level: u32,
    pub(in crate::sample) school: &'static str,
    pub(in crate::sample) range: u32,
    pub(in crate::sample) marks: &'static str,
    /// Its dice and what they do, where it has some.
    pub(in crate::sample) dice: Option<(u32, u32, &'static str)>,
    /// The classes that may learn it, by their first three letters.
    pub(in crate::sample) classes: &'static str,
}

impl Spell {
    pub(in crate::sample) fn concentration(&self) -> bool {
        self.marks.contains('c')
    }

    pub(in crate::sample) fn ritual(&self) -> bool {
        self.marks.contains('r')
    }

    /// Whether this class may learn it.
    pub(in crate::sample) fn suits(&self, class: &str) -> bool {
        class.get(..3).is_some_and(|start| self.classes.contains(start))
    }
}

macro_rules! spells {
    ($($level:literal $school:ident $range:literal $marks:literal $classes:literal $name:literal $($count:literal d $sides:literal $what:literal)?;)*) => {
        &[$(Spell {
            name: $name,
            level: $level,
            school: stringify!($school),
            range: $range,
            marks: $marks,
            dice: spells!(@dice $($count $sides $what)?),
            classes: $classes,
        }),*]
    };
    (@dice) => { None };
    (@dice $count:literal $sides:literal $what:literal) => { Some(($count, $sides, $what)) };
}

/// Spells of the System Reference Document, by level and name.
pub(in crate::sample) const SPELLS: &[Spell] = spells! {
    0 Conjuration 60 "" "Sor Wiz" "Acid Splash" 1 d 6 "acid";
    0 Evocation 120 "c" "Bar Sor Wiz" "Dancing Lights";
    0 Evocation 120 "" "War" "Eldritch Blast" 1 d 10 "force";
    0 Evocation 120 "" "Sor Wiz" "Fire Bolt" 1 d 10 "fire";
    0 Divination 0 "c" "Cle Dru" "Guidance";
    0 Evocation 5 "" "Bar Cle Sor Wiz" "Light";
    0 Conjuration 30 "" "Bar Sor War Wiz" "Mage Hand";
    0 Transmutation 5 "" "Bar Cle Dru Sor Wiz" "Mending";
    0 Transmutation 120 "" "Bar Sor Wiz" "Message";
    0 Illusion 30 "" "Bar Sor War Wiz" "Minor Illusion";
    0 Transmutation 10 "" "Bar Sor War Wiz" "Prestidigitation";
    0 Conjuration 30 "" "Dru" "Produce Flame" 1 d 8 "fire";
    0 Evocation 60 "" "Sor Wiz" "Ray of Frost" 1 d 8 "cold";
    0 Evocation 60 "" "Cle" "Sacred Flame" 1 d 8 "radiant";
    0 Transmutation 5 "" "Dru" "Shillelagh";
    0 Evocation 5 "" "Sor Wiz" "Shocking Grasp" 1 d 8 "lightning";
    0 Enchantment 60 "" "Bar" "Vicious Mockery" 1 d 4 "psychic";
    1 Abjuration 30 "r" "Wiz Ran" "Alarm";
    1 Enchantment 30 "c" "Cle Pal" "Bless";
    1 Evocation 15 "" "Sor Wiz" "Burning Hands" 3 d 6 "fire";
    1 Enchantment 30 "" "Bar Dru Sor War Wiz" "Charm Person";
    1 Divination 0 "r" "Bar Sor War Wiz" "Comprehend Languages";
    1 Evocation 5 "" "Bar Cle Dru Pal Ran" "Cure Wounds" 1 d 8 "healing";
    1 Divination 0 "cr" "Bar Cle Dru Pal Ran Sor Wiz" "Detect Magic";
    1 Illusion 0 "" "Bar Sor Wiz" "Disguise Self";
    1 Evocation 60 "c" "Dru Bar" "Faerie Fire";
    1 Transmutation 60 "" "Bar Sor Wiz" "Feather Fall";
    1 Conjuration 10 "r" "Wiz" "Find Familiar";
    1 Conjuration 60 "" "Sor Wiz" "Grease";
    1 Evocation 60 "" "Bar Cle Dru" "Healing Word" 1 d 4 "healing";
    1 Evocation 60 "" "War" "Hellish Rebuke" 2 d 10 "fire";
    1 Divination 90 "c" "Ran" "Hunter\u{2019}s Mark" 1 d 6 "force";
    1 Divination 5 "r" "Bar Wiz" "Identify";
    1 Abjuration 5 "" "Sor Wiz" "Mage Armor";
    1 Evocation 120 "" "Sor Wiz" "Magic Missile" 3 d 4 "force";
    1 Abjuration 5 "c" "Cle Pal War Wiz" "Protection from Evil and Good";
    1 Abjuration 60 "c" "Cle Pal" "Shield of Faith";
    1 Abjuration 0 "" "Sor Wiz" "Shield";
    1 Illusion 60 "cr" "Bar Wiz" "Silent Image";
    1 Enchantment 90 "" "Bar Sor Wiz" "Sleep" 5 d 8 "sleep";
    1 Evocation 15 "" "Bar Dru Sor Wiz" "Thunderwave" 2 d 8 "thunder";
    1 Conjuration 60 "r" "Wiz" "Unseen Servant";
    2 Abjuration 30 "" "Cle Pal" "Aid";
    2 Illusion 0 "c" "Sor Wiz" "Blur";
    2 Evocation 60 "" "Bar Cle Dru Sor Wiz" "Darkness";
    2 Transmutation 30 "c" "Sor Wiz" "Enlarge/Reduce";
    2 Evocation 120 "" "Wiz" "Gust of Wind";
    2 Enchantment 60 "c" "Bar Cle Dru Sor War Wiz" "Hold Person";
    2 Illusion 5 "c" "Bar Sor War Wiz" "Invisibility";
    2 Transmutation 60 "" "Bar Sor Wiz" "Knock";
    2 Abjuration 5 "" "Bar Cle Dru Pal Ran" "Lesser Restoration";
    2 Transmutation 0 "c" "Sor Wiz" "Levitate";
    2 Illusion 0 "" "Sor War Wiz" "Mirror Image";
    2 Conjuration 0 "" "Sor War Wiz" "Misty Step";
    2 Evocation 120 "" "Sor Wiz" "Scorching Ray" 2 d 6 "fire";
    2 Evocation 60 "" "Bar Sor War Wiz" "Shatter" 3 d 8 "thunder";
    2 Transmutation 0 "c" "Sor War Wiz" "Spider Climb";
    2 Conjuration 60 "c" "Sor Wiz" "Web";
    3 Divination 0 "c" "Bar Cle Sor Wiz" "Clairvoyance";
    3 Abjuration 60 "" "Sor War Wiz" "Counterspell";
    3 Abjuration 120 "" "Bar Cle Dru Pal Sor War Wiz" "Dispel Magic";
    3 Evocation 150 "" "Sor Wiz" "Fireball" 8 d 6 "fire";
    3 Transmutation 5 "c" "Sor War Wiz" "Fly";
    3 Transmutation 30 "c" "Sor Wiz" "Haste";
    3 Evocation 100 "" "Sor Wiz" "Lightning Bolt" 8 d 6 "lightning";
    3 Illusion 120 "c" "Bar Sor War Wiz" "Major Image";
    3 Evocation 5280 "" "Bar Cle Wiz" "Sending";
    3 Evocation 0 "r" "Bar Wiz" "Tiny Hut";
    3 Transmutation 30 "r" "Dru Ran Sor Wiz" "Water Breathing";
    4 Divination 30 "c" "Cle Wiz" "Arcane Eye";
    4 Abjuration 60 "c" "Cle Pal Sor War Wiz" "Banishment";
    4 Conjuration 500 "" "Bar Sor War Wiz" "Dimension Door";
    4 Illusion 5 "c" "Bar Sor Wiz" "Greater Invisibility";
    4 Evocation 300 "" "Dru Sor Wiz" "Ice Storm" 2 d 8 "cold";
    4 Transmutation 60 "c" "Bar Dru Sor Wiz" "Polymorph";
    4 Evocation 120 "c" "Dru Sor Wiz" "Wall of Fire" 5 d 8 "fire";
    5 Evocation 60 "" "Sor Wiz" "Cone of Cold" 8 d 8 "cold";
    5 Divination 0 "r" "Bar Cle Wiz" "Legend Lore";
    5 Conjuration 10 "" "Bar Sor Wiz" "Teleportation Circle";
    5 Evocation 120 "c" "Wiz" "Wall of Force";
};
