//! Writes that only add or replace: checked against what is known, gathered by table, and sent together.
//!
//! A few rows travel as arrays, all tables in one round trip; many are copied in bulk. A table with row-level security
//! takes no bulk copy by itself: the rows go to a table of the session first.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    pin::pin,
    sync::Arc,
};

use backstory_core::{
    model::{CharacterId, CharacterIndex, ContentHash, SnapshotId, VersionMetadata},
    storage::{Encoding, Write},
};
use deadpool_postgres::ClientWrapper as Connection;
use futures_util::future::{join, join_all, join3, join5};
use jiff::Timestamp;
use tokio_postgres::{
    Statement,
    binary_copy::BinaryCopyInWriter,
    types::{ToSql, Type},
};
use uuid::Uuid;

use super::{
    content::{self, New},
    failure::{Result, denied},
    query::{Values, run},
    rows::{self, IndexColumns, integer},
    traces::{self, TraceArrays},
    transaction::Locked,
};
use crate::{
    recent::RecentDocuments,
    rules::{self, nanoseconds},
};

/// From how many rows on a table is filled by copying in bulk.
const MANY_ROWS: usize = 50;

/// From how many bytes of documents on they are copied in bulk: one message has its limits.
const MANY_BYTES: usize = 16 << 20;

/// What the database knows of the things some writes name.
#[derive(Debug, Default)]
pub(super) struct Known {
    contents: HashSet<(String, ContentHash)>,
    /// Those of them that lie in the archive area.
    archived: HashSet<(String, ContentHash)>,
    /// Whose each version is, and its number.
    versions: HashMap<Uuid, (String, i64)>,
    numbers: HashMap<(String, i64), Uuid>,
}

// The limits keep the server from reading everything a character has to find one thing by its key.
const KNOWN_CONTENTS: &str = "SELECT n.id, n.hash, (SELECT true FROM backstory.archive AS a \
       WHERE a.character_id = n.id AND a.hash = n.hash) IS NOT NULL \
     FROM unnest($1::text[], $2::bytea[]) AS n (id, hash) CROSS JOIN LATERAL (\
       SELECT FROM backstory.content AS c WHERE c.character_id = n.id AND c.hash = n.hash LIMIT 1) AS found";

const KNOWN_VERSIONS: &str = "SELECT character_id, id, number FROM backstory.version WHERE id = ANY ($1) \
     UNION ALL SELECT n.id, found.id, n.number FROM unnest($2::text[], $3::bigint[]) AS n (id, number) \
     CROSS JOIN LATERAL (SELECT v.id FROM backstory.version AS v \
       WHERE v.character_id = n.id AND v.number = n.number LIMIT 1) AS found";

