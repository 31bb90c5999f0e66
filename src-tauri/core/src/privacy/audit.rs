//! The audit log: what was done with a library, so that no entry of it can be changed, left out or added unnoticed.
//!
//! An entry is a line of JSON that begins with its number. It names no person: a character stands in it as a [`Subject`], which
//! only the key in the character's own row leads back to it, and that key goes when the character is erased. The entry stays.
//!
//! Entries are chained: the hash of each is made from its line and the hash before it ([`chained`]). Over the lines lies the
//! tree of RFC 6962 ([`tree`]), so that one hash stands for the whole log. A store numbers and chains entries at its commit,
//! with [`Head::append`], under the lock that puts commits in an order. Whoever could rewrite a whole store could also rewrite
//! its log: so the last tree head is kept outside of it, too, and [`verify`] compares.

pub mod tree;
pub mod verify;

use std::{borrow::Cow, collections::BTreeMap, fmt, sync::Arc};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use self::tree::{Digest, Peaks};
use crate::{
    clock::Clock,
    error::{Code, Error, Result},
    hex,
    model::{CharacterId, CharacterIndex},
    storage::Write,
};

/// So many entries of another log are kept in one entry.
pub const SEGMENT: usize = 64;

/// What was done. Names are stable: programs match them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(test, derive(ts_rs::TS), ts(rename = "AuditAction"))]
pub enum Action {
    /// Versions were captured.
    Capture,
    /// A character was seen again as it was.
    Sighting,
    /// An old version was made the newest again.
    Restore,
    /// A version is kept for ever from now on.
    Pin,
    /// It is no longer.
    Unpin,
    /// A version was given names, or lost some.
    Tag,
    /// Words were written to a version, or taken away.
    Note,
    /// A character was put into the bin.
    Delete,
    /// It was taken out of the bin.
    Undelete,
    /// A character was erased for good.
    Erase,
    /// Versions went because the rules of retention said so.
    Retention,
    /// A character lost what tells of its player.
    Anonymise,
    /// Versions were moved to the archive area, or back.
    Archive,
    /// Versions were told anew.
    Retell,
    /// Documents were stored in another encoding.
    Recompress,
    /// What was derived was made anew, and what a crash left was taken away.
    Repair,
    /// Characters came from another store, or were taken away behind a migration.
    Migrate,
    /// Entries of another store's log came with them.
    LogTaken,
    /// Another store's log came with them and was left, since it does not hold together.
    LogRefused,
    /// The log was accepted as it is, although it is not the one that was last seen here.
    LogAccepted,
    /// A setting of the library was changed.
    Setting,
    /// Somebody got a place in a campaign, or lost it.
    Member,
    /// The keys of the library were changed.
    Key,
    /// Something was agreed to.
    Agree,
    /// It was taken back.
    Withdraw,
    /// Characters were read into an export.
    Export,
    /// Characters were read to be shown to others, without what is personal.
    Share,
    /// Characters were read for another computer, or came from there.
    Sync,
    /// What a newer Backstory does.
    #[serde(other)]
    Other,
}

impl Action {
    /// All that this program knows.
    pub const ALL: [Self; 28] = [
        Self::Capture,
        Self::Sighting,
        Self::Restore,
        Self::Pin,
        Self::Unpin,
        Self::Tag,
        Self::Note,
        Self::Delete,
        Self::Undelete,
        Self::Erase,
        Self::Retention,
        Self::Anonymise,
        Self::Archive,
        Self::Retell,
        Self::Recompress,
        Self::Repair,
        Self::Migrate,
        Self::LogTaken,
        Self::LogRefused,
        Self::LogAccepted,
        Self::Setting,
        Self::Member,
        Self::Key,
        Self::Agree,
        Self::Withdraw,
        Self::Export,
        Self::Share,
        Self::Sync,
    ];

    /// Its stable name.
    pub fn name(self) -> String {
        match serde_json::to_value(self) {
            Ok(serde_json::Value::String(name)) => name,
            _ => String::new(),
        }
    }

