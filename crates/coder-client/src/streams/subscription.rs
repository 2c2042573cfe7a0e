//! Subscriptions as data.

use async_trait::async_trait;
use bytes::Bytes;
use coder_core::{DeploymentUrl, MaybeSend, MaybeSync};
use http::Request;

use crate::{Client, ClientError};

/// How what is new gets here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Channel {
    /// Server-sent events: an HTTP answer that goes on.
    Events,
    /// A WebSocket.
    WebSocket,
    /// Asking again every five seconds.
    Polling,
}

/// Something that goes on at Coder, as a value: it can be turned into a request, and each message
/// of the answer can be read, without any I/O. [`Client::subscribe`] does the rest.
///
/// It remembers how far it has read, so a request made later begins where the last one broke off.
#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
pub trait Subscription: MaybeSend + MaybeSync + 'static {
    /// What is new.
    type Item: MaybeSend + 'static;

    /// The channels it can come over, the best first.
    fn channels(&self) -> &'static [Channel];

    /// The request that opens a channel, without a credential; `None` where the channel takes
    /// none. Its URL is absolute, and http or https also for a WebSocket.
    ///
    /// # Errors
    ///
    /// [`ClientError::Request`] when the values of this subscription make no request.
    fn request(
        &self,
        deployment: &DeploymentUrl,
        channel: Channel,
    ) -> Result<Option<Request<Bytes>>, ClientError>;

    /// What one message tells: the data of a server-sent event, or a text of a WebSocket.
    ///
    /// # Errors
    ///
    /// [`ClientError::Unreadable`] when it is not of the shape this crate knows.
    fn read(&mut self, message: &str) -> Result<Vec<Self::Item>, ClientError>;

    /// Asks once what is new, for [`Channel::Polling`].
    ///
    /// # Errors
    ///
    /// As [`Client::send`].
    async fn poll(&mut self, client: &Client) -> Result<Polled<Self::Item>, ClientError>;

    /// Whether each text of the WebSocket is an event with a type, as Coder's `watch-ws` sends them.
    /// Then [`Subscription::read`] gets the data only.
    fn sends_events(&self) -> bool {
        false
    }

    /// Asks what is left after the server has closed a WebSocket normally. Coder does so at the
    /// end of a log, and with every open WebSocket when it is restarted; only a request tells the
    /// two apart. Unless it is over, the channel is opened again. By default it never is.
    ///
    /// # Errors
    ///
    /// As [`Client::send`].
    async fn closed(&mut self, _client: &Client) -> Result<Polled<Self::Item>, ClientError> {
        Ok(Polled::more(Vec::new()))
    }
}

/// What asking once has told.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Polled<T> {
    /// What is new, the oldest first.
    pub items: Vec<T>,
    /// Whether nothing more will come.
    pub over: bool,
}

impl<T> Polled<T> {
    /// Something new, perhaps; more may come.
    pub fn more(items: Vec<T>) -> Self {
        Self { items, over: false }
    }

    /// The last that is new.
    pub fn last(items: Vec<T>) -> Self {
        Self { items, over: true }
    }
}
