//! From the text of a configuration, TOML or YAML, to values that know their line.

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
#[derive(Clone)]
pub(super) struct Node {
    pub(super) line: usize,
    pub(super) value: Raw,
}

/// What a text can say.
#[derive(Clone)]
pub(super) enum Raw {
    Text(String),
    Whole(i64),
    YesNo(bool),
    /// Entries by key, each with the line of the key.
    Table(Vec<(String, usize, Node)>),
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
        Ok(table) => Ok(Node { line: 1, value: toml_table(table.get_ref(), &line) }),
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
            let node = Node { line: line(value.span().start), value: toml_value(value.get_ref(), line) };
            (key.get_ref().to_string(), line(key.span().start), node)
        })
        .collect();
    entries.sort_by_key(|(_, line, _)| *line);
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
    let mut events = Yaml { events: Parser::new_from_str(text), depth: 0 };
    loop {
        match events.next()? {
            (Event::StreamEnd, _) => return Ok(Node { line: 1, value: Raw::Table(Vec::new()) }),
            (Event::Nothing | Event::StreamStart | Event::DocumentStart(_) | Event::DocumentEnd, _) => {}
            (event, span) => return events.node(event, span),
        }
    }
}

/// A reader of YAML. References and tags are refused: they say something twice, or something that is not there.
struct Yaml<'a> {
    events: Parser<'a, saphyr_parser::StrInput<'a>>,
    depth: usize,
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
        Ok(Node { line, value })
    }

    fn table(&mut self) -> Result<Raw, Broken> {
        self.depth += 1;
        let mut entries: Vec<(String, usize, Node)> = Vec::new();
        loop {
            let (event, span) = self.next()?;
            let line = span.start.line();
            let key = match event {
                Event::MappingEnd => break,
                Event::Scalar(key, _, _, None) => key.into_owned(),
                _ => return Err(Broken { line, problem: "a key must be a word".to_owned() }),
            };
            if entries.iter().any(|(there, ..)| *there == key) {
                return Err(Broken { line, problem: "a key stands here a second time".to_owned() });
            }
            let (event, span) = self.next()?;
            let node = self.node(event, span)?;
            entries.push((key, line, node));
        }
        self.depth -= 1;
        Ok(Raw::Table(entries))
    }
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
