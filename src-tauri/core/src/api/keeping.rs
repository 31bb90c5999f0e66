//! The bin, pins and tags; campaigns; and what keeps the store well.

use serde::{Deserialize, Serialize};

use crate::{
    api::{
        App,
        app::Empty,
        character::{CharacterEntry, CharacterGet, HistoryEntry, single_entry},
        compare::VersionRef,
        export::failed,
    },
    cache::CacheStatistics,
    error::Result,
    job::{Progress, ProgressEvent},
    model::{Member, Role},
    privacy::audit::Action,
    storage::{Deleted, Encoding, Recompressed, StorageStatistics},
};

/// Asks for a pin to be set or taken away.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct PinSet {
    /// An id, or a name where it is the only one.
    pub character: String,
    /// Which version, as everywhere.
    pub version: String,
    /// Whether it is kept for ever from now on.
    pub pinned: bool,
}

/// Asks for names to be given to a version, or taken from it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
pub struct TagSet {
    /// An id, or a name where it is the only one.
    pub character: String,
    /// Which version, as everywhere.
    pub version: String,
    /// Names it gets.
    #[serde(default)]
    #[cfg_attr(test, ts(as = "Option<Vec<String>>"))]
    pub add: Vec<String>,
    /// Names it loses.
    #[serde(default)]
    #[cfg_attr(test, ts(as = "Option<Vec<String>>"))]
    pub remove: Vec<String>,
}

/// Asks for words to be written to a version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct NoteSet {
    /// An id, or a name where it is the only one.
    pub character: String,
    /// Which version, as everywhere.
    pub version: String,
    /// The words; none, or empty: no note any more.
    pub note: Option<String>,
}

/// Asks for somebody's place in a campaign.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct MemberSet {
    /// The campaign's name.
    pub campaign: String,
    /// Who.
    pub user: String,
    /// As what; none: no longer.
    pub role: Option<Role>,
}

/// A document that was written to a file of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct FileSaved {
    /// What the file is called; none when the user thought better of it.
    pub name: Option<String>,
}

/// Puts a character into the bin.
///
/// # Errors
/// As [`crate::library::Library::find`] and [`crate::library::Library::delete`].
pub async fn character_delete(app: &App, request: CharacterGet, _: &dyn Progress) -> Result<CharacterEntry> {
    let library = app.library()?;
    let character = library.find(&request.character).await?.id;
    Ok(CharacterEntry::new(library.delete(&character).await?, app.language()))
}

/// Takes a character out of the bin.
///
/// # Errors
/// As [`crate::library::Library::find`] and [`crate::library::Library::undelete`].
pub async fn character_undelete(
    app: &App,
    request: CharacterGet,
    _: &dyn Progress,
) -> Result<CharacterEntry> {
    let library = app.library()?;
    let character = library.find_among(&request.character, Deleted::Only).await?.id;
    Ok(CharacterEntry::new(library.undelete(&character).await?, app.language()))
}

/// Keeps a version for ever, or no longer.
///
/// # Errors
/// As [`crate::library::Library::version`] and [`crate::library::Library::pin`].
pub async fn version_pin(app: &App, request: PinSet, _: &dyn Progress) -> Result<HistoryEntry> {
    let library = app.library()?;
    let character = library.find(&request.character).await?.id;
    let version = library.version(&character, &request.version).await?;
    Ok(single_entry(library.pin(&version, request.pinned).await?, app.language()))
}

/// Gives a version names and takes names from it.
///
/// # Errors
/// As [`crate::library::Library::version`] and [`crate::library::Library::tag`].
pub async fn version_tag(app: &App, request: TagSet, _: &dyn Progress) -> Result<HistoryEntry> {
    let library = app.library()?;
    let character = library.find(&request.character).await?.id;
    let version = library.version(&character, &request.version).await?;
    Ok(single_entry(library.tag(&version, &request.add, &request.remove).await?, app.language()))
}

/// Writes a player's words to a version, or takes them away.
///
/// # Errors
/// As [`crate::library::Library::version`] and [`crate::library::Library::note`].
pub async fn version_note(app: &App, request: NoteSet, _: &dyn Progress) -> Result<HistoryEntry> {
    let library = app.library()?;
    let character = library.find(&request.character).await?.id;
    let version = library.version(&character, &request.version).await?;
    Ok(single_entry(library.note(&version, request.note.as_deref()).await?, app.language()))
}

/// Writes the document of a version, byte for byte, to a file that the user chooses.
///
/// # Errors
/// As [`crate::library::Library::version`], [`crate::library::Library::document`] and [`super::Host::outlet`].
pub async fn version_save(app: &App, request: VersionRef, _: &dyn Progress) -> Result<FileSaved> {
    let library = app.library()?;
    let character = library.find(&request.character).await?;
    let version = library.version(&character.id, &request.version).await?;
    let document = library.document(&version).await?;
    let name = file_name(&character.name, version.version);
    let Some(mut outlet) = app.parts.host.outlet(&name).await? else { return Ok(FileSaved { name: None }) };
    outlet.write_all(&document).map_err(|error| failed(&error))?;
    library.record_read(Action::Export, &[(character.id, 1)]).await?;
    Ok(FileSaved { name: Some(outlet.keep()?) })
}

/// What a file is called that every system takes: `Rekor, version 12.json`.
fn file_name(character: &str, version: u64) -> String {
    format!("{}, version {version}.json", safe_name(character))
}

/// A name as every system takes it for a file.
pub(super) fn safe_name(character: &str) -> String {
    let safe = |c: char| if c.is_alphanumeric() || " -'".contains(c) { c } else { '_' };
    character.trim().chars().take(80).map(safe).collect()
}

/// Who has a place in which campaign.
///
/// # Errors
/// As [`crate::library::Library::members`].
pub async fn members_list(app: &App, _: Empty, _: &dyn Progress) -> Result<Vec<Member>> {
    app.library()?.members().await
}

/// Gives somebody a place in a campaign, or takes it away.
///
/// # Errors
/// As [`crate::library::Library::set_member`].
pub async fn member_set(app: &App, request: MemberSet, _: &dyn Progress) -> Result<Vec<Member>> {
    let library = app.library()?;
    library.set_member(&request.campaign, &request.user, request.role).await?;
    library.members().await
}

/// How much there is.
///
/// # Errors
/// As [`crate::library::Library::statistics`].
pub async fn statistics(app: &App, _: Empty, _: &dyn Progress) -> Result<StorageStatistics> {
    app.library()?.statistics().await
}

/// How the cache stands. One that is away is told as such and is no error.
///
/// # Errors
/// None.
pub async fn cache_statistics(app: &App, _: Empty, _: &dyn Progress) -> Result<CacheStatistics> {
    Ok(match app.cache() {
        Some(cache) => cache.stats().await,
        None => CacheStatistics::default(),
    })
}

/// Stores every document anew in another encoding. Can be stopped like an import.
///
/// # Errors
/// As [`crate::library::Library::recompress`].
pub async fn recompress(app: &App, encoding: Encoding, progress: &dyn Progress) -> Result<Recompressed> {
    let (library, job) = (app.library()?, app.job());
    progress.report(ProgressEvent::Started { job: job.number, total: 0 });
    library.recompress(&encoding, progress, &job.cancel).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_name_leads_nowhere() {
        assert_eq!(file_name("Zoë O'Hara", 12), "Zoë O'Hara, version 12.json");
        assert_eq!(file_name("../../etc/a:b\\c", 1), "______etc_a_b_c, version 1.json");
    }
}
