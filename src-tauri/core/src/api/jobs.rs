//! Work that is done without being asked for: what there is, when it was done and will be, and doing it.
//!
//! To add some: a function and a line in [`JOBS`], its name in the page's catalogues.

use std::{collections::BTreeMap, pin::Pin, sync::Arc, time::Duration};

use jiff::Timestamp;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{
    api::{App, app::Empty, backup, keeping::cache_statistics, retention::carry_out},
    backup::Reason,
    cache::TierStatistics,
    error::{Code, Error, Result},
    job::{
        Cancel, Progress, ProgressEvent,
        lease::{BEAT, Holder, Lease, Verdict, Watcher},
        schedule::{self, Circumstances, Habit, Outcome, Record, Run, Schedule, Wish},
    },
    library::{Library, Thinning},
    retention::{Retention, RetentionPolicy},
    storage::{CheckScope, Encoding},
};

/// The settings of the store that belong to jobs.
const SCHEDULE: &str = "jobs.schedule";
const RECORD: &str = "jobs.record";
const LEASE: &str = "jobs.lease";
/// The rules of the configuration, as work saw them last.
const SEEN_RULES: &str = "jobs.rules";

/// How often a setting is written again when somebody else wrote first.
const RETRIES: u32 = 5;

/// A kind of work.
pub struct Job {
    /// When it is done.
    pub habit: Habit,
    run: for<'w> fn(&'w Work<'w>) -> Working<'w>,
}

type Working<'w> = Pin<Box<dyn Future<Output = Result<Done>> + Send + 'w>>;

/// What work is done with.
struct Work<'w> {
    app: &'w App,
    library: &'w Library,
    /// How it went the last time.
    last: Option<&'w Run>,
    progress: &'w dyn Progress,
    cancel: &'w Cancel,
}

/// What was done.
struct Done {
    outcome: Outcome,
    counts: BTreeMap<String, u64>,
    problem: Option<Error>,
}

impl Done {
    fn of<const N: usize>(counts: [(&str, u64); N]) -> Self {
        let counts = counts.map(|(name, count)| (name.to_owned(), count)).into();
        Self { outcome: Outcome::Done, counts, problem: None }
    }

    fn nothing(self) -> Self {
        Self { outcome: Outcome::Nothing, ..self }
    }

    fn found(self, problem: Error) -> Self {
        Self { outcome: Outcome::Failed, problem: Some(problem), ..self }
    }
}

const MINUTE: Duration = Duration::from_secs(60);
const DAY: u32 = 24;
const WEEK: u32 = 7 * DAY;

/// All work there is, in the order in which it is shown.
pub static JOBS: &[Job] = &[
    Job {
        habit: Habit { name: "backup", every_hours: DAY, quiet: MINUTE, yields: false },
        run: |work| Box::pin(back_up(work)),
    },
    Job {
        habit: Habit { name: "drill", every_hours: WEEK, quiet: MINUTE.saturating_mul(5), yields: true },
        run: |work| Box::pin(drill(work)),
    },
    Job {
        habit: Habit { name: "verify", every_hours: WEEK, quiet: MINUTE.saturating_mul(5), yields: true },
        run: |work| Box::pin(verify(work)),
    },
    Job {
        habit: Habit { name: "retention", every_hours: DAY, quiet: MINUTE.saturating_mul(5), yields: true },
        run: |work| Box::pin(thin(work)),
    },
    Job {
        habit: Habit { name: "recompress", every_hours: 1, quiet: MINUTE.saturating_mul(5), yields: true },
        run: |work| Box::pin(recompress(work)),
    },
    Job {
        habit: Habit { name: "retell", every_hours: DAY, quiet: Duration::from_secs(5), yields: false },
        run: |work| Box::pin(retell(work)),
    },
    Job {
        habit: Habit { name: "cache", every_hours: 1, quiet: MINUTE, yields: true },
        run: |work| Box::pin(clean_cache(work)),
    },
];

