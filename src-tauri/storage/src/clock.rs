//! The real clock, for the programs that put a library together.

use std::{
    sync::LazyLock,
    time::{Duration, Instant},
};

use backstory_core::{clock::Clock, model::SnapshotId};
use jiff::Timestamp;
use uuid::Uuid;

/// The moment from which spans are counted.
static START: LazyLock<Instant> = LazyLock::new(Instant::now);

/// The system's time and its randomness. Ids rise within one process also when the clock goes back.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn elapsed(&self) -> Duration {
        START.elapsed()
    }

    fn snapshot_id(&self) -> SnapshotId {
        SnapshotId(Uuid::now_v7())
    }
}
