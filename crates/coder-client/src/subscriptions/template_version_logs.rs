//! The log of a template version's import, while it is written.

use async_trait::async_trait;
use bytes::Bytes;
use coder_core::DeploymentUrl;
use http::Request;

use super::last_line::LastLine;
use crate::models::ProvisionerJobLog;
use crate::operation::{RequestBuilder, read_message};
use crate::operations::{GetTemplateVersion, ListTemplateVersionLogs};
use crate::{Channel, Client, ClientError, Polled, Subscription, TemplateVersionId};

/// `GET /api/v2/templateversions/{templateversion}/logs?follow`: follows the log lines of a
/// version's import, beginning with those that exist.
///
/// The stream ends with the import, and continues when Coder is restarted.
#[doc(alias = "log stream")]
#[doc(alias = "tail")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FollowTemplateVersionLogs {
    version: TemplateVersionId,
    last: LastLine,
}

impl FollowTemplateVersionLogs {
    /// Creates the subscription for a template version, from its first line on.
    pub fn new(version: TemplateVersionId) -> Self {
        Self { version, last: LastLine::default() }
    }

    /// Skips lines up to the line with this id.
    #[must_use]
    pub fn after(self, id: i64) -> Self {
        Self { last: LastLine(Some(id)), ..self }
    }
}

#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
impl Subscription for FollowTemplateVersionLogs {
    type Item = ProvisionerJobLog;

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
        RequestBuilder::get(["templateversions", &self.version.to_string(), "logs"])
            .query("follow", Some(true))
            .query("after", self.last.0)
            .build(deployment)
            .map(Some)
    }

    fn read(&mut self, message: &str) -> Result<Vec<ProvisionerJobLog>, ClientError> {
        let line: ProvisionerJobLog = read_message(message)?;
        Ok(self.last.take_new(vec![line], |line| line.id))
    }

    async fn poll(&mut self, client: &Client) -> Result<Polled<ProvisionerJobLog>, ClientError> {
        // In this order: what is written between the two is not lost.
        let version = client.send(&GetTemplateVersion::new(self.version)).await?;
        let lines = ListTemplateVersionLogs::new(self.version);
        let lines = self.last.0.map_or(lines, |after| lines.after(after));
        let items = self.last.take_new(client.send(&lines).await?, |line| line.id);
        let over = version.job.completed_at.is_some();
        Ok(if over { Polled::last(items) } else { Polled::more(items) })
    }

    async fn closed(&mut self, client: &Client) -> Result<Polled<ProvisionerJobLog>, ClientError> {
        self.poll(client).await
    }
}
