//! Keeping a subscription open.

use std::collections::VecDeque;
use std::time::Duration;

use coder_core::{BoxStream, TransportError, TransportErrorKind};
use futures_util::stream;

use super::connection::{Connection, Lost, Message, Remedy, Texts, ended};
use super::{Channel, Polled, Subscription};
use crate::client::Tries;
use crate::{Client, Error};

/// How often is asked where nothing better is to be had.
const POLL_EVERY: Duration = Duration::from_secs(5);

/// A subscription and the channel it comes over.
pub(super) struct Subscriber<S: Subscription> {
    client: Client,
    subscription: S,
    /// The first one is in use.
    channels: VecDeque<Channel>,
    connection: Option<Connection>,
    polled: bool,
    ready: VecDeque<S::Item>,
    tries: Tries,
    over: bool,
}

impl<S: Subscription> Subscriber<S> {
    pub(super) fn new(client: Client, subscription: S, channels: Vec<Channel>) -> Self {
        Self {
            client,
            subscription,
            channels: channels.into(),
            connection: None,
            polled: false,
            ready: VecDeque::new(),
            tries: Tries::default(),
            over: false,
        }
    }

    pub(super) fn into_stream(self) -> BoxStream<'static, Result<S::Item, Error>> {
        Box::pin(stream::unfold(self, async |mut subscriber| {
            let next = subscriber.next().await?;
            Some((next, subscriber))
        }))
    }

    async fn next(&mut self) -> Option<Result<S::Item, Error>> {
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
        self.tries = Tries::default();
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
        self.tries = Tries::default();
        self.ready.extend(items);
        self.over = over;
        Ok(())
    }

    async fn recover(&mut self, lost: Lost) -> Result<(), Error> {
        self.connection = None;
        match lost.remedy {
            Remedy::Again => {
                let retry = self.client.stream_retry();
                self.client.pause(retry, &mut self.tries, lost.error).await
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
