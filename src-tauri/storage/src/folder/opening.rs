//! Opening a folder: is it there, is it ours, is it sound, may it be written.

use std::{fs, io, path::Path, sync::Arc, time::Duration};

use backstory_core::{
    error::{Code, Error, Result},
    storage::{ReadOnly, StoreOptions},
};

use super::{
    disk::{Disk, Kind},
    head::{self, Found, Head},
    index::{self, IndexFile},
    journal::{self, Change, View},
    layout::{CHARACTERS, HEAD, INDEX, TEMP},
    lock::WriterLock,
};
use crate::rules;

/// What a folder turned out to be.
enum State {
    /// Nothing is there, or nothing in it.
    Empty,
    Library,
    Newer,
}

/// Opens the folder, making a library of it where there is nothing. Says why it must not be written, where that is so.
pub(super) fn open(disk: &Disk, options: &StoreOptions, wait: Duration) -> Result<Option<ReadOnly>> {
    let state = recognise(disk)?;
    if options.read_only {
        if matches!(state, State::Empty) {
            return Err(nothing_here(disk));
        }
        let newer = matches!(state, State::Newer);
        return Ok(Some(if newer { ReadOnly::Newer } else { ReadOnly::Asked }));
    }
    match state {
        State::Empty => {
            create(disk, options, wait)?;
            Ok(None)
        }
        State::Newer => Ok(Some(ReadOnly::Newer)),
        State::Library => settle(disk),
    }
}

/// Completes what a writer that ended left, if nobody else is at it. Finds out whether the folder can be written.
fn settle(disk: &Disk) -> Result<Option<ReadOnly>> {
    let try_to_write = || -> Result<()> {
        disk.make_folder(TEMP)?;
        if let Some(lock) = WriterLock::try_acquire(disk)? {
            journal::replay(disk)?;
            journal::tidy(disk)?;
            drop(lock);
        }
        Ok(())
    };
    match try_to_write() {
        Err(error) if error.code == Code::StoreReadOnly => {
            tracing::info!(?error, "a library is open for reading only");
            Ok(Some(ReadOnly::NotAllowed))
        }
        // What is damaged or full can still be read; whoever writes is told.
        Err(error) => {
            tracing::warn!(?error, "a library could not be tidied up");
            Ok(None)
        }
        Ok(()) => Ok(None),
    }
}

/// Looks whether this is a library, and refuses everything else.
fn recognise(disk: &Disk) -> Result<State> {
    match fs::metadata(disk.root()) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(State::Empty),
        Err(error) => return Err(unreadable(disk, error)),
        Ok(metadata) if !metadata.is_dir() => {
            return Err(Error::new(
                Code::InvalidArgument,
                format!("{} is not a folder.", disk.root().display()),
            )
            .kept("It was not changed.")
            .hint("Choose a folder, or a new name to make one."));
        }
        Ok(_) => {}
    }
    let view = View::open(disk)?;
    let text = match view.read(HEAD) {
        Err(error) if super::is_damage(&error) => Some(Vec::new()),
        text => text?,
    };
    match head::recognise(text.as_deref()) {
        Found::Head(_) => Ok(State::Library),
        Found::Newer(_) => Ok(State::Newer),
        Found::Older => Err(head::too_old(disk)),
        Found::Nothing if is_empty(disk)? => Ok(State::Empty),
        // A head that is gone or unreadable does not make strangers of the characters.
        _ if index::has_characters(&view)? => Ok(State::Library),
        _ => Err(somebody_elses(disk)),
    }
}

/// Whether there is nothing in a folder but what a creation that did not come far leaves.
fn is_empty(disk: &Disk) -> Result<bool> {
    for entry in disk.list("")? {
        let name = entry.name.unwrap_or_default();
        let ours = name == TEMP || (name == CHARACTERS && disk.list(CHARACTERS)?.is_empty());
        if !ours || disk.kind(&name)? != Some(Kind::Folder) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Makes an empty library. Of many who do that at once, one does it and the others find it made.
fn create(disk: &Disk, options: &StoreOptions, wait: Duration) -> Result<()> {
    make_root(disk)?;
    disk.make_folder(TEMP)?;
    let until = std::time::Instant::now() + wait;
    let _lock = loop {
        if let Some(lock) = WriterLock::try_acquire(disk)? {
            break lock;
        }
        if std::time::Instant::now() > until {
            return Err(rules::busy());
        }
        std::thread::sleep(Duration::from_millis(1));
    };
    journal::replay(disk)?;
    journal::tidy(disk)?;
    if !matches!(recognise(disk)?, State::Empty) {
        return Ok(());
    }
    disk.make_folder(CHARACTERS)?;
    let head = Head::new(options.encoding.unwrap_or_default());
    let mut change = Change::default();
    change.put(INDEX.to_owned(), IndexFile::text(&head, std::iter::empty())?);
    change.put(HEAD.to_owned(), head.text(&Arc::default())?);
    change.commit(disk, head.revision)?;
    Ok(())
}

fn make_root(disk: &Disk) -> Result<()> {
    let root = disk.root();
    if root.is_dir() {
        return Ok(());
    }
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(root).map_err(|error| {
        Error::new(rules::disk_code(&error), format!("The folder {} cannot be made.", root.display()))
            .hint("Check that the folder above it exists and that you may write to it, or choose another place.")
            .caused_by(error)
    })?;
    keep_name(root)
}

/// Has the disk keep the name of a new folder.
#[cfg(unix)]
fn keep_name(root: &Path) -> Result<()> {
    let above = root.parent().filter(|above| !above.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if let Err(error) = fs::File::open(above).and_then(|folder| folder.sync_all()) {
        tracing::warn!(%error, "the name of a new library may not outlive a power cut");
    }
    Ok(())
}

#[cfg(not(unix))]
fn keep_name(_root: &Path) -> Result<()> {
    Ok(())
}

fn nothing_here(disk: &Disk) -> Error {
    Error::new(
        Code::StorageFailed,
        format!("There is no library in {}, and none is made for reading only.", disk.root().display()),
    )
    .hint("Check the name of the folder.")
}

fn unreadable(disk: &Disk, error: io::Error) -> Error {
    Error::new(Code::StorageFailed, format!("The folder {} cannot be read.", disk.root().display()))
        .hint("Check that the disk is connected and that you may read the folder.")
        .caused_by(error)
}

fn somebody_elses(disk: &Disk) -> Error {
    Error::new(
        Code::InvalidArgument,
        format!("{} has files in it that are not a Backstory library.", disk.root().display()),
    )
    .kept("Nothing in it was changed.")
    .hint("Choose a library's folder, or an empty or new one to make a library in.")
}
