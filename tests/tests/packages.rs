//! Taking data along and bringing it back: what is in a `.backstory` file, and what a hostile one cannot do.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests may")]

use std::{
    fs,
    io::{self, Read, Write},
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

use backstory_core::{
    api::{
        App, Parts,
        export::{Exported, Form, How, Outlet, chosen, export},
        import::{ImportOptions, Intake, Outcome, import},
    },
    clock::Clock,
    error::{Code, Error, Result},
    job::{Cancel, Progress, ProgressEvent, Silent},
    library::{Captured, Library},
    migrate::Whole,
    model::CharacterId,
    package::{HISTORY, MANIFEST, SCHEMAS, SUMS, sha256},
    storage::{CharacterStorage, CheckScope, Secret, StorageFactory, StoreOptions},
};
use backstory_sources::{files::Files, sample};
use backstory_storage::{clock::SystemClock, memory::MemoryStorage, open::Stores, outlet::FileOutlet};
use backstory_tests::{app::parts, fixtures::Still};
use tempfile::TempDir;
use zip::{CompressionMethod, ZipArchive, ZipWriter, write::SimpleFileOptions};

/// A program over this store.
fn app(storage: Arc<dyn CharacterStorage>) -> App {
    app_at(storage, Arc::new(SystemClock))
}

fn app_at(storage: Arc<dyn CharacterStorage>, clock: Arc<dyn Clock>) -> App {
    App::new(Parts { storage: Ok(storage), clock, ..parts() })
}

/// The sample characters in a store, one in the bin, one with a pin, tags and a note.
async fn filled(storage: Arc<dyn CharacterStorage>) -> App {
    let app = app(storage);
    fill(&app).await;
    app
}

async fn fill(app: &App) {
    let library = app.library().unwrap();
    library.capture(&sample::drafts().unwrap()).await.unwrap();
    let ids = ids(&library).await;
    let version = library.version(&ids[0], "first").await.unwrap();
    library.pin(&version, true).await.unwrap();
    library.tag(&version, &["before the dragon".to_owned()], &[]).await.unwrap();
    library.note(&version, Some("She was so young.\nAnd so small.")).await.unwrap();
    library.delete(&ids[1]).await.unwrap();
}

async fn ids(library: &Library) -> Vec<CharacterId> {
    chosen(library, &[]).await.unwrap().into_iter().map(|(id, _)| id).collect()
}

async fn pack(app: &App, to: &Path, passphrase: Option<&str>) -> Exported {
    packed(app, to, Form::Backstory, passphrase, &Silent).await.unwrap()
}

async fn packed(
    app: &App,
    to: &Path,
    form: Form,
    passphrase: Option<&str>,
    progress: &dyn Progress,
) -> Result<Exported> {
    let ids = ids(&app.library().unwrap()).await;
    let outlet = Box::new(FileOutlet::create(to)?);
    export(app, &ids, How { form, redact: false, passphrase: passphrase.map(Secret::new) }, outlet, progress)
        .await
}

/// Imports a file; what became of each character, in the order of their ids.
async fn bring(app: &App, file: &Path, passphrase: Option<&str>) -> Vec<(Outcome, Option<Error>)> {
    let files = Files::new().list(&[file.to_owned()]).await;
    let options = ImportOptions { passphrase: passphrase.map(Secret::new), ..ImportOptions::default() };
    let report = import(app, files, options, &Silent).await.unwrap();
    report.files.into_iter().map(|file| (file.outcome, file.error)).collect()
}

async fn outcomes(app: &App, file: &Path) -> Vec<Outcome> {
    bring(app, file, None).await.into_iter().map(|(outcome, _)| outcome).collect()
}

/// Everything a library has, documents and all.
async fn everything(library: &Library) -> Vec<(Whole, Vec<Vec<u8>>)> {
    let mut all = Vec::new();
    for id in ids(library).await {
        let mut whole = library.whole(&id).await.unwrap();
        let mut documents = Vec::new();
        for version in &whole.versions {
            documents.push(library.document(version).await.unwrap());
        }
        // How often the row was written is each store's own count.
        whole.index.as_mut().unwrap().revision = 0;
        whole.sightings.sort();
        all.push((whole, documents));
    }
    all
}

/// What a zip holds: names and bytes, in its order.
type Entries = Vec<(String, Vec<u8>)>;

fn unzipped(file: &Path) -> Entries {
    let mut zip = ZipArchive::new(fs::File::open(file).unwrap()).unwrap();
    let mut files = Vec::new();
    for at in 0..zip.len() {
        let mut file = zip.by_index(at).unwrap();
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).unwrap();
        files.push((file.name().unwrap().into_owned(), bytes));
    }
    files
}

