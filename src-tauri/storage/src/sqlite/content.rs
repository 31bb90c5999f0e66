//! Documents in the file: one row for each distinct content of a character, most of them differences against another.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use backstory_core::{
    history::encoding,
    model::{ContentHash, Stored as StoredForm},
    storage::{Encoding, Recompressed},
};
use rusqlite::{Connection, OptionalExtension, params};

use super::{
    failure::{Result, damaged},
    rows::{integer, unsigned},
    session::Session,
};
use crate::{
    codec::{self, Codec, Link},
    recent::RecentDocuments,
    seal::Owner,
};

/// What is added to the number of a codec where its data is encrypted.
pub(super) const SEALED: i64 = 0x100;

/// The field that documents are bound to.
pub(super) const FIELD: &str = "document";

/// A content as it is stored, opened.
struct Stored {
    base: Option<i64>,
    codec: Codec,
    length: usize,
    hash: ContentHash,
    data: Vec<u8>,
}

/// The row of a content, if the character has it. What the index says is compared with the row itself: a damaged index must
/// not pass one document off as another.
pub(super) fn find(connection: &Connection, character: i64, hash: &ContentHash) -> Result<Option<i64>> {
    let mut statement = connection.prepare_cached(
        "SELECT c.row, c.character = ?1 AND c.hash = ?2 FROM content AS i JOIN content AS c ON c.row = i.row \
         WHERE i.character = ?1 AND i.hash = ?2",
    )?;
    let columns = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?));
    match statement.query_row(params![character, hash.0], columns).optional()? {
        Some((_, false)) => Err(damaged("A saved document is listed under the hash of another one.")),
        found => Ok(found.map(|(row, _): (i64, bool)| row)),
    }
}

/// Those that lean on each other have one owner, which is looked up once.
fn load(session: &Session, row: i64, owner: &mut Option<Owner>) -> Result<Stored> {
    let mut statement = session.prepare_cached(
        "SELECT base, codec, length, hash, coalesce((SELECT data FROM archive WHERE content = row), data), character \
             FROM content WHERE row = ?1",
    )?;
    let columns = |row: &rusqlite::Row<'_>| {
        let (hash, data): ([u8; 32], Vec<u8>) = (row.get(3)?, row.get(4)?);
        Ok((row.get(0)?, row.get(1)?, row.get::<_, i64>(2)?, hash, data, row.get::<_, i64>(5)?))
    };
    let found = statement.query_row([row], columns).optional()?;
    let Some((base, number, length, hash, data, character)) = found else {
        return Err(damaged("A saved document leans on another one that is missing."));
    };
    let length = usize::try_from(length).map_err(|_| damaged("A saved document has no length."))?;
    let owner = match owner {
        Some(owner) => owner,
        None => owner.insert(session.owner(character)?),
    };
    let (codec, is_sealed) = form(number)?;
    let data = owner.open(FIELD, &hash, data, is_sealed)?.into_owned();
    Ok(Stored { base, codec, length, hash: ContentHash(hash), data })
}

/// How a content is kept, by its number, and whether it is encrypted.
fn form(number: i64) -> Result<(Codec, bool)> {
    Ok((Codec::from_number(number & !SEALED)?, number & SEALED != 0))
}

/// The number and the bytes that a content is kept as.
fn sealed(owner: &Owner, hash: &ContentHash, encoded: codec::Encoded) -> Result<(i64, Vec<u8>)> {
    let number = encoded.codec.number();
    Ok(match owner.seal(FIELD, &hash.0, &encoded.data)? {
        Some(sealed) => (number | SEALED, sealed),
        None => (number, encoded.data),
    })
}

