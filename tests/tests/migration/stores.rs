//! The stores that are migrated between, what is in them, and how two of them are compared.

use std::{collections::BTreeMap, path::Path, sync::Arc};

use backstory_core::{
    library::Library,
    model::{CharacterIndex, ContentHash, Member, Role, Sighting, VersionMetadata},
    storage::{
        CharacterStorage, Deleted, Expect, HistoryQuery, Page, QueryFilter, Sort, StorageFactory, Write,
    },
};
use backstory_sources::{registry, sample};
use backstory_storage::{clock::SystemClock, open::Stores};
#[cfg(unix)]
use backstory_tests::servers::postgres::{Database, Server};
use backstory_tests::{
    fixtures::{character_id, content, document, moment, snapshot_id},
    strategies,
};
use proptest::{collection::vec, prelude::*};
use tempfile::TempDir;

/// A kind of store: its name, and the address of one in a folder.
pub(crate) type StoreKind = (&'static str, fn(&Path) -> String);

/// Every kind of store, and its address in an empty folder. A new backend is a line here: it is then migrated to and from
/// every other one, in every manner.
#[rustfmt::skip]
pub(crate) const KINDS: &[StoreKind] = &[
    ("memory", |_| "memory:".to_owned()),
    ("sqlite", |folder| format!("{}/library.sqlite", folder.display())),
    ("folder", |folder| format!("folder:{}/library", folder.display())),
    ("objects", |folder| format!("objects:{}/bucket", folder.display())),
    #[cfg(unix)]
    ("postgres", |_| POSTGRES.to_owned()),
];

/// Stands for the address of a database that the tests' own server makes.
const POSTGRES: &str = "postgres";

/// One store, in a place of its own.
pub(crate) struct Place {
    pub(crate) storage: Arc<dyn CharacterStorage>,
    pub(crate) address: String,
    _folder: TempDir,
    #[cfg(unix)]
    _database: Option<Database>,
}

impl Place {
    pub(crate) async fn new(kind: &StoreKind) -> Self {
        let folder = tempfile::tempdir().unwrap();
        #[cfg_attr(not(unix), allow(unused_mut))]
        let mut address = kind.1(folder.path());
        #[cfg(unix)]
        let database = if address == POSTGRES { Some(Server::shared().library().await) } else { None };
        #[cfg(unix)]
        if let Some(database) = &database {
            address = database.address("keeper");
        }
        Self {
            storage: Stores.open(&address).await.unwrap(),
            address,
            _folder: folder,
            #[cfg(unix)]
            _database: database,
        }
    }

    pub(crate) async fn memory() -> Self {
        Self::new(&KINDS[0]).await
    }

    /// The same store through another handle, where that is possible.
    pub(crate) async fn opened_again(&self) -> Arc<dyn CharacterStorage> {
        match self.address.as_str() {
            "memory:" => Arc::clone(&self.storage),
            address => Stores.open(address).await.unwrap(),
        }
    }
}

pub(crate) async fn write(storage: &dyn CharacterStorage, writes: Vec<Write>) -> u64 {
    let mut transaction = storage.begin().await.unwrap();
    transaction.write(writes).await.unwrap();
    transaction.commit().await.unwrap()
}

pub(crate) fn library(storage: &Arc<dyn CharacterStorage>) -> Library {
    Library::new(Arc::clone(storage), registry::sources(), Arc::new(SystemClock), "test")
}

/// The sample characters, as they are imported.
pub(crate) async fn fill_with_samples(storage: &Arc<dyn CharacterStorage>) {
    library(storage).capture(&sample::drafts().unwrap()).await.unwrap();
}

/// One character with its history, and a document for each version.
#[derive(Debug, Clone)]
pub(crate) struct Cast {
    pub(crate) index: CharacterIndex,
    pub(crate) versions: Vec<(VersionMetadata, Vec<u8>)>,
    pub(crate) sightings: Vec<Sighting>,
}

/// Any few characters in any state, and any places in campaigns.
pub(crate) fn casts() -> impl Strategy<Value = (Vec<Cast>, Vec<Member>)> {
    let role = proptest::sample::select(vec![Role::DungeonMaster, Role::Player, Role::Viewer]);
    let member = ("[a-c]{1,2}", "[x-z]{1,2}", role).prop_map(|(campaign, user, role)| {
        ((campaign.clone(), user.clone()), Member { campaign, user, role })
    });
    let members = vec(member, 0..5).prop_map(|members| {
        let members: BTreeMap<_, _> = members.into_iter().collect();
        members.into_values().collect()
    });
    let casts = (0..5_u64).prop_flat_map(|count| (0..count).map(cast).collect::<Vec<_>>());
    (casts, members)
}

fn cast(number: u64) -> impl Strategy<Value = Cast> {
    let id = character_id(number);
    let versions = (0..9_usize).prop_flat_map({
        let id = id.clone();
        move |count| {
            let one = |n: usize| {
                let id = id.clone();
                // Some contents come back.
                (0..6_u64).prop_flat_map(move |edition| {
                    let text = document(number * 100 + edition, 700);
                    let metadata = strategies::versions(id.clone(), 1 + n as u64, ContentHash::of(&text));
                    metadata.prop_map(move |metadata| {
                        let id = snapshot_id(number * 1_000 + n as u64);
                        (VersionMetadata { id, bytes: text.len() as u64, ..metadata }, text.clone())
                    })
                })
            };
            (0..count).map(one).collect::<Vec<_>>()
        }
    });
    let seen = vec((any::<prop::sample::Index>(), 0_i64..50), 0..6);
    (strategies::indexes(id), versions, seen, 1..40_u64).prop_map(|(index, versions, seen, revision)| {
        let sighting = |(which, second): (prop::sample::Index, i64)| Sighting {
            at: moment(second),
            version: versions[which.index(versions.len())].0.id,
        };
        let sightings =
            if versions.is_empty() { Vec::new() } else { seen.into_iter().map(sighting).collect() };
        Cast { index: CharacterIndex { revision, ..index }, versions, sightings }
    })
}

pub(crate) async fn fill(storage: &dyn CharacterStorage, (casts, members): &(Vec<Cast>, Vec<Member>)) {
    let mut writes = Vec::new();
    for cast in casts {
        let id = &cast.index.id;
        for (metadata, text) in &cast.versions {
            writes.extend([content(id, text), Write::Version { metadata: Box::new(metadata.clone()) }]);
        }
        for sighting in &cast.sightings {
            let (character, version) = (id.clone(), sighting.version);
            writes.push(Write::Sightings { character, version, at: vec![sighting.at] });
        }
        writes.push(Write::Character { index: Box::new(cast.index.clone()), expect: Expect::Absent });
    }
    writes.extend(members.iter().cloned().map(|Member { campaign, user, role }| Write::Member {
        campaign,
        user,
        role: Some(role),
    }));
    write(storage, writes).await;
}

pub(crate) async fn rows(storage: &dyn CharacterStorage) -> Vec<CharacterIndex> {
    let filter = QueryFilter { deleted: Deleted::With, ..QueryFilter::default() };
    storage.query(&filter).await.unwrap().items
}

pub(crate) async fn history(storage: &dyn CharacterStorage, row: &CharacterIndex) -> Vec<VersionMetadata> {
    let query = HistoryQuery { newest_first: false, ..HistoryQuery::all(row.id.clone()) };
    storage.history(&query).await.unwrap().items
}

/// A page of the list. In a store that knows who is asking, their own name as an owner says the same as none.
async fn page(storage: &dyn CharacterStorage, filter: &QueryFilter) -> Page<CharacterIndex> {
    let mut page = storage.query(filter).await.unwrap();
    for row in &mut page.items {
        row.owner.take_if(|owner| *owner == "keeper");
    }
    page
}

/// Asks both stores everything the contract can be asked.
pub(crate) async fn assert_same(one: &dyn CharacterStorage, other: &dyn CharacterStorage) {
    for deleted in [Deleted::Without, Deleted::With, Deleted::Only] {
        for sort in [Sort::Changed, Sort::Name, Sort::Level] {
            for (limit, offset) in [(None, 0), (Some(2), 1)] {
                let filter = QueryFilter { deleted, sort, limit, offset, ..QueryFilter::default() };
                assert_eq!(page(one, &filter).await, page(other, &filter).await);
            }
        }
    }
    for row in rows(one).await {
        let versions = history(one, &row).await;
        assert_eq!(versions, history(other, &row).await);
        assert_eq!(one.sightings(&row.id).await.unwrap(), other.sightings(&row.id).await.unwrap());
        for version in versions {
            let bytes = one.document(&row.id, &version.content).await.unwrap();
            assert!(bytes == other.document(&row.id, &version.content).await.unwrap());
            assert_eq!(ContentHash::of(&bytes), version.content);
        }
    }
    assert_eq!(one.members().await.unwrap(), other.members().await.unwrap());
    assert_eq!(one.facets().await.unwrap(), other.facets().await.unwrap());
    let count = async |storage: &dyn CharacterStorage| {
        let sum = storage.statistics().await.unwrap();
        (sum.characters, sum.versions, sum.contents, sum.captures, sum.document_bytes)
    };
    assert_eq!(count(one).await, count(other).await);
}
