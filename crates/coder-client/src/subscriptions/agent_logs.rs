//! The log of an agent, while it is being written.

use async_trait::async_trait;
use bytes::Bytes;
use coder_core::DeploymentUrl;
use http::Request;

use super::last_line::LastLine;
use crate::models::AgentLog;
use crate::operation::Draft;
use crate::operations::ListAgentLogs;
use crate::response::document;
use crate::{AgentId, Channel, Client, Error, List, Polled, Subscription};

/// `GET /api/v2/workspaceagents/{agent}/logs?follow`: what an agent's scripts write, line by line,
/// what is there already first. Over a WebSocket it ends when the workspace has got another build
/// and with that other agents; asked again and again, a lost agent is an error (404).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FollowAgentLogs {
    agent: AgentId,
    last: LastLine,
}

impl FollowAgentLogs {
    /// Of this agent, from the beginning.
    pub fn new(agent: AgentId) -> Self {
        Self { agent, last: LastLine::default() }
    }

    /// Only what comes after the line with this id.
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
    ) -> Result<Option<Request<Bytes>>, Error> {
        if channel != Channel::WebSocket {
            return Ok(None);
        }
        Draft::get(["workspaceagents", &self.agent.to_string(), "logs"])
            .query("follow", Some(true))
            .query("after", self.last.0)
            .build(deployment)
            .map(Some)
    }

    fn read(&mut self, message: &str) -> Result<Vec<AgentLog>, Error> {
        let lines: List<AgentLog> = document(message)?;
        Ok(self.last.unread(lines, |line| line.id))
    }

    async fn poll(&mut self, client: &Client) -> Result<Polled<AgentLog>, Error> {
        let lines = ListAgentLogs::new(self.agent);
        let lines = self.last.0.map_or(lines, |after| lines.after(after));
        let lines = client.send(&lines).await?;
        Ok(Polled::more(self.last.unread(lines, |line| line.id)))
    }

    fn ends_with_close(&self) -> bool {
        true
    }
}
