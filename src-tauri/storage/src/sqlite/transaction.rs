//! The writing transaction: the one writer, held from `BEGIN IMMEDIATE` to the commit.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
    time::{Duration, Instant},
};

use async_trait::async_trait;
use backstory_core::{
    error::Result,
    model::{CharacterId, CharacterIndex, ContentHash, Role, SnapshotId, VersionMetadata},
    privacy::audit::Note,
    storage::{Encoding, Expect, HistoryQuery, Page, Setting, StorageTransaction, Surroundings, Write},
};
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};
use tokio::sync::{Mutex, OwnedMutexGuard, watch};

use super::{
    audit, blocking, content,
    failure::{self, Failure},
    opening::Door,
    query,
    rows::{self, integer, timestamp, unsigned},
    traces,
};
use crate::{
    matching::{self, fold},
    recent::RecentDocuments,
    rules::{self, nanoseconds},
    settings,
};

/// How many bytes of decoded documents the writer remembers: the last rungs of a few ladders.
const RECENT_BYTES: usize = 8 << 20;

/// Between two tries to empty the log.
const NAP: Duration = Duration::from_millis(20);

/// The connection that writes, and what it remembers between transactions.
#[derive(Debug)]
pub(super) struct Writer {
    pub(super) connection: Connection,
    recent: RecentDocuments,
    /// How new documents are kept.
    encoding: Encoding,
    /// Tells whoever waits in this process what the revision is now.
    commits: watch::Sender<u64>,
}

impl Writer {
    pub(super) fn new(connection: Connection, encoding: Encoding, commits: watch::Sender<u64>) -> Self {
        Self { connection, recent: RecentDocuments::new(RECENT_BYTES), encoding, commits }
    }

    /// What documents are read and written with.
    pub(super) fn parts(&mut self) -> (&Connection, &mut RecentDocuments) {
        (&self.connection, &mut self.recent)
    }
}

/// A begun transaction. However it is let go of without a commit, it is rolled back first.
pub(super) struct Open {
    pub(super) writer: OwnedMutexGuard<Writer>,
    revisions_before: HashMap<CharacterId, Option<u64>>,
    /// The characters written to so far.
    pub(super) touched: BTreeSet<CharacterId>,
    /// What the audit log gets at the commit.
    notes: Vec<Box<Note>>,
    /// Something was taken away: its pages can be given back.
    frees: bool,
}

impl Drop for Open {
    fn drop(&mut self) {
        if !self.writer.connection.is_autocommit()
            && let Err(error) = self.writer.connection.execute_batch("ROLLBACK")
        {
            tracing::error!(%error, "a transaction could not be rolled back");
        }
    }
}

/// What [`super::SqliteStorage`] hands out.
pub(super) struct Transaction {
    /// None after a failure, and while a call is under way.
    open: Option<Open>,
    door: Door,
}

/// Waits for the writer, of this process and of others, and starts a transaction.
pub(super) async fn begin(writer: Arc<Mutex<Writer>>, door: Door) -> Result<Transaction> {
    let turn = tokio::time::timeout(door.wait, writer.lock_owned()).await;
    let writer = turn.map_err(|_| rules::busy())?;
    let path = door.path.clone();
    let open = blocking(move || {
        let begun = writer.connection.execute_batch("BEGIN IMMEDIATE");
        begun.map_err(|error| Failure::from(error).at(&path))?;
        Ok(Open {
            writer,
            revisions_before: HashMap::new(),
            touched: BTreeSet::new(),
            notes: Vec::new(),
            frees: false,
        })
    });
    Ok(Transaction { open: Some(open.await?), door })
}

impl Transaction {
    /// Runs one call on a thread where waiting is allowed. After a failure the transaction is over.
    pub(super) async fn run<T, F>(&mut self, call: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut Open) -> failure::Result<T> + Send + 'static,
    {
        let mut open = self.open.take().ok_or_else(rules::transaction_over)?;
        let path = self.door.path.clone();
        let done = blocking(move || match call(&mut open) {
            Ok(value) => Ok((open, value)),
            Err(failure) => Err(failure.at(&path)),
        });
        let (open, value) = done.await?;
        self.open = Some(open);
        Ok(value)
    }
}

/// How much room is given back to the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Room {
    /// A little, while somebody waits.
    Some,
    /// All there is.
    All,
}

/// Pages given back after a commit that freed many: a few milliseconds' work.
const SOME_PAGES: u32 = 2_000;

impl Transaction {
    /// Ends the transaction without a commit and gives free pages back to the disk.
    pub(super) async fn tidy(mut self, room: Room) -> Result<()> {
        self.run(move |open| {
            open.writer.connection.execute_batch("ROLLBACK")?;
            open.writer.give_back(room)
        })
        .await
    }
}

