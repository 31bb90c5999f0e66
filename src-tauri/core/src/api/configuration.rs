//! The configuration of the program, as a window shows and changes it. The file is the program's own: here is what is told of it, and
//! what a change comes to while the library is open.

use serde::{Deserialize, Serialize};

use crate::{
    api::{App, Caches, app::Empty},
    config::{Config, KEYS, Key, Origin, Setting, Takes},
    error::Result,
    job::Progress,
};

/// A value of the configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct ConfigValue {
    /// The path of its key.
    pub key: String,
    /// What holds, never a password; none where nobody says anything.
    pub value: Option<String>,
    /// Which layer says so.
    pub layer: Layer,
    /// Who says so: `default`, a file with its line, a variable or a flag.
    pub origin: String,
    /// What the key takes.
    pub takes: Takes,
    /// Whether a change of it holds at once; else from the next start of the program.
    pub at_once: bool,
}

/// A layer of the configuration, the weakest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(rename = "ConfigLayer"))]
pub enum Layer {
    /// Compiled in.
    Default,
    /// The file.
    File,
    /// A variable of the environment: it goes before the file.
    Environment,
    /// A flag on the command line: it goes before everything.
    Flag,
}

/// What holds, and who says so.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Configuration {
    /// The file that was read, if any.
    pub file: Option<String>,
    /// Every value, by the path of its key; also of keys of which nobody says anything.
    pub values: Vec<ConfigValue>,
}

/// Asks for a value to be written into the configuration file, or taken out of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct ConfigSet {
    /// The path of its key.
    pub key: String,
    /// What is to hold, as one would type it; none: what holds without a word.
    pub value: Option<String>,
}

/// A configuration that was changed, and what the program has to take up of it.
pub struct Reconfigured {
    /// What holds now.
    pub configuration: Configuration,
    /// The same, for the core.
    pub config: Config,
    /// What makes the cache as it is configured now; none where it is as it was.
    pub caches: Option<Caches>,
}

impl Configuration {
    /// What a configuration says, to be shown. `file` is the one that was read.
    pub fn of(config: &Config, file: Option<String>) -> Self {
        let mut values: Vec<ConfigValue> = config.settings.iter().filter_map(told).collect();
        // What stands below other names is shown where it stands; the rest can be said by whoever wants to.
        let is_silent = |key: &&Key| {
            !key.path.contains('*')
                && !key.path.starts_with("storage.")
                && !config.settings.contains_key(key.path)
        };
        values.extend(KEYS.iter().filter(is_silent).map(silent));
        values.sort_by(|a, b| a.key.cmp(&b.key));
        Self { file, values }
    }
}

fn told((key, Setting { value, origin }): (&String, &Setting)) -> Option<ConfigValue> {
    let layer = match origin {
        Origin::Default => Layer::Default,
        Origin::File { .. } | Origin::Asked => Layer::File,
        Origin::Environment { .. } => Layer::Environment,
        Origin::Flag { .. } => Layer::Flag,
    };
    let (value, origin) = (Some(value.to_string()), origin.to_string());
    let known = Key::of(key)?;
    Some(ConfigValue { value, layer, origin, key: key.clone(), ..silent(known) })
}

fn silent(key: &Key) -> ConfigValue {
    ConfigValue {
        key: key.path.to_owned(),
        value: None,
        layer: Layer::Default,
        origin: Origin::Default.to_string(),
        takes: key.takes(),
        at_once: key.holds_at_once(),
    }
}

/// The configuration that holds in this program.
pub(super) async fn configuration(app: &App, _: Empty, _: &dyn Progress) -> Result<Configuration> {
    app.parts.host.configuration().await
}

/// Writes a value into the configuration file, or takes it out, and lets it hold at once where that can be.
///
/// # Errors
/// As [`Host::configure`](super::Host::configure).
pub(super) async fn configure(app: &App, request: ConfigSet, _: &dyn Progress) -> Result<Configuration> {
    let new = app.parts.host.configure(&request.key, request.value.as_deref()).await?;
    app.keep_by(new.config.retention);
    if let Some(caches) = new.caches {
        app.read_through(caches).await;
    }
    Ok(new.configuration)
}
