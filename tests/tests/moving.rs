//! Moving the library to another store, step by step, as the window does it: paused, gone on with, written to meanwhile, taken
//! back. Whatever happens, the old library is as it was.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test stops where it stands")]

use std::{
    collections::BTreeMap,
    fs,
    path::PathBuf,
    sync::{Arc, Mutex, mpsc},
};

use async_trait::async_trait;
use backstory_core::{
    api::{
        App, Host, Parts,
        app::Empty,
        moving::{
            MoveLook, MoveStart, MoveTo, Moved, Site, Switched, move_choose, move_rehearse, move_remove,
            move_start, move_switch,
        },
    },
    config::Address,
    encryption::{EncryptionState, KeyChange, Lock, Unlock},
    error::{Code, Error, Result},
    job::{Cancel, Doing, Progress, ProgressEvent, Silent},
    migrate::{Sealing, Whole},
    source::Draft,
    storage::{CharacterStorage, QueryFilter, Secret, StorageFactory as _, StorageInfo, StoreOptions},
};
use backstory_sources::{registry, sample};
use backstory_storage::{clock::SystemClock, machine, open::Stores, sites::StoreSite};
use backstory_tests::{
    app::{self, parts},
    disk::SmallDisk,
    keychains::Chain,
    servers::postgres::{Database, Server},
};
use tempfile::TempDir;

const START: MoveStart = MoveStart { plain: false };

/// A window in which the player always chooses the same.
struct Window {
    picked: PathBuf,
    options: StoreOptions,
    moved_in: Mutex<Option<String>>,
    refuses: Mutex<bool>,
}

#[async_trait]
impl Host for Window {
    async fn site(&self, to: MoveTo) -> Result<Option<Arc<dyn Site>>> {
        let options = self.options.clone();
        let site = match to {
            MoveTo::File => StoreSite::file(&self.picked, options)?,
            MoveTo::Folder => StoreSite::folder(&self.picked, options)?,
            MoveTo::Server { address } => StoreSite::server(Address::new(address.reveal()), options)?,
        };
        Ok(Some(Arc::new(site)))
    }

    async fn move_in(&self, site: &dyn Site) -> Result<Arc<dyn CharacterStorage>> {
        if *self.refuses.lock().unwrap() {
            return Err(Error::new(Code::KeychainUnavailable, "The keychain is locked."));
        }
        *self.moved_in.lock().unwrap() = Some(site.address().reveal().to_owned());
        site.open().await
    }

    async fn machine(&self, library: Option<&StorageInfo>) -> backstory_core::api::health::Machine {
        machine::look(library)
    }
}

/// A library with the samples in it, and a window on it.
struct Player {
    folder: TempDir,
    app: App,
    window: Arc<Window>,
    from: String,
}

impl Player {
    async fn new(picked: &str) -> Self {
        let folder = TempDir::new().unwrap();
        let from = folder.path().join("library.sqlite").display().to_string();
        let picked = folder.path().join(picked);
        Self::with(folder, from, picked, StoreOptions::default()).await
    }

    async fn with(folder: TempDir, from: String, picked: PathBuf, options: StoreOptions) -> Self {
        let window = Arc::new(Window {
            picked,
            options: options.clone(),
            moved_in: Mutex::default(),
            refuses: Mutex::default(),
        });
        let app = App::new(Parts {
            storage: Stores.open_with(&from, &options).await,
            backups: Ok(app::backups(Some((&from).into()), None)),
            host: Arc::clone(&window) as Arc<dyn Host>,
            origin: "window",
            ..parts()
        });
        let player = Self { folder, app, window, from };
        player.capture(&early()).await;
        player
    }

    async fn capture(&self, drafts: &[Draft]) {
        self.app.own_library().unwrap().capture(drafts).await.unwrap();
    }

    async fn choose(&self, to: MoveTo) -> Result<MoveLook> {
        Ok(move_choose(&self.app, to, &Silent).await?.unwrap())
    }

    async fn start(&self, progress: &dyn Progress) -> Result<Moved> {
        move_start(&self.app, START, progress).await
    }

    async fn switch(&self) -> Result<Switched> {
        move_switch(&self.app, Empty {}, &Silent).await
    }

    async fn remove(&self) -> Result<Empty> {
        move_remove(&self.app, Empty {}, &Silent).await
    }

    /// Every file and folder there is, with what is in it, but for what SQLite keeps of who has the library open.
    fn disk(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut waiting = vec![self.folder.path().to_owned()];
        let mut found = BTreeMap::new();
        while let Some(path) = waiting.pop() {
            if path.is_dir() {
                waiting.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
                found.insert(path, Vec::new());
            } else if !path.to_string_lossy().ends_with("-shm") {
                found.insert(path.clone(), fs::read(path).unwrap());
            }
        }
        found
    }
}

