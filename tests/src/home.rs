//! A player's computer for one test: empty folders, and a library that stays when the window is closed.

use std::{
    fs,
    path::{Path, PathBuf},
};

use backstory_sources::sample::{Capture, demo};
use tempfile::TempDir;

/// The folders of one imagined player. They are removed with this value.
pub struct Home {
    folder: TempDir,
    more: Vec<(&'static str, PathBuf)>,
    usual: bool,
}

impl Default for Home {
    fn default() -> Self {
        Self::new()
    }
}

impl Home {
    /// A computer that Backstory has never run on.
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), more: Vec::new(), usual: false }
    }

    /// The same, with one thing more in its environment.
    pub fn with(mut self, name: &'static str, value: impl Into<PathBuf>) -> Self {
        self.more.push((name, value.into()));
        self
    }

    /// The same, drawn as players see it. No photograph can be taken of that.
    pub fn drawn_as_installed(self) -> Self {
        self.with("WEBKIT_DISABLE_DMABUF_RENDERER", "1")
    }

    /// The same, where nothing says which library is opened.
    pub fn without_library(mut self) -> Self {
        self.usual = true;
        self
    }

    /// Where the library is.
    pub fn library(&self) -> PathBuf {
        self.folder.path().join("library.sqlite")
    }

    /// The player's own folder, to put files in.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Puts the sample characters into a folder, each capture a file as people save them, and says which they are.
    pub fn with_samples(&self) -> (PathBuf, Vec<Capture>) {
        let folder = self.path().join("saved characters");
        fs::create_dir_all(&folder).unwrap();
        let captures = demo();
        for capture in &captures {
            fs::write(folder.join(&capture.file_name), &capture.document).unwrap();
        }
        (folder, captures)
    }

    /// What the program must find in its environment to live here.
    pub fn environment(&self) -> Vec<(&'static str, PathBuf)> {
        let folder = self.folder.path();
        let mut environment = vec![
            ("HOME", folder.to_owned()),
            ("XDG_CONFIG_HOME", folder.join("config")),
            ("XDG_DATA_HOME", folder.join("data")),
            ("XDG_CACHE_HOME", folder.join("cache")),
        ];
        if !self.usual {
            environment.push(("BACKSTORY_LIBRARY", self.library()));
        }
        environment.extend(self.more.iter().cloned());
        environment
    }
}
