//! Small JSON files in the app's data folder: what a source must remember and a library does not hold.

use std::{
    fs::{self, File},
    io::{self, ErrorKind, Write},
    path::Path,
};

use backstory_core::error::{Code, Error, Result};
use serde::{Serialize, de::DeserializeOwned};

/// What the file says; the default where there is none or it is damaged.
///
/// # Errors
/// `file_unreadable` for one that is there and cannot be read.
pub(crate) fn load<T: DeserializeOwned + Default>(path: &Path) -> Result<T> {
    match fs::read(path) {
        Ok(bytes) => Ok(serde_json::from_slice(&bytes).unwrap_or_else(|error| {
            tracing::warn!(path = %path.display(), %error, "a damaged file is begun anew");
            T::default()
        })),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(T::default()),
        Err(error) => {
            Err(Error::new(Code::FileUnreadable, format!("The file {} cannot be read.", path.display()))
                .hint("Look whether this account may read it.")
                .caused_by(error))
        }
    }
}

/// Replaces the file: a crash leaves the old one or the new one.
///
/// # Errors
/// `storage_failed`.
pub(crate) fn save<T: Serialize>(path: &Path, value: &T) -> Result<()> {
    let text = serde_json::to_vec_pretty(value)
        .map_err(|e| Error::internal("A small file cannot be put into words.").caused_by(e))?;
    replace(path, &text).map_err(|e| unwritable(path, e))
}

/// That a file cannot be written.
pub(crate) fn unwritable(path: &Path, cause: io::Error) -> Error {
    Error::new(Code::StorageFailed, format!("The file {} cannot be written: {cause}.", path.display()))
        .kept("Your saved versions are as they were.")
        .hint("Look whether the disk is full and whether the folder may be written to.")
        .caused_by(cause)
}

fn replace(path: &Path, text: &[u8]) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let beside = path.with_extension("new");
    let mut file = File::create(&beside)?;
    file.write_all(text)?;
    file.sync_all()?;
    fs::rename(&beside, path)
}
