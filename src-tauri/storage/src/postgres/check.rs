//! Looking for damage: every row against every other, then every document against its hash.
//!
//! A check reads one state of the store, as far as its user may see it, on a connection of its own, in steps short enough to
//! be stopped between.

use std::collections::HashMap;

use backstory_core::{
    job::{Cancel, Progress, ProgressEvent},
    model::{CharacterId, ContentHash, VersionMetadata},
    storage::{CheckReport, CheckScope, Problem},
};
use deadpool_postgres::ClientWrapper as Connection;
use tokio_postgres::Row;
use uuid::Uuid;

use super::{
    content,
    failure::{self, Failure, Result},
    query::{first, run},
    rows::{self, IndexColumns, index_columns, integer, timestamp, unsigned},
    schema::MONTHS_AHEAD,
};
use crate::{
    recent::RecentDocuments,
    rules::nanoseconds,
    tally::{Counted, Tally, stale},
};

/// How many characters or documents a step looks at.
const STEP: i64 = 64;

/// How many decoded documents a check remembers: neighbours lean on each other.
const RECENT_BYTES: usize = 16 << 20;

/// What belongs to no character and is not what was written.
const DAMAGED_SHARED: &str = "SELECT 'library' FROM backstory.store AS r \
       WHERE r.checksum IS DISTINCT FROM backstory.checksum_of(to_jsonb(r)) \
     UNION ALL SELECT r.id FROM backstory.tombstone AS r \
       WHERE r.checksum IS DISTINCT FROM backstory.checksum_of(to_jsonb(r)) \
     UNION ALL SELECT 'campaign ' || r.campaign FROM backstory.member AS r \
       WHERE r.checksum IS DISTINCT FROM backstory.checksum_of(to_jsonb(r)) \
     UNION ALL SELECT 'entry ' || r.sequence || ' of the audit log' FROM backstory.audit AS r \
       WHERE r.checksum IS DISTINCT FROM backstory.checksum_of(to_jsonb(r)) \
     UNION ALL SELECT 'end of the audit log' FROM backstory.audit_head AS r \
       WHERE r.checksum IS DISTINCT FROM backstory.checksum_of(to_jsonb(r)) \
     UNION ALL SELECT 'setting ' || r.key FROM backstory.setting AS r \
       WHERE r.checksum IS DISTINCT FROM backstory.checksum_of(to_jsonb(r)) ORDER BY 1";

/// What of some characters is not what was written: whose, which version's, and what that means.
const DAMAGED: &str = "SELECT r.id, NULL::bigint, \
       'Its row of the list is not what was written: a name, a level or another field of it may be wrong.' \
       FROM backstory.character AS r \
       WHERE r.id = ANY ($1) AND r.checksum IS DISTINCT FROM backstory.checksum_of(to_jsonb(r)) \
     UNION ALL SELECT r.character_id, r.number, \
       'Its row is not what was written: a sentence, a time, a tag or another field of it may be wrong.' \
       FROM backstory.version AS r \
       WHERE r.character_id = ANY ($1) AND r.checksum IS DISTINCT FROM backstory.checksum_of(to_jsonb(r)) \
     UNION ALL SELECT r.character_id, v.number, 'A moment at which it was seen again is not what was written.' \
       FROM backstory.sighting AS r \
       LEFT JOIN backstory.version AS v ON v.character_id = r.character_id AND v.id = r.version \
       WHERE r.character_id = ANY ($1) AND r.checksum IS DISTINCT FROM backstory.checksum_of(to_jsonb(r)) \
     UNION ALL SELECT r.character_id, v.number, \
       'What blame, search and progress know of it is not what was written. `backstory retell --all` tells it anew.' \
       FROM backstory.trace AS r \
       LEFT JOIN backstory.version AS v ON v.character_id = r.character_id AND v.id = r.version \
       WHERE r.character_id = ANY ($1) AND r.checksum IS DISTINCT FROM backstory.checksum_of(to_jsonb(r)) \
     UNION ALL SELECT r.character_id, v.number, 'How its document is kept is not what was written.' \
       FROM backstory.content AS r \
       LEFT JOIN backstory.version AS v ON v.character_id = r.character_id AND v.content = r.hash \
       WHERE r.character_id = ANY ($1) AND r.checksum IS DISTINCT FROM \
       backstory.checksum_of_content(r.character_id, r.hash, r.rung, r.base, r.codec, r.length) \
     ORDER BY 1, 2";

/// A check under way.
struct Check {
    /// Not of the pool any more: it ends with the check, and its transaction with it.
    connection: Connection,
    recent: RecentDocuments,
    report: CheckReport,
}

