//! `${NAME}` in a value: what the environment holds under that name.

/// Asks the environment for a variable.
pub type Lookup<'a> = dyn Fn(&str) -> Option<String> + 'a;

/// A text with its variables written in.
#[derive(PartialEq, Eq)]
pub(super) struct Expanded {
    /// The text. It may hold secrets now.
    pub(super) text: String,
    /// The text as it may be shown: each variable by its name.
    pub(super) written: String,
    /// How many variables there were.
    pub(super) variables: usize,
    /// The whole text was one variable.
    pub(super) only_a_variable: bool,
}

/// Why a text cannot be expanded.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// This variable is not set, or is empty; and the text as it may be shown.
    Unset { variable: String, written: String },
    /// `${` with no `}` behind it.
    Open,
    /// Between the braces stands no name.
    NoName,
}

/// Writes variables into a text: `${NAME}`, `${NAME:-what to take without it}`, and `$${` for `${` itself.
/// What is written in is not looked at again.
pub(super) fn expand(text: &str, lookup: &Lookup<'_>) -> Result<Expanded, Refusal> {
    let mut done =
        Expanded { text: String::new(), written: String::new(), variables: 0, only_a_variable: false };
    let mut unset = None;
    let mut rest = text;
    while let Some(at) = rest.find("${") {
        let (before, from) = rest.split_at(at);
        if let Some(before) = before.strip_suffix('$') {
            done.plain(before);
            done.plain("${");
            rest = &from[2..];
            continue;
        }
        let (inside, behind) = from[2..].split_once('}').ok_or(Refusal::Open)?;
        let (name, otherwise) = match inside.split_once(":-") {
            Some((name, otherwise)) => (name, Some(otherwise)),
            None => (inside, None),
        };
        if !is_name(name) {
            return Err(Refusal::NoName);
        }
        done.plain(before);
        done.variables += 1;
        done.written.push_str(&format!("${{{name}}}"));
        done.only_a_variable = before.is_empty() && behind.is_empty() && done.variables == 1;
        match lookup(name).filter(|value| !value.is_empty()).or_else(|| otherwise.map(str::to_owned)) {
            Some(value) => done.text.push_str(&value),
            None => unset = unset.or_else(|| Some(name.to_owned())),
        }
        rest = behind;
    }
    done.plain(rest);
    match unset {
        Some(variable) => Err(Refusal::Unset { variable, written: done.written }),
        None => Ok(done),
    }
}

impl Expanded {
    fn plain(&mut self, text: &str) {
        self.text.push_str(text);
        self.written.push_str(text);
    }
}

fn is_name(name: &str) -> bool {
    !name.starts_with(|c: char| c.is_ascii_digit())
        && !name.is_empty()
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test stops where it stands")]
mod tests {
    use super::*;

    fn lookup(name: &str) -> Option<String> {
        match name {
            "HOST" => Some("db.example".to_owned()),
            "NESTED" => Some("${HOST}".to_owned()),
            "EMPTY" => Some(String::new()),
            _ => None,
        }
    }

    #[test]
    fn variables_are_written_in_once() {
        for (text, expected, written) in [
            ("plain $ {x}", "plain $ {x}", "plain $ {x}"),
            ("${HOST}", "db.example", "${HOST}"),
            ("a ${HOST}/${HOST}", "a db.example/db.example", "a ${HOST}/${HOST}"),
            ("${NESTED}", "${HOST}", "${NESTED}"),
            ("${NONE:-here}", "here", "${NONE}"),
            ("${EMPTY:-here}", "here", "${EMPTY}"),
            ("${NONE:-}", "", "${NONE}"),
            ("$${HOST}", "${HOST}", "${HOST}"),
        ] {
            let expanded = expand(text, &lookup).map_err(|refusal| format!("{refusal:?}")).unwrap();
            assert_eq!((expanded.text.as_str(), expanded.written.as_str()), (expected, written), "{text}");
        }
    }

    #[test]
    fn what_cannot_be_expanded_is_refused() {
        let refusal = |text| expand(text, &lookup).err();
        let unset = |variable: &str, written: &str| {
            Some(Refusal::Unset { variable: variable.into(), written: written.into() })
        };
        assert_eq!(refusal("a${NONE}b${MORE}"), unset("NONE", "a${NONE}b${MORE}"));
        assert_eq!(refusal("${EMPTY}"), unset("EMPTY", "${EMPTY}"));
        assert_eq!(refusal("${HOST"), Some(Refusal::Open));
        assert_eq!(refusal("${}"), Some(Refusal::NoName));
        assert_eq!(refusal("${a b}"), Some(Refusal::NoName));
    }
}
