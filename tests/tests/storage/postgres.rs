//! What only a server shared by several people can do wrong: who sees what, and what happens when it goes away.

use std::{sync::Arc, time::Duration};

use backstory_core::{
    error::{Code, Error},
    job::{Cancel, Silent},
    library::{Captured, Library},
    model::{CharacterIndex, ContentHash, Role, VersionMetadata},
    privacy::audit::{Act, Action, Entry, verify},
    storage::{
        CharacterStorage, CheckScope, Compression, Deleted, Encoding, Expect, HistoryQuery, QueryFilter,
        ReadOnly, Secret, Setting, StorageFactory, Write,
    },
    trace::{Place, Trace, Words},
    wording::say,
};
use backstory_sources::{registry, sample};
use backstory_storage::{
    clock::SystemClock,
    open::Stores,
    postgres::{self, PostgresOptions, PostgresStorage},
};
use backstory_tests::{
    disk::SmallDisk,
    fixtures::{character_id, content, document, index, moment, snapshot_id, store, version},
    servers::postgres::{Database, Server},
};

const CAMPAIGN: &str = "The Sunken Bell";

async fn open(database: &Database, user: &str) -> PostgresStorage {
    PostgresStorage::open(&database.address(user), PostgresOptions::default()).await.unwrap()
}

async fn refused(address: &str) -> Error {
    PostgresStorage::open(address, PostgresOptions::default()).await.unwrap_err()
}

async fn write(storage: &dyn CharacterStorage, writes: Vec<Write>) -> Result<u64, Error> {
    let mut transaction = storage.begin().await?;
    transaction.write(writes).await?;
    transaction.commit().await
}

fn put(index: &CharacterIndex, expect: Expect) -> Write {
    Write::Character { index: Box::new(index.clone()), expect }
}

fn put_version(metadata: VersionMetadata) -> Write {
    Write::Version { metadata: Box::new(metadata) }
}

async fn row(storage: &dyn CharacterStorage, number: u64) -> Option<CharacterIndex> {
    let filter =
        QueryFilter { ids: vec![character_id(number)], deleted: Deleted::With, ..QueryFilter::default() };
    storage.query(&filter).await.unwrap().items.pop()
}

/// A library with a character of ada's, ddb-1, in a campaign where ada plays, bob leads, cleo plays and dora looks on. Eve
/// uses the library too and is not in it.
async fn campaign() -> Database {
    let database = Server::shared().library().await;
    let ada = open(&database, "ada").await;
    let documents = [document(1, 2_000), document(2, 2_000)];
    store(&ada, 1, &documents).await;
    let see = vec![moment(70)];
    let see = Write::Sightings { character: character_id(1), version: snapshot_id(1_000_001), at: see };
    write(&ada, vec![see]).await.unwrap();
    let keeper = open(&database, "keeper").await;
    let member = |user: &str, role| Write::Member {
        campaign: CAMPAIGN.to_owned(),
        user: user.to_owned(),
        role: Some(role),
    };
    let members = vec![
        member("ada", Role::Player),
        member("bob", Role::DungeonMaster),
        member("cleo", Role::Player),
        member("dora", Role::Viewer),
    ];
    write(&keeper, members).await.unwrap();
    database
}

/// Statements for each table and verb, tried by everybody in a transaction of their own that is undone.
const ATTEMPTS: [(&str, [&str; 4]); 10] = [
    (
        "character",
        [
            "SELECT FROM backstory.character WHERE id = 'ddb-1'",
            "INSERT INTO backstory.character (id, owner) VALUES ('ddb-9', 'ada')",
            "UPDATE backstory.character SET level = 7 WHERE id = 'ddb-1'",
            "DELETE FROM backstory.character WHERE id = 'ddb-2'",
        ],
    ),
    (
        "content",
        [
            "SELECT FROM backstory.content WHERE character_id = 'ddb-1'",
            "INSERT INTO backstory.content VALUES ('ddb-1', '\\x77', 99, NULL, 1, 1, '\\x00')",
            "UPDATE backstory.content SET data = '\\x00' WHERE character_id = 'ddb-1'",
            "DELETE FROM backstory.content WHERE character_id = 'ddb-1' AND rung = 51",
        ],
    ),
    (
        "archive",
        [
            "SELECT FROM backstory.archive WHERE character_id = 'ddb-1'",
            "INSERT INTO backstory.archive SELECT character_id, hash, '' FROM backstory.content WHERE rung = 1",
            "UPDATE backstory.archive SET data = '\\x00' WHERE character_id = 'ddb-1'",
            "DELETE FROM backstory.archive WHERE character_id = 'ddb-1'",
        ],
    ),
    (
        "version",
        [
            "SELECT FROM backstory.version WHERE character_id = 'ddb-1'",
            "INSERT INTO backstory.version SELECT character_id, gen_random_uuid(), 99, 5, 1, content, 5, 1, '{}' \
             FROM backstory.version WHERE number = 1",
            "UPDATE backstory.version SET seen_count = 9 WHERE character_id = 'ddb-1'",
            "DELETE FROM backstory.version WHERE character_id = 'ddb-1'",
        ],
    ),
    (
        "sighting",
        [
            "SELECT FROM backstory.sighting WHERE character_id = 'ddb-1'",
            "INSERT INTO backstory.sighting VALUES ('ddb-1', 7, gen_random_uuid())",
            "UPDATE backstory.sighting SET at = 8 WHERE character_id = 'ddb-1'",
            "DELETE FROM backstory.sighting WHERE character_id = 'ddb-1'",
        ],
    ),
    (
        "tombstone",
        [
            "SELECT FROM backstory.tombstone WHERE id = 'ddb-3'",
            "INSERT INTO backstory.tombstone VALUES ('ddb-8', 'ada', NULL, 1)",
            "UPDATE backstory.tombstone SET revision = 0 WHERE id = 'ddb-3'",
            "DELETE FROM backstory.tombstone WHERE id = 'ddb-3'",
        ],
    ),
    (
        "member",
        [
            "SELECT FROM backstory.member",
            "INSERT INTO backstory.member VALUES ('The Sunken Bell', 'eve', 'player')",
            "UPDATE backstory.member SET role = 'viewer' WHERE user_name = 'cleo'",
            "DELETE FROM backstory.member WHERE user_name = 'cleo'",
        ],
    ),
    (
        "store",
        [
            "SELECT FROM backstory.store",
            "INSERT INTO backstory.store VALUES (1, 5) ON CONFLICT DO NOTHING",
            "UPDATE backstory.store SET revision = 0",
            "DELETE FROM backstory.store",
        ],
    ),
    (
        "setting",
        [
            "SELECT FROM backstory.setting WHERE owner = 'ada'",
            "INSERT INTO backstory.setting (owner, key, revision) VALUES ('ada', 'library.b', 1)",
            "UPDATE backstory.setting SET revision = 9 WHERE owner = 'ada'",
            "DELETE FROM backstory.setting WHERE owner = 'ada'",
        ],
    ),
    (
        "audit",
        [
            "SELECT FROM backstory.audit",
            "INSERT INTO backstory.audit (sequence, actor, line, hash) VALUES (2, 'ada', '{}', '\\x00')",
            "UPDATE backstory.audit SET actor = 'eve'",
            "DELETE FROM backstory.audit",
        ],
    ),
];

/// What works, in the order of the attempts: select, insert, update, delete.
const MATRIX: [(&str, [&str; 10]); 7] = [
    ("ada", ["SIUD", "SIUD", "SIUD", "SIUD", "SI-D", "SIUD", "S---", "S---", "SIU-", "S---"]),
    ("keeper", ["SIUD", "SIUD", "SIUD", "SIUD", "SI-D", "SIUD", "SIUD", "S---", "S---", "S---"]),
    ("bob", ["S-U-", "SI--", "S---", "SIU-", "SI-D", "S---", "SIUD", "S---", "----", "----"]),
    ("cleo", ["S---", "S---", "S---", "S---", "S---", "S---", "S---", "S---", "----", "----"]),
    ("dora", ["S---", "----", "----", "S---", "S---", "S---", "S---", "S---", "----", "----"]),
    ("eve", ["----", "----", "----", "----", "----", "----", "----", "S---", "----", "----"]),
    ("outsider", ["----", "----", "----", "----", "----", "----", "----", "----", "----", "----"]),
];

