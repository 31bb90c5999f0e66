//! What only a file can do wrong.

use std::{fs, path::Path, time::Duration};

use backstory_core::{
    error::Code,
    job::{Cancel, Silent},
    model::{ContentHash, Role},
    storage::{
        CharacterStorage, CheckScope, Encoding, Expect, HistoryQuery, Problem, QueryFilter, ReadOnly,
        StorageFactory, Write,
    },
    trace::Place,
};
use backstory_storage::{
    open::Stores,
    sqlite::{SqliteOptions, SqliteStorage},
};
use backstory_tests::fixtures::{character_id, document, moment, snapshot_id, store};
use rusqlite::{Connection, functions::FunctionFlags};

use crate::{
    backends::{Backend, Sqlite},
    traces,
};

/// Changes the file behind the store's back. A row that is changed so has no checksum any more.
fn tamper(path: &Path, sql: &str) {
    let connection = Connection::open(path).unwrap();
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_INNOCUOUS;
    connection.create_scalar_function(c"checksum", -1, flags, |_| Ok(rusqlite::types::Null)).unwrap();
    connection.execute_batch(sql).unwrap();
}

async fn open(path: &Path) -> Result<SqliteStorage, backstory_core::error::Error> {
    SqliteStorage::open(path, SqliteOptions::default()).await
}

async fn open_for_reading(path: &Path) -> Result<SqliteStorage, backstory_core::error::Error> {
    SqliteStorage::open(path, SqliteOptions { read_only: true, ..SqliteOptions::default() }).await
}

#[tokio::test]
async fn a_library_of_a_newer_version_can_be_read_and_not_written() {
    let backend = Sqlite::default();
    let row = store(&*backend.open().await, 1, &[b"document".to_vec()]).await;
    let newer = "INSERT INTO refinery_schema_history VALUES (999, 'later', '2030-01-01T00:00:00Z', '1')";
    tamper(&backend.path(), newer);
    let storage = open(&backend.path()).await.unwrap();
    assert_eq!(storage.info().read_only, Some(ReadOnly::Newer));
    assert_eq!(storage.begin().await.err().unwrap().code, Code::StoreNewer);
    assert_eq!(storage.query(&QueryFilter::default()).await.unwrap().items, std::slice::from_ref(&row));
    assert_eq!(storage.document(&row.id, &ContentHash::of(b"document")).await.unwrap(), b"document");
}

#[tokio::test]
async fn a_library_opened_for_reading_is_not_written() {
    let backend = Sqlite::default();
    let row = store(&*backend.open().await, 1, &[b"document".to_vec()]).await;
    let before = fs::read(backend.path()).unwrap();
    let storage = open_for_reading(&backend.path()).await.unwrap();
    assert_eq!(storage.begin().await.err().unwrap().code, Code::StoreReadOnly);
    assert!(storage.info().read_only.is_some());
    assert_eq!(storage.history(&HistoryQuery::all(row.id)).await.unwrap().total, 1);
    assert_eq!(fs::read(backend.path()).unwrap(), before);
    let nowhere = backend.path().with_file_name("nowhere.sqlite");
    assert_eq!(open_for_reading(&nowhere).await.unwrap_err().code, Code::StorageFailed);
    assert!(!nowhere.exists());
}

#[cfg(unix)]
#[tokio::test]
async fn a_folder_that_cannot_be_written_is_opened_for_reading() {
    use std::os::unix::fs::PermissionsExt;
    let backend = Sqlite::default();
    let row = store(&*backend.open().await, 1, &[b"document".to_vec()]).await;
    let folder = backend.path().parent().unwrap().to_owned();
    let set = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    set(&backend.path(), 0o400);
    set(&folder, 0o500);
    // The administrator may write everywhere, and then so does the library.
    let is_administrator = fs::write(folder.join("probe"), "").is_ok();
    let storage = open(&backend.path()).await.unwrap();
    assert_eq!(storage.info().read_only.is_none(), is_administrator);
    assert_eq!(storage.begin().await.is_ok(), is_administrator);
    assert_eq!(storage.history(&HistoryQuery::all(row.id)).await.unwrap().total, 1);
    drop(storage);
    set(&folder, 0o700);
}

#[cfg(unix)]
#[tokio::test]
async fn nobody_else_may_look() {
    use std::os::unix::fs::PermissionsExt;
    let backend = Sqlite::default();
    let storage = backend.open().await;
    store(&*storage, 1, &[b"document".to_vec()]).await;
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&backend.path()), 0o600);
    assert_eq!(mode(backend.path().parent().unwrap()), 0o700);
    assert_eq!(mode(&backend.path().with_file_name("library.sqlite-wal")), 0o600);
}

