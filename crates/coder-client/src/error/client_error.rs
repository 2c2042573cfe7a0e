//! The error of a request to Coder.

use std::time::Duration;

use coder_core::{Origin, TransportError, TransportErrorKind};
use http::StatusCode;

use super::unsupported::Absence;
use super::{
    ApiError, Conflict, CredentialError, NotJson, RequestError, UnreadableResponse, Unsupported,
};
use crate::{Capability, CoderVersion, FilterError, NameError};

/// The error of a request to Coder.
#[derive(Debug, thiserror::Error)]
#[expect(clippy::exhaustive_enums, reason = "the login has a sentence for people for each of them")]
pub enum ClientError {
    /// The request cannot be made, by the caller's fault. Nothing was sent.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// Coder refused the request.
    #[error("{0}")]
    Api(Box<ApiError>),
    /// This deployment does not have the operation: it is older, or the feature is switched off or
    /// not part of its build.
    #[error("{0}")]
    Unsupported(Box<Unsupported>),
    /// Coder limits the rate of requests (429).
    #[error("coder limits the rate of requests{}", wait(.retry_after))]
    RateLimited {
        /// The time that Coder asks to wait, at most an hour.
        retry_after: Option<Duration>,
    },
    /// Something other than Coder's API answered: a login page, a proxy, a wrong URL.
    #[error("{0}")]
    NotJson(Box<NotJson>),
    /// The answer is JSON, but not of the expected shape.
    #[error("{0}")]
    Unreadable(Box<UnreadableResponse>),
    /// The answer is a redirect, which is not followed, because the credential would travel with
    /// it.
    #[error("coder's answer is a redirect{}; check the deployment's URL, and whether a single-sign-on proxy stands in front of it", destination(.to))]
    Redirected {
        /// The HTTP status, 300 to 399.
        status: StatusCode,
        /// The origin that the redirect points to; `None` when that is not an http or https URL.
        to: Option<Origin>,
    },
    /// The credential provider has no credential. Nothing was sent.
    #[error(transparent)]
    Credential(#[from] CredentialError),
    /// No answer arrived, or not all of it.
    #[error("{}", unreached(.0))]
    Transport(#[from] TransportError),
}

impl ClientError {
    /// Returns the HTTP status of the answer; `None` when no answer arrived, and for
    /// [`ClientError::Unreadable`].
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

    /// Returns the refusal of Coder's API, if that was the answer.
    pub fn api(&self) -> Option<&ApiError> {
        match self {
            Self::Api(api) => Some(api),
            Self::Unsupported(unsupported) => unsupported.api(),
            Self::Request(_)
            | Self::RateLimited { .. }
            | Self::NotJson(_)
            | Self::Redirected { .. }
            | Self::Unreadable { .. }
            | Self::Credential(_)
            | Self::Transport(_) => None,
        }
    }

    /// Returns `true` when the user must sign in again: for 401, and when the credential provider
    /// needs a login.
    ///
    /// The credential is missing, unknown or expired, or its user is suspended.
    pub fn is_unauthorized(&self) -> bool {
        match self {
            Self::Credential(error) => error.is_login_needed(),
            Self::Request(_)
            | Self::Api(_)
            | Self::Unsupported(_)
            | Self::RateLimited { .. }
            | Self::NotJson(_)
            | Self::Unreadable(_)
            | Self::Redirected { .. }
            | Self::Transport(_) => self.status() == Some(StatusCode::UNAUTHORIZED),
        }
    }

    /// Returns `true` when the credential is valid but does not allow the request: for 403, and for
    /// 500 with the text `rbac: forbidden`.
    ///
    /// A feature that is switched off is [`is_unsupported`](Self::is_unsupported) instead.
    pub fn is_forbidden(&self) -> bool {
        match self.api() {
            Some(api) => api.is_forbidden(),
            None => self.status() == Some(StatusCode::FORBIDDEN),
        }
    }

    /// Returns `true` when something that the request names does not exist, **or** is hidden from
    /// this user. Coder answers both in the same way on purpose.
    ///
    /// The status is mostly 404. It is 400 for an unknown user in releases up to 2.29, and for a
    /// resource that the body names. An operation that does not exist is
    /// [`is_unsupported`](Self::is_unsupported) instead.
    ///
    /// This and the other predicates about what was asked for go by Coder's own answers only. A 404
    /// of a proxy is [`is_inconclusive`](Self::is_inconclusive).
    pub fn is_not_found(&self) -> bool {
        self.api().is_some_and(ApiError::is_not_found)
    }

    /// Returns `true` when this deployment does not have the operation: it is older, or the feature
    /// is switched off, not licensed or not part of its build.
    ///
    /// The error from [`Client::send`](crate::Client::send) is then [`ClientError::Unsupported`].
    /// Its text names the operation, the release that it needs, and the deployment's release.
    pub fn is_unsupported(&self) -> bool {
        match self {
            Self::Unsupported(_) => true,
            Self::Api(api) => api.is_unsupported(),
            Self::Request(_)
            | Self::RateLimited { .. }
            | Self::NotJson(_)
            | Self::Unreadable(_)
            | Self::Redirected { .. }
            | Self::Credential(_)
            | Self::Transport(_) => false,
        }
    }

    /// Returns `true` when something stands in the way: for 409, and for 500 when two requests for
    /// one resource overlapped.
    ///
    /// [`conflict`](Self::conflict) tells the kind. Read the resource again before you repeat the
    /// request.
    pub fn is_conflict(&self) -> bool {
        self.conflict().is_some()
    }

    /// Returns the kind of the conflict, if this is one.
    pub fn conflict(&self) -> Option<Conflict> {
        self.api().and_then(ApiError::conflict)
    }

    /// Returns `true` when the workspace was deleted: for 410, and for 409 when it should be built.
    pub fn is_gone(&self) -> bool {
        self.says(StatusCode::GONE) || self.conflict() == Some(Conflict::Deleted)
    }

    /// Returns `true` while a template version is imported (425). The request may succeed a little
    /// later.
    pub fn is_too_early(&self) -> bool {
        self.says(StatusCode::TOO_EARLY)
    }

    /// Tells whether Coder itself has answered with this status.
    fn says(&self, status: StatusCode) -> bool {
        self.api().is_some_and(|api| api.says(status))
    }

    /// Returns `true` when the build to cancel has ended (400) or is no longer in the expected
    /// state (412).
    pub fn is_too_late(&self) -> bool {
        self.api().is_some_and(ApiError::is_too_late)
    }

    /// Returns `true` when Coder limits the rate of requests (429).
    pub fn is_rate_limited(&self) -> bool {
        matches!(self, Self::RateLimited { .. })
    }

    /// Returns `true` when the same request may succeed a little later: a rate limit, a proxy that
    /// could not reach Coder, a connection that broke.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Transport(error) => error.is_transient(),
            Self::Credential(error) => !error.is_login_needed(),
            Self::Request(_)
            | Self::Api(_)
            | Self::Unsupported(_)
            | Self::RateLimited { .. }
            | Self::NotJson(_)
            | Self::Unreadable(_)
            | Self::Redirected { .. } => {
                matches!(self.status().map(|status| status.as_u16()), Some(429 | 502..=504))
            }
        }
    }

