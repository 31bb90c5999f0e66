//! The archive: versions that are seldom looked at, kept as small as can be, listed and opened like any other.
//!
//! Moving a character's versions takes five steps, and what was begun is written down in the store before each of them:
//! *identify* which they are; *compress* the character's documents together, each as its difference from the nearest one on
//! the ladder for rest, read back before the old form goes; *store* them in the archive area and *verify* what arrived there,
//! which every backend does before its commit gives the old place up (one transaction: there is never one copy that was not
//! compared); *clean up*, when all of them have been read once more as anybody reads them. Whoever finds work that was begun
//! goes on with it. Every step can be done twice.
//!
//! Packs of many versions were measured against this and do not pay (one zstd-19 stream over everything against the ladder of
//! base 16: 368 to 357, 940 to 960, 219 to 348 and 560 to 256 bytes a version, over four histories): and to open, to drop or
//! to erase one version of a pack means to write all of it anew.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::model::{CharacterId, SnapshotId};

/// How many versions are moved in one transaction.
pub const BATCH: usize = 500;

/// What is asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Archiving {
    /// Only these characters. Empty: all.
    pub characters: Vec<CharacterId>,
    /// Versions that are older than so many days. None: as the policy says; where it says nothing, all but the newest.
    pub older_than_days: Option<u32>,
    /// Take versions back instead: all that are archived.
    pub restore: bool,
}

/// A version that is moved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct MovedVersion {
    /// Whose.
    pub character: CharacterId,
    /// Its number.
    pub version: u64,
    /// Its identity.
    pub id: SnapshotId,
    /// When it was captured.
    #[cfg_attr(test, ts(as = "String"))]
    pub captured_at: Timestamp,
}

/// What is moved where.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct ArchivePlan {
    /// Out of the archive; else into it.
    pub restore: bool,
    /// The versions, by character, the oldest first.
    pub versions: Vec<MovedVersion>,
}

/// How far a move is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ArchiveStep {
    /// It is known which versions.
    Identified,
    /// The documents are as small as can be.
    Compressed,
    /// They lie where they belong, and were compared there.
    Stored,
    /// They were read once more as anybody reads them.
    Verified,
}

/// A move that was begun.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArchiveWork {
    /// Whose versions.
    pub character: CharacterId,
    /// Which.
    pub versions: Vec<SnapshotId>,
    /// Out of the archive; else into it.
    pub restore: bool,
    /// What is done already.
    pub step: ArchiveStep,
}

impl ArchiveWork {
    /// The setting it is written down in: this store's own.
    pub const SETTING: &'static str = "archive.work";
}

/// What was moved.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct ArchiveReport {
    /// Versions that were moved.
    pub moved: u64,
    /// Versions of the plan that stayed: their documents are damaged, they became the newest, or they are gone.
    pub stayed: u64,
    /// Documents that were read back at their new place and compared with their hash.
    pub verified: u64,
    /// Bytes the documents of these characters took before.
    pub bytes_before: u64,
    /// Bytes they take now.
    pub bytes_after: u64,
}
