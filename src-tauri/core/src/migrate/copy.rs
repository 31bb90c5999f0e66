//! Copying characters in transactions of a few versions each.
//!
//! A new character's versions come first and its row comes last: until then the list does not show it, and the next run goes
//! on behind the last version that is there. A character that is there already is brought up to date in one transaction, so
//! that no reader meets it between two states.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::{
    MigrationOptions, StorageMigrator,
    plan::{self, Decision, Stance, decide},
    whole::Whole,
};
use crate::{
    error::{Code, Error, Result},
    job::{Cancel, Doing, Progress, ProgressEvent},
    model::{CharacterId, CharacterIndex, ContentHash, VersionMetadata},
    privacy::audit::{Act, Action, Scribe},
    storage::{CharacterStorage, Expect, StorageTransaction, Write},
};

/// Counts what is done, for whoever waits.
pub(super) struct Meter<'m> {
    progress: &'m dyn Progress,
    done: u64,
    total: u64,
}

impl<'m> Meter<'m> {
    pub(super) fn new(progress: &'m dyn Progress, total: u64) -> Self {
        progress.report(ProgressEvent::Advanced { done: 0, total });
        Self { progress, done: 0, total }
    }

    /// This character is worked on.
    pub(super) fn at(&self, doing: Doing, whole: &Whole) {
        if let Some(index) = &whole.index {
            self.progress.report(ProgressEvent::Character { doing, name: index.name.clone() });
        }
    }

    /// So many versions more are done. A source that grows meanwhile moves the end.
    pub(super) fn add(&mut self, versions: u64) {
        self.done += versions;
        self.total = self.total.max(self.done);
        self.progress.report(ProgressEvent::Advanced { done: self.done, total: self.total });
    }
}

/// What became of a character in this run so far.
#[derive(Debug)]
pub(super) struct Copied {
    pub(super) decision: Decision,
    /// Versions the source has.
    pub(super) versions: u64,
    /// Versions written.
    pub(super) written: u64,
}

/// What a run wrote of a character: enough to know how to think of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Written {
    backup: bool,
    /// The revision its row has after it; none where nothing was written.
    revision: Option<Option<u64>>,
}

impl Written {
    pub(super) fn stance(self, target: &Whole) -> Stance {
        match self.revision {
            _ if self.backup => Stance::Backup,
            Some(revision) if revision == target.revision() => Stance::Ours,
            _ => Stance::Library,
        }
    }
}

/// Writes characters to the target, a batch of versions a transaction.
pub(super) struct Copier<'m> {
    from: &'m dyn CharacterStorage,
    to: &'m dyn CharacterStorage,
    scribe: Option<&'m Scribe>,
    backup: bool,
    batch_size: u64,
    cancel: &'m Cancel,
    transaction: Option<Box<dyn StorageTransaction>>,
    /// What the open transaction does, for the log.
    acts: Vec<Act>,
    /// Versions in the open transaction.
    used: u64,
    /// Characters in the open transaction, with the revision their rows have after it.
    open: BTreeMap<CharacterId, Option<u64>>,
    /// Characters this run wrote, with the revision their rows have: as long as they have it, nobody else touched them.
    ours: BTreeMap<CharacterId, Option<u64>>,
}

impl<'m> Copier<'m> {
    pub(super) fn new(migrator: &'m StorageMigrator, options: &MigrationOptions, cancel: &'m Cancel) -> Self {
        Self {
            from: &*migrator.from,
            to: &*migrator.to,
            scribe: migrator.scribe.as_ref(),
            backup: options.backup,
            batch_size: u64::from(options.batch_size.max(1)),
            cancel,
            transaction: None,
            acts: Vec::new(),
            used: 0,
            open: BTreeMap::new(),
            ours: BTreeMap::new(),
        }
    }

    /// How this run thinks of a character as the target has it.
    pub(super) fn stance(&self, id: &CharacterId, target: &Whole) -> Stance {
        self.written(id).stance(target)
    }

    /// What this run wrote of a character so far.
    pub(super) fn written(&self, id: &CharacterId) -> Written {
        Written { backup: self.backup, revision: self.ours.get(id).copied() }
    }

    /// Copies what the target lacks of a character. It is there for good after the next [`Copier::commit`].
    ///
    /// # Errors
    /// `conflict`, `version_not_found` when somebody else wrote meanwhile: it can be tried again. `cancelled` between batches.
    pub(super) async fn copy(&mut self, id: &CharacterId, meter: &mut Meter<'_>) -> Result<Copied> {
        let source = Whole::read(self.from, id).await?.brought_to(self.to);
        meter.at(Doing::Copying, &source);
        let target = Whole::look(self.to, id).await?.brought_to(self.to);
        let decision = decide(&source, &target, self.stance(id, &target));
        let mut written = 0;
        if decision.action == plan::Action::Copy {
            self.open.insert(id.clone(), None);
            if !decision.drop.is_empty() {
                let versions = decision.drop.clone();
                self.write(vec![Write::DropVersions { character: id.clone(), versions }]).await?;
            }
            written = self.copy_versions(&decision.want, &target, meter).await?;
            self.copy_row(&decision.want, &target).await?;
        }
        let versions = source.versions.len() as u64;
        meter.add(versions.saturating_sub(written));
        if self.used >= self.batch_size {
            self.commit().await?;
        }
        Ok(Copied { decision, versions, written })
    }

