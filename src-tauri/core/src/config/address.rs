//! Where a store is, in a form that can be shown.

use std::fmt;

use serde::{Serialize, Serializer};

/// Settings in an address that tell nothing about who may come in. The value of every other one is hidden.
const HARMLESS: [&str; 5] =
    ["sslmode", "connect_timeout", "application_name", "target_session_attrs", "region"];

/// Settings that are secret, but may be shown to be there. The name of any other may be a part of a password.
const SECRET: [&str; 7] = ["host", "user", "password", "passfile", "sslkey", "sslcert", "sslpassword"];

/// Where a store is: a path, an address that may hold a password, or the name of a library.
///
/// `Debug`, `Display` and the wire form hide what lets somebody in; only [`Address::reveal`] gives the whole text.
#[derive(Clone, PartialEq, Eq)]
pub struct Address {
    text: String,
    shown: String,
}

impl Address {
    /// Takes a text as it was typed.
    pub fn new(text: impl Into<String>) -> Self {
        let text = text.into();
        Self { shown: shown(&text), text }
    }

    /// Takes a text into which variables were written. `written` is how it stood before, and is what is shown, unless the
    /// whole address came out of one variable: then its server is told, since a name of a variable says nothing of it.
    pub(super) fn expanded(text: String, written: &str, from_one_variable: bool) -> Self {
        let shown = if from_one_variable && text.contains("://") { shown(&text) } else { shown(written) };
        Self { text, shown }
    }

    /// The same store, by another text. What was not to be shown of it is not shown of this one.
    #[must_use]
    pub fn moved(&self, text: String) -> Self {
        let shown = if self.shown == self.text { shown(&text) } else { self.shown.clone() };
        Self { text, shown }
    }

    /// The whole text, with its secrets: for the one call that opens the store.
    pub fn reveal(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.shown)
    }
}

impl Serialize for Address {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.shown)
    }
}

/// The text without what is secret in it.
fn shown(text: &str) -> String {
    match text.split_once("://") {
        Some((scheme, rest)) if is_word(scheme) => format!("{scheme}://{}", shown_place(rest)),
        Some(_) => "…".to_owned(),
        None => shown_words(text),
    }
}

/// What stands behind `://`. Where it is not formed as it must be, a part of a password may stand anywhere: then all is
/// hidden.
fn shown_place(rest: &str) -> String {
    let (authority, behind) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    let (user, server) = match authority.rsplit_once('@') {
        Some((_, server)) => ("…@", server),
        None => ("", authority),
    };
    if behind.contains('@') || !server.split(',').all(is_server) {
        return "…".to_owned();
    }
    let behind = behind.split_once('#').map_or(behind, |(before, _)| before);
    match behind.split_once('?') {
        Some((path, settings)) => format!("{user}{server}{path}?{}", shown_settings(settings, '&')),
        None => format!("{user}{server}{behind}"),
    }
}

/// `name=value` by `name=value`, with the values that may be shown.
fn shown_settings(settings: &str, between: char) -> String {
    let setting = |setting: &str| match setting.split_once('=') {
        Some((name, _)) if HARMLESS.contains(&name) => setting.to_owned(),
        Some((name, _)) if SECRET.contains(&name) => format!("{name}=…"),
        _ => "…".to_owned(),
    };
    settings.split(between).map(setting).collect::<Vec<_>>().join(&between.to_string())
}

/// A path is shown as it is. What looks like the settings of a database, or like somebody's name and password, is not.
fn shown_words(text: &str) -> String {
    let secret = ["pass", "pwd", "secret", "token", "key="];
    let small = text.to_lowercase();
    let a_path = [".sqlite", ".db", "/"].iter().any(|end| small.ends_with(end)) || !text.contains(['=', '@']);
    if a_path && !secret.iter().any(|word| small.contains(word) && small.contains('=')) {
        return text.to_owned();
    }
    if text.contains('=') {
        return shown_settings(text, ' ');
    }
    match text.rsplit_once('@') {
        Some((user, place)) if user.contains(':') => format!("…@{place}"),
        _ => text.to_owned(),
    }
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || "+-._".contains(c))
}

/// `host`, `host:5432`, `[::1]:5432`, or a variable in its place.
fn is_server(server: &str) -> bool {
    let (host, port) = match server.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, port),
        _ => (server, ""),
    };
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    let variable = |text: &str| text.starts_with("${") && text.ends_with('}');
    let port_fits = port.chars().all(|c| c.is_ascii_digit()) || variable(port);
    port_fits && host.chars().all(|c| c.is_ascii_alphanumeric() || "-._%:${}".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lets_somebody_in_is_hidden() {
        for (address, expected) in [
            ("memory:", "memory:"),
            ("home", "home"),
            ("/home/ada@work/lib.sqlite", "/home/ada@work/lib.sqlite"),
            ("C:\\ada@work\\lib.db", "C:\\ada@work\\lib.db"),
            ("postgres://db.example/backstory", "postgres://db.example/backstory"),
            ("postgres://ada:s3cret@db.example:5432/b", "postgres://…@db.example:5432/b"),
            ("postgres://ada:s3@cret@db.example/b", "postgres://…@db.example/b"),
            ("postgres://s3cret@a,b:1/x", "postgres://…@a,b:1/x"),
            ("postgres://ada:s3/cret@db/b", "postgres://…"),
            ("postgres://ada:s3?cret@db/b", "postgres://…"),
            ("postgres://ada:1#s3cret@db/b", "postgres://…"),
            ("postgres://ada:s3cret", "postgres://…"),
            ("postgres://ada:s3 cret@db/b", "postgres://…@db/b"),
            (
                "postgres://db/b?sslmode=require&password=s3cret&sslkey=/s3cret.pem",
                "postgres://db/b?sslmode=require&password=…&sslkey=…",
            ),
            ("postgres://db/b?s3cret", "postgres://db/b?…"),
            ("postgres://db/b#s3cret", "postgres://db/b"),
            ("postgres://[::1]:5432/b", "postgres://[::1]:5432/b"),
            ("postgres://ada:${S3CRET}@${HOST}/b", "postgres://…@${HOST}/b"),
            ("s3://AKIA:s3cret@bucket/path", "s3://…@bucket/path"),
            ("host=db user=ada password=s3cret", "host=… user=… password=…"),
            ("ada:s3cret@db.example/backstory", "…@db.example/backstory"),
            (" ada:s3cret ://db", "…"),
        ] {
            let address = Address::new(address);
            assert_eq!(address.to_string(), expected);
            assert!(!format!("{address:?}").to_lowercase().contains("s3cret") || expected.contains("S3CRET"));
        }
    }

    #[test]
    fn of_what_variables_held_only_a_server_is_shown() {
        let shown = |text: &str, written, whole| Address::expanded(text.into(), written, whole).to_string();
        assert_eq!(shown("postgres://a:s3cret@db/b", "${DATABASE_URL}", true), "postgres://…@db/b");
        assert_eq!(shown("s3cret", "${DATABASE_URL}", true), "${DATABASE_URL}");
        assert_eq!(shown("s3://bucket/s3cret", "s3://bucket/${TOKEN}", false), "s3://bucket/${TOKEN}");
    }
}
