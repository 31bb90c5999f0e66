//! Taking data along: everything as a `.backstory` file ([`crate::package`]), or in forms that other programs read.
//!
//! Characters are written one after the other and documents one after the other, so that the room it takes in memory does not
//! grow with the library.

mod packing;
mod sink;
mod texts;

use std::{collections::BTreeSet, sync::Arc};

use serde::{Deserialize, Serialize};

use self::{packing::Packing, sink::Sink};
use crate::{
    api::{
        App,
        app::Empty,
        consent::{Agreement, consent_list},
    },
    error::{Code, Error, Result},
    job::{Cancel, Progress, ProgressEvent},
    library::Library,
    migrate::Whole,
    model::{CharacterId, CharacterIndex, ContentHash, VersionMetadata},
    package,
    privacy::audit::{Action, Entry},
    storage::{Deleted, QueryFilter, Secret},
    wording::Language,
};

pub use sink::Outlet;
pub(super) use sink::failed;
pub(super) use texts::cell;

/// What an export looks like.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub enum Form {
    /// Everything, in a form that Backstory takes back.
    #[default]
    Backstory,
    /// Everything, as one JSON document.
    Json,
    /// What happened, to read.
    Markdown,
    /// How the characters grew, for a spreadsheet.
    Csv,
}

impl Form {
    /// How the names of such files end.
    pub fn ending(self) -> &'static str {
        match self {
            Self::Backstory => package::ENDING,
            Self::Json => "json",
            Self::Markdown => "md",
            Self::Csv => "csv",
        }
    }
}

/// Asks for an export.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
pub struct ExportStart {
    /// Ids, or names where they are the only ones. Empty: everything, the bin included.
    #[serde(default)]
    #[cfg_attr(test, ts(as = "Option<Vec<String>>"))]
    pub characters: Vec<String>,
    /// What it looks like.
    #[serde(default)]
    #[cfg_attr(test, ts(as = "Option<Form>"))]
    pub form: Form,
    /// Leaves out what is personal, to show it to others.
    #[serde(default)]
    #[cfg_attr(test, ts(as = "Option<bool>"))]
    pub redact: bool,
    /// Encrypts it with age, with these words. None: it is not encrypted.
    #[serde(default)]
    #[cfg_attr(test, ts(as = "Option<String>"))]
    pub passphrase: Option<Secret>,
}

/// An export that was made.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Exported {
    /// What the file is called; none when the user thought better of it.
    pub file: Option<String>,
    /// The SHA-256 of the file, in hexadecimal.
    pub sha256: String,
    /// Characters in it.
    pub characters: u64,
    /// Versions in it.
    pub versions: u64,
    /// The length of the file.
    pub bytes: u64,
}

/// Exports into a file that the user chooses. Can be stopped like an import; then there is no file.
pub(super) async fn export_start(
    app: &App,
    request: ExportStart,
    progress: &dyn Progress,
) -> Result<Exported> {
    let library = app.library()?;
    let characters = chosen(&library, &request.characters).await?;
    let name = file_name(&characters, &request);
    let Some(outlet) = app.parts.host.outlet(&name).await? else { return Ok(Exported::default()) };
    let characters: Vec<CharacterId> = characters.into_iter().map(|(id, _)| id).collect();
    let how = How { form: request.form, redact: request.redact, passphrase: request.passphrase };
    export(app, &characters, how, outlet, progress).await
}

/// How characters are exported.
#[derive(Debug, Clone, Default)]
pub struct How {
    /// As [`ExportStart::form`].
    pub form: Form,
    /// As [`ExportStart::redact`].
    pub redact: bool,
    /// As [`ExportStart::passphrase`].
    pub passphrase: Option<Secret>,
}

/// Exports characters into an outlet.
///
/// # Errors
/// `cancelled`, `storage_full`, `storage_failed`: then there is no file; as [`Library::document`] of a damaged version.
pub async fn export(
    app: &App,
    characters: &[CharacterId],
    how: How,
    outlet: Box<dyn Outlet>,
    progress: &dyn Progress,
) -> Result<Exported> {
    let (library, job) = (app.library()?, app.job());
    let mut export = Export {
        app,
        library: Arc::clone(&library),
        // As good as chance: nobody can guess when to the last bit.
        key: how.redact.then(|| app.parts.clock.snapshot_id().to_string()),
        language: app.language(),
        progress,
        cancel: &job.cancel,
        exported: Exported::default(),
        read: Vec::new(),
        total: 0,
    };
    progress.report(ProgressEvent::Started { job: job.number, total: 0 });
    let sink = Sink::new(outlet, how.passphrase)?;
    export.total = versions(&library, characters).await?;
    let sink = match how.form {
        Form::Backstory => {
            let (now, version) = (app.parts.clock.now(), app.parts.version);
            export.package(characters, Packing::begin(sink, now, version, how.redact)?).await?
        }
        Form::Json => export.json(characters, sink).await?,
        Form::Markdown => export.markdown(characters, sink).await?,
        Form::Csv => export.csv(characters, sink).await?,
    };
    job.cancel.check()?;
    // Noted before there is a file: what was read is told of, whatever becomes of it.
    let action = if how.redact { Action::Share } else { Action::Export };
    library.record_read(action, &export.read).await?;
    let written = sink.keep()?;
    Ok(Exported { file: Some(written.name), sha256: written.sha256, bytes: written.bytes, ..export.exported })
}

