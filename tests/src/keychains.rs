//! Keychains for tests: one that works, and those that do not.

use std::{collections::BTreeMap, sync::Mutex};

use backstory_core::{
    encryption::Keychain,
    error::{Code, Error, Result},
    storage::Secret,
};

/// How a keychain behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Behaviour {
    /// As it should.
    #[default]
    Works,
    /// There is none, or it is locked, or this program is denied.
    Refuses,
    /// It says that it keeps what it is given, and does not.
    Forgets,
}

/// A keychain in memory.
#[derive(Debug, Default)]
pub struct Chain {
    /// How it behaves from now on.
    pub behaviour: Mutex<Behaviour>,
    kept: Mutex<BTreeMap<String, String>>,
}

impl Chain {
    /// One that behaves like this.
    pub fn that(behaviour: Behaviour) -> Self {
        Self { behaviour: Mutex::new(behaviour), ..Self::default() }
    }

    /// How many secrets it keeps.
    pub fn len(&self) -> usize {
        self.kept.lock().unwrap().len()
    }

    /// Whether it keeps none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn behaves(&self) -> Result<Behaviour> {
        match *self.behaviour.lock().unwrap() {
            Behaviour::Refuses => Err(Error::new(Code::KeychainUnavailable, "The keychain is locked.")),
            behaviour => Ok(behaviour),
        }
    }
}

impl Keychain for Chain {
    fn get(&self, name: &str) -> Result<Option<Secret>> {
        self.behaves()?;
        Ok(self.kept.lock().unwrap().get(name).map(Secret::new))
    }

    fn set(&self, name: &str, secret: &Secret) -> Result<()> {
        if self.behaves()? == Behaviour::Works {
            self.kept.lock().unwrap().insert(name.to_owned(), secret.reveal().to_owned());
        }
        Ok(())
    }

    fn forget(&self, name: &str) -> Result<bool> {
        self.behaves()?;
        Ok(self.kept.lock().unwrap().remove(name).is_some())
    }
}
