//! coder-backstage for JavaScript and TypeScript.
//!
//! `cargo xtask npm` builds the npm package `@coder-backstage/core` from this crate: each feature is
//! a module of the package, in a wasm file of its own. The modules that users import are written in JavaScript, in
//! the directory `npm`; it hands texts of JSON to the functions here and reads texts of JSON from
//! them. `docs/wasm.md` of the repository tells why, and what crossing that border costs.
//!
//! # What it is not
//!
//! It holds no rule. The crates below decide what an entity's configuration is, which workspaces belong
//! to it and whether they can be used. It is not a library for Rust.

#[cfg(any(
    feature = "client",
    feature = "entity",
    feature = "text",
    all(feature = "edge", target_family = "wasm")
))]
mod answer;
#[cfg(all(feature = "client", target_family = "wasm"))]
pub mod client;
// Handles of JavaScript cannot move between threads, which the seams of native targets ask for.
#[cfg(all(feature = "edge", target_family = "wasm"))]
pub mod edge;
#[cfg(feature = "entity")]
pub mod entity;
#[cfg(all(feature = "fetch", target_family = "wasm"))]
pub mod platform;
#[cfg(feature = "rows")]
pub mod rows;
#[cfg(feature = "text")]
pub mod text;
#[cfg(any(feature = "entity", all(feature = "client", target_family = "wasm")))]
mod usable;
