//! A copy of the library on another server, which may lag behind: asked only where that does no harm, and never where it is
//! behind what this program wrote or was told.

use std::{
    future::Future,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use deadpool_postgres::{Client, Pool};

use super::{
    failure::{Failure, Result},
    query,
};

/// How long the copy may take. The main server answers in less.
const PATIENCE: Duration = Duration::from_secs(3);

/// How long it is left alone after it did not answer.
const REST: Duration = Duration::from_secs(30);

/// The copy, and when it may be asked again.
#[derive(Debug)]
pub(super) struct Replica {
    pool: Pool,
    rests_until: Mutex<Option<Instant>>,
}

impl Replica {
    pub(super) fn new(pool: Pool) -> Self {
        Self { pool, rests_until: Mutex::default() }
    }

    /// Runs a read there; none where the copy is behind this revision, or does not serve.
    pub(super) async fn read<T, F>(&self, known: u64, read: impl Fn(Client) -> F) -> Option<T>
    where
        F: Future<Output = Result<T>>,
    {
        if self.is_resting() {
            return None;
        }
        let ask = async {
            let client = self.pool.get().await?;
            if query::revision_of(&client).await? < known {
                return Ok(None);
            }
            read(client).await.map(Some)
        };
        let answer = tokio::time::timeout(PATIENCE, ask).await.unwrap_or(Err(Failure::NoAnswer));
        answer.unwrap_or_else(|failure| {
            tracing::warn!(error = ?failure, "the copy of the library does not serve");
            self.pool.retain(|_, _| false);
            *self.rests_until.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now() + REST);
            None
        })
    }

    fn is_resting(&self) -> bool {
        let until = *self.rests_until.lock().unwrap_or_else(PoisonError::into_inner);
        until.is_some_and(|until| Instant::now() < until)
    }
}
