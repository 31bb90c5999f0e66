//! Questions to a history: since when, where, how did it grow.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    api::App,
    diff::Section,
    error::{Code, Error, Result},
    history::blame,
    job::{Progress, ProgressEvent},
    library::Retold,
    model::{CharacterId, SnapshotId, VersionMetadata},
    search::SearchQuery,
    sheet::Ability,
    trace::{Numbers, Place, Trace},
};

use super::{
    character::{CharacterGet, HistoryEntry, single_entry},
    compare::VersionRef,
};

/// Asks since when the fields of a sheet have their values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
pub struct BlameGet {
    /// An id, or a name where it is the only one.
    pub character: String,
    /// The sheet of which version. None: the latest.
    #[serde(default)]
    pub version: Option<String>,
    /// Only this field, or these: a key as [`BlameField::key`] has it, the beginning of one, or a label. None: all.
    #[serde(default)]
    pub field: Option<String>,
}

/// Since when the fields of a sheet have their values.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Blame {
    /// Whose.
    pub character: CharacterId,
    /// The fields, in the order of the sheet.
    pub fields: Vec<BlameField>,
}

/// A field and the version that gave it its value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct BlameField {
    /// Its stable place in the sheet, as a comparison has it.
    pub key: String,
    /// Which part of the sheet.
    pub section: Section,
    /// What a player calls it.
    pub label: String,
    /// What it says.
    pub value: Option<serde_json::Value>,
    /// The version that gave it this value.
    pub since: Since,
    /// What that version says of it. None where it has no sentence for it.
    pub sentence: Option<String>,
}

/// A version, shortly.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Since {
    /// Its identity.
    pub id: SnapshotId,
    /// Its number.
    pub version: u64,
    /// When it was captured.
    #[cfg_attr(test, ts(as = "String"))]
    pub captured_at: Timestamp,
}

/// Looks for words in all versions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
pub struct SearchGet {
    /// The words: all of them, each from its beginning.
    pub text: String,
    /// Only in this character: an id, or a name where it is the only one.
    #[serde(default)]
    pub character: Option<String>,
    /// Only where each text appeared first in each character, the oldest first. Else everything, the newest first.
    #[serde(default)]
    #[cfg_attr(test, ts(as = "Option<bool>"))]
    pub first: bool,
    /// At most so many; none: 200.
    #[serde(default)]
    pub limit: Option<u32>,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct SearchHits {
    /// The versions in which the words appeared.
    pub hits: Vec<SearchFound>,
}

/// A version in which the words appeared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct SearchFound {
    /// Whose.
    pub character: CharacterId,
    /// The version's identity.
    pub id: SnapshotId,
    /// Its number.
    pub version: u64,
    /// When it was captured.
    #[cfg_attr(test, ts(as = "String"))]
    pub captured_at: Timestamp,
    /// Where on the sheet.
    #[serde(rename = "where")]
    pub place: Place,
    /// The words, with what stands around them.
    pub snippet: String,
}

/// How a character grew.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Growth {
    /// Whose.
    pub character: CharacterId,
    /// The numbers over time.
    pub series: Series,
    /// When each level was reached, and how long it took.
    pub levels: Vec<LevelReached>,
}

/// Numbers over time: the first value, every other one, and the last look.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[allow(missing_docs, reason = "the sheet's own names")]
pub struct Series {
    pub level: Vec<Point>,
    pub xp: Vec<Point>,
    pub hit_points_max: Vec<Point>,
    pub armor_class: Vec<Point>,
    /// In gold pieces, all coins together.
    pub gold: Vec<Point>,
    pub items: Vec<Point>,
    pub spells_known: Vec<Point>,
    /// By ability: `str`, `dex`, …
    pub abilities: BTreeMap<String, Vec<Point>>,
}

/// A value from a moment on.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Point {
    /// When.
    #[cfg_attr(test, ts(as = "String"))]
    pub t: Timestamp,
    /// What.
    pub v: f64,
    /// The number of the version that says so.
    pub version: u64,
}

