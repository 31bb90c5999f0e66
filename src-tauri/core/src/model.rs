//! The nouns: characters, versions, contents, and their identities.

use std::{fmt, str::FromStr, sync::Arc};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    error::{Code, Error, Result},
    privacy::audit::SubjectKey,
    sheet::{Class, Rules},
    trace::Trace,
    wording::Said,
};

/// A character's identity: text such as `ddb-145081718`, safe as a folder name and never a path.
///
/// `[a-z0-9][a-z0-9_-]{0,127}`, checked at construction.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
#[cfg_attr(test, derive(ts_rs::TS), ts(as = "String"))]
pub struct CharacterId(String);

impl CharacterId {
    /// # Errors
    /// [`Code::InvalidArgument`] when the text is not of the form above.
    pub fn new(text: impl Into<String>) -> Result<Self> {
        let text = text.into();
        let head = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit();
        let tail = |c: u8| head(c) || c == b'_' || c == b'-';
        match text.as_bytes() {
            [first, rest @ ..] if head(*first) && rest.len() < 128 && rest.iter().all(|&c| tail(c)) => {
                Ok(Self(text))
            }
            _ => Err(Error::new(
                Code::InvalidArgument,
                format!("{:?} is not a character id.", text.chars().take(140).collect::<String>()),
            )
            .hint("An id has up to 128 small letters, digits, - and _, for example ddb-145081718.")),
        }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for CharacterId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for CharacterId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        Self::new(String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

/// A version's identity everywhere (sync, tags, links): a UUIDv7. Part of the order of the history, after the capture time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
#[cfg_attr(test, derive(ts_rs::TS), ts(as = "String"))]
pub struct SnapshotId(pub Uuid);

impl fmt::Display for SnapshotId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// BLAKE3 of a document's bytes. Contents are stored once per character under this name and checked against it at every read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(test, derive(ts_rs::TS), ts(as = "String"))]
pub struct ContentHash(pub [u8; 32]);

impl ContentHash {
    /// The hash of these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(*blake3::hash(bytes).as_bytes())
    }
}

impl fmt::Display for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        blake3::Hash::from_bytes(self.0).to_hex().fmt(f)
    }
}

impl FromStr for ContentHash {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        blake3::Hash::from_hex(text)
            .map(|hash| Self(*hash.as_bytes()))
            .map_err(|e| Error::new(Code::InvalidArgument, "This is not a content hash.").caused_by(e))
    }
}

impl Serialize for ContentHash {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ContentHash {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// A piece of the imported text that was cut out at the door because it is other people's data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Cut {
    /// Where it stood, as a JSON pointer.
    pub pointer: String,
    /// How many bytes were taken out.
    pub removed_bytes: u64,
    /// What stands there now.
    pub replaced_by: String,
}

/// What a version is, compared with the one before it in the history.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub enum Kind {
    /// The first one: nothing to compare with.
    Baseline,
    /// A player would say that something changed.
    Change,
    /// Only what a rest resets moved: hit points lost, slots used, conditions.
    State,
    /// The bytes differ, the sheet does not.
    Quiet,
}

/// What a sentence is about: decides its icon and its place in a summary.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub enum Topic {
    /// Reached or lost a level, took a class.
    Level,
    /// Chose, changed or lost a subclass.
    Subclass,
    /// Name, species, background, campaign.
    Identity,
    /// Ability scores.
    Abilities,
    /// Hit points.
    HitPoints,
    /// Armour class, speed, initiative, saves, skills and other proficiencies.
    Combat,
    /// Features and feats.
    Features,
    /// Spells.
    Spells,
    /// Things carried.
    Items,
    /// Coins.
    Coins,
    /// Notes and personality.
    Notes,
    /// Experience points.
    Experience,
    /// What a rest resets.
    State,
    /// The first version.
    Baseline,
    /// Much vanished and nothing explains it.
    Loss,
    /// An earlier version was brought back.
    Restored,
}

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sentence {
    /// What it is about.
    pub topic: Topic,
    /// What it says; [`Said::text`] gives the words.
    #[serde(flatten)]
    pub said: Said,
}

/// What a version changed, derived from it and the version before it. Recomputable: never the only place a fact is kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// How it compares with the version before.
    pub kind: Kind,
    /// What happened, the most important first.
    pub sentences: Vec<Sentence>,
    /// How many changes a player would notice.
    pub changes: u32,
    /// How many differences only a rest makes.
    pub state: u32,
    /// The total level at this version.
    pub level: u32,
    /// Whether this is a turning point: the first version, a level, a subclass.
    pub landmark: bool,
    /// Which deriver wrote this: an older one is told anew.
    pub deriver: u32,
}

/// How long a version stood unchanged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Seen {
    /// The last time these bytes were found.
    #[cfg_attr(test, ts(as = "String"))]
    pub last: Timestamp,
    /// How often they were found, the first time included.
    pub count: u64,
}

/// How a store keeps a document: for people who want to know where the room goes. Changes when the store is recompressed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Stored {
    /// The encoding's name: `zstd`, `gzip+delta`, …
    pub codec: String,
    /// Bytes it takes, encoded.
    pub bytes: u64,
    /// The document it is a difference against; none when it is kept whole.
    pub base: Option<ContentHash>,
}

