//! Making anew what is derived, and storing documents in another form: a character at a time, each in a transaction of its
//! own, so that either can be stopped between any two.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use backstory_core::{
    error::Result,
    history,
    job::{Cancel, Progress, ProgressEvent},
    model::{CharacterId, ContentHash, SnapshotId, VersionMetadata},
    storage::{
        CheckScope, Encoding, HistoryQuery, Problem, Recompressed, RepairReport, StorageTransaction, Write,
    },
};

use super::{
    PostgresStorage, batch, content,
    failure::{self, Failure},
    query::{self, run},
    rows::{self, integer, unsigned},
    schema,
    transaction::Open,
};
use crate::record::Record;

/// Mends what a check calls repairable.
pub(super) async fn repair(
    storage: &PostgresStorage,
    progress: &dyn Progress,
    cancel: &Cancel,
) -> Result<RepairReport> {
    let before = storage.check_now(CheckScope::Structure, progress, cancel).await?.problems;
    if before.is_empty() {
        return Ok(RepairReport::default());
    }
    if before.iter().any(|problem| problem.code == "partition_missing") {
        let client = storage.connection().await?;
        schema::make_months(&client).await.map_err(|failure| storage.said(failure))?;
    }
    let stale =
        |problem: &Problem| problem.repairable.then(|| problem.r#where.split(' ').next().map(str::to_owned));
    let characters: BTreeSet<String> = before.iter().filter_map(stale).flatten().collect();
    for id in characters.into_iter().filter_map(|id| CharacterId::new(id).ok()) {
        cancel.check()?;
        let mut transaction = storage.begin_own().await?;
        let mut open = transaction.take()?;
        match recount(&mut open, &id).await {
            // A character that cannot be read is not made worse.
            Err(failure) if failure.is_damage() => {
                tracing::warn!(character = %id, error = ?failure, "not repaired");
            }
            result => {
                transaction.settle(open, result)?;
                Box::new(transaction).commit().await?;
            }
        }
    }
    let left = storage.check_now(CheckScope::Structure, progress, cancel).await?.problems;
    let repaired = before.into_iter().filter(|problem| !left.contains(problem)).collect();
    Ok(RepairReport { repaired, left })
}

async fn recount(open: &mut Open, id: &CharacterId) -> failure::Result<()> {
    let history = open.history(&HistoryQuery::all(id.clone())).await?.items;
    open.hold(id).await?;
    let client = open.client()?;
    let row = query::first(client, query::CHARACTER, &[&id.as_str()]).await?;
    let index = row.as_ref().map(rows::index).transpose()?;
    let damaged = damaged(client, id).await?;
    let to_mend = history.iter().filter(|version| damaged.versions.contains(&version.id)).cloned().collect();
    let mut record = Record::<()>::new(index, history, query::sightings(client, id).await?, []);
    let lengths = lengths(client, id).await?;
    record.recount();
    record.versions.update(|version| {
        let bytes = lengths.get(&version.id).copied().unwrap_or(version.bytes);
        VersionMetadata { bytes, ..version.clone() }
    });
    // Every version is written, also one that is right: the columns it is found by are made anew with it. What is damaged
    // must not be sealed as if it were right.
    let right = record.versions.values().filter(|version| !damaged.versions.contains(&version.id));
    let put = |metadata| Write::Version { metadata: Box::new(metadata) };
    open.write(right.cloned().map(put).collect()).await?;
    batch::mend(open.client()?, to_mend).await?;
    match &record.index {
        Some(index) if !damaged.row => open.put_row(index).await,
        _ => Ok(()),
    }
}

/// Whose rows are not what was written to them.
struct Damaged {
    row: bool,
    versions: BTreeSet<SnapshotId>,
}

async fn damaged(client: &deadpool_postgres::ClientWrapper, id: &CharacterId) -> failure::Result<Damaged> {
    let row = "SELECT FROM backstory.character AS c \
         WHERE c.id = $1 AND c.checksum IS DISTINCT FROM backstory.checksum_of(to_jsonb(c))";
    let versions = "SELECT v.id FROM backstory.version AS v \
         WHERE v.character_id = $1 AND v.checksum IS DISTINCT FROM backstory.checksum_of(to_jsonb(v))";
    let found = run(client, versions, &[&id.as_str()]).await?;
    Ok(Damaged {
        row: query::first(client, row, &[&id.as_str()]).await?.is_some(),
        versions: found.iter().map(|row| Ok(SnapshotId(row.try_get(0)?))).collect::<failure::Result<_>>()?,
    })
}

/// How long each version's document is.
async fn lengths(
    client: &deadpool_postgres::ClientWrapper,
    id: &CharacterId,
) -> failure::Result<HashMap<SnapshotId, u64>> {
    let sql = "SELECT v.id, c.length FROM backstory.version AS v \
         JOIN backstory.content AS c ON c.character_id = v.character_id AND c.hash = v.content \
         WHERE v.character_id = $1";
    let found = run(client, sql, &[&id.as_str()]).await?;
    found.iter().map(|row| Ok((SnapshotId(row.try_get(0)?), unsigned(row.try_get(1)?)?))).collect()
}

/// Stores every document anew.
pub(super) async fn recompress(
    storage: &PostgresStorage,
    encoding: &Encoding,
    progress: &dyn Progress,
    cancel: &Cancel,
) -> Result<Recompressed> {
    cancel.check()?;
    let client = storage.connection().await?;
    let sql = "SELECT id FROM backstory.character AS k \
         WHERE k.owner = current_user OR pg_has_role(current_user, 'backstory_admin', 'member') ORDER BY id";
    let found = run(&client, sql, &[]).await.map_err(|failure| storage.said(failure))?;
    drop(client);
    let total = found.len() as u64;
    let mut sum = Recompressed::default();
    for (done, row) in (0..).zip(&found) {
        cancel.check()?;
        progress.report(ProgressEvent::Advanced { done, total });
        let id: String = row.try_get(0).map_err(|error| storage.said(Failure::Server(error)))?;
        let id = CharacterId::new(id)?;
        let one = recompress_character(storage, encoding, &id, cancel).await?;
        sum.contents += one.contents;
        sum.rewritten += one.rewritten;
        sum.bytes_before += one.bytes_before;
        sum.bytes_after += one.bytes_after;
    }
    progress.report(ProgressEvent::Advanced { done: total, total });
    Ok(sum)
}

/// Stores the documents of one character anew, as one transaction.
pub(super) async fn recompress_character(
    storage: &PostgresStorage,
    encoding: &Encoding,
    id: &CharacterId,
    cancel: &Cancel,
) -> Result<Recompressed> {
    let mut transaction = storage.begin_own().await?;
    let mut open = transaction.take()?;
    let one = recompress_one(&mut open, encoding, id, cancel).await;
    let one = transaction.settle(open, one)?;
    if one.rewritten > 0 {
        Box::new(transaction).commit().await?;
    }
    Ok(one)
}

/// Where each rung of a character's ladder is, and how many bytes it takes.
const LADDER: &str = "SELECT c.rung, c.hash, octet_length(coalesce(a.data, c.data)) FROM backstory.content AS c \
     LEFT JOIN backstory.archive AS a ON a.character_id = c.character_id AND a.hash = c.hash \
     WHERE c.character_id = $1 ORDER BY c.rung";

async fn recompress_one(
    open: &mut Open,
    encoding: &Encoding,
    id: &CharacterId,
    cancel: &Cancel,
) -> failure::Result<Recompressed> {
    open.hold(id).await?;
    let (client, recent) = open.reader()?;
    let mut ladder: BTreeMap<u64, (ContentHash, u64)> = BTreeMap::new();
    for row in run(client, LADDER, &[&id.as_str()]).await? {
        let bytes = i64::from(row.try_get::<_, i32>(2)?);
        ladder.insert(unsigned(row.try_get(0)?)?, (rows::hash(row.try_get(1)?)?, unsigned(bytes)?));
    }
    let mut sum = Recompressed::default();
    for (&rung, (hash, bytes)) in &ladder {
        // The transaction is undone with it: the character stays in its old form.
        cancel.check()?;
        let base = history::encoding::way_down(rung, encoding.ladder)
            .find_map(|base| Some((base, ladder.get(&base)?.0)));
        sum.contents += 1;
        sum.bytes_before += bytes;
        match content::store_anew(client, recent, encoding, id, hash, base).await {
            Ok(stored) => {
                sum.rewritten += u64::from(stored.is_new);
                sum.bytes_after += stored.bytes;
            }
            Err(failure) if failure.is_damage() => {
                tracing::warn!(character = %id, rung = integer(rung), error = ?failure, "not stored anew");
                sum.bytes_after += bytes;
            }
            Err(failure) => return Err(failure),
        }
    }
    Ok(sum)
}

/// Gives the room of erased rows back and has it written over, in the tables that this user may do that to: those of a library
/// that the user set up. In one that others look after, the server does it by itself in time ([`Kept::ServerLog`]).
pub(super) async fn scrub(storage: &PostgresStorage, cancel: &Cancel) -> Result<()> {
    cancel.check()?;
    let client = storage.connection().await?;
    let owned = "SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname) FROM pg_class AS c \
         JOIN pg_namespace AS n ON n.oid = c.relnamespace \
         WHERE n.nspname = 'backstory' AND c.relkind = 'r' AND pg_has_role(current_user, c.relowner, 'usage') ORDER BY 1";
    let tables = run(&client, owned, &[]).await.map_err(|failure| storage.said(failure))?;
    for row in &tables {
        cancel.check()?;
        let table: String = row.try_get(0).map_err(|error| storage.said(Failure::Server(error)))?;
        // A table's name cannot be a parameter. It comes from the server's own list, quoted by it.
        let sql = ["VACUUM (FULL) ", &table].concat();
        client.batch_execute(&sql).await.map_err(|error| storage.said(Failure::Server(error)))?;
    }
    Ok(())
}