#[tokio::test]
async fn everybody_may_do_what_the_matrix_says_and_nothing_else() {
    let database = campaign().await;
    let outsider = "DO $$ BEGIN CREATE ROLE outsider LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$; \
         INSERT INTO backstory.content VALUES ('ddb-1', '\\x55', 50, NULL, 1, 1, '\\x00'); \
         INSERT INTO backstory.content VALUES ('ddb-1', '\\x66', 51, NULL, 1, 1, '\\x00'); \
         INSERT INTO backstory.archive VALUES ('ddb-1', '\\x55', '\\x00'); \
         INSERT INTO backstory.character (id, owner, campaign) VALUES ('ddb-2', 'ada', 'The Sunken Bell'); \
         INSERT INTO backstory.setting (owner, key, revision) VALUES ('ada', 'library.a', 1); \
         INSERT INTO backstory.audit (sequence, actor, line, hash) VALUES (1, 'ada', '{}', '\\x00'); \
         INSERT INTO backstory.tombstone VALUES ('ddb-3', 'ada', 'The Sunken Bell', 1)";
    database.tamper(outsider).await;
    for (user, expected) in MATRIX {
        let client = database.connect(user).await;
        for ((table, attempts), expected) in ATTEMPTS.into_iter().zip(expected) {
            let mut found = String::new();
            for (attempt, letter) in attempts.into_iter().zip("SIUD".chars()) {
                client.batch_execute("BEGIN").await.unwrap();
                let works = matches!(client.execute(attempt, &[]).await, Ok(rows) if rows > 0);
                client.batch_execute("ROLLBACK").await.unwrap();
                found.push(if works { letter } else { '-' });
            }
            assert_eq!(found, expected, "{user} and {table}");
        }
    }
}

#[tokio::test]
async fn nobody_becomes_somebody_else() {
    let database = campaign().await;
    let bob = database.connect("bob").await;
    for attempt in [
        "SET ROLE ada",
        "SET ROLE backstory_admin",
        "SET ROLE backstory_owner",
        "SET SESSION AUTHORIZATION ada",
        "UPDATE backstory.character SET owner = 'bob' WHERE id = 'ddb-1'",
        "UPDATE backstory.character SET owner_named = true WHERE id = 'ddb-1'",
        "UPDATE backstory.character SET deleted_at = 1 WHERE id = 'ddb-1'",
        "UPDATE backstory.character SET id = 'ddb-5' WHERE id = 'ddb-1'",
        "ALTER TABLE backstory.character DISABLE ROW LEVEL SECURITY",
        "SELECT FROM backstory.version_other",
        "CREATE TABLE backstory.mine ()",
    ] {
        assert!(bob.execute(attempt, &[]).await.is_err(), "{attempt}");
    }
    let eve = database.connect("eve").await;
    for question in ["SELECT FROM backstory.shared_with('bob')", "SELECT FROM backstory.campaigns_of('bob')"]
    {
        assert!(!bob.query(question, &[]).await.unwrap().is_empty(), "{question}");
        assert!(eve.query(question, &[]).await.unwrap().is_empty(), "{question}");
    }
    // The role that owns the tables is under the policies too.
    let owner = database.connect("postgres").await;
    owner.batch_execute("SET ROLE backstory_owner").await.unwrap();
    for table in ["character", "content", "version", "sighting", "tombstone"] {
        let all = format!("SELECT FROM backstory.{table}");
        assert!(owner.query(&all, &[]).await.unwrap().is_empty(), "{table}");
    }
}

#[tokio::test]
async fn a_character_is_shared_only_where_its_owner_is_a_member_too() {
    let database = campaign().await;
    let address = database.address("keeper");
    assert!(row(&open(&database, "cleo").await, 1).await.is_some());
    postgres::grant(&address, CAMPAIGN, "ada", None).await.unwrap();
    for user in ["bob", "cleo", "dora", "eve"] {
        assert_eq!(row(&open(&database, user).await, 1).await, None, "{user}");
    }
    assert!(row(&open(&database, "ada").await, 1).await.is_some());
    postgres::grant(&address, CAMPAIGN, "ada", Some(Role::Viewer)).await.unwrap();
    assert!(row(&open(&database, "cleo").await, 1).await.is_some());
    let error =
        postgres::grant(&database.address("cleo"), CAMPAIGN, "eve", Some(Role::Player)).await.unwrap_err();
    assert_eq!(error.code, Code::AccessDenied);
}

#[tokio::test]
async fn a_store_answers_as_its_user_may_see() {
    let database = campaign().await;
    let id = character_id(1);
    let hash = ContentHash::of(&document(1, 2_000));
    let expected = [
        ("ada", Some(None), Ok(())),
        ("keeper", Some(Some("ada")), Ok(())),
        ("bob", Some(Some("ada")), Ok(())),
        ("cleo", Some(Some("ada")), Ok(())),
        ("dora", Some(Some("ada")), Err(Code::AccessDenied)),
        ("eve", None, Err(Code::VersionNotFound)),
    ];
    for (user, owner, may_open) in expected {
        let storage = open(&database, user).await;
        assert_eq!(storage.info().principal.unwrap().user, user);
        let found = row(&storage, 1).await.map(|index| index.owner);
        assert_eq!(found, owner.map(|owner| owner.map(str::to_owned)), "{user}");
        let seen = u64::from(owner.is_some());
        assert_eq!(storage.history(&HistoryQuery::all(id.clone())).await.unwrap().total, 2 * seen, "{user}");
        assert_eq!(storage.facets().await.unwrap().characters, seen, "{user}");
        assert_eq!(storage.changes_since(0, 10).await.unwrap().changes.len() as u64, seen, "{user}");
        assert_eq!(
            storage.document(&id, &hash).await.map(drop).map_err(|error| error.code),
            may_open,
            "{user}"
        );
        assert_eq!(storage.members().await.unwrap().len(), if user == "eve" { 0 } else { 4 });
    }
}

#[tokio::test]
async fn a_dungeon_master_captures_and_disposes_of_nothing() {
    let database = campaign().await;
    let id = character_id(1);
    for (user, may_capture) in [("bob", true), ("cleo", false), ("dora", false), ("eve", false)] {
        let storage = open(&database, user).await;
        let before = row(&open(&database, "keeper").await, 1).await.unwrap();
        let text = document(before.revision + 10, 2_000);
        let number = before.last_version + 1;
        let metadata =
            VersionMetadata { id: snapshot_id(5_000 + number), ..version(&id, number, moment(900), &text) };
        let after = CharacterIndex { revision: before.revision + 1, last_version: number, ..before.clone() };
        let capture =
            vec![content(&id, &text), put_version(metadata), put(&after, Expect::Revision(before.revision))];
        let result = write(&storage, capture).await;
        assert_eq!(result.is_ok(), may_capture, "{user}: {result:?}");
        if let Err(error) = result {
            assert!(matches!(error.code, Code::AccessDenied | Code::Conflict), "{user}: {error:?}");
        }
        let now = row(&open(&database, "keeper").await, 1).await.unwrap();
        let binned =
            CharacterIndex { deleted_at: Some(moment(1)), revision: now.revision + 1, ..now.clone() };
        let given =
            CharacterIndex { owner: Some(user.to_owned()), revision: now.revision + 1, ..now.clone() };
        let drop = Write::DropVersions { character: id.clone(), versions: vec![snapshot_id(1_000_001)] };
        for wrong in [
            put(&binned, Expect::Revision(now.revision)),
            put(&given, Expect::Revision(now.revision)),
            Write::Erase { character: id.clone(), expect: Expect::Revision(now.revision) },
            drop,
        ] {
            // What somebody does not see, they cannot drop either: that is no error.
            if let Err(error) = write(&storage, vec![wrong]).await {
                assert!(matches!(error.code, Code::AccessDenied | Code::Conflict), "{user}: {error:?}");
            }
        }
        assert_eq!(row(&open(&database, "keeper").await, 1).await.unwrap(), now, "{user}");
        let history = open(&database, "ada").await.history(&HistoryQuery::all(id.clone())).await.unwrap();
        assert_eq!(history.total, 3);
    }
    let taken = put(&index(character_id(1)), Expect::Absent);
    let error = write(&open(&database, "eve").await, vec![taken]).await.unwrap_err();
    assert_eq!(error.code, Code::AccessDenied);
}

