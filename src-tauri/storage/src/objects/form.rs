//! What the objects of a store say, and how a damaged one is told from a sound one.
//!
//! Small objects are *sealed*: a line of JSON and a line with its BLAKE3. Large ones (manifests, checkpoints) are JSON in
//! a zstd frame, and their names hold the BLAKE3 of their bytes. Documents are named and measured by their manifest.

use std::collections::BTreeMap;

use backstory_core::{
    error::{Code, Error, Result},
    model::{CharacterId, CharacterIndex, ContentHash, Member, Role},
    privacy::audit::{self, Kept},
    storage::Setting,
};
use object_store::path::Path;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use uuid::Uuid;

use crate::{codec::Codec, record::Record};

/// The form this program writes. A store with a higher number was made by a newer one.
pub(super) const FORM: u32 = 1;

/// The largest list or manifest that is unpacked: far above that of a million characters.
const MAX_UNPACKED: u64 = 2 << 30;

/// The first object of a store: what it is.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Marker {
    /// Says what this is to whoever finds it.
    pub(super) backstory: String,
    /// The form of everything else.
    pub(super) form: u32,
}

impl Marker {
    /// Of a store this program makes.
    pub(super) fn new() -> Self {
        Self { backstory: "A library of characters. Change nothing here by hand.".to_owned(), form: FORM }
    }

    /// Where it is.
    pub(super) fn path() -> Path {
        Path::from("store.json")
    }
}

/// One commit. That this object exists under its number is what makes the commit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Entry {
    /// The store's revision from then on.
    pub(super) revision: u64,
    /// Which transaction it was: whoever lost the answer to its upload knows its own again.
    pub(super) transaction: Uuid,
    /// The new manifest of every character it touched; none: erased.
    pub(super) characters: BTreeMap<CharacterId, Option<ContentHash>>,
    /// The places in campaigns it gave and took.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) members: Vec<Place>,
    /// How many entries the audit log had before it.
    #[serde(default)]
    pub(super) audited: u64,
    /// The entries of the audit log that it brought.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) audit: Vec<Kept>,
    /// The settings it wrote.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) settings: Vec<Setting>,
}

/// Somebody's new place in a campaign; without a role: none any more.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Place {
    /// The campaign's name.
    pub(super) campaign: String,
    /// Whose place it is.
    pub(super) user: String,
    /// As what.
    pub(super) role: Option<Role>,
}

impl Entry {
    /// The entries of the audit log that it brought.
    pub(super) fn entries(&self) -> impl Iterator<Item = audit::Entry> {
        (self.audited + 1..).zip(&self.audit).map(|(sequence, kept)| kept.entry(sequence))
    }

    /// Where the journal is.
    pub(super) fn folder() -> Path {
        Path::from("journal")
    }

    /// Where the entry of a revision is. Names sort like revisions.
    pub(super) fn path(revision: u64) -> Path {
        Path::from(format!("journal/{revision:020}.json"))
    }

    /// The revision an entry is of, by its name.
    pub(super) fn revision_of(path: &Path) -> Option<u64> {
        path.filename()?.strip_suffix(".json")?.parse().ok()
    }
}

/// One character and its history, as of one commit.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Manifest {
    /// Whose.
    pub(super) character: CharacterId,
    /// Which transaction wrote it: makes it unlike every other one.
    pub(super) transaction: Uuid,
    /// All there is to know.
    pub(super) record: Record<Content>,
}

impl Manifest {
    /// Where it is.
    pub(super) fn path(character: &CharacterId, name: &ContentHash) -> Path {
        Path::from(format!("characters/{character}/{name}.json.zst"))
    }
}

/// How a document is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Content {
    /// How to read it.
    #[serde(with = "codec_name")]
    pub(super) codec: Codec,
    /// What it leans on.
    pub(super) base: Option<ContentHash>,
    /// Its place in the ladder.
    pub(super) rung: u64,
    /// How long the document is.
    pub(super) length: u64,
    /// How many bytes it takes.
    pub(super) bytes: u64,
    /// The BLAKE3 of those bytes.
    pub(super) checksum: ContentHash,
    /// Which upload of it this is: no name is ever used twice, so no late deletion hits a new object.
    pub(super) upload: Uuid,
    /// Whether it lies in the archive area.
    pub(super) archived: bool,
}

