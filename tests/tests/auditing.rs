//! What is done through a library is told in its audit log: everything, by whoever may read it, and nothing of a character that
//! was erased.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests may")]

use std::{
    collections::BTreeSet,
    fs,
    io::{Read, Write as _},
    path::Path,
    sync::{Arc, LazyLock, Mutex},
};

use backstory_core::{
    access::Principal,
    api::{
        App, Parts,
        activity::{
            ActivityFilter, ActivityGet, ActivitySave, LogForm, activity, activity_verify, write_log,
        },
        app::Empty,
        export::{Form, How, Outlet, chosen, export},
        import::{ImportOptions, Intake, import},
    },
    error::Result,
    job::{Cancel, Silent},
    library::{Library, acting_as},
    migrate::{MigrationOptions, StorageMigrator},
    model::{CharacterId, Role},
    package::{LOG, RECORDS, SUMS, sha256},
    privacy::audit::{Action, Note, Scribe, read_lines, verify},
    source::Draft,
    storage::{CharacterStorage, Deleted, Encoding, QueryFilter, StorageFactory, Write},
};
use backstory_sources::{files::Files, registry, sample};
use backstory_storage::{clock::SystemClock, memory::MemoryStorage, open::Stores, outlet::FileOutlet};
use backstory_tests::{app::parts, fixtures::Still};
use zip::{ZipArchive, ZipWriter, write::SimpleFileOptions};

fn library(storage: Arc<dyn CharacterStorage>) -> Library {
    Library::new(storage, registry::sources(), Arc::new(SystemClock), "window")
}

fn in_memory() -> (Arc<dyn CharacterStorage>, Library) {
    let storage: Arc<dyn CharacterStorage> = Arc::new(MemoryStorage::new());
    (Arc::clone(&storage), library(storage))
}

async fn notes(library: &Library) -> Vec<Note> {
    library.whole_audit().await.unwrap().iter().map(|entry| entry.note().unwrap()).collect()
}

async fn ids(library: &Library) -> Vec<CharacterId> {
    let filter = QueryFilter { deleted: Deleted::With, ..QueryFilter::default() };
    let mut ids: Vec<_> = library.query(&filter).await.unwrap().items.into_iter().map(|row| row.id).collect();
    ids.sort();
    ids
}

/// The captures of one character.
fn captures(of: usize) -> Vec<Draft> {
    // A few are enough, and reading them is what takes long.
    static DRAFTS: LazyLock<Vec<Draft>> = LazyLock::new(|| sample::drafts().unwrap());
    let ids: BTreeSet<_> = DRAFTS.iter().map(|draft| draft.character.clone()).collect();
    let id = ids.into_iter().nth(of).unwrap();
    DRAFTS.iter().filter(|draft| draft.character == id).take(8).cloned().collect()
}

/// Runs an operation; gives what it added to the log.
async fn told<T>(library: &Library, work: impl Future<Output = Result<T>>) -> Vec<Note> {
    let before = library.audit_head().await.unwrap().size;
    work.await.unwrap();
    let added = library.audit(before, 1_000).await.unwrap();
    added.iter().map(|entry| entry.note().unwrap()).collect()
}

