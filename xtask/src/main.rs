//! The project's own commands: `cargo xtask run`, `test`, `gen`, `bench`, `bundle`, `pictures`. Each sets up first what it needs.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program for the terminal")]

mod bundle;
mod licences;
mod machine;
mod page;
mod process;
mod screen;
mod suite;

use std::{
    env,
    path::{Path, PathBuf},
    process::{Command, ExitCode},
};

use process::{Outcome, cargo};

const HELP: &str = "\
cargo xtask run [--release] [--demo] [FILE]...   Opens Backstory. --demo: on sample characters, kept nowhere.
cargo xtask test [--fast] [--slow]               Runs every test. --fast: without the window. --slow: also what takes
                                                 many minutes.
cargo xtask gen                                  Writes the TypeScript types of the bridge from the Rust ones, and the list
                                                 of licences.
cargo xtask bench                                Measures, and prints ratios as a table and as JSON.
cargo xtask bundle [--kinds=deb,rpm]             Makes the packages that players install, in target/release/bundle.
cargo xtask pictures                             Takes the README's pictures from what the last test of the window saw.

What is missing on the machine is found, and on Debian and Ubuntu installed where that needs no password.";

fn main() -> ExitCode {
    let words: Vec<String> = env::args().skip(1).collect();
    let (command, rest) =
        words.split_first().map_or(("", &[][..]), |(command, rest)| (command.as_str(), rest));
    let called_from = env::current_dir().unwrap_or_default();
    // Every path of ours is taken from the root of the project, every path of the user's from where they are.
    let outcome = env::set_current_dir(root()).map_err(|e| e.to_string()).and_then(|()| match command {
        "run" => run(rest, &called_from),
        "test" => suite::run(rest),
        "gen" => generate(),
        "bench" => bench(rest),
        "bundle" => bundle::run(rest),
        "pictures" => pictures(),
        _ => Err(HELP.to_owned()),
    });
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("{problem}");
            ExitCode::FAILURE
        }
    }
}

fn root() -> PathBuf {
    let mut folder = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    folder.pop();
    folder
}

/// Builds the page and the program, and opens the window. Everything but `--release` goes to the program.
fn run(words: &[String], called_from: &Path) -> Outcome {
    machine::prepare(machine::For::Run)?;
    page::install()?;
    page::build()?;
    let (ours, theirs): (Vec<_>, Vec<_>) = words.iter().partition(|word| *word == "--release");
    let release = !ours.is_empty();
    let program = process::desktop(release)?;
    let theirs = theirs.into_iter().filter(|word| *word != "--");
    process::run(Command::new(program).args(theirs).current_dir(called_from))
}

/// The bindings are written by the test that otherwise holds them.
fn generate() -> Outcome {
    // With `--workspace`, the libraries that the tests were built with are used again.
    let bindings = ["test", "--quiet", "--workspace", "--lib", "bindings"];
    process::run(cargo(&bindings).env("BACKSTORY_GEN", "1"))?;
    let licences = ["test", "--quiet", "--workspace", "--test", "policy", "built_in"];
    process::run(cargo(&licences).env("BACKSTORY_GEN", "1"))?;
    process::run(&mut cargo(&["fmt", "--all"]))
}

/// What the README shows: the photograph of the window's test, and its name in `docs/pictures`.
const PICTURES: [(&str, &str); 4] = [
    ("3-library", "library"),
    ("5-history", "history"),
    ("6-compare", "compare"),
    ("13-progress", "progress"),
];

/// Takes the README's pictures from the last run of the window's tests, on the sample characters.
fn pictures() -> Outcome {
    let to = Path::new("docs/pictures");
    std::fs::create_dir_all(to).map_err(|e| format!("{}: {e}", to.display()))?;
    for (photograph, name) in PICTURES {
        for theme in ["light", "dark"] {
            let from = format!("target/e2e/{photograph}.{theme}.1280x832.png");
            std::fs::copy(&from, to.join(format!("{name}.{theme}.png")))
                .map_err(|e| format!("{from}: {e}. Run `cargo xtask test` first."))?;
        }
    }
    Ok(())
}

/// Measures in a release build, on a screen and a message bus of its own. The words are the groups to run.
fn bench(words: &[String]) -> Outcome {
    machine::prepare(machine::For::Test)?;
    page::install()?;
    page::build()?;
    let program = process::desktop(true)?;
    process::run(&mut cargo(&[
        "build",
        "--workspace",
        "--release",
        "--example",
        "empty-window",
        "--bin",
        "bench",
    ]))?;
    let screen = screen::Screen::start()?;
    let mut bench = Command::new("dbus-run-session");
    bench.arg("--").arg(program.with_file_name("bench")).args(words).env("DISPLAY", &screen.display);
    bench.env("BACKSTORY_EMPTY_WINDOW", program.with_file_name("examples").join("empty-window"));
    process::run(bench.env("BACKSTORY_DESKTOP", program))
}
