//! What an agent tells about itself.

use async_trait::async_trait;
use bytes::Bytes;
use coder_core::{DeploymentUrl, TransportError, TransportErrorKind};
use http::Request;

use crate::models::AgentMetadatum;
use crate::operation::Draft;
use crate::response::document;
use crate::{AgentId, Channel, Client, Error, List, Polled, Subscription};

/// `GET /api/v2/workspaceagents/{agent}/watch-metadata` and `…-ws`: all that an agent tells about
/// itself, and all of it again whenever some of it has changed. It never ends by itself, and it can
/// not be asked for again and again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WatchAgentMetadata {
    agent: AgentId,
}

impl WatchAgentMetadata {
    /// Of this agent.
    pub fn new(agent: AgentId) -> Self {
        Self { agent }
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
    ) -> Result<Option<Request<Bytes>>, Error> {
        let watch = match channel {
            Channel::Events => "watch-metadata",
            Channel::WebSocket => "watch-metadata-ws",
            Channel::Polling => return Ok(None),
        };
        let draft = Draft::get(["workspaceagents", &self.agent.to_string(), watch]);
        draft.build(deployment).map(Some)
    }

    fn read(&mut self, message: &str) -> Result<Vec<List<AgentMetadatum>>, Error> {
        Ok(vec![document(message)?])
    }

    async fn poll(&mut self, _client: &Client) -> Result<Polled<List<AgentMetadatum>>, Error> {
        Err(TransportError::new(TransportErrorKind::Unsupported)
            .because("coder tells the metadata of an agent only over a stream")
            .into())
    }

    fn sends_events(&self) -> bool {
        true
    }
}
