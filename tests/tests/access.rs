//! Who may do what: the matrix of roles and operations, through a library, over a store that several people share.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::sync::Arc;

use backstory_core::{
    access::{Operation, Principal, Relation, allows},
    error::Code,
    job::{Cancel, Silent},
    library::Library,
    migrate::{MigrationOptions, StorageMigrator},
    model::{CharacterId, CharacterIndex, Role},
    storage::{CharacterStorage, Deleted, Expect, HistoryQuery, QueryFilter, Write},
};
use backstory_sources::{registry, sample};
use backstory_storage::{clock::SystemClock, memory::MemoryStorage};
use backstory_tests::fixtures::{character_id, document, index, store};

/// The characters: Olga's, in a campaign with others; Olga's, in none; one of a stranger whose campaign has the same name.
const SHARED: u64 = 1;
const PRIVATE: u64 = 2;
const NAMESAKE: u64 = 3;

struct Table {
    storage: MemoryStorage,
}

impl Table {
    async fn new() -> Self {
        let storage = MemoryStorage::new();
        for (number, owner, campaign) in
            [(SHARED, "olga", Some("Bell")), (PRIVATE, "olga", None), (NAMESAKE, "elsewhere", Some("Bell"))]
        {
            let row = store(&storage, number, &[document(number, 500), document(number + 50, 500)]).await;
            let row = CharacterIndex {
                owner: Some(owner.to_owned()),
                campaign: campaign.map(str::to_owned),
                revision: 2,
                ..row
            };
            put(&storage, row, Expect::Revision(1)).await;
        }
        let roles = [
            ("olga", Role::Player),
            ("dora", Role::DungeonMaster),
            ("paul", Role::Player),
            ("vera", Role::Viewer),
        ];
        for (user, role) in roles {
            let mut transaction = storage.begin().await.unwrap();
            let (campaign, user) = ("Bell".to_owned(), user.to_owned());
            transaction.write(vec![Write::Member { campaign, user, role: Some(role) }]).await.unwrap();
            transaction.commit().await.unwrap();
        }
        Self { storage }
    }

    /// The library as this person has it.
    fn of(&self, user: &str) -> Library {
        let principal = Principal { user: user.to_owned(), admin: user == "anna" };
        let storage: Arc<dyn CharacterStorage> = Arc::new(self.storage.shared_with(principal));
        Library::new(storage, registry::sources(), Arc::new(SystemClock), "test")
    }
}

async fn put(storage: &dyn CharacterStorage, row: CharacterIndex, expect: Expect) {
    let mut transaction = storage.begin().await.unwrap();
    transaction.write(vec![Write::Character { index: Box::new(row), expect }]).await.unwrap();
    transaction.commit().await.unwrap();
}

async fn listed(library: &Library) -> Vec<CharacterId> {
    let filter = QueryFilter { deleted: Deleted::With, ..QueryFilter::default() };
    let mut ids: Vec<_> = library.query(&filter).await.unwrap().items.into_iter().map(|row| row.id).collect();
    ids.sort();
    ids
}

/// Tries an operation on a character.
async fn may(table: &Table, user: &str, number: u64, operation: Operation) -> bool {
    let library = table.of(user);
    let id = character_id(number);
    match operation {
        Operation::List => listed(&library).await.contains(&id),
        Operation::History => library.history(&HistoryQuery::all(id)).await.unwrap().total > 0,
        Operation::Document => {
            let versions = table.storage.history(&HistoryQuery::all(id)).await.unwrap().items;
            library.document(&versions[0]).await.is_ok()
        }
        Operation::Capture => {
            let versions = table.storage.history(&HistoryQuery::all(id)).await.unwrap().items;
            library.pin(&versions[0], !versions[0].pinned).await.is_ok()
        }
        Operation::Dispose => {
            let done = library.delete(&id).await.is_ok();
            assert!(!done || library.undelete(&id).await.is_ok());
            done
        }
    }
}

const OPERATIONS: [Operation; 5] =
    [Operation::List, Operation::History, Operation::Document, Operation::Capture, Operation::Dispose];

#[tokio::test]
async fn the_matrix_holds_for_every_role_and_operation() {
    let table = Table::new().await;
    let relations = [
        ("olga", SHARED, Relation::Owner),
        ("anna", SHARED, Relation::Owner),
        ("dora", SHARED, Relation::Member(Role::DungeonMaster)),
        ("paul", SHARED, Relation::Member(Role::Player)),
        ("vera", SHARED, Relation::Member(Role::Viewer)),
        ("mallory", SHARED, Relation::Stranger),
        ("elsewhere", SHARED, Relation::Stranger),
        ("olga", PRIVATE, Relation::Owner),
        ("dora", PRIVATE, Relation::Stranger),
        // A campaign of the same name with nobody of ours in it.
        ("dora", NAMESAKE, Relation::Stranger),
        ("elsewhere", NAMESAKE, Relation::Owner),
    ];
    for (user, number, relation) in relations {
        for operation in OPERATIONS {
            let expected = allows(relation, operation);
            assert_eq!(may(&table, user, number, operation).await, expected, "{user} {number} {operation:?}");
        }
    }
}

