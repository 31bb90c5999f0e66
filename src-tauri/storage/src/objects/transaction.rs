//! The writing transaction: everything is uploaded under new names first, then one object makes it so.
//!
//! That object is the journal's next entry, and a store lets only one upload have that name. Who comes second reads what
//! the first one wrote: if it concerns other characters, the second tries the name after it; else it is a conflict. What
//! was replaced is deleted afterwards, and so is everything of an attempt that came to nothing. A crash at any point
//! leaves at most objects that no manifest names; [`super::check`] finds those.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use async_trait::async_trait;
use backstory_core::{
    error::{Code, Error, Result},
    model::{CharacterId, ContentHash, VersionMetadata},
    privacy::audit::{Kept, Note},
    storage::{Encoding, HistoryQuery, Page, Setting, StorageTransaction, Surroundings, Write},
};
use futures_util::FutureExt;
use jiff::Timestamp;
use object_store::path::Path;
use tokio::sync::OwnedMutexGuard;
use uuid::Uuid;

use super::{
    bucket::at_once,
    content::{self, Pending},
    form::{self, Content, Entry, Manifest, Place},
    state::{Stand, State},
    view::{CHECKPOINT_EVERY, View},
};
use crate::{
    record::{Effect, Record},
    rules,
    settings::{self, Settings},
};

/// How often a commit tries the next name when others were faster with what does not concern it.
const TRIES: usize = 200;

/// A transaction under way.
#[derive(Debug)]
pub(super) struct Transaction {
    turn: OwnedMutexGuard<()>,
    view: Arc<View>,
    encoding: Encoding,
    /// The store as it was at the beginning.
    state: Arc<State>,
    drafts: BTreeMap<CharacterId, Draft>,
    members: Vec<Place>,
    /// What the audit log gets at the commit.
    notes: Vec<Box<Note>>,
    /// All of them as this transaction leaves them, once it wrote one, and which it wrote.
    settings: Option<(Settings, BTreeSet<String>)>,
    deadline: Deadline,
    failed: bool,
}

/// A character as this transaction leaves it.
#[derive(Debug)]
struct Draft {
    stand: Stand,
    revision_before: Option<u64>,
    /// As it is in the store.
    before: Option<Arc<Record<Content>>>,
    record: Record<Content>,
    pending: Pending,
    erased: bool,
}

/// When an upload may be taken for something a crash left behind: a transaction must be over by then. Told by two clocks,
/// since one stands still while the machine sleeps and the other one can be set.
#[derive(Debug, Clone, Copy)]
struct Deadline {
    begun: (Instant, SystemTime),
    grace: Duration,
}

impl Deadline {
    fn is_over(&self) -> bool {
        let by_clock = SystemTime::now().duration_since(self.begun.1).unwrap_or_default();
        !self.grace.is_zero() && self.begun.0.elapsed().max(by_clock) > self.grace / 2
    }
}

/// Starts a transaction whose turn it is. `grace` is for how long its uploads are safe before its commit.
pub(super) async fn begin(
    turn: OwnedMutexGuard<()>,
    view: Arc<View>,
    encoding: Encoding,
    grace: Duration,
) -> Result<Transaction> {
    let state = view.now().await?;
    Ok(Transaction {
        turn,
        view,
        encoding,
        state,
        drafts: BTreeMap::new(),
        members: Vec::new(),
        notes: Vec::new(),
        settings: None,
        deadline: Deadline { begun: (Instant::now(), SystemTime::now()), grace },
        failed: false,
    })
}

impl Transaction {
    fn check_open(&self) -> Result<()> {
        if self.failed { Err(rules::transaction_over()) } else { Ok(()) }
    }

    /// The history of a character in the store, as it was at the beginning.
    async fn committed(&self, id: &CharacterId) -> Result<Option<Arc<Record<Content>>>> {
        let Some(row) = self.state.rows.get(id) else { return Ok(None) };
        // Gone means that somebody replaced it: this transaction could not commit.
        self.view
            .manifest(id, &row.manifest)
            .await?
            .map_or_else(|| Err(conflict(id)), |record| Ok(Some(record)))
    }

    async fn draft(&mut self, id: &CharacterId) -> Result<&mut Draft> {
        if !self.drafts.contains_key(id) {
            let before = self.committed(id).await?;
            let record = before.as_deref().cloned().unwrap_or_default();
            let draft = Draft {
                stand: self.state.stand(id),
                revision_before: record.index.as_ref().map(|index| index.revision),
                before,
                record,
                pending: Pending::new(),
                erased: false,
            };
            self.drafts.insert(id.clone(), draft);
        }
        self.drafts.get_mut(id).ok_or_else(|| Error::internal("A transaction lost a character."))
    }

