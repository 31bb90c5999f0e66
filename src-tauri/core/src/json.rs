//! A read-only JSON tree over the document's own text.
//!
//! The text is the truth: keys keep their order, numbers their spelling, duplicate keys are all there, and every value
//! knows its byte span. That is what cutting by span, the raw comparison and exact export need and what a decoded value loses.
//! Parsing does not recurse, so nesting cannot overflow the stack; it is bounded by [`MAX_DEPTH`] and [`MAX_BYTES`].
//! The verdict (valid or not) is `serde_json`'s on all but one point: `\ud800` alone is legal JSON text and is accepted.

use std::{borrow::Cow, ops::Range};

/// Deepest nesting accepted. Real sheets stay below 15.
pub const MAX_DEPTH: usize = 128;
/// Longest document accepted, in bytes. Real sheets stay below 3 MB.
pub const MAX_BYTES: usize = 64 << 20;

/// What a JSON value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "JSON's own names")]
pub enum Kind {
    Null,
    Bool,
    Number,
    String,
    Array,
    Object,
}

#[derive(Debug, Clone, Copy)]
struct Node {
    start: u32,
    end: u32,
    /// The index after this value and everything in it.
    next: u32,
    kind: Kind,
    /// A string with a backslash in it.
    escaped: bool,
}

/// Why a text is not JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParseErrorKind {
    /// Longer than [`MAX_BYTES`].
    TooLarge,
    /// Deeper than [`MAX_DEPTH`].
    TooDeep,
    /// Ends before the value does.
    Truncated,
    /// A character that cannot stand there.
    Unexpected,
    /// A raw control character inside a string.
    ControlCharacter,
    /// Something follows the value.
    Trailing,
}

/// Where and why a text is not JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseError {
    /// Why.
    pub kind: ParseErrorKind,
    /// At which byte.
    pub offset: usize,
    /// Inside of what: the keys and positions that were open.
    pub path: Vec<String>,
}

/// The largest whole number that is one in JavaScript too, up to its sign.
pub const MAX_WHOLE: u64 = (1 << 53) - 1;

/// A parsed document.
#[derive(Debug)]
pub struct Tree<'t> {
    text: &'t str,
    nodes: Vec<Node>,
}

impl<'t> Tree<'t> {
    /// Parses a text.
    ///
    /// # Errors
    /// Where and why the text is not JSON, or is more than is accepted.
    pub fn parse(text: &'t str) -> Result<Self, ParseError> {
        Parser::new(text).run()
    }

    /// The whole value.
    pub fn root(&self) -> Value<'_> {
        Value { tree: self, index: 0 }
    }

    /// The text it was parsed from.
    pub fn text(&self) -> &'t str {
        self.text
    }
}

/// One value of a [`Tree`].
#[derive(Clone, Copy)]
pub struct Value<'a> {
    tree: &'a Tree<'a>,
    index: u32,
}

impl std::fmt::Debug for Value<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.raw())
    }
}

