//! The storage contract: what every backend promises, and nothing about how.
//!
//! Few, general, object-safe methods; conveniences are built on top of them in [`crate::library`].
//! How documents are encoded (deltas, compression) is a backend's own business and invisible here.
//!
//! Promises that hold for every backend:
//! - **Atomic**: everything written in one transaction is visible after [`StorageTransaction::commit`] returned, or none of it is.
//! - **Durable**: once `commit` returned, a crash or a power cut does not lose it.
//! - **Isolated**: a reader never sees an uncommitted write; there is one writing transaction at a time per store
//!   (a second one waits, up to the backend's limit, then fails with `store_busy`).
//! - **Checked**: a document is compared with its hash before it is returned; a mismatch is `store_damaged`, never wrong bytes.
//! - **Ordered**: a character's history is ordered by `(captured_at, id)`, in both directions, in every answer.

use std::{fmt::Debug, sync::Arc};

use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    error::Result,
    job::{Cancel, Progress},
    model::{CharacterId, CharacterIndex, ContentHash, SnapshotId, VersionMetadata},
};

/// What a backend can do beyond the promises every backend keeps.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Capabilities {
    /// Survives the end of the process.
    pub persistent: bool,
    /// Other processes may have the same store open.
    pub shared: bool,
}

/// What a store is and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct StorageInfo {
    /// The backend's name: `sqlite`, `memory`, …
    pub kind: String,
    /// Where it is, as a person would find it. Never holds a password.
    pub location: String,
    /// Why nothing can be written, where that is so: a whole sentence.
    pub read_only: Option<String>,
    /// What it can do.
    pub capabilities: Capabilities,
}

/// What a list of characters may be ordered by.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub enum Sort {
    /// Newest change first.
    #[default]
    Changed,
    /// Name, A to Z, without regard to case.
    Name,
    /// Highest level first.
    Level,
}

/// Which characters. Every given condition must hold; an empty one holds for all.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
pub struct QueryFilter {
    /// Only these ids. Empty: all.
    #[cfg_attr(test, ts(optional, as = "Option<Vec<CharacterId>>"))]
    pub ids: Vec<CharacterId>,
    /// The name contains this, without regard to case.
    pub name: Option<String>,
    /// Name, species, class, subclass or campaign contains this, without regard to case: search as you type.
    pub text: Option<String>,
    /// Has one of these classes, without regard to case. Empty: all.
    #[cfg_attr(test, ts(optional, as = "Option<Vec<String>>"))]
    pub classes: Vec<String>,
    /// Lowest total level.
    pub min_level: Option<u32>,
    /// Highest total level.
    pub max_level: Option<u32>,
    /// The campaign's name is this. The empty text: characters without a campaign.
    pub campaign: Option<String>,
    /// Last changed at or after.
    #[cfg_attr(test, ts(as = "Option<String>"))]
    pub changed_after: Option<Timestamp>,
    /// Last changed before.
    #[cfg_attr(test, ts(as = "Option<String>"))]
    pub changed_before: Option<Timestamp>,
    /// The order. Ties are broken by id.
    #[cfg_attr(test, ts(optional, as = "Option<Sort>"))]
    pub sort: Sort,
    /// At most so many. None: all.
    pub limit: Option<u32>,
    /// Skips so many.
    #[cfg_attr(test, ts(optional, as = "Option<u32>"))]
    pub offset: u32,
}

/// Which versions of one character.
#[derive(Debug, Clone, PartialEq)]
pub struct HistoryQuery {
    /// Whose.
    pub character: CharacterId,
    /// Only the version of this identity.
    pub id: Option<SnapshotId>,
    /// Only the version of this number.
    pub version: Option<u64>,
    /// Captured at or before.
    pub until: Option<Timestamp>,
    /// Leave out quiet ones.
    pub without_quiet: bool,
    /// Newest first, else oldest first.
    pub newest_first: bool,
    /// At most so many.
    pub limit: Option<u32>,
    /// Skips so many.
    pub offset: u32,
}

impl HistoryQuery {
    /// All versions of a character, newest first.
    pub fn all(character: CharacterId) -> Self {
        Self {
            character,
            id: None,
            version: None,
            until: None,
            without_quiet: false,
            newest_first: true,
            limit: None,
            offset: 0,
        }
    }
}

