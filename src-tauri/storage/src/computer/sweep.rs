//! The last look: every file is read, byte for byte, for what must not be there.

use std::{
    fs::{self, File},
    io::{self, Read},
    path::{Path, PathBuf},
};

use backstory_core::privacy::erase::Sweep;

/// So many bytes are read at a time.
const CHUNK: usize = 1 << 20;
/// Nothing shorter is looked for: needles are told apart by so many of their first bytes.
const HEAD: usize = 8;
/// The filter before the list: a bit for what a head's hash ends in.
const FILTER_BITS: u32 = 22;

/// What a sweep found.
#[derive(Debug, Default)]
pub(super) struct Swept {
    pub(super) sweep: Sweep,
    pub(super) found_in: Vec<PathBuf>,
}

/// Reads everything below these paths, but for some. A file that goes meanwhile is gone.
pub(super) fn run(
    roots: &[PathBuf],
    except: &[PathBuf],
    needles: Vec<Vec<u8>>,
) -> Result<Swept, (PathBuf, io::Error)> {
    let needles = Needles::new(needles);
    let mut swept = Swept::default();
    swept.sweep.searched = needles.sorted.len() as u64;
    let mut waiting = roots.to_vec();
    while let Some(path) = waiting.pop() {
        let looked = look(&path, except, &needles, &mut waiting, &mut swept);
        match looked {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err((path, error)),
            _ => {}
        }
    }
    Ok(swept)
}

fn look(
    path: &Path,
    except: &[PathBuf],
    needles: &Needles,
    waiting: &mut Vec<PathBuf>,
    swept: &mut Swept,
) -> io::Result<()> {
    if except.iter().any(|other| other == path) {
        return Ok(());
    }
    let about = fs::symlink_metadata(path)?;
    if about.is_dir() {
        for entry in fs::read_dir(path)? {
            waiting.push(entry?.path());
        }
        return Ok(());
    }
    if !about.is_file() {
        return Ok(());
    }
    let (bytes, found) = needles.within(&mut File::open(path)?)?;
    swept.sweep.files += 1;
    swept.sweep.bytes += bytes;
    swept.sweep.traces += found;
    if found > 0 {
        swept.found_in.push(path.to_owned());
    }
    Ok(())
}

/// Byte strings to be found in files.
struct Needles {
    /// By their first bytes.
    sorted: Vec<Vec<u8>>,
    longest: usize,
    filter: Vec<u64>,
}

impl Needles {
    fn new(mut needles: Vec<Vec<u8>>) -> Self {
        needles.retain(|needle| needle.len() >= HEAD);
        needles.sort_unstable();
        needles.dedup();
        let mut filter = vec![0_u64; 1 << (FILTER_BITS - 6)];
        for needle in &needles {
            let (word, bit) = place(needle);
            filter[word] |= bit;
        }
        let longest = needles.iter().map(Vec::len).max().unwrap_or(HEAD);
        Self { sorted: needles, longest, filter }
    }

    /// How many bytes there are, and how often one of the needles stands among them.
    fn within(&self, file: &mut impl Read) -> io::Result<(u64, u64)> {
        let (mut all, mut found) = (0, 0);
        // The end of a part is read again with the next: a needle may stand across both.
        let mut part: Vec<u8> = Vec::with_capacity(CHUNK + self.longest);
        loop {
            let kept = part.len();
            let read = file.by_ref().take(CHUNK as u64).read_to_end(&mut part)?;
            all += read as u64;
            let is_last = read == 0;
            let starts = if is_last { part.len() } else { part.len().saturating_sub(self.longest) };
            found += self.starting_before(&part, starts);
            if is_last {
                return Ok((all, found));
            }
            part.drain(..starts);
            debug_assert!(part.len() <= self.longest && kept <= self.longest);
        }
    }

    fn starting_before(&self, part: &[u8], end: usize) -> u64 {
        let heads = part.windows(HEAD).take(end).enumerate();
        let hits = heads.filter(|(_, head)| {
            let (word, bit) = place(head);
            self.filter[word] & bit != 0
        });
        hits.filter(|(at, _)| self.is_one(&part[*at..])).count() as u64
    }

    /// Whether a needle stands right here.
    fn is_one(&self, here: &[u8]) -> bool {
        let from = self.sorted.partition_point(|needle| needle[..HEAD] < here[..HEAD]);
        let same = self.sorted[from..].iter().take_while(|needle| needle[..HEAD] == here[..HEAD]);
        same.into_iter().any(|needle| here.starts_with(needle))
    }
}

/// Which bit of the filter the first bytes set.
fn place(head: &[u8]) -> (usize, u64) {
    let mut bytes = [0; HEAD];
    bytes.copy_from_slice(&head[..HEAD]);
    let hash = u64::from_le_bytes(bytes).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (64 - FILTER_BITS);
    ((hash >> 6) as usize, 1 << (hash & 63))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_found_is_what_a_plain_search_finds(
            text in proptest::collection::vec(0_u8..3, 0..200),
            needles in proptest::collection::vec(proptest::collection::vec(0_u8..3, 8..12), 0..5),
        ) {
            let wanted = Needles::new(needles);
            let plain = (0..text.len())
                .filter(|&at| wanted.sorted.iter().any(|needle| text[at..].starts_with(needle)))
                .count() as u64;
            prop_assert_eq!(wanted.within(&mut text.as_slice()).unwrap(), (text.len() as u64, plain));
        }
    }

    #[test]
    fn a_needle_across_two_parts_is_found_once() {
        for before in [0, CHUNK - 9, CHUNK - 5, CHUNK - 1, CHUNK, 2 * CHUNK - 3] {
            let mut text = vec![b'.'; before];
            text.extend(b"Ilarion Veles");
            text.extend(vec![b'.'; CHUNK]);
            let needles = Needles::new(vec![b"Ilarion Veles".to_vec(), b"short".to_vec()]);
            assert_eq!(needles.within(&mut text.as_slice()).unwrap().1, 1, "{before}");
        }
    }

    #[test]
    fn folders_are_read_and_one_file_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str| folder.path().join(name);
        fs::create_dir(file("deep")).unwrap();
        for name in ["deep/a", "b", "except"] {
            fs::write(file(name), "here: Ilarion Veles").unwrap();
        }
        let swept =
            run(&[folder.path().to_owned()], &[file("except")], vec![b"Ilarion Veles".to_vec()]).unwrap();
        let Sweep { files, traces, searched, .. } = swept.sweep;
        assert_eq!((files, traces, searched, swept.found_in.len()), (2, 2, 1, 2));
        assert_eq!(run(&[file("gone")], &[file("except")], Vec::new()).unwrap().sweep.files, 0);
    }
}
