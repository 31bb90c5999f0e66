//! Who may do what in a store that several people share.
//!
//! Decided once, here, above every backend: [`guarded`] wraps a store that knows who is asking, and lets through what the
//! matrix allows. A store with one user has nobody to ask about and is not wrapped. A backend that keeps people apart by
//! itself ([`Capabilities::enforces_access`](crate::storage::Capabilities::enforces_access)) does so beneath this, by the same
//! matrix, so that a mistake in one is caught by the other.
//!
//! |                                  | owner, admin | dungeon master | player | viewer | stranger |
//! |----------------------------------|:---:|:---:|:---:|:---:|:---:|
//! | see it in the list               | yes | yes | yes | yes | – |
//! | read its history                 | yes | yes | yes | yes | – |
//! | open a document                  | yes | yes | yes | – | – |
//! | capture a version                | yes | yes | – | – | – |
//! | bin, thin, erase, give away      | yes | – | – | – | – |
//! | put members into the campaign    | admin | yes | – | – | – |
//! | read what was done with it       | yes | own | own | own | own |
//!
//! A character is shared with the members of its campaign only where its owner is a member too. What somebody may not see is
//! answered as if it were not there.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    cache::CacheSeal,
    encryption::{Encryption, KeyChange},
    error::{Code, Error, Result},
    job::{Cancel, Progress},
    model::{CharacterId, CharacterIndex, ContentHash, Member, Role, Sighting, VersionMetadata},
    privacy::audit::{Entry, Head},
    search::{SearchHit, SearchQuery},
    storage::{
        Changes, CharacterStorage, CheckReport, CheckScope, Deleted, Encoding, Expect, Facets, HistoryQuery,
        Kept, Page, Pool, QueryFilter, Recompressed, RepairReport, Secret, Setting, StorageInfo,
        StorageStatistics, StorageTransaction, Surroundings, VisibleTo, Write,
    },
};

/// Who is asking.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Principal {
    /// Their name in the store.
    pub user: String,
    /// Whether everything is theirs to do.
    pub admin: bool,
}

/// What somebody is to a character.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Relation {
    /// It is theirs, or they are an admin.
    Owner,
    /// They are in its campaign, and so is its owner.
    Member(Role),
    /// Nothing.
    Stranger,
}

/// What somebody may want with a character.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operation {
    /// See it in the list.
    List,
    /// Read its history.
    History,
    /// Open a document.
    Document,
    /// Add versions to it, and what follows from them.
    Capture,
    /// Put it into the bin and take it back, drop versions, erase it, give it to somebody else.
    Dispose,
}

/// The matrix.
pub fn allows(relation: Relation, operation: Operation) -> bool {
    match relation {
        Relation::Owner => true,
        Relation::Member(Role::DungeonMaster) => operation != Operation::Dispose,
        Relation::Member(Role::Player) => {
            matches!(operation, Operation::List | Operation::History | Operation::Document)
        }
        Relation::Member(Role::Viewer) => matches!(operation, Operation::List | Operation::History),
        Relation::Stranger => false,
    }
}

/// What a principal is to a character, by its row and the members of all campaigns.
pub fn relation(principal: &Principal, index: &CharacterIndex, members: &[Member]) -> Relation {
    if principal.admin || index.owner.as_deref() == Some(&principal.user) {
        return Relation::Owner;
    }
    let (Some(campaign), Some(owner)) = (index.campaign.as_deref(), index.owner.as_deref()) else {
        return Relation::Stranger;
    };
    let place = |user: &str| members.iter().find(|member| member.campaign == campaign && member.user == user);
    match (place(&principal.user), place(owner)) {
        (Some(member), Some(_)) if !campaign.is_empty() => Relation::Member(member.role),
        _ => Relation::Stranger,
    }
}

/// A store behind the matrix, where it knows who is asking; itself, where it has one user.
pub fn guarded(storage: Arc<dyn CharacterStorage>) -> Arc<dyn CharacterStorage> {
    match storage.info().principal {
        Some(principal) => Arc::new(Guarded { inner: storage, principal }),
        None => storage,
    }
}

/// A store as one person sees it.
#[derive(Debug)]
struct Guarded {
    inner: Arc<dyn CharacterStorage>,
    principal: Principal,
}

impl Guarded {
    /// What the person may see, as a filter; none for an admin.
    async fn visible(&self) -> Result<Option<VisibleTo>> {
        if self.principal.admin {
            return Ok(None);
        }
        Ok(Some(visible_to(&self.principal, &self.inner.members().await?)))
    }

    async fn allows(&self, character: &CharacterId, operation: Operation) -> Result<bool> {
        if self.principal.admin {
            return Ok(true);
        }
        let Some(index) = row(&*self.inner, character).await? else { return Ok(false) };
        Ok(allows(relation(&self.principal, &index, &self.inner.members().await?), operation))
    }