/// A zip of these files, with sums that are right unless one of the files is the sums.
fn zipped(to: &Path, files: &[(String, Vec<u8>)]) {
    let mut zip = ZipWriter::new(fs::File::create(to).unwrap());
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    let mut sums = String::new();
    for (name, bytes) in files {
        zip.start_file(name, options).unwrap();
        zip.write_all(bytes).unwrap();
        sums.push_str(&format!("{}  {name}\n", sha256(bytes)));
    }
    if files.iter().all(|(name, _)| name != SUMS) {
        zip.start_file(SUMS, options).unwrap();
        zip.write_all(sums.as_bytes()).unwrap();
    }
    zip.finish().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_comes_back_into_every_kind_of_library() {
    let folder = tempfile::tempdir().unwrap();
    let source = filled(Arc::new(MemoryStorage::new())).await;
    let before = everything(&source.library().unwrap()).await;
    let file = folder.path().join("all.backstory");
    let exported = pack(&source, &file, None).await;
    assert_eq!(exported.characters, before.len() as u64);
    assert_eq!(exported.versions, before.iter().map(|(whole, _)| whole.versions.len() as u64).sum::<u64>());
    assert_eq!(exported.sha256, sha256(&fs::read(&file).unwrap()));
    assert_eq!(exported.bytes, fs::metadata(&file).unwrap().len());

    for address in ["b.sqlite", "b/"] {
        let address = format!("{}/{address}", folder.path().display());
        let target = app(Stores.open(&address).await.unwrap());
        assert_eq!(outcomes(&target, &file).await, vec![Outcome::Added; before.len()]);
        assert_eq!(everything(&target.library().unwrap()).await, before, "{address}");
        assert_eq!(outcomes(&target, &file).await, vec![Outcome::Identical; before.len()]);
        assert_eq!(everything(&target.library().unwrap()).await, before, "a second time does nothing");

        // And on to the next one.
        let again = folder.path().join("again.backstory");
        pack(&target, &again, None).await;
        let package = Stores.open(again.to_str().unwrap()).await.unwrap();
        let report = package.check(CheckScope::Data, &Silent, &Cancel::default()).await.unwrap();
        assert_eq!(report.problems, []);
        assert_eq!(report.versions, exported.versions);
    }
}

#[tokio::test]
async fn a_file_explains_itself_without_backstory() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("all.backstory");
    pack(&filled(Arc::new(MemoryStorage::new())).await, &file, None).await;
    let files = unzipped(&file);
    let (_, sums) = files.last().filter(|(name, _)| name == SUMS).expect("the sums come last");
    let sums = String::from_utf8(sums.clone()).unwrap();
    let expected: String =
        files[..files.len() - 1].iter().map(|(name, bytes)| format!("{}  {name}\n", sha256(bytes))).collect();
    assert_eq!(sums, expected);
    assert!(files.iter().any(|(name, _)| name == "README.txt"));

    let schema =
        |at: usize| jsonschema::validator_for(&serde_json::from_str(SCHEMAS[at].1).unwrap()).unwrap();
    let (manifest, character, history) = (schema(0), schema(1), schema(2));
    let holds = |schema: &jsonschema::Validator, name: &str, text: &[u8]| {
        let value = serde_json::from_slice(text).unwrap();
        let wrong: Vec<String> = schema.iter_errors(&value).map(|error| error.to_string()).collect();
        assert!(wrong.is_empty(), "{name}: {wrong:?}");
    };
    let mut looked_at = 0;
    for (name, text) in &files {
        match name.rsplit('/').next().unwrap() {
            MANIFEST => holds(&manifest, name, text),
            "character.json" => holds(&character, name, text),
            HISTORY => {
                text.split(|b| *b == b'\n').filter(|l| !l.is_empty()).for_each(|l| holds(&history, name, l))
            }
            _ => continue,
        }
        looked_at += 1;
    }
    assert!(looked_at > 6, "{looked_at}");
    let sheet = files.iter().find(|(name, _)| name.ends_with("/sheet.json")).unwrap();
    let sheet: serde_json::Value = serde_json::from_slice(&sheet.1).unwrap();
    assert!(sheet["armor_class"]["value"].is_number());
}

