//! The program as a player meets it: the built window, driven through WebDriver, on a library of its own.
//!
//! `cargo xtask test` builds the program, gives its path in `BACKSTORY_DESKTOP`, and runs these tests on a screen and
//! a message bus of their own. No other command runs them, because they need all of that.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test stops where it stands")]

use backstory_tests::{driver, home};

mod character;
mod closed;
mod erasing;
mod everyone;
mod journey;
mod many;
mod moving;
mod notices;
mod outside;
mod package;
mod smoke;
mod taking;
mod tray;
mod ways;
