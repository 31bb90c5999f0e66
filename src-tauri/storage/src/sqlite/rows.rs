//! Between the model and its rows.

use std::{borrow::Cow, collections::BTreeSet};

use backstory_core::{
    model::{
        CharacterId, CharacterIndex, ContentHash, Cut, GrowthPoint, Kind, Role, Seen, Sentence, SnapshotId,
        Summary, Topic, VersionMetadata,
    },
    privacy::audit::SubjectKey,
    sheet::{Class, Rules},
    wording::Said,
};
use jiff::Timestamp;
use rusqlite::Row;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::failure::{Failure, Result, damaged};
use crate::rules::nanoseconds;

/// A count as SQLite keeps it. `rules::check` has refused what does not fit.
pub(super) fn integer(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A count as SQLite kept it.
pub(super) fn unsigned(number: i64) -> Result<u64> {
    u64::try_from(number).map_err(|_| damaged("A number in the library is below zero."))
}

pub(super) fn timestamp(nanoseconds: i64) -> Result<Timestamp> {
    Timestamp::from_nanosecond(i128::from(nanoseconds))
        .map_err(|_| damaged("A time in the library is out of range."))
}

pub(super) fn to_json(value: &impl Serialize) -> Result<String> {
    serde_json::to_string(value).map_err(|error| {
        Failure::Said(
            backstory_core::error::Error::internal("A row could not be written as JSON.").caused_by(error),
        )
    })
}

/// Reads a JSON column.
pub(super) fn from_json<'a, T: Deserialize<'a>>(text: &'a str, what: &str) -> Result<T> {
    serde_json::from_str(text)
        .map_err(|_| damaged(format!("What the library knows of {what} cannot be read.")))
}

/// [`CharacterIndex`] without its id and revision, with times as numbers: a third of the bytes and of the time to read.
#[derive(Serialize, Deserialize)]
struct IndexDetails<'a> {
    name: Cow<'a, str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    species: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    background: Option<Cow<'a, str>>,
    classes: Cow<'a, [Class]>,
    level: u32,
    rules: Rules,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    campaign: Option<Cow<'a, str>>,
    versions: u64,
    changes: u64,
    captures: u64,
    last_version: u64,
    first_captured: i64,
    last_captured: i64,
    last_changed: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    last_change: Option<Cow<'a, Said>>,
    growth: Vec<(i64, u32)>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    owner: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    deleted_at: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    linked: Option<Cow<'a, CharacterId>>,
    #[serde(default, skip_serializing_if = "<[CharacterId]>::is_empty")]
    also: Cow<'a, [CharacterId]>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    audit_key: Option<Cow<'a, SubjectKey>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    anonymised_at: Option<i64>,
}

/// A character's row as JSON.
pub(super) fn index_details(index: &CharacterIndex) -> Result<String> {
    to_json(&IndexDetails {
        name: Cow::Borrowed(&index.name),
        species: index.species.as_deref().map(Cow::Borrowed),
        background: index.background.as_deref().map(Cow::Borrowed),
        classes: Cow::Borrowed(&index.classes),
        level: index.level,
        rules: index.rules,
        campaign: index.campaign.as_deref().map(Cow::Borrowed),
        versions: index.versions,
        changes: index.changes,
        captures: index.captures,
        last_version: index.last_version,
        first_captured: nanoseconds(index.first_captured),
        last_captured: nanoseconds(index.last_captured),
        last_changed: nanoseconds(index.last_changed),
        last_change: index.last_change.as_ref().map(Cow::Borrowed),
        growth: index.growth.iter().map(|point| (nanoseconds(point.at), point.level)).collect(),
        owner: index.owner.as_deref().map(Cow::Borrowed),
        deleted_at: index.deleted_at.map(nanoseconds),
        linked: index.linked.as_ref().map(Cow::Borrowed),
        also: Cow::Borrowed(&index.also),
        audit_key: index.audit_key.as_ref().map(Cow::Borrowed),
        anonymised_at: index.anonymised_at.map(nanoseconds),
    })
}

