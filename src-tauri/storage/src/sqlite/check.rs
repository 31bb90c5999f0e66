//! Looking for damage: the file, then every row against every other, then every document against its hash.
//!
//! A check reads one state of the store on a connection of its own, in steps short enough to be stopped between.

use std::{
    collections::{BTreeSet, HashMap},
    time::Duration,
};

use backstory_core::{
    error::{Error, Result},
    job::{Cancel, Progress, ProgressEvent},
    model::{CharacterId, CharacterIndex, Seen},
    storage::{CheckReport, CheckScope, Problem},
};
use rusqlite::{Connection, params};

use super::{
    blocking, content,
    failure::{self, Failure},
    opening::{self, Door},
    query,
    rows::{self, timestamp, unsigned},
    traces,
};
use crate::{
    matching::{self, fold},
    recent::RecentDocuments,
    rules::nanoseconds,
    tally::{Counted, Tally, stale},
};

/// How many characters or documents a step looks at.
const STEP: u32 = 64;

/// How soon a step that takes long notices that it is to stop.
const PATIENCE: Duration = Duration::from_millis(50);

/// How many decoded documents a check remembers: neighbours lean on each other.
const RECENT_BYTES: usize = 16 << 20;

/// Where rows are that are not what was written, with the version's number where there is one; and what that means.
const SEALED: [(&str, &str); 11] = [
    (
        "SELECT k.id, v.number FROM version AS v LEFT JOIN character AS k ON k.row = v.character \
         WHERE v.checksum IS NOT checksum(v.row, v.character, v.id, v.number, v.captured_at, v.edited_at, v.content, \
         v.bytes, v.kind, v.seen_last, v.seen_count, v.details, v.archived)",
        "What is known of it is not what was written. Its document is looked at by itself.",
    ),
    (
        "SELECT k.id, v.number FROM sighting AS s LEFT JOIN version AS v ON v.row = s.version \
         LEFT JOIN character AS k ON k.row = s.character \
         WHERE s.checksum IS NOT checksum(s.character, s.at, s.version)",
        "A moment at which it was seen again is not what was written.",
    ),
    (
        "SELECT id, 0 FROM character WHERE checksum IS NOT checksum(row, id, revision, details, written)",
        "What the list shows of it is not what was written.",
    ),
    (
        "SELECT k.id, 0 FROM character_index AS i LEFT JOIN character AS k ON k.row = i.character \
         WHERE i.checksum IS NOT checksum(i.character, i.written, i.id, i.level, i.last_changed, i.campaign, \
         i.name_folded, i.search_folded, i.classes, i.owner, i.deleted)",
        "What the list is searched and sorted by is not what was written.",
    ),
    (
        "SELECT id, 0 FROM tombstone WHERE checksum IS NOT checksum(id, character, written)",
        "That it was erased is not told as it was written.",
    ),
    (
        "SELECT 'campaign ' || campaign, 0 FROM member WHERE checksum IS NOT checksum(campaign, user, role)",
        "Somebody's place in it is not what was written.",
    ),
    (
        "SELECT 'setting ' || key, 0 FROM setting WHERE checksum IS NOT checksum(key, value, revision)",
        "What the program keeps for itself is not what was written.",
    ),
    (
        "SELECT k.id, v.number FROM trace AS t LEFT JOIN version AS v ON v.row = t.version \
         LEFT JOIN character AS k ON k.row = v.character \
         WHERE t.checksum IS NOT checksum(t.version, t.data)",
        "What blame, search and progress know of it is not what was written. `backstory retell --all` tells it anew.",
    ),
    (
        "SELECT 'entry ' || sequence || ' of the audit log', 0 FROM audit \
         WHERE checksum IS NOT checksum(sequence, text, hash)",
        "It is not what was written. `backstory audit --verify` says more.",
    ),
    (
        "SELECT 'audit log', 0 FROM audit_head WHERE checksum IS NOT checksum(id, size, hash, peaks) \
         OR size IS NOT (SELECT count(*) FROM audit)",
        "How it ends is not what was written. `backstory audit --verify` says more.",
    ),
    (
        "SELECT 'library', 0 FROM store WHERE checksum IS NOT checksum(id, revision)",
        "How often the library was written to is not what was written.",
    ),
];

/// A check under way.
struct Check {
    connection: Connection,
    recent: RecentDocuments,
    report: CheckReport,
}

