//! A value that is written into a configuration file, or taken out of it. Everything else in the file stays byte for byte as it is,
//! comments and all: only the value's own letters are exchanged, or a line comes or goes.
//!
//! A file can be written in more ways than are known here. So what was made is read again: where anything but the one value
//! would say something else, the change is refused.

use std::collections::BTreeMap;

use super::{
    File, Format, Lookup, Origin,
    keys::{Form, Place, key},
    layers::{Trouble, check, root, value, wrong},
    text::{self, Entry, Node, Raw},
};
use crate::error::{Code, Error, Result};

/// The text of a file with a value in it that was asked for, as one would type it; without a value, with the key taken out.
///
/// # Errors
/// `config_invalid` for a key that is not known, a value that its key does not take, a file that cannot be read, and one that is
/// written so that the change cannot be made without touching more.
pub fn edited(file: &File<'_>, path: &str, asked: Option<&str>, lookup: &Lookup<'_>) -> Result<String> {
    let parts: Vec<String> = path.split('.').map(str::to_owned).collect();
    let raw = asked.map(|text| taken(path, text.trim(), lookup)).transpose()?;
    if !matches!(check(&parts, &Origin::Asked)?, Place::Value) {
        return Err(wrong(&Origin::Asked, path, "holds keys, and is no value."));
    }
    let root = root(file)?;
    let place = entry(&root, &parts);
    let text = match (place, &raw) {
        (None, None) => Some(file.text.to_owned()),
        (Some(place), Some(raw)) => Some(exchanged(file.text, place, raw)),
        (Some(place), None) => line_of(file, place).map(|line| without(file.text, line)),
        (None, Some(raw)) => match file.format {
            Format::Toml => Some(into_toml(file, &root, &parts, raw)),
            Format::Yaml => into_yaml(file, &root, &parts, raw),
        },
    };
    let mut said = said(&root);
    match raw {
        Some(raw) => drop(said.insert(path.to_owned(), raw)),
        None => drop(said.remove(path)),
    }
    let is_as_asked =
        |text: &String| text::read(text, file.format).is_ok_and(|root| self::said(&root) == said);
    text.filter(is_as_asked).ok_or_else(|| by_hand(file, path, place))
}

/// What was typed, as what its key takes.
fn taken(path: &str, text: &str, lookup: &Lookup<'_>) -> Result<Raw> {
    let parts: Vec<String> = path.split('.').map(str::to_owned).collect();
    check(&parts, &Origin::Asked)?;
    if text.chars().any(char::is_control) {
        return Err(wrong(&Origin::Asked, path, "must be one line of text."));
    }
    let typed = || Raw::Text(text.to_owned());
    let raw = match key(path).map(|key| &key.form) {
        Some(Form::Whole(_)) => text.parse().map_or_else(|_| typed(), Raw::Whole),
        Some(Form::YesNo) => text.parse().map_or_else(|_| typed(), Raw::YesNo),
        Some(_) => typed(),
        None => return Err(wrong(&Origin::Asked, path, "holds keys, and is no value.")),
    };
    match value(path, raw.clone(), &Origin::Asked, lookup) {
        Ok(_) => Ok(raw),
        Err(Trouble::Wrong(error)) => Err(error),
        Err(Trouble::Unset(unset)) => Err(unset.0),
    }
}

/// What stands at a path.
fn entry<'a>(node: &'a Node, path: &[String]) -> Option<&'a Entry> {
    let (first, rest) = path.split_first()?;
    let found = entries(node).iter().find(|entry| entry.name == *first)?;
    if rest.is_empty() { Some(found) } else { entry(&found.node, rest) }
}

fn entries(node: &Node) -> &[Entry] {
    match &node.value {
        Raw::Table(entries) => entries,
        _ => &[],
    }
}

fn is_value(entry: &&Entry) -> bool {
    !matches!(entry.node.value, Raw::Table(_) | Raw::Nothing)
}

