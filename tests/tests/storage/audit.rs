//! The audit log of a store: entries come with the change they tell of, in one unbroken chain; and whatever is changed in it
//! afterwards is found.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use backstory_core::{
    error::Code,
    job::{Cancel, Silent},
    privacy::audit::{
        Act, Action, Entry, Head, TreeHead, chained,
        tree::{self, Digest},
        verify::{self, Verdict, Verifier},
    },
    storage::{CharacterStorage, CheckScope, Encoding, Expect, QueryFilter, StorageFactory, Write},
};
use backstory_storage::open::Stores;
use backstory_tests::fixtures::{character_id, document, index, moment, store};
use rusqlite::Connection;

use crate::backends::{Backend, Folder, Objects, Sqlite};

/// What is noted of the n-th thing that was done.
fn note(number: u64) -> Write {
    Act::new(Action::Capture).version(number).count("versions", number).write(moment(number as i64), "test")
}

fn row(number: u64) -> Write {
    Write::Character { index: Box::new(index(character_id(number))), expect: Expect::Absent }
}

async fn write(storage: &dyn CharacterStorage, writes: Vec<Write>) -> u64 {
    let mut transaction = storage.begin().await.unwrap();
    transaction.write(writes).await.unwrap();
    transaction.commit().await.unwrap()
}

async fn log(storage: &dyn CharacterStorage) -> Vec<Entry> {
    storage.audit(0, 100_000).await.unwrap()
}

async fn anchor(storage: &dyn CharacterStorage) -> TreeHead {
    storage.audit_head().await.unwrap().tree()
}

async fn verdict(storage: &dyn CharacterStorage, anchor: Option<TreeHead>) -> Verdict {
    verify::read(storage, anchor).await.unwrap()
}

pub(crate) async fn entries_come_with_what_they_tell_of(backend: &dyn Backend) {
    let storage = backend.open().await;
    assert_eq!((log(&*storage).await, storage.audit_head().await.unwrap()), (vec![], Head::default()));
    assert!(verdict(&*storage, None).await.ok);
    let mut expected = Head::default();
    for number in 1..=70 {
        let revision = storage.revision().await.unwrap();
        // One or two a commit; with something else, or alone, which is a commit too.
        let mut writes = vec![note(number)];
        if number % 3 == 0 {
            writes.push(row(number));
        }
        if number % 5 == 0 {
            writes.push(note(1_000 + number));
        }
        for noted in &writes {
            if let Write::Audit { note, .. } = noted {
                expected.append(note).unwrap();
            }
        }
        assert_eq!(write(&*storage, writes).await, revision + 1);
    }
    for storage in [Arc::clone(&storage), backend.open().await] {
        let entries = log(&*storage).await;
        assert_eq!(entries.len(), 84);
        assert_eq!(storage.audit_head().await.unwrap(), expected);
        let numbers: Vec<_> = entries.iter().map(|entry| entry.sequence).collect();
        assert_eq!(numbers, (1..=84).collect::<Vec<_>>());
        let found = verdict(&*storage, Some(expected.tree())).await;
        assert!(found.ok && found.log == expected.tree(), "{found:?}");
        for (after, limit) in [(0, 1), (0, 64), (63, 2), (64, 5), (10, 30), (83, 9), (84, 9), (500, 9)] {
            let part = storage.audit(after, limit).await.unwrap();
            let expected = entries.iter().filter(|entry| entry.sequence > after).take(limit as usize);
            assert!(part.iter().eq(expected), "{after} {limit}");
        }
    }
    let sound = storage.check(CheckScope::Data, &Silent, &Cancel::default()).await.unwrap();
    let about = |problem: &&backstory_core::storage::Problem| problem.r#where.contains("audit");
    assert_eq!(sound.problems.iter().find(about), None);
}

