//! Backups of a library in a folder: each is a SQLite library of its own, with a note of what is in it.
//!
//! ```text
//! backups/library.sqlite/                     everything of one library; nothing else is kept here
//!     2026-11-30T143000Z/library.sqlite       the backup, which any Backstory opens
//!     2026-11-30T143000Z/backup.json          what it says of itself
//!     last.json                               which was made last, so that its loss is noticed
//!     drill.json                              what the last drill found
//!     .draft-…/ .drill-… .gone-…              under way, or left by a program that was ended
//! ```
//!
//! A backup has its name only when it is complete, read back and on the disk. A library of SQLite is copied page by page while
//! others use it; any other is migrated into a new file, document by document, and compared.

mod draft;
mod restore;

use std::{
    fs::{self, File},
    io::{self, Read},
    path::{Path, PathBuf},
    sync::Arc,
};

use async_trait::async_trait;
use backstory_core::{
    api::backup::{BackupPlace, Backups, Made},
    backup::{self, Backup, Claim, Drill, Reason, damaged},
    clock::Clock,
    config::BackupConfig,
    encryption::EncryptionState,
    error::{Code, Error, Result},
    job::{Cancel, Progress},
    migrate::{MigrationOptions, StorageMigrator},
    model::ContentHash,
    storage::{Capabilities, CharacterStorage, CheckScope, StorageInfo},
};
use jiff::{Timestamp, tz::TimeZone};
use serde::{Serialize, de::DeserializeOwned};

use self::draft::Draft;
use crate::{
    blocking::blocking,
    computer::{point, write_durably},
    config,
    rules::disk_code,
    sqlite::{self, SqliteOptions, SqliteStorage},
};

/// The library in a backup.
const LIBRARY: &str = "library.sqlite";
/// What it says of itself.
const CLAIM: &str = "backup.json";
/// Which was made last.
const LAST: &str = "last.json";
/// What the last drill found.
const DRILL: &str = "drill.json";
/// The folder of backups, beside a library.
const FOLDER: &str = "backups";

/// Backups in folders of this computer.
pub struct FolderBackups {
    /// Where the player wants them, and how many, as the configuration says at this moment.
    config: Box<dyn Fn() -> Result<BackupConfig> + Send + Sync>,
    /// The library that would be opened.
    library: Box<dyn Fn() -> Option<PathBuf> + Send + Sync>,
    clock: Arc<dyn Clock>,
    /// Backstory's version.
    program: &'static str,
}

impl FolderBackups {
    /// Backups as the configuration has them. `library` says which file or folder would be opened as the library.
    pub fn new(
        config: impl Fn() -> Result<BackupConfig> + Send + Sync + 'static,
        library: impl Fn() -> Option<PathBuf> + Send + Sync + 'static,
        clock: Arc<dyn Clock>,
        program: &'static str,
    ) -> Self {
        Self { config: Box::new(config), library: Box::new(library), clock, program }
    }

    /// The folder of this library's backups.
    fn root(&self, library: &StorageInfo) -> Result<PathBuf> {
        root((self.config)()?.folder.as_ref().map(|folder| Path::new(folder.reveal())), library)
    }

    /// Fills a draft: the library as it is now, in a file of its own.
    async fn copy(
        &self,
        library: &Arc<dyn CharacterStorage>,
        to: &Path,
        progress: &dyn Progress,
        cancel: &Cancel,
    ) -> Result<()> {
        let info = library.info();
        if info.kind == "sqlite" {
            let (from, to) = (PathBuf::from(info.location), to.to_owned());
            return blocking(move || sqlite::copy(&from, &to)).await;
        }
        if !matches!(library.encryption().await?.state, EncryptionState::Off | EncryptionState::Unsupported) {
            return Err(Error::new(
                Code::EncryptionUnsupported,
                "A backup of this library would not be encrypted, and the library is.",
            )
            .kept("No backup was made. The backups that were made before are as they were.")
            .hint("Copy the library's folder itself, or keep the library in a file: backstory migrate."));
        }
        let target: Arc<dyn CharacterStorage> =
            Arc::new(SqliteStorage::open(to, SqliteOptions::default()).await?);
        let migrator = StorageMigrator::new(Arc::clone(library), target)?;
        let report = migrator.run(&MigrationOptions::default(), progress, cancel).await?;
        cancel.check()?;
        drop(migrator);
        match report.left.first() {
            // One file, without a log beside it.
            None => {
                let to = to.to_owned();
                blocking(move || sqlite::claim(&to)).await
            }
            Some(left) => Err(Error::new(
                Code::StoreDamaged,
                format!("Not everything could be backed up: {}", left.message),
            )
            .kept("The backups that were made before are as they were.")
            .hint("See what is wrong with the library: backstory verify --read-data.")),
        }
    }

