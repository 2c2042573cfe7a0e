//! Events, as a stream of server-sent events or over a WebSocket.

use bytes::Bytes;
use coder_core::BoxStream;
use futures_util::StreamExt as _;
use serde_json::{Value, json};

use crate::wire::call::Call;
use crate::wire::reply::{Answer, Reply};
use crate::wire::socket::EVENTS;

/// The way in which events get to the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wire {
    /// Server-sent events: a body of `text/event-stream`.
    ServerSent,
    /// A WebSocket with a JSON object for each event.
    WebSocket,
}

/// An event of a stream.
#[derive(Debug)]
pub(crate) enum Event {
    /// Nothing, to show that the line is alive.
    Ping,
    /// An event with data.
    Data(Value),
    /// Something went wrong while the stream goes on.
    Error(Value),
}

impl Event {
    fn name(&self) -> &'static str {
        match self {
            Self::Ping => "ping",
            Self::Data(_) => "data",
            Self::Error(_) => "error",
        }
    }

    fn as_server_sent(&self) -> Bytes {
        match self {
            Self::Ping => Bytes::from_static(b"event: ping\n\n"),
            Self::Data(json) | Self::Error(json) => {
                format!("event: {}\ndata: {json}\n\n", self.name()).into()
            }
        }
    }

    fn as_message(&self) -> Value {
        match self {
            Self::Ping => json!({ "type": "ping", "data": null }),
            Self::Data(json) | Self::Error(json) => json!({ "type": self.name(), "data": json }),
        }
    }
}

impl Wire {
    /// Makes an answer that goes on with each of `events`.
    pub(crate) fn send(self, call: &Call, events: BoxStream<'static, Event>) -> Answer {
        match self {
            Self::ServerSent => {
                Ok(Reply::event_stream(events.map(|event| Ok(event.as_server_sent()))))
            }
            Self::WebSocket => {
                Reply::web_socket(call, &EVENTS, events.map(|event| event.as_message()))
            }
        }
    }
}
