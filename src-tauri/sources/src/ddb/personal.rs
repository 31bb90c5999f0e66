//! Which fields of a D&D Beyond character tell of people. Numbers of single things stay: they name rows of this character
//! only, and its versions are compared by them.

use backstory_core::source::{Class, Personal};

/// Names that the player gave. What a thing is called beside its own name goes like words; it then has that name again.
pub(super) const NAMED: &[Personal] = &[
    Personal::new("name", Class::Name),
    Personal::new("creatures/*/name", Class::Words),
    Personal { path: "characterValues/*/value", class: Class::Words, only: Some(("typeId", 8)) },
];

/// All of them. What a player wrote into a choice of the background stands in its table of suggestions too: with the table
/// gone, no hole in it tells which one was chosen.
pub(super) const PERSONAL: &[Personal] = &[
    Personal::new("id", Class::Character),
    Personal::new("userId", Class::Account),
    Personal::new("username", Class::Account),
    Personal::new("readonlyUrl", Class::Origin),
    Personal::new("avatarId|frameAvatarId|thumbnailAvatarId", Class::Origin),
    Personal::new("avatarUrl|frameAvatarUrl", Class::Origin),
    Personal::new("decorations", Class::Origin),
    Personal::new("campaign", Class::Others),
    Personal::new("campaignSetting", Class::Others),
    Personal::new("gender|age|hair|eyes|skin|height|weight|faith|socialName", Class::Words),
    Personal::new("notes/*", Class::Words),
    Personal::new("traits/*", Class::Words),
    Personal::new("background/definition/personalityTraits|ideals|bonds|flaws", Class::Words),
    Personal::new("background/customBackground/description", Class::Words),
    Personal::new("creatures/*/description", Class::Words),
    Personal::new("customActions/*/description|snippet", Class::Words),
    Personal::new("customItems/*/description|notes", Class::Words),
    Personal::new("customProficiencies/*/description|notes", Class::Words),
    Personal::new("characterValues/*/notes", Class::Words),
    // What the player wrote to a thing of the inventory.
    Personal { path: "characterValues/*/value", class: Class::Words, only: Some(("typeId", 9)) },
];
