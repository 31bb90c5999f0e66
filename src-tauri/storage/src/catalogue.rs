//! The list of characters in memory, by columns: what lets a hundred thousand of them be filtered while somebody types.
//!
//! It holds what is filtered and sorted by, and nothing else: about 150 bytes a character. A backend fills it when the
//! first filter is asked for, and afterwards only tells it what changed.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, HashMap, HashSet},
    ops::Range,
};

use backstory_core::{
    error::Result,
    model::CharacterId,
    storage::{Deleted, Facet, QueryFilter, Sort, SortKey, VisibleTo},
};
use memchr::memmem::Finder;

use crate::{matching::fold, rules::nanoseconds};

/// What the catalogue must know of a character.
#[derive(Debug)]
pub(crate) struct Listed {
    /// What the backend finds it by.
    pub(crate) key: i64,
    pub(crate) id: String,
    pub(crate) name_folded: String,
    pub(crate) search_folded: String,
    pub(crate) classes: Vec<String>,
    pub(crate) level: u32,
    pub(crate) campaign: Option<String>,
    pub(crate) last_changed: i64,
    pub(crate) owner: Option<String>,
    pub(crate) is_deleted: bool,
}

/// All characters, by columns. A character keeps its place for as long as the catalogue lives.
#[derive(Debug, Clone, Default)]
pub(crate) struct Catalogue {
    keys: Vec<i64>,
    places: HashMap<i64, usize>,
    ids: Lines,
    names: Lines,
    texts: Lines,
    levels: Vec<u32>,
    last_changed: Vec<i64>,
    /// A number for each name; 0 for none.
    campaigns: Vec<u32>,
    campaign_numbers: HashMap<String, u32>,
    /// A number for each name; 0 for none.
    owners: Vec<u32>,
    owner_numbers: HashMap<String, u32>,
    /// In the bin.
    deleted: Bits,
    /// Erased: the place is empty until somebody gets the key.
    gone: Bits,
    classes: BTreeMap<String, Bits>,
    by_changed: Order,
    by_name: Order,
    by_level: Order,
}

/// The places of a page, and how many match: in all, and from the cursor on.
pub(crate) struct Found {
    pub(crate) keys: Vec<i64>,
    pub(crate) total: u64,
    pub(crate) left: usize,
}

impl Catalogue {
    fn len(&self) -> usize {
        self.keys.len()
    }

    /// How many characters there are, the bin left out.
    pub(crate) fn listed(&self) -> usize {
        self.there(Deleted::Without).count()
    }

    /// Lets go of characters that were erased.
    pub(crate) fn forget(&mut self, keys: &[i64]) {
        for place in keys.iter().filter_map(|key| self.places.get(key)) {
            self.gone.set(*place);
        }
    }

    /// Takes in new and changed characters.
    pub(crate) fn apply(&mut self, changes: Vec<Listed>) {
        if changes.is_empty() {
            return;
        }
        let changes: BTreeMap<usize, Listed> =
            changes.into_iter().map(|row| (self.place_of(row.key), row)).collect();
        let length = self.len();
        self.levels.resize(length, 0);
        self.last_changed.resize(length, 0);
        self.campaigns.resize(length, 0);
        self.owners.resize(length, 0);
        self.deleted.resize(length);
        self.gone.resize(length);
        self.classes.values_mut().for_each(|bits| bits.resize(length));
        for (&place, row) in &changes {
            self.levels[place] = row.level;
            self.last_changed[place] = row.last_changed;
            self.campaigns[place] = number_of(&mut self.campaign_numbers, row.campaign.as_deref());
            self.owners[place] = number_of(&mut self.owner_numbers, row.owner.as_deref());
            self.deleted.put(place, row.is_deleted);
            self.gone.clear(place);
            self.set_classes(place, &row.classes);
        }
        self.ids = self.ids.with(length, &changes, |row| &row.id);
        self.names = self.names.with(length, &changes, |row| &row.name_folded);
        self.texts = self.texts.with(length, &changes, |row| &row.search_folded);
        let Self { ids, names, levels, last_changed, .. } = &*self;
        let [by_changed, by_name, by_level] = [
            self.by_changed.sorted(length, |place| (Reverse(last_changed[place]), ids.line(place))),
            self.by_name.sorted(length, |place| (names.line(place), ids.line(place))),
            self.by_level.sorted(length, |place| (Reverse(levels[place]), ids.line(place))),
        ];
        self.by_changed = by_changed;
        self.by_name = by_name;
        self.by_level = by_level;
    }

