//! The difference between two documents, as instructions for whoever has the earlier one: copy from there, insert this.
//!
//! It is used where the compression has no way of its own to lean on an earlier document. The instructions are then
//! compressed, or not, like any document.
//!
//! A stream of instructions is a sequence of numbers in the variable-length form of [`put_number`]. Each instruction
//! starts with its length times two, plus one where it copies:
//! - *insert*: that many bytes follow as they are;
//! - *copy*: a second number says how far from the end of the last copy to start, in zigzag form. Between two captures
//!   of a character that is mostly a short step, so it takes a byte.

use std::{cell::OnceCell, ops::Range};

/// How long the blocks are by which stretches of the base are found again, wherever they went. First long ones: they
/// mostly stand in one place only, although sheets repeat themselves. Then short ones, for what is left between.
/// Stretches of twice a block's length are always found.
const BLOCKS: [usize; 2] = [64, 16];

/// How many places of a block are tried: the one nearest to where the last copy ended is mostly right.
const CANDIDATES: usize = 8;

/// What the rolling hash multiplies by: an odd number with its bits well mixed.
const FACTOR: u32 = 0x9e37_79b1;

/// The instructions that make `document` from `base`.
pub(super) fn instructions(document: &[u8], base: &[u8]) -> Vec<u8> {
    let head = common_start(document, base);
    let tail = common_end(&document[head..], &base[head..]);
    let mut description =
        Description { document, base, blocks: Default::default(), script: Script::default() };
    description.script.copy(0..head);
    description.describe(head..document.len() - tail, 0);
    description.script.copy(base.len() - tail..base.len());
    description.script.finish()
}

/// How many bytes are compared at once while they are the same.
const STRIDE: usize = 32;

/// How many bytes two texts have in common at their start.
fn common_start(a: &[u8], b: &[u8]) -> usize {
    let strides = a.chunks_exact(STRIDE).zip(b.chunks_exact(STRIDE)).take_while(|(a, b)| a == b).count();
    let far = strides * STRIDE;
    far + a[far..].iter().zip(&b[far..]).take_while(|(a, b)| a == b).count()
}

/// How many bytes two texts have in common at their end.
fn common_end(a: &[u8], b: &[u8]) -> usize {
    let strides = a.rchunks_exact(STRIDE).zip(b.rchunks_exact(STRIDE)).take_while(|(a, b)| a == b).count();
    let (a, b) = (&a[..a.len() - strides * STRIDE], &b[..b.len() - strides * STRIDE]);
    strides * STRIDE + a.iter().rev().zip(b.iter().rev()).take_while(|(a, b)| a == b).count()
}

/// A document being described.
struct Description<'a> {
    document: &'a [u8],
    base: &'a [u8],
    /// Where the base has which blocks, for each length in [`BLOCKS`]; counted when first needed.
    blocks: [OnceCell<Blocks>; BLOCKS.len()],
    script: Script,
}

