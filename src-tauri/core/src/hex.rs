//! Bytes in hexadecimal digits, and back.

use std::fmt::Write as _;

/// Two small digits for each byte.
pub fn encode(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        let _writing_to_a_string_cannot_fail = write!(text, "{byte:02x}");
        text
    })
}

/// The bytes of a text that has two digits for each; none for any other text.
pub fn decode(text: &str) -> Option<Vec<u8>> {
    let pairs = text.as_bytes().chunks_exact(2);
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let byte = |pair: &[u8]| u8::try_from(digit(pair[0])? << 4 | digit(pair[1])?).ok();
    pairs.remainder().is_empty().then(|| pairs.map(byte).collect())?
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn bytes_come_back(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            prop_assert_eq!(decode(&encode(&bytes)), Some(bytes));
        }
    }

    #[test]
    fn what_is_not_written_like_that_is_nothing() {
        assert_eq!(encode(&[0, 10, 255]), "000aff");
        assert_eq!(decode("00AF"), Some(vec![0, 0xaf]));
        for text in ["0", "000", "+1", "zz", "0ä"] {
            assert_eq!(decode(text), None, "{text}");
        }
    }
}