/// Runs a whole check on this connection.
pub(super) async fn run_all(
    connection: Connection,
    scope: CheckScope,
    progress: &dyn Progress,
    cancel: &Cancel,
) -> Result<CheckReport> {
    cancel.check()?;
    // Checksums are made of bytes written in this way.
    let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL bytea_output = 'hex'";
    connection.batch_execute(begin).await?;
    let recent = RecentDocuments::new(RECENT_BYTES);
    let mut check = Check { connection, recent, report: CheckReport::default() };
    let total = check.size(scope).await?;
    cancel.check()?;
    check.months().await?;
    check.references().await?;
    check.shared_rows().await?;
    let (mut done, mut after) = (0, Some(String::new()));
    while let Some(last) = after {
        cancel.check()?;
        progress.report(ProgressEvent::Advanced { done, total });
        let (next, count) = check.some_characters(&last).await?;
        (after, done) = (next, total.min(done + count));
    }
    if scope == CheckScope::Data {
        let mut after = Some((String::new(), -1));
        while let Some((character, rung)) = after {
            cancel.check()?;
            progress.report(ProgressEvent::Advanced { done, total });
            let (next, count) = check.some_documents(&character, rung).await?;
            (after, done) = (next, total.min(done + count));
        }
    }
    progress.report(ProgressEvent::Advanced { done: total, total });
    Ok(check.report)
}