    async fn apply(&mut self, write: Write) -> Result<()> {
        rules::check(&write)?;
        let Some(id) = write.character().cloned() else {
            return self.apply_shared(write);
        };
        let (view, encoding) = (Arc::clone(&self.view), self.encoding);
        let Draft { revision_before, record, pending, erased, .. } = self.draft(&id).await?;
        match (record.apply(&write, *revision_before)?, write) {
            (Effect::Keep(hash), Write::Content { bytes, .. }) => {
                *erased = false;
                content::keep(&view, &id, record, pending, &encoding, hash, bytes).await?;
            }
            (Effect::Unused(gone), _) => {
                content::drop(&view, &id, record, pending, &encoding, &gone).await?;
            }
            (Effect::Erased, _) => {
                pending.clear();
                *erased = true;
            }
            // What belongs into the archive is settled at the commit.
            (Effect::Done, Write::Character { .. }) => *erased = false,
            (Effect::Done | Effect::Moved(_) | Effect::Keep(_), _) => {}
        }
        Ok(())
    }

    fn apply_shared(&mut self, write: Write) -> Result<()> {
        match write {
            Write::Member { campaign, user, role } => self.members.push(Place { campaign, user, role }),
            Write::Setting { setting, expect } => {
                let state = &self.state;
                let (settings, written) =
                    self.settings.get_or_insert_with(|| (state.settings.clone(), BTreeSet::new()));
                written.insert(setting.key.clone());
                settings.put(setting, expect)?;
            }
            Write::Audit { note, .. } => self.notes.push(note),
            _ => {}
        }
        Ok(())
    }

    /// The settings it wrote, as it leaves them.
    fn written_settings(&self) -> Vec<Setting> {
        let Some((settings, written)) = &self.settings else { return Vec::new() };
        settings.list().into_iter().filter(|setting| written.contains(&setting.key)).collect()
    }

    /// Changes a history as no [`Write`] does: for mending and for recompressing.
    pub(super) async fn change(
        &mut self,
        id: &CharacterId,
        change: impl FnOnce(&mut Record<Content>),
    ) -> Result<()> {
        change(&mut self.draft(id).await?.record);
        Ok(())
    }

    /// Stores every document of a character in another encoding. Says how many documents that changed.
    pub(super) async fn recompress(&mut self, id: &CharacterId, encoding: &Encoding) -> Result<u64> {
        let view = Arc::clone(&self.view);
        let draft = self.draft(id).await?;
        content::recompress(&view, id, &mut draft.record, &mut draft.pending, encoding).await
    }

    /// Uploads everything and makes it so. Gives the turn back when all is done.
    pub(super) async fn finish(mut self) -> Result<u64> {
        self.check_open()?;
        let is_nothing = self.drafts.is_empty() && self.members.is_empty() && self.notes.is_empty();
        if is_nothing && self.settings.is_none() {
            return Ok(self.state.revision);
        }
        if self.deadline.is_over() {
            return Err(too_late());
        }
        let mut uploads = Uploads { transaction: Uuid::now_v7(), ..Uploads::default() };
        for (id, draft) in &mut self.drafts {
            let Draft { record, pending, .. } = draft;
            content::place(&self.view, id, record, pending).await?;
            uploads.add(id, draft)?;
        }
        // What is listed before the commit was uploaded by transactions that will lose to it, or by nobody any more.
        for id in self.drafts.iter().filter(|(_, draft)| draft.erased).map(|(id, _)| id) {
            uploads.replaced.extend(everything_of(&self.view, id).await?);
        }
        let published = match uploads.put(&self.view).await {
            Ok(()) => self.publish(&uploads).await,
            Err(error) => Err(Unpublished::Surely(error)),
        };
        let entry = match published {
            Ok(entry) => entry,
            Err(Unpublished::Surely(error)) => {
                self.view.bucket.delete(&uploads.paths()).await;
                return Err(error);
            }
            Err(Unpublished::Perhaps(error)) => return Err(error),
        };
        let revision = entry.revision;
        self.tidy_up(entry, uploads).await;
        drop(self.turn);
        Ok(revision)
    }