/// A part of a longer list, and how long the whole is.
#[derive(Debug, Clone, PartialEq)]
pub struct Page<T> {
    /// The part.
    pub items: Vec<T>,
    /// How many there are without limit and offset.
    pub total: u64,
}

/// What a capture at some moment would land between.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Surroundings {
    /// The character's row; none when it is new.
    pub character: Option<CharacterIndex>,
    /// The last version with `captured_at` at or before the moment.
    pub before: Option<VersionMetadata>,
    /// The first version after the moment.
    pub after: Option<VersionMetadata>,
    /// When `before` was last seen again, not later than the moment.
    pub last_sighting_before: Option<Timestamp>,
    /// When `before` was seen again later than the moment, rising.
    pub sightings_after: Vec<Timestamp>,
    /// Every content that was already seen at exactly this moment.
    pub at_this_moment: Vec<ContentHash>,
}

/// What must hold of the character for a write to be applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Expect {
    /// There is none yet.
    Absent,
    /// Its revision is this one.
    Revision(u64),
}

/// One change to the store. Serialisable, so that a backend without transactions can journal it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Write {
    /// Puts the character's row. Fails with `conflict` when `expect` does not hold of the row as it was
    /// before this transaction's own writes; the new row's `revision` must be higher.
    Character {
        /// The row.
        index: Box<CharacterIndex>,
        /// The condition.
        expect: Expect,
    },
    /// Keeps a document under its hash, once per character: a second time does nothing.
    Content {
        /// Whose.
        character: CharacterId,
        /// The BLAKE3 of `bytes`; checked.
        hash: ContentHash,
        /// The document.
        bytes: Arc<Vec<u8>>,
    },
    /// Puts a version: inserts it, or replaces what is known of the one with the same `id`. Its content must be there.
    Version {
        /// What is known of it.
        metadata: Box<VersionMetadata>,
    },
    /// Notes when a version was seen again. Noting the same moment twice does nothing.
    Sightings {
        /// Whose.
        character: CharacterId,
        /// Which version.
        version: SnapshotId,
        /// When.
        at: Vec<Timestamp>,
    },
    /// Takes sightings away from a version.
    RemoveSightings {
        /// Whose.
        character: CharacterId,
        /// Which version.
        version: SnapshotId,
        /// When.
        at: Vec<Timestamp>,
    },
}

/// How much of a store a check reads.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub enum CheckScope {
    /// The structure: every row fits every other.
    #[default]
    Structure,
    /// The structure, and every document is decoded and compared with its hash.
    Data,
}

/// Something a check found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Problem {
    /// A stable name: `content_damaged`, `content_missing`, `index_stale`, …
    pub code: String,
    /// Which thing: `ddb-1 version 4`.
    pub r#where: String,
    /// What is wrong, for a person.
    pub message: String,
    /// Whether `verify --repair` can mend it.
    pub repairable: bool,
}

/// What a check looked at and found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct CheckReport {
    /// Characters looked at.
    pub characters: u64,
    /// Versions looked at.
    pub versions: u64,
    /// Distinct contents looked at.
    pub contents: u64,
    /// Bytes of documents decoded and compared with their hash.
    pub bytes: u64,
    /// What is wrong. Empty: all is well.
    pub problems: Vec<Problem>,
}

/// How much there is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct StorageStatistics {
    /// Characters.
    pub characters: u64,
    /// Versions.
    pub versions: u64,
    /// Distinct contents.
    pub contents: u64,
    /// Captures: versions and sightings.
    pub captures: u64,
    /// Bytes of the distinct documents as they came in.
    pub document_bytes: u64,
    /// Bytes they take in the store, encoded.
    pub encoded_bytes: u64,
    /// Bytes of the whole store.
    pub store_bytes: u64,
}

/// A value characters share, and how many have it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Facet {
    /// The value; none stands for "has none".
    pub name: Option<String>,
    /// How many characters.
    pub count: u64,
}

