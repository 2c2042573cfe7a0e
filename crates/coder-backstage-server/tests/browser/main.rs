//! A real browser signs in to the demo and uses it, as a person would.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a failed test may panic anywhere")]

mod browser;
mod process;
