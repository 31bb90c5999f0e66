//! A small disk of its own, so that it can be filled.

use std::{
    path::Path,
    process::{Command, Stdio},
};

use tempfile::TempDir;

/// A disk in memory. It goes with this.
#[derive(Debug)]
pub struct SmallDisk(TempDir);

impl SmallDisk {
    /// A disk of so many kilobytes; none where this account may not make one.
    ///
    /// # Panics
    /// Where `CI` is set: there a test must not pass because it did not run.
    pub fn new(kilobytes: u32) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let size = format!("size={kilobytes}k");
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(folder.path()).stderr(Stdio::null());
        if mount.status().is_ok_and(|status| status.success()) {
            return Some(Self(folder));
        }
        assert!(std::env::var_os("CI").is_none(), "no small disk can be made: mount refuses");
        eprintln!("NOT RUN: no small disk can be made by this account");
        None
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(self.0.path()).status();
    }
}
