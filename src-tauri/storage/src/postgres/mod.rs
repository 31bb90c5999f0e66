//! A library in a PostgreSQL database, shared by whoever its administrators let in.
//!
//! Each user is a role of the server, and the server itself keeps them apart (row-level security): what a program may read
//! or write is what its user may. Documents are bytes, encoded like everywhere; versions lie in a partition for each month.
//! Transactions of different characters do not wait for each other, and a commit wakes whoever waits for a change.
//!
//! [`initialise`] makes a library; opening one never does. Connections that die are replaced: a read is tried once more, a
//! write says what became of it.

mod batch;
mod changes;
mod check;
mod connect;
mod content;
mod failure;
mod query;
mod replica;
mod rows;
mod schema;
mod traces;
mod transaction;
mod upkeep;

use std::{
    future::Future,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use async_trait::async_trait;
use backstory_core::{
    access::Principal,
    error::{Error, Result},
    job::{Cancel, Progress},
    model::{CharacterId, CharacterIndex, ContentHash, Member, Sighting, VersionMetadata},
    privacy::audit::{Entry, Head},
    search::{SearchHit, SearchQuery},
    storage::{
        Capabilities, Changes, CharacterStorage, CheckReport, CheckScope, Encoding, Facets, HistoryQuery,
        Kept, Page, Pool as ConnectionPool, QueryFilter, ReadOnly, Recompressed, RepairReport, Secret,
        Setting, StorageInfo, StorageStatistics, StorageTransaction,
    },
};
use deadpool_postgres::{Client, Object, Pool};

pub use self::schema::{add_user, grant, initialise};
use self::{
    changes::Listener,
    connect::Address,
    failure::Failure,
    replica::Replica,
    transaction::{Desk, Transaction},
};

/// How to open a library.
#[derive(Debug, Clone)]
pub struct PostgresOptions {
    /// How long to wait for another writer, or for a connection, before saying that the store is busy.
    pub wait: Duration,
    /// Never write.
    pub read_only: bool,
    /// At most so many connections, besides one that listens for changes.
    pub pool_size: u32,
    /// How new documents are kept.
    pub encoding: Encoding,
    /// A server with a copy that may lag behind: what the library can be filtered by and how much there is are asked there.
    pub read_replica: Option<Secret>,
}

impl Default for PostgresOptions {
    fn default() -> Self {
        Self {
            wait: Duration::from_secs(10),
            read_only: false,
            pool_size: 20,
            encoding: Encoding::default(),
            read_replica: None,
        }
    }
}

/// A library in a PostgreSQL database.
pub struct PostgresStorage {
    pool: Pool,
    /// For reads that bear a lag.
    replica: Option<Replica>,
    desk: Arc<Desk>,
    read_only: Option<ReadOnly>,
    /// Who the server says is asking.
    principal: Principal,
    changes: Arc<Listener>,
}

impl std::fmt::Debug for PostgresStorage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("PostgresStorage").field(&self.desk.place).finish()
    }
}

impl PostgresStorage {
    /// Opens the library in this database.
    ///
    /// # Errors
    /// `invalid_argument` for an address that is none, `store_unreachable`, `access_denied`, `storage_failed` when there is
    /// no such database or no library in it, `store_busy`.
    pub async fn open(address: &str, options: PostgresOptions) -> Result<Self> {
        let address = Address::parse(address).map_err(|failure| failure.at("the address"))?;
        let place = address.place().to_owned();
        Self::open_here(address, options).await.map_err(|failure| failure.at(&place))
    }

    async fn open_here(address: Address, options: PostgresOptions) -> failure::Result<Self> {
        let address = address.bounded(options.wait);
        let pool = address.pool(options.pool_size, options.wait)?;
        let replica = match &options.read_replica {
            Some(replica) => {
                let replica = Address::parse(replica.reveal())?.bounded(options.wait);
                Some(Replica::new(replica.pool(options.pool_size, options.wait)?))
            }
            None => None,
        };
        let client = pool.get().await?;
        let read_only = match schema::look(&client).await? {
            None if options.read_only => Some(ReadOnly::Asked),
            found => found,
        };
        if read_only.is_none()
            && let Err(failure) = schema::make_months(&client).await
        {
            // Versions of such a month go to the last partition meanwhile.
            tracing::warn!(error = ?failure, "the partitions of the months to come were not made");
        }
        let principal = schema::principal(&client).await?;
        drop(client);
        let place = address.place().to_owned();
        let desk = Desk { place, encoding: options.encoding, memories: Mutex::default() };
        let changes = Arc::new(Listener::new(address));
        Ok(Self { pool, replica, desk: Arc::new(desk), read_only, principal, changes })
    }

    /// A failure in words.
    fn said(&self, failure: Failure) -> Error {
        failure.at(&self.desk.place)
    }

    async fn connection(&self) -> Result<Client> {
        self.pool.get().await.map_err(|error| self.said(error.into()))
    }

    /// Runs a read, once more when its connection turns out to be gone.
    async fn read<T, F>(&self, read: impl Fn(Client) -> F) -> Result<T>
    where
        F: Future<Output = failure::Result<T>>,
    {
        let once = async || read(self.pool.get().await?).await;
        let result = match once().await {
            Err(failure) if failure.is_lost() => {
                // Where one died unseen, the others may have too: the second try is made on a new one.
                self.pool.retain(|_, _| false);
                once().await
            }
            result => result,
        };
        result.map_err(|failure| self.said(failure))
    }

