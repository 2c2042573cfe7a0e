//! Reasons why there is no stream.

use std::time::Duration;

use coder_auth::AuthError;
use coder_auth::http::ErrorResponse;
use coder_core::quoted;
use http::StatusCode;

use super::limits::{MAX_PAGES_OF_A_PERSON, MAX_WORKSPACES, MAX_WORKSPACES_OF_A_PERSON};

/// The wait that a client is told when there are too many streams.
const RETRY_AFTER: Duration = Duration::from_secs(30);

/// Reasons why there is no stream.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LiveError {
    #[error(transparent)]
    Auth(#[from] AuthError),
    #[error(
        "`workspaces` must name 1 to {MAX_WORKSPACES} workspaces by their ids, separated by commas"
    )]
    NoWorkspaces,
    #[error("{} in `workspaces` is not the id of a workspace", quoted(.0))]
    NotAnId(String),
    #[error("you have {MAX_PAGES_OF_A_PERSON} streams open already; close a page")]
    TooManyPages,
    #[error("you watch {MAX_WORKSPACES_OF_A_PERSON} workspaces already; close a page")]
    TooManyWorkspaces,
    #[error("too many streams are open at this portal; try again in a while")]
    Full,
    #[error("the portal is shutting down; try again in a moment")]
    Closed,
}

impl From<LiveError> for ErrorResponse {
    fn from(error: LiveError) -> Self {
        let (status, wait) = match &error {
            LiveError::Auth(error) => return error.into(),
            LiveError::NoWorkspaces | LiveError::NotAnId(_) => (StatusCode::BAD_REQUEST, None),
            LiveError::TooManyPages | LiveError::TooManyWorkspaces => {
                (StatusCode::TOO_MANY_REQUESTS, Some(RETRY_AFTER))
            }
            LiveError::Full => (StatusCode::SERVICE_UNAVAILABLE, Some(RETRY_AFTER)),
            LiveError::Closed => (StatusCode::SERVICE_UNAVAILABLE, Some(Duration::from_secs(1))),
        };
        Self::from_error(status, &error).retry_after(wait)
    }
}
