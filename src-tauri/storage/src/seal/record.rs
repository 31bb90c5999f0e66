//! What a store says of its keys: which master key everything is under, and what opens it. The store keeps it in the clear,
//! beside what is encrypted; nothing can be opened with it alone.

use argon2::{Algorithm, Argon2, Params, Version};
use backstory_core::{
    encryption::{EncryptionState, Keychain, Lock, LockKind, Unlock},
    error::{Code, Error, Result},
    hex,
    storage::Secret,
};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{
    envelope::{Key, KeyId, Place, random},
    keychain,
    master::Master,
};

/// The form of records that this program writes.
const FORM: u32 = 1;

/// What a passphrase costs to try: 64 MiB, three times over. About a fifth of a second.
const MEMORY_KIB: u32 = 64 << 10;
const PASSES: u32 = 3;
const LANES: u32 = 1;

/// The most that a record may ask for: it comes from a disk, and could be anybody's.
const MOST_MEMORY_KIB: u32 = 1 << 20;
const MOST_PASSES: u32 = 32;
const MOST_LANES: u32 = 16;

/// The keys of a store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Record {
    pub(super) form: u32,
    /// The store's random identity, which everything encrypted is bound to.
    pub(super) store: String,
    /// How far it is encrypted.
    pub(crate) state: EncryptionState,
    /// The master keys, the current one first; a second one while keys are renewed.
    pub(super) keys: Vec<KeyRecord>,
    /// That all of this was written by somebody who has the key.
    #[serde(default)]
    pub(super) mark: String,
}

/// What opens one master key, besides its phrase.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct KeyRecord {
    id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    keychain: Option<KeychainLock>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    passphrase: Option<PassphraseLock>,
    /// This key, under the other one: while keys are renewed, whoever has one of them has both.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    other: Option<String>,
}

/// A master key under a random secret that the keychain has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct KeychainLock {
    name: String,
    wrapped: String,
}

/// A master key under words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct PassphraseLock {
    salt: String,
    memory_kib: u32,
    passes: u32,
    lanes: u32,
    wrapped: String,
}

impl PassphraseLock {
    /// The key that words are, as argon2id makes it.
    fn key(&self, words: &Secret) -> Result<Key> {
        let refused = || damaged("it asks for more work than a passphrase does");
        if self.memory_kib > MOST_MEMORY_KIB || self.passes > MOST_PASSES || self.lanes > MOST_LANES {
            return Err(refused());
        }
        let salt = hex::decode(&self.salt).ok_or_else(refused)?;
        let params =
            Params::new(self.memory_kib, self.passes, self.lanes, Some(32)).map_err(|_| refused())?;
        let mut bytes = Zeroizing::new([0; 32]);
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_into(words.reveal().trim().as_bytes(), &salt, &mut *bytes)
            .map_err(|_| refused())?;
        Ok(Key::derived("Backstory 2026 a passphrase", &*bytes))
    }
}

/// Something of a record is not as it must be.
fn damaged(why: &str) -> Error {
    Error::new(Code::StoreDamaged, format!("What the library says of its keys cannot be relied on: {why}."))
        .kept("Nothing was read or written.")
        .hint("Restore a backup of the library. The recovery phrase still opens it there.")
}

/// What the library is closed with, for an error.
fn locked(kind: Option<LockKind>) -> Error {
    let error = match kind {
        Some(LockKind::Keychain) => Error::new(
            Code::LibraryLocked,
            "The library is encrypted, and the keychain of this computer does not give its key.",
        )
        .hint("Unlock the keychain and try again, or give the recovery phrase of 24 words."),
        Some(LockKind::Passphrase) => {
            Error::new(Code::LibraryLocked, "The library is encrypted with a passphrase.")
                .hint("Give the passphrase, or the recovery phrase of 24 words.")
        }
        None => Error::new(Code::LibraryLocked, "The library is encrypted.")
            .hint("Give the recovery phrase of 24 words."),
    };
    error.kept("Nothing was read or written.").detail("lock", serde_json::json!(kind))
}

/// These words are neither.
fn wrong(kind: Option<LockKind>) -> Error {
    Error::new(Code::LibraryKeyWrong, "These words do not open the library.")
        .kept("Nothing was read or written.")
        .hint("Check each word. Without the passphrase, the recovery phrase of 24 words opens it.")
        .detail("lock", serde_json::json!(kind))
}

impl Record {
    /// The record of a store that is to be encrypted.
    pub(super) fn new(state: EncryptionState) -> Result<Self> {
        let store = hex::encode(&*random::<16>()?);
        Ok(Self { form: FORM, store, state, keys: Vec::new(), mark: String::new() })
    }

