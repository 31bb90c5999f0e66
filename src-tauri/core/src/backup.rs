//! Backups: what one claims of itself, and which are kept. Making and reading them is the host's ([`crate::api::backup`]).

use std::collections::BTreeSet;

use jiff::{Timestamp, tz::TimeZone};
use serde::{Deserialize, Serialize};

use crate::{
    error::{Code, Error},
    storage::StorageStatistics,
};

/// So many of those that were made before something was changed are kept, whatever else is.
const BEFORE_CHANGES: usize = 3;

/// Why a backup was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(rename = "BackupReason"))]
pub enum Reason {
    /// The player asked for it.
    Asked,
    /// It was time.
    Scheduled,
    /// Another library was about to be copied into this one, or this one to be emptied after a copy.
    BeforeMigration,
    /// The key of the library was about to be changed.
    BeforeKeyChange,
    /// The library was encrypted or got new keys, and with that every backup from before went.
    AfterKeyChange,
    /// A part was about to be erased.
    BeforeErase,
    /// A part was erased, and with it every backup that had it.
    AfterErase,
    /// A backup was about to be brought back.
    BeforeRestore,
}

impl Reason {
    /// Whether it is for the case that a change goes wrong.
    fn is_before_change(self) -> bool {
        use Reason::{BeforeErase, BeforeKeyChange, BeforeMigration, BeforeRestore};
        matches!(self, BeforeMigration | BeforeKeyChange | BeforeErase | BeforeRestore)
    }
}

/// How many backups are kept: the last of each of so many days, weeks and months in which there is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(rename = "BackupKeep"))]
#[allow(missing_docs, reason = "named after what they count")]
pub struct Keep {
    pub daily: u32,
    pub weekly: u32,
    pub monthly: u32,
}

/// What a backup says is in it: written when it was made and read back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "named after what they count")]
pub struct Claim {
    /// Where the library was. Never holds a password.
    pub library: String,
    /// The kind of its store.
    pub kind: String,
    /// When it was made.
    pub made_at: Timestamp,
    /// Why.
    pub reason: Reason,
    /// Backstory's version.
    pub program: String,
    /// The library's revision.
    pub revision: u64,
    pub characters: u64,
    pub versions: u64,
    pub contents: u64,
    pub captures: u64,
    pub document_bytes: u64,
    /// The length of the file.
    pub bytes: u64,
    /// The BLAKE3 of the file, in hexadecimal digits.
    pub blake3: String,
}

impl Claim {
    /// Whether a store that was opened holds what is claimed.
    ///
    /// # Errors
    /// `backup_damaged`, with what is missing.
    pub fn check(&self, found: &StorageStatistics) -> Result<(), Error> {
        let pairs = [
            ("characters", self.characters, found.characters),
            ("versions", self.versions, found.versions),
            ("documents", self.contents, found.contents),
            ("captures", self.captures, found.captures),
            ("bytes of documents", self.document_bytes, found.document_bytes),
        ];
        match pairs.iter().find(|(_, claimed, found)| claimed != found) {
            None => Ok(()),
            Some((what, claimed, found)) => {
                Err(damaged(format!("The backup says it has {claimed} {what}, and has {found}.")))
            }
        }
    }

    /// Whether nothing was saved in the library since. `feed_is_empty`: its change feed tells of nothing after
    /// [`Claim::revision`].
    pub fn is_current(&self, library: &StorageStatistics, feed_is_empty: bool) -> bool {
        feed_is_empty && self.check(library).is_ok()
    }
}

/// That a backup is not what it was.
pub fn damaged(message: impl Into<String>) -> Error {
    Error::new(Code::BackupDamaged, message)
        .kept("The library itself is not affected, nor are the other backups.")
        .hint("Make a new one: backstory backup now. If it happens again, keep backups on another disk.")
}

/// A backup that is there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Backup {
    /// What it is called: its folder's name.
    pub name: String,
    /// When it was made.
    #[cfg_attr(test, ts(as = "String"))]
    pub made_at: Timestamp,
    /// Why; none where what it says of itself cannot be read.
    pub reason: Option<Reason>,
    /// The length of its file.
    pub bytes: u64,
    /// Characters in it.
    pub characters: u64,
    /// Versions in it.
    pub versions: u64,
}

/// What a restore drill found.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Drill {
    /// Which backup; none where there is none.
    pub backup: Option<String>,
    /// When it was tried.
    #[cfg_attr(test, ts(as = "String"))]
    pub at: Timestamp,
    /// Whether it could be opened somewhere else and holds everything it says.
    pub ok: bool,
    /// What is wrong.
    pub problem: Option<Error>,
    /// Characters found.
    pub characters: u64,
    /// Versions found.
    pub versions: u64,
    /// Bytes of documents that were decoded and compared with their hash.
    pub bytes: u64,
}

