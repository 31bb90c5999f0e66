//! Numbers with their parts.

use backstory_core::sheet::{Derived, Part};

/// The sum of what was gathered. Parts of one name are one part ("Shield, +1" with its own bonus); those that add nothing
/// are left out.
pub(crate) fn derived(gathered: Vec<Part>) -> Derived {
    let mut parts: Vec<Part> = Vec::new();
    for part in gathered {
        match parts.iter_mut().find(|other| other.label == part.label) {
            Some(other) => other.value = other.value.saturating_add(part.value),
            None => parts.push(part),
        }
    }
    parts.retain(|part| part.value != 0);
    let value = parts.iter().fold(0_i32, |sum, part| sum.saturating_add(part.value));
    Derived { value, parts }
}

/// Bonuses by name: the order in which a document lists them means nothing.
pub(crate) fn in_order(mut bonuses: Vec<Part>) -> Vec<Part> {
    bonuses.sort_by(|a, b| (&a.label, a.value).cmp(&(&b.label, b.value)));
    bonuses
}

/// A part with its label.
pub(crate) fn part(label: impl Into<String>, value: i32) -> Part {
    Part { label: label.into(), value }
}
