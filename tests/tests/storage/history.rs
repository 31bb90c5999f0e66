//! Versions: their order, their neighbours, when they were seen again.

use backstory_core::{
    error::Code,
    model::{CharacterId, ContentHash, Kind, VersionMetadata},
    storage::{CharacterStorage, HistoryQuery, Write},
};
use backstory_tests::fixtures::{character_id, content, moment, snapshot_id, version};
use jiff::Timestamp;

use crate::backends::Backend;

async fn write(
    storage: &dyn CharacterStorage,
    writes: Vec<Write>,
) -> Result<u64, backstory_core::error::Error> {
    let mut transaction = storage.begin().await?;
    transaction.write(writes).await?;
    transaction.commit().await
}

fn put(metadata: &VersionMetadata) -> Write {
    Write::Version { metadata: Box::new(metadata.clone()) }
}

/// Versions of one document at the given seconds, numbered from 1, their identities against the order of their numbers.
fn versions(character: &CharacterId, seconds: &[i64]) -> Vec<VersionMetadata> {
    let one = |(n, &at): (u64, &i64)| VersionMetadata {
        id: snapshot_id(1_000 - n),
        ..version(character, n, moment(at), b"document")
    };
    (1..).zip(seconds).map(one).collect()
}

async fn store_versions(storage: &dyn CharacterStorage, versions: &[VersionMetadata]) {
    let mut writes = vec![content(&versions[0].character, b"document")];
    writes.extend(versions.iter().map(put));
    write(storage, writes).await.unwrap();
}

pub(crate) async fn equal_times_are_ordered_by_id(backend: &dyn Backend) {
    let storage = backend.open().await;
    let id = character_id(1);
    store_versions(&*storage, &versions(&id, &[5, 5, 3, 5, 9])).await;
    let mut query = HistoryQuery::all(id);
    let numbers = |page: backstory_core::storage::Page<VersionMetadata>| -> Vec<u64> {
        page.items.iter().map(|version| version.version).collect()
    };
    assert_eq!(numbers(storage.history(&query).await.unwrap()), [5, 1, 2, 4, 3]);
    query.newest_first = false;
    assert_eq!(numbers(storage.history(&query).await.unwrap()), [3, 4, 2, 1, 5]);
}

pub(crate) async fn every_query_agrees_with_the_model(backend: &dyn Backend) {
    let storage = backend.open().await;
    let id = character_id(1);
    let seconds: Vec<_> = (0..40).map(|n| (n * 7) % 20).collect();
    let mut all = versions(&id, &seconds);
    for metadata in &mut all {
        let kinds = [Kind::Change, Kind::Quiet, Kind::State, Kind::Baseline];
        metadata.summary.kind = kinds[metadata.version as usize % 4];
    }
    store_versions(&*storage, &all).await;
    store_versions(&*storage, &versions(&character_id(2), &[1]).map_ids(5_000)).await;
    all.sort_by_key(|version| (version.captured_at, version.id));
    for bits in 0..128_u32 {
        let has = |bit: u32| bits & (1 << bit) != 0;
        let query = HistoryQuery {
            character: id.clone(),
            id: has(0).then(|| snapshot_id(1_000 - 8)),
            version: has(1).then_some(8),
            until: has(2).then(|| moment(10)),
            without_quiet: has(3),
            newest_first: has(4),
            limit: has(5).then_some(6),
            offset: if has(6) { 3 } else { 0 },
            stored: false,
            traces: false,
        };
        let mut expected: Vec<_> = all
            .iter()
            .filter(|v| query.id.is_none_or(|id| v.id == id) && query.version.is_none_or(|n| v.version == n))
            .filter(|v| query.until.is_none_or(|until| v.captured_at <= until))
            .filter(|v| !query.without_quiet || v.summary.kind != Kind::Quiet)
            .cloned()
            .collect();
        if query.newest_first {
            expected.reverse();
        }
        let page = storage.history(&query).await.unwrap();
        assert_eq!(page.total, expected.len() as u64, "{query:?}");
        let limit = query.limit.map_or(usize::MAX, |limit| limit as usize);
        let expected: Vec<_> = expected.into_iter().skip(query.offset as usize).take(limit).collect();
        assert_eq!(page.items, expected, "{query:?}");
    }
    let nobody = storage.history(&HistoryQuery::all(character_id(3))).await.unwrap();
    assert_eq!((nobody.items.len(), nobody.total), (0, 0));
}

/// Gives versions identities of their own.
trait MapIds {
    fn map_ids(self, from: u64) -> Self;
}

impl MapIds for Vec<VersionMetadata> {
    fn map_ids(mut self, from: u64) -> Self {
        for metadata in &mut self {
            metadata.id = snapshot_id(from + metadata.version);
        }
        self
    }
}

