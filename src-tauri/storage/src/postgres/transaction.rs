//! Writing: one transaction, on one connection of the pool.
//!
//! Transactions wait for each other only where they touch the same character: each character is locked at its first touch,
//! until the end. The store's revision is counted by the last statement before the commit, so commits become visible in
//! the order of their revisions and a reader of the change feed misses none.
//!
//! Writes are checked in memory against what the database knows of the things they name, and then sent together.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, Mutex, PoisonError},
};

use async_trait::async_trait;
use backstory_core::{
    error::{Code, Error, Result},
    model::{CharacterId, CharacterIndex, ContentHash, Role, SnapshotId, VersionMetadata},
    storage::{Encoding, Expect, HistoryQuery, Page, Setting, StorageTransaction, Surroundings, Write},
};
use deadpool_postgres::{Client, ClientWrapper as Connection, Object};
use futures_util::future::{join, join4, join5};
use jiff::Timestamp;
use tokio_postgres::{Row, types::ToSql};

use super::{
    batch::{self, Batch, Known},
    changes::Listener,
    content, failure,
    failure::{Failure, denied, is_outcome_unknown},
    query::{self, first, run},
    rows::{self, escaped, integer, timestamp, unsigned},
};
use crate::{
    recent::RecentDocuments,
    rules::{self, nanoseconds},
    settings,
};

/// How many bytes of decoded documents a writer remembers: the last rungs of a few ladders.
const RECENT_BYTES: usize = 8 << 20;

/// What the transactions of a store share.
#[derive(Debug)]
pub(super) struct Desk {
    /// Where the store is, for errors.
    pub(super) place: String,
    /// How new documents are kept.
    pub(super) encoding: Encoding,
    /// What earlier transactions remember, for later ones: one for each that ran at the same time.
    pub(super) memories: Mutex<Vec<RecentDocuments>>,
}

/// A begun transaction. However it is let go of without a commit, it is rolled back.
pub(super) struct Open {
    /// None once it is over.
    client: Option<Client>,
    recent: RecentDocuments,
    desk: Arc<Desk>,
    /// The characters that are locked, and what they were.
    locked: HashMap<CharacterId, Locked>,
    /// The characters written to so far.
    touched: BTreeSet<CharacterId>,
    /// Those of them that were erased.
    erased: BTreeSet<CharacterId>,
    /// What the audit log gets at the commit.
    notes: Notes,
    /// Whom to tell of the commit.
    changes: Arc<Listener>,
}

/// What is noted, without numbers, and whose characters it is about.
#[derive(Default)]
struct Notes {
    lines: Vec<String>,
    owners: Vec<Option<String>>,
}

/// A character as it was when it was first touched.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Locked {
    /// The revision of its row.
    pub(super) before: Option<u64>,
    /// Whether the database knows it now, as far as this user may see.
    pub(super) exists: bool,
}

impl Drop for Open {
    fn drop(&mut self) {
        let recent = std::mem::replace(&mut self.recent, RecentDocuments::new(0));
        self.desk.memories.lock().unwrap_or_else(PoisonError::into_inner).push(recent);
        let Some(client) = self.client.take() else { return };
        match tokio::runtime::Handle::try_current() {
            Ok(runtime) => {
                runtime.spawn(async move {
                    if let Err(error) = client.batch_execute("ROLLBACK").await {
                        // The server undoes it itself when the connection goes.
                        tracing::info!(%error, "a transaction ended with its connection");
                        drop(Object::take(client));
                    }
                });
            }
            Err(_) => drop(Object::take(client)),
        }
    }
}

/// What [`super::PostgresStorage`] hands out.
pub(super) struct Transaction {
    /// None after a failure, and while a call is under way.
    open: Option<Open>,
    desk: Arc<Desk>,
}

