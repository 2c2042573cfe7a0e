//! What a handler answers, before it becomes an HTTP response.

use std::fmt;

use bytes::Bytes;
use coder_core::{Body, MaybeSend, TransportError, WebSocket};
use futures_util::{FutureExt as _, Stream};
use http::{HeaderName, HeaderValue, Response, StatusCode};
use serde_json::{Value, json};

use crate::json::Json as _;
use crate::wire::call::Call;
use crate::wire::socket::{Habit, Listener, Messages, Opening, Refused};

/// An answer. Errors of Coder are answers too, so handlers return `Result<Reply, Reply>`: the
/// error side leaves a handler early.
pub(crate) struct Reply {
    status: StatusCode,
    headers: Vec<(HeaderName, HeaderValue)>,
    body: Body,
    /// The WebSocket that this answer opens, if it does.
    opening: Option<Box<Opening>>,
}

/// The outcome of a handler: both sides are sent.
pub(crate) type Answer = Result<Reply, Reply>;

impl Reply {
    /// Answers with a status without a body.
    pub(crate) fn empty(status: StatusCode) -> Self {
        Self { status, headers: Vec::new(), body: Body::empty(), opening: None }
    }

    /// Answers with JSON as Go's encoder writes it: `<`, `>` and `&` are escaped.
    pub(crate) fn json(status: StatusCode, value: &Value) -> Self {
        let text = value
            .to_string()
            .replace('<', "\\u003c")
            .replace('>', "\\u003e")
            .replace('&', "\\u0026");
        Self { body: text.into(), ..Self::empty(status) }
            .with("content-type", "application/json; charset=utf-8")
    }

    /// Answers 200 with this JSON.
    pub(crate) fn ok(value: &Value) -> Self {
        Self::json(StatusCode::OK, value)
    }

    /// Answers with 201 and JSON, as every create does.
    pub(crate) fn created(value: &Value) -> Self {
        Self::json(StatusCode::CREATED, value)
    }

    pub(crate) fn no_content() -> Self {
        Self::empty(StatusCode::NO_CONTENT)
    }

    pub(crate) fn text(status: StatusCode, text: impl Into<String>) -> Self {
        Self { body: text.into().into(), ..Self::empty(status) }
            .with("content-type", "text/plain; charset=utf-8")
    }

    pub(crate) fn html(status: StatusCode, page: impl Into<String>) -> Self {
        Self { body: page.into().into(), ..Self::empty(status) }
            .with("content-type", "text/html; charset=utf-8")
    }

    /// Answers 200 with server-sent events.
    pub(crate) fn event_stream(
        events: impl Stream<Item = Result<Bytes, TransportError>> + MaybeSend + 'static,
    ) -> Self {
        Self { body: Body::from_stream(events), ..Self::empty(StatusCode::OK) }
            .with("content-type", "text/event-stream")
            .with("cache-control", "no-cache")
            .with("x-accel-buffering", "no")
    }

    /// Opens a WebSocket that sends each of `messages` as text and then closes normally.
    ///
    /// # Errors
    ///
    /// 426 when the call asks for no WebSocket, and 403 when it comes from another origin.
    pub(crate) fn web_socket(
        call: &Call,
        habit: &'static Habit,
        messages: impl Stream<Item = Value> + MaybeSend + 'static,
    ) -> Answer {
        habit.check(call).map_err(|Refused { status, text }| {
            let reply = Self::text(status, text);
            if status == StatusCode::UPGRADE_REQUIRED {
                reply.with("connection", "Upgrade").with("upgrade", "websocket")
            } else {
                reply
            }
        })?;
        let opening = Some(Box::new(Opening::new(habit, messages)));
        Ok(Self { opening, ..Self::empty(StatusCode::SWITCHING_PROTOCOLS) })
    }

    /// Lets somebody listen to what the client sends on the WebSocket.
    pub(crate) fn heard_by(mut self, listener: Listener) -> Self {
        self.opening = self.opening.map(|opening| Box::new(opening.heard_by(listener)));
        self
    }

    /// Answers with 405 and the methods that the path has, and nothing else.
    pub(crate) fn method_not_allowed(allowed: &[&str]) -> Self {
        let reply = Self::empty(StatusCode::METHOD_NOT_ALLOWED);
        allowed.iter().fold(reply, |reply, method| reply.with("allow", method))
    }

    pub(crate) fn redirect(status: StatusCode, location: &str) -> Self {
        Self::empty(status).with("location", location)
    }

    /// Answers with an error in the API's dialect (`message`, `detail`, `validations`).
    pub(crate) fn error(status: StatusCode, message: &str) -> Self {
        Self::json(status, &json!({ "message": message }))
    }

    pub(crate) fn error_with_detail(status: StatusCode, message: &str, detail: &str) -> Self {
        Self::json(status, &json!({ "message": message, "detail": detail }))
    }

    /// Answers with an error that names the fields at fault.
    pub(crate) fn invalid(
        status: StatusCode,
        message: &str,
        fields: impl IntoIterator<Item = (impl Into<String>, impl Into<String>)>,
    ) -> Self {
        let validations: Vec<Value> = fields
            .into_iter()
            .map(|(field, detail)| json!({ "field": field.into(), "detail": detail.into() }))
            .collect();
        Self::json(status, &json!({ "message": message, "validations": validations }))
    }

