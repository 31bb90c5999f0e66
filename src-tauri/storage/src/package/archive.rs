//! The zip of a `.backstory` file. Whoever made it may have meant ill: nothing in it is believed before it was looked at, no
//! name in it ever becomes a path on the disk, and nothing is read further than it says it is long.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, BufReader, Read, Seek, SeekFrom},
    path::Path,
};

use backstory_core::{
    error::{Code, Error, Result},
    package::{SUMS, sha256},
    storage::Secret,
};
use zip::{ZipArchive, result::ZipError};

/// The most files an export has: more than 300 versions of each of 3,000 characters.
const MAX_FILES: u64 = 999_999;
/// The longest file that is read whole: a history of 100,000 versions.
const MAX_FILE: u64 = 1 << 30;
/// How much work a passphrase may ask for (age's measure, a power of two): 4 GB of memory are beyond it.
const MAX_WORK: u8 = 20;
/// The end of a zip, with the longest comment there can be.
const TAIL: u64 = 22 + 65_535;

/// Something to read from, in any order.
trait Source: Read + Seek + Send {}
impl<T: Read + Seek + Send> Source for T {}

/// A `.backstory` file that was opened and looked at.
pub(super) struct Archive {
    zip: ZipArchive<Box<dyn Source>>,
    sums: BTreeMap<String, String>,
    /// Its length.
    pub(super) bytes: u64,
}

impl Archive {
    pub(super) fn open(path: &Path, passphrase: Option<&Secret>) -> Result<Self> {
        let unreadable = |error: io::Error| {
            Error::new(Code::FileUnreadable, format!("{} cannot be read.", path.display()))
                .kept("Nothing was imported from it.")
                .hint("Look whether it is there, and whether you may read it.")
                .caused_by(error)
        };
        let file = File::open(path).map_err(unreadable)?;
        let metadata = file.metadata().map_err(unreadable)?;
        if !metadata.is_file() {
            return Err(damaged("it is not a file"));
        }
        let mut source = opened(BufReader::new(file), passphrase)?;
        let count = count(&mut source)?;
        if count > MAX_FILES {
            return Err(damaged(&format!("it has {count} files, more than any export")));
        }
        let zip = ZipArchive::new(source).map_err(|error| explain(&error))?;
        let mut archive = Self { zip, sums: BTreeMap::new(), bytes: metadata.len() };
        archive.inspect(count)?;
        archive.sums = sums(&archive.read_unsummed(SUMS)?)?;
        Ok(archive)
    }

    /// Refuses what no export has: files twice or in one another's place, links, folders, encrypted files, names that lead out.
    fn inspect(&mut self, count: u64) -> Result<()> {
        if self.zip.len() as u64 != count || self.zip.has_duplicate_names() {
            return Err(damaged("it has two files of one name"));
        }
        if self.zip.has_overlapping_files().map_err(|error| explain(&error))? {
            return Err(damaged("its files lie over one another"));
        }
        for place in 0..self.zip.len() {
            let file = self.zip.by_index_data(place).map_err(|error| explain(&error))?;
            let name = file.name().map_err(|error| explain(&error))?;
            if !is_plain(&name) {
                return Err(damaged("a name in it leads out of it"));
            }
            if file.is_symlink() || file.is_dir() || file.encrypted() {
                return Err(damaged("it has a link, a folder or a locked file in it"));
            }
        }
        Ok(())
    }

    /// Reads a file and compares it with its sum.
    pub(super) fn read(&mut self, name: &str) -> Result<Vec<u8>> {
        let bytes = self.read_unsummed(name)?;
        match self.sums.get(name) {
            Some(sum) if *sum == sha256(&bytes) => Ok(bytes),
            Some(_) => Err(damaged(&format!("{name} is not what its sum says"))),
            None => Err(damaged(&format!("{name} has no sum"))),
        }
    }

    fn read_unsummed(&mut self, name: &str) -> Result<Vec<u8>> {
        let file = self.zip.by_name(name).map_err(|error| match error {
            ZipError::FileNotFound => damaged(&format!("{name} is missing")),
            error => explain(&error),
        })?;
        let size = file.size();
        if size > MAX_FILE {
            return Err(damaged(&format!("{name} is larger than anything in an export")));
        }
        let mut bytes = Vec::new();
        // What it says of its length is not believed before it was read: memory grows with what is there.
        file.take(size + 1).read_to_end(&mut bytes).map_err(|error| explain(&ZipError::Io(error)))?;
        if bytes.len() as u64 != size {
            return Err(damaged(&format!("{name} is not as long as it says")));
        }
        Ok(bytes)
    }

    /// The names it has a sum for.
    pub(super) fn names(&self) -> impl Iterator<Item = &String> {
        self.sums.keys()
    }
}

