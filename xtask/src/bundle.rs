//! The packages a player installs: the window, the command, its manual and what lets shells complete it.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{
    licences, machine, page,
    process::{self, Outcome, cargo},
};

/// The kinds of package that this system can make without anything else installed.
const KINDS: &str = if cfg!(target_os = "linux") {
    "deb,rpm"
} else if cfg!(target_os = "macos") {
    "dmg"
} else {
    "nsis,msi"
};

/// Where a shell looks for what completes a command, and the name it looks for.
const COMPLETIONS: [(&str, &str); 3] = [
    ("bash", "/usr/share/bash-completion/completions/backstory"),
    ("zsh", "/usr/share/zsh/vendor-completions/_backstory"),
    ("fish", "/usr/share/fish/vendor_completions.d/backstory.fish"),
];

/// Builds everything in its fastest form and packs it.
///
/// # Errors
/// What is missing on the machine, or what did not build.
pub(crate) fn run(words: &[String]) -> Outcome {
    if let Some(unknown) = words.iter().find(|word| !word.starts_with("--kinds=")) {
        return Err(format!("cargo xtask bundle has no option {unknown}"));
    }
    machine::prepare(machine::For::Run)?;
    page::install()?;
    page::build()?;
    let kinds = words.last().and_then(|word| word.strip_prefix("--kinds=")).unwrap_or(KINDS);
    process::run(&mut cargo(&[
        "build",
        "--workspace",
        "--release",
        "--bin",
        "backstory-desktop",
        "--bin",
        "backstory",
    ]))?;
    for package in pack(kinds, true)? {
        println!("{}", package.display());
    }
    Ok(())
}

/// Packs what was built. Says which packages it made.
///
/// # Errors
/// What Tauri's bundler says.
pub(crate) fn pack(kinds: &str, release: bool) -> Outcome<Vec<PathBuf>> {
    let built = process::program(release)?;
    let folder = built.parent().map(Path::to_path_buf).unwrap_or_default();
    let out = folder.join("bundle");
    // What an earlier version packed is not this one's.
    let _none_there = fs::remove_dir_all(&out);
    let mut tauri = Command::new("ui/node_modules/.bin/tauri");
    tauri.args(["bundle", "--ci", "--bundles", kinds]);
    if !release {
        tauri.arg("--debug");
    }
    if cfg!(target_os = "linux") {
        let files = files(&folder)?;
        let config = format!(
            r#"{{"bundle":{{"linux":{{"deb":{{"files":{{{files}}}}},"rpm":{{"files":{{{files}}}}}}}}}}}"#
        );
        tauri.args(["--config", &config]);
    }
    process::run(&mut tauri)?;
    let mut packages = Vec::new();
    for kind in fs::read_dir(&out).map_err(|e| format!("{}: {e}", out.display()))?.flatten() {
        let made = fs::read_dir(kind.path()).into_iter().flatten().flatten().map(|file| file.path());
        packages.extend(made.filter(|path| path.is_file()));
    }
    Ok(packages)
}

/// Which file goes where, beside the window: the command, its manual, its completions, and what tells the system which files
/// are Backstory's. As the inside of a JSON object.
fn files(built: &Path) -> Outcome<String> {
    let command = built.join("backstory");
    let made = built.join("bundle-files");
    let manual = made.join("man1");
    let _none_there = fs::remove_dir_all(&made);
    process::run(Command::new(&command).arg("manual").arg(&manual))?;
    let pages: Vec<PathBuf> =
        fs::read_dir(&manual).map_err(|e| e.to_string())?.flatten().map(|page| page.path()).collect();
    let licences = made.join("licences");
    fs::write(&licences, licences::texts()?).map_err(|e| format!("{}: {e}", licences.display()))?;
    process::run(Command::new("gzip").args(["--best", "--no-name"]).args(&pages).arg(&licences))?;
    let root = std::env::current_dir().map_err(|e| e.to_string())?;
    let mut files = vec![
        ("/usr/bin/backstory".to_owned(), command.clone()),
        ("/usr/share/doc/backstory/copyright".to_owned(), root.join("LICENSE-MIT")),
        ("/usr/share/doc/backstory/licences.gz".to_owned(), licences.with_extension("gz")),
        ("/usr/share/doc/backstory/changelog".to_owned(), root.join("CHANGELOG.md")),
        ("/usr/share/mime/packages/backstory.xml".to_owned(), root.join("src-tauri/linux/backstory.xml")),
    ];
    for kind in ["application-x-backstory", "application-x-backstory-age"] {
        let place = format!("/usr/share/icons/hicolor/128x128/mimetypes/{kind}.png");
        files.push((place, root.join("icons/128x128.png")));
    }
    for page in pages {
        let packed = page.with_extension("1.gz");
        let name = packed.file_name().unwrap_or_default().to_string_lossy().into_owned();
        files.push((format!("/usr/share/man/man1/{name}"), packed));
    }
    for (shell, place) in COMPLETIONS {
        let script = process::read(Command::new(&command).args(["completions", shell]))
            .ok_or_else(|| format!("`backstory completions {shell}` failed"))?;
        let file = made.join(shell);
        fs::write(&file, script).map_err(|e| format!("{}: {e}", file.display()))?;
        files.push((place.to_owned(), file));
    }
    let quoted = files.iter().map(|(place, file)| format!("{place:?}:{:?}", file.to_string_lossy()));
    Ok(quoted.collect::<Vec<_>>().join(","))
}
