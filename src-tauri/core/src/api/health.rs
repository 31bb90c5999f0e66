//! How the library and what is around it stands: checks, alerts, and what is measured.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    sync::{Arc, PoisonError},
};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{
    alerts::{AlertKind, Level, Raised, Reading, Share, Thresholds, size},
    api::{App, app::Empty, backup, jobs, keeping::cache_statistics},
    cache::{CacheStatistics, CacheTrouble},
    config::AlertsConfig,
    error::{Code, Error, Result},
    job::{
        Progress,
        schedule::{Outcome, Record, Run},
    },
    library::Library,
    metrics::{Latency, Recent},
    model::CharacterIndex,
    privacy::audit::Entry,
    storage::{Deleted, HistoryQuery, Pool, QueryFilter, ReadOnly, Sort, StorageInfo, StorageStatistics},
    wording::{Language, Said, say},
};

/// So many characters that changed last are looked at for when something was saved.
const RECENT: u32 = 1000;
/// So many characters are looked at for an archived version.
const SAMPLED: usize = 8;
/// So many entries of the log are looked through for what watched folders brought.
const LAST_ENTRIES: u32 = 1000;
/// Work that is so many of its spans late is worth a word.
const LATE: i32 = 3;
/// So many versions are looked at to draw how a library grew: those of the characters that changed last.
const MOST_VERSIONS: u64 = 20_000;

/// The computer around the library. What is not known is left out.
#[derive(Debug, Clone, Copy, Default)]
pub struct Machine {
    /// Free room on the disk of the library.
    pub disk: Option<Share>,
    /// Bytes that the program takes.
    pub memory: Option<u64>,
    /// Whether it runs on its battery.
    pub on_battery: bool,
}

/// How something stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(rename = "HealthStatus"))]
pub enum Status {
    /// Well.
    Ok,
    /// Worth a look.
    Warning,
    /// Something is lost, or will be.
    Critical,
}

/// One thing that was looked at.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct HealthCheck {
    /// Its stable name.
    pub name: String,
    /// How it stands.
    pub status: Status,
    /// That in words.
    pub message: String,
    /// What to do, where something is to be done.
    pub hint: Option<String>,
    /// When what it tells of happened.
    #[cfg_attr(test, ts(as = "Option<String>"))]
    pub at: Option<Timestamp>,
    /// The error behind it.
    pub problem: Option<Error>,
}

/// Something that is not well, until it is.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Alert {
    /// What.
    pub kind: AlertKind,
    /// How bad it is.
    pub level: Level,
    /// Since when.
    #[cfg_attr(test, ts(as = "String"))]
    pub since: Timestamp,
    /// What happened.
    pub message: String,
    /// What to do.
    pub hint: String,
    /// The error behind it.
    pub problem: Option<Error>,
    /// The player has seen it and wants it out of the way.
    pub dismissed: bool,
}

/// How everything stands.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Health {
    /// The worst of all.
    pub status: Status,
    /// When it was looked at.
    #[cfg_attr(test, ts(as = "String"))]
    pub at: Timestamp,
    /// What was looked at.
    pub checks: Vec<HealthCheck>,
    /// What is not well, the worst first.
    pub alerts: Vec<Alert>,
}

/// Asks how everything stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct HealthGet {
    /// Also look whether the system's keychain opens. It may ask the player for a password.
    #[serde(default)]
    pub keychain: bool,
}

/// Names an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct AlertRef {
    /// Which.
    pub kind: AlertKind,
}

/// What is measured while the program runs.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Figures {
    /// How long the store takes.
    pub latencies: Vec<Latency>,
    /// What went on in the last ten minutes.
    pub recent: Recent,
    /// Connections, where there is a pool of them.
    pub pool: Option<Pool>,
}

/// Asks what takes room.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct RoomGet {
    /// How far the player's clock is ahead of UTC, in minutes.
    #[serde(default)]
    pub offset_minutes: i32,
}

