//! What a shell and `man` know of the command, made from its own description.

use std::{fs, io::Write, path::Path};

use backstory_core::error::{Code, Error, Result};
use clap::CommandFactory;
use clap_complete::Shell;

use crate::args::Args;

/// Prints what lets a shell complete the command.
pub(crate) fn completions(shell: Shell) -> Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Args::command(), "backstory", &mut script);
    // A reader that has heard enough is no failure.
    let _ = std::io::stdout().write_all(&script);
    Ok(())
}

/// Writes the manual's pages into a folder: `backstory.1`, `backstory-import.1`, …
pub(crate) fn write(folder: &Path) -> Result<()> {
    let written = fs::create_dir_all(folder).and_then(|()| clap_mangen::generate_to(Args::command(), folder));
    written.map_err(|error| {
        Error::new(Code::StorageFailed, format!("The manual could not be written to {}.", folder.display()))
            .hint("Choose a folder that can be written to.")
            .caused_by(error)
    })
}
