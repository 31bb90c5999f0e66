//! Whether the time may be believed when something is to be destroyed for its age.
//!
//! A clock that is ten years ahead makes everything ten years older, and nothing in this computer contradicts it. So a store
//! keeps the latest moment that it vouches for, its mark, and moves it on in small steps only: thinning is allowed where the
//! clock stands near the mark. Where it stands far ahead (nobody thinned for months, or the clock jumped), somebody else has
//! to agree: a source that says of a version that it was edited about now, by its own clock, or the player. Versions that
//! were captured meanwhile do not count: this clock dated them. Where it stands behind the mark, nothing is thinned until it
//! is right again, or the player says so.
//!
//! Whoever lets a wrong clock run for a month within one step loses what would have gone a month later, and nothing else.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// How far ahead of what is vouched for the clock may stand.
pub const STEP: SignedDuration = SignedDuration::from_hours(31 * 24);
/// How far behind it: clocks are put right by minutes, and summer time by an hour.
const BACK: SignedDuration = SignedDuration::from_hours(24);

/// What a store keeps of the time: this store's own, since it tells of the computers that used it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClockMark {
    /// The latest moment that is vouched for.
    pub seen: Timestamp,
    /// The zone of days, weeks and months, where the library has no policy of its own that says it.
    pub zone: String,
}

impl ClockMark {
    /// The setting it is kept in.
    pub const SETTING: &'static str = "retention.clock";

    /// The mark of a store that has none: the last capture that is not of the future. Where every capture is, the first one,
    /// which the clock is then behind. Where there is none, there is nothing to destroy.
    pub fn first(captures: impl Iterator<Item = Timestamp> + Clone, now: Timestamp, zone: &str) -> Self {
        let seen = captures.clone().filter(|at| *at <= now).max().or_else(|| captures.min());
        Self { seen: seen.unwrap_or(now), zone: zone.to_owned() }
    }

    /// Why nothing may be destroyed by this time, if so. `edited` is when sources say that versions were edited.
    pub fn judge(&self, now: Timestamp, mut edited: impl Iterator<Item = Timestamp>) -> Option<ClockDoubt> {
        let seen = self.seen;
        if now.duration_since(seen) < -BACK {
            return Some(ClockDoubt { by: HeldBy::ClockBehind, now, seen });
        }
        let near = |at: Timestamp| now.duration_since(at) <= STEP;
        let agrees = |at: Timestamp| near(at) && at.duration_since(now) <= BACK;
        match near(seen) || edited.any(agrees) {
            true => None,
            false => Some(ClockDoubt { by: HeldBy::ClockAhead, now, seen }),
        }
    }

    /// The mark once something was done by this time. It goes back only where the player says that the clock is right.
    #[must_use]
    pub fn moved(self, now: Timestamp, confirmed: bool) -> Self {
        Self { seen: if confirmed { now } else { self.seen.max(now) }, ..self }
    }
}

/// Why a plan is not carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub enum HeldBy {
    /// The clock stands further ahead of what the library vouches for than can be believed by itself.
    ClockAhead,
    /// The clock stands before what the library has seen already.
    ClockBehind,
}

/// A plan that waits for the time to be confirmed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct ClockDoubt {
    /// Why.
    pub by: HeldBy,
    /// What the clock says.
    #[cfg_attr(test, ts(as = "String"))]
    pub now: Timestamp,
    /// The latest moment that the library vouches for.
    #[cfg_attr(test, ts(as = "String"))]
    pub seen: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(day: i64) -> Timestamp {
        Timestamp::from_second(1_750_000_000 + day * 86_400).unwrap()
    }

    #[test]
    fn the_time_is_believed_near_the_mark_and_where_a_source_agrees() {
        let mark = ClockMark { seen: day(0), zone: "UTC".to_owned() };
        let held =
            |now, edited: &[i64]| mark.judge(day(now), edited.iter().map(|&at| day(at))).map(|held| held.by);
        assert_eq!(held(0, &[]), None);
        assert_eq!(held(31, &[]), None);
        assert_eq!(held(32, &[]), Some(HeldBy::ClockAhead));
        assert_eq!(held(3650, &[0, -3]), Some(HeldBy::ClockAhead), "ten years ahead");
        assert_eq!(held(200, &[180]), None, "a source has seen this month");
        assert_eq!(held(200, &[160]), Some(HeldBy::ClockAhead));
        assert_eq!(held(200, &[400]), Some(HeldBy::ClockAhead), "a source that is wrong itself");
        assert_eq!(held(-1, &[]), None, "put right by a few hours");
        assert_eq!(held(-2, &[-2]), Some(HeldBy::ClockBehind));
        assert_eq!(held(-3650, &[-3650]), Some(HeldBy::ClockBehind), "ten years behind");
    }

    #[test]
    fn the_mark_goes_back_only_at_the_players_word() {
        let mark = ClockMark { seen: day(10), zone: "UTC".to_owned() };
        assert_eq!(mark.clone().moved(day(12), false).seen, day(12));
        assert_eq!(mark.clone().moved(day(9), false).seen, day(10));
        assert_eq!(mark.clone().moved(day(-500), true).seen, day(-500));
        let first = |captures: &[i64], now| {
            ClockMark::first(captures.iter().map(|&at| day(at)), day(now), "UTC").seen
        };
        assert_eq!(first(&[1, 5, 900], 7), day(5), "the future vouches for nothing");
        assert_eq!(first(&[1, 5], -3000), day(1));
        assert_eq!(first(&[], 7), day(7));
    }
}
