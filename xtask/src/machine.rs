//! What must be on the machine, and how it gets there.

use std::{path::Path, process::Command};

use crate::process::{Outcome, find, read, run};

/// What the machine is wanted for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum For {
    /// To build the window and open it.
    Run,
    /// To run every test.
    Test,
}

/// One thing that must be there.
struct Need {
    name: &'static str,
    packages: &'static [&'static str],
    there: fn() -> bool,
}

/// The lowest Node, for a person.
const NODE: &str = "Node 20.19, or 22.12, or newer";

const TO_RUN: &[Need] = &[
    Need { name: "a C compiler", packages: &["build-essential"], there: || find("cc").is_some() },
    Need { name: "pkg-config", packages: &["pkg-config"], there: || find("pkg-config").is_some() },
    Need { name: "WebKitGTK 4.1", packages: &["libwebkit2gtk-4.1-dev"], there: has_webkit },
    Need { name: NODE, packages: &["nodejs", "npm"], there: has_node },
];

const TO_TEST: &[Need] = &[
    Need { name: "Xvfb", packages: &["xvfb"], there: || find("Xvfb").is_some() },
    Need {
        name: "WebKitWebDriver",
        packages: &["webkit2gtk-driver"],
        there: || find("WebKitWebDriver").is_some(),
    },
    Need { name: "dbus-run-session", packages: &["dbus"], there: || find("dbus-run-session").is_some() },
    Need {
        name: "gnome-keyring",
        packages: &["gnome-keyring"],
        there: || find("gnome-keyring-daemon").is_some(),
    },
    Need { name: "PostgreSQL's server", packages: &["postgresql"], there: has_postgres },
    Need { name: "redis-server", packages: &["redis-server"], there: || find("redis-server").is_some() },
];

/// Finds what is missing and installs it where that needs nobody.
///
/// # Errors
/// The one command to type, or what to get and where.
pub(crate) fn prepare(purpose: For) -> Outcome {
    if !cfg!(target_os = "linux") {
        return elsewhere(purpose);
    }
    let needs = || TO_RUN.iter().chain(if purpose == For::Test { TO_TEST } else { &[] });
    let missing: Vec<&Need> = needs().filter(|need| !(need.there)()).collect();
    if missing.is_empty() {
        return Ok(());
    }
    println!("Missing on this machine: {}.", names(&missing));
    if find("apt-get").is_none() {
        return Err(format!(
            "Install {} with your system's package manager, then start this again. On Debian and Ubuntu the packages \
             are {}.",
            names(&missing),
            packages(&missing).join(" ")
        ));
    }
    install(&missing)?;
    let still: Vec<&Need> = needs().filter(|need| !(need.there)()).collect();
    if still.is_empty() {
        Ok(())
    } else {
        Err(format!("Still missing after the installation: {}.", names(&still)))
    }
}

/// Installs Debian packages as root, or with a `sudo` that does not ask.
fn install(missing: &[&Need]) -> Outcome {
    let root = read(Command::new("id").arg("-u")).as_deref() == Some("0");
    if !root && read(Command::new("sudo").args(["-n", "true"])).is_none() {
        return Err(format!(
            "Type this, then start again:\n\n  sudo apt-get update && sudo apt-get install --yes \
             --no-install-recommends {}\n",
            packages(missing).join(" ")
        ));
    }
    let apt = |arguments: &[&str]| {
        let prefix: &[&str] = if root { &["env"] } else { &["sudo", "-n", "env"] };
        let mut command = Command::new(prefix[0]);
        command.args(&prefix[1..]).args(["DEBIAN_FRONTEND=noninteractive", "apt-get"]).args(arguments);
        run(&mut command)
    };
    apt(&["update"])?;
    if missing.iter().any(|need| need.name == NODE) && !distribution_has_node() {
        return Err(format!(
            "{NODE} is needed, and your distribution's is older. Get it from https://nodejs.org/en/download, then \
             start this again."
        ));
    }
    let mut arguments = vec!["install", "--yes", "--no-install-recommends"];
    arguments.extend(packages(missing));
    apt(&arguments)
}

/// macOS and Windows: says what is needed and goes on.
fn elsewhere(purpose: For) -> Outcome {
    if cfg!(target_os = "macos") && find("cc").is_none() {
        return Err("The Xcode command line tools are needed: type `xcode-select --install`.".to_owned());
    }
    if !has_node() {
        return Err(format!("{NODE} is needed: get it from https://nodejs.org/en/download."));
    }
    if cfg!(windows) {
        println!(
            "Needed on Windows: the Visual Studio Build Tools with C++, and WebView2 (a part of Windows 11)."
        );
    }
    if purpose == For::Test {
        println!(
            "The tests in the real window need WebKitWebDriver and Xvfb, which only Linux has: they fail here."
        );
        println!("Use `cargo xtask test --fast` for all the others.");
    }
    Ok(())
}

fn names(needs: &[&Need]) -> String {
    needs.iter().map(|need| need.name).collect::<Vec<_>>().join(", ")
}

fn packages(needs: &[&Need]) -> Vec<&'static str> {
    needs.iter().flat_map(|need| need.packages).copied().collect()
}

fn has_webkit() -> bool {
    read(Command::new("pkg-config").args(["--exists", "webkit2gtk-4.1"])).is_some()
}

fn has_node() -> bool {
    let npm = if cfg!(windows) { "npm.cmd" } else { "npm" };
    let node = read(Command::new("node").arg("--version"));
    node.is_some_and(|version| is_new_enough(version.trim_start_matches('v')))
        && read(Command::new(npm).arg("--version")).is_some()
}

/// Debian keeps the server's programs out of the search path.
fn has_postgres() -> bool {
    let versions = Path::new("/usr/lib/postgresql").read_dir().into_iter().flatten().flatten();
    find("initdb").is_some()
        || versions.into_iter().any(|version| version.path().join("bin/initdb").is_file())
}

fn distribution_has_node() -> bool {
    let policy = read(Command::new("apt-cache").args(["policy", "nodejs"])).unwrap_or_default();
    policy
        .lines()
        .filter_map(|line| line.trim().strip_prefix("Candidate:"))
        .any(|version| is_new_enough(version.trim()))
}

/// What the page's build asks for: 20.19 and up within 20, or 22.12 and up.
fn is_new_enough(version: &str) -> bool {
    let mut numbers = version.split('.').map(|part| part.parse::<u32>().unwrap_or(0));
    let (major, minor) = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    (major == 20 && minor >= 19) || (major == 22 && minor >= 12) || major > 22
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn node_versions() {
        assert!(["20.19.0", "20.20.2+dfsg-1", "22.12.0", "23.0.0", "24.1.0"].into_iter().all(is_new_enough));
        assert!(
            !["18.20.4+dfsg-1", "20.18.9", "21.7.0", "22.11.0", "(none)", ""].into_iter().any(is_new_enough)
        );
    }
}
