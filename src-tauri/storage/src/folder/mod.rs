//! A library in a folder of plain files: what a player can read with any editor, copy with any program and sync.
//!
//! ```text
//! keys.json                     what an encrypted library says of its keys; nothing opens with it alone
//! metadata.json                 the library: form, revision, who has a place in which campaign, what changed lately
//! index.json                    the list of all characters; made from their files, and made again when it is damaged
//! characters/{id}/metadata.json what the list knows of a character, and the pages of its history
//! characters/{id}/latest.json   its newest document, byte for byte as imported
//! characters/{id}/versions/     every distinct document once: v000012.json.zst, or v000012.delta.zst against another one;
//!                               and the history in pages of 64 versions, history-000001.json
//! characters/{id}/key           in an encrypted library: what all files here are encrypted with, under the library's key
//! characters/{id}/archive/      the same for those that are seldom looked at
//! audit/                        what was done with the library, in pages of 64 entries: 000000000001.json
//! temp/                         files on their way, the journal of the change being made, the writer's lock
//! ```
//!
//! A change of many files is one change ([`journal`]); whoever reads sees all of it or none. Readers take no lock: they look
//! at the library's revision before and after, and again if it moved. Writers take turns ([`lock`]); where the system has no
//! locks, as on some network disks, the library is open for reading only. A folder that a program syncs between computers is
//! fine as long as one of them writes at a time; copies that such a program makes of a file that changed in two places are
//! left alone and reported by a check, like everything else that is not ours. Links are not followed.

mod character;
mod check;
mod disk;
#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod faults;
mod head;
mod index;
mod journal;
mod keys;
mod layout;
mod lock;
mod log;
mod opening;
mod repair;
mod sealed;
#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
mod transaction;
mod writing;

use std::{
    collections::BTreeMap,
    io,
    num::NonZeroUsize,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError, RwLock},
    time::Duration,
};

use async_trait::async_trait;
use backstory_core::{
    cache::CacheSeal,
    encryption::{Encryption, KeyChange},
    error::{Code, Error, Result},
    job::{Cancel, Progress},
    model::{CharacterId, CharacterIndex, ContentHash, Member, Sighting, VersionMetadata},
    privacy::audit::{self, Entry},
    storage::{
        Capabilities, Change, Changes, CharacterStorage, CheckReport, CheckScope, Encoding, Facets,
        HistoryQuery, Page, QueryFilter, ReadOnly, Recompressed, RepairReport, Secret, Setting, StorageInfo,
        StorageStatistics, StorageTransaction, StoreOptions,
    },
};
use lru::LruCache;
use tokio::sync::watch;

use self::{
    character::{Documents, Saved},
    disk::Disk,
    head::Head,
    index::{Row, Rows},
    journal::View,
    lock::WriterLock,
    sealed::Unsealed,
    writing::Writing,
};
use crate::{blocking::blocking, matching, recent::RecentDocuments, rules, waiting};

/// What to do about damage.
const CHECK_HINT: &str =
    "Run a check of the library (backstory verify --read-data) to see everything that is affected.";

/// How long a second writer waits for the first, where nobody says otherwise.
const WAIT: Duration = Duration::from_secs(10);

/// How many bytes of decoded documents a writer remembers: the last rungs of a few ladders.
const RECENT_BYTES: usize = 8 << 20;

/// How many characters are remembered as they were read.
const RECENT_CHARACTERS: NonZeroUsize = NonZeroUsize::MIN.saturating_add(63);

/// How often a read that met a change starts again before it asks the writers to wait.
const PATIENCE: u32 = 6;

/// How long a read naps that neither found a quiet moment nor got the lock: less than a save takes.
const NAP: Duration = Duration::from_micros(200);

/// How often whoever waits for another process looks again.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// A library in a folder.
#[derive(Debug)]
pub struct FolderStorage {
    shared: Arc<Shared>,
    turn: Arc<tokio::sync::Mutex<()>>,
    read_only: Option<ReadOnly>,
}

/// What the readers and the writer of this process share.
#[derive(Debug)]
struct Shared {
    disk: Disk,
    wait: Duration,
    can_write: bool,
    /// How new documents are kept; none: as the library says.
    encoding: Option<Encoding>,
    recent: Mutex<RecentDocuments>,
    head: Mutex<Option<(Vec<u8>, Arc<Head>)>>,
    /// Characters by the hash of their file.
    characters: Mutex<LruCache<CharacterId, (ContentHash, Arc<Saved>)>>,
    rows: RwLock<Option<Rows>>,
    commits: watch::Sender<u64>,
}