impl Description<'_> {
    /// Describes a stretch of the document from left to right, by blocks of this length and shorter ones.
    fn describe(&mut self, stretch: Range<usize>, level: usize) {
        let Some(&length) = BLOCKS.get(level) else {
            self.script.insert(&self.document[stretch]);
            return;
        };
        let mut pending = stretch.start;
        if stretch.len() >= length && self.base.len() >= length {
            let mut at = stretch.start;
            let mut hash = Rolling::new(&self.document[at..at + length]);
            while at + length <= stretch.end {
                if let Some(found) = self.find(hash.0, at..stretch.end, at - pending, level) {
                    // The text may have been the same already before the block began.
                    let earlier = common_end(&self.document[pending..at], &self.base[..found.start]);
                    self.describe(pending..at - earlier, level + 1);
                    self.script.copy(found.start - earlier..found.end);
                    at += found.len();
                    pending = at;
                    hash = self.document.get(at..at + length).map_or(hash, Rolling::new);
                } else {
                    if let Some(&entering) = self.document.get(at + length) {
                        hash.roll(self.document[at], entering, length);
                    }
                    at += 1;
                }
            }
        }
        self.describe(pending..stretch.end, level + 1);
    }

    /// The stretch of the base that says the longest what the document says at the start of `wanted`.
    fn find(&self, hash: u32, wanted: Range<usize>, pending: usize, level: usize) -> Option<Range<usize>> {
        let blocks = self.blocks[level].get_or_init(|| Blocks::new(self.base, BLOCKS[level]));
        let likely = self.script.expected + pending;
        let wanted = &self.document[wanted];
        let ends = |place: usize| place + common_start(wanted, &self.base[place..]);
        let found = blocks.nearest(hash, likely).map(|place| place..ends(place));
        found
            .filter(|found| found.len() >= BLOCKS[level])
            .max_by_key(|found| (found.len(), std::cmp::Reverse(found.start.abs_diff(likely))))
    }
}

/// The hash of a window that moves byte by byte.
struct Rolling(u32);

impl Rolling {
    fn new(window: &[u8]) -> Self {
        Self(window.iter().fold(0, |hash: u32, &byte| hash.wrapping_mul(FACTOR).wrapping_add(weight(byte))))
    }

    fn roll(&mut self, leaving: u8, entering: u8, length: usize) {
        let leaving = weight(leaving).wrapping_mul(FACTOR.wrapping_pow(length as u32 - 1));
        self.0 = self.0.wrapping_sub(leaving).wrapping_mul(FACTOR).wrapping_add(weight(entering));
    }
}

/// A byte spread over a word, so that the hash's upper bits know of it at once.
fn weight(byte: u8) -> u32 {
    (u32::from(byte) + 1).wrapping_mul(0x85eb_ca6b)
}

/// Where in the base which blocks stand.
struct Blocks {
    /// Every block by its hash, then by its place.
    places: Vec<(u32, usize)>,
    /// A bit for every hash that may be among them: most questions end here.
    seen: Vec<u64>,
}

impl Blocks {
    fn new(base: &[u8], length: usize) -> Self {
        let blocks = base.chunks_exact(length).enumerate();
        let mut places: Vec<_> = blocks.map(|(n, block)| (Rolling::new(block).0, n * length)).collect();
        places.sort_unstable();
        let bits = (places.len() * 16).next_power_of_two().clamp(1 << 10, 1 << 24);
        let mut blocks = Self { places, seen: vec![0; bits / 64] };
        for n in 0..blocks.places.len() {
            let (word, bit) = blocks.bit(blocks.places[n].0);
            blocks.seen[word] |= bit;
        }
        blocks
    }

    fn bit(&self, hash: u32) -> (usize, u64) {
        let number = hash.wrapping_mul(0xc2b2_ae35) >> 7;
        ((number / 64) as usize & (self.seen.len() - 1), 1 << (number % 64))
    }

    /// Where blocks of this hash stand: those nearest to `likely`. Hashes only suggest; whoever asks compares.
    fn nearest(&self, hash: u32, likely: usize) -> impl Iterator<Item = usize> {
        let (word, bit) = self.bit(hash);
        let same = if self.seen[word] & bit == 0 { &[] } else { self.same(hash) };
        let middle = same.partition_point(|place| place.1 < likely).saturating_sub(CANDIDATES / 2);
        same[middle.min(same.len().saturating_sub(CANDIDATES))..].iter().take(CANDIDATES).map(|place| place.1)
    }

    fn same(&self, hash: u32) -> &[(u32, usize)] {
        let from = &self.places[self.places.partition_point(|place| place.0 < hash)..];
        &from[..from.partition_point(|place| place.0 == hash)]
    }
}

