//! Keeping a subscription open.

use std::collections::VecDeque;
use std::time::Duration;

use coder_core::{BoxStream, RetryState, TransportError, TransportErrorKind};
use futures_util::stream;

use super::connection::{Connection, Lost, Message, Remedy, Texts, ended};
use super::{Channel, Polled, Subscription};
use crate::{Client, ClientError};

/// How often is asked where nothing better is to be had.
const POLL_EVERY: Duration = Duration::from_secs(5);

impl Client {
    /// Everything that comes of a subscription, one item after the other, over the best channel
    /// that transport and deployment have.
    ///
    /// - A connection that breaks, or that a restart of Coder closes, is opened again, from where it
    ///   broke off, as [`Client::with_stream_retry`] says; then the last error is an item, and the stream ends.
    ///   So it does at once when trying again is useless: the workspace is gone, the token is dead.
    /// - Nothing is read before it is asked for, apart from what the transport has already
    ///   buffered: a slow reader slows Coder down. One message is held at a time, of 16 MiB at
    ///   most.
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
    pub fn subscribe<S: Subscription>(
        &self,
        subscription: S,
    ) -> BoxStream<'static, Result<S::Item, ClientError>> {
        let channels = subscription.channels().to_vec();
        Subscriber::new(self.clone(), subscription, channels).into_stream()
    }

    /// The same over this channel only.
    pub fn subscribe_over<S: Subscription>(
        &self,
        channel: Channel,
        subscription: S,
    ) -> BoxStream<'static, Result<S::Item, ClientError>> {
        Subscriber::new(self.clone(), subscription, vec![channel]).into_stream()
    }
}

/// A subscription and the channel it comes over.
struct Subscriber<S: Subscription> {
    client: Client,
    subscription: S,
    /// The first one is in use.
    channels: VecDeque<Channel>,
    connection: Option<Connection>,
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
            if let Err(lost) = self.advance().await
                && let Err(error) = self.recover(lost).await
            {
                self.over = true;
                return Some(Err(error));
            }
        }
    }

    /// Goes one step: opens the channel, reads a message, or asks.
    async fn advance(&mut self) -> Result<(), Lost> {
        let Some(connection) = &mut self.connection else {
            return self.begin().await;
        };
        let items = match connection.next().await? {
            Message::Text(text) => self.subscription.read(&text)?,
            Message::Ping => Vec::new(),
            Message::End => return self.look_after_the_close().await,
        };
        self.retries = RetryState::default();
        self.ready.extend(items);
        Ok(())
    }

    /// The server has closed the channel normally: at the end, or because it stops itself.
    async fn look_after_the_close(&mut self) -> Result<(), Lost> {
        let Polled { items, over } = self.subscription.closed(&self.client).await?;
        self.ready.extend(items);
        self.over = over;
        if over { Ok(()) } else { Err(ended().into()) }
    }

    async fn begin(&mut self) -> Result<(), Lost> {
        let channel = self.channels.front().copied();
        let Some(channel) = channel else { return Err(unsupported().into()) };
        if channel == Channel::Polling {
            return self.ask().await;
        }
        let deployment = self.client.deployment();
        let request = self.subscription.request(deployment, channel)?;
        let request = request.ok_or_else(unsupported)?;
        tracing::debug!(path = request.uri().path(), ?channel, "opening a stream");
        self.connection = Some(match channel {
            Channel::WebSocket => {
                let events = self.subscription.sends_events();
                let texts = if events { Texts::Events } else { Texts::Messages };
                Connection::web_socket(&self.client, request, texts).await?
            }
            Channel::Events | Channel::Polling => Connection::events(&self.client, request).await?,
        });
        Ok(())
    }

    async fn ask(&mut self) -> Result<(), Lost> {
        if std::mem::replace(&mut self.polled, true) {
            self.client.world().runtime.sleep(POLL_EVERY).await;
        }
        let Polled { items, over } = self.subscription.poll(&self.client).await?;
        self.retries = RetryState::default();
        self.ready.extend(items);
        self.over = over;
        Ok(())
    }

    async fn recover(&mut self, lost: Lost) -> Result<(), ClientError> {
        self.connection = None;
        match lost.remedy {
            Remedy::Again => {
                let retry = self.client.stream_retry();
                self.client.pause(retry, &mut self.retries, lost.error).await
            }
            Remedy::OtherChannel if self.channels.len() > 1 => {
                tracing::debug!(error = %lost.error, "trying another channel");
                self.channels.pop_front();
                Ok(())
            }
            Remedy::OtherChannel | Remedy::Nothing => Err(lost.error),
        }
    }
}

fn unsupported() -> TransportError {
    TransportError::new(TransportErrorKind::Unsupported)
        .with_reason("the subscription does not come over this channel")
}
