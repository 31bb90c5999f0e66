//! From the text of a configuration, TOML or YAML, to values that know their line.

use std::ops::Range;

use saphyr_parser::{Event, Parser, ScalarStyle, Span, Tag};
use toml::de::{DeTable, DeValue};

/// How the text of a configuration is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// TOML.
    Toml,
    /// YAML.
    Yaml,
}

/// Deeper than any key there is.
const MAX_DEPTH: usize = 16;

/// A value and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Node {
    pub(super) line: usize,
    /// Where a value that is no table stands, in bytes.
    pub(super) span: Range<usize>,
    pub(super) value: Raw,
}

/// A key with what stands behind it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) line: usize,
    /// Where the key begins, in bytes.
    pub(super) at: usize,
    pub(super) node: Node,
}

/// What a text can say.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Raw {
    Text(String),
    Whole(i64),
    YesNo(bool),
    /// In the order of the text.
    Table(Vec<Entry>),
    /// Nothing behind the key.
    Nothing,
    /// Something no key takes, in words: `a list`.
    Other(&'static str),
}

/// Why a text is not what it should be: the line, and what is wrong, without anything out of the text.
pub(super) struct Broken {
    pub(super) line: usize,
    pub(super) problem: String,
}

/// Reads a text as a table.
pub(super) fn read(text: &str, format: Format) -> Result<Node, Broken> {
    match format {
        Format::Toml => toml(text),
        Format::Yaml => yaml(text),
    }
}

fn toml(text: &str) -> Result<Node, Broken> {
    let line = |at: usize| text.get(..at).map_or(1, |before| before.matches('\n').count() + 1);
    match DeTable::parse(text) {
        Ok(table) => Ok(Node { line: 1, span: 0..text.len(), value: toml_table(table.get_ref(), &line) }),
        // Only the message: the error's own text repeats the line, which may hold a password.
        Err(error) => Err(Broken {
            line: line(error.span().map_or(0, |span| span.start)),
            problem: format!("it is not TOML ({})", error.message()),
        }),
    }
}

fn toml_table(table: &DeTable<'_>, line: &dyn Fn(usize) -> usize) -> Raw {
    let mut entries: Vec<_> = table
        .iter()
        .map(|(key, value)| {
            let (span, value) = (value.span(), toml_value(value.get_ref(), line));
            let node = Node { line: line(span.start), span, value };
            let at = key.span().start;
            Entry { name: key.get_ref().to_string(), line: line(at), at, node }
        })
        .collect();
    entries.sort_by_key(|entry| entry.at);
    Raw::Table(entries)
}

fn toml_value(value: &DeValue<'_>, line: &dyn Fn(usize) -> usize) -> Raw {
    match value {
        DeValue::String(text) => Raw::Text(text.to_string()),
        DeValue::Integer(number) => match i64::from_str_radix(number.as_str(), number.radix()) {
            Ok(number) => Raw::Whole(number),
            Err(_) => Raw::Other("a number too large"),
        },
        DeValue::Float(_) => Raw::Other("a number with a point"),
        DeValue::Boolean(yes) => Raw::YesNo(*yes),
        DeValue::Datetime(_) => Raw::Other("a date"),
        DeValue::Array(_) => Raw::Other("a list"),
        DeValue::Table(table) => toml_table(table, line),
    }
}

fn yaml(text: &str) -> Result<Node, Broken> {
    let bytes = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
    let mut events = Yaml { text, events: Parser::new_from_str(text), depth: 0, bytes };
    loop {
        match events.next()? {
            (Event::StreamEnd, _) => {
                return Ok(Node { line: 1, span: 0..text.len(), value: Raw::Table(Vec::new()) });
            }
            (Event::Nothing | Event::StreamStart | Event::DocumentStart(_) | Event::DocumentEnd, _) => {}
            (event, span) => return events.node(event, span),
        }
    }
}

/// A reader of YAML. References and tags are refused: they say something twice, or something that is not there.
struct Yaml<'a> {
    text: &'a str,
    events: Parser<'a, saphyr_parser::StrInput<'a>>,
    depth: usize,
    /// Where each letter begins, in bytes: the parser counts letters.
    bytes: Vec<usize>,
}

