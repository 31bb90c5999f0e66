//! What the window may do. Loosening it fails here, so that it is done on purpose and not on the way.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test stops where it stands")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use serde_json::{Value, json};

fn read(path: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path);
    serde_json::from_str(&fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display())))
        .unwrap()
}

#[test]
fn the_content_security_policy_is_strict() {
    let config = read("tauri.conf.json");
    let security = &config["app"]["security"];
    let policy: BTreeMap<&str, Vec<&str>> = security["csp"]
        .as_str()
        .expect("one policy, for debug builds too")
        .split(';')
        .filter_map(|directive| {
            let mut words = directive.split_whitespace();
            Some((words.next()?, words.collect()))
        })
        .collect();
    assert_eq!(policy["default-src"], ["'none'"]);
    assert_eq!(policy["script-src"], ["'self'"]);
    assert_eq!(policy["style-src"], ["'self'"]);
    assert_eq!(policy["connect-src"], ["ipc:", "http://ipc.localhost"]);
    for directive in ["object-src", "base-uri", "form-action"] {
        assert_eq!(policy[directive], ["'none'"], "{directive}");
    }
    for (directive, sources) in &policy {
        for source in sources {
            let local = ["'none'", "'self'", "data:", "ipc:", "http://ipc.localhost"].contains(source);
            assert!(local, "{directive} allows {source}");
        }
        assert!(!sources.contains(&"data:") || *directive == "img-src", "{directive} allows data:");
    }
    assert_eq!(security["freezePrototype"], true);
    assert_ne!(security["dangerousDisableAssetCspModification"], true);
    assert!(security.get("devCsp").is_none(), "debug builds have the same policy");
    assert!(security.get("assetProtocol").is_none(), "the page reads no files");
    assert!(config["app"].get("withGlobalTauri").is_none_or(|global| global == false));
    assert!(config["build"].get("devUrl").is_none(), "the page comes out of the program");
}

#[test]
fn there_is_one_window_and_it_may_listen() {
    let config = read("tauri.conf.json");
    let windows = config["app"]["windows"].as_array().unwrap();
    assert_eq!(windows.len(), 1);
    assert_eq!(windows[0]["label"], "main");

    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../src-tauri/capabilities");
    let names: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["main.json"], "one file says it all");
    let capability = read("src-tauri/capabilities/main.json");
    assert_eq!(capability["windows"], json!(["main"]));
    assert!(capability.get("webviews").is_none() && capability.get("remote").is_none());
    // Single permissions by name. A set (`…:default`), a file, a process or a network permission has no place here.
    assert_eq!(capability["permissions"], json!(["core:event:allow-listen", "core:event:allow-unlisten"]));
}

#[test]
fn the_program_has_no_plugin_that_opens_the_machine_to_the_page() {
    let manifest = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.toml")).unwrap();
    for plugin in ["fs", "shell", "http", "sql", "store", "websocket", "upload", "process", "stronghold"] {
        assert!(!manifest.contains(&format!("tauri-plugin-{plugin}")), "tauri-plugin-{plugin}");
    }
}

/// Every Rust file below a folder.
fn sources(folder: &Path, found: &mut Vec<std::path::PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
}

/// SQL is the program's own text; what people type travels as parameters only.
#[test]
fn no_sql_is_put_together_from_values() {
    let mut files = Vec::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../src-tauri/storage/src"), &mut files);
    assert!(files.len() > 30);
    let verbs = [
        "SELECT ",
        "INSERT ",
        "UPDATE ",
        "DELETE FROM",
        "CREATE ",
        "ALTER ",
        "DROP ",
        "PRAGMA ",
        "SET ",
        "WHERE ",
    ];
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        for (at, _) in text.match_indices("format!(") {
            let literal = text[at..].split('"').nth(1).unwrap_or_default();
            let is_sql =
                verbs.iter().any(|verb| literal.starts_with(verb) || literal.contains(&format!(" {verb}")));
            assert!(!is_sql, "{}: {literal:?}", file.display());
        }
    }
}

