//! Whether the player has agreed that a source is asked over the network. Asked once for each source, and recorded.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use backstory_core::error::{Code, Error, Result};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{decode::KEPT, small};

/// What the player agrees to. Whoever changes what it means raises [`WORDING`], and it is asked anew.
pub const WORDS: &str = "\
Fetching asks D&D Beyond's own server for the characters you name, only when you say so and at most every 30 seconds.
It learns their numbers, your network address and the name of this program. If you gave Backstory your session, it is
used for characters that are private. D&D Beyond does not document this way in: it may stop at any time, and whether
its terms allow it for you is yours to decide. Nothing is sent anywhere else.";

/// Counts the changes to what [`WORDS`] means.
pub const WORDING: u32 = 1;

/// What was agreed to, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agreed {
    /// When.
    pub at: Timestamp,
    /// To which wording.
    pub wording: u32,
    /// When it was taken back, where it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub withdrawn_at: Option<Timestamp>,
}

/// The record of what a player agreed to, by the name of the source.
#[derive(Debug, Clone)]
pub struct Consent {
    path: PathBuf,
}

impl Consent {
    /// The record in this folder.
    pub fn in_folder(folder: &Path) -> Self {
        Self { path: folder.join("consent.json") }
    }

    /// What was agreed to for this source, where that is what would be asked today.
    ///
    /// # Errors
    /// `file_unreadable`.
    pub fn agreed(&self, source: &str) -> Result<Option<Agreed>> {
        Ok(self.record(source)?.filter(|agreed| agreed.wording == WORDING && agreed.withdrawn_at.is_none()))
    }

    /// What is on record for this source, whether it still holds or not.
    ///
    /// # Errors
    /// `file_unreadable`.
    pub fn record(&self, source: &str) -> Result<Option<Agreed>> {
        Ok(self.all()?.remove(source))
    }

    /// Records that the player agrees.
    ///
    /// # Errors
    /// `storage_failed`: then nothing was agreed to.
    pub fn agree(&self, source: &str, at: Timestamp) -> Result<()> {
        let mut all = self.all()?;
        all.insert(source.to_owned(), Agreed { at, wording: WORDING, withdrawn_at: None });
        small::save(&self.path, &all)
    }

    /// Records that the player takes it back. That it was given once stays on record.
    ///
    /// # Errors
    /// `storage_failed`: then it still holds.
    pub fn withdraw(&self, source: &str, at: Timestamp) -> Result<()> {
        let mut all = self.all()?;
        if let Some(agreed) = all.get_mut(source) {
            agreed.withdrawn_at.get_or_insert(at);
            small::save(&self.path, &all)?;
        }
        Ok(())
    }

    fn all(&self) -> Result<BTreeMap<String, Agreed>> {
        small::load(&self.path)
    }
}

/// That the player has to agree first.
pub(super) fn needed() -> Error {
    Error::new(Code::ConsentNeeded, "Backstory asks D&D Beyond only after you agreed to it, once.")
        .kept(KEPT)
        .hint("Read what it does with `backstory help fetch`, then add --agree.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_asked_once_and_anew_for_other_words() {
        let folder = tempfile::tempdir().unwrap();
        let consent = Consent::in_folder(&folder.path().join("deep"));
        assert_eq!(consent.agreed("ddb").unwrap(), None);
        let at: Timestamp = "2026-01-02T03:04:05Z".parse().unwrap();
        consent.agree("ddb", at).unwrap();
        assert_eq!(consent.agreed("ddb").unwrap(), Some(Agreed { at, wording: WORDING, withdrawn_at: None }));
        assert_eq!(consent.agreed("other").unwrap(), None);

        let later: Timestamp = "2026-02-02T03:04:05Z".parse().unwrap();
        for moment in [later, at] {
            consent.withdraw("ddb", moment).unwrap();
            assert_eq!(consent.agreed("ddb").unwrap(), None);
            assert_eq!(
                consent.record("ddb").unwrap().unwrap().withdrawn_at,
                Some(later),
                "the first time counts"
            );
        }
        consent.agree("ddb", later).unwrap();
        assert_eq!(consent.agreed("ddb").unwrap().map(|agreed| agreed.at), Some(later));
        consent.withdraw("other", at).unwrap();
        assert_eq!(consent.record("other").unwrap(), None);

        let older = r#"{"ddb":{"at":"2026-01-02T03:04:05Z","wording":0}}"#;
        std::fs::write(&consent.path, older).unwrap();
        assert_eq!(consent.agreed("ddb").unwrap(), None);
        std::fs::write(&consent.path, "{\"ddb").unwrap();
        assert_eq!(consent.agreed("ddb").unwrap(), None, "a damaged record is no consent");
    }
}
