//! Open channels, and the messages that come over them.

use std::borrow::Cow;
use std::fmt;

use bytes::Bytes;
use coder_core::{
    Body, TransportError, TransportErrorKind, WebSocket, WebSocketMessage, WebSocketResponse,
    with_causes,
};
use futures_util::StreamExt as _;
use http::header::{ACCEPT, CONTENT_TYPE, HeaderValue};
use http::{Request, Response, StatusCode};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::server_sent::{Decoder, TooLarge};
use crate::operation::{OwnSecrets, read_body, response_error};
use crate::{Client, ClientError, UnreadableResponse};

/// The longest server-sent event, in bytes. Coder's largest workspaces have a hundredth of it.
const MAX_EVENT: usize = 16 * 1024 * 1024;

/// A channel that is open.
pub(super) struct Connection {
    source: Source,
    /// The secrets of the request that has opened the channel.
    secrets: OwnSecrets,
}

enum Source {
    Events { body: Body, decoder: Decoder },
    WebSocket(WebSocket, Framing),
}

/// The meaning of the text messages of a WebSocket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Framing {
    /// Each text is a message.
    Messages,
    /// Each text is an event: `{"type": …, "data": …}`.
    Events,
}

#[derive(Deserialize)]
struct TypedEvent<'a> {
    #[serde(borrow)]
    r#type: Cow<'a, str>,
    #[serde(borrow)]
    data: Option<&'a RawValue>,
}

/// A message of a connection.
pub(super) enum Message {
    /// Data for the subscription.
    Text(String),
    /// A message that only shows that the connection is alive.
    Ping,
    /// The normal close by the server.
    End,
}

/// The failure of a connection, with the way to recover.
#[derive(Debug)]
pub(super) struct StreamError {
    pub(super) error: ClientError,
    pub(super) recovery: Recovery,
}

/// The way to recover from a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Recovery {
    /// Open the channel again, later.
    Retry,
    /// Use the next channel: this one is not available here.
    NextChannel,
    /// No recovery is possible.
    None,
}

impl From<ClientError> for StreamError {
    fn from(error: ClientError) -> Self {
        let recovery = match &error {
            ClientError::Transport(transport)
                if transport.kind() == TransportErrorKind::Unsupported =>
            {
                Recovery::NextChannel
            }
            _ if error.is_inconclusive() => Recovery::Retry,
            _ => Recovery::None,
        };
        Self { error, recovery }
    }
}

impl From<TransportError> for StreamError {
    fn from(error: TransportError) -> Self {
        ClientError::from(error).into()
    }
}

impl StreamError {
    fn retry(error: impl Into<ClientError>) -> Self {
        Self { error: error.into(), recovery: Recovery::Retry }
    }
}

impl Connection {
    /// Opens a stream of server-sent events.
    pub(super) async fn events(
        client: &Client,
        mut request: Request<Bytes>,
    ) -> Result<Self, StreamError> {
        let transport = &client.world().transport;
        if !transport.streams_bodies() {
            return Err(TransportError::new(TransportErrorKind::Unsupported)
                .with_reason("this transport reads a body only as a whole")
                .into());
        }
        let accept = HeaderValue::from_static("text/event-stream");
        request.headers_mut().insert(ACCEPT, accept);
        let open = client.authorized(&request, true, |request| {
            Box::pin(async move {
                let secrets = OwnSecrets::from_request(&request);
                let answer = transport.send(request).await?;
                if is_event_stream(&answer) {
                    Ok((answer, secrets))
                } else {
                    Err(refused(answer, &secrets).await)
                }
            })
        });
        let (answer, secrets) = open.await?;
        let body = answer.into_body();
        Ok(Self { source: Source::Events { body, decoder: Decoder::new(MAX_EVENT) }, secrets })
    }

