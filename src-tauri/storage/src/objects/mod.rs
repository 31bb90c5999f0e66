//! A library in an object store: S3 and what speaks like it, Azure, Google Cloud, a local folder, memory.
//!
//! An object store promises little: an object is uploaded whole or not at all, and an upload can be made to fail where
//! there is an object of that name. That is enough. The store is a *journal*: `journal/<revision>.json` says which
//! characters a commit touched and names the new *manifest* of each (everything known of the character but the documents),
//! and the documents lie beside the manifest. All of it is uploaded before the journal's entry, under names that are never
//! used twice; that the entry can be uploaded only once under its revision makes the commit, for any number of characters.
//!
//! ```text
//! store.json                                  what this is, and in which form
//! journal/00000000000000000042.json           one commit; kept for ever, so that its name is never free again
//! checkpoint/00000000000000000064-….json.zst  the list as of a revision: where a reader starts
//! characters/ddb-1/….json.zst                 the manifest of a character
//! characters/ddb-1/contents/….delta.zst       a document
//! archive/ddb-1/contents/….json.zst           a document that only archived versions have
//! ```
//!
//! The journal holds ids and hashes, no names: what is erased leaves nothing in it. It is never thinned, because a program
//! that slept for a year must find the name it would take for its commit taken.
//!
//! What is deleted here is gone only where the bucket does not keep old versions of its objects, which is a setting of the
//! bucket.

mod bucket;
mod check;
mod content;
mod form;
mod places;
mod state;
mod transaction;
mod view;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use backstory_core::{
    error::{Code, Error, Result},
    job::{Cancel, Progress, ProgressEvent},
    model::{CharacterId, CharacterIndex, ContentHash, Member, Sighting, VersionMetadata},
    privacy::audit::{Entry, Head},
    storage::{
        Capabilities, Changes, CharacterStorage, CheckReport, CheckScope, Encoding, Facets, HistoryQuery,
        Kept, Page, QueryFilter, ReadOnly, Recompressed, RepairReport, Setting, StorageInfo,
        StorageStatistics, StorageTransaction,
    },
};
use object_store::ObjectStore;
use tokio::sync::{Mutex, OwnedMutexGuard};

pub(crate) use self::places::Place;
use self::{
    bucket::Bucket,
    content::Pending,
    form::{FORM, Marker},
    transaction::Transaction,
    view::{Look, View},
};
use crate::{matching, rules, waiting};

/// How often somebody who waits for a change looks whether another process made one.
const LOOK_AGAIN: Duration = Duration::from_millis(500);

/// How often a character is recompressed anew because somebody else wrote to it meanwhile.
const TRIES: usize = 4;

/// How to open a library in an object store.
#[derive(Debug, Clone)]
pub struct ObjectOptions {
    /// How long to wait for another writer of this process before saying that the store is busy.
    pub wait: Duration,
    /// Never write, not even to create the store.
    pub read_only: bool,
    /// How new documents are kept.
    pub encoding: Encoding,
    /// For how long an object that no commit names may still be waiting for its commit. A transaction must be over in half
    /// that time; what is older was left behind by a crash and is taken away by a repair. Zero, and no limit, where nobody
    /// else can have the store open.
    pub grace: Duration,
}

impl Default for ObjectOptions {
    fn default() -> Self {
        Self {
            wait: Duration::from_secs(10),
            read_only: false,
            encoding: Encoding::default(),
            grace: Duration::from_secs(24 * 60 * 60),
        }
    }
}

/// A library in an object store.
#[derive(Debug)]
pub struct ObjectStorage {
    view: Arc<View>,
    /// Writers of this process take turns: it saves them attempts that come to nothing.
    writer: Arc<Mutex<()>>,
    read_only: Option<ReadOnly>,
    persistent: bool,
    options: ObjectOptions,
}

impl ObjectStorage {
    /// Opens the library at an address, with the credentials of the environment.
    ///
    /// # Errors
    /// As [`ObjectStorage::open`].
    pub(crate) async fn open_here(place: &Place, options: ObjectOptions) -> Result<Self> {
        let variables: Vec<_> = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        Self::open_place(place, &variables, options).await
    }

    /// Opens the library at an address (`s3://bucket/folder`, `az://…`, `gs://…`, `objects:<folder>`, `objects-memory:`),
    /// creating it where there is none. `variables` say how to get in, by the names the clouds' own tools know
    /// (`AWS_ACCESS_KEY_ID`, …).
    ///
    /// # Errors
    /// As [`ObjectStorage::over`], and `invalid_argument` for another address.
    pub async fn open(address: &str, variables: &[(String, String)], options: ObjectOptions) -> Result<Self> {
        let place = Place::parse(address).ok_or_else(|| {
            Error::new(Code::InvalidArgument, "This address does not name an object store.")
                .hint("It starts with s3://, az://, gs:// or objects: and holds no credentials.")
        })?;
        Self::open_place(&place, variables, options).await
    }