/// What a library can be filtered by. Each list is in the order of its names, "has none" last.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Facets {
    /// Characters in all.
    pub characters: u64,
    /// Versions in all.
    pub versions: u64,
    /// Class names. A character with two classes counts for both.
    pub classes: Vec<Facet>,
    /// Campaign names.
    pub campaigns: Vec<Facet>,
}

/// A store of characters and their histories. See the module for the promises.
#[async_trait]
pub trait CharacterStorage: Debug + Send + Sync {
    /// What and where it is.
    fn info(&self) -> StorageInfo;

    /// Counts the committed transactions: a reader that saw the same number has seen everything.
    ///
    /// # Errors
    /// `storage_failed`, `store_busy`.
    async fn revision(&self) -> Result<u64>;

    /// The characters that match, in the filter's order. `total` counts all that match.
    ///
    /// # Errors
    /// `storage_failed`, `store_busy`.
    async fn query(&self, filter: &QueryFilter) -> Result<Page<CharacterIndex>>;

    /// Which classes and campaigns there are, and how many characters have each.
    ///
    /// # Errors
    /// `storage_failed`, `store_busy`.
    async fn facets(&self) -> Result<Facets>;

    /// The versions that match, in the order asked for. `total` counts all that match. An unknown character has none.
    ///
    /// # Errors
    /// `storage_failed`, `store_busy`.
    async fn history(&self, query: &HistoryQuery) -> Result<Page<VersionMetadata>>;

    /// A document, compared with its hash.
    ///
    /// # Errors
    /// `version_not_found` when there is no such content, `store_damaged` when it does not match its hash.
    async fn document(&self, character: &CharacterId, content: &ContentHash) -> Result<Vec<u8>>;

    /// Starts a writing transaction. Dropping it without [`StorageTransaction::commit`] undoes it.
    ///
    /// # Errors
    /// `store_read_only`, `store_newer`, `store_busy`.
    async fn begin(&self) -> Result<Box<dyn StorageTransaction>>;

    /// Looks for damage. Never changes anything. Stops early, with what it has, never silently.
    ///
    /// # Errors
    /// `cancelled`, `storage_failed`. Damage is not an error but a [`Problem`].
    async fn check(&self, scope: CheckScope, progress: &dyn Progress, cancel: &Cancel)
    -> Result<CheckReport>;

    /// How much there is.
    ///
    /// # Errors
    /// `storage_failed`.
    async fn statistics(&self) -> Result<StorageStatistics>;
}

/// A writing transaction. It sees its own writes; nobody else does before the commit.
#[async_trait]
pub trait StorageTransaction: Send {
    /// What a capture of this character at this moment would land between.
    ///
    /// # Errors
    /// `storage_failed`.
    async fn surroundings(&mut self, character: &CharacterId, at: Timestamp) -> Result<Surroundings>;

    /// The versions that match, this transaction's own included.
    ///
    /// # Errors
    /// As [`CharacterStorage::history`].
    async fn history(&mut self, query: &HistoryQuery) -> Result<Page<VersionMetadata>>;

    /// A document, this transaction's own included.
    ///
    /// # Errors
    /// As [`CharacterStorage::document`].
    async fn document(&mut self, character: &CharacterId, content: &ContentHash) -> Result<Vec<u8>>;

    /// Applies writes in order. After an error the transaction can only be dropped.
    ///
    /// # Errors
    /// `conflict`, `storage_full`, `storage_failed`; `internal` when a write breaks a rule of [`Write`].
    async fn write(&mut self, writes: Vec<Write>) -> Result<()>;

    /// Makes everything written visible and durable, and returns the store's new revision.
    ///
    /// # Errors
    /// `conflict`, `storage_full`, `storage_failed`; then nothing was written.
    async fn commit(self: Box<Self>) -> Result<u64>;
}

/// Opens stores by address: a `.sqlite` file, `memory:`, later a folder, `postgres://…`, `s3://…`.
#[async_trait]
pub trait StorageFactory: Send + Sync {
    /// Opens a store, creating it where there is none.
    ///
    /// # Errors
    /// `invalid_argument` for an address no backend knows; `storage_failed`, `store_damaged`.
    async fn open(&self, address: &str) -> Result<Arc<dyn CharacterStorage>>;
}
