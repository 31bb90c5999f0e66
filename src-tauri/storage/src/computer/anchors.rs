//! What stood for the audit log of each library when it was last seen here: one small file, which names libraries by a hash of
//! where they are.

use std::{
    collections::BTreeMap,
    fs, io,
    path::Path,
    sync::{Mutex, PoisonError},
};

use backstory_core::{model::ContentHash, privacy::audit::TreeHead};

/// One at a time in this process. Of two processes, the one that saw more wins at its next look.
static WRITING: Mutex<()> = Mutex::new(());

type Anchors = BTreeMap<String, TreeHead>;

/// What was kept of a library. A file that is not what was written says nothing.
pub(super) fn read(path: &Path, library: &str) -> io::Result<Option<TreeHead>> {
    Ok(all(path)?.remove(&name(library)))
}

/// Keeps it. A crash leaves the file as it was or as it is to be.
pub(super) fn keep(path: &Path, library: &str, log: &TreeHead) -> io::Result<()> {
    let _one_at_a_time = WRITING.lock().unwrap_or_else(PoisonError::into_inner);
    let mut anchors = all(path)?;
    if anchors.insert(name(library), *log) == Some(*log) {
        return Ok(());
    }
    super::write_durably(path, &serde_json::to_vec(&anchors)?)
}

fn name(library: &str) -> String {
    ContentHash::of(library.as_bytes()).to_string()
}

fn all(path: &Path) -> io::Result<Anchors> {
    match fs::read(path) {
        Ok(text) => Ok(serde_json::from_slice(&text).unwrap_or_else(|error| {
            tracing::warn!(%error, "what was last seen of audit logs cannot be read");
            Anchors::default()
        })),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Anchors::default()),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use backstory_core::privacy::audit::tree::Digest;

    use super::*;

    #[test]
    fn what_was_seen_comes_back_for_each_library() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep").join("audit.json");
        let log = |size| TreeHead { size, hash: Digest([size as u8; 32]), root: Digest([7; 32]) };
        assert_eq!(read(&path, "/a/library.sqlite").unwrap(), None);
        keep(&path, "/a/library.sqlite", &log(1)).unwrap();
        keep(&path, "/b/library.sqlite", &log(2)).unwrap();
        keep(&path, "/a/library.sqlite", &log(3)).unwrap();
        assert_eq!(read(&path, "/a/library.sqlite").unwrap(), Some(log(3)));
        assert_eq!(read(&path, "/b/library.sqlite").unwrap(), Some(log(2)));
        assert!(!fs::read_to_string(&path).unwrap().contains("library"), "it names nobody's folders");
        fs::write(&path, "{\"").unwrap();
        assert_eq!(read(&path, "/a/library.sqlite").unwrap(), None);
    }
}
