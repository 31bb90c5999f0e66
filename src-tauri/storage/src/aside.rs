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

/// What SQLite keeps beside its file.
const COMPANIONS: [&str; 2] = ["-wal", "-shm"];

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

/// Gives a library another name in its folder, `library.aside-2026-11-23-145000.sqlite`, and says which.
///
/// # Errors
/// `storage_failed`; then the library is where it was.
pub fn set_aside(library: &Path, now: Timestamp) -> Result<PathBuf> {
    let aside = free_name(library, now);
    if library.is_dir() {
        fs::rename(library, &aside).map_err(|error| stays(library, error))?;
    } else {
        move_file(library, &aside).map_err(|error| stays(library, error))?;
    }
    Ok(aside)
}

/// Puts a copy in the place of a library, which must be free. The copy stays.
///
/// # Errors
/// `storage_full`, `storage_failed`; then the place is free as before.
pub fn put_copy(copy: &Path, library: &Path) -> Result<()> {
    let draft = beside(library, ".new");
    let put = || {
        fs::copy(copy, &draft)?;
        fs::File::open(&draft)?.sync_all()?;
        fs::rename(&draft, library)
    };
    put().map_err(|error: io::Error| {
        let _nothing_was_there = fs::remove_file(&draft);
        let code = match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Code::StorageFull,
            _ => Code::StorageFailed,
        };
        Error::new(code, format!("The copy {} could not be put in the library's place.", copy.display()))
            .kept("The copy is as it was.")
            .caused_by(error)
    })
}

fn stays(library: &Path, error: io::Error) -> Error {
    Error::new(Code::StorageFailed, format!("{} could not be put aside: {error}.", library.display()))
        .kept("It is where it was.")
        .hint("Look whether you may write to its folder, and whether another program has it open.")
        .caused_by(error)
}

/// The log holds what the file does not have yet, and belongs to no other file: under the new name both are there before
/// anything is taken away, and the log is taken first, or an empty library in the old place would take it for its own.
fn move_file(from: &Path, to: &Path) -> io::Result<()> {
    let pairs = || COMPANIONS.iter().map(|ending| (beside(from, ending), beside(to, ending)));
    if fs::hard_link(from, to).is_ok() {
        for (companion, there) in pairs().filter(|(companion, _)| companion.exists()) {
            fs::hard_link(companion, there)?;
        }
        for (companion, _) in pairs().filter(|(companion, _)| companion.exists()) {
            fs::remove_file(companion)?;
        }
        return fs::remove_file(from);
    }
    // A disk without links.
    for (companion, there) in pairs().filter(|(companion, _)| companion.exists()) {
        fs::rename(companion, there)?;
    }
    fs::rename(from, to)
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
    use super::*;

    #[test]
    fn a_library_goes_aside_with_its_log_and_a_copy_takes_its_place() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("library.sqlite"), "main").unwrap();
        fs::write(at("library.sqlite-wal"), "log").unwrap();
        fs::write(at("library.before-3.sqlite"), "older").unwrap();
        fs::write(at("library.before-notes.txt"), "no copy").unwrap();
        let copies = copies(&at("library.sqlite"));
        assert_eq!(
            copies.iter().map(|copy| copy.name.as_str()).collect::<Vec<_>>(),
            ["library.before-3.sqlite"]
        );

        let now = Timestamp::from_second(1_790_000_000).unwrap();
        let aside = set_aside(&at("library.sqlite"), now).unwrap();
        assert_eq!(fs::read_to_string(&aside).unwrap(), "main");
        assert_eq!(fs::read_to_string(beside(&aside, "-wal")).unwrap(), "log");
        assert!(!at("library.sqlite").exists() && !at("library.sqlite-wal").exists());

        put_copy(&at("library.before-3.sqlite"), &at("library.sqlite")).unwrap();
        assert_eq!(fs::read_to_string(at("library.sqlite")).unwrap(), "older");
        assert!(at("library.before-3.sqlite").exists());
        // The same second gives another name.
        let second = set_aside(&at("library.sqlite"), now).unwrap();
        assert_ne!(second, aside);
        assert_eq!(fs::read_to_string(second).unwrap(), "older");
    }

    #[test]
    fn what_cannot_be_moved_stays() {
        let folder = tempfile::tempdir().unwrap();
        let error = set_aside(&folder.path().join("nothing.sqlite"), Timestamp::UNIX_EPOCH).unwrap_err();
        assert_eq!(error.code, Code::StorageFailed);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