    fn place_of(&mut self, key: i64) -> usize {
        let next = self.keys.len();
        let place = *self.places.entry(key).or_insert(next);
        if place == next {
            self.keys.push(key);
        }
        place
    }

    fn set_classes(&mut self, place: usize, classes: &[String]) {
        self.classes.values_mut().for_each(|bits| bits.clear(place));
        let length = self.len();
        for name in classes {
            if !self.classes.contains_key(name) {
                self.classes.insert(name.clone(), Bits::none(length));
            }
            if let Some(bits) = self.classes.get_mut(name) {
                bits.set(place);
            }
        }
    }

    /// The characters that match. Ids are the backend's business: it finds them faster.
    ///
    /// # Errors
    /// `invalid_argument` when the cursor is not one of this order.
    pub(crate) fn find(&self, filter: &QueryFilter) -> Result<Found> {
        let order = match filter.sort {
            Sort::Changed => &self.by_changed,
            Sort::Name => &self.by_name,
            Sort::Level => &self.by_level,
        };
        let matching = self.matching(filter);
        let total = matching.count();
        let first = match &filter.after {
            Some(cursor) => self.rank_behind(order, &cursor.position(filter.sort)?),
            None => 0,
        };
        let ranks = matching.iter().map(|place| order.ranks[place]).filter(|&rank| rank >= first);
        let mut ranks: Vec<u32> = ranks.collect();
        let left = ranks.len();
        let start = (filter.offset as usize).min(left);
        let end = filter.limit.map_or(left, |limit| start.saturating_add(limit as usize).min(left));
        if end < left && end > 0 {
            ranks.select_nth_unstable(end - 1);
        }
        ranks.truncate(end);
        ranks.sort_unstable();
        let keys =
            ranks[start.min(end)..].iter().map(|&rank| self.keys[order.places[rank as usize] as usize]);
        Ok(Found { keys: keys.collect(), total: total as u64, left })
    }

    /// The rank of the first place behind a cursor.
    fn rank_behind(&self, order: &Order, (key, id): &(SortKey, CharacterId)) -> u32 {
        let is_before = |place: &u32| {
            let place = *place as usize;
            let keys = match key {
                SortKey::Changed(changed) => changed.cmp(&self.last_changed[place]),
                SortKey::Name(name) => self.names.line(place).cmp(name),
                SortKey::Level(level) => level.cmp(&self.levels[place]),
            };
            keys.then_with(|| self.ids.line(place).cmp(id.as_str())).is_le()
        };
        u32::try_from(order.places.partition_point(is_before)).unwrap_or(u32::MAX)
    }

    /// The characters that are there.
    fn there(&self, deleted: Deleted) -> Bits {
        let mut there = match deleted {
            Deleted::Without => Bits::all(self.len()).without(&self.deleted),
            Deleted::With => Bits::all(self.len()),
            Deleted::Only => self.deleted.clone(),
        };
        there = there.without(&self.gone);
        there
    }

