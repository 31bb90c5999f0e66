//! Any two versions side by side.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    diff::{Change, Counts, Folded, Section, raw},
    model::{CharacterId, SnapshotId},
};

/// One side of a comparison.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct VersionRef {
    /// An id, or a name where it is the only one.
    pub character: String,
    /// A number, an identity, `latest`, `first`, `~N` or a date.
    pub version: String,
}

/// Asks for a comparison of two sheets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
pub struct CompareGet {
    /// The old side.
    pub from: VersionRef,
    /// The new side.
    pub to: VersionRef,
    /// Only this section.
    #[serde(default)]
    pub section: Option<Section>,
    /// Also what a rest resets.
    #[serde(default)]
    #[cfg_attr(test, ts(as = "Option<bool>"))]
    pub state: bool,
    /// Also the rows that are equal, as kind `same`.
    #[serde(default)]
    #[cfg_attr(test, ts(as = "Option<bool>"))]
    pub same: bool,
}

/// Which version stands on a side.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[allow(missing_docs, reason = "the model's docs say what they are")]
pub struct Side {
    pub character: CharacterId,
    pub name: String,
    pub id: SnapshotId,
    pub version: u64,
    #[cfg_attr(test, ts(as = "String"))]
    pub captured_at: Timestamp,
    #[cfg_attr(test, ts(as = "Option<String>"))]
    pub edited_at: Option<Timestamp>,
    pub level: u32,
}

/// Two sheets compared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Comparison {
    /// The old side.
    pub from: Side,
    /// The new side.
    pub to: Side,
    /// The rows, in the order of the sheet.
    pub changes: Vec<Change>,
    /// How many of each kind (equal ones not counted).
    pub counts: Counts,
    /// What is not among the rows.
    pub folded: Folded,
}

/// Asks for a comparison of two documents.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct RawCompareGet {
    /// The old side.
    pub from: VersionRef,
    /// The new side.
    pub to: VersionRef,
}

/// Two documents compared, value by value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct RawComparison {
    /// In the order of the new document.
    pub changes: Vec<raw::RawChange>,
}

/// Asks for two documents side by side, line by line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
pub struct RawLinesGet {
    /// The old side.
    pub from: VersionRef,
    /// The new side.
    pub to: VersionRef,
    /// Equal lines to keep around a change; the rest is folded. None: nothing is folded.
    #[serde(default)]
    pub context: Option<u32>,
}

/// Two documents side by side.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct RawLines {
    /// The rows from top to bottom.
    pub rows: Vec<raw::Row>,
    /// Top-level keys with differences, in the order of the document, and where each begins in `rows`.
    pub keys: Vec<raw::KeyCount>,
    /// How many lines.
    pub counts: Counts,
}
