//! Where a library may be moved to, and what is written down there.

use std::sync::Arc;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::{
    config::Address,
    error::{Code, Error, Result},
    job::{Cancel, Progress},
    migrate::{MigrationPlan, Whole},
    model::ContentHash,
    privacy::audit::{Act, Action, Scribe},
    storage::{CharacterStorage, Expect, Secret, Setting, StorageInfo, Write},
};

/// The setting in which a new store says from which library it is being filled.
const MARK: &str = "move.from";

/// Where the library is to go.
#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "to", rename_all = "snake_case", deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub enum MoveTo {
    /// One file, which the player names.
    File,
    /// A folder of plain files, which the player chooses.
    Folder,
    /// A server.
    Server {
        /// Its address, as it was typed. It may hold a password: it is shown nowhere and in no message.
        #[cfg_attr(test, ts(as = "String"))]
        address: Secret,
    },
}

/// What is in a place.
pub struct Found {
    /// The store, opened to be read; where there is nothing yet, an empty one in its stead.
    pub storage: Arc<dyn CharacterStorage>,
    /// There is nothing yet: a store would be made.
    pub is_new: bool,
}

/// A place that a library may be moved to. Only the host makes these, from what the player chose: a page names no paths.
#[async_trait]
pub trait Site: Send + Sync {
    /// The kind of store and where it is, as a person would find it.
    fn place(&self) -> StorageInfo;

    /// The address, with whatever secret it has: for the host that opens it from now on.
    fn address(&self) -> &Address;

    /// Whether it is this library's own place, or one lies in the other.
    fn is_within(&self, library: &StorageInfo) -> bool;

    /// Looks what is there. Makes nothing.
    ///
    /// # Errors
    /// `invalid_argument` for what is no library; `store_unreachable`, `access_denied`, `library_locked`, `storage_failed`.
    async fn look(&self) -> Result<Found>;

    /// Opens the store to be written to, and makes it where there is none.
    ///
    /// # Errors
    /// As [`StorageFactory::open_with`](crate::storage::StorageFactory::open_with).
    async fn open(&self) -> Result<Arc<dyn CharacterStorage>>;

    /// Whether a store that is made here can be encrypted.
    fn can_seal(&self) -> bool;

    /// A place of the same kind beside it, for a rehearsal; none where there is no such place.
    fn beside(&self) -> Option<Arc<dyn Site>>;

    /// Whether the store can be taken away as a whole.
    fn can_remove(&self) -> bool;

    /// Takes the store away with everything that belongs to it; what is not there is gone. Nobody may have it open.
    ///
    /// # Errors
    /// `store_busy`, `storage_failed`.
    async fn remove(&self) -> Result<()>;
}

/// Whether two stores say that they are at the same place.
pub(super) fn is_same(one: &dyn CharacterStorage, other: &dyn CharacterStorage) -> bool {
    let (one, other) = (one.info(), other.info());
    one.capabilities.persistent && (one.kind, one.location) == (other.kind, other.location)
}

pub(super) fn refuse_same() -> Error {
    Error::new(
        Code::InvalidArgument,
        "Your library is in this place already, or one of the two lies in the other.",
    )
    .kept("Nothing was changed.")
    .hint("Choose another place.")
}

/// What a store says that a move began to fill while it was empty.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Mark {
    /// Stands for the library: its place, which is nobody else's to read there.
    from: ContentHash,
    /// There was no store before.
    pub(super) is_new: bool,
    /// Nothing was set there, and nobody had a place in a campaign.
    is_bare: bool,
}

impl Mark {
    /// The mark of a move from this library, if the store bears one.
    ///
    /// # Errors
    /// As [`CharacterStorage::settings`].
    pub(super) async fn of(from: &dyn CharacterStorage, to: &dyn CharacterStorage) -> Result<Option<Self>> {
        let found = setting(to).await?.and_then(|setting| setting.value);
        let mark = found.and_then(|text| serde_json::from_str::<Self>(&text).ok());
        Ok(mark.filter(|mark| mark.from == library(from)))
    }

    /// Marks a store that has nothing in it yet, before it is filled. None for one that has something, and no mark of this move.
    ///
    /// # Errors
    /// `invalid_argument` where both turn out to be one store; as [`CharacterStorage::begin`].
    pub(super) async fn put(
        from: &dyn CharacterStorage,
        to: &dyn CharacterStorage,
        is_new: bool,
    ) -> Result<Option<Self>> {
        if let Some(mark) = Self::of(from, to).await? {
            return Ok(Some(mark));
        }
        let found = to.statistics().await?;
        if found.characters > 0 || found.versions > 0 {
            return Ok(None);
        }
        let goes_along = |setting: Setting| setting.goes_along() && setting.value.is_some();
        let is_bare = to.members().await?.is_empty() && !to.settings().await?.into_iter().any(goes_along);
        let mark = Self { from: library(from), is_new, is_bare };
        let before = setting(from).await?;
        mark.write(to).await?;
        // Two addresses may name one store.
        if setting(from).await? != before {
            write_setting(to, None).await?;
            return Err(refuse_same());
        }
        Ok(Some(mark))
    }

