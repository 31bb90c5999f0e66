//! Watched folders: new and changed files become captures.
//!
//! One thing decides: a look at the folders, which compares how every file looks with what was taken before. A look is
//! made at the start, when the system says that something happened, and every few seconds anyway, because network folders
//! say nothing. A file is read once it looked the same for a while; one that stops in the middle is given more time.

mod memory;
#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use backstory_core::{
    api::import::{FileResult, Intake, Outcome, import_into},
    error::{Code, Error, Result},
    job::{Cancel, Silent},
    library::{Library, acting_as},
};
use jiff::Timestamp;
use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use serde::Serialize;
use tokio::{
    sync::{Notify, mpsc},
    task::JoinHandle,
    time::Instant,
};

use self::memory::{Memory, Stamp};
use crate::{
    decode::KEPT,
    fetch::{SystemTimer, Timer as _},
    files::{
        Files,
        spread::{Found, watched},
    },
};

pub use crate::files::spread::is_library;

/// How long things take.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// A file that looks the same for so long is read.
    pub settle: Duration,
    /// A file that stops in the middle is given so long to go on before it is refused.
    pub patience: Duration,
    /// A look is made at least so often.
    pub look: Duration,
    /// Whether the system is asked to say when something happens. Without it, looking is all there is.
    pub notices: bool,
    /// Whether to end when everything that is there was taken.
    pub once: bool,
    /// Whether other players' rows are cut out of what is taken.
    pub minimise: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            settle: Duration::from_millis(800),
            patience: Duration::from_secs(15),
            look: Duration::from_secs(15),
            notices: true,
            once: false,
            minimise: true,
        }
    }
}

/// What a watch tells.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// A file became a capture, or was known already.
    Captured(Box<FileResult>),
    /// A file is no character that can be read; said once, until the file changes.
    Refused(Box<FileResult>),
    /// A file is JSON of another kind; said once, until the file changes.
    Ignored(Box<FileResult>),
    /// A file stops in the middle: somebody is still writing it.
    Waiting {
        /// Its path.
        path: String,
    },
    /// The library cannot be written to: what is not taken now is taken when it can. Said once.
    Trouble(Error),
    /// Everything that is there was taken.
    Idle,
}

/// A watch that runs until it is stopped or dropped.
#[derive(Debug)]
pub struct Watch {
    looked: Arc<Mutex<Option<Timestamp>>>,
    cancel: Arc<Cancel>,
    task: JoinHandle<()>,
}

impl Watch {
    /// Begins. `memory` is the folder where it remembers what it took.
    ///
    /// # Errors
    /// `invalid_argument` for a folder that is a library of Backstory's own.
    pub fn start(
        library: Arc<Library>,
        folders: Vec<PathBuf>,
        memory: &Path,
        settings: Settings,
    ) -> Result<(Self, mpsc::UnboundedReceiver<Event>)> {
        if let Some(own) = folders.iter().find(|folder| is_library(folder)) {
            return Err(own_library(own));
        }
        // One path for one file, however the folder was named.
        let folders =
            folders.into_iter().map(|folder| std::path::absolute(&folder).unwrap_or(folder)).collect();
        let (events, receiver) = mpsc::unbounded_channel();
        let cancel = Arc::new(Cancel::default());
        let looked = Arc::<Mutex<Option<Timestamp>>>::default();
        let task = Task {
            looked: Arc::clone(&looked),
            memory: Memory::load(memory, &library.info()),
            library,
            files: Arc::new(Files::new().minimise(settings.minimise)),
            bell: Bell::new(folders, settings.notices),
            settings,
            events,
            cancel: Arc::clone(&cancel),
            pending: BTreeMap::new(),
            closed: BTreeSet::new(),
            trouble: None,
            told: true,
        };
        Ok((Self { looked, cancel, task: tokio::spawn(acting_as("watch", task.run())) }, receiver))
    }