/// Every value that a text has, by its path.
fn said(root: &Node) -> BTreeMap<String, Raw> {
    let (mut said, mut open) = (BTreeMap::new(), vec![(String::new(), root)]);
    while let Some((path, node)) = open.pop() {
        for entry in entries(node) {
            let path = format!("{path}{}", entry.name);
            match &entry.node.value {
                Raw::Table(_) => open.push((format!("{path}."), &entry.node)),
                // A table that was left empty says as much as none.
                Raw::Nothing => {}
                value => drop(said.insert(path, value.clone())),
            }
        }
    }
    said
}

/// A value as both TOML and YAML have it. Of JSON's text only what both know comes out, since no sign that is not to be seen is in it.
fn written(raw: &Raw) -> String {
    match raw {
        Raw::Whole(number) => number.to_string(),
        Raw::YesNo(yes) => yes.to_string(),
        Raw::Text(text) => serde_json::Value::from(text.as_str()).to_string(),
        Raw::Table(_) | Raw::Nothing | Raw::Other(_) => String::new(),
    }
}

fn exchanged(text: &str, place: &Entry, raw: &Raw) -> String {
    let span = &place.node.span;
    let (before, behind) = (text.get(..span.start), text.get(span.end..));
    format!("{}{}{}", before.unwrap_or_default(), written(raw), behind.unwrap_or_default())
}

/// The line that a value has for itself, up to the next one; none where something else stands in it.
fn line_of(file: &File<'_>, place: &Entry) -> Option<Line> {
    let start = file.text.get(..place.at)?.rfind('\n').map_or(0, |at| at + 1);
    let rest = file.text.get(place.node.span.end..)?;
    let end = rest.find('\n').map_or(file.text.len(), |at| place.node.span.end + at + 1);
    let before = file.text.get(start..place.at)?.to_owned();
    let behind = file.text.get(place.node.span.end..end)?.trim();
    // TOML writes a table and its key in one line, too: `alerts.slow_ms = 500`.
    let fits = |c: char| {
        c == ' ' || c == '\t' || file.format == Format::Toml && (c.is_alphanumeric() || ".-_".contains(c))
    };
    (before.chars().all(fits) && (behind.is_empty() || behind.starts_with('#'))).then_some(Line {
        start,
        end,
        before,
    })
}

struct Line {
    start: usize,
    end: usize,
    /// What stands before the key.
    before: String,
}

fn without(text: &str, line: Line) -> String {
    format!("{}{}", &text[..line.start], &text[line.end..])
}

/// Puts lines in, as the text ends its own.
fn put(text: &str, at: usize, lines: &str) -> String {
    let (before, behind) = text.split_at(at);
    let end = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let open = if before.is_empty() || before.ends_with('\n') { "" } else { end };
    format!("{before}{open}{}{behind}", lines.replace('\n', end))
}

/// Beside the values of its table; else behind the table's head; else in a new table at the end.
fn into_toml(file: &File<'_>, root: &Node, path: &[String], raw: &Raw) -> String {
    let (text, value) = (file.text, written(raw));
    let Some((name, parents)) = path.split_last() else { return text.to_owned() };
    let table = if parents.is_empty() { Some(root) } else { entry(root, parents).map(|entry| &entry.node) };
    let beside = table.map(entries).unwrap_or_default().iter().filter(is_value);
    if let Some(line) = beside.filter_map(|beside| line_of(file, beside)).next_back() {
        return put(text, line.end, &format!("{}{name} = {value}\n", line.before));
    }
    if parents.is_empty() {
        let gap = if text.is_empty() { "" } else { "\n" };
        return put(text, 0, &format!("{name} = {value}\n{gap}"));
    }
    let head = format!("[{}]", parents.join("."));
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        at += line.len();
        if line.split('#').next().is_some_and(|line| line.trim() == head) {
            return put(text, at, &format!("{name} = {value}\n"));
        }
    }
    let gap = if text.trim().is_empty() { "" } else { "\n" };
    put(text, text.len(), &format!("{gap}{head}\n{name} = {value}\n"))
}