/// The library as of one revision, as far as it was looked at.
struct Snapshot {
    view: View,
    head: Arc<Head>,
}

impl FolderStorage {
    /// Opens the library in this folder, creating it where there is nothing.
    ///
    /// # Errors
    /// `invalid_argument` when the folder is somebody else's, `store_newer`, `store_damaged`, `storage_failed`, `storage_full`,
    /// `store_busy`.
    pub async fn open(path: impl Into<PathBuf>, options: &StoreOptions) -> Result<Self> {
        let (path, options) = (path.into(), options.clone());
        blocking(move || Self::open_here(path, &options)).await
    }

    fn open_here(path: PathBuf, options: &StoreOptions) -> Result<Self> {
        let disk = Disk::opened_by(&path, options.unlock.clone());
        let wait = options.wait.unwrap_or(WAIT);
        let read_only = opening::open(&disk, options, wait)?;
        let shared = Shared::new(disk, wait, read_only.is_none(), options.encoding);
        Ok(Self { shared: Arc::new(shared), turn: Arc::default(), read_only })
    }

    async fn read<T, F>(&self, read: F) -> Result<T>
    where
        T: Send + 'static,
        F: Fn(&Shared, &Snapshot) -> Result<T> + Send + 'static,
    {
        look(&self.shared, read).await
    }

    /// Waits for the right to write, in this process first, so that its writers take turns in the order they came.
    async fn turn(&self) -> Result<(tokio::sync::OwnedMutexGuard<()>, WriterLock)> {
        if let Some(why) = self.read_only {
            return Err(why.into());
        }
        let turn = tokio::time::timeout(self.shared.wait, Arc::clone(&self.turn).lock_owned()).await;
        let turn = turn.map_err(|_| rules::busy())?;
        Ok((turn, WriterLock::acquire(&self.shared.disk, self.shared.wait).await?))
    }
}

impl Shared {
    fn new(disk: Disk, wait: Duration, can_write: bool, encoding: Option<Encoding>) -> Self {
        Self {
            disk,
            wait,
            can_write,
            encoding,
            recent: Mutex::new(RecentDocuments::new(RECENT_BYTES)),
            head: Mutex::default(),
            characters: Mutex::new(LruCache::new(RECENT_CHARACTERS)),
            rows: RwLock::default(),
            commits: watch::Sender::new(0),
        }
    }

    /// Reads one state of the library, whatever is written meanwhile.
    fn read<T>(&self, read: impl Fn(&Self, &Snapshot) -> Result<T>) -> Result<T> {
        for _ in 0..PATIENCE {
            let snapshot = self.snapshot()?;
            let result = read(self, &snapshot);
            if self.is_current(&snapshot)? {
                return result;
            }
        }
        // So much is written that there is never a quiet moment: the writers wait for this one. Between two tries it naps. To
        // wait in line for the lock instead would be to wait for whoever holds it, even for a long import, which disturbs
        // nobody who reads before it commits: what is waited for is the lock or a quiet moment, whichever comes first.
        let until = std::time::Instant::now() + self.wait;
        loop {
            let lock = if self.can_write { WriterLock::try_acquire(&self.disk)? } else { None };
            let snapshot = self.snapshot()?;
            let result = read(self, &snapshot);
            if lock.is_some() || self.is_current(&snapshot)? {
                return result;
            }
            if std::time::Instant::now() > until {
                return Err(rules::busy());
            }
            std::thread::sleep(NAP);
        }
    }

    fn snapshot(&self) -> Result<Snapshot> {
        let view = View::open(&self.disk)?;
        let (text, head) = head::read(&view, self.known_head().as_ref())?;
        if head.rebuilt.is_none() {
            *self.head.lock().unwrap_or_else(PoisonError::into_inner) = Some((text, Arc::clone(&head)));
        }
        Ok(Snapshot { view, head })
    }

    /// Whether nothing was written since.
    fn is_current(&self, snapshot: &Snapshot) -> Result<bool> {
        Ok(self.snapshot()?.head.revision == snapshot.head.revision)
    }