#[tokio::test]
async fn a_connection_carries_nobody_elses_identity() {
    let database = campaign().await;
    let options = PostgresOptions { pool_size: 1, ..PostgresOptions::default() };
    let ada = PostgresStorage::open(&database.address("ada"), options.clone()).await.unwrap();
    let eve = PostgresStorage::open(&database.address("eve"), options).await.unwrap();
    for _ in 0..5 {
        assert_eq!(ada.query(&QueryFilter::default()).await.unwrap().total, 1);
        assert_eq!(eve.query(&QueryFilter::default()).await.unwrap().total, 0);
        let open = eve.begin().await.unwrap();
        drop(open);
    }
    store(&eve, 7, &[b"eve's".to_vec()]).await;
    assert_eq!(row(&ada, 7).await, None);
    assert_eq!(row(&open(&database, "keeper").await, 7).await.unwrap().owner.as_deref(), Some("eve"));
}

#[tokio::test]
async fn a_restart_of_the_server_is_survived() {
    let server = Server::alone();
    let database = server.library().await;
    let storage = open(&database, "ada").await;
    let kept = store(&storage, 1, &[b"kept".to_vec()]).await;
    let mut cut = storage.begin().await.unwrap();
    let lost = CharacterIndex { name: "Lost".to_owned(), revision: 2, ..kept.clone() };
    cut.write(vec![put(&lost, Expect::Revision(1))]).await.unwrap();
    server.stop();
    let error = cut.commit().await.unwrap_err();
    assert!(error.retryable, "{error:?}");
    for error in [
        storage.query(&QueryFilter::default()).await.unwrap_err(),
        storage.begin().await.err().unwrap(),
        refused(&database.address("ada")).await,
    ] {
        assert_eq!((error.code, error.retryable), (Code::StoreUnreachable, true), "{error:?}");
        assert!(error.hint.is_some());
    }
    server.start();
    assert_eq!(row(&storage, 1).await, Some(kept.clone()));
    write(&storage, vec![put(&lost, Expect::Revision(1))]).await.unwrap();
    assert_eq!(storage.document(&kept.id, &ContentHash::of(b"kept")).await.unwrap(), b"kept");
}

#[tokio::test]
async fn only_a_server_that_proves_its_name_is_told_the_password() {
    let server = Server::encrypted();
    let database = server.library().await;
    postgres::add_user(&database.address("postgres"), "frida", Some("s3cret")).await.unwrap();
    let at = |host: &str, wishes: &str| {
        let address = server.network_address("frida", "s3cret", &database.name);
        format!("{}?{wishes}", address.replace("127.0.0.1", host))
    };
    let trusting = format!("sslrootcert={}", server.certificate().display());
    for mode in ["verify-full", "require"] {
        let address = at("localhost", &format!("sslmode={mode}&{trusting}"));
        let storage = PostgresStorage::open(&address, PostgresOptions::default()).await.unwrap();
        store(&storage, if mode == "require" { 1 } else { 2 }, &[b"document".to_vec()]).await;
        let client = database.connect("postgres").await;
        let encrypted =
            "SELECT bool_and(ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE usename = 'frida'";
        assert!(client.query_one(encrypted, &[]).await.unwrap().get::<_, bool>(0));
    }
    let plain = Server::shared();
    let unencrypted = plain.network_address("frida", "s3cret", "postgres");
    let unencrypted = format!("{}?sslmode=require&{trusting}", unencrypted.replace("127.0.0.1", "localhost"));
    for address in [
        // Nobody vouches for it; it vouches for another name; it does not offer encryption at all.
        at("localhost", "sslmode=verify-full"),
        at("127.0.0.1", &format!("sslmode=require&{trusting}")),
        unencrypted,
    ] {
        let error = refused(&address).await;
        assert_eq!(error.code, Code::StorageFailed, "{error:?}");
        assert!(error.hint.as_ref().is_some_and(|hint| hint.contains("sslrootcert")), "{error:?}");
        assert!(!format!("{error:?}").contains("s3cret"));
    }
}

const THROW_OUT: &str = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
     WHERE datname = current_database() AND pid <> pg_backend_pid()";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dropped_connections_are_replaced() {
    let database = Server::shared().library().await;
    let storage = Arc::new(open(&database, "ada").await);
    let kept = store(&*storage, 1, &[b"kept".to_vec()]).await;
    let since = storage.revision().await.unwrap();
    let waiting = tokio::spawn({
        let storage = Arc::clone(&storage);
        async move { storage.wait(since, Duration::from_secs(30)).await }
    });
    for _ in 0..5 {
        database.tamper(THROW_OUT).await;
        assert_eq!(row(&*storage, 1).await, Some(kept.clone()), "a read is tried again");
        database.tamper(THROW_OUT).await;
        assert!(storage.begin().await.is_ok());
    }
    let changed = CharacterIndex { name: "Changed".to_owned(), revision: 2, ..kept.clone() };
    let mut cut = storage.begin().await.unwrap();
    cut.write(vec![put(&changed, Expect::Revision(1))]).await.unwrap();
    database.tamper(THROW_OUT).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    let error = cut.commit().await.unwrap_err();
    assert!(
        error.retryable && matches!(error.code, Code::StoreUnreachable | Code::StorageFailed),
        "{error:?}"
    );
    assert_eq!(row(&*storage, 1).await, Some(kept.clone()), "nothing of it was written");
    let revision = write(&*storage, vec![put(&changed, Expect::Revision(1))]).await.unwrap();
    assert_eq!(waiting.await.unwrap().unwrap(), revision, "whoever waits does so through it all");
}

#[tokio::test]
async fn what_keeps_one_out_is_said() {
    let server = Server::shared();
    let database = server.library().await;
    let name = &database.name;
    postgres::add_user(&database.address("postgres"), "frida", Some("r1ght's")).await.unwrap();
    let right = server.network_address("frida", "r1ght's", name);
    assert!(PostgresStorage::open(&right, PostgresOptions::default()).await.is_ok());
    let wrong = server.network_address("frida", "wr0ng", name);
    let nobody = server.network_address("n0body", "wr0ng", name);
    let no_password = right.replace(":r1ght's@", "@");
    let no_database = database.address("ada").replace(name.as_str(), "nowhere");
    let no_server = "postgresql://ada:wr0ng@127.0.0.1:1/library";
    let empty = server.empty().await;
    let cases = [
        (wrong.as_str(), Code::AccessDenied, "password"),
        (&nobody, Code::AccessDenied, "password"),
        (&no_password, Code::AccessDenied, "password"),
        (&no_database, Code::StorageFailed, "createdb"),
        (no_server, Code::StoreUnreachable, "server runs"),
        (&empty.address("ada"), Code::StorageFailed, "backstory db init"),
        (&database.address("postgres").replace("postgres@", "outsider@"), Code::AccessDenied, ""),
    ];
    for (address, code, hint) in cases {
        let error = refused(address).await;
        let said = format!("{error} {error:?} {:?} {:?}", error.hint, error.kept);
        assert!(error.code == code && error.hint.as_ref().is_some_and(|said| said.contains(hint)), "{said}");
        assert!(!said.contains("wr0ng") && !said.contains("r1ght"), "{said}");
    }
    let error = postgres::initialise(&empty.address("ada"), &PostgresOptions::default()).await.unwrap_err();
    assert_eq!(error.code, Code::AccessDenied, "{error:?}");
    let storage = PostgresStorage::open(&right, PostgresOptions::default()).await.unwrap();
    let replica = PostgresOptions { read_replica: Some(Secret::new(&right)), ..PostgresOptions::default() };
    let shown = format!("{storage:?} {:?} {replica:?}", storage.info());
    assert!(!shown.contains("r1ght"), "{shown}");
}

#[tokio::test]
async fn a_library_of_a_newer_version_can_be_read_and_not_written() {
    let database = Server::shared().library().await;
    let kept = store(&open(&database, "ada").await, 1, &[b"kept".to_vec()]).await;
    let newer =
        "INSERT INTO backstory.refinery_schema_history VALUES (999, 'later', '2030-01-01T00:00:00Z', '1')";
    database.tamper(newer).await;
    let storage = open(&database, "ada").await;
    assert_eq!(storage.info().read_only, Some(ReadOnly::Newer));
    assert_eq!(storage.begin().await.err().unwrap().code, Code::StoreNewer);
    assert_eq!(row(&storage, 1).await, Some(kept));
    let options = PostgresOptions::default();
    let error = postgres::initialise(&database.address("postgres"), &options).await.unwrap_err();
    assert_eq!(error.code, Code::StoreNewer);
    database.tamper("DELETE FROM backstory.refinery_schema_history").await;
    let error = refused(&database.address("ada")).await;
    assert!(error.hint.unwrap().contains("backstory db init"));
}