pub(crate) async fn a_change_that_is_not_made_is_not_noted(backend: &dyn Backend) {
    let storage = backend.open().await;
    write(&*storage, vec![row(1), note(1)]).await;
    let before = anchor(&*storage).await;
    let mut dropped = storage.begin().await.unwrap();
    dropped.write(vec![row(2), note(2)]).await.unwrap();
    drop(dropped);
    let mut refused = storage.begin().await.unwrap();
    refused.write(vec![note(3)]).await.unwrap();
    // Where writers do not wait for each other the commit may be what refuses.
    let written = refused.write(vec![row(1)]).await;
    let refused = match written {
        Ok(()) => refused.commit().await.map(drop),
        Err(error) => Err(error),
    };
    assert_eq!(refused.unwrap_err().code, Code::Conflict);
    assert_eq!(anchor(&*storage).await, before);
    assert!(verdict(&*storage, Some(before)).await.ok);
}

pub(crate) async fn writers_leave_one_unbroken_chain(backend: &dyn Backend) {
    const WRITERS: u64 = 8;
    const EACH: u64 = 5;
    let mut tasks = tokio::task::JoinSet::new();
    for writer in 0..WRITERS {
        let storage = backend.open().await;
        tasks.spawn(async move {
            for number in writer * 100 + 1..=writer * 100 + EACH {
                for attempt in 0.. {
                    let mut transaction = match storage.begin().await {
                        Err(error) if error.code == Code::StoreBusy && attempt < 20 => continue,
                        begun => begun.unwrap(),
                    };
                    transaction.write(vec![row(number), note(number)]).await.unwrap();
                    match transaction.commit().await {
                        Err(error)
                            if matches!(error.code, Code::StoreBusy | Code::Conflict) && attempt < 20 => {}
                        done => {
                            done.unwrap();
                            break;
                        }
                    }
                }
            }
        });
    }
    while let Some(done) = tasks.join_next().await {
        done.unwrap();
    }
    let storage = backend.open().await;
    let found = verdict(&*storage, None).await;
    assert!(found.ok && found.log.size == WRITERS * EACH, "{found:?}");
    let told: BTreeSet<_> =
        log(&*storage).await.iter().map(|entry| entry.note().unwrap().version.unwrap()).collect();
    let there = storage.query(&QueryFilter::default()).await.unwrap().items;
    let there: BTreeSet<_> =
        there.iter().map(|row| row.id.as_str().trim_start_matches("ddb-").parse().unwrap()).collect();
    assert_eq!(told, there, "what was done is told, and what is told was done");
}

pub(crate) async fn nothing_takes_an_entry_away(backend: &dyn Backend) {
    let storage = backend.open().await;
    for number in 1..=3 {
        store(&*storage, number, &[document(number, 500), document(number + 50, 500)]).await;
        write(&*storage, vec![note(number)]).await;
    }
    let (entries, before) = (log(&*storage).await, anchor(&*storage).await);
    let erase = Write::Erase { character: character_id(2), expect: Expect::Revision(1) };
    write(&*storage, vec![erase]).await;
    let encoding = Encoding { delta: false, ..Encoding::default() };
    storage.recompress(&encoding, &Silent, &Cancel::default()).await.unwrap();
    storage.repair(&Silent, &Cancel::default()).await.unwrap();
    storage.scrub(&Silent, &Cancel::default()).await.unwrap();
    let storage = backend.open().await;
    assert_eq!(log(&*storage).await, entries);
    assert!(verdict(&*storage, Some(before)).await.ok);
    write(&*storage, vec![note(4)]).await;
    let found = verdict(&*storage, Some(before)).await;
    assert!(found.ok && found.log.size == 4, "{found:?}");
}

/// Numbers that come out the same in every run.
struct Seeded(u64);

impl Seeded {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % limit.max(1)
    }
}

