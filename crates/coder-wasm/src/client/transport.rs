//! A transport over `fetch`.

use async_trait::async_trait;
use bytes::Bytes;
use coder_core::{Body, Transport, TransportError, TransportErrorKind, WebSocketResponse};
use futures_util::stream;
use http::header::{HeaderName, HeaderValue};
use http::{HeaderMap, Request, Response, StatusCode};
use js_sys::Uint8Array;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

use super::host::{Answer, Exchange, Failure, Host};
use super::web_socket;

/// A transport over the platform's `fetch`, or over the one that the caller has handed in.
pub(super) struct FetchTransport(pub(super) Host);

#[async_trait(?Send)]
impl Transport for FetchTransport {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Body>, TransportError> {
        let (head, body) = request.into_parts();
        let headers = flat(&head.headers)?;
        let body = (!body.is_empty()).then(|| body.to_vec());
        let url = head.uri.to_string();
        let transfer = Transfer(self.0.send(head.method.as_str(), &url, headers, body));
        let answer = JsFuture::from(transfer.0.answer()).await.map_err(failed)?;
        let answer: Answer = answer.unchecked_into();
        let mut response = Response::new(Body::from_stream(stream::try_unfold(transfer, piece)));
        *response.status_mut() = StatusCode::from_u16(answer.status())
            .map_err(|_| TransportError::new(TransportErrorKind::Protocol))?;
        *response.headers_mut() = read_headers(&answer.headers());
        Ok(response)
    }

    async fn open_web_socket(
        &self,
        request: Request<()>,
    ) -> Result<WebSocketResponse, TransportError> {
        web_socket::open(&self.0, &request).await
    }
}

/// A transfer that ends when it is dropped.
struct Transfer(Exchange);

impl Drop for Transfer {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn piece(transfer: Transfer) -> Result<Option<(Bytes, Transfer)>, TransportError> {
    let piece = JsFuture::from(transfer.0.read()).await.map_err(failed)?;
    let bytes = piece.dyn_ref::<Uint8Array>().map(|bytes| Bytes::from(bytes.to_vec()));
    Ok(bytes.map(|bytes| (bytes, transfer)))
}

/// Returns names and values of headers, which alternate.
pub(super) fn flat(headers: &HeaderMap) -> Result<Vec<String>, TransportError> {
    let mut flat = Vec::with_capacity(headers.len() * 2);
    for (name, value) in headers {
        let value = value.to_str().map_err(|_| {
            TransportError::new(TransportErrorKind::Request)
                .with_reason(format!("the header {name} is no text"))
        })?;
        flat.extend([name.to_string(), value.to_owned()]);
    }
    Ok(flat)
}

/// Reads names and values of headers, which alternate. What no header can be is left out.
pub(super) fn read_headers(flat: &[String]) -> HeaderMap {
    let pairs = flat.chunks_exact(2).filter_map(|pair| {
        let [name, value] = pair else { return None };
        let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
        Some((name, HeaderValue::from_bytes(value.as_bytes()).ok()?))
    });
    let mut headers = HeaderMap::new();
    for (name, value) in pairs {
        headers.append(name, value);
    }
    headers
}

/// Turns what the platform threw into an error.
#[expect(clippy::needless_pass_by_value, reason = "errors are handed over by value")]
pub(super) fn failed(thrown: JsValue) -> TransportError {
    let failure: &Failure = thrown.unchecked_ref();
    let kind = match failure.kind().as_deref() {
        Some("connect") => TransportErrorKind::Connect,
        Some("unknownHost") => TransportErrorKind::UnknownHost,
        Some("refused") => TransportErrorKind::Refused,
        Some("reset") => TransportErrorKind::Reset,
        Some("certificate") => TransportErrorKind::Certificate,
        Some("request") => TransportErrorKind::Request,
        Some("protocol") => TransportErrorKind::Protocol,
        // A platform that does not say how far the request got.
        Some(_) | None => TransportErrorKind::Interrupted,
    };
    let error = TransportError::new(kind);
    match failure.reason() {
        Some(reason) => error.with_reason(reason),
        None => error,
    }
}
