//! Requests as data.

use bytes::Bytes;
use coder_core::{DeploymentUrl, MaybeSend, MaybeSync};
use http::header::CONTENT_TYPE;
use http::{Method, Request, Response};
use serde::Serialize;

use crate::{Capability, Error, RequestError};

/// The greatest size of an answer that an operation gets unless it says otherwise, in bytes: 8 MiB,
/// enough for a page of workspaces or of log lines.
pub const MAX_ANSWER: usize = 8 * 1024 * 1024;

/// The same for the answers of a login, which strangers can cause: a token, a user, a release.
pub(crate) const SMALL_ANSWER: usize = 512 * 1024;

/// One call of Coder's API, as a value: it can be turned into a request, and an answer to that
/// request can be read, without any I/O. [`Client::send`](crate::Client::send) does the rest.
pub trait Operation: MaybeSend + MaybeSync {
    /// What a successful answer holds.
    type Output: MaybeSend;

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

    /// What the deployment must have for this, when it came with a certain release. Older releases
    /// answer that they do not have it, or ignore a part of the request without a word: who sends
    /// an operation by other means than [`Client::send`](crate::Client::send) compares it with the
    /// deployment's [`Capabilities`](crate::Capabilities) first.
    fn needs(&self) -> Option<Capability> {
        None
    }

    /// The greatest size of an answer, in bytes; by default [`MAX_ANSWER`]. A larger one is an error
    /// as soon as that much has come.
    fn max_answer(&self) -> usize {
        MAX_ANSWER
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

/// Implements [`Operation`] for a request that is answered with JSON (`=> Type`) or with nothing.
macro_rules! operation {
    ($operation:ty $(=> $output:ty)?, |$this:ident| $draft:expr $(, $rest:item)*) => {
        impl crate::Operation for $operation {
            type Output = crate::operation::output!($($output)?);

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
            ) -> Result<Self::Output, crate::Error> {
                crate::operation::read!($($output)?)(&response)
            }

            $($rest)*
        }
    };
}

/// Declares operations that are no more than a method and a path: a literal in it stands for
/// itself, a name for a field.
///
/// ```text
/// /// `GET /api/v2/templates/{template}`: one template.
/// GetTemplate(template: TemplateId) = GET ["templates", template] => Template;
/// ```
///
/// `, needs Capability` at the end names what came with a certain release, and `, up to LIMIT` the
/// greatest size of an answer where it is not [`MAX_ANSWER`].
macro_rules! operations {
    ($(
        $(#[$meta:meta])*
        $name:ident $(($($field:ident: $ty:ty),+))? = $method:ident [$($segment:tt),+]
            $(=> $output:ty)? $(, needs $needs:ident)? $(, up to $most:ident)?;
    )+) => {$(
        crate::operation::operation_struct!([$(#[$meta])*] $name $(($($field: $ty),+))?);

        crate::operation::operation!($name $(=> $output)?, |_this| {
            let segments = [$(crate::operation::segment!(_this $segment)),+];
            crate::operation::Draft::api(http::Method::$method, segments)
        } $(, fn needs(&self) -> Option<crate::Capability> {
            Some(crate::Capability::$needs)
        })? $(, fn max_answer(&self) -> usize {
            crate::operation::$most
        })?);
    )+};
}

macro_rules! operation_struct {
    ([$(#[$meta:meta])*] $name:ident) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub struct $name;
    };
    ([$(#[$meta:meta])*] $name:ident ($($field:ident: $ty:ty),+)) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $name {
            $($field: $ty,)+
        }

        impl $name {
            /// Of what the arguments name.
            pub fn new($($field: $ty),+) -> Self {
                Self { $($field),+ }
            }
        }
    };
}

macro_rules! segment {
    ($this:ident $text:literal) => {
        $text.to_owned()
    };
    ($this:ident $field:ident) => {
        $this.$field.to_string()
    };
}

macro_rules! output {
    () => {
        ()
    };
    ($output:ty) => {
        $output
    };
}

macro_rules! read {
    () => {
        crate::response::nothing
    };
    ($output:ty) => {
        crate::response::tolerant
    };
}

pub(crate) use {operation, operation_struct, operations, output, read, segment};
