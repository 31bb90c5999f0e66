//! Encryption along the way: a library that is encrypted does not become a plain one unless the player said so.

use serde::{Deserialize, Serialize};

use super::StorageMigrator;
use crate::{
    encryption::{Encryption, EncryptionState, KeyChange},
    error::{Code, Error, Result},
    job::{Cancel, Progress},
    storage::CharacterStorage,
};

/// What becomes of a library's encryption at another store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub enum Sealing {
    /// The library is not encrypted, so nothing is lost.
    Plain,
    /// The new store is encrypted under the library's own keys: what opens the one opens the other.
    Same,
    /// The new store has keys of its own already.
    Own,
    /// The library is encrypted, and the new store is not and will not be.
    Lost,
}

impl StorageMigrator {
    /// What would become of the library's encryption. `can_seal`: whether a store that is not there yet will be able to encrypt.
    ///
    /// # Errors
    /// `invalid_argument` where either is being encrypted or decrypted; as [`CharacterStorage::encryption`].
    pub async fn sealing(&self, can_seal: bool) -> Result<Sealing> {
        let source = self.from.encryption().await?;
        settled(&source)?;
        if self.from.keys().await?.is_none() {
            return Ok(Sealing::Plain);
        }
        let target = self.to.encryption().await?;
        let is_empty = is_empty(&*self.to).await?;
        if !is_empty {
            settled(&target)?;
        }
        Ok(match target.state {
            EncryptionState::On if shares_a_key(&source, &target) => Sealing::Same,
            EncryptionState::On => Sealing::Own,
            EncryptionState::Unsupported if can_seal => Sealing::Same,
            EncryptionState::Off | EncryptionState::Encrypting if is_empty => Sealing::Same,
            _ => Sealing::Lost,
        })
    }

    /// Sees to it that what is copied into the target is as safe there as it was: an empty store is put under the library's own
    /// keys. `plain`: the player agreed to a copy that is not encrypted, where the target cannot be.
    ///
    /// # Errors
    /// `encryption_unsupported` where the copy would be plain and nobody agreed to that: nothing was written then; as
    /// [`CharacterStorage::change_keys`].
    pub async fn seal_target(
        &self,
        plain: bool,
        progress: &dyn Progress,
        cancel: &Cancel,
    ) -> Result<Sealing> {
        let sealing = self.sealing(false).await?;
        match sealing {
            Sealing::Lost if !plain => {
                return Err(Error::new(
                    Code::EncryptionUnsupported,
                    "The library is encrypted, and its copy there would not be.",
                )
                .kept("Nothing was copied.")
                .hint("Choose a file or a folder of this computer, or say that the copy may be plain."));
            }
            Sealing::Same => {
                let change = match self.to.encryption().await?.state {
                    EncryptionState::On => return Ok(sealing),
                    EncryptionState::Off => self.from.keys().await?.map(KeyChange::Like),
                    _ => Some(KeyChange::GoOn),
                };
                let change = change.ok_or_else(|| Error::internal("An encrypted library tells no keys."))?;
                self.to.change_keys(&change, progress, cancel).await?;
            }
            Sealing::Plain | Sealing::Own | Sealing::Lost => {}
        }
        Ok(sealing)
    }
}

fn shares_a_key(one: &Encryption, other: &Encryption) -> bool {
    one.keys.iter().any(|key| other.keys.iter().any(|known| known.id == key.id))
}

/// What is half encrypted is ended first: nobody could say what its copy is.
fn settled(encryption: &Encryption) -> Result<()> {
    if !encryption.state.is_under_way() {
        return Ok(());
    }
    Err(Error::new(
        Code::InvalidArgument,
        "A library that is being encrypted or decrypted cannot be moved before that is at its end.",
    )
    .kept("Nothing was copied.")
    .hint("End it first, under Privacy & data or with `backstory encryption resume`."))
}

async fn is_empty(storage: &dyn CharacterStorage) -> Result<bool> {
    let found = storage.statistics().await?;
    Ok(found.characters == 0 && found.versions == 0)
}