/// What a character takes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[allow(missing_docs, reason = "named after what they are")]
pub struct CharacterRoom {
    pub id: crate::model::CharacterId,
    pub name: String,
    pub versions: u64,
    /// Bytes of its documents in the store, encoded.
    pub bytes: u64,
}

/// What a way of keeping documents takes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[allow(missing_docs, reason = "named after what they are")]
pub struct CodecRoom {
    pub codec: String,
    pub documents: u64,
    pub bytes: u64,
}

/// How many versions there were at the end of a day, and what their documents took.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[allow(missing_docs, reason = "named after what they are")]
pub struct GrowthDay {
    /// `2026-11-30`.
    pub day: String,
    pub versions: u64,
    pub bytes: u64,
}

/// What takes room, and how that grew.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Room {
    /// How much there is.
    pub statistics: StorageStatistics,
    /// Bytes of backups.
    pub backups: u64,
    /// What each character takes, the largest first.
    pub characters: Vec<CharacterRoom>,
    /// How documents are kept.
    pub codecs: Vec<CodecRoom>,
    /// How it grew, the days on which something was saved.
    pub growth: Vec<GrowthDay>,
    /// Versions by the hour of the player's day in which they were saved: 24 numbers.
    pub hours: Vec<u64>,
    /// Versions a day, over the last thirty days.
    pub per_day: f64,
    /// How many versions were looked at: all of them, where the library is not very large.
    pub looked_at: u64,
}

/// How everything stands now. It raises and ends alerts.
///
/// # Errors
/// None but a defect: that the library does not answer is what is told.
pub async fn health(app: &App, request: HealthGet, _: &dyn Progress) -> Result<Health> {
    let look = Look::take(app).await;
    note(app, &look);
    let mut checks = look.checks();
    if request.keychain
        && let Some(keychain) = app.parts.host.keychain().await
    {
        checks.push(match keychain {
            Ok(()) => check("keychain", Status::Ok, say("check-keychain-ok")),
            Err(error) => failed("keychain", Status::Warning, say("check-keychain-bad"), error),
        });
    }
    let language = app.language();
    let checks: Vec<HealthCheck> = checks.into_iter().map(|found| found.told(language)).collect();
    let alerts = alerts(app);
    let worst = checks.iter().map(|check| check.status).max().unwrap_or(Status::Ok);
    let of_alert = |alert: &Alert| match alert.level {
        Level::Warning => Status::Warning,
        Level::Critical => Status::Critical,
    };
    let status = alerts.iter().map(of_alert).fold(worst, Status::max);
    Ok(Health { status, at: look.now, checks, alerts })
}

/// What is not well, as it was known at the last look.
pub(super) async fn alerts_list(app: &App, _: Empty, _: &dyn Progress) -> Result<Vec<Alert>> {
    Ok(alerts(app))
}

/// The player has seen an alert. It comes back when it was well in between.
pub(super) async fn alert_dismiss(app: &App, request: AlertRef, _: &dyn Progress) -> Result<Vec<Alert>> {
    app.alerts.lock().unwrap_or_else(PoisonError::into_inner).dismiss(request.kind);
    Ok(alerts(app))
}

/// What is measured while the program runs.
pub(super) async fn figures_get(app: &App, _: Empty, _: &dyn Progress) -> Result<Figures> {
    Ok(figures(app))
}

fn figures(app: &App) -> Figures {
    Figures {
        latencies: app.metrics.latencies(),
        recent: app.metrics.recent(app.parts.clock.elapsed()),
        pool: app.own_library().ok().and_then(|library| library.pool()),
    }
}

/// Looks how everything stands, and gives what the player is to be told of: title and words.
pub async fn watch(app: &App) -> Vec<(String, String)> {
    let look = Look::take(app).await;
    let language = app.language();
    let news = note(app, &look);
    news.into_iter()
        .map(|raised| {
            let alert = told(&raised, language);
            (alert.message, alert.hint)
        })
        .collect()
}

/// What is not well, by kind.
pub fn raised(app: &App) -> Vec<AlertKind> {
    let alerts = app.alerts.lock().unwrap_or_else(PoisonError::into_inner);
    alerts.raised().into_iter().map(|raised| raised.kind).collect()
}

