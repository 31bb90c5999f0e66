//! The audit log: a row for each entry, which nothing changes or takes away, and one for its end.

use backstory_core::privacy::audit::{
    Entry, Head, Note,
    tree::{Digest, Peaks},
};
use rusqlite::{Connection, params};

use super::{
    failure::{Result, damaged},
    rows::{integer, unsigned},
};

/// The entries behind a number. A library of before the log, which is only read, has none.
pub(super) fn entries(connection: &Connection, after: u64, limit: u32) -> Result<Vec<Entry>> {
    if !is_kept(connection)? {
        return Ok(Vec::new());
    }
    let mut statement = connection.prepare_cached(
        "SELECT sequence, text, hash FROM audit WHERE sequence > ?1 ORDER BY sequence LIMIT ?2",
    )?;
    let mut rows = statement.query(params![integer(after), limit])?;
    let mut entries = Vec::new();
    while let Some(row) = rows.next()? {
        // What is no text or no hash any more is no entry: verifying misses it.
        let (Ok(text), Ok(hash)) = (row.get::<_, String>(1), row.get::<_, Vec<u8>>(2)) else { continue };
        if let Some(hash) = Digest::from_slice(&hash) {
            entries.push(Entry::new(unsigned(row.get(0)?)?, text, hash));
        }
    }
    Ok(entries)
}

/// Whether this library has a log.
fn is_kept(connection: &Connection) -> Result<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'audit_head')";
    Ok(connection.prepare_cached(sql)?.query_row([], |row| row.get(0))?)
}

/// The end of the log.
pub(super) fn head(connection: &Connection) -> Result<Head> {
    if !is_kept(connection)? {
        return Ok(Head::default());
    }
    kept_head(connection)
}

fn kept_head(connection: &Connection) -> Result<Head> {
    let mut statement = connection.prepare_cached("SELECT size, hash, peaks FROM audit_head")?;
    let (size, hash, peaks): (i64, Vec<u8>, Vec<u8>) =
        statement.query_row([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    let size = unsigned(size)?;
    let read = Digest::from_slice(&hash).zip(Peaks::from_bytes(&peaks, size));
    let (hash, peaks) = read.ok_or_else(|| damaged("The end of the audit log cannot be read."))?;
    Ok(Head { size, hash, peaks })
}

/// Adds entries, as a part of the transaction that is open.
pub(super) fn append(connection: &Connection, notes: &[Box<Note>]) -> Result<()> {
    if notes.is_empty() {
        return Ok(());
    }
    let mut head = kept_head(connection)?;
    let mut insert =
        connection.prepare_cached("INSERT INTO audit (sequence, text, hash) VALUES (?1, ?2, ?3)")?;
    for note in notes {
        let entry = head.append(note)?;
        insert.execute(params![integer(entry.sequence), entry.text, entry.hash.0])?;
    }
    let end = params![integer(head.size), head.hash.0, head.peaks.to_bytes()];
    connection.prepare_cached("UPDATE audit_head SET size = ?1, hash = ?2, peaks = ?3")?.execute(end)?;
    Ok(())
}
