//! Reads the configuration from where it lies: the file, the environment, the platform's folders. What it means is in
//! [`backstory_core::config`]. The command line and the window open their library through here, so both open the same.

mod edit;

use std::{
    env,
    path::{Path, PathBuf},
    sync::Arc,
};

use backstory_core::{
    config::{Address, Config, Environment, File, Format, Layers, LibraryConfig, Origin, Value},
    encryption::Unlock,
    error::{Code, Error, Result},
    storage::{CharacterStorage, Encoding, Secret, StorageFactory, StoreOptions},
};
use directories::ProjectDirs;

pub use self::edit::set;
use crate::open::{self, Stores};

/// Names the library to open: a name, a path or an address.
pub const LIBRARY_VARIABLE: &str = "BACKSTORY_LIBRARY";
/// Names the configuration file.
pub const CONFIG_VARIABLE: &str = "BACKSTORY_CONFIG";
/// What a configuration file in the usual place is called.
const USUAL_NAMES: [&str; 3] = ["config.toml", "config.yaml", "config.yml"];
/// No configuration is longer; what is, is another file.
const MAX_FILE: u64 = 1 << 20;

/// What was said on the command line.
#[derive(Debug, Clone, Default)]
pub struct Flags {
    /// `--library`, hidden from `Debug` as far as it is secret.
    pub library: Option<Address>,
    /// `--config`.
    pub config: Option<PathBuf>,
    /// What opens the library where it is encrypted.
    pub unlock: Option<Secret>,
}

/// The configuration as it is on this machine.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// What holds.
    pub config: Config,
    /// The file that was read, if any.
    pub file: Option<PathBuf>,
}

/// The library that is to be opened.
#[derive(Debug, Clone)]
pub struct Chosen {
    /// Its name; none where it is known by its address only.
    pub name: Option<String>,
    /// How it is opened.
    pub library: LibraryConfig,
}

/// Reads the configuration.
///
/// # Errors
/// `file_unreadable` for a file that was named and cannot be read, `config_invalid` for what is wrong in it or in a
/// variable.
pub fn load(flags: &Flags) -> Result<Loaded> {
    let file = file(flags.config.as_deref())?;
    let text = file.as_deref().map(read).transpose()?;
    assemble(flags, file, text.as_deref())
}

/// How a file is written, by its name.
fn format(file: &Path) -> Format {
    match file.extension() {
        Some(ending) if ending.eq_ignore_ascii_case("yaml") || ending.eq_ignore_ascii_case("yml") => {
            Format::Yaml
        }
        _ => Format::Toml,
    }
}

/// The configuration with this text in its file.
fn assemble(flags: &Flags, file: Option<PathBuf>, text: Option<&str>) -> Result<Loaded> {
    let path = file.as_ref().map(|file| file.display().to_string()).unwrap_or_default();
    let format = file.as_deref().map_or(Format::Toml, format);
    let mut names: Vec<String> = env::vars_os().filter_map(|(name, _)| name.into_string().ok()).collect();
    names.sort_unstable();
    let mut config = Config::read(Layers {
        home: usual_library(),
        file: text.map(|text| File { path: &path, text, format }),
        environment: Environment { names, lookup: &|name| env::var(name).ok() },
        library: flags.library.as_ref().map(|library| library.reveal().to_owned()),
    })?;
    if let Some(folder) = file.as_deref().and_then(Path::parent) {
        from_folder(&mut config, folder);
    }
    Ok(Loaded { config, file })
}

/// The library that the configuration says is to be opened.
///
/// # Errors
/// `invalid_argument` for what is neither the name of a library nor an address, with those there are; what keeps the
/// library from being opened, where it is known.
pub fn chosen(config: &Config) -> Result<Chosen> {
    let text = config.library.reveal();
    if let Some(library) = config.named(text) {
        return Ok(Chosen { name: Some(text.to_owned()), library: library?.clone() });
    }
    if open::kind(&config.library).is_err() && !text.contains([':', '/', '\\', '.']) {
        return Err(config.unknown(open::KINDS));
    }
    Ok(Chosen { name: None, library: config.unnamed(config.library.clone()) })
}

/// Opens the library that the command line, the environment and the configuration file say, in this order.
///
/// # Errors
/// As [`load`], [`chosen`] and [`StorageFactory::open_with`].
pub async fn open_library(stores: &Stores, flags: &Flags) -> Result<Arc<dyn CharacterStorage>> {
    let library = chosen(&load(flags)?.config)?.library;
    open::kind(&library.address)?;
    let unlock = Unlock { words: flags.unlock.clone(), keychain: None };
    stores.open_with(library.address.reveal(), &StoreOptions { unlock, ..library.options() }).await
}

/// How the documents of that library are to be kept, where somebody said so.
///
/// # Errors
/// As [`load`] and [`chosen`].
pub fn encoding(flags: &Flags) -> Result<Option<Encoding>> {
    Ok(chosen(&load(flags)?.config)?.library.options().encoding)
}

