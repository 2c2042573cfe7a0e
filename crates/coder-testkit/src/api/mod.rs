//! `/api/v2`: the REST API.

mod authcheck;
mod deployment;
mod external_auth;
mod groups;
mod insights;
mod keys;
mod members;
mod notifications;
mod open;
mod organizations;
mod routes;
mod table;
pub(crate) mod templates;
pub(crate) mod users;
pub(crate) mod workspaces;

pub(crate) use open::{Open, first, second, third};

use crate::store::Deployment;
use crate::wire::call::Call;
use crate::wire::reply::Answer;

/// Answers every request below `/api/v2`.
pub(crate) fn route(deployment: &mut Deployment<'_>, call: &Call, rest: &[&str]) -> Answer {
    table::dispatch(routes::ROUTES, routes::GATES, deployment, call, rest)
}
