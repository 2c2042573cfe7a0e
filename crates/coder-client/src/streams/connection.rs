//! An open channel, message by message.

use std::borrow::Cow;
use std::fmt;

use bytes::Bytes;
use coder_core::{
    Body, TransportError, TransportErrorKind, WebSocket, WebSocketAnswer, WebSocketMessage,
};
use futures_util::StreamExt as _;
use http::header::{ACCEPT, CONTENT_TYPE, HeaderValue};
use http::{Request, Response, StatusCode};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::server_sent::{Decoder, TooLarge};
use crate::operation::{read_body, response_error};
use crate::{Client, ClientError, UnreadableAnswer};

/// The longest server-sent event, in bytes. Coder's largest workspaces have a hundredth of it.
const MAX_EVENT: usize = 16 * 1024 * 1024;

/// An open channel.
pub(super) enum Connection {
    Events { body: Body, decoder: Decoder },
    WebSocket(WebSocket, Texts),
}

/// What the texts of a WebSocket are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Texts {
    /// Each is a message.
    Messages,
    /// Each is an event: `{"type": …, "data": …}`.
    Events,
}

#[derive(Deserialize)]
struct TypedEvent<'a> {
    #[serde(borrow)]
    r#type: Cow<'a, str>,
    #[serde(borrow)]
    data: Option<&'a RawValue>,
}

/// What came.
pub(super) enum Message {
    /// Something to read.
    Text(String),
    /// A sign of life.
    Ping,
    /// The server has said that this is the end.
    End,
}

/// No message came, or no connection.
#[derive(Debug)]
pub(super) struct Lost {
    pub(super) error: ClientError,
    pub(super) remedy: Remedy,
}

/// What helps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Remedy {
    /// Trying again, later.
    Again,
    /// Another channel: this one cannot be had here.
    OtherChannel,
    Nothing,
}

impl From<ClientError> for Lost {
    fn from(error: ClientError) -> Self {
        let remedy = match &error {
            ClientError::Transport(transport)
                if transport.kind() == TransportErrorKind::Unsupported =>
            {
                Remedy::OtherChannel
            }
            _ if error.is_transient() => Remedy::Again,
            _ => Remedy::Nothing,
        };
        Self { error, remedy }
    }
}

impl From<TransportError> for Lost {
    fn from(error: TransportError) -> Self {
        ClientError::from(error).into()
    }
}

impl Lost {
    fn again(error: impl Into<ClientError>) -> Self {
        Self { error: error.into(), remedy: Remedy::Again }
    }
}

impl Connection {
    /// Opens a stream of server-sent events.
    pub(super) async fn events(client: &Client, mut request: Request<Bytes>) -> Result<Self, Lost> {
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
                let answer = transport.send(request).await?;
                if is_event_stream(&answer) { Ok(answer) } else { Err(refused(answer).await) }
            })
        });
        let body = open.await?.into_body();
        Ok(Self::Events { body, decoder: Decoder::new(MAX_EVENT) })
    }

    /// Opens a WebSocket.
    pub(super) async fn web_socket(
        client: &Client,
        request: Request<Bytes>,
        texts: Texts,
    ) -> Result<Self, Lost> {
        let transport = &client.world().transport;
        let open = client.authorized(&request, true, |request| {
            Box::pin(async move {
                match transport.open_web_socket(request.map(drop)).await? {
                    WebSocketAnswer::Open(socket) => Ok(socket),
                    WebSocketAnswer::Refused(answer) => Err(refused(answer).await),
                    _ => Err(TransportError::new(TransportErrorKind::Other).into()),
                }
            })
        });
        open.await.map(|socket| Self::WebSocket(socket, texts)).map_err(|error| {
            // So answers what knows no WebSockets, or stands before Coder and lets none through.
            let unwelcome = matches!(
                error.status(),
                Some(
                    StatusCode::BAD_REQUEST
                        | StatusCode::METHOD_NOT_ALLOWED
                        | StatusCode::UPGRADE_REQUIRED
                        | StatusCode::NOT_IMPLEMENTED
                )
            );
            let lost = Lost::from(error);
            if unwelcome { Lost { remedy: Remedy::OtherChannel, ..lost } } else { lost }
        })
    }

    /// The next message.
    pub(super) async fn next(&mut self) -> Result<Message, Lost> {
        match self {
            Self::Events { body, decoder } => loop {
                if let Some(event) = decoder.next() {
                    return message(&event.name, event.data);
                }
                let piece = body.next().await.unwrap_or_else(|| Err(ended()))?;
                decoder.push(&piece).map_err(|TooLarge| {
                    let reason = format!("an event is larger than {MAX_EVENT} bytes");
                    TransportError::new(TransportErrorKind::TooLarge).with_reason(reason)
                })?;
            },
            Self::WebSocket(socket, texts) => {
                match socket.next().await.unwrap_or_else(|| Err(ended()))? {
                    WebSocketMessage::Text(text) if *texts == Texts::Events => {
                        let event: TypedEvent<'_> =
                            serde_json::from_str(&text).map_err(|source| {
                                let answer = UnreadableAnswer::new(".", &source.to_string());
                                Lost::from(ClientError::Unreadable(Box::new(answer)))
                            })?;
                        message(&event.r#type, event.data.map_or("", RawValue::get).to_owned())
                    }
                    WebSocketMessage::Text(text) => Ok(Message::Text(text)),
                    WebSocketMessage::Close { code: 1000, .. } => Ok(Message::End),
                    WebSocketMessage::Close { code, .. } => {
                        let reason = format!("coder closed the web socket with code {code}");
                        let error = TransportError::new(TransportErrorKind::Interrupted);
                        Err(Lost::again(error.with_reason(reason)))
                    }
                    _ => Ok(Message::Ping),
                }
            }
        }
    }
}

/// What one of Coder's events means.
pub(super) fn message(name: &str, data: String) -> Result<Message, Lost> {
    match name {
        "data" => Ok(Message::Text(data)),
        // The stream would go on, but without saying what is the matter: the next request tells.
        "error" => {
            let mut response = Response::new(Bytes::from(data));
            *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
            Err(Lost::again(response_error(&response)))
        }
        _ => Ok(Message::Ping),
    }
}

fn is_event_stream(answer: &Response<Body>) -> bool {
    let content_type = answer.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    answer.status().is_success()
        && content_type.is_some_and(|value| value.starts_with("text/event-stream"))
}

async fn refused(answer: Response<Body>) -> ClientError {
    match read_body(answer, crate::MAX_ANSWER).await {
        Ok(answer) => response_error(&answer),
        Err(error) => error,
    }
}

pub(super) fn ended() -> TransportError {
    TransportError::new(TransportErrorKind::Interrupted).with_reason("the stream ended")
}

impl fmt::Debug for Connection {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Events { .. } => "Events",
            Self::WebSocket(..) => "WebSocket",
        })
    }
}
