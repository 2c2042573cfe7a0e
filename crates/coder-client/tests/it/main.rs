//! The client from outside: what it sends, and what it makes of the answers.
//!
//! The same tests run natively and, as wasm, in Node; there no file can be read, so snapshots stand in
//! the tests.
#![cfg(test)]

#[cfg(not(target_family = "wasm"))]
mod answers;
mod calls;
mod client;
#[cfg(not(target_family = "wasm"))]
mod coverage;
mod credentials;
mod described;
mod door;
mod models;
#[cfg(not(target_family = "wasm"))]
mod older_releases;
mod own_things;
mod pages;
mod people;
mod push;
#[cfg(not(target_family = "wasm"))]
mod recorded;
#[cfg(not(target_family = "wasm"))]
mod refusals;
#[cfg(not(target_family = "wasm"))]
mod requests;
#[cfg(not(target_family = "wasm"))]
mod search_grammar;
mod servers;
mod streams;
mod support;
#[cfg(not(target_family = "wasm"))]
mod tolerance;

#[cfg(not(target_family = "wasm"))]
use core::prelude::v1::test;
#[cfg(not(target_family = "wasm"))]
use tokio::test as async_test;
#[cfg(target_family = "wasm")]
use wasm_bindgen_test::{wasm_bindgen_test as async_test, wasm_bindgen_test as test};
