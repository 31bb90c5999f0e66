//! Waiting for a commit of anybody, where only this process tells of its own.

use std::time::Duration;

use backstory_core::{error::Result, storage::CharacterStorage};
use tokio::{sync::watch, time::Instant};

/// Waits until the store's revision is above `since`, at most so long, and says what it is then. `commits` tells of this
/// process's own; those of others are found by looking again from time to time.
///
/// # Errors
/// As [`CharacterStorage::revision`].
pub(crate) async fn for_commit(
    storage: &impl CharacterStorage,
    mut commits: watch::Receiver<u64>,
    look_again: Duration,
    since: u64,
    at_most: Duration,
) -> Result<u64> {
    let deadline = Instant::now() + at_most;
    loop {
        let revision = storage.revision().await?;
        let now = Instant::now();
        if revision > since || now >= deadline {
            return Ok(revision);
        }
        let nap = look_again.min(deadline - now);
        // Whatever ends the nap, the store itself says what its revision is.
        let _ = tokio::time::timeout(nap, commits.wait_for(|revision| *revision > since)).await;
    }
}
