//! The storage contract: what every backend promises, and nothing about how.
//!
//! Few, general, object-safe methods; conveniences are built on top of them in [`crate::library`].
//! How documents are encoded (deltas, compression) is a backend's own business and invisible here.
//!
//! Promises that hold for every backend, and for every method unless it says otherwise:
//! - **Atomic**: everything written in one transaction is visible after [`StorageTransaction::commit`] returned, or none of it is.
//! - **Durable**: once `commit` returned, a crash or a power cut does not lose it.
//! - **Isolated**: a reader never sees an uncommitted write, and one answer shows one state of the store. Two transactions
//!   that touch the same character never both commit: the second one waits for the first, up to the backend's limit
//!   (`store_busy`), or loses at its write or its commit (`conflict`). Where [`Capabilities::concurrent_writers`] is not set,
//!   that holds for any two transactions of the store.
//! - **Checked**: a document is compared with its hash before it is returned; a mismatch is `store_damaged`, never wrong bytes.
//! - **Ordered**: a character's history is ordered by `(captured_at, id)`, in both directions, in every answer.
//! - **Idempotent**: every [`Write`] may be applied twice with the effect of once, except [`Write::Character`],
//!   [`Write::Erase`] and [`Write::Setting`], whose condition then no longer holds (`conflict`), and [`Write::Audit`], which is
//!   a second entry.
//! - **After a crash**: the store is as after its last commit. What a crash may leave behind besides (an unnamed file, a
//!   document nobody names) is never shown, is reported by [`CharacterStorage::check`] and taken away by
//!   [`CharacterStorage::repair`].
//! - **Bounded**: a document is at most [`MAX_DOCUMENT`] bytes, a page at most what its limit says, a name, a tag, a setting or a
//!   search text at most [`MAX_TEXT`] bytes; more is `invalid_argument`.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::{self, Debug, Display, Formatter},
    str::FromStr,
    sync::Arc,
    time::Duration,
};

use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    access::Principal,
    cache::CacheSeal,
    encryption::{self, Encryption, EncryptionState, KeyChange, KeyInUse, Unlock},
    error::{Code, Error, Result},
    hex,
    job::{Cancel, Progress},
    model::{CharacterId, CharacterIndex, ContentHash, Member, Role, Sighting, SnapshotId, VersionMetadata},
    privacy::audit::{self, Note},
    search::{self, SearchHit, SearchQuery},
};

/// The largest document a store takes.
pub const MAX_DOCUMENT: usize = 64 << 20;

/// The longest text a store takes as a name, a tag, an origin or a search: bytes.
pub const MAX_TEXT: usize = 64 << 10;

/// What a backend can do beyond the promises every backend keeps.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Capabilities {
    /// Survives the end of the process.
    pub persistent: bool,
    /// Other processes may have the same store open.
    pub shared: bool,
    /// Transactions that touch different characters do not wait for each other.
    pub concurrent_writers: bool,
    /// Learns of other processes' commits without looking again and again.
    pub pushes_changes: bool,
    /// Knows who is asking and keeps people apart by itself, beneath [`crate::access`].
    pub enforces_access: bool,
}

/// What makes a document small by itself.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub enum Compression {
    /// Kept as it is.
    None,
    /// Slow and known everywhere.
    Gzip,
    /// Small and fast.
    #[default]
    Zstd,
    /// The fastest, and the largest of the three.
    Lz4,
}

/// How a store keeps new documents. What is there already stays as it is until [`CharacterStorage::recompress`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Encoding {
    /// What makes a document small.
    pub compression: Compression,
    /// How hard it tries, in the compression's own measure; none: what is right while somebody waits.
    pub level: Option<i32>,
    /// Whether documents are kept as differences against earlier ones of the same character, where that pays.
    pub delta: bool,
    /// The base of the skip ladder ([`crate::history::encoding`]): a power of two. 8 while somebody waits, 16 at rest.
    pub ladder: u8,
}

impl Default for Encoding {
    fn default() -> Self {
        Self { compression: Compression::Zstd, level: None, delta: true, ladder: 8 }
    }
}