fn note(app: &App, look: &Look) -> Vec<Raised> {
    let mut alerts = app.alerts.lock().unwrap_or_else(PoisonError::into_inner);
    alerts.update(&look.reading, &look.thresholds, look.now)
}

fn alerts(app: &App) -> Vec<Alert> {
    let language = app.language();
    let alerts = app.alerts.lock().unwrap_or_else(PoisonError::into_inner);
    alerts.raised().into_iter().map(|raised| told(raised, language)).collect()
}

fn told(raised: &Raised, language: Language) -> Alert {
    Alert {
        kind: raised.kind,
        level: raised.kind.level(),
        since: raised.since,
        message: raised.said.text(language),
        hint: what_to_do(raised.kind).text(language),
        problem: raised.problem.clone(),
        dismissed: raised.dismissed,
    }
}

fn what_to_do(kind: AlertKind) -> Said {
    match kind {
        AlertKind::StorageUnavailable => say("alert-storage-do"),
        AlertKind::ErrorRate => say("alert-errors-do"),
        AlertKind::PoolExhausted => say("alert-pool-do"),
        AlertKind::DiskLow => say("alert-disk-do"),
        AlertKind::Damage => say("alert-damage-do"),
        AlertKind::BackupFailed => say("alert-backup-do"),
        AlertKind::DrillFailed => say("alert-drill-do"),
        AlertKind::SlowOperation => say("alert-slow-do"),
        AlertKind::ReadOnly => say("alert-read-only-do"),
        AlertKind::Cache => say("check-cache-do"),
        AlertKind::HitRate => say("alert-hits-do"),
        AlertKind::Memory => say("alert-memory-do"),
        AlertKind::UnusualAccess => say("alert-access-do"),
        AlertKind::Silent => say("alert-silent-do"),
    }
}

/// What one look at everything found.
struct Look {
    now: Timestamp,
    info: Option<StorageInfo>,
    reading: Reading,
    thresholds: Thresholds,
    record: Record,
    /// The jobs, with what is wanted of them and who is at work.
    jobs: jobs::Jobs,
    backups: Option<Result<backup::BackupList>>,
    /// When something was last saved; none where nothing is.
    captured: Option<Timestamp>,
    /// When a watched folder last brought something in, as far as the log tells.
    watched: Option<Timestamp>,
    /// What came of reading an archived version; none where none was found.
    archive: Option<Result<()>>,
    cache: CacheStatistics,
}

/// Why nothing can be written, where nobody asked for that: an export and a newer library say so wherever they are shown.
fn not_asked(read_only: Option<ReadOnly>) -> Option<Error> {
    let is_fault = |why: &ReadOnly| matches!(why, ReadOnly::NotAllowed | ReadOnly::ServerRefuses);
    read_only.filter(is_fault).map(Error::from)
}

/// When a watched folder last brought something in. Of the log, since the times that files bear are their own: an old sheet that
/// came in today came in today.
async fn last_watched(library: &Library) -> Result<Option<Timestamp>> {
    let all = library.audit_head().await?.size;
    let last = library.audit(all.saturating_sub(LAST_ENTRIES.into()), LAST_ENTRIES).await?;
    let mut notes = last.iter().rev().filter_map(Entry::note);
    Ok(notes.find(|note| note.origin == "watch").map(|note| note.at))
}

/// Reads one archived version from where it lies, compared with its hash: whether the archive is there at all. What is moved
/// there is the oldest of a history, of those first that changed longest ago. Every version is read by the weekly check.
async fn read_archived(library: &Library, rows: &[CharacterIndex]) -> Option<Result<()>> {
    for row in rows.iter().rev().take(SAMPLED) {
        let first = HistoryQuery { newest_first: false, limit: Some(1), ..HistoryQuery::all(row.id.clone()) };
        // A history that cannot be read is no matter of the archive.
        let first = library.history(&first).await.ok().and_then(|mut found| found.items.pop());
        if let Some(version) = first.filter(|version| version.archived) {
            return Some(library.stored_document(&version).await.map(drop));
        }
    }
    None
}

