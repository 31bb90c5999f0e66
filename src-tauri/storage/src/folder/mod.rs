//! A library in a folder of plain files: what a player can read with any editor, copy with any program and sync.

mod disk;
#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod faults;
mod journal;
mod layout;
mod lock;
mod sealed;

/// What to do about damage.
const CHECK_HINT: &str =
    "Run a check of the library (backstory verify --read-data) to see everything that is affected.";
