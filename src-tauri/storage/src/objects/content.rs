//! Documents in objects of their own, most of them differences against another.

use std::{
    collections::{BTreeMap, btree_map::Entry},
    sync::Arc,
};

use backstory_core::{
    error::{Code, Error, Result},
    history::encoding,
    model::{CharacterId, ContentHash, Stored},
    storage::Encoding,
};
use futures_util::FutureExt;
use uuid::Uuid;

use super::{
    bucket::at_once,
    form::{self, Content},
    view::{Recent, View, missing},
};
use crate::{
    codec::{self, Encoded, Link},
    record::Record,
};

/// Stored bytes that are not in the store yet, by their document.
pub(super) type Pending = BTreeMap<ContentHash, Vec<u8>>;

/// What it takes to rebuild a document: contents that lean on each other, and the document the last of them leans on, where
/// that is at hand.
type Chain<'a> = (Vec<(ContentHash, &'a Content)>, Option<Arc<Vec<u8>>>);

/// How a document is kept, for people.
pub(super) fn stored(content: &Content) -> Stored {
    Stored { codec: content.codec.name().to_owned(), bytes: content.bytes, base: content.base }
}

/// A document, compared with its hash; none where an object of its chain is gone.
///
/// The whole chain is known beforehand, so it is fetched at once.
pub(super) async fn document(
    view: &View,
    id: &CharacterId,
    record: &Record<Content>,
    pending: &Pending,
    hash: &ContentHash,
) -> Result<Option<Arc<Vec<u8>>>> {
    document_beside(view, &view.recent, id, record, pending, hash).await
}

/// The same beside other remembered documents than the handle's own.
pub(super) async fn document_beside(
    view: &View,
    recent: &Recent,
    id: &CharacterId,
    record: &Record<Content>,
    pending: &Pending,
    hash: &ContentHash,
) -> Result<Option<Arc<Vec<u8>>>> {
    let (chain, start) = chain(recent, id, record, hash)?;
    if chain.is_empty() {
        return Ok(start);
    }
    let mut data = Vec::new();
    for (hash, content) in &chain {
        data.push(fetch(view, id, pending, hash, content).boxed());
    }
    let data = at_once(data).await?;
    let Some(data) = data.into_iter().collect::<Option<Vec<_>>>() else { return Ok(None) };
    let links: Vec<_> = chain
        .iter()
        .zip(data)
        .map(|((_, content), data)| {
            Ok((content.codec, usize::try_from(content.length).map_err(too_long)?, data))
        })
        .collect::<Result<_>>()?;
    let wanted = *hash;
    let document = computed(move || {
        let links = links.iter().map(|(codec, length, data)| Link { codec: *codec, data, length: *length });
        codec::rebuild(links, start.as_ref().map(|start| start.as_slice()), &wanted)
    })
    .await?;
    let document = Arc::new(document);
    recent.put(wanted, Arc::clone(&document));
    Ok(Some(document))
}

/// The stored bytes of a document, which may be pending.
async fn fetch(
    view: &View,
    id: &CharacterId,
    pending: &Pending,
    hash: &ContentHash,
    content: &Content,
) -> Result<Option<Vec<u8>>> {
    match pending.get(hash) {
        Some(data) => Ok(Some(data.clone())),
        None => load(view, id, hash, content).await,
    }
}

/// The contents from a document down to one that is whole, or to a document that is still remembered.
fn chain<'a>(
    recent: &Recent,
    id: &CharacterId,
    record: &'a Record<Content>,
    hash: &ContentHash,
) -> Result<Chain<'a>> {
    let mut chain = Vec::new();
    let mut next = Some(*hash);
    while let Some(hash) = next {
        if let Some(start) = recent.get(&hash) {
            return Ok((chain, Some(start)));
        }
        let content = record.contents.get(&hash).ok_or_else(|| missing(id))?;
        // Bases stand lower in the ladder, so a chain that does not go down would never end.
        if chain.last().is_some_and(|(_, above): &(_, &Content)| above.rung <= content.rung) {
            return Err(missing(id));
        }
        chain.push((hash, content));
        next = content.base;
    }
    Ok((chain, None))
}

/// The stored bytes of a document; none where they are gone.
pub(super) async fn load(
    view: &View,
    id: &CharacterId,
    hash: &ContentHash,
    content: &Content,
) -> Result<Option<Vec<u8>>> {
    let path = content.path(id, hash);
    let Some(data) = view.bucket.get(&path).await? else { return Ok(None) };
    if ContentHash::of(&data) != content.checksum {
        return Err(form::damaged(&path));
    }
    Ok(Some(data))
}

/// Stores a new document in the record: its bytes are pending.
pub(super) async fn keep(
    view: &View,
    id: &CharacterId,
    record: &mut Record<Content>,
    pending: &mut Pending,
    encoding: &Encoding,
    hash: ContentHash,
    bytes: Arc<Vec<u8>>,
) -> Result<()> {
    let rungs = rungs(record);
    let rung = rungs.last_key_value().map_or(0, |(last, _)| last + 1);
    let base = base_for(&rungs, rung, encoding);
    let base = match base {
        Some(base) => usable(view, id, record, pending, base).await?,
        None => None,
    };
    put(record, pending, encoding, hash, rung, Arc::clone(&bytes), base).await?;
    view.recent.put(hash, bytes);
    Ok(())
}

/// The contents by their rung.
fn rungs(record: &Record<Content>) -> BTreeMap<u64, ContentHash> {
    record.contents.iter().map(|(hash, content)| (content.rung, *hash)).collect()
}

