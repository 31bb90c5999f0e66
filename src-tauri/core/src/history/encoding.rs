//! The encoding plan: which content is stored as a difference against which other.
//!
//! The distinct contents of one character get rung numbers 0, 1, 2, … in the order in which they were first stored.
//! Rung 0 is kept whole (a *keyframe*); every other rung is kept as a difference against an earlier one, its base.
//! The bases form a skip ladder: most rungs lean on the one just before them, where the difference is smallest, and every
//! eighth, sixty-fourth, … (for a ladder of base 8) takes a longer step, so that any content is a few dozen small steps away from a keyframe
//! however long the history grows.
//!
//! Everything here is arithmetic on rung numbers. Backends decide *how* a difference is made, and may keep any rung whole
//! where a difference does not pay.

use std::collections::{BTreeMap, BTreeSet};

/// The base of the ladder while somebody waits: how many rungs lean on their direct neighbour between two longer steps.
pub const LADDER: u8 = 8;

/// The base of the ladder when a store is made small at leisure. Measured: histories become a little smaller and reads
/// deeper.
pub const COMPACT_LADDER: u8 = 16;

/// The rung that `rung` leans on in a ladder of this base; none for rung 0.
///
/// It is `rung` with the lowest digit that is not zero, written in that base, made smaller by one. No base is below 2.
pub fn base_of(rung: u64, ladder: u8) -> Option<u64> {
    if rung == 0 {
        return None;
    }
    let ladder = u64::from(ladder.max(2));
    let longer = |step: &u64| step.checked_mul(ladder).filter(|step| rung.is_multiple_of(*step));
    let step = std::iter::successors(Some(1), longer).last();
    step.map(|step| rung - step)
}

/// The rungs from `rung` down to 0, itself left out, nearest first.
///
/// The first of them that is still stored is the base of a new rung. None of them is: it is kept whole.
pub fn way_down(rung: u64, ladder: u8) -> impl Iterator<Item = u64> {
    std::iter::successors(base_of(rung, ladder), move |&base| base_of(base, ladder))
}

/// How many differences stand between `rung` and rung 0: the sum of its digits in the ladder's base.
///
/// In a ladder of base 8 that is 21 at most among the first 512 contents, 37 among the first 100,000.
pub fn depth_of(rung: u64, ladder: u8) -> u32 {
    way_down(rung, ladder).fold(0, |depth, _| depth + 1)
}

/// A rung that must be stored anew before the one it leans on can go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rebase {
    /// Which rung.
    pub rung: u64,
    /// What it leans on from then on; none: it is kept whole.
    pub onto: Option<u64>,
}

/// What must be re-based before the rungs in `dropped` can go, in the order in which to do it.
///
/// `bases` says what every stored rung leans on now. A rung that leans on a dropped one moves down to the nearest rung of
/// its own chain that stays. Where the whole chain goes, the first rung that leaned on it becomes the keyframe of the
/// others. Nobody's chain becomes longer. A dropped rung that is not in `bases` is passed over.
pub fn plan_drop(bases: &BTreeMap<u64, Option<u64>>, dropped: &BTreeSet<u64>) -> Vec<Rebase> {
    let mut new_keyframes = BTreeMap::new();
    let mut plan = Vec::new();
    for (&rung, &base) in bases.iter().filter(|(rung, _)| !dropped.contains(rung)) {
        let Some(first) = base.filter(|base| dropped.contains(base)) else { continue };
        let (last, staying) = descend(bases, dropped, first);
        let onto = staying.or_else(|| {
            let keyframe = *new_keyframes.entry(last).or_insert(rung);
            (keyframe != rung).then_some(keyframe)
        });
        plan.push(Rebase { rung, onto });
    }
    plan
}