impl Content {
    /// Where it is.
    pub(super) fn path(&self, character: &CharacterId, hash: &ContentHash) -> Path {
        let area = if self.archived { "archive" } else { "characters" };
        let (upload, ending) = (self.upload.simple(), self.codec.file_ending());
        Path::from(format!("{area}/{character}/contents/{hash}-{upload}.{ending}"))
    }
}

/// The list as of one revision: where a reader starts. A projection of the journal; losing one loses nothing.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Checkpoint {
    /// The revision it is of.
    pub(super) revision: u64,
    /// The characters there are.
    pub(super) characters: Vec<Row>,
    /// When the characters went that were erased.
    pub(super) tombstones: BTreeMap<CharacterId, u64>,
    /// Who has a place in which campaign.
    pub(super) members: Vec<Member>,
    /// How the audit log ends.
    #[serde(default)]
    pub(super) audit: audit::Head,
    /// What the program keeps for itself.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) settings: Vec<Setting>,
}

impl Checkpoint {
    /// Where they are.
    pub(super) fn folder() -> Path {
        Path::from("checkpoint")
    }

    /// Where this one is, which has these bytes.
    pub(super) fn path(revision: u64, bytes: &[u8]) -> Path {
        Path::from(format!("checkpoint/{revision:020}-{}.json.zst", ContentHash::of(bytes)))
    }

    /// The revision and the hash of a checkpoint, by its name.
    pub(super) fn of(path: &Path) -> Option<(u64, ContentHash)> {
        let (revision, hash) = path.filename()?.strip_suffix(".json.zst")?.split_once('-')?;
        Some((revision.parse().ok()?, hash.parse().ok()?))
    }
}

/// What the list knows of a character, and where to learn the rest.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Row {
    /// Whose.
    pub(super) id: CharacterId,
    /// The revision it was last written at.
    pub(super) written: u64,
    /// The name of its manifest.
    pub(super) manifest: ContentHash,
    /// The manifest cannot be read: the rest is as it was before.
    #[serde(default)]
    pub(super) damaged: bool,
    /// What the list shows; none for a history without a row.
    pub(super) index: Option<CharacterIndex>,
    /// How many versions there are.
    pub(super) versions: u64,
    /// How many distinct documents.
    pub(super) contents: u64,
    /// How often a version was seen again.
    pub(super) sightings: u64,
    /// Bytes of the documents as they came in.
    pub(super) document_bytes: u64,
    /// Bytes they take.
    pub(super) encoded_bytes: u64,
}

impl Row {
    /// Of a character whose history is known.
    pub(super) fn new(
        id: CharacterId,
        written: u64,
        manifest: ContentHash,
        record: &Record<Content>,
    ) -> Self {
        Self {
            id,
            written,
            manifest,
            damaged: false,
            index: record.index.clone(),
            versions: record.versions.len() as u64,
            contents: record.contents.len() as u64,
            sightings: record.sightings.len() as u64,
            document_bytes: record.contents.values().map(|content| content.length).sum(),
            encoded_bytes: record.contents.values().map(|content| content.bytes).sum(),
        }
    }

    /// Of a character whose new manifest cannot be read: what was known before, if anything.
    pub(super) fn damaged(
        id: CharacterId,
        written: u64,
        manifest: ContentHash,
        before: Option<&Self>,
    ) -> Self {
        match before {
            Some(before) => Self { written, manifest, damaged: true, ..before.clone() },
            None => Self { damaged: true, ..Self::new(id, written, manifest, &Record::default()) },
        }
    }
}

/// A sealed object.
pub(super) fn seal(value: &impl Serialize) -> Result<Vec<u8>> {
    let mut bytes = json(value)?;
    let checksum = ContentHash::of(&bytes);
    bytes.extend_from_slice(format!("\n{checksum}\n").as_bytes());
    Ok(bytes)
}

