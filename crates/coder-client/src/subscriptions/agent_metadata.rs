//! Metadata of an agent, whenever it changes.

use async_trait::async_trait;
use bytes::Bytes;
use coder_core::{DeploymentUrl, TransportError, TransportErrorKind};
use http::Request;

use crate::models::AgentMetadatum;
use crate::operation::{RequestBuilder, read_message};
use crate::{AgentId, Channel, Client, ClientError, List, Polled, Subscription};

/// `GET /api/v2/workspaceagents/{agent}/watch-metadata` and `…-ws`: watches the metadata of an
/// agent.
///
/// Each item holds all values, and comes whenever one of them has changed. Coder sends the values
/// every few seconds; a change of their age alone is not a new item. The stream does not end by
/// itself, and does not support [`Channel::Polling`].
///
/// A value that was never collected is empty and has a moment in the year 1. A value and an error
/// may come together.
#[doc(alias = "metrics")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WatchAgentMetadata {
    agent: AgentId,
    last: Option<List<AgentMetadatum>>,
}

impl WatchAgentMetadata {
    /// Creates the subscription for an agent.
    pub fn new(agent: AgentId) -> Self {
        Self { agent, last: None }
    }

    /// Returns the values if they differ from the last ones by more than their age.
    fn if_changed(&mut self, all: List<AgentMetadatum>) -> Vec<List<AgentMetadatum>> {
        let mut ageless = all.clone();
        for datum in ageless.iter_mut() {
            datum.result.age = Default::default();
        }
        if self.last.as_ref() == Some(&ageless) {
            return Vec::new();
        }
        self.last = Some(ageless);
        vec![all]
    }
}

#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
impl Subscription for WatchAgentMetadata {
    type Item = List<AgentMetadatum>;

    fn channels(&self) -> &'static [Channel] {
        &[Channel::Events, Channel::WebSocket]
    }

    fn request(
        &self,
        deployment: &DeploymentUrl,
        channel: Channel,
    ) -> Result<Option<Request<Bytes>>, ClientError> {
        let watch = match channel {
            Channel::Events => "watch-metadata",
            Channel::WebSocket => "watch-metadata-ws",
            Channel::Polling => return Ok(None),
        };
        let request = RequestBuilder::get(["workspaceagents", &self.agent.to_string(), watch]);
        request.build(deployment).map(Some)
    }

    fn read(&mut self, message: &str) -> Result<Vec<List<AgentMetadatum>>, ClientError> {
        Ok(self.if_changed(read_message(message)?))
    }

    async fn poll(
        &mut self,
        _client: &Client,
    ) -> Result<Polled<List<AgentMetadatum>>, ClientError> {
        Err(TransportError::new(TransportErrorKind::Unsupported)
            .with_reason("coder tells the metadata of an agent only over a stream")
            .into())
    }

    fn sends_events(&self) -> bool {
        true
    }
}
