//! One character's folder: what is known of it (`metadata.json`) and its documents.

use std::{collections::BTreeMap, sync::Arc};

use backstory_core::{
    error::{Error, Result},
    history::encoding,
    model::{CharacterId, ContentHash, Stored},
};
use serde::{Deserialize, Serialize};

use super::{
    disk::{damaged, join},
    journal::View,
    layout::{self, ARCHIVE, RECORD, VERSIONS},
    sealed::{self, Unsealed},
};
use crate::{
    codec::{self, Codec, Link},
    recent::RecentDocuments,
    record::Record,
};

/// A character's `metadata.json`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Saved {
    /// Whose.
    pub(super) id: CharacterId,
    /// The library's revision when it was last written.
    pub(super) written: u64,
    /// Everything known of it.
    pub(super) history: Record<Content>,
}

/// How a document is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Content {
    /// The file, in the character's folder. Empty while it is only in memory.
    pub(super) file: String,
    /// The codec's name.
    pub(super) codec: String,
    /// Its place on the ladder.
    pub(super) rung: u64,
    /// The document it is a difference against.
    pub(super) base: Option<ContentHash>,
    /// The document's length.
    pub(super) length: u64,
    /// The file's length.
    pub(super) bytes: u64,
    /// The BLAKE3 of the file: finds it under another name, and damage that decompressing passes over.
    pub(super) checksum: ContentHash,
}

impl Content {
    /// How it is kept, for whoever asks.
    pub(super) fn stored(&self) -> Stored {
        Stored { codec: self.codec.clone(), bytes: self.bytes, base: self.base }
    }
}

impl Saved {
    /// A character without anything.
    pub(super) fn new(id: CharacterId) -> Self {
        Self { id, written: 0, history: Record::default() }
    }

    /// Whether there is nothing to keep.
    pub(super) fn is_empty(&self) -> bool {
        let record = &self.history;
        record.index.is_none() && record.versions.is_empty() && record.contents.is_empty()
    }

    /// The document of the newest version.
    pub(super) fn latest(&self) -> Option<ContentHash> {
        let newest = self.history.versions.values().max_by_key(|version| (version.captured_at, version.id));
        newest.map(|version| version.content)
    }

    /// The place a new document is stored at in the ladder.
    pub(super) fn next_rung(&self) -> u64 {
        self.history.contents.values().map(|content| content.rung + 1).max().unwrap_or(0)
    }

    /// What a document at this rung leans on.
    pub(super) fn base_for(&self, rung: u64, ladder: u8) -> Option<ContentHash> {
        let rungs: BTreeMap<u64, ContentHash> =
            self.history.contents.iter().map(|(hash, content)| (content.rung, *hash)).collect();
        encoding::way_down(rung, ladder).find_map(|rung| rungs.get(&rung).copied())
    }
}

/// Reads a character's file; none when there is none. One that is somebody else's is damaged here.
pub(super) fn load(view: &View, id: &CharacterId) -> Result<Option<Unsealed<Saved>>> {
    load_known(view, id, |_, load| load())
}

/// The same, where `known` may know what the file with this hash says.
pub(super) fn load_known<T>(
    view: &View,
    id: &CharacterId,
    known: impl FnOnce(ContentHash, &dyn Fn() -> Unsealed<Saved>) -> Unsealed<T>,
) -> Result<Option<Unsealed<T>>> {
    match view.read(&join(&layout::character(id), RECORD)) {
        Ok(None) => Ok(None),
        Ok(Some(text)) => Ok(Some(known(ContentHash::of(&text), &|| understand(&text, id)))),
        Err(error) if super::is_damage(&error) => Ok(Some(Unsealed::Damaged(error.message))),
        Err(error) => Err(error),
    }
}

fn understand(text: &[u8], id: &CharacterId) -> Unsealed<Saved> {
    match sealed::unseal::<Saved>(text) {
        Unsealed::Whole(saved) | Unsealed::Edited(saved) if saved.id != *id => {
            Unsealed::Damaged(format!("it is {}'s", saved.id))
        }
        Unsealed::Whole(saved) | Unsealed::Edited(saved) if !has_sound_names(&saved) => {
            Unsealed::Damaged("it names files that are not a character's".to_owned())
        }
        unsealed => unsealed,
    }
}