/// Beside what stands in its table, as deep as that; a table that is not there comes along, at the top at the end of the file.
fn into_yaml(file: &File<'_>, root: &Node, path: &[String], raw: &Raw) -> Option<String> {
    let text = file.text;
    let deepest = (1..path.len()).rev().find_map(|depth| Some((depth, entry(root, &path[..depth])?)));
    let (depth, at, indent) = match deepest {
        None => (0, text.len(), String::new()),
        Some((depth, table)) => {
            let inside = entries(&table.node);
            let beside =
                inside.iter().filter(is_value).filter_map(|beside| line_of(file, beside)).next_back();
            match (beside, inside.first()) {
                (Some(line), _) => (depth, line.end, line.before),
                (None, Some(first)) => {
                    let start = text.get(..first.at)?.rfind('\n').map_or(0, |at| at + 1);
                    (depth, start, text.get(start..first.at)?.to_owned())
                }
                (None, None) => {
                    let start = text.get(..table.at)?.rfind('\n').map_or(0, |at| at + 1);
                    let end = text.get(table.at..)?.find('\n').map_or(text.len(), |at| table.at + at + 1);
                    (depth, end, format!("{}  ", text.get(start..table.at)?))
                }
            }
        }
    };
    let (name, tables) = path[depth..].split_last()?;
    let mut lines = String::new();
    for (deeper, table) in tables.iter().enumerate() {
        lines += &format!("{indent}{}{table}:\n", "  ".repeat(deeper));
    }
    lines += &format!("{indent}{}{name}: {}\n", "  ".repeat(tables.len()), written(raw));
    Some(put(text, at, &lines))
}