/// Decodes a content and compares it with its hash.
///
/// Follows the chain of bases down to a keyframe, or to a document that is still in `recent`.
pub(super) fn document(connection: &Session, recent: &mut RecentDocuments, row: i64) -> Result<Arc<Vec<u8>>> {
    let mut chain = Vec::new();
    let mut next = Some(row);
    let (mut start, mut owner) = (None, None);
    while let Some(row) = next {
        let stored = load(connection, row, &mut owner)?;
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
    let links =
        chain.iter().map(|stored| Link { codec: stored.codec, data: &stored.data, length: stored.length });
    let document = Arc::new(codec::rebuild(links, start.as_ref().map(|start| start.as_slice()), &wanted)?);
    recent.put(wanted, Arc::clone(&document));
    Ok(document)
}

/// Stores a content's bytes from one owner for another. What was written is opened once more before the old bytes go.
pub(super) fn rewrite(session: &Session, row: i64, from: &Owner, into: &Owner) -> Result<()> {
    let (number, hash, is_archived, kept): (i64, [u8; 32], bool, Vec<u8>) = session
        .prepare_cached(
            "SELECT c.codec, c.hash, a.data IS NOT NULL, coalesce(a.data, c.data) FROM content AS c \
             LEFT JOIN archive AS a ON a.content = c.row WHERE c.row = ?1",
        )?
        .query_row([row], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?;
    let (codec, is_sealed) = form(number)?;
    let data = from.open(FIELD, &hash, &kept, is_sealed)?;
    let sealed = into.seal(FIELD, &hash, &data)?;
    if let Some(sealed) = &sealed
        && into.open(FIELD, &hash, sealed, true)? != data
    {
        return Err(damaged("A document could not be encrypted."));
    }
    let number = codec.number() | if sealed.is_some() { SEALED } else { 0 };
    let data = sealed.as_deref().unwrap_or(&data);
    if is_archived {
        session
            .prepare_cached("UPDATE archive SET data = ?2 WHERE content = ?1")?
            .execute(params![row, data])?;
        session.prepare_cached("UPDATE content SET codec = ?2 WHERE row = ?1")?.execute([row, number])?;
    } else {
        session
            .prepare_cached("UPDATE content SET codec = ?2, data = ?3 WHERE row = ?1")?
            .execute(params![row, number, data])?;
    }
    Ok(())
}

/// Keeps a document, once per character.
pub(super) fn put(
    connection: &Session,
    recent: &mut RecentDocuments,
    encoding: &Encoding,
    character: i64,
    hash: ContentHash,
    bytes: Arc<Vec<u8>>,
) -> Result<()> {
    if find(connection, character, &hash)?.is_some() {
        return Ok(());
    }
    let rung = next_rung(connection, character)?;
    let (base, encoded) = match base_for(connection, character, rung, encoding.ladder)? {
        Some(row) => encode_against(connection, recent, row, &bytes, encoding)?,
        None => (None, codec::encode(&bytes, None, encoding)?),
    };
    let length = integer(bytes.len() as u64);
    let (number, data) = sealed(&connection.writing_owner(character)?, &hash, encoded)?;
    connection
        .prepare_cached(
            "INSERT INTO content (character, rung, base, codec, length, hash, data) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?
        .execute(params![
            character,
            integer(rung),
            base,
            number,
            length,
            hash.0,
            data,
        ])?;
    recent.put(hash, bytes);
    Ok(())
}

/// A damaged base is no reason not to save: the document is then kept whole.
fn encode_against(
    connection: &Session,
    recent: &mut RecentDocuments,
    row: i64,
    bytes: &[u8],
    encoding: &Encoding,
) -> Result<(Option<i64>, codec::Encoded)> {
    let base = match document(connection, recent, row) {
        Ok(base) => Some(base),
        Err(failure) if failure.is_damage() => {
            tracing::warn!(row, error = ?failure, "a content cannot be a base");
            None
        }
        Err(failure) => return Err(failure),
    };
    let encoded = codec::encode(bytes, base.as_ref().map(|base| base.as_slice()), encoding)?;
    Ok((encoded.codec.is_delta().then_some(row), encoded))
}

fn next_rung(connection: &Connection, character: i64) -> Result<u64> {
    let mut statement = connection.prepare_cached("SELECT max(rung) FROM content WHERE character = ?1")?;
    let last: Option<i64> = statement.query_row([character], |row| row.get(0))?;
    last.map_or(Ok(0), |last| Ok(unsigned(last)? + 1))
}

/// The row of the rung a new one leans on.
fn base_for(connection: &Connection, character: i64, rung: u64, ladder: u8) -> Result<Option<i64>> {
    let mut statement =
        connection.prepare_cached("SELECT row FROM content WHERE character = ?1 AND rung = ?2")?;
    for rung in encoding::way_down(rung, ladder) {
        let row = statement.query_row(params![character, integer(rung)], |row| row.get(0)).optional()?;
        if row.is_some() {
            return Ok(row);
        }
    }
    Ok(None)
}

/// How a document is kept, for people who want to know.
pub(super) fn stored(
    connection: &Connection,
    character: i64,
    hash: &ContentHash,
) -> Result<Option<StoredForm>> {
    let mut statement = connection.prepare_cached(
        "SELECT c.codec, length(c.data) + coalesce((SELECT length(data) FROM archive WHERE content = c.row), 0), b.hash \
         FROM content AS c LEFT JOIN content AS b ON b.row = c.base WHERE c.character = ?1 AND c.hash = ?2",
    )?;
    let columns =
        |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get::<_, Option<[u8; 32]>>(2)?));
    let found: Option<(i64, i64, _)> = statement.query_row(params![character, hash.0], columns).optional()?;
    let Some((codec, bytes, base)) = found else { return Ok(None) };
    let codec = form(codec)?.0.name().to_owned();
    Ok(Some(StoredForm { codec, bytes: unsigned(bytes)?, base: base.map(ContentHash) }))
}

/// Moves a document into the archive area when only archived versions have it, and out of it when another one does.
pub(super) fn place(connection: &Connection, row: i64) -> Result<()> {
    let (belongs, lies): (bool, bool) = connection
        .prepare_cached(
            "SELECT coalesce((SELECT min(archived) FROM version WHERE content = ?1), 0), \
             EXISTS (SELECT 1 FROM archive WHERE content = ?1)",
        )?
        .query_row([row], |row| Ok((row.get(0)?, row.get(1)?)))?;
    match (belongs, lies) {
        (true, false) => into_archive(connection, row),
        (false, true) => {
            for sql in [
                "UPDATE content SET data = (SELECT data FROM archive WHERE content = row) WHERE row = ?1",
                "DELETE FROM archive WHERE content = ?1",
            ] {
                connection.prepare_cached(sql)?.execute([row])?;
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

/// The copy is read back before the old place is given up.
fn into_archive(connection: &Connection, row: i64) -> Result<()> {
    connection
        .prepare_cached("INSERT INTO archive (content, data) SELECT row, data FROM content WHERE row = ?1")?
        .execute([row])?;
    let arrived: bool = connection
        .prepare_cached("SELECT a.data = c.data FROM archive AS a JOIN content AS c ON c.row = a.content WHERE c.row = ?1")?
        .query_row([row], |row| row.get(0))?;
    if !arrived {
        return Err(damaged("A document did not arrive in the archive as it was."));
    }
    connection.prepare_cached("UPDATE content SET data = x'' WHERE row = ?1")?.execute([row])?;
    Ok(())
}

/// Those of the documents that no version has; the others are put where they belong now.
pub(super) fn unused(connection: &Connection, rows: BTreeSet<i64>) -> Result<BTreeSet<i64>> {
    let mut unused = BTreeSet::new();
    for row in rows {
        let used: bool = connection
            .prepare_cached("SELECT EXISTS (SELECT 1 FROM version WHERE content = ?1)")?
            .query_row([row], |row| row.get(0))?;
        if used {
            place(connection, row)?;
        } else {
            unused.insert(row);
        }
    }
    Ok(unused)
}

/// Takes documents away. What leans on them is first stored against something that stays, and compared with its hash.
pub(super) fn drop(
    connection: &Session,
    recent: &mut RecentDocuments,
    encoding: &Encoding,
    character: i64,
    rows: &BTreeSet<i64>,
) -> Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let ladder = Ladder::of(connection, character)?;
    let dropped = rows.iter().filter_map(|row| ladder.rungs.get(row).copied()).collect();
    for rebase in encoding::plan_drop(&ladder.bases, &dropped) {
        let row = ladder.rows.get(&rebase.rung).copied();
        let onto = rebase.onto.and_then(|rung| ladder.rows.get(&rung).copied());
        if let Some(row) = row {
            store_anew(connection, recent, encoding, row, onto)?;
        }
    }
    // From the top down: each leans on those below it.
    for row in rows.iter().rev() {
        connection.prepare_cached("DELETE FROM archive WHERE content = ?1")?.execute([row])?;
        connection.prepare_cached("DELETE FROM content WHERE row = ?1")?.execute([row])?;
    }
    Ok(())
}

/// Which documents of a character lean on which.
struct Ladder {
    /// What each rung leans on.
    bases: BTreeMap<u64, Option<u64>>,
    /// Where each rung is.
    rows: BTreeMap<u64, i64>,
    /// Which rung each row is.
    rungs: BTreeMap<i64, u64>,
}

impl Ladder {
    fn of(connection: &Connection, character: i64) -> Result<Self> {
        let mut statement = connection.prepare_cached(
            "SELECT c.row, c.rung, b.rung FROM content AS c LEFT JOIN content AS b ON b.row = c.base \
             WHERE c.character = ?1",
        )?;
        let mut found = statement.query([character])?;
        let mut ladder = Self { bases: BTreeMap::new(), rows: BTreeMap::new(), rungs: BTreeMap::new() };
        while let Some(row) = found.next()? {
            let (at, rung) = (row.get(0)?, unsigned(row.get(1)?)?);
            let base = row.get::<_, Option<i64>>(2)?.map(unsigned).transpose()?;
            ladder.bases.insert(rung, base);
            ladder.rows.insert(rung, at);
            ladder.rungs.insert(at, rung);
        }
        Ok(ladder)
    }
}

/// Stores a document against another base, or whole, and reads it back before anything of the old form is lost. Says
/// whether that changed anything.
fn store_anew(
    connection: &Session,
    recent: &mut RecentDocuments,
    encoding: &Encoding,
    row: i64,
    onto: Option<i64>,
) -> Result<bool> {
    let bytes = document(connection, recent, row)?;
    let (base, encoded) = match onto {
        Some(onto) => encode_against(connection, recent, onto, &bytes, encoding)?,
        None => (None, codec::encode(&bytes, None, encoding)?),
    };
    let was = load(connection, row, &mut None)?;
    if (was.base, was.codec, &was.data) == (base, encoded.codec, &encoded.data) {
        return Ok(false);
    }
    let character = connection
        .prepare_cached("SELECT character FROM content WHERE row = ?1")?
        .query_row([row], |row| row.get(0))?;
    let (number, data) = sealed(&connection.writing_owner(character)?, &was.hash, encoded)?;
    connection.prepare_cached("DELETE FROM archive WHERE content = ?1")?.execute([row])?;
    connection
        .prepare_cached("UPDATE content SET base = ?2, codec = ?3, data = ?4 WHERE row = ?1")?
        .execute(params![row, base, number, data])?;
    place(connection, row)?;
    let again = document(connection, &mut RecentDocuments::new(0), row)?;
    if again == bytes { Ok(true) } else { Err(damaged("A document could not be stored anew.")) }
}

/// Stores every document of a character anew. One that is damaged, or leans on a damaged one, stays as it is.
pub(super) fn recompress(
    connection: &Session,
    recent: &mut RecentDocuments,
    encoding: &Encoding,
    character: i64,
) -> Result<Recompressed> {
    let ladder = Ladder::of(connection, character)?;
    let mut sum = Recompressed { bytes_before: bytes_of(connection, character)?, ..Recompressed::default() };
    for (&rung, &row) in &ladder.rows {
        sum.contents += 1;
        let onto = base_for(connection, character, rung, encoding.ladder)?;
        match store_anew(connection, recent, encoding, row, onto) {
            Ok(changed) => sum.rewritten += u64::from(changed),
            Err(failure) if failure.is_damage() => {
                tracing::warn!(row, error = ?failure, "a document stays as it is");
            }
            Err(failure) => return Err(failure),
        }
    }
    sum.bytes_after = bytes_of(connection, character)?;
    Ok(sum)
}

/// What a character's documents take, encoded.
fn bytes_of(connection: &Connection, character: i64) -> Result<u64> {
    let mut statement = connection.prepare_cached(
        "SELECT coalesce(sum(length(c.data) + coalesce(length(a.data), 0)), 0) \
         FROM content AS c LEFT JOIN archive AS a ON a.content = c.row WHERE c.character = ?1",
    )?;
    unsigned(statement.query_row([character], |row| row.get(0))?)
}
