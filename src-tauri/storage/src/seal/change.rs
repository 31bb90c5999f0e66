//! What becomes of a store's keys: which record is written first, and which one last.

use std::sync::PoisonError;

use backstory_core::{
    encryption::{EncryptionState, KeyChange, Keychain, Lock, LockKind, Unlock, check_passphrase},
    error::{Code, Error, Result},
    storage::Secret,
};

use super::{AT_HAND, Ring, Seal, master::Master, record::Record};

/// A change of keys, put together and not yet begun. Only the keychain knows of it.
#[derive(Debug)]
pub(crate) struct Plan {
    /// What the store is to say of its keys while it is rewritten; none where that is what it says already.
    pub(crate) first: Option<String>,
    /// Whether it is rewritten.
    pub(crate) rewrites: bool,
    /// What opens it from now on, to be tried before anything is encrypted.
    lock: Option<Lock>,
}

impl Seal {
    /// Puts a change of keys together. The keychain is written to, where it is to open the store; nothing else is.
    ///
    /// # Errors
    /// `invalid_argument` for a change that the state of the store does not allow, `keychain_unavailable`.
    pub(crate) fn plan(&self, now: &Ring, change: &KeyChange) -> Result<Plan> {
        use EncryptionState::{Decrypting, Encrypting, Off, On, Renewing};
        let chain = self.keychain();
        let state = now.state();
        match (change, state) {
            (KeyChange::GoOn, state) => Ok(Plan { first: None, rewrites: state.is_under_way(), lock: None }),
            (KeyChange::Off, Off) => Ok(Plan { first: None, rewrites: false, lock: None }),
            (KeyChange::On { lock, phrase }, Off) => {
                let record = Record::new(Encrypting)?;
                self.begun(record, phrase, lock, &*chain, &[])
            }
            (KeyChange::Like(keys), Off) => self.like(keys, &*chain),
            (KeyChange::Renew { lock, phrase }, On) => {
                let record = now.record.clone().ok_or_else(no_keys)?;
                self.begun(Record { state: Renewing, ..record }, phrase, lock, &*chain, &now.masters)
            }
            (KeyChange::Off, On | Encrypting) => {
                let record = now.record.clone().ok_or_else(no_keys)?;
                let master = now.masters.first().ok_or_else(no_keys)?;
                let first = Record { state: Decrypting, ..record }.text(master)?;
                Ok(Plan { first: Some(first), rewrites: true, lock: None })
            }
            (KeyChange::Relock(lock), On) => {
                check(lock)?;
                let mut record = now.record.clone().ok_or_else(no_keys)?;
                let master = now.masters.first().ok_or_else(no_keys)?;
                record.put(master, lock, &*chain)?;
                Ok(Plan { first: Some(record.text(master)?), rewrites: false, lock: Some(lock.clone()) })
            }
            (_, state) => Err(not_now(state)),
        }
    }

    /// Opens a store that says this of its keys with nothing but what is to open it from now on: what was written down is
    /// read back before anything is encrypted.
    ///
    /// # Errors
    /// As [`Seal::ring`]; `internal` where it is not the key that was meant.
    pub(crate) fn read_back(&self, plan: &Plan, text: &str) -> Result<()> {
        let Some(lock) = &plan.lock else { return Ok(()) };
        let words = match lock {
            Lock::Keychain => None,
            Lock::Passphrase(words) => Some(words.clone()),
        };
        let (unlock, chain) = (Unlock { words, keychain: None }, self.keychain());
        let opened = Ring::read(Some(text), &unlock, &*chain, &[])?;
        let known = Ring::read(Some(text), &Unlock::default(), &*chain, &self.known())?;
        match opened.ids().eq(known.ids()) {
            true => Ok(()),
            false => Err(Error::internal("The lock opens another key.")),
        }
    }

    /// What the store says of its keys when it has been rewritten: nothing, where it is plain again.
    ///
    /// # Errors
    /// `internal`.
    pub(crate) fn last(&self, now: &Ring) -> Result<Option<String>> {
        let (Some(record), Some(master)) = (&now.record, now.masters.first()) else { return Ok(None) };
        if record.state == EncryptionState::Decrypting {
            return Ok(None);
        }
        let mut record = Record { state: EncryptionState::On, ..record.clone() };
        record.settle();
        record.text(master).map(Some)
    }