    /// What a store says.
    ///
    /// # Errors
    /// `store_damaged`; `store_newer` for a record of a newer form.
    pub(super) fn parse(text: &str) -> Result<Self> {
        #[derive(Deserialize)]
        struct Form {
            form: u32,
        }
        let form: Form = serde_json::from_str(text).map_err(|_| damaged("it is not readable"))?;
        if form.form > FORM {
            return Err(Error::new(Code::StoreNewer, "The library was encrypted by a newer Backstory.")
                .kept("Nothing was read or written.")
                .hint("Update Backstory to open it."));
        }
        let record: Self = serde_json::from_str(text).map_err(|_| damaged("it is not readable"))?;
        let whole = hex::decode(&record.store).is_some_and(|store| store.len() == 16)
            && (1..=2).contains(&record.keys.len())
            && record.keys.iter().all(|key| KeyId::parse(&key.id).is_some());
        if whole { Ok(record) } else { Err(damaged("something is missing in it")) }
    }

    /// What the store is to keep, marked by its current key.
    pub(super) fn text(&self, master: &Master) -> Result<String> {
        let unmarked = Self { mark: String::new(), ..self.clone() };
        let mark = master.wrapping.mark(unmarked.json()?.as_bytes());
        Self { mark, ..unmarked }.json()
    }

    fn json(&self) -> Result<String> {
        serde_json::to_string(self)
            .map_err(|error| Error::internal("Keys could not be written down.").caused_by(error))
    }

    /// The store's identity.
    pub(super) fn store(&self) -> Vec<u8> {
        hex::decode(&self.store).unwrap_or_default()
    }

    fn place<'a>(store: &'a [u8], field: &'a str) -> Place<'a> {
        Place { store, owner: "", field, item: &[] }
    }

    /// What opens the current key on this computer.
    pub(super) fn lock(&self) -> Option<LockKind> {
        let key = self.keys.first()?;
        match (&key.passphrase, &key.keychain) {
            (Some(_), _) => Some(LockKind::Passphrase),
            (None, Some(_)) => Some(LockKind::Keychain),
            (None, None) => None,
        }
    }

    /// Puts a key under a lock, as the current one. The keychain is written to and read back.
    ///
    /// # Errors
    /// `keychain_unavailable`: nothing is relied on that it did not keep.
    pub(super) fn put(&mut self, master: &Master, lock: &Lock, chain: &dyn Keychain) -> Result<()> {
        let store = self.store();
        let mut key =
            KeyRecord { id: master.id().to_string(), keychain: None, passphrase: None, other: None };
        match lock {
            Lock::Keychain => {
                let secret = random::<32>()?;
                // Each gets a name of its own: what is there is needed until the new one is in use.
                let name = format!("library {} {}", &self.store[..8], hex::encode(&*random::<4>()?));
                chain.set(&name, &Secret::new(hex::encode(&*secret)))?;
                let kept = chain.get(&name)?;
                if kept.and_then(|kept| hex::decode(kept.reveal())).is_none_or(|kept| kept != *secret) {
                    return Err(keychain::refused());
                }
                let with = Key::derived("Backstory 2026 a keychain", &*secret);
                let wrapped = hex::encode(&with.seal(&Self::place(&store, "keychain"), master.bytes())?);
                key.keychain = Some(KeychainLock { name, wrapped });
            }
            Lock::Passphrase(words) => {
                let mut lock = PassphraseLock {
                    salt: hex::encode(&*random::<16>()?),
                    memory_kib: MEMORY_KIB,
                    passes: PASSES,
                    lanes: LANES,
                    wrapped: String::new(),
                };
                let with = lock.key(words)?;
                lock.wrapped = hex::encode(&with.seal(&Self::place(&store, "passphrase"), master.bytes())?);
                key.passphrase = Some(lock);
            }
        }
        self.keys.retain(|known| known.id != key.id);
        self.keys.insert(0, key);
        Ok(())
    }

    /// Lets each of two keys open the other.
    pub(super) fn tie(&mut self, masters: &[Master]) -> Result<()> {
        let store = self.store();
        let [one, other] = masters else { return Ok(()) };
        for (key, with) in [(one, other), (other, one)] {
            let wrapped = with.wrapping.seal(&Self::place(&store, "other"), key.bytes())?;
            if let Some(known) = self.keys.iter_mut().find(|known| known.id == key.id().to_string()) {
                known.other = Some(hex::encode(&wrapped));
            }
        }
        Ok(())
    }

    /// Only the current key is left.
    pub(super) fn settle(&mut self) {
        self.keys.truncate(1);
        self.keys.iter_mut().for_each(|key| key.other = None);
    }

