//! Every store to every other one, in every manner: what arrives is what was there, whatever happens on the way.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

mod full;
mod joined;
mod kill;
mod meanwhile;
mod stores;