impl Transaction {
    /// Ends the transaction without a commit and takes every byte out of the file that no row has.
    pub(super) async fn scrub(mut self) -> Result<()> {
        let wait = self.door.wait;
        self.run(move |open| {
            open.writer.connection.execute_batch("ROLLBACK")?;
            open.writer.scrub(wait)
        })
        .await
    }
}

impl Writer {
    /// The index of words is merged, so that no part of it holds words of another time; the file is written whole; then the log
    /// is emptied, which has to wait for whoever still reads an earlier state out of it.
    fn scrub(&self, wait: Duration) -> failure::Result<()> {
        crate::computer::point();
        self.connection.execute_batch("INSERT INTO word_index (word_index) VALUES ('optimize'); VACUUM")?;
        crate::computer::point();
        let until = Instant::now() + wait;
        loop {
            let busy: bool =
                self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
            match busy {
                false => return Ok(()),
                true if Instant::now() > until => return Err(rules::busy().into()),
                true => std::thread::sleep(NAP),
            }
        }
    }

    fn give_back(&self, room: Room) -> failure::Result<()> {
        let incremental: i64 = self.connection.pragma_query_value(None, "auto_vacuum", |row| row.get(0))?;
        match (incremental, room) {
            // Made before free pages were kept track of: once is enough to change that.
            (0, Room::All) => self.connection.execute_batch("PRAGMA auto_vacuum = INCREMENTAL; VACUUM")?,
            (0, Room::Some) => {}
            (_, Room::All) => self.connection.execute_batch("PRAGMA incremental_vacuum")?,
            (_, Room::Some) => {
                self.connection.pragma_update(None, "incremental_vacuum", SOME_PAGES)?;
            }
        }
        Ok(())
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        // Lets the planner know what the tables hold by now. Nothing depends on it.
        if let Err(error) = self.connection.execute_batch("PRAGMA optimize") {
            tracing::debug!(%error, "not optimised");
        }
    }
}

#[async_trait]
impl StorageTransaction for Transaction {
    async fn surroundings(&mut self, character: &CharacterId, at: Timestamp) -> Result<Surroundings> {
        let character = character.clone();
        self.run(move |open| surroundings(&open.writer.connection, &character, at)).await
    }

    async fn history(&mut self, query: &HistoryQuery) -> Result<Page<VersionMetadata>> {
        let query = query.clone();
        self.run(move |open| query::history(&open.writer.connection, &query)).await
    }

    async fn document(&mut self, character: &CharacterId, content: &ContentHash) -> Result<Vec<u8>> {
        let (character, content) = (character.clone(), *content);
        // A document that is not there, or is damaged, is an answer: the transaction goes on.
        self.run(move |open| {
            let Writer { connection, recent, .. } = &mut *open.writer;
            match query::document(connection, recent, &character, &content) {
                Err(Failure::Said(error)) => Ok(Err(error)),
                result => result.map(Ok),
            }
        })
        .await?
    }

    async fn write(&mut self, writes: Vec<Write>) -> Result<()> {
        self.run(move |open| writes.into_iter().try_for_each(|write| open.apply(write))).await
    }

    async fn commit(mut self: Box<Self>) -> Result<u64> {
        self.run(|open| {
            let connection = &open.writer.connection;
            audit::append(connection, &open.notes)?;
            let sql = "UPDATE store SET revision = revision + 1 RETURNING revision";
            let revision: i64 = connection.prepare_cached(sql)?.query_row([], |row| row.get(0))?;
            for character in &open.touched {
                connection
                    .prepare_cached("UPDATE character SET written = ?2 WHERE id = ?1")?
                    .execute(params![character.as_str(), revision])?;
            }
            connection.execute_batch("COMMIT")?;
            let revision = unsigned(revision)?;
            open.writer.commits.send_replace(revision);
            if std::mem::take(&mut open.frees)
                && let Err(failure) = open.writer.give_back(Room::Some)
            {
                // What was written is written.
                tracing::warn!(error = ?failure, "free pages stay in the library");
            }
            Ok(revision)
        })
        .await
    }
}

