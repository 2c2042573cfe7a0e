//! Refusals and failures of Coder, in the terms of a login.

use std::sync::Arc;
use std::time::Duration;

use coder_client::{ClientError, CoderVersion};
use coder_core::{TransportError, TransportErrorKind, cleaned};
use http::StatusCode;

/// A request to Coder that did not succeed, in the terms of a login.
///
/// Texts that a person reads in the login popup begin as Backstage's do ("Authentication failed,
/// …").
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UpstreamError {
    /// The user pressed "Cancel" on Coder's consent page.
    #[error("Authentication rejected, {description}")]
    Denied {
        /// Description of the error, from Coder.
        description: String,
    },
    /// Coder sent the browser back with an error (RFC 6749 §4.1.2.1; from 2.38 on).
    #[error("Authentication failed, {description} ({code})")]
    Authorize {
        /// The error code, like `invalid_scope`.
        code: String,
        /// Description of the error, from Coder.
        description: String,
    },
    /// The code or the refresh token is not valid, or no longer: `invalid_grant`.
    #[error("Authentication failed, Coder does not accept this login any more; sign in again")]
    GrantRefused(#[source] ClientError),
    /// Coder does not know the client, or the secret is wrong: `invalid_client`.
    #[error(
        "Authentication failed, Coder does not accept this portal's clientId and clientSecret; its operator has to check them against the OAuth2 application in Coder"
    )]
    ClientRefused(#[source] ClientError),
    /// The OAuth2 provider of the deployment is switched off.
    #[error(
        "Authentication failed, the OAuth2 provider of this Coder deployment is switched off; its operator has to enable it (`CODER_OAUTH2_PROVIDER_ENABLE=true` from 2.38 on, `CODER_EXPERIMENTS=oauth2` before)"
    )]
    ProviderOff(#[source] Option<ClientError>),
    /// Coder has no application with this portal's client id.
    #[error(
        "Authentication failed, Coder has no OAuth2 application with this portal's clientId; the portal's operator has to correct it, or register the portal again (`coder-backstage register`)"
    )]
    ApplicationUnknown,
    /// The application at Coder has another callback URL.
    #[error(
        "Authentication failed, the OAuth2 application in Coder has another callback URL than this portal's `{callback_url}`; the portal's operator has to make them equal"
    )]
    CallbackDiffers {
        /// Callback URL of this portal.
        callback_url: Box<url::Url>,
    },
    /// Coder knows the application and refuses its secret.
    #[error(
        "Authentication failed, Coder knows this portal's clientId but does not accept its clientSecret; the portal's operator has to make a new secret (`coder-backstage register`)"
    )]
    SecretRefused,
    /// The deployment is too old for PKCE, without which no login is safe.
    #[error(
        "Authentication failed, {} is too old for this portal; version 2.25 or newer is needed", release(.version)
    )]
    TooOld {
        /// Version of the deployment, if it names one.
        version: Option<CoderVersion>,
    },
    /// Scopes are configured, and the release of the deployment is unknown, so it may not enforce
    /// them.
    #[error(
        "the version of the Coder deployment is not known right now, so it is not certain that it honours the configured scopes; try again in a moment"
    )]
    VersionUnknown(#[source] Option<Arc<ClientError>>),
    /// The user is suspended or was deleted at Coder.
    #[error("Authentication failed, {message}")]
    UserInactive {
        /// Message of the error, from Coder.
        message: String,
    },
    /// Coder knows the access token and refuses to name its user.
    #[error(
        "Authentication failed, Coder refuses this account ({message}); sign in again, or ask an administrator of Coder"
    )]
    AccountRefused {
        /// Message of the error, from Coder.
        message: String,
    },
    /// Coder does not accept the access token.
    #[error("Authentication failed, Coder does not accept the token it issued; sign in again")]
    TokenRefused(#[source] ClientError),
    /// The token endpoint answered with JSON that is not a token response.
    #[error(
        "Authentication failed, Coder's token endpoint answered something that is no token (at `{at}`); check `deploymentUrl`"
    )]
    UnreadableTokens {
        /// Place in the JSON document.
        at: String,
    },
    /// The answer names no user: the id is nil, or the user name or the e-mail address is too
    /// long.
    #[error(
        "Authentication failed, Coder's answer does not say who this is; the portal's operator has to check `deploymentUrl`"
    )]
    NoUser,
    /// Too many logins came at once. The rest of Coder's rate limit is kept for signed-in users.
    #[error("Authentication failed, Coder is busy with logins; try again in a moment")]
    TooManyLogins {
        /// Time to wait before the next login.
        retry_after: Duration,
    },
    /// Any other error of Coder's API, or no answer.
    #[error("Authentication failed, {}", sentence(.0))]
    Other(#[from] ClientError),
}