async fn back_up(work: &Work<'_>) -> Result<Done> {
    let made = backup::make(work.app, Reason::Scheduled, work.progress, work.cancel).await?;
    let counts = [
        ("versions", made.backup.versions),
        ("bytes", made.backup.bytes),
        ("removed", made.removed.len() as u64),
    ];
    let done = Done::of(counts);
    Ok(if made.is_the_last { done.nothing() } else { done })
}

async fn drill(work: &Work<'_>) -> Result<Done> {
    let drill = backup::drill(work.app, work.progress, work.cancel).await?;
    let done = Done::of([("versions", drill.versions), ("bytes", drill.bytes)]);
    Ok(match drill.problem {
        Some(problem) => done.found(problem),
        None => done,
    })
}

async fn verify(work: &Work<'_>) -> Result<Done> {
    let report = work.library.check(CheckScope::Data, work.progress, work.cancel).await?;
    work.cancel.check()?;
    let counts = [
        ("versions", report.versions),
        ("contents", report.contents),
        ("bytes", report.bytes),
        ("problems", report.problems.len() as u64),
    ];
    let done = Done::of(counts);
    Ok(match report.problems.first() {
        None => done,
        Some(first) => done.found(
            Error::new(Code::StoreDamaged, format!("{}: {}", first.r#where, first.message))
                .kept("Everything else in the library can be read.")
                .hint("See everything that is wrong: backstory verify --read-data. What can be mended, --repair mends; what is lost, a backup brings back."),
        ),
    })
}

/// Whether the rules of the configuration are not those that were seen the last time, or were that within a day. They can be changed
/// with a slip in a file, and nothing is to go by that alone.
async fn are_new(work: &Work<'_>, policy: &RetentionPolicy) -> Result<bool> {
    let (seen, revision) = work.library.setting::<Retention>(SEEN_RULES).await?;
    let is_first = seen.is_none();
    if let Some(seen) = seen.filter(|seen| seen.policy == *policy) {
        return Ok(seen.is_fresh(work.app.parts.clock.now()));
    }
    if work.library.info().read_only.is_none() {
        // Those of a library that never saw any hold as they are: there was nothing to change.
        let set_at = (!is_first).then(|| work.app.parts.clock.now());
        let seen = Retention { policy: *policy, set_at, ..Retention::default() };
        work.library.set_setting(SEEN_RULES, Some(&seen), revision).await?;
    }
    Ok(!is_first)
}

/// Lets go, moves and anonymises what the policy says. Where nobody set one, that is nothing.
async fn thin(work: &Work<'_>) -> Result<Done> {
    let holding = work.library.retention().await?;
    let is_fresh = holding.retention.is_fresh(work.app.parts.clock.now());
    if is_fresh || !holding.own && are_new(work, &holding.retention.policy).await? {
        return Ok(Done::of([]).nothing());
    }
    let thinning = Thinning { open: work.app.shown(), ..Thinning::default() };
    let plan = work.library.plan_retention(&thinning).await?;
    let is_idle = plan.drop.is_empty() && plan.archive.is_empty() && plan.anonymise.is_empty();
    // A clock that is doubted keeps nothing from going where nothing goes.
    if is_idle && plan.held.is_some() {
        return Ok(Done::of([]).nothing());
    }
    // Also where nothing goes: the day that passed is noted, so that the next one is believed.
    let Work { app, library, progress, cancel, .. } = *work;
    let done = carry_out(app, library, &plan, &thinning, false, progress, cancel).await?;
    let done =
        Done::of([("dropped", done.dropped), ("archived", done.archived), ("anonymised", done.anonymised)]);
    Ok(if is_idle { done.nothing() } else { done })
}

/// One file of this computer's own. What others share is not for one of them to rewrite, and a folder of files is kept in the form
/// that its other programs know; and who chose how documents are kept has them kept like that.
async fn recompress(work: &Work<'_>) -> Result<Done> {
    let documents = work.library.statistics().await?.contents;
    let done = Done::of([("documents", documents)]);
    let is_same = work.last.is_some_and(|run| {
        matches!(run.outcome, Outcome::Done | Outcome::Nothing)
            && run.counts.get("documents") == Some(&documents)
    });
    if work.library.info().kind != "sqlite" || is_same || !work.app.parts.host.may_recompress().await {
        return Ok(done.nothing());
    }
    let small = work.library.recompress(&Encoding::AT_REST, work.progress, work.cancel).await?;
    let counts = [
        ("documents", documents),
        ("rewritten", small.rewritten),
        ("bytes_before", small.bytes_before),
        ("bytes_after", small.bytes_after),
    ];
    Ok(Done::of(counts))
}

async fn retell(work: &Work<'_>) -> Result<Done> {
    let retold = work.library.retell(false, work.progress, work.cancel).await?;
    let done = Done::of([("versions", retold.versions)]);
    Ok(if retold.versions == 0 { done.nothing() } else { done })
}

/// What is past its time goes by itself. What another program took out of the library goes when this one reads next: where nobody
/// reads, this does it.
async fn clean_cache(work: &Work<'_>) -> Result<Done> {
    work.library.tidy_cache().await?;
    let tiers = cache_statistics(work.app, Empty {}, work.progress).await?.tiers;
    let sum = |count: fn(&TierStatistics) -> Option<u64>| tiers.iter().filter_map(count).sum();
    let done = Done::of([("entries", sum(|tier| tier.entries)), ("bytes", sum(|tier| tier.bytes))]);
    Ok(if tiers.is_empty() { done.nothing() } else { done })
}

/// One kind of work, as it is shown.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct JobEntry {
    /// Its stable name.
    pub name: String,
    /// How often it is done by itself.
    pub every_hours: u32,
    /// Whether it is done by itself.
    pub on: bool,
    /// Whether somebody does it at this moment.
    pub running: bool,
    /// How it went the last time.
    pub last: Option<Run>,
    /// When it is time again; it then waits until nobody uses the library.
    #[cfg_attr(test, ts(as = "Option<String>"))]
    pub next: Option<Timestamp>,
}

/// All work there is.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Jobs {
    /// In the order in which it is shown.
    pub jobs: Vec<JobEntry>,
}