    async fn open_place(
        place: &Place,
        variables: &[(String, String)],
        options: ObjectOptions,
    ) -> Result<Self> {
        let storage = Self::open_bucket(place.connect(variables)?, options).await?;
        Ok(Self { persistent: *place != Place::Memory, ..storage })
    }

    /// Opens the library in this object store, creating it where there is none. `location` is what people call it.
    ///
    /// # Errors
    /// `store_unreachable`, `access_denied`, `storage_failed` where there is no bucket or it has no conditional uploads,
    /// `store_damaged`.
    pub async fn over(
        store: Arc<dyn ObjectStore>,
        location: impl Into<String>,
        options: ObjectOptions,
    ) -> Result<Self> {
        Self::open_bucket(Bucket::new(store, location.into(), Vec::new()), options).await
    }

    async fn open_bucket(bucket: Bucket, options: ObjectOptions) -> Result<Self> {
        let read_only = settle(&bucket, options.read_only).await?;
        let view = Arc::new(View::open(bucket).await?);
        let writer = Arc::new(Mutex::new(()));
        Ok(Self { view, writer, read_only, persistent: true, options })
    }

    async fn turn(&self) -> Result<OwnedMutexGuard<()>> {
        if let Some(why) = self.read_only {
            return Err(why.into());
        }
        let turn = tokio::time::timeout(self.options.wait, Arc::clone(&self.writer).lock_owned()).await;
        turn.map_err(|_| rules::busy())
    }

    async fn begin_own(&self, encoding: Encoding) -> Result<Transaction> {
        let turn = self.turn().await?;
        transaction::begin(turn, Arc::clone(&self.view), encoding, self.options.grace).await
    }

    /// Recompresses one character, again where somebody else wrote to it meanwhile.
    async fn recompress_one(&self, id: &CharacterId, encoding: &Encoding) -> Result<u64> {
        for _ in 0..TRIES {
            let mut transaction = self.begin_own(*encoding).await?;
            let rewritten = transaction.recompress(id, encoding).await;
            let done = match rewritten {
                Ok(0) => return Ok(0),
                Ok(rewritten) => transaction.finish().await.map(|_| rewritten),
                Err(error) => Err(error),
            };
            match done {
                Err(error) if error.code == Code::Conflict => {}
                // A history that is damaged stays as it is.
                Err(error) if error.code == Code::StoreDamaged => return Ok(0),
                done => return done,
            }
        }
        Err(rules::busy())
    }
}

/// Makes the store's first object, or reads it; and finds out whether the store does what commits are made of.
async fn settle(bucket: &Bucket, read_only: bool) -> Result<Option<ReadOnly>> {
    let marker = Marker::path();
    let mine = form::seal(&Marker::new())?;
    let mut why = read_only.then_some(ReadOnly::Asked);
    if !read_only {
        match bucket.create(&marker, mine.clone()).await {
            // It is new; or the store looks at no condition, and then does not look at it again.
            Ok(true) if bucket.create(&marker, mine).await? => {
                return Err(bucket::without_conditions(bucket.location()));
            }
            Ok(true) => return Ok(None),
            Ok(false) => {}
            Err(error) if error.code == Code::AccessDenied => why = Some(ReadOnly::NotAllowed),
            Err(error) => return Err(error),
        }
    }
    let Some(bytes) = bucket.get(&marker).await? else {
        if why.is_none() {
            // Somebody else is making it at this moment.
            return Err(rules::busy());
        }
        return Err(Error::new(
            Code::StorageFailed,
            format!("There is no library at {}.", bucket.location()),
        )
        .kept("Nothing was changed.")
        .hint("Check the address, or open it for writing once to make a library there."));
    };
    match form::unseal::<Marker>(&bytes, &marker) {
        Ok(found) if found.form > FORM => Ok(Some(ReadOnly::Newer)),
        Ok(_) => Ok(why),
        Err(error) => {
            tracing::warn!(?error, "the library's first object is damaged; a repair makes it anew");
            Ok(why)
        }
    }
}

#[async_trait]
impl CharacterStorage for ObjectStorage {
    fn info(&self) -> StorageInfo {
        StorageInfo {
            kind: "objects".to_owned(),
            location: self.view.bucket.location().to_owned(),
            read_only: self.read_only,
            capabilities: Capabilities {
                persistent: self.persistent,
                shared: self.persistent,
                ..Capabilities::default()
            },
            principal: None,
        }
    }

    async fn revision(&self) -> Result<u64> {
        Ok(self.view.now().await?.revision)
    }

    async fn query(&self, filter: &QueryFilter) -> Result<Page<CharacterIndex>> {
        matching::query(filter, self.view.now().await?.indexes())
    }

    async fn facets(&self) -> Result<Facets> {
        let state = self.view.now().await?;
        let versions = state.rows.values().map(|row| row.versions).sum();
        Ok(Facets::of(state.indexes(), versions))
    }

