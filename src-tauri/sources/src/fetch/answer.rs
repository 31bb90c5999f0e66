//! What an answer of D&D Beyond means: a character, or why not, in a player's words.

use backstory_core::{
    error::{Code, Error},
    source::Draft,
};
use jiff::{SignedDuration, Timestamp, fmt::rfc2822};

use crate::{decode::KEPT, files};

/// A refusal, and whether asking again may help.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) error: Box<Error>,
    pub(super) again: Again,
}

/// Whether asking again may help.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Again {
    Never,
    /// After a while, as long as that is commonly.
    Later,
    /// Not before then: the server says so.
    NotBefore(Timestamp),
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self { error: Box::new(error), again: Again::Never }
    }
}

/// An answer as it came.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) retry_after: Option<String>,
    pub(super) body: Vec<u8>,
}

/// The character in an answer, where it is the one that was asked for.
pub(super) fn character(
    answer: Answer,
    number: u64,
    with_session: bool,
    minimise: bool,
    now: Timestamp,
) -> Result<Draft, Refusal> {
    let Answer { status, retry_after, body } = answer;
    if status != 200 {
        return Err(refused(status, retry_after.as_deref(), body, with_session, now));
    }
    let draft = files::fetched(body, now, minimise).map_err(|error| in_words(error, with_session))?;
    if draft.character.as_str() != format!("ddb-{number}") {
        return Err(another().into());
    }
    Ok(draft)
}

/// What another status than 200 means.
fn refused(
    status: u16,
    retry_after: Option<&str>,
    body: Vec<u8>,
    with_session: bool,
    now: Timestamp,
) -> Refusal {
    // What the body says goes along as facts; the status decides.
    let said = files::fetched(body, now, true).err();
    let page = said.as_ref().is_some_and(|error| error.code == Code::WebPage);
    let retry_at = retry_after.and_then(|text| retry_at(text, now));
    let again = retry_at.map_or(Again::Later, Again::NotBefore);
    let refusal = match status {
        429 => Refusal { error: Box::new(rate_limited(retry_at)), again },
        403 | 503 if page => web_page().into(),
        401 | 403 => private(with_session).into(),
        404 | 410 => gone().into(),
        300..=399 => redirected().into(),
        500..=599 => Refusal { error: Box::new(failed(status)), again },
        _ => source_refused(said.as_ref().and_then(own_words)).into(),
    };
    let facts = said.map(|error| error.details).unwrap_or_default();
    let error = facts.into_iter().fold(*refusal.error, |error, (key, value)| error.detail(&key, value));
    Refusal { error: Box::new(error.detail("status", status)), again: refusal.again }
}

/// Why there is no token for a session. Nothing of the body is repeated.
pub(super) fn no_token(answer: &Answer, now: Timestamp) -> Error {
    let page = answer.body.trim_ascii_start().starts_with(b"<");
    match answer.status {
        400..=499 if page => web_page(),
        429 | 300..=399 | 500..=599 => {
            *refused(answer.status, answer.retry_after.as_deref(), Vec::new(), true, now).error
        }
        _ => session_expired().detail("status", answer.status),
    }
}

/// The words for a file become words for an answer.
fn in_words(error: Error, with_session: bool) -> Error {
    let words = match error.code {
        Code::CharacterPrivate => private(with_session),
        Code::SourceRefused => source_refused(own_words(&error)),
        Code::WebPage => web_page(),
        Code::JsonTruncated => cut_off(),
        Code::FileEmpty | Code::NotJson | Code::JsonDamaged | Code::JsonTooDeep | Code::EncodingUnknown => {
            not_json(error.code)
        }
        Code::FormatUnknown | Code::FormatUnsupported => other_form(),
        _ => return error,
    };
    error.details.into_iter().fold(words, |error, (key, value)| error.detail(&key, value))
}

/// What the server itself says.
fn own_words(error: &Error) -> Option<&str> {
    error.details.get("serverMessage").and_then(|said| said.as_str())
}

/// When a server wants to be asked again: in so many seconds, or at a date.
fn retry_at(text: &str, now: Timestamp) -> Option<Timestamp> {
    let text = text.trim();
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        let seconds = text.parse::<i64>().ok()?.min(SignedDuration::from_hours(24).as_secs());
        return now.checked_add(SignedDuration::from_secs(seconds)).ok();
    }
    let parser = rfc2822::DateTimeParser::new().relaxed_weekday(true);
    parser.parse_timestamp(text).ok().map(|at| at.max(now))
}

fn error(code: Code, message: impl Into<String>, hint: &str) -> Error {
    Error::new(code, message).kept(KEPT).hint(hint)
}

pub(super) fn private(with_session: bool) -> Error {
    let (message, hint) = match with_session {
        false => (
            "D&D Beyond says this character is private.",
            "Set the character to public on D&D Beyond and try again. Or let Backstory use your own session \
             (`backstory login ddb`), or import the JSON you save in your browser.",
        ),
        true => (
            "D&D Beyond says this character is private, also to your session.",
            "Look whether you can open the character in your browser. If you can, sign in there again and give \
             Backstory the new session with `backstory login ddb`.",
        ),
    };
    error(Code::CharacterPrivate, message, hint)
}

