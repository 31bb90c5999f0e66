//! JSON that keeps its keys in the order they were written, as the real documents have them.

use std::{borrow::Cow, fmt::Write as _};

/// A value to be written.
#[derive(Debug, Clone)]
pub(super) enum Json {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(Cow<'static, str>),
    List(Vec<Json>),
    Object(Vec<(&'static str, Json)>),
}

/// An object with its members in this order.
macro_rules! object {
    ($($key:ident : $value:expr),* $(,)?) => {
        $crate::sample::json::Json::Object(vec![
            $((stringify!($key), $crate::sample::json::Json::from($value))),*
        ])
    };
}
pub(super) use object;

impl From<bool> for Json {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<i32> for Json {
    fn from(value: i32) -> Self {
        Self::Int(i64::from(value))
    }
}

impl From<u32> for Json {
    fn from(value: u32) -> Self {
        Self::Int(i64::from(value))
    }
}

impl From<i64> for Json {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<f64> for Json {
    fn from(value: f64) -> Self {
        Self::Float(value)
    }
}

impl From<&'static str> for Json {
    fn from(value: &'static str) -> Self {
        Self::Text(Cow::Borrowed(value))
    }
}

impl From<String> for Json {
    fn from(value: String) -> Self {
        Self::Text(Cow::Owned(value))
    }
}

impl From<Vec<Json>> for Json {
    fn from(value: Vec<Json>) -> Self {
        Self::List(value)
    }
}

impl<const N: usize> From<[Json; N]> for Json {
    fn from(value: [Json; N]) -> Self {
        Self::List(value.into())
    }
}

impl<T: Into<Json>> From<Option<T>> for Json {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// A list of anything that can be written.
pub(super) fn list<T: Into<Json>>(items: impl IntoIterator<Item = T>) -> Json {
    Json::List(items.into_iter().map(Into::into).collect())
}

impl Json {
    /// The text, without blanks.
    pub(super) fn compact(&self) -> String {
        let mut text = String::with_capacity(1 << 16);
        self.write(&mut text);
        text
    }

    /// Without these members and without those that say nothing, for documents that must be small. The outermost
    /// object keeps its keys.
    pub(super) fn lean(self, without: &[&str]) -> Self {
        match self {
            Self::Object(members) => {
                Self::Object(members.into_iter().map(|(key, value)| (key, value.spoken(without))).collect())
            }
            other => other,
        }
    }

    fn spoken(self, without: &[&str]) -> Self {
        match self {
            Self::Object(members) => {
                let spoken = members.into_iter().map(|(key, value)| (key, value.spoken(without)));
                Self::Object(
                    spoken.filter(|(key, value)| !value.is_silent() && !without.contains(key)).collect(),
                )
            }
            Self::List(items) => Self::List(items.into_iter().map(|item| item.spoken(without)).collect()),
            other => other,
        }
    }

    fn is_silent(&self) -> bool {
        match self {
            Self::Null | Self::Bool(false) => true,
            Self::Text(text) => text.is_empty(),
            Self::List(items) => items.is_empty(),
            Self::Object(members) => members.is_empty(),
            _ => false,
        }
    }

    fn write(&self, out: &mut String) {
        match self {
            Self::Null => out.push_str("null"),
            Self::Bool(true) => out.push_str("true"),
            Self::Bool(false) => out.push_str("false"),
            // Writing into a string does not fail.
            Self::Int(number) => drop(write!(out, "{number}")),
            Self::Float(number) => drop(write!(out, "{number:?}")),
            Self::Text(text) => write_text(text, out),
            Self::List(items) => {
                out.push('[');
                for (at, item) in items.iter().enumerate() {
                    if at > 0 {
                        out.push(',');
                    }
                    item.write(out);
                }
                out.push(']');
            }
            Self::Object(members) => {
                out.push('{');
                for (at, (key, value)) in members.iter().enumerate() {
                    if at > 0 {
                        out.push(',');
                    }
                    write_text(key, out);
                    out.push(':');
                    value.write(out);
                }
                out.push('}');
            }
        }
    }
}

/// Writes a string with what JSON demands escaped, and nothing more.
fn write_text(text: &str, out: &mut String) {
    out.push('"');
    let mut from = 0;
    for (at, byte) in text.bytes().enumerate() {
        if byte >= 0x20 && byte != b'"' && byte != b'\\' {
            continue;
        }
        out.push_str(&text[from..at]);
        from = at + 1;
        match byte {
            b'"' => out.push_str("\\\""),
            b'\\' => out.push_str("\\\\"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            other => drop(write!(out, "\\u{other:04x}")),
        }
    }
    out.push_str(&text[from..]);
    out.push('"');
}

/// Lays a compact text out with two blanks a level, as people save documents from a browser.
pub(super) fn pretty(compact: &str) -> String {
    let mut out = String::with_capacity(compact.len() * 3 / 2);
    let mut depth = 0;
    let mut bytes = compact.bytes().enumerate().peekable();
    let mut from = 0;
    let mut quoted = false;
    while let Some((at, byte)) = bytes.next() {
        match byte {
            b'\\' if quoted => drop(bytes.next()),
            b'"' => quoted = !quoted,
            _ if quoted => {}
            b'{' | b'[' => {
                if let Some((end, _)) = bytes.next_if(|(_, next)| matches!(next, b'}' | b']')) {
                    out.push_str(&compact[from..=end]);
                    from = end + 1;
                } else {
                    depth += 1;
                    out.push_str(&compact[from..=at]);
                    from = at + 1;
                    new_line(depth, &mut out);
                }
            }
            b'}' | b']' => {
                depth -= 1;
                out.push_str(&compact[from..at]);
                from = at;
                new_line(depth, &mut out);
            }
            b',' => {
                out.push_str(&compact[from..=at]);
                from = at + 1;
                new_line(depth, &mut out);
            }
            b':' => {
                out.push_str(&compact[from..=at]);
                out.push(' ');
                from = at + 1;
            }
            _ => {}
        }
    }
    out.push_str(&compact[from..]);
    out
}

fn new_line(depth: usize, out: &mut String) {
    out.push('\n');
    for _ in 0..depth {
        out.push_str("  ");
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may")]
mod tests {
    use super::*;

    #[test]
    fn keeps_order_and_escapes() {
        let json = object! { b: 1, a: "x\"\\\n\u{1}é", type: Json::Null, c: list([0.5, 2.0]), d: Vec::new() };
        assert_eq!(json.compact(), r#"{"b":1,"a":"x\"\\\n\u0001é","type":null,"c":[0.5,2.0],"d":[]}"#);
    }

    #[test]
    fn pretty_is_serde_jsons_layout() {
        let json =
            object! { b: 1, a: "x,\"{:", c: list([1, 2]), d: Vec::new(), e: object! { f: object! {} } };
        let value: serde_json::Value = serde_json::from_str(&json.compact()).unwrap();
        let again: serde_json::Value = serde_json::from_str(&pretty(&json.compact())).unwrap();
        assert_eq!(value, again);
        assert!(
            pretty(&json.compact())
                .starts_with("{\n  \"b\": 1,\n  \"a\": \"x,\\\"{:\",\n  \"c\": [\n    1,\n")
        );
        assert!(pretty(&json.compact()).ends_with("\"d\": [],\n  \"e\": {\n    \"f\": {}\n  }\n}"));
    }
}
