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
use serde::{Deserialize, Serialize};

use crate::libraries::Choice;

/// The file of preferences. Writes replace it whole: a crash leaves the old one or the new one.
#[derive(Debug)]
pub(crate) struct PreferencesFile {
    path: PathBuf,
    writing: Mutex<()>,
}

/// What the file holds: how the player likes the window, and what only the program may change.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
struct Kept {
    #[serde(flatten)]
    preferences: Preferences,
    folders: Vec<PathBuf>,
    library: Option<Choice>,
}

impl PreferencesFile {
    /// The file at this path; it need not be there yet.
    pub(crate) fn at(path: PathBuf) -> Self {
        Self { path, writing: Mutex::new(()) }
    }

    /// What the file says. A missing file, a damaged one or one that cannot be read gives the defaults.
    pub(crate) fn load(&self) -> Preferences {
        self.kept().preferences
    }

    /// The folders that are watched.
    pub(crate) fn folders(&self) -> Vec<PathBuf> {
        self.kept().folders
    }

    /// The library that the player chose in the window.
    pub(crate) fn library(&self) -> Option<Choice> {
        self.kept().library
    }

    /// Opens this library from now on, or the usual one.
    ///
    /// # Errors
    /// As [`PreferencesFile::save`].
    pub(crate) fn choose_library(&self, library: Option<Choice>) -> Result<()> {
        self.change(|kept| kept.library = library)
    }

    fn kept(&self) -> Kept {
        let text = match fs::read(&self.path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Kept::default(),
            Err(error) => {
                tracing::warn!(path = %self.path.display(), %error, "the preferences cannot be read");
                return Kept::default();
            }
        };
        serde_json::from_slice(&text).unwrap_or_else(|error| {
            tracing::warn!(path = %self.path.display(), %error, "the preferences are damaged");
            Kept::default()
        })
    }

    /// Keeps how the player likes the window.
    ///
    /// # Errors
    /// `storage_failed` where the folder or the file cannot be written.
    pub(crate) fn save(&self, preferences: &Preferences) -> Result<()> {
        self.change(|kept| kept.preferences = preferences.clone())
    }

    /// Changes which folders are watched, and says which they are.
    ///
    /// # Errors
    /// As [`PreferencesFile::save`].
    pub(crate) fn change_folders(&self, change: impl FnOnce(&mut Vec<PathBuf>)) -> Result<Vec<PathBuf>> {
        let mut folders = Vec::new();
        self.change(|kept| {
            change(&mut kept.folders);
            folders.clone_from(&kept.folders);
        })?;
        Ok(folders)
    }

    fn change(&self, change: impl FnOnce(&mut Kept)) -> Result<()> {
        let _one_at_a_time = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let mut kept = self.kept();
        change(&mut kept);
        let text = serde_json::to_vec_pretty(&kept)
            .map_err(|e| Error::internal("The preferences cannot be put into words.").caused_by(e))?;
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
    fn folders_and_preferences_do_not_overwrite_each_other() {
        let (_folder, file) = file();
        let liked = Preferences { text_size: 120, ..Preferences::default() };
        file.save(&liked).unwrap();
        assert_eq!(file.change_folders(|folders| folders.push("/a".into())).unwrap(), [PathBuf::from("/a")]);
        assert_eq!(file.load(), liked);
        file.save(&Preferences::default()).unwrap();
        assert_eq!(file.folders(), [PathBuf::from("/a")]);
    }

    #[test]
    fn a_chosen_library_is_a_path_or_what_may_be_shown_of_a_server() {
        let (_folder, file) = file();
        for choice in [
            Choice::Path("/home/ada/characters".into()),
            Choice::Server { server: "postgresql://…@nas.local/characters".to_owned() },
        ] {
            file.choose_library(Some(choice.clone())).unwrap();
            assert_eq!(file.library(), Some(choice));
        }
        // As a Backstory wrote it that knew of no servers.
        fs::write(&file.path, "{\"library\": \"/home/ada/library.sqlite\"}").unwrap();
        assert_eq!(file.library(), Some(Choice::Path("/home/ada/library.sqlite".into())));
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
