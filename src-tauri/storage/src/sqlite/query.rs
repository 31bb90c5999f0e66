//! Reading: the list, the history, single documents, counts. Every function runs inside one transaction.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use backstory_core::{
    error::Code,
    model::{CharacterId, CharacterIndex, ContentHash, Member, Sighting, SnapshotId, VersionMetadata},
    storage::{Change, Changes, Facets, HistoryQuery, Page, QueryFilter, Setting, StorageStatistics},
};
use rusqlite::{Connection, OptionalExtension, params_from_iter, types::Value};
use uuid::Uuid;

use super::{
    content,
    failure::{self, Failure, Result},
    keys,
    rows::{self, integer, timestamp, unsigned},
    session::{Session, open_text},
    traces,
};
use crate::{
    catalogue::{Catalogue, Found, Listed},
    matching,
    recent::RecentDocuments,
    rules::{self, nanoseconds},
};

/// How often the library was committed to.
pub(super) fn revision(connection: &Connection) -> Result<u64> {
    let mut statement = connection.prepare_cached("SELECT revision FROM store")?;
    unsigned(statement.query_row([], |row| row.get(0))?)
}

/// Conditions of a query, joined by AND. The texts are the program's own; values only ever travel as parameters.
#[derive(Default)]
struct Conditions {
    sql: String,
    values: Vec<Value>,
}

impl Conditions {
    fn add(&mut self, condition: &'static str, value: impl Into<Value>) {
        self.sql.push_str(if self.sql.is_empty() { " WHERE " } else { " AND " });
        self.sql.push_str(condition);
        self.values.push(value.into());
    }
}

/// The catalogue shared by all readers of a store; none before the first filter is asked for.
pub(super) type SharedCatalogue = Mutex<Option<(u64, Arc<Catalogue>)>>;

/// The catalogue as of this reader's moment.
///
/// The moment begins under the lock: it is never older than what the catalogue holds already.
fn catalogue(connection: &Session, shared: &SharedCatalogue) -> Result<Arc<Catalogue>> {
    let mut shared = shared.lock().unwrap_or_else(PoisonError::into_inner);
    let now = revision(connection)?;
    // A store put back from a backup has counted less: it is read anew.
    let (seen, mut catalogue) = shared.take().filter(|(seen, _)| *seen <= now).unwrap_or_default();
    if seen < now {
        let (erased, changes) = (erased_since(connection, seen)?, listed_since(connection, seen)?);
        let catalogue = Arc::make_mut(&mut catalogue);
        catalogue.forget(&erased);
        catalogue.apply(changes);
    }
    *shared = Some((now, Arc::clone(&catalogue)));
    Ok(catalogue)
}

/// Whether the catalogue can be used at once. While it is being loaded it cannot.
fn is_loaded(shared: &SharedCatalogue) -> bool {
    shared.try_lock().is_ok_and(|catalogue| catalogue.is_some())
}

/// Loads the catalogue, or brings it up to date, before somebody waits for it.
pub(super) fn warm(connection: &Session, shared: &SharedCatalogue) -> Result<()> {
    catalogue(connection, shared).map(drop)
}

/// A query for what the catalogue must know.
macro_rules! listed {
    ($condition:literal) => {
        concat!(
            "SELECT character, id, name_folded, search_folded, classes, level, campaign, last_changed, owner, deleted \
             FROM character_index WHERE ",
            $condition
        )
    };
}

fn listed_since(connection: &Session, seen: u64) -> Result<Vec<Listed>> {
    if !connection.is_plain() {
        return opened_since(connection, seen);
    }
    // Reading everything by an index would visit every page many times.
    let sql = if seen == 0 { listed!("+written > ?1") } else { listed!("written > ?1") };
    let mut statement = connection.prepare_cached(sql)?;
    let mut found = statement.query([integer(seen)])?;
    let mut listed = Vec::new();
    while let Some(row) = found.next()? {
        listed.push(Listed {
            key: row.get(0)?,
            id: row.get(1)?,
            name_folded: row.get(2)?,
            search_folded: row.get(3)?,
            classes: rows::from_json(row.get_ref(4)?.as_str().map_err(rusqlite::Error::from)?, "the list")?,
            level: row.get(5)?,
            campaign: row.get(6)?,
            last_changed: row.get(7)?,
            owner: row.get(8)?,
            is_deleted: row.get(9)?,
        });
    }
    Ok(listed)
}

