//! Reading: the list, the history, single documents, counts.
//!
//! Every statement is a constant and every value a parameter. Where an answer takes more than one statement, they are sent
//! together, in one transaction that sees one state of the store, and cost one round trip.

use std::future::Future;

use backstory_core::{
    error::{Code, Error},
    model::{CharacterId, CharacterIndex, ContentHash, Member, Sighting, SnapshotId, VersionMetadata},
    privacy::audit::{
        Entry, Head,
        tree::{Digest, Peaks},
    },
    storage::{
        Change, Changes, Deleted, Facet, Facets, HistoryQuery, Page, QueryFilter, Setting, Sort, SortKey,
        StorageStatistics,
    },
};
use deadpool_postgres::{Client, ClientWrapper as Connection};
use futures_util::future::{join, join3, join4};
use tokio_postgres::{Row, types::ToSql};

use super::{
    content,
    failure::{self, Failure, Result},
    rows::{self, escaped, index_columns, integer, timestamp, unsigned},
    traces,
};
use crate::{
    catalogue, matching,
    recent::RecentDocuments,
    rules::{self, nanoseconds},
};

/// Parameters of a statement.
pub(super) type Values<'a> = [&'a (dyn ToSql + Sync)];

/// Runs reads that see one state of the store, whatever is committed meanwhile. The reads send everything they have at
/// their first poll: the transaction's end is sent right behind them.
pub(super) async fn at_one_moment<T>(
    client: &Connection,
    reads: impl Future<Output = Result<T, tokio_postgres::Error>>,
) -> Result<T> {
    let begin = client.batch_execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
    let (begun, read, ended) = join3(begin, reads, client.batch_execute("COMMIT")).await;
    begun?;
    let read = read?;
    ended?;
    Ok(read)
}

/// Runs one statement, prepared once per connection.
pub(super) async fn run(client: &Connection, sql: &str, values: &Values<'_>) -> Result<Vec<Row>> {
    let statement = client.prepare_cached(sql).await?;
    Ok(client.query(&statement, values).await?)
}

/// The first row of a statement's answer.
pub(super) async fn first(client: &Connection, sql: &str, values: &Values<'_>) -> Result<Option<Row>> {
    Ok(run(client, sql, values).await?.into_iter().next())
}

/// How often the library was committed to.
pub(super) async fn revision(client: Client) -> Result<u64> {
    revision_of(&client).await
}

/// The same, on a connection that is wanted for more.
pub(super) async fn revision_of(client: &Connection) -> Result<u64> {
    let row = first(client, "SELECT revision FROM backstory.store", &[]).await?;
    unsigned(row.ok_or_else(|| failure::damaged("The library does not know its revision."))?.try_get(0)?)
}

/// The conditions of a list, all but the one on ids. A parameter that is null asks for nothing.
macro_rules! conditions {
    ($ids:literal) => {
        concat!(
            " FROM backstory.character AS c WHERE c.details IS NOT NULL AND ",
            $ids,
            " AND ($2::text[] IS NULL OR c.name_folded = ANY ($2))",
            " AND ($3::text IS NULL OR position($3 in c.name_folded) > 0)",
            " AND ($4::text IS NULL OR position($4 in c.search_folded) > 0)",
            " AND ($5::text[] IS NULL OR c.classes_folded && $5)",
            " AND ($6::bigint IS NULL OR c.level >= $6) AND ($7::bigint IS NULL OR c.level <= $7)",
            " AND ($8::text IS NULL OR coalesce(c.campaign, '') = $8)",
            " AND ($9::bigint IS NULL OR c.last_changed >= $9)",
            " AND ($10::bigint IS NULL OR c.last_changed < $10)",
            " AND ($11::text IS NULL OR c.owner = $11)",
            " AND ($12::boolean IS NULL OR (c.deleted_at IS NOT NULL) = $12)",
            " AND ($13::text IS NULL OR c.owner = $13 OR EXISTS (SELECT FROM unnest($14::text[], $15::text[])",
            " AS shared (campaign, owner) WHERE shared.campaign = c.campaign AND shared.owner = c.owner))"
        )
    };
}

