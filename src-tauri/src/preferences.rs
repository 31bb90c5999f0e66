//! How the player likes the window: one small JSON file in the configuration folder.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use backstory_core::{
    api::app::Preferences,
    error::{Code, Error, Result},
};

/// The file of preferences. Writes replace it whole: a crash leaves the old one or the new one.
#[derive(Debug)]
pub(crate) struct PreferencesFile {
    path: PathBuf,
    writing: Mutex<()>,
}

impl PreferencesFile {
    /// The file at this path; it need not be there yet.
    pub(crate) fn at(path: PathBuf) -> Self {
        Self { path, writing: Mutex::new(()) }
    }

    /// What the file says. A missing file, a damaged one or one that cannot be read gives the defaults.
    pub(crate) fn load(&self) -> Preferences {
        let text = match fs::read(&self.path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Preferences::default(),
            Err(error) => {
                tracing::warn!(path = %self.path.display(), %error, "the preferences cannot be read");
                return Preferences::default();
            }
        };
        serde_json::from_slice(&text).unwrap_or_else(|error| {
            tracing::warn!(path = %self.path.display(), %error, "the preferences are damaged");
            Preferences::default()
        })
    }

    /// Replaces the file.
    ///
    /// # Errors
    /// `storage_failed` where the folder or the file cannot be written.
    pub(crate) fn save(&self, preferences: &Preferences) -> Result<()> {
        let text = serde_json::to_vec_pretty(preferences)
            .map_err(|e| Error::internal("The preferences cannot be put into words.").caused_by(e))?;
        let _one_at_a_time = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        replace(&self.path, &text).map_err(|e| {
            Error::new(Code::StorageFailed, format!("The file {} cannot be written: {e}.", self.path.display()))
                .kept("Your characters are not affected, and the window goes on with your choice until it is closed.")
                .hint("Look whether the disk is full and whether the folder may be written to.")
                .caused_by(e)
        })
    }
}

/// Writes beside the file, makes that durable, then puts it in the file's place.
fn replace(path: &Path, text: &[u8]) -> io::Result<()> {
    let folder = path.parent().ok_or(io::ErrorKind::InvalidInput)?;
    fs::create_dir_all(folder)?;
    let beside = path.with_extension("new");
    let mut file = File::create(&beside)?;
    file.write_all(text)?;
    file.sync_all()?;
    fs::rename(&beside, path)?;
    #[cfg(unix)]
    File::open(folder)?.sync_all()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use backstory_core::api::app::{Layout, Theme};

    use super::*;

    fn file() -> (tempfile::TempDir, PreferencesFile) {
        let folder = tempfile::tempdir().unwrap();
        let file = PreferencesFile::at(folder.path().join("deep/preferences.json"));
        (folder, file)
    }

    #[test]
    fn what_is_saved_is_loaded() {
        let (folder, file) = file();
        assert_eq!(file.load(), Preferences::default());
        let liked = Preferences { theme: Theme::Dark, layout: Layout::List, ..Preferences::default() };
        file.save(&liked).unwrap();
        assert_eq!(file.load(), liked);
        let names: Vec<_> =
            fs::read_dir(folder.path().join("deep")).unwrap().map(|e| e.unwrap().file_name()).collect();
        assert_eq!(names, ["preferences.json"], "nothing is left beside it");
    }

    #[test]
    fn a_damaged_file_gives_the_defaults_and_is_replaced() {
        let (_folder, file) = file();
        file.save(&Preferences::default()).unwrap();
        fs::write(&file.path, "{\"theme\": \"da").unwrap();
        assert_eq!(file.load(), Preferences::default());
        let liked = Preferences { theme: Theme::Light, ..Preferences::default() };
        file.save(&liked).unwrap();
        assert_eq!(file.load(), liked);
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_an_error_that_names_the_file() {
        let (folder, _) = file();
        fs::write(folder.path().join("file"), "").unwrap();
        let file = PreferencesFile::at(folder.path().join("file/preferences.json"));
        let error = file.save(&Preferences::default()).unwrap_err();
        assert_eq!(error.code, Code::StorageFailed);
        assert!(error.message.contains("preferences.json"));
    }
}
