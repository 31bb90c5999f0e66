//! What only an object store can do wrong.
