//! A whole portal from configuration files, asked through its one function.
#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a failed test may panic anywhere"
)]

mod bounds;
mod callers;
mod canaries;
mod configuration;
mod line;
mod proxy;
mod sign_in;
mod support;
mod texts;
mod wire;