fn surroundings(connection: &Connection, id: &CharacterId, at: Timestamp) -> failure::Result<Surroundings> {
    let Some(character) = query::character_row(connection, id)? else { return Ok(Surroundings::default()) };
    let at = nanoseconds(at);
    let mut surroundings = Surroundings {
        character: query::character(connection, character)?,
        at_this_moment: seen_at(connection, character, at)?,
        ..Surroundings::default()
    };
    if let Some((row, before)) = neighbour(connection, id, character, at, Side::Before)? {
        surroundings.last_sighting_before = last_sighting(connection, character, row, at)?;
        surroundings.sightings_after = sightings_after(connection, character, row, at)?;
        surroundings.before = Some(before);
    }
    surroundings.after = neighbour(connection, id, character, at, Side::After)?.map(|(_, after)| after);
    Ok(surroundings)
}

#[derive(Clone, Copy)]
enum Side {
    Before,
    After,
}

/// The version next to a moment, with its row number.
fn neighbour(
    connection: &Connection,
    id: &CharacterId,
    character: i64,
    at: i64,
    side: Side,
) -> failure::Result<Option<(i64, VersionMetadata)>> {
    let sql = match side {
        Side::Before => rows::versions!(
            "WHERE v.character = ?1 AND v.captured_at <= ?2 ORDER BY v.captured_at DESC, v.id DESC LIMIT 1"
        ),
        Side::After => rows::versions!(
            "WHERE v.character = ?1 AND v.captured_at > ?2 ORDER BY v.captured_at, v.id LIMIT 1"
        ),
    };
    let mut statement = connection.prepare_cached(sql)?;
    let mut found = statement.query(params![character, at])?;
    let Some(row) = found.next()? else { return Ok(None) };
    Ok(Some((row.get(11)?, rows::version(id, row)?)))
}

fn seen_at(connection: &Connection, character: i64, at: i64) -> failure::Result<Vec<ContentHash>> {
    let mut statement = connection.prepare_cached(
        "SELECT c.hash FROM version AS v JOIN content AS c ON c.row = v.content \
         WHERE v.character = ?1 AND v.captured_at = ?2 \
         UNION SELECT c.hash FROM sighting AS s JOIN version AS v ON v.row = s.version \
         JOIN content AS c ON c.row = v.content WHERE s.character = ?1 AND s.at = ?2 ORDER BY 1",
    )?;
    let hashes = statement.query_map(params![character, at], |row| Ok(ContentHash(row.get(0)?)))?;
    Ok(hashes.collect::<rusqlite::Result<_>>()?)
}

fn last_sighting(
    connection: &Connection,
    character: i64,
    version: i64,
    at: i64,
) -> failure::Result<Option<Timestamp>> {
    let mut statement = connection
        .prepare_cached("SELECT max(at) FROM sighting WHERE character = ?1 AND at <= ?2 AND version = ?3")?;
    let last: Option<i64> = statement.query_row(params![character, at, version], |row| row.get(0))?;
    last.map(timestamp).transpose()
}

fn sightings_after(
    connection: &Connection,
    character: i64,
    version: i64,
    at: i64,
) -> failure::Result<Vec<Timestamp>> {
    let mut statement = connection.prepare_cached(
        "SELECT at FROM sighting WHERE character = ?1 AND at > ?2 AND version = ?3 ORDER BY at",
    )?;
    let times = statement.query_map(params![character, at, version], |row| row.get(0))?;
    times.map(|time| timestamp(time?)).collect()
}

impl Open {
    fn apply(&mut self, write: Write) -> failure::Result<()> {
        rules::check(&write)?;
        self.touched.extend(write.character().cloned());
        self.frees |= matches!(write, Write::DropVersions { .. } | Write::Erase { .. });
        match write {
            Write::Character { index, expect } => self.put_index(&index, expect),
            Write::Content { character, hash, bytes } => {
                let character = self.character_row(&character)?;
                let Writer { connection, recent, encoding, .. } = &mut *self.writer;
                content::put(connection, recent, encoding, character, hash, bytes)
            }
            Write::Version { metadata } => self.put_version(&metadata),
            Write::Sightings { character, version, at } => self.each_sighting(
                "INSERT OR IGNORE INTO sighting (character, at, version) VALUES (?1, ?2, ?3)",
                &character,
                version,
                &at,
            ),
            Write::RemoveSightings { character, version, at } => self.each_sighting(
                "DELETE FROM sighting WHERE character = ?1 AND at = ?2 AND version = ?3",
                &character,
                version,
                &at,
            ),
            Write::DropVersions { character, versions } => self.drop_versions(&character, &versions),
            Write::Erase { character, expect } => self.erase(&character, expect),
            Write::Member { campaign, user, role } => self.put_member(&campaign, &user, role),
            Write::Audit { note, .. } => {
                self.notes.push(note);
                Ok(())
            }
            Write::Setting { setting, expect } => self.put_setting(&setting, expect),
        }
    }

