//! A `.backstory` file as a store that is only read: so that it can be looked at, checked, imported and migrated from like any
//! library. The form is [`backstory_core::package`]'s.

mod archive;

use std::{
    collections::BTreeMap,
    num::NonZeroUsize,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use backstory_core::{
    cache::CacheSeal,
    error::{Code, Error, Result},
    job::{Cancel, Progress, ProgressEvent},
    json::MAX_WHOLE,
    model::{CharacterId, CharacterIndex, ContentHash, Member, Sighting, Stored, VersionMetadata},
    package::{FORMAT, HISTORY, LOG, Line, MANIFEST, Manifest, ROW, VERSION, place},
    privacy::audit::{Entry, Head, read_lines},
    storage::{
        Capabilities, Change, Changes, CharacterStorage, CheckReport, CheckScope, Encoding, Facets,
        HistoryQuery, MAX_DOCUMENT, Page, Problem, QueryFilter, ReadOnly, Recompressed, RepairReport, Secret,
        Setting, StorageInfo, StorageStatistics, StorageTransaction, Write,
    },
};
use lru::LruCache;

use self::archive::{Archive, damaged};
use crate::{blocking::blocking, matching, record::Record, rules};

/// How many histories are kept at hand.
const HISTORIES: NonZeroUsize = NonZeroUsize::MIN.saturating_add(7);

/// Where a document is, and how long it is.
#[derive(Debug, Clone)]
struct Filed {
    name: String,
    bytes: u64,
}

/// An export, opened.
#[derive(Clone)]
pub struct PackageStorage {
    path: PathBuf,
    rows: Arc<BTreeMap<CharacterId, CharacterIndex>>,
    manifest: Arc<Manifest>,
    archive: Arc<Mutex<Archive>>,
    histories: Arc<Mutex<LruCache<CharacterId, Arc<Record<Filed>>>>>,
    log: Arc<OnceLock<Arc<Vec<Entry>>>>,
}

impl std::fmt::Debug for PackageStorage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PackageStorage").field("path", &self.path).finish_non_exhaustive()
    }
}

impl PackageStorage {
    /// Opens a file and reads what is in it; documents are read when they are asked for.
    ///
    /// # Errors
    /// `file_unreadable`, `passphrase_needed`, `passphrase_wrong`, `store_newer`, `store_damaged`.
    pub async fn open(path: PathBuf, passphrase: Option<Secret>) -> Result<Self> {
        blocking(move || Self::open_now(&path, passphrase.as_ref())).await
    }

    fn open_now(path: &Path, passphrase: Option<&Secret>) -> Result<Self> {
        let mut archive = Archive::open(path, passphrase)?;
        let manifest = manifest(&archive.read(MANIFEST)?)?;
        let mut rows = BTreeMap::new();
        for packed in &manifest.characters {
            let row = row(&packed.id, &archive.read(&place(&packed.id, ROW))?)?;
            if rows.insert(packed.id.clone(), row).is_some() {
                return Err(damaged("it lists a character twice"));
            }
        }
        Ok(Self {
            path: path.to_owned(),
            rows: Arc::new(rows),
            manifest: Arc::new(manifest),
            archive: Arc::new(Mutex::new(archive)),
            histories: Arc::new(Mutex::new(LruCache::new(HISTORIES))),
            log: Arc::default(),
        })
    }

    fn archive(&self) -> MutexGuard<'_, Archive> {
        self.archive.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A character's history; an unknown character has none.
    async fn record(&self, id: &CharacterId) -> Result<Arc<Record<Filed>>> {
        let known = self.histories.lock().unwrap_or_else(PoisonError::into_inner).get(id).cloned();
        if let Some(record) = known {
            return Ok(record);
        }
        let Some(row) = self.rows.get(id).cloned() else { return Ok(Arc::default()) };
        let (this, of) = (self.clone(), id.clone());
        let record = blocking(move || {
            let text = this.archive().read(&place(&of, HISTORY))?;
            history(row, &text)
        });
        let record = Arc::new(record.await?);
        self.histories.lock().unwrap_or_else(PoisonError::into_inner).put(id.clone(), Arc::clone(&record));
        Ok(record)
    }

