//! Requests, while they are put together.

use bytes::Bytes;
use coder_core::DeploymentUrl;
use http::header::CONTENT_TYPE;
use http::{Method, Request};
use serde::Serialize;

use crate::{Error, RequestError};

/// A request below the deployment, while it is being put together.
pub(crate) struct Draft {
    method: Method,
    segments: Vec<String>,
    query: Vec<(&'static str, String)>,
    body: Result<Option<Bytes>, serde_json::Error>,
}

impl Draft {
    /// A request to the deployment itself.
    pub(crate) fn root<S: Into<String>>(
        method: Method,
        segments: impl IntoIterator<Item = S>,
    ) -> Self {
        let segments = segments.into_iter().map(Into::into).collect();
        Self { method, segments, query: Vec::new(), body: Ok(None) }
    }

    /// A request to `/api/v2/…`.
    pub(crate) fn api<S: Into<String>>(
        method: Method,
        segments: impl IntoIterator<Item = S>,
    ) -> Self {
        let segments = segments.into_iter().map(Into::into);
        Self::root(method, ["api", "v2"].map(str::to_owned).into_iter().chain(segments))
    }

    pub(crate) fn get<const N: usize>(segments: [&str; N]) -> Self {
        Self::api(Method::GET, segments)
    }

    pub(crate) fn post<const N: usize>(segments: [&str; N]) -> Self {
        Self::api(Method::POST, segments)
    }

    pub(crate) fn put<const N: usize>(segments: [&str; N]) -> Self {
        Self::api(Method::PUT, segments)
    }

    pub(crate) fn patch<const N: usize>(segments: [&str; N]) -> Self {
        Self::api(Method::PATCH, segments)
    }

    pub(crate) fn query(mut self, name: &'static str, value: Option<impl ToString>) -> Self {
        self.query.extend(value.map(|value| (name, value.to_string())));
        self
    }

    pub(crate) fn json(mut self, body: &impl Serialize) -> Self {
        self.body = serde_json::to_vec(body).map(|bytes| Some(bytes.into()));
        self
    }

    pub(crate) fn build(self, deployment: &DeploymentUrl) -> Result<Request<Bytes>, Error> {
        let invalid = |reason: String| Error::from(RequestError::Invalid(reason));
        // Coder's router takes an encoded `/` for a real one.
        let changes_the_path = |segment: &&String| {
            matches!(segment.as_str(), "" | "." | "..") || segment.contains('/')
        };
        if let Some(segment) = self.segments.iter().find(changes_the_path) {
            return Err(RequestError::PathSegment(segment.clone()).into());
        }
        let mut url = deployment.endpoint(self.segments.iter().map(String::as_str));
        if !self.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&self.query);
        }
        let request = Request::builder().method(self.method).uri(url.as_str());
        match self.body.map_err(|error| invalid(error.to_string()))? {
            Some(body) => request.header(CONTENT_TYPE, "application/json").body(body),
            None => request.body(Bytes::new()),
        }
        .map_err(|error| invalid(error.to_string()))
    }
}