#[tokio::test]
async fn two_histories_that_went_on_become_one() {
    let folder = tempfile::tempdir().unwrap();
    let drafts = sample::drafts().unwrap();
    let id = drafts[0].character.clone();
    let of: Vec<_> = drafts.into_iter().filter(|draft| draft.character == id).collect();
    assert!(of.len() > 8);
    let (shared, rest) = of.split_at(3);
    let (ours, theirs): (Vec<_>, Vec<_>) = rest.iter().cloned().enumerate().partition(|(at, _)| at % 2 == 0);
    let second = |drafts: Vec<(usize, _)>| drafts.into_iter().map(|(_, draft)| draft).collect::<Vec<_>>();
    let (ours, theirs) = (second(ours), second(theirs));

    let there = app(Arc::new(MemoryStorage::new()));
    there.library().unwrap().capture(shared).await.unwrap();
    let file = folder.path().join("shared.backstory");
    pack(&there, &file, None).await;
    let here = app(Arc::new(MemoryStorage::new()));
    assert_eq!(outcomes(&here, &file).await, [Outcome::Added]);
    here.library().unwrap().capture(&ours).await.unwrap();
    there.library().unwrap().capture(&theirs).await.unwrap();
    let newest = there.library().unwrap().version(&id, "latest").await.unwrap();
    there.library().unwrap().note(&newest, Some("from the other computer")).await.unwrap();
    pack(&there, &file, None).await;
    assert_eq!(outcomes(&here, &file).await, [Outcome::Changed]);

    let library = here.library().unwrap();
    let whole = library.whole(&id).await.unwrap();
    let told: Vec<_> = whole.versions.iter().map(|v| (v.captured_at, v.content, v.summary.clone())).collect();
    let straight = app(Arc::new(MemoryStorage::new()));
    straight.library().unwrap().capture(&of).await.unwrap();
    let expected = straight.library().unwrap().whole(&id).await.unwrap();
    let expected: Vec<_> =
        expected.versions.iter().map(|v| (v.captured_at, v.content, v.summary.clone())).collect();
    assert_eq!(told, expected, "as if all of it had been captured here");
    // The same document may have been seen here first: then its version is older, and has the note.
    let noted: Vec<_> = whole.versions.iter().filter(|version| version.note.is_some()).collect();
    assert_eq!(noted.iter().map(|version| version.content).collect::<Vec<_>>(), [newest.content]);
    assert!(noted[0].captured_at <= newest.captured_at && noted[0].seen.last >= newest.captured_at);
    let package = Stores.open(file.to_str().unwrap()).await.unwrap();
    let again = library.take_in(package, &Silent, &Cancel::default()).await.unwrap();
    assert_eq!(again[0].outcome.as_ref().unwrap(), &Captured::Identical);
}

