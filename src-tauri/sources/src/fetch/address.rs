//! Which character somebody means: its number, or any of the addresses its page has had.

use backstory_core::error::{Code, Error, Result};

use crate::decode::KEPT;

/// The number of the character that is meant.
///
/// # Errors
/// `invalid_argument` for what is neither a number nor an address of a character.
pub(super) fn number(text: &str) -> Result<u64> {
    let text = text.trim();
    let plain = text.strip_prefix("ddb-").unwrap_or(text);
    positive(plain).or_else(|| positive(in_address(text)?)).ok_or_else(|| not_one(text))
}

fn positive(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    // What does not fit an i64 is no number that D&D Beyond gives.
    let number = digits.then(|| text.parse::<i64>().ok()).flatten()?;
    u64::try_from(number).ok().filter(|number| *number > 0)
}

/// The number as it stands in an address.
fn in_address(text: &str) -> Option<&str> {
    let end = text.find(['?', '#']).unwrap_or(text.len());
    let text = &text[..end];
    let rest = match text.split_once("://") {
        Some((scheme, rest))
            if scheme.eq_ignore_ascii_case("https") || scheme.eq_ignore_ascii_case("http") =>
        {
            rest
        }
        Some(_) => return None,
        None => text,
    };
    let (host, path) = rest.split_once('/')?;
    if !["dndbeyond.com", "www.dndbeyond.com"].iter().any(|known| host.eq_ignore_ascii_case(known)) {
        return None;
    }
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    match parts.as_slice() {
        ["characters", number, ..] | ["profile", _, "characters", number, ..] => Some(number),
        _ => None,
    }
}

fn not_one(text: &str) -> Error {
    let shown: String = text.chars().filter(|c| !c.is_control()).take(80).collect();
    Error::new(Code::InvalidArgument, format!("“{shown}” is not a character on D&D Beyond."))
        .kept(KEPT)
        .hint("Give the address of the character's page, as https://www.dndbeyond.com/characters/12345, or the number in it.")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_form_an_address_has_had() {
        for text in [
            "145081718",
            " 145081718\n",
            "ddb-145081718",
            "https://www.dndbeyond.com/characters/145081718",
            "http://dndbeyond.com/characters/145081718/",
            "HTTPS://WWW.DNDBeyond.com/characters/145081718/builder",
            "https://www.dndbeyond.com/characters/145081718/builder/home/basic?from=x#top",
            "dndbeyond.com/characters/145081718?x=1",
            "www.dndbeyond.com/profile/Some%20One/characters/145081718",
            "https://www.dndbeyond.com/profile/someone/characters/145081718/json",
            "https://www.dndbeyond.com/characters/145081718#/inventory",
        ] {
            assert_eq!(number(text).unwrap(), 145_081_718, "{text}");
        }
    }

    #[test]
    fn what_is_no_character() {
        for text in [
            "",
            "0",
            "-5",
            "+5",
            "1e5",
            "９",
            "99999999999999999999",
            "https://www.dndbeyond.com/characters/",
            "https://www.dndbeyond.com/characters/builder",
            "https://www.dndbeyond.com/campaigns/12",
            "https://dndbeyond.com.example.org/characters/5",
            "https://www.dndbeyond.com@example.org/characters/5",
            "https://example.org/dndbeyond.com/characters/5",
            "ftp://dndbeyond.com/characters/5",
            "/characters/5",
            "../../5",
        ] {
            let error = number(text).unwrap_err();
            assert_eq!(error.code, Code::InvalidArgument, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_is_too_odd(text in ".{0,60}", tail in "[a-z0-9/?#:@.]{0,40}") {
            let _ = number(&text);
            let _ = number(&format!("https://dndbeyond.com/{tail}"));
        }
    }
}
