//! The headers of a request on its way to Coder.

use coder_config::ProxyConfig;
use coder_core::Secret;
use http::header::{
    ACCEPT, ACCEPT_LANGUAGE, AUTHORIZATION, CACHE_CONTROL, CONNECTION, CONTENT_LANGUAGE,
    CONTENT_LENGTH, CONTENT_TYPE, EXPIRES, HOST, LAST_MODIFIED, ORIGIN, PRAGMA, TRANSFER_ENCODING,
    USER_AGENT,
};
use http::{HeaderMap, HeaderName, HeaderValue};

/// The header that carries the caller's token.
pub(super) const CODER_SESSION_TOKEN: HeaderName = HeaderName::from_static("coder-session-token");

/// Headers that Backstage's proxy always passes on. The length of the body and the host are those
/// of the request that is sent.
const ALWAYS: [HeaderName; 9] = [
    ACCEPT,
    ACCEPT_LANGUAGE,
    CACHE_CONTROL,
    CONTENT_LANGUAGE,
    CONTENT_TYPE,
    EXPIRES,
    LAST_MODIFIED,
    PRAGMA,
    USER_AGENT,
];

/// Headers that one request has once. Two of them mean one thing here and another one there.
const ONCE: [HeaderName; 8] = [
    AUTHORIZATION,
    CODER_SESSION_TOKEN,
    CONTENT_LENGTH,
    CONTENT_TYPE,
    HOST,
    ORIGIN,
    TRANSFER_ENCODING,
    USER_AGENT,
];

/// The headers that an endpoint passes on and adds, as configuration says.
pub(super) struct HeaderRules {
    allowed: Vec<HeaderName>,
    added: Vec<(HeaderName, HeaderValue)>,
}

/// Reasons why the headers of a request are refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum HeaderError {
    /// A header that may come once came twice.
    #[error("the header `{0}` is given more than once; give it once")]
    Repeated(HeaderName),
    /// The length of the body is given in two ways (RFC 9112 §6.3).
    #[error("a request has `Content-Length` or `Transfer-Encoding`, not both")]
    TwoLengths,
    /// The body is encoded in a way that only one of two readers may know (RFC 9112 §6.1).
    #[error("the header `transfer-encoding` can only be `chunked`")]
    OtherCoding,
    /// The length of the body is no number.
    #[error("the header `content-length` is no number of bytes")]
    NoLength,
}

impl HeaderRules {
    /// Prepares the rules. Names that are never passed on are left out, whatever lists them.
    pub(super) fn new<'a>(
        allowed: &[String],
        added: impl IntoIterator<Item = (&'a String, &'a Secret)>,
    ) -> Self {
        let named = |name: &String| name.parse::<HeaderName>().ok();
        let may_be_listed = |name: &HeaderName| !ProxyConfig::withholds(name.as_str());
        let value = |secret: &Secret| {
            let mut value = HeaderValue::from_str(secret.expose()).ok()?;
            value.set_sensitive(true);
            Some(value)
        };
        let added = added.into_iter().filter_map(|(name, text)| Some((named(name)?, value(text)?)));
        // The operator's own `Authorization` may be for a proxy in front of Coder.
        let may_be_added = |name: &HeaderName| *name == AUTHORIZATION || may_be_listed(name);
        Self {
            allowed: allowed.iter().filter_map(named).filter(may_be_listed).collect(),
            added: added.filter(|(name, _)| may_be_added(name)).collect(),
        }
    }

    /// Returns the headers for Coder, without the caller's token.
    pub(super) fn passed_on(&self, asked: &HeaderMap) -> HeaderMap {
        let of_the_connection = of_the_connection(asked);
        let mut passed = HeaderMap::new();
        for name in ALWAYS.iter().chain(&self.allowed) {
            if of_the_connection.contains(name) || passed.contains_key(name) {
                continue;
            }
            for value in asked.get_all(name) {
                passed.append(name.clone(), value.clone());
            }
        }
        for (name, value) in &self.added {
            passed.insert(name.clone(), value.clone());
        }
        passed
    }
}

/// Refuses headers that two readers could understand differently, and returns the announced length
/// of the body.
pub(super) fn check(asked: &HeaderMap) -> Result<Option<u64>, HeaderError> {
    for name in ONCE {
        if asked.get_all(&name).iter().nth(1).is_some() {
            return Err(HeaderError::Repeated(name));
        }
    }
    let is_chunked =
        |coding: &HeaderValue| coding.as_bytes().trim_ascii().eq_ignore_ascii_case(b"chunked");
    if !asked.get_all(TRANSFER_ENCODING).iter().all(is_chunked) {
        return Err(HeaderError::OtherCoding);
    }
    let Some(length) = asked.get(CONTENT_LENGTH) else { return Ok(None) };
    if asked.contains_key(TRANSFER_ENCODING) {
        return Err(HeaderError::TwoLengths);
    }
    let digits = length.to_str().ok().filter(|text| text.bytes().all(|it| it.is_ascii_digit()));
    let length = digits.and_then(|digits| digits.parse().ok());
    length.map(Some).ok_or(HeaderError::NoLength)
}

