//! One text made small on its own, by each kind of compression, in the format its usual tool opens: `gzip -d`, `lz4 -d`,
//! `zstd -d`.
//!
//! Nothing here makes more room than the length it is told: a frame names its own length, and it is believed only where
//! it is the recorded one.

use std::io::{Read, Write};

use backstory_core::{
    error::{Error, Result},
    storage::Compression,
};
use lz4_flex::frame::{BlockMode, BlockSize, FrameDecoder, FrameEncoder, FrameInfo};
use zstd::zstd_safe::{self, CCtx, CParameter, DCtx, compress_bound};

use super::damaged;

/// The level of zstd where none is chosen: higher ones take five times as long for a sixth of the bytes.
const ZSTD_LEVEL: i32 = 3;

/// The highest level of zstd for a difference: above it a save takes ten times as long for the same bytes.
const ZSTD_DELTA_LEVEL: i32 = 9;

/// The level of gzip where none is chosen: its own usual one.
const GZIP_LEVEL: i32 = 6;

/// The largest window zstd is asked for: 128 MB, far above the largest document Backstory reads.
const MAX_WINDOW_LOG: u32 = 27;

/// The start of every LZ4 frame, up to the byte that says how large its blocks may be.
const LZ4_MAGIC: [u8; 4] = 0x184d_2204_u32.to_le_bytes();

/// That byte, for blocks of 64 KB: the room a reader needs for a block is then small whatever a frame claims.
const LZ4_BLOCKS: u8 = 4 << 4;

/// In the byte before it: the frame names its length.
const LZ4_NAMES_LENGTH: u8 = 1 << 3;

/// Levels beyond what a compression has become its nearest one.
fn within(level: Option<i32>, usual: i32, highest: i32) -> i32 {
    level.unwrap_or(usual).clamp(0, highest)
}

/// A zstd frame, with `prefix` as what it may refer back to.
pub(super) fn zstd(text: &[u8], prefix: Option<&[u8]>, level: Option<i32>) -> Result<Vec<u8>> {
    let mut context = CCtx::create();
    let mut set = |parameter| context.set_parameter(parameter).map_err(zstd_refused);
    let highest = if prefix.is_some() { ZSTD_DELTA_LEVEL } else { zstd_safe::max_c_level() };
    set(CParameter::CompressionLevel(within(level, ZSTD_LEVEL, highest)))?;
    if let Some(prefix) = prefix {
        set(CParameter::WindowLog(window_log(text.len() + prefix.len())))?;
        set(CParameter::EnableLongDistanceMatching(true))?;
        context.ref_prefix(prefix).map_err(zstd_refused)?;
    }
    let mut data = Vec::with_capacity(compress_bound(text.len()));
    context.compress2(&mut data, text).map_err(zstd_refused)?;
    // The bound is as large as the document; what is kept is a hundredth of it.
    data.shrink_to_fit();
    Ok(data)
}

/// A window that reaches from the end of the document back to the start of its prefix.
fn window_log(reach: usize) -> u32 {
    reach.next_power_of_two().ilog2().clamp(10, MAX_WINDOW_LOG)
}

/// Reads what [`zstd`] made into `text`, whose room is used again.
pub(super) fn unzstd(data: &[u8], prefix: Option<&[u8]>, length: usize, text: &mut Vec<u8>) -> Result<()> {
    let mut context = DCtx::create();
    if let Some(prefix) = prefix {
        context.ref_prefix(prefix).map_err(zstd_refused)?;
    }
    make_room(text, named_length(Compression::Zstd, data) == Some(length), length)?;
    context
        .decompress(text, data)
        .map_err(|code| unreadable().caused_by(format!("zstd: {}", zstd_safe::get_error_name(code))))?;
    whole(text, length)
}

/// A gzip file with one member, without a name or a time: the same text gives the same bytes.
pub(super) fn gzip(text: &[u8], level: Option<i32>) -> Result<Vec<u8>> {
    let level = within(level, GZIP_LEVEL, 9).unsigned_abs();
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::new(level));
    encoder.write_all(text).map_err(refused)?;
    encoder.finish().map_err(refused)
}