    /// Gives how many versions were written.
    async fn copy_versions(&mut self, want: &Whole, target: &Whole, meter: &mut Meter<'_>) -> Result<u64> {
        let may_pause = target.index.is_none();
        let mut there: BTreeSet<ContentHash> = target.contents().into_keys().collect();
        let before: BTreeMap<_, _> = target.versions.iter().map(|version| (version.id, version)).collect();
        let mut written = 0;
        for version in &want.versions {
            let mut writes = Vec::new();
            if before.get(&version.id) != Some(&version) {
                if there.insert(version.content) {
                    writes.push(content(self.from, version).await?);
                }
                writes.push(Write::Version { metadata: Box::new(version.clone()) });
            }
            let is_new = !writes.is_empty();
            if is_new {
                self.count(want, &version.character);
            }
            writes.extend(want.sighting_writes(target, version));
            if !writes.is_empty() {
                self.write(writes).await?;
            }
            if is_new {
                (self.used, written) = (self.used + 1, written + 1);
                meter.add(1);
            }
            if may_pause && self.used >= self.batch_size {
                let id = version.character.clone();
                self.commit().await?;
                self.cancel.check()?;
                self.open.insert(id, None);
            }
        }
        Ok(written)
    }

    /// The row comes last: with it, the list shows the character.
    async fn copy_row(&mut self, want: &Whole, target: &Whole) -> Result<()> {
        let Some(row) = &want.index else { return Ok(()) };
        let (expect, revision) = match target.revision() {
            None => (Expect::Absent, row.revision),
            Some(before) => (Expect::Revision(before), row.revision.max(before + 1)),
        };
        // What leads to the entries that are here already goes on leading there.
        let known = target.index.as_ref().and_then(|index| index.audit_key.clone());
        let audit_key = known.or_else(|| row.audit_key.clone());
        let index = CharacterIndex { revision, audit_key, ..row.clone() };
        self.open.insert(row.id.clone(), Some(revision));
        if !self.acts.iter().any(|act| act.character.as_ref() == Some(&row.id)) {
            self.acts.push(Act::of(Action::Migrate, &index));
        }
        self.write(vec![Write::Character { index: Box::new(index), expect }]).await
    }

    /// Takes a character away at the target that the source erased: only what is as it was when it was looked at.
    pub(super) async fn erase(&mut self, id: &CharacterId, target: &Whole) -> Result<()> {
        let expect = target.revision().map_or(Expect::Absent, Expect::Revision);
        let act = target
            .index
            .as_ref()
            .map_or_else(|| Act::new(Action::Erase), |index| Act::of(Action::Erase, index));
        self.note(act.count("versions", target.versions.len() as u64));
        self.write(vec![Write::Erase { character: id.clone(), expect }]).await?;
        self.commit().await
    }

    /// Has the log tell of something, with the commit to come.
    pub(super) fn note(&mut self, act: Act) {
        self.acts.push(act);
    }

    /// One version more of a character comes with the commit to come.
    fn count(&mut self, want: &Whole, id: &CharacterId) {
        let known = self.acts.iter_mut().find(|act| act.character.as_ref() == Some(id));
        match (known, &want.index) {
            (Some(act), _) => *act = act.clone().count("versions", 1),
            (None, Some(index)) => self.acts.push(Act::of(Action::Migrate, index).count("versions", 1)),
            (None, None) => {}
        }
    }

    /// Writes into the open transaction, or into a new one.
    pub(super) async fn write(&mut self, writes: Vec<Write>) -> Result<()> {
        let mut transaction = match self.transaction.take() {
            Some(transaction) => transaction,
            None => self.to.begin().await?,
        };
        transaction.write(writes).await?;
        self.transaction = Some(transaction);
        Ok(())
    }

    /// Makes what was copied so far stay.
    pub(super) async fn commit(&mut self) -> Result<()> {
        let acts = std::mem::take(&mut self.acts);
        if let Some(mut transaction) = self.transaction.take() {
            if let Some(scribe) = self.scribe {
                transaction.write(acts.into_iter().map(|act| scribe.write(act)).collect()).await?;
            }
            transaction.commit().await?;
        }
        self.used = 0;
        self.ours.append(&mut self.open);
        Ok(())
    }

    /// Lets go of the open transaction; gives the characters that were in it.
    pub(super) fn give_up(&mut self) -> BTreeSet<CharacterId> {
        (self.transaction, self.used) = (None, 0);
        self.acts.clear();
        std::mem::take(&mut self.open).into_keys().collect()
    }
}

/// Reads every document of a character and compares it with its hash. Gives how many versions that were.
pub(super) async fn read(
    from: &dyn CharacterStorage,
    whole: &Whole,
    cancel: &Cancel,
    meter: &mut Meter<'_>,
) -> Result<u64> {
    let mut there = BTreeSet::new();
    for version in &whole.versions {
        cancel.check()?;
        if there.insert(version.content) {
            content(from, version).await?;
        }
        meter.add(1);
    }
    Ok(whole.versions.len() as u64)
}

/// A version's document, as it is written to the target.
async fn content(from: &dyn CharacterStorage, version: &VersionMetadata) -> Result<Write> {
    let (character, hash) = (version.character.clone(), version.content);
    let bytes = from.document(&character, &hash).await.map_err(|mut error| {
        error.message = format!("Version {} of {character}: {}", version.version, error.message);
        error
    })?;
    if ContentHash::of(&bytes) != hash {
        let message =
            format!("Version {} of {character} came out of the old library changed.", version.version);
        return Err(Error::new(Code::StoreDamaged, message));
    }
    Ok(Write::Content { character, hash, bytes: Arc::new(bytes) })
}
