//! All or nothing: with every operation failing, with the process dying at every one, and with the power going at every one.

use std::{collections::BTreeMap, fs, io, path::Path, process::Command};

use super::{
    super::faults::{Fault, Step},
    *,
};

const OLD: [(&str, &str); 5] = [
    ("characters/ddb-1/metadata.json", "old record"),
    ("characters/ddb-1/versions/v000001.json.zst", "a version"),
    ("characters/ddb-2/metadata.json", "somebody who goes"),
    ("characters/ddb-2/latest.json", "the document that goes"),
    ("metadata.json", "old head"),
];

const NEW: [(&str, &str); 5] = [
    ("characters/ddb-1/metadata.json", "a new and longer record"),
    ("characters/ddb-1/versions/v000001.json.zst", "a version"),
    ("characters/ddb-1/versions/v000002.delta.zst", "the second"),
    ("characters/ddb-3/versions/v000001.json.zst", "somebody new"),
    ("metadata.json", "new head"),
];

/// A folder in the old state.
fn old_folder() -> (tempfile::TempDir, Disk) {
    let folder = tempfile::tempdir().unwrap();
    for (place, text) in OLD {
        let path = folder.path().join(place);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    fs::create_dir(folder.path().join(TEMP)).unwrap();
    let disk = Disk::new(folder.path());
    (folder, disk)
}

/// The change from the old state to the new one.
fn change() -> Change {
    let mut change = Change::default();
    for (place, text) in NEW {
        if !OLD.contains(&(place, text)) {
            change.put(place.to_owned(), text.as_bytes().to_vec());
        }
    }
    change.remove("characters/ddb-2/metadata.json".to_owned());
    change.remove("characters/ddb-2/latest.json".to_owned());
    change.remove_folder("characters/ddb-2".to_owned());
    change
}

fn files(root: &Path, below: &str, found: &mut BTreeMap<String, String>) {
    for entry in fs::read_dir(root.join(below)).unwrap() {
        let entry = entry.unwrap();
        let place = super::super::disk::join(below, entry.file_name().to_str().unwrap());
        if entry.file_type().unwrap().is_dir() {
            files(root, &place, found);
        } else {
            found.insert(place, fs::read_to_string(entry.path()).unwrap());
        }
    }
}

fn state(state: &[(&str, &str)]) -> BTreeMap<String, String> {
    state.iter().map(|&(place, text)| (place.to_owned(), text.to_owned())).collect()
}

/// What somebody sees who only reads.
fn seen(disk: &Disk) -> BTreeMap<String, String> {
    let view = View::open(disk).unwrap();
    let places = OLD.into_iter().chain(NEW).map(|(place, _)| place);
    let read = |place: &str| view.read(place).unwrap().map(|bytes| String::from_utf8(bytes).unwrap());
    places.filter_map(|place| Some((place.to_owned(), read(place)?))).collect()
}

/// Opens the folder as the next writer does, and says whether the change happened. It did for readers too, or for nobody.
fn recover(root: &Path) -> bool {
    let disk = Disk::new(root);
    let before = seen(&disk);
    replay(&disk).unwrap();
    replay(&disk).unwrap();
    tidy(&disk).unwrap();
    let mut after = BTreeMap::new();
    files(root, "", &mut after);
    assert_eq!(before, after);
    assert!(after == state(&OLD) || after == state(&NEW), "{after:?}");
    after == state(&NEW)
}

#[test]
fn a_change_happens() {
    let (folder, disk) = old_folder();
    assert_eq!(change().commit(&disk, 7).unwrap(), Done::Whole);
    assert!(recover(folder.path()));
    assert!(!folder.path().join("characters/ddb-2").exists());
}

#[test]
fn whatever_fails_it_happens_or_it_does_not() {
    let mut seen = [0, 0];
    for kind in [io::ErrorKind::StorageFull, io::ErrorKind::PermissionDenied, io::ErrorKind::Other] {
        for step in 0.. {
            let (folder, disk) = old_folder();
            disk.faults.after(step, Fault::Fails(kind));
            let result = change().commit(&disk, 7);
            if !disk.faults.clear() {
                break;
            }
            let expected = match kind {
                io::ErrorKind::StorageFull => Code::StorageFull,
                io::ErrorKind::PermissionDenied => Code::StoreReadOnly,
                _ => Code::StorageFailed,
            };
            match &result {
                Ok(_) => seen[1] += 1,
                Err(error) => {
                    seen[0] += 1;
                    assert_eq!(error.code, expected, "{step}");
                    assert!(error.kept.is_some() && error.hint.is_some());
                    assert_eq!(fs::read_dir(folder.path().join(TEMP)).unwrap().count(), 0, "{step}");
                }
            }
            assert_eq!(recover(folder.path()), result.is_ok(), "{step}");
        }
    }
    assert!(seen[0] > 30 && seen[1] > 30, "{seen:?}");
}

#[test]
fn whenever_it_dies_it_happens_or_it_does_not() {
    let mut outcomes = Vec::new();
    for step in 0.. {
        let (folder, disk) = old_folder();
        disk.faults.after(step, Fault::Dies);
        let acknowledged = change().commit(&disk, 7).is_ok();
        let died = disk.faults.clear();
        // The recovery dies too, at every one of its steps.
        for again in 0.. {
            let disk = Disk::new(folder.path());
            disk.faults.after(again, Fault::Dies);
            let recovered = replay(&disk).is_ok();
            if !disk.faults.clear() {
                assert!(recovered);
                break;
            }
        }
        let happened = recover(folder.path());
        assert!(happened || !acknowledged, "{step}");
        outcomes.push(happened);
        if !died {
            break;
        }
    }
    // First it never happens, from some step on it always does.
    assert!(outcomes.is_sorted() && outcomes.contains(&false) && outcomes.contains(&true), "{outcomes:?}");
}

/// The process that [`a_killed_process_leaves_all_or_nothing`] starts. On its own it does nothing.
#[test]
fn process_that_dies() {
    let (Ok(folder), Ok(step)) =
        (std::env::var("BACKSTORY_TEST_FOLDER"), std::env::var("BACKSTORY_TEST_STEP"))
    else {
        return;
    };
    let disk = Disk::new(Path::new(&folder));
    disk.faults.after(step.parse().unwrap(), Fault::Aborts);
    change().commit(&disk, 7).unwrap();
}

#[test]
fn a_killed_process_leaves_all_or_nothing() {
    let mut outcomes = Vec::new();
    for step in 0.. {
        let (folder, _) = old_folder();
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["folder::journal::tests::process_that_dies", "--exact", "--quiet"])
            .env("BACKSTORY_TEST_FOLDER", folder.path())
            .env("BACKSTORY_TEST_STEP", step.to_string())
            .output()
            .unwrap();
        outcomes.push(recover(folder.path()));
        if child.status.success() {
            break;
        }
    }
    assert!(outcomes.len() > 20 && outcomes.is_sorted() && outcomes.last() == Some(&true), "{outcomes:?}");
}

