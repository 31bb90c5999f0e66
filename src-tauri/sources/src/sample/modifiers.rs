//! What a character's parts add up to: the format's modifiers, and the numbers that follow from them.
//!
//! The documents carry the modifiers; the numbers only go into [`super::Expected`], which a reader of the documents
//! must come to by itself.

use std::collections::BTreeSet;

use backstory_core::sheet::{Abilities, Ability, Rules};

use super::{
    catalogue,
    hero::{Hero, Origin},
    random::Random,
    srd::{Grant, ItemKind, Kind, Species},
};

/// A modifier, in the format's words.
#[derive(Debug, Clone)]
pub(super) struct Modifier {
    pub(super) id: i64,
    pub(super) kind: &'static str,
    pub(super) subtype: String,
    pub(super) value: Option<i32>,
    pub(super) dice: Option<(u32, u32, i32)>,
    pub(super) stat: Option<i32>,
    pub(super) restriction: &'static str,
    pub(super) granted: bool,
    pub(super) attunement: bool,
    /// The id and the type of what it comes from.
    pub(super) component: (i64, i64),
}

/// The modifiers of a character, in the format's groups.
#[derive(Debug, Default)]
pub(super) struct Modifiers {
    pub(super) race: Vec<Modifier>,
    pub(super) class: Vec<Modifier>,
    pub(super) background: Vec<Modifier>,
    pub(super) item: Vec<Modifier>,
    pub(super) feat: Vec<Modifier>,
}

/// The number that the format gives an ability.
pub(super) fn stat_id(ability: Ability) -> i32 {
    match ability {
        Ability::Str => 1,
        Ability::Dex => 2,
        Ability::Con => 3,
        Ability::Int => 4,
        Ability::Wis => 5,
        Ability::Cha => 6,
    }
}

fn score(ability: Ability) -> String {
    format!("{}-score", ability.name().to_lowercase())
}

/// A modifier that only says what it is. Its id comes from [`numbered`] or from its item.
fn modifier(component: (i64, i64), kind: &'static str, subtype: impl Into<String>) -> Modifier {
    Modifier {
        id: 0,
        kind,
        subtype: subtype.into(),
        value: None,
        dice: None,
        stat: None,
        restriction: "",
        granted: true,
        attunement: false,
        component,
    }
}

fn valued(component: (i64, i64), kind: &'static str, subtype: impl Into<String>, value: i32) -> Modifier {
    Modifier { value: Some(value), ..modifier(component, kind, subtype) }
}

fn granted(component: (i64, i64), grant: &Grant) -> Modifier {
    Modifier {
        value: grant.value,
        stat: grant.stat.map(stat_id),
        restriction: if grant.subtype == "speed" {
            "while you aren\u{2019}t wearing heavy armor"
        } else {
            ""
        },
        ..modifier(component, grant.kind, grant.subtype)
    }
}

/// Gives the modifiers of a group their ids: of what they say and where from, so that they keep them from one version
/// to the next, and told apart where two say the same.
fn numbered(mut modifiers: Vec<Modifier>) -> Vec<Modifier> {
    let mut taken = BTreeSet::new();
    for modifier in &mut modifiers {
        let words = format!("{} {} {}", modifier.component.0, modifier.kind, modifier.subtype);
        let mut id = i64::try_from(Random::of(&words).below(80_000_000)).unwrap_or(0) + 1_000_000;
        while !taken.insert(id) {
            id += 1;
        }
        modifier.id = id;
    }
    modifiers
}

/// The modifiers that a catalogue item carries; their ids are the item's own.
pub(super) fn of_item(item: &'static ItemKind) -> Vec<Modifier> {
    let component = (catalogue::item_id(item), catalogue::ITEM_TYPE);
    let mut found = Vec::new();
    for (at, granted) in (0..).zip(item.modifiers) {
        found.push(Modifier {
            id: component.0 * 10 + at,
            value: granted.value,
            dice: granted.dice,
            attunement: item.attunement,
            ..modifier(component, granted.kind, granted.subtype)
        });
    }
    found
}

