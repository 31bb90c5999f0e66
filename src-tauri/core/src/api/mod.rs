//! The command surface: every command is a plain async function over [`App`], declared once in one list.
//! The window's bridge and the command line only carry it.
//!
//! To add one: a request and a response type with a function in `<domain>.rs`, a line in the list, `cargo xtask gen`.

pub mod activity;
pub mod app;
pub mod archiving;
pub mod backup;
pub mod character;
pub mod compare;
pub mod configuration;
pub mod consent;
pub mod cuts;
pub mod dialogs;
pub mod encryption;
pub mod erase;
pub mod export;
pub mod health;
pub mod import;
pub mod jobs;
pub mod keeping;
pub mod moving;
pub mod notices;
pub mod opening;
pub mod past;
pub mod retention;
mod warming;

use std::{
    collections::{BTreeSet, HashMap},
    path::PathBuf,
    sync::{
        Arc, Mutex, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
};

use async_trait::async_trait;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{
    alerts::Alerts,
    cache::CacheStorage,
    clock::Clock,
    config::AlertsConfig,
    error::{Code, Error, Result},
    job::{Cancel, Progress},
    library::{ChangeSet, Library},
    measured::measured,
    metrics::Metrics,
    model::{CharacterId, SnapshotId, VersionMetadata},
    retention::RetentionPolicy,
    source::{Draft, Source},
    storage::{CharacterStorage, QueryFilter, Secret, StorageFactory, StorageInfo},
    wording::Language,
};

/// What the program tells its windows unasked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub enum AppEvent {
    /// Something was written.
    Changed(ChangeSet),
    /// Files are held over the window.
    DropHover {
        /// How many.
        count: u64,
    },
    /// They were taken away again.
    DropLeft,
    /// Files were dropped on the window, or handed over by a second start of the program.
    Dropped(import::Selection),
    /// Something happened in a watched folder.
    Watched,
    /// Something is not well that was, or the other way around.
    Health,
    /// A link to a character was followed from outside.
    Open {
        /// Which.
        character: CharacterId,
    },
}