pub(super) fn session_expired() -> Error {
    error(
        Code::SessionExpired,
        "D&D Beyond does not accept your session any more, and the character is private.",
        "Sign in on dndbeyond.com in your browser and give Backstory the new session with `backstory login ddb`.",
    )
}

fn gone() -> Error {
    error(
        Code::CharacterGone,
        "D&D Beyond has no such character: it was deleted, or the number is wrong.",
        "Look at the address in your browser. Versions you saved earlier stay in your library.",
    )
}

/// That the source is asked too often.
pub(super) fn rate_limited(at: Option<Timestamp>) -> Error {
    let told = match at {
        Some(at) => {
            format!(
                "Try again after {} UTC.",
                at.round(jiff::Unit::Second).unwrap_or(at).strftime("%Y-%m-%d %H:%M:%S")
            )
        }
        None => "Try again in a few minutes.".to_owned(),
    };
    let words = error(Code::RateLimited, "D&D Beyond asks for fewer requests at the moment.", &told);
    match at {
        Some(at) => words.detail("retry_at", at.to_string()),
        None => words,
    }
}

fn failed(status: u16) -> Error {
    error(
        Code::SourceFailed,
        format!("D&D Beyond has a problem of its own at the moment (it answers {status})."),
        "Try again later.",
    )
}

fn redirected() -> Error {
    error(
        Code::SourceRedirected,
        "D&D Beyond sent Backstory to another address, which it does not follow.",
        "Look whether a sign-in page of your network stands in between, then try again.",
    )
}

fn web_page() -> Error {
    error(
        Code::WebPage,
        "D&D Beyond sent a web page instead of the character, most likely one that checks for robots.",
        "Try again later, or import the JSON you save in your browser.",
    )
}

pub(super) fn cut_off() -> Error {
    error(Code::JsonTruncated, "The answer of D&D Beyond stopped in the middle.", "Try again.").retryable()
}

fn not_json(code: Code) -> Error {
    error(code, "D&D Beyond answered with something that is not JSON.", "Try again later.")
}

fn other_form() -> Error {
    error(
        Code::FormatUnknown,
        "D&D Beyond answered with JSON that is not a character Backstory knows.",
        "Look whether there is a newer Backstory: D&D Beyond may have changed the form of its answers.",
    )
}

fn another() -> Error {
    error(
        Code::SourceRefused,
        "D&D Beyond sent another character than the one that was asked for.",
        "Look at the address in your browser, then try again.",
    )
}

fn source_refused(said: Option<&str>) -> Error {
    let message = match said {
        Some(said) => {
            let stop = if said.ends_with(['.', '!', '?']) { "" } else { "." };
            format!("D&D Beyond gave no character. It says: {said}{stop}")
        }
        None => "D&D Beyond gave no character, and no reason.".to_owned(),
    };
    error(Code::SourceRefused, message, "Open the character on D&D Beyond to see whether it is still there.")
}

pub(super) fn too_large(limit: usize) -> Error {
    error(
        Code::FileTooLarge,
        format!("The answer of D&D Beyond has more than {} MB. No character has.", limit >> 20),
        "Look at the address: a character sheet has less than 3 MB.",
    )
}

/// Why no answer came at all.
pub(super) fn unreachable(reason: &'static str) -> Error {
    let (message, hint) = match reason {
        "timeout" => ("D&D Beyond did not answer in time.", "Look at your connection, then try again."),
        "dns" => (
            "The name of D&D Beyond’s server was not found: this computer seems to be offline.",
            "Look at your connection, then try again.",
        ),
        "tls" => (
            "There is no safe connection to D&D Beyond: its certificate was not accepted.",
            "Look whether this computer's clock is right and whether something in your network reads along.",
        ),
        _ => (
            "D&D Beyond cannot be reached: this computer seems to be offline, or the server is.",
            "Look at your connection, then try again.",
        ),
    };
    error(Code::SourceUnreachable, message, hint).detail("reason", reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_of_a_time_to_come_back() {
        let now: Timestamp = "1994-11-06T08:48:37Z".parse().unwrap();
        let at = |text| retry_at(text, now).map(|at| at.to_string());
        assert_eq!(at("120").unwrap(), "1994-11-06T08:50:37Z");
        assert_eq!(at(" 0 ").unwrap(), "1994-11-06T08:48:37Z");
        assert_eq!(at("Sun, 06 Nov 1994 08:49:37 GMT").unwrap(), "1994-11-06T08:49:37Z");
        assert_eq!(at("Sun, 06 Nov 1993 08:49:37 GMT").unwrap(), "1994-11-06T08:48:37Z", "long ago is now");
        assert_eq!(at("99999999999").unwrap(), "1994-11-07T08:48:37Z", "at most a day");
        assert_eq!(at("99999999999999999999"), None);
        assert_eq!(at("soon"), None);
    }
}