    /// Takes the next free name in the journal.
    async fn publish(&self, uploads: &Uploads) -> Result<Entry, Unpublished> {
        let mut now = self.view.known();
        for _ in 0..TRIES {
            self.check_stands(&now).map_err(Unpublished::Surely)?;
            let audit = self.entries(&now).map_err(Unpublished::Surely)?;
            let entry = Entry {
                revision: now.revision + 1,
                transaction: uploads.transaction,
                characters: uploads.manifests.clone(),
                members: self.members.clone(),
                audited: now.audit.size,
                audit,
                settings: self.written_settings(),
            };
            if self.create(&entry).await? {
                return Ok(entry);
            }
            now = self.view.now().await.map_err(Unpublished::Surely)?;
        }
        Err(Unpublished::Surely(rules::busy()))
    }

    /// What this transaction does, as entries of the log behind those there are.
    fn entries(&self, now: &State) -> Result<Vec<Kept>> {
        let mut head = now.audit.clone();
        self.notes.iter().map(|note| Ok(head.append(note)?.into())).collect()
    }

    /// Nobody else wrote to a character of this transaction.
    fn check_stands(&self, now: &State) -> Result<()> {
        let changed = self.drafts.iter().find(|(id, draft)| now.stand(id) != draft.stand);
        if let Some((id, _)) = changed {
            return Err(conflict(id));
        }
        let mut written = self.settings.iter().flat_map(|(_, written)| written);
        let other = written.find(|key| now.settings.revision(key) != self.state.settings.revision(key));
        other.map_or(Ok(()), |key| Err(settings::conflict(key)))
    }

    /// Uploads the one object that counts. Says no where another transaction was faster.
    async fn create(&self, entry: &Entry) -> Result<bool, Unpublished> {
        let bytes = form::seal(entry).map_err(Unpublished::Surely)?;
        let created = self.view.bucket.create(&Entry::path(entry.revision), bytes).await;
        if let Ok(true) = created {
            return Ok(true);
        }
        // An answer can be lost on its way: then the entry is there, and it is this one.
        match (self.view.entry(entry.revision).await, created) {
            (Ok(Some(there)), _) => Ok(there.transaction == entry.transaction),
            (Ok(None), Err(error)) if error.code != Code::StoreUnreachable => Err(Unpublished::Surely(error)),
            (_, Err(error)) => Err(Unpublished::Perhaps(unclear(error))),
            (Ok(None), Ok(_)) => Ok(false),
            (Err(error), Ok(_)) => Err(Unpublished::Perhaps(unclear(error))),
        }
    }

    /// After the commit: nothing here can undo it, and what fails is for a repair.
    async fn tidy_up(&mut self, entry: Entry, mut uploads: Uploads) {
        let (revision, erased) = (entry.revision, entry.characters.values().any(Option::is_none));
        for (id, draft) in std::mem::take(&mut self.drafts) {
            if let Some(Some(manifest)) = entry.characters.get(&id) {
                self.view.remember(*manifest, Arc::new(draft.record));
            }
        }
        if let Err(error) = self.view.settle(entry).await {
            tracing::warn!(?error, "the list could not be brought up to date");
        }
        uploads.replaced.sort();
        uploads.replaced.dedup();
        self.view.bucket.delete(&uploads.replaced).await;
        if (erased || revision.is_multiple_of(CHECKPOINT_EVERY))
            && let Err(error) = self.view.write_checkpoint(erased).await
        {
            tracing::warn!(?error, "no checkpoint could be written");
        }
    }
}

/// Why a commit failed.
enum Unpublished {
    /// Nothing of it is or ever will be there.
    Surely(Error),
    /// The store did not say, so nothing that was uploaded may be deleted.
    Perhaps(Error),
}

/// What a commit uploads before it, and deletes after it.
#[derive(Default)]
struct Uploads {
    transaction: Uuid,
    manifests: BTreeMap<CharacterId, Option<ContentHash>>,
    objects: Vec<(Path, Vec<u8>)>,
    /// Objects whose bytes stood elsewhere before: read back before that is deleted.
    moved: Vec<(Path, ContentHash)>,
    replaced: Vec<Path>,
}

impl Uploads {
    fn add(&mut self, id: &CharacterId, draft: &mut Draft) -> Result<()> {
        if let Some(before) = &draft.before {
            self.replaced.extend(
                before
                    .contents
                    .iter()
                    .filter(|&(hash, content)| draft.record.contents.get(hash) != Some(content))
                    .map(|(hash, content)| content.path(id, hash)),
            );
        }
        self.replaced.extend(draft.stand.manifest().map(|name| Manifest::path(id, &name)));
        if draft.erased {
            self.manifests.insert(id.clone(), None);
            return Ok(());
        }
        for (hash, data) in std::mem::take(&mut draft.pending) {
            let Some(content) = draft.record.contents.get(&hash) else { continue };
            let path = content.path(id, &hash);
            if draft.before.as_ref().is_some_and(|before| before.contents.contains_key(&hash)) {
                self.moved.push((path.clone(), content.checksum));
            }
            self.objects.push((path, data));
        }
        let manifest =
            Manifest { character: id.clone(), transaction: self.transaction, record: draft.record.clone() };
        let bytes = form::pack(&manifest)?;
        let name = ContentHash::of(&bytes);
        self.objects.push((Manifest::path(id, &name), bytes));
        self.manifests.insert(id.clone(), Some(name));
        Ok(())
    }