    fn check_admin(&self) -> Result<()> {
        if self.principal.admin {
            return Ok(());
        }
        Err(denied("Only an admin may do this to a library that others share."))
    }
}

/// Whose characters a person sees: their own, and those their campaigns share with them.
fn visible_to(principal: &Principal, members: &[Member]) -> VisibleTo {
    let own: BTreeSet<_> = members.iter().filter(|m| m.user == principal.user).map(|m| &m.campaign).collect();
    let shared = members.iter().filter(|member| own.contains(&member.campaign));
    VisibleTo {
        user: principal.user.clone(),
        shared: shared.map(|member| (member.campaign.clone(), member.user.clone())).collect(),
    }
}

async fn row(storage: &dyn CharacterStorage, character: &CharacterId) -> Result<Option<CharacterIndex>> {
    let filter =
        QueryFilter { ids: vec![character.clone()], deleted: Deleted::With, ..QueryFilter::default() };
    Ok(storage.query(&filter).await?.items.pop())
}

fn denied(message: impl Into<String>) -> Error {
    Error::new(Code::AccessDenied, message)
        .kept("Nothing was changed.")
        .hint("Ask the character's owner, or whoever looks after the library.")
}

#[async_trait]
impl CharacterStorage for Guarded {
    fn info(&self) -> StorageInfo {
        self.inner.info()
    }

    async fn revision(&self) -> Result<u64> {
        self.inner.revision().await
    }

    async fn query(&self, filter: &QueryFilter) -> Result<Page<CharacterIndex>> {
        let filter = QueryFilter { visible_to: self.visible().await?, ..filter.clone() };
        self.inner.query(&filter).await
    }

    async fn facets(&self) -> Result<Facets> {
        if self.principal.admin {
            return self.inner.facets().await;
        }
        let rows = self.query(&QueryFilter { deleted: Deleted::With, ..QueryFilter::default() }).await?.items;
        let versions = rows.iter().map(|index| index.versions).sum();
        Ok(Facets::of(rows.iter(), versions))
    }

    /// What a version changed tells its document: it goes to whoever may open it.
    async fn history(&self, query: &HistoryQuery) -> Result<Page<VersionMetadata>> {
        if self.allows(&query.character, Operation::History).await? {
            let traces = query.traces && self.allows(&query.character, Operation::Document).await?;
            return self.inner.history(&HistoryQuery { traces, ..query.clone() }).await;
        }
        Ok(Page::new(Vec::new(), 0))
    }

    async fn search(&self, query: &SearchQuery) -> Result<Vec<SearchHit>> {
        if self.principal.admin {
            return self.inner.search(query).await;
        }
        let filter = QueryFilter { ids: query.characters.clone(), ..QueryFilter::default() };
        let mut characters = Vec::new();
        for index in self.query(&filter).await?.items {
            if self.allows(&index.id, Operation::Document).await? {
                characters.push(index.id);
            }
        }
        if characters.is_empty() {
            return Ok(Vec::new());
        }
        self.inner.search(&SearchQuery { characters, ..query.clone() }).await
    }

    async fn document(&self, character: &CharacterId, content: &ContentHash) -> Result<Vec<u8>> {
        if self.allows(character, Operation::Document).await? {
            return self.inner.document(character, content).await;
        }
        if self.allows(character, Operation::List).await? {
            return Err(denied(format!("You may see {character}, and not open its documents.")));
        }
        Err(Error::new(Code::VersionNotFound, format!("{character} has no such document."))
            .hint("Look at its history to see which versions there are."))
    }

    async fn sightings(&self, character: &CharacterId) -> Result<Vec<Sighting>> {
        if self.allows(character, Operation::History).await? {
            return self.inner.sightings(character).await;
        }
        Ok(Vec::new())
    }

    async fn members(&self) -> Result<Vec<Member>> {
        let mut members = self.inner.members().await?;
        if !self.principal.admin {
            let own: BTreeSet<_> = members
                .iter()
                .filter(|m| m.user == self.principal.user)
                .map(|m| m.campaign.clone())
                .collect();
            members.retain(|member| own.contains(&member.campaign));
        }
        Ok(members)
    }

    /// Everybody reads what they did, and what concerns their own; the hashes of the rest let them verify the whole.
    async fn audit(&self, after: u64, limit: u32) -> Result<Vec<Entry>> {
        let mut entries = self.inner.audit(after, limit).await?;
        if !self.principal.admin && !self.inner.info().capabilities.enforces_access {
            let may_read = |entry: &Entry| entry.readers.contains(&self.principal.user);
            entries = entries.into_iter().map(|e| if may_read(&e) { e } else { e.unread() }).collect();
        }
        Ok(entries)
    }

    async fn audit_head(&self) -> Result<Head> {
        self.inner.audit_head().await
    }