#[test]
fn a_journal_that_is_not_ours_is_not_followed() {
    for (from, to) in [("temp/1-0.staged", "../outside"), ("characters/ddb-1/metadata.json", "metadata.json")]
    {
        let (folder, disk) = old_folder();
        let checksum = blake3::hash(b"x").to_hex().to_string();
        let moves = vec![Move { from: from.to_owned(), to: to.to_owned(), checksum }];
        let journal = sealed::seal(&Journal { revision: 9, moves, ..Journal::default() }).unwrap();
        fs::write(folder.path().join(JOURNAL), journal).unwrap();
        assert_eq!(replay(&disk).unwrap_err().code, Code::StoreDamaged);
        assert_eq!(seen(&disk), state(&OLD));
    }
}

#[cfg(unix)]
#[test]
fn links_are_not_followed() {
    let (folder, disk) = old_folder();
    let outside = tempfile::tempdir().unwrap();
    fs::remove_dir_all(folder.path().join("characters/ddb-1")).unwrap();
    std::os::unix::fs::symlink(outside.path(), folder.path().join("characters/ddb-1")).unwrap();
    fs::write(outside.path().join("metadata.json"), "a secret").unwrap();
    assert_eq!(disk.read("characters/ddb-1/metadata.json").unwrap_err().code, Code::StoreDamaged);
    assert_eq!(change().commit(&disk, 7).unwrap(), Done::Later, "it cannot be completed, and says so");
    assert_eq!(replay(&disk).unwrap_err().code, Code::StoreDamaged);
    assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 1);
    assert_eq!(fs::read_to_string(outside.path().join("metadata.json")).unwrap(), "a secret");
}

