//! The program itself: what library is open, samples, preferences, checks.

use serde::{Deserialize, Serialize};

use std::sync::{Arc, PoisonError};

use crate::{
    api::{App, consent::record_notify},
    error::Result,
    job::{Progress, ProgressEvent},
    library::Library,
    model::CharacterId,
    storage::{CheckScope, Facets, Problem, StorageInfo},
    wording::Language,
};

/// Free software that is part of the program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[allow(missing_docs, reason = "named after what they are")]
pub struct Licence {
    pub name: String,
    pub version: String,
    pub licence: String,
}

/// Nothing to say.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Empty {}

/// What the frame of the window shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Overview {
    /// Backstory's version.
    pub version: String,
    /// The open store.
    pub store: StorageInfo,
    /// What is in it.
    pub facets: Facets,
    /// Whether these are the sample characters, which are kept nowhere.
    pub sample: bool,
    /// Whether the system can tell the player something while they are elsewhere.
    pub can_notify: bool,
    /// Whether the system has a tray in which Backstory can stay when its window is closed.
    pub can_stay: bool,
    /// The store's revision, to notice what other programs wrote.
    pub revision: u64,
}

/// Light, dark, or as the system has it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(test, derive(ts_rs::TS))]
#[allow(missing_docs, reason = "named after what they are")]
pub enum Theme {
    #[default]
    System,
    Light,
    Dark,
}

/// How the library is laid out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(test, derive(ts_rs::TS))]
#[allow(missing_docs, reason = "named after what they are")]
pub enum Layout {
    #[default]
    Grid,
    List,
}

/// How the player likes the window on this computer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Preferences {
    /// The language; none is the system's.
    pub language: Option<Language>,
    /// The size of the text, in per cent of the usual one.
    pub text_size: u16,
    /// The characters at hand, in the player's order.
    pub pinned: Vec<CharacterId>,
    /// Light or dark.
    pub theme: Theme,
    /// Cards or rows.
    pub layout: Layout,
    /// The order of the library.
    pub sort: crate::storage::Sort,
    /// Tells by a message of the system what a watched folder brought while the window was not looked at.
    pub notify: bool,
    /// Goes on in the system's tray when the window is closed, so that folders stay watched.
    pub stay: bool,
}

impl Default for Preferences {
    fn default() -> Self {
        Self {
            language: None,
            text_size: 100,
            pinned: Vec::new(),
            theme: Theme::default(),
            layout: Layout::default(),
            sort: crate::storage::Sort::default(),
            notify: false,
            stay: false,
        }
    }
}

/// Asks for another language.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Speak {
    /// The language of sentences from now on.
    pub language: Language,
}

/// Asks for a check.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct VerifyGet {
    /// Also decode every document and compare it with its hash.
    #[serde(default)]
    pub read_data: bool,
    /// First mend what can be mended.
    #[serde(default)]
    pub repair: bool,
}

/// How much a check looked at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[allow(missing_docs, reason = "named after what they count")]
pub struct Checked {
    pub characters: u64,
    pub versions: u64,
    pub contents: u64,
    pub bytes: u64,
}

/// What a check found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct VerifyReport {
    /// Nothing is wrong.
    pub ok: bool,
    /// How much was looked at.
    pub checked: Checked,
    /// What is wrong.
    pub problems: Vec<Problem>,
    /// What was wrong and is right now.
    pub repaired: Vec<Problem>,
}

/// The frame of the window.
pub(super) async fn overview(app: &App, _: Empty, _: &dyn Progress) -> Result<Overview> {
    let library = app.library()?;
    let revision = library.revision().await?;
    Ok(Overview {
        version: app.parts.version.to_owned(),
        store: library.info(),
        facets: library.facets().await?,
        can_notify: app.parts.host.can_notify(),
        can_stay: app.parts.host.can_stay(),
        sample: app.shows_samples(),
        revision,
    })
}

/// The free software that the program is made of.
pub(super) async fn licences(app: &App, _: Empty, _: &dyn Progress) -> Result<Vec<Licence>> {
    Ok(app.parts.host.licences())
}

/// The first screen is painted.
pub(super) async fn ready(app: &App, _: Empty, _: &dyn Progress) -> Result<Empty> {
    app.parts.host.window_ready().await;
    Ok(Empty {})
}

/// Checks the store. Can be stopped like an import.
///
/// # Errors
/// As [`Library::check`].
pub async fn verify(app: &App, request: VerifyGet, progress: &dyn Progress) -> Result<VerifyReport> {
    let scope = if request.read_data { CheckScope::Data } else { CheckScope::Structure };
    let (library, job) = (app.library()?, app.job());
    progress.report(ProgressEvent::Started { job: job.number, total: 0 });
    let repaired = match request.repair {
        true => library.repair(progress, &job.cancel).await?.repaired,
        false => Vec::new(),
    };
    let report = library.check(scope, progress, &job.cancel).await?;
    let checked = Checked {
        characters: report.characters,
        versions: report.versions,
        contents: report.contents,
        bytes: report.bytes,
    };
    Ok(VerifyReport { ok: report.problems.is_empty(), checked, problems: report.problems, repaired })
}

/// Tells sentences in the language of the window.
pub(super) async fn speak(app: &App, request: Speak, _: &dyn Progress) -> Result<Empty> {
    app.speak(request.language);
    Ok(Empty {})
}

/// Shows where the player's library is kept, in the system's own window.
pub(super) async fn show_library(app: &App, _: Empty, _: &dyn Progress) -> Result<Empty> {
    app.parts.host.show_folder(&app.own_library()?.info().location).await?;
    Ok(Empty {})
}

pub(super) async fn preferences_get(app: &App, _: Empty, _: &dyn Progress) -> Result<Preferences> {
    Ok(app.parts.host.load_preferences().await)
}

pub(super) async fn preferences_set(app: &App, request: Preferences, _: &dyn Progress) -> Result<Empty> {
    let (before, notify) = (app.parts.host.load_preferences().await.notify, request.notify);
    app.parts.host.save_preferences(request).await?;
    if before != notify {
        record_notify(app, notify).await;
    }
    Ok(Empty {})
}

/// Opens the samples in a store of their own, which is kept nowhere: the player's library is not touched.
pub(super) async fn sample_open(app: &App, request: Empty, progress: &dyn Progress) -> Result<Overview> {
    let storage = app.parts.factory.open("memory:").await?;
    let (sources, clock) = (app.parts.sources.clone(), Arc::clone(&app.parts.clock));
    let library = Arc::new(Library::new(storage, sources, clock, app.parts.origin).speaking(app.language()));
    library.capture(&(app.parts.samples)()?).await?;
    *app.sample.write().unwrap_or_else(PoisonError::into_inner) = Some(library);
    overview(app, request, progress).await
}

/// Goes back to the player's own library.
pub(super) async fn sample_close(app: &App, request: Empty, progress: &dyn Progress) -> Result<Overview> {
    *app.sample.write().unwrap_or_else(PoisonError::into_inner) = None;
    overview(app, request, progress).await
}