fn by_hand(file: &File<'_>, path: &str, place: Option<&Entry>) -> Error {
    let at = place.map(|place| format!(" It stands in line {}.", place.line)).unwrap_or_default();
    Error::new(
        Code::ConfigInvalid,
        format!(
            "{} is written so that `{path}` cannot be changed without touching something else in it.",
            file.path
        ),
    )
    .kept("The file is as it was.")
    .hint(format!("Open the file in a text editor and change `{path}` there.{at}"))
    .detail("key", path)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test stops where it stands")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn edit(format: Format, text: &str, key: &str, value: Option<&str>) -> Result<String> {
        let lookup = |name: &str| (name == "REDIS_URL").then(|| "redis://:secret@here:6379".to_owned());
        edited(&File { path: "config", text, format }, key, value, &lookup)
    }

    fn toml(text: &str, key: &str, value: Option<&str>) -> String {
        edit(Format::Toml, text, key, value).unwrap()
    }

    fn yaml(text: &str, key: &str, value: Option<&str>) -> String {
        edit(Format::Yaml, text, key, value).unwrap()
    }

    #[test]
    fn a_value_comes_into_toml_where_its_table_is() {
        for (text, key, value, expected) in [
            ("", "alerts.slow_ms", "500", "[alerts]\nslow_ms = 500\n"),
            ("", "library", "home", "library = \"home\"\n"),
            ("# mine\n", "alerts.notify", "true", "# mine\n\n[alerts]\nnotify = true\n"),
            ("# mine\n[alerts]\n# few", "library", "x.db", "library = \"x.db\"\n\n# mine\n[alerts]\n# few"),
            (
                "[alerts] # when\n\n[cache]\nbackend = 'none'",
                "alerts.slow_ms",
                "500",
                "[alerts] # when\nslow_ms = 500\n\n[cache]\nbackend = 'none'",
            ),
            (
                "[alerts]\nslow_ms = 5 # ms\n\n[cache]\nbackend = 'none'\n",
                "alerts.notify",
                "false",
                "[alerts]\nslow_ms = 5 # ms\nnotify = false\n\n[cache]\nbackend = 'none'\n",
            ),
            ("alerts.slow_ms = 5", "alerts.denied", "3", "alerts.slow_ms = 5\nalerts.denied = 3\n"),
            (
                "[libraries]\r\nhome.address = 'x.db'\r\n",
                "libraries.home.read_only",
                "true",
                "[libraries]\r\nhome.address = 'x.db'\r\nhome.read_only = true\r\n",
            ),
            (
                "[cache.memory]\nmax_size = 1\n",
                "cache.backend",
                "none",
                "[cache.memory]\nmax_size = 1\n\n[cache]\nbackend = \"none\"\n",
            ),
        ] {
            assert_eq!(toml(text, key, Some(value)), expected);
        }
    }

    #[test]
    fn a_value_comes_into_yaml_as_deep_as_what_is_beside_it() {
        for (text, key, value, expected) in [
            ("", "cache.memory.max_size", "5", "cache:\n  memory:\n    max_size: 5\n"),
            (
                "# mine\nlanguage: de",
                "alerts.notify",
                "true",
                "# mine\nlanguage: de\nalerts:\n  notify: true\n",
            ),
            (
                "alerts:\n    slow_ms: 5 # ms\n\ncache: {}\n",
                "alerts.denied",
                "3",
                "alerts:\n    slow_ms: 5 # ms\n    denied: 3\n\ncache: {}\n",
            ),
            (
                "cache:\n    # at hand\n    memory:\n        max_size: 1\n",
                "cache.backend",
                "none",
                "cache:\n    # at hand\n    backend: \"none\"\n    memory:\n        max_size: 1\n",
            ),
            (
                "alerts: # soon\nlanguage: de\n",
                "alerts.denied",
                "3",
                "alerts: # soon\n  denied: 3\nlanguage: de\n",
            ),
            ("größe: 1\n", "alerts.denied", "3", "größe: 1\nalerts:\n  denied: 3\n"),
        ] {
            assert_eq!(yaml(text, key, Some(value)), expected);
        }
    }

    #[test]
    fn a_value_is_exchanged_and_nothing_around_it() {
        for (text, value, expected) in [
            ("# a\n[alerts]\n slow_ms=  5   # ms\n", "7", "# a\n[alerts]\n slow_ms=  7   # ms\n"),
            ("alerts = { slow_ms = 5, denied = 2 }", "7", "alerts = { slow_ms = 7, denied = 2 }"),
            ("alerts.slow_ms = \"${SLOW:-5}\"", "7", "alerts.slow_ms = 7"),
        ] {
            assert_eq!(toml(text, "alerts.slow_ms", Some(value)), expected);
        }
        for (text, expected) in [
            (
                "ä: ö # ü\nlanguage:   'en'  # here\nalerts: {denied: 1}\n",
                "ä: ö # ü\nlanguage:   \"de\"  # here\nalerts: {denied: 1}\n",
            ),
            (
                "language: de''de  # a\nlibrary: 'it''s'  # b\n",
                "language: \"de\"  # a\nlibrary: 'it''s'  # b\n",
            ),
            ("{language: en, alerts: {denied: 1}}", "{language: \"de\", alerts: {denied: 1}}"),
            ("language: en\r\nlibrary: home\r\n", "language: \"de\"\r\nlibrary: home\r\n"),
        ] {
            assert_eq!(yaml(text, "language", Some("de")), expected);
        }
    }

    #[test]
    fn a_key_goes_with_its_line_and_comments_stay() {
        let text = "# above\n[alerts]\n# why\nslow_ms = 5 # so many\ndenied = 3\n";
        assert_eq!(toml(text, "alerts.slow_ms", None), "# above\n[alerts]\n# why\ndenied = 3\n");
        assert_eq!(toml(text, "alerts.notify", None), text, "what is not there is not there");
        let text = "alerts:\n  # why\n  slow_ms: 5\nlanguage: de\n";
        assert_eq!(yaml(text, "alerts.slow_ms", None), "alerts:\n  # why\nlanguage: de\n");
    }

    #[test]
    fn what_cannot_be_done_without_touching_more_is_refused_with_the_way_out() {
        for (format, text, key, value) in [
            (Format::Toml, "alerts = { slow_ms = 5, denied = 2 }", "alerts.slow_ms", None),
            (Format::Toml, "alerts = { slow_ms = 5 }", "alerts.denied", Some("3")),
            (Format::Yaml, "{language: en}", "language", None),
            (Format::Yaml, "{language: en}", "alerts.denied", Some("3")),
            (Format::Yaml, "alerts: {slow_ms: 5}\n", "alerts.denied", Some("3")),
        ] {
            let error = edit(format, text, key, value).unwrap_err();
            assert_eq!(error.code, Code::ConfigInvalid);
            assert!(error.hint.unwrap().contains("text editor") && error.kept.is_some(), "{text}");
        }
    }

    #[test]
    fn a_wrong_value_is_refused_with_what_is_right() {
        let said = |key: &str, value: &str| {
            let error = edit(Format::Toml, "", key, Some(value)).unwrap_err();
            assert_eq!(error.code, Code::ConfigInvalid);
            format!("{} {}", error.message, error.hint.unwrap())
        };
        assert!(
            said("alerts.slow_m", "5")
                .starts_with("`alerts.slow_m` is not a key Backstory knows. Did you mean `slow_ms`?")
        );
        assert!(said("alerts.slow_ms", "0").contains("must be a whole number from 1 to 600000, and is 0"));
        assert!(said("alerts.slow_ms", "soon").contains("and is text"));
        assert!(said("cache.backend", "tired").contains("Did you mean `tiered`?"));
        assert!(said("metrics.listen", "0.0.0.0:1").contains("an address of this computer"));
        assert!(said("alerts", "5").contains("holds keys"));
        assert!(said("library", " ").contains("is empty"));
        assert!(said("library", "a\nb").contains("one line"));
        assert!(said("library", "${NOT_SET}").contains("Set NOT_SET before"));
    }

    #[test]
    fn a_variable_stays_a_variable_in_the_file() {
        let text = toml("", "cache.redis.redis_url", Some("${REDIS_URL}"));
        assert_eq!(text, "[cache.redis]\nredis_url = \"${REDIS_URL}\"\n");
    }

    proptest! {
        /// Whatever stands in a file and wherever: either nothing but the one value changes, or nothing does.
        #[test]
        fn nothing_else_changes(lines in prop::collection::vec(
            prop::sample::select(vec![
                "[alerts]", "[cache]", "[cache.memory]", "slow_ms = 5", "backend = 'none' # x", "# alerts", "",
                "alerts.denied = 2", "max_size = 3", "language = \"\"\"\nde\"\"\"", "[ alerts ]", "alerts:", "  slow_ms: 5",
                "  denied: |\n    2", "  denied: '5' # why", "cache:", "    memory: {max_size: 3}", "language: >\n  de", "---", "...", "\u{feff}", "\t",
            ]), 0..8), key in prop::sample::select(vec!["alerts.slow_ms", "cache.memory.max_size", "alerts.denied"]),
            value in prop::option::of(1..9_u8), is_yaml in any::<bool>(), windows in any::<bool>())
        {
            let text = lines.join(if windows { "\r\n" } else { "\n" });
            let format = if is_yaml { Format::Yaml } else { Format::Toml };
            let asked = value.map(|value| value.to_string());
            if let Ok(made) = edit(format, &text, key, asked.as_deref()) {
                let read = |text: &str| said(&text::read(text, format).ok().unwrap());
                let (mut before, mut after) = (read(&text), read(&made));
                let is = after.remove(key);
                before.remove(key);
                prop_assert_eq!(is, value.map(|value| Raw::Whole(value.into())));
                prop_assert_eq!(before, after);
                let comments = |text: &str| text.lines().filter(|line| line.starts_with('#')).count();
                prop_assert_eq!(comments(&text), comments(&made));
                if value.is_some() {
                    prop_assert_eq!(text.matches('#').count(), made.matches('#').count());
                }
            }
        }
    }
}