    /// The names of what the keychain keeps for this.
    pub(super) fn kept(&self) -> Vec<String> {
        self.keys.iter().filter_map(|key| Some(key.keychain.as_ref()?.name.clone())).collect()
    }

    /// Opens the keys of this record, the current one first, with what is at hand: those that are `known` already, words, or
    /// else the keychain.
    ///
    /// # Errors
    /// `library_locked`, `library_key_wrong`, `store_damaged`.
    pub(super) fn open(
        &self,
        unlock: &Unlock,
        chain: &dyn Keychain,
        known: &[Master],
    ) -> Result<Vec<Master>> {
        let first = match self.known(known) {
            Some(master) => master,
            None => match &unlock.words {
                Some(words) => self.by_words(words)?,
                None => self.by_keychain(chain)?,
            },
        };
        let store = self.store();
        let mut masters = Vec::with_capacity(self.keys.len());
        for key in &self.keys {
            if key.id == first.id().to_string() {
                masters.push(first.clone());
                continue;
            }
            let wrapped = key.other.as_ref().and_then(|wrapped| hex::decode(wrapped));
            let wrapped = wrapped.ok_or_else(|| damaged("a key is missing in it"))?;
            let bytes = first.wrapping.open(&Self::place(&store, "other"), &wrapped)?;
            masters.push(self.named(&key.id, &bytes)?);
        }
        let current = masters.first().ok_or_else(|| damaged("there is no key in it"))?;
        let unmarked = Self { mark: String::new(), ..self.clone() };
        if current.wrapping.mark(unmarked.json()?.as_bytes()) != self.mark {
            return Err(damaged("it was changed by something other than Backstory"));
        }
        Ok(masters)
    }

    fn known(&self, known: &[Master]) -> Option<Master> {
        known.iter().find(|master| self.keys.iter().any(|key| key.id == master.id().to_string())).cloned()
    }

    fn by_words(&self, words: &Secret) -> Result<Master> {
        if let Some(master) = Master::of_phrase(words) {
            return self.known(&[master]).ok_or_else(|| wrong(self.lock()));
        }
        let store = self.store();
        for key in &self.keys {
            let Some(lock) = &key.passphrase else { continue };
            let wrapped =
                hex::decode(&lock.wrapped).ok_or_else(|| damaged("a lock in it is not readable"))?;
            if let Ok(bytes) = lock.key(words)?.open(&Self::place(&store, "passphrase"), &wrapped) {
                return self.named(&key.id, &Zeroizing::new(bytes));
            }
        }
        Err(wrong(self.lock()))
    }

    fn by_keychain(&self, chain: &dyn Keychain) -> Result<Master> {
        let store = self.store();
        for key in &self.keys {
            let Some(lock) = &key.keychain else { continue };
            let secret = match chain.get(&lock.name) {
                Ok(secret) => secret,
                Err(error) => return Err(locked(Some(LockKind::Keychain)).caused_by(error)),
            };
            let Some(secret) = secret.and_then(|secret| hex::decode(secret.reveal())) else { continue };
            let with = Key::derived("Backstory 2026 a keychain", &secret);
            let wrapped =
                hex::decode(&lock.wrapped).ok_or_else(|| damaged("a lock in it is not readable"))?;
            if let Ok(bytes) = with.open(&Self::place(&store, "keychain"), &wrapped) {
                return self.named(&key.id, &Zeroizing::new(bytes));
            }
        }
        Err(locked(self.lock()))
    }