    /// The action of this name.
    pub fn called(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.name() == name)
    }
}

/// What leads from a character to its entries: random, in the character's own row, and gone with it.
#[derive(Clone, PartialEq, Eq)]
pub struct SubjectKey([u8; 16]);

impl SubjectKey {
    /// From bytes that nobody can guess.
    pub fn new(secret: [u8; 16]) -> Self {
        Self(secret)
    }

    /// What stands for the character in the log.
    pub fn subject(&self, character: &CharacterId) -> Subject {
        let mut hasher = blake3::Hasher::new_derive_key("Backstory 2025-12 subject of an audit entry");
        let hash = hasher.update(&self.0).update(character.as_str().as_bytes()).finalize();
        Subject(hash.as_bytes().first_chunk().copied().unwrap_or_default())
    }

    /// As it stands in a store's files.
    pub fn text(&self) -> String {
        hex::encode(&self.0)
    }
}

impl fmt::Debug for SubjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SubjectKey(…)")
    }
}

impl Serialize for SubjectKey {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text())
    }
}

impl<'de> Deserialize<'de> for SubjectKey {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        sixteen(deserializer).map(Self)
    }
}

/// A character as the log names it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(test, derive(ts_rs::TS), ts(as = "String"))]
pub struct Subject([u8; 16]);

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(&self.0))
    }
}

impl fmt::Debug for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Subject {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Subject {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        sixteen(deserializer).map(Self)
    }
}

fn sixteen<'de, D: serde::Deserializer<'de>>(deserializer: D) -> std::result::Result<[u8; 16], D::Error> {
    let text: Cow<'de, str> = Deserialize::deserialize(deserializer)?;
    let bytes = hex::decode(&text).and_then(|bytes| bytes.try_into().ok());
    bytes.ok_or_else(|| serde::de::Error::custom("not 16 bytes in hexadecimal digits"))
}

/// What an entry says, before a store gives it its number.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Note {
    /// When.
    pub at: Timestamp,
    /// Where from: `window`, `command`, `watch`, `rest`, …
    pub origin: String,
    /// What.
    pub action: Action,
    /// Whom it concerns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<Subject>,
    /// Which version of theirs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<u64>,
    /// How much, by names that stay.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub counts: BTreeMap<String, u64>,
    /// What else it is about: a setting's name, what was agreed to. Nothing of a person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<String>,
    /// Entries of another log that came in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log: Option<Box<Segment>>,
}

impl Note {
    /// The line of an entry of this number.
    ///
    /// # Errors
    /// `internal` where it holds something that is no JSON.
    pub fn line(&self, sequence: u64) -> Result<String> {
        Ok(numbered(sequence, &self.text()?))
    }

    /// As JSON, without a number.
    ///
    /// # Errors
    /// As [`Note::line`].
    pub fn text(&self) -> Result<String> {
        serde_json::to_string(self)
            .map_err(|e| Error::internal("What was done could not be written down.").caused_by(e))
    }
}

/// The line of an entry from its number and what it says. A store that numbers entries itself does the same.
pub fn numbered(sequence: u64, note: &str) -> String {
    format!("{{\"sequence\":{sequence},{}", note.strip_prefix('{').unwrap_or(note))
}

/// The hash of an entry: from the hash of the one before it, and its own leaf.
pub fn chained(before: &Digest, leaf: &Digest) -> Digest {
    Digest::of(&[&[2], &before.0, &leaf.0])
}

/// An entry as a store gives it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its number, from 1.
    pub sequence: u64,
    /// Its line; none for who may not read it, in a store that several people share.
    pub text: Option<String>,
    /// The hash of its line, as it stands in the tree.
    pub leaf: Digest,
    /// Its place in the chain.
    pub hash: Digest,
    /// Who may read it besides administrators, in a store that several people share and that leaves it to others to keep them
    /// apart.
    pub readers: Vec<String>,
}

