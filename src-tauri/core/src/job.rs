//! Long work: it reports progress and can be stopped.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

use crate::error::{Code, Error, Result};

/// Something that listens to long work. Implementations throttle; callers may report as often as they like.
pub trait Progress: Send + Sync {
    /// Takes one report. Must return at once.
    fn report(&self, event: ProgressEvent);
}

/// A listener that hears nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Progress for Silent {
    fn report(&self, _event: ProgressEvent) {}
}

/// One report of long work.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub enum ProgressEvent {
    /// The work has a name to stop it by, and a size.
    Started {
        /// Give this to `job.cancel`.
        job: u64,
        /// How many things there are to do.
        total: u64,
    },
    /// One file is being read.
    Reading {
        /// Its place in the list, from 0.
        index: u64,
        /// The path as given.
        path: String,
    },
    /// One file is done.
    File {
        /// Its place in the list, from 0.
        index: u64,
        /// What became of it.
        result: Box<crate::api::import::FileResult>,
    },
    /// How far it is.
    Advanced {
        /// Things done.
        done: u64,
        /// Things to do.
        total: u64,
    },
    /// Nothing happens until then: a source is not asked more often than it is polite to.
    Waiting {
        /// When it goes on.
        #[cfg_attr(test, ts(as = "String"))]
        until: Timestamp,
    },
}

/// How long nobody must have used the library before it is made smaller.
pub const UNUSED: Duration = Duration::from_secs(5 * 60);

/// How long at least between twice.
pub const BETWEEN: Duration = Duration::from_secs(60 * 60);

/// What decides whether the library may be made smaller while nobody uses it. Spans of a clock that is never set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Idle {
    /// Since something was last asked of the library; none while it is being answered.
    pub unused_for: Option<Duration>,
    /// Since it was last made smaller, wholly or not.
    pub since_last: Option<Duration>,
    /// How many documents there are.
    pub documents: u64,
    /// How many there were when all of them had been made smaller, or when the program was started.
    pub documents_then: u64,
}

impl Idle {
    /// Whether nobody uses the library, and did not for a while.
    pub fn is_quiet(&self) -> bool {
        self.unused_for.is_some_and(|unused| unused >= UNUSED)
            && self.since_last.is_none_or(|since| since >= BETWEEN)
    }

    /// Whether it is time. Where nothing new was stored, it never is.
    pub fn is_time(&self) -> bool {
        self.is_quiet() && self.documents != self.documents_then
    }
}

/// A flag that asks work to stop. Cheap to clone by reference; checked between steps that leave a whole state.
#[derive(Debug, Default)]
pub struct Cancel {
    asked: AtomicBool,
    told: Notify,
}

impl Cancel {
    /// Asks for a stop.
    pub fn cancel(&self) {
        self.asked.store(true, Ordering::Release);
        self.told.notify_waiters();
    }

    /// Whether a stop was asked for.
    pub fn is_cancelled(&self) -> bool {
        self.asked.load(Ordering::Acquire)
    }

    /// Comes back when a stop is asked for: for work that waits.
    pub async fn cancelled(&self) {
        let told = self.told.notified();
        tokio::pin!(told);
        // Listening first: a stop that is asked for between the look and the wait is heard.
        told.as_mut().enable();
        if !self.is_cancelled() {
            told.await;
        }
    }

    /// # Errors
    /// [`Code::Cancelled`] when a stop was asked for.
    pub fn check(&self) -> Result<()> {
        if self.is_cancelled() {
            return Err(Error::new(Code::Cancelled, "Stopped."));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_disturbed_and_nothing_is_done_twice() {
        let minutes = |minutes: u64| Some(Duration::from_secs(60 * minutes));
        let table = [
            // unused for, since the last time, documents now and then: is it time?
            (minutes(5), None, 8, 7, true),
            (minutes(600), None, 8, 7, true),
            (minutes(4), None, 8, 7, false),
            (minutes(0), None, 8, 7, false),
            (None, None, 8, 7, false),
            (None, minutes(600), 8, 7, false),
            (minutes(5), minutes(60), 8, 7, true),
            (minutes(5), minutes(59), 8, 7, false),
            (minutes(5), minutes(0), 8, 7, false),
            // Nothing new; some were taken away, and what leant on them was stored anew.
            (minutes(600), None, 8, 8, false),
            (minutes(600), minutes(600), 8, 8, false),
            (minutes(600), minutes(600), 6, 8, true),
            (minutes(600), None, 0, 0, false),
        ];
        for (unused_for, since_last, documents, documents_then, expected) in table {
            let idle = Idle { unused_for, since_last, documents, documents_then };
            assert_eq!(idle.is_time(), expected, "{idle:?}");
        }
    }
}
