//! A connection's socket, whose writes and whose end have bounds.

use std::future::Future as _;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use coder_core::with_causes;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Sleep, sleep};

use crate::places::Seat;

/// The time limit for a client to take a part of an answer.
const WRITE_TIMEOUT: Duration = Duration::from_secs(30);

/// How long what a client still sends is thrown away after its answer. A socket that is closed
/// with unread bytes resets the connection, and the client may lose the answer (RFC 9112 §9.6).
const LINGER: Duration = Duration::from_secs(2);

/// A socket that gives up on a client who takes nothing, and that is closed so that the last answer
/// arrives.
pub(crate) struct Socket {
    stream: TcpStream,
    /// The bytes that were read already, and come again.
    ahead: Vec<u8>,
    /// Learns that the client takes its answer.
    seat: Arc<Seat>,
    /// Runs while a write waits for the client.
    untaken: Option<Pin<Box<Sleep>>>,
    /// Runs since our side was closed.
    closing: Option<Pin<Box<Sleep>>>,
}

impl Socket {
    /// Takes a connection that was just accepted.
    ///
    /// Each part of an answer is sent at once (`TCP_NODELAY`). Otherwise the system keeps the second
    /// part back until the client has confirmed the first one, for which clients take 40 ms.
    pub(crate) fn new(stream: TcpStream, seat: Arc<Seat>) -> Self {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(error = with_causes(&error), "a connection sends its answers late");
        }
        Self { stream, ahead: Vec::new(), seat, untaken: None, closing: None }
    }

    /// Lets what was read come again.
    pub(crate) fn put_back(&mut self, read: Vec<u8>) {
        self.ahead = read;
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.ahead.is_empty() {
            let length = self.ahead.len().min(buffer.remaining());
            let rest = self.ahead.split_off(length);
            buffer.put_slice(&std::mem::replace(&mut self.ahead, rest));
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if let Poll::Ready(written) = Pin::new(&mut self.stream).poll_write(context, bytes) {
            self.untaken = None;
            self.seat.touch();
            return Poll::Ready(written);
        }
        let untaken = self.untaken.get_or_insert_with(|| Box::pin(sleep(WRITE_TIMEOUT)));
        ready!(untaken.as_mut().poll(context));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if this.closing.is_none() {
            ready!(Pin::new(&mut this.stream).poll_shutdown(context))?;
        }
        let closing = this.closing.get_or_insert_with(|| Box::pin(sleep(LINGER)));
        let mut thrown_away = [0; 4096];
        while closing.as_mut().poll(context).is_pending() {
            let mut buffer = ReadBuf::new(&mut thrown_away);
            let read = ready!(Pin::new(&mut this.stream).poll_read(context, &mut buffer));
            if read.is_err() || buffer.filled().is_empty() {
                break;
            }
        }
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;
    use crate::places::Places;
    use crate::server::CONNECTIONS;

    #[tokio::test]
    async fn a_part_of_an_answer_is_sent_before_the_client_has_confirmed_the_one_before() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let _client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (stream, _) = listener.accept().await.unwrap();
        let socket = Socket::new(stream, Places::new(CONNECTIONS).take().await.seat());
        assert!(socket.stream.nodelay().unwrap());
    }
}