    /// Reads a new backup back, and notes what is in it.
    async fn claim(
        &self,
        file: &Path,
        (library, reason, made_at): (&StorageInfo, Reason, Timestamp),
        progress: &dyn Progress,
        cancel: &Cancel,
    ) -> Result<Claim> {
        let storage = open(file).await?;
        let report = storage.check(CheckScope::Data, progress, cancel).await?;
        cancel.check()?;
        if let Some(problem) = report.problems.first() {
            return Err(Error::new(Code::StoreDamaged, format!("The library has damage in it, so no backup was made of it: {}", problem.message))
                .kept("The backups that were made before are as they were.")
                .hint("See what is wrong: backstory verify --read-data. What is missing can be brought back from a backup."));
        }
        let (found, revision) = (storage.statistics().await?, storage.revision().await?);
        drop(storage);
        let file = file.to_owned();
        let (bytes, blake3) =
            blocking(move || hash(&file).map_err(|error| unreadable(&file, &error))).await?;
        Ok(Claim {
            library: library.location.clone(),
            kind: library.kind.clone(),
            made_at,
            reason,
            program: self.program.to_owned(),
            revision,
            characters: found.characters,
            versions: found.versions,
            contents: found.contents,
            captures: found.captures,
            document_bytes: found.document_bytes,
            bytes,
            blake3,
        })
    }

    /// The newest backup, where nothing was saved in the library since it was made.
    async fn current(&self, root: &Path, library: &Arc<dyn CharacterStorage>) -> Result<Option<Backup>> {
        let Some(newest) = list(root)?.into_iter().next() else { return Ok(None) };
        let Ok(claim) = read::<Claim>(&root.join(&newest.name).join(CLAIM)) else { return Ok(None) };
        let fits = claim.library == library.info().location && root.join(&newest.name).join(LIBRARY).exists();
        // Revisions of a library that is not SQLite are its own, not the copy's.
        if !fits || claim.kind != "sqlite" {
            return Ok(None);
        }
        let is_quiet = library.changes_since(claim.revision, 1).await?.changes.is_empty()
            && library.revision().await? >= claim.revision;
        Ok(claim.is_current(&library.statistics().await?, is_quiet).then_some(newest))
    }

    /// Takes away what is not kept any longer.
    fn rotate(&self, root: &Path) -> Result<Vec<String>> {
        let backups = list(root)?;
        let kept = backup::kept(&backups, (self.config)()?.keep, &TimeZone::system());
        let old = (0..backups.len()).filter(|at| !kept.contains(at)).map(|at| backups[at].name.clone());
        old.map(|name| take_away(root, &name).map(|()| name)).collect()
    }

    /// Looks over the newest backup in a place of its own.
    async fn try_newest(
        &self,
        root: &Path,
        progress: &dyn Progress,
        cancel: &Cancel,
    ) -> (Option<String>, Result<(Claim, u64)>) {
        let name = match newest(root) {
            Ok(name) => name,
            Err(error) => return (None, Err(error)),
        };
        let done = self.try_one(root, &name, progress, cancel).await;
        (Some(name), done)
    }

    async fn try_one(
        &self,
        root: &Path,
        name: &str,
        progress: &dyn Progress,
        cancel: &Cancel,
    ) -> Result<(Claim, u64)> {
        let folder = root.join(name);
        if !folder.exists() {
            return Err(missing(name));
        }
        let claim: Claim = read(&folder.join(CLAIM))
            .map_err(|error| damaged("What the backup says of itself cannot be read.").caused_by(error))?;
        let place = draft::drill(root)?;
        let (from, to) = (folder.join(LIBRARY), place.path().join(LIBRARY));
        let copied = claim.clone();
        let target = to.clone();
        blocking(move || copy_exactly(&from, &target, &copied)).await?;
        cancel.check()?;
        let storage =
            open(&to).await.map_err(|error| damaged("The backup does not open.").caused_by(error))?;
        let report = storage.check(CheckScope::Data, progress, cancel).await?;
        cancel.check()?;
        if let Some(problem) = report.problems.first() {
            return Err(damaged(format!("Something in the backup is damaged: {}", problem.message)));
        }
        claim.check(&storage.statistics().await?)?;
        drop(storage);
        Ok((claim, report.bytes))
    }
}

#[async_trait]
impl Backups for FolderBackups {
    fn closed(&self) -> Option<StorageInfo> {
        Some(on_this_computer(&(self.library)()?))
    }