    /// Runs a read that bears a lag: on the copy, where there is one, it answers, and it has all this store knows of.
    async fn read_late<T, F>(&self, read: impl Fn(Client) -> F) -> Result<T>
    where
        F: Future<Output = failure::Result<T>>,
    {
        if let Some(replica) = &self.replica
            && let Some(answer) = replica.read(self.changes.known(), &read).await
        {
            return Ok(answer);
        }
        self.read(read).await
    }

    async fn begin_own(&self) -> Result<Transaction> {
        if let Some(why) = self.read_only {
            return Err(why.into());
        }
        // Nothing was asked for yet: a connection that is gone is no loss.
        self.read(|client| transaction::begin(client, Arc::clone(&self.desk), Arc::clone(&self.changes)))
            .await
    }

    async fn check_now(
        &self,
        scope: CheckScope,
        progress: &dyn Progress,
        cancel: &Cancel,
    ) -> Result<CheckReport> {
        cancel.check()?;
        let connection = Object::take(self.connection().await?);
        check::run_all(connection, scope, progress, cancel).await.map_err(|failure| self.said(failure))
    }
}

#[async_trait]
impl CharacterStorage for PostgresStorage {
    fn info(&self) -> StorageInfo {
        StorageInfo {
            kind: "postgres".to_owned(),
            location: self.desk.place.clone(),
            read_only: self.read_only,
            principal: Some(self.principal.clone()),
            capabilities: Capabilities {
                persistent: true,
                shared: true,
                concurrent_writers: true,
                pushes_changes: true,
                enforces_access: true,
            },
        }
    }

    async fn revision(&self) -> Result<u64> {
        let revision = self.read(query::revision).await?;
        self.changes.tell(revision);
        Ok(revision)
    }

    async fn query(&self, filter: &QueryFilter) -> Result<Page<CharacterIndex>> {
        self.read(|client| query::characters(client, filter)).await
    }

    async fn facets(&self) -> Result<Facets> {
        self.read_late(query::facets).await
    }

    async fn history(&self, query: &HistoryQuery) -> Result<Page<VersionMetadata>> {
        self.read(|client| async move { query::history(&client, query, false).await }).await
    }

    async fn document(&self, character: &CharacterId, content: &ContentHash) -> Result<Vec<u8>> {
        self.read(|client| async move { query::document(&client, character, content).await }).await
    }

    async fn search(&self, query: &SearchQuery) -> Result<Vec<SearchHit>> {
        self.read(|client| async move { traces::search(&client, query).await }).await
    }

    async fn sightings(&self, character: &CharacterId) -> Result<Vec<Sighting>> {
        self.read(|client| async move { query::sightings(&client, character).await }).await
    }

    async fn members(&self) -> Result<Vec<Member>> {
        self.read(query::members).await
    }

    async fn audit(&self, after: u64, limit: u32) -> Result<Vec<Entry>> {
        self.read(|client| query::audit(client, after, limit)).await
    }

    async fn audit_head(&self) -> Result<Head> {
        self.read(query::audit_head).await
    }

    async fn settings(&self) -> Result<Vec<Setting>> {
        self.read(query::settings).await
    }

    async fn changes_since(&self, revision: u64, limit: u32) -> Result<Changes> {
        let changes = self.read(|client| query::changes_since(client, revision, limit)).await?;
        self.changes.tell(changes.revision);
        Ok(changes)
    }

    async fn wait(&self, since: u64, at_most: Duration) -> Result<u64> {
        let end = Instant::now() + at_most;
        loop {
            let revision = self.revision().await?;
            let left = end.saturating_duration_since(Instant::now());
            if revision > since || left.is_zero() {
                return Ok(revision);
            }
            self.changes.wait(since, left).await;
        }
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
        self.check_now(scope, progress, cancel).await
    }

    async fn repair(&self, progress: &dyn Progress, cancel: &Cancel) -> Result<RepairReport> {
        upkeep::repair(self, progress, cancel).await
    }

    async fn recompress(
        &self,
        encoding: &Encoding,
        progress: &dyn Progress,
        cancel: &Cancel,
    ) -> Result<Recompressed> {
        upkeep::recompress(self, encoding, progress, cancel).await
    }

    async fn recompress_character(
        &self,
        character: &CharacterId,
        encoding: &Encoding,
        _: &dyn Progress,
        cancel: &Cancel,
    ) -> Result<Recompressed> {
        upkeep::recompress_character(self, encoding, character, cancel).await
    }

    async fn scrub(&self, _: &dyn Progress, cancel: &Cancel) -> Result<()> {
        upkeep::scrub(self, cancel).await
    }

    fn keeps(&self) -> &'static [Kept] {
        &[Kept::ServerLog]
    }

    fn pool(&self) -> Option<ConnectionPool> {
        let status = self.pool.status();
        Some(ConnectionPool {
            open: status.size as u64,
            most: status.max_size as u64,
            waiting: status.waiting as u64,
        })
    }

    async fn statistics(&self) -> Result<StorageStatistics> {
        self.read_late(query::statistics).await
    }
}
