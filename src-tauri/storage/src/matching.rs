//! What "without regard to case" and "contains" mean, once for all backends.

use backstory_core::{
    error::Result,
    model::{CharacterId, CharacterIndex},
    storage::{Cursor, Deleted, Page, QueryFilter, Sort, SortKey},
};

use crate::rules::{self, nanoseconds};

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
        && (filter.names.is_empty() || filter.names.iter().any(|name| fold(name) == fold(&index.name)))
        && contains(&filter.name, &fold(&index.name))
        && contains(&filter.text, &search_text(index))
        && (filter.classes.is_empty() || filter.classes.iter().any(has_class))
        && filter.min_level.is_none_or(|level| index.level >= level)
        && filter.max_level.is_none_or(|level| index.level <= level)
        && filter.campaign.as_ref().is_none_or(|name| campaign(index).unwrap_or_default() == name)
        && filter.changed_after.is_none_or(|time| index.last_changed >= time)
        && filter.changed_before.is_none_or(|time| index.last_changed < time)
        && filter.owner.as_ref().is_none_or(|owner| index.owner.as_ref() == Some(owner))
        && is_wanted(filter.deleted, index.deleted_at.is_some())
        && is_visible(filter, index.owner.as_deref(), campaign(index))
}

/// Whether a character that is in the bin, or is not, is wanted.
pub(crate) fn is_wanted(deleted: Deleted, is_deleted: bool) -> bool {
    match deleted {
        Deleted::Without => !is_deleted,
        Deleted::With => true,
        Deleted::Only => is_deleted,
    }
}

/// Whether whoever is looking may see a character with this owner and campaign.
pub(crate) fn is_visible(filter: &QueryFilter, owner: Option<&str>, campaign: Option<&str>) -> bool {
    let Some(to) = &filter.visible_to else { return true };
    owner == Some(to.user.as_str())
        || to
            .shared
            .iter()
            .any(|(shared, by)| campaign == Some(shared.as_str()) && owner == Some(by.as_str()))
}

/// What a character is sorted by.
pub(crate) fn sort_key(index: &CharacterIndex, sort: Sort) -> SortKey {
    match sort {
        Sort::Changed => SortKey::Changed(nanoseconds(index.last_changed)),
        Sort::Name => SortKey::Name(fold(&index.name)),
        Sort::Level => SortKey::Level(index.level),
    }
}

/// Which of two places in a list comes first. Keys of different orders do not meet.
pub(crate) fn compare(a: (&SortKey, &CharacterId), b: (&SortKey, &CharacterId)) -> std::cmp::Ordering {
    let keys = match (a.0, b.0) {
        (SortKey::Changed(a), SortKey::Changed(b)) => b.cmp(a),
        (SortKey::Name(a), SortKey::Name(b)) => a.cmp(b),
        (SortKey::Level(a), SortKey::Level(b)) => b.cmp(a),
        _ => std::cmp::Ordering::Equal,
    };
    keys.then_with(|| a.1.cmp(b.1))
}

/// The page a filter asks for, from all rows there are.
///
/// # Errors
/// `invalid_argument` when the filter is not one.
pub(crate) fn query<'a>(
    filter: &QueryFilter,
    rows: impl Iterator<Item = &'a CharacterIndex>,
) -> Result<Page<CharacterIndex>> {
    rules::check_filter(filter)?;
    let after = filter.after.as_ref().map(|cursor| cursor.position(filter.sort)).transpose()?;
    let mut found: Vec<_> = rows
        .filter(|index| matches(filter, index))
        .map(|index| (sort_key(index, filter.sort), index))
        .collect();
    found.sort_by(|(a, left), (b, right)| compare((a, &left.id), (b, &right.id)));
    let start = after.map_or(0, |(key, id)| {
        found.partition_point(|(other, index)| compare((other, &index.id), (&key, &id)).is_le())
    });
    let total = found.len() as u64;
    let rows: Vec<_> = found[start..].iter().map(|(_, index)| *index).collect();
    let mut page = part(&rows, filter.limit, filter.offset);
    page.next = next(filter, &page.items, rows.len());
    page.total = total;
    Ok(page)
}

/// Where the page after this one begins, when `left` rows stood behind the cursor of this one.
pub(crate) fn next(filter: &QueryFilter, items: &[CharacterIndex], left: usize) -> Option<Cursor> {
    let last = items.last().filter(|_| filter.offset as usize + items.len() < left)?;
    Some(Cursor::at(&sort_key(last, filter.sort), &last.id))
}

/// A part of a whole list.
pub(crate) fn part<T: Clone>(all: &[&T], limit: Option<u32>, offset: u32) -> Page<T> {
    let limit = limit.map_or(usize::MAX, |limit| limit as usize);
    let items = all.iter().skip(offset as usize).take(limit).map(|&item| item.clone()).collect();
    Page::new(items, all.len() as u64)
}
