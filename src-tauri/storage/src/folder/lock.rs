//! One writer at a time, in this process and in all others.
//!
//! The system's own lock on `temp/writer.lock`: it goes with the process that holds it, however that ends, so there is no
//! stale lock to recognise. While it is held the file tells by whom, for the message to whoever waits in vain.

use std::{
    fs::{File, TryLockError},
    io::{self, Read, Seek, Write},
    time::Duration,
};

use backstory_core::error::{Code, Error, Result};
use tokio::time::Instant;

use super::{disk::Disk, layout::WRITER_LOCK};
use crate::rules;

/// The first pause between two tries; later ones are longer.
const FIRST_PAUSE: Duration = Duration::from_micros(200);

/// The longest pause between two tries: what a writer waits beyond its turn.
const LONGEST_PAUSE: Duration = Duration::from_millis(4);

/// The right to write, until it is dropped.
#[derive(Debug)]
pub(super) struct WriterLock {
    file: File,
}

impl WriterLock {
    /// Waits for the right to write.
    ///
    /// # Errors
    /// `store_busy` when somebody else has it for longer; `store_read_only` where there are no locks.
    pub(super) async fn acquire(disk: &Disk, wait: Duration) -> Result<Self> {
        let until = Instant::now() + wait;
        let mut pause = FIRST_PAUSE;
        loop {
            if let Some(lock) = Self::try_acquire(disk)? {
                return Ok(lock);
            }
            if Instant::now() + pause > until {
                return Err(busy(disk));
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// Takes the right to write if nobody has it.
    pub(super) fn try_acquire(disk: &Disk) -> Result<Option<Self>> {
        let explain = |error| disk.explain_writing(error, WRITER_LOCK);
        let file = disk.open_lock(WRITER_LOCK).map_err(explain)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(error)) => return Err(no_locks(error)),
        }
        let mut lock = Self { file };
        // Somebody may have taken the file away between opening and locking it; then the next writer locks another one.
        if !lock.is_in_place(disk) {
            return Ok(None);
        }
        lock.sign().map_err(explain)?;
        Ok(Some(lock))
    }

    /// Whether what is locked is still what the next writer would lock.
    #[cfg(unix)]
    pub(super) fn is_in_place(&self, disk: &Disk) -> bool {
        use std::os::unix::fs::MetadataExt;
        let named = std::fs::symlink_metadata(disk.path(WRITER_LOCK));
        matches!((self.file.metadata(), named), (Ok(a), Ok(b)) if (a.dev(), a.ino()) == (b.dev(), b.ino()))
    }

    /// Whether what is locked is still what the next writer would lock: an open file cannot be taken away here.
    #[cfg(not(unix))]
    pub(super) fn is_in_place(&self, _disk: &Disk) -> bool {
        true
    }

    fn sign(&mut self) -> io::Result<()> {
        self.file.set_len(0)?;
        self.file.rewind()?;
        write!(self.file, "{}", std::process::id())
    }
}

impl Drop for WriterLock {
    fn drop(&mut self) {
        // Only a courtesy: an empty file says that nobody writes. The lock itself goes with the file's handle.
        let _ = self.file.set_len(0);
    }
}

/// Somebody else writes for too long.
fn busy(disk: &Disk) -> Error {
    let mut holder = String::new();
    if let Ok(file) = disk.open_lock(WRITER_LOCK) {
        let _ = file.take(20).read_to_string(&mut holder);
    }
    let error = rules::busy();
    match holder.trim().parse::<u32>() {
        Ok(process) => error.detail("process", process),
        Err(_) => error,
    }
}

fn no_locks(error: io::Error) -> Error {
    Error::new(Code::StoreReadOnly, "The disk of the library cannot keep two programs from writing at once.")
        .kept("Everything in the library can still be read; nothing was changed.")
        .hint("Keep the library on a disk of this computer, or use a library on a server.")
        .caused_by(error)
}