    fn place(&self, library: &StorageInfo) -> Result<BackupPlace> {
        Ok(BackupPlace { folder: self.root(library)?.display().to_string(), keep: (self.config)()?.keep })
    }

    async fn list(&self, library: &StorageInfo) -> Result<Vec<Backup>> {
        let root = self.root(library)?;
        blocking(move || list(&root)).await
    }

    async fn make(
        &self,
        library: Arc<dyn CharacterStorage>,
        reason: Reason,
        progress: &dyn Progress,
        cancel: &Cancel,
    ) -> Result<Made> {
        let (info, now) = (library.info(), self.clock.now());
        let root = self.root(&info)?;
        if reason == Reason::Scheduled
            && let Some(backup) = self.current(&root, &library).await?
        {
            return Ok(Made { backup, removed: Vec::new(), is_the_last: true });
        }
        let begun = root.clone();
        let draft = blocking(move || Draft::begin(&begun)).await?;
        point();
        let file = draft.path().join(LIBRARY);
        self.copy(&library, &file, progress, cancel).await.map_err(|error| match error.code {
            Code::StorageFull => unwritten(&root, io::Error::new(io::ErrorKind::StorageFull, error)),
            _ => error,
        })?;
        point();
        let claim = self.claim(&file, (&info, reason, now), progress, cancel).await?;
        point();
        let written = claim.clone();
        let name = blocking(move || {
            write(&draft.path().join(CLAIM), &written)?;
            point();
            let name = draft.keep(now)?;
            point();
            Ok(name)
        })
        .await?;
        write(&root.join(LAST), &name)?;
        point();
        let backup = told(&name, Ok(claim), now);
        // The one that is about to be brought back must not go for this one.
        let removed = if reason == Reason::BeforeRestore { Vec::new() } else { self.rotate(&root)? };
        Ok(Made { backup, removed, is_the_last: false })
    }

    async fn keep_only(&self, library: &StorageInfo, name: Option<&str>) -> Result<()> {
        let root = self.root(library)?;
        let old = list(&root)?.into_iter().filter(|backup| Some(backup.name.as_str()) != name);
        old.into_iter().try_for_each(|backup| take_away(&root, &backup.name))
    }

    async fn drill(&self, library: &StorageInfo, progress: &dyn Progress, cancel: &Cancel) -> Result<Drill> {
        let root = self.root(library)?;
        let (backup, found) = self.try_newest(&root, progress, cancel).await;
        if let Err(error) = &found
            && error.code == Code::Cancelled
        {
            return Err(error.clone());
        }
        let mut drill = Drill {
            backup,
            at: self.clock.now(),
            ok: found.is_ok(),
            problem: None,
            characters: 0,
            versions: 0,
            bytes: 0,
        };
        match found {
            Ok((claim, bytes)) => {
                (drill.characters, drill.versions, drill.bytes) = (claim.characters, claim.versions, bytes);
            }
            Err(error) => drill.problem = Some(error),
        }
        // Where nothing can be written there is nothing to write it down for: it is told now.
        if root.exists()
            && let Err(error) = write(&root.join(DRILL), &drill)
        {
            tracing::warn!(?error, "what a drill found could not be written down");
        }
        Ok(drill)
    }

    async fn last_drill(&self, library: &StorageInfo) -> Result<Option<Drill>> {
        Ok(read(&self.root(library)?.join(DRILL)).ok())
    }

    async fn open(&self, library: &StorageInfo, name: &str) -> Result<Arc<dyn CharacterStorage>> {
        let root = self.root(library)?;
        let file = self.file(&root, name)?;
        Ok(Arc::new(
            open(&file).await.map_err(|error| damaged("The backup does not open.").caused_by(error))?,
        ))
    }

    async fn put_in_place(&self, library: &StorageInfo, name: &str) -> Result<Option<String>> {
        let root = self.root(library)?;
        let file = self.file(&root, name)?;
        let path = PathBuf::from(&library.location);
        let aside = restore::put_in_place(&path, &library.kind, &file, self.clock.now()).await?;
        Ok(aside.map(|aside| aside.display().to_string()))
    }
}

impl FolderBackups {
    /// The library in a backup of this name. A name is one of the list, never a path.
    fn file(&self, root: &Path, name: &str) -> Result<PathBuf> {
        let known = list(root)?.into_iter().any(|backup| backup.name == name);
        let file = root.join(name).join(LIBRARY);
        if known && file.exists() { Ok(file) } else { Err(missing(name)) }
    }
}