    fn paths(&self) -> Vec<Path> {
        self.objects.iter().map(|(path, _)| path.clone()).collect()
    }

    async fn put(&mut self, view: &View) -> Result<()> {
        let mut puts = Vec::new();
        for (path, bytes) in &mut self.objects {
            puts.push(view.bucket.put(path, std::mem::take(bytes)).boxed());
        }
        at_once(puts).await?;
        let mut checks = Vec::new();
        for (path, checksum) in &self.moved {
            checks.push(read_back(view, path, checksum).boxed());
        }
        at_once(checks).await?;
        Ok(())
    }
}

/// Makes sure that an upload arrived as it was sent.
async fn read_back(view: &View, path: &Path, checksum: &ContentHash) -> Result<()> {
    let bytes = view.bucket.get(path).await?;
    if bytes.is_some_and(|bytes| ContentHash::of(&bytes) == *checksum) {
        Ok(())
    } else {
        Err(form::damaged(path))
    }
}

/// Every object of a character.
async fn everything_of(view: &View, id: &CharacterId) -> Result<Vec<Path>> {
    let mut all = Vec::new();
    for area in ["characters", "archive"] {
        let listed = view.bucket.list(&Path::from(format!("{area}/{id}")), None, usize::MAX).await?;
        all.extend(listed.into_iter().map(|object| object.location));
    }
    Ok(all)
}

#[async_trait]
impl StorageTransaction for Transaction {
    async fn surroundings(&mut self, character: &CharacterId, at: Timestamp) -> Result<Surroundings> {
        self.check_open()?;
        if let Some(draft) = self.drafts.get(character) {
            return Ok(draft.record.surroundings(at));
        }
        Ok(self.committed(character).await?.map(|record| record.surroundings(at)).unwrap_or_default())
    }

    async fn history(&mut self, query: &HistoryQuery) -> Result<Page<VersionMetadata>> {
        self.check_open()?;
        let stored = |_: &ContentHash, content: &Content| content::stored(content);
        if let Some(draft) = self.drafts.get(&query.character) {
            return Ok(draft.record.history(query, stored));
        }
        let record = self.committed(&query.character).await?;
        Ok(record.map_or_else(|| Page::new(Vec::new(), 0), |record| record.history(query, stored)))
    }

    async fn document(&mut self, character: &CharacterId, content: &ContentHash) -> Result<Vec<u8>> {
        self.check_open()?;
        let committed;
        let nothing = Pending::new();
        let (record, pending) = match self.drafts.get(character) {
            Some(draft) => (&draft.record, &draft.pending),
            None => {
                committed = self.committed(character).await?.unwrap_or_default();
                (&*committed, &nothing)
            }
        };
        if !record.contents.contains_key(content) {
            return Err(rules::content_not_found(character));
        }
        let found = content::document(&self.view, character, record, pending, content).await?;
        found.map(|document| document.to_vec()).ok_or_else(|| conflict(character))
    }

    async fn write(&mut self, writes: Vec<Write>) -> Result<()> {
        self.check_open()?;
        // Over unless it comes to its end: a call can be abandoned halfway too.
        self.failed = true;
        for write in writes {
            self.apply(write).await?;
        }
        self.failed = false;
        Ok(())
    }

    async fn commit(self: Box<Self>) -> Result<u64> {
        self.finish().await
    }
}

/// Somebody else wrote to this character since the transaction began.
fn conflict(id: &CharacterId) -> Error {
    Error::new(Code::Conflict, format!("{id} was changed by somebody else in the meantime."))
        .kept("Nothing of this change was written; what the others wrote is there.")
        .hint("Try again: the change is then made on top of theirs.")
}

/// The one upload that counts got no answer.
fn unclear(error: Error) -> Error {
    error
        .kept("Whether this change was saved is not known; it was saved whole or not at all.")
        .hint("When the store answers again, look whether the change is there, and repeat it if it is not.")
}

fn too_late() -> Error {
    Error::new(Code::StoreBusy, "This change took too long to be still sure of what it uploaded.")
        .kept("Nothing was changed.")
        .hint("Try again.")
}
