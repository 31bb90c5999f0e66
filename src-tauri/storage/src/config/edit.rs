//! Writes a value into the configuration file. What the text becomes is said in [`backstory_core::config::edited`]; here it is made
//! durable, and never at the cost of what somebody else wrote meanwhile.

use std::{
    env, fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use backstory_core::{
    config::{self, File, Origin},
    error::{Code, Error, Result},
};

use super::{Flags, Loaded, assemble, file, folders, format, read};

/// So often is begun anew when somebody else writes at the same time.
const ATTEMPTS: u32 = 10;

/// Writes a value into the configuration file as one would type it, or takes the key out, so that the default holds again. Gives
/// what holds then. A file that is not there is made in the usual place.
///
/// # Errors
/// `config_invalid` for a key that is not known, a value its key does not take, a value that a variable or a flag says, and what the
/// whole configuration does not bear; `storage_failed` and `storage_full` where the file cannot be written; `conflict` while others
/// write all the time. In all of them the file is as it was.
pub fn set(flags: &Flags, key: &str, value: Option<&str>) -> Result<Loaded> {
    for _ in 0..ATTEMPTS {
        if let Some(loaded) = attempt(flags, key, value)? {
            return Ok(loaded);
        }
    }
    let error = Error::new(Code::Conflict, "The configuration file is being changed by another program.");
    Err(error
        .kept("What that program writes stays. Your value was not written.")
        .hint("Try again in a moment."))
}

/// None where somebody else wrote meanwhile.
fn attempt(flags: &Flags, key: &str, value: Option<&str>) -> Result<Option<Loaded>> {
    let path = match file(flags.config.as_deref())? {
        Some(named) => named,
        None => usual()?,
    };
    // What is linked to is changed, and the link stays one.
    let real = fs::canonicalize(&path).unwrap_or_else(|_| path.clone());
    let Some(_held) = Held::hold(&real) else { return Ok(None) };
    let text = if real.exists() { Some(read(&path)?) } else { None };
    // One in which something is wrong may be about to be mended.
    let before = assemble(flags, text.is_some().then(|| path.clone()), text.as_deref());
    if let Ok(before) = &before {
        must_be_the_files(before, key)?;
    }
    let written = text.as_deref().unwrap_or_default();
    let shown = path.display().to_string();
    let from = File { path: &shown, text: written, format: format(&path) };
    let changed = config::edited(&from, key, value, &|name| env::var(name).ok())?;
    if changed == written {
        let before = before?;
        must_not_stand_elsewhere(&before, key, value)?;
        return Ok(Some(before));
    }
    let loaded = assemble(flags, Some(path.clone()), Some(&changed))
        .map_err(|error| error.kept("The configuration file was not changed."))?;
    let is_written = replace(&real, text.as_deref(), &changed).map_err(|error| unwritten(&path, error))?;
    Ok(is_written.then_some(loaded))
}

/// Where a file is made when there is none.
fn usual() -> Result<PathBuf> {
    let folders = folders().ok_or_else(|| {
        Error::new(
            Code::StorageFailed,
            "This account has no home folder, so there is no usual place for a configuration file.",
        )
        .hint("Name one with --config, or in the variable BACKSTORY_CONFIG.")
    })?;
    Ok(folders.config_dir().join(super::USUAL_NAMES[0]))
}

/// What a variable or a flag says goes before the file: a value in there would do nothing.
fn must_be_the_files(before: &Loaded, key: &str) -> Result<()> {
    let origin = before.config.settings.get(key).map(|setting| &setting.origin);
    let Some(Origin::Environment { name } | Origin::Flag { name }) = origin else { return Ok(()) };
    Err(Error::new(
        Code::ConfigInvalid,
        format!("`{key}` is said by {name}, which goes before the configuration file."),
    )
    .kept("The configuration file was not changed.")
    .hint(format!("Leave {name} out when Backstory starts; then the file holds."))
    .detail("key", key))
}

/// A block `storage` says some things in other words: taking them out by the usual ones would do nothing.
fn must_not_stand_elsewhere(before: &Loaded, key: &str, value: Option<&str>) -> Result<()> {
    let origin = before.config.settings.get(key).map(|setting| &setting.origin);
    match (origin, value) {
        (Some(Origin::File { line, .. }), None) => Err(Error::new(
            Code::ConfigInvalid,
            format!("`{key}` is said in other words by line {line} of the configuration file."),
        )
        .kept("The configuration file was not changed.")
        .hint("Change that line: what stands in a block `storage` is set under its own keys.")
        .detail("key", key)),
        _ => Ok(()),
    }
}

/// A file that other Backstorys wait for. Nobody waits where a system cannot hold one: then the comparison before the exchange has to
/// do, as it has to with a text editor.
struct Held(#[allow(dead_code, reason = "held, and nothing more")] Option<fs::File>);

impl Held {
    /// None where somebody exchanged it while it was waited for.
    fn hold(path: &Path) -> Option<Self> {
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt as _;
            let Ok(file) = fs::File::open(path) else { return Some(Self(None)) };
            if let Err(error) = file.lock() {
                tracing::debug!(%error, "the configuration file cannot be held");
            }
            let place = |about: fs::Metadata| (about.dev(), about.ino());
            let (here, there) = (file.metadata().map(place).ok()?, fs::metadata(path).map(place).ok()?);
            (here == there).then_some(Self(Some(file)))
        }
        #[cfg(not(unix))]
        {
            let _ = path;
            Some(Self(None))
        }
    }
}

/// Puts a text in the place of another, whole or not at all; says no where another one is there by now.
fn replace(path: &Path, before: Option<&str>, text: &str) -> io::Result<bool> {
    let folder = path.parent().ok_or(io::ErrorKind::InvalidInput)?;
    fs::create_dir_all(folder)?;
    let mut beside = tempfile::Builder::new().prefix(".config-").tempfile_in(folder)?;
    beside.write_all(text.as_bytes())?;
    if before.is_some() {
        let permissions = fs::metadata(path)?.permissions();
        if permissions.readonly() {
            return Err(io::ErrorKind::PermissionDenied.into());
        }
        beside.as_file().set_permissions(permissions)?;
    }
    beside.as_file().sync_all()?;
    match before {
        Some(before) => {
            if fs::read(path)? != before.as_bytes() {
                return Ok(false);
            }
            beside.persist(path).map_err(|error| error.error)?;
        }
        None => match beside.persist_noclobber(path) {
            Ok(_) => {}
            Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => return Ok(false),
            Err(error) => return Err(error.error),
        },
    }
    #[cfg(unix)]
    fs::File::open(folder)?.sync_all()?;
    Ok(true)
}

fn unwritten(path: &Path, error: io::Error) -> Error {
    let (code, why, hint) = match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            (Code::StorageFull, "there is no room left on the disk".to_owned(), "Make room, then try again.")
        }
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => (
            Code::StorageFailed,
            "this account may not write there".to_owned(),
            "Look who may write to the file and its folder. Where another program makes the file, change it there.",
        ),
        _ => (Code::StorageFailed, error.to_string(), "Look whether the disk is well, then try again."),
    };
    Error::new(code, format!("The configuration file {} cannot be written: {why}.", path.display()))
        .kept("It is as it was.")
        .hint(hint)
        .caused_by(error)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test stops where it stands")]
