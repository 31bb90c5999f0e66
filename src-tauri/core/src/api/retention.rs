//! How long versions are kept: the policy, what it would do, doing it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    api::{App, app::Empty, archiving::anonymised, character::CharacterGet},
    archive::{ArchivePlan, MovedVersion},
    error::{Code, Error, Result},
    job::{Cancel, Progress, ProgressEvent},
    library::{Library, Thinning},
    model::{CharacterId, SnapshotId},
    retention::{
        ClockDoubt, DropReason, DroppedVersion, KeepReason, Preset, Retention, RetentionPlan,
        RetentionPolicy, Warning,
    },
    storage::{HistoryQuery, QueryFilter},
};

/// How many versions that go a preview names for each character.
const NAMED: usize = 200;

/// A policy that has a name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct PresetEntry {
    /// Its name.
    pub preset: Preset,
    /// What it says.
    pub policy: RetentionPolicy,
}

/// A character with a policy of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct OverrideEntry {
    /// Which.
    pub character: CharacterId,
    /// Its name.
    pub name: String,
    /// What holds for it.
    pub policy: RetentionPolicy,
    /// The name of that, where it has one.
    pub preset: Option<Preset>,
}

/// How long versions are kept in the open library.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct RetentionView {
    /// What holds for every character without a policy of its own.
    pub policy: RetentionPolicy,
    /// The name of that, where it has one.
    pub preset: Option<Preset>,
    /// The zone of days, weeks and months.
    pub zone: String,
    /// Whether the library says so itself; else the configuration does, or nobody.
    pub own: bool,
    /// The characters with a policy of their own.
    pub characters: Vec<OverrideEntry>,
    /// The policies that have names.
    pub presets: Vec<PresetEntry>,
}

/// Asks for another policy.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
pub struct RetentionSet {
    /// For this character alone: an id, or a name where it is the only one. None: for the library.
    #[serde(default)]
    pub character: Option<String>,
    /// What holds from now on. None: as without a word, the character as its library, the library as the configuration.
    #[serde(default)]
    pub policy: Option<RetentionPolicy>,
    /// The zone of days, weeks and months, by its IANA name. None: the one of before, else the player's.
    #[serde(default)]
    pub zone: Option<String>,
}

/// Asks what a policy would do.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
pub struct RetentionGet {
    /// Only these: ids, or names where they are the only ones. Empty: all.
    #[serde(default)]
    #[cfg_attr(test, ts(as = "Option<Vec<String>>"))]
    pub characters: Vec<String>,
    /// At this time. None: now.
    #[serde(default)]
    #[cfg_attr(test, ts(as = "Option<String>"))]
    pub at: Option<Timestamp>,
    /// Versions that open screens show or compare with.
    #[serde(default)]
    #[cfg_attr(test, ts(as = "Option<Vec<SnapshotId>>"))]
    pub open: Vec<SnapshotId>,
    /// This policy for the library instead of the one that holds.
    #[serde(default)]
    pub policy: Option<RetentionPolicy>,
}

/// How many versions have a reason to stay. One may have several.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct KeptFor {
    /// The reason.
    pub reason: KeepReason,
    /// How many.
    pub count: u64,
}

/// How many versions go for a reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct DroppedFor {
    /// The reason.
    pub reason: DropReason,
    /// How many.
    pub count: u64,
}

/// What a policy would do to one character.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct PreviewEntry {
    /// Which.
    pub character: CharacterId,
    /// Its name.
    pub name: String,
    /// Versions that stay, the archived ones included.
    pub keep: u64,
    /// Those of them that move into the archive.
    pub archive: u64,
    /// Versions that go.
    pub drop: u64,
    /// Which, the newest first; at most two hundred.
    pub going: Vec<DroppedVersion>,
    /// Whether it would lose its name, its notes and all that tells of its player.
    pub anonymise: bool,
}

/// What a policy would do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct RetentionPreview {
    /// The time it is made for.
    #[cfg_attr(test, ts(as = "String"))]
    pub at: Timestamp,
    /// Versions that stay, the archived ones included.
    pub keep: u64,
    /// Those of them that move into the archive.
    pub archive: u64,
    /// Versions that go.
    pub drop: u64,
    /// Why versions stay.
    pub kept_for: Vec<KeptFor>,
    /// Why versions go.
    pub dropped_for: Vec<DroppedFor>,
    /// The characters, those that lose the most first.
    pub characters: Vec<PreviewEntry>,
    /// What somebody should know first.
    pub warnings: Vec<Warning>,
    /// Why nothing of it is done now, where that is so.
    pub held: Option<ClockDoubt>,
    /// Stands for exactly this plan.
    pub token: String,
}

