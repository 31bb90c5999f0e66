//! Where things are in the folder, and which names are ours.

use backstory_core::model::{CharacterId, ContentHash};

use super::disk::join;

/// What the library is: its format, its revision, what changed lately.
pub(super) const HEAD: &str = "metadata.json";

/// The list of all characters.
pub(super) const INDEX: &str = "index.json";

/// A folder for each character.
pub(super) const CHARACTERS: &str = "characters";

/// What was done with the library: pages of its audit log.
pub(super) const AUDIT: &str = "audit";

/// What is on its way: locks, the journal, files not yet in their place.
pub(super) const TEMP: &str = "temp";

/// Held by whoever writes.
pub(super) const WRITER_LOCK: &str = "temp/writer.lock";

/// The change that is being made.
pub(super) const JOURNAL: &str = "temp/journal.json";

/// What files on their way end in.
pub(super) const STAGED: &str = ".staged";

/// In a character's folder: what is known of it, and which pages its history has.
pub(super) const RECORD: &str = "metadata.json";

/// In a character's folder: its newest document, as imported.
pub(super) const LATEST: &str = "latest.json";

/// In a character's folder: the documents, and the pages of the history.
pub(super) const VERSIONS: &str = "versions";

/// A page of a character's history, in its folder: what is known of some of its versions.
pub(super) fn history(page: u64) -> String {
    format!("{VERSIONS}/history-{:06}.json", page + 1)
}

/// The page of the audit log that begins with this entry.
pub(super) fn audit(from: u64) -> String {
    format!("{AUDIT}/{from:012}.json")
}

/// The entry that the page of this name begins with; none when it is not one that [`audit`] gives.
pub(super) fn audit_page_of(name: &str) -> Option<u64> {
    let from = name.strip_suffix(".json")?.parse().ok()?;
    (audit(from) == join(AUDIT, name)).then_some(from)
}

/// In a character's folder: the documents that are seldom looked at.
pub(super) const ARCHIVE: &str = "archive";

/// Stands behind the name of a folder that would be a device on Windows. Not a letter of an id.
const NOT_A_DEVICE: char = '~';

/// A character's folder.
pub(super) fn character(id: &CharacterId) -> String {
    let suffix = if is_device(id.as_str()) { NOT_A_DEVICE.to_string() } else { String::new() };
    format!("{CHARACTERS}/{id}{suffix}")
}

/// Whose folder has this name; none when it is not one that [`character`] gives.
pub(super) fn character_of(name: &str) -> Option<CharacterId> {
    let id = CharacterId::new(name.trim_end_matches(NOT_A_DEVICE)).ok()?;
    (character(&id) == join(CHARACTERS, name)).then_some(id)
}

/// A folder of this name cannot be made on Windows, and the library may be copied or synced there.
fn is_device(name: &str) -> bool {
    let numbered =
        |prefix| name.strip_prefix(prefix).is_some_and(|rest| matches!(rest.as_bytes(), [b'0'..=b'9']));
    matches!(name, "con" | "prn" | "aux" | "nul") || numbered("com") || numbered("lpt")
}

/// The name of a document's file without its ending: of the first version that had it, else of its hash.
pub(super) fn content_stem(version: Option<u64>, hash: &ContentHash) -> String {
    match version {
        Some(version) => format!("v{version:06}"),
        None => format!("document-{}", &hash.to_string()[..16]),
    }
}

/// Whether a place is one that a change may put a file in or take one from. What is read from a disk is not trusted.
pub(super) fn is_ours(place: &str) -> bool {
    let plain = |name: &str| {
        !name.is_empty()
            && !name.starts_with('.')
            && !name.contains(['\\', ':', '\0'])
            && !name.ends_with('.')
    };
    place.split('/').all(plain)
        && (place == HEAD
            || place == INDEX
            || place
                .strip_prefix(AUDIT)
                .and_then(|rest| rest.strip_prefix('/'))
                .is_some_and(|name| audit_page_of(name).is_some())
            || place
                .strip_prefix(CHARACTERS)
                .and_then(|rest| rest.strip_prefix('/'))
                .is_some_and(|rest| rest.split('/').next().is_some_and(|name| character_of(name).is_some())))
}

/// Whether a place is one where files wait.
pub(super) fn is_staged(place: &str) -> bool {
    place.strip_prefix(TEMP).and_then(|rest| rest.strip_prefix('/')).is_some_and(|name| {
        name.ends_with(STAGED) && !name.starts_with('.') && !name.contains(['/', '\\', ':', '\0'])
    })
}

/// Why a file that is not ours may be here, for a person.
pub(super) fn stranger(name: &str) -> &'static str {
    let small = name.to_lowercase();
    let copy = small.contains("conflict")
        || small.ends_with('~')
        || small.split_once(" (").is_some_and(|(_, rest)| rest.contains(')'))
        || small.contains(" - copy");
    if copy {
        "This looks like a copy that was made when two computers changed the same file. It was left alone."
    } else {
        "Backstory did not make this and left it alone."
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_become_folders_that_every_system_can_make() {
        for (id, folder) in [
            ("ddb-1", "characters/ddb-1"),
            ("con", "characters/con~"),
            ("com7", "characters/com7~"),
            ("lpt", "characters/lpt"),
            ("console", "characters/console"),
        ] {
            let id = CharacterId::new(id).unwrap();
            assert_eq!(character(&id), folder);
            assert_eq!(character_of(folder.strip_prefix("characters/").unwrap()), Some(id));
        }
        for name in ["con", "ddb-1~", "DDB-1", "ddb-1 (2)", "..", "", "~", ".DS_Store"] {
            assert_eq!(character_of(name), None, "{name}");
        }
    }

    #[test]
    fn a_journal_cannot_reach_out_of_the_folder() {
        for place in ["metadata.json", "index.json", "characters/ddb-1/versions/v000001.json.zst"] {
            assert!(is_ours(place), "{place}");
        }
        for place in [
            "",
            "/etc/passwd",
            "characters",
            "characters/../x",
            "characters/ddb-1/../../x",
            "characters//x",
            "characters/ddb-1/a:b",
            "characters/ddb-1/.hidden",
            "temp/journal.json",
            "other.json",
            "C:\\x",
        ] {
            assert!(!is_ours(place), "{place}");
        }
        assert!(is_staged("temp/7-0.staged"));
        for place in ["temp/../x.staged", "x.staged", "temp/a", "temp/.staged", "temp/a/b.staged"] {
            assert!(!is_staged(place), "{place}");
        }
    }
}
