//! Bringing characters in: choose, import with progress, stop.

use std::{collections::BTreeMap, path::PathBuf};

use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    error::{Error, Result},
    model::CharacterId,
    source::Draft,
};

/// One file that may hold a character.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IntakeFile {
    /// The path as the user would name it.
    pub path: String,
    /// When it was captured, as far as its name says.
    pub named_at: Option<Timestamp>,
    /// The caller's own handle on it.
    pub handle: u64,
}

/// Reads files, folders and streams for the library. Lives outside core, because core does not read disks.
#[async_trait]
pub trait Intake: Send + Sync {
    /// Spreads folders into files and puts everything in the order of capture. Reads no content.
    /// A path that is not there becomes a file that fails when it is read.
    async fn list(&self, paths: &[PathBuf]) -> Vec<IntakeFile>;

    /// Reads one file into a draft. `captured_at` overrides every other time.
    ///
    /// # Errors
    /// What is wrong with the file, in a player's words.
    async fn read(&self, file: &IntakeFile, captured_at: Option<Timestamp>) -> Result<Draft>;
}

/// What became of one file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub enum Outcome {
    /// A new character.
    Added,
    /// A new version with changes (also where only what a rest resets moved).
    Changed,
    /// A new version that no player can tell from the one before.
    Quiet,
    /// The bytes of the version before it: counted, not stored.
    Identical,
    /// Not imported; see `error`.
    Failed,
}

/// What became of one file, and where it went.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct FileResult {
    /// The path as given.
    pub path: String,
    /// What became of it.
    pub outcome: Outcome,
    /// Whose it is.
    pub character: Option<CharacterId>,
    /// The character's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub name: Option<String>,
    /// The version it became or was seen as.
    pub version: Option<u64>,
    /// When it was captured.
    #[cfg_attr(test, ts(as = "Option<String>"))]
    pub captured_at: Option<Timestamp>,
    /// What it changed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(test, ts(optional, as = "Option<Vec<String>>"))]
    pub sentences: Vec<String>,
    /// How many changes.
    #[serde(default)]
    pub changes: u32,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub error: Option<Error>,
}

/// What became of every file.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct ImportReport {
    /// In the order they were read.
    pub files: Vec<FileResult>,
    /// How many ended in each outcome; every outcome is there.
    #[cfg_attr(test, ts(as = "BTreeMap<String, u64>"))]
    pub totals: BTreeMap<Outcome, u64>,
    /// Whether it was stopped before the end. What is in `files` is done and kept.
    pub stopped: bool,
}

/// Files the user chose in a dialog or dropped on the window. Paths stay on this side of the bridge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Selection {
    /// Give this to `import.start`.
    pub selection: u64,
    /// Names of the files and folders chosen.
    pub names: Vec<String>,
}

/// Imports a selection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct ImportStart {
    /// From [`Selection`].
    pub selection: u64,
}

/// Stops a running job; it leaves a whole state and reports what it did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct JobCancel {
    /// From [`crate::job::ProgressEvent::Started`].
    pub job: u64,
}
