//! Reading what a browser sends, and what can be wrong with it.

use std::borrow::Cow;
use std::collections::HashSet;

use bytes::Bytes;
use coder_core::{Origin, Secret, cleaned};
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, Method, Request, StatusCode};

/// The greatest length of a query, and of a posted form, in bytes.
const MAX_PARAMETERS: usize = 32 * 1024;
/// The greatest length of the `scope` parameter, in bytes.
const MAX_SCOPE_TEXT: usize = 1024;
/// How many scopes one login may ask for.
pub(crate) const MAX_SCOPES: usize = 50;

/// What is wrong with a request. The texts are Backstage's where Backstage has one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RequestError {
    /// No `env` in the query.
    #[error("Must specify 'env' query to select environment")]
    MissingEnvironment,
    /// An `env` that is not configured.
    #[error("No configuration available for the '{}' environment of this provider.", cleaned(.0))]
    UnknownEnvironment(String),
    /// An `env` whose configuration is incomplete.
    #[error("Auth provider registered for 'coder' is misconfigured. {}", cleaned(.reason))]
    Misconfigured {
        /// What the operator has to mend.
        reason: String,
    },
    /// No `state` came back from Coder.
    #[error("the answer is missing the OAuth state; start the login again from the portal")]
    MissingState,
    /// A `state` that this server did not make.
    #[error("the OAuth state is invalid; start the login again from the portal")]
    InvalidState,
    /// The browser does not hold the attempt that `state` names: another browser began it, its ten
    /// minutes are over, or it was used before.
    #[error(
        "this login attempt is not known to your browser or was used already; start the login again from the portal"
    )]
    UnknownAttempt,
    /// The portal is reached by plain http, where browsers do not keep its cookies.
    #[error(
        "your browser keeps no login of this portal, because it is reached by plain http; its operator has to serve it by https, or to set `coder.session.dangerouslyAllowHttp`"
    )]
    PlainHttp,
    /// The attempt is older than ten minutes.
    #[error(
        "this login attempt took longer than 10 minutes; start the login again from the portal"
    )]
    ExpiredAttempt,
    /// The answer came from another authorization server than the login was begun at.
    #[error(
        "this answer is not from the Coder deployment that the login was begun at; start the login again from the portal"
    )]
    OtherServer,
    /// Neither a code nor an error came back.
    #[error("Unexpected redirect")]
    UnexpectedCallback,
    /// An origin that is not a web origin.
    #[error("App origin is invalid, failed to parse")]
    InvalidOrigin,
    /// An origin that may not use this login.
    #[error("Origin '{}' is not allowed", cleaned(.0.as_str()))]
    OriginNotAllowed(Origin),
    /// A page of another site made this request.
    #[error("requests from other sites are not allowed")]
    CrossSite,
    /// No `redirectUrl`, or one outside the portal.
    #[error("`redirectUrl` must be a page of the portal or of an allowed origin")]
    InvalidRedirectUrl,
    /// A query or a form of more than 32 kB.
    #[error("the parameters of the request are longer than 32 kB")]
    TooLong,
    /// More scopes than a login may ask for.
    #[error("a login may ask for at most 50 scopes, in at most 1 kB; ask for fewer")]
    TooManyScopes,
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
            | Self::InvalidRedirectUrl
            | Self::TooLong
            | Self::TooManyScopes => StatusCode::BAD_REQUEST,
            Self::MissingRequestedWith => StatusCode::UNAUTHORIZED,
            Self::InvalidState
            | Self::UnknownAttempt
            | Self::PlainHttp
            | Self::ExpiredAttempt
            | Self::OtherServer
            | Self::OriginNotAllowed(_)
            | Self::CrossSite => StatusCode::FORBIDDEN,
            Self::UnknownEnvironment(_) | Self::Misconfigured { .. } => StatusCode::NOT_FOUND,
        }
    }
}

/// The parameters of a request (RFC 6749 Appendix B), of at most 32 kB.
pub(crate) struct Params<'a> {
    pairs: Vec<(Cow<'a, str>, Cow<'a, str>)>,
    /// Nothing was read: the query or the form is too long.
    is_too_long: bool,
}

impl<'a> Params<'a> {
    /// Reads the query.
    pub(crate) fn from_query(request: &'a Request<Bytes>) -> Self {
        Self::read([request.uri().query().unwrap_or_default().as_bytes(), b""])
    }