impl Known {
    /// Asks for everything these writes name.
    pub(super) async fn of(client: &Connection, writes: &[Write]) -> Result<Self> {
        let (mut owners, mut hashes) = (Vec::new(), Vec::new());
        let (mut ids, mut characters, mut numbers) = (Vec::new(), Vec::new(), Vec::new());
        for write in writes {
            match write {
                Write::Content { character, hash, .. } => {
                    owners.push(character.as_str());
                    hashes.push(hash.0.as_slice());
                }
                Write::Version { metadata } => {
                    owners.push(metadata.character.as_str());
                    hashes.push(metadata.content.0.as_slice());
                    ids.push(metadata.id.0);
                    characters.push(metadata.character.as_str());
                    numbers.push(integer(metadata.version));
                }
                Write::Sightings { version, .. } | Write::RemoveSightings { version, .. } => {
                    ids.push(version.0)
                }
                _ => {}
            }
        }
        let mut known = Self::default();
        if !hashes.is_empty() {
            for row in run(client, KNOWN_CONTENTS, &[&owners, &hashes]).await? {
                let name: (String, _) = (row.try_get(0)?, rows::hash(row.try_get(1)?)?);
                if row.try_get(2)? {
                    known.archived.insert(name.clone());
                }
                known.contents.insert(name);
            }
        }
        if !ids.is_empty() {
            for row in run(client, KNOWN_VERSIONS, &[&ids, &characters, &numbers]).await? {
                known.put(row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
            }
        }
        Ok(known)
    }

    /// Notes a version. Says whether it is a new one.
    fn put(&mut self, character: String, id: Uuid, number: i64) -> bool {
        let before = self.versions.insert(id, (character.clone(), number));
        if let Some(before) = &before {
            self.numbers.remove(before);
        }
        self.numbers.insert((character, number), id);
        before.is_none()
    }

    fn check_version(&self, metadata: &VersionMetadata) -> backstory_core::error::Result<()> {
        let character = metadata.character.to_string();
        let is_anothers = self.versions.get(&metadata.id.0).is_some_and(|(owner, _)| *owner != character);
        let number = (character, integer(metadata.version));
        let is_taken = self.numbers.get(&number).is_some_and(|other| *other != metadata.id.0);
        if !self.contents.contains(&(number.0, metadata.content)) {
            return Err(rules::content_unknown(metadata));
        }
        if is_anothers || is_taken { Err(rules::version_taken(metadata)) } else { Ok(()) }
    }
}

/// A document and its name.
pub(super) type Document = (ContentHash, Arc<Vec<u8>>);

/// Writes by table, checked.
#[derive(Debug, Default)]
pub(super) struct Batch {
    /// Characters that must be there, with or without a row.
    characters: Vec<CharacterId>,
    contents: BTreeMap<CharacterId, Vec<Document>>,
    /// Versions, and whether they are new.
    versions: BTreeMap<SnapshotId, (VersionMetadata, bool)>,
    /// Sightings, and whether they are to be there afterwards.
    sightings: BTreeMap<(CharacterId, i64, Uuid), bool>,
    rows: BTreeMap<CharacterId, CharacterIndex>,
    /// Documents that may lie in the wrong area afterwards.
    to_place: BTreeSet<(String, ContentHash)>,
}

impl Batch {
    /// Gathers writes, in their order.
    pub(super) fn of(
        writes: Vec<Write>,
        mut known: Known,
        locked: &HashMap<CharacterId, Locked>,
    ) -> Result<Self> {
        let mut batch = Self::default();
        for write in writes {
            match write {
                Write::Character { index, expect } => {
                    let before = locked.get(&index.id).and_then(|locked| locked.before);
                    rules::check_revision(before, expect, &index)?;
                    batch.need(&index.id, locked);
                    batch.rows.insert(index.id.clone(), *index);
                }
                Write::Content { character, hash, bytes } => {
                    batch.need(&character, locked);
                    if known.contents.insert((character.to_string(), hash)) {
                        batch.contents.entry(character).or_default().push((hash, bytes));
                    }
                }
                Write::Version { metadata } => {
                    known.check_version(&metadata)?;
                    let (character, number) = (metadata.character.to_string(), integer(metadata.version));
                    let document = (character.clone(), metadata.content);
                    if metadata.archived || known.archived.contains(&document) {
                        batch.to_place.insert(document);
                    }
                    let is_new = known.put(character, metadata.id.0, number);
                    let is_new = batch.versions.get(&metadata.id).map_or(is_new, |(_, is_new)| *is_new);
                    let mut metadata = *metadata;
                    if let (None, Some((before, _))) = (&metadata.trace, batch.versions.get(&metadata.id)) {
                        metadata.trace.clone_from(&before.trace);
                    }
                    batch.versions.insert(metadata.id, (metadata, is_new));
                }
                Write::Sightings { character, version, at } => {
                    batch.see(&known, &character, version, &at, true)?;
                }
                Write::RemoveSightings { character, version, at } => {
                    batch.see(&known, &character, version, &at, false)?;
                }
                Write::DropVersions { .. }
                | Write::Erase { .. }
                | Write::Member { .. }
                | Write::Setting { .. }
                | Write::Audit { .. } => {}
            }
        }
        Ok(batch)
    }

    fn need(&mut self, character: &CharacterId, locked: &HashMap<CharacterId, Locked>) {
        let exists = locked.get(character).is_some_and(|locked| locked.exists);
        if !exists && !self.characters.contains(character) {
            self.characters.push(character.clone());
        }
    }

