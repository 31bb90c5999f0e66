//! What protects people: other players' data is cut out of a document before it is kept, and what tells of the player
//! before it is shared; and whoever wants it gone can erase all of it, or keep the numbers without the player.

pub mod anonymise;
pub mod audit;
pub mod erase;
mod minimise;
mod redact;

pub use minimise::cut;
pub use redact::{Pseudonym, redact};
