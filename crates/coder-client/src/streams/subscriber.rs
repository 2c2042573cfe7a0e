//! Streams of subscriptions: channels are opened, read, and opened again.

use std::collections::VecDeque;
use std::time::Duration;

use coder_core::{
    BoxStream, RequestName, RetryState, TransportError, TransportErrorKind, elapsed, timeout,
    with_causes,
};
use futures_util::stream;
use jiff::Timestamp;

use super::connection::{Connection, Framing, Message, Recovery, StreamError, ended};
use super::{Channel, Polled, Subscription};
use crate::{Client, ClientError};

/// The pause between two requests of [`Channel::Polling`].
const POLL_INTERVAL: Duration = Duration::from_secs(5);

/// The time that a connection must last before its tries are counted anew.
const LASTING: Duration = Duration::from_secs(30);

impl Client {
    /// Returns a stream of the subscription's items, over the best channel that the transport and
    /// the deployment have.
    ///
    /// - A connection that breaks, or that a restart of Coder closes, is opened again where it broke
    ///   off, as often as [`Client::with_stream_retry`] allows. After that the last error is an item
    ///   and the stream ends. An error that a retry cannot help, such as a deleted workspace or an
    ///   expired token, ends the stream at once. A log whose agent or build went while the stream was
    ///   broken ends without an error.
    /// - A connection over which nothing comes for 60 seconds, not even a sign of life, counts as
    ///   broken; [`Client::with_stream_idle_limit`] sets another limit. The next connection tells
    ///   what happened meanwhile, and nothing comes twice.
    /// - A channel that breaks again and again after it was opened, or that something in front of
    ///   Coder refuses, is left for the next channel.
    /// - The stream reads a message only when the caller polls for it, so a slow caller slows Coder
    ///   down. It holds one message at a time, of at most 16 MiB.
    /// - Dropping the stream closes the connection.
    ///
    /// ```
    /// use coder_client::{Client, WorkspaceId, subscriptions::WatchWorkspace};
    /// use futures_util::TryStreamExt as _;
    ///
    /// async fn watch(client: &Client, id: WorkspaceId) -> Result<(), coder_client::ClientError> {
    ///     let mut changes = client.subscribe(WatchWorkspace::new(id));
    ///     while let Some(workspace) = changes.try_next().await? {
    ///         println!("{} is {}", workspace.name, workspace.latest_build.status);
    ///     }
    ///     Ok(())
    /// }
    /// ```
    #[doc(alias = "stream")]
    #[doc(alias = "WebSocket")]
    pub fn subscribe<S: Subscription>(
        &self,
        subscription: S,
    ) -> BoxStream<'static, Result<S::Item, ClientError>> {
        let channels = subscription.channels().to_vec();
        Subscriber::new(self.clone(), subscription, channels).into_stream()
    }

    /// Returns a stream of the subscription's items as [`subscribe`](Self::subscribe), over this
    /// channel only.
    pub fn subscribe_over<S: Subscription>(
        &self,
        channel: Channel,
        subscription: S,
    ) -> BoxStream<'static, Result<S::Item, ClientError>> {
        Subscriber::new(self.clone(), subscription, vec![channel]).into_stream()
    }
}

/// A subscription, with the channel that is in use.
struct Subscriber<S: Subscription> {
    client: Client,
    subscription: S,
    /// The channels that are left; the first one is in use.
    channels: VecDeque<Channel>,
    connection: Option<Connection>,
    /// The moment at which the last connection was opened; `None` before the first one.
    opened_at: Option<Timestamp>,
    polled: bool,
    ready: VecDeque<S::Item>,
    retries: RetryState,
    over: bool,
}

impl<S: Subscription> Subscriber<S> {
    fn new(client: Client, subscription: S, channels: Vec<Channel>) -> Self {
        Self {
            client,
            subscription,
            channels: channels.into(),
            connection: None,
            opened_at: None,
            polled: false,
            ready: VecDeque::new(),
            retries: RetryState::default(),
            over: false,
        }
    }

