//! A backup being written: under a name that no list shows, held by a lock as long as its program lives.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use backstory_core::error::{Error, Result};
use jiff::{Timestamp, tz::TimeZone};
use tempfile::TempDir;

use super::unwritten;
use crate::computer::point;

/// What the names of drafts begin with.
const DRAFT: &str = ".draft-";
/// What the names of places begin with in which a backup is tried.
const DRILL: &str = ".drill-";
/// What the names of backups begin with that are being taken away.
pub(super) const GONE: &str = ".gone-";
/// Held as long as somebody works on it.
const LOCK: &str = "lock";
/// How a backup is named: by the second it was made in, in UTC.
const NAME: &str = "%Y-%m-%dT%H%M%SZ";

/// A folder that becomes a backup. Dropped, it goes.
#[derive(Debug)]
pub(super) struct Draft {
    folder: TempDir,
    root: PathBuf,
    lock: File,
}

impl Draft {
    /// Begins one, and takes away what programs left that were ended.
    pub(super) fn begin(root: &Path) -> Result<Self> {
        let failed = |error| unwritten(root, error);
        private_folder(root).map_err(failed)?;
        clear(root);
        let (folder, lock) = held(root, DRAFT).map_err(failed)?;
        Ok(Self { folder, root: root.to_owned(), lock })
    }

    pub(super) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Gives it its name, on the disk.
    pub(super) fn keep(self, now: Timestamp) -> Result<String> {
        let Self { folder, root, lock } = self;
        let failed = |error| unwritten(&root, error);
        // Held until it has its name, so that nobody takes it for one that was left. Windows renames no folder with an open file.
        let lock = (!cfg!(windows)).then_some(lock);
        sync(folder.path()).map_err(failed)?;
        point();
        let stem = now.to_zoned(TimeZone::UTC).strftime(NAME).to_string();
        let names =
            (1_u32..).map(|number| if number == 1 { stem.clone() } else { format!("{stem}-{number}") });
        for name in names {
            let place = root.join(&name);
            if place.exists() {
                continue;
            }
            match fs::rename(folder.path(), &place) {
                // Another program was made the same second and came first: a folder with something in it is not replaced.
                Err(_) if place.exists() && folder.path().exists() => {}
                Err(error) => return Err(failed(error)),
                Ok(()) => {
                    // Nothing is there any more under the old name.
                    let _renamed = folder.keep();
                    drop(lock);
                    // One that stays is nobody's harm.
                    let _ = fs::remove_file(place.join(LOCK));
                    sync(&root).map_err(failed)?;
                    return Ok(name);
                }
            }
        }
        Err(Error::internal("No name is left for a backup."))
    }
}

/// A place to try a backup in; it goes when it is dropped.
pub(super) fn drill(root: &Path) -> Result<Held> {
    clear(root);
    let (folder, lock) = held(root, DRILL).map_err(|error| unwritten(root, error))?;
    Ok(Held { folder, _lock: lock })
}

/// A folder that nobody else takes away.
#[derive(Debug)]
pub(super) struct Held {
    folder: TempDir,
    _lock: File,
}

impl Held {
    pub(super) fn path(&self) -> &Path {
        self.folder.path()
    }
}

fn held(root: &Path, prefix: &str) -> io::Result<(TempDir, File)> {
    let folder = tempfile::Builder::new().prefix(prefix).tempdir_in(root)?;
    let lock = File::create(folder.path().join(LOCK))?;
    // Where a disk has no locks, nothing is taken from anybody either.
    let _no_locks_here = lock.try_lock();
    Ok((folder, lock))
}

/// Takes away what programs left that were ended. What cannot go now goes the next time.
fn clear(root: &Path) {
    for entry in fs::read_dir(root).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let is_ours = [DRAFT, DRILL, GONE].iter().any(|prefix| name.starts_with(prefix));
        if is_ours && is_abandoned(&entry.path()) {
            let _later = fs::remove_dir_all(entry.path());
        }
    }
}

/// Whether nobody works on it: its lock is free, or it has none any more.
fn is_abandoned(folder: &Path) -> bool {
    match File::open(folder.join(LOCK)) {
        Ok(lock) => lock.try_lock().is_ok(),
        Err(error) => error.kind() == io::ErrorKind::NotFound && !is_young(folder),
    }
}

/// Whether it may have been made this moment: between its folder and its lock lies an instant.
fn is_young(folder: &Path) -> bool {
    let age = fs::metadata(folder).and_then(|about| about.modified()).map(|made| made.elapsed());
    let named = folder.file_name().is_some_and(|name| name.to_string_lossy().starts_with(GONE));
    !named && age.is_ok_and(|age| age.is_ok_and(|age| age.as_secs() < 60))
}

/// When a backup of this name was made; none for what is no backup's name.
pub(super) fn time_in(name: &str) -> Option<Timestamp> {
    let stem = name.get(..18)?;
    let rest = name.get(18..)?;
    let is_number = rest.strip_prefix('-').is_some_and(|number| number.parse::<u32>().is_ok());
    let at = jiff::civil::DateTime::strptime("%Y-%m-%dT%H%M%SZ", stem).ok()?;
    (rest.is_empty() || is_number).then(|| at.to_zoned(TimeZone::UTC).ok()).flatten().map(|at| at.timestamp())
}

/// A folder for nobody but the user's own account.
fn private_folder(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Names in a folder are safe when it is on the disk. Windows does that by itself.
fn sync(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_when() {
        for (name, at) in [
            ("2026-11-30T143000Z", Some("2026-11-30T14:30:00Z")),
            ("2026-11-30T143000Z-2", Some("2026-11-30T14:30:00Z")),
            ("2026-11-30T143000Z-x", None),
            ("2026-11-30T143000Zx", None),
            ("2026-13-30T143000Z", None),
            (".draft-2026-11-30T143000Z", None),
            ("last.json", None),
            ("ä2026-11-30T143000Z", None),
        ] {
            assert_eq!(time_in(name), at.map(|at| at.parse().unwrap()), "{name}");
        }
    }

    #[test]
    fn what_was_left_goes_and_what_is_held_stays() {
        let root = tempfile::tempdir().unwrap();
        let now: Timestamp = "2026-11-30T14:30:00Z".parse().unwrap();
        let held = Draft::begin(root.path()).unwrap();
        let left = root.path().join(".draft-left");
        fs::create_dir(&left).unwrap();
        fs::write(left.join(LOCK), "").unwrap();
        fs::create_dir(root.path().join(".gone-old")).unwrap();
        fs::create_dir(root.path().join("the player's own")).unwrap();
        let second = Draft::begin(root.path()).unwrap();
        assert!(!left.exists() && !root.path().join(".gone-old").exists());
        assert!(held.path().exists() && root.path().join("the player's own").exists());
        assert_eq!(held.keep(now).unwrap(), "2026-11-30T143000Z");
        assert_eq!(second.keep(now).unwrap(), "2026-11-30T143000Z-2");
        let third = Draft::begin(root.path()).unwrap();
        let path = third.path().to_owned();
        drop(third);
        assert!(!path.exists(), "one that was not kept is gone");
    }
}
