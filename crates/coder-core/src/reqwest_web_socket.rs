//! WebSockets of [`ReqwestTransport`](crate::ReqwestTransport): over a connection of reqwest on
//! native targets, the browser's own on wasm.

#[cfg(target_family = "wasm")]
pub(crate) use browser::open;
#[cfg(not(target_family = "wasm"))]
pub(crate) use native::open;

#[cfg(not(target_family = "wasm"))]
mod native {
    use bytes::Bytes;
    use http::{Request, Response};

    use crate::reqwest_conversion::{convert, convert_response};
    use crate::{
        TransportError, TransportErrorKind, WebSocket, WebSocketHandshake, WebSocketResponse,
    };

    pub(crate) async fn open(
        client: &reqwest::Client,
        request: Request<()>,
    ) -> Result<WebSocketResponse, TransportError> {
        let handshake = WebSocketHandshake::new(request)?;
        let request = handshake.request().clone().map(|()| Bytes::new());
        let request = reqwest::Request::try_from(request)
            .map_err(|error| convert(error, TransportErrorKind::Request))?;
        let answer = client
            .execute(request)
            .await
            .map_err(|error| convert(error, TransportErrorKind::Other))?;
        let mut head = Response::new(());
        *head.status_mut() = answer.status();
        *head.headers_mut() = answer.headers().clone();
        if !handshake.is_accepted(&head)? {
            return Ok(WebSocketResponse::Refused(convert_response(answer).await?));
        }
        let connection = answer
            .upgrade()
            .await
            .map_err(|error| convert(error, TransportErrorKind::Interrupted))?;
        Ok(WebSocketResponse::Open(WebSocket::from_upgraded(connection).await))
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
