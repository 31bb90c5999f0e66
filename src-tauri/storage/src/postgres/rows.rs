//! Between the model and its rows.

use std::{borrow::Cow, collections::BTreeSet};

use backstory_core::{
    error::Error,
    model::{CharacterId, CharacterIndex, ContentHash, Kind, Role, Stored, VersionMetadata},
};
use jiff::Timestamp;
use serde::{Serialize, de::DeserializeOwned};
use tokio_postgres::Row;

use super::failure::{Failure, Result, damaged};
use crate::{
    codec::Codec,
    matching::{self, fold},
    rules::nanoseconds,
};

/// A count as PostgreSQL keeps it. `rules::check` has refused what does not fit.
pub(super) fn integer(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A count as PostgreSQL kept it.
pub(super) fn unsigned(number: i64) -> Result<u64> {
    u64::try_from(number).map_err(|_| damaged("A number in the library is below zero."))
}

pub(super) fn timestamp(nanoseconds: i64) -> Result<Timestamp> {
    Timestamp::from_nanosecond(i128::from(nanoseconds))
        .map_err(|_| damaged("A time in the library is out of range."))
}

/// The mark before an escaped character.
const MARK: char = '\u{1}';

/// A text as a column takes it.
///
/// PostgreSQL keeps no zero byte in a text. So the four lowest characters are written as a mark and two of those characters
/// that are never written otherwise: one text contains another, or comes before it, exactly where it did before.
pub(super) fn escaped(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|byte| byte > 3) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        match u32::from(character) {
            low @ 0..4 => {
                let digit = |bit: u32| if low & bit == 0 { '\u{2}' } else { '\u{3}' };
                escaped.extend([MARK, digit(2), digit(1)]);
            }
            _ => escaped.push(character),
        }
    }
    Cow::Owned(escaped)
}

/// A text from a column.
pub(super) fn plain(text: String) -> String {
    if !text.contains(MARK) {
        return text;
    }
    let mut plain = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        if character == MARK {
            let mut bit = |bit: u8| if characters.next() == Some('\u{3}') { bit } else { 0 };
            plain.push(char::from(bit(2) | bit(1)));
        } else {
            plain.push(character);
        }
    }
    plain
}

/// A value as JSON, which escapes what a column does not take.
pub(super) fn to_json(value: &impl Serialize) -> Result<String> {
    serde_json::to_string(value).map_err(|error| {
        Failure::Said(Error::internal("A row could not be written as JSON.").caused_by(error))
    })
}

pub(super) fn from_json<T: DeserializeOwned>(text: &str, what: &str) -> Result<T> {
    serde_json::from_str(text)
        .map_err(|_| damaged(format!("What the library knows of {what} cannot be read.")))
}

/// The columns [`index`] reads, of `character AS c`.
macro_rules! index_columns {
    () => {
        "c.id, c.revision, c.deleted_at, c.owner, c.owner_named OR c.owner <> current_user, c.details"
    };
}
pub(super) use index_columns;

/// A character's row.
///
/// Whose it is and whether it is in the bin is said by the columns that the policies guard, never by the JSON. Who wrote a
/// row without naming an owner reads it back like that; everybody else reads whose it is.
pub(super) fn index(row: &Row) -> Result<CharacterIndex> {
    let id = CharacterId::new(row.try_get::<_, String>(0)?)?;
    let mut index: CharacterIndex = from_json(row.try_get(5)?, id.as_str())?;
    index.id = id;
    index.revision = unsigned(row.try_get(1)?)?;
    index.deleted_at = row.try_get::<_, Option<i64>>(2)?.map(timestamp).transpose()?;
    index.owner = if row.try_get(4)? { Some(plain(row.try_get(3)?)) } else { None };
    Ok(index)
}

