//! How one document becomes few bytes: compressed on its own, or as its difference from an earlier one of the same
//! character.
//!
//! Two captures of a character are nearly the same text, so a document is stored as what is needed to rebuild it from the
//! other one: some hundred bytes instead of fifty thousand. Which other one is the business of
//! [`backstory_core::history::encoding`].
//!
//! zstd takes the earlier document as its prefix; what it makes is a patch for `zstd --patch-from`. The other compressions
//! cannot, so [`delta`] says the difference and they compress that. What is whole is a file the usual tool opens.
//!
//! There is one way back, [`rebuild`], and it compares with the content's hash: nothing that was decoded wrongly leaves
//! this module.

mod compression;
mod delta;

use backstory_core::{
    error::{Code, Error, Result},
    model::ContentHash,
    storage::{Compression, Encoding},
};

/// A difference this many times smaller than its document is taken without trying the alternative: sheets in JSON shrink
/// about eight times on their own, so it is well below [`DELTA_PAYS_PERCENT`] of that.
const CLEARLY_SMALL: usize = 16;

/// A difference must be smaller than this part of the document compressed on its own; otherwise the document starts a new
/// chain, which makes everything that leans on it faster to read.
const DELTA_PAYS_PERCENT: usize = 60;

/// What to do about a damaged document.
const CHECK_HINT: &str =
    "Run a check of the library (backstory verify --read-data) to see everything that is affected.";

/// How the bytes of a stored content are to be read. Kept beside every one of them; a number is never given a new meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Codec {
    /// One zstd frame, on its own: a keyframe.
    Zstd = 1,
    /// One zstd frame whose prefix is the base document.
    ZstdDelta = 2,
    /// The document.
    None = 3,
    /// The instructions that make it from its base.
    Delta = 4,
    /// A gzip file.
    Gzip = 5,
    /// A gzip file of instructions.
    GzipDelta = 6,
    /// An LZ4 frame.
    Lz4 = 7,
    /// An LZ4 frame of instructions.
    Lz4Delta = 8,
}

impl Codec {
    /// Every one there is, in the order of their numbers.
    pub const ALL: [Self; 8] = [
        Self::Zstd,
        Self::ZstdDelta,
        Self::None,
        Self::Delta,
        Self::Gzip,
        Self::GzipDelta,
        Self::Lz4,
        Self::Lz4Delta,
    ];

    /// The codec of a compression, with or without a base.
    pub fn of(compression: Compression, delta: bool) -> Self {
        match (compression, delta) {
            (Compression::None, false) => Self::None,
            (Compression::None, true) => Self::Delta,
            (Compression::Gzip, false) => Self::Gzip,
            (Compression::Gzip, true) => Self::GzipDelta,
            (Compression::Zstd, false) => Self::Zstd,
            (Compression::Zstd, true) => Self::ZstdDelta,
            (Compression::Lz4, false) => Self::Lz4,
            (Compression::Lz4, true) => Self::Lz4Delta,
        }
    }

    /// The codec of a stored number.
    ///
    /// # Errors
    /// [`Code::StoreDamaged`] when there is none.
    pub fn from_number(number: i64) -> Result<Self> {
        Self::ALL.into_iter().find(|codec| codec.number() == number).ok_or_else(|| unknown(&number))
    }

    /// The number it is stored as.
    pub fn number(self) -> i64 {
        i64::from(self as u8)
    }

    /// The codec of a name.
    ///
    /// # Errors
    /// [`Code::StoreDamaged`] when there is none.
    pub fn from_name(name: &str) -> Result<Self> {
        Self::ALL.into_iter().find(|codec| codec.name() == name).ok_or_else(|| unknown(&name))
    }

