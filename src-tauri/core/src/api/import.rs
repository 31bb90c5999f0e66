//! Bringing characters in: choose, import with progress, stop.

use std::{
    collections::{BTreeMap, VecDeque},
    path::PathBuf,
    sync::{Arc, PoisonError},
};

use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::task::JoinHandle;

use crate::{
    api::{
        App,
        app::Empty,
        consent::{Agreement, note_consent},
    },
    error::{Code, Error, Result},
    job::{Cancel, Progress, ProgressEvent},
    library::{Capture, Captured, Library, Taken},
    model::CharacterId,
    package,
    privacy::audit::Action,
    source::Draft,
    storage::{Secret, StoreOptions},
    wording::Language,
};

/// One file that may hold a character.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IntakeFile {
    /// The path as the user would name it.
    pub path: String,
    /// When it was captured, as far as its name says.
    pub named_at: Option<Timestamp>,
    /// The caller's own handle on it.
    pub handle: u64,
}

/// Reads files, folders and streams for the library. Lives outside core, because core does not read disks.
#[async_trait]
pub trait Intake: Send + Sync {
    /// Spreads folders into files and puts everything in the order of capture. Reads no content.
    /// A path that is not there becomes a file that fails when it is read.
    async fn list(&self, paths: &[PathBuf]) -> Vec<IntakeFile>;

    /// Reads one file into a draft. `captured_at` overrides every other time.
    ///
    /// # Errors
    /// What is wrong with the file, in a player's words.
    async fn read(&self, file: &IntakeFile, captured_at: Option<Timestamp>) -> Result<Draft>;

    /// Reads a text that never was a file into a draft. `read_at` is its time of capture where the document says none.
    ///
    /// # Errors
    /// As [`Intake::read`].
    async fn read_text(&self, text: String, read_at: Timestamp) -> Result<Draft>;
}

/// Fetches characters from where they live. Lives outside core, because core has no network.
#[async_trait]
pub trait Remote: Send + Sync {
    /// Whether it may be asked at all.
    ///
    /// # Errors
    /// `consent_needed`, with what to do about it.
    async fn ready(&self) -> Result<()>;

    /// Fetches what an address or a number stands for, captured now. Reports when it waits; stops at `cancel`.
    ///
    /// # Errors
    /// As [`Remote::ready`]; why there is no character, in a player's words; `cancelled`.
    async fn fetch(&self, address: &str, progress: &dyn Progress, cancel: &Cancel) -> Result<Draft>;

    /// Records that the player agrees that it is asked.
    ///
    /// # Errors
    /// `storage_failed`: then nothing was agreed to.
    async fn agree(&self) -> Result<()>;

    /// What the player agreed to, if they ever did.
    ///
    /// # Errors
    /// `file_unreadable`.
    async fn agreement(&self) -> Result<Option<Agreement>>;

    /// Records that the player takes it back: it is not asked any more. That it was given once stays on record.
    ///
    /// # Errors
    /// `storage_failed`: then it still holds.
    async fn withdraw(&self) -> Result<()>;
}

/// What became of one file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub enum Outcome {
    /// A new character.
    Added,
    /// A new version with changes (also where only what a rest resets moved).
    Changed,
    /// A new version that no player can tell from the one before.
    Quiet,
    /// The bytes of the version before it: counted, not stored.
    Identical,
    /// Not imported; see `error`.
    Failed,
}

/// What became of one file, and where it went.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct FileResult {
    /// The path as given.
    pub path: String,
    /// What became of it.
    pub outcome: Outcome,
    /// Whose it is.
    pub character: Option<CharacterId>,
    /// The character's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub name: Option<String>,
    /// The version it became or was seen as.
    pub version: Option<u64>,
    /// When it was captured.
    #[cfg_attr(test, ts(as = "Option<String>"))]
    pub captured_at: Option<Timestamp>,
    /// What it changed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(test, ts(optional, as = "Option<Vec<String>>"))]
    pub sentences: Vec<String>,
    /// How many changes.
    #[serde(default)]
    pub changes: u32,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub error: Option<Error>,
}

