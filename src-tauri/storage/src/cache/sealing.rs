//! What seals the values of a cache outside of the program: its store says so, and may say something else at the next moment,
//! when it was encrypted, got new keys or was decrypted, here or by another program.

use std::{
    fmt::Debug,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
};

use async_trait::async_trait;
use backstory_core::{cache::CacheSeal, error::Result, storage::CharacterStorage};

use super::envelope::Envelope;

/// Says how values are to be sealed.
#[async_trait]
pub trait Seals: Debug + Send + Sync {
    /// How, at this moment.
    ///
    /// # Errors
    /// As [`CharacterStorage::cache_seal`].
    async fn now(&self) -> Result<CacheSeal>;
}

/// Always the same.
#[async_trait]
impl Seals for CacheSeal {
    async fn now(&self) -> Result<CacheSeal> {
        Ok(self.clone())
    }
}

/// A store, which the cache does not keep open: of one that is closed nothing may be kept.
#[async_trait]
impl Seals for Weak<dyn CharacterStorage> {
    async fn now(&self) -> Result<CacheSeal> {
        match self.upgrade() {
            Some(store) => store.cache_seal().await,
            None => Ok(CacheSeal::Never),
        }
    }
}

/// What a store says, and what packs values then; nothing where nothing may be kept.
type Known = (CacheSeal, Option<Arc<Envelope>>);

/// What packs values, as of when it was last asked for.
#[derive(Debug)]
pub(super) struct Sealing {
    by: Arc<dyn Seals>,
    last: Mutex<Option<Known>>,
    /// Whoever is taking up another seal, so that only one does.
    turning: tokio::sync::Mutex<()>,
}

impl Sealing {
    pub(super) fn new(by: Arc<dyn Seals>) -> Self {
        Self { by, last: Mutex::default(), turning: tokio::sync::Mutex::default() }
    }

    /// What packs values at this moment; none where nothing may be kept. Before values are sealed that were not before, what is
    /// plain is taken away: where that fails, nothing is packed.
    ///
    /// # Errors
    /// As [`CharacterStorage::cache_seal`], and what keeps the plain values from being taken away.
    pub(super) async fn envelope(
        &self,
        take_plain: impl Future<Output = Result<()>> + Send,
    ) -> Result<Option<Arc<Envelope>>> {
        let seal = self.by.now().await?;
        if let Some(known) = self.known(&seal) {
            return Ok(known);
        }
        let _turn = self.turning.lock().await;
        if let Some(known) = self.known(&seal) {
            return Ok(known);
        }
        let envelope = match &seal {
            CacheSeal::Plain => Some(Arc::new(Envelope::new(None))),
            CacheSeal::Sealed(key) => {
                take_plain.await?;
                Some(Arc::new(Envelope::new(Some(key))))
            }
            CacheSeal::Never => None,
        };
        *self.last() = Some((seal, envelope.clone()));
        Ok(envelope)
    }

    /// What packed the last value: what is to be deleted lies under its names, also where the store cannot say any more.
    pub(super) fn last_known(&self) -> Option<Arc<Envelope>> {
        self.last().as_ref().and_then(|(_, envelope)| envelope.clone())
    }

    fn known(&self, seal: &CacheSeal) -> Option<Option<Arc<Envelope>>> {
        self.last().as_ref().filter(|(known, _)| known == seal).map(|(_, envelope)| envelope.clone())
    }

    fn last(&self) -> MutexGuard<'_, Option<Known>> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
