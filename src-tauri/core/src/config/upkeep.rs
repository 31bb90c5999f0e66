//! What is done to keep a library well.

use std::collections::BTreeMap;

use super::{Address, Setting, Value};
use crate::backup::Keep;

/// Where backups are kept, and how many.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackupConfig {
    /// The folder; none: `backups`, beside each library.
    pub folder: Option<Address>,
    /// How many.
    pub keep: Keep,
}

impl BackupConfig {
    pub(super) fn assemble(settings: &BTreeMap<String, Setting>) -> Self {
        let folder = match value(settings, "backup.folder") {
            Some(Value::Address(folder)) => Some(folder.clone()),
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

/// Whether what is measured is served.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MetricsConfig {
    /// Where; none: nowhere. Only this computer reaches it.
    pub listen: Option<String>,
}

impl MetricsConfig {
    pub(super) fn assemble(settings: &BTreeMap<String, Setting>) -> Self {
        Self { listen: value(settings, "metrics.listen").map(ToString::to_string) }
    }
}

/// From when on the player is told that something is not well: as [`crate::alerts::Thresholds`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "named after what they are")]
pub struct AlertsConfig {
    pub error_percent: u64,
    pub disk_percent: u64,
    pub slow_ms: u64,
    pub hit_percent: u64,
    pub memory_percent: u64,
    pub memory_limit_mb: u64,
    pub denied: u64,
    pub silent_days: u64,
    /// Whether the system tells the player, too.
    pub notify: bool,
}

impl Default for AlertsConfig {
    fn default() -> Self {
        Self {
            error_percent: 5,
            disk_percent: 10,
            slow_ms: 1000,
            hit_percent: 80,
            memory_percent: 80,
            memory_limit_mb: 1024,
            denied: 10,
            silent_days: 7,
            notify: false,
        }
    }
}

impl AlertsConfig {
    pub(super) fn assemble(settings: &BTreeMap<String, Setting>) -> Self {
        let many = |key| u64::try_from(whole(settings, key)).unwrap_or_default();
        Self {
            error_percent: many("alerts.error_percent"),
            disk_percent: many("alerts.disk_percent"),
            slow_ms: many("alerts.slow_ms"),
            hit_percent: many("alerts.hit_percent"),
            memory_percent: many("alerts.memory_percent"),
            memory_limit_mb: many("alerts.memory_limit_mb"),
            denied: many("alerts.denied"),
            silent_days: many("alerts.silent_days"),
            notify: value(settings, "alerts.notify") == Some(&Value::YesNo(true)),
        }
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
