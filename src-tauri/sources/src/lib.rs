//! Everything that brings characters in.

pub mod sample;
