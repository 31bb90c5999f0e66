//! Disks that fail, and processes that die, at a step of the test's choosing.

use std::{
    io,
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

/// What happens at the chosen step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// The operation fails; all others work.
    Fails(io::ErrorKind),
    /// Nothing happens any more: what is on the disk is what a killed process leaves there.
    Dies,
    /// The process really ends.
    Aborts,
}

/// One operation that was let through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) what: &'static str,
    pub(super) place: String,
    pub(super) with: Option<Vec<u8>>,
}

/// Counts the operations of a disk, and stops one of them.
#[derive(Debug, Default)]
pub(super) struct Faults {
    count: AtomicU64,
    reads: AtomicBool,
    plan: Mutex<Option<(u64, Fault)>>,
    record: Mutex<Option<Vec<Step>>>,
}

impl Faults {
    /// From now on, lets so many operations through and then does this.
    pub(super) fn after(&self, operations: u64, fault: Fault) {
        self.count.store(0, Ordering::SeqCst);
        *self.plan.lock().unwrap() = Some((operations, fault));
    }

    /// Lets reading fail like everything else.
    pub(super) fn count_reads(&self) {
        self.reads.store(true, Ordering::SeqCst);
    }

    /// Whether the chosen step was reached. Everything works again from now on.
    pub(super) fn clear(&self) -> bool {
        let plan = self.plan.lock().unwrap().take();
        plan.is_some_and(|(operations, _)| self.count.load(Ordering::SeqCst) > operations)
    }

    /// From now on, remembers every operation.
    pub(super) fn record(&self) {
        *self.record.lock().unwrap() = Some(Vec::new());
    }

    /// What was remembered.
    pub(super) fn recorded(&self) -> Vec<Step> {
        self.record.lock().unwrap().take().unwrap_or_default()
    }

    pub(super) fn reading(&self) -> io::Result<()> {
        if self.reads.load(Ordering::SeqCst) { self.step("read", "", None) } else { Ok(()) }
    }

    pub(super) fn step(&self, what: &'static str, place: &str, with: Option<&[u8]>) -> io::Result<()> {
        let count = self.count.fetch_add(1, Ordering::SeqCst);
        match *self.plan.lock().unwrap() {
            Some((operations, Fault::Fails(kind))) if count == operations => return Err(kind.into()),
            Some((operations, Fault::Dies)) if count >= operations => {
                return Err(io::Error::other("this process is dead"));
            }
            Some((operations, Fault::Aborts)) if count == operations => std::process::abort(),
            _ => {}
        }
        if let Some(steps) = &mut *self.record.lock().unwrap() {
            steps.push(Step { what, place: place.to_owned(), with: with.map(<[u8]>::to_vec) });
        }
        Ok(())
    }
}