impl Encoding {
    /// The smallest form, for when nobody waits: zstd at its highest for whole documents and nearly so for differences.
    pub const AT_REST: Self =
        Self { compression: Compression::Zstd, level: Some(19), delta: true, ladder: 16 };
}

/// How to open a store. What is not said is the backend's own choice.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StoreOptions {
    /// Never write, not even to create the store or to bring it up to date.
    pub read_only: bool,
    /// How new documents are kept. None: as the store says of itself, else as its backend does by default.
    pub encoding: Option<Encoding>,
    /// At most so many connections to a server.
    pub pool_size: Option<u32>,
    /// How long to wait for another writer, or for a connection, before saying that the store is busy.
    pub wait: Option<Duration>,
    /// What opens an encrypted export.
    pub passphrase: Option<Secret>,
    /// What opens it where it is encrypted.
    pub unlock: Unlock,
    /// A second server with a copy that may lag behind, for reads that bear it: the address, which may hold a password.
    pub read_replica: Option<Secret>,
}

/// A text that must not be shown: its `Debug` says only that there is one, and it cannot be written down.
#[derive(Clone, PartialEq, Eq, Deserialize)]
pub struct Secret(String);

impl Secret {
    /// Wraps a text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself: for the one call that needs it, never for a message.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl Debug for Secret {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// Why a store takes no changes. Its words are for people; a window has them in its own language.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub enum ReadOnly {
    /// That is how it was opened.
    Asked,
    /// A newer program made it.
    Newer,
    /// Its file, folder or object store lets this account read and not write.
    NotAllowed,
    /// Its server takes no changes from anybody now.
    ServerRefuses,
    /// It is an export.
    Export,
}

impl Display for ReadOnly {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Asked => "The library was opened for reading only.",
            Self::Newer => {
                "This library was made by a newer Backstory, so it is open for reading only. Update Backstory to change it."
            }
            Self::NotAllowed => "The place where the library is lets Backstory read it and not write to it.",
            Self::ServerRefuses => "The library's server takes no changes now.",
            Self::Export => "An export is only read. Import it to go on with it.",
        })
    }
}

/// What a write is refused with.
impl From<ReadOnly> for Error {
    fn from(why: ReadOnly) -> Self {
        let code = if why == ReadOnly::Newer { Code::StoreNewer } else { Code::StoreReadOnly };
        Self::new(code, why.to_string()).kept("Everything in it can still be read; nothing was changed.")
    }
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
    pub read_only: Option<ReadOnly>,
    /// What it can do.
    pub capabilities: Capabilities,
    /// Who is asking, in a store that several people share.
    pub principal: Option<Principal>,
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

/// Whether characters in the bin are wanted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub enum Deleted {
    /// Only those that are not.
    #[default]
    Without,
    /// Both.
    With,
    /// Only those that are.
    Only,
}

/// Who is looking, where a store is shared: their own characters, and those of others that campaigns share with them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct VisibleTo {
    /// Who.
    pub user: String,
    /// Campaign and owner of what is shared with them.
    pub shared: Vec<(String, String)>,
}

/// A place in a sorted list: where the next page begins, whatever is written meanwhile. Made by [`Cursor::at`]; its text is
/// for nobody to read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
#[cfg_attr(test, derive(ts_rs::TS), ts(as = "String"))]
pub struct Cursor(String);

/// What a list is sorted by, of one character.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SortKey {
    /// Of [`Sort::Changed`]: nanoseconds since 1970.
    Changed(i64),
    /// Of [`Sort::Name`]: the name in small letters.
    Name(String),
    /// Of [`Sort::Level`].
    Level(u32),
}

impl Cursor {
    /// The place right behind a character in a list.
    pub fn at(key: &SortKey, id: &CharacterId) -> Self {
        let text = serde_json::to_vec(&(key, id)).unwrap_or_default();
        Self(hex::encode(&text))
    }

