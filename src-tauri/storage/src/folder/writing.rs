//! A change being put together: characters in memory as they will be, until all of it is written at once.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{Arc, PoisonError},
};

use backstory_core::{
    error::{Code, Error, Result},
    history::encoding,
    model::{CharacterId, ContentHash, Member, Role, VersionMetadata},
    privacy::audit::Note,
    storage::{Encoding, Write},
};

use super::{
    Shared,
    character::{Content, Documents, Saved},
    disk::{damaged, join},
    head::{self, Head},
    index::{self, IndexFile, Row, Rows},
    journal::{self, Change, View},
    layout::{self, ARCHIVE, HEAD, INDEX, LATEST, RECORD, VERSIONS},
    lock::WriterLock,
    log,
    sealed::{self, Unsealed},
};
use crate::{
    codec::{self, Codec},
    recent::RecentDocuments,
    record::Effect,
    rules,
    settings::Settings,
};

/// The right to write, and what is to be written.
pub(super) struct Writing {
    shared: Arc<Shared>,
    lock: WriterLock,
    /// The folder, with no change under way.
    pub(super) view: View,
    pub(super) head: Arc<Head>,
    head_text: Vec<u8>,
    drafts: BTreeMap<CharacterId, Draft>,
    members: Option<BTreeMap<(String, String), Role>>,
    /// What the audit log gets with the change.
    notes: Vec<Box<Note>>,
    settings: Option<Settings>,
    /// The list must be written anew, whatever changed.
    wants_index: bool,
}

/// A character as it will be.
pub(super) struct Draft {
    pub(super) saved: Saved,
    /// Whether its file is what was written; else it is only for reading.
    untrusted: Option<Error>,
    /// What there was before the transaction.
    before: Arc<Saved>,
    /// New bytes of documents.
    pending: BTreeMap<ContentHash, Vec<u8>>,
    /// Documents that may have to go to the archive, or come back.
    moved: BTreeSet<ContentHash>,
    /// Files nobody needs any more.
    leftover: BTreeSet<String>,
    /// Files to be kept beside it.
    kept: Vec<(String, Vec<u8>)>,
    erased: bool,
    touched: bool,
    /// `latest.json` is written whether its document changed or not.
    restore_latest: bool,
    /// The hash of its `metadata.json` as it was written.
    text: Option<ContentHash>,
    /// What the list says of it then.
    row: Option<Row>,
}

impl Writing {
    /// Completes what another writer began, and looks at the library as it is now.
    ///
    /// # Errors
    /// `store_damaged` when a change of another writer cannot be completed, or the head cannot be relied on.
    pub(super) fn start(shared: Arc<Shared>, lock: WriterLock) -> Result<Self> {
        journal::replay(&shared.disk)?;
        journal::tidy(&shared.disk)?;
        let writing = Self::start_anyway(shared, lock)?;
        head::check_writable(&writing.head)?;
        Ok(writing)
    }

    /// The same, with whatever head there is: for repairs.
    pub(super) fn start_anyway(shared: Arc<Shared>, lock: WriterLock) -> Result<Self> {
        let view = View::settled(&shared.disk);
        let (head_text, head) = head::read(&view, shared.known_head().as_ref())?;
        Ok(Self {
            shared,
            lock,
            view,
            head,
            head_text,
            drafts: BTreeMap::new(),
            members: None,
            notes: Vec::new(),
            settings: None,
            wants_index: false,
        })
    }

    /// A character as this change leaves it.
    pub(super) fn draft(&mut self, id: &CharacterId) -> Result<&mut Draft> {
        if !self.drafts.contains_key(id) {
            let draft = Draft::load(&self.shared, &self.view, id)?;
            self.drafts.insert(id.clone(), draft);
        }
        self.drafts.get_mut(id).ok_or_else(|| Error::internal("A change lost a character."))
    }

    /// A document as this change leaves it.
    pub(super) fn document(&mut self, id: &CharacterId, hash: &ContentHash) -> Result<Arc<Vec<u8>>> {
        let shared = Arc::clone(&self.shared);
        let view = self.view.clone();
        let draft = self.draft(id)?;
        if !draft.saved.history.contents.contains_key(hash) {
            return Err(rules::content_not_found(id));
        }
        draft.document(&view, &shared, hash)
    }