/// The folder of a library's backups: beside it, or in the folder that was configured, or with what belongs to the program.
pub(crate) fn root(configured: Option<&Path>, library: &StorageInfo) -> Result<PathBuf> {
    if !library.capabilities.persistent {
        return Err(Error::new(
            Code::InvalidArgument,
            "This library is kept nowhere, so there is nothing to back up.",
        )
        .hint("Open your own library first."));
    }
    let short = &ContentHash::of(library.location.as_bytes()).to_string()[..8];
    let place = match library.kind.as_str() {
        "sqlite" | "folder" => Some(library.location.as_str()),
        // An object store in a folder of this computer.
        "objects" => library.location.strip_prefix("objects:"),
        _ => None,
    };
    let path = place.and_then(|place| std::path::absolute(place).ok());
    let beside = path.as_deref().and_then(|path| path.parent().zip(path.file_name()));
    Ok(match (configured, beside) {
        // Libraries of one name in different folders keep apart.
        (Some(folder), Some((_, name))) => folder.join(format!("{}-{short}", name.to_string_lossy())),
        (Some(folder), None) => folder.join(format!("{}-{short}", library.kind)),
        (None, Some((folder, name))) => folder.join(FOLDER).join(name),
        (None, None) => config::data_folder()?.join(FOLDER).join(format!("{}-{short}", library.kind)),
    })
}

/// The folder of the backups of a library in a file or a folder; none where none can be.
pub(crate) fn root_of(configured: Option<&Path>, library: &Path) -> Option<PathBuf> {
    root(configured, &on_this_computer(library)).ok()
}

/// A library of this computer, known by its place only.
pub(crate) fn on_this_computer(library: &Path) -> StorageInfo {
    StorageInfo {
        kind: if library.is_dir() { "folder" } else { "sqlite" }.to_owned(),
        location: library.display().to_string(),
        read_only: None,
        capabilities: Capabilities { persistent: true, ..Capabilities::default() },
        principal: None,
    }
}

/// The libraries in the backups of a library file, newest first: what can take its place where it cannot be opened.
pub fn files(configured: Option<&Path>, library: &Path) -> Vec<(PathBuf, Backup)> {
    let Some(root) = root_of(configured, library) else { return Vec::new() };
    let sound = list(&root).unwrap_or_default().into_iter().filter(|backup| backup.reason.is_some());
    sound
        .map(|backup| (root.join(&backup.name).join(LIBRARY), backup))
        .filter(|(file, _)| file.exists())
        .collect()
}

/// The folders of backups, each of one library, that lie with what belongs to the program.
pub(crate) fn in_folder(data: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(data.join(FOLDER)).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).filter(|path| path.is_dir()).collect()
}

/// Takes one away.
fn take_away(root: &Path, name: &str) -> Result<()> {
    // Under another name first: half a backup is none.
    let (there, gone) = (root.join(name), root.join(format!("{}{name}", draft::GONE)));
    fs::rename(&there, &gone).and_then(|()| fs::remove_dir_all(&gone)).map_err(|error| {
        let message = format!("The old backup {} cannot be taken away: {error}.", there.display());
        Error::new(Code::StorageFailed, message)
            .kept("The new backup is made, and the others are as they were.")
            .hint("Look whether you may write to the folder.")
            .caused_by(error)
    })?;
    point();
    Ok(())
}

/// Takes all backups of a library away, with the folders that are empty then.
pub(crate) fn remove(root: &Path) -> io::Result<()> {
    crate::computer::remove(root)?;
    point();
    // The folder for the backups of all libraries is Backstory's own where it is called so; others may be in it.
    match root.parent().filter(|folder| folder.ends_with(FOLDER)).map(fs::remove_dir) {
        Some(Err(error))
            if !matches!(error.kind(), io::ErrorKind::DirectoryNotEmpty | io::ErrorKind::NotFound) =>
        {
            Err(error)
        }
        _ => Ok(()),
    }
}

/// The backups in a folder, newest first.
fn list(root: &Path) -> Result<Vec<Backup>> {
    let entries = match fs::read_dir(root) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(unreadable(root, &error)),
    };
    let mut backups = Vec::new();
    for entry in entries.flatten() {
        let Ok(name) = entry.file_name().into_string() else { continue };
        let Some(named_at) = draft::time_in(&name) else { continue };
        if entry.path().is_dir() {
            backups.push(told(&name, read(&entry.path().join(CLAIM)), named_at));
        }
    }
    backups.sort_by(|a, b| b.made_at.cmp(&a.made_at).then_with(|| b.name.cmp(&a.name)));
    Ok(backups)
}

