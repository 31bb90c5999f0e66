//! What only a folder of files can do wrong: hand edits, flipped bits, killed processes, full and read-only disks.

use std::{
    fs,
    io::BufRead,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use backstory_core::{
    error::{Code, Error},
    job::{Cancel, Silent},
    model::{CharacterIndex, ContentHash},
    storage::{
        CharacterStorage, CheckScope, Encoding, HistoryQuery, Problem, QueryFilter, StorageFactory,
        StoreOptions, Write,
    },
};
use backstory_storage::{folder::FolderStorage, open::Stores};
use backstory_tests::fixtures::{character_id, content, document, index, store};

use crate::{
    backends::{Backend, Folder},
    processes::{everything_acknowledged_is_there, writer},
};

async fn open(path: &Path) -> Result<FolderStorage, Error> {
    FolderStorage::open(path, &StoreOptions::default()).await
}

async fn problems(storage: &dyn CharacterStorage) -> Vec<Problem> {
    storage.check(CheckScope::Data, &Silent, &Cancel::default()).await.unwrap().problems
}

/// The documents of the first character of [`library`].
fn documents() -> Vec<Vec<u8>> {
    (0..4).map(|edition| document(edition, 900)).collect()
}

/// Two characters, four versions and one.
async fn library() -> Folder {
    let backend = Folder::default();
    let storage = backend.open().await;
    store(&*storage, 1, &documents()).await;
    store(&*storage, 2, &[b"another".to_vec()]).await;
    backend
}

/// Every file below a folder.
pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}

/// Which of the first character's documents can be read, and they are right.
async fn readable(storage: &dyn CharacterStorage) -> usize {
    let mut count = 0;
    for document in documents() {
        match storage.document(&character_id(1), &ContentHash::of(&document)).await {
            Ok(read) => {
                assert!(read == document);
                count += 1;
            }
            Err(error) => assert!(
                matches!(error.code, Code::StoreDamaged | Code::VersionNotFound) && error.hint.is_some(),
                "{error:?}"
            ),
        }
    }
    count
}

#[tokio::test]
async fn the_folder_is_as_a_person_expects_it() {
    let backend = library().await;
    let root = backend.path();
    let names: Vec<_> =
        files(&root).iter().map(|path| path.strip_prefix(&root).unwrap().to_owned()).collect();
    let expected = [
        "characters/ddb-1/latest.json",
        "characters/ddb-1/metadata.json",
        "characters/ddb-1/versions/history-000001.json",
        "characters/ddb-1/versions/v000001.json.zst",
        "characters/ddb-1/versions/v000002.delta.zst",
        "characters/ddb-1/versions/v000003.delta.zst",
        "characters/ddb-1/versions/v000004.delta.zst",
        "characters/ddb-2/latest.json",
        "characters/ddb-2/metadata.json",
        "characters/ddb-2/versions/history-000001.json",
        "characters/ddb-2/versions/v000001.json.zst",
        "index.json",
        "metadata.json",
        "temp/writer.lock",
    ];
    assert_eq!(names, expected.map(PathBuf::from));
    assert!(fs::read(root.join("characters/ddb-1/latest.json")).unwrap() == documents()[3]);
    let first = fs::read(root.join("characters/ddb-1/versions/v000001.json.zst")).unwrap();
    assert!(zstd::bulk::decompress(&first, 10_000).unwrap() == documents()[0], "any zstd opens it");
    let page = "characters/ddb-1/versions/history-000001.json";
    for json in ["metadata.json", "index.json", "characters/ddb-1/metadata.json", page] {
        let text = fs::read_to_string(root.join(json)).unwrap();
        assert!(text.lines().count() > 8 && text.ends_with("\n}\n"), "{json} is for people too");
        serde_json::from_str::<serde_json::Value>(&text).unwrap();
    }
}