/// Returns a sentence for people about an error of the client, whose own text is for operators.
fn sentence(error: &ClientError) -> String {
    match error {
        ClientError::NotJson(_) | ClientError::Redirected { .. } => {
            "something other than Coder answered, such as a login page or a proxy; the portal's \
             operator has to check `deploymentUrl`"
                .to_owned()
        }
        ClientError::Transport(_) => "Coder could not be reached; try again in a moment".to_owned(),
        ClientError::RateLimited { .. } => "Coder is busy; try again in a minute".to_owned(),
        ClientError::Unsupported(absence) => cleaned(&absence.to_string()),
        // Coder's own `message` is meant for people; `detail` is not.
        ClientError::Api(api) => cleaned(&api.message),
        ClientError::Request(_) | ClientError::Unreadable(_) | ClientError::Credential(_) => {
            "Coder's answer could not be understood".to_owned()
        }
    }
}

fn release(version: &Option<CoderVersion>) -> String {
    version.map_or_else(|| "this Coder".to_owned(), |version| format!("Coder {version}"))
}

pub(super) fn no_answer_in_time() -> TransportError {
    TransportError::new(TransportErrorKind::Timeout)
}

/// The description of `access_denied` in RFC 6749 §4.1.2.1, which Coder uses from 2.34 on.
const DENIED: &str = "The resource owner or authorization server denied the request";

/// The error codes of RFC 6749 §4.1.2.1.
const AUTHORIZATION_CODES: [&str; 7] = [
    "access_denied",
    "invalid_request",
    "invalid_scope",
    "server_error",
    "temporarily_unavailable",
    "unauthorized_client",
    "unsupported_response_type",
];

impl UpstreamError {
    /// Creates the error for an authorization response with this error code (RFC 6749 §4.1.2.1).
    pub(crate) fn from_authorization(code: &str, description: Option<&str>) -> Self {
        match code {
            "access_denied" => Self::Denied { description: cleaned(description.unwrap_or(DENIED)) },
            _ => Self::Authorize {
                code: cleaned(code),
                description: cleaned(description.unwrap_or("no reason was given")),
            },
        }
    }

    /// Creates the error from a known error code alone; `None` for an unknown code.
    pub(crate) fn from_authorization_code(code: &str) -> Option<Self> {
        AUTHORIZATION_CODES.contains(&code).then(|| Self::from_authorization(code, None))
    }

    pub(super) fn timed_out() -> Self {
        Self::Other(no_answer_in_time().into())
    }

    /// Classifies a failed request to the token or revocation endpoint.
    pub(super) fn from_token_request(error: ClientError) -> Self {
        let code = error.api().and_then(|api| api.oauth_code.as_deref());
        match code {
            Some("invalid_grant") => Self::GrantRefused(error),
            Some("invalid_client") => Self::ClientRefused(error),
            // 403 through 2.37, 404 "Route not found." from 2.38 on.
            None if error.is_unsupported() || (error.is_forbidden() && error.api().is_some()) => {
                Self::ProviderOff(Some(error))
            }
            _ => Self::Other(error),
        }
    }

