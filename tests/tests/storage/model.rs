//! Any fields, any writes: what a store answers is what a few maps would answer.

use std::{
    collections::{BTreeMap, BTreeSet},
    slice::from_ref,
};

use backstory_core::{
    model::{CharacterId, CharacterIndex, ContentHash, SnapshotId, VersionMetadata},
    storage::{CharacterStorage, Deleted, Expect, HistoryQuery, QueryFilter, Write},
};
use backstory_tests::{
    fixtures::{character_id, content, document, index, moment, snapshot_id, version},
    strategies,
};
use jiff::Timestamp;
use proptest::{collection::vec, prelude::*, test_runner::TestRunner};

use crate::backends::Backend;

/// Runs a property that needs to wait for things.
fn check<S: Strategy>(cases: u32, strategy: S, property: impl AsyncFn(S::Value)) {
    let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
    let runtime = tokio::runtime::Handle::current();
    let run = |value| {
        runtime.block_on(property(value));
        Ok(())
    };
    tokio::task::block_in_place(|| TestRunner::new(config).run(&strategy, run).unwrap());
}

async fn write(storage: &dyn CharacterStorage, writes: Vec<Write>) {
    let mut transaction = storage.begin().await.unwrap();
    transaction.write(writes).await.unwrap();
    transaction.commit().await.unwrap();
}

pub(crate) async fn every_field_comes_back(backend: &dyn Backend) {
    let id = character_id(1);
    let metadata = strategies::versions(id.clone(), 1, ContentHash::of(b"document"));
    check(64, (strategies::indexes(id.clone()), metadata), async |(index, metadata)| {
        let backend = backend.another();
        let storage = backend.open().await;
        let put = Write::Character { index: Box::new(index.clone()), expect: Expect::Absent };
        let writes =
            vec![content(&id, b"document"), Write::Version { metadata: Box::new(metadata.clone()) }, put];
        write(&*storage, writes).await;
        let storage = backend.open().await;
        assert_eq!(storage.history(&HistoryQuery::all(id.clone())).await.unwrap().items, from_ref(&metadata));
        let all = QueryFilter { deleted: Deleted::With, ..QueryFilter::default() };
        assert_eq!(storage.query(&all).await.unwrap().items, from_ref(&index));
        let around = storage.begin().await.unwrap().surroundings(&id, metadata.captured_at).await.unwrap();
        assert_eq!(around.before, Some(metadata));
        assert_eq!(around.character, Some(index));
    });
}

/// One step of a random history.
#[derive(Debug, Clone)]
enum Step {
    Put { character: u64, level: u32 },
    Version { character: u64, id: u64, number: u64, second: i64, edition: u64 },
    See { character: u64, id: u64, seconds: Vec<i64> },
    Forget { character: u64, id: u64, seconds: Vec<i64> },
    Commit,
    Drop,
    Reopen,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let who = 0_u64..3;
    let seconds = || vec(0_i64..12, 0..4);
    let step = prop_oneof![
        3 => (who.clone(), 1_u32..21).prop_map(|(character, level)| Step::Put { character, level }),
        6 => (who.clone(), 0_u64..12, 0_u64..12, 0_i64..12, 0_u64..20).prop_map(
            |(character, id, number, second, edition)| Step::Version { character, id, number, second, edition }
        ),
        3 => (who.clone(), 0_u64..12, seconds())
            .prop_map(|(character, id, seconds)| Step::See { character, id, seconds }),
        2 => (who, 0_u64..12, seconds()).prop_map(|(character, id, seconds)| Step::Forget { character, id, seconds }),
        4 => Just(Step::Commit),
        1 => Just(Step::Drop),
        1 => Just(Step::Reopen),
    ];
    vec(step, 1..50)
}

/// A store as a few maps.
#[derive(Debug, Clone, Default)]
struct Model {
    characters: BTreeMap<CharacterId, CharacterIndex>,
    versions: BTreeMap<SnapshotId, VersionMetadata>,
    sightings: BTreeSet<(CharacterId, SnapshotId, Timestamp)>,
    documents: BTreeMap<(CharacterId, ContentHash), Vec<u8>>,
}

impl Model {
    /// Applies a step, and says which writes it stands for; none when the rules forbid it.
    fn apply(&mut self, committed: &Self, step: &Step) -> Vec<Write> {
        match step {
            Step::Put { character, level } => self.put(committed, character_id(*character), *level),
            Step::Version { character, id, number, second, edition } => {
                let text = document(*edition, 2_000);
                let mut metadata = version(&character_id(*character), *number, moment(*second), &text);
                // Identities are one character's own.
                metadata.id = snapshot_id(character * 100 + id);
                self.put_version(metadata, text)
            }
            Step::See { character, id, seconds } => self.sightings(*character, *id, seconds, true),
            Step::Forget { character, id, seconds } => self.sightings(*character, *id, seconds, false),
            Step::Commit | Step::Drop | Step::Reopen => vec![],
        }
    }

