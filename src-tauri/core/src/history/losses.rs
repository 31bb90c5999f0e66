//! The loss alarm: a version in which much vanished and nothing explains it.
//!
//! Sources overwrite: an import that wipes the notes, a rules update that takes the spells, a sheet reset by mistake. A player
//! who parts with things does it a few at a time, for coins, or because of a level, a class or a species. What goes beyond
//! that is flagged, so that the last good version is looked at in time. A wrong alarm costs a glance, a missed one can
//! cost the character, and an alarm at every version is no alarm: the limits below are the balance, measured on real
//! histories with damage put into them.

use super::sentences::Told;
use crate::{
    diff::{Change, ChangeKind, CharacterDiff, Section, TextOpKind},
    model::Topic,
    sheet::Sheet,
    wording::{Arg, List, Said, say},
};

/// Fewer things than this are parted with by hand.
const MANY: usize = 5;
/// A note of so many letters is not deleted in passing.
const LONG_NOTE: usize = 120;
/// So many notes are not cleared one by one.
const MANY_NOTES: usize = 3;

/// What vanished without a reason, as a sentence; none where nothing did.
pub fn alarm(old: &Sheet, new: &Sheet, diff: &CharacterDiff, told: &[Told]) -> Option<Said> {
    let rebuilt = told.iter().any(|told| {
        let said = told.sentence.said.short();
        matches!(told.sentence.topic, Topic::Subclass)
            || ["rebuilt", "rebuilt-at", "reached", "reached-level", "changed-from"]
                .contains(&said.id.as_str())
    });
    let mut lost: Vec<Said> = Vec::new();
    if new.level < old.level && !told.iter().any(|told| told.sentence.said.short().id == "rebuilt-at") {
        lost.push(say("lost-levels").with("count", old.level - new.level));
    }
    let sold = told.iter().any(|told| told.sentence.said.id == "sold");
    let things = gone(diff, Section::Inventory);
    if !sold && much(things, old.inventory.len()) && !replaced(diff, Section::Inventory, things) {
        lost.push(say("lost-things").with("count", count(things)));
    }
    let spells = gone(diff, Section::Spells);
    if !rebuilt && much(spells, old.spells.len()) && !replaced(diff, Section::Spells, spells) {
        lost.push(say("lost-spells").with("count", count(spells)));
    }
    let features = gone(diff, Section::Features);
    if !rebuilt
        && much(features, old.features.len() + old.feats.len() + old.actions.len())
        && !replaced(diff, Section::Features, features)
    {
        lost.push(say("lost-features").with("count", count(features)));
    }
    let notes = diff.changes.iter().filter(|row| row.section == Section::Notes && wiped(row)).count();
    let long = diff
        .changes
        .iter()
        .any(|row| row.section == Section::Notes && wiped(row) && length(row.old.as_ref()) >= LONG_NOTE);
    if long || notes >= MANY_NOTES {
        lost.push(say("lost-notes").with("count", count(notes)));
    }
    let lost: Vec<Arg> = lost.into_iter().map(Arg::from).collect();
    (!lost.is_empty()).then(|| say("much-is-gone").with("lost", List::And(lost)))
}

/// How many whole things of a section are gone.
fn gone(diff: &CharacterDiff, section: Section) -> usize {
    let gone = |row: &&Change| {
        row.section == section
            && row.kind == ChangeKind::Removed
            && row.attribute.is_none()
            && !row.key.starts_with("limits/")
    };
    diff.changes.iter().filter(gone).count()
}

/// Whether what came makes up for what went: a wizard's new list, a pack packed anew.
fn replaced(diff: &CharacterDiff, section: Section, gone: usize) -> bool {
    let came =
        |row: &&Change| row.section == section && row.kind == ChangeKind::Added && row.attribute.is_none();
    diff.changes.iter().filter(came).count() * 2 >= gone
}

fn much(gone: usize, of: usize) -> bool {
    gone >= MANY && gone * 3 >= of
}

/// Whether a note is gone, or little of it is left and nothing was written instead.
fn wiped(row: &Change) -> bool {
    if row.key.starts_with("notes/Note on ") {
        return false;
    }
    match row.kind {
        ChangeKind::Removed => true,
        ChangeKind::Changed => {
            let of = |op: TextOpKind| -> usize {
                row.text
                    .iter()
                    .flatten()
                    .filter(|run| run.op == op)
                    .map(|run| run.value.chars().count())
                    .sum()
            };
            let (kept, gone, new) = (of(TextOpKind::Equal), of(TextOpKind::Delete), of(TextOpKind::Insert));
            gone >= LONG_NOTE && (kept + new) * 4 <= gone
        }
        _ => false,
    }
}

fn length(value: Option<&serde_json::Value>) -> usize {
    value.and_then(serde_json::Value::as_str).map_or(0, |text| text.chars().count())
}

fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}