/// A log that somebody else wrote, or wrote anew: with numbers, hashes and an end that fit each other.
fn written_anew(texts: &[String]) -> (Vec<Entry>, Head) {
    let mut head = Head::default();
    let entry = |(number, text): (u64, &String)| {
        let (_, rest) = text.split_once(',').unwrap_or_default();
        let text = format!("{{\"sequence\":{number},{rest}");
        let hash = chained(&head.hash, &tree::leaf(text.as_bytes()));
        let entry = Entry::new(number, text, hash);
        head.follow(&entry);
        entry
    };
    ((1..).zip(texts).map(entry).collect(), head)
}

#[test]
fn ten_thousand_edits_of_a_log_are_found() {
    let mut head = Head::default();
    let mut earlier = Vec::new();
    let entries: Vec<_> = (1..=40)
        .map(|number| {
            let Write::Audit { note, .. } = note(number) else { unreachable!() };
            let entry = head.append(&note).unwrap();
            earlier.push(head.clone());
            entry
        })
        .collect();
    let texts: Vec<_> = entries.iter().map(|entry| entry.text.clone().unwrap()).collect();
    let anchor = head.tree();
    let mut seeded = Seeded(7);
    let mut kinds = [0_u32; 9];
    for edit in 0..12_000 {
        let kind = edit % kinds.len();
        let (mut log, mut end) = (entries.clone(), head.clone());
        let at = seeded.below(log.len());
        match kind {
            0 => {
                let mut text = texts[at].clone().into_bytes();
                let place = seeded.below(text.len());
                text[place] ^= 1 << seeded.below(7);
                log[at] =
                    Entry::new(log[at].sequence, String::from_utf8_lossy(&text).into_owned(), log[at].hash);
            }
            1 => {
                let mut hash = log[at].hash;
                hash.0[seeded.below(32)] ^= 1 << seeded.below(8);
                log[at].hash = hash;
            }
            2 => drop(log.remove(at)),
            // The end goes, and what the store says of it with it: an earlier copy of the whole store looks the same.
            3 => {
                log.truncate(at);
                end = if at == 0 { Head::default() } else { earlier[at - 1].clone() };
            }
            4 => log.truncate(at),
            5 => {
                let other = (at + 1 + seeded.below(log.len() - 1)) % log.len();
                log.swap(at, other);
            }
            6 => log.insert(at, entries[seeded.below(entries.len())].clone()),
            // Everything behind it is made anew, so that it holds together by itself.
            7 => {
                let mut texts = texts.clone();
                match seeded.below(3) {
                    0 => texts[at] = texts[at].replace("\"origin\":\"test\"", "\"origin\":\"nobody\""),
                    1 => drop(texts.remove(at)),
                    _ => texts.swap(at, (at + 1) % 40),
                }
                (log, end) = written_anew(&texts);
            }
            _ => {
                let mut texts = texts.clone();
                texts.insert(at, texts[seeded.below(texts.len())].replace("capture", "export"));
                (log, end) = written_anew(&texts);
            }
        }
        let mut verifier = Verifier::new(Some(anchor));
        log.iter().for_each(|entry| verifier.add(entry));
        assert!(!verifier.finish(&end).ok, "edit {edit} of kind {kind} at {at}");
        kinds[kind] += 1;
    }
    assert!(kinds.iter().all(|count| *count > 1_000), "{kinds:?}");
    let mut verifier = Verifier::new(Some(anchor));
    entries.iter().for_each(|entry| verifier.add(entry));
    assert!(verifier.finish(&head).ok, "nothing is found where nothing was edited");
}

