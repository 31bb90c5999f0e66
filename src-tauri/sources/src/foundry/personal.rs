//! Which fields of a Foundry actor tell of people. Ids of single things stay: they are random, and its versions are compared
//! by them.

use backstory_core::source::{Class, Personal};

/// Names that the player gave.
pub(super) const NAMED: &[Personal] = &[Personal::new("name", Class::Name)];

/// All of them. Modules keep what they like in their flags: those of the game system stay, which the sheet is made of.
pub(super) const PERSONAL: &[Personal] = &[
    Personal::new("_id", Class::Character),
    Personal::new("ownership|permission", Class::Origin),
    Personal::new("folder|img|token|prototypeToken", Class::Origin),
    Personal::new("flags/!dnd5e", Class::Origin),
    Personal::new("_stats/lastModifiedBy", Class::Account),
    Personal::new("_stats/exportSource/uuid", Class::Character),
    Personal::new("_stats/exportSource/worldId", Class::Account),
    Personal::new("_stats/duplicateSource", Class::Origin),
    Personal::new(
        "system|data/details/appearance|trait|ideal|bond|flaw|gender|age|hair|eyes|skin|height|weight|faith",
        Class::Words,
    ),
    Personal::new("system|data/details/biography", Class::Words),
    Personal::new("effects|items/*/ownership|permission|folder|img|icon", Class::Origin),
    Personal::new("effects|items/*/flags/!dnd5e", Class::Origin),
    Personal::new("effects|items/*/_stats/lastModifiedBy", Class::Account),
    Personal::new("effects|items/*/_stats/exportSource/worldId", Class::Account),
    Personal::new("effects|items/*/_stats/exportSource/uuid", Class::Origin),
    Personal::new("effects|items/*/_stats/duplicateSource", Class::Origin),
    Personal::new("items/*/effects/*/folder|img|icon", Class::Origin),
    Personal::new("items/*/effects/*/flags/!dnd5e", Class::Origin),
    Personal::new("items/*/effects/*/_stats/lastModifiedBy", Class::Account),
    Personal::new("items/*/effects/*/_stats/exportSource/worldId", Class::Account),
    Personal::new("items/*/effects/*/_stats/exportSource/uuid", Class::Origin),
    Personal::new("items/*/effects/*/_stats/duplicateSource", Class::Origin),
];
