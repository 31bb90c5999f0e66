//! The computer around a library: room on its disk, memory, the battery.

use std::{fs, path::Path};

use backstory_core::{alerts::Share, api::health::Machine, storage::StorageInfo};

/// What is known of this computer, with the disk of a library that lies on it. Waits for the disk.
pub fn look(library: Option<&StorageInfo>) -> Machine {
    let is_here = |info: &&StorageInfo| ["sqlite", "folder"].contains(&info.kind.as_str());
    let place = library.filter(is_here).map(|info| Path::new(&info.location));
    Machine {
        disk: place.and_then(disk),
        memory: memory(),
        on_battery: on_battery(Path::new("/sys/class/power_supply")),
    }
}

/// Free room on the disk that a path lies on, for whoever is no administrator.
#[cfg(unix)]
fn disk(path: &Path) -> Option<Share> {
    let there = path.ancestors().find(|path| path.exists())?;
    let found =
        rustix::fs::statvfs(if there.as_os_str().is_empty() { Path::new(".") } else { there }).ok()?;
    // What is kept for administrators is nobody's room: as `df` counts.
    let used = found.f_blocks.saturating_sub(found.f_bfree);
    let whole = used.saturating_add(found.f_bavail).saturating_mul(found.f_frsize);
    (whole > 0).then_some(Share { part: found.f_bavail.saturating_mul(found.f_frsize), whole })
}

#[cfg(not(unix))]
fn disk(_path: &Path) -> Option<Share> {
    None
}

/// Bytes of memory that this program takes, where the system tells.
fn memory() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes * 1024)
}

/// Whether the computer runs on its battery: one is being emptied, and no mains are connected.
fn on_battery(supplies: &Path) -> bool {
    let entries: Vec<_> =
        fs::read_dir(supplies).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    let says = |path: &Path, file: &str, word: &str| {
        fs::read_to_string(path.join(file)).is_ok_and(|text| text.trim() == word)
    };
    let has_mains = entries.iter().any(|path| says(path, "type", "Mains") && says(path, "online", "1"));
    // That of a mouse is nobody's mains.
    let is_emptied = |path: &Path| {
        says(path, "type", "Battery") && says(path, "status", "Discharging") && !says(path, "scope", "Device")
    };
    !has_mains && entries.iter().any(|path| is_emptied(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_battery_that_is_emptied_without_mains() {
        let supplies = |all: &[(&str, &[(&str, &str)])]| {
            let folder = tempfile::tempdir().unwrap();
            for (name, files) in all {
                fs::create_dir(folder.path().join(name)).unwrap();
                for (file, text) in *files {
                    fs::write(folder.path().join(name).join(file), format!("{text}\n")).unwrap();
                }
            }
            on_battery(folder.path())
        };
        let emptied = ("BAT0", &[("type", "Battery"), ("status", "Discharging")][..]);
        let mains = ("AC", &[("type", "Mains"), ("online", "1")][..]);
        let no_mains = ("AC", &[("type", "Mains"), ("online", "0")][..]);
        let mouse = ("hid", &[("type", "Battery"), ("status", "Discharging"), ("scope", "Device")][..]);
        let full = ("BAT0", &[("type", "Battery"), ("status", "Full")][..]);
        assert!(supplies(&[emptied]) && supplies(&[emptied, no_mains]));
        for all in [&[emptied, mains][..], &[mouse], &[full], &[]] {
            assert!(!supplies(all), "{all:?}");
        }
        assert!(!on_battery(Path::new("/nowhere")));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn this_computer_has_a_disk_and_takes_memory() {
        let folder = tempfile::tempdir().unwrap();
        let share = disk(&folder.path().join("not there yet/library.sqlite")).unwrap();
        assert!(share.part <= share.whole && share.whole > 0);
        assert!(memory().unwrap() > 1_000_000);
    }
}
