//! The layers of the configuration, laid over each other, and what is wrong in one.

use std::collections::BTreeMap;

use super::{
    Address, AlertsConfig, BackupConfig, CacheConfig, Config, DEFAULTS, Environment, File, Format, HOME,
    Layers, LibraryConfig, Lookup, MetricsConfig, Origin, PrivacyConfig, Setting, Value,
    keys::{Form, KEYS, Place, is_loopback, key, nearest, place},
    storage,
    text::{self, Entry, Node, Raw},
    variables::{Refusal, expand},
};
use crate::{
    error::{Code, Error, Result},
    wording::Language,
};

/// What stands before the name of every variable that is a key, and between the parts of its path.
const PREFIX: &str = "BACKSTORY_";
const BETWEEN: &str = "__";
/// The flag that chooses a library.
const LIBRARY_FLAG: &str = "--library";

/// What is written for each key in the topmost layer that has it.
pub(super) struct Stack<'a> {
    pub(super) written: BTreeMap<String, (Raw, Origin)>,
    /// The libraries, and where each is first named.
    libraries: BTreeMap<String, Origin>,
    home: Result<String>,
    pub(super) lookup: &'a Lookup<'a>,
}

/// Why a value cannot be had.
pub(super) enum Trouble {
    /// It is wrong.
    Wrong(Error),
    /// A variable in it is not set; and the value as it is written.
    Unset(Box<(Error, String)>),
}

impl<'a> Stack<'a> {
    pub(super) fn read(layers: Layers<'a>) -> Result<Self> {
        let Environment { names, lookup } = layers.environment;
        let mut stack =
            Self { written: BTreeMap::new(), libraries: BTreeMap::new(), home: layers.home, lookup };
        stack.text(&File { path: "", text: DEFAULTS, format: Format::Toml })?;
        if let Some(file) = &layers.file {
            stack.text(file)?;
        }
        for name in names {
            stack.variable(&name)?;
        }
        if let Some(library) = layers.library {
            let origin = Origin::Flag { name: LIBRARY_FLAG.to_owned() };
            stack.written.insert("library".to_owned(), (Raw::Text(library), origin));
        }
        Ok(stack)
    }

    fn text(&mut self, file: &File<'_>) -> Result<()> {
        let origin = |line| match file.path {
            "" => Origin::Default,
            path => Origin::File { path: path.to_owned(), line },
        };
        self.table(root(file)?, &mut Vec::new(), &origin)
    }

    fn table(&mut self, node: Node, path: &mut Vec<String>, origin: &dyn Fn(usize) -> Origin) -> Result<()> {
        let entries = match node.value {
            Raw::Table(entries) => entries,
            Raw::Nothing => return Ok(()),
            other => {
                let here = path.join(".");
                return Err(wrong(
                    &origin(node.line),
                    &here,
                    &format!("must hold keys, and is {}.", words(&other)),
                ));
            }
        };
        for Entry { name, line, node, .. } in entries {
            path.push(name);
            let origin = origin as &dyn Fn(usize) -> Origin;
            match check(path, &origin(line))? {
                Place::Value => {
                    self.written.insert(path.join("."), (node.value, origin(line)));
                }
                _ => {
                    if let [first, library] = path.as_slice()
                        && first == "libraries"
                    {
                        self.libraries.entry(library.clone()).or_insert_with(|| origin(line));
                    }
                    self.table(node, path, origin)?;
                }
            }
            path.pop();
        }
        Ok(())
    }

