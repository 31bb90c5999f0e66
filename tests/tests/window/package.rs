//! What a player installs: the package is put on this system, its program started, and it is taken away again.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{driver::Window, home::Home};

/// The installed package. It is removed with this value.
struct Installed;

impl Installed {
    fn from(package: &Path) -> Self {
        let there = Command::new("dpkg-query").args(["--show", "backstory"]).output().unwrap();
        assert!(
            !there.status.success(),
            "Backstory is installed on this system. The test would take it away: remove it first."
        );
        as_root(&["dpkg", "--install", package.to_str().unwrap()]);
        Self
    }
}

impl Drop for Installed {
    fn drop(&mut self) {
        as_root(&["dpkg", "--purge", "backstory"]);
    }
}

fn as_root(words: &[&str]) {
    let user = Command::new("id").arg("--user").output().unwrap().stdout;
    let mut command = match user.trim_ascii() {
        b"0" => Command::new(words[0]),
        _ => {
            let mut sudo = Command::new("sudo");
            sudo.args(["--non-interactive", words[0]]);
            sudo
        }
    };
    let status = command.args(&words[1..]).status().unwrap();
    assert!(status.success(), "{words:?} ended with {status}; it needs root, or a sudo that does not ask");
}

/// Everything that the package brought, folders left out.
fn files() -> Vec<PathBuf> {
    let listed = Command::new("dpkg").args(["--listfiles", "backstory"]).output().unwrap();
    let listed = String::from_utf8(listed.stdout).unwrap();
    listed.lines().map(PathBuf::from).filter(|path| path.is_file()).collect()
}

#[tokio::test]
async fn the_package_installs_starts_imports_and_leaves_nothing() {
    let package = env::var("BACKSTORY_PACKAGE").expect("BACKSTORY_PACKAGE: run `cargo xtask test`");
    let installed = Installed::from(Path::new(&package));
    let files_there = files();
    let brings = |name: &str| files_there.iter().any(|file| file.ends_with(name));
    for name in [
        "usr/bin/backstory",
        "usr/bin/backstory-desktop",
        "usr/share/doc/backstory/licences.gz",
        "usr/share/man/man1/backstory.1.gz",
        "usr/share/man/man1/backstory-import.1.gz",
        "usr/share/bash-completion/completions/backstory",
        "usr/share/icons/hicolor/128x128/apps/backstory-desktop.png",
        "usr/share/icons/hicolor/128x128/mimetypes/application-x-backstory.png",
        "usr/share/mime/packages/backstory.xml",
    ] {
        assert!(brings(name), "{name} is not in the package: {files_there:#?}");
    }
    let entry = files_there.iter().find(|file| file.extension().is_some_and(|end| end == "desktop")).unwrap();
    let entry = fs::read_to_string(entry).unwrap();
    for line in [
        "Exec=backstory-desktop %U",
        "Icon=backstory-desktop",
        "Name=Backstory",
        "Comment=Keeps every version",
        "MimeType=application/x-backstory;application/x-backstory-age;x-scheme-handler/backstory;",
    ] {
        assert!(entry.contains(line), "{entry}");
    }
    let kinds = fs::read_to_string("/usr/share/mime/packages/backstory.xml").unwrap();
    for pattern in ["*.backstory", "*.backstory.age"] {
        assert!(kinds.contains(&format!("pattern=\"{pattern}\"")), "{kinds}");
    }

    let home = Home::new();
    let (folder, captures) = home.with_samples();
    let file = folder.join(&captures[0].file_name);
    let name = &captures[0].expected.name;
    let window = Window::open_installed(&home, "/usr/bin/backstory-desktop", &[file.to_str().unwrap()]).await;
    window.says(&format!("New character, {name}")).await;
    window.press("Import 1 file").await;
    window.says("1 saved").await;
    window.close().await;
    let list = Command::new("/usr/bin/backstory").arg("list").envs(home.environment()).output().unwrap();
    assert!(
        String::from_utf8_lossy(&list.stdout).contains(name),
        "the command sees the same library: {list:?}"
    );

    drop(installed);
    let left: Vec<_> = files_there.iter().filter(|file| file.exists()).collect();
    assert!(left.is_empty(), "the package leaves behind: {left:?}");
    assert!(home.library().is_file(), "the player's library stays");
}
