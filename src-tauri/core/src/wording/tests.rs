//! The catalogues are whole, and say the same in every language.

use std::collections::{BTreeMap, BTreeSet};

use super::*;

const CATALOGUES: [(Language, &str); 2] =
    [(Language::En, include_str!("en.ftl")), (Language::De, include_str!("de.ftl"))];

/// The messages of a catalogue and the places in each.
fn messages(source: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut last = String::new();
    for line in source.lines().filter(|line| !line.starts_with('#')) {
        if let Some((id, _)) = line.split_once(" = ").filter(|(id, _)| !id.starts_with([' ', '}'])) {
            assert!(!found.contains_key(id), "{id} stands twice");
            last = id.to_owned();
            found.entry(last.clone()).or_default();
        }
        let places = line.split('$').skip(1).map(|rest| {
            rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect::<String>()
        });
        found.entry(last.clone()).or_default().extend(places);
    }
    found.remove("");
    found
}

#[test]
fn every_catalogue_has_every_message_with_the_same_places() {
    let english = messages(CATALOGUES[0].1);
    for (language, source) in CATALOGUES {
        assert!(FluentResource::try_new(source.to_owned()).is_ok(), "{language:?} cannot be read");
        let these = messages(source);
        assert_eq!(these.keys().collect::<Vec<_>>(), english.keys().collect::<Vec<_>>(), "{language:?}");
        for (id, places) in &these {
            let message = bundle(language).get_message(id).and_then(|message| message.value());
            assert!(message.is_some(), "{language:?} {id}");
            // A language may do without a number that another bends its words by.
            assert!(places.is_subset(&english[id]), "{language:?} {id}: {places:?}");
        }
    }
}

/// Every message that the program says is in the catalogue, and the catalogue has none that it does not say.
#[test]
fn the_catalogue_is_what_the_program_says() {
    let sources = [
        include_str!("../alerts.rs"),
        include_str!("../api/consent.rs"),
        include_str!("../api/dialogs.rs"),
        include_str!("../api/health.rs"),
        include_str!("../api/notices.rs"),
        include_str!("../privacy/erase.rs"),
        include_str!("../history/losses.rs"),
        include_str!("../history/sentences/mod.rs"),
        include_str!("../history/sentences/growth.rs"),
        include_str!("../history/sentences/powers.rs"),
        include_str!("../history/sentences/things.rs"),
        include_str!("../history/sentences/state.rs"),
    ]
    .concat();
    let english = messages(CATALOGUES[0].1);
    for id in english.keys() {
        let family = id.split('-').next().unwrap_or_default();
        let by_name = sources.contains(&format!("\"{id}\""));
        let made = ["ability", "speed", "sense", "note"].contains(&family);
        assert!(by_name || made || ["and", "size", "species", "background"].contains(&id.as_str()), "{id}");
    }
    for said in sources.split("say(\"").skip(1).filter_map(|rest| rest.split('"').next()) {
        assert!(english.contains_key(said), "{said} is not in the catalogue");
    }
}

#[test]
fn numbers_and_plurals_are_the_languages_own() {
    let xp = say("earned-xp").with("count", 1_234_567);
    assert_eq!(xp.text(Language::En), "Earned 1,234,567 XP");
    assert_eq!(xp.text(Language::De), "1.234.567 EP verdient");
    let slot = |count: i64| say("count-slots").with("count", count).with("level", 3_i64);
    assert_eq!(slot(1).text(Language::En), "A 3rd-level slot");
    assert_eq!(slot(2).text(Language::De), "2 Zauberplätze des 3. Grades");
    assert_eq!(grouped(-1500, Language::En), "\u{2212}1,500");
}

#[test]
fn a_sentence_survives_being_kept() {
    let said = say("act").with("head", say("reached").with("now", "Wizard 3")).with(
        "parts",
        List::Clauses(vec![say("learned").with("names", List::And(vec!["Web".into(), 3.into()])).into()]),
    );
    let kept = serde_json::to_string(&said).unwrap();
    assert_eq!(serde_json::from_str::<Said>(&kept).unwrap(), said, "{kept}");
    assert_eq!(said.text(Language::En), "Reached Wizard 3: learned Web and 3");
}

#[test]
fn a_message_of_a_newer_version_is_still_told() {
    let said = say("won-a-duel").with("who", "Tam");
    assert_eq!(said.text(Language::En), "Won a duel: Tam");
}

#[test]
fn languages_are_found_by_locale() {
    assert_eq!(Language::of("de_AT.UTF-8"), Some(Language::De));
    assert_eq!(Language::of("EN"), Some(Language::En));
    assert_eq!(Language::of("fr"), None);
}
