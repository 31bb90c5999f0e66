//! What encrypted bytes look like, and how they are made and opened.
//!
//! ```text
//! form 1 | algorithm 1 | key 8 | nonce 24 | encrypted bytes | tag 16
//! ```
//!
//! The tag is over where the bytes belong, too ([`Place`]): an envelope that was moved to another store, another character,
//! another row or another field does not open.

use backstory_core::{
    error::{Code, Error, Result},
    hex,
};
use ring::rand::{SecureRandom as _, SystemRandom};
use zeroize::Zeroizing;

use super::cipher::{self, KEY, NONCE, TAG};

/// What an envelope begins with: no JSON does, and no zstd frame.
const FORM: u8 = 0xe1;

/// XChaCha20-Poly1305. A number is never given a new meaning.
const ALGORITHM: u8 = 1;

/// How everything is encrypted, for whoever asks.
pub(crate) const ALGORITHM_NAME: &str = "XChaCha20-Poly1305";

const KEY_ID: usize = 8;

/// By how much an envelope is longer than what is in it.
pub(crate) const OVERHEAD: usize = 2 + KEY_ID + NONCE + TAG;

/// Random bytes of the system.
///
/// # Errors
/// `internal` where it has none.
pub(crate) fn random<const N: usize>() -> Result<Zeroizing<[u8; N]>> {
    let mut bytes = Zeroizing::new([0; N]);
    SystemRandom::new()
        .fill(&mut *bytes)
        .map_err(|_| Error::internal("The system gives no random numbers, which keys are made of."))?;
    Ok(bytes)
}

/// The name of a key: made from it, so that a key tells whether it is the one that is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct KeyId([u8; KEY_ID]);

impl KeyId {
    /// The name that is written in these hexadecimal digits.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        hex::decode(text)?.try_into().ok().map(Self)
    }
}

impl std::fmt::Display for KeyId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&hex::encode(&self.0))
    }
}

/// Where something encrypted belongs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place<'a> {
    /// The store's random identity.
    pub(crate) store: &'a [u8],
    /// The character's id; empty for what belongs to none.
    pub(crate) owner: &'a str,
    /// Which field.
    pub(crate) field: &'a str,
    /// Which of those the character has: a version's identity, a content's hash, a file's name.
    pub(crate) item: &'a [u8],
}

impl Place<'_> {
    /// All of it, each part with its length, so that nothing passes for anything else.
    fn bound(&self, header: &[u8]) -> Vec<u8> {
        let parts = [header, self.store, self.owner.as_bytes(), self.field.as_bytes(), self.item];
        let mut bytes = Vec::with_capacity(parts.iter().map(|part| part.len() + 8).sum());
        for part in parts {
            bytes.extend_from_slice(&(part.len() as u64).to_le_bytes());
            bytes.extend_from_slice(part);
        }
        bytes
    }
}

/// A key that bytes are encrypted with. It shows nothing of itself, and is wiped from memory when it goes.
#[derive(Clone)]
pub(crate) struct Key {
    id: KeyId,
    bytes: Zeroizing<[u8; KEY]>,
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Key({})", self.id)
    }
}

impl Key {
    /// A new random key.
    pub(crate) fn random() -> Result<Self> {
        Ok(Self::new(random()?))
    }

    fn new(bytes: Zeroizing<[u8; KEY]>) -> Self {
        let name = Zeroizing::new(blake3::derive_key("Backstory 2026 the name of a key", &*bytes));
        let mut id = [0; KEY_ID];
        id.copy_from_slice(&name[..KEY_ID]);
        Self { id: KeyId(id), bytes }
    }

    /// The key that is made from a secret for one purpose.
    pub(crate) fn derived(purpose: &str, secret: &[u8]) -> Self {
        Self::new(Zeroizing::new(blake3::derive_key(purpose, secret)))
    }

    /// Its name.
    pub(crate) fn id(&self) -> KeyId {
        self.id
    }

    /// Another key, made from this one for one purpose.
    pub(crate) fn derive(&self, purpose: &str) -> Self {
        Self::derived(purpose, &*self.bytes)
    }

