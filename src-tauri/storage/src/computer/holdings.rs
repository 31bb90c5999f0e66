//! What is where.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use backstory_core::{
    api::erase::Holdings,
    error::Result,
    privacy::erase::{Beyond, BeyondKind, Erasure, Held, HeldKind, Scope},
    storage::StorageInfo,
};
use directories::BaseDirs;

use super::{JOURNAL, Session};
use crate::{
    backups,
    config::{self, Flags},
    open,
};

/// The name of the window's own folders: its identifier.
const WINDOW: &str = "app.backstory.desktop";

/// What sources remember, and what was last seen of audit logs, in the data folder. A write that was interrupted leaves the same with `.new`.
const RECORDS: [&str; 4] = ["watched", "consent", "ddb-asked", "audit"];

/// The folders in which something is kept for this account.
#[derive(Debug, Clone)]
pub(super) struct Folders {
    /// Backstory's own.
    pub(super) data: PathBuf,
    /// The window's settings.
    settings: PathBuf,
    /// What the window's web engine keeps.
    window: Vec<PathBuf>,
    /// Where the player wants backups; none: beside each library.
    pub(super) backups: Option<PathBuf>,
}

impl Folders {
    /// This account's.
    pub(super) fn of_this_account() -> Result<Self> {
        let data = config::data_folder()?;
        let base = BaseDirs::new();
        let of = |folder: fn(&BaseDirs) -> &Path| {
            base.as_ref().map(|base| folder(base).join(WINDOW)).unwrap_or_default()
        };
        let settings = of(BaseDirs::config_dir);
        let window: BTreeSet<_> =
            [of(BaseDirs::data_dir), of(BaseDirs::data_local_dir), of(BaseDirs::cache_dir)].into();
        let window = window.into_iter().filter(|folder| *folder != settings).collect();
        Ok(Self { data, settings, window, backups: None })
    }

    /// What is read when all is done: everything that Backstory keeps, and the libraries that were erased or that something
    /// was erased from.
    pub(super) fn to_sweep(&self, erasure: &Erasure) -> Vec<PathBuf> {
        let mut roots = vec![self.data.clone(), self.settings.clone()];
        roots.extend(self.window.iter().cloned());
        let libraries = erasure.library.iter().map(PathBuf::from);
        let taken = super::paths(&erasure.plan, HeldKind::Library);
        // Also those of a library on a server, and of one that lies elsewhere.
        roots.extend(super::paths(&erasure.plan, HeldKind::Backups));
        for library in libraries.chain(taken).collect::<BTreeSet<_>>() {
            roots.extend(family(&library).into_iter().map(|(_, path)| path));
            roots.extend(backups::root_of(self.backups.as_deref(), &library));
            roots.push(library);
        }
        roots.retain(|root| root.exists());
        roots.sort();
        roots.dedup();
        let whole = roots.clone();
        // What lies in another root is read with it.
        roots.retain(|root| !whole.iter().any(|other| other != root && root.starts_with(other)));
        roots
    }
}

/// What the player was told stays: it may hold what is looked for.
pub(super) fn said_to_stay(erasure: &Erasure) -> Vec<PathBuf> {
    erasure.plan.beyond.iter().filter_map(|beyond| beyond.path.as_ref().map(PathBuf::from)).collect()
}

/// What is to be taken away, and what stays.
pub(super) fn of(
    folders: &Folders,
    session: Session,
    scope: &Scope,
    library: Option<&Path>,
    store: Option<&StorageInfo>,
) -> Result<Holdings> {
    let mut found = Holdings::default();
    let usual = folders.data.join("library.sqlite");
    let libraries: BTreeSet<&Path> = match scope {
        Scope::Everything => library.into_iter().chain(usual.exists().then_some(usual.as_path())).collect(),
        Scope::Character { .. } => library.into_iter().collect(),
    };
    if *scope == Scope::Everything {
        everything(folders, session, &libraries, &mut found);
    }
    let configured = folders.backups.as_deref();
    let of_files = libraries.iter().filter_map(|library| backups::root_of(configured, library));
    let of_store = store.and_then(|store| backups::root(configured, store).ok());
    let roots: BTreeSet<PathBuf> = of_files.chain(of_store).collect();
    found.places.extend(roots.iter().filter_map(|root| place(HeldKind::Backups, root)));
    if *scope == Scope::Everything {
        let others = backups_of_others(folders, &libraries);
        let of_ours = backups::in_folder(&folders.data).into_iter();
        let left = of_ours.filter(|root| !roots.contains(root) && !others.contains(root));
        found.places.extend(left.filter_map(|root| place(HeldKind::Backups, &root)));
    }
    for library in &libraries {
        for (kind, path) in family(library) {
            match (scope, kind) {
                // It may hold the only copy of other characters.
                (Scope::Character { .. }, HeldKind::SetAside) => {
                    let path = Some(path.display().to_string());
                    found.beyond.push(Beyond { kind: BeyondKind::SetAside, path });
                }
                _ => found.places.extend(place(kind, &path)),
            }
        }
    }
    if *scope == Scope::Everything {
        found.places.extend(libraries.iter().filter_map(|library| place(HeldKind::Library, library)));
        other_libraries(folders, &libraries, &mut found);
    }
    Ok(found)
}