/// Returns the names that the request's own `Connection` header makes headers of one connection
/// (RFC 9110 §7.6.1).
fn of_the_connection(asked: &HeaderMap) -> Vec<HeaderName> {
    asked
        .get_all(CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|name| name.trim().parse().ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
            .collect()
    }

    fn rules(allowed: &[&str], added: &[(&str, &str)]) -> HeaderRules {
        let allowed: Vec<String> = allowed.iter().map(|&name| name.to_owned()).collect();
        let added: Vec<(String, Secret)> =
            added.iter().map(|&(name, value)| (name.to_owned(), Secret::new(value))).collect();
        HeaderRules::new(&allowed, added.iter().map(|(name, value)| (name, value)))
    }

    fn names(headers: &HeaderMap) -> Vec<&str> {
        let mut names: Vec<&str> = headers.keys().map(HeaderName::as_str).collect();
        names.sort_unstable();
        names
    }

    #[test]
    fn coder_sees_the_usual_headers_the_allowed_ones_and_the_added_ones_once() {
        let rules = rules(&["x-request-id"], &[("x-custom-source", "backstage")]);
        let asked = headers(&[
            ("accept", "application/json"),
            ("user-agent", "Mozilla"),
            ("content-type", "application/json"),
            ("x-request-id", "7"),
            ("x-custom-source", "forged"),
            ("x-other", "1"),
            ("referer", "https://portal.example.com/secret"),
            ("accept-encoding", "gzip"),
        ]);
        let passed = rules.passed_on(&asked);
        let expected = ["accept", "content-type", "user-agent", "x-custom-source", "x-request-id"];
        assert_eq!(names(&passed), expected);
        let sources: Vec<_> = passed.get_all("x-custom-source").iter().collect();
        assert_eq!(sources, ["backstage"]);
    }

    #[test]
    fn no_credential_and_nothing_forged_is_passed_on_whatever_is_listed() {
        let never = [
            ("authorization", "Bearer backstage"),
            ("cookie", "__Host-coder-session=x"),
            ("coder-session-token", "x"),
            ("x-coder-bypass-ratelimit", "true"),
            ("connection", "close"),
            ("keep-alive", "1"),
            ("proxy-authorization", "Basic x"),
            ("te", "trailers"),
            ("expect", "100-continue"),
            ("trailer", "x"),
            ("transfer-encoding", "chunked"),
            ("upgrade", "h2c"),
            ("http2-settings", "x"),
            ("host", "evil.example"),
            ("content-length", "7"),
            ("forwarded", "for=127.0.0.1"),
            ("x-forwarded-for", "127.0.0.1"),
            ("x-forwarded-host", "evil.example"),
            ("x-forwarded-proto", "http"),
            ("x-real-ip", "127.0.0.1"),
            ("x-original-url", "/api/v2/debug"),
            ("x-rewrite-url", "/api/v2/debug"),
            ("x-http-method-override", "DELETE"),
            ("sec-websocket-key", "x"),
        ];
        let allowed: Vec<&str> = never.iter().map(|(name, _)| *name).collect();
        let passed = rules(&allowed, &[]).passed_on(&headers(&never));
        assert_eq!(names(&passed), [""; 0]);
        let added = rules(&[], &[("host", "evil.example"), ("coder-session-token", "shared")]);
        assert_eq!(names(&added.passed_on(&HeaderMap::new())), [""; 0]);
    }

    #[test]
    fn a_header_that_the_connection_claims_is_not_passed_on() {
        let asked = headers(&[
            ("accept", "application/json"),
            ("x-request-id", "7"),
            ("connection", "close, X-Request-Id,accept"),
        ]);
        assert_eq!(names(&rules(&["x-request-id"], &[]).passed_on(&asked)), [""; 0]);
    }

    #[test]
    fn an_operator_may_send_a_credential_to_the_proxy_in_front_of_coder() {
        let asked = headers(&[("authorization", "Bearer backstage")]);
        let passed =
            rules(&["authorization"], &[("authorization", "Basic eDp5")]).passed_on(&asked);
        assert_eq!(passed["authorization"], "Basic eDp5");
        assert!(passed["authorization"].is_sensitive());
    }

    #[test]
    fn a_header_that_may_come_once_is_refused_when_it_comes_twice() {
        for name in
            ["content-length", "content-type", "authorization", "coder-session-token", "host"]
        {
            let mut asked = headers(&[(name, "1")]);
            asked.append(name, HeaderValue::from_static("1"));
            assert_eq!(check(&asked), Err(HeaderError::Repeated(name.parse().unwrap())), "{name}");
        }
        let both = headers(&[("content-length", "1"), ("transfer-encoding", "chunked")]);
        assert_eq!(check(&both), Err(HeaderError::TwoLengths));
        for length in ["+5", "-1", "5,5", "0x5", "99999999999999999999"] {
            assert_eq!(check(&headers(&[("content-length", length)])), Err(HeaderError::NoLength));
        }
        for coding in ["gzip, chunked", "identity, chunked", "chunked, chunked", "identity"] {
            let other = headers(&[("transfer-encoding", coding)]);
            assert_eq!(check(&other), Err(HeaderError::OtherCoding), "{coding}");
        }
        assert_eq!(check(&headers(&[("transfer-encoding", "Chunked")])), Ok(None));
        assert_eq!(check(&headers(&[("content-length", "5")])), Ok(Some(5)));
        assert_eq!(check(&headers(&[])), Ok(None));
    }
}
