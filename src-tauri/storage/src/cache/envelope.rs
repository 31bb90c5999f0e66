//! How a value lies in a cache that others can reach: packed, under a name that says nothing, and either sealed or checked.
//!
//! The name goes into the seal, or into the checksum: a value that was moved under another name is no value.

use backstory_core::{
    cache::CacheSecret,
    error::{Error, Result},
    hex,
    storage::MAX_DOCUMENT,
};
use ring::rand::{SecureRandom as _, SystemRandom};
use zeroize::Zeroizing;

use crate::seal::cipher::{self, KEY, NONCE};

/// The first byte: what follows is a checksum, then the packed value.
const PLAIN: u8 = 1;
/// The first byte: what follows is a nonce, then the sealed packed value.
const SEALED: u8 = 2;
const CHECKSUM: usize = 16;
/// Light: it is done for every document that is read, and undone for every hit.
const LEVEL: i32 = 1;
/// What the names in a cache are made with where there is no key.
const NAMES: &str = "Backstory cache 1 names";
const VALUES: &str = "Backstory cache 1 values";

/// Packs and unpacks values, and makes names.
pub(super) struct Envelope {
    names: [u8; 32],
    seal: Option<Zeroizing<[u8; KEY]>>,
    random: SystemRandom,
}

impl std::fmt::Debug for Envelope {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Envelope").field("is_sealed", &self.seal.is_some()).finish_non_exhaustive()
    }
}

impl Envelope {
    /// With a key, values are sealed and names say nothing to whoever has it not.
    pub(super) fn new(key: Option<&CacheSecret>) -> Self {
        let seal = |key| Zeroizing::new(blake3::derive_key(VALUES, key));
        Self {
            names: blake3::derive_key(NAMES, key.map_or(&[], |key| &key.reveal()[..])),
            seal: key.map(|key| seal(&key.reveal()[..])),
            random: SystemRandom::new(),
        }
    }

    /// Whether values are sealed.
    pub(super) fn is_sealed(&self) -> bool {
        self.seal.is_some()
    }

    /// What stands for a text: 32 hexadecimal digits.
    pub(super) fn name(&self, text: &str) -> String {
        hex::encode(&blake3::keyed_hash(&self.names, text.as_bytes()).as_bytes()[..16])
    }

    /// Packs a value that is to lie under this name.
    ///
    /// # Errors
    /// `internal` where the system gives no randomness.
    pub(super) fn pack(&self, name: &str, value: &[u8]) -> Result<Vec<u8>> {
        let failed = |_| Error::internal("A value cannot be packed for the cache.");
        let mut packed = u32::try_from(value.len()).unwrap_or(u32::MAX).to_le_bytes().to_vec();
        packed.extend(zstd::bulk::compress(value, LEVEL).map_err(|e| failed(()).caused_by(e))?);
        let Some(seal) = &self.seal else {
            let mut all = vec![PLAIN];
            all.extend(checksum(name, &packed));
            all.extend(packed);
            return Ok(all);
        };
        let mut nonce = [0; NONCE];
        self.random.fill(&mut nonce).map_err(|_| failed(()))?;
        let mut all = vec![SEALED];
        all.extend(nonce);
        let start = all.len();
        all.extend(packed);
        cipher::encrypt(seal, &nonce, name.as_bytes(), &mut all, start).ok_or_else(|| failed(()))?;
        Ok(all)
    }

    /// The value that was packed under this name; none where this is not it.
    pub(super) fn unpack(&self, name: &str, bytes: &[u8]) -> Option<Vec<u8>> {
        let (form, rest) = bytes.split_first()?;
        let packed = match (*form, &self.seal) {
            (PLAIN, None) => {
                let (sum, packed) = rest.split_at_checked(CHECKSUM)?;
                (checksum(name, packed) == sum).then(|| packed.to_vec())?
            }
            (SEALED, Some(seal)) => {
                let (nonce, sealed) = rest.split_first_chunk::<NONCE>()?;
                cipher::decrypt(seal, nonce, name.as_bytes(), sealed.to_vec(), 0)?
            }
            _ => return None,
        };
        let (length, packed) = packed.split_at_checked(4)?;
        let length = u32::from_le_bytes(length.try_into().ok()?) as usize;
        let value = zstd::bulk::decompress(packed, length.min(MAX_DOCUMENT)).ok()?;
        (value.len() == length).then_some(value)
    }
}

fn checksum(name: &str, packed: &[u8]) -> [u8; CHECKSUM] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&(name.len() as u64).to_le_bytes()).update(name.as_bytes()).update(packed);
    let mut sum = [0; CHECKSUM];
    sum.copy_from_slice(&hasher.finalize().as_bytes()[..CHECKSUM]);
    sum
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test stops where it stands")]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_packed_under_its_name_and_key_comes_back() {
        let keys = [None, Some(CacheSecret::new([1; 32])), Some(CacheSecret::new([2; 32]))];
        let envelopes = keys.map(|key| Envelope::new(key.as_ref()));
        let value = b"a document ".repeat(100);
        for (at, envelope) in envelopes.iter().enumerate() {
            let packed = envelope.pack("name", &value).unwrap();
            assert_eq!(envelope.unpack("name", &packed), Some(value.clone()));
            assert_eq!(envelope.unpack("other", &packed), None, "moved under another name");
            for (other, envelope) in envelopes.iter().enumerate() {
                assert_eq!(envelope.unpack("name", &packed).is_some(), other == at);
            }
            for place in 0..packed.len() {
                let mut damaged = packed.clone();
                damaged[place] ^= 0x40;
                assert_eq!(envelope.unpack("name", &damaged), None, "byte {place} flipped");
                assert_eq!(envelope.unpack("name", &packed[..place]), None, "cut at {place}");
            }
        }
    }

    #[test]
    fn nothing_of_a_value_or_a_name_can_be_read_where_there_is_a_key() {
        let with = |byte| Envelope::new(Some(&CacheSecret::new([byte; 32])));
        let sealed = with(7);
        let packed = sealed.pack("ddb-1", b"Rekor the brave, who keeps a secret").unwrap();
        assert!(!packed.windows(5).any(|part| part == b"Rekor"));
        assert_ne!(packed, sealed.pack("ddb-1", b"Rekor the brave, who keeps a secret").unwrap());
        assert_ne!(sealed.name("ddb-1"), Envelope::new(None).name("ddb-1"));
        assert_ne!(sealed.name("ddb-1"), with(8).name("ddb-1"));
    }
}
