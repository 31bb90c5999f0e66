//! What is done with characters besides capturing them: the bin, pins and tags, campaigns; and what keeps the store well.

use std::time::Duration;

use serde::{Serialize, de::DeserializeOwned};

use super::{Library, RETRIES};
use crate::{
    encryption::{Encryption, KeyChange},
    error::{Code, Error, Result},
    job::{Cancel, Progress},
    model::{CharacterId, CharacterIndex, Member, Role, SnapshotId, VersionMetadata},
    privacy::audit::{Act, Action},
    storage::{
        Changes, Deleted, Encoding, Expect, HistoryQuery, QueryFilter, Recompressed, RepairReport, Secret,
        Setting, Write,
    },
};

impl Library {
    /// Puts a character into the bin: it leaves every list, keeps everything, and can be taken back. Nothing happens to one
    /// that is there already.
    ///
    /// # Errors
    /// `character_not_found`; as [`CharacterStorage::begin`](crate::storage::CharacterStorage::begin).
    pub async fn delete(&self, character: &CharacterId) -> Result<CharacterIndex> {
        let now = self.clock.now();
        self.change(character, Action::Delete, |index| {
            index.deleted_at.get_or_insert(now);
        })
        .await
    }

    /// Takes a character out of the bin. Nothing happens to one that is not there.
    ///
    /// # Errors
    /// As [`Library::delete`].
    pub async fn undelete(&self, character: &CharacterId) -> Result<CharacterIndex> {
        self.change(character, Action::Undelete, |index| index.deleted_at = None).await
    }

    /// Takes a character away for good, with every version and document. There is no way back.
    ///
    /// # Errors
    /// As [`Library::delete`].
    pub async fn erase(&self, character: &CharacterId) -> Result<()> {
        let erased = self.erase_stored(character).await;
        // A part of a cache that is away is told when it comes back; nobody is served anything of it before.
        let _ = self.forget_cached(Some(character)).await;
        erased
    }

    /// The same for the store alone.
    pub(super) async fn erase_stored(&self, character: &CharacterId) -> Result<()> {
        for attempt in 0.. {
            let mut index = self.row(character).await?;
            let expect = Expect::Revision(index.revision);
            let mut writes = vec![Write::Erase { character: character.clone(), expect }];
            // A policy that cannot be read keeps nobody from erasing.
            writes.extend(self.without_policy(character).await.ok().flatten());
            // Nobody keeps the key: from here on the log names somebody whom nothing leads back to.
            self.keyed(&mut index)?;
            let act = Act::of(Action::Erase, &index);
            let act = act.count("versions", index.versions).count("captures", index.captures);
            match self.write_all(writes, vec![act]).await {
                Err(error) if error.code == Code::Conflict && attempt < RETRIES => {}
                done => return done,
            }
        }
        Err(Error::internal("A character was not erased, without a reason."))
    }

    /// Keeps a version for ever, or no longer.
    ///
    /// # Errors
    /// `version_not_found`; as [`Library::delete`].
    pub async fn pin(&self, version: &VersionMetadata, pinned: bool) -> Result<VersionMetadata> {
        let action = if pinned { Action::Pin } else { Action::Unpin };
        self.mark(version, action, |version| version.pinned = pinned).await
    }

    /// Gives a version names and takes names from it. A name is trimmed; an empty one is none.
    ///
    /// # Errors
    /// As [`Library::pin`].
    pub async fn tag(
        &self,
        version: &VersionMetadata,
        add: &[String],
        remove: &[String],
    ) -> Result<VersionMetadata> {
        self.mark(version, Action::Tag, |version| {
            version.tags.retain(|tag| !remove.iter().any(|gone| gone.trim() == tag));
            for tag in add.iter().map(|tag| tag.trim()).filter(|tag| !tag.is_empty()) {
                if !version.tags.iter().any(|own| own == tag) {
                    version.tags.push(tag.to_owned());
                }
            }
        })
        .await
    }

    /// The longest note, in bytes: it stands in every page of a history.
    pub const LONGEST_NOTE: usize = 8 << 10;

    /// Writes a player's words to a version, or takes them away. Ends are trimmed; nothing left is no note.
    ///
    /// # Errors
    /// `invalid_argument` for more than [`Library::LONGEST_NOTE`] bytes; as [`Library::pin`].
    pub async fn note(&self, version: &VersionMetadata, note: Option<&str>) -> Result<VersionMetadata> {
        let note = note.map(str::trim).filter(|note| !note.is_empty());
        if let Some(length) = note.map(str::len).filter(|length| *length > Self::LONGEST_NOTE) {
            let message = format!(
                "A note may take {} bytes, about three pages; this one takes {length}.",
                Self::LONGEST_NOTE
            );
            return Err(Error::new(Code::InvalidArgument, message)
                .kept("The note of before still stands.")
                .hint("Shorten it, or write it to several versions."));
        }
        self.mark(version, Action::Note, |version| version.note = note.map(str::to_owned)).await
    }

