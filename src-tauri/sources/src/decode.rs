//! From bytes to a JSON tree, with words for everything that can be wrong on the way.
//!
//! The stored document is the text, byte for byte. Two things are not the text's own and are taken off: a byte order mark
//! and the UTF-16 encoding. A file in UTF-16 or with a mark is stored as the same text in plain UTF-8, because D&D Beyond
//! sends plain UTF-8 and the rest was added by an editor: two saves of one sheet are then the same document.

use std::borrow::Cow;

use backstory_core::{
    error::{Code, Error, Result},
    json::{self, ParseError, ParseErrorKind, Tree},
};

/// What every failure here leaves untouched.
pub(crate) const KEPT: &str = "Your saved versions are as they were.";

const AGAIN: &str = "Download it again, then import the new file.";

/// The text of a file: UTF-8 with or without a mark, UTF-16 in either order with or without one.
///
/// # Errors
/// `file_empty`, `not_json` for what is plainly another kind of file, `encoding_unknown`.
/// A UTF-8 text that was cut inside a character gives the whole characters: that it stops in the middle is said by [`parse`].
pub fn text(bytes: &[u8]) -> Result<Cow<'_, str>> {
    if !bytes.is_empty() && bytes.iter().all(|&b| b == 0) {
        return Err(empty("The file holds nothing but zeros: it was never written to the end."));
    }
    if let Some(kind) = other_kind(bytes) {
        return Err(kind);
    }
    let text = decoded(bytes)?;
    if text.trim().is_empty() { Err(empty("The file is empty.")) } else { Ok(text) }
}

fn decoded(bytes: &[u8]) -> Result<Cow<'_, str>> {
    match bytes {
        [0xEF, 0xBB, 0xBF, rest @ ..] => utf8(rest),
        [0xFF, 0xFE, 0, 0, ..] | [0, 0, 0xFE, 0xFF, ..] => Err(encoding("UTF-32")),
        [0xFF, 0xFE, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xFE, 0xFF, rest @ ..] => utf16(rest, u16::from_be_bytes),
        // JSON begins with two ASCII characters: a zero beside the first one gives UTF-16 away.
        [first, 0, ..] if *first != 0 => utf16(bytes, u16::from_le_bytes),
        [0, second, ..] if *second != 0 => utf16(bytes, u16::from_be_bytes),
        _ => utf8(bytes),
    }
}

fn empty(message: &str) -> Error {
    Error::new(Code::FileEmpty, message).kept(KEPT).hint(AGAIN)
}

fn encoding(name: &str) -> Error {
    Error::new(Code::EncodingUnknown, format!("The text is in {name}, which Backstory does not read."))
        .kept(KEPT)
        .hint("Open the file in a text editor, save it as UTF-8, then import it again.")
}

/// Other kinds of files by their first bytes.
fn other_kind(bytes: &[u8]) -> Option<Error> {
    let (what, hint) = match bytes {
        [0x1F, 0x8B, ..] => (
            "The file is compressed with gzip, whatever its name says.",
            "Unpack it, then import the file inside.",
        ),
        [b'P', b'K', 3 | 5, 4 | 6, ..] => (
            "The file is a ZIP archive, whatever its name says.",
            "Unpack it, then import the JSON files inside.",
        ),
        [b'%', b'P', b'D', b'F', ..] => (
            "The file is a PDF. A PDF shows a character sheet but does not hold it as data.",
            "Import the character as JSON from D&D Beyond.",
        ),
        [0x89, b'P', b'N', b'G', ..] | [0xFF, 0xD8, 0xFF, ..] => {
            ("The file is a picture, not a character.", "Import the character as JSON from D&D Beyond.")
        }
        _ => return None,
    };
    Some(Error::new(Code::NotJson, what).kept(KEPT).hint(hint))
}

fn utf8(bytes: &[u8]) -> Result<Cow<'_, str>> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(Cow::Borrowed(text)),
        // The last character was cut: what is before it is the text, and the parser will say that it stops.
        Err(e) if e.error_len().is_none() => {
            Ok(String::from_utf8_lossy(&bytes[..e.valid_up_to()]).into_owned().into())
        }
        Err(e) => Err(Error::new(
            Code::EncodingUnknown,
            format!("The text is not in UTF-8: byte {} cannot be read.", grouped(e.valid_up_to() + 1)),
        )
        .kept(KEPT)
        .hint("Open the file in a text editor, save it as UTF-8, then import it again.")
        .detail("offset", e.valid_up_to())),
    }
}

fn utf16(bytes: &[u8], read: fn([u8; 2]) -> u16) -> Result<Cow<'_, str>> {
    // An odd byte at the end is half a character of a file that was cut: the parser will say that it stops.
    let units = bytes.chunks_exact(2).map(|pair| read([pair[0], pair[1]]));
    let text: std::result::Result<String, _> = char::decode_utf16(units).collect();
    text.map(Cow::Owned).map_err(|e| encoding("damaged UTF-16").caused_by(e))
}

