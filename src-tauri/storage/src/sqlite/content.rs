//! Documents in the file: one row for each distinct content of a character, most of them differences against another.

use std::sync::Arc;

use backstory_core::{history::encoding, model::ContentHash};
use rusqlite::{Connection, OptionalExtension, params};

use super::{
    failure::{Result, damaged},
    rows::{integer, unsigned},
};
use crate::{
    codec::{self, Codec},
    recent::RecentDocuments,
};

/// A content as it is stored.
struct Stored {
    base: Option<i64>,
    codec: Codec,
    length: usize,
    hash: ContentHash,
    data: Vec<u8>,
}

/// The row of a content, if the character has it.
pub(super) fn find(connection: &Connection, character: i64, hash: &ContentHash) -> Result<Option<i64>> {
    let mut statement =
        connection.prepare_cached("SELECT row FROM content WHERE character = ?1 AND hash = ?2")?;
    Ok(statement.query_row(params![character, hash.0], |row| row.get(0)).optional()?)
}

fn load(connection: &Connection, row: i64) -> Result<Stored> {
    let mut statement =
        connection.prepare_cached("SELECT base, codec, length, hash, data FROM content WHERE row = ?1")?;
    let columns = |row: &rusqlite::Row<'_>| {
        Ok((row.get(0)?, row.get::<_, i64>(1)?, row.get::<_, i64>(2)?, row.get(3)?, row.get(4)?))
    };
    let Some((base, codec, length, hash, data)) = statement.query_row([row], columns).optional()? else {
        return Err(damaged("A saved document leans on another one that is missing."));
    };
    let length = usize::try_from(length).map_err(|_| damaged("A saved document has no length."))?;
    Ok(Stored { base, codec: Codec::from_number(codec)?, length, hash: ContentHash(hash), data })
}

/// Decodes a content and compares it with its hash.
///
/// Follows the chain of bases down to a keyframe, or to a document that is still in `recent`.
pub(super) fn document(
    connection: &Connection,
    recent: &mut RecentDocuments,
    row: i64,
) -> Result<Arc<Vec<u8>>> {
    let mut chain = Vec::new();
    let mut next = Some(row);
    let mut start = None;
    while let Some(row) = next {
        let stored = load(connection, row)?;
        start = recent.get(&stored.hash);
        if start.is_some() {
            break;
        }
        // Bases are always stored first, so a chain that does not lead to lower rows would never end.
        next = stored.base;
        if next.is_some_and(|base| base >= row) {
            return Err(damaged("A saved document leans on a later one."));
        }
        chain.push(stored);
    }
    let Some(wanted) = chain.first().map(|stored| stored.hash) else {
        return start.ok_or_else(|| damaged("A saved document is missing."));
    };
    let document = Arc::new(rebuild(&chain, start.as_ref().map(|start| start.as_slice()))?);
    if ContentHash::of(&document) != wanted {
        return Err(damaged("A saved document is not what was saved: its checksum does not match."));
    }
    recent.put(wanted, Arc::clone(&document));
    Ok(document)
}

/// Decodes a chain from its far end, in two buffers that take turns.
fn rebuild(chain: &[Stored], start: Option<&[u8]>) -> Result<Vec<u8>> {
    let (mut document, mut spare) = (Vec::new(), Vec::new());
    for (n, stored) in chain.iter().rev().enumerate() {
        let base = if n == 0 { start } else { Some(document.as_slice()) };
        codec::decode(stored.codec, &stored.data, base, stored.length, &mut spare)?;
        std::mem::swap(&mut document, &mut spare);
    }
    Ok(document)
}

/// Keeps a document, once per character.
pub(super) fn put(
    connection: &Connection,
    recent: &mut RecentDocuments,
    character: i64,
    hash: ContentHash,
    bytes: Arc<Vec<u8>>,
) -> Result<()> {
    if find(connection, character, &hash)?.is_some() {
        return Ok(());
    }
    let rung = next_rung(connection, character)?;
    let (base, encoded) = match base_for(connection, character, rung)? {
        Some(row) => encode_against(connection, recent, row, &bytes)?,
        None => (None, codec::encode(&bytes, None)?),
    };
    connection
        .prepare_cached(
            "INSERT INTO content (character, rung, base, codec, length, hash, data) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?
        .execute(params![
            character,
            integer(rung),
            base,
            encoded.codec.number(),
            integer(bytes.len() as u64),
            hash.0,
            encoded.data,
        ])?;
    recent.put(hash, bytes);
    Ok(())
}

/// A damaged base is no reason not to save: the document is then kept whole.
fn encode_against(
    connection: &Connection,
    recent: &mut RecentDocuments,
    row: i64,
    bytes: &[u8],
) -> Result<(Option<i64>, codec::Encoded)> {
    let base = match document(connection, recent, row) {
        Ok(base) => Some(base),
        Err(failure) if failure.is_damage() => {
            tracing::warn!(row, "a content cannot be a base: {failure:?}");
            None
        }
        Err(failure) => return Err(failure),
    };
    let encoded = codec::encode(bytes, base.as_ref().map(|base| base.as_slice()))?;
    Ok(((encoded.codec == Codec::ZstdPrefix).then_some(row), encoded))
}

fn next_rung(connection: &Connection, character: i64) -> Result<u64> {
    let mut statement = connection.prepare_cached("SELECT max(rung) FROM content WHERE character = ?1")?;
    let last: Option<i64> = statement.query_row([character], |row| row.get(0))?;
    last.map_or(Ok(0), |last| Ok(unsigned(last)? + 1))
}

/// The row of the rung a new one leans on.
fn base_for(connection: &Connection, character: i64, rung: u64) -> Result<Option<i64>> {
    let mut statement =
        connection.prepare_cached("SELECT row FROM content WHERE character = ?1 AND rung = ?2")?;
    for rung in encoding::way_down(rung) {
        let row = statement.query_row(params![character, integer(rung)], |row| row.get(0)).optional()?;
        if row.is_some() {
            return Ok(row);
        }
    }
    Ok(None)
}
