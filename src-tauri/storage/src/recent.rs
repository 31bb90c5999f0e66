//! The documents a writer saw last, decoded, so that the next difference does not decode a chain first.
//!
//! Not a [`CacheStorage`](backstory_core::cache::CacheStorage): this is asked in the middle of a transaction, on a thread that
//! may wait for the disk and must not wait for anything else, and hands out documents without copying them.

use std::sync::Arc;

use backstory_core::model::ContentHash;

use crate::cache::Shelf;

/// Decoded documents by their hash, the least recently used one leaving first. Bounded by their bytes.
///
/// A document never changes under its hash, so nothing here can be stale, whoever writes to the store.
#[derive(Debug)]
pub(crate) struct RecentDocuments {
    documents: Shelf<ContentHash, Arc<Vec<u8>>>,
    max_bytes: usize,
}

impl RecentDocuments {
    /// Holds up to so many bytes.
    pub(crate) fn new(max_bytes: usize) -> Self {
        Self { documents: Shelf::default(), max_bytes }
    }

    /// The document, if it is still here.
    pub(crate) fn get(&mut self, hash: &ContentHash) -> Option<Arc<Vec<u8>>> {
        self.documents.get(hash).cloned()
    }

    /// Keeps a document. One that is larger than all the room there is stays out.
    pub(crate) fn put(&mut self, hash: ContentHash, document: Arc<Vec<u8>>) {
        let bytes = document.len();
        if bytes > self.max_bytes {
            return;
        }
        self.documents.put(hash, document, bytes);
        while self.documents.bytes() > self.max_bytes && self.documents.take_oldest().is_some() {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_leaves_when_the_room_is_full() {
        let mut recent = RecentDocuments::new(100);
        let hash = |n| ContentHash([n; 32]);
        let document = |length| Arc::new(vec![0; length]);
        recent.put(hash(1), document(40));
        recent.put(hash(2), document(40));
        recent.put(hash(2), document(40));
        assert!(recent.get(&hash(1)).is_some());
        recent.put(hash(3), document(40));
        assert!(recent.get(&hash(2)).is_none());
        assert!(recent.get(&hash(1)).is_some() && recent.get(&hash(3)).is_some());
        recent.put(hash(4), document(101));
        assert!(recent.get(&hash(4)).is_none());
        assert_eq!(recent.documents.bytes(), 80);
    }
}
