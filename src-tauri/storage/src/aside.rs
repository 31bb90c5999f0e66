//! Putting a library of this computer aside, so that a copy of it or an empty one can take its place. Nothing is deleted, and
//! whatever interrupts it, either place has the whole library.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use backstory_core::{
    api::opening::LibraryCopy,
    error::{Code, Error, Result},
};
use jiff::{Timestamp, tz::TimeZone};

use crate::{rules, sqlite};

/// What SQLite keeps beside its file.
const COMPANIONS: [&str; 2] = ["-wal", "-shm"];

/// What the name of a copy ends in that waits for the library's place.
const DRAFT: &str = ".next";

/// The copies of a SQLite library that were made before it was changed, newest first.
pub fn copies(library: &Path) -> Vec<LibraryCopy> {
    let Some((folder, stem)) = library.parent().zip(library.file_stem()) else { return Vec::new() };
    let begin = format!("{}.before-", stem.to_string_lossy());
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut copies: Vec<_> = entries
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let name = entry.file_name().into_string().ok()?;
            let about = entry.metadata().ok().filter(fs::Metadata::is_file)?;
            let ours = name.starts_with(&begin) && name.ends_with(".sqlite");
            let made_at = Timestamp::try_from(about.modified().ok()?).ok()?;
            ours.then_some(LibraryCopy { name, made_at, bytes: about.len() })
        })
        .collect();
    copies.sort_by(|a, b| b.made_at.cmp(&a.made_at).then_with(|| a.name.cmp(&b.name)));
    copies
}

/// Gives a library another name in its folder, `library.aside-2026-11-23-145000.sqlite`, and puts a copy of an earlier state
/// in its place, where one is given; else the place is free. Says where the library is now. Nobody may have it open.
///
/// The copy is looked over and written whole before anything is moved, so that a full disk or a bad copy leaves everything
/// as it was; [`settle`] ends what a stop in the middle left.
///
/// # Errors
/// `store_damaged` for a copy that is not whole, `storage_full`, `storage_failed`; the library is where it was then.
pub fn replace(library: &Path, copy: Option<&Path>, now: Timestamp) -> Result<Option<PathBuf>> {
    if let Some(copy) = copy {
        sqlite::look(copy)?;
        prepare(copy, library)?;
    }
    let aside = library.exists().then(|| free_name(library, now));
    if let Some(aside) = &aside {
        move_library(library, aside).map_err(|error| {
            let _draft = fs::remove_file(beside(library, DRAFT));
            stays(library, error)
        })?;
    }
    if copy.is_some()
        && let Err(error) = fs::rename(beside(library, DRAFT), library)
    {
        if let Some(aside) = &aside {
            put_back(aside, library)?;
        }
        return Err(stays(library, error));
    }
    sync_folder(library);
    Ok(aside)
}

/// Puts a library back where nothing took its place.
///
/// # Errors
/// `storage_failed`; the library is where it was put aside then.
pub fn put_back(aside: &Path, library: &Path) -> Result<()> {
    if library.exists() {
        return Ok(());
    }
    move_library(aside, library).map_err(|error| stays(aside, error))
}

/// Ends what [`replace`] began and a stop kept from ending: a copy that was written takes the place that is free for it.
///
/// # Errors
/// `storage_failed`; an empty library must not be made in that place then.
pub fn settle(library: &Path) -> Result<()> {
    let draft = beside(library, DRAFT);
    if !draft.exists() {
        return Ok(());
    }
    let ended = if library.exists() { fs::remove_file(&draft) } else { fs::rename(&draft, library) };
    ended.map_err(|error| stays(&draft, error))
}

/// Writes a copy beside the place it is for. It has its name only when it is whole.
fn prepare(copy: &Path, library: &Path) -> Result<()> {
    let begun = beside(library, ".begun");
    let write = || {
        fs::copy(copy, &begun)?;
        fs::File::open(&begun)?.sync_all()?;
        fs::rename(&begun, beside(library, DRAFT))
    };
    write().map_err(|error: io::Error| {
        let _nothing_was_there = fs::remove_file(&begun);
        Error::new(rules::disk_code(&error), format!("The copy {} could not be made ready.", copy.display()))
            .kept("The library and the copy are as they were.")
            .hint("Look whether the disk has room for one more library.")
            .caused_by(error)
    })
}

fn stays(library: &Path, error: io::Error) -> Error {
    Error::new(Code::StorageFailed, format!("{} could not be moved: {error}.", library.display()))
        .kept("It is where it was.")
        .hint("Look whether you may write to its folder, and whether another program has it open.")
        .caused_by(error)
}

fn move_library(from: &Path, to: &Path) -> io::Result<()> {
    if from.is_dir() { fs::rename(from, to) } else { move_file(from, to) }
}

/// The log holds what the file does not have yet, and belongs to no other file: under the new name both are there before
/// anything is taken away, and the log is taken first, or an empty library in the old place would take it for its own.
fn move_file(from: &Path, to: &Path) -> io::Result<()> {
    let companions = COMPANIONS.map(|ending| (beside(from, ending), beside(to, ending)));
    let files = companions.iter().filter(|(companion, _)| companion.exists());
    let files: Vec<_> = files.cloned().chain([(from.to_owned(), to.to_owned())]).collect();
    let links = files.iter().try_for_each(|(file, there)| fs::hard_link(file, there));
    if links.is_err() {
        // One file under two names would be written under both.
        files.iter().for_each(|(_, there)| drop(fs::remove_file(there)));
        // Perhaps a disk without links.
        return files.iter().try_for_each(|(file, there)| fs::rename(file, there));
    }
    files.iter().try_for_each(|(file, _)| fs::remove_file(file))
}

