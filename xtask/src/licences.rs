//! The texts of the licences of everything that is built in, in one file: most of them ask to be passed on with the program.

use std::{
    collections::BTreeMap,
    env, fs,
    path::{Path, PathBuf},
};

use crate::process::Outcome;

/// What is built in, a line each: name, version, licence. `cargo xtask gen` keeps it true, and a test holds it.
const LIST: &str = "src-tauri/src/licences.tsv";

/// What files that hold a licence are called.
const NAMES: [&str; 5] = ["licen", "copying", "copyright", "notice", "unlicense"];

/// Every text once, after the names of all that it belongs to.
///
/// # Errors
/// Where nothing is known of most of what is built in: then it was not built on this machine.
pub(crate) fn texts() -> Outcome<String> {
    let list = fs::read_to_string(LIST).map_err(|e| format!("{LIST}: {e}"))?;
    let registries = registries();
    let (mut texts, mut silent) = (BTreeMap::<String, Vec<String>>::new(), Vec::new());
    for line in list.lines() {
        let mut fields = line.split('\t');
        let [name, version, licence] = std::array::from_fn(|_| fields.next().unwrap_or_default());
        let title = format!("{name} {version} ({licence})");
        let found = folder(&registries, name, version).map(|folder| within(&folder)).unwrap_or_default();
        if found.is_empty() {
            silent.push(title.clone());
        }
        for text in found {
            texts.entry(text).or_default().push(title.clone());
        }
    }
    let all = list.lines().count();
    if silent.len() * 4 > all {
        return Err(format!("The sources of {} of {all} packages are not on this machine", silent.len()));
    }
    let mut whole = String::from(
        "Backstory is made of the free software below, each under the licence that follows its name.\n",
    );
    for (text, owners) in texts {
        whole += &format!("\n\n{}\n{}\n\n{}\n", "=".repeat(78), owners.join("\n"), text.trim_end());
    }
    if !silent.is_empty() {
        whole += &format!(
            "\n\n{}\nThese bring no file of their own; the licence they name holds:\n\n{}\n",
            "=".repeat(78),
            silent.join("\n")
        );
    }
    Ok(whole)
}

/// Where Cargo keeps the sources of crates.
fn registries() -> Vec<PathBuf> {
    let home = env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| env::home_dir().map(|home| home.join(".cargo"))).unwrap_or_default();
    let folders = fs::read_dir(home.join("registry/src")).into_iter().flatten().flatten();
    folders.map(|folder| folder.path()).collect()
}

/// The sources of a crate or of a package of the page.
fn folder(registries: &[PathBuf], name: &str, version: &str) -> Option<PathBuf> {
    let crates = registries.iter().map(|registry| registry.join(format!("{name}-{version}")));
    let page = Path::new("ui/node_modules").join(name);
    crates.chain([page]).find(|folder| folder.is_dir())
}

/// The texts in a folder whose names say that they are licences, the same one once.
fn within(folder: &Path) -> Vec<String> {
    let is_one = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
        path.is_file() && NAMES.iter().any(|start| name.starts_with(start))
    };
    let mut files: Vec<_> =
        fs::read_dir(folder).into_iter().flatten().flatten().map(|file| file.path()).filter(is_one).collect();
    files.sort();
    let mut texts: Vec<_> = files
        .iter()
        .filter_map(|file| Some(fs::read_to_string(file).ok()?.replace("\r\n", "\n").trim().to_owned()))
        .collect();
    texts.dedup();
    texts
}
