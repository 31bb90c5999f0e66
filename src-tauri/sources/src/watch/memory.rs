//! Which files a watch has taken, and how they looked: small enough to be read at every start.
//!
//! Taking a file twice would do no harm, since equal captures add nothing. But a start would read every file again, and a
//! character that was deleted or erased would come back from a file that merely still lies there. So what was taken is
//! remembered: by a hash of its path, for each library. Names are not written down, a lost or damaged file is begun anew.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use backstory_core::{error::Result, model::ContentHash, storage::StorageInfo};
use jiff::Timestamp;

use crate::small;

/// How a file looks from outside: whoever writes to it changes this.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp {
    bytes: u64,
    written: i128,
}

impl Stamp {
    /// How the file looks now; none where it is gone.
    pub(super) fn of(path: &Path) -> Option<Self> {
        let about = fs::symlink_metadata(path).ok()?;
        let written = about.modified().ok().and_then(|time| Timestamp::try_from(time).ok());
        Some(Self { bytes: about.len(), written: written.unwrap_or_default().as_nanosecond() })
    }

    fn text(self) -> String {
        format!("{}@{}", self.bytes, self.written)
    }
}

type Files = BTreeMap<String, String>;

/// Beyond so many files, only those that are still there are remembered.
const MANY: usize = 200_000;

/// What was taken into one library.
pub(super) struct Memory {
    path: PathBuf,
    library: String,
    files: Files,
    changed: bool,
}

impl Memory {
    pub(super) fn load(folder: &Path, library: &StorageInfo) -> Self {
        let path = folder.join("watched.json");
        let library = short(format!("{}:{}", library.kind, library.location).as_bytes());
        let files = Self::all(&path).remove(&library).unwrap_or_default();
        Self { path, library, files, changed: false }
    }

    fn all(path: &Path) -> BTreeMap<String, Files> {
        small::load(path).unwrap_or_else(|error| {
            tracing::warn!(?error, "what was taken from watched folders is not known");
            BTreeMap::default()
        })
    }

    pub(super) fn knows(&self, path: &Path, stamp: Stamp) -> bool {
        self.files.get(&key(path)).is_some_and(|known| *known == stamp.text())
    }

    pub(super) fn insert(&mut self, path: &Path, stamp: Stamp) {
        self.files.insert(key(path), stamp.text());
        self.changed = true;
    }

    /// Writes down what is new. What is there for other libraries stays.
    pub(super) fn save<'a>(&mut self, there: impl Iterator<Item = &'a Path>) -> Result<()> {
        if !std::mem::take(&mut self.changed) {
            return Ok(());
        }
        if self.files.len() > MANY {
            let there: std::collections::BTreeSet<String> = there.map(key).collect();
            self.files.retain(|path, _| there.contains(path));
        }
        let mut all = Self::all(&self.path);
        all.insert(self.library.clone(), self.files.clone());
        small::save(&self.path, &all)
    }
}

fn key(path: &Path) -> String {
    short(path.as_os_str().as_encoded_bytes())
}

fn short(bytes: &[u8]) -> String {
    ContentHash::of(bytes).to_string().chars().take(32).collect()
}
