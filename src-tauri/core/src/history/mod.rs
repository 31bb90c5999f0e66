//! A character's history: how it is kept small, and what it tells.

pub mod encoding;
