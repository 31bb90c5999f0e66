//! Keychains for tests: one that works, and those that do not.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use backstory_core::{encryption::Keychain, error::Result, storage::Secret};

use super::keychain::refused;

/// How a keychain behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Behaviour {
    #[default]
    Works,
    /// There is none, or it is locked, or this program is denied.
    Refuses,
    /// It says that it keeps what it is given, and does not.
    Forgets,
    /// It gives back something else.
    MixesUp,
}

/// A keychain in memory.
#[derive(Debug, Default)]
pub(crate) struct Chain {
    behaviour: Behaviour,
    kept: Mutex<BTreeMap<String, String>>,
}

impl Chain {
    fn with(behaviour: Behaviour) -> Self {
        Self { behaviour, ..Self::default() }
    }

    pub(crate) fn absent() -> Self {
        Self::with(Behaviour::Refuses)
    }

    pub(crate) fn forgetful() -> Self {
        Self::with(Behaviour::Forgets)
    }

    pub(crate) fn mixed_up() -> Self {
        Self::with(Behaviour::MixesUp)
    }
}

impl Keychain for Chain {
    fn get(&self, name: &str) -> Result<Option<Secret>> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        match self.behaviour {
            Behaviour::Refuses => Err(refused()),
            Behaviour::MixesUp => Ok(Some(Secret::new("00"))),
            _ => Ok(kept.get(name).map(Secret::new)),
        }
    }

    fn set(&self, name: &str, secret: &Secret) -> Result<()> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        match self.behaviour {
            Behaviour::Refuses => return Err(refused()),
            Behaviour::Forgets => {}
            _ => drop(kept.insert(name.to_owned(), secret.reveal().to_owned())),
        }
        Ok(())
    }

    fn forget(&self, name: &str) -> Result<bool> {
        Ok(self.kept.lock().unwrap_or_else(PoisonError::into_inner).remove(name).is_some())
    }
}
