//! Runs other programs.

use std::{
    env,
    io::{BufRead, BufReader, Write},
    path::PathBuf,
    process::{Command, Stdio},
};

/// Success, or a sentence that says what went wrong.
pub(crate) type Outcome<T = ()> = Result<T, String>;

/// The Cargo that runs us, with these arguments.
///
/// It is not told what the outer Cargo says of this program: packages that look at `CARGO_PKG_NAME` (ring does), and all
/// that stand on them, would be built again whenever Cargo is asked from here and not from a shell.
pub(crate) fn cargo(arguments: &[&str]) -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    for (name, _) in env::vars_os() {
        let told =
            name.to_str().is_some_and(|it| it.starts_with("CARGO_PKG_") || it.starts_with("CARGO_MANIFEST_"));
        if told {
            command.env_remove(name);
        }
    }
    command.args(arguments);
    command
}

/// npm in the UI's folder, with these arguments.
pub(crate) fn npm(arguments: &[&str]) -> Command {
    let mut command = Command::new(if cfg!(windows) { "npm.cmd" } else { "npm" });
    command.args(arguments).current_dir("ui");
    command
}

/// Runs it and waits.
pub(crate) fn run(command: &mut Command) -> Outcome {
    let status = command.status().map_err(|e| format!("{} cannot be started: {e}", name(command)))?;
    if status.success() { Ok(()) } else { Err(format!("{} ended with {status}", name(command))) }
}

/// Runs it, waits, and shows `each` every line that it prints.
pub(crate) fn run_and_read(command: &mut Command, mut each: impl FnMut(&str)) -> Outcome {
    let mut child = command
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|e| format!("{} cannot be started: {e}", name(command)))?;
    if let Some(output) = child.stdout.take() {
        for line in BufReader::new(output).split(b'\n') {
            let mut line = line.map_err(|e| e.to_string())?;
            each(&String::from_utf8_lossy(&line));
            line.push(b'\n');
            // A terminal that has gone away is no reason to stop.
            let _ = std::io::stdout().write_all(&line);
        }
    }
    let status = child.wait().map_err(|e| e.to_string())?;
    if status.success() { Ok(()) } else { Err(format!("{} ended with {status}", name(command))) }
}

/// What it prints, or nothing where it fails.
pub(crate) fn read(command: &mut Command) -> Option<String> {
    let output = command.stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Where a program of this name lies in the search path.
pub(crate) fn find(program: &str) -> Option<PathBuf> {
    let file = format!("{program}{}", env::consts::EXE_SUFFIX);
    env::split_paths(&env::var_os("PATH")?).map(|folder| folder.join(&file)).find(|path| path.is_file())
}

/// Builds the desktop program and says where it is.
///
/// It is built as a part of the whole workspace: on its own, its libraries would be built with other features, and
/// so a second time.
pub(crate) fn desktop(release: bool) -> Outcome<PathBuf> {
    let mut build = cargo(&["build", "--workspace", "--bin", "backstory-desktop"]);
    if release {
        build.arg("--release");
    }
    run(&mut build)?;
    program(release)
}

/// Where the desktop program is, once it is built.
pub(crate) fn program(release: bool) -> Outcome<PathBuf> {
    let folder = target_folder()?.join(if release { "release" } else { "debug" });
    Ok(folder.join(format!("backstory-desktop{}", env::consts::EXE_SUFFIX)))
}

/// Where Cargo puts what it builds.
fn target_folder() -> Outcome<PathBuf> {
    const KEY: &str = "\"target_directory\":\"";
    let metadata = read(&mut cargo(&["metadata", "--no-deps", "--format-version", "1"]));
    metadata
        .as_deref()
        .and_then(|text| text.split_once(KEY))
        .and_then(|(_, rest)| rest.split_once('"'))
        .map(|(path, _)| PathBuf::from(path.replace("\\\\", "\\")))
        .ok_or_else(|| "cargo metadata does not say where the target folder is".to_owned())
}

fn name(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}