    /// What it is called, for people and in stores that spell it out.
    pub fn name(self) -> &'static str {
        match self {
            Self::Zstd => "zstd",
            Self::ZstdDelta => "zstd+delta",
            Self::None => "none",
            Self::Delta => "delta",
            Self::Gzip => "gzip",
            Self::GzipDelta => "gzip+delta",
            Self::Lz4 => "lz4",
            Self::Lz4Delta => "lz4+delta",
        }
    }

    /// How a file with such data in it ends, so that the usual tool knows it.
    pub fn file_ending(self) -> &'static str {
        match self {
            Self::Zstd => "json.zst",
            Self::ZstdDelta => "delta.zst",
            Self::None => "json",
            Self::Delta => "delta",
            Self::Gzip => "json.gz",
            Self::GzipDelta => "delta.gz",
            Self::Lz4 => "json.lz4",
            Self::Lz4Delta => "delta.lz4",
        }
    }

    /// Whether it takes another document to read it.
    pub fn is_delta(self) -> bool {
        matches!(self, Self::ZstdDelta | Self::Delta | Self::GzipDelta | Self::Lz4Delta)
    }

    /// How it is compressed.
    pub fn compression(self) -> Compression {
        match self {
            Self::Zstd | Self::ZstdDelta => Compression::Zstd,
            Self::None | Self::Delta => Compression::None,
            Self::Gzip | Self::GzipDelta => Compression::Gzip,
            Self::Lz4 | Self::Lz4Delta => Compression::Lz4,
        }
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

/// Makes a document small: against `base` where there is one, differences are wanted and it pays; else on its own.
///
/// # Errors
/// [`Code::Internal`] when the compression refuses, which takes a lack of memory.
pub fn encode(document: &[u8], base: Option<&[u8]>, encoding: &Encoding) -> Result<Encoded> {
    let Some(base) = base.filter(|_| encoding.delta) else { return keyframe(document, encoding) };
    let Some(delta) = difference(document, base, encoding)? else { return keyframe(document, encoding) };
    if !delta.data.is_empty() && delta.data.len() * CLEARLY_SMALL <= document.len() {
        return Ok(delta);
    }
    let alone = keyframe(document, encoding)?;
    if delta.data.len() * 100 >= alone.data.len() * DELTA_PAYS_PERCENT {
        return Ok(alone);
    }
    Ok(delta)
}

fn keyframe(document: &[u8], encoding: &Encoding) -> Result<Encoded> {
    let codec = Codec::of(encoding.compression, false);
    Ok(Encoded { codec, data: compress(document, encoding)? })
}

fn compress(text: &[u8], encoding: &Encoding) -> Result<Vec<u8>> {
    match encoding.compression {
        Compression::None => Ok(text.to_vec()),
        Compression::Gzip => compression::gzip(text, encoding.level),
        Compression::Zstd => compression::zstd(text, None, encoding.level),
        Compression::Lz4 => compression::lz4(text),
    }
}

/// The document as its difference from another; none where that is longer than itself, which no reader would believe.
fn difference(document: &[u8], base: &[u8], encoding: &Encoding) -> Result<Option<Encoded>> {
    let codec = Codec::of(encoding.compression, true);
    if codec == Codec::ZstdDelta {
        return Ok(Some(Encoded { codec, data: compression::zstd(document, Some(base), encoding.level)? }));
    }
    let instructions = delta::instructions(document, base);
    if instructions.len() > document.len() {
        return Ok(None);
    }
    Ok(Some(Encoded { codec, data: compress(&instructions, encoding)? }))
}

/// A content as it is stored: one link of a chain.
#[derive(Debug, Clone, Copy)]
pub struct Link<'a> {
    /// How to read it.
    pub codec: Codec,
    /// The stored bytes.
    pub data: &'a [u8],
    /// How long the document is.
    pub length: usize,
}