    /// The row number of a character, given to it now if it is new.
    fn character_row(&self, id: &CharacterId) -> failure::Result<i64> {
        let connection = &self.writer.connection;
        if let Some(row) = query::character_row(connection, id)? {
            return Ok(row);
        }
        connection.prepare_cached("INSERT INTO character (id) VALUES (?1)")?.execute([id.as_str()])?;
        let row = connection.last_insert_rowid();
        connection.prepare_cached("DELETE FROM tombstone WHERE id = ?1")?.execute([id.as_str()])?;
        Ok(row)
    }

    fn put_index(&mut self, index: &CharacterIndex, expect: Expect) -> failure::Result<()> {
        let row = self.character_row(&index.id)?;
        let before = self.revision_before(&index.id, row)?;
        rules::check_revision(before, expect, index)?;
        self.put_row(row, index)
    }

    /// Writes the row of the list and what it is filtered by.
    pub(super) fn put_row(&self, row: i64, index: &CharacterIndex) -> failure::Result<()> {
        let connection = &self.writer.connection;
        connection
            .prepare_cached("UPDATE character SET revision = ?2, details = ?3 WHERE row = ?1")?
            .execute(params![row, integer(index.revision), rows::index_details(index)?])?;
        connection
            .prepare_cached(
                "INSERT OR REPLACE INTO character_index (character, written, id, level, last_changed, campaign, \
                 name_folded, search_folded, classes, owner, deleted) \
                 VALUES (?1, (SELECT revision + 1 FROM store), ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
            )?
            .execute(params![
                row,
                index.id.as_str(),
                index.level,
                nanoseconds(index.last_changed),
                matching::campaign(index),
                fold(&index.name),
                matching::search_text(index),
                rows::class_names(index)?,
                index.owner,
                index.deleted_at.is_some(),
            ])?;
        Ok(())
    }

    /// The revision of a character as it was before this transaction's own writes.
    fn revision_before(&mut self, id: &CharacterId, row: i64) -> failure::Result<Option<u64>> {
        if let Some(&before) = self.revisions_before.get(id) {
            return Ok(before);
        }
        let mut statement =
            self.writer.connection.prepare_cached("SELECT revision FROM character WHERE row = ?1")?;
        let revision: Option<i64> = statement.query_row([row], |row| row.get(0))?;
        let before = revision.map(unsigned).transpose()?;
        drop(statement);
        self.revisions_before.insert(id.clone(), before);
        Ok(before)
    }

    fn put_version(&self, metadata: &VersionMetadata) -> failure::Result<()> {
        let connection = &self.writer.connection;
        let character = self.character_row(&metadata.character)?;
        let Some(content) = content::find(connection, character, &metadata.content)? else {
            return Err(rules::content_unknown(metadata).into());
        };
        let row = self.version_place(metadata, character)?;
        connection
            .prepare_cached(
                "INSERT INTO version (row, character, id, number, captured_at, edited_at, content, bytes, kind, \
                 seen_last, seen_count, details, archived) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13) \
                 ON CONFLICT (row) DO UPDATE SET number = excluded.number, captured_at = excluded.captured_at, \
                 edited_at = excluded.edited_at, content = excluded.content, bytes = excluded.bytes, \
                 kind = excluded.kind, seen_last = excluded.seen_last, seen_count = excluded.seen_count, \
                 details = excluded.details, archived = excluded.archived",
            )?
            .execute(params![
                row,
                character,
                metadata.id.0.as_bytes(),
                integer(metadata.version),
                nanoseconds(metadata.captured_at),
                metadata.edited_at.map(nanoseconds),
                content,
                integer(metadata.bytes),
                rows::kind_number(metadata.summary.kind),
                nanoseconds(metadata.seen.last),
                integer(metadata.seen.count),
                rows::version_details(metadata)?,
                metadata.archived,
            ])?;
        traces::put(connection, row.unwrap_or_else(|| connection.last_insert_rowid()), metadata)?;
        content::place(connection, content)
    }

    fn drop_versions(&mut self, id: &CharacterId, versions: &[SnapshotId]) -> failure::Result<()> {
        let Writer { connection, recent, encoding, .. } = &mut *self.writer;
        let Some(character) = query::character_row(connection, id)? else { return Ok(()) };
        let mut unused = BTreeSet::new();
        for version in versions {
            let found: Option<(i64, i64)> = connection
                .prepare_cached("SELECT row, content FROM version WHERE character = ?1 AND id = ?2")?
                .query_row(params![character, version.0.as_bytes()], |row| Ok((row.get(0)?, row.get(1)?)))
                .optional()?;
            let Some((version, content)) = found else { continue };
            connection.prepare_cached("DELETE FROM sighting WHERE version = ?1")?.execute([version])?;
            connection.prepare_cached("DELETE FROM version WHERE row = ?1")?.execute([version])?;
            unused.insert(content);
        }
        unused = content::unused(connection, unused)?;
        content::drop(connection, recent, encoding, character, &unused)
    }