    fn put(&mut self, committed: &Self, id: CharacterId, level: u32) -> Vec<Write> {
        let before = committed.characters.get(&id).map(|row| row.revision);
        let revision = self.characters.get(&id).map_or(0, |row| row.revision) + 1;
        let row = CharacterIndex { level, revision, ..index(id.clone()) };
        self.characters.insert(id, row.clone());
        vec![Write::Character {
            index: Box::new(row),
            expect: before.map_or(Expect::Absent, Expect::Revision),
        }]
    }

    fn put_version(&mut self, metadata: VersionMetadata, text: Vec<u8>) -> Vec<Write> {
        let taken = |other: &VersionMetadata| {
            other.character == metadata.character
                && other.version == metadata.version
                && other.id != metadata.id
        };
        if self.versions.values().any(taken) {
            return vec![];
        }
        let writes = vec![
            content(&metadata.character, &text),
            Write::Version { metadata: Box::new(metadata.clone()) },
        ];
        self.documents.insert((metadata.character.clone(), metadata.content), text);
        self.versions.insert(metadata.id, metadata);
        writes
    }

    fn sightings(&mut self, character: u64, id: u64, seconds: &[i64], seen: bool) -> Vec<Write> {
        let (version, character) = (snapshot_id(character * 100 + id), character_id(character));
        if !self.versions.contains_key(&version) {
            return vec![];
        }
        let at: Vec<_> = seconds.iter().map(|&second| moment(second)).collect();
        for &time in &at {
            let sighting = (character.clone(), version, time);
            if seen {
                self.sightings.insert(sighting);
            } else {
                self.sightings.remove(&sighting);
            }
        }
        if seen {
            vec![Write::Sightings { character, version, at }]
        } else {
            vec![Write::RemoveSightings { character, version, at }]
        }
    }

    /// Asks the store everything the model knows.
    async fn compare(&self, storage: &dyn CharacterStorage) {
        let rows = storage.query(&QueryFilter::default()).await.unwrap().items;
        let rows: BTreeMap<_, _> = rows.into_iter().map(|row| (row.id.clone(), row)).collect();
        assert_eq!(rows, self.characters);
        for ((character, hash), text) in &self.documents {
            assert!(storage.document(character, hash).await.unwrap() == *text);
        }
        let statistics = storage.statistics().await.unwrap();
        assert_eq!(statistics.contents, self.documents.len() as u64);
        assert_eq!(statistics.captures, (self.versions.len() + self.sightings.len()) as u64);
        for character in (0..3).map(character_id) {
            self.compare_history(storage, &character).await;
        }
    }

    async fn compare_history(&self, storage: &dyn CharacterStorage, character: &CharacterId) {
        let mut versions: Vec<_> =
            self.versions.values().filter(|v| v.character == *character).cloned().collect();
        versions.sort_by_key(|version| (version.captured_at, version.id));
        let query = HistoryQuery { newest_first: false, ..HistoryQuery::all(character.clone()) };
        assert_eq!(storage.history(&query).await.unwrap().items, versions);
        let mut transaction = storage.begin().await.unwrap();
        for second in 0..12 {
            let at = moment(second);
            let around = transaction.surroundings(character, at).await.unwrap();
            let before = versions.iter().rfind(|version| version.captured_at <= at);
            assert_eq!(around.character.as_ref(), self.characters.get(character));
            assert_eq!(around.before.as_ref(), before);
            assert_eq!(around.after.as_ref(), versions.iter().find(|version| version.captured_at > at));
            let own = self.sightings.iter().filter(|(who, _, _)| who == character);
            let after = own
                .clone()
                .filter(|(_, id, time)| *time > at && before.is_some_and(|before| before.id == *id));
            assert_eq!(around.sightings_after, after.map(|(_, _, time)| *time).collect::<Vec<_>>());
            let seen = own.filter(|(_, _, time)| *time == at).map(|(_, id, _)| self.versions[id].content);
            let captured =
                versions.iter().filter(|version| version.captured_at == at).map(|version| version.content);
            let expected: BTreeSet<_> = seen.chain(captured).collect();
            assert_eq!(around.at_this_moment.len(), expected.len());
            assert_eq!(around.at_this_moment.into_iter().collect::<BTreeSet<_>>(), expected);
        }
    }
}

pub(crate) async fn any_writes_do_what_the_model_does(backend: &dyn Backend) {
    check(32, steps(), async |steps| {
        let backend = backend.another();
        let mut storage = backend.open().await;
        let mut committed = Model::default();
        let mut pending = Model::default();
        let mut transaction = storage.begin().await.unwrap();
        for step in &steps {
            match step {
                Step::Commit | Step::Reopen => {
                    transaction.commit().await.unwrap();
                    committed = pending.clone();
                    if matches!(step, Step::Reopen) {
                        storage = backend.open().await;
                    }
                    transaction = storage.begin().await.unwrap();
                }
                Step::Drop => {
                    drop(transaction);
                    pending = committed.clone();
                    transaction = storage.begin().await.unwrap();
                }
                _ => transaction.write(pending.apply(&committed, step)).await.unwrap(),
            }
        }
        drop(transaction);
        committed.compare(&*storage).await;
        committed.compare(&*backend.open().await).await;
    });
}
