//! Subscriptions as data: requests, and the reading of messages.

use async_trait::async_trait;
use bytes::Bytes;
use coder_core::{DeploymentUrl, MaybeSend, MaybeSync};
use http::Request;

use crate::{Client, ClientError};

/// The way in which the items of a subscription arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Channel {
    /// Server-sent events in the body of an HTTP answer that does not end.
    Events,
    /// Messages of a WebSocket (RFC 6455).
    WebSocket,
    /// A request every five seconds.
    Polling,
}

/// A subscription to changes or logs at Coder, as a value.
///
/// A subscription builds the request that opens a channel and reads each message, both without I/O.
/// [`Client::subscribe`] does the rest. The value remembers how far it has read, so a later request
/// continues where the last connection broke off.
#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
pub trait Subscription: MaybeSend + MaybeSync + 'static {
    /// The type of the stream's items.
    type Item: MaybeSend + 'static;

    /// Returns the channels that the subscription can use, the best first.
    fn channels(&self) -> &'static [Channel];

    /// Builds the request that opens a channel, without a credential; `None` for
    /// [`Channel::Polling`] and for channels that the subscription does not have.
    ///
    /// The URL is absolute. Its scheme is http or https, also for a WebSocket.
    ///
    /// # Errors
    ///
    /// [`ClientError::Request`] when the values of this subscription make no valid request.
    fn request(
        &self,
        deployment: &DeploymentUrl,
        channel: Channel,
    ) -> Result<Option<Request<Bytes>>, ClientError>;

    /// Reads a message: the data of a server-sent event, or a text of a WebSocket.
    ///
    /// # Errors
    ///
    /// [`ClientError::Unreadable`] when the message does not have the expected shape.
    fn read(&mut self, message: &str) -> Result<Vec<Self::Item>, ClientError>;

    /// Requests the new items once, for [`Channel::Polling`].
    ///
    /// # Errors
    ///
    /// As [`Client::send`].
    async fn poll(&mut self, client: &Client) -> Result<Polled<Self::Item>, ClientError>;

    /// Returns `true` when each text of the WebSocket is an event with a type, as `watch-ws` sends
    /// them. [`read`](Self::read) then gets only the data of the event. The default is `false`.
    fn sends_events(&self) -> bool {
        false
    }

    /// Requests the items that are left after the server has closed a WebSocket normally.
    ///
    /// Coder does so at the end of a log, and with every open WebSocket when it is restarted; only a
    /// request tells the two apart. Unless the result is [`over`](Polled::over), the channel is
    /// opened again. The default returns no items and is never over.
    ///
    /// # Errors
    ///
    /// As [`Client::send`].
    async fn closed(&mut self, _client: &Client) -> Result<Polled<Self::Item>, ClientError> {
        Ok(Polled::more(Vec::new()))
    }
}

/// The result of a request for new items.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Polled<T> {
    /// The new items, the oldest first.
    pub items: Vec<T>,
    /// `true` when no more items will come.
    pub over: bool,
}

impl<T> Polled<T> {
    /// Creates the result for items that more may follow.
    pub fn more(items: Vec<T>) -> Self {
        Self { items, over: false }
    }

    /// Creates the result for the last items.
    pub fn last(items: Vec<T>) -> Self {
        Self { items, over: true }
    }
}