/// Starts a transaction on this connection.
pub(super) async fn begin(
    client: Client,
    desk: Arc<Desk>,
    changes: Arc<Listener>,
) -> failure::Result<Transaction> {
    let setting = client.prepare_cached("SELECT current_setting('transaction_read_only') = 'on'").await?;
    let recent = desk.memories.lock().unwrap_or_else(PoisonError::into_inner).pop();
    let open = Open {
        client: Some(client),
        recent: recent.unwrap_or_else(|| RecentDocuments::new(RECENT_BYTES)),
        desk: Arc::clone(&desk),
        locked: HashMap::new(),
        touched: BTreeSet::new(),
        erased: BTreeSet::new(),
        notes: Notes::default(),
        changes,
    };
    let client = open.client()?;
    let both =
        join(client.batch_execute("BEGIN ISOLATION LEVEL READ COMMITTED"), client.query_one(&setting, &[]));
    let (begun, is_read_only) = both.await;
    begun?;
    if is_read_only?.try_get(0)? {
        return Err(read_only().into());
    }
    Ok(Transaction { open: Some(open), desk })
}

/// The server, the database or the user is set to change nothing.
fn read_only() -> Error {
    Error::new(Code::StoreReadOnly, "The library's server takes no changes now.")
        .kept("Everything in it can still be read; nothing was changed.")
        .hint(
            "It may be a copy, or under maintenance. Use the address of the main server, or try again later.",
        )
}

impl Transaction {
    /// Takes the transaction up for one call.
    pub(super) fn take(&mut self) -> Result<Open> {
        self.open.take().ok_or_else(rules::transaction_over)
    }

    /// Puts it back, unless the call failed: then it is over.
    pub(super) fn settle<T>(&mut self, open: Open, result: failure::Result<T>) -> Result<T> {
        let value = result.map_err(|failure| failure.at(&self.desk.place))?;
        self.open = Some(open);
        Ok(value)
    }
}

#[async_trait]
impl StorageTransaction for Transaction {
    async fn surroundings(&mut self, character: &CharacterId, at: Timestamp) -> Result<Surroundings> {
        let mut open = self.take()?;
        let result = open.surroundings(character, at).await;
        self.settle(open, result)
    }

    async fn history(&mut self, query: &HistoryQuery) -> Result<Page<VersionMetadata>> {
        let mut open = self.take()?;
        let result = open.history(query).await;
        self.settle(open, result)
    }

    async fn document(&mut self, character: &CharacterId, content: &ContentHash) -> Result<Vec<u8>> {
        let mut open = self.take()?;
        // A document that is not there, or is damaged, is an answer: the transaction goes on.
        let answer = match open.document(character, content).await {
            Err(Failure::Said(error)) => Ok(Err(error)),
            result => result.map(Ok),
        };
        self.settle(open, answer)?
    }

    async fn write(&mut self, writes: Vec<Write>) -> Result<()> {
        let mut open = self.take()?;
        let result = open.write(writes).await;
        self.settle(open, result)
    }

    async fn commit(mut self: Box<Self>) -> Result<u64> {
        let open = self.take()?;
        open.commit().await.map_err(|failure| failure.at(&self.desk.place))
    }
}

/// Locks characters, always in the same order. Waiting for one is bounded by the connection's `lock_timeout`.
const LOCK: &str = "SELECT pg_advisory_xact_lock(hashtextextended(id, 4777001)) \
     FROM (SELECT DISTINCT unnest($1::text[]) AS id ORDER BY 1) AS ids";

const BEFORE: &str =
    "SELECT id, CASE WHEN details IS NOT NULL THEN revision END FROM backstory.character WHERE id = ANY ($1)";

const VERSION_BEFORE: &str = "SELECT details FROM backstory.version WHERE character_id = $1 AND captured_at <= $2 \
     ORDER BY captured_at DESC, id DESC LIMIT 1";

const VERSION_AFTER: &str = "SELECT details FROM backstory.version WHERE character_id = $1 AND captured_at > $2 \
     ORDER BY captured_at, id LIMIT 1";

const LAST_SIGHTING: &str =
    "SELECT max(at) FROM backstory.sighting WHERE character_id = $1 AND version = $2 AND at <= $3";

