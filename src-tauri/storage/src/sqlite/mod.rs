//! A library in one SQLite file: the backend a player has without choosing one.
//!
//! One connection writes, a few read, all of them on threads where waiting is allowed. The file is in WAL mode with
//! `synchronous=FULL`: a commit that returned survives a power cut, and readers never wait for the writer. Other processes
//! may have the same file open; SQLite's own locks and the revision of each character keep them from losing anything.

mod audit;
mod backup;
mod check;
mod checksum;
mod content;
mod failure;
mod keys;
mod opening;
mod query;
mod recompress;
mod repair;
mod rows;
mod session;
mod traces;
mod transaction;

use std::{
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, OnceLock, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use backstory_core::{
    cache::CacheSeal,
    encryption::{Encryption, KeyChange, Unlock},
    error::{Code, Error, Result},
    job::{Cancel, Progress},
    model::{CharacterId, CharacterIndex, ContentHash, Member, Sighting, VersionMetadata},
    privacy::audit::{Entry, Head},
    search::{self, SearchHit, SearchQuery},
    storage::{
        Capabilities, Changes, CharacterStorage, CheckReport, CheckScope, Encoding, Facets, HistoryQuery,
        Page, QueryFilter, ReadOnly, Recompressed, RepairReport, Secret, Setting, StorageInfo,
        StorageStatistics, StorageTransaction,
    },
};
use tokio::sync::{Semaphore, watch};

use self::{
    failure::Failure,
    opening::Door,
    session::Session,
    transaction::{Room, Transaction, Writer},
};
use crate::{
    blocking::blocking,
    recent::RecentDocuments,
    seal::{self, Seal},
    waiting,
};

/// How many reads run at a time. More would wait for the same disk and the same processors.
const READERS: usize = 8;

/// How long after the first question the catalogue is loaded, where nobody needs it sooner.
const BEFORE_WARMING: Duration = Duration::from_secs(1);

/// How often somebody who waits for a change looks whether another process made one.
const LOOK_AGAIN: Duration = Duration::from_millis(200);

/// How to open a library.
#[derive(Debug, Clone)]
pub struct SqliteOptions {
    /// How long to wait for another writer before saying that the store is busy.
    pub wait: Duration,
    /// Never write, not even to create the file or to bring it up to date.
    pub read_only: bool,
    /// How new documents are kept.
    pub encoding: Encoding,
    /// What opens it where it is encrypted.
    pub unlock: Unlock,
    /// It is this program's own copy of a library: the keys that opened that one open it, too.
    pub own_copy: bool,
}

impl Default for SqliteOptions {
    fn default() -> Self {
        Self {
            wait: Duration::from_secs(10),
            read_only: false,
            encoding: Encoding::default(),
            unlock: Unlock::default(),
            own_copy: false,
        }
    }
}

/// A library in one SQLite file.
#[derive(Debug)]
pub struct SqliteStorage {
    readers: Arc<Readers>,
    writer: Result<Arc<tokio::sync::Mutex<Writer>>, ReadOnly>,
    commits: watch::Sender<u64>,
    /// What a look at the file after an unclean end found, once it found something.
    damage: Arc<OnceLock<String>>,
}

/// Looks whether a file that nobody has open is a whole library, of this or an older program. Nothing is written; waits for
/// the disk.
///
/// # Errors
/// `store_damaged`, `invalid_argument` for another program's file, `storage_failed`.
pub fn look(path: &Path) -> Result<()> {
    opening::look(path).map_err(|failure| failure.at(path))
}

/// Copies a library as it is now into a new file, while others go on reading and writing. Waits for the disk.
///
/// # Errors
/// As [`SqliteStorage::back_up`].
pub(crate) fn copy(from: &Path, to: &Path) -> Result<()> {
    let copied = opening::open_to_copy(from, SqliteOptions::default().wait).and_then(|door| {
        let session = door.connect_reader()?;
        backup::copy(&session, to)
    });
    copied.map_err(|failure| failure.at(from))
}

/// What SQLite keeps beside its file.
pub(crate) const COMPANIONS: [&str; 3] = ["-wal", "-shm", "-journal"];

/// Makes sure that nobody has this library open: its log is folded into it, which nobody else may be reading then. A file
/// that is no library any more is nobody's.
///
/// # Errors
/// `store_busy`.
pub(crate) fn claim(path: &Path) -> Result<()> {
    let claimed = opening::claim(path).map_err(|failure| failure.at(path));
    claimed.or_else(|error| if error.code == Code::StoreBusy { Err(error) } else { Ok(()) })
}

/// Whether this file is another program's database, or can be told to be no library.
pub(crate) fn is_foreign(path: &Path) -> bool {
    look(path).is_err_and(|error| error.code == Code::InvalidArgument)
}

/// What a library says of its keys; none where it has none or cannot be read.
pub(crate) fn record(path: &Path) -> Option<String> {
    opening::record(path).ok().flatten()
}

/// Takes a library's file away, with everything SQLite keeps beside it.
pub(crate) fn remove(path: &Path) -> io::Result<()> {
    crate::computer::remove(path)?;
    for end in COMPANIONS {
        crate::computer::point();
        let mut companion = path.as_os_str().to_owned();
        companion.push(end);
        crate::computer::remove(Path::new(&companion))?;
    }
    Ok(())
}

/// Looks over the file behind what is going on: it was not closed the last time. A program that ends before the look does
/// ends it too; the next one looks again.
fn look_for_damage(readers: Arc<Readers>, damage: Arc<OnceLock<String>>) {
    // A thread of its own: nobody waits for it at the program's end.
    std::thread::spawn(move || {
        let look = |connection: &Session| -> Result<String, Failure> {
            Ok(connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?)
        };
        match readers.read(look) {
            Ok(verdict) if verdict == "ok" => {}
            Ok(verdict) => {
                tracing::error!(verdict, "the library is damaged");
                let _ = damage.set(verdict);
            }
            Err(error) if error.code == Code::StoreDamaged => {
                tracing::error!(?error, "the library is damaged");
                let _ = damage.set(error.message);
            }
            Err(error) => tracing::warn!(?error, "the library could not be looked over"),
        }
    });
}

/// The connections for reading: those that are idle, and how to make another; and what they share.
#[derive(Debug)]
struct Readers {
    door: Door,
    idle: Mutex<Vec<Session>>,
    permits: Arc<Semaphore>,
    catalogue: query::SharedCatalogue,
}

impl SqliteStorage {
    /// Opens the library in this file, creating it where there is none.
    ///
    /// # Errors
    /// `store_damaged` when the file is not a library, `invalid_argument` when it is another program's database,
    /// `storage_failed`, `storage_full`, `store_busy`.
    pub async fn open(path: impl Into<PathBuf>, options: SqliteOptions) -> Result<Self> {
        let path = path.into();
        blocking(move || Self::open_here(&path, &options).map_err(|failure| failure.at(&path))).await
    }

    fn open_here(path: &Path, options: &SqliteOptions) -> Result<Self, Failure> {
        let left_open = opening::was_left_open(path);
        let seal = match options.own_copy {
            true => Seal::at_hand(),
            false => Seal::new(options.unlock.clone()),
        };
        let seal = Arc::new(seal);
        let (door, read_only) = opening::open(path, options.wait, options.read_only, seal)?;
        let commits = watch::Sender::new(0);
        let writer = match read_only {
            Some(read_only) => Err(read_only),
            None => {
                let writer = Writer::new(door.connect_writer()?, options.encoding, commits.clone());
                Ok(Arc::new(tokio::sync::Mutex::new(writer)))
            }
        };
        let idle = Mutex::new(Vec::with_capacity(READERS));
        let permits = Arc::new(Semaphore::new(READERS));
        let readers = Arc::new(Readers { door, idle, permits, catalogue: Mutex::default() });
        let damage = Arc::new(OnceLock::new());
        if left_open {
            look_for_damage(Arc::clone(&readers), Arc::clone(&damage));
        }
        Ok(Self { readers, writer, damage, commits })
    }

    /// Copies the library as it is now into a new file, while others go on reading and writing.
    ///
    /// # Errors
    /// `storage_failed`, `storage_full`, `store_busy`; the library itself is as it was.
    pub async fn back_up(&self, to: impl Into<PathBuf>) -> Result<()> {
        let to = to.into();
        let door = self.readers.door.clone();
        blocking(move || {
            let copied = door.connect_reader().and_then(|connection| backup::copy(&connection, &to));
            copied.map_err(|failure| failure.at(&door.path))
        })
        .await
    }

    /// Loads the catalogue behind what is going on: whoever looks at a library will soon search it. Not at once: the first screen
    /// is being drawn now, and a hundred thousand characters keep a core busy for half a second.
    fn warm(&self) {
        let readers = Arc::downgrade(&self.readers);
        tokio::spawn(async move {
            tokio::time::sleep(BEFORE_WARMING).await;
            // A library that was closed meanwhile is not held open for this.
            let Some(readers) = readers.upgrade() else { return };
            let warmed =
                blocking(move || readers.read(|connection| query::warm(connection, &readers.catalogue)));
            if let Err(error) = warmed.await {
                tracing::warn!(?error, "the list could not be loaded ahead");
            }
        });
    }

    async fn begin_own(&self) -> Result<Transaction> {
        if let Some(damage) = self.damage.get() {
            return Err(Error::new(Code::StoreDamaged, format!("The library is damaged since it was last used: {damage}."))
                .kept("Nothing more is written to it, so that it does not get worse. What can be read can still be read.")
                .hint("Keep a copy of the file, then see what is affected: backstory verify --read-data."));
        }
        match &self.writer {
            Ok(writer) => transaction::begin(Arc::clone(writer), self.readers.door.clone()).await,
            Err(why) => Err((*why).into()),
        }
    }

    /// Runs a read on a thread where waiting is allowed.
    async fn read<T, F>(&self, read: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Session) -> Result<T, Failure> + Send + 'static,
    {
        let readers = Arc::clone(&self.readers);
        let permit = Arc::clone(&readers.permits).acquire_owned().await;
        blocking(move || {
            let _permit = permit;
            readers.read(read)
        })
        .await
    }
}

impl Readers {
    fn read<T>(&self, read: impl FnOnce(&Session) -> Result<T, Failure>) -> Result<T> {
        let connection = self.take().map_err(|failure| failure.at(&self.door.path))?;
        let result = in_one_moment(&connection, read).map_err(|failure| failure.at(&self.door.path));
        self.put_back(connection);
        result
    }

    fn take(&self) -> Result<Session, Failure> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        idle.map_or_else(|| self.door.connect_reader(), Ok)
    }

    fn put_back(&self, connection: Session) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
    }
}

