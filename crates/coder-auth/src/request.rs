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
