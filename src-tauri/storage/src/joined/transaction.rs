//! A writing transaction of two joined stores: one of the newer store, into which a character is taken over when it is first
//! written to.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, atomic::Ordering},
};

use async_trait::async_trait;
use backstory_core::{
    error::{Code, Error, Result},
    migrate::Whole,
    model::{CharacterId, ContentHash, VersionMetadata},
    storage::{Expect, HistoryQuery, Page, Setting, StorageTransaction, Surroundings, Write},
};
use jiff::Timestamp;

use super::{Halves, join};
use crate::{record::Record, rules, settings};

/// Where a character is, as far as this transaction is concerned.
enum Place {
    /// In the newer store, or nowhere yet.
    New,
    /// In the older store.
    Old(Box<Whole>),
    /// Taken over by this very transaction: the row had this revision at the older store.
    TakenOver(u64),
}

/// What [`super::JoinedStorage`] hands out.
pub(super) struct Transaction {
    /// None after a failure.
    inner: Option<Box<dyn StorageTransaction>>,
    halves: Arc<Halves>,
    places: BTreeMap<CharacterId, Place>,
    /// Erased here: to be erased at the older store too, behind the commit.
    erased: BTreeSet<CharacterId>,
    /// Rights taken away here: to be taken away at the older store too, before the commit.
    revoked: Vec<Write>,
    /// The names of settings that were written here.
    settings: BTreeSet<String>,
}

