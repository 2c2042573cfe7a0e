//! Requests over the runtime's own `fetch`: in a browser, in Node.js, in workerd.

use async_trait::async_trait;
use bytes::Bytes;
use coder_core::{Body, Transport, TransportError, TransportErrorKind, WebSocketResponse};
use futures_util::stream;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH};
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode};
use js_sys::{Array, Promise, Reflect, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    AbortController, Headers, ReadableStream, ReadableStreamDefaultReader, RequestInit,
    RequestRedirect,
};

use crate::web_socket;

#[wasm_bindgen]
extern "C" {
    /// Calls the function that every runtime has, without a window.
    #[wasm_bindgen(catch, js_name = fetch)]
    fn fetch(url: &str, options: &RequestInit) -> Result<Promise, JsValue>;
}

/// A transport over the runtime's own `fetch`. Bodies are streamed, and a request that nobody waits
/// for any more is cancelled.
///
/// Redirects are not followed. A browser hides them, so there a redirect is an error
/// ([`TransportErrorKind::Unsupported`]). A WebSocket with headers can be opened in workerd only.
#[derive(Clone, Copy, Debug, Default)]
pub struct FetchTransport;

#[async_trait(?Send)]
impl Transport for FetchTransport {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Body>, TransportError> {
        let (head, body) = request.into_parts();
        let cancel = Cancel::new()?;
        let options = RequestInit::new();
        options.set_method(head.method.as_str());
        options.set_redirect(RequestRedirect::Manual);
        options.set_signal(Some(&cancel.0.signal()));
        let headers = to_headers(&head.headers)?;
        options.set_headers(&headers);
        // A `GET` may have none, not even an empty one.
        if !body.is_empty() {
            options.set_body(&Uint8Array::from(&*body));
        }
        let url = head.uri.to_string();
        let promise = fetch(&url, &options).map_err(|error| no_answer(&error))?;
        let answer = JsFuture::from(promise).await.map_err(|error| no_answer(&error))?;
        convert(&answer.unchecked_into(), cancel)
    }

    async fn open_web_socket(
        &self,
        request: Request<()>,
    ) -> Result<WebSocketResponse, TransportError> {
        web_socket::open(request).await
    }
}

/// Cancels a request, or the transfer of its answer's body, when it is dropped. Afterwards it does
/// nothing.
pub(crate) struct Cancel(AbortController);

impl Cancel {
    pub(crate) fn new() -> Result<Self, TransportError> {
        AbortController::new().map(Self).map_err(|error| broken(&error))
    }

    pub(crate) fn signal(&self) -> web_sys::AbortSignal {
        self.0.signal()
    }
}