    fn matching(&self, filter: &QueryFilter) -> Bits {
        let mut left = self.there(filter.deleted);
        if let Some(owner) = &filter.owner {
            let wanted = self.owner_numbers.get(owner).copied();
            left.retain(&Bits::where_each(&self.owners, |owner| Some(*owner) == wanted));
        }
        if let Some(to) = &filter.visible_to {
            left.retain(&self.visible_to(to));
        }
        if !filter.names.is_empty() {
            let names: Vec<_> = filter.names.iter().map(|name| fold(name)).collect();
            let mut named = Bits::none(self.len());
            left.iter().filter(|&place| names.iter().any(|name| name == self.names.line(place))).for_each(
                |place| {
                    named.set(place);
                },
            );
            left = named;
        }
        if !filter.classes.is_empty() {
            left.retain(&self.with_class(&filter.classes));
        }
        if filter.min_level.is_some() || filter.max_level.is_some() {
            let wanted = filter.min_level.unwrap_or(0)..=filter.max_level.unwrap_or(u32::MAX);
            left.retain(&Bits::where_each(&self.levels, |level| wanted.contains(level)));
        }
        if let Some(name) = &filter.campaign {
            let wanted = if name.is_empty() { Some(0) } else { self.campaign_numbers.get(name).copied() };
            left.retain(&Bits::where_each(&self.campaigns, |campaign| Some(*campaign) == wanted));
        }
        if let Some(time) = filter.changed_after.map(nanoseconds) {
            left.retain(&Bits::where_each(&self.last_changed, |changed| *changed >= time));
        }
        if let Some(time) = filter.changed_before.map(nanoseconds) {
            left.retain(&Bits::where_each(&self.last_changed, |changed| *changed < time));
        }
        for (part, lines) in [(&filter.name, &self.names), (&filter.text, &self.texts)] {
            if let Some(part) = part.as_ref().filter(|part| !part.is_empty()) {
                left = lines.containing(&fold(part), &left);
            }
        }
        left
    }

    fn visible_to(&self, to: &VisibleTo) -> Bits {
        let number = |numbers: &HashMap<String, u32>, name: &str| numbers.get(name).copied();
        let own = number(&self.owner_numbers, &to.user);
        let shared: HashSet<(u32, u32)> = to
            .shared
            .iter()
            .filter_map(|(campaign, owner)| {
                Some((number(&self.campaign_numbers, campaign)?, number(&self.owner_numbers, owner)?))
            })
            .collect();
        let mut visible = Bits::none(self.len());
        for (place, (&campaign, &owner)) in self.campaigns.iter().zip(&self.owners).enumerate() {
            if Some(owner) == own || shared.contains(&(campaign, owner)) {
                visible.set(place);
            }
        }
        visible
    }

    fn with_class(&self, wanted: &[String]) -> Bits {
        let wanted: Vec<_> = wanted.iter().map(|name| fold(name)).collect();
        let mut any = Bits::none(self.len());
        for (_, bits) in self.classes.iter().filter(|(name, _)| wanted.contains(&fold(name))) {
            any.add(bits);
        }
        any
    }

    /// Class names and how many characters have each, in the order of the names.
    pub(crate) fn class_facets(&self) -> Vec<Facet> {
        let there = self.there(Deleted::Without);
        let count = |bits: &Bits| {
            let mut bits = bits.clone();
            bits.retain(&there);
            bits.count() as u64
        };
        let counts = self.classes.iter().map(|(name, bits)| (Some(name.clone()), count(bits)));
        in_order(counts.collect())
    }

    /// Campaign names and how many characters are in each, in the order of the names, "none" last.
    pub(crate) fn campaign_facets(&self) -> Vec<Facet> {
        let mut counts = vec![0_u64; self.campaign_numbers.len() + 1];
        for place in self.there(Deleted::Without).iter() {
            counts[self.campaigns[place] as usize] += 1;
        }
        let named =
            self.campaign_numbers.iter().map(|(name, &number)| (Some(name.clone()), counts[number as usize]));
        in_order(named.chain([(None, counts[0])]).collect())
    }
}

/// The number that stands for a name, given to it now if it is new; 0 for none.
fn number_of(numbers: &mut HashMap<String, u32>, name: Option<&str>) -> u32 {
    let Some(name) = name else { return 0 };
    if let Some(&number) = numbers.get(name) {
        return number;
    }
    let number = u32::try_from(numbers.len() + 1).unwrap_or(u32::MAX);
    numbers.insert(name.to_owned(), number);
    number
}

