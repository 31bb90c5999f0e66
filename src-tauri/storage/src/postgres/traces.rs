//! What each version changed, and the words in it.

use std::{collections::HashMap, sync::Arc};

use backstory_core::{
    model::{CharacterId, SnapshotId, VersionMetadata},
    search::{self, SearchHit, SearchQuery},
    trace::Trace,
};
use deadpool_postgres::ClientWrapper as Connection;
use uuid::Uuid;

use super::{
    failure::Result,
    query::run,
    rows::{self, timestamp, unsigned},
};

/// Words longer than this are no words: an index of lexemes takes no more.
const LONGEST_WORD: usize = 1000;

/// Traces as an array for each column.
#[derive(Default)]
pub(super) struct TraceArrays {
    pub(super) characters: Vec<String>,
    pub(super) versions: Vec<Uuid>,
    pub(super) data: Vec<String>,
    pub(super) words: Vec<String>,
}

impl TraceArrays {
    /// Adds the trace of a version that brings one.
    pub(super) fn add(&mut self, version: &VersionMetadata) -> Result<()> {
        let Some(trace) = &version.trace else { return Ok(()) };
        let folded: Vec<String> = trace.words.iter().map(|words| search::fold(&words.1)).collect();
        let words = folded.iter().flat_map(|text| text.split(' '));
        let words: Vec<&str> = words.filter(|word| !word.is_empty() && word.len() <= LONGEST_WORD).collect();
        self.characters.push(version.character.to_string());
        self.versions.push(version.id.0);
        self.data.push(rows::to_json(&**trace)?);
        self.words.push(words.join(" "));
        Ok(())
    }
}

/// A trace takes the place of the one before.
pub(super) const PUT: &str = "INSERT INTO backstory.trace (character_id, version, data, words) \
     SELECT n.character_id, n.version, n.data, array_to_tsvector(ARRAY(SELECT DISTINCT word \
     FROM unnest(string_to_array(n.words, ' ')) AS word WHERE word <> '')) \
     FROM unnest($1::text[], $2::uuid[], $3::text[], $4::text[]) AS n (character_id, version, data, words) \
     ON CONFLICT (character_id, version) DO UPDATE SET data = excluded.data, words = excluded.words, checksum = NULL";

/// Fills in the traces of versions of one character.
pub(super) async fn fill(
    client: &Connection,
    character: &CharacterId,
    versions: &mut [VersionMetadata],
) -> Result<()> {
    let ids: Vec<Uuid> = versions.iter().map(|version| version.id.0).collect();
    let sql = "SELECT version, data FROM backstory.trace WHERE character_id = $1 AND version = ANY ($2)";
    let mut traces: HashMap<Uuid, Arc<Trace>> = HashMap::new();
    for row in run(client, sql, &[&character.as_str(), &ids]).await? {
        traces.insert(row.try_get(0)?, Arc::new(rows::from_json(row.try_get(1)?, character.as_str())?));
    }
    for version in versions {
        version.trace = traces.remove(&version.id.0);
    }
    Ok(())
}

macro_rules! found {
    ($order:literal) => {
        concat!(
            "SELECT c.id, v.id, v.number, v.captured_at, t.data FROM backstory.trace AS t \
             JOIN backstory.version AS v ON v.character_id = t.character_id AND v.id = t.version \
             JOIN backstory.character AS c ON c.id = t.character_id \
             WHERE t.words @@ $1::text::tsquery AND c.details IS NOT NULL AND c.deleted_at IS NULL \
             AND (cardinality($2::text[]) = 0 OR c.id = ANY ($2)) ORDER BY ",
            $order,
            " LIMIT $3"
        )
    };
}

/// Where words appeared: the index gives the versions that have all of them, their traces say where.
pub(super) async fn search(client: &Connection, query: &SearchQuery) -> Result<Vec<SearchHit>> {
    let words = query.words();
    if words.is_empty() || words.iter().any(|word| word.len() > LONGEST_WORD) {
        return Ok(Vec::new());
    }
    // Quoted, each the beginning of a word. They hold letters and digits only.
    let terms: Vec<String> = words.iter().map(|word| ["'", word, "':*"].concat()).collect();
    let terms = terms.join(" & ");
    let characters: Vec<&str> = query.characters.iter().map(CharacterId::as_str).collect();
    let sql = match query.oldest_first {
        true => found!("v.captured_at, v.id"),
        false => found!("v.captured_at DESC, v.id DESC"),
    };
    // A version has one hit at least where the words stand in one text, and none where they do not: without a limit, then,
    // unless one word is all there is.
    let limit = (words.len() == 1).then(|| i64::from(query.limit.unwrap_or(SearchQuery::LIMIT)));
    let mut hits = Vec::new();
    for row in run(client, sql, &[&terms, &characters, &limit]).await? {
        let id: String = row.try_get(0)?;
        let trace: Trace = rows::from_json(row.try_get(4)?, &id)?;
        let at = search::Appeared {
            character: CharacterId::new(id)?,
            version: SnapshotId(row.try_get(1)?),
            number: unsigned(row.try_get(2)?)?,
            captured_at: timestamp(row.try_get(3)?)?,
        };
        hits.extend(search::hits_in(&at, &trace, &words));
    }
    Ok(search::in_order(hits, query))
}