/// Everything known of a version except its document.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct VersionMetadata {
    /// Its identity.
    pub id: SnapshotId,
    /// Whose it is.
    pub character: CharacterId,
    /// Its number in this store: rising per character, never reused, not the order of the history.
    pub version: u64,
    /// When we looked. With `id`, the order of the history.
    pub captured_at: Timestamp,
    /// When the player last edited, as far as the source says.
    pub edited_at: Option<Timestamp>,
    /// The name of its document.
    pub content: ContentHash,
    /// The length of its document.
    pub bytes: u64,
    /// The name of the source that read it, which can read it again.
    pub source: String,
    /// Where it came from: a file's name, never a whole path.
    pub origin: Option<String>,
    /// What was cut out of it at the door.
    pub cuts: Vec<Cut>,
    /// What it changed.
    pub summary: Summary,
    /// How long it stood.
    pub seen: Seen,
    /// Kept for ever by the player's wish.
    pub pinned: bool,
    /// Names the player gave it.
    pub tags: Vec<String>,
    /// What the player wrote to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// The number of the earlier version that the player brought back with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restored: Option<u64>,
    /// Lies in the archive area: listed and opened like any other, only slower. A document is moved there when every version
    /// that has it is archived, and back when one is not.
    #[serde(default)]
    pub archived: bool,
    /// How its document is kept. Filled in only where [`crate::storage::HistoryQuery::stored`] asks for it; nothing to write.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stored: Option<Stored>,
    /// What it changed, for blame, search and progress. Filled in only where [`crate::storage::HistoryQuery::traces`] asks for
    /// it. Writing a version without one leaves the one that is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace: Option<Arc<Trace>>,
}

/// One step of a character's growth: enough to draw the small line on its card.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct GrowthPoint {
    /// When.
    #[cfg_attr(test, ts(as = "String"))]
    pub at: Timestamp,
    /// The total level from then on.
    pub level: u32,
}

/// What the library knows of a character without opening a document: one row of the list.
///
/// A projection of its newest version and its history. `revision` is what compare-and-set compares.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct CharacterIndex {
    /// Its identity.
    pub id: CharacterId,
    /// Its name.
    pub name: String,
    /// Species or race, as the sheet says it.
    pub species: Option<String>,
    /// Background.
    pub background: Option<String>,
    /// Classes with their levels.
    pub classes: Vec<Class>,
    /// Total level.
    pub level: u32,
    /// Which edition of the rules.
    pub rules: Rules,
    /// The campaign's name.
    pub campaign: Option<String>,
    /// How many versions are kept.
    pub versions: u64,
    /// How many of them a player would call a change (the first one not counted).
    pub changes: u64,
    /// How often we looked.
    pub captures: u64,
    /// The highest version number given so far.
    pub last_version: u64,
    /// The first time we looked.
    #[cfg_attr(test, ts(as = "String"))]
    pub first_captured: Timestamp,
    /// The last time we looked.
    #[cfg_attr(test, ts(as = "String"))]
    pub last_captured: Timestamp,
    /// The last time a player would say something changed (the first version counts).
    #[cfg_attr(test, ts(as = "String"))]
    pub last_changed: Timestamp,
    /// What changed then.
    #[serde(default)]
    #[cfg_attr(test, ts(skip))]
    pub last_change: Option<Said>,
    /// At most [`CharacterIndex::GROWTH_POINTS`] changes, oldest first.
    pub growth: Vec<GrowthPoint>,
    /// Whose it is, in a store that several people share. None: the store's own user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub owner: Option<String>,
    /// When it was put into the bin, from which it can still be taken back. None: it is not there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(as = "Option<String>", optional))]
    pub deleted_at: Option<Timestamp>,
    /// The character of another source that it was made from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub linked: Option<CharacterId>,
    /// Other ids it came under.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(test, ts(as = "Option<Vec<String>>", optional))]
    pub also: Vec<CharacterId>,
    /// What leads from it to its entries in the audit log; none until something is noted of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(skip))]
    pub audit_key: Option<SubjectKey>,
    /// When it lost what told of its player. None: it never did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(as = "Option<String>", optional))]
    pub anonymised_at: Option<Timestamp>,
    /// Counts the writes to this character.
    pub revision: u64,
}

impl CharacterIndex {
    /// How many points the growth line keeps.
    pub const GROWTH_POINTS: usize = 48;
}

/// What somebody is in a campaign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub enum Role {
    /// Reads every character of the campaign and may capture new versions of them.
    DungeonMaster,
    /// Reads every character of the campaign.
    Player,
    /// Sees the list and the histories, not the documents.
    Viewer,
}

/// Somebody's place in a campaign of a store that several people share.
///
/// A character is shared with the members of its campaign only where its owner is one of them too: two groups that play the
/// same adventure do not see each other.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Member {
    /// The campaign's name.
    pub campaign: String,
    /// Who.
    pub user: String,
    /// As what.
    pub role: Role,
}

/// A moment at which a version was seen again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Sighting {
    /// When.
    pub at: Timestamp,
    /// Which version.
    pub version: SnapshotId,
}