    /// A variable of the environment, where it is a key: `BACKSTORY_LIBRARIES__HOME__READ_ONLY`. One that is empty says
    /// nothing.
    fn variable(&mut self, name: &str) -> Result<()> {
        let is_key =
            |rest: &&str| rest.contains(BETWEEN) || KEYS.iter().any(|key| key.path.to_uppercase() == **rest);
        let Some(rest) = name.strip_prefix(PREFIX).filter(is_key) else { return Ok(()) };
        let Some(value) = (self.lookup)(name).filter(|value| !value.is_empty()) else { return Ok(()) };
        let origin = Origin::Environment { name: name.to_owned() };
        let mut path: Vec<String> = rest.split(BETWEEN).map(str::to_lowercase).collect();
        if let [first, library, ..] = path.as_mut_slice()
            && first == "libraries"
            && let Some(known) = self.libraries.keys().find(|known| known.replace('-', "_") == *library)
        {
            library.clone_from(known);
        }
        for end in 1..path.len() {
            check(&path[..end], &origin)?;
        }
        match check(&path, &origin)? {
            Place::Value => {
                if let [first, library, _, ..] = path.as_slice()
                    && first == "libraries"
                {
                    self.libraries.entry(library.clone()).or_insert_with(|| origin.clone());
                }
                self.written.insert(path.join("."), (Raw::Text(value), origin));
                Ok(())
            }
            _ => Err(wrong(&origin, &path.join("."), "holds keys, and is no value.")
                .hint(format!("Put the key behind it, as in {PREFIX}LIBRARIES__HOME__READ_ONLY."))),
        }
    }

    pub(super) fn into_config(mut self) -> Result<Config> {
        storage::translate(&mut self)?;
        let defaults = self.defaults()?;
        let mut settings = BTreeMap::new();
        let mut unready = BTreeMap::new();
        let mut no_cache = None;
        for (path, (raw, origin)) in std::mem::take(&mut self.written) {
            let value = match value(&path, raw, &origin, self.lookup) {
                Ok(value) => value,
                Err(Trouble::Wrong(error)) => return Err(error),
                Err(Trouble::Unset(unset)) => {
                    let (error, written) = *unset;
                    match path.strip_prefix("libraries.").and_then(|rest| rest.split('.').next()) {
                        Some(library) => drop(unready.entry(library.to_owned()).or_insert(error)),
                        // Whoever reads does without.
                        None if path.starts_with("cache.") => no_cache = Some(error),
                        None => return Err(error),
                    }
                    Value::Unset(written)
                }
            };
            settings.insert(path, Setting { value, origin });
        }
        let mut libraries = BTreeMap::new();
        for (name, origin) in &self.libraries {
            for (key, setting) in &defaults {
                settings.entry(format!("libraries.{name}.{key}")).or_insert_with(|| setting.clone());
            }
            let get = |key: &str| settings.get(&format!("libraries.{name}.{key}"));
            if get("address").is_none() && name == HOME {
                if let Err(error) = &self.home {
                    unready.entry(name.clone()).or_insert_with(|| error.clone());
                }
            } else if get("address").is_none() {
                return Err(wrong(origin, &format!("libraries.{name}"), "has no `address`.")
                    .hint("Say where the library is: `address = \"/path/to/library.sqlite\"`."));
            }
            if !unready.contains_key(name) {
                only_for_servers(name, &get)?;
                libraries.insert(name.clone(), LibraryConfig::assemble(name, &get)?);
            }
        }
        let library = match settings.get("library").map(|setting| &setting.value) {
            Some(Value::Address(library)) => library.clone(),
            _ => Address::new(HOME),
        };
        let plain = LibraryConfig::assemble(HOME, &|key| defaults.get(key))?;
        let language = settings.get("language").and_then(|setting| Language::of(&setting.value.to_string()));
        let language = language.unwrap_or_default();
        let minimise =
            settings.get("privacy.minimise").is_none_or(|setting| setting.value.to_string() != "false");
        let privacy = PrivacyConfig { minimise };
        let retention = super::retention(&|key| settings.get(&format!("retention.{key}")));
        let backup = BackupConfig::assemble(&settings);
        let (metrics, alerts) = (MetricsConfig::assemble(&settings), AlertsConfig::assemble(&settings));
        let cache = CacheConfig::assemble(&settings, no_cache)?;
        Ok(Config {
            library,
            language,
            privacy,
            retention,
            libraries,
            backup,
            cache,
            metrics,
            alerts,
            unready,
            settings,
            plain,
        })
    }