/// Asks for a plan to be carried out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
pub struct RetentionApply {
    /// As it was asked for.
    #[serde(default)]
    #[cfg_attr(test, ts(as = "Option<Vec<String>>"))]
    pub characters: Vec<String>,
    /// The time of the plan.
    #[cfg_attr(test, ts(as = "String"))]
    pub at: Timestamp,
    /// Versions that open screens show or compare with.
    #[serde(default)]
    #[cfg_attr(test, ts(as = "Option<Vec<SnapshotId>>"))]
    pub open: Vec<SnapshotId>,
    /// The token of the plan that the player agreed to.
    pub token: String,
    /// The player says that this computer's clock is right.
    #[serde(default)]
    #[cfg_attr(test, ts(as = "Option<bool>"))]
    pub clock_is_right: bool,
}

/// What was done.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct RetentionDone {
    /// Versions that went.
    pub dropped: u64,
    /// Versions that were to go and stayed, since something of them had changed.
    pub spared: u64,
    /// Versions that moved into the archive.
    pub archived: u64,
    /// Characters that lost what told of their player.
    pub anonymised: u64,
}

/// What the years will do to a version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct OutlookEntry {
    /// Its identity.
    pub id: SnapshotId,
    /// Its number.
    pub version: u64,
    /// The last moment at which it stays; none: nothing takes it by its age.
    #[cfg_attr(test, ts(as = "Option<String>"))]
    pub goes_after: Option<Timestamp>,
    /// The last moment at which it is at hand; none: it stays so, or is in the archive.
    #[cfg_attr(test, ts(as = "Option<String>"))]
    pub archived_after: Option<Timestamp>,
}

/// How long versions are kept.
///
/// # Errors
/// As [`Library::retention`].
pub async fn retention_get(app: &App, _: Empty, _: &dyn Progress) -> Result<RetentionView> {
    view(&*app.library()?).await
}

async fn view(library: &Library) -> Result<RetentionView> {
    let holding = library.retention().await?;
    let Retention { policy, zone, characters, .. } = holding.retention;
    let names = names(library, characters.keys().cloned().collect()).await?;
    // Those that are gone, or not this person's to see, are not spoken of.
    let entry = |(character, policy): (CharacterId, RetentionPolicy)| {
        let name = names.get(&character)?.clone();
        Some(OverrideEntry { name, preset: Preset::of(&policy), character, policy })
    };
    Ok(RetentionView {
        preset: Preset::of(&policy),
        policy,
        zone,
        own: holding.own,
        characters: characters.into_iter().filter_map(entry).collect(),
        presets: Preset::ALL.map(|preset| PresetEntry { preset, policy: preset.policy() }).into(),
    })
}

async fn names(library: &Library, ids: Vec<CharacterId>) -> Result<BTreeMap<CharacterId, String>> {
    if ids.is_empty() {
        return Ok(BTreeMap::new());
    }
    let rows = library.query(&QueryFilter { ids, ..QueryFilter::default() }).await?.items;
    Ok(rows.into_iter().map(|row| (row.id, row.name)).collect())
}

/// Sets how long versions are kept. Nothing goes by that alone.
///
/// # Errors
/// As [`Library::set_retention`] and [`Library::find`].
pub async fn retention_set(app: &App, request: RetentionSet, _: &dyn Progress) -> Result<RetentionView> {
    let library = app.library()?;
    let holding = library.retention().await?;
    let mut retention = holding.retention;
    let is_word_taken_back =
        request.character.is_none() && request.policy.is_none() && request.zone.is_none();
    match (&request.character, request.policy) {
        (Some(character), policy) => {
            let character = library.find(character).await?.id;
            if policy.is_some_and(|policy| policy.max_total_size_mb.is_some()) {
                let message = "`max_total_size_mb` is for the whole library, and not for one character.";
                return Err(Error::new(Code::InvalidArgument, message).kept("Nothing was changed."));
            }
            match policy {
                Some(policy) => drop(retention.characters.insert(character, policy)),
                None => drop(retention.characters.remove(&character)),
            }
        }
        (None, Some(policy)) => retention.policy = policy,
        (None, None) => {}
    }
    if let Some(zone) = request.zone {
        retention.zone = zone;
    }
    let is_empty = is_word_taken_back && retention.characters.is_empty();
    if is_word_taken_back {
        retention.policy = app.kept_by();
    }
    library.set_retention(if is_empty { None } else { Some(retention) }, holding.revision).await?;
    view(&library).await
}

