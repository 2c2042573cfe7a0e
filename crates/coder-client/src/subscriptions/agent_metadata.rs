//! What an agent tells about itself.

use async_trait::async_trait;
use bytes::Bytes;
use coder_core::{DeploymentUrl, TransportError, TransportErrorKind};
use http::Request;

use crate::models::AgentMetadatum;
use crate::operation::{RequestBuilder, read_message};
use crate::{AgentId, Channel, Client, ClientError, List, Polled, Subscription};

/// `GET /api/v2/workspaceagents/{agent}/watch-metadata` and `…-ws`: all that an agent tells about
/// itself, and all of it again whenever some of it has changed. Coder tells it every few seconds;
/// what differs in its age only is no news. It never ends by itself, and it cannot be asked for
/// again and again.
///
/// What was never collected has an empty value and a moment in the year 1. A value and an error may
/// come together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WatchAgentMetadata {
    agent: AgentId,
    last: Option<List<AgentMetadatum>>,
}

impl WatchAgentMetadata {
    /// Of this agent.
    pub fn new(agent: AgentId) -> Self {
        Self { agent, last: None }
    }

    /// Nothing, when it is what was told last: its age alone grows all the time.
    fn news(&mut self, all: List<AgentMetadatum>) -> Vec<List<AgentMetadatum>> {
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
        Ok(self.news(read_message(message)?))
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
