//! A screen that nobody sees, for the tests in the real window.

use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
};

use crate::process::Outcome;

/// A virtual X server of our own on a free display. It ends with this value.
pub(crate) struct Screen {
    server: Child,
    /// What `DISPLAY` must be.
    pub(crate) display: String,
}

impl Screen {
    /// Starts it and waits until it takes clients.
    pub(crate) fn start() -> Outcome<Self> {
        let mut server = Command::new("Xvfb")
            .args(["-displayfd", "1", "-screen", "0", "1920x1400x24", "-nolisten", "tcp"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|e| format!("Xvfb cannot be started: {e}"))?;
        // It prints the number of its display once it is ready, and nothing where it ends before that.
        let mut number = String::new();
        if let Some(output) = server.stdout.take() {
            BufReader::new(output).read_line(&mut number).map_err(|e| format!("Xvfb: {e}"))?;
        }
        let screen = Self { server, display: format!(":{}", number.trim()) };
        if number.trim().is_empty() { Err("Xvfb ended before it was ready".to_owned()) } else { Ok(screen) }
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        let _already_gone = self.server.kill();
        let _ = self.server.wait();
    }
}
