//! Real documents, in a folder beside the project.

use std::path::PathBuf;

/// A folder of the corpus; none, and a word about it, where it is absent. `BACKSTORY_CORPUS` says where the corpus is.
pub fn folder(name: &str) -> Option<PathBuf> {
    let root = std::env::var_os("BACKSTORY_CORPUS").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/corpus")),
        PathBuf::from,
    );
    let path = root.join(name);
    if !path.exists() {
        eprintln!("skipped: there is no corpus at {}", path.display());
        return None;
    }
    Some(path)
}