#[tokio::test]
async fn every_operation_is_told() {
    let (storage, library) = in_memory();
    let drafts = captures(0);
    let id = drafts[0].character.clone();
    let first = told(&library, library.capture(&drafts[..1])).await;
    assert_eq!(first.len(), 1);
    assert_eq!((first[0].action, first[0].version), (Action::Capture, Some(1)));
    assert_eq!(first[0].origin, "window");
    let row = library.find(id.as_str()).await.unwrap();
    assert_eq!(first[0].subject, Some(row.audit_key.as_ref().unwrap().subject(&id)));

    let many = told(&library, library.capture(&drafts[1..4])).await;
    assert_eq!((many.len(), many[0].action), (1, Action::Capture), "one entry a commit and character");
    assert!(many[0].version > Some(1) && many[0].counts.values().sum::<u64>() >= 2, "{many:?}");
    let version = library.version(&id, "first").await.unwrap();
    let latest = library.version(&id, "latest").await.unwrap();
    let known = drafts.iter().find(|draft| draft.content == latest.content).unwrap().clone();
    let again = Draft { captured_at: latest.captured_at + jiff::SignedDuration::from_hours(1), ..known };
    let seen = told(&library, library.capture(std::slice::from_ref(&again))).await;
    assert_eq!((seen.len(), seen[0].action, seen[0].counts["seen"]), (1, Action::Sighting, 1));
    assert_eq!(
        told(&library, library.capture(std::slice::from_ref(&again))).await,
        [],
        "nothing was written"
    );

    let names = ["before".to_owned()];
    let expected = [
        (Action::Pin, told(&library, library.pin(&version, true)).await),
        (Action::Unpin, told(&library, library.pin(&version, false)).await),
        (Action::Tag, told(&library, library.tag(&version, &names, &[])).await),
        (Action::Note, told(&library, library.note(&version, Some("well"))).await),
        (Action::Restore, told(&library, library.restore(&version)).await),
        (Action::Delete, told(&library, library.delete(&id)).await),
        (Action::Undelete, told(&library, library.undelete(&id)).await),
        (Action::Retell, told(&library, library.retell(true, &Silent, &Cancel::default())).await),
        (Action::Member, told(&library, library.set_member("Bell", "ada", Some(Role::Player))).await),
        (Action::Setting, told(&library, library.set_setting("library.policy", Some(&30), 0)).await),
        (Action::Export, told(&library, library.record_read(Action::Export, &[(id.clone(), 4)])).await),
    ];
    for (action, notes) in expected {
        assert_eq!(notes.len(), 1, "{action:?}");
        assert_eq!(notes[0].action, action);
        assert!(
            notes[0].subject.is_some() || matches!(action, Action::Member | Action::Setting),
            "{action:?}"
        );
    }
    assert_eq!(told(&library, library.pin(&version, false)).await, [], "it was not pinned");
    assert_eq!(told(&library, library.set_setting("lease", Some(&1), 0)).await, [], "the program's own");

    // What a store does in transactions of its own is told behind them.
    let wrong =
        backstory_core::model::CharacterIndex { versions: 90, ..library.find(id.as_str()).await.unwrap() };
    let expect = backstory_core::storage::Expect::Revision(wrong.revision);
    let wrong = backstory_core::model::CharacterIndex { revision: wrong.revision + 1, ..wrong };
    let mut behind_its_back = storage.begin().await.unwrap();
    behind_its_back.write(vec![Write::Character { index: Box::new(wrong), expect }]).await.unwrap();
    behind_its_back.commit().await.unwrap();
    let mended = told(&library, library.repair(&Silent, &Cancel::default())).await;
    assert_eq!((mended.len(), mended[0].action), (1, Action::Repair));
    assert_eq!(told(&library, library.repair(&Silent, &Cancel::default())).await, [], "nothing to mend");
    let encoding = Encoding { delta: false, ..Encoding::default() };
    assert_eq!(told(&library, library.recompress(&encoding, &Silent, &Cancel::default())).await, []);

    let (other, _) = in_memory();
    self::library(Arc::clone(&other)).capture(&captures(1)).await.unwrap();
    let taken = told(&library, library.take_in(other, &Silent, &Cancel::default())).await;
    let actions: Vec<_> = taken.iter().map(|note| note.action).collect();
    assert_eq!(actions, [Action::Migrate, Action::LogTaken]);
    let came = library.find(captures(1)[0].character.as_str()).await.unwrap();
    assert_eq!(taken[0].counts["versions"], came.versions);

    let erased = told(&library, library.erase(&id)).await;
    assert_eq!((erased.len(), erased[0].action, erased[0].subject), (1, Action::Erase, first[0].subject));
    let watched = acting_as("watch", library.capture(&drafts[..1])).await;
    watched.unwrap();
    assert_eq!(notes(&library).await.last().unwrap().origin, "watch");
    assert!(library.verify_audit(None).await.unwrap().ok);
}