    /// The character it stands behind.
    ///
    /// # Errors
    /// `invalid_argument` when the text was not made by [`Cursor::at`], or for a list in another order.
    pub fn position(&self, sort: Sort) -> Result<(SortKey, CharacterId)> {
        let refused = || {
            Error::new(Code::InvalidArgument, "This is not a place in a list in this order.")
                .hint("Start again from the first page.")
        };
        let text = hex::decode(&self.0).ok_or_else(refused)?;
        let (key, id) = serde_json::from_slice(&text).map_err(|_| refused())?;
        match (sort, &key) {
            (Sort::Changed, SortKey::Changed(_))
            | (Sort::Name, SortKey::Name(_))
            | (Sort::Level, SortKey::Level(_)) => Ok((key, id)),
            _ => Err(refused()),
        }
    }
}

impl FromStr for Cursor {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> std::result::Result<Self, Self::Err> {
        Ok(Self(text.to_owned()))
    }
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
    /// Called exactly one of these, without regard to case. Empty: all.
    #[cfg_attr(test, ts(optional, as = "Option<Vec<String>>"))]
    pub names: Vec<String>,
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
    /// Owned by this user.
    pub owner: Option<String>,
    /// Whether those in the bin are wanted.
    #[cfg_attr(test, ts(optional, as = "Option<Deleted>"))]
    pub deleted: Deleted,
    /// Only what this person may see. Set by [`crate::access`], not by callers.
    pub visible_to: Option<VisibleTo>,
    /// The order. Ties are broken by id.
    #[cfg_attr(test, ts(optional, as = "Option<Sort>"))]
    pub sort: Sort,
    /// At most so many. None: all.
    pub limit: Option<u32>,
    /// Skips so many.
    #[cfg_attr(test, ts(optional, as = "Option<u32>"))]
    pub offset: u32,
    /// Only what stands behind this place in the order; `offset` counts from there. [`Page::total`] does not change with it.
    pub after: Option<Cursor>,
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
    /// Say how each document is kept ([`VersionMetadata::stored`]): costs a look at it.
    pub stored: bool,
    /// Bring what each version changed ([`VersionMetadata::trace`]).
    pub traces: bool,
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
            stored: false,
            traces: false,
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
    /// Where the next page begins, in a list of characters; none when this is the end of it.
    pub next: Option<Cursor>,
}

impl<T> Page<T> {
    /// A part with nothing known behind it.
    pub fn new(items: Vec<T>, total: u64) -> Self {
        Self { items, total, next: None }
    }
}

/// What happened to one character since some revision: the last of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Change {
    /// Whose.
    pub character: CharacterId,
    /// The store's revision that the last of it came with.
    pub revision: u64,
    /// It was erased; else it was written.
    pub erased: bool,
}

/// A part of the change feed, oldest first, each character once.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Changes {
    /// Everything up to this revision has been told: where to go on from.
    pub revision: u64,
    /// What happened.
    pub changes: Vec<Change>,
    /// There is more to be asked for right away.
    pub more: bool,
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

/// A small named text that a store keeps for the program: a policy, a schedule, who is at work. In a store that several people
/// share, everybody has their own.
///
/// One that is taken away stays as a name without a value, so that two writers never take two of its lives for one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Setting {
    /// Its name: `a-z`, digits, `.`, `_` and `-`, a letter first, at most [`Setting::MAX_KEY`] bytes. What begins with
    /// [`Setting::LIBRARY`] belongs to what is in the library and goes along when that moves to another store; all else is
    /// this store's own.
    pub key: String,
    /// What it says, as JSON, at most [`MAX_TEXT`] bytes. None: it was taken away.
    pub value: Option<String>,
    /// Counts the writes to it, from 1.
    pub revision: u64,
}

impl Setting {
    /// The longest name: bytes.
    pub const MAX_KEY: usize = 128;
    /// What the names of those begin with that go along.
    pub const LIBRARY: &'static str = "library.";

    /// Whether it goes along when the library moves to another store.
    pub fn goes_along(&self) -> bool {
        self.key.starts_with(Self::LIBRARY)
    }
}

