//! Writes a character the way the character service does: the same keys, in the same order, of about the same size.

mod choices;
mod classes;
mod inventory;
mod magic;
mod modifiers;
mod origin;

pub(super) use classes::slots;

use backstory_core::sheet::{Abilities, Ability, Rules};

use super::{
    catalogue,
    hero::Hero,
    json::{
        self,
        Json::{self, Null},
        list, object,
    },
    modifiers::{Modifiers, stat_id},
};

/// How much of the catalogue a document carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Size {
    /// What the real ones carry, and this many entries of the catalogue of choices beyond the usual.
    Full { padding: usize },
    /// What tells the character, and no more.
    Small,
}

impl Size {
    /// Paragraphs of rules text.
    fn paragraphs(self, full: usize) -> usize {
        if self == Self::Small { 0 } else { full }
    }
}

/// Members that a small document does without: the service's own numbers and links.
const BOOKKEEPING: &[&str] = &[
    "definitionKey",
    "displayConfiguration",
    "displayOrder",
    "entityID",
    "entityRaceTypeId",
    "entityType",
    "featureType",
    "friendlyTypeName",
    "largeAvatarUrl",
    "modifierSubTypeId",
    "modifierTypeId",
    "moreDetailsUrl",
    "optionIds",
    "portraitAvatarUrl",
];

/// What the service does to a document without any player's doing.
#[derive(Debug, Clone)]
pub(super) struct Service {
    pub(super) size: Size,
    /// Wrapped in the service's envelope, as it answers, or bare, as people save it.
    pub(super) envelope: bool,
    /// Laid out for reading.
    pub(super) pretty: bool,
    /// Where the document came from this time.
    pub(super) provided_from: &'static str,
    /// How often the catalogue of choices was shuffled.
    pub(super) shuffled: usize,
    /// Whether a newer release has added fields that say nothing yet.
    pub(super) additions: bool,
    /// Digits of the last edit's second.
    pub(super) precision: usize,
}

impl Service {
    pub(super) fn new(size: Size) -> Self {
        Self {
            size,
            envelope: true,
            pretty: false,
            provided_from: "database",
            shuffled: 0,
            additions: false,
            precision: 7,
        }
    }

    /// The document of this moment.
    pub(super) fn document(&self, hero: &Hero) -> Vec<u8> {
        let mut document = self.character(hero);
        if self.size == Size::Small {
            document = document.lean(BOOKKEEPING);
        }
        if self.envelope {
            document = object! {
                id: 0,
                success: true,
                message: "Character successfully received.",
                data: document,
                pagination: Null,
            };
        }
        let text = document.compact();
        if self.pretty { json::pretty(&text) } else { text }.into_bytes()
    }

    fn character(&self, hero: &Hero) -> Json {
        let groups = [self.identity(hero), self.body(hero), self.deeds(hero), self.rest(hero)];
        let mut members = Vec::with_capacity(80);
        for group in groups {
            if let Json::Object(some) = group {
                members.extend(some);
            }
        }
        Json::Object(members)
    }

    fn identity(&self, hero: &Hero) -> Json {
        let looks = &hero.looks;
        object! {
            id: hero.id,
            userId: hero.user.0,
            username: hero.user.1.clone(),
            isAssignedToPlayer: true,
            readonlyUrl: format!("https://www.dndbeyond.com/characters/{}", hero.id),
            decorations: decorations(hero),
            name: hero.name.clone(),
            socialName: Null,
            gender: looks.gender,
            faith: looks.faith,
            age: looks.age,
            hair: looks.hair,
            eyes: looks.eyes,
            skin: looks.skin,
            height: looks.height,
            weight: looks.weight,
            inspiration: hero.inspiration,
            baseHitPoints: hero.base_hit_points(),
            bonusHitPoints: Null,
            overrideHitPoints: Null,
            removedHitPoints: hero.lost,
            temporaryHitPoints: hero.temporary,
            currentXp: hero.experience.unwrap_or(0),
            alignmentId: looks.alignment,
            lifestyleId: Null,
            stats: scores(Some(&hero.scores)),
            bonusStats: scores(None),
            overrideStats: scores(None),
        }
    }

    fn body(&self, hero: &Hero) -> Json {
        object! {
            background: origin::background(hero, self.size),
            race: origin::race(hero, self.size),
            raceDefinitionId: Null,
            raceDefinitionTypeId: Null,
            notes: notes(hero),
            traits: traits(hero),
            preferences: self.preferences(hero),
            configuration: object! { startingEquipmentType: 1, abilityScoreType: 3, showHelpText: false },
            lifestyle: Null,
            inventory: inventory::inventory(hero, self.size),
            currencies: object! {
                cp: hero.coins.cp,
                sp: hero.coins.sp,
                gp: hero.coins.gp,
                ep: hero.coins.ep,
                pp: hero.coins.pp,
            },
            classes: classes::classes(hero, self.size),
            feats: classes::feats(hero, self.size),
            features: Null,
        }
    }

    fn deeds(&self, hero: &Hero) -> Json {
        let saves = hero.death_saves;
        let marked = |count: u32| (count > 0).then_some(count);
        object! {
            customDefenseAdjustments: Vec::new(),
            customSenses: Vec::new(),
            customSpeeds: Vec::new(),
            customProficiencies: Vec::new(),
            customActions: Vec::new(),
            characterValues: inventory::character_values(hero),
            conditions: list(hero.conditions.iter().map(|id| object! { id: *id, level: Null })),
            deathSaves: object! {
                failCount: marked(saves.failures),
                successCount: marked(saves.successes),
                isStabilized: saves.stabilized,
            },
            adjustmentXp: Null,
            spellSlots: list((1u32..).zip(hero.slots_used).map(|(level, used)| slot(level, used))),
            pactMagic: list((1u32..=5).map(|level| slot(level, 0))),
            activeSourceCategories: list([1, 24]),
            spells: magic::granted(hero, self.size),
            options: object! { race: Vec::new(), class: Vec::new(), background: Null, item: Null, feat: Vec::new() },
            choices: choices::choices(hero, self),
            actions: classes::actions(hero, self.size),
            modifiers: modifiers::groups(&Modifiers::of(hero)),
            classSpells: magic::class_spells(hero, self.size),
        }
    }

