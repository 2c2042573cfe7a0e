//! Changes of a workspace.

use async_trait::async_trait;
use bytes::Bytes;
use coder_core::DeploymentUrl;
use http::Request;

use crate::models::Workspace;
use crate::operation::{RequestBuilder, read_message};
use crate::operations::GetWorkspace;
use crate::{Channel, Client, ClientError, Polled, Subscription, WorkspaceId};

/// `GET /api/v2/workspaces/{workspace}/watch` and `…/watch-ws`: watches a workspace.
///
/// The first item is the present state; another one comes after every change, also after the
/// deletion. The stream does not end by itself.
#[doc(alias = "events")]
#[doc(alias = "server-sent events")]
#[doc(alias = "status stream")]
#[derive(Clone, Debug)]
pub struct WatchWorkspace {
    workspace: WorkspaceId,
    last: Option<Workspace>,
}

impl WatchWorkspace {
    /// Creates the subscription for a workspace.
    pub fn new(workspace: WorkspaceId) -> Self {
        Self { workspace, last: None }
    }

    /// Returns the workspace if it differs from the last one.
    ///
    /// Each new connection begins with the present state, which may be known already.
    fn if_changed(&mut self, workspace: Workspace) -> Vec<Workspace> {
        if self.last.as_ref() == Some(&workspace) {
            return Vec::new();
        }
        self.last = Some(workspace.clone());
        vec![workspace]
    }
}

#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
impl Subscription for WatchWorkspace {
    type Item = Workspace;

    fn channels(&self) -> &'static [Channel] {
        &[Channel::Events, Channel::WebSocket, Channel::Polling]
    }

    fn request(
        &self,
        deployment: &DeploymentUrl,
        channel: Channel,
    ) -> Result<Option<Request<Bytes>>, ClientError> {
        let watch = match channel {
            Channel::Events => "watch",
            Channel::WebSocket => "watch-ws",
            Channel::Polling => return Ok(None),
        };
        let request = RequestBuilder::get(["workspaces", &self.workspace.to_string(), watch]);
        request.build(deployment).map(Some)
    }

    fn read(&mut self, message: &str) -> Result<Vec<Workspace>, ClientError> {
        Ok(self.if_changed(read_message(message)?))
    }

    async fn poll(&mut self, client: &Client) -> Result<Polled<Workspace>, ClientError> {
        let workspace =
            client.send(&GetWorkspace::new(self.workspace).include_deleted(true)).await?;
        Ok(Polled::more(self.if_changed(workspace)))
    }

    fn sends_events(&self) -> bool {
        true
    }
}
