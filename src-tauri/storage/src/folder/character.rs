//! One character's folder: what is known of it (`metadata.json`), the pages of its history, and its documents.
//!
//! `metadata.json` stays small however long the history is: it names the pages and what they must be, so that a change writes
//! it and the pages it touches and nothing else.

use std::{
    borrow::Cow,
    collections::BTreeMap,
    sync::{Arc, OnceLock},
};

use backstory_core::{
    error::{Error, Result},
    history::encoding,
    model::{CharacterId, ContentHash, Sighting, SnapshotId, Stored, VersionMetadata},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    disk::{damaged, join},
    index::Row,
    journal::View,
    layout::{self, ARCHIVE, RECORD, VERSIONS},
    sealed::{self, Unsealed},
};
use crate::{
    codec::{self, Codec, Link},
    pages::page_of,
    recent::RecentDocuments,
    record::Record,
};

/// A character as its files tell it.
#[derive(Debug, Clone)]
pub(super) struct Saved {
    /// Whose.
    pub(super) id: CharacterId,
    /// The library's revision when it was last written.
    pub(super) written: u64,
    /// Everything known of it.
    pub(super) history: Record<Content>,
    /// The BLAKE3 of the pages that are on the disk as they were written.
    pub(super) pages: BTreeMap<u64, ContentHash>,
    /// The newest version, once somebody asked.
    newest: OnceLock<Option<Newest>>,
    /// What is wrong with the pages that cannot be read. Their versions are not in `history`.
    pub(super) lost: Vec<String>,
}

/// When the newest version was captured, which it is, and its document.
type Newest = (Timestamp, SnapshotId, ContentHash);

/// A character's `metadata.json`.
#[derive(Serialize, Deserialize)]
struct RecordFile<'a> {
    character: Cow<'a, Row>,
    pages: Cow<'a, BTreeMap<u64, ContentHash>>,
}

