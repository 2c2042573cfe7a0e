//! Reading what a browser sends.

use std::borrow::Cow;

use bytes::Bytes;
use http::{HeaderMap, Request, header::CONTENT_TYPE};

use crate::error::RequestError;

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
