//! How long the store takes, and how often it fails: counted in room that does not grow.

use std::{
    collections::VecDeque,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use serde::{Deserialize, Serialize};

use crate::error::{Code, Error};

/// What is asked of a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(rename = "StoreOperation"))]
pub enum Operation {
    /// A list of characters.
    Query,
    /// What can be filtered by.
    Facets,
    /// Versions of a character.
    History,
    /// Where words appeared.
    Search,
    /// A document, decoded and compared with its hash.
    Document,
    /// Something small: revision, sightings, members, settings, the change feed.
    Look,
    /// Getting a turn to write.
    Begin,
    /// Writing in a transaction, and reading there.
    Write,
    /// Making it durable.
    Commit,
    /// Looking everything over, mending, recompressing, cleaning up, counting.
    Upkeep,
}

impl Operation {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Query,
        Self::Facets,
        Self::History,
        Self::Search,
        Self::Document,
        Self::Look,
        Self::Begin,
        Self::Write,
        Self::Commit,
        Self::Upkeep,
    ];

    /// Its stable name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::Facets => "facets",
            Self::History => "history",
            Self::Search => "search",
            Self::Document => "document",
            Self::Look => "look",
            Self::Begin => "begin",
            Self::Write => "write",
            Self::Commit => "commit",
            Self::Upkeep => "upkeep",
        }
    }

    /// Whether a player waits for it.
    fn is_waited_for(self) -> bool {
        self != Self::Upkeep
    }
}

/// Each doubling of time has so many buckets: a quantile is at most a sixteenth too high.
const PARTS: usize = 16;
/// Longer than 2³⁶ microseconds, 19 hours, is as long as that.
const DOUBLINGS: usize = 37;
const BUCKETS: usize = (DOUBLINGS - 3) * PARTS;

/// How often something took how long: 544 numbers, however much is counted.
#[derive(Debug)]
pub struct Histogram {
    buckets: Box<[AtomicU64]>,
    /// Microseconds in all.
    sum: AtomicU64,
}

impl Default for Histogram {
    fn default() -> Self {
        Self { buckets: (0..BUCKETS).map(|_| AtomicU64::new(0)).collect(), sum: AtomicU64::new(0) }
    }
}

impl Histogram {
    /// Counts one.
    pub fn record(&self, took: Duration) {
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.buckets[bucket(micros)].fetch_add(1, Ordering::Relaxed);
        self.sum.fetch_add(micros, Ordering::Relaxed);
    }

    /// How many were counted.
    pub fn count(&self) -> u64 {
        self.buckets.iter().map(|bucket| bucket.load(Ordering::Relaxed)).sum()
    }

    /// Microseconds in all.
    pub fn sum(&self) -> u64 {
        self.sum.load(Ordering::Relaxed)
    }

    /// What a share of those counted did not exceed, in microseconds; none where nothing was counted. At most a sixteenth too high.
    pub fn quantile(&self, share: f64) -> Option<u64> {
        let counts: Vec<u64> = self.buckets.iter().map(|bucket| bucket.load(Ordering::Relaxed)).collect();
        let all: u64 = counts.iter().sum();
        let wanted = ((all as f64 * share).ceil() as u64).clamp(1, all.max(1));
        let mut seen = 0;
        let found = counts.iter().position(|count| {
            seen += count;
            seen >= wanted
        });
        found.map(highest)
    }
}

fn bucket(micros: u64) -> usize {
    if micros < PARTS as u64 {
        return micros as usize;
    }
    let doubling = (63 - micros.leading_zeros() as usize).min(DOUBLINGS - 1);
    let part = ((micros >> (doubling - 4)) as usize).min(2 * PARTS - 1) % PARTS;
    (doubling - 3) * PARTS + part
}

/// The longest that a bucket stands for.
fn highest(bucket: usize) -> u64 {
    if bucket < PARTS {
        return bucket as u64;
    }
    let (doubling, part) = (bucket / PARTS + 3, bucket % PARTS);
    (((PARTS + part + 1) as u64) << (doubling - 4)) - 1
}

/// How many minutes are looked at for what is going on now.
const MINUTES: u64 = 10;

/// What happened in one minute.
#[derive(Debug, Clone, Copy, Default)]
struct Minute {
    number: u64,
    calls: u64,
    errors: u64,
    denied: u64,
    /// Answers that never came because all connections were in use.
    no_connection: u64,
    slowest: Option<(Operation, u64)>,
}

