//! What `fetch` gives: an answer whose body is read as it is asked for, or an error.

use bytes::Bytes;
use coder_core::{Body, TransportError, TransportErrorKind};
use futures_util::stream;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH};
use http::{Response, StatusCode};
use js_sys::Uint8Array;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

use super::headers::read_headers;
use super::host::{Failure, Head, Transfer};

/// A transfer that ends when it is dropped.
pub(super) struct Open<T: AsRef<Transfer>>(pub(super) T);

impl<T: AsRef<Transfer>> Drop for Open<T> {
    fn drop(&mut self) {
        self.0.as_ref().abort();
    }
}

/// Reads an answer of `fetch`.
pub(super) fn response<T: AsRef<Transfer> + 'static>(
    head: &Head,
    transfer: Open<T>,
) -> Result<Response<Body>, TransportError> {
    let protocol = || TransportError::new(TransportErrorKind::Protocol);
    let mut response = Response::new(body(transfer));
    *response.status_mut() = StatusCode::from_u16(head.status()).map_err(|_| protocol())?;
    *response.headers_mut() = read_headers(&head.headers()).ok_or_else(protocol)?;
    // `fetch` has decoded the body, and left the headers of the encoded one.
    if response.headers_mut().remove(CONTENT_ENCODING).is_some() {
        response.headers_mut().remove(CONTENT_LENGTH);
    }
    Ok(response)
}

/// Returns the body that JavaScript holds, which is read as it is asked for.
#[cfg(any(feature = "client", feature = "edge"))]
pub(crate) fn incoming(transfer: Transfer) -> Body {
    body(Open(transfer))
}

fn body<T: AsRef<Transfer> + 'static>(transfer: Open<T>) -> Body {
    Body::from_stream(stream::try_unfold(transfer, async |transfer| {
        let chunk = JsFuture::from(transfer.0.as_ref().read()).await.map_err(failed)?;
        let bytes = chunk.dyn_ref::<Uint8Array>().map(|bytes| Bytes::from(bytes.to_vec()));
        Ok(bytes.map(|bytes| (bytes, transfer)))
    }))
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
        Some("tls") => TransportErrorKind::Tls,
        Some("certificate") => TransportErrorKind::Certificate,
        Some("request") => TransportErrorKind::Request,
        Some("protocol") => TransportErrorKind::Protocol,
        Some("tooLarge") => TransportErrorKind::TooLarge,
        Some("timeout") => TransportErrorKind::Timeout,
        // A platform that does not say how far the request got.
        Some(_) | None => TransportErrorKind::Interrupted,
    };
    let error = TransportError::new(kind);
    match failure.reason() {
        Some(reason) => error.with_reason(reason),
        None => error,
    }
}