    fn known_head(&self) -> Option<(Vec<u8>, Arc<Head>)> {
        self.head.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Reads a character, but not again what is still as it was when it was read or written here.
    fn load(&self, view: &View, id: &CharacterId) -> Result<Option<Unsealed<Arc<Saved>>>> {
        let characters = || self.characters.lock().unwrap_or_else(PoisonError::into_inner);
        let known = characters().get(id).cloned();
        let Some((hash, saved)) = character::load_beside(view, id, known.as_ref())? else { return Ok(None) };
        if let Unsealed::Whole(saved) = &saved {
            characters().put(id.clone(), (hash, Arc::clone(saved)));
        }
        Ok(Some(saved))
    }

    /// A character that can be read; none when there is none.
    fn character(&self, view: &View, id: &CharacterId) -> Result<Option<Arc<Saved>>> {
        writing::check_found(id, self.load(view, id)?)
    }

    /// Whether a version's identity is that of another character's, as far as is known here.
    fn is_identity_of_another(&self, metadata: &VersionMetadata) -> bool {
        let characters = self.characters.lock().unwrap_or_else(PoisonError::into_inner);
        characters.iter().any(|(id, (_, saved))| {
            *id != metadata.character && saved.history.versions.contains_key(&metadata.id)
        })
    }

    /// Looks at the list as of this head.
    fn with_rows<T>(&self, view: &View, head: &Head, look: impl FnOnce(&Rows) -> T) -> Result<T> {
        {
            let rows = self.rows.read().unwrap_or_else(PoisonError::into_inner);
            if let Some(rows) = rows.as_ref().filter(|rows| rows.is_of(head)) {
                return Ok(look(rows));
            }
        }
        let mut rows = self.rows.write().unwrap_or_else(PoisonError::into_inner);
        let followed = match rows.as_mut() {
            Some(rows) if head.rebuilt.is_none() => rows.follow(view, head)?,
            _ => false,
        };
        if !followed {
            *rows = None;
        }
        match &mut *rows {
            Some(rows) => Ok(look(rows)),
            rows => Ok(look(rows.insert(Rows::load(view, head)?))),
        }
    }

    /// Takes in what was committed here.
    fn committed(
        &self,
        before: u64,
        head: &Arc<Head>,
        text: &[u8],
        written: impl Iterator<Item = (Option<ContentHash>, Option<Row>, Saved)>,
    ) {
        let mut rows = self.rows.write().unwrap_or_else(PoisonError::into_inner);
        let mut characters = self.characters.lock().unwrap_or_else(PoisonError::into_inner);
        let mut rows = rows.as_mut().filter(|rows| rows.revision == before);
        for (text, row, saved) in written {
            if let Some(rows) = &mut rows {
                match row {
                    Some(row) => drop(rows.rows.insert(saved.id.clone(), row)),
                    None => drop(rows.rows.remove(&saved.id)),
                }
            }
            match text {
                Some(text) => drop(characters.put(saved.id.clone(), (text, Arc::new(saved)))),
                None => drop(characters.pop(&saved.id)),
            }
        }
        if let Some(rows) = rows {
            rows.revision = head.revision;
        }
        *self.head.lock().unwrap_or_else(PoisonError::into_inner) = Some((text.to_vec(), Arc::clone(head)));
        self.commits.send_replace(head.revision);
    }
}

/// Reads one state of the library, on a thread where waiting is allowed.
async fn look<T, F>(shared: &Arc<Shared>, read: F) -> Result<T>
where
    T: Send + 'static,
    F: Fn(&Shared, &Snapshot) -> Result<T> + Send + 'static,
{
    let shared = Arc::clone(shared);
    blocking(move || shared.read(read)).await
}

/// The versions of a character that match.
fn history(saved: Option<&Saved>, query: &HistoryQuery) -> Result<Page<VersionMetadata>> {
    let Some(saved) = saved else { return Ok(Page::new(Vec::new(), 0)) };
    saved.check_complete()?;
    Ok(saved.history.history(query, |_, content| content.stored()))
}

#[async_trait]
impl CharacterStorage for FolderStorage {
    fn info(&self) -> StorageInfo {
        StorageInfo {
            kind: "folder".to_owned(),
            location: self.shared.disk.root().display().to_string(),
            read_only: self.read_only,
            capabilities: Capabilities { persistent: true, shared: true, ..Capabilities::default() },
            principal: None,
        }
    }

