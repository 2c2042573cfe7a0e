//! Sending one HTTP request.

use std::error::Error;
use std::fmt;

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};

use crate::{Body, MaybeSend, MaybeSync, WebSocketAnswer, cleaned, with_causes};

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

/// How far a failed request got.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TransportErrorKind {
    /// No connection: name not found, refused, TLS failed. The request was **not** processed.
    Connect,
    /// No answer in time. The request may have been processed.
    Timeout,
    /// The connection broke after the request was sent. It may have been processed.
    Interrupted,
    /// The answer is larger than allowed. The request was processed.
    TooLarge,
    /// The request could not be put on the wire as it is. It was **not** processed.
    Request,
    /// The transport has no means for it. The request was **not** processed.
    Unsupported,
    /// Anything else. The request may have been processed.
    Other,
}

/// A request that got no (whole) answer.
///
/// The message never holds a URL's query, a header or a body.
pub struct TransportError {
    kind: TransportErrorKind,
    reason: Option<String>,
    source: Option<Box<dyn Error + Send + Sync>>,
    of_safe_request: bool,
}

impl TransportError {
    /// An error of this kind.
    pub fn new(kind: TransportErrorKind) -> Self {
        Self { kind, reason: None, source: None, of_safe_request: false }
    }

    /// Adds a reason for people. It must hold no secret.
    #[must_use]
    pub fn with_reason(mut self, reason: impl Into<String>) -> Self {
        self.reason = Some(cleaned(&reason.into()));
        self
    }

    /// Adds the error below, as its text and those of its own causes on one line: a peer may have
    /// written them ([`with_causes`]). They must hold no secret.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        let source: Box<dyn Error + Send + Sync> = source.into();
        self.source = Some(with_causes(&*source).into());
        self
    }

    /// Tells that the request's method is safe (RFC 9110 §9.2.1): the peer may have read it, but has
    /// changed nothing by it.
    #[must_use]
    pub fn of_safe_request(mut self) -> Self {
        self.of_safe_request = true;
        self
    }

    /// How far the request got.
    pub fn kind(&self) -> TransportErrorKind {
        self.kind
    }

    /// Whether the peer may have acted on the request, although no answer came. Only a request
    /// for which this is `false` can be repeated without asking whether it is idempotent.
    pub fn may_have_been_processed(&self) -> bool {
        !self.of_safe_request
            && !matches!(
                self.kind,
                TransportErrorKind::Connect
                    | TransportErrorKind::Request
                    | TransportErrorKind::Unsupported
            )
    }

    /// Whether the same request may well succeed a little later.
    pub fn is_transient(&self) -> bool {
        matches!(
            self.kind,
            TransportErrorKind::Connect
                | TransportErrorKind::Timeout
                | TransportErrorKind::Interrupted
        )
    }
}

impl fmt::Display for TransportError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self.kind {
            TransportErrorKind::Connect => "could not connect",
            TransportErrorKind::Timeout => "no answer in time",
            TransportErrorKind::Interrupted => "the connection broke",
            TransportErrorKind::TooLarge => "the answer is too large",
            TransportErrorKind::Request => "the request cannot be sent",
            TransportErrorKind::Unsupported => "the transport has no means for this",
            TransportErrorKind::Other => "the request failed",
        })?;
        match &self.reason {
            Some(reason) => write!(formatter, ": {reason}"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for TransportError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("TransportError")
            .field("kind", &self.kind)
            .field("reason", &self.reason)
            .field("source", &self.source.as_ref().map(ToString::to_string))
            .finish()
    }
}

impl Error for TransportError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}
