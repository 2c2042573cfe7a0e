//! The association of entities with workspaces, from outside.
#![cfg(test)]

mod assets;
mod availability;
mod links;
mod search;
mod support;