#[tokio::test]
async fn an_encrypted_export_opens_with_its_words_only() {
    let folder = tempfile::tempdir().unwrap();
    let source = filled(Arc::new(MemoryStorage::new())).await;
    let file = folder.path().join("all.backstory.age");
    pack(&source, &file, Some("a staple of horses")).await;
    let bytes = fs::read(&file).unwrap();
    assert!(bytes.starts_with(b"age-encryption.org/v1\n-> scrypt "));
    for (whole, _) in everything(&source.library().unwrap()).await {
        let name = whole.index.unwrap().name;
        assert!(!bytes.windows(name.len()).any(|window| window == name.as_bytes()), "{name} can be read");
    }
    let target = app(Arc::new(MemoryStorage::new()));
    let code = |results: Vec<(Outcome, Option<Error>)>| results[0].1.as_ref().map(|error| error.code);
    assert_eq!(code(bring(&target, &file, None).await), Some(Code::PassphraseNeeded));
    assert_eq!(code(bring(&target, &file, Some("A staple of horses")).await), Some(Code::PassphraseWrong));
    assert_eq!(code(bring(&target, &file, Some("a staple of horses")).await), None);
    let (here, there) = (target.library().unwrap(), source.library().unwrap());
    assert_eq!(everything(&here).await, everything(&there).await);

    let outlet = FileOutlet::create(&folder.path().join("open.age")).unwrap();
    let how = How { passphrase: Some(Secret::new("")), ..How::default() };
    let refused = export(&source, &[], how, Box::new(outlet), &Silent).await;
    assert_eq!(refused.unwrap_err().code, Code::InvalidArgument);
}

/// Nothing of the player is in what is shown to others, whatever it looks like, and it can be taken in like anything else.
#[tokio::test]
async fn what_is_shared_tells_nobody_who_plays() {
    const CANARY: &str = "kanarienvogel-51f3";
    let folder = tempfile::tempdir().unwrap();
    let source = app(Arc::new(MemoryStorage::new()));
    let library = source.library().unwrap();
    let mut number = String::new();
    let drafts = sample::drafts().unwrap();
    let of_one = drafts.iter().filter(|draft| draft.character == drafts[0].character);
    for (at, draft) in of_one.enumerate() {
        let document: serde_json::Value = serde_json::from_slice(&draft.document).unwrap();
        let mut document = document.get("data").unwrap_or(&document).clone();
        number = document["id"].to_string();
        document["username"] = CANARY.into();
        document["notes"]["backstory"] = format!("{CANARY} of the seventh house, visit {at}").into();
        document["traits"]["flaws"] = CANARY.into();
        document["faith"] = CANARY.into();
        document["race"]["fullName"] = format!("Friend of {CANARY}").into();
        let text = format!("{{\"data\":{document}}}");
        let name = format!("{CANARY}.json");
        let options = ImportOptions { captured_at: Some(draft.captured_at), ..ImportOptions::default() };
        fs::write(folder.path().join(&name), text).unwrap();
        let files = Files::new().list(&[folder.path().join(&name)]).await;
        let report = import(&source, files, options, &Silent).await.unwrap();
        assert_ne!(report.files[0].outcome, Outcome::Failed, "{:?}", report.files[0].error);
    }
    let id = ids(&library).await.remove(0);
    let first = library.version(&id, "first").await.unwrap();
    library.pin(&first, true).await.unwrap();
    library.tag(&first, &[CANARY.to_owned()], &[]).await.unwrap();
    library.note(&first, Some(CANARY)).await.unwrap();
    let before = everything(&library).await;

    for form in [Form::Backstory, Form::Json, Form::Markdown, Form::Csv] {
        let file = folder.path().join(format!("shared.{}", form.ending()));
        let how = How { form, redact: true, passphrase: None };
        let outlet = Box::new(FileOutlet::create(&file).unwrap());
        export(&source, std::slice::from_ref(&id), how, outlet, &Silent).await.unwrap();
        let texts = match form {
            Form::Backstory => unzipped(&file),
            _ => vec![(String::new(), fs::read(&file).unwrap())],
        };
        for (name, bytes) in &texts {
            let text = format!("{name}\n{}", String::from_utf8_lossy(bytes));
            assert!(!text.contains(CANARY), "{form:?} {name}");
            assert!(!text.contains(&number), "{form:?} {name}: its number");
        }
    }
    assert_eq!(everything(&library).await, before, "showing changes nothing");

    let file = folder.path().join("shared.backstory");
    let manifest: serde_json::Value =
        serde_json::from_slice(&unzipped(&file).into_iter().find(|(name, _)| name == MANIFEST).unwrap().1)
            .unwrap();
    assert_eq!(manifest["redacted"], true);
    let target = app(Arc::new(MemoryStorage::new()));
    assert_eq!(outcomes(&target, &file).await, [Outcome::Added]);
    let there = everything(&target.library().unwrap()).await.remove(0).0;
    let here = &before[0].0;
    // Of two that differ in what is personal alone, one is shown.
    assert!(there.versions.len() > 10 && there.versions.len() <= here.versions.len());
    assert!(
        there.versions[0].pinned && there.versions[0].note.is_none() && there.versions[0].tags.is_empty()
    );
    assert_eq!(there.index.as_ref().unwrap().name, here.index.as_ref().unwrap().name);
    assert_eq!(there.index.unwrap().level, here.index.as_ref().unwrap().level);

    // Two that were shared are not known to be of one character.
    let again = folder.path().join("again.backstory");
    let how = How { redact: true, ..How::default() };
    export(&source, &[id], how, Box::new(FileOutlet::create(&again).unwrap()), &Silent).await.unwrap();
    let folder_of = |file: &Path| {
        unzipped(file).into_iter().find_map(|(name, _)| Some(name.strip_prefix("characters/")?.to_owned()))
    };
    assert_ne!(folder_of(&again), folder_of(&file));
}

