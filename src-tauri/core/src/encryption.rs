//! Encryption at rest: what a store is told about it, and what it tells. How it is done is beneath the contract.
//!
//! A store that encrypts keeps one random key for each character, which goes first when the character is erased, and wraps
//! these with a master key. The master key is 32 random bytes, written down as the 24 words of the recovery phrase; on this
//! computer it is opened by the keychain of the system or by a passphrase. Whoever has neither these nor the phrase has nothing.
//!
//! Everything above the contract sees plain data, so that any store can become any other.

use std::{
    fmt::{self, Debug, Formatter},
    sync::Arc,
};

use serde::{Deserialize, Serialize};

use crate::{
    error::{Code, Error, Result},
    storage::Secret,
};

/// How many words a recovery phrase has.
pub const PHRASE_WORDS: usize = 24;

/// The fewest letters a passphrase may have.
pub const SHORTEST_PASSPHRASE: usize = 8;

/// Keeps secrets for this account, each under a name.
pub trait Keychain: Debug + Send + Sync {
    /// What is kept under a name.
    ///
    /// # Errors
    /// `keychain_unavailable`.
    fn get(&self, name: &str) -> Result<Option<Secret>>;

    /// Keeps this under a name, in place of what was there.
    ///
    /// # Errors
    /// `keychain_unavailable`.
    fn set(&self, name: &str, secret: &Secret) -> Result<()>;

    /// Forgets what is kept under a name; whether there was something.
    ///
    /// # Errors
    /// `keychain_unavailable`.
    fn forget(&self, name: &str) -> Result<bool>;
}

/// What opens an encrypted store.
#[derive(Clone, Default)]
pub struct Unlock {
    /// The passphrase, or the recovery phrase.
    pub words: Option<Secret>,
    /// The keychain to ask; none: the system's own.
    pub keychain: Option<Arc<dyn Keychain>>,
}

impl Debug for Unlock {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("Unlock").field("words", &self.words).finish_non_exhaustive()
    }
}

impl PartialEq for Unlock {
    fn eq(&self, other: &Self) -> bool {
        let keychains = match (&self.keychain, &other.keychain) {
            (Some(one), Some(other)) => Arc::ptr_eq(one, other),
            (one, other) => one.is_none() && other.is_none(),
        };
        keychains && self.words == other.words
    }
}

impl Eq for Unlock {}

/// What opens the master key on this computer, besides the recovery phrase.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub enum LockKind {
    /// The keychain of the operating system.
    Keychain,
    /// Words that the player types at every start.
    Passphrase,
}

/// A lock to be put on a store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lock {
    /// The keychain of the operating system.
    Keychain,
    /// These words.
    Passphrase(Secret),
}

impl Lock {
    /// Its kind.
    pub fn kind(&self) -> LockKind {
        match self {
            Self::Keychain => LockKind::Keychain,
            Self::Passphrase(_) => LockKind::Passphrase,
        }
    }
}

/// What is to become of a store's keys. The first three rewrite the store, a character at a time: stopped at any moment, every
/// version can be read, and [`KeyChange::GoOn`] does the rest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyChange {
    /// Everything is encrypted, under the master key that this phrase is.
    On {
        /// What opens it.
        lock: Lock,
        /// From [`new_phrase`](crate::storage::CharacterStorage::new_phrase).
        phrase: Secret,
    },
    /// Everything is encrypted anew, under new keys; the old ones open nothing any more.
    Renew {
        /// What opens it.
        lock: Lock,
        /// From [`new_phrase`](crate::storage::CharacterStorage::new_phrase).
        phrase: Secret,
    },
    /// An empty store is encrypted under the keys of another one, as [`keys`](crate::storage::CharacterStorage::keys) of that
    /// one told them: what opens that one opens this one. For a library that moves, where this program has it open.
    Like(Secret),
    /// Everything is kept plain again, and all keys go.
    Off,
    /// What was begun is ended; nothing where nothing was.
    GoOn,
    /// The same keys under another lock. Rewrites nothing.
    Relock(Lock),
}

/// How far a store is encrypted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub enum EncryptionState {
    /// This kind of store cannot encrypt.
    #[default]
    Unsupported,
    /// Everything is plain.
    Off,
    /// Encrypting was begun and is not at its end: what is new is encrypted, some of the rest is not yet.
    Encrypting,
    /// Everything personal is encrypted.
    On,
    /// Keys are being renewed: some of it is under the old one.
    Renewing,
    /// Encryption is being taken off.
    Decrypting,
}

impl EncryptionState {
    /// Whether something was begun and is not at its end.
    pub fn is_under_way(self) -> bool {
        matches!(self, Self::Encrypting | Self::Renewing | Self::Decrypting)
    }
}

/// A master key that is in use, and for how many characters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct KeyInUse {
    /// Its name: made from the key, and nothing of it can be told from the name.
    pub id: String,
    /// How everything under it is encrypted.
    pub algorithm: String,
    /// How many characters' keys it wraps.
    pub characters: u64,
}

/// What of a sealed store can be read by whoever has its bytes. The words for it are the window's and the guide's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub enum Clear {
    /// The ids of characters and versions: a number at D&D Beyond, a random text otherwise.
    Ids,
    /// When something was captured, edited, seen again and deleted.
    Times,
    /// How many versions there are and what they are numbered; which ones changed something.
    Counts,
    /// A character's level, by which lists are sorted.
    Levels,
    /// How long documents are.
    Sizes,
    /// The BLAKE3 of each document: whoever has the very same document can tell that it is there.
    Fingerprints,
    /// How the store is set up.
    Settings,
}

/// How far a store is encrypted, and with what.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Encryption {
    /// How far.
    pub state: EncryptionState,
    /// What opens it on this computer; none where only the recovery phrase does.
    pub lock: Option<LockKind>,
    /// The keys in use, the current one first.
    pub keys: Vec<KeyInUse>,
    /// How many characters there are.
    pub characters: u64,
    /// What stays clear in it.
    pub clear: Vec<Clear>,
}

/// What a store answers that cannot encrypt.
pub fn unsupported(kind: &str) -> Error {
    Error::new(Code::EncryptionUnsupported, "A library of this kind cannot be encrypted by Backstory.")
        .kept("Nothing was changed.")
        .hint("Libraries in a file or in a folder of this computer can. Move it into one: backstory migrate.")
        .detail("kind", kind)
}

/// Whether these words may become a passphrase.
///
/// # Errors
/// `invalid_argument`.
pub fn check_passphrase(words: &Secret) -> Result<()> {
    if words.reveal().trim().chars().count() >= SHORTEST_PASSPHRASE {
        return Ok(());
    }
    Err(Error::new(
        Code::InvalidArgument,
        format!("A passphrase needs at least {SHORTEST_PASSPHRASE} letters; four words that do not belong together are good."),
    )
    .kept("Nothing was changed."))
}
