//! The computer's clock and new identities.

use backstory_core::{clock::Clock, model::SnapshotId};
use jiff::Timestamp;
use uuid::Uuid;

/// The real clock. Identities are UUIDv7 and rise within the process.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn snapshot_id(&self) -> SnapshotId {
        SnapshotId(Uuid::now_v7())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identities_rise() {
        let ids: Vec<_> = (0..1000).map(|_| SystemClock.snapshot_id()).collect();
        assert!(ids.windows(2).all(|pair| pair[0] < pair[1]));
    }
}