    /// The values every library begins with: those compiled in for `home`, by the ends of their keys. Where `home` is is
    /// its own.
    fn defaults(&mut self) -> Result<BTreeMap<String, Setting>> {
        let mut bottom = Self {
            written: BTreeMap::new(),
            libraries: BTreeMap::new(),
            home: Ok(String::new()),
            lookup: &|_| None,
        };
        bottom.text(&File { path: "", text: DEFAULTS, format: Format::Toml })?;
        let mut defaults = BTreeMap::new();
        for (path, (raw, origin)) in bottom.written {
            if let Some(key) = path.strip_prefix("libraries.home.")
                && let Ok(value) = value(&path, raw, &origin, &|_| None)
            {
                defaults.insert(key.to_owned(), Setting { value, origin });
            }
        }
        if let Ok(home) = &self.home {
            let address = format!("libraries.{HOME}.address");
            self.written.entry(address).or_insert_with(|| (Raw::Text(home.clone()), Origin::Default));
        }
        Ok(defaults)
    }
}

/// Everything that a file says.
pub(super) fn root(file: &File<'_>) -> Result<Node> {
    text::read(file.text, file.format).map_err(|broken| {
        Error::new(Code::ConfigInvalid, format!("{}, line {}: {}.", file.path, broken.line, broken.problem))
            .hint("Nothing of the file was used. Mend this line, or take it out.")
            .detail("line", broken.line)
    })
}

/// What stands at a path; an error where nothing may.
pub(super) fn check(path: &[String], origin: &Origin) -> Result<Place> {
    let key = path.join(".");
    match place(path) {
        Place::Unknown(hint) => Err(wrong(origin, &key, "is not a key Backstory knows.").hint(hint)),
        Place::BadName => Err(wrong(origin, &key, "is not a name for a library.")
            .hint("A name has small letters, digits, - and single _, and begins with a letter or a digit.")),
        place => Ok(place),
    }
}

/// What must not be said of a file, since it would do nothing.
fn only_for_servers<'a>(name: &str, get: &dyn Fn(&str) -> Option<&'a Setting>) -> Result<()> {
    let address = get("address").map(|setting| &setting.value);
    if matches!(address, Some(Value::Address(address)) if address.reveal().contains("://")) {
        return Ok(());
    }
    for key in ["read_replica", "pool.size"] {
        if let Some(Setting { origin, .. }) = get(key)
            && *origin != Origin::Default
        {
            let path = format!("libraries.{name}.{key}");
            return Err(wrong(origin, &path, "is for a library on a server, and this one is not.")
                .hint(format!("Take it out, or look at `libraries.{name}.address`.")));
        }
    }
    Ok(())
}

