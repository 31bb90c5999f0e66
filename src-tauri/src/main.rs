//! Backstory's desktop window. It opens the store, hands the typed bridge to the page and carries events;
//! everything the product means is in `backstory-core`.

mod arguments;
mod bridge;
mod graphics;
mod host;
mod libraries;
mod log;
mod notices;
mod preferences;
mod shell;
mod tray;
mod upkeep;
mod watching;

use std::process::ExitCode;

use arguments::{Arguments, Request};

#[allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "the top level of a program talks to its terminal"
)]
fn main() -> ExitCode {
    graphics::prepare();
    match Arguments::parse(std::env::args_os().skip(1), &std::env::current_dir().unwrap_or_default()) {
        Ok(Request::Start(arguments)) => start(arguments),
        Ok(Request::Say(text)) => {
            println!("{text}");
            ExitCode::SUCCESS
        }
        Err(problem) => {
            eprintln!("{problem}");
            ExitCode::from(2)
        }
    }
}

fn start(arguments: Arguments) -> ExitCode {
    log::start();
    match shell::run(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(%error, "the window cannot be opened");
            ExitCode::FAILURE
        }
    }
}
