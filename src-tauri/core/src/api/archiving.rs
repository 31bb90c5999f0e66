//! Moving versions into the archive and back; and taking the player out of a character that stays.

use serde::{Deserialize, Serialize};

use crate::{
    api::{App, character::CharacterGet},
    archive::{ArchivePlan, ArchiveReport, Archiving},
    error::Result,
    job::{Cancel, Progress, ProgressEvent},
    library::Library,
    model::CharacterId,
    privacy::anonymise::{AnonymisePlan, Anonymised},
    storage::Deleted,
};

/// Asks which versions would be moved.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
pub struct ArchiveGet {
    /// Only these: ids, or names where they are the only ones. Empty: all.
    #[serde(default)]
    #[cfg_attr(test, ts(as = "Option<Vec<String>>"))]
    pub characters: Vec<String>,
    /// Versions that are older than so many days. None: as the policy says; where it says nothing, all but the newest.
    #[serde(default)]
    pub older_than_days: Option<u32>,
    /// Take versions back instead: all that are archived.
    #[serde(default)]
    #[cfg_attr(test, ts(as = "Option<bool>"))]
    pub restore: bool,
}

async fn archiving(library: &Library, request: ArchiveGet) -> Result<Archiving> {
    let mut characters = Vec::new();
    for text in &request.characters {
        characters.push(library.find(text).await?.id);
    }
    let ArchiveGet { older_than_days, restore, .. } = request;
    Ok(Archiving { characters, older_than_days, restore })
}

/// Which versions would be moved into the archive, or out of it.
///
/// # Errors
/// As [`Library::plan_archive`] and [`Library::find`].
pub async fn archive_plan(app: &App, request: ArchiveGet, _: &dyn Progress) -> Result<ArchivePlan> {
    let library = app.library()?;
    library.plan_archive(&archiving(&library, request).await?).await
}

/// Moves them. Can be stopped like an import; what was begun is gone on with at the next time.
///
/// # Errors
/// As [`Library::archive`].
pub async fn archive(app: &App, request: ArchiveGet, progress: &dyn Progress) -> Result<ArchiveReport> {
    let (library, job) = (app.library()?, app.job());
    let plan = library.plan_archive(&archiving(&library, request).await?).await?;
    progress.report(ProgressEvent::Started { job: job.number, total: plan.versions.len() as u64 });
    library.archive(&plan, progress, &job.cancel).await
}

/// What would be taken out of a character.
///
/// # Errors
/// As [`Library::plan_anonymise`] and [`Library::find_among`].
pub async fn anonymise_plan(app: &App, request: CharacterGet, _: &dyn Progress) -> Result<AnonymisePlan> {
    let library = app.library()?;
    let character = library.find_among(&request.character, Deleted::With).await?.id;
    library.plan_anonymise(&character).await
}

/// Takes the player out of a character, and what it was out of the files. There is no way back.
///
/// # Errors
/// As [`Library::anonymise`] and [`Library::scrub`]: where only the latter fails, the character is anonymised and what it was
/// may still stand in free room, until it is scrubbed the next time.
pub async fn anonymise(app: &App, request: CharacterGet, progress: &dyn Progress) -> Result<Anonymised> {
    let library = app.library()?;
    let character = library.find_among(&request.character, Deleted::With).await?.id;
    let job = app.job();
    progress.report(ProgressEvent::Started { job: job.number, total: 0 });
    let done = anonymised(app, &library, &character, progress, &job.cancel).await?;
    library.scrub(progress, &Cancel::default()).await?;
    Ok(done)
}

/// The same for one of several: the files are cleaned up behind the last.
///
/// # Errors
/// As [`Library::anonymise`].
pub(super) async fn anonymised(
    app: &App,
    library: &Library,
    character: &CharacterId,
    progress: &dyn Progress,
    cancel: &Cancel,
) -> Result<Anonymised> {
    let done = library.anonymise(character, progress, cancel).await?;
    let mut preferences = app.parts.host.load_preferences().await;
    let mut is_pinned = false;
    for pinned in preferences.pinned.iter_mut().filter(|pinned| *pinned == character) {
        (*pinned, is_pinned) = (done.character.clone(), true);
    }
    if is_pinned {
        app.parts.host.save_preferences(preferences).await?;
    }
    Ok(done)
}
