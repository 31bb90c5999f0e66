//! The master key: 32 random bytes, which a person can write down as 24 words.

use backstory_core::{
    encryption::PHRASE_WORDS,
    error::{Error, Result},
    storage::Secret,
};
use bip39::{Language, Mnemonic};
use zeroize::{Zeroize as _, Zeroizing};

use super::envelope::{Key, KeyId, random};

/// The bytes a recovery phrase stands for.
const ENTROPY: usize = 32;

/// A master key.
#[derive(Clone)]
pub(crate) struct Master {
    entropy: Zeroizing<[u8; ENTROPY]>,
    /// What wraps the keys of characters.
    pub(super) wrapping: Key,
    /// What encrypts that which belongs to no character.
    pub(super) common: Key,
    /// What seals what lies in caches outside of the program. It opens nothing of the store.
    pub(super) caches: Key,
}

impl std::fmt::Debug for Master {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Master({})", self.id())
    }
}

impl Master {
    fn new(entropy: Zeroizing<[u8; ENTROPY]>) -> Self {
        let wrapping = Key::derived("Backstory 2026 the master key", &*entropy);
        let common = wrapping.derive("Backstory 2026 what belongs to no character");
        let caches = wrapping.derive("Backstory 2026 what lies in caches");
        Self { entropy, wrapping, common, caches }
    }

    /// The key that a recovery phrase stands for; none when it is not one. Case, and what stands between the words, do not
    /// matter: the phrase comes from paper.
    pub(crate) fn of_phrase(phrase: &Secret) -> Option<Self> {
        let words = Zeroizing::new(
            phrase.reveal().split(|c: char| !c.is_alphabetic()).filter(|word| !word.is_empty()).fold(
                String::with_capacity(phrase.reveal().len()),
                |text, word| {
                    if text.is_empty() { word.to_lowercase() } else { text + " " + &word.to_lowercase() }
                },
            ),
        );
        let mnemonic = Mnemonic::parse_in_normalized(Language::English, &words).ok()?;
        if mnemonic.word_count() != PHRASE_WORDS {
            return None;
        }
        let (mut bytes, length) = mnemonic.to_entropy_array();
        let entropy = bytes.get(..ENTROPY).filter(|_| length == ENTROPY)?.try_into().ok().map(Zeroizing::new);
        bytes.zeroize();
        entropy.map(Self::new)
    }

    /// The key of bytes that were wrapped.
    pub(super) fn of_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(|entropy| Self::new(Zeroizing::new(entropy)))
    }

    /// The bytes, to be wrapped.
    pub(super) fn bytes(&self) -> &[u8] {
        &*self.entropy
    }

    /// Its name.
    pub(crate) fn id(&self) -> KeyId {
        self.wrapping.id()
    }
}

/// A new recovery phrase.
///
/// # Errors
/// `internal` where the system has no random numbers.
pub(crate) fn new_phrase() -> Result<Secret> {
    let entropy = random::<ENTROPY>()?;
    let phrase = Mnemonic::from_entropy_in(Language::English, &*entropy)
        .map_err(|_| Error::internal("There are no words for a recovery phrase."))?;
    Ok(Secret::new(phrase.words().collect::<Vec<_>>().join(" ")))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_phrase_is_a_key_however_it_is_written() {
        let phrase = new_phrase().unwrap();
        assert_eq!(phrase.reveal().split(' ').count(), PHRASE_WORDS);
        let master = Master::of_phrase(&phrase).unwrap();
        let numbered: String = phrase
            .reveal()
            .split(' ')
            .enumerate()
            .map(|(n, word)| format!("{}. {}\r\n", n + 1, word.to_uppercase()))
            .collect();
        assert_eq!(Master::of_phrase(&Secret::new(numbered)).unwrap().id(), master.id());
        assert_eq!(Master::of_bytes(master.bytes()).unwrap().id(), master.id());
        assert_ne!(Master::of_phrase(&new_phrase().unwrap()).unwrap().id(), master.id());
    }

    #[test]
    fn what_is_not_a_phrase_is_none() {
        let phrase = new_phrase().unwrap();
        let mut words: Vec<_> = phrase.reveal().split(' ').collect();
        let last = words.pop().unwrap();
        assert!(Master::of_phrase(&Secret::new(words.join(" "))).is_none());
        words.push(if last == "zoo" { "abandon" } else { "zoo" });
        // One in 256 phrases with another last word has a right checksum: this one is told by its name then.
        let other = Master::of_phrase(&Secret::new(words.join(" ")));
        assert!(other.is_none_or(|other| other.id() != Master::of_phrase(&phrase).unwrap().id()));
        for text in ["", "correct horse battery staple", "abandon abandon"] {
            assert!(Master::of_phrase(&Secret::new(text)).is_none(), "{text}");
        }
    }
}