impl<'a> Value<'a> {
    fn node(self) -> &'a Node {
        &self.tree.nodes[self.index as usize]
    }

    /// What it is.
    pub fn kind(self) -> Kind {
        self.node().kind
    }

    /// Its place in the text.
    pub fn span(self) -> Range<usize> {
        let node = self.node();
        node.start as usize..node.end as usize
    }

    /// Its text.
    pub fn raw(self) -> &'a str {
        &self.tree.text[self.span()]
    }

    /// Whether it is `null`.
    pub fn is_null(self) -> bool {
        self.kind() == Kind::Null
    }

    /// The member of this name; of several the last, as every decoder in the field takes it.
    pub fn get(self, key: &str) -> Option<Value<'a>> {
        let mut members = self.members();
        let mut found = None;
        while let Some((name, value)) = members.pair() {
            if name.is(key) {
                found = Some(value);
            }
        }
        found
    }

    /// Whether it is this text.
    fn is(self, text: &str) -> bool {
        let node = self.node();
        if node.escaped {
            return self.as_str().is_some_and(|name| name == text);
        }
        self.tree.text.as_bytes()[node.start as usize + 1..node.end as usize - 1] == *text.as_bytes()
    }

    /// The member of this name, unless it is null.
    pub fn present(self, key: &str) -> Option<Value<'a>> {
        self.get(key).filter(|value| !value.is_null())
    }

    /// The member reached by these names, unless it is null.
    pub fn path(self, keys: &[&str]) -> Option<Value<'a>> {
        keys.iter().try_fold(self, |value, key| value.present(key))
    }

    /// The elements of an array; nothing for anything else.
    pub fn items(self) -> Items<'a> {
        Items {
            tree: self.tree,
            at: self.index + 1,
            end: if self.kind() == Kind::Array { self.node().next } else { 0 },
        }
    }

    /// The members of an object in their order; nothing for anything else.
    pub fn members(self) -> Members<'a> {
        Members {
            tree: self.tree,
            at: self.index + 1,
            end: if self.kind() == Kind::Object { self.node().next } else { 0 },
        }
    }

    /// The elements of the array member of this name; nothing where it is absent or null.
    pub fn list(self, key: &str) -> Items<'a> {
        self.get(key).map_or(Items { tree: self.tree, at: 0, end: 0 }, Value::items)
    }

    /// The text of a string, unescaped. A lone surrogate becomes U+FFFD.
    pub fn as_str(self) -> Option<Cow<'a, str>> {
        let node = self.node();
        if node.kind != Kind::String {
            return None;
        }
        let inner = &self.tree.text[node.start as usize + 1..node.end as usize - 1];
        Some(if node.escaped { Cow::Owned(unescape(inner)) } else { Cow::Borrowed(inner) })
    }

    /// A whole number, also where it is written `3.0`. None beyond [`MAX_WHOLE`]: the programs that write these documents are
    /// not exact there, and a sum of a few is still a number.
    pub fn as_i64(self) -> Option<i64> {
        if self.kind() != Kind::Number {
            return None;
        }
        let raw = self.raw();
        let whole = raw.parse().ok().or_else(|| {
            let float: f64 = raw.parse().ok()?;
            #[allow(clippy::cast_possible_truncation, reason = "checked to be whole and in range")]
            (float.fract() == 0.0 && float.abs() < 1e16).then_some(float as i64)
        });
        whole.filter(|number: &i64| number.unsigned_abs() <= MAX_WHOLE)
    }

    /// Any number.
    pub fn as_f64(self) -> Option<f64> {
        if self.kind() == Kind::Number { self.raw().parse().ok() } else { None }
    }

    /// `true` or `false`.
    pub fn as_bool(self) -> Option<bool> {
        match (self.kind(), self.raw()) {
            (Kind::Bool, raw) => Some(raw == "true"),
            _ => None,
        }
    }

    /// The text of a member, where it is a string that is not blank; trimmed.
    pub fn text(self, key: &str) -> Option<String> {
        let value = self.get(key)?.as_str()?;
        let trimmed = value.trim();
        (!trimmed.is_empty()).then(|| trimmed.to_owned())
    }

    /// A member that is a whole number.
    pub fn int(self, key: &str) -> Option<i64> {
        self.get(key)?.as_i64()
    }

    /// A member that is `true`.
    pub fn flag(self, key: &str) -> bool {
        self.get(key).and_then(Value::as_bool).unwrap_or(false)
    }

    /// An id, which some documents write as a number and some as text.
    pub fn id(self, key: &str) -> Option<String> {
        let value = self.get(key)?;
        match value.kind() {
            Kind::Number => Some(value.raw().to_owned()),
            Kind::String => value.as_str().map(Cow::into_owned),
            _ => None,
        }
    }
}

/// The elements of an array.
#[derive(Debug, Clone)]
pub struct Items<'a> {
    tree: &'a Tree<'a>,
    at: u32,
    end: u32,
}

impl<'a> Iterator for Items<'a> {
    type Item = Value<'a>;

    fn next(&mut self) -> Option<Value<'a>> {
        if self.at >= self.end {
            return None;
        }
        let value = Value { tree: self.tree, index: self.at };
        self.at = value.node().next;
        Some(value)
    }
}

/// The members of an object.
#[derive(Debug, Clone)]
pub struct Members<'a> {
    tree: &'a Tree<'a>,
    at: u32,
    end: u32,
}

impl<'a> Members<'a> {
    /// The next key and its value.
    fn pair(&mut self) -> Option<(Value<'a>, Value<'a>)> {
        if self.at >= self.end {
            return None;
        }
        let key = Value { tree: self.tree, index: self.at };
        let value = Value { tree: self.tree, index: self.at + 1 };
        self.at = value.node().next;
        Some((key, value))
    }
}

