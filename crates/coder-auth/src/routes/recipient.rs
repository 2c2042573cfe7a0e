//! The page that waits for the end of a login.

use coder_core::{Body, Origin, without_causes};
use http::{Request, Response};

use crate::error::AuthError;
use crate::http::popup::{self, Failure, Outcome};
use crate::http::response::{ErrorResponse, redirect};
use crate::login::attempt::{Flow, LoginAttempt};
use crate::session::response::SessionResponse;

/// The page that gets the result of a login: by a message of the popup, or by a redirect.
pub(crate) struct Recipient {
    pub(crate) flow: Flow,
    /// The origin that a popup's message is posted to.
    pub(crate) origin: Origin,
}

impl Recipient {
    /// Returns the page that this attempt was started from.
    pub(crate) fn from_attempt(attempt: &LoginAttempt) -> Self {
        Self { flow: attempt.flow.clone(), origin: attempt.origin.clone() }
    }

    /// Makes the response that tells the page. An error is logged.
    pub(crate) fn respond<T>(
        self,
        outcome: Result<SessionResponse, AuthError>,
        request: &Request<T>,
    ) -> Response<Body> {
        if let Err(error) = &outcome {
            ErrorResponse::from(error).log(request);
        }
        match (self.flow, outcome) {
            (Flow::Popup, outcome) => {
                let outcome = match outcome {
                    Ok(response) => Outcome::Success { response },
                    Err(error) => Outcome::Failure {
                        error: Failure {
                            name: error.name().to_owned(),
                            message: without_causes(&error),
                        },
                    },
                };
                popup::page(&outcome, &self.origin)
            }
            (Flow::Redirect(url), Ok(_)) => redirect(url),
            (Flow::Redirect(mut url), Err(error)) => {
                let others: Vec<(String, String)> =
                    url.query_pairs().into_owned().filter(|(name, _)| name != "error").collect();
                url.query_pairs_mut()
                    .clear()
                    .extend_pairs(others)
                    .append_pair("error", &without_causes(&error));
                redirect(url)
            }
        }
    }
}
