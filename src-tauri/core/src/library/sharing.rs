//! Making of a character what may be shown to others.

use std::sync::Arc;

use super::{Library, parsed};
use crate::{
    error::{Error, Result},
    job::Cancel,
    json::Tree,
    migrate::Whole,
    model::{CharacterId, ContentHash, VersionMetadata},
    privacy::{Pseudonym, redact},
    source::Draft,
};

/// So many versions are told in one transaction.
const BATCH: usize = 50;

impl Library {
    /// Puts a character into another library as it may be shown: without what its source calls personal
    /// ([`crate::source::Source::personal`]), under a pseudonym that only `key` leads back to it, and without notes, names of
    /// versions, file names and times of looking. Its history is told anew from what is left. Pins stay. Says who it is there.
    ///
    /// # Errors
    /// As [`Library::document`] of any version; `cancelled`.
    pub async fn share(
        &self,
        character: &CharacterId,
        with: &Self,
        key: &str,
        cancel: &Cancel,
    ) -> Result<CharacterId> {
        let whole = Whole::read(&*self.storage, character).await?;
        let pseudonym = Pseudonym::new(key, character);
        for versions in whole.versions.chunks(BATCH) {
            cancel.check()?;
            let mut drafts = Vec::with_capacity(versions.len());
            for version in versions {
                drafts.push(self.shown(version, &pseudonym).await?);
            }
            with.capture(&drafts).await?;
        }
        for version in whole.versions.iter().filter(|version| version.pinned) {
            let there = with.version(pseudonym.character(), &version.captured_at.to_string()).await?;
            with.pin(&there, true).await?;
        }
        Ok(pseudonym.character().clone())
    }

    async fn shown(&self, version: &VersionMetadata, pseudonym: &Pseudonym) -> Result<Draft> {
        let document = self.stored_document(version).await?;
        let source = self.source(&version.source)?;
        let text = parsed(&document, |tree| redact(tree, &**source, pseudonym))?;
        let unreadable = || {
            let message = "What is left of a document without what is personal cannot be read.";
            Error::internal(message).kept("Nothing was shared.")
        };
        let reading = source.read(&Tree::parse(&text).map_err(|_| unreadable())?)?;
        Ok(Draft {
            character: pseudonym.character().clone(),
            source: source.name(),
            content: ContentHash::of(text.as_bytes()),
            document: Arc::new(text.into_bytes()),
            cuts: Vec::new(),
            sheet: Arc::new(reading.sheet),
            edited_at: version.edited_at,
            captured_at: version.captured_at,
            origin: None,
            linked: None,
            restores: None,
        })
    }
}
