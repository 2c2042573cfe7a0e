//! `/api/v2`: the REST API.

mod authcheck;
mod deployment;
mod dialect;
mod external_auth;
mod keys;
mod notifications;
mod routes;
mod table;

pub(crate) use dialect::{Dialect, Preferences, TemplateField};
pub(crate) use routes::{first, second, third};
pub(crate) use table::Open;

use crate::call::Call;
use crate::reply::Answer;
use crate::state::Deployment;

/// Everything below `/api/v2`.
pub(crate) fn route(deployment: &mut Deployment<'_>, call: &Call, rest: &[&str]) -> Answer {
    table::dispatch(routes::ROUTES, routes::GATES, deployment, call, rest)
}
