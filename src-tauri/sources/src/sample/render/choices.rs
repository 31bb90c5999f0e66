//! What the builder asked, and the catalogue of what could have been answered.

use super::{
    super::{
        catalogue,
        hero::{Hero, Origin},
        json::{
            Json::{self, Null},
            list, object,
        },
        prose,
        srd::{BACKGROUNDS, FEATS, ITEMS, LANGUAGES, SKILLS, SPELLS, TOOLS},
    },
    Service, Size,
};

/// One question of the builder.
struct Choice {
    component: (i64, i64),
    id: String,
    kind: i32,
    answer: Option<i64>,
    label: Option<&'static str>,
    options: Vec<i64>,
}

pub(super) fn choices(hero: &Hero, service: &Service) -> Json {
    let write = |choices: Vec<Choice>| list(choices.into_iter().map(|choice| one(choice, service)));
    let background = match &hero.origin {
        Origin::Catalogue(background) => {
            let component = (catalogue::background_id(background), catalogue::BACKGROUND_TYPE);
            skills(component, background.skills)
        }
        Origin::Custom(_, _, known) => skills((1, catalogue::BACKGROUND_TYPE), known),
    };
    object! {
        race: write(languages(hero)),
        class: write(class(hero)),
        background: write(background),
        item: Null,
        feat: Vec::new(),
        choiceDefinitions: definitions(hero, service),
        definitionKeyNameMap: object! {},
    }
}

fn one(choice: Choice, service: &Service) -> Json {
    let mut written = object! {
        componentId: choice.component.0,
        componentTypeId: choice.component.1,
        id: choice.id,
        parentChoiceId: Null,
        type: choice.kind,
        subType: (choice.kind == 2).then_some(1),
        optionValue: choice.answer,
        label: choice.label,
        isOptional: false,
        isInfinite: false,
        defaultSubtypes: Vec::new(),
        displayOrder: Null,
    };
    if let Json::Object(members) = &mut written {
        if service.additions {
            members.push(("itemDefinitionKey", Null));
        }
        members.push(("options", Json::List(Vec::new())));
        members.push(("optionIds", list(choice.options)));
        members.push(("tagConstraints", Json::List(Vec::new())));
    }
    written
}

/// Where an answer stands in the catalogue.
fn answer(list: &[&str], first: i64, word: &str) -> Option<i64> {
    list.iter().position(|one| *one == word).and_then(|at| i64::try_from(at).ok()).map(|at| first + at)
}

const FIRST_SKILL: i64 = 6_111;
const FIRST_LANGUAGE: i64 = 4_050;

fn skills(component: (i64, i64), known: &[&'static str]) -> Vec<Choice> {
    let question = |(at, skill): (i64, &&'static str)| Choice {
        component,
        id: format!("2-{}", component.0 * 10 + at),
        kind: 2,
        answer: answer(SKILLS, FIRST_SKILL, skill),
        label: Some("Choose a Skill"),
        options: (FIRST_SKILL..FIRST_SKILL + 18).collect(),
    };
    (0..).zip(known).map(question).collect()
}

fn languages(hero: &Hero) -> Vec<Choice> {
    let component = (catalogue::trait_id(hero.species, 1), catalogue::TRAIT_TYPE);
    let question = |(at, language): (i64, &&'static str)| Choice {
        component,
        id: format!("2-{}", component.0 * 10 + at),
        kind: 2,
        answer: answer(LANGUAGES, FIRST_LANGUAGE, language),
        label: Some("Choose a Language"),
        options: (FIRST_LANGUAGE..FIRST_LANGUAGE + 16).collect(),
    };
    (0..).zip(hero.species.languages.iter().skip(2)).map(question).collect()
}

fn class(hero: &Hero) -> Vec<Choice> {
    let mut found = Vec::new();
    for (at, levels) in hero.classes.iter().enumerate() {
        let component = (catalogue::feature_id(levels.class, hero.rules, 0), catalogue::FEATURE_TYPE);
        if at == 0 {
            found.extend(skills(component, &hero.skills));
        }
        if levels.level >= levels.class.subclass_level(hero.rules) {
            let id = catalogue::subclass_id(levels.class, hero.rules);
            found.push(Choice {
                component,
                id: format!("7-{}", component.0),
                kind: 7,
                answer: levels.subclass.then_some(id),
                label: None,
                options: Vec::new(),
            });
        }
    }
    found
}

/// An answer of the catalogue: its number, what it says, and what is said about it.
fn option(id: i64, label: String, sentences: usize) -> Json {
    let description = (sentences > 0).then(|| prose::line(&label, sentences));
    object! { id: id, label: label, description: description, sourceId: Null }
}

/// The catalogue: by far the most of it was never asked. The service changes its order without anybody's doing.
fn definitions(hero: &Hero, service: &Service) -> Json {
    let Size::Full { padding } = service.size else { return Json::List(Vec::new()) };
    let slugs = |from: i64, list: &[&str], sentences| -> Vec<Json> {
        (from..).zip(list).map(|(id, slug)| option(id, catalogue::title(slug), sentences)).collect()
    };
    let names = |from: i64, names: &mut dyn Iterator<Item = &'static str>, sentences| -> Vec<Json> {
        (from..).zip(names).map(|(id, name)| option(id, name.to_owned(), sentences)).collect()
    };
    let first = hero.classes.first();
    let class = first.map_or(0, |levels| catalogue::class_id(levels.class, hero.rules));
    let mut definitions = vec![
        ("1-1".to_owned(), slugs(FIRST_SKILL, SKILLS, 0)),
        ("3-3".to_owned(), slugs(FIRST_LANGUAGE, LANGUAGES, 0)),
        ("1-4".to_owned(), slugs(4_200, TOOLS, 0)),
        (format!("{class}-5"), names(5_000, &mut SPELLS.iter().map(|spell| spell.name), 3)),
        ("1088085227-6".to_owned(), names(5_300, &mut FEATS.iter().map(|feat| feat.name), 4)),
        ("1669830167-7".to_owned(), names(5_400, &mut BACKGROUNDS.iter().map(|one| one.name), 4)),
        ("112130694-8".to_owned(), names(5_500, &mut ITEMS.iter().map(|item| item.name), 2)),
    ];
    let more = (6_000..).take(padding).map(|id: i64| option(id, format!("Option {id}"), 4)).collect();
    definitions.push((format!("{class}-9"), more));
    let turn = service.shuffled % definitions.len();
    definitions.rotate_left(turn);
    list(definitions.into_iter().map(|(id, options)| object! { id: id, options: options }))
}
