//! `backstory`: the same library as the window's, from the command line.
//!
//! Results go to standard output, everything else to standard error. `--json` prints exactly one JSON document, also on
//! failure. Exit codes: 0 done, 1 failed, 2 wrong usage, 3 done in part.

mod args;
mod auditing;
mod backups;
mod commands;
mod db;
mod erasing;
mod keeping;
mod live;
mod manual;
mod migrate;
mod print;
mod settings;
mod upkeep;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    let args = match args::Args::try_parse() {
        Ok(args) => args,
        // Help and version are results; anything else is wrong usage. clap words both.
        Err(error) => {
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { 2 } else { 0 });
        }
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return print::failure(args.json, &print::no_runtime(&error)),
    };
    let json = args.json;
    let ended = runtime.block_on(commands::run(args));
    match ended {
        Ok(code) => ExitCode::from(code),
        Err(error) => print::failure(json, &error),
    }
}
