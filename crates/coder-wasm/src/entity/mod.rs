//! Entities and workspaces as objects.

pub mod defaults;
pub mod integrations;
pub mod portal;
pub mod workspaces;
