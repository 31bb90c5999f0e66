//! The real clock, for the programs that put a library together.

use std::{
    sync::LazyLock,
    time::{Duration, Instant},
};

use backstory_core::{
    clock::Clock,
    error::{Error, Result},
    model::SnapshotId,
};
use jiff::{Timestamp, tz::TimeZone};
use ring::rand::{SecureRandom as _, SystemRandom};
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

    fn secret(&self) -> Result<[u8; 16]> {
        let mut bytes = [0; 16];
        let filled = SystemRandom::new().fill(&mut bytes);
        filled.map_err(|_| Error::internal("The system gives no random bytes.")).map(|()| bytes)
    }

    fn zone(&self) -> String {
        TimeZone::system().iana_name().unwrap_or("UTC").to_owned()
    }

    fn zone_called(&self, name: &str) -> Option<TimeZone> {
        TimeZone::get(name).ok()
    }
}
