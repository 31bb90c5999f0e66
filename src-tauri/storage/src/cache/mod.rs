//! Every cache behind [`backstory_core::cache`]: in memory, in a Redis, and several of them as one.
//!
//! What a Redis holds lies outside of the program, where others may read and write: it is packed, and sealed with a key of the
//! store where that is encrypted, or at least checked, so that nothing that was not set comes back.

mod envelope;
mod measure;
pub mod memory;
mod open;
pub mod redis;
mod sealing;
mod shelf;
mod tier;
pub mod tiered;

pub use self::{
    measure::{Hand, Stopwatch},
    memory::{MemoryCache, MemoryOptions},
    open::open,
    redis::{RedisCache, RedisOptions},
    sealing::Seals,
    tier::TierOptions,
    tiered::TieredCache,
};
pub(crate) use shelf::Shelf;
