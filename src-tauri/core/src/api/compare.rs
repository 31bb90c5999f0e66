//! Any two versions side by side.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    api::App,
    diff::{self, Change, Counts, Folded, Section, raw},
    error::Result,
    job::Progress,
    json::Tree,
    library::{Library, parsed},
    model::{CharacterId, SnapshotId, VersionMetadata},
};

/// One side of a comparison.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct VersionRef {
    /// An id, or a name where it is the only one.
    pub character: String,
    /// A number, an identity, `latest`, `first`, `~N` or a date.
    pub version: String,
}

/// Asks for a comparison of two sheets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
pub struct CompareGet {
    /// The old side.
    pub from: VersionRef,
    /// The new side.
    pub to: VersionRef,
    /// Only this section.
    #[serde(default)]
    pub section: Option<Section>,
    /// Also what a rest resets.
    #[serde(default)]
    #[cfg_attr(test, ts(as = "Option<bool>"))]
    pub state: bool,
    /// Also the rows that are equal, as kind `same`.
    #[serde(default)]
    #[cfg_attr(test, ts(as = "Option<bool>"))]
    pub same: bool,
}

/// Which version stands on a side.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[allow(missing_docs, reason = "the model's docs say what they are")]
pub struct Side {
    pub character: CharacterId,
    pub name: String,
    pub id: SnapshotId,
    pub version: u64,
    #[cfg_attr(test, ts(as = "String"))]
    pub captured_at: Timestamp,
    #[cfg_attr(test, ts(as = "Option<String>"))]
    pub edited_at: Option<Timestamp>,
    pub level: u32,
}

/// Two sheets compared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Comparison {
    /// The old side.
    pub from: Side,
    /// The new side.
    pub to: Side,
    /// The rows, in the order of the sheet.
    pub changes: Vec<Change>,
    /// How many of each kind (equal ones not counted).
    pub counts: Counts,
    /// What is not among the rows.
    pub folded: Folded,
}

/// Asks for a comparison of two documents.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct RawCompareGet {
    /// The old side.
    pub from: VersionRef,
    /// The new side.
    pub to: VersionRef,
}

/// Two documents compared, value by value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct RawComparison {
    /// In the order of the new document.
    pub changes: Vec<raw::RawChange>,
}

/// Asks for two documents side by side, line by line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
pub struct RawLinesGet {
    /// The old side.
    pub from: VersionRef,
    /// The new side.
    pub to: VersionRef,
    /// Equal lines to keep around a change; the rest is folded. None: nothing is folded.
    #[serde(default)]
    pub context: Option<u32>,
}

/// Two documents side by side.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct RawLines {
    /// The rows from top to bottom.
    pub rows: Vec<raw::Row>,
    /// Top-level keys with differences, in the order of the document, and where each begins in `rows`.
    pub keys: Vec<raw::KeyCount>,
    /// How many lines.
    pub counts: Counts,
}

async fn resolve(library: &Library, side: &VersionRef) -> Result<VersionMetadata> {
    let character = library.find(&side.character).await?.id;
    library.version(&character, &side.version).await
}

fn side(version: &VersionMetadata, name: &str) -> Side {
    Side {
        character: version.character.clone(),
        name: name.to_owned(),
        id: version.id,
        version: version.version,
        captured_at: version.captured_at,
        edited_at: version.edited_at,
        level: version.summary.level,
    }
}

/// Compares two sheets.
///
/// # Errors
/// As [`Library::find`], [`Library::version`], [`Library::sheet`].
pub async fn compare_sheets(app: &App, request: CompareGet, _: &dyn Progress) -> Result<Comparison> {
    let library = app.library()?;
    let (from, to) = (resolve(&library, &request.from).await?, resolve(&library, &request.to).await?);
    let (old, new) = (library.sheet(&from).await?, library.sheet(&to).await?);
    app.shows(&library, &[&from, &to]);
    let options = diff::Options { state: request.state, same: request.same };
    let mut diff = diff::compare(&old, &new, options);
    if let Some(section) = request.section {
        diff.keep_section(section);
    }
    let raw = if from.content == to.content { 0 } else { raw_values(&library, &from, &to).await?.len() };
    let told = diff.counts.total() + diff.folded.state;
    diff.folded.noise = u32::try_from(raw).unwrap_or(u32::MAX).saturating_sub(told);
    Ok(Comparison {
        from: side(&from, &old.name),
        to: side(&to, &new.name),
        changes: diff.changes,
        counts: diff.counts,
        folded: diff.folded,
    })
}

async fn raw_values(
    library: &Library,
    from: &VersionMetadata,
    to: &VersionMetadata,
) -> Result<Vec<raw::RawChange>> {
    both(library, from, to, raw::values).await
}

/// Parses both documents and hands the trees on.
async fn both<T>(
    library: &Library,
    from: &VersionMetadata,
    to: &VersionMetadata,
    read: impl FnOnce(&Tree<'_>, &Tree<'_>) -> T,
) -> Result<T> {
    let (old, new) = (library.document(from).await?, library.document(to).await?);
    parsed(&old, |old| parsed(&new, |new| Ok(read(old, new))))
}

/// Compares two documents, value by value.
///
/// # Errors
/// As [`Library::find`], [`Library::version`], [`Library::document`].
pub async fn compare_raw(app: &App, request: RawCompareGet, _: &dyn Progress) -> Result<RawComparison> {
    let library = app.library()?;
    let (from, to) = (resolve(&library, &request.from).await?, resolve(&library, &request.to).await?);
    Ok(RawComparison { changes: raw_values(&library, &from, &to).await? })
}

/// Two documents side by side, line by line.
///
/// # Errors
/// As [`compare_raw`].
pub async fn compare_lines(app: &App, request: RawLinesGet, _: &dyn Progress) -> Result<RawLines> {
    let library = app.library()?;
    let (from, to) = (resolve(&library, &request.from).await?, resolve(&library, &request.to).await?);
    let (rows, keys, counts) = both(&library, &from, &to, |a, b| raw::lines(a, b, request.context)).await?;
    Ok(RawLines { rows, keys, counts })
}