    /// Applies one write.
    pub(super) fn apply(&mut self, write: Write) -> Result<()> {
        let Some(id) = write.character().cloned() else { return self.put_shared(write) };
        if let Write::Version { metadata } = &write {
            self.check_identity(metadata)?;
        }
        let (shared, view, encoding) = (Arc::clone(&self.shared), self.view.clone(), self.encoding());
        let draft = self.draft(&id)?;
        draft.check_trusted()?;
        draft.touched = true;
        let effect = draft.saved.history.apply(&write, draft.revision_before())?;
        match (effect, write) {
            (Effect::Keep(hash), Write::Content { bytes, .. }) => {
                draft.keep(&shared, &view, &encoding, hash, bytes)
            }
            (Effect::Moved(hash), _) => {
                draft.moved.insert(hash);
                Ok(())
            }
            (Effect::Unused(hashes), _) => draft.drop_contents(&shared, &view, &encoding, &hashes),
            (Effect::Erased, _) => {
                draft.erased = true;
                draft.pending.clear();
                draft.moved.clear();
                Ok(())
            }
            (Effect::Done | Effect::Keep(_), _) => Ok(()),
        }
    }

    /// How new documents are kept.
    pub(super) fn encoding(&self) -> Encoding {
        self.shared.encoding.unwrap_or(self.head.encoding)
    }

    /// A version's identity is nobody else's. Looks at the characters at hand: identities are random, and reading every
    /// file of a library for each new one would find a defect nobody has.
    fn check_identity(&self, metadata: &VersionMetadata) -> Result<()> {
        let elsewhere = self.drafts.values().any(|draft| {
            draft.saved.id != metadata.character && draft.saved.history.versions.contains_key(&metadata.id)
        });
        if elsewhere || self.shared.is_identity_of_another(metadata) {
            return Err(rules::version_taken(metadata));
        }
        Ok(())
    }

    /// What concerns no character.
    fn put_shared(&mut self, write: Write) -> Result<()> {
        rules::check(&write)?;
        let head = &self.head;
        match write {
            Write::Member { campaign, user, role } => {
                let members = self.members.get_or_insert_with(|| {
                    head.members.iter().map(|m| ((m.campaign.clone(), m.user.clone()), m.role)).collect()
                });
                match role {
                    Some(role) => members.insert((campaign, user), role),
                    None => members.remove(&(campaign, user)),
                };
            }
            Write::Setting { setting, expect } => {
                let settings = self.settings.get_or_insert_with(|| head.settings.iter().cloned().collect());
                settings.put(setting, expect)?;
            }
            Write::Audit { note, .. } => self.notes.push(note),
            _ => {}
        }
        Ok(())
    }

    /// Writes everything at once and says the library's new revision. The right to write is kept.
    ///
    /// # Errors
    /// `conflict` when somebody wrote who did not wait for the right to; `storage_full`, `store_read_only`, `storage_failed`.
    pub(super) fn commit(&mut self) -> Result<u64> {
        let mut drafts: Vec<_> =
            std::mem::take(&mut self.drafts).into_values().filter(|draft| draft.touched).collect();
        drafts.retain(|draft| draft.erased || !draft.saved.is_empty() || draft.saved.written > 0);
        let (members, settings) = (self.members.take(), self.settings.take());
        let notes = std::mem::take(&mut self.notes);
        let is_nothing = drafts.is_empty() && members.is_none() && settings.is_none() && notes.is_empty();
        if is_nothing && !self.wants_index {
            return Ok(self.head.revision);
        }
        self.check_alone()?;
        let mut head = self.head.trusted();
        head.revision += 1;
        let mut change = Change::default();
        for draft in &mut drafts {
            draft.prepare(&self.shared, &self.view, &mut head, &mut change)?;
        }
        self.wants_index |= members.is_some() || drafts.iter().any(|draft| draft.erased);
        if let Some(members) = members {
            let member = |((campaign, user), role)| Member { campaign, user, role };
            head.members = members.into_iter().map(member).collect();
        }
        if let Some(settings) = settings {
            head.settings = settings.list();
        }
        log::append(&self.view, &mut head, &mut change, &notes)?;
        if self.wants_index || head.wants_index() {
            self.put_index(&mut head, &drafts, &mut change)?;
        }
        let text = sealed::seal(&head)?;
        change.put(HEAD.to_owned(), text.clone());
        change.commit(&self.shared.disk, head.revision)?;
        let (before, revision) = (self.head.revision, head.revision);
        (self.head, self.head_text, self.wants_index) = (Arc::new(head), text, false);
        let saved = drafts.into_iter().map(|draft| (draft.text, draft.row, draft.saved));
        self.shared.committed(before, &self.head, &self.head_text, saved);
        // What could not be moved yet is moved before anything else is written.
        self.view = View::open(&self.shared.disk)?;
        Ok(revision)
    }

