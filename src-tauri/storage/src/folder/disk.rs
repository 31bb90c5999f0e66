//! The only way this backend touches its folder: few operations, each of which can be made to fail in a test.
//!
//! Places are relative to the library's folder, with `/` between names. Links are not followed: a link inside the folder
//! could lead out of it, and what is there is nobody's business but its owner's.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Write},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use backstory_core::{
    encryption::Unlock,
    error::{Code, Error, Result},
};

use crate::seal::{Ring, Seal};

/// The largest file that is read whole: the index of a million characters, and nothing anybody would make by hand.
const MAX_FILE: u64 = 1 << 30;

/// What is done to a file, as an error tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Doing {
    Reading,
    Writing,
}

/// What stands at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    File,
    Folder,
    /// A link, a pipe, a device: nothing Backstory makes.
    Other,
}

/// One entry of a folder.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Entry {
    /// Its name; none when it is not text.
    pub(super) name: Option<String>,
    /// Its name as a person may be shown it.
    pub(super) shown: String,
}

/// A text of `keys.json` and what it opened.
type KnownRing = (Option<Vec<u8>>, Arc<Ring>);

/// A library's folder.
#[derive(Debug, Clone)]
pub(super) struct Disk {
    root: Arc<Path>,
    /// The keys of what is encrypted in it.
    pub(super) seal: Arc<Seal>,
    /// The last text of `keys.json`, and what it opened: most often it is still the same.
    ring: Arc<Mutex<KnownRing>>,
    #[cfg(test)]
    pub(super) faults: Arc<super::faults::Faults>,
}

impl Disk {
    pub(super) fn new(root: &Path) -> Self {
        Self::opened_by(root, Unlock::default())
    }

    /// The same, with what opens it where it is encrypted.
    pub(super) fn opened_by(root: &Path, unlock: Unlock) -> Self {
        Self {
            root: root.into(),
            seal: Arc::new(Seal::new(unlock)),
            ring: Arc::default(),
            #[cfg(test)]
            faults: Arc::default(),
        }
    }

    /// The keys that this text of `keys.json` opened before.
    pub(super) fn known_ring(&self, text: Option<&[u8]>) -> Option<Arc<Ring>> {
        let known = self.ring.lock().unwrap_or_else(PoisonError::into_inner);
        (known.0.as_deref() == text).then(|| Arc::clone(&known.1))
    }

    /// Remembers what a text of `keys.json` opened.
    pub(super) fn know_ring(&self, text: Option<Vec<u8>>, ring: &Arc<Ring>) {
        *self.ring.lock().unwrap_or_else(PoisonError::into_inner) = (text, Arc::clone(ring));
    }

    /// The folder itself.
    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// Where a place is.
    pub(super) fn path(&self, place: &str) -> PathBuf {
        if place.is_empty() { self.root.to_path_buf() } else { self.root.join(place) }
    }

    /// What stands at a place, and whether the way there is one of folders only; none when nothing is there.
    pub(super) fn kind(&self, place: &str) -> Result<Option<Kind>> {
        self.look(place).map_err(|error| self.explain(error, Doing::Reading, place))
    }

    fn look(&self, place: &str) -> io::Result<Option<Kind>> {
        let mut path = self.root.to_path_buf();
        let mut found = Kind::Folder;
        for name in place.split('/').filter(|name| !name.is_empty()) {
            if found != Kind::Folder {
                return Ok((found == Kind::Other).then_some(Kind::Other));
            }
            path.push(name);
            found = match fs::symlink_metadata(&path) {
                Ok(metadata) if metadata.is_file() => Kind::File,
                Ok(metadata) if metadata.is_dir() => Kind::Folder,
                Ok(_) => Kind::Other,
                Err(error) if is_absence(&error) => return Ok(None),
                Err(error) => return Err(error),
            };
        }
        Ok(Some(found))
    }

