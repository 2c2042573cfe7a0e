//! The association of entities with workspaces, from outside.
//!
//! The same tests run natively and, as wasm, in Node; there no file can be read, so snapshots stand in
//! the tests.
#![cfg(test)]

mod accounts;
mod agents;
mod asking;
mod assets;
mod association;
mod availability;
mod clocks;
mod deployment_hosts;
mod dormant;
mod ensure;
mod expectations;
mod explicit;
mod fake;
mod foreign_text;
mod index;
mod index_entities;
#[cfg(not(target_family = "wasm"))]
mod index_model;
mod index_ownership;
mod index_store;
mod index_visibility;
mod links;
mod manage;
mod open;
mod presets;
mod releases;
mod repositories;
mod search;
mod states;
mod support;
mod wait_limit;

#[cfg(not(target_family = "wasm"))]
use core::prelude::v1::test;
#[cfg(not(target_family = "wasm"))]
use tokio::test as async_test;
#[cfg(target_family = "wasm")]
use wasm_bindgen_test::{wasm_bindgen_test as async_test, wasm_bindgen_test as test};