/// Parses a text. `bytes` is how long the file is, for the words.
///
/// # Errors
/// `web_page`, `not_json`, `json_truncated`, `json_damaged`, `json_too_deep`, `file_too_large`.
pub fn parse(text: &str, bytes: usize) -> Result<Tree<'_>> {
    let start = text.trim_start();
    if start.starts_with('<') {
        return Err(markup(start));
    }
    Tree::parse(text).map_err(|error| in_words(text, bytes, &error))
}

/// A page where JSON was expected: what the site sends to a bot check or to who is not signed in.
fn markup(start: &str) -> Error {
    let head = start.chars().take(2000).collect::<String>().to_lowercase();
    if !head.starts_with("<!doctype html") && !head.contains("<html") {
        return Error::new(Code::NotJson, "The file is not JSON: it begins like an XML file.")
            .kept(KEPT)
            .hint("Import the character as JSON from D&D Beyond.");
    }
    let checked = ["just a moment", "challenge", "captcha", "are you human", "attention required"];
    let message = if checked.iter().any(|sign| head.contains(sign)) {
        "The file is a web page that checks for robots, not a character."
    } else {
        "The file is a web page, not a character."
    };
    Error::new(Code::WebPage, message)
        .kept(KEPT)
        .hint("Open the character in your browser, wait until the sheet shows, then save its JSON again.")
}

fn in_words(text: &str, bytes: usize, error: &ParseError) -> Error {
    let words = match error.kind {
        ParseErrorKind::TooLarge => too_large(text.len() as u64),
        ParseErrorKind::TooDeep => too_deep(),
        ParseErrorKind::Truncated => truncated(bytes, &error.path),
        ParseErrorKind::Unexpected if text.get(..error.offset).is_some_and(|head| head.trim().is_empty()) => {
            not_json()
        }
        ParseErrorKind::Unexpected => damaged(text, error, "What stands there is not JSON."),
        ParseErrorKind::ControlCharacter => {
            damaged(text, error, "A line break or another invisible character stands inside a text.")
        }
        ParseErrorKind::Trailing => damaged(text, error, "The sheet has ended there, but the file goes on."),
    };
    words.detail("offset", error.offset as u64)
}

/// The refusal of a file that is larger than any sheet.
pub(crate) fn too_large(bytes: u64) -> Error {
    let limit = json::MAX_BYTES >> 20;
    let size = (bytes >> 20).max(limit as u64 + 1);
    Error::new(
        Code::FileTooLarge,
        format!("The file has {} MB. Backstory reads files up to {limit} MB.", grouped(size)),
    )
    .kept(KEPT)
    .hint("Check that this is the file you meant: a character sheet has less than 3 MB.")
    .detail("bytes", bytes)
}

fn too_deep() -> Error {
    let message =
        format!("The file is nested more than {} levels deep. No character sheet is.", json::MAX_DEPTH);
    Error::new(Code::JsonTooDeep, message)
        .kept(KEPT)
        .hint("Check that this is the file you meant, then import another.")
}

fn truncated(bytes: usize, path: &[String]) -> Error {
    let inside = inside(path).map(|place| format!(", inside {place}")).unwrap_or_default();
    let message = format!(
        "The file stops in the middle. It ends after {} bytes{inside}, so the download was probably cut off.",
        grouped(bytes)
    );
    Error::new(Code::JsonTruncated, message).kept(KEPT).hint(AGAIN)
}

fn not_json() -> Error {
    Error::new(
        Code::NotJson,
        "The file is not JSON. A character from D&D Beyond begins with a curly bracket.",
    )
    .kept(KEPT)
    .hint("Import the character as JSON from D&D Beyond.")
}

fn damaged(text: &str, error: &ParseError, what: &str) -> Error {
    let line = text.as_bytes().iter().take(error.offset).filter(|&&b| b == b'\n').count() + 1;
    let inside = inside(&error.path).map(|place| format!(", inside {place}")).unwrap_or_default();
    let message = format!(
        "The file is damaged on line {}, at byte {}{inside}. {what}",
        grouped(line),
        grouped(error.offset + 1)
    );
    Error::new(Code::JsonDamaged, message).kept(KEPT).hint(AGAIN).detail("line", line as u64)
}

/// The part of the sheet that a place in the document belongs to, in a player's words.
fn inside(path: &[String]) -> Option<String> {
    let wrapper = |key: &&String| !["data", "ddb", "character"].contains(&key.as_str());
    let key = path.iter().find(wrapper)?;
    Some(match key.as_str() {
        "inventory" | "customItems" => "the inventory".to_owned(),
        "spells" | "classSpells" => "the spells".to_owned(),
        "classes" => "the classes".to_owned(),
        "race" => "the species".to_owned(),
        "background" => "the background".to_owned(),
        "feats" => "the feats".to_owned(),
        "actions" | "customActions" => "the actions".to_owned(),
        "choices" | "options" => "the choices".to_owned(),
        "modifiers" | "characterValues" => "the modifiers".to_owned(),
        "notes" | "traits" => "the notes".to_owned(),
        "campaign" => "the campaign".to_owned(),
        "creatures" => "the companions".to_owned(),
        "items" => "the items".to_owned(),
        other => format!("“{}”", other.chars().filter(|c| !c.is_control()).take(40).collect::<String>()),
    })
}