    /// Nobody else has written: not even a computer that shares the folder and knows nothing of our lock.
    fn check_alone(&mut self) -> Result<()> {
        if self.view.pending_revision().is_some() {
            journal::replay(&self.shared.disk)?;
            self.view = View::settled(&self.shared.disk);
        }
        let now = self.view.read(HEAD)?.unwrap_or_default();
        if self.lock.is_in_place(&self.shared.disk) && now == self.head_text {
            return Ok(());
        }
        Err(Error::new(
            Code::Conflict,
            "The library was changed by another computer or program in the meantime.",
        )
        .kept("Nothing of this change was written; what the others wrote is there.")
        .hint("Try again: the change is then made on top of theirs."))
    }

    /// Writes the list anew, with what this change makes of it.
    fn put_index(&self, head: &mut Head, drafts: &[Draft], change: &mut Change) -> Result<()> {
        head.recent.clear();
        head.indexed = head.revision;
        let text = self.shared.with_rows(&self.view, &self.head, |list| {
            let mut rows: BTreeMap<&CharacterId, &Row> = list.rows.iter().collect();
            for draft in drafts {
                match &draft.row {
                    Some(row) => drop(rows.insert(&draft.saved.id, row)),
                    None => drop(rows.remove(&draft.saved.id)),
                }
            }
            head.characters = rows.len() as u64;
            IndexFile::text(head, rows.into_values())
        })??;
        change.put(INDEX.to_owned(), text);
        Ok(())
    }

    /// Whose folders there are.
    pub(super) fn characters(&self) -> Result<BTreeSet<CharacterId>> {
        index::characters(&self.view)
    }

    /// Puts the library's own file together from the others: for repairs.
    pub(super) fn rebuild_head(&mut self) -> Result<()> {
        let head = index::rebuild_head(&self.view, "it is being repaired".to_owned())?;
        self.head = Arc::new(head);
        Ok(())
    }

    /// Writes the list anew, so that the head tells of no earlier state, and leaves nothing on its way.
    pub(super) fn clean_up(mut self) -> Result<()> {
        self.wants_index = true;
        self.commit()?;
        journal::replay(&self.shared.disk)?;
        journal::tidy(&self.shared.disk)
    }

    /// Has the list made from the characters' own files, whatever it says: for repairs.
    pub(super) fn make_list_anew(&mut self) -> Result<()> {
        let rows = Rows::scan(&self.view, &self.head)?;
        *self.shared.rows.write().unwrap_or_else(PoisonError::into_inner) = Some(rows);
        self.head = Arc::new(self.head.trusted());
        self.wants_index = true;
        Ok(())
    }

    /// What is shared with the readers of this process.
    pub(super) fn shared(&self) -> Arc<Shared> {
        Arc::clone(&self.shared)
    }
}

impl Draft {
    fn load(shared: &Shared, view: &View, id: &CharacterId) -> Result<Self> {
        let (saved, untrusted) = match shared.load(view, id)? {
            None => (Arc::new(Saved::new(id.clone())), None),
            Some(Unsealed::Whole(saved)) => (saved, None),
            Some(Unsealed::Edited(saved)) => {
                let why = saved.check_complete().err().unwrap_or_else(|| edited(id, RECORD));
                (saved, Some(why))
            }
            Some(Unsealed::Damaged(why)) => (Arc::new(Saved::new(id.clone())), Some(unreadable(id, &why))),
        };
        Ok(Self {
            saved: saved.draft(),
            before: saved,
            untrusted,
            pending: BTreeMap::new(),
            moved: BTreeSet::new(),
            leftover: BTreeSet::new(),
            kept: Vec::new(),
            erased: false,
            touched: false,
            restore_latest: false,
            text: None,
            row: None,
        })
    }

    /// What keeps it from being written on.
    pub(super) fn check_trusted(&self) -> Result<()> {
        self.untrusted.clone().map_or(Ok(()), Err)
    }

    fn revision_before(&self) -> Option<u64> {
        self.before.history.index.as_ref().map(|index| index.revision)
    }

    /// Whether all of it can be read.
    pub(super) fn check_readable(&self) -> Result<()> {
        match &self.untrusted {
            Some(error) if self.saved.written == 0 || !self.saved.lost.is_empty() => Err(error.clone()),
            _ => Ok(()),
        }
    }

