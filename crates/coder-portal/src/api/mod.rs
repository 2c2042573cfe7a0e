//! The API for pages, below `/api/coder/v1`: each route is one declaration in [`table`], and a handler
//! that turns a [`Call`] into an answer.
//!
//! The declaration holds the method, the path, who may ask, the cost and the handler. The handler's
//! signature holds the rest: what it takes from path, query and body, and what it answers. Routing,
//! the description ([`openapi`]) and the table in `docs/http.md` are made from both.

mod answer;
mod call;
mod effect;
mod endpoint;
mod error;
mod idempotency;
mod input;
pub(crate) mod openapi;
mod path;
mod path_values;
mod route;
mod router;
mod serve;
mod table;

#[cfg(test)]
pub(crate) use answer::Empty;
pub(crate) use answer::{Answer, Asked, Json, Made};
pub(crate) use call::{Call, PATIENCE};
pub(crate) use error::ApiError;
pub(crate) use idempotency::Idempotency;
pub(crate) use input::{JsonBody, NoBody, NoQuery, OptionalJsonBody, check_values};
pub(crate) use path::{AgentPath, NoPath};
pub(crate) use route::Matched;
pub(crate) use router::find;