impl Drop for Cancel {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Reads an answer of `fetch`.
pub(crate) fn convert(
    answer: &web_sys::Response,
    cancel: Cancel,
) -> Result<Response<Body>, TransportError> {
    // The status of an answer that a page may not see.
    let status = answer.status();
    if status == 0 {
        return Err(TransportError::new(TransportErrorKind::Unsupported)
            .with_reason("the answer is a redirect, which a page can neither see nor follow"));
    }
    let protocol = || TransportError::new(TransportErrorKind::Protocol);
    let mut converted = Response::new(Body::empty());
    *converted.status_mut() = StatusCode::from_u16(status).map_err(|_| protocol())?;
    let headers = from_headers(&answer.headers()).ok_or_else(protocol)?;
    *converted.headers_mut() = headers;
    // `fetch` has decoded the body, and left the headers of the encoded one.
    if converted.headers_mut().remove(CONTENT_ENCODING).is_some() {
        converted.headers_mut().remove(CONTENT_LENGTH);
    }
    if let Some(stream) = answer.body() {
        *converted.body_mut() = from_stream(&stream, Some(cancel));
    }
    Ok(converted)
}

/// Returns a body that reads `stream` as it is asked for. `cancel` is dropped with it.
pub(crate) fn from_stream(stream: &ReadableStream, cancel: Option<Cancel>) -> Body {
    let reader: ReadableStreamDefaultReader = stream.get_reader().unchecked_into();
    Body::from_stream(stream::try_unfold((reader, cancel), async |state| {
        let read = JsFuture::from(state.0.read()).await.map_err(|error| broken(&error))?;
        let property = |name: &str| Reflect::get(&read, &name.into()).unwrap_or_default();
        if property("done").is_truthy() {
            return Ok(None);
        }
        let chunk = property("value").dyn_into::<Uint8Array>().map_err(|_| {
            TransportError::new(TransportErrorKind::Protocol)
                .with_reason("a chunk of the body is no `Uint8Array`")
        })?;
        Ok(Some((Bytes::from(chunk.to_vec()), state)))
    }))
}

/// Writes headers for JavaScript, where each character of a value stands for one byte.
pub(crate) fn to_headers(headers: &HeaderMap) -> Result<Headers, TransportError> {
    let refused = |error: JsValue| {
        TransportError::new(TransportErrorKind::Request).with_reason(error_name(&error))
    };
    let written = Headers::new().map_err(refused)?;
    for (name, value) in headers {
        written.append(name.as_str(), &to_latin1(value)).map_err(refused)?;
    }
    Ok(written)
}

/// Reads headers of JavaScript; `None` if one is no header of HTTP.
pub(crate) fn from_headers(headers: &Headers) -> Option<HeaderMap> {
    let mut read = HeaderMap::new();
    for entry in headers.entries() {
        let entry: Array = entry.ok()?.unchecked_into();
        let (name, value) = (entry.get(0).as_string()?, entry.get(1).as_string()?);
        let name = HeaderName::try_from(name).ok()?;
        read.append(name, HeaderValue::from_bytes(&from_latin1(&value)?).ok()?);
    }
    Some(read)
}

/// Writes a header's value as a text in which each character stands for one byte.
pub(crate) fn to_latin1(value: &HeaderValue) -> String {
    value.as_bytes().iter().copied().map(char::from).collect()
}

/// Reads a text in which each character stands for one byte.
pub(crate) fn from_latin1(text: &str) -> Option<Vec<u8>> {
    text.chars().map(|char| u8::try_from(char).ok()).collect()
}

/// Returns the error of a request without an answer. Only what Node.js tells names a kind.
fn no_answer(error: &JsValue) -> TransportError {
    let cause = property(error, "cause");
    let code = cause.as_ref().and_then(|cause| text(cause, "code")).unwrap_or_default();
    let kind = match &*code {
        "ECONNREFUSED" => TransportErrorKind::Refused,
        "ENOTFOUND" | "EAI_AGAIN" => TransportErrorKind::UnknownHost,
        "ECONNRESET" | "EPIPE" => TransportErrorKind::Reset,
        "UND_ERR_CONNECT_TIMEOUT" | "ETIMEDOUT" | "EHOSTUNREACH" | "ENETUNREACH" => {
            TransportErrorKind::Connect
        }
        "UND_ERR_HEADERS_TIMEOUT" | "UND_ERR_BODY_TIMEOUT" => TransportErrorKind::Timeout,
        "UND_ERR_SOCKET" => TransportErrorKind::Interrupted,
        "DEPTH_ZERO_SELF_SIGNED_CERT" | "ERR_TLS_CERT_ALTNAME_INVALID" => {
            TransportErrorKind::Certificate
        }
        code if code.starts_with("CERT_")
            || code.starts_with("SELF_SIGNED_")
            || code.starts_with("UNABLE_TO_") =>
        {
            TransportErrorKind::Certificate
        }
        code if code.starts_with("ERR_SSL_") => TransportErrorKind::Tls,
        code if code.starts_with("HPE_") => TransportErrorKind::Protocol,
        _ => TransportErrorKind::Other,
    };
    // The messages of other errors may hold the URL with its query.
    let converted = TransportError::new(kind);
    if code.is_empty() {
        converted.with_reason(error_name(error))
    } else {
        converted.with_reason(code)
    }
}

/// Returns the error of a transfer that broke.
fn broken(error: &JsValue) -> TransportError {
    TransportError::new(TransportErrorKind::Interrupted).with_reason(error_name(error))
}

/// Returns what kind of error JavaScript threw, such as `TypeError`.
fn error_name(error: &JsValue) -> String {
    text(error, "name").unwrap_or_else(|| "an error without a name".to_owned())
}

fn text(object: &JsValue, name: &str) -> Option<String> {
    property(object, name)?.as_string()
}

fn property(object: &JsValue, name: &str) -> Option<JsValue> {
    let value = Reflect::get(object, &name.into()).ok()?;
    (!value.is_undefined() && !value.is_null()).then_some(value)
}
