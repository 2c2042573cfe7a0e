//! What can go wrong between a caller and Coder, and whose fault it is.

use std::fmt;
use std::time::Duration;

use coder_core::{Origin, TransportError};
use http::StatusCode;

use crate::{CredentialError, FilterError, NameError, Unreadable};

/// A request to Coder that gave no result.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The caller's fault: the request cannot be made. Nothing was sent.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// Coder said no.
    #[error("{0}")]
    Api(Box<ApiError>),
    /// Coder asks to slow down (429).
    #[error("coder limits the rate of requests{}", wait(.retry_after))]
    RateLimited {
        /// The time to wait, when Coder named one.
        retry_after: Option<Duration>,
    },
    /// Something other than Coder's API answered: a login page, a proxy, a wrong URL.
    #[error("{0}")]
    NotJson(Box<NotJson>),
    /// JSON came, but not of the shape this crate knows.
    #[error("{0}")]
    Unreadable(Box<UnreadableAnswer>),
    /// A redirect came, which is not followed: the credential would travel with it.
    #[error("coder's answer is a redirect{}; check the deployment's URL, and whether a single-sign-on proxy stands in front of it", destination(.to))]
    Redirected {
        /// The status, 300 to 399.
        status: StatusCode,
        /// The origin it points to; `None` when it is no http(s) URL.
        to: Option<Origin>,
    },
    /// There is no credential to send. Nothing was sent.
    #[error(transparent)]
    Credential(#[from] CredentialError),
    /// No (whole) answer came.
    #[error("coder could not be reached")]
    Transport(#[from] TransportError),
}

/// Why a request cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RequestError {
    /// The credential is no possible header value.
    #[error("the credential holds characters that no HTTP header can carry")]
    Credential,
    /// A search value that Coder's search grammar cannot express.
    #[error(transparent)]
    Filter(#[from] FilterError),
    /// A name that Coder would not take.
    #[error(transparent)]
    Name(#[from] NameError),
    /// A path segment would change the path: it is empty, `.` or `..`.
    #[error("`{0}` cannot be part of a path")]
    PathSegment(String),
    /// An operation's request points away from the deployment.
    #[error("the request does not go to the deployment, so its credential stays here")]
    ForeignOrigin,
    /// The request cannot be written down.
    #[error("the request cannot be built: {0}")]
    Invalid(String),
}

/// What Coder said when it said no.
///
/// `Display` prints the status and the message, never [`ApiError::detail`], which may hold
/// internals of the deployment.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ApiError {
    /// The HTTP status.
    pub status: StatusCode,
    /// For people; may be shown. For the OAuth2 endpoints their `error_description`.
    pub message: String,
    /// For operators.
    pub detail: Option<String>,
    /// Which fields of the request were wrong, and why.
    pub validations: Vec<ValidationError>,
    /// The code of an OAuth2 error (RFC 6749 §5.2), like `invalid_grant`.
    pub oauth_code: Option<String>,
    /// `X-Coder-Request-Id`: what to look for in Coder's log.
    pub request_id: Option<String>,
}

/// One field of a request that Coder refused.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize, serde::Serialize)]
#[non_exhaustive]
pub struct ValidationError {
    /// The field's name in the request's JSON or query.
    pub field: String,
    /// What is wrong with it.
    pub detail: String,
}

/// An answer that lacks what makes it what was asked for.
///
/// It tells no value of the answer: that may be a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UnreadableAnswer {
    /// The place in the JSON document, like `latest_build.id`; `.` for all of it.
    pub path: String,
    /// What is there, and what should be.
    pub reason: String,
    /// The name of the operation, when [`Client::send`](crate::Client::send) sent it.
    pub operation: Option<&'static str>,
    /// Coder's release, when the answer told it (`X-Coder-Build-Version`).
    pub release: Option<String>,
}

impl UnreadableAnswer {
    pub(crate) fn new(path: &str, reason: &str) -> Self {
        let (path, reason) = (path.to_owned(), reason.to_owned());
        Self { path, reason, operation: None, release: None }
    }
}

impl From<Unreadable> for UnreadableAnswer {
    fn from(unreadable: Unreadable) -> Self {
        Self::new(unreadable.place(), unreadable.reason())
    }
}

impl fmt::Display for UnreadableAnswer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("coder's answer")?;
        if let Some(operation) = self.operation {
            write!(formatter, " to `{operation}`")?;
        }
        write!(formatter, " is not as expected at `{}`: {}", self.path, self.reason)?;
        if let Some(release) = &self.release {
            write!(formatter, "; the release is {release}")?;
        }
        Ok(())
    }
}

/// An answer that is not JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NotJson {
    /// The HTTP status.
    pub status: StatusCode,
    /// Its `Content-Type`, when it named one.
    pub content_type: Option<String>,
    /// How the body begins, at most 200 characters on one line. Empty when the body may hold
    /// something else than a page for people.
    pub start: String,
    /// The time to wait, when the answer named one.
    pub retry_after: Option<Duration>,
}

impl fmt::Display for ApiError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "coder answered {}: {}", self.status.as_u16(), one_line(&self.message))?;
        if let Some(code) = &self.oauth_code
            && *code != self.message
        {
            write!(formatter, " ({})", one_line(code))?;
        }
        for ValidationError { field, detail } in &self.validations {
            write!(formatter, "; `{}`: {}", one_line(field), one_line(detail))?;
        }
        Ok(())
    }
}

