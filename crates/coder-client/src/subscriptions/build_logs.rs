//! The log of a build, while it is being written.

use async_trait::async_trait;
use bytes::Bytes;
use coder_core::DeploymentUrl;
use http::Request;

use crate::models::ProvisionerJobLog;
use crate::operation::Draft;
use crate::operations::{GetBuild, ListBuildLogs};
use crate::response::document;
use crate::{BuildId, Channel, Client, Error, Polled, Subscription};

/// `GET /api/v2/workspacebuilds/{build}/logs?follow`: the log of a build line by line, those that
/// are there already first. It ends with the build.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FollowBuildLogs {
    build: BuildId,
    after: Option<i64>,
}

impl FollowBuildLogs {
    /// Of this build, from the beginning.
    pub fn new(build: BuildId) -> Self {
        Self { build, after: None }
    }

    /// Only what comes after the line with this id.
    #[must_use]
    pub fn after(self, id: i64) -> Self {
        Self { after: Some(id), ..self }
    }

    /// What was not seen before.
    fn news(&mut self, mut lines: Vec<ProvisionerJobLog>) -> Vec<ProvisionerJobLog> {
        lines.retain(|line| self.after.is_none_or(|after| line.id > after));
        self.after = lines.iter().map(|line| line.id).max().or(self.after);
        lines
    }
}

#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
impl Subscription for FollowBuildLogs {
    type Item = ProvisionerJobLog;

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
        Draft::get(["workspacebuilds", &self.build.to_string(), "logs"])
            .query("follow", Some(true))
            .query("after", self.after)
            .build(deployment)
            .map(Some)
    }

    fn read(&mut self, message: &str) -> Result<Vec<ProvisionerJobLog>, Error> {
        let line = document(message.as_bytes())?;
        Ok(self.news(vec![line]))
    }

    async fn poll(&mut self, client: &Client) -> Result<Polled<ProvisionerJobLog>, Error> {
        // In this order: what is written between the two is not lost.
        let over = client.send(&GetBuild::new(self.build)).await?.job.completed_at.is_some();
        let lines = ListBuildLogs::new(self.build);
        let lines = self.after.map_or(lines, |after| lines.after(after));
        let items = self.news(client.send(&lines).await?);
        Ok(if over { Polled::last(items) } else { Polled::more(items) })
    }

    fn ends_with_close(&self) -> bool {
        true
    }
}
