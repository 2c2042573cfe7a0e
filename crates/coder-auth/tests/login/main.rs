//! The login suite: whole logins against a fake Coder, through the same functions that serve them.
#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a failed test may panic anywhere"
)]

mod administration;
mod application;
mod attacks;
mod bounds;
mod budget;
mod callers;
mod cancel;
mod failures;
mod first_login;
mod foreign_tokens;
mod lasting;
mod links;
mod pages;
mod proxied;
mod races;
mod registration;
mod resolvers;
mod sign_in;
mod slow_store;
mod static_keys;
mod storage;
mod support;
mod tokens;
mod trust;
mod verifier;
mod wire;