#[tokio::test]
async fn a_file_that_is_no_library_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let picture = folder.path().join("picture.sqlite");
    fs::write(&picture, b"\x89PNG and then some more bytes").unwrap();
    let foreign = folder.path().join("foreign.db");
    tamper(&foreign, "CREATE TABLE bookmarks (url TEXT)");
    let marked = folder.path().join("marked.db");
    tamper(&marked, "PRAGMA application_id = 7; CREATE TABLE t (a)");
    let cases =
        [(picture, Code::StoreDamaged), (foreign, Code::InvalidArgument), (marked, Code::InvalidArgument)];
    for (path, code) in cases {
        let before = fs::read(&path).unwrap();
        let error = Stores.open(path.to_str().unwrap()).await.unwrap_err();
        assert_eq!(error.code, code, "{error:?}");
        assert!(error.hint.is_some() && error.kept.is_some());
        assert_eq!(fs::read(&path).unwrap(), before);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 3, "nothing was left beside it");
    }
}

#[tokio::test]
async fn a_place_that_cannot_be_made_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    for path in [file.join("below").join("a.sqlite"), folder.path().to_owned()] {
        let error = open(&path).await.unwrap_err();
        assert_eq!(error.code, Code::StorageFailed, "{error:?}");
        assert!(error.message.contains(path.to_str().unwrap()), "{error}");
    }
}