/// Rebuilds the document named `hash`, which is the first of `chain`; every link leans on the next one. `start` is the
/// document that the last link leans on, where it leans on one.
///
/// Works in two buffers that take turns, none larger than the largest recorded length.
///
/// # Errors
/// [`Code::StoreDamaged`] when a link is not what [`encode`] made, its base is missing, or what comes out is not what was
/// saved.
pub fn rebuild<'a>(
    chain: impl DoubleEndedIterator<Item = Link<'a>>,
    start: Option<&[u8]>,
    hash: &ContentHash,
) -> Result<Vec<u8>> {
    let (mut document, mut spare) = (Vec::new(), Vec::new());
    for (n, link) in chain.rev().enumerate() {
        let base = if n == 0 { start } else { Some(document.as_slice()) };
        decode(link, base, &mut spare)?;
        std::mem::swap(&mut document, &mut spare);
    }
    if ContentHash::of(&document) != *hash {
        return Err(damaged("A saved document is not what was saved: its checksum does not match."));
    }
    Ok(document)
}

/// Decodes one link into `document`, whose room is used again. Makes no room before the data itself names the length.
fn decode(link: Link<'_>, base: Option<&[u8]>, document: &mut Vec<u8>) -> Result<()> {
    let Link { codec, data, length } = link;
    if !codec.is_delta() {
        return decompress(codec.compression(), data, length, document);
    }
    let base = base.ok_or_else(|| damaged("A saved document leans on another one that is not there."))?;
    if codec == Codec::ZstdDelta {
        return compression::unzstd(data, Some(base), length, document);
    }
    let named = compression::named_length(codec.compression(), data).filter(|&named| named <= length);
    let mut instructions = Vec::new();
    decompress(codec.compression(), data, named.ok_or_else(compression::wrong_length)?, &mut instructions)?;
    delta::follow(&instructions, base, length, document).ok_or_else(compression::unreadable)
}

fn decompress(compression: Compression, data: &[u8], length: usize, text: &mut Vec<u8>) -> Result<()> {
    compression::make_room(text, compression::named_length(compression, data) == Some(length), length)?;
    match compression {
        Compression::None => {
            text.extend_from_slice(data);
            Ok(())
        }
        Compression::Gzip => compression::gunzip(data, length, text),
        Compression::Zstd => compression::unzstd(data, None, length, text),
        Compression::Lz4 => compression::unlz4(data, length, text),
    }
}

fn damaged(message: &str) -> Error {
    Error::new(Code::StoreDamaged, message).hint(CHECK_HINT)
}

