//! What Backstory keeps of a player on this computer, besides what is in a store: where it is, and how all of it goes.
//!
//! An erasure is written down in the data folder before its first byte goes, and forgotten when the last look is done.
//! Everything between can be done twice.

mod anchors;
mod holdings;
mod seal;
mod sweep;

use std::{
    fs::{self, File},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use async_trait::async_trait;
use backstory_core::{
    api::erase::{Computer, Holdings},
    error::{Code, Error, Result},
    job::{Progress, ProgressEvent},
    privacy::audit::TreeHead,
    privacy::erase::{ErasePlan, Erasure, HeldKind, Scope, Sweep},
    storage::StorageInfo,
};

use self::holdings::Folders;
use crate::{backups, blocking::blocking, folder, rules, sqlite};

/// What was begun: in the data folder.
const JOURNAL: &str = "erasing.json";

/// What stood for audit logs when they were last seen: in the data folder.
const ANCHORS: &str = "audit.json";

/// The session with D&D Beyond in the system's keychain, which this crate knows nothing of.
#[derive(Debug, Clone, Copy)]
pub struct Session {
    /// Whether there is one.
    pub is_there: fn() -> Result<bool>,
    /// Forgets it; whether there was one.
    pub forget: fn() -> Result<bool>,
}

/// This computer, and this account on it.
pub struct ThisComputer {
    folders: Folders,
    /// The library that would be opened, where it cannot be.
    library: Box<dyn Fn() -> Option<PathBuf> + Send + Sync>,
    /// Where the player wants backups; none: beside each library.
    backups: Box<dyn Fn() -> Option<PathBuf> + Send + Sync>,
    session: Session,
}

impl ThisComputer {
    /// This account's folders. `library` says which file or folder would be opened as the library, `backups` the folder that is
    /// configured for backups.
    ///
    /// # Errors
    /// `storage_failed` where this account has no home folder.
    pub fn new(
        library: impl Fn() -> Option<PathBuf> + Send + Sync + 'static,
        backups: impl Fn() -> Option<PathBuf> + Send + Sync + 'static,
        session: Session,
    ) -> Result<Self> {
        let folders = Folders::of_this_account()?;
        Ok(Self { folders, library: Box::new(library), backups: Box::new(backups), session })
    }

    /// The folders as they are configured at this moment.
    fn folders(&self) -> Folders {
        let mut folders = self.folders.clone();
        folders.backups = (self.backups)();
        folders
    }

    fn anchors(&self) -> PathBuf {
        self.folders.data.join(ANCHORS)
    }

    fn journal(&self) -> PathBuf {
        self.folders.data.join(JOURNAL)
    }
}

#[async_trait]
impl Computer for ThisComputer {
    async fn holdings(&self, scope: &Scope, library: Option<&StorageInfo>) -> Result<Holdings> {
        let is_file = |info: &&StorageInfo| ["sqlite", "folder"].contains(&info.kind.as_str());
        let path = match library {
            Some(info) => Some(info).filter(is_file).map(|info| PathBuf::from(&info.location)),
            // One that was never opened may be another program's.
            None => (self.library)().filter(|path| path.is_file() && !sqlite::is_foreign(path)),
        };
        let (folders, scope, session) = (self.folders(), scope.clone(), self.session);
        let store = library.cloned();
        blocking(move || holdings::of(&folders, session, &scope, path.as_deref(), store.as_ref())).await
    }

    async fn claim(&self, plan: &ErasePlan) -> Result<()> {
        let libraries = paths(plan, HeldKind::Library);
        blocking(move || {
            for library in libraries {
                if library.is_dir() {
                    folder::claim(&library)?;
                } else if library.exists() {
                    sqlite::claim(&library)?;
                }
            }
            Ok(())
        })
        .await
    }

    async fn begin(&self, erasure: &Erasure) -> Result<()> {
        let (path, erasure) = (self.journal(), erasure.clone());
        blocking(move || {
            let text = serde_json::to_vec(&erasure)
                .map_err(|e| Error::internal("What is to be erased cannot be put into words.").caused_by(e))?;
            point();
            write_durably(&path, &text).map_err(|error| {
                Error::new(rules::disk_code(&error), format!("{} cannot be written: {error}.", path.display()))
                    .kept("Nothing was erased.")
                    .hint("What is to be erased is written down first, so that it is ended whatever happens. Make a little room on the disk.")
                    .caused_by(error)
            })?;
            point();
            Ok(())
        })
        .await
    }

    async fn pending(&self) -> Result<Option<Erasure>> {
        let path = self.journal();
        let text = match fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(left(&path, &error)),
        };
        serde_json::from_slice(&text).map(Some).map_err(|error| {
            Error::new(
                Code::StoreDamaged,
                "Something was being erased, and what is left to do cannot be read.",
            )
            .kept("Nothing was erased at this start.")
            .hint(format!("Delete {}, then start again and erase what is still there.", path.display()))
            .caused_by(error)
        })
    }

    async fn clear(&self, erasure: &Erasure, progress: &dyn Progress) -> Result<()> {
        let places = &erasure.plan.places;
        // A copy that goes for one character's sake has the key of the library that stays.
        let takes_keys = erasure.plan.scope == Scope::Everything;
        let total = places.len() as u64;
        for (done, place) in (0..).zip(places) {
            progress.report(ProgressEvent::Advanced { done, total });
            point();
            if place.kind == HeldKind::Cache {
                // The cache is not of this computer: whoever erases tells it.
                continue;
            }
            if place.kind == HeldKind::Session {
                blocking(self.session.forget).await?;
                continue;
            }
            let (kind, path) = (place.kind, PathBuf::from(&place.path));
            blocking(move || {
                if takes_keys && matches!(kind, HeldKind::Library | HeldKind::SetAside | HeldKind::Copies) {
                    // The key first: without it, nothing of the rest can be read.
                    crate::seal::forget_keys(&path);
                }
                let gone = match kind {
                    HeldKind::Library if path.is_dir() => folder::remove(&path),
                    HeldKind::Library => sqlite::remove(&path),
                    // Whoever looked into it left what SQLite keeps beside a file.
                    HeldKind::SetAside | HeldKind::Copies if !path.is_dir() => sqlite::remove(&path),
                    HeldKind::Backups => backups::remove(&path),
                    _ => remove(&path),
                };
                gone.map_err(|error| left(&path, &error))
            })
            .await?;
        }
        progress.report(ProgressEvent::Advanced { done: total, total });
        point();
        Ok(())
    }

    async fn sweep(&self, erasure: &Erasure) -> Result<Sweep> {
        let roots = self.folders().to_sweep(erasure);
        let mut except = holdings::said_to_stay(erasure);
        except.push(self.journal());
        let needles = erasure.searched_for();
        let swept = blocking(move || {
            sweep::run(&roots, &except, needles).map_err(|(path, error)| {
                Error::new(Code::StorageFailed, format!("{} cannot be read: {error}.", path.display()))
                    .kept("Everything else was erased; whether this file holds something of it is not known.")
                    .hint("Start Backstory again: it looks once more.")
                    .caused_by(error)
            })
        })
        .await?;
        for path in &swept.found_in {
            tracing::error!(path = %path.display(), "something that was erased is still there");
        }
        point();
        Ok(swept.sweep)
    }

    async fn log_seen(&self, library: &str) -> Result<Option<TreeHead>> {
        let (path, library) = (self.anchors(), library.to_owned());
        blocking(move || {
            anchors::read(&path, &library).map_err(|error| {
                Error::new(Code::StorageFailed, format!("{} cannot be read: {error}.", path.display()))
                    .kept("The library is not affected.")
                    .caused_by(error)
            })
        })
        .await
    }

    async fn keep_log_seen(&self, library: &str, log: &TreeHead) -> Result<()> {
        let (path, library, log) = (self.anchors(), library.to_owned(), *log);
        blocking(move || {
            anchors::keep(&path, &library, &log).map_err(|error| {
                Error::new(
                    rules::disk_code(&error),
                    format!("{} cannot be written: {error}.", path.display()),
                )
                .kept("The library is not affected.")
                .caused_by(error)
            })
        })
        .await
    }

    async fn end(&self) -> Result<()> {
        let path = self.journal();
        blocking(move || remove(&path).map_err(|error| left(&path, &error))).await?;
        point();
        Ok(())
    }

    fn seal(&self, text: &dyn Fn(&str) -> String) -> Result<(String, String)> {
        seal::seal(text)
    }

    fn is_sealed(&self, text: &str, key: &str, signature: &str) -> bool {
        seal::is_sealed(text, key, signature)
    }
}

