//! What every write must keep to, whatever backend it goes to.
//!
//! Backends store numbers and times in 64 bits with a sign. The in-memory backend could take more; it refuses the same,
//! so that nothing works in a test that would not work on a disk.

use std::io;

use backstory_core::{
    error::{Code, Error, Result},
    model::{CharacterId, CharacterIndex, ContentHash, VersionMetadata},
    privacy::audit::SEGMENT,
    storage::{Change, Changes, Expect, MAX_DOCUMENT, MAX_TEXT, QueryFilter, Setting, Write},
};
use jiff::Timestamp;

/// A moment as nanoseconds since 1970. Moments outside 1677–2262 become the nearest one inside: right for comparing, and
/// [`check`] keeps them from being stored.
pub(crate) fn nanoseconds(time: Timestamp) -> i64 {
    let exact = time.as_nanosecond();
    i64::try_from(exact).unwrap_or(if exact < 0 { i64::MIN } else { i64::MAX })
}

/// # Errors
/// [`Code::Internal`] when the write breaks a rule of [`Write`]; [`Code::InvalidArgument`] when it holds a time that
/// cannot be stored.
pub(crate) fn check(write: &Write) -> Result<()> {
    match write {
        Write::Character { index, .. } => check_index(index),
        Write::Content { hash, bytes, .. } if ContentHash::of(bytes) != *hash => {
            Err(Error::internal("A document was to be stored under the hash of another one."))
        }
        Write::Content { bytes, .. } if bytes.len() > MAX_DOCUMENT => Err(too_large("A document")),
        Write::Content { .. } | Write::DropVersions { .. } | Write::Erase { .. } => Ok(()),
        Write::Version { metadata } => check_metadata(metadata),
        Write::Sightings { at, .. } | Write::RemoveSightings { at, .. } => at.iter().try_for_each(check_time),
        Write::Member { campaign, user, .. } => {
            check_text("A campaign's name", campaign)?;
            check_text("A user's name", user)
        }
        Write::Audit { note, .. } => {
            check_text("What is noted", &note.origin)?;
            note.about.iter().try_for_each(|about| check_text("What is noted", about))?;
            match &note.log {
                Some(segment) if segment.entries.len() > SEGMENT => Err(too_large("What is noted")),
                _ => Ok(()),
            }
        }
        Write::Setting { setting, .. } => check_setting(setting),
    }
}

fn check_setting(setting: &Setting) -> Result<()> {
    let is_letter = |byte: u8| byte.is_ascii_lowercase();
    let may_stand = |byte: u8| is_letter(byte) || byte.is_ascii_digit() || b"._-".contains(&byte);
    let key = setting.key.as_bytes();
    if !key.first().copied().is_some_and(is_letter)
        || !key.iter().copied().all(may_stand)
        || key.len() > Setting::MAX_KEY
    {
        return Err(Error::internal(format!("{:?} is no name for a setting.", setting.key)));
    }
    check_number(setting.revision)?;
    let Some(value) = &setting.value else { return Ok(()) };
    check_text("A setting", value)?;
    serde_json::from_str::<serde::de::IgnoredAny>(value)
        .map(drop)
        .map_err(|error| Error::internal("A setting was to be stored that is no JSON.").caused_by(error))
}

/// What a refusal of the disk is called.
pub(crate) fn disk_code(error: &io::Error) -> Code {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Code::StorageFull,
        _ => Code::StorageFailed,
    }
}

/// Refuses a filter that no list of this product would ask for.
///
/// # Errors
/// [`Code::InvalidArgument`] when a text is too long.
pub(crate) fn check_filter(filter: &QueryFilter) -> Result<()> {
    let texts = [&filter.name, &filter.text, &filter.campaign, &filter.owner];
    texts.into_iter().flatten().try_for_each(|text| check_text("A search text", text))?;
    filter.classes.iter().chain(&filter.names).try_for_each(|text| check_text("A search text", text))
}

fn check_text(what: &str, text: &str) -> Result<()> {
    if text.len() <= MAX_TEXT { Ok(()) } else { Err(too_large(what)) }
}

fn too_large(what: &str) -> Error {
    Error::new(Code::InvalidArgument, format!("{what} is larger than a library takes."))
        .kept("Nothing was changed.")
        .hint("Make it shorter.")
}

