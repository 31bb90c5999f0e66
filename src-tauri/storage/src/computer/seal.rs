//! The seal of a receipt: a signature by a key that nobody keeps.

use backstory_core::{
    error::{Error, Result},
    hex,
};
use ring::{
    rand::SystemRandom,
    signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey},
};

/// Makes a key, signs the text that is made from its public half, and lets the private half go. Both in hexadecimal digits.
pub(super) fn seal(text: &dyn Fn(&str) -> String) -> Result<(String, String)> {
    let no_key = |_| Error::internal("No key could be made to seal the receipt with.");
    let made = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).map_err(no_key)?;
    let pair = Ed25519KeyPair::from_pkcs8(made.as_ref())
        .map_err(|_| Error::internal("The key of the receipt cannot be used."))?;
    let key = hex::encode(pair.public_key().as_ref());
    let signature = hex::encode(pair.sign(text(&key).as_bytes()).as_ref());
    Ok((key, signature))
}

/// Whether this text has this signature.
pub(super) fn is_sealed(text: &str, key: &str, signature: &str) -> bool {
    let (Some(key), Some(signature)) = (hex::decode(key), hex::decode(signature)) else { return false };
    UnparsedPublicKey::new(&ED25519, key).verify(text.as_bytes(), &signature).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seal_holds_for_its_text_and_its_key_only() {
        let (key, signature) = seal(&|key| format!("receipt {key}")).unwrap();
        let text = format!("receipt {key}");
        assert!(is_sealed(&text, &key, &signature));
        assert!(!is_sealed(&format!("{text} "), &key, &signature));
        let (other, _) = seal(&|_| text.clone()).unwrap();
        assert_ne!(other, key);
        assert!(!is_sealed(&text, &other, &signature));
        for broken in ["", "zz", &signature[1..], &"0".repeat(128)] {
            assert!(!is_sealed(&text, &key, broken), "{broken}");
        }
    }
}