/// What the commands need from the program that carries them, and nothing more. What is not said otherwise is so where there
/// is no window.
#[async_trait]
pub trait Host: Send + Sync {
    /// Lets the user choose files; none when they thought better of it.
    async fn choose_files(&self) -> Option<Vec<PathBuf>> {
        None
    }
    /// The watched folders and how they stand.
    async fn watched(&self) -> Vec<import::WatchedFolder> {
        Vec::new()
    }
    /// Lets the user choose a folder to watch; nothing where they thought better of it.
    ///
    /// # Errors
    /// `invalid_argument` for a folder that cannot be watched; `storage_failed`.
    async fn watch(&self) -> Result<()> {
        Ok(())
    }
    /// Watches a folder again that was watched until a moment ago. Any other is left alone: the page cannot name folders.
    ///
    /// # Errors
    /// `storage_failed`.
    async fn rewatch(&self, _path: &str) -> Result<()> {
        Ok(())
    }
    /// Watches this folder no longer.
    ///
    /// # Errors
    /// `storage_failed`.
    async fn unwatch(&self, _path: &str) -> Result<()> {
        Ok(())
    }
    /// Shows the folder in which this file lies, in the system's own window.
    ///
    /// # Errors
    /// `file_unreadable` where the system cannot.
    async fn show_folder(&self, _path: &str) -> Result<()> {
        Ok(())
    }
    /// Lets the user choose a place for a file that would be called `name`, and gives a way to write it; none when they
    /// thought better of it.
    ///
    /// # Errors
    /// `storage_full`, `storage_failed` when nothing can be written there.
    async fn outlet(&self, _name: &str) -> Result<Option<Box<dyn export::Outlet>>> {
        Ok(None)
    }
    /// What the configuration of this program says.
    ///
    /// # Errors
    /// `file_unreadable`, `config_invalid`.
    async fn configuration(&self) -> Result<configuration::Configuration> {
        Ok(configuration::Configuration::default())
    }
    /// Writes a value into the configuration file, or takes it out, and takes up itself what is the program's own to take up.
    ///
    /// # Errors
    /// `config_invalid` for what is not to be said, or not in the file; `storage_failed`, `storage_full`, `conflict`.
    async fn configure(&self, _key: &str, _value: Option<&str>) -> Result<configuration::Reconfigured> {
        Err(Error::new(Code::ConfigInvalid, "This program has no configuration file."))
    }
    /// The free software that the program is made of.
    fn licences(&self) -> Vec<app::Licence> {
        Vec::new()
    }
    /// What can be done about the player's library, whether it could be opened or not.
    async fn ways(&self) -> opening::Ways {
        opening::Ways::default()
    }
    /// Opens a library; none when the user thought better of it. Nothing is deleted: one that stands in the way is put aside.
    ///
    /// # Errors
    /// What keeps it from being opened; then everything is where it was.
    async fn reopen(&self, _how: opening::OpenLibrary) -> Result<Option<opening::Reopened>> {
        Ok(None)
    }
    /// What opens the player's library where it is encrypted, from now on: for the next [`Host::reopen`].
    async fn unlock_with(&self, _words: Secret) {}
    /// The place that the player chooses for the library, or the server they named; none when they thought better of it.
    ///
    /// # Errors
    /// `invalid_argument` for what cannot hold a library; `keychain_unavailable` where nothing could keep a server's address.
    async fn site(&self, _to: moving::MoveTo) -> Result<Option<Arc<dyn moving::Site>>> {
        Ok(None)
    }
    /// Opens the library at this place from now on.
    ///
    /// # Errors
    /// What keeps it from being opened, or this choice from being kept; then the one before stays the chosen one.
    async fn move_in(&self, site: &dyn moving::Site) -> Result<Arc<dyn CharacterStorage>> {
        site.open().await
    }
    /// Whether the library that the player chooses is opened at the next start too: nothing else says which one is.
    fn choice_lasts(&self) -> bool {
        true
    }
    /// Ends what writes by itself: watched folders, work at rest. It begins again with [`Host::reopened`].
    async fn stop_writers(&self) {}
    /// Another library is open now.
    async fn reopened(&self) {}
    /// Whether the system can be asked to tell the player something while they are elsewhere.
    fn can_notify(&self) -> bool {
        false
    }
    /// Whether the system has a tray in which the program can stay when its window is closed.
    fn can_stay(&self) -> bool {
        false
    }
    /// Whether documents may be stored anew in the smallest form. Not where somebody chose how they are kept.
    async fn may_recompress(&self) -> bool {
        false
    }
    /// The computer around the library.
    async fn machine(&self, _library: Option<&StorageInfo>) -> health::Machine {
        health::Machine::default()
    }
    /// From when on the player is told that something is not well; none where the configuration cannot be read.
    async fn alerts(&self) -> Option<AlertsConfig> {
        None
    }
    /// Whether the system's keychain opens; none where there is nothing that would use it.
    async fn keychain(&self) -> Option<Result<()>> {
        None
    }
    /// The first screen is painted: the window may show itself.
    async fn window_ready(&self) {}
    /// How the player likes the window; the defaults where nothing readable is kept.
    async fn load_preferences(&self) -> app::Preferences {
        app::Preferences::default()
    }
    /// Keeps how the player likes the window.
    ///
    /// # Errors
    /// `storage_failed`.
    async fn save_preferences(&self, _preferences: app::Preferences) -> Result<()> {
        Ok(())
    }
    /// Tells every window.
    fn emit(&self, _event: AppEvent) {}
}

/// Gives the captures of the sample characters, in their order.
pub type Samples = Arc<dyn Fn() -> Result<Vec<Draft>> + Send + Sync>;

/// Gives the cache of a store, if there is to be one: what is sealed in it is sealed as that store says. Without a store, one to
/// take away from.
pub type Caches =
    Arc<dyn Fn(Option<&Arc<dyn CharacterStorage>>) -> Option<Arc<dyn CacheStorage>> + Send + Sync>;

