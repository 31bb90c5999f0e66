//! Looking again: what the target has is read back and compared with the source.

use std::collections::BTreeSet;

use super::{
    copy::Meter,
    plan::{Action, Stance, decide, is_contained},
    whole::Whole,
};
use crate::{
    error::{Code, Error, Result},
    job::Cancel,
    model::{CharacterId, ContentHash},
    storage::CharacterStorage,
};

/// What must hold of a character at the target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Demand {
    /// It is what a copy would make of it: every field, the order, every moment.
    Same(Stance),
    /// Everything of the source is in it; there may be more.
    Contained,
}

/// Compares one character. Gives how many of the source's versions were read back hash-equal.
///
/// # Errors
/// `store_damaged` naming the version that is not as it should be.
pub(super) async fn verify(
    id: &CharacterId,
    (source, to): (&Whole, &dyn CharacterStorage),
    demand: impl Fn(&Whole) -> Demand,
    cancel: &Cancel,
    meter: &mut Meter<'_>,
) -> Result<u64> {
    let target = Whole::look(to, id).await?.brought_to(to);
    match demand(&target) {
        Demand::Same(stance) => {
            let decision = decide(source, &target, stance);
            if decision.action != Action::UpToDate {
                return Err(difference(id, &decision.want, &target));
            }
        }
        Demand::Contained if is_contained(source, &target) => {}
        Demand::Contained => return Err(difference(id, source, &target)),
    }
    let (mut read, mut verified) = (BTreeSet::new(), 0);
    for version in &source.versions {
        cancel.check()?;
        if read.insert(version.content) {
            let named = format!("Version {} of {id}", version.version);
            let bytes = to.document(id, &version.content).await.map_err(|error| match error.code {
                Code::VersionNotFound | Code::StoreDamaged => {
                    mismatch(format!("{named} cannot be read in the new library: {}", error.message))
                }
                _ => error,
            })?;
            if ContentHash::of(&bytes) != version.content {
                return Err(mismatch(format!("{named} has another document in the new library.")));
            }
        }
        verified += 1;
        meter.add(1);
    }
    Ok(verified)
}

/// Says where two characters differ.
fn difference(id: &CharacterId, want: &Whole, target: &Whole) -> Error {
    let order = |whole: &Whole| -> Vec<_> { whole.versions.iter().map(|version| version.id).collect() };
    if target.index.is_none() {
        return mismatch(format!("{id} is not in the new library's list."));
    }
    for version in &want.versions {
        let number = version.version;
        match target.version(version.id) {
            None => return mismatch(format!("Version {number} of {id} is not in the new library.")),
            Some(there) if there != version => {
                return mismatch(format!("Version {number} of {id} is told differently in the new library."));
            }
            Some(_) => {}
        }
    }
    if order(want) != order(target) {
        return mismatch(format!("The versions of {id} stand in another order in the new library."));
    }
    if want.sightings.len() != target.sightings.len() {
        return mismatch(format!("{id} was seen at other times in the new library."));
    }
    mismatch(format!("What the new library's list says of {id} is not what the old one's says."))
}

fn mismatch(message: String) -> Error {
    Error::new(Code::StoreDamaged, message)
        .kept("The old library has it as it was; nothing there was changed.")
        .hint("Keep using the old library, and migrate again.")
}
