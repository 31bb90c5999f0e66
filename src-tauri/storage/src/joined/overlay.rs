//! Which characters the newer store speaks for: those its list has, and those that were erased through it.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, PoisonError},
};

use backstory_core::{
    error::Result,
    migrate::Whole,
    model::CharacterId,
    storage::{CharacterStorage, Deleted, HistoryQuery, QueryFilter},
};

/// How many entries of the change feed are asked for at a time.
const FEED: u32 = 1_000;

/// What the newer store speaks for, at one revision of it.
#[derive(Debug, Clone, Default)]
pub(super) struct Overlay {
    revision: u64,
    listed: BTreeSet<CharacterId>,
    pub(super) erased: BTreeSet<CharacterId>,
}

impl Overlay {
    /// Whether the older store is not asked about this character any more.
    pub(super) fn covers(&self, id: &CharacterId) -> bool {
        self.listed.contains(id) || self.erased.contains(id)
    }

    /// Every character the older store is not asked about any more.
    fn covered(&self) -> impl Iterator<Item = &CharacterId> {
        self.listed.iter().chain(&self.erased)
    }

    /// Takes in what was committed since the last look.
    async fn refresh(&mut self, new: &dyn CharacterStorage) -> Result<()> {
        loop {
            let page = new.changes_since(self.revision, FEED).await?;
            if page.revision < self.revision {
                // Another store stands in its place: what was known is about the one before.
                *self = Self::default();
                continue;
            }
            let (erased, written): (Vec<_>, Vec<_>) =
                page.changes.into_iter().partition(|change| change.erased);
            for change in erased {
                self.listed.remove(&change.character);
                self.erased.insert(change.character);
            }
            let ids: Vec<_> = written.into_iter().map(|change| change.character).collect();
            self.take_written(new, ids).await?;
            self.revision = page.revision;
            if !page.more {
                return Ok(());
            }
        }
    }

    /// A history without a row is half of a copy: the older store still speaks for it.
    async fn take_written(&mut self, new: &dyn CharacterStorage, ids: Vec<CharacterId>) -> Result<()> {
        if ids.is_empty() {
            return Ok(());
        }
        for id in &ids {
            self.listed.remove(id);
            self.erased.remove(id);
        }
        let filter = QueryFilter { ids, deleted: Deleted::With, ..QueryFilter::default() };
        self.listed.extend(new.query(&filter).await?.items.into_iter().map(|row| row.id));
        Ok(())
    }
}

/// The overlay as it was last seen, brought up to date at every look.
#[derive(Debug, Default)]
pub(super) struct SharedOverlay {
    last: Mutex<Arc<Overlay>>,
    hidden: Mutex<(u64, BTreeMap<CharacterId, Hidden>)>,
}

impl SharedOverlay {
    pub(super) async fn get(&self, new: &dyn CharacterStorage) -> Result<Arc<Overlay>> {
        let last = Arc::clone(&self.last.lock().unwrap_or_else(PoisonError::into_inner));
        if last.revision == new.revision().await? {
            return Ok(last);
        }
        let mut overlay = Overlay::clone(&last);
        overlay.refresh(new).await?;
        let overlay = Arc::new(overlay);
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&overlay);
        Ok(overlay)
    }

    /// What the older store has of characters it is not asked about any more, so that nothing is counted twice.
    pub(super) async fn hidden(&self, overlay: &Overlay, old: &dyn CharacterStorage) -> Result<Hidden> {
        let revision = old.revision().await?;
        let mut known = {
            let hidden = self.hidden.lock().unwrap_or_else(PoisonError::into_inner);
            if hidden.0 == revision { hidden.1.clone() } else { BTreeMap::new() }
        };
        let mut sum = Hidden::default();
        for id in overlay.covered() {
            let hidden = match known.get(id) {
                Some(hidden) => *hidden,
                None => Hidden::of(id, old).await?,
            };
            known.insert(id.clone(), hidden);
            sum.add(&hidden);
        }
        *self.hidden.lock().unwrap_or_else(PoisonError::into_inner) = (revision, known);
        Ok(sum)
    }
}

/// How much of the older store is not looked at any more.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Hidden {
    pub(super) characters: u64,
    pub(super) versions: u64,
    pub(super) contents: u64,
    pub(super) captures: u64,
    pub(super) document_bytes: u64,
    pub(super) encoded_bytes: u64,
}

impl Hidden {
    async fn of(id: &CharacterId, old: &dyn CharacterStorage) -> Result<Self> {
        let whole = Whole::look(old, id).await?;
        if whole.is_empty() {
            return Ok(Self::default());
        }
        let query = HistoryQuery { stored: true, ..HistoryQuery::all(id.clone()) };
        let versions = old.history(&query).await?.items;
        let stored =
            versions.into_iter().filter_map(|version| Some((version.content, version.stored?.bytes)));
        let contents = whole.contents();
        Ok(Self {
            characters: u64::from(whole.index.is_some()),
            versions: whole.versions.len() as u64,
            contents: contents.len() as u64,
            captures: (whole.versions.len() + whole.sightings.len()) as u64,
            document_bytes: contents.values().fold(0, |sum, bytes| sum.saturating_add(*bytes)),
            encoded_bytes: stored.collect::<BTreeMap<_, _>>().values().sum(),
        })
    }

    fn add(&mut self, other: &Self) {
        self.characters += other.characters;
        self.versions += other.versions;
        self.contents += other.contents;
        self.captures += other.captures;
        self.document_bytes = self.document_bytes.saturating_add(other.document_bytes);
        self.encoded_bytes += other.encoded_bytes;
    }
}