/// The statements of a list: how many there are, how many stand behind the cursor, and the page.
struct ListStatements {
    count: &'static str,
    page: &'static str,
}

macro_rules! list_statements {
    ($ids:literal, $key:literal, $behind:literal, $order:literal) => {
        ListStatements {
            count: concat!(
                "SELECT count(*), count(*) FILTER (WHERE $17::text IS NULL OR ",
                $behind,
                ")",
                conditions!($ids),
                " AND ($16::",
                $key,
                " IS NULL OR true)"
            ),
            page: concat!(
                "SELECT ",
                index_columns!(),
                conditions!($ids),
                " AND ($17::text IS NULL OR $16::",
                $key,
                " IS NULL OR ",
                $behind,
                ") ORDER BY ",
                $order,
                " LIMIT $18 OFFSET $19"
            ),
        }
    };
}

macro_rules! lists {
    ($ids:literal) => {
        [
            list_statements!(
                $ids,
                "bigint",
                "c.last_changed < $16 OR (c.last_changed = $16 AND c.id > $17)",
                "c.last_changed DESC, c.id"
            ),
            list_statements!(
                $ids,
                "text",
                "c.name_folded > $16 OR (c.name_folded = $16 AND c.id > $17)",
                "c.name_folded, c.id"
            ),
            list_statements!(
                $ids,
                "bigint",
                "c.level < $16 OR (c.level = $16 AND c.id > $17)",
                "c.level DESC, c.id"
            ),
        ]
    };
}

/// Lists of all characters, by [`Sort`]; and of named ones, which are fetched by their key.
static ALL: [ListStatements; 3] = lists!("$1::text[] IS NULL");
static NAMED: [ListStatements; 3] = lists!("c.id = ANY ($1::text[])");

/// The parameters of a list.
struct ListValues {
    ids: Option<Vec<String>>,
    names: Option<Vec<String>>,
    name: Option<String>,
    text: Option<String>,
    classes: Option<Vec<String>>,
    min_level: Option<i64>,
    max_level: Option<i64>,
    campaign: Option<String>,
    changed_after: Option<i64>,
    changed_before: Option<i64>,
    owner: Option<String>,
    is_deleted: Option<bool>,
    user: Option<String>,
    shared: (Vec<String>, Vec<String>),
    key: Key,
    behind: Option<String>,
    limit: Option<i64>,
    offset: i64,
}

/// What a cursor names, of the type of its order.
enum Key {
    Number(Option<i64>),
    Text(Option<String>),
}

impl Key {
    fn value(&self) -> &(dyn ToSql + Sync) {
        match self {
            Self::Number(number) => number,
            Self::Text(text) => text,
        }
    }
}

fn text(text: &str) -> String {
    escaped(text).into_owned()
}

impl ListValues {
    fn of(filter: &QueryFilter) -> Result<Self> {
        let folded = |part: &String| text(&matching::fold(part));
        let some = |list: &Vec<String>| (!list.is_empty()).then(|| list.iter().map(folded).collect());
        let position = filter.after.as_ref().map(|cursor| cursor.position(filter.sort)).transpose()?;
        let (key, behind) = match position {
            Some((SortKey::Changed(time), id)) => (Key::Number(Some(time)), Some(id)),
            Some((SortKey::Level(level), id)) => (Key::Number(Some(level.into())), Some(id)),
            Some((SortKey::Name(name), id)) => (Key::Text(Some(text(&name))), Some(id)),
            None if filter.sort == Sort::Name => (Key::Text(None), None),
            None => (Key::Number(None), None),
        };
        let ids = || filter.ids.iter().map(ToString::to_string).collect();
        let shared = filter.visible_to.iter().flat_map(|to| &to.shared);
        Ok(Self {
            ids: (!filter.ids.is_empty()).then(ids),
            names: some(&filter.names),
            name: filter.name.as_ref().map(folded),
            text: filter.text.as_ref().map(folded),
            classes: some(&filter.classes),
            min_level: filter.min_level.map(i64::from),
            max_level: filter.max_level.map(i64::from),
            campaign: filter.campaign.as_deref().map(text),
            changed_after: filter.changed_after.map(nanoseconds),
            changed_before: filter.changed_before.map(nanoseconds),
            owner: filter.owner.as_deref().map(text),
            is_deleted: match filter.deleted {
                Deleted::Without => Some(false),
                Deleted::With => None,
                Deleted::Only => Some(true),
            },
            user: filter.visible_to.as_ref().map(|to| text(&to.user)),
            shared: shared.map(|(campaign, owner)| (text(campaign), text(owner))).unzip(),
            key,
            behind: behind.map(|id| id.to_string()),
            limit: filter.limit.map(i64::from),
            offset: i64::from(filter.offset),
        })
    }

