//! A whole copy of a library while it is in use.

use std::{fs, io, path::Path, time::Duration};

use backstory_core::error::{Code, Error};
use rusqlite::{Connection, backup::Backup};

use super::failure::{Failure, Result};
use crate::rules;

/// How many pages are copied before others get a turn.
const PAGES_AT_A_TIME: i32 = 4096;

/// Copies the library as it is now into a new file: complete and synced before it gets its name. What others write
/// meanwhile is not in it, or all of it is.
pub(super) fn copy(connection: &Connection, to: &Path) -> Result<()> {
    let failed = |error: io::Error| {
        Error::new(rules::disk_code(&error), format!("The copy {} cannot be made.", to.display()))
            .kept("The library itself is as it was.")
            .hint("Check that the folder exists, that you may write to it and that the disk has room for a second library.")
            .caused_by(error)
    };
    if to.exists() {
        return Err(Error::new(Code::InvalidArgument, format!("{} is there already.", to.display()))
            .kept("Nothing was changed.")
            .hint("Choose another name for the copy.")
            .into());
    }
    let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let draft = tempfile::Builder::new().prefix(".backstory-copy-").tempdir_in(folder).map_err(failed)?;
    let made = draft.path().join("library");
    let mut target = Connection::open(&made)?;
    Backup::new(connection, &mut target)?.run_to_completion(PAGES_AT_A_TIME, Duration::ZERO, None)?;
    // The copy is one file, whatever the journal of the original.
    target.pragma_update(None, "journal_mode", "delete")?;
    target.close().map_err(|(_, error)| Failure::from(error))?;
    fs::File::open(&made).and_then(|file| file.sync_all()).map_err(failed)?;
    private(&made).map_err(failed)?;
    fs::rename(&made, to).map_err(failed)?;
    sync_folder(folder).map_err(failed)?;
    Ok(())
}

/// A new name is safe when its folder is on the disk. Windows does that by itself.
fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { fs::File::open(folder)?.sync_all() } else { Ok(()) }
}

/// For nobody but the user's own account.
fn private(file: &Path) -> io::Result<()> {
    #[cfg(unix)]
    fs::set_permissions(file, std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    Ok(())
}