/// What was found in any tier, of all that was looked for. Whoever keeps a server for it wants to know; what only lies in this
/// program's memory begins anew with each start, and nobody can do anything about it.
fn hits(cache: &CacheStatistics) -> Option<Share> {
    let first = cache.tiers.first().filter(|_| cache.tiers.iter().any(|tier| tier.location.is_some()))?;
    Some(Share { part: cache.tiers.iter().map(|tier| tier.hits).sum(), whole: first.hits + first.misses })
}

impl Look {
    async fn take(app: &App) -> Self {
        let now = app.parts.clock.now();
        let config = app.parts.host.alerts().await.unwrap_or_default();
        let recent = app.metrics.recent(app.parts.clock.elapsed());
        let mut reading = Reading {
            errors: Some(Share { part: recent.errors, whole: recent.calls }),
            no_connection: Some(recent.no_connection),
            slowest: recent.slowest.map(|(_, millis)| millis),
            denied: Some(recent.denied),
            ..Reading::default()
        };
        reading.slowest.get_or_insert(0);
        let library = app.own_library();
        let info = match &library {
            Ok(library) => Some(library.info()),
            Err(_) => app.parts.backups.as_ref().ok().and_then(|backups| backups.closed()),
        };
        let machine = app.parts.host.machine(info.as_ref()).await;
        (reading.disk, reading.memory) = (machine.disk, machine.memory);
        let mut look = Self {
            now,
            info,
            reading,
            thresholds: thresholds(&config),
            record: Record::new(),
            jobs: jobs::Jobs::default(),
            backups: None,
            captured: None,
            watched: None,
            archive: None,
            cache: cache_statistics(app, Empty {}, &crate::job::Silent).await.unwrap_or_default(),
        };
        look.reading.hits = hits(&look.cache);
        match library {
            Err(error) => look.reading.storage = Some(Some(error)),
            Ok(library) => {
                let asked = look.ask(app, &library).await;
                look.reading.storage = Some(asked.err());
            }
        }
        look.reading.cache = Some(look.cache_trouble());
        look.reading.read_only = look.info.as_ref().map(|info| not_asked(info.read_only));
        look.silent(app).await;
        look.judge_work();
        look
    }

    /// What the library itself says.
    async fn ask(&mut self, app: &App, library: &Library) -> Result<()> {
        let filter = QueryFilter { sort: Sort::Changed, limit: Some(RECENT), ..QueryFilter::default() };
        let rows = library.query(&filter).await?.items;
        self.captured = rows.iter().map(|row| row.last_captured).max();
        self.watched = last_watched(library).await?;
        self.archive = read_archived(library, &rows).await;
        self.record = jobs::record(library).await?;
        self.jobs = jobs::jobs_list(app, Empty {}, &crate::job::Silent).await?;
        let is_kept = library.info().capabilities.persistent;
        if is_kept && app.parts.backups.is_ok() {
            self.backups = Some(backup::backup_list(app, Empty {}, &crate::job::Silent).await);
        }
        Ok(())
    }

    /// How long no watched folder has brought anything. One that never did is not known to be silent: it may be new.
    async fn silent(&mut self, app: &App) {
        let folders = app.parts.host.watched().await;
        let quiet = folders.iter().min_by_key(|folder| folder.taken);
        let days = |at| u64::try_from(self.now.duration_since(at).as_hours() / 24).ok();
        let silent = quiet.zip(self.watched.and_then(days));
        self.reading.silent = Some(silent.map(|(folder, days)| (folder.path.clone(), days)));
    }

