//! Long work: it reports progress and can be stopped. When it is done unasked: [`schedule`]; by whom: [`lease`].

pub mod lease;
pub mod schedule;

use std::sync::atomic::{AtomicBool, Ordering};

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
    /// A character is being worked on.
    Character {
        /// What is done.
        doing: Doing,
        /// What it is called.
        name: String,
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

/// What is done with a character while a library moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub enum Doing {
    /// Its versions are read.
    Reading,
    /// Its versions are copied.
    Copying,
    /// What was copied is read back and compared.
    Comparing,
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