const SIGHTINGS_AFTER: &str =
    "SELECT at FROM backstory.sighting WHERE character_id = $1 AND version = $2 AND at > $3 ORDER BY at";

const SEEN_AT: &str = "SELECT content FROM backstory.version WHERE character_id = $1 AND captured_at = $2 \
     UNION SELECT v.content FROM backstory.sighting AS s \
     JOIN backstory.version AS v ON v.character_id = s.character_id AND v.id = s.version \
     WHERE s.character_id = $1 AND s.at = $2 ORDER BY 1";

/// Whether this user decides who is in a campaign: the policies say the same, but a change they keep from happening is not
/// an error to them.
const DECIDES: &str = "SELECT pg_has_role(current_user, 'backstory_admin', 'member') OR EXISTS (\
     SELECT FROM backstory.shared_with(current_user) AS s WHERE s.campaign = $1 AND s.role = 'dungeon_master')";

impl Open {
    pub(super) fn client(&self) -> failure::Result<&Client> {
        Ok(self.client.as_ref().ok_or_else(rules::transaction_over)?)
    }

    /// The connection, and what is remembered of documents.
    pub(super) fn reader(&mut self) -> failure::Result<(&Connection, &mut RecentDocuments)> {
        let client = self.client.as_ref().ok_or_else(rules::transaction_over)?;
        Ok((client, &mut self.recent))
    }

    /// Locks a character that is about to be written to.
    pub(super) async fn hold(&mut self, character: &CharacterId) -> failure::Result<()> {
        self.lock([character].into_iter()).await?;
        self.touched.insert(character.clone());
        Ok(())
    }