/// What is counted of a store, for as long as the program runs.
#[derive(Debug)]
pub struct Metrics {
    times: [Histogram; Operation::ALL.len()],
    errors: [AtomicU64; Operation::ALL.len()],
    recent: Mutex<VecDeque<Minute>>,
}

impl Default for Metrics {
    fn default() -> Self {
        Self {
            times: std::array::from_fn(|_| Histogram::default()),
            errors: std::array::from_fn(|_| AtomicU64::new(0)),
            recent: Mutex::default(),
        }
    }
}

/// How long one kind of operation takes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Latency {
    /// Which.
    pub operation: Operation,
    /// How often it was asked.
    pub count: u64,
    /// How often the store could not answer.
    pub errors: u64,
    /// Milliseconds that half of them did not exceed.
    pub p50: f64,
    /// Milliseconds that 95 of 100 did not exceed.
    pub p95: f64,
    /// Milliseconds that 99 of 100 did not exceed.
    pub p99: f64,
}

/// What went on in the last ten minutes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Recent {
    /// What was asked of the store.
    pub calls: u64,
    /// What it could not answer.
    pub errors: u64,
    /// What whoever asked may not know.
    pub denied: u64,
    /// How often all connections were in use for too long.
    pub no_connection: u64,
    /// The slowest that a player waited for, and its milliseconds.
    pub slowest: Option<(Operation, u64)>,
}

impl Metrics {
    /// Counts an answer. `now` is a span since some moment that stays the same.
    pub fn record(&self, operation: Operation, took: Duration, answer: Answer, now: Duration) {
        let place = operation as usize;
        self.times[place].record(took);
        if answer.is_failure() {
            self.errors[place].fetch_add(1, Ordering::Relaxed);
        }
        let number = now.as_secs() / 60;
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        if recent.back().is_none_or(|last| last.number < number) {
            recent.push_back(Minute { number, ..Minute::default() });
        }
        while recent.front().is_some_and(|first| first.number + MINUTES <= number) {
            recent.pop_front();
        }
        let Some(minute) = recent.back_mut() else { return };
        minute.calls += 1;
        minute.errors += u64::from(answer.is_failure());
        minute.denied += u64::from(answer == Answer::Denied);
        minute.no_connection += u64::from(answer == Answer::NoConnection);
        let millis = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        if operation.is_waited_for() && minute.slowest.is_none_or(|(_, slowest)| millis > slowest) {
            minute.slowest = Some((operation, millis));
        }
    }

    /// What went on in the last ten minutes.
    pub fn recent(&self, now: Duration) -> Recent {
        let number = now.as_secs() / 60;
        let recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        let mut sum = Recent::default();
        for minute in recent.iter().filter(|minute| minute.number + MINUTES > number) {
            sum.calls += minute.calls;
            sum.errors += minute.errors;
            sum.denied += minute.denied;
            sum.no_connection += minute.no_connection;
            if minute.slowest.map(|(_, millis)| millis) > sum.slowest.map(|(_, millis)| millis) {
                sum.slowest = minute.slowest;
            }
        }
        sum
    }

    /// How long each kind of operation takes, of those that were asked.
    pub fn latencies(&self) -> Vec<Latency> {
        let one = |operation: Operation| {
            let times = &self.times[operation as usize];
            let millis = |share| times.quantile(share).map(|micros| micros as f64 / 1000.0);
            Some(Latency {
                operation,
                count: times.count(),
                errors: self.errors[operation as usize].load(Ordering::Relaxed),
                p50: millis(0.5)?,
                p95: millis(0.95)?,
                p99: millis(0.99)?,
            })
        };
        Operation::ALL.into_iter().filter_map(one).collect()
    }

    /// Microseconds that an operation took in all.
    pub fn total(&self, operation: Operation) -> u64 {
        self.times[operation as usize].sum()
    }
}

/// What became of a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// There was one. That something is not there, is in conflict or was stopped is one, too.
    Given,
    /// Whoever asked may not know.
    Denied,
    /// The store could not.
    Failed,
    /// All its connections were in use.
    NoConnection,
}