mod tests {
    use super::*;

    fn at(folder: &tempfile::TempDir, name: &str) -> (PathBuf, Flags) {
        let path = folder.path().join(name);
        (path.clone(), Flags { config: Some(path), ..Flags::default() })
    }

    fn names(folder: &Path) -> Vec<String> {
        let name = |entry: io::Result<fs::DirEntry>| entry.unwrap().file_name().into_string().unwrap();
        fs::read_dir(folder).unwrap().map(name).collect()
    }

    #[test]
    fn a_value_holds_once_it_is_written_and_the_default_once_it_is_taken_out() {
        let folder = tempfile::tempdir().unwrap();
        let (path, flags) = at(&folder, "config.toml");
        fs::write(&path, "# mine\n[alerts]\ndenied = 3 # few\n").unwrap();
        assert_eq!(set(&flags, "alerts.slow_ms", Some("500")).unwrap().config.alerts.slow_ms, 500);
        assert_eq!(super::super::load(&flags).unwrap().config.alerts.slow_ms, 500);
        assert_eq!(fs::read_to_string(&path).unwrap(), "# mine\n[alerts]\ndenied = 3 # few\nslow_ms = 500\n");
        assert_eq!(set(&flags, "alerts.slow_ms", None).unwrap().config.alerts.slow_ms, 1000);
        assert_eq!(fs::read_to_string(&path).unwrap(), "# mine\n[alerts]\ndenied = 3 # few\n");
        assert_eq!(names(folder.path()), ["config.toml"], "nothing is left beside it");
    }