    /// Writes it anew as it is.
    pub(super) fn touch(&mut self) {
        self.untrusted = None;
        self.touched = true;
    }

    fn documents<'a>(&'a self, view: &'a View) -> Documents<'a> {
        Documents { view, saved: &self.saved, pending: &self.pending }
    }

    /// A document, compared with its hash.
    pub(super) fn document(&self, view: &View, shared: &Shared, hash: &ContentHash) -> Result<Arc<Vec<u8>>> {
        let mut recent = shared.recent.lock().unwrap_or_else(PoisonError::into_inner);
        self.documents(view).read(hash, &mut recent)
    }

    /// Keeps a new document: against the rung below it where that can be read, else on its own.
    fn keep(
        &mut self,
        shared: &Shared,
        view: &View,
        encoding: &Encoding,
        hash: ContentHash,
        bytes: Arc<Vec<u8>>,
    ) -> Result<()> {
        let rung = self.saved.next_rung();
        let base = self.saved.base_for(rung, encoding.ladder).filter(|_| encoding.delta);
        let base = match base.map(|base| (base, self.document(view, shared, &base))) {
            Some((base, Ok(document))) => Some((base, document)),
            // A damaged base is no reason not to save.
            Some((base, Err(error))) if error.code == Code::StoreDamaged => {
                tracing::warn!(%base, ?error, "a document cannot be a base");
                None
            }
            Some((_, Err(error))) => return Err(error),
            None => None,
        };
        self.put(encoding, hash, rung, base, &bytes)?;
        shared.recent.lock().unwrap_or_else(PoisonError::into_inner).put(hash, bytes);
        Ok(())
    }

    /// Encodes a document and puts it into the record, with its file still in memory.
    pub(super) fn put(
        &mut self,
        encoding: &Encoding,
        hash: ContentHash,
        rung: u64,
        base: Option<(ContentHash, Arc<Vec<u8>>)>,
        document: &[u8],
    ) -> Result<()> {
        let encoded = codec::encode(document, base.as_ref().map(|(_, base)| base.as_slice()), encoding)?;
        let is_difference = encoded.codec.is_delta();
        let content = Content {
            file: self
                .saved
                .history
                .contents
                .get(&hash)
                .map(|content| content.file.clone())
                .unwrap_or_default(),
            codec: encoded.codec.name().to_owned(),
            rung,
            base: base.filter(|_| is_difference).map(|(base, _)| base),
            length: document.len() as u64,
            bytes: encoded.data.len() as u64,
            checksum: ContentHash::of(&encoded.data),
        };
        self.saved.history.put_content(hash, content);
        self.pending.insert(hash, encoded.data);
        Ok(())
    }

    /// Takes documents away. Those that lean on them are first stored anew, and compared with their hash.
    fn drop_contents(
        &mut self,
        shared: &Shared,
        view: &View,
        encoding: &Encoding,
        hashes: &[ContentHash],
    ) -> Result<()> {
        let contents = &self.saved.history.contents;
        let rung_of = |hash: &ContentHash| contents.get(hash).map(|content| content.rung);
        let by_rung: HashMap<u64, ContentHash> = contents.iter().map(|(hash, c)| (c.rung, *hash)).collect();
        let bases = contents.values().map(|c| (c.rung, c.base.as_ref().and_then(rung_of))).collect();
        let dropped = hashes.iter().filter_map(rung_of).collect();
        for step in encoding::plan_drop(&bases, &dropped) {
            let Some(hash) = by_rung.get(&step.rung) else { continue };
            let document = self.document(view, shared, hash)?;
            let base = step.onto.and_then(|rung| by_rung.get(&rung));
            let base =
                base.map(|base| Ok::<_, Error>((*base, self.document(view, shared, base)?))).transpose()?;
            self.put(encoding, *hash, step.rung, base, &document)?;
            self.verify(view, hash)?;
        }
        for hash in hashes {
            if let Some(content) = self.saved.history.contents.remove(hash) {
                self.leftover.insert(content.file);
            }
            self.pending.remove(hash);
            self.moved.remove(hash);
        }
        Ok(())
    }

    /// Decodes a document as it will be stored, from nothing that is remembered.
    pub(super) fn verify(&self, view: &View, hash: &ContentHash) -> Result<()> {
        self.documents(view).read(hash, &mut RecentDocuments::new(0)).map(drop)
    }

