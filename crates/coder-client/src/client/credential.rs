//! Credentials of requests.

use coder_core::Secret;
use http::HeaderValue;
use http::header::{AUTHORIZATION, HeaderName};

use crate::RequestError;

/// The header that Coder reads first.
pub(crate) const SESSION_TOKEN: HeaderName = HeaderName::from_static("coder-session-token");

/// A credential, with the header that it is sent in.
///
/// Coder accepts a session token, an API token or an OAuth2 access token in either header.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Credential {
    /// A token in `Coder-Session-Token`: the right choice behind a proxy that uses `Authorization`
    /// for itself.
    SessionToken(Secret),
    /// A token in `Authorization: Bearer` (RFC 6750 §2.1), which Coder accepts since 2.25.
    Bearer(Secret),
}

impl Credential {
    /// Returns the token, in whichever header it is sent.
    pub fn token(&self) -> &Secret {
        match self {
            Self::SessionToken(token) | Self::Bearer(token) => token,
        }
    }

    /// Returns the header that carries the credential, marked as sensitive.
    pub(crate) fn header(&self) -> Result<(HeaderName, HeaderValue), RequestError> {
        let (name, value) = match self {
            Self::SessionToken(token) => (SESSION_TOKEN, token.to_header()),
            Self::Bearer(token) => (AUTHORIZATION, token.to_bearer()),
        };
        Ok((name, value.map_err(|_| RequestError::Credential)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_with_a_credential_does_not_print_it() {
        for credential in [
            Credential::SessionToken(Secret::new("canary-1")),
            Credential::Bearer(Secret::new("canary-1")),
        ] {
            let (name, value) = credential.header().unwrap();
            assert!(!format!("{name:?} {value:?} {credential:?}").contains("canary"));
            assert!(value.to_str().unwrap().ends_with("canary-1"));
        }
    }

    #[test]
    fn a_token_with_a_line_break_is_refused_without_being_printed() {
        let error = Credential::Bearer(Secret::new("canary\n2")).header().unwrap_err();
        assert_eq!(
            error.to_string(),
            "the credential holds characters that no HTTP header can carry"
        );
    }
}