/// Has room for so many bytes.
struct Small(usize, Arc<Mutex<bool>>);

impl Write for Small {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 = self.0.checked_sub(bytes.len()).ok_or(io::ErrorKind::StorageFull)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Outlet for Small {
    fn keep(self: Box<Self>) -> Result<String> {
        *self.1.lock().unwrap() = true;
        Ok("kept".to_owned())
    }
}

/// Asks for a stop at the first step.
struct Stop<'a>(&'a App);

impl Progress for Stop<'_> {
    fn report(&self, event: ProgressEvent) {
        if let ProgressEvent::Advanced { .. } = event {
            self.0.cancel_jobs();
        }
    }
}

#[tokio::test]
async fn a_file_is_there_whole_or_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    // The time is written into the file: where it goes on, one export may be some bytes shorter than the one before.
    let source = app_at(Arc::new(MemoryStorage::new()), Arc::new(Still::default()));
    fill(&source).await;
    let ids = ids(&source.library().unwrap()).await;
    for form in [Form::Backstory, Form::Json, Form::Markdown, Form::Csv] {
        let file = folder.path().join(format!("all.{}", form.ending()));
        fs::write(&file, "what stood there").unwrap();
        let stopped = packed(&source, &file, form, None, &Stop(&source)).await;
        assert_eq!(stopped.unwrap_err().code, Code::Cancelled);
        assert_eq!(fs::read(&file).unwrap(), b"what stood there");

        let whole = packed(&source, &file, form, None, &Silent).await.unwrap().bytes;
        for room in [0, 1, 1_000, usize::try_from(whole).unwrap() - 1] {
            let kept = Arc::new(Mutex::new(false));
            let outlet = Box::new(Small(room, Arc::clone(&kept)));
            let full =
                export(&source, &ids, How { form, ..How::default() }, outlet, &Silent).await.unwrap_err();
            assert_eq!(full.code, Code::StorageFull, "{form:?} with room for {room}");
            assert!(!*kept.lock().unwrap());
        }
        let kept = Arc::new(Mutex::new(false));
        // The audit log is a part of it, and tells of the export before.
        let outlet = Box::new(Small(usize::try_from(whole).unwrap() * 2, Arc::clone(&kept)));
        export(&source, &ids, How { form, ..How::default() }, outlet, &Silent).await.unwrap();
        assert!(*kept.lock().unwrap(), "{form:?} has room for all of its {whole} bytes");
    }
    let left: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left.len(), 4, "nothing else is left: {left:?}");
    let nowhere = FileOutlet::create(&folder.path().join("no such folder/a.backstory")).unwrap_err();
    assert_eq!(nowhere.code, Code::StorageFailed);
}