/// A number with its thousands apart: 65,536.
pub(crate) fn grouped(number: impl std::fmt::Display) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn code(bytes: &[u8]) -> Code {
        text(bytes).and_then(|text| parse(&text, bytes.len()).map(drop)).unwrap_err().code
    }

    fn utf16(text: &str, write: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(write).collect()
    }

    #[test]
    fn every_encoding_gives_the_same_text() {
        let sheet = r#"{"name":"Zoë 🐉"}"#;
        let le = utf16(sheet, u16::to_le_bytes);
        let be = utf16(sheet, u16::to_be_bytes);
        let files = [
            sheet.as_bytes().to_vec(),
            [&[0xEF, 0xBB, 0xBF], sheet.as_bytes()].concat(),
            [&[0xFF, 0xFE], le.as_slice()].concat(),
            [&[0xFE, 0xFF], be.as_slice()].concat(),
            le,
            be,
        ];
        for bytes in files {
            assert_eq!(text(&bytes).unwrap(), sheet);
        }
    }

    #[test]
    fn what_is_no_sheet_says_what_it_is() {
        assert_eq!(code(b""), Code::FileEmpty);
        assert_eq!(code(b" \r\n\t "), Code::FileEmpty);
        assert_eq!(code(&[0xEF, 0xBB, 0xBF]), Code::FileEmpty);
        assert_eq!(code(&[0xFF, 0xFE, b' ', 0]), Code::FileEmpty);
        assert_eq!(code(&[0; 512]), Code::FileEmpty);
        assert_eq!(code(&[0x1F, 0x8B, 8, 0]), Code::NotJson);
        assert_eq!(code(b"PK\x03\x04rest"), Code::NotJson);
        assert_eq!(code(b"%PDF-1.7"), Code::NotJson);
        assert_eq!(code(b"hello"), Code::NotJson);
        assert_eq!(code(b"<?xml version='1.0'?><a/>"), Code::NotJson);
        assert_eq!(code(b"  <!DOCTYPE html><html>"), Code::WebPage);
        assert_eq!(code(b"{\"name\":\"Zo\xEB\"}"), Code::EncodingUnknown);
        assert_eq!(code(&[0xFF, 0xFE, 0, 0, b'{', 0, 0, 0]), Code::EncodingUnknown);
        assert_eq!(code(&[0xFF, 0xFE, 0, 0xD8, b'{', 0]), Code::EncodingUnknown);
        assert_eq!(code(b"{\"a\":1}{"), Code::JsonDamaged);
        assert_eq!(code(b"{\"a\":tru}"), Code::JsonDamaged);
        assert_eq!(code("[".repeat(1_000_000).as_bytes()), Code::JsonTooDeep);
    }

    #[test]
    fn a_file_that_stops_says_where() {
        let error = |bytes: &[u8]| text(bytes).and_then(|t| parse(&t, bytes.len()).map(drop)).unwrap_err();
        let said = error(br#"{"data":{"inventory":[{"id":1},{"na"#);
        assert_eq!(said.code, Code::JsonTruncated);
        assert_eq!(
            said.message,
            "The file stops in the middle. It ends after 35 bytes, inside the inventory, so the download was probably cut off."
        );
        // Cut inside a character, in either encoding.
        assert_eq!(error(b"{\"name\":\"Zo\xC3").code, Code::JsonTruncated);
        assert_eq!(error(&[b'{', 0, b'"', 0, b'a']).code, Code::JsonTruncated);
    }

    #[test]
    fn damage_says_where() {
        let text = "{\n \"notes\": {\"backstory\": \"a\nb\"}}";
        let said = parse(text, text.len()).unwrap_err();
        assert_eq!(said.code, Code::JsonDamaged);
        assert_eq!(
            said.message,
            "The file is damaged on line 2, at byte 29, inside the notes. \
             A line break or another invisible character stands inside a text."
        );
    }

    proptest! {
        #[test]
        fn no_bytes_are_too_odd(bytes in prop::collection::vec(any::<u8>(), 0..64), text in ".{0,40}") {
            for bytes in [bytes, text.into_bytes()] {
                let read = super::text(&bytes).and_then(|text| parse(&text, bytes.len()).map(drop));
                if let Err(error) = read {
                    prop_assert!(error.kept.is_some() && error.hint.is_some());
                }
            }
        }
    }

    #[test]
    fn thousands_stand_apart() {
        assert_eq!(
            [0, 12, 999, 1_000, 65_536, 1_234_567].map(grouped).join(" "),
            "0 12 999 1,000 65,536 1,234,567"
        );
    }
}
