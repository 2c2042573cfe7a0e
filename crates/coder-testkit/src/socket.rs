//! A WebSocket on which only the server has something to say.

use std::task::Poll;

use coder_core::{BoxStream, TransportError, WebSocket, WebSocketMessage};
use futures_channel::mpsc;
use futures_util::{StreamExt as _, future, sink, stream};

/// What the server will send, until it closes.
pub(crate) type Messages = BoxStream<'static, Result<WebSocketMessage, TransportError>>;

/// The client's end. As at Coder, a client that sends data is shown out (1002).
pub(crate) fn one_way(messages: Messages) -> WebSocket {
    let (sender, mut heard) = mpsc::unbounded();
    let mut messages = messages;
    let mut over = false;
    let incoming = stream::poll_fn(move |context| {
        if over {
            return Poll::Ready(None);
        }
        let reaction = match heard.poll_next_unpin(context) {
            Poll::Ready(Some(WebSocketMessage::Close { code, reason })) => close(code, &reason),
            Poll::Ready(Some(_)) => close(1002, "unexpected data message"),
            Poll::Ready(None) | Poll::Pending => {
                let next = messages.as_mut().poll_next(context);
                over = matches!(
                    next,
                    Poll::Ready(None | Some(Err(_) | Ok(WebSocketMessage::Close { .. })))
                );
                return next;
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

pub(crate) fn close(code: u16, reason: &str) -> WebSocketMessage {
    WebSocketMessage::Close { code, reason: reason.to_owned() }
}