    fn rest(&self, hero: &Hero) -> Json {
        object! {
            customItems: inventory::custom_items(hero),
            campaign: origin::campaign(hero),
            creatures: origin::creatures(hero),
            optionalOrigins: Vec::new(),
            optionalClassFeatures: Vec::new(),
            dateModified: self.edited(hero),
            providedFrom: self.provided_from,
            canEdit: false,
            status: 0,
            statusSlug: Null,
            campaignSetting: Null,
        }
    }

    /// The last edit, with as many digits as the service happens to give today.
    fn edited(&self, hero: &Hero) -> String {
        let second = hero.edited_at.strftime("%Y-%m-%dT%H:%M:%S");
        let fraction = format!("{:07}", hero.edited_at.as_second().wrapping_mul(7919) % 9_999_999);
        format!("{second}.{}Z", fraction.get(..self.precision).unwrap_or("0"))
    }

    fn preferences(&self, hero: &Hero) -> Json {
        let mut preferences = object! {
            useHomebrewContent: false,
            progressionType: if hero.experience.is_some() { 2 } else { 1 },
            encumbranceType: 1,
            ignoreCoinWeight: true,
            hitPointType: 1,
            showUnarmedStrike: true,
            showScaledSpells: true,
            primarySense: 5,
            primaryMovement: 1,
            privacyType: 3,
            sharingType: 2,
            abilityScoreDisplayType: 2,
            enforceFeatRules: true,
            enforceMulticlassRules: true,
            enableOptionalClassFeatures: false,
            enableOptionalOrigins: false,
            enableDarkMode: false,
            enableContainerCurrency: false,
        };
        if let (true, Json::Object(members)) = (self.additions, &mut preferences) {
            members.push(("longRestType", Null));
            members.push(("diceSetId", Null));
        }
        preferences
    }
}

fn slot(level: u32, used: u32) -> Json {
    object! { level: level, used: used, available: 0 }
}

fn scores(scores: Option<&Abilities>) -> Json {
    list(Ability::ALL.map(|ability| {
        object! {
            id: stat_id(ability),
            name: Null,
            value: scores.map(|scores| scores.get(ability)),
        }
    }))
}

fn decorations(hero: &Hero) -> Json {
    let picture = "https://www.dndbeyond.com/avatars/backdrop.jpeg?width=300&height=225";
    object! {
        avatarUrl: format!("https://www.dndbeyond.com/avatars/sample/{}.jpeg?width=150&height=150", hero.id),
        frameAvatarUrl: Null,
        backdropAvatarUrl: Null,
        smallBackdropAvatarUrl: Null,
        largeBackdropAvatarUrl: Null,
        thumbnailBackdropAvatarUrl: Null,
        defaultBackdrop: object! {
            backdropAvatarUrl: picture,
            smallBackdropAvatarUrl: picture,
            largeBackdropAvatarUrl: picture,
            thumbnailBackdropAvatarUrl: picture,
        },
        avatarId: hero.id % 9_999_991,
        portraitDecorationKey: Null,
        frameAvatarDecorationKey: Null,
        frameAvatarId: Null,
        backdropAvatarDecorationKey: Null,
        backdropAvatarId: Null,
        smallBackdropAvatarDecorationKey: "",
        smallBackdropAvatarId: Null,
        largeBackdropAvatarDecorationKey: "",
        largeBackdropAvatarId: Null,
        thumbnailBackdropAvatarDecorationKey: "",
        thumbnailBackdropAvatarId: Null,
        themeColor: Null,
    }
}

fn notes(hero: &Hero) -> Json {
    let note = |about: &str| hero.notes.get(about).cloned();
    object! {
        allies: note("allies"),
        personalPossessions: note("personalPossessions"),
        otherHoldings: note("otherHoldings"),
        organizations: note("organizations"),
        enemies: note("enemies"),
        backstory: note("backstory"),
        otherNotes: note("otherNotes"),
    }
}

fn traits(hero: &Hero) -> Json {
    let note = |about: &str| hero.notes.get(about).cloned();
    object! {
        personalityTraits: note("personalityTraits"),
        ideals: note("ideals"),
        bonds: note("bonds"),
        flaws: note("flaws"),
        appearance: note("appearance"),
    }
}

/// The book that a catalogue entry stands in.
fn sources(rules: Rules) -> Json {
    list([object! { sourceId: catalogue::book(rules), pageNumber: Null, sourceType: 1 }])
}

fn dice(count: u32, sides: u32, fixed: Option<i32>) -> Json {
    let plus = fixed.map_or_else(String::new, |fixed| format!(" + {fixed}"));
    object! {
        diceCount: count,
        diceValue: sides,
        diceMultiplier: Null,
        fixedValue: fixed,
        diceString: format!("{count}d{sides}{plus}"),
    }
}

/// What happens at higher levels: nothing that the samples would know.
fn at_higher_levels(steps: Vec<Json>) -> Json {
    object! {
        higherLevelDefinitions: steps,
        additionalAttacks: Vec::new(),
        additionalTargets: Vec::new(),
        areaOfEffect: Vec::new(),
        duration: Vec::new(),
        creatures: Vec::new(),
        special: Vec::new(),
        points: Vec::new(),
        range: Vec::new(),
    }
}