/// A character's row from its JSON.
pub(super) fn index(id: CharacterId, revision: i64, details: &str) -> Result<CharacterIndex> {
    let details: IndexDetails = from_json(details, id.as_str())?;
    let text = |text: Option<Cow<'_, str>>| text.map(Cow::into_owned);
    let point = |(at, level)| Ok(GrowthPoint { at: timestamp(at)?, level });
    Ok(CharacterIndex {
        id,
        name: details.name.into_owned(),
        species: text(details.species),
        background: text(details.background),
        classes: details.classes.into_owned(),
        level: details.level,
        rules: details.rules,
        campaign: text(details.campaign),
        versions: details.versions,
        changes: details.changes,
        captures: details.captures,
        last_version: details.last_version,
        first_captured: timestamp(details.first_captured)?,
        last_captured: timestamp(details.last_captured)?,
        last_changed: timestamp(details.last_changed)?,
        last_change: details.last_change.map(Cow::into_owned),
        growth: details.growth.into_iter().map(point).collect::<Result<_>>()?,
        owner: text(details.owner),
        deleted_at: details.deleted_at.map(timestamp).transpose()?,
        linked: details.linked.map(Cow::into_owned),
        also: details.also.into_owned(),
        audit_key: details.audit_key.map(Cow::into_owned),
        anonymised_at: details.anonymised_at.map(timestamp).transpose()?,
        revision: unsigned(revision)?,
    })
}

/// The names of a character's classes as JSON, each once.
pub(super) fn class_names(index: &CharacterIndex) -> Result<String> {
    let names: BTreeSet<&str> = index.classes.iter().map(|class| class.name.as_str()).collect();
    to_json(&names)
}

/// What of a [`VersionMetadata`] is neither filtered nor sorted by: a JSON array, because names would take more room than
/// the values. New fields are added at the end, with `#[serde(default)]`.
#[derive(Serialize, Deserialize)]
struct VersionDetails<'a>(
    /* source */ Cow<'a, str>,
    /* origin */ Option<Cow<'a, str>>,
    /* cuts */ Vec<(Cow<'a, str>, u64, Cow<'a, str>)>,
    /* summary.sentences */ Vec<(Topic, Cow<'a, Said>)>,
    /* summary.changes, state, level */ [u32; 3],
    /* summary.landmark */ bool,
    /* summary.deriver */ u32,
    /* pinned */ bool,
    /* tags */ Cow<'a, [String]>,
    /* what few versions have */ #[serde(default, skip_serializing_if = "Rare::is_empty")] Rare<'a>,
);

/// What few versions have. A field to come goes in here.
#[derive(Default, Serialize, Deserialize)]
struct Rare<'a> {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    note: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    restored: Option<u64>,
}

impl Rare<'_> {
    fn is_empty(&self) -> bool {
        self.note.is_none() && self.restored.is_none()
    }
}

/// The JSON column of a version.
pub(super) fn version_details(metadata: &VersionMetadata) -> Result<String> {
    let summary = &metadata.summary;
    let cut = |cut: &'_ Cut| (cut.pointer.clone().into(), cut.removed_bytes, cut.replaced_by.clone().into());
    to_json(&VersionDetails(
        Cow::Borrowed(&metadata.source),
        metadata.origin.as_deref().map(Cow::Borrowed),
        metadata.cuts.iter().map(cut).collect(),
        summary.sentences.iter().map(|line| (line.topic, Cow::Borrowed(&line.said))).collect(),
        [summary.changes, summary.state, summary.level],
        summary.landmark,
        summary.deriver,
        metadata.pinned,
        Cow::Borrowed(&metadata.tags),
        Rare { note: metadata.note.as_deref().map(Cow::Borrowed), restored: metadata.restored },
    ))
}

/// The number a kind is stored as. A number is never given a new meaning.
pub(super) fn kind_number(kind: Kind) -> i64 {
    match kind {
        Kind::Baseline => 0,
        Kind::Change => 1,
        Kind::State => 2,
        Kind::Quiet => 3,
    }
}