/// Runs a read that sees one state of the store, whatever is committed meanwhile.
fn in_one_moment<T>(
    connection: &Session,
    read: impl FnOnce(&Session) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let _moment = connection.unchecked_transaction()?;
    connection.refresh_to_read()?;
    read(connection)
}

#[async_trait]
impl CharacterStorage for SqliteStorage {
    fn info(&self) -> StorageInfo {
        StorageInfo {
            kind: "sqlite".to_owned(),
            location: self.readers.door.path.display().to_string(),
            read_only: self.writer.as_ref().err().copied(),
            capabilities: Capabilities { persistent: true, shared: true, ..Capabilities::default() },
            principal: None,
        }
    }

    async fn revision(&self) -> Result<u64> {
        self.read(|connection| query::revision(connection)).await
    }

    async fn query(&self, filter: &QueryFilter) -> Result<Page<CharacterIndex>> {
        let filter = filter.clone();
        let readers = Arc::clone(&self.readers);
        self.read(move |connection| query::characters(connection, &readers.catalogue, &filter)).await
    }

    async fn facets(&self) -> Result<Facets> {
        let readers = Arc::clone(&self.readers);
        let (facets, is_loaded) =
            self.read(move |connection| query::facets(connection, &readers.catalogue)).await?;
        if !is_loaded {
            self.warm();
        }
        Ok(facets)
    }

