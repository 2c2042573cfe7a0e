//! Requests, while they are put together.

use std::borrow::Cow;
use std::fmt;

use bytes::Bytes;
use coder_core::{DeploymentUrl, with_causes};
use http::header::CONTENT_TYPE;
use http::{Method, Request};
use serde::ser::{Serialize, Serializer};
use serde_json::value::{RawValue, to_raw_value};

use crate::{ClientError, RequestError};

/// The path that Coder's API has below a deployment.
const API: [&str; 2] = ["api", "v2"];

/// A request below the deployment, while it is put together.
#[derive(Clone)]
pub(crate) struct RequestBuilder {
    method: Method,
    base: &'static [&'static str],
    segments: Vec<String>,
    query: Vec<(Cow<'static, str>, String)>,
    /// The body, or the reason why a value cannot be written as JSON.
    body: Result<Content, String>,
}

#[derive(Clone)]
enum Content {
    Empty,
    Bytes { content_type: Cow<'static, str>, bytes: Bytes },
    Object(Members),
}

/// The members of a JSON object, in the order in which they were added.
#[derive(Clone, Default)]
struct Members(Vec<(&'static str, Box<RawValue>)>);

impl Serialize for Members {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

impl RequestBuilder {
    /// Begins a request to `/api/v2/…`.
    pub(crate) fn new<S: Into<String>>(
        method: Method,
        segments: impl IntoIterator<Item = S>,
    ) -> Self {
        let segments = segments.into_iter().map(Into::into).collect();
        Self { method, base: &API, segments, query: Vec::new(), body: Ok(Content::Empty) }
    }

    pub(crate) fn get<const N: usize>(segments: [&str; N]) -> Self {
        Self::new(Method::GET, segments)
    }

    pub(crate) fn post<const N: usize>(segments: [&str; N]) -> Self {
        Self::new(Method::POST, segments)
    }

    pub(crate) fn put<const N: usize>(segments: [&str; N]) -> Self {
        Self::new(Method::PUT, segments)
    }

    pub(crate) fn patch<const N: usize>(segments: [&str; N]) -> Self {
        Self::new(Method::PATCH, segments)
    }

    /// Puts the path directly below the deployment instead of below `/api/v2`.
    pub(crate) fn at_root(self) -> Self {
        Self { base: &[], ..self }
    }

    /// Adds a parameter to the query, when it has a value.
    pub(crate) fn query(
        mut self,
        name: impl Into<Cow<'static, str>>,
        value: Option<impl ToString>,
    ) -> Self {
        self.query.extend(value.map(|value| (name.into(), value.to_string())));
        self
    }

    /// Makes this value the body.
    pub(crate) fn json(mut self, body: &(impl Serialize + ?Sized)) -> Self {
        self.body = serde_json::to_vec(body).map(json).map_err(|error| with_causes(&error));
        self
    }

    /// Makes these bytes the body.
    pub(crate) fn bytes(mut self, content_type: String, bytes: Bytes) -> Self {
        self.body = Ok(Content::Bytes { content_type: content_type.into(), bytes });
        self
    }

    /// Makes the body a JSON object, and adds a member to it when that has a value.
    pub(crate) fn member(mut self, name: &'static str, value: Option<&impl Serialize>) -> Self {
        self.body = self.body.and_then(|body| {
            let mut members = match body {
                Content::Object(members) => members,
                Content::Empty | Content::Bytes { .. } => Members::default(),
            };
            if let Some(value) = value {
                let value = to_raw_value(value).map_err(|error| with_causes(&error))?;
                members.0.push((name, value));
            }
            Ok(Content::Object(members))
        });
        self
    }

    pub(crate) fn build(self, deployment: &DeploymentUrl) -> Result<Request<Bytes>, ClientError> {
        let invalid = |reason: String| ClientError::from(RequestError::Invalid(reason));
        // Coder's router takes an encoded `/` for a real one.
        let changes_the_path = |segment: &&String| {
            matches!(segment.as_str(), "" | "." | "..") || segment.contains('/')
        };
        if let Some(segment) = self.segments.iter().find(changes_the_path) {
            return Err(RequestError::PathSegment(segment.clone()).into());
        }
        let segments = self.segments.iter().map(String::as_str);
        let mut url = deployment.endpoint(self.base.iter().copied().chain(segments));
        if !self.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&self.query);
        }
        let body = self.body.and_then(|body| match body {
            Content::Object(members) => {
                serde_json::to_vec(&members).map(json).map_err(|error| with_causes(&error))
            }
            body @ (Content::Empty | Content::Bytes { .. }) => Ok(body),
        });
        let request = Request::builder().method(self.method).uri(url.as_str());
        match body.map_err(invalid)? {
            Content::Bytes { content_type, bytes } => {
                request.header(CONTENT_TYPE, &*content_type).body(bytes)
            }
            Content::Empty | Content::Object(_) => request.body(Bytes::new()),
        }
        .map_err(|error| invalid(with_causes(&error)))
    }
}

/// Shows the method and the path.
impl fmt::Debug for RequestBuilder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.method)?;
        let base = self.base.iter().copied();
        base.chain(self.segments.iter().map(String::as_str)).enumerate().try_for_each(
            |(at, segment)| write!(formatter, "{}{segment}", if at == 0 { " /" } else { "/" }),
        )
    }
}

fn json(text: Vec<u8>) -> Content {
    Content::Bytes { content_type: "application/json".into(), bytes: text.into() }
}
