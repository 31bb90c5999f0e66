//! Time, identity and randomness, passed in: core never reads a clock, so every rule can be replayed.

use jiff::Timestamp;

use crate::{error::Result, model::SnapshotId};

/// What time it is, and new ids. The program gives the real one; tests give one they can set.
pub trait Clock: Send + Sync {
    /// The present moment.
    fn now(&self) -> Timestamp;
    /// A new, never used identity for a version: UUIDv7, rising within one process.
    fn snapshot_id(&self) -> SnapshotId;
    /// Bytes that nobody can guess.
    ///
    /// # Errors
    /// `internal` where the system gives none.
    fn secret(&self) -> Result<[u8; 16]>;
}