/// Names a kind of work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct JobRef {
    /// Its name.
    pub name: String,
}

/// Asks for work to be done more or less often, or not by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct JobSet {
    /// Its name.
    pub name: String,
    /// What is wanted of it.
    #[serde(flatten)]
    pub wish: Wish,
}

/// All work there is, when it was done last and when it is time again.
///
/// # Errors
/// As [`Library::setting`].
pub async fn jobs_list(app: &App, _: Empty, _: &dyn Progress) -> Result<Jobs> {
    let library = app.own_library()?;
    let (schedule, record): (Schedule, Record) =
        (read(&library, SCHEDULE).await?, read(&library, RECORD).await?);
    let (lease, _) = library.setting::<Lease>(LEASE).await?;
    let now = app.parts.clock.now();
    let runs_here = library.info().read_only.is_none() && library.info().capabilities.persistent;
    let entry = |Job { habit, .. }: &Job| JobEntry {
        name: habit.name.to_owned(),
        every_hours: schedule.get(habit.name).and_then(|wish| wish.every_hours).unwrap_or(habit.every_hours),
        on: habit.every(&schedule).is_some(),
        running: lease.as_ref().is_some_and(|lease| lease.job == habit.name),
        last: record.get(habit.name).cloned(),
        next: habit.due(&schedule, &record, now).filter(|_| runs_here),
    };
    Ok(Jobs { jobs: JOBS.iter().map(entry).collect() })
}

/// Does work now. Can be stopped like an import.
///
/// # Errors
/// `invalid_argument` for a name that there is not; `job_running` while another program is at work.
pub async fn jobs_run(app: &App, request: JobRef, progress: &dyn Progress) -> Result<Run> {
    let job = app.job();
    progress.report(ProgressEvent::Started { job: job.number, total: 0 });
    perform(app, &request.name, progress, &job.cancel).await
}

