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
        collections::BTreeMap,
        io,
        path::Path,
        sync::{Arc, Mutex},
        time::Duration,
    };

    use backstory_core::{
        api::{self, App, Host, Parts},
        config::{Address, CacheBackend, CacheConfig, MemoryConfig, RedisConfig},
        error::{Error, Result},
        job::Silent,
        storage::{Secret, StorageFactory as _},
        wording::Language,
    };
    use backstory_sources::{fetch, files::Files, registry, sample};
    use backstory_storage::{cache, clock::SystemClock, open::Stores};
    use serde_json::{Value, json};
    use tracing_subscriber::util::SubscriberInitExt as _;

    use super::*;
    use crate::bridge;

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

    /// What a player wrote, or what is named after it.
    const PERSONAL: &str = "kanarienvogel";
    /// What opens something: a passphrase, a session, a password in an address.
    const SECRETS: [&str; 4] = ["kanarienwort lantern", "kanariensitzung", "kanariendsn", "kanarienredis"];

    struct NoWindow;
    impl Host for NoWindow {}

    /// A keychain that has a session, for a server that is not there.
    struct Session;

    impl fetch::Keychain for Session {
        fn get(&self) -> Result<Option<Secret>> {
            Ok(Some(Secret::new(SECRETS[1])))
        }

        fn set(&self, _: &Secret) -> Result<()> {
            Ok(())
        }

        fn forget(&self) -> Result<bool> {
            Ok(false)
        }
    }

    /// A program on a library in this folder, with everything that can fail: a Redis and a server that do not answer.
    async fn program(folder: &Path) -> Arc<App> {
        let redis = format!("redis://ada:{}@127.0.0.1:9/0", SECRETS[3]);
        let redis = RedisConfig { redis_url: Address::new(redis), default_ttl: Duration::from_secs(60) };
        let memory = MemoryConfig { max_size: 1, max_bytes: 1, default_ttl: Duration::from_secs(60) };
        let cache = CacheConfig { backend: CacheBackend::Tiered, memory, redis: Some(redis), unready: None };
        let nowhere = "http://127.0.0.1:9".to_owned();
        let endpoints = fetch::Endpoints { characters: nowhere.clone(), tokens: nowhere };
        let parts = fetch::Parts { endpoints, keychain: Arc::new(Session), ..fetch::Parts::default() };
        let library = folder.join(format!("{PERSONAL}.sqlite"));
        Arc::new(App::new(Parts {
            storage: Stores.open(library.to_str().unwrap()).await,
            caches: Arc::new(move |store| cache::open(&cache, store)),
            factory: Arc::new(Stores),
            sources: registry::sources(),
            remote: Ok(Arc::new(fetch::DdbFetcher::new(folder, parts))),
            intake: Arc::new(Files::new()),
            samples: Arc::new(sample::drafts),
            computer: Err(Error::internal("Nothing is kept in this test.")),
            backups: Err(Error::internal("Nothing is kept in this test.")),
            host: Arc::new(NoWindow),
            clock: Arc::new(SystemClock),
            language: Language::default(),
            version: "0.0.0",
            origin: "window",
        }))
    }

    /// A document in which what a player wrote is marked.
    fn marked() -> String {
        let capture = sample::history(1, 1, 20_000).next().unwrap();
        let mut document: Value = serde_json::from_slice(&capture.document).unwrap();
        let data = if document.get("data").is_some() { &mut document["data"] } else { &mut document };
        data["name"] = format!("{PERSONAL} the brave").into();
        data["notes"]["backstory"] = format!("{PERSONAL} was a miller's child").into();
        document.to_string()
    }

    /// What a player does, and what goes wrong meanwhile: the commands of the window, with what they are given.
    fn deeds(app: &App, folder: &Path, phrase: &[String]) -> Vec<(&'static str, Value)> {
        let [good, torn] = ["good", "torn"].map(|name| folder.join(format!("{PERSONAL} {name}.json")));
        std::fs::write(&good, marked()).unwrap();
        std::fs::write(&torn, &marked()[..900]).unwrap();
        let there = app.select(vec![good, torn]).selection;
        let gone = app.select(vec![folder.join(format!("{PERSONAL} is not here.json"))]).selection;
        let name = format!("{PERSONAL} the brave");
        let words = phrase.join(" ");
        let typed: BTreeMap<usize, &String> = (1..).zip(phrase).collect();
        let wrong: BTreeMap<usize, &str> = (1..=phrase.len()).map(|place| (place, SECRETS[0])).collect();
        let lock = json!({ "lock": "passphrase", "passphrase": SECRETS[0], "phrase": words });
        let start = |typed: Value| {
            let mut start = lock.clone();
            start["typed"] = typed;
            start
        };
        vec![
            ("app.overview", json!({})),
            ("import.start", json!({ "selection": there })),
            ("import.start", json!({ "selection": gone })),
            ("import.text", json!({ "text": marked() })),
            ("import.text", json!({ "text": format!("{{ {PERSONAL}") })),
            ("import.link", json!({ "address": "1", "agree": true })),
            ("import.link", json!({ "address": format!("https://{PERSONAL}.example/"), "agree": true })),
            ("characters.list", json!({ "name": PERSONAL })),
            ("character.sheet", json!({ "character": name })),
            ("character.sheet", json!({ "character": name, "version": "77" })),
            ("character.get", json!({ "character": format!("{PERSONAL} nobody") })),
            (
                "version.note",
                json!({ "character": name, "version": "latest", "note": format!("{PERSONAL} won") }),
            ),
            ("version.tag", json!({ "character": name, "version": "first", "add": [PERSONAL] })),
            ("versions.search", json!({ "text": PERSONAL })),
            ("compare.sheets", json!({ "from": PERSONAL, "to": {} })),
            ("encryption.start", start(json!(wrong))),
            ("encryption.start", start(json!(typed))),
            ("encryption.start", start(json!(typed))),
            ("encryption.relock", json!({ "lock": "passphrase", "passphrase": "k" })),
            ("library.unlock", json!({ "words": SECRETS[0] })),
            ("library.open", json!({ "how": "copy", "name": PERSONAL })),
            ("character.sheet", json!({ "character": name })),
            ("export.start", json!({ "characters": [name], "form": "backstory", "passphrase": SECRETS[0] })),
            (
                "erase.start",
                json!({ "scope": { "what": "character", "character": name }, "token": PERSONAL }),
            ),
            ("character.delete", json!({ "character": name })),
            ("store.cache", json!({})),
        ]
    }

    /// Everything of every level, of Backstory and of what it is made of, on every thread.
    #[test]
    fn whatever_is_done_and_whatever_fails_nothing_of_a_player_is_in_the_log() {
        let kept = Kept::default();
        let writer = kept.clone();
        let log = tracing_subscriber::fmt()
            .with_max_level(tracing::Level::TRACE)
            .with_ansi(false)
            .with_writer(move || writer.clone())
            .event_format(Discreet)
            .finish();
        log.try_init().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let (said, phrase, failed) = tauri::async_runtime::block_on(async {
            let app = program(folder.path()).await;
            let words =
                api::call(&app, "encryption.phrase", json!({}), &Silent).await.unwrap()["words"].take();
            let phrase: Vec<String> = serde_json::from_value(words).unwrap();
            let (mut said, mut failed) = (String::new(), Vec::new());
            for (command, params) in deeds(&app, folder.path(), &phrase) {
                let done = bridge::forward(app.clone(), command.to_owned(), params, Arc::new(Silent)).await;
                if let Err(error) = done {
                    failed.push(error.code);
                    said.push_str(&format!("{error:?} {}\n", serde_json::to_string(&error).unwrap()));
                }
            }
            let address = format!("postgres://ada:{}@127.0.0.1:9/library", SECRETS[2]);
            let error = Stores.open(&address).await.unwrap_err();
            tracing::error!(?error, "the library cannot be opened");
            said.push_str(&format!("{error:?} {}\n{app:?}\n", serde_json::to_string(&error).unwrap()));
            app.own_library().unwrap().settled().await;
            (said, phrase, failed)
        });
        let log = String::from_utf8(kept.0.lock().unwrap().clone()).unwrap();
        for code in [Code::CharacterNotFound, Code::VersionNotFound, Code::InvalidArgument] {
            assert!(failed.contains(&code), "{code:?} is not among {failed:?}");
        }
        assert!(log.contains("a command failed command=character.get error=CharacterNotFound"), "{log}");
        assert!(log.contains("(what a library says is not written down)"), "{log}");
        assert!(!log.to_lowercase().contains(PERSONAL), "{log}");
        let three = phrase[..3].join(" ");
        for secret in SECRETS.into_iter().chain([three.as_str()]) {
            assert!(!log.contains(secret), "{secret} is in the log: {log}");
            assert!(!said.contains(secret), "{secret} is in what is said: {said}");
        }
    }
}
