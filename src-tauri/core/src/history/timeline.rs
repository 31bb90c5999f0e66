//! Where a capture lands in a history, and what belongs together in it, as pure rules.
//!
//! A history is the run-length encoding of its captures: each run of equal contents is one version, the captures after
//! the first are sightings of it. The rule below keeps that true whatever the order of import, so that importing the same
//! files in any order gives the same history (ties of the capture time apart).

use std::ops::RangeInclusive;

use jiff::{SignedDuration, Timestamp};

use crate::{
    model::{ContentHash, Kind, Topic, VersionMetadata},
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

/// The sitting each version belongs to, as the time of the sitting's first version. Only changes make a sitting, with pauses
/// of at most three hours: a look that finds nothing bridges no pause, or a program that looks every hour would make one
/// sitting of everything. Takes and gives oldest first.
pub fn sittings(history: &[VersionMetadata]) -> Vec<Timestamp> {
    let mut sitting: Option<(Timestamp, Timestamp)> = None;
    let of = |version: &VersionMetadata| {
        let at = version.captured_at;
        let begin = match sitting {
            Some((begin, last)) if at.duration_since(last) <= SITTING_PAUSE => begin,
            _ => at,
        };
        if is_visible(version) {
            sitting = Some((begin, at));
        }
        begin
    };
    history.iter().map(of).collect()
}

fn is_visible(version: &VersionMetadata) -> bool {
    matches!(version.summary.kind, Kind::Baseline | Kind::Change)
}

/// How many changes of one kind are summed up though nothing of them was taken back.
pub const MANY: usize = 3;

/// Stretches of a sitting in which the same kind of thing was changed again and again: where a player tries spells, or packs.
/// What is marked in any way, and every turning point, stands for itself. Takes the history oldest first; the first and the
/// last place of each stretch are changes, and there are at least two.
pub fn bursts(history: &[VersionMetadata]) -> Vec<RangeInclusive<usize>> {
    let sittings = sittings(history);
    let mut bursts: Vec<RangeInclusive<usize>> = Vec::new();
    let mut open: Option<(usize, Topic, Timestamp)> = None;
    let mut last = 0;
    for (place, version) in history.iter().enumerate().filter(|(_, version)| is_visible(version)) {
        let goes_on =
            open.filter(|(_, topic, sitting)| trying(version) == Some(*topic) && sittings[place] == *sitting);
        if goes_on.is_none() {
            bursts.extend(open.filter(|(first, ..)| *first < last).map(|(first, ..)| first..=last));
            open = trying(version).map(|topic| (place, topic, sittings[place]));
        }
        last = place;
    }
    bursts.extend(open.filter(|(first, ..)| *first < last).map(|(first, ..)| first..=last));
    bursts
}

/// What a version tries, if it is one that may be summed up with its neighbours.
fn trying(version: &VersionMetadata) -> Option<Topic> {
    let summary = &version.summary;
    let is_marked = version.pinned || !version.tags.is_empty() || version.note.is_some();
    if is_marked || summary.landmark || version.restored.is_some() {
        return None;
    }
    let stands_alone = |topic| {
        matches!(topic, Topic::Level | Topic::Subclass | Topic::Baseline | Topic::Loss | Topic::Restored)
    };
    let topics = || summary.sentences.iter().map(|sentence| sentence.topic);
    topics().next().filter(|_| !topics().any(stands_alone))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        model::{CharacterId, Seen, Sentence, SnapshotId, Summary},
        wording::say,
    };

    fn version(minutes: i64, topics: &[Topic]) -> VersionMetadata {
        let captured_at = Timestamp::UNIX_EPOCH + SignedDuration::from_mins(minutes);
        let sentence = |&topic| Sentence { topic, said: say("rested") };
        let kind = if topics.is_empty() { Kind::Quiet } else { Kind::Change };
        let sentences: Vec<_> = topics.iter().map(sentence).collect();
        let landmark = topics.contains(&Topic::Level);
        VersionMetadata {
            id: SnapshotId(uuid::Uuid::from_u128(minutes.unsigned_abs().into())),
            character: CharacterId::new("ddb-1").unwrap(),
            version: 1,
            captured_at,
            edited_at: None,
            content: ContentHash::of(b"document"),
            bytes: 8,
            source: "ddb".to_owned(),
            origin: None,
            cuts: Vec::new(),
            summary: Summary { kind, sentences, changes: 1, state: 0, level: 1, landmark, deriver: 1 },
            seen: Seen { last: captured_at, count: 1 },
            pinned: false,
            tags: Vec::new(),
            note: None,
            restored: None,
            archived: false,
            stored: None,
            trace: None,
        }
    }

    #[test]
    fn sittings_bridge_three_hours_between_changes() {
        let change = |hours: i64| version(60 * hours, &[Topic::Spells]);
        let history = [0, 2, 5, 9, 10].map(change);
        let at = |place: usize| history[place].captured_at;
        assert_eq!(sittings(&history), [at(0), at(0), at(0), at(3), at(3)]);
        // A look every hour that finds nothing is no sitting.
        let looks = [change(0), version(120, &[]), version(240, &[]), change(5)];
        let at = |place: usize| looks[place].captured_at;
        assert_eq!(sittings(&looks), [at(0), at(0), at(2), at(3)]);
        assert!(sittings(&[]).is_empty());
    }

    #[test]
    fn a_burst_is_one_kind_of_thing_in_one_sitting() {
        let spells = |minutes| version(minutes, &[Topic::Spells, Topic::Items]);
        let items = |minutes| version(minutes, &[Topic::Items]);
        assert_eq!(
            bursts(&[spells(0), spells(10), version(15, &[]), spells(20)]),
            [0..=3],
            "quiet ones are passed over"
        );
        assert_eq!(bursts(&[items(0), spells(10), spells(20), items(30), items(40)]), [1..=2, 3..=4]);
        assert_eq!(bursts(&[spells(0), spells(200), spells(210)]), [1..=2], "another sitting");
        let level = version(10, &[Topic::Spells, Topic::Level]);
        assert_eq!(bursts(&[spells(0), level, spells(20)]), []);
        let marks: [fn(&mut VersionMetadata); 4] = [
            |version| version.pinned = true,
            |version| version.tags.push("before the dragon".to_owned()),
            |version| version.note = Some("Ada's wedding".to_owned()),
            |version| version.restored = Some(1),
        ];
        for mark in marks {
            let mut history = [spells(0), spells(10), spells(20), spells(30)];
            mark(&mut history[2]);
            assert_eq!(bursts(&history), [0..=1], "what is marked stands for itself");
        }
        assert_eq!(bursts(&[]), []);
    }
}
