//! What differs between two documents, value by value and line by line: everything, for those who want to see it all.

use serde::{Deserialize, Serialize};

use super::ChangeKind;

/// One value that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct RawChange {
    /// Where, as a JSON pointer into the new document (the old one for what was removed).
    pub pointer: String,
    /// What happened.
    pub kind: ChangeKind,
    /// The JSON text before.
    pub old: Option<String>,
    /// The JSON text after.
    pub new: Option<String>,
}

/// One line of a side-by-side view.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub enum Row {
    /// The same on both sides.
    Same {
        /// Line number on the left, from 1.
        a: u32,
        /// Line number on the right, from 1.
        b: u32,
        /// The line.
        text: String,
    },
    /// Different on the two sides.
    Changed {
        /// Line number on the left.
        a: u32,
        /// Line number on the right.
        b: u32,
        /// The line on the left.
        old: String,
        /// The line on the right.
        new: String,
    },
    /// Only on the right.
    Added {
        /// Line number on the right.
        b: u32,
        /// The line.
        text: String,
    },
    /// Only on the left.
    Removed {
        /// Line number on the left.
        a: u32,
        /// The line.
        text: String,
    },
    /// Equal lines that are not shown.
    Fold {
        /// The first line number on the left.
        a: u32,
        /// The first line number on the right.
        b: u32,
        /// How many.
        count: u32,
    },
}

/// A top-level key with differences.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct KeyCount {
    /// The key.
    pub key: String,
    /// How many lines differ below it.
    pub changes: u32,
    /// The index of its first differing row.
    pub row: u32,
}
