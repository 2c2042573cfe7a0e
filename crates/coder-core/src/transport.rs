//! The seam to HTTP.

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};

use crate::{Body, MaybeSend, MaybeSync, TransportError, TransportErrorKind, WebSocketResponse};

/// The greatest body that [`Transport::send_streamed`] collects where a transport cannot stream it.
const MAX_COLLECTED: usize = 4 * 1024 * 1024;

/// A transport of HTTP requests: it returns the head of the answer at once, and the body as it
/// arrives.
///
/// A transport follows **no redirects**, adds no credentials and keeps no cookies: a redirect is
/// returned as it is. Every status is a success of the transport; only a request without an answer
/// is an error. Closures are transports:
///
/// ```
/// # use coder_core::{Body, Transport, TransportError};
/// fn tea_pot() -> impl Transport {
///     async |_request: http::Request<bytes::Bytes>| {
///         let mut answer = http::Response::new(Body::from("short and stout"));
///         *answer.status_mut() = http::StatusCode::IM_A_TEAPOT;
///         Ok::<_, TransportError>(answer)
///     }
/// }
/// # let _ = tea_pot();
/// ```
#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
pub trait Transport: MaybeSend + MaybeSync {
    /// Sends `request`, whose URI is absolute.
    ///
    /// # Errors
    ///
    /// When no answer came; [`TransportError::kind`] says how far the request got.
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Body>, TransportError>;

    /// Sends `request`, whose body is read while it is sent, so that a large one needs no memory.
    ///
    /// A `Content-Length` of the request must be that of the body. Without it, the body is sent in
    /// chunks. A body that ends with an error breaks the request off.
    ///
    /// A transport that cannot stream collects the body first, up to 4 MiB. That is the default.
    ///
    /// # Errors
    ///
    /// As [`Transport::send`], and with the error of a body that could not be read.
    async fn send_streamed(
        &self,
        request: Request<Body>,
    ) -> Result<Response<Body>, TransportError> {
        let (head, body) = request.into_parts();
        let body = body.collect(MAX_COLLECTED).await?;
        self.send(Request::from_parts(head, body)).await
    }

    /// Returns `true` when the body of an answer can be read while it arrives. Without that, an
    /// answer that does not end never arrives. The default is `true`.
    fn streams_bodies(&self) -> bool {
        true
    }

    /// Opens a WebSocket (RFC 6455): a `GET` of `request`'s http or https URI with its headers.
    ///
    /// The transport adds the headers of the handshake. A refusal by the peer is not an error, but
    /// a [`WebSocketResponse::Refused`].
    ///
    /// # Errors
    ///
    /// [`TransportErrorKind::Unsupported`] when this transport opens none, which is the default;
    /// otherwise as [`Transport::send`].
    async fn open_web_socket(
        &self,
        request: Request<()>,
    ) -> Result<WebSocketResponse, TransportError> {
        drop(request);
        Err(TransportError::new(TransportErrorKind::Unsupported)
            .with_reason("this transport opens no web sockets"))
    }
}

#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
impl<F, Answer> Transport for F
where
    F: Fn(Request<Bytes>) -> Answer + MaybeSend + MaybeSync,
    Answer: Future<Output = Result<Response<Body>, TransportError>> + MaybeSend,
{
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Body>, TransportError> {
        self(request).await
    }
}
