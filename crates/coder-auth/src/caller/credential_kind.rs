//! The credential that a request brings to say who its caller is.

use http::HeaderMap;

use crate::http::cookies::CookieRules;
use crate::http::headers::{CODER_SESSION_TOKEN, bearer};

/// The kind of credential that counts in a request, whether or not it is worth anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "a reader decides about each")]
pub enum CredentialKind {
    /// A token of Coder, in `Coder-Session-Token`.
    CoderToken,
    /// An identity token of Backstage, in `Authorization`.
    IdentityToken,
    /// The session cookie of a browser.
    Session,
    /// The request brings no credential.
    Nothing,
}

impl CredentialKind {
    /// Finds the credential that counts, in the order of [`CoderAuth::caller`](crate::CoderAuth::caller).
    pub(crate) fn new(headers: &HeaderMap, cookies: &CookieRules) -> Self {
        if headers.contains_key(CODER_SESSION_TOKEN) {
            Self::CoderToken
        } else if bearer(headers).is_some() {
            Self::IdentityToken
        } else if cookies.session(headers).is_some() {
            Self::Session
        } else {
            Self::Nothing
        }
    }

    /// Returns the name for the log, such as `session`.
    pub fn name(self) -> &'static str {
        match self {
            Self::CoderToken => "coder_token",
            Self::IdentityToken => "identity_token",
            Self::Session => "session",
            Self::Nothing => "nothing",
        }
    }
}
