//! Storing every document anew in another encoding, a character at a time.

use backstory_core::{
    error::Result,
    job::{Cancel, Progress, ProgressEvent},
    model::CharacterId,
    storage::{Encoding, Recompressed, StorageTransaction},
};
use rusqlite::OptionalExtension;

use super::{SqliteStorage, content, failure, query, rows::unsigned, transaction::Open};

/// Goes over every character. Each is one transaction: a reader sees it in the old form or in the new one.
pub(super) async fn run(
    storage: &SqliteStorage,
    encoding: Encoding,
    progress: &dyn Progress,
    cancel: &Cancel,
) -> Result<Recompressed> {
    let total = storage.read(|connection| {
        let sql = "SELECT count(*) FROM character";
        unsigned(connection.prepare_cached(sql)?.query_row([], |row| row.get(0))?)
    });
    let (total, mut sum, mut after) = (total.await?, Recompressed::default(), 0);
    for done in 0.. {
        cancel.check()?;
        progress.report(ProgressEvent::Advanced { done: done.min(total), total });
        let mut transaction = storage.begin_own().await?;
        let next = transaction.run(move |open| next_character(open, after, &encoding)).await?;
        let Some((row, part)) = next else { break };
        if part.rewritten > 0 {
            Box::new(transaction).commit().await?;
        }
        sum.contents += part.contents;
        sum.rewritten += part.rewritten;
        sum.bytes_before += part.bytes_before;
        sum.bytes_after += part.bytes_after;
        after = row;
    }
    Ok(sum)
}

/// Stores the documents of one character anew.
pub(super) async fn run_one(
    storage: &SqliteStorage,
    id: &CharacterId,
    encoding: Encoding,
    cancel: &Cancel,
) -> Result<Recompressed> {
    cancel.check()?;
    let id = id.clone();
    let mut transaction = storage.begin_own().await?;
    let done = transaction.run(move |open| {
        let (connection, recent) = open.writer.parts();
        match query::character_row(connection, &id)? {
            Some(row) => content::recompress(connection, recent, &encoding, row),
            None => Ok(Recompressed::default()),
        }
    });
    let done = done.await?;
    if done.rewritten > 0 {
        Box::new(transaction).commit().await?;
    }
    Ok(done)
}

/// Recompresses the next character; none behind the last one.
fn next_character(
    open: &mut Open,
    after: i64,
    encoding: &Encoding,
) -> failure::Result<Option<(i64, Recompressed)>> {
    let row = open
        .writer
        .connection
        .prepare_cached("SELECT row FROM character WHERE row > ?1 ORDER BY row LIMIT 1")?
        .query_row([after], |row| row.get(0))
        .optional()?;
    // Rows of a damaged table may stand out of order, and would be come by for ever.
    let Some(row) = row.filter(|row| *row > after) else { return Ok(None) };
    let (connection, recent) = open.writer.parts();
    content::recompress(connection, recent, encoding, row).map(|sum| Some((row, sum)))
}