/// The samples without the last capture of each: something is left to come later.
fn early() -> Vec<Draft> {
    let mut drafts = sample::drafts().unwrap();
    drafts.truncate(drafts.len() - 5);
    drafts
}

fn late() -> Vec<Draft> {
    let drafts = sample::drafts().unwrap();
    drafts[drafts.len() - 5..].to_vec()
}

/// Everything that two stores must have in common: each character whole, and each document by its hash.
async fn assert_holds_all(of: &dyn CharacterStorage, at: &dyn CharacterStorage) {
    let rows = of.query(&QueryFilter::default()).await.unwrap().items;
    assert!(!rows.is_empty());
    for row in rows {
        let (one, other) = (Whole::look(of, &row.id).await.unwrap(), Whole::look(at, &row.id).await.unwrap());
        assert_eq!(one.versions, other.versions, "{}", row.name);
        assert_eq!(one.sightings.len(), other.sightings.len());
        for hash in one.contents().into_keys() {
            assert_eq!(
                of.document(&row.id, &hash).await.unwrap(),
                at.document(&row.id, &hash).await.unwrap()
            );
        }
    }
}

/// Stops the work once it has come so far.
struct StopAt<'a>(&'a App, u64);

impl Progress for StopAt<'_> {
    fn report(&self, event: ProgressEvent) {
        if let ProgressEvent::Advanced { done, .. } = event
            && done >= self.1
        {
            self.0.cancel_jobs();
        }
    }
}

/// Holds the work up at its first comparison until somebody lets it go on.
struct HoldUp {
    reached: tokio::sync::mpsc::UnboundedSender<()>,
    go_on: Mutex<Option<mpsc::Receiver<()>>>,
}

