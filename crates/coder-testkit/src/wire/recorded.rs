//! What the fake has been asked.

use std::fmt;

use bytes::Bytes;
use http::{HeaderMap, Method};

use crate::wire::call::Call;

/// A request the fake has received, in the order of arrival, faults included.
///
/// `Debug` prints method, path and the names of query parameters only, so that a failed assertion
/// leaks no credential.
#[derive(Clone)]
#[non_exhaustive]
pub struct RecordedRequest {
    /// The method: `GET`, `POST` and so on.
    pub method: Method,
    /// The path below the deployment's URL, as it was sent: `/api/v2/users/me`.
    pub path: String,
    /// The query without its question mark; empty when there was none.
    pub query: String,
    /// The headers, credentials included.
    pub headers: HeaderMap,
    /// The body, credentials included.
    pub body: Bytes,
}

impl RecordedRequest {
    pub(crate) fn from_call(call: &Call) -> Self {
        let (path, query) = call.target.split_once('?').unwrap_or((&call.target, ""));
        Self {
            method: call.method.clone(),
            path: path.to_owned(),
            query: query.to_owned(),
            headers: call.headers.clone(),
            body: call.body.clone(),
        }
    }

    /// Tells whether this is a request with `method` to exactly `path`.
    pub fn is(&self, method: &str, path: &str) -> bool {
        self.method == method && self.path == path
    }
}

impl fmt::Debug for RecordedRequest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.method, self.path)?;
        let names: Vec<_> = self
            .query
            .split('&')
            .filter_map(|pair| pair.split('=').next())
            .filter(|name| !name.is_empty())
            .collect();
        if names.is_empty() { Ok(()) } else { write!(formatter, "?{}=…", names.join("=…&")) }
    }
}