    async fn revision(&self) -> Result<u64> {
        let shared = Arc::clone(&self.shared);
        blocking(move || Ok(shared.snapshot()?.head.revision)).await
    }

    async fn query(&self, filter: &QueryFilter) -> Result<Page<CharacterIndex>> {
        let filter = filter.clone();
        self.read(move |shared, now| {
            shared.with_rows(&now.view, &now.head, |list| {
                matching::query(&filter, list.rows.values().filter_map(|row| row.index.as_ref()))
            })?
        })
        .await
    }

    async fn facets(&self) -> Result<Facets> {
        self.read(|shared, now| {
            shared.with_rows(&now.view, &now.head, |list| {
                let versions = list.rows.values().map(|row| row.versions).sum();
                Facets::of(list.rows.values().filter_map(|row| row.index.as_ref()), versions)
            })
        })
        .await
    }

    async fn history(&self, query: &HistoryQuery) -> Result<Page<VersionMetadata>> {
        let query = query.clone();
        self.read(move |shared, now| {
            history(shared.character(&now.view, &query.character)?.as_deref(), &query)
        })
        .await
    }

    async fn document(&self, character: &CharacterId, content: &ContentHash) -> Result<Vec<u8>> {
        let (character, content) = (character.clone(), *content);
        self.read(move |shared, now| {
            let saved = shared.character(&now.view, &character)?;
            let saved = saved.filter(|saved| saved.history.contents.contains_key(&content));
            let saved = saved.ok_or_else(|| rules::content_not_found(&character))?;
            let documents = Documents { view: &now.view, saved: &saved, pending: &BTreeMap::new() };
            let document = documents.read(&content, &mut RecentDocuments::new(0))?;
            Ok(Arc::unwrap_or_clone(document))
        })
        .await
    }

    async fn sightings(&self, character: &CharacterId) -> Result<Vec<Sighting>> {
        let character = character.clone();
        self.read(move |shared, now| {
            let Some(saved) = shared.character(&now.view, &character)? else { return Ok(Vec::new()) };
            saved.check_complete()?;
            Ok(saved.history.all_sightings())
        })
        .await
    }

    async fn members(&self) -> Result<Vec<Member>> {
        self.read(|_, now| Ok(now.head.members.clone())).await
    }

    async fn audit(&self, after: u64, limit: u32) -> Result<Vec<Entry>> {
        self.read(move |_, now| log::entries(&now.view, after, limit)).await
    }

    async fn audit_head(&self) -> Result<audit::Head> {
        self.read(|_, now| Ok(now.head.audit.clone())).await
    }

    async fn settings(&self) -> Result<Vec<Setting>> {
        self.read(|_, now| Ok(now.head.settings.clone())).await
    }

    async fn changes_since(&self, revision: u64, limit: u32) -> Result<Changes> {
        self.read(move |shared, now| {
            let since = if revision > now.head.revision { 0 } else { revision };
            shared.with_rows(&now.view, &now.head, |list| {
                let written = list.rows.values().map(|row| (row.written, &row.id, false));
                let erased = now.head.erased.iter().map(|(id, revision)| (*revision, id, true));
                let mut changes: Vec<_> = written.chain(erased).filter(|(at, ..)| *at > since).collect();
                changes.sort();
                let change = |(revision, character, erased): (u64, &CharacterId, bool)| Change {
                    character: character.clone(),
                    revision,
                    erased,
                };
                rules::feed(changes.into_iter().map(change), now.head.revision, limit)
            })
        })
        .await
    }

    async fn wait(&self, since: u64, at_most: Duration) -> Result<u64> {
        waiting::for_commit(self, self.shared.commits.subscribe(), LOOK_AGAIN, since, at_most).await
    }

    async fn begin(&self) -> Result<Box<dyn StorageTransaction>> {
        let (turn, lock) = self.turn().await?;
        let shared = Arc::clone(&self.shared);
        let writing = blocking(move || Writing::start(shared, lock)).await?;
        Ok(Box::new(transaction::Transaction::new(writing, turn)))
    }

    async fn check(
        &self,
        scope: CheckScope,
        progress: &dyn Progress,
        cancel: &Cancel,
    ) -> Result<CheckReport> {
        check::run(&self.shared, scope, progress, cancel).await
    }

