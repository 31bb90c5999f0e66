//! From PostgreSQL's errors to Backstory's: the one place where that is decided.

use std::error::Error as _;

use backstory_core::error::{Code, Error};
use deadpool_postgres::{PoolError, TimeoutType};
use tokio_postgres::error::Severity;

/// Why something inside the backend failed. Becomes an [`Error`] at its edge, where the server's name is known.
#[derive(Debug)]
pub(super) enum Failure {
    /// The server refused, or is not there.
    Server(tokio_postgres::Error),
    /// Every connection was in use for too long.
    NoConnection,
    /// No connection came about in time.
    NoAnswer,
    /// Already in words.
    Said(Error),
}

/// What the backend's inner functions return.
pub(super) type Result<T, E = Failure> = std::result::Result<T, E>;

impl From<tokio_postgres::Error> for Failure {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Server(error)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Said(error)
    }
}

impl From<PoolError> for Failure {
    fn from(error: PoolError) -> Self {
        match error {
            PoolError::Backend(error) => Self::Server(error),
            PoolError::Timeout(TimeoutType::Wait) => Self::NoConnection,
            PoolError::Timeout(_) => Self::NoAnswer,
            error => Self::Said(Error::internal("The connections of the library are gone.").caused_by(error)),
        }
    }
}

impl Failure {
    /// In words, naming the server.
    pub(super) fn at(self, place: &str) -> Error {
        match self {
            Self::Said(error) => error,
            Self::NoConnection => Error::new(
                Code::StoreBusy,
                "The library is busy: all its connections are in use for longer than Backstory waits.",
            )
            .kept("Nothing was changed.")
            .hint("Wait until the other work is done, then try again, or allow more connections.")
            .detail("no_connection", true),
            Self::NoAnswer => unreachable(place),
            Self::Server(error) => explain(error, place),
        }
    }

    /// Whether the connection went away, so that another one may do better.
    pub(super) fn is_lost(&self) -> bool {
        matches!(self, Self::Server(error) if code_of(error) == Code::StoreUnreachable)
    }

    /// Whether what is stored is damaged, as against not being reachable.
    pub(super) fn is_damage(&self) -> bool {
        match self {
            Self::Said(error) => error.code == Code::StoreDamaged,
            Self::Server(error) => code_of(error) == Code::StoreDamaged,
            Self::NoConnection | Self::NoAnswer => false,
        }
    }
}

/// Something stored is not as it must be.
pub(super) fn damaged(message: impl Into<String>) -> Failure {
    Failure::Said(Error::new(Code::StoreDamaged, message).hint(CHECK_HINT))
}

/// What to do about a damaged document.
pub(super) const CHECK_HINT: &str =
    "Run a check of the library (backstory verify --read-data) to see everything that is affected.";

/// What to do where the tables are missing or old.
pub(super) const INIT_HINT: &str = "Somebody who may create schemas and roles runs: backstory db init";

/// Whether nobody knows any more what became of a statement: its answer never came, or the server fell over it.
pub(super) fn is_outcome_unknown(error: &tokio_postgres::Error) -> bool {
    let fell = error.as_db_error().and_then(|said| said.parsed_severity()) == Some(Severity::Panic);
    fell || code_of(error) == Code::StoreUnreachable
}

/// The commit was asked for and nobody knows whether it happened.
pub(super) fn outcome_unknown(cause: tokio_postgres::Error) -> Error {
    let again = "Try again: what was saved already is then found and not saved twice.";
    let error = match code_of(&cause) {
        Code::StorageFull => Error::new(
            Code::StorageFull,
            "The disk of the library's server became full while it was saving: the change may have been saved or not.",
        )
        .hint(format!("Whoever runs the server frees some room and looks whether it runs. {again}")),
        _ => Error::new(
            Code::StorageFailed,
            "The connection to the library's server was lost while it was saving: the change may have been saved or not.",
        )
        .hint(again),
    };
    error.kept("Everything that was saved before is still there.").retryable().caused_by(Cause::of(&cause))
}

/// What kind of failure the server's answer, or its silence, is.
pub(super) fn code_of(error: &tokio_postgres::Error) -> Code {
    let Some(state) = error.code() else { return code_without_answer(error) };
    match state.code() {
        // Serialization failure, deadlock.
        "40001" | "40P01" => Code::Conflict,
        // Lock not available, query cancelled (by a time-out), too many connections.
        "55P03" | "57014" | "53300" => Code::StoreBusy,
        // Insufficient privilege, wrong password, no such user or not let in.
        "42501" | "28P01" | "28000" => Code::AccessDenied,
        "25006" => Code::StoreReadOnly,
        "53100" => Code::StorageFull,
        // Shut down, crashed, starting up, thrown out for idling in a transaction.
        "57P01" | "57P02" | "57P03" | "57P05" | "25P03" => Code::StoreUnreachable,
        state if state.starts_with("08") => Code::StoreUnreachable,
        "XX001" | "XX002" => Code::StoreDamaged,
        state if state.starts_with("23") => Code::Internal,
        _ => Code::StorageFailed,
    }
}

