//! A character's history: where a capture lands in it, how its documents are based on each other, what it says.

pub mod blame;
pub mod encoding;
pub mod losses;
pub mod sentences;
pub mod timeline;
mod trace;
