//! The watched folders: which they are is kept with the preferences, what happened in them is told to the page.

use std::{
    collections::VecDeque,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use backstory_core::{
    api::import::{FileResult, Outcome, WatchedFolder},
    error::{Code, Error, Result},
    library::Library,
};
use backstory_sources::watch::{Event, Settings, Watch};
use backstory_storage::config;
use tokio::sync::mpsc::UnboundedReceiver;

/// So many of the latest files are told of for each folder.
const LATEST: usize = 20;

/// The folders that are watched, and the one watch over all of them.
#[derive(Debug, Default)]
pub(crate) struct Watching(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    folders: Vec<Folder>,
    watch: Option<Watch>,
    /// Why nothing can be taken anywhere.
    trouble: Option<Error>,
}

#[derive(Debug)]
struct Folder {
    path: PathBuf,
    taken: u64,
    files: VecDeque<FileResult>,
}

impl Folder {
    fn at(path: PathBuf) -> Self {
        Self { path, taken: 0, files: VecDeque::new() }
    }

    /// What became of one of its files. A file that is known already is no news.
    fn note(&mut self, result: FileResult) {
        if result.outcome == Outcome::Identical {
            return;
        }
        self.taken += u64::from(result.outcome != Outcome::Failed);
        self.files.push_front(result);
        self.files.truncate(LATEST);
    }
}

impl Watching {
    /// Watches exactly these folders from now on. What is known of those that stay is kept.
    pub(crate) fn watch(
        self: &Arc<Self>,
        library: Result<Arc<Library>>,
        folders: Vec<PathBuf>,
        memory: Result<PathBuf>,
        told: impl Fn(Option<FileResult>) + Send + 'static,
    ) {
        let (started, trouble) = match start(library, folders.clone(), memory) {
            Ok(started) => (started, None),
            Err(error) => (None, Some(error)),
        };
        let mut state = self.state();
        let mut known = std::mem::take(&mut state.folders);
        state.folders = folders
            .into_iter()
            .map(|path| match known.iter().position(|folder| folder.path == path) {
                Some(place) => known.swap_remove(place),
                None => Folder::at(path),
            })
            .collect();
        state.trouble = trouble;
        // The old watch ends with its last owner.
        state.watch = started.map(|(watch, events)| {
            tauri::async_runtime::spawn(hear(Arc::clone(self), events, told));
            watch
        });
    }

    /// How many folders are watched.
    pub(crate) fn count(&self) -> usize {
        self.state().folders.len()
    }

    /// The folders and how they stand.
    pub(crate) fn list(&self) -> Vec<WatchedFolder> {
        let state = self.state();
        let looked_at = state.watch.as_ref().and_then(Watch::looked_at);
        let stands = |folder: &Folder| WatchedFolder {
            path: folder.path.to_string_lossy().into_owned(),
            error: state.trouble.clone().or_else(|| (!folder.path.is_dir()).then(|| gone(&folder.path))),
            looked_at,
            taken: folder.taken,
            files: folder.files.iter().cloned().collect(),
        };
        state.folders.iter().map(stands).collect()
    }

    fn hear(&self, event: Event) {
        let mut state = self.state();
        match event {
            Event::Captured(result) | Event::Refused(result) => {
                state.trouble = None;
                let path = PathBuf::from(&result.path);
                // Of folders in each other the inner one is meant.
                let holds = |folder: &&mut Folder| path.starts_with(&folder.path) && path != folder.path;
                let inner = state.folders.iter_mut().filter(holds);
                if let Some(folder) = inner.max_by_key(|folder| folder.path.components().count()) {
                    folder.note(*result);
                }
            }
            Event::Trouble(error) => state.trouble = Some(error),
            Event::Ignored(_) | Event::Waiting { .. } | Event::Idle => {}
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

type Started = Option<(Watch, UnboundedReceiver<Event>)>;

fn start(library: Result<Arc<Library>>, folders: Vec<PathBuf>, memory: Result<PathBuf>) -> Result<Started> {
    if folders.is_empty() {
        return Ok(None);
    }
    let library = library?;
    if let Some(why) = library.info().read_only {
        return Err(Error::from(why)
            .kept("The files in the folder are as they were.")
            .hint("They are taken once the library can be written to."));
    }
    let settings = Settings { minimise: minimises(), ..Settings::default() };
    Watch::start(library, folders, &memory?, settings).map(Some)
}

async fn hear(
    watching: Arc<Watching>,
    mut events: UnboundedReceiver<Event>,
    told: impl Fn(Option<FileResult>) + Send,
) {
    while let Some(event) = events.recv().await {
        let captured = match &event {
            Event::Captured(result) => Some(FileResult::clone(result)),
            _ => None,
        };
        watching.hear(event);
        told(captured);
    }
}

fn gone(folder: &Path) -> Error {
    Error::new(Code::FileUnreadable, format!("The folder {} is not there now.", folder.display()))
        .kept("What was taken from it is in your library.")
        .hint("Where it is on a disk or a network, connect that: Backstory goes on by itself. Else stop watching it.")
}

/// Whether other players' rows are cut out of what comes in. A configuration that cannot be read keeps nothing of others.
pub(crate) fn minimises() -> bool {
    config::load(&config::Flags::default()).map_or(true, |loaded| loaded.config.privacy.minimise)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn captured(path: &str, outcome: Outcome) -> Event {
        let failed = FileResult::failed(path, None, gone(Path::new(path)));
        Event::Captured(Box::new(FileResult { outcome, ..failed }))
    }

    #[test]
    fn a_file_counts_for_the_innermost_folder_and_a_known_one_is_no_news() {
        let watching = Watching::default();
        watching.state().folders = ["/a", "/a/b"].map(|path| Folder::at(path.into())).into();
        for (path, outcome) in [
            ("/a/b/1.json", Outcome::Added),
            ("/a/2.json", Outcome::Failed),
            ("/a/b/3.json", Outcome::Identical),
            ("/ab/4.json", Outcome::Added),
        ] {
            watching.hear(captured(path, outcome));
        }
        let told: Vec<_> = watching.list().iter().map(|folder| (folder.taken, folder.files.len())).collect();
        assert_eq!(told, [(0, 1), (1, 1)]);
    }

    #[test]
    fn a_folder_that_is_not_there_says_so() {
        let watching = Watching::default();
        let folder = tempfile::tempdir().unwrap();
        let there = folder.path().to_owned();
        watching.state().folders = vec![Folder::at(there.join("gone")), Folder::at(there)];
        let errors: Vec<_> = watching.list().iter().map(|folder| folder.error.is_some()).collect();
        assert_eq!(errors, [true, false]);
    }
}
