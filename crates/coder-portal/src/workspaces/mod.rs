//! The routes about workspaces that exist: looking at them, and changing them.

pub(crate) mod actions;
pub(crate) mod details;
pub(crate) mod logs;
pub(crate) mod mine;
mod of_entities;
mod repositories;
mod unfinished;

pub(crate) use repositories::RepositoriesOfBuilds;
pub(crate) use unfinished::{UnderWay, Unfinished};