    /// Puts everything that is to be written of this character into a change.
    fn prepare(&mut self, shared: &Shared, view: &View, head: &mut Head, change: &mut Change) -> Result<()> {
        let folder = layout::character(&self.saved.id);
        self.saved.written = head.revision;
        head.erased.remove(&self.saved.id);
        if self.erased {
            remove_everything(view, &folder, change)?;
        }
        if self.saved.is_empty() && self.erased {
            head.recent.remove(&self.saved.id);
            head.erased.insert(self.saved.id.clone(), head.revision);
            return Ok(());
        }
        head.recent.insert(self.saved.id.clone(), head.revision);
        let latest = self.prepare_latest(shared, view)?;
        self.place_contents(view, &folder, change)?;
        for (name, bytes) in self.kept.drain(..) {
            change.put(join(&folder, &name), bytes);
        }
        for file in std::mem::take(&mut self.leftover).into_iter().filter(|file| !file.is_empty()) {
            change.remove(join(&folder, &file));
        }
        match latest {
            Latest::Stays => {}
            Latest::Goes => change.remove(join(&folder, LATEST)),
            Latest::Is(document) => change.put(join(&folder, LATEST), document.to_vec()),
        }
        self.put_pages(view, &folder, change)?;
        let row = Row::of(&self.saved);
        let text = self.saved.text(self.row.insert(row))?;
        self.text = Some(ContentHash::of(&text));
        change.put(join(&folder, RECORD), text);
        Ok(())
    }

    /// Writes the pages of the history that this change touches.
    fn put_pages(&mut self, view: &View, folder: &str, change: &mut Change) -> Result<()> {
        if self.erased {
            self.before = Arc::new(Saved::new(self.saved.id.clone()));
            self.saved.pages.clear();
        }
        for page in self.saved.pages_unlike(&self.before.history) {
            let file = layout::history(page);
            let place = join(folder, &file);
            // What is remembered of a page may be older than an edit by hand, which must not be written over.
            if let Some(checksum) = self.saved.pages.remove(&page)
                && view.read(&place)?.is_none_or(|text| ContentHash::of(&text) != checksum)
            {
                return Err(edited(&self.saved.id, &file));
            }
            match self.saved.page_text(page)? {
                None => change.remove(place),
                Some(text) => {
                    self.saved.pages.insert(page, ContentHash::of(&text));
                    change.put(place, text);
                }
            }
        }
        Ok(())
    }

    fn prepare_latest(&self, shared: &Shared, view: &View) -> Result<Latest> {
        let latest = self.saved.latest_after(&self.before);
        if latest == self.before.latest() && !self.erased && !self.restore_latest {
            return Ok(Latest::Stays);
        }
        let Some(hash) = latest else { return Ok(Latest::Goes) };
        match self.document(view, shared, &hash) {
            Ok(document) => Ok(Latest::Is(document)),
            // Better no document than another one.
            Err(error) if error.code == Code::StoreDamaged => Ok(Latest::Goes),
            Err(error) => Err(error),
        }
    }

    /// Gives new files their names, and moves others to where they belong.
    fn place_contents(&mut self, view: &View, folder: &str, change: &mut Change) -> Result<()> {
        let to_place: BTreeSet<_> = self.pending.keys().chain(&self.moved).copied().collect();
        let mut given = BTreeSet::new();
        for hash in to_place {
            let Some(content) = self.saved.history.contents.get(&hash) else { continue };
            let codec = Codec::from_name(&content.codec)?;
            let (is_archived, name) = if content.file.is_empty() {
                // Whatever has a new document is new itself: the rest of a long history need not be looked at.
                let changed = self.saved.history.versions.unlike(&self.before.history.versions);
                let users: Vec<_> = changed.filter(|version| version.content == hash).collect();
                let first = users.iter().map(|version| version.version).min();
                let name = self.free_name(view, folder, &layout::content_stem(first, &hash), &mut given)?;
                (!users.is_empty() && users.iter().all(|version| version.archived), name)
            } else {
                (self.saved.history.is_archived(&hash), stem(&content.file).to_owned())
            };
            let area = if is_archived { ARCHIVE } else { VERSIONS };
            let file = format!("{area}/{name}.{}", codec.file_ending());
            let old = content.file.clone();
            if old == file && !self.pending.contains_key(&hash) {
                continue;
            }
            let bytes = match self.documents(view).encoded(&hash) {
                // What is not there cannot be moved; a check tells of it.
                Err(error) if error.code == Code::StoreDamaged => continue,
                bytes => bytes?,
            };
            if !old.is_empty() && old != file {
                self.leftover.insert(old);
            }
            self.leftover.remove(&file);
            change.put(join(folder, &file), bytes);
            if let Some(content) = self.saved.history.contents.get_mut(&hash) {
                content.file = file;
            }
        }
        Ok(())
    }

