//! The log of an agent, while it is written.

use async_trait::async_trait;
use bytes::Bytes;
use coder_core::DeploymentUrl;
use http::Request;

use super::last_line::LastLine;
use crate::models::{AgentLog, AgentStatus};
use crate::operation::read_message;
use crate::operations::{GetAgent, ListAgentLogs};
use crate::{AgentId, Channel, Client, ClientError, List, Polled, Subscription};

/// The number of closes in a row, without a new line, after which an agent that is not connected
/// counts as one of an earlier build.
const MAX_CLOSES: u32 = 2;

/// `GET /api/v2/workspaceagents/{agent}/logs?follow`: follows the log lines of an agent's scripts,
/// beginning with those that exist.
///
/// Over a WebSocket the stream ends when a new build replaces the agent, and continues when Coder
/// is restarted.
///
/// For an agent of an earlier build, newer releases (such as 2.36) answer with an error (404), and
/// older ones (such as 2.31) with the whole log. With [`Channel::Polling`], such an agent is an
/// error.
#[doc(alias = "log stream")]
#[doc(alias = "tail")]
#[doc(alias = "startup script log")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FollowAgentLogs {
    agent: AgentId,
    last: LastLine,
    /// The number of closes in a row without a new line.
    closes: u32,
}

impl FollowAgentLogs {
    /// Creates the subscription for an agent, from its first line on.
    pub fn new(agent: AgentId) -> Self {
        Self { agent, last: LastLine::default(), closes: 0 }
    }

    /// Skips lines up to the line with this id.
    #[must_use]
    pub fn after(self, id: i64) -> Self {
        Self { last: LastLine(Some(id)), ..self }
    }
}

#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
impl Subscription for FollowAgentLogs {
    type Item = AgentLog;

    fn channels(&self) -> &'static [Channel] {
        &[Channel::WebSocket, Channel::Polling]
    }

    fn request(
        &self,
        deployment: &DeploymentUrl,
        channel: Channel,
    ) -> Result<Option<Request<Bytes>>, ClientError> {
        self.last.follow(deployment, channel, "workspaceagents", &self.agent.to_string())
    }

    fn read(&mut self, message: &str) -> Result<Vec<AgentLog>, ClientError> {
        let lines: List<AgentLog> = read_message(message)?;
        let lines = self.last.take_new(lines, |line| line.id);
        if !lines.is_empty() {
            self.closes = 0;
        }
        Ok(lines)
    }

    async fn poll(&mut self, client: &Client) -> Result<Polled<AgentLog>, ClientError> {
        let lines = ListAgentLogs::new(self.agent);
        let lines = self.last.0.map_or(lines, |after| lines.after(after));
        let lines = client.send(&lines).await?;
        Ok(Polled::more(self.last.take_new(lines, |line| line.id)))
    }

    async fn closed(&mut self, client: &Client) -> Result<Polled<AgentLog>, ClientError> {
        let agent = match client.send(&GetAgent::new(self.agent)).await {
            Err(error) if error.is_not_found() || error.is_gone() => {
                return Ok(Polled::last(Vec::new()));
            }
            found => found?,
        };
        let Polled { items, .. } = match self.poll(client).await {
            Err(error) if error.is_not_found() => return Ok(Polled::last(Vec::new())),
            polled => polled?,
        };
        self.closes = if items.is_empty() { self.closes + 1 } else { 0 };
        // Releases that still show an agent of a former build close its log again and again.
        let former = agent.status != AgentStatus::Connected && self.closes >= MAX_CLOSES;
        Ok(if former { Polled::last(items) } else { Polled::more(items) })
    }
}
