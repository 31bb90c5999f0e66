//! Several files changed as one: all of them, or none.
//!
//! The new files are first written to `temp/` and kept by the disk. Then `temp/journal.json` is put there, which says what
//! goes where: that is the moment of the commit. Then the files are moved to their places, the journal last of all is taken
//! away. Whoever finds a journal does the rest ([`replay`]): doing it twice does nothing. Whoever only reads looks through
//! the journal ([`View`]) and sees every file as it will be.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet, btree_map::Entry},
    sync::Arc,
};

use backstory_core::{
    encryption::EncryptionState,
    error::{Code, Error, Result},
    model::CharacterId,
};
use serde::{Deserialize, Serialize};

use super::{
    disk::{Disk, damaged, parent},
    layout::{self, HEAD, JOURNAL, KEYS, STAGED, TEMP},
    sealed::{self, Unsealed},
};
use crate::seal::{Key, OVERHEAD, Owner, Ring};

/// The field that files are bound to.
const FIELD: &str = "file";

/// What `keys.json` holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct KeysFile {
    record: String,
}

/// The text of `keys.json` for a record of keys.
pub(super) fn keys_text(record: &str) -> Result<Vec<u8>> {
    sealed::seal(&KeysFile { record: record.to_owned() })
}

/// The record of keys in the text of a `keys.json`.
pub(super) fn keys_record(text: &[u8]) -> Result<String> {
    Ok(sealed::unseal::<KeysFile>(text).whole(KEYS)?.record)
}

/// A file that is to take its place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Move {
    from: String,
    to: String,
    /// The BLAKE3 of its bytes.
    checksum: String,
}

/// A change that was decided and may not be done yet.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Journal {
    /// The library's revision when it is done.
    pub(super) revision: u64,
    moves: Vec<Move>,
    removals: Vec<String>,
    /// Folders that are taken away if nothing is left in them, the innermost first.
    folders: Vec<String>,
}

/// A change that is being put together. Nothing is on the disk before [`Change::commit`].
#[derive(Debug, Default)]
pub(super) struct Change {
    /// The keys to encrypt with; none: those of the library as it is.
    ring: Option<Arc<Ring>>,
    /// The characters that get a new key.
    pub(super) renewed: BTreeSet<CharacterId>,
    files: BTreeMap<String, Vec<u8>>,
    removals: BTreeSet<String>,
    folders: BTreeSet<String>,
}

/// How far a committed change has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Done {
    /// Every file is in its place.
    Whole,
    /// It is decided and will be seen by everybody, but some files could not be moved yet.
    Later,
}

impl Change {
    /// One whose files are encrypted with these keys.
    pub(super) fn under(ring: &Arc<Ring>) -> Self {
        Self { ring: Some(Arc::clone(ring)), ..Self::default() }
    }

    /// Puts a file in its place, whatever is there.
    pub(super) fn put(&mut self, place: String, bytes: Vec<u8>) {
        self.removals.remove(&place);
        self.files.insert(place, bytes);
    }

    /// Takes a file away, unless one is put there.
    pub(super) fn remove(&mut self, place: String) {
        if !self.files.contains_key(&place) {
            self.removals.insert(place);
        }
    }

    /// Takes a folder away if nothing is left in it.
    pub(super) fn remove_folder(&mut self, place: String) {
        self.folders.insert(place);
    }

    /// Makes the change, as this revision.
    ///
    /// # Errors
    /// `storage_full`, `store_read_only`, `storage_failed`: then nothing of it happened.
    pub(super) fn commit(self, disk: &Disk, revision: u64) -> Result<Done> {
        let journal = match self.stage(disk, revision) {
            Ok(journal) => journal,
            Err(error) => {
                withdraw(disk)?;
                return Err(error);
            }
        };
        // Decided. What fails now is done by the next writer; readers look through the journal until then.
        match apply(disk, &journal) {
            Ok(()) => Ok(Done::Whole),
            Err(error) => {
                tracing::warn!(?error, revision, "a committed change could not be completed yet");
                Ok(Done::Later)
            }
        }
    }

