//! A process that saves versions and tells which of them were acknowledged: for tests that kill it, and that run many at once.
//!
//! `writer <address> <worker> <count>` saves so many versions, spread over three characters that all workers share. Each goes
//! through one transaction that reads the character's row first. After a commit returned, and not before, a line on standard
//! output names it: the character, the version's identity, the hash of its document. A conflict or a busy store is tried
//! again; any other error ends the process with its code on standard error.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "tests"
)]

use std::io::Write as _;

use backstory_core::{
    error::{Code, Result},
    model::{CharacterIndex, VersionMetadata},
    privacy::audit::{Act, Action},
    storage::{CharacterStorage, Expect, StorageFactory, Write},
};
use backstory_storage::open::Stores;
use backstory_tests::fixtures::{character_id, content, document, index, moment, snapshot_id, version};

/// Bytes of a document.
const BYTES: usize = 6_000;

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, address, worker, count] = arguments.as_slice() else {
        panic!("writer <address> <worker> <count>")
    };
    let (worker, count): (u64, u64) = (worker.parse().unwrap(), count.parse().unwrap());
    let storage = Stores.open(address).await.unwrap();
    for n in 0..count {
        let unique = worker * 1_000_000 + n;
        loop {
            match save(&*storage, unique).await {
                Ok(line) => {
                    println!("{line}");
                    std::io::stdout().flush().unwrap();
                    break;
                }
                Err(error) if matches!(error.code, Code::Conflict | Code::StoreBusy) => {}
                Err(error) => {
                    eprintln!("{error:?}");
                    std::process::exit(2);
                }
            }
        }
    }
}

/// Saves one version, and says which.
async fn save(storage: &dyn CharacterStorage, unique: u64) -> Result<String> {
    let id = character_id(1 + unique % 3);
    let text = document(unique, BYTES);
    let at = moment(i64::try_from(unique).unwrap());
    let mut transaction = storage.begin().await?;
    let row = transaction.surroundings(&id, at).await?.character;
    let expect = row.as_ref().map_or(Expect::Absent, |row| Expect::Revision(row.revision));
    let new = row.is_none();
    let row = row.unwrap_or_else(|| CharacterIndex { revision: 0, first_captured: at, ..index(id.clone()) });
    let number = row.last_version + 1;
    let metadata = VersionMetadata { id: snapshot_id(unique), ..version(&id, number, at, &text) };
    let row = CharacterIndex {
        versions: row.versions + 1,
        captures: row.captures + 1,
        last_version: number,
        first_captured: row.first_captured.min(at),
        last_captured: if new { at } else { row.last_captured.max(at) },
        revision: row.revision + 1,
        ..row
    };
    let line = format!("{id} {} {}", metadata.id, metadata.content);
    transaction
        .write(vec![
            Act::new(Action::Capture).version(unique).write(at, "writer"),
            content(&id, &text),
            Write::Version { metadata: Box::new(metadata) },
            Write::Character { index: Box::new(row), expect },
        ])
        .await?;
    transaction.commit().await?;
    Ok(line)
}