fn base_for(rungs: &BTreeMap<u64, ContentHash>, rung: u64, encoding: &Encoding) -> Option<ContentHash> {
    let mut way = encoding::way_down(rung, encoding.ladder);
    way.find_map(|rung| rungs.get(&rung).copied()).filter(|_| encoding.delta)
}

/// A damaged base is no reason not to save: the document is then kept whole.
async fn usable(
    view: &View,
    id: &CharacterId,
    record: &Record<Content>,
    pending: &Pending,
    base: ContentHash,
) -> Result<Option<(ContentHash, Arc<Vec<u8>>)>> {
    match document(view, id, record, pending, &base).await {
        Ok(found) => Ok(found.map(|document| (base, document))),
        Err(error) if error.code == Code::StoreDamaged => {
            tracing::warn!(%id, ?error, "a content cannot be a base");
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// Encodes a document and reads it back before it takes its place.
async fn put(
    record: &mut Record<Content>,
    pending: &mut Pending,
    encoding: &Encoding,
    hash: ContentHash,
    rung: u64,
    bytes: Arc<Vec<u8>>,
    base: Option<(ContentHash, Arc<Vec<u8>>)>,
) -> Result<()> {
    let (base_hash, base) = base.unzip();
    let (encoding, length) = (*encoding, bytes.len());
    let Encoded { codec, data } = computed(move || {
        let base = base.as_ref().map(|base| base.as_slice());
        let encoded = codec::encode(&bytes, base, &encoding)?;
        let link = Link { codec: encoded.codec, data: &encoded.data, length };
        codec::rebuild(std::iter::once(link), base, &hash)?;
        Ok(encoded)
    })
    .await?;
    let content = Content {
        codec,
        base: base_hash.filter(|_| codec.is_delta()),
        rung,
        length: length as u64,
        bytes: data.len() as u64,
        checksum: ContentHash::of(&data),
        upload: Uuid::now_v7(),
        archived: record.is_archived(&hash),
    };
    record.put_content(hash, content);
    pending.insert(hash, data);
    Ok(())
}

/// Takes documents out of the record. What leans on them is stored anew first, against something that stays.
pub(super) async fn drop(
    view: &View,
    id: &CharacterId,
    record: &mut Record<Content>,
    pending: &mut Pending,
    encoding: &Encoding,
    gone: &[ContentHash],
) -> Result<()> {
    let rungs = rungs(record);
    let rung_of = |hash: &ContentHash| record.contents.get(hash).map(|content| content.rung);
    let bases =
        record.contents.values().map(|content| (content.rung, content.base.as_ref().and_then(rung_of)));
    let bases = bases.collect();
    let dropped = gone.iter().filter_map(rung_of).collect();
    for step in encoding::plan_drop(&bases, &dropped) {
        let Some(hash) = rungs.get(&step.rung) else { continue };
        let Some(bytes) = document(view, id, record, pending, hash).await? else { return Err(missing(id)) };
        let base = match step.onto.and_then(|rung| rungs.get(&rung)) {
            Some(base) => usable(view, id, record, pending, *base).await?,
            None => None,
        };
        put(record, pending, encoding, *hash, step.rung, bytes, base).await?;
    }
    for hash in gone {
        record.contents.remove(hash);
        pending.remove(hash);
    }
    Ok(())
}

/// Gives every document its area: the archive where only archived versions have it. Its bytes are uploaded anew.
pub(super) async fn place(
    view: &View,
    id: &CharacterId,
    record: &mut Record<Content>,
    pending: &mut Pending,
) -> Result<()> {
    let is_misplaced =
        |(hash, content): &(&ContentHash, &Content)| content.archived != record.is_archived(hash);
    let misplaced: Vec<_> =
        record.contents.iter().filter(is_misplaced).map(|(hash, content)| (*hash, content.clone())).collect();
    for (hash, mut content) in misplaced {
        if let Entry::Vacant(place) = pending.entry(hash) {
            let Some(data) = load(view, id, &hash, &content).await? else { return Err(missing(id)) };
            place.insert(data);
            content.upload = Uuid::now_v7();
        }
        content.archived = !content.archived;
        record.put_content(hash, content);
    }
    Ok(())
}

/// Stores every document of the record in another encoding. Says how many documents that changed.
pub(super) async fn recompress(
    view: &View,
    id: &CharacterId,
    record: &mut Record<Content>,
    pending: &mut Pending,
    encoding: &Encoding,
) -> Result<u64> {
    let rungs = rungs(record);
    let mut rewritten = 0;
    for (&rung, hash) in &rungs {
        let Some((_, bytes)) = usable(view, id, record, pending, *hash).await? else { continue };
        let base = match base_for(&rungs, rung, encoding) {
            Some(base) => usable(view, id, record, pending, base).await?,
            None => None,
        };
        let before = record.contents.get(hash).cloned();
        put(record, pending, encoding, *hash, rung, bytes, base).await?;
        let after = record.contents.get(hash);
        // The same bytes again: the object that is there stays.
        if let (Some(before), Some(after)) = (before, after)
            && (before.checksum, before.codec, before.base) == (after.checksum, after.codec, after.base)
        {
            pending.remove(hash);
            record.put_content(*hash, before);
        } else {
            rewritten += 1;
        }
    }
    Ok(rewritten)
}

/// Does work that keeps a processor busy on a thread where that holds nobody up.
async fn computed<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    use tokio::runtime::{Handle, RuntimeFlavor};
    if Handle::current().runtime_flavor() == RuntimeFlavor::MultiThread {
        return tokio::task::block_in_place(work);
    }
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(stopped) => Err(Error::internal("Work on the library stopped unexpectedly.").caused_by(stopped)),
    }
}

fn too_long(_: std::num::TryFromIntError) -> Error {
    Error::new(Code::StoreDamaged, "A saved document is longer than there is room for.")
}