/// A level, and how long it took to get there from the one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct LevelReached {
    /// Which level.
    pub level: i64,
    /// When it was first seen.
    #[cfg_attr(test, ts(as = "String"))]
    pub t: Timestamp,
    /// The number of the version that reached it.
    pub version: u64,
    /// Seconds since the level before it in the history; none for the first.
    pub seconds: Option<i64>,
}

/// Since when the fields of a sheet have their values.
///
/// # Errors
/// As [`crate::library::Library::version`] and [`crate::library::Library::sheet`]; `invalid_argument` when no field is meant.
pub async fn blame(app: &App, request: BlameGet, _: &dyn Progress) -> Result<Blame> {
    let library = app.library()?;
    let character = library.find(&request.character).await?.id;
    let version = library.version(&character, request.version.as_deref().unwrap_or("latest")).await?;
    let mut fields = blame::fields(&*library.sheet(&version).await?);
    if let Some(wanted) = &request.field {
        fields = meant(fields, wanted)?;
    }
    let versions = library.traces(&character, Some(&version)).await?;
    let nothing = Trace::default();
    let traces: Vec<&Trace> =
        versions.iter().map(|version| version.trace.as_deref().unwrap_or(&nothing)).collect();
    let since = blame::since(&fields, &traces);
    let told = |(field, since): (blame::Field, Option<(usize, Option<u16>)>)| {
        let (at, sentence) = since?;
        let version = versions.get(at)?;
        let sentence = sentence.and_then(|at| version.summary.sentences.get(usize::from(at)));
        Some(BlameField {
            key: field.key,
            section: field.section,
            label: field.label,
            value: field.value,
            since: Since { id: version.id, version: version.version, captured_at: version.captured_at },
            sentence: sentence.map(|sentence| sentence.said.text(app.language())),
        })
    };
    Ok(Blame { character, fields: fields.into_iter().zip(since).filter_map(told).collect() })
}

/// The fields somebody means: by key, by the beginning of a key, by label.
fn meant(fields: Vec<blame::Field>, wanted: &str) -> Result<Vec<blame::Field>> {
    let small = wanted.trim().to_lowercase();
    let is_class = |field: &blame::Field| {
        field.key.strip_prefix("identity/class/").is_some_and(|class| !class.contains('/'))
    };
    let ways: [&dyn Fn(&blame::Field) -> bool; 5] = [
        &|field| field.key.to_lowercase() == small,
        &|field| field.label.to_lowercase() == small,
        &|field| field.key.to_lowercase().starts_with(&format!("{small}/")),
        &|field| field.key.to_lowercase().ends_with(&format!("/{}", small.replace(' ', "_"))),
        // With one class, the level stands with it.
        &|field| small == "level" && is_class(field),
    ];
    for way in ways {
        let found: Vec<_> = fields.iter().filter(|field| way(field)).cloned().collect();
        if !found.is_empty() {
            return Ok(found);
        }
    }
    let labels: Vec<&str> = fields.iter().map(|field| field.label.as_str()).collect();
    let error = Error::new(Code::InvalidArgument, format!("No field of the sheet is called {wanted:?}."));
    Err(match crate::config::nearest(wanted, labels.into_iter()) {
        Some(near) => error.hint(format!("Did you mean {near:?}?")),
        None => error.hint("`backstory blame CHARACTER` lists every field."),
    })
}

/// Where words appeared.
///
/// # Errors
/// As [`crate::library::Library::find`] and [`crate::library::Library::search`].
pub async fn search(app: &App, request: SearchGet, _: &dyn Progress) -> Result<SearchHits> {
    let library = app.library()?;
    let characters = match &request.character {
        Some(character) => vec![library.find(character).await?.id],
        None => Vec::new(),
    };
    let query = SearchQuery {
        text: request.text,
        characters,
        oldest_first: request.first,
        // The first of each is among the oldest ones; how many of those are repeats is not known before.
        limit: if request.first { Some(u32::MAX) } else { request.limit },
    };
    let words = query.words();
    let mut seen = std::collections::BTreeSet::new();
    let mut hits = library.search(&query).await?;
    if request.first {
        hits.retain(|hit| seen.insert((hit.character.clone(), hit.place, hit.text.clone())));
    }
    hits.truncate(usize::try_from(request.limit.unwrap_or(SearchQuery::LIMIT)).unwrap_or(usize::MAX));
    let found = hits.into_iter().map(|hit| SearchFound {
        character: hit.character,
        id: hit.version,
        version: hit.number,
        captured_at: hit.captured_at,
        place: hit.place,
        snippet: crate::search::snippet(&hit.text, &words),
    });
    Ok(SearchHits { hits: found.collect() })
}