    /// Opens a WebSocket (RFC 6455).
    pub(super) async fn web_socket(
        client: &Client,
        request: Request<Bytes>,
        framing: Framing,
    ) -> Result<Self, StreamError> {
        let transport = &client.world().transport;
        let open = client.authorized(&request, true, |request| {
            Box::pin(async move {
                let secrets = OwnSecrets::from_request(&request);
                match transport.open_web_socket(request.map(drop)).await? {
                    WebSocketResponse::Open(socket) => {
                        Ok(Self { source: Source::WebSocket(socket, framing), secrets })
                    }
                    WebSocketResponse::Refused(answer) => Err(refused(answer, &secrets).await),
                }
            })
        });
        open.await.map_err(|error| {
            // Servers without WebSockets answer this, and proxies that let none through.
            let unwelcome = matches!(
                error.status(),
                Some(
                    StatusCode::BAD_REQUEST
                        | StatusCode::METHOD_NOT_ALLOWED
                        | StatusCode::UPGRADE_REQUIRED
                        | StatusCode::NOT_IMPLEMENTED
                )
            );
            let error = StreamError::from(error);
            if unwelcome { StreamError { recovery: Recovery::NextChannel, ..error } } else { error }
        })
    }

    /// Waits for the next message.
    pub(super) async fn next(&mut self) -> Result<Message, StreamError> {
        let secrets = &self.secrets;
        match &mut self.source {
            Source::Events { body, decoder } => loop {
                if let Some(event) = decoder.next() {
                    return message(&event.name, event.data, secrets);
                }
                let piece = body.next().await.unwrap_or_else(|| Err(ended()))?;
                decoder.push(&piece).map_err(|TooLarge| {
                    let reason = format!("an event is larger than {MAX_EVENT} bytes");
                    TransportError::new(TransportErrorKind::TooLarge).with_reason(reason)
                })?;
            },
            Source::WebSocket(socket, framing) => {
                match socket.next().await.unwrap_or_else(|| Err(ended()))? {
                    WebSocketMessage::Text(text) if *framing == Framing::Events => {
                        let event: TypedEvent<'_> =
                            serde_json::from_str(&text).map_err(|source| {
                                let reason = secrets.redact_text(with_causes(&source));
                                let answer = UnreadableResponse::new(".", &reason);
                                StreamError::from(ClientError::Unreadable(Box::new(answer)))
                            })?;
                        let data = event.data.map_or("", RawValue::get).to_owned();
                        message(&event.r#type, data, secrets)
                    }
                    WebSocketMessage::Text(text) => Ok(Message::Text(text)),
                    WebSocketMessage::Close { code: 1000, .. } => Ok(Message::End),
                    WebSocketMessage::Close { code, .. } => {
                        let reason = format!("coder closed the web socket with code {code}");
                        let error = TransportError::new(TransportErrorKind::Interrupted);
                        Err(StreamError::retry(error.with_reason(reason)))
                    }
                    WebSocketMessage::Binary(_) | WebSocketMessage::Ping => Ok(Message::Ping),
                }
            }
        }
    }
}

/// Reads an event of Coder by its name.
fn message(name: &str, data: String, secrets: &OwnSecrets) -> Result<Message, StreamError> {
    match name {
        "data" => Ok(Message::Text(data)),
        // The stream would go on, but without saying what is the matter: the next request tells.
        "error" => {
            let mut response = Response::new(Bytes::from(data));
            *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
            Err(StreamError::retry(response_error(&secrets.redact(response))))
        }
        _ => Ok(Message::Ping),
    }
}

fn is_event_stream(answer: &Response<Body>) -> bool {
    let content_type = answer.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    answer.status().is_success()
        && content_type.is_some_and(|value| value.starts_with("text/event-stream"))
}

async fn refused(answer: Response<Body>, secrets: &OwnSecrets) -> ClientError {
    match read_body(answer, crate::MAX_ANSWER).await {
        Ok(answer) => response_error(&secrets.redact(answer)),
        Err(error) => error,
    }
}

pub(super) fn ended() -> TransportError {
    TransportError::new(TransportErrorKind::Interrupted).with_reason("the stream ended")
}

impl fmt::Debug for Connection {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self.source {
            Source::Events { .. } => "Events",
            Source::WebSocket(..) => "WebSocket",
        })
    }
}