/// A page of a character's history.
#[derive(Serialize, Deserialize)]
struct PageFile<'a> {
    character: Cow<'a, CharacterId>,
    page: u64,
    versions: Vec<Cow<'a, VersionMetadata>>,
    sightings: Vec<Sighting>,
    contents: Cow<'a, BTreeMap<ContentHash, Content>>,
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
        let (history, pages, newest, lost) = Default::default();
        Self { id, written: 0, history, pages, newest, lost }
    }

    /// Whether there is nothing to keep.
    pub(super) fn is_empty(&self) -> bool {
        let record = &self.history;
        record.index.is_none() && record.versions.is_empty() && record.contents.is_empty()
    }

    /// The same, to be changed.
    pub(super) fn draft(&self) -> Self {
        Self { newest: OnceLock::new(), ..self.clone() }
    }

    /// The document of the newest version.
    pub(super) fn latest(&self) -> Option<ContentHash> {
        self.newest().map(|(_, _, content)| content)
    }

    /// The same of a draft of `before` in which all changes are made: looks at what changed, where that is enough.
    pub(super) fn latest_after(&self, before: &Self) -> Option<ContentHash> {
        let versions = &self.history.versions;
        let is_there =
            |known: &Newest| versions.get(&known.1).is_some_and(|version| newest(version) == *known);
        if let Some(known) = before.newest().filter(is_there) {
            let changed = versions.unlike(&before.history.versions).map(newest).max();
            let _ = self.newest.set(changed.max(Some(known)));
        }
        self.latest()
    }

    fn newest(&self) -> Option<Newest> {
        *self.newest.get_or_init(|| self.history.versions.values().map(newest).max())
    }

    /// The place a new document is stored at in the ladder.
    pub(super) fn next_rung(&self) -> u64 {
        self.history.contents.values().map(|content| content.rung + 1).max().unwrap_or(0)
    }

    /// What a document at this rung leans on.
    pub(super) fn base_for(&self, rung: u64, ladder: u8) -> Option<ContentHash> {
        encoding::way_down(rung, ladder).find_map(|rung| self.at_rung(rung))
    }

    /// The document at a rung. The last ones are looked at first: most lean on one of them.
    fn at_rung(&self, rung: u64) -> Option<ContentHash> {
        let mut contents = self.history.contents.iter().rev();
        contents.find(|(_, content)| content.rung == rung).map(|(hash, _)| *hash)
    }

    /// The text of its `metadata.json`, for which `row` is what the list says of it.
    pub(super) fn text(&self, row: &Row) -> Result<Vec<u8>> {
        let character = Cow::Borrowed(row);
        sealed::seal(&RecordFile { character, pages: Cow::Borrowed(&self.pages) })
    }

    /// The text of a page of its history; none when nothing is in it.
    pub(super) fn page_text(&self, page: u64) -> Result<Option<Vec<u8>>> {
        let Record { versions, sightings, contents, .. } = &self.history;
        let (versions, sightings, contents) =
            (versions.page(page), sightings.page(page), contents.page(page));
        if versions.is_none() && sightings.is_none() && contents.is_none() {
            return Ok(None);
        }
        let mut versions: Vec<_> =
            versions.into_iter().flat_map(|page| page.values()).map(Cow::Borrowed).collect();
        versions.sort_by_key(|version| (version.captured_at, version.id));
        let sightings = sightings.into_iter().flat_map(|page| page.keys().copied()).collect();
        let contents = contents.map_or_else(Cow::default, |page| Cow::Borrowed(&**page));
        let character = Cow::Borrowed(&self.id);
        sealed::seal(&PageFile { character, page, versions, sightings, contents }).map(Some)
    }

    /// The pages that are not as another state of this character has them, or not on the disk as they are here.
    pub(super) fn pages_unlike(&self, before: &Record<Content>) -> Vec<u64> {
        let now = &self.history;
        let numbers = |record: &Record<Content>| {
            let all = record.versions.numbers().chain(record.sightings.numbers());
            all.chain(record.contents.numbers()).collect::<Vec<_>>()
        };
        let mut pages: Vec<_> = numbers(now).into_iter().chain(numbers(before)).collect();
        pages.extend(self.pages.keys());
        pages.sort_unstable();
        pages.dedup();
        pages.retain(|&page| {
            !self.pages.contains_key(&page)
                || !now.versions.shares(page, &before.versions)
                || !now.sightings.shares(page, &before.sightings)
                || !now.contents.shares(page, &before.contents)
        });
        pages
    }

    /// Its whole history can be read.
    ///
    /// # Errors
    /// `store_damaged` when a page of it cannot.
    pub(super) fn check_complete(&self) -> Result<()> {
        let Some(why) = self.lost.first() else { return Ok(()) };
        Err(damaged(format!("A part of the history of {} cannot be read: {why}", self.id)).kept(
            "The files were left alone. Documents of its other versions can still be opened one by one.",
        ))
    }

    /// Takes a page over as it is in another state, where that has the page with this checksum.
    fn share(&mut self, page: u64, checksum: ContentHash, known: &Self) -> bool {
        if known.pages.get(&page) != Some(&checksum) {
            return false;
        }
        let (now, known) = (&mut self.history, &known.history);
        if let Some(versions) = known.versions.page(page) {
            now.versions.put_page(page, Arc::clone(versions));
        }
        if let Some(sightings) = known.sightings.page(page) {
            now.sightings.put_page(page, Arc::clone(sightings));
        }
        if let Some(contents) = known.contents.page(page) {
            now.contents.put_page(page, Arc::clone(contents));
        }
        self.pages.insert(page, checksum);
        true
    }

    /// Reads a page that must have this checksum. Says whether it had.
    fn read_page(&mut self, view: &View, page: u64, checksum: ContentHash) -> Result<bool> {
        let place = join(&layout::character(&self.id), &layout::history(page));
        let lost = |why: String| format!("{place} {why}.");
        let text = match view.read(&place) {
            Ok(Some(text)) => text,
            Ok(None) => {
                self.lost.push(lost("is missing".to_owned()));
                return Ok(false);
            }
            Err(error) if super::is_damage(&error) => {
                self.lost.push(lost("is not a file".to_owned()));
                return Ok(false);
            }
            Err(error) => return Err(error),
        };
        let is_whole = ContentHash::of(&text) == checksum;
        match serde_json::from_slice::<PageFile<'_>>(&text) {
            Err(error) => self.lost.push(lost(format!("is damaged: {error}"))),
            Ok(file) if *file.character != self.id || file.page != page || !file.is_sound() => {
                self.lost.push(lost("is not this page of its history".to_owned()));
            }
            Ok(file) => self.take_in(file),
        }
        if is_whole {
            self.pages.insert(page, checksum);
        }
        Ok(is_whole)
    }

    fn take_in(&mut self, file: PageFile<'_>) {
        let versions = file.versions.into_iter().map(|version| (version.id, version.into_owned()));
        self.history.versions.put_page(file.page, Arc::new(versions.collect()));
        let sightings = file.sightings.into_iter().map(|sighting| (sighting, ()));
        self.history.sightings.put_page(file.page, Arc::new(sightings.collect()));
        self.history.contents.put_page(file.page, Arc::new(file.contents.into_owned()));
    }
}

