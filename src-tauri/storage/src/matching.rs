//! What "without regard to case" and "contains" mean, once for all backends.

use backstory_core::model::CharacterIndex;

/// A text with its case taken away: Unicode small letters.
///
/// Databases fold ASCII only, or by the server's locale; so it is done here, and backends store the result.
pub(crate) fn fold(text: &str) -> String {
    text.to_lowercase()
}

/// Everything [`backstory_core::storage::QueryFilter::text`] looks into, folded, a line each.
pub(crate) fn search_text(index: &CharacterIndex) -> String {
    let classes = index.classes.iter().flat_map(|class| [Some(&class.name), class.subclass.as_ref()]);
    let parts =
        [Some(&index.name), index.species.as_ref(), index.campaign.as_ref()].into_iter().chain(classes);
    let lines: Vec<String> = parts.flatten().map(|part| fold(part)).collect();
    lines.join("\n")
}

/// The campaign's name. An empty one is none.
pub(crate) fn campaign(index: &CharacterIndex) -> Option<&str> {
    index.campaign.as_deref().filter(|name| !name.is_empty())
}
