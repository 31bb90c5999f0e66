//! Since when: for every field of a sheet, the version that gave it the value it has.

use std::collections::{HashMap, HashSet};

use crate::{
    diff::{self, ChangeKind, Section},
    sheet::Sheet,
    trace::Trace,
};

/// A field of the sheet that is asked about.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    /// Its key in a comparison.
    pub key: String,
    /// Which part of the sheet.
    pub section: Section,
    /// What a player calls it.
    pub label: String,
    /// What it says.
    pub value: Option<serde_json::Value>,
}

/// Every field of a sheet.
pub fn fields(sheet: &Sheet) -> Vec<Field> {
    let same = diff::compare(sheet, sheet, diff::Options { state: true, same: true });
    let rows = same.changes.into_iter().filter(|row| row.kind == ChangeKind::Same);
    rows.map(|row| Field { key: row.key, section: row.section, label: row.label, value: row.new }).collect()
}

/// The place in the history (0 is the newest version) that each field has its value since, and the sentence there that
/// tells it. `traces` go from the newest version to the first; what nothing changed stands since the last of them. None only
/// where there is no version at all.
pub fn since(fields: &[Field], traces: &[&Trace]) -> Vec<Option<(usize, Option<u16>)>> {
    let mut found = vec![None; fields.len()];
    // What a field was called at the version looked at, and which field that is: things are made anew under other keys.
    let mut open: HashMap<String, Vec<usize>> = HashMap::new();
    for (at, field) in fields.iter().enumerate() {
        open.entry(field.key.clone()).or_default().push(at);
    }
    let is_known: HashSet<&str> = fields.iter().map(|field| field.key.as_str()).collect();
    for (version, trace) in traces.iter().enumerate() {
        if open.is_empty() {
            break;
        }
        for changed in &trace.changed {
            // A change of one side of a thing ("inventory/817/quantity") is a change of the thing, unless that side is a field
            // of its own ("identity/class/wizard/subclass").
            let is_field = is_known.contains(changed.0.as_str()) || changed.0.ends_with("/subclass");
            for key in with_parents(&changed.0).take(if is_field { 1 } else { usize::MAX }) {
                for at in open.remove(key).into_iter().flatten() {
                    found[at] = Some((version, changed.1));
                }
            }
        }
        for (was, is) in &trace.rekeyed {
            if let Some(fields) = open.remove(is) {
                open.entry(was.clone()).or_default().extend(fields);
            }
        }
    }
    if let Some(first) = traces.len().checked_sub(1) {
        for at in open.into_values().flatten() {
            found[at] = Some((first, Some(0)));
        }
    }
    found
}

/// `a/b/c`, `a/b`; a section by itself is no field.
fn with_parents(key: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(key), |key| key.rsplit_once('/').map(|(parent, _)| parent))
        .take_while(|key| key.contains('/'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::ChangedField;

    fn field(key: &str) -> Field {
        Field { key: key.into(), section: Section::Inventory, label: key.into(), value: None }
    }

    fn trace(changed: &[&str], rekeyed: &[(&str, &str)]) -> Trace {
        Trace {
            changed: changed.iter().map(|key| ChangedField((*key).into(), Some(1))).collect(),
            rekeyed: rekeyed.iter().map(|(a, b)| ((*a).into(), (*b).into())).collect(),
            ..Trace::default()
        }
    }

    #[test]
    fn a_field_stands_since_the_last_version_that_changed_it_under_any_key() {
        let fields = [field("inventory/9"), field("combat/armor_class"), field("identity/name")];
        let newest = trace(&["combat/armor_class"], &[("inventory/5", "inventory/9")]);
        let middle = trace(&["inventory/5/quantity", "combat/armor_class", "inventory/9"], &[]);
        let first = trace(&[], &[]);
        let since = since(&fields, &[&newest, &middle, &first]);
        assert_eq!(since, [Some((1, Some(1))), Some((0, Some(1))), Some((2, Some(0)))]);
        assert_eq!(super::since(&fields, &[]), [None, None, None]);
    }

    #[test]
    fn a_part_that_is_a_field_of_its_own_is_no_change_of_the_whole() {
        let fields = [field("identity/class/wizard"), field("identity/class/wizard/subclass")];
        let (newest, first) = (trace(&["identity/class/wizard/subclass"], &[]), trace(&[], &[]));
        assert_eq!(since(&fields, &[&newest, &first]), [Some((1, Some(0))), Some((0, Some(1)))]);
    }
}
