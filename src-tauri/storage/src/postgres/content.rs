//! Documents in the database: one row for each distinct content of a character, most of them differences against another.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

use backstory_core::{
    history,
    model::{CharacterId, ContentHash},
    storage::Encoding,
};
use deadpool_postgres::ClientWrapper as Connection;
use tokio_postgres::Row;

use super::{
    batch::Document,
    failure::{Result, damaged},
    query::{first, run},
    rows::{self, integer, unsigned},
};
use crate::{
    codec::{self, Codec, Encoded, Link},
    recent::RecentDocuments,
};

/// A content as it is stored.
struct Stored {
    rung: u64,
    base: Option<u64>,
    codec: Codec,
    length: usize,
    data: Vec<u8>,
}

impl Stored {
    fn link(&self) -> Link<'_> {
        Link { codec: self.codec, data: &self.data, length: self.length }
    }
}

/// A content with everything it leans on, itself first. A base is on a lower rung: a chain always ends. The limit keeps the
/// server from reading all the character's contents, with the policy of each, to find one by its key.
const CHAIN: &str = "WITH RECURSIVE chain AS (\
       SELECT hash, rung, base, codec, length, data FROM backstory.content WHERE character_id = $1 AND hash = $2 \
       UNION ALL \
       SELECT c.hash, c.rung, c.base, c.codec, c.length, c.data FROM chain CROSS JOIN LATERAL (\
         SELECT * FROM backstory.content WHERE character_id = $1 AND rung = chain.base AND rung < chain.rung \
         LIMIT 1) AS c) \
     SELECT rung, base, codec, length, coalesce((SELECT a.data FROM backstory.archive AS a \
       WHERE a.character_id = $1 AND a.hash = chain.hash), data) FROM chain ORDER BY rung DESC";

/// Moves documents into the archive area that only archived versions have, and out of it those that another one has too.
/// Where that is not this user's to decide, they stay where they are: they are read from either.
pub(super) const PLACE: &str = "WITH wanted AS MATERIALIZED (\
       SELECT n.character_id, n.hash, coalesce((SELECT bool_and(v.archived) FROM backstory.version AS v \
         WHERE v.character_id = n.character_id AND v.content = n.hash), false) AS belongs \
       FROM unnest($1::text[], $2::bytea[]) AS n (character_id, hash) \
       JOIN backstory.character AS k ON k.id = n.character_id \
       AND (k.owner = current_user OR pg_has_role(current_user, 'backstory_admin', 'member'))), \
     taken AS (\
       DELETE FROM backstory.archive AS a USING wanted AS w \
       WHERE a.character_id = w.character_id AND a.hash = w.hash AND NOT w.belongs \
       RETURNING a.character_id, a.hash, a.data), \
     put AS (\
       INSERT INTO backstory.archive (character_id, hash, data) \
       SELECT c.character_id, c.hash, c.data FROM backstory.content AS c \
       JOIN wanted AS w ON w.character_id = c.character_id AND w.hash = c.hash AND w.belongs \
       ON CONFLICT DO NOTHING RETURNING character_id, hash), \
     moved AS (\
       SELECT character_id, hash, data FROM taken UNION ALL SELECT character_id, hash, '' FROM put) \
     UPDATE backstory.content AS c SET data = m.data FROM moved AS m \
     WHERE c.character_id = m.character_id AND c.hash = m.hash";

fn stored(row: &Row) -> Result<Stored> {
    let base: Option<i64> = row.try_get(1)?;
    Ok(Stored {
        rung: unsigned(row.try_get(0)?)?,
        base: base.map(unsigned).transpose()?,
        codec: Codec::from_number(i64::from(row.try_get::<_, i16>(2)?))?,
        length: usize::try_from(row.try_get::<_, i64>(3)?)
            .map_err(|_| damaged("A saved document has no length."))?,
        data: row.try_get(4)?,
    })
}

/// Decodes a content and compares it with its hash; none when the character has no such content.
pub(super) async fn document(
    client: &Connection,
    recent: &mut RecentDocuments,
    character: &CharacterId,
    hash: &ContentHash,
) -> Result<Option<Arc<Vec<u8>>>> {
    if let Some(document) = recent.get(hash) {
        return Ok(Some(document));
    }
    let found = run(client, CHAIN, &[&character.as_str(), &hash.0.as_slice()]).await?;
    if found.is_empty() {
        return Ok(None);
    }
    let chain = found.iter().map(stored).collect::<Result<Vec<_>>>()?;
    check_whole(&chain)?;
    let document = Arc::new(working(|| codec::rebuild(chain.iter().map(Stored::link), None, hash))?);
    recent.put(*hash, Arc::clone(&document));
    Ok(Some(document))
}