/// By name, without regard to case first; "none" last. What nobody has is left out.
pub(crate) fn in_order(mut counts: Vec<(Option<String>, u64)>) -> Vec<Facet> {
    counts.retain(|(_, count)| *count > 0);
    counts.sort_by_cached_key(|(name, _)| (name.is_none(), name.as_deref().map(fold), name.clone()));
    counts.into_iter().map(|(name, count)| Facet { name, count }).collect()
}

/// A text for each place, in one piece, so that all are searched in one go.
#[derive(Debug, Clone, Default)]
struct Lines {
    text: String,
    ends: Vec<usize>,
}

impl Lines {
    fn range(&self, place: usize) -> Range<usize> {
        let start = place.checked_sub(1).map_or(0, |before| self.ends[before]);
        start..self.ends[place]
    }

    fn line(&self, place: usize) -> &str {
        &self.text[self.range(place)]
    }

    /// The same with other texts at some places, and new places at the end.
    fn with(&self, length: usize, changes: &BTreeMap<usize, Listed>, text: impl Fn(&Listed) -> &str) -> Self {
        let mut new = Self { text: String::with_capacity(self.text.len()), ends: Vec::with_capacity(length) };
        for place in 0..length {
            match changes.get(&place) {
                Some(row) => new.text.push_str(text(row)),
                None => new.text.push_str(self.line(place)),
            }
            new.ends.push(new.text.len());
        }
        new
    }

    /// Which of the candidates contain this.
    fn containing(&self, part: &str, candidates: &Bits) -> Bits {
        let finder = Finder::new(part);
        let mut found = Bits::none(self.ends.len());
        // Few candidates are looked at one by one; for many, one run over the whole is faster than many starts.
        if candidates.count() < self.ends.len() / 8 {
            for place in candidates.iter().filter(|&place| finder.find(self.line(place).as_bytes()).is_some())
            {
                found.set(place);
            }
            return found;
        }
        let (mut place, mut from) = (0, 0);
        while let Some(at) = finder.find(&self.text.as_bytes()[from..]).map(|at| from + at) {
            place += self.ends[place..].partition_point(|&end| end <= at);
            if at + part.len() <= self.ends[place] {
                found.set(place);
                from = self.ends[place];
            } else {
                // It reaches over the end of a line: not a match, but one may start right behind.
                from = at + 1;
            }
        }
        found.retain(candidates);
        found
    }
}

/// The places in some order, and where in it each place stands.
#[derive(Debug, Clone, Default)]
struct Order {
    places: Vec<u32>,
    ranks: Vec<u32>,
}

impl Order {
    /// The same order for new keys and more places. Fast where few have moved: the sort finds what is sorted already.
    fn sorted<K: Ord>(&self, length: usize, key: impl Fn(usize) -> K) -> Self {
        let number = |place: usize| u32::try_from(place).unwrap_or(u32::MAX);
        let mut places = self.places.clone();
        places.extend((self.places.len()..length).map(number));
        places.sort_by_key(|&place| key(place as usize));
        let mut ranks = vec![0; length];
        for (rank, &place) in places.iter().enumerate() {
            ranks[place as usize] = number(rank);
        }
        Self { places, ranks }
    }
}

/// A set of places.
#[derive(Debug, Clone, Default)]
struct Bits {
    words: Vec<u64>,
    length: usize,
}

impl Bits {
    fn none(length: usize) -> Self {
        Self { words: vec![0; length.div_ceil(64)], length }
    }

    fn all(length: usize) -> Self {
        let mut bits = Self { words: vec![u64::MAX; length.div_ceil(64)], length };
        if let Some(last) = bits.words.last_mut().filter(|_| !length.is_multiple_of(64)) {
            *last = (1 << (length % 64)) - 1;
        }
        bits
    }

    fn where_each<T>(column: &[T], holds: impl Fn(&T) -> bool) -> Self {
        let word = |chunk: &[T]| {
            chunk.iter().enumerate().fold(0, |word, (bit, value)| word | (u64::from(holds(value)) << bit))
        };
        Self { words: column.chunks(64).map(word).collect(), length: column.len() }
    }