/// How a character grew.
///
/// # Errors
/// As [`crate::library::Library::find`] and [`crate::library::Library::traces`].
pub async fn progress(app: &App, request: CharacterGet, _: &dyn Progress) -> Result<Growth> {
    let library = app.library()?;
    let character = library.find(&request.character).await?.id;
    let mut versions = library.traces(&character, None).await?;
    versions.reverse();
    Ok(Growth { character, series: series(&versions), levels: levels(&versions) })
}

/// A version's numbers, and when they were seen.
fn numbers(versions: &[VersionMetadata]) -> impl Iterator<Item = (&VersionMetadata, Numbers)> {
    versions.iter().filter_map(|version| Some((version, version.trace.as_ref()?.numbers)))
}

fn series(versions: &[VersionMetadata]) -> Series {
    #[allow(clippy::cast_precision_loss, reason = "numbers on a sheet are small")]
    let of = |number: &dyn Fn(Numbers) -> i64, unit: f64| -> Vec<Point> {
        let mut points: Vec<Point> = Vec::new();
        let mut last = None;
        for (version, numbers) in numbers(versions) {
            let point =
                Point { t: version.captured_at, v: number(numbers) as f64 / unit, version: version.version };
            last = Some(Point { t: version.seen.last.max(version.captured_at), ..point });
            if points.last().is_none_or(|before| before.v != point.v) {
                points.push(point);
            }
        }
        // The line goes on to the last look.
        points.extend(last.filter(|last| points.last().is_some_and(|point| point.t < last.t)));
        points
    };
    let abilities = Ability::ALL.into_iter().enumerate();
    Series {
        level: of(&|n| n.level, 1.0),
        xp: of(&|n| n.xp, 1.0),
        hit_points_max: of(&|n| n.hit_points_max, 1.0),
        armor_class: of(&|n| n.armor_class, 1.0),
        gold: of(&|n| n.copper, 100.0),
        items: of(&|n| n.items, 1.0),
        spells_known: of(&|n| n.spells, 1.0),
        abilities: abilities
            .map(|(at, ability)| (ability.key().to_owned(), of(&|n| n.abilities[at], 1.0)))
            .collect(),
    }
}

fn levels(versions: &[VersionMetadata]) -> Vec<LevelReached> {
    let mut reached: Vec<LevelReached> = Vec::new();
    for (version, numbers) in numbers(versions) {
        if reached.iter().all(|before| before.level < numbers.level) {
            let t = version.captured_at;
            let seconds = reached.last().map(|before| t.duration_since(before.t).as_secs());
            reached.push(LevelReached { level: numbers.level, t, version: version.version, seconds });
        }
    }
    reached
}

/// Makes a version the newest again. What is there now stays in the history.
///
/// # Errors
/// As [`crate::library::Library::restore`].
pub async fn version_restore(app: &App, request: VersionRef, _: &dyn Progress) -> Result<HistoryEntry> {
    let library = app.library()?;
    let character = library.find(&request.character).await?.id;
    let version = library.version(&character, &request.version).await?;
    Ok(single_entry(library.restore(&version).await?, app.language()))
}

/// Asks for versions to be told anew.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
pub struct RetellSet {
    /// Every version, not only those that an older Backstory told: where what was told of one is damaged.
    #[serde(default)]
    #[cfg_attr(test, ts(as = "Option<bool>"))]
    pub all: bool,
}

/// Tells every version anew that an older Backstory told. Can be stopped like an import.
///
/// # Errors
/// As [`crate::library::Library::retell`].
pub async fn retell(app: &App, request: RetellSet, progress: &dyn Progress) -> Result<Retold> {
    let (library, job) = (app.library()?, app.job());
    progress.report(ProgressEvent::Started { job: job.number, total: 0 });
    library.retell(request.all, progress, &job.cancel).await
}
