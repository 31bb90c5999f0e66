//! What goes wrong, on demand: at a store's n-th operation, at an object store's n-th request, in a cache.

pub mod cache;
pub mod requests;
pub mod storage;