impl FileResult {
    /// Of a file that was not imported.
    pub fn failed(path: &str, captured_at: Option<Timestamp>, error: Error) -> Self {
        Self {
            path: path.to_owned(),
            outcome: Outcome::Failed,
            character: None,
            name: None,
            version: None,
            captured_at,
            sentences: Vec::new(),
            changes: 0,
            error: Some(error),
        }
    }
}

/// What became of every file.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct ImportReport {
    /// In the order they were read.
    pub files: Vec<FileResult>,
    /// How many ended in each outcome; every outcome is there.
    #[cfg_attr(test, ts(as = "BTreeMap<String, u64>"))]
    pub totals: BTreeMap<Outcome, u64>,
    /// Whether it was stopped before the end. What is in `files` is done and kept.
    pub stopped: bool,
}

impl ImportReport {
    /// Of nothing yet: every outcome is there, with 0.
    pub fn new() -> Self {
        use Outcome::{Added, Changed, Failed, Identical, Quiet};
        let totals =
            [Added, Changed, Quiet, Identical, Failed].into_iter().map(|outcome| (outcome, 0)).collect();
        Self { totals, ..Self::default() }
    }

    /// One file more.
    pub fn push(&mut self, result: FileResult) {
        *self.totals.entry(result.outcome).or_default() += 1;
        self.files.push(result);
    }
}

/// Files the user chose in a dialog or dropped on the window. Paths stay on this side of the bridge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Selection {
    /// Give this to `import.start`.
    pub selection: u64,
    /// Names of the files and folders chosen.
    pub names: Vec<String>,
}

/// Imports a selection.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
pub struct ImportStart {
    /// From [`Selection`].
    pub selection: u64,
    /// Only say what would happen. The selection can still be imported.
    #[serde(default)]
    #[cfg_attr(test, ts(as = "Option<bool>"))]
    pub dry_run: bool,
    /// What opens the encrypted exports in it.
    #[serde(default)]
    #[cfg_attr(test, ts(as = "Option<String>"))]
    pub passphrase: Option<Secret>,
}

/// Fetches a character from where it lives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct ImportLink {
    /// Its page's address, or its number.
    pub address: String,
    /// The player has read what fetching does and agrees; recorded, so that it is asked once.
    #[serde(default)]
    pub agree: bool,
}

/// A folder whose new and changed files are taken in by themselves.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct WatchedFolder {
    /// Where it is.
    pub path: String,
    /// Why nothing is taken from it now.
    pub error: Option<Error>,
    /// When it was looked into last.
    #[cfg_attr(test, ts(as = "Option<String>"))]
    pub looked_at: Option<Timestamp>,
    /// How many files were taken since the program started.
    pub taken: u64,
    /// What became of the latest files, newest first; those that were known already are left out.
    pub files: Vec<FileResult>,
}

/// Names a watched folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct FolderRef {
    /// From [`WatchedFolder`].
    pub path: String,
}

/// Stops a running job; it leaves a whole state and reports what it did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct JobCancel {
    /// From [`crate::job::ProgressEvent::Started`].
    pub job: u64,
}

/// Imports a text that was pasted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct ImportText {
    /// The document.
    pub text: String,
    /// Only say what would happen.
    #[serde(default)]
    pub dry_run: bool,
}

/// What stands for the path of a text that was pasted.
pub const PASTED: &str = "pasted";

/// Files read before they are written as one transaction: enough to make the disk's confirmation cheap, few enough that
/// a stop is quick and memory stays small.
const BATCH: usize = 32;

/// Files that are read at the same time, before their turn: enough for every core, few enough for small memory.
const AHEAD: usize = 8;

