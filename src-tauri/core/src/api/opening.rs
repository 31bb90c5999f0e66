//! The player's library where it cannot be opened as it should: what else can be done, and the change to it while the window runs.

use std::sync::{Arc, PoisonError, atomic::Ordering};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    api::{
        App,
        app::{Empty, Overview, overview},
    },
    error::{Code, Error, Result},
    job::Progress,
    storage::CharacterStorage,
};

/// What can be done about the player's library. Nothing is named that is not possible.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Ways {
    /// Where the library is, as a person would find it. Never holds a password.
    pub location: String,
    /// It can be read.
    pub read_only: bool,
    /// The whole copies that lie beside it, newest first.
    pub copies: Vec<LibraryCopy>,
    /// It can be moved aside, so that an empty library or a copy takes its place.
    pub aside: bool,
}

/// A whole copy of a library, made before it was brought up to date.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct LibraryCopy {
    /// The file's name.
    pub name: String,
    /// How large it is, in bytes.
    pub bytes: u64,
    /// When it was made.
    #[cfg_attr(test, ts(as = "String"))]
    pub made_at: Timestamp,
}

/// One way to go on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "way", rename_all = "snake_case", deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub enum Way {
    /// The player's library as it should be.
    Again,
    /// The player's library, for reading.
    ReadOnly,
    /// Another library, which the player chooses. Nothing is changed about their own.
    Other,
    /// A copy takes the library's place, which is moved aside.
    Copy {
        /// The copy's name.
        name: String,
    },
    /// An empty one takes the library's place, which is moved aside.
    New,
}

impl Way {
    /// Whether the library's place is taken by another.
    pub fn moves(&self) -> bool {
        matches!(self, Self::Copy { .. } | Self::New)
    }
}

/// What the program opened.
pub struct OpenedStore {
    /// The store.
    pub storage: Arc<dyn CharacterStorage>,
    /// Where the library that stood there lies now.
    pub moved_to: Option<String>,
}

/// The library that is open now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Opened {
    /// The frame of the window with it.
    pub overview: Overview,
    /// Where the library that stood there lies now.
    pub moved_to: Option<String>,
}

/// What can be done about the player's library.
pub(super) async fn library_ways(app: &App, _: Empty, _: &dyn Progress) -> Result<Ways> {
    Ok(app.parts.host.ways().await)
}

/// Opens the player's library in this way; nothing where they thought better of it. What is not sound is not opened: the
/// library that was open stays.
pub(super) async fn library_open(app: &App, way: Way, progress: &dyn Progress) -> Result<Option<Opened>> {
    let trouble = app.own_library().err();
    if way.moves() {
        refuse_where_it_is_sound(app).await?;
        // Nobody may hold a file that gets another name.
        app.cancel_jobs();
        app.exchange(Err(Error::new(Code::StoreBusy, "Another library is being opened.").retryable()));
        app.parts.host.library_exchanged(&way);
    }
    let opened = match open(app, &way).await {
        Ok(opened) => opened,
        Err(error) => {
            if way.moves() {
                app.exchange(Err(trouble.unwrap_or_else(|| error.clone())));
            }
            return Err(error);
        }
    };
    let Some(moved_to) = opened else { return Ok(None) };
    app.parts.host.library_exchanged(&way);
    Ok(Some(Opened { overview: overview(app, Empty {}, progress).await?, moved_to }))
}

/// A library that can be used is not moved away.
async fn refuse_where_it_is_sound(app: &App) -> Result<()> {
    let Ok(library) = app.own_library() else { return Ok(()) };
    match library.facets().await {
        Ok(_) => {
            Err(Error::new(Code::InvalidArgument, "Your library can be opened, so it is not moved aside.")
                .kept("Nothing was changed."))
        }
        Err(_) => Ok(()),
    }
}

/// Puts the store into its place once it has answered. Gives where the one before lies now.
async fn open(app: &App, way: &Way) -> Result<Option<Option<String>>> {
    let Some(OpenedStore { storage, moved_to }) = app.parts.host.open_library(way).await? else {
        return Ok(None);
    };
    let library = app.library_on(storage);
    library.facets().await?;
    library.revision().await?;
    *app.sample.write().unwrap_or_else(PoisonError::into_inner) = None;
    app.visiting.store(matches!(way, Way::ReadOnly | Way::Other), Ordering::SeqCst);
    app.exchange(Ok(library));
    Ok(Some(moved_to))
}