impl<'a> Iterator for Members<'a> {
    type Item = (Cow<'a, str>, Value<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        let (key, value) = self.pair()?;
        Some((key.as_str().unwrap_or_default(), value))
    }
}

fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    let hex4 = |chars: &mut std::str::Chars<'_>| -> u32 {
        (0..4).fold(0, |n, _| n * 16 + chars.next().and_then(|c| c.to_digit(16)).unwrap_or(0))
    };
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match chars.next() {
            Some('n') => out.push('\n'),
            Some('t') => out.push('\t'),
            Some('r') => out.push('\r'),
            Some('b') => out.push('\u{8}'),
            Some('f') => out.push('\u{c}'),
            Some('u') => {
                let high = hex4(&mut chars);
                let rest = chars.as_str();
                if (0xD800..0xDC00).contains(&high) && rest.starts_with("\\u") {
                    let mut ahead = chars.clone();
                    ahead.nth(1);
                    let low = hex4(&mut ahead);
                    if (0xDC00..0xE000).contains(&low) {
                        let joined = 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00);
                        out.push(char::from_u32(joined).unwrap_or('\u{FFFD}'));
                        chars = ahead;
                        continue;
                    }
                }
                out.push(char::from_u32(high).unwrap_or('\u{FFFD}'));
            }
            Some(other) => out.push(other),
            None => {}
        }
    }
    out
}

/// One open array or object.
struct Open {
    node: u32,
    object: bool,
}

struct Parser<'t> {
    text: &'t str,
    bytes: &'t [u8],
    at: usize,
    nodes: Vec<Node>,
    open: Vec<Open>,
}

impl<'t> Parser<'t> {
    fn new(text: &'t str) -> Self {
        Self {
            text,
            bytes: text.as_bytes(),
            at: 0,
            nodes: Vec::with_capacity(text.len() / 16),
            open: Vec::new(),
        }
    }