    /// A file's bytes; none when there is no file.
    ///
    /// # Errors
    /// [`Code::StoreDamaged`] when something else than a file stands there or on the way, [`Code::StorageFailed`].
    pub(super) fn read(&self, place: &str) -> Result<Option<Vec<u8>>> {
        let read = || -> io::Result<Option<Result<Vec<u8>>>> {
            #[cfg(test)]
            self.faults.reading()?;
            match self.look(place)? {
                None => return Ok(None),
                Some(Kind::File) => {}
                Some(_) => return Ok(Some(Err(self.not_a_file(place)))),
            }
            let mut file = match File::open(self.path(place)) {
                Err(error) if is_absence(&error) => return Ok(None),
                file => file?,
            };
            let length = file.metadata()?.len();
            if length > MAX_FILE {
                return Ok(Some(Err(self.not_a_file(place))));
            }
            let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or(0) + 1);
            file.read_to_end(&mut bytes)?;
            Ok(Some(Ok(bytes)))
        };
        read().map_err(|error| self.explain(error, Doing::Reading, place))?.transpose()
    }

    /// A file's length; none when there is no file.
    pub(super) fn length(&self, place: &str) -> Result<Option<u64>> {
        if self.kind(place)? != Some(Kind::File) {
            return Ok(None);
        }
        match fs::symlink_metadata(self.path(place)) {
            Ok(metadata) => Ok(Some(metadata.len())),
            Err(error) if is_absence(&error) => Ok(None),
            Err(error) => Err(self.explain(error, Doing::Reading, place)),
        }
    }

    /// Writes a file and has the disk keep it. Its name is only kept with [`Disk::sync_folder`].
    pub(super) fn write(&self, place: &str, bytes: &[u8]) -> Result<()> {
        let write = || -> io::Result<()> {
            let mut options = OpenOptions::new();
            options.write(true).create(true).truncate(true);
            #[cfg(unix)]
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
            self.step("create", place, None)?;
            let mut file = options.open(self.path(place))?;
            #[cfg(test)]
            if let Err(error) = self.step("write", place, Some(bytes)) {
                // What a full disk or a power cut leaves behind: a part of it.
                file.write_all(&bytes[..bytes.len() / 2])?;
                return Err(error);
            }
            file.write_all(bytes)?;
            self.step("sync", place, None)?;
            file.sync_data()
        };
        write().map_err(|error| self.explain(error, Doing::Writing, place))
    }

    /// Puts a file in the place of another one, in one go. Says whether it was there to be moved.
    pub(super) fn rename(&self, from: &str, to: &str) -> Result<bool> {
        let renamed = self
            .step("rename", from, Some(to.as_bytes()))
            .and_then(|()| fs::rename(self.path(from), self.path(to)));
        match renamed {
            Ok(()) => Ok(true),
            Err(error) if is_absence(&error) => Ok(false),
            Err(error) => Err(self.explain(error, Doing::Writing, to)),
        }
    }

    /// Takes a file away, if it is there.
    pub(super) fn remove(&self, place: &str) -> Result<()> {
        match self.step("remove", place, None).and_then(|()| fs::remove_file(self.path(place))) {
            Err(error) if !is_absence(&error) => Err(self.explain(error, Doing::Writing, place)),
            _ => Ok(()),
        }
    }

    /// Takes a folder away if there is nothing in it.
    pub(super) fn remove_empty_folder(&self, place: &str) -> Result<()> {
        let refused = [io::ErrorKind::DirectoryNotEmpty, io::ErrorKind::NotADirectory];
        match self.step("remove folder", place, None).and_then(|()| fs::remove_dir(self.path(place))) {
            Err(error) if !is_absence(&error) && !refused.contains(&error.kind()) => {
                Err(self.explain(error, Doing::Writing, place))
            }
            _ => Ok(()),
        }
    }

    /// Makes a folder where there is none, for this account only. Says whether it had to.
    ///
    /// # Errors
    /// [`Code::StoreDamaged`] when something else stands there, or a link on the way.
    pub(super) fn make_folder(&self, place: &str) -> Result<bool> {
        match self.kind(place)? {
            Some(Kind::Folder) => return Ok(false),
            Some(_) => return Err(self.not_a_folder(place)),
            None => {}
        }
        let mut builder = fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        match self.step("make folder", place, None).and_then(|()| builder.create(self.path(place))) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                Err(self.explain(error, Doing::Writing, place))
            }
            _ => Ok(true),
        }
    }

    /// Has the disk keep the names in a folder. Systems where a folder cannot be opened keep them by themselves.
    pub(super) fn sync_folder(&self, place: &str) -> Result<()> {
        let sync = || -> io::Result<()> {
            self.step("sync folder", place, None)?;
            #[cfg(unix)]
            File::open(self.path(place))?.sync_all()?;
            Ok(())
        };
        sync().map_err(|error| self.explain(error, Doing::Writing, place))
    }

    /// What is in a folder, by name; nothing when there is no folder.
    pub(super) fn list(&self, place: &str) -> Result<Vec<Entry>> {
        if self.kind(place)? != Some(Kind::Folder) {
            return Ok(Vec::new());
        }
        let list = || -> io::Result<Vec<Entry>> {
            let mut entries = Vec::new();
            for entry in fs::read_dir(self.path(place))? {
                let name = entry?.file_name();
                entries.push(Entry {
                    name: name.to_str().map(str::to_owned),
                    shown: name.to_string_lossy().into_owned(),
                });
            }
            entries.sort();
            Ok(entries)
        };
        list().map_err(|error| self.explain(error, Doing::Reading, place))
    }

    /// How many bytes the files below a place take.
    pub(super) fn bytes_below(&self, place: &str) -> Result<u64> {
        let mut sum = 0;
        for entry in self.list(place)? {
            let path = self.path(place).join(&entry.shown);
            let Ok(metadata) = fs::symlink_metadata(&path) else { continue };
            sum += match &entry.name {
                Some(name) if metadata.is_dir() => self.bytes_below(&join(place, name))?,
                _ if metadata.is_file() => metadata.len(),
                _ => 0,
            };
        }
        Ok(sum)
    }

    /// Opens the file that a lock is put on, making it where there is none.
    pub(super) fn open_lock(&self, place: &str) -> io::Result<File> {
        if !matches!(self.look(place)?, None | Some(Kind::File)) {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "the lock is not a file"));
        }
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.open(self.path(place))
    }

    /// Lets a test see, and stop, what is about to happen.
    #[cfg(test)]
    fn step(&self, what: &'static str, place: &str, with: Option<&[u8]>) -> io::Result<()> {
        self.faults.step(what, place, with)
    }

    #[cfg(not(test))]
    #[expect(clippy::unnecessary_wraps, clippy::unused_self, reason = "fails in tests only")]
    fn step(&self, _what: &'static str, _place: &str, _with: Option<&[u8]>) -> io::Result<()> {
        Ok(())
    }

    /// Something stands where a file should.
    fn not_a_file(&self, place: &str) -> Error {
        damaged(format!("{} is not a file of a library.", self.path(place).display()))
            .kept("It was left alone.")
            .hint("Move it out of the library's folder, then run backstory verify.")
    }

    fn not_a_folder(&self, place: &str) -> Error {
        damaged(format!(
            "{} should be a folder of the library and is something else.",
            self.path(place).display()
        ))
        .kept("It was left alone.")
        .hint("Move it out of the library's folder, then run backstory verify.")
    }

    /// An error that names the lock's file or folder, for what is not done through this type.
    pub(super) fn explain_writing(&self, error: io::Error, place: &str) -> Error {
        self.explain(error, Doing::Writing, place)
    }

    /// From the system's errors to Backstory's.
    fn explain(&self, error: io::Error, doing: Doing, place: &str) -> Error {
        use io::ErrorKind::{FileTooLarge, PermissionDenied, QuotaExceeded, ReadOnlyFilesystem, StorageFull};
        let file = self.path(place);
        let file = file.display();
        let said = match (error.kind(), doing) {
            (StorageFull | QuotaExceeded | FileTooLarge, _) => {
                Error::new(Code::StorageFull, format!("There is no room left on the disk for {file}."))
                    .kept("Everything that was saved before is safe; this change was not saved.")
                    .hint("Free some room, then try again.")
            }
            (PermissionDenied | ReadOnlyFilesystem, Doing::Writing) => {
                Error::new(Code::StoreReadOnly, format!("{file} cannot be written to."))
                    .kept("Everything that was saved before is still there; this change was not saved.")
                    .hint("Check that you may write to the library's folder and everything in it.")
            }
            (_, Doing::Writing) => Error::new(Code::StorageFailed, format!("{file} cannot be written."))
                .kept("Everything that was saved before is still there; this change was not saved.")
                .hint("Check that the disk is connected and sound, then try again."),
            (_, Doing::Reading) => Error::new(Code::StorageFailed, format!("{file} cannot be read."))
                .kept("Nothing was changed.")
                .hint("Check that the disk is connected and that you may read the folder, then try again."),
        };
        said.caused_by(error)
    }
}

/// Something in the folder is not as it must be.
pub(super) fn damaged(message: impl Into<String>) -> Error {
    Error::new(Code::StoreDamaged, message).hint(super::CHECK_HINT)
}

/// A place inside a folder.
pub(super) fn join(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
}

/// The folder a place is in.
pub(super) fn parent(place: &str) -> &str {
    place.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// Whether nothing is there. A file on the way is nothing too.
fn is_absence(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}
