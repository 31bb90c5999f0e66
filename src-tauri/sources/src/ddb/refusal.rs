//! Answers that say no: a private character, or an error instead of one.

use backstory_core::{
    error::{Code, Error},
    json::Value,
};

/// Whether the document is an answer that says no.
pub(super) fn says_no(root: Value<'_>) -> bool {
    root.get("success").and_then(Value::as_bool) == Some(false)
}

/// What it says, in a player's words.
pub(super) fn error(root: Value<'_>) -> Error {
    let words = own_words(root);
    let error =
        if words.as_deref().is_some_and(is_about_privacy) { private() } else { refused(words.as_deref()) };
    let error = match root.path(&["data"]).and_then(|data| data.text("errorCode")) {
        Some(code) => error.detail("errorCode", code),
        None => error,
    };
    match words {
        Some(words) => error.detail("serverMessage", words),
        None => error,
    }
}

/// The longest message that is repeated to the player.
const LONGEST: usize = 200;

/// What the server itself says, where it says something: its `serverMessage`, else its `message`.
/// "An unexpected error has occured" is on every error of 2020, spelled so, and tells nothing.
fn own_words(root: Value<'_>) -> Option<String> {
    let server = root.present("data").and_then(|data| data.text("serverMessage"));
    let words =
        server.or_else(|| root.text("message")).filter(|words| !words.starts_with("An unexpected error"))?;
    Some(words.chars().filter(|c| !c.is_control()).take(LONGEST).collect())
}

/// Seen: "Unauthorized Access Attempt." (the service), "Character must be set to public in order to be accessible." (ddb-proxy).
fn is_about_privacy(words: &str) -> bool {
    let words = words.to_lowercase();
    ["unauthorized", "forbidden", "private", "set to public", "permission"]
        .iter()
        .any(|sign| words.contains(sign))
}

fn private() -> Error {
    Error::new(Code::CharacterPrivate, "D&D Beyond says this character is private, so the file holds no sheet.")
        .kept("Your saved versions are as they were.")
        .hint("Set the character to public on D&D Beyond and download it again, or import a file you saved earlier.")
}

fn refused(words: Option<&str>) -> Error {
    let message = match words {
        Some(words) => {
            let stop = if words.ends_with(['.', '!', '?']) { "" } else { "." };
            format!("The file holds an error message instead of a character. It says: {words}{stop}")
        }
        None => "The file holds an error message instead of a character, and the message gives no reason."
            .to_owned(),
    };
    Error::new(Code::SourceRefused, message)
        .kept("Your saved versions are as they were.")
        .hint("Open the character on D&D Beyond to see whether it is still there, then download it again.")
}