/// There is one place in the library's code where a transaction begins, and it ends with what was done.
#[test]
fn there_is_no_way_around_the_log() {
    let core = Path::new(env!("CARGO_MANIFEST_DIR")).join("../src-tauri/core/src");
    let mut begins = Vec::new();
    for folder in ["library", "api", "privacy", "history"] {
        for file in fs::read_dir(core.join(folder)).unwrap() {
            let file = file.unwrap().path();
            let Ok(text) = fs::read_to_string(&file) else { continue };
            let text: String = text.split_whitespace().collect();
            begins.extend(
                (0..text.matches("storage.begin(").count())
                    .map(|_| format!("{folder}/{}", file.file_name().unwrap().to_string_lossy())),
            );
        }
    }
    assert_eq!(begins, ["library/auditing.rs"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_leads_from_an_entry_to_an_erased_character() {
    let folder = tempfile::tempdir().unwrap();
    for address in ["a.sqlite", "a/", "objects:o"] {
        let address = match address.strip_prefix("objects:") {
            Some(place) => format!("objects:{}", folder.path().join(place).display()),
            None => {
                folder.path().join(address).display().to_string()
                    + if address.ends_with('/') { "/" } else { "" }
            }
        };
        let storage = Stores.open(&address).await.unwrap();
        let library = Library::new(storage, registry::sources(), Arc::new(SystemClock), "window");
        library.capture(&captures(0)).await.unwrap();
        library.capture(&captures(1)).await.unwrap();
        let [gone, stays] = [0, 1].map(|of| captures(of)[0].character.clone());
        let version = library.version(&gone, "first").await.unwrap();
        library.pin(&version, true).await.unwrap();
        let key = library.find(gone.as_str()).await.unwrap().audit_key.unwrap();
        let before = library.audit_head().await.unwrap().tree();
        library.erase(&gone).await.unwrap();
        library.scrub(&Silent, &Cancel::default()).await.unwrap();

        let found = library.verify_audit(Some(before)).await.unwrap();
        assert!(found.ok && found.log.size == before.size + 1, "{found:?}");
        let mut about_gone = 0;
        for note in notes(&library).await {
            let subject = note.subject.unwrap();
            about_gone += u32::from(subject == key.subject(&gone));
            for row in library.query(&QueryFilter::default()).await.unwrap().items {
                // Whoever has every key that is left, and knows every id there ever was, finds nobody behind it.
                let left = row.audit_key.unwrap();
                assert!(left.subject(&gone) != subject);
                assert_eq!(left.subject(&row.id) == subject, subject != key.subject(&gone));
            }
        }
        assert_eq!(about_gone, 3, "its entries are all still there");
        assert_eq!(ids(&library).await, [stays]);
        drop(library);
        // Nor is the key in any file: what an object store or a folder packs is looked at unpacked.
        let text = key.text();
        let mut looked_at = 0;
        walk(folder.path(), &mut |path, bytes| {
            let bytes = zstd::stream::decode_all(bytes).unwrap_or_else(|_| bytes.to_vec());
            looked_at += 1;
            assert!(!bytes.windows(text.len()).any(|part| part == text.as_bytes()), "{}", path.display());
        });
        assert!(looked_at > 0);
    }
}

fn walk(folder: &Path, look: &mut dyn FnMut(&Path, &[u8])) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            walk(&path, look);
        } else {
            look(&path, &fs::read(&path).unwrap());
        }
    }
}

fn app(storage: Arc<dyn CharacterStorage>) -> App {
    App::new(Parts { storage: Ok(storage), ..parts() })
}

async fn pack(app: &App, ids: &[CharacterId], to: &Path, redact: bool) {
    let outlet = Box::new(FileOutlet::create(to).unwrap());
    let how = How { form: Form::Backstory, redact, passphrase: None };
    export(app, ids, how, outlet, &Silent).await.unwrap();
}

async fn bring(app: &App, file: &Path) {
    let files = Files::new().list(&[file.to_owned()]).await;
    let report = import(app, files, ImportOptions::default(), &Silent).await.unwrap();
    assert!(report.files.iter().all(|file| file.error.is_none()), "{report:?}");
}

