//! When work is done that nobody asked for. Rules only: what the work is, [`crate::api::jobs`] says.

use std::{collections::BTreeMap, time::Duration};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::error::Error;

/// How long after a failure it is tried again, where it would not be time sooner.
const AGAIN: SignedDuration = SignedDuration::from_hours(1);

/// Work that is late by so many of its spans no longer waits until the player is away for long, nor for the mains.
const LATE: i32 = 3;

/// How long the player must be away for work that is late.
const A_MOMENT: Duration = Duration::from_secs(30);

/// What is known of a kind of work before anything was set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Habit {
    /// Its stable name: `verify`, `backup`, …
    pub name: &'static str,
    /// How often.
    pub every_hours: u32,
    /// How long nobody must have used the library before it begins.
    pub quiet: Duration,
    /// Whether it stops when somebody comes back, and is begun anew later.
    pub yields: bool,
}

/// What the player wants of a kind of work; what is not said is as usual.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
pub struct Wish {
    /// Never by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub off: Option<bool>,
    /// How often.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub every_hours: Option<u32>,
}

/// What the player wants, by the names of work: a setting of the store.
pub type Schedule = BTreeMap<String, Wish>;

/// How work ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(rename = "JobOutcome"))]
pub enum Outcome {
    /// To its end.
    Done,
    /// There was nothing to do.
    Nothing,
    /// It was stopped: the player came back, or wanted it.
    Stopped,
    /// It could not be done, or found something wrong.
    Failed,
}

/// When work was done last, and how that ended.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(rename = "JobRun"))]
pub struct Run {
    /// When it began.
    #[cfg_attr(test, ts(as = "String"))]
    pub at: Timestamp,
    /// How long it took.
    pub milliseconds: u64,
    /// How it ended.
    pub outcome: Outcome,
    /// What it did, in numbers, by their names.
    #[serde(default)]
    pub counts: BTreeMap<String, u64>,
    /// Why it failed, or what it found.
    #[serde(default)]
    pub problem: Option<Error>,
    /// When it was last done to its end, this time or before.
    #[serde(default)]
    #[cfg_attr(test, ts(as = "Option<String>"))]
    pub done_at: Option<Timestamp>,
}

/// What was done last of each kind of work, by its name: a setting of the store.
pub type Record = BTreeMap<String, Run>;

/// What goes on around the work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Circumstances {
    /// Since something was last asked of the library; none while it is being answered. A span of a clock that is never set.
    pub unused_for: Option<Duration>,
    /// Whether the computer runs on its battery.
    pub on_battery: bool,
}

impl Habit {
    /// How often, as the player wants it; none: never by itself.
    pub fn every(&self, schedule: &Schedule) -> Option<SignedDuration> {
        let wish = schedule.get(self.name).copied().unwrap_or_default();
        let hours = wish.every_hours.unwrap_or(self.every_hours).max(1);
        (wish.off != Some(true)).then(|| SignedDuration::from_hours(i64::from(hours)))
    }

    /// When it is time again; none: never by itself. What was done in the future, as the clock says now, was done by a clock that
    /// was wrong: then it is time now.
    pub fn due(&self, schedule: &Schedule, record: &Record, now: Timestamp) -> Option<Timestamp> {
        let every = self.every(schedule)?;
        let Some(run) = record.get(self.name).filter(|run| run.at <= now) else { return Some(now) };
        let after = |span| run.at.checked_add(span).unwrap_or(Timestamp::MAX);
        Some(match run.outcome {
            Outcome::Done | Outcome::Nothing => after(every),
            Outcome::Failed => after(every.min(AGAIN)),
            // It goes on when the player is away again.
            Outcome::Stopped => run.at,
        })
    }

    /// Whether it may begin now.
    pub fn may_begin(
        &self,
        schedule: &Schedule,
        record: &Record,
        around: Circumstances,
        now: Timestamp,
    ) -> bool {
        let Some((due, every)) = self.due(schedule, record, now).zip(self.every(schedule)) else {
            return false;
        };
        if due > now {
            return false;
        }
        let last = record.get(self.name).and_then(|run| run.done_at).filter(|at| *at <= now);
        let is_late = last.is_some_and(|last| now.duration_since(last) > every.saturating_mul(LATE));
        let quiet = if is_late { self.quiet.min(A_MOMENT) } else { self.quiet };
        around.unused_for.is_some_and(|unused| unused >= quiet) && (is_late || !around.on_battery)
    }
}

