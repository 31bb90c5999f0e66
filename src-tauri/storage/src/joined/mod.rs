//! Two stores as one library: a newer one that is written to, and an older one behind it.
//!
//! For every character exactly one of the two speaks. Where the newer store has its row, or erased it, that is the newer one;
//! else the older one. A character goes over whole, with its history and every document, in the one transaction that first
//! writes to it; so its history, its counts, its compare-and-set and the differences its documents are kept as never span two
//! stores, and every promise of the contract is the newer store's own.
//!
//! *Gradual* also takes over what is looked at; *hybrid* only what is written to. The older store keeps all it has and is never
//! written to, with one exception that the player asks for: what is erased, or a right that is taken away, goes in both.

mod overlay;
mod transaction;

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use backstory_core::{
    cache::CacheSeal,
    error::{Code, Error, Result},
    job::{Cancel, Progress},
    migrate::Whole,
    model::{CharacterId, CharacterIndex, ContentHash, Member, Sighting, VersionMetadata},
    privacy::audit::{Entry, Head},
    storage::{
        Capabilities, Change, Changes, CharacterStorage, CheckReport, CheckScope, Deleted, Encoding, Expect,
        Facets, HistoryQuery, Kept, Page, Pool, Problem, QueryFilter, Recompressed, RepairReport, Secret,
        Setting, StorageInfo, StorageStatistics, StorageTransaction, Write,
    },
};
use tokio::time::{Instant, timeout};

use self::{
    overlay::{Overlay, SharedOverlay},
    transaction::Transaction,
};
use crate::{matching, settings::Settings};

/// How long a look waits for the writer to take a character over. It has its answer already; the next look tries again.
const MOVING_WAIT: Duration = Duration::from_millis(500);

/// How many bits of a joined revision the newer store's has. What is left below 2^53, which the page can count to, is two
/// million commits of the older store.
const NEW_BITS: u32 = 32;

/// When a character goes over to the newer store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// When it is looked at or written to.
    Gradual,
    /// When it is written to.
    Hybrid,
}

impl Manner {
    /// What an address of two stores begins with.
    pub fn name(self) -> &'static str {
        match self {
            Self::Gradual => "gradual",
            Self::Hybrid => "hybrid",
        }
    }
}

/// A newer and an older store as one.
#[derive(Debug)]
pub struct JoinedStorage {
    manner: Manner,
    halves: Arc<Halves>,
    read_only: bool,
}

/// The two stores, and what is known of them.
#[derive(Debug)]
struct Halves {
    new: Arc<dyn CharacterStorage>,
    old: Arc<dyn CharacterStorage>,
    overlay: SharedOverlay,
    /// Transactions that are open: a look does not wait behind one, which may be its own caller's.
    open: AtomicUsize,
}

impl JoinedStorage {
    /// Joins two stores. With `read_only`, looking takes nothing over.
    pub fn new(
        manner: Manner,
        new: Arc<dyn CharacterStorage>,
        old: Arc<dyn CharacterStorage>,
        read_only: bool,
    ) -> Self {
        let halves = Halves { new, old, overlay: SharedOverlay::default(), open: AtomicUsize::new(0) };
        Self { manner, halves: Arc::new(halves), read_only }
    }

    /// Takes a character over that was looked at. What keeps it from that keeps nobody from looking.
    async fn take_over(&self, id: &CharacterId) {
        let is_busy = self.halves.open.load(Ordering::Relaxed) > 0;
        if self.manner != Manner::Gradual || self.read_only || is_busy {
            return;
        }
        match self.try_take_over(id).await {
            Ok(()) => {}
            Err(error) => tracing::debug!(character = %id, ?error, "not taken over yet"),
        }
    }

    async fn try_take_over(&self, id: &CharacterId) -> Result<()> {
        let begun = timeout(MOVING_WAIT, Transaction::begin(&self.halves)).await;
        let Ok(transaction) = begun else { return Ok(()) };
        let mut transaction = transaction?;
        if transaction.take_over(id).await? {
            Box::new(transaction).commit().await?;
        }
        Ok(())
    }
}

impl Halves {
    async fn overlay(&self) -> Result<Arc<Overlay>> {
        self.overlay.get(&*self.new).await
    }

