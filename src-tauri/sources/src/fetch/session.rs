//! The player's own session with D&D Beyond, for characters that are private. It is a full credential: it is kept in the
//! keychain of the operating system and nowhere else, and is used only after D&D Beyond said that a character is private.

use backstory_core::{
    error::{Code, Error, Result},
    storage::Secret,
};
use keyring::v1::{Entry, Error as KeyringError};

/// The longest session that is taken; they have a few hundred characters.
pub const MAX_SESSION: usize = 8 << 10;

/// Keeps one secret.
pub trait Keychain: Send + Sync {
    /// What is kept.
    ///
    /// # Errors
    /// `keychain_unavailable`.
    fn get(&self) -> Result<Option<Secret>>;

    /// Keeps this instead.
    ///
    /// # Errors
    /// `keychain_unavailable`: then it is kept nowhere.
    fn set(&self, secret: &Secret) -> Result<()>;

    /// Forgets it; whether there was one.
    ///
    /// # Errors
    /// `keychain_unavailable`.
    fn forget(&self) -> Result<bool>;
}

/// The keychain of the operating system: Keychain, Credential Manager, Secret Service.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemKeychain;

impl SystemKeychain {
    fn entry() -> Result<Entry> {
        Entry::new("Backstory", "D&D Beyond session").map_err(|error| unavailable(&error))
    }
}

impl Keychain for SystemKeychain {
    fn get(&self) -> Result<Option<Secret>> {
        match Self::entry()?.get_password() {
            Ok(secret) => Ok(Some(Secret::new(secret))),
            Err(KeyringError::NoEntry) => Ok(None),
            Err(error) => Err(unavailable(&error)),
        }
    }

    fn set(&self, secret: &Secret) -> Result<()> {
        Self::entry()?.set_password(secret.reveal()).map_err(|error| unavailable(&error))
    }

    fn forget(&self) -> Result<bool> {
        match Self::entry()?.delete_credential() {
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
    Error::new(
        Code::KeychainUnavailable,
        "The keychain of this computer does not open, and a session is kept nowhere else.",
    )
    .kept("No session was written anywhere. Public characters can be fetched without one.")
    .hint("Unlock the keychain and try again, set the character to public, or import the JSON you save in your browser.")
}

/// What somebody pasted as their session: the value of the cookie `CobaltSession`, with or without its name.
///
/// # Errors
/// `invalid_argument`. The text is never repeated.
pub fn session(text: &str) -> Result<Secret> {
    let text = text.trim().trim_end_matches(';').trim_matches('"');
    let value = text.strip_prefix("CobaltSession=").unwrap_or(text);
    let fits = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b';' | b',' | b'"' | b'\\');
    if value.is_empty() || value.len() > MAX_SESSION || !value.bytes().all(fits) {
        return Err(Error::new(Code::InvalidArgument, "What was given is not a D&D Beyond session.")
            .kept("Nothing was kept.")
            .hint("In your browser, signed in on dndbeyond.com, copy the value of the cookie CobaltSession, one line without spaces."));
    }
    Ok(Secret::new(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_one_word() {
        for text in ["abc.def-1=", "  abc.def-1=\r\n", "CobaltSession=abc.def-1=;", "\"abc.def-1=\""] {
            assert_eq!(session(text).unwrap().reveal(), "abc.def-1=", "{text}");
        }
        for text in ["", " ", "two words", "a\r\nCookie: b", "a;b=c", "ä", &"x".repeat(MAX_SESSION + 1)] {
            let error = session(text).unwrap_err();
            assert_eq!(error.code, Code::InvalidArgument);
            assert!(text.trim().is_empty() || !format!("{error:?} {}", error.message).contains(text));
        }
    }
}
