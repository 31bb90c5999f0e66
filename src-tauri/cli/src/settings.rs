//! `backstory config`: what holds and who says so. Secrets are hidden before anything comes here.

use std::{collections::BTreeMap, fmt::Write as _, path::PathBuf};

use backstory_core::{
    config::{Address, Config, Setting, Value},
    error::{Code, Error, Result},
};
use backstory_storage::{
    config::{Loaded, chosen},
    open,
};
use serde::Serialize;

use crate::print::table;

/// Every value and where it comes from.
#[derive(Debug, Serialize)]
pub(crate) struct Effective {
    file: Option<PathBuf>,
    settings: BTreeMap<String, Setting>,
    unready: BTreeMap<String, Error>,
}

impl Effective {
    pub(crate) fn of(loaded: &Loaded) -> Self {
        let Config { settings, unready, cache, .. } = &loaded.config;
        let (file, settings, mut unready) = (loaded.file.clone(), settings.clone(), unready.clone());
        unready.extend(cache.unready.clone().map(|error| ("cache".to_owned(), error)));
        Self { file, settings, unready }
    }
}

/// What holds for one key now; no setting where nobody says anything, not even a default.
#[derive(Debug, Serialize)]
pub(crate) struct Said {
    file: Option<PathBuf>,
    key: String,
    setting: Option<Setting>,
}

impl Said {
    pub(crate) fn of(loaded: &Loaded, key: &str) -> Self {
        let setting = loaded.config.settings.get(key).cloned();
        Self { file: loaded.file.clone(), key: key.to_owned(), setting }
    }
}

/// The key, what holds for it and who says so.
pub(crate) fn said(said: &Said) -> String {
    match &said.setting {
        Some(setting) => table(&[vec![said.key.clone(), shown(&setting.value), setting.origin.to_string()]]),
        None => format!("{}: nothing is set.\n", said.key),
    }
}

/// The first line of standard input.
pub(crate) fn typed() -> Result<String> {
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).map_err(|error| {
        Error::new(Code::FileUnreadable, "Standard input cannot be read.").caused_by(error)
    })?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

fn shown(value: &Value) -> String {
    match value {
        Value::Unset(written) => format!("{written} (not set)"),
        value => value.to_string(),
    }
}

/// The libraries there are.
#[derive(Debug, Serialize)]
pub(crate) struct Libraries {
    libraries: Vec<Row>,
}

/// One library; without a name where only its address is known.
#[derive(Debug, Serialize)]
struct Row {
    name: Option<String>,
    kind: Option<&'static str>,
    address: Option<String>,
    default: bool,
    problem: Option<Error>,
}

impl Libraries {
    pub(crate) fn of(config: &Config) -> Self {
        let default = config.library.reveal();
        let mut libraries: Vec<Row> = config.names().into_iter().map(|name| named(config, name)).collect();
        if !libraries.iter().any(|row| row.default) {
            libraries.push(match chosen(config) {
                Ok(chosen) => place(None, &chosen.library.address, true),
                Err(error) => Row {
                    name: Some(config.library.to_string()),
                    kind: None,
                    address: None,
                    default: !default.is_empty(),
                    problem: Some(error),
                },
            });
        }
        Self { libraries }
    }
}

fn named(config: &Config, name: &str) -> Row {
    let default = config.library.reveal() == name;
    match config.named(name) {
        Some(Ok(library)) => place(Some(name), &library.address, default),
        problem => {
            let written = config.settings.get(&format!("libraries.{name}.address"));
            let address = written.map(|setting| setting.value.to_string());
            let problem = problem.and_then(Result::err);
            Row { name: Some(name.to_owned()), kind: None, address, default, problem }
        }
    }
}

fn place(name: Option<&str>, address: &Address, default: bool) -> Row {
    let name = name.map(str::to_owned);
    let (kind, problem) = match open::kind(address) {
        Ok(kind) => (Some(kind), None),
        Err(problem) => (None, Some(problem)),
    };
    Row { name, kind, address: Some(address.to_string()), default, problem }
}

/// One value a line.
pub(crate) fn effective(effective: &Effective) -> String {
    let row = |(key, setting): (&String, &Setting)| {
        vec![key.clone(), shown(&setting.value), setting.origin.to_string()]
    };
    let mut out = table(&effective.settings.iter().map(row).collect::<Vec<_>>());
    for error in effective.unready.values() {
        let _ = writeln!(out, "{}", error.message);
    }
    out
}

/// One library a line.
pub(crate) fn libraries(libraries: &Libraries) -> String {
    let row = |row: &Row| {
        let or_dash = |text: Option<&str>| text.unwrap_or("-").to_owned();
        vec![
            if row.default { "*" } else { " " }.to_owned(),
            or_dash(row.name.as_deref()),
            or_dash(row.kind),
            or_dash(row.address.as_deref()),
        ]
    };
    let mut out = table(&libraries.libraries.iter().map(row).collect::<Vec<_>>());
    for row in &libraries.libraries {
        if let Some(problem) = &row.problem {
            let _ = writeln!(out, "{}: {}", row.name.as_deref().unwrap_or("-"), problem.message);
        }
    }
    out
}
