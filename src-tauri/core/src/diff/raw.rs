//! What differs between two documents, value by value and line by line: everything, for those who want to see it all.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
};

use serde::{Deserialize, Serialize};
use similar::{Algorithm, DiffOp, capture_diff_slices};

use super::{ChangeKind, Counts};
use crate::json::{Kind, Tree, Value};

/// One value that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct RawChange {
    /// Where, as a JSON pointer into the new document (the old one for what was removed).
    pub pointer: String,
    /// What happened.
    pub kind: ChangeKind,
    /// The JSON text before.
    pub old: Option<String>,
    /// The JSON text after.
    pub new: Option<String>,
}

/// One line of a side-by-side view.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub enum Row {
    /// The same on both sides.
    Same {
        /// Line number on the left, from 1.
        a: u32,
        /// Line number on the right, from 1.
        b: u32,
        /// The line.
        text: String,
    },
    /// Different on the two sides.
    Changed {
        /// Line number on the left.
        a: u32,
        /// Line number on the right.
        b: u32,
        /// The line on the left.
        old: String,
        /// The line on the right.
        new: String,
    },
    /// Only on the right.
    Added {
        /// Line number on the right.
        b: u32,
        /// The line.
        text: String,
    },
    /// Only on the left.
    Removed {
        /// Line number on the left.
        a: u32,
        /// The line.
        text: String,
    },
    /// Equal lines that are not shown.
    Fold {
        /// The first line number on the left.
        a: u32,
        /// The first line number on the right.
        b: u32,
        /// How many.
        count: u32,
    },
}

/// A top-level key with differences.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct KeyCount {
    /// The key.
    pub key: String,
    /// How many lines differ below it.
    pub changes: u32,
    /// The index of its first differing row.
    pub row: u32,
}

/// Every value that differs between two documents, in the order of the new one. Array elements are matched by their ids
/// where they have unique ones, else by position. The order of an object's members is not a difference.
pub fn values(old: &Tree<'_>, new: &Tree<'_>) -> Vec<RawChange> {
    let mut walk = Walk { pointer: String::new(), changes: Vec::new() };
    walk.value(old.root(), new.root());
    walk.changes
}

/// The ways documents name the elements of their arrays, the most telling first.
const IDENTITIES: [&[&[&str]]; 5] = [
    &[&["id"]],
    &[&["_id"]],
    &[&["typeId"], &["valueId"], &["valueTypeId"]],
    &[&["componentId"], &["definition", "id"]],
    &[&["definition", "id"]],
];

/// Recursion is bounded by [`crate::json::MAX_DEPTH`].
struct Walk {
    pointer: String,
    changes: Vec<RawChange>,
}

impl Walk {
    fn value(&mut self, old: Value<'_>, new: Value<'_>) {
        if old.raw() == new.raw() {
            return;
        }
        match (old.kind(), new.kind()) {
            (Kind::Object, Kind::Object) => self.object(old, new),
            (Kind::Array, Kind::Array) => self.array(old, new),
            (a, b) if a == b && a == Kind::String && old.as_str() == new.as_str() => {}
            _ => self.note(ChangeKind::Changed, Some(old), Some(new)),
        }
    }

    fn object(&mut self, old: Value<'_>, new: Value<'_>) {
        let before: BTreeMap<Cow<'_, str>, Value<'_>> = old.members().collect();
        let mut seen = BTreeSet::new();
        for (key, value) in new.members() {
            self.step(&key, |walk| match before.get(&key) {
                Some(was) => walk.value(*was, value),
                None => walk.note(ChangeKind::Added, None, Some(value)),
            });
            seen.insert(key);
        }
        for (key, value) in before {
            if !seen.contains(&key) {
                self.step(&key, |walk| walk.note(ChangeKind::Removed, Some(value), None));
            }
        }
    }

    fn array(&mut self, old: Value<'_>, new: Value<'_>) {
        let keys = IDENTITIES.iter().find_map(|identity| {
            let (a, b) = (identities(old, identity)?, identities(new, identity)?);
            (!a.is_empty() || !b.is_empty()).then_some((a, b))
        });
        let Some((before, after)) = keys else { return self.by_position(old, new) };
        let by_key: BTreeMap<&String, Value<'_>> = before.iter().zip(old.items()).collect();
        for (position, (key, value)) in after.iter().zip(new.items()).enumerate() {
            self.step(&position.to_string(), |walk| match by_key.get(key) {
                Some(was) => walk.value(*was, value),
                None => walk.note(ChangeKind::Added, None, Some(value)),
            });
        }
        let after: BTreeSet<&String> = after.iter().collect();
        for (position, (key, value)) in before.iter().zip(old.items()).enumerate() {
            if !after.contains(key) {
                self.step(&position.to_string(), |walk| walk.note(ChangeKind::Removed, Some(value), None));
            }
        }
    }

