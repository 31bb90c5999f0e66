//! When the player is told that something is not well. Rules only: what is measured comes in, what to say goes out.
//!
//! What raises an alert and what ends it lie apart, so that a number that sways around a threshold does not ring again and again;
//! and one that comes back soon is shown, and not told anew.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{
    error::Error,
    wording::{Said, say},
};

/// Fewer calls than these say nothing about a rate.
const FEWEST_CALLS: u64 = 20;
/// Fewer lookups than these are of a cache that is not warm.
const WARM: u64 = 200;
/// One that comes back within this time is not told anew.
const AGAIN: SignedDuration = SignedDuration::from_hours(6);

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub enum Level {
    /// Worth a look.
    Warning,
    /// Something is lost, or will be.
    Critical,
}

/// What may be wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub enum AlertKind {
    /// The library does not answer.
    StorageUnavailable,
    /// Many answers are failures.
    ErrorRate,
    /// All connections were in use for too long.
    PoolExhausted,
    /// The disk is nearly full.
    DiskLow,
    /// A check found damage.
    Damage,
    /// No backup could be made.
    BackupFailed,
    /// The newest backup is not what it says, or gone.
    DrillFailed,
    /// Something that a player waited for took long.
    SlowOperation,
    /// Nothing can be written into the library, and nobody asked for that.
    ReadOnly,
    /// A part of the cache is passed by.
    Cache,
    /// The cache seldom has what is wanted.
    HitRate,
    /// The program takes much memory.
    Memory,
    /// Much was asked for that whoever asked may not see.
    UnusualAccess,
    /// A watched folder has brought nothing for days.
    Silent,
}

impl AlertKind {
    const ALL: [Self; 14] = [
        Self::StorageUnavailable,
        Self::ErrorRate,
        Self::PoolExhausted,
        Self::DiskLow,
        Self::Damage,
        Self::BackupFailed,
        Self::DrillFailed,
        Self::SlowOperation,
        Self::ReadOnly,
        Self::Cache,
        Self::HitRate,
        Self::Memory,
        Self::UnusualAccess,
        Self::Silent,
    ];

    /// How bad it is.
    pub fn level(self) -> Level {
        use AlertKind::{
            BackupFailed, Damage, DiskLow, DrillFailed, ErrorRate, PoolExhausted, StorageUnavailable,
        };
        match self {
            StorageUnavailable | ErrorRate | PoolExhausted | DiskLow | Damage | BackupFailed
            | DrillFailed => Level::Critical,
            _ => Level::Warning,
        }
    }
}

/// From when on the player is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Thresholds {
    /// Failures, in 100 answers.
    pub error_percent: u64,
    /// Free room on the disk, in 100.
    pub disk_percent: u64,
    /// Milliseconds.
    pub slow_ms: u64,
    /// What a warm cache has, in 100 lookups.
    pub hit_percent: u64,
    /// Memory, in 100 of its limit.
    pub memory_percent: u64,
    /// The limit of memory, in bytes.
    pub memory_limit: u64,
    /// Refusals in ten minutes.
    pub denied: u64,
    /// Days without anything new.
    pub silent_days: u64,
}

/// A part of a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[allow(missing_docs, reason = "named after what they are")]
pub struct Share {
    pub part: u64,
    pub whole: u64,
}

impl Share {
    /// In 100, rounded down.
    pub fn percent(self) -> u64 {
        (u128::from(self.part) * 100 / u128::from(self.whole.max(1))) as u64
    }

    /// Whether it is more than so many in 100.
    fn exceeds(self, percent: u64) -> bool {
        u128::from(self.part) * 100 > u128::from(self.whole) * u128::from(percent)
    }

    /// Whether it is less than so many in 100.
    fn is_below(self, percent: u64) -> bool {
        u128::from(self.part) * 100 < u128::from(self.whole) * u128::from(percent)
    }
}

