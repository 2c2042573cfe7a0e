//! Reading what a browser sends, and what can be wrong with it.

use std::borrow::Cow;

use bytes::Bytes;
use coder_core::Origin;
use http::{HeaderMap, Request, StatusCode, header::CONTENT_TYPE};

/// What is wrong with a request. The texts are Backstage's where Backstage has one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RequestError {
    /// No `env` in the query.
    #[error("Must specify 'env' query to select environment")]
    MissingEnvironment,
    /// An `env` that is not configured.
    #[error("No configuration available for the '{0}' environment of this provider.")]
    UnknownEnvironment(String),
    /// An `env` whose configuration is incomplete.
    #[error("Auth provider registered for 'coder' is misconfigured. {reason}")]
    Misconfigured {
        /// What the operator has to mend.
        reason: String,
    },
    /// No `state` came back from Coder.
    #[error("Auth response is missing the OAuth state; start the login again from the portal")]
    MissingState,
    /// A `state` that this server did not make.
    #[error("OAuth state is invalid; start the login again from the portal")]
    InvalidState,
    /// The browser does not hold the attempt that `state` names: another browser began it, its ten
    /// minutes are over, or it was used before.
    #[error(
        "This login attempt is not known to your browser or was used already; start the login again from the portal"
    )]
    UnknownAttempt,
    /// The attempt is older than ten minutes.
    #[error(
        "This login attempt took longer than 10 minutes; start the login again from the portal"
    )]
    ExpiredAttempt,
    /// The answer came from another authorization server than the login was begun at.
    #[error(
        "This answer is not from the Coder deployment that the login was begun at; start the login again from the portal"
    )]
    OtherServer,
    /// Neither a code nor an error came back.
    #[error("Unexpected redirect")]
    UnexpectedCallback,
    /// An origin that is not a web origin.
    #[error("App origin is invalid, failed to parse")]
    InvalidOrigin,
    /// An origin that may not use this login.
    #[error("Origin '{0}' is not allowed")]
    OriginNotAllowed(Origin),
    /// A page of another site made this request.
    #[error("Requests from other sites are not allowed")]
    CrossSite,
    /// No `redirectUrl`, or one outside the portal.
    #[error("The redirectUrl must be a page of the portal or of an allowed origin")]
    InvalidRedirectUrl,
    /// `X-Requested-With: XMLHttpRequest` is missing.
    #[error("Invalid X-Requested-With header")]
    MissingRequestedWith,
}

impl RequestError {
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::MissingEnvironment
            | Self::MissingState
            | Self::UnexpectedCallback
            | Self::InvalidOrigin
            | Self::InvalidRedirectUrl => StatusCode::BAD_REQUEST,
            Self::MissingRequestedWith => StatusCode::UNAUTHORIZED,
            Self::InvalidState
            | Self::UnknownAttempt
            | Self::ExpiredAttempt
            | Self::OtherServer
            | Self::OriginNotAllowed(_)
            | Self::CrossSite => StatusCode::FORBIDDEN,
            Self::UnknownEnvironment(_) | Self::Misconfigured { .. } => StatusCode::NOT_FOUND,
        }
    }
}

/// The parameters of a request: its query and, for a posted form, its body (RFC 6749 Appendix B).
pub(crate) struct Params<'a>(Vec<(Cow<'a, str>, Cow<'a, str>)>);

impl<'a> Params<'a> {
    pub(crate) fn of(request: &'a Request<Bytes>) -> Self {
        let query = request.uri().query().unwrap_or_default();
        let mut pairs: Vec<_> = form_urlencoded::parse(query.as_bytes()).collect();
        let is_form = request.headers().get(CONTENT_TYPE).is_some_and(|value| {
            value.as_bytes().starts_with(b"application/x-www-form-urlencoded")
        });
        if is_form {
            pairs.extend(form_urlencoded::parse(request.body()));
        }
        Self(pairs)
    }

    /// The parameter, unless it is absent or empty.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let (_, value) = self.0.iter().find(|(key, value)| key == name && !value.is_empty())?;
        Some(value)
    }

    /// The environment the request is for. Naming two is naming neither.
    pub(crate) fn environment(&self) -> Result<String, RequestError> {
        let named: Vec<&str> =
            self.0.iter().filter(|(key, _)| key == "env").map(|(_, value)| &**value).collect();
        match named.as_slice() {
            [] | [""] => Err(RequestError::MissingEnvironment),
            names => Ok(names.join(",")),
        }
    }

    /// Scopes as Backstage reads them: separated by white space, commas or `|`, each one once.
    pub(crate) fn scopes(&self) -> Vec<String> {
        let mut scopes: Vec<String> = Vec::new();
        for scope in split_scopes(self.get("scope").unwrap_or_default()) {
            if !scopes.iter().any(|known| known == scope) {
                scopes.push(scope.to_owned());
            }
        }
        scopes
    }
}

fn split_scopes(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| c.is_whitespace() || matches!(c, ',' | '|')).filter(|s| !s.is_empty())
}

/// Refuses a request that a plain form or link could have made (Backstage's own rule).
pub(crate) fn require_xml_http_request(headers: &HeaderMap) -> Result<(), RequestError> {
    match headers.get("x-requested-with") {
        Some(value) if value == "XMLHttpRequest" => Ok(()),
        _ => Err(RequestError::MissingRequestedWith),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn request(query: &str) -> Request<Bytes> {
        Request::get(format!("/?{query}")).body(Bytes::new()).unwrap()
    }

    #[test]
    fn an_empty_parameter_is_an_absent_one_and_two_environments_are_none() {
        let request = request("state=&env=a&env=b&code=x");
        let params = Params::of(&request);
        assert_eq!(params.get("state"), None);
        assert_eq!(params.get("code"), Some("x"));
        assert_eq!(params.environment().unwrap(), "a,b");
    }

    #[test]
    fn a_posted_form_is_read_like_a_query() {
        let form = "state=s&code=c";
        let post = |content_type: &str| {
            let request = Request::post("/").header(CONTENT_TYPE, content_type);
            request.body(Bytes::from(form)).unwrap()
        };
        let request = post("application/x-www-form-urlencoded;charset=UTF-8");
        assert_eq!(Params::of(&request).get("code"), Some("c"));
        let request = post("application/json");
        assert_eq!(Params::of(&request).get("code"), None);
    }

    proptest! {
        #[test]
        fn scopes_are_words_each_of_them_once_in_the_order_they_came(
            words in prop::collection::vec("[a-z:_.]{1,8}", 0..6), separators in "[ ,|]{1,3}"
        ) {
            let text: String = form_urlencoded::byte_serialize(words.join(&separators).as_bytes()).collect();
            let request = request(&format!("scope={text}"));
            let scopes = Params::of(&request).scopes();
            let mut expected: Vec<String> = Vec::new();
            for word in words {
                if !expected.contains(&word) {
                    expected.push(word);
                }
            }
            prop_assert_eq!(scopes, expected);
        }
    }
}
