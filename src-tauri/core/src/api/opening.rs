//! Which library is open: what can be done where it cannot be opened, and how another one takes its place.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    api::{
        App,
        app::{Empty, Overview, overview},
        erase,
    },
    error::{Code, Error, Result},
    job::Progress,
    storage::CharacterStorage,
};

/// What can be done about the library.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Ways {
    /// Where it is, as a person would find it. Never holds a password.
    pub location: String,
    /// Whether it is a file of this computer that can still be read.
    pub read_only: bool,
    /// Copies of it that Backstory made, newest first.
    pub copies: Vec<LibraryCopy>,
    /// Whether it can be put aside, under a name of its own, so that an empty one takes its place.
    pub set_aside: bool,
    /// Whether the player chose it in the window, so that there is a usual one to go back to.
    pub chosen: bool,
}

/// A copy of a library, made before something was changed in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct LibraryCopy {
    /// The file's name, in the library's folder.
    pub name: String,
    /// When it was made.
    #[cfg_attr(test, ts(as = "String"))]
    pub made_at: Timestamp,
    /// Its length.
    pub bytes: u64,
}

/// How a library is to be opened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "how", rename_all = "snake_case", deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub enum OpenLibrary {
    /// The same again.
    Again,
    /// The same, only to read.
    ReadOnly,
    /// A file or a folder that the player chooses, from now on.
    Choose {
        /// A folder of plain files, not one file.
        folder: bool,
    },
    /// The one that holds where nobody chose another, from now on.
    Usual,
    /// This copy; the library that is there is put aside.
    Copy {
        /// One of [`Ways::copies`].
        name: String,
    },
    /// An empty one; the library that is there is put aside.
    Empty,
}

/// A library that was opened.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Opened {
    /// What is open now; none when the user thought better of it.
    pub overview: Option<Overview>,
    /// Where the one that was there is kept now.
    pub set_aside: Option<String>,
}

/// What a [`Host`](crate::api::Host) opened.
pub struct Reopened {
    /// The store.
    pub storage: Arc<dyn CharacterStorage>,
    /// As [`Opened::set_aside`].
    pub set_aside: Option<String>,
}

/// What can be done about the library.
pub(super) async fn library_ways(app: &App, _: Empty, _: &dyn Progress) -> Result<Ways> {
    Ok(app.parts.host.ways().await)
}

/// Opens a library in place of the one that is open. Where that fails, what was open stays open.
pub(super) async fn library_open(app: &App, request: OpenLibrary, progress: &dyn Progress) -> Result<Opened> {
    let moves = matches!(request, OpenLibrary::Copy { .. } | OpenLibrary::Empty);
    if moves && app.own_library().is_ok() {
        // An open file would be written under its new name, and its log taken from the one in its place.
        return Err(Error::new(Code::InvalidArgument, "A library that is open cannot be put aside.")
            .kept("Nothing was changed.")
            .hint("Choose another library in the settings instead."));
    }
    // What was begun in the library that was there is ended before anything takes its place.
    erase::end_pending(app, progress).await?;
    let Some(reopened) = app.parts.host.reopen(request).await? else { return Ok(Opened::default()) };
    exchange(app, reopened.storage).await;
    Ok(Opened { overview: Some(overview(app, Empty {}, progress).await?), set_aside: reopened.set_aside })
}

/// Another store takes the place of the player's own, and everything that hangs on it is told.
pub(super) async fn exchange(app: &App, storage: Arc<dyn CharacterStorage>) {
    app.warming.elsewhere();
    app.exchange(storage);
    app.parts.host.reopened().await;
}
