//! The parameters of a request.

use std::borrow::Cow;
use std::collections::HashSet;

use bytes::Bytes;
use http::{Method, Request};

use crate::http::error::RequestError;
use crate::http::headers::has_media_type;

/// The greatest length of a query, and of a posted form, in bytes.
const MAX_PARAMETERS: usize = 32 * 1024;
/// The greatest length of the `scope` parameter, in bytes.
const MAX_SCOPE_TEXT: usize = 1024;
/// The number of scopes that one login may ask for.
pub(crate) const MAX_SCOPES: usize = 50;

/// Reads a query parameter; `None` when it is absent or empty.
///
/// All routes of a portal read their queries by this rule (RFC 6749 §3.1).
///
/// # Errors
///
/// Fails with [`RequestError::RepeatedParameter`] when the parameter has two values, and with
/// [`RequestError::TooLong`] when the query is longer than 32 kB.
pub fn single_param<T>(request: &Request<T>, name: &str) -> Result<Option<String>, RequestError> {
    Ok(Params::from_query(request)?.single(name)?.map(str::to_owned))
}

/// The parameters of a request (RFC 6749 Appendix B), of at most 32 kB.
pub(crate) struct Params<'a>(Vec<(Cow<'a, str>, Cow<'a, str>)>);

impl<'a> Params<'a> {
    /// Reads the parameters of the query.
    ///
    /// # Errors
    ///
    /// Fails when the query is longer than 32 kB.
    pub(crate) fn from_query<T>(request: &'a Request<T>) -> Result<Self, RequestError> {
        Self::read([request.uri().query().unwrap_or_default().as_bytes(), b""])
    }

    /// Reads the parameters of the query and of the form that Coder may have a browser post to the
    /// callback.
    ///
    /// # Errors
    ///
    /// Fails when either is longer than 32 kB.
    pub(crate) fn from_callback(request: &'a Request<Bytes>) -> Result<Self, RequestError> {
        let is_form = request.method() == Method::POST
            && has_media_type(request.headers(), "application/x-www-form-urlencoded");
        let form = if is_form { request.body().as_ref() } else { b"" };
        let query = request.uri().query().unwrap_or_default();
        Self::read([query.as_bytes(), form])
    }

    fn read(parts: [&'a [u8]; 2]) -> Result<Self, RequestError> {
        if parts.iter().any(|part| part.len() > MAX_PARAMETERS) {
            return Err(RequestError::TooLong);
        }
        Ok(Self(parts.into_iter().flat_map(form_urlencoded::parse).collect()))
    }

    /// Returns the value of a parameter; `None` when it is absent or empty.
    ///
    /// # Errors
    ///
    /// Fails when it has two values (RFC 6749 §3.1).
    pub(crate) fn single(&self, name: &str) -> Result<Option<&str>, RequestError> {
        let named = self.0.iter().filter(|(key, _)| key == name).map(|(_, value)| &**value);
        let mut values = named.filter(|value| !value.is_empty());
        match (values.next(), values.next()) {
            (Some(_), Some(_)) => Err(RequestError::RepeatedParameter(name.to_owned())),
            (value, None) => Ok(value),
            (None, Some(_)) => Ok(None),
        }
    }

    /// Returns the environment that the request names.
    ///
    /// # Errors
    ///
    /// Fails when it names none, or two.
    pub(crate) fn environment(&self) -> Result<&str, RequestError> {
        self.single("env")?.ok_or(RequestError::MissingEnvironment)
    }

    /// Reads the scopes as Backstage does: separated by white space, commas or `|`, each one once.
    ///
    /// # Errors
    ///
    /// Fails when there are more than 50, or the text is longer than 1 kB.
    pub(crate) fn scopes(&self) -> Result<Vec<String>, RequestError> {
        let text = self.single("scope")?.unwrap_or_default();
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
/// Fails when more than 50 remain.
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

#[cfg(test)]
mod tests {
    use http::header::CONTENT_TYPE;
    use proptest::prelude::*;

    use super::*;

    fn request(query: &str) -> Request<Bytes> {
        Request::get(format!("/?{query}")).body(Bytes::new()).unwrap()
    }

    #[test]
    fn an_empty_parameter_is_an_absent_one_and_two_values_are_refused() {
        let request = request("state=&state=&env=a&env=b&code=&code=x&iss=y&iss=y");
        let params = Params::from_query(&request).unwrap();
        assert_eq!(params.single("state"), Ok(None));
        assert_eq!(params.single("code"), Ok(Some("x")));
        let repeated = |name: &str| RequestError::RepeatedParameter(name.to_owned());
        assert_eq!(params.environment(), Err(repeated("env")));
        assert_eq!(params.single("iss"), Err(repeated("iss")));
        assert_eq!(single_param(&request, "env"), Err(repeated("env")));
    }

    #[test]
    fn a_form_is_read_like_a_query_if_it_was_posted_to_the_callback() {
        let form = |method: Method, content_type: &str| {
            let request = Request::builder().method(method).header(CONTENT_TYPE, content_type);
            request.body(Bytes::from("state=s&code=c")).unwrap()
        };
        let code = |request: &Request<Bytes>| {
            Params::from_callback(request).unwrap().single("code").unwrap().map(str::to_owned)
        };
        let posted = form(Method::POST, "application/x-www-form-urlencoded;charset=UTF-8");
        assert_eq!(code(&posted).as_deref(), Some("c"));
        assert_eq!(single_param(&posted, "code"), Ok(None));
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
            let scopes = Params::from_query(&request).unwrap().scopes().unwrap();
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