impl Entry {
    /// One whose line may be read.
    pub fn new(sequence: u64, text: String, hash: Digest) -> Self {
        let leaf = tree::leaf(text.as_bytes());
        Self { sequence, leaf, text: Some(text), hash, readers: Vec::new() }
    }

    /// The same for somebody who may not read it.
    #[must_use]
    pub fn unread(self) -> Self {
        Self { text: None, readers: Vec::new(), ..self }
    }

    /// What it says; none where it cannot be read.
    pub fn note(&self) -> Option<Note> {
        serde_json::from_str(self.text.as_deref()?).ok()
    }
}

/// What stands for a whole log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct TreeHead {
    /// How many entries it has.
    pub size: u64,
    /// The end of the chain.
    pub hash: Digest,
    /// The root of the tree.
    pub root: Digest,
}

/// The end of a log, as a store keeps it: enough to add the next entry, and to say what stands for the whole.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// How many entries there are.
    pub size: u64,
    /// The hash of the last one.
    pub hash: Digest,
    /// The tree, as far as the next entry needs it.
    pub peaks: Peaks,
}

impl Head {
    /// Gives the next entry its number and its place in the chain.
    ///
    /// # Errors
    /// As [`Note::line`].
    pub fn append(&mut self, note: &Note) -> Result<Entry> {
        let sequence = self.size + 1;
        let text = note.line(sequence)?;
        let leaf = tree::leaf(text.as_bytes());
        let hash = chained(&self.hash, &leaf);
        let entry = Entry { sequence, text: Some(text), leaf, hash, readers: Vec::new() };
        self.follow(&entry);
        Ok(entry)
    }

    /// Goes on past an entry that is there already.
    pub fn follow(&mut self, entry: &Entry) {
        self.peaks.add(self.size, entry.leaf);
        (self.size, self.hash) = (entry.sequence, entry.hash);
    }

    /// What stands for the whole log.
    pub fn tree(&self) -> TreeHead {
        TreeHead { size: self.size, hash: self.hash, root: self.peaks.root() }
    }
}

/// Entries of another log, byte for byte, so that they can be verified by themselves.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Segment {
    /// Which log: the hash of its first entry.
    pub log: Digest,
    /// The number of the first of these entries.
    pub from: u64,
    /// The entries.
    pub entries: Vec<Kept>,
    /// What stood for that log when it was taken over, with the last of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head: Option<TreeHead>,
}

/// An entry of another log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Kept {
    /// Its line; none where it could not be read there.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "raw")]
    pub entry: Option<String>,
    /// The hash of a line that could not be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub leaf: Option<Digest>,
    /// Its place in the chain.
    pub hash: Digest,
}

impl From<Entry> for Kept {
    fn from(entry: Entry) -> Self {
        let leaf = entry.text.is_none().then_some(entry.leaf);
        Self { entry: entry.text, leaf, hash: entry.hash }
    }
}

impl Kept {
    /// The entry of this number.
    pub fn entry(&self, sequence: u64) -> Entry {
        let leaf = self.entry.as_ref().map(|text| tree::leaf(text.as_bytes())).or(self.leaf);
        let (text, leaf, hash) = (self.entry.clone(), leaf.unwrap_or_default(), self.hash);
        Entry { sequence, text, leaf, hash, readers: Vec::new() }
    }
}

/// A line of JSON inside another, as it is: quoted, it would double with every library it goes through.
mod raw {
    use serde::{Deserialize, Deserializer, Serialize, Serializer, ser::Error};

    use super::RawValue;

