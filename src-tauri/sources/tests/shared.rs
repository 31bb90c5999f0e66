//! What is shared of real characters tells nobody who plays them. The fields are named here once more, by hand: a table that
//! forgot one would agree with itself.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr, reason = "tests may")]

use std::{collections::BTreeMap, path::PathBuf};

use backstory_core::{
    api::import::Intake,
    json::Tree,
    model::CharacterId,
    privacy::{Pseudonym, redact},
    sheet::Sheet,
    source::{Draft, Source},
};
use backstory_sources::{ddb::DdbSource, files::Files, foundry::FoundrySource};
use serde_json::Value;

/// A shorter text may stand somewhere else for reasons of its own: "Blue", "Shield of Faith".
const BY_CHANCE: usize = 32;

fn corpus(folder: &str) -> Option<PathBuf> {
    let given = std::env::var_os("BACKSTORY_CORPUS").map(PathBuf::from);
    let beside = ["../../../shared/corpus", "../../../../shared/corpus"];
    let beside = beside.map(|path| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(path));
    let places = given.map_or_else(|| beside.to_vec(), |given| vec![given]);
    let found = places.into_iter().map(|place| place.join(folder)).find(|path| path.is_dir());
    if found.is_none() {
        eprintln!("skipped: no corpus");
    }
    found
}

/// What must be nowhere: words of their own, and texts wherever they stand.
#[derive(Default)]
struct Secrets {
    names: Vec<String>,
    texts: Vec<String>,
}

impl Secrets {
    fn name(&mut self, value: Option<&Value>) {
        let text = match value {
            Some(Value::String(text)) => text.trim().to_owned(),
            Some(Value::Number(number)) => number.to_string(),
            _ => return,
        };
        if text.len() >= 3 {
            self.names.push(text);
        }
    }

    fn texts(&mut self, value: Option<&Value>) {
        match value {
            Some(Value::String(text)) if text.trim().len() >= BY_CHANCE => {
                self.texts.push(text.trim().to_owned());
            }
            Some(Value::Array(items)) => items.iter().for_each(|item| self.texts(Some(item))),
            Some(Value::Object(members)) => members.values().for_each(|member| self.texts(Some(member))),
            _ => {}
        }
    }
}

fn of_beyond(document: &Value) -> Secrets {
    let inner = [&["data"][..], &["ddb", "character"], &["character"]];
    let inside = |keys: &&[&str]| keys.iter().try_fold(document, |value, key| value.get(key));
    let found = inner.iter().find_map(inside).filter(|inner| inner.get("inventory").is_some());
    let character = found.unwrap_or(document);
    let mut secrets = Secrets::default();
    for key in ["id", "userId", "username"] {
        secrets.name(character.get(key));
    }
    for key in [
        "notes",
        "traits",
        "gender",
        "age",
        "hair",
        "eyes",
        "skin",
        "height",
        "weight",
        "faith",
        "socialName",
        "campaign",
        "readonlyUrl",
    ] {
        secrets.texts(character.get(key));
    }
    for list in ["customItems", "customActions", "customProficiencies", "creatures"] {
        for row in character[list].as_array().into_iter().flatten() {
            for key in ["description", "notes", "snippet"] {
                secrets.texts(row.get(key));
            }
        }
    }
    for row in character["characterValues"].as_array().into_iter().flatten() {
        secrets.texts(row.get("notes"));
        if row["typeId"] == 9 {
            secrets.texts(row.get("value"));
        }
    }
    secrets
}

fn of_foundry(document: &Value) -> Secrets {
    let actor = document.get("actor").unwrap_or(document);
    let mut secrets = Secrets::default();
    secrets.name(actor.get("_id"));
    let ids = |key: &str, value: &Value, secrets: &mut Secrets| match key {
        "lastModifiedBy" | "worldId" => secrets.name(Some(value)),
        "ownership" | "permission" => {
            let people =
                value.as_object().into_iter().flatten().map(|(who, _)| who).filter(|who| *who != "default");
            secrets.names.extend(people.cloned());
        }
        "ddbimporter" => secrets.name(value.pointer("/dndbeyond/characterId")),
        _ => {}
    };
    everywhere(actor, &mut |key, value| ids(key, value, &mut secrets));
    let details = actor.pointer("/system/details").or_else(|| actor.pointer("/data/details"));
    for key in ["biography", "appearance", "trait", "ideal", "bond", "flaw", "gender", "hair", "eyes", "skin"]
    {
        secrets.texts(details.and_then(|details| details.get(key)));
    }
    secrets
}

fn everywhere(value: &Value, look: &mut impl FnMut(&str, &Value)) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| everywhere(item, look)),
        Value::Object(members) => {
            for (key, member) in members {
                look(key, member);
                everywhere(member, look);
            }
        }
        _ => {}
    }
}