fn unknown(codec: &dyn std::fmt::Display) -> Error {
    Error::new(
        Code::StoreDamaged,
        format!("A saved document names the encoding {codec}, which this Backstory does not know."),
    )
    .hint("It may have been saved by a newer Backstory: install the latest one.")
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::{prelude::*, sample::select};

    use super::*;

    const COMPRESSIONS: [Compression; 4] =
        [Compression::None, Compression::Gzip, Compression::Zstd, Compression::Lz4];

    fn encoding(compression: Compression) -> Encoding {
        Encoding { compression, ..Encoding::default() }
    }

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

    fn read(encoded: &Encoded, base: Option<&[u8]>, length: usize, hash: &ContentHash) -> Result<Vec<u8>> {
        let link = Link { codec: encoded.codec, data: &encoded.data, length };
        rebuild(std::iter::once(link), base, hash)
    }

    fn round_trip(document: &[u8], base: Option<&[u8]>, encoding: &Encoding) -> Encoded {
        let encoded = encode(document, base, encoding).unwrap();
        assert_eq!(encoded.codec.compression(), encoding.compression);
        let decoded = read(&encoded, base, document.len(), &ContentHash::of(document)).unwrap();
        assert!(decoded == document);
        encoded
    }

    #[test]
    fn a_small_edit_of_a_large_document_costs_little() {
        let base = noise(3_000_000, 7);
        let mut document = base.clone();
        document.splice(1_000..1_004, *b"edited");
        document.extend_from_slice(b"and more");
        for compression in COMPRESSIONS {
            let encoded = round_trip(&document, Some(&base), &encoding(compression));
            assert!(encoded.codec.is_delta());
            let most = if compression == Compression::Zstd { 10_000 } else { 100 };
            assert!(encoded.data.len() < most, "{compression:?}: {} bytes", encoded.data.len());
        }
    }

    #[test]
    fn an_unrelated_document_becomes_a_keyframe() {
        for compression in COMPRESSIONS {
            let encoded = round_trip(&noise(10_000, 1), Some(&noise(10_000, 2)), &encoding(compression));
            assert!(!encoded.codec.is_delta());
        }
    }

    #[test]
    fn without_differences_every_document_is_whole() {
        let document = noise(10_000, 1);
        for compression in COMPRESSIONS {
            let whole = Encoding { delta: false, ..encoding(compression) };
            assert!(!round_trip(&document, Some(&document), &whole).codec.is_delta());
        }
    }

    #[test]
    fn nothing_is_a_document_too() {
        for compression in COMPRESSIONS {
            let encoding = encoding(compression);
            assert!(!round_trip(b"", None, &encoding).codec.is_delta());
            assert!(!round_trip(b"", Some(b"base"), &encoding).codec.is_delta());
            round_trip(b"x", Some(b""), &encoding);
        }
    }

    #[test]
    fn a_chain_of_every_codec_is_rebuilt() {
        let documents: Vec<_> =
            (0..9_u8).map(|n| [&noise(5_000, 3)[..], &[n; 10], &noise(5_000, 4)].concat()).collect();
        let mut links = vec![(Codec::None, documents[0].clone())];
        for (n, window) in documents.windows(2).enumerate() {
            let encoding = encoding(COMPRESSIONS[n % 4]);
            let encoded = encode(&window[1], Some(&window[0]), &encoding).unwrap();
            assert!(encoded.codec.is_delta());
            links.push((encoded.codec, encoded.data));
        }
        let chain = links.iter().rev().map(|(codec, data)| Link { codec: *codec, data, length: 10_010 });
        let hash = ContentHash::of(&documents[8]);
        assert!(rebuild(chain.clone(), None, &hash).unwrap() == documents[8]);
        assert!(rebuild(chain.clone().take(8), Some(&documents[0]), &hash).unwrap() == documents[8]);
        let error = rebuild(chain.take(8), None, &hash).unwrap_err();
        assert_eq!(error.code, Code::StoreDamaged);
    }

    #[test]
    fn what_is_not_what_was_saved_does_not_come_back() {
        let encoded = encode(b"this", None, &encoding(Compression::None)).unwrap();
        let error = read(&encoded, None, 4, &ContentHash::of(b"that")).unwrap_err();
        assert_eq!(error.code, Code::StoreDamaged);
        assert!(error.hint.is_some());
    }

    #[test]
    fn a_longer_document_than_recorded_is_refused() {
        let document = [7; 100_000];
        for compression in COMPRESSIONS {
            for base in [None, Some(&document[1..])] {
                let encoded = encode(&document, base, &encoding(compression)).unwrap();
                for length in [0, 99_999, 100_001] {
                    let link = Link { codec: encoded.codec, data: &encoded.data, length };
                    let mut room = Vec::new();
                    assert_eq!(decode(link, base, &mut room).unwrap_err().code, Code::StoreDamaged);
                    assert!(room.capacity() <= length);
                }
            }
        }
    }

    #[test]
    fn a_frame_that_lies_about_its_length_is_refused() {
        for compression in [Compression::Gzip, Compression::Lz4] {
            let mut data = encode(&[7; 100_000], None, &encoding(compression)).unwrap().data;
            let named = if compression == Compression::Gzip { data.len() - 4 } else { 6 };
            data[named..named + 4].copy_from_slice(&1_000_u32.to_le_bytes());
            let link = Link { codec: Codec::of(compression, false), data: &data, length: 1_000 };
            let mut room = Vec::new();
            assert_eq!(decode(link, None, &mut room).unwrap_err().code, Code::StoreDamaged);
            assert!(room.capacity() <= 1_000);
        }
    }

    #[test]
    fn levels_are_tried_and_brought_within_reach() {
        let document = serde_json::to_vec(&(0..5_000).collect::<Vec<_>>()).unwrap();
        for compression in COMPRESSIONS {
            let at =
                |level| round_trip(&document, None, &Encoding { level, ..encoding(compression) }).data.len();
            for level in [i32::MIN, -1, 0, 99, i32::MAX] {
                at(Some(level));
            }
            assert!(at(Some(9)) <= at(Some(1)), "{compression:?}");
        }
    }

    #[test]
    fn the_same_document_gives_the_same_bytes() {
        let document = noise(1_000, 5);
        for compression in COMPRESSIONS {
            let encoding = encoding(compression);
            assert_eq!(
                encode(&document, None, &encoding).unwrap(),
                encode(&document, None, &encoding).unwrap()
            );
        }
    }

    #[test]
    fn numbers_and_names_are_for_ever() {
        for (codec, number, name, ending) in [
            (Codec::Zstd, 1, "zstd", "json.zst"),
            (Codec::ZstdDelta, 2, "zstd+delta", "delta.zst"),
            (Codec::None, 3, "none", "json"),
            (Codec::Delta, 4, "delta", "delta"),
            (Codec::Gzip, 5, "gzip", "json.gz"),
            (Codec::GzipDelta, 6, "gzip+delta", "delta.gz"),
            (Codec::Lz4, 7, "lz4", "json.lz4"),
            (Codec::Lz4Delta, 8, "lz4+delta", "delta.lz4"),
        ] {
            assert_eq!((codec.number(), codec.name(), codec.file_ending()), (number, name, ending));
            assert_eq!(Codec::from_number(number).unwrap(), codec);
            assert_eq!(Codec::from_name(name).unwrap(), codec);
            assert_eq!(Codec::of(codec.compression(), codec.is_delta()), codec);
        }
        for unknown in [0, 9, -1, 257] {
            assert_eq!(Codec::from_number(unknown).unwrap_err().code, Code::StoreDamaged);
        }
        assert_eq!(Codec::from_name("brotli").unwrap_err().code, Code::StoreDamaged);
    }

    fn encodings() -> impl Strategy<Value = Encoding> {
        (select(&COMPRESSIONS[..]), prop::option::of(0..20), any::<bool>())
            .prop_map(|(compression, level, delta)| Encoding { level, delta, ..encoding(compression) })
    }

    proptest! {
        #[test]
        fn any_bytes_come_back(document: Vec<u8>, base: Option<Vec<u8>>, encoding in encodings()) {
            round_trip(&document, base.as_deref(), &encoding);
        }

        #[test]
        fn an_edit_comes_back(
            text in prop::collection::vec(any::<u8>(), 200..2_000),
            at in any::<prop::sample::Index>(),
            entered: Vec<u8>,
            encoding in encodings(),
        ) {
            let mut document = text.clone();
            let at = at.index(text.len());
            document.splice(at..(at + 5).min(text.len()), entered);
            round_trip(&document, Some(&text), &encoding);
        }

        #[test]
        fn garbage_is_an_error_and_no_panic(data: Vec<u8>, base: Vec<u8>, length in 0_usize..10_000, codec in select(&Codec::ALL[..])) {
            let mut document = Vec::new();
            if decode(Link { codec, data: &data, length }, Some(&base), &mut document).is_ok() {
                prop_assert_eq!(document.len(), length);
            }
            prop_assert!(document.capacity() <= length.max(8));
        }

        #[test]
        fn a_flipped_bit_is_never_believed(
            document in prop::collection::vec(any::<u8>(), 1..500),
            bit in any::<prop::sample::Index>(),
            encoding in encodings(),
        ) {
            let base = [&document[..], b"more"].concat();
            let mut encoded = encode(&document, Some(&base), &encoding).unwrap();
            let bit = bit.index(encoded.data.len() * 8);
            encoded.data[bit / 8] ^= 1 << (bit % 8);
            let read = read(&encoded, Some(&base), document.len(), &ContentHash::of(&document));
            prop_assert!(read.is_err() || read.unwrap() == document);
        }
    }
}