    /// Takes the mark away: the store is a library like any other from then on. Gives the one there was.
    ///
    /// # Errors
    /// As [`CharacterStorage::begin`].
    pub(super) async fn take(from: &dyn CharacterStorage, to: &dyn CharacterStorage) -> Result<Option<Self>> {
        let mark = Self::of(from, to).await?;
        if mark.is_some() {
            write_setting(to, None).await?;
        }
        Ok(mark)
    }

    /// Puts the mark on a store.
    ///
    /// # Errors
    /// As [`CharacterStorage::begin`].
    pub(super) async fn write(&self, to: &dyn CharacterStorage) -> Result<()> {
        let text = serde_json::to_string(self)
            .map_err(|error| Error::internal("A mark could not be written down.").caused_by(error))?;
        write_setting(to, Some(text)).await
    }
}

/// What stands for a library in the mark.
fn library(from: &dyn CharacterStorage) -> ContentHash {
    let info = from.info();
    ContentHash::of(format!("{}:{}", info.kind, info.location).as_bytes())
}

async fn setting(storage: &dyn CharacterStorage) -> Result<Option<Setting>> {
    Ok(storage.settings().await?.into_iter().find(|setting| setting.key == MARK))
}

async fn write_setting(storage: &dyn CharacterStorage, value: Option<String>) -> Result<()> {
    let before = setting(storage).await?;
    let (expect, revision) = match &before {
        None => (Expect::Absent, 1),
        Some(before) => (Expect::Revision(before.revision), before.revision + 1),
    };
    let setting = Setting { key: MARK.to_owned(), value, revision };
    let mut transaction = storage.begin().await?;
    transaction.write(vec![Write::Setting { setting, expect }]).await?;
    transaction.commit().await.map(drop)
}

/// Takes out of a store what a move put into it, character by character: for a store that cannot be taken away as a whole, or
/// was there before. The tombstones and the log of the store tell of it.
///
/// # Errors
/// `cancelled`; as [`CharacterStorage::begin`] and [`CharacterStorage::scrub`]. The mark goes last, so that it can be done again.
pub(super) async fn remove_from(
    to: &dyn CharacterStorage,
    mark: &Mark,
    plan: &MigrationPlan,
    scribe: &Scribe,
    (progress, cancel): (&dyn Progress, &Cancel),
) -> Result<()> {
    for item in &plan.items {
        cancel.check()?;
        let whole = Whole::look(to, &item.character).await?;
        if whole.is_empty() {
            continue;
        }
        let act = whole
            .index
            .as_ref()
            .map_or_else(|| Act::new(Action::Erase), |index| Act::of(Action::Erase, index));
        let expect = whole.revision().map_or(Expect::Absent, Expect::Revision);
        let erase = Write::Erase { character: item.character.clone(), expect };
        let note = scribe.write(act.count("versions", whole.versions.len() as u64));
        let mut transaction = to.begin().await?;
        transaction.write(vec![erase, note]).await?;
        transaction.commit().await?;
    }
    if mark.is_bare {
        remove_shared(to, scribe).await?;
    }
    to.scrub(progress, cancel).await?;
    write_setting(to, None).await
}

/// Takes away the places in campaigns and what was set for the library.
async fn remove_shared(to: &dyn CharacterStorage, scribe: &Scribe) -> Result<()> {
    let members = to.members().await?.into_iter();
    let members =
        members.map(|member| Write::Member { campaign: member.campaign, user: member.user, role: None });
    let settings =
        to.settings().await?.into_iter().filter(|setting| setting.goes_along() && setting.value.is_some());
    let settings = settings.map(|setting| Write::Setting {
        expect: Expect::Revision(setting.revision),
        setting: Setting { value: None, revision: setting.revision + 1, ..setting },
    });
    let writes: Vec<_> = members.chain(settings).collect();
    if writes.is_empty() {
        return Ok(());
    }
    let note = scribe.write(Act::new(Action::Setting).about("migration"));
    let mut transaction = to.begin().await?;
    transaction.write(writes.into_iter().chain([note]).collect()).await?;
    transaction.commit().await.map(drop)
}
