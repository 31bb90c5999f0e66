//! What protects people: at present, cutting other players' data out of a document before it is kept.

mod minimise;

pub use minimise::cut;