impl Check {
    fn problem(&mut self, code: &str, r#where: String, message: impl Into<String>) {
        let (code, message) = (code.to_owned(), message.into());
        self.report.problems.push(Problem { code, r#where, message, repairable: false });
    }

    /// Counts what there is to look at.
    async fn size(&mut self, scope: CheckScope) -> Result<u64> {
        let sql = "SELECT (SELECT count(*) FROM backstory.character WHERE details IS NOT NULL), \
             (SELECT count(*) FROM backstory.version), (SELECT count(*) FROM backstory.content), \
             (SELECT count(*) FROM backstory.character)";
        let row = self.connection.query_one(sql, &[]).await?;
        self.report.characters = unsigned(row.try_get(0)?)?;
        self.report.versions = unsigned(row.try_get(1)?)?;
        self.report.contents = unsigned(row.try_get(2)?)?;
        let characters = unsigned(row.try_get(3)?)?;
        Ok(characters + if scope == CheckScope::Data { self.report.contents } else { 0 })
    }

    /// This month and those to come have a partition.
    async fn months(&mut self) -> Result<()> {
        let sql = "SELECT to_char(month, 'YYYY-MM') FROM backstory.missing_months(0, $1) AS month";
        for row in run(&self.connection, sql, &[&MONTHS_AHEAD]).await? {
            let month: String = row.try_get(0)?;
            self.report.problems.push(Problem {
                code: "partition_missing".to_owned(),
                r#where: format!("month {month}"),
                message: "There is no partition for its versions yet.".to_owned(),
                repairable: true,
            });
        }
        Ok(())
    }

    /// Every version has its document, and every sighting its version.
    async fn references(&mut self) -> Result<()> {
        // Whoever may see a history need not be let at the documents: missing is what nobody is kept from.
        let versions = "SELECT v.character_id, v.number FROM backstory.version AS v \
             JOIN backstory.character AS k ON k.id = v.character_id AND (k.owner = current_user \
             OR pg_has_role(current_user, 'backstory_admin', 'member')) \
             LEFT JOIN backstory.content AS c ON c.character_id = v.character_id AND c.hash = v.content \
             WHERE c.hash IS NULL ORDER BY 1, 2";
        for row in run(&self.connection, versions, &[]).await? {
            let (character, number): (String, i64) = (row.try_get(0)?, row.try_get(1)?);
            self.problem(
                "content_missing",
                format!("{character} version {number}"),
                "Its document is missing.",
            );
        }
        let sightings = "SELECT s.character_id, count(*) FROM backstory.sighting AS s \
             LEFT JOIN backstory.version AS v ON v.character_id = s.character_id AND v.id = s.version \
             WHERE v.id IS NULL GROUP BY 1 ORDER BY 1";
        for row in run(&self.connection, sightings, &[]).await? {
            let (character, count): (String, i64) = (row.try_get(0)?, row.try_get(1)?);
            let message = format!("{count} sightings are of a version that is not there.");
            self.problem("database_damaged", character, message);
        }
        Ok(())
    }

    /// The rows that belong to no character are what was written to them.
    async fn shared_rows(&mut self) -> Result<()> {
        for row in run(&self.connection, DAMAGED_SHARED, &[]).await? {
            let r#where = rows::plain(row.try_get(0)?);
            self.problem("row_damaged", r#where, "What stands there is not what was written.");
        }
        Ok(())
    }

    /// The rows of some characters are what was written to them.
    async fn damaged_rows(&mut self, ids: &[String]) -> Result<()> {
        for row in run(&self.connection, DAMAGED, &[&ids]).await? {
            let (character, number, message): (String, Option<i64>, &str) =
                (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
            let r#where = number.map_or(character.clone(), |number| format!("{character} version {number}"));
            self.problem("row_damaged", r#where, message);
        }
        Ok(())
    }

    /// Compares what the list says of the next characters with their histories.
    /// Says how many they were, and after which one to go on.
    async fn some_characters(&mut self, after: &str) -> Result<(Option<String>, u64)> {
        let next = "SELECT id FROM backstory.character WHERE id > $1 ORDER BY id LIMIT $2";
        let next = run(&self.connection, next, &[&after, &STEP]).await?;
        let ids = next.iter().map(|row| Ok(row.try_get(0)?)).collect::<Result<Vec<String>>>()?;
        self.damaged_rows(&ids).await?;
        let mut histories = self.histories(&ids).await?;
        let mut rows = self.rows(&ids).await?;
        for id in &ids {
            let history = histories.remove(id).unwrap_or_default();
            let row = rows.remove(id);
            match self.character(id, row.as_ref(), &history) {
                Err(failure) if failure.is_damage() => {
                    let problem = stale(id.clone(), "What the library knows of it cannot be read.");
                    self.report.problems.push(problem);
                }
                result => result?,
            }
        }
        Ok((ids.last().cloned(), ids.len() as u64))
    }

    /// The rows of the list, with the columns they are filtered by.
    async fn rows(&self, ids: &[String]) -> Result<HashMap<String, Row>> {
        let sql = concat!(
            "SELECT ",
            index_columns!(),
            ", c.level, c.last_changed, c.campaign, c.name_folded, c.search_folded, c.classes, c.classes_folded, ",
            "c.sheet::text ",
            "FROM backstory.character AS c WHERE c.id = ANY ($1) AND c.details IS NOT NULL"
        );
        let found = run(&self.connection, sql, &[&ids]).await?;
        found.into_iter().map(|row| Ok((row.try_get(0)?, row))).collect()
    }

    /// The versions of some characters, each with how often it was seen again.
    async fn histories(&self, ids: &[String]) -> Result<HashMap<String, Vec<Row>>> {
        let sql = "SELECT v.character_id, v.details, v.id, v.number, v.captured_at, v.content, v.kind, v.seen_last, \
             v.seen_count, coalesce(s.count, 0), s.last, c.length, v.archived FROM backstory.version AS v \
             LEFT JOIN LATERAL (SELECT count(*) AS count, max(at) AS last FROM backstory.sighting \
               WHERE character_id = v.character_id AND version = v.id AND at <> v.captured_at) AS s ON true \
             LEFT JOIN backstory.content AS c ON c.character_id = v.character_id AND c.hash = v.content \
             WHERE v.character_id = ANY ($1) ORDER BY v.character_id, v.captured_at, v.id";
        let mut histories: HashMap<String, Vec<Row>> = HashMap::new();
        for row in run(&self.connection, sql, &[&ids]).await? {
            histories.entry(row.try_get(0)?).or_default().push(row);
        }
        Ok(histories)
    }

    fn character(&mut self, id: &str, row: Option<&Row>, history: &[Row]) -> Result<()> {
        let id = CharacterId::new(id).map_err(|_| failure::damaged("A character's id is not one."))?;
        let (mut tally, mut is_whole) = (Tally::default(), true);
        for row in history {
            let Some(version) = self.version(&id, row)? else {
                is_whole = false;
                continue;
            };
            if !is_version_projected(row, &version)? {
                let r#where = format!("{id} version {}", version.version);
                let message = "What it is found by does not agree with what is known of it.";
                self.report.problems.push(stale(r#where, message));
            }
            let length: Option<i64> = row.try_get(11)?;
            if length.is_some_and(|length| length != integer(version.bytes)) {
                let r#where = format!("{id} version {}", version.version);
                self.report.problems.push(stale(r#where, "The length it names is not that of its document."));
            }
            let last: Option<i64> = row.try_get(10)?;
            let counted = Counted {
                version: version.version,
                captured_at: version.captured_at,
                seen: version.seen,
                sightings: unsigned(row.try_get(9)?)?,
                last_sighting: last.map(timestamp).transpose()?,
            };
            self.report.problems.extend(tally.add(&id, &counted));
        }
        let index = row.map(rows::index).transpose()?;
        if is_whole {
            self.report.problems.extend(tally.compare(&id, index.as_ref()));
        }
        if let (Some(row), Some(index)) = (row, &index)
            && !is_projected(row, &IndexColumns::of(index)?)?
        {
            let message = "What the list is searched and sorted by does not agree with what it shows.";
            self.report.problems.push(stale(id.to_string(), message));
        }
        Ok(())
    }

    /// A version as it is told; one that cannot be told is a problem of its own, and the others are looked at all the same.
    fn version(&mut self, id: &CharacterId, row: &Row) -> Result<Option<VersionMetadata>> {
        let read = || rows::version(id, row.try_get(1)?);
        match read() {
            Err(failure) if failure.is_damage() => {
                let r#where = format!("{id} version {}", row.try_get::<_, i64>(3)?);
                self.problem("row_damaged", r#where, "What the library knows of it cannot be read.");
                Ok(None)
            }
            read => read.map(Some),
        }
    }

    /// Decodes the next documents and compares them with their hashes.
    async fn some_documents(&mut self, character: &str, rung: i64) -> Result<(Option<(String, i64)>, u64)> {
        let next = "SELECT character_id, rung, hash FROM backstory.content WHERE (character_id, rung) > ($1, $2) \
             ORDER BY character_id, rung LIMIT $3";
        let found = run(&self.connection, next, &[&character, &rung, &STEP]).await?;
        let mut last = None;
        for row in &found {
            let (character, rung): (String, i64) = (row.try_get(0)?, row.try_get(1)?);
            self.document(&character, row.try_get(2)?).await?;
            last = Some((character, rung));
        }
        Ok((last, found.len() as u64))
    }

    async fn document(&mut self, character: &str, hash: &[u8]) -> Result<()> {
        let read = async {
            let id = CharacterId::new(character)?;
            content::document(&self.connection, &mut self.recent, &id, &rows::hash(hash)?).await
        };
        match read.await {
            Ok(document) => self.report.bytes += document.map_or(0, |document| document.len() as u64),
            Err(failure) if failure.is_damage() => {
                let r#where = self.users_of(character, hash).await?;
                self.problem("content_damaged", r#where, damage_message(failure));
            }
            Err(failure) => return Err(failure),
        }
        Ok(())
    }

    /// The versions that have this document.
    async fn users_of(&self, character: &str, hash: &[u8]) -> Result<String> {
        let sql = "SELECT string_agg(number::text, ', ' ORDER BY number) FROM backstory.version \
             WHERE character_id = $1 AND content = $2";
        let numbers: Option<String> = match first(&self.connection, sql, &[&character, &hash]).await? {
            Some(row) => row.try_get(0)?,
            None => None,
        };
        Ok(numbers.map_or_else(|| character.to_owned(), |numbers| format!("{character} version {numbers}")))
    }
}

/// Whether the columns a version is found by are what they would be if they were written now.
fn is_version_projected(row: &Row, version: &VersionMetadata) -> Result<bool> {
    Ok(row.try_get::<_, Uuid>(2)? == version.id.0
        && row.try_get::<_, &str>(0)? == version.character.as_str()
        && row.try_get::<_, i64>(3)? == integer(version.version)
        && row.try_get::<_, i64>(4)? == nanoseconds(version.captured_at)
        && ContentHash::eq(&rows::hash(row.try_get(5)?)?, &version.content)
        && row.try_get::<_, i16>(6)? == rows::kind_number(version.summary.kind)
        && row.try_get::<_, i64>(7)? == nanoseconds(version.seen.last)
        && row.try_get::<_, i64>(8)? == integer(version.seen.count)
        && row.try_get::<_, bool>(12)? == version.archived)
}

/// Whether the columns of a row of the list are what they would be if they were written now.
fn is_projected(row: &Row, expected: &IndexColumns) -> Result<bool> {
    Ok(row.try_get::<_, i64>(6)? == expected.level
        && row.try_get::<_, i64>(7)? == expected.last_changed
        && row.try_get::<_, Option<String>>(8)? == expected.campaign
        && row.try_get::<_, String>(9)? == expected.name_folded
        && row.try_get::<_, String>(10)? == expected.search_folded
        && row.try_get::<_, Vec<String>>(11)? == expected.classes
        && row.try_get::<_, Vec<String>>(12)? == expected.classes_folded
        && is_same_json(row.try_get(13)?, &expected.sheet))
}

/// Whether the server's own form of a JSON text means the same.
fn is_same_json(found: Option<&str>, expected: &str) -> bool {
    let value = |text: &str| serde_json::from_str::<serde_json::Value>(text).ok();
    found.and_then(value) == value(expected)
}

fn damage_message(failure: Failure) -> String {
    match failure {
        Failure::Said(error) => error.message,
        _ => "Its document cannot be read: the database is damaged there.".to_owned(),
    }
}