    fn run(mut self) -> Result<Tree<'t>, ParseError> {
        if self.bytes.len() > MAX_BYTES {
            return Err(self.error(ParseErrorKind::TooLarge));
        }
        self.blank();
        self.value()?;
        while let Some(object) = self.open.last().map(|open| open.object) {
            self.after_value(object)?;
        }
        self.blank();
        if self.at < self.bytes.len() {
            return Err(self.error(ParseErrorKind::Trailing));
        }
        Ok(Tree { text: self.text, nodes: self.nodes })
    }

    /// Between the values of an open array or object: a comma and the next value, or its end.
    fn after_value(&mut self, object: bool) -> Result<(), ParseError> {
        self.blank();
        let first = self.open.last().is_some_and(|open| open.node as usize + 1 == self.nodes.len());
        match self.peek() {
            Some(b'}') if object => self.close(),
            Some(b']') if !object => self.close(),
            Some(_) if first => self.element(object)?,
            Some(b',') => {
                self.at += 1;
                self.blank();
                self.element(object)?;
            }
            _ => return Err(self.unexpected()),
        }
        Ok(())
    }

    fn element(&mut self, object: bool) -> Result<(), ParseError> {
        if object {
            if self.peek() != Some(b'"') {
                return Err(self.unexpected());
            }
            self.string()?;
            self.blank();
            if self.peek() != Some(b':') {
                return Err(self.unexpected());
            }
            self.at += 1;
            self.blank();
        }
        self.value()
    }

    fn value(&mut self) -> Result<(), ParseError> {
        match self.peek() {
            Some(b'"') => self.string(),
            Some(b'{') => self.start(Kind::Object),
            Some(b'[') => self.start(Kind::Array),
            Some(b't') => self.word("true", Kind::Bool),
            Some(b'f') => self.word("false", Kind::Bool),
            Some(b'n') => self.word("null", Kind::Null),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ => Err(self.unexpected()),
        }
    }

    fn start(&mut self, kind: Kind) -> Result<(), ParseError> {
        if self.open.len() >= MAX_DEPTH {
            return Err(self.error(ParseErrorKind::TooDeep));
        }
        let node = self.push(kind, self.at, self.at + 1, false);
        self.open.push(Open { node, object: kind == Kind::Object });
        self.at += 1;
        Ok(())
    }

    fn close(&mut self) {
        self.at += 1;
        if let Some(open) = self.open.pop() {
            let next = index(self.nodes.len());
            let node = &mut self.nodes[open.node as usize];
            node.end = index(self.at);
            node.next = next;
        }
    }

    fn string(&mut self) -> Result<(), ParseError> {
        let start = self.at;
        let mut escaped = false;
        self.at += 1;
        loop {
            // Rules text makes most of a document: long strings with few marks in them.
            let rest = &self.bytes[self.at..];
            let stop = memchr::memchr2(b'"', b'\\', rest);
            let plain = &rest[..stop.unwrap_or(rest.len())];
            if let Some(control) = plain.iter().position(|&byte| byte < b' ') {
                self.at += control;
                return Err(self.error(ParseErrorKind::ControlCharacter));
            }
            self.at += plain.len();
            match self.peek() {
                Some(b'"') => break,
                Some(_) => {
                    escaped = true;
                    self.escape()?;
                }
                None => return Err(self.error(ParseErrorKind::Truncated)),
            }
        }
        self.at += 1;
        self.push(Kind::String, start, self.at, escaped);
        Ok(())
    }

    fn escape(&mut self) -> Result<(), ParseError> {
        self.at += 1;
        match self.peek() {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => self.at += 1,
            Some(b'u') => {
                self.at += 1;
                for _ in 0..4 {
                    match self.peek() {
                        Some(c) if c.is_ascii_hexdigit() => self.at += 1,
                        _ => return Err(self.unexpected()),
                    }
                }
            }
            _ => return Err(self.unexpected()),
        }
        Ok(())
    }

    fn number(&mut self) -> Result<(), ParseError> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        if self.peek() == Some(b'0') {
            self.at += 1;
        } else {
            self.digits()?;
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        self.push(Kind::Number, start, self.at, false);
        Ok(())
    }

    fn digits(&mut self) -> Result<(), ParseError> {
        let start = self.at;
        while self.peek().is_some_and(|c| c.is_ascii_digit()) {
            self.at += 1;
        }
        if self.at == start { Err(self.unexpected()) } else { Ok(()) }
    }

    fn word(&mut self, word: &str, kind: Kind) -> Result<(), ParseError> {
        let rest = &self.bytes[self.at..];
        if rest.starts_with(word.as_bytes()) {
            self.push(kind, self.at, self.at + word.len(), false);
            self.at += word.len();
            return Ok(());
        }
        if word.as_bytes().starts_with(rest) {
            self.at = self.bytes.len();
            return Err(self.error(ParseErrorKind::Truncated));
        }
        Err(self.error(ParseErrorKind::Unexpected))
    }

    fn push(&mut self, kind: Kind, start: usize, end: usize, escaped: bool) -> u32 {
        let at = index(self.nodes.len());
        self.nodes.push(Node { start: index(start), end: index(end), next: at + 1, kind, escaped });
        at
    }

    fn blank(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\n' | b'\r' | b'\t')) {
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn unexpected(&self) -> ParseError {
        let truncated = self.at >= self.bytes.len();
        self.error(if truncated { ParseErrorKind::Truncated } else { ParseErrorKind::Unexpected })
    }

    fn error(&self, kind: ParseErrorKind) -> ParseError {
        ParseError { kind, offset: self.at.min(self.bytes.len()), path: self.open_path() }
    }

    /// The keys and positions that lead to where the parser stands.
    fn open_path(&self) -> Vec<String> {
        let tree = Tree { text: self.text, nodes: Vec::new() };
        let name = |node: &Node| -> String {
            let inner = &tree.text[node.start as usize + 1..node.end as usize - 1];
            if node.escaped { unescape(inner) } else { inner.to_owned() }
        };
        let mut path = Vec::new();
        for (depth, open) in self.open.iter().enumerate() {
            let limit = self.open.get(depth + 1).map_or(self.nodes.len(), |inner| inner.node as usize);
            let mut at = open.node as usize + 1;
            let (mut key, mut position) = (None, 0);
            while at < limit {
                if open.object {
                    key = Some(at);
                    at += 1;
                }
                if at < limit {
                    at = self.nodes[at].next as usize;
                    position += 1;
                }
            }
            if open.object {
                path.extend(key.map(|key| name(&self.nodes[key])));
            } else {
                path.push(position.to_string());
            }
        }
        path
    }
}