fn read(zip: &Path, name: &str) -> Option<Vec<u8>> {
    let mut zip = ZipArchive::new(fs::File::open(zip).unwrap()).unwrap();
    let mut bytes = Vec::new();
    zip.by_name(name).ok()?.read_to_end(&mut bytes).unwrap();
    Some(bytes)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_goes_along_and_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("all.backstory");
    let first = app(Stores.open(folder.path().join("a.sqlite").to_str().unwrap()).await.unwrap());
    let library = first.library().unwrap();
    for of in 0..2 {
        for draft in captures(of) {
            library.capture(&[draft]).await.unwrap();
        }
    }
    let all: Vec<_> = chosen(&library, &[]).await.unwrap().into_iter().map(|(id, _)| id).collect();
    let before = library.audit_head().await.unwrap().tree();
    pack(&first, &all, &file, false).await;
    let exported = read_lines(&read(&file, LOG).unwrap()).unwrap();
    assert_eq!(exported.len() as u64, before.size, "the export itself is told behind it");
    assert!(library.audit_head().await.unwrap().size == before.size + all.len() as u64);
    let manifest: serde_json::Value = serde_json::from_slice(&read(&file, "manifest.json").unwrap()).unwrap();
    assert_eq!(manifest["audit"]["root"], before.root.to_string());

    // Everything is erased; what was exported comes back into an empty library.
    library.erase_all(&Silent, &Cancel::default()).await.unwrap();
    let second = app(Stores.open(folder.path().join("b.sqlite").to_str().unwrap()).await.unwrap());
    let back = second.library().unwrap();
    for _ in 0..2 {
        bring(&second, &file).await;
        let found = back.verify_audit(None).await.unwrap();
        assert!(found.ok && found.taken == before.size, "{found:?}");
    }
    let told = notes(&back).await;
    let last = told.iter().rfind(|note| note.action == Action::LogTaken).unwrap();
    assert_eq!(last.log.as_ref().unwrap().head, Some(before), "it names the head it went on from");
    assert_eq!(told.iter().filter(|note| note.action == Action::Migrate).count(), all.len(), "once");
    // The characters are the same to the log: whoever looks for one finds what was done before, too.
    let row = back.find(all[0].as_str()).await.unwrap();
    let subject = row.audit_key.unwrap().subject(&row.id);
    let kept = told.iter().filter_map(|note| note.log.as_ref()).flat_map(|log| &log.entries);
    let kept: Vec<_> =
        kept.filter(|kept| kept.entry.as_ref().unwrap().contains(&subject.to_string())).collect();
    assert_eq!(kept.len(), captures(0).len());
    back.pin(&back.version(&all[0], "first").await.unwrap(), true).await.unwrap();
    assert!(back.verify_audit(None).await.unwrap().ok);

    // Back into the library it came from: that is its own log.
    let size = library.audit_head().await.unwrap().size;
    bring(&first, &file).await;
    assert!(library.audit(size, 100).await.unwrap().iter().all(|entry| entry.note().unwrap().log.is_none()));

    // And once more round: what came in goes along.
    let again = folder.path().join("again.backstory");
    pack(&second, &all, &again, false).await;
    let third = app(Arc::new(MemoryStorage::new()));
    bring(&third, &again).await;
    let found = third.library().unwrap().verify_audit(None).await.unwrap();
    assert!(found.ok, "{found:?}");
}

#[tokio::test]
async fn an_export_of_some_has_their_entries_only_and_a_shared_one_has_none() {
    let folder = tempfile::tempdir().unwrap();
    let app = app(Arc::new(MemoryStorage::new()));
    let library = app.library().unwrap();
    library.capture(&captures(0)).await.unwrap();
    library.capture(&captures(1)).await.unwrap();
    let id = captures(0)[0].character.clone();
    let (some, shown) = (folder.path().join("some.backstory"), folder.path().join("shown.backstory"));
    pack(&app, std::slice::from_ref(&id), &some, false).await;
    assert_eq!(read(&some, LOG), None);
    let records = String::from_utf8(read(&some, RECORDS).unwrap()).unwrap();
    let key = library.find(id.as_str()).await.unwrap().audit_key.unwrap();
    assert_eq!(records.lines().count(), 1);
    assert!(records.contains(&key.subject(&id).to_string()));
    pack(&app, std::slice::from_ref(&id), &shown, true).await;
    assert_eq!((read(&shown, LOG), read(&shown, RECORDS), read(&shown, "consent.json")), (None, None, None));
    let told = notes(&library).await;
    let last: Vec<_> = told[told.len() - 2..].iter().map(|note| (note.action, note.subject)).collect();
    let subject = Some(key.subject(&id));
    assert_eq!(last, [(Action::Export, subject), (Action::Share, subject)]);
}

