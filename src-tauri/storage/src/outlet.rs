//! A file that is there whole or not at all.

use std::{
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};

use backstory_core::{
    api::export::Outlet,
    error::{Code, Error, Result},
};
use tempfile::NamedTempFile;

/// A file being written beside its place, under another name. It can be read by its owner only.
#[derive(Debug)]
pub struct FileOutlet {
    file: BufWriter<NamedTempFile>,
    path: PathBuf,
}

impl FileOutlet {
    /// Begins a file that will stand at this place, and take the place of one that stands there.
    ///
    /// # Errors
    /// `storage_full`, `storage_failed` when nothing can be written there.
    pub fn create(path: &Path) -> Result<Self> {
        let path = std::path::absolute(path).map_err(|error| failed(path, error))?;
        let folder = path.parent().unwrap_or(&path);
        let file = tempfile::Builder::new().prefix(".backstory-").tempfile_in(folder);
        let file = file.map_err(|error| failed(&path, error))?;
        Ok(Self { file: BufWriter::with_capacity(1 << 18, file), path })
    }
}

impl Write for FileOutlet {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Outlet for FileOutlet {
    fn keep(self: Box<Self>) -> Result<String> {
        let path = self.path;
        let file = self.file.into_inner().map_err(|error| failed(&path, error.into_error()))?;
        file.as_file().sync_all().map_err(|error| failed(&path, error))?;
        file.persist(&path).map_err(|error| failed(&path, error.error))?;
        // The name itself is on the disk only then. Where a folder cannot be opened, the system sees to it.
        #[cfg(unix)]
        if let Some(folder) = path.parent() {
            std::fs::File::open(folder)
                .and_then(|folder| folder.sync_all())
                .map_err(|error| failed(&path, error))?;
        }
        Ok(path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned())
    }
}

fn failed(path: &Path, error: io::Error) -> Error {
    let full = matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded);
    let (code, why) = match full {
        true => (Code::StorageFull, "there is no room left"),
        false if error.kind() == io::ErrorKind::PermissionDenied => {
            (Code::StorageFailed, "it may not be written to")
        }
        false if error.kind() == io::ErrorKind::NotFound => (Code::StorageFailed, "there is no such folder"),
        false => (Code::StorageFailed, "the system refused"),
    };
    Error::new(code, format!("{} cannot be written: {why}.", path.display()))
        .kept("No half file was left behind. The library is as it was.")
        .hint("Choose another folder, or make room.")
        .caused_by(error)
}