/// Reads what [`gzip`] made into the room there is.
pub(super) fn gunzip(data: &[u8], length: usize, text: &mut Vec<u8>) -> Result<()> {
    let mut decoder = flate2::bufread::GzDecoder::new(data);
    fill(&mut decoder, text, length)?;
    if !decoder.get_ref().is_empty() {
        return Err(unreadable());
    }
    Ok(())
}

/// An LZ4 frame that names its length.
pub(super) fn lz4(text: &[u8]) -> Result<Vec<u8>> {
    let frame = FrameInfo::new()
        .content_size(Some(text.len() as u64))
        .block_size(BlockSize::Max64KB)
        .block_mode(BlockMode::Linked);
    let mut encoder = FrameEncoder::with_frame_info(frame, Vec::new());
    encoder.write_all(text).map_err(refused)?;
    encoder.finish().map_err(refused)
}

/// Reads what [`lz4`] made into the room there is.
pub(super) fn unlz4(data: &[u8], length: usize, text: &mut Vec<u8>) -> Result<()> {
    let mut decoder = FrameDecoder::new(data);
    fill(&mut decoder, text, length)?;
    if !decoder.get_ref().is_empty() {
        return Err(unreadable());
    }
    Ok(())
}

/// The length the data says its text has; none where it says nothing, or nonsense.
pub(super) fn named_length(compression: Compression, data: &[u8]) -> Option<usize> {
    match compression {
        Compression::None => Some(data.len()),
        Compression::Gzip => data.last_chunk().and_then(|&bytes| u32::from_le_bytes(bytes).try_into().ok()),
        Compression::Zstd => zstd_safe::get_frame_content_size(data).ok().flatten()?.try_into().ok(),
        Compression::Lz4 => lz4_names(data)?.try_into().ok(),
    }
}

/// The length an LZ4 frame names; none where it is not one of ours.
fn lz4_names(data: &[u8]) -> Option<u64> {
    let (magic, rest) = data.split_first_chunk()?;
    let (&[flags, blocks], rest) = rest.split_first_chunk()?;
    let ours = *magic == LZ4_MAGIC && blocks == LZ4_BLOCKS && flags & LZ4_NAMES_LENGTH != 0;
    ours.then(|| rest.first_chunk().map(|&bytes| u64::from_le_bytes(bytes))).flatten()
}

/// Empties `text` and makes room for so much, where the data agrees that it is so much.
pub(super) fn make_room(text: &mut Vec<u8>, agreed: bool, length: usize) -> Result<()> {
    text.clear();
    if !agreed || text.try_reserve_exact(length).is_err() {
        return Err(wrong_length());
    }
    Ok(())
}

/// Reads exactly so much, and finds the end behind it.
fn fill(decoder: &mut impl Read, text: &mut Vec<u8>, length: usize) -> Result<()> {
    let cannot = |error: std::io::Error| unreadable().caused_by(error);
    text.resize(length, 0);
    decoder.read_exact(text).map_err(cannot)?;
    match decoder.read(&mut [0]).map_err(cannot)? {
        0 => Ok(()),
        _ => Err(wrong_length()),
    }
}

fn whole(text: &[u8], length: usize) -> Result<()> {
    if text.len() == length { Ok(()) } else { Err(wrong_length()) }
}

/// The text is longer or shorter than what was recorded of it.
pub(super) fn wrong_length() -> Error {
    damaged("A saved document is not as long as it was.")
}

/// The data is not what its compression makes.
pub(super) fn unreadable() -> Error {
    damaged("A saved document cannot be decompressed.")
}

fn zstd_refused(code: usize) -> Error {
    refused(format!("zstd: {}", zstd_safe::get_error_name(code)))
}

/// A compression fails on sound input where memory runs out, and not otherwise.
fn refused(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::internal("A document could not be compressed.").caused_by(cause)
}
