//! The messages of a WebSocket through the proxy.

use std::pin::pin;
use std::time::Duration;

use coder_core::{Runtime, TransportError, WebSocket, WebSocketMessage, timeout};
use futures_util::future::select;
use futures_util::{Sink, SinkExt as _, Stream, StreamExt as _};

/// The longest silence of Coder, which gives a sign of life every 15 seconds.
const SILENCE: Duration = Duration::from_secs(75);
/// The time that a peer may take to read a message. A slower one is dropped, and nothing waits for
/// it.
const READ_WITHIN: Duration = Duration::from_secs(30);

/// The end of a socket without a word: a normal one, that of a server which stops, and one that broke
/// (RFC 6455 §7.4.1).
pub(super) const NORMAL: u16 = 1000;
pub(super) const GOING_AWAY: u16 = 1001;
const BROKEN: u16 = 1011;

/// Carries messages between a page and Coder until one side closes, breaks or does not read.
pub(crate) async fn relay(page: WebSocket, coder: WebSocket, runtime: &dyn Runtime) {
    let (mut to_page, mut of_page) = page.split();
    let (mut to_coder, mut of_coder) = coder.split();
    let down = pin!(carry(&mut of_coder, &mut to_page, runtime, Some(SILENCE)));
    let up = pin!(carry(&mut of_page, &mut to_coder, runtime, None));
    select(down, up).await;
}

/// Carries messages one way until they end.
async fn carry(
    from: &mut (impl Stream<Item = Result<WebSocketMessage, TransportError>> + Unpin),
    to: &mut (impl Sink<WebSocketMessage> + Unpin),
    runtime: &dyn Runtime,
    silence: Option<Duration>,
) {
    loop {
        let next = match silence {
            Some(silence) => timeout(runtime, silence, from.next()).await,
            None => Some(from.next().await),
        };
        let message = match next {
            Some(Some(Ok(message))) => message,
            Some(None) => close(NORMAL),
            Some(Some(Err(_))) | None => close(BROKEN),
        };
        // Signs of life go to the page only. Both ways, each would answer the other for ever.
        if message == WebSocketMessage::Ping && silence.is_none() {
            continue;
        }
        let message = sendable(message);
        let is_last = matches!(message, WebSocketMessage::Close { .. });
        let sent = timeout(runtime, READ_WITHIN, to.send(message)).await;
        if is_last || !matches!(sent, Some(Ok(()))) {
            return;
        }
    }
}

pub(super) fn close(code: u16) -> WebSocketMessage {
    WebSocketMessage::Close { code, reason: String::new() }
}

/// Returns the message as it may be sent: codes that stand for a missing one never are (RFC 6455
/// §7.4.1).
fn sendable(message: WebSocketMessage) -> WebSocketMessage {
    match message {
        WebSocketMessage::Close { code: 1005 | 1006 | 1015, .. } => close(NORMAL),
        WebSocketMessage::Close { .. }
        | WebSocketMessage::Text(_)
        | WebSocketMessage::Binary(_)
        | WebSocketMessage::Ping => message,
    }
}

#[cfg(test)]
mod tests {
    use coder_core::TokioRuntime;
    use futures_util::{sink, stream};
    use tokio::sync::mpsc;

    use super::*;

    type Messages = mpsc::Receiver<WebSocketMessage>;

    /// Makes a socket whose peer says this and stays silent then, and returns what is said to the peer.
    fn socket(says: Vec<WebSocketMessage>) -> (WebSocket, Messages) {
        let (sender, received) = mpsc::channel(8);
        let out = sink::unfold(sender, async |sender: mpsc::Sender<_>, message| {
            let gone = TransportError::new(coder_core::TransportErrorKind::Interrupted);
            sender.send(message).await.map_err(|_| gone)?;
            Ok(sender)
        });
        let says = stream::iter(says.into_iter().map(Ok));
        (WebSocket::new(says.chain(stream::pending()), out), received)
    }

    async fn read(mut messages: Messages) -> Vec<WebSocketMessage> {
        let mut all = Vec::new();
        while let Some(message) = messages.recv().await {
            all.push(message);
        }
        all
    }

    fn text(text: &str) -> WebSocketMessage {
        WebSocketMessage::Text(text.to_owned())
    }

    async fn relayed(
        page: Vec<WebSocketMessage>,
        coder: Vec<WebSocketMessage>,
    ) -> (Vec<WebSocketMessage>, Vec<WebSocketMessage>) {
        let (page, at_page) = socket(page);
        let (coder, at_coder) = socket(coder);
        relay(page, coder, &TokioRuntime::current().unwrap()).await;
        (read(at_page).await, read(at_coder).await)
    }

    #[tokio::test(start_paused = true)]
    async fn messages_go_both_ways_until_one_side_closes() {
        let end = WebSocketMessage::Close { code: 4001, reason: "over".to_owned() };
        let says = vec![text("one"), WebSocketMessage::Ping, end.clone()];
        let (at_page, _) = relayed(vec![], says.clone()).await;
        assert_eq!(at_page, says);
        let (_, at_coder) = relayed(vec![text("up"), end.clone()], vec![]).await;
        assert_eq!(at_coder, [text("up"), end]);
    }

    #[tokio::test(start_paused = true)]
    async fn signs_of_life_of_a_page_are_not_passed_on() {
        let says = vec![WebSocketMessage::Ping, close(1005)];
        let (_, at_coder) = relayed(says, vec![]).await;
        assert_eq!(at_coder, [close(1000)], "and a missing code is no code to send");
    }

    #[tokio::test(start_paused = true)]
    async fn a_page_is_told_when_coder_breaks_or_falls_silent() {
        let (at_page, _) = relayed(vec![], vec![text("one")]).await;
        assert_eq!(at_page, [text("one"), close(1011)]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_page_that_does_not_read_is_dropped() {
        let many = (0..100).map(|at| text(&at.to_string())).collect();
        let (page, mut at_page) = socket(vec![]);
        let (coder, _at_coder) = socket(many);
        let asked = tokio::time::Instant::now();
        relay(page, coder, &TokioRuntime::current().unwrap()).await;
        // The clock is paused: this is the time that was waited for, not the machine's.
        assert_eq!(asked.elapsed(), READ_WITHIN);
        assert_eq!(at_page.recv().await, Some(text("0")));
    }
}