/// Offsets and counts are bounded by [`MAX_BYTES`], far below `u32::MAX`.
fn index(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn error(text: &str) -> (ParseErrorKind, usize, String) {
        let error = Tree::parse(text).unwrap_err();
        (error.kind, error.offset, error.path.join("/"))
    }

    #[test]
    fn reads_what_is_there() {
        let text = r#" {"a": [1, 2.5, {"b": null}], "ä\n": "x\u00e4\ud83d\ude00\ud800", "a": true} "#;
        let tree = Tree::parse(text).unwrap();
        let root = tree.root();
        assert_eq!(root.get("a").and_then(Value::as_bool), Some(true), "the last of two");
        assert_eq!(root.members().map(|(k, _)| k.into_owned()).collect::<Vec<_>>(), ["a", "ä\n", "a"]);
        let (_, list) = root.members().next().unwrap();
        assert_eq!(list.items().map(Value::raw).collect::<Vec<_>>(), ["1", "2.5", r#"{"b": null}"#]);
        assert_eq!(root.get("ä\n").unwrap().as_str().unwrap(), "xä😀\u{FFFD}");
        assert_eq!(root.raw(), text.trim());
    }

    #[test]
    fn says_where_it_broke() {
        use ParseErrorKind::*;
        assert_eq!(
            error(r#"{"data":{"inventory":[{"id":1},{"id"#),
            (Truncated, 35, "data/inventory/1".into())
        );
        assert_eq!(error(r#"{"data":{"name":"x"#), (Truncated, 18, "data/name".into()));
        assert_eq!(error("[1,2"), (Truncated, 4, "2".into()));
        assert_eq!(error("{\"a\":\"b\nc\"}"), (ControlCharacter, 7, "a".into()));
        assert_eq!(error("[1,]").0, Unexpected);
        assert_eq!(error("{} x").0, Trailing);
        assert_eq!(error("").0, Truncated);
        assert_eq!(error("tru").0, Truncated);
        assert_eq!(error("<html>").0, Unexpected);
    }

    #[test]
    fn a_million_brackets_are_refused() {
        let deep = "[".repeat(1_000_000);
        assert_eq!(error(&deep).0, ParseErrorKind::TooDeep);
    }

    proptest! {
        /// The verdict is serde_json's, for text that is nearly JSON.
        #[test]
        fn same_verdict_as_serde_json(text in r#"[\[\]{}:,"\\ntf0-9.eE+\- a]{0,40}"#) {
            let theirs = serde_json::from_str::<serde::de::IgnoredAny>(&text).is_ok();
            let ours = Tree::parse(&text).is_ok();
            prop_assert_eq!(ours, theirs, "{}", text);
        }

        /// Any value comes back equal, with every span exact.
        #[test]
        fn same_value_as_serde_json(value in any_json()) {
            let text = serde_json::to_string_pretty(&value).unwrap();
            let tree = Tree::parse(&text).unwrap();
            prop_assert_eq!(decode(tree.root()), value);
        }

        /// A text cut anywhere is refused without a panic.
        #[test]
        fn a_cut_text_is_refused(value in any_json(), at in 0.0..1.0f64) {
            let text = serde_json::to_string(&serde_json::json!([value])).unwrap();
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
            let mut cut = (text.len() as f64 * at) as usize;
            while !text.is_char_boundary(cut) { cut -= 1; }
            prop_assert!(Tree::parse(&text[..cut]).is_err());
        }
    }

    fn any_json() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            Just(serde_json::Value::Null),
            any::<bool>().prop_map(Into::into),
            any::<i64>().prop_map(Into::into),
            ".*".prop_map(Into::into),
        ];
        leaf.prop_recursive(6, 64, 8, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..8).prop_map(Into::into),
                prop::collection::btree_map(".*", inner, 0..8)
                    .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
            ]
        })
    }

    fn decode(value: Value<'_>) -> serde_json::Value {
        match value.kind() {
            Kind::Null => serde_json::Value::Null,
            Kind::Bool => value.as_bool().unwrap().into(),
            Kind::Number => value.raw().parse::<i64>().unwrap().into(),
            Kind::String => value.as_str().unwrap().into_owned().into(),
            Kind::Array => value.items().map(decode).collect(),
            Kind::Object => value.members().map(|(k, v)| (k.into_owned(), decode(v))).collect(),
        }
    }
}