/// What must hold of the character, or of the setting, for a write to be applied.
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
    /// Takes versions away, with their sightings, and with the documents no other version has. Documents that lean on one of
    /// those are first stored anew against another, and compared with their hash. Versions that are not there are passed over.
    /// The character's row is the caller's business.
    DropVersions {
        /// Whose.
        character: CharacterId,
        /// Which.
        versions: Vec<SnapshotId>,
    },
    /// Takes a character away for good: row, versions, sightings, documents. What stays is its id and when it went, for the
    /// change feed, until the id is written again. Fails with `conflict` like [`Write::Character`].
    Erase {
        /// Whose.
        character: CharacterId,
        /// The condition.
        expect: Expect,
    },
    /// Gives somebody a place in a campaign, changes it, or takes it away.
    Member {
        /// The campaign's name.
        campaign: String,
        /// Who.
        user: String,
        /// As what; none: no longer.
        role: Option<Role>,
    },
    /// Adds to the audit log. The store gives the entry its number and its place in the chain when it commits, behind every
    /// entry that was committed before ([`audit::Head::append`]). Nothing ever changes or takes away an entry.
    Audit {
        /// What it says.
        note: Box<Note>,
        /// Who did it, in a store that several people share; one that keeps them apart itself knows better.
        by: Option<String>,
        /// Whose character it is about: they may read it too.
        owner: Option<String>,
    },
    /// Puts a setting. Fails with `conflict` when `expect` does not hold of it as this transaction has it so far
    /// ([`Expect::Absent`]: it was never written); the new `revision` must be higher.
    Setting {
        /// What it is from now on.
        setting: Setting,
        /// The condition.
        expect: Expect,
    },
}

impl Write {
    /// Whose history this changes; none for what concerns no character.
    pub fn character(&self) -> Option<&CharacterId> {
        match self {
            Self::Character { index, .. } => Some(&index.id),
            Self::Version { metadata } => Some(&metadata.character),
            Self::Content { character, .. }
            | Self::Sightings { character, .. }
            | Self::RemoveSightings { character, .. }
            | Self::DropVersions { character, .. }
            | Self::Erase { character, .. } => Some(character),
            Self::Member { .. } | Self::Setting { .. } | Self::Audit { .. } => None,
        }
    }
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

/// What a repair did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct RepairReport {
    /// What was wrong and is right now.
    pub repaired: Vec<Problem>,
    /// What is still wrong.
    pub left: Vec<Problem>,
}

/// What a recompression did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Recompressed {
    /// Documents looked at.
    pub contents: u64,
    /// Documents stored anew.
    pub rewritten: u64,
    /// Bytes they took before.
    pub bytes_before: u64,
    /// Bytes they take now.
    pub bytes_after: u64,
}

/// What lies beneath a store and keeps what was erased in it for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub enum Kept {
    /// A database server's log and the room it has not used again.
    ServerLog,
    /// Old versions of objects, where a bucket is set to keep them.
    ObjectVersions,
}

/// How much there is, the bin included.
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
    /// The keys that its texts are encrypted under, the current one first; none where they are plain.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(test, ts(as = "Option<Vec<KeyInUse>>", optional))]
    pub keys: Vec<KeyInUse>,
}

/// Connections to a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(rename = "ConnectionPool"))]
pub struct Pool {
    /// Those that are open.
    pub open: u64,
    /// At most so many.
    pub most: u64,
    /// Who waits for one.
    pub waiting: u64,
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
    /// Characters in all, the bin left out.
    pub characters: u64,
    /// Versions in all, the bin included.
    pub versions: u64,
    /// Class names. A character with two classes counts for both.
    pub classes: Vec<Facet>,
    /// Campaign names.
    pub campaigns: Vec<Facet>,
}

impl Facets {
    /// What these rows can be filtered by. Those in the bin do not count.
    pub fn of<'a>(rows: impl Iterator<Item = &'a CharacterIndex>, versions: u64) -> Self {
        let rows: Vec<_> = rows.filter(|index| index.deleted_at.is_none()).collect();
        let classes = rows.iter().flat_map(|index| {
            index.classes.iter().map(|class| Some(class.name.as_str())).collect::<BTreeSet<_>>()
        });
        let campaign = |index: &&'a CharacterIndex| index.campaign.as_deref().filter(|name| !name.is_empty());
        Self {
            characters: rows.len() as u64,
            versions,
            classes: counted(classes),
            campaigns: counted(rows.iter().map(campaign)),
        }
    }
}