/// What is measured at one moment. What is not known raises nothing and ends nothing.
#[derive(Debug, Clone, Default)]
pub struct Reading {
    /// Why the library does not answer; inside: none where it does.
    pub storage: Option<Option<Error>>,
    /// Failures among the answers of the last ten minutes.
    pub errors: Option<Share>,
    /// How often in the last ten minutes all connections were in use for too long.
    pub no_connection: Option<u64>,
    /// Free room on the disk of the library.
    pub disk: Option<Share>,
    /// Milliseconds that the slowest answer of the last ten minutes took.
    pub slowest: Option<u64>,
    /// What the cache had of what was looked up.
    pub hits: Option<Share>,
    /// Bytes that the program takes.
    pub memory: Option<u64>,
    /// Refusals in the last ten minutes.
    pub denied: Option<u64>,
    /// The watched folder that brought nothing for longest, and for how many days.
    pub silent: Option<Option<(String, u64)>>,
    /// What the last check of the library found.
    pub damage: Option<Option<Error>>,
    /// Why the last backup was not made.
    pub backup: Option<Option<Error>>,
    /// What is wrong with the newest backup.
    pub drill: Option<Option<Error>>,
    /// Why nothing can be written, where nobody asked for that.
    pub read_only: Option<Option<Error>>,
    /// Why a part of the cache is passed by.
    pub cache: Option<Option<Error>>,
}

/// What a reading says about one kind.
enum Signal {
    /// It is beyond the threshold.
    Raise(Said, Option<Error>),
    /// It is in the margin: what is raised stays, and nothing is raised.
    Stay,
    /// It is well.
    End,
}

impl Reading {
    fn signal(&self, kind: AlertKind, at: &Thresholds) -> Signal {
        use AlertKind::{
            BackupFailed, Cache, Damage, DiskLow, DrillFailed, ErrorRate, HitRate, Memory, PoolExhausted,
            ReadOnly, Silent, SlowOperation, StorageUnavailable, UnusualAccess,
        };
        match kind {
            StorageUnavailable => problem(&self.storage, "alert-storage"),
            Damage => problem(&self.damage, "alert-damage"),
            BackupFailed => problem(&self.backup, "alert-backup"),
            DrillFailed => problem(&self.drill, "alert-drill"),
            ReadOnly => problem(&self.read_only, "alert-read-only"),
            Cache => problem(&self.cache, "alert-cache"),
            ErrorRate => limit(self.errors, |share| {
                let many = share.whole >= FEWEST_CALLS;
                let said = say("alert-errors").with("percent", share.percent() as i64);
                (many && share.exceeds(at.error_percent), many && share.exceeds(at.error_percent / 2), said)
            }),
            PoolExhausted => limit(self.no_connection, |times| {
                (times > 0, times > 0, say("alert-pool").with("count", times as i64))
            }),
            DiskLow => limit(self.disk, |share| {
                let said =
                    say("alert-disk").with("percent", share.percent() as i64).with("size", size(share.part));
                (share.is_below(at.disk_percent), share.is_below(at.disk_percent + 2), said)
            }),
            SlowOperation => limit(self.slowest, |millis| {
                let said = say("alert-slow").with("millis", millis as i64);
                (millis > at.slow_ms, millis > at.slow_ms / 2, said)
            }),
            HitRate => limit(self.hits, |share| {
                let is_warm = share.whole >= WARM;
                let said = say("alert-hits").with("percent", share.percent() as i64);
                (
                    is_warm && share.is_below(at.hit_percent),
                    is_warm && share.is_below(at.hit_percent + 5),
                    said,
                )
            }),
            Memory => limit(self.memory, |bytes| {
                let share = Share { part: bytes, whole: at.memory_limit };
                let said =
                    say("alert-memory").with("size", size(bytes)).with("percent", share.percent() as i64);
                (share.exceeds(at.memory_percent), share.exceeds(at.memory_percent * 9 / 10), said)
            }),
            UnusualAccess => limit(self.denied, |times| {
                (times >= at.denied, times > at.denied / 2, say("alert-access").with("count", times as i64))
            }),
            Silent => limit(self.silent.clone(), |longest| {
                let (folder, days) = longest.unwrap_or_default();
                let is_silent = days >= at.silent_days;
                (is_silent, is_silent, say("alert-silent").with("folder", folder).with("count", days as i64))
            }),
        }
    }
}