    pub(super) fn serialize<S: Serializer>(text: &Option<String>, serializer: S) -> Result<S::Ok, S::Error> {
        let raw = text.clone().map(RawValue::from_string).transpose().map_err(S::Error::custom)?;
        raw.serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<String>, D::Error> {
        let raw: Option<Box<RawValue>> = Option::deserialize(deserializer)?;
        Ok(raw.map(|raw| raw.get().to_owned()))
    }
}

/// A log as a text: a line an entry, `{"entry":{…},"hash":"…"}`. What [`read_lines`] takes back.
///
/// # Errors
/// `internal` where an entry is no JSON.
pub fn lines(entries: impl IntoIterator<Item = Entry>) -> Result<String> {
    let mut text = String::new();
    for entry in entries {
        let line = serde_json::to_string(&Kept::from(entry));
        text.push_str(
            &line.map_err(|e| Error::internal("An entry could not be written down.").caused_by(e))?,
        );
        text.push('\n');
    }
    Ok(text)
}

/// The entries of a log that was written as a text. Whether they hold together is for [`verify`] to say.
///
/// # Errors
/// `store_damaged` where a line is not one of a log.
pub fn read_lines(text: &[u8]) -> Result<Vec<Entry>> {
    let lines = text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    let entry = |(sequence, line): (u64, &[u8])| {
        let kept: Kept = serde_json::from_slice(line).map_err(|error| {
            Error::new(Code::StoreDamaged, format!("Entry {sequence} of the log cannot be read."))
                .caused_by(error)
        })?;
        Ok(kept.entry(sequence))
    };
    (1..).zip(lines).map(entry).collect()
}

/// What is done, before it is put into the words of the log.
#[derive(Debug, Clone)]
pub struct Act {
    /// What.
    pub action: Action,
    /// To whom.
    pub character: Option<CharacterId>,
    subject: Option<Subject>,
    /// Whose it is, in a store that several people share: they may read the entry.
    owner: Option<String>,
    version: Option<u64>,
    counts: BTreeMap<String, u64>,
    about: Option<String>,
    log: Option<Box<Segment>>,
}

impl Act {
    /// Something that concerns no character.
    pub fn new(action: Action) -> Self {
        Self {
            action,
            character: None,
            subject: None,
            owner: None,
            version: None,
            counts: BTreeMap::new(),
            about: None,
            log: None,
        }
    }

    /// Something that concerns one.
    pub fn of(action: Action, index: &CharacterIndex) -> Self {
        let subject = index.audit_key.as_ref().map(|key| key.subject(&index.id));
        let (character, owner) = (Some(index.id.clone()), index.owner.clone());
        Self { character, subject, owner, ..Self::new(action) }
    }

    /// The same with another name.
    #[must_use]
    pub fn called(self, action: Action) -> Self {
        Self { action, ..self }
    }

    /// Of this version.
    #[must_use]
    pub fn version(self, version: u64) -> Self {
        Self { version: Some(version), ..self }
    }

    /// So many of these. Nothing is said of none.
    #[must_use]
    pub fn count(mut self, what: &str, count: u64) -> Self {
        if count > 0 {
            *self.counts.entry(what.to_owned()).or_default() += count;
        }
        self
    }

    /// What else it is about.
    #[must_use]
    pub fn about(self, about: impl Into<String>) -> Self {
        Self { about: Some(about.into()), ..self }
    }

    /// With entries of another log.
    #[must_use]
    pub fn with(self, segment: Segment) -> Self {
        Self { log: Some(Box::new(segment)), ..self }
    }

    /// In the words of the log.
    pub fn noted(self, at: Timestamp, origin: &str) -> Note {
        let Self { action, subject, version, counts, about, log, .. } = self;
        Note { at, origin: origin.to_owned(), action, subject, version, counts, about, log }
    }

    /// As it is written.
    pub fn write(self, at: Timestamp, origin: &str) -> Write {
        let owner = self.owner.clone();
        Write::Audit { note: Box::new(self.noted(at, origin)), by: None, owner }
    }
}

/// Who puts what is done into the words of the log.
#[derive(Clone)]
pub struct Scribe {
    clock: Arc<dyn Clock>,
    origin: String,
}

impl fmt::Debug for Scribe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Scribe").field(&self.origin).finish()
    }
}