/// Opens the dialog.
pub(super) async fn import_choose(app: &App, _: Empty, _: &dyn Progress) -> Result<Option<Selection>> {
    Ok(app.parts.host.choose_files().await.map(|paths| app.select(paths)))
}

/// Fetches one character by its link, or says that the player has to agree first.
pub(super) async fn import_link(
    app: &App,
    request: ImportLink,
    progress: &dyn Progress,
) -> Result<ImportReport> {
    let remote = app.parts.remote.clone()?;
    if request.agree {
        remote.agree().await?;
        note_consent(app, Action::Agree, &remote.agreement().await?).await;
    }
    fetch(app, remote.as_ref(), &[request.address], progress).await
}

/// The watched folders.
pub(super) async fn watch_list(app: &App, _: Empty, _: &dyn Progress) -> Result<Vec<WatchedFolder>> {
    Ok(app.parts.host.watched().await)
}

/// Lets the user choose a folder and watches it.
pub(super) async fn watch_add(app: &App, _: Empty, _: &dyn Progress) -> Result<Vec<WatchedFolder>> {
    app.parts.host.watch().await?;
    Ok(app.parts.host.watched().await)
}

/// Watches a folder no longer.
pub(super) async fn watch_remove(
    app: &App,
    request: FolderRef,
    _: &dyn Progress,
) -> Result<Vec<WatchedFolder>> {
    app.parts.host.unwatch(&request.path).await?;
    Ok(app.parts.host.watched().await)
}

/// Takes back that a folder is watched no longer.
pub(super) async fn watch_again(
    app: &App,
    request: FolderRef,
    _: &dyn Progress,
) -> Result<Vec<WatchedFolder>> {
    app.parts.host.rewatch(&request.path).await?;
    Ok(app.parts.host.watched().await)
}

/// Imports a selection. Each selection can be imported once.
pub(super) async fn import_start(
    app: &App,
    request: ImportStart,
    progress: &dyn Progress,
) -> Result<ImportReport> {
    let paths = {
        let mut selections = app.selections.lock().unwrap_or_else(PoisonError::into_inner);
        match request.dry_run {
            true => selections.get(&request.selection).cloned(),
            false => selections.remove(&request.selection),
        }
    };
    let paths = paths.ok_or_else(|| {
        Error::new(Code::InvalidArgument, "This selection was imported before.")
            .hint("Choose the files again.")
    })?;
    let files = app.parts.intake.list(&paths).await;
    let ImportStart { dry_run, passphrase, .. } = request;
    let options = ImportOptions { dry_run, passphrase, captured_at: None };
    import(app, files, options, progress).await
}

/// Imports a text, or says what that would do.
///
/// # Errors
/// What keeps the library shut. A text that is no character is not an error here: the answer says why.
pub async fn import_text(app: &App, request: ImportText, _: &dyn Progress) -> Result<FileResult> {
    let library = app.library()?;
    let capture = match app.parts.intake.read_text(request.text, app.parts.clock.now()).await {
        Ok(draft) if request.dry_run => library.rehearse().await?.capture(&draft).await,
        Ok(draft) => capture_one(&library, &draft).await,
        Err(error) => Err(error),
    };
    Ok(file_result(PASTED, None, capture, app.language()))
}

/// Stops a job. One that has ended is left alone.
pub(super) async fn job_cancel(app: &App, request: JobCancel, _: &dyn Progress) -> Result<Empty> {
    if let Some(job) = app.jobs.lock().unwrap_or_else(PoisonError::into_inner).get(&request.job) {
        job.cancel();
    }
    Ok(Empty {})
}

/// How an import is to go.
#[derive(Debug, Clone, Default)]
pub struct ImportOptions {
    /// The time of capture of every file, whatever its name says.
    pub captured_at: Option<Timestamp>,
    /// What opens encrypted exports.
    pub passphrase: Option<Secret>,
    /// Only say what would happen.
    pub dry_run: bool,
}

