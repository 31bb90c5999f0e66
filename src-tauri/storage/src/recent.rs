//! The documents a writer saw last, decoded, so that the next difference does not decode a chain first.

use std::sync::Arc;

use backstory_core::model::ContentHash;
use lru::LruCache;

/// Decoded documents by their hash, the least recently used one leaving first. Bounded by their bytes.
///
/// A document never changes under its hash, so nothing here can be stale, whoever writes to the store.
#[derive(Debug)]
pub(crate) struct RecentDocuments {
    documents: LruCache<ContentHash, Arc<Vec<u8>>>,
    bytes: usize,
    max_bytes: usize,
}

impl RecentDocuments {
    /// Holds up to so many bytes.
    pub(crate) fn new(max_bytes: usize) -> Self {
        Self { documents: LruCache::unbounded(), bytes: 0, max_bytes }
    }

    /// The document, if it is still here.
    pub(crate) fn get(&mut self, hash: &ContentHash) -> Option<Arc<Vec<u8>>> {
        self.documents.get(hash).cloned()
    }

    /// Keeps a document. One that is larger than all the room there is stays out.
    pub(crate) fn put(&mut self, hash: ContentHash, document: Arc<Vec<u8>>) {
        if document.len() > self.max_bytes {
            return;
        }
        self.bytes += document.len();
        if let Some(replaced) = self.documents.put(hash, document) {
            self.bytes -= replaced.len();
        }
        while self.bytes > self.max_bytes
            && let Some((_, oldest)) = self.documents.pop_lru()
        {
            self.bytes -= oldest.len();
        }
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
        assert_eq!(recent.bytes, 80);
    }
}