#[cfg(unix)]
#[tokio::test]
async fn nobody_else_may_look() {
    use std::os::unix::fs::PermissionsExt;
    let backend = library().await;
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    for file in files(&backend.path()) {
        assert_eq!(mode(&file), 0o600, "{}", file.display());
        assert_eq!(mode(file.parent().unwrap()), 0o700, "{}", file.display());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_flipped_bit_is_found_and_harms_nothing_else() {
    let backend = Folder::default();
    let storage = backend.open().await;
    let texts = [document(1, 150), document(2, 150)];
    store(&*storage, 1, &texts).await;
    store(&*storage, 2, &[b"another".to_vec()]).await;
    let mut flips = 0;
    for file in files(&backend.path()) {
        let whole = fs::read(&file).unwrap();
        let name = file.strip_prefix(backend.path()).unwrap().to_str().unwrap().to_owned();
        let part = name.split('/').nth(1).unwrap_or(&name);
        for place in 0..whole.len() {
            let mut damaged = whole.clone();
            damaged[place] ^= 1 << (place % 8);
            fs::write(&file, damaged).unwrap();
            let found = problems(&*storage).await;
            assert!(found.iter().any(|problem| problem.r#where.contains(part)), "{name} {place}: {found:?}");
            flips += 1;
            if place % 16 != 0 {
                continue;
            }
            let storage = open(&backend.path()).await.unwrap_or_else(|e| panic!("{name} {place}: {e:?}"));
            assert_eq!(problems(&storage).await, found, "{name} {place}");
            for (id, text) in [(1, &texts[0]), (1, &texts[1]), (2, &b"another".to_vec())] {
                match storage.document(&character_id(id), &ContentHash::of(text)).await {
                    Ok(read) => assert!(read == *text, "{name} {place}"),
                    Err(error) => {
                        assert!(
                            matches!(error.code, Code::StoreDamaged | Code::VersionNotFound),
                            "{error:?}"
                        );
                        assert_eq!(part, format!("ddb-{id}"), "{name} {place} harms another character");
                    }
                }
            }
        }
        fs::write(&file, whole).unwrap();
    }
    assert!(flips > 4_000, "{flips}");
    assert_eq!(problems(&*storage).await, []);
}

/// What somebody does to the folder by hand.
type Deed = fn(&Path);

/// What is done; what a check says; how much of it is left after a repair; how many documents can be read then.
type Case = (&'static str, Deed, &'static [&'static str], &'static [&'static str], usize);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_done_by_hand_is_reported_and_mended_where_it_can_be() {
    const V2: &str = "characters/ddb-1/versions/v000002.delta.zst";
    const PAGE: &str = "characters/ddb-1/versions/history-000001.json";
    let cases: &[Case] = &[
        (
            "index.json removed",
            |root| fs::remove_file(root.join("index.json")).unwrap(),
            &["index_stale"],
            &[],
            4,
        ),
        (
            "index.json edited",
            |root| replace(&root.join("index.json"), "\"revision\": 0", "\"revision\": 1"),
            &["index_stale"],
            &[],
            4,
        ),
        (
            "index.json emptied",
            |root| fs::write(root.join("index.json"), "").unwrap(),
            &["index_stale"],
            &[],
            4,
        ),
        (
            "head removed",
            |root| fs::remove_file(root.join("metadata.json")).unwrap(),
            &["file_damaged"],
            &[],
            4,
        ),
        (
            "head emptied",
            |root| fs::write(root.join("metadata.json"), "").unwrap(),
            &["file_damaged"],
            &[],
            4,
        ),
        (
            "head edited",
            |root| replace(&root.join("metadata.json"), "zstd", "gzip"),
            &["file_damaged"],
            &[],
            4,
        ),
        (
            "a character's name edited",
            |root| replace(&root.join("characters/ddb-1/metadata.json"), "Mirren Ashdown", "Mirren Ashdawn"),
            &["file_edited"],
            &[],
            4,
        ),
        (
            "a sentence of the history edited",
            |root| replace(&root.join(PAGE), "Wizard 5", "Wizard 6"),
            &["file_edited"],
            &[],
            4,
        ),
        (
            "a page of the history emptied",
            |root| fs::write(root.join(PAGE), "").unwrap(),
            &["file_damaged"],
            &["file_damaged"],
            0,
        ),
        (
            "a page of the history removed",
            |root| fs::remove_file(root.join(PAGE)).unwrap(),
            &["file_damaged"],
            &["file_damaged"],
            0,
        ),
        (
            "a character's file emptied",
            |root| fs::write(root.join("characters/ddb-1/metadata.json"), "{").unwrap(),
            &["file_damaged"],
            &["file_damaged"],
            0,
        ),
        (
            "a character's file removed",
            |root| fs::remove_file(root.join("characters/ddb-1/metadata.json")).unwrap(),
            &["file_missing"],
            &["file_missing"],
            0,
        ),
        (
            "a character's folder removed",
            |root| fs::remove_dir_all(root.join("characters/ddb-1")).unwrap(),
            &["character_missing"],
            &[],
            0,
        ),
        (
            "a character's folder renamed",
            |root| fs::rename(root.join("characters/ddb-1"), root.join("characters/ddb-7")).unwrap(),
            &["character_missing", "file_damaged"],
            &["file_damaged"],
            0,
        ),
        (
            "latest.json edited",
            |root| fs::write(root.join("characters/ddb-1/latest.json"), "{}").unwrap(),
            &["latest_stale"],
            &["unknown_file"],
            4,
        ),
        (
            "latest.json removed",
            |root| fs::remove_file(root.join("characters/ddb-1/latest.json")).unwrap(),
            &["latest_stale"],
            &[],
            4,
        ),
        (
            "a version renamed",
            |root| {
                fs::rename(root.join(V2), root.join("characters/ddb-1/versions/my favourite.zst")).unwrap()
            },
            &["content_damaged", "content_damaged", "content_damaged"],
            &[],
            4,
        ),
        (
            "a version moved",
            |root| {
                fs::create_dir(root.join("characters/ddb-1/archive")).unwrap();
                fs::rename(root.join(V2), root.join("characters/ddb-1/archive/v000002.delta.zst")).unwrap();
            },
            &["content_damaged", "content_damaged", "content_damaged"],
            &[],
            4,
        ),
        (
            "a version removed",
            |root| fs::remove_file(root.join(V2)).unwrap(),
            &["content_damaged", "content_damaged", "content_damaged"],
            &["content_damaged", "content_damaged"],
            2,
        ),
        (
            "the newest version removed",
            |root| fs::remove_file(root.join("characters/ddb-1/versions/v000004.delta.zst")).unwrap(),
            &["content_damaged"],
            &[],
            4,
        ),
        (
            "a version cut short",
            |root| fs::write(root.join("characters/ddb-1/versions/v000004.delta.zst"), "x").unwrap(),
            &["content_damaged"],
            &[],
            4,
        ),
        (
            "two versions swapped",
            |root| {
                let (a, b) = (root.join(V2), root.join("characters/ddb-1/versions/v000003.delta.zst"));
                fs::rename(&a, root.join("swap")).unwrap();
                fs::rename(&b, &a).unwrap();
                fs::rename(root.join("swap"), &b).unwrap();
            },
            &["content_damaged", "content_damaged", "content_damaged"],
            &[],
            4,
        ),
        (
            "a folder in a file's place",
            |root| {
                fs::remove_file(root.join(V2)).unwrap();
                fs::create_dir(root.join(V2)).unwrap();
            },
            &["content_damaged", "content_damaged", "content_damaged"],
            &["content_damaged", "content_damaged"],
            2,
        ),
        (
            "strangers",
            |root| {
                fs::write(root.join(".DS_Store"), "x").unwrap();
                fs::write(root.join("metadata (1).json"), "x").unwrap();
                fs::write(root.join("index.sync-conflict-20260101-120000-ABCDEFG.json"), "x").unwrap();
                fs::write(root.join("characters/readme.txt"), "x").unwrap();
                fs::write(root.join("characters/ddb-1/latest (Ada's conflicted copy).json"), "x").unwrap();
                fs::write(root.join("characters/ddb-1/versions/v000009.json.zst"), "x").unwrap();
                fs::write(root.join("temp/something"), "x").unwrap();
            },
            &["unknown_file"; 7],
            &["unknown_file"; 7],
            4,
        ),
        (
            "a journal nobody wrote",
            |root| fs::write(root.join("temp/journal.json"), "{}").unwrap(),
            &["file_damaged"],
            &["unknown_file"],
            4,
        ),
        ("temp removed", |root| fs::remove_dir_all(root.join("temp")).unwrap(), &[], &[], 4),
    ];
    for (name, deed, found, left, documents) in cases {
        let backend = library().await;
        let before = files(&backend.path()).len();
        deed(&backend.path());
        let storage = open(&backend.path()).await.unwrap_or_else(|error| panic!("{name}: {error:?}"));
        let check = problems(&storage).await;
        assert_eq!(codes(&check), *found, "{name}: {check:?}");
        assert!(storage.query(&QueryFilter::default()).await.unwrap().total >= 1, "{name}");
        readable(&storage).await;
        let other = storage.document(&character_id(2), &ContentHash::of(b"another")).await;
        assert!(other.is_ok(), "{name}: {other:?}");
        let files_before_repair = files(&backend.path()).len();
        let report =
            storage.repair(&Silent, &Cancel::default()).await.unwrap_or_else(|e| panic!("{name}: {e:?}"));
        assert_eq!(codes(&report.left), *left, "{name}: {report:?}");
        let storage = open(&backend.path()).await.unwrap();
        assert_eq!(codes(&problems(&storage).await), *left, "{name}");
        assert_eq!(readable(&storage).await, *documents, "{name}");
        assert!(
            files(&backend.path()).len() + 1 >= files_before_repair.min(before),
            "{name}: nothing is thrown away"
        );
        // Others can be saved whatever happened to this one.
        store(&storage, 5, &[b"new".to_vec()]).await;
    }
}

fn replace(file: &Path, old: &str, new: &str) {
    let text = fs::read_to_string(file).unwrap();
    assert!(text.contains(old), "{text}");
    fs::write(file, text.replace(old, new)).unwrap();
}

fn codes(problems: &[Problem]) -> Vec<&str> {
    let mut codes: Vec<_> = problems.iter().map(|problem| problem.code.as_str()).collect();
    codes.sort_unstable();
    codes
}

#[tokio::test]
async fn an_edited_character_can_be_read_and_is_not_written_over() {
    let backend = library().await;
    let file = backend.path().join("characters/ddb-1/metadata.json");
    replace(&file, "Mirren Ashdown", "Mirren the Bold");
    let edited = fs::read(&file).unwrap();
    let storage = backend.open().await;
    assert_eq!(storage.history(&HistoryQuery::all(character_id(1))).await.unwrap().total, 4);
    let mut transaction = storage.begin().await.unwrap();
    let error = transaction.write(vec![content(&character_id(1), b"next")]).await.unwrap_err();
    assert_eq!(error.code, Code::StoreDamaged);
    drop(transaction);
    assert_eq!(fs::read(&file).unwrap(), edited);
    storage.repair(&Silent, &Cancel::default()).await.unwrap();
    let rows = backend.open().await.query(&QueryFilter::default()).await.unwrap().items;
    assert!(rows.iter().any(|row| row.name == "Mirren the Bold"), "what was edited is taken as it is");
    let mut transaction = storage.begin().await.unwrap();
    transaction.write(vec![content(&character_id(1), b"next")]).await.unwrap();
    transaction.commit().await.unwrap();
}

#[tokio::test]
async fn what_was_edited_in_latest_is_kept() {
    let backend = library().await;
    let folder = backend.path().join("characters/ddb-1");
    fs::write(folder.join("latest.json"), "my own words").unwrap();
    backend.open().await.repair(&Silent, &Cancel::default()).await.unwrap();
    assert_eq!(fs::read_to_string(folder.join("latest.edited-1.json")).unwrap(), "my own words");
    assert!(fs::read(folder.join("latest.json")).unwrap() == documents()[3]);
}

#[tokio::test]
async fn somebody_elses_folder_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let cases = [
        ("letter.txt", "Dear Ada"),
        ("metadata.json", "{\"name\": \"a music album\"}"),
        ("metadata.json", "no JSON"),
    ];
    for (name, text) in cases {
        let place = folder.path().join(text.len().to_string());
        fs::create_dir(&place).unwrap();
        fs::write(place.join(name), text).unwrap();
        let error = Stores.open(place.to_str().unwrap()).await.unwrap_err();
        assert_eq!(error.code, Code::InvalidArgument, "{error:?}");
        assert!(error.hint.is_some() && error.kept.is_some());
        assert_eq!(files(&place), [place.join(name)]);
    }
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let address = format!("folder:{}", file.display());
    assert_eq!(Stores.open(&address).await.unwrap_err().code, Code::InvalidArgument);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_make_the_same_library_at_once() {
    for _ in 0..5 {
        let backend = Folder::default();
        let openings: Vec<_> = (0..6)
            .map(|number| {
                let path = backend.path();
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
async fn somebody_else_writing_for_long_is_busy() {
    let backend = library().await;
    let options = StoreOptions { wait: Some(Duration::from_millis(20)), ..StoreOptions::default() };
    let storage = FolderStorage::open(backend.path(), &options).await.unwrap();
    let other = backend.open().await;
    let held = other.begin().await.unwrap();
    let error = storage.begin().await.err().unwrap();
    assert_eq!((error.code, error.retryable), (Code::StoreBusy, true));
    assert_eq!(error.details["process"], std::process::id());
    assert!(storage.query(&QueryFilter::default()).await.is_ok(), "readers do not wait");
    drop(held);
    assert!(storage.begin().await.is_ok());
}

#[tokio::test]
async fn a_library_opened_for_reading_is_not_written() {
    let backend = library().await;
    fs::remove_dir_all(backend.path().join("temp")).unwrap();
    let before = files(&backend.path());
    let options = StoreOptions { read_only: true, ..StoreOptions::default() };
    let storage = FolderStorage::open(backend.path(), &options).await.unwrap();
    assert_eq!(storage.begin().await.err().unwrap().code, Code::StoreReadOnly);
    assert!(storage.info().read_only.is_some());
    assert_eq!(readable(&storage).await, 4);
    assert_eq!(problems(&storage).await, []);
    assert_eq!(files(&backend.path()), before);
    let nowhere = backend.path().join("nowhere");
    assert_eq!(FolderStorage::open(&nowhere, &options).await.unwrap_err().code, Code::StorageFailed);
    assert!(!nowhere.exists());
}

#[tokio::test]
async fn a_library_of_a_newer_version_can_be_read_and_not_written() {
    let backend = library().await;
    let head = backend.path().join("metadata.json");
    replace(&head, "\"format\": 2", "\"format\": 3");
    let text = fs::read_to_string(&head).unwrap();
    let (payload, _) = text.rsplit_once(",\n  \"checksum\"").unwrap();
    let checksum = ContentHash::of(payload.as_bytes());
    fs::write(&head, format!("{payload},\n  \"checksum\": \"{checksum}\"\n}}\n")).unwrap();
    let storage = backend.open().await;
    assert_eq!(storage.begin().await.err().unwrap().code, Code::StoreNewer);
    assert_eq!(readable(&*storage).await, 4);
}

#[tokio::test]
async fn an_erased_character_leaves_no_byte() {
    let backend = library().await;
    let canary = "Mirren the Canary";
    let storage = backend.open().await;
    let row = CharacterIndex { name: canary.to_owned(), ..index(character_id(9)) };
    let put = Write::Character { index: Box::new(row), expect: backstory_core::storage::Expect::Absent };
    let mut transaction = storage.begin().await.unwrap();
    transaction.write(vec![content(&character_id(9), canary.as_bytes()), put]).await.unwrap();
    transaction.commit().await.unwrap();
    fs::write(backend.path().join("characters/ddb-9/latest (conflict).json"), canary).unwrap();
    let expect = backstory_core::storage::Expect::Revision(1);
    let mut transaction = storage.begin().await.unwrap();
    transaction.write(vec![Write::Erase { character: character_id(9), expect }]).await.unwrap();
    transaction.commit().await.unwrap();
    assert!(!backend.path().join("characters/ddb-9").exists());
    for file in files(&backend.path()) {
        let bytes = fs::read(&file).unwrap();
        assert!(!bytes.windows(canary.len()).any(|window| window == canary.as_bytes()), "{}", file.display());
    }
}

#[tokio::test]
async fn documents_are_kept_in_the_encoding_asked_for() {
    for (compression, ending) in
        [("none", "json"), ("gzip", "json.gz"), ("zstd", "json.zst"), ("lz4", "json.lz4")]
    {
        let backend = Folder::default();
        let encoding: Encoding =
            serde_json::from_value(serde_json::json!({ "compression": compression, "delta": false }))
                .unwrap();
        let options = StoreOptions { encoding: Some(encoding), ..StoreOptions::default() };
        let storage = FolderStorage::open(backend.path(), &options).await.unwrap();
        store(&storage, 1, &documents()).await;
        let file = backend.path().join(format!("characters/ddb-1/versions/v000004.{ending}"));
        assert!(file.exists(), "{compression}");
        assert_eq!(readable(&storage).await, 4);
    }
}

/// A small disk of its own, where this account may make one. Where `CI` is set, one that may not fails the test.
#[cfg(target_os = "linux")]
struct SmallDisk(tempfile::TempDir);

#[cfg(target_os = "linux")]
impl SmallDisk {
    fn new(kilobytes: u32) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let size = format!("size={kilobytes}k");
        let path = folder.path().to_str().unwrap();
        if mount(&["-t", "tmpfs", "-o", &size, "tmpfs", path]) {
            return Some(Self(folder));
        }
        assert!(std::env::var_os("CI").is_none(), "this account cannot mount a small disk, and CI must");
        println!("left out: this account cannot mount a small disk");
        None
    }

    fn remount(&self, how: &str) {
        assert!(mount(&["-o", &format!("remount,{how}"), self.0.path().to_str().unwrap()]));
    }
}

#[cfg(target_os = "linux")]
impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(self.0.path()).status();
    }
}

#[cfg(target_os = "linux")]
fn mount(arguments: &[&str]) -> bool {
    let mounted = Command::new("mount").args(arguments).stderr(Stdio::null()).status();
    mounted.is_ok_and(|status| status.success())
}

/// Saves documents until something fails. Says how many were saved, and what failed.
#[cfg(target_os = "linux")]
async fn fill(storage: &dyn CharacterStorage, from: u64) -> (u64, Error) {
    for number in from.. {
        let text = document(number, 4_000);
        let mut transaction = match storage.begin().await {
            Err(error) => return (number - from, error),
            Ok(transaction) => transaction,
        };
        let row = index(character_id(number));
        let put = Write::Character { index: Box::new(row), expect: backstory_core::storage::Expect::Absent };
        transaction.write(vec![content(&character_id(number), &text), put]).await.unwrap();
        if let Err(error) = transaction.commit().await {
            return (number - from, error);
        }
    }
    unreachable!()
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_full_disk_loses_nothing_and_works_again() {
    // Every size fills up at another step of a save.
    for kilobytes in (300..420).step_by(8) {
        let Some(disk) = SmallDisk::new(kilobytes) else { return };
        let path = disk.0.path().join("library");
        let storage = open(&path).await.unwrap();
        let ballast = disk.0.path().join("ballast");
        fs::write(&ballast, vec![1; 150_000]).unwrap();
        let (saved, error) = fill(&storage, 1).await;
        assert_eq!(error.code, Code::StorageFull, "{error:?}");
        assert!(saved > 0 && error.kept.is_some() && error.hint.is_some());
        for storage in [&open(&path).await.unwrap(), &storage] {
            let total = storage.query(&QueryFilter::default()).await.unwrap().total;
            assert_eq!(total, saved);
            assert_eq!(problems(storage).await, []);
        }
        fs::remove_file(ballast).unwrap();
        let (more, _) = fill(&storage, saved + 1).await;
        assert!(more > 0, "with room it works again");
        assert_eq!(
            open(&path).await.unwrap().query(&QueryFilter::default()).await.unwrap().total,
            saved + more
        );
        assert_eq!(problems(&storage).await, []);
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_disk_that_becomes_read_only_is_read() {
    let Some(disk) = SmallDisk::new(2_000) else { return };
    let path = disk.0.path().join("library");
    let storage = open(&path).await.unwrap();
    store(&storage, 1, &documents()).await;
    disk.remount("ro");
    let error = storage.begin().await.err().unwrap();
    assert_eq!(error.code, Code::StoreReadOnly, "{error:?}");
    let reader = open(&path).await.unwrap();
    assert!(reader.info().read_only.is_some());
    for storage in [&storage, &reader] {
        assert_eq!(readable(storage).await, 4);
        assert_eq!(problems(storage).await, []);
    }
    disk.remount("rw");
    store(&storage, 2, &[b"another".to_vec()]).await;
    assert_eq!(problems(&storage).await, []);
}

#[cfg(unix)]
#[tokio::test]
async fn a_file_that_grows_too_large_is_a_full_disk() {
    let backend = Folder::default();
    let limited = format!(
        "trap '' XFSZ; ulimit -f 24; exec '{}' 'folder:{}' 1 1000",
        env!("CARGO_BIN_EXE_writer"),
        backend.path().display()
    );
    let output = Command::new("bash").args(["-c", &limited]).output().unwrap();
    let lines: Vec<_> = output.stdout.lines().map(Result::unwrap).collect();
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.code() == Some(2) && error.starts_with("StorageFull"), "{error}");
    assert!(!lines.is_empty());
    let address = format!("folder:{}", backend.path().display());
    assert_eq!(everything_acknowledged_is_there(&address, &lines).await, lines.len() as u64);
    assert!(writer(&address, 2, 3).wait().unwrap().success(), "without the limit it works again");
}