/// The same where texts are encrypted: they stand in the characters' own rows only.
fn opened_since(connection: &Session, seen: u64) -> Result<Vec<Listed>> {
    let mut statement = connection.prepare_cached(
        "SELECT k.row, k.id, k.revision, k.details, d.key FROM character_index AS i JOIN character AS k ON k.row = i.character \
         LEFT JOIN data_key AS d ON d.character = k.row WHERE +i.written > ?1 AND k.details IS NOT NULL",
    )?;
    let mut found = statement.query([integer(seen)])?;
    let mut listed = Vec::new();
    while let Some(row) = found.next()? {
        let id = CharacterId::new(row.get::<_, String>(1)?)?;
        let key = row.get_ref(4)?.as_blob_or_null().map_err(rusqlite::Error::from)?;
        let owner = connection.owner_of(&id, key)?;
        let details = open_text(&owner, rows::CHARACTER, &[], row.get_ref(3)?)?;
        let index = rows::index(id, row.get(2)?, &details)?;
        listed.push(Listed {
            key: row.get(0)?,
            id: index.id.to_string(),
            name_folded: matching::fold(&index.name),
            search_folded: matching::search_text(&index),
            classes: index
                .classes
                .iter()
                .map(|class| class.name.clone())
                .collect::<BTreeSet<_>>()
                .into_iter()
                .collect(),
            level: index.level,
            campaign: matching::campaign(&index).map(str::to_owned),
            last_changed: nanoseconds(index.last_changed),
            owner: index.owner,
            is_deleted: index.deleted_at.is_some(),
        });
    }
    Ok(listed)
}

