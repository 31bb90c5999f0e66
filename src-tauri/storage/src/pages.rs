//! A map in pages that its copies share: a copy costs a pointer a page, a change copies one page.
//!
//! What a character's history is made of. However long it is, a transaction's own copy of it costs next to nothing, and which
//! pages a change touched is seen by looking at the pointers.

use std::{collections::BTreeMap, sync::Arc};

/// How many versions have a page of their own.
const VERSIONS: u64 = 64;

/// Entries by key, spread over numbered pages. A key is in one page at most.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Pages<K, V> {
    pages: BTreeMap<u64, Arc<BTreeMap<K, V>>>,
}

/// The page that a version of this number is in.
pub(crate) fn page_of(version: u64) -> u64 {
    version.saturating_sub(1) / VERSIONS
}

impl<K, V> Default for Pages<K, V> {
    fn default() -> Self {
        Self { pages: BTreeMap::new() }
    }
}

impl<K: Ord + Clone, V: Clone> Pages<K, V> {
    /// How many entries there are.
    pub(crate) fn len(&self) -> usize {
        self.pages.values().map(|page| page.len()).sum()
    }

    /// Whether there are none. An empty page is never kept.
    pub(crate) fn is_empty(&self) -> bool {
        self.pages.is_empty()
    }

    /// An entry. What is new is asked for most, so the last pages are looked at first.
    pub(crate) fn get(&self, key: &K) -> Option<&V> {
        self.pages.values().rev().find_map(|page| page.get(key))
    }

    /// Whether there is such an entry.
    pub(crate) fn contains_key(&self, key: &K) -> bool {
        self.get(key).is_some()
    }

    /// An entry, to be changed.
    pub(crate) fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        let number = self.page_with(key)?;
        Arc::make_mut(self.pages.get_mut(&number)?).get_mut(key)
    }

    /// The number of the page that an entry is in.
    pub(crate) fn page_with(&self, key: &K) -> Option<u64> {
        self.pages.iter().rev().find(|(_, page)| page.contains_key(key)).map(|(number, _)| *number)
    }

    /// Puts an entry into a page, and takes it out of any other.
    pub(crate) fn put(&mut self, page: u64, key: K, value: V) {
        if self.page_with(&key).is_some_and(|other| other != page) {
            self.remove(&key);
        }
        Arc::make_mut(self.pages.entry(page).or_default()).insert(key, value);
    }

    /// Puts a new entry into the last page, or into the next one when that is full; at least into this one. One that is
    /// there already stays in its page.
    pub(crate) fn append(&mut self, at_least: u64, key: K, value: V) {
        let last = self
            .pages
            .last_key_value()
            .map(|(number, page)| if page.len() as u64 >= VERSIONS { number + 1 } else { *number });
        let page = self.page_with(&key).unwrap_or_else(|| last.unwrap_or(0).max(at_least));
        self.put(page, key, value);
    }

    /// Takes an entry out.
    pub(crate) fn remove(&mut self, key: &K) -> Option<V> {
        let number = self.page_with(key)?;
        let page = Arc::make_mut(self.pages.get_mut(&number)?);
        let value = page.remove(key);
        if page.is_empty() {
            self.pages.remove(&number);
        }
        value
    }

    /// Changes what `change` gives another value for.
    pub(crate) fn update(&mut self, change: impl Fn(&V) -> V)
    where
        V: PartialEq,
    {
        for page in self.pages.values_mut() {
            let changed =
                |(key, value): (&K, &V)| Some((key.clone(), change(value))).filter(|(_, v)| v != value);
            let changes: Vec<_> = page.iter().filter_map(changed).collect();
            if !changes.is_empty() {
                Arc::make_mut(page).extend(changes);
            }
        }
    }

    /// Every entry, page by page.
    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = (&K, &V)> {
        self.pages.values().flat_map(|page| page.iter())
    }

    /// Every key, page by page.
    pub(crate) fn keys(&self) -> impl DoubleEndedIterator<Item = &K> {
        self.iter().map(|(key, _)| key)
    }

    /// Every value, page by page.
    pub(crate) fn values(&self) -> impl DoubleEndedIterator<Item = &V> {
        self.iter().map(|(_, value)| value)
    }

    /// The numbers of the pages there are, rising.
    pub(crate) fn numbers(&self) -> impl DoubleEndedIterator<Item = u64> {
        self.pages.keys().copied()
    }

    /// One page; none when nothing is in it.
    pub(crate) fn page(&self, number: u64) -> Option<&Arc<BTreeMap<K, V>>> {
        self.pages.get(&number)
    }

    /// Puts a whole page in its place.
    pub(crate) fn put_page(&mut self, number: u64, page: Arc<BTreeMap<K, V>>) {
        if !page.is_empty() {
            self.pages.insert(number, page);
        }
    }

    /// The values of the pages that are not the very same ones as in a copy of this map.
    pub(crate) fn unlike<'a>(&'a self, other: &'a Self) -> impl Iterator<Item = &'a V> {
        let unlike = self.pages.iter().filter(|(number, _)| !self.shares(**number, other));
        unlike.flat_map(|(_, page)| page.values())
    }

    /// Whether a page is the very same one as in a copy of this map.
    pub(crate) fn shares(&self, number: u64, other: &Self) -> bool {
        match (self.page(number), other.page(number)) {
            (Some(one), Some(other)) => Arc::ptr_eq(one, other),
            (None, None) => true,
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_shares_all_pages_but_those_that_change() {
        let mut pages = Pages::default();
        for number in 1..=200 {
            pages.put(page_of(number), number, "old");
        }
        assert_eq!(pages.numbers().collect::<Vec<_>>(), [0, 1, 2, 3]);
        let mut copy = pages.clone();
        copy.put(page_of(65), 65, "new");
        copy.remove(&200);
        let shared: Vec<_> = (0..5).filter(|number| copy.shares(*number, &pages)).collect();
        assert_eq!(shared, [0, 2, 4]);
        assert_eq!(
            (pages.get(&65), copy.get(&65), pages.len(), copy.len()),
            (Some(&"old"), Some(&"new"), 200, 199)
        );
        copy.update(|value| *value);
        assert!(copy.shares(0, &pages), "what stays as it is is not copied");
    }

    #[test]
    fn what_is_appended_goes_on_where_there_is_room() {
        let mut pages = Pages::default();
        (0..130).for_each(|key| pages.append(0, key, ()));
        pages.append(0, 5, ());
        pages.append(7, 1_000, ());
        let filled: Vec<_> =
            pages.numbers().map(|number| (number, pages.page(number).unwrap().len())).collect();
        assert_eq!(filled, [(0, 64), (1, 64), (2, 2), (7, 1)]);
        pages.put(3, 1_000, ());
        assert_eq!((pages.page(7), pages.page_with(&1_000), pages.len()), (None, Some(3), 131));
    }
}