/// Which of these backups are kept, by their places in the list. What is not there may go.
///
/// Days, weeks and months are counted by the backups there are, not by the calendar: a clock that jumps takes none away.
pub fn kept(backups: &[Backup], keep: Keep, zone: &TimeZone) -> BTreeSet<usize> {
    let mut order: Vec<usize> = (0..backups.len()).collect();
    order.sort_by(|&a, &b| {
        let key = |at: usize| (backups[at].made_at, &backups[at].name);
        key(b).cmp(&key(a))
    });
    // One that cannot be read is no reason to let a good one go; it stays until somebody looked.
    let (sound, broken): (Vec<_>, Vec<_>) = order.into_iter().partition(|&at| backups[at].reason.is_some());
    let mut kept: BTreeSet<usize> = broken.into_iter().collect();
    kept.extend(sound.first());
    let is_before = |at: &usize| backups[*at].reason.is_some_and(Reason::is_before_change);
    kept.extend(sound.iter().copied().filter(is_before).take(BEFORE_CHANGES));
    for (many, period) in
        [(keep.daily, Period::Day), (keep.weekly, Period::Week), (keep.monthly, Period::Month)]
    {
        let mut periods = BTreeSet::new();
        for &at in &sound {
            let is_last_of_it = periods.insert(period.of(backups[at].made_at, zone));
            if periods.len() > many as usize {
                break;
            }
            if is_last_of_it {
                kept.insert(at);
            }
        }
    }
    kept
}

#[derive(Clone, Copy)]
enum Period {
    Day,
    Week,
    Month,
}