/// The rows of characters that were erased. A new character may have got one of them since.
fn erased_since(connection: &Connection, seen: u64) -> Result<Vec<i64>> {
    let mut statement = connection.prepare_cached("SELECT character FROM tombstone WHERE written > ?1")?;
    let rows = statement.query_map([integer(seen)], |row| row.get(0))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// The characters that match, and how many there are in all.
///
/// Named ones are fetched, the plain first page is read from its index, everything else is found in the catalogue.
pub(super) fn characters(
    connection: &Session,
    shared: &SharedCatalogue,
    filter: &QueryFilter,
) -> Result<Page<CharacterIndex>> {
    rules::check_filter(filter)?;
    if !filter.ids.is_empty() {
        return named(connection, filter);
    }
    let plain = QueryFilter { limit: filter.limit, offset: filter.offset, ..QueryFilter::default() };
    let found = if *filter == plain && !is_loaded(shared) {
        last_changed(connection, filter)?
    } else {
        catalogue(connection, shared)?.find(filter)?
    };
    let mut items = Vec::with_capacity(found.keys.len());
    for row in found.keys {
        items.extend(character(connection, row)?);
    }
    let next = matching::next(filter, &items, found.left);
    Ok(Page { items, total: found.total, next })
}

fn named(connection: &Session, filter: &QueryFilter) -> Result<Page<CharacterIndex>> {
    let mut found = Vec::new();
    for id in filter.ids.iter().collect::<BTreeSet<_>>() {
        if let Some(row) = character_row(connection, id)? {
            found.extend(character(connection, row)?);
        }
    }
    Ok(matching::query(filter, found.iter())?)
}

/// A page of all characters in the usual order.
fn last_changed(connection: &Connection, filter: &QueryFilter) -> Result<Found> {
    let mut statement = connection.prepare_cached(
        "SELECT character FROM character_index WHERE deleted = 0 ORDER BY last_changed DESC, id LIMIT ? OFFSET ?",
    )?;
    let keys =
        statement.query_map(params_from_iter(window(filter.limit, filter.offset)), |row| row.get(0))?;
    let keys = keys.collect::<rusqlite::Result<_>>()?;
    let mut there = Conditions::default();
    there.add("deleted = ?", 0);
    let total = count(connection, "SELECT count(*) FROM character_index", &there)?;
    Ok(Found { keys, total, left: usize::try_from(total).unwrap_or(usize::MAX) })
}

fn count(connection: &Connection, all: &'static str, conditions: &Conditions) -> Result<u64> {
    let mut statement = connection.prepare_cached(&[all, conditions.sql.as_str()].concat())?;
    unsigned(statement.query_row(params_from_iter(&conditions.values), |row| row.get(0))?)
}

fn window(limit: Option<u32>, offset: u32) -> [Value; 2] {
    // To SQLite, a limit below zero is none.
    [Value::Integer(limit.map_or(-1, i64::from)), Value::Integer(i64::from(offset))]
}

/// The row number of a character, whether the list shows it or not.
pub(super) fn character_row(connection: &Connection, id: &CharacterId) -> Result<Option<i64>> {
    let mut statement = connection.prepare_cached("SELECT row FROM character WHERE id = ?1")?;
    Ok(statement.query_row([id.as_str()], |row| row.get(0)).optional()?)
}

/// What the list shows of a character.
pub(super) fn character(connection: &Session, row: i64) -> Result<Option<CharacterIndex>> {
    let mut statement = connection.prepare_cached(
        "SELECT id, revision, details FROM character WHERE row = ?1 AND details IS NOT NULL",
    )?;
    let mut found = statement.query([row])?;
    let Some(columns) = found.next()? else { return Ok(None) };
    let id = CharacterId::new(columns.get::<_, String>(0)?)?;
    let details = open_text(&connection.owner(row)?, rows::CHARACTER, &[], columns.get_ref(2)?)?;
    rows::index(id, columns.get(1)?, &details).map(Some)
}

/// The versions of a character that match, and how many there are in all.
pub(super) fn history(connection: &Session, query: &HistoryQuery) -> Result<Page<VersionMetadata>> {
    let Some(character) = character_row(connection, &query.character)? else {
        return Ok(Page::new(Vec::new(), 0));
    };
    let mut conditions = Conditions::default();
    conditions.add("v.character = ?", character);
    if let Some(id) = query.id {
        conditions.add("v.id = ?", id.0.as_bytes().to_vec());
    }
    if let Some(number) = query.version {
        conditions.add("v.number = ?", integer(number));
    }
    if let Some(until) = query.until {
        conditions.add("v.captured_at <= ?", nanoseconds(until));
    }
    if query.without_quiet {
        conditions.add("v.kind <> ?", rows::kind_number(backstory_core::model::Kind::Quiet));
    }
    let total = match query.limit {
        None if query.offset == 0 => None,
        _ => Some(count(connection, "SELECT count(*) FROM version AS v", &conditions)?),
    };
    let order = if query.newest_first {
        " ORDER BY v.captured_at DESC, v.id DESC LIMIT ? OFFSET ?"
    } else {
        " ORDER BY v.captured_at, v.id LIMIT ? OFFSET ?"
    };
    let sql = [rows::versions!(""), conditions.sql.as_str(), order].concat();
    conditions.values.extend(window(query.limit, query.offset));
    let mut statement = connection.prepare_cached(&sql)?;
    let mut found = statement.query(params_from_iter(conditions.values))?;
    let owner = connection.owner(character)?;
    let mut items = Vec::new();
    while let Some(row) = found.next()? {
        items.push(rows::version(&owner, &query.character, row)?);
    }
    if query.stored {
        for version in &mut items {
            version.stored = content::stored(connection, character, &version.content)?;
        }
    }
    if query.traces {
        traces::fill(connection, &owner, &mut items)?;
    }
    let total = total.unwrap_or(items.len() as u64);
    Ok(Page::new(items, total))
}

/// When a character's versions were seen again, oldest first.
pub(super) fn sightings(connection: &Connection, id: &CharacterId) -> Result<Vec<Sighting>> {
    let mut statement = connection.prepare_cached(
        "SELECT s.at, v.id FROM character AS k JOIN sighting AS s ON s.character = k.row \
         JOIN version AS v ON v.row = s.version WHERE k.id = ?1 ORDER BY s.at, v.id",
    )?;
    let found = statement.query_map([id.as_str()], |row| Ok((row.get(0)?, row.get(1)?)))?;
    found
        .map(|row| {
            let (at, version) = row?;
            Ok(Sighting { at: timestamp(at)?, version: SnapshotId(Uuid::from_bytes(version)) })
        })
        .collect()
}

/// Who has a place in which campaign.
pub(super) fn members(connection: &Session) -> Result<Vec<Member>> {
    let mut statement =
        connection.prepare_cached("SELECT campaign, user, role FROM member ORDER BY campaign, user")?;
    let owner = connection.common();
    let mut found = statement.query([])?;
    let mut members = Vec::new();
    while let Some(row) = found.next()? {
        let text = |column: usize| -> Result<String> {
            Ok(open_text(&owner, rows::MEMBER[column], &[], row.get_ref(column)?)?.into_owned())
        };
        members.push(Member { campaign: text(0)?, user: text(1)?, role: rows::role(row.get(2)?)? });
    }
    // Encrypted texts stand in no order.
    members.sort_by(|a, b| (&a.campaign, &a.user).cmp(&(&b.campaign, &b.user)));
    Ok(members)
}

/// What the program keeps for itself.
pub(super) fn settings(connection: &Connection) -> Result<Vec<Setting>> {
    let mut statement = connection.prepare_cached("SELECT key, value, revision FROM setting ORDER BY key")?;
    let found = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    found
        .map(|row| {
            let (key, value, revision) = row?;
            Ok(Setting { key, value, revision: unsigned(revision)? })
        })
        .collect()
}

/// What happened after a revision.
pub(super) fn changes_since(connection: &Connection, revision: u64, limit: u32) -> Result<Changes> {
    let now = self::revision(connection)?;
    let since = if revision > now { 0 } else { revision };
    let mut statement = connection.prepare_cached(
        "SELECT id, written, 0 FROM character WHERE written > ?1 \
         UNION ALL SELECT id, written, 1 FROM tombstone WHERE written > ?1 ORDER BY 2, 1",
    )?;
    let found = statement.query_map([integer(since)], |row| {
        Ok((row.get::<_, String>(0)?, row.get(1)?, row.get::<_, bool>(2)?))
    })?;
    let mut failed = None;
    let changes = found.map_while(|row| {
        let change = row.map_err(Failure::from).and_then(|(id, revision, erased)| {
            let character = CharacterId::new(id)?;
            Ok(Change { character, revision: unsigned(revision)?, erased })
        });
        change.map_err(|failure| failed = Some(failure)).ok()
    });
    let feed = rules::feed(changes, now, limit);
    failed.map_or(Ok(feed), Err)
}

/// A document, compared with its hash.
pub(super) fn document(
    connection: &Session,
    recent: &mut RecentDocuments,
    character: &CharacterId,
    hash: &ContentHash,
) -> Result<Vec<u8>> {
    let row = match character_row(connection, character)? {
        Some(row) => content::find(connection, row, hash)?,
        None => None,
    };
    let row = row.ok_or_else(|| rules::content_not_found(character))?;
    let document = content::document(connection, recent, row).map_err(|failure| match failure {
        Failure::Said(error) if error.code == Code::StoreDamaged => {
            tracing::error!(%character, content = %hash, ?error, "a document cannot be read");
            let kept = format!("The other versions of {character} can still be read.");
            Failure::Said(error.kept(kept).hint(failure::CHECK_HINT))
        }
        failure => failure,
    })?;
    Ok(std::sync::Arc::unwrap_or_clone(document))
}

/// Which classes and campaigns there are, and how many characters have each.
///
/// A window asks for this first of all, so it does not wait for the catalogue; whether that was there is told too.
pub(super) fn facets(connection: &Session, shared: &SharedCatalogue) -> Result<(Facets, bool)> {
    let versions = || count(connection, "SELECT count(*) FROM version", &Conditions::default());
    if !is_loaded(shared) && connection.is_plain() {
        return Ok((Facets { versions: versions()?, ..grouped(connection)? }, false));
    }
    let (catalogue, versions) = (catalogue(connection, shared)?, versions()?);
    let (classes, campaigns) = (catalogue.class_facets(), catalogue.campaign_facets());
    Ok((Facets { characters: catalogue.listed() as u64, versions, classes, campaigns }, true))
}

/// Counts classes and campaigns in the list itself. Few characters differ in both, so few rows come out.
fn grouped(connection: &Connection) -> Result<Facets> {
    // Left to itself, SQLite takes the index in which `deleted` stands first, and goes to every row from there.
    let mut statement = connection.prepare_cached(
        "SELECT classes, campaign, count(*) FROM character_index INDEXED BY character_index_groups \
         WHERE deleted = 0 GROUP BY classes, campaign",
    )?;
    let mut found = statement.query([])?;
    let (mut classes, mut campaigns, mut characters) = (BTreeMap::new(), BTreeMap::new(), 0);
    while let Some(row) = found.next()? {
        let count = unsigned(row.get(2)?)?;
        let names: BTreeSet<String> =
            rows::from_json(row.get_ref(0)?.as_str().map_err(rusqlite::Error::from)?, "the list")?;
        for name in names {
            *classes.entry(Some(name)).or_insert(0) += count;
        }
        *campaigns.entry(row.get::<_, Option<String>>(1)?).or_insert(0) += count;
        characters += count;
    }
    let in_order = |counts: BTreeMap<_, u64>| crate::catalogue::in_order(counts.into_iter().collect());
    Ok(Facets { characters, versions: 0, classes: in_order(classes), campaigns: in_order(campaigns) })
}

/// How much there is.
pub(super) fn statistics(connection: &Session, path: &Path) -> Result<StorageStatistics> {
    let number = |sql: &str| -> Result<u64> {
        unsigned(connection.prepare_cached(sql)?.query_row([], |row| row.get(0))?)
    };
    let versions = number("SELECT count(*) FROM version")?;
    Ok(StorageStatistics {
        characters: number("SELECT count(*) FROM character_index")?,
        versions,
        contents: number("SELECT count(*) FROM content")?,
        captures: versions + number("SELECT count(*) FROM sighting")?,
        document_bytes: number("SELECT coalesce(sum(length), 0) FROM content")?,
        encoded_bytes: number(
            "SELECT (SELECT coalesce(sum(length(data)), 0) FROM content) \
             + (SELECT coalesce(sum(length(data)), 0) FROM archive)",
        )?,
        store_bytes: file_size(path) + file_size(&companion(path, "-wal")),
        keys: keys::told(connection)?.keys,
    })
}

fn file_size(path: &Path) -> u64 {
    std::fs::metadata(path).map(|file| file.len()).unwrap_or(0)
}

/// The file SQLite keeps beside the library.
fn companion(path: &Path, suffix: &str) -> std::path::PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}
