//! Encryption at rest, beneath the contract: what every backend that has it shares.
//!
//! - [`cipher`]: what encrypts.
//! - [`envelope`]: encrypted bytes, and what they are bound to.
//! - [`master`]: the master key, which is the recovery phrase.
//! - [`record`]: what a store says of its keys, and what opens them.
//! - [`Seal`]: an open store's keys. Before each read and each write a backend asks it for the [`Ring`] of what the store says
//!   of its keys at that moment, so that two programs on one store never disagree about them.
//! - [`Owner`]: what one character's texts are encrypted with.

mod change;
pub(crate) mod cipher;
#[cfg(test)]
pub(crate) mod doubles;
mod envelope;
pub mod keychain;
mod master;
mod record;

use std::{
    borrow::Cow,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use backstory_core::{
    cache::{CacheSeal, CacheSecret},
    encryption::{Clear, Encryption, EncryptionState, KeyInUse, Keychain, LockKind, Unlock},
    error::{Code, Error, Result},
    model::CharacterId,
    storage::Secret,
};

pub(crate) use self::{
    envelope::{ALGORITHM_NAME, Key, KeyId, OVERHEAD, Place, is_envelope, key_of},
    master::new_phrase,
};
use self::{master::Master, record::Record};

/// What stays clear in a sealed store.
pub(crate) const CLEAR: [Clear; 7] = [
    Clear::Ids,
    Clear::Times,
    Clear::Counts,
    Clear::Levels,
    Clear::Sizes,
    Clear::Fingerprints,
    Clear::Settings,
];

/// Every master key that this program opened: for its own copies of what it has open, and for nothing else.
static AT_HAND: Mutex<Vec<Master>> = Mutex::new(Vec::new());

/// The field that a character's own key stands in.
const KEY: &str = "key";

/// An open store's keys.
#[derive(Debug)]
pub(crate) struct Seal {
    unlock: Unlock,
    /// The last ring that was asked for: most often it is still the one.
    ring: Mutex<Arc<Ring>>,
    /// Every master key that was opened or put on the store since it was opened: nobody is asked twice.
    known: Mutex<Vec<Master>>,
}

/// The keys of a store as it says at one moment.
#[derive(Debug, Default)]
pub(crate) struct Ring {
    text: Option<String>,
    record: Option<Record>,
    store: Vec<u8>,
    masters: Vec<Master>,
}

impl Seal {
    pub(crate) fn new(unlock: Unlock) -> Self {
        Self { unlock, ring: Mutex::default(), known: Mutex::default() }
    }

    /// The same, for a copy of a library that this program has opened: the keys that opened it are enough.
    pub(crate) fn at_hand() -> Self {
        let known = AT_HAND.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Self { unlock: Unlock::default(), ring: Mutex::default(), known: Mutex::new(known) }
    }

    /// The keychain to ask.
    pub(crate) fn keychain(&self) -> Arc<dyn Keychain> {
        self.unlock.keychain.clone().unwrap_or_else(|| Arc::new(keychain::SystemKeychain))
    }

    /// The keys of a store that says this of them.
    ///
    /// # Errors
    /// `library_locked`, `library_key_wrong`, `store_damaged`, `store_newer`.
    pub(crate) fn ring(&self, text: Option<&str>) -> Result<Arc<Ring>> {
        let mut ring = self.ring.lock().unwrap_or_else(PoisonError::into_inner);
        if ring.text.as_deref() != text {
            let (chain, known) = (self.keychain(), self.known());
            let read = match Ring::read(text, &self.unlock, &*chain, &known) {
                // Somebody changed the keys while it was open: the words were right when they were given.
                Err(error) if error.code == Code::LibraryKeyWrong && !known.is_empty() => {
                    Ring::read(text, &Unlock::default(), &*chain, &known)
                }
                read => read,
            };
            *ring = Arc::new(read?);
            self.learn(&ring.masters);
        }
        Ok(Arc::clone(&ring))
    }
}

impl Seal {
    fn known(&self) -> Vec<Master> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn learn(&self, masters: &[Master]) {
        for known in [&self.known, &AT_HAND] {
            let mut known = known.lock().unwrap_or_else(PoisonError::into_inner);
            for master in masters {
                if known.iter().all(|known| known.id() != master.id()) {
                    known.push(master.clone());
                }
            }
        }
    }
}

impl Ring {
    /// Opens the keys of a store, with those that are known already or with what is at hand.
    fn read(text: Option<&str>, unlock: &Unlock, chain: &dyn Keychain, known: &[Master]) -> Result<Self> {
        let Some(text) = text else { return Ok(Self::default()) };
        let record = Record::parse(text)?;
        let masters = record.open(unlock, chain, known)?;
        let store = record.store();
        Ok(Self { text: Some(text.to_owned()), record: Some(record), store, masters })
    }

    /// How far the store is encrypted.
    pub(crate) fn state(&self) -> EncryptionState {
        self.record.as_ref().map_or(EncryptionState::Off, |record| record.state)
    }

    /// What opens it on this computer.
    pub(crate) fn lock(&self) -> Option<LockKind> {
        self.record.as_ref().and_then(Record::lock)
    }

    /// What the store says of its keys; nothing can be opened with it alone.
    pub(crate) fn text(&self) -> Option<Secret> {
        self.text.as_ref().map(Secret::new)
    }

    /// Whether nothing is encrypted, nor is to be.
    pub(crate) fn is_off(&self) -> bool {
        self.record.is_none()
    }

    /// Whether what is written is encrypted.
    pub(crate) fn seals(&self) -> bool {
        matches!(self.state(), EncryptionState::Encrypting | EncryptionState::On | EncryptionState::Renewing)
    }

    /// How what is in the store may lie in a cache that others can reach: never plain while it has a key, whatever is being done
    /// with it.
    pub(crate) fn cache_seal(&self) -> CacheSeal {
        match (&self.record, self.masters.first()) {
            (None, _) => CacheSeal::Plain,
            (Some(_), Some(master)) => CacheSeal::Sealed(CacheSecret::new(master.caches.bytes())),
            (Some(_), None) => CacheSeal::Never,
        }
    }

    /// Whether plain texts are rightly there.
    fn reads_plain(&self) -> bool {
        !matches!(self.state(), EncryptionState::On | EncryptionState::Renewing)
    }

    fn key_place<'a>(&'a self, owner: &'a str) -> Place<'a> {
        Place { store: &self.store, owner, field: KEY, item: &[] }
    }

    /// A new key for a character, and the form in which it is kept.
    ///
    /// # Errors
    /// `internal` where there are no keys at all, or no random numbers.
    pub(crate) fn new_key(&self, owner: &CharacterId) -> Result<(Key, Vec<u8>)> {
        let master =
            self.masters.first().ok_or_else(|| Error::internal("A store without keys was to encrypt."))?;
        let key = Key::random()?;
        let wrapped = key.wrap(&master.wrapping, &self.key_place(owner.as_str()))?;
        Ok((key, wrapped))
    }

    /// A character's key from the form in which it is kept.
    ///
    /// # Errors
    /// `store_damaged`.
    pub(crate) fn key(&self, owner: &CharacterId, wrapped: &[u8]) -> Result<Key> {
        let id = key_of(wrapped);
        let master = self.masters.iter().find(|master| Some(master.id()) == id).ok_or_else(|| {
            Error::new(
                Code::StoreDamaged,
                format!("The key of {owner} is under a key that the library does not have."),
            )
            .kept("Nothing was changed.")
        })?;
        master.wrapping.unwrap(&self.key_place(owner.as_str()), wrapped)
    }

    /// Whether a character's key is under the current master key.
    pub(crate) fn is_current(&self, wrapped: &[u8]) -> bool {
        self.masters.first().is_some_and(|master| key_of(wrapped) == Some(master.id()))
    }

    /// The masters' names, the current one first.
    pub(crate) fn ids(&self) -> impl Iterator<Item = KeyId> {
        self.masters.iter().map(Master::id)
    }

    /// What a store tells of itself. `under` gives the number of characters whose key is under a master.
    pub(crate) fn told(&self, characters: u64, under: impl Fn(KeyId) -> u64) -> Encryption {
        let key = |id: KeyId| KeyInUse {
            id: id.to_string(),
            algorithm: ALGORITHM_NAME.to_owned(),
            characters: under(id),
        };
        Encryption {
            state: self.state(),
            lock: self.lock(),
            keys: self.ids().map(key).collect(),
            characters,
            clear: CLEAR.to_vec(),
        }
    }
}

/// Takes what opens a library out of the keychain of this computer, for good. It is worth nothing without the library, so a
/// keychain that does not open stops nobody.
pub(crate) fn forget_keys(library: &Path) {
    forget_keys_in(library, &keychain::SystemKeychain);
}

/// The same, out of another keychain.
pub(crate) fn forget_keys_in(library: &Path, chain: &dyn Keychain) {
    let text = if library.is_dir() { crate::folder::record(library) } else { crate::sqlite::record(library) };
    let record = text.and_then(|text| Record::parse(&text).ok());
    for name in record.iter().flat_map(Record::kept) {
        if chain.forget(&name).is_err() {
            tracing::warn!("the keychain keeps what is of no use any more");
        }
    }
}

/// What one character's texts are encrypted with, or what belongs to none.
#[derive(Debug)]
pub(crate) struct Owner {
    ring: Arc<Ring>,
    id: String,
    /// The first encrypts; any opens.
    keys: Vec<Key>,
}

impl Owner {
    /// Of anything in a store in which nothing is encrypted.
    pub(crate) fn plain() -> Self {
        Self { ring: Arc::default(), id: String::new(), keys: Vec::new() }
    }

    /// Of a character with this key; with none, where it has none.
    pub(crate) fn character(ring: Arc<Ring>, id: &CharacterId, key: Option<Key>) -> Self {
        Self { ring, id: id.to_string(), keys: key.into_iter().collect() }
    }

    /// Of what belongs to no character.
    pub(crate) fn common(ring: Arc<Ring>) -> Self {
        let keys = ring.masters.iter().map(|master| master.common.clone()).collect();
        Self { ring, id: String::new(), keys }
    }

    /// Whether texts are to be encrypted.
    pub(crate) fn seals(&self) -> bool {
        self.ring.seals()
    }

    fn place<'a>(&'a self, field: &'a str, item: &'a [u8]) -> Place<'a> {
        Place { store: &self.ring.store, owner: &self.id, field, item }
    }

    fn current(&self) -> Result<&Key> {
        self.keys.first().ok_or_else(|| Error::internal("There is no key to encrypt with."))
    }

    /// Whether these bytes are an envelope that one of its keys made: no others look like one but by a chance of one in 2^64.
    pub(crate) fn made(&self, kept: &[u8]) -> bool {
        let id = key_of(kept);
        id.is_some() && self.keys.iter().any(|key| Some(key.id()) == id)
    }

    /// Encrypts a text, where the store is to encrypt; none where it is to be kept as it is.
    ///
    /// # Errors
    /// `internal`.
    pub(crate) fn seal(&self, field: &str, item: &[u8], plain: &[u8]) -> Result<Option<Vec<u8>>> {
        if !self.seals() {
            return Ok(None);
        }
        self.current()?.seal(&self.place(field, item), plain).map(Some)
    }

    /// The same for a text that must be found by what is in it.
    ///
    /// # Errors
    /// `internal`.
    pub(crate) fn seal_alike(&self, field: &str, plain: &[u8]) -> Result<Option<Vec<u8>>> {
        if !self.seals() {
            return Ok(None);
        }
        Ok(Some(self.current()?.seal_alike(&self.place(field, &[]), plain)))
    }

    /// What was written, encrypted or not. What is owned is decrypted where it stands.
    ///
    /// # Errors
    /// `store_damaged` when it is not what was written, or is plain where everything must be encrypted.
    pub(crate) fn open<'a>(
        &self,
        field: &str,
        item: &[u8],
        kept: impl Into<Cow<'a, [u8]>>,
        is_sealed: bool,
    ) -> Result<Cow<'a, [u8]>> {
        let kept = kept.into();
        if !is_sealed {
            if self.ring.reads_plain() {
                return Ok(kept);
            }
            return Err(self.damaged("is not encrypted in a library in which everything is"));
        }
        let id = key_of(&kept);
        let key = self.keys.iter().find(|key| Some(key.id()) == id);
        let key =
            key.ok_or_else(|| self.damaged("is encrypted with a key that the library does not have"))?;
        key.open_in_place(&self.place(field, item), kept.into_owned()).map(Cow::Owned)
    }

    fn damaged(&self, why: &str) -> Error {
        let what = if self.id.is_empty() { "the library" } else { &self.id };
        Error::new(Code::StoreDamaged, format!("Something of {what} {why}."))
            .kept("Nothing was changed.")
            .hint("Run a check of the library (backstory verify --read-data) to see everything that is affected.")
    }
}