    fn into_stream(self) -> BoxStream<'static, Result<S::Item, ClientError>> {
        Box::pin(stream::unfold(self, async |mut subscriber| {
            let next = subscriber.next().await?;
            Some((next, subscriber))
        }))
    }

    async fn next(&mut self) -> Option<Result<S::Item, ClientError>> {
        loop {
            if let Some(item) = self.ready.pop_front() {
                return Some(Ok(item));
            }
            if self.over {
                return None;
            }
            if let Err(error) = self.advance().await
                && let Err(error) = self.recover(error).await
            {
                self.over = true;
                return Some(Err(error));
            }
        }
    }

    /// Takes one step: opens the channel, reads a message, or polls.
    async fn advance(&mut self) -> Result<(), StreamError> {
        let Some(connection) = &mut self.connection else {
            return match self.open().await {
                Err(failure) if self.has_gone(&failure) => self.end_or(failure).await,
                outcome => outcome,
            };
        };
        let (world, limit) = (self.client.world(), self.client.stream_idle_limit());
        let next = timeout(&*world.runtime, limit, connection.next()).await;
        let items = match next.ok_or_else(|| silent(limit))?? {
            Message::Text(text) => self.subscription.read(&text)?,
            Message::Ping => Vec::new(),
            Message::End => return self.handle_close().await,
        };
        // One that breaks after each first message is no success.
        let now = self.client.world().clock.now();
        if self.opened_at.is_some_and(|opened_at| elapsed(now, opened_at) >= LASTING) {
            self.retries = RetryState::default();
        }
        self.ready.extend(items);
        Ok(())
    }

    /// Returns whether Coder no longer has what an earlier connection has told of.
    fn has_gone(&self, failure: &StreamError) -> bool {
        self.opened_at.is_some() && (failure.error.is_not_found() || failure.error.is_gone())
    }

    /// Ends the stream when the subscription says that it is over; otherwise returns `failure`.
    async fn end_or(&mut self, failure: StreamError) -> Result<(), StreamError> {
        let Polled { items, over } = self.subscription.closed(&self.client).await?;
        self.ready.extend(items);
        self.over = over;
        if over { Ok(()) } else { Err(failure) }
    }

    /// Handles a normal close by the server, which means the end or a restart of Coder.
    async fn handle_close(&mut self) -> Result<(), StreamError> {
        self.end_or(ended().into()).await
    }

    async fn open(&mut self) -> Result<(), StreamError> {
        let channel = self.channels.front().copied();
        let Some(channel) = channel else { return Err(unsupported().into()) };
        if channel == Channel::Polling {
            return self.poll().await;
        }
        let deployment = self.client.deployment();
        let request = self.subscription.request(deployment, channel)?;
        let request = STREAM.give(request.ok_or_else(unsupported)?);
        tracing::debug!(path = request.uri().path(), ?channel, "opening a stream");
        self.connection = Some(match channel {
            Channel::WebSocket => {
                let events = self.subscription.sends_events();
                let framing = if events { Framing::Events } else { Framing::Messages };
                Connection::web_socket(&self.client, request, framing).await?
            }
            Channel::Events | Channel::Polling => Connection::events(&self.client, request).await?,
        });
        self.opened_at = Some(self.client.world().clock.now());
        Ok(())
    }

    async fn poll(&mut self) -> Result<(), StreamError> {
        if std::mem::replace(&mut self.polled, true) {
            self.client.world().runtime.sleep(POLL_INTERVAL).await;
        }
        let Polled { items, over } = self.subscription.poll(&self.client).await?;
        self.retries = RetryState::default();
        self.ready.extend(items);
        self.over = over;
        Ok(())
    }

    async fn recover(&mut self, failure: StreamError) -> Result<(), ClientError> {
        let was_open = self.connection.take().is_some();
        match failure.recovery {
            Recovery::Retry => {
                let retry = self.client.stream_retry();
                match self.client.pause(retry, &mut self.retries, failure.error).await {
                    // Coder is there, but something in front of it spoils this channel.
                    Err(error) if was_open || !error.is_transient() => self.leave_channel(error),
                    outcome => outcome,
                }
            }
            Recovery::NextChannel => self.leave_channel(failure.error),
            Recovery::None => Err(failure.error),
        }
    }

    /// Goes over to the next channel; gives the error back when there is none.
    fn leave_channel(&mut self, error: ClientError) -> Result<(), ClientError> {
        if self.channels.len() < 2 {
            return Err(error);
        }
        tracing::debug!(error = with_causes(&error), "trying another channel");
        self.channels.pop_front();
        self.retries = RetryState::default();
        Ok(())
    }
}

/// The name of a request that opens a stream, whatever comes over it.
const STREAM: RequestName = RequestName::new("Stream");

fn silent(limit: Duration) -> StreamError {
    let reason = format!("nothing came over the stream for {} seconds", limit.as_secs());
    TransportError::new(TransportErrorKind::Timeout).with_reason(reason).into()
}

fn unsupported() -> TransportError {
    TransportError::new(TransportErrorKind::Unsupported)
        .with_reason("the subscription does not come over this channel")
}