    fn by_position(&mut self, old: Value<'_>, new: Value<'_>) {
        let (mut a, mut b) = (old.items(), new.items());
        for position in 0.. {
            let (was, is) = (a.next(), b.next());
            if was.is_none() && is.is_none() {
                break;
            }
            self.step(&position.to_string(), |walk| match (was, is) {
                (Some(was), Some(is)) => walk.value(was, is),
                (Some(was), None) => walk.note(ChangeKind::Removed, Some(was), None),
                (_, is) => walk.note(ChangeKind::Added, None, is),
            });
        }
    }

    /// Goes one step down and back up again.
    fn step(&mut self, key: &str, inner: impl FnOnce(&mut Self)) {
        let length = self.pointer.len();
        self.pointer.push('/');
        self.pointer.push_str(&key.replace('~', "~0").replace('/', "~1"));
        inner(self);
        self.pointer.truncate(length);
    }

    fn note(&mut self, kind: ChangeKind, old: Option<Value<'_>>, new: Option<Value<'_>>) {
        let text = |value: Option<Value<'_>>| value.map(|value| value.raw().to_owned());
        self.changes.push(RawChange { pointer: self.pointer.clone(), kind, old: text(old), new: text(new) });
    }
}

/// The identities of an array's elements, where every one has one and no two are the same.
fn identities(array: Value<'_>, identity: &[&[&str]]) -> Option<Vec<String>> {
    let mut seen = BTreeSet::new();
    array
        .items()
        .map(|item| {
            let parts: Option<Vec<&str>> =
                identity.iter().map(|path| item.path(path).map(Value::raw)).collect();
            let key = parts?.join("\u{1f}");
            seen.insert(key.clone()).then_some(key)
        })
        .collect()
}

/// A document as it is written with one value a line, and the top-level key each line stands under.
struct Printed {
    lines: Vec<String>,
    keys: Vec<u32>,
    names: Vec<String>,
}

impl Printed {
    fn new(tree: &Tree<'_>) -> Self {
        let mut printed = Self { lines: Vec::new(), keys: Vec::new(), names: vec![String::new()] };
        printed.value(tree.root(), 0, String::new(), "");
        printed
    }

    fn line(&mut self, depth: usize, text: &str) {
        self.lines.push(format!("{:1$}{text}", "", depth * 2));
        self.keys.push(u32::try_from(self.names.len() - 1).unwrap_or(u32::MAX));
    }

    fn value(&mut self, value: Value<'_>, depth: usize, before: String, after: &str) {
        let (open, close) = match value.kind() {
            Kind::Object => ('{', '}'),
            Kind::Array => ('[', ']'),
            _ => return self.line(depth, &format!("{before}{}{after}", value.raw())),
        };
        let object = value.kind() == Kind::Object;
        let members: Vec<(String, Value<'_>)> = if object {
            value.members().map(|(key, value)| (format!("{}: ", quoted(&key)), value)).collect()
        } else {
            value.items().map(|value| (String::new(), value)).collect()
        };
        if members.is_empty() {
            return self.line(depth, &format!("{before}{open}{close}{after}"));
        }
        self.line(depth, &format!("{before}{open}"));
        let last = members.len() - 1;
        for (i, (key, member)) in members.into_iter().enumerate() {
            if depth == 0 {
                self.names.push(key.trim_end_matches(": ").trim_matches('"').to_owned());
            }
            self.value(member, depth + 1, key, if i == last { "" } else { "," });
        }
        if depth == 0 {
            self.names.push(String::new());
        }
        self.line(depth, &format!("{close}{after}"));
    }
}

fn quoted(key: &str) -> String {
    serde_json::Value::from(key).to_string()
}