    /// Gives somebody a place in a campaign, or takes it away.
    ///
    /// # Errors
    /// `access_denied`; as [`Library::delete`].
    pub async fn set_member(&self, campaign: &str, user: &str, role: Option<Role>) -> Result<()> {
        let (campaign, user) = (campaign.to_owned(), user.to_owned());
        self.write_all(vec![Write::Member { campaign, user, role }], vec![Act::new(Action::Member)]).await
    }

    /// # Errors
    /// As [`CharacterStorage::members`](crate::storage::CharacterStorage::members).
    pub async fn members(&self) -> Result<Vec<Member>> {
        self.storage.members().await
    }

    /// What a setting says, and its revision: 0 where it was never written.
    ///
    /// # Errors
    /// `store_damaged` when it cannot be read as what it should be;
    /// as [`CharacterStorage::settings`](crate::storage::CharacterStorage::settings).
    pub async fn setting<T: DeserializeOwned>(&self, key: &str) -> Result<(Option<T>, u64)> {
        let found = self.storage.settings().await?.into_iter().find(|setting| setting.key == key);
        let Some(Setting { value, revision, .. }) = found else { return Ok((None, 0)) };
        let read = |text: String| {
            serde_json::from_str(&text).map_err(|error| {
                Error::new(Code::StoreDamaged, format!("The library's setting {key} cannot be read."))
                    .kept("Every character can still be read; nothing was changed.")
                    .hint("A newer Backstory may have written it: update Backstory. Setting it again replaces it.")
                    .caused_by(error)
            })
        };
        Ok((value.map(read).transpose()?, revision))
    }

    /// Writes a setting that had this revision when it was read, or takes it away. Says its new revision.
    ///
    /// # Errors
    /// `conflict` when somebody else wrote it since; as [`Library::delete`].
    pub async fn set_setting<T: Serialize>(
        &self,
        key: &str,
        value: Option<&T>,
        revision: u64,
    ) -> Result<u64> {
        let text = value.map(serde_json::to_string).transpose();
        let value = text.map_err(|error| Error::internal("A setting cannot be written.").caused_by(error))?;
        let expect = if revision == 0 { Expect::Absent } else { Expect::Revision(revision) };
        let setting = Setting { key: key.to_owned(), value, revision: revision + 1 };
        let (goes_along, about) = (setting.goes_along(), noted_name(key));
        let mut transaction = self.begin().await?;
        transaction.write(vec![Write::Setting { setting, expect }]).await?;
        match goes_along {
            true => transaction.commit(vec![Act::new(Action::Setting).about(about)]).await?,
            false => transaction.commit_own().await?,
        };
        Ok(revision + 1)
    }

    /// # Errors
    /// As [`CharacterStorage::changes_since`](crate::storage::CharacterStorage::changes_since).
    pub async fn changes_since(&self, revision: u64, limit: u32) -> Result<Changes> {
        self.storage.changes_since(revision, limit).await
    }

    /// # Errors
    /// As [`CharacterStorage::wait`](crate::storage::CharacterStorage::wait).
    pub async fn wait(&self, since: u64, at_most: Duration) -> Result<u64> {
        self.storage.wait(since, at_most).await
    }

    /// # Errors
    /// As [`CharacterStorage::repair`](crate::storage::CharacterStorage::repair).
    pub async fn repair(&self, progress: &dyn Progress, cancel: &Cancel) -> Result<RepairReport> {
        let report = self.storage.repair(progress, cancel).await?;
        if !report.repaired.is_empty() {
            let act = Act::new(Action::Repair).count("problems", report.repaired.len() as u64);
            self.note_upkeep(act).await;
        }
        Ok(report)
    }

    /// # Errors
    /// As [`CharacterStorage::encryption`](crate::storage::CharacterStorage::encryption).
    pub async fn encryption(&self) -> Result<Encryption> {
        self.storage.encryption().await
    }

    /// # Errors
    /// As [`CharacterStorage::new_phrase`](crate::storage::CharacterStorage::new_phrase).
    pub fn new_phrase(&self) -> Result<Secret> {
        self.storage.new_phrase()
    }

