//! The command line of the window: which files to bring in, and whether to show the samples.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
};

const HELP: &str = "\
Backstory keeps every version of your D&D characters.

Usage: backstory-desktop [--demo] [FILE]...

  FILE         Files and folders to bring in. The window asks before it imports them.
  --demo       Opens the sample characters. Nothing is kept.
  --help       Prints this.
  --version    Prints the version.

Environment:
  BACKSTORY_LIBRARY   The library to open instead of the usual one: a name, a path or an address.
  BACKSTORY_CONFIG    The configuration file to read instead of the usual one.
  BACKSTORY_LOG       What is logged, as in backstory=debug.";

/// What a start of the program asks for.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Arguments {
    /// Open the sample characters instead of a library.
    pub(crate) demo: bool,
    /// Files and folders to offer for import, absolute.
    pub(crate) files: Vec<PathBuf>,
}

/// A window, or some text and no window.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Request {
    /// Open the window.
    Start(Arguments),
    /// Print this and end.
    Say(String),
}

impl Arguments {
    /// Reads the arguments after the program's own name. Relative paths are taken from `folder`.
    ///
    /// # Errors
    /// A sentence for the terminal where an option is unknown.
    pub(crate) fn parse(words: impl IntoIterator<Item = OsString>, folder: &Path) -> Result<Request, String> {
        let mut arguments = Self::default();
        let mut only_files = false;
        for word in words {
            match word.to_str() {
                Some(option) if !only_files && option.starts_with('-') && option != "-" => match option {
                    "--" => only_files = true,
                    "--demo" => arguments.demo = true,
                    "--help" | "-h" => return Ok(Request::Say(HELP.to_owned())),
                    "--version" | "-V" => {
                        return Ok(Request::Say(format!("Backstory {}", env!("CARGO_PKG_VERSION"))));
                    }
                    unknown => return Err(format!("Backstory has no option {unknown}. Try --help.")),
                },
                _ => arguments.files.push(folder.join(word)),
            }
        }
        Ok(Request::Start(arguments))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(words: &[&str]) -> Result<Request, String> {
        Arguments::parse(words.iter().map(Into::into), Path::new("/home/mira"))
    }

    #[test]
    fn files_are_taken_from_the_folder_of_the_caller() {
        let expected = Arguments {
            demo: true,
            files: vec!["/home/mira/tam.json".into(), "/srv/x".into(), "/home/mira/--demo".into()],
        };
        assert_eq!(parse(&["tam.json", "--demo", "/srv/x", "--", "--demo"]), Ok(Request::Start(expected)));
    }

    #[test]
    fn help_and_version_are_printed_and_unknown_options_refused() {
        assert!(matches!(parse(&["--help"]), Ok(Request::Say(text)) if text.contains("--demo")));
        assert!(matches!(parse(&["-V"]), Ok(Request::Say(text)) if text.contains("Backstory 0.")));
        assert_eq!(parse(&["--delete"]), Err("Backstory has no option --delete. Try --help.".to_owned()));
    }
}