    /// What the work that nobody asked for found.
    fn judge_work(&mut self) {
        let problem = |run: Option<&Run>| run.map(|run| run.problem.clone());
        self.reading.damage = problem(self.record.get("verify"));
        self.reading.backup = problem(self.record.get("backup"));
        self.reading.drill = match &self.backups {
            Some(Ok(list)) => list.drill.as_ref().map(|drill| drill.problem.clone()),
            _ => None,
        };
        if let Some(Err(error)) = &self.backups {
            self.reading.backup = Some(Some(error.clone()));
        }
        // A backup that was made by hand since is one, too.
        if let (Some(Ok(list)), Some(run)) = (&self.backups, self.record.get("backup"))
            && list.backups.first().is_some_and(|newest| newest.reason.is_some() && newest.made_at > run.at)
        {
            self.reading.backup = Some(None);
        }
    }

    fn checks(&self) -> Vec<Found> {
        let mut checks = vec![self.store()];
        checks.extend(self.writable());
        checks.extend(self.work());
        checks.extend(self.disk());
        checks.extend(self.cache());
        checks.push(self.capture());
        checks.extend(self.backup());
        checks.extend(self.drill());
        checks.extend(self.verify());
        checks.extend(self.archived());
        checks.extend(self.jobs());
        checks
    }

    fn store(&self) -> Found {
        match &self.reading.storage {
            Some(Some(error)) => failed("store", Status::Critical, say("check-store-bad"), error.clone()),
            _ => check("store", Status::Ok, say("check-store-ok")),
        }
    }

    fn writable(&self) -> Option<Found> {
        let info = self.info.as_ref().filter(|_| matches!(self.reading.storage, Some(None)))?;
        Some(match info.read_only {
            None => check("writable", Status::Ok, say("check-writable-ok")),
            Some(why) => failed("writable", Status::Warning, say("check-writable-bad"), Error::from(why)),
        })
    }

    fn work(&self) -> Option<Found> {
        let running = self.jobs.jobs.iter().find(|job| job.running);
        Some(match running {
            None if self.jobs.jobs.is_empty() => return None,
            None => check("lock", Status::Ok, say("check-lock-free")),
            Some(job) => check("lock", Status::Ok, say("check-lock-held").with("job", &job.name)),
        })
    }

    fn disk(&self) -> Option<Found> {
        let free = self.reading.disk?;
        let said = say("check-disk").with("size", size(free.part)).with("percent", free.percent() as i64);
        let low =
            u128::from(free.part) * 100 < u128::from(free.whole) * u128::from(self.thresholds.disk_percent);
        let found = check("disk", if low { Status::Critical } else { Status::Ok }, said);
        Some(if low { found.hint(say("alert-disk-do")) } else { found })
    }

    /// Why a part of the cache is passed by.
    fn cache_trouble(&self) -> Option<Error> {
        let trouble = self.cache.tiers.iter().find_map(|tier| tier.trouble)?;
        let code = match trouble {
            CacheTrouble::WrongPassword | CacheTrouble::NotAllowed | CacheTrouble::NoAddress => {
                Code::CacheRefused
            }
            CacheTrouble::Unreachable | CacheTrouble::TakesNothing | CacheTrouble::Confused => {
                Code::CacheUnavailable
            }
        };
        Some(Error::new(code, trouble.to_string()).kept("Everything is read from the library."))
    }

    fn cache(&self) -> Option<Found> {
        match self.cache_trouble() {
            None if self.cache.tiers.is_empty() => None,
            None => Some(check("cache", Status::Ok, say("check-cache-ok"))),
            Some(error) => {
                let found = failed("cache", Status::Warning, say("check-cache-bad"), error);
                Some(found.hint(say("check-cache-do")))
            }
        }
    }

    fn capture(&self) -> Found {
        match self.captured {
            None => check("capture", Status::Ok, say("check-capture-none")),
            Some(at) => check("capture", Status::Ok, say("check-capture-ok")).at(at),
        }
    }

