//! The page in the window: its npm packages and its build, each only when something has changed.

use std::{
    fs,
    path::Path,
    time::{Duration, SystemTime},
};

use crate::process::{Outcome, npm, run};

/// Installs the packages of `package-lock.json`, unless the last installation was of the same.
pub(crate) fn install() -> Outcome {
    let wanted = fs::read("ui/package-lock.json").map_err(|e| format!("ui/package-lock.json: {e}"))?;
    let installed = Path::new("ui/node_modules/.installed-package-lock.json");
    if fs::read(installed).is_ok_and(|there| there == wanted) {
        return Ok(());
    }
    run(&mut npm(&["ci", "--no-audit", "--no-fund"]))?;
    fs::write(installed, wanted).map_err(|e| format!("{}: {e}", installed.display()))
}

/// Builds `ui/dist`, unless it is newer than everything it is made of.
pub(crate) fn build() -> Outcome {
    let built = fs::metadata("ui/dist/index.html").and_then(|file| file.modified());
    let changed = newest(Path::new("ui"));
    if built.is_ok_and(|built| changed <= built) {
        return Ok(());
    }
    run(&mut npm(&["run", "build"]))
}

/// When the newest file in this folder was changed, without what is made or installed.
fn newest(folder: &Path) -> SystemTime {
    let mut newest = SystemTime::UNIX_EPOCH;
    let Ok(entries) = fs::read_dir(folder) else { return newest };
    for entry in entries.flatten() {
        let name = entry.file_name();
        if name.to_str().is_some_and(|name| name == "node_modules" || name.starts_with("dist")) {
            continue;
        }
        let Ok(about) = entry.metadata() else { continue };
        let changed =
            if about.is_dir() { newest_in(&entry.path()) } else { about.modified().unwrap_or(newest) };
        newest = newest.max(changed);
    }
    newest
}

/// A folder's own date too: it is what shows that a file was taken away.
fn newest_in(folder: &Path) -> SystemTime {
    let own = fs::metadata(folder).and_then(|about| about.modified()).unwrap_or(SystemTime::UNIX_EPOCH);
    // Programs that leave and remove temporary files touch the date without changing anything that matters.
    own.checked_sub(Duration::from_secs(1)).unwrap_or(own).max(newest(folder))
}