#[tokio::test]
async fn an_empty_file_becomes_a_library() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("empty.sqlite");
    fs::write(&path, "").unwrap();
    store(&open(&path).await.unwrap(), 1, &[b"document".to_vec()]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_make_the_same_library_at_once() {
    for _ in 0..5 {
        let backend = Sqlite::default();
        let path = backend.path();
        let openings: Vec<_> = (0..6)
            .map(|number| {
                let path = path.clone();
                tokio::spawn(async move {
                    store(&open(&path).await.unwrap(), number, &[b"document".to_vec()]).await;
                })
            })
            .collect();
        for opening in openings {
            opening.await.unwrap();
        }
        assert_eq!(backend.open().await.query(&QueryFilter::default()).await.unwrap().total, 6);
    }
}

#[tokio::test]
async fn a_damaged_document_is_never_returned_and_is_found() {
    let documents: Vec<_> = (0..12).map(|edition| document(edition, 20_000)).collect();
    let damages = [
        // One byte of a difference; everything else reads.
        (
            "UPDATE content SET data = CAST(substr(data, 1, 20) || x'ff' || substr(data, 22) AS BLOB) WHERE rung = 3",
            3,
        ),
        ("UPDATE content SET data = x'' WHERE rung = 3", 3),
        ("UPDATE content SET length = length - 1 WHERE rung = 3", 3),
        ("UPDATE content SET length = 9223372036854775807 WHERE rung = 3", 3),
        ("UPDATE content SET codec = 77 WHERE rung = 3", 3),
        ("UPDATE content SET base = row WHERE rung = 3", 3),
        ("UPDATE content SET base = NULL WHERE rung = 3", 3),
        ("PRAGMA foreign_keys = OFF; UPDATE content SET base = 4711 WHERE rung = 3", 3),
        ("PRAGMA foreign_keys = OFF; DELETE FROM content WHERE rung = 2", 3),
        ("UPDATE content SET hash = zeroblob(32) WHERE rung = 11", 99),
    ];
    for (damage, broken) in damages {
        let backend = Sqlite::default();
        let row = store(&*backend.open().await, 1, &documents).await;
        tamper(&backend.path(), damage);
        let storage = backend.open().await;
        for (rung, document) in documents.iter().enumerate() {
            match storage.document(&row.id, &ContentHash::of(document)).await {
                Ok(read) => assert!(read == *document && rung != broken, "{damage} {rung}"),
                Err(error) => assert!(
                    matches!(error.code, Code::StoreDamaged | Code::VersionNotFound) && error.hint.is_some(),
                    "{damage} {rung}: {error:?}"
                ),
            }
        }
        assert!(storage.document(&row.id, &ContentHash::of(&documents[8])).await.is_ok(), "{damage}");
        let report = storage.check(CheckScope::Data, &Silent, &Cancel::default()).await.unwrap();
        let found = |problem: &backstory_core::storage::Problem| {
            ["content_damaged", "content_missing"].contains(&problem.code.as_str())
                && problem.r#where.starts_with("ddb-1 version ")
        };
        assert!(report.problems.iter().any(found), "{damage}: {:?}", report.problems);
    }
}

#[tokio::test]
async fn a_damaged_base_does_not_keep_a_player_from_saving() {
    let documents: Vec<_> = (0..3).map(|edition| document(edition, 20_000)).collect();
    let backend = Sqlite::default();
    let row = store(&*backend.open().await, 1, &documents[..2]).await;
    tamper(&backend.path(), "UPDATE content SET data = x'00'");
    let storage = backend.open().await;
    let mut transaction = storage.begin().await.unwrap();
    transaction.write(vec![backstory_tests::fixtures::content(&row.id, &documents[2])]).await.unwrap();
    transaction.commit().await.unwrap();
    assert!(storage.document(&row.id, &ContentHash::of(&documents[2])).await.unwrap() == documents[2]);
}

#[tokio::test]
async fn overwritten_pages_are_reported_and_never_a_panic() {
    let documents: Vec<_> = (0..12).map(|edition| document(edition, 60_000)).collect();
    let mut reported = 0;
    for seed in 0..40_usize {
        let backend = Sqlite::default();
        let row = store(&*backend.open().await, 1, &documents).await;
        let mut bytes = fs::read(backend.path()).unwrap();
        let pages = bytes.len() / 4096;
        let page = 1 + (seed * 7919) % (pages - 1);
        bytes[page * 4096..][..4096]
            .iter_mut()
            .enumerate()
            .for_each(|(n, byte)| *byte = (n * seed) as u8 ^ 0x5a);
        fs::write(backend.path(), bytes).unwrap();
        let Ok(storage) = open(&backend.path()).await else {
            reported += 1;
            continue;
        };
        for document in &documents {
            if let Ok(read) = storage.document(&row.id, &ContentHash::of(document)).await {
                assert!(read == *document, "page {page}");
            }
        }
        let report = storage.check(CheckScope::Data, &Silent, &Cancel::default()).await.unwrap();
        reported += usize::from(!report.problems.is_empty());
    }
    assert_eq!(reported, 40);
}

#[tokio::test]
async fn a_projection_that_went_wrong_is_found() {
    for damage in [
        "UPDATE character_index SET name_folded = 'somebody'",
        "UPDATE character_index SET level = 6",
        "UPDATE character_index SET classes = '[]'",
        "DELETE FROM character_index",
        "UPDATE character SET details = '{'",
    ] {
        let backend = Sqlite::default();
        store(&*backend.open().await, 1, &[b"document".to_vec()]).await;
        tamper(&backend.path(), damage);
        let storage = backend.open().await;
        let report = storage.check(CheckScope::Structure, &Silent, &Cancel::default()).await.unwrap();
        let found: Vec<_> = report.problems.iter().map(|p| (p.code.as_str(), p.r#where.as_str())).collect();
        assert_eq!(found, [("index_stale", "ddb-1")], "{damage}");
    }
}

#[tokio::test]
async fn a_row_that_is_not_what_was_written_is_found() {
    let cases = [
        (
            "UPDATE version SET details = replace(details, 'Wizard', 'Lizard') WHERE number = 2",
            "ddb-1 version 2",
        ),
        ("UPDATE version SET captured_at = captured_at + 1 WHERE number = 3", "ddb-1 version 3"),
        ("UPDATE version SET edited_at = 7 WHERE number = 3", "ddb-1 version 3"),
        ("UPDATE sighting SET at = at + 1", "ddb-1 version 1"),
        ("UPDATE character SET details = replace(details, 'Mirren', 'Merrin')", "ddb-1"),
        ("UPDATE character SET revision = revision + 1", "ddb-1"),
        ("UPDATE member SET role = 2", "campaign The Sunken Bell"),
        ("UPDATE store SET revision = revision + 1", "library"),
    ];
    for (damage, place) in cases {
        let backend = Sqlite::default();
        let documents: Vec<_> = (0..3).map(|edition| document(edition, 500)).collect();
        let storage = backend.open().await;
        let row = store(&*storage, 1, &documents).await;
        let member = Write::Member {
            campaign: "The Sunken Bell".to_owned(),
            user: "ada".to_owned(),
            role: Some(Role::DungeonMaster),
        };
        let version = snapshot_id(1_000_001);
        let seen = Write::Sightings { character: row.id.clone(), version, at: vec![moment(90)] };
        let mut transaction = storage.begin().await.unwrap();
        transaction.write(vec![member, seen]).await.unwrap();
        transaction.commit().await.unwrap();
        storage.repair(&Silent, &Cancel::default()).await.unwrap();
        let report = storage.check(CheckScope::Data, &Silent, &Cancel::default()).await.unwrap();
        assert_eq!(report.problems, []);
        drop(storage);
        tamper(&backend.path(), damage);
        let storage = backend.open().await;
        let report = storage.check(CheckScope::Data, &Silent, &Cancel::default()).await.unwrap();
        let is_it = |problem: &Problem| problem.code == "row_damaged" && problem.r#where == place;
        assert!(report.problems.iter().any(is_it), "{damage}: {:?}", report.problems);
        for text in &documents {
            assert!(storage.document(&row.id, &ContentHash::of(text)).await.unwrap() == *text, "{damage}");
        }
    }
}

#[tokio::test]
async fn somebody_else_writing_for_long_is_busy() {
    let backend = Sqlite::default();
    let options = SqliteOptions { wait: Duration::from_millis(20), ..SqliteOptions::default() };
    let storage = SqliteStorage::open(backend.path(), options).await.unwrap();
    let other = backend.open().await;
    let held = other.begin().await.unwrap();
    let error = storage.begin().await.err().unwrap();
    assert_eq!((error.code, error.retryable), (Code::StoreBusy, true));
    assert!(storage.query(&QueryFilter::default()).await.is_ok(), "readers do not wait");
    drop(held);
    let own = storage.begin().await.unwrap();
    assert_eq!(storage.begin().await.err().unwrap().code, Code::StoreBusy);
    drop(own);
    assert!(storage.begin().await.is_ok());
}

#[tokio::test]
async fn small_histories_are_small() {
    let backend = Sqlite::default();
    let documents: Vec<_> = (0..100).map(|edition| document(edition, 400_000)).collect();
    let storage = backend.open().await;
    store(&*storage, 1, &documents).await;
    let statistics = storage.statistics().await.unwrap();
    let keyframe = zstd::bulk::compress(&documents[0], 3).unwrap().len() as u64;
    let per_difference = (statistics.encoded_bytes - keyframe) / 99;
    assert!(per_difference < 3_000, "{per_difference} bytes for a difference, {keyframe} for a keyframe");
}

/// What the second migration added, taken away again: a library as the first release made it.
const AS_THE_FIRST_RELEASE: &str = "
    PRAGMA journal_mode = delete;
    DROP TRIGGER version_gone; DROP TABLE trace; DROP TABLE word_index;
    DROP INDEX character_written; DROP INDEX version_content; DROP INDEX content_base; DROP INDEX character_index_changed;
    DROP INDEX character_index_groups;
    DROP TRIGGER store_added; DROP TRIGGER store_changed; ALTER TABLE store DROP COLUMN checksum;
    DROP TRIGGER character_added; DROP TRIGGER character_changed; ALTER TABLE character DROP COLUMN checksum;
    DROP TRIGGER character_index_added; DROP TRIGGER character_index_changed; ALTER TABLE character_index DROP COLUMN checksum;
    DROP TRIGGER version_added; DROP TRIGGER version_changed; ALTER TABLE version DROP COLUMN checksum;
    DROP TRIGGER sighting_added; DROP TRIGGER sighting_changed; ALTER TABLE sighting DROP COLUMN checksum;
    DROP TABLE tombstone; DROP TABLE member; DROP TABLE archive; DROP TABLE setting;
    DROP TABLE audit; DROP TABLE audit_head; DROP TABLE data_key; DROP TABLE seal;
    ALTER TABLE character DROP COLUMN written;
    ALTER TABLE character_index DROP COLUMN owner;
    ALTER TABLE character_index DROP COLUMN deleted;
    ALTER TABLE version DROP COLUMN archived;
    CREATE INDEX character_index_changed ON character_index (last_changed DESC, id);
    DELETE FROM refinery_schema_history WHERE version > 1;
    PRAGMA auto_vacuum = 0; VACUUM";

#[tokio::test]
async fn an_older_library_is_copied_and_brought_up_to_date() {
    let backend = Sqlite::default();
    let documents: Vec<_> = (0..5).map(|edition| document(edition, 3_000)).collect();
    let row = store(&*backend.open().await, 1, &documents).await;
    tamper(&backend.path(), AS_THE_FIRST_RELEASE);
    let storage = backend.open().await;
    assert_eq!(storage.query(&QueryFilter::default()).await.unwrap().items, std::slice::from_ref(&row));
    for text in &documents {
        assert!(storage.document(&row.id, &ContentHash::of(text)).await.unwrap() == *text);
    }
    let told = storage.changes_since(0, 10).await.unwrap().changes;
    assert_eq!(told.iter().map(|change| &change.character).collect::<Vec<_>>(), [&row.id]);
    let report = storage.check(CheckScope::Data, &Silent, &Cancel::default()).await.unwrap();
    assert_eq!(report.problems, []);
    let beside = fs::read_dir(backend.path().parent().unwrap()).unwrap();
    let mut copies = beside
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.to_string_lossy().contains("library.before-"));
    let copied = rusqlite::Connection::open(copies.next().unwrap()).unwrap();
    assert_eq!(copies.next(), None);
    let count = |sql: &str| copied.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
    assert_eq!(count("SELECT count(*) FROM content"), 5);
    assert_eq!(count("SELECT max(version) FROM refinery_schema_history"), 1, "the copy is as it was");
    // Recompressing gives free pages back from then on.
    storage.recompress(&Encoding::AT_REST, &Silent, &Cancel::default()).await.unwrap();
    let file = rusqlite::Connection::open(backend.path()).unwrap();
    assert_eq!(file.pragma_query_value(None, "auto_vacuum", |row| row.get::<_, i64>(0)).unwrap(), 2);
}

#[tokio::test]
async fn a_step_that_does_not_fit_is_told_as_what_it_is() {
    let backend = Sqlite::default();
    store(&*backend.open().await, 1, &[document(0, 300)]).await;
    // As if a step had been taken and not been written down.
    for last in [7, 6] {
        let forget = "DELETE FROM refinery_schema_history WHERE version >= ?1";
        rusqlite::Connection::open(backend.path()).unwrap().execute(forget, [last]).unwrap();
        let error = open(&backend.path()).await.unwrap_err();
        assert_eq!(error.code, Code::StorageFailed);
        assert!(error.to_string().contains("could not be brought to the form"), "{error:?}");
    }
}

/// A library whose index of words leaned on the traces' own table.
const WITH_THE_FIRST_INDEX: &str = "
    PRAGMA journal_mode = delete;
    DROP INDEX character_index_groups; DROP TABLE setting; DROP TABLE audit; DROP TABLE audit_head;
    DROP TABLE data_key; DROP TABLE seal;
    CREATE TABLE kept AS SELECT t.version, t.data, w.text FROM trace AS t JOIN word_index AS w ON w.rowid = t.version;
    DROP TRIGGER version_gone; DROP TABLE trace; DROP TABLE word_index;";

async fn with_words(storage: &dyn CharacterStorage) {
    let words = [(Place::Inventory, "Cloak of Protection"), (Place::Notes, "A debt to the ferryman")];
    let versions =
        (1..).zip(words).map(|(n, words)| traces::told(&character_id(1), n, 10 * n as i64, &[words]));
    traces::store(storage, &character_id(1), versions.collect()).await;
    storage.repair(&Silent, &Cancel::default()).await.unwrap();
}

async fn numbers_of(storage: &dyn CharacterStorage, text: &str) -> Vec<u64> {
    traces::found(storage, &traces::words(text)).await.into_iter().map(|hit| hit.1).collect()
}

#[tokio::test]
async fn an_older_index_of_words_is_made_anew() {
    let backend = Sqlite::default();
    with_words(&*backend.open().await).await;
    tamper(&backend.path(), WITH_THE_FIRST_INDEX);
    tamper(&backend.path(), include_str!("../../../src-tauri/storage/src/sqlite/migrations/V4__traces.sql"));
    tamper(
        &backend.path(),
        "INSERT INTO trace (version, data, text) SELECT * FROM kept; DROP TABLE kept;
         DELETE FROM refinery_schema_history WHERE version > 4",
    );
    let storage = backend.open().await;
    assert_eq!(numbers_of(&*storage, "cloak").await, [1]);
    assert_eq!(numbers_of(&*storage, "ferry").await, [2]);
    let report = storage.check(CheckScope::Data, &Silent, &Cancel::default()).await.unwrap();
    assert_eq!(report.problems, []);
}

#[tokio::test]
async fn an_index_of_words_that_says_something_else_is_found_and_mended() {
    let damages = [
        "UPDATE word_index_content SET c0 = 'a cat' WHERE id = 1",
        "DELETE FROM word_index WHERE rowid = 1",
        "INSERT INTO word_index (rowid, text) VALUES (99, 'cloak')",
        "DELETE FROM word_index_data WHERE id > 1000",
    ];
    for damage in damages {
        let backend = Sqlite::default();
        with_words(&*backend.open().await).await;
        tamper(&backend.path(), damage);
        let storage = backend.open().await;
        let check =
            async || storage.check(CheckScope::Data, &Silent, &Cancel::default()).await.unwrap().problems;
        assert_ne!(check().await, [], "{damage}");
        storage.repair(&Silent, &Cancel::default()).await.unwrap();
        assert_eq!(check().await, [], "{damage}");
        assert_eq!(numbers_of(&*storage, "cloak").await, [1], "{damage}");
        assert_eq!(numbers_of(&*storage, "cat").await, [] as [u64; 0], "{damage}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_is_whole_while_others_write() {
    let backend = Sqlite::default();
    let documents: Vec<_> = (0..5).map(|edition| document(edition, 200_000)).collect();
    let storage = SqliteStorage::open(backend.path(), SqliteOptions::default()).await.unwrap();
    for number in 1..=20 {
        store(&storage, number, &documents).await;
    }
    let other = backend.open().await;
    let writing = tokio::spawn(async move {
        for number in 21..=40 {
            store(&*other, number, &[document(number, 20_000)]).await;
        }
    });
    let copy = backend.path().with_file_name("copy.sqlite");
    storage.back_up(&copy).await.unwrap();
    writing.await.unwrap();
    let again = storage.back_up(&copy).await.unwrap_err();
    assert_eq!(again.code, Code::InvalidArgument, "a copy is never written over");
    let copied = Stores.open(copy.to_str().unwrap()).await.unwrap();
    let report = copied.check(CheckScope::Data, &Silent, &Cancel::default()).await.unwrap();
    assert_eq!(report.problems, []);
    assert!(report.characters >= 20 && report.contents == 100 + report.characters - 20, "{report:?}");
}

#[tokio::test]
async fn erased_characters_leave_no_empty_pages() {
    let backend = Sqlite::default();
    let storage = backend.open().await;
    let noise = |seed: u64| -> Vec<u8> {
        (0..300_000_u64)
            .map(|n| (n.wrapping_mul(seed * 2 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40) as u8)
            .collect()
    };
    let small = store(&*storage, 1, &[b"small".to_vec()]).await;
    let large = store(&*storage, 2, &[noise(1), noise(2)]).await;
    let mut transaction = storage.begin().await.unwrap();
    let erase = Write::Erase { character: large.id, expect: Expect::Revision(1) };
    transaction.write(vec![erase]).await.unwrap();
    transaction.commit().await.unwrap();
    drop(storage);
    let length = fs::metadata(backend.path()).unwrap().len();
    assert!(length < 150_000, "{length} bytes for {}", small.id);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn damage_after_an_unclean_end_is_noticed_and_not_written_over() {
    let backend = Sqlite::default();
    let storage = backend.open().await;
    for number in 1..=30 {
        store(&*storage, number, &[document(number, 4_000)]).await;
    }
    drop(storage);
    // The pages of an index, spoilt; and a log left behind, as by a program that was killed.
    let root: i64 = rusqlite::Connection::open(backend.path())
        .unwrap()
        .query_row("SELECT rootpage FROM sqlite_schema WHERE name = 'version_history'", [], |row| row.get(0))
        .unwrap();
    let mut bytes = fs::read(backend.path()).unwrap();
    let page = (root as usize - 1) * 2048;
    bytes[page + 8..page + 1_900].reverse();
    fs::write(backend.path(), bytes).unwrap();
    let log = backend.path().with_extension("sqlite-wal");
    fs::write(log, [7_u8; 100]).unwrap();
    let storage = backend.open().await;
    let refused = tokio::time::timeout(std::time::Duration::from_secs(60), async {
        loop {
            match storage.begin().await {
                Err(error) => return error,
                Ok(_) => tokio::task::yield_now().await,
            }
        }
    });
    let error = refused.await.unwrap();
    assert_eq!(error.code, Code::StoreDamaged);
    assert!(error.kept.is_some() && error.hint.is_some());
    let statistics = storage.statistics().await.unwrap();
    assert_eq!(statistics.characters, 30, "what can be read is read");
}
