//! Bringing characters in: choose, import with progress, stop.

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{Arc, PoisonError},
};

use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    api::{App, app::Empty},
    error::{Code, Error, Result},
    job::{Cancel, Progress, ProgressEvent},
    library::{Capture, Captured, Library},
    model::CharacterId,
    source::Draft,
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct ImportStart {
    /// From [`Selection`].
    pub selection: u64,
}

/// Stops a running job; it leaves a whole state and reports what it did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct JobCancel {
    /// From [`crate::job::ProgressEvent::Started`].
    pub job: u64,
}

/// Files read before they are written as one transaction: enough to make the disk's confirmation cheap, few enough that
/// a stop is quick and memory stays small.
const BATCH: usize = 32;

/// Opens the dialog.
pub(super) async fn import_choose(app: &App, _: Empty, _: &dyn Progress) -> Result<Option<Selection>> {
    Ok(app.parts.host.choose_files().await.map(|paths| app.select(paths)))
}

/// Imports a selection. Each selection can be imported once.
pub(super) async fn import_start(
    app: &App,
    request: ImportStart,
    progress: &dyn Progress,
) -> Result<ImportReport> {
    let paths = app.selections.lock().unwrap_or_else(PoisonError::into_inner).remove(&request.selection);
    let paths = paths.ok_or_else(|| {
        Error::new(Code::InvalidArgument, "This selection was imported before.")
            .hint("Choose the files again.")
    })?;
    let files = app.parts.intake.list(&paths).await;
    import(app, files, ImportOptions::default(), progress).await
}

/// Stops a job. One that has ended is left alone.
pub(super) async fn job_cancel(app: &App, request: JobCancel, _: &dyn Progress) -> Result<Empty> {
    if let Some(job) = app.jobs.lock().unwrap_or_else(PoisonError::into_inner).get(&request.job) {
        job.cancel();
    }
    Ok(Empty {})
}

/// How an import is to go.
#[derive(Debug, Clone, Copy, Default)]
pub struct ImportOptions {
    /// The time of capture of every file, whatever its name says.
    pub captured_at: Option<Timestamp>,
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
    let cancel = Arc::clone(&job.cancel);
    let language = app.language();
    let run =
        Import { library: &library, intake, options, progress, language, cancel, report: empty_report() };
    if options.dry_run { run.rehearse(&files).await } else { Ok(run.run(&files).await) }
}

fn empty_report() -> ImportReport {
    use Outcome::{Added, Changed, Failed, Identical, Quiet};
    let totals = [Added, Changed, Quiet, Identical, Failed].into_iter().map(|outcome| (outcome, 0)).collect();
    ImportReport { totals, ..ImportReport::default() }
}

struct Import<'i> {
    library: &'i Library,
    intake: Arc<dyn Intake>,
    options: ImportOptions,
    progress: &'i dyn Progress,
    language: Language,
    cancel: Arc<Cancel>,
    report: ImportReport,
}

impl Import<'_> {
    async fn run(mut self, files: &[IntakeFile]) -> ImportReport {
        for (number, batch) in files.chunks(BATCH).enumerate() {
            if self.stopped() {
                break;
            }
            self.batch(number * BATCH, batch, files.len()).await;
        }
        self.report
    }

    /// Does everything in a transaction that is never committed.
    async fn rehearse(mut self, files: &[IntakeFile]) -> Result<ImportReport> {
        let mut rehearsal = self.library.rehearse().await?;
        for (i, file) in files.iter().enumerate() {
            if self.stopped() {
                break;
            }
            let capture = match self.read(i, file).await {
                Ok(draft) => Ok(rehearsal.capture(&draft).await?),
                Err(error) => Err(error),
            };
            self.note(i, file, capture);
        }
        Ok(self.report)
    }

    fn stopped(&mut self) -> bool {
        self.report.stopped |= self.cancel.is_cancelled();
        self.report.stopped
    }

    async fn read(&self, index: usize, file: &IntakeFile) -> Result<Draft> {
        self.progress.report(ProgressEvent::Reading { index: index as u64, path: file.path.clone() });
        self.intake.read(file, self.options.captured_at).await
    }

    async fn batch(&mut self, first: usize, files: &[IntakeFile], total: usize) {
        let (mut drafts, mut failures) = (Vec::with_capacity(files.len()), Vec::with_capacity(files.len()));
        for (i, file) in files.iter().enumerate() {
            // A stop leaves what was read so far to be written.
            if self.stopped() {
                break;
            }
            match self.read(first + i, file).await {
                Ok(draft) => {
                    drafts.push(draft);
                    failures.push(None);
                }
                Err(error) => failures.push(Some(error)),
            }
        }
        let mut captures = self.capture(&drafts).await.into_iter();
        for ((i, file), failure) in files.iter().enumerate().zip(failures) {
            let capture = match failure {
                None => captures
                    .next()
                    .unwrap_or_else(|| Err(Error::internal("A file was left out of its batch."))),
                Some(error) => Err(error),
            };
            self.note(first + i, file, capture);
        }
        let done = (first + files.len()) as u64;
        self.progress.report(ProgressEvent::Advanced { done, total: total as u64 });
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
                None => self.capture_one(draft).await,
            });
        }
        self.report.stopped |= captures.iter().any(|capture| capture.as_ref().is_err_and(is_final));
        captures
    }

    async fn capture_one(&self, draft: &Draft) -> Result<Capture> {
        let mut captures = self.library.capture(std::slice::from_ref(draft)).await?;
        captures.pop().ok_or_else(|| Error::internal("A capture gave no answer."))
    }

    fn note(&mut self, index: usize, file: &IntakeFile, capture: Result<Capture>) {
        let result = file_result(file, capture, self.language);
        *self.report.totals.entry(result.outcome).or_default() += 1;
        self.progress.report(ProgressEvent::File { index: index as u64, result: Box::new(result.clone()) });
        self.report.files.push(result);
    }
}

/// Whether the next file would fail for the same reason.
fn is_final(error: &Error) -> bool {
    matches!(error.code, Code::StoreReadOnly | Code::StoreNewer | Code::StorageFull)
}

fn file_result(file: &IntakeFile, capture: Result<Capture>, language: Language) -> FileResult {
    let path = file.path.clone();
    match capture {
        Ok(capture) => FileResult {
            path,
            outcome: match capture.outcome {
                Captured::Added => Outcome::Added,
                Captured::Changed => Outcome::Changed,
                Captured::Quiet => Outcome::Quiet,
                Captured::Identical => Outcome::Identical,
            },
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
        Err(error) => FileResult {
            path,
            outcome: Outcome::Failed,
            character: None,
            name: None,
            version: None,
            captured_at: file.named_at,
            sentences: Vec::new(),
            changes: 0,
            error: Some(error),
        },
    }
}
