//! Everything Backstory means: characters, versions, comparison, history. No SQL, no HTTP, no Tauri, no clock, no environment, no files.

pub mod access;
pub mod api;
pub mod clock;
pub mod config;
pub mod diff;
pub mod encryption;
pub mod error;
pub mod hex;
pub mod history;
pub mod job;
pub mod json;
pub mod library;
pub mod migrate;
pub mod model;
pub mod package;
pub mod privacy;
pub mod search;
pub mod sheet;
pub mod source;
pub mod storage;
pub mod trace;
pub mod wording;
