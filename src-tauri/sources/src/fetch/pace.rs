//! How often a source is asked: at most once in a while, by all programs of this account together.
//!
//! A small file in the data folder says when it was asked last and from when on it may be asked again. It is locked only
//! while it is read and written, never while somebody waits: whoever comes first after the time is up has the turn.

use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use async_trait::async_trait;
use backstory_core::{
    error::{Error, Result},
    job::{Cancel, Progress, ProgressEvent},
};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::answer;
use crate::small;

/// Between two characters.
pub(super) const BETWEEN: SignedDuration = SignedDuration::from_secs(30);
/// Nobody waits longer than this without being asked: it is said when to come back instead.
pub(super) const PATIENCE: SignedDuration = SignedDuration::from_mins(2);
/// No server means more than a day.
const LONGEST: SignedDuration = SignedDuration::from_hours(24);

/// The time, and waiting for it.
#[async_trait]
pub trait Timer: Send + Sync {
    /// What time it is.
    fn now(&self) -> Timestamp;
    /// Comes back after this long.
    async fn wait(&self, long: Duration);
}

/// The system's time.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemTimer;

#[async_trait]
impl Timer for SystemTimer {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    async fn wait(&self, long: Duration) {
        tokio::time::sleep(long).await;
    }
}

/// What the file says.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Asked {
    last: Timestamp,
    not_before: Timestamp,
}

/// Gives out the turns.
#[derive(Clone)]
pub(super) struct Pace {
    path: PathBuf,
    pub(super) timer: Arc<dyn Timer>,
}

impl Pace {
    pub(super) fn in_folder(folder: &Path, timer: Arc<dyn Timer>) -> Self {
        Self { path: folder.join("ddb-asked.json"), timer }
    }

    /// Waits for a turn and takes it.
    ///
    /// # Errors
    /// `rate_limited` where that is too long to wait for, `cancelled`, `storage_failed`.
    pub(super) async fn turn(&self, progress: &dyn Progress, cancel: &Cancel) -> Result<()> {
        loop {
            cancel.check()?;
            match self.claim().await? {
                None => return Ok(()),
                Some(at) if at.duration_since(self.timer.now()) > PATIENCE => {
                    return Err(answer::rate_limited(Some(at)));
                }
                Some(at) => self.wait_until(at, progress, cancel).await?,
            }
        }
    }

    /// Waits until then, unless it is stopped.
    ///
    /// # Errors
    /// `cancelled`.
    pub(super) async fn wait_until(
        &self,
        at: Timestamp,
        progress: &dyn Progress,
        cancel: &Cancel,
    ) -> Result<()> {
        let long = at.duration_since(self.timer.now()).unsigned_abs();
        progress.report(ProgressEvent::Waiting { until: at });
        tokio::select! {
            () = self.timer.wait(long) => {}
            () = cancel.cancelled() => {}
        }
        cancel.check()
    }

    /// Nobody asks again before then.
    pub(super) async fn pause(&self, until: Timestamp) -> Result<()> {
        self.change(move |_, now| {
            let not_before = until.min(now + LONGEST).max(now + BETWEEN);
            (Some(Asked { last: now, not_before }), ())
        })
        .await
    }

    /// Takes the turn, or says from when on there is one.
    async fn claim(&self) -> Result<Option<Timestamp>> {
        self.change(|asked, now| match asked {
            // A last time in the future is a clock that was set back since: it says nothing.
            Some(Asked { last, not_before }) if last <= now && now < not_before => (None, Some(not_before)),
            _ => (Some(Asked { last: now, not_before: now + BETWEEN }), None),
        })
        .await
    }

    async fn change<T: Send + 'static>(
        &self,
        decide: impl FnOnce(Option<Asked>, Timestamp) -> (Option<Asked>, T) + Send + 'static,
    ) -> Result<T> {
        let (path, timer) = (self.path.clone(), Arc::clone(&self.timer));
        let changing = tokio::task::spawn_blocking(move || {
            // The time is taken inside the lock: else somebody who waited for it would come from the past.
            locked(&path, |asked| decide(asked, timer.now())).map_err(|error| small::unwritable(&path, error))
        });
        changing.await.map_err(|e| Error::internal("The pace was lost.").caused_by(e))?
    }
}

/// Reads the file and writes what is decided, while no other program does.
fn locked<T>(path: &Path, decide: impl FnOnce(Option<Asked>) -> (Option<Asked>, T)) -> io::Result<T> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let mut file = File::options().read(true).write(true).create(true).truncate(false).open(path)?;
    file.lock()?;
    let mut text = Vec::new();
    (&file).take(4096).read_to_end(&mut text)?;
    let (asked, answer) = decide(serde_json::from_slice(&text).ok());
    if let Some(asked) = asked {
        file.seek(SeekFrom::Start(0))?;
        file.set_len(0)?;
        file.write_all(&serde_json::to_vec(&asked)?)?;
    }
    Ok(answer)
}
