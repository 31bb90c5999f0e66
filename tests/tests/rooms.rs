//! Holds the rooms apart: who may depend on whom, in Rust and in the page. `ARCHITECTURE.md` says why.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test stops where it stands")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use cargo_metadata::{DependencyKind, MetadataCommand};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().unwrap()
}

/// All files below a folder with one of these endings, with their path from the root, in order.
fn files(folder: &str, endings: &[&str]) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display())) {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if endings.iter().any(|ending| path.to_str().unwrap().ends_with(ending)) {
                let name = path.strip_prefix(root()).unwrap().to_str().unwrap().replace('\\', "/");
                found.push((name, fs::read_to_string(&path).unwrap()));
            }
        }
    }
    found.sort();
    found
}

#[test]
fn packages_depend_in_the_allowed_directions_only() {
    let allowed = BTreeMap::from([
        ("backstory-core", vec![]),
        ("backstory-storage", vec!["backstory-core"]),
        ("backstory-sources", vec!["backstory-core"]),
        ("backstory-cli", vec!["backstory-core", "backstory-storage", "backstory-sources"]),
        ("backstory-desktop", vec!["backstory-core", "backstory-storage", "backstory-sources"]),
        (
            "backstory-tests",
            vec!["backstory-core", "backstory-storage", "backstory-sources", "backstory-cli"],
        ),
        ("xtask", vec![]),
    ]);
    let metadata = MetadataCommand::new().current_dir(root()).no_deps().exec().unwrap();
    let packages: BTreeSet<&str> = metadata.packages.iter().map(|package| package.name.as_str()).collect();
    assert_eq!(packages, allowed.keys().copied().collect(), "a new room needs its line here");
    for package in &metadata.packages {
        for dependency in &package.dependencies {
            let ours = packages.contains(dependency.name.as_str());
            if ours && dependency.kind == DependencyKind::Normal {
                let (from, to) = (package.name.as_str(), dependency.name.as_str());
                assert!(allowed[from].contains(&to), "{from} must not depend on {to}");
            }
        }
    }
    let xtask = metadata.packages.iter().find(|package| package.name.as_str() == "xtask").unwrap();
    assert!(
        xtask.dependencies.is_empty(),
        "xtask is what a fresh machine builds first: it has no dependencies"
    );
}

/// The lines of a Rust file that are in the product: no comments, and nothing under `#[cfg(test)]`.
fn product_lines(text: &str) -> Vec<(usize, &str)> {
    let mut lines = Vec::new();
    let mut all = text.lines().enumerate();
    while let Some((number, line)) = all.next() {
        if line.trim() == "#[cfg(test)]" {
            let indent = line.len() - line.trim_start().len();
            // The item ends with its closing brace, or with a semicolon where it has no body.
            for (_, line) in all.by_ref() {
                let depth = line.len() - line.trim_start().len();
                if depth == indent && (line.trim_start().starts_with('}') || line.trim_end().ends_with(';')) {
                    break;
                }
            }
        } else if !line.trim_start().starts_with("//") {
            lines.push((number + 1, line));
        }
    }
    lines
}

/// Whether the word stands in the line by itself and not as the end of a longer one.
fn mentions(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        !before.is_some_and(|c| c.is_alphanumeric() || c == '_')
    })
}

#[test]
fn core_touches_no_clock_no_chance_no_environment_and_no_disk() {
    const BANNED: [&str; 15] = [
        "fs::",
        "env::",
        "net::",
        "process::",
        "File::",
        "SystemTime",
        "Instant::now",
        "Timestamp::now",
        "Zoned::now",
        "now_v7",
        "new_v4",
        "thread_rng",
        "getrandom",
        "stdin(",
        "spawn_blocking",
    ];
    let mut broken = Vec::new();
    for (name, text) in files("src-tauri/core/src", &[".rs"]) {
        if name.ends_with("/tests.rs") || name.contains("/tests/") {
            continue;
        }
        for (number, line) in product_lines(&text) {
            for word in BANNED.iter().filter(|word| mentions(line, word)) {
                broken.push(format!("{name}:{number}: {word}"));
            }
        }
    }
    assert!(broken.is_empty(), "core gets these passed in:\n{}", broken.join("\n"));
}

#[test]
fn the_nouns_and_contracts_of_core_know_nothing_above_them() {
    const NOUNS: [&str; 7] =
        ["model.rs", "sheet.rs", "trace.rs", "json.rs", "cache.rs", "storage.rs", "source.rs"];
    for (name, text) in files("src-tauri/core/src", &[".rs"]) {
        if !NOUNS.contains(&name.trim_start_matches("src-tauri/core/src/")) {
            continue;
        }
        for (number, line) in product_lines(&text) {
            for above in ["api", "library", "history"] {
                let used = mentions(line, &format!("crate::{above}"))
                    || (line.trim_start().starts_with(&format!("{above}::"))
                        && line.trim_end().ends_with(','));
                assert!(!used, "{name}:{number} uses {above}, which stands above it");
            }
        }
    }
}

/// One import of a page's file.
#[derive(Debug, PartialEq, Eq)]
struct Import {
    from: String,
    types_only: bool,
}

/// Every `import … from "…"`, `export … from "…"`, `import "…"` and `import("…")` of a file.
fn imports(text: &str) -> Vec<Import> {
    let mut found = Vec::new();
    for keyword in ["import", "export"] {
        for (at, _) in text.match_indices(keyword) {
            let starts_line = text[..at].rsplit('\n').next().is_some_and(|before| before.trim().is_empty());
            let rest = &text[at + keyword.len()..];
            let Some((before, after)) = rest.split_once(['"', '\'']) else { continue };
            let called = keyword == "import" && before == "(";
            let statement = starts_line
                && !before.contains([';', '=', '('])
                && (before.trim().is_empty() || before.trim_end().ends_with("from"));
            if called || statement {
                let from = after.split(['"', '\'']).next().unwrap_or_default().to_owned();
                found.push(Import { from, types_only: before.trim_start().starts_with("type ") });
            }
        }
    }
    found
}

