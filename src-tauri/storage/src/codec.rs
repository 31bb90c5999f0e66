//! How one document becomes few bytes: zstd, with an earlier document of the same character as its prefix.
//!
//! Two captures of a character are nearly the same text, so a document is stored as what zstd needs to rebuild it from
//! the other one: some hundred bytes instead of fifty thousand. Which other one is the business of
//! [`backstory_core::history::encoding`].
//!
//! The codec does not check content: whoever decodes compares the result with the content's hash.

use backstory_core::error::{Code, Error, Result};
use zstd::zstd_safe::{CCtx, CParameter, DCtx, compress_bound};

/// The level of every encoding made while somebody waits: higher ones take five times as long for a sixth of the bytes.
const LEVEL: i32 = 3;

/// A difference this many times smaller than its document is taken without trying the alternative: sheets in JSON shrink
/// about eight times on their own, so it is well below [`DELTA_PAYS_PERCENT`] of that.
const CLEARLY_SMALL: usize = 16;

/// A difference must be smaller than this part of the document compressed on its own; otherwise the document starts a new
/// chain, which makes everything that leans on it faster to read.
const DELTA_PAYS_PERCENT: usize = 60;

/// The largest window zstd is asked for: 128 MB, far above the largest document Backstory reads.
const MAX_WINDOW_LOG: u32 = 27;

/// How the bytes of a stored content are to be read. Kept beside every one of them; a number is never given a new meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Codec {
    /// One zstd frame, on its own: a keyframe.
    Zstd = 1,
    /// One zstd frame whose prefix is the base document.
    ZstdPrefix = 2,
}

impl Codec {
    /// The codec of a stored number.
    ///
    /// # Errors
    /// [`Code::StoreDamaged`] when there is none.
    pub fn from_number(number: i64) -> Result<Self> {
        match number {
            1 => Ok(Self::Zstd),
            2 => Ok(Self::ZstdPrefix),
            _ => Err(Error::new(
                Code::StoreDamaged,
                format!("A saved document names the encoding {number}, which this Backstory does not know."),
            )),
        }
    }

    /// What people call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Zstd => "zstd",
            Self::ZstdPrefix => "zstd+delta",
        }
    }

    /// The number it is stored as.
    pub fn number(self) -> i64 {
        i64::from(self as u8)
    }
}

/// A document made small.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Encoded {
    /// How to read it.
    pub codec: Codec,
    /// The bytes.
    pub data: Vec<u8>,
}

/// Makes a document small: against `base` where there is one and it pays, else on its own.
///
/// # Errors
/// [`Code::Internal`] when zstd refuses, which takes a lack of memory.
pub fn encode(document: &[u8], base: Option<&[u8]>) -> Result<Encoded> {
    let Some(base) = base else { return keyframe(document) };
    let delta = compress(document, Some(base))?;
    if delta.len() * CLEARLY_SMALL <= document.len() {
        return Ok(Encoded { codec: Codec::ZstdPrefix, data: delta });
    }
    let alone = keyframe(document)?;
    if delta.len() * 100 > alone.data.len() * DELTA_PAYS_PERCENT {
        return Ok(alone);
    }
    Ok(Encoded { codec: Codec::ZstdPrefix, data: delta })
}

fn keyframe(document: &[u8]) -> Result<Encoded> {
    Ok(Encoded { codec: Codec::Zstd, data: compress(document, None)? })
}

fn compress(document: &[u8], prefix: Option<&[u8]>) -> Result<Vec<u8>> {
    let mut context = CCtx::create();
    let mut set = |parameter| context.set_parameter(parameter).map_err(|code| refused("compress", code));
    set(CParameter::CompressionLevel(LEVEL))?;
    if let Some(prefix) = prefix {
        set(CParameter::WindowLog(window_log(document.len() + prefix.len())))?;
        set(CParameter::EnableLongDistanceMatching(true))?;
        context.ref_prefix(prefix).map_err(|code| refused("compress", code))?;
    }
    let mut data = Vec::with_capacity(compress_bound(document.len()));
    context.compress2(&mut data, document).map_err(|code| refused("compress", code))?;
    // The bound is as large as the document; what is kept is a hundredth of it.
    data.shrink_to_fit();
    Ok(data)
}

/// A window that reaches from the end of the document back to the start of its prefix.
fn window_log(reach: usize) -> u32 {
    reach.next_power_of_two().ilog2().clamp(10, MAX_WINDOW_LOG)
}