/// Imports files in the order given. A file that fails never stops the others; a store that cannot be written to does,
/// and then the files that were not tried are missing from the report.
///
/// # Errors
/// `store_read_only` and the like, before the first file; as [`App::library`].
pub async fn import(
    app: &App,
    files: Vec<IntakeFile>,
    options: ImportOptions,
    progress: &dyn Progress,
) -> Result<ImportReport> {
    let library = app.library()?;
    let job = app.job();
    progress.report(ProgressEvent::Started { job: job.number, total: files.len() as u64 });
    let intake = Arc::clone(&app.parts.intake);
    let (packages, files): (Vec<_>, Vec<_>) =
        files.into_iter().partition(|file| package::is_package(&file.path));
    let captures = Import::new(&library, options.captured_at, progress, &job.cancel);
    let report = match options.dry_run {
        // A rehearsal holds the one writing transaction: not for nothing.
        _ if files.is_empty() => ImportReport::new(),
        true => captures.rehearse(intake, &files).await?,
        false => captures.run(intake, &files).await,
    };
    let mut import = Import { report, ..Import::new(&library, None, progress, &job.cancel) };
    for file in packages {
        if import.stopped() {
            break;
        }
        import.take_package(app, &file, &options).await;
    }
    Ok(import.report)
}

/// Imports files into this library, in the order given.
pub async fn import_into(
    library: &Library,
    intake: Arc<dyn Intake>,
    files: &[IntakeFile],
    captured_at: Option<Timestamp>,
    progress: &dyn Progress,
    cancel: &Cancel,
) -> ImportReport {
    Import::new(library, captured_at, progress, cancel).run(intake, files).await
}

/// Fetches characters one after the other and keeps each before the next is asked for. One that fails does not stop the
/// others.
///
/// # Errors
/// `consent_needed`, before anything is asked; as [`App::library`].
pub async fn fetch(
    app: &App,
    remote: &dyn Remote,
    addresses: &[String],
    progress: &dyn Progress,
) -> Result<ImportReport> {
    let library = app.library()?;
    remote.ready().await?;
    let job = app.job();
    let total = addresses.len() as u64;
    progress.report(ProgressEvent::Started { job: job.number, total });
    let mut import = Import::new(&library, None, progress, &job.cancel);
    for (index, address) in addresses.iter().enumerate() {
        if import.stopped() {
            break;
        }
        progress.report(ProgressEvent::Reading { index: index as u64, path: address.clone() });
        let capture = match remote.fetch(address, progress, &job.cancel).await {
            Ok(draft) => capture_one(&library, &draft).await,
            // What was stopped was not tried.
            Err(error) if error.code == Code::Cancelled => continue,
            Err(error) => Err(error),
        };
        import.report.stopped |= capture.as_ref().is_err_and(is_final);
        import.note(index, file_result(address, None, capture, library.language()));
        progress.report(ProgressEvent::Advanced { done: index as u64 + 1, total });
    }
    Ok(import.report)
}

/// Reads files before their turn, several at a time, and gives them in their order.
struct Ahead<'i> {
    intake: Arc<dyn Intake>,
    captured_at: Option<Timestamp>,
    progress: &'i dyn Progress,
    files: std::iter::Enumerate<std::slice::Iter<'i, IntakeFile>>,
    reading: VecDeque<(usize, &'i IntakeFile, JoinHandle<Result<Draft>>)>,
}

impl<'i> Ahead<'i> {
    async fn next(&mut self) -> Option<(usize, &'i IntakeFile, Result<Draft>)> {
        self.fill();
        let (index, file, read) = self.reading.pop_front()?;
        let stopped = |cause| Error::internal("Reading a file stopped unexpectedly.").caused_by(cause);
        let draft = read.await.map_err(stopped).flatten();
        self.fill();
        Some((index, file, draft))
    }

