//! Spells known, prepared and granted.

use std::collections::BTreeSet;

use backstory_core::sheet::Spell;

use crate::fields::{Keys, count};

use super::{
    actor::{Actor, Row, slug},
    slots,
};

/// How a spell is cast and whether it is prepared, in the words of all versions.
struct Casting {
    /// `spell` (with slots, by preparation), `pact`, `innate`, `atwill`, `ritual`.
    method: String,
    prepared: bool,
    always: bool,
}

impl Casting {
    /// `preparation: {mode, prepared}` up to 5.0; `method` and `prepared` (0, 1, 2 for always) since.
    fn of(item: &Row<'_>) -> Self {
        if let Some(method) = item.system.text("method") {
            let prepared = count(item.system, "prepared");
            return Self { method, prepared: prepared == 1, always: prepared >= 2 };
        }
        let preparation = item.system.present("preparation");
        let mode = preparation.and_then(|preparation| preparation.text("mode")).unwrap_or_default();
        let prepared = preparation.is_some_and(|preparation| preparation.flag("prepared"));
        let method = if mode == "prepared" || mode == "always" { "spell".to_owned() } else { mode.clone() };
        Self { method, prepared, always: mode == "always" }
    }
}

/// A spell, and whether it is prepared today.
struct Known {
    spell: Spell,
    prepared: bool,
}

fn known(actor: &Actor<'_>) -> Vec<Known> {
    let mut keys = Keys::default();
    let mut known: Vec<_> = actor
        .of_kind(&["spell"])
        .map(|item| {
            let casting = Casting::of(item);
            let level = item.count("level").min(9);
            let granted = granted_by(actor, item);
            let always = casting.always
                || granted.is_some()
                || ["innate", "atwill"].contains(&casting.method.as_str());
            let source =
                granted.or_else(|| of_class(actor, item)).unwrap_or_else(|| otherwise(actor, &casting));
            Known {
                spell: Spell {
                    key: keys.distinct(item.id.clone()),
                    name: item.name.clone(),
                    level,
                    source,
                    always,
                },
                // A cantrip and what is always prepared are not a choice of the day.
                prepared: casting.prepared && level > 0 && !always && casting.method == "spell",
            }
        })
        .collect();
    known.sort_by(|a, b| {
        let of = |known: &Known| {
            let spell = &known.spell;
            (spell.level, spell.name.clone(), spell.source.clone(), spell.key.clone())
        };
        of(a).cmp(&of(b))
    });
    known
}

/// Every spell, by level, name and source.
pub(super) fn spells(actor: &Actor<'_>) -> Vec<Spell> {
    known(actor).into_iter().map(|known| known.spell).collect()
}

/// The keys of those prepared today.
pub(super) fn prepared(actor: &Actor<'_>) -> BTreeSet<String> {
    known(actor).into_iter().filter(|known| known.prepared).map(|known| known.spell.key).collect()
}

/// Where a spell says it is from: `sourceItem: "class:wizard"` since 5.3, `sourceClass: "wizard"` before.
fn stated(item: &Row<'_>) -> Option<(String, String)> {
    let newer = item.system.text("sourceItem");
    let newer =
        newer.and_then(|text| text.split_once(':').map(|(kind, id)| (kind.to_owned(), id.to_owned())));
    newer.or_else(|| Some(("class".to_owned(), item.system.text("sourceClass")?)))
}

/// The class (or the one its subclass belongs to) that a spell says it is from.
fn of_class(actor: &Actor<'_>, item: &Row<'_>) -> Option<String> {
    let (_, identifier) = stated(item)?;
    let is = |class: &&super::actor::ClassRow<'_>| {
        class.identifier == identifier
            || class.subclass.as_ref().is_some_and(|subclass| subclass.identifier == identifier)
    };
    actor.classes.iter().find(is).map(|class| class.name.clone())
}

/// The thing, feat, species or background that a spell says it is from.
fn granted_by(actor: &Actor<'_>, item: &Row<'_>) -> Option<String> {
    let (kind, identifier) = stated(item)?;
    if kind == "class" || kind == "subclass" {
        return None;
    }
    let giver = actor.items.iter().find(|other| other.kind == kind && other.identifier() == identifier);
    // The thing may be gone while the spell is still there.
    Some(giver.map_or_else(|| super::tables::readable(&slug(&identifier)), Row::shown_name))
}

/// A spell that does not say where it is from belongs to the class that casts, if there is only one.
fn otherwise(actor: &Actor<'_>, casting: &Casting) -> String {
    if casting.method == "innate" {
        return actor.species.clone().unwrap_or_else(|| "Innate".to_owned());
    }
    let wanted = |word: &str| (word == "pact") == (casting.method == "pact");
    let casters: Vec<_> = actor
        .classes
        .iter()
        .filter(|class| slots::progression(class).is_some_and(|word| wanted(&word)))
        .collect();
    match casters.as_slice() {
        [one] => one.name.clone(),
        _ => "Other".to_owned(),
    }
}