/// Two documents side by side, one value a line. With `context`, runs of equal lines longer than that around a
/// difference are folded.
pub fn lines(old: &Tree<'_>, new: &Tree<'_>, context: Option<u32>) -> (Vec<Row>, Vec<KeyCount>, Counts) {
    let (a, b) = (Printed::new(old), Printed::new(new));
    let mut side = SideBySide { a: &a, b: &b, rows: Vec::new(), keys: Vec::new(), counts: Counts::default() };
    for op in capture_diff_slices(Algorithm::Patience, &a.lines, &b.lines) {
        side.op(op);
    }
    let (rows, keys, counts) = (side.rows, side.keys, side.counts);
    match context {
        Some(context) => {
            let (rows, keys) = fold(rows, keys, context as usize);
            (rows, keys, counts)
        }
        None => (rows, keys, counts),
    }
}

struct SideBySide<'p> {
    a: &'p Printed,
    b: &'p Printed,
    rows: Vec<Row>,
    keys: Vec<KeyCount>,
    counts: Counts,
}

/// A line number as people count.
fn number(index: usize) -> u32 {
    u32::try_from(index + 1).unwrap_or(u32::MAX)
}

impl SideBySide<'_> {
    fn op(&mut self, op: DiffOp) {
        let (_, old, new) = op.as_tag_tuple();
        if matches!(op, DiffOp::Equal { .. }) {
            for (a, b) in old.zip(new) {
                self.rows.push(Row::Same { a: number(a), b: number(b), text: self.b.lines[b].clone() });
            }
            return;
        }
        // Inside a replaced run, lines of the same key stand beside each other.
        let (mut a, mut b) = (old.start, new.start);
        while a < old.end && b < new.end {
            let key = label(&self.a.lines[a]);
            match (b..new.end).find(|&i| label(&self.b.lines[i]) == key) {
                Some(partner) => {
                    (b..partner).for_each(|i| self.added(i));
                    self.changed(a, partner);
                    b = partner + 1;
                }
                None => self.removed(a),
            }
            a += 1;
        }
        (a..old.end).for_each(|i| self.removed(i));
        (b..new.end).for_each(|i| self.added(i));
    }

    fn note(&mut self, name: &str) {
        let row = u32::try_from(self.rows.len()).unwrap_or(u32::MAX);
        match self.keys.iter_mut().find(|key| key.key == name) {
            Some(key) => key.changes += 1,
            None => self.keys.push(KeyCount { key: name.to_owned(), changes: 1, row }),
        }
    }

    fn changed(&mut self, a: usize, b: usize) {
        self.note(&self.b.names[self.b.keys[b] as usize]);
        self.counts.changed += 1;
        let (old, new) = (self.a.lines[a].clone(), self.b.lines[b].clone());
        self.rows.push(Row::Changed { a: number(a), b: number(b), old, new });
    }

    fn added(&mut self, b: usize) {
        self.note(&self.b.names[self.b.keys[b] as usize]);
        self.counts.added += 1;
        self.rows.push(Row::Added { b: number(b), text: self.b.lines[b].clone() });
    }

    fn removed(&mut self, a: usize) {
        self.note(&self.a.names[self.a.keys[a] as usize]);
        self.counts.removed += 1;
        self.rows.push(Row::Removed { a: number(a), text: self.a.lines[a].clone() });
    }
}

/// What a printed line is about: its indentation and its key, where it has one.
fn label(line: &str) -> (usize, &str) {
    let inner = line.trim_start();
    let key = inner.find("\": ").map_or("", |end| &inner[..end]);
    (line.len() - inner.len(), key)
}

/// Folds equal rows that are further than `context` from a difference; moves the keys' rows along.
fn fold(rows: Vec<Row>, mut keys: Vec<KeyCount>, context: usize) -> (Vec<Row>, Vec<KeyCount>) {
    let near = near_a_difference(&rows, context);
    let mut out: Vec<Row> = Vec::new();
    let mut moved: Vec<u32> = Vec::with_capacity(rows.len());
    for (row, near) in rows.into_iter().zip(near) {
        match (&row, out.last_mut()) {
            (Row::Same { .. }, Some(Row::Fold { count, .. })) if !near => *count += 1,
            (Row::Same { a, b, .. }, _) if !near => out.push(Row::Fold { a: *a, b: *b, count: 1 }),
            _ => out.push(row),
        }
        moved.push(u32::try_from(out.len() - 1).unwrap_or(u32::MAX));
    }
    for key in &mut keys {
        key.row = moved[key.row as usize];
    }
    (out, keys)
}

