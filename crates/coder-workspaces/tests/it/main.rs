//! The association of entities with workspaces, from outside.
#![cfg(test)]

mod assets;
mod association;
mod availability;
mod ensure;
mod fake;
mod links;
mod manage;
mod open;
mod places;
mod repositories;
mod search;
mod support;