    /// Has the disk keep the files and the journal.
    fn stage(mut self, disk: &Disk, revision: u64) -> Result<Journal> {
        self.seal(disk)?;
        // The library's own file is moved last: whoever sees its new revision sees everything else too.
        let head = self.files.remove_entry(HEAD);
        let mut moves = Vec::with_capacity(self.files.len() + 1);
        for (to, bytes) in self.files.into_iter().chain(head) {
            let from = format!("{TEMP}/{revision}-{}{STAGED}", moves.len());
            disk.write(&from, &bytes)?;
            // What goes to the archive leaves another place: it is read back first.
            let is_archived = parent(&to).ends_with(layout::ARCHIVE);
            if is_archived && disk.read(&from)?.is_none_or(|written| written != bytes) {
                return Err(damaged(format!("{to} did not arrive on the disk as it was written.")));
            }
            moves.push(Move { from, to, checksum: blake3::hash(&bytes).to_hex().to_string() });
        }
        // Keys go first: without them, nothing of the rest can be read.
        let (mut removals, others): (Vec<_>, Vec<_>) =
            self.removals.into_iter().partition(|place| layout::is_clear(place));
        removals.extend(others);
        let journal =
            Journal { revision, moves, removals, folders: self.folders.into_iter().rev().collect() };
        let draft = format!("{TEMP}/journal{STAGED}");
        disk.write(&draft, &sealed::seal(&journal)?)?;
        // The names of the files first: a journal must not outlive what it names.
        disk.sync_folder(TEMP)?;
        disk.rename(&draft, JOURNAL)?;
        disk.sync_folder(TEMP)?;
        Ok(journal)
    }
}

impl Change {
    /// Encrypts the files, where the library is to be encrypted. A character without a key gets one.
    fn seal(&mut self, disk: &Disk) -> Result<()> {
        let view = match &self.ring {
            Some(ring) => View { ring: Arc::clone(ring), ..View::settled(disk)? },
            None => View::settled(disk)?,
        };
        if !view.ring.seals() {
            return Ok(());
        }
        let common = Owner::common(view.ring());
        let (mut owners, mut keys) = (BTreeMap::new(), Vec::new());
        for (place, bytes) in self.files.iter_mut().filter(|(place, _)| !layout::is_clear(place)) {
            let owner = match layout::owner(place) {
                None => &common,
                Some(id) => match owners.entry(id) {
                    Entry::Occupied(owner) => owner.into_mut(),
                    Entry::Vacant(free) => {
                        let id = free.key().clone();
                        // One that is erased and written again has nothing in common with what it was.
                        let is_new = self.removals.remove(&layout::key(&id)) || self.renewed.contains(&id);
                        let known = if is_new { None } else { view.key(&id)? };
                        let key = match known {
                            Some(key) => key,
                            None => {
                                let (key, wrapped) = view.ring.new_key(&id)?;
                                keys.push((layout::key(&id), wrapped));
                                key
                            }
                        };
                        free.insert(Owner::character(view.ring(), &id, Some(key)))
                    }
                },
            };
            let sealed = owner.seal(FIELD, place.as_bytes(), bytes)?;
            if let Some(sealed) = sealed {
                // Where files change their form, what was encrypted is opened once more before the old bytes go.
                if self.ring.is_some() && owner.open(FIELD, place.as_bytes(), &sealed, true)? != *bytes {
                    return Err(Error::internal("A file could not be encrypted."));
                }
                *bytes = sealed;
            }
        }
        self.files.extend(keys);
        Ok(())
    }
}

/// Takes back a change that could not be decided.
fn withdraw(disk: &Disk) -> Result<()> {
    let undone = disk.remove(JOURNAL).and_then(|()| tidy(disk));
    undone.map_err(|error| {
        Error::new(Code::StorageFailed, "The disk failed while a change was being saved, and failed again after it.")
            .kept("Everything that was saved before is safe. Whether this change was saved shows when the library is opened next.")
            .hint("Check that the disk is connected and sound, then open the library again.")
            .caused_by(error)
    })
}

/// Takes files away that were on their way when a writer ended. Only for whoever has the right to write, with no journal left.
pub(super) fn tidy(disk: &Disk) -> Result<()> {
    for entry in disk.list(TEMP)? {
        if let Some(name) = entry.name.filter(|name| name.ends_with(STAGED)) {
            disk.remove(&format!("{TEMP}/{name}"))?;
        }
    }
    Ok(())
}

