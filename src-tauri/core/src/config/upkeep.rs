//! What is done to keep a library well.

use std::collections::BTreeMap;

use super::{Setting, Value};
use crate::backup::Keep;

/// Where backups are kept, and how many.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackupConfig {
    /// The folder; none: `backups`, beside each library.
    pub folder: Option<String>,
    /// How many.
    pub keep: Keep,
}

impl BackupConfig {
    pub(super) fn assemble(settings: &BTreeMap<String, Setting>) -> Self {
        let folder = match value(settings, "backup.folder") {
            Some(Value::Folder(folder)) => Some(folder.clone()),
            _ => None,
        };
        let many = |key| u32::try_from(whole(settings, key)).unwrap_or_default();
        let keep = Keep {
            daily: many("backup.daily"),
            weekly: many("backup.weekly"),
            monthly: many("backup.monthly"),
        };
        Self { folder, keep }
    }
}

fn value<'a>(settings: &'a BTreeMap<String, Setting>, key: &str) -> Option<&'a Value> {
    settings.get(key).map(|setting| &setting.value)
}

/// A number that the defaults have.
fn whole(settings: &BTreeMap<String, Setting>, key: &str) -> i64 {
    match value(settings, key) {
        Some(Value::Whole(number)) => *number,
        _ => 0,
    }
}
