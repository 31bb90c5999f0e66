//! Every test, the cheap ones first, with a table of what each step took.

use std::{
    path::PathBuf,
    process::Command,
    time::{Duration, Instant},
};

use crate::{
    bundle, machine, page,
    process::{self, Outcome, cargo, npm, run_and_read},
    screen::Screen,
};

/// Every program, test and example but the tests in the window.
const EVERYTHING: &[&str] = &["--workspace", "--all-targets"];

/// The tests in the window: they run only where they are asked for. `--workspace` keeps them from building their libraries
/// anew with fewer features.
const WINDOW: &[&str] = &["--workspace", "--test", "window"];

/// What the runners have counted so far.
#[derive(Default)]
struct Tally {
    passed: u64,
    failed: u64,
}

/// One line of the table at the end.
struct Step {
    name: &'static str,
    took: Duration,
    outcome: Outcome,
}

/// The steps that have been taken.
#[derive(Default)]
struct Suite {
    steps: Vec<Step>,
    tally: Tally,
}

/// Runs every test and prints what came of it. A step that fails does not keep the others from running.
///
/// # Errors
/// Where anything failed or a tool is missing.
pub(crate) fn run(words: &[String]) -> Outcome {
    if let Some(unknown) = words.iter().find(|word| !["--fast", "--slow"].contains(&word.as_str())) {
        return Err(format!("cargo xtask test has no option {unknown}"));
    }
    let (fast, slow) = (words.contains(&"--fast".to_owned()), words.contains(&"--slow".to_owned()));
    machine::prepare(if fast { machine::For::Run } else { machine::For::Test })?;

    let mut suite = Suite::default();
    suite.step("rust: format", |_| process::run(&mut cargo(&["fmt", "--all", "--check"])));
    suite.step("page: packages", |_| page::install());
    suite.step("page: types", |_| process::run(&mut npm(&["run", "check"])));
    suite.step("page: tests", |tally| tally.read(&mut npm(&["test"])));
    suite.step("page: build", |_| page::build());
    suite.step("rust: lints", |_| {
        let lint = |what: &[&'static str]| {
            process::run(&mut cargo(&[&["clippy"], what, &["--", "--deny", "warnings"]].concat()))
        };
        lint(EVERYTHING).and(lint(WINDOW))
    });
    // Programs and tests in one go: apart, the programs' libraries would be built again with fewer features.
    suite.step("rust: build", |_| process::run(&mut cargo(&[&["build"], EVERYTHING].concat())));
    suite.step("rust: tests", |tally| tally.read(&mut cargo(&["test", "--workspace", "--no-fail-fast"])));
    if slow {
        let every = ["test", "--workspace", "--no-fail-fast", "--", "--ignored"];
        suite.step("rust: slow tests", |tally| tally.read(&mut cargo(&every)));
    }
    if !fast {
        let mut package = None;
        if cfg!(target_os = "linux") {
            suite.step("package: build", |_| {
                package = bundle::pack("deb", false)?.pop();
                Ok(())
            });
        }
        suite.step("window: tests", |tally| in_the_window(package, tally));
    }
    suite.finish()
}

/// The tests that drive the real window, and the one that is installed by this package, on a screen and a message bus of
/// their own.
fn in_the_window(package: Option<PathBuf>, tally: &mut Tally) -> Outcome {
    let (program, built) = (process::program(false)?, window_tests()?);
    let screen = Screen::start()?;
    let mut tests = Command::new("dbus-run-session");
    tests.arg("--").arg(built).arg("--test-threads=1").current_dir("tests");
    tests.env("DISPLAY", &screen.display).env("BACKSTORY_DESKTOP", program);
    tests.env("BACKSTORY_PACKAGE", package.unwrap_or_default());
    tally.read(&mut tests)
}