/// Walks down from a dropped rung: the last dropped one on the way, and the first that stays.
fn descend(bases: &BTreeMap<u64, Option<u64>>, dropped: &BTreeSet<u64>, from: u64) -> (u64, Option<u64>) {
    let mut last = from;
    loop {
        match bases.get(&last).copied().flatten() {
            Some(next) if dropped.contains(&next) => last = next,
            staying => return (last, staying),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_ladder_of_a_short_history() {
        let bases: Vec<_> = (0..20).map(|rung| base_of(rung, 8)).collect();
        let expected = [
            None,
            Some(0),
            Some(1),
            Some(2),
            Some(3),
            Some(4),
            Some(5),
            Some(6),
            Some(0),
            Some(8),
            Some(9),
            Some(10),
            Some(11),
            Some(12),
            Some(13),
            Some(14),
            Some(8),
            Some(16),
            Some(17),
            Some(18),
        ];
        assert_eq!(bases, expected);
        assert_eq!(base_of(64, 8), Some(0));
        assert_eq!(base_of(128, 8), Some(64));
        assert_eq!(base_of(128, 16), Some(112));
        assert_eq!(base_of(700, 10), Some(600));
        for ladder in [0, 2, 8, 16] {
            assert_eq!(base_of(u64::MAX, ladder), Some(u64::MAX - 1));
            assert_eq!(base_of(1 << 60, ladder), Some(0));
        }
        assert_eq!(base_of(1 << 63, 8), Some(0));
        assert_eq!(base_of(1 << 63, 16), Some((1 << 63) - (1 << 60)));
    }

    #[test]
    fn a_hundred_thousand_contents_stay_shallow() {
        let deepest = |rungs, ladder| (0..rungs).map(|rung| depth_of(rung, ladder)).max();
        assert_eq!(deepest(512, LADDER), Some(21));
        assert_eq!(deepest(100_000, LADDER), Some(37));
        assert_eq!(deepest(512, COMPACT_LADDER), Some(31));
        assert_eq!(deepest(100_000, COMPACT_LADDER), Some(60));
    }

    /// A history with random keyframes among its rungs, and some of its rungs chosen to go.
    fn history() -> impl Strategy<Value = (BTreeMap<u64, Option<u64>>, BTreeSet<u64>)> {
        (prop::collection::vec((any::<bool>(), 0_u8..8), 1..200), 2_u8..20).prop_map(|(rungs, ladder)| {
            let bases = |n: u64, whole: u8| if whole == 0 { None } else { base_of(n, ladder) };
            (0..).zip(&rungs).fold(
                (BTreeMap::new(), BTreeSet::new()),
                |(mut all, mut go), (n, &(drop, whole))| {
                    all.insert(n, bases(n, whole));
                    if drop {
                        go.insert(n);
                    }
                    (all, go)
                },
            )
        })
    }

    fn depth(bases: &BTreeMap<u64, Option<u64>>, rung: u64) -> usize {
        std::iter::successors(bases[&rung], |base| bases[base]).count()
    }

    proptest! {
        #[test]
        fn a_base_is_earlier_and_the_chain_short(rung in 1_u64.., ladder in 2_u8..) {
            prop_assert!(base_of(rung, ladder).unwrap() < rung);
            let digits = rung.ilog(u64::from(ladder)) + 1;
            prop_assert!(depth_of(rung, ladder) <= u32::from(ladder - 1) * digits);
        }

        #[test]
        fn the_way_down_is_the_chain_of_bases(rung: u64, ladder: u8) {
            let way: Vec<_> = way_down(rung, ladder).collect();
            prop_assert_eq!(way.first().copied(), base_of(rung, ladder));
            prop_assert!(way.windows(2).all(|step| base_of(step[0], ladder) == Some(step[1])));
            prop_assert_eq!(way.last().copied().unwrap_or(rung), 0);
        }

        #[test]
        fn after_a_drop_every_chain_holds((before, dropped) in history()) {
            let plan = plan_drop(&before, &dropped);
            let mut after = before.clone();
            for step in &plan {
                prop_assert!(!dropped.contains(&step.rung));
                // The new base is decodable when its turn comes: it stays, and it has been moved already if it had to be.
                if let Some(onto) = step.onto {
                    prop_assert!(onto < step.rung && !dropped.contains(&onto));
                    prop_assert!(after[&onto].is_none_or(|base| !dropped.contains(&base)));
                }
                prop_assert_ne!(after.insert(step.rung, step.onto), Some(step.onto));
            }
            after.retain(|rung, _| !dropped.contains(rung));
            for (&rung, base) in &after {
                prop_assert!(base.is_none_or(|base| after.contains_key(&base)));
                prop_assert!(depth(&after, rung) <= depth(&before, rung));
                let untouched = before[&rung].is_none_or(|base| !dropped.contains(&base));
                prop_assert!(!untouched || before[&rung] == *base);
            }
        }
    }
}
