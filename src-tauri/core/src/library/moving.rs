//! Characters that come from another store, or go there: what an export reads, and what it brings back.

use std::{collections::BTreeMap, sync::Arc};

use jiff::Timestamp;

use super::{Captured, ChangeSet, Library, parsed};
use crate::{
    error::{Code, Error, Result},
    job::{Cancel, Progress},
    migrate::{Action, Left, MigrationOptions, PlanItem, StorageMigrator, Whole},
    model::{CharacterId, CharacterIndex, VersionMetadata},
    source::Draft,
    storage::{CharacterStorage, Deleted, QueryFilter},
};

/// Captures written as one transaction where two histories become one.
const BATCH: usize = 32;

/// What became of one character that was taken in from another store.
#[derive(Debug, Clone)]
pub struct Taken {
    /// Which.
    pub character: CharacterId,
    /// Its name.
    pub name: String,
    /// Its newest version there, and when that was captured.
    pub newest: Option<(u64, Timestamp)>,
    /// What became of it: [`Captured::Added`], [`Captured::Changed`], or [`Captured::Identical`] where everything was here.
    pub outcome: Result<Captured>,
}

impl Library {
    /// The store itself, for what copies it whole. Nothing is written to it past the library.
    pub fn store(&self) -> Arc<dyn CharacterStorage> {
        Arc::clone(&self.storage)
    }

    /// Everything that is kept of a character, except the documents.
    ///
    /// # Errors
    /// As [`Whole::read`].
    pub async fn whole(&self, character: &CharacterId) -> Result<Whole> {
        Whole::read(&*self.storage, character).await
    }

    /// Says what [`Library::take_in`] would do. Writes nothing.
    ///
    /// # Errors
    /// As [`StorageMigrator::plan`].
    pub async fn would_take_in(
        &self,
        from: &Arc<dyn CharacterStorage>,
        cancel: &Cancel,
    ) -> Result<Vec<Taken>> {
        let migrator = StorageMigrator::new(Arc::clone(from), Arc::clone(&self.storage))?;
        let plan = migrator.plan(&MigrationOptions::default(), cancel).await?;
        let mut taken = Vec::with_capacity(plan.items.len());
        for item in plan.items {
            taken.push(self.planned(&**from, item).await?);
        }
        Ok(taken)
    }

    async fn planned(&self, from: &dyn CharacterStorage, item: PlanItem) -> Result<Taken> {
        let row = row_of(from, &item.character).await?;
        let outcome = match item.action {
            Action::Copy if self.row(&item.character).await.is_err() => Ok(Captured::Added),
            Action::Copy | Action::Differs => Ok(Captured::Changed),
            Action::UpToDate | Action::Newer | Action::Gone => Ok(Captured::Identical),
            Action::Incomplete => Err(Error::new(Code::StoreDamaged, item.reason)),
        };
        Ok(Taken {
            name: item.name.unwrap_or_default(),
            newest: row.map(|row| (row.last_version, row.last_captured)),
            character: item.character,
            outcome,
        })
    }

    /// Takes every character of another store in. One that is not here comes as it is there, version by version; of one that
    /// is, what is missing is brought; where both went on, their histories become one, in the order of capture. Nothing that is
    /// here is lost, and a second time does nothing.
    ///
    /// # Errors
    /// What keeps the library from being written to; what was committed stays. What is wrong with one character is in its
    /// [`Taken`].
    pub async fn take_in(
        &self,
        from: Arc<dyn CharacterStorage>,
        progress: &dyn Progress,
        cancel: &Cancel,
    ) -> Result<Vec<Taken>> {
        let mut taken = self.would_take_in(&from, cancel).await?;
        let migrator = StorageMigrator::new(Arc::clone(&from), Arc::clone(&self.storage))?;
        let migrator = migrator.recorded_by(self.scribe());
        let report = migrator.run(&MigrationOptions::default(), progress, cancel).await?;
        self.tell(taken.iter().map(|taken| &taken.character)).await?;
        if report.stopped {
            return Err(Error::new(Code::Cancelled, "Stopped.")
                .kept("What was taken in until then stays. The same import goes on from there."));
        }
        let left: BTreeMap<_, _> =
            report.left.into_iter().filter_map(|left| Some((left.character.clone()?, left))).collect();
        for one in &mut taken {
            let Some(left) = left.get(&one.character) else { continue };
            one.outcome = match left.code.as_str() {
                "differs" => self.merge(&*from, &one.character, cancel).await,
                "newer" => Ok(Captured::Identical),
                _ => Err(left_out(left)),
            };
        }
        Ok(taken)
    }