    /// In the order of the statements; a count takes all but the last two.
    fn values(&self) -> [&(dyn ToSql + Sync); 19] {
        [
            &self.ids,
            &self.names,
            &self.name,
            &self.text,
            &self.classes,
            &self.min_level,
            &self.max_level,
            &self.campaign,
            &self.changed_after,
            &self.changed_before,
            &self.owner,
            &self.is_deleted,
            &self.user,
            &self.shared.0,
            &self.shared.1,
            self.key.value(),
            &self.behind,
            &self.limit,
            &self.offset,
        ]
    }
}

/// The characters that match, and how many there are in all.
pub(super) async fn characters(client: Client, filter: &QueryFilter) -> Result<Page<CharacterIndex>> {
    rules::check_filter(filter)?;
    let values = ListValues::of(filter)?;
    let lists = if filter.ids.is_empty() { &ALL } else { &NAMED };
    let ListStatements { count, page } = match filter.sort {
        Sort::Changed => &lists[0],
        Sort::Name => &lists[1],
        Sort::Level => &lists[2],
    };
    let (count, page) = (client.prepare_cached(count).await?, client.prepare_cached(page).await?);
    let values = values.values();
    let (counted, found) = at_one_moment(&client, async {
        let (counted, found) =
            join(client.query_one(&count, &values[..17]), client.query(&page, &values)).await;
        Ok((counted?, found?))
    })
    .await?;
    let items = found.iter().map(rows::index).collect::<Result<Vec<_>>>()?;
    let left = usize::try_from(counted.try_get::<_, i64>(1)?).unwrap_or(usize::MAX);
    let next = matching::next(filter, &items, left);
    Ok(Page { items, total: unsigned(counted.try_get(0)?)?, next })
}

/// What the list shows of a character.
pub(super) const CHARACTER: &str = concat!(
    "SELECT ",
    index_columns!(),
    " FROM backstory.character AS c WHERE c.id = $1 AND c.details IS NOT NULL"
);

macro_rules! history_conditions {
    () => {
        " WHERE v.character_id = $1 AND ($2::uuid IS NULL OR v.id = $2) AND ($3::bigint IS NULL OR v.number = $3) \
         AND ($4::bigint IS NULL OR v.captured_at <= $4) AND (NOT $5::boolean OR v.kind <> 3)"
    };
}

const HISTORY_COUNT: &str = concat!("SELECT count(*) FROM backstory.version AS v", history_conditions!());

macro_rules! history_page {
    ($columns:literal, $from:literal, $order:literal) => {
        concat!(
            "SELECT v.details",
            $columns,
            " FROM backstory.version AS v",
            $from,
            history_conditions!(),
            " ORDER BY ",
            $order,
            " LIMIT $6 OFFSET $7"
        )
    };
}

const HISTORY: [&str; 2] =
    [history_page!("", "", "v.captured_at, v.id"), history_page!("", "", "v.captured_at DESC, v.id DESC")];

/// The same, with how each document is kept. Whoever may not open a document does not learn that either.
const HISTORY_STORED: [&str; 2] = [
    history_page!(
        ", c.codec, octet_length(coalesce(a.data, c.data)), b.hash",
        " LEFT JOIN backstory.content AS c ON c.character_id = v.character_id AND c.hash = v.content \
         LEFT JOIN backstory.archive AS a ON a.character_id = c.character_id AND a.hash = c.hash \
         LEFT JOIN backstory.content AS b ON b.character_id = c.character_id AND b.rung = c.base",
        "v.captured_at, v.id"
    ),
    history_page!(
        ", c.codec, octet_length(coalesce(a.data, c.data)), b.hash",
        " LEFT JOIN backstory.content AS c ON c.character_id = v.character_id AND c.hash = v.content \
         LEFT JOIN backstory.archive AS a ON a.character_id = c.character_id AND a.hash = c.hash \
         LEFT JOIN backstory.content AS b ON b.character_id = c.character_id AND b.rung = c.base",
        "v.captured_at DESC, v.id DESC"
    ),
];

