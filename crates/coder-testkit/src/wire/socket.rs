//! WebSockets: the server tells what happens, and where it is asked, it answers.

use std::task::Poll;

use coder_core::{BoxStream, MaybeSend, TransportError, WebSocket, WebSocketMessage};
use futures_channel::mpsc;
use futures_util::{Stream, StreamExt as _, future, sink, stream};
use http::StatusCode;
use serde_json::{Value, json};
use url::Url;

use crate::wire::call::Call;

/// The messages that the server will send, until it closes.
pub(crate) type Messages = BoxStream<'static, Result<WebSocketMessage, TransportError>>;

/// Listener to what a client sends; `false` when a message cannot be understood.
pub(crate) type Listener = Box<dyn FnMut(WebSocketMessage) -> bool + Send>;

/// The habits of Coder's WebSockets of a kind of route.
#[derive(Debug)]
pub(crate) struct Habit {
    /// The message when no WebSocket can be opened, and what its detail begins with.
    refusal: (&'static str, &'static str),
    /// The reason of the normal close.
    goodbye: &'static str,
    /// Code and reason of the close when a client sends what nobody listens to or understands.
    shown_out: (u16, &'static str),
    /// A message comes in two frames, of which the second one only ends it.
    in_two_frames: bool,
}

/// The habit of events: `…/watch-ws` and `…/watch-metadata-ws`.
pub(crate) static EVENTS: Habit = Habit {
    refusal: (
        "Internal error setting up server-sent events.",
        "cannot establish connection: failed to accept WebSocket connection: ",
    ),
    goodbye: "",
    shown_out: (1002, "Clients cannot send messages for one-way WebSockets"),
    in_two_frames: false,
};

/// Logs that are followed.
pub(crate) static LOGS: Habit = Habit {
    refusal: ("Failed to accept websocket.", "failed to accept WebSocket connection: "),
    goodbye: "done",
    shown_out: (1002, "unexpected data message"),
    in_two_frames: true,
};

/// Messages that arrive: `…/inbox/watch`.
pub(crate) static INBOX: Habit = Habit {
    refusal: ("Failed to upgrade connection to websocket.", ""),
    goodbye: "connection closed",
    shown_out: (1002, "unexpected data message"),
    in_two_frames: true,
};

/// Forms that answer: `…/dynamic-parameters`.
pub(crate) static FORMS: Habit = Habit {
    refusal: ("Failed to accept WebSocket.", "failed to accept WebSocket connection: "),
    goodbye: "",
    shown_out: (1001, ""),
    in_two_frames: true,
};

/// A WebSocket that is not opened.
#[derive(Debug)]
pub(crate) struct Refused {
    pub(crate) status: StatusCode,
    pub(crate) text: String,
}

impl Habit {
    /// Checks that a call may open a WebSocket.
    ///
    /// # Errors
    ///
    /// 426 when it asks for none, 403 when it comes from a page of another origin, whatever its
    /// token.
    pub(crate) fn check(&self, call: &Call) -> Result<(), Refused> {
        if !call.asks_for_web_socket() {
            let connection = call.header("connection").unwrap_or_default();
            let reason = format!(
                "WebSocket protocol violation: Connection header \"{connection}\" does not contain \
                 Upgrade"
            );
            return Err(self.refuse(StatusCode::UPGRADE_REQUIRED, &reason));
        }
        match foreign_origin(call) {
            None => Ok(()),
            Some((origin, host)) => {
                let reason =
                    format!("request Origin \"{origin}\" is not authorized for Host \"{host}\"");
                Err(self.refuse(StatusCode::FORBIDDEN, &reason))
            }
        }
    }

    /// Refuses a call. Coder's library writes the reason, and Coder its own error after it.
    fn refuse(&self, status: StatusCode, reason: &str) -> Refused {
        let (message, prefix) = self.refusal;
        let detail = format!("{prefix}{reason}");
        let (message, detail) = (json!(message), json!(detail));
        let text = format!("{reason}\n{{\"message\":{message},\"detail\":{detail}}}\n");
        Refused { status, text }
    }

    /// Formats a message as Coder's encoder writes it: the JSON and a line feed.
    fn message(json: &Value) -> WebSocketMessage {
        WebSocketMessage::Text(format!("{json}\n"))
    }
}

/// Returns the host of the page that asks and the deployment's host, when they differ.
fn foreign_origin(call: &Call) -> Option<(String, String)> {
    let (origin, host) = (call.header("origin")?, call.header("host")?);
    let page = Url::parse(origin).ok();
    let page = page.as_ref().and_then(|url| {
        let name = url.host_str()?;
        Some(url.port().map_or_else(|| name.to_owned(), |port| format!("{name}:{port}")))
    });
    let page = page.unwrap_or_default();
    (!page.eq_ignore_ascii_case(host)).then(|| (page, host.to_owned()))
}

/// A WebSocket that is about to be opened.
pub(crate) struct Opening {
    messages: Messages,
    listener: Option<Listener>,
    habit: &'static Habit,
}

impl Opening {
    /// Sends each of these and then closes normally. Nobody listens to the client.
    pub(crate) fn new(
        habit: &'static Habit,
        messages: impl Stream<Item = Value> + MaybeSend + 'static,
    ) -> Self {
        let messages = messages.map(|json| Ok(Habit::message(&json)));
        let goodbye = stream::once(async { Ok(close(1000, habit.goodbye)) });
        Self { messages: Box::pin(messages.chain(goodbye)), listener: None, habit }
    }

    pub(crate) fn heard_by(self, listener: Listener) -> Self {
        Self { listener: Some(listener), ..self }
    }

    pub(crate) fn with_messages(self, change: impl FnOnce(Messages) -> Messages) -> Self {
        Self { messages: change(self.messages), ..self }
    }

    pub(crate) fn is_in_two_frames(&self) -> bool {
        self.habit.in_two_frames
    }

    /// Opens the client's end. As at Coder, a client that sends what nobody listens to is shown
    /// out.
    pub(crate) fn open(self) -> WebSocket {
        let Self { mut messages, mut listener, habit } = self;
        let (sender, mut heard) = mpsc::unbounded();
        let mut over = false;
        let incoming = stream::poll_fn(move |context| {
            if over {
                return Poll::Ready(None);
            }
            let reaction = loop {
                match heard.poll_next_unpin(context) {
                    Poll::Ready(Some(WebSocketMessage::Close { code, reason })) => {
                        break close(code, &reason);
                    }
                    Poll::Ready(Some(said)) => {
                        if !listener.as_mut().is_some_and(|understands| understands(said)) {
                            let (code, reason) = habit.shown_out;
                            break close(code, reason);
                        }
                    }
                    Poll::Ready(None) | Poll::Pending => {
                        let next = messages.as_mut().poll_next(context);
                        over = matches!(
                            next,
                            Poll::Ready(None | Some(Err(_) | Ok(WebSocketMessage::Close { .. })))
                        );
                        return next;
                    }
                }
            };
            over = true;
            Poll::Ready(Some(Ok(reaction)))
        });
        let outgoing = sink::unfold(sender, |sender, message| {
            // Whoever has hung up hears nothing.
            let _ = sender.unbounded_send(message);
            future::ready(Ok(sender))
        });
        WebSocket::new(incoming, outgoing)
    }
}

pub(crate) fn close(code: u16, reason: &str) -> WebSocketMessage {
    WebSocketMessage::Close { code, reason: reason.to_owned() }
}
