//! Where a character comes from, and whom it travels with.

use backstory_core::sheet::Rules;

use super::{
    super::{
        catalogue,
        hero::{Familiar, Hero, Origin},
        json::{
            Json::{self, Null},
            list, object,
        },
        prose,
        srd::{Background, Species},
    },
    Size, dice, sources,
};

pub(super) fn background(hero: &Hero, size: Size) -> Json {
    let (definition, custom) = match &hero.origin {
        Origin::Catalogue(background) => (catalogue_background(background, size), None),
        Origin::Custom(name, description, _) => (Null, Some((*name, *description))),
    };
    object! {
        hasCustomBackground: custom.is_some(),
        definition: definition,
        definitionId: Null,
        customBackground: object! {
            id: hero.id,
            entityTypeId: catalogue::CHARACTER_TYPE,
            name: custom.map(|(name, _)| name),
            description: custom.map(|(_, description)| description),
            featuresBackground: Null,
            characteristicsBackground: Null,
            featuresBackgroundDefinitionId: Null,
            characteristicsBackgroundDefinitionId: Null,
            backgroundType: custom.map(|_| 1),
        },
    }
}

fn catalogue_background(background: &Background, size: Size) -> Json {
    let id = catalogue::background_id(background);
    let skills = background.skills.iter().map(|one| catalogue::title(one)).collect::<Vec<_>>().join(", ");
    object! {
        id: id,
        entityTypeId: catalogue::BACKGROUND_TYPE,
        definitionKey: catalogue::key(catalogue::BACKGROUND_TYPE, id),
        name: background.name,
        description: prose::rules(background.name, size.paragraphs(8)),
        snippet: "",
        shortDescription: prose::rules(background.feature, size.paragraphs(2)),
        skillProficienciesDescription: skills,
        toolProficienciesDescription: background.tool.map_or_else(String::new, catalogue::title),
        languagesDescription: "",
        equipmentDescription: prose::rules("what they carry", size.paragraphs(1)),
        featureName: background.feature,
        featureDescription: prose::rules(background.feature, size.paragraphs(2)),
        avatarUrl: Null,
        largeAvatarUrl: Null,
        suggestedCharacteristicsDescription: prose::rules("their manners", size.paragraphs(1)),
        suggestedProficiencies: Null,
        suggestedLanguages: Null,
        organization: Null,
        contractsDescription: "",
        spellsPreDescription: "",
        spellsPostDescription: "",
        personalityTraits: characteristics("trait", background, 8, size),
        ideals: characteristics("ideal", background, 6, size),
        bonds: characteristics("bond", background, 6, size),
        flaws: characteristics("flaw", background, 6, size),
        isHomebrew: false,
        sources: sources(background.rules),
        spellListIds: Vec::new(),
        featList: Null,
        grantedFeats: Vec::new(),
    }
}

fn characteristics(what: &str, background: &Background, count: i64, size: Size) -> Json {
    let count = if size == Size::Small { 0 } else { count };
    list((1..=count).map(|roll| {
        object! {
            id: catalogue::background_id(background) * 100 + roll,
            description: prose::line(&format!("{what} {roll} of the {}", background.name), 1),
            diceRoll: roll,
        }
    }))
}

pub(super) fn race(hero: &Hero, size: Size) -> Json {
    let species = hero.species;
    let id = catalogue::species_id(species);
    object! {
        isSubRace: species.sub.is_some(),
        baseRaceName: species.base,
        entityRaceId: id,
        entityRaceTypeId: 1_743_923_279i64,
        definitionKey: catalogue::key(1_743_923_279, id),
        fullName: species.name,
        baseRaceId: id,
        baseRaceTypeId: 1_743_923_279i64,
        description: prose::rules(species.name, size.paragraphs(2)),
        avatarUrl: Null,
        largeAvatarUrl: Null,
        portraitAvatarUrl: "https://www.dndbeyond.com/avatars/species.jpeg?width=150&height=150",
        moreDetailsUrl: format!("/species/{id}"),
        isHomebrew: false,
        isLegacy: species.rules != Rules::Revised,
        groupIds: Vec::new(),
        type: 1,
        supportsSubrace: Null,
        subRaceShortName: species.sub,
        baseName: species.base,
        racialTraits: list((0..).zip(species.traits).map(|(at, name)| {
            object! { definition: trait_definition(species, at, name, size) }
        })),
        weightSpeeds: object! {
            normal: object! { walk: species.speed, fly: 0, burrow: 0, swim: 0, climb: 0 },
            encumbered: Null,
            heavilyEncumbered: Null,
            pushDragLift: Null,
            override: Null,
        },
        featIds: Vec::new(),
        size: Null,
        sizeId: 4,
        sources: sources(species.rules),
    }
}

