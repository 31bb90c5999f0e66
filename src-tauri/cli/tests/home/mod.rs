//! The real command on a computer of its own: whoever runs the tests has a configuration, a library, a keychain and data, and
//! none of it is read or written.

use std::{env, path::Path, process::Command};

/// The command with these arguments, in a home folder that holds everything it keeps.
pub(crate) fn command(home: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_backstory"));
    for (name, _) in env::vars_os() {
        if name.to_string_lossy().starts_with("BACKSTORY_") {
            command.env_remove(name);
        }
    }
    for (name, folder) in
        [("XDG_CONFIG_HOME", "config"), ("XDG_DATA_HOME", "data"), ("XDG_CACHE_HOME", "cache")]
    {
        command.env(name, home.join(folder));
    }
    command.env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere").env_remove("XDG_RUNTIME_DIR");
    command.env("HOME", home).args(args);
    command
}
