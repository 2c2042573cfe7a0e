//! What a stub answers, and how often.

use std::fmt;
use std::marker::PhantomData;

use serde_json::{Value, json};
use wiremock::{Match, Mock, MockBuilder, ResponseTemplate, Times, matchers};

use super::CoderMock;

/// An endpoint of a [`CoderMock`] that does not know its answer yet.
#[must_use = "a stub does nothing until it has an answer and is mounted"]
pub struct StubbedEndpoint<'a, T> {
    coder: &'a CoderMock,
    builder: MockBuilder,
    name: String,
    success: u16,
    answer: PhantomData<fn() -> T>,
}

/// A stub with its answer.
#[must_use = "a stub does nothing until it is mounted"]
pub struct Stub<'a> {
    coder: &'a CoderMock,
    mock: Mock,
    name: String,
}

impl<'a, T> StubbedEndpoint<'a, T> {
    pub(super) fn new(coder: &'a CoderMock, method: &str, path: &str, success: u16) -> Self {
        Self {
            coder,
            builder: Mock::given(matchers::method(method)).and(matchers::path(path)),
            name: format!("{method} {path}"),
            success,
            answer: PhantomData,
        }
    }

    /// Restricts the stub to requests that also match `condition`, for example
    /// `wiremock::matchers::query_param("q", "owner:me")`.
    pub fn and(mut self, condition: impl Match + 'static) -> Self {
        self.builder = self.builder.and(condition);
        self
    }

    /// Answers with 401, as for a token that Coder does not know any more.
    pub fn unauthorized(self) -> Stub<'a> {
        self.api_error(
            401,
            "You are signed out or your session has expired. Please sign in again to continue.",
            "API key is invalid.",
        )
    }

    /// Answers with 403, as Coder refuses what one may not do.
    pub fn forbidden(self) -> Stub<'a> {
        self.api_error(403, "Forbidden.", "You don't have permission to view this content.")
    }

    /// Answers with 404: the resource is absent, or hidden.
    pub fn not_found(self) -> Stub<'a> {
        self.api_error(404, "Resource not found or you do not have access to this resource", "")
    }

    /// Answers with 429 and the header `Retry-After`.
    pub fn rate_limited(self, retry_after_seconds: u32) -> Stub<'a> {
        let message = "You've been rate limited for sending more than 512 requests in 1m0s.";
        let template = ResponseTemplate::new(429)
            .insert_header("retry-after", retry_after_seconds.to_string())
            .set_body_json(json!({ "message": message }));
        self.respond_with(template)
    }

    /// Answers with 500, as Coder does when something breaks.
    pub fn error(self) -> Stub<'a> {
        self.api_error(500, "An internal server error occurred.", "")
    }

    /// Answers with 502 and the HTML page of a proxy.
    pub fn bad_gateway(self) -> Stub<'a> {
        let page = "<html><body><h1>502 Bad Gateway</h1></body></html>";
        self.respond_with(ResponseTemplate::new(502).set_body_raw(page, "text/html"))
    }

    /// Answers with 200 and the HTML login page of a proxy.
    pub fn login_page(self) -> Stub<'a> {
        let page = "<!doctype html><title>Sign in</title>";
        self.respond_with(ResponseTemplate::new(200).set_body_raw(page, "text/html"))
    }

    /// Answers with an error in the API's dialect.
    pub fn api_error(self, status: u16, message: &str, detail: &str) -> Stub<'a> {
        let mut body = json!({ "message": message });
        if !detail.is_empty() {
            crate::json::Json::set(&mut body, "detail", detail);
        }
        self.respond_with(ResponseTemplate::new(status).set_body_json(body))
    }

    /// Answers with an error in the OAuth dialect (RFC 6749 §5.2).
    pub fn oauth_error(self, status: u16, error: &str, description: &str) -> Stub<'a> {
        let body = json!({ "error": error, "error_description": description });
        self.respond_with(ResponseTemplate::new(status).set_body_json(body))
    }

    /// Answers with any other response.
    pub fn respond_with(self, template: ResponseTemplate) -> Stub<'a> {
        let template =
            template.insert_header("x-coder-build-version", crate::Version::default().build());
        Stub {
            coder: self.coder,
            mock: self.builder.respond_with(template).named(self.name.clone()),
            name: self.name,
        }
    }

    pub(super) fn good(self, answer: &Value) -> Stub<'a> {
        let template = ResponseTemplate::new(self.success).set_body_json(answer);
        self.respond_with(template)
    }

    pub(super) fn empty(self) -> Stub<'a> {
        let template = ResponseTemplate::new(self.success);
        self.respond_with(template)
    }
}

impl Stub<'_> {
    /// Fails the test unless it is asked this often: a number, or a range.
    pub fn expect(mut self, times: impl Into<Times>) -> Self {
        self.mock = self.mock.expect(times);
        self
    }

    /// Answers this often at most; later requests go to the next stub.
    pub fn up_to(mut self, times: u64) -> Self {
        self.mock = self.mock.up_to_n_times(times);
        self
    }

    /// Puts it to work. Of several stubs that match a request the one mounted first answers.
    pub async fn mount(self) {
        self.coder.mounted.lock().push(self.name);
        self.mock.mount(&self.coder.server).await;
    }
}

impl<T> fmt::Debug for StubbedEndpoint<'_, T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "StubbedEndpoint({})", self.name)
    }
}

impl fmt::Debug for Stub<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Stub({})", self.name)
    }
}
