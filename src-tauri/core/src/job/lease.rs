//! One program at a time does the work nobody asked for: the lease of a store.
//!
//! It is a setting of the store, written by compare-and-set. Whoever holds it writes it anew every few seconds. Whoever wants it
//! looks whether it changes: one that stays the same for longer than any holder would leave it is of a program that ended, and may be
//! taken. No clock of another computer is trusted for that, and none of this one's either: only looks are counted, and between two
//! looks lies a span that the caller waited.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// How often a holder writes its lease anew, and how often somebody who waits looks.
pub const BEAT: Duration = Duration::from_secs(5);

/// So many beats may be missed: the lease of a holder that was silent for longer is anybody's. The holder itself gives up before.
pub const MISSED: u32 = 6;

/// Who works, and how often they said so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// Stands for one program while it runs.
    pub holder: String,
    /// What it does.
    pub job: String,
    /// Rises with every beat.
    pub beat: u64,
}

/// What may be done about a lease.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Nobody holds it: take it.
    Free,
    /// Its holder is gone: take it.
    Abandoned,
    /// Somebody holds it, as far as is known by now: look again after a [`BEAT`].
    Held,
    /// Somebody is at work: it changed since the last look.
    Alive,
}

/// What somebody who wants the lease has seen of it.
#[derive(Debug, Clone, Default)]
pub struct Watcher {
    /// What it was, and how often it was the same again.
    seen: Option<(Lease, u32)>,
}

impl Watcher {
    /// Takes a look. Looks must lie at least a [`BEAT`] apart.
    pub fn look(&mut self, lease: Option<&Lease>) -> Verdict {
        let Some(lease) = lease else {
            self.seen = None;
            return Verdict::Free;
        };
        let (before, same) = match self.seen.take() {
            Some((before, same)) => (Some(before), same),
            None => (None, 0),
        };
        let (verdict, same) = match before {
            Some(before) if before == *lease && same >= MISSED => (Verdict::Abandoned, same),
            Some(before) if before == *lease => (Verdict::Held, same + 1),
            Some(_) => (Verdict::Alive, 0),
            None => (Verdict::Held, 0),
        };
        self.seen = Some((lease.clone(), same));
        verdict
    }
}

/// What a holder knows of its own beats.
#[derive(Debug, Clone, Copy, Default)]
pub struct Holder {
    missed: u32,
}

impl Holder {
    /// A beat was written, or could not be. Whether the work may go on: it ends before somebody else may take the lease.
    pub fn beat(&mut self, written: bool) -> bool {
        self.missed = if written { 0 } else { self.missed + 1 };
        self.missed + 1 < MISSED
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn lease(holder: &str, beat: u64) -> Lease {
        Lease { holder: holder.to_owned(), job: "verify".to_owned(), beat }
    }

    #[test]
    fn a_lease_that_beats_is_held_and_one_that_does_not_is_taken() {
        let mut watcher = Watcher::default();
        assert_eq!(watcher.look(None), Verdict::Free);
        assert_eq!(watcher.look(Some(&lease("a", 0))), Verdict::Held, "it may be of a program that ended");
        for beat in 1..100 {
            assert_eq!(watcher.look(Some(&lease("a", beat))), Verdict::Alive);
        }
        for _ in 0..MISSED {
            assert_eq!(watcher.look(Some(&lease("a", 99))), Verdict::Held);
        }
        assert_eq!(watcher.look(Some(&lease("a", 99))), Verdict::Abandoned);
        assert_eq!(watcher.look(Some(&lease("b", 0))), Verdict::Alive, "somebody else was faster");
        assert_eq!(watcher.look(None), Verdict::Free);
    }

    proptest! {
        /// A holder whose beats fail now and then, and a watcher whose looks lie anywhere between: never do both work.
        #[test]
        fn never_two(written in prop::collection::vec(any::<bool>(), 1..200), shift in 0_u32..2) {
            let (mut holder, mut watcher) = (Holder::default(), Watcher::default());
            let (mut works, mut beat) = (true, 0_u64);
            for (step, written) in written.into_iter().enumerate() {
                if works {
                    beat += u64::from(written);
                    works = holder.beat(written);
                }
                if step as u32 >= shift && watcher.look(Some(&lease("a", beat))) == Verdict::Abandoned {
                    prop_assert!(!works, "taken from somebody at work at step {step}");
                    return Ok(());
                }
            }
        }
    }
}