/// Builds the window's tests and says where they are.
fn window_tests() -> Outcome<String> {
    const KEY: &str = "\"executable\":\"";
    let words = [&["test"], WINDOW, &["--no-run", "--message-format=json"]].concat();
    let built = process::read(&mut cargo(&words)).unwrap_or_default();
    let window = built.lines().find(|line| line.contains("\"name\":\"window\"") && line.contains(KEY));
    window
        .and_then(|line| line.split_once(KEY)?.1.split_once('"'))
        .map(|(path, _)| path.replace("\\\\", "\\"))
        .ok_or_else(|| "Cargo does not say where the window's tests were built".to_owned())
}

impl Suite {
    fn step(&mut self, name: &'static str, work: impl FnOnce(&mut Tally) -> Outcome) {
        println!("\n== {name}");
        let start = Instant::now();
        let outcome = work(&mut self.tally);
        if let Err(problem) = &outcome {
            println!("{name}: {problem}");
        }
        self.steps.push(Step { name, took: start.elapsed(), outcome });
    }

    /// Prints the table, the sum in the words of Cargo's test runner, and the sum alone on a line.
    fn finish(self) -> Outcome {
        println!();
        for Step { name, took, outcome } in &self.steps {
            let result = if outcome.is_ok() { "ok" } else { "FAILED" };
            println!("{name:<16} {:>4} min {:02} s   {result}", took.as_secs() / 60, took.as_secs() % 60);
        }
        let took: Duration = self.steps.iter().map(|step| step.took).sum();
        println!("{:<16} {:>4} min {:02} s\n", "all", took.as_secs() / 60, took.as_secs() % 60);

        let Tally { passed, failed } = self.tally;
        let broken = self.steps.iter().filter(|step| step.outcome.is_err()).count() as u64;
        // A step that failed without counting a test (a lint, a build) counts as one.
        let failed = failed.max(broken);
        let result = if failed == 0 { "ok" } else { "FAILED" };
        println!("test result: {result}. {passed} passed; {failed} failed; finished in {}s", took.as_secs());
        println!("{passed} passed, {failed} failed");
        if failed == 0 { Ok(()) } else { Err("Something failed: see above.".to_owned()) }
    }
}

impl Tally {
    /// Runs a test runner and adds what it counts.
    fn read(&mut self, command: &mut Command) -> Outcome {
        run_and_read(command, |line| self.count(line))
    }

    /// Understands the summaries of Cargo's runner and of Vitest.
    fn count(&mut self, line: &str) {
        let line = without_colour(line);
        let words: Vec<&str> = line.split([' ', ';', '|']).filter(|word| !word.is_empty()).collect();
        if !(line.starts_with("test result:") || words.first() == Some(&"Tests")) {
            return;
        }
        for pair in words.windows(2) {
            let count = pair[0].parse::<u64>().unwrap_or(0);
            match pair[1] {
                "passed" => self.passed += count,
                "failed" => self.failed += count,
                _ => {}
            }
        }
    }
}

/// The text without the codes that colour it on a terminal.
fn without_colour(line: &str) -> String {
    let mut plain = String::with_capacity(line.len());
    let mut characters = line.chars();
    while let Some(character) = characters.next() {
        if character == '\u{1b}' {
            let _code = characters.by_ref().find(char::is_ascii_alphabetic);
        } else {
            plain.push(character);
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn summaries_are_counted() {
        let mut tally = Tally::default();
        for line in [
            "running 3 tests",
            "test a_test_with_passed_in_its_name ... ok",
            "test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s",
            "test result: FAILED. 2 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s",
            "\u{1b}[2m Test Files \u{1b}[22m \u{1b}[1m\u{1b}[32m4 passed\u{1b}[39m\u{1b}[22m\u{1b}[90m (4)\u{1b}[39m",
            "\u{1b}[2m      Tests \u{1b}[22m \u{1b}[1m\u{1b}[31m2 failed\u{1b}[39m | \u{1b}[32m10 passed\u{1b}[39m (12)",
        ] {
            tally.count(line);
        }
        assert_eq!((tally.passed, tally.failed), (15, 3));
    }
}