/// Runs a whole check.
pub(super) async fn run(
    door: Door,
    scope: CheckScope,
    progress: &dyn Progress,
    cancel: &Cancel,
) -> Result<CheckReport> {
    let mut steps = Steps { check: Some(Check::start(door.clone()).await?), door, cancel };
    steps.step(move |check| check.file(scope)).await?;
    let total = steps.step(move |check| check.size(scope)).await?.unwrap_or(0);
    steps.step(|check| check.references()).await?;
    steps.step(|check| check.words()).await?;
    if scope == CheckScope::Data {
        steps.step(|check| check.plan()).await?;
        for (rows, message) in SEALED {
            steps.step(move |check| check.sealed(rows, message)).await?;
        }
    }
    let mut done = 0;
    for stage in [Check::some_characters, Check::some_documents] {
        let mut after = Some(0);
        while let Some(row) = after {
            progress.report(ProgressEvent::Advanced { done, total });
            let looked_at = steps.step(move |check| stage(check, row)).await?;
            // In a damaged table rows may stand out of order: what does not lead on would be looked at for ever.
            after = looked_at.and_then(|(last, _)| last).filter(|last| *last > row);
            done += looked_at.map_or(0, |(_, count)| count);
        }
        if scope == CheckScope::Structure {
            break;
        }
    }
    progress.report(ProgressEvent::Advanced { done: total, total });
    steps.check.map(|check| check.report).ok_or_else(|| Error::internal("A check lost its report."))
}

/// Runs the steps of a check, one at a time, on a thread where waiting is allowed.
struct Steps<'a> {
    check: Option<Check>,
    door: Door,
    cancel: &'a Cancel,
}

impl Steps<'_> {
    /// Runs a step. Damage that keeps it from finishing is a finding, and its answer is then none.
    async fn step<T: Send + 'static>(
        &mut self,
        work: impl FnOnce(&mut Check) -> failure::Result<T> + Send + 'static,
    ) -> Result<Option<T>> {
        self.cancel.check()?;
        let Some(mut check) = self.check.take() else { return Err(Error::internal("A check was lost.")) };
        let interrupt = check.connection.get_interrupt_handle();
        let mut task = tokio::task::spawn_blocking(move || {
            let result = work(&mut check);
            (check, result)
        });
        let finished = loop {
            match tokio::time::timeout(PATIENCE, &mut task).await {
                Ok(finished) => break finished,
                Err(_) if self.cancel.is_cancelled() => interrupt.interrupt(),
                Err(_) => {}
            }
        };
        let (check, result) = finished
            .map_err(|stopped| Error::internal("A check stopped unexpectedly.").caused_by(stopped))?;
        let check = self.check.insert(check);
        self.cancel.check()?;
        match result {
            Ok(value) => Ok(Some(value)),
            Err(failure) if failure.is_damage() => {
                let message = failure.at(&self.door.path).message;
                check.database_damaged(message);
                Ok(None)
            }
            Err(failure) => Err(failure.at(&self.door.path)),
        }
    }
}

impl Check {
    async fn start(door: Door) -> Result<Self> {
        blocking(move || {
            let connect = || -> failure::Result<Connection> {
                let connection = door.connect_reader()?;
                connection.execute_batch("BEGIN")?;
                Ok(connection)
            };
            let connection = connect().map_err(|failure| failure.at(&door.path))?;
            Ok(Self {
                connection,
                recent: RecentDocuments::new(RECENT_BYTES),
                report: CheckReport::default(),
            })
        })
        .await
    }

