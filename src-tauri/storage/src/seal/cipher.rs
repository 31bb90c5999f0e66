//! XChaCha20-Poly1305, as draft-irtf-cfrg-xchacha-03 has it: the first 16 bytes of a nonce make another key of the key
//! (HChaCha20), which ChaCha20-Poly1305 (RFC 8439) then encrypts with under the other 8.
//!
//! The second half is ring's, which does it about three times as fast as the crate that has the whole: a document is decrypted
//! each time that it is opened. It does not wipe the key of a message from memory, which opens that message only: what is in it is
//! in memory beside it.

use chacha20::cipher::{consts::U10, generic_array::GenericArray};
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce as RingNonce, UnboundKey};
use zeroize::Zeroize as _;

/// The length of a key.
pub(crate) const KEY: usize = 32;

/// The length of a nonce: long enough that random ones are never the same.
pub(crate) const NONCE: usize = 24;

/// By how much what is encrypted is longer.
pub(crate) const TAG: usize = 16;

/// The key of one message, and the rest of its nonce.
fn of_message(key: &[u8; KEY], nonce: &[u8; NONCE]) -> Option<(LessSafeKey, RingNonce)> {
    let (first, rest) = nonce.split_at(16);
    let mut subkey = chacha20::hchacha::<U10>(key.into(), GenericArray::from_slice(first));
    let made = UnboundKey::new(&CHACHA20_POLY1305, &subkey).ok().map(LessSafeKey::new);
    subkey.as_mut_slice().zeroize();
    let mut short = [0; NONCE_LEN];
    short[NONCE_LEN - rest.len()..].copy_from_slice(rest);
    Some((made?, RingNonce::assume_unique_for_key(short)))
}

/// Encrypts what stands in `text` from `start` on, and puts the tag behind it; none where that is 256 GiB or more.
pub(crate) fn encrypt(
    key: &[u8; KEY],
    nonce: &[u8; NONCE],
    bound: &[u8],
    text: &mut Vec<u8>,
    start: usize,
) -> Option<()> {
    let (key, nonce) = of_message(key, nonce)?;
    let tag = key.seal_in_place_separate_tag(nonce, Aad::from(bound), text.get_mut(start..)?).ok()?;
    text.extend_from_slice(tag.as_ref());
    Some(())
}

/// What was encrypted and stands in `sealed` from `start` on, in the same memory; none when it was not with this key, this nonce
/// and these bytes bound to it, or was changed.
pub(crate) fn decrypt(
    key: &[u8; KEY],
    nonce: &[u8; NONCE],
    bound: &[u8],
    mut sealed: Vec<u8>,
    start: usize,
) -> Option<Vec<u8>> {
    let (key, nonce) = of_message(key, nonce)?;
    let length = key.open_within(nonce, Aad::from(bound), &mut sealed, start..).ok()?.len();
    sealed.truncate(length);
    Some(sealed)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use backstory_core::hex;
    use chacha20poly1305::{
        KeyInit as _, XChaCha20Poly1305,
        aead::{Aead as _, Payload},
    };
    use proptest::prelude::*;

    use super::*;

    fn encrypted(key: &[u8; KEY], nonce: &[u8; NONCE], bound: &[u8], plain: &[u8]) -> Vec<u8> {
        let mut text = b"before".to_vec();
        text.extend_from_slice(plain);
        encrypt(key, nonce, bound, &mut text, 6).unwrap();
        assert_eq!(&text[..6], b"before");
        text.split_off(6)
    }

    /// The test vector of the draft, A.3.1.
    #[test]
    fn it_is_the_cipher_it_is_called() {
        let key = hex::decode("808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f").unwrap();
        let nonce = hex::decode("404142434445464748494a4b4c4d4e4f5051525354555657").unwrap();
        let bound = hex::decode("50515253c0c1c2c3c4c5c6c7").unwrap();
        let plain =
            b"Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, \
            sunscreen would be it.";
        let sealed = encrypted(
            key.as_slice().try_into().unwrap(),
            nonce.as_slice().try_into().unwrap(),
            &bound,
            plain,
        );
        assert_eq!(hex::encode(&sealed[..16]), "bd6d179d3e83d43b9576579493c0e939");
        assert_eq!(hex::encode(&sealed[plain.len()..]), "c0875924c1c7987947deafd8780acf49");
    }

    proptest! {
        #[test]
        fn another_implementation_understands_it(
            key: [u8; KEY],
            nonce: [u8; NONCE],
            bound in proptest::collection::vec(any::<u8>(), 0..60),
            plain in proptest::collection::vec(any::<u8>(), 0..600),
        ) {
            let sealed = encrypted(&key, &nonce, &bound, &plain);
            let other = XChaCha20Poly1305::new(&key.into());
            let payload = Payload { msg: &plain, aad: &bound };
            prop_assert_eq!(&other.encrypt(&nonce.into(), payload).unwrap(), &sealed);
            prop_assert_eq!(decrypt(&key, &nonce, &bound, [b"before", &sealed[..]].concat(), 6).unwrap(), plain);
        }
    }
}