    /// Answers with an error in the OAuth dialect (RFC 6749 §5.2).
    pub(crate) fn oauth_error(status: StatusCode, error: &str, description: &str) -> Self {
        Self::json(status, &json!({ "error": error, "error_description": description }))
    }

    /// Answers that something is not found, or not for the caller's eyes: Coder does not say which.
    pub(crate) fn not_found() -> Self {
        Self::error(
            StatusCode::NOT_FOUND,
            "Resource not found or you do not have access to this resource",
        )
    }

    /// Answers that there is no such path, or that a feature is off.
    pub(crate) fn no_route() -> Self {
        Self::error(StatusCode::NOT_FOUND, "Route not found.")
    }

    pub(crate) fn forbidden() -> Self {
        Self::error_with_detail(
            StatusCode::FORBIDDEN,
            "Forbidden.",
            "You don't have permission to view this content. If you believe this is a mistake, \
             please contact your administrator or try signing in with different credentials.",
        )
    }

    /// Answers 500, as Coder does when it breaks off.
    pub(crate) fn internal_error() -> Self {
        Self::error(StatusCode::INTERNAL_SERVER_ERROR, "An internal server error occurred.")
    }

    pub(crate) fn bad_request(message: &str) -> Self {
        Self::error(StatusCode::BAD_REQUEST, message)
    }

    /// Changes a JSON body; anything else is left as it is.
    pub(crate) fn mapping_json(mut self, change: impl FnOnce(&mut Value)) -> Self {
        let is_json = self.headers.iter().any(|(name, value)| {
            name == http::header::CONTENT_TYPE && value.as_bytes().starts_with(b"application/json")
        });
        if is_json {
            let body = self.body.collect(usize::MAX).now_or_never().and_then(Result::ok);
            let bytes = body.unwrap_or_default();
            self.body = match serde_json::from_slice::<Value>(&bytes) {
                Ok(mut json) => {
                    change(&mut json);
                    json.to_string().into()
                }
                Err(_) => bytes.into(),
            };
        }
        self
    }

    /// Returns the error's message with the reasons of its fields, for a page.
    pub(crate) fn reason(self) -> String {
        let body = self.body.collect(usize::MAX).now_or_never().and_then(Result::ok);
        let json: Value = serde_json::from_slice(&body.unwrap_or_default()).unwrap_or_default();
        let mut reason = json.text("message").unwrap_or_default().to_owned();
        let fields = json.get("validations").and_then(Value::as_array);
        for field in fields.into_iter().flatten() {
            reason.push(' ');
            reason.push_str(field.text("detail").unwrap_or_default());
        }
        reason
    }

    /// Returns all that an error says: message, detail and the reasons of its fields.
    #[cfg(test)]
    pub(crate) fn reason_with_detail(self) -> String {
        let body = self.body.collect(usize::MAX).now_or_never().and_then(Result::ok);
        String::from_utf8_lossy(&body.unwrap_or_default()).replace("\\\"", "\"")
    }

    /// Adds a header. A value that cannot stand in a header is left out.
    pub(crate) fn with(mut self, name: &'static str, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.push((HeaderName::from_static(name), value));
        }
        self
    }

    /// Adds a header before all others. A value that cannot stand in a header is left out.
    pub(crate) fn with_first(mut self, name: &'static str, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.insert(0, (HeaderName::from_static(name), value));
        }
        self
    }

    pub(crate) fn with_body(mut self, change: impl FnOnce(Body) -> Body) -> Self {
        self.body = change(self.body);
        self
    }

    /// Changes what follows on the WebSocket, if it is one.
    pub(crate) fn with_messages(mut self, change: impl FnOnce(Messages) -> Messages) -> Self {
        self.opening = self.opening.map(|opening| Box::new(opening.with_messages(change)));
        self
    }

    /// Takes the WebSocket that this answer opens, if it does.
    pub(crate) fn take_web_socket(&mut self) -> Option<WebSocket> {
        self.opening.take().map(|opening| opening.open())
    }

    /// Tells whether a message of the WebSocket comes in two frames.
    #[cfg_attr(
        not(feature = "server"),
        expect(dead_code, reason = "only a real socket has frames")
    )]
    pub(crate) fn is_in_two_frames(&self) -> bool {
        self.opening.as_ref().is_some_and(|opening| opening.is_in_two_frames())
    }

    /// Sets a header that may stand there already.
    pub(crate) fn replacing(mut self, name: &'static str, value: &str) -> Self {
        self.headers.retain(|(header, _)| header != name);
        self.with(name, value)
    }

    pub(crate) fn into_response(self) -> Response<Body> {
        let mut response = Response::new(self.body);
        *response.status_mut() = self.status;
        for (name, value) in self.headers {
            response.headers_mut().append(name, value);
        }
        response
    }
}

impl fmt::Debug for Reply {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Reply({})", self.status)
    }
}
