//! What was cut out at the door: other players' data, which nobody here keeps.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    api::{App, app::Empty},
    error::Result,
    job::Progress,
    storage::{Deleted, HistoryQuery, QueryFilter},
};

/// A place in documents that was cut out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct CutPlace {
    /// Where it stood: a JSON pointer without numbers, `/campaign/characters`.
    pub pointer: String,
    /// In how many versions.
    pub versions: u64,
    /// Bytes that were taken out.
    pub bytes: u64,
}

/// What was cut out of the versions of a library.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Cuts {
    /// Versions in all.
    pub versions: u64,
    /// Versions of which something was cut out.
    pub cut: u64,
    /// Where it stood, the most of it first.
    pub places: Vec<CutPlace>,
}

/// What was cut out of the library's versions at the door.
///
/// # Errors
/// As [`crate::library::Library::history`].
pub async fn cuts(app: &App, _: Empty, _: &dyn Progress) -> Result<Cuts> {
    let library = app.library()?;
    let filter = QueryFilter { deleted: Deleted::With, ..QueryFilter::default() };
    let mut found = Cuts::default();
    let mut places: BTreeMap<String, CutPlace> = BTreeMap::new();
    for row in library.query(&filter).await?.items {
        for version in library.history(&HistoryQuery::all(row.id)).await?.items {
            found.versions += 1;
            found.cut += u64::from(!version.cuts.is_empty());
            let mut seen = Vec::new();
            for cut in version.cuts {
                let pointer = without_numbers(&cut.pointer);
                let place = places.entry(pointer.clone()).or_insert_with(|| CutPlace {
                    pointer: pointer.clone(),
                    versions: 0,
                    bytes: 0,
                });
                place.bytes += cut.removed_bytes;
                place.versions += u64::from(!seen.contains(&pointer));
                seen.push(pointer);
            }
        }
    }
    found.places = places.into_values().collect();
    found.places.sort_by(|one, other| other.bytes.cmp(&one.bytes).then(one.pointer.cmp(&other.pointer)));
    Ok(found)
}

/// The same place in every document, wherever in a list it stood and however the document was wrapped.
fn without_numbers(pointer: &str) -> String {
    let parts = pointer.split('/').skip(1);
    let parts = parts.filter(|part| *part != "data" && part.parse::<u64>().is_err());
    parts.fold(String::new(), |path, part| path + "/" + part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_one_place_however_it_is_wrapped() {
        for pointer in ["/data/campaign/characters", "/campaign/characters", "/0/data/campaign/3/characters"]
        {
            assert_eq!(without_numbers(pointer), "/campaign/characters");
        }
        assert_eq!(without_numbers(""), "");
    }
}
