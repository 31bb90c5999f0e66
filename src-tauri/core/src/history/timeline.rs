//! Where a capture lands in a history, as a pure rule.
//!
//! A history is the run-length encoding of its captures: each run of equal contents is one version, the captures after
//! the first are sightings of it. The rule below keeps that true whatever the order of import, so that importing the same
//! files in any order gives the same history (ties of the capture time apart).

use jiff::{SignedDuration, Timestamp};

use crate::{
    model::{ContentHash, VersionMetadata},
    storage::Surroundings,
};

/// What a capture becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Placement {
    /// This content was seen at exactly this moment before: nothing is added.
    Known,
    /// The version before it, seen again.
    Sighting,
    /// The version after it, seen earlier than was known: that version now begins here.
    EarlierStart,
    /// A version of its own, at the end of a run or between two.
    Insert,
    /// A version of its own in the middle of a run of another content: the rest of that run becomes a version again.
    Split,
}

/// Says what a capture of this content at this moment becomes.
pub fn place(surroundings: &Surroundings, content: ContentHash, at: Timestamp) -> Placement {
    let is = |version: &Option<VersionMetadata>| version.as_ref().is_some_and(|v| v.content == content);
    if surroundings.at_this_moment.contains(&content) {
        Placement::Known
    } else if is(&surroundings.before) {
        Placement::Sighting
    } else if !surroundings.sightings_after.is_empty() {
        Placement::Split
    } else if is(&surroundings.after) && surroundings.after.as_ref().is_some_and(|v| v.captured_at > at) {
        Placement::EarlierStart
    } else {
        Placement::Insert
    }
}

/// The longest pause inside one sitting.
const SITTING_PAUSE: SignedDuration = SignedDuration::from_hours(3);

/// The sitting each version belongs to, as the time of the sitting's first version: versions with pauses of at most
/// three hours belong together. Takes and gives oldest first.
pub fn sittings(times: &[Timestamp]) -> Vec<Timestamp> {
    let mut out: Vec<Timestamp> = Vec::with_capacity(times.len());
    for (i, &time) in times.iter().enumerate() {
        let goes_on = i > 0 && time.duration_since(times[i - 1]) <= SITTING_PAUSE;
        out.push(if goes_on { out[i - 1] } else { time });
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sittings_bridge_three_hours() {
        let hours = [0, 2, 5, 9, 10];
        let times: Vec<Timestamp> =
            hours.iter().map(|&h| Timestamp::UNIX_EPOCH + SignedDuration::from_hours(h)).collect();
        assert_eq!(sittings(&times), [times[0], times[0], times[0], times[3], times[3]]);
        assert!(sittings(&[]).is_empty());
    }
}
