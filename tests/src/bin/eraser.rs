//! Another process that erases a character: for tests of what the first one still serves.
//!
//! `eraser <address> <redis> <character>` erases it in the library at the address and in the cache in the Redis.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use std::sync::Arc;

use backstory_core::{
    library::Library,
    model::CharacterId,
    storage::{Secret, StorageFactory},
};
use backstory_storage::{
    cache::{RedisCache, RedisOptions},
    open::Stores,
};
use backstory_tests::{fixtures::Still, purse::PURSE};

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, address, redis, character] = arguments.as_slice() else {
        panic!("eraser <address> <redis> <character>")
    };
    let cache = RedisCache::new(RedisOptions::at(Secret::new(redis))).unwrap();
    let storage = Stores.open(address).await.unwrap();
    let library = Library::new(storage, vec![Arc::new(PURSE)], Arc::new(Still::default()), "eraser")
        .cached(Some(Arc::new(cache)));
    library.erase(&CharacterId::new(character.as_str()).unwrap()).await.unwrap();
}