    fn backup(&self) -> Option<Found> {
        let list = match self.backups.as_ref()? {
            Ok(list) => list,
            Err(error) => {
                return Some(failed("backup", Status::Critical, say("check-backup-bad"), error.clone()));
            }
        };
        let newest = list.backups.iter().find(|backup| backup.reason.is_some());
        if let Some(Some(error)) = &self.reading.backup {
            let found = failed("backup", Status::Critical, say("check-backup-bad"), error.clone());
            return Some(newest.map(|newest| newest.made_at).into_iter().fold(found, Found::at));
        }
        Some(match newest {
            None => check("backup", Status::Warning, say("check-backup-none")).hint(say("check-backup-do")),
            // What was not changed since needs no newer one; the work that looks says that it looked.
            Some(newest) => {
                let looked = self.record.get("backup").and_then(|run| run.done_at);
                let at = looked.map_or(newest.made_at, |looked| looked.max(newest.made_at));
                match self.is_late("backup", at) {
                    true => {
                        check("backup", Status::Warning, say("check-backup-old")).hint(say("check-backup-do"))
                    }
                    false => check(
                        "backup",
                        Status::Ok,
                        say("check-backup-ok").with("count", list.backups.len() as i64),
                    ),
                }
                .at(newest.made_at)
            }
        })
    }

    fn drill(&self) -> Option<Found> {
        let Some(Ok(list)) = &self.backups else { return None };
        Some(match &list.drill {
            None if list.backups.is_empty() => return None,
            None => check("drill", Status::Ok, say("check-drill-none")),
            Some(drill) => match &drill.problem {
                Some(error) => failed("drill", Status::Critical, say("check-drill-bad"), error.clone())
                    .hint(say("alert-drill-do")),
                None if self.is_late("drill", drill.at) => {
                    check("drill", Status::Warning, say("check-drill-old")).hint(say("check-drill-do"))
                }
                None => check("drill", Status::Ok, say("check-drill-ok")),
            }
            .at(drill.at),
        })
    }

    fn verify(&self) -> Option<Found> {
        if !matches!(self.reading.storage, Some(None)) {
            return None;
        }
        let Some(run) = self.record.get("verify") else {
            return Some(check("verify", Status::Ok, say("check-verify-none")));
        };
        Some(match (&run.problem, run.done_at) {
            (Some(error), _) => failed("verify", Status::Critical, say("check-verify-bad"), error.clone())
                .hint(say("alert-damage-do"))
                .at(run.at),
            (None, Some(at)) if !self.is_late("verify", at) => {
                let versions = run.counts.get("versions").copied().unwrap_or_default();
                check("verify", Status::Ok, say("check-verify-ok").with("count", versions as i64)).at(at)
            }
            (None, Some(at)) => {
                check("verify", Status::Warning, say("check-verify-old")).hint(say("check-verify-do")).at(at)
            }
            (None, None) => check("verify", Status::Ok, say("check-verify-none")),
        })
    }

    fn archived(&self) -> Option<Found> {
        Some(match self.archive.as_ref()? {
            Ok(()) => check("archive", Status::Ok, say("check-archive-ok")),
            Err(error) => failed("archive", Status::Critical, say("check-archive-bad"), error.clone())
                .hint(say("alert-damage-do")),
        })
    }

    fn jobs(&self) -> Option<Found> {
        let failed_ones = self.record.iter().filter(|(name, run)| {
            run.outcome == Outcome::Failed && !["verify", "backup", "drill"].contains(&name.as_str())
        });
        let first = failed_ones.into_iter().next();
        if self.jobs.jobs.is_empty() {
            return None;
        }
        Some(match first {
            None => check("jobs", Status::Ok, say("check-jobs-ok")),
            Some((name, run)) => {
                let said = say("check-jobs-bad").with("job", name);
                let problem = run.problem.clone().unwrap_or_else(|| Error::new(Code::Internal, "It failed."));
                failed("jobs", Status::Warning, said, problem).at(run.at)
            }
        })
    }

    /// Whether work that is done by itself is several of its spans late.
    fn is_late(&self, job: &str, at: Timestamp) -> bool {
        let Some(entry) = self.jobs.jobs.iter().find(|entry| entry.name == job) else { return false };
        let most = SignedDuration::from_hours(i64::from(entry.every_hours)).saturating_mul(LATE);
        at <= self.now && self.now.duration_since(at) > most
    }
}

