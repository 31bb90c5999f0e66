//! Backstory's desktop window. It opens the store, hands the typed bridge to the page and carries events;
//! everything the product means is in `backstory-core`.

mod arguments;
mod bridge;
mod graphics;
mod host;
mod libraries;
mod notices;
mod preferences;
mod resting;
mod shell;
mod watching;

use std::{io::IsTerminal, process::ExitCode};

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
    log_to_stderr();
    match shell::run(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(%error, "the window cannot be opened");
            ExitCode::FAILURE
        }
    }
}

/// `BACKSTORY_LOG` chooses what is logged, as in `BACKSTORY_LOG=backstory=debug`.
fn log_to_stderr() {
    let filter = tracing_subscriber::EnvFilter::try_from_env("BACKSTORY_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("warn,backstory=info"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .init();
}