/// What is in an encrypted file, or the file itself.
fn opened(mut file: BufReader<File>, passphrase: Option<&Secret>) -> Result<Box<dyn Source>> {
    const SEAL: &[u8] = b"age-encryption.org/";
    let mut head = [0; SEAL.len()];
    let is_sealed = file.read_exact(&mut head).is_ok() && head == SEAL;
    file.rewind().map_err(|error| explain(&ZipError::Io(error)))?;
    if !is_sealed {
        return Ok(Box::new(file));
    }
    let Some(passphrase) = passphrase else {
        return Err(Error::new(Code::PassphraseNeeded, "This export is encrypted.")
            .kept("Nothing was imported from it.")
            .hint("Give the passphrase it was made with (`--decrypt` on the command line)."));
    };
    let mut identity =
        age::scrypt::Identity::new(age::secrecy::SecretString::from(passphrase.reveal().to_owned()));
    identity.set_max_work_factor(MAX_WORK);
    let wrong = |error: age::DecryptError| match error {
        age::DecryptError::NoMatchingKeys | age::DecryptError::DecryptionFailed => {
            Error::new(Code::PassphraseWrong, "This passphrase does not open the export.")
                .kept("Nothing was imported from it.")
                .hint("Type it as it was when the export was made; capitals and spaces count.")
        }
        other => damaged("it is not encrypted as an export is").caused_by(other),
    };
    let decryptor = age::Decryptor::new(file).map_err(wrong)?;
    let reader = decryptor.decrypt(std::iter::once(&identity as &dyn age::Identity)).map_err(wrong)?;
    Ok(Box::new(reader))
}

/// How many files the zip says it has, before any of them is looked at.
fn count(source: &mut Box<dyn Source>) -> Result<u64> {
    let unreadable = |error: io::Error| explain(&ZipError::Io(error));
    let length = source.seek(SeekFrom::End(0)).map_err(unreadable)?;
    let start = length.saturating_sub(TAIL);
    source.seek(SeekFrom::Start(start)).map_err(unreadable)?;
    let mut tail = Vec::new();
    source.take(TAIL).read_to_end(&mut tail).map_err(unreadable)?;
    let end = tail.windows(4).rposition(|four| four == b"PK\x05\x06");
    let record = end.and_then(|end| tail.get(end..end + 22));
    let (Some(end), Some(record)) = (end, record) else {
        return Err(damaged("it ends too early, or is no export"));
    };
    let few = u64::from(u16::from_le_bytes([record[10], record[11]]));
    if few != 0xFFFF {
        return Ok(few);
    }
    // More than 16 bits can count: the record before says how many.
    let mut many = || -> Option<u64> {
        let locator = tail.get(end.checked_sub(20)?..end)?;
        let at = u64::from_le_bytes(locator.get(8..16)?.try_into().ok()?);
        source.seek(SeekFrom::Start(at)).ok()?;
        let mut record = [0; 56];
        source.read_exact(&mut record).ok()?;
        (locator.starts_with(b"PK\x06\x07") && record.starts_with(b"PK\x06\x06"))
            .then(|| u64::from_le_bytes(record[32..40].try_into().unwrap_or_default()))
    };
    many().ok_or_else(|| damaged("it does not say how many files it has"))
}

/// Whether a name stays where it is: words between single slashes, none of them dots alone.
fn is_plain(name: &str) -> bool {
    name.len() <= 512
        && !name.contains(['\\', ':', '\0'])
        && name.split('/').all(|word| !word.is_empty() && word != "." && word != "..")
}

/// `<sum>  <name>`, a line each.
fn sums(text: &[u8]) -> Result<BTreeMap<String, String>> {
    let text = std::str::from_utf8(text).map_err(|_| damaged("its sums are not text"))?;
    let line = |line: &str| {
        let (sum, name) = line.split_once("  ")?;
        (sum.len() == 64).then(|| (name.to_owned(), sum.to_owned()))
    };
    text.lines().map(line).collect::<Option<_>>().ok_or_else(|| damaged("its sums are not a list of sums"))
}

fn explain(error: &ZipError) -> Error {
    damaged("it is not a whole zip").caused_by(io::Error::other(error.to_string()))
}

/// What is said of a file that is no export as Backstory makes it.
pub(super) fn damaged(why: &str) -> Error {
    Error::new(Code::StoreDamaged, format!("This export is damaged, or was changed: {why}."))
        .kept("Nothing was imported from what is damaged.")
        .hint("Use another copy of it. An unzip program shows what can still be read.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_nowhere() {
        for name in ["manifest.json", "characters/ddb-1/documents/v000001.json"] {
            assert!(is_plain(name), "{name}");
        }
        for name in
            ["", "/etc/passwd", "../up", "a/../b", "a//b", "a/", "C:\\a", "c:a", "a\\b", "a\0b", "./a"]
        {
            assert!(!is_plain(name), "{name:?}");
        }
    }
}
