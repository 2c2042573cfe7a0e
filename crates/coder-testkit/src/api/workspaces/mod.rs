//! Workspaces and their builds.

mod builds;
mod create;
mod imported;
mod json;
mod knobs;
mod list;
mod logs;
mod matching;
mod metadata;
mod rights;
mod routes;
mod sharing;
mod successor;
mod timings;
mod watch;

pub(crate) use create::{Wish, fulfil};
pub(crate) use imported::imported_resources;
pub(crate) use json::Fresh;
pub(crate) use list::{Page, find};
pub(crate) use logs::of_import as imported_log;
pub(crate) use matching::WorkspaceSearch;
pub(crate) use routes::{route_agents, route_builds, route_user, route_workspaces};
