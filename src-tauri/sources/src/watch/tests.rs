use std::fs;

use backstory_core::{
    model::CharacterId,
    storage::{Deleted, HistoryQuery, QueryFilter},
};
use backstory_storage::{clock::SystemClock, memory::MemoryStorage};
use tempfile::TempDir;

use super::*;
use crate::registry;

/// The smallest document that is a D&D Beyond character.
fn document(id: u32, name: &str) -> String {
    format!(
        r#"{{"id":{id},"name":"{name}","dateModified":"2025-03-01T18:30:00Z","stats":[],"classes":[],"race":null,
        "bonusStats":[],"overrideStats":[],"modifiers":{{}},"inventory":[],"baseHitPoints":8,"removedHitPoints":0,
        "currencies":null,"choices":{{}},"actions":{{}},"characterValues":[],"readonlyUrl":"","campaign":null}}"#
    )
}

/// Folders, a library, and a watch on them.
struct Place {
    folder: TempDir,
    memory: TempDir,
    library: Arc<Library>,
    settings: Settings,
}

struct Running {
    watch: Watch,
    events: mpsc::UnboundedReceiver<Event>,
}

impl Place {
    fn new() -> Self {
        let storage = Arc::new(MemoryStorage::new());
        let library = Library::new(storage, registry::sources(), Arc::new(SystemClock), "test");
        let settings = Settings {
            settle: Duration::from_millis(40),
            patience: Duration::from_secs(600),
            look: Duration::from_secs(600),
            ..Settings::default()
        };
        let (folder, memory) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        Self { folder, memory, library: Arc::new(library), settings }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    /// Watches, and waits until what is there was taken.
    async fn watch(&self) -> (Running, Vec<String>) {
        let folders = vec![self.folder.path().to_owned()];
        let library = Arc::clone(&self.library);
        let (watch, events) = Watch::start(library, folders, self.memory.path(), self.settings).unwrap();
        let mut running = Running { watch, events };
        let told = running.until_idle().await;
        (running, told)
    }

    async fn names(&self) -> Vec<String> {
        let filter = QueryFilter { deleted: Deleted::With, ..QueryFilter::default() };
        let mut names: Vec<String> =
            self.library.query(&filter).await.unwrap().items.into_iter().map(|index| index.name).collect();
        names.sort();
        names
    }

    async fn versions(&self, id: &str) -> Vec<u64> {
        let query = HistoryQuery::all(CharacterId::new(id).unwrap());
        self.library.history(&query).await.unwrap().items.iter().map(|version| version.seen.count).collect()
    }
}

impl Running {
    async fn next(&mut self) -> Event {
        let event = tokio::time::timeout(Duration::from_secs(20), self.events.recv()).await;
        event.expect("something happens in time").expect("the watch goes on")
    }

    /// The next event, in a word and a file name.
    async fn told(&mut self) -> String {
        say(&self.next().await)
    }