    fn resize(&mut self, length: usize) {
        self.words.resize(length.div_ceil(64), 0);
        self.length = length;
    }

    fn set(&mut self, place: usize) {
        self.words[place / 64] |= 1 << (place % 64);
    }

    fn clear(&mut self, place: usize) {
        self.words[place / 64] &= !(1 << (place % 64));
    }

    fn put(&mut self, place: usize, holds: bool) {
        if holds { self.set(place) } else { self.clear(place) }
    }

    fn without(mut self, others: &Self) -> Self {
        self.words.iter_mut().zip(&others.words).for_each(|(word, other)| *word &= !other);
        self
    }

    fn retain(&mut self, others: &Self) {
        self.words.iter_mut().zip(&others.words).for_each(|(word, other)| *word &= other);
    }

    fn add(&mut self, others: &Self) {
        self.words.iter_mut().zip(&others.words).for_each(|(word, other)| *word |= other);
    }

    fn count(&self) -> usize {
        self.words.iter().map(|word| word.count_ones() as usize).sum()
    }

    fn iter(&self) -> impl Iterator<Item = usize> {
        self.words.iter().enumerate().flat_map(|(n, &word)| {
            let lower = std::iter::successors((word != 0).then_some(word), |&left| {
                let left = left & (left - 1);
                (left != 0).then_some(left)
            });
            lower.map(move |left| n * 64 + left.trailing_zeros() as usize)
        })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn listed(key: i64, name: &str) -> Listed {
        Listed {
            key,
            id: format!("ddb-{key}"),
            name_folded: name.to_owned(),
            search_folded: name.to_owned(),
            classes: vec![name.chars().take(1).collect()],
            level: 1,
            campaign: None,
            last_changed: 0,
            owner: None,
            is_deleted: false,
        }
    }

    fn keys_of(catalogue: &Catalogue, name: &str) -> Vec<i64> {
        catalogue
            .find(&QueryFilter { name: Some(name.to_owned()), sort: Sort::Name, ..QueryFilter::default() })
            .unwrap()
            .keys
    }

    #[test]
    fn nothing_is_found_across_two_names() {
        let mut catalogue = Catalogue::default();
        catalogue.apply(vec![listed(1, "ab"), listed(2, "ba"), listed(3, ""), listed(4, "bab")]);
        assert_eq!(keys_of(&catalogue, "bb"), [0_i64; 0]);
        assert_eq!(keys_of(&catalogue, "ba"), [2, 4]);
        assert_eq!(keys_of(&catalogue, "bab"), [4]);
        assert_eq!(keys_of(&catalogue, ""), [3, 1, 2, 4]);
    }

    proptest! {
        #[test]
        fn changes_are_the_same_as_starting_anew(
            changes in prop::collection::vec(prop::collection::vec((0_i64..150, "[ab]{0,3}"), 0..60), 1..6),
            part in "[ab]{0,2}",
        ) {
            let mut catalogue = Catalogue::default();
            let mut model = BTreeMap::new();
            for batch in changes {
                let batch: BTreeMap<i64, String> = batch.into_iter().collect();
                catalogue.apply(batch.iter().map(|(key, name)| listed(*key, name)).collect());
                model.extend(batch);
            }
            let mut expected: Vec<_> = model.iter().filter(|(_, name)| name.contains(&part)).collect();
            expected.sort_by_key(|(key, name)| (name.as_str(), format!("ddb-{key}")));
            prop_assert_eq!(keys_of(&catalogue, &part), expected.iter().map(|(key, _)| **key).collect::<Vec<_>>());
            let classes: BTreeSet<_> = model.values().map(|name| name.chars().take(1).collect::<String>()).collect();
            prop_assert_eq!(catalogue.class_facets().len(), classes.len());
            prop_assert_eq!(catalogue.class_facets().iter().map(|facet| facet.count).sum::<u64>(), model.len() as u64);
        }
    }
}
