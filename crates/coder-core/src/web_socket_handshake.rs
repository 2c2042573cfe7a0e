//! Both halves of a WebSocket's opening handshake, over whatever carries HTTP.

use bytes::Bytes;
use futures_util::{SinkExt as _, StreamExt as _, future, stream};
use http::header::{
    CONNECTION, HeaderMap, HeaderValue, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY,
    SEC_WEBSOCKET_VERSION, UPGRADE,
};
use http::{Method, Request, Response, StatusCode, Version};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::client::generate_key;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message};

use crate::{TransportError, TransportErrorKind, WebSocket, WebSocketMessage};

/// The greatest size of a message of a server. A larger one is an error and ends the connection.
const MAX_MESSAGE: usize = 16 * 1024 * 1024;
/// The greatest size of a message of a client, who may be a stranger.
const MAX_CLIENT_MESSAGE: usize = 1024 * 1024;

/// The opening handshake of a WebSocket (RFC 6455 §4.1), for a transport of one's own.
///
/// The transport sends [`request`](Self::request) over HTTP/1.1. When the answer
/// [is accepted](Self::is_accepted), the connection below it becomes the WebSocket
/// ([`WebSocket::from_upgraded`]):
///
/// ```
/// use coder_core::{TransportError, WebSocket, WebSocketHandshake, WebSocketResponse};
/// # use coder_core::Body;
/// # use tokio::io::DuplexStream;
/// # type Answer = http::Response<Body>;
/// # async fn exchange(_: &http::Request<()>) -> Result<(Answer, DuplexStream), TransportError> {
/// #     let mut answer = http::Response::new(Body::empty());
/// #     *answer.status_mut() = http::StatusCode::FORBIDDEN;
/// #     Ok((answer, tokio::io::duplex(1).0))
/// # }
/// async fn open_web_socket(
///     request: http::Request<()>,
/// ) -> Result<WebSocketResponse, TransportError> {
///     let handshake = WebSocketHandshake::new(request)?;
///     let (answer, connection) = exchange(handshake.request()).await?;
///     Ok(match handshake.is_accepted(&answer)? {
///         true => WebSocketResponse::Open(WebSocket::from_upgraded(connection).await),
///         false => WebSocketResponse::Refused(answer),
///     })
/// }
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let request = http::Request::get("https://coder.example.com/api/v2/x").body(()).unwrap();
/// assert!(matches!(open_web_socket(request).await, Ok(WebSocketResponse::Refused(_))));
/// # });
/// ```
#[derive(Debug)]
pub struct WebSocketHandshake {
    request: Request<()>,
    key: String,
}

impl WebSocketHandshake {
    /// Creates the handshake for this request, and adds its headers to the request.
    ///
    /// # Errors
    ///
    /// When a header cannot be written, which does not happen.
    pub fn new(mut request: Request<()>) -> Result<Self, TransportError> {
        let key = generate_key();
        let key_header = HeaderValue::from_str(&key)
            .map_err(|error| TransportError::new(TransportErrorKind::Request).with_source(error))?;
        *request.version_mut() = Version::HTTP_11;
        let headers = request.headers_mut();
        headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
        headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
        headers.insert(SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
        headers.insert(SEC_WEBSOCKET_KEY, key_header);
        Ok(Self { request, key })
    }

    /// Returns the request to send, with the headers of the handshake.
    pub fn request(&self) -> &Request<()> {
        &self.request
    }

    /// Returns `true` when the peer has switched to a WebSocket, and `false` when it has answered
    /// with something else.
    ///
    /// # Errors
    ///
    /// When the peer has switched, and has not proved that it read the handshake.
    pub fn is_accepted<T>(&self, answer: &Response<T>) -> Result<bool, TransportError> {
        if answer.status() != StatusCode::SWITCHING_PROTOCOLS {
            return Ok(false);
        }
        if self.is_proved_by(answer.headers()) {
            return Ok(true);
        }
        Err(TransportError::new(TransportErrorKind::Other)
            .with_reason("the peer switched to something that is no web socket"))
    }

    fn is_proved_by(&self, headers: &HeaderMap) -> bool {
        let upgrade = headers.get(UPGRADE).and_then(|value| value.to_str().ok());
        let accept = headers.get(SEC_WEBSOCKET_ACCEPT);
        upgrade.is_some_and(|value| value.eq_ignore_ascii_case("websocket"))
            && accept.is_some_and(|value| *value == derive_accept_key(self.key.as_bytes()))
    }
}

/// The server's half of a WebSocket's opening handshake (RFC 6455 §4.2), over whatever carries HTTP.
///
/// The server answers with [`response`](Self::response). Then the connection below becomes the
/// WebSocket ([`WebSocket::from_accepted`]).
#[derive(Clone, Debug)]
pub struct WebSocketAcceptance {
    accept: HeaderValue,
}

impl WebSocketAcceptance {
    /// Reads the handshake of a client; `None` if the request opens no WebSocket of version 13.
    pub fn new<T>(request: &Request<T>) -> Option<Self> {
        // RFC 6455 §4.2.1.
        if request.method() != Method::GET {
            return None;
        }
        let headers = request.headers();
        let lists = |name, wanted: &str| {
            let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
            values
                .flat_map(|value| value.split(','))
                .any(|it| it.trim().eq_ignore_ascii_case(wanted))
        };
        let is_version_13 =
            headers.get(SEC_WEBSOCKET_VERSION).is_some_and(|version| version == "13");
        if !lists(CONNECTION, "upgrade") || !lists(UPGRADE, "websocket") || !is_version_13 {
            return None;
        }
        let mut keys = headers.get_all(SEC_WEBSOCKET_KEY).iter();
        let (Some(key), None) = (keys.next(), keys.next()) else { return None };
        let accept = HeaderValue::from_str(&derive_accept_key(key.as_bytes())).ok()?;
        Some(Self { accept })
    }