    async fn repair(&self, progress: &dyn Progress, cancel: &Cancel) -> Result<RepairReport> {
        let before = self.check(CheckScope::Data, progress, cancel).await?.problems;
        if before.is_empty() {
            return Ok(RepairReport::default());
        }
        let (turn, lock) = self.turn().await?;
        repair::run(&self.shared, lock, cancel).await?;
        drop(turn);
        let left = self.check(CheckScope::Data, progress, cancel).await?.problems;
        let repaired = before.into_iter().filter(|problem| !left.contains(problem)).collect();
        Ok(RepairReport { repaired, left })
    }

    async fn recompress(
        &self,
        encoding: &Encoding,
        progress: &dyn Progress,
        cancel: &Cancel,
    ) -> Result<Recompressed> {
        let (_turn, lock) = self.turn().await?;
        repair::recompress(&self.shared, lock, encoding, None, progress, cancel).await
    }

    async fn recompress_character(
        &self,
        character: &CharacterId,
        encoding: &Encoding,
        progress: &dyn Progress,
        cancel: &Cancel,
    ) -> Result<Recompressed> {
        let (_turn, lock) = self.turn().await?;
        repair::recompress(&self.shared, lock, encoding, Some(character), progress, cancel).await
    }

    /// A commit takes the files of an erased character with it, and writes the list anew; what a crash left is done here.
    async fn scrub(&self, _: &dyn Progress, cancel: &Cancel) -> Result<()> {
        cancel.check()?;
        let (_turn, lock) = self.turn().await?;
        let shared = Arc::clone(&self.shared);
        blocking(move || Writing::start(shared, lock)?.clean_up()).await
    }

    async fn encryption(&self) -> Result<Encryption> {
        self.read(|_, now| keys::told(&now.view)).await
    }

    async fn cache_seal(&self) -> Result<CacheSeal> {
        self.read(|_, now| Ok(now.view.ring().cache_seal())).await
    }

    async fn keys(&self) -> Result<Option<Secret>> {
        self.read(|_, now| Ok(now.view.ring().text())).await
    }

    fn new_phrase(&self) -> Result<Secret> {
        crate::seal::new_phrase()
    }

    async fn change_keys(
        &self,
        change: &KeyChange,
        progress: &dyn Progress,
        cancel: &Cancel,
    ) -> Result<Encryption> {
        keys::change(self, change, progress, cancel).await
    }

    async fn statistics(&self) -> Result<StorageStatistics> {
        self.read(|shared, now| {
            let mut sum = shared.with_rows(&now.view, &now.head, Rows::statistics)?;
            sum.keys = keys::told(&now.view)?.keys;
            sum.store_bytes = shared.disk.bytes_below("")?;
            Ok(sum)
        })
        .await
    }
}

/// Makes sure that nobody writes to the library in this folder at this moment.
///
/// # Errors
/// `store_busy`.
pub(crate) fn claim(path: &Path) -> Result<()> {
    let disk = Disk::new(path);
    if disk.kind(layout::TEMP)?.is_some() && WriterLock::try_acquire(&disk)?.is_none() {
        return Err(rules::busy());
    }
    Ok(())
}

/// What a library says of its keys; none where it has none or cannot be read.
pub(crate) fn record(path: &Path) -> Option<String> {
    journal::keys_record(&std::fs::read(path.join(layout::KEYS)).ok()?).ok()
}

/// Takes a library's files away, and its folder where nothing else is in it.
pub(crate) fn remove(path: &Path) -> io::Result<()> {
    // The list goes first: a folder without it is no library any more.
    // And the keys with it: nothing of the rest can be read then.
    for name in [layout::HEAD, layout::KEYS, layout::INDEX, layout::CHARACTERS, layout::AUDIT, layout::TEMP] {
        crate::computer::point();
        crate::computer::remove(&path.join(name))?;
    }
    match std::fs::remove_dir(path) {
        Err(error) if [io::ErrorKind::DirectoryNotEmpty, io::ErrorKind::NotFound].contains(&error.kind()) => {
            Ok(())
        }
        gone => gone,
    }
}

/// Whether damage is what failed, as against not being reachable.
fn is_damage(error: &Error) -> bool {
    error.code == Code::StoreDamaged
}