impl Answer {
    /// What a result is.
    pub fn of<T>(result: &Result<T, Error>) -> Self {
        let Err(error) = result else { return Self::Given };
        match error.code {
            Code::AccessDenied => Self::Denied,
            Code::StoreBusy if error.details.contains_key("no_connection") => Self::NoConnection,
            Code::StoreBusy
            | Code::StoreDamaged
            | Code::StoreUnreachable
            | Code::StorageFull
            | Code::StorageFailed
            | Code::Internal => Self::Failed,
            _ => Self::Given,
        }
    }

    fn is_failure(self) -> bool {
        matches!(self, Self::Failed | Self::NoConnection)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_time_has_a_bucket_and_buckets_rise() {
        assert_eq!(bucket(0), 0);
        assert_eq!(bucket(15), 15);
        assert_eq!(bucket(16), 16);
        assert_eq!(bucket(u64::MAX), BUCKETS - 1);
        for bucket in 1..BUCKETS {
            assert!(highest(bucket) > highest(bucket - 1), "{bucket}");
            assert_eq!(super::bucket(highest(bucket)), bucket);
            assert_eq!(super::bucket(highest(bucket - 1) + 1), bucket);
        }
    }

    proptest! {
        #[test]
        fn a_quantile_is_at_most_a_sixteenth_too_high(
            times in prop::collection::vec(0_u64..100_000_000, 1..300),
            share in 0.01_f64..1.0,
        ) {
            let histogram = Histogram::default();
            let mut sorted = times.clone();
            sorted.sort_unstable();
            for time in times {
                histogram.record(Duration::from_micros(time));
            }
            let exact = sorted[(sorted.len() as f64 * share).ceil() as usize - 1];
            let told = histogram.quantile(share).unwrap();
            prop_assert!(told >= exact && told as f64 <= exact as f64 * (1.0 + 1.0 / 16.0) + 1.0, "{told} for {exact}");
            prop_assert_eq!(histogram.count(), sorted.len() as u64);
        }
    }

    #[test]
    fn nothing_counted_is_no_number() {
        assert_eq!(Histogram::default().quantile(0.5), None);
        assert!(Metrics::default().latencies().is_empty());
    }

    #[test]
    fn ten_minutes_are_looked_at() {
        let metrics = Metrics::default();
        let at = |minute: u64| Duration::from_secs(60 * minute + 5);
        metrics.record(Operation::Query, Duration::from_millis(1500), Answer::Given, at(0));
        metrics.record(Operation::Upkeep, Duration::from_secs(60), Answer::Denied, at(1));
        metrics.record(Operation::Commit, Duration::from_millis(3), Answer::NoConnection, at(3));
        let recent = metrics.recent(at(9));
        assert_eq!(
            recent,
            Recent {
                calls: 3,
                errors: 1,
                denied: 1,
                no_connection: 1,
                slowest: Some((Operation::Query, 1500))
            }
        );
        assert_eq!(metrics.recent(at(10)).slowest, Some((Operation::Commit, 3)), "nobody waits for upkeep");
        assert_eq!(metrics.recent(at(13)), Recent::default());
        metrics.record(Operation::Query, Duration::ZERO, Answer::Given, at(13));
        assert_eq!(metrics.recent(at(13)).calls, 1);
        let latencies = metrics.latencies();
        assert_eq!(
            latencies.iter().map(|one| (one.operation, one.count, one.errors)).collect::<Vec<_>>(),
            [(Operation::Query, 2, 0), (Operation::Commit, 1, 1), (Operation::Upkeep, 1, 0),]
        );
    }

    #[test]
    fn an_answer_that_says_no_is_no_failure() {
        let of = |code| Answer::of::<()>(&Err(Error::new(code, "")));
        for code in [
            Code::Conflict,
            Code::CharacterNotFound,
            Code::VersionNotFound,
            Code::Cancelled,
            Code::InvalidArgument,
            Code::StoreReadOnly,
        ] {
            assert_eq!(of(code), Answer::Given, "{code:?}");
        }
        for code in [Code::StorageFull, Code::StoreUnreachable, Code::StoreBusy, Code::StoreDamaged] {
            assert_eq!(of(code), Answer::Failed, "{code:?}");
        }
        assert_eq!(of(Code::AccessDenied), Answer::Denied);
        let busy = Err(Error::new(Code::StoreBusy, "").detail("no_connection", true));
        assert_eq!(Answer::of::<()>(&busy), Answer::NoConnection);
        assert_eq!(Answer::of(&Ok(())), Answer::Given);
    }
}
