//! The description of the API in OpenAPI 3.1.
//!
//! The description is made from the declarations of the routes and checked in, because a server needs neither the
//! schemas nor the library that makes them.

use coder_core::Body;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderValue, Response};

/// The description, as the test of this module writes it.
const DESCRIPTION: &str = include_str!("../../../openapi.json");

/// Answers with the description. It holds nothing about anybody, so caches may keep it.
pub(super) fn describe() -> Response<Body> {
    let mut response = Response::new(Body::from(DESCRIPTION));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"));
    response
}

#[cfg(test)]
mod generator;
#[cfg(test)]
pub(crate) use generator::{Contract, Description, Events, LinkedToken, TokenToLink};