/// Instructions as they are written.
#[derive(Default)]
struct Script {
    bytes: Vec<u8>,
    /// A copy that may yet become longer.
    copying: Range<usize>,
    /// Where the next copy starts, if it goes on where the last one ended.
    expected: usize,
    /// Where the last written copy ended.
    written: usize,
}

impl Script {
    fn copy(&mut self, stretch: Range<usize>) {
        if stretch.is_empty() {
            return;
        }
        if stretch.start == self.copying.end && !self.copying.is_empty() {
            self.copying.end = stretch.end;
        } else {
            self.flush();
            self.copying = stretch;
        }
        self.expected = self.copying.end;
    }

    fn insert(&mut self, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        self.flush();
        put_number(&mut self.bytes, (bytes.len() as u64) << 1);
        self.bytes.extend_from_slice(bytes);
        self.expected += bytes.len();
    }

    fn flush(&mut self) {
        let stretch = std::mem::take(&mut self.copying);
        if !stretch.is_empty() {
            put_number(&mut self.bytes, ((stretch.len() as u64) << 1) | 1);
            put_number(&mut self.bytes, zigzag(stretch.start, self.written));
            self.written = stretch.end;
        }
    }

    fn finish(mut self) -> Vec<u8> {
        self.flush();
        self.bytes
    }
}

/// A step from `from` to `to`: twice its length forwards, that less one backwards.
fn zigzag(to: usize, from: usize) -> u64 {
    if to >= from { ((to - from) as u64) << 1 } else { (((from - to) as u64) << 1) - 1 }
}

/// Seven bits a byte, the lowest first; the highest bit says that more follow.
fn put_number(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

/// One instruction, its place in the base made plain.
enum Instruction<'a> {
    Insert(&'a [u8]),
    Copy(Range<usize>),
}

/// Reads instructions; none where they make no sense.
struct Reader<'a> {
    rest: &'a [u8],
    last: usize,
}

impl<'a> Reader<'a> {
    fn new(instructions: &'a [u8]) -> Self {
        Self { rest: instructions, last: 0 }
    }

    fn next(&mut self) -> Option<Instruction<'a>> {
        let head = self.number()?;
        let length = usize::try_from(head >> 1).ok()?;
        if head & 1 == 0 {
            let (bytes, rest) = self.rest.split_at_checked(length)?;
            self.rest = rest;
            return Some(Instruction::Insert(bytes));
        }
        let step = self.number()?;
        let distance = usize::try_from(step.div_ceil(2)).ok()?;
        let start =
            if step & 1 == 0 { self.last.checked_add(distance)? } else { self.last.checked_sub(distance)? };
        self.last = start.checked_add(length)?;
        Some(Instruction::Copy(start..self.last))
    }

    fn number(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..63).step_by(7) {
            let (&byte, rest) = self.rest.split_first()?;
            self.rest = rest;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(number);
            }
        }
        None
    }
}

