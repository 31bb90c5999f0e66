//! What Backstory's tests share: made-up characters, versions and documents, and a store that fails on demand.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "only tests use this crate")]

pub mod faults;
pub mod fixtures;
pub mod strategies;
