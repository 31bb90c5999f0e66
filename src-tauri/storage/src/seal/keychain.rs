//! The keychain of the operating system: Keychain, Credential Manager, Secret Service.

use backstory_core::{
    encryption::Keychain,
    error::{Code, Error, Result},
    storage::Secret,
};
use keyring::v1::{Entry, Error as KeyringError};

/// What Backstory's entries are listed under.
const SERVICE: &str = "Backstory";

/// The keychain of the operating system.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemKeychain;

impl SystemKeychain {
    fn entry(name: &str) -> Result<Entry> {
        Entry::new(SERVICE, name).map_err(|error| unavailable(&error))
    }
}

impl Keychain for SystemKeychain {
    fn get(&self, name: &str) -> Result<Option<Secret>> {
        match Self::entry(name)?.get_password() {
            Ok(secret) => Ok(Some(Secret::new(secret))),
            Err(KeyringError::NoEntry) => Ok(None),
            Err(error) => Err(unavailable(&error)),
        }
    }

    fn set(&self, name: &str, secret: &Secret) -> Result<()> {
        Self::entry(name)?.set_password(secret.reveal()).map_err(|error| unavailable(&error))
    }

    fn forget(&self, name: &str) -> Result<bool> {
        match Self::entry(name)?.delete_credential() {
            Ok(()) => Ok(true),
            Err(KeyringError::NoEntry) => Ok(false),
            Err(error) => Err(unavailable(&error)),
        }
    }
}

/// The cause is told only where it cannot be about what is kept.
fn unavailable(error: &KeyringError) -> Error {
    let reason = match error {
        KeyringError::PlatformFailure(cause) | KeyringError::NoStorageAccess(cause) => cause.to_string(),
        KeyringError::NoDefaultStore => "there is none".to_owned(),
        _ => "it refused".to_owned(),
    };
    tracing::debug!(reason, "the keychain does not open");
    refused()
}

/// The keychain cannot be relied on.
pub(super) fn refused() -> Error {
    Error::new(Code::KeychainUnavailable, "The keychain of this computer does not open, or does not keep what it is given.")
        .kept("Nothing was read or written.")
        .hint("Unlock the keychain and try again, or use a passphrase. The recovery phrase opens an encrypted library without either.")
}