fn near_a_difference(rows: &[Row], context: usize) -> Vec<bool> {
    let mut near = vec![false; rows.len()];
    for (i, row) in rows.iter().enumerate() {
        if !matches!(row, Row::Same { .. }) {
            let end = (i + context + 1).min(rows.len());
            near[i.saturating_sub(context)..end].fill(true);
        }
    }
    near
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(old: &str, new: &str) -> Vec<String> {
        let (old, new) = (Tree::parse(old).unwrap(), Tree::parse(new).unwrap());
        let told = |text: Option<String>| text.unwrap_or_else(|| "-".into());
        let changes = values(&old, &new).into_iter();
        changes.map(|c| format!("{} {:?} {} {}", c.pointer, c.kind, told(c.old), told(c.new))).collect()
    }

    #[test]
    fn order_and_spelling_are_no_difference() {
        assert!(check(r#"{"a":1,"b":"\u00e4"}"#, r#"{ "b": "ä", "a": 1 }"#).is_empty());
        assert!(check(r#"[{"id":1,"n":2},{"id":2}]"#, r#"[{"id":2},{"id":1,"n":2}]"#).is_empty());
    }

    #[test]
    fn elements_are_matched_by_id() {
        let old = r#"{"items":[{"id":1,"n":1},{"id":2,"n":1}]}"#;
        let new = r#"{"items":[{"id":3,"n":9},{"id":2,"n":5}]}"#;
        assert_eq!(
            check(old, new),
            [
                r#"/items/0 Added - {"id":3,"n":9}"#,
                "/items/1/n Changed 1 5",
                r#"/items/0 Removed {"id":1,"n":1} -"#,
            ]
        );
        assert_eq!(check("[1,2]", "[1,3,4]"), ["/1 Changed 2 3", "/2 Added - 4"]);
        assert_eq!(check(r#"{"a/b~":1}"#, r#"{"a/b~":2}"#), ["/a~1b~0 Changed 1 2"]);
    }

    #[test]
    fn lines_of_one_key_stand_side_by_side() {
        let old = Tree::parse(r#"{"name":"A","level":2,"x":{"p":[1,2]},"same":true}"#).unwrap();
        let new = Tree::parse(r#"{"name":"A","level":3,"sub":"S","x":{"p":[1,2]},"same":true}"#).unwrap();
        let (rows, keys, counts) = lines(&old, &new, Some(1));
        assert_eq!(
            rows,
            [
                Row::Fold { a: 1, b: 1, count: 1 },
                Row::Same { a: 2, b: 2, text: r#"  "name": "A","#.into() },
                Row::Changed { a: 3, b: 3, old: r#"  "level": 2,"#.into(), new: r#"  "level": 3,"#.into() },
                Row::Added { b: 4, text: r#"  "sub": "S","#.into() },
                Row::Same { a: 4, b: 5, text: r#"  "x": {"#.into() },
                Row::Fold { a: 5, b: 6, count: 7 },
            ]
        );
        assert_eq!(
            keys.iter().map(|k| (&*k.key, k.changes, k.row)).collect::<Vec<_>>(),
            [("level", 1, 2), ("sub", 1, 3)]
        );
        assert_eq!((counts.changed, counts.added, counts.removed), (1, 1, 0));
    }

    proptest! {
        /// Every line of both sides stands exactly once, in order, whatever the documents.
        #[test]
        fn no_line_is_lost(old in "[a-c0-2]{0,12}", new in "[a-c0-2]{0,12}") {
            let json = |text: &str| {
                let members: Vec<String> = text.chars().map(|c| format!("\"{c}\":{}", c as u32)).collect();
                format!("{{\"list\":[{}],\"o\":{{{}}}}}", members.iter().map(|m| format!("{{{m}}}")).collect::<Vec<_>>().join(","), members.join(","))
            };
            let (old, new) = (json(&old), json(&new));
            let (a, b) = (Tree::parse(&old).unwrap(), Tree::parse(&new).unwrap());
            let (rows, _, _) = lines(&a, &b, None);
            let mut left = Vec::new();
            let mut right = Vec::new();
            for row in rows {
                match row {
                    Row::Same { text, .. } => { left.push(text.clone()); right.push(text); }
                    Row::Changed { old, new, .. } => { left.push(old); right.push(new); }
                    Row::Added { text, .. } => right.push(text),
                    Row::Removed { text, .. } => left.push(text),
                    Row::Fold { .. } => prop_assert!(false, "nothing is folded"),
                }
            }
            prop_assert_eq!(left, Printed::new(&a).lines);
            prop_assert_eq!(right, Printed::new(&b).lines);
        }
    }
}