/// The ids and names of these characters, or of all, in the order of the ids.
///
/// # Errors
/// As [`Library::find_among`]; `character_not_found` where there is none at all.
pub async fn chosen(library: &Library, characters: &[String]) -> Result<Vec<(CharacterId, String)>> {
    let mut found = Vec::new();
    for text in characters {
        let row = library.find_among(text, Deleted::With).await?;
        found.push((row.id, row.name));
    }
    if characters.is_empty() {
        let filter = QueryFilter { deleted: Deleted::With, ..QueryFilter::default() };
        found.extend(library.query(&filter).await?.items.into_iter().map(|row| (row.id, row.name)));
    }
    found.sort();
    found.dedup();
    if found.is_empty() {
        return Err(
            Error::new(Code::CharacterNotFound, "There is no character to export.").hint("Import one first.")
        );
    }
    Ok(found)
}

/// What the file is to be called where nobody says otherwise: `Rekor.backstory`, `Characters.md`.
fn file_name(characters: &[(CharacterId, String)], request: &ExportStart) -> String {
    let stem = match characters {
        [(_, name)] => super::keeping::safe_name(name),
        _ => "Characters".to_owned(),
    };
    let stem = if request.redact { format!("{stem} (shared)") } else { stem };
    let sealed = if request.passphrase.is_some() { ".age" } else { "" };
    format!("{stem}.{}{sealed}", request.form.ending())
}

async fn versions(library: &Library, ids: &[CharacterId]) -> Result<u64> {
    let filter = QueryFilter { ids: ids.to_vec(), deleted: Deleted::With, ..QueryFilter::default() };
    Ok(library.query(&filter).await?.items.iter().map(|row| row.versions).sum())
}

/// An export under way.
struct Export<'e> {
    app: &'e App,
    /// The one that the character under way is read from.
    library: Arc<Library>,
    /// What pseudonyms are made with, where it is to be shown to others.
    key: Option<String>,
    language: Language,
    progress: &'e dyn Progress,
    cancel: &'e Cancel,
    exported: Exported,
    /// The characters that were read, and how many versions of each.
    read: Vec<(CharacterId, u64)>,
    total: u64,
}

impl Export<'_> {
    /// Reads the next character: the one of the library, or what may be shown of it, made in a library that is kept nowhere.
    async fn read(&mut self, id: &CharacterId) -> Result<Whole> {
        let mut whole = match &self.key {
            None => self.library.whole(id).await?,
            Some(key) => {
                let storage = self.app.parts.factory.open("memory:").await?;
                let shown = super::unheard(&self.app.parts, self.language, self.app.cache(), storage);
                let id = self.app.library()?.share(id, &shown, key, self.cancel).await?;
                self.library = shown;
                self.library.whole(&id).await?
            }
        };
        self.read.push((id.clone(), whole.versions.len() as u64));
        // Where it is and how it is kept there is this library's business.
        whole.versions.iter_mut().for_each(|version| version.stored = None);
        Ok(whole)
    }

    /// Whether every character of the library is in it.
    async fn is_whole(&self) -> Result<bool> {
        let filter = QueryFilter { deleted: Deleted::With, limit: Some(1), ..QueryFilter::default() };
        Ok(self.library.query(&filter).await?.total == self.exported.characters)
    }

    /// Those entries of the log that concern the characters that were read.
    async fn concerning(&self, log: Vec<Entry>) -> Result<Vec<Entry>> {
        let ids = self.read.iter().map(|(id, _)| id.clone()).collect();
        let filter = QueryFilter { ids, deleted: Deleted::With, ..QueryFilter::default() };
        let rows = self.library.query(&filter).await?.items;
        let subject = |row: &CharacterIndex| Some(row.audit_key.as_ref()?.subject(&row.id));
        let subjects: BTreeSet<_> = rows.iter().filter_map(subject).collect();
        let concerns = |entry: &Entry| {
            entry.note().and_then(|note| note.subject).is_some_and(|subject| subjects.contains(&subject))
        };
        Ok(log.into_iter().filter(concerns).collect())
    }

    /// What was agreed to.
    async fn consents(&self) -> Result<Vec<Agreement>> {
        consent_list(self.app, Empty {}, &crate::job::Silent).await
    }

    /// One version more is done.
    fn advance(&mut self) -> Result<()> {
        self.exported.versions += 1;
        let (done, total) = (self.exported.versions, self.total.max(self.exported.versions));
        self.progress.report(ProgressEvent::Advanced { done, total });
        self.cancel.check()
    }

    /// What happened in a version, in words.
    fn sentences(&self, version: &VersionMetadata) -> Vec<String> {
        version.summary.sentences.iter().map(|sentence| sentence.said.text(self.language)).collect()
    }

    async fn document(&self, version: &VersionMetadata) -> Result<Vec<u8>> {
        let bytes = self.library.stored_document(version).await.map_err(|mut error| {
            error.message =
                format!("Version {} of {}: {}", version.version, version.character, error.message);
            error.kept("No file was made. The library is as it was.")
        })?;
        debug_assert_eq!(ContentHash::of(&bytes), version.content, "a store checks what it gives");
        Ok(bytes)
    }
}