/// The room of a file below `ui/src`, or none for the files that put the page together.
fn room(path: &str) -> Option<&str> {
    path.strip_prefix("ui/src/")?.split_once('/').map(|(room, _)| room)
}

/// Where a relative import leads, from the root.
fn resolve(file: &str, import: &str) -> String {
    let mut parts: Vec<&str> = file.split('/').collect();
    parts.pop();
    for part in import.split('/') {
        match part {
            "." => {}
            ".." => drop(parts.pop()),
            name => parts.push(name),
        }
    }
    parts.join("/")
}

#[test]
fn the_page_imports_in_the_allowed_directions_only() {
    // Types alone may be taken from `api` everywhere: they are the words all rooms share.
    let allowed = BTreeMap::from([
        ("api", vec!["api"]),
        ("text", vec!["text"]),
        ("collections", vec!["collections"]),
        ("state", vec!["state", "api", "collections", "text"]),
        ("components", vec!["components", "collections", "text"]),
        ("diff", vec!["diff", "components", "collections", "text"]),
        ("screens", vec!["screens", "state", "components", "diff", "collections", "text"]),
    ]);
    let mut broken = Vec::new();
    for (name, text) in files("ui/src", &[".ts", ".svelte"]) {
        let Some(from) = room(&name) else { continue };
        let Some(allowed) = allowed.get(from) else {
            broken.push(format!("{name}: the room {from} needs its line here"));
            continue;
        };
        for import in imports(&text).iter().filter(|import| import.from.starts_with('.')) {
            let target = resolve(&name, &import.from);
            // A folder stands for its index.
            let to = room(&target).or_else(|| target.strip_prefix("ui/src/"));
            // The guide and the word on privacy are texts of the page too, and are read where they lie.
            let is_guide =
                from == "text" && ["docs/guide.", "docs/privacy."].iter().any(|doc| target.starts_with(doc));
            let fine =
                is_guide || to.is_some_and(|to| allowed.contains(&to) || (import.types_only && to == "api"));
            if !fine {
                broken.push(format!("{name} must not import {}", import.from));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn one_file_of_the_page_knows_tauri() {
    for (name, text) in files("ui/src", &[".ts", ".svelte"]) {
        let knows = imports(&text).iter().any(|import| import.from.starts_with("@tauri-apps/"));
        assert_eq!(knows, name == "ui/src/api/tauri.ts", "{name}: only ui/src/api/tauri.ts imports Tauri");
        assert!(!text.contains("__TAURI"), "{name} reaches around the bridge");
    }
}

#[test]
fn generated_files_are_generated() {
    for (name, text) in files("ui/src/api/generated", &[""]) {
        let first = text.lines().next().unwrap_or_default();
        assert_eq!(first, "// Made from the Rust types by `cargo xtask gen`. Do not edit.", "{name}");
    }
}

#[test]
fn the_scanners_see_what_they_must() {
    let rust = "use std::fs;\n#[cfg(test)]\nuse x::y;\n#[cfg(test)]\nmod tests {\n    fs::read();\n}\n// fs::\nlet offs::x = 1;\n";
    let lines: Vec<_> = product_lines(rust).into_iter().map(|(number, _)| number).collect();
    assert_eq!(lines, [1, 9]);
    assert!(mentions("a std::fs::read", "fs::") && !mentions("offs::x", "fs::"));

    let page = "<script lang=\"ts\">\n  import a from './a';\n  import type {\n    B,\n  } from \"../b\";\n  import \"./c.css\";\n\
                  export { d } from './d';\n  const e = () => import('./e');\n  export const f = \"import\";\n  // no import 'x'\n";
    let found: Vec<_> = imports(page).into_iter().map(|import| (import.from, import.types_only)).collect();
    let expected = [("./a", false), ("../b", true), ("./c.css", false), ("./e", false), ("./d", false)];
    assert_eq!(found, expected.map(|(from, types_only)| (from.to_owned(), types_only)));
    assert_eq!(resolve("ui/src/screens/x/y.ts", "../../api"), "ui/src/api");
}

/// What stands around a store passes everything on: a method that it does not have would be answered by the contract's default, as
/// if the store had none.
#[test]
fn what_stands_around_a_store_passes_everything_on() {
    let read = |name: &str| fs::read_to_string(root().join("src-tauri/core/src").join(name)).unwrap();
    let contract = read("storage.rs");
    let methods = |name: &str| -> Vec<String> {
        let body = contract.split(&format!("pub trait {name}")).nth(1).unwrap();
        let body = body.split("\n}\n").next().unwrap();
        let named =
            body.lines().filter_map(|line| line.trim().trim_start_matches("async ").strip_prefix("fn "));
        named.map(|rest| rest.split(['(', '<']).next().unwrap().to_owned()).collect()
    };
    let (store, transaction) = (methods("CharacterStorage:"), methods("StorageTransaction:"));
    assert!(store.len() > 15 && transaction.len() > 3, "{store:?} {transaction:?}");
    for wrapper in ["access.rs", "measured.rs"] {
        let text = read(wrapper);
        for method in store.iter().chain(&transaction) {
            assert!(text.contains(&format!("fn {method}(")), "{wrapper} does not pass on {method}");
        }
    }
}
