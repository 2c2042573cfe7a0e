//! Sending one HTTP request.

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};

use crate::{Body, MaybeSend, MaybeSync, TransportError, TransportErrorKind, WebSocketAnswer};

/// Sends one HTTP request and gives the answer's head at once, its body as it comes.
///
/// A transport follows **no redirects**, adds no credentials and keeps no cookies: a redirect
/// answer is returned as it is. Every status is a success of the transport; only a request that
/// got no answer is an error. Closures are transports:
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

    /// Whether the body of an answer can be read while it is still coming. Where it cannot, an
    /// answer that never ends never arrives.
    fn streams_bodies(&self) -> bool {
        true
    }

    /// Opens a WebSocket (RFC 6455): a `GET` of `request`'s http(s) URI with its headers. The
    /// transport adds what the handshake needs. Like an answer to [`Transport::send`], a refusal
    /// is no error.
    ///
    /// # Errors
    ///
    /// [`TransportErrorKind::Unsupported`] when this transport opens none, which is the default;
    /// otherwise as [`Transport::send`].
    async fn open_web_socket(
        &self,
        request: Request<()>,
    ) -> Result<WebSocketAnswer, TransportError> {
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