    /// The key itself, for what encrypts in a form of its own.
    pub(super) fn bytes(&self) -> [u8; KEY] {
        *self.bytes
    }

    /// A checksum that nobody can make without the key.
    pub(crate) fn mark(&self, bytes: &[u8]) -> String {
        blake3::keyed_hash(&self.derive("Backstory 2026 a mark").bytes, bytes).to_hex().to_string()
    }

    /// Encrypts bytes for a place.
    ///
    /// # Errors
    /// `internal` where the system has no random numbers.
    pub(crate) fn seal(&self, place: &Place<'_>, plain: &[u8]) -> Result<Vec<u8>> {
        Ok(self.seal_with(*random::<NONCE>()?, place, plain))
    }

    /// The same bytes for the same place always become the same envelope: for what must be found by what is in it.
    pub(crate) fn seal_alike(&self, place: &Place<'_>, plain: &[u8]) -> Vec<u8> {
        let mut hasher = blake3::Hasher::new_keyed(&self.derive("Backstory 2026 alike").bytes);
        hasher.update(&place.bound(&[])).update(plain);
        let mut nonce = [0; NONCE];
        hasher.finalize_xof().fill(&mut nonce);
        self.seal_with(nonce, place, plain)
    }

    fn seal_with(&self, nonce: [u8; NONCE], place: &Place<'_>, plain: &[u8]) -> Vec<u8> {
        let mut sealed = Vec::with_capacity(plain.len() + OVERHEAD);
        sealed.extend_from_slice(&[FORM, ALGORITHM]);
        sealed.extend_from_slice(&self.id.0);
        let bound = place.bound(&sealed);
        sealed.extend_from_slice(&nonce);
        let start = sealed.len();
        sealed.extend_from_slice(plain);
        if cipher::encrypt(&self.bytes, &nonce, &bound, &mut sealed, start).is_none() {
            sealed.clear();
        }
        sealed
    }

    /// What is in an envelope that belongs to this place.
    ///
    /// # Errors
    /// `store_damaged` when it is not one, belongs elsewhere, or a bit of it was changed.
    pub(crate) fn open(&self, place: &Place<'_>, sealed: &[u8]) -> Result<Vec<u8>> {
        self.open_in_place(place, sealed.to_vec())
    }

    /// The same in the memory of the envelope: a document is long.
    ///
    /// # Errors
    /// As [`Key::open`].
    pub(super) fn open_in_place(&self, place: &Place<'_>, sealed: Vec<u8>) -> Result<Vec<u8>> {
        const TEXT: usize = 2 + KEY_ID + NONCE;
        let (header, rest) = sealed.split_at_checked(2 + KEY_ID).ok_or_else(|| damaged(place))?;
        let nonce = *rest.first_chunk::<NONCE>().ok_or_else(|| damaged(place))?;
        // A newer program that encrypts otherwise says so in the record of keys, which is looked at first.
        if header[..2] != [FORM, ALGORITHM] || header[2..] != self.id.0 {
            return Err(damaged(place));
        }
        let bound = place.bound(header);
        cipher::decrypt(&self.bytes, &nonce, &bound, sealed, TEXT).ok_or_else(|| damaged(place))
    }

    /// This key, encrypted with another one.
    ///
    /// # Errors
    /// As [`Key::seal`].
    pub(crate) fn wrap(&self, with: &Self, place: &Place<'_>) -> Result<Vec<u8>> {
        with.seal(place, &*self.bytes)
    }

    /// A key that was wrapped with this one.
    ///
    /// # Errors
    /// As [`Key::open`].
    pub(crate) fn unwrap(&self, place: &Place<'_>, wrapped: &[u8]) -> Result<Self> {
        let bytes = Zeroizing::new(self.open(place, wrapped)?);
        let bytes: [u8; KEY] = bytes.as_slice().try_into().map_err(|_| damaged(place))?;
        Ok(Self::new(Zeroizing::new(bytes)))
    }
}

/// Whether bytes may be an envelope. What they replace never looks like one: it is JSON text or a zstd frame.
pub(crate) fn is_envelope(bytes: &[u8]) -> bool {
    bytes.len() >= OVERHEAD && bytes[0] == FORM
}