    /// A name that no file of the character has, and that was not given yet.
    fn free_name(
        &self,
        view: &View,
        folder: &str,
        wanted: &str,
        given: &mut BTreeSet<String>,
    ) -> Result<String> {
        for n in 1.. {
            let name = if n == 1 { wanted.to_owned() } else { format!("{wanted}-{n}") };
            let mut is_taken = given.contains(&name);
            for area in [VERSIONS, ARCHIVE].map(|area| join(folder, area)) {
                if self.erased || view.disk().kind(&area)?.is_none() {
                    continue;
                }
                for codec in Codec::ALL {
                    let place = format!("{area}/{name}.{}", codec.file_ending());
                    is_taken |= view.disk().kind(&place)?.is_some();
                }
            }
            if !is_taken {
                given.insert(name.clone());
                return Ok(name);
            }
        }
        Err(Error::internal("There is no name left for a document."))
    }

    /// Has `latest.json` written again. What stands there is kept under another name.
    pub(super) fn restore_latest(&mut self, keep: Option<(String, Vec<u8>)>) {
        self.touched = true;
        self.restore_latest = true;
        self.kept.extend(keep);
    }

    /// Takes a file of this character's folder away.
    pub(super) fn leave(&mut self, file: String) {
        self.touched = true;
        self.leftover.insert(file);
    }

    /// Has a document's file written again with these bytes, which are right.
    pub(super) fn put_bytes(&mut self, hash: ContentHash, bytes: Vec<u8>) {
        self.touched = true;
        self.pending.insert(hash, bytes);
    }

    /// Makes its counts anew.
    pub(super) fn recount(&mut self) {
        let lengths: HashMap<_, _> =
            self.saved.history.contents.iter().map(|(hash, content)| (*hash, content.length)).collect();
        self.saved.history.versions.update(|version| {
            let bytes = lengths.get(&version.content).copied().unwrap_or(version.bytes);
            VersionMetadata { bytes, ..version.clone() }
        });
        self.saved.history.recount();
    }

    /// Leaves a document's file as it is after all.
    pub(super) fn unput(&mut self, hash: &ContentHash) {
        self.pending.remove(hash);
    }
}

/// What becomes of `latest.json`.
enum Latest {
    Stays,
    Goes,
    Is(Arc<Vec<u8>>),
}

/// A file's name without folder and ending.
fn stem(file: &str) -> &str {
    let name = file.rsplit('/').next().unwrap_or_default();
    name.split('.').next().unwrap_or_default()
}

/// Everything in an erased character's folder goes, whoever put it there: it is about them.
fn remove_everything(view: &View, folder: &str, change: &mut Change) -> Result<()> {
    for entry in view.disk().list(folder)? {
        let Some(name) = entry.name else { continue };
        let place = join(folder, &name);
        match view.disk().kind(&place)? {
            Some(super::disk::Kind::Folder) => remove_everything(view, &place, change)?,
            Some(_) if layout::is_ours(&place) => change.remove(place),
            _ => {}
        }
    }
    change.remove_folder(folder.to_owned());
    Ok(())
}

fn edited(id: &CharacterId, file: &str) -> Error {
    damaged(format!("{}/{file} was changed by something other than Backstory.", layout::character(id)))
        .kept("It can still be read; nothing was changed.")
        .hint("Run backstory verify --repair: it takes the file as it is if that makes sense.")
}

fn unreadable(id: &CharacterId, why: &str) -> Error {
    damaged(format!("{}/{RECORD} cannot be read: {why}.", layout::character(id)))
        .kept("The file and the documents beside it were left alone; other characters are not affected.")
}

/// A character's file cannot be read: what a reader is told.
pub(super) fn check_found(
    id: &CharacterId,
    found: Option<Unsealed<Arc<Saved>>>,
) -> Result<Option<Arc<Saved>>> {
    match found {
        Some(Unsealed::Damaged(why)) => Err(unreadable(id, &why)),
        found => Ok(found.and_then(Unsealed::readable)),
    }
}
