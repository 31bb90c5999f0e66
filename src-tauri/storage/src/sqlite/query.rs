//! Reading: the list, the history, single documents, counts. Every function runs inside one transaction.

use std::path::Path;

use backstory_core::{
    error::Code,
    model::{CharacterId, CharacterIndex, ContentHash, VersionMetadata},
    storage::{Facet, Facets, HistoryQuery, Page, QueryFilter, Sort, StorageStatistics},
};
use rusqlite::{Connection, OptionalExtension, params_from_iter, types::Value};

use super::{
    content,
    failure::{self, Failure, Result},
    rows::{self, integer, unsigned},
};
use crate::{
    matching::fold,
    recent::RecentDocuments,
    rules::{self, nanoseconds},
};

/// How often the library was committed to.
pub(super) fn revision(connection: &Connection) -> Result<u64> {
    let mut statement = connection.prepare_cached("SELECT revision FROM store")?;
    unsigned(statement.query_row([], |row| row.get(0))?)
}

/// Conditions of a query, joined by AND. The texts are this file's own; values only ever travel as parameters.
#[derive(Default)]
struct Conditions {
    sql: String,
    values: Vec<Value>,
}

impl Conditions {
    fn add(&mut self, condition: &str, value: impl Into<Value>) {
        self.add_fixed(condition);
        self.values.push(value.into());
    }

    fn add_fixed(&mut self, condition: &str) {
        self.sql.push_str(if self.sql.is_empty() { " WHERE " } else { " AND " });
        self.sql.push_str(condition);
    }
}

fn conditions(filter: &QueryFilter) -> Result<Conditions> {
    let mut all = Conditions::default();
    if !filter.ids.is_empty() {
        let ids = rows::to_json(&filter.ids)?;
        all.add("character IN (SELECT row FROM character WHERE id IN (SELECT value FROM json_each(?)))", ids);
    }
    if let Some(name) = &filter.name {
        all.add("instr(name_folded, ?) > 0", fold(name));
    }
    if let Some(text) = &filter.text {
        all.add("instr(search_folded, ?) > 0", fold(text));
    }
    match filter.classes.as_slice() {
        [] => {}
        [class] => {
            all.add(
                "character IN (SELECT character FROM character_class WHERE name_folded = ?)",
                fold(class),
            );
        }
        classes => {
            let folded: Vec<_> = classes.iter().map(|class| fold(class)).collect();
            all.add(
                "character IN (SELECT character FROM character_class WHERE name_folded IN (SELECT value FROM json_each(?)))",
                rows::to_json(&folded)?,
            );
        }
    }
    if let Some(level) = filter.min_level {
        all.add("level >= ?", i64::from(level));
    }
    if let Some(level) = filter.max_level {
        all.add("level <= ?", i64::from(level));
    }
    match filter.campaign.as_deref() {
        None => {}
        Some("") => all.add_fixed("campaign IS NULL"),
        Some(name) => all.add("campaign = ?", name.to_owned()),
    }
    if let Some(time) = filter.changed_after {
        all.add("last_changed >= ?", nanoseconds(time));
    }
    if let Some(time) = filter.changed_before {
        all.add("last_changed < ?", nanoseconds(time));
    }
    Ok(all)
}

/// The characters that match, and how many there are in all.
pub(super) fn characters(connection: &Connection, filter: &QueryFilter) -> Result<Page<CharacterIndex>> {
    let mut conditions = conditions(filter)?;
    let total = match filter.limit {
        None if filter.offset == 0 => None,
        _ => Some(count(connection, "character_index", &conditions)?),
    };
    let order = match filter.sort {
        Sort::Changed => "last_changed DESC, id",
        Sort::Name => "name_folded, id",
        Sort::Level => "level DESC, id",
    };
    let sql =
        format!("SELECT character FROM character_index{} ORDER BY {order} LIMIT ? OFFSET ?", conditions.sql);
    conditions.values.extend(window(filter.limit, filter.offset));
    let mut statement = connection.prepare_cached(&sql)?;
    let mut found = statement.query(params_from_iter(conditions.values))?;
    let mut items = Vec::new();
    while let Some(row) = found.next()? {
        items.extend(character(connection, row.get(0)?)?);
    }
    let total = total.unwrap_or(items.len() as u64);
    Ok(Page { items, total })
}