/// The key that an envelope was made with.
pub(crate) fn key_of(sealed: &[u8]) -> Option<KeyId> {
    is_envelope(sealed).then(|| sealed[2..2 + KEY_ID].try_into().ok().map(KeyId))?
}

fn damaged(place: &Place<'_>) -> Error {
    let what = match place.owner {
        "" => "of the library".to_owned(),
        owner => format!("of {owner}"),
    };
    Error::new(
        Code::StoreDamaged,
        format!("Something encrypted {what} is not what was written: it does not open ({}).", place.field),
    )
    .kept("Nothing was changed.")
    .hint("Run a check of the library (backstory verify --read-data) to see everything that is affected.")
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn place<'a>(owner: &'a str, field: &'a str, item: &'a [u8]) -> Place<'a> {
        Place { store: b"0123456789abcdef", owner, field, item }
    }

    proptest! {
        #[test]
        fn what_was_sealed_opens(plain in proptest::collection::vec(any::<u8>(), 0..200)) {
            let key = Key::random().unwrap();
            let here = place("ddb-1", "version", b"1");
            let sealed = key.seal(&here, &plain).unwrap();
            prop_assert_eq!(sealed.len(), plain.len() + OVERHEAD);
            prop_assert!(is_envelope(&sealed));
            prop_assert_eq!(key_of(&sealed), Some(key.id()));
            prop_assert_eq!(key.open(&here, &sealed).unwrap(), plain);
        }
    }

    #[test]
    fn no_bit_and_no_place_changes_unnoticed() {
        let key = Key::random().unwrap();
        let here = place("ddb-1", "version", b"1");
        let sealed = key.seal(&here, b"Mirren").unwrap();
        for at in 0..sealed.len() {
            for flip in [1, 2, 4, 8, 16, 32, 64, 128] {
                let mut changed = sealed.clone();
                changed[at] ^= flip;
                let error = key.open(&here, &changed).unwrap_err();
                assert_eq!(error.code, Code::StoreDamaged, "{at}");
            }
            assert_eq!(key.open(&here, &sealed[..at]).unwrap_err().code, Code::StoreDamaged);
        }
        let elsewhere = [
            place("ddb-2", "version", b"1"),
            place("ddb-1", "versio", b"n1"),
            place("ddb-1", "trace", b"1"),
            place("ddb-1", "version", b"2"),
            Place { store: b"0123456789abcdee", ..here },
        ];
        for there in elsewhere {
            assert_eq!(key.open(&there, &sealed).unwrap_err().code, Code::StoreDamaged, "{there:?}");
        }
        assert_eq!(Key::random().unwrap().open(&here, &sealed).unwrap_err().code, Code::StoreDamaged);
    }

    #[test]
    fn no_two_envelopes_are_alike_but_those_that_must_be() {
        let key = Key::random().unwrap();
        let here = place("", "member", b"");
        assert_ne!(key.seal(&here, b"a").unwrap(), key.seal(&here, b"a").unwrap());
        assert_eq!(key.seal_alike(&here, b"a"), key.seal_alike(&here, b"a"));
        assert_ne!(key.seal_alike(&here, b"a"), key.seal_alike(&here, b"b"));
        assert_ne!(
            key.seal_alike(&here, b"a")[10..34],
            key.seal_alike(&place("", "user", b""), b"a")[10..34]
        );
        assert_eq!(key.open(&here, &key.seal_alike(&here, b"a")).unwrap(), b"a");
    }

    #[test]
    fn a_key_shows_nothing_of_itself() {
        let key = Key::random().unwrap();
        let other = Key::random().unwrap();
        let here = place("ddb-1", "key", b"");
        let wrapped = key.wrap(&other, &here).unwrap();
        assert_eq!(other.unwrap(&here, &wrapped).unwrap().id(), key.id());
        assert!(key.unwrap(&here, &wrapped).is_err());
        assert!(!format!("{key:?}").contains(&hex::encode(&*key.bytes)));
        assert!(!key.id().to_string().contains(&hex::encode(&key.bytes[..4])));
        assert_eq!(KeyId::parse(&key.id().to_string()), Some(key.id()));
    }
}
