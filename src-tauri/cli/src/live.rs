//! What brings characters in by itself, and what was agreed to for it: `fetch`, `login`, `logout`, `consent`, `watch`.

use std::{
    io::{BufRead as _, IsTerminal as _, Read as _, Write as _},
    path::PathBuf,
};

use backstory_core::{
    api::{
        App,
        app::Empty,
        consent::{Agreement, Purpose, consent_list, note_consent},
        import::{FileResult, ImportReport, Remote as _, fetch as fetch_all},
    },
    clock::Clock as _,
    error::{Code, Error, Result},
    job::Silent,
    privacy::audit::Action,
};
use backstory_sources::{
    fetch::{Consent, DDB, DdbFetcher, Keychain as _, MAX_SESSION, SystemKeychain, WORDS, session},
    watch::{Event, Settings, Watch},
};
use backstory_storage::{clock::SystemClock, config::data_folder};
use console::Term;
use jiff::Timestamp;
use serde::Serialize;

use crate::{
    args::Site,
    commands::{exit_code, imported, stoppable},
    print::{self, Bar},
};

/// What is agreed to, and what is kept of others.
pub(crate) struct Asking {
    pub(crate) agree: bool,
    pub(crate) minimise: bool,
}

/// Fetches characters; the exit code is that of an import.
pub(crate) async fn fetch(
    app: &App,
    characters: &[String],
    asking: Asking,
    json: bool,
    quiet: bool,
) -> Result<u8> {
    let folder = data_folder()?;
    let consent = Consent::in_folder(&folder);
    if consent.agreed(DDB)?.is_none() && (asking.agree || agrees(json)) {
        consent.agree(DDB, SystemClock.now())?;
        note_consent(app, Action::Agree, &DdbFetcher::real(&folder).agreement().await?).await;
    }
    let fetcher = DdbFetcher::real(&folder).minimise(asking.minimise);
    let bar = Bar::new(quiet || json);
    let report = stoppable(app, fetch_all(app, &fetcher, characters, &bar)).await?;
    bar.finish();
    imported(&report, json)
}

/// Asks, where there is somebody to ask.
fn agrees(json: bool) -> bool {
    if json || !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
        return false;
    }
    let _ = write!(std::io::stderr(), "{WORDS}\n\nAgree? This is asked once. [y/N] ");
    let mut answer = String::new();
    let read = std::io::stdin().lock().take(100).read_line(&mut answer);
    read.is_ok() && ["y", "yes"].contains(&answer.trim().to_lowercase().as_str())
}

/// What was done with a session.
#[derive(Debug, Serialize)]
struct Done {
    done: &'static str,
}

fn done(json: bool, done: &'static str) -> Result<()> {
    print::result(json, &Done { done }, |done| format!("{}\n", done.done))
}

/// Takes a session from standard input into the keychain.
pub(crate) async fn login(_ddb: Site, json: bool) -> Result<()> {
    let secret = session(&typed()?)?;
    keychain(move || SystemKeychain.set(&secret)).await?;
    done(
        json,
        "Your session is in the keychain. It is used only for characters that D&D Beyond calls private.",
    )
}

/// Forgets the session.
pub(crate) async fn logout(_ddb: Site, json: bool) -> Result<()> {
    let there = keychain(|| SystemKeychain.forget()).await?;
    done(json, if there { "Your session is forgotten." } else { "No session was kept." })
}

/// What was agreed to, once what is to be taken back is.
#[derive(Debug, Serialize)]
struct Consents {
    consents: Vec<Agreement>,
}

/// Tells what was agreed to; takes it back first, where that is wanted.
pub(crate) async fn consent(app: &App, withdraw: Option<Site>, json: bool) -> Result<()> {
    let ddb = DdbFetcher::real(&data_folder()?);
    if let Some(Site::Ddb) = withdraw {
        ddb.withdraw().await?;
        note_consent(app, Action::Withdraw, &ddb.agreement().await?).await;
    }
    let consents = Consents { consents: consent_list(app, Empty {}, &Silent).await? };
    print::result(json, &consents, |all| match all.consents.as_slice() {
        [] => "You agreed to nothing. Nothing leaves this computer.\n".to_owned(),
        all => all.iter().map(agreed).collect(),
    })
}