/// Counts names in their order, without regard to case first; "has none" last.
fn counted<'a>(names: impl Iterator<Item = Option<&'a str>>) -> Vec<Facet> {
    let mut counts: BTreeMap<_, u64> = BTreeMap::new();
    for name in names {
        *counts.entry((name.is_none(), name.map(str::to_lowercase), name)).or_default() += 1;
    }
    counts.into_iter().map(|((_, _, name), count)| Facet { name: name.map(str::to_owned), count }).collect()
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

    /// Where words appeared, in the order asked for; ties of the time by the identity of the version and the place. This reads
    /// every trace; a store with an index of words answers without.
    ///
    /// # Errors
    /// `storage_failed`, `store_busy`.
    async fn search(&self, query: &SearchQuery) -> Result<Vec<SearchHit>> {
        search::in_traces(self, query).await
    }

    /// A document, compared with its hash.
    ///
    /// # Errors
    /// `version_not_found` when there is no such content, `store_damaged` when it does not match its hash.
    async fn document(&self, character: &CharacterId, content: &ContentHash) -> Result<Vec<u8>>;

    /// When a character's versions were seen again, oldest first: what a copy of the store needs besides the history.
    ///
    /// # Errors
    /// `storage_failed`, `store_busy`.
    async fn sightings(&self, character: &CharacterId) -> Result<Vec<Sighting>>;

    /// Who has a place in which campaign, ordered by campaign and user. Empty in a store with one user.
    ///
    /// # Errors
    /// `storage_failed`, `store_busy`.
    async fn members(&self) -> Result<Vec<Member>>;

    /// The entries of the audit log behind this number, oldest first, at most so many. Whoever may not read one is given its
    /// hashes, so that everybody can verify the whole. An entry that cannot be read is left out: verifying tells of it.
    ///
    /// # Errors
    /// `storage_failed`, `store_busy`.
    async fn audit(&self, after: u64, limit: u32) -> Result<Vec<audit::Entry>>;

    /// The end of the audit log.
    ///
    /// # Errors
    /// `storage_failed`, `store_busy`.
    async fn audit_head(&self) -> Result<audit::Head>;

    /// Every setting of whoever asks, ordered by name, those without a value included.
    ///
    /// # Errors
    /// `storage_failed`, `store_busy`.
    async fn settings(&self) -> Result<Vec<Setting>>;

    /// What happened after a revision, oldest first, at most `limit` characters. A character written twice is told once, at its
    /// last revision; the feed never leaves out a committed write. A revision from another life of the store (higher than its
    /// own) tells everything from the start.
    ///
    /// # Errors
    /// `storage_failed`, `store_busy`.
    async fn changes_since(&self, revision: u64, limit: u32) -> Result<Changes>;

    /// Waits until the store's revision is higher than `since`, whoever wrote, at most for so long; says what it is then.
    ///
    /// # Errors
    /// As [`CharacterStorage::revision`].
    async fn wait(&self, since: u64, at_most: Duration) -> Result<u64>;

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

    /// Mends what [`CharacterStorage::check`] calls repairable: everything derived is made anew from what it is derived from,
    /// what a crash left behind is taken away. Never touches a document or a version that can be read. Stopped halfway it
    /// leaves a store that can be repaired again.
    ///
    /// # Errors
    /// `cancelled`, `store_read_only`, `store_busy`, `storage_failed`. Damage it cannot mend is in [`RepairReport::left`].
    async fn repair(&self, progress: &dyn Progress, cancel: &Cancel) -> Result<RepairReport>;

    /// Stores every document anew in this encoding, each compared with its hash before the old bytes go, a character at a
    /// time: stopped halfway, every version opens, some in the new form and some in the old. New documents come in the
    /// encoding the store was opened with.
    ///
    /// # Errors
    /// `cancelled`, `store_read_only`, `store_busy`, `storage_full`, `storage_failed`. A document that is damaged stays as it is.
    async fn recompress(
        &self,
        encoding: &Encoding,
        progress: &dyn Progress,
        cancel: &Cancel,
    ) -> Result<Recompressed>;

    /// The same for the documents of one character. A store that cannot do less does all of them.
    ///
    /// # Errors
    /// As [`CharacterStorage::recompress`].
    async fn recompress_character(
        &self,
        _character: &CharacterId,
        encoding: &Encoding,
        progress: &dyn Progress,
        cancel: &Cancel,
    ) -> Result<Recompressed> {
        self.recompress(encoding, progress, cancel).await
    }

    /// Takes away what erased and dropped things may have left in the store's own files: free pages, logs, files nobody names
    /// any more. Afterwards no byte of them can be read there, but for the tombstones. What the store cannot reach (a server's
    /// own log, old versions that a bucket keeps) stays: [`CharacterStorage::keeps`] names it. Stopped halfway it can be run
    /// again.
    ///
    /// # Errors
    /// `store_busy` while another program keeps it from doing so; `cancelled`, `store_read_only`, `storage_full`,
    /// `storage_failed`.
    async fn scrub(&self, progress: &dyn Progress, cancel: &Cancel) -> Result<()>;

    /// What of erased things is kept by what lies beneath the store, where Backstory cannot take it away.
    fn keeps(&self) -> &'static [Kept] {
        &[]
    }

    /// How far it is encrypted, and with what.
    ///
    /// # Errors
    /// `storage_failed`, `store_busy`.
    async fn encryption(&self) -> Result<Encryption> {
        Ok(Encryption::default())
    }

    /// How what it holds may lie in a cache that others can reach. Of a store that is encrypted, or of which one half is, and
    /// that has no key to give for that: not at all.
    ///
    /// # Errors
    /// As [`CharacterStorage::encryption`]; `library_locked`, `library_key_wrong`. Nothing may be kept there then.
    async fn cache_seal(&self) -> Result<CacheSeal> {
        Ok(match self.encryption().await?.state {
            EncryptionState::Unsupported | EncryptionState::Off => CacheSeal::Plain,
            _ => CacheSeal::Never,
        })
    }

    /// What it says of its keys, for [`KeyChange::Like`]: nothing can be opened with it alone. None where it is plain.
    ///
    /// # Errors
    /// `storage_failed`, `store_busy`.
    async fn keys(&self) -> Result<Option<Secret>> {
        Ok(None)
    }

    /// A recovery phrase for [`CharacterStorage::change_keys`]: new random words. Nothing is kept of them.
    ///
    /// # Errors
    /// `encryption_unsupported`; `internal` where the system has no random numbers.
    fn new_phrase(&self) -> Result<Secret> {
        Err(encryption::unsupported(&self.info().kind))
    }

    /// Encrypts everything, takes that back, or renews the keys. What is to open the store is written and read back before the
    /// first byte changes; afterwards nothing of the old form can be found in the store's own files.
    ///
    /// # Errors
    /// `encryption_unsupported`; `keychain_unavailable` and `invalid_argument`: nothing was changed then; `store_busy`,
    /// `cancelled`, `storage_full`, `storage_failed`: what is there can be read, and [`KeyChange::GoOn`] goes on.
    async fn change_keys(
        &self,
        _change: &KeyChange,
        _progress: &dyn Progress,
        _cancel: &Cancel,
    ) -> Result<Encryption> {
        Err(encryption::unsupported(&self.info().kind))
    }

    /// The connections to a server, where there is a pool of them.
    fn pool(&self) -> Option<Pool> {
        None
    }

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
    /// Opens a store, creating it where there is none and where its kind allows that.
    ///
    /// # Errors
    /// `invalid_argument` for an address no backend knows; `store_unreachable`, `access_denied`, `storage_failed`,
    /// `store_damaged`, `store_busy`.
    async fn open_with(&self, address: &str, options: &StoreOptions) -> Result<Arc<dyn CharacterStorage>>;

    /// Opens a store with every choice left to its backend.
    ///
    /// # Errors
    /// As [`StorageFactory::open_with`].
    async fn open(&self, address: &str) -> Result<Arc<dyn CharacterStorage>> {
        self.open_with(address, &StoreOptions::default()).await
    }
}
