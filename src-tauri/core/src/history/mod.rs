//! A character's history: where a capture lands in it, how its documents are based on each other, what it says.

pub mod encoding;
pub mod sentences;
pub mod timeline;