    fn see(
        &mut self,
        known: &Known,
        character: &CharacterId,
        version: SnapshotId,
        at: &[Timestamp],
        is_seen: bool,
    ) -> Result<()> {
        if known.versions.get(&version.0).is_none_or(|(owner, _)| owner != character.as_str()) {
            return Err(rules::version_unknown(character).into());
        }
        for &time in at {
            self.sightings.insert((character.clone(), nanoseconds(time), version.0), is_seen);
        }
        Ok(())
    }
}

const PUT_CHARACTERS: &str =
    "INSERT INTO backstory.character (id) SELECT unnest($1::text[]) ON CONFLICT DO NOTHING";

const FORGET_TOMBSTONES: &str = "DELETE FROM backstory.tombstone WHERE id = ANY ($1::text[])";

const PUT_CONTENTS: &str = "INSERT INTO backstory.content (character_id, hash, rung, base, codec, length, data) \
     SELECT * FROM unnest($1::text[], $2::bytea[], $3::bigint[], $4::bigint[], $5::smallint[], $6::bigint[], $7::bytea[])";

const PUT_VERSIONS: &str = "INSERT INTO backstory.version \
     (character_id, id, number, captured_at, kind, content, seen_last, seen_count, archived, details) \
     SELECT * FROM unnest($1::text[], $2::uuid[], $3::bigint[], $4::bigint[], $5::smallint[], $6::bytea[], \
     $7::bigint[], $8::bigint[], $9::boolean[], $10::text[])";

/// A row that is written whole gets the checksum of what it says now.
const CHANGE_VERSIONS: &str = "UPDATE backstory.version AS v SET number = n.number, captured_at = n.captured_at, \
     kind = n.kind, content = n.content, seen_last = n.seen_last, seen_count = n.seen_count, archived = n.archived, \
     details = n.details, checksum = NULL \
     FROM unnest($1::text[], $2::uuid[], $3::bigint[], $4::bigint[], $5::smallint[], $6::bytea[], \
     $7::bigint[], $8::bigint[], $9::boolean[], $10::text[]) \
     AS n (character_id, id, number, captured_at, kind, content, seen_last, seen_count, archived, details) \
     WHERE v.character_id = n.character_id AND v.id = n.id";

/// The columns a version is found by. The checksum agrees afterwards where `details` is what was written, and only there.
const MEND_VERSIONS: &str = "UPDATE backstory.version AS v SET number = n.number, captured_at = n.captured_at, \
     kind = n.kind, content = n.content, seen_last = n.seen_last, seen_count = n.seen_count, archived = n.archived \
     FROM unnest($1::text[], $2::uuid[], $3::bigint[], $4::bigint[], $5::smallint[], $6::bytea[], \
     $7::bigint[], $8::bigint[], $9::boolean[]) \
     AS n (character_id, id, number, captured_at, kind, content, seen_last, seen_count, archived) \
     WHERE v.character_id = n.character_id AND v.id = n.id";

const PUT_SIGHTINGS: &str = "INSERT INTO backstory.sighting (character_id, at, version) \
     SELECT * FROM unnest($1::text[], $2::bigint[], $3::uuid[]) ON CONFLICT DO NOTHING";

const TAKE_SIGHTINGS: &str = "DELETE FROM backstory.sighting AS s \
     USING unnest($1::text[], $2::bigint[], $3::uuid[]) AS n (character_id, at, version) \
     WHERE s.character_id = n.character_id AND s.at = n.at AND s.version = n.version";

/// A row that names its owner says so, unless it only repeats what somebody else read.
const PUT_ROW: &str = "UPDATE backstory.character SET revision = $2, deleted_at = $3, \
     owner = coalesce($4, current_user::text), \
     owner_named = ($4::text IS NOT NULL AND (owner_named OR owner <> $4 OR $4 = current_user)), \
     level = $5, last_changed = $6, campaign = $7, name_folded = $8, search_folded = $9, classes = $10, \
     classes_folded = $11, details = $12, sheet = $13::text::jsonb, checksum = NULL WHERE id = $1";

/// Sends a batch. What it names is locked, so nobody else can have changed it since it was checked.
pub(super) async fn send(
    client: &Connection,
    recent: &mut RecentDocuments,
    encoding: &Encoding,
    batch: Batch,
    locked: &mut HashMap<CharacterId, Locked>,
) -> Result<()> {
    let Batch { characters, contents, versions, sightings, rows, to_place } = batch;
    let mut new = Vec::new();
    for (character, documents) in contents {
        new.extend(content::encode(client, recent, encoding, &character, documents).await?);
    }
    let ids: Vec<&str> = characters.iter().map(CharacterId::as_str).collect();
    if !ids.is_empty() {
        let (put, forget) =
            (client.prepare_cached(PUT_CHARACTERS).await?, client.prepare_cached(FORGET_TOMBSTONES).await?);
        let values: [&(dyn ToSql + Sync); 1] = [&ids];
        let (put, forgotten) = join(client.execute(&put, &values), client.execute(&forget, &values)).await;
        put?;
        forgotten?;
    }
    let (added, changed): (Vec<_>, Vec<_>) = versions.into_values().partition(|(_, is_new)| *is_new);
    let (seen, unseen): (Vec<_>, Vec<_>) = sightings.into_iter().partition(|(_, is_seen)| *is_seen);
    let mut traces = TraceArrays::default();
    for (version, _) in added.iter().chain(&changed) {
        traces.add(version)?;
    }
    let mut added = VersionArrays::of(added)?;
    if new.len() >= MANY_ROWS || new.iter().map(|content| content.data.len()).sum::<usize>() >= MANY_BYTES {
        copy_contents(client, std::mem::take(&mut new)).await?;
    }
    if added.ids.len() >= MANY_ROWS {
        copy_versions(client, std::mem::take(&mut added)).await?;
    }
    let tables = Tables {
        contents: new,
        added,
        changed: VersionArrays::of(changed)?,
        traces,
        seen: SightingArrays::of(seen),
        unseen: SightingArrays::of(unseen),
        to_place: to_place.into_iter().map(|(character, hash)| (character, hash.0.to_vec())).unzip(),
        rows: rows
            .values()
            .map(|index| Ok((index.id.as_str(), IndexColumns::of(index)?)))
            .collect::<Result<_>>()?,
    };
    tables.send(client).await?;
    for character in characters {
        locked.entry(character).or_default().exists = true;
    }
    Ok(())
}

/// What is written to each table, a few rows of each.
struct Tables<'a> {
    contents: Vec<New>,
    added: VersionArrays,
    changed: VersionArrays,
    traces: TraceArrays,
    seen: SightingArrays,
    unseen: SightingArrays,
    to_place: (Vec<String>, Vec<Vec<u8>>),
    rows: Vec<(&'a str, IndexColumns)>,
}

impl Tables<'_> {
    /// Sends everything at once, in the order in which it must be applied, and looks at the answers.
    async fn send(&self, client: &Connection) -> Result<()> {
        let prepare = |sql: &'static str| client.prepare_cached(sql);
        // All are prepared before the first is sent: preparing one waits for the server, and the order must hold.
        let (put_contents, put_row) = (prepare(PUT_CONTENTS).await?, prepare(PUT_ROW).await?);
        let (put_versions, change_versions) = (prepare(PUT_VERSIONS).await?, prepare(CHANGE_VERSIONS).await?);
        let (put_sightings, take_sightings) = (prepare(PUT_SIGHTINGS).await?, prepare(TAKE_SIGHTINGS).await?);
        let (place, put_traces) = (prepare(content::PLACE).await?, prepare(traces::PUT).await?);
        let t = &self.traces;
        let traces: [&(dyn ToSql + Sync); 4] = [&t.characters, &t.versions, &t.data, &t.words];
        let contents = ContentArrays::of(&self.contents);
        let (contents, added, changed) = (contents.values(), self.added.values(), self.changed.values());
        let (seen, unseen) = (self.seen.values(), self.unseen.values());
        let to_place: [&(dyn ToSql + Sync); 2] = [&self.to_place.0, &self.to_place.1];
        let values: Vec<_> = self.rows.iter().map(|(id, columns)| row_values(id, columns)).collect();
        let rows = values.iter().map(|values| client.execute(&put_row, values));
        let (contents, added, changed, ((seen, unseen, placed), traced), rows) = join5(
            execute(client, &put_contents, &contents, self.contents.len()),
            execute(client, &put_versions, &added, self.added.ids.len()),
            execute(client, &change_versions, &changed, self.changed.ids.len()),
            join(
                join3(
                    execute(client, &put_sightings, &seen, self.seen.at.len()),
                    execute(client, &take_sightings, &unseen, self.unseen.at.len()),
                    execute(client, &place, &to_place, self.to_place.0.len()),
                ),
                execute(client, &put_traces, &traces, t.versions.len()),
            ),
            join_all(rows),
        )
        .await;
        contents?;
        added?;
        let changed = changed?;
        seen?;
        unseen?;
        placed?;
        traced?;
        let rows = rows.into_iter().collect::<Result<Vec<u64>, _>>()?;
        // What is not this user's to change is not found.
        if changed != self.changed.ids.len() as u64 || rows.iter().any(|count| *count != 1) {
            return Err(denied().into());
        }
        Ok(())
    }
}