/// Opens a sealed object.
pub(super) fn unseal<T: DeserializeOwned>(bytes: &[u8], path: &Path) -> Result<T> {
    let mut lines = bytes.split(|&byte| byte == b'\n');
    let (body, checksum, end) = (lines.next(), lines.next(), lines.next());
    let body = body
        .filter(|body| checksum == Some(ContentHash::of(body).to_string().as_bytes()) && end == Some(b""));
    let body = body.filter(|_| lines.next().is_none()).ok_or_else(|| damaged(path))?;
    serde_json::from_slice(body).map_err(|error| damaged(path).caused_by(error))
}

/// The bytes of a packed object. Its name holds their BLAKE3.
pub(super) fn pack(value: &impl Serialize) -> Result<Vec<u8>> {
    zstd::bulk::compress(&json(value)?, 3)
        .map_err(|error| Error::internal("A list could not be compressed.").caused_by(error))
}

/// Opens a packed object whose name says this.
pub(super) fn unpack<T: DeserializeOwned>(bytes: &[u8], name: &ContentHash, path: &Path) -> Result<T> {
    if ContentHash::of(bytes) != *name {
        return Err(damaged(path));
    }
    let length = zstd::zstd_safe::get_frame_content_size(bytes).ok().flatten();
    let length = length.filter(|&length| length <= MAX_UNPACKED).ok_or_else(|| damaged(path))?;
    let text = zstd::bulk::decompress(bytes, usize::try_from(length).unwrap_or(usize::MAX))
        .map_err(|error| damaged(path).caused_by(error))?;
    serde_json::from_slice(&text).map_err(|error| damaged(path).caused_by(error))
}

fn json(value: &impl Serialize) -> Result<Vec<u8>> {
    serde_json::to_vec(value).map_err(|error| {
        Error::internal("What is known of a character could not be written down.").caused_by(error)
    })
}

/// An object is not what was uploaded.
pub(super) fn damaged(path: &Path) -> Error {
    Error::new(Code::StoreDamaged, format!("The object {path} of the library is damaged."))
        .kept("Backstory has not changed it.")
        .hint("Run a check of the library (backstory verify --read-data) to see everything that is affected.")
}

/// A codec by its name.
mod codec_name {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    use super::Codec;

    pub(super) fn serialize<S: Serializer>(codec: &Codec, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(codec.name())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Codec, D::Error> {
        Codec::from_name(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn any_flipped_byte_of_a_sealed_object_is_found() {
        let bytes = seal(&Marker::new()).unwrap();
        let path = Marker::path();
        assert_eq!(unseal::<Marker>(&bytes, &path).unwrap().form, FORM);
        for at in 0..bytes.len() {
            for flip in [1, 32, 128] {
                let mut bytes = bytes.clone();
                bytes[at] ^= flip;
                assert_eq!(unseal::<Marker>(&bytes, &path).unwrap_err().code, Code::StoreDamaged);
            }
        }
        for length in 0..bytes.len() {
            assert!(unseal::<Marker>(&bytes[..length], &path).is_err());
        }
        assert!(unseal::<Marker>(&[&bytes[..], b"\n"].concat(), &path).is_err());
    }

    #[test]
    fn a_packed_object_is_known_by_its_name() {
        let bytes = pack(&Checkpoint { revision: 7, ..Checkpoint::default() }).unwrap();
        let path = Checkpoint::path(7, &bytes);
        let (revision, name) = Checkpoint::of(&path).unwrap();
        assert_eq!(unpack::<Checkpoint>(&bytes, &name, &path).unwrap().revision, revision);
        let mut wrong = bytes;
        wrong[4] ^= 1;
        assert_eq!(unpack::<Checkpoint>(&wrong, &name, &path).unwrap_err().code, Code::StoreDamaged);
    }

    #[test]
    fn names_sort_like_revisions() {
        assert!(Entry::path(9) < Entry::path(10) && Entry::path(10) < Entry::path(u64::MAX));
        assert_eq!(Entry::revision_of(&Entry::path(u64::MAX)), Some(u64::MAX));
        assert_eq!(Entry::revision_of(&Marker::path()), None);
        assert_eq!(Checkpoint::of(&Path::from("checkpoint/0001.json.zst")), None);
    }
}