pub(crate) async fn surroundings_of_a_moment(backend: &dyn Backend) {
    let storage = backend.open().await;
    let (id, other) = (character_id(1), character_id(2));
    let mut transaction = storage.begin().await.unwrap();
    assert_eq!(transaction.surroundings(&id, moment(0)).await.unwrap(), Default::default());
    drop(transaction);

    let mut versions = versions(&id, &[10, 20, 20, 30]);
    versions[1].content = ContentHash::of(b"second");
    let mut writes = vec![content(&id, b"second"), content(&other, b"document")];
    writes.extend([content(&id, b"document")]);
    writes.extend(versions.iter().map(put));
    writes.push(put(&VersionMetadata { id: snapshot_id(7), ..version(&other, 1, moment(20), b"document") }));
    let times = |seconds: &[i64]| seconds.iter().map(|&at| moment(at)).collect::<Vec<_>>();
    let sightings = |version: usize, at: &[i64]| Write::Sightings {
        character: id.clone(),
        version: snapshot_id(1_000 - version as u64),
        at: times(at),
    };
    writes.extend([sightings(1, &[12, 17, 14, 25]), sightings(2, &[25, 22]), sightings(4, &[40])]);
    write(&*storage, writes).await.unwrap();

    let both = {
        let mut both = [ContentHash::of(b"document"), ContentHash::of(b"second")];
        both.sort();
        both.to_vec()
    };
    let document = vec![ContentHash::of(b"document")];
    // The moment; the numbers of the versions before and after it; the sightings after it; what was seen just then.
    type Case<'a> = (i64, Option<u64>, Option<u64>, &'a [i64], Vec<ContentHash>);
    let cases: [Case<'_>; 8] = [
        (9, None, Some(1), &[], vec![]),
        (10, Some(1), Some(3), &[12, 14, 17, 25], document.clone()),
        (12, Some(1), Some(3), &[14, 17, 25], document.clone()),
        (19, Some(1), Some(3), &[25], vec![]),
        (20, Some(2), Some(4), &[22, 25], both.clone()),
        (25, Some(2), Some(4), &[], both),
        (30, Some(4), None, &[40], document.clone()),
        (41, Some(4), None, &[], vec![]),
    ];
    let mut transaction = storage.begin().await.unwrap();
    for (at, before, after, sightings, seen) in cases {
        let found = transaction.surroundings(&id, moment(at)).await.unwrap();
        assert_eq!(found.character, None);
        assert_eq!(found.before, before.map(|n| versions[n as usize - 1].clone()), "before {at}");
        assert_eq!(found.after, after.map(|n| versions[n as usize - 1].clone()), "after {at}");
        assert_eq!(found.sightings_after, times(sightings), "sightings after {at}");
        let mut hashes = found.at_this_moment;
        hashes.sort();
        assert_eq!(hashes, seen, "at {at}");
    }
}

pub(crate) async fn sightings_are_a_set(backend: &dyn Backend) {
    let storage = backend.open().await;
    let id = character_id(1);
    store_versions(&*storage, &versions(&id, &[0])).await;
    let version = snapshot_id(999);
    let see = |at: &[i64]| Write::Sightings {
        character: id.clone(),
        version,
        at: at.iter().map(|&at| moment(at)).collect(),
    };
    let forget = |at: &[i64]| Write::RemoveSightings {
        character: id.clone(),
        version,
        at: at.iter().map(|&at| moment(at)).collect(),
    };
    write(&*storage, vec![see(&[3, 1, 2, 1]), see(&[2])]).await.unwrap();
    assert_eq!(storage.statistics().await.unwrap().captures, 4);
    write(&*storage, vec![forget(&[2, 9]), see(&[])]).await.unwrap();
    let mut transaction = storage.begin().await.unwrap();
    let left = transaction.surroundings(&id, moment(0)).await.unwrap().sightings_after;
    assert_eq!(left, [moment(1), moment(3)]);
    drop(transaction);
    for (character, version) in [(character_id(2), version), (id, snapshot_id(5))] {
        let at = vec![moment(1)];
        let unknown = Write::Sightings { character, version, at };
        assert_eq!(write(&*storage, vec![unknown]).await.unwrap_err().code, Code::Internal);
    }
}

pub(crate) async fn a_version_is_replaced_by_its_id(backend: &dyn Backend) {
    let storage = backend.open().await;
    let id = character_id(1);
    let mut all = versions(&id, &[1, 2]);
    store_versions(&*storage, &all).await;
    let at = vec![moment(7)];
    write(&*storage, vec![Write::Sightings { character: id.clone(), version: all[0].id, at }]).await.unwrap();
    all[0].tags = vec!["Before the dragon".to_owned()];
    all[0].pinned = true;
    all[0].captured_at = moment(3);
    all[0].version = 9;
    all[0].content = ContentHash::of(b"other");
    write(&*storage, vec![content(&id, b"other"), put(&all[0])]).await.unwrap();
    let page = storage.history(&HistoryQuery::all(id)).await.unwrap();
    assert_eq!(page.items, all);
    assert_eq!(storage.statistics().await.unwrap().captures, 3, "the sighting stays");
}

pub(crate) async fn rules_of_versions(backend: &dyn Backend) {
    let storage = backend.open().await;
    let (id, other) = (character_id(1), character_id(2));
    let all = versions(&id, &[1, 2]);
    store_versions(&*storage, &all).await;
    let same_number = VersionMetadata { version: 2, ..all[0].clone() };
    let without_document = VersionMetadata { content: ContentHash::of(b"nowhere"), ..all[0].clone() };
    for wrong in [same_number, without_document] {
        let result = write(&*storage, vec![content(&other, b"document"), put(&wrong)]).await;
        assert_eq!(result.unwrap_err().code, Code::Internal, "{wrong:?}");
    }
    let page = storage.history(&HistoryQuery { newest_first: false, ..HistoryQuery::all(id) }).await.unwrap();
    assert_eq!(page.items, all);
}

pub(crate) async fn times_far_off_are_refused(backend: &dyn Backend) {
    let storage = backend.open().await;
    let id = character_id(1);
    for time in [Timestamp::MIN, Timestamp::MAX] {
        let metadata = version(&id, 1, time, b"document");
        let result = write(&*storage, vec![content(&id, b"document"), put(&metadata)]).await;
        assert_eq!(result.unwrap_err().code, Code::InvalidArgument);
        let mut transaction = storage.begin().await.unwrap();
        assert_eq!(transaction.surroundings(&id, time).await.unwrap(), Default::default());
    }
}
