//! Spreading folders into files.

use std::path::{Path, PathBuf};

use backstory_core::error::{Code, Error};

use crate::decode::{KEPT, grouped};

/// How deep folders are looked into.
const MAX_DEPTH: usize = 12;
/// How many files of one folder are taken.
const MAX_FILES: usize = 50_000;

/// One outcome of looking at a path.
pub(crate) enum Found {
    /// A file to read.
    File(PathBuf),
    /// Something that cannot be read, with the reason.
    Refused(PathBuf, Error),
}

/// The path itself, or the JSON files in it and in its folders, in the order of their names.
/// Hidden files and folders are left out; links are followed only to files inside the folder.
pub(super) fn spread(path: &Path) -> Vec<Found> {
    if !path.is_dir() {
        return vec![Found::File(path.to_owned())];
    }
    let root = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let mut found = walk(path, Some(root));
    if found.is_empty() {
        found.push(Found::Refused(path.to_owned(), nothing(path)));
    }
    found
}

/// The JSON files in a folder that is watched, and in its folders. Links are not followed, and a library of Backstory's
/// own that lies in there is left alone: what it writes is not news.
pub(crate) fn watched(path: &Path) -> Vec<Found> {
    walk(path, None)
}

fn walk(path: &Path, links_within: Option<PathBuf>) -> Vec<Found> {
    let mut walk = Walk { links_within, found: Vec::new(), full: false };
    walk.folder(path, 0);
    if walk.full {
        walk.found.push(Found::Refused(path.to_owned(), too_many(path)));
    }
    walk.found
}

/// Whether a folder is a library of Backstory's own.
pub fn is_library(path: &Path) -> bool {
    path.join("metadata.json").is_file() && path.join("characters").is_dir()
}

struct Walk {
    /// Links are followed to files in here; without it, none is.
    links_within: Option<PathBuf>,
    found: Vec<Found>,
    full: bool,
}

impl Walk {
    fn folder(&mut self, path: &Path, depth: usize) {
        let entries = match std::fs::read_dir(path) {
            Ok(entries) => entries,
            Err(e) => {
                return self
                    .found
                    .push(Found::Refused(path.to_owned(), super::unreadable(path, &e).caused_by(e)));
            }
        };
        let mut paths: Vec<_> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
        paths.sort();
        for path in paths {
            if self.found.len() >= MAX_FILES {
                self.full = true;
                return;
            }
            self.entry(path, depth);
        }
    }

    fn entry(&mut self, path: PathBuf, depth: usize) {
        if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.')) {
            return;
        }
        let Ok(about) = path.symlink_metadata() else { return };
        if about.is_dir() {
            let own = self.links_within.is_none() && is_library(&path);
            if depth < MAX_DEPTH && !own {
                self.folder(&path, depth + 1);
            }
        } else if is_json(&path) && (about.is_file() || self.links_inside(&path)) {
            self.found.push(Found::File(path));
        }
    }

    fn links_inside(&self, path: &Path) -> bool {
        let Some(root) = &self.links_within else { return false };
        path.is_file() && path.canonicalize().is_ok_and(|target| target.starts_with(root))
    }
}

fn is_json(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json"))
}

fn nothing(path: &Path) -> Error {
    Error::new(Code::FileEmpty, format!("There is no JSON file in {}.", super::name(path)))
        .kept(KEPT)
        .hint("Choose the folder in which your characters are saved.")
}

fn too_many(path: &Path) -> Error {
    let message = format!(
        "{} holds more than {} JSON files. The first ones were taken.",
        super::name(path),
        grouped(MAX_FILES)
    );
    Error::new(Code::InvalidArgument, message).kept(KEPT).hint("Import its folders one by one.")
}
