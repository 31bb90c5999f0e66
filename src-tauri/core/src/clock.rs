//! Time, identity and randomness, passed in: core never reads a clock, so every rule can be replayed.

use std::time::Duration;

use jiff::{Timestamp, tz::TimeZone};

use crate::{error::Result, model::SnapshotId};

/// What time it is, and new ids. The program gives the real one; tests give one they can set.
pub trait Clock: Send + Sync {
    /// The present moment.
    fn now(&self) -> Timestamp;
    /// How long it is since some moment that stays the same while the program runs: for spans. A clock that is set does not change
    /// it, where there is one that is never set.
    fn elapsed(&self) -> Duration {
        let since = self.now().duration_since(Timestamp::UNIX_EPOCH);
        Duration::try_from(since).unwrap_or_default()
    }
    /// A new, never used identity for a version: UUIDv7, rising within one process.
    fn snapshot_id(&self) -> SnapshotId;
    /// Bytes that nobody can guess.
    ///
    /// # Errors
    /// `internal` where the system gives none.
    fn secret(&self) -> Result<[u8; 16]>;
    /// The zone of the player's days, by its IANA name; UTC where that is not known.
    fn zone(&self) -> String {
        "UTC".to_owned()
    }
    /// What a zone of this name is; none where this computer does not know it.
    fn zone_called(&self, name: &str) -> Option<TimeZone> {
        (name == "UTC").then_some(TimeZone::UTC)
    }
}