    async fn history(&self, query: &HistoryQuery) -> Result<Page<VersionMetadata>> {
        let query = query.clone();
        self.read(move |connection| query::history(connection, &query)).await
    }

    async fn document(&self, character: &CharacterId, content: &ContentHash) -> Result<Vec<u8>> {
        let (character, content) = (character.clone(), *content);
        self.read(move |connection| {
            query::document(connection, &mut RecentDocuments::new(0), &character, &content)
        })
        .await
    }

    async fn search(&self, query: &SearchQuery) -> Result<Vec<SearchHit>> {
        let asked = query.clone();
        let found = self.read(move |connection| {
            // Where texts are encrypted there is no index of words: every trace is opened.
            connection.is_plain().then(|| traces::search(connection, &asked)).transpose()
        });
        match found.await? {
            Some(found) => Ok(found),
            None => search::in_traces(self, query).await,
        }
    }

    async fn sightings(&self, character: &CharacterId) -> Result<Vec<Sighting>> {
        let character = character.clone();
        self.read(move |connection| query::sightings(connection, &character)).await
    }

    async fn members(&self) -> Result<Vec<Member>> {
        self.read(query::members).await
    }

    async fn audit(&self, after: u64, limit: u32) -> Result<Vec<Entry>> {
        self.read(move |connection| audit::entries(connection, after, limit)).await
    }