    /// The character as the older store has it, where that one speaks for it.
    async fn at_old(&self, id: &CharacterId) -> Result<Option<Whole>> {
        if self.overlay().await?.covers(id) {
            return Ok(None);
        }
        let whole = Whole::look(&*self.old, id).await?;
        Ok(Some(whole).filter(|whole| whole.index.is_some()))
    }

    /// The store that speaks for a character.
    async fn of(&self, id: &CharacterId) -> Result<&dyn CharacterStorage> {
        if self.overlay().await?.covers(id) {
            return Ok(&*self.new);
        }
        let filter = QueryFilter { ids: vec![id.clone()], deleted: Deleted::With, ..QueryFilter::default() };
        let is_listed = self.old.query(&filter).await?.total > 0;
        Ok(if is_listed { &*self.old } else { &*self.new })
    }

    /// The rows that match at each of the two, however many; none of the older one's that it does not speak for.
    async fn rows(&self, filter: &QueryFilter) -> Result<(Vec<CharacterIndex>, Arc<Overlay>)> {
        let all = QueryFilter { limit: None, offset: 0, after: None, ..filter.clone() };
        // The older one first: a character that goes over in between is then at both, and not at neither.
        let mut rows = self.old.query(&all).await?.items;
        let overlay = self.overlay().await?;
        rows.retain(|row| !overlay.covers(&row.id));
        Ok((rows, overlay))
    }

    async fn erase_at_old(&self, id: &CharacterId) -> Result<bool> {
        let whole = Whole::look(&*self.old, id).await?;
        if whole.is_empty() {
            return Ok(false);
        }
        let expect = whole.revision().map_or(Expect::Absent, Expect::Revision);
        let mut transaction = self.old.begin().await?;
        transaction.write(vec![Write::Erase { character: id.clone(), expect }]).await?;
        transaction.commit().await?;
        Ok(true)
    }

    /// Characters that are erased and of which the older store still has something.
    async fn unfinished(&self) -> Result<Vec<CharacterId>> {
        let mut found = Vec::new();
        for id in &self.overlay().await?.erased {
            if !Whole::look(&*self.old, id).await?.is_empty() {
                found.push(id.clone());
            }
        }
        Ok(found)
    }
}

/// Both revisions as one that rises with each of them, and from which both can be told again.
fn join(old: u64, new: u64) -> u64 {
    (old << NEW_BITS) | new
}

fn split(revision: u64) -> (u64, u64) {
    (revision >> NEW_BITS, revision & ((1 << NEW_BITS) - 1))
}

fn unfinished(id: &CharacterId) -> Problem {
    Problem {
        code: "erase_unfinished".to_owned(),
        r#where: id.to_string(),
        message: "It was erased, and the old library still has it.".to_owned(),
        repairable: true,
    }
}

#[async_trait]
impl CharacterStorage for JoinedStorage {
    fn info(&self) -> StorageInfo {
        let (new, old) = (self.halves.new.info(), self.halves.old.info());
        let can = |has: fn(&Capabilities) -> bool| has(&new.capabilities) && has(&old.capabilities);
        StorageInfo {
            kind: self.manner.name().to_owned(),
            location: format!("{}, and behind it {}", new.location, old.location),
            capabilities: Capabilities {
                persistent: can(|c| c.persistent),
                shared: can(|c| c.shared),
                concurrent_writers: new.capabilities.concurrent_writers,
                pushes_changes: can(|c| c.pushes_changes),
                enforces_access: can(|c| c.enforces_access),
            },
            ..new
        }
    }

    async fn revision(&self) -> Result<u64> {
        Ok(join(self.halves.old.revision().await?, self.halves.new.revision().await?))
    }

    async fn query(&self, filter: &QueryFilter) -> Result<Page<CharacterIndex>> {
        let (mut rows, _) = self.halves.rows(filter).await?;
        if rows.is_empty() {
            return self.halves.new.query(filter).await;
        }
        let all = QueryFilter { limit: None, offset: 0, after: None, ..filter.clone() };
        let new = self.halves.new.query(&all).await?.items;
        let newer: BTreeSet<_> = new.iter().map(|row| &row.id).collect();
        rows.retain(|row| !newer.contains(&row.id));
        matching::query(filter, rows.iter().chain(&new))
    }