impl Modifiers {
    /// Everything the character's parts say.
    pub(super) fn of(hero: &Hero) -> Self {
        let mut definitions: Vec<&'static ItemKind> = Vec::new();
        for kind in hero.items.iter().filter_map(super::hero::Held::kind) {
            // Once per definition, not per copy: the format's way.
            if !definitions.iter().any(|known| known.name == kind.name) {
                definitions.push(kind);
            }
        }
        Self {
            race: numbered(race(hero.species)),
            class: numbered(class(hero)),
            background: numbered(background(&hero.origin)),
            item: definitions.into_iter().flat_map(of_item).collect(),
            feat: numbered(feat(hero)),
        }
    }

    /// Those that count now: a thing's only while it is worn and, where it asks for that, attuned.
    fn active(&self, hero: &Hero) -> Vec<&Modifier> {
        let worn = |modifier: &&Modifier| {
            hero.items.iter().any(|item| {
                item.kind().is_some_and(|kind| catalogue::item_id(kind) == modifier.component.0)
                    && item.equipped
                    && (item.attuned || !modifier.attunement)
            })
        };
        let always = [&self.race, &self.class, &self.background, &self.feat];
        always.into_iter().flatten().chain(self.item.iter().filter(worn)).collect()
    }

    /// The scores with everything that counts.
    pub(super) fn abilities(&self, hero: &Hero) -> Abilities {
        let active = self.active(hero);
        let mut abilities = hero.scores;
        for ability in Ability::ALL {
            let name = score(ability);
            let of = |kind| {
                active
                    .iter()
                    .filter(move |modifier| modifier.kind == kind)
                    .filter(|modifier| modifier.subtype == name)
                    .filter_map(|modifier| modifier.value)
            };
            let raised = hero.scores.get(ability) + of("bonus").sum::<i32>();
            *abilities.get_mut(ability) = of("set").max().unwrap_or(0).max(raised);
        }
        abilities
    }

    /// Hit points at their best.
    pub(super) fn hit_points(&self, hero: &Hero) -> i32 {
        let level = i32::try_from(hero.level()).unwrap_or(0);
        let each = self
            .active(hero)
            .iter()
            .filter(|modifier| modifier.kind == "bonus" && modifier.subtype == "hit-points-per-level")
            .filter_map(|modifier| modifier.value)
            .sum::<i32>();
        let constitution = self.abilities(hero).modifier(Ability::Con);
        i32::try_from(hero.base_hit_points()).unwrap_or(0) + (constitution + each) * level
    }

    /// Armour class: armour or bare skin, shield, and what adds to either.
    pub(super) fn armor_class(&self, hero: &Hero) -> i32 {
        let active = self.active(hero);
        let abilities = self.abilities(hero);
        let dexterity = abilities.modifier(Ability::Dex);
        let mut armor = None;
        let mut shield = 0;
        for kind in hero.items.iter().filter(|item| item.equipped).filter_map(super::hero::Held::kind) {
            match kind.kind {
                Kind::Armor { sort: 4, base, .. } => shield = base,
                Kind::Armor { sort: 1, base, .. } => armor = Some(base + dexterity),
                Kind::Armor { sort: 2, base, .. } => armor = Some(base + dexterity.min(2)),
                Kind::Armor { base, .. } => armor = Some(base),
                _ => {}
            }
        }
        let bare = active
            .iter()
            .filter(|modifier| modifier.kind == "set" && modifier.subtype == "unarmored-armor-class")
            .map(|modifier| {
                let second = Ability::ALL.into_iter().find(|one| Some(stat_id(*one)) == modifier.stat);
                modifier.value.unwrap_or(0) + second.map_or(0, |one| abilities.modifier(one))
            })
            .fold(0, i32::max);
        let clad = if armor.is_some() { "armored-armor-class" } else { "unarmored-armor-class" };
        let added = active
            .iter()
            .filter(|modifier| modifier.kind == "bonus")
            .filter(|modifier| modifier.subtype == "armor-class" || modifier.subtype == clad)
            .filter_map(|modifier| modifier.value)
            .sum::<i32>();
        armor.unwrap_or(10 + dexterity + bare) + shield + added
    }
}