/// The versions of a character that match, and how many there are in all. Inside a transaction it is one already.
pub(super) async fn history(
    client: &Connection,
    query: &HistoryQuery,
    is_inside: bool,
) -> Result<Page<VersionMetadata>> {
    let character = query.character.as_str();
    let id = query.id.map(|id| id.0);
    let number = query.version.map(integer);
    let until = query.until.map(nanoseconds);
    let (limit, offset) = (query.limit.map(i64::from), i64::from(query.offset));
    let values: [&(dyn ToSql + Sync); 7] =
        [&character, &id, &number, &until, &query.without_quiet, &limit, &offset];
    let statements = if query.stored { HISTORY_STORED } else { HISTORY };
    let page = client.prepare_cached(statements[usize::from(query.newest_first)]).await?;
    let is_whole = query.limit.is_none() && query.offset == 0;
    let (found, total) = if is_whole {
        (client.query(&page, &values).await?, None)
    } else {
        let count = client.prepare_cached(HISTORY_COUNT).await?;
        let both = async {
            let (found, count) =
                join(client.query(&page, &values), client.query_one(&count, &values[..5])).await;
            Ok((found?, count?))
        };
        let (found, count) = if is_inside { both.await? } else { at_one_moment(client, both).await? };
        (found, Some(unsigned(count.try_get(0)?)?))
    };
    let mut items = Vec::with_capacity(found.len());
    for row in &found {
        let mut version = rows::version(&query.character, row.try_get(0)?)?;
        if query.stored
            && let Some(codec) = row.try_get(1)?
        {
            version.stored = Some(rows::stored(codec, row.try_get(2)?, row.try_get(3)?)?);
        }
        items.push(version);
    }
    if query.traces {
        traces::fill(client, &query.character, &mut items).await?;
    }
    let total = total.unwrap_or(items.len() as u64);
    Ok(Page::new(items, total))
}

/// A document, compared with its hash.
pub(super) async fn document(
    client: &Connection,
    character: &CharacterId,
    hash: &ContentHash,
) -> Result<Vec<u8>> {
    let found = content::document(client, &mut RecentDocuments::new(0), character, hash).await;
    let document = found.map_err(|failure| match failure {
        Failure::Said(error) if error.code == Code::StoreDamaged => {
            tracing::error!(%character, content = %hash, ?error, "a document cannot be read");
            let kept = format!("The other versions of {character} can still be read.");
            Failure::Said(error.kept(kept).hint(failure::CHECK_HINT))
        }
        failure => failure,
    })?;
    match document {
        Some(document) => Ok(std::sync::Arc::unwrap_or_clone(document)),
        None => Err(not_found(client, character, hash).await?.into()),
    }
}

/// Why there is no document: nobody has it, or it is not for this user.
async fn not_found(client: &Connection, character: &CharacterId, hash: &ContentHash) -> Result<Error> {
    let named = "SELECT FROM backstory.version WHERE character_id = $1 AND content = $2 LIMIT 1";
    if first(client, named, &[&character.as_str(), &hash.0.as_slice()]).await?.is_none() {
        return Ok(rules::content_not_found(character));
    }
    Ok(Error::new(
        Code::AccessDenied,
        format!("You may see what happened to {character}, but not its documents."),
    )
    .hint("Ask whoever runs the library for another role in its campaign."))
}

/// When a character's versions were seen again, oldest first.
pub(super) async fn sightings(client: &Connection, character: &CharacterId) -> Result<Vec<Sighting>> {
    let sql = "SELECT at, version FROM backstory.sighting WHERE character_id = $1 ORDER BY at, version";
    let found = run(client, sql, &[&character.as_str()]).await?;
    let sighting =
        |row: &Row| Ok(Sighting { at: timestamp(row.try_get(0)?)?, version: SnapshotId(row.try_get(1)?) });
    found.iter().map(sighting).collect()
}