    async fn history(&self, query: &HistoryQuery) -> Result<Page<VersionMetadata>> {
        let record = self.view.record(&mut Look::default(), &query.character).await?;
        let stored = |_: &ContentHash, content: &form::Content| content::stored(content);
        Ok(record.map_or_else(|| Page::new(Vec::new(), 0), |record| record.history(query, stored)))
    }

    async fn document(&self, character: &CharacterId, content: &ContentHash) -> Result<Vec<u8>> {
        let (mut look, nothing) = (Look::default(), Pending::new());
        while let Some(record) = self.view.record(&mut look, character).await? {
            if !record.contents.contains_key(content) {
                break;
            }
            let found = content::document(&self.view, character, &record, &nothing, content).await?;
            if let Some(document) = found {
                return Ok(document.to_vec());
            }
        }
        Err(rules::content_not_found(character))
    }

    async fn sightings(&self, character: &CharacterId) -> Result<Vec<Sighting>> {
        let record = self.view.record(&mut Look::default(), character).await?;
        Ok(record.map(|record| record.all_sightings()).unwrap_or_default())
    }

    async fn members(&self) -> Result<Vec<Member>> {
        Ok(self.view.now().await?.members())
    }

    /// Entries stand in the journal, with the commits they came with.
    async fn audit(&self, after: u64, limit: u32) -> Result<Vec<Entry>> {
        self.view.audit(after, limit as usize).await
    }

    async fn audit_head(&self) -> Result<Head> {
        Ok(self.view.now().await?.audit.clone())
    }

    async fn settings(&self) -> Result<Vec<Setting>> {
        Ok(self.view.now().await?.settings.list())
    }

    async fn changes_since(&self, revision: u64, limit: u32) -> Result<Changes> {
        Ok(self.view.now().await?.changes_since(revision, limit))
    }

    async fn wait(&self, since: u64, at_most: Duration) -> Result<u64> {
        waiting::for_commit(self, self.view.commits.subscribe(), LOOK_AGAIN, since, at_most).await
    }

    async fn begin(&self) -> Result<Box<dyn StorageTransaction>> {
        Ok(Box::new(self.begin_own(self.options.encoding).await?))
    }

    async fn check(
        &self,
        scope: CheckScope,
        progress: &dyn Progress,
        cancel: &Cancel,
    ) -> Result<CheckReport> {
        let clock = check::local_clock();
        Ok(check::run(&self.view, scope, self.options.grace, clock, progress, cancel).await?.report)
    }

    async fn repair(&self, progress: &dyn Progress, cancel: &Cancel) -> Result<RepairReport> {
        let turn = self.turn().await?;
        check::repair(&self.view, turn, self.options.encoding, self.options.grace, progress, cancel).await
    }

    async fn recompress(
        &self,
        encoding: &Encoding,
        progress: &dyn Progress,
        cancel: &Cancel,
    ) -> Result<Recompressed> {
        cancel.check()?;
        let before = self.view.now().await?;
        let mut done =
            Recompressed { bytes_before: before.statistics().encoded_bytes, ..Recompressed::default() };
        let total = before.rows.len() as u64;
        for (number, id) in (0..).zip(before.rows.keys()) {
            cancel.check()?;
            progress.report(ProgressEvent::Advanced { done: number, total });
            done.rewritten += self.recompress_one(id, encoding).await?;
        }
        progress.report(ProgressEvent::Advanced { done: total, total });
        let after = self.view.now().await?.statistics();
        (done.contents, done.bytes_after) = (after.contents, after.encoded_bytes);
        Ok(done)
    }

    async fn recompress_character(
        &self,
        character: &CharacterId,
        encoding: &Encoding,
        _: &dyn Progress,
        cancel: &Cancel,
    ) -> Result<Recompressed> {
        cancel.check()?;
        let before = self.view.now().await?.statistics().encoded_bytes;
        let rewritten = self.recompress_one(character, encoding).await?;
        let after = self.view.now().await?.statistics();
        let (contents, bytes_after) = (after.contents, after.encoded_bytes);
        Ok(Recompressed { contents, rewritten, bytes_before: before, bytes_after })
    }

    /// A commit deletes every object of an erased character and the lists that named it; what a crash left is done here, as far
    /// as nobody can still be waiting to commit it.
    async fn scrub(&self, progress: &dyn Progress, cancel: &Cancel) -> Result<()> {
        self.repair(progress, cancel).await?;
        let _turn = self.turn().await?;
        self.view.write_checkpoint(true).await
    }

    fn keeps(&self) -> &'static [Kept] {
        if self.persistent { &[Kept::ObjectVersions] } else { &[] }
    }

    async fn statistics(&self) -> Result<StorageStatistics> {
        Ok(self.view.now().await?.statistics())
    }
}