    fn problem(&mut self, code: &str, r#where: String, message: impl Into<String>) {
        let problem = Problem { code: code.to_owned(), r#where, message: message.into(), repairable: false };
        self.report.problems.push(problem);
    }

    fn database_damaged(&mut self, message: String) {
        self.problem("database_damaged", "library".to_owned(), message);
    }

    fn number(&self, sql: &str) -> failure::Result<u64> {
        unsigned(self.connection.query_row(sql, [], |row| row.get(0))?)
    }

    fn size(&mut self, scope: CheckScope) -> failure::Result<u64> {
        self.report.characters = self.number("SELECT count(*) FROM character_index")?;
        self.report.versions = self.number("SELECT count(*) FROM version")?;
        self.report.contents = self.number("SELECT count(*) FROM content")?;
        let characters = self.number("SELECT count(*) FROM character")?;
        Ok(characters + if scope == CheckScope::Data { self.report.contents } else { 0 })
    }

    /// SQLite's own check of its pages; and of its indexes against their tables, where everything is read.
    fn file(&mut self, scope: CheckScope) -> failure::Result<()> {
        let mut statement = self.connection.prepare(match scope {
            CheckScope::Structure => "PRAGMA quick_check(20)",
            CheckScope::Data => "PRAGMA integrity_check(20)",
        })?;
        let lines: Vec<String> =
            statement.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
        drop(statement);
        for line in lines.into_iter().filter(|line| line != "ok") {
            self.database_damaged(format!("The file is damaged: {line}."));
        }
        Ok(())
    }

    /// The tables, indexes and triggers are those that this program makes.
    fn plan(&mut self) -> failure::Result<()> {
        let Some(expected) = opening::expected_plan(&self.connection)? else { return Ok(()) };
        let found = opening::plan(&self.connection)?;
        let missing = expected.iter().filter(|part| !found.contains(part));
        let strange = found.iter().filter(|part| !expected.contains(part));
        let names: BTreeSet<_> = missing.chain(strange).map(|(name, _)| name.clone()).collect();
        for name in names {
            self.database_damaged(format!("What the file says of its own {name} is not what was written."));
        }
        Ok(())
    }

    /// The index of words holds what the traces say, and is set to leave no byte of what is taken out. Whether it finds what
    /// it holds, SQLite's own check compares.
    fn words(&mut self) -> failure::Result<()> {
        let is_wrong = "SELECT \
             (SELECT coalesce(group_concat(k || ' ' || quote(v), ', ' ORDER BY k), '') FROM word_index_config) \
             NOT IN ('secure-delete 1, version 4', 'secure-delete 1, version 5') \
             OR EXISTS (SELECT pgno FROM word_index_idx WHERE pgno < 2) \
             OR EXISTS (SELECT rowid FROM word_index EXCEPT SELECT version FROM trace)";
        if self.number(is_wrong)? != 0 || !traces::stale(&self.connection)?.is_empty() {
            let message = "The index that finds words is not what was written.".to_owned();
            self.report.problems.push(stale("library".to_owned(), message));
        }
        Ok(())
    }

    /// Rows that are not what was written.
    fn sealed(&mut self, rows: &str, message: &str) -> failure::Result<()> {
        for (r#where, number) in self.pairs(rows)? {
            let r#where = if number > 0 { format!("{} version {number}", r#where) } else { r#where };
            self.problem("row_damaged", r#where, message);
        }
        Ok(())
    }

    /// Every version has its document, and every document what it leans on.
    fn references(&mut self) -> failure::Result<()> {
        let versions = "SELECT k.id, v.number FROM version AS v LEFT JOIN character AS k ON k.row = v.character \
             LEFT JOIN content AS c ON c.row = v.content AND c.character = v.character \
             WHERE c.row IS NULL OR k.row IS NULL";
        for (character, number) in self.pairs(versions)? {
            self.problem(
                "content_missing",
                format!("{character} version {number}"),
                "Its document is missing.",
            );
        }
        let contents = "SELECT '', c.row FROM content AS c LEFT JOIN content AS b ON b.row = c.base \
             WHERE c.base IS NOT NULL AND (b.row IS NULL OR b.row >= c.row OR b.character <> c.character)";
        for (_, row) in self.pairs(contents)? {
            let r#where = self.users_of(row)?;
            self.problem("content_damaged", r#where, "The document it leans on is missing.");
        }
        let lengths = "SELECT k.id, v.number FROM version AS v JOIN content AS c ON c.row = v.content \
             JOIN character AS k ON k.row = v.character WHERE c.length <> v.bytes";
        for (character, number) in self.pairs(lengths)? {
            let r#where = format!("{character} version {number}");
            self.report.problems.push(stale(r#where, "The length it names is not that of its document."));
        }
        let sightings = "SELECT coalesce(k.id, '?'), count(*) FROM sighting AS s LEFT JOIN character AS k ON k.row = s.character \
             LEFT JOIN version AS v ON v.row = s.version AND v.character = s.character WHERE v.row IS NULL GROUP BY 1";
        for (character, count) in self.pairs(sightings)? {
            self.database_damaged(format!(
                "{count} sightings of {character} are of a version that is not there."
            ));
        }
        Ok(())
    }

    fn pairs(&self, sql: &str) -> failure::Result<Vec<(String, i64)>> {
        let mut statement = self.connection.prepare(sql)?;
        let mut rows = statement.query([])?;
        let mut pairs = Vec::new();
        while let Some(row) = rows.next()? {
            // What is damaged is named as far as it can be.
            let name = row.get_ref(0)?.as_bytes_or_null().ok().flatten().unwrap_or(b"?");
            let number = row.get_ref(1)?.as_i64().unwrap_or(0);
            pairs.push((String::from_utf8_lossy(name).into_owned(), number));
        }
        Ok(pairs)
    }

    /// The versions that have this document.
    fn users_of(&self, content: i64) -> failure::Result<String> {
        let mut statement = self.connection.prepare_cached(
            "SELECT k.id || coalesce(' version ' || (SELECT group_concat(number, ', ') FROM version WHERE content = c.row), '') \
             FROM content AS c JOIN character AS k ON k.row = c.character WHERE c.row = ?1",
        )?;
        let mut found = statement.query([content])?;
        Ok(found.next()?.map(|row| row.get(0)).transpose()?.unwrap_or_else(|| format!("document {content}")))
    }

    /// Compares what the list says of the next characters with their histories.
    /// Says how many they were, and after which row to go on.
    fn some_characters(&mut self, after: i64) -> failure::Result<(Option<i64>, u64)> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT id, row FROM character WHERE row > ?1 ORDER BY row LIMIT ?2")?;
        let next = statement.query_map(params![after, STEP], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let next: Vec<(String, i64)> = next.collect::<rusqlite::Result<_>>()?;
        drop(statement);
        for (id, row) in &next {
            match self.character(id, *row) {
                Err(failure) if failure.is_damage() => {
                    self.report
                        .problems
                        .push(stale(id.clone(), "What the library knows of it cannot be read."));
                }
                result => result?,
            }
        }
        Ok((next.last().map(|(_, row)| *row), next.len() as u64))
    }

    fn character(&mut self, id: &str, row: i64) -> failure::Result<()> {
        let id = CharacterId::new(id).map_err(|_| failure::damaged("A character's id is not one."))?;
        let index = query::character(&self.connection, row)?;
        let mut tally = Tally::default();
        for counted in self.history(row)? {
            self.report.problems.extend(tally.add(&id, &counted));
        }
        self.report.problems.extend(tally.compare(&id, index.as_ref()));
        if let Some(index) = index
            && !self.is_projected(row, &index)?
        {
            let message = "What the list is searched and sorted by does not agree with what it shows.";
            self.report.problems.push(stale(id.to_string(), message));
        }
        Ok(())
    }

    fn history(&self, character: i64) -> failure::Result<Vec<Counted>> {
        let mut statement = self.connection.prepare_cached(
            "SELECT s.version, count(*), max(s.at) FROM sighting AS s JOIN version AS v ON v.row = s.version \
             WHERE s.character = ?1 AND s.at <> v.captured_at GROUP BY s.version",
        )?;
        let sightings =
            statement.query_map([character], |row| Ok((row.get(0)?, (row.get(1)?, row.get(2)?))))?;
        let sightings: HashMap<i64, (i64, i64)> = sightings.collect::<rusqlite::Result<_>>()?;
        let mut statement = self.connection.prepare_cached(
            "SELECT row, number, captured_at, seen_last, seen_count FROM version WHERE character = ?1",
        )?;
        let mut found = statement.query([character])?;
        let mut history = Vec::new();
        while let Some(row) = found.next()? {
            let again = sightings.get(&row.get(0)?);
            history.push(Counted {
                version: unsigned(row.get(1)?)?,
                captured_at: timestamp(row.get(2)?)?,
                seen: Seen { last: timestamp(row.get(3)?)?, count: unsigned(row.get(4)?)? },
                sightings: again.map_or(Ok(0), |(count, _)| unsigned(*count))?,
                last_sighting: again.map(|(_, last)| timestamp(*last)).transpose()?,
            });
        }
        Ok(history)
    }

    /// Whether the columns for filtering and sorting are what they would be if they were written now.
    fn is_projected(&self, row: i64, index: &CharacterIndex) -> failure::Result<bool> {
        let mut statement = self.connection.prepare_cached(
            "SELECT id = ?2 AND level = ?3 AND last_changed = ?4 AND campaign IS ?5 AND name_folded = ?6 \
             AND search_folded = ?7 AND classes = ?8 AND owner IS ?9 AND deleted = ?10 FROM character_index WHERE character = ?1",
        )?;
        let mut found = statement.query(params![
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
        Ok(found.next()?.map(|row| row.get(0)).transpose()?.unwrap_or(false))
    }

    /// Decodes the next documents and compares them with their hashes.
    fn some_documents(&mut self, after: i64) -> failure::Result<(Option<i64>, u64)> {
        let mut statement =
            self.connection.prepare_cached("SELECT row FROM content WHERE row > ?1 ORDER BY row LIMIT ?2")?;
        let next = statement.query_map(params![after, STEP], |row| row.get(0))?;
        let next: Vec<i64> = next.collect::<rusqlite::Result<_>>()?;
        drop(statement);
        for &row in &next {
            match content::document(&self.connection, &mut self.recent, row) {
                Ok(document) => self.report.bytes += document.len() as u64,
                Err(failure) if failure.is_damage() => {
                    let r#where = self.users_of(row)?;
                    let message = damage_message(failure);
                    self.problem("content_damaged", r#where, message);
                }
                Err(failure) => return Err(failure),
            }
        }
        Ok((next.last().copied(), next.len() as u64))
    }
}

fn damage_message(failure: Failure) -> String {
    match failure {
        Failure::Said(error) => error.message,
        Failure::Sqlite(_) => "Its document cannot be read: the file is damaged there.".to_owned(),
    }
}
