//! What the system's own dialogs are called, in the language of the window.

use crate::wording::{Language, say};

/// A dialog of the system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialog {
    /// Files to import.
    Files,
    /// A folder whose files are imported when they change.
    Watch,
    /// The file of another library.
    Library,
    /// The folder of another library.
    LibraryFolder,
    /// Where the library is to be from now on: a new file.
    NewLibrary,
    /// The same: a folder.
    NewLibraryFolder,
    /// Where a file goes.
    Save,
}

impl Dialog {
    /// Its heading.
    pub fn title(self, language: Language) -> String {
        let title = match self {
            Self::Files => say("dialog-files"),
            Self::Watch => say("dialog-watch"),
            Self::Library => say("dialog-library"),
            Self::LibraryFolder => say("dialog-library-folder"),
            Self::NewLibrary => say("dialog-new-library"),
            Self::NewLibraryFolder => say("dialog-new-library-folder"),
            Self::Save => say("dialog-save"),
        };
        title.text(language)
    }

    /// What the kind of file is called that it offers first.
    pub fn kind(self, language: Language) -> String {
        let kind = match self {
            Self::Library | Self::LibraryFolder | Self::NewLibrary | Self::NewLibraryFolder => {
                say("dialog-libraries")
            }
            Self::Files | Self::Watch | Self::Save => say("dialog-characters"),
        };
        kind.text(language)
    }

    /// What "whatever the kind" is called.
    pub fn any(language: Language) -> String {
        say("dialog-any").text(language)
    }
}