    /// # Errors
    /// As [`CharacterStorage::change_keys`](crate::storage::CharacterStorage::change_keys).
    pub async fn change_keys(
        &self,
        change: &KeyChange,
        progress: &dyn Progress,
        cancel: &Cancel,
    ) -> Result<Encryption> {
        let before = self.storage.encryption().await?;
        let done = self.storage.change_keys(change, progress, cancel).await;
        // What caches hold lies there as the store was before, whatever came of it.
        if let Err(error) = self.forget_cached(None).await {
            tracing::warn!(?error, "a part of the cache did not confirm a change of keys");
        }
        let done = done?;
        // The keys are what they are now, whether that can be noted or not.
        if (!matches!(change, KeyChange::GoOn) || before.state != done.state)
            && let Err(error) = self.record(vec![Act::new(Action::Key)]).await
        {
            tracing::warn!(?error, "a change of keys was not noted");
        }
        Ok(done)
    }

    /// # Errors
    /// As [`CharacterStorage::recompress`](crate::storage::CharacterStorage::recompress).
    pub async fn recompress(
        &self,
        encoding: &Encoding,
        progress: &dyn Progress,
        cancel: &Cancel,
    ) -> Result<Recompressed> {
        let done = self.storage.recompress(encoding, progress, cancel).await?;
        if done.rewritten > 0 {
            self.note_upkeep(Act::new(Action::Recompress).count("documents", done.rewritten)).await;
        }
        Ok(done)
    }

    /// Notes what a store did by itself, in transactions of its own. What is done is done: a note that cannot be written now does
    /// not make it undone.
    async fn note_upkeep(&self, act: Act) {
        if let Err(error) = self.record(vec![act]).await {
            tracing::warn!(?error, "upkeep was done and not noted");
        }
    }

    /// A character's row, in the bin or not.
    pub(super) async fn row(&self, character: &CharacterId) -> Result<CharacterIndex> {
        let filter =
            QueryFilter { ids: vec![character.clone()], deleted: Deleted::With, ..QueryFilter::default() };
        self.storage.query(&filter).await?.items.pop().ok_or_else(|| {
            Error::new(Code::CharacterNotFound, format!("There is no character {character}.")).hint(
                "`backstory list` shows every character with its id, `backstory list --deleted` the bin.",
            )
        })
    }

    /// Changes a character's row; writes nothing when that changes nothing.
    async fn change(
        &self,
        character: &CharacterId,
        action: Action,
        change: impl Fn(&mut CharacterIndex) + Sync,
    ) -> Result<CharacterIndex> {
        for attempt in 0.. {
            let before = self.row(character).await?;
            let mut index = before.clone();
            change(&mut index);
            if index == before {
                return Ok(index);
            }
            index.revision += 1;
            self.keyed(&mut index)?;
            let expect = Expect::Revision(before.revision);
            let put = Write::Character { index: Box::new(index.clone()), expect };
            match self.write_all(vec![put], vec![Act::of(action, &index)]).await {
                Err(error) if error.code == Code::Conflict && attempt < RETRIES => {}
                done => return done.map(|()| index),
            }
        }
        Err(Error::internal("A change was given up without a reason."))
    }

    /// Changes what a player said of a version. The character's row moves on with it, so that nobody overwrites it unseen.
    async fn mark(
        &self,
        version: &VersionMetadata,
        action: Action,
        change: impl Fn(&mut VersionMetadata) + Sync,
    ) -> Result<VersionMetadata> {
        let (character, id) = (&version.character, version.id);
        for attempt in 0.. {
            let before = self.row(character).await?;
            let mut marked = self.version_of(character, id).await?;
            let was = marked.clone();
            change(&mut marked);
            if marked == was {
                return Ok(marked);
            }
            let mut index = CharacterIndex { revision: before.revision + 1, ..before.clone() };
            self.keyed(&mut index)?;
            let act = Act::of(action, &index).version(marked.version);
            let writes = vec![
                Write::Character { index: Box::new(index), expect: Expect::Revision(before.revision) },
                Write::Version { metadata: Box::new(marked.clone()) },
            ];
            match self.write_all(writes, vec![act]).await {
                Err(error) if error.code == Code::Conflict && attempt < RETRIES => {}
                done => return done.map(|()| marked),
            }
        }
        Err(Error::internal("A change was given up without a reason."))
    }

    async fn version_of(&self, character: &CharacterId, id: SnapshotId) -> Result<VersionMetadata> {
        let query = HistoryQuery { id: Some(id), ..HistoryQuery::all(character.clone()) };
        self.storage.history(&query).await?.items.pop().ok_or_else(|| {
            Error::new(Code::VersionNotFound, format!("{character} has no version {id}."))
                .hint(format!("`backstory history {character}` shows every version."))
        })
    }
}

/// As much of a setting's name as the log tells: which kind it is, and not whose.
fn noted_name(key: &str) -> String {
    key.split('.').take(2).collect::<Vec<_>>().join(".")
}