impl Period {
    /// Stands for the period that a moment lies in.
    fn of(self, at: Timestamp, zone: &TimeZone) -> (i16, i16) {
        let date = at.to_zoned(zone.clone()).date();
        match self {
            Self::Day => (date.year(), date.day_of_year()),
            Self::Week => {
                let week = date.iso_week_date();
                (week.year(), i16::from(week.week()))
            }
            Self::Month => (date.year(), i16::from(date.month())),
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::{SignedDuration, ToSpan};
    use proptest::prelude::*;

    use super::*;

    const KEEP: Keep = Keep { daily: 7, weekly: 4, monthly: 12 };

    fn backup(at: &str, reason: Reason) -> Backup {
        let made_at = at.parse().unwrap();
        Backup { name: at.to_owned(), made_at, reason: Some(reason), bytes: 1, characters: 1, versions: 1 }
    }

    fn names(backups: &[Backup], keep: Keep) -> Vec<&str> {
        kept(backups, keep, &TimeZone::UTC).into_iter().map(|at| backups[at].name.as_str()).collect()
    }

    #[test]
    fn the_last_of_each_day_week_and_month() {
        let start: Timestamp = "2025-01-01T03:00:00Z".parse().unwrap();
        let day = |n: i64| start + SignedDuration::from_hours(24 * n);
        let daily: Vec<_> = (0..400).map(|n| backup(&day(n).to_string(), Reason::Scheduled)).collect();
        let kept = names(&daily, KEEP);
        // 7 days; of 4 weeks the last of each, the running one being among the days; of 12 months likewise.
        assert_eq!(kept.len(), 7 + 2 + 10, "{kept:?}");
        assert_eq!(kept.last().unwrap(), &"2026-02-04T03:00:00Z");
        assert!(kept.contains(&"2026-01-31T03:00:00Z") && kept.contains(&"2025-03-31T03:00:00Z"));
        assert!(!kept.contains(&"2025-02-28T03:00:00Z"), "that is thirteen months ago");
    }

    #[test]
    fn of_a_day_the_last_stays_and_what_was_made_before_a_change() {
        let mut day = vec![
            backup("2026-11-30T08:00:00Z", Reason::BeforeMigration),
            backup("2026-11-30T09:00:00Z", Reason::Asked),
            backup("2026-11-30T10:00:00Z", Reason::Scheduled),
        ];
        assert_eq!(names(&day, KEEP), ["2026-11-30T08:00:00Z", "2026-11-30T10:00:00Z"]);
        day.extend((11..15).map(|hour| backup(&format!("2026-11-30T{hour}:00:00Z"), Reason::BeforeErase)));
        day.push(backup("2026-11-30T20:00:00Z", Reason::Scheduled));
        let last =
            ["2026-11-30T12:00:00Z", "2026-11-30T13:00:00Z", "2026-11-30T14:00:00Z", "2026-11-30T20:00:00Z"];
        assert_eq!(names(&day, KEEP), last);
        day[1].reason = None;
        assert!(names(&day, KEEP).contains(&"2026-11-30T09:00:00Z"), "it is not known what is in it");
    }

    #[test]
    fn nothing_kept_is_still_the_newest() {
        let none = Keep { daily: 0, weekly: 0, monthly: 0 };
        let two =
            [backup("2026-11-29T08:00:00Z", Reason::Asked), backup("2026-11-30T08:00:00Z", Reason::Asked)];
        assert_eq!(names(&two, none), ["2026-11-30T08:00:00Z"]);
        assert!(names(&[], KEEP).is_empty());
    }

    #[test]
    fn a_day_is_the_players() {
        let two =
            [backup("2026-11-29T22:30:00Z", Reason::Asked), backup("2026-11-29T23:30:00Z", Reason::Asked)];
        let keep = Keep { daily: 7, weekly: 0, monthly: 0 };
        assert_eq!(kept(&two, keep, &TimeZone::UTC).len(), 1);
        let berlin = TimeZone::fixed(jiff::tz::offset(1));
        assert_eq!(kept(&two, keep, &berlin).len(), 2, "there the second is of the next day");
    }

    #[test]
    fn what_is_claimed_is_counted() {
        let found = StorageStatistics {
            characters: 3,
            versions: 10,
            contents: 9,
            captures: 12,
            document_bytes: 70,
            ..StorageStatistics::default()
        };
        let claim = Claim {
            library: String::new(),
            kind: "sqlite".to_owned(),
            made_at: Timestamp::UNIX_EPOCH,
            reason: Reason::Asked,
            program: String::new(),
            revision: 4,
            characters: 3,
            versions: 10,
            contents: 9,
            captures: 12,
            document_bytes: 70,
            bytes: 1,
            blake3: String::new(),
        };
        claim.check(&found).unwrap();
        assert!(claim.is_current(&found, true) && !claim.is_current(&found, false));
        let lacking = StorageStatistics { versions: 9, ..found };
        let error = claim.check(&lacking).unwrap_err();
        assert_eq!(
            (error.code, error.message.as_str()),
            (Code::BackupDamaged, "The backup says it has 10 versions, and has 9.")
        );
        assert!(!claim.is_current(&lacking, true));
    }

    fn any_backups() -> impl Strategy<Value = Vec<Backup>> {
        let one = (0_i64..900 * 24, 0_usize..4);
        prop::collection::vec(one, 0..120).prop_map(|all| {
            let start: Timestamp = "2024-01-01T00:00:00Z".parse().unwrap();
            let reasons = [Some(Reason::Asked), Some(Reason::Scheduled), Some(Reason::BeforeErase), None];
            let make = |(n, (hours, reason)): (usize, (i64, usize))| {
                let made_at = start + hours.hours();
                let reason = reasons[reason];
                Backup {
                    name: format!("{made_at} {n}"),
                    made_at,
                    reason,
                    bytes: 1,
                    characters: 1,
                    versions: 1,
                }
            };
            all.into_iter().enumerate().map(make).collect()
        })
    }

    proptest! {
        #[test]
        fn rotation(backups in any_backups(), daily in 0_u32..9, weekly in 0_u32..6, monthly in 0_u32..14) {
            let keep = Keep { daily, weekly, monthly };
            let zone = TimeZone::UTC;
            let stays = kept(&backups, keep, &zone);
            let sound = backups.iter().filter(|backup| backup.reason.is_some());
            if let Some(newest) = sound.max_by(|a, b| (a.made_at, &a.name).cmp(&(b.made_at, &b.name))) {
                prop_assert!(stays.iter().any(|&at| backups[at] == *newest), "the newest stays");
            }
            let broken = backups.iter().filter(|backup| backup.reason.is_none()).count();
            prop_assert!(stays.len() - broken <= 1 + BEFORE_CHANGES + (daily + weekly + monthly) as usize);
            // What stayed once stays again.
            let left: Vec<Backup> = stays.iter().map(|&at| backups[at].clone()).collect();
            prop_assert_eq!(kept(&left, keep, &zone).len(), left.len());
            // The order of the list is nobody's business.
            let turned: Vec<Backup> = backups.iter().rev().cloned().collect();
            let again: BTreeSet<usize> = kept(&turned, keep, &zone).into_iter().map(|at| backups.len() - 1 - at).collect();
            prop_assert_eq!(stays, again);
        }
    }
}
