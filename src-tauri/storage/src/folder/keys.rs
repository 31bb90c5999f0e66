//! Encrypting a folder, decrypting it and renewing its keys: `keys.json` and the list first, then a character at a time, each as
//! one change of all its files.
//!
//! Every file is encrypted as a whole, bound to its place: only `metadata.json` of the library, `keys.json` and the characters'
//! wrapped keys stay clear.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use backstory_core::{
    encryption::{Encryption, EncryptionState, KeyChange},
    error::{Error, Result},
    job::{Cancel, Progress, ProgressEvent},
    model::CharacterId,
};

use super::{
    FolderStorage, Shared,
    disk::{Kind, join},
    index,
    journal::{Change, View, keys_record, keys_text},
    layout::{self, INDEX, KEYS, STAGED, TEMP},
    lock::WriterLock,
    writing::Writing,
};
use crate::{
    blocking::blocking,
    computer::point,
    seal::{KeyId, Ring, key_of},
};

/// How far the library is encrypted.
pub(super) fn told(view: &View) -> Result<Encryption> {
    let ring = view.ring();
    let ids = index::characters(view)?;
    let mut under: BTreeMap<Option<KeyId>, u64> = BTreeMap::new();
    match ring.state() {
        EncryptionState::Off => {}
        EncryptionState::On => drop(under.insert(ring.ids().next(), ids.len() as u64)),
        _ => {
            for id in &ids {
                let wrapped = view.wrapped_key(id)?;
                *under.entry(wrapped.as_deref().and_then(key_of)).or_default() += 1;
            }
        }
    }
    Ok(ring.told(ids.len() as u64, |id| under.get(&Some(id)).copied().unwrap_or(0)))
}

/// Changes the keys of a library.
pub(super) async fn change(
    storage: &FolderStorage,
    change: &KeyChange,
    progress: &dyn Progress,
    cancel: &Cancel,
) -> Result<Encryption> {
    let change = change.clone();
    if with_lock(storage, move |shared, lock| begin(shared, lock, &change)).await? {
        rewrite(storage, progress, cancel).await?;
        with_lock(storage, |shared, lock| Writing::start(shared, lock)?.clean_up()).await?;
        point();
        with_lock(storage, end).await?;
    }
    storage.read(|_, now| told(&now.view)).await
}

/// Does something that writes, on a thread where waiting is allowed.
async fn with_lock<T: Send + 'static>(
    storage: &FolderStorage,
    work: impl FnOnce(Arc<Shared>, WriterLock) -> Result<T> + Send + 'static,
) -> Result<T> {
    let (_turn, lock) = storage.turn().await?;
    let shared = Arc::clone(&storage.shared);
    blocking(move || work(shared, lock)).await
}

/// Writes down what the keys are to be, and reads it back from the disk, before anything else is written. Says whether there is
/// more to do.
fn begin(shared: Arc<Shared>, lock: WriterLock, change: &KeyChange) -> Result<bool> {
    let seal = Arc::clone(&shared.disk.seal);
    let mut writing = Writing::start(Arc::clone(&shared), lock)?;
    let before = writing.view.ring();
    let plan = seal.plan(&before, change)?;
    let Some(first) = plan.first.as_deref() else { return Ok(plan.rewrites) };
    let written = read_back(&shared, first).and_then(|kept| {
        seal.read_back(&plan, &kept)?;
        let ring = seal.ring(Some(&kept))?;
        point();
        put_down(&mut writing, &ring, Some(&kept))?;
        point();
        Ok(ring)
    });
    match written {
        Err(error) => {
            seal.withdraw(&plan, &before);
            Err(error)
        }
        Ok(now) => {
            if !plan.rewrites {
                seal.forget(&before, &now);
            }
            Ok(plan.rewrites)
        }
    }
}

/// What the disk gives back of a record of keys.
fn read_back(shared: &Shared, record: &str) -> Result<String> {
    let disk = &shared.disk;
    let draft = join(TEMP, &format!("keys{STAGED}"));
    disk.write(&draft, &keys_text(record)?)?;
    let kept = disk.read(&draft)?.unwrap_or_default();
    disk.remove(&draft)?;
    keys_record(&kept)
}