    fn named(&self, id: &str, bytes: &[u8]) -> Result<Master> {
        Master::of_bytes(bytes)
            .filter(|master| master.id().to_string() == id)
            .ok_or_else(|| damaged("a key in it is not the one it says"))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::{super::master::new_phrase, *};
    use crate::seal::doubles::Chain;

    fn master() -> (Master, Secret) {
        let phrase = new_phrase().unwrap();
        (Master::of_phrase(&phrase).unwrap(), phrase)
    }

    fn words(text: &str) -> Unlock {
        Unlock { words: Some(Secret::new(text)), keychain: None }
    }

    fn opened(record: &Record, text: &str, unlock: &Unlock, chain: &Chain) -> Result<Vec<KeyId>> {
        assert_eq!(&Record::parse(text).unwrap().keys, &record.keys);
        Ok(Record::parse(text)?.open(unlock, chain, &[])?.iter().map(Master::id).collect())
    }

    #[test]
    fn a_passphrase_or_the_phrase_opens_it() {
        let ((master, phrase), chain) = (master(), Chain::default());
        let mut record = Record::new(EncryptionState::On).unwrap();
        record.put(&master, &Lock::Passphrase(Secret::new("four words of mine")), &chain).unwrap();
        let text = record.text(&master).unwrap();
        for given in ["four words of mine", "  four words of mine\n", phrase.reveal()] {
            assert_eq!(opened(&record, &text, &words(given), &chain).unwrap(), [master.id()], "{given}");
        }
        let other = new_phrase().unwrap();
        for given in ["four words of yours", "", other.reveal()] {
            let error = opened(&record, &text, &words(given), &chain).unwrap_err();
            assert_eq!(error.code, Code::LibraryKeyWrong, "{given}");
        }
        let error = opened(&record, &text, &Unlock::default(), &chain).unwrap_err();
        assert_eq!((error.code, &error.details["lock"]), (Code::LibraryLocked, &"passphrase".into()));
        assert!(!text.contains("four") && !text.contains(&hex::encode(master.bytes())));
    }

    #[test]
    fn a_keychain_that_does_not_keep_what_it_is_given_is_not_relied_on() {
        let (master, phrase) = master();
        let mut record = Record::new(EncryptionState::On).unwrap();
        for chain in [Chain::absent(), Chain::forgetful(), Chain::mixed_up()] {
            let error = record.put(&master, &Lock::Keychain, &chain).unwrap_err();
            assert_eq!(error.code, Code::KeychainUnavailable, "{chain:?}");
            assert!(record.keys.is_empty());
        }
        let chain = Chain::default();
        record.put(&master, &Lock::Keychain, &chain).unwrap();
        let text = record.text(&master).unwrap();
        assert_eq!(opened(&record, &text, &Unlock::default(), &chain).unwrap(), [master.id()]);
        for chain in [Chain::absent(), Chain::default()] {
            let error = opened(&record, &text, &Unlock::default(), &chain).unwrap_err();
            assert_eq!((error.code, &error.details["lock"]), (Code::LibraryLocked, &"keychain".into()));
            assert_eq!(opened(&record, &text, &words(phrase.reveal()), &chain).unwrap(), [master.id()]);
        }
    }

    #[test]
    fn of_two_keys_each_opens_both() {
        let (old, new, chain) = (master(), master(), Chain::default());
        let mut record = Record::new(EncryptionState::Renewing).unwrap();
        record.put(&old.0, &Lock::Keychain, &chain).unwrap();
        record.put(&new.0, &Lock::Passphrase(Secret::new("four words of mine")), &chain).unwrap();
        record.tie(&[new.0.clone(), old.0.clone()]).unwrap();
        let text = record.text(&new.0).unwrap();
        let both = [new.0.id(), old.0.id()];
        for unlock in
            [words(old.1.reveal()), words(new.1.reveal()), words("four words of mine"), Unlock::default()]
        {
            assert_eq!(opened(&record, &text, &unlock, &chain).unwrap(), both, "{unlock:?}");
        }
        record.settle();
        let text = record.text(&new.0).unwrap();
        assert_eq!(opened(&record, &text, &words(new.1.reveal()), &chain).unwrap(), both[..1]);
        assert_eq!(
            opened(&record, &text, &words(old.1.reveal()), &chain).unwrap_err().code,
            Code::LibraryKeyWrong
        );
    }

    #[test]
    fn nothing_of_it_changes_unnoticed() {
        let ((master, phrase), chain) = (master(), Chain::default());
        let mut record = Record::new(EncryptionState::On).unwrap();
        record.put(&master, &Lock::Keychain, &chain).unwrap();
        let text = record.text(&master).unwrap();
        for (from, to) in
            [("\"on\"", "\"encrypting\""), ("keychain\":{", "keychain_\":{"), ("\"form\":1", "\"form\":0")]
        {
            assert!(text.contains(from));
            let changed = Record::parse(&text.replace(from, to)).unwrap();
            let error = changed.open(&words(phrase.reveal()), &chain, &[]).unwrap_err();
            assert_eq!(error.code, Code::StoreDamaged, "{from}");
        }
        let hungry = PassphraseLock {
            salt: "00".repeat(16),
            memory_kib: u32::MAX,
            passes: 1,
            lanes: 1,
            wrapped: String::new(),
        };
        assert_eq!(hungry.key(&Secret::new("x")).unwrap_err().code, Code::StoreDamaged);
        assert_eq!(Record::parse("{\"form\":2}").unwrap_err().code, Code::StoreNewer);
        for text in ["", "{}", "{\"form\":1}", &text.replace("\"store\":\"", "\"store\":\"0")] {
            assert_eq!(Record::parse(text).unwrap_err().code, Code::StoreDamaged);
        }
    }
}
