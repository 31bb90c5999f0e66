//! What Backstory's tests share: made-up characters, versions and documents, what goes wrong on demand, real servers, and
//! the way to real documents.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    reason = "only tests use this crate"
)]

pub mod app;
pub mod corpus;
pub mod disk;
pub mod driver;
pub mod faults;
pub mod fixtures;
pub mod home;
pub mod keychains;
pub mod purse;
pub mod servers;
pub mod strategies;
