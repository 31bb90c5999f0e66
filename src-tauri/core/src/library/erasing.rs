//! Taking characters away for good.

use super::Library;
use crate::{
    encryption::EncryptionState,
    error::{Code, Result},
    job::{Cancel, Progress, ProgressEvent},
    model::{CharacterId, CharacterIndex, VersionMetadata},
    privacy::{audit::SubjectKey, erase::Amount},
    storage::{Deleted, HistoryQuery, Kept, Pool, QueryFilter},
};

/// A shorter text stands in files for reasons of its own.
const SHORTEST: usize = 8;
/// So many things are looked for at most: those of the latest characters.
const MOST: usize = 400_000;

/// What must not be found anywhere once something is erased.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fingerprints {
    /// What stands in the store as it is.
    pub clear: Vec<Vec<u8>>,
    /// What an encrypted store holds only encrypted: it must not be written down on the way either.
    pub secret: Vec<Vec<u8>>,
}

impl Library {
    /// How much there is of one character, or of all of them, the bin included.
    ///
    /// # Errors
    /// As [`Library::query`].
    pub async fn count(&self, only: Option<&CharacterId>) -> Result<Amount> {
        let rows = self.rows(only).await?;
        Ok(Amount {
            characters: rows.len() as u64,
            versions: rows.iter().map(|row| row.versions).sum(),
            captures: rows.iter().map(|row| row.captures).sum(),
        })
    }

    /// What of one character, or of all of them, must not be found anywhere once it is erased: names, ids, notes, file names,
    /// identities of versions and hashes of documents, as they stand in the files of a store. Of one character among others
    /// only what no other character has, and not its id: that stays, as its tombstone.
    ///
    /// # Errors
    /// As [`Library::history`].
    pub async fn fingerprints(&self, only: Option<&CharacterId>) -> Result<Fingerprints> {
        let mut found = Fingerprints::default();
        for row in self.rows(only).await? {
            let history = self.storage.history(&HistoryQuery::all(row.id.clone())).await?.items;
            if only.is_none() {
                found.clear.push(row.id.to_string().into_bytes());
            }
            for version in &history {
                found.clear.extend([version.id.0.as_bytes().to_vec(), version.content.0.to_vec()]);
                found
                    .clear
                    .extend([version.id.to_string(), version.content.to_string()].map(String::into_bytes));
            }
            found.secret.extend(texts(&row, &history, only.is_none()));
            for traces in [&mut found.clear, &mut found.secret] {
                traces.retain(|trace| trace.len() >= SHORTEST);
                traces.sort_unstable();
                traces.dedup();
            }
            if found.clear.len() + found.secret.len() > MOST {
                break;
            }
        }
        if let Some(only) = only {
            let others = self.rows(None).await?;
            let names: Vec<String> =
                others.into_iter().filter(|row| row.id != *only).map(|row| row.name).collect();
            found.secret.retain(|trace| !names.iter().any(|name| contains(name.as_bytes(), trace)));
        }
        if !matches!(self.storage.encryption().await?.state, EncryptionState::On | EncryptionState::Renewing)
        {
            found.clear.append(&mut found.secret);
        }
        Ok(found)
    }

    /// Takes every character away for good.
    ///
    /// # Errors
    /// As [`Library::erase`]; `cancelled`. Those that are gone by then are gone.
    pub async fn erase_all(&self, progress: &dyn Progress, cancel: &Cancel) -> Result<()> {
        let erased = self.erase_every_row(progress, cancel).await;
        // A part of a cache that is away is told when it comes back; nobody is served anything of it before.
        let _ = self.forget_cached(None).await;
        erased
    }

    async fn erase_every_row(&self, progress: &dyn Progress, cancel: &Cancel) -> Result<()> {
        let rows = self.rows(None).await?;
        let total = rows.len() as u64;
        for (done, row) in (0..).zip(rows) {
            cancel.check()?;
            progress.report(ProgressEvent::Advanced { done, total });
            match self.erase_stored(&row.id).await {
                Err(error) if error.code == Code::CharacterNotFound => {}
                done => done?,
            }
        }
        progress.report(ProgressEvent::Advanced { done: total, total });
        Ok(())
    }

    /// # Errors
    /// As [`CharacterStorage::scrub`](crate::storage::CharacterStorage::scrub).
    pub async fn scrub(&self, progress: &dyn Progress, cancel: &Cancel) -> Result<()> {
        self.storage.scrub(progress, cancel).await
    }

    /// As [`CharacterStorage::keeps`](crate::storage::CharacterStorage::keeps).
    pub fn keeps(&self) -> &'static [Kept] {
        self.storage.keeps()
    }

    /// As [`CharacterStorage::pool`](crate::storage::CharacterStorage::pool).
    pub fn pool(&self) -> Option<Pool> {
        self.storage.pool()
    }

    async fn rows(&self, only: Option<&CharacterId>) -> Result<Vec<CharacterIndex>> {
        let ids = only.into_iter().cloned().collect();
        let filter = QueryFilter { ids, deleted: Deleted::With, ..QueryFilter::default() };
        Ok(self.storage.query(&filter).await?.items)
    }
}

/// What a player, or a source, wrote: names, notes, tags, files; and what leads from the log to a character.
fn texts(row: &CharacterIndex, history: &[VersionMetadata], is_all: bool) -> Vec<Vec<u8>> {
    let mut texts = vec![row.name.clone()];
    texts.extend(row.audit_key.as_ref().map(SubjectKey::text));
    if is_all {
        texts.extend(row.campaign.clone());
        texts.extend(history.iter().filter_map(|version| version.origin.clone()));
    }
    for version in history {
        texts.extend(version.note.clone());
        texts.extend(version.tags.iter().cloned());
    }
    texts.into_iter().map(String::into_bytes).collect()
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len().max(1)).any(|window| window == part)
}