impl fmt::Display for NotJson {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let status = self.status.as_u16();
        write!(formatter, "did not receive JSON from coder, but status {status}")?;
        if let Some(content_type) = &self.content_type {
            write!(formatter, " with `{}`", one_line(content_type))?;
        }
        if !self.start.is_empty() {
            write!(formatter, " that begins with `{}`", self.start)?;
        }
        if self.status.is_server_error() {
            formatter.write_str("; the proxy in front of coder may be unable to reach it")
        } else {
            formatter.write_str("; check the deployment's URL, and whether a login page or proxy stands in front of it")
        }
    }
}

impl Error {
    /// The same error, naming the operation whose answer it is about.
    pub(crate) fn of_operation<O>(mut self) -> Self {
        if let Self::Unreadable(answer) = &mut self {
            // Of `coder_client::operations::users::GetUser` the last part.
            answer.operation = std::any::type_name::<O>().rsplit("::").next();
        }
        self
    }

    /// The HTTP status of the answer, when one came.
    pub fn status(&self) -> Option<StatusCode> {
        match self {
            Self::Api(api) => Some(api.status),
            Self::RateLimited { .. } => Some(StatusCode::TOO_MANY_REQUESTS),
            Self::NotJson(answer) => Some(answer.status),
            Self::Redirected { status, .. } => Some(*status),
            Self::Request(_) | Self::Unreadable(_) | Self::Credential(_) | Self::Transport(_) => {
                None
            }
        }
    }

    /// What Coder said, when it was Coder who spoke.
    pub fn api(&self) -> Option<&ApiError> {
        match self {
            Self::Api(api) => Some(api),
            _ => None,
        }
    }

    /// 401: the credential is missing, unknown, expired, or its user is suspended; or there is no
    /// credential any more. Sign in again.
    pub fn is_unauthorized(&self) -> bool {
        match self {
            Self::Credential(error) => error.is_login_needed(),
            _ => self.status() == Some(StatusCode::UNAUTHORIZED),
        }
    }

    /// 403: the credential is good, but does not allow this.
    pub fn is_forbidden(&self) -> bool {
        self.status() == Some(StatusCode::FORBIDDEN)
    }

    /// 404: not there, **or** hidden from this user; Coder answers both alike on purpose.
    pub fn is_not_found(&self) -> bool {
        self.status() == Some(StatusCode::NOT_FOUND)
    }

    /// A 404 that says that this deployment does not have the endpoint at all: it is older, or
    /// the feature is off or not licensed.
    pub fn is_unsupported(&self) -> bool {
        self.is_not_found() && self.api().is_some_and(|api| api.message == "Route not found.")
    }

    /// 409: the name is taken, or a build is already active. Read again before repeating. Coder
    /// answers 500 instead where two requests for one thing overlap.
    pub fn is_conflict(&self) -> bool {
        self.status() == Some(StatusCode::CONFLICT) || self.is_duplicate()
    }

    /// Two requests at once: the database let one of them through.
    fn is_duplicate(&self) -> bool {
        let words = "duplicate key value violates unique constraint";
        self.api().is_some_and(|api| {
            let detail = api.detail.as_deref().unwrap_or_default();
            api.status.is_server_error() && (api.message.contains(words) || detail.contains(words))
        })
    }

    /// 410: the workspace was deleted.
    pub fn is_gone(&self) -> bool {
        self.status() == Some(StatusCode::GONE)
    }

    /// 425: a template version is still being imported. Ask again a little later.
    pub fn is_too_early(&self) -> bool {
        self.status() == Some(StatusCode::TOO_EARLY)
    }

    /// 429: too many requests.
    pub fn is_rate_limited(&self) -> bool {
        matches!(self, Self::RateLimited { .. })
    }

    /// Whether the same request may well succeed a little later: a rate limit, a proxy that could
    /// not reach Coder, a connection that broke.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Transport(error) => error.is_transient(),
            Self::Credential(error) => !error.is_login_needed(),
            _ => matches!(self.status().map(|status| status.as_u16()), Some(429 | 502..=504)),
        }
    }

    /// Whether Coder may have acted on the request. When not, even a request that is not
    /// idempotent can be sent again.
    pub fn may_have_been_processed(&self) -> bool {
        match self {
            Self::Request(_) | Self::RateLimited { .. } | Self::Credential(_) => false,
            Self::Transport(error) => error.may_have_been_processed(),
            _ => true,
        }
    }

    /// Whether nobody knows what became of the request: the answer was lost, or something between
    /// here and Coder failed. Read again before repeating what is not idempotent.
    pub fn is_outcome_unknown(&self) -> bool {
        match self {
            Self::Transport(error) => error.may_have_been_processed(),
            _ => {
                self.status().is_some_and(|status| status.is_server_error()) && !self.is_duplicate()
            }
        }
    }

    /// How long the answer asked to wait (RFC 9110 §10.2.3, in seconds).
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::RateLimited { retry_after } => *retry_after,
            Self::NotJson(answer) => answer.retry_after,
            _ => None,
        }
    }
}

impl From<FilterError> for Error {
    fn from(error: FilterError) -> Self {
        RequestError::from(error).into()
    }
}

impl From<NameError> for Error {
    fn from(error: NameError) -> Self {
        RequestError::from(error).into()
    }
}

/// Text of a peer, safe to print in one line of a log.
pub(crate) fn one_line(text: &str) -> String {
    text.chars().map(|character| if character.is_control() { ' ' } else { character }).collect()
}

fn wait(retry_after: &Option<Duration>) -> String {
    retry_after
        .map(|duration| format!("; try again in {} seconds", duration.as_secs()))
        .unwrap_or_default()
}

fn destination(to: &Option<Origin>) -> String {
    to.as_ref().map(|origin| format!(" to `{origin}`")).unwrap_or_default()
}