/// Rebuilds a document of exactly `length` bytes in `document`, whose room is used again. Makes no room before the data
/// itself names the same length.
///
/// # Errors
/// [`Code::StoreDamaged`] when the data is not what [`encode`] made, or its base is missing.
pub fn decode(
    codec: Codec,
    data: &[u8],
    base: Option<&[u8]>,
    length: usize,
    document: &mut Vec<u8>,
) -> Result<()> {
    let mut context = DCtx::create();
    match (codec, base) {
        (Codec::Zstd, _) => {}
        (Codec::ZstdPrefix, Some(base)) => {
            context.ref_prefix(base).map_err(|code| refused("decompress", code))?;
        }
        (Codec::ZstdPrefix, None) => {
            return Err(damaged("A saved document leans on another one that is not there."));
        }
    }
    let named = zstd::zstd_safe::get_frame_content_size(data).ok().flatten();
    document.clear();
    if named != Some(length as u64) || document.try_reserve_exact(length).is_err() {
        return Err(damaged("A saved document is not as long as it was."));
    }
    context.decompress(document, data).map_err(|code| {
        damaged("A saved document cannot be decompressed.")
            .caused_by(format!("zstd: {}", zstd::zstd_safe::get_error_name(code)))
    })?;
    if document.len() != length {
        return Err(damaged("A saved document is not as long as it was."));
    }
    Ok(())
}

fn damaged(message: &str) -> Error {
    Error::new(Code::StoreDamaged, message)
}

fn refused(what: &str, code: usize) -> Error {
    Error::internal(format!("A document could not be {what}ed."))
        .caused_by(format!("zstd: {}", zstd::zstd_safe::get_error_name(code)))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn noise(length: usize, seed: u64) -> Vec<u8> {
        let mut state = seed | 1;
        let mut next = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state.to_le_bytes()[0]
        };
        (0..length).map(|_| next()).collect()
    }

    fn round_trip(document: &[u8], base: Option<&[u8]>) -> Encoded {
        let encoded = encode(document, base).unwrap();
        let mut decoded = vec![7; 50];
        decode(encoded.codec, &encoded.data, base, document.len(), &mut decoded).unwrap();
        assert_eq!(decoded, document);
        encoded
    }

    #[test]
    fn a_small_edit_of_a_large_document_costs_little() {
        let base = noise(3_000_000, 7);
        let mut document = base.clone();
        document.splice(1_000..1_004, *b"edited");
        document.extend_from_slice(b"and more");
        let encoded = round_trip(&document, Some(&base));
        assert_eq!(encoded.codec, Codec::ZstdPrefix);
        assert!(encoded.data.len() < 10_000, "{} bytes", encoded.data.len());
    }

    #[test]
    fn an_unrelated_document_becomes_a_keyframe() {
        let encoded = round_trip(&noise(10_000, 1), Some(&noise(10_000, 2)));
        assert_eq!(encoded.codec, Codec::Zstd);
    }

    #[test]
    fn nothing_is_a_document_too() {
        round_trip(b"", None);
        round_trip(b"", Some(b"base"));
        round_trip(b"x", Some(b""));
    }

    #[test]
    fn a_longer_document_than_recorded_is_refused() {
        let encoded = encode(&[7; 100_000], None).unwrap();
        for length in [0, 99_999, 100_001] {
            let error = decode(encoded.codec, &encoded.data, None, length, &mut Vec::new()).unwrap_err();
            assert_eq!(error.code, Code::StoreDamaged);
        }
    }

    #[test]
    fn numbers_are_for_ever() {
        for (codec, number) in [(Codec::Zstd, 1), (Codec::ZstdPrefix, 2)] {
            assert_eq!(codec.number(), number);
            assert_eq!(Codec::from_number(number).unwrap(), codec);
        }
        assert_eq!(Codec::from_number(0).unwrap_err().code, Code::StoreDamaged);
    }

    proptest! {
        #[test]
        fn any_bytes_come_back(document: Vec<u8>, base: Option<Vec<u8>>) {
            round_trip(&document, base.as_deref());
        }

        #[test]
        fn garbage_is_an_error_and_no_panic(data: Vec<u8>, base: Vec<u8>, length in 0_usize..10_000) {
            let mut document = Vec::new();
            if decode(Codec::ZstdPrefix, &data, Some(&base), length, &mut document).is_ok() {
                prop_assert_eq!(document.len(), length);
            }
        }
    }
}