    async fn until_idle(&mut self) -> Vec<String> {
        let mut told = Vec::new();
        loop {
            match self.next().await {
                Event::Idle => return told,
                event => told.push(say(&event)),
            }
        }
    }
}

fn say(event: &Event) -> String {
    let name = |path: &str| path.rsplit(['/', '\\']).next().unwrap().to_owned();
    let code = |result: &FileResult| result.error.as_ref().map(|error| error.code);
    match event {
        Event::Captured(result) => format!("{:?} {}", result.outcome, name(&result.path)),
        Event::Refused(result) => format!("Refused {} {:?}", name(&result.path), code(result).unwrap()),
        Event::Ignored(result) => format!("Ignored {}", name(&result.path)),
        Event::Waiting { path } => format!("Waiting {}", name(path)),
        Event::Trouble(error) => format!("Trouble {:?}", error.code),
        Event::Idle => "Idle".to_owned(),
    }
}

#[tokio::test]
async fn what_is_there_and_what_comes_is_taken() {
    let place = Place::new();
    place.write("a.json", &document(1, "Tamsin"));
    let (mut watch, told) = place.watch().await;
    assert_eq!(told, ["Added a.json"]);
    fs::create_dir(place.path("deep")).unwrap();
    place.write("deep/b.json", &document(2, "Maren"));
    assert_eq!(watch.until_idle().await, ["Added b.json"]);
    place.write("a.json", &document(1, "Tamsin Reed"));
    assert_eq!(watch.until_idle().await, ["Changed a.json"]);
    assert_eq!(place.names().await, ["Maren", "Tamsin Reed"]);
    watch.watch.stop().await;
}

#[tokio::test]
async fn without_notices_it_looks_by_itself() {
    let mut place = Place::new();
    place.settings.notices = false;
    place.settings.look = Duration::from_millis(50);
    let (mut watch, told) = place.watch().await;
    assert!(told.is_empty());
    place.write("a.json", &document(1, "Tamsin"));
    assert_eq!(watch.until_idle().await, ["Added a.json"]);
}

#[tokio::test]
async fn a_half_written_file_is_waited_for() {
    let place = Place::new();
    let (mut watch, _) = place.watch().await;
    let text = document(1, "Tamsin");
    place.write("a.json", &text[..text.len() / 2]);
    assert_eq!(watch.told().await, "Waiting a.json");
    place.write("a.json", &text);
    assert_eq!(watch.until_idle().await, ["Added a.json"]);
}

#[tokio::test]
async fn what_stays_unreadable_is_said_once() {
    let mut place = Place::new();
    place.settings.patience = Duration::from_millis(80);
    let text = document(1, "Tamsin");
    place.write("cut.json", &text[..100]);
    place.write("empty.json", "");
    place.write("page.json", "<!doctype html><title>Just a moment...</title>");
    place.write("other.json", r#"{"name":"package"}"#);
    let (mut watch, mut told) = place.watch().await;
    told.sort();
    assert_eq!(
        told,
        [
            "Ignored other.json",
            "Refused cut.json JsonTruncated",
            "Refused empty.json FileEmpty",
            "Refused page.json WebPage",
            "Waiting cut.json",
            "Waiting empty.json",
        ]
    );
    // Another file makes it look again: the first ones are not told again, now or after a restart.
    place.write("b.json", &document(2, "Maren"));
    assert_eq!(watch.until_idle().await, ["Added b.json"]);
    watch.watch.stop().await;
    let (mut watch, told) = place.watch().await;
    assert!(told.is_empty(), "{told:?}");
    place.write("cut.json", &text);
    assert_eq!(watch.until_idle().await, ["Added cut.json"]);
}

#[tokio::test]
async fn a_file_that_is_replaced_by_renaming_is_taken() {
    let place = Place::new();
    place.write("a.json", &document(1, "Tamsin"));
    let (mut watch, _) = place.watch().await;
    place.write("a.json.part", &document(1, "Tamsin Reed"));
    fs::rename(place.path("a.json.part"), place.path("a.json")).unwrap();
    assert_eq!(watch.until_idle().await, ["Changed a.json"]);
}

#[tokio::test]
async fn a_file_that_is_deleted_leaves_the_history_alone() {
    let place = Place::new();
    place.write("a.json", &document(1, "Tamsin"));
    let (mut watch, _) = place.watch().await;
    fs::remove_file(place.path("a.json")).unwrap();
    place.write("b.json", &document(2, "Maren"));
    assert_eq!(watch.until_idle().await, ["Added b.json"]);
    assert_eq!(place.names().await, ["Maren", "Tamsin"]);
}

#[tokio::test]
async fn two_hundred_files_at_once() {
    let place = Place::new();
    let (mut watch, _) = place.watch().await;
    for id in 1..=200 {
        place.write(&format!("{id}.json"), &document(id, &format!("Tamsin {id}")));
    }
    let mut told = Vec::new();
    while told.len() < 200 {
        told.extend(watch.until_idle().await);
    }
    told.sort();
    told.dedup();
    assert_eq!(told.len(), 200);
    assert!(told.iter().all(|event| event.starts_with("Added ")), "{told:?}");
}

#[tokio::test]
async fn a_restart_takes_only_what_changed_meanwhile() {
    let place = Place::new();
    place.write("a.json", &document(1, "Tamsin"));
    place.write("b.json", &document(2, "Maren"));
    let (watch, _) = place.watch().await;
    watch.watch.stop().await;
    place.library.delete(&CharacterId::new("ddb-2").unwrap()).await.unwrap();
    place.write("a.json", &document(1, "Tamsin Reed"));
    let (watch, told) = place.watch().await;
    assert_eq!(told, ["Changed a.json"]);
    watch.watch.stop().await;
    // What was put into the bin does not come back from a file that still lies there.
    let binned = QueryFilter { deleted: Deleted::Only, ..QueryFilter::default() };
    assert_eq!(place.library.query(&binned).await.unwrap().total, 1);
    let before = place.versions("ddb-1").await;

    // A memory that is lost costs a reading and adds nothing.
    let memory = place.memory.path().join("watched.json");
    assert!(!fs::read_to_string(&memory).unwrap().contains("a.json"), "it knows no names");
    fs::write(&memory, "{\"dam").unwrap();
    let (_watch, told) = place.watch().await;
    assert_eq!(told.len(), 2);
    assert_eq!(place.versions("ddb-1").await, before);
}

#[cfg(unix)]
#[tokio::test]
async fn links_libraries_and_what_others_leave_behind_are_left_alone() {
    let place = Place::new();
    let elsewhere = tempfile::tempdir().unwrap();
    fs::write(elsewhere.path().join("far.json"), document(9, "Far")).unwrap();
    std::os::unix::fs::symlink(elsewhere.path().join("far.json"), place.path("far.json")).unwrap();
    std::os::unix::fs::symlink(elsewhere.path(), place.path("away")).unwrap();
    std::os::unix::fs::symlink(place.folder.path(), place.path("around")).unwrap();
    fs::create_dir_all(place.path("library/characters/ddb-9")).unwrap();
    place.write("library/metadata.json", "{}");
    place.write("library/characters/ddb-9/latest.json", &document(9, "Own"));
    place.write(".hidden.json", &document(9, "Hidden"));
    place.write("a.json.tmp", "{");
    place.write("notes.txt", "x");
    place.write("a.json", &document(1, "Tamsin"));
    std::os::unix::fs::symlink(place.path("a.json"), place.path("near.json")).unwrap();
    let (_watch, told) = place.watch().await;
    assert_eq!(told, ["Added a.json"]);
    let own = Watch::start(
        Arc::clone(&place.library),
        vec![place.path("library")],
        place.memory.path(),
        place.settings,
    );
    assert_eq!(own.unwrap_err().code, Code::InvalidArgument);
}

#[tokio::test]
async fn a_folder_that_is_away_is_said_once_and_taken_up_when_it_is_back() {
    let mut place = Place::new();
    place.settings.look = Duration::from_millis(50);
    let away = place.folder.path().with_extension("away");
    fs::rename(place.folder.path(), &away).unwrap();
    let (mut watch, told) = place.watch().await;
    assert_eq!(told.len(), 1);
    assert!(told[0].ends_with("FileUnreadable"), "{told:?}");
    fs::write(away.join("a.json"), document(1, "Tamsin")).unwrap();
    fs::rename(&away, place.folder.path()).unwrap();
    assert_eq!(watch.until_idle().await, ["Added a.json"]);
}

#[tokio::test]
async fn once_ends_by_itself() {
    let mut place = Place::new();
    place.settings.once = true;
    place.settings.patience = Duration::from_millis(80);
    place.write("a.json", &document(1, "Tamsin"));
    place.write("cut.json", "{\"id\":");
    let (mut watch, told) = place.watch().await;
    assert_eq!(told, ["Added a.json", "Waiting cut.json", "Refused cut.json JsonTruncated"]);
    let end = tokio::time::timeout(Duration::from_secs(20), watch.events.recv()).await.unwrap();
    assert!(end.is_none());
}
