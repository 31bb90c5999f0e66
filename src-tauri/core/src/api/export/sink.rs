//! Where an export goes: summed up, and encrypted where the player wants that.

use std::io::{self, Write};

use sha2::{Digest as _, Sha256};

use crate::{
    error::{Code, Error, Result},
    hex,
    storage::Secret,
};

/// A file being written: it is there whole or not at all.
pub trait Outlet: Write + Send {
    /// Makes what was written stay, durably and under its name; says the name. Dropped before that, it leaves nothing behind.
    ///
    /// # Errors
    /// `storage_full`, `storage_failed`.
    fn keep(self: Box<Self>) -> Result<String>;
}

/// What stays of an export.
pub(super) struct Written {
    pub(super) name: String,
    pub(super) sha256: String,
    pub(super) bytes: u64,
}

/// Bytes on their way into an outlet.
pub(super) enum Sink {
    Open(Summed),
    Sealed(Box<age::stream::StreamWriter<Summed>>),
}

/// An outlet that counts and sums what goes into it.
pub(super) struct Summed {
    outlet: Box<dyn Outlet>,
    sum: Sha256,
    bytes: u64,
    /// It did not take something. What a zip or an envelope writes when it is let go of then goes nowhere.
    failed: bool,
}

impl Sink {
    pub(super) fn new(outlet: Box<dyn Outlet>, passphrase: Option<Secret>) -> Result<Self> {
        let summed = Summed { outlet, sum: Sha256::new(), bytes: 0, failed: false };
        let Some(passphrase) = passphrase else { return Ok(Self::Open(summed)) };
        if passphrase.reveal().is_empty() {
            return Err(Error::new(Code::InvalidArgument, "An empty passphrase protects nothing.")
                .kept("No file was made.")
                .hint("Take a few words that nobody would guess, or export without encryption."));
        }
        let words = age::secrecy::SecretString::from(passphrase.reveal().to_owned());
        let sealed =
            age::Encryptor::with_user_passphrase(words).wrap_output(summed).map_err(|e| failed(&e))?;
        Ok(Self::Sealed(Box::new(sealed)))
    }

    /// Makes it stay.
    pub(super) fn keep(self) -> Result<Written> {
        let mut summed = match self {
            Self::Open(summed) => summed,
            Self::Sealed(sealed) => sealed.finish().map_err(|e| failed(&e))?,
        };
        if summed.failed {
            return Err(Error::internal("An export that could not be written was to be kept."));
        }
        summed.flush().map_err(|e| failed(&e))?;
        let (sha256, bytes) = (hex::encode(&summed.sum.finalize()), summed.bytes);
        Ok(Written { name: summed.outlet.keep()?, sha256, bytes })
    }
}

impl Write for Summed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.failed {
            return Ok(bytes.len());
        }
        let written = self.outlet.write(bytes).inspect_err(|error| {
            self.failed = error.kind() != io::ErrorKind::Interrupted;
        })?;
        self.sum.update(&bytes[..written]);
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.outlet.flush()
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Open(summed) => summed.write(bytes),
            Self::Sealed(sealed) => sealed.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Open(summed) => summed.flush(),
            Self::Sealed(sealed) => sealed.flush(),
        }
    }
}

/// Why nothing can be written there.
pub(in crate::api) fn failed(error: &io::Error) -> Error {
    let (code, message, hint) = match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => (
            Code::StorageFull,
            "There is no room left where the export is to be.",
            "Make room, or choose another disk.",
        ),
        _ => (Code::StorageFailed, "The export cannot be written there.", "Choose another folder."),
    };
    Error::new(code, message)
        .kept("No half file was left behind. The library is as it was.")
        .hint(hint)
        .caused_by(io::Error::new(error.kind(), error.to_string()))
}