/// Moves everything to its place. Doing it again does nothing.
fn apply(disk: &Disk, journal: &Journal) -> Result<()> {
    let mut touched = BTreeSet::new();
    for Move { from, to, .. } in &journal.moves {
        make_folders(disk, parent(to), &mut touched)?;
        disk.rename(from, to)?;
        touched.insert(parent(to).to_owned());
    }
    for place in &journal.removals {
        disk.remove(place)?;
        touched.insert(parent(place).to_owned());
    }
    for place in &journal.folders {
        disk.remove_empty_folder(place)?;
        touched.insert(parent(place).to_owned());
    }
    for folder in touched {
        // A folder that went with what was in it has nothing to keep.
        if disk.kind(&folder)?.is_some() {
            disk.sync_folder(&folder)?;
        }
    }
    disk.remove(JOURNAL)
}

fn make_folders(disk: &Disk, folder: &str, touched: &mut BTreeSet<String>) -> Result<()> {
    if folder.is_empty() || touched.contains(folder) {
        return Ok(());
    }
    make_folders(disk, parent(folder), touched)?;
    if disk.make_folder(folder)? {
        touched.insert(parent(folder).to_owned());
    }
    Ok(())
}

/// Does the rest of a change whose writer ended. Only for whoever has the right to write.
///
/// # Errors
/// `store_damaged` when the journal is not what was written; `storage_full`, `store_read_only`, `storage_failed`.
pub(super) fn replay(disk: &Disk) -> Result<()> {
    let Some(text) = disk.read(JOURNAL)? else { return Ok(()) };
    let journal = trusted(sealed::unseal(&text).whole(JOURNAL)?)?;
    for step in &journal.moves {
        if !is_there(disk, &step.from, &step.checksum)? && !is_there(disk, &step.to, &step.checksum)? {
            return Err(damaged(format!(
                "A change was being saved to {}, and its file is missing or damaged.",
                step.to
            ))
            .kept("Nothing was changed."));
        }
    }
    tracing::info!(revision = journal.revision, "completing a change whose writer ended");
    apply(disk, &journal)
}

fn is_there(disk: &Disk, place: &str, checksum: &str) -> Result<bool> {
    Ok(disk.read(place)?.is_some_and(|bytes| blake3::hash(&bytes).to_hex().as_str() == checksum))
}

/// A journal that only touches what is a library's.
fn trusted(journal: Journal) -> Result<Journal> {
    let moves = journal.moves.iter().all(|step| layout::is_staged(&step.from) && layout::is_ours(&step.to));
    if moves && journal.removals.iter().chain(&journal.folders).all(|place| layout::is_ours(place)) {
        return Ok(journal);
    }
    Err(damaged(format!("{JOURNAL} names files that are not the library's.")).kept("Nothing was changed."))
}

/// The folder as it is once the journal that may be there is done.
#[derive(Debug, Clone)]
pub(super) struct View {
    disk: Disk,
    pending: Option<Arc<Journal>>,
    /// The keys of what is encrypted.
    ring: Arc<Ring>,
}

impl View {
    /// Looks at the folder now. A damaged journal is passed over: a check tells of it.
    pub(super) fn open(disk: &Disk) -> Result<Self> {
        let pending = match disk.read(JOURNAL) {
            Ok(None) => None,
            Ok(Some(text)) => match sealed::unseal(&text) {
                Unsealed::Whole(journal) => trusted(journal).ok().map(Arc::new),
                _ => None,
            },
            Err(error) if error.code == Code::StoreDamaged => None,
            Err(error) => return Err(error),
        };
        Self::with(disk, pending)
    }

    /// The folder as it is, for whoever has the right to write and has replayed.
    ///
    /// # Errors
    /// `library_locked`, `library_key_wrong`, `store_damaged` where its keys cannot be opened.
    pub(super) fn settled(disk: &Disk) -> Result<Self> {
        Self::with(disk, None)
    }

    fn with(disk: &Disk, pending: Option<Arc<Journal>>) -> Result<Self> {
        let mut view = Self { disk: disk.clone(), pending, ring: Arc::default() };
        let text = view.kept(KEYS)?;
        if text.is_none() {
            view.ring = disk.seal.ring(None)?;
        } else if let Some(ring) = disk.known_ring(text.as_deref()) {
            view.ring = ring;
        } else {
            let record = text.as_deref().map(keys_record).transpose()?;
            view.ring = disk.seal.ring(record.as_deref())?;
            disk.know_ring(text, &view.ring);
        }
        Ok(view)
    }

