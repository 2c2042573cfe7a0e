//! Messages in the caller's inbox, as they arrive.

use std::collections::BTreeSet;

use async_trait::async_trait;
use bytes::Bytes;
use coder_core::DeploymentUrl;
use http::Request;

use crate::models::{ArrivedNotification, InboxNotification};
use crate::operation::{RequestBuilder, read_message};
use crate::operations::ListInbox;
use crate::{Channel, Client, ClientError, NotificationId, Polled, Subscription};

/// `GET /api/v2/notifications/inbox/watch`: tells messages of the caller's inbox as they arrive.
///
/// Messages that were there before are not told; [`ListInbox`] lists them. The stream does not end
/// by itself.
#[doc(alias = "notifications")]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WatchInbox {
    /// The messages that are known; nothing before the first look at the inbox.
    known: Option<BTreeSet<NotificationId>>,
}

impl WatchInbox {
    /// Creates the subscription for the inbox of the client's credential.
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns the messages that are new; the first time none is, since all were there before.
    fn arrived(&mut self, inbox: Vec<InboxNotification>) -> Vec<InboxNotification> {
        let is_first = self.known.is_none();
        let known = self.known.get_or_insert_default();
        let mut new: Vec<_> =
            inbox.into_iter().filter(|message| known.insert(message.id)).collect();
        if is_first {
            new.clear();
        }
        new.reverse();
        new
    }
}

#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
impl Subscription for WatchInbox {
    type Item = InboxNotification;

    fn channels(&self) -> &'static [Channel] {
        &[Channel::WebSocket, Channel::Polling]
    }

    fn request(
        &self,
        deployment: &DeploymentUrl,
        channel: Channel,
    ) -> Result<Option<Request<Bytes>>, ClientError> {
        if channel != Channel::WebSocket {
            return Ok(None);
        }
        RequestBuilder::get(["notifications", "inbox", "watch"]).build(deployment).map(Some)
    }

    fn read(&mut self, message: &str) -> Result<Vec<InboxNotification>, ClientError> {
        let arrived: ArrivedNotification = read_message(message)?;
        let is_new = self.known.get_or_insert_default().insert(arrived.notification.id);
        Ok(if is_new { vec![arrived.notification] } else { Vec::new() })
    }

    async fn poll(&mut self, client: &Client) -> Result<Polled<InboxNotification>, ClientError> {
        let inbox = client.send(&ListInbox::new()).await?;
        Ok(Polled::more(self.arrived(inbox.notifications.into())))
    }
}
