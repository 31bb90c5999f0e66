//! Files, folders and streams that hold characters.

mod named;
pub(crate) mod spread;
#[cfg(test)]
mod tests;
mod unsupported;

use std::{
    collections::VecDeque,
    fs::File,
    io::{ErrorKind, Read},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use async_trait::async_trait;
use backstory_core::{
    api::import::{Intake, IntakeFile},
    error::{Code, Error, Result},
    json,
    model::ContentHash,
    privacy,
    source::{Draft, Source},
};
use jiff::Timestamp;

use crate::{
    decode::{self, KEPT},
    registry,
};

/// The name under which what was piped in is held.
pub const STDIN: &str = "-";

/// Reads files into drafts with the sources of the registry.
pub struct Files {
    sources: Vec<Arc<dyn Source>>,
    minimise: AtomicBool,
    /// What a path as text cannot say: buffers, names that are not Unicode, folders that could not be spread.
    /// A handle is a place in here, from 1; 0 means that the path says it all.
    held: Mutex<Vec<Arc<Held>>>,
    recent: Arc<Recent>,
}

/// What was read last: most looks at a character find the bytes of the look before, and need not be read again. Looks that
/// are read at the same time share one reading.
#[derive(Default)]
struct Recent(Mutex<VecDeque<Known>>);

/// A text, whether others were cut out of it, and what is in it as soon as somebody has read it.
type Known = (Arc<Vec<u8>>, bool, Arc<OnceLock<Result<Draft>>>);

/// How many drafts are remembered: the last ones of the characters that one folder holds side by side.
const RECENT: usize = 16;

impl Recent {
    fn get(
        &self,
        bytes: &Arc<Vec<u8>>,
        minimise: bool,
        read: impl FnOnce() -> Result<Draft>,
    ) -> Result<Draft> {
        let reading = {
            let mut recent = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            match recent.iter().find(|(known, cut, _)| *cut == minimise && known == bytes) {
                Some((.., reading)) => Arc::clone(reading),
                None => {
                    let reading = Arc::default();
                    recent.truncate(RECENT - 1);
                    recent.push_front((Arc::clone(bytes), minimise, Arc::clone(&reading)));
                    reading
                }
            }
        };
        reading.get_or_init(read).clone()
    }
}

/// Something to read that is not simply a path.
enum Held {
    Buffer { bytes: Arc<Vec<u8>>, read_at: Timestamp },
    Path(PathBuf),
    Refused(Error),
}

/// The bytes of a file, and when it was last written.
struct Content {
    bytes: Arc<Vec<u8>>,
    written_at: Timestamp,
}

impl Default for Files {
    fn default() -> Self {
        Self::new()
    }
}

impl Files {
    /// Reads with every source and cuts other players' data out.
    pub fn new() -> Self {
        Self {
            sources: registry::sources(),
            minimise: AtomicBool::new(true),
            held: Mutex::default(),
            recent: Arc::default(),
        }
    }

    /// Whether other players' data is cut out of a document before it is kept. It is unless this says no.
    #[must_use]
    pub fn minimise(self, minimise: bool) -> Self {
        self.set_minimise(minimise);
        self
    }

    /// The same from now on, for a program that goes on.
    pub fn set_minimise(&self, minimise: bool) {
        self.minimise.store(minimise, Ordering::SeqCst);
    }

    /// Whether they are.
    pub fn minimises(&self) -> bool {
        self.minimise.load(Ordering::SeqCst)
    }

    /// Holds what was read from elsewhere, so that [`Intake::list`] finds it under the path `-`.
    /// `read_at` is when it was read: the time of capture where neither the caller nor the document says one.
    pub fn hold(&self, bytes: Vec<u8>, read_at: Timestamp) -> IntakeFile {
        self.keep(STDIN.to_owned(), Held::Buffer { bytes: Arc::new(bytes), read_at })
    }

    fn keep(&self, path: String, held: Held) -> IntakeFile {
        let mut list = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        list.push(Arc::new(held));
        IntakeFile { named_at: None, path, handle: list.len() as u64 }
    }

    fn held(&self, handle: u64) -> Option<Arc<Held>> {
        let list = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        list.get(usize::try_from(handle.checked_sub(1)?).ok()?).cloned()
    }

    /// The last buffer, for the path `-`.
    fn buffer(&self) -> Option<IntakeFile> {
        let list = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let at = list.iter().rposition(|held| matches!(**held, Held::Buffer { .. }))?;
        Some(IntakeFile { path: STDIN.to_owned(), named_at: None, handle: at as u64 + 1 })
    }

    fn file(&self, found: spread::Found) -> IntakeFile {
        let (path, held) = match found {
            spread::Found::File(path) => (path.clone(), path.to_str().is_none().then_some(Held::Path(path))),
            spread::Found::Refused(path, error) => (path, Some(Held::Refused(error))),
        };
        let named_at = path.file_name().and_then(|name| named::captured_at(&name.to_string_lossy()));
        let text = path.to_string_lossy().into_owned();
        match held {
            Some(held) => IntakeFile { named_at, ..self.keep(text, held) },
            None => IntakeFile { path: text, named_at, handle: 0 },
        }
    }
}

#[async_trait]
impl Intake for Files {
    async fn list(&self, paths: &[PathBuf]) -> Vec<IntakeFile> {
        let mut files = Vec::new();
        for path in paths {
            if path.as_os_str() == STDIN
                && let Some(buffer) = self.buffer()
            {
                files.push(buffer);
                continue;
            }
            let spreading = path.clone();
            let found = tokio::task::spawn_blocking(move || spread::spread(&spreading)).await;
            let found = found.unwrap_or_else(|e| vec![spread::Found::Refused(path.clone(), stopped(e))]);
            files.extend(found.into_iter().map(|found| self.file(found)));
        }
        order(&mut files);
        // A file chosen beside its own folder is read once: reading it twice would count as having looked twice.
        files.dedup_by(|a, b| a.handle == 0 && b.handle == 0 && a.path == b.path);
        files
    }

    async fn read(&self, file: &IntakeFile, captured_at: Option<Timestamp>) -> Result<Draft> {
        let (sources, minimise, file) = (self.sources.clone(), self.minimises(), file.clone());
        let (held, recent) = (self.held(file.handle), Arc::clone(&self.recent));
        let reading = tokio::task::spawn_blocking(move || {
            let content = content(held.as_deref(), &file.path)?;
            let mut draft = recent.get(&content.bytes, minimise, || draft(&sources, minimise, &content))?;
            let origin = Path::new(&file.path).file_name().map(|name| name.to_string_lossy().into_owned());
            draft.captured_at =
                captured_at.or(file.named_at).or(draft.edited_at).unwrap_or(content.written_at);
            draft.origin = origin.filter(|name| name != STDIN);
            Ok(draft)
        });
        reading.await.map_err(stopped)?
    }

    async fn read_text(&self, text: String, read_at: Timestamp) -> Result<Draft> {
        let (sources, minimise) = (self.sources.clone(), self.minimises());
        let held = Held::Buffer { bytes: Arc::new(text.into_bytes()), read_at };
        let reading = tokio::task::spawn_blocking(move || {
            let draft = draft(&sources, minimise, &content(Some(&held), "")?)?;
            Ok(Draft { captured_at: draft.edited_at.unwrap_or(draft.captured_at), ..draft })
        });
        reading.await.map_err(stopped)?
    }
}

/// By the time in the name, those without one after the others; then by name.
fn order(files: &mut [IntakeFile]) {
    files.sort_by(|a, b| {
        (a.named_at.is_none(), a.named_at, &a.path).cmp(&(b.named_at.is_none(), b.named_at, &b.path))
    });
}

fn stopped(cause: tokio::task::JoinError) -> Error {
    Error::internal("Reading a file stopped unexpectedly.").caused_by(cause)
}

fn content(held: Option<&Held>, path: &str) -> Result<Content> {
    match held {
        Some(Held::Refused(error)) => Err(error.clone()),
        Some(Held::Path(path)) => read(path),
        Some(Held::Buffer { bytes, .. }) if bytes.len() > json::MAX_BYTES => {
            Err(decode::too_large(bytes.len() as u64))
        }
        Some(Held::Buffer { bytes, read_at }) => {
            Ok(Content { bytes: Arc::clone(bytes), written_at: *read_at })
        }
        None => read(Path::new(path)),
    }
}

/// Reads a file, unless its size alone says that it is no sheet.
fn read(path: &Path) -> Result<Content> {
    let unreadable = |e: std::io::Error| unreadable(path, &e).caused_by(e);
    let about = std::fs::metadata(path).map_err(unreadable)?;
    if !about.is_file() {
        return Err(not_a_file(path));
    }
    let limit = json::MAX_BYTES as u64;
    if about.len() > limit {
        return Err(decode::too_large(about.len()));
    }
    let written_at =
        about.modified().ok().and_then(|time| Timestamp::try_from(time).ok()).unwrap_or_default();
    let mut bytes = Vec::with_capacity(usize::try_from(about.len()).unwrap_or(0) + 1);
    // The file may have grown since: one byte beyond the limit tells.
    File::open(path).map_err(unreadable)?.take(limit + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > limit {
        return Err(decode::too_large(bytes.len() as u64));
    }
    Ok(Content { bytes: Arc::new(bytes), written_at })
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}

fn unreadable(path: &Path, cause: &std::io::Error) -> Error {
    let name = name(path);
    let (message, hint) = match cause.kind() {
        ErrorKind::NotFound => (
            format!("{name} is not there. It may have been moved or renamed."),
            "Find the file, then import it again.",
        ),
        ErrorKind::PermissionDenied => (
            format!("{name} cannot be opened: the system does not allow Backstory to read it."),
            "Allow reading the file, or copy it to a folder of yours, then import it again.",
        ),
        _ => (
            format!("{name} cannot be read: the disk or the system refused."),
            "Copy the file to another folder, then import that copy.",
        ),
    };
    Error::new(Code::FileUnreadable, message).kept(KEPT).hint(hint).detail("reason", cause.kind().to_string())
}

fn not_a_file(path: &Path) -> Error {
    Error::new(Code::FileUnreadable, format!("{} is not a file.", name(path)))
        .kept(KEPT)
        .hint("Choose a JSON file, or a folder with JSON files in it.")
}

/// A document that never was a file.
///
/// # Errors
/// As [`Intake::read`].
pub(crate) fn made(bytes: Vec<u8>, captured_at: Timestamp, origin: String) -> Result<Draft> {
    Ok(Draft { origin: Some(origin), ..fetched(bytes, captured_at, true)? })
}

/// A document that a server sent, captured now.
///
/// # Errors
/// As [`Intake::read`].
pub(crate) fn fetched(bytes: Vec<u8>, captured_at: Timestamp, minimise: bool) -> Result<Draft> {
    draft(&registry::sources(), minimise, &Content { bytes: Arc::new(bytes), written_at: captured_at })
}

/// From bytes to a draft, as far as the bytes alone say.
fn draft(sources: &[Arc<dyn Source>], minimise: bool, content: &Content) -> Result<Draft> {
    let text = decode::text(&content.bytes)?;
    let tree = decode::parse(&text, content.bytes.len())?;
    let source =
        sources.iter().find(|source| source.recognises(&tree)).ok_or_else(|| unsupported::error(&tree))?;
    let reading = source.read(&tree)?;
    let foreign = if minimise { reading.foreign.as_slice() } else { &[] };
    let (document, cuts) = privacy::cut(&text, foreign);
    Ok(Draft {
        restores: None,
        linked: reading.linked,
        character: reading.character,
        source: source.name(),
        content: ContentHash::of(&document),
        document: Arc::new(document),
        cuts,
        sheet: Arc::new(reading.sheet),
        edited_at: reading.edited_at,
        captured_at: content.written_at,
        origin: None,
    })
}