/// Forty entries, with a character now and then.
async fn filled(backend: &dyn Backend) -> TreeHead {
    let storage = backend.open().await;
    for number in 1..=40 {
        let mut writes = vec![note(number)];
        if number % 8 == 0 {
            writes.push(row(number));
        }
        write(&*storage, writes).await;
    }
    let found = verdict(&*storage, None).await;
    assert!(found.ok && found.log.size == 40);
    found.log
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn edited_rows_of_a_file_are_found() {
    let backend = Sqlite::default();
    let anchor = filled(&backend).await;
    let path = backend.path();
    let whole = path.with_extension("whole");
    backend.open().await.scrub(&Silent, &Cancel::default()).await.unwrap();
    fs::copy(&path, &whole).unwrap();
    let mut seeded = Seeded(11);
    for edit in 0..400 {
        fs::copy(&whole, &path).unwrap();
        for companion in ["-wal", "-shm"] {
            let _ = fs::remove_file(format!("{}{companion}", path.display()));
        }
        let (at, other) = (1 + seeded.below(40), 1 + seeded.below(39));
        let other = if other >= at { other + 1 } else { other };
        let connection = Connection::open(&path).unwrap();
        connection
            .execute_batch("DROP TRIGGER audit_stays; DROP TRIGGER audit_kept; DROP TRIGGER audit_added; DROP TRIGGER audit_head_changed")
            .unwrap();
        let sql = match edit % 6 {
            0 => {
                "UPDATE audit SET text = replace(text, '\"test\"', '\"text\"') WHERE sequence = ?1 AND ?2 > 0"
            }
            1 => "UPDATE audit SET hash = (SELECT hash FROM audit WHERE sequence = ?2) WHERE sequence = ?1",
            2 => "DELETE FROM audit WHERE sequence = ?1 AND ?2 > 0",
            3 => "DELETE FROM audit WHERE sequence >= ?1 AND ?2 > 0",
            4 => "UPDATE audit SET text = (SELECT text FROM audit WHERE sequence = ?2) WHERE sequence = ?1",
            _ => "UPDATE audit_head SET size = ?1 - 1, hash = zeroblob(32), peaks = zeroblob(0) WHERE ?2 > 0",
        };
        connection.execute(sql, [at as i64, other as i64]).unwrap();
        drop(connection);
        // What does not open, or cannot be read, is found as well.
        let opened = backend.open().await;
        if let Ok(found) = verify::read(&*opened, Some(anchor)).await {
            assert!(!found.ok, "edit {edit}: {at} {other}");
        }
    }
}

#[tokio::test]
async fn a_file_keeps_its_log_from_being_edited() {
    let backend = Sqlite::default();
    filled(&backend).await;
    let connection = Connection::open(backend.path()).unwrap();
    for sql in ["UPDATE audit SET text = '{}' WHERE sequence = 3", "DELETE FROM audit WHERE sequence = 3"] {
        let error = connection.execute(sql, []).unwrap_err().to_string();
        assert!(error.contains("an entry of the audit log is never"), "{error}");
    }
}

fn files_below(root: &Path, below: &str) -> Vec<PathBuf> {
    let mut files: Vec<_> =
        fs::read_dir(root.join(below)).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

fn copy_folder(from: &Path, to: &Path) {
    let _ = fs::remove_dir_all(to);
    assert!(std::process::Command::new("cp").arg("-aT").args([from, to]).status().unwrap().success());
}

/// Edits the files that a log is made of in every way that somebody might who cannot make its hashes anew.
async fn edited_files_are_found(
    backend: &dyn Backend,
    (scheme, path): (&str, &Path),
    below: &str,
    edits: u64,
    forget: impl Fn(&Path),
) {
    let anchor = filled(backend).await;
    let whole = path.with_extension("whole");
    copy_folder(path, &whole);
    let (mut seeded, mut by_log) = (Seeded(13), 0);
    for edit in 0..edits {
        copy_folder(&whole, path);
        let files = files_below(path, below);
        let at = &files[seeded.below(files.len())];
        let what = match edit % 4 {
            0 => {
                let mut text = fs::read(at).unwrap();
                // A digit or a letter of an entry: not a space between two of them.
                let place = loop {
                    let place = seeded.below(text.len());
                    if text[place].is_ascii_alphanumeric() {
                        break place;
                    }
                };
                text[place] = if text[place] == b'7' { b'8' } else { b'7' };
                fs::write(at, text).unwrap();
                "a letter"
            }
            1 => {
                fs::remove_file(at).unwrap();
                "a file"
            }
            2 if files.len() > 1 => {
                let other = files.iter().find(|file| *file != at).unwrap();
                let text = fs::read(at).unwrap();
                fs::write(at, fs::read(other).unwrap()).unwrap();
                fs::write(other, text).unwrap();
                "two files"
            }
            _ => {
                let text = fs::read(at).unwrap();
                fs::write(at, &text[..seeded.below(text.len())]).unwrap();
                "an end"
            }
        };
        forget(path);
        // A store that does not open says so.
        let Ok(opened) = Stores.open(&format!("{scheme}:{}", path.display())).await else { continue };
        if let Ok(found) = verify::read(&*opened, Some(anchor)).await {
            assert!(!found.ok || !is_sound(&*opened).await, "edit {edit}: {what} of {}", at.display());
            by_log += u32::from(!found.ok);
        }
    }
    assert!(by_log > 0, "the log itself tells, not only the files' own sums");
}

async fn is_sound(storage: &dyn CharacterStorage) -> bool {
    storage.check(CheckScope::Data, &Silent, &Cancel::default()).await.unwrap().problems.is_empty()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn edited_pages_of_a_folder_are_found() {
    let backend = Folder::default();
    let path = backend.path();
    edited_files_are_found(&backend, ("folder", &path), "audit", 200, |_| {}).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn edited_objects_are_found() {
    let backend = Objects::default();
    let path = backend.path();
    // Without its lists the store has the journal alone to tell.
    let forget = |path: &Path| drop(fs::remove_dir_all(path.join("checkpoint")));
    edited_files_are_found(&backend, ("objects", &path), "journal", 120, forget).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_earlier_copy_of_a_whole_store_is_found() {
    let (sqlite, folder, objects) = (Sqlite::default(), Folder::default(), Objects::default());
    let backends: [(&dyn Backend, PathBuf); 3] =
        [(&sqlite, sqlite.path()), (&folder, folder.path()), (&objects, objects.path())];
    for (backend, path) in backends {
        let earlier = filled(backend).await;
        let copy = path.with_extension("copy");
        backend.open().await.scrub(&Silent, &Cancel::default()).await.unwrap();
        copy_folder(&path, &copy);
        write(&*backend.open().await, vec![note(41)]).await;
        let now = anchor(&*backend.open().await).await;
        assert!(verdict(&*backend.open().await, Some(earlier)).await.ok, "it went on");
        copy_folder(&copy, &path);
        for companion in ["-wal", "-shm"] {
            let _ = fs::remove_file(format!("{}{companion}", path.display()));
        }
        let storage = backend.open().await;
        let found = verdict(&*storage, Some(now)).await;
        let faults: Vec<_> = found.findings.iter().map(|finding| finding.fault).collect();
        assert_eq!(faults, [verify::Fault::Shorter], "{}", path.display());
        // What goes on from the earlier copy is another log, however long it gets.
        for number in 50..=60 {
            write(&*storage, vec![note(number)]).await;
        }
        let found = verdict(&*storage, Some(now)).await;
        let faults: Vec<_> = found.findings.iter().map(|finding| finding.fault).collect();
        assert_eq!(faults, [verify::Fault::Another], "{}", path.display());
        assert!(verdict(&*storage, None).await.ok, "by itself it holds together");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_folder_whose_head_is_lost_goes_on_with_its_log() {
    let backend = Folder::default();
    let before = filled(&backend).await;
    fs::remove_file(backend.path().join("metadata.json")).unwrap();
    let storage = backend.open().await;
    storage.repair(&Silent, &Cancel::default()).await.unwrap();
    assert_eq!(anchor(&*storage).await, before);
    write(&*storage, vec![note(41)]).await;
    let found = verdict(&*storage, Some(before)).await;
    assert!(found.ok && found.log.size == 41, "{found:?}");
}

#[test]
fn hashes_are_32_bytes() {
    assert_eq!(Digest::from_slice(&[0; 31]), None);
}