/// Who has a place in which campaign, as far as this user may know.
pub(super) async fn members(client: Client) -> Result<Vec<Member>> {
    let sql = "SELECT campaign, user_name, role FROM backstory.member ORDER BY campaign, user_name";
    let found = run(&client, sql, &[]).await?;
    let member = |row: &Row| {
        Ok(Member {
            campaign: rows::plain(row.try_get(0)?),
            user: rows::plain(row.try_get(1)?),
            role: rows::role(row.try_get(2)?)?,
        })
    };
    found.iter().map(member).collect()
}

/// What the program keeps for this user.
pub(super) async fn settings(client: Client) -> Result<Vec<Setting>> {
    let sql = "SELECT key, value, revision FROM backstory.setting WHERE owner = current_user ORDER BY key";
    let found = run(&client, sql, &[]).await?;
    let setting = |row: &Row| {
        Ok(Setting { key: row.try_get(0)?, value: row.try_get(1)?, revision: unsigned(row.try_get(2)?)? })
    };
    found.iter().map(setting).collect()
}

const CHANGES: &str = "WITH since AS (\
       SELECT CASE WHEN $1 > revision THEN 0 ELSE $1 END AS revision FROM backstory.store), \
     changes AS (\
       (SELECT written AS revision, id, false AS erased FROM backstory.character \
        WHERE written > (SELECT revision FROM since) ORDER BY written FETCH FIRST $2 ROWS WITH TIES) \
       UNION ALL \
       (SELECT revision, id, true FROM backstory.tombstone WHERE revision > (SELECT revision FROM since) \
        ORDER BY revision FETCH FIRST $2 ROWS WITH TIES)) \
     SELECT revision, id, erased FROM changes ORDER BY revision, id";

/// What happened after a revision.
pub(super) async fn changes_since(client: Client, revision: u64, limit: u32) -> Result<Changes> {
    let now = client.prepare_cached("SELECT revision FROM backstory.store").await?;
    let changes = client.prepare_cached(CHANGES).await?;
    // One more than asked for tells whether there is more. Ties keep a revision in one piece.
    let (since, most) = (integer(revision), i64::from(limit.max(1)) + 1);
    let values: [&(dyn ToSql + Sync); 2] = [&since, &most];
    let (now, found) = at_one_moment(&client, async {
        let (now, found) = join(client.query_one(&now, &[]), client.query(&changes, &values)).await;
        Ok((now?, found?))
    })
    .await?;
    let change = |row: &Row| {
        let character = CharacterId::new(row.try_get::<_, String>(1)?)?;
        Ok(Change { revision: unsigned(row.try_get(0)?)?, character, erased: row.try_get(2)? })
    };
    let changes = found.iter().map(change).collect::<Result<Vec<_>>>()?;
    Ok(rules::feed(changes.into_iter(), unsigned(now.try_get(0)?)?, limit))
}

/// Which classes and campaigns there are, and how many characters have each.
pub(super) async fn facets(client: Client) -> Result<Facets> {
    let prepare = |sql: &'static str| client.prepare_cached(sql);
    let classes = prepare(
        "SELECT name, count(*) FROM backstory.character, unnest(classes) AS name \
         WHERE details IS NOT NULL AND deleted_at IS NULL GROUP BY name",
    )
    .await?;
    let campaigns = prepare(
        "SELECT campaign, count(*) FROM backstory.character \
         WHERE details IS NOT NULL AND deleted_at IS NULL GROUP BY campaign",
    )
    .await?;
    let versions = prepare("SELECT count(*) FROM backstory.version").await?;
    let (classes, campaigns, versions) = at_one_moment(&client, async {
        let all = join3(
            client.query(&classes, &[]),
            client.query(&campaigns, &[]),
            client.query_one(&versions, &[]),
        );
        let (classes, campaigns, versions) = all.await;
        Ok((classes?, campaigns?, versions?))
    })
    .await?;
    let counted = |found: &[Row]| -> Result<Vec<(Option<String>, u64)>> {
        let one = |row: &Row| {
            Ok((row.try_get::<_, Option<String>>(0)?.map(rows::plain), unsigned(row.try_get(1)?)?))
        };
        found.iter().map(one).collect()
    };
    let campaigns: Vec<Facet> = catalogue::in_order(counted(&campaigns)?);
    Ok(Facets {
        characters: campaigns.iter().map(|facet| facet.count).sum(),
        versions: unsigned(versions.try_get(0)?)?,
        classes: catalogue::in_order(counted(&classes)?),
        campaigns,
    })
}