/// Has work done more or less often, or not by itself.
///
/// # Errors
/// `invalid_argument`; as [`Library::set_setting`].
pub async fn jobs_set(app: &App, request: JobSet, progress: &dyn Progress) -> Result<Jobs> {
    let (library, habit) = (app.own_library()?, &job(&request.name)?.habit);
    if request.wish.every_hours.is_some_and(|hours| !(1..=24 * 366).contains(&hours)) {
        return Err(Error::new(
            Code::InvalidArgument,
            "Work is done at least once a year and at most once an hour.",
        ));
    }
    change(&library, SCHEDULE, |schedule: &mut Schedule| {
        let wish = schedule.entry(habit.name.to_owned()).or_default();
        *wish = Wish {
            off: request.wish.off.or(wish.off),
            every_hours: request.wish.every_hours.or(wish.every_hours),
        };
    })
    .await?;
    jobs_list(app, Empty {}, progress).await
}

/// What is to be done next, where something may begin now.
///
/// # Errors
/// As [`Library::setting`].
pub async fn due(app: &App, around: Circumstances) -> Result<Option<&'static Habit>> {
    let Ok(library) = app.own_library() else { return Ok(None) };
    let info = library.info();
    if info.read_only.is_some() || !info.capabilities.persistent {
        return Ok(None);
    }
    let (schedule, record): (Schedule, Record) =
        (read(&library, SCHEDULE).await?, read(&library, RECORD).await?);
    Ok(schedule::next(JOBS.iter().map(|job| &job.habit), &schedule, &record, around, app.parts.clock.now()))
}

/// When each kind of work was done last.
///
/// # Errors
/// As [`Library::setting`].
pub async fn record(library: &Library) -> Result<Record> {
    read(library, RECORD).await
}

/// Does work, if no other program does any, and writes down how it went.
///
/// # Errors
/// `invalid_argument` for a name that there is not; `job_running` while another program is at work. That the work itself failed is no
/// error but in the [`Run`].
pub async fn perform(app: &App, name: &str, progress: &dyn Progress, cancel: &Arc<Cancel>) -> Result<Run> {
    let (job, library) = (job(name)?, app.own_library()?);
    // Where nothing can be written, nobody can be told that somebody works.
    let may_write = library.info().read_only.is_none();
    let beating = match may_write {
        true => Some(Beating::begin(app, &library, name, cancel).await?),
        false => None,
    };
    let last = read::<Record>(&library, RECORD).await?.remove(name);
    let (at, began) = (app.parts.clock.now(), app.parts.clock.elapsed());
    let work = Work { app, library: &library, last: last.as_ref(), progress, cancel };
    let done = (job.run)(&work).await.unwrap_or_else(|error| {
        let outcome = if error.code == Code::Cancelled { Outcome::Stopped } else { Outcome::Failed };
        let problem = (outcome == Outcome::Failed).then_some(error);
        Done { outcome, counts: BTreeMap::new(), problem }
    });
    let took = app.parts.clock.elapsed().saturating_sub(began);
    let is_done = matches!(done.outcome, Outcome::Done | Outcome::Nothing);
    let run = Run {
        at,
        milliseconds: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
        outcome: done.outcome,
        counts: done.counts,
        problem: done.problem,
        done_at: if is_done { Some(at) } else { last.and_then(|last| last.done_at) },
    };
    if let Some(beating) = beating {
        let kept = change(&library, RECORD, |record: &mut Record| {
            record.insert(name.to_owned(), run.clone());
        });
        let kept = kept.await;
        beating.end().await;
        kept?;
    }
    Ok(run)
}

fn job(name: &str) -> Result<&'static Job> {
    JOBS.iter().find(|job| job.habit.name == name).ok_or_else(|| {
        let names: Vec<&str> = JOBS.iter().map(|job| job.habit.name).collect();
        Error::new(Code::InvalidArgument, format!("There is no work called {name:?}."))
            .hint(format!("There are: {}.", names.join(", ")))
    })
}