fn code_without_answer(error: &tokio_postgres::Error) -> Code {
    // The library that speaks to the server does not tell its kinds of errors apart but by their text.
    match error.to_string() {
        text if text.starts_with("error performing TLS handshake") => Code::StorageFailed,
        text if text.starts_with("authentication error") => Code::AccessDenied,
        // A password is asked for and the address has none.
        text if text.starts_with("invalid configuration") => Code::AccessDenied,
        text if text.starts_with("timeout") => Code::StoreUnreachable,
        _ if error.is_closed() => Code::StoreUnreachable,
        _ if error.source().is_some_and(|cause| cause.is::<std::io::Error>()) => Code::StoreUnreachable,
        text if text.starts_with("error deserializing column") => Code::StoreDamaged,
        text if text.starts_with("query returned an unexpected number") => Code::StoreDamaged,
        text if text.starts_with("error connecting to server") => Code::StoreUnreachable,
        _ => Code::StorageFailed,
    }
}

fn unreachable(place: &str) -> Error {
    Error::new(Code::StoreUnreachable, format!("The library's server does not answer: {place}."))
        .kept("Everything that was saved before is still there; nothing was changed.")
        .hint("Check that the server runs and that the network reaches it, then try again.")
        .retryable()
}

fn explain(error: tokio_postgres::Error, place: &str) -> Error {
    let state = error.code().map(|state| state.code().to_owned()).unwrap_or_default();
    let said = match (code_of(&error), state.as_str()) {
        (Code::StorageFailed, "3D000") => {
            Error::new(Code::StorageFailed, format!("There is no such database: {place}."))
                .hint("Check the name in the address, or have the database created (createdb), then run: backstory db init")
        }
        (Code::StorageFailed, "42P01" | "3F000" | "42883") => {
            Error::new(Code::StorageFailed, format!("There is no Backstory library in this database yet: {place}."))
                .hint(INIT_HINT)
        }
        (Code::StorageFailed, "") if error.to_string().starts_with("error performing TLS") => insecure(place),
        (Code::StoreBusy, "53300") => {
            Error::new(Code::StoreBusy, format!("The server takes no more connections: {place}."))
                .kept("Nothing was changed.")
                .hint("Try again later, let Backstory use fewer connections, or allow the server more.")
        }
        (Code::AccessDenied, "42501") => denied(),
        (Code::AccessDenied, _) => Error::new(Code::AccessDenied, format!("The server does not let you in: {place}."))
            .kept("Nothing was changed.")
            .hint("Check the user and the password in the address. Whoever runs the library lets people in."),
        (Code::StoreUnreachable, _) => unreachable(place),
        (Code::Conflict, _) => Error::new(Code::Conflict, "Somebody else changed the same thing at the same moment.")
            .kept("Nothing of this change was written; what the others wrote is there.")
            .hint("Try again: the change is then made on top of theirs."),
        (Code::StoreBusy, _) => crate::rules::busy(),
        (Code::StorageFull, _) => {
            Error::new(Code::StorageFull, format!("There is no room left on the disk of the server: {place}."))
                .kept("Everything that was saved before is safe; this change was not saved.")
                .hint("Whoever runs the server frees some room; then try again.")
        }
        (Code::StoreReadOnly, _) => {
            Error::new(Code::StoreReadOnly, format!("The server takes no changes now: {place}."))
                .kept("Nothing was changed; everything in it can still be read.")
                .hint("It may be a copy, or under maintenance. Use the address of the main server, or try again later.")
        }
        (Code::StoreDamaged, _) => Error::new(Code::StoreDamaged, format!("The library is damaged: {place}."))
            .kept("Backstory has not changed anything.")
            .hint("Whoever runs the server looks at its log. Run a check (backstory verify). Keep a backup at hand."),
        (Code::Internal, _) => Error::internal("The library refused a change that would have contradicted itself."),
        _ => Error::new(Code::StorageFailed, format!("The library's server refused: {place}."))
            .kept("Everything that was saved before is still there.")
            .hint("Try again. The server's log says more."),
    };
    said.caused_by(Cause::of(&error))
}

/// The user may not do this, whoever they are.
pub(super) fn denied() -> Error {
    Error::new(Code::AccessDenied, "This library does not let you do that.")
        .kept("Nothing was changed.")
        .hint("The character belongs to somebody else. Its owner, or whoever runs the library, may give you a role in its campaign.")
}

fn insecure(place: &str) -> Error {
    Error::new(Code::StorageFailed, format!("No secure connection to the server came about: {place}."))
        .kept("Nothing was sent to it, no password either.")
        .hint(
            "The server must offer TLS, with a certificate for its name that this computer trusts. \
             For a certificate of your own add sslrootcert=<file> to the address; on a network you trust, sslmode=disable.",
        )
}

/// An error of the server as the log may show it: state and message, without the details, which may quote rows.
#[derive(Debug)]
pub(super) struct Cause(String);

impl Cause {
    pub(super) fn of(error: &tokio_postgres::Error) -> Self {
        match error.as_db_error() {
            Some(said) => Self(format!("{} {}", said.code().code(), said.message())),
            None => {
                let cause = error.source().map(|cause| format!(": {cause}"));
                Self(format!("{error}{}", cause.unwrap_or_default()))
            }
        }
    }
}

impl std::fmt::Display for Cause {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Cause {}