fn has_sound_names(saved: &Saved) -> bool {
    saved.history.contents.values().all(|content| is_content_file(&content.file))
}

/// Whether this is where a document may be kept in a character's folder.
fn is_content_file(file: &str) -> bool {
    let plain = |c: u8| c.is_ascii_alphanumeric() || c == b'.' || c == b'-';
    let name = [VERSIONS, ARCHIVE].iter().find_map(|area| file.strip_prefix(area)?.strip_prefix('/'));
    name.is_some_and(|name| !name.starts_with('.') && !name.is_empty() && name.bytes().all(plain))
}

/// Reads a character's documents: from their files, or as they wait to be written.
pub(super) struct Documents<'a> {
    /// The folder.
    pub(super) view: &'a View,
    /// Whose.
    pub(super) saved: &'a Saved,
    /// Files that are only in memory.
    pub(super) pending: &'a BTreeMap<ContentHash, Vec<u8>>,
}

impl Documents<'_> {
    /// The bytes of a document's file.
    ///
    /// # Errors
    /// `store_damaged` when it is missing.
    pub(super) fn encoded(&self, hash: &ContentHash) -> Result<Vec<u8>> {
        if let Some(bytes) = self.pending.get(hash) {
            return Ok(bytes.clone());
        }
        let content = self.content(hash)?;
        let place = join(&layout::character(&self.saved.id), &content.file);
        self.view.read(&place)?.ok_or_else(|| damaged(format!("{place} is missing.")))
    }

    fn content(&self, hash: &ContentHash) -> Result<&Content> {
        let content = self.saved.history.contents.get(hash);
        content.ok_or_else(|| damaged("A saved document leans on another one that is missing."))
    }

    /// Decodes a document and compares it with its hash. Follows the chain of bases down to a keyframe, or to a document that
    /// is still in `recent`.
    pub(super) fn read(&self, hash: &ContentHash, recent: &mut RecentDocuments) -> Result<Arc<Vec<u8>>> {
        let mut chain = Vec::new();
        let mut next = Some(*hash);
        let mut start = None;
        while let Some(hash) = next {
            start = recent.get(&hash);
            if start.is_some() {
                break;
            }
            let content = self.content(&hash)?;
            next = content.base;
            // Bases stand on lower rungs; a chain that does not lead down would never end.
            if let Some(base) = next
                && self.content(&base)?.rung >= content.rung
            {
                return Err(damaged("A saved document leans on a later one."));
            }
            chain.push((hash, content));
        }
        if chain.is_empty() {
            return start.ok_or_else(|| damaged("A saved document is missing."));
        }
        let document = self.rebuild(&chain, start, hash);
        let document = Arc::new(document.map_err(|error| self.name(error, chain[0].1))?);
        recent.put(*hash, Arc::clone(&document));
        Ok(document)
    }

    fn rebuild(
        &self,
        chain: &[(ContentHash, &Content)],
        start: Option<Arc<Vec<u8>>>,
        wanted: &ContentHash,
    ) -> Result<Vec<u8>> {
        let files: Vec<_> = chain.iter().map(|(hash, _)| self.encoded(hash)).collect::<Result<_>>()?;
        let mut links = Vec::with_capacity(chain.len());
        for ((_, content), data) in chain.iter().zip(&files) {
            let length =
                usize::try_from(content.length).map_err(|_| damaged("A saved document has no length."))?;
            links.push(Link { codec: Codec::from_name(&content.codec)?, data, length });
        }
        codec::rebuild(links.into_iter(), start.as_ref().map(|start| start.as_slice()), wanted)
    }

    /// The same error, with the file it is about.
    fn name(&self, error: Error, content: &Content) -> Error {
        let file = join(&layout::character(&self.saved.id), &content.file);
        let hint = error.hint.clone().unwrap_or_else(|| super::CHECK_HINT.to_owned());
        error.detail("file", file).hint(hint)
    }
}