/// The file to read: the one that is named, else the one in the usual place, if there is one.
fn file(flag: Option<&Path>) -> Result<Option<PathBuf>> {
    let variable = env::var_os(CONFIG_VARIABLE).filter(|path| !path.is_empty());
    if let Some(named) = flag.map(Path::to_owned).or_else(|| variable.map(PathBuf::from)) {
        return match named.extension().is_some_and(|ending| {
            ["toml", "yaml", "yml"].iter().any(|known| ending.eq_ignore_ascii_case(known))
        }) {
            true => Ok(Some(named)),
            false => Err(Error::new(
                Code::ConfigInvalid,
                format!("{} is not named like a configuration file.", named.display()),
            )
            .hint("Its name must end in .toml, .yaml or .yml, so that Backstory knows how it is written.")),
        };
    }
    let Some(folders) = folders() else { return Ok(None) };
    let there = USUAL_NAMES.iter().map(|name| folders.config_dir().join(name)).filter(|path| path.exists());
    match there.collect::<Vec<_>>().as_slice() {
        [] => Ok(None),
        [file] => Ok(Some(file.clone())),
        [one, other, ..] => Err(Error::new(
            Code::ConfigInvalid,
            format!("There are two configuration files: {} and {}.", one.display(), other.display()),
        )
        .hint("Keep one of them, or name the one that counts with --config.")),
    }
}

fn read(file: &Path) -> Result<String> {
    let unreadable = |why: String| {
        Error::new(Code::FileUnreadable, format!("The configuration file {} {why}.", file.display())).hint(format!(
            "Look at --config and the variable {CONFIG_VARIABLE}: they name the file. Without a file, everything is as usual."
        ))
    };
    let length = std::fs::metadata(file).map(|about| about.len());
    if length.is_ok_and(|length| length > MAX_FILE) {
        return Err(unreadable("is too long for one".to_owned()));
    }
    std::fs::read_to_string(file).map_err(|error| {
        let why = match error.kind() {
            std::io::ErrorKind::NotFound => "is not there".to_owned(),
            std::io::ErrorKind::PermissionDenied => "may not be read by this account".to_owned(),
            std::io::ErrorKind::InvalidData => "is not text in UTF-8".to_owned(),
            _ => format!("cannot be read ({error})"),
        };
        unreadable(why).caused_by(error)
    })
}

/// Paths in a file are taken from the folder the file is in: the window is not started from any folder one would guess.
fn from_folder(config: &mut Config, folder: &Path) {
    let in_file = |setting: Option<&backstory_core::config::Setting>| {
        setting.is_some_and(|setting| matches!(setting.origin, Origin::File { .. }))
    };
    for (name, library) in &mut config.libraries {
        let key = format!("libraries.{name}.address");
        if let Some(setting) = config.settings.get_mut(&key)
            && in_file(Some(setting))
            && let Some(address) = open::anchored(&library.address, folder)
        {
            library.address = address.clone();
            setting.value = Value::Address(address);
        }
    }
    if let Some(setting) = config.settings.get_mut("backup.folder")
        && in_file(Some(setting))
        && let Value::Address(written) = &setting.value
    {
        let path = match Path::new(written.reveal()).strip_prefix("~") {
            Ok(below) => directories::BaseDirs::new().map(|base| base.home_dir().join(below)),
            Err(_) => std::path::absolute(folder.join(written.reveal())).ok(),
        };
        if let Some(path) = path {
            let moved = written.moved(path.display().to_string());
            config.backup.folder = Some(moved.clone());
            setting.value = Value::Address(moved);
        }
    }
    if in_file(config.settings.get("library"))
        && config.named(config.library.reveal()).is_none()
        && let Some(address) = open::anchored(&config.library, folder)
    {
        config.library = address;
    }
}

/// The platform's data folder of this account, where what belongs to the program lies beside the library `home`. It need not
/// be there yet.
///
/// # Errors
/// `storage_failed` where this account has no home folder.
pub fn data_folder() -> Result<PathBuf> {
    let folders = folders().ok_or_else(|| {
        Error::new(
            Code::StorageFailed,
            "This account has no home folder, so there is no usual place for the library.",
        )
        .hint(elsewhere())
    })?;
    Ok(folders.data_dir().to_owned())
}

/// Where the library `home` is when nobody says otherwise: in the platform's data folder.
fn usual_library() -> Result<String> {
    let file = data_folder()?.join("library.sqlite");
    file.into_os_string().into_string().map_err(|path| {
        Error::new(
            Code::StorageFailed,
            format!("The folder name {} is not text Backstory can use.", path.display()),
        )
        .hint(elsewhere())
    })
}

fn elsewhere() -> String {
    format!("Name a library with --library, or in the variable {LIBRARY_VARIABLE}.")
}

fn folders() -> Option<ProjectDirs> {
    ProjectDirs::from("", "", "Backstory")
}
