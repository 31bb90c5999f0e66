//! Moving versions into the archive and back: [`crate::archive`] says in which steps.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;

use super::{Library, RETRIES};
use crate::{
    archive::{ArchivePlan, ArchiveReport, ArchiveStep, ArchiveWork, Archiving, BATCH, MovedVersion},
    error::{Code, Error, Result},
    job::{Cancel, Progress, ProgressEvent},
    model::{CharacterId, CharacterIndex, ContentHash, SnapshotId, VersionMetadata},
    privacy::audit::{Act, Action},
    retention::Retention,
    storage::{Encoding, Expect, HistoryQuery, Write},
};

impl Library {
    /// Which versions would be moved. Nothing is changed.
    ///
    /// # Errors
    /// As [`Library::retention`] and [`Library::history`].
    pub async fn plan_archive(&self, archiving: &Archiving) -> Result<ArchivePlan> {
        let retention = self.retention().await?.retention;
        let mut plan = ArchivePlan { restore: archiving.restore, versions: Vec::new() };
        for index in self.own_rows(&archiving.characters).await? {
            let query = HistoryQuery { newest_first: false, ..HistoryQuery::all(index.id.clone()) };
            let mut history = self.storage.history(&query).await?.items;
            if archiving.restore {
                history.retain(|version| version.archived);
            } else {
                self.leave_to_archive(&mut history, &index, archiving, &retention);
            }
            plan.versions.extend(history.into_iter().map(moved));
        }
        Ok(plan)
    }

    /// Leaves of a history, oldest first, what belongs into the archive and is not there.
    fn leave_to_archive(
        &self,
        history: &mut Vec<VersionMetadata>,
        index: &CharacterIndex,
        archiving: &Archiving,
        retention: &Retention,
    ) {
        history.pop();
        let days = archiving.older_than_days.or(retention.of(&index.id).archive_after_days);
        let span = days.map(|days| SignedDuration::from_hours(24 * i64::from(days)));
        let now = self.clock.now();
        let is_old = |version: &VersionMetadata| {
            span.is_none_or(|span| now.duration_since(version.captured_at) > span)
        };
        history.retain(|version| !version.archived && is_old(version));
    }

    /// Moves what a plan moves, and first what an interruption left half moved. Stopped between two characters, what is moved
    /// is moved.
    ///
    /// # Errors
    /// `cancelled`; as [`CharacterStorage::begin`](crate::storage::CharacterStorage::begin): every version is then where it
    /// was, or verified at its new place, and the next run goes on.
    pub async fn archive(
        &self,
        plan: &ArchivePlan,
        progress: &dyn Progress,
        cancel: &Cancel,
    ) -> Result<ArchiveReport> {
        let mut report = ArchiveReport::default();
        self.resume_archive(&mut report, progress, cancel).await?;
        let mut characters: BTreeMap<&CharacterId, Vec<SnapshotId>> = BTreeMap::new();
        for version in &plan.versions {
            characters.entry(&version.character).or_default().push(version.id);
        }
        let (total, mut done) = (plan.versions.len() as u64, 0);
        for (character, versions) in characters {
            for versions in versions.chunks(BATCH) {
                cancel.check()?;
                progress.report(ProgressEvent::Advanced { done, total });
                let work = ArchiveWork {
                    character: character.clone(),
                    versions: versions.to_vec(),
                    restore: plan.restore,
                    step: ArchiveStep::Identified,
                };
                self.note_work(Some(&work)).await?;
                self.do_work(work, &mut report, progress, cancel).await?;
                done += versions.len() as u64;
            }
        }
        progress.report(ProgressEvent::Advanced { done: total, total });
        Ok(report)
    }

    /// Goes on with a move that was begun, if there is one.
    ///
    /// # Errors
    /// As [`Library::archive`].
    async fn resume_archive(
        &self,
        report: &mut ArchiveReport,
        progress: &dyn Progress,
        cancel: &Cancel,
    ) -> Result<()> {
        match self.setting::<ArchiveWork>(ArchiveWork::SETTING).await?.0 {
            Some(work) => self.do_work(work, report, progress, cancel).await,
            None => Ok(()),
        }
    }

