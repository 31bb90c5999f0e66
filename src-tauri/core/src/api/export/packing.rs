//! Writing a `.backstory` file.

use std::{
    collections::BTreeMap,
    io::{self, Write},
};

use jiff::Timestamp;
use serde::Serialize;
use zip::{
    CompressionMethod, ZipWriter,
    result::ZipError,
    write::{SimpleFileOptions, StreamWriter},
};

use super::{
    Export,
    sink::{Sink, failed},
};
use crate::{
    api::character::view,
    error::{Code, Error, Result},
    migrate::Whole,
    model::{CharacterId, ContentHash},
    package::{
        self, CONSENT, FORMAT, HISTORY, LOG, Line, MANIFEST, Manifest, Packed, README, RECORDS, ROW, SCHEMAS,
        SHEET, SUMS, VERSION, document, place,
    },
    privacy::audit::{self, Head},
};

/// A `.backstory` file being written.
pub(super) struct Packing {
    zip: ZipWriter<StreamWriter<Sink>>,
    sums: String,
    manifest: Manifest,
}

impl Packing {
    pub(super) fn begin(sink: Sink, created_at: Timestamp, program: &str, redacted: bool) -> Result<Self> {
        let manifest = Manifest {
            format: FORMAT.to_owned(),
            version: VERSION,
            program: program.to_owned(),
            created_at,
            redacted,
            audit: None,
            characters: Vec::new(),
        };
        let mut packing = Self { zip: ZipWriter::new_stream(sink), sums: String::new(), manifest };
        for (name, text) in [README].into_iter().chain(SCHEMAS) {
            packing.put(name, text.as_bytes())?;
        }
        Ok(packing)
    }

    /// Adds a file; gives its SHA-256.
    fn put(&mut self, name: &str, bytes: &[u8]) -> Result<String> {
        // Times would make two exports of the same library differ.
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .last_modified_time(zip::DateTime::default())
            .unix_permissions(0o600);
        self.zip.start_file(name, options).map_err(explain)?;
        self.zip.write_all(bytes).map_err(|error| failed(&error))?;
        let sum = package::sha256(bytes);
        self.sums.push_str(&format!("{sum}  {name}\n"));
        Ok(sum)
    }

    fn put_json(&mut self, name: &str, value: &impl Serialize) -> Result<()> {
        let mut text = serde_json::to_vec_pretty(value).map_err(unwritable)?;
        text.push(b'\n');
        self.put(name, &text).map(drop)
    }

    fn finish(mut self) -> Result<Sink> {
        let manifest = self.manifest.clone();
        self.put_json(MANIFEST, &manifest)?;
        let sums = std::mem::take(&mut self.sums);
        self.put(SUMS, sums.as_bytes())?;
        Ok(self.zip.finish().map_err(explain)?.into_inner())
    }
}

impl Export<'_> {
    pub(super) async fn package(&mut self, characters: &[CharacterId], mut to: Packing) -> Result<Sink> {
        for id in characters {
            let whole = self.read(id).await?;
            self.pack(&whole, &mut to).await?;
            self.exported.characters += 1;
        }
        if self.key.is_none() {
            self.pack_records(&mut to).await?;
        }
        to.finish()
    }

    /// Adds what was done with the library, and what was agreed to.
    async fn pack_records(&mut self, to: &mut Packing) -> Result<()> {
        let log = self.library.whole_audit().await?;
        let mut head = Head::default();
        log.iter().for_each(|entry| head.follow(entry));
        to.manifest.audit = Some(head.tree());
        let (name, kept) = match self.is_whole().await? {
            true => (LOG, log),
            false => (RECORDS, self.concerning(log).await?),
        };
        to.put(name, audit::lines(kept)?.as_bytes())?;
        to.put_json(CONSENT, &self.consents().await?)
    }

    async fn pack(&mut self, whole: &Whole, to: &mut Packing) -> Result<()> {
        let Some(row) = &whole.index else { return Ok(()) };
        let mut files: BTreeMap<ContentHash, (String, String)> = BTreeMap::new();
        let mut packed =
            Packed { id: row.id.clone(), name: row.name.clone(), versions: 0, documents: 0, bytes: 0 };
        let mut lines = Vec::new();
        for version in &whole.versions {
            let (file, sha256) = match files.get(&version.content) {
                Some(known) => known.clone(),
                None => {
                    let (bytes, file) = (self.document(version).await?, document(version.version));
                    let sum = to.put(&place(&row.id, &file), &bytes)?;
                    packed.documents += 1;
                    packed.bytes += bytes.len() as u64;
                    files.entry(version.content).or_insert((file, sum)).clone()
                }
            };
            let seen = whole.sightings.iter().filter(|sighting| sighting.version == version.id);
            let line = Line {
                sentences: self.sentences(version),
                file,
                sha256,
                seen_again: seen.map(|sighting| sighting.at).collect(),
                version: version.clone(),
            };
            serde_json::to_writer(&mut lines, &line).map_err(unwritable)?;
            lines.push(b'\n');
            packed.versions += 1;
            self.advance()?;
        }
        to.put(&place(&row.id, HISTORY), &lines)?;
        to.put_json(&place(&row.id, ROW), row)?;
        if let Some(newest) = whole.versions.last()
            && let Ok(sheet) = self.library.sheet(newest).await
        {
            to.put_json(
                &place(&row.id, SHEET),
                &view(newest, &sheet, self.library.source_label(&newest.source)),
            )?;
        }
        to.manifest.characters.push(packed);
        Ok(())
    }
}

fn explain(error: ZipError) -> Error {
    match error {
        ZipError::Io(error) => failed(&error),
        other => failed(&io::Error::other(other)),
    }
}

pub(super) fn unwritable(error: serde_json::Error) -> Error {
    Error::new(Code::Internal, "Something in the library could not be written down.").caused_by(error)
}
