//! The log of a build, while it is written.

use async_trait::async_trait;
use bytes::Bytes;
use coder_core::DeploymentUrl;
use http::Request;

use super::last_line::LastLine;
use crate::models::ProvisionerJobLog;
use crate::operation::read_message;
use crate::operations::{GetBuild, ListBuildLogs};
use crate::{BuildId, Channel, Client, ClientError, Polled, Subscription};

/// `GET /api/v2/workspacebuilds/{build}/logs?follow`: follows the log lines of a build, beginning
/// with those that exist.
///
/// The stream ends with the build, and continues when Coder is restarted.
///
/// ```
/// use coder_client::subscriptions::FollowBuildLogs;
/// use coder_client::{BuildId, Client, ClientError};
/// use futures_util::TryStreamExt as _;
///
/// async fn print(client: &Client, build: BuildId) -> Result<(), ClientError> {
///     let mut lines = client.subscribe(FollowBuildLogs::new(build));
///     while let Some(line) = lines.try_next().await? {
///         println!("{}: {}", line.stage, line.output);
///     }
///     Ok(())
/// }
/// ```
#[doc(alias = "log stream")]
#[doc(alias = "tail")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FollowBuildLogs {
    build: BuildId,
    last: LastLine,
}

impl FollowBuildLogs {
    /// Creates the subscription for a build, from its first line on.
    pub fn new(build: BuildId) -> Self {
        Self { build, last: LastLine::default() }
    }

    /// Skips lines up to the line with this id.
    #[must_use]
    pub fn after(self, id: i64) -> Self {
        Self { last: LastLine(Some(id)), ..self }
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
    ) -> Result<Option<Request<Bytes>>, ClientError> {
        self.last.follow(deployment, channel, "workspacebuilds", &self.build.to_string())
    }

    fn read(&mut self, message: &str) -> Result<Vec<ProvisionerJobLog>, ClientError> {
        let line: ProvisionerJobLog = read_message(message)?;
        Ok(self.last.take_new(vec![line], |line| line.id))
    }

    async fn poll(&mut self, client: &Client) -> Result<Polled<ProvisionerJobLog>, ClientError> {
        // In this order: what is written between the two is not lost.
        let over = client.send(&GetBuild::new(self.build)).await?.job.completed_at.is_some();
        let lines = ListBuildLogs::new(self.build);
        let lines = self.last.0.map_or(lines, |after| lines.after(after));
        let items = self.last.take_new(client.send(&lines).await?, |line| line.id);
        Ok(if over { Polled::last(items) } else { Polled::more(items) })
    }

    async fn closed(&mut self, client: &Client) -> Result<Polled<ProvisionerJobLog>, ClientError> {
        self.poll(client).await
    }
}
