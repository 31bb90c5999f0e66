//! What the window's program writes to its standard error, and what it keeps to itself.
//!
//! Somebody who reports a fault copies the log into a public place. So no line of it holds what a player wrote, whose character
//! it is or where their files are: of an event stand there the fixed words of its message, its numbers and the code of its
//! error. `tests/tests/policy.rs` sees that messages are fixed words. What libraries say is left out, since nobody knows what
//! they put into it.

use std::{
    fmt::{self, Debug, Write as _},
    io::IsTerminal as _,
};

use backstory_core::error::Code;
use serde::{
    Deserialize as _,
    de::{IntoDeserializer as _, value},
};
use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{
    EnvFilter,
    fmt::{
        FmtContext, FormatEvent, FormatFields,
        format::Writer,
        time::{FormatTime as _, SystemTime},
    },
    registry::LookupSpan,
};

/// Texts that are Backstory's own.
const OURS: [&str; 3] = ["command", "reference", "verdict"];

/// Starts the log. `BACKSTORY_LOG` chooses what is in it, as in `BACKSTORY_LOG=backstory=debug`.
pub(crate) fn start() {
    let filter =
        EnvFilter::try_from_env("BACKSTORY_LOG").unwrap_or_else(|_| EnvFilter::new("warn,backstory=info"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .event_format(Discreet)
        .init();
}

/// Writes an event without what is nobody's business.
struct Discreet;

impl<S, N> FormatEvent<S, N> for Discreet
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        _: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let about = event.metadata();
        SystemTime.format_time(&mut writer)?;
        write!(writer, " {:>5} {}:", about.level(), about.target())?;
        if about.target().starts_with("backstory") {
            let mut line = Line(String::new());
            event.record(&mut line);
            writer.write_str(&line.0)?;
        } else {
            writer.write_str(" (what a library says is not written down)")?;
        }
        writeln!(writer)
    }
}

struct Line(String);

impl Line {
    fn put(&mut self, field: &Field, value: impl fmt::Display) {
        // Writing to a string does not fail.
        let _ = match field.name() {
            "message" => write!(self.0, " {value}"),
            name => write!(self.0, " {name}={value}"),
        };
    }
}

impl Visit for Line {
    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        let is_ours = field.name() == "message" || OURS.contains(&field.name());
        self.put(field, if is_ours { value } else { "…" });
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        match field.name() {
            "message" => self.put(field, format_args!("{value:?}")),
            "error" => self.put(field, kind_of(&format!("{value:?}"))),
            _ => self.put(field, "…"),
        }
    }
}

/// Of an error, its code, or the number the system gave it.
fn kind_of(error: &str) -> String {
    let first = error.trim_start_matches("Said(").split(|c: char| !c.is_ascii_alphabetic()).next();
    if let Some(name) = first.filter(|name| is_code(name)) {
        return name.to_owned();
    }
    let number = error.split("(os error ").nth(1).and_then(|rest| rest.split(')').next());
    number
        .filter(|number| number.bytes().all(|byte| byte.is_ascii_digit()))
        .map_or_else(|| "…".to_owned(), |number| format!("os-{number}"))
}

/// Whether this is the name of a [`Code`] as the program spells it.
fn is_code(name: &str) -> bool {
    let mut snake = String::new();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !snake.is_empty() {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
    }
    let known: Result<Code, value::Error> = Code::deserialize(snake.as_str().into_deserializer());
    known.is_ok()
}

#[cfg(test)]
mod tests {
    use std::{
        io,
        sync::{Arc, Mutex},
    };

    use backstory_core::error::Error;

    use super::*;

    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_line_holds_what_happened_and_nothing_of_a_player() {
        let kept = Kept::default();
        let writer = kept.clone();
        let log = tracing_subscriber::fmt()
            .with_max_level(tracing::Level::TRACE)
            .with_ansi(false)
            .with_writer(move || writer.clone())
            .event_format(Discreet)
            .finish();
        let name = "Kanarienvogel";
        let missing = Error::new(Code::CharacterNotFound, format!("{name} is not here."))
            .caused_by(io::Error::other(name));
        let system = io::Error::from_raw_os_error(13);
        let other = io::Error::other(name);
        tracing::subscriber::with_default(log, || {
            tracing::warn!(command = "character.get", error = ?missing, "a command failed");
            tracing::warn!(path = %format!("/home/{name}"), error = %system, rows = 3, "a file is damaged");
            tracing::warn!(error = %other, name, id = ?name, done = true, "something else");
            tracing::error!(target: "zbus", "sent {name}");
        });
        let text = String::from_utf8(kept.0.lock().unwrap().clone()).unwrap();
        let lines: Vec<_> = text.lines().map(|line| line.split_once(": ").unwrap().1).collect();
        assert_eq!(
            lines,
            [
                "a command failed command=character.get error=CharacterNotFound",
                "a file is damaged path=… error=os-13 rows=3",
                "something else error=… name=… id=… done=true",
                "(what a library says is not written down)",
            ]
        );
    }
}