/// Every link leans on the one behind it, and the last on none.
fn check_whole(chain: &[Stored]) -> Result<()> {
    let is_whole = chain.windows(2).all(|pair| pair[0].base == Some(pair[1].rung));
    if !is_whole || chain.last().is_some_and(|last| last.base.is_some()) {
        return Err(damaged("A saved document leans on another one that is missing."));
    }
    Ok(())
}

/// Does work that takes a processor for a while. Where the runtime has several threads, everything else moves away from
/// this one.
fn working<T>(work: impl FnOnce() -> T) -> T {
    use tokio::runtime::{Handle, RuntimeFlavor};
    match Handle::try_current().map(|handle| handle.runtime_flavor()) {
        Ok(RuntimeFlavor::MultiThread) => tokio::task::block_in_place(work),
        _ => work(),
    }
}

/// A content ready to be stored.
#[derive(Debug)]
pub(super) struct New {
    pub(super) character: String,
    pub(super) hash: ContentHash,
    pub(super) rung: i64,
    pub(super) base: Option<i64>,
    pub(super) codec: i16,
    pub(super) length: i64,
    pub(super) data: Vec<u8>,
}

/// Encodes the new contents of one character, one on top of the other.
pub(super) async fn encode(
    client: &Connection,
    recent: &mut RecentDocuments,
    encoding: &Encoding,
    character: &CharacterId,
    documents: Vec<Document>,
) -> Result<Vec<New>> {
    let way_down = |rung| history::encoding::way_down(rung, encoding.ladder);
    let ladder = Rungs::of(client, character, encoding.ladder).await?;
    let mut made = Vec::with_capacity(documents.len());
    // What may become a base soon, and is not in the database yet.
    let mut fresh: BTreeMap<u64, Arc<Vec<u8>>> = BTreeMap::new();
    for (rung, (hash, bytes)) in (ladder.next..).zip(documents) {
        let base = match way_down(rung).find(|&rung| rung >= ladder.next || ladder.hashes.contains_key(&rung))
        {
            Some(base) => match fresh.get(&base) {
                Some(document) => Some((base, Arc::clone(document))),
                None => ladder.base(client, recent, character, base).await?.map(|document| (base, document)),
            },
            None => None,
        };
        let (base, encoded) = working(|| encode_against(encoding, base, &bytes))?;
        made.push(New {
            character: character.to_string(),
            hash,
            rung: integer(rung),
            base: base.map(integer),
            codec: codec_number(encoded.codec),
            length: integer(bytes.len() as u64),
            data: encoded.data,
        });
        recent.put(hash, Arc::clone(&bytes));
        fresh.insert(rung, bytes);
        // The way down from the next rung holds all that any later one may lean on.
        fresh.retain(|&other, _| way_down(rung + 1).any(|way| way == other));
    }
    Ok(made)
}

fn codec_number(codec: Codec) -> i16 {
    i16::try_from(codec.number()).unwrap_or(i16::MAX)
}

/// Encodes a document, and says whether it leans on the base it was given.
fn encode_against(
    encoding: &Encoding,
    base: Option<(u64, Arc<Vec<u8>>)>,
    bytes: &[u8],
) -> Result<(Option<u64>, Encoded)> {
    let encoded = codec::encode(bytes, base.as_ref().map(|(_, document)| document.as_slice()), encoding)?;
    let base = base.filter(|_| encoded.codec.is_delta()).map(|(rung, _)| rung);
    Ok((base, encoded))
}

/// The rungs of a character's ladder.
struct Rungs {
    hashes: HashMap<u64, ContentHash>,
    next: u64,
}

impl Rungs {
    /// The number of the next rung, and those a new one may lean on: the way down from it, and from those after it.
    async fn of(client: &Connection, character: &CharacterId, ladder: u8) -> Result<Self> {
        let last = "SELECT max(rung) FROM backstory.content WHERE character_id = $1";
        let last: Option<i64> = match first(client, last, &[&character.as_str()]).await? {
            Some(row) => row.try_get(0)?,
            None => None,
        };
        let next = last.map_or(Ok(0), |last| unsigned(last).map(|last| last + 1))?;
        // Whatever is written now leans on the way down from `next`: higher rungs have the same way below it.
        let way: Vec<i64> = history::encoding::way_down(next, ladder).map(integer).collect();
        let sql = "SELECT rung, hash FROM backstory.content WHERE character_id = $1 AND rung = ANY ($2)";
        let found = run(client, sql, &[&character.as_str(), &way]).await?;
        let rung = |row: &Row| Ok((unsigned(row.try_get(0)?)?, rows::hash(row.try_get(1)?)?));
        Ok(Self { hashes: found.iter().map(rung).collect::<Result<_>>()?, next })
    }