/// The library says this of its keys; what belongs to no character is written under them.
fn put_down(writing: &mut Writing, ring: &Arc<Ring>, record: Option<&str>) -> Result<()> {
    writing.rewrite(ring, |view, change| {
        match record {
            Some(record) => change.put(KEYS.to_owned(), keys_text(record)?),
            None => change.remove(KEYS.to_owned()),
        }
        match view.read(INDEX) {
            // The list is made anew from the characters' own files whenever it is not there.
            Err(error) if super::is_damage(&error) => change.remove(INDEX.to_owned()),
            list => list?.into_iter().for_each(|list| change.put(INDEX.to_owned(), list)),
        }
        Ok(())
    })
}

/// Goes over every character.
async fn rewrite(storage: &FolderStorage, progress: &dyn Progress, cancel: &Cancel) -> Result<()> {
    let ids = storage.read(|_, now| index::characters(&now.view)).await?;
    let total = ids.len() as u64;
    for (done, id) in (0..).zip(ids) {
        cancel.check()?;
        progress.report(ProgressEvent::Advanced { done, total });
        with_lock(storage, move |shared, lock| rewrite_one(shared, lock, &id)).await?;
        point();
    }
    progress.report(ProgressEvent::Advanced { done: total, total });
    Ok(())
}

fn rewrite_one(shared: Arc<Shared>, lock: WriterLock, id: &CharacterId) -> Result<()> {
    let mut writing = Writing::start(shared, lock)?;
    let (ring, wrapped) = (writing.view.ring(), writing.view.wrapped_key(id)?);
    let is_done = match ring.state() {
        EncryptionState::Renewing => wrapped.as_deref().is_some_and(|wrapped| ring.is_current(wrapped)),
        EncryptionState::Decrypting => wrapped.is_none(),
        EncryptionState::Encrypting => false,
        _ => true,
    };
    if is_done {
        return Ok(());
    }
    writing.rewrite(&ring, |view, change| {
        if ring.state() == EncryptionState::Renewing {
            change.renewed.insert(id.clone());
        }
        put_everything(view, &layout::character(id), change)?;
        if !ring.seals() {
            change.remove(layout::key(id));
        }
        Ok(())
    })
}

/// Puts every file of a folder in its place anew, whoever made it: all of it is about the character. One that is damaged stays
/// as it is, and keeps nothing else from being rewritten.
fn put_everything(view: &View, folder: &str, change: &mut Change) -> Result<()> {
    for entry in view.disk().list(folder)? {
        let Some(name) = entry.name else { continue };
        let place = join(folder, &name);
        match view.disk().kind(&place)? {
            Some(Kind::Folder) => put_everything(view, &place, change)?,
            Some(Kind::File) if layout::is_ours(&place) && !layout::is_clear(&place) => {
                match view.read(&place) {
                    Err(error) if super::is_damage(&error) => {
                        tracing::warn!("a file is damaged and stays as it is");
                    }
                    bytes => bytes?.into_iter().for_each(|bytes| change.put(place.clone(), bytes)),
                }
            }
            _ => {}
        }
    }
    Ok(())
}

/// The library says that it is done. Only then the keychain lets go of what opened it before.
fn end(shared: Arc<Shared>, lock: WriterLock) -> Result<()> {
    let seal = Arc::clone(&shared.disk.seal);
    let mut writing = Writing::start(shared, lock)?;
    let before = writing.view.ring();
    let ids: BTreeSet<_> = writing.characters()?;
    for id in ids.iter().filter(|_| before.state() == EncryptionState::Renewing) {
        let wrapped = writing.view.wrapped_key(id)?;
        if wrapped.is_some_and(|wrapped| !before.is_current(&wrapped)) {
            return Err(Error::internal("A character is still under the old key."));
        }
    }
    let last = seal.last(&before)?;
    let ring = seal.ring(last.as_deref())?;
    put_down(&mut writing, &ring, last.as_deref())?;
    point();
    seal.forget(&before, &ring);
    Ok(())
}