/// What is asked for, in the library's own terms.
async fn thinning(library: &Library, request: RetentionGet) -> Result<Thinning> {
    let mut characters = Vec::new();
    for text in &request.characters {
        characters.push(library.find(text).await?.id);
    }
    let instead = match request.policy {
        Some(policy) => {
            policy.check()?;
            Some(Retention { policy, ..library.retention().await?.retention })
        }
        None => None,
    };
    Ok(Thinning { characters, at: request.at, open: request.open.into_iter().collect(), instead })
}

/// What would become of every version, and why.
///
/// # Errors
/// As [`Library::plan_retention`] and [`Library::find`].
pub async fn retention_plan(app: &App, request: RetentionGet, _: &dyn Progress) -> Result<RetentionPlan> {
    let library = app.library()?;
    library.plan_retention(&thinning(&library, request).await?).await
}

/// The same in numbers, and with the versions that go.
///
/// # Errors
/// As [`retention_plan`].
pub async fn retention_preview(
    app: &App,
    request: RetentionGet,
    progress: &dyn Progress,
) -> Result<RetentionPreview> {
    let plan = retention_plan(app, request, progress).await?;
    let library = app.library()?;
    let due: BTreeSet<_> = plan.anonymise.iter().map(|due| due.character.clone()).collect();
    let kept = plan.keep.iter().map(|version| (&version.character, &version.reasons));
    let moved = plan.archive.iter().map(|version| (&version.character, &version.reasons));
    let (mut kept_for, mut dropped_for) = (BTreeMap::new(), BTreeMap::new());
    let mut entries: BTreeMap<CharacterId, PreviewEntry> = BTreeMap::new();
    let entry = |entries: &mut BTreeMap<CharacterId, PreviewEntry>,
                 of: &CharacterId,
                 count: fn(&mut PreviewEntry)| {
        count(entries.entry(of.clone()).or_insert_with(|| PreviewEntry {
            character: of.clone(),
            name: String::new(),
            keep: 0,
            archive: 0,
            drop: 0,
            going: Vec::new(),
            anonymise: due.contains(of),
        }));
    };
    for (character, reasons) in kept.chain(moved) {
        reasons.iter().for_each(|reason| *kept_for.entry(*reason).or_default() += 1);
        entry(&mut entries, character, |entry| entry.keep += 1);
    }
    for version in &plan.archive {
        entry(&mut entries, &version.character, |entry| entry.archive += 1);
    }
    for version in plan.drop.iter().rev() {
        *dropped_for.entry(version.reason).or_default() += 1;
        entry(&mut entries, &version.character, |entry| entry.drop += 1);
        if let Some(entry) = entries.get_mut(&version.character).filter(|entry| entry.going.len() < NAMED) {
            entry.going.push(version.clone());
        }
    }
    let names = names(&library, entries.keys().cloned().collect()).await?;
    let mut characters: Vec<_> = entries.into_values().collect();
    for entry in &mut characters {
        entry.name = names.get(&entry.character).cloned().unwrap_or_default();
    }
    characters.sort_by(|a, b| b.drop.cmp(&a.drop).then_with(|| a.name.cmp(&b.name)));
    Ok(RetentionPreview {
        at: plan.at,
        keep: (plan.keep.len() + plan.archive.len()) as u64,
        archive: plan.archive.len() as u64,
        drop: plan.drop.len() as u64,
        kept_for: kept_for.into_iter().map(|(reason, count)| KeptFor { reason, count }).collect(),
        dropped_for: dropped_for.into_iter().map(|(reason, count)| DroppedFor { reason, count }).collect(),
        characters,
        warnings: plan.warnings,
        held: plan.held,
        token: plan.token,
    })
}