/// The paths of one kind in a plan.
fn paths(plan: &ErasePlan, kind: HeldKind) -> Vec<PathBuf> {
    plan.places.iter().filter(|place| place.kind == kind).map(|place| PathBuf::from(&place.path)).collect()
}

/// Takes a file or a folder away. What is not there is gone.
pub(crate) fn remove(path: &Path) -> io::Result<()> {
    let gone = match fs::symlink_metadata(path) {
        Ok(about) if about.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(error) => Err(error),
    };
    match gone {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    sync_folder(path)
}

/// A name is gone for good when its folder is on the disk. Windows does that by itself.
fn sync_folder(path: &Path) -> io::Result<()> {
    match path.parent().filter(|folder| cfg!(unix) && folder.exists()) {
        Some(folder) => File::open(folder)?.sync_all(),
        None => Ok(()),
    }
}

/// Writes a file whole: beside its place, on the disk, then into it.
pub(crate) fn write_durably(path: &Path, text: &[u8]) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let beside = path.with_extension("new");
    let mut options = File::options();
    options.write(true).create(true).truncate(true);
    // Names and notes stand in it until all is done.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&beside)?;
    file.write_all(text)?;
    file.sync_all()?;
    fs::rename(&beside, path)?;
    sync_folder(path)
}

fn left(path: &Path, error: &io::Error) -> Error {
    Error::new(Code::StorageFailed, format!("{} cannot be taken away: {error}.", path.display()))
        .kept("What comes before it in the list is erased.")
        .hint("Close whatever has it open, then start Backstory again: it goes on where it stopped.")
}

/// Where a test may end the program, as a power cut would: at the n-th of these, as the variable says.
pub(crate) fn point() {
    #[cfg(debug_assertions)]
    {
        use std::sync::atomic::{AtomicU32, Ordering};
        static PASSED: AtomicU32 = AtomicU32::new(0);
        let passed = PASSED.fetch_add(1, Ordering::Relaxed) + 1;
        if std::env::var("BACKSTORY_DIE_AT").is_ok_and(|at| at == passed.to_string()) {
            std::process::abort();
        }
    }
}
