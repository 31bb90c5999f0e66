//! What the library knows of itself: `metadata.json`, the one file that every change writes.
//!
//! It is small whatever the library holds. The list of all characters is in `index.json`, which is written seldom; the head
//! names the few characters that changed since, and whoever reads the list looks at their own files too.

use std::{collections::BTreeMap, sync::Arc};

use backstory_core::{
    error::{Code, Error, Result},
    model::{CharacterId, Member},
    privacy::audit,
    storage::{Encoding, Setting},
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    disk::{Disk, damaged},
    index,
    journal::View,
    layout::HEAD,
    sealed::{self, Unsealed},
};

/// The form of the folder that this program writes.
pub(super) const FORMAT: u32 = 2;

/// Tells our `metadata.json` from other programs'.
const APPLICATION: &str = "backstory";

/// So many changed characters are named before the list is written anew, however small the library is.
const FEW: usize = 64;

/// The library's `metadata.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Head {
    application: String,
    format: u32,
    /// The library's identity: two copies have the same.
    pub(super) library: Uuid,
    /// Counts the commits.
    pub(super) revision: u64,
    /// How new documents are kept.
    pub(super) encoding: Encoding,
    /// The revision that `index.json` tells of.
    pub(super) indexed: u64,
    /// How many characters it tells of.
    pub(super) characters: u64,
    /// The characters that were written since, and at which revision.
    pub(super) recent: BTreeMap<CharacterId, u64>,
    /// The characters that were erased, and at which revision.
    pub(super) erased: BTreeMap<CharacterId, u64>,
    /// Who has a place in which campaign.
    pub(super) members: Vec<Member>,
    /// How the audit log ends.
    #[serde(default)]
    pub(super) audit: audit::Head,
    /// The first entry of its last page.
    #[serde(default)]
    pub(super) audit_page: u64,
    /// What the program keeps for itself.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) settings: Vec<Setting>,
    /// Why this was put together from other files; none when it is what was written.
    #[serde(skip)]
    pub(super) rebuilt: Option<String>,
}

/// The least that says whether a file is a library's head, and of which form.
#[derive(Deserialize)]
struct Signature {
    application: String,
    format: u32,
}

/// What stands in the place of the head.
pub(super) enum Found {
    /// Nothing.
    Nothing,
    /// A head that this program understands.
    Head(Head),
    /// A head of a newer form, as far as it can be read.
    Newer(Option<Head>),
    /// The head of a form that was given up before the first release.
    Older,
    /// Something that was a head, or may have been.
    Damaged(String),
    /// Another program's file.
    Foreign,
}

impl Head {
    /// The head of an empty library.
    pub(super) fn new(encoding: Encoding) -> Self {
        Self {
            application: APPLICATION.to_owned(),
            format: FORMAT,
            library: Uuid::now_v7(),
            revision: 0,
            encoding,
            indexed: 0,
            characters: 0,
            recent: BTreeMap::new(),
            erased: BTreeMap::new(),
            members: Vec::new(),
            audit: audit::Head::default(),
            audit_page: 0,
            settings: Vec::new(),
            rebuilt: None,
        }
    }

    /// The same, to be relied on.
    pub(super) fn trusted(&self) -> Self {
        Self { rebuilt: None, ..self.clone() }
    }

    /// Whether so many characters changed that the list is better written anew.
    pub(super) fn wants_index(&self) -> bool {
        self.recent.len() > FEW.max(usize::try_from(self.characters / 50).unwrap_or(usize::MAX))
    }
}

/// Looks at a head's text.
pub(super) fn recognise(text: Option<&[u8]>) -> Found {
    let Some(text) = text else { return Found::Nothing };
    match serde_json::from_slice::<Signature>(text) {
        Ok(signature) if signature.application != APPLICATION => return Found::Foreign,
        // The checksum stays what it is in every form: without it, a flipped bit could pass for a newer program.
        Ok(signature) if signature.format > FORMAT => match sealed::unseal::<Head>(text) {
            Unsealed::Whole(head) => return Found::Newer(Some(head)),
            Unsealed::Damaged(_) if sealed::is_whole(text) => return Found::Newer(None),
            _ => {}
        },
        Ok(signature) if signature.format < FORMAT && sealed::is_whole(text) => return Found::Older,
        Ok(_) => {}
        // Sound JSON of another shape is somebody else's; anything unreadable may have been ours.
        Err(error) if error.is_data() => return Found::Foreign,
        Err(_) => {}
    }
    match sealed::unseal::<Head>(text) {
        Unsealed::Whole(head) => Found::Head(head),
        Unsealed::Edited(_) => Found::Damaged("it was changed by something other than Backstory".to_owned()),
        Unsealed::Damaged(why) => Found::Damaged(why),
    }
}

/// The head of the library, and the bytes it was read from. What is missing or damaged is put together from the other files.
///
/// # Errors
/// `storage_failed` when the folder is no library any more.
pub(super) fn read(view: &View, known: Option<&(Vec<u8>, Arc<Head>)>) -> Result<(Vec<u8>, Arc<Head>)> {
    let text = match view.read(HEAD) {
        Err(error) if error.code == Code::StoreDamaged => Some(Vec::new()),
        text => text?,
    };
    if let (Some((bytes, head)), Some(text)) = (known, &text)
        && bytes == text
    {
        return Ok((bytes.clone(), Arc::clone(head)));
    }
    let head = match recognise(text.as_deref()) {
        Found::Head(head) | Found::Newer(Some(head)) => head,
        Found::Nothing if !index::has_characters(view)? => return Err(gone(view.disk())),
        Found::Nothing => index::rebuild_head(view, "it is missing".to_owned())?,
        Found::Damaged(why) => index::rebuild_head(view, why)?,
        Found::Newer(None) => {
            return Err(Error::new(Code::StoreNewer, "This library was made by a newer Backstory.")
                .kept("Nothing was changed.")
                .hint("Update Backstory to open it."));
        }
        Found::Older => return Err(too_old(view.disk())),
        Found::Foreign => index::rebuild_head(view, "it is another program's".to_owned())?,
    };
    Ok((text.unwrap_or_default(), Arc::new(head)))
}

/// A head that was put together is good enough to read by, not to write on.
pub(super) fn check_writable(head: &Head) -> Result<()> {
    match &head.rebuilt {
        None => Ok(()),
        Some(why) => Err(damaged(format!("{HEAD} of the library cannot be relied on: {why}."))
            .kept("Everything in the library can still be read; nothing was changed.")
            .hint("Run backstory verify --repair: it puts the file together again from the others.")),
    }
}

/// The library is in a form that this program does not read any more.
pub(super) fn too_old(disk: &Disk) -> Error {
    let message = format!(
        "The library in {} was made by a Backstory from before its first release.",
        disk.root().display()
    );
    Error::new(Code::InvalidArgument, message)
        .kept("Nothing in it was changed.")
        .hint("With that Backstory, move it into a file: backstory migrate. Any later one opens the file.")
}

fn gone(disk: &Disk) -> Error {
    Error::new(Code::StorageFailed, format!("There is no library in {} any more.", disk.root().display()))
        .kept("Nothing was changed.")
        .hint("Check that the folder is where it was and that its disk is connected.")
}
