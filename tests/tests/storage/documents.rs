//! Documents: byte for byte, once, and only under their own hash.

use backstory_core::{error::Code, model::ContentHash, storage::Write};
use backstory_tests::fixtures::{character_id, content, document, store};

use crate::backends::Backend;

pub(crate) async fn any_bytes_come_back(backend: &dyn Backend) {
    let storage = backend.open().await;
    let documents = [
        b"".to_vec(),
        b"\0".to_vec(),
        b"{\"a\":1,\"a\":1E2,\"lone\":\"\\ud800\"}\r\n".to_vec(),
        vec![0xff, 0xfe, 0x00, 0xc3, 0x28],
        (0..=255).collect(),
        vec![b' '; 3_000_000],
    ];
    let index = store(&*storage, 1, &documents).await;
    for reader in [storage, backend.open().await] {
        for document in &documents {
            let read = reader.document(&index.id, &ContentHash::of(document)).await.unwrap();
            assert_eq!(read, *document);
        }
    }
}

pub(crate) async fn a_content_is_stored_once(backend: &dyn Backend) {
    let storage = backend.open().await;
    let (a, b) = (document(1, 20_000), document(2, 20_000));
    store(&*storage, 1, &[a.clone(), b.clone(), a.clone(), b, a.clone()]).await;
    store(&*storage, 2, std::slice::from_ref(&a)).await;
    let statistics = storage.statistics().await.unwrap();
    assert_eq!((statistics.characters, statistics.versions, statistics.contents), (2, 6, 3));
    let mut transaction = storage.begin().await.unwrap();
    transaction.write(vec![content(&character_id(1), &a), content(&character_id(1), &a)]).await.unwrap();
    transaction.commit().await.unwrap();
    assert_eq!(storage.statistics().await.unwrap().contents, 3);
}

pub(crate) async fn an_unknown_content_is_not_found(backend: &dyn Backend) {
    let storage = backend.open().await;
    let hash = ContentHash::of(b"a");
    let not_found = |result: Result<Vec<u8>, backstory_core::error::Error>| {
        assert_eq!(result.unwrap_err().code, Code::VersionNotFound);
    };
    not_found(storage.document(&character_id(1), &hash).await);
    store(&*storage, 1, &[b"a".to_vec()]).await;
    store(&*storage, 2, &[b"b".to_vec()]).await;
    // Contents are a character's own, even where another one has the same.
    not_found(storage.document(&character_id(2), &hash).await);
    let mut transaction = storage.begin().await.unwrap();
    not_found(transaction.document(&character_id(2), &hash).await);
    // Asking is not failing: the transaction goes on.
    transaction.write(vec![content(&character_id(2), b"a")]).await.unwrap();
    transaction.commit().await.unwrap();
    assert_eq!(storage.document(&character_id(2), &hash).await.unwrap(), b"a");
}

pub(crate) async fn documents_of_many_editions_come_back(backend: &dyn Backend) {
    let storage = backend.open().await;
    let documents: Vec<_> = (0..150).map(|edition| document(edition, 40_000)).collect();
    let index = store(&*storage, 1, &documents).await;
    for document in documents.iter().rev() {
        let read = storage.document(&index.id, &ContentHash::of(document)).await.unwrap();
        assert!(read == *document);
    }
}

pub(crate) async fn a_document_under_a_wrong_hash_is_refused(backend: &dyn Backend) {
    let storage = backend.open().await;
    let mut transaction = storage.begin().await.unwrap();
    let wrong = Write::Content {
        character: character_id(1),
        hash: ContentHash::of(b"another"),
        bytes: b"this".to_vec().into(),
    };
    assert_eq!(transaction.write(vec![wrong]).await.unwrap_err().code, Code::Internal);
    drop(transaction);
    assert_eq!(storage.statistics().await.unwrap().contents, 0);
}

pub(crate) async fn a_transaction_reads_its_own_documents(backend: &dyn Backend) {
    let storage = backend.open().await;
    let id = character_id(1);
    let mut transaction = storage.begin().await.unwrap();
    transaction.write(vec![content(&id, b"old"), content(&id, b"new")]).await.unwrap();
    for document in [b"old", b"new"] {
        assert_eq!(transaction.document(&id, &ContentHash::of(document)).await.unwrap(), document);
    }
    assert!(storage.document(&id, &ContentHash::of(b"old")).await.is_err());
}

pub(crate) async fn statistics_count(backend: &dyn Backend) {
    let storage = backend.open().await;
    let empty = storage.statistics().await.unwrap();
    assert_eq!((empty.characters, empty.captures, empty.document_bytes, empty.encoded_bytes), (0, 0, 0, 0));
    let documents: Vec<_> = (0..10).map(|edition| document(edition, 50_000)).collect();
    let index = store(&*storage, 1, &documents).await;
    let mut transaction = storage.begin().await.unwrap();
    let at = vec![index.last_captured, "2026-01-01T00:00:00Z".parse().unwrap()];
    let version = backstory_tests::fixtures::snapshot_id(1_000_001);
    transaction.write(vec![Write::Sightings { character: index.id, version, at }]).await.unwrap();
    transaction.commit().await.unwrap();
    let full = storage.statistics().await.unwrap();
    assert_eq!((full.versions, full.contents, full.captures), (10, 10, 12));
    assert_eq!(full.document_bytes, documents.iter().map(|document| document.len() as u64).sum::<u64>());
    assert!(full.encoded_bytes > 0 && full.encoded_bytes <= full.document_bytes);
    assert!(full.store_bytes >= full.encoded_bytes);
}
