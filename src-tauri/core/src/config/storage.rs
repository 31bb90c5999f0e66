//! Another way to say which library is opened: a block `storage` that names a backend and what it needs.
//!
//! It is translated into the keys of the library `home`, each where it stands, before anything else is made of them: so
//! everything that holds for those holds for it.

use super::{
    HOME, Origin, Value,
    layers::{Stack, Trouble, value, wrong},
    text::Raw,
};
use crate::error::Result;

const FOLDER: &str = "file_json";
const SQLITE: &str = "database_sqlite";
const POSTGRES: &str = "database_postgres";

/// The backends a block can name.
pub(super) const BACKENDS: [&str; 3] = [FOLDER, SQLITE, POSTGRES];

/// What a key of the block becomes, and for which backends it is.
struct Word {
    name: &'static str,
    becomes: Option<&'static str>,
    of: &'static [&'static str],
}

const WORDS: [Word; 6] = [
    Word { name: "storage_root", becomes: Some("address"), of: &[FOLDER] },
    Word { name: "database_path", becomes: Some("address"), of: &[SQLITE] },
    Word { name: "dsn", becomes: Some("address"), of: &[POSTGRES] },
    Word { name: "compression", becomes: Some("encoding.compression"), of: &BACKENDS },
    Word { name: "pool_size", becomes: Some("pool.size"), of: &[POSTGRES] },
    Word { name: "enable_partitioning", becomes: None, of: &[POSTGRES] },
];

/// Takes a block `storage` apart, where there is one.
pub(super) fn translate(stack: &mut Stack<'_>) -> Result<()> {
    let Some((_, first)) =
        stack.written.iter().find(|(key, _)| key.starts_with("storage.")).map(|(_, at)| at)
    else {
        return Ok(());
    };
    let first = first.clone();
    let Some((backend, origin)) = stack.written.remove("storage.backend") else {
        return Err(wrong(&first, "storage", "does not say which `backend` it is.")
            .hint(format!("Known: `{}`.", BACKENDS.join("`, `"))));
    };
    let backend = match value("storage.backend", backend, &origin, stack.lookup) {
        Ok(Value::Choice(backend)) => backend,
        Ok(other) => other.to_string(),
        Err(Trouble::Wrong(error)) => return Err(error),
        Err(Trouble::Unset(unset)) => return Err(unset.0),
    };
    let mut has_place = false;
    for word in &WORDS {
        let key = format!("storage.{}", word.name);
        let Some((raw, origin)) = stack.written.remove(&key) else { continue };
        if !word.of.contains(&backend.as_str()) {
            return Err(wrong(&origin, &key, &format!("is not for {backend}.")).hint(format!(
                "It is for {}. Take it out, or look at `storage.backend`.",
                word.of.join(", ")
            )));
        }
        let read = match value(&key, raw.clone(), &origin, stack.lookup) {
            Ok(read) => Some(read),
            Err(Trouble::Wrong(error)) => return Err(error),
            // The library waits for the variable, like any other.
            Err(Trouble::Unset(_)) => None,
        };
        let Some(becomes) = word.becomes else {
            if read == Some(Value::YesNo(false)) {
                return Err(wrong(
                    &origin,
                    &key,
                    "cannot be false: versions always lie in a partition for each month.",
                )
                .hint("Take it out."));
            }
            continue;
        };
        let raw = if becomes == "address" {
            has_place = true;
            place(&backend, &key, raw, read.as_ref(), &origin)?
        } else {
            raw
        };
        put(stack, &format!("libraries.{HOME}.{becomes}"), &key, raw, origin)?;
    }
    if !has_place {
        let needed =
            WORDS.iter().find(|word| word.becomes == Some("address") && word.of == [backend.as_str()]);
        let needed = needed.map_or("dsn", |word| word.name);
        return Err(wrong(
            &origin,
            "storage",
            &format!("does not say where it is: {backend} needs `{needed}`."),
        ));
    }
    put(stack, "library", "storage", Raw::Text(HOME.to_owned()), origin)
}

/// The address of a library in such a place.
fn place(backend: &str, key: &str, raw: Raw, read: Option<&Value>, origin: &Origin) -> Result<Raw> {
    if let (POSTGRES, Some(Value::Address(address))) = (backend, read)
        && !["postgres://", "postgresql://"].iter().any(|scheme| address.reveal().starts_with(scheme))
    {
        return Err(wrong(origin, key, "is not the address of a PostgreSQL server.")
            .hint("It looks like postgresql://<user>@<host>/<database>."));
    }
    Ok(match (backend, raw) {
        (FOLDER, Raw::Text(path)) => Raw::Text(format!("folder:{path}")),
        (SQLITE, Raw::Text(path)) => Raw::Text(format!("sqlite:{path}")),
        (_, raw) => raw,
    })
}

/// Puts a value where it belongs, unless a stronger layer says so already. Two that say the same in one layer are one too many.
fn put(stack: &mut Stack<'_>, key: &str, said: &str, raw: Raw, origin: Origin) -> Result<()> {
    if let Some((there, other)) = stack.written.get(key) {
        let is_same =
            matches!((there, &raw), (Raw::Text(there), Raw::Text(text)) if key == "library" && there == text);
        if rank(other) > rank(&origin) || is_same && rank(other) == rank(&origin) {
            return Ok(());
        }
        if rank(other) == rank(&origin) && rank(&origin) > 0 {
            return Err(wrong(&origin, said, &format!("says what `{key}` says, too ({other})."))
                .hint("Keep one of them."));
        }
    }
    stack.written.insert(key.to_owned(), (raw, origin));
    Ok(())
}

/// How strong a layer is.
fn rank(origin: &Origin) -> u8 {
    match origin {
        Origin::Default => 0,
        Origin::File { .. } => 1,
        Origin::Environment { .. } => 2,
        Origin::Flag { .. } | Origin::Asked => 3,
    }
}
