//! Every backend of Backstory's storage contract ([`backstory_core::storage`]), and the factory that opens them.
//!
//! [`open::Stores`] is the way in. How documents are made small is in [`codec`]; the plan it follows is
//! [`backstory_core::history::encoding`].

pub mod aside;
pub mod backups;
mod blocking;
pub mod cache;
mod catalogue;
pub mod clock;
pub mod codec;
pub mod computer;
pub mod config;
pub mod exporter;
pub mod folder;
pub mod joined;
pub mod machine;
mod matching;
pub mod memory;
pub mod objects;
pub mod open;
pub mod outlet;
pub mod package;
mod pages;
pub mod postgres;
mod recent;
mod record;
mod rules;
pub mod seal;
mod settings;
pub mod sites;
pub mod sqlite;
mod tally;
mod waiting;