/// What is to be done next, where something may begin now: what has waited longest.
pub fn next<'h>(
    habits: impl IntoIterator<Item = &'h Habit>,
    schedule: &Schedule,
    record: &Record,
    around: Circumstances,
    now: Timestamp,
) -> Option<&'h Habit> {
    let ready = habits.into_iter().filter(|habit| habit.may_begin(schedule, record, around, now));
    ready.min_by_key(|habit| record.get(habit.name).map(|run| run.at))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const DAILY: Habit =
        Habit { name: "backup", every_hours: 24, quiet: Duration::from_secs(60), yields: false };
    const WEEKLY: Habit =
        Habit { name: "verify", every_hours: 168, quiet: Duration::from_secs(300), yields: true };
    const AWAY: Circumstances =
        Circumstances { unused_for: Some(Duration::from_secs(3600)), on_battery: false };

    fn hours(hours: i64) -> Timestamp {
        "2026-11-01T00:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_hours(hours)
    }

    fn run(at: Timestamp, outcome: Outcome) -> Run {
        let done_at = (outcome == Outcome::Done).then_some(at);
        Run { at, milliseconds: 1, outcome, counts: BTreeMap::new(), problem: None, done_at }
    }

    fn record(name: &str, run: Run) -> Record {
        Record::from([(name.to_owned(), run)])
    }

    #[test]
    fn when_it_is_time_again() {
        let nothing = Schedule::new();
        let hourly = Schedule::from([("backup".to_owned(), Wish { every_hours: Some(1), off: None })]);
        let off = Schedule::from([("backup".to_owned(), Wish { off: Some(true), every_hours: None })]);
        let now = hours(100);
        let table = [
            (&nothing, None, Some(now)),
            (&nothing, Some((90, Outcome::Done)), Some(hours(114))),
            (&nothing, Some((90, Outcome::Nothing)), Some(hours(114))),
            (&nothing, Some((90, Outcome::Failed)), Some(hours(91))),
            (&nothing, Some((90, Outcome::Stopped)), Some(hours(90))),
            // A clock that ran ahead for a while.
            (&nothing, Some((9000, Outcome::Done)), Some(now)),
            (&hourly, Some((90, Outcome::Done)), Some(hours(91))),
            (&hourly, Some((90, Outcome::Failed)), Some(hours(91))),
            (&off, None, None),
            (&off, Some((1, Outcome::Failed)), None),
        ];
        for (schedule, last, expected) in table {
            let record =
                last.map_or_else(Record::new, |(at, outcome)| record("backup", run(hours(at), outcome)));
            assert_eq!(DAILY.due(schedule, &record, now), expected, "{schedule:?} {last:?}");
        }
    }

    #[test]
    fn nobody_is_disturbed_and_what_is_late_is_done_all_the_same() {
        let none = Schedule::new();
        let around = |seconds: Option<u64>, on_battery| Circumstances {
            unused_for: seconds.map(Duration::from_secs),
            on_battery,
        };
        let due = record("verify", run(hours(0), Outcome::Done));
        let may = |around, at| WEEKLY.may_begin(&none, &due, around, hours(at));
        let table = [
            (around(Some(300), false), 168, true),
            (around(Some(299), false), 168, false),
            (around(None, false), 168, false),
            (around(Some(300), true), 168, false),
            (around(Some(300), false), 167, false),
            // Three weeks and more after the last time.
            (around(Some(30), false), 600, true),
            (around(Some(29), false), 600, false),
            (around(Some(30), true), 600, true),
            (around(None, true), 600, false),
        ];
        for (around, at, expected) in table {
            assert_eq!(may(around, at), expected, "{around:?} after {at} hours");
        }
    }

    #[test]
    fn what_waited_longest_comes_first() {
        let none = Schedule::new();
        let mut record = record("verify", run(hours(0), Outcome::Done));
        record.insert("backup".to_owned(), run(hours(10), Outcome::Done));
        let both = [DAILY, WEEKLY];
        let at = |at| next(&both, &none, &record, AWAY, hours(at)).map(|habit| habit.name);
        assert_eq!((at(20), at(40), at(200)), (None, Some("backup"), Some("verify")));
        let fresh = Record::new();
        assert_eq!(next(&both, &none, &fresh, AWAY, hours(0)).unwrap().name, "backup");
    }

    proptest! {
        #[test]
        fn it_is_time_once_and_then_not_again_before_it_is(
            spans in prop::collection::vec(0_i64..400, 1..60),
            jumps in prop::collection::vec(-90_000_i64..90_000, 1..60),
        ) {
            let (none, mut record) = (Schedule::new(), Record::new());
            let mut at = hours(0);
            let mut last: Option<Timestamp> = None;
            for (span, jump) in spans.into_iter().zip(jumps) {
                // Now and then somebody sets the clock by years.
                at += SignedDuration::from_hours(if jump % 7 == 0 { jump } else { span });
                let may = DAILY.may_begin(&none, &record, AWAY, at);
                let expected = last.is_none_or(|last| last > at || at.duration_since(last) >= SignedDuration::from_hours(24));
                prop_assert_eq!(may, expected);
                if may {
                    record.insert("backup".to_owned(), run(at, Outcome::Done));
                    last = Some(at);
                }
            }
        }
    }
}