fn agreed(one: &Agreement) -> String {
    let day = |at: Timestamp| at.strftime("%Y-%m-%d").to_string();
    let state = match (one.withdrawn_at, one.holds) {
        (Some(at), _) => format!("taken back on {}", day(at)),
        (None, true) => "holds".to_owned(),
        (None, false) => "is asked anew: the words mean something else now".to_owned(),
    };
    let what = match one.purpose {
        Purpose::Fetch => "D&D Beyond is asked for characters you name",
        Purpose::Notify => "The system tells what came in",
    };
    format!("{what}: agreed on {}, {state}.\n\n{}\n", day(one.agreed_at), one.words)
}

/// A keychain may ask its owner first: that takes as long as it takes.
async fn keychain<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|e| Error::internal("The keychain was lost.").caused_by(e))?
}

/// A line that is not shown while it is typed, or what is piped in.
fn typed() -> Result<String> {
    let unread = |e: std::io::Error| {
        Error::new(Code::FileUnreadable, "Standard input could not be read to its end.").caused_by(e)
    };
    if std::io::stdin().is_terminal() {
        let _ = write!(
            std::io::stderr(),
            "In your browser, signed in on dndbeyond.com, copy the value of the cookie CobaltSession.\n\
             It opens your whole account: Backstory keeps it in this computer's keychain and nowhere else.\n\
             Paste it (nothing is shown): "
        );
        return Term::stderr().read_secure_line().map_err(unread);
    }
    let mut bytes = Vec::new();
    std::io::stdin().lock().take(MAX_SESSION as u64 * 2).read_to_end(&mut bytes).map_err(unread)?;
    // What is not text is no session either, and is not repeated.
    Ok(String::from_utf8(bytes).unwrap_or_default())
}

/// Takes in what is new in folders. Lines as it happens, or one document at the end.
pub(crate) async fn watch(
    app: &App,
    folders: Vec<PathBuf>,
    settings: Settings,
    json: bool,
    quiet: bool,
) -> Result<u8> {
    let once = settings.once;
    let (watch, mut events) = Watch::start(app.library()?, folders, &data_folder()?, settings)?;
    // One ear for as long as it runs: one for each turn would miss whoever stops it while something is being told.
    let mut interrupt = tokio::spawn(tokio::signal::ctrl_c());
    let mut told = Told { report: ImportReport::new(), keep: json || once, json, quiet };
    let ended = loop {
        tokio::select! {
            event = events.recv() => match event {
                // What is not taken now is taken when it can be, unless nobody waits for it.
                Some(Event::Trouble(error)) if once => break Err(error),
                Some(event) => told.tell(event)?,
                None => break Ok(()),
            },
            _ = &mut interrupt => break Ok(()),
        }
    };
    watch.stop().await;
    while let Ok(event) = events.try_recv() {
        told.tell(event)?;
    }
    ended?;
    if json || once {
        print::result(json, &told.report, print::totals)?;
    }
    Ok(exit_code(&told.report))
}

/// What a watch told so far.
struct Told {
    report: ImportReport,
    /// Whether the report is asked for at the end: a watch may run for weeks.
    keep: bool,
    json: bool,
    quiet: bool,
}

impl Told {
    fn tell(&mut self, event: Event) -> Result<()> {
        match event {
            Event::Captured(result) | Event::Refused(result) => self.file(*result)?,
            Event::Ignored(result) => self.aside(&format!("{}: not a character, left alone", result.path)),
            Event::Waiting { path } => {
                self.aside(&format!("{path}: stops in the middle, waiting for the rest"))
            }
            Event::Trouble(error) => self.aside(&print::explained(&error, "")),
            Event::Idle => {}
        }
        Ok(())
    }

    fn file(&mut self, result: FileResult) -> Result<()> {
        if !self.json {
            print::result(false, &result, print::imported)?;
        }
        if self.keep {
            self.report.push(result);
        }
        Ok(())
    }

    /// News that are no result.
    fn aside(&self, line: &str) {
        if !self.quiet && !self.json {
            let _ = writeln!(std::io::stderr(), "{line}");
        }
    }
}