/// Every text of a document, keys and numbers too, with its place.
fn texts_of(document: &Value, place: &str, out: &mut Vec<(String, String)>) {
    match document {
        Value::String(text) => out.push((place.to_owned(), text.clone())),
        Value::Number(number) => out.push((place.to_owned(), number.to_string())),
        Value::Array(items) => items.iter().for_each(|item| texts_of(item, &format!("{place}/*"), out)),
        Value::Object(members) => {
            for (key, member) in members {
                out.push((format!("a key of {place}"), key.clone()));
                texts_of(member, &format!("{place}/{key}"), out);
            }
        }
        _ => {}
    }
}

fn has_word(text: &str, word: &str) -> bool {
    let inside = |side: Option<char>| side.is_some_and(char::is_alphanumeric);
    text.match_indices(word).any(|(at, _)| {
        !inside(text[..at].chars().next_back()) && !inside(text[at + word.len()..].chars().next())
    })
}

fn unlabelled(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(unlabelled),
        Value::Object(members) => {
            members.remove("parts");
            members.remove("label");
            members.values_mut().for_each(unlabelled);
        }
        _ => {}
    }
}

/// The parts of a sheet but for what a player wrote, such as what a bonus of their own is for.
fn bare(sheet: &Sheet) -> BTreeMap<String, String> {
    let mut sheet = serde_json::to_value(sheet).unwrap();
    unlabelled(&mut sheet);
    let Value::Object(parts) = sheet else { panic!("a sheet is an object") };
    let personal = ["campaign", "notes", "unknown_fields"];
    let parts = parts.into_iter().filter(|(key, _)| !personal.contains(&key.as_str()));
    parts.map(|(key, value)| (key, value.to_string())).collect()
}

fn hidden(draft: &Draft, source: &dyn Source, secrets_of: fn(&Value) -> Secrets) -> usize {
    let text = std::str::from_utf8(&draft.document).unwrap();
    let whole = serde_json::from_str(text).unwrap();
    let secrets = secrets_of(&whole);
    let pseudonym = Pseudonym::new("a key", &draft.character);
    let shown = redact(&Tree::parse(text).unwrap(), source, &pseudonym).unwrap();
    let mut texts = Vec::new();
    texts_of(&serde_json::from_str(&shown).unwrap(), "", &mut texts);
    for (place, text) in &texts {
        let named = secrets.names.iter().any(|name| has_word(text, name));
        let told = secrets.texts.iter().any(|words| text.contains(words.as_str()));
        // Never the secret itself in a message.
        assert!(!named && !told, "{}: something of it still stands in {place}", draft.character);
    }
    let again = source.read(&Tree::parse(&shown).unwrap()).unwrap();
    assert_eq!(bare(&again.sheet), bare(&draft.sheet), "{}: what is not personal stays", draft.character);
    assert_ne!(again.character, draft.character);
    let twice = redact(&Tree::parse(&shown).unwrap(), source, &pseudonym).unwrap();
    assert!(twice == shown, "{}: nothing is left to be hidden", draft.character);
    secrets.names.len() + secrets.texts.len()
}

async fn all(folder: &str, source: &dyn Source, secrets_of: fn(&Value) -> Secrets) -> Option<(usize, usize)> {
    let files = Files::new();
    let (mut documents, mut secrets) = (0, 0);
    for file in files.list(&[corpus(folder)?]).await {
        let Ok(draft) = files.read(&file, None).await else { continue };
        if draft.source == source.name() {
            documents += 1;
            secrets += hidden(&draft, source, secrets_of);
        }
    }
    Some((documents, secrets))
}

#[tokio::test]
async fn nothing_personal_of_a_character_of_beyond_is_shown() {
    let Some((documents, secrets)) = all("ddb", &DdbSource, of_beyond).await else { return };
    assert!(documents > 20 && secrets > 100, "{documents} documents, {secrets} secrets");
}

#[tokio::test]
async fn nothing_personal_of_an_actor_is_shown() {
    for folder in ["foundry", "foundry-history"] {
        let Some((documents, secrets)) = all(folder, &FoundrySource, of_foundry).await else { return };
        assert!(documents > 5 && secrets > 20, "{documents} documents, {secrets} secrets");
    }
}

#[test]
fn a_pseudonym_is_of_its_key_and_of_its_source() {
    let of =
        |key: &str, id: &str| Pseudonym::new(key, &CharacterId::new(id).unwrap()).character().to_string();
    assert_eq!(of("a", "ddb-1"), of("a", "ddb-1"));
    assert_ne!(of("a", "ddb-1"), of("b", "ddb-1"));
    assert_ne!(of("a", "ddb-1"), of("a", "ddb-2"));
    assert!(of("a", "ddb-1").strip_prefix("ddb-").unwrap().parse::<u64>().unwrap() < 1 << 53);
    assert_eq!(of("a", "foundry-tnfu2mngnpdoruvt").len(), "foundry-tnfu2mngnpdoruvt".len());
}
