//! WebSockets of [`ReqwestTransport`](crate::ReqwestTransport): over a connection of reqwest on
//! native targets, the browser's own on wasm.

#[cfg(target_family = "wasm")]
pub(crate) use browser::open;
#[cfg(not(target_family = "wasm"))]
pub(crate) use native::open;

#[cfg(not(target_family = "wasm"))]
mod native {
    use bytes::Bytes;
    use futures_util::{SinkExt as _, StreamExt as _, future, stream};
    use http::header::{
        CONNECTION, HeaderMap, HeaderName, HeaderValue, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY,
        SEC_WEBSOCKET_VERSION, UPGRADE,
    };
    use http::{Request, StatusCode, Version};
    use tokio_tungstenite::WebSocketStream;
    use tokio_tungstenite::tungstenite::handshake::client::generate_key;
    use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
    use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
    use tokio_tungstenite::tungstenite::{Error, Message};

    use crate::reqwest_conversion::{convert, convert_response};
    use crate::{
        TransportError, TransportErrorKind, WebSocket, WebSocketMessage, WebSocketResponse,
    };

    /// The greatest size of a message. A larger one is an error and ends the connection.
    const MAX_MESSAGE: usize = 16 * 1024 * 1024;

    pub(crate) async fn open(
        client: &reqwest::Client,
        request: Request<()>,
    ) -> Result<WebSocketResponse, TransportError> {
        let key = generate_key();
        let mut request = request.map(|()| Bytes::new());
        *request.version_mut() = Version::HTTP_11;
        let headers = request.headers_mut();
        let mut header = |name: HeaderName, value: &str| {
            HeaderValue::from_str(value).map(|value| headers.insert(name, value)).map_err(|error| {
                TransportError::new(TransportErrorKind::Request).with_source(error)
            })
        };
        header(CONNECTION, "Upgrade")?;
        header(UPGRADE, "websocket")?;
        header(SEC_WEBSOCKET_VERSION, "13")?;
        header(SEC_WEBSOCKET_KEY, &key)?;
        let request = reqwest::Request::try_from(request)
            .map_err(|error| convert(error, TransportErrorKind::Request))?;
        let answer = client
            .execute(request)
            .await
            .map_err(|error| convert(error, TransportErrorKind::Other))?;
        if answer.status() != StatusCode::SWITCHING_PROTOCOLS {
            return Ok(WebSocketResponse::Refused(convert_response(answer).await?));
        }
        if !is_handshake(answer.headers(), &key) {
            return Err(TransportError::new(TransportErrorKind::Other)
                .with_reason("the peer switched to something that is no web socket"));
        }
        let connection = answer
            .upgrade()
            .await
            .map_err(|error| convert(error, TransportErrorKind::Interrupted))?;
        let limits = WebSocketConfig::default()
            .max_message_size(Some(MAX_MESSAGE))
            .max_frame_size(Some(MAX_MESSAGE));
        let socket = WebSocketStream::from_raw_socket(connection, Role::Client, Some(limits)).await;
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
        Ok(WebSocketResponse::Open(WebSocket::new(incoming, outgoing)))
    }

    /// Returns `true` when the answer proves that the peer has read the handshake (RFC 6455 §4.1).
    fn is_handshake(headers: &HeaderMap, key: &str) -> bool {
        let upgrade = headers.get(UPGRADE).and_then(|value| value.to_str().ok());
        let accept = headers.get(SEC_WEBSOCKET_ACCEPT);
        upgrade.is_some_and(|value| value.eq_ignore_ascii_case("websocket"))
            && accept.is_some_and(|value| *value == derive_accept_key(key.as_bytes()))
    }

    fn received(
        message: Result<Message, Error>,
    ) -> Option<Result<WebSocketMessage, TransportError>> {
        Some(Ok(match message {
            Ok(Message::Text(text)) => WebSocketMessage::Text(text.as_str().to_owned()),
            Ok(Message::Binary(bytes)) => WebSocketMessage::Binary(bytes),
            Ok(Message::Close(frame)) => match frame {
                Some(CloseFrame { code, reason }) => WebSocketMessage::Close {
                    code: code.into(),
                    reason: reason.as_str().to_owned(),
                },
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
}

#[cfg(target_family = "wasm")]
mod browser {
    use std::future::poll_fn;
    use std::pin::Pin;

    use futures_sink::Sink as _;
    use futures_util::{SinkExt as _, StreamExt as _, future};
    use gloo_net::websocket::futures::WebSocket as Socket;
    use gloo_net::websocket::{Message, State, WebSocketError};
    use http::Request;
    use http::header::ACCEPT;

    use crate::{
        TransportError, TransportErrorKind, WebSocket, WebSocketMessage, WebSocketResponse,
        with_causes,
    };

    pub(crate) async fn open(
        _client: &reqwest::Client,
        request: Request<()>,
    ) -> Result<WebSocketResponse, TransportError> {
        // `Accept` says nothing about a socket. What else there is, a credential above all, must
        // not be lost on the way.
        if request.headers().keys().any(|name| *name != ACCEPT) {
            return Err(TransportError::new(TransportErrorKind::Unsupported)
                .with_reason("a browser's web socket carries no headers, and so no credential"));
        }
        // `http…` to `ws…`.
        let url = request.uri().to_string().replacen("http", "ws", 1);
        let mut socket = Socket::open(&url).map_err(|error| {
            TransportError::new(TransportErrorKind::Request).with_source(with_causes(&error))
        })?;
        // Ready once it is open, or has failed to open.
        let opened = poll_fn(|context| Pin::new(&mut socket).poll_ready(context)).await;
        if opened.is_err() || !matches!(socket.state(), State::Open) {
            return Err(TransportError::new(TransportErrorKind::Connect));
        }
        let (sink, stream) = socket.split();
        let outgoing = sink.sink_map_err(broken).with(|message| {
            future::ready(match message {
                WebSocketMessage::Text(text) => Ok(Message::Text(text)),
                WebSocketMessage::Binary(bytes) => Ok(Message::Bytes(bytes.into())),
                WebSocketMessage::Close { .. } => {
                    Err(TransportError::new(TransportErrorKind::Unsupported)
                        .with_reason("drop the socket to close it"))
                }
                WebSocketMessage::Ping => Err(TransportError::new(TransportErrorKind::Unsupported)
                    .with_reason("a browser sends no pings")),
            })
        });
        Ok(WebSocketResponse::Open(WebSocket::new(stream.map(received), outgoing)))
    }

    fn received(
        message: Result<Message, WebSocketError>,
    ) -> Result<WebSocketMessage, TransportError> {
        match message {
            Ok(Message::Text(text)) => Ok(WebSocketMessage::Text(text)),
            Ok(Message::Bytes(bytes)) => Ok(WebSocketMessage::Binary(bytes.into())),
            Err(WebSocketError::ConnectionClose(close)) if close.was_clean => {
                Ok(WebSocketMessage::Close { code: close.code, reason: close.reason })
            }
            Err(error) => Err(broken(error)),
        }
    }

    fn broken(error: WebSocketError) -> TransportError {
        TransportError::new(TransportErrorKind::Interrupted).with_source(with_causes(&error))
    }
}