fn thresholds(config: &AlertsConfig) -> Thresholds {
    Thresholds {
        error_percent: config.error_percent,
        disk_percent: config.disk_percent,
        slow_ms: config.slow_ms,
        hit_percent: config.hit_percent,
        memory_percent: config.memory_percent,
        memory_limit: config.memory_limit_mb.saturating_mul(1_000_000),
        denied: config.denied,
        silent_days: config.silent_days,
    }
}

/// One thing that was looked at, before it is put into words.
struct Found {
    name: &'static str,
    status: Status,
    said: Said,
    hint: Option<Said>,
    at: Option<Timestamp>,
    problem: Option<Error>,
}

fn check(name: &'static str, status: Status, said: Said) -> Found {
    Found { name, status, said, hint: None, at: None, problem: None }
}

fn failed(name: &'static str, status: Status, said: Said, problem: Error) -> Found {
    Found { problem: Some(problem), ..check(name, status, said) }
}

impl Found {
    fn hint(self, hint: Said) -> Self {
        Self { hint: Some(hint), ..self }
    }

    fn at(self, at: Timestamp) -> Self {
        Self { at: Some(at), ..self }
    }

    fn told(self, language: Language) -> HealthCheck {
        HealthCheck {
            name: self.name.to_owned(),
            status: self.status,
            message: self.said.text(language),
            hint: self.hint.map(|hint| hint.text(language)),
            at: self.at,
            problem: self.problem,
        }
    }
}

/// What takes room, and how that grew.
///
/// # Errors
/// As [`Library::statistics`] and [`Library::history`].
pub async fn room(app: &App, request: RoomGet, _: &dyn Progress) -> Result<Room> {
    let library = app.library()?;
    let mut room = Room { statistics: library.statistics().await?, hours: vec![0; 24], ..Room::default() };
    if app.own_library().is_ok_and(|own| Arc::ptr_eq(&own, &library))
        && let Ok(list) = backup::backup_list(app, Empty {}, &crate::job::Silent).await
    {
        room.backups = list.backups.iter().map(|backup| backup.bytes).sum();
    }
    let filter = QueryFilter { deleted: Deleted::With, sort: Sort::Changed, ..QueryFilter::default() };
    let now = app.parts.clock.now();
    let offset = SignedDuration::from_mins(i64::from(request.offset_minutes));
    let month_ago = now.checked_sub(SignedDuration::from_hours(24 * 30)).unwrap_or(Timestamp::MIN);
    let mut days: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    let mut codecs: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    let mut lately = 0_u64;
    for row in library.query(&filter).await?.items {
        if room.looked_at + row.versions > MOST_VERSIONS && room.looked_at > 0 {
            continue;
        }
        let query = HistoryQuery { stored: true, newest_first: false, ..HistoryQuery::all(row.id.clone()) };
        let mut known = BTreeSet::new();
        let mut bytes = 0;
        let versions = library.history(&query).await?.items;
        room.looked_at += versions.len() as u64;
        for version in &versions {
            let local = version.captured_at.checked_add(offset).unwrap_or(version.captured_at);
            let civil = local.to_zoned(jiff::tz::TimeZone::UTC);
            let hour = usize::try_from(civil.hour()).unwrap_or_default();
            if let Some(count) = room.hours.get_mut(hour) {
                *count += 1;
            }
            lately += u64::from(version.captured_at >= month_ago && version.captured_at <= now);
            let day = days.entry(civil.strftime("%Y-%m-%d").to_string()).or_default();
            day.0 += 1;
            if let Some(stored) = version.stored.as_ref().filter(|_| known.insert(version.content)) {
                bytes += stored.bytes;
                day.1 += stored.bytes;
                let codec = codecs.entry(stored.codec.clone()).or_default();
                *codec = (codec.0 + 1, codec.1 + stored.bytes);
            }
        }
        room.characters.push(CharacterRoom {
            id: row.id,
            name: row.name,
            versions: versions.len() as u64,
            bytes,
        });
    }
    room.characters.sort_by(|a, b| b.bytes.cmp(&a.bytes).then_with(|| a.id.cmp(&b.id)));
    room.codecs =
        codecs.into_iter().map(|(codec, (documents, bytes))| CodecRoom { codec, documents, bytes }).collect();
    let mut sum = (0, 0);
    for (day, (versions, bytes)) in days {
        sum = (sum.0 + versions, sum.1 + bytes);
        room.growth.push(GrowthDay { day, versions: sum.0, bytes: sum.1 });
    }
    room.per_day = lately as f64 / 30.0;
    Ok(room)
}