impl Scribe {
    /// In the name of this part of the program.
    pub fn new(clock: Arc<dyn Clock>, origin: &str) -> Self {
        Self { clock, origin: origin.to_owned() }
    }

    /// What was done just now.
    pub fn write(&self, act: Act) -> Write {
        act.write(self.clock.now(), &self.origin)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn note(action: Action) -> Note {
        Act::new(action).count("versions", 2).noted(Timestamp::UNIX_EPOCH, "command")
    }

    #[test]
    fn every_action_has_a_name_of_its_own() {
        let names: std::collections::BTreeSet<_> = Action::ALL.iter().map(|action| action.name()).collect();
        assert_eq!(names.len(), Action::ALL.len());
        for action in Action::ALL {
            assert_eq!(Action::called(&action.name()), Some(action));
        }
        assert_eq!(serde_json::from_str::<Action>("\"of_next_year\"").unwrap(), Action::Other);
    }

    #[test]
    fn a_subject_tells_nothing_without_its_key() {
        let (one, two) = (CharacterId::new("ddb-1").unwrap(), CharacterId::new("ddb-2").unwrap());
        let (key, other) = (SubjectKey::new([1; 16]), SubjectKey::new([2; 16]));
        assert_eq!(key.subject(&one), key.subject(&one));
        assert!(key.subject(&one) != key.subject(&two) && key.subject(&one) != other.subject(&one));
        assert!(!format!("{key:?}").contains("01"));
        let back: SubjectKey = serde_json::from_str(&serde_json::to_string(&key).unwrap()).unwrap();
        assert_eq!(back, key);
    }

    #[test]
    fn an_entry_is_what_it_was_made_of() {
        let mut head = Head::default();
        let first = head.append(&note(Action::Capture)).unwrap();
        assert_eq!(
            first.text.as_deref().unwrap(),
            "{\"sequence\":1,\"at\":\"1970-01-01T00:00:00Z\",\"origin\":\"command\",\"action\":\"capture\",\"counts\":{\"versions\":2}}"
        );
        assert_eq!(first.hash, chained(&Digest::default(), &first.leaf));
        assert_eq!(first.note().unwrap(), note(Action::Capture));
        let second = head.append(&note(Action::Pin)).unwrap();
        assert_eq!((second.sequence, second.hash), (2, chained(&first.hash, &second.leaf)));
        let tree = head.tree();
        assert_eq!((tree.size, tree.hash), (2, second.hash));
        assert_eq!(tree.root, tree::root(&[first.leaf, second.leaf]));
        let text = lines([first.clone(), second.clone()]).unwrap();
        assert_eq!(read_lines(text.as_bytes()).unwrap(), [first, second]);
        assert_eq!(read_lines(b"{}\n").unwrap_err().code, Code::StoreDamaged);
    }

    #[test]
    fn a_log_in_a_log_stands_there_byte_for_byte() {
        let mut head = Head::default();
        let entries: Vec<Kept> = (0..3).map(|_| head.append(&note(Action::Tag)).unwrap().into()).collect();
        let mut lengths = Vec::new();
        let mut kept = entries;
        for _ in 0..4 {
            let segment = Segment {
                log: kept[0].hash,
                from: 1,
                entries: std::mem::take(&mut kept),
                head: Some(head.tree()),
            };
            let taken =
                Act::new(Action::LogTaken).with(segment.clone()).noted(Timestamp::UNIX_EPOCH, "window");
            let entry = Head::default().append(&taken).unwrap();
            assert_eq!(entry.note().unwrap().log.as_deref(), Some(&segment));
            lengths.push(entry.text.as_ref().unwrap().len());
            kept = vec![entry.into()];
        }
        // Nothing is quoted: it grows by what is added and not by what is there.
        assert!(lengths[3] - lengths[2] <= lengths[1] - lengths[0] + 10, "{lengths:?}");
    }
}