    /// Everybody has their own: the store keeps them apart.
    async fn settings(&self) -> Result<Vec<Setting>> {
        self.inner.settings().await
    }

    /// An erased character's owner is not known any more: everybody learns its id, and that it went.
    async fn changes_since(&self, revision: u64, limit: u32) -> Result<Changes> {
        let mut changes = self.inner.changes_since(revision, limit).await?;
        if !self.principal.admin {
            let ids = changes.changes.iter().map(|change| change.character.clone()).collect::<Vec<_>>();
            let filter = QueryFilter { ids, deleted: Deleted::With, ..QueryFilter::default() };
            let seen: BTreeSet<_> = match filter.ids.is_empty() {
                true => BTreeSet::new(),
                false => self.query(&filter).await?.items.into_iter().map(|index| index.id).collect(),
            };
            changes.changes.retain(|change| change.erased || seen.contains(&change.character));
        }
        Ok(changes)
    }

    async fn wait(&self, since: u64, at_most: Duration) -> Result<u64> {
        self.inner.wait(since, at_most).await
    }

    async fn begin(&self) -> Result<Box<dyn StorageTransaction>> {
        let writer = Writer {
            members: self.inner.members().await?,
            storage: Arc::clone(&self.inner),
            principal: self.principal.clone(),
            known: BTreeMap::new(),
            made: BTreeSet::new(),
        };
        Ok(Box::new(GuardedTransaction { writer, inner: self.inner.begin().await? }))
    }

    async fn check(
        &self,
        scope: CheckScope,
        progress: &dyn Progress,
        cancel: &Cancel,
    ) -> Result<CheckReport> {
        self.check_admin()?;
        self.inner.check(scope, progress, cancel).await
    }

    async fn repair(&self, progress: &dyn Progress, cancel: &Cancel) -> Result<RepairReport> {
        self.check_admin()?;
        self.inner.repair(progress, cancel).await
    }

    async fn recompress(
        &self,
        encoding: &Encoding,
        progress: &dyn Progress,
        cancel: &Cancel,
    ) -> Result<Recompressed> {
        self.check_admin()?;
        self.inner.recompress(encoding, progress, cancel).await
    }

    /// Whoever may thin a character may store it anew.
    async fn recompress_character(
        &self,
        character: &CharacterId,
        encoding: &Encoding,
        progress: &dyn Progress,
        cancel: &Cancel,
    ) -> Result<Recompressed> {
        if !self.allows(character, Operation::Dispose).await? {
            return Err(denied(format!("{character} belongs to somebody else.")));
        }
        self.inner.recompress_character(character, encoding, progress, cancel).await
    }

    /// Whoever may erase their own may also clean up behind it: it changes nothing that anybody sees.
    async fn scrub(&self, progress: &dyn Progress, cancel: &Cancel) -> Result<()> {
        self.inner.scrub(progress, cancel).await
    }

    fn keeps(&self) -> &'static [Kept] {
        self.inner.keeps()
    }

    async fn encryption(&self) -> Result<Encryption> {
        self.inner.encryption().await
    }

    async fn cache_seal(&self) -> Result<CacheSeal> {
        self.inner.cache_seal().await
    }

    async fn keys(&self) -> Result<Option<Secret>> {
        self.check_admin()?;
        self.inner.keys().await
    }

    fn new_phrase(&self) -> Result<Secret> {
        self.inner.new_phrase()
    }

    async fn change_keys(
        &self,
        change: &KeyChange,
        progress: &dyn Progress,
        cancel: &Cancel,
    ) -> Result<Encryption> {
        self.check_admin()?;
        self.inner.change_keys(change, progress, cancel).await
    }

    fn pool(&self) -> Option<Pool> {
        self.inner.pool()
    }

    async fn statistics(&self) -> Result<StorageStatistics> {
        if self.principal.admin {
            return self.inner.statistics().await;
        }
        let rows = self.query(&QueryFilter { deleted: Deleted::With, ..QueryFilter::default() }).await?.items;
        Ok(StorageStatistics {
            characters: rows.len() as u64,
            versions: rows.iter().map(|index| index.versions).sum(),
            captures: rows.iter().map(|index| index.captures).sum(),
            ..StorageStatistics::default()
        })
    }
}

/// A transaction of one person.
struct GuardedTransaction {
    writer: Writer,
    inner: Box<dyn StorageTransaction>,
}

/// Whoever writes, and what they may. Rows are asked for outside the transaction: nobody gains a right by what they write.
struct Writer {
    storage: Arc<dyn CharacterStorage>,
    principal: Principal,
    members: Vec<Member>,
    /// What the writer is to the characters asked about so far, and their rows as they were then.
    known: BTreeMap<CharacterId, Option<(Relation, CharacterIndex)>>,
    /// The characters this transaction brings in: its writer's own.
    made: BTreeSet<CharacterId>,
}