/// Names are safe when their folder is on the disk. Windows does that by itself; elsewhere it is only later if it fails.
fn sync_folder(library: &Path) {
    if let Some(folder) = library.parent().filter(|_| cfg!(unix)) {
        let _later = fs::File::open(folder).and_then(|folder| folder.sync_all());
    }
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(ending);
    path.with_file_name(name)
}

fn free_name(library: &Path, now: Timestamp) -> PathBuf {
    let at = now.to_zoned(TimeZone::system()).strftime("%Y-%m-%d-%H%M%S").to_string();
    let stem = library.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let ending =
        library.extension().map(|ending| format!(".{}", ending.to_string_lossy())).unwrap_or_default();
    let names = (1..).map(|number| match number {
        1 => format!("{stem}.aside-{at}{ending}"),
        _ => format!("{stem}.aside-{at}-{number}{ending}"),
    });
    let mut places = names.map(|name| library.with_file_name(name));
    places.find(|place| !place.exists()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use backstory_core::storage::StorageFactory as _;

    use super::*;
    use crate::open::Stores;

    const LIBRARY: &str = "library.sqlite";

    fn now() -> Timestamp {
        Timestamp::from_second(1_790_000_000).unwrap()
    }

    /// A folder with a damaged library, its log, and a copy that was made before.
    async fn folder() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let copy = folder.path().join("library.before-3.sqlite");
        Stores.open(copy.to_str().unwrap()).await.unwrap().facets().await.unwrap();
        for (name, content) in
            [(LIBRARY, "main"), ("library.sqlite-wal", "log"), ("library.before-notes.txt", "")]
        {
            fs::write(folder.path().join(name), content).unwrap();
        }
        folder
    }

    fn names(folder: &tempfile::TempDir) -> Vec<String> {
        let entries = fs::read_dir(folder.path()).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[tokio::test]
    async fn a_library_goes_aside_with_its_log_and_a_copy_takes_its_place() {
        let folder = folder().await;
        let at = |name: &str| folder.path().join(name);
        let known: Vec<_> = copies(&at(LIBRARY)).into_iter().map(|copy| copy.name).collect();
        assert_eq!(known, ["library.before-3.sqlite"]);

        let aside = replace(&at(LIBRARY), Some(&at(&known[0])), now()).unwrap().unwrap();
        assert_eq!(fs::read_to_string(&aside).unwrap(), "main");
        assert_eq!(fs::read_to_string(beside(&aside, "-wal")).unwrap(), "log");
        assert!(!at("library.sqlite-wal").exists(), "the log is no other library's");
        assert_eq!(fs::read(at(LIBRARY)).unwrap(), fs::read(at(&known[0])).unwrap());
        assert!(!beside(&at(LIBRARY), DRAFT).exists());

        // The same second gives another name.
        let second = replace(&at(LIBRARY), None, now()).unwrap().unwrap();
        assert_ne!(second, aside);
        assert!(!at(LIBRARY).exists());
        put_back(&second, &at(LIBRARY)).unwrap();
        assert_eq!(fs::read(at(LIBRARY)).unwrap(), fs::read(at(&known[0])).unwrap());
    }

    #[tokio::test]
    async fn what_fails_leaves_everything_where_it_was() {
        let folder = folder().await;
        let at = |name: &str| folder.path().join(name);
        let before = names(&folder);
        let whole = fs::read(at("library.before-3.sqlite")).unwrap();
        for bad in [&whole[..whole.len() / 2], b"no library", b""] {
            fs::write(at("library.before-3.sqlite"), bad).unwrap();
            replace(&at(LIBRARY), Some(&at("library.before-3.sqlite")), now()).unwrap_err();
            assert_eq!(names(&folder), before);
            assert_eq!(fs::read_to_string(at(LIBRARY)).unwrap(), "main");
        }
        let missing = replace(&at("nothing.sqlite"), Some(&at("no copy")), now()).unwrap_err();
        assert_eq!(missing.code, Code::StorageFailed);
        assert_eq!(names(&folder), before);
        assert_eq!(replace(&at("nothing.sqlite"), None, now()).unwrap(), None);

        // The log cannot go where something lies already: no second name of the library is left.
        let aside = free_name(&at(LIBRARY), now());
        fs::create_dir(beside(&aside, "-wal")).unwrap();
        replace(&at(LIBRARY), None, now()).unwrap_err();
        assert!(!aside.exists());
        assert_eq!(fs::read_to_string(at("library.sqlite-wal")).unwrap(), "log");
    }

    #[tokio::test]
    async fn a_stop_in_the_middle_is_gone_on_with() {
        let folder = folder().await;
        let at = |name: &str| folder.path().join(name);
        let copy = at("library.before-3.sqlite");
        prepare(&copy, &at(LIBRARY)).unwrap();
        settle(&at(LIBRARY)).unwrap();
        assert_eq!(fs::read_to_string(at(LIBRARY)).unwrap(), "main", "nothing was put aside yet");
        prepare(&copy, &at(LIBRARY)).unwrap();
        move_library(&at(LIBRARY), &at("library.aside.sqlite")).unwrap();
        settle(&at(LIBRARY)).unwrap();
        assert_eq!(fs::read(at(LIBRARY)).unwrap(), fs::read(&copy).unwrap());
        settle(&at(LIBRARY)).unwrap();
        assert!(!beside(&at(LIBRARY), DRAFT).exists());
    }
}