fn count(connection: &Connection, from: &str, conditions: &Conditions) -> Result<u64> {
    let sql = format!("SELECT count(*) FROM {from}{}", conditions.sql);
    let mut statement = connection.prepare_cached(&sql)?;
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
pub(super) fn character(connection: &Connection, row: i64) -> Result<Option<CharacterIndex>> {
    let mut statement = connection.prepare_cached(
        "SELECT id, revision, details FROM character WHERE row = ?1 AND details IS NOT NULL",
    )?;
    let mut found = statement.query([row])?;
    let Some(columns) = found.next()? else { return Ok(None) };
    let id = CharacterId::new(columns.get::<_, String>(0)?)?;
    let details = columns.get_ref(2)?.as_str().map_err(rusqlite::Error::from)?;
    rows::index(id, columns.get(1)?, details).map(Some)
}

/// The versions of a character that match, and how many there are in all.
pub(super) fn history(connection: &Connection, query: &HistoryQuery) -> Result<Page<VersionMetadata>> {
    let Some(row) = character_row(connection, &query.character)? else {
        return Ok(Page { items: Vec::new(), total: 0 });
    };
    let mut conditions = Conditions::default();
    conditions.add("v.character = ?", row);
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
        _ => Some(count(connection, "version AS v", &conditions)?),
    };
    let order = if query.newest_first { "v.captured_at DESC, v.id DESC" } else { "v.captured_at, v.id" };
    let sql = format!(
        "SELECT {} FROM version AS v JOIN content AS c ON c.row = v.content{} ORDER BY {order} LIMIT ? OFFSET ?",
        rows::VERSION_COLUMNS,
        conditions.sql
    );
    conditions.values.extend(window(query.limit, query.offset));
    let mut statement = connection.prepare_cached(&sql)?;
    let mut found = statement.query(params_from_iter(conditions.values))?;
    let mut items = Vec::new();
    while let Some(row) = found.next()? {
        items.push(rows::version(&query.character, row)?);
    }
    let total = total.unwrap_or(items.len() as u64);
    Ok(Page { items, total })
}

/// A document, compared with its hash.
pub(super) fn document(
    connection: &Connection,
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
            tracing::error!(%character, content = %hash, "a document cannot be read: {error:?}");
            let kept = format!("The other versions of {character} can still be read.");
            Failure::Said(error.kept(kept).hint(failure::CHECK_HINT))
        }
        failure => failure,
    })?;
    Ok(std::sync::Arc::unwrap_or_clone(document))
}

/// Which classes and campaigns there are, and how many characters have each.
pub(super) fn facets(connection: &Connection) -> Result<Facets> {
    let count_of = |table: &str| count(connection, table, &Conditions::default());
    let classes =
        "SELECT name, count(*) FROM character_class GROUP BY name_folded, name ORDER BY name_folded, name";
    let campaigns = "SELECT campaign, count(*) FROM character_index GROUP BY campaign";
    let mut campaigns = facet_rows(connection, campaigns)?;
    campaigns.sort_by_cached_key(|facet| {
        (facet.name.is_none(), facet.name.as_deref().map(fold), facet.name.clone())
    });
    Ok(Facets {
        characters: count_of("character_index")?,
        versions: count_of("version")?,
        classes: facet_rows(connection, classes)?,
        campaigns,
    })
}

fn facet_rows(connection: &Connection, sql: &str) -> Result<Vec<Facet>> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut found = statement.query([])?;
    let mut facets = Vec::new();
    while let Some(row) = found.next()? {
        facets.push(Facet { name: row.get(0)?, count: unsigned(row.get(1)?)? });
    }
    Ok(facets)
}

/// How much there is.
pub(super) fn statistics(connection: &Connection, path: &Path) -> Result<StorageStatistics> {
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
        encoded_bytes: number("SELECT coalesce(sum(length(data)), 0) FROM content")?,
        store_bytes: file_size(path) + file_size(&companion(path, "-wal")),
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
