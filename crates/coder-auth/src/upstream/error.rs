//! What Coder refuses and how it fails, in the terms of a login.

use std::sync::Arc;
use std::time::Duration;

use coder_client::CoderVersion;
use coder_core::{TransportError, TransportErrorKind, cleaned};
use http::StatusCode;

/// Coder did not do its part.
///
/// The texts begin as Backstage's do ("Authentication failed, …") where a person reads them in the
/// login popup.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UpstreamError {
    /// The person pressed "Cancel" at Coder.
    #[error("Authentication rejected, {description}")]
    Denied {
        /// Coder's words.
        description: String,
    },
    /// Coder sent the browser back with an error (RFC 6749 §4.1.2.1; from 2.38 on).
    #[error("Authentication failed, {description} ({code})")]
    Authorize {
        /// The error code, like `invalid_scope`.
        code: String,
        /// Coder's words.
        description: String,
    },
    /// The code or the refresh token is not (or no longer) good: `invalid_grant`.
    #[error("Authentication failed, Coder does not accept this login any more; sign in again")]
    GrantRefused(#[source] coder_client::ClientError),
    /// Coder does not know the client, or its secret is wrong: `invalid_client`.
    #[error(
        "Authentication failed, Coder does not accept this portal's clientId and clientSecret; its operator has to check them against the OAuth2 application in Coder"
    )]
    ClientRefused(#[source] coder_client::ClientError),
    /// The OAuth2 provider is switched off.
    #[error(
        "Authentication failed, the OAuth2 provider of this Coder deployment is switched off; its operator has to enable it (`CODER_OAUTH2_PROVIDER_ENABLE=true` from 2.38 on, `CODER_EXPERIMENTS=oauth2` before)"
    )]
    ProviderOff(#[source] Option<coder_client::ClientError>),
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
        /// Where this portal wants browsers to be sent back to.
        callback_url: Box<url::Url>,
    },
    /// The application is known to Coder, the secret is not one of its own.
    #[error(
        "Authentication failed, Coder knows this portal's clientId but does not accept its clientSecret; the portal's operator has to make a new secret (`coder-backstage register`)"
    )]
    SecretRefused,
    /// The deployment does not know PKCE, without which no login is safe.
    #[error(
        "Authentication failed, {} is too old for this portal; version 2.25 or newer is needed", release(.version)
    )]
    TooOld {
        /// What the deployment says it is, where that is a version.
        version: Option<CoderVersion>,
    },
    /// Scopes are configured, but it is not known whether this deployment limits tokens to them.
    #[error(
        "the version of the Coder deployment is not known right now, so it is not certain that it honours the configured scopes; try again in a moment"
    )]
    VersionUnknown(#[source] Option<Arc<coder_client::ClientError>>),
    /// The user may not use Coder any more.
    #[error("Authentication failed, {message}")]
    UserInactive {
        /// Coder's words.
        message: String,
    },
    /// Coder does not accept the access token.
    #[error("Authentication failed, Coder does not accept the token it issued; sign in again")]
    TokenRefused(#[source] coder_client::ClientError),
    /// The token endpoint answered JSON that is no token response.
    #[error(
        "Authentication failed, Coder's token endpoint answered something that is no token (at `{at}`); check `deploymentUrl`"
    )]
    UnreadableTokens {
        /// Where in the document.
        at: String,
    },
    /// The answer names no user of Coder: its id is nil, or its name is longer than any.
    #[error(
        "Authentication failed, Coder's answer does not say who this is; the portal's operator has to check `deploymentUrl`"
    )]
    NoUser,
    /// Too many logins at once: Coder's own limit is kept for those who are signed in.
    #[error("Authentication failed, Coder is busy with logins; try again in a moment")]
    TooManyLogins {
        /// How long to wait.
        retry_after: Duration,
    },
    /// Anything else that Coder said, or that kept it from answering.
    #[error("Authentication failed, {}", sentence(.0))]
    Other(#[from] coder_client::ClientError),
}

/// What a person can do about an error of the client, whose own text is for operators.
fn sentence(error: &coder_client::ClientError) -> String {
    match error {
        coder_client::ClientError::NotJson(_) | coder_client::ClientError::Redirected { .. } => {
            "something other than Coder answered, such as a login page or a proxy; the portal's \
             operator has to check `deploymentUrl`"
                .to_owned()
        }
        coder_client::ClientError::Transport(_) => {
            "Coder could not be reached; try again in a moment".to_owned()
        }
        coder_client::ClientError::RateLimited { .. } => {
            "Coder is busy; try again in a minute".to_owned()
        }
        coder_client::ClientError::Unsupported(absence) => cleaned(&absence.to_string()),
        // Coder's own `message` is meant for people; `detail` is not.
        coder_client::ClientError::Api(api) => cleaned(&api.message),
        _ => "Coder's answer could not be understood".to_owned(),
    }
}

fn release(version: &Option<CoderVersion>) -> String {
    version.map_or_else(|| "this Coder".to_owned(), |version| format!("Coder {version}"))
}

pub(super) fn no_answer_in_time() -> TransportError {
    TransportError::new(TransportErrorKind::Timeout)
}

/// What RFC 6749 §4.1.2.1 says of `access_denied`, and Coder from 2.34 on.
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
    /// The error that Coder sent the browser back with (RFC 6749 §4.1.2.1).
    pub(crate) fn from_authorization(code: &str, description: Option<&str>) -> Self {
        match code {
            "access_denied" => Self::Denied { description: cleaned(description.unwrap_or(DENIED)) },
            _ => Self::Authorize {
                code: cleaned(code),
                description: cleaned(description.unwrap_or("no reason was given")),
            },
        }
    }

    /// The same where only the code can be trusted to say something; `None` for an unknown one.
    pub(crate) fn from_authorization_code(code: &str) -> Option<Self> {
        AUTHORIZATION_CODES.contains(&code).then(|| Self::from_authorization(code, None))
    }

    pub(super) fn timed_out() -> Self {
        Self::Other(no_answer_in_time().into())
    }

    /// What an answer of the token or revocation endpoint means.
    pub(super) fn from_token_request(error: coder_client::ClientError) -> Self {
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

    /// What an answer of `/users/me` means.
    pub(super) fn from_user_request(error: coder_client::ClientError) -> Self {
        match error.api() {
            Some(api) if api.status == StatusCode::UNAUTHORIZED => {
                if api.message.starts_with("User is not active") {
                    Self::UserInactive { message: cleaned(&api.message) }
                } else {
                    Self::TokenRefused(error)
                }
            }
            _ => Self::Other(error),
        }
    }

    /// Whether waiting, or the operator, can mend it while the session stays good. The rest needs
    /// the person: a new login.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Denied { .. }
            | Self::Authorize { .. }
            | Self::GrantRefused(_)
            | Self::TokenRefused(_)
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

    /// Whether Coder refuses the token itself, or lets it not say whose it is.
    pub(crate) fn is_about_the_token(&self) -> bool {
        match self {
            Self::TokenRefused(_) | Self::UserInactive { .. } => true,
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

    /// How long Coder asks to wait.
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
            | Self::TokenRefused(_)
            | Self::UnreadableTokens { .. }
            | Self::NoUser
            | Self::TooManyLogins { .. }
            | Self::Other(_) => StatusCode::UNAUTHORIZED,
        }
    }
}