fn kind(number: i64) -> Result<Kind> {
    [Kind::Baseline, Kind::Change, Kind::State, Kind::Quiet]
        .into_iter()
        .find(|&kind| kind_number(kind) == number)
        .ok_or_else(|| damaged("A version in the library is of an unknown kind."))
}

/// A query for versions, and what it goes on with: the columns [`version`] reads, and the row of the version as the last.
macro_rules! versions {
    ($rest:literal) => {
        concat!(
            "SELECT v.id, v.number, v.captured_at, v.edited_at, c.hash, v.bytes, v.kind, v.seen_last, v.seen_count, \
             v.details, v.archived, v.row FROM version AS v JOIN content AS c ON c.row = v.content ",
            $rest
        )
    };
}
pub(super) use versions;

/// The versions whose words match, of the characters that are not in the bin, and in what order: [`super::traces`] reads it.
/// The first parameter is the match, the second a JSON array of ids, the third whether it is to be passed over.
macro_rules! found {
    ($order:literal) => {
        concat!(
            "SELECT k.id, v.id, v.number, v.captured_at, t.data FROM word_index \
             JOIN version AS v ON v.row = word_index.rowid JOIN trace AS t ON t.version = v.row \
             JOIN character AS k ON k.row = v.character JOIN character_index AS i ON i.character = v.character \
             WHERE word_index MATCH ?1 AND i.deleted = 0 AND (?3 OR k.id IN (SELECT value FROM json_each(?2))) ",
            $order
        )
    };
}
pub(super) use found;

/// A version from its row.
pub(super) fn version(character: &CharacterId, row: &Row<'_>) -> Result<VersionMetadata> {
    let number = unsigned(row.get(1)?)?;
    let details = row.get_ref(9)?.as_str().map_err(rusqlite::Error::from)?;
    let VersionDetails(source, origin, cuts, sentences, counts, landmark, deriver, pinned, tags, rare) =
        from_json(details, character.as_str())?;
    let [changes, state, level] = counts;
    let edited_at: Option<i64> = row.get(3)?;
    let sentence = |(topic, said): (Topic, Cow<'_, Said>)| Sentence { topic, said: said.into_owned() };
    let cut = |(pointer, removed_bytes, replaced_by): (Cow<'_, str>, u64, Cow<'_, str>)| Cut {
        pointer: pointer.into_owned(),
        removed_bytes,
        replaced_by: replaced_by.into_owned(),
    };
    let sentences = sentences.into_iter().map(sentence).collect();
    Ok(VersionMetadata {
        id: SnapshotId(Uuid::from_bytes(row.get(0)?)),
        character: character.clone(),
        version: number,
        captured_at: timestamp(row.get(2)?)?,
        edited_at: edited_at.map(timestamp).transpose()?,
        content: ContentHash(row.get(4)?),
        bytes: unsigned(row.get(5)?)?,
        source: source.into_owned(),
        origin: origin.map(Cow::into_owned),
        cuts: cuts.into_iter().map(cut).collect(),
        summary: Summary { kind: kind(row.get(6)?)?, sentences, changes, state, level, landmark, deriver },
        seen: Seen { last: timestamp(row.get(7)?)?, count: unsigned(row.get(8)?)? },
        pinned,
        tags: tags.into_owned(),
        note: rare.note.map(Cow::into_owned),
        restored: rare.restored,
        archived: row.get(10)?,
        stored: None,
        trace: None,
    })
}

/// The number a role is stored as. A number is never given a new meaning.
pub(super) fn role_number(role: Role) -> i64 {
    match role {
        Role::DungeonMaster => 1,
        Role::Player => 2,
        Role::Viewer => 3,
    }
}

/// A role from its number.
pub(super) fn role(number: i64) -> Result<Role> {
    [Role::DungeonMaster, Role::Player, Role::Viewer]
        .into_iter()
        .find(|&role| role_number(role) == number)
        .ok_or_else(|| damaged("A member of a campaign has an unknown role."))
}