    /// Takes out of the keychain what opened the store before and does not any more. It is worth nothing by itself, so a
    /// keychain that does not let go of it stops nobody.
    pub(crate) fn forget(&self, before: &Ring, now: &Ring) {
        let names = |ring: &Ring| ring.record.as_ref().map(Record::kept).unwrap_or_default();
        let still = names(now);
        let chain = self.keychain();
        for name in names(before).into_iter().filter(|name| !still.contains(name)) {
            if chain.forget(&name).is_err() {
                tracing::warn!("the keychain keeps what is of no use any more");
            }
        }
    }

    /// Takes out of the keychain what was put there for a record that did not come to be.
    pub(crate) fn withdraw(&self, plan: &Plan, now: &Ring) {
        let record = plan.first.as_deref().and_then(|text| Record::parse(text).ok());
        self.forget(&Ring { record, ..Ring::default() }, now);
    }
}

impl Seal {
    /// Keys are put on a store.
    fn begun(
        &self,
        mut record: Record,
        phrase: &Secret,
        lock: &Lock,
        chain: &dyn Keychain,
        before: &[Master],
    ) -> Result<Plan> {
        check(lock)?;
        let master = Master::of_phrase(phrase).ok_or_else(|| {
            Error::new(Code::InvalidArgument, "This is not a recovery phrase of 24 words.")
                .kept("Nothing was changed.")
        })?;
        if before.iter().any(|known| known.id() == master.id()) {
            return Err(Error::new(
                Code::InvalidArgument,
                "This is the recovery phrase that the library has already.",
            )
            .kept("Nothing was changed."));
        }
        record.put(&master, lock, chain)?;
        let masters: Vec<_> = [&master].into_iter().chain(before).cloned().collect();
        record.tie(&masters)?;
        self.learn(&masters);
        Ok(Plan { first: Some(record.text(&master)?), rewrites: true, lock: Some(lock.clone()) })
    }
}

impl Seal {
    /// The keys of another store that this program has open are put on an empty one. A passphrase opens both from then on; the
    /// keychain keeps a name for each, since either store may be erased without the other.
    fn like(&self, keys: &Secret, chain: &dyn Keychain) -> Result<Plan> {
        let mut record = Record::parse(keys.reveal())?;
        if record.state != EncryptionState::On {
            return Err(not_now(record.state));
        }
        // Learning locks what is at hand, too.
        let at_hand = AT_HAND.lock().unwrap_or_else(PoisonError::into_inner).clone();
        self.learn(&at_hand);
        let masters = record.open(&Unlock::default(), chain, &self.known())?;
        let master = masters.first().ok_or_else(no_keys)?;
        record.state = EncryptionState::Encrypting;
        let lock = (record.lock() == Some(LockKind::Keychain)).then_some(Lock::Keychain);
        if let Some(lock) = &lock {
            record.put(master, lock, chain)?;
        }
        Ok(Plan { first: Some(record.text(master)?), rewrites: true, lock })
    }
}

fn check(lock: &Lock) -> Result<()> {
    match lock {
        Lock::Keychain => Ok(()),
        Lock::Passphrase(words) => check_passphrase(words),
    }
}

fn no_keys() -> Error {
    Error::internal("An encrypted store has no keys.")
}

fn not_now(state: EncryptionState) -> Error {
    let (message, hint) = match state {
        EncryptionState::Off => ("The library is not encrypted.", "`backstory encryption on` encrypts it."),
        EncryptionState::On => {
            ("The library is encrypted already.", "`backstory encryption renew` gives it new keys.")
        }
        _ => (
            "The library is being encrypted or decrypted, and that is not at its end.",
            "`backstory encryption resume` ends it first.",
        ),
    };
    Error::new(Code::InvalidArgument, message).kept("Nothing was changed.").hint(hint)
}