    /// Returns the answer that accepts the handshake, without a protocol or an extension.
    pub fn response(&self) -> Response<()> {
        let mut response = Response::new(());
        *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
        let headers = response.headers_mut();
        headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
        headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
        headers.insert(SEC_WEBSOCKET_ACCEPT, self.accept.clone());
        response
    }
}

impl WebSocket {
    /// Creates the server's side of a WebSocket over a connection whose handshake this server has
    /// accepted ([`WebSocketAcceptance`]).
    ///
    /// A message may have 1 MiB. A larger one is [`TransportErrorKind::TooLarge`] and ends the
    /// connection.
    pub async fn from_accepted(
        connection: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    ) -> Self {
        Self::over(connection, Role::Server, MAX_CLIENT_MESSAGE).await
    }

    /// Creates the client's side of a WebSocket over a connection whose handshake was accepted
    /// ([`WebSocketHandshake`]).
    ///
    /// A message may have 16 MiB. A larger one is [`TransportErrorKind::TooLarge`] and ends the
    /// connection.
    pub async fn from_upgraded(
        connection: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    ) -> Self {
        Self::over(connection, Role::Client, MAX_MESSAGE).await
    }

    async fn over(
        connection: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
        role: Role,
        max_message: usize,
    ) -> Self {
        let limits = WebSocketConfig::default()
            .max_message_size(Some(max_message))
            .max_frame_size(Some(max_message));
        let socket = WebSocketStream::from_raw_socket(connection, role, Some(limits)).await;
        let (sink, stream) = socket.split();
        let messages = stream.filter_map(|message| future::ready(received(message)));
        // A close is the last message: nobody waits for the peer to hang up.
        let incoming = stream::unfold(Some(messages), async |messages| {
            let mut messages = messages?;
            let message = messages.next().await?;
            let last = matches!(message, Ok(WebSocketMessage::Close { .. }) | Err(_));
            Some((message, (!last).then_some(messages)))
        });
        let outgoing = sink
            .sink_map_err(broken)
            .with(|message| future::ready(Ok::<_, TransportError>(sent(message))));
        Self::new(incoming, outgoing)
    }
}

fn received(message: Result<Message, Error>) -> Option<Result<WebSocketMessage, TransportError>> {
    Some(Ok(match message {
        Ok(Message::Text(text)) => WebSocketMessage::Text(text.as_str().to_owned()),
        Ok(Message::Binary(bytes)) => WebSocketMessage::Binary(bytes),
        Ok(Message::Close(frame)) => match frame {
            Some(CloseFrame { code, reason }) => {
                WebSocketMessage::Close { code: code.into(), reason: reason.as_str().to_owned() }
            }
            None => WebSocketMessage::Close { code: 1005, reason: String::new() },
        },
        // Answered by the library.
        Ok(Message::Ping(_) | Message::Pong(_)) => WebSocketMessage::Ping,
        Ok(Message::Frame(_)) => return None,
        Err(error) => return Some(Err(broken(error))),
    }))
}

fn sent(message: WebSocketMessage) -> Message {
    match message {
        WebSocketMessage::Text(text) => Message::Text(text.into()),
        WebSocketMessage::Binary(bytes) => Message::Binary(bytes),
        WebSocketMessage::Ping => Message::Ping(Bytes::new()),
        WebSocketMessage::Close { code, reason } => {
            Message::Close(Some(CloseFrame { code: code.into(), reason: reason.into() }))
        }
    }
}

fn broken(error: Error) -> TransportError {
    let kind = match &error {
        Error::Capacity(_) => TransportErrorKind::TooLarge,
        _ => TransportErrorKind::Interrupted,
    };
    TransportError::new(kind).with_source(error)
}