impl Drop for Transaction {
    fn drop(&mut self) {
        self.halves.open.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Transaction {
    pub(super) async fn begin(halves: &Arc<Halves>) -> Result<Self> {
        let inner = halves.new.begin().await?;
        halves.open.fetch_add(1, Ordering::Relaxed);
        Ok(Self {
            inner: Some(inner),
            halves: Arc::clone(halves),
            places: BTreeMap::new(),
            erased: BTreeSet::new(),
            revoked: Vec::new(),
            settings: BTreeSet::new(),
        })
    }

    fn inner(&mut self) -> Result<&mut Box<dyn StorageTransaction>> {
        self.inner.as_mut().ok_or_else(rules::transaction_over)
    }

    async fn place(&mut self, id: &CharacterId) -> Result<&mut Place> {
        if !self.places.contains_key(id) {
            let whole = self.halves.at_old(id).await?;
            let place = whole.map_or(Place::New, |whole| Place::Old(Box::new(whole)));
            self.places.insert(id.clone(), place);
        }
        Ok(self.places.entry(id.clone()).or_insert(Place::New))
    }

    /// The character as the older store has it, where it is still there.
    async fn at_old(&mut self, id: &CharacterId) -> Result<Option<Record<u64>>> {
        self.inner()?;
        let Place::Old(whole) = self.place(id).await? else { return Ok(None) };
        let sightings = whole.sightings.iter().copied();
        Ok(Some(Record::new(whole.index.clone(), whole.versions.clone(), sightings, whole.contents())))
    }

    /// Copies a character of the older store into this transaction, and reads it back. Gives whether there was one.
    pub(super) async fn take_over(&mut self, id: &CharacterId) -> Result<bool> {
        let place = self.place(id).await?;
        if !matches!(place, Place::Old(_)) {
            return Ok(false);
        }
        let Place::Old(whole) = std::mem::replace(place, Place::New) else { return Ok(false) };
        let Some(row) = whole.index.clone() else { return Ok(false) };
        let halves = Arc::clone(&self.halves);
        let inner = self.inner()?;
        if inner.history(&HistoryQuery::all(id.clone())).await?.total > 0 {
            // Half of a copy that was never finished.
            inner.write(vec![Write::Erase { character: id.clone(), expect: Expect::Absent }]).await?;
        }
        let mut copied = BTreeSet::new();
        for version in &whole.versions {
            let mut writes = Vec::new();
            if copied.insert(version.content) {
                let bytes = Arc::new(halves.old.document(id, &version.content).await?);
                writes.push(Write::Content { character: id.clone(), hash: version.content, bytes });
            }
            writes.push(Write::Version { metadata: Box::new(version.clone()) });
            writes.extend(whole.sighting_writes(&Whole::default(), version));
            inner.write(writes).await?;
        }
        let revision = row.revision;
        inner.write(vec![Write::Character { index: Box::new(row), expect: Expect::Absent }]).await?;
        self.read_back(id, &whole).await?;
        self.places.insert(id.clone(), Place::TakenOver(revision));
        // Where writers of different characters do not wait for each other, somebody may have erased it since it was read.
        if self.halves.overlay().await?.covers(id) {
            rules::check_expected(id, None, Expect::Revision(revision))?;
        }
        Ok(true)
    }

    async fn read_back(&mut self, id: &CharacterId, whole: &Whole) -> Result<()> {
        let inner = self.inner()?;
        let query = HistoryQuery { newest_first: false, traces: true, ..HistoryQuery::all(id.clone()) };
        let mut is_same = inner.history(&query).await?.items == whole.versions;
        for content in whole.contents().keys() {
            is_same &= ContentHash::of(&inner.document(id, content).await?) == *content;
        }
        if is_same {
            return Ok(());
        }
        Err(Error::new(Code::StoreDamaged, format!("{id} did not arrive in the new library as it was."))
            .kept("It is in the old library as before, and nothing was changed.")
            .hint("Try again; if it fails again, check the new library."))
    }

    async fn apply(&mut self, write: Write) -> Result<()> {
        let write = match write {
            Write::Member { campaign, user, role: None } => self.revoke(campaign, user).await?,
            Write::Erase { character, expect } => self.erase(character, expect).await?,
            Write::Setting { setting, expect } => self.setting(setting, expect).await?,
            write => {
                if let Some(id) = write.character().cloned() {
                    self.take_over(&id).await?;
                }
                self.translated(write)?
            }
        };
        self.inner()?.write(vec![write]).await
    }

    /// What was expected of a row at the older store is not what the newer one, which had none, would compare it with.
    fn translated(&self, write: Write) -> Result<Write> {
        let Write::Character { index, expect } = write else { return Ok(write) };
        let Some(Place::TakenOver(revision)) = self.places.get(&index.id) else {
            return Ok(Write::Character { index, expect });
        };
        rules::check_revision(Some(*revision), expect, &index)?;
        Ok(Write::Character { index, expect: Expect::Absent })
    }

    /// An erased character is erased in both stores. The newer one notes that it is gone, and the older one is not asked any
    /// more from then on.
    async fn erase(&mut self, id: CharacterId, expect: Expect) -> Result<Write> {
        let before = match self.place(&id).await? {
            Place::New => None,
            Place::TakenOver(revision) => Some((*revision, None)),
            Place::Old(whole) => whole.index.clone().map(|row| (row.revision, Some(row))),
        };
        let mut expected = expect;
        if let Some((revision, row)) = before {
            rules::check_expected(&id, Some(revision), expect)?;
            expected = Expect::Absent;
            let note = row.map(|row| Write::Character { index: Box::new(row), expect: Expect::Absent });
            self.inner()?.write(note.into_iter().collect()).await?;
            self.places.insert(id.clone(), Place::TakenOver(revision));
        }
        if !Whole::look(&*self.halves.old, &id).await?.is_empty() {
            self.check_old_is_writable()?;
            self.erased.insert(id.clone());
        }
        Ok(Write::Erase { character: id, expect: expected })
    }

    /// What only the older store has is compared with here: the newer one, to which it goes, has none of it.
    async fn setting(&mut self, setting: Setting, expect: Expect) -> Result<Write> {
        let is_new = self.settings.contains(&setting.key)
            || self.halves.new.settings().await?.iter().any(|other| other.key == setting.key);
        self.settings.insert(setting.key.clone());
        if is_new || !setting.goes_along() {
            return Ok(Write::Setting { setting, expect });
        }
        let old = self.halves.old.settings().await?;
        let before = old.iter().find(|other| other.key == setting.key).map(|other| other.revision);
        settings::check_expected(&setting, before, expect)?;
        Ok(Write::Setting { setting, expect: Expect::Absent })
    }

    async fn revoke(&mut self, campaign: String, user: String) -> Result<Write> {
        let members = self.halves.old.members().await?;
        let write = Write::Member { campaign, user, role: None };
        let Write::Member { campaign, user, .. } = &write else { return Ok(write) };
        if members.iter().any(|member| member.campaign == *campaign && member.user == *user) {
            self.check_old_is_writable()?;
            self.revoked.push(write.clone());
        }
        Ok(write)
    }

    fn check_old_is_writable(&self) -> Result<()> {
        match self.halves.old.info().read_only {
            None => Ok(()),
            Some(why) => Err(Error::new(
                Code::StoreReadOnly,
                format!(
                    "This must be taken away from the old library too, which cannot be written to. {why}"
                ),
            )
            .kept("Nothing was changed.")),
        }
    }

    async fn finish(&mut self) -> Result<u64> {
        let inner = self.inner.take().ok_or_else(rules::transaction_over)?;
        if !self.revoked.is_empty() {
            let mut transaction = self.halves.old.begin().await?;
            transaction.write(std::mem::take(&mut self.revoked)).await?;
            transaction.commit().await?;
        }
        let old = self.halves.old.revision().await?;
        let new = inner.commit().await?;
        if self.erased.is_empty() {
            return Ok(join(old, new));
        }
        for id in std::mem::take(&mut self.erased) {
            self.halves.erase_at_old(&id).await.map_err(|error| {
                error
                    .kept(format!("{id} is shown no longer; the old library still has it."))
                    .hint("`backstory verify --repair` erases it there too.")
            })?;
        }
        Ok(join(self.halves.old.revision().await?, new))
    }
}

#[async_trait]
impl StorageTransaction for Transaction {
    async fn surroundings(&mut self, character: &CharacterId, at: Timestamp) -> Result<Surroundings> {
        match self.at_old(character).await? {
            Some(record) => Ok(record.surroundings(at)),
            None => self.inner()?.surroundings(character, at).await,
        }
    }

    async fn history(&mut self, query: &HistoryQuery) -> Result<Page<VersionMetadata>> {
        if self.at_old(&query.character).await?.is_some() {
            return self.halves.old.history(query).await;
        }
        self.inner()?.history(query).await
    }

    async fn document(&mut self, character: &CharacterId, content: &ContentHash) -> Result<Vec<u8>> {
        if self.at_old(character).await?.is_some() {
            return self.halves.old.document(character, content).await;
        }
        self.inner()?.document(character, content).await
    }

    async fn write(&mut self, writes: Vec<Write>) -> Result<()> {
        self.inner()?;
        for write in writes {
            if let Err(error) = self.apply(write).await {
                self.inner = None;
                return Err(error);
            }
        }
        Ok(())
    }

    async fn commit(mut self: Box<Self>) -> Result<u64> {
        self.finish().await
    }
}
