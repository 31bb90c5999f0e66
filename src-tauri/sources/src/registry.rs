//! The list of sources.

use std::sync::Arc;

use backstory_core::source::Source;

use crate::{ddb::DdbSource, foundry::FoundrySource};

/// Every source, in the order in which they are asked whether they know a document.
pub fn sources() -> Vec<Arc<dyn Source>> {
    vec![Arc::new(DdbSource), Arc::new(FoundrySource)]
}
