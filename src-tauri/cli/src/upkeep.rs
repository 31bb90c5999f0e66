//! `backstory jobs` and `backstory health`: what is done by itself, and how everything stands.

use std::fmt::Write as _;

use backstory_core::{
    api::{
        App,
        app::Empty,
        health::{Health, HealthGet, Status, health, prometheus},
        jobs::{JobEntry, JobRef, JobSet, Jobs, due, jobs_list, jobs_run, jobs_set},
    },
    clock::Clock as _,
    error::{Code, Error, Result},
    job::{
        Silent,
        schedule::{Circumstances, Outcome, Run, Wish},
    },
};
use backstory_storage::{
    clock::SystemClock,
    config::{self, Flags},
    exporter,
};
use clap::Subcommand;
use serde::Serialize;

use crate::{
    commands::{IN_PART, stoppable},
    print::{self, Bar, explained, table},
};

/// Longer than any work waits until nobody uses the library: whoever types this wants it now.
const NOBODY: std::time::Duration = std::time::Duration::from_secs(24 * 60 * 60);

/// What can be done with work in the background.
#[derive(Debug, Subcommand)]
pub(crate) enum JobsCommand {
    /// What there is, when it was done last and when it is time again.
    List,
    /// Do one now; without a name, all that it is time for. One program at a time works on a library.
    Run {
        /// Its name: see `backstory jobs`.
        name: Option<String>,
    },
    /// Have it done more or less often, or not by itself.
    Set {
        /// Its name: see `backstory jobs`.
        name: String,
        /// Every so many hours.
        #[arg(long, value_name = "HOURS")]
        every: Option<u32>,
        /// Not by itself any more.
        #[arg(long, conflicts_with = "on")]
        off: bool,
        /// By itself again.
        #[arg(long)]
        on: bool,
    },
}

/// What was done, by name.
#[derive(Debug, Serialize)]
struct Ran {
    runs: Vec<Named>,
}

#[derive(Debug, Serialize)]
struct Named {
    name: String,
    #[serde(flatten)]
    run: Run,
}

/// Runs the command; gives the exit code: 1 where work failed, 3 where some of several did.
pub(crate) async fn jobs(app: &App, what: Option<JobsCommand>, json: bool, quiet: bool) -> Result<u8> {
    match what.unwrap_or(JobsCommand::List) {
        JobsCommand::List => print::result(json, &jobs_list(app, Empty {}, &Silent).await?, list)?,
        JobsCommand::Set { name, every, off, on } => {
            let wish = Wish { off: (off || on).then_some(off), every_hours: every };
            let request = JobSet { name, wish };
            print::result(json, &jobs_set(app, request, &Silent).await?, list)?;
        }
        JobsCommand::Run { name } => {
            let bar = Bar::new(quiet || json);
            let mut runs = Vec::new();
            let names = match name {
                Some(name) => vec![name],
                None => all_due(app).await?,
            };
            for name in names {
                let run = stoppable(app, jobs_run(app, JobRef { name: name.clone() }, &bar)).await?;
                let stopped = run.outcome == Outcome::Stopped;
                runs.push(Named { name, run });
                if stopped {
                    break;
                }
            }
            bar.finish();
            let failed = runs.iter().filter(|one| one.run.outcome == Outcome::Failed).count();
            let code = match failed {
                0 => 0,
                some if some < runs.len() => IN_PART,
                _ => 1,
            };
            print::result(json, &Ran { runs }, ran)?;
            return Ok(code);
        }
    }
    Ok(0)
}

/// Everything that it is time for, in the order in which it is done.
async fn all_due(app: &App) -> Result<Vec<String>> {
    let around = Circumstances { unused_for: Some(NOBODY), on_battery: false };
    let Some(first) = due(app, around).await? else { return Ok(Vec::new()) };
    let jobs = jobs_list(app, Empty {}, &Silent).await?.jobs;
    // What was never done is due at the moment it was asked for.
    let now = SystemClock.now();
    let others =
        jobs.into_iter().filter(|job| job.next.is_some_and(|next| next <= now) && job.name != first.name);
    Ok([first.name.to_owned()].into_iter().chain(others.map(|job| job.name)).collect())
}

fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Done => "done",
        Outcome::Nothing => "nothing to do",
        Outcome::Stopped => "stopped",
        Outcome::Failed => "failed",
    }
}

fn what(name: &str) -> &'static str {
    match name {
        "backup" => "make a backup",
        "drill" => "try the newest backup",
        "verify" => "read every version back",
        "retention" => "let go what the rules let go",
        "recompress" => "make the library smaller",
        "cache" => "clean up the cache",
        "retell" => "tell anew what an older Backstory told",
        _ => "",
    }
}

fn list(jobs: &Jobs) -> String {
    let time = |at: jiff::Timestamp| at.strftime("%Y-%m-%d %H:%M").to_string();
    let row = |job: &JobEntry| {
        let every = if job.on { format!("every {} h", job.every_hours) } else { "off".to_owned() };
        let last = job.last.as_ref().map_or_else(
            || "not done yet".to_owned(),
            |run| format!("{} {}", outcome(run.outcome), time(run.at)),
        );
        let next = match (job.running, job.next) {
            (true, _) => "now".to_owned(),
            (false, Some(next)) => format!("next {}", time(next)),
            (false, None) => String::new(),
        };
        vec![job.name.clone(), every, last, next, what(&job.name).to_owned()]
    };
    table(&jobs.jobs.iter().map(row).collect::<Vec<_>>())
}

fn ran(ran: &Ran) -> String {
    let mut out = String::new();
    if ran.runs.is_empty() {
        out.push_str("It is time for nothing.\n");
    }
    for Named { name, run } in &ran.runs {
        let counts: Vec<String> = run.counts.iter().map(|(what, count)| format!("{what} {count}")).collect();
        let _ = writeln!(
            out,
            "{name}: {} in {:.1} s  {}",
            outcome(run.outcome),
            run.milliseconds as f64 / 1e3,
            counts.join(", ")
        );
        if let Some(problem) = &run.problem {
            let _ = writeln!(out, "{}", explained(problem, "  "));
        }
    }
    out
}

/// Says how everything stands, or serves what is measured until Ctrl-C; gives the exit code: 1 where something is critical.
pub(crate) async fn stands(app: &std::sync::Arc<App>, flags: &Flags, serve: bool, json: bool) -> Result<u8> {
    if serve {
        let listen = config::load(flags)?.config.metrics.listen.ok_or_else(|| {
            Error::new(Code::ConfigInvalid, "It is not configured where what is measured is served.")
                .hint("Set metrics.listen to an address of this computer, as in 127.0.0.1:9464.")
        })?;
        let (app, runtime) = (std::sync::Arc::clone(app), tokio::runtime::Handle::current());
        let serving = exporter::serve(&listen, move || runtime.block_on(prometheus(&app)))?;
        print::aside(&format!("http://{}/metrics until Ctrl-C\n", serving.address));
        tokio::signal::ctrl_c()
            .await
            .map_err(|e| Error::internal("The system tells nothing of Ctrl-C.").caused_by(e))?;
        // It may be answering at this moment, and need what waits here: the end of the program ends it.
        std::mem::forget(serving);
        return Ok(0);
    }
    let found = health(app, HealthGet { keychain: true }, &Silent).await?;
    let code = u8::from(found.status == Status::Critical);
    print::result(json, &found, told)?;
    Ok(code)
}

fn told(health: &Health) -> String {
    let word = |status| match status {
        Status::Ok => "ok",
        Status::Warning => "warning",
        Status::Critical => "critical",
    };
    let mut out = String::new();
    for check in &health.checks {
        let at = check.at.map(|at| format!(" {}", at.strftime("%Y-%m-%d %H:%M UTC"))).unwrap_or_default();
        let _ = writeln!(out, "{:8}  {}{at}", word(check.status), check.message);
        if let Some(problem) = &check.problem {
            let _ = writeln!(out, "{}", explained(problem, "          "));
        }
        if let Some(hint) = &check.hint {
            let _ = writeln!(out, "          {hint}");
        }
    }
    for alert in &health.alerts {
        let _ = writeln!(out, "{}\n  {}", alert.message, alert.hint);
    }
    out
}