fn problem(found: &Option<Option<Error>>, message: &'static str) -> Signal {
    match found {
        None => Signal::Stay,
        Some(None) => Signal::End,
        Some(Some(error)) => Signal::Raise(say(message), Some(error.clone())),
    }
}

/// A number and what it raises: whether it is beyond the threshold, and whether it is not yet well again.
fn limit<T>(value: Option<T>, judge: impl FnOnce(T) -> (bool, bool, Said)) -> Signal {
    let Some(value) = value else { return Signal::Stay };
    match judge(value) {
        (true, _, said) => Signal::Raise(said, None),
        (false, true, _) => Signal::Stay,
        (false, false, _) => Signal::End,
    }
}

/// Bytes, in a person's measure.
pub(crate) fn size(bytes: u64) -> String {
    match bytes {
        0..1_000_000 => format!("{:.0} kB", bytes as f64 / 1e3),
        1_000_000..1_000_000_000 => format!("{:.0} MB", bytes as f64 / 1e6),
        _ => format!("{:.1} GB", bytes as f64 / 1e9),
    }
}

/// Something that is not well.
#[derive(Debug, Clone)]
pub struct Raised {
    /// What.
    pub kind: AlertKind,
    /// Since when.
    pub since: Timestamp,
    /// What happened, in the words of the catalogue.
    pub said: Said,
    /// The error behind it, with its own words.
    pub problem: Option<Error>,
    /// The player has seen it and wants it out of the way.
    pub dismissed: bool,
}

/// What is not well at this moment, and what the player was told of.
#[derive(Debug, Clone, Default)]
pub struct Alerts {
    raised: BTreeMap<AlertKind, Raised>,
    told: BTreeMap<AlertKind, Timestamp>,
}

impl Alerts {
    /// Takes a reading. Gives what the player is to be told now: what was raised by it, and was not told shortly before.
    pub fn update(&mut self, reading: &Reading, thresholds: &Thresholds, now: Timestamp) -> Vec<Raised> {
        let mut news = Vec::new();
        for kind in AlertKind::ALL {
            match reading.signal(kind, thresholds) {
                Signal::Stay => {}
                Signal::End => drop(self.raised.remove(&kind)),
                Signal::Raise(said, problem) => {
                    if let Some(raised) = self.raised.get_mut(&kind) {
                        (raised.said, raised.problem) = (said, problem);
                        continue;
                    }
                    let raised = Raised { kind, since: now, said, problem, dismissed: false };
                    self.raised.insert(kind, raised.clone());
                    let before = self.told.get(&kind).filter(|at| **at <= now);
                    if before.is_none_or(|at| now.duration_since(*at) >= AGAIN) {
                        self.told.insert(kind, now);
                        news.push(raised);
                    }
                }
            }
        }
        news
    }

    /// What is not well, the worst first, then the oldest.
    pub fn raised(&self) -> Vec<&Raised> {
        let mut raised: Vec<_> = self.raised.values().collect();
        raised.sort_by_key(|raised| (std::cmp::Reverse(raised.kind.level()), raised.since));
        raised
    }

