//! Sentences as data, and the words for them.
//!
//! A sentence is kept as what it says ([`Said`]: a message and its arguments), not as text: the history of a library can be
//! read in any language, and in better words than it was written with. The words stand in one Fluent catalogue for each
//! language (`en.ftl`, `de.ftl`; the syntax and its plural rules are Project Fluent's). Names that come out of a document
//! ("Fireball", "Sea: Storm Aura") are shown as they stand there.

use std::{collections::BTreeMap, sync::LazyLock};

use fluent_bundle::{FluentArgs, FluentResource, FluentValue, concurrent::FluentBundle};
use serde::{Deserialize, Serialize};

/// A language the catalogue is complete in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub enum Language {
    /// English.
    #[default]
    En,
    /// German.
    De,
}

impl Language {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::En, Self::De];

    /// Its code, as the configuration has it.
    pub fn code(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::De => "de",
        }
    }

    /// The language of a code or a locale (`de`, `de_AT.UTF-8`); none that is not known.
    pub fn of(code: &str) -> Option<Self> {
        let short = code.split(['-', '_', '.']).next().unwrap_or_default().to_lowercase();
        Self::ALL.into_iter().find(|language| language.code() == short)
    }
}

/// Something said: a message of the catalogue and what stands in its places.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    /// The message's name in the catalogue.
    #[serde(rename = "say")]
    pub id: String,
    /// What stands in its places.
    #[serde(flatten)]
    pub args: BTreeMap<String, Arg>,
}

/// What stands in a place of a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Arg {
    /// A number: plural rules go by it.
    Number(i64),
    /// A name, as the document has it.
    Text(String),
    /// Several things.
    List(List),
    /// Something else said.
    Said(Said),
}

/// Several things, and how they are joined.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum List {
    /// `A, B and C`.
    And(Vec<Arg>),
    /// `A, B, C`.
    Comma(Vec<Arg>),
    /// `A; B; C`.
    Clauses(Vec<Arg>),
}

impl From<&str> for Arg {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Arg {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&String> for Arg {
    fn from(text: &String) -> Self {
        Self::Text(text.clone())
    }
}

impl From<i64> for Arg {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

impl From<i32> for Arg {
    fn from(number: i32) -> Self {
        Self::Number(number.into())
    }
}

impl From<u32> for Arg {
    fn from(number: u32) -> Self {
        Self::Number(number.into())
    }
}

impl From<Said> for Arg {
    fn from(said: Said) -> Self {
        Self::Said(said)
    }
}

impl From<List> for Arg {
    fn from(list: List) -> Self {
        Self::List(list)
    }
}

/// A message without places yet.
pub fn say(id: &str) -> Said {
    Said { id: id.to_owned(), args: BTreeMap::new() }
}

impl Said {
    /// Fills a place.
    #[must_use]
    pub fn with(mut self, place: &str, arg: impl Into<Arg>) -> Self {
        self.args.insert(place.to_owned(), arg.into());
        self
    }

    /// What was done, without what came with it: "Reached Wizard 3" of a long sentence.
    pub fn short(&self) -> &Self {
        match self.args.get("head") {
            Some(Arg::Said(head)) if self.id == "act" => head,
            _ => self,
        }
    }

    /// The sentence in words, beginning with a capital letter and without a full stop.
    pub fn text(&self, language: Language) -> String {
        let text = self.clause(language);
        let mut letters = text.chars();
        letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
    }

    /// The same as a part of a sentence. A message that is not in the catalogue (a newer Backstory's) is told by its name
    /// and what stands in it.
    fn clause(&self, language: Language) -> String {
        let bundle = bundle(language);
        let Some(pattern) = bundle.get_message(&self.id).and_then(|message| message.value()) else {
            let args: Vec<String> = self.args.values().map(|arg| in_words(arg, language)).collect();
            return format!("{}: {}", self.id.replace('-', " "), args.join(", "));
        };
        let mut args = FluentArgs::new();
        for (place, arg) in &self.args {
            let value = match arg {
                Arg::Number(number) => FluentValue::from(*number),
                other => FluentValue::from(in_words(other, language)),
            };
            args.set(place.as_str(), value);
        }
        let mut errors = Vec::new();
        bundle.format_pattern(pattern, Some(&args), &mut errors).into_owned()
    }
}

fn in_words(arg: &Arg, language: Language) -> String {
    match arg {
        Arg::Number(number) => grouped(*number, language),
        Arg::Text(text) => text.clone(),
        Arg::Said(said) => said.clause(language),
        Arg::List(list) => {
            let (items, joiner) = match list {
                List::And(items) => (items, None),
                List::Comma(items) => (items, Some(", ")),
                List::Clauses(items) => (items, Some("; ")),
            };
            let items: Vec<String> = items.iter().map(|item| in_words(item, language)).collect();
            joiner.map_or_else(|| and(&items, language), |joiner| items.join(joiner))
        }
    }
}

/// `A`, `A and B`, `A, B and C`.
fn and(items: &[String], language: Language) -> String {
    match items {
        [] => String::new(),
        [one] => one.clone(),
        [head @ .., last] => {
            say("and").with("head", head.join(", ")).with("last", last.as_str()).clause(language)
        }
    }
}

/// A number with its thousands set apart and a true minus sign.
fn grouped(number: i64, language: Language) -> String {
    let separator = match language {
        Language::En => ',',
        Language::De => '.',
    };
    let digits = number.unsigned_abs().to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3 + 3);
    if number < 0 {
        out.push('\u{2212}');
    }
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(separator);
        }
        out.push(digit);
    }
    out
}

type Bundle = FluentBundle<FluentResource>;

fn bundle(language: Language) -> &'static Bundle {
    static EN: LazyLock<Bundle> = LazyLock::new(|| made(Language::En, include_str!("en.ftl")));
    static DE: LazyLock<Bundle> = LazyLock::new(|| made(Language::De, include_str!("de.ftl")));
    match language {
        Language::En => &EN,
        Language::De => &DE,
    }
}

fn made(language: Language, source: &str) -> Bundle {
    let id = match language {
        Language::En => "en".parse::<unic_langid::LanguageIdentifier>(),
        Language::De => "de".parse::<unic_langid::LanguageIdentifier>(),
    };
    let mut bundle = FluentBundle::new_concurrent(vec![id.unwrap_or_default()]);
    // Marks around every name would come out as boxes in a terminal.
    bundle.set_use_isolating(false);
    bundle.set_formatter(Some(match language {
        Language::En => |value, _| number_in_words(value, Language::En),
        Language::De => |value, _| number_in_words(value, Language::De),
    }));
    // What cannot be read is missing then, and a test reads all of it.
    let resource = FluentResource::try_new(source.to_owned()).unwrap_or_else(|(resource, _)| resource);
    bundle.add_resource_overriding(resource);
    bundle
}

#[allow(clippy::cast_possible_truncation, reason = "they come from whole numbers")]
fn number_in_words(value: &FluentValue<'_>, language: Language) -> Option<String> {
    match value {
        FluentValue::Number(number) => Some(grouped(number.value as i64, language)),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
