//! Everything that brings characters in: what a document is, whose it is, what it says, and the files they come in.
//!
//! A newcomer adds a source as one module that implements [`backstory_core::source::Source`] and a line in [`registry`].

#![cfg_attr(
    test,
    allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr, reason = "tests may")
)]

pub mod ddb;
pub mod decode;
mod derived;
pub mod fetch;
mod fields;
pub mod files;
pub mod foundry;
pub mod registry;
mod rules;
pub mod sample;
mod small;
pub mod watch;
