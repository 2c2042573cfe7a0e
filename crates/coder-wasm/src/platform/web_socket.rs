//! WebSockets of the platform.

use coder_core::{
    TransportError, TransportErrorKind, WebSocket, WebSocketMessage, WebSocketResponse,
};
use futures_util::{SinkExt as _, sink, stream};
use http::Request;
use http::header::ACCEPT;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

use super::answer::{Open, failed, response};
use super::headers::flat_headers;
use super::host::{Host, Message, Socket};

/// Opens a WebSocket. Where the platform cannot, or does not tell why it did not, the error is
/// [`TransportErrorKind::Unsupported`], so that the client uses its next channel.
pub(super) async fn open(
    host: &Host,
    request: &Request<()>,
) -> Result<WebSocketResponse, TransportError> {
    let unsupported =
        |reason: &str| TransportError::new(TransportErrorKind::Unsupported).with_reason(reason);
    let not_opened =
        |_| unsupported("the web socket was not opened, and the platform tells no more");
    let mut headers = request.headers().clone();
    // `Accept` says nothing about a socket. What else there is, a credential above all, must not be
    // lost on the way.
    headers.remove(ACCEPT);
    let url = request.uri().to_string();
    let socket = host.open_socket(&url, flat_headers(&headers)).map_err(not_opened)?;
    let socket = socket.map(Open).ok_or_else(|| {
        unsupported("the platform has no web socket that carries the request's headers")
    })?;
    let refused = JsFuture::from(socket.0.opened()).await.map_err(not_opened)?;
    if !refused.is_undefined() {
        return response(&refused.unchecked_into(), socket).map(WebSocketResponse::Refused);
    }
    let incoming = stream::try_unfold(socket, message);
    let outgoing = sink::drain().sink_map_err(|never| match never {}).with(refuse);
    Ok(WebSocketResponse::Open(WebSocket::new(incoming, outgoing)))
}

async fn message(
    socket: Open<Socket>,
) -> Result<Option<(WebSocketMessage, Open<Socket>)>, TransportError> {
    let message = JsFuture::from(socket.0.next()).await.map_err(failed)?;
    if message.is_undefined() {
        return Ok(None);
    }
    let message: Message = message.unchecked_into();
    let message = match (message.text(), message.code()) {
        (Some(text), _) => WebSocketMessage::Text(text),
        (None, Some(code)) => WebSocketMessage::Close { code, reason: String::new() },
        (None, None) => WebSocketMessage::Ping,
    };
    Ok(Some((message, socket)))
}

/// Refuses to send a message, because the client only listens.
async fn refuse(_: WebSocketMessage) -> Result<WebSocketMessage, TransportError> {
    Err(TransportError::new(TransportErrorKind::Unsupported)
        .with_reason("nothing is sent over this web socket"))
}