    /// Tells who listens that these were written.
    async fn tell(&self, characters: impl Iterator<Item = &CharacterId>) -> Result<()> {
        let characters: Vec<_> = characters.cloned().collect();
        characters.iter().for_each(|character| self.forget_sheets(character));
        let revision = self.storage.revision().await?;
        // Nobody listening is fine.
        let _ = self.changes.send(ChangeSet { characters, revision, origin: self.origin.clone() });
        Ok(())
    }

    /// Makes one history of two: every capture of the other one finds its place in ours, like any late import; then what a
    /// player put on a version is put on it here.
    async fn merge(
        &self,
        from: &dyn CharacterStorage,
        character: &CharacterId,
        cancel: &Cancel,
    ) -> Result<Captured> {
        let whole = Whole::read(from, character).await?;
        let mut moments: Vec<(Timestamp, &VersionMetadata)> = Vec::new();
        for version in &whole.versions {
            moments.push((version.captured_at, version));
            let seen = whole.sightings.iter().filter(|sighting| sighting.version == version.id);
            moments.extend(seen.map(|sighting| (sighting.at, version)));
        }
        let mut outcome = Captured::Identical;
        for moments in moments.chunks(BATCH) {
            cancel.check()?;
            let mut drafts = Vec::with_capacity(moments.len());
            for (at, version) in moments {
                drafts.push(self.draft_of(from, version, *at).await?);
            }
            let captures = self.capture(&drafts).await?;
            if captures.iter().any(|capture| capture.outcome != Captured::Identical) {
                outcome = Captured::Changed;
            }
        }
        for version in whole.versions.iter().filter(|version| is_marked(version)) {
            if self.put_marks(version).await? {
                outcome = Captured::Changed;
            }
        }
        Ok(outcome)
    }

    async fn draft_of(
        &self,
        from: &dyn CharacterStorage,
        version: &VersionMetadata,
        captured_at: Timestamp,
    ) -> Result<Draft> {
        let document = from.document(&version.character, &version.content).await?;
        let source = self.source(&version.source)?;
        let sheet = match self.known_sheet(version) {
            Some(sheet) => sheet,
            None => Arc::new(parsed(&document, |tree| Ok(source.read(tree)?.sheet))?),
        };
        Ok(Draft {
            character: version.character.clone(),
            source: source.name(),
            document: Arc::new(document),
            content: version.content,
            cuts: version.cuts.clone(),
            sheet,
            edited_at: version.edited_at,
            captured_at,
            origin: version.origin.clone(),
            linked: None,
            restores: None,
        })
    }

    /// Puts the pin, the tags and the note of a version on the one that has its document here; whether that changed anything.
    async fn put_marks(&self, marked: &VersionMetadata) -> Result<bool> {
        let at = marked.captured_at.to_string();
        let here = self.version(&marked.character, &at).await?;
        if here.content != marked.content {
            return Ok(false);
        }
        let mut after = self.tag(&here, &marked.tags, &[]).await?;
        if marked.pinned {
            after = self.pin(&here, true).await?;
        }
        let note = match (&here.note, &marked.note) {
            (Some(ours), Some(theirs)) if !ours.contains(theirs.as_str()) => {
                Some(format!("{ours}\n\n{theirs}"))
            }
            (None, Some(theirs)) => Some(theirs.clone()),
            _ => None,
        };
        if let Some(note) = note {
            after = self.note(&here, Some(&note)).await?;
        }
        Ok(after != here)
    }
}

fn is_marked(version: &VersionMetadata) -> bool {
    version.pinned || version.note.is_some() || !version.tags.is_empty()
}

fn left_out(left: &Left) -> Error {
    Error::new(Code::StoreDamaged, left.message.clone())
        .kept("The other characters were taken in, and nothing here was changed by this one.")
}

async fn row_of(from: &dyn CharacterStorage, id: &CharacterId) -> Result<Option<CharacterIndex>> {
    let filter = QueryFilter { ids: vec![id.clone()], deleted: Deleted::With, ..QueryFilter::default() };
    Ok(from.query(&filter).await?.items.pop())
}