#[tokio::test]
async fn a_server_that_takes_no_changes_is_read() {
    let database = Server::shared().library().await;
    let before = open(&database, "ada").await;
    let kept = store(&before, 1, &[b"kept".to_vec()]).await;
    let name = &database.name;
    database.tamper(&format!("ALTER DATABASE {name} SET default_transaction_read_only = on")).await;
    database.connect("ada").await;
    Server::shared()
        .connect("postgres", "postgres")
        .await
        .batch_execute(&format!(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
        ))
        .await
        .unwrap();
    let after = open(&database, "ada").await;
    assert!(after.info().read_only.is_some());
    for storage in [&before, &after] {
        assert_eq!(storage.begin().await.err().unwrap().code, Code::StoreReadOnly);
        assert_eq!(row(storage, 1).await, Some(kept.clone()));
    }
    Server::shared()
        .connect("postgres", "postgres")
        .await
        .batch_execute(&format!(
            "ALTER DATABASE {name} RESET default_transaction_read_only; \
         SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
        ))
        .await
        .unwrap();
    let changed = CharacterIndex { revision: 2, ..kept };
    write(&before, vec![put(&changed, Expect::Revision(1))]).await.unwrap();
    let options = PostgresOptions { read_only: true, ..PostgresOptions::default() };
    let asked = PostgresStorage::open(&database.address("ada"), options).await.unwrap();
    assert_eq!(asked.begin().await.err().unwrap().code, Code::StoreReadOnly);
}

#[tokio::test]
async fn a_right_that_was_lost_and_given_back() {
    let server = Server::alone();
    let database = server.library().await;
    let storage = open(&database, "ada").await;
    let kept = store(&storage, 1, &[b"kept".to_vec()]).await;
    database.tamper("REVOKE backstory_user FROM ada").await;
    let changed = CharacterIndex { revision: 2, ..kept.clone() };
    for error in [
        storage.query(&QueryFilter::default()).await.unwrap_err(),
        write(&storage, vec![put(&changed, Expect::Revision(1))]).await.unwrap_err(),
        refused(&database.address("ada")).await,
    ] {
        assert_eq!(error.code, Code::AccessDenied, "{error:?}");
        assert!(error.hint.is_some());
    }
    database.tamper("GRANT backstory_user TO ada").await;
    assert_eq!(row(&storage, 1).await, Some(kept));
    write(&storage, vec![put(&changed, Expect::Revision(1))]).await.unwrap();
}

