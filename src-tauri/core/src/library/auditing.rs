//! The door through which everything that is written goes: a transaction ends with what it did, which is noted in the audit log
//! by the same commit. There is no other way to write, so nothing can be done that the log does not tell.

use std::{collections::BTreeSet, future::Future, sync::Arc};

use jiff::Timestamp;

use super::{ChangeSet, Library};
use crate::{
    error::{Code, Error, Result},
    model::{CharacterId, CharacterIndex, ContentHash, VersionMetadata},
    privacy::audit::{Act, Action, Entry, Head, Scribe, SubjectKey, TreeHead, verify},
    storage::{Expect, HistoryQuery, Page, StorageTransaction, Surroundings, Write},
};

/// So many entries are read at a time.
const PAGE: u32 = 1_000;
/// How often a note is tried again when somebody else wrote first.
const RETRIES: u32 = 5;

tokio::task_local! {
    static ORIGIN: &'static str;
}

/// Does something in the name of another part of the program: `watch`, `rest`. The log tells it.
pub async fn acting_as<T>(origin: &'static str, work: impl Future<Output = T>) -> T {
    ORIGIN.scope(origin, work).await
}

/// A transaction that ends with what it did.
pub(super) struct Recorded<'l> {
    library: &'l Library,
    tx: Box<dyn StorageTransaction>,
    touched: BTreeSet<CharacterId>,
    /// Of whom something goes that may be in a cache.
    dropped: BTreeSet<CharacterId>,
}

impl Recorded<'_> {
    pub(super) async fn surroundings(&mut self, id: &CharacterId, at: Timestamp) -> Result<Surroundings> {
        self.tx.surroundings(id, at).await
    }

    pub(super) async fn history(&mut self, query: &HistoryQuery) -> Result<Page<VersionMetadata>> {
        self.tx.history(query).await
    }

    pub(super) async fn document(&mut self, id: &CharacterId, content: &ContentHash) -> Result<Vec<u8>> {
        self.tx.document(id, content).await
    }

    pub(super) async fn write(&mut self, writes: Vec<Write>) -> Result<()> {
        self.touched.extend(writes.iter().filter_map(Write::character).cloned());
        let goes = |write: &&Write| matches!(write, Write::DropVersions { .. } | Write::Erase { .. });
        self.dropped.extend(writes.iter().filter(goes).filter_map(Write::character).cloned());
        self.tx.write(writes).await
    }

    /// Commits, with the entries of the log, and tells who listens.
    pub(super) async fn commit(mut self, acts: Vec<Act>) -> Result<u64> {
        let named: BTreeSet<_> = acts.iter().filter_map(|act| act.character.as_ref()).collect();
        if acts.is_empty() || self.touched.iter().any(|id| !named.contains(id)) {
            return Err(Error::internal("Something was to be written that the log does not tell.")
                .kept("Nothing was changed."));
        }
        let scribe = self.library.scribe();
        self.tx.write(acts.into_iter().map(|act| scribe.write(act)).collect()).await?;
        let revision = self.tx.commit().await?;
        for character in &self.dropped {
            // What else was kept of it is soon kept again; and nobody is served anything of it before the store said that it is
            // there, also by a part of a cache that is away now.
            let _ = self.library.forget_cached(Some(character)).await;
        }
        let characters = self.touched.into_iter().collect();
        // Nobody listening is fine.
        let _ = self.library.changes.send(ChangeSet {
            characters,
            revision,
            origin: self.library.origin.clone(),
        });
        Ok(revision)
    }
}

impl Recorded<'_> {
    /// Commits what the program keeps for itself in this store, say who is at work: no data of a player, and not worth an entry
    /// every few minutes.
    pub(super) async fn commit_own(self) -> Result<u64> {
        match self.touched.is_empty() {
            true => self.tx.commit().await,
            false => Err(Error::internal("A character was to be written that the log does not tell of.")
                .kept("Nothing was changed.")),
        }
    }
}