/// Runs a statement over arrays, unless they are empty.
pub(super) async fn execute(
    client: &Connection,
    statement: &Statement,
    values: &Values<'_>,
    length: usize,
) -> Result<u64, tokio_postgres::Error> {
    if length == 0 { Ok(0) } else { client.execute(statement, values).await }
}

/// Writes one row of the list.
pub(super) async fn put_row(client: &Connection, index: &CharacterIndex) -> Result<()> {
    let columns = IndexColumns::of(index)?;
    let statement = client.prepare_cached(PUT_ROW).await?;
    match client.execute(&statement, &row_values(&index.id.as_str(), &columns)).await? {
        1 => Ok(()),
        _ => Err(denied().into()),
    }
}

/// Makes the columns that versions are found by anew, and leaves the rest of their rows as it is.
pub(super) async fn mend(client: &Connection, versions: Vec<VersionMetadata>) -> Result<()> {
    let arrays = VersionArrays::of(versions.into_iter().map(|version| (version, false)).collect())?;
    run(client, MEND_VERSIONS, &arrays.values()[..9]).await?;
    Ok(())
}

fn row_values<'a>(id: &'a &'a str, columns: &'a IndexColumns) -> [&'a (dyn ToSql + Sync); 13] {
    [
        id,
        &columns.revision,
        &columns.deleted_at,
        &columns.owner,
        &columns.level,
        &columns.last_changed,
        &columns.campaign,
        &columns.name_folded,
        &columns.search_folded,
        &columns.classes,
        &columns.classes_folded,
        &columns.details,
        &columns.sheet,
    ]
}

