//! What a message of the system says of what came in while the player was elsewhere: one message, however many files.

use std::collections::BTreeMap;

use crate::{
    api::import::{FileResult, Outcome},
    wording::{Arg, Language, List, say},
};

/// So many characters are named; of the others it is said how many they are.
const NAMED: usize = 4;
/// A name is as long as its player likes, a message is not.
const LONGEST: usize = 80;

/// A message of the system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// Its heading.
    pub title: String,
    /// What stands below it. Plain text.
    pub body: String,
}

/// The menu of the sign in the system's tray.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrayMenu {
    /// Brings the window back.
    pub open: String,
    /// What goes on meanwhile. It can be read and not chosen.
    pub folders: String,
    /// Ends the program.
    pub quit: String,
}

/// What that menu says while so many folders are watched.
pub fn tray_menu(folders: usize, language: Language) -> TrayMenu {
    TrayMenu {
        open: say("tray-open").text(language),
        folders: say("tray-folders").with("count", folders as i64).text(language),
        quit: say("tray-quit").text(language),
    }
}

/// Whether a player would want to hear of it.
pub fn is_news(result: &FileResult) -> bool {
    matches!(result.outcome, Outcome::Added | Outcome::Changed)
}

/// One message for all of these; none where nothing is news.
pub fn notice(results: &[FileResult], language: Language) -> Option<Notice> {
    // The last of each character, in the order in which they first came.
    let mut characters: Vec<&FileResult> = Vec::new();
    let mut places: BTreeMap<Option<&str>, usize> = BTreeMap::new();
    for result in results.iter().filter(|result| is_news(result)) {
        let place =
            *places.entry(result.character.as_ref().map(|id| id.as_str())).or_insert(characters.len());
        match characters.get_mut(place) {
            Some(earlier) => *earlier = result,
            None => characters.push(result),
        }
    }
    let name = |result: &&FileResult| short(result.name.as_deref().unwrap_or_default());
    match characters.as_slice() {
        [] => None,
        [one] => {
            let body = match one.sentences.as_slice() {
                [] => say("notice-saved").text(language),
                sentences => sentences.iter().map(|sentence| short(sentence)).collect::<Vec<_>>().join(". "),
            };
            Some(Notice { title: name(one), body })
        }
        many => {
            let mut names: Vec<Arg> = many.iter().take(NAMED).map(|result| name(result).into()).collect();
            if many.len() > NAMED {
                names.push(say("more").with("count", (many.len() - NAMED) as i64).into());
            }
            let body = say("numbers").with("numbers", List::And(names)).text(language);
            Some(Notice {
                title: say("notice-characters").with("count", many.len() as i64).text(language),
                body,
            })
        }
    }
}

/// In one line, and not too long for a message.
fn short(text: &str) -> String {
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    match line.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        error::{Code, Error},
        model::CharacterId,
    };

    fn came(number: u32, outcome: Outcome, sentences: &[&str]) -> FileResult {
        FileResult {
            outcome,
            character: CharacterId::new(format!("ddb-{number}")).ok(),
            name: Some(format!("Hero {number}")),
            sentences: sentences.iter().map(|&sentence| sentence.to_owned()).collect(),
            error: None,
            ..FileResult::failed("x.json", None, Error::new(Code::NotJson, "No."))
        }
    }

    #[test]
    fn one_character_is_told_by_the_last_that_happened() {
        let results = [
            came(1, Outcome::Added, &["First saved"]),
            came(2, Outcome::Quiet, &[]),
            came(3, Outcome::Identical, &[]),
            came(1, Outcome::Changed, &["Reached Wizard 5", "Learned Fireball"]),
        ];
        let told = notice(&results, Language::En).unwrap();
        assert_eq!(
            (told.title.as_str(), told.body.as_str()),
            ("Hero 1", "Reached Wizard 5. Learned Fireball")
        );
        assert_eq!(notice(&results[1..3], Language::En), None, "a check is no news");
    }

    #[test]
    fn many_characters_are_one_message() {
        let results: Vec<_> = (1..=7).map(|number| came(number, Outcome::Changed, &["Rested"])).collect();
        let told = notice(&results, Language::En).unwrap();
        assert_eq!(told.title, "7 of your characters changed");
        assert_eq!(told.body, "Hero 1, Hero 2, Hero 3, Hero 4 and 3 more");
        assert_eq!(notice(&results, Language::De).unwrap().title, "7 deiner Figuren haben sich verändert");
    }

    #[test]
    fn a_long_name_is_cut_and_stays_in_one_line() {
        let mut result = came(1, Outcome::Changed, &[]);
        result.name = Some(format!("A\n{}", "ö".repeat(500)));
        let told = notice(&[result], Language::En).unwrap();
        assert_eq!(told.title.chars().count(), LONGEST + 1);
        assert!(!told.title.contains('\n'));
        assert_eq!(told.body, "A new version was saved");
    }
}