/// Follows instructions to a document of exactly `length` bytes. None where they lead elsewhere. Makes no room before
/// they were all read and add up.
pub(super) fn follow(instructions: &[u8], base: &[u8], length: usize, document: &mut Vec<u8>) -> Option<()> {
    let mut reader = Reader::new(instructions);
    let mut total = 0_usize;
    while !reader.rest.is_empty() {
        total = total.checked_add(match reader.next()? {
            Instruction::Insert(bytes) => bytes.len(),
            Instruction::Copy(stretch) => base.get(stretch)?.len(),
        })?;
    }
    document.clear();
    if total != length || document.try_reserve_exact(length).is_err() {
        return None;
    }
    let mut reader = Reader::new(instructions);
    while !reader.rest.is_empty() {
        document.extend_from_slice(match reader.next()? {
            Instruction::Insert(bytes) => bytes,
            Instruction::Copy(stretch) => base.get(stretch)?,
        });
    }
    Some(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    fn round_trip(document: &[u8], base: &[u8]) -> usize {
        let instructions = instructions(document, base);
        let mut made = vec![7; 50];
        follow(&instructions, base, document.len(), &mut made).unwrap();
        assert!(made == document);
        instructions.len()
    }

    /// A text that repeats itself a lot, as sheets do.
    fn rows(count: usize) -> Vec<u8> {
        (0..count)
            .flat_map(|n| format!("{{\"id\":{n},\"type\":\"bonus\",\"isGranted\":true}},").into_bytes())
            .collect()
    }

    #[test]
    fn equal_texts_are_one_copy() {
        let text = rows(1_000);
        assert!(round_trip(&text, &text) <= 4);
        assert_eq!(instructions(b"", b"base"), b"");
    }

    #[test]
    fn what_was_moved_is_copied() {
        let base = rows(1_000);
        let (front, back) = base.split_at(base.len() / 2);
        assert!(round_trip(&[back, front].concat(), &base) < 40);
    }

    #[test]
    fn edits_all_over_cost_what_they_are() {
        let base = rows(2_000);
        let mut document = base.clone();
        for at in (0..20).rev().map(|n| n * 4_000 + 13) {
            document.splice(at..at + 2, *b"#");
        }
        assert!(round_trip(&document, &base) < 20 * 12);
    }

    #[test]
    fn a_row_like_the_others_costs_little() {
        let base = rows(1_000);
        let at = base.windows(9).position(|part| part == b"{\"id\":500").unwrap();
        let mut document = base.clone();
        document.splice(at..at, *b"{\"id\":7000,\"type\":\"bonus\",\"isGranted\":true},");
        assert!(round_trip(&document, &base) < 40);
    }

    #[test]
    fn a_text_of_one_letter_takes_no_time() {
        round_trip(&vec![b' '; 3_000_000], &vec![b' '; 2_999_999]);
        round_trip(
            &[&vec![b' '; 1_000_000][..], b"x", &vec![b' '; 1_000_000]].concat(),
            &vec![b' '; 2_000_000],
        );
    }

    #[test]
    fn what_leads_elsewhere_is_refused() {
        let base = b"0123456789";
        let follow = |instructions: &[u8], length| super::follow(instructions, base, length, &mut Vec::new());
        assert!(follow(&[5, 0], 2).is_some());
        // Longer, shorter, beyond the base, before it, cut short, and a number without an end.
        for (instructions, length) in [
            (&[5, 0][..], 1),
            (&[5, 0], 3),
            (&[5, 18], 2),
            (&[5, 1], 2),
            (&[5], 2),
            (&[4, b'x'], 2),
            (&[0xff; 20], 2),
        ] {
            assert!(follow(instructions, length).is_none(), "{instructions:?}");
        }
        // A few bytes that ask for terabytes make no room at all.
        let mut document = Vec::new();
        let bomb = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x03, 0].repeat(100);
        assert!(super::follow(&bomb, base, usize::MAX, &mut document).is_none());
        assert_eq!(document.capacity(), 0);
    }

    proptest! {
        #[test]
        fn any_two_texts(document: Vec<u8>, base: Vec<u8>) {
            round_trip(&document, &base);
        }

        #[test]
        fn texts_of_the_same_pieces(
            pieces in vec(vec(b'a'..b'd', 0..60), 1..8),
            document in vec(0_usize..8, 0..30),
            base in vec(0_usize..8, 0..30),
        ) {
            let text = |order: &[usize]| {
                order.iter().flat_map(|n| pieces[n % pieces.len()].clone()).collect::<Vec<_>>()
            };
            round_trip(&text(&document), &text(&base));
        }

        #[test]
        fn garbage_makes_no_more_than_was_asked_for(instructions: Vec<u8>, base: Vec<u8>, length in 0_usize..1_000) {
            let mut document = Vec::new();
            if follow(&instructions, &base, length, &mut document).is_some() {
                prop_assert_eq!(document.len(), length);
            }
            prop_assert!(document.capacity() <= length.max(8));
        }
    }
}