    /// The keys of the library.
    pub(super) fn ring(&self) -> Arc<Ring> {
        Arc::clone(&self.ring)
    }

    /// The same, to be read and written with these keys.
    pub(super) fn under(&self, ring: &Arc<Ring>) -> Self {
        Self { ring: Arc::clone(ring), ..self.clone() }
    }

    /// A character's own key.
    fn key(&self, id: &CharacterId) -> Result<Option<Key>> {
        self.wrapped_key(id)?.map(|wrapped| self.ring.key(id, &wrapped)).transpose()
    }

    /// The same as it is kept.
    pub(super) fn wrapped_key(&self, id: &CharacterId) -> Result<Option<Vec<u8>>> {
        self.kept(&layout::key(id))
    }

    /// A file's bytes as they were before they were encrypted.
    fn opened(&self, place: &str, kept: Vec<u8>) -> Result<Vec<u8>> {
        if self.ring.is_off() || layout::is_clear(place) {
            return Ok(kept);
        }
        let owner = match layout::owner(place) {
            Some(id) => Owner::character(self.ring(), &id, self.key(&id)?),
            None => Owner::common(self.ring()),
        };
        let is_sealed = owner.made(&kept);
        owner.open(FIELD, place.as_bytes(), kept, is_sealed).map(Cow::into_owned)
    }

    /// The disk looked at.
    pub(super) fn disk(&self) -> &Disk {
        &self.disk
    }

    /// The revision that a change under way leads to.
    pub(super) fn pending_revision(&self) -> Option<u64> {
        self.pending.as_ref().map(|journal| journal.revision)
    }

    /// The places that files of a change under way go to.
    pub(super) fn waiting(&self) -> impl Iterator<Item = &str> {
        self.pending.iter().flat_map(|journal| journal.moves.iter().map(|step| step.to.as_str()))
    }

    /// Whether a file is to be taken away by a change under way.
    pub(super) fn is_leaving(&self, place: &str) -> bool {
        self.pending.as_ref().is_some_and(|journal| journal.removals.iter().any(|removed| removed == place))
    }

    /// A file's length, without what encrypting it added; none when there is no file.
    pub(super) fn length(&self, place: &str) -> Result<Option<u64>> {
        let length = self.kept_length(place)?;
        match self.ring.state() {
            EncryptionState::Off => Ok(length),
            _ if layout::is_clear(place) => Ok(length),
            EncryptionState::On => Ok(length.map(|length| length.saturating_sub(OVERHEAD as u64))),
            // Some are encrypted and some are not.
            _ => match self.read(place) {
                Err(error) if error.code == Code::StoreDamaged => Ok(length),
                bytes => Ok(bytes?.map(|bytes| bytes.len() as u64)),
            },
        }
    }

    fn kept_length(&self, place: &str) -> Result<Option<u64>> {
        if self.is_leaving(place) {
            return Ok(None);
        }
        let waiting =
            self.pending.as_ref().and_then(|journal| journal.moves.iter().find(|step| step.to == place));
        if let Some(length) = waiting.map(|step| self.disk.length(&step.from)).transpose()?.flatten() {
            return Ok(Some(length));
        }
        self.disk.length(place)
    }

    /// A file's bytes; none when there is no file.
    ///
    /// # Errors
    /// As [`Disk::read`]; `store_damaged` when it is encrypted and does not open.
    pub(super) fn read(&self, place: &str) -> Result<Option<Vec<u8>>> {
        self.kept(place)?.map(|kept| self.opened(place, kept)).transpose()
    }

    /// A file's bytes as they are kept.
    fn kept(&self, place: &str) -> Result<Option<Vec<u8>>> {
        if let Some(journal) = &self.pending {
            if self.is_leaving(place) {
                return Ok(None);
            }
            let waiting = journal.moves.iter().find(|step| step.to == place);
            if let Some(bytes) = waiting.map(|step| self.disk.read(&step.from)).transpose()?.flatten() {
                return Ok(Some(bytes));
            }
        }
        self.disk.read(place)
    }
}

#[cfg(test)]
#[path = "journal_tests.rs"]
mod tests;