#[tokio::test]
async fn other_programs_read_the_other_forms() {
    let folder = tempfile::tempdir().unwrap();
    let source = filled(Arc::new(MemoryStorage::new())).await;
    let of = async |form: Form| {
        let file = folder.path().join(form.ending());
        packed(&source, &file, form, None, &Silent).await.unwrap();
        fs::read_to_string(file).unwrap()
    };
    let all = everything(&source.library().unwrap()).await;
    let json: serde_json::Value = serde_json::from_str(&of(Form::Json).await).unwrap();
    for ((whole, documents), packed) in all.iter().zip(json["characters"].as_array().unwrap()) {
        assert_eq!(packed["history"].as_array().unwrap().len(), whole.versions.len());
        let newest = whole.versions.last().unwrap();
        let document: serde_json::Value = serde_json::from_slice(documents.last().unwrap()).unwrap();
        assert_eq!(packed["documents"][newest.content.to_string()], document);
    }
    let chronicle = of(Form::Markdown).await;
    let (first, csv) = (&all[0].0, of(Form::Csv).await);
    assert!(chronicle.starts_with(&format!("# {}\n", first.index.as_ref().unwrap().name)), "{chronicle}");
    for words in ["**before the dragon**", "  > She was so young.\n  > And so small.", "\n- Reached "] {
        assert!(chronicle.contains(words), "{words:?}: {chronicle}");
    }
    let versions: usize = all.iter().map(|(whole, _)| whole.versions.len()).sum();
    assert_eq!(csv.lines().count(), versions + 1);
    let columns = csv.lines().next().unwrap().split(',').count();
    assert_eq!(columns, 18, "{}", csv.lines().next().unwrap());
}

/// A good package of one character, to be made bad.
async fn good(folder: &TempDir) -> (PathBuf, Entries) {
    let source = app(Arc::new(MemoryStorage::new()));
    let drafts = sample::drafts().unwrap();
    source.library().unwrap().capture(&drafts[..3]).await.unwrap();
    let file = folder.path().join("good.backstory");
    pack(&source, &file, None).await;
    let files = unzipped(&file).into_iter().filter(|(name, _)| name != SUMS).collect();
    (file, files)
}

/// Opens a file and reads all of it: nothing but an error, or what it would be if it were whole.
async fn read(file: &Path) -> Result<Vec<(Whole, Vec<Vec<u8>>)>> {
    let package = Stores.open_with(file.to_str().unwrap(), &StoreOptions::default()).await?;
    let report = package.check(CheckScope::Data, &Silent, &Cancel::default()).await?;
    if let Some(problem) = report.problems.first() {
        return Err(Error::new(Code::StoreDamaged, problem.message.clone()));
    }
    Ok(everything(&app(package).library().unwrap()).await)
}