/// What happened is said in fixed words, so that a line of the log can be known to hold nothing of a player; what else it
/// tells are fields, and of these `src-tauri/src/log.rs` writes only what is nobody's.
#[test]
fn messages_of_the_log_are_fixed_words() {
    let mut files = Vec::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../src-tauri"), &mut files);
    files.retain(|file| !file.ends_with("src-tauri/src/log.rs"));
    let mut events = 0;
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        for (at, _) in text.match_indices("tracing::") {
            let Some((name, rest)) = text[at + 9..].split_once("!(") else { continue };
            if !["error", "warn", "info", "debug", "trace"].contains(&name) {
                continue;
            }
            events += 1;
            let said: String =
                rest.split(");").next().unwrap_or_default().split('"').skip(1).step_by(2).collect();
            assert!(!said.contains('{'), "{}: {said:?}", file.display());
        }
    }
    assert!(events > 40, "{events}");
}

/// Everything that is built into the window and the command, as `name, version, licence`: the crates, and what the page is
/// made of.
fn built_in() -> Vec<[String; 3]> {
    let mut command = cargo_metadata::MetadataCommand::new();
    command.manifest_path(Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.toml"));
    // The list is the same whoever makes it.
    command.other_options(["--filter-platform".to_owned(), "x86_64-unknown-linux-gnu".to_owned()]);
    let metadata = command.exec().unwrap();
    let nodes = &metadata.resolve.as_ref().unwrap().nodes;
    let ours = ["backstory-desktop", "backstory-cli"];
    let mut found = BTreeSet::new();
    let mut waiting: Vec<_> = metadata
        .packages
        .iter()
        .filter(|package| ours.contains(&package.name.as_str()))
        .map(|package| &package.id)
        .collect();
    while let Some(id) = waiting.pop() {
        if found.insert(id) {
            let node = nodes.iter().find(|node| node.id == *id).unwrap();
            let normal = |dep: &&cargo_metadata::NodeDep| {
                dep.dep_kinds.iter().any(|kind| kind.kind == cargo_metadata::DependencyKind::Normal)
            };
            waiting.extend(node.deps.iter().filter(normal).map(|dep| &dep.pkg));
        }
    }
    let crates = found.into_iter().map(|id| &metadata[id]).filter(|package| package.source.is_some());
    let licence = |package: &cargo_metadata::Package| {
        package.license.clone().unwrap_or_else(|| "see its files".to_owned())
    };
    let mut list: Vec<_> = crates
        .map(|package| [package.name.to_string(), package.version.to_string(), licence(package)])
        .collect();

    let lock = read("ui/package-lock.json");
    let packages = lock["packages"].as_object().unwrap();
    let names =
        |of: &Value| of.as_object().into_iter().flatten().map(|(name, _)| name.clone()).collect::<Vec<_>>();
    let mut waiting = names(&packages[""]["dependencies"]);
    waiting.push("svelte".to_owned());
    let mut seen = BTreeSet::new();
    while let Some(name) = waiting.pop() {
        let Some(package) = packages.get(&format!("node_modules/{name}")) else { continue };
        if seen.insert(name.clone()) {
            waiting.extend(names(&package["dependencies"]));
            let text = |key: &str| package[key].as_str().unwrap_or("see its files").to_owned();
            list.push([name, text("version"), text("license")]);
        }
    }
    list.sort();
    list
}

#[test]
fn everything_built_in_is_named_with_its_licence() {
    let list: String = built_in().into_iter().map(|fields| fields.join("\t") + "\n").collect();
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../src-tauri/src/licences.tsv");
    if std::env::var_os("BACKSTORY_GEN").is_some() {
        fs::write(&file, &list).unwrap();
    }
    let written = fs::read_to_string(&file).unwrap_or_default();
    let missing: Vec<_> = list.lines().filter(|line| !written.lines().any(|known| known == *line)).collect();
    let gone: Vec<_> = written.lines().filter(|line| !list.lines().any(|known| known == *line)).collect();
    assert!(
        missing.is_empty() && gone.is_empty(),
        "run `cargo xtask gen`: missing {missing:?}, gone {gone:?}"
    );
    for copyleft in ["GPL-3.0", "AGPL", "SSPL"] {
        assert!(!list.contains(copyleft), "{copyleft} in the program");
    }
}

#[test]
fn the_readme_shows_pictures_that_are_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let readme = fs::read_to_string(root.join("README.md")).unwrap();
    let named: Vec<&str> =
        readme.split(['"', '(', ')', ' ']).filter(|word| word.starts_with("docs/")).collect();
    assert!(named.iter().filter(|name| name.ends_with(".png")).count() >= 8, "{named:?}");
    for name in named {
        assert!(root.join(name).is_file(), "the README names {name}, which is not there");
    }
}