/// What goes besides libraries. What opens something else goes first.
fn everything(folders: &Folders, session: Session, libraries: &BTreeSet<&Path>, found: &mut Holdings) {
    match (session.is_there)() {
        Ok(true) => {
            found.places.push(Held { kind: HeldKind::Session, path: String::new(), files: 0, bytes: 0 });
        }
        Ok(false) => {}
        Err(error) => {
            tracing::debug!(?error, "the keychain does not open");
            found.beyond.push(Beyond::somewhere(BeyondKind::Keychain));
        }
    }
    let records = RECORDS.iter().flat_map(|name| ["json", "new"].map(|end| format!("{name}.{end}")));
    let records = records.chain([JOURNAL.replace(".json", ".new")]).map(|name| folders.data.join(name));
    found.places.extend(records.filter_map(|path| place(HeldKind::Records, &path)));
    found.places.extend(place(HeldKind::Settings, &folders.settings));
    let holds_library = |folder: &PathBuf| libraries.iter().any(|library| library.starts_with(folder));
    let window = folders.window.iter().filter(|folder| !holds_library(folder));
    found.places.extend(window.filter_map(|path| place(HeldKind::WindowData, path)));
}

/// What the player's configuration names and Backstory leaves to them.
fn other_libraries(folders: &Folders, libraries: &BTreeSet<&Path>, found: &mut Holdings) {
    // One that cannot be read is no reason not to erase.
    let Ok(loaded) = config::load(&Flags::default()) else { return };
    if let Some(file) = loaded.file {
        let path = Some(file.display().to_string());
        found.beyond.push(Beyond { kind: BeyondKind::Configuration, path });
    }
    for root in backups_of_others(folders, libraries) {
        let path = Some(root.display().to_string());
        found.beyond.push(Beyond { kind: BeyondKind::OtherLibrary, path });
    }
    for library in loaded.config.libraries.values() {
        let local = open::local(&library.address);
        let taken = local.as_deref().is_some_and(|path| libraries.contains(path));
        let there = local.as_deref().is_none_or(Path::exists);
        if !taken && there {
            let path = Some(library.address.to_string());
            found.beyond.push(Beyond { kind: BeyondKind::OtherLibrary, path });
        }
    }
}

/// Where there are backups of libraries that the configuration names and Backstory leaves to the player.
fn backups_of_others(folders: &Folders, libraries: &BTreeSet<&Path>) -> BTreeSet<PathBuf> {
    let Ok(loaded) = config::load(&Flags::default()) else { return BTreeSet::new() };
    let local = loaded.config.libraries.values().filter_map(|library| open::local(&library.address));
    let others = local.filter(|path| !libraries.contains(path.as_path()) && path.exists());
    let roots = others.filter_map(|path| backups::root_of(folders.backups.as_deref(), &path));
    roots.filter(|root| root.exists()).collect()
}

/// What lies beside a library because of it.
fn family(library: &Path) -> Vec<(HeldKind, PathBuf)> {
    let Some((folder, stem)) = library.parent().zip(library.file_stem()) else { return Vec::new() };
    let (stem, name) = (stem.to_string_lossy(), library.file_name().unwrap_or_default().to_string_lossy());
    let kind = |other: &str| -> Option<HeldKind> {
        if other.starts_with(&format!("{stem}.before-")) {
            Some(HeldKind::Copies)
        } else if other.starts_with(&format!("{stem}.aside-")) {
            Some(HeldKind::SetAside)
        } else if [".next", ".begun"].iter().any(|end| other == format!("{name}{end}"))
            || other.starts_with(".backstory-copy-")
            || other.starts_with(".backstory-new-")
        {
            Some(HeldKind::Leftovers)
        } else {
            None
        }
    };
    let mut family: Vec<_> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| Some((kind(&entry.file_name().to_string_lossy())?, entry.path())))
        .collect();
    family.sort();
    family
}

/// A place, with how much is in it; none where there is nothing.
fn place(kind: HeldKind, path: &Path) -> Option<Held> {
    let (mut files, mut bytes) = measure(path)?;
    if kind == HeldKind::Library && path.is_file() {
        for end in crate::sqlite::COMPANIONS {
            let mut companion = path.as_os_str().to_owned();
            companion.push(end);
            let (more, length) = measure(Path::new(&companion)).unwrap_or_default();
            (files, bytes) = (files + more, bytes + length);
        }
    }
    Some(Held { kind, path: path.display().to_string(), files, bytes })
}

/// How many files, and how long they are together. Links are not followed.
fn measure(path: &Path) -> Option<(u64, u64)> {
    let about = fs::symlink_metadata(path).ok()?;
    if !about.is_dir() {
        return Some((1, about.len()));
    }
    let entries = fs::read_dir(path).into_iter().flatten().flatten();
    let parts = entries.filter_map(|entry| measure(&entry.path()));
    Some(parts.fold((0, 0), |sum, part| (sum.0 + part.0, sum.1 + part.1)))
}