impl Writer {
    async fn relation(&mut self, character: &CharacterId) -> Result<Option<(Relation, CharacterIndex)>> {
        if let Some(known) = self.known.get(character) {
            return Ok(known.clone());
        }
        let index = row(&*self.storage, character).await?;
        let found = index.map(|index| (relation(&self.principal, &index, &self.members), index));
        self.known.insert(character.clone(), found.clone());
        Ok(found)
    }

    async fn allows(&mut self, character: &CharacterId, operation: Operation) -> Result<bool> {
        if self.principal.admin || self.made.contains(character) {
            return Ok(true);
        }
        // A history that is being copied here has no row yet, and nobody whose it is. What this person cannot see because it
        // is somebody else's, the store itself refuses.
        Ok(self.relation(character).await?.is_none_or(|(relation, _)| allows(relation, operation)))
    }

    /// Lets a write through, or says why not. A new character is its writer's own.
    async fn admit(&mut self, write: &mut Write) -> Result<()> {
        match write {
            Write::Character { index, expect } => self.admit_row(index, *expect).await,
            Write::Content { character, .. }
            | Write::Sightings { character, .. }
            | Write::RemoveSightings { character, .. } => self.need(character, Operation::Capture).await,
            Write::Version { metadata } => self.need(&metadata.character, Operation::Capture).await,
            Write::DropVersions { character, .. } | Write::Erase { character, .. } => {
                self.need(character, Operation::Dispose).await
            }
            Write::Member { campaign, .. } => self.admit_member(campaign),
            Write::Audit { by, .. } => {
                *by = Some(self.principal.user.clone());
                Ok(())
            }
            Write::Setting { .. } => Ok(()),
        }
    }

    async fn need(&mut self, character: &CharacterId, operation: Operation) -> Result<()> {
        if self.allows(character, operation).await? {
            return Ok(());
        }
        Err(denied(format!("{character} belongs to somebody else.")))
    }

    async fn admit_row(&mut self, index: &mut CharacterIndex, expect: Expect) -> Result<()> {
        let found = self.relation(&index.id).await?;
        let Some((relation, before)) = found else {
            // Whether it is really new is for the store to say, by `expect`.
            if expect == Expect::Absent || self.made.contains(&index.id) {
                let owner = index.owner.get_or_insert_with(|| self.principal.user.clone());
                if !self.principal.admin && *owner != self.principal.user {
                    return Err(denied("A new character belongs to whoever brings it in."));
                }
                self.made.insert(index.id.clone());
                return Ok(());
            }
            return Err(denied(format!("{} belongs to somebody else.", index.id)));
        };
        let disposes = before.owner != index.owner || before.deleted_at != index.deleted_at;
        let operation = if disposes { Operation::Dispose } else { Operation::Capture };
        if allows(relation, operation) {
            return Ok(());
        }
        Err(denied(format!("{} belongs to somebody else.", index.id)))
    }

    fn admit_member(&self, campaign: &str) -> Result<()> {
        let leads = |member: &Member| {
            member.campaign == campaign
                && member.user == self.principal.user
                && member.role == Role::DungeonMaster
        };
        if self.principal.admin || self.members.iter().any(leads) {
            return Ok(());
        }
        Err(denied(format!("Only the dungeon master of {campaign:?} may say who is in it.")))
    }
}

#[async_trait]
impl StorageTransaction for GuardedTransaction {
    async fn surroundings(&mut self, character: &CharacterId, at: Timestamp) -> Result<Surroundings> {
        let found = self.inner.surroundings(character, at).await?;
        if found.character.is_none() || self.writer.allows(character, Operation::Capture).await? {
            return Ok(found);
        }
        Err(denied(format!("{character} is in this library already and belongs to somebody else.")))
    }

    async fn history(&mut self, query: &HistoryQuery) -> Result<Page<VersionMetadata>> {
        if self.writer.allows(&query.character, Operation::History).await? {
            return self.inner.history(query).await;
        }
        Ok(Page::new(Vec::new(), 0))
    }

    async fn document(&mut self, character: &CharacterId, content: &ContentHash) -> Result<Vec<u8>> {
        self.writer.need(character, Operation::Document).await?;
        self.inner.document(character, content).await
    }

    async fn write(&mut self, mut writes: Vec<Write>) -> Result<()> {
        // Versions may come before the row that makes their character.
        for write in &mut writes {
            if matches!(write, Write::Character { .. }) {
                self.writer.admit(write).await?;
            }
        }
        for write in &mut writes {
            if !matches!(write, Write::Character { .. }) {
                self.writer.admit(write).await?;
            }
        }
        self.inner.write(writes).await
    }

    async fn commit(self: Box<Self>) -> Result<u64> {
        self.inner.commit().await
    }
}
