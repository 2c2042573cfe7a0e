//! coder-backstage for JavaScript and TypeScript.
//!
//! `cargo xtask npm` builds the npm package `@coder-backstage/core` from this crate: each feature is
//! a module of the package, in a wasm file of its own. What users import is written in JavaScript, in
//! the directory `npm`; it hands texts of JSON to the functions here and reads texts of JSON from
//! them. `docs/wasm.md` of the repository tells why, and what crossing that border costs.
//!
//! # What it is not
//!
//! It holds no rule. What an entity's configuration is, which workspaces belong to it and whether
//! they can be used, is decided by the crates below. It is no library for Rust.

#[cfg(any(feature = "client", feature = "entity", feature = "text"))]
mod answer;
#[cfg(all(feature = "client", target_family = "wasm"))]
pub mod client;
#[cfg(feature = "entity")]
pub mod entity;
#[cfg(feature = "text")]
pub mod text;
