//! What "without regard to case" and "contains" mean, once for all backends.

use backstory_core::{
    model::CharacterIndex,
    storage::{Page, QueryFilter, Sort},
};

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

/// Whether a character's row matches, word by word.
pub(crate) fn matches(filter: &QueryFilter, index: &CharacterIndex) -> bool {
    let contains = |needle: &Option<String>, text: &str| {
        needle.as_ref().is_none_or(|needle| text.contains(&fold(needle)))
    };
    let has_class = |wanted: &String| index.classes.iter().any(|class| fold(&class.name) == fold(wanted));
    (filter.ids.is_empty() || filter.ids.contains(&index.id))
        && contains(&filter.name, &fold(&index.name))
        && contains(&filter.text, &search_text(index))
        && (filter.classes.is_empty() || filter.classes.iter().any(has_class))
        && filter.min_level.is_none_or(|level| index.level >= level)
        && filter.max_level.is_none_or(|level| index.level <= level)
        && filter.campaign.as_ref().is_none_or(|name| campaign(index).unwrap_or_default() == name)
        && filter.changed_after.is_none_or(|time| index.last_changed >= time)
        && filter.changed_before.is_none_or(|time| index.last_changed < time)
}

/// Puts rows into an order.
pub(crate) fn sort(indexes: &mut [&CharacterIndex], sort: Sort) {
    indexes.sort_by(|a, b| {
        let order = match sort {
            Sort::Changed => b.last_changed.cmp(&a.last_changed),
            Sort::Name => fold(&a.name).cmp(&fold(&b.name)),
            Sort::Level => b.level.cmp(&a.level),
        };
        order.then_with(|| a.id.cmp(&b.id))
    });
}

/// A part of a whole list.
pub(crate) fn page<T: Clone>(all: &[&T], limit: Option<u32>, offset: u32) -> Page<T> {
    let limit = limit.map_or(usize::MAX, |limit| limit as usize);
    let items = all.iter().skip(offset as usize).take(limit).map(|&item| item.clone()).collect();
    Page { items, total: all.len() as u64 }
}
