//! Any character, any version: what property tests draw from.

use backstory_core::{
    model::{
        CharacterId, CharacterIndex, ContentHash, Cut, GrowthPoint, Kind, Seen, Sentence, SnapshotId,
        Summary, Topic, VersionMetadata,
    },
    sheet::{Class, Rules},
    wording::say,
};
use jiff::Timestamp;
use proptest::{collection::vec, option, prelude::*, sample::select};
use uuid::Uuid;

/// Any moment a store can keep, to the nanosecond.
pub fn moments() -> impl Strategy<Value = Timestamp> {
    any::<i64>().prop_map(|nanoseconds| Timestamp::from_nanosecond(i128::from(nanoseconds)).unwrap())
}

/// Counts up to the largest a store can keep.
pub fn counts() -> impl Strategy<Value = u64> {
    prop_oneof![0_u64..1_000, Just(i64::MAX.unsigned_abs())]
}

fn classes() -> impl Strategy<Value = Class> {
    let names = prop_oneof![
        select(vec!["Wizard", "wizard", "Fighter", "Éclaireur", ""]).prop_map(str::to_owned),
        any::<String>()
    ];
    (any::<String>(), names, any::<Option<String>>(), any::<u32>(), any::<u32>())
        .prop_map(|(key, name, subclass, level, hit_die)| Class { key, name, subclass, level, hit_die })
}

/// Any row of this character.
pub fn indexes(id: CharacterId) -> impl Strategy<Value = CharacterIndex> {
    let texts = (any::<String>(), any::<[Option<String>; 4]>());
    let rules = select(vec![Rules::Legacy, Rules::Revised, Rules::Mixed]);
    let growth = vec((moments(), any::<u32>()).prop_map(|(at, level)| GrowthPoint { at, level }), 0..4);
    let counts = [counts(), counts(), counts(), counts()];
    let times = [moments(), moments(), moments()];
    let owned = (any::<Option<String>>(), option::of(moments()));
    (texts, vec(classes(), 0..4), any::<u32>(), rules, growth, counts, times, owned).prop_map(
        move |(
            (name, [species, background, campaign, last_change]),
            classes,
            level,
            rules,
            growth,
            counts,
            times,
            (owner, deleted_at),
        )| {
            CharacterIndex {
                id: id.clone(),
                name,
                species,
                background,
                classes,
                level,
                rules,
                campaign,
                versions: counts[0],
                changes: counts[1],
                captures: counts[2],
                last_version: counts[3],
                first_captured: times[0],
                last_captured: times[1],
                last_changed: times[2],
                last_change: last_change.map(|name| say("named").with("name", name)),
                growth,
                owner,
                deleted_at,
                linked: None,
                also: Vec::new(),
                audit_key: None,
                anonymised_at: Some(times[0]).filter(|_| counts[0] % 2 == 0),
                revision: 1,
            }
        },
    )
}

const TOPICS: [Topic; 16] = [
    Topic::Level,
    Topic::Subclass,
    Topic::Identity,
    Topic::Abilities,
    Topic::HitPoints,
    Topic::Combat,
    Topic::Features,
    Topic::Spells,
    Topic::Items,
    Topic::Coins,
    Topic::Notes,
    Topic::Experience,
    Topic::State,
    Topic::Baseline,
    Topic::Loss,
    Topic::Restored,
];

fn summaries() -> impl Strategy<Value = Summary> {
    let sentence = (select(&TOPICS[..]), any::<String>())
        .prop_map(|(topic, text)| Sentence { topic, said: say("named").with("name", text) });
    let kind = select(vec![Kind::Baseline, Kind::Change, Kind::State, Kind::Quiet]);
    (kind, vec(sentence, 0..4), any::<[u32; 4]>(), any::<bool>()).prop_map(
        |(kind, sentences, [changes, state, level, deriver], landmark)| Summary {
            kind,
            sentences,
            changes,
            state,
            level,
            landmark,
            deriver,
        },
    )
}

/// Any version of this number and document.
pub fn versions(
    character: CharacterId,
    number: u64,
    content: ContentHash,
) -> impl Strategy<Value = VersionMetadata> {
    let cut = (any::<String>(), any::<u64>(), any::<String>())
        .prop_map(|(pointer, removed_bytes, replaced_by)| Cut { pointer, removed_bytes, replaced_by });
    let tags = vec(any::<String>(), 0..3);
    let texts = (
        any::<String>(),
        any::<Option<String>>(),
        vec(cut, 0..3),
        tags,
        any::<(Option<String>, Option<u64>)>(),
    );
    let times = (moments(), option::of(moments()), moments());
    (any::<u128>(), times, texts, summaries(), [counts(), counts()], any::<[bool; 2]>()).prop_map(
        move |(
            id,
            (captured_at, edited_at, last),
            (source, origin, cuts, tags, (note, restored)),
            summary,
            [bytes, count],
            [pinned, archived],
        )| {
            VersionMetadata {
                id: SnapshotId(Uuid::from_u128(id)),
                character: character.clone(),
                version: number,
                captured_at,
                edited_at,
                content,
                bytes,
                source,
                origin,
                cuts,
                summary,
                seen: Seen { last, count },
                pinned,
                tags,
                note,
                restored,
                archived,
                stored: None,
                trace: None,
            }
        },
    )
}
