//! Mending what a check calls repairable, and storing documents anew in another encoding.

use std::{
    collections::BTreeSet,
    sync::{Arc, PoisonError},
};

use backstory_core::{
    error::{Error, Result},
    history::encoding,
    job::{Cancel, Progress, ProgressEvent},
    model::{CharacterId, ContentHash},
    storage::{CheckScope, Encoding, Recompressed},
};

use super::{
    Shared, Snapshot,
    check::{self, Remedy},
    disk::{Disk, join},
    index::Rows,
    journal,
    layout::{self, JOURNAL, LATEST, STAGED, TEMP},
    lock::WriterLock,
    writing::{Draft, Writing},
};
use crate::blocking::blocking;

/// Mends everything that can be, a character at a time.
pub(super) async fn run(shared: &Arc<Shared>, lock: WriterLock, cancel: &Cancel) -> Result<()> {
    let start = {
        let shared = Arc::clone(shared);
        blocking(move || start(shared, lock))
    };
    let (mut writing, ids) = start.await?;
    for id in ids {
        cancel.check()?;
        writing = blocking(move || {
            mend(&mut writing, &id)?;
            Ok(writing)
        })
        .await?;
    }
    Ok(())
}

/// Clears what keeps anybody from writing, and mends the library's own files.
fn start(shared: Arc<Shared>, lock: WriterLock) -> Result<(Writing, BTreeSet<CharacterId>)> {
    let disk = shared.disk.clone();
    match journal::replay(&disk) {
        Err(error) if super::is_damage(&error) => set_aside(&disk)?,
        replayed => replayed?,
    }
    journal::tidy(&disk)?;
    // What is remembered may be what was there before somebody edited it.
    *shared.rows.write().unwrap_or_else(PoisonError::into_inner) = None;
    shared.characters.lock().unwrap_or_else(PoisonError::into_inner).clear();
    let mut writing = Writing::start_anyway(Arc::clone(&shared), lock)?;
    let now = Snapshot { view: writing.view.clone(), head: Arc::clone(&writing.head) };
    let found = check::library(&shared, &now)?.found;
    let ids = writing.characters()?;
    let mut remedies: Vec<_> = found.into_iter().map(|finding| finding.remedy).collect();
    let list = Rows::load(&now.view, &now.head)?;
    for id in &ids {
        let found = check::listed(&now.view, &list, id, now.head.revision)?.found;
        remedies.extend(found.into_iter().map(|finding| finding.remedy));
    }
    if remedies.iter().any(|remedy| matches!(remedy, Remedy::Head)) {
        writing.rebuild_head()?;
    }
    if remedies.iter().any(|remedy| matches!(remedy, Remedy::Head | Remedy::List)) {
        writing.make_list_anew()?;
        writing.commit()?;
    }
    Ok((writing, ids))
}

/// Keeps a journal that cannot be followed, and its files, where they stop nobody.
fn set_aside(disk: &Disk) -> Result<()> {
    let mut n = 1;
    let free = |ending: &str, n: u32| format!("{TEMP}/damaged-{n}-{ending}");
    while disk.kind(&free("journal.json", n))?.is_some() {
        n += 1;
    }
    for entry in disk.list(TEMP)? {
        if let Some(name) = entry.name.filter(|name| name.ends_with(STAGED)) {
            disk.rename(&join(TEMP, &name), &free(name.trim_end_matches(STAGED), n))?;
        }
    }
    disk.rename(JOURNAL, &free("journal.json", n))?;
    disk.sync_folder(TEMP)
}

/// Mends one character, as far as it can be.
fn mend(writing: &mut Writing, id: &CharacterId) -> Result<()> {
    let view = writing.view.clone();
    let remedies: Vec<_> = check::character(&view, id, CheckScope::Data)?
        .found
        .into_iter()
        .map(|finding| finding.remedy)
        .filter(|remedy| *remedy != Remedy::None)
        .collect();
    if remedies.is_empty() {
        return Ok(());
    }
    let (encoding, shared) = (writing.encoding(), writing.shared());
    let draft = writing.draft(id)?;
    draft.touch();
    for remedy in remedies {
        apply(draft, &view, &shared, &encoding, remedy)?;
    }
    writing.commit().map(drop)
}

fn apply(
    draft: &mut Draft,
    view: &journal::View,
    shared: &Shared,
    encoding: &Encoding,
    remedy: Remedy,
) -> Result<()> {
    let folder = layout::character(&draft.saved.id);
    match remedy {
        Remedy::None | Remedy::Head | Remedy::List | Remedy::Journal | Remedy::Seal => Ok(()),
        Remedy::Recount => {
            draft.recount();
            Ok(())
        }
        Remedy::Latest => {
            let edited = view.read(&join(&folder, LATEST)).ok().flatten();
            let keep = edited.map(|text| (free_name(view, &folder), text));
            draft.restore_latest(keep);
            Ok(())
        }
        Remedy::Misplaced(hash, file) => {
            if let Some(bytes) = view.read(&join(&folder, &file))? {
                draft.put_bytes(hash, bytes);
                draft.leave(file);
            }
            Ok(())
        }
        Remedy::FromLatest(hash) => {
            let Some(document) = view.read(&join(&folder, LATEST))? else { return Ok(()) };
            keep_whole(draft, encoding, hash, &document)
        }
        Remedy::Rewrite(hash) => {
            let document = draft.document(view, shared, &hash)?;
            keep_whole(draft, encoding, hash, &document)
        }
    }
}

