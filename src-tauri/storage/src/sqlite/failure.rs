//! From SQLite's errors to Backstory's: the one place where that is decided.

use std::path::Path;

use backstory_core::error::{Code, Error};
use rusqlite::ErrorCode;

/// Why something inside the backend failed. Becomes an [`Error`] at its edge, where the file's name is known.
#[derive(Debug)]
pub(super) enum Failure {
    /// SQLite refused.
    Sqlite(rusqlite::Error),
    /// Already in words.
    Said(Error),
}

/// What the backend's inner functions return.
pub(super) type Result<T, E = Failure> = std::result::Result<T, E>;

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Said(error)
    }
}

impl Failure {
    /// In words, naming the file.
    pub(super) fn at(self, path: &Path) -> Error {
        match self {
            Self::Said(error) => error,
            Self::Sqlite(error) => explain(error, path),
        }
    }

    /// Whether the file itself is damaged, as against not being reachable.
    pub(super) fn is_damage(&self) -> bool {
        match self {
            Self::Said(error) => error.code == Code::StoreDamaged,
            Self::Sqlite(error) => code_of(error) == Code::StoreDamaged,
        }
    }
}

/// Something in the file is not as it must be.
pub(super) fn damaged(message: impl Into<String>) -> Failure {
    Failure::Said(Error::new(Code::StoreDamaged, message).hint(CHECK_HINT))
}

/// What to do about a damaged document.
pub(super) const CHECK_HINT: &str =
    "Run a check of the library (backstory verify --read-data) to see everything that is affected.";

fn code_of(error: &rusqlite::Error) -> Code {
    match error {
        rusqlite::Error::FromSqlConversionFailure(..)
        | rusqlite::Error::IntegralValueOutOfRange(..)
        | rusqlite::Error::InvalidColumnType(..)
        | rusqlite::Error::Utf8Error(..)
        | rusqlite::Error::QueryReturnedNoRows => return Code::StoreDamaged,
        _ => {}
    }
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Code::StoreBusy,
        Some(ErrorCode::DiskFull) => Code::StorageFull,
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => Code::StoreReadOnly,
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Code::StoreDamaged,
        Some(ErrorCode::ConstraintViolation) => Code::Internal,
        Some(ErrorCode::OperationInterrupted) => Code::Cancelled,
        _ => Code::StorageFailed,
    }
}

fn explain(error: rusqlite::Error, path: &Path) -> Error {
    let file = path.display();
    if error.sqlite_error_code() == Some(ErrorCode::NotADatabase) {
        let message = format!("{file} is not a Backstory library, or its beginning is damaged.");
        return Error::new(Code::StoreDamaged, message)
            .kept("The file was not changed.")
            .hint("Choose another file. If this was your library, keep a copy of it and restore a backup.")
            .caused_by(error);
    }
    let said = match code_of(&error) {
        Code::StoreBusy => crate::rules::busy(),
        Code::StorageFull => Error::new(Code::StorageFull, format!("There is no room left on the disk of {file}."))
            .kept("Everything that was saved before is safe; this change was not saved.")
            .hint("Free some room, then try again."),
        Code::StoreReadOnly => Error::new(Code::StoreReadOnly, format!("The library {file} cannot be written to."))
            .kept("Nothing was changed.")
            .hint("Check that you may write to the file and to its folder."),
        Code::StoreDamaged => Error::new(Code::StoreDamaged, format!("The library {file} is damaged."))
            .kept("Backstory has not changed the file.")
            .hint("Make a copy of the file, then run a check of it (backstory verify). If you have a backup, keep it at hand."),
        Code::Cancelled => Error::new(Code::Cancelled, "Stopped."),
        Code::Internal => Error::internal("The library refused a change that would have contradicted itself."),
        _ => Error::new(Code::StorageFailed, format!("The library {file} cannot be read or written."))
            .kept("Everything that was saved before is still in the file.")
            .hint("Check that the disk is connected and that the file is where it was, then try again."),
    };
    said.caused_by(error)
}