#[tokio::test]
async fn a_hostile_file_ends_in_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let (_, files) = good(&folder).await;
    let bad = folder.path().join("bad.backstory");
    let history = files.iter().position(|(name, _)| name.ends_with(HISTORY)).unwrap();
    let row = files.iter().position(|(name, _)| name.ends_with("character.json")).unwrap();
    let document = files.iter().position(|(name, _)| name.contains("/documents/")).unwrap();
    let manifest = files.iter().position(|(name, _)| name == MANIFEST).unwrap();
    let swap = |at: usize, old: &str, new: &str| {
        let mut files = files.clone();
        let text = String::from_utf8(files[at].1.clone()).unwrap();
        assert!(text.contains(old), "{old} is in {}", files[at].0);
        files[at].1 = text.replacen(old, new, 1).into_bytes();
        files
    };
    let extra = |name: &str| {
        let mut files = files.clone();
        files.push((name.to_owned(), b"evil".to_vec()));
        files
    };
    let line = |files: &[(String, Vec<u8>)]| String::from_utf8(files[history].1.clone()).unwrap();
    let doubled = {
        let mut files = files.clone();
        files[history].1 = format!("{}{}", line(&files), line(&files)).into_bytes();
        files
    };
    let id = files[row].0.split('/').nth(1).unwrap().to_owned();
    let missing = |at: usize| [&files[..at], &files[at + 1..]].concat();
    let cases: Vec<(&str, Entries)> = vec![
        ("a way out", extra("../../evil")),
        ("a way out in the middle", extra("characters/../../evil")),
        ("the root", extra("/tmp/evil")),
        ("a drive", extra("C:evil")),
        ("a backslash", extra("..\\evil")),
        ("a folder", extra("folder/")),
        ("another document", swap(document, "{", "{ ")),
        ("no document", missing(document)),
        ("no history", missing(history)),
        ("no row", missing(row)),
        ("no manifest", missing(manifest)),
        ("a version twice", doubled),
        (
            "a version of somebody else",
            swap(history, &format!("\"character\":\"{id}\""), "\"character\":\"ddb-1\""),
        ),
        ("a document from elsewhere", swap(history, "documents/v", "../../../documents/v")),
        ("a number beyond counting", swap(history, "\"version\":1,", "\"version\":9007199254740993,")),
        ("a huge document", swap(history, "\"bytes\":", "\"bytes\":99999999")),
        ("a row at its last write", swap(row, "\"revision\": ", "\"revision\": 9999999999999999")),
        ("a count that is wrong", swap(row, "\"versions\": ", "\"versions\": 7")),
        ("a row of somebody else", swap(row, &format!("\"id\": \"{id}\""), "\"id\": \"ddb-1\"")),
        ("an id that is a path", swap(manifest, &format!("\"id\": \"{id}\""), "\"id\": \"../evil\"")),
        ("a time before time", swap(history, "\"captured_at\":\"2", "\"captured_at\":\"0")),
        ("not JSON", swap(history, "{", "[")),
        ("of something else", swap(manifest, "\"backstory\"", "\"backstopy\"")),
    ];
    for (what, files) in cases {
        zipped(&bad, &files);
        let error = read(&bad).await.map(drop).expect_err(what);
        assert_eq!(error.code, Code::StoreDamaged, "{what}: {error:?}");
        assert!(error.message.len() < 300, "{what}: {error:?}");
    }
    zipped(&bad, &swap(manifest, "\"version\": 1", "\"version\": 2"));
    assert_eq!(read(&bad).await.map(drop).unwrap_err().code, Code::StoreNewer);
    zipped(&bad, &extra("something-new.json"));
    assert!(read(&bad).await.is_ok(), "what a later Backstory adds is passed over");
    let there: Vec<_> = fs::read_dir(folder.path()).unwrap().collect();
    assert_eq!(there.len(), 2, "nothing was written: {there:?}");

    // What is damaged costs only itself, and nothing of it is in the library.
    zipped(&bad, &swap(document, "{", "{ "));
    let target = app(Arc::new(MemoryStorage::new()));
    let results = bring(&target, &bad, None).await;
    let results: Vec<_> = results.iter().map(|(outcome, _)| *outcome).collect();
    assert_eq!(results, [Outcome::Failed, Outcome::Added]);
    let there = ids(&target.library().unwrap()).await;
    assert_eq!(there.len(), 1);
    assert_ne!(there[0].as_str(), id);
}