    /// A stored rung's document. A damaged base is no reason not to save: the new document is then kept whole.
    async fn base(
        &self,
        client: &Connection,
        recent: &mut RecentDocuments,
        character: &CharacterId,
        rung: u64,
    ) -> Result<Option<Arc<Vec<u8>>>> {
        let Some(hash) = self.hashes.get(&rung) else { return Ok(None) };
        match document(client, recent, character, hash).await {
            Err(failure) if failure.is_damage() => {
                tracing::warn!(%character, rung, error = ?failure, "a content cannot be a base");
                Ok(None)
            }
            found => found,
        }
    }
}

/// Takes documents away. What leans on them is first stored against something that stays, and compared with its hash.
pub(super) async fn drop(
    client: &Connection,
    recent: &mut RecentDocuments,
    encoding: &Encoding,
    character: &CharacterId,
    hashes: &BTreeSet<ContentHash>,
) -> Result<()> {
    if hashes.is_empty() {
        return Ok(());
    }
    let (mut bases, mut names, mut dropped) = (BTreeMap::new(), BTreeMap::new(), BTreeSet::new());
    let sql = "SELECT rung, base, hash FROM backstory.content WHERE character_id = $1";
    for row in run(client, sql, &[&character.as_str()]).await? {
        let (rung, base) = (unsigned(row.try_get(0)?)?, row.try_get::<_, Option<i64>>(1)?);
        let hash = rows::hash(row.try_get(2)?)?;
        bases.insert(rung, base.map(unsigned).transpose()?);
        names.insert(rung, hash);
        if hashes.contains(&hash) {
            dropped.insert(rung);
        }
    }
    for rebase in history::encoding::plan_drop(&bases, &dropped) {
        let onto = rebase.onto.and_then(|rung| names.get(&rung).map(|hash| (rung, *hash)));
        if let Some(hash) = names.get(&rebase.rung) {
            store_anew(client, recent, encoding, character, hash, onto).await?;
        }
    }
    let archived = "DELETE FROM backstory.archive WHERE character_id = $1 AND hash = ANY ($2)";
    let names: Vec<&[u8]> = hashes.iter().map(|hash| hash.0.as_slice()).collect();
    run(client, archived, &[&character.as_str(), &names]).await?;
    let sql = "DELETE FROM backstory.content WHERE character_id = $1 AND rung = ANY ($2)";
    let rungs: Vec<i64> = dropped.into_iter().map(integer).collect();
    run(client, sql, &[&character.as_str(), &rungs]).await?;
    Ok(())
}

/// What became of a document that was to be stored anew.
pub(super) struct Anew {
    /// How many bytes it takes now.
    pub(super) bytes: u64,
    /// Whether that is another form than before.
    pub(super) is_new: bool,
}

/// Another form of a document, in the area it lies in.
const STORE_ANEW: &str = "WITH archived AS (\
       UPDATE backstory.archive SET data = $5 WHERE character_id = $1 AND hash = $2 RETURNING hash) \
     UPDATE backstory.content AS c SET base = $3, codec = $4, \
       data = CASE WHEN EXISTS (SELECT FROM archived) THEN '' ELSE $5 END \
     WHERE character_id = $1 AND hash = $2 AND (base IS DISTINCT FROM $3 OR codec <> $4 \
       OR coalesce((SELECT a.data FROM backstory.archive AS a WHERE a.character_id = $1 AND a.hash = $2), c.data) <> $5) \
     RETURNING rung";

/// Stores a document against another base, or whole, and reads it back before anything of the old form is lost.
pub(super) async fn store_anew(
    client: &Connection,
    recent: &mut RecentDocuments,
    encoding: &Encoding,
    character: &CharacterId,
    hash: &ContentHash,
    onto: Option<(u64, ContentHash)>,
) -> Result<Anew> {
    let gone = || damaged("A saved document is missing.");
    let bytes = document(client, recent, character, hash).await?.ok_or_else(gone)?;
    let base = match onto {
        Some((rung, base)) => {
            Some((rung, document(client, recent, character, &base).await?.ok_or_else(gone)?))
        }
        None => None,
    };
    let (base, encoded) = working(|| encode_against(encoding, base, &bytes))?;
    let (name, hash_column) = (character.as_str(), hash.0.as_slice());
    let (base, codec) = (base.map(integer), codec_number(encoded.codec));
    let changed = run(client, STORE_ANEW, &[&name, &hash_column, &base, &codec, &encoded.data]).await?;
    let again = document(client, &mut RecentDocuments::new(0), character, hash).await?;
    if again.is_none_or(|again| again != bytes) {
        return Err(damaged("A document could not be stored anew."));
    }
    Ok(Anew { bytes: encoded.data.len() as u64, is_new: !changed.is_empty() })
}