#[tokio::test]
async fn a_log_that_was_edited_is_left_and_that_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("all.backstory");
    let source = app(Arc::new(MemoryStorage::new()));
    let library = source.library().unwrap();
    for draft in captures(0) {
        library.capture(&[draft]).await.unwrap();
    }
    pack(&source, &ids(&library).await, &file, false).await;
    let edits: [&dyn Fn(String) -> String; 4] = [
        &|log| log.replacen("\"version\":2", "\"version\":7", 1),
        &|log| log.lines().skip(1).collect::<Vec<_>>().join("\n") + "\n",
        &|log| log.lines().take(3).collect::<Vec<_>>().join("\n") + "\n",
        &|_| "{\n".to_owned(),
    ];
    for (n, edit) in edits.iter().enumerate() {
        let edited = folder.path().join(format!("edited {n}.backstory"));
        let mut from = ZipArchive::new(fs::File::open(&file).unwrap()).unwrap();
        let mut to = ZipWriter::new(fs::File::create(&edited).unwrap());
        let mut sums = String::new();
        for at in 0..from.len() {
            let mut part = from.by_index(at).unwrap();
            let name = part.name().unwrap().into_owned();
            let mut bytes = Vec::new();
            part.read_to_end(&mut bytes).unwrap();
            if name == SUMS {
                continue;
            }
            if name == LOG {
                bytes = edit(String::from_utf8(bytes).unwrap()).into_bytes();
            }
            to.start_file(&name, SimpleFileOptions::default()).unwrap();
            to.write_all(&bytes).unwrap();
            sums.push_str(&format!("{}  {name}\n", sha256(&bytes)));
        }
        to.start_file(SUMS, SimpleFileOptions::default()).unwrap();
        to.write_all(sums.as_bytes()).unwrap();
        to.finish().unwrap();
        let target = app(Arc::new(MemoryStorage::new()));
        for _ in 0..2 {
            bring(&target, &edited).await;
        }
        let library = target.library().unwrap();
        assert_eq!(ids(&library).await.len(), 1, "the character is no worse for it");
        let actions: Vec<_> = notes(&library).await.iter().map(|note| note.action).collect();
        assert_eq!(actions, [Action::Migrate, Action::LogRefused], "edit {n}");
        assert!(library.verify_audit(None).await.unwrap().ok);
    }
}

#[tokio::test]
async fn a_migration_takes_the_log_along_and_a_second_one_writes_nothing() {
    let (from, source) = in_memory();
    source.capture(&sample::drafts().unwrap()).await.unwrap();
    let (to, target) = in_memory();
    let scribe = Scribe::new(Arc::new(Still::default()), "command");
    let mut size = 0;
    for round in 0..2 {
        let migrator = StorageMigrator::new(Arc::clone(&from), Arc::clone(&to)).unwrap();
        let migrator = migrator.recorded_by(scribe.clone());
        let report = migrator.run(&MigrationOptions::default(), &Silent, &Cancel::default()).await.unwrap();
        assert_eq!(report.left, []);
        let found = target.verify_audit(None).await.unwrap();
        assert!(found.ok && found.taken == source.audit_head().await.unwrap().size, "{found:?}");
        assert!(round == 0 || found.log.size == size, "nothing is written the second time");
        size = found.log.size;
    }
    let subjects =
        |notes: Vec<Note>| notes.into_iter().filter_map(|note| note.subject).collect::<BTreeSet<_>>();
    assert_eq!(subjects(notes(&target).await), subjects(notes(&source).await), "the same keys");
    assert!(notes(&target).await.iter().all(|note| note.origin == "command"));
}

#[tokio::test]
async fn everybody_reads_their_own_and_can_verify_the_whole() {
    let shared = MemoryStorage::new();
    let of = |user: &str| {
        let principal = Principal { user: user.to_owned(), admin: user == "anna" };
        library(Arc::new(shared.shared_with(principal)))
    };
    let (ada, bob, anna) = (of("ada"), of("bob"), of("anna"));
    ada.capture(&captures(0)).await.unwrap();
    bob.capture(&captures(1)).await.unwrap();
    let hers = captures(0)[0].character.clone();
    // An admin does something with what is hers: she may read that.
    anna.pin(&anna.version(&hers, "first").await.unwrap(), true).await.unwrap();
    let read = async |library: &Library| {
        let entries = library.whole_audit().await.unwrap();
        assert!(library.verify_audit(None).await.unwrap().ok);
        entries.iter().map(|entry| entry.text.is_some()).collect::<Vec<_>>()
    };
    assert_eq!(read(&anna).await, [true, true, true]);
    assert_eq!(read(&ada).await, [true, false, true]);
    assert_eq!(read(&bob).await, [false, true, false]);
}

