//! What each version changed, and the index of the words in it.

use std::sync::Arc;

use backstory_core::{
    model::{CharacterId, SnapshotId, VersionMetadata},
    search::{self, SearchHit, SearchQuery},
    trace::Trace,
};
use rusqlite::{Connection, OptionalExtension as _, params};
use uuid::Uuid;

use super::{
    failure::{Result, damaged},
    rows::{self, unsigned},
    session::Session,
};
use crate::seal::{Owner, is_envelope};

/// How hard zstd tries: traces are small and somebody waits.
const LEVEL: i32 = 3;

/// The longest trace that is taken apart: what a document can hold, many times over.
const MAX_BYTES: usize = 64 << 20;

/// Keeps a version's trace in the place of the one before. A version without one keeps what it has.
pub(super) fn put(
    connection: &Session,
    owner: &Owner,
    version: i64,
    metadata: &VersionMetadata,
) -> Result<()> {
    let Some(trace) = &metadata.trace else { return Ok(()) };
    let json = rows::to_json(&**trace)?;
    let data =
        zstd::bulk::compress(json.as_bytes(), LEVEL).map_err(|_| damaged("A trace cannot be compressed."))?;
    let data = owner.seal(rows::TRACE, metadata.id.0.as_bytes(), &data)?.unwrap_or(data);
    let is_new = connection
        .prepare_cached(
            "INSERT INTO trace (version, data) VALUES (?1, ?2) \
             ON CONFLICT (version) DO UPDATE SET data = excluded.data WHERE data IS NOT excluded.data",
        )?
        .execute(params![version, data])?;
    match (is_new, owner.seals()) {
        (0, _) => Ok(()),
        (_, false) => index(connection, version, &words(trace)),
        // The words of what is encrypted stand nowhere.
        (_, true) => unindex(connection, version),
    }
}

/// What the index holds of a trace.
fn words(trace: &Trace) -> String {
    trace.words.iter().map(|words| search::fold(&words.1)).collect::<Vec<_>>().join("\n")
}

fn index(connection: &Connection, version: i64, words: &str) -> Result<()> {
    connection
        .prepare_cached("INSERT OR REPLACE INTO word_index (rowid, text) VALUES (?1, ?2)")?
        .execute(params![version, words])?;
    Ok(())
}

/// Takes a version's words out of the index.
pub(super) fn unindex(connection: &Connection, version: i64) -> Result<()> {
    connection.prepare_cached("DELETE FROM word_index WHERE rowid = ?1")?.execute([version])?;
    Ok(())
}

/// Puts the words of a trace into the index, which has none of them.
pub(super) fn reindex(connection: &Connection, version: i64, data: &[u8]) -> Result<()> {
    index(connection, version, &words(&read(data, "a character")?))
}

/// Makes the index of words anew: first so that it agrees with its own texts, then these with the traces. A trace that cannot
/// be read loses its place in the index; telling anew makes both.
pub(super) fn repair(connection: &Session) -> Result<()> {
    connection.execute("INSERT INTO word_index (word_index) VALUES ('rebuild')", [])?;
    connection.execute("DELETE FROM word_index WHERE rowid NOT IN (SELECT version FROM trace)", [])?;
    for (version, right) in stale(connection)? {
        match right {
            Some(right) => index(connection, version, &right)?,
            None => unindex(connection, version)?,
        }
    }
    Ok(())
}

/// The versions whose text in the index of words is not what their trace says, and what it says. A trace that cannot be read
/// says nothing; of an encrypted one there is to be nothing.
pub(super) fn stale(connection: &Session) -> Result<Vec<(i64, Option<String>)>> {
    let mut statement = connection.prepare(
        "SELECT t.version, t.data, w.text FROM trace AS t LEFT JOIN word_index AS w ON w.rowid = t.version",
    )?;
    let mut rows = statement.query([])?;
    let mut stale = Vec::new();
    while let Some(row) = rows.next()? {
        let data = row.get_ref(1)?.as_blob().ok();
        let right = match data.filter(|data| !is_envelope(data)) {
            None if data.is_some() => None,
            data => {
                let trace = data.and_then(|data| read(data, "a character").ok());
                Some(trace.map_or_else(String::new, |trace| words(&trace)))
            }
        };
        if row.get_ref(2)?.as_bytes_or_null().ok().flatten() != right.as_deref().map(str::as_bytes) {
            stale.push((row.get(0)?, right));
        }
    }
    Ok(stale)
}

/// Fills in the traces of versions of one character.
pub(super) fn fill(connection: &Session, owner: &Owner, versions: &mut [VersionMetadata]) -> Result<()> {
    let mut statement = connection.prepare_cached(
        "SELECT t.data FROM version AS v JOIN trace AS t ON t.version = v.row WHERE v.id = ?1",
    )?;
    for version in versions {
        let data: Option<Vec<u8>> =
            statement.query_row([version.id.0.as_bytes()], |row| row.get(0)).optional()?;
        let Some(data) = data else { continue };
        let data = owner.open(rows::TRACE, version.id.0.as_bytes(), &data, is_envelope(&data))?;
        version.trace = Some(Arc::new(read(&data, version.character.as_str())?));
    }
    Ok(())
}

fn read(data: &[u8], whose: &str) -> Result<Trace> {
    let json = zstd::bulk::decompress(data, MAX_BYTES).map_err(|_| unreadable(whose))?;
    rows::from_json(std::str::from_utf8(&json).map_err(|_| unreadable(whose))?, whose)
}

fn unreadable(whose: &str) -> super::failure::Failure {
    damaged(format!(
        "What a version of {whose} changed cannot be read. `backstory retell --all` tells it anew."
    ))
}

/// Where words appeared: the index gives the versions that have all of them, their traces say where.
pub(super) fn search(connection: &Session, query: &SearchQuery) -> Result<Vec<SearchHit>> {
    let words = query.words();
    if words.is_empty() {
        return Ok(Vec::new());
    }
    // Every word a prefix; in quotes, nothing in it is a sign of the query language. They hold letters and digits only.
    let terms: Vec<String> = words.iter().map(|word| ["\"", word, "\"*"].concat()).collect();
    let sql = match query.oldest_first {
        true => rows::found!("ORDER BY v.captured_at, v.id"),
        false => rows::found!("ORDER BY v.captured_at DESC, v.id DESC"),
    };
    let mut statement = connection.prepare_cached(sql)?;
    let wanted: Vec<&str> = query.characters.iter().map(CharacterId::as_str).collect();
    let mut found =
        statement.query(params![terms.join(" AND "), rows::to_json(&wanted)?, wanted.is_empty()])?;
    let limit = usize::try_from(query.limit.unwrap_or(SearchQuery::LIMIT)).unwrap_or(usize::MAX);
    let mut hits = Vec::new();
    while hits.len() < limit
        && let Some(row) = found.next()?
    {
        let character: String = row.get(0)?;
        let trace = read(row.get_ref(4)?.as_blob().map_err(rusqlite::Error::from)?, &character)?;
        let at = search::Appeared {
            character: CharacterId::new(character).map_err(|_| damaged("A character's id is damaged."))?,
            version: SnapshotId(Uuid::from_bytes(row.get(1)?)),
            number: unsigned(row.get(2)?)?,
            captured_at: rows::timestamp(row.get(3)?)?,
        };
        hits.extend(search::hits_in(&at, &trace, &words));
    }
    Ok(search::in_order(hits, query))
}
