//! One error for the whole product: a stable `code` for programs, words for people.
//!
//! A message says what happened; `kept` says what was not touched; `hint` says what to do next.
//! The wire form (`serde`) never carries the `source` chain: that may hold paths, SQL or secrets and is for the log.

use std::{fmt, sync::Arc};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// What every fallible function of Backstory returns.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The stable name of a failure. Programs match this and never the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub enum Code {
    /// An argument is not of the form it must have.
    InvalidArgument,
    /// No character has this id or name.
    CharacterNotFound,
    /// A name stands for more than one character.
    CharacterAmbiguous,
    /// The character has no such version.
    VersionNotFound,
    /// A file or folder cannot be read.
    FileUnreadable,
    /// A file is larger than Backstory reads.
    FileTooLarge,
    /// A file or an input has nothing in it.
    FileEmpty,
    /// The text is in an encoding Backstory does not read.
    EncodingUnknown,
    /// The input is not JSON at all.
    NotJson,
    /// The input is a web page, most likely a bot check or a sign-in page.
    WebPage,
    /// The JSON ends before it is finished.
    JsonTruncated,
    /// The JSON breaks the rules of JSON somewhere.
    JsonDamaged,
    /// The JSON is nested deeper than any character sheet.
    JsonTooDeep,
    /// D&D Beyond says the character is private.
    CharacterPrivate,
    /// The document is an answer that says no: an error body.
    SourceRefused,
    /// The source has no such character (any more).
    CharacterGone,
    /// The player's session with a source is not accepted any more.
    SessionExpired,
    /// The source is asked too often: `retry_at` says when to try again.
    RateLimited,
    /// The source does not answer: no network, no such name, no answer in time, no safe connection.
    SourceUnreachable,
    /// The source answers that it cannot at the moment.
    SourceFailed,
    /// The source wants to be asked somewhere else.
    SourceRedirected,
    /// The player has not agreed to a source being asked.
    ConsentNeeded,
    /// This computer has no keychain, or it does not open.
    KeychainUnavailable,
    /// An export is encrypted, and the words that open it are not given.
    PassphraseNeeded,
    /// An export is encrypted, and these words do not open it.
    PassphraseWrong,
    /// The JSON is sound but no source knows it.
    FormatUnknown,
    /// The format is known and not supported.
    FormatUnsupported,
    /// The configuration says something that cannot be followed.
    ConfigInvalid,
    /// The store was made by a newer Backstory: it is open for reading only.
    StoreNewer,
    /// The store cannot be written to.
    StoreReadOnly,
    /// The store is held by another program for longer than Backstory waits.
    StoreBusy,
    /// The store, or something in it, is damaged.
    StoreDamaged,
    /// Another program does work on the library that nobody asked for.
    JobRunning,
    /// There is no such backup, or it is gone.
    BackupMissing,
    /// A backup is not what it was when it was made.
    BackupDamaged,
    /// The server of a store does not answer.
    StoreUnreachable,
    /// The store does not let this user in, or does not let them do this.
    AccessDenied,
    /// A cache's server does not answer, or not in time.
    CacheUnavailable,
    /// A cache's server does not let this user in, or does not let them do this.
    CacheRefused,
    /// There is no room left on the disk.
    StorageFull,
    /// The disk or the database refused an operation.
    StorageFailed,
    /// The clock cannot be believed by itself, and something is to be destroyed for its age.
    ClockDoubtful,
    /// Somebody else wrote first: read again and retry.
    Conflict,
    /// The user stopped it.
    Cancelled,
    /// A command does not exist, or a defect in Backstory itself.
    Internal,
}

/// A failure, in words for people and with a [`Code`] for programs.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(rename = "WireError"))]
pub struct Error {
    /// The stable name.
    pub code: Code,
    /// What happened: one or two whole sentences.
    pub message: String,
    /// What was kept: what stands untouched after the failure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub kept: Option<String>,
    /// What to do next.
    #[serde(default)]
    pub hint: Option<String>,
    /// Whether the same call may succeed later without anything being changed.
    pub retryable: bool,
    /// Facts for programs and for "Copy details": never personal data.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    #[cfg_attr(test, ts(optional, as = "Option<std::collections::BTreeMap<String, serde_json::Value>>"))]
    pub details: Map<String, Value>,
    #[serde(skip)]
    #[cfg_attr(test, ts(skip))]
    source: Option<Arc<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    /// A failure that will not go away by itself.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            kept: None,
            hint: None,
            retryable: matches!(
                code,
                Code::StoreBusy
                    | Code::StoreUnreachable
                    | Code::CacheUnavailable
                    | Code::Conflict
                    | Code::RateLimited
                    | Code::SourceUnreachable
                    | Code::SourceFailed
            ),
            details: Map::new(),
            source: None,
        }
    }

    /// A defect in Backstory itself.
    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(Code::Internal, message)
            .hint("This is a defect in Backstory. Your saved versions are not affected.")
    }

    /// Says what to do next.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Says what was kept.
    #[must_use]
    pub fn kept(mut self, kept: impl Into<String>) -> Self {
        self.kept = Some(kept.into());
        self
    }

    /// Adds a fact for programs.
    #[must_use]
    pub fn detail(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.details.insert(key.to_owned(), value.into());
        self
    }

    /// Says that trying again may help.
    #[must_use]
    pub fn retryable(mut self) -> Self {
        self.retryable = true;
        self
    }

    /// Keeps the cause for the log.
    #[must_use]
    pub fn caused_by(mut self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.source = Some(Arc::from(source.into()));
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.code, self.message)?;
        if let Some(source) = &self.source {
            write!(f, " ({source})")?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}