#[tokio::test]
async fn links_doubles_and_bombs_end_in_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let (good, files) = good(&folder).await;
    let bad = folder.path().join("bad.backstory");
    let rewritten = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = fs::read(&good).unwrap();
        change(&mut bytes);
        fs::write(&bad, bytes).unwrap();
    };

    // Two files of one name: a reader that looks at the one and trusts the other is deceived.
    let mut doubled = files.clone();
    doubled.push(("manifest.jsoX".to_owned(), files[0].1.clone()));
    zipped(&bad, &doubled);
    let bytes = fs::read(&bad).unwrap();
    let text: Vec<u8> = replaced(&bytes, b"manifest.jsoX", b"manifest.json");
    fs::write(&bad, text).unwrap();
    assert_eq!(read(&bad).await.map(drop).unwrap_err().code, Code::StoreDamaged);

    let mut zip = ZipWriter::new(fs::File::create(&bad).unwrap());
    zip.add_symlink("manifest.json", "/etc/passwd", SimpleFileOptions::default()).unwrap();
    zip.finish().unwrap();
    assert_eq!(read(&bad).await.map(drop).unwrap_err().code, Code::StoreDamaged);

    // 4 GB of zeros in 4 MB; and a file that says it is short.
    let mut zip = ZipWriter::new(fs::File::create(&bad).unwrap());
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    zip.start_file(SUMS, options).unwrap();
    let zeros = vec![0; 1 << 20];
    for _ in 0..=1 << 10 {
        zip.write_all(&zeros).unwrap();
    }
    zip.finish().unwrap();
    let error = read(&bad).await.map(drop).unwrap_err();
    assert!(error.message.contains("larger than anything"), "{error:?}");

    // A million files that are not there.
    rewritten(&|bytes| {
        let end = bytes.windows(4).rposition(|four| four == b"PK\x05\x06").unwrap();
        bytes[end + 8..end + 12].copy_from_slice(&[0xFF; 4]);
        let record = end as u64;
        let mut tail = b"PK\x06\x06".to_vec();
        tail.extend([0; 28]);
        tail.extend(1_000_000_u64.to_le_bytes());
        tail.extend([0; 16]);
        tail.extend(b"PK\x06\x07\0\0\0\0");
        tail.extend(record.to_le_bytes());
        tail.extend([0; 4]);
        let rest = bytes.split_off(end);
        bytes.extend(tail);
        bytes.extend(rest);
    });
    let error = read(&bad).await.map(drop).unwrap_err();
    assert!(error.message.contains("1000000 files"), "{error:?}");

    for length in [0, 1, 21, 22, 1_000] {
        rewritten(&|bytes| bytes.truncate(length));
        assert_eq!(
            read(&bad).await.map(drop).unwrap_err().code,
            Code::StoreDamaged,
            "cut off after {length} bytes"
        );
    }
}

fn replaced(bytes: &[u8], old: &[u8], new: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    while let Some(at) = bytes.windows(old.len()).position(|window| window == old) {
        bytes[at..at + new.len()].copy_from_slice(new);
    }
    bytes
}

/// Every 97th byte of a package, turned over: found, or without meaning.
#[tokio::test]
async fn a_flipped_byte_is_found_or_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (good, _) = good(&folder).await;
    let (bytes, expected) = (fs::read(&good).unwrap(), read(&good).await.unwrap());
    let bad = folder.path().join("bad.backstory");
    let (mut found, mut harmless) = (0, 0);
    for at in (0..bytes.len()).step_by(97) {
        let mut flipped = bytes.clone();
        flipped[at] ^= 0x55;
        fs::write(&bad, flipped).unwrap();
        match read(&bad).await {
            Ok(read) => {
                assert_eq!(read, expected, "byte {at}");
                harmless += 1;
            }
            Err(_) => found += 1,
        }
    }
    assert!(found > 20 * harmless, "{found} found, {harmless} without meaning");
}