fn check_index(index: &CharacterIndex) -> Result<()> {
    check_time(&index.first_captured)?;
    check_time(&index.last_captured)?;
    check_time(&index.last_changed)?;
    index.growth.iter().try_for_each(|point| check_time(&point.at))?;
    index.deleted_at.iter().chain(&index.anonymised_at).try_for_each(check_time)?;
    check_text("A name", &index.name)?;
    [&index.campaign, &index.owner].into_iter().flatten().try_for_each(|text| check_text("A name", text))?;
    check_number(index.revision)
}

fn check_metadata(metadata: &VersionMetadata) -> Result<()> {
    check_time(&metadata.captured_at)?;
    metadata.edited_at.iter().try_for_each(check_time)?;
    check_time(&metadata.seen.last)?;
    metadata.tags.iter().chain(&metadata.origin).try_for_each(|text| check_text("A tag", text))?;
    check_number(metadata.version)?;
    check_number(metadata.bytes)?;
    check_number(metadata.seen.count)
}

fn check_time(time: &Timestamp) -> Result<()> {
    if i64::try_from(time.as_nanosecond()).is_ok() {
        return Ok(());
    }
    Err(Error::new(
        Code::InvalidArgument,
        format!("The time {time} cannot be stored: it must lie between the years 1678 and 2261."),
    ))
}

fn check_number(number: u64) -> Result<()> {
    i64::try_from(number).map(drop).map_err(|_| Error::internal("A number to be stored is beyond counting."))
}

/// Compares a character's revision, as it was before the transaction, with what the write expects.
///
/// # Errors
/// [`Code::Conflict`] when it is another one; [`Code::Internal`] when the new revision is not higher.
pub(crate) fn check_revision(before: Option<u64>, expect: Expect, index: &CharacterIndex) -> Result<()> {
    check_expected(&index.id, before, expect)?;
    if before.is_some_and(|before| index.revision <= before) {
        return Err(Error::internal(format!(
            "The new revision of {} is not higher than the old one.",
            index.id
        )));
    }
    Ok(())
}

/// Compares a character's revision, as it was before the transaction, with what a write expects.
///
/// # Errors
/// [`Code::Conflict`] when it is another one.
pub(crate) fn check_expected(character: &CharacterId, before: Option<u64>, expect: Expect) -> Result<()> {
    let holds = match expect {
        Expect::Absent => before.is_none(),
        Expect::Revision(revision) => before == Some(revision),
    };
    if holds {
        return Ok(());
    }
    Err(Error::new(Code::Conflict, format!("{character} was changed by somebody else in the meantime."))
        .kept("Nothing of this change was written; what the others wrote is there.")
        .hint("Try again: the change is then made on top of theirs."))
}

/// A version names a content nobody stored.
pub(crate) fn content_unknown(metadata: &VersionMetadata) -> Error {
    Error::internal(format!(
        "Version {} of {} was to be stored without its document.",
        metadata.version, metadata.character
    ))
}

/// A sighting names a version the character does not have.
pub(crate) fn version_unknown(character: &impl std::fmt::Display) -> Error {
    Error::internal(format!("A sighting of {character} names a version that is not there."))
}

/// A version's identity or number already stands for another one.
pub(crate) fn version_taken(metadata: &VersionMetadata) -> Error {
    Error::internal(format!(
        "Version {} of {} was to be stored in the place of another one.",
        metadata.version, metadata.character
    ))
}

/// There is no such content.
pub(crate) fn content_not_found(character: &impl std::fmt::Display) -> Error {
    Error::new(Code::VersionNotFound, format!("{character} has no such document."))
        .hint("Look at its history to see which versions there are.")
}

/// A part of the change feed from all that happened since, oldest first. A revision's changes are never torn apart: where the
/// limit falls inside one, all of it is told.
pub(crate) fn feed(changes: impl Iterator<Item = Change>, now: u64, limit: u32) -> Changes {
    let mut feed = Changes { revision: now, ..Changes::default() };
    for change in changes {
        let last = feed.changes.last().map(|last: &Change| last.revision);
        if feed.changes.len() >= limit.max(1) as usize
            && let Some(last) = last.filter(|last| *last < change.revision)
        {
            return Changes { revision: last, more: true, ..feed };
        }
        feed.changes.push(change);
    }
    feed
}

/// The writing transaction of somebody else takes too long.
pub(crate) fn busy() -> Error {
    Error::new(
        Code::StoreBusy,
        "The library is busy: something else is writing to it for longer than Backstory waits.",
    )
    .kept("Nothing was changed.")
    .hint("Wait until the other work is done, then try again.")
}

/// A transaction that already failed was used again.
pub(crate) fn transaction_over() -> Error {
    Error::internal("A transaction was used after it had failed.")
}