/// What an [`App`] is put together from.
pub struct Parts {
    /// The player's store, or why it could not be opened.
    pub storage: Result<Arc<dyn CharacterStorage>>,
    /// Makes what keeps at hand what was read from a store.
    pub caches: Caches,
    /// Opens the store of the samples.
    pub factory: Arc<dyn StorageFactory>,
    /// Every source of characters.
    pub sources: Vec<Arc<dyn Source>>,
    /// Fetches characters over the network, or why it cannot.
    pub remote: Result<Arc<dyn import::Remote>>,
    /// Reads files.
    pub intake: Arc<dyn import::Intake>,
    /// The sample characters.
    pub samples: Samples,
    /// What is kept on this computer besides the library, or why that is not known.
    pub computer: Result<Arc<dyn erase::Computer>>,
    /// The backups of the library, or why there are none.
    pub backups: Result<Arc<dyn backup::Backups>>,
    /// The program around it.
    pub host: Arc<dyn Host>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The language of sentences.
    pub language: Language,
    /// Backstory's version.
    pub version: &'static str,
    /// The name of this program in change sets: `window`, `cli`.
    pub origin: &'static str,
}

/// Everything a command works on.
pub struct App {
    own: RwLock<Result<Arc<Library>>>,
    sample: RwLock<Option<Arc<Library>>>,
    language: RwLock<Language>,
    /// How long versions are kept in a library that does not say so itself.
    retention: RwLock<RetentionPolicy>,
    parts: Parts,
    /// Makes what keeps at hand what was read from a store.
    caches: RwLock<Caches>,
    warming: warming::Warming,
    /// The versions on the screen: whatever goes by itself, they do not.
    shown: Mutex<BTreeSet<SnapshotId>>,
    jobs: Mutex<HashMap<u64, Arc<Cancel>>>,
    selections: Mutex<HashMap<u64, Vec<PathBuf>>>,
    /// What was erased at the start because it had been interrupted.
    resumed: Mutex<Option<erase::Erased>>,
    counter: AtomicU64,
    /// What is measured of the player's library.
    metrics: Arc<Metrics>,
    /// What is not well.
    alerts: Mutex<Alerts>,
    /// The move of the library that was begun. Held for as long as something is done about it.
    moving: tokio::sync::Mutex<Option<moving::Move>>,
}

impl std::fmt::Debug for App {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("App").field("own", &self.own).finish_non_exhaustive()
    }
}

impl App {
    /// Puts it together. Must be called inside a tokio runtime: it listens to the library's writes.
    pub fn new(mut parts: Parts) -> Self {
        // The library alone holds the store, so that its file is let go of where another takes its place.
        let storage = std::mem::replace(&mut parts.storage, Err(Error::internal("The store is open.")));
        let metrics = Arc::<Metrics>::default();
        let caches = Arc::clone(&parts.caches);
        let own = storage.map(|storage| library(&parts, &metrics, parts.language, &caches, storage));
        Self {
            own: RwLock::new(own),
            sample: RwLock::default(),
            language: RwLock::new(parts.language),
            retention: RwLock::default(),
            parts,
            caches: RwLock::new(caches),
            warming: warming::Warming::default(),
            shown: Mutex::default(),
            jobs: Mutex::default(),
            selections: Mutex::default(),
            resumed: Mutex::default(),
            counter: AtomicU64::new(1),
            metrics,
            alerts: Mutex::default(),
            moving: tokio::sync::Mutex::default(),
        }
    }

    /// The library that is open: the samples while they are looked at, else the player's own.
    ///
    /// # Errors
    /// Why the player's store could not be opened.
    pub fn library(&self) -> Result<Arc<Library>> {
        let sample = self.sample.read().unwrap_or_else(PoisonError::into_inner).clone();
        match sample {
            Some(sample) => Ok(sample),
            None => self.own_library(),
        }
    }

    /// These versions are on the screen now, the last one being looked at.
    fn shows(&self, library: &Arc<Library>, versions: &[&VersionMetadata]) {
        *self.shown.lock().unwrap_or_else(PoisonError::into_inner) =
            versions.iter().map(|version| version.id).collect();
        match versions.last() {
            Some(version) => self.warming.look_at(library, version),
            None => self.warming.elsewhere(),
        }
    }