impl<'a> Yaml<'a> {
    fn next(&mut self) -> Result<(Event<'a>, Span), Broken> {
        match self.events.next() {
            Some(Ok(event)) => Ok(event),
            Some(Err(error)) => Err(Broken {
                line: error.marker().line(),
                problem: format!("it is not YAML ({})", error.info()),
            }),
            None => Err(Broken { line: 1, problem: "it ends too early".to_owned() }),
        }
    }

    fn byte(&self, letter: usize) -> usize {
        self.bytes.get(letter).or(self.bytes.last()).copied().unwrap_or_default()
    }

    fn node(&mut self, event: Event<'a>, span: Span) -> Result<Node, Broken> {
        let line = span.start.line();
        let refused = |what: &str| Err(Broken { line, problem: format!("{what} cannot be used here") });
        if self.depth > MAX_DEPTH {
            return refused("something nested as deeply as this");
        }
        let value = match event {
            Event::Scalar(text, style, _, None) => scalar(&text, style),
            Event::MappingStart(_, None) => self.table()?,
            Event::SequenceStart(..) => {
                self.depth += 1;
                loop {
                    match self.next()? {
                        (Event::SequenceEnd, _) => break,
                        (event, span) => self.node(event, span)?,
                    };
                }
                self.depth -= 1;
                Raw::Other("a list")
            }
            Event::Alias(_) => return refused("a reference (*)"),
            _ => return refused(tag_words(&event)),
        };
        let start = self.byte(span.start.index());
        let end =
            quoted(&self.text[start..]).map_or_else(|| self.byte(span.end.index()), |long| start + long);
        Ok(Node { line, span: start..end, value })
    }

    fn table(&mut self) -> Result<Raw, Broken> {
        self.depth += 1;
        let mut entries: Vec<Entry> = Vec::new();
        loop {
            let (event, span) = self.next()?;
            let (line, at) = (span.start.line(), self.byte(span.start.index()));
            let name = match event {
                Event::MappingEnd => break,
                Event::Scalar(key, _, _, None) => key.into_owned(),
                _ => return Err(Broken { line, problem: "a key must be a word".to_owned() }),
            };
            if entries.iter().any(|there| there.name == name) {
                return Err(Broken { line, problem: "a key stands here a second time".to_owned() });
            }
            let (event, span) = self.next()?;
            let node = self.node(event, span)?;
            entries.push(Entry { name, line, at, node });
        }
        self.depth -= 1;
        Ok(Raw::Table(entries))
    }
}

/// How long a value in quotation marks is that a text begins with. The parser counts what stands behind it in, too.
fn quoted(text: &str) -> Option<usize> {
    let mark = text.chars().next().filter(|mark| ['"', '\''].contains(mark))?;
    let mut letters = text.char_indices().skip(1).peekable();
    while let Some((at, letter)) = letters.next() {
        if letter == '\\' && mark == '"' {
            letters.next();
        } else if letter == mark {
            // Two of them stand for one.
            if mark == '\'' && letters.next_if(|(_, next)| *next == mark).is_some() {
                continue;
            }
            return Some(at + 1);
        }
    }
    None
}

fn tag_words(event: &Event<'_>) -> &'static str {
    let tag = |tag: &Option<std::borrow::Cow<'_, Tag>>| tag.is_some();
    match event {
        Event::Scalar(.., t) if tag(t) => "a tag (!)",
        Event::MappingStart(_, t) if tag(t) => "a tag (!)",
        _ => "this",
    }
}

/// The types of YAML 1.2: only what is not quoted can be anything but text.
fn scalar(text: &str, style: ScalarStyle) -> Raw {
    if style != ScalarStyle::Plain {
        return Raw::Text(text.to_owned());
    }
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Raw::Nothing,
        "true" | "True" | "TRUE" => Raw::YesNo(true),
        "false" | "False" | "FALSE" => Raw::YesNo(false),
        text => text.parse().map_or_else(|_| Raw::Text(text.to_owned()), Raw::Whole),
    }
}
