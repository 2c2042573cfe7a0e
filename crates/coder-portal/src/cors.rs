//! Cross-origin requests of allowed pages (the Fetch standard's CORS protocol), as Backstage's
//! backends answer them.

use bytes::Bytes;
use coder_auth::AllowedOrigins;
use coder_config::CorsConfig;
use http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE,
    ACCESS_CONTROL_REQUEST_HEADERS, ACCESS_CONTROL_REQUEST_METHOD, HeaderMap, HeaderName,
    HeaderValue, VARY,
};
use http::{Method, Request};

/// The section `backend.cors`, as headers for pages of other origins.
pub(crate) struct Cors {
    readers: AllowedOrigins,
    /// Headers of every answer to such a page.
    every_answer: Vec<(HeaderName, HeaderValue)>,
    /// Further headers of the answer to a preflight.
    preflight: Vec<(HeaderName, HeaderValue)>,
    /// Whether a page may send any header that its preflight names.
    any_headers: bool,
}

impl Cors {
    /// Prepares the headers. Pages of the origins `readers` may read answers.
    pub(crate) fn new(config: &CorsConfig, readers: AllowedOrigins) -> Self {
        // The configuration holds names of methods and headers only, which are header values.
        let list = |name: HeaderName, values: &[String]| {
            Some((name, HeaderValue::from_str(&values.join(",")).ok()?))
        };
        let mut every_answer = Vec::new();
        if config.credentials {
            let yes = HeaderValue::from_static("true");
            every_answer.push((ACCESS_CONTROL_ALLOW_CREDENTIALS, yes));
        }
        if !config.exposed_headers.is_empty() {
            every_answer.extend(list(ACCESS_CONTROL_EXPOSE_HEADERS, &config.exposed_headers));
        }
        let allowed_headers = config.allowed_headers.as_deref();
        let max_age = config.max_age.map(|seconds| (ACCESS_CONTROL_MAX_AGE, seconds.into()));
        let preflight = list(ACCESS_CONTROL_ALLOW_METHODS, &config.methods)
            .into_iter()
            .chain(allowed_headers.and_then(|names| list(ACCESS_CONTROL_ALLOW_HEADERS, names)))
            .chain(max_age);
        Self {
            readers,
            every_answer,
            preflight: preflight.collect(),
            any_headers: allowed_headers.is_none(),
        }
    }

    /// Adds the headers that let the page read the answer, if its origin may. The answer to a
    /// preflight also names what the page may send.
    pub(crate) fn answer(&self, asked: &Request<Bytes>, answer: &mut HeaderMap) {
        let Some(origin) = self.origin_of_a_reader(asked.headers()) else { return };
        answer.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        answer.extend(self.every_answer.iter().cloned());
        if !is_preflight(asked) {
            return;
        }
        answer.extend(self.preflight.iter().cloned());
        if self.any_headers {
            answer.append(VARY, HeaderValue::from_static("Access-Control-Request-Headers"));
            let named = asked.headers().get(ACCESS_CONTROL_REQUEST_HEADERS).cloned();
            answer.extend(named.map(|names| (ACCESS_CONTROL_ALLOW_HEADERS, names)));
        }
    }

    /// Returns the origin of the page, if its script may read the answer.
    fn origin_of_a_reader(&self, headers: &HeaderMap) -> Option<HeaderValue> {
        let origin = self.readers.allowed_origin(headers)?;
        HeaderValue::from_str(origin.as_str()).ok()
    }
}

/// Tells whether the request is the preflight of another one.
pub(crate) fn is_preflight(asked: &Request<Bytes>) -> bool {
    *asked.method() == Method::OPTIONS
        && asked.headers().contains_key(ACCESS_CONTROL_REQUEST_METHOD)
}

/// Adds the header that makes caches keep one answer per origin.
pub(crate) fn vary(headers: &mut HeaderMap) {
    headers.append(VARY, HeaderValue::from_static("Origin"));
}