    /// The player has seen it. It comes back when it was well in between.
    pub fn dismiss(&mut self, kind: AlertKind) {
        if let Some(raised) = self.raised.get_mut(&kind) {
            raised.dismissed = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::error::Code;

    const USUAL: Thresholds = Thresholds {
        error_percent: 5,
        disk_percent: 10,
        slow_ms: 1000,
        hit_percent: 80,
        memory_percent: 80,
        memory_limit: 1000,
        denied: 10,
        silent_days: 7,
    };

    fn at(hours: i64) -> Timestamp {
        "2026-11-30T00:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_hours(hours)
    }

    fn kinds(alerts: &Alerts) -> Vec<AlertKind> {
        alerts.raised().into_iter().map(|raised| raised.kind).collect()
    }

    /// For each kind: what raises it, what lies in the margin, what ends it.
    fn table() -> Vec<(AlertKind, Reading, Option<Reading>, Reading)> {
        let share = |part, whole| Some(Share { part, whole });
        let failed = || Some(Some(Error::new(Code::StorageFull, "There is no room.")));
        let of = |set: fn(&mut Reading, u64), value| {
            let mut reading = Reading::default();
            set(&mut reading, value);
            reading
        };
        let errors: fn(&mut Reading, u64) =
            |reading, part| reading.errors = Some(Share { part, whole: 1000 });
        let disk: fn(&mut Reading, u64) = |reading, part| reading.disk = Some(Share { part, whole: 1000 });
        let slow: fn(&mut Reading, u64) = |reading, millis| reading.slowest = Some(millis);
        let hits: fn(&mut Reading, u64) = |reading, part| reading.hits = Some(Share { part, whole: 1000 });
        let memory: fn(&mut Reading, u64) = |reading, bytes| reading.memory = Some(bytes);
        let denied: fn(&mut Reading, u64) = |reading, times| reading.denied = Some(times);
        let pool: fn(&mut Reading, u64) = |reading, times| reading.no_connection = Some(times);
        let silent: fn(&mut Reading, u64) =
            |reading, days| reading.silent = Some(Some(("saves".to_owned(), days)));
        assert!(share(1, 2).is_some());
        vec![
            (AlertKind::ErrorRate, of(errors, 51), Some(of(errors, 50)), of(errors, 20)),
            (AlertKind::DiskLow, of(disk, 99), Some(of(disk, 100)), of(disk, 120)),
            (AlertKind::SlowOperation, of(slow, 1001), Some(of(slow, 1000)), of(slow, 500)),
            (AlertKind::HitRate, of(hits, 799), Some(of(hits, 800)), of(hits, 850)),
            (AlertKind::Memory, of(memory, 801), Some(of(memory, 800)), of(memory, 720)),
            (AlertKind::UnusualAccess, of(denied, 10), Some(of(denied, 9)), of(denied, 5)),
            (AlertKind::PoolExhausted, of(pool, 1), None, of(pool, 0)),
            (AlertKind::Silent, of(silent, 7), None, of(silent, 6)),
            (
                AlertKind::StorageUnavailable,
                Reading { storage: failed(), ..Reading::default() },
                None,
                Reading { storage: Some(None), ..Reading::default() },
            ),
            (
                AlertKind::Damage,
                Reading { damage: failed(), ..Reading::default() },
                None,
                Reading { damage: Some(None), ..Reading::default() },
            ),
            (
                AlertKind::BackupFailed,
                Reading { backup: failed(), ..Reading::default() },
                None,
                Reading { backup: Some(None), ..Reading::default() },
            ),
            (
                AlertKind::DrillFailed,
                Reading { drill: failed(), ..Reading::default() },
                None,
                Reading { drill: Some(None), ..Reading::default() },
            ),
            (
                AlertKind::ReadOnly,
                Reading { read_only: failed(), ..Reading::default() },
                None,
                Reading { read_only: Some(None), ..Reading::default() },
            ),
            (
                AlertKind::Cache,
                Reading { cache: failed(), ..Reading::default() },
                None,
                Reading { cache: Some(None), ..Reading::default() },
            ),
        ]
    }

    #[test]
    fn what_raises_an_alert_and_what_ends_it_lie_apart() {
        let table = table();
        assert_eq!(table.len(), AlertKind::ALL.len(), "every kind");
        for (kind, beyond, margin, well) in table {
            let mut alerts = Alerts::default();
            if let Some(margin) = &margin {
                assert!(
                    alerts.update(margin, &USUAL, at(0)).is_empty(),
                    "{kind:?} is not raised in the margin"
                );
            }
            let news = alerts.update(&beyond, &USUAL, at(1));
            assert_eq!(news.iter().map(|raised| raised.kind).collect::<Vec<_>>(), [kind]);
            assert_eq!(
                news[0].problem.is_some(),
                margin.is_none() && !matches!(kind, AlertKind::PoolExhausted | AlertKind::Silent)
            );
            for _ in 0..3 {
                assert!(alerts.update(&beyond, &USUAL, at(2)).is_empty(), "{kind:?} is told once");
            }
            if let Some(margin) = &margin {
                alerts.update(margin, &USUAL, at(3));
                assert_eq!(kinds(&alerts), [kind], "it stays in the margin");
            }
            alerts.update(&Reading::default(), &USUAL, at(3));
            assert_eq!(kinds(&alerts), [kind], "what is not known ends nothing");
            assert_eq!(alerts.raised()[0].since, at(1));
            alerts.update(&well, &USUAL, at(4));
            assert_eq!(kinds(&alerts), [], "{kind:?}");
            assert!(
                alerts.update(&beyond, &USUAL, at(5)).is_empty(),
                "{kind:?} came back soon: shown, not told"
            );
            assert_eq!(kinds(&alerts), [kind]);
            alerts.update(&well, &USUAL, at(6));
            assert_eq!(alerts.update(&beyond, &USUAL, at(7)).len(), 1, "{kind:?} came back after a while");
        }
    }

    #[test]
    fn a_few_calls_say_nothing_and_a_cold_cache_neither() {
        let mut alerts = Alerts::default();
        let reading = Reading {
            errors: Some(Share { part: 19, whole: 19 }),
            hits: Some(Share { part: 0, whole: 199 }),
            ..Reading::default()
        };
        assert!(alerts.update(&reading, &USUAL, at(0)).is_empty());
    }

    #[test]
    fn the_worst_comes_first_and_what_was_seen_is_out_of_the_way() {
        let mut alerts = Alerts::default();
        let slow = Reading { slowest: Some(2000), ..Reading::default() };
        alerts.update(&slow, &USUAL, at(0));
        let full = Reading { disk: Some(Share { part: 1, whole: 100 }), ..slow.clone() };
        alerts.update(&full, &USUAL, at(1));
        assert_eq!(kinds(&alerts), [AlertKind::DiskLow, AlertKind::SlowOperation]);
        alerts.dismiss(AlertKind::SlowOperation);
        alerts.update(&full, &USUAL, at(2));
        assert!(alerts.raised()[1].dismissed, "it stays so while it lasts");
        alerts.update(&Reading { slowest: Some(1), ..Reading::default() }, &USUAL, at(3));
        alerts.update(&slow, &USUAL, at(4));
        assert!(!alerts.raised()[1].dismissed, "and comes back when it was well in between");
    }

    #[test]
    fn a_clock_that_went_back_keeps_nobody_silent() {
        let mut alerts = Alerts::default();
        let (slow, well) = (
            Reading { slowest: Some(2000), ..Reading::default() },
            Reading { slowest: Some(0), ..Reading::default() },
        );
        assert_eq!(alerts.update(&slow, &USUAL, at(90_000)).len(), 1);
        alerts.update(&well, &USUAL, at(90_001));
        assert_eq!(alerts.update(&slow, &USUAL, at(0)).len(), 1);
    }

    proptest! {
        /// However a number sways, the player is told at most once in the span, and what is raised is beyond the margin's end.
        #[test]
        fn no_repeats(values in prop::collection::vec(0_u64..2000, 1..200), minutes in prop::collection::vec(1_i64..90, 200)) {
            let mut alerts = Alerts::default();
            let (mut now, mut told): (Timestamp, Option<Timestamp>) = (at(0), None);
            for (slowest, minutes) in values.into_iter().zip(minutes) {
                now += SignedDuration::from_mins(minutes);
                let was = !alerts.raised.is_empty();
                let news = alerts.update(&Reading { slowest: Some(slowest), ..Reading::default() }, &USUAL, now);
                let is = !alerts.raised.is_empty();
                prop_assert_eq!(is, slowest > 1000 || (was && slowest > 500));
                if !news.is_empty() {
                    prop_assert!(told.is_none_or(|told| now.duration_since(told) >= AGAIN));
                    told = Some(now);
                }
            }
        }
    }
}