/// How much there is, as far as this user may see it; the size of the whole store is everybody's.
pub(super) async fn statistics(client: Client) -> Result<StorageStatistics> {
    let prepare = |sql: &'static str| client.prepare_cached(sql);
    let characters = prepare("SELECT count(*) FROM backstory.character WHERE details IS NOT NULL").await?;
    let history =
        prepare("SELECT (SELECT count(*) FROM backstory.version), (SELECT count(*) FROM backstory.sighting)")
            .await?;
    let contents = prepare(
        "SELECT count(*), coalesce(sum(length), 0)::bigint, (coalesce(sum(octet_length(data)), 0) \
         + (SELECT coalesce(sum(octet_length(data)), 0) FROM backstory.archive))::bigint FROM backstory.content",
    )
    .await?;
    let size = prepare(
        "SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0)::bigint FROM pg_class AS c \
         WHERE c.relnamespace = 'backstory'::regnamespace AND c.relkind = 'r'",
    )
    .await?;
    let (characters, history, contents, size) = at_one_moment(&client, async {
        let all = join4(
            client.query_one(&characters, &[]),
            client.query_one(&history, &[]),
            client.query_one(&contents, &[]),
            client.query_one(&size, &[]),
        );
        let (characters, history, contents, size) = all.await;
        Ok((characters?, history?, contents?, size?))
    })
    .await?;
    let versions = unsigned(history.try_get(0)?)?;
    Ok(StorageStatistics {
        characters: unsigned(characters.try_get(0)?)?,
        versions,
        contents: unsigned(contents.try_get(0)?)?,
        captures: versions + unsigned(history.try_get(1)?)?,
        document_bytes: unsigned(contents.try_get(1)?)?,
        encoded_bytes: unsigned(contents.try_get(2)?)?,
        store_bytes: unsigned(size.try_get(0)?)?,
    })
}

/// The entries of the audit log behind a number. Lines that are not for this user are left out by the server.
pub(super) async fn audit(client: Client, after: u64, limit: u32) -> Result<Vec<Entry>> {
    let sql = "SELECT c.sequence, c.leaf, c.hash, a.line FROM backstory.audit_chain($1, $2) AS c \
         LEFT JOIN backstory.audit AS a ON a.sequence = c.sequence ORDER BY c.sequence";
    let limit = i32::try_from(limit).unwrap_or(i32::MAX);
    let mut entries = Vec::new();
    for row in run(&client, sql, &[&integer(after), &limit]).await? {
        let sequence = unsigned(row.try_get(0)?)?;
        let digest = |column| -> Result<Option<Digest>> { Ok(Digest::from_slice(row.try_get(column)?)) };
        // What is no hash any more is no entry: verifying misses it.
        let (Some(leaf), Some(hash)) = (digest(1)?, digest(2)?) else { continue };
        entries.push(match row.try_get::<_, Option<String>>(3)? {
            Some(line) => Entry::new(sequence, line, hash),
            None => Entry { sequence, text: None, leaf, hash, readers: Vec::new() },
        });
    }
    Ok(entries)
}

/// The end of the audit log.
pub(super) async fn audit_head(client: Client) -> Result<Head> {
    let row = first(&client, "SELECT size, hash, peaks FROM backstory.audit_head", &[]).await?;
    let row = row.ok_or_else(|| failure::damaged("The end of the audit log is missing."))?;
    let size = unsigned(row.try_get(0)?)?;
    let read = Digest::from_slice(row.try_get(1)?).zip(Peaks::from_bytes(row.try_get(2)?, size));
    let (hash, peaks) = read.ok_or_else(|| failure::damaged("The end of the audit log cannot be read."))?;
    Ok(Head { size, hash, peaks })
}