/// Stores a document anew on its own, in its place in the ladder.
fn keep_whole(draft: &mut Draft, encoding: &Encoding, hash: ContentHash, document: &[u8]) -> Result<()> {
    let rung = draft.saved.history.contents.get(&hash).map(|content| content.rung);
    let rung = rung.ok_or_else(|| Error::internal("A repair lost a document."))?;
    draft.put(encoding, hash, rung, None, document)
}

/// A name for what somebody wrote into `latest.json`.
fn free_name(view: &journal::View, folder: &str) -> String {
    let name = |n: u32| format!("latest.edited-{n}.json");
    let is_taken = |n: &u32| !matches!(view.disk().kind(&join(folder, &name(*n))), Ok(None));
    name((1..).find(|n| !is_taken(n)).unwrap_or(u32::MAX))
}

/// Stores every document anew, a character at a time; or those of one.
pub(super) async fn recompress(
    shared: &Arc<Shared>,
    lock: WriterLock,
    encoding: &Encoding,
    only: Option<&CharacterId>,
    progress: &dyn Progress,
    cancel: &Cancel,
) -> Result<Recompressed> {
    cancel.check()?;
    let mut writing = {
        let shared = Arc::clone(shared);
        blocking(move || Writing::start(shared, lock)).await?
    };
    let mut sum = Recompressed::default();
    let mut ids = writing.characters()?;
    if let Some(only) = only {
        ids.retain(|id| id == only);
    }
    for (done, id) in (0..).zip(&ids) {
        cancel.check()?;
        progress.report(ProgressEvent::Advanced { done, total: ids.len() as u64 });
        let (id, encoding) = (id.clone(), *encoding);
        let (back, one) = blocking(move || {
            let one = recompress_one(&mut writing, &id, &encoding)?;
            Ok((writing, one))
        })
        .await?;
        writing = back;
        sum.contents += one.contents;
        sum.rewritten += one.rewritten;
        sum.bytes_before += one.bytes_before;
        sum.bytes_after += one.bytes_after;
    }
    Ok(sum)
}

fn recompress_one(writing: &mut Writing, id: &CharacterId, encoding: &Encoding) -> Result<Recompressed> {
    let (view, shared) = (writing.view.clone(), writing.shared());
    let draft = writing.draft(id)?;
    let bytes = |draft: &Draft| draft.saved.history.contents.values().map(|content| content.bytes).sum();
    let mut one = Recompressed {
        contents: draft.saved.history.contents.len() as u64,
        bytes_before: bytes(draft),
        ..Recompressed::default()
    };
    if draft.check_trusted().is_ok() {
        one.rewritten = draft.recompress(&view, &shared, encoding)?;
    }
    one.bytes_after = bytes(draft);
    if one.rewritten > 0 {
        writing.commit()?;
    }
    Ok(one)
}

impl Draft {
    /// Stores every document anew where that changes its bytes, from the lowest rung up. Says how many.
    fn recompress(&mut self, view: &journal::View, shared: &Shared, encoding: &Encoding) -> Result<u64> {
        let mut by_rung: Vec<_> =
            self.saved.history.contents.iter().map(|(hash, c)| (c.rung, *hash)).collect();
        by_rung.sort_unstable();
        let mut rewritten = 0;
        for (n, (rung, hash)) in by_rung.iter().enumerate() {
            let document = match self.document(view, shared, hash) {
                // What is damaged stays as it is.
                Err(error) if super::is_damage(&error) => continue,
                document => document?,
            };
            let stored = &by_rung[..n];
            let base = encoding::way_down(*rung, encoding.ladder)
                .find_map(|rung| stored.binary_search_by_key(&rung, |(rung, _)| *rung).ok())
                .map(|place| stored[place].1)
                .filter(|_| encoding.delta);
            let base = base.and_then(|base| Some((base, self.document(view, shared, &base).ok()?)));
            let before = self.saved.history.contents.get(hash).cloned();
            self.put(encoding, *hash, *rung, base, &document)?;
            if self.saved.history.contents.get(hash) == before.as_ref() {
                self.unput(hash);
            } else {
                self.verify(view, hash)?;
                rewritten += 1;
            }
        }
        if rewritten > 0 {
            self.touch();
        }
        Ok(rewritten)
    }
}