impl Library {
    /// Starts the one kind of transaction there is.
    pub(super) async fn begin(&self) -> Result<Recorded<'_>> {
        let tx = self.storage.begin().await?;
        Ok(Recorded { library: self, tx, touched: BTreeSet::new(), dropped: BTreeSet::new() })
    }

    /// Writes as one transaction, with what that does.
    pub(super) async fn write_all(&self, writes: Vec<Write>, acts: Vec<Act>) -> Result<()> {
        let mut transaction = self.begin().await?;
        transaction.write(writes).await?;
        transaction.commit(acts).await.map(drop)
    }

    /// Puts what is done into the words of the log.
    pub(super) fn scribe(&self) -> Scribe {
        let origin = ORIGIN.try_with(|origin| (*origin).to_owned());
        let origin = origin.unwrap_or_else(|_| match self.origin.as_str() {
            "cli" => "command".to_owned(),
            origin => origin.to_owned(),
        });
        Scribe::new(Arc::clone(&self.clock), &origin)
    }

    /// Gives a character what leads from it to its entries, where it has none yet.
    pub(super) fn keyed(&self, index: &mut CharacterIndex) -> Result<()> {
        if index.audit_key.is_none() {
            index.audit_key = Some(SubjectKey::new(self.clock.secret()?));
        }
        Ok(())
    }

    /// Notes something that changes no character: what was read, agreed to, mended.
    ///
    /// # Errors
    /// As [`CharacterStorage::begin`](crate::storage::CharacterStorage::begin).
    pub async fn record(&self, acts: Vec<Act>) -> Result<()> {
        if acts.is_empty() {
            return Ok(());
        }
        self.begin().await?.commit(acts).await.map(drop)
    }

    /// Notes that characters were read, each with how many versions. In a store that is only read nothing can be noted.
    ///
    /// # Errors
    /// As [`Library::record`].
    pub async fn record_read(&self, action: Action, read: &[(CharacterId, u64)]) -> Result<()> {
        if self.info().read_only.is_some() {
            return Ok(());
        }
        for attempt in 0.. {
            match self.try_record_read(action, read).await {
                Err(error) if error.code == Code::Conflict && attempt < RETRIES => {}
                done => return done,
            }
        }
        Err(Error::internal("A note was given up without a reason."))
    }

    async fn try_record_read(&self, action: Action, read: &[(CharacterId, u64)]) -> Result<()> {
        let (mut writes, mut acts) = (Vec::new(), Vec::new());
        for (id, versions) in read {
            let mut index = match self.row(id).await {
                Ok(index) => index,
                // It was erased in the meantime.
                Err(error) if error.code == Code::CharacterNotFound => continue,
                Err(error) => return Err(error),
            };
            if index.audit_key.is_none() && self.may_write(&index) {
                let expect = Expect::Revision(index.revision);
                self.keyed(&mut index)?;
                index.revision += 1;
                writes.push(Write::Character { index: Box::new(index.clone()), expect });
            }
            acts.push(Act::of(action, &index).count("versions", *versions));
        }
        match acts.is_empty() {
            true => Ok(()),
            false => self.write_all(writes, acts).await,
        }
    }

    /// Whether a row is this user's to change.
    fn may_write(&self, index: &CharacterIndex) -> bool {
        match self.info().principal {
            Some(principal) => {
                principal.admin || index.owner.as_ref().is_none_or(|owner| *owner == principal.user)
            }
            None => true,
        }
    }

    /// # Errors
    /// As [`CharacterStorage::audit`](crate::storage::CharacterStorage::audit).
    pub async fn audit(&self, after: u64, limit: u32) -> Result<Vec<Entry>> {
        self.storage.audit(after, limit).await
    }

    /// # Errors
    /// As [`CharacterStorage::audit_head`](crate::storage::CharacterStorage::audit_head).
    pub async fn audit_head(&self) -> Result<Head> {
        self.storage.audit_head().await
    }

    /// The whole log.
    ///
    /// # Errors
    /// As [`Library::audit`].
    pub async fn whole_audit(&self) -> Result<Vec<Entry>> {
        let (mut all, mut after) = (Vec::new(), 0);
        loop {
            let page = self.storage.audit(after, PAGE).await?;
            let Some(last) = page.last() else { return Ok(all) };
            after = last.sequence;
            all.extend(page);
        }
    }

    /// Reads the whole log and says whether it is what was written, and the one that was last seen.
    ///
    /// # Errors
    /// As [`Library::audit`].
    pub async fn verify_audit(&self, anchor: Option<TreeHead>) -> Result<verify::Verdict> {
        verify::read(&*self.storage, anchor).await
    }
}