/// Contents as an array for each column.
#[derive(Default)]
struct ContentArrays<'a> {
    characters: Vec<&'a str>,
    hashes: Vec<&'a [u8]>,
    rungs: Vec<i64>,
    bases: Vec<Option<i64>>,
    codecs: Vec<i16>,
    lengths: Vec<i64>,
    data: Vec<&'a [u8]>,
}

impl<'a> ContentArrays<'a> {
    fn of(contents: &'a [New]) -> Self {
        let mut arrays = Self::default();
        for content in contents {
            arrays.characters.push(&content.character);
            arrays.hashes.push(&content.hash.0);
            arrays.rungs.push(content.rung);
            arrays.bases.push(content.base);
            arrays.codecs.push(content.codec);
            arrays.lengths.push(content.length);
            arrays.data.push(&content.data);
        }
        arrays
    }

    fn values(&self) -> [&(dyn ToSql + Sync); 7] {
        [&self.characters, &self.hashes, &self.rungs, &self.bases, &self.codecs, &self.lengths, &self.data]
    }
}

/// Versions as an array for each column.
#[derive(Default)]
struct VersionArrays {
    characters: Vec<String>,
    ids: Vec<Uuid>,
    numbers: Vec<i64>,
    captured_at: Vec<i64>,
    kinds: Vec<i16>,
    contents: Vec<Vec<u8>>,
    seen_last: Vec<i64>,
    seen_count: Vec<i64>,
    archived: Vec<bool>,
    details: Vec<String>,
}

impl VersionArrays {
    fn of(versions: Vec<(VersionMetadata, bool)>) -> Result<Self> {
        let mut arrays = Self::default();
        for (version, _) in versions {
            arrays.characters.push(version.character.to_string());
            arrays.ids.push(version.id.0);
            arrays.numbers.push(integer(version.version));
            arrays.captured_at.push(nanoseconds(version.captured_at));
            arrays.kinds.push(rows::kind_number(version.summary.kind));
            arrays.contents.push(version.content.0.to_vec());
            arrays.seen_last.push(nanoseconds(version.seen.last));
            arrays.seen_count.push(integer(version.seen.count));
            arrays.archived.push(version.archived);
            arrays.details.push(rows::version_details(&version)?);
        }
        Ok(arrays)
    }