    /// The versions on the screen.
    fn shown(&self) -> BTreeSet<SnapshotId> {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The language of sentences.
    pub fn language(&self) -> Language {
        *self.language.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells in this language from now on.
    pub fn speak(&self, language: Language) {
        *self.language.write().unwrap_or_else(PoisonError::into_inner) = language;
        let own = self.own_library().ok();
        let sample = self.sample.read().unwrap_or_else(PoisonError::into_inner).clone();
        own.into_iter().chain(sample).for_each(|library| library.speak(language));
    }

    /// The same, with this policy for libraries that have none of their own.
    #[must_use]
    pub fn keeping(self, policy: RetentionPolicy) -> Self {
        self.keep_by(policy);
        self
    }

    /// Keeps versions by this policy from now on, in a library that has none of its own.
    fn keep_by(&self, policy: RetentionPolicy) {
        *self.retention.write().unwrap_or_else(PoisonError::into_inner) = policy;
        if let Ok(library) = self.own_library() {
            library.keep_by(policy);
        }
    }

    fn caches(&self) -> Caches {
        Arc::clone(&self.caches.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Reads through another cache from now on. What lies outside of the program in the one before is taken out of it: an erasure
    /// would not find it there any more.
    async fn read_through(&self, caches: Caches) {
        *self.caches.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&caches);
        let Ok(library) = self.own_library() else { return };
        let before = library.cache();
        library.read_through(|store| caches(Some(store))).await;
        if let Some(before) = before
            && let Err(error) = before.clear().await
        {
            tracing::warn!(?error, "the cache before could not be emptied; what is in it ends with its time");
        }
    }

    /// How long versions are kept in a library that does not say so itself.
    fn kept_by(&self) -> RetentionPolicy {
        *self.retention.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// The player's own library, whatever is looked at.
    ///
    /// # Errors
    /// Why the player's store could not be opened.
    pub fn own_library(&self) -> Result<Arc<Library>> {
        self.own.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The cache of the player's own library, or of none, if there is one.
    fn cache(&self) -> Option<Arc<dyn CacheStorage>> {
        match self.own_library() {
            Ok(library) => library.cache(),
            Err(_) => self.caches()(None),
        }
    }

    /// The player's library is open no longer: why.
    fn close(&self, why: Error) {
        *self.own.write().unwrap_or_else(PoisonError::into_inner) = Err(why);
    }

    /// The library that was closed is open again, as it was.
    fn put_back(&self, library: Arc<Library>) {
        *self.own.write().unwrap_or_else(PoisonError::into_inner) = Ok(library);
    }

    /// Whether the samples are looked at.
    fn shows_samples(&self) -> bool {
        self.sample.read().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    /// Another store takes the place of the player's own, and samples are left.
    fn exchange(&self, storage: Arc<dyn CharacterStorage>) {
        let library = library(&self.parts, &self.metrics, self.language(), &self.caches(), storage);
        library.keep_by(self.kept_by());
        *self.own.write().unwrap_or_else(PoisonError::into_inner) = Ok(library);
        *self.sample.write().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Keeps paths that the user chose, under a number that a window can give to `import.start`.
    pub fn select(&self, paths: Vec<PathBuf>) -> import::Selection {
        let name =
            |path: &PathBuf| path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
        let selection = import::Selection { selection: self.next(), names: paths.iter().map(name).collect() };
        let mut selections = self.selections.lock().unwrap_or_else(PoisonError::into_inner);
        selections.insert(selection.selection, paths);
        selection
    }

    /// Stops every running job; each leaves a whole state and reports what it did.
    pub fn cancel_jobs(&self) {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner).values().for_each(|job| job.cancel());
    }

    /// Gives work a number to stop it by.
    fn job(&self) -> Job<'_> {
        let (number, cancel) = (self.next(), Arc::new(Cancel::default()));
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner).insert(number, Arc::clone(&cancel));
        Job { app: self, number, cancel }
    }

    fn next(&self) -> u64 {
        self.counter.fetch_add(1, Ordering::Relaxed)
    }
}

/// Work that can be stopped by its number, for as long as this is held.
struct Job<'a> {
    app: &'a App,
    number: u64,
    cancel: Arc<Cancel>,
}

impl Drop for Job<'_> {
    fn drop(&mut self) {
        self.app.jobs.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.number);
    }
}

/// The player's library on this store. Windows hear of what is written to it, what it takes is measured, and what is read from
/// it is kept at hand.
fn library(
    parts: &Parts,
    metrics: &Arc<Metrics>,
    language: Language,
    caches: &Caches,
    storage: Arc<dyn CharacterStorage>,
) -> Arc<Library> {
    let storage = measured(storage, Arc::clone(metrics), Arc::clone(&parts.clock));
    let cache = caches(Some(&storage));
    let library = Arc::new(unheard(parts, language, storage).cached(cache));
    forward(&library, &parts.host);
    library
}

/// A library whose writes no window is told of, and of which nothing is kept at hand.
fn unheard(parts: &Parts, language: Language, storage: Arc<dyn CharacterStorage>) -> Library {
    Library::new(storage, parts.sources.clone(), Arc::clone(&parts.clock), parts.origin).speaking(language)
}

/// Tells the windows of every write of a library, for as long as it lives.
fn forward(library: &Library, host: &Arc<dyn Host>) {
    let (mut changes, host) = (library.subscribe(), Arc::clone(host));
    tokio::spawn(async move {
        use tokio::sync::broadcast::error::RecvError;
        loop {
            match changes.recv().await {
                Ok(change) => host.emit(AppEvent::Changed(change)),
                // Some were missed: the next one carries a newer revision, which is all a screen needs.
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => break,
            }
        }
    });
}

/// Every command: its name, what it takes, what it gives. The router and the TypeScript `Commands` type are made from this list.
macro_rules! commands {
    ($callback:ident) => {
        $callback! {
            "app.overview": app::Empty => app::Overview, overview;
            "app.ready": app::Empty => app::Empty, ready;
            "app.configuration": app::Empty => configuration::Configuration, configuration;
            "app.configure": configuration::ConfigSet => configuration::Configuration, configure;
            "app.licences": app::Empty => Vec<app::Licence>, licences;
            "app.verify": app::VerifyGet => app::VerifyReport, verify;
            "app.speak": app::Speak => app::Empty, speak;
            "library.ways": app::Empty => opening::Ways, library_ways;
            "library.open": opening::OpenLibrary => opening::Opened, library_open;
            "library.unlock": encryption::UnlockGet => opening::Opened, library_unlock;
            "move.choose": moving::MoveTo => Option<moving::MoveLook>, move_choose;
            "move.rehearse": moving::MoveStart => moving::Moved, move_rehearse;
            "move.start": moving::MoveStart => moving::Moved, move_start;
            "move.switch": app::Empty => moving::Switched, move_switch;
            "move.remove": app::Empty => app::Empty, move_remove;
            "library.show": app::Empty => app::Empty, show_library;
            "preferences.get": app::Empty => app::Preferences, preferences_get;
            "preferences.set": app::Preferences => app::Empty, preferences_set;
            "sample.open": app::Empty => app::Overview, sample_open;
            "sample.close": app::Empty => app::Overview, sample_close;
            "characters.list": QueryFilter => character::CharacterList, characters_list;
            "character.get": character::CharacterGet => character::CharacterEntry, character_get;
            "character.blame": past::BlameGet => past::Blame, blame;
            "character.progress": character::CharacterGet => past::Growth, progress;
            "version.restore": compare::VersionRef => character::HistoryEntry, version_restore;
            "versions.search": past::SearchGet => past::SearchHits, search;
            "library.retell": past::RetellSet => crate::library::Retold, retell;
            "character.delete": character::CharacterGet => character::CharacterEntry, character_delete;
            "character.undelete": character::CharacterGet => character::CharacterEntry, character_undelete;
            "character.history": character::HistoryGet => character::History, character_history;
            "character.bursts": character::CharacterGet => character::Bursts, character_bursts;
            "character.sheet": character::SheetGet => character::SheetView, character_sheet;
            "compare.sheets": compare::CompareGet => compare::Comparison, compare_sheets;
            "compare.raw": compare::RawCompareGet => compare::RawComparison, compare_raw;
            "compare.lines": compare::RawLinesGet => compare::RawLines, compare_lines;
            "version.pin": keeping::PinSet => character::HistoryEntry, version_pin;
            "version.tag": keeping::TagSet => character::HistoryEntry, version_tag;
            "version.save": compare::VersionRef => keeping::FileSaved, version_save;
            "version.note": keeping::NoteSet => character::HistoryEntry, version_note;
            "consent.list": app::Empty => Vec<consent::Agreement>, consent_list;
            "consent.withdraw": consent::ConsentRef => Vec<consent::Agreement>, consent_withdraw;
            "activity.list": activity::ActivityGet => activity::Activity, activity;
            "activity.verify": app::Empty => crate::privacy::audit::verify::Verdict, activity_verify;
            "activity.accept": app::Empty => crate::privacy::audit::verify::Verdict, activity_accept;
            "activity.save": activity::ActivitySave => keeping::FileSaved, activity_save;
            "privacy.cuts": app::Empty => cuts::Cuts, cuts;
            "encryption.get": app::Empty => crate::encryption::Encryption, encryption_get;
            "encryption.phrase": app::Empty => encryption::Phrase, encryption_phrase;
            "encryption.start": encryption::EncryptionStart => crate::encryption::Encryption, encryption_start;
            "encryption.off": app::Empty => crate::encryption::Encryption, encryption_off;
            "encryption.resume": app::Empty => crate::encryption::Encryption, encryption_resume;
            "encryption.relock": encryption::RelockSet => crate::encryption::Encryption, encryption_relock;
            "erase.plan": erase::EraseGet => crate::privacy::erase::ErasePlan, erase_plan;
            "erase.start": erase::EraseStart => erase::Erased, erase;
            "erase.resumed": app::Empty => Option<erase::Erased>, erase_resumed;
            "receipt.save": crate::privacy::erase::SealedReceipt => keeping::FileSaved, receipt_save;
            "receipt.check": erase::ReceiptGet => erase::ReceiptCheck, receipt_check;
            "members.list": app::Empty => Vec<crate::model::Member>, members_list;
            "members.set": keeping::MemberSet => Vec<crate::model::Member>, member_set;
            "store.statistics": app::Empty => crate::storage::StorageStatistics, statistics;
            "retention.get": app::Empty => retention::RetentionView, retention_get;
            "retention.set": retention::RetentionSet => retention::RetentionView, retention_set;
            "retention.preview": retention::RetentionGet => retention::RetentionPreview, retention_preview;
            "retention.plan": retention::RetentionGet => crate::retention::RetentionPlan, retention_plan;
            "retention.apply": retention::RetentionApply => retention::RetentionDone, retention_apply;
            "retention.outlook": character::CharacterGet => Vec<retention::OutlookEntry>, retention_outlook;
            "archive.plan": archiving::ArchiveGet => crate::archive::ArchivePlan, archive_plan;
            "archive.start": archiving::ArchiveGet => crate::archive::ArchiveReport, archive;
            "anonymise.plan": character::CharacterGet => crate::privacy::anonymise::AnonymisePlan, anonymise_plan;
            "anonymise.start": character::CharacterGet => crate::privacy::anonymise::Anonymised, anonymise;
            "store.cache": app::Empty => crate::cache::CacheStatistics, cache_statistics;
            "store.recompress": crate::storage::Encoding => crate::storage::Recompressed, recompress;
            "jobs.list": app::Empty => jobs::Jobs, jobs_list;
            "jobs.run": jobs::JobRef => crate::job::schedule::Run, jobs_run;
            "jobs.set": jobs::JobSet => jobs::Jobs, jobs_set;
            "health.get": health::HealthGet => health::Health, health;
            "health.figures": app::Empty => health::Figures, figures_get;
            "alerts.list": app::Empty => Vec<health::Alert>, alerts_list;
            "alerts.dismiss": health::AlertRef => Vec<health::Alert>, alert_dismiss;
            "store.room": health::RoomGet => health::Room, room;
            "backup.list": app::Empty => backup::BackupList, backup_list;
            "backup.make": app::Empty => backup::Made, backup_make;
            "backup.drill": app::Empty => crate::backup::Drill, backup_drill;
            "backup.restore": backup::BackupRef => backup::BroughtBack, backup_restore;
            "backup.show": app::Empty => app::Empty, backup_show;
            "export.start": export::ExportStart => export::Exported, export_start;
            "import.choose": app::Empty => Option<import::Selection>, import_choose;
            "import.start": import::ImportStart => import::ImportReport, import_start;
            "import.text": import::ImportText => import::FileResult, import_text;
            "import.link": import::ImportLink => import::ImportReport, import_link;
            "watch.list": app::Empty => Vec<import::WatchedFolder>, watch_list;
            "watch.add": app::Empty => Vec<import::WatchedFolder>, watch_add;
            "watch.again": import::FolderRef => Vec<import::WatchedFolder>, watch_again;
            "watch.remove": import::FolderRef => Vec<import::WatchedFolder>, watch_remove;
            "job.cancel": import::JobCancel => app::Empty, job_cancel;
        }
    };
}

macro_rules! route {
    ($($name:literal: $req:ty => $res:ty, $function:ident;)*) => {
        /// Runs a command by its name. `progress` hears of long work.
        ///
        /// # Errors
        /// What the command says; `invalid_argument` for parameters it does not take; `internal` for an unknown name.
        pub async fn call(app: &App, command: &str, params: Value, progress: &dyn Progress) -> Result<Value> {
            let _answering = app.warming.answer();
            match command {
                $($name => {
                    let request: $req = take(command, params)?;
                    let response: $res = commands::$function(app, request, progress).await?;
                    give(&response)
                })*
                _ => Err(Error::internal(format!("There is no command {command:?}."))),
            }
        }
    };
}
commands!(route);

fn take<T: DeserializeOwned>(command: &str, params: Value) -> Result<T> {
    serde_json::from_value(params)
        .map_err(|e| Error::new(Code::InvalidArgument, format!("{command} was called wrongly: {e}.")))
}

fn give<T: Serialize>(response: &T) -> Result<Value> {
    serde_json::to_value(response)
        .map_err(|e| Error::internal("An answer could not be written down.").caused_by(e))
}

/// The functions behind the list, gathered for the router.
mod commands {
    pub(super) use super::{
        activity::*, app::*, archiving::*, backup::*, character::*, compare::*, configuration::*, consent::*,
        cuts::*, encryption::*, erase::*, export::*, health::*, import::*, jobs::*, keeping::*, moving::*,
        opening::*, past::*, retention::*,
    };
}

#[cfg(test)]
mod bindings {
    //! Writes the TypeScript side of the bridge. `cargo xtask gen` refreshes it; the test holds it.
    use std::{any::TypeId, collections::BTreeMap};