/// Everything that is measured, as Prometheus reads it. No name of a character is in it.
pub async fn prometheus(app: &App) -> String {
    let look = Look::take(app).await;
    note(app, &look);
    let mut out = String::new();
    let head = |out: &mut String, name: &str, kind: &str, help: &str| {
        let _ = writeln!(out, "# HELP backstory_{name} {help}\n# TYPE backstory_{name} {kind}");
    };
    head(&mut out, "operation_seconds", "summary", "How long the store takes.");
    for latency in app.metrics.latencies() {
        let name = latency.operation.name();
        for (share, millis) in [("0.5", latency.p50), ("0.95", latency.p95), ("0.99", latency.p99)] {
            let _ = writeln!(
                out,
                "backstory_operation_seconds{{operation=\"{name}\",quantile=\"{share}\"}} {}",
                millis / 1e3
            );
        }
        let sum = app.metrics.total(latency.operation) as f64 / 1e6;
        let _ = writeln!(out, "backstory_operation_seconds_sum{{operation=\"{name}\"}} {sum}");
        let _ = writeln!(out, "backstory_operation_seconds_count{{operation=\"{name}\"}} {}", latency.count);
    }
    head(&mut out, "operation_errors_total", "counter", "How often the store could not answer.");
    for latency in app.metrics.latencies() {
        let _ = writeln!(
            out,
            "backstory_operation_errors_total{{operation=\"{}\"}} {}",
            latency.operation.name(),
            latency.errors
        );
    }
    let mut gauges: Vec<(&str, &str, u64)> = Vec::new();
    let up = matches!(look.reading.storage, Some(None));
    gauges.push(("up", "Whether the library answers.", u64::from(up)));
    if let Ok(library) = app.own_library()
        && let Ok(found) = library.statistics().await
    {
        gauges.push(("characters", "Characters, the bin included.", found.characters));
        gauges.push(("versions", "Versions.", found.versions));
        gauges.push(("document_bytes", "Bytes of documents as they came in.", found.document_bytes));
        gauges.push(("encoded_bytes", "Bytes they take in the store.", found.encoded_bytes));
        gauges.push(("store_bytes", "Bytes of the whole store.", found.store_bytes));
        if let Some(pool) = library.pool() {
            gauges.push(("pool_connections", "Connections that are open.", pool.open));
            gauges.push(("pool_connections_most", "At most so many.", pool.most));
            gauges.push(("pool_waiting", "Who waits for one.", pool.waiting));
        }
    }
    if let Some(disk) = look.reading.disk {
        gauges.push(("disk_free_bytes", "Free room on the disk of the library.", disk.part));
        gauges.push(("disk_bytes", "The size of that disk.", disk.whole));
    }
    if let Some(memory) = look.reading.memory {
        gauges.push(("memory_bytes", "Memory that the program takes.", memory));
    }
    for (name, help, value) in gauges {
        head(&mut out, name, "gauge", help);
        let _ = writeln!(out, "backstory_{name} {value}");
    }
    head(&mut out, "alert", "gauge", "What is not well: 1 for a warning, 2 where it is critical.");
    for alert in alerts(app) {
        let kind = serde_json::to_value(alert.kind).ok();
        let kind = kind.as_ref().and_then(serde_json::Value::as_str).unwrap_or_default();
        let level = if alert.level == Level::Critical { 2 } else { 1 };
        let _ = writeln!(out, "backstory_alert{{kind=\"{kind}\"}} {level}");
    }
    out
}