    async fn facets(&self) -> Result<Facets> {
        let (rows, overlay) = self.halves.rows(&QueryFilter::default()).await?;
        let (new, old) = (self.halves.new.facets().await?, self.halves.old.facets().await?);
        let hidden = self.halves.overlay.hidden(&overlay, &*self.halves.old).await?;
        let versions = new.versions + old.versions.saturating_sub(hidden.versions);
        if rows.is_empty() {
            return Ok(Facets { versions, ..new });
        }
        let new = self.halves.new.query(&QueryFilter::default()).await?.items;
        Ok(Facets::of(rows.iter().chain(&new), versions))
    }

    async fn history(&self, query: &HistoryQuery) -> Result<Page<VersionMetadata>> {
        let store = self.halves.of(&query.character).await?;
        let page = store.history(query).await?;
        if std::ptr::addr_eq(store, &*self.halves.old) {
            self.take_over(&query.character).await;
        }
        Ok(page)
    }

    async fn document(&self, character: &CharacterId, content: &ContentHash) -> Result<Vec<u8>> {
        let store = self.halves.of(character).await?;
        let document = store.document(character, content).await?;
        if std::ptr::addr_eq(store, &*self.halves.old) {
            self.take_over(character).await;
        }
        Ok(document)
    }

    async fn sightings(&self, character: &CharacterId) -> Result<Vec<Sighting>> {
        self.halves.of(character).await?.sightings(character).await
    }

    async fn members(&self) -> Result<Vec<Member>> {
        let mut members = self.halves.new.members().await?;
        for member in self.halves.old.members().await? {
            let is_place = |other: &Member| other.campaign == member.campaign && other.user == member.user;
            if !members.iter().any(is_place) {
                members.push(member);
            }
        }
        members.sort();
        Ok(members)
    }

    /// The newer store's: what is done is noted where it is written. The older one keeps its own.
    async fn audit(&self, after: u64, limit: u32) -> Result<Vec<Entry>> {
        self.halves.new.audit(after, limit).await
    }

    async fn audit_head(&self) -> Result<Head> {
        self.halves.new.audit_head().await
    }

    async fn settings(&self) -> Result<Vec<Setting>> {
        let old = self.halves.old.settings().await?.into_iter().filter(Setting::goes_along);
        let mut settings: Settings = old.collect();
        for setting in self.halves.new.settings().await? {
            settings.replace(setting);
        }
        Ok(settings.list())
    }

    async fn changes_since(&self, revision: u64, limit: u32) -> Result<Changes> {
        let halves = &*self.halves;
        let (mut since_old, mut since_new) = split(revision);
        if since_old > halves.old.revision().await? || since_new > halves.new.revision().await? {
            (since_old, since_new) = (0, 0);
        }
        // First all of the older one, then the newer one: so a place in the feed says how far it is in each.
        let overlay = halves.overlay().await?;
        let old = halves.old.changes_since(since_old, limit).await?;
        let told = old.changes.into_iter().filter(|change| !overlay.covers(&change.character));
        let at = |change: Change| Change { revision: join(change.revision, since_new), ..change };
        let changes: Vec<_> = told.map(at).collect();
        if old.more || !changes.is_empty() {
            return Ok(Changes { revision: join(old.revision, since_new), changes, more: true });
        }
        let new = halves.new.changes_since(since_new, limit).await?;
        let at = |change: Change| Change { revision: join(old.revision, change.revision), ..change };
        Ok(Changes {
            revision: join(old.revision, new.revision),
            changes: new.changes.into_iter().map(at).collect(),
            more: new.more,
        })
    }

    async fn wait(&self, since: u64, at_most: Duration) -> Result<u64> {
        let deadline = Instant::now() + at_most;
        loop {
            let (old, new) = (self.halves.old.revision().await?, self.halves.new.revision().await?);
            let now = Instant::now();
            if join(old, new) > since || now >= deadline {
                return Ok(join(old, new));
            }
            tokio::select! {
                risen = self.halves.new.wait(new, deadline - now) => risen?,
                risen = self.halves.old.wait(old, deadline - now) => risen?,
            };
        }
    }