/// Carries out the plan that the player agreed to. There is no way back. Can be stopped like an import.
///
/// # Errors
/// `conflict` where the plan is not what holds now; as [`Library::apply_retention`].
pub async fn retention_apply(
    app: &App,
    request: RetentionApply,
    progress: &dyn Progress,
) -> Result<RetentionDone> {
    let library = app.library()?;
    let RetentionApply { characters, at, open, token, clock_is_right } = request;
    let get = RetentionGet { characters, at: Some(at), open, policy: None };
    let thinning = thinning(&library, get).await?;
    let plan = library.plan_retention(&thinning).await?;
    if plan.token != token {
        return Err(Error::new(Code::Conflict, "Something else would go now than when you looked.")
            .kept("Nothing was dropped.")
            .hint("Look at what would go again, then confirm it."));
    }
    let job = app.job();
    progress.report(ProgressEvent::Started { job: job.number, total: 0 });
    carry_out(app, &library, &plan, &thinning, clock_is_right, progress, &job.cancel).await
}

/// Does what a plan says: versions that go first, then what else there is.
///
/// # Errors
/// As [`Library::apply_retention`].
pub async fn carry_out(
    app: &App,
    library: &Library,
    plan: &RetentionPlan,
    thinning: &Thinning,
    clock_is_right: bool,
    progress: &dyn Progress,
    cancel: &Cancel,
) -> Result<RetentionDone> {
    let thinned = library.apply_retention(plan, thinning, clock_is_right, progress, cancel).await?;
    let mut done = RetentionDone {
        dropped: thinned.dropped,
        spared: thinned.spared,
        archived: move_away(library, plan, progress, cancel).await?,
        anonymised: 0,
    };
    for due in &plan.anonymise {
        // Somebody may have looked at it, or marked it, since the plan was made.
        let again =
            Thinning { characters: vec![due.character.clone()], at: Some(plan.at), ..thinning.clone() };
        if !library.plan_retention(&again).await?.anonymise.is_empty() {
            anonymised(app, library, &due.character, progress, cancel).await?;
            done.anonymised += 1;
        }
    }
    if done.anonymised > 0 {
        library.scrub(progress, &Cancel::default()).await?;
    }
    Ok(done)
}

/// Moves what a plan moves into the archive.
async fn move_away(
    library: &Library,
    plan: &RetentionPlan,
    progress: &dyn Progress,
    cancel: &Cancel,
) -> Result<u64> {
    let moved = plan.archive.iter().map(|version| MovedVersion {
        character: version.character.clone(),
        version: version.version,
        id: version.id,
        captured_at: version.captured_at,
    });
    let moves = ArchivePlan { restore: false, versions: moved.collect() };
    if moves.versions.is_empty() {
        return Ok(0);
    }
    Ok(library.archive(&moves, progress, cancel).await?.moved)
}

/// Plans and carries out at once: for the command line.
///
/// # Errors
/// As [`retention_plan`] and [`carry_out`].
pub async fn retention_run(
    app: &App,
    request: RetentionGet,
    clock_is_right: bool,
    progress: &dyn Progress,
) -> Result<(RetentionPlan, RetentionDone)> {
    let library = app.library()?;
    let thinning = thinning(&library, request).await?;
    let plan = library.plan_retention(&thinning).await?;
    let job = app.job();
    progress.report(ProgressEvent::Started { job: job.number, total: 0 });
    let done = carry_out(app, &library, &plan, &thinning, clock_is_right, progress, &job.cancel).await?;
    Ok((plan, done))
}

/// When each version of a character goes, or moves into the archive, if nothing is captured any more: by age alone.
///
/// # Errors
/// As [`Library::find`] and [`Library::retention`].
pub async fn retention_outlook(
    app: &App,
    request: CharacterGet,
    _: &dyn Progress,
) -> Result<Vec<OutlookEntry>> {
    let library = app.library()?;
    let character = library.find(&request.character).await?.id;
    let history = library.history(&HistoryQuery::all(character.clone())).await?.items;
    let entries = library.outlook(&character, &history).await?.into_iter();
    Ok(entries
        .filter(|one| one.goes_after.is_some() || one.archived_after.is_some())
        .map(|one| OutlookEntry {
            id: one.id,
            version: one.version,
            goes_after: one.goes_after,
            archived_after: one.archived_after,
        })
        .collect())
}
