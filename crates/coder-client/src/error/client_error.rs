//! What can go wrong between a caller and Coder, and whose fault it is.

use std::time::Duration;

use coder_core::{Origin, TransportError};
use http::StatusCode;

use super::unsupported::Absence;
use super::{
    ApiError, Conflict, CredentialError, NotJson, RequestError, UnreadableAnswer, Unsupported,
};
use crate::{Capability, CoderVersion, FilterError, NameError};

/// A request to Coder that gave no result.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// The caller's fault: the request cannot be made. Nothing was sent.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// Coder said no.
    #[error("{0}")]
    Api(Box<ApiError>),
    /// This deployment does not have the operation: it is older, or a feature is switched off or
    /// not part of its build.
    #[error("{0}")]
    Unsupported(Box<Unsupported>),
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

impl ClientError {
    /// The HTTP status of the answer, when one came.
    pub fn status(&self) -> Option<StatusCode> {
        match self {
            Self::Api(api) => Some(api.status),
            Self::Unsupported(unsupported) => unsupported.status(),
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
            Self::Unsupported(unsupported) => unsupported.said(),
            Self::Request(_)
            | Self::RateLimited { .. }
            | Self::NotJson(_)
            | Self::Redirected { .. }
            | Self::Unreadable { .. }
            | Self::Credential(_)
            | Self::Transport(_) => None,
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

    /// The credential is good, but does not allow this: 403, or 500 where Coder says
    /// `rbac: forbidden`. A feature that is switched off is [`is_unsupported`](Self::is_unsupported)
    /// instead.
    pub fn is_forbidden(&self) -> bool {
        match self.api() {
            Some(api) => api.is_forbidden(),
            None => self.status() == Some(StatusCode::FORBIDDEN),
        }
    }

    /// What the request names is not there, **or** hidden from this user; Coder answers both alike
    /// on purpose. Most often 404; 400 for an unknown user in releases up to 2.29, and for what is
    /// named in the body of a request. An operation that is not there is
    /// [`is_unsupported`](Self::is_unsupported) instead.
    pub fn is_not_found(&self) -> bool {
        match self.api() {
            Some(api) => api.is_not_found(),
            None => self.status() == Some(StatusCode::NOT_FOUND),
        }
    }

    /// This deployment does not have the operation at all: it is older, or the feature is off, not
    /// licensed or not part of its build. From [`Client::send`](crate::Client::send) it is an
    /// [`ClientError::Unsupported`], whose text says which operation needs which release, and what this
    /// one is.
    pub fn is_unsupported(&self) -> bool {
        match self {
            Self::Unsupported(_) => true,
            _ => self.api().is_some_and(ApiError::is_unsupported),
        }
    }

    /// 409, or 500 where two requests for one thing overlapped: something stands in the way;
    /// [`conflict`](Self::conflict) says what. Read again before repeating.
    pub fn is_conflict(&self) -> bool {
        self.status() == Some(StatusCode::CONFLICT) || self.conflict().is_some()
    }

    /// What stands in the way, when it is a conflict.
    pub fn conflict(&self) -> Option<Conflict> {
        self.api().and_then(ApiError::conflict)
    }

    /// 410, or a 409 for what is to be built: the workspace was deleted.
    pub fn is_gone(&self) -> bool {
        self.status() == Some(StatusCode::GONE) || self.conflict() == Some(Conflict::Deleted)
    }

    /// 425: a template version is still being imported. Ask again a little later.
    pub fn is_too_early(&self) -> bool {
        self.status() == Some(StatusCode::TOO_EARLY)
    }

    /// The build to cancel is over (400), or not in the expected state any more (412).
    pub fn is_too_late(&self) -> bool {
        self.api().is_some_and(ApiError::is_too_late)
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
            Self::Unsupported(unsupported) => unsupported.answer.is_some(),
            Self::Transport(error) => error.may_have_been_processed(),
            Self::Api(_) | Self::NotJson(_) | Self::Unreadable { .. } | Self::Redirected { .. } => {
                true
            }
        }
    }

    /// Whether nobody knows what became of the request: the answer was lost, or something between
    /// here and Coder failed. Read again before repeating what is not idempotent. What only reads
    /// (RFC 9110 §9.2.1) has changed nothing, whatever became of it.
    pub fn is_outcome_unknown(&self) -> bool {
        match self {
            Self::Transport(error) => error.may_have_been_processed(),
            Self::Api(api) => api.is_outcome_unknown(),
            Self::NotJson(answer) => answer.status.is_server_error() && !answer.changed_nothing,
            Self::Request(_)
            | Self::Unsupported(_)
            | Self::RateLimited { .. }
            | Self::Unreadable { .. }
            | Self::Redirected { .. }
            | Self::Credential(_) => false,
        }
    }

    /// How long the answer asked to wait (RFC 9110 §10.2.3), an hour at most.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::RateLimited { retry_after } => *retry_after,
            Self::NotJson(answer) => answer.retry_after,
            _ => None,
        }
    }
}

/// What was asked, for what an error says about it.
pub(crate) struct Asked {
    pub(crate) operation: &'static str,
    pub(crate) needs: Option<Capability>,
    /// Whether its method is safe (RFC 9110 §9.2.1).
    pub(crate) is_safe: bool,
    /// Whether it went to a path outside of `/api` and `/oauth2`. What is not there is answered with
    /// the page of the dashboard.
    pub(crate) is_beside_the_api: bool,
    /// The release that the answer named.
    pub(crate) release: Option<CoderVersion>,
}

impl ClientError {
    /// The same error of a request whose method is safe (RFC 9110 §9.2.1).
    pub(crate) fn of_safe_request(self) -> Self {
        match self {
            Self::Api(mut api) => {
                api.changed_nothing = true;
                Self::Api(api)
            }
            Self::NotJson(mut answer) => {
                answer.changed_nothing = true;
                Self::NotJson(answer)
            }
            Self::Transport(error) => Self::Transport(error.of_safe_request()),
            error @ (Self::Request(_)
            | Self::Unsupported(_)
            | Self::RateLimited { .. }
            | Self::Unreadable { .. }
            | Self::Redirected { .. }
            | Self::Credential(_)) => error,
        }
    }

    /// The same error, knowing what was asked.
    pub(crate) fn of(self, asked: &Asked) -> Self {
        let unsupported = |answer| {
            let &Asked { operation, needs, release, .. } = asked;
            Self::Unsupported(Box::new(Unsupported {
                operation,
                needs,
                release,
                answer: Some(answer),
            }))
        };
        match self {
            Self::Api(api) if api.is_unsupported() => unsupported(Absence::Said(*api)),
            Self::NotJson(answer) if asked.is_beside_the_api && answer.is_successful_page() => {
                unsupported(Absence::Page(answer.status))
            }
            Self::Unreadable(answer) => Self::Unreadable(Box::new(UnreadableAnswer {
                operation: Some(asked.operation),
                ..*answer
            })),
            error if asked.is_safe => error.of_safe_request(),
            error => error,
        }
    }
}

impl From<FilterError> for ClientError {
    fn from(error: FilterError) -> Self {
        RequestError::from(error).into()
    }
}

impl From<NameError> for ClientError {
    fn from(error: NameError) -> Self {
        RequestError::from(error).into()
    }
}

fn wait(retry_after: &Option<Duration>) -> String {
    retry_after
        .map(|duration| format!("; try again in {} seconds", duration.as_secs()))
        .unwrap_or_default()
}

fn destination(to: &Option<Origin>) -> String {
    to.as_ref().map(|origin| format!(" to `{origin}`")).unwrap_or_default()
}