fn race(species: &'static Species) -> Vec<Modifier> {
    let trait_of = |at: i64| (catalogue::trait_id(species, at), catalogue::TRAIT_TYPE);
    let mut found = Vec::new();
    for (ability, amount) in species.increases {
        found.push(valued(trait_of(0), "bonus", score(*ability), *amount));
    }
    for language in species.languages {
        found.push(modifier(trait_of(1), "language", *language));
    }
    for known in species.proficiencies {
        found.push(modifier(trait_of(2), "proficiency", *known));
    }
    if let Some(points) = species.hit_points_per_level {
        found.push(valued(trait_of(3), "bonus", "hit-points-per-level", points));
    }
    found
}

fn class(hero: &Hero) -> Vec<Modifier> {
    let mut found = Vec::new();
    for (at, levels) in hero.classes.iter().enumerate() {
        let class = levels.class;
        let component = (catalogue::feature_id(class, hero.rules, 0), catalogue::FEATURE_TYPE);
        let learned = |subtype: &str| modifier(component, "proficiency", subtype);
        if at == 0 {
            for save in class.saves {
                found.push(learned(&format!("{}-saving-throws", save.name().to_lowercase())));
            }
            found.extend(class.training.iter().map(|one| learned(one)));
            found.extend(hero.skills.iter().map(|one| Modifier { granted: false, ..learned(one) }));
        } else {
            found.extend(class.later.iter().map(|one| learned(one)));
        }
        let reached = class.grants.iter().filter(|grant| grant.level <= levels.level);
        found.extend(reached.map(|grant| granted(component, grant)));
        if levels.subclass {
            found.push(modifier(component, "set", "subclass"));
        }
    }
    let component = hero.classes.first().map_or((0, 0), |levels| {
        (catalogue::feature_id(levels.class, hero.rules, 1), catalogue::FEATURE_TYPE)
    });
    let known = hero.expertise.iter();
    found.extend(known.map(|one| Modifier { granted: false, ..modifier(component, "expertise", *one) }));
    if hero.rules != Rules::Revised {
        found.extend(improvements(hero, catalogue::FEATURE_TYPE));
    }
    found
}

/// Ability score improvements: a class's in 2014, feats in 2024.
fn improvements(hero: &Hero, component_type: i64) -> Vec<Modifier> {
    let mut found = Vec::new();
    for increase in &hero.increases {
        let component = (catalogue::improvement_id(increase.class, hero.rules), component_type);
        let raised = valued(component, "bonus", score(increase.ability), increase.amount);
        found.push(Modifier { granted: false, ..raised });
    }
    found
}

fn background(origin: &Origin) -> Vec<Modifier> {
    let (component, skills, tool) = match origin {
        Origin::Catalogue(background) => {
            (catalogue::background_id(background), background.skills, background.tool)
        }
        Origin::Custom(_, _, skills) => (1, *skills, None),
    };
    let component = (component, catalogue::BACKGROUND_TYPE);
    let known = skills.iter().copied().chain(tool);
    known.map(|one| Modifier { granted: false, ..modifier(component, "proficiency", one) }).collect()
}

fn feat(hero: &Hero) -> Vec<Modifier> {
    let mut found = Vec::new();
    for (ability, amount) in &hero.raised {
        let component = (catalogue::RAISING_FEAT, catalogue::FEAT_TYPE);
        found.push(Modifier { granted: false, ..valued(component, "bonus", score(*ability), *amount) });
    }
    if hero.rules == Rules::Revised {
        found.extend(improvements(hero, catalogue::FEAT_TYPE));
    }
    for feat in &hero.feats {
        let component = (catalogue::feat_id(feat), catalogue::FEAT_TYPE);
        found.extend(feat.grants.iter().map(|grant| granted(component, grant)));
    }
    found
}