#[test]
fn the_matrix_is_the_documented_one() {
    let rows: [(Relation, [bool; 5]); 5] = [
        (Relation::Owner, [true; 5]),
        (Relation::Member(Role::DungeonMaster), [true, true, true, true, false]),
        (Relation::Member(Role::Player), [true, true, true, false, false]),
        (Relation::Member(Role::Viewer), [true, true, false, false, false]),
        (Relation::Stranger, [false; 5]),
    ];
    for (relation, expected) in rows {
        assert_eq!(OPERATIONS.map(|operation| allows(relation, operation)), expected, "{relation:?}");
    }
}

#[tokio::test]
async fn raw_writes_are_judged_too() {
    let table = Table::new().await;
    let rows = table.storage.query(&QueryFilter::default()).await.unwrap().items;
    let row = rows.iter().find(|row| row.id == character_id(SHARED)).unwrap();
    let versions = table.storage.history(&HistoryQuery::all(row.id.clone())).await.unwrap().items;
    let expect = Expect::Revision(row.revision);
    let given_away = CharacterIndex { owner: Some("dora".to_owned()), revision: 9, ..row.clone() };
    let (character, campaign) = (row.id.clone(), "Bell".to_owned());
    let member = |user: &str| Write::Member {
        campaign: campaign.clone(),
        user: user.to_owned(),
        role: Some(Role::DungeonMaster),
    };
    let cases = [
        ("dora", Write::Character { index: Box::new(given_away), expect }, false),
        ("dora", Write::Erase { character: character.clone(), expect }, false),
        ("dora", Write::DropVersions { character, versions: vec![versions[0].id] }, false),
        ("paul", Write::Version { metadata: Box::new(versions[0].clone()) }, false),
        ("dora", Write::Version { metadata: Box::new(versions[0].clone()) }, true),
        ("paul", member("paul"), false),
        ("mallory", member("mallory"), false),
        ("dora", member("paul"), true),
        (
            "mallory",
            Write::Character {
                index: Box::new(CharacterIndex { owner: Some("olga".to_owned()), ..index(character_id(8)) }),
                expect: Expect::Absent,
            },
            false,
        ),
        (
            "mallory",
            Write::Character { index: Box::new(index(character_id(9))), expect: Expect::Absent },
            true,
        ),
    ];
    for (user, write, expected) in cases {
        let principal = Principal { user: user.to_owned(), admin: false };
        let guarded = backstory_core::access::guarded(Arc::new(table.storage.shared_with(principal)));
        let mut transaction = guarded.begin().await.unwrap();
        let result = transaction.write(vec![write.clone()]).await;
        match result {
            Ok(()) => assert!(expected, "{user} {write:?}"),
            Err(error) => {
                assert!(!expected && error.code == Code::AccessDenied, "{user} {write:?} {error}");
                assert!(error.kept.is_some() && error.hint.is_some());
            }
        }
    }
}

#[tokio::test]
async fn what_is_brought_in_belongs_to_whoever_brings_it() {
    let table = Table::new().await;
    let drafts = sample::drafts().unwrap();
    let (paul, mallory) = (table.of("paul"), table.of("mallory"));
    paul.capture(&drafts[..1]).await.unwrap();
    let id = drafts[0].character.clone();
    let row = paul.find(id.as_str()).await.unwrap();
    assert_eq!(row.owner.as_deref(), Some("paul"));
    assert_eq!(mallory.find(id.as_str()).await.unwrap_err().code, Code::CharacterNotFound);
    let taken = mallory.capture(&drafts[..1]).await.unwrap_err();
    assert_eq!(taken.code, Code::AccessDenied, "{taken}");
    assert_eq!(paul.capture(&drafts[..1]).await.unwrap()[0].version, 1);
    let facets = mallory.facets().await.unwrap();
    assert_eq!((facets.characters, facets.versions), (0, 0));
    assert_eq!(mallory.statistics().await.unwrap().versions, 0);
    assert_eq!(mallory.members().await.unwrap(), []);
    assert_eq!(mallory.changes_since(0, 100).await.unwrap().changes, []);
    assert_eq!(paul.members().await.unwrap().len(), 4);
}

#[tokio::test]
async fn a_library_moves_into_a_shared_one_and_belongs_to_whoever_moves_it() {
    let table = Table::new().await;
    let own: Arc<dyn CharacterStorage> = Arc::new(MemoryStorage::new());
    let library = Library::new(Arc::clone(&own), registry::sources(), Arc::new(SystemClock), "test");
    library.capture(&sample::drafts().unwrap()).await.unwrap();
    let principal = Principal { user: "paul".to_owned(), admin: false };
    let shared = backstory_core::access::guarded(Arc::new(table.storage.shared_with(principal)));
    for copied in [85, 0] {
        let migrator = StorageMigrator::new(Arc::clone(&own), Arc::clone(&shared)).unwrap();
        let options = MigrationOptions { batch_size: 7.try_into().unwrap(), ..MigrationOptions::default() };
        let report = migrator.run(&options, &Silent, &Cancel::default()).await.unwrap();
        assert_eq!(report.left, []);
        assert_eq!((report.versions, report.verified, report.skipped), (85, 85, 85 - copied));
    }
    let rows = table.of("paul").query(&QueryFilter::default()).await.unwrap().items;
    let own: Vec<_> = rows.iter().filter(|row| row.owner.as_deref() == Some("paul")).collect();
    assert_eq!(own.len(), 3);
    assert_eq!(table.of("mallory").facets().await.unwrap().characters, 0);
}