    #[test]
    fn what_the_whole_does_not_bear_is_not_written() {
        let folder = tempfile::tempdir().unwrap();
        let (path, flags) = at(&folder, "config.yaml");
        let text = "storage:\n  backend: database_postgres\n  dsn: postgres://here/db\n  pool_size: 5\n";
        fs::write(&path, text).unwrap();
        for (key, value) in [
            ("cache.backend", Some("redis")),
            ("libraries.home.pool.size", Some("7")),
            ("libraries.home.pool.size", None),
            ("storage.dsn", None),
        ] {
            let error = set(&flags, key, value).unwrap_err();
            assert_eq!(error.code, Code::ConfigInvalid, "{key}");
            assert!(error.kept.is_some() && error.hint.is_some(), "{key}");
            assert_eq!(fs::read_to_string(&path).unwrap(), text, "{key}");
        }
    }

    #[test]
    fn a_file_with_a_wrong_value_can_be_mended() {
        let folder = tempfile::tempdir().unwrap();
        let (path, flags) = at(&folder, "config.toml");
        fs::write(&path, "[alerts]\nslow_ms = 0\n").unwrap();
        assert!(super::super::load(&flags).is_err());
        assert_eq!(set(&flags, "alerts.slow_ms", Some("5")).unwrap().config.alerts.slow_ms, 5);
    }

    #[test]
    fn many_who_write_at_the_same_time_lose_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let (path, flags) = at(&folder, "config.toml");
        fs::write(&path, "").unwrap();
        let keys = ["denied", "silent_days", "slow_ms", "error_percent", "disk_percent", "hit_percent"];
        std::thread::scope(|scope| {
            for key in keys {
                let flags = &flags;
                scope.spawn(move || {
                    for value in 1..=8 {
                        // Who came too often too late asks again, as a person would.
                        while let Err(error) = set(flags, &format!("alerts.{key}"), Some(&value.to_string()))
                        {
                            assert_eq!(error.code, Code::Conflict, "{error:?}");
                        }
                    }
                });
            }
        });
        let text = fs::read_to_string(&path).unwrap();
        for key in keys {
            assert!(text.contains(&format!("{key} = 8\n")), "{key}: {text}");
        }
    }

    #[test]
    fn what_an_editor_wrote_meanwhile_stays() {
        let folder = tempfile::tempdir().unwrap();
        let (path, _) = at(&folder, "config.toml");
        fs::write(&path, "# theirs\n").unwrap();
        assert!(!replace(&path, Some("# before\n"), "# ours\n").unwrap());
        assert!(!replace(&path, None, "# ours\n").unwrap());
        assert_eq!(fs::read_to_string(&path).unwrap(), "# theirs\n");
        assert_eq!(names(folder.path()), ["config.toml"]);
    }

    #[cfg(unix)]
    #[test]
    fn links_stay_links_and_nobody_else_may_read_what_they_could_not() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let (path, flags) = at(&folder, "config.toml");
        let real = folder.path().join("real.toml");
        fs::write(&real, "").unwrap();
        fs::set_permissions(&real, fs::Permissions::from_mode(0o640)).unwrap();
        std::os::unix::fs::symlink(&real, &path).unwrap();
        set(&flags, "alerts.notify", Some("true")).unwrap();
        assert!(fs::symlink_metadata(&path).unwrap().is_symlink());
        assert_eq!(fs::read_to_string(&real).unwrap(), "[alerts]\nnotify = true\n");
        assert_eq!(fs::metadata(&real).unwrap().permissions().mode() & 0o777, 0o640);
        fs::set_permissions(&real, fs::Permissions::from_mode(0o440)).unwrap();
        let error = set(&flags, "alerts.notify", Some("false")).unwrap_err();
        assert_eq!(error.code, Code::StorageFailed);
        assert_eq!(fs::read_to_string(&real).unwrap(), "[alerts]\nnotify = true\n");
    }
}