    /// Whether the whole audit log came along.
    fn has_log(&self) -> bool {
        self.archive().names().any(|name| name == LOG)
    }

    /// The audit log that came along; none in an export of some characters only.
    async fn log(&self) -> Result<Arc<Vec<Entry>>> {
        if let Some(log) = self.log.get() {
            return Ok(Arc::clone(log));
        }
        let this = self.clone();
        let log = blocking(move || {
            if !this.has_log() {
                return Ok(Vec::new());
            }
            // One that cannot be read keeps no character from being read.
            match this.archive().read(LOG).and_then(|text| read_lines(&text)) {
                Err(error) if error.code == Code::StoreDamaged => Ok(Vec::new()),
                log => log,
            }
        });
        let log = Arc::new(log.await?);
        Ok(Arc::clone(self.log.get_or_init(|| log)))
    }

    /// The place of a character in the order of the ids, from 1: what stands for the revision it was written at.
    fn revision_of(&self) -> impl Iterator<Item = (u64, &CharacterId)> {
        (1..).zip(self.rows.keys())
    }

    /// Looks at one character; gives what is wrong with it.
    async fn check_one(&self, id: &CharacterId, scope: CheckScope, report: &mut CheckReport) -> Result<()> {
        let record = match self.record(id).await {
            Ok(record) => record,
            Err(error) if error.code == Code::StoreDamaged => {
                report.problems.push(problem("history_damaged", id.to_string(), error));
                return Ok(());
            }
            Err(error) => return Err(error),
        };
        report.characters += 1;
        report.versions += record.versions.len() as u64;
        report.contents += record.contents.len() as u64;
        if scope == CheckScope::Structure {
            return Ok(());
        }
        for (hash, filed) in record.contents.iter() {
            match self.document(id, hash).await {
                Ok(bytes) => report.bytes += bytes.len() as u64,
                Err(error) if error.code == Code::StoreDamaged => {
                    report.problems.push(problem("content_damaged", format!("{id} {}", filed.name), error));
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

fn problem(code: &str, r#where: String, error: Error) -> Problem {
    Problem { code: code.to_owned(), r#where, message: error.message, repairable: false }
}

/// Reads the manifest. A newer one says so, whatever else is in it.
fn manifest(text: &[u8]) -> Result<Manifest> {
    #[derive(serde::Deserialize)]
    struct Head {
        format: String,
        version: u32,
    }
    let head: Head = parsed(text, MANIFEST)?;
    if head.format != FORMAT {
        return Err(damaged("its manifest is of something else"));
    }
    if head.version > VERSION {
        return Err(Error::new(Code::StoreNewer, "This export was made by a newer Backstory.")
            .kept("Nothing was imported from it.")
            .hint("Update Backstory, then import it again."));
    }
    parsed(text, MANIFEST)
}

fn row(id: &CharacterId, text: &[u8]) -> Result<CharacterIndex> {
    let mut row: CharacterIndex = parsed(text, ROW)?;
    // Whose it was in the store it came from says nothing here.
    row.owner = None;
    let numbers = [row.versions, row.changes, row.captures, row.last_version, row.revision];
    if row.id != *id || row.revision == 0 || numbers.iter().any(|number| *number > MAX_WHOLE) {
        return Err(damaged(&format!("the row of {id} is not one that Backstory writes")));
    }
    let write =
        Write::Character { index: Box::new(row.clone()), expect: backstory_core::storage::Expect::Absent };
    rules::check(&write).map_err(|error| damaged("a row in it cannot be stored").caused_by(error))?;
    Ok(row)
}

/// Puts a history together by the rules of every store, so that nothing comes out of a file that could not have been written.
fn history(row: CharacterIndex, text: &[u8]) -> Result<Record<Filed>> {
    let id = row.id.clone();
    let wrong = |why: &str| damaged(&format!("the history of {id} {why}"));
    let mut record: Record<Filed> = Record { index: Some(row), ..Record::default() };
    for line in text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        let Line { version, file, seen_again, .. } = parsed(line, HISTORY)?;
        if version.character != id {
            return Err(wrong("has a version of somebody else"));
        }
        if version.version == 0 || version.version > MAX_WHOLE || version.seen.count > MAX_WHOLE {
            return Err(wrong("has numbers beyond counting"));
        }
        if version.bytes > MAX_DOCUMENT as u64 {
            return Err(wrong("has a document larger than a library takes"));
        }
        let filed = Filed { name: place(&id, &file), bytes: version.bytes };
        match record.contents.get(&version.content) {
            Some(known) if known.name != filed.name || known.bytes != filed.bytes => {
                return Err(wrong("has one document in two files"));
            }
            Some(_) => {}
            None => record.put_content(version.content, filed),
        }
        let (of, character) = (version.id, id.clone());
        if record.versions.contains_key(&of) {
            return Err(wrong("has a version twice"));
        }
        let put = [
            Write::Version { metadata: Box::new(version) },
            Write::Sightings { character, version: of, at: seen_again },
        ];
        for write in &put {
            record
                .apply(write, None)
                .map_err(|error| wrong("breaks the rules of a history").caused_by(error))?;
        }
    }
    match record.stale(&id).first() {
        Some(problem) => Err(wrong("does not agree with itself").detail("problem", problem.message.clone())),
        None => Ok(record),
    }
}

fn parsed<T: serde::de::DeserializeOwned>(text: &[u8], name: &str) -> Result<T> {
    serde_json::from_slice(text)
        .map_err(|error| damaged(&format!("{name} is not what Backstory writes")).caused_by(error))
}

#[async_trait]
impl CharacterStorage for PackageStorage {
    fn info(&self) -> StorageInfo {
        StorageInfo {
            kind: "export".to_owned(),
            location: self.path.display().to_string(),
            read_only: Some(ReadOnly::Export),
            capabilities: Capabilities { persistent: true, ..Capabilities::default() },
            principal: None,
        }
    }

    async fn revision(&self) -> Result<u64> {
        Ok(self.rows.len() as u64)
    }

    async fn query(&self, filter: &QueryFilter) -> Result<Page<CharacterIndex>> {
        matching::query(filter, self.rows.values())
    }

    async fn facets(&self) -> Result<Facets> {
        let versions = self.rows.values().map(|row| row.versions).sum();
        Ok(Facets::of(self.rows.values(), versions))
    }

    async fn history(&self, query: &HistoryQuery) -> Result<Page<VersionMetadata>> {
        let stored = |_: &ContentHash, filed: &Filed| Stored {
            codec: "zip".to_owned(),
            bytes: filed.bytes,
            base: None,
        };
        Ok(self.record(&query.character).await?.history(query, stored))
    }

    async fn document(&self, character: &CharacterId, content: &ContentHash) -> Result<Vec<u8>> {
        let record = self.record(character).await?;
        let filed = record.contents.get(content).cloned();
        let filed = filed.ok_or_else(|| rules::content_not_found(character))?;
        let (this, name) = (self.clone(), filed.name);
        let bytes = blocking(move || this.archive().read(&name)).await?;
        if ContentHash::of(&bytes) != *content {
            return Err(damaged(&format!("a document of {character} is not what its history says")));
        }
        Ok(bytes)
    }

    async fn sightings(&self, character: &CharacterId) -> Result<Vec<Sighting>> {
        Ok(self.record(character).await?.all_sightings())
    }

    async fn members(&self) -> Result<Vec<Member>> {
        Ok(Vec::new())
    }

    async fn audit(&self, after: u64, limit: u32) -> Result<Vec<Entry>> {
        let log = self.log().await?;
        let start = log.len().min(usize::try_from(after).unwrap_or(usize::MAX));
        Ok(log[start..].iter().take(limit as usize).cloned().collect())
    }

    async fn audit_head(&self) -> Result<Head> {
        let mut head = Head::default();
        self.log().await?.iter().for_each(|entry| head.follow(entry));
        match self.manifest.audit {
            // What the manifest tells of is not what is there: verifying finds it.
            Some(told) if self.has_log() && told != head.tree() => {
                Ok(Head { size: told.size, hash: told.hash, ..Head::default() })
            }
            _ => Ok(head),
        }
    }

    async fn settings(&self) -> Result<Vec<Setting>> {
        Ok(Vec::new())
    }

    async fn changes_since(&self, revision: u64, limit: u32) -> Result<Changes> {
        let now = self.rows.len() as u64;
        let since = if revision > now { 0 } else { revision };
        let changes = self.revision_of().filter(|(at, _)| *at > since);
        let changes = changes.map(|(revision, character)| Change {
            character: character.clone(),
            revision,
            erased: false,
        });
        Ok(rules::feed(changes, now, limit))
    }

    async fn wait(&self, _: u64, at_most: Duration) -> Result<u64> {
        // Nobody writes to it.
        tokio::time::sleep(at_most).await;
        self.revision().await
    }

    async fn begin(&self) -> Result<Box<dyn StorageTransaction>> {
        Err(ReadOnly::Export.into())
    }

    async fn check(
        &self,
        scope: CheckScope,
        progress: &dyn Progress,
        cancel: &Cancel,
    ) -> Result<CheckReport> {
        let mut report = CheckReport::default();
        let total = self.rows.len() as u64;
        for (done, packed) in (1..).zip(&self.manifest.characters) {
            cancel.check()?;
            self.check_one(&packed.id, scope, &mut report).await?;
            progress.report(ProgressEvent::Advanced { done, total });
        }
        if scope == CheckScope::Data {
            // What belongs to no character: schemas, sheets, what a later Backstory added.
            let names: Vec<String> = self.archive().names().cloned().collect();
            for name in names.into_iter().filter(|name| !name.contains("/documents/")) {
                cancel.check()?;
                let this = self.clone();
                let of = name.clone();
                if let Err(error) = blocking(move || this.archive().read(&of)).await {
                    report.problems.push(problem("file_damaged", name, error));
                }
            }
        }
        Ok(report)
    }

    async fn repair(&self, _: &dyn Progress, _: &Cancel) -> Result<RepairReport> {
        Err(ReadOnly::Export.into())
    }

    async fn recompress(&self, _: &Encoding, _: &dyn Progress, _: &Cancel) -> Result<Recompressed> {
        Err(ReadOnly::Export.into())
    }

    async fn scrub(&self, _: &dyn Progress, _: &Cancel) -> Result<()> {
        Err(ReadOnly::Export.into())
    }

    /// It may have been encrypted, with a passphrase that is nobody's key.
    async fn cache_seal(&self) -> Result<CacheSeal> {
        Ok(CacheSeal::Never)
    }

    async fn statistics(&self) -> Result<StorageStatistics> {
        let packed = &self.manifest.characters;
        let document_bytes = packed.iter().map(|packed| packed.bytes).sum();
        let store_bytes = self.archive().bytes;
        Ok(StorageStatistics {
            characters: packed.len() as u64,
            versions: packed.iter().map(|packed| packed.versions).sum(),
            contents: packed.iter().map(|packed| packed.documents).sum(),
            captures: self.rows.values().map(|row| row.captures).sum(),
            document_bytes,
            encoded_bytes: store_bytes,
            store_bytes,
            keys: Vec::new(),
        })
    }
}
