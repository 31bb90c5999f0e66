//! Taking out of a document what tells of its player, so that the character can be shown to others.
//!
//! Each source says in a table which fields those are ([`Source::personal`]); here they are replaced, by byte span, with
//! values of the same kind, so that what is left is still a document of its source.

use std::{borrow::Cow, ops::Range};

use crate::{
    error::{Code, Error, Result},
    json::{Kind, Tree, Value},
    model::{CharacterId, ContentHash},
    source::{Class, Personal, Source},
};

/// A shorter word of an account stands in too many other texts.
const SHORTEST_NAME: usize = 3;
/// A shorter text that a player wrote ("Blue", "Shield of Faith") stands elsewhere for reasons of its own.
const SHORTEST_WORDS: usize = 32;
/// Above every number D&D Beyond has given away, below what JavaScript counts exactly.
const FIRST_NUMBER: u64 = 100_000_000_000_000;

/// What stands for a character in everything that is shared of it at one time.
#[derive(Debug, Clone)]
pub struct Pseudonym {
    character: CharacterId,
    number: u64,
    word: String,
}

impl Pseudonym {
    /// A name for this character that cannot be led back to it without the key. Another key gives another name, so that two
    /// things that were shared are not known to be of one character.
    pub fn new(key: &str, character: &CharacterId) -> Self {
        let hash = ContentHash::of(format!("{key}\n{character}").as_bytes()).to_string();
        let number = u64::from_str_radix(&hash[..15], 16).unwrap_or_default();
        let number = FIRST_NUMBER + number % (8 * FIRST_NUMBER);
        let word = hash[16..32].to_owned();
        let (source, own) = character.as_str().split_once('-').unwrap_or((character.as_str(), ""));
        let text = if is_digits(own) { format!("{source}-{number}") } else { format!("{source}-{word}") };
        let character = CharacterId::new(text).unwrap_or_else(|_| character.clone());
        Self { character, number, word }
    }

    /// The character's identity in what is shared.
    pub fn character(&self) -> &CharacterId {
        &self.character
    }

    /// A few letters of it, to tell two that have no name apart.
    pub fn short(&self) -> &str {
        &self.word[..4]
    }

    fn of(&self, value: &str) -> String {
        if is_digits(value) { self.number.to_string() } else { self.word.clone() }
    }
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The character of a document, without the wrappers it came in and without what is personal.
///
/// # Errors
/// `format_unknown` where the document is not of this source.
pub fn redact(tree: &Tree<'_>, source: &dyn Source, pseudonym: &Pseudonym) -> Result<String> {
    without(tree, source, pseudonym, None)
}

/// The same, with another name in the place of every one that the player gave.
///
/// # Errors
/// As [`redact`].
pub(super) fn without_names(
    tree: &Tree<'_>,
    source: &dyn Source,
    pseudonym: &Pseudonym,
    name: &str,
    spread: bool,
) -> Result<String> {
    without(tree, source, pseudonym, Some(Naming { name, spread }))
}

/// What stands for names.
#[derive(Clone, Copy)]
struct Naming<'n> {
    name: &'n str,
    /// Whether it stands for them in every other text too.
    spread: bool,
}

fn without(
    tree: &Tree<'_>,
    source: &dyn Source,
    pseudonym: &Pseudonym,
    naming: Option<Naming<'_>>,
) -> Result<String> {
    let character = source.character(tree).ok_or_else(|| {
        Error::new(Code::FormatUnknown, "There is no character in this document.").kept("Nothing was shared.")
    })?;
    let mut found = Found { cuts: Vec::new(), secrets: Vec::new(), pseudonym, naming };
    let named = if naming.is_some() { source.named() } else { &[] };
    let rules: Vec<Rule> = source
        .personal()
        .iter()
        .chain(named)
        .map(|personal| Rule { personal, rest: personal.path })
        .collect();
    found.look(character, &rules);
    found.secrets.sort_by(|a, b| b.0.len().cmp(&a.0.len()).then_with(|| a.cmp(b)));
    found.secrets.dedup();
    let mut scrub =
        Scrub { cuts: &found.cuts, secrets: &found.secrets, at: 0, out: String::new(), text: tree.text() };
    scrub.at = character.span().start;
    scrub.walk(character);
    scrub.until(character.span().end);
    Ok(scrub.out)
}

/// An entry of the table and what of its path is still to come.
#[derive(Clone, Copy)]
struct Rule {
    personal: &'static Personal,
    rest: &'static str,
}

impl Rule {
    /// The rule one step further down, where this key is on its path.
    fn step(self, key: &str) -> Option<Self> {
        let (head, rest) = self.rest.split_once('/').unwrap_or((self.rest, ""));
        let meets = match head.strip_prefix('!') {
            Some(other) => other != key,
            None => head == "*" || head.split('|').any(|name| name == key),
        };
        (!self.rest.is_empty() && meets).then_some(Self { rest, ..self })
    }
}

/// What is personal in a document.
struct Found<'p> {
    /// Rising, not overlapping.
    cuts: Vec<(Range<usize>, String)>,
    /// What must not stand anywhere else either, and what stands there instead.
    secrets: Vec<(String, String)>,
    pseudonym: &'p Pseudonym,
    naming: Option<Naming<'p>>,
}

