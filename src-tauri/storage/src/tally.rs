//! Whether what the list says of a character agrees with its history: once for all backends.

use backstory_core::{
    model::{CharacterId, CharacterIndex, Seen},
    storage::Problem,
};
use jiff::Timestamp;

/// One version of a history, as a tally needs it.
pub(crate) struct Counted {
    pub(crate) version: u64,
    pub(crate) captured_at: Timestamp,
    pub(crate) seen: Seen,
    /// How often it was seen again, not counting the moment of its capture.
    pub(crate) sightings: u64,
    pub(crate) last_sighting: Option<Timestamp>,
}

/// What a history adds up to.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    versions: u64,
    captures: u64,
    last_version: u64,
    first_captured: Option<Timestamp>,
    last_captured: Option<Timestamp>,
}

impl Tally {
    /// Adds a version, and says when its own count disagrees with its sightings.
    pub(crate) fn add(&mut self, character: &CharacterId, counted: &Counted) -> Option<Problem> {
        let last = counted.last_sighting.map_or(counted.captured_at, |last| last.max(counted.captured_at));
        let count = 1 + counted.sightings;
        self.versions += 1;
        self.captures += count;
        self.last_version = self.last_version.max(counted.version);
        self.first_captured =
            Some(self.first_captured.map_or(counted.captured_at, |t| t.min(counted.captured_at)));
        self.last_captured = Some(self.last_captured.map_or(last, |t| t.max(last)));
        (counted.seen != Seen { last, count }).then(|| {
            stale(
                format!("{character} version {}", counted.version),
                format!(
                    "It says it was seen {} times, last at {}; it was seen {count} times, last at {last}.",
                    counted.seen.count, counted.seen.last
                ),
            )
        })
    }

    /// Compares the whole with the character's row.
    pub(crate) fn compare(&self, character: &CharacterId, index: Option<&CharacterIndex>) -> Option<Problem> {
        let Some(index) = index else {
            return Some(stale(
                character.to_string(),
                "Its history is there, but the list does not show it.",
            ));
        };
        let agrees = index.versions == self.versions
            && index.captures == self.captures
            && index.last_version >= self.last_version
            && self.first_captured.is_none_or(|first| first == index.first_captured)
            && self.last_captured.is_none_or(|last| last == index.last_captured);
        (!agrees).then(|| {
            stale(character.to_string(), "What the list says of it does not agree with its history.")
        })
    }
}

/// Something derived does not agree with what it is derived from.
pub(crate) fn stale(r#where: String, message: impl Into<String>) -> Problem {
    Problem { code: "index_stale".to_owned(), r#where, message: message.into(), repairable: true }
}