    /// Returns `true` when the outcome tells nothing about what was asked for, so that the same
    /// request may have another outcome later.
    ///
    /// Such outcomes are the [transient](Self::is_transient) errors, an internal error of Coder that
    /// is not a refusal, and a 404 or 410 that something other than Coder has answered, such as a proxy
    /// while Coder is restarted.
    pub fn is_inconclusive(&self) -> bool {
        match self {
            Self::Api(api) => api.is_inconclusive(),
            Self::NotJson(answer) => answer.is_inconclusive(),
            Self::Request(_)
            | Self::Unsupported(_)
            | Self::RateLimited { .. }
            | Self::Unreadable(_)
            | Self::Redirected { .. }
            | Self::Credential(_)
            | Self::Transport(_) => self.is_transient(),
        }
    }

    /// Returns `true` when Coder may have acted on the request. Otherwise even a request that is
    /// not idempotent can be sent again.
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

    /// Returns `true` when the outcome of the request is unknown: the answer was lost, or something
    /// between the client and Coder failed.
    ///
    /// Read the resource again before you repeat a request that is not idempotent. A request with a
    /// safe method (RFC 9110 §9.2.1) never has an unknown outcome, because it changes nothing.
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

    /// Returns the time that the answer asks to wait (RFC 9110 §10.2.3), at most an hour.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::RateLimited { retry_after } => *retry_after,
            Self::NotJson(answer) => answer.retry_after,
            Self::Request(_)
            | Self::Api(_)
            | Self::Unsupported(_)
            | Self::Unreadable(_)
            | Self::Redirected { .. }
            | Self::Credential(_)
            | Self::Transport(_) => None,
        }
    }
}

/// The facts about a request that its error tells.
pub(crate) struct RequestInfo {
    pub(crate) operation: &'static str,
    pub(crate) needs: Option<Capability>,
    /// `true` when the method is safe (RFC 9110 §9.2.1).
    pub(crate) is_safe: bool,
    /// `true` when the path is outside of `/api` and `/oauth2`. Coder answers an unknown path there
    /// with the page of the dashboard.
    pub(crate) is_beside_the_api: bool,
    /// The release that the answer named.
    pub(crate) release: Option<CoderVersion>,
}

impl ClientError {
    /// Marks the error as one of a request with a safe method (RFC 9110 §9.2.1).
    pub(crate) fn with_safe_method(self) -> Self {
        match self {
            Self::Api(mut api) => {
                api.changed_nothing = true;
                Self::Api(api)
            }
            Self::NotJson(mut answer) => {
                answer.changed_nothing = true;
                Self::NotJson(answer)
            }
            Self::Transport(error) => Self::Transport(error.with_safe_method()),
            error @ (Self::Request(_)
            | Self::Unsupported(_)
            | Self::RateLimited { .. }
            | Self::Unreadable { .. }
            | Self::Redirected { .. }
            | Self::Credential(_)) => error,
        }
    }

    /// Adds the facts about the request.
    pub(crate) fn with_request(self, info: &RequestInfo) -> Self {
        let unsupported = |answer| {
            let &RequestInfo { operation, needs, release, .. } = info;
            Self::Unsupported(Box::new(Unsupported {
                operation,
                needs,
                release,
                answer: Some(answer),
            }))
        };
        match self {
            Self::Api(api) if api.is_unsupported() => unsupported(Absence::Api(*api)),
            Self::NotJson(answer) if info.is_beside_the_api && answer.is_successful_page() => {
                unsupported(Absence::Dashboard(answer.status))
            }
            Self::Unreadable(answer) => Self::Unreadable(Box::new(UnreadableResponse {
                operation: Some(info.operation),
                ..*answer
            })),
            error if info.is_safe => error.with_safe_method(),
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

fn unreached(error: &TransportError) -> &'static str {
    match error.kind() {
        TransportErrorKind::TooLarge => "coder's answer is larger than is read",
        _ => "coder could not be reached",
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
