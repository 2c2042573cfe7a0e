//! WebSockets, independent of the library that opened them.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_core::Stream;
use futures_sink::Sink;
use http::Response;

use crate::{Body, BoxStream, MaybeSend, TransportError};

/// An open WebSocket (RFC 6455): a stream of the peer's messages, and a sink for messages to the
/// peer.
///
/// The stream ends after a [`WebSocketMessage::Close`]; without one the connection broke, and the
/// last item is an error. A message is read only when the caller polls, so a slow reader slows the
/// peer down. Dropping the socket closes the connection.
pub struct WebSocket {
    incoming: BoxStream<'static, Result<WebSocketMessage, TransportError>>,
    outgoing: BoxSink,
}

#[cfg(not(target_family = "wasm"))]
type BoxSink = Pin<Box<dyn Sink<WebSocketMessage, Error = TransportError> + Send>>;
#[cfg(target_family = "wasm")]
type BoxSink = Pin<Box<dyn Sink<WebSocketMessage, Error = TransportError>>>;

/// A message of a [`WebSocket`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "whoever reads messages handles each kind")]
pub enum WebSocketMessage {
    /// A message of text.
    Text(String),
    /// A message of bytes.
    Binary(Bytes),
    /// A sign of life: a ping or pong of the peer (RFC 6455 §5.5.2). Pings are answered below the
    /// socket. A browser shows none.
    Ping,
    /// The close, which is the last message of either side.
    Close {
        /// The reason as a code (RFC 6455 §7.4): 1000 is a normal end; 1005 stands for a close
        /// without a code.
        code: u16,
        /// The reason as a text for people.
        reason: String,
    },
}

/// The answer to a request that opens a [`WebSocket`].
#[derive(Debug)]
#[expect(clippy::exhaustive_enums, reason = "a request is upgraded or it is not")]
pub enum WebSocketResponse {
    /// The WebSocket is open.
    Open(WebSocket),
    /// The peer has answered with something other than a WebSocket.
    Refused(Response<Body>),
}

impl WebSocket {
    /// Creates a WebSocket from its two directions.
    pub fn new(
        incoming: impl Stream<Item = Result<WebSocketMessage, TransportError>> + MaybeSend + 'static,
        outgoing: impl Sink<WebSocketMessage, Error = TransportError> + MaybeSend + 'static,
    ) -> Self {
        Self { incoming: Box::pin(incoming), outgoing: Box::pin(outgoing) }
    }
}

impl Stream for WebSocket {
    type Item = Result<WebSocketMessage, TransportError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.incoming.as_mut().poll_next(context)
    }
}

impl Sink<WebSocketMessage> for WebSocket {
    type Error = TransportError;

    fn poll_ready(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Result<(), TransportError>> {
        self.outgoing.as_mut().poll_ready(context)
    }

    fn start_send(
        mut self: Pin<&mut Self>,
        message: WebSocketMessage,
    ) -> Result<(), TransportError> {
        self.outgoing.as_mut().start_send(message)
    }

    fn poll_flush(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Result<(), TransportError>> {
        self.outgoing.as_mut().poll_flush(context)
    }

    fn poll_close(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Result<(), TransportError>> {
        self.outgoing.as_mut().poll_close(context)
    }
}

impl fmt::Debug for WebSocket {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("WebSocket")
    }
}