/// A character's row as its columns.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct IndexColumns {
    pub(super) revision: i64,
    pub(super) deleted_at: Option<i64>,
    pub(super) owner: Option<String>,
    pub(super) level: i64,
    pub(super) last_changed: i64,
    pub(super) campaign: Option<String>,
    pub(super) name_folded: String,
    pub(super) search_folded: String,
    pub(super) classes: Vec<String>,
    pub(super) classes_folded: Vec<String>,
    pub(super) details: String,
    /// The same for PostgreSQL's own eyes.
    pub(super) sheet: String,
}

impl IndexColumns {
    pub(super) fn of(index: &CharacterIndex) -> Result<Self> {
        let names: BTreeSet<&str> = index.classes.iter().map(|class| class.name.as_str()).collect();
        let text = |text: &str| escaped(text).into_owned();
        let guarded = CharacterIndex { owner: None, deleted_at: None, ..index.clone() };
        let details = to_json(&guarded)?;
        Ok(Self {
            revision: integer(index.revision),
            deleted_at: index.deleted_at.map(nanoseconds),
            owner: index.owner.as_deref().map(text),
            level: i64::from(index.level),
            last_changed: nanoseconds(index.last_changed),
            campaign: matching::campaign(index).map(text),
            name_folded: text(&fold(&index.name)),
            search_folded: text(&matching::search_text(index)),
            classes: names.iter().map(|name| text(name)).collect(),
            classes_folded: names.iter().map(|name| text(&fold(name))).collect(),
            sheet: details.replace("\\u0000", "\\ufffd"),
            details,
        })
    }
}

/// A version from its JSON.
pub(super) fn version(character: &CharacterId, details: &str) -> Result<VersionMetadata> {
    from_json(details, character.as_str())
}

/// The JSON of a version.
pub(super) fn version_details(metadata: &VersionMetadata) -> Result<String> {
    if metadata.stored.is_none() && metadata.trace.is_none() {
        return to_json(metadata);
    }
    to_json(&VersionMetadata { stored: None, trace: None, ..metadata.clone() })
}

/// How a document is kept, from its codec, its size and the hash of its base.
pub(super) fn stored(codec: i16, bytes: i32, base: Option<&[u8]>) -> Result<Stored> {
    Ok(Stored {
        codec: Codec::from_number(codec.into())?.name().to_owned(),
        bytes: unsigned(bytes.into())?,
        base: base.map(hash).transpose()?,
    })
}

/// A content's name from its column.
pub(super) fn hash(bytes: &[u8]) -> Result<ContentHash> {
    let bytes = bytes.try_into().map_err(|_| damaged("A document in the library has no proper name."))?;
    Ok(ContentHash(bytes))
}

/// The number a kind is stored as. A number is never given a new meaning.
pub(super) fn kind_number(kind: Kind) -> i16 {
    match kind {
        Kind::Baseline => 0,
        Kind::Change => 1,
        Kind::State => 2,
        Kind::Quiet => 3,
    }
}

/// What a role is called in the table.
pub(super) fn role_name(role: Role) -> &'static str {
    match role {
        Role::DungeonMaster => "dungeon_master",
        Role::Player => "player",
        Role::Viewer => "viewer",
    }
}

/// The role of a name in the table.
pub(super) fn role(name: &str) -> Result<Role> {
    [Role::DungeonMaster, Role::Player, Role::Viewer]
        .into_iter()
        .find(|&role| role_name(role) == name)
        .ok_or_else(|| damaged("A member of a campaign has an unknown role."))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn an_escaped_text_means_the_same(a in "[\\x00-\\x05a]{0,8}", b in "[\\x00-\\x05a]{0,3}") {
            let (left, right) = (escaped(&a), escaped(&b));
            prop_assert!(!left.contains('\0'));
            prop_assert_eq!(left.contains(&*right), a.contains(&b));
            prop_assert_eq!(left.cmp(&right), a.cmp(&b));
            prop_assert_eq!(plain(left.into_owned()), a);
        }

        #[test]
        fn any_text_comes_back(text: String) {
            prop_assert_eq!(plain(escaped(&text).into_owned()), text);
        }
    }
}
