//! Where things come from: the names behind the `componentId`s that modifiers, spells, options and feats carry.

use std::collections::HashMap;

use backstory_core::json::Value;

use super::{
    character::{ClassRow, grouped, number},
    identity::definition_name,
    inventory::Thing,
    modifiers::component,
};

/// The types of what a component can be (`entityTypeId`).
const CLASS_FEATURE: i64 = 12_168_134;
const SPECIES_TRAIT: i64 = 1_960_452_172;
const FEAT: i64 = 1_088_085_227;

/// A feature, trait, feat, option or thing that others refer to.
struct Origin {
    name: String,
    /// The class, species, background, feat or thing that a player would say it comes from.
    source: String,
    /// The place of its class, where it is a class's.
    class: Option<usize>,
}

/// Everything of the character that others refer to, by type and id.
pub(super) struct Origins {
    by_id: HashMap<(i64, i64), Origin>,
}

impl Origins {
    pub(super) fn of(
        root: Value<'_>,
        classes: &[ClassRow<'_>],
        species: Option<&str>,
        background: Option<&str>,
        things: &[Thing<'_>],
    ) -> Self {
        let mut origins = Self { by_id: HashMap::new() };
        origins.add_classes(classes);
        let species = species.unwrap_or("Species");
        for row in root.path(&["race", "racialTraits"]).into_iter().flat_map(Value::items) {
            origins.add(row, SPECIES_TRAIT, species, None);
        }
        for row in root.list("feats") {
            let name = definition_name(row, "definition").unwrap_or_default();
            origins.add(row, FEAT, &name, None);
        }
        if let Some(definition) = root.path(&["background", "definition"]) {
            let name = background.unwrap_or("Background").to_owned();
            let id = (number(definition, "entityTypeId").unwrap_or(0), number(definition, "id").unwrap_or(0));
            origins.by_id.insert(id, Origin { name: name.clone(), source: name, class: None });
        }
        // Of several copies the one in use gives its name to what they grant.
        let mut things: Vec<_> = things.iter().collect();
        things.sort_by(|a, b| (!a.equipped, &a.key).cmp(&(!b.equipped, &b.key)));
        for thing in things {
            let Some(definition) = thing.definition else { continue };
            let id = (number(definition, "entityTypeId").unwrap_or(0), number(definition, "id").unwrap_or(0));
            let origin = Origin { name: thing.name.clone(), source: thing.name.clone(), class: None };
            origins.by_id.entry(id).or_insert(origin);
        }
        origins.add_options(root);
        origins
    }

    fn add_classes(&mut self, classes: &[ClassRow<'_>]) {
        for (at, class) in classes.iter().enumerate() {
            for row in class.row.list("classFeatures") {
                self.add(row, CLASS_FEATURE, &class.name, Some(at));
            }
        }
    }

    /// A picked option comes from what the feature it was picked for comes from.
    fn add_options(&mut self, root: Value<'_>) {
        for (_, row) in grouped(root, "options") {
            let (source, class) = self
                .by_id
                .get(&component(row))
                .map_or_else(|| (String::new(), None), |origin| (origin.source.clone(), origin.class));
            self.add(row, 0, &source, class);
        }
    }

    fn add(&mut self, row: Value<'_>, kind: i64, source: &str, class: Option<usize>) {
        let Some(definition) = row.present("definition") else { return };
        let (Some(id), Some(name)) = (number(definition, "id"), definition.text("name")) else { return };
        let kind = number(definition, "entityTypeId").unwrap_or(kind);
        self.by_id.insert((kind, id), Origin { name, source: source.to_owned(), class });
    }

    /// What a component is called: "Tough", "Fast Movement", "Ring of Protection".
    pub(super) fn name(&self, component: (i64, i64)) -> Option<&str> {
        self.by_id.get(&component).map(|origin| origin.name.as_str())
    }

    /// The class, species, background, feat or thing it comes from.
    pub(super) fn source(&self, component: (i64, i64)) -> Option<&str> {
        self.by_id.get(&component).map(|origin| origin.source.as_str()).filter(|source| !source.is_empty())
    }

    /// The place of the class it comes from.
    pub(super) fn class(&self, component: (i64, i64)) -> Option<usize> {
        self.by_id.get(&component)?.class
    }
}
