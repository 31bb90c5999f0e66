//! What every cache in memory is made of: entries in the order of their use, with the bytes they take.

use std::{borrow::Borrow, hash::Hash};

use lru::LruCache;

/// Entries in the order of their use, and how many bytes they take together. It has no limit of its own: whoever fills it
/// takes the oldest away.
#[derive(Debug)]
pub(crate) struct Shelf<K: Hash + Eq, V> {
    order: LruCache<K, Weighed<V>>,
    bytes: usize,
}

/// What one entry takes in the order beside what its key and its value have elsewhere.
#[derive(Debug)]
struct Weighed<V> {
    value: V,
    bytes: usize,
}

impl<K: Hash + Eq, V> Default for Shelf<K, V> {
    fn default() -> Self {
        Self { order: LruCache::unbounded(), bytes: 0 }
    }
}

impl<K: Hash + Eq, V> Shelf<K, V> {
    /// Bytes of an entry's place in the order, as they are taken from the system: the entry with its two neighbours, what the
    /// allocator puts before it, and its share of a table that is never fuller than seven eighths and may be half of that.
    pub(crate) const PLACE: usize = size_of::<K>() + size_of::<Weighed<V>>() + 2 * 8 + 16 + 17 * 3 / 2;

    /// The entry, which is the last one used from now on.
    pub(crate) fn get<Q: Hash + Eq + ?Sized>(&mut self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        self.order.get(key).map(|weighed| &weighed.value)
    }

    /// The entry, where it is in the order.
    pub(crate) fn peek(&self, key: &K) -> Option<&V> {
        self.order.peek(key).map(|weighed| &weighed.value)
    }

    /// Puts an entry in front, and gives the bytes of the one whose place it took.
    pub(crate) fn put(&mut self, key: K, value: V, bytes: usize) -> Option<usize> {
        self.bytes += bytes;
        let replaced = self.order.put(key, Weighed { value, bytes })?.bytes;
        self.bytes -= replaced;
        Some(replaced)
    }

    /// Takes an entry away, and gives its bytes.
    pub(crate) fn take(&mut self, key: &K) -> Option<usize> {
        let bytes = self.order.pop(key)?.bytes;
        self.bytes -= bytes;
        Some(bytes)
    }

    /// Takes the entry away that was not used for the longest time, and gives its bytes.
    pub(crate) fn take_oldest(&mut self) -> Option<usize> {
        let bytes = self.order.pop_lru()?.1.bytes;
        self.bytes -= bytes;
        Some(bytes)
    }

    /// Takes the entries away that are not to stay: how many, and their bytes.
    pub(crate) fn retain(&mut self, mut stays: impl FnMut(&K, &V) -> bool) -> (usize, usize) {
        let before = (self.order.len(), self.bytes);
        let bytes = &mut self.bytes;
        self.order.retain(|key, weighed| {
            let stays = stays(key, &weighed.value);
            if !stays {
                *bytes -= weighed.bytes;
            }
            stays
        });
        (before.0 - self.order.len(), before.1 - self.bytes)
    }

    /// How many bytes its entries take.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }
}
