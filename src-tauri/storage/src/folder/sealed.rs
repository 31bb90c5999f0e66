//! Files of JSON that a person can read and that know when they were changed: the last line is a checksum of all before it.
//!
//! An editor shows an ordinary JSON object whose last field is `checksum`. Every byte counts, spaces too, so that nothing
//! changes unnoticed; a file that is still sound JSON after a change is told from one that is not.

use backstory_core::error::{Error, Result};
use serde::{Serialize, de::DeserializeOwned};

use super::disk::damaged;

const BEFORE: &str = ",\n  \"checksum\": \"";
const AFTER: &str = "\"\n}\n";

/// What a sealed file turned out to be.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Unsealed<T> {
    /// As it was written.
    Whole(T),
    /// It can be read, and it is not what was written: somebody edited it, or a bit flipped.
    Edited(T),
    /// It cannot be read.
    Damaged(String),
}

impl<T> Unsealed<T> {
    /// What was written.
    ///
    /// # Errors
    /// `store_damaged` when it is anything else.
    pub(super) fn whole(self, place: &str) -> Result<T> {
        match self {
            Self::Whole(value) => Ok(value),
            Self::Edited(_) => {
                Err(damaged(format!("{place} was changed by something other than Backstory.")))
            }
            Self::Damaged(why) => Err(damaged(format!("{place} cannot be read: {why}."))),
        }
    }

    /// The same of something made of it.
    pub(super) fn map<U>(self, make: impl FnOnce(T) -> U) -> Unsealed<U> {
        match self {
            Self::Whole(value) => Unsealed::Whole(make(value)),
            Self::Edited(value) => Unsealed::Edited(make(value)),
            Self::Damaged(why) => Unsealed::Damaged(why),
        }
    }

    /// Whatever can be read, trusted or not.
    pub(super) fn readable(self) -> Option<T> {
        match self {
            Self::Whole(value) | Self::Edited(value) => Some(value),
            Self::Damaged(_) => None,
        }
    }
}

/// The text of a sealed file. `value` must be an object with at least one field.
///
/// # Errors
/// `internal` when it cannot be told as JSON.
pub(super) fn seal(value: &impl Serialize) -> Result<Vec<u8>> {
    let unwritable =
        |error| Error::internal("A part of the library cannot be written as JSON.").caused_by(error);
    let mut text = serde_json::to_vec_pretty(value).map_err(unwritable)?;
    text.truncate(text.len().saturating_sub("\n}".len()));
    let checksum = blake3::hash(&text).to_hex();
    text.extend_from_slice(BEFORE.as_bytes());
    text.extend_from_slice(checksum.as_bytes());
    text.extend_from_slice(AFTER.as_bytes());
    Ok(text)
}

/// Reads a sealed file.
pub(super) fn unseal<T: DeserializeOwned>(text: &[u8]) -> Unsealed<T> {
    match serde_json::from_slice(text) {
        Ok(value) if is_whole(text) => Unsealed::Whole(value),
        Ok(value) => Unsealed::Edited(value),
        Err(error) => Unsealed::Damaged(error.to_string()),
    }
}

/// Whether a text ends with the checksum of what stands before it.
pub(super) fn is_whole(text: &[u8]) -> bool {
    let length = blake3::OUT_LEN * 2;
    let Some(payload) = text.len().checked_sub(BEFORE.len() + length + AFTER.len()) else { return false };
    let (payload, tail) = text.split_at(payload);
    let checksum = blake3::hash(payload).to_hex();
    tail.strip_prefix(BEFORE.as_bytes()).and_then(|tail| tail.strip_suffix(AFTER.as_bytes()))
        == Some(checksum.as_bytes())
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Page {
        name: String,
        number: u64,
    }

    #[test]
    fn what_is_sealed_can_be_read_by_anybody_and_opened() {
        let page = Page { name: "Mirren".to_owned(), number: 7 };
        let text = seal(&page).unwrap();
        assert_eq!(unseal(&text), Unsealed::Whole(page));
        let plain: serde_json::Value = serde_json::from_slice(&text).unwrap();
        assert_eq!((&plain["name"], &plain["number"]), (&"Mirren".into(), &7.into()));
        assert!(
            String::from_utf8(text).unwrap().starts_with("{\n  \"name\": \"Mirren\",\n  \"number\": 7,\n")
        );
    }

    #[test]
    fn no_byte_changes_unnoticed() {
        let text = seal(&Page { name: "Mirren".to_owned(), number: 7 }).unwrap();
        for place in 0..text.len() {
            for flip in [1, 2, 4, 8, 16, 32, 64, 128] {
                let mut changed = text.clone();
                changed[place] ^= flip;
                assert!(!matches!(unseal::<Page>(&changed), Unsealed::Whole(_)), "{place}");
            }
            assert!(!matches!(unseal::<Page>(&text[..place]), Unsealed::Whole(_)), "{place}");
        }
        let edited = String::from_utf8(text).unwrap().replace('7', "8");
        assert_eq!(
            unseal::<Page>(edited.as_bytes()),
            Unsealed::Edited(Page { name: "Mirren".to_owned(), number: 8 })
        );
    }
}