    fn values(&self) -> [&(dyn ToSql + Sync); 10] {
        [
            &self.characters,
            &self.ids,
            &self.numbers,
            &self.captured_at,
            &self.kinds,
            &self.contents,
            &self.seen_last,
            &self.seen_count,
            &self.archived,
            &self.details,
        ]
    }
}

/// Sightings as an array for each column.
#[derive(Default)]
struct SightingArrays {
    characters: Vec<String>,
    at: Vec<i64>,
    versions: Vec<Uuid>,
}

impl SightingArrays {
    fn of(sightings: Vec<((CharacterId, i64, Uuid), bool)>) -> Self {
        let mut arrays = Self::default();
        for ((character, at, version), _) in sightings {
            arrays.characters.push(character.to_string());
            arrays.at.push(at);
            arrays.versions.push(version);
        }
        arrays
    }

    fn values(&self) -> [&(dyn ToSql + Sync); 3] {
        [&self.characters, &self.at, &self.versions]
    }
}

const STAGE_CONTENTS: &str = "CREATE TEMPORARY TABLE IF NOT EXISTS staged_content (character_id text, hash bytea, \
     rung bigint, base bigint, codec smallint, length bigint, data bytea) ON COMMIT DELETE ROWS; \
     ALTER TABLE pg_temp.staged_content ALTER COLUMN data SET STORAGE EXTERNAL";

const COPY_CONTENTS: &str = "COPY pg_temp.staged_content FROM STDIN (FORMAT binary)";

const TAKE_CONTENTS: &str = "INSERT INTO backstory.content (character_id, hash, rung, base, codec, length, data) \
     SELECT * FROM pg_temp.staged_content; TRUNCATE pg_temp.staged_content";

async fn copy_contents(client: &Connection, contents: Vec<New>) -> Result<()> {
    client.batch_execute(STAGE_CONTENTS).await?;
    let types = [Type::TEXT, Type::BYTEA, Type::INT8, Type::INT8, Type::INT2, Type::INT8, Type::BYTEA];
    let mut writer = pin!(BinaryCopyInWriter::new(client.copy_in(COPY_CONTENTS).await?, &types));
    for content in contents {
        let New { character, hash, rung, base, codec, length, data } = content;
        let hash = hash.0.as_slice();
        writer.as_mut().write(&[&character, &hash, &rung, &base, &codec, &length, &data]).await?;
    }
    writer.finish().await?;
    Ok(client.batch_execute(TAKE_CONTENTS).await?)
}

const STAGE_VERSIONS: &str = "CREATE TEMPORARY TABLE IF NOT EXISTS staged_version (character_id text, id uuid, \
     number bigint, captured_at bigint, kind smallint, content bytea, seen_last bigint, seen_count bigint, \
     archived boolean, details text) ON COMMIT DELETE ROWS";

const COPY_VERSIONS: &str = "COPY pg_temp.staged_version FROM STDIN (FORMAT binary)";

const TAKE_VERSIONS: &str = "INSERT INTO backstory.version \
     (character_id, id, number, captured_at, kind, content, seen_last, seen_count, archived, details) \
     SELECT * FROM pg_temp.staged_version; TRUNCATE pg_temp.staged_version";

async fn copy_versions(client: &Connection, versions: VersionArrays) -> Result<()> {
    client.batch_execute(STAGE_VERSIONS).await?;
    let types = [
        Type::TEXT,
        Type::UUID,
        Type::INT8,
        Type::INT8,
        Type::INT2,
        Type::BYTEA,
        Type::INT8,
        Type::INT8,
        Type::BOOL,
        Type::TEXT,
    ];
    let mut writer = pin!(BinaryCopyInWriter::new(client.copy_in(COPY_VERSIONS).await?, &types));
    for n in 0..versions.ids.len() {
        let row: [&(dyn ToSql + Sync); 10] = [
            &versions.characters[n],
            &versions.ids[n],
            &versions.numbers[n],
            &versions.captured_at[n],
            &versions.kinds[n],
            &versions.contents[n],
            &versions.seen_last[n],
            &versions.seen_count[n],
            &versions.archived[n],
            &versions.details[n],
        ];
        writer.as_mut().write(&row).await?;
    }
    writer.finish().await?;
    Ok(client.batch_execute(TAKE_VERSIONS).await?)
}