impl Found<'_> {
    fn look(&mut self, value: Value<'_>, rules: &[Rule]) {
        if let Some(rule) = rules.iter().find(|rule| rule.rest.is_empty()) {
            return self.take(value, rule.personal.class);
        }
        match value.kind() {
            Kind::Object => {
                for (key, member) in value.members() {
                    let further = |rule: &Rule| rule.step(&key).filter(|rule| applies(*rule, value));
                    let next: Vec<Rule> = rules.iter().filter_map(further).collect();
                    if !next.is_empty() {
                        self.look(member, &next);
                    }
                }
            }
            Kind::Array => {
                let next: Vec<Rule> = rules.iter().filter_map(|rule| rule.step("*")).collect();
                if !next.is_empty() {
                    value.items().for_each(|item| self.look(item, &next));
                }
            }
            _ => {}
        }
    }

    fn take(&mut self, value: Value<'_>, class: Class) {
        let replacement = match (class, value.kind()) {
            (_, Kind::Null | Kind::Bool) => return,
            (Class::Character, Kind::Number) => self.pseudonym.number.to_string(),
            (Class::Character, Kind::String) => {
                let text = value.as_str().unwrap_or_default();
                if text.is_empty() {
                    return;
                }
                format!("\"{}\"", self.pseudonym.of(&text))
            }
            (Class::Name, Kind::String) => {
                let name = self.naming.map_or("", |naming| naming.name);
                if value.as_str().is_none_or(|text| text.is_empty()) {
                    return;
                }
                serde_json::Value::from(name).to_string()
            }
            (_, Kind::String) => "\"\"".to_owned(),
            (_, Kind::Number) => "0".to_owned(),
            (_, Kind::Array) => "[]".to_owned(),
            (_, Kind::Object) => "{}".to_owned(),
        };
        self.remember(value, class);
        self.cuts.push((value.span(), replacement));
    }

    fn remember(&mut self, value: Value<'_>, class: Class) {
        match value.kind() {
            Kind::Object => value.members().for_each(|(_, member)| self.remember(member, class)),
            Kind::Array => value.items().for_each(|item| self.remember(item, class)),
            Kind::Number | Kind::String => {
                let text = value.as_str().unwrap_or(Cow::Borrowed(value.raw()));
                let text = text.trim();
                let long_enough = match class {
                    Class::Character | Class::Account => text.len() >= SHORTEST_NAME,
                    Class::Others | Class::Words => {
                        value.kind() == Kind::String && text.len() >= SHORTEST_WORDS
                    }
                    Class::Name => {
                        text.len() >= SHORTEST_NAME && self.naming.is_some_and(|naming| naming.spread)
                    }
                    Class::Origin => false,
                };
                if long_enough {
                    let instead = match class {
                        Class::Character => self.pseudonym.of(text),
                        Class::Name => self.naming.map_or("", |naming| naming.name).to_owned(),
                        _ => String::new(),
                    };
                    self.secrets.push((text.to_owned(), instead));
                }
            }
            Kind::Null | Kind::Bool => {}
        }
    }
}

/// Whether the rule is for objects that have this member, and this one has it.
fn applies(rule: Rule, object: Value<'_>) -> bool {
    rule.personal.only.is_none_or(|(key, number)| !rule.rest.is_empty() || object.int(key) == Some(number))
}

/// Writes the document without the cuts, and without the secrets wherever else they stand.
struct Scrub<'a> {
    text: &'a str,
    cuts: &'a [(Range<usize>, String)],
    secrets: &'a [(String, String)],
    /// So far it is written.
    at: usize,
    out: String,
}

impl Scrub<'_> {
    fn walk(&mut self, value: Value<'_>) {
        let span = value.span();
        let cut = self.cuts.first().filter(|(cut, _)| *cut == span).cloned();
        if let Some((cut, replacement)) = cut {
            self.cuts = &self.cuts[1..];
            return self.put(cut, &replacement);
        }
        match value.kind() {
            Kind::Object => value.members().for_each(|(_, member)| self.walk(member)),
            Kind::Array => value.items().for_each(|item| self.walk(item)),
            Kind::String => {
                let Some(text) = value.as_str() else { return };
                if let Cow::Owned(clean) = self.without_secrets(&text)
                    && let Ok(clean) = serde_json::to_string(&clean)
                {
                    self.put(span, &clean);
                }
            }
            Kind::Number => {
                let same = self.secrets.iter().find(|(secret, _)| secret == value.raw());
                if let Some((_, instead)) = same {
                    let instead = if instead.is_empty() { "0" } else { instead };
                    self.put(span, instead);
                }
            }
            Kind::Null | Kind::Bool => {}
        }
    }

    fn without_secrets<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let mut text = Cow::Borrowed(text);
        for (secret, instead) in self.secrets {
            if text.contains(secret.as_str()) {
                text = Cow::Owned(without_word(&text, secret, instead));
            }
        }
        text
    }

    fn put(&mut self, span: Range<usize>, replacement: &str) {
        self.until(span.start);
        self.out.push_str(replacement);
        self.at = span.end;
    }

    fn until(&mut self, end: usize) {
        self.out.push_str(&self.text[self.at..end]);
        self.at = end;
    }
}

/// The text with this word replaced, where it stands as a word of its own.
fn without_word(text: &str, word: &str, instead: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    let mut before = None;
    while let Some(at) = rest.find(word) {
        let (ahead, after) = (&rest[..at], &rest[at + word.len()..]);
        let left = ahead.chars().next_back().or(before);
        let inside = |side: Option<char>| side.is_some_and(char::is_alphanumeric);
        out.push_str(ahead);
        let is_whole = !inside(left) && !inside(after.chars().next());
        out.push_str(if is_whole { instead } else { word });
        before = word.chars().next_back();
        rest = after;
    }
    out.push_str(rest);
    out
}