    /// Classifies a failed request to `/users/me`.
    ///
    /// A 401 or 403 of Coder itself is about the account or its token. Another failure, such as the
    /// page of a proxy, says nothing about either.
    pub(super) fn from_user_request(error: ClientError) -> Self {
        match error.api() {
            Some(api) if api.status == StatusCode::UNAUTHORIZED => {
                if api.message.starts_with("User is not active") {
                    Self::UserInactive { message: cleaned(&api.message) }
                } else {
                    Self::TokenRefused(error)
                }
            }
            Some(api) if error.is_forbidden() => {
                Self::AccountRefused { message: cleaned(&api.message) }
            }
            _ => Self::Other(error),
        }
    }

    /// Tells whether the session stays valid, and waiting or the operator can mend the failure.
    /// Otherwise the user has to sign in again.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Denied { .. }
            | Self::Authorize { .. }
            | Self::GrantRefused(_)
            | Self::TokenRefused(_)
            | Self::AccountRefused { .. }
            | Self::UserInactive { .. } => false,
            Self::ClientRefused(_)
            | Self::ProviderOff(_)
            | Self::ApplicationUnknown
            | Self::CallbackDiffers { .. }
            | Self::SecretRefused
            | Self::TooOld { .. }
            | Self::VersionUnknown(_)
            | Self::UnreadableTokens { .. }
            | Self::NoUser
            | Self::TooManyLogins { .. }
            | Self::Other(_) => true,
        }
    }

    /// Tells whether Coder refuses the token itself, or refuses to name its user.
    pub(crate) fn is_about_the_token(&self) -> bool {
        match self {
            Self::TokenRefused(_) | Self::AccountRefused { .. } | Self::UserInactive { .. } => true,
            Self::Other(error) => error.is_forbidden(),
            Self::Denied { .. }
            | Self::Authorize { .. }
            | Self::GrantRefused(_)
            | Self::ClientRefused(_)
            | Self::ProviderOff(_)
            | Self::ApplicationUnknown
            | Self::CallbackDiffers { .. }
            | Self::SecretRefused
            | Self::TooOld { .. }
            | Self::VersionUnknown(_)
            | Self::UnreadableTokens { .. }
            | Self::NoUser
            | Self::TooManyLogins { .. } => false,
        }
    }

    /// Returns how long Coder asks to wait, if it does.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Other(error) => error.retry_after(),
            Self::VersionUnknown(Some(error)) => error.retry_after(),
            Self::TooManyLogins { retry_after } => Some(*retry_after),
            Self::Denied { .. }
            | Self::Authorize { .. }
            | Self::GrantRefused(_)
            | Self::ClientRefused(_)
            | Self::ProviderOff(_)
            | Self::ApplicationUnknown
            | Self::CallbackDiffers { .. }
            | Self::SecretRefused
            | Self::TooOld { .. }
            | Self::VersionUnknown(None)
            | Self::UserInactive { .. }
            | Self::AccountRefused { .. }
            | Self::TokenRefused(_)
            | Self::UnreadableTokens { .. }
            | Self::NoUser => None,
        }
    }

    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::Denied { .. } | Self::Authorize { .. } => StatusCode::FORBIDDEN,
            Self::GrantRefused(_)
            | Self::ClientRefused(_)
            | Self::ProviderOff(_)
            | Self::ApplicationUnknown
            | Self::CallbackDiffers { .. }
            | Self::SecretRefused
            | Self::TooOld { .. }
            | Self::VersionUnknown(_)
            | Self::UserInactive { .. }
            | Self::AccountRefused { .. }
            | Self::TokenRefused(_)
            | Self::UnreadableTokens { .. }
            | Self::NoUser
            | Self::TooManyLogins { .. }
            | Self::Other(_) => StatusCode::UNAUTHORIZED,
        }
    }
}