/// The lease of the store, as long as work goes on.
struct Beating {
    library: Arc<Library>,
    ended: Arc<Cancel>,
    task: tokio::task::JoinHandle<u64>,
}

impl Beating {
    /// Takes the lease, or waits until it is known whether somebody is at work.
    async fn begin(app: &App, library: &Arc<Library>, job: &str, cancel: &Arc<Cancel>) -> Result<Self> {
        let (mut watcher, mut attempts) = (Watcher::default(), 0);
        let mut lease =
            Lease { holder: app.parts.clock.snapshot_id().to_string(), job: job.to_owned(), beat: 0 };
        let revision = loop {
            cancel.check()?;
            let (held, revision) = library.setting::<Lease>(LEASE).await?;
            match watcher.look(held.as_ref()) {
                Verdict::Alive => return Err(running(held.as_ref())),
                Verdict::Held => tokio::time::sleep(BEAT).await,
                Verdict::Free | Verdict::Abandoned => {
                    match library.set_setting(LEASE, Some(&lease), revision).await {
                        Ok(revision) => break revision,
                        // Another one was faster. A setting that is damaged would be in conflict for ever.
                        Err(error) if error.code == Code::Conflict && attempts < RETRIES => attempts += 1,
                        Err(error) => return Err(error),
                    }
                }
            }
        };
        let ended = Arc::new(Cancel::default());
        let (of, stop, cancel) = (Arc::clone(library), Arc::clone(&ended), Arc::clone(cancel));
        // A task of its own: the work may hold what a beat waits for, and must go on meanwhile.
        let task = tokio::spawn(async move {
            let (mut revision, mut holder) = (revision, Holder::default());
            loop {
                tokio::select! {
                    () = stop.cancelled() => return revision,
                    () = tokio::time::sleep(BEAT) => {}
                }
                lease.beat += 1;
                let written = of.set_setting(LEASE, Some(&lease), revision).await;
                let is_lost = written.as_ref().is_err_and(|error| error.code == Code::Conflict);
                let goes_on = holder.beat(written.is_ok());
                revision = written.unwrap_or(revision);
                if is_lost || !goes_on {
                    cancel.cancel();
                    return revision;
                }
            }
        });
        Ok(Self { library: Arc::clone(library), ended, task })
    }

    /// Gives the lease back. Where that fails it is found abandoned after a while.
    async fn end(self) {
        self.ended.cancel();
        let Ok(revision) = self.task.await else { return };
        if let Err(error) = self.library.set_setting::<Lease>(LEASE, None, revision).await {
            tracing::debug!(?error, "a lease was not given back");
        }
    }
}

fn running(lease: Option<&Lease>) -> Error {
    let job = lease.map(|lease| lease.job.as_str()).unwrap_or_default();
    let mut error =
        Error::new(Code::JobRunning, format!("Another Backstory is at work on this library: {job}."))
            .kept("Nothing was begun.")
            .hint("Try again when it is done. `backstory jobs` shows it.")
            .detail("job", job);
    error.retryable = true;
    error
}

/// A setting of the store, or what holds where there is none.
async fn read<T: DeserializeOwned + Default>(library: &Library, key: &str) -> Result<T> {
    Ok(library.setting(key).await?.0.unwrap_or_default())
}

/// Changes a setting of the store, again where somebody else wrote first.
async fn change<T: DeserializeOwned + Default + Serialize>(
    library: &Library,
    key: &str,
    change: impl Fn(&mut T),
) -> Result<()> {
    for attempt in 0.. {
        let (value, revision) = library.setting::<T>(key).await?;
        let mut value = value.unwrap_or_default();
        change(&mut value);
        match library.set_setting(key, Some(&value), revision).await {
            Err(error) if error.code == Code::Conflict && attempt < RETRIES => {}
            done => return done.map(drop),
        }
    }
    Err(Error::internal("A setting was given up without a reason."))
}