    fn erase(&mut self, id: &CharacterId, expect: Expect) -> failure::Result<()> {
        let row = query::character_row(&self.writer.connection, id)?;
        let before = match row {
            Some(row) => self.revision_before(id, row)?,
            None => None,
        };
        rules::check_expected(id, before, expect)?;
        let Some(row) = row else { return Ok(()) };
        let connection = &self.writer.connection;
        for sql in [
            "DELETE FROM sighting WHERE character = ?1",
            "DELETE FROM version WHERE character = ?1",
            "DELETE FROM archive WHERE content IN (SELECT row FROM content WHERE character = ?1)",
            // Each leans on the ones before it.
            "UPDATE content SET base = NULL WHERE character = ?1 AND base IS NOT NULL",
            "DELETE FROM content WHERE character = ?1",
            "DELETE FROM character_index WHERE character = ?1",
            "DELETE FROM character WHERE row = ?1",
        ] {
            connection.prepare_cached(sql)?.execute([row])?;
        }
        connection
            .prepare_cached(
                "INSERT OR REPLACE INTO tombstone (id, character, written) \
                 VALUES (?1, ?2, (SELECT revision + 1 FROM store))",
            )?
            .execute(params![id.as_str(), row])?;
        Ok(())
    }

    fn put_member(&self, campaign: &str, user: &str, role: Option<Role>) -> failure::Result<()> {
        let connection = &self.writer.connection;
        match role {
            Some(role) => connection
                .prepare_cached("INSERT OR REPLACE INTO member (campaign, user, role) VALUES (?1, ?2, ?3)")?
                .execute(params![campaign, user, rows::role_number(role)])?,
            None => connection
                .prepare_cached("DELETE FROM member WHERE campaign = ?1 AND user = ?2")?
                .execute([campaign, user])?,
        };
        Ok(())
    }

    fn put_setting(&self, setting: &Setting, expect: Expect) -> failure::Result<()> {
        let connection = &self.writer.connection;
        let before: Option<i64> = connection
            .prepare_cached("SELECT revision FROM setting WHERE key = ?1")?
            .query_row([&setting.key], |row| row.get(0))
            .optional()?;
        settings::check_expected(setting, before.map(unsigned).transpose()?, expect)?;
        connection
            .prepare_cached(
                "INSERT INTO setting (key, value, revision) VALUES (?1, ?2, ?3) \
                 ON CONFLICT (key) DO UPDATE SET value = excluded.value, revision = excluded.revision",
            )?
            .execute(params![setting.key, setting.value, integer(setting.revision)])?;
        Ok(())
    }

    /// The row a version goes to: its own, if it is there already, or none yet.
    fn version_place(&self, metadata: &VersionMetadata, character: i64) -> failure::Result<Option<i64>> {
        let mut statement = self.writer.connection.prepare_cached(
            "SELECT row, character, id FROM version WHERE id = ?1 \
             UNION ALL SELECT row, character, id FROM version WHERE character = ?2 AND number = ?3",
        )?;
        let mut found =
            statement.query(params![metadata.id.0.as_bytes(), character, integer(metadata.version)])?;
        let mut place = None;
        while let Some(row) = found.next()? {
            let (owner, id): (i64, [u8; 16]) = (row.get(1)?, row.get(2)?);
            if owner != character || id != *metadata.id.0.as_bytes() {
                return Err(rules::version_taken(metadata).into());
            }
            place = Some(row.get(0)?);
        }
        Ok(place)
    }

    fn each_sighting(
        &self,
        sql: &str,
        character: &CharacterId,
        version: SnapshotId,
        at: &[Timestamp],
    ) -> failure::Result<()> {
        let connection = &self.writer.connection;
        let mut statement = connection.prepare_cached(
            "SELECT v.row, c.row FROM version AS v JOIN character AS c ON c.row = v.character \
             WHERE v.id = ?1 AND c.id = ?2",
        )?;
        let known: Option<(i64, i64)> = statement
            .query_row(params![version.0.as_bytes(), character.as_str()], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })
            .optional()?;
        let Some((version, character)) = known else {
            return Err(rules::version_unknown(character).into());
        };
        let mut statement = connection.prepare_cached(sql)?;
        for &time in at {
            statement.execute(params![character, nanoseconds(time), version])?;
        }
        Ok(())
    }
}
