//! x
use super::CharacterDiff;
use crate::sheet::Sheet;
/// How much of a comparison is wanted.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options {
    /// Also rows of what a rest resets.
    pub state: bool,
    /// Also rows that are equal.
    pub same: bool,
}
/// Compares two sheets.
pub fn compare(_old: &Sheet, _new: &Sheet, _options: Options) -> CharacterDiff {
    CharacterDiff::default()
}