    /// Takes the steps that are left.
    async fn do_work(
        &self,
        mut work: ArchiveWork,
        report: &mut ArchiveReport,
        progress: &dyn Progress,
        cancel: &Cancel,
    ) -> Result<()> {
        if work.step < ArchiveStep::Compressed {
            if !work.restore {
                let rest = Encoding::AT_REST;
                let done =
                    self.storage.recompress_character(&work.character, &rest, progress, cancel).await?;
                report.bytes_before += done.bytes_before;
                report.bytes_after += done.bytes_after;
            }
            work.step = ArchiveStep::Compressed;
            self.note_work(Some(&work)).await?;
        }
        if work.step < ArchiveStep::Stored {
            let moved = self.store_elsewhere(&work).await?;
            report.moved += moved;
            report.stayed += work.versions.len() as u64 - moved;
            work.step = ArchiveStep::Stored;
            self.note_work(Some(&work)).await?;
        }
        if work.step < ArchiveStep::Verified {
            report.verified += self.verify_moved(&work).await?;
            work.step = ArchiveStep::Verified;
            self.note_work(Some(&work)).await?;
        }
        self.note_work(None).await
    }

    /// Writes down how far a move is; none: it is done.
    async fn note_work(&self, work: Option<&ArchiveWork>) -> Result<()> {
        for attempt in 0.. {
            let (before, revision) = self.setting::<ArchiveWork>(ArchiveWork::SETTING).await?;
            if before.as_ref() == work {
                return Ok(());
            }
            match self.set_setting(ArchiveWork::SETTING, work, revision).await {
                Err(error) if error.code == Code::Conflict && attempt < RETRIES => {}
                done => return done.map(drop),
            }
        }
        Err(Error::internal("A move was not written down, without a reason."))
    }

    async fn store_elsewhere(&self, work: &ArchiveWork) -> Result<u64> {
        for attempt in 0.. {
            match self.try_store_elsewhere(work).await {
                Err(error) if error.code == Code::Conflict && attempt < RETRIES => {}
                done => return done,
            }
        }
        Err(Error::internal("Versions were not moved, without a reason."))
    }

    /// Moves versions as one transaction. A document that cannot be read before stays where it is: what is damaged is not made
    /// to look well kept.
    async fn try_store_elsewhere(&self, work: &ArchiveWork) -> Result<u64> {
        let mut tx = self.begin().await?;
        let query = HistoryQuery { newest_first: false, ..HistoryQuery::all(work.character.clone()) };
        let history = tx.history(&query).await?.items;
        let Some(newest) = history.last() else { return Ok(0) };
        let Some(index) = tx.surroundings(&work.character, newest.captured_at).await?.character else {
            return Ok(0);
        };
        let newest = newest.id;
        let asked: BTreeSet<_> = work.versions.iter().collect();
        let is_meant = |version: &VersionMetadata| {
            asked.contains(&version.id)
                && version.archived == work.restore
                && (work.restore || version.id != newest)
        };
        let (mut writes, mut contents) = (Vec::new(), BTreeSet::new());
        for version in history.into_iter().filter(is_meant) {
            match tx.document(&version.character, &version.content).await {
                Err(error) if error.code == Code::StoreDamaged => continue,
                Err(error) => return Err(error),
                Ok(_) => drop(contents.insert(version.content)),
            }
            let metadata = Box::new(VersionMetadata { archived: !work.restore, ..version });
            writes.push(Write::Version { metadata });
        }
        let count = writes.len() as u64;
        if count == 0 {
            return Ok(0);
        }
        let expect = Expect::Revision(index.revision);
        let mut index = CharacterIndex { revision: index.revision + 1, ..index };
        self.keyed(&mut index)?;
        let act = Act::of(Action::Archive, &index).count("versions", count);
        writes.insert(0, Write::Character { index: Box::new(index), expect });
        tx.write(writes).await?;
        for content in contents {
            compared(&tx.document(&work.character, &content).await?, content)?;
        }
        tx.commit(vec![act]).await?;
        Ok(count)
    }

    /// Reads everything that was moved once more, from outside, and compares it.
    async fn verify_moved(&self, work: &ArchiveWork) -> Result<u64> {
        let asked: BTreeSet<_> = work.versions.iter().collect();
        let history = self.storage.history(&HistoryQuery::all(work.character.clone())).await?.items;
        let is_moved =
            |version: &&VersionMetadata| asked.contains(&version.id) && version.archived != work.restore;
        let contents: BTreeSet<_> = history.iter().filter(is_moved).map(|version| version.content).collect();
        for content in &contents {
            compared(&self.storage.document(&work.character, content).await?, *content)?;
        }
        Ok(contents.len() as u64)
    }
}

/// Makes sure that a document is the one of this hash.
fn compared(document: &[u8], content: ContentHash) -> Result<()> {
    match ContentHash::of(document) == content {
        true => Ok(()),
        false => {
            Err(Error::new(Code::StoreDamaged, "A document came back changed from where it was moved to.")
                .kept("Nothing was given up for it.")
                .hint("`backstory verify --read-data` says which."))
        }
    }
}

fn moved(version: VersionMetadata) -> MovedVersion {
    let VersionMetadata { character, version, id, captured_at, .. } = version;
    MovedVersion { character, version, id, captured_at }
}