    async fn begin(&self) -> Result<Box<dyn StorageTransaction>> {
        if self.read_only {
            return Err(Error::new(Code::StoreReadOnly, "The library was opened for reading only.")
                .kept("Everything in it can still be read; nothing was changed."));
        }
        Ok(Box::new(Transaction::begin(&self.halves).await?))
    }

    async fn check(
        &self,
        scope: CheckScope,
        progress: &dyn Progress,
        cancel: &Cancel,
    ) -> Result<CheckReport> {
        let mut report = self.halves.new.check(scope, progress, cancel).await?;
        let old = self.halves.old.check(scope, progress, cancel).await?;
        let hidden = self.halves.overlay.hidden(&*self.halves.overlay().await?, &*self.halves.old).await?;
        report.characters += old.characters.saturating_sub(hidden.characters);
        report.versions += old.versions.saturating_sub(hidden.versions);
        report.contents += old.contents.saturating_sub(hidden.contents);
        report.bytes += old.bytes;
        report.problems.extend(old.problems);
        report.problems.extend(self.halves.unfinished().await?.iter().map(unfinished));
        Ok(report)
    }

    async fn repair(&self, progress: &dyn Progress, cancel: &Cancel) -> Result<RepairReport> {
        let mut report = self.halves.new.repair(progress, cancel).await?;
        for id in self.halves.unfinished().await? {
            cancel.check()?;
            self.halves.erase_at_old(&id).await?;
            report.repaired.push(unfinished(&id));
        }
        // The older store is not written to: it can be opened by itself and be repaired there.
        let old = self.halves.old.check(CheckScope::Structure, progress, cancel).await?;
        report.left.extend(old.problems);
        Ok(report)
    }

    async fn recompress(
        &self,
        encoding: &Encoding,
        progress: &dyn Progress,
        cancel: &Cancel,
    ) -> Result<Recompressed> {
        self.halves.new.recompress(encoding, progress, cancel).await
    }

    async fn scrub(&self, progress: &dyn Progress, cancel: &Cancel) -> Result<()> {
        for id in self.halves.unfinished().await? {
            self.halves.erase_at_old(&id).await?;
        }
        self.halves.new.scrub(progress, cancel).await?;
        self.halves.old.scrub(progress, cancel).await
    }

    fn keeps(&self) -> &'static [Kept] {
        match self.halves.new.keeps() {
            [] => self.halves.old.keeps(),
            kept => kept,
        }
    }

    fn pool(&self) -> Option<Pool> {
        self.halves.new.pool().or_else(|| self.halves.old.pool())
    }

    /// What goes over from one half to the other would lie under the key of neither.
    async fn cache_seal(&self) -> Result<CacheSeal> {
        let seals = (self.halves.new.cache_seal().await?, self.halves.old.cache_seal().await?);
        Ok(if seals == (CacheSeal::Plain, CacheSeal::Plain) { CacheSeal::Plain } else { CacheSeal::Never })
    }

    /// Of either half: what is encrypted in one of them is not to become plain elsewhere.
    async fn keys(&self) -> Result<Option<Secret>> {
        match self.halves.new.keys().await? {
            None => self.halves.old.keys().await,
            keys => Ok(keys),
        }
    }

    async fn statistics(&self) -> Result<StorageStatistics> {
        let (new, old) = (self.halves.new.statistics().await?, self.halves.old.statistics().await?);
        let hidden = self.halves.overlay.hidden(&*self.halves.overlay().await?, &*self.halves.old).await?;
        Ok(StorageStatistics {
            characters: new.characters + old.characters.saturating_sub(hidden.characters),
            versions: new.versions + old.versions.saturating_sub(hidden.versions),
            contents: new.contents + old.contents.saturating_sub(hidden.contents),
            captures: new.captures + old.captures.saturating_sub(hidden.captures),
            document_bytes: new.document_bytes + old.document_bytes.saturating_sub(hidden.document_bytes),
            encoded_bytes: new.encoded_bytes + old.encoded_bytes.saturating_sub(hidden.encoded_bytes),
            store_bytes: new.store_bytes + old.store_bytes,
            keys: new.keys.into_iter().chain(old.keys).collect(),
        })
    }
}