    /// Locks characters until the end, and learns what they were, those not locked yet.
    async fn lock<'a>(&mut self, characters: impl Iterator<Item = &'a CharacterId>) -> failure::Result<()> {
        let new: BTreeSet<&CharacterId> = characters.filter(|id| !self.locked.contains_key(*id)).collect();
        if new.is_empty() {
            return Ok(());
        }
        let ids: Vec<&str> = new.iter().map(|id| id.as_str()).collect();
        let client = self.client()?;
        let (lock, before) = (client.prepare_cached(LOCK).await?, client.prepare_cached(BEFORE).await?);
        let values: [&(dyn ToSql + Sync); 1] = [&ids];
        let (locked, found) = join(client.query(&lock, &values), client.query(&before, &values)).await;
        locked?;
        let mut known = HashMap::new();
        for row in found? {
            let before: Option<i64> = row.try_get(1)?;
            known.insert(row.try_get::<_, String>(0)?, before.map(unsigned).transpose()?);
        }
        for id in new {
            let found = known.get(id.as_str());
            let locked = Locked { before: found.copied().flatten(), exists: found.is_some() };
            self.locked.insert(id.clone(), locked);
        }
        Ok(())
    }

    async fn surroundings(&mut self, id: &CharacterId, at: Timestamp) -> failure::Result<Surroundings> {
        self.lock([id].into_iter()).await?;
        let client = self.client()?;
        let (name, at) = (id.as_str(), nanoseconds(at));
        let prepare = |sql: &'static str| client.prepare_cached(sql);
        let (character, before) = (prepare(query::CHARACTER).await?, prepare(VERSION_BEFORE).await?);
        let (after, seen) = (prepare(VERSION_AFTER).await?, prepare(SEEN_AT).await?);
        let values: [&(dyn ToSql + Sync); 2] = [&name, &at];
        let (character, before, after, seen) = join4(
            client.query_opt(&character, &values[..1]),
            client.query_opt(&before, &values),
            client.query_opt(&after, &values),
            client.query(&seen, &values),
        )
        .await;
        let version = |row: Row| rows::version(id, row.try_get(0)?);
        let mut surroundings = Surroundings {
            character: character?.as_ref().map(rows::index).transpose()?,
            before: before?.map(version).transpose()?,
            after: after?.map(version).transpose()?,
            at_this_moment: seen?
                .iter()
                .map(|row| rows::hash(row.try_get(0)?))
                .collect::<failure::Result<_>>()?,
            ..Surroundings::default()
        };
        if let Some(before) = &surroundings.before {
            let (last, later) = sightings_around(client, id, before.id, at).await?;
            surroundings.last_sighting_before = last;
            surroundings.sightings_after = later;
        }
        Ok(surroundings)
    }

    pub(super) async fn history(&mut self, query: &HistoryQuery) -> failure::Result<Page<VersionMetadata>> {
        self.lock([&query.character].into_iter()).await?;
        query::history(self.client()?, query, true).await
    }

    async fn document(&mut self, character: &CharacterId, content: &ContentHash) -> failure::Result<Vec<u8>> {
        self.lock([character].into_iter()).await?;
        query::document(self.client()?, character, content).await
    }

    /// Applies writes in order: those that only add or replace together, the others between them one by one.
    pub(super) async fn write(&mut self, writes: Vec<Write>) -> failure::Result<()> {
        writes.iter().try_for_each(rules::check)?;
        self.lock(writes.iter().filter_map(Write::character)).await?;
        self.touched.extend(writes.iter().filter_map(Write::character).cloned());
        let mut together = Vec::new();
        for write in writes {
            match write {
                Write::DropVersions { character, versions } => {
                    self.put(std::mem::take(&mut together)).await?;
                    self.drop_versions(&character, &versions).await?;
                }
                Write::Erase { character, expect } => {
                    self.put(std::mem::take(&mut together)).await?;
                    self.erase(&character, expect).await?;
                }
                Write::Member { campaign, user, role } => {
                    self.put_member(&campaign, &user, role).await?;
                }
                Write::Audit { note, owner, .. } => {
                    self.notes.lines.push(note.text()?);
                    self.notes.owners.push(owner.map(|owner| escaped(&owner).into_owned()));
                }
                Write::Setting { setting, expect } => self.put_setting(&setting, expect).await?,
                write => together.push(write),
            }
        }
        self.put(together).await
    }

    async fn put(&mut self, writes: Vec<Write>) -> failure::Result<()> {
        if writes.is_empty() {
            return Ok(());
        }
        let Self { client: Some(client), recent, desk, locked, .. } = self else {
            return Err(rules::transaction_over().into());
        };
        let known = Known::of(client, &writes).await?;
        let batch = Batch::of(writes, known, locked)?;
        batch::send(client, recent, &desk.encoding, batch, locked).await
    }

    /// Writes a row of the list as it is, for what is made anew from the history.
    pub(super) async fn put_row(&mut self, index: &CharacterIndex) -> failure::Result<()> {
        batch::put_row(self.client()?, index).await
    }

    async fn drop_versions(
        &mut self,
        character: &CharacterId,
        versions: &[SnapshotId],
    ) -> failure::Result<()> {
        let Self { client: Some(client), recent, desk, .. } = self else {
            return Err(rules::transaction_over().into());
        };
        let name = character.as_str();
        let ids: Vec<_> = versions.iter().map(|version| version.0).collect();
        let sql = "SELECT id, content FROM backstory.version WHERE character_id = $1 AND id = ANY ($2)";
        let found = run(client, sql, &[&name, &ids]).await?;
        let mut unused =
            found.iter().map(|row| rows::hash(row.try_get(1)?)).collect::<failure::Result<BTreeSet<_>>>()?;
        let sql = "DELETE FROM backstory.sighting WHERE character_id = $1 AND version = ANY ($2)";
        run(client, sql, &[&name, &ids]).await?;
        let sql = "DELETE FROM backstory.trace WHERE character_id = $1 AND version = ANY ($2)";
        run(client, sql, &[&name, &ids]).await?;
        let sql = "DELETE FROM backstory.version WHERE character_id = $1 AND id = ANY ($2) RETURNING id";
        if run(client, sql, &[&name, &ids]).await?.len() != found.len() {
            return Err(denied().into());
        }
        let hashes: Vec<&[u8]> = unused.iter().map(|hash| hash.0.as_slice()).collect();
        let sql =
            "SELECT DISTINCT content FROM backstory.version WHERE character_id = $1 AND content = ANY ($2)";
        let mut left = Vec::new();
        for row in run(client, sql, &[&name, &hashes]).await? {
            left.extend(unused.take(&rows::hash(row.try_get(0)?)?));
        }
        content::drop(client, recent, &desk.encoding, character, &unused).await?;
        // What is left of a document may all be archived now.
        let left: Vec<&[u8]> = left.iter().map(|hash| hash.0.as_slice()).collect();
        run(client, content::PLACE, &[&vec![name; left.len()], &left]).await?;
        Ok(())
    }

    async fn erase(&mut self, id: &CharacterId, expect: Expect) -> failure::Result<()> {
        let locked = self.locked.get(id).copied().unwrap_or_default();
        rules::check_expected(id, locked.before, expect)?;
        if !locked.exists {
            return Ok(());
        }
        let client = self.client()?;
        for sql in [
            "DELETE FROM backstory.sighting WHERE character_id = $1",
            "DELETE FROM backstory.trace WHERE character_id = $1",
            "DELETE FROM backstory.version WHERE character_id = $1",
            "DELETE FROM backstory.archive WHERE character_id = $1",
            "DELETE FROM backstory.content WHERE character_id = $1",
            "DELETE FROM backstory.tombstone WHERE id = $1",
            "INSERT INTO backstory.tombstone (id, owner, campaign, revision) \
             SELECT id, owner, campaign, 0 FROM backstory.character WHERE id = $1",
        ] {
            run(client, sql, &[&id.as_str()]).await?;
        }
        let gone = "DELETE FROM backstory.character WHERE id = $1 RETURNING id";
        if run(client, gone, &[&id.as_str()]).await?.is_empty() {
            return Err(denied().into());
        }
        self.erased.insert(id.clone());
        self.locked.insert(id.clone(), Locked { exists: false, ..locked });
        Ok(())
    }

    async fn put_member(&self, campaign: &str, user: &str, role: Option<Role>) -> failure::Result<()> {
        let client = self.client()?;
        let (campaign, user) = (escaped(campaign), escaped(user));
        let decides = first(client, DECIDES, &[&campaign]).await?;
        if !decides.map_or(Ok(false), |row| row.try_get(0))? {
            return Err(Error::new(Code::AccessDenied, "Only its dungeon master says who is in a campaign.")
                .kept("Nothing was changed.")
                .hint("Ask the dungeon master, or whoever runs the library (backstory db grant).")
                .into());
        }
        put_member(client, &campaign, &user, role).await
    }

    /// Whoever else writes it meanwhile is waited for, and seen.
    async fn put_setting(&self, setting: &Setting, expect: Expect) -> failure::Result<()> {
        let client = self.client()?;
        let written = match expect {
            Expect::Absent => {
                let sql = "INSERT INTO backstory.setting (key, value, revision) VALUES ($1, $2, $3) \
                     ON CONFLICT (md5(owner), key) DO NOTHING RETURNING key";
                run(client, sql, &[&setting.key, &setting.value, &integer(setting.revision)]).await?
            }
            Expect::Revision(before) => {
                settings::check_expected(setting, Some(before), expect)?;
                let sql = "UPDATE backstory.setting SET value = $2, revision = $3, checksum = NULL \
                     WHERE owner = current_user AND key = $1 AND revision = $4 RETURNING key";
                let values: [&(dyn ToSql + Sync); 4] =
                    [&setting.key, &setting.value, &integer(setting.revision), &integer(before)];
                run(client, sql, &values).await?
            }
        };
        if written.is_empty() {
            return Err(settings::conflict(&setting.key).into());
        }
        Ok(())
    }

    /// Counts the commit, stamps what was written with it, and makes it last, in one go.
    pub(super) async fn commit(mut self) -> failure::Result<u64> {
        let client = self.client()?;
        let prepare = |sql: &'static str| client.prepare_cached(sql);
        let count = prepare("SELECT backstory.next_revision()").await?;
        let stamp = prepare(
            "UPDATE backstory.character SET written = (SELECT revision FROM backstory.store) WHERE id = ANY ($1)",
        )
        .await?;
        let bury = prepare(
            "UPDATE backstory.tombstone SET revision = (SELECT revision FROM backstory.store) WHERE id = ANY ($1)",
        )
        .await?;
        let append = prepare("SELECT backstory.append_audit(current_user, $1, $2)").await?;
        let notes: [&(dyn ToSql + Sync); 2] = [&self.notes.lines, &self.notes.owners];
        let touched: Vec<&str> = self.touched.iter().map(CharacterId::as_str).collect();
        let erased: Vec<&str> = self.erased.iter().map(CharacterId::as_str).collect();
        let (touched, erased): ([&(dyn ToSql + Sync); 1], [&(dyn ToSql + Sync); 1]) = ([&touched], [&erased]);
        let (counted, noted, stamped, buried, ended) = join5(
            client.query_one(&count, &[]),
            batch::execute(client, &append, &notes, self.notes.lines.len()),
            client.execute(&stamp, &touched),
            client.execute(&bury, &erased),
            client.batch_execute("COMMIT"),
        )
        .await;
        // Whatever the answers, there is nothing left to roll back.
        drop(self.client.take());
        // A statement that failed made the commit a rollback. Where the answer to the commit is missing, nobody knows.
        let revision = match (counted, noted.and(stamped).and(buried), ended) {
            (Ok(counted), Ok(_), Ok(())) => counted.try_get(0)?,
            (Err(error), ..) | (_, Err(error), _) if !is_outcome_unknown(&error) => return Err(error.into()),
            (.., Err(error)) if !is_outcome_unknown(&error) => return Err(error.into()),
            (Err(error), ..) | (_, Err(error), _) | (.., Err(error)) => {
                return Err(failure::outcome_unknown(error).into());
            }
        };
        let revision = unsigned(revision)?;
        self.changes.tell(revision);
        Ok(revision)
    }
}