/// What is written there, and kept.
#[derive(Default)]
struct Paper(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Paper {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Outlet for Paper {
    fn keep(self: Box<Self>) -> Result<String> {
        Ok("paper".to_owned())
    }
}

#[tokio::test]
async fn what_was_done_is_told_to_people() {
    let app = app(Arc::new(MemoryStorage::new()));
    let library = app.library().unwrap();
    for of in 0..2 {
        for draft in captures(of) {
            library.capture(&[draft]).await.unwrap();
        }
    }
    let [gone, stays] = [0, 1].map(|of| captures(of)[0].character.clone());
    library.erase(&gone).await.unwrap();
    library.pin(&library.version(&stays, "2").await.unwrap(), true).await.unwrap();
    let ask = async |filter: ActivityFilter, before, limit| {
        activity(&app, ActivityGet { filter, before, limit }, &Silent).await.unwrap()
    };
    let all = ask(ActivityFilter::default(), None, Some(1_000)).await;
    let size = (captures(0).len() + captures(1).len() + 2) as u64;
    assert_eq!((all.size, all.entries.len() as u64, all.next), (size, size, None));
    let newest = &all.entries[0];
    assert_eq!((newest.action, newest.version, newest.gone), (Action::Pin, Some(2), false));
    assert_eq!(newest.character.as_ref().unwrap().id, stays);
    assert!(newest.sentence.is_some(), "what happened in that version");
    assert!(
        all.entries[1].gone && all.entries[1].character.is_none() && all.entries[1].action == Action::Erase
    );
    assert!(all.entries.iter().filter(|entry| entry.gone).all(|entry| entry.sentence.is_none()));

    // Page by page the same, with every filter.
    let mut paged = Vec::new();
    let mut before = None;
    loop {
        let page = ask(ActivityFilter::default(), before, Some(7)).await;
        paged.extend(page.entries);
        before = page.next;
        if before.is_none() {
            break;
        }
    }
    assert_eq!(paged, all.entries);
    let pins = ActivityFilter { actions: vec![Action::Pin, Action::Erase], ..ActivityFilter::default() };
    assert_eq!(ask(pins, None, None).await.entries.len(), 2);
    let of = ActivityFilter { character: Some(stays.to_string()), ..ActivityFilter::default() };
    assert_eq!(ask(of.clone(), None, None).await.entries.len(), captures(1).len() + 1);
    let nowhere = ActivityFilter { origin: Some("window".to_owned()), ..ActivityFilter::default() };
    assert_eq!(ask(nowhere, None, None).await.entries, []);
    let since = ActivityFilter { since: Some(newest.at), ..ActivityFilter::default() };
    assert!(ask(since, None, None).await.entries.contains(newest));
    let until = ActivityFilter { until: Some(all.entries.last().unwrap().at), ..ActivityFilter::default() };
    assert_eq!(ask(until, None, None).await.entries, []);

    let verdict = activity_verify(&app, Empty {}, &Silent).await.unwrap();
    assert!(verdict.ok && verdict.log.size == size);
    let written = async |filter, form| {
        let paper = Paper::default();
        let bytes = Arc::clone(&paper.0);
        write_log(&app, ActivitySave { filter, form }, Box::new(paper)).await.unwrap();
        String::from_utf8(std::mem::take(&mut *bytes.lock().unwrap())).unwrap()
    };
    let lines = written(ActivityFilter::default(), LogForm::Lines).await;
    let mut verifier = verify::Verifier::new(Some(verdict.log));
    read_lines(lines.as_bytes()).unwrap().iter().for_each(|entry| verifier.add(entry));
    assert!(verifier.finish(&library.audit_head().await.unwrap()).ok, "what was exported can be verified");
    let table = written(of, LogForm::Csv).await;
    assert_eq!(table.lines().count(), captures(1).len() + 2);
    assert!(table.lines().nth(1).unwrap().contains(stays.as_str()));
}