    /// Reads the query and the form that Coder may have a browser post to the callback.
    ///
    /// # Errors
    ///
    /// When either is longer than 32 kB.
    pub(crate) fn from_callback(request: &'a Request<Bytes>) -> Result<Self, RequestError> {
        let is_form = request.method() == Method::POST
            && request.headers().get(CONTENT_TYPE).is_some_and(|value| {
                value.as_bytes().starts_with(b"application/x-www-form-urlencoded")
            });
        let form = if is_form { request.body().as_ref() } else { b"" };
        let query = request.uri().query().unwrap_or_default();
        let params = Self::read([query.as_bytes(), form]);
        if params.is_too_long { Err(RequestError::TooLong) } else { Ok(params) }
    }

    fn read(parts: [&'a [u8]; 2]) -> Self {
        if parts.iter().any(|part| part.len() > MAX_PARAMETERS) {
            return Self { pairs: Vec::new(), is_too_long: true };
        }
        let pairs = parts.into_iter().flat_map(form_urlencoded::parse).collect();
        Self { pairs, is_too_long: false }
    }

    /// The parameter, unless it is absent or empty.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let (_, value) = self.pairs.iter().find(|(key, value)| key == name && !value.is_empty())?;
        Some(value)
    }

    /// The environment the request is for. Naming two is naming neither.
    pub(crate) fn environment(&self) -> Result<String, RequestError> {
        if self.is_too_long {
            return Err(RequestError::TooLong);
        }
        let named: Vec<&str> =
            self.pairs.iter().filter(|(key, _)| key == "env").map(|(_, value)| &**value).collect();
        match named.as_slice() {
            [] | [""] => Err(RequestError::MissingEnvironment),
            names => Ok(names.join(",")),
        }
    }

    /// Reads the scopes as Backstage does: separated by white space, commas or `|`, each one once.
    ///
    /// # Errors
    ///
    /// When there are more than 50, or the text is longer than 1 kB.
    pub(crate) fn scopes(&self) -> Result<Vec<String>, RequestError> {
        let text = self.get("scope").unwrap_or_default();
        if text.len() > MAX_SCOPE_TEXT {
            return Err(RequestError::TooManyScopes);
        }
        unique_scopes(split_scopes(text).map(str::to_owned))
    }
}

/// Keeps the first of equal scopes.
///
/// # Errors
///
/// When more than 50 remain.
pub(crate) fn unique_scopes(
    scopes: impl IntoIterator<Item = String>,
) -> Result<Vec<String>, RequestError> {
    let mut known = HashSet::new();
    let unique: Vec<String> =
        scopes.into_iter().filter(|scope| known.insert(scope.clone())).collect();
    if unique.len() > MAX_SCOPES { Err(RequestError::TooManyScopes) } else { Ok(unique) }
}

fn split_scopes(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| c.is_whitespace() || matches!(c, ',' | '|')).filter(|s| !s.is_empty())
}

/// Reads the bearer token of a request (RFC 6750 §2.1).
pub(crate) fn bearer(headers: &HeaderMap) -> Option<Secret> {
    let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| Secret::new(token.trim()))
}

/// Refuses a request that a plain form or link could have made (Backstage's own rule).
pub(crate) fn require_xml_http_request(headers: &HeaderMap) -> Result<(), RequestError> {
    match headers.get("x-requested-with") {
        Some(value) if value == "XMLHttpRequest" => Ok(()),
        Some(_) | None => Err(RequestError::MissingRequestedWith),
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
        let params = Params::from_query(&request);
        assert_eq!(params.get("state"), None);
        assert_eq!(params.get("code"), Some("x"));
        assert_eq!(params.environment().unwrap(), "a,b");
    }

    #[test]
    fn a_form_is_read_like_a_query_if_it_was_posted_to_the_callback() {
        let form = |method: Method, content_type: &str| {
            let request = Request::builder().method(method).header(CONTENT_TYPE, content_type);
            request.body(Bytes::from("state=s&code=c")).unwrap()
        };
        let code = |request: &Request<Bytes>| {
            Params::from_callback(request).unwrap().get("code").map(str::to_owned)
        };
        let posted = form(Method::POST, "application/x-www-form-urlencoded;charset=UTF-8");
        assert_eq!(code(&posted).as_deref(), Some("c"));
        assert_eq!(Params::from_query(&posted).get("code"), None);
        assert_eq!(code(&form(Method::GET, "application/x-www-form-urlencoded")), None);
        assert_eq!(code(&form(Method::POST, "application/json")), None);
    }

    proptest! {
        #[test]
        fn scopes_are_words_each_of_them_once_in_the_order_they_came(
            words in prop::collection::vec("[a-z:_.]{1,8}", 0..6), separators in "[ ,|]{1,3}"
        ) {
            let text: String = form_urlencoded::byte_serialize(words.join(&separators).as_bytes()).collect();
            let request = request(&format!("scope={text}"));
            let scopes = Params::from_query(&request).scopes().unwrap();
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