/// Gives somebody a place in a campaign, or takes it away. The texts are escaped already.
pub(super) async fn put_member(
    client: &tokio_postgres::Client,
    campaign: &str,
    user: &str,
    role: Option<Role>,
) -> failure::Result<()> {
    match role {
        Some(role) => {
            let sql = "INSERT INTO backstory.member (campaign, user_name, role) VALUES ($1, $2, $3) \
                 ON CONFLICT (md5(campaign), md5(user_name)) DO UPDATE SET role = excluded.role";
            client.execute(sql, &[&campaign, &user, &rows::role_name(role)]).await?
        }
        None => {
            let sql = "DELETE FROM backstory.member WHERE campaign = $1 AND user_name = $2";
            client.execute(sql, &[&campaign, &user]).await?
        }
    };
    Ok(())
}

/// When a version was last seen again up to a moment, and when after it.
async fn sightings_around(
    client: &Connection,
    character: &CharacterId,
    version: SnapshotId,
    at: i64,
) -> failure::Result<(Option<Timestamp>, Vec<Timestamp>)> {
    let (last, later) =
        (client.prepare_cached(LAST_SIGHTING).await?, client.prepare_cached(SIGHTINGS_AFTER).await?);
    let name = character.as_str();
    let values: [&(dyn ToSql + Sync); 3] = [&name, &version.0, &at];
    let (last, later) = join(client.query_one(&last, &values), client.query(&later, &values)).await;
    let last: Option<i64> = last?.try_get(0)?;
    let later = later?.iter().map(|row| timestamp(row.try_get(0)?)).collect::<failure::Result<_>>()?;
    Ok((last.map(timestamp).transpose()?, later))
}