fn newest(version: &VersionMetadata) -> Newest {
    (version.captured_at, version.id, version.content)
}

impl PageFile<'_> {
    /// Whether it holds what a page of this number may, and names no files but a character's.
    fn is_sound(&self) -> bool {
        self.versions.iter().all(|version| page_of(version.version) == self.page)
            && self.contents.values().all(|content| is_content_file(&content.file))
    }
}

/// What a character's `metadata.json` turned out to be, and its text.
type Opened = (Vec<u8>, Unsealed<RecordFile<'static>>);

fn open(view: &View, id: &CharacterId) -> Result<Option<Opened>> {
    let text = match view.read(&join(&layout::character(id), RECORD)) {
        Ok(None) => return Ok(None),
        Ok(Some(text)) => text,
        Err(error) if super::is_damage(&error) => {
            return Ok(Some((Vec::new(), Unsealed::Damaged(error.message))));
        }
        Err(error) => return Err(error),
    };
    let file = match sealed::unseal::<RecordFile<'_>>(&text) {
        Unsealed::Whole(file) | Unsealed::Edited(file) if file.character.id != *id => {
            Unsealed::Damaged(format!("it is {}'s", file.character.id))
        }
        file => file,
    };
    Ok(Some((text, file)))
}

/// Reads what the list says of a character, and none of its history; none when there is no file.
pub(super) fn load_row(view: &View, id: &CharacterId) -> Result<Option<Unsealed<Row>>> {
    let Some((_, file)) = open(view, id)? else { return Ok(None) };
    Ok(Some(file.map(|file| file.character.into_owned())))
}

/// Reads a character; none when there is no file of it. One that is somebody else's is damaged here.
pub(super) fn load(view: &View, id: &CharacterId) -> Result<Option<Unsealed<Arc<Saved>>>> {
    Ok(load_beside(view, id, None)?.map(|(_, saved)| saved))
}

/// The same beside what was read or written before: what is still so is not read again. Gives the hash of its `metadata.json`
/// too.
pub(super) fn load_beside(
    view: &View,
    id: &CharacterId,
    known: Option<&(ContentHash, Arc<Saved>)>,
) -> Result<Option<(ContentHash, Unsealed<Arc<Saved>>)>> {
    let Some((text, file)) = open(view, id)? else { return Ok(None) };
    let hash = ContentHash::of(&text);
    if let Some((_, saved)) = known.filter(|(known, _)| *known == hash) {
        return Ok(Some((hash, Unsealed::Whole(Arc::clone(saved)))));
    }
    let (file, mut is_whole) = match file {
        Unsealed::Whole(file) => (file, true),
        Unsealed::Edited(file) => (file, false),
        Unsealed::Damaged(why) => return Ok(Some((hash, Unsealed::Damaged(why)))),
    };
    let mut saved = Saved::new(id.clone());
    (saved.written, saved.history.index) = (file.character.written, file.character.index.clone());
    for (page, checksum) in file.pages.iter() {
        if !known.is_some_and(|(_, known)| saved.share(*page, *checksum, known)) {
            is_whole &= saved.read_page(view, *page, *checksum)?;
        }
    }
    let saved = Arc::new(saved);
    Ok(Some((
        hash,
        if is_whole && saved.lost.is_empty() { Unsealed::Whole(saved) } else { Unsealed::Edited(saved) },
    )))
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
