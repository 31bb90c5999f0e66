//! Taking the player out of a character that stays: every version written anew, the old ones gone, as one transaction.

use std::sync::Arc;

use super::{Library, RETRIES, auditing::Recorded, parsed, writing::made_anew};
use crate::{
    error::{Code, Error, Result},
    job::{Cancel, Progress, ProgressEvent},
    migrate::Whole,
    model::{CharacterId, CharacterIndex, ContentHash, VersionMetadata},
    privacy::{
        Pseudonym,
        anonymise::{AnonymisePlan, Anonymised, anonymise, nameless},
        audit::{Act, Action},
    },
    sheet::Sheet,
    storage::{Expect, Write},
};

/// A character as it will be, while it is written.
struct Nameless<'l> {
    library: &'l Library,
    tx: Recorded<'l>,
    pseudonym: Pseudonym,
    name: String,
    /// The versions written so far.
    versions: Vec<VersionMetadata>,
    /// The sheet of the last of them.
    last: Option<Arc<Sheet>>,
}

impl Library {
    /// What would be taken out of a character. Nothing is changed.
    ///
    /// # Errors
    /// `character_not_found`; as [`Library::history`].
    pub async fn plan_anonymise(&self, character: &CharacterId) -> Result<AnonymisePlan> {
        let index = self.row(character).await?;
        let whole = Whole::read(&*self.storage, character).await?;
        let count = |is: fn(&VersionMetadata) -> bool| whole.versions.iter().filter(|v| is(v)).count() as u64;
        let mut unreadable = 0;
        for version in &whole.versions {
            unreadable += u64::from(self.sheet(version).await.is_err());
        }
        Ok(AnonymisePlan {
            character: index.id,
            name: index.name,
            versions: whole.versions.len() as u64,
            captures: index.captures,
            tags: count(|version| !version.tags.is_empty()),
            notes: count(|version| version.note.is_some()),
            origins: count(|version| version.origin.is_some()),
            unreadable,
        })
    }

    /// Takes the player out of a character: its names, its notes, the account and whatever tells of other people go from every
    /// version and from all that is told of it, and it goes on under a pseudonym that nothing leads back from. When and how
    /// often it was looked at, its levels and its numbers stay. There is no way back. What it was leaves the files of the store
    /// with [`Library::scrub`].
    ///
    /// # Errors
    /// `character_not_found`, `cancelled`; `store_damaged`, `format_unsupported` for a version that cannot be read, whose text
    /// would have to stay as it is. Then nothing was changed.
    pub async fn anonymise(
        &self,
        character: &CharacterId,
        progress: &dyn Progress,
        cancel: &Cancel,
    ) -> Result<Anonymised> {
        for attempt in 0.. {
            match self.try_anonymise(character, progress, cancel).await {
                Err(error) if error.code == Code::Conflict && attempt < RETRIES => {}
                done => return done,
            }
        }
        Err(Error::internal("A character was not anonymised, without a reason."))
    }

    async fn try_anonymise(
        &self,
        character: &CharacterId,
        progress: &dyn Progress,
        cancel: &Cancel,
    ) -> Result<Anonymised> {
        let whole = Whole::read(&*self.storage, character).await?;
        let index = match whole.index {
            Some(index) => index,
            None => self.row(character).await?,
        };
        // The key is forgotten with this call.
        let key = format!("{}{}", self.clock.snapshot_id(), self.clock.snapshot_id());
        let pseudonym = Pseudonym::new(&key, character);
        let name = nameless(&pseudonym, self.language());
        let tx = self.begin().await?;
        let mut nameless = Nameless { library: self, tx, pseudonym, name, versions: Vec::new(), last: None };
        let id = nameless.pseudonym.character().clone();
        let mut row = CharacterIndex {
            id: id.clone(),
            name: nameless.name.clone(),
            campaign: None,
            linked: None,
            also: Vec::new(),
            last_change: None,
            anonymised_at: Some(self.clock.now()),
            audit_key: None,
            revision: 0,
            ..index.clone()
        };
        self.keyed(&mut row)?;
        let first = CharacterIndex { revision: 1, ..row.clone() };
        nameless.tx.write(vec![Write::Character { index: Box::new(first), expect: Expect::Absent }]).await?;
        let total = whole.versions.len() as u64;
        for (done, version) in (0..).zip(&whole.versions) {
            cancel.check()?;
            progress.report(ProgressEvent::Advanced { done, total });
            let seen = whole.sightings.iter().filter(|sighting| sighting.version == version.id);
            nameless.write(version, seen.map(|sighting| sighting.at).collect()).await?;
        }
        let Nameless { mut tx, name, versions, last, .. } = nameless;
        let newest = last.ok_or_else(|| Error::internal("A character without versions was anonymised."))?;
        let row = made_anew(CharacterIndex { revision: 1, ..row }, &versions, &newest);
        let erase = Write::Erase { character: character.clone(), expect: Expect::Revision(index.revision) };
        let act = |index| Act::of(Action::Anonymise, index).count("versions", total);
        let acts = vec![act(&index), act(&row)];
        let mut writes = vec![Write::Character { index: Box::new(row), expect: Expect::Absent }, erase];
        writes.extend(self.without_policy(character).await?);
        tx.write(writes).await?;
        tx.commit(acts).await?;
        progress.report(ProgressEvent::Advanced { done: total, total });
        Ok(Anonymised { character: id, name, versions: total })
    }
}

impl Nameless<'_> {
    /// Writes a version anew and reads its document back.
    async fn write(&mut self, version: &VersionMetadata, seen: Vec<jiff::Timestamp>) -> Result<()> {
        let library = self.library;
        let kept = |error: Error| {
            error.kept("Nothing was changed: a version that cannot be read cannot be anonymised.")
        };
        let document = library.document(version).await.map_err(kept)?;
        let source = library.source(&version.source).map_err(kept)?;
        let (text, sheet) = parsed(&document, |tree| anonymise(tree, &**source, &self.pseudonym, &self.name))
            .map_err(kept)?;
        let content = ContentHash::of(text.as_bytes());
        let (summary, trace) =
            library.told(self.last.as_deref(), &sheet, &version.source, version.restored)?;
        let character = self.pseudonym.character().clone();
        let metadata = VersionMetadata {
            id: library.clock.snapshot_id(),
            character: character.clone(),
            content,
            bytes: text.len() as u64,
            origin: None,
            cuts: Vec::new(),
            summary,
            tags: Vec::new(),
            note: None,
            stored: None,
            trace: Some(Arc::new(trace)),
            ..version.clone()
        };
        let bytes = Arc::new(text.into_bytes());
        let mut writes = vec![
            Write::Content { character: character.clone(), hash: content, bytes: Arc::clone(&bytes) },
            Write::Version { metadata: Box::new(metadata.clone()) },
        ];
        if !seen.is_empty() {
            writes.push(Write::Sightings { character: character.clone(), version: metadata.id, at: seen });
        }
        self.tx.write(writes).await?;
        if self.tx.document(&character, &content).await? != *bytes {
            return Err(kept(Error::new(
                Code::StoreDamaged,
                "A document came back changed from the library.",
            )));
        }
        self.versions.push(metadata);
        self.last = Some(Arc::new(sheet));
        Ok(())
    }
}
