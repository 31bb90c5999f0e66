//! Made-up characters, versions and documents, whole and plausible.

use std::sync::atomic::{AtomicU64, Ordering};

use backstory_core::{
    clock::Clock,
    error::Result,
    model::{
        CharacterId, CharacterIndex, ContentHash, Cut, GrowthPoint, Kind, Seen, Sentence, SnapshotId,
        Summary, Topic, VersionMetadata,
    },
    sheet::{Class, Rules},
    source::Draft,
    storage::{CharacterStorage, Expect, Write},
    wording::say,
};
use backstory_sources::sample;
use jiff::Timestamp;
use uuid::Uuid;

/// The id `ddb-<number>`.
pub fn character_id(number: u64) -> CharacterId {
    CharacterId::new(format!("ddb-{number}")).unwrap()
}

/// A version's identity that sorts by `number`.
pub fn snapshot_id(number: u64) -> SnapshotId {
    SnapshotId(Uuid::from_u64_pair(0x0190_0000_0000_7000, 0x8000_0000_0000_0000 | number))
}

/// A clock that stands still and counts its ids.
#[derive(Default)]
pub struct Still(AtomicU64);

impl Clock for Still {
    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH
    }

    fn snapshot_id(&self) -> SnapshotId {
        snapshot_id(self.0.fetch_add(1, Ordering::Relaxed))
    }

    fn secret(&self) -> Result<[u8; 16]> {
        Ok(u128::from(self.0.fetch_add(1, Ordering::Relaxed)).to_be_bytes())
    }
}

/// So many seconds after a day in 2025.
pub fn moment(seconds: i64) -> Timestamp {
    Timestamp::new(1_750_000_000 + seconds, 123_456_789).unwrap()
}

/// A long life: one character, looked at once a day, whose purse is another each time.
pub fn long_life(days: u32) -> impl Iterator<Item = Draft> {
    let first = sample::scale(1, 1).next().unwrap();
    let text: serde_json::Value = serde_json::from_slice(&first.document).unwrap();
    (0..days).map(move |day| {
        let mut capture = first.clone();
        let mut text = text.clone();
        let character = if text["data"].is_object() { &mut text["data"] } else { &mut text };
        character["currencies"]["gp"] = (day + 1).into();
        capture.document = text.to_string().into_bytes();
        capture.captured_at += jiff::SignedDuration::from_hours(24 * i64::from(day));
        capture.draft().unwrap()
    })
}

/// A class of this name and level.
pub fn class(name: &str, level: u32) -> Class {
    Class { key: format!("class-{name}"), name: name.to_owned(), subclass: None, level, hit_die: 8 }
}

/// The row of a level 5 wizard that nobody has looked at yet.
pub fn index(id: CharacterId) -> CharacterIndex {
    CharacterIndex {
        id,
        name: "Mirren Ashdown".to_owned(),
        species: Some("Half-Elf".to_owned()),
        background: Some("Sage".to_owned()),
        classes: vec![Class { subclass: Some("School of Evocation".to_owned()), ..class("Wizard", 5) }],
        level: 5,
        rules: Rules::Legacy,
        campaign: Some("The Sunken Bell".to_owned()),
        versions: 0,
        changes: 0,
        captures: 0,
        last_version: 0,
        first_captured: moment(0),
        last_captured: moment(0),
        last_changed: moment(0),
        last_change: Some(say("reached").with("now", "Wizard 5")),
        growth: vec![GrowthPoint { at: moment(0), level: 5 }],
        owner: None,
        deleted_at: None,
        linked: None,
        also: Vec::new(),
        audit_key: None,
        anonymised_at: None,
        revision: 1,
    }
}

/// What is known of a version of this document. Its identity follows from its number.
pub fn version(
    character: &CharacterId,
    number: u64,
    captured_at: Timestamp,
    document: &[u8],
) -> VersionMetadata {
    VersionMetadata {
        id: snapshot_id(number),
        character: character.clone(),
        version: number,
        captured_at,
        edited_at: None,
        content: ContentHash::of(document),
        bytes: document.len() as u64,
        source: "ddb".to_owned(),
        origin: Some("2025-07-16T00-03-54.833496.json".to_owned()),
        cuts: vec![Cut {
            pointer: "/data/campaign/characters".to_owned(),
            removed_bytes: 812,
            replaced_by: "[]".to_owned(),
        }],
        summary: Summary {
            kind: if number == 1 { Kind::Baseline } else { Kind::Change },
            sentences: vec![Sentence { topic: Topic::Level, said: say("reached").with("now", "Wizard 5") }],
            changes: 3,
            state: 0,
            level: 5,
            landmark: true,
            deriver: 1,
        },
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

/// The write that keeps a document.
pub fn content(character: &CharacterId, document: &[u8]) -> Write {
    Write::Content {
        character: character.clone(),
        hash: ContentHash::of(document),
        bytes: document.to_vec().into(),
    }
}

/// A document of about `bytes` bytes that looks like a sheet: long texts that never change, and numbers that depend on
/// `edition` in a few places.
pub fn document(edition: u64, bytes: usize) -> Vec<u8> {
    let mut text = format!("{{\"id\":145081718,\"edition\":{edition},\"modifiers\":[");
    let mut word = 0x9e37_79b9_7f4a_7c15_u64;
    let mut row = 0_u64;
    while text.len() < bytes {
        word = word.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let value = if row % 400 == edition % 400 { edition } else { 0 };
        text.push_str(&format!(
            "{{\"id\":\"{word:x}\",\"type\":\"bonus\",\"value\":{value},\"isGranted\":true}},"
        ));
        row += 1;
    }
    text.push_str("null]}");
    text.into_bytes()
}

/// Writes a character and its versions, one for each document, a minute apart, numbered from 1.
///
/// `number` tells characters apart: it gives the id, and keeps the versions' identities unique.
pub async fn store(storage: &dyn CharacterStorage, number: u64, documents: &[Vec<u8>]) -> CharacterIndex {
    let mut index = index(character_id(number));
    let mut writes = Vec::new();
    for (n, document) in (1..).zip(documents) {
        let captured_at = moment(60 * n as i64);
        let mut metadata = version(&index.id, n, captured_at, document);
        metadata.id = snapshot_id(number * 1_000_000 + n);
        writes.extend([content(&index.id, document), Write::Version { metadata: Box::new(metadata) }]);
        index.versions = n;
        index.captures = n;
        index.last_version = n;
        index.last_captured = captured_at;
    }
    index.first_captured = moment(60);
    writes.push(Write::Character { index: Box::new(index.clone()), expect: Expect::Absent });
    let mut transaction = storage.begin().await.unwrap();
    transaction.write(writes).await.unwrap();
    transaction.commit().await.unwrap();
    index
}