/// A backup as it is listed: by what it says of itself, or by its name where that cannot be read.
fn told(name: &str, claim: io::Result<Claim>, named_at: Timestamp) -> Backup {
    let name = name.to_owned();
    match claim {
        Ok(claim) => Backup {
            name,
            made_at: claim.made_at,
            reason: Some(claim.reason),
            bytes: claim.bytes,
            characters: claim.characters,
            versions: claim.versions,
        },
        Err(_) => Backup { name, made_at: named_at, reason: None, bytes: 0, characters: 0, versions: 0 },
    }
}

/// The backup that was made last, whether it is there or not.
fn newest(root: &Path) -> Result<String> {
    let listed = list(root)?.into_iter().next().map(|backup| backup.name);
    let last: Option<String> = read(&root.join(LAST)).ok();
    match (last, listed) {
        // One may have got its name just before its program was ended.
        (Some(last), Some(listed)) if listed > last => Ok(listed),
        (Some(last), _) => Ok(last),
        (None, Some(listed)) => Ok(listed),
        (None, None) => Err(Error::new(Code::BackupMissing, "There is no backup of this library.")
            .kept("The library itself is not affected.")
            .hint("Make one: backstory backup now.")),
    }
}

fn missing(name: &str) -> Error {
    Error::new(Code::BackupMissing, format!("The backup {name} is not there."))
        .kept("Nothing was changed.")
        .hint("See which there are: backstory backup list. If they are on another disk, connect it.")
}

fn unreadable(path: &Path, error: &io::Error) -> Error {
    Error::new(Code::StorageFailed, format!("{} cannot be read: {error}.", path.display()))
        .kept("Nothing was changed.")
        .hint("Look whether the disk is connected and whether you may read the folder.")
}

async fn open(file: &Path) -> Result<SqliteStorage> {
    SqliteStorage::open(file, SqliteOptions { read_only: true, own_copy: true, ..SqliteOptions::default() })
        .await
}

fn read<T: DeserializeOwned>(path: &Path) -> io::Result<T> {
    serde_json::from_slice(&fs::read(path)?).map_err(io::Error::other)
}

fn write(path: &Path, value: &impl Serialize) -> Result<()> {
    let text = serde_json::to_vec_pretty(value)
        .map_err(|e| Error::internal("What a backup is cannot be put into words.").caused_by(e))?;
    write_durably(path, &text).map_err(|error| unwritten(path, error))
}

/// That something of a backup cannot be written.
fn unwritten(path: &Path, error: io::Error) -> Error {
    let code = disk_code(&error);
    let (why, hint) = match code {
        Code::StorageFull => (
            "there is no room left on the disk",
            "Make room for one more copy of the library, or keep backups on another disk: the key backup.folder.",
        ),
        _ => (
            "the folder may not be written to",
            "Look whether the disk is connected and whether you may write to the folder, or keep backups in another: the key backup.folder.",
        ),
    };
    Error::new(code, format!("No backup can be made in {}: {why}.", path.display()))
        .kept("The library and the backups that are there are as they were.")
        .hint(hint)
        .caused_by(error)
}

/// The length and the BLAKE3 of a file.
fn hash(file: &Path) -> io::Result<(u64, String)> {
    let mut hasher = blake3::Hasher::new();
    let mut file = File::open(file)?;
    let length = io::copy(&mut file, &mut hasher)?;
    Ok((length, hasher.finalize().to_hex().to_string()))
}

/// Copies a backup's file and compares it with what is claimed of it.
fn copy_exactly(from: &Path, to: &Path, claim: &Claim) -> Result<()> {
    let mut source = File::open(from).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => damaged("The file of the backup is gone."),
        _ => unreadable(from, &error),
    })?;
    let mut target = File::create(to).map_err(|error| unwritten(to, error))?;
    let mut hasher = blake3::Hasher::new();
    let (mut length, mut part) = (0_u64, vec![0; 1 << 20]);
    loop {
        let read = source.read(&mut part).map_err(|error| unreadable(from, &error))?;
        if read == 0 {
            break;
        }
        hasher.update(&part[..read]);
        io::Write::write_all(&mut target, &part[..read]).map_err(|error| unwritten(to, error))?;
        length += read as u64;
    }
    if length != claim.bytes {
        return Err(damaged(format!(
            "The file of the backup has {length} bytes, and had {} when it was made.",
            claim.bytes
        )));
    }
    if hasher.finalize().to_hex().as_str() != claim.blake3 {
        return Err(damaged("The file of the backup is not as it was when it was made."));
    }
    Ok(())
}
