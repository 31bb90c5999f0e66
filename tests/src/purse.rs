//! The smallest source there is: characters who have a purse.

use std::sync::Arc;

use backstory_core::{
    error::Result,
    json::Tree,
    model::{CharacterId, ContentHash},
    sheet::Sheet,
    source::{Draft, Reading, Source},
};

use crate::fixtures::moment;

/// Documents of the form `{"name":…,"gp":…,"lost":…,"noise":…}`, and with an `id` where there are several characters. The second deriver has learned that the coins are of silver.
#[derive(Debug, Clone, Copy)]
pub struct Purse {
    /// Which deriver it is.
    pub deriver: u32,
}

/// The first one.
pub const PURSE: Purse = Purse { deriver: 1 };

impl Source for Purse {
    fn name(&self) -> &'static str {
        "purse"
    }

    fn label(&self) -> &'static str {
        "Purse"
    }

    fn deriver(&self) -> u32 {
        self.deriver
    }

    fn recognises(&self, tree: &Tree<'_>) -> bool {
        tree.root().get("gp").is_some()
    }

    fn read(&self, tree: &Tree<'_>) -> Result<Reading> {
        let mut sheet = Sheet { name: tree.root().text("name").unwrap_or_default(), ..Sheet::default() };
        let coins = tree.root().int("gp").unwrap_or(0);
        *(if self.deriver == 1 { &mut sheet.currency.gp } else { &mut sheet.currency.sp }) = coins;
        sheet.hit_points_max.value = 20;
        sheet.state.hit_points_lost = i32::try_from(tree.root().int("lost").unwrap_or(0)).unwrap();
        let character = CharacterId::new(format!("purse-{}", tree.root().int("id").unwrap_or(1)))?;
        Ok(Reading { character, sheet, edited_at: None, foreign: Vec::new(), linked: None })
    }
}

/// What an import makes of such a document.
pub fn draft(seconds: i64, document: &str) -> Draft {
    let reading = PURSE.read(&Tree::parse(document).unwrap()).unwrap();
    Draft {
        linked: None,
        restores: None,
        character: reading.character,
        source: "purse",
        document: Arc::new(document.as_bytes().to_vec()),
        content: ContentHash::of(document.as_bytes()),
        cuts: Vec::new(),
        sheet: Arc::new(reading.sheet),
        edited_at: None,
        captured_at: moment(seconds),
        origin: None,
    }
}

/// A document of the first character.
pub fn purse(gp: u32, lost: u32, noise: u32) -> String {
    format!(r#"{{"name":"Tam","gp":{gp},"lost":{lost},"noise":{noise}}}"#)
}