    use ts_rs::{Config, TS, TypeVisitor};

    use super::*;
    use crate::job::ProgressEvent;

    #[derive(Default)]
    struct Types {
        seen: std::collections::HashSet<TypeId>,
        decls: BTreeMap<String, String>,
        config: Config,
    }

    impl TypeVisitor for Types {
        fn visit<T: TS + 'static + ?Sized>(&mut self) {
            if !self.seen.insert(TypeId::of::<T>()) {
                return;
            }
            T::visit_dependencies(self);
            T::visit_generics(self);
            if T::output_path().is_some() {
                let docs = T::docs().unwrap_or_default();
                let text = format!("{docs}export {}\n", T::decl(&self.config));
                let other = self.decls.insert(T::ident(&self.config), text.clone());
                // The page has one room for all names.
                assert!(
                    other.is_none_or(|other| other == text),
                    "two types are called {}",
                    T::ident(&self.config)
                );
            }
        }
    }

    macro_rules! declare {
        ($($name:literal: $req:ty => $res:ty, $function:ident;)*) => {
            fn generate() -> String {
                let mut types = Types { config: Config::new().with_large_int("number"), ..Types::default() };
                let mut map = String::new();
                $(
                    types.visit::<$req>();
                    types.visit::<$res>();
                    map += &format!("  {:?}: [{}, {}];\n", $name, <$req>::name(&types.config), <$res>::name(&types.config));
                )*
                types.visit::<crate::error::Error>();
                types.visit::<AppEvent>();
                types.visit::<ProgressEvent>();
                let decls: Vec<_> = types.decls.into_values().collect();
                format!(
                    "// Made from the Rust types by `cargo xtask gen`. Do not edit.\n\n{}\n\
                     /** Every command: what it takes and what it gives. */\nexport type Commands = {{\n{map}}};\n",
                    decls.join("\n"),
                )
            }
        };
    }
    commands!(declare);

    #[test]
    fn bindings_are_current() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../ui/src/api/generated/api.ts");
        let text = generate();
        if std::env::var_os("BACKSTORY_GEN").is_some() {
            std::fs::create_dir_all(std::path::Path::new(path).parent().unwrap()).unwrap();
            std::fs::write(path, &text).unwrap();
        }
        let there = std::fs::read_to_string(path).unwrap_or_default();
        assert!(there == text, "ui/src/api/generated/api.ts is not current: run `cargo xtask gen`");
    }
}