    /// When the folders were looked into last.
    pub fn looked_at(&self) -> Option<Timestamp> {
        *self.looked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Stops after what is being written now.
    pub async fn stop(mut self) {
        self.cancel.cancel();
        // A task that broke has nothing more to write.
        let _ = (&mut self.task).await;
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.cancel.cancel();
    }
}

/// Why such a folder is not watched.
pub fn own_library(folder: &Path) -> Error {
    Error::new(
        Code::InvalidArgument,
        format!(
            "{} is a library of Backstory's own: watching it would take in what it wrote itself.",
            folder.display()
        ),
    )
    .kept(KEPT)
    .hint("Watch the folder in which your exported characters are saved.")
}

/// Rings when something may have happened in the folders.
struct Bell {
    folders: Vec<PathBuf>,
    ring: Arc<Notify>,
    watcher: Option<RecommendedWatcher>,
    hung: BTreeSet<PathBuf>,
}

impl Bell {
    fn new(folders: Vec<PathBuf>, notices: bool) -> Self {
        let ring = Arc::new(Notify::new());
        let rings = Arc::clone(&ring);
        let heard = move |event: notify::Result<notify::Event>| {
            // Reading is an event too: ringing for it would never end.
            if !event.is_ok_and(|event| matches!(event.kind, EventKind::Access(_))) {
                rings.notify_one();
            }
        };
        let config = notify::Config::default().with_follow_symlinks(false);
        let watcher = notices.then(|| RecommendedWatcher::new(heard, config));
        let watcher = watcher.transpose().unwrap_or_else(|error| {
            tracing::info!(%error, "the system does not tell of changes: folders are looked at instead");
            None
        });
        Self { folders, ring, watcher, hung: BTreeSet::new() }
    }

    /// Hangs it into every folder that is there; again into one that came back.
    fn hang(&mut self) {
        let Some(watcher) = &mut self.watcher else { return };
        for folder in &self.folders {
            if !folder.is_dir() {
                if self.hung.remove(folder) {
                    let _gone_already = watcher.unwatch(folder);
                }
            } else if !self.hung.contains(folder) {
                match watcher.watch(folder, RecursiveMode::Recursive) {
                    Ok(()) => drop(self.hung.insert(folder.clone())),
                    Err(error) => tracing::info!(%error, "a folder does not tell of changes"),
                }
            }
        }
    }
}

/// A file that is not taken yet.
#[derive(Debug, Clone, Copy)]
struct Pending {
    stamp: Stamp,
    since: Instant,
    /// It was read and stopped in the middle.
    tried: bool,
}

struct Task {
    looked: Arc<Mutex<Option<Timestamp>>>,
    library: Arc<Library>,
    files: Arc<Files>,
    bell: Bell,
    memory: Memory,
    settings: Settings,
    events: mpsc::UnboundedSender<Event>,
    cancel: Arc<Cancel>,
    pending: BTreeMap<PathBuf, Pending>,
    /// Folders that could not be looked into.
    closed: BTreeSet<PathBuf>,
    trouble: Option<Code>,
    /// Something happened since it was last idle.
    told: bool,
}

impl Task {
    async fn run(mut self) {
        while !self.cancel.is_cancelled() {
            self.round().await;
            if self.pending.is_empty() && std::mem::take(&mut self.told) {
                let _ = self.events.send(Event::Idle);
            }
            if self.settings.once && (self.pending.is_empty() || self.trouble.is_some()) {
                break;
            }
            self.rest().await;
        }
    }

    fn tell(&mut self, event: Event) {
        self.told = true;
        // Nobody listening is no reason to stop taking files.
        let _ = self.events.send(event);
    }

    /// Until something may have happened, or a file has settled.
    async fn rest(&self) {
        let Settings { settle, look, .. } = self.settings;
        let long = if self.pending.is_empty() || self.trouble.is_some() { look } else { settle.min(look) };
        let rung = async {
            self.bell.ring.notified().await;
            // What rings once rings often: a look for all of it.
            tokio::time::sleep(settle / 2).await;
        };
        tokio::select! {
            () = tokio::time::sleep(long) => {}
            () = rung => {}
            () = self.cancel.cancelled() => {}
        }
    }

    /// One look, and what follows from it.
    async fn round(&mut self) {
        self.bell.hang();
        let folders = self.bell.folders.clone();
        let looking = tokio::task::spawn_blocking(move || look(&folders));
        let Ok((there, closed)) = looking.await else { return };
        *self.looked.lock().unwrap_or_else(PoisonError::into_inner) = Some(SystemTimer.now());
        self.say_closed(closed);
        let ready = self.ready(&there);
        if !ready.is_empty() {
            self.take(ready).await;
            if let Err(error) = self.memory.save(there.keys().map(PathBuf::as_path)) {
                tracing::warn!(
                    ?error,
                    "what was taken cannot be remembered: it is read again at the next start"
                );
            }
        }
    }