#[tokio::test]
async fn a_missing_partition_is_found_and_made() {
    let database = Server::shared().library().await;
    let storage = open(&database, "ada").await;
    let client = database.connect("postgres").await;
    let next = "SELECT to_char(now() AT TIME ZONE 'UTC' + interval '1 month', 'YYYY_MM'), \
         extract(epoch FROM date_trunc('month', now() AT TIME ZONE 'UTC') + interval '40 days')::bigint";
    let found = client.query_one(next, &[]).await.unwrap();
    let (month, seconds): (String, i64) = (found.get(0), found.get(1));
    let check = async || storage.check(CheckScope::Data, &Silent, &Cancel::default()).await.unwrap().problems;
    assert_eq!(check().await, []);
    database.tamper(&format!("DROP TABLE backstory.version_{month}")).await;
    let problems = check().await;
    let codes: Vec<_> = problems.iter().map(|p| (p.code.as_str(), p.repairable)).collect();
    assert_eq!(codes, [("partition_missing", true)]);
    assert_eq!(problems[0].r#where, format!("month {}", month.replace('_', "-")));
    // What is captured meanwhile is kept, and moves.
    let id = character_id(1);
    let at = jiff::Timestamp::from_second(seconds).unwrap();
    let mut row = index(id.clone());
    (row.versions, row.captures, row.last_version, row.first_captured, row.last_captured) = (1, 1, 1, at, at);
    let capture = vec![content(&id, b"a"), put_version(version(&id, 1, at, b"a")), put(&row, Expect::Absent)];
    write(&storage, capture).await.unwrap();
    let lies_in = async |table: &str| {
        let count = format!("SELECT count(*) FROM backstory.version_{table}");
        client.query_one(&count, &[]).await.unwrap().get::<_, i64>(0)
    };
    assert_eq!(lies_in("other").await, 1);
    let report = storage.repair(&Silent, &Cancel::default()).await.unwrap();
    assert_eq!((report.repaired, report.left), (problems, vec![]));
    assert_eq!((lies_in("other").await, lies_in(&month).await), (0, 1));
    assert_eq!(storage.history(&HistoryQuery::all(id)).await.unwrap().total, 1);
    assert_eq!(check().await, []);
    // Opening the library makes it too.
    database.tamper(&format!("DELETE FROM backstory.version; DROP TABLE backstory.version_{month}")).await;
    open(&database, "ada").await;
    assert_eq!(lies_in(&month).await, 0);
}

#[tokio::test]
async fn a_damaged_document_is_never_returned_and_is_found() {
    let documents: Vec<_> = (0..12).map(|edition| document(edition, 20_000)).collect();
    let damages = [
        "UPDATE backstory.content SET data = set_byte(data, 20, get_byte(data, 20) # 255) WHERE rung = 3",
        "UPDATE backstory.content SET data = '' WHERE rung = 3",
        "UPDATE backstory.content SET length = length - 1 WHERE rung = 3",
        "UPDATE backstory.content SET length = 9223372036854775807 WHERE rung = 3",
        "UPDATE backstory.content SET codec = 77 WHERE rung = 3",
        "UPDATE backstory.content SET base = NULL WHERE rung = 3",
        "ALTER TABLE backstory.content DROP CONSTRAINT content_check; \
         UPDATE backstory.content SET base = rung WHERE rung = 3",
        "SET session_replication_role = replica; DELETE FROM backstory.content WHERE rung = 3",
    ];
    for damage in damages {
        let database = Server::shared().library().await;
        let row = store(&open(&database, "ada").await, 1, &documents).await;
        database.tamper(damage).await;
        let storage = open(&database, "ada").await;
        for (rung, document) in documents.iter().enumerate() {
            match storage.document(&row.id, &ContentHash::of(document)).await {
                Ok(read) => assert!(read == *document && rung != 3, "{damage} {rung}"),
                Err(error) => assert!(
                    matches!(error.code, Code::StoreDamaged | Code::AccessDenied) && error.hint.is_some(),
                    "{damage} {rung}: {error:?}"
                ),
            }
        }
        assert!(storage.document(&row.id, &ContentHash::of(&documents[8])).await.is_ok(), "{damage}");
        let report = storage.check(CheckScope::Data, &Silent, &Cancel::default()).await.unwrap();
        let found = |problem: &backstory_core::storage::Problem| {
            ["content_damaged", "content_missing"].contains(&problem.code.as_str())
                && problem.r#where == "ddb-1 version 4"
        };
        assert!(report.problems.iter().any(found), "{damage}: {:?}", report.problems);
    }
}

#[tokio::test]
async fn a_projection_that_went_wrong_is_found_and_made_anew() {
    for damage in [
        "UPDATE backstory.character SET name_folded = 'somebody'",
        "UPDATE backstory.character SET level = 6",
        "UPDATE backstory.character SET classes = '{}'",
        "UPDATE backstory.character SET sheet = '{}'",
        "UPDATE backstory.version SET number = 9",
        "UPDATE backstory.version SET captured_at = captured_at + 1",
    ] {
        let database = Server::shared().library().await;
        store(&open(&database, "ada").await, 1, &[b"document".to_vec()]).await;
        database.tamper(damage).await;
        let storage = open(&database, "ada").await;
        let report = storage.check(CheckScope::Structure, &Silent, &Cancel::default()).await.unwrap();
        let codes: Vec<_> = report.problems.iter().map(|p| p.code.as_str()).collect();
        assert_eq!(codes, ["index_stale"], "{damage}");
        let report = storage.repair(&Silent, &Cancel::default()).await.unwrap();
        assert_eq!((report.repaired.len(), report.left), (1, vec![]), "{damage}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn transactions_of_different_characters_do_not_wait_for_each_other() {
    let database = Server::shared().library().await;
    let options = PostgresOptions { wait: Duration::from_millis(300), ..PostgresOptions::default() };
    let storage = PostgresStorage::open(&database.address("ada"), options).await.unwrap();
    let mut held = storage.begin().await.unwrap();
    held.write(vec![put(&index(character_id(1)), Expect::Absent)]).await.unwrap();
    write(&storage, vec![put(&index(character_id(2)), Expect::Absent)]).await.unwrap();
    let error = write(&storage, vec![put(&index(character_id(1)), Expect::Absent)]).await.unwrap_err();
    assert_eq!((error.code, error.retryable), (Code::StoreBusy, true), "{error:?}");
    held.commit().await.unwrap();
    let error = write(&storage, vec![put(&index(character_id(1)), Expect::Absent)]).await.unwrap_err();
    assert_eq!(error.code, Code::Conflict);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn eight_writers_over_two_handles_lose_nothing_and_the_feed_tells_all() {
    const ROUNDS: u64 = 10;
    let database = Server::shared().library().await;
    let handles = [Arc::new(open(&database, "ada").await), Arc::new(open(&database, "ada").await)];
    let follower = Arc::new(open(&database, "keeper").await);
    let following = tokio::spawn({
        let follower = Arc::clone(&follower);
        async move {
            let (mut since, mut last) = (0, std::collections::BTreeMap::new());
            while last.values().sum::<u64>() < 8 * ROUNDS {
                follower.wait(since, Duration::from_secs(20)).await.unwrap();
                let feed = follower.changes_since(since, 3).await.unwrap();
                assert!(feed.revision >= since);
                since = feed.revision;
                for change in feed.changes {
                    let id = vec![change.character.clone()];
                    let filter = QueryFilter { ids: id, ..QueryFilter::default() };
                    let row = follower.query(&filter).await.unwrap().items.remove(0);
                    last.insert(change.character, row.revision);
                }
            }
        }
    });
    let writers: Vec<_> = (0..8)
        .map(|number| {
            let storage = Arc::clone(&handles[number as usize % 2]);
            tokio::spawn(async move {
                let id = character_id(number);
                for round in 1..=ROUNDS {
                    let text = document(round, 3_000);
                    let mut metadata = version(&id, round, moment(round as i64), &text);
                    metadata.id = snapshot_id(number * 1_000 + round);
                    let row = CharacterIndex { revision: round, ..index(id.clone()) };
                    let expect = if round == 1 { Expect::Absent } else { Expect::Revision(round - 1) };
                    let capture = vec![content(&id, &text), put_version(metadata), put(&row, expect)];
                    write(&*storage, capture).await.unwrap();
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    following.await.unwrap();
    let statistics = follower.statistics().await.unwrap();
    assert_eq!((statistics.characters, statistics.versions, statistics.contents), (8, 80, 80));
    assert_eq!(follower.revision().await.unwrap(), 80);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_that_wait_for_each_other_are_told_apart() {
    let database = Server::shared().library().await;
    let storage = Arc::new(open(&database, "ada").await);
    let one = |number| vec![put(&index(character_id(number)), Expect::Absent)];
    let (mut first, mut second) = (storage.begin().await.unwrap(), storage.begin().await.unwrap());
    first.write(one(1)).await.unwrap();
    second.write(one(2)).await.unwrap();
    let crossing = tokio::spawn(async move {
        let result = second.write(one(1)).await;
        result.map(|()| second)
    });
    let result = first.write(one(2)).await;
    let crossed = crossing.await.unwrap();
    let error = result.err().or(crossed.err()).unwrap();
    assert_eq!((error.code, error.retryable), (Code::Conflict, true), "{error:?}");
}

#[tokio::test]
async fn a_copy_that_is_away_is_not_missed() {
    let server = Server::shared();
    let database = server.library().await;
    let replica = Some(Secret::new("postgresql://ada@127.0.0.1:1/library"));
    let options = PostgresOptions { read_replica: replica, ..PostgresOptions::default() };
    let storage = PostgresStorage::open(&database.address("ada"), options).await.unwrap();
    store(&storage, 1, &[b"document".to_vec()]).await;
    assert_eq!(storage.facets().await.unwrap().characters, 1);
    assert_eq!(storage.statistics().await.unwrap().contents, 1);
}

#[tokio::test]
async fn making_a_library_twice_does_no_harm() {
    let database = Server::shared().library().await;
    let kept = store(&open(&database, "ada").await, 1, &[b"kept".to_vec()]).await;
    let address = database.address("postgres");
    let options = PostgresOptions::default();
    let (one, other) =
        tokio::join!(postgres::initialise(&address, &options), postgres::initialise(&address, &options));
    assert!(one.is_ok() && other.is_ok(), "{one:?} {other:?}");
    let storage = Stores.open(&database.address("ada")).await.unwrap();
    assert_eq!(row(&*storage, 1).await, Some(kept));
}

#[tokio::test]
async fn a_library_of_several_people_is_everybodys_own() {
    let database = Server::shared().library().await;
    let library = async |user: &str| {
        let storage = Stores.open(&database.address(user)).await.unwrap();
        Library::new(storage, registry::sources(), Arc::new(SystemClock), "test")
    };
    let (ada, eve) = (library("ada").await, library("eve").await);
    let drafts: Vec<_> = sample::drafts().unwrap();
    ada.capture(&drafts).await.unwrap();
    let again = ada.capture(&drafts).await.unwrap();
    assert!(again.iter().all(|capture| capture.outcome == Captured::Identical), "twice adds nothing");
    let all = ada.query(&QueryFilter::default()).await.unwrap();
    assert!(all.total > 0 && all.items.iter().all(|index| index.owner.as_deref() == Some("ada")));
    assert_eq!(eve.query(&QueryFilter::default()).await.unwrap().total, 0);
    let taken = eve.capture(&drafts[..1]).await.unwrap_err();
    assert_eq!(taken.code, Code::AccessDenied, "{taken:?}");
    assert_eq!(ada.query(&QueryFilter::default()).await.unwrap(), all);
    let keeper = open(&database, "keeper").await;
    let report = keeper.check(CheckScope::Data, &Silent, &Cancel::default()).await.unwrap();
    assert_eq!((report.characters, report.problems), (all.total, vec![]));
}

/// A name and a statement that changes one value of one row, for each column there is and for each text in a version. A trace
/// that says it is another character's is one its version does not have, which is none of the damages: it is told anew.
async fn damages(client: &tokio_postgres::Client) -> Vec<(String, String)> {
    let columns = "SELECT table_name::text, column_name::text, udt_name::text FROM information_schema.columns \
         WHERE table_schema = 'backstory' AND table_name NOT LIKE 'version\\_%' \
         AND table_name <> 'refinery_schema_history' \
         AND NOT (table_name = 'trace' AND column_name = 'character_id') ORDER BY 1, ordinal_position";
    let mut damages = Vec::new();
    for row in client.query(columns, &[]).await.unwrap() {
        let (table, column, kind): (String, String, String) = (row.get(0), row.get(1), row.get(2));
        let value = match (column.as_str(), kind.as_str()) {
            ("role", _) => "'viewer'".to_owned(),
            ("details", _) => format!("replace({column}, 'Wizard', 'Wizarc')"),
            (_, "text") => format!("overlay({column} placing chr(ascii({column}) # 1) from 1 for 1)"),
            (_, "int8" | "int2") => format!("coalesce({column}, 0::int2) # 1::int2"),
            (_, "bytea") => format!("set_byte({column}, 0, get_byte({column}, 0) # 1)"),
            (_, "uuid") => format!("overlay({column}::text placing 'ffff' from 1 for 4)::uuid"),
            (_, "bool") => format!("NOT {column}"),
            (_, "_text") => format!("{column} || 'x'::text"),
            (_, "tsvector") => format!("{column} || 'x'::tsvector"),
            (_, "jsonb") => format!("{column} || '{{\"level\": 4}}'"),
            other => panic!("how is {other:?} damaged?"),
        };
        let which = match table.as_str() {
            "character" => "id = 'ddb-1'",
            "content" => "character_id = 'ddb-1' AND rung = 4",
            "version" => "character_id = 'ddb-1' AND number = 2",
            _ => "true",
        };
        let damage = format!("UPDATE backstory.{table} SET {column} = {value} WHERE {which}");
        damages.push((format!("{table}.{column}"), damage));
    }
    let texts = [
        ("a sentence", "replace(details, 'Wizard 5', 'Wizard 4')"),
        ("a tag", "replace(details, 'before the dragon', 'before the dragom')"),
        ("the file's name", "replace(details, '.833496.', '.833497.')"),
        ("a brace", "replace(details, '{', 'z')"),
        ("a byte that is no letter", "set_byte(convert_to(details, 'UTF8'), 30, 200)::text"),
    ];
    for (name, value) in texts {
        let damage = format!(
            "UPDATE backstory.version SET details = {value} WHERE character_id = 'ddb-1' AND number = 2"
        );
        damages.push((name.to_owned(), damage));
    }
    damages
}

/// Takes every row aside, and puts it back.
const TABLES: [&str; 12] = [
    "store",
    "character",
    "content",
    "archive",
    "version",
    "trace",
    "sighting",
    "tombstone",
    "member",
    "setting",
    "audit",
    "audit_head",
];

/// Where a check must say that the damage is.
fn expected_place(name: &str) -> &'static str {
    match name.split('.').next().unwrap() {
        _ if name == "character.id" => "edb-1",
        // A row that says it is another character's is missed where it belongs.
        "trace" if name == "trace.version" => "ddb-1",
        "version" | "sighting" if name.ends_with(".character_id") => "ddb-1",
        "character" => "ddb-1",
        "store" => "library",
        "tombstone" if name == "tombstone.id" => "edb-3",
        "tombstone" => "ddb-3",
        "member" if name == "member.campaign" => "campaign Uhe Sunken Bell",
        "member" => "campaign The Sunken Bell",
        "setting" if name == "setting.key" => "setting mibrary.policy",
        "setting" => "setting library.policy",
        "audit" if name == "audit.sequence" => "entry 0 of the audit log",
        "audit" => "entry 1 of the audit log",
        "audit_head" => "end of the audit log",
        "archive" => "ddb-1 version 4",
        "content" => "ddb-1 version 5",
        _ => "ddb-1 version 2",
    }
}

#[tokio::test]
async fn every_column_of_every_row_is_watched_over() {
    let database = Server::shared().library().await;
    let storage = open(&database, "keeper").await;
    let documents: Vec<_> = (0..5).map(|edition| document(edition, 2_000)).collect();
    let id = store(&storage, 1, &documents).await.id;
    let other = store(&storage, 2, &documents[..1]).await;
    let gone = store(&storage, 3, &documents[..1]).await;
    let history = storage.history(&HistoryQuery::all(id.clone())).await.unwrap().items;
    let by_number = |number| history.iter().find(|version| version.version == number).unwrap().clone();
    let tagged = VersionMetadata {
        tags: vec!["before the dragon".to_owned()],
        seen: backstory_core::model::Seen { last: moment(130), count: 2 },
        trace: Some(Arc::new(Trace {
            words: vec![Words(Place::Inventory, "Rope".to_owned())],
            ..Trace::default()
        })),
        ..by_number(2)
    };
    let see = Write::Sightings { character: id.clone(), version: tagged.id, at: vec![moment(130)] };
    let row = row(&storage, 1).await.unwrap();
    let row = CharacterIndex { captures: 6, revision: row.revision + 1, ..row };
    let member =
        Write::Member { campaign: CAMPAIGN.to_owned(), user: "cleo".to_owned(), role: Some(Role::Player) };
    let archived = VersionMetadata { archived: true, ..by_number(4) };
    let writes = vec![
        see,
        put_version(tagged),
        put_version(archived),
        put(&row, Expect::Revision(row.revision - 1)),
        Write::Erase { character: gone.id, expect: Expect::Revision(1) },
        member,
        Write::Setting {
            setting: Setting { key: "library.policy".to_owned(), value: Some("30".to_owned()), revision: 1 },
            expect: Expect::Absent,
        },
        Write::Audit {
            note: Box::new(Act::new(Action::Erase).noted(moment(1), "test")),
            by: None,
            owner: Some("ada".to_owned()),
        },
    ];
    write(&storage, writes).await.unwrap();
    let check = async || storage.check(CheckScope::Data, &Silent, &Cancel::default()).await.unwrap().problems;
    assert_eq!(check().await, []);

    let client = database.connect("postgres").await;
    // Damage asks nobody: no trigger and no reference keeps it away.
    let prepare = "SET session_replication_role = replica; CREATE CAST (bytea AS text) WITHOUT FUNCTION; \
         ALTER TABLE backstory.content DROP CONSTRAINT content_check; \
         ALTER TABLE backstory.store DROP CONSTRAINT store_id_check; \
         ALTER TABLE backstory.audit_head DROP CONSTRAINT audit_head_id_check";
    client.batch_execute(prepare).await.unwrap();
    for table in TABLES {
        let aside = format!("CREATE TABLE public.{table} AS SELECT * FROM backstory.{table}");
        client.batch_execute(&aside).await.unwrap();
    }
    let damages = damages(&client).await;
    assert!(damages.len() > 55, "{}", damages.len());
    for (name, damage) in damages {
        assert_eq!(client.execute(&damage, &[]).await.unwrap(), 1, "{damage}");
        let problems = check().await;
        let place = expected_place(&name);
        assert!(
            problems.iter().any(|problem| problem.r#where == place),
            "{name} is not found at {place}: {problems:?}"
        );
        assert!(storage.document(&other.id, &ContentHash::of(&documents[0])).await.unwrap() == documents[0]);
        for number in [1, 3].into_iter().filter(|_| name != "character.id") {
            let query = HistoryQuery { version: Some(number), ..HistoryQuery::all(id.clone()) };
            let version = storage.history(&query).await.unwrap().items.remove(0);
            let bytes = storage.document(&id, &version.content).await;
            let bytes = bytes.unwrap_or_else(|error| panic!("{name}: {error:?}"));
            assert!(bytes == documents[number as usize - 1], "{name}: version {number} is readable");
        }
        for table in TABLES {
            let back = format!(
                "DELETE FROM backstory.{table}; INSERT INTO backstory.{table} SELECT * FROM public.{table}"
            );
            client.batch_execute(&back).await.unwrap();
        }
    }
    assert_eq!(check().await, []);
}

#[tokio::test]
async fn what_a_person_changes_is_no_damage_and_what_is_damaged_stays_so() {
    let database = Server::shared().library().await;
    let storage = open(&database, "keeper").await;
    let documents: Vec<_> = (0..3).map(|edition| document(edition, 2_000)).collect();
    let id = store(&storage, 1, &documents).await.id;
    let places = async || {
        let report = storage.check(CheckScope::Structure, &Silent, &Cancel::default()).await.unwrap();
        let damaged = report.problems.into_iter().filter(|problem| problem.code == "row_damaged");
        damaged.map(|problem| problem.r#where).collect::<Vec<_>>()
    };
    let by_hand = "UPDATE backstory.version SET details = replace(details, 'Wizard', 'Witch')";
    database.tamper(by_hand).await;
    assert_eq!(places().await, [""; 0]);
    let flips = "SET session_replication_role = replica; \
         UPDATE backstory.version SET number = 7 WHERE number = 1; \
         UPDATE backstory.version SET details = replace(details, 'Witch', 'Wisch') WHERE number = 2";
    database.tamper(flips).await;
    assert_eq!(places().await, ["ddb-1 version 2", "ddb-1 version 7"]);
    // A change of another column does not make it right.
    database.tamper("UPDATE backstory.version SET seen_count = seen_count").await;
    assert_eq!(places().await, ["ddb-1 version 2", "ddb-1 version 7"]);
    // What a version is found by is made anew from the rest of its row, and then it is what was written; a sentence is not.
    let report = storage.repair(&Silent, &Cancel::default()).await.unwrap();
    let left: Vec<_> = report.left.iter().map(|problem| problem.r#where.as_str()).collect();
    assert_eq!(left, ["ddb-1 version 2"]);
    // Whoever writes the whole row says what is right.
    let mut version = storage.history(&HistoryQuery::all(id)).await.unwrap().items.remove(1);
    version.summary.sentences[0].said = say("reached").with("now", "Witch 5");
    write(&storage, vec![put_version(version)]).await.unwrap();
    assert_eq!(places().await, [""; 0]);
}

/// Makes the tables what they were before there were checksums and an archive area.
const AS_IN_THE_FIRST_FORM: &str = "UPDATE backstory.content AS c SET data = a.data FROM backstory.archive AS a \
       WHERE a.character_id = c.character_id AND a.hash = c.hash; \
     DROP TABLE backstory.archive, backstory.trace, backstory.setting, backstory.audit, backstory.audit_head; \
     DROP FUNCTION backstory.append_audit, backstory.audit_chain, backstory.keep_audit; \
     DROP FUNCTION backstory.set_checksum CASCADE; DROP FUNCTION backstory.set_content_checksum CASCADE; \
     DROP FUNCTION backstory.checksum_of; DROP FUNCTION backstory.checksum_of_content; \
     ALTER TABLE backstory.store DROP COLUMN checksum; ALTER TABLE backstory.character DROP COLUMN checksum; \
     ALTER TABLE backstory.content DROP COLUMN checksum; ALTER TABLE backstory.sighting DROP COLUMN checksum; \
     ALTER TABLE backstory.version DROP COLUMN checksum, DROP COLUMN archived; \
     ALTER TABLE backstory.tombstone DROP COLUMN checksum; ALTER TABLE backstory.member DROP COLUMN checksum; \
     DELETE FROM backstory.refinery_schema_history WHERE version > 1";

#[tokio::test]
async fn a_library_of_the_first_form_is_brought_up_to_date() {
    let database = campaign().await;
    let ada = open(&database, "ada").await;
    let id = character_id(1);
    let history = ada.history(&HistoryQuery::all(id.clone())).await.unwrap().items;
    let archived = VersionMetadata { archived: true, ..history[0].clone() };
    write(&ada, vec![put_version(archived)]).await.unwrap();
    let before = ada.history(&HistoryQuery::all(id.clone())).await.unwrap().items;
    drop(ada);
    database.tamper(AS_IN_THE_FIRST_FORM).await;
    assert!(refused(&database.address("ada")).await.hint.unwrap().contains("backstory db init"));
    postgres::initialise(&database.address("postgres"), &PostgresOptions::default()).await.unwrap();
    let ada = open(&database, "ada").await;
    assert_eq!(ada.history(&HistoryQuery::all(id.clone())).await.unwrap().items, before);
    for version in &before {
        assert_eq!(ContentHash::of(&ada.document(&id, &version.content).await.unwrap()), version.content);
    }
    assert_eq!(archived_rows(&database).await, 1);
    let keeper = open(&database, "keeper").await;
    let report = keeper.check(CheckScope::Data, &Silent, &Cancel::default()).await.unwrap();
    // The fixture sees a version without counting it.
    let codes: Vec<_> = report.problems.iter().map(|problem| problem.code.as_str()).collect();
    assert!(codes.iter().all(|code| *code == "index_stale"), "{:?}", report.problems);
}

async fn archived_rows(database: &Database) -> i64 {
    let count = "SELECT count(*) FROM backstory.archive AS a \
         JOIN backstory.content AS c ON c.character_id = a.character_id AND c.hash = a.hash AND c.data = ''";
    database.connect("postgres").await.query_one(count, &[]).await.unwrap().get(0)
}

#[tokio::test]
async fn an_archived_document_moves_and_a_shared_one_stays() {
    let database = Server::shared().library().await;
    let storage = open(&database, "ada").await;
    let documents: Vec<_> = (0..10).map(|edition| document(edition, 3_000)).collect();
    let id = store(&storage, 1, &documents).await.id;
    let twin = VersionMetadata { id: snapshot_id(77), ..version(&id, 11, moment(9_000), &documents[2]) };
    write(&storage, vec![put_version(twin.clone())]).await.unwrap();
    let all = HistoryQuery { newest_first: false, ..HistoryQuery::all(id.clone()) };
    let history = storage.history(&all).await.unwrap().items;
    let before = storage.statistics().await.unwrap();
    let archive = |on: bool, n: usize| put_version(VersionMetadata { archived: on, ..history[n].clone() });
    let readable = async || {
        for text in &documents {
            assert!(storage.document(&id, &ContentHash::of(text)).await.unwrap() == *text);
        }
        let after = storage.statistics().await.unwrap();
        assert_eq!((after.contents, after.encoded_bytes), (before.contents, before.encoded_bytes));
        let report = storage.check(CheckScope::Data, &Silent, &Cancel::default()).await.unwrap();
        assert!(report.problems.iter().all(|problem| problem.code == "index_stale"), "{:?}", report.problems);
    };
    // Seven of them, one of which the twin has too.
    write(&storage, (0..7).map(|n| archive(true, n)).collect()).await.unwrap();
    assert_eq!(archived_rows(&database).await, 6);
    readable().await;
    write(&storage, vec![put_version(VersionMetadata { archived: true, ..twin.clone() })]).await.unwrap();
    assert_eq!(archived_rows(&database).await, 7);
    // A capture of the same bytes brings them back; dropping it lets them go again.
    let again = VersionMetadata { id: snapshot_id(78), ..version(&id, 12, moment(9_100), &documents[5]) };
    write(&storage, vec![content(&id, &documents[5]), put_version(again.clone())]).await.unwrap();
    assert_eq!(archived_rows(&database).await, 6);
    let drop = Write::DropVersions { character: id.clone(), versions: vec![again.id] };
    write(&storage, vec![drop]).await.unwrap();
    assert_eq!(archived_rows(&database).await, 7);
    readable().await;
    write(&storage, vec![archive(false, 0), archive(false, 1)]).await.unwrap();
    assert_eq!(archived_rows(&database).await, 5);
    readable().await;
    let erase = Write::Erase { character: id, expect: Expect::Revision(1) };
    write(&storage, vec![erase]).await.unwrap();
    assert_eq!(archived_rows(&database).await, 0);
}

#[tokio::test]
async fn a_dungeon_master_captures_what_is_archived() {
    let database = campaign().await;
    let (ada, bob) = (open(&database, "ada").await, open(&database, "bob").await);
    let id = character_id(1);
    let first = ada.history(&HistoryQuery::all(id.clone())).await.unwrap().items.pop().unwrap();
    write(&ada, vec![put_version(VersionMetadata { archived: true, ..first })]).await.unwrap();
    assert_eq!(archived_rows(&database).await, 1);
    let bytes = document(1, 2_000);
    let again = VersionMetadata { id: snapshot_id(79), ..version(&id, 9, moment(800), &bytes) };
    write(&bob, vec![content(&id, &bytes), put_version(again)]).await.unwrap();
    assert!(bob.document(&id, &ContentHash::of(&bytes)).await.unwrap() == bytes);
    // It is not a dungeon master's to move; the next change of its owner does.
    assert_eq!(archived_rows(&database).await, 1);
    let newest = ada.history(&HistoryQuery::all(id)).await.unwrap().items.remove(0);
    write(&ada, vec![put_version(newest)]).await.unwrap();
    assert_eq!(archived_rows(&database).await, 0);
}

/// Saves documents as they are, until something fails. Says which were saved, and what failed.
async fn fill(storage: &dyn CharacterStorage, from: u64) -> (std::ops::Range<u64>, Error) {
    for number in from.. {
        let text = document(number, 100_000);
        let id = character_id(number);
        let writes = vec![content(&id, &text), put(&index(id), Expect::Absent)];
        if let Err(error) = write(storage, writes).await {
            return (from..number, error);
        }
    }
    unreachable!()
}

async fn all_readable(storage: &dyn CharacterStorage, saved: u64) {
    assert_eq!(storage.query(&QueryFilter::default()).await.unwrap().total, saved);
    for number in 1..=saved {
        let text = document(number, 100_000);
        assert!(storage.document(&character_id(number), &ContentHash::of(&text)).await.unwrap() == text);
    }
    let report = storage.check(CheckScope::Data, &Silent, &Cancel::default()).await.unwrap();
    assert_eq!(report.contents, saved);
}

fn as_they_are() -> PostgresOptions {
    let encoding = Encoding { compression: Compression::None, delta: false, ..Encoding::default() };
    PostgresOptions { encoding, ..PostgresOptions::default() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_of_the_server_loses_nothing_and_works_again() {
    let Some(disk) = SmallDisk::new(40_000) else { return };
    Server::give(disk.path());
    let server = Server::alone();
    let tables = disk.path().join("tables");
    std::fs::create_dir(&tables).unwrap();
    Server::give(&tables);
    let database = server.library_in(&tables).await;
    let storage = PostgresStorage::open(&database.address("ada"), as_they_are()).await.unwrap();
    let ballast = disk.path().join("ballast");
    std::fs::write(&ballast, vec![1; 8_000_000]).unwrap();
    let (saved, error) = fill(&storage, 1).await;
    assert_eq!(error.code, Code::StorageFull, "{error:?}");
    assert!(!saved.is_empty() && error.kept.is_some() && error.hint.is_some());
    all_readable(&storage, saved.end - 1).await;
    let (more, error) = fill(&storage, saved.end).await;
    assert_eq!((more.is_empty(), error.code), (true, Code::StorageFull), "no room is no room");
    std::fs::remove_file(ballast).unwrap();
    let (more, error) = fill(&storage, saved.end).await;
    assert!(!more.is_empty(), "with room it works again");
    assert_eq!(error.code, Code::StorageFull);
    all_readable(&open(&database, "ada").await, more.end - 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_of_the_journal_loses_nothing_and_works_again() {
    let Some(disk) = SmallDisk::new(160_000) else { return };
    Server::give(disk.path());
    let server = Server::with_journal_on(disk.path());
    let database = server.library().await;
    let storage = PostgresStorage::open(&database.address("ada"), as_they_are()).await.unwrap();
    let ballast = disk.path().join("ballast");
    // As much as goes in.
    let _ = std::fs::write(&ballast, vec![1; 160_000_000]);
    // PostgreSQL stops by itself where it cannot write its journal.
    let (saved, error) = fill(&storage, 1).await;
    assert!(
        matches!(error.code, Code::StorageFull | Code::StorageFailed | Code::StoreUnreachable),
        "{error:?}"
    );
    assert!(error.kept.is_some() && error.hint.is_some());
    std::fs::remove_file(ballast).unwrap();
    server.stop();
    server.start();
    let there = storage.query(&QueryFilter::default()).await.unwrap().total;
    // The last one may have been saved without its answer.
    assert!([saved.end - 1, saved.end].contains(&there), "{saved:?} {there}");
    all_readable(&storage, there).await;
    write(&storage, vec![put(&index(character_id(there + 1)), Expect::Absent)]).await.unwrap();
}

/// Asks until the answer is this one.
async fn until(client: &tokio_postgres::Client, question: &str) {
    let patience = tokio::time::Instant::now() + Duration::from_secs(60);
    while !client.query_one(question, &[]).await.unwrap().get::<_, bool>(0) {
        assert!(tokio::time::Instant::now() < patience, "{question}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_that_lags_is_asked_only_where_that_does_no_harm() {
    let main = Server::alone();
    let database = main.library().await;
    let copy = main.follower();
    let at_copy = copy.connect("postgres", "postgres").await;
    let replica = Some(Secret::new(copy.address("ada", &database.name)));
    let options = PostgresOptions { read_replica: replica, ..PostgresOptions::default() };
    let storage = PostgresStorage::open(&database.address("ada"), options).await.unwrap();
    let elsewhere = open(&database, "ada").await;
    store(&elsewhere, 1, &[b"before".to_vec()]).await;
    let main_client = main.connect("postgres", "postgres").await;
    let position: String =
        main_client.query_one("SELECT pg_current_wal_insert_lsn()::text", &[]).await.unwrap().get(0);
    until(&at_copy, &format!("SELECT pg_last_wal_replay_lsn() >= '{position}'")).await;
    at_copy.batch_execute("SELECT pg_wal_replay_pause()").await.unwrap();
    until(&at_copy, "SELECT pg_get_wal_replay_pause_state() = 'paused'").await;

    // Somebody else saves, and nobody told this program yet: what bears a lag is told as the copy knows it.
    let second = store(&elsewhere, 2, &[b"one".to_vec()]).await;
    assert_eq!(storage.statistics().await.unwrap().characters, 1, "the copy was asked");
    assert_eq!(storage.facets().await.unwrap().characters, 1, "the copy was asked");
    // Everything else is the main server's.
    assert_eq!(storage.query(&QueryFilter::default()).await.unwrap().total, 2);
    assert_eq!(storage.history(&HistoryQuery::all(second.id.clone())).await.unwrap().total, 1);
    assert_eq!(storage.document(&second.id, &ContentHash::of(b"one")).await.unwrap(), b"one");
    assert_eq!(storage.sightings(&second.id).await.unwrap(), []);
    let renamed = CharacterIndex { name: "Renamed".to_owned(), revision: 2, ..second.clone() };
    write(&storage, vec![put(&renamed, Expect::Revision(1))]).await.unwrap();
    let error = write(&storage, vec![put(&renamed, Expect::Revision(1))]).await.unwrap_err();
    assert_eq!(error.code, Code::Conflict, "compare-and-set sees one's own change");
    // Once this program wrote, the copy is behind it: nothing is asked there that it does not have.
    assert_eq!(storage.statistics().await.unwrap().characters, 2);
    assert_eq!(storage.facets().await.unwrap().characters, 2);
    // The same where it was only told.
    let other_device = {
        let replica = Some(Secret::new(copy.address("ada", &database.name)));
        let options = PostgresOptions { read_replica: replica, ..PostgresOptions::default() };
        PostgresStorage::open(&database.address("ada"), options).await.unwrap()
    };
    assert_eq!(other_device.statistics().await.unwrap().characters, 1);
    other_device.revision().await.unwrap();
    assert_eq!(other_device.statistics().await.unwrap().characters, 2);

    // A copy that is gone is not missed.
    at_copy.batch_execute("SELECT pg_wal_replay_resume()").await.unwrap();
    store(&storage, 3, &[b"three".to_vec()]).await;
    copy.stop();
    assert_eq!(storage.statistics().await.unwrap().characters, 3);
    assert_eq!(storage.facets().await.unwrap().characters, 3);
    store(&storage, 4, &[b"four".to_vec()]).await;
    assert_eq!(storage.statistics().await.unwrap().characters, 4);
    copy.start();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everybody_reads_their_own_entries_and_nobody_writes_one_by_hand() {
    let database = campaign().await;
    let [ada, bob, eve] =
        [open(&database, "ada").await, open(&database, "bob").await, open(&database, "eve").await];
    let note = |owner: Option<&str>, version| Write::Audit {
        note: Box::new(Act::new(Action::Pin).version(version).noted(moment(1), "test")),
        // Whoever it says it was: the server knows better.
        by: Some("keeper".to_owned()),
        owner: owner.map(str::to_owned),
    };
    write(&ada, vec![note(None, 1)]).await.unwrap();
    write(&bob, vec![note(Some("ada"), 2), note(None, 3)]).await.unwrap();
    write(&eve, vec![note(None, 4)]).await.unwrap();
    let read = async |user: &str| {
        let storage = open(&database, user).await;
        let verdict = verify::read(&storage, None).await.unwrap();
        assert!(verdict.ok && verdict.log.size == 4, "{user}: {verdict:?}");
        let entries = storage.audit(0, 100).await.unwrap();
        let version = |entry: Entry| entry.note().and_then(|note| note.version);
        entries.into_iter().map(version).collect::<Vec<_>>()
    };
    assert_eq!(read("keeper").await, [Some(1), Some(2), Some(3), Some(4)]);
    assert_eq!(read("ada").await, [Some(1), Some(2), None, None]);
    assert_eq!(read("bob").await, [None, Some(2), Some(3), None]);
    assert_eq!(read("eve").await, [None, None, None, Some(4)]);
    for (user, statement) in [
        ("ada", "INSERT INTO backstory.audit (sequence, actor, line, hash) VALUES (9, 'ada', '{}', '')"),
        ("ada", "UPDATE backstory.audit SET line = '{}' WHERE sequence = 1"),
        ("keeper", "UPDATE backstory.audit SET line = '{}' WHERE sequence = 1"),
        ("keeper", "DELETE FROM backstory.audit WHERE sequence = 4"),
        ("keeper", "UPDATE backstory.audit_head SET size = 0"),
        ("eve", "SELECT backstory.append_audit('ada', ARRAY['{\"at\":1}'], ARRAY[NULL::text])"),
    ] {
        let refused = database.connect(user).await.batch_execute(statement).await.unwrap_err();
        assert_eq!(refused.code().map(|code| code.code()), Some("42501"), "{user}: {statement}");
    }
    assert_eq!(read("keeper").await.len(), 4);
}
