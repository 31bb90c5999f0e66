//! The command line of the window: which files to bring in, and whether to show the samples.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
};

use backstory_core::model::CharacterId;
use tauri::Url;

const HELP: &str = "\
Backstory keeps every version of your D&D characters.

Usage: backstory-desktop [--demo] [FILE]... [backstory://character/ID]

  FILE         Files and folders to bring in. The window asks before it imports them.
  backstory://character/ID
               Opens this character. Nothing else is done.
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
    /// The character to open.
    pub(crate) character: Option<CharacterId>,
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
                Some(link) if !only_files && link.starts_with(SCHEME) => {
                    arguments.character = Some(character(link)?);
                }
                Some(link) if !only_files && link.starts_with("file:") => {
                    arguments.files.extend(Url::parse(link).ok().and_then(|url| url.to_file_path().ok()));
                }
                _ => arguments.files.push(folder.join(word)),
            }
        }
        Ok(Request::Start(arguments))
    }
}

/// Links to Backstory begin so.
const SCHEME: &str = "backstory:";

/// The character that a link means. A link comes from anywhere, so it can say no more than which one.
fn character(link: &str) -> Result<CharacterId, String> {
    let id = link.strip_prefix("backstory://character/").unwrap_or_default();
    let id = id.strip_suffix('/').unwrap_or(id);
    CharacterId::new(id).map_err(|_| "This is not a link to a character in Backstory.".to_owned())
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
            character: None,
            files: vec!["/home/mira/tam.json".into(), "/srv/x".into(), "/home/mira/--demo".into()],
        };
        assert_eq!(parse(&["tam.json", "--demo", "/srv/x", "--", "--demo"]), Ok(Request::Start(expected)));
    }

    #[test]
    fn a_file_may_come_as_a_link_to_it() {
        let Ok(Request::Start(arguments)) = parse(&["file:///home/mira/My%20export.backstory"]) else {
            panic!()
        };
        assert_eq!(arguments.files, [PathBuf::from("/home/mira/My export.backstory")]);
        let Ok(Request::Start(arguments)) = parse(&["file://elsewhere/share/x"]) else { panic!() };
        assert_eq!(arguments.files, Vec::<PathBuf>::new(), "another computer's file is none of this one");
    }

    #[test]
    fn a_link_names_a_character_and_does_nothing_else() {
        let Ok(Request::Start(arguments)) = parse(&["backstory://character/ddb-102"]) else { panic!() };
        assert_eq!(arguments.character, CharacterId::new("ddb-102").ok());
        assert_eq!(arguments.files, Vec::<PathBuf>::new());
        for link in [
            "backstory:",
            "backstory://import/x",
            "backstory://character/",
            "backstory://character/a?b=c",
            "backstory://character/../a",
        ] {
            assert!(parse(&[link]).is_err(), "{link}");
        }
    }

    #[test]
    fn help_and_version_are_printed_and_unknown_options_refused() {
        assert!(matches!(parse(&["--help"]), Ok(Request::Say(text)) if text.contains("--demo")));
        assert!(matches!(parse(&["-V"]), Ok(Request::Say(text)) if text.contains("Backstory 0.")));
        assert_eq!(parse(&["--delete"]), Err("Backstory has no option --delete. Try --help.".to_owned()));
    }
}
