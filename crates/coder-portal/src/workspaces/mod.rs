//! The routes about workspaces that exist: looking at them, and changing them.

pub(crate) mod actions;
pub(crate) mod details;
pub(crate) mod logs;
pub(crate) mod mine;
mod of_entities;

pub(crate) use of_entities::RepositoriesOfBuilds;
