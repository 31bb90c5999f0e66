//! The one door.

use serde::{Deserialize, Serialize};

use crate::model::CharacterId;

/// What a write touched, for screens to refresh from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct ChangeSet {
    /// Whose.
    pub characters: Vec<CharacterId>,
    /// The store's revision after it.
    pub revision: u64,
    /// Who wrote, so that a window can drop its own echo.
    pub origin: String,
}