    fn say_closed(&mut self, closed: BTreeMap<PathBuf, Error>) {
        let known = std::mem::replace(&mut self.closed, closed.keys().cloned().collect());
        for (path, error) in closed {
            if !known.contains(&path) {
                self.tell(Event::Refused(Box::new(FileResult::failed(&path.to_string_lossy(), None, error))));
            }
        }
    }

    /// The files that have settled.
    fn ready(&mut self, there: &BTreeMap<PathBuf, Stamp>) -> Vec<PathBuf> {
        let now = Instant::now();
        self.pending.retain(|path, _| there.contains_key(path));
        let mut ready = Vec::new();
        for (path, &stamp) in there {
            if self.memory.knows(path, stamp) {
                self.pending.remove(path);
                continue;
            }
            let fresh = Pending { stamp, since: now, tried: false };
            let pending = self.pending.entry(path.clone()).or_insert(fresh);
            if pending.stamp != stamp {
                *pending = fresh;
            }
            let long = if pending.tried { self.settings.patience } else { self.settings.settle };
            if now.duration_since(pending.since) >= long {
                ready.push(path.clone());
            }
        }
        ready
    }

    async fn take(&mut self, ready: Vec<PathBuf>) {
        let list = self.files.list(&ready).await;
        let files: Arc<dyn Intake> = self.files.clone();
        let report = import_into(&self.library, files, &list, None, &Silent, &self.cancel).await;
        let by_text: BTreeMap<_, _> =
            ready.into_iter().map(|path| (path.to_string_lossy().into_owned(), path)).collect();
        for result in report.files {
            if let Some(path) = by_text.get(&result.path) {
                self.taken(path, result);
            }
        }
    }

    /// What became of one file.
    fn taken(&mut self, path: &Path, result: FileResult) {
        let Some(&pending) = self.pending.get(path) else { return };
        let error = result.error.clone().filter(|_| result.outcome == Outcome::Failed);
        let Some(error) = error else {
            self.trouble = None;
            self.done(path, pending.stamp);
            return self.tell(Event::Captured(Box::new(result)));
        };
        match fault(error.code) {
            Fault::Unfinished if !pending.tried => {
                self.pending.insert(path.to_owned(), Pending { tried: true, ..pending });
                self.tell(Event::Waiting { path: result.path });
            }
            Fault::Unfinished | Fault::File => {
                self.done(path, pending.stamp);
                self.tell(Event::Refused(Box::new(result)));
            }
            Fault::OtherKind => {
                self.done(path, pending.stamp);
                self.tell(Event::Ignored(Box::new(result)));
            }
            Fault::Library => {
                if self.trouble.replace(error.code) != Some(error.code) {
                    self.tell(Event::Trouble(error));
                }
            }
        }
    }

    fn done(&mut self, path: &Path, stamp: Stamp) {
        self.pending.remove(path);
        self.memory.insert(path, stamp);
    }
}

/// Whose fault it is that a file was not taken.
enum Fault {
    /// Somebody may still be writing it.
    Unfinished,
    /// It is JSON, and not a character's.
    OtherKind,
    File,
    /// The file may be fine.
    Library,
}

fn fault(code: Code) -> Fault {
    use Code as C;
    match code {
        C::JsonTruncated | C::FileEmpty | C::FileUnreadable => Fault::Unfinished,
        C::FormatUnknown | C::FormatUnsupported => Fault::OtherKind,
        C::FileTooLarge
        | C::EncodingUnknown
        | C::NotJson
        | C::WebPage
        | C::JsonDamaged
        | C::JsonTooDeep
        | C::CharacterPrivate
        | C::SourceRefused => Fault::File,
        _ => Fault::Library,
    }
}

type Looked = (BTreeMap<PathBuf, Stamp>, BTreeMap<PathBuf, Error>);

/// What there is, and what could not be looked into.
fn look(folders: &[PathBuf]) -> Looked {
    let (mut there, mut closed) = Looked::default();
    for found in folders.iter().flat_map(|folder| watched(folder)) {
        match found {
            Found::File(path) => {
                if let Some(stamp) = Stamp::of(&path) {
                    there.insert(path, stamp);
                }
            }
            Found::Refused(path, error) => drop(closed.insert(path, error)),
        }
    }
    (there, closed)
}
