//! The time a cache goes by, and how long its answers take.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

/// The time since something began, which never goes back: the computer's, or one that is set by hand.
#[derive(Debug, Clone)]
pub struct Stopwatch(Source);

#[derive(Debug, Clone)]
enum Source {
    Real(Instant),
    Hand(Arc<AtomicU64>),
}

/// Sets a stopwatch by hand: for whoever has to know what time it is.
#[derive(Debug, Clone, Default)]
pub struct Hand(Arc<AtomicU64>);

impl Default for Stopwatch {
    fn default() -> Self {
        Self(Source::Real(Instant::now()))
    }
}

impl Stopwatch {
    /// Nanoseconds since it began.
    pub(super) fn now(&self) -> u64 {
        match &self.0 {
            Source::Real(began) => nanoseconds(began.elapsed()),
            Source::Hand(hand) => hand.load(Ordering::SeqCst),
        }
    }
}

impl Hand {
    /// A stopwatch that shows what this hand shows.
    pub fn stopwatch(&self) -> Stopwatch {
        Stopwatch(Source::Hand(Arc::clone(&self.0)))
    }

    /// Lets time pass.
    pub fn advance(&self, by: Duration) {
        self.0.fetch_add(nanoseconds(by), Ordering::SeqCst);
    }

    /// What it shows.
    pub fn shows(&self) -> Duration {
        Duration::from_nanos(self.0.load(Ordering::SeqCst))
    }
}

/// As many as a number holds: 584 years.
pub(super) fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// Parts of each doubling: a percentile is at most so much too high, a ninth.
const PARTS: u32 = 8;

/// How often which length of time was seen, in steps that grow with it.
#[derive(Debug)]
pub(super) struct Latencies([AtomicU32; 36 * PARTS as usize]);

impl Default for Latencies {
    fn default() -> Self {
        Self([const { AtomicU32::new(0) }; 36 * PARTS as usize])
    }
}

impl Latencies {
    /// Notes a length in nanoseconds; from a minute on they are all the same.
    pub(super) fn note(&self, nanoseconds: u64) {
        if let Some(count) = self.0.get(step(nanoseconds)) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// What so many of a hundred took at most, in microseconds; 0 where nothing was noted.
    pub(super) fn percentile(&self, percent: u64) -> f64 {
        let counts: Vec<u64> = self.0.iter().map(|count| u64::from(count.load(Ordering::Relaxed))).collect();
        let wanted = (counts.iter().sum::<u64>() * percent).div_ceil(100).max(1);
        let mut seen = 0;
        for (step, count) in counts.iter().enumerate() {
            seen += count;
            if seen >= wanted {
                return end(step) / 1e3;
            }
        }
        0.0
    }
}

/// The step of a length: the doubling it is in, and the part of that.
fn step(nanoseconds: u64) -> usize {
    let n = nanoseconds.clamp(u64::from(PARTS), (1 << 36) - 1);
    let doubling = n.ilog2();
    let part = (n >> (doubling - PARTS.ilog2())) as u32 - PARTS;
    (doubling * PARTS + part) as usize
}

/// Where a step ends, in nanoseconds.
#[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "of small numbers")]
fn end(step: usize) -> f64 {
    let (doubling, part) = (step as u32 / PARTS, step as u32 % PARTS);
    2_f64.powi(doubling as i32) * (f64::from(PARTS + part + 1) / f64::from(PARTS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_right_within_a_part() {
        let latencies = Latencies::default();
        assert_eq!(latencies.percentile(50).to_bits(), 0_f64.to_bits(), "nothing was noted");
        (1..=1_000).for_each(|micro| latencies.note(micro * 1_000));
        for (percent, expected) in [(50, 500.0), (99, 990.0), (100, 1_000.0)] {
            let found = latencies.percentile(percent);
            assert!(found >= expected && found <= expected * 1.13, "{percent}: {found}");
        }
        latencies.note(u64::MAX);
        latencies.note(0);
        assert!(latencies.percentile(100) > 60e6);
    }
}