    async fn audit_head(&self) -> Result<Head> {
        self.read(|connection| audit::head(connection)).await
    }

    async fn settings(&self) -> Result<Vec<Setting>> {
        self.read(|connection| query::settings(connection)).await
    }

    async fn changes_since(&self, revision: u64, limit: u32) -> Result<Changes> {
        self.read(move |connection| query::changes_since(connection, revision, limit)).await
    }

    async fn wait(&self, since: u64, at_most: Duration) -> Result<u64> {
        waiting::for_commit(self, self.commits.subscribe(), LOOK_AGAIN, since, at_most).await
    }

    async fn begin(&self) -> Result<Box<dyn StorageTransaction>> {
        Ok(Box::new(self.begin_own().await?))
    }

    async fn check(
        &self,
        scope: CheckScope,
        progress: &dyn Progress,
        cancel: &Cancel,
    ) -> Result<CheckReport> {
        check::run(self.readers.door.clone(), scope, progress, cancel).await
    }

    async fn repair(&self, progress: &dyn Progress, cancel: &Cancel) -> Result<RepairReport> {
        let before = self.check(CheckScope::Structure, progress, cancel).await?.problems;
        if before.is_empty() {
            return Ok(RepairReport::default());
        }
        let mut transaction = self.begin_own().await?;
        transaction.run(repair::run).await?;
        Box::new(transaction).commit().await?;
        let left = self.check(CheckScope::Structure, progress, cancel).await?.problems;
        let repaired = before.into_iter().filter(|problem| !left.contains(problem)).collect();
        Ok(RepairReport { repaired, left })
    }

    async fn recompress(
        &self,
        encoding: &Encoding,
        progress: &dyn Progress,
        cancel: &Cancel,
    ) -> Result<Recompressed> {
        let done = recompress::run(self, *encoding, progress, cancel).await?;
        self.begin_own().await?.tidy(Room::All).await?;
        Ok(done)
    }

    async fn recompress_character(
        &self,
        character: &CharacterId,
        encoding: &Encoding,
        _: &dyn Progress,
        cancel: &Cancel,
    ) -> Result<Recompressed> {
        recompress::run_one(self, character, *encoding, cancel).await
    }

    /// Builds the file anew without free room, and empties its log.
    async fn scrub(&self, _: &dyn Progress, cancel: &Cancel) -> Result<()> {
        cancel.check()?;
        self.begin_own().await?.scrub().await
    }

    async fn encryption(&self) -> Result<Encryption> {
        self.read(keys::told).await
    }

    async fn cache_seal(&self) -> Result<CacheSeal> {
        self.read(|session| Ok(session.ring().cache_seal())).await
    }

    async fn keys(&self) -> Result<Option<Secret>> {
        self.read(|session| Ok(session.ring().text())).await
    }

    fn new_phrase(&self) -> Result<Secret> {
        seal::new_phrase()
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
        let path = self.readers.door.path.clone();
        self.read(move |connection| query::statistics(connection, &path)).await
    }
}
