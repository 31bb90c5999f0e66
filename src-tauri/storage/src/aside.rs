//! A library's file that is moved out of the way, and the copies of it that lie beside it. Nothing of the player's is ever deleted.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use backstory_core::{
    api::opening::LibraryCopy,
    config::Address,
    error::{Code, Error, Result},
};

use crate::open;

/// What belongs to the file of a SQLite library, beside the file itself, which comes first: without its log it is an older
/// state of itself, and a log without its file is nothing.
const PARTS: [&str; 3] = ["", "-wal", "-shm"];

/// The one file that a library is, where it is one on this computer that is written to.
pub fn file(address: &Address) -> Option<PathBuf> {
    open::sqlite_file(address.reveal())
}

/// Whether the library in this file is there and can get another name.
pub fn can_move(file: &Path) -> bool {
    file.is_file() && tempfile::tempfile_in(folder(file)).is_ok()
}

/// The whole copies of this library that were made before it was brought up to date, newest first.
pub fn copies(file: &Path) -> Vec<LibraryCopy> {
    let beginning = format!("{}.before-", stem(file));
    let found = fs::read_dir(folder(file)).into_iter().flatten().flatten();
    let mut copies: Vec<LibraryCopy> = found
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            let number = name.strip_prefix(&beginning)?.strip_suffix(".sqlite")?;
            let about = entry.metadata().ok().filter(fs::Metadata::is_file)?;
            let made_at = about.modified().ok()?.try_into().ok()?;
            number.parse::<u32>().ok()?;
            Some(LibraryCopy { name, bytes: about.len(), made_at })
        })
        .collect();
    copies.sort_by(|a, b| b.made_at.cmp(&a.made_at).then_with(|| a.name.cmp(&b.name)));
    copies
}

/// Gives the library another name beside its own, `library.aside-1.sqlite`, with all that belongs to it, and says which.
///
/// # Errors
/// `storage_failed` where the system refuses; everything is where it was then.
pub fn move_aside(file: &Path) -> Result<PathBuf> {
    let aside = (1..)
        .map(|number| file.with_file_name(format!("{}.aside-{number}.sqlite", stem(file))))
        .find(|name| PARTS.iter().all(|part| !with(name, part).exists()))
        .unwrap_or_default();
    rename(file, &aside)?;
    Ok(aside)
}

/// Undoes [`move_aside`].
///
/// # Errors
/// As there.
pub fn move_back(aside: &Path, file: &Path) -> Result<()> {
    rename(aside, file)
}

/// Puts a copy of this copy into the library's place, where none is now.
///
/// # Errors
/// `storage_full`, `storage_failed`; `invalid_argument` for what is no copy of this library. Nothing stands there then.
pub fn put_copy(name: &str, file: &Path) -> Result<()> {
    if !copies(file).iter().any(|copy| copy.name == name) {
        return Err(Error::new(Code::InvalidArgument, format!("{name} is not a copy of this library.")));
    }
    let failed = |error| refused(file, error);
    let mut copy = fs::File::open(file.with_file_name(name)).map_err(failed)?;
    // For nobody but the user's own account, and whole before it gets its name.
    let mut draft =
        tempfile::Builder::new().prefix(".backstory-copy-").tempfile_in(folder(file)).map_err(failed)?;
    io::copy(&mut copy, &mut draft).map_err(failed)?;
    draft.as_file().sync_all().map_err(failed)?;
    draft.persist_noclobber(file).map_err(|error| failed(error.error))?;
    Ok(())
}

/// Takes away what [`put_copy`] put there and what was opened of it. The copy itself stays.
pub fn take_copy_away(file: &Path) {
    for part in PARTS {
        let _was_not_there = fs::remove_file(with(file, part));
    }
}

fn rename(from: &Path, to: &Path) -> Result<()> {
    for (moved, part) in PARTS.iter().enumerate() {
        match fs::rename(with(from, part), with(to, part)) {
            Err(error) if moved == 0 || error.kind() != io::ErrorKind::NotFound => {
                for part in &PARTS[..moved] {
                    let _was_not_there = fs::rename(with(to, part), with(from, part));
                }
                return Err(refused(from, error));
            }
            _ => {}
        }
    }
    Ok(())
}

fn refused(file: &Path, error: io::Error) -> Error {
    let full = matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded);
    let code = if full { Code::StorageFull } else { Code::StorageFailed };
    Error::new(code, format!("The library {} could not be moved aside or replaced.", file.display()))
        .kept("It is where it was, as it was.")
        .hint("Look whether you may write to its folder and whether the disk has room, then try again.")
        .caused_by(error)
}

fn with(file: &Path, part: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(part);
    name.into()
}

fn folder(file: &Path) -> &Path {
    file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn stem(file: &Path) -> String {
    file.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_library_moves_with_its_log_and_comes_back() {
        let place = tempfile::tempdir().unwrap();
        let file = place.path().join("library.sqlite");
        for (part, text) in [("", "whole"), ("-wal", "log")] {
            fs::write(with(&file, part), text).unwrap();
        }
        fs::write(place.path().join("library.aside-1.sqlite-wal"), "another's").unwrap();
        let aside = move_aside(&file).unwrap();
        assert_eq!(aside.file_name().unwrap(), "library.aside-2.sqlite");
        assert!(!file.exists() && !with(&file, "-wal").exists());
        assert_eq!(fs::read(with(&aside, "-wal")).unwrap(), b"log");
        move_back(&aside, &file).unwrap();
        assert_eq!(fs::read(&file).unwrap(), b"whole");
        assert!(with(&file, "-wal").exists() && !aside.exists());
        assert_eq!(move_aside(&place.path().join("none")).unwrap_err().code, Code::StorageFailed);
    }

    #[test]
    fn only_copies_of_this_library_are_put_in_its_place() {
        let place = tempfile::tempdir().unwrap();
        let file = place.path().join("library.sqlite");
        for name in ["library.before-2.sqlite", "library.before-x.sqlite", "other.before-2.sqlite"] {
            fs::write(place.path().join(name), name).unwrap();
        }
        let names: Vec<_> = copies(&file).into_iter().map(|copy| copy.name).collect();
        assert_eq!(names, ["library.before-2.sqlite"]);
        assert!(put_copy("other.before-2.sqlite", &file).is_err() && put_copy("../x", &file).is_err());
        put_copy("library.before-2.sqlite", &file).unwrap();
        assert_eq!(fs::read(&file).unwrap(), b"library.before-2.sqlite");
        assert!(put_copy("library.before-2.sqlite", &file).is_err(), "what stands there stays");
        assert!(can_move(&file));
        take_copy_away(&file);
        assert!(!file.exists() && copies(&file).len() == 1);
    }
}