/// A disk whose power goes: what it was not told to keep may be there or not. A file that moves is in one place or the other.
#[derive(Default)]
struct Power {
    /// Bytes of each file ever made, and whether they are kept.
    files: Vec<(Vec<u8>, bool)>,
    names: BTreeMap<String, usize>,
    /// The names that are kept, and what happened to names since.
    kept: BTreeMap<String, usize>,
    since: Vec<Naming>,
}

/// Something that happens to names.
#[derive(Clone)]
enum Naming {
    Create(String, usize),
    Move(String, String),
    /// And the folder that must be kept for it to be kept.
    Remove(String, String),
}

impl Naming {
    fn is_in(&self, folder: &str) -> bool {
        match self {
            Self::Create(place, _) => parent(place) == folder,
            Self::Remove(_, of) => of == folder,
            Self::Move(from, to) => parent(from) == folder || parent(to) == folder,
        }
    }

    fn apply(&self, names: &mut BTreeMap<String, usize>) {
        match self {
            Self::Create(place, file) => drop(names.insert(place.clone(), *file)),
            Self::Remove(place, _) => drop(names.remove(place)),
            Self::Move(from, to) => {
                if let Some(file) = names.remove(from) {
                    names.insert(to.clone(), file);
                }
            }
        }
    }
}

impl Power {
    fn new() -> Self {
        let mut power = Self::default();
        for (place, text) in OLD {
            power.files.push((text.as_bytes().to_vec(), true));
            power.names.insert(place.to_owned(), power.files.len() - 1);
        }
        Self { kept: power.names.clone(), ..power }
    }

    fn take(&mut self, step: &Step) {
        let place = step.place.clone();
        let naming = match step.what {
            "create" => {
                self.files.push((Vec::new(), false));
                Naming::Create(place, self.files.len() - 1)
            }
            "rename" => Naming::Move(place, String::from_utf8(step.with.clone().unwrap()).unwrap()),
            "remove" => Naming::Remove(place.clone(), parent(&place).to_owned()),
            // What was in a folder goes with it.
            "remove folder" => {
                for naming in &mut self.since {
                    if let Naming::Remove(_, of) = naming
                        && *of == place
                    {
                        *of = parent(&place).to_owned();
                    }
                }
                return;
            }
            "write" => return self.files[self.names[&place]].0 = step.with.clone().unwrap(),
            "sync" => return self.files[self.names[&place]].1 = true,
            "sync folder" => {
                let (now, later) = std::mem::take(&mut self.since).into_iter().partition(|n| n.is_in(&place));
                self.since = later;
                let now: Vec<Naming> = now;
                return now.iter().for_each(|naming| naming.apply(&mut self.kept));
            }
            _ => return,
        };
        naming.apply(&mut self.names);
        self.since.push(naming);
    }

    /// What is there after the power came back. `seed` chooses what of what was not kept is there all the same.
    fn after(&self, seed: u64) -> BTreeMap<String, Vec<u8>> {
        let mut random = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let mut chance = || {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            random >> 63 == 1
        };
        let mut names = self.kept.clone();
        for naming in &self.since {
            if seed == 1 || (seed > 1 && chance()) {
                naming.apply(&mut names);
            }
        }
        let bytes = |file: usize| if self.files[file].1 { self.files[file].0.clone() } else { Vec::new() };
        names.into_iter().map(|(place, file)| (place, bytes(file))).collect()
    }
}

#[test]
fn whenever_the_power_goes_it_happens_or_it_does_not() {
    let (_folder, disk) = old_folder();
    disk.faults.record();
    change().commit(&disk, 7).unwrap();
    let steps = disk.faults.recorded();
    let mut power = Power::new();
    let mut states = BTreeSet::new();
    for count in 0..=steps.len() {
        for state in (0..40).map(|seed| power.after(seed)) {
            if count < steps.len() && !states.insert(state.clone()) {
                continue;
            }
            let folder = tempfile::tempdir().unwrap();
            fs::create_dir(folder.path().join(TEMP)).unwrap();
            for (place, bytes) in state {
                let path = folder.path().join(place);
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, bytes).unwrap();
            }
            let happened = recover(folder.path());
            assert!(happened || count < steps.len(), "an acknowledged change was lost");
        }
        if let Some(step) = steps.get(count) {
            power.take(step);
        }
    }
    assert!(states.len() > 50, "{}", states.len());
}