/// Reads what is written for a key as what the key takes.
pub(super) fn value(path: &str, raw: Raw, origin: &Origin, lookup: &Lookup<'_>) -> Result<Value, Trouble> {
    let Some(key) = key(path) else {
        return Err(Trouble::Wrong(Error::internal(format!("The key {path} was lost."))));
    };
    // What is asked for will stand in the file.
    let from_file = matches!(origin, Origin::File { .. } | Origin::Asked);
    let (raw, address, hidden) = match raw {
        Raw::Text(text) if from_file => {
            let expanded = expand(&text, lookup).map_err(|refusal| refused(path, origin, refusal))?;
            let hidden = expanded.variables > 0;
            let address =
                Address::expanded(expanded.text.clone(), &expanded.written, expanded.only_a_variable);
            (Raw::Text(expanded.text), hidden.then_some(address), hidden)
        }
        // A variable that is a key is text, whatever the key takes.
        raw => (raw, None, !from_file),
    };
    let misfit = |is: String| {
        let must = format!("must be {}, and is {is}.", key.form.words());
        Trouble::Wrong(wrong(origin, path, &must))
    };
    match (&key.form, raw) {
        (Form::Address | Form::Folder, Raw::Text(text)) if text.trim().is_empty() => {
            Err(Trouble::Wrong(wrong(origin, path, "is empty.")))
        }
        // A folder may hold what a variable held, too.
        (Form::Address | Form::Folder, Raw::Text(text)) => {
            Ok(Value::Address(address.unwrap_or_else(|| Address::new(text))))
        }
        (Form::Loopback, Raw::Text(text)) => match is_loopback(&text) {
            true => Ok(Value::Choice(text)),
            false if hidden => Err(misfit("something else".to_owned())),
            false => Err(misfit(format!("{text:?}"))),
        },
        (Form::YesNo, Raw::YesNo(yes)) => Ok(Value::YesNo(yes)),
        (Form::YesNo, Raw::Text(text)) if hidden => {
            text.parse().map(Value::YesNo).map_err(|_| misfit("something else".to_owned()))
        }
        (Form::Whole(range), Raw::Whole(number)) => match range.contains(&number) {
            true => Ok(Value::Whole(number)),
            false => Err(misfit(number.to_string())),
        },
        (Form::Whole(range), Raw::Text(text)) if hidden => match text.parse() {
            Ok(number) if range.contains(&number) => Ok(Value::Whole(number)),
            _ => Err(misfit("something else".to_owned())),
        },
        (Form::Choice(names), Raw::Text(text)) => match names.contains(&text.as_str()) {
            true => Ok(Value::Choice(text)),
            false if hidden => Err(misfit("something else".to_owned())),
            false => Err(match (misfit(format!("{text:?}")), nearest(&text, names.iter().copied())) {
                (Trouble::Wrong(error), Some(near)) => {
                    Trouble::Wrong(error.hint(format!("Did you mean `{near}`?")))
                }
                (trouble, _) => trouble,
            }),
        },
        (Form::YesNo | Form::Whole(_), raw @ Raw::Text(_)) => match misfit(words(&raw)) {
            Trouble::Wrong(error) if *origin != Origin::Asked => {
                Err(Trouble::Wrong(error.hint("Write it without quotation marks.")))
            }
            trouble => Err(trouble),
        },
        (_, raw) => Err(misfit(words(&raw))),
    }
}

fn refused(path: &str, origin: &Origin, refusal: Refusal) -> Trouble {
    let hint =
        "Write ${NAME} for a variable of the environment, and $${ where those two characters are meant.";
    match refusal {
        Refusal::Unset { variable, written } => {
            let problem = format!("uses the variable {variable}, which is not set or empty.");
            let hint = format!(
                "Set {variable} before Backstory starts, or write ${{{variable}:-…}} with what to take without it."
            );
            let error = wrong(origin, path, &problem).hint(hint).detail("variable", variable);
            Trouble::Unset(Box::new((error, written)))
        }
        Refusal::Open => {
            Trouble::Wrong(wrong(origin, path, "has ${ without the } that belongs to it.").hint(hint))
        }
        Refusal::NoName => {
            Trouble::Wrong(wrong(origin, path, "has ${…} with something inside that is no name.").hint(hint))
        }
    }
}

/// That something is wrong with a key, and where.
pub(super) fn wrong(origin: &Origin, key: &str, problem: &str) -> Error {
    let place = match origin {
        Origin::Default => "The defaults: ".to_owned(),
        Origin::Environment { name } => format!("The variable {name}: "),
        Origin::Asked => String::new(),
        place => format!("{place}: "),
    };
    let subject = if key.is_empty() { "the file".to_owned() } else { format!("`{key}`") };
    let error = Error::new(Code::ConfigInvalid, format!("{place}{subject} {problem}"))
        .hint("docs/configuration.md has every key and what it takes.")
        .detail("key", key);
    match origin {
        Origin::File { line, .. } => error.detail("line", *line),
        _ => error,
    }
}

/// What something is, without saying what is in it.
fn words(raw: &Raw) -> String {
    match raw {
        Raw::Text(_) => "text".to_owned(),
        Raw::Whole(number) => format!("the number {number}"),
        Raw::YesNo(yes) => yes.to_string(),
        Raw::Table(_) => "a table".to_owned(),
        Raw::Nothing => "left empty".to_owned(),
        Raw::Other(what) => (*what).to_owned(),
    }
}
