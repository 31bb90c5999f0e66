//! Making anew what is derived: the counts of versions and characters, and what the list is filtered by.

use std::collections::HashMap;

use backstory_core::{
    model::{CharacterId, Seen, SnapshotId, VersionMetadata},
    storage::HistoryQuery,
};
use rusqlite::params;

use super::{
    failure::Result,
    query,
    rows::{self, integer},
    traces,
    transaction::Open,
};
use crate::{record::Record, rules::nanoseconds};

/// Goes over every character.
pub(super) fn run(open: &mut Open) -> Result<()> {
    let characters: Vec<(String, i64)> = {
        let mut statement = open.writer.connection.prepare("SELECT id, row FROM character ORDER BY row")?;
        let found = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        found.collect::<rusqlite::Result<_>>()?
    };
    traces::repair(&open.writer.connection)?;
    for (id, row) in characters {
        // A character that cannot be read is not made worse.
        match recount(open, &CharacterId::new(id)?, row) {
            Err(failure) if failure.is_damage() => tracing::warn!(row, error = ?failure, "not repaired"),
            result => result?,
        }
    }
    Ok(())
}

fn recount(open: &mut Open, id: &CharacterId, row: i64) -> Result<()> {
    let connection = &open.writer.connection;
    let index = query::character(connection, row)?;
    let history = query::history(connection, &HistoryQuery::all(id.clone()))?.items;
    let mut record = Record::<()>::new(index, history, query::sightings(connection, id)?, []);
    let lengths = lengths(open, row)?;
    let before = record.clone();
    record.recount();
    for (version, length) in lengths {
        if let Some(version) = record.versions.get_mut(&version) {
            version.bytes = length;
        }
    }
    for (version, was) in record.versions.values().zip(before.versions.values()) {
        if version != was {
            put_counts(open, version)?;
        }
    }
    if let Some(index) = &record.index {
        open.put_row(row, index)?;
    }
    if record.index != before.index || record.versions != before.versions {
        open.touched.insert(id.clone());
    }
    Ok(())
}

/// How long each version's document is.
fn lengths(open: &Open, character: i64) -> Result<HashMap<SnapshotId, u64>> {
    let mut statement = open.writer.connection.prepare_cached(
        "SELECT v.id, c.length FROM version AS v JOIN content AS c ON c.row = v.content WHERE v.character = ?1",
    )?;
    let found = statement.query_map([character], |row| Ok((row.get(0)?, row.get::<_, i64>(1)?)))?;
    found
        .map(|row| {
            let (id, length) = row?;
            Ok((SnapshotId(uuid::Uuid::from_bytes(id)), rows::unsigned(length)?))
        })
        .collect()
}

fn put_counts(open: &Open, version: &VersionMetadata) -> Result<()> {
    let Seen { last, count } = version.seen;
    open.writer
        .connection
        .prepare_cached("UPDATE version SET seen_last = ?2, seen_count = ?3, bytes = ?4 WHERE id = ?1")?
        .execute(params![
            version.id.0.as_bytes(),
            nanoseconds(last),
            integer(count),
            integer(version.bytes)
        ])?;
    Ok(())
}
