//! The program itself: what library is open, samples, preferences, checks.

use serde::{Deserialize, Serialize};

use crate::storage::{Facets, Problem, StorageInfo};

/// Nothing to say.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Empty {}

/// What the frame of the window shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Overview {
    /// Backstory's version.
    pub version: String,
    /// The open store.
    pub store: StorageInfo,
    /// What is in it.
    pub facets: Facets,
    /// Whether these are the sample characters, which are kept nowhere.
    pub sample: bool,
    /// The store's revision, to notice what other programs wrote.
    pub revision: u64,
}

/// Light, dark, or as the system has it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(test, derive(ts_rs::TS))]
#[allow(missing_docs, reason = "named after what they are")]
pub enum Theme {
    #[default]
    System,
    Light,
    Dark,
}

/// How the library is laid out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(test, derive(ts_rs::TS))]
#[allow(missing_docs, reason = "named after what they are")]
pub enum Layout {
    #[default]
    Grid,
    List,
}

/// How the player likes the window on this computer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Preferences {
    /// Light or dark.
    pub theme: Theme,
    /// Cards or rows.
    pub layout: Layout,
    /// The order of the library.
    pub sort: crate::storage::Sort,
}

/// Asks for a check.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct VerifyGet {
    /// Also decode every document and compare it with its hash.
    #[serde(default)]
    pub read_data: bool,
}

/// How much a check looked at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[allow(missing_docs, reason = "named after what they count")]
pub struct Checked {
    pub characters: u64,
    pub versions: u64,
    pub contents: u64,
    pub bytes: u64,
}

/// What a check found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct VerifyReport {
    /// Nothing is wrong.
    pub ok: bool,
    /// How much was looked at.
    pub checked: Checked,
    /// What is wrong.
    pub problems: Vec<Problem>,
}
