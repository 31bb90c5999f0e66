//! Feats, class features, species traits.

use std::collections::HashMap;

use backstory_core::sheet::Feature;

use crate::fields::Keys;

use super::{
    actor::{Actor, Row, advancement, slug},
    tables,
};

/// Feats a player would call feats.
pub(super) fn feats(actor: &Actor<'_>) -> Vec<Feature> {
    sorted(gathered(actor).into_iter().filter(|(is_feat, _)| *is_feat).map(|(_, feature)| feature).collect())
}

/// Everything else that was gained: by class in order, then the species', then the rest.
pub(super) fn features(actor: &Actor<'_>) -> Vec<Feature> {
    let mut features =
        sorted(gathered(actor).into_iter().filter(|(is_feat, _)| !is_feat).map(|(_, f)| f).collect());
    let rank = |feature: &Feature| {
        let class = actor.classes.iter().position(|class| class.name == feature.source);
        let species = Some(&feature.source) == actor.species.as_ref();
        (class.unwrap_or(usize::MAX), !species)
    };
    features.sort_by_key(rank);
    features
}

fn gathered(actor: &Actor<'_>) -> Vec<(bool, Feature)> {
    let mut keys = Keys::default();
    let sources = Sources::of(actor);
    let told = own(actor).map(|item| {
        let is_feat = item.subtype().as_deref() == Some("feat");
        let source =
            if is_feat { sources.giver(item).unwrap_or("Feat").to_owned() } else { sources.source(item) };
        (is_feat, Feature { key: keys.distinct(item.id.clone()), name: item.name.clone(), source })
    });
    told.collect()
}

/// Feat items that are the character's own: not what everybody can do, and not the species or background itself, which
/// stood among the features before version 2.4.
pub(super) fn own<'c, 'a>(actor: &'c Actor<'a>) -> impl Iterator<Item = &'c Row<'a>> {
    actor.of_kind(&["feat", "facility"]).filter(|item| {
        item.subtype().is_some()
            || !tables::GENERIC_ACTIONS.contains(&item.name.as_str()) && !is_origin(actor, item)
    })
}

fn is_origin(actor: &Actor<'_>, item: &Row<'_>) -> bool {
    let name = slug(&item.name);
    let species = actor.species.as_deref().map(slug).unwrap_or_default();
    let background = actor.background.as_deref().map(|name| format!("background-{}", slug(name)));
    Some(&name) == background.as_ref() || name == species || species.ends_with(&format!("-{name}"))
}

/// Where features come from.
pub(super) struct Sources<'c, 'a> {
    actor: &'c Actor<'a>,
    /// Who granted an item, by its id: classes, species and backgrounds list what they gave.
    granted: HashMap<String, &'c str>,
}

impl<'c, 'a> Sources<'c, 'a> {
    pub(super) fn of(actor: &'c Actor<'a>) -> Self {
        let mut granted = HashMap::new();
        let origins = actor.of_kind(&["race", "background"]).map(|item| (item.system, item.name.as_str()));
        let classes = actor.classes.iter().flat_map(|class| {
            let subclass = class.subclass.as_ref().and_then(|subclass| subclass.system);
            [Some(class.system), subclass].into_iter().flatten().map(|system| (system, class.name.as_str()))
        });
        for (system, name) in origins.chain(classes) {
            for step in advancement(system) {
                let added = step.path(&["value", "added"]).into_iter().flat_map(|added| added.members());
                for (key, value) in added {
                    // Picked items stand one step deeper, by level.
                    granted.extend(value.members().map(|(id, _)| (id.into_owned(), name)));
                    granted.insert(key.into_owned(), name);
                }
            }
        }
        Self { actor, granted }
    }

    /// Who granted an item.
    pub(super) fn giver(&self, item: &Row<'_>) -> Option<&'c str> {
        self.granted.get(&item.id).copied()
    }

    /// The class, species or other origin of a feature, in a player's words.
    pub(super) fn source(&self, item: &Row<'_>) -> String {
        let actor = self.actor;
        let species = || actor.species.clone().unwrap_or_else(|| "Species".to_owned());
        match item.subtype().as_deref() {
            Some("race") => species(),
            Some("background") => actor.background.clone().unwrap_or_else(|| "Background".to_owned()),
            Some("class") => self.class(item).unwrap_or_else(|| "Class".to_owned()),
            Some("feat") => "Feat".to_owned(),
            Some(other) => tables::readable(other),
            None if self.is_of_species(item) => species(),
            None => self.class(item).unwrap_or_else(|| "Other".to_owned()),
        }
    }

    fn requirements(item: &Row<'_>) -> String {
        slug(&item.system.text("requirements").unwrap_or_default())
    }

    /// `requirements: "Rock Gnome"`.
    fn is_of_species(&self, item: &Row<'_>) -> bool {
        let needed = Self::requirements(item);
        let species = self.actor.species.as_deref().map(slug).unwrap_or_default();
        !needed.is_empty() && (species == needed || species.ends_with(&format!("-{needed}")))
    }

    /// The class that granted it, else the one its requirements name (`Paladin 1`), else the only one.
    fn class(&self, item: &Row<'_>) -> Option<String> {
        let classes = &self.actor.classes;
        let named = |name: &str| classes.iter().any(|class| class.name == name);
        if let Some(giver) = self.giver(item) {
            return Some(giver.to_owned()).filter(|name| item.subtype().is_none() || named(name));
        }
        let needed = Self::requirements(item);
        let fits = |name: &str| needed == slug(name) || needed.starts_with(&format!("{}-", slug(name)));
        let by_name = classes.iter().find(|class| {
            fits(&class.name) || class.subclass.as_ref().is_some_and(|subclass| fits(&subclass.name))
        });
        let only = if classes.len() == 1 && item.subtype().is_some() { classes.first() } else { None };
        by_name.or(only).map(|class| class.name.clone())
    }
}

fn sorted(mut features: Vec<Feature>) -> Vec<Feature> {
    features.sort_by(|a, b| (&a.name, &a.source, &a.key).cmp(&(&b.name, &b.source, &b.key)));
    features
}
