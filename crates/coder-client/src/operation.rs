//! Requests as data.

use bytes::Bytes;
use coder_core::{DeploymentUrl, MaybeSend, MaybeSync};
use http::header::CONTENT_TYPE;
use http::{Method, Request, Response};
use serde::Serialize;

use crate::{Error, RequestError};

/// One call of Coder's API, as a value: it can be turned into a request, and an answer to that
/// request can be read, without any I/O. [`Client::send`](crate::Client::send) does the rest.
pub trait Operation: MaybeSend + MaybeSync {
    /// What a successful answer holds.
    type Output;

    /// The request, without a credential. Its URL is absolute.
    ///
    /// # Errors
    ///
    /// [`Error::Request`] when the values of this operation make no request.
    fn request(&self, deployment: &DeploymentUrl) -> Result<Request<Bytes>, Error>;

    /// Reads the answer to [`Operation::request`].
    ///
    /// # Errors
    ///
    /// What Coder said when it said no, and what is wrong with an answer that cannot be read.
    fn parse(&self, response: Response<Bytes>) -> Result<Self::Output, Error>;

    /// Whether the request needs the caller's credential. It stays at home where it is not
    /// needed.
    fn needs_credential(&self) -> bool {
        true
    }

    /// Whether the request may be sent again when nobody knows what became of the first one.
    fn is_repeatable(&self, method: &Method) -> bool {
        *method == Method::GET || *method == Method::HEAD || *method == Method::PUT
    }
}

/// A request below the deployment, while it is being put together.
pub(crate) struct Draft {
    method: Method,
    segments: Vec<String>,
    query: Vec<(&'static str, String)>,
    body: Result<Option<Bytes>, serde_json::Error>,
}

impl Draft {
    /// A request to `/api/v2/…`.
    pub(crate) fn api<const N: usize>(method: Method, segments: [&str; N]) -> Self {
        let segments = ["api", "v2"].into_iter().chain(segments).map(str::to_owned).collect();
        Self { method, segments, query: Vec::new(), body: Ok(None) }
    }

    pub(crate) fn get<const N: usize>(segments: [&str; N]) -> Self {
        Self::api(Method::GET, segments)
    }

    pub(crate) fn post<const N: usize>(segments: [&str; N]) -> Self {
        Self::api(Method::POST, segments)
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
        if let Some(segment) =
            self.segments.iter().find(|segment| matches!(segment.as_str(), "" | "." | ".."))
        {
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

/// Implements [`Operation`] for a request that is answered with JSON (`=> Type`) or with nothing
/// (`=> ()`).
macro_rules! operation {
    ($operation:ty => (), |$this:ident| $draft:expr $(, $rest:item)*) => {
        operation!(@impl $operation, (), nothing, |$this| $draft $(, $rest)*);
    };
    ($operation:ty => $output:ty, |$this:ident| $draft:expr $(, $rest:item)*) => {
        operation!(@impl $operation, $output, json, |$this| $draft $(, $rest)*);
    };
    (@impl $operation:ty, $output:ty, $read:ident, |$this:ident| $draft:expr $(, $rest:item)*) => {
        impl crate::Operation for $operation {
            type Output = $output;

            fn request(
                &self,
                deployment: &coder_core::DeploymentUrl,
            ) -> Result<http::Request<bytes::Bytes>, crate::Error> {
                let $this = self;
                $draft.build(deployment)
            }

            fn parse(
                &self,
                response: http::Response<bytes::Bytes>,
            ) -> Result<$output, crate::Error> {
                crate::response::$read(&response)
            }

            $($rest)*
        }
    };
}

pub(crate) use operation;