    fn fill(&mut self) {
        while self.reading.len() < AHEAD
            && let Some((index, file)) = self.files.next()
        {
            self.progress.report(ProgressEvent::Reading { index: index as u64, path: file.path.clone() });
            let (intake, captured_at, owned) = (Arc::clone(&self.intake), self.captured_at, file.clone());
            let read = tokio::spawn(async move { intake.read(&owned, captured_at).await });
            self.reading.push_back((index, file, read));
        }
    }
}

struct Import<'i> {
    library: &'i Library,
    captured_at: Option<Timestamp>,
    progress: &'i dyn Progress,
    cancel: &'i Cancel,
    report: ImportReport,
}

impl<'i> Import<'i> {
    fn new(
        library: &'i Library,
        captured_at: Option<Timestamp>,
        progress: &'i dyn Progress,
        cancel: &'i Cancel,
    ) -> Self {
        Self { library, captured_at, progress, cancel, report: ImportReport::new() }
    }

    fn ahead(&self, intake: Arc<dyn Intake>, files: &'i [IntakeFile]) -> Ahead<'i> {
        let (captured_at, progress) = (self.captured_at, self.progress);
        Ahead { intake, captured_at, progress, files: files.iter().enumerate(), reading: VecDeque::new() }
    }

    async fn run(mut self, intake: Arc<dyn Intake>, files: &'i [IntakeFile]) -> ImportReport {
        let mut ahead = self.ahead(intake, files);
        while !self.stopped() && self.batch(&mut ahead, files.len()).await {}
        self.report
    }

    /// Does everything in a transaction that is never committed.
    async fn rehearse(mut self, intake: Arc<dyn Intake>, files: &'i [IntakeFile]) -> Result<ImportReport> {
        let mut rehearsal = self.library.rehearse().await?;
        let mut ahead = self.ahead(intake, files);
        while !self.stopped()
            && let Some((index, file, draft)) = ahead.next().await
        {
            let capture = match draft {
                Ok(draft) => rehearsal.capture(&draft).await,
                Err(error) => Err(error),
            };
            self.note(index, file_result(&file.path, file.named_at, capture, self.library.language()));
            let (done, total) = (index as u64 + 1, files.len() as u64);
            self.progress.report(ProgressEvent::Advanced { done, total });
        }
        Ok(self.report)
    }

    /// Takes an export of Backstory in: one result for each of its characters.
    async fn take_package(&mut self, app: &App, file: &IntakeFile, options: &ImportOptions) {
        let mut index = self.report.files.len();
        self.progress.report(ProgressEvent::Reading { index: index as u64, path: file.path.clone() });
        match self.taken(app, file, options).await {
            Ok(taken) => {
                for one in taken {
                    self.note(index, taken_result(&file.path, one));
                    index += 1;
                }
            }
            Err(error) if error.code == Code::Cancelled => self.report.stopped = true,
            Err(error) => {
                self.report.stopped |= is_final(&error);
                self.note(index, FileResult::failed(&file.path, None, error));
            }
        }
    }

    async fn taken(&self, app: &App, file: &IntakeFile, options: &ImportOptions) -> Result<Vec<Taken>> {
        let opening = StoreOptions {
            read_only: true,
            passphrase: options.passphrase.clone(),
            ..StoreOptions::default()
        };
        let package = app.parts.factory.open_with(&file.path, &opening).await?;
        match options.dry_run {
            true => self.library.would_take_in(&package, self.cancel).await,
            false => self.library.take_in(package, self.progress, self.cancel).await,
        }
    }

    fn stopped(&mut self) -> bool {
        self.report.stopped |= self.cancel.is_cancelled();
        self.report.stopped
    }

    /// Whether there was something left to do.
    async fn batch(&mut self, ahead: &mut Ahead<'i>, total: usize) -> bool {
        let (mut drafts, mut read) = (Vec::with_capacity(BATCH), Vec::with_capacity(BATCH));
        // A stop leaves what was read so far to be written.
        while read.len() < BATCH
            && !self.stopped()
            && let Some((index, file, draft)) = ahead.next().await
        {
            let failure = draft.map(|draft| drafts.push(draft)).err();
            read.push((index, file, failure));
        }
        let done = read.last().map(|(index, ..)| *index as u64 + 1);
        let mut captures = self.capture(&drafts).await.into_iter();
        for (index, file, failure) in read {
            let capture = match failure {
                None => captures
                    .next()
                    .unwrap_or_else(|| Err(Error::internal("A file was left out of its batch."))),
                Some(error) => Err(error),
            };
            self.note(index, file_result(&file.path, file.named_at, capture, self.library.language()));
        }
        if let Some(done) = done {
            self.progress.report(ProgressEvent::Advanced { done, total: total as u64 });
        }
        done.is_some()
    }

    /// Writes a batch as one transaction; where that fails, each draft alone, so that one bad draft costs only itself.
    async fn capture(&mut self, drafts: &[Draft]) -> Vec<Result<Capture>> {
        if let Ok(captures) = self.library.capture(drafts).await {
            return captures.into_iter().map(Ok).collect();
        }
        let mut captures: Vec<Result<Capture>> = Vec::with_capacity(drafts.len());
        for draft in drafts {
            let refused =
                captures.last().and_then(|last| last.as_ref().err()).filter(|e| is_final(e)).cloned();
            captures.push(match refused {
                Some(error) => Err(error),
                None => capture_one(self.library, draft).await,
            });
        }
        self.report.stopped |= captures.iter().any(|capture| capture.as_ref().is_err_and(is_final));
        captures
    }

    fn note(&mut self, index: usize, result: FileResult) {
        self.progress.report(ProgressEvent::File { index: index as u64, result: Box::new(result.clone()) });
        self.report.push(result);
    }
}

async fn capture_one(library: &Library, draft: &Draft) -> Result<Capture> {
    let mut captures = library.capture(std::slice::from_ref(draft)).await?;
    captures.pop().ok_or_else(|| Error::internal("A capture gave no answer."))
}

/// Whether the next file would fail for the same reason.
fn is_final(error: &Error) -> bool {
    matches!(error.code, Code::StoreReadOnly | Code::StoreNewer | Code::StorageFull)
}

/// What became of a character of an export.
fn taken_result(path: &str, taken: Taken) -> FileResult {
    let (version, captured_at) = taken.newest.unzip();
    let outcome = match taken.outcome {
        Ok(captured) => outcome(captured),
        Err(error) => {
            let character = Some(taken.character);
            return FileResult {
                character,
                name: Some(taken.name),
                ..FileResult::failed(path, captured_at, error)
            };
        }
    };
    FileResult {
        path: path.to_owned(),
        outcome,
        character: Some(taken.character),
        name: Some(taken.name),
        version,
        captured_at,
        sentences: Vec::new(),
        changes: 0,
        error: None,
    }
}

fn outcome(captured: Captured) -> Outcome {
    match captured {
        Captured::Added => Outcome::Added,
        Captured::Changed => Outcome::Changed,
        Captured::Quiet => Outcome::Quiet,
        Captured::Identical => Outcome::Identical,
    }
}

fn file_result(
    path: &str,
    named_at: Option<Timestamp>,
    capture: Result<Capture>,
    language: Language,
) -> FileResult {
    match capture {
        Ok(capture) => FileResult {
            path: path.to_owned(),
            outcome: outcome(capture.outcome),
            character: Some(capture.character),
            name: Some(capture.name),
            version: Some(capture.version),
            captured_at: Some(capture.captured_at),
            changes: capture.summary.as_ref().map_or(0, |summary| summary.changes),
            sentences: capture.summary.map_or_else(Vec::new, |summary| {
                summary.sentences.iter().map(|sentence| sentence.said.text(language)).collect()
            }),
            error: None,
        },
        Err(error) => FileResult::failed(path, named_at, error),
    }
}
