//! Questions to the past, and telling it anew.

use std::{ops::RangeInclusive, sync::Arc};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Captured, Library, RETRIES, writing::made_anew};
use crate::{
    error::{Code, Error, Result},
    history::{
        sentences::{self, summarise},
        timeline,
    },
    job::{Cancel, Progress, ProgressEvent},
    model::{CharacterId, Kind, Sentence, Summary, Topic, VersionMetadata},
    privacy::audit::{Act, Action},
    search::{SearchHit, SearchQuery},
    sheet::Sheet,
    source::Draft,
    storage::{Deleted, Expect, HistoryQuery, QueryFilter, Write},
    trace::Trace,
    wording::Said,
};

/// What telling anew did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Retold {
    /// Characters with a version that was told anew.
    pub characters: u64,
    /// Versions that were told anew.
    pub versions: u64,
    /// Versions that could not be read, and stay as they were told.
    pub unreadable: u64,
}

/// Changes of the same kind in one sitting, and what they come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Burst {
    /// The number of its first version.
    pub first: u64,
    /// The number of its last version.
    pub last: u64,
    /// How many changes it sums up.
    pub changes: u32,
    /// What was tried.
    pub topic: Topic,
    /// Where the same was changed again: how often, and how much of it was kept.
    pub tried: Option<Said>,
    /// What is different behind the last from before the first.
    pub sentences: Vec<Sentence>,
}

impl Library {
    /// Where words appeared.
    ///
    /// # Errors
    /// As [`CharacterStorage::search`](crate::storage::CharacterStorage::search).
    pub async fn search(&self, query: &SearchQuery) -> Result<Vec<SearchHit>> {
        self.storage.search(query).await
    }

    /// The versions of a character with their traces, newest first: from one of them back, or all.
    ///
    /// # Errors
    /// As [`CharacterStorage::history`](crate::storage::CharacterStorage::history).
    pub async fn traces(
        &self,
        character: &CharacterId,
        from: Option<&VersionMetadata>,
    ) -> Result<Vec<VersionMetadata>> {
        let until = from.map(|from| from.captured_at);
        let query = HistoryQuery { traces: true, until, ..HistoryQuery::all(character.clone()) };
        let mut versions = self.storage.history(&query).await?.items;
        if let Some(from) = from {
            // Others captured at the same moment may stand behind it in the history.
            let newer = versions.iter().position(|version| version.id == from.id).unwrap_or(0);
            versions.drain(..newer);
        }
        Ok(versions)
    }