fn trait_definition(species: &'static Species, at: i64, name: &'static str, size: Size) -> Json {
    let id = catalogue::trait_id(species, at);
    object! {
        id: id,
        definitionKey: catalogue::key(catalogue::TRAIT_TYPE, id),
        entityTypeId: catalogue::TRAIT_TYPE,
        displayOrder: at,
        name: name,
        description: prose::rules(name, size.paragraphs(1)),
        snippet: prose::line(name, size.paragraphs(1)),
        hideInBuilder: false,
        hideInSheet: false,
        activation: Null,
        sourceId: catalogue::book(species.rules),
        sourcePageNumber: Null,
        creatureRules: Vec::new(),
        spellListIds: Vec::new(),
        featureType: 1,
        sources: sources(species.rules),
        affectedFeatureDefinitionKeys: Vec::new(),
        isCalledOut: false,
        entityType: "racial-trait",
        entityID: id.to_string(),
        entityRaceId: catalogue::species_id(species),
        entityRaceTypeId: 1_743_923_279i64,
        displayConfiguration: object! { RACIALTRAIT: 1, LANGUAGE: 0, ABILITYSCORE: 0, CLASSFEATURE: 0 },
        requiredLevel: Null,
        categories: Vec::new(),
    }
}

pub(super) fn campaign(hero: &Hero) -> Json {
    let Some(campaign) = &hero.campaign else { return Null };
    let own = (hero.user.0, hero.user.1.clone(), hero.id, hero.name.clone());
    let others = campaign
        .companions
        .iter()
        .map(|(user, username, id, name)| (*user, (*username).to_owned(), *id, (*name).to_owned()));
    let characters = std::iter::once(own).chain(others).map(|(user, username, id, name)| {
        object! {
            userId: user,
            username: username,
            characterId: id,
            characterName: name,
            characterUrl: format!("/profile/sample/characters/{id}"),
            avatarUrl: format!("https://www.dndbeyond.com/avatars/sample/{id}.jpeg?width=150&height=150"),
            privacyType: 2,
            campaignId: Null,
            isAssigned: true,
        }
    });
    object! {
        id: campaign.id,
        name: campaign.name.clone(),
        description: campaign.description,
        link: format!("/campaigns/{}", campaign.id),
        publicNotes: "",
        dmUserId: campaign.leader.0,
        dmUsername: campaign.leader.1,
        characters: list(characters),
    }
}

pub(super) fn creatures(hero: &Hero) -> Json {
    list(hero.familiar.iter().map(familiar))
}

/// An owl.
fn familiar(familiar: &Familiar) -> Json {
    let stat = |(id, value): (i32, i32)| object! { statId: id, name: Null, value: value };
    object! {
        id: familiar.id,
        entityTypeId: catalogue::CREATURE_TYPE,
        name: familiar.name.clone(),
        description: Null,
        isActive: familiar.active,
        removedHitPoints: 0,
        temporaryHitPoints: Null,
        groupId: 2,
        definition: object! {
            id: 61_970,
            entityTypeId: catalogue::CREATURE_TYPE,
            name: "Owl",
            alignmentId: 10,
            sizeId: 2,
            typeId: 2,
            armorClass: 11,
            armorClassDescription: "",
            averageHitPoints: 1,
            hitPointDice: dice(1, 4, Some(-1)),
            movements: list([(1, 5), (4, 60)].map(|(id, speed)| {
                object! { movementId: id, speed: speed, notes: Null }
            })),
            passivePerception: 13,
            isHomebrew: false,
            challengeRatingId: 1,
            sourceId: 1,
            stats: list([(1, 3), (2, 13), (3, 8), (4, 2), (5, 12), (6, 7)].map(stat)),
            specialTraitsDescription: prose::rules("keen hearing and sight", 1),
            actionsDescription: prose::rules("talons", 1),
        },
    }
}
