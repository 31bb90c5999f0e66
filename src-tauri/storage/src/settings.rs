//! The settings of a store that holds them in memory, with the rule of [`Write::Setting`](backstory_core::storage::Write).

use std::collections::BTreeMap;

use backstory_core::{
    error::{Code, Error, Result},
    storage::{Expect, Setting},
};

/// Settings by their names.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Settings(BTreeMap<String, Setting>);

impl Settings {
    /// Puts one, where `expect` holds.
    ///
    /// # Errors
    /// `conflict` where it does not; `internal` when the new revision is not higher.
    pub(crate) fn put(&mut self, setting: Setting, expect: Expect) -> Result<()> {
        check_expected(&setting, self.revision(&setting.key), expect)?;
        self.0.insert(setting.key.clone(), setting);
        Ok(())
    }

    /// Puts one, whatever is there.
    pub(crate) fn replace(&mut self, setting: Setting) {
        self.0.insert(setting.key.clone(), setting);
    }

    /// How often it was written; none: never.
    pub(crate) fn revision(&self, key: &str) -> Option<u64> {
        self.0.get(key).map(|setting| setting.revision)
    }

    /// All of them, by their names.
    pub(crate) fn list(&self) -> Vec<Setting> {
        self.0.values().cloned().collect()
    }
}

impl FromIterator<Setting> for Settings {
    fn from_iter<I: IntoIterator<Item = Setting>>(settings: I) -> Self {
        Self(settings.into_iter().map(|setting| (setting.key.clone(), setting)).collect())
    }
}

/// Compares what a setting's revision is with what a write expects.
///
/// # Errors
/// `conflict` when it is another one; `internal` when the new revision is not higher.
pub(crate) fn check_expected(setting: &Setting, before: Option<u64>, expect: Expect) -> Result<()> {
    let holds = match expect {
        Expect::Absent => before.is_none(),
        Expect::Revision(revision) => before == Some(revision),
    };
    if !holds {
        return Err(conflict(&setting.key));
    }
    if before.is_some_and(|before| setting.revision <= before) {
        let message =
            format!("The new revision of the setting {} is not higher than the old one.", setting.key);
        return Err(Error::internal(message));
    }
    Ok(())
}

/// Somebody else wrote it first.
pub(crate) fn conflict(key: &str) -> Error {
    let message = format!("The setting {key} was changed by somebody else in the meantime.");
    Error::new(Code::Conflict, message)
        .kept("Nothing of this change was written; what the others wrote is there.")
        .hint("Try again: the change is then made on top of theirs.")
}