    /// The stretches of a history that are summed up, the newest first: where something was tried and taken back, or much
    /// of one kind was changed, in one sitting.
    ///
    /// # Errors
    /// As [`CharacterStorage::history`](crate::storage::CharacterStorage::history) and [`Library::sheet`]; a stretch that
    /// this program cannot read is not summed up.
    pub async fn bursts(&self, character: &CharacterId) -> Result<Vec<Burst>> {
        let query = HistoryQuery { newest_first: false, ..HistoryQuery::all(character.clone()) };
        let versions = self.storage.history(&query).await?.items;
        let mut bursts = Vec::new();
        for stretch in timeline::bursts(&versions).into_iter().rev() {
            match self.summed_up(&versions, stretch).await {
                Ok(burst) => bursts.extend(burst),
                Err(error) if matches!(error.code, Code::FormatUnsupported | Code::StoreDamaged) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(bursts)
    }

    async fn summed_up(
        &self,
        versions: &[VersionMetadata],
        stretch: RangeInclusive<usize>,
    ) -> Result<Option<Burst>> {
        let tries: Vec<_> =
            versions[stretch.clone()].iter().filter(|v| v.summary.kind == Kind::Change).collect();
        let before = stretch.start().checked_sub(1).and_then(|place| versions.get(place));
        let (Some(before), Some(first), Some(last)) = (before, tries.first(), tries.last()) else {
            return Ok(None);
        };
        let Some(topic) = first.summary.sentences.first().map(|sentence| sentence.topic) else {
            return Ok(None);
        };
        let (old, new) = (self.sheet_just_told(before).await?, self.sheet_just_told(last).await?);
        let (net, _) = summarise(Some(&old), &new, 0);
        let is_again = tries.iter().map(|version| version.summary.changes).sum::<u32>() > net.changes;
        // Coins that are spent twice were spent twice; a spell that is learned and forgotten was tried.
        let is_of_things = matches!(topic, Topic::Spells | Topic::Items | Topic::Features);
        let is_undone = net.changes == 0 || (is_of_things && is_again);
        if !is_undone && tries.len() < timeline::MANY {
            return Ok(None);
        }
        let changes = u32::try_from(tries.len()).unwrap_or(u32::MAX);
        Ok(Some(Burst {
            first: first.version,
            last: last.version,
            changes,
            topic,
            tried: is_again.then(|| sentences::tried(topic, changes, net.changes)),
            sentences: net.sentences,
        }))
    }

    /// Makes a version the newest again: its document becomes a new version. Everything that is there stays in the history,
    /// so a restore can be undone by another one. The source (D&D Beyond, Foundry) is not written to.
    ///
    /// # Errors
    /// `invalid_argument` when it is the newest already; as [`Library::document`] and [`Library::capture`].
    pub async fn restore(&self, version: &VersionMetadata) -> Result<VersionMetadata> {
        let newest = self.version(&version.character, "latest").await?;
        if newest.content == version.content {
            let message = format!("Version {} is what the character is now.", version.version);
            return Err(Error::new(Code::InvalidArgument, message).kept("Nothing was changed."));
        }
        let document = self.document(version).await?;
        let draft = Draft {
            character: version.character.clone(),
            source: self.source(&version.source)?.name(),
            sheet: self.derive(version, &document)?,
            document: Arc::new(document),
            content: version.content,
            cuts: version.cuts.clone(),
            edited_at: version.edited_at,
            captured_at: self.after(newest.seen.last.max(newest.captured_at)),
            origin: Some(format!("version {}", version.version)),
            linked: None,
            restores: Some(version.version),
        };
        let captures = self.capture(&[draft]).await?;
        let made = captures.first().filter(|capture| capture.outcome != Captured::Identical);
        let number = made
            .map(|capture| capture.version)
            .ok_or_else(|| Error::internal("A restore made no version."))?;
        self.version(&version.character, &number.to_string()).await
    }

    /// Now, or just after a moment that a clock ahead of ours has written down.
    fn after(&self, moment: Timestamp) -> Timestamp {
        let next = moment.checked_add(SignedDuration::from_millis(1)).unwrap_or(moment);
        self.clock.now().max(next)
    }

    /// Tells every version anew that was told by an older deriver, or in words that have been bettered since: one character
    /// at a time, each as one transaction. Stopped halfway, it goes on where it was. What cannot be read stays as it is. With
    /// `all`, every other version too: for where what was told of one is damaged.
    ///
    /// # Errors
    /// `cancelled`; as [`CharacterStorage::begin`](crate::storage::CharacterStorage::begin).
    pub async fn retell(&self, all: bool, progress: &dyn Progress, cancel: &Cancel) -> Result<Retold> {
        let filter = QueryFilter { deleted: Deleted::With, ..QueryFilter::default() };
        let characters = self.storage.query(&filter).await?.items;
        let total = characters.len() as u64;
        let mut retold = Retold::default();
        for (done, index) in (1..).zip(characters) {
            cancel.check()?;
            let (versions, unreadable) = self.retell_one(&index.id, all).await?;
            retold.characters += u64::from(versions > 0);
            retold.versions += versions;
            retold.unreadable += unreadable;
            progress.report(ProgressEvent::Advanced { done, total });
        }
        Ok(retold)
    }

    async fn retell_one(&self, character: &CharacterId, all: bool) -> Result<(u64, u64)> {
        for attempt in 0.. {
            match self.try_retell(character, all).await {
                Err(error) if error.code == Code::Conflict && attempt < RETRIES => {}
                done => return done,
            }
        }
        Err(Error::internal("A history was not told anew, without a reason."))
    }

    async fn try_retell(&self, character: &CharacterId, all: bool) -> Result<(u64, u64)> {
        let index = self.row(character).await?;
        let query = HistoryQuery { newest_first: false, ..HistoryQuery::all(character.clone()) };
        let mut versions = self.storage.history(&query).await?.items;
        let (mut told, mut unreadable) = (Vec::new(), 0);
        let mut before = None;
        for version in &mut versions {
            let is_old = self.teller(&version.source).is_ok_and(|teller| teller != version.summary.deriver);
            if !is_old && !all {
                before = Some(&*version);
                continue;
            }
            let summary = match self.told_anew(before, version).await {
                Ok(summary) => summary,
                Err(error) if matches!(error.code, Code::FormatUnsupported | Code::StoreDamaged) => {
                    unreadable += 1;
                    before = Some(&*version);
                    continue;
                }
                Err(error) => return Err(error),
            };
            (version.summary, version.trace) = summary;
            told.push(Write::Version { metadata: Box::new(version.clone()) });
            before = Some(&*version);
        }
        let count = told.len() as u64;
        if let (true, Some(newest)) = (count > 0, versions.last()) {
            let sheet = self.sheet_just_told(newest).await?;
            let expect = Expect::Revision(index.revision);
            let mut index = made_anew(index, &versions, &sheet);
            self.keyed(&mut index)?;
            let act = Act::of(Action::Retell, &index).count("versions", count);
            told.insert(0, Write::Character { index: Box::new(index), expect });
            self.write_all(told, vec![act]).await?;
        }
        Ok((count, unreadable))
    }

    async fn told_anew(
        &self,
        before: Option<&VersionMetadata>,
        version: &VersionMetadata,
    ) -> Result<(Summary, Option<Arc<Trace>>)> {
        let old = match before {
            Some(before) => Some(self.sheet_just_told(before).await?),
            None => None,
        };
        let new = self.sheet_just_told(version).await?;
        let (summary, trace) = self.told(old.as_deref(), &new, &version.source, version.restored)?;
        Ok((summary, Some(Arc::new(trace))))
    }

    /// What is told of a version with this sheet, behind one with `old`.
    pub(super) fn told(
        &self,
        old: Option<&Sheet>,
        new: &Sheet,
        source: &str,
        restored: Option<u64>,
    ) -> Result<(Summary, Trace)> {
        let told = summarise(old, new, self.teller(source)?);
        Ok(match restored {
            Some(number) => sentences::brought_back(told, number),
            None => told,
        })
    }

    /// Who tells versions of a source at present: its deriver and the words.
    pub(super) fn teller(&self, source: &str) -> Result<u32> {
        Ok(self.source(source)?.deriver() << 16 | sentences::TELLING)
    }
}