impl Progress for HoldUp {
    fn report(&self, event: ProgressEvent) {
        if let ProgressEvent::Character { doing: Doing::Comparing, .. } = event
            && let Some(go_on) = self.go_on.lock().unwrap().take()
        {
            self.reached.send(()).unwrap();
            go_on.recv().unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn into_a_folder_and_back_into_a_file() {
    let player = Player::new("moved").await;
    let look = player.choose(MoveTo::Folder).await.unwrap();
    assert_eq!((look.to.kind.as_str(), look.there, look.begun, look.skipped), ("folder", 0, false, 0));
    assert!(look.rehearses_whole && look.free.is_some() && look.stays.is_empty());
    let before = player.disk();
    let rehearsed = move_rehearse(&player.app, START, &Silent).await.unwrap();
    assert!(rehearsed.complete);
    assert_eq!((rehearsed.verified, rehearsed.versions), (look.versions, look.versions));
    assert_eq!(player.disk(), before, "a rehearsal leaves nothing");

    // Paused between two characters, and gone on with.
    let paused = player.start(&StopAt(&player.app, 10)).await.unwrap();
    assert!(paused.stopped && !paused.complete);
    let refused = player.switch().await.unwrap_err();
    assert_eq!(refused.code, Code::InvalidArgument, "half of it is no library");
    let again = player.choose(MoveTo::Folder).await.unwrap();
    assert!(again.begun && again.skipped > 0, "{again:?}");
    let moved = player.start(&Silent).await.unwrap();
    assert!(moved.complete);
    assert_eq!((moved.verified, moved.versions), (look.versions, look.versions));

    // Saved behind the copy, and taken over by the switch.
    player.capture(&late()).await;
    let old = Stores.open(&player.from).await.unwrap();
    let switched = player.switch().await.unwrap();
    assert!(switched.stays.is_empty());
    assert_eq!(switched.old.location, player.from);
    assert_eq!(switched.overview.store.kind, "folder");
    assert!(player.window.moved_in.lock().unwrap().as_ref().unwrap().ends_with("moved"));
    let new = player.app.own_library().unwrap().store();
    assert_holds_all(&*old, &*new).await;
    assert_eq!(new.statistics().await.unwrap().versions, old.statistics().await.unwrap().versions);
    let marks = |settings: Vec<backstory_core::storage::Setting>| {
        settings.into_iter().any(|setting| setting.key.starts_with("move.") && setting.value.is_some())
    };
    assert!(!marks(new.settings().await.unwrap()), "a library bears no mark of being filled");

    // And back, into a file whose name has no ending.
    let home = Player::with(
        TempDir::new().unwrap(),
        format!("folder:{}", player.folder.path().join("moved").display()),
        player.folder.path().join("again"),
        StoreOptions::default(),
    );
    let home = home.await;
    let look = home.choose(MoveTo::File).await.unwrap();
    assert!(look.to.location.ends_with("again.sqlite"));
    assert!(home.start(&Silent).await.unwrap().complete);
    home.switch().await.unwrap();
    assert_holds_all(&*new, &*home.app.own_library().unwrap().store()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_saved_during_the_copy_arrives() {
    let player = Player::new("moved.sqlite").await;
    player.choose(MoveTo::File).await.unwrap();
    let (reached, mut at) = tokio::sync::mpsc::unbounded_channel();
    let (go, go_on) = mpsc::channel();
    let hold_up = HoldUp { reached, go_on: Mutex::new(Some(go_on)) };
    let mut meanwhile = async |player: &Player| {
        at.recv().await.unwrap();
        player.capture(&late()).await;
        let refused = player.choose(MoveTo::File).await.unwrap_err();
        assert_eq!(refused.code, Code::StoreBusy, "one move at a time");
        go.send(()).unwrap();
    };
    let player = Arc::new(player);
    let copying = Arc::clone(&player);
    let copy = tokio::spawn(async move { copying.start(&hold_up).await });
    meanwhile(&player).await;
    assert!(copy.await.unwrap().unwrap().complete);
    let copied = Stores.open(player.folder.path().join("moved.sqlite").to_str().unwrap()).await.unwrap();
    assert_holds_all(&*player.app.own_library().unwrap().store(), &*copied).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn stopping_and_removing_leaves_the_disk_as_it_was() {
    for to in [MoveTo::File, MoveTo::Folder] {
        let player = Player::new("moved").await;
        if matches!(to, MoveTo::Folder) {
            fs::create_dir(player.folder.path().join("moved")).unwrap();
        }
        player.choose(to.clone()).await.unwrap();
        let before = player.disk();
        assert!(player.start(&StopAt(&player.app, 10)).await.unwrap().stopped);
        assert!(player.disk() != before);
        player.remove().await.unwrap();
        assert!(player.disk() == before, "{to:?}");

        // Also when all of it is there, and by a program that was started anew.
        player.choose(to.clone()).await.unwrap();
        assert!(player.start(&Silent).await.unwrap().complete);
        assert!(player.choose(to.clone()).await.unwrap().begun);
        player.remove().await.unwrap();
        assert!(player.disk() == before, "{to:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_there_before_or_came_since_is_never_removed() {
    let player = Player::new("moved.sqlite").await;
    let path = player.folder.path().join("moved.sqlite");
    {
        let other = Player::with(
            TempDir::new().unwrap(),
            path.display().to_string(),
            PathBuf::new(),
            StoreOptions::default(),
        );
        drop(other.await);
    }
    let look = player.choose(MoveTo::File).await.unwrap();
    assert!(look.there > 0 && !look.begun);
    player.start(&Silent).await.unwrap();
    let refused = player.remove().await.unwrap_err();
    assert_eq!(refused.code, Code::InvalidArgument);
    assert!(path.exists());
    let backups: Vec<_> = fs::read_dir(player.folder.path().join("backups")).unwrap().collect();
    assert_eq!(backups.len(), 1, "it was backed up before anything was copied into it");

    // A copy that somebody went on with.
    let player = Player::new("moved.sqlite").await;
    player.choose(MoveTo::File).await.unwrap();
    assert!(player.start(&Silent).await.unwrap().complete);
    let path = player.folder.path().join("moved.sqlite");
    let copied = Stores.open(path.to_str().unwrap()).await.unwrap();
    let library =
        backstory_core::library::Library::new(copied, registry::sources(), Arc::new(SystemClock), "test");
    library.capture(&late()).await.unwrap();
    drop(library);
    let refused = player.remove().await.unwrap_err();
    assert_eq!(refused.code, Code::Conflict);
    assert!(path.exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_take_the_library_is_refused_and_left_alone() {
    let player = Player::new("library.sqlite").await;
    assert_eq!(player.choose(MoveTo::File).await.unwrap_err().code, Code::InvalidArgument, "its own place");

    let player = Player::new("notes").await;
    let folder = player.folder.path().join("notes");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("shopping.txt"), "milk").unwrap();
    let before = player.disk();
    assert_eq!(player.choose(MoveTo::Folder).await.unwrap_err().code, Code::InvalidArgument, "other files");
    assert_eq!(player.disk(), before);

    let player = Player::new("other.sqlite").await;
    fs::write(player.folder.path().join("other.sqlite"), "no library".repeat(1000)).unwrap();
    let refused = player.choose(MoveTo::File).await.unwrap_err();
    assert!([Code::StoreDamaged, Code::InvalidArgument].contains(&refused.code), "{refused:?}");
    assert!(move_start(&player.app, START, &Silent).await.is_err(), "nothing was chosen");

    let player = Player::new("newer.sqlite").await;
    let path = player.folder.path().join("newer.sqlite");
    drop(Stores.open(path.to_str().unwrap()).await.unwrap());
    let newer = "INSERT INTO refinery_schema_history SELECT max(version) + 1, 'later', applied_on, checksum \
                 FROM refinery_schema_history";
    rusqlite::Connection::open(&path).unwrap().execute_batch(newer).unwrap();
    assert_eq!(player.choose(MoveTo::File).await.unwrap_err().code, Code::StoreNewer);

    let secret = MoveTo::Server { address: Secret::new("mysql://ada:s3cret@host/db") };
    let refused = player.choose(secret).await.unwrap_err();
    assert_eq!(refused.code, Code::InvalidArgument);
    assert!(!format!("{refused:?}").contains("s3cret"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_in_the_middle_keeps_what_was_copied() {
    let Some(disk) = SmallDisk::new(800) else { return };
    let folder = TempDir::new().unwrap();
    let from = folder.path().join("library.sqlite").display().to_string();
    let player = Player::with(folder, from, disk.path().join("moved.sqlite"), StoreOptions::default()).await;
    let heroes: Vec<Draft> = sample::scale(300, 1).map(|hero| hero.draft().unwrap()).collect();
    player.capture(&heroes).await;
    let look = player.choose(MoveTo::File).await.unwrap();
    assert!(look.free.unwrap() <= 800 << 10);
    let rehearsal = move_rehearse(&player.app, START, &Silent).await.unwrap_err();
    assert_eq!(rehearsal.code, Code::StorageFull, "the rehearsal finds it out: {rehearsal:?}");
    assert_eq!(fs::read_dir(disk.path()).unwrap().count(), 0, "and leaves nothing");
    let error = player.start(&Silent).await.unwrap_err();
    assert_eq!(error.code, Code::StorageFull);
    assert!(error.kept.is_some() && error.hint.is_some(), "{error:?}");
    let grown =
        std::process::Command::new("mount").args(["-o", "remount,size=64m"]).arg(disk.path()).status();
    assert!(grown.unwrap().success());
    assert!(player.start(&Silent).await.unwrap().complete, "it goes on");
    player.remove().await.unwrap();
    assert_eq!(fs::read_dir(disk.path()).unwrap().count(), 0);
}

async fn database(server: &'static Server) -> (Database, MoveTo) {
    let database = server.library().await;
    let to = MoveTo::Server { address: Secret::new(database.address("keeper")) };
    (database, to)
}

#[tokio::test(flavor = "multi_thread")]
async fn onto_a_server_and_off_it_again() {
    let player = Player::new("unused").await;
    let (database, to) = database(Server::shared()).await;
    let look = player.choose(to.clone()).await.unwrap();
    assert_eq!((look.to.kind.as_str(), look.there), ("postgres", 0));
    assert!(!look.rehearses_whole);
    let server = Stores.open(&database.address("keeper")).await.unwrap();
    let revision = server.revision().await.unwrap();
    let rehearsed = move_rehearse(&player.app, START, &Silent).await.unwrap();
    assert!(rehearsed.complete);
    assert_eq!(rehearsed.verified, look.versions);
    assert_eq!(server.revision().await.unwrap(), revision, "a rehearsal writes nothing there");

    assert!(player.start(&StopAt(&player.app, 10)).await.unwrap().stopped);
    player.remove().await.unwrap();
    let left = server.statistics().await.unwrap();
    assert_eq!((left.characters, left.versions, left.contents), (0, 0, 0));

    // What was removed can be moved there again.
    player.choose(to).await.unwrap();
    assert!(player.start(&Silent).await.unwrap().complete);
    player.capture(&late()).await;
    let old = Stores.open(&player.from).await.unwrap();
    *player.window.refuses.lock().unwrap() = true;
    let refused = player.switch().await.unwrap_err();
    assert_eq!(refused.code, Code::KeychainUnavailable);
    assert_eq!(player.app.own_library().unwrap().info().kind, "sqlite", "the old one is open as before");
    *player.window.refuses.lock().unwrap() = false;
    let switched = player.switch().await.unwrap();
    assert_eq!(switched.overview.store.kind, "postgres");
    assert_holds_all(&*old, &*server).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_goes_away_is_gone_on_with_when_it_is_back() {
    let player = Player::new("unused").await;
    let server = Server::alone();
    let (_database, to) = database(server).await;
    player.choose(to).await.unwrap();
    struct Unplug(&'static Server, Mutex<bool>);
    impl Progress for Unplug {
        fn report(&self, event: ProgressEvent) {
            if let ProgressEvent::Advanced { done, .. } = event
                && done >= 20
                && !std::mem::replace(&mut *self.1.lock().unwrap(), true)
            {
                self.0.stop();
            }
        }
    }
    let error = player.start(&Unplug(server, Mutex::default())).await.unwrap_err();
    assert_eq!(error.code, Code::StoreUnreachable, "{error:?}");
    assert!(error.kept.is_some() && error.retryable);
    assert!(
        player.remove().await.is_err(),
        "nothing can be removed there now, and the move is not forgotten"
    );
    server.start();
    assert!(player.start(&Silent).await.unwrap().complete);
    player.switch().await.unwrap();
}

/// An encrypted library with the samples in it.
async fn sealed(picked: &str, lock: Lock, chain: &Arc<Chain>, words: Option<&str>) -> Player {
    let folder = TempDir::new().unwrap();
    let from = folder.path().join("library.sqlite").display().to_string();
    let unlock = Unlock { words: words.map(Secret::new), keychain: Some(Arc::clone(chain) as _) };
    let options = StoreOptions { unlock, ..StoreOptions::default() };
    let picked = folder.path().join(picked);
    let player = Player::with(folder, from, picked, options).await;
    let library = player.app.own_library().unwrap();
    let change = KeyChange::On { lock, phrase: library.new_phrase().unwrap() };
    library.change_keys(&change, &Silent, &Cancel::default()).await.unwrap();
    player
}

#[tokio::test(flavor = "multi_thread")]
async fn an_encrypted_library_stays_encrypted_under_the_same_lock() {
    let lantern = "a lantern of copper";
    for (to, name) in [(MoveTo::File, "moved.sqlite"), (MoveTo::Folder, "moved")] {
        for lock in [Lock::Keychain, Lock::Passphrase(Secret::new(lantern))] {
            let chain = Arc::<Chain>::default();
            let words = matches!(lock, Lock::Passphrase(_)).then_some(lantern);
            let player = sealed(name, lock, &chain, words).await;
            let kept = chain.len();
            let look = player.choose(to.clone()).await.unwrap();
            assert_eq!(look.sealing, Sealing::Same);
            assert!(move_rehearse(&player.app, START, &Silent).await.unwrap().complete);
            assert_eq!(chain.len(), kept, "the keychain keeps nothing of a rehearsal");
            assert!(player.start(&StopAt(&player.app, 10)).await.unwrap().stopped);
            assert!(player.start(&Silent).await.unwrap().complete);
            let name = early()[0].sheet.name.clone();
            for (path, bytes) in player.disk() {
                let stands =
                    !name.is_empty() && bytes.windows(name.len()).any(|part| part == name.as_bytes());
                assert!(!stands, "{} is plain", path.display());
            }
            player.switch().await.unwrap();
            let new = player.app.own_library().unwrap();
            assert_eq!(new.encryption().await.unwrap().state, EncryptionState::On);
            // The old one may go with its key: the new one opens by itself.
            fs::remove_file(&player.from).unwrap();
            drop(new);
            let options = player.window.options.clone();
            let address = player.window.moved_in.lock().unwrap().clone().unwrap();
            let opened = Stores.open_with(&address, &options).await.unwrap();
            assert_eq!(opened.query(&QueryFilter::default()).await.unwrap().items.len(), 3);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_encrypted_library_becomes_plain_only_where_the_player_agreed() {
    let chain = Arc::<Chain>::default();
    let player = sealed("unused", Lock::Keychain, &chain, None).await;
    let (database, to) = database(Server::shared()).await;
    assert_eq!(player.choose(to).await.unwrap().sealing, Sealing::Lost);
    for refused in [move_rehearse(&player.app, START, &Silent).await, player.start(&Silent).await] {
        assert_eq!(refused.unwrap_err().code, Code::EncryptionUnsupported);
    }
    let server = Stores.open(&database.address("keeper")).await.unwrap();
    assert_eq!(server.statistics().await.unwrap().characters, 0);
    let agreed = MoveStart { plain: true };
    assert!(move_rehearse(&player.app, agreed, &Silent).await.unwrap().complete);
    assert!(move_start(&player.app, agreed, &Silent).await.unwrap().complete);
}
